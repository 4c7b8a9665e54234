"""Tables without a cutoff: the network eliminated node by node, then swept from the top.

Min-plus Cholesky elimination: a node leaves the network, and its later neighbours are joined at the cost of the way
through it (customizable contraction hierarchies: Dibbelt, Strasser, Wagner 2016, doi:10.1145/2886843). A search then
climbs one chain of the elimination tree; a sweep from the top gives many schools at a time the costs of all goals
(PHAST: Delling, Goldberg, Nowatzyk, Werneck 2013, doi:10.1016/j.jpdc.2012.02.007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from edulayout.kernels.goals import direct, no_less

if TYPE_CHECKING:
    from edulayout.kernels.dijkstra import Ends, Starts
    from edulayout.kernels.goals import Goals
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray


class Upward(NamedTuple):
    """Each node's later neighbours by rank, sorted; what it costs to them (rise) and from them (fall)."""

    indptr: IntArray
    indices: Int32Array
    rise: FloatArray
    fall: FloatArray
    parent: Int32Array


class Swept(NamedTuple):
    """The nodes that some goals need, from the top: each one's later neighbours as places in this list."""

    nodes: Int32Array
    place: Int32Array
    indptr: IntArray
    indices: Int32Array
    fall: FloatArray


@njit(cache=True, nogil=True)
def structure(indptr: IntArray, indices: Int32Array) -> tuple[IntArray, Int32Array, Int32Array]:
    """Return which later neighbours each node has once all earlier ones have left, and its parent in the tree.

    The graph is numbered in the order of elimination and has each arc in both directions. O(size of the result).
    """
    nodes = len(indptr) - 1
    parent = np.full(nodes, -1, dtype=np.int32)
    first_child = np.full(nodes, -1, dtype=np.int32)
    sibling = np.full(nodes, -1, dtype=np.int32)
    marked = np.full(nodes, -1, dtype=np.int32)
    size = 2 * len(indices) + nodes + 1
    found = np.empty(size, dtype=np.int32)
    bounds = np.zeros(nodes + 1, dtype=np.int64)
    filled = 0
    for node in range(nodes):
        start = filled
        marked[node] = node
        # its own neighbours first, then those that its children left behind
        child = -2
        while child != -1:
            if child == -2:
                a, b = indptr[node], indptr[node + 1]
                child = first_child[node]
                own = True
            else:
                a, b = bounds[child], bounds[child + 1]
                child = sibling[child]
                own = False
            if filled + (b - a) > size:
                size = 2 * size + (b - a)
                longer = np.empty(size, dtype=np.int32)
                longer[:filled] = found[:filled]
                found = longer
            for k in range(a, b):
                other = indices[k] if own else found[k]
                if other > node and marked[other] != node:
                    marked[other] = node
                    found[filled] = other
                    filled += 1
        found[start:filled].sort()
        bounds[node + 1] = filled
        if filled > start:
            parent[node] = found[start]
            sibling[node] = first_child[parent[node]]
            first_child[parent[node]] = node
    return bounds, found[:filled].copy(), parent


@njit(cache=True, nogil=True)
def eliminate(
    indptr: IntArray, indices: Int32Array, lengths: FloatArray, bounds: IntArray, later: Int32Array, two_way: int
) -> tuple[FloatArray, FloatArray]:
    """Return what it costs from each node to its later neighbours, and from them to it, all earlier nodes gone.

    Where `two_way` is not 0 both are the same array.
    """
    nodes = len(indptr) - 1
    rise = np.full(len(later), np.inf)
    fall = rise if two_way else np.full(len(later), np.inf)
    place = np.zeros(nodes, dtype=np.int64)
    for node in range(nodes):
        for k in range(bounds[node], bounds[node + 1]):
            place[later[k]] = k
        for arc in range(indptr[node], indptr[node + 1]):
            other = indices[arc]
            if other > node:
                rise[place[other]] = min(rise[place[other]], lengths[arc])
    if not two_way:
        for node in range(nodes):
            for arc in range(indptr[node], indptr[node + 1]):
                other = indices[arc]
                if other < node:
                    a = bounds[other]
                    k = a + np.searchsorted(later[a : bounds[other + 1]], node)
                    fall[k] = min(fall[k], lengths[arc])
    for node in range(nodes):
        a = bounds[node]
        b = bounds[node + 1]
        for low in range(a, b - 1):
            to_low = rise[low]
            from_low = fall[low]
            target = bounds[later[low]]
            for high in range(low + 1, b):
                while later[target] != later[high]:
                    target += 1
                through = from_low + rise[high]
                if through < rise[target]:  # noqa: PLR1730 - to write only what changes is faster
                    rise[target] = through
                if not two_way:
                    through = fall[high] + to_low
                    if through < fall[target]:  # noqa: PLR1730 - as above
                        fall[target] = through
    return rise, fall


