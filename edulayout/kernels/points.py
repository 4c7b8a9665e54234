"""Pairs of points within a straight distance, by a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray

    UnsignedArray: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint64]]

_CELLS_PER_POINT = 2.0
_CELLS_PER_LISTED = 8
_CELLS_LEAST = 65_536
_STRIP_PLACES = 512
_STRIP_PAIRS = 8192

Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""


class Cells(NamedTuple):
    """Points sorted by square cell, row of cells by row; within a cell by their number."""

    left: float
    bottom: float
    cell: float
    columns: int
    rows: int
    cell_ptr: IntArray
    number: Int32Array
    x: FloatArray
    y: FloatArray


def cells(x: FloatArray, y: FloatArray, *, cell_least: float) -> Cells:
    """Return the points by cell; cells grow until there are about two to a point. O(n log n)."""
    left, bottom = float(x.min()), float(y.min())
    width, height = float(x.max()) - left, float(y.max()) - bottom
    room = _CELLS_PER_POINT * len(x)
    cell = max(cell_least, float(np.sqrt(width * height / room)), (width + height) / room)
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    place = ((y - bottom) / cell).astype(np.int64) * columns + ((x - left) / cell).astype(np.int64)
    order = np.argsort(place, kind="stable")
    cell_ptr = np.zeros(columns * rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(place, minlength=columns * rows), out=cell_ptr[1:])
    return Cells(left, bottom, cell, columns, rows, cell_ptr, order.astype(np.int32), x[order], y[order])


class Lists(NamedTuple):
    """For every square cell the points near enough to some place in it, in the order of their numbers.

    The points of a cell lie next to one another, coordinates included: a query reads one run and has its answer in
    order. Each point stands in a fixed number of cells, however dense the points are.
    """

    left: float
    bottom: float
    cell: float
    columns: int
    rows: int
    ptr: IntArray
    number: Int32Array
    x: FloatArray
    y: FloatArray


def lists(x: FloatArray, y: FloatArray, box: Box, *, reach: float, cell_least: float) -> Lists:
    """Return the points within reach of each cell of a box (not empty). O(n (1 + reach / cell)²)."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    room = _CELLS_PER_LISTED * len(x) + _CELLS_LEAST
    cell = max(cell_least, float(np.sqrt(width * height / room)), (width + height) / room)
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    return Lists(left, bottom, cell, columns, rows, *_listed(x, y, (left, bottom), cell, (columns, rows), reach))


@njit(cache=True, nogil=True)
def _listed(
    x: FloatArray, y: FloatArray, corner: tuple[float, float], cell: float, size: tuple[int, int], reach: float
) -> tuple[IntArray, Int32Array, FloatArray, FloatArray]:
    """Return where each cell's list begins, the numbers and the coordinates: counted first, then written."""
    left, bottom = corner
    columns, rows = size
    # a little wider, since the cell of a place is found by multiplying with the inverse
    wide = reach + 1e-6 * cell
    ptr = np.zeros(columns * rows + 1, dtype=np.int64)
    number = np.empty(0, dtype=np.int32)
    xs = np.empty(0, dtype=np.float64)
    ys = np.empty(0, dtype=np.float64)
    for turn in range(2):
        for i in range(len(x)):
            px = x[i] - left
            py = y[i] - bottom
            first_row = int(max(0.0, np.floor((py - wide) / cell)))
            last_row = int(min(rows - 1.0, np.floor((py + wide) / cell)))
            first_column = int(max(0.0, np.floor((px - wide) / cell)))
            last_column = int(min(columns - 1.0, np.floor((px + wide) / cell)))
            for row in range(first_row, last_row + 1):
                dy = max(0.0, row * cell - py, py - (row + 1) * cell)
                for column in range(first_column, last_column + 1):
                    dx = max(0.0, column * cell - px, px - (column + 1) * cell)
                    if dx * dx + dy * dy > wide * wide:
                        continue
                    at = row * columns + column
                    if turn == 0:
                        ptr[at + 1] += 1
                    else:
                        number[ptr[at]] = i
                        xs[ptr[at]] = x[i]
                        ys[ptr[at]] = y[i]
                        ptr[at] += 1
        if turn == 0:
            for at in range(columns * rows):
                ptr[at + 1] += ptr[at]
            number = np.empty(ptr[-1], dtype=np.int32)
            xs = np.empty(ptr[-1], dtype=np.float64)
            ys = np.empty(ptr[-1], dtype=np.float64)
        else:
            ptr[1:] = ptr[:-1].copy()
            ptr[0] = 0
    return ptr, number, xs, ys


@njit(cache=True, nogil=True)
def _runs(
    near: Lists, x: FloatArray, y: FloatArray, first: int, last: int, begins: UnsignedArray, ends: UnsignedArray
) -> None:
    """Write where the lists of some places begin and end; nothing is listed outside the box."""
    left, bottom, columns, rows, ptr = near.left, near.bottom, near.columns, near.rows, near.ptr
    per_cell = 1.0 / near.cell
    for p in range(first, last):
        column = int((x[p] - left) * per_cell)
        row = int((y[p] - bottom) * per_cell)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        at = row * columns + column if inside else 0
        begins[p - first] = ptr[at]
        ends[p - first] = ptr[at + 1] if inside else ptr[at]


