"""Bounded shortest paths from places on edges: cost only what is reached.

Nodes wait in a ring of buckets by distance (Dial 1969, doi:10.1145/363269.363610), each node at most once, in a
doubly linked list. A bucket is wider than the shortest edge, so a node may be scanned again; distances are exact
all the same. Nothing is allocated per source, and only what was touched is reset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray

_OUTSIDE = -2
_END = -1


class Arcs(NamedTuple):
    """The graph as the search sees it; `code` is twice the edge, plus one at the edge's far end."""

    indptr: IntArray
    indices: Int32Array
    lengths: FloatArray
    code: Int32Array


class Starts(NamedTuple):
    """Places on edges that searches start from: metres to both ends, the access leg included."""

    near: Int32Array
    far: Int32Array
    near_metres: FloatArray
    far_metres: FloatArray
    edge: Int32Array
    position: FloatArray
    access: FloatArray
    x: FloatArray
    y: FloatArray


class Goals(NamedTuple):
    """Places on edges that are looked for, listed by node (with the metres from it) and by edge."""

    node_ptr: IntArray
    node_goal: Int32Array
    node_metres: FloatArray
    edge_ptr: IntArray
    edge_goal: Int32Array
    position: FloatArray
    access: FloatArray
    x: FloatArray
    y: FloatArray


class Scratch(NamedTuple):
    """Working memory of one thread: clean before and after every search."""

    metres: FloatArray
    touched: Int32Array
    after: Int32Array
    before: Int32Array
    head: Int32Array
    best: FloatArray
    found: Int32Array


def scratch(nodes: int, goals: int, *, buckets: int) -> Scratch:
    """Return clean working memory; `buckets` is a power of two."""
    return Scratch(
        np.full(nodes, np.inf),
        np.empty(nodes, dtype=np.int32),
        np.full(nodes, _END, dtype=np.int32),
        np.full(nodes, _OUTSIDE, dtype=np.int32),
        np.full(buckets, _END, dtype=np.int32),
        np.full(goals, np.inf),
        np.empty(goals, dtype=np.int32),
    )


@njit(cache=True, nogil=True)
def _insert(node: int, bucket: int, head: Int32Array, after: Int32Array, before: Int32Array) -> None:
    first = head[bucket]
    after[node] = first
    before[node] = _END
    if first >= 0:
        before[first] = node
    head[bucket] = node


@njit(cache=True, nogil=True)
def _remove(node: int, bucket: int, head: Int32Array, after: Int32Array, before: Int32Array) -> None:
    follower = after[node]
    leader = before[node]
    if leader < 0:
        head[bucket] = follower
    else:
        after[leader] = follower
    if follower >= 0:
        before[follower] = leader
    before[node] = _OUTSIDE


@njit(cache=True, nogil=True)
def _search(arcs: Arcs, starts: Starts, row: int, limit: float, per_metre: float, work: Scratch) -> int:
    """Fill `work.metres` for all nodes within the limit of one start; return how many were touched."""
    metres, touched, after, before, head = work.metres, work.touched, work.after, work.before, work.head
    indptr, indices, lengths = arcs.indptr, arcs.indices, arcs.lengths
    mask = len(head) - 1
    count = 0
    waiting = 0
    near = starts.near[row]
    far = starts.far[row]
    from_near = starts.near_metres[row]
    from_far = starts.far_metres[row]
    if near == far:
        from_near = min(from_near, from_far)
    if from_near <= limit:
        metres[near] = from_near
        touched[count] = near
        count += 1
        waiting += 1
        _insert(near, int(from_near * per_metre) & mask, head, after, before)
    if near != far and from_far <= limit:
        metres[far] = from_far
        touched[count] = far
        count += 1
        waiting += 1
        _insert(far, int(from_far * per_metre) & mask, head, after, before)
    bucket = int(min(from_near, from_far) * per_metre)
    while waiting > 0:
        node = head[bucket & mask]
        if node < 0:
            bucket += 1
            continue
        _remove(node, bucket & mask, head, after, before)
        waiting -= 1
        here = metres[node]
        for arc in range(indptr[node], indptr[node + 1]):
            there = here + lengths[arc]
            other = indices[arc]
            known = metres[other]
            if there > limit or there >= known:
                continue
            slot = int(there * per_metre) & mask
            metres[other] = there
            if before[other] == _OUTSIDE:
                if known == np.inf:
                    touched[count] = other
                    count += 1
                waiting += 1
                _insert(other, slot, head, after, before)
            else:
                old = int(known * per_metre) & mask
                if old != slot:
                    _remove(other, old, head, after, before)
                    _insert(other, slot, head, after, before)
    return count


