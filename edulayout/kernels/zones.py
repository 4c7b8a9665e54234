"""Compiled loops of zone drawing: what a school reaches, and growth from the schools.

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
        taken = False
        for v in range(len(zone)):
            if zone[v] < 0 and _take_way(ptr, neighbour, regret, root, zone, locked, v):
                taken = True
                break
        if not taken:
            break
        # What lies behind the block grows from it: most need no way of their own.
        _cut_loose(ptr, neighbour, home, zone)
        free = _grow(ptr, neighbour, regret, zone)
    return free
