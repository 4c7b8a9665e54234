"""Whose zone uses each bridge: the few decisions that shape a plan, searched from the best bound."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edulayout.zones.bounding import Relaxation, relax

if TYPE_CHECKING:
    from collections.abc import Callable

    from edulayout.typing import BoolArray, FloatArray, IntArray
    from edulayout.zones.question import Question


@dataclass(frozen=True, eq=False)
class Crossings:
    """The parts of the town that only bridges connect.

    Parameters
    ----------
    part
        The part of every block.
    ends
        The two blocks of every bridge, shape (bridges, 2).
    """

    part: IntArray
    ends: IntArray

    @property
    def sides(self) -> IntArray:
        """The two parts that every bridge connects, shape (bridges, 2)."""
        sides: IntArray = self.part[self.ends]
        return sides


@dataclass(frozen=True, eq=False)
class Choice:
    """Which zones may use each bridge (bridges × schools), which one does (-1: not decided), and the bound of that."""

    may: BoolArray
    owner: IntArray
    relaxation: Relaxation

    @property
    def bound(self) -> float:
        """What no plan with these decisions is below."""
        return self.relaxation.bound


def crossings(question: Question, linked: IntArray) -> Crossings:
    """Find the parts that the linked pairs connect; pairs within a part are no bridges."""
    n = len(question.pupils)
    rows = np.repeat(np.arange(n), np.diff(question.ptr))
    codes = np.minimum(rows, question.neighbour) * n + np.maximum(rows, question.neighbour)
    land = ~np.isin(codes, linked.min(axis=1) * n + linked.max(axis=1))
    joined = coo_array((np.ones(int(land.sum()), dtype=np.int8), (rows[land], question.neighbour[land])), shape=(n, n))
    part = connected_components(joined, directed=False)[1].astype(np.int64)
    kept = part[linked[:, 0]] != part[linked[:, 1]] if len(linked) else np.zeros(0, dtype=np.bool_)
    return Crossings(part, linked[kept])


def search(
    question: Question,
    town: Crossings,
    root: Relaxation,
    *,
    limits: tuple[int, int],
    try_out: Callable[[Choice], float],
) -> tuple[float, int]:
    """Decide bridge by bridge, the lowest bound first; return what is proven over all plans, and how many bounds.

    `try_out` is given every set of decisions that leaves nothing to decide; it returns what the best plan so far
    costs: where a bound is not below that, nothing better is behind it. `limits` are the bounds to find, and the
    complete sets to try out; what is proven then is the least bound of what is left.
    """
    may = np.ones((len(town.ends), len(question.limit)), dtype=np.bool_)
    start = Choice(may, np.full(len(town.ends), -1), root)
    queue, count, tried, least = [(start.bound, 0, start)], 1, 0, np.inf
    best = np.inf
    while queue and queue[0][0] < best and count < limits[0] and tried < limits[1]:
        choice = heapq.heappop(queue)[2]
        # Down to a complete set at once: plans are needed early, to know what is not worth looking at.
        while (undecided := _undecided(question, town, choice)) is not None and choice.bound < best:
            choice, other = _children(question, town, choice, *undecided)
            heapq.heappush(queue, (other.bound, count, other))
            count += 2
        least = min(least, choice.bound)
        if choice.bound < best:
            best, tried = try_out(choice), tried + 1
    return min([least, *(entry[0] for entry in queue)]), count


def _undecided(question: Question, town: Crossings, choice: Choice) -> tuple[int, int] | None:
    """Return the bridge and the school to decide next; None where every zone that crosses has its bridges."""
    wish = choice.relaxation.priced(question).argmin(axis=1)
    parts = int(town.part.max()) + 1
    wanted = np.zeros((len(question.limit), parts))
    np.add.at(wanted, (wish, town.part), question.pupils)
    own = choice.may & (choice.owner[:, None] == np.arange(len(question.limit)))
    wanted[reached(town, question.home, own)] = 0.0
    for code in np.argsort(-wanted, axis=None, kind="stable"):
        school, part = divmod(int(code), parts)
        if wanted[school, part] <= 0:
            return None
        free = choice.may[:, school] & (choice.owner < 0)
        near = free & (town.sides == part).any(axis=1)
        pick = np.flatnonzero(near if near.any() else free)
        if len(pick):
            walk = question.walk[town.ends[pick], school].sum(axis=1)
            return int(pick[walk.argmin()]), school
    return None


def _children(question: Question, town: Crossings, choice: Choice, bridge: int, school: int) -> list[Choice]:
    """Return the two ways to decide, the better first: the bridge is this school's, or it is not."""
    taken, refused = choice.may.copy(), choice.may.copy()
    taken[bridge] = False
    taken[bridge, school], refused[bridge, school] = True, False
    owner = choice.owner.copy()
    owner[bridge] = school
    found = []
    for may, who in ((taken, owner), (refused, choice.owner)):
        allowed = restricted(question, town, may, who)
        found.append(Choice(may, who, relax(question, allowed, choice.relaxation)))
    return sorted(found, key=lambda choice: choice.bound)


def settled(question: Question, town: Crossings, choice: Choice) -> FloatArray:
    """Return what blocks cost with schools where a bridge that nobody was given is used by nobody."""
    may = choice.may & (choice.owner[:, None] == np.arange(len(question.limit)))
    return restricted(question, town, may, choice.owner)


def reached(town: Crossings, home: IntArray, may: BoolArray) -> BoolArray:
    """Return which parts every school reaches over the bridges that it may use, shape (schools, parts)."""
    found = np.zeros((len(home), int(town.part.max()) + 1), dtype=np.bool_)
    found[np.arange(len(home)), town.part[home]] = True
    for _ in range(found.shape[1]):
        for (one, other), mine in zip(town.sides, may, strict=True):
            joined = mine & (found[:, one] | found[:, other])
            found[:, one] |= joined
            found[:, other] |= joined
    return found


def restricted(question: Question, town: Crossings, may: BoolArray, owner: IntArray) -> FloatArray:
    """Return what blocks cost with schools, infinity beyond the bridges that a zone may use."""
    allowed = np.where(reached(town, question.home, may)[:, town.part].T, question.cost, np.inf)
    for ends, school in zip(town.ends[owner >= 0], owner[owner >= 0], strict=True):
        only = allowed[ends, school].copy()
        allowed[ends] = np.inf
        allowed[ends, school] = only
    return allowed


def over_some(question: Question, allowed: FloatArray) -> Question:
    """Return the question over fewer pairs."""
    return replace(question, cost=allowed)
