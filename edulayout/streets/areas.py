"""Service areas along the streets: the reached parts of edges, widened, holes kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.kernels.dijkstra import cut, reach_edges
from edulayout.streets.query import starts, working_memory

if TYPE_CHECKING:
    from edulayout.streets.graph import Graph
    from edulayout.streets.snap import Snapped
    from edulayout.typing import AnyArray, IntArray

BUFFER_METRES = 30.0
"""Half the width of a reached street's strip: what a row of houses along it takes up."""
_CORNER_SEGMENTS = 4


def areas(graph: Graph, schools: Snapped, *, radius: float) -> AnyArray:
    """Return for each school the polygon around the streets reached within the radius; empty where none.

    O(reached · log reached).
    """
    whole, part, owner = reached(graph, schools, radius=radius)
    legs, leg_owner = _access_legs(graph, schools, radius)
    # an edge that many schools reach is widened once; widening first and uniting then is several times faster
    # than widening all streets of a school together, and gives the same polygon
    edges, number = np.unique(whole[whole >= 0], return_inverse=True)
    strips = np.concatenate([_widened(graph.lines[edges])[number], _widened(part), _widened(legs)])
    every = np.concatenate([owner[whole >= 0], owner[whole < 0], leg_owner])
    order = np.argsort(every, kind="stable")
    bounds = np.searchsorted(every[order], np.arange(len(schools.edge) + 1))
    result = np.empty(len(schools.edge), dtype=object)
    for school in range(len(result)):
        result[school] = shapely.union_all(strips[order[bounds[school] : bounds[school + 1]]])
    result[shapely.is_empty(result)] = shapely.Polygon()
    return result


def _widened(lines: AnyArray) -> AnyArray:
    return np.asarray(shapely.buffer(lines, BUFFER_METRES, quad_segs=_CORNER_SEGMENTS), dtype=object)


def reached(graph: Graph, schools: Snapped, *, radius: float) -> tuple[IntArray, AnyArray, IntArray]:
    """Return the reached parts of edges, cut at the exact distance.

    Returns
    -------
    whole
        Number of an edge that is reached from end to end, -1 for a part, int64 (k,).
    parts
        The parts as lines, in order.
    owner
        School of each, int64 (k,).
    """
    counts, edge, begin, end = reach_edges(
        graph.arcs,
        starts(graph, schools),
        graph.edge_length,
        graph.edge_from,
        graph.edge_to,
        0,
        len(schools.edge),
        float(radius),
        graph.buckets[1],
        working_memory(graph, 0),
    )
    cut_off = (begin > 0.0) | (end < graph.edge_length[edge])
    points, offsets = cut(graph.vertices, graph.measures, graph.offsets, edge[cut_off], begin[cut_off], end[cut_off])
    numbers = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    parts = np.asarray(shapely.linestrings(points, indices=numbers), dtype=object)
    return np.where(cut_off, -1, edge.astype(np.int64)), parts, np.repeat(np.arange(len(counts)), counts)


def _access_legs(graph: Graph, schools: Snapped, radius: float) -> tuple[AnyArray, IntArray]:
    """Return the straight ways from the schools to their streets, cut at the radius."""
    owner = np.flatnonzero(schools.edge >= 0)
    place = np.column_stack([schools.x[owner], schools.y[owner]])
    lines = graph.lines[schools.edge[owner]]
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines, schools.position[owner]))
    share = np.minimum(1.0, radius / np.maximum(schools.access[owner], 1e-9))
    legs = np.stack([place, place + share[:, None] * (foot - place)], axis=1)
    return np.asarray(shapely.linestrings(legs), dtype=object), owner
