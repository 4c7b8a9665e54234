"""Shortest paths with the way that they took: a binary heap, for single pairs and directed graphs.

E. W. Dijkstra, A note on two problems in connexion with graphs, 1959, doi:10.1007/BF01386390.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray


@njit(cache=True, nogil=True)
def _sink(keys: FloatArray, nodes: Int32Array, size: int) -> None:
    """Put the entry at the root where it belongs."""
    key, node, at = keys[0], nodes[0], 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at], nodes[at], at = keys[child], nodes[child], child
    keys[at], nodes[at] = key, node


@njit(cache=True, nogil=True)
def ways(
    indptr: IntArray,
    indices: Int32Array,
    lengths: FloatArray,
    code: Int32Array,
    first: Int32Array,
    first_cost: FloatArray,
    limit: float,
    cost: FloatArray,
    parent: Int32Array,
) -> Int32Array:
    """Search from some nodes at some costs, up to a limit.

    Fills `cost` (infinite before) and `parent`: the code of the arc by which each node was reached, -1 at a start.
    Returns the nodes reached, so that the caller can clean both. O(reached log reached).
    """
    room = 1024
    keys, nodes = np.empty(room, dtype=np.float64), np.empty(room, dtype=np.int32)
    touched = np.empty(room, dtype=np.int32)
    size = 0
    count = 0
    for i in range(len(first)):
        if first_cost[i] <= limit and first_cost[i] < cost[first[i]]:
            if cost[first[i]] == np.inf:
                touched[count] = first[i]
                count += 1
            cost[first[i]] = first_cost[i]
            parent[first[i]] = -1
            at = size
            size += 1
            while at > 0 and keys[(at - 1) // 2] > first_cost[i]:
                keys[at], nodes[at] = keys[(at - 1) // 2], nodes[(at - 1) // 2]
                at = (at - 1) // 2
            keys[at], nodes[at] = first_cost[i], first[i]
    while size > 0:
        here, node = keys[0], nodes[0]
        size -= 1
        keys[0], nodes[0] = keys[size], nodes[size]
        _sink(keys, nodes, size)
        if here > cost[node]:
            continue
        for arc in range(indptr[node], indptr[node + 1]):
            there = here + lengths[arc]
            other = indices[arc]
            if there > limit or there >= cost[other]:
                continue
            if cost[other] == np.inf:
                if count == len(touched):
                    longer_touched = np.empty(2 * count, dtype=np.int32)
                    longer_touched[:count] = touched
                    touched = longer_touched
                touched[count] = other
                count += 1
            cost[other] = there
            parent[other] = code[arc]
            if size == len(keys):
                longer_keys = np.empty(2 * size, dtype=np.float64)
                longer_keys[:size] = keys
                keys = longer_keys
                longer_nodes = np.empty(2 * size, dtype=np.int32)
                longer_nodes[:size] = nodes
                nodes = longer_nodes
            at = size
            size += 1
            while at > 0 and keys[(at - 1) // 2] > there:
                keys[at], nodes[at] = keys[(at - 1) // 2], nodes[(at - 1) // 2]
                at = (at - 1) // 2
            keys[at], nodes[at] = there, other
    return touched[:count].copy()
