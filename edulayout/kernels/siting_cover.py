"""Compiled loops of covering: which rows and columns decide nothing, and which levels lie next to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    import numpy.typing as npt

    from edulayout.typing import BoolArray, Float32Array, Int32Array, IntArray

    WordArray = npt.NDArray[np.uint64]


@njit(cache=True, nogil=True)
def _contains(one: WordArray, other: WordArray) -> bool:
    """Return whether the second set of bits is part of the first."""
    for k in range(len(one)):  # noqa: SIM110 - a generator would not compile
        if other[k] & ~one[k]:
            return False
    return True


@njit(cache=True, nogil=True)
def _drop_rows(ptr: IntArray, column: Int32Array, bits: WordArray, row_kept: BoolArray, column_kept: BoolArray) -> bool:
    """Drop every row that is served whenever another is; return whether there was one."""
    rows, columns = len(row_kept), len(column_kept)
    size, use = np.zeros(rows, np.int64), np.zeros(columns, np.int64)
    for row in range(rows):
        if row_kept[row]:
            for arc in range(ptr[row], ptr[row + 1]):
                if column_kept[column[arc]]:
                    size[row] += 1
                    use[column[arc]] += 1
    first, later = np.full(columns, -1, np.int64), np.full(rows, -1, np.int64)
    changed = False
    for row in np.argsort(size, kind="mergesort"):
        if not row_kept[row]:
            continue
        rarest = -1
        for arc in range(ptr[row], ptr[row + 1]):
            j = column[arc]
            if not column_kept[j]:
                continue
            if rarest < 0 or use[j] < use[rarest]:
                rarest = j
            # A row whose columns are all in this one is listed under one of them.
            other = first[j]
            while other >= 0 and not _contains(bits[row], bits[other]):
                other = later[other]
            if other >= 0:
                row_kept[row] = False
                changed = True
                break
        if row_kept[row] and rarest >= 0:
            later[row], first[rarest] = first[rarest], row
    return changed


@njit(cache=True, nogil=True)
def _drop_columns(
    ptr: IntArray,
    column: Int32Array,
    group: IntArray,
    row_kept: BoolArray,
    column_kept: BoolArray,
    bits: WordArray,
) -> bool:
    """Drop every column that another of its group can stand for; return whether there was one."""
    rows, columns = len(row_kept), len(column_kept)
    number = np.full(rows, -1, np.int64)
    kept = 0
    for row in range(rows):
        if row_kept[row]:
            number[row] = kept
            kept += 1
    served = np.zeros((columns, (kept + 63) // 64), np.uint64)
    size, least, shortest = np.zeros(columns, np.int64), np.full(columns, -1, np.int64), np.zeros(rows, np.int64)
    for row in range(rows):
        if not row_kept[row]:
            continue
        for arc in range(ptr[row], ptr[row + 1]):
            if column_kept[column[arc]]:
                shortest[row] += 1
        for arc in range(ptr[row], ptr[row + 1]):
            j = column[arc]
            if column_kept[j]:
                served[j, number[row] >> 6] |= np.uint64(1) << np.uint64(number[row] & 63)
                size[j] += 1
                if least[j] < 0 or shortest[row] < shortest[least[j]]:
                    least[j] = row
    changed = False
    for j in range(columns):
        if not column_kept[j]:
            continue
        beaten = size[j] == 0
        if not beaten:
            for arc in range(ptr[least[j]], ptr[least[j] + 1]):
                k = column[arc]
                if k == j or not column_kept[k] or group[k] != group[j] or size[k] < size[j]:
                    continue
                if (size[k] > size[j] or k < j) and _contains(served[k], served[j]):
                    beaten = True
                    break
        if beaten:
            column_kept[j] = False
            changed = True
            for row in range(rows):
                bits[row, j >> 6] &= ~(np.uint64(1) << np.uint64(j & 63))
    return changed


@njit(cache=True, nogil=True)
def reduce(ptr: IntArray, column: Int32Array, group: IntArray, row_kept: BoolArray, column_kept: BoolArray) -> None:
    """Drop rows and columns that decide nothing, in turn, until nothing more falls (Toregas and ReVelle 1973)."""
    rows, columns = len(row_kept), len(column_kept)
    bits = np.zeros((rows, (columns + 63) // 64), np.uint64)
    for row in range(rows):
        for arc in range(ptr[row], ptr[row + 1]):
            bits[row, column[arc] >> 6] |= np.uint64(1) << np.uint64(column[arc] & 63)
    _drop_rows(ptr, column, bits, row_kept, column_kept)
    while _drop_columns(ptr, column, group, row_kept, column_kept, bits):
        if not _drop_rows(ptr, column, bits, row_kept, column_kept):
            break


@njit(cache=True, nogil=True)
def neighbours(level: Float32Array, limit: float) -> tuple[float, float]:
    """Return the largest level that is at most the limit, and the smallest above it; -inf and inf where none."""
    low, high = -np.inf, np.inf
    for k in range(len(level)):
        value = np.float64(level[k])
        if value <= limit:
            low = max(low, value)
        else:
            high = min(high, value)
    return low, high
