"""Placing names beside their signs: none on another, on a sign or beyond the frame; what cannot stand is told.

Each name has a fixed set of places around its sign. A name starts at its best free place, those with the fewest first;
then each in turn moves to where it costs least until none wants to, after Christensen, Marks and Shieber (1995),
doi:10.1145/212332.212334.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from edulayout.maps.print.paper import rectangles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.maps.print.paper import Box
    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray

_ROUNDS = 12
_BLOCKED = 1e6
_CLASH = 1e3
_CROSSED = 6.0
_LEADER = 2
"""From this ring on a name has a leader to its sign."""

# Eight places, the best first; each as the corner of the name that faces the sign.
_PLACES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
_RINGS = (0.0, 0.9, 2.6, 4.6, 7.0)
_RING_COST = (0.0, 0.9, 3.0, 5.0, 8.0)


@dataclass(frozen=True)
class Wanted:
    """A name to be placed: its sign's centre and radius, its own size, all in millimetres."""

    x: float
    y: float
    radius: float
    width: float
    height: float


class Placed(NamedTuple):
    """Where a name stands (lower left corner), and whether it needs a leader to its sign."""

    x: float
    y: float
    leader: bool


@dataclass(frozen=True)
class Obstacles:
    """What names must keep off (boxes, n × 4: least x, y, greatest x, y) and what they had better not cross (lines)."""

    boxes: FloatArray
    lines: AnyArray


def place(wanted: Sequence[Wanted], *, obstacles: Obstacles, window: Box, gap: float = 0.25) -> list[Placed | None]:
    """Place names; None for those that have no room.

    Parameters
    ----------
    wanted
        The names; earlier ones stay where two exclude each other.
    obstacles
        Signs and whatever else is taken.
    window
        Where names may stand.
    gap
        Millimetres between two names.

    Returns
    -------
    list
        One place for each name. O(n × places) for names that are spread out.

    Examples
    --------
    >>> from edulayout.maps.print.paper import Box
    >>> none = Obstacles(np.empty((0, 4)), np.empty(0, dtype=object))
    >>> two = [Wanted(50, 50, 1, 20, 2), Wanted(50, 50.5, 1, 20, 2)]
    >>> [round(spot.x) for spot in place(two, obstacles=none, window=Box(0, 0, 100, 100))]
    [51, 29]
    """
    if not wanted:
        return []
    boxes, cost, owner = _candidates(wanted, obstacles, window, gap)
    clash = _clashes(boxes, owner)
    chosen = _settle(_start(cost, owner, clash, len(wanted)), cost, owner, clash)
    kept = _without_clash(chosen, cost, clash)
    rings = len(_PLACES) * np.arange(len(_RINGS))
    far = np.searchsorted(rings, np.arange(len(boxes)) % (len(_PLACES) * len(_RINGS)), side="right") - 1
    return [
        Placed(float(boxes[at, 0] + gap), float(boxes[at, 1] + gap), bool(far[at] >= _LEADER)) if stays else None
        for at, stays in zip(chosen, kept, strict=True)
    ]


def _candidates(
    wanted: Sequence[Wanted], obstacles: Obstacles, window: Box, gap: float
) -> tuple[FloatArray, FloatArray, IntArray]:
    table = np.array([(one.x, one.y, one.radius, one.width, one.height) for one in wanted])
    places, rings = np.array(_PLACES, dtype=float), np.array(_RINGS)
    boxes = np.stack([_around(row, places, ring, gap) for row in table for ring in rings]).reshape(-1, 4)
    count = len(places) * len(rings)
    base = (np.arange(len(places)) * 0.25)[None, :] + np.array(_RING_COST)[:, None]
    cost = np.tile(base.reshape(-1), len(wanted)) + _static_cost(boxes, obstacles, window)
    owner = np.repeat(np.arange(len(wanted)), count)
    leads = np.tile(np.repeat(np.array(_RINGS) >= _RINGS[_LEADER], len(places)), len(wanted))
    cost[leads] += _leader_cost(boxes[leads], table[owner[leads]], obstacles)
    return boxes, cost, owner