@njit(cache=True, nogil=True)
def needed(upward: Upward, ranks: Int32Array) -> Swept:
    """Return the nodes on the way from some nodes to the top of the tree. O(their later neighbours)."""
    nodes = len(upward.parent)
    place = np.full(nodes, -1, dtype=np.int32)
    count = 0
    total = 0
    for rank in ranks:
        node = rank
        while node >= 0 and place[node] < 0:
            place[node] = 0
            count += 1
            total += upward.indptr[node + 1] - upward.indptr[node]
            node = upward.parent[node]
    chosen = np.empty(count, dtype=np.int32)
    indptr = np.zeros(count + 1, dtype=np.int64)
    indices = np.empty(total, dtype=np.int32)
    fall = np.empty(total, dtype=np.float64)
    at = 0
    for node in range(nodes - 1, -1, -1):
        if place[node] < 0:
            continue
        place[node] = at
        chosen[at] = node
        filled = indptr[at]
        for k in range(upward.indptr[node], upward.indptr[node + 1]):
            indices[filled] = place[upward.indices[k]]
            fall[filled] = upward.fall[k]
            filled += 1
        at += 1
        indptr[at] = filled
    return Swept(chosen, place, indptr, indices, fall)


@njit(cache=True, nogil=True)
def _climb(
    upward: Upward, swept: Swept, near: int, far: int, column: int, metres: FloatArray, table: FloatArray
) -> None:
    """Carry the costs of a start's two nodes up the tree, write them to the table, and clean up."""
    for turn in range(2):
        one = near
        other = far if far != near else -1
        while one >= 0 or other >= 0:
            # the lower of the two goes first; where they meet they go on as one
            if one < 0 or (other >= 0 and other < one):
                one, other = other, one
            here = metres[one]
            if turn == 0:
                for k in range(upward.indptr[one], upward.indptr[one + 1]):
                    there = here + upward.rise[k]
                    metres[upward.indices[k]] = min(metres[upward.indices[k]], there)
                if swept.place[one] >= 0:
                    table[swept.place[one], column] = here
            else:
                metres[one] = np.inf
            one = upward.parent[one]
            if one == other:
                other = -1


@njit(cache=True, nogil=True)
def sweep(
    upward: Upward,
    swept: Swept,
    rank: Int32Array,
    ends: Ends,
    starts: Starts,
    goals: Goals,
    goal_edge: Int32Array,
    number: Int32Array,
    first: int,
    last: int,
    floor: float,
    metres: FloatArray,
    table: FloatArray,
    costs: Float32Array,
) -> None:
    """Write the costs of all goals for the starts `first` to `last - 1` into those columns of `costs`.

    `metres` (infinite, a number for each node) and `table` (places of `swept` × block) are working memory.
    """
    width = table.shape[1]
    table[:] = np.inf
    for row in range(first, last):
        if starts.edge[row] < 0:
            continue
        near = rank[starts.near[row]]
        far = rank[starts.far[row]]
        metres[near] = starts.near_metres[row]
        metres[far] = min(metres[far], starts.far_metres[row])
        _climb(upward, swept, near, far, row - first, metres, table)
    for i in range(len(swept.nodes)):
        for k in range(swept.indptr[i], swept.indptr[i + 1]):
            other = swept.indices[k]
            fall = swept.fall[k]
            for a in range(width):
                through = table[other, a] + fall
                table[i, a] = through if through < table[i, a] else table[i, a]  # noqa: FURB136 - vectorises
    for goal in range(len(goal_edge)):
        edge = goal_edge[goal]
        one = swept.place[rank[ends.near[edge]]]
        other = swept.place[rank[ends.far[edge]]]
        from_one = goals.near_metres[goal]
        from_other = goals.far_metres[goal]
        x = goals.x[goal]
        y = goals.y[goal]
        for a in range(last - first):
            row = first + a
            total = min(table[one, a] + from_one, table[other, a] + from_other)
            if starts.edge[row] == edge:
                total = min(total, direct(ends, starts, row, goals, goal))
            costs[number[goal], row] = no_less(total, floor, x - starts.x[row], y - starts.y[row])


@njit(cache=True, nogil=True)
def count_finite(costs: Float32Array, first: int, last: int, counts: IntArray) -> None:
    """Count the finite costs of the rows `first` to `last - 1`."""
    for row in range(first, last):
        count = 0
        for column in range(costs.shape[1]):
            count += np.isfinite(costs[row, column])
        counts[row] = count


@njit(cache=True, nogil=True)
def pack_rows(costs: Float32Array, first: int, last: int, indptr: IntArray, indices: Int32Array) -> None:
    """Move the finite costs of the rows `first` to `last - 1` to the front of each; write their columns."""
    for row in range(first, last):
        begin = indptr[row]
        filled = begin
        for column in range(costs.shape[1]):
            value = costs[row, column]
            if np.isfinite(value):
                indices[filled] = column
                costs[row, filled - begin] = value
                filled += 1


@njit(cache=True, nogil=True)
def close_up(costs: Float32Array, indptr: IntArray) -> None:
    """Move the fronts of the rows to where CSR arrays have them, one after the other."""
    flat = costs.ravel()
    columns = costs.shape[1]
    for row in range(costs.shape[0]):
        at = row * columns
        for k in range(indptr[row], indptr[row + 1]):
            flat[k] = flat[at]
            at += 1
