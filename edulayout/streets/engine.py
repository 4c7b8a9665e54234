"""The streets of a city, as an engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.streets import areas, files, nearest, paths, query, safe
from edulayout.streets.made import MIN_COMPONENT_METRES, SNAP_LIMIT_METRES, Made
from edulayout.streets.snap import Barriers, Snapped, snap, street_grid
from edulayout.streets.strips import Strips
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from edulayout.kernels.snapping import Grid
    from edulayout.streets.safe import How
    from edulayout.typing import CostArrays, Progress, Unit

__all__ = ["MIN_COMPONENT_METRES", "SNAP_LIMIT_METRES", "Streets"]


@dataclass(frozen=True, eq=False)
class Streets(Made):
    """A street network on which distances are measured; an engine.

    A distance is what a pupil travels from door to door: straight from the place to the nearest point on a street,
    along the streets, and straight to the school. It is never less than the straight line, and the same point
    costs nothing. Places farther from any street than the snap limit have no pairs: they are listed with a snap
    distance of NaN, never moved. Where streets are one-way, a cost is that of the way from demand to school.

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
    travel
        Who travels, and the unit of the costs; in minutes, the way to the street is walked.
    crossings
        Marked crossings and signals, float64 (k, 2): where `avoiding` lets children cross.

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

    @property
    def name(self) -> str:
        """`streets`."""
        return "streets"

    @property
    def unit(self) -> Unit:
        """`metres` or `minutes`."""
        return self.travel.unit

    @property
    def mode(self) -> str:
        """`walk`, `bike` or `drive`."""
        return self.travel.mode

    def __repr__(self) -> str:
        graph = self.graph
        kilometres = graph.edge_length.sum() / 1000
        return f"Streets({graph.nodes} nodes, {graph.edges} edges, {kilometres:.1f} km, {crs_module.label(self.crs)})"

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

    def with_crossings(self, points: gpd.GeoSeries | gpd.GeoDataFrame | None) -> Streets:
        """Return these streets with other marked crossings, where `avoiding` lets children cross.

        Raises
        ------
        CrsError
            Where the points have no CRS.
        """
        if points is None:
            return replace(self, crossings=np.empty((0, 2)))
        own = crs_module.to_crs(points.geometry, self.crs, source="crossings")
        own = own[~(own.isna() | own.is_empty)]
        return replace(self, crossings=shapely.get_coordinates(shapely.centroid(own.to_numpy())))

    def avoiding(
        self,
        classes: Sequence[str],
        *,
        how: How = "crossings",
        extra_metres: float = 0.0,
        along: bool = True,
        signals_between: Sequence[str] = (),
        lines: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    ) -> Streets:
        """Return the streets as small children may use them: without crossing certain classes just anywhere.

        A street of these classes becomes two pavements, one on either side. A child walks along either, turns into
        the side streets of that side, and passes to the other side only where the rule lets it. A place on such a
        street stands on its own side of it. Bridges and tunnels over or under it are no crossing.

        Parameters
        ----------
        classes
            Classes of streets that are not crossed, such as `trunk`, `primary`, `secondary`.
        how
            `forbidden`: nowhere. `crossings`: at marked crossings only (`crossings`, see `with_crossings`), each at
            `extra_metres`. `anywhere`: at every junction, each street crossed at `extra_metres`.
        extra_metres
            What a crossing costs beyond the way, in metres (in minutes at the pace of the access).
        along
            Whether the pavement of such a street may be walked; if not, these streets are closed.
        signals_between
            Classes that have signals where they meet each other: such a junction is a marked crossing, too.
        lines
            Railways: a street that meets one is cut there, and joined again as by `how`. Level is not known here:
            give the places of bridges and underpasses as crossings, or leave the line out there.

        Returns
        -------
        Streets
            New streets; lengths stay those of the centre lines. `summary()` tells the crossings found.

        Raises
        ------
        InputError
            Where a class is not among these streets', the streets are one-way, or the cost is no number ≥ 0.

        Notes
        -----
        Chinese codes speak of crossing: pupils of primary age "must not cross town arterials, highways, railways"
        (GB 50099-2011 cl. 4.1, and GBJ 99-86 before it; status secondary: not read in the original). Walking along
        the pavement is therefore allowed by default. O(edges log edges).

        Examples
        --------
        A main road; the home stands north of it, the school south, a crossing 300 m east of both:

        >>> import geopandas as gpd, edulayout as el
        >>> from shapely import LineString, Point
        >>> road = gpd.GeoDataFrame({"kind": ["primary"]}, geometry=[LineString([(-500, 0), (600, 0)])],
        ...                         crs="EPSG:4544")
        >>> streets = el.Streets.from_lines(road, class_column="kind")
        >>> streets = streets.with_crossings(gpd.GeoSeries([Point(400, 0)], crs="EPSG:4544"))
        >>> home, school = (gpd.GeoDataFrame(geometry=[p], index=["a"], crs="EPSG:4544")
        ...                 for p in (Point(100, 10), Point(100, -10)))
        >>> el.travel_costs(home, school, engine=streets).values.tolist()
        [20.0]
        >>> el.travel_costs(home, school, engine=streets.avoiding(["primary"])).values.tolist()
        [620.0]
        """
        rule = safe.Rule(tuple(classes), how, float(extra_metres), along, tuple(signals_between))
        made = safe.avoiding(self, rule, lines=lines)
        avoiding = replace(self, graph=made.graph, classes=made.classes, barriers=made.barriers)
        return avoiding.with_set_aside(made.counts)

    def with_set_aside(self, counts: Mapping[str, float]) -> Streets:
        """Return these streets with more counts of what was left out."""
        return replace(self, set_aside=MappingProxyType({**self.set_aside, **counts}))

    @cached_property
    def _strips(self) -> Strips:
        return Strips(self.graph.lines)

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

    def nearest(
        self,
        demand: gpd.GeoSeries,
        schools: gpd.GeoSeries,
        *,
        k: int,
        cutoff: float | None = None,
        progress: Progress = quiet,
    ) -> CostArrays:
        """Return the k nearest schools of every place, ties to the lower id: the same pairs as `costs` gives.

        One sweep of the streets from all schools at once, O(k · streets + places).
        """
        ranks = query.ranks(schools)
        both = self._snapped(demand, "demand"), self._snapped(schools, "schools")
        return nearest.nearest(self.graph, *both, k=k, rank=ranks, cutoff=cutoff, progress=progress)

    def areas(self, schools: gpd.GeoSeries, *, radius: float) -> gpd.GeoSeries:
        """Return for each school the polygon around the streets that are reached within the radius.

        Edges are cut at the exact distance, the way from the school to its street included, and widened by 30 m
        to either side; holes are kept. A school without a street has an empty polygon.
        """
        polygons = areas.areas(self.graph, self._snapped(schools, "schools"), radius=radius, strips=self._strips)
        own = gpd.GeoSeries(polygons, index=schools.index, crs=self.crs)
        return own if schools.crs == self.crs else own.to_crs(schools.crs)

    def paths(
        self,
        demand: gpd.GeoSeries | gpd.GeoDataFrame,
        schools: gpd.GeoSeries | gpd.GeoDataFrame,
        *,
        pairs: Sequence[tuple[str, str]] | None = None,
    ) -> gpd.GeoDataFrame:
        """Return the ways from demand to schools as lines, the access legs included.

        Parameters
        ----------
        demand, schools
            Points (or polygons, by a point inside), indexed by id.
        pairs
            Which (demand id, school id); by default from every place to its nearest school, the lower id where
            two are as near.

        Returns
        -------
        geopandas.GeoDataFrame
            `demand_id`, `school_id`, `cost` in the unit of these streets, `metres`, and the LineString; pairs without
            a way are left out. The line is as long as its `metres`; where costs are metres, they are the cost, but for
            what a crossing costs (see `avoiding`).

        Raises
        ------
        InputError
            Where an id of a pair is not there.

        Notes
        -----
        O(reached · log reached) for a school that is asked for.

        Examples
        --------
        >>> import geopandas as gpd, edulayout as el
        >>> from shapely import LineString, Point
        >>> street = gpd.GeoSeries([LineString([(0, 0), (300, 0), (300, 400)])], crs="EPSG:4544")
        >>> home = gpd.GeoSeries([Point(0, 10)], index=["a"], crs="EPSG:4544")
        >>> school = gpd.GeoSeries([Point(290, 400)], index=["s"], crs="EPSG:4544")
        >>> way = el.Streets.from_lines(street).paths(home, school)
        >>> way.metres.item(), way.geometry.item().wkt
        (720.0, 'LINESTRING (0 10, 0 0, 300 0, 300 400, 290 400)')
        """
        return paths.paths(self, demand.geometry, schools.geometry, pairs=pairs, snapped=self._snapped)

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
        whole = (graph.twin < 0) | (graph.twin > np.arange(graph.edges))
        total, walked = float(graph.edge_length[whole].sum()), float(graph.edge_length.sum())
        return {
            "nodes": graph.nodes,
            "edges": graph.edges,
            "kilometres": round(total / 1000, 3),
            "components": len(graph.component_metres),
            "share_in_largest": round(float(graph.component_metres[0]) / walked, 6) if walked else 0.0,
            **self.set_aside,
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one `.npz` file, without pickle."""
        files.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Streets:
        """Read streets that `save` wrote.

        Raises
        ------
        InputError
            Where the file holds none, or those of another version.
        """
        return cls(**files.load(path))
