"""Lines of a table to flat arrays in which shared points have one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from edulayout.streets.build import Lines

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array, IntArray

_CELLS_MOST = 2**31
"""Cells along a side whose pairs of numbers fit into 64 bits."""
_PASSES = 2
"""A line that goes on counts two at a point, one that ends there one; a level with two passes through."""


def from_lines(
    lines: AnyArray,
    classes: Int32Array,
    levels: Int32Array,
    *,
    tolerance: float,
    cross: bool,
    paces: FloatArray | None = None,
) -> Lines:
    """Return LineStrings as flat arrays; vertices within the tolerance are the same point.

    Lines meet where they share a vertex. Lines of different level (a bridge and what it crosses) do so only
    where one of them ends alone; with `cross`, lines of the same level also meet where they cross or touch.
    """
    if cross:
        lines, source = _simple(lines)
        classes, levels = classes[source], levels[source]
        paces = None if paces is None else paces[source]
        lines = _split(lines, levels, tolerance)
    points, line = shapely.get_coordinates(lines, return_index=True)
    offsets = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(lines))]).astype(np.int64)
    is_end: BoolArray = np.zeros(len(points), dtype=np.bool_)
    is_end[offsets[:-1]] = is_end[offsets[1:] - 1] = True
    keys = _by_level(_same_points(points, tolerance), levels[line], is_end)
    return Lines(points, offsets, classes, keys, paces)


def _same_points(points: FloatArray, tolerance: float) -> IntArray:
    """Return one number for all points that lie within the tolerance of each other."""
    number, first = _numbered(points, tolerance)
    distinct = points[first]
    near = _may_be_close(distinct, tolerance)
    close = near[cKDTree(distinct[near]).query_pairs(tolerance, output_type="ndarray")] if len(near) else near
    if not len(close):
        return number
    joined = coo_array((np.ones(len(close), dtype=np.int8), (close[:, 0], close[:, 1])), shape=(len(distinct),) * 2)
    return connected_components(joined, directed=False)[1].astype(np.int64)[number]


def _numbered(points: FloatArray, tolerance: float) -> tuple[IntArray, IntArray]:
    """Return one number for points that are the same to a thousandth of the tolerance, and where each stands first.

    Cells are hashed, which is an order of magnitude faster than sorting points.
    """
    low = points.min(axis=0, initial=np.inf) if len(points) else np.zeros(2)
    step = tolerance / 1000.0
    spread = points - low
    if len(points) and step > 0 and spread.max() / step < _CELLS_MOST:
        cells = (spread / step).astype(np.int64)
        number, _ = pd.factorize(cells[:, 0] * _CELLS_MOST + cells[:, 1])
    else:
        # + 0.0 turns -0.0 into 0.0
        number = pd.MultiIndex.from_arrays(list((points + 0.0).T)).factorize()[0]
    first = np.flatnonzero(np.r_[True, np.maximum.accumulate(number)[:-1] < number[1:]][: len(number)])
    return number.astype(np.int64), first


def _may_be_close(points: FloatArray, tolerance: float) -> IntArray:
    """Return the points that share a cell of twice the tolerance with another, in one of four shifted grids.

    Whatever lies within the tolerance does so in at least one of them.
    """
    found: BoolArray = np.zeros(len(points), dtype=np.bool_)
    if tolerance <= 0 or not len(points):
        return np.flatnonzero(found)
    place = (points - points.min(axis=0)) / tolerance
    for shift in ((0, 0), (1, 0), (0, 1), (1, 1)):
        cells = ((place + shift) // 2).astype(np.int64)
        found |= pd.Series(cells[:, 0] * _CELLS_MOST + cells[:, 1]).duplicated(keep=False).to_numpy()
    return np.flatnonzero(found)


def _by_level(same: IntArray, levels: Int32Array, is_end: BoolArray) -> IntArray:
    """Part the points where lines of different level pass each other.

    Levels that pass through a point stay apart; a line that ends alone joins the nearest level that passes, the
    lower of two.
    """
    if levels.min() == levels.max():
        return same
    groups, number = np.unique(np.column_stack([same, levels]), axis=0, return_inverse=True)
    number = number.reshape(-1)
    passes = np.bincount(number, weights=np.where(is_end, 1, _PASSES)) >= _PASSES
    target = np.arange(len(groups))
    bounds = np.flatnonzero(np.r_[True, np.diff(groups[:, 0]) != 0, True])
    for first in np.flatnonzero(np.diff(bounds) > 1):
        members = np.arange(bounds[first], bounds[first + 1])
        target[members] = _joined(members, groups[members, 1], passes[members])
    return target[number]


def _joined(members: IntArray, levels: IntArray, passes: BoolArray) -> IntArray:
    if not passes.any():
        return np.full(len(members), members[0])
    through = np.flatnonzero(passes)
    nearest = through[np.abs(levels[:, None] - levels[through]).argmin(axis=1)]
    return members[np.where(passes, np.arange(len(members)), nearest)]


def _simple(lines: AnyArray) -> tuple[AnyArray, IntArray]:
    """Return lines cut where they cross themselves, and the number of the line that each came from."""
    tangled = ~shapely.is_simple(lines)
    noded = lines.copy()
    noded[tangled] = shapely.node(lines[tangled])
    parts, source = shapely.get_parts(noded, return_index=True)
    return parts, source


def _split(lines: AnyArray, levels: Int32Array, tolerance: float) -> AnyArray:
    """Return the lines with a vertex wherever they meet another of the same level."""
    line, points = _meetings(lines, levels, tolerance)
    own, owner = shapely.get_coordinates(lines, return_index=True)
    every_line = np.concatenate([owner, line])
    every_point = np.concatenate([own, points])
    along = np.concatenate([_measures(own, owner), shapely.line_locate_point(lines[line], shapely.points(points))])
    order = np.lexsort((np.arange(len(along)), along, every_line))
    return np.asarray(shapely.linestrings(every_point[order], indices=every_line[order]), dtype=object)


def _measures(points: FloatArray, owner: IntArray) -> FloatArray:
    step = np.hypot(*np.diff(points, axis=0, prepend=points[:1]).T)
    step[np.r_[True, np.diff(owner) != 0]] = 0.0
    total = np.cumsum(step)
    measures: FloatArray = total - total[np.searchsorted(owner, owner)]
    return measures


def _meetings(lines: AnyArray, levels: Int32Array, tolerance: float) -> tuple[IntArray, FloatArray]:
    tree = shapely.STRtree(lines)
    one, other = tree.query(lines, predicate="intersects")
    level = (one < other) & (levels[one] == levels[other])
    one, other = one[level], other[level]
    shared, pair = shapely.get_coordinates(shapely.intersection(lines[one], lines[other]), return_index=True)
    ends = shapely.get_coordinates(np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)]))
    end, touched = tree.query(shapely.points(ends), predicate="dwithin", distance=tolerance)
    level = (levels[end % len(lines)] == levels[touched]) & (end % len(lines) != touched)
    end, touched = end[level], touched[level]
    return np.concatenate([one[pair], other[pair], touched]), np.concatenate([shared, shared, ends[end]])
