"""Pupils who choose between schools near by and schools not crowded: the equilibrium, and the published iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray


@njit(cache=True, nogil=True)
def settled(
    indptr: IntArray,
    indices: Int32Array,
    travel: FloatArray,
    pupils: FloatArray,
    room: FloatArray,
    tolerance: float,
    sweeps: int,
) -> tuple[FloatArray, FloatArray, float]:
    """Let one row after the other choose best, until nobody gains more than the tolerance by moving.

    A cost is travel plus strain, the load of a school over its room. A row spreads its pupils so that all schools
    it uses cost it the same and no other costs less (water filling); as loads follow at once, every choice lowers
    Beckmann's convex potential. Returns the least cost of each row, the loads, and the relative gap: what all
    would gain by moving alone, over what all pay. O(sweeps · pairs).
    """
    rows = len(indptr) - 1
    load = np.zeros(len(room))
    strain = np.zeros(len(room))
    assigned = np.zeros(len(indices))
    used = np.empty(len(indices), dtype=np.int32)
    used_count = np.zeros(rows, dtype=np.int64)
    gap = np.inf
    for sweep in range(sweeps):
        gain, paid = 0.0, 0.0
        for row in range(rows):
            first, last = indptr[row], indptr[row + 1]
            if first == last or pupils[row] == 0.0:
                continue
            lowest = first
            least = np.inf
            for p in range(first, last):
                total = travel[p] + strain[indices[p]]
                if total < least:
                    least = total
                    lowest = p
            if sweep > 0:
                pays = 0.0
                for u in range(first, first + used_count[row]):
                    p = first + used[u]
                    pays += (travel[p] + strain[indices[p]]) * assigned[p]
                gain += pays - least * pupils[row]
                paid += pays
                if pays - least * pupils[row] <= 0.1 * tolerance * pays:
                    continue
                # Taking the row's own pupils away lowers the cost of the schools it uses, and of no other.
                for u in range(first, first + used_count[row]):
                    p = first + used[u]
                    load[indices[p]] -= assigned[p]
                    strain[indices[p]] = load[indices[p]] / room[indices[p]]
                    assigned[p] = 0.0
                    if travel[p] + strain[indices[p]] < least:
                        least = travel[p] + strain[indices[p]]
                        lowest = p
            level = least + pupils[row] / room[indices[lowest]]
            count = 0
            for p in range(first, last):
                if p == lowest or travel[p] + strain[indices[p]] < level:
                    used[first + count] = p - first
                    count += 1
            while True:
                space, weighed = 0.0, 0.0
                for u in range(first, first + count):
                    p = first + used[u]
                    space += room[indices[p]]
                    weighed += room[indices[p]] * (travel[p] + strain[indices[p]] - least)
                rise = (pupils[row] + weighed) / space
                kept = 0
                for u in range(first, first + count):
                    p = first + used[u]
                    if p == lowest or travel[p] + strain[indices[p]] - least < rise:
                        used[first + kept] = used[u]
                        kept += 1
                if kept == count:
                    break
                count = kept
            used_count[row] = count
            for u in range(first, first + count):
                p = first + used[u]
                assigned[p] = room[indices[p]] * (rise - (travel[p] + strain[indices[p]] - least))
            for u in range(first, first + count):
                p = first + used[u]
                load[indices[p]] += assigned[p]
                strain[indices[p]] = load[indices[p]] / room[indices[p]]
        if sweep > 0:
            gap = gain / paid if paid > 0.0 else 0.0
            if gap <= tolerance:
                break
    return _least(indptr, indices, travel, strain), load, gap


@njit(cache=True, nogil=True)
def _least(indptr: IntArray, indices: Int32Array, travel: FloatArray, strain: FloatArray) -> FloatArray:
    """Return the least cost of each row; infinity where it has no pairs."""
    result = np.full(len(indptr) - 1, np.inf)
    for row in range(len(indptr) - 1):
        for p in range(indptr[row], indptr[row + 1]):
            result[row] = min(result[row], travel[p] + strain[indices[p]])
    return result


@njit(cache=True, nogil=True)
def shifted(
    indptr: IntArray, indices: Int32Array, travel: FloatArray, pupils: FloatArray, room: FloatArray, cycles: int
) -> FloatArray:
    """Shift whole pupils from the worst to the best school of every row at once, cycle by cycle.

    Constants as in PySAL `access`: at most a fifth of a row moves at first, this halves every 50 cycles, not below
    0.005; in the first 20 cycles no school is given more than its room. Returns each row's mean cost, at the
    strain before the last shift; infinity for a row without pairs. O(cycles · pairs).
    """
    rows = len(indptr) - 1
    assigned = np.zeros(len(indices))
    load = np.zeros(len(room))
    start = np.zeros(len(room))
    lowest = _nearest(indptr, indices, travel, start)
    for row in range(rows):
        if lowest[row] >= 0:
            assigned[lowest[row]] = pupils[row]
            load[indices[lowest[row]]] += pupils[row]
    highest = np.full(rows, -1, dtype=np.int64)
    moves = np.zeros(rows)
    strain = load / room
    for cycle in range(cycles):
        step = max(0.2 * 0.5 ** (cycle / 50), 0.005)
        strain = load / room
        given = np.zeros(len(room))
        lowest = _nearest(indptr, indices, travel, strain)
        for row in range(rows):
            most = -np.inf
            highest[row] = -1
            moves[row] = 0.0
            for p in range(indptr[row], indptr[row + 1]):
                if assigned[p] != 0.0 and travel[p] + strain[indices[p]] > most:
                    most = travel[p] + strain[indices[p]]
                    highest[row] = p
            low, high = lowest[row], highest[row]
            if high < 0 or low == high:
                continue
            one, other = indices[low], indices[high]
            both = assigned[low] + assigned[high]
            even = ((room[one] * room[other]) / (room[one] + room[other])) * (
                (travel[high] - travel[low])
                + (both + (load[other] - assigned[high])) / room[other]
                - (load[one] - assigned[low]) / room[one]
            )
            moves[row] = np.trunc(min(even - assigned[low], assigned[high], step * pupils[row]))
            given[one] += moves[row]
        for row in range(rows):
            if moves[row] == 0.0:
                continue
            one, other = indices[lowest[row]], indices[highest[row]]
            shift = np.rint(moves[row] / max(given[one] / room[one], 1.0)) if cycle < 20 else moves[row]
            assigned[lowest[row]] += shift
            assigned[highest[row]] -= shift
            load[one] += shift
            load[other] -= shift
    result = np.full(rows, np.inf)
    for row in range(rows):
        weighed, whole = 0.0, 0.0
        for p in range(indptr[row], indptr[row + 1]):
            weighed += (travel[p] + strain[indices[p]]) * assigned[p]
            whole += assigned[p]
        if whole > 0.0:
            result[row] = weighed / whole
    return result


@njit(cache=True, nogil=True)
def _nearest(indptr: IntArray, indices: Int32Array, travel: FloatArray, strain: FloatArray) -> IntArray:
    """Return the pair of least cost of each row, the first of equals; -1 where it has none."""
    result = np.full(len(indptr) - 1, -1, dtype=np.int64)
    for row in range(len(indptr) - 1):
        least = np.inf
        for p in range(indptr[row], indptr[row + 1]):
            total = travel[p] + strain[indices[p]]
            if total < least:
                least = total
                result[row] = p
    return result
