"""Service areas along the streets: the reached parts of edges, widened, holes kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.kernels import aside, in_order
from edulayout.kernels.dijkstra import cut, reach_edges
from edulayout.kernels.routes import ways
from edulayout.streets.query import starts, working_memory
from edulayout.streets.snap import Snapped
from edulayout.streets.strips import widened

if TYPE_CHECKING:
    from edulayout.kernels.dijkstra import Starts
    from edulayout.streets.graph import Graph
    from edulayout.streets.strips import Strips
    from edulayout.typing import AnyArray, FloatArray, IntArray

_BLOCK = 8
_SCHOOLS = 512


def areas(graph: Graph, schools: Snapped, *, radius: float, strips: Strips, threads: int | None = None) -> AnyArray:
    """Return for each school the polygon around the streets reached within the radius; empty where none.

    O(reached · log reached), by some threads (all processors where None), some hundred schools at a time.
    """
    result = np.full(len(schools.edge), shapely.Polygon(), dtype=object)
    for first in range(0, len(result), _SCHOOLS):
        arrays: list[AnyArray] = [array[first : first + _SCHOOLS] for array in schools]
        result[first : first + _SCHOOLS] = _areas(graph, Snapped(*arrays), radius, strips, threads)
    result[shapely.is_empty(result)] = shapely.Polygon()
    return result


def _areas(graph: Graph, schools: Snapped, radius: float, strips: Strips, threads: int | None) -> AnyArray:
    whole, part, owner = reached(graph, schools, radius=radius)
    legs, leg_owner = _access_legs(graph, schools, radius)
    inner, total = whole >= 0, len(schools.edge)
    blocks, block_owner = strips.of(_one_side(graph, whole[inner]), owner[inner])
    stubs, stub_owner = _in_pairs(part, owner[~inner])
    made = _by_owner(shapely.get_parts(blocks), block_owner[_part_of(blocks)], total)
    lines = _by_owner(np.concatenate([stubs, legs]), np.concatenate([stub_owner, leg_owner]), total)

    def united(first: int) -> AnyArray:
        last = min(first + _BLOCK, total)
        (polygons, polygon_owner), (narrow, line_owner) = (_of_owners(*kind, first, last) for kind in (made, lines))
        pieces = np.concatenate([polygons, widened(narrow)])
        whose = np.concatenate([polygon_owner, line_owner]) - first
        order = np.argsort(whose, kind="stable")
        every = shapely.multipolygons(pieces[order], indices=whose[order], out=_empty(last - first))
        # a buffer of nothing unites in one sweep what a cascade of unions cuts again at every step
        return np.asarray(shapely.buffer(every, 0.0), dtype=object)

    return np.concatenate(list(in_order(united, range(0, total, _BLOCK), threads=threads)))


def _empty(count: int) -> AnyArray:
    return np.full(count, shapely.MultiPolygon(), dtype=object)


def _part_of(geometries: AnyArray) -> IntArray:
    return np.repeat(np.arange(len(geometries)), shapely.get_num_geometries(geometries))


def _by_owner(geometries: AnyArray, owner: IntArray, total: int) -> tuple[AnyArray, IntArray, IntArray]:
    """Return geometries by their owner, the owners, and where each owner's begin."""
    order = np.argsort(owner, kind="stable")
    return geometries[order], owner[order], np.searchsorted(owner[order], np.arange(total + 1))


def _of_owners(
    geometries: AnyArray, owner: IntArray, bounds: IntArray, first: int, last: int
) -> tuple[AnyArray, IntArray]:
    own = slice(bounds[first], bounds[last])
    return geometries[own], owner[own]


def _in_pairs(parts: AnyArray, owner: IntArray) -> tuple[AnyArray, IntArray]:
    """Return the lines of each owner, two that meet at an end joined into one: half as many strips to unite."""
    if not len(parts):
        return parts, owner
    every = shapely.get_coordinates(parts)
    last = np.cumsum(shapely.get_num_coordinates(parts)) - 1
    ends = np.concatenate([every[np.r_[0, last[:-1] + 1]], every[last]])
    line, is_last = np.tile(np.arange(len(parts)), 2), np.repeat([False, True], len(parts))
    order = np.lexsort((line, ends[:, 1], ends[:, 0], owner[line]))
    one, other = order[:-1], order[1:]
    meet = (
        (owner[line[one]] == owner[line[other]]) & (ends[one] == ends[other]).all(axis=1) & (line[one] != line[other])
    )
    partner = np.full(len(parts), -1)
    turn = np.zeros(len(parts), dtype=np.bool_)
    for spot in np.flatnonzero(meet).tolist():
        first, second = line[one[spot]], line[other[spot]]
        if partner[first] < 0 and partner[second] < 0:
            partner[first], partner[second] = second, first
            # the first line ends, and the second begins, where they meet
            turn[first], turn[second] = not is_last[one[spot]], is_last[other[spot]]
    leads = (partner < 0) | (partner > np.arange(len(parts)))
    turned = np.where(turn, shapely.reverse(parts), parts)
    followed = np.flatnonzero(leads & (partner >= 0))
    points, at = shapely.get_coordinates(
        np.concatenate([turned[followed], turned[partner[followed]]]), return_index=True
    )
    by_pair = np.argsort(at % max(1, len(followed)), kind="stable")
    joined = parts.copy()
    joined[followed] = shapely.linestrings(points[by_pair], indices=(at % max(1, len(followed)))[by_pair])
    return joined[leads], owner[leads]