@njit(cache=True, nogil=True)
def count_within(
    near: Lists, x: FloatArray, y: FloatArray, first: int, last: int, square: float, counts: IntArray
) -> None:
    """Write how many listed points have a squared distance of at most `square` from places `first` to `last - 1`.

    Unsigned numbers run over the lists: with others every access first asks whether it counts from the end, which
    takes as long as all the rest.
    """
    xs, ys = near.x, near.y
    begins = np.empty(_STRIP_PLACES, dtype=np.uint64)
    ends = np.empty(_STRIP_PLACES, dtype=np.uint64)
    for begin in range(first, last, _STRIP_PLACES):
        end = min(last, begin + _STRIP_PLACES)
        _runs(near, x, y, begin, end, begins, ends)
        for p in range(begin, end):
            px = x[p]
            py = y[p]
            count = 0
            for k in range(begins[p - begin], ends[p - begin]):
                dx = xs[k] - px
                dy = ys[k] - py
                count += dx * dx + dy * dy <= square
            counts[p] = count


@njit(cache=True, nogil=True)
def write_within(
    near: Lists,
    x: FloatArray,
    y: FloatArray,
    first: int,
    last: int,
    square: float,
    indptr: IntArray,
    indices: Int32Array,
    metres: Float32Array,
) -> None:
    """Write the numbers of those points, in order, and the metres, where `indptr` says.

    What is not kept is written over by the next: no branch to guess wrong. The last one may lie behind its row, so
    that a strip of places has room of its own.
    """
    xs, ys, numbers = near.x, near.y, near.number
    begins = np.empty(_STRIP_PLACES, dtype=np.uint64)
    ends = np.empty(_STRIP_PLACES, dtype=np.uint64)
    most = _STRIP_PAIRS
    for p in range(first, last):
        most = max(most, indptr[p + 1] - indptr[p])
    number = np.empty(most + 1, dtype=np.int32)
    squares = np.empty(most + 1, dtype=np.float64)
    begin = first
    while begin < last:
        end = begin + 1
        while end < min(last, begin + _STRIP_PLACES) and indptr[end + 1] - indptr[begin] <= _STRIP_PAIRS:
            end += 1
        _runs(near, x, y, begin, end, begins, ends)
        kept = np.uint64(0)
        for p in range(begin, end):
            px = x[p]
            py = y[p]
            for k in range(begins[p - begin], ends[p - begin]):
                dx = xs[k] - px
                dy = ys[k] - py
                d = dx * dx + dy * dy
                number[kept] = numbers[k]
                squares[kept] = d
                kept += np.uint64(d <= square)
        own_indices = indices[indptr[begin] : indptr[end]]
        own_metres = metres[indptr[begin] : indptr[end]]
        for i in range(len(own_indices)):
            own_indices[i] = number[i]
            own_metres[i] = np.sqrt(squares[i])
        begin = end


@njit(cache=True, nogil=True)
def nearest_points(
    targets: Cells,
    rank: Int32Array,
    x: FloatArray,
    y: FloatArray,
    first: int,
    last: int,
    k: int,
    cutoff: np.float32,
    chosen: Int32Array,
    values: Float32Array,
) -> None:
    """Write the k nearest targets of the points `first` to `last - 1`; equal metres go by rank.

    Rings of cells are looked at from the point outwards until no farther one can hold a target as near.
    """
    cell = targets.cell
    for p in range(first, last):
        px = x[p]
        py = y[p]
        column = int(np.floor((px - targets.left) / cell))
        row = int(np.floor((py - targets.bottom) / cell))
        # rings that lie wholly outside the grid hold nothing
        ring = max(0, -column, -row, column - targets.columns + 1, row - targets.rows + 1)
        farthest = max(column, targets.columns - 1 - column, row, targets.rows - 1 - row)
        inset = min(
            px - targets.left - column * cell,
            targets.left + (column + 1) * cell - px,
            py - targets.bottom - row * cell,
            targets.bottom + (row + 1) * cell - py,
        )
        while ring <= farthest:
            if ring > 0:
                gap = np.float32((inset + (ring - 1) * cell) * (1.0 - 1e-9) - 1e-6)
                if gap > min(values[p, k - 1], cutoff):
                    break
            for at in range(max(0, row - ring), min(targets.rows - 1, row + ring) + 1):
                whole = at in (row - ring, row + ring) or ring == 0
                for turn in range(1 if whole else 2):
                    # a row of the ring's edge at once; of the others the two outer cells
                    low = column - ring if whole or turn == 0 else column + ring
                    high = column + ring if whole or turn == 1 else column - ring
                    low = max(low, 0)
                    high = min(high, targets.columns - 1)
                    if low > high:
                        continue
                    for i in range(
                        targets.cell_ptr[at * targets.columns + low], targets.cell_ptr[at * targets.columns + high + 1]
                    ):
                        dx = targets.x[i] - px
                        dy = targets.y[i] - py
                        d = np.float32(np.sqrt(dx * dx + dy * dy))
                        if d > cutoff or d > values[p, k - 1]:
                            continue
                        number = targets.number[i]
                        place = k - 1
                        if chosen[p, place] >= 0 and d == values[p, place] and rank[number] > rank[chosen[p, place]]:
                            continue
                        while place > 0 and (
                            values[p, place - 1] > d
                            or (values[p, place - 1] == d and rank[chosen[p, place - 1]] > rank[number])
                        ):
                            chosen[p, place] = chosen[p, place - 1]
                            values[p, place] = values[p, place - 1]
                            place -= 1
                        chosen[p, place] = number
                        values[p, place] = d
            ring += 1
