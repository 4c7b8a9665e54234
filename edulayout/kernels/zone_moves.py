"""Compiled search of zone drawing: annealed moves across boundaries that keep every zone whole.

Rows are blocks, columns are schools. `cost[v, j]` is what block v costs with school j, infinity where that is not
allowed; `ptr` and `neighbour` are the adjacency in CSR; `root[v]` is the school that stands in block v, -1 for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, IntArray

    WordArray = np.ndarray[tuple[int], np.dtype[np.uint64]]

SPARE = 1e-6
"""Pupils by which a load may pass its limit: the rounding of sums."""

FAR = 600
"""Blocks looked at for a way around a block that leaves its zone; where that does not suffice, it stays."""


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
def _loosened(
    ptr: IntArray,
    neighbour: IntArray,
    zone: IntArray,
    root: IntArray,
    leaving: int,
    mark: IntArray,
    stamp: int,
    queue: IntArray,
    group: IntArray,
    parent: IntArray,
    pending: IntArray,
    pieces: IntArray,
) -> int:
    """Return how many blocks the leaving of one cuts off from the home of its zone; they are in `pieces`.

    -1 where too many would have to be looked at: the block then stays. Walks start at all its neighbours in the zone
    at once, so that the smaller part ends first. Marks are `stamp`.
    """
    own, groups, tail = zone[leaving], 0, 0
    for i in range(ptr[leaving], ptr[leaving + 1]):
        u = neighbour[i]
        if zone[u] == own:
            mark[u], group[u] = stamp, groups
            parent[groups], pending[groups] = groups, 1
            queue[tail] = u
            tail += 1
            groups += 1
    mark[leaving] = stamp
    group[leaving] = -1
    at, count = 0, 0
    while groups > 1:
        if at > FAR:
            return -1
        v = queue[at]
        at += 1
        g = group[v]
        while parent[g] != g:
            g = parent[g]
        for i in range(ptr[v], ptr[v + 1]):
            u = neighbour[i]
            if zone[u] != own or u == leaving:
                continue
            if mark[u] == stamp:
                other = group[u]
                while parent[other] != other:
                    other = parent[other]
                if other != g:
                    parent[other] = g
                    pending[g] += pending[other]
                    groups -= 1
                    if groups == 1:
                        return count
                continue
            mark[u], group[u] = stamp, g
            queue[tail] = u
            tail += 1
            pending[g] += 1
        pending[g] -= 1
        if pending[g] == 0:
            for i in range(tail):
                u = queue[i]
                other = group[u]
                while parent[other] != other:
                    other = parent[other]
                if other == g:
                    if root[u] == own:
                        # The part with the home ended first: the others are too large to go along.
                        return -1
                    pieces[count] = u
                    count += 1
            groups -= 1
    return count


@njit(cache=True, nogil=True)
def _together(
    cost: FloatArray,
    pupils: FloatArray,
    deviation: FloatArray,
    limit: FloatArray,
    penalty: FloatArray,
    fine: float,
    balance_cost: float,
    load: FloatArray,
    lean: FloatArray,
    v: int,
    j: int,
    k: int,
    pieces: IntArray,
    count: int,
) -> float:
    """Return what it changes to give block v and the pieces that it cuts off from zone j to zone k."""
    change, p, d = cost[v, k] - cost[v, j], pupils[v], deviation[v]
    for i in range(count):
        u = pieces[i]
        change += cost[u, k] - cost[u, j]
        p += pupils[u]
        d += deviation[u]
    change += penalty[k] * (_fined(load[k] + p, limit[k], fine) - _fined(load[k], limit[k], fine))
    change += penalty[j] * (_fined(load[j] - p, limit[j], fine) - _fined(load[j], limit[j], fine))
    if balance_cost > 0.0:
        change += balance_cost * (abs(lean[k] + d) - abs(lean[k]) + abs(lean[j] - d) - abs(lean[j]))
    return float(change)


@njit(cache=True, nogil=True)
def _touches(ptr: IntArray, neighbour: IntArray, zone: IntArray, block: int, j: int) -> bool:
    touching = False
    for k in range(ptr[block], ptr[block + 1]):
        touching |= zone[neighbour[k]] == j
    return touching


@njit(cache=True, nogil=True)
def _excess(load: float, limit: float) -> float:
    return load - limit if load > limit + SPARE else 0.0


@njit(cache=True, nogil=True)
def _fined(load: float, limit: float, fine: float) -> float:
    """Return the pupils over the limit, and a fine in pupils for being over it at all."""
    return load - limit + fine if load > limit + SPARE else 0.0


@njit(cache=True, nogil=True)
def _shift(
    cost: FloatArray,
    pupils: FloatArray,
    deviation: FloatArray,
    limit: FloatArray,
    penalty: FloatArray,
    fine: float,
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
    change += penalty[k] * (_fined(load[k] + p, limit[k], fine) - _fined(load[k], limit[k], fine))
    change += penalty[j] * (_fined(load[j] - p, limit[j], fine) - _fined(load[j], limit[j], fine))
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
    degree = 1
    for v in range(rows):
        degree = max(degree, ptr[v + 1] - ptr[v])
    mark, stamp, queue = np.zeros(rows, np.int64), 0, np.empty(rows, np.int64)
    group, parent, pending = np.empty(rows, np.int64), np.empty(degree, np.int64), np.empty(degree, np.int64)
    pieces = np.empty(rows, np.int64)
    value, over = _tally(cost, pupils, deviation, limit, balance_cost, zone, load, lean)
    if over < best[0] or (over == best[0] and value < best[1]):
        best[0], best[1] = over, value
        best_zone[:] = zone
    least, fine = penalty.copy(), 0.5 * pupils.mean()
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
            change = _shift(cost, pupils, deviation, limit, penalty, fine, balance_cost, load, lean, v, j, k)
            back = -1
            if change >= allowance - 1e-12 * abs(value):
                w = neighbour[ptr[near] + _draw(state, ptr[near + 1] - ptr[near])]
                back = w if zone[w] == k else near
                if root[back] >= 0 or cost[back, j] == np.inf:
                    continue
            stamp += 1
            count = _loosened(ptr, neighbour, zone, root, v, mark, stamp, queue, group, parent, pending, pieces)
            if count < 0 or (count > 0 and back >= 0):
                continue
            if count > 0:
                change = _together(
                    cost, pupils, deviation, limit, penalty, fine, balance_cost, load, lean, v, j, k, pieces, count
                )
                if change >= allowance - 1e-12 * abs(value):
                    continue
            if back >= 0:
                load[j] -= pupils[v]
                load[k] += pupils[v]
                lean[j] -= deviation[v]
                lean[k] += deviation[v]
                zone[v] = k
                change += _shift(cost, pupils, deviation, limit, penalty, fine, balance_cost, load, lean, back, k, j)
                whole = change < allowance - 1e-12 * abs(value) and _touches(ptr, neighbour, zone, back, j)
                if whole:
                    stamp += 1
                    whole = (
                        _loosened(ptr, neighbour, zone, root, back, mark, stamp, queue, group, parent, pending, pieces)
                        == 0
                    )
                zone[v] = j
                load[j] += pupils[v]
                load[k] -= pupils[v]
                lean[j] += deviation[v]
                lean[k] -= deviation[v]
                if not whole:
                    continue
            for turn in range(count + 2):
                block, source, target = (back, k, j) if turn == 1 else (v, j, k)
                if turn > 1:
                    block = pieces[turn - 2]
                if block < 0:
                    continue
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