def _one_side(graph: Graph, edges: IntArray) -> IntArray:
    """Return the edges, the left pavement for the right one of the same street."""
    twin = graph.twin[edges]
    return np.where((twin >= 0) & (twin < edges), twin, edges)


def reached(graph: Graph, schools: Snapped, *, radius: float) -> tuple[IntArray, AnyArray, IntArray]:
    """Return the reached parts of edges, cut at the exact distance.

    Where streets are one-way, they are those from which the school is reached.

    Returns
    -------
    whole
        Number of an edge that is reached from end to end, -1 for a part, int64 (k,).
    parts
        The parts as lines, in order.
    owner
        School of each, int64 (k,).
    """
    begin_at = starts(graph, schools)
    by_metres = all((pace == 1.0).all() for pace in graph.paces)
    counts, edge, begin, end = (_by_metres if by_metres else _by_cost)(graph, begin_at, float(radius))
    cut_off = (begin > 0.0) | (end < graph.edge_length[edge])
    points, offsets = cut(graph.vertices, graph.measures, graph.offsets, edge[cut_off], begin[cut_off], end[cut_off])
    numbers = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    parts = np.asarray(shapely.linestrings(points, indices=numbers), dtype=object)
    return np.where(cut_off, -1, edge.astype(np.int64)), parts, np.repeat(np.arange(len(counts)), counts)


_Parts = tuple["IntArray", "AnyArray", "FloatArray", "FloatArray"]
"""How many parts each school reaches, their edges, and the metres at which they begin and end."""


def _by_metres(graph: Graph, begin_at: Starts, limit: float) -> _Parts:
    arcs, per_metre = graph.network.arcs, graph.network.buckets[1]
    memory = working_memory(graph, 0)
    found: _Parts = aside(lambda: reach_edges(arcs, begin_at, graph.edge_length, limit, per_metre, memory))
    return found


def _by_cost(graph: Graph, begin_at: Starts, limit: float) -> _Parts:
    """Do the same where a metre does not cost one, or not the same both ways."""
    known, parent = np.full(graph.nodes, np.inf), np.full(graph.nodes, -1, dtype=np.int32)
    found: list[tuple[AnyArray, ...]] = []
    for row in range(len(begin_at.edge)):
        own = int(begin_at.edge[row])
        if own < 0 or begin_at.access[row] > limit:
            found.append((np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)))
            continue
        first = np.array([begin_at.near[row], begin_at.far[row]], dtype=np.int32)
        first_cost = np.array([begin_at.near_metres[row], begin_at.far_metres[row]])
        touched = ways(*graph.network.arcs, first, first_cost, limit, known, parent)
        parts = [_around(graph, own, float(begin_at.position[row]), limit - float(begin_at.access[row]))]
        parts.append(_from_nodes(graph, touched, limit - known[touched]))
        known[touched], parent[touched] = np.inf, -1
        found.append(tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    counts = np.array([len(edge) for edge, _, _ in found], dtype=np.int64)
    edges, begin, end = (np.concatenate([part[i] for part in found] or [np.empty(0)]) for i in range(3))
    return counts, edges.astype(np.int32), begin, end


def _around(graph: Graph, edge: int, position: float, left: float) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return what is reached of the school's own edge, along it from both sides."""
    ahead, behind = (pace[edge] for pace in graph.paces)
    begin = position - (left / ahead if np.isfinite(ahead) else 0.0)
    end = position + (left / behind if np.isfinite(behind) else 0.0)
    length = float(graph.edge_length[edge])
    return np.array([edge]), np.array([max(0.0, begin)]), np.array([min(length, end)])


def _from_nodes(graph: Graph, nodes: AnyArray, left: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return what is reached of the edges at some nodes, with so much left to spend at each."""
    arcs = graph.network.arcs
    count = arcs.indptr[nodes + 1] - arcs.indptr[nodes]
    at = np.repeat(np.arange(len(nodes)), count)
    arc = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(arcs.indptr[nodes], count)
    edge, far_end = (arcs.code[arc] >> 1).astype(np.int64), (arcs.code[arc] & 1) == 1
    ahead, behind = graph.paces
    length = graph.edge_length[edge]
    far = np.minimum(length, left[at] / np.where(far_end, ahead[edge], behind[edge]))
    begin, end = np.where(far_end, length - far, 0.0), np.where(far_end, length, far)
    # both parts of an edge that meet are one whole
    number = np.unique(edge, return_inverse=True)[1]
    both = np.bincount(number, weights=far)[number] >= length
    begin, end = np.where(both, 0.0, begin), np.where(both, length, end)
    first = np.unique(edge * 2 + np.where(both, 0, far_end), return_index=True)[1]
    return edge[first], begin[first], end[first]


def _access_legs(graph: Graph, schools: Snapped, radius: float) -> tuple[AnyArray, IntArray]:
    """Return the straight ways from the schools to their streets, cut at the radius."""
    owner = np.flatnonzero(schools.edge >= 0)
    place = np.column_stack([schools.x[owner], schools.y[owner]])
    lines = graph.lines[schools.edge[owner]]
    along = schools.position[owner] / np.maximum(graph.edge_length[schools.edge[owner]], 1e-300)
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines, along, normalized=True))
    share = np.minimum(1.0, radius / graph.access_pace / np.maximum(schools.access[owner], 1e-9))
    legs = np.stack([place, place + share[:, None] * (foot - place)], axis=1)
    return np.asarray(shapely.linestrings(legs), dtype=object), owner
