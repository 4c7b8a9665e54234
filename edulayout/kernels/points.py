"""Pairs of points within a straight distance, by a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray

_CELLS_PER_POINT = 2.0


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
def pairs_within(
    targets: Cells, x: FloatArray, y: FloatArray, first: int, last: int, cutoff: np.float32, reach: float
) -> tuple[IntArray, Int32Array, Float32Array]:
    """Find the targets within the cutoff of the points `first` to `last - 1`.

    A distance is compared as it is stored, in float32; `reach` is the cutoff in float64, rounded up. Returns how
    many targets each point has, their numbers and the metres. O(targets near by) for a point.
    """
    counts = np.zeros(last - first, dtype=np.int64)
    size = 1024
    number = np.empty(size, dtype=np.int32)
    metres = np.empty(size, dtype=np.float32)
    filled = 0
    for p in range(first, last):
        before = filled
        first_row = max(0, int(np.floor((y[p] - reach - targets.bottom) / targets.cell)))
        last_row = min(targets.rows - 1, int(np.floor((y[p] + reach - targets.bottom) / targets.cell)))
        first_column = max(0, int(np.floor((x[p] - reach - targets.left) / targets.cell)))
        last_column = min(targets.columns - 1, int(np.floor((x[p] + reach - targets.left) / targets.cell)))
        if first_column > last_column:
            continue
        for row in range(first_row, last_row + 1):
            # the cells of a row lie next to one another
            a = targets.cell_ptr[row * targets.columns + first_column]
            b = targets.cell_ptr[row * targets.columns + last_column + 1]
            while filled + (b - a) > size:
                size *= 2
                longer_number = np.empty(size, dtype=np.int32)
                longer_number[:filled] = number[:filled]
                number = longer_number
                longer_metres = np.empty(size, dtype=np.float32)
                longer_metres[:filled] = metres[:filled]
                metres = longer_metres
            for k in range(a, b):
                dx = targets.x[k] - x[p]
                dy = targets.y[k] - y[p]
                d = np.float32(np.sqrt(dx * dx + dy * dy))
                number[filled] = targets.number[k]
                metres[filled] = d
                if d <= cutoff:
                    filled += 1
        counts[p - first] = filled - before
    return counts, number[:filled].copy(), metres[:filled].copy()