def _leader_cost(boxes: FloatArray, signs: FloatArray, obstacles: Obstacles) -> FloatArray:
    """Charge leaders that cross other signs or names: they would seem to lead there."""
    if not len(obstacles.boxes):
        return np.zeros(len(boxes))
    start, radius = signs[:, :2], signs[:, 2]
    end = np.clip(start, boxes[:, :2], boxes[:, 2:])
    length = np.hypot(*(end - start).T)
    begin = start + (end - start) * np.minimum((radius + 0.5) / length, 1.0)[:, None]
    leaders = shapely.linestrings(np.stack([begin, end], axis=1))
    cost: FloatArray = _CROSSED * _hits(np.asarray(leaders, dtype=object), rectangles(obstacles.boxes))
    return cost


def _around(row: FloatArray, places: FloatArray, ring: float, gap: float) -> FloatArray:
    x, y, radius, width, height = row
    slant = np.where(np.abs(places).sum(axis=1) == 2, 0.6, 1.0)  # noqa: PLR2004 - areas, or both sides
    reach = (radius + ring) * slant + 0.35
    centre_x = x + places[:, 0] * (reach + width / 2)
    centre_y = y + places[:, 1] * (reach + height / 2)
    half = np.array([width / 2 + gap, height / 2 + gap])
    return np.column_stack([centre_x - half[0], centre_y - half[1], centre_x + half[0], centre_y + half[1]])


def _static_cost(boxes: FloatArray, obstacles: Obstacles, window: Box) -> FloatArray:
    outside = (
        (boxes[:, 0] < window.x) | (boxes[:, 1] < window.y) | (boxes[:, 2] > window.right) | (boxes[:, 3] > window.top)
    )
    shapes = rectangles(boxes)
    cost = np.where(outside, _BLOCKED, 0.0)
    if len(obstacles.boxes):
        hits = _hits(shapes, rectangles(obstacles.boxes))
        cost = cost + np.where(hits > 0, _BLOCKED, 0.0)
    if len(obstacles.lines):
        cost = cost + 0.7 * np.minimum(_hits(shapes, obstacles.lines), 3)
    return cost


def _hits(shapes: AnyArray, others: AnyArray) -> FloatArray:
    found = shapely.STRtree(others).query(shapes, predicate="intersects")[0]
    return np.bincount(found, minlength=len(shapes)).astype(float)


def _clashes(boxes: FloatArray, owner: IntArray) -> list[IntArray]:
    shapes = rectangles(boxes)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = owner[one] != owner[other]
    order = np.lexsort((other[apart], one[apart]))
    one, other = one[apart][order], other[apart][order]
    return np.split(other, np.searchsorted(one, np.arange(1, len(boxes))))


def _start(cost: FloatArray, owner: IntArray, clash: list[IntArray], count: int) -> IntArray:
    free = np.bincount(owner, weights=cost < _BLOCKED, minlength=count)
    taken, chosen = np.zeros(len(cost)), np.zeros(count, dtype=np.int64)
    for name in np.lexsort((np.arange(count), free)):
        own = np.flatnonzero(owner == name)
        chosen[name] = own[np.argmin(cost[own] + _CLASH * taken[own])]
        taken[clash[chosen[name]]] += 1
    return chosen


def _settle(chosen: IntArray, cost: FloatArray, owner: IntArray, clash: list[IntArray]) -> IntArray:
    taken = np.zeros(len(cost))
    for at in chosen:
        taken[clash[at]] += 1
    for _ in range(_ROUNDS):
        before = chosen.copy()
        for name in range(len(chosen)):
            own = np.flatnonzero(owner == name)
            best = own[np.argmin(cost[own] + _CLASH * taken[own])]
            if best != chosen[name]:
                taken[clash[chosen[name]]] -= 1
                taken[clash[best]] += 1
                chosen[name] = best
        if (before == chosen).all():
            break
    return chosen


def _without_clash(chosen: IntArray, cost: FloatArray, clash: list[IntArray]) -> BoolArray:
    """Keep names in their order, without those that are blocked or lie on one kept before."""
    kept = cost[chosen] < _BLOCKED
    standing: set[int] = set()
    for name, at in enumerate(chosen):
        if kept[name] and standing.isdisjoint(clash[at].tolist()):
            standing.add(int(at))
        else:
            kept[name] = False
    return kept
