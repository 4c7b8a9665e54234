"""Bounded shortest paths from places on edges: cost only what is reached.

Nodes wait in a ring of buckets by distance (Dial 1969, doi:10.1145/363269.363610); an entry that a better one has
overtaken is skipped when its turn comes. A bucket is wider than the shortest edge, so a node may be scanned again;
distances are exact all the same. Only what was touched is reset.

A search runs from a school against the direction of travel: the arcs of a node are those by which it is reached
from. On one-way streets they are the reverse of the arcs that a pupil travels; everything else stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray

_END = -1
QUEUE_LEAST = 4096


class Arcs(NamedTuple):
    """The graph as the search sees it; `code` is twice the edge, plus one at the edge's far end."""

    indptr: IntArray
    indices: Int32Array
    lengths: FloatArray
    code: Int32Array


class Ends(NamedTuple):
    """Ends of edges, and what a metre along them (forward) and against them costs; infinity where closed."""

    near: Int32Array
    far: Int32Array
    forward: FloatArray
    backward: FloatArray


class Starts(NamedTuple):
    """Places on edges that searches start from: the costs of both ends, the access leg included."""

    near: Int32Array
    far: Int32Array
    near_metres: FloatArray
    far_metres: FloatArray
    edge: Int32Array
    position: FloatArray
    access: FloatArray
    x: FloatArray
    y: FloatArray


class Scratch(NamedTuple):
    """Working memory of one thread: clean before and after every search."""

    metres: FloatArray
    touched: Int32Array
    head: Int32Array


def scratch(nodes: int, *, buckets: int) -> Scratch:
    """Return clean working memory; `buckets` is a power of two."""
    return Scratch(np.full(nodes, np.inf), np.empty(nodes, dtype=np.int32), np.full(buckets, _END, dtype=np.int32))


class Queue(NamedTuple):
    """Entries of the bucket queue: the node, the metres it was entered with, and the next entry of its bucket."""

    node: Int32Array
    metres: FloatArray
    after: Int32Array


@njit(cache=True, nogil=True)
def queue(size: int) -> Queue:
    """Return room for some entries."""
    return Queue(np.empty(size, np.int32), np.empty(size, np.float64), np.empty(size, np.int32))


@njit(cache=True, nogil=True)
def longer(entries: Queue) -> Queue:
    """Return the entries with twice the room."""
    size = len(entries.node)
    grown = queue(2 * size)
    grown.node[:size] = entries.node
    grown.metres[:size] = entries.metres
    grown.after[:size] = entries.after
    return grown


@njit(cache=True, nogil=True)
def _search(arcs: Arcs, starts: Starts, row: int, limit: float, per_metre: float, work: Scratch, entries: Queue) -> int:
    """Fill `work.metres` for all nodes within the limit of one start; return how many were touched.

    Where there is no room for an entry all is cleaned and -1 returned: a loop that makes room itself is three times
    slower, since compilers cannot keep what it holds in registers.
    """
    metres, touched, head = work.metres, work.touched, work.head
    indptr, indices, lengths = arcs.indptr, arcs.indices, arcs.lengths
    nodes, keys, after = entries.node, entries.metres, entries.after
    mask = len(head) - 1
    count = 0
    filled = 0
    waiting = 0
    lowest = np.inf
    for side in range(2):
        node = starts.far[row] if side else starts.near[row]
        there = starts.far_metres[row] if side else starts.near_metres[row]
        if there <= limit and there < metres[node]:
            if metres[node] == np.inf:
                touched[count] = node
                count += 1
            metres[node] = there
            lowest = min(lowest, there)
            slot = int(there * per_metre) & mask
            nodes[filled], keys[filled], after[filled] = node, there, head[slot]
            head[slot] = filled
            filled += 1
            waiting += 1
    bucket = int(lowest * per_metre) if waiting else 0
    while waiting > 0:
        entry = head[bucket & mask]
        if entry < 0:
            bucket += 1
            continue
        head[bucket & mask] = after[entry]
        waiting -= 1
        node = nodes[entry]
        here = keys[entry]
        if here > metres[node]:
            continue
        a = indptr[node]
        b = indptr[node + 1]
        if filled + (b - a) > len(nodes):
            head[:] = _END
            clean(work, count)
            return -1
        for arc in range(a, b):
            there = here + lengths[arc]
            other = indices[arc]
            known = metres[other]
            if there > limit or there >= known:
                continue
            if known == np.inf:
                touched[count] = other
                count += 1
            metres[other] = there
            slot = int(there * per_metre) & mask
            nodes[filled], keys[filled], after[filled] = other, there, head[slot]
            head[slot] = filled
            filled += 1
            waiting += 1
    return count


@njit(cache=True, nogil=True)
def clean(work: Scratch, count: int) -> None:
    """Forget a search."""
    for i in range(count):
        work.metres[work.touched[i]] = np.inf


@njit(cache=True, nogil=True)
def search(
    arcs: Arcs, starts: Starts, row: int, limit: float, per_metre: float, work: Scratch, entries: Queue
) -> tuple[int, Queue]:
    """Search from one start; return how many nodes were touched, and the queue, which may have grown."""
    count = _search(arcs, starts, row, limit, per_metre, work, entries)
    while count < 0:
        entries = longer(entries)
        count = _search(arcs, starts, row, limit, per_metre, work, entries)
    return count, entries


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
    entries = queue(QUEUE_LEAST)
    for row in range(first, last):
        own = starts.edge[row]
        if own < 0 or starts.access[row] > limit:
            continue
        before = filled
        count, entries = search(arcs, starts, row, limit, per_metre, work, entries)
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
