"""Compiled loops of the siting core: the search by exchange.

The model, in CSR arrays: rows are demand, columns are sites that may be opened. `cost[k]` is the weighted cost of an
arc, ascending within a row; `cap[row]` is what the row costs where no site is opened for it, and every arc of a row
costs less than its cap. Columns are sorted by group; group g owns `group_ptr[g]:group_ptr[g + 1]` and opens exactly
`quota[g]` of them. The value of a choice is the sum over rows of its cheapest open arc or its cap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray

    WordArray = np.ndarray[tuple[int], np.dtype[np.uint64]]

LOOSE = 1e-3
"""How much worse than the best, relative, a choice may be at most for the search by exchange to go on from it."""


@njit(cache=True, nogil=True)
def draw(state: WordArray, below: int) -> int:
    """Return a number under `below` by xorshift64 (Marsaglia 2003): the same on every machine and numpy."""
    word = state[0]
    word ^= word << np.uint64(13)
    word ^= word >> np.uint64(7)
    word ^= word << np.uint64(17)
    state[0] = word
    return int(word >> np.uint64(33)) % below


@njit(cache=True, nogil=True)
def _fill(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    column_ptr: IntArray,
    column_row: Int32Array,
    column_cost: FloatArray,
    group: IntArray,
    quota: IntArray,
    chosen: IntArray,
    place: IntArray,
    given: int,
) -> None:
    """Add the site that gains most until every quota is met (Cornuejols, Fisher and Nemhauser 1977)."""
    if given == len(chosen):
        for k in range(given):
            place[chosen[k]] = k
        return
    nearest, left, gain = cap.copy(), quota.copy(), np.zeros(len(group))
    for row in range(len(cap)):
        for arc in range(ptr[row], ptr[row + 1]):
            gain[column[arc]] += cap[row] - cost[arc]
    for k in range(len(chosen)):
        pick = chosen[k]
        if k >= given:
            pick = -1
            for j in range(len(group)):
                if place[j] < 0 and left[group[j]] > 0 and (pick < 0 or gain[j] > gain[pick]):
                    pick = j
            chosen[k] = pick
        place[pick] = k
        left[group[pick]] -= 1
        for arc in range(column_ptr[pick], column_ptr[pick + 1]):
            row, new = column_row[arc], column_cost[arc]
            old = nearest[row]
            if new < old:
                nearest[row] = new
                for other in range(ptr[row], ptr[row + 1]):
                    if cost[other] >= old:
                        break
                    gain[column[other]] -= old - max(new, cost[other])


@njit(cache=True, nogil=True)
def _look(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    place: IntArray,
    row: int,
    first: IntArray,
    other: IntArray,
    nearest: FloatArray,
    second: FloatArray,
) -> None:
    """Note the places of the two nearest open sites of a row, and their costs."""
    first[row], other[row], nearest[row], second[row] = -1, -1, cap[row], cap[row]
    for arc in range(ptr[row], ptr[row + 1]):
        at = place[column[arc]]
        if at < 0:
            continue
        if first[row] >= 0:
            other[row], second[row] = at, cost[arc]
            break
        first[row], nearest[row] = at, cost[arc]


@njit(cache=True, nogil=True)
def _credit(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    row: int,
    first: IntArray,
    nearest: FloatArray,
    second: FloatArray,
    gain: FloatArray,
    loss: FloatArray,
    extra: FloatArray,
    sign: float,
) -> None:
    """Add what a row says of every exchange, or with sign -1 take it back (Resende and Werneck 2007).

    Opening column j instead of the site at place k lowers the value by `gain[j] - loss[k] + extra[j, k]`.
    """
    near, far, k = nearest[row], second[row], first[row]
    if k >= 0:
        loss[k] += sign * (far - near)
    for arc in range(ptr[row], ptr[row + 1]):
        new = cost[arc]
        if new >= far:
            break
        if new < near:
            gain[column[arc]] += sign * (near - new)
            if k >= 0:
                extra[column[arc], k] += sign * (far - near)
        elif k >= 0:
            extra[column[arc], k] += sign * (far - new)


@njit(cache=True, nogil=True)
def _swap(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    column_ptr: IntArray,
    column_row: Int32Array,
    column_cost: FloatArray,
    chosen: IntArray,
    place: IntArray,
    first: IntArray,
    other: IntArray,
    nearest: FloatArray,
    second: FloatArray,
    gain: FloatArray,
    loss: FloatArray,
    extra: FloatArray,
    k: int,
    entering: int,
) -> None:
    """Open a column in the place of another; only rows whose two nearest sites change are looked at."""
    gone = chosen[k]
    place[gone], place[entering], chosen[k] = -1, k, entering
    for turn in range(2):
        changed = gone if turn == 0 else entering
        for arc in range(column_ptr[changed], column_ptr[changed + 1]):
            row = column_row[arc]
            if turn == 0:
                if first[row] != k and other[row] != k:
                    continue
            elif column_cost[arc] >= second[row] or first[row] == k or other[row] == k:
                continue
            _credit(ptr, column, cost, row, first, nearest, second, gain, loss, extra, -1.0)
            _look(ptr, column, cost, cap, place, row, first, other, nearest, second)
            _credit(ptr, column, cost, row, first, nearest, second, gain, loss, extra, 1.0)


@njit(cache=True, nogil=True)
def _begin(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    chosen: IntArray,
    place: IntArray,
    first: IntArray,
    other: IntArray,
    nearest: FloatArray,
    second: FloatArray,
    gain: FloatArray,
    loss: FloatArray,
    extra: FloatArray,
) -> None:
    """Sum gains and losses anew, so that rounding cannot pile up."""
    place[:] = -1
    for k in range(len(chosen)):
        place[chosen[k]] = k
    gain[:], loss[:] = 0.0, 0.0
    extra[:, :] = 0.0
    for row in range(len(cap)):
        _look(ptr, column, cost, cap, place, row, first, other, nearest, second)
        _credit(ptr, column, cost, row, first, nearest, second, gain, loss, extra, 1.0)


@njit(cache=True, nogil=True)
def _disturb(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    column_ptr: IntArray,
    column_row: Int32Array,
    column_cost: FloatArray,
    group: IntArray,
    chosen: IntArray,
    place: IntArray,
    first: IntArray,
    other: IntArray,
    nearest: FloatArray,
    second: FloatArray,
    gain: FloatArray,
    loss: FloatArray,
    extra: FloatArray,
    state: WordArray,
) -> None:
    """Exchange some open sites at random: now and then anywhere, mostly a few that share rows, for near ones."""
    total, columns = len(chosen), len(group)
    wide = draw(state, 4) == 0
    spot = draw(state, columns)
    for _ in range(2 + draw(state, min(total // 2 + 2, 20) if wide else 3)):
        k, j = draw(state, total), draw(state, columns)
        if not wide:
            # A row near the spot says which site serves it and which columns are near.
            if column_ptr[spot + 1] == column_ptr[spot]:
                return
            row = column_row[column_ptr[spot] + draw(state, column_ptr[spot + 1] - column_ptr[spot])]
            near = 0
            while ptr[row] + near < ptr[row + 1] and cost[ptr[row] + near] < second[row]:
                near += 1
            if first[row] < 0 or near == 0:
                continue
            k, j = first[row], column[ptr[row] + draw(state, near)]
        if place[j] < 0 and group[j] == group[chosen[k]]:
            _swap(
                ptr, column, cost, cap, column_ptr, column_row, column_cost, chosen, place, first, other, nearest,
                second, gain, loss, extra, k, j,
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _best_swap(
    group: IntArray,
    chosen: IntArray,
    place: IntArray,
    gain: FloatArray,
    loss: FloatArray,
    extra: FloatArray,
    tolerance: float,
) -> tuple[int, int]:
    """Return the place and the column whose exchange gains most, -1 where none gains more than the tolerance."""
    best, leaving, entering = tolerance, -1, -1
    for j in range(len(gain)):
        # What leaves never gains by itself, so that `gain` alone bounds the exchange.
        if place[j] >= 0 or gain[j] <= best:
            continue
        for k in range(len(chosen)):
            profit = gain[j] - loss[k] + extra[j, k]
            if profit > best and group[chosen[k]] == group[j]:
                best, leaving, entering = profit, k, j
    return leaving, entering


@njit(cache=True, nogil=True)
def improve(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    column_ptr: IntArray,
    column_row: Int32Array,
    column_cost: FloatArray,
    group: IntArray,
    quota: IntArray,
    chosen: IntArray,
    given: int,
    kicks: int,
    state: WordArray,
) -> float:
    """Complete a choice greedily, search by exchange, then `kicks` times from a disturbed choice; return the value.

    The first `given` entries of `chosen` are the start, the others are filled. From a choice that is worse than the
    best by less than a draw up to `LOOSE` the search goes on too. The best choice seen stays in `chosen`; `state` is
    the one word of the random numbers. Whitaker (1983), with the incremental gains and losses of Resende and Werneck
    (2007), doi:10.1007/s10479-006-0154-0.
    """
    rows, columns, total = len(cap), len(group), len(chosen)
    place = np.full(columns, -1, np.int64)
    _fill(ptr, column, cost, cap, column_ptr, column_row, column_cost, group, quota, chosen, place, given)
    first, other = np.empty(rows, np.int64), np.empty(rows, np.int64)
    nearest, second = np.empty(rows), np.empty(rows)
    gain, loss, extra = np.empty(columns), np.empty(total), np.empty((columns, total))
    tolerance = 1e-12 * cap.sum()
    best, best_value = chosen.copy(), np.inf
    base, base_value = chosen.copy(), np.inf
    for kick in range(kicks + 1):
        if kick % 16 == 0:
            _begin(ptr, column, cost, cap, chosen, place, first, other, nearest, second, gain, loss, extra)
        # Rounding can promise a gain that is none; so many exchanges are enough, and the search ends.
        for _ in range(20 * (columns + 5)):
            k, entering = _best_swap(group, chosen, place, gain, loss, extra, tolerance)
            if k < 0:
                break
            _swap(
                ptr, column, cost, cap, column_ptr, column_row, column_cost, chosen, place, first, other, nearest,
                second, gain, loss, extra, k, entering,
            )  # fmt: skip
        value = nearest.sum()
        if value < best_value - tolerance:
            best_value = value
            best[:] = chosen
        if value <= best_value * (1.0 + LOOSE * draw(state, 8) / 7):
            base_value = value
            base[:] = chosen
        if kick == kicks or total == 0:
            break
        if value > base_value + tolerance:
            place[:] = -1
            for k in range(total):
                place[chosen[k]] = k
            for k in range(total):
                if chosen[k] == base[k]:
                    continue
                if place[base[k]] >= 0:
                    chosen[:] = base
                    _begin(ptr, column, cost, cap, chosen, place, first, other, nearest, second, gain, loss, extra)
                    break
                _swap(
                    ptr, column, cost, cap, column_ptr, column_row, column_cost, chosen, place, first, other, nearest,
                    second, gain, loss, extra, k, base[k],
                )  # fmt: skip
        _disturb(
            ptr, column, cost, cap, column_ptr, column_row, column_cost, group, chosen, place, first, other, nearest,
            second, gain, loss, extra, state,
        )  # fmt: skip
    chosen[:] = best
    return best_value
