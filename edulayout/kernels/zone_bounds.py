"""Compiled loops of the lower bound of zones: prices of seats, and cuts that charge for a zone's way to a block.

Rows are blocks, columns are schools. `cost[v, j]` is what block v costs with school j, infinity where that is not
allowed; `ptr` and `neighbour` are the adjacency in CSR; `home[j]` is the block that school j stands in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, IntArray


@njit(cache=True, nogil=True)
def ascend(
    cost: FloatArray,
    pupils: FloatArray,
    deviation: FloatArray,
    limit: FloatArray,
    balance_cost: float,
    steps: int,
    price: FloatArray,
    tilt: FloatArray,
) -> float:
    """Raise the bound that prices of seats prove; return it, leave the prices that prove it.

    Every block takes the school that is cheapest with `price` per pupil and `tilt` per pupil of the deviation; that
    minus the price of all seats is a lower bound (Fisher 1981, doi:10.1287/mnsc.27.1.1; steps towards a level that is
    lowered when it is not met, Goffin and Kiwiel 1999, doi:10.1007/s101070050023).
    """
    rows, columns = cost.shape
    best_price, best_tilt = price.copy(), tilt.copy()
    slope, slant = np.empty(columns), np.empty(columns)
    walk, lean = np.zeros(columns), np.zeros(columns)
    best, delta, idle = -np.inf, 0.0, 0
    for step in range(steps):
        bound = 0.0
        for j in range(columns):
            bound -= price[j] * limit[j]
            slope[j], slant[j] = -limit[j], 0.0
        for v in range(rows):
            least, taken = np.inf, -1
            for j in range(columns):
                here = cost[v, j] + price[j] * pupils[v] + tilt[j] * deviation[v]
                if here < least:
                    least, taken = here, j
            if taken < 0:
                return np.inf
            bound += least
            slope[taken] += pupils[v]
            slant[taken] += deviation[v]
        if step == 0:
            delta = 0.02 * abs(bound) + 1e-9
        if bound > best:
            idle = 0 if bound > best + 0.25 * delta else idle + 1
            best = bound
            best_price[:], best_tilt[:] = price, tilt
        else:
            idle += 1
        if idle >= 25:
            delta *= 0.5
            idle = 0
            price[:], tilt[:] = best_price, best_tilt
            walk[:], lean[:] = 0.0, 0.0
            if delta < 1e-7 * abs(best) + 1e-12:
                break
            continue
        square = 0.0
        for j in range(columns):
            if price[j] <= 0.0 and slope[j] < 0.0:
                slope[j] = 0.0
            walk[j] = slope[j] + 0.6 * walk[j]
            lean[j] = slant[j] + 0.6 * lean[j]
            square += walk[j] * walk[j]
            if balance_cost > 0.0:
                square += lean[j] * lean[j]
        if square < 1e-18:
            break
        length = (best + delta - bound) / square
        for j in range(columns):
            price[j] = max(price[j] + length * walk[j], 0.0)
            tilt[j] = min(max(tilt[j] + length * lean[j], -balance_cost), balance_cost)
    price[:], tilt[:] = best_price, best_tilt
    return best


@njit(cache=True, nogil=True)
def _shore(
    ptr: IntArray,
    neighbour: IntArray,
    regret: FloatArray,
    start: int,
    j: int,
    home: int,
    small: float,
    mark: IntArray,
    stamp: int,
    stack: IntArray,
    shore: IntArray,
) -> tuple[int, float, int]:
    """Walk from a block over blocks that want zone j; return how many lie around, their least regret, and the steps.

    -1 lie around where the walk meets the home of the school.
    """
    if start == home:
        return -1, 0.0, 1
    stack[0], top, count, least, steps = start, 1, 0, np.inf, 0
    mark[start] = stamp
    while top > 0:
        top -= 1
        steps += 1
        v = stack[top]
        for k in range(ptr[v], ptr[v + 1]):
            u = neighbour[k]
            if mark[u] == stamp or regret[u, j] == np.inf:
                continue
            mark[u] = stamp
            if regret[u, j] > small:
                shore[count] = u
                count += 1
                least = min(least, regret[u, j])
                continue
            if u == home:
                return -1, 0.0, steps
            stack[top] = u
            top += 1
    return count, least, steps


@njit(cache=True, nogil=True)
def cut(
    ptr: IntArray,
    neighbour: IntArray,
    home: IntArray,
    order: IntArray,
    cost: FloatArray,
    regret: FloatArray,
    small: float,
    effort: int,
) -> float:
    """Raise the bound by cuts: a block is in a zone only where a block of each set that separates it from the home is.

    The sets are those around the blocks that want the zone at no regret; the multiplier of a cut takes from `cost` and
    `regret` around, and adds to those of the block (dual ascent, Wong 1984, doi:10.1007/BF02612335). `cost` stays the
    cost of a relaxation, `regret` what a block loses in it against its best school. Returns how much the bound rises,
    infinity where a block can have no zone; ends after about so many steps
    from block to block.
    """
    rows, columns = regret.shape
    mark, stamp = np.zeros(rows, np.int64), 0
    stack, used = np.empty(rows, np.int64), 0
    shores, counts = np.empty((columns, rows), np.int64), np.empty(columns, np.int64)
    wanted = np.empty(columns, np.int64)
    raised = 0.0
    for v in order:
        while used < effort:
            step, many, whole = np.inf, 0, False
            for j in range(columns):
                if regret[v, j] > small:
                    step = min(step, regret[v, j])
                    continue
                stamp += 1
                count, least, steps = _shore(
                    ptr, neighbour, regret, v, j, home[j], small, mark, stamp, stack, shores[many]
                )
                used += steps
                if count < 0:
                    whole = True
                    break
                wanted[many], counts[many] = j, count
                many += 1
                step = min(step, least)
            if whole:
                break
            if step == np.inf:
                return np.inf
            for j in range(columns):
                if regret[v, j] > small:
                    regret[v, j] -= step
            for i in range(many):
                j = wanted[i]
                cost[v, j] += step
                for s in range(counts[i]):
                    cost[shores[i, s], j] -= step
                    regret[shores[i, s], j] -= step
            raised += step
    return raised
