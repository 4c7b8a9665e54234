"""Pairs of points within a straight distance, by a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray

_CELLS_PER_POINT = 2.0
_SHORT = 32


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


@njit(cache=True, nogil=True)
def _near(
    targets: Cells,
    x: FloatArray,
    y: FloatArray,
    first: int,
    last: int,
    cutoff: np.float32,
    reach: float,
    ends: IntArray,
    number: Int32Array,
    metres: Float32Array,
    filled: int,
) -> int:
    """Write the targets of the points from `first` on, by number, and where each point's end; stop without room.

    Returns the point that comes next. One call does many points: arrays handed to a function are counted, and that
    would cost more than the search.
    """
    left, bottom, cell, columns, rows = targets.left, targets.bottom, targets.cell, targets.columns, targets.rows
    xs, ys, cell_ptr, numbers = targets.x, targets.y, targets.cell_ptr, targets.number
    square = reach * reach
    # a little wider, since multiplying by the inverse rounds otherwise than dividing
    per_cell = 1.0 / cell
    wide = reach + 1e-6 * cell
    squares = np.empty(len(xs) + 1, dtype=np.float64)
    own_number = np.empty(_SHORT, dtype=np.int32)
    own_metres = np.empty(_SHORT, dtype=np.float32)
    for p in range(first, last):
        px = x[p]
        py = y[p]
        first_row = int(max(0.0, (py - wide - bottom) * per_cell))
        last_row = int(min(rows - 1.0, np.floor((py + wide - bottom) * per_cell)))
        first_column = int(max(0.0, (px - wide - left) * per_cell))
        last_column = int(min(columns - 1.0, np.floor((px + wide - left) * per_cell)))
        end = filled
        if first_column <= last_column:
            for row in range(first_row, last_row + 1):
                # the cells of a row lie next to one another
                a = cell_ptr[row * columns + first_column]
                b = cell_ptr[row * columns + last_column + 1]
                if end + (b - a) > len(number):
                    return p
                for k in range(a, b):
                    dx = xs[k] - px
                    dy = ys[k] - py
                    d = dx * dx + dy * dy
                    number[end] = numbers[k]
                    squares[end - filled] = d
                    end += d <= square
        for i in range(end - filled):
            metres[filled + i] = np.sqrt(squares[i])
        kept = filled
        for i in range(filled, end):
            number[kept] = number[i]
            metres[kept] = metres[i]
            kept += metres[i] <= cutoff
        count = kept - filled
        if 1 < count <= _SHORT:
            # by counting who is smaller: no branch to guess wrong
            for i in range(count):
                own_number[i] = number[filled + i]
                own_metres[i] = metres[filled + i]
            for i in range(count):
                smaller = 0
                for j in range(count):
                    smaller += own_number[j] < own_number[i]
                number[filled + smaller] = own_number[i]
                metres[filled + smaller] = own_metres[i]
        elif count > _SHORT:
            order = np.argsort(number[filled:kept])
            number[filled:kept] = number[filled:kept][order]
            metres[filled:kept] = metres[filled:kept][order]
        filled = kept
        ends[p] = filled
    return last


@njit(cache=True, nogil=True)
def pairs_within(
    targets: Cells, x: FloatArray, y: FloatArray, cutoff: np.float32, reach: float
) -> tuple[IntArray, Int32Array, Float32Array]:
    """Find the targets within the cutoff of some points.

    A distance is compared as it is stored, in float32; `reach` is the cutoff in float64, rounded up. Returns how
    many targets each point has, their numbers in order, and the metres. O(targets near by) for a point.
    """
    ends = np.zeros(len(x), dtype=np.int64)
    number = np.empty(4 * len(x) + 1024, dtype=np.int32)
    metres = np.empty(4 * len(x) + 1024, dtype=np.float32)
    done = 0
    filled = 0
    while True:
        done = _near(targets, x, y, done, len(x), cutoff, reach, ends, number, metres, filled)
        filled = ends[done - 1] if done > 0 else 0
        if done == len(x):
            break
        longer_number = np.empty(2 * len(number), dtype=np.int32)
        longer_metres = np.empty(2 * len(number), dtype=np.float32)
        longer_number[:filled] = number[:filled]
        longer_metres[:filled] = metres[:filled]
        number = longer_number
        metres = longer_metres
    for p in range(len(x) - 1, 0, -1):
        ends[p] -= ends[p - 1]
    return ends, number[:filled].copy(), metres[:filled].copy()


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
