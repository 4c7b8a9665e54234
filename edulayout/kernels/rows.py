"""From pairs found school by school to rows by demand.

A pair waits as one number: the column in the upper half, the bits of its cost in the lower. Sorting the numbers of a
row sorts it by column, in whatever order its pairs came: any share of the work can be done by any thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from edulayout.typing import Float32Array, Int32Array, IntArray

    Found: TypeAlias = tuple[Int32Array, IntArray, Int32Array, Float32Array]
    """A block of columns: their numbers, how many pairs each has, the goals and the costs of the pairs."""

    UnsignedArray: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint64]]
    BitsArray: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint32]]

_HALF = np.uint64(32)
_LOWER = np.uint64(0xFFFF_FFFF)


@njit(cache=True, nogil=True)
def count_goals(goals: Int32Array, number: Int32Array, low: int, high: int, indptr: IntArray) -> None:
    """Count the pairs of the goals from `low` to `high - 1`, each behind the row that it stands for."""
    for k in range(len(goals)):
        if low <= goals[k] < high:
            indptr[number[goals[k]] + 1] += 1


@njit(cache=True, nogil=True)
def place_goals(
    column: Int32Array,
    counts: IntArray,
    goals: Int32Array,
    bits: BitsArray,
    number: Int32Array,
    low: int,
    high: int,
    cursor: IntArray,
    packed: UnsignedArray,
) -> None:
    """Write the pairs of the goals from `low` to `high - 1` where the cursor of each one's row stands."""
    k = 0
    for i in range(len(column)):
        key = np.uint64(column[i]) << _HALF
        for _ in range(counts[i]):
            goal = goals[k]
            if low <= goal < high:
                at = cursor[number[goal]]
                packed[at] = key | np.uint64(bits[k])
                cursor[number[goal]] = at + 1
            k += 1


@njit(cache=True, nogil=True)
def place_rows(indptr: IntArray, pairs: UnsignedArray, cursor: IntArray, packed: UnsignedArray) -> None:
    """Append the rows of one batch to the rows of all, where each row's cursor stands."""
    for row in range(len(indptr) - 1):
        at = cursor[row]
        for k in range(indptr[row] - indptr[0], indptr[row + 1] - indptr[0]):
            packed[at] = pairs[k]
            at += 1
        cursor[row] = at


@njit(cache=True, nogil=True)
def count_chosen(chosen: Int32Array, first: int, last: int, counts: IntArray) -> None:
    """Count the schools chosen by the rows `first` to `last - 1`; -1 is none."""
    for row in range(first, last):
        count = 0
        for i in range(chosen.shape[1]):
            count += chosen[row, i] >= 0
        counts[row] = count


@njit(cache=True, nogil=True)
def place_chosen(
    chosen: Int32Array, bits: BitsArray, first: int, last: int, indptr: IntArray, packed: UnsignedArray
) -> None:
    """Write the schools chosen by the rows `first` to `last - 1` where their rows are."""
    for row in range(first, last):
        at = indptr[row]
        for i in range(chosen.shape[1]):
            if chosen[row, i] >= 0:
                packed[at] = (np.uint64(chosen[row, i]) << _HALF) | np.uint64(bits[row, i])
                at += 1


@njit(cache=True, nogil=True)
def settle(
    indptr: IntArray, packed: UnsignedArray, first: int, last: int, indices: Int32Array, bits: BitsArray
) -> None:
    """Sort the rows `first` to `last - 1` by column (Shell 1959, doi:10.1145/368370.368387), and take pairs apart."""
    for row in range(first, last):
        a = indptr[row]
        b = indptr[row + 1]
        gap = 1
        while 9 * gap < b - a:
            gap = 3 * gap + 1
        while gap > 0:
            for k in range(a + gap, b):
                pair = packed[k]
                at = k
                while at >= a + gap and packed[at - gap] > pair:
                    packed[at] = packed[at - gap]
                    at -= gap
                packed[at] = pair
            gap //= 3
        for k in range(a, b):
            indices[k] = packed[k] >> _HALF
            bits[k] = packed[k] & _LOWER
