"""Places that are looked for along streets: what each costs once a search has been made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from edulayout.kernels.dijkstra import QUEUE_LEAST, Arcs, Ends, Scratch, Starts, clean, queue, search

if TYPE_CHECKING:
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray


class Goals(NamedTuple):
    """Places on edges that are looked for, edge by edge, with the costs to both ends, the access leg included."""

    edge_ptr: IntArray
    number: Int32Array
    near_metres: FloatArray
    far_metres: FloatArray
    position: FloatArray
    access: FloatArray
    x: FloatArray
    y: FloatArray


@njit(cache=True, nogil=True)
def by_edge(edge: Int32Array, edges: int) -> tuple[IntArray, Int32Array]:
    """Return where the places of each edge begin, and their numbers; those on no edge (-1) are left out. O(n)."""
    ptr = np.zeros(edges + 1, dtype=np.int64)
    for place in range(len(edge)):
        if edge[place] >= 0:
            ptr[edge[place] + 1] += 1
    for at in range(edges):
        ptr[at + 1] += ptr[at]
    number = np.empty(ptr[edges], dtype=np.int32)
    for place in range(len(edge)):
        if edge[place] >= 0:
            number[ptr[edge[place]]] = place
            ptr[edge[place]] += 1
    for at in range(edges, 0, -1):
        ptr[at] = ptr[at - 1]
    ptr[0] = 0
    return ptr, number


@njit(cache=True, nogil=True)
def direct(ends: Ends, starts: Starts, row: int, goals: Goals, goal: int) -> float:
    """Return the cost of a goal on the start's own edge that walks along it; the same point costs nothing."""
    if goals.x[goal] == starts.x[row] and goals.y[goal] == starts.y[row]:
        return 0.0
    along = starts.position[row] - goals.position[goal]
    total: float = starts.access[row] + goals.access[goal]
    if along > 0.0:
        total += along * ends.forward[starts.edge[row]]
    elif along < 0.0:
        total -= along * ends.backward[starts.edge[row]]
    return total


@njit(cache=True, nogil=True)
def no_less(total: float, floor: float, dx: float, dy: float) -> np.float32:
    """Return the cost as it is stored, never less than the straight line (times `floor`)."""
    square = (dx * dx + dy * dy) * floor
    if total * total < square:
        total = np.sqrt(square)
    return np.float32(total)


@njit(cache=True, nogil=True)
def _collect(
    arcs: Arcs,
    ends: Ends,
    starts: Starts,
    row: int,
    goals: Goals,
    count: int,
    cutoff: np.float32,
    floor: float,
    work: Scratch,
    found: Int32Array,
    values: Float32Array,
) -> int:
    """Write the goals within the cutoff of a start that has been searched; return how many, -1 without room."""
    metres, touched = work.metres, work.touched
    indptr, indices, code = arcs.indptr, arcs.indices, arcs.code
    edge_ptr, near_metres, far_metres = goals.edge_ptr, goals.near_metres, goals.far_metres
    x = starts.x[row]
    y = starts.y[row]
    own = starts.edge[row]
    filled = 0
    if edge_ptr[own + 1] - edge_ptr[own] > len(found):
        return -1
    # the own edge comes first: it may be reached though neither end is
    from_near = metres[starts.near[row]]
    from_far = metres[starts.far[row]]
    for k in range(edge_ptr[own], edge_ptr[own + 1]):
        total = min(from_near + near_metres[k], from_far + far_metres[k], direct(ends, starts, row, goals, k))
        value = no_less(total, floor, goals.x[k] - x, goals.y[k] - y)
        found[filled] = k
        values[filled] = value
        if value <= cutoff:
            filled += 1
    for i in range(count):
        node = touched[i]
        here = metres[node]
        for arc in range(indptr[node], indptr[node + 1]):
            edge = code[arc] >> 1
            first = edge_ptr[edge]
            last = edge_ptr[edge + 1]
            if first == last or edge == own:
                continue
            there = metres[indices[arc]]
            from_near = here
            from_far = there
            if code[arc] & 1:
                # an edge comes once: at its near end, unless that is not reached or does not lead into it
                if there < np.inf and ends.backward[edge] < np.inf:
                    continue
                from_near = there
                from_far = here
            if filled + (last - first) > len(found):
                return -1
            for k in range(first, last):
                one = from_near + near_metres[k]
                other = from_far + far_metres[k]
                value = no_less(min(one, other), floor, goals.x[k] - x, goals.y[k] - y)
                found[filled] = k
                values[filled] = value
                if value <= cutoff:
                    filled += 1
    return filled


@njit(cache=True, nogil=True)
def reach_goals(
    arcs: Arcs,
    ends: Ends,
    starts: Starts,
    goals: Goals,
    first: int,
    last: int,
    cutoff: np.float32,
    limit: float,
    per_metre: float,
    floor: float,
    work: Scratch,
) -> tuple[IntArray, Int32Array, Float32Array]:
    """Find the goals within the cutoff of the starts `first` to `last - 1`.

    A goal's cost is that along the edges and both access legs, never less than the straight line at the least pace
    (`floor` is its square); the same point costs nothing. The cutoff is finite, the limit may not be. Returns how
    many goals each start reached, the goals (their place in `goals`) and their costs. O(reached).
    """
    counts = np.zeros(last - first, dtype=np.int64)
    found = np.empty(4096, dtype=np.int32)
    values = np.empty(4096, dtype=np.float32)
    filled = 0
    entries = queue(QUEUE_LEAST)
    for row in range(first, last):
        if starts.edge[row] < 0:
            continue
        count, entries = search(arcs, starts, row, limit, per_metre, work, entries)
        added = _collect(arcs, ends, starts, row, goals, count, cutoff, floor, work, found[filled:], values[filled:])
        while added < 0:
            longer_found = np.empty(2 * len(found), dtype=np.int32)
            longer_values = np.empty(2 * len(found), dtype=np.float32)
            longer_found[:filled] = found[:filled]
            longer_values[:filled] = values[:filled]
            found = longer_found
            values = longer_values
            added = _collect(
                arcs, ends, starts, row, goals, count, cutoff, floor, work, found[filled:], values[filled:]
            )  # fmt: skip
        clean(work, count)
        counts[row - first] = added
        filled += added
    return counts, found[:filled].copy(), values[:filled].copy()
