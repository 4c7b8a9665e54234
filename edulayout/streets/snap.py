"""From a place to the nearest point on a street, within a limit and never across a barrier."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from edulayout.kernels import aside
from edulayout.kernels.snapping import Grid, grid, nearest_segments

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.streets.graph import Graph
    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array

_CELL_LEAST_METRES = 25.0


class Snapped(NamedTuple):
    """Where places meet the streets: edge (-1 where none), metres along it, metres to it (NaN), the place itself."""

    edge: Int32Array
    position: FloatArray
    access: FloatArray
    x: FloatArray
    y: FloatArray


class Barriers:
    """What no way to the street may cross: rings of polygons, and lines."""

    def __init__(self, geometries: AnyArray) -> None:
        parts = shapely.get_parts(shapely.force_2d(geometries))
        self.areas: AnyArray = parts[shapely.get_dimensions(parts) == 2]  # noqa: PLR2004 - an area
        self.lines: AnyArray = parts[shapely.get_dimensions(parts) == 1]

    @property
    def geometries(self) -> AnyArray:
        """All barriers, areas first."""
        return np.concatenate([self.areas, self.lines])

    @cached_property
    def grid(self) -> Grid:
        """Their outlines as straight segments."""
        return grid(*_segments_of(np.concatenate([shapely.boundary(self.areas), self.lines])), cell_least=50.0)

    def hold(self, points: AnyArray) -> BoolArray:
        """Tell which points lie inside one of the areas, not only on its edge."""
        inside: BoolArray = np.zeros(len(points), dtype=np.bool_)
        if len(self.areas):
            inside[shapely.STRtree(self.areas).query(points, predicate="within")[0]] = True
        return inside


def _segments_of(lines: AnyArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    parts = shapely.get_parts(lines)
    points, line = shapely.get_coordinates(parts, return_index=True)
    start = np.flatnonzero(line[1:] == line[:-1])
    ends = np.hstack([points[start], points[start + 1]])
    return ends[:, 0].copy(), ends[:, 1].copy(), ends[:, 2].copy(), ends[:, 3].copy()


def street_grid(graph: Graph) -> Grid:
    """Return the street segments of a graph by grid cell."""
    start, vertices = graph.segment_start, graph.vertices
    ends = (vertices[start, 0], vertices[start, 1], vertices[start + 1, 0], vertices[start + 1, 1])
    return grid(*ends, cell_least=_CELL_LEAST_METRES)


def snap(places: gpd.GeoSeries, graph: Graph, streets: Grid, *, barriers: Barriers, limit: float) -> Snapped:
    """Find the nearest point on a street of every place; a place inside a barrier's area has none."""
    points = places.to_numpy()
    x, y = shapely.get_x(points), shapely.get_y(points)
    walls = barriers.grid
    segment, share, access = aside(lambda: nearest_segments(streets, walls, x, y, float(limit)))
    missing = (segment < 0) | barriers.hold(points)
    if not graph.edges:
        return Snapped(np.full(len(x), -1, dtype=np.int32), np.zeros(len(x)), np.full(len(x), np.nan), x, y)
    start = graph.segment_start[segment]
    begin, end = graph.measures[start], graph.measures[start + 1]
    position = np.where(share < 1.0, begin + share * (end - begin), end)
    own = _own_pavement(graph, graph.segment_edge[segment], start, x, y)
    if graph.directed and len(graph.reverse_arcs.code):
        own, position = _by_entering_edge(graph, own, position)
    edge = np.where(missing, -1, own).astype(np.int32)
    return Snapped(edge, np.where(missing, 0.0, position), np.where(missing, np.nan, access), x, y)


def _own_pavement(graph: Graph, edge: Int32Array, start: AnyArray, x: FloatArray, y: FloatArray) -> Int32Array:
    """Return the edges, the right pavement for a left one where the place lies on the right of the street."""
    a, b = graph.vertices[start], graph.vertices[start + 1]
    side = (b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])
    return np.where((side < 0) & (graph.twin[edge] >= 0), graph.twin[edge], edge)


def _by_entering_edge(graph: Graph, edge: Int32Array, position: FloatArray) -> tuple[Int32Array, FloatArray]:
    """Put places that stand at a junction on an edge that leads into it, where a search from there finds them."""
    length = graph.edge_length[edge]
    node = np.where(position == 0.0, graph.edge_from[edge], graph.edge_to[edge])
    arcs = graph.reverse_arcs
    moved = ((position == 0.0) | (position == length)) & (arcs.indptr[node + 1] > arcs.indptr[node])
    code = arcs.code[np.minimum(arcs.indptr[node], len(arcs.code) - 1)]
    entering = code >> 1
    at_end = np.where(code & 1, graph.edge_length[entering], 0.0)
    return np.where(moved, entering, edge).astype(np.int32), np.where(moved, at_end, position)
