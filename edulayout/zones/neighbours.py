"""Which blocks are neighbours: polygons that face each other, cells of points; never across a barrier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from edulayout.crs import require_metres, require_same
from edulayout.errors import Fault, InputError
from edulayout.zones.cells import cells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edulayout.typing import AnyArray, BoolArray, IntArray

_CONTACT = 0.05
"""Metres: what shared borders of drawn polygons may miss each other by, and half the width a barrier line is given."""


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Which blocks are neighbours, symmetric, in CSR arrays sorted within a row.

    Parameters
    ----------
    indptr, indices
        Neighbours of block v: `indices[indptr[v]:indptr[v + 1]]`, int64.
    demand_ids
        The blocks, sorted by id.
    cut
        Pairs that lie side by side with a barrier between them.
    linked
        Pairs that are neighbours by a link or a bridge.

    Examples
    --------
    >>> row = Adjacency.from_pairs([("a", "b"), ("b", "c")], demand_ids=["a", "b", "c", "d"])
    >>> row
    Adjacency(4 blocks, 2 pairs, 2 parts, 0 cut by barriers, 0 linked)
    >>> row.neighbours("b")
    ('a', 'c')
    """

    indptr: IntArray
    indices: IntArray
    demand_ids: pd.Index[str]
    cut: tuple[tuple[str, str], ...] = ()
    linked: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_pairs(
        cls,
        pairs: Iterable[tuple[str, str]],
        *,
        demand_ids: Iterable[str],
        cut: Iterable[tuple[str, str]] = (),
        linked: Iterable[tuple[str, str]] = (),
    ) -> Adjacency:
        """Make an adjacency from pairs of ids, each given once or in both directions.

        Raises
        ------
        InputError
            Where an id is not among the blocks, or stands twice among them.
        """
        ids = pd.Index([str(name) for name in demand_ids], dtype=str, name="demand_id").sort_values()
        ends = np.array([(str(a), str(b)) for a, b in pairs], dtype=object).reshape(-1, 2)
        _check_ends(ends, ids)
        first, second = (ids.get_indexer(pd.Index(ends[:, side])) for side in (0, 1))
        indptr, indices = _symmetric(first, second, len(ids))
        return cls(indptr, indices, ids, tuple(sorted(cut)), tuple(sorted(linked)))

    @property
    def matrix(self) -> csr_array:
        """The same as a sparse matrix of ones."""
        size = len(self.demand_ids)
        return csr_array((np.ones(len(self.indices), dtype=np.int8), self.indices, self.indptr), shape=(size, size))

    @property
    def parts(self) -> pd.Series[int]:
        """The connected part that each block belongs to, the largest numbered 0; blocks without neighbours too."""
        count, label = connected_components(self.matrix, directed=False)
        sizes = np.bincount(label, minlength=count)
        rank = np.empty(count, dtype=np.int64)
        rank[np.argsort(-sizes, kind="stable")] = np.arange(count)
        return pd.Series(rank[label], index=self.demand_ids, name="part")

    def neighbours(self, demand_id: str) -> tuple[str, ...]:
        """Return the neighbours of a block, sorted."""
        row = int(self.demand_ids.get_indexer(pd.Index([demand_id]))[0])
        if row < 0:
            raise KeyError(demand_id)
        return tuple(self.demand_ids[self.indices[self.indptr[row] : self.indptr[row + 1]]])

    def __repr__(self) -> str:
        parts = int(self.parts.max()) + 1 if len(self.demand_ids) else 0
        cut, linked = f"{len(self.cut)} cut by barriers", f"{len(self.linked)} linked"
        return (
            f"Adjacency({len(self.demand_ids)} blocks, {len(self.indices) // 2} pairs, {parts} parts, {cut}, {linked})"
        )


