"""Compiled loops of the siting core: the Lagrangian ascent, and the smaller core that is left where columns are fixed.

The model is that of `edulayout.kernels.siting`; `column_ptr, column_row, column_cost` are the same arcs by column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray

    Int8Array = np.ndarray[tuple[int], np.dtype[np.int8]]

THETA, IDLE, BEST, PRIMAL, DONE, BLEND, STEPS, BEFORE = range(8)
"""Slots of the state that `ascend` carries from slice to slice."""


@njit(cache=True, nogil=True)
def turn(
    ptr: IntArray, column: Int32Array, cost: FloatArray, columns: int
) -> tuple[IntArray, Int32Array, FloatArray]:  # fmt: skip
    """Return the arcs by column, ascending by row."""
    column_ptr = np.zeros(columns + 1, np.int64)
    for arc in range(len(column)):
        column_ptr[column[arc] + 1] += 1
    for j in range(columns):
        column_ptr[j + 1] += column_ptr[j]
    at = column_ptr[:-1].copy()
    column_row, column_cost = np.empty(len(column), np.int32), np.empty(len(column))
    for row in range(len(ptr) - 1):
        for arc in range(ptr[row], ptr[row + 1]):
            k = at[column[arc]]
            column_row[k], column_cost[k] = row, cost[arc]
            at[column[arc]] += 1
    return column_ptr, column_row, column_cost


@njit(cache=True, nogil=True)
def shrink(
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
    cap: FloatArray,
    column_ptr: IntArray,
    column_row: Int32Array,
    column_cost: FloatArray,
    fixed: Int8Array,
) -> tuple[IntArray, Int32Array, FloatArray, FloatArray, IntArray, float]:
    """Return what is left where columns are opened (1) or closed (-1): arcs, caps, rows, and what other rows cost.

    An opened column lowers the caps of its rows, as an existing site does.
    """
    low, number, free = cap.copy(), np.empty(len(fixed), np.int32), 0
    for j in range(len(fixed)):
        number[j] = free
        free += fixed[j] == 0
        if fixed[j] == 1:
            for arc in range(column_ptr[j], column_ptr[j + 1]):
                low[column_row[arc]] = min(low[column_row[arc]], column_cost[arc])
    arcs, left, constant = 0, 0, 0.0
    new_ptr, new_column, new_cost = np.zeros(len(cap) + 1, np.int64), np.empty_like(column), np.empty_like(cost)
    rows = np.empty(len(cap), np.int64)
    for row in range(len(cap)):
        before = arcs
        for arc in range(ptr[row], ptr[row + 1]):
            if cost[arc] >= low[row]:
                break
            if fixed[column[arc]] == 0:
                new_column[arcs], new_cost[arcs] = number[column[arc]], cost[arc]
                arcs += 1
        if arcs == before:
            constant += low[row]
            continue
        rows[left], low[left] = row, low[row]
        left += 1
        new_ptr[left] = arcs
    return (
        new_ptr[: left + 1].copy(), new_column[:arcs].copy(), new_cost[:arcs].copy(), low[:left].copy(),
        rows[:left].copy(), constant,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def select(score: FloatArray, order: IntArray, low: int, high: int, count: int) -> None:
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
    column_ptr: IntArray,
    column_row: Int32Array,
    column_cost: FloatArray,
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
    slope, nearest = np.empty(rows), np.empty(rows)
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
            select(score, order, group_ptr[g], group_ptr[g + 1], quota[g])
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

        slope[:] = 1.0
        nearest[:] = cap
        for g in range(groups):
            for k in range(group_ptr[g], group_ptr[g] + quota[g]):
                for arc in range(column_ptr[order[k]], column_ptr[order[k] + 1]):
                    row = column_row[arc]
                    nearest[row] = min(nearest[row], column_cost[arc])
                    if column_cost[arc] < price[row]:
                        slope[row] -= 1.0
        value, along, apart = 0.0, 0.0, 0.0
        for row in range(rows):
            value += nearest[row]
            rest = slope[row]
            if rest > 0.0 and price[row] >= cap[row]:
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
