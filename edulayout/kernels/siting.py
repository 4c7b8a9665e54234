"""Compiled loops of the siting core: swap search from above, Lagrangian ascent from below.

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
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray

    Int8Array = np.ndarray[tuple[int], np.dtype[np.int8]]
    WordArray = np.ndarray[tuple[int], np.dtype[np.uint64]]

THETA, IDLE, BEST, PRIMAL, DONE = range(5)
"""Slots of the state that `ascend` carries from slice to slice."""


@njit(cache=True, nogil=True)
def _draw(state: WordArray, below: int) -> int:
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
    nearest: FloatArray,
    second: FloatArray,
) -> None:
    """Note the place of the nearest open site of a row, its cost, and the cost of the next."""
    first[row], nearest[row], second[row] = -1, cap[row], cap[row]
    for arc in range(ptr[row], ptr[row + 1]):
        at = place[column[arc]]
        if at < 0:
            continue
        if first[row] >= 0:
            second[row] = cost[arc]
            break
        first[row], nearest[row] = at, cost[arc]


@njit(cache=True, nogil=True)
def _exchange(
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
    entering: int,
    tolerance: float,
) -> float:
    """Exchange sites of a group for each other while that pays; return the value (Whitaker 1983)."""
    rows, columns, total = len(cap), len(group), len(chosen)
    first, nearest, second = np.empty(rows, np.int64), np.empty(rows), np.empty(rows)
    loss, change = np.zeros(total), np.empty(total)
    for row in range(rows):
        _look(ptr, column, cost, cap, place, row, first, nearest, second)
        if first[row] >= 0:
            loss[first[row]] += second[row] - nearest[row]
    failed, value = 0, np.inf
    while failed < columns:
        entering = entering + 1 if entering + 1 < columns else 0
        failed += 1
        if place[entering] >= 0:
            continue
        change[:] = loss
        gain = 0.0
        for arc in range(column_ptr[entering], column_ptr[entering + 1]):
            row, new = column_row[arc], column_cost[arc]
            if new >= second[row]:
                continue
            if new < nearest[row]:
                gain += nearest[row] - new
                if first[row] >= 0:
                    change[first[row]] -= second[row] - nearest[row]
            else:
                change[first[row]] -= second[row] - new
        leaving = -1
        for k in range(total):
            if group[chosen[k]] == group[entering] and (leaving < 0 or change[k] < change[leaving]):
                leaving = k
        if leaving < 0 or change[leaving] - gain >= -tolerance:
            continue
        failed = 0
        gone = chosen[leaving]
        place[gone], place[entering], chosen[leaving] = -1, leaving, entering
        for arc in range(column_ptr[gone], column_ptr[gone + 1]):
            _look(ptr, column, cost, cap, place, column_row[arc], first, nearest, second)
        for arc in range(column_ptr[entering], column_ptr[entering + 1]):
            _look(ptr, column, cost, cap, place, column_row[arc], first, nearest, second)
        loss[:] = 0.0
        before, value = value, 0.0
        for row in range(rows):
            value += nearest[row]
            if first[row] >= 0:
                loss[first[row]] += second[row] - nearest[row]
        # Rounding can promise a gain that is none; without this the search could turn in a circle.
        if value >= before:
            break
    return float(nearest.sum())


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

    The first `given` entries of `chosen` are the start, the others are filled. The best choice seen stays in
    `chosen`; `state` is the one word of the random numbers.
    """
    columns, total = len(group), len(chosen)
    place = np.full(columns, -1, np.int64)
    _fill(ptr, column, cost, cap, column_ptr, column_row, column_cost, group, quota, chosen, place, given)
    tolerance = 1e-12 * cap.sum()
    best, best_value = chosen.copy(), np.inf
    current, current_value = chosen.copy(), np.inf
    start = 0
    for kick in range(kicks + 1):
        value = _exchange(
            ptr, column, cost, cap, column_ptr, column_row, column_cost, group, chosen, place, start, tolerance
        )
        if value < best_value - tolerance:
            best_value = value
            best[:] = chosen
        if value <= current_value + tolerance:
            current_value = value
            current[:] = chosen
        if kick == kicks or total == 0:
            break
        place[:] = -1
        chosen[:] = current
        for k in range(total):
            place[chosen[k]] = k
        for _ in range(2 + _draw(state, min(total // 2 + 2, 20))):
            k, j = _draw(state, total), _draw(state, columns)
            if place[j] < 0 and group[j] == group[chosen[k]]:
                place[chosen[k]], place[j], chosen[k] = -1, k, j
        start = _draw(state, columns)
    chosen[:] = best
    return best_value


@njit(cache=True, nogil=True)
def _select(score: FloatArray, order: IntArray, low: int, high: int, count: int) -> None:
    """Bring the `count` lowest of `order[low:high]` to its front (quickselect, Hoare 1961)."""
    left, right, wanted = low, high - 1, low + count
    while left < right:
        pivot = score[order[(left + right) >> 1]]
        i, j = left, right
        while i <= j:
            while score[order[i]] < pivot:
                i += 1
            while score[order[j]] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if wanted <= j:
            right = j
        elif wanted >= i:
            left = i
        else:
            break


@njit(cache=True, nogil=True)
def ascend(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    group_ptr: IntArray,
    quota: IntArray,
    upper: float,
    slack: float,
    steps: int,
    patience: int,
    least_theta: float,
    price: FloatArray,
    best_price: FloatArray,
    direction: FloatArray,
    share: FloatArray,
    mark: Int8Array,
    primal: BoolArray,
    state: FloatArray,
) -> int:
    """Raise the Lagrangian bound by deflected subgradient steps; return the number of steps done.

    The constraint that a row is served once is priced by `price`; what remains is to take the cheapest `quota`
    columns of every group, so every price gives a lower bound (Cornuejols, Fisher and Nemhauser 1977; steps after
    Held, Wolfe and Crowder 1974). By reduced costs, `mark` becomes 1 for a column that every choice better than
    `upper - slack` opens, -1 for one that none opens. `primal` holds the best choice met in this slice,
    `state[PRIMAL]` its value, `state[BEST]` the best bound, proven by `best_price`. `state[DONE]` is 1 where the bound
    exceeds `upper - slack`, 2 where the steps have become too small to matter, 3 where the relaxation is solved.
    `share` is a running mean of how often a column is taken.
    """
    rows, columns, groups = len(cap), len(mark), len(quota)
    score, order, taken = np.empty(columns), np.arange(columns), np.zeros(columns, np.bool_)
    state[PRIMAL] = np.inf
    for step in range(steps):
        score[:] = 0.0
        bound = 0.0
        for row in range(rows):
            worth = price[row]
            bound += worth
            for arc in range(ptr[row], ptr[row + 1]):
                if cost[arc] >= worth:
                    break
                score[column[arc]] += cost[arc] - worth
        taken[:] = False
        for g in range(groups):
            _select(score, order, group_ptr[g], group_ptr[g + 1], quota[g])
            for k in range(group_ptr[g], group_ptr[g] + quota[g]):
                taken[order[k]] = True
                bound += score[order[k]]
        for j in range(columns):
            share[j] = 0.95 * share[j] + (0.05 if taken[j] else 0.0)

        goal = upper - slack
        for g in range(groups):
            last_in, first_out = -np.inf, np.inf
            for k in range(group_ptr[g], group_ptr[g + 1]):
                if taken[k]:
                    last_in = max(last_in, score[k])
                else:
                    first_out = min(first_out, score[k])
            for k in range(group_ptr[g], group_ptr[g + 1]):
                if taken[k]:
                    if bound - score[k] + first_out > goal:
                        mark[k] = 1
                elif bound + score[k] - last_in > goal:
                    mark[k] = -1

        if bound > state[BEST]:
            state[IDLE] = 0.0 if bound > state[BEST] + 1e-6 * abs(bound) else state[IDLE] + 1.0
            state[BEST] = bound
            best_price[:] = price
        else:
            state[IDLE] += 1.0
        if state[BEST] > goal:
            state[DONE] = 1.0
            return step + 1

        value, square = 0.0, 0.0
        for row in range(rows):
            worth, nearest, slope = price[row], cap[row], 1.0
            for arc in range(ptr[row], ptr[row + 1]):
                if taken[column[arc]]:
                    nearest = min(nearest, cost[arc])
                    if cost[arc] >= worth:
                        break
                    slope -= 1.0
            value += nearest
            if slope > 0.0 and worth >= cap[row]:
                slope = 0.0
            direction[row] = slope + 0.7 * direction[row]
            square += direction[row] * direction[row]
        if value < state[PRIMAL]:
            state[PRIMAL] = value
            primal[:] = taken
            upper = min(upper, value)
        if square < 1e-12:
            state[DONE] = 3.0
            return step + 1
        if state[IDLE] >= patience:
            state[THETA] *= 0.6
            state[IDLE] = 0.0
            if state[THETA] < least_theta:
                state[DONE] = 2.0
                return step + 1
            price[:] = best_price
            continue
        length = state[THETA] * (upper - bound + 0.02 * abs(upper - bound) + 1e-12 * abs(upper)) / square
        for row in range(rows):
            price[row] = min(max(price[row] + length * direction[row], 0.0), cap[row])
    return steps
