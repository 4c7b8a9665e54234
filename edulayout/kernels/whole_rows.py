"""Compiled search for assignments of whole rows: chains of moves between schools, while they pay.

A row sits at one of its arcs, `choice`; `room` is what every column has free. The rows that may move and the arcs that
they may take are listed: row `movable[m]` owns `arcs[start[m]:start[m + 1]]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray


@njit(cache=True, nogil=True)
def _move(
    m: int,
    arc: int,
    movable: IntArray,
    column: Int32Array,
    supply: IntArray,
    room: IntArray,
    choice: IntArray,
    links: IntArray,
    head: IntArray,
) -> None:
    """Move a row to another arc, and from the list of its old school to that of the new one."""
    row = movable[m]
    x, y = column[choice[row]], column[arc]
    before, after = links[0, m], links[1, m]
    if before >= 0:
        links[1, before] = after
    else:
        head[x] = after
    if after >= 0:
        links[0, after] = before
    links[0, m], links[1, m] = -1, head[y]
    if head[y] >= 0:
        links[0, head[y]] = m
    head[y] = m
    room[x] += supply[row]
    room[y] -= supply[row]
    choice[row] = arc


@njit(cache=True, nogil=True)
def _find(
    m: int,
    deep: int,
    movable: IntArray,
    start: IntArray,
    arcs: IntArray,
    column: Int32Array,
    cost: FloatArray,
    supply: IntArray,
    room: IntArray,
    choice: IntArray,
    links: IntArray,
    head: IntArray,
    chain: IntArray,
) -> float:
    """Find the best chain of up to three moves that begins with a row; note it as pairs of row and arc."""
    best, i = 0.0, movable[m]
    here, size = choice[i], supply[i]
    x = column[here]
    for b in range(start[m], start[m + 1]):
        y = column[arcs[b]]
        if y == x:
            continue
        first = size * (cost[arcs[b]] - cost[here])
        if room[y] >= size:
            if first < best:
                best = first
                chain[0], chain[1], chain[2], chain[4] = m, arcs[b], -1, -1
            continue
        n = head[y]
        while n >= 0:
            k = movable[n]
            if room[y] + supply[k] >= size:
                for e in range(start[n], start[n + 1]):
                    z = column[arcs[e]]
                    if z == y:
                        continue
                    second = first + supply[k] * (cost[arcs[e]] - cost[choice[k]])
                    free = room[z] + (size if z == x else 0)
                    if free >= supply[k]:
                        if second < best:
                            best = second
                            chain[0], chain[1], chain[2], chain[3], chain[4] = m, arcs[b], n, arcs[e], -1
                        continue
                    if deep == 0 or z == x:
                        continue
                    o = head[z]
                    while o >= 0:
                        w_row = movable[o]
                        if free + supply[w_row] >= supply[k]:
                            for f in range(start[o], start[o + 1]):
                                w = column[arcs[f]]
                                third = second + supply[w_row] * (cost[arcs[f]] - cost[choice[w_row]])
                                if w == z or third >= best:
                                    continue
                                free_w = room[w]
                                if w == x:
                                    free_w += size
                                elif w == y:
                                    free_w += supply[k] - size
                                if free_w >= supply[w_row]:
                                    best = third
                                    chain[0], chain[1], chain[2], chain[3] = m, arcs[b], n, arcs[e]
                                    chain[4], chain[5] = o, arcs[f]
                        o = links[1, o]
            n = links[1, n]
    return best


@njit(cache=True, nogil=True)
def exchange(
    movable: IntArray,
    start: IntArray,
    arcs: IntArray,
    column: Int32Array,
    cost: FloatArray,
    supply: IntArray,
    room: IntArray,
    choice: IntArray,
    sweeps: int,
    least: float,
) -> None:
    """Sweep over the rows and make the best chain of each that gains more than `least`, deeper where none was left."""
    links, head = np.full((2, len(movable)), -1, np.int64), np.full(len(room), -1, np.int64)
    for m in range(len(movable) - 1, -1, -1):
        x = column[choice[movable[m]]]
        links[1, m] = head[x]
        if head[x] >= 0:
            links[0, head[x]] = m
        head[x] = m
    chain, deep = np.full(6, -1, np.int64), 0
    for _ in range(sweeps):
        made = 0
        for m in range(len(movable)):
            gain = _find(m, deep, movable, start, arcs, column, cost, supply, room, choice, links, head, chain)
            if gain < -least:
                made += 1
                for k in (4, 2, 0):
                    if chain[k] >= 0:
                        _move(chain[k], chain[k + 1], movable, column, supply, room, choice, links, head)
        if made == 0:
            if deep == 1:
                break
            deep = 1
