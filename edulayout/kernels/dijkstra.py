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


class Parts(NamedTuple):
    """Parts of edges: which edge, and where on it they begin and end."""

    edge: Int32Array
    begin: FloatArray
    end: FloatArray


@njit(cache=True, nogil=True)
def _parts(size: int) -> Parts:
    return Parts(np.empty(size, np.int32), np.empty(size, np.float64), np.empty(size, np.float64))


@njit(cache=True, nogil=True)
def _more_parts(parts: Parts, filled: int, needed: int) -> Parts:
    """Return the filled ones with room for those needed beside them."""
    longer_parts = _parts(max(2 * len(parts.edge), filled + needed))
    longer_parts.edge[:filled] = parts.edge[:filled]
    longer_parts.begin[:filled] = parts.begin[:filled]
    longer_parts.end[:filled] = parts.end[:filled]
    return longer_parts


@njit(cache=True, nogil=True)
def _write_parts(
    arcs: Arcs, edge_length: FloatArray, limit: float, count: int, work: Scratch, parts: Parts, filled: int
) -> int:
    """Write the parts at the touched nodes behind the filled ones; there is room. Returns how many are filled."""
    metres, touched = work.metres, work.touched
    indptr, indices, code = arcs.indptr, arcs.indices, arcs.code
    edge_of, begin, end = parts.edge, parts.begin, parts.end
    for i in range(count):
        node = touched[i]
        here = limit - metres[node]
        for arc in range(indptr[node], indptr[node + 1]):
            edge = code[arc] >> 1
            at_far_end = (code[arc] & 1) == 1
            length = edge_length[edge]
            there = limit - metres[indices[arc]]
            whole = here + there >= length
            if whole and at_far_end and there >= 0.0:
                continue
            edge_of[filled] = edge
            begin[filled] = max(0.0, length - here) if at_far_end and not whole else 0.0
            end[filled] = length if at_far_end or whole else min(length, here)
            filled += 1
    return filled


@njit(cache=True, nogil=True)
def reach_edges(
    arcs: Arcs,
    starts: Starts,
    edge_length: FloatArray,
    limit: float,
    per_metre: float,
    work: Scratch,
) -> tuple[IntArray, Int32Array, FloatArray, FloatArray]:
    """Find the parts of edges within the limit of the starts, where a metre costs one both ways.

    Returns how many parts each start reached, their edges, and where on the edge they begin and end. O(reached).
    """
    counts = np.zeros(len(starts.edge), dtype=np.int64)
    parts = _parts(QUEUE_LEAST)
    # typed, so that numba does not compile once more for literals
    filled = int(np.int64(0))
    entries = queue(QUEUE_LEAST)
    for row in range(len(starts.edge)):
        own = starts.edge[row]
        if own < 0 or starts.access[row] > limit:
            continue
        before = filled
        count, entries = search(arcs, starts, row, limit, per_metre, work, entries)
        needed = int(np.int64(1))
        for i in range(count):
            needed += arcs.indptr[work.touched[i] + 1] - arcs.indptr[work.touched[i]]
        if filled + needed > len(parts.edge):
            parts = _more_parts(parts, filled, needed)
        left = limit - starts.access[row]
        parts.edge[filled] = own
        parts.begin[filled] = max(0.0, starts.position[row] - left)
        parts.end[filled] = min(edge_length[own], starts.position[row] + left)
        filled = _write_parts(arcs, edge_length, limit, count, work, parts, filled + 1)
        clean(work, count)
        counts[row] = filled - before
    return counts, parts.edge[:filled].copy(), parts.begin[:filled].copy(), parts.end[:filled].copy()


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