@njit(cache=True, nogil=True)
def reach_goals(
    arcs: Arcs,
    starts: Starts,
    goals: Goals,
    first: int,
    last: int,
    cutoff: np.float32,
    limit: float,
    per_metre: float,
    work: Scratch,
) -> tuple[IntArray, Int32Array, Float32Array]:
    """Find the goals within the cutoff of the starts `first` to `last - 1`.

    A goal's metres are those along the edges and both access legs, never less than the straight line; the same
    point costs nothing. Returns how many goals each start reached, the goals and their metres. O(reached).
    """
    metres, touched, best, found = work.metres, work.touched, work.best, work.found
    counts = np.zeros(last - first, dtype=np.int64)
    size = 1024
    goal_of = np.empty(size, dtype=np.int32)
    value_of = np.empty(size, dtype=np.float32)
    filled = 0
    for row in range(first, last):
        edge = starts.edge[row]
        if edge < 0:
            continue
        seen = 0
        for k in range(goals.edge_ptr[edge], goals.edge_ptr[edge + 1]):
            goal = goals.edge_goal[k]
            total = starts.access[row] + abs(goals.position[goal] - starts.position[row]) + goals.access[goal]
            if goals.x[goal] == starts.x[row] and goals.y[goal] == starts.y[row]:
                total = 0.0
            found[seen] = goal
            seen += 1
            best[goal] = total
        count = _search(arcs, starts, row, limit, per_metre, work)
        for i in range(count):
            node = touched[i]
            here = metres[node]
            metres[node] = np.inf
            for k in range(goals.node_ptr[node], goals.node_ptr[node + 1]):
                goal = goals.node_goal[k]
                total = here + goals.node_metres[k]
                if total > limit:
                    continue
                if best[goal] == np.inf:
                    found[seen] = goal
                    seen += 1
                best[goal] = min(best[goal], total)
        while filled + seen > size:
            size *= 2
            longer_goals = np.empty(size, dtype=np.int32)
            longer_goals[:filled] = goal_of[:filled]
            goal_of = longer_goals
            longer_values = np.empty(size, dtype=np.float32)
            longer_values[:filled] = value_of[:filled]
            value_of = longer_values
        before = filled
        for i in range(seen):
            goal = found[i]
            dx = goals.x[goal] - starts.x[row]
            dy = goals.y[goal] - starts.y[row]
            value = np.float32(max(best[goal], np.sqrt(dx * dx + dy * dy)))
            best[goal] = np.inf
            if value <= cutoff:
                goal_of[filled] = goal
                value_of[filled] = value
                filled += 1
        counts[row - first] = filled - before
    return counts, goal_of[:filled].copy(), value_of[:filled].copy()