def adjacency(
    demand: gpd.GeoDataFrame,
    *,
    districts: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    gap_metres: float = 30.0,
    links: Iterable[tuple[str, str]] = (),
    bridges: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    streets: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
) -> Adjacency:
    """Tell which blocks are neighbours, so that a zone can be contiguous.

    Parameters
    ----------
    demand
        Polygons or points by `demand_id`, in metres. Points get Voronoi cells.
    districts
        Polygons that the cells of points end at; a cell belongs to the district of its point. Without them the cells
        end at the convex hull of the points, widened by the gap. Not used for polygons.
    barriers
        Rivers, railways, motorways: polygons or lines, in any CRS that can be brought into that of `demand`.
    gap_metres
        Widest street between two neighbours. Blocks that meet only at a corner, or diagonally over a crossing, are
        no neighbours: what one shows to the other must be longer than the street is wide, twice.
    links
        Pairs of ids that are neighbours whatever lies between them.
    bridges
        Lines; the blocks nearest to the two ends of each are neighbours.
    streets
        Lines; where they cross a barrier from side to side, they are bridges. A street that ends over the water is
        none; one under a railway is one.

    Returns
    -------
    Adjacency
        With the pairs that a barrier cut. O(n log n) for blocks of bounded size.

    Raises
    ------
    CrsError
        Where the coordinates are not metres.
    InputError
        Where a link names an unknown block, or the gap is no number ≥ 0.

    Notes
    -----
    A barrier cuts a pair where no way between the two, within the gap of both, is free of it: a railway along their
    street does, one that ends half way along it does not.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> squares = [shapely.box(0, 0, 90, 100), shapely.box(110, 0, 200, 100), shapely.box(220, 0, 300, 100)]
    >>> blocks = gpd.GeoDataFrame(geometry=squares, index=["a", "b", "c"], crs="EPSG:4544")
    >>> river = gpd.GeoSeries([shapely.LineString([(210, -50), (210, 150)])], crs="EPSG:4544")
    >>> cut = adjacency(blocks, barriers=river)
    >>> cut.neighbours("b"), cut.cut
    (('a',), (('b', 'c'),))
    >>> adjacency(blocks, barriers=river, links=[("b", "c")]).neighbours("b")
    ('a', 'c')
    """
    crs = require_metres(demand, source="demand")
    if not (np.isfinite(gap_metres) and gap_metres >= 0):
        fault = Fault("adjacency", f"gap_metres = {gap_metres!r}", "a finite number ≥ 0", "give metres")
        raise InputError(fault)
    ordered = demand.set_index(demand.index.astype(str)).sort_index()
    shapes, gap = _shapes(ordered, districts, gap_metres)
    first, second, shared = _facing(shapes, gap)
    walls = None if barriers is None else barriers.geometry.to_crs(crs)
    free = _uncut(shapes, first, second, shared, walls)
    names = ordered.index.to_numpy(dtype=object)
    crossing = None if walls is None or streets is None else _crossing(streets.geometry.to_crs(crs), walls, gap)
    added = sorted({*_named(links), *_over_bridges(ordered, bridges), *_over_bridges(ordered, crossing)})
    pairs = [*zip(names[first[free]], names[second[free]], strict=True), *added]
    lost = zip(names[first[~free]], names[second[~free]], strict=True)
    return Adjacency.from_pairs(pairs, demand_ids=names, cut=lost, linked=added)


def _shapes(demand: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None, gap: float) -> tuple[AnyArray, float]:
    """Return a polygon for every block, and how far neighbours may be apart."""
    shapes = np.asarray(demand.geometry)
    if (shapely.get_dimensions(shapes) == 2).all():  # noqa: PLR2004 - areas
        return shapes, max(gap, _CONTACT)
    if districts is not None:
        require_same(demand, districts, source="demand and districts")
    return np.asarray(cells(demand, districts=districts, margin_metres=gap)), _CONTACT


