"""From pairs found school by school to rows by demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from edulayout.typing import Float32Array, Int32Array, IntArray

    Found: TypeAlias = tuple[Int32Array, IntArray, Int32Array, Float32Array]
    """A block of columns: their numbers, how many pairs each has, the goals and the costs of the pairs."""


@njit(cache=True, nogil=True)
def by_row(
    bounds: IntArray, column: Int32Array, goals: Int32Array, values: Float32Array, number: Int32Array, rows: int
) -> tuple[IntArray, Int32Array, Float32Array]:
    """Turn stretches of pairs, one for each column, into CSR arrays by a counting sort.

    Stretch i is `bounds[i]:bounds[i + 1]` and belongs to `column[i]`; a goal stands for the row `number[goal]`.
    Within a row the pairs come in the order of the columns. O(pairs + rows + columns).
    """
    indptr = np.zeros(rows + 1, dtype=np.int64)
    for k in range(len(goals)):
        indptr[number[goals[k]] + 1] += 1
    for row in range(rows):
        indptr[row + 1] += indptr[row]
    indices = np.empty(len(goals), dtype=np.int32)
    kept = np.empty(len(goals), dtype=np.float32)
    for i in np.argsort(column):
        for k in range(bounds[i], bounds[i + 1]):
            row = number[goals[k]]
            place = indptr[row]
            indices[place] = column[i]
            kept[place] = values[k]
            indptr[row] = place + 1
    for row in range(rows, 0, -1):
        indptr[row] = indptr[row - 1]
    indptr[0] = 0
    return indptr, indices, kept
