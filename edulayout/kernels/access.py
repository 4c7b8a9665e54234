"""Loops over the pairs of a cost table: sums that no order changes, the k-th nearest seat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray

_ROOM = 61
_FINEST = 1000


@njit(cache=True, nogil=True)
def totals(
    groups: Int32Array, partners: Int32Array, factors: FloatArray, weights: FloatArray, count: int
) -> FloatArray:
    """Sum weight × factor of the partner over the pairs of each group, in fixed point with a unit for each group.

    The unit is 2**-61 of (pairs × largest term) of the group, so that int64 always holds the sum, and neither
    the order of the pairs nor the number of groups changes a bit. O(pairs).
    """
    largest = np.zeros(count)
    members = np.zeros(count, dtype=np.int64)
    for p in range(len(groups)):
        group = groups[p]
        members[group] += 1
        largest[group] = max(largest[group], abs(weights[p] * factors[partners[p]]))
    scale = np.ones(count)
    for group in range(count):
        if largest[group] > 0.0:
            bits = math.frexp(largest[group])[1] + math.frexp(float(members[group]))[1]
            scale[group] = math.ldexp(1.0, min(_ROOM - bits, _FINEST))
    sums = np.zeros(count, dtype=np.int64)
    for p in range(len(groups)):
        group = groups[p]
        sums[group] += np.int64(np.rint(weights[p] * factors[partners[p]] * scale[group]))
    return sums / scale


@njit(cache=True, nogil=True)
def kth_seat(
    indptr: IntArray, indices: Int32Array, costs: FloatArray, seats: FloatArray, wanted: FloatArray
) -> FloatArray:
    """Return for each row the least cost within which there are as many seats as wanted; infinity where there are not.

    A heap of the row's pairs gives them by cost, no further than needed. O(pairs + taken · log(pairs of a row)).
    """
    result = np.full(len(indptr) - 1, np.inf)
    longest = 0
    for row in range(len(indptr) - 1):
        longest = max(longest, indptr[row + 1] - indptr[row])
    heap = np.empty(longest, dtype=np.int64)
    for row in range(len(indptr) - 1):
        size = 0
        for p in range(indptr[row], indptr[row + 1]):
            if seats[indices[p]] > 0.0:
                heap[size] = p
                size += 1
        for start in range(size // 2 - 1, -1, -1):
            _sink(heap, costs, start, size)
        found = 0.0
        while size > 0:
            nearest = heap[0]
            found += seats[indices[nearest]]
            if found >= wanted[row]:
                result[row] = costs[nearest]
                break
            size -= 1
            heap[0] = heap[size]
            _sink(heap, costs, 0, size)
    return result


@njit(cache=True, nogil=True)
def _sink(heap: IntArray, costs: FloatArray, start: int, size: int) -> None:
    """Let one entry of a heap fall to its place: least cost first, equal costs by position."""
    moved = heap[start]
    place = start
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size:
            one, other = heap[child], heap[child + 1]
            if costs[other] < costs[one] or (costs[other] == costs[one] and other < one):
                child += 1
        lower = heap[child]
        if costs[lower] > costs[moved] or (costs[lower] == costs[moved] and lower > moved):
            break
        heap[place] = lower
        place = child
    heap[place] = moved