@njit(cache=True, nogil=True)
def reach_edges(
    arcs: Arcs,
    starts: Starts,
    edge_length: FloatArray,
    edge_from: Int32Array,
    edge_to: Int32Array,
    first: int,
    last: int,
    limit: float,
    per_metre: float,
    work: Scratch,
) -> tuple[IntArray, Int32Array, FloatArray, FloatArray]:
    """Find the parts of edges within the limit of the starts `first` to `last - 1`.

    Returns how many parts each start reached, their edges, and where on the edge they begin and end. O(reached).
    """
    metres, touched = work.metres, work.touched
    counts = np.zeros(last - first, dtype=np.int64)
    size = 1024
    edge_of = np.empty(size, dtype=np.int32)
    begin = np.empty(size, dtype=np.float64)
    end = np.empty(size, dtype=np.float64)
    filled = 0
    for row in range(first, last):
        own = starts.edge[row]
        if own < 0 or starts.access[row] > limit:
            continue
        before = filled
        count = _search(arcs, starts, row, limit, per_metre, work)
        needed = 1
        for i in range(count):
            needed += arcs.indptr[touched[i] + 1] - arcs.indptr[touched[i]]
        while filled + needed > size:
            size *= 2
            longer_edges = np.empty(size, dtype=np.int32)
            longer_edges[:filled] = edge_of[:filled]
            edge_of = longer_edges
            longer_begin = np.empty(size, dtype=np.float64)
            longer_begin[:filled] = begin[:filled]
            begin = longer_begin
            longer_end = np.empty(size, dtype=np.float64)
            longer_end[:filled] = end[:filled]
            end = longer_end
        left = limit - starts.access[row]
        edge_of[filled] = own
        begin[filled] = max(0.0, starts.position[row] - left)
        end[filled] = min(edge_length[own], starts.position[row] + left)
        filled += 1
        for i in range(count):
            node = touched[i]
            for arc in range(arcs.indptr[node], arcs.indptr[node + 1]):
                edge = arcs.code[arc] >> 1
                at_far_end = (arcs.code[arc] & 1) == 1
                length = edge_length[edge]
                here = limit - metres[node]
                there = limit - metres[edge_to[edge] if not at_far_end else edge_from[edge]]
                whole = here + there >= length
                if whole and at_far_end and there >= 0.0:
                    continue
                edge_of[filled] = edge
                begin[filled] = 0.0
                end[filled] = length
                if not whole:
                    if at_far_end:
                        begin[filled] = max(0.0, length - here)
                    else:
                        end[filled] = min(length, here)
                filled += 1
        for i in range(count):
            metres[touched[i]] = np.inf
        counts[row - first] = filled - before
    return counts, edge_of[:filled].copy(), begin[:filled].copy(), end[:filled].copy()


@njit(cache=True, nogil=True)
def cut(
    vertices: FloatArray, measures: FloatArray, offsets: IntArray, edges: Int32Array, begin: FloatArray, end: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Cut parts out of edges; returns the vertices of the parts (k, 2) and their offsets. O(vertices of the edges)."""
    total = 0
    for i in range(len(edges)):
        total += offsets[edges[i] + 1] - offsets[edges[i]] + 2
    points = np.empty((total, 2), dtype=np.float64)
    starts = np.zeros(len(edges) + 1, dtype=np.int64)
    filled = 0
    for i in range(len(edges)):
        a = offsets[edges[i]]
        b = offsets[edges[i] + 1]
        for k in range(a, b):
            inside = begin[i] < measures[k] < end[i]
            if k > a:
                step = measures[k] - measures[k - 1]
                for stop in (begin[i], end[i]):
                    # the last segment takes a stop at its end, every other one at its start
                    if measures[k - 1] <= stop and (stop < measures[k] or (k == b - 1 and stop <= measures[k])):
                        share = (stop - measures[k - 1]) / step if step > 0 else 0.0
                        points[filled, 0] = vertices[k - 1, 0] + share * (vertices[k, 0] - vertices[k - 1, 0])
                        points[filled, 1] = vertices[k - 1, 1] + share * (vertices[k, 1] - vertices[k - 1, 1])
                        filled += 1
            if inside:
                points[filled, 0] = vertices[k, 0]
                points[filled, 1] = vertices[k, 1]
                filled += 1
        starts[i + 1] = filled
    return points[:filled].copy(), starts
