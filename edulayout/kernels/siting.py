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

THETA, IDLE, BEST, PRIMAL, DONE, BLEND, STEPS, BEFORE = range(8)
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
    wide = _draw(state, 4) == 0
    spot = _draw(state, columns)
    for _ in range(2 + _draw(state, min(total // 2 + 2, 20) if wide else 3)):
        k, j = _draw(state, total), _draw(state, columns)
        if not wide:
            # A row near the spot says which site serves it and which columns are near.
            if column_ptr[spot + 1] == column_ptr[spot]:
                return
            row = column_row[column_ptr[spot] + _draw(state, column_ptr[spot + 1] - column_ptr[spot])]
            near = 0
            while ptr[row] + near < ptr[row + 1] and cost[ptr[row] + near] < second[row]:
                near += 1
            if first[row] < 0 or near == 0:
                continue
            k, j = first[row], column[ptr[row] + _draw(state, near)]
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

    The first `given` entries of `chosen` are the start, the others are filled. The best choice seen stays in
    `chosen`; `state` is the one word of the random numbers. Whitaker (1983), with the incremental gains and losses
    of Resende and Werneck (2007), doi:10.1007/s10479-006-0154-0.
    """
    rows, columns, total = len(cap), len(group), len(chosen)
    place = np.full(columns, -1, np.int64)
    _fill(ptr, column, cost, cap, column_ptr, column_row, column_cost, group, quota, chosen, place, given)
    first, other = np.empty(rows, np.int64), np.empty(rows, np.int64)
    nearest, second = np.empty(rows), np.empty(rows)
    gain, loss, extra = np.empty(columns), np.empty(total), np.empty((columns, total))
    tolerance = 1e-12 * cap.sum()
    best, best_value = chosen.copy(), np.inf
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
        if kick == kicks or total == 0:
            break
        if value > best_value + tolerance:
            place[:] = -1
            for k in range(total):
                place[chosen[k]] = k
            for k in range(total):
                if chosen[k] == best[k]:
                    continue
                if place[best[k]] >= 0:
                    chosen[:] = best
                    _begin(ptr, column, cost, cap, chosen, place, first, other, nearest, second, gain, loss, extra)
                    break
                _swap(
                    ptr, column, cost, cap, column_ptr, column_row, column_cost, chosen, place, first, other, nearest,
                    second, gain, loss, extra, k, best[k],
                )  # fmt: skip
        _disturb(
            ptr, column, cost, cap, column_ptr, column_row, column_cost, group, chosen, place, first, other, nearest,
            second, gain, loss, extra, state,
        )  # fmt: skip
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
    every: int,
    least_gain: float,
    price: FloatArray,
    best_price: FloatArray,
    direction: FloatArray,
    share: FloatArray,
    mark: Int8Array,
    primal: BoolArray,
    state: FloatArray,
) -> int:
    """Raise the Lagrangian bound by the volume algorithm; return the number of steps done.

    The constraint that a row is served once is priced by `price`; what remains is to take the cheapest `quota`
    columns of every group, so every price gives a lower bound (Cornuejols, Fisher and Nemhauser 1977). Steps go from
    the best prices along a running mean of the subgradients, blended so that it is short (Barahona and Anbil 2000,
    doi:10.1007/s101070050002). By reduced costs, `mark` becomes 1 for a column that every choice better than
    `upper - slack` opens, -1 for one that none opens. `primal` holds the best choice met in this slice,
    `state[PRIMAL]` its value, `state[BEST]` the best bound, proven by `best_price`. `state[DONE]` is 1 where the bound
    exceeds `upper - slack`, 2 where `every` steps have closed less than `least_gain` of the gap, 3 where the relaxation
    is solved.
    `share` is a running mean of how often a column is taken.
    """
    rows, columns, groups = len(cap), len(mark), len(quota)
    score, order, taken = np.empty(columns), np.arange(columns), np.zeros(columns, np.bool_)
    slope = np.empty(rows)
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

        better = bound > state[BEST]
        if better:
            state[BEST] = bound
            best_price[:] = price
        if state[BEST] > goal:
            state[DONE] = 1.0
            return step + 1

        value, along, apart = 0.0, 0.0, 0.0
        for row in range(rows):
            worth, nearest, rest = price[row], cap[row], 1.0
            for arc in range(ptr[row], ptr[row + 1]):
                if taken[column[arc]]:
                    nearest = min(nearest, cost[arc])
                    if cost[arc] >= worth:
                        break
                    rest -= 1.0
            value += nearest
            if rest > 0.0 and worth >= cap[row]:
                rest = 0.0
            slope[row] = rest
            along += direction[row] * (direction[row] - rest)
            apart += (rest - direction[row]) * (rest - direction[row])
        if value < state[PRIMAL]:
            state[PRIMAL] = value
            primal[:] = taken
            upper = min(upper, value)
        blend = state[BLEND]
        if state[STEPS] == 0.0:
            blend = 1.0
        elif apart > 0.0:
            blend = min(max(along / apart, 0.1 * blend), blend)
        agree, square, own = 0.0, 0.0, 0.0
        for row in range(rows):
            direction[row] += blend * (slope[row] - direction[row])
            agree += direction[row] * slope[row]
            own += slope[row] * slope[row]
            way = direction[row]
            if (way > 0.0 and best_price[row] >= cap[row]) or (way < 0.0 and best_price[row] <= 0.0):
                way = 0.0
            square += way * way
        if own < 1e-12 and better:
            state[DONE] = 3.0
            return step + 1
        if better:
            state[IDLE] = 0.0
            if agree >= 0.0:
                state[THETA] = min(1.1 * state[THETA], 2.0)
        else:
            state[IDLE] += 1.0
            if state[IDLE] >= patience:
                state[THETA] *= 0.66
                state[IDLE] = 0.0
        state[STEPS] += 1.0
        if state[STEPS] % every == 0.0:
            if state[BEST] - state[BEFORE] < 0.01 * abs(upper - state[BEST]):
                state[BLEND] = max(0.5 * state[BLEND], 0.001)
                if state[BEST] - state[BEFORE] < least_gain * abs(upper - state[BEST]):
                    state[DONE] = 2.0
                    return step + 1
            state[BEFORE] = state[BEST]
        if square < 1e-12:
            direction[:] = slope
            square = max(own, 1e-12)
        length = state[THETA] * (upper - state[BEST] + 1e-12 * abs(upper)) / square
        for row in range(rows):
            way = direction[row]
            price[row] = min(max(best_price[row] + length * way, 0.0), cap[row])
    return steps
