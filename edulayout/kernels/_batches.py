"""Pairs as they come, school by school, to rows by demand, in the memory of the result and a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array

from edulayout.kernels.rows import by_row

if TYPE_CHECKING:
    from edulayout.kernels.rows import Found
    from edulayout.typing import Float32Array, Int32Array, IntArray

_PAIRS = 1 << 22
"""Pairs that wait for their turn at most (32 MB), but for one block more."""
_RANGES = 64


class Batches:
    """Collects blocks of pairs; a batch of them is sorted by row as soon as it is large.

    Parameters
    ----------
    number
        Row that each goal stands for.
    rows, columns
        Shape of the result.
    """

    def __init__(self, number: Int32Array, rows: int, columns: int) -> None:
        self.columns_done = 0
        self._number = number
        self._shape = rows, columns
        self._waiting: list[Found] = []
        self._pairs = 0
        self._full = max(_PAIRS, 2 * rows)
        self._pieces: list[list[tuple[Int32Array, Int32Array, Float32Array]]] = [[] for _ in range(_RANGES)]

    def add(self, found: Found) -> None:
        """Take one block: its columns, how many pairs each has, their goals and costs."""
        if self._pairs > self._full:
            self._set_by()
        self._waiting.append(found)
        self._pairs += len(found[2])
        self.columns_done += len(found[0])

    def _sorted(self) -> tuple[IntArray, Int32Array, Float32Array]:
        empty = (np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
        blocks = self._waiting or [empty]
        column, counts, goals, values = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
        self._waiting, self._pairs = [], 0
        bounds = np.zeros(len(counts) + 1, dtype=np.int64)
        np.cumsum(counts, out=bounds[1:])
        result: tuple[IntArray, Int32Array, Float32Array] = by_row(
            bounds, column, goals, values, self._number, self._shape[0]
        )
        return result

    def _limits(self) -> IntArray:
        return np.linspace(0, self._shape[0], _RANGES + 1).astype(np.int64)

    def _set_by(self) -> None:
        """Cut the sorted batch into ranges of rows, so that later each range is put together and let go."""
        indptr, indices, values = self._sorted()
        limits = self._limits()
        for pieces, low, high in zip(self._pieces, limits[:-1], limits[1:], strict=True):
            a, b = indptr[low], indptr[high]
            pieces.append((np.diff(indptr[low : high + 1]).astype(np.int32), indices[a:b].copy(), values[a:b].copy()))

    def rows(self) -> tuple[IntArray, Int32Array, Float32Array]:
        """Return everything as CSR arrays, sorted by column within a row."""
        if not any(self._pieces):
            return self._sorted()
        self._set_by()
        total = sum(len(values) for pieces in self._pieces for _, _, values in pieces)
        indices, values = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.float32)
        indptr = np.zeros(self._shape[0] + 1, dtype=np.int64)
        limits, filled = self._limits(), 0
        for number, pieces in enumerate(self._pieces):
            low, high = limits[number], limits[number + 1]
            counts, column, value = (np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
            row = np.repeat(np.arange(len(counts), dtype=np.int32) % max(1, high - low), counts)
            pieces.clear()
            # twice a counting sort: by column, then by row
            turned = coo_array((value, (row, column)), shape=(high - low, self._shape[1])).tocsc().tocsr()
            end = filled + len(row)
            indices[filled:end], values[filled:end] = turned.indices, turned.data
            indptr[low + 1 : high + 1] = filled + turned.indptr[1:]
            filled = end
        return indptr, indices, values