def _facing(shapes: AnyArray, gap: float) -> tuple[IntArray, IntArray, AnyArray]:
    """Return the pairs that face each other over at most the gap, and the strip between and along the two."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap)
    once = first < second
    order = np.lexsort((second[once], first[once]))
    first, second = first[once][order], second[once][order]
    wide = shapely.buffer(shapes, gap, quad_segs=4)
    shown = [
        shapely.length(shapely.intersection(shapely.boundary(shapes[one]), wide[other]))
        for one, other in ((first, second), (second, first))
    ]
    around = shapely.length(shapes)
    needed = np.minimum(2.001 * gap, np.minimum(around[first], around[second]) / 3)
    same = shapely.equals(shapes[first], shapes[second])
    kept = (np.minimum(*shown) > needed) | same
    first, second = first[kept].astype(np.int64), second[kept].astype(np.int64)
    return first, second, wide


def _uncut(
    shapes: AnyArray, first: IntArray, second: IntArray, wide: AnyArray, walls: gpd.GeoSeries | None
) -> BoolArray:
    """Return which pairs have a way to each other that no barrier crosses."""
    free: BoolArray = np.ones(len(first), dtype=np.bool_)
    if walls is None or not len(walls):
        return free
    # A line has no width, so that cutting it out of an area would cut nothing.
    thick = shapely.buffer(np.asarray(walls), _CONTACT / 4, cap_style="flat")
    strips = shapely.intersection(wide[first], wide[second])
    pair, wall = shapely.STRtree(thick).query(strips, predicate="intersects")[:2]
    for number in np.unique(pair):
        rest = shapely.difference(strips[number], shapely.union_all(thick[wall[pair == number]]))
        free[number] = _joins(rest, shapes[first[number]], shapes[second[number]])
    return free


def _joins(rest: AnyArray, one: AnyArray, other: AnyArray) -> bool:
    pieces = shapely.get_parts(rest)
    touching = shapely.intersects(pieces, one) & shapely.intersects(pieces, other)
    return bool(touching.any())


def _crossing(streets: gpd.GeoSeries, walls: gpd.GeoSeries, gap: float) -> gpd.GeoSeries:
    """Return the pieces of streets that lead over a barrier, from bank to bank."""
    wall, lines = shapely.union_all(np.asarray(walls)), np.asarray(streets)
    over = lines[np.sort(shapely.STRtree(lines).query(wall, predicate="intersects"))]
    merged = shapely.line_merge(shapely.union_all(over))
    pieces = shapely.get_parts(shapely.intersection(merged, shapely.buffer(wall, max(gap, 1.0))))
    pieces = pieces[(shapely.get_type_id(pieces) == shapely.GeometryType.LINESTRING)]
    dry = [shapely.distance(shapely.get_point(pieces, at), wall) > 0 for at in (0, -1)]
    return gpd.GeoSeries(pieces[shapely.intersects(pieces, wall) & dry[0] & dry[1]], crs=streets.crs)


def _over_bridges(demand: gpd.GeoDataFrame, bridges: gpd.GeoDataFrame | gpd.GeoSeries | None) -> list[tuple[str, str]]:
    """Return the blocks nearest to both ends of each bridge."""
    if bridges is None or not len(bridges):
        return []
    lines = np.asarray(bridges.geometry.to_crs(demand.crs))
    tree, names = shapely.STRtree(np.asarray(demand.geometry)), demand.index.to_numpy(dtype=object)
    ends = [shapely.get_point(shapely.get_geometry(shapely.line_merge(lines), 0), at) for at in (0, -1)]
    one, other = (names[tree.nearest(points)] for points in ends)
    return [(a, b) for a, b in zip(one, other, strict=True) if a != b]


def _named(links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(str(one), str(other)) for one, other in links]


def _check_ends(ends: AnyArray, ids: pd.Index[str]) -> None:
    unknown = (
        pd.unique(ends[ids.get_indexer(pd.Index(ends.ravel())).reshape(-1, 2) < 0]) if not ids.has_duplicates else ()
    )
    faults = []
    if ids.has_duplicates:
        rows = tuple(ids[ids.duplicated()])
        faults.append(Fault("adjacency", "ids that stand twice", "every block once", "renumber them", rows))
    if len(unknown):
        faults.append(
            Fault("adjacency", "links to unknown blocks", "ids of the demand table", "correct them", tuple(unknown))
        )
    if faults:
        raise InputError(*faults)


def _symmetric(first: AnyArray, second: AnyArray, size: int) -> tuple[IntArray, IntArray]:
    kept = first != second
    rows, columns = np.r_[first[kept], second[kept]], np.r_[second[kept], first[kept]]
    matrix = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size)).tocsr()
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
