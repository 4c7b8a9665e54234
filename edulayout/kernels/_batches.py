"""Pairs as they come, school by school, to rows by demand, in the memory of the result and a constant."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from edulayout.kernels._blocks import in_order, processors
from edulayout.kernels.rows import count_chosen, count_goals, place_chosen, place_goals, place_rows, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from edulayout.kernels.rows import Found, UnsignedArray
    from edulayout.typing import Float32Array, Int32Array, IntArray

    Arrays: TypeAlias = tuple[IntArray, Int32Array, Float32Array]

_Part = TypeVar("_Part")
_PAIRS = 1 << 22
"""Pairs that wait for their turn at most (32 MB), but for one block more."""
_RANGES = 64
_ROWS = 32_768
_PARTS_LEAST = 16
_SHARE_LEAST = 1 << 15
"""Pairs from which on a share of them is worth a thread."""
_SAMPLE = 8192


class Batches:
    """Collects blocks of pairs; a batch of them is put in rows as soon as it is large.

    Every step is shared by some threads (all processors where None), each with rows of its own.

    Parameters
    ----------
    number
        Row that each goal stands for; no two goals stand for the same.
    rows, columns
        Shape of the result.
    """

    def __init__(self, number: Int32Array, rows: int, columns: int, *, threads: int | None = None) -> None:
        self.columns_done = 0
        self._number = number
        self._shape = rows, columns
        self._threads = threads
        self._waiting: list[Found] = []
        self._pairs = 0
        self._full = max(_PAIRS, 2 * rows)
        self._pieces: list[list[tuple[IntArray, UnsignedArray]]] = [[] for _ in range(_RANGES)]

    def add(self, found: Found) -> None:
        """Take one block: its columns, how many pairs each has, their goals and costs."""
        if self._pairs > self._full:
            self._set_by()
        self._waiting.append(found)
        self._pairs += len(found[2])
        self.columns_done += len(found[0])

    def _each(self, work: Callable[[_Part], None], parts: Sequence[_Part]) -> None:
        for _ in in_order(work, parts, threads=self._threads):
            pass

    def _shares(self) -> list[tuple[int, int]]:
        """Return ranges of goals, one for each thread, with about as many waiting pairs each."""
        count = processors() if self._threads is None else max(1, self._threads)
        count = min(count, 1 + self._pairs // _SHARE_LEAST)
        step = 1 + self._pairs // _SAMPLE
        sample = np.sort(np.concatenate([found[2][::step] for found in self._waiting] or [np.empty(0, np.int32)]))
        inner = sample[len(sample) * np.arange(1, count) // count].tolist() if len(sample) else []
        return list(pairwise([0, *inner, len(self._number)]))

    def _in_rows(self) -> tuple[IntArray, UnsignedArray]:
        """Return the waiting pairs as rows, in any order within a row: counted first, then written."""
        shares, number = self._shares(), self._number
        indptr = np.zeros(self._shape[0] + 1, dtype=np.int64)

        def count(share: tuple[int, int]) -> None:
            for _, _, goals, _ in self._waiting:
                count_goals(goals, number, *share, indptr)

        def place(share: tuple[int, int]) -> None:
            for column, sizes, goals, values in self._waiting:
                place_goals(column, sizes, goals, values.view(np.uint32), number, *share, indptr, packed)

        self._each(count, shares)
        np.cumsum(indptr, out=indptr)
        packed = np.empty(self._pairs, dtype=np.uint64)
        self._each(place, shares)
        # each row's cursor stands now where the next row begins
        indptr[1:], indptr[0] = indptr[:-1], 0
        self._waiting, self._pairs = [], 0
        return indptr, packed

    def _limits(self) -> list[tuple[int, int]]:
        return list(pairwise(np.linspace(0, self._shape[0], _RANGES + 1).astype(np.int64).tolist()))

    def _set_by(self) -> None:
        """Cut the batch into ranges of rows, so that later each range is put together and let go."""
        indptr, packed = self._in_rows()
        for pieces, (low, high) in zip(self._pieces, self._limits(), strict=True):
            pieces.append((indptr[low : high + 1].copy(), packed[indptr[low] : indptr[high]].copy()))

    def rows(self) -> Arrays:
        """Return everything as CSR arrays, sorted by column within a row."""
        if not any(self._pieces):
            return settled(*self._in_rows(), threads=self._threads)
        self._set_by()
        indptr = np.zeros(self._shape[0] + 1, dtype=np.int64)
        for pieces, (low, high) in zip(self._pieces, self._limits(), strict=True):
            indptr[low + 1 : high + 1] = sum(np.diff(piece) for piece, _ in pieces)
        np.cumsum(indptr, out=indptr)
        indices, values = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.float32)

        def together(number: int) -> None:
            (low, high), pieces = ranges[number], self._pieces[number]
            begin, end = indptr[low], indptr[high]
            own, packed = indptr[low : high + 1] - begin, np.empty(end - begin, dtype=np.uint64)
            cursor = own[:-1].copy()
            for piece in pieces:
                place_rows(*piece, cursor, packed)
            pieces.clear()
            settle(own, packed, 0, high - low, indices[begin:end], values[begin:end].view(np.uint32))

        ranges = self._limits()
        self._each(together, range(len(ranges)))
        return indptr, indices, values


def _parts(rows: int) -> list[tuple[int, int]]:
    step = max(1, min(_ROWS, rows // _PARTS_LEAST))
    return [(first, min(rows, first + step)) for first in range(0, rows, step)]


def settled(indptr: IntArray, packed: UnsignedArray, *, threads: int | None) -> Arrays:
    """Return CSR arrays, sorted by column within a row, of pairs that stand in their rows."""
    indices, values = np.empty(len(packed), dtype=np.int32), np.empty(len(packed), dtype=np.float32)

    def sort(part: tuple[int, int]) -> None:
        settle(indptr, packed, *part, indices, values.view(np.uint32))

    for _ in in_order(sort, _parts(len(indptr) - 1), threads=threads):
        pass
    return indptr, indices, values


def of_chosen(chosen: Int32Array, values: Float32Array, *, threads: int | None = None) -> Arrays:
    """Return the schools that each row chose (-1: none), and their costs, as CSR arrays sorted by school."""
    rows = len(chosen)
    indptr = np.zeros(rows + 1, dtype=np.int64)

    def count(part: tuple[int, int]) -> None:
        count_chosen(chosen, *part, indptr[1:])

    def place(part: tuple[int, int]) -> None:
        place_chosen(chosen, values.view(np.uint32), *part, indptr, packed)

    for _ in in_order(count, _parts(rows), threads=threads):
        pass
    np.cumsum(indptr, out=indptr)
    packed = np.empty(indptr[-1], dtype=np.uint64)
    for _ in in_order(place, _parts(rows), threads=threads):
        pass
    return settled(indptr, packed, threads=threads)
