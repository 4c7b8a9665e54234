"""The streets of a city, as an engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.streets import areas, query
from edulayout.streets.build import build
from edulayout.streets.graph import Graph
from edulayout.streets.lines import from_lines
from edulayout.streets.snap import Barriers, Snapped, snap, street_grid
from edulayout.typing import quiet
from edulayout.writing import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from edulayout.kernels.snapping import Grid
    from edulayout.streets.build import Fragments, Lines
    from edulayout.typing import CostArrays, Progress, Unit

MIN_COMPONENT_METRES = 500.0
"""Connected parts with less street than this are left out when streets are made: a path in a park that touches
nothing would swallow the places next to it."""
SNAP_LIMIT_METRES = 300.0
TOLERANCE_METRES = 0.1
_FORMAT = "edulayout streets 1"


@dataclass(frozen=True, eq=False)
class Streets:
    """A street network on which walking distances are measured; an engine.

    A distance is what a pupil walks from door to door: straight from the place to the nearest point on a street,
    along the streets, and straight to the school. It is never less than the straight line, and the same point
    costs nothing. Places farther from any street than the snap limit have no pairs: they are listed with a snap
    distance of NaN, never moved.

    Parameters
    ----------
    graph
        Nodes, edges and their courses.
    crs
        A projected CRS in metres; lengths are measured in it.
    classes
        Names of the edge classes.
    snap_limit_metres
        How far a place may lie from its street.
    barriers
        What the straight way to the street must not cross.
    set_aside
        What was left out when the streets were made, counted.

    Examples
    --------
    >>> import geopandas as gpd, edulayout as el
    >>> from shapely import LineString, Point
    >>> street = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (1000, 0)])], crs="EPSG:4544")
    >>> streets = el.Streets.from_lines(street)
    >>> homes = gpd.GeoDataFrame(geometry=[Point(100, 20), Point(500, 400)], index=["a", "b"], crs="EPSG:4544")
    >>> school = gpd.GeoDataFrame(geometry=[Point(400, -5)], index=["s"], crs="EPSG:4544")
    >>> costs = el.travel_costs(homes, school, engine=streets)
    >>> costs.to_series().tolist(), costs.demand_snap.tolist()
    ([325.0], [20.0, nan])
    """

    graph: Graph
    crs: pyproj.CRS
    classes: tuple[str, ...] = ("",)
    snap_limit_metres: float = SNAP_LIMIT_METRES
    barriers: Barriers = field(default_factory=lambda: Barriers(np.empty(0, dtype=object)))
    set_aside: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """`streets`."""
        return "streets"

    @property
    def unit(self) -> Unit:
        """`metres`."""
        return "metres"

    def __repr__(self) -> str:
        graph = self.graph
        kilometres = graph.edge_length.sum() / 1000
        return f"Streets({graph.nodes} nodes, {graph.edges} edges, {kilometres:.1f} km, {crs_module.label(self.crs)})"

    @classmethod
    def from_lines(
        cls,
        lines: gpd.GeoDataFrame | gpd.GeoSeries,
        *,
        class_column: str | None = None,
        level_column: str | None = None,
        split_at_crossings: bool = False,
        tolerance_metres: float = TOLERANCE_METRES,
        min_component_metres: float = MIN_COMPONENT_METRES,
        snap_limit_metres: float = SNAP_LIMIT_METRES,
    ) -> Streets:
        """Make streets from lines in a CRS in metres.

        Parameters
        ----------
        lines
            LineStrings or MultiLineStrings.
        class_column
            What kind of street a line is; kept on the edges.
        level_column
            Whole numbers, 0 on the ground: lines that pass each other on different levels do not meet.
        split_at_crossings
            Lines of one level also meet where they cross without a common vertex.
        tolerance_metres
            Vertices this close are the same point.
        min_component_metres
            Connected parts with less street are left out and counted; the longest one never is.
        snap_limit_metres
            How far a place may lie from its street.

        Raises
        ------
        CrsError
            Where the CRS is missing or not in metres.
        InputError
            Where there are no lines, or something that is not a line.
        """
        crs = crs_module.require_metres(lines, source="streets")
        table = _line_parts(lines)
        codes, names = pd.factorize(_column(table, class_column, "").astype(str), sort=True)
        levels = _column(table, level_column, 0).to_numpy(dtype=np.int32)
        flat = from_lines(
            table.geometry.to_numpy(),
            codes.astype(np.int32),
            levels,
            tolerance=tolerance_metres,
            cross=split_at_crossings,
        )
        made = cls.from_arrays(flat, crs=crs, classes=tuple(names), min_component_metres=min_component_metres)
        return made.with_snap_limit(snap_limit_metres)

    @classmethod
    def from_arrays(
        cls, lines: Lines, *, crs: pyproj.CRS, classes: tuple[str, ...], min_component_metres: float
    ) -> Streets:
        """Make streets from flat arrays of lines."""
        graph, lost = build(lines, min_component_metres=min_component_metres)
        return cls(graph, crs, classes, set_aside=MappingProxyType(_fragment_counts(lost)))

    def with_snap_limit(self, metres: float) -> Streets:
        """Return these streets with another snap limit.

        Raises
        ------
        InputError
            Where the limit is negative or not finite.
        """
        if not (np.isfinite(metres) and metres >= 0):
            raise InputError(
                Fault("snap_limit_metres", repr(metres), "a finite number of metres ≥ 0", "give such a limit")
            )
        return replace(self, snap_limit_metres=float(metres))

    def with_barriers(self, barriers: gpd.GeoSeries | gpd.GeoDataFrame | None) -> Streets:
        """Return these streets with barriers (river, railway; areas or lines) that no way to a street may cross.

        Barriers in another CRS are projected. Those given before are replaced.

        Raises
        ------
        InputError
            Where a barrier is a point.
        CrsError
            Where the barriers have no CRS.
        """
        if barriers is None:
            return replace(self, barriers=Barriers(np.empty(0, dtype=object)))
        own = crs_module.to_crs(barriers.geometry, self.crs, source="barriers")
        own = own[~(own.isna() | own.is_empty)]
        points = shapely.get_dimensions(own.to_numpy()) < 1
        if points.any():
            rows = tuple(own.index[points].astype(str))
            raise InputError(Fault("barriers", "points", "areas or lines", "leave the points out", rows))
        return replace(self, barriers=Barriers(own.to_numpy()))

    def with_set_aside(self, counts: Mapping[str, float]) -> Streets:
        """Return these streets with more counts of what was left out."""
        return replace(self, set_aside=MappingProxyType({**self.set_aside, **counts}))

    @cached_property
    def _grid(self) -> Grid:
        return street_grid(self.graph)

    def _snapped(self, places: gpd.GeoSeries, source: str) -> Snapped:
        crs_module.require(places, source=source)
        if places.crs != self.crs:
            places = crs_module.to_crs(places, self.crs, source=source)
        return snap(places, self.graph, self._grid, barriers=self.barriers, limit=self.snap_limit_metres)

    def costs(
        self,
        demand: gpd.GeoSeries,
        schools: gpd.GeoSeries,
        *,
        cutoff: float | None = None,
        progress: Progress = quiet,
    ) -> CostArrays:
        """Return the walking metres of all pairs within the cutoff, all reachable ones where it is None.

        The cutoff is compared with a cost as it is stored, in float32. Complexity O(streets and pairs reached).
        """
        from_schools = self._snapped(schools, "schools")
        return query.costs(self.graph, self._snapped(demand, "demand"), from_schools, cutoff=cutoff, progress=progress)

    def areas(self, schools: gpd.GeoSeries, *, radius: float) -> gpd.GeoSeries:
        """Return for each school the polygon around the streets that are reached within the radius.

        Edges are cut at the exact distance, the way from the school to its street included, and widened by 30 m
        to either side; holes are kept. A school without a street has an empty polygon.
        """
        polygons = areas.areas(self.graph, self._snapped(schools, "schools"), radius=radius)
        own = gpd.GeoSeries(polygons, index=schools.index, crs=self.crs)
        return own if schools.crs == self.crs else own.to_crs(schools.crs)

    def snap(self, places: gpd.GeoSeries) -> gpd.GeoDataFrame:
        """Return where places meet the streets: `edge` (-1: nowhere), `position_metres`, `snap_metres`, the way."""
        found = self._snapped(places, "places")
        feet = shapely.line_interpolate_point(self.graph.lines[np.maximum(found.edge, 0)], found.position)
        ends = np.stack([np.column_stack([found.x, found.y]), shapely.get_coordinates(feet)], axis=1)
        ways = np.asarray(shapely.linestrings(ends), dtype=object)
        ways[found.edge < 0] = None
        columns = {"edge": found.edge, "position_metres": found.position, "snap_metres": found.access}
        return gpd.GeoDataFrame(columns, geometry=ways, index=places.index, crs=self.crs)

    def edges(self) -> gpd.GeoDataFrame:
        """Return the edges as lines with `street_class`, `metres` and `component` (0 is the longest)."""
        graph = self.graph
        names = np.array(self.classes, dtype=object)[graph.edge_class]
        columns = {
            "street_class": names,
            "metres": graph.edge_length,
            "component": graph.component[graph.edge_from],
        }
        return gpd.GeoDataFrame(columns, geometry=graph.lines, crs=self.crs)

    def summary(self) -> dict[str, float]:
        """Return the size of the network, its connected parts, and what was left out, for the manifest."""
        graph = self.graph
        total = float(graph.edge_length.sum())
        return {
            "nodes": graph.nodes,
            "edges": graph.edges,
            "kilometres": round(total / 1000, 3),
            "components": len(graph.component_metres),
            "share_in_largest": round(float(graph.component_metres[0]) / total, 6) if total else 0.0,
            **self.set_aside,
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one `.npz` file, without pickle."""
        content = {
            **self.graph.arrays(),
            "format": np.array(_FORMAT),
            "crs": np.array(self.crs.to_json()),
            "classes": np.array(self.classes, dtype=np.str_),
            "snap_limit_metres": np.array(self.snap_limit_metres),
            "barriers": np.array(shapely.to_wkt(self.barriers.geometries, rounding_precision=-1), dtype=np.str_),
            "set_aside_names": np.array(list(self.set_aside), dtype=np.str_),
            "set_aside_counts": np.array(list(self.set_aside.values()), dtype=np.float64),
        }
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Streets:
        """Read streets that `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            content = {name: stored[name] for name in stored.files}
        counts = zip(content["set_aside_names"].tolist(), content["set_aside_counts"].tolist(), strict=True)
        return cls(
            Graph.from_arrays(content),
            pyproj.CRS.from_json(str(content["crs"])),
            tuple(content["classes"].tolist()),
            float(content["snap_limit_metres"]),
            Barriers(shapely.from_wkt(content["barriers"].astype(object))),
            MappingProxyType(dict(counts)),
        )


def _fragment_counts(lost: Fragments) -> dict[str, float]:
    return {"fragments_left_out": lost.parts, "fragment_kilometres_left_out": round(lost.metres / 1000, 3)}


def _column(table: gpd.GeoDataFrame, name: str | None, default: object) -> pd.Series[str]:
    if name is None or name not in table:
        return pd.Series(default, index=table.index)
    filled: pd.Series[str] = table[name].fillna(default)
    return filled


def _line_parts(lines: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Return a table with one LineString of two or more points in each row."""
    table = lines if isinstance(lines, gpd.GeoDataFrame) else gpd.GeoDataFrame(geometry=lines)
    present = table[~(table.geometry.isna() | table.geometry.is_empty)].reset_index(drop=True)
    strange = ~present.geom_type.isin(["LineString", "LinearRing", "MultiLineString"])
    if strange.any() or present.empty:
        kinds = ", ".join(sorted(set(present.geom_type[strange]))) or "no lines at all"
        rows = tuple(present.index[strange].astype(str))
        raise InputError(Fault("streets", kinds, "LineStrings", "give the layer that holds the streets", rows))
    parts = present.explode(index_parts=False).reset_index(drop=True)
    return parts.set_geometry(shapely.force_2d(parts.geometry.to_numpy()), crs=table.crs)
