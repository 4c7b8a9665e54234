"""Strips around edges, and their unions by blocks of neighbours: made once, used by every area that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from edulayout.kernels import in_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from edulayout.typing import AnyArray, IntArray

BUFFER_METRES = 30.0
"""Half the width of a reached street's strip: what a row of houses along it takes up."""
_CORNER_SEGMENTS = 4
_PART = 256
_BITS = 1
"""Blocks of two edges, of two such blocks, and so on."""


class Held(NamedTuple):
    """Which blocks an owner holds: level, number at that level, owner, int64 (k,) each."""

    level: IntArray
    block: IntArray
    owner: IntArray


def widened(lines: AnyArray) -> AnyArray:
    """Return the strips around lines."""
    return np.asarray(shapely.buffer(lines, BUFFER_METRES, quad_segs=_CORNER_SEGMENTS), dtype=object)


class Strips:
    """Strips of edges and of blocks of edges, kept once made."""

    def __init__(self, lines: AnyArray) -> None:
        # along Hilbert's curve, so that edges that follow each other lie near each other
        middles = gpd.GeoSeries(shapely.line_interpolate_point(lines, 0.5, normalized=True))
        order: IntArray = np.empty(0, dtype=np.int64)
        if len(lines):
            order = np.argsort(middles.hilbert_distance(level=16).to_numpy(), kind="stable")
        self._lines = lines[order]
        self._rank = np.empty(len(lines), dtype=np.int64)
        self._rank[order] = np.arange(len(lines))
        self._kept: list[AnyArray] = [np.full(len(lines), None, dtype=object)]

    def of(self, edges: IntArray, owner: IntArray) -> tuple[AnyArray, IntArray]:
        """Return polygons that together are the strips of each owner's edges, and the owner of each polygon.

        Blocks that an owner holds as a whole come as one polygon. O(edges) and the union of every new block.
        """
        held = self._held(self._rank[edges], owner)
        polygons = np.empty(len(held.block), dtype=object)
        for level in range(int(held.level.max(initial=-1)) + 1):
            rows = np.flatnonzero(held.level == level)
            numbers, place = np.unique(held.block[rows], return_inverse=True)
            polygons[rows] = self._blocks(level, numbers)[place]
        return polygons, held.owner

    def _held(self, edges: IntArray, owner: IntArray) -> Held:
        """Return the largest blocks that each owner holds."""
        parts: list[Held] = []
        size, level = len(self._lines), 0
        pair = np.unique(owner * size + edges)
        while len(pair):
            who, block = np.divmod(pair, size)
            parents = -(-size >> _BITS) if size else 0
            above = who * max(parents, 1) + (block >> _BITS)
            number, place, count = np.unique(above, return_inverse=True, return_counts=True)
            children = np.minimum(size - ((number % max(parents, 1)) << _BITS), 1 << _BITS)
            full = (count == children) & (count > 1)
            stays = ~full[place]
            parts.append(Held(np.full(int(stays.sum()), level), block[stays], who[stays]))
            pair, size, level = number[full], max(parents, 1), level + 1
        return (
            Held(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True))) if parts else Held(*[edges[:0]] * 3)
        )

    def _blocks(self, level: int, numbers: IntArray) -> AnyArray:
        while len(self._kept) <= level:
            self._kept.append(np.full(-(-len(self._kept[-1]) >> _BITS), None, dtype=object))
        kept = self._kept[level]
        new = numbers[[it is None for it in kept[numbers]]] if len(numbers) else numbers
        if len(new):
            kept[new] = _shared(widened, self._lines[new]) if level == 0 else self._united(level, new)
        return kept[numbers]

    def _united(self, level: int, numbers: IntArray) -> AnyArray:
        below = len(self._kept[level - 1])
        children = (numbers[:, None] << _BITS) + np.arange(1 << _BITS)
        polygons = np.full(children.shape, None, dtype=object)
        there = children < below
        polygons[there] = self._blocks(level - 1, children[there])
        return _shared(_pairs_united, polygons)


def _pairs_united(polygons: AnyArray) -> AnyArray:
    return np.asarray(shapely.union_all(polygons, axis=1), dtype=object)


def _shared(work: Callable[[AnyArray], AnyArray], geometries: AnyArray) -> AnyArray:
    """Return the work done on all geometries, some of them by every thread."""
    parts = [geometries[first : first + _PART] for first in range(0, len(geometries), _PART)]
    return np.concatenate(list(in_order(work, parts)))
