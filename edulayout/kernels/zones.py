"""Compiled loops of zone drawing: prices of seats, growth from the schools, boundary moves that keep zones whole.

Rows are blocks, columns are schools. `cost[v, j]` is what block v costs with school j, infinity where that is not
allowed; `ptr` and `neighbour` are the adjacency in CSR; `home[j]` is the block that school j stands in, and `root[v]`
the school that stands in block v, -1 for none. A zone is whole where its blocks are connected with its home.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, IntArray

    WordArray = np.ndarray[tuple[int], np.dtype[np.uint64]]

SPARE = 1e-6
"""Pupils by which a load may pass its limit: the rounding of sums."""


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
def reach(ptr: IntArray, neighbour: IntArray, allowed: BoolArray, home: IntArray) -> BoolArray:
    """Return which blocks are connected with the home of a school over blocks that are allowed to it."""
    rows, columns = allowed.shape
    reached = np.zeros((rows, columns), np.bool_)
    stack = np.empty(rows, np.int64)
    for j in range(columns):
        if home[j] < 0 or not allowed[home[j], j]:
            continue
        stack[0], top = home[j], 1
        reached[home[j], j] = True
        while top > 0:
            top -= 1
            v = stack[top]
            for k in range(ptr[v], ptr[v + 1]):
                u = neighbour[k]
                if allowed[u, j] and not reached[u, j]:
                    reached[u, j] = True
                    stack[top] = u
                    top += 1
    return reached


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
def _grow(ptr: IntArray, neighbour: IntArray, regret: FloatArray, zone: IntArray) -> int:
    """Give every free block to a zone that it touches, least regret first; return how many stay free."""
    heap = [(0.0, -1, -1)]
    for v in range(len(zone)):
        if zone[v] >= 0:
            continue
        for k in range(ptr[v], ptr[v + 1]):
            j = zone[neighbour[k]]
            if j >= 0 and regret[v, j] < np.inf:
                heapq.heappush(heap, (regret[v, j], v, j))
    while len(heap) > 0:
        _, v, j = heapq.heappop(heap)
        if v < 0 or zone[v] >= 0:
            continue
        zone[v] = j
        for k in range(ptr[v], ptr[v + 1]):
            u = neighbour[k]
            if zone[u] < 0 and regret[u, j] < np.inf:
                heapq.heappush(heap, (regret[u, j], u, j))
    return int((zone < 0).sum())


@njit(cache=True, nogil=True)
def _cut_loose(ptr: IntArray, neighbour: IntArray, home: IntArray, zone: IntArray) -> None:
    """Free every block that is not connected with the home of its zone."""
    rows, columns = len(zone), len(home)
    kept = np.zeros(rows, np.bool_)
    stack = np.empty(rows, np.int64)
    for j in range(columns):
        stack[0], top = home[j], 1
        kept[home[j]] = True
        while top > 0:
            top -= 1
            v = stack[top]
            for k in range(ptr[v], ptr[v + 1]):
                u = neighbour[k]
                if zone[u] == j and not kept[u]:
                    kept[u] = True
                    stack[top] = u
                    top += 1
    for v in range(rows):
        if not kept[v]:
            zone[v] = -1


@njit(cache=True, nogil=True)
def _take_way(
    ptr: IntArray, neighbour: IntArray, regret: FloatArray, root: IntArray, zone: IntArray, locked: IntArray, start: int
) -> bool:
    """Give a free block to a zone that it does not touch, with the blocks of the cheapest way there."""
    rows, columns = regret.shape
    best, best_j, best_end = np.inf, -1, -1
    before, chosen = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for j in range(columns):
        if regret[start, j] == np.inf:
            continue
        length = np.full(rows, np.inf)
        length[start], before[start] = 0.0, -1
        heap = [(0.0, start)]
        end = -1
        while len(heap) > 0:
            far, v = heapq.heappop(heap)
            if far > length[v]:
                continue
            if zone[v] == j or far >= best:
                end = v if zone[v] == j else -1
                break
            for k in range(ptr[v], ptr[v + 1]):
                u = neighbour[k]
                if regret[u, j] == np.inf or (root[u] >= 0 and root[u] != j):
                    continue
                new = far + (0.0 if zone[u] == j else 1.0 + 20.0 * locked[u])
                if new < length[u]:
                    length[u], before[u] = new, v
                    heapq.heappush(heap, (new, u))
        if end >= 0 and length[end] < best:
            best, best_j, best_end = length[end], j, end
            chosen[:] = before
    if best_j < 0:
        return False
    v = best_end
    while v >= 0:
        zone[v] = best_j
        locked[v] += 1
        v = chosen[v]
    return True


@njit(cache=True, nogil=True)
def plant(
    ptr: IntArray,
    neighbour: IntArray,
    regret: FloatArray,
    home: IntArray,
    root: IntArray,
    zone: IntArray,
    rounds: int,
) -> int:
    """Turn a wish for every block into whole zones; return how many blocks found no zone.

    What is cut off from its home is freed and grown again; a block that no zone can grow to takes the blocks on the
    way to one. `regret` is what a block loses with a school against its best, infinity where it is not allowed.
    """
    locked = np.zeros(len(zone), np.int64)
    for j in range(len(home)):
        zone[home[j]] = j
    _cut_loose(ptr, neighbour, home, zone)
    free = _grow(ptr, neighbour, regret, zone)
    for _ in range(rounds):
        if free == 0:
            break
        for v in range(len(zone)):
            if zone[v] < 0 and _take_way(ptr, neighbour, regret, root, zone, locked, v):
                _cut_loose(ptr, neighbour, home, zone)
        free = _grow(ptr, neighbour, regret, zone)
    return free


@njit(cache=True, nogil=True)
def _stays_whole(
    ptr: IntArray, neighbour: IntArray, zone: IntArray, leaving: int, mark: IntArray, stack: IntArray, stamp: int
) -> bool:
    """Return whether the zone of a block stays connected without it; marks are `stamp` (wanted) and `stamp + 1`."""
    own, wanted, first = zone[leaving], 0, -1
    for k in range(ptr[leaving], ptr[leaving + 1]):
        u = neighbour[k]
        if zone[u] == own and u != leaving:
            mark[u] = stamp
            wanted += 1
            first = u
    if wanted <= 1:
        return True
    stack[0], top = first, 1
    mark[first] = stamp + 1
    mark[leaving] = stamp + 1
    wanted -= 1
    at = 0
    while at < top:
        v = stack[at]
        at += 1
        for k in range(ptr[v], ptr[v + 1]):
            u = neighbour[k]
            if zone[u] != own or mark[u] == stamp + 1:
                continue
            if mark[u] == stamp:
                wanted -= 1
                if wanted == 0:
                    return True
            mark[u] = stamp + 1
            stack[top] = u
            top += 1
    return False


@njit(cache=True, nogil=True)
def _touches(ptr: IntArray, neighbour: IntArray, zone: IntArray, block: int, j: int) -> bool:
    touching = False
    for k in range(ptr[block], ptr[block + 1]):
        touching |= zone[neighbour[k]] == j
    return touching


@njit(cache=True, nogil=True)
def _shift(
    cost: FloatArray,
    pupils: FloatArray,
    deviation: FloatArray,
    limit: FloatArray,
    penalty: FloatArray,
    balance_cost: float,
    load: FloatArray,
    lean: FloatArray,
    v: int,
    j: int,
    k: int,
) -> float:
    """Return what it changes to give block v from zone j to zone k, seats beyond the limit charged by `penalty`."""
    p, d = pupils[v], deviation[v]
    change = cost[v, k] - cost[v, j]
    change += penalty[k] * (max(load[k] + p - limit[k], 0.0) - max(load[k] - limit[k], 0.0))
    change += penalty[j] * (max(load[j] - p - limit[j], 0.0) - max(load[j] - limit[j], 0.0))
    if balance_cost > 0.0:
        change += balance_cost * (abs(lean[k] + d) - abs(lean[k]) + abs(lean[j] - d) - abs(lean[j]))
    return float(change)


@njit(cache=True, nogil=True)
def _tally(
    cost: FloatArray,
    pupils: FloatArray,
    deviation: FloatArray,
    limit: FloatArray,
    balance_cost: float,
    zone: IntArray,
    load: FloatArray,
    lean: FloatArray,
) -> tuple[float, float]:
    """Sum loads and leanings again; return the cost and the pupils beyond the limits."""
    load[:], lean[:] = 0.0, 0.0
    value, over = 0.0, 0.0
    for v in range(len(zone)):
        load[zone[v]] += pupils[v]
        lean[zone[v]] += deviation[v]
        value += cost[v, zone[v]]
    for j in range(len(load)):
        value += balance_cost * abs(lean[j])
        if load[j] > limit[j] + SPARE:
            over += load[j] - limit[j]
    return value, over


@njit(cache=True, nogil=True)
def anneal(
    ptr: IntArray,
    neighbour: IntArray,
    cost: FloatArray,
    pupils: FloatArray,
    deviation: FloatArray,
    limit: FloatArray,
    root: IntArray,
    balance_cost: float,
    penalty: FloatArray,
    zone: IntArray,
    best_zone: IntArray,
    best: FloatArray,
    heats: FloatArray,
    tries: int,
    state: WordArray,
) -> None:
    """Move blocks across boundaries, one at a time or in exchange, zones staying whole, while the heat falls.

    Accepted is what is better, or worse by chance (Metropolis; Kirkpatrick, Gelatt and Vecchi 1983,
    doi:10.1126/science.220.4598.671). `best` holds pupils beyond the limits and cost of `best_zone`, the former
    first; both are replaced where something better is met. `penalty` rises for zones that stay over their limit.
    """
    rows, columns = cost.shape
    load, lean = np.zeros(columns), np.zeros(columns)
    mark, stack, stamp = np.zeros(rows, np.int64), np.empty(rows, np.int64), 1
    value, over = _tally(cost, pupils, deviation, limit, balance_cost, zone, load, lean)
    if over < best[0] or (over == best[0] and value < best[1]):
        best[0], best[1] = over, value
        best_zone[:] = zone
    least = penalty.copy()
    for heat in heats:
        for _ in range(tries):
            v = _draw(state, rows)
            j, degree = zone[v], ptr[v + 1] - ptr[v]
            if root[v] >= 0 or degree == 0:
                continue
            near = neighbour[ptr[v] + _draw(state, degree)]
            k = zone[near]
            if k == j or cost[v, k] == np.inf:
                continue
            luck = (_draw(state, 1 << 30) + 1) / (1 << 30)
            allowance = -heat * np.log(luck) if heat > 0.0 else 0.0
            change = _shift(cost, pupils, deviation, limit, penalty, balance_cost, load, lean, v, j, k)
            back = -1
            if change >= allowance - 1e-12 * abs(value):
                w = neighbour[ptr[near] + _draw(state, ptr[near + 1] - ptr[near])]
                back = w if zone[w] == k else near
                if root[back] >= 0 or cost[back, j] == np.inf:
                    continue
            if not _stays_whole(ptr, neighbour, zone, v, mark, stack, stamp):
                stamp += 2
                continue
            stamp += 2
            if back >= 0:
                load[j] -= pupils[v]
                load[k] += pupils[v]
                lean[j] -= deviation[v]
                lean[k] += deviation[v]
                zone[v] = k
                change += _shift(cost, pupils, deviation, limit, penalty, balance_cost, load, lean, back, k, j)
                whole = change < allowance - 1e-12 * abs(value) and _touches(ptr, neighbour, zone, back, j)
                if whole:
                    whole = _stays_whole(ptr, neighbour, zone, back, mark, stack, stamp)
                    stamp += 2
                zone[v] = j
                load[j] += pupils[v]
                load[k] -= pupils[v]
                lean[j] += deviation[v]
                lean[k] -= deviation[v]
                if not whole:
                    continue
            for turn in range(2):
                block, source, target = (v, j, k) if turn == 0 else (back, k, j)
                if block < 0:
                    break
                over -= _excess(load[source], limit[source]) + _excess(load[target], limit[target])
                value += cost[block, target] - cost[block, source]
                value -= balance_cost * (abs(lean[source]) + abs(lean[target]))
                load[source] -= pupils[block]
                load[target] += pupils[block]
                lean[source] -= deviation[block]
                lean[target] += deviation[block]
                value += balance_cost * (abs(lean[source]) + abs(lean[target]))
                over += _excess(load[source], limit[source]) + _excess(load[target], limit[target])
                zone[block] = target
            if over < best[0] - SPARE or (over <= best[0] + 1e-9 and value < best[1] - 1e-12 * abs(best[1])):
                # Rounding gathers in the running sums: what is kept is summed again.
                value, over = _tally(cost, pupils, deviation, limit, balance_cost, zone, load, lean)
                if over < best[0] - SPARE or (over <= best[0] + 1e-9 and value < best[1] - 1e-12 * abs(best[1])):
                    best[0], best[1] = over, value
                    best_zone[:] = zone
        value, over = _tally(cost, pupils, deviation, limit, balance_cost, zone, load, lean)
        for j in range(columns):
            penalty[j] = penalty[j] * 1.05 if load[j] > limit[j] + SPARE else max(least[j], 0.97 * penalty[j])


@njit(cache=True, nogil=True)
def _excess(load: float, limit: float) -> float:
    return load - limit if load > limit + SPARE else 0.0
