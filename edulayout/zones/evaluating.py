"""Zones that exist, measured: load, way to the own school, shape, parts, overlaps, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout.costs import places
from edulayout.crs import require_metres, require_same
from edulayout.errors import Fault, InputError, TableError
from edulayout.fixedpoint import group_totals
from edulayout.tables.findings import Findings
from edulayout.tables.shapes import repaired
from edulayout.zones import question as ask
from edulayout.zones.outlines import assigned, hull_ratio, polsby_popper, polygons, reock

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.typing import AnyArray, FloatArray, IntArray
    from edulayout.zones.result import Zones

_BESIDE = 1.0
"""Metres by which a school may stand outside its zone: it stands on the border."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What zones are worth as they are.

    Parameters
    ----------
    table
        By `zone_id`: `schools` (ids joined by ";"), `blocks`, `pupils` (who live in the zone), `enrolment`, `seats`,
        `load_ratio` (enrolment, or pupils where there is none, over seats), `way_mean`, `way_max` (to the nearest own
        school, weighted by pupils, in the unit of the costs), `pupils_nearer_elsewhere`, `pupils_without_way`,
        `school_outside_metres` (0 where all own schools stand inside), `area_m2`, `polsby_popper`, `reock`,
        `hull_ratio`, `parts`, `holes`.
    overlaps
        `zone_a`, `zone_b`, `area_m2` of every pair that shares ground.
    gaps
        Ground within the study area that no zone holds, with `area_m2`.
    pupils, pupils_in_none, pupils_in_several
        All pupils; those in no zone; those in more than one, who are counted in the zone of the lowest id. The loads
        and `pupils_in_none` add up to `pupils`.
    notes
        What was repaired or assumed.
    """

    table: gpd.GeoDataFrame
    overlaps: pd.DataFrame
    gaps: gpd.GeoDataFrame
    pupils: float
    pupils_in_none: float
    pupils_in_several: float
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        over = int((self.table["load_ratio"] > 1).sum())
        shape = f"{len(self.overlaps)} overlaps, {len(self.gaps)} gaps"
        return f"Evaluation({len(self.table)} zones, {over} over capacity, {shape})"


def evaluate(  # noqa: PLR0913 - what is known of a zone differs; all but three are named
    zones: gpd.GeoDataFrame | pd.Series[str] | Zones,
    schools: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    pupils: pd.Series[float],
    own: pd.Series[str] | None = None,
    seats: pd.Series[float] | None = None,
    enrolment: pd.Series[float] | None = None,
    costs: TravelCosts | None = None,
    within: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    sliver_m2: float = 1.0,
    repair: bool = False,
) -> Evaluation:
    """Measure zones that exist.

    Parameters
    ----------
    zones
        Polygons by `zone_id`, or the school of every block by `demand_id` (a plan will do); its polygons are then
        dissolved, and `zone_id` is the `school_id`.
    schools, demand
        By `school_id` and `demand_id`; in metres, in one CRS.
    pupils
        Pupils (or residents, or dwellings) by `demand_id`.
    own
        The `zone_id` of every school, by `school_id`; missing for schools without a zone. Several schools may share
        one. By default, each school has the zone of its id.
    seats, enrolment
        By `school_id`, NaN where not known.
    costs
        Costs from demand to schools; without them the ways are left out.
    within
        The ground that zones should cover; by default what they enclose.
    sliver_m2
        Overlaps and gaps up to this area are digitising noise.
    repair
        Whether to make invalid polygons valid; noted. Otherwise they are refused.

    Raises
    ------
    TableError
        Where polygons are invalid.
    InputError
        Where ids or numbers do not fit.

    Notes
    -----
    A block counts where a point inside it lies. Shapes: `polsby_popper`, `reock`, `hull_ratio`.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd, shapely
    >>> parts = [shapely.box(0, 0, 200, 100), shapely.box(200, 0, 300, 100)]
    >>> zones = gpd.GeoDataFrame(geometry=parts, index=["east", "west"], crs="EPSG:4544")
    >>> places = gpd.GeoDataFrame(geometry=gpd.points_from_xy([50, 150, 250], [50, 50, 50]), index=["a", "b", "c"],
    ...                           crs="EPSG:4544")
    >>> sites = gpd.GeoDataFrame(geometry=gpd.points_from_xy([50, 250], [50, 50]), index=["s", "t"], crs="EPSG:4544")
    >>> found = evaluate(zones, sites, places, pupils=pd.Series([8.0, 8.0, 8.0], index=["a", "b", "c"]),
    ...                  own=pd.Series({"s": "east", "t": "west"}), seats=pd.Series({"s": 10.0, "t": 10.0}))
    >>> found.table["load_ratio"].tolist(), found
    ([1.6, 0.8], Evaluation(2 zones, 1 over capacity, 0 overlaps, 0 gaps))
    """
    require_metres(demand, source="demand")
    require_same(demand, schools, source="demand and schools")
    blocks = demand.set_index(demand.index.astype(str)).sort_index()
    shapes, notes = _polygons(zones, blocks, repair=repair)
    require_same(blocks, shapes, source="demand and zones")
    head = ask.numbers(pupils, blocks.index, "pupils")
    zone, several = _zone_of(zones, shapes, blocks)
    sites = schools.set_index(schools.index.astype(str)).sort_index()
    owner = _owner(own, sites.index, shapes.index)
    table = gpd.GeoDataFrame(
        {
            **_loads(zone, head, len(shapes)),
            **_capacity(owner, sites.index, shapes.index, seats, enrolment),
            **_ways(costs, blocks.index, sites.index, zone, owner, head, len(shapes)),
            **_form(np.asarray(shapes.geometry)),
            "school_outside_metres": _outside(sites, owner, np.asarray(shapes.geometry)),
        },
        geometry=np.asarray(shapes.geometry),
        index=shapes.index,
        crs=shapes.crs,
    )
    load = table["enrolment"] if enrolment is not None else table["pupils"]
    table["load_ratio"] = (load / table["seats"]).where(table["seats"] > 0)
    overlaps = _overlaps(shapes, sliver_m2)
    gaps = _gaps(shapes, within, sliver_m2)
    none, many = head[zone < 0].sum(), head[several].sum()
    return Evaluation(table, overlaps, gaps, float(head.sum()), float(none), float(many), notes)


def _polygons(
    zones: gpd.GeoDataFrame | pd.Series[str] | Zones, blocks: gpd.GeoDataFrame, *, repair: bool
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    if not isinstance(zones, gpd.GeoDataFrame):
        return polygons(assigned(zones), blocks).rename_axis("zone_id"), ()
    given = zones.set_index(zones.index.astype(str).rename("zone_id")).sort_index()
    _check_polygons(given)
    invalid = ~shapely.is_valid(np.asarray(given.geometry))
    findings = Findings("zones")
    if invalid.any() and not repair:
        rows = tuple(given.index[invalid])
        raise TableError(Fault("zones", "invalid polygons", "valid polygons", "repair=True, or repair in a GIS", rows))
    mended = repaired(given, findings) if invalid.any() else given
    return mended, tuple(findings.notes)


def _check_polygons(zones: gpd.GeoDataFrame) -> None:
    absent = shapely.get_dimensions(np.asarray(zones.geometry)) != 2  # noqa: PLR2004 - areas
    faults = []
    if absent.any():
        rows = tuple(zones.index[absent])
        faults.append(Fault("zones", "rows without a polygon", "a polygon for every zone", "draw or drop them", rows))
    if zones.index.has_duplicates:
        rows = tuple(zones.index[zones.index.duplicated()])
        faults.append(Fault("zones", "ids that stand twice", "every zone once", "dissolve or rename them", rows))
    if faults:
        raise TableError(*faults)


def _zone_of(
    zones: gpd.GeoDataFrame | pd.Series[str] | Zones, shapes: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame
) -> tuple[IntArray, AnyArray]:
    """Return the zone of every block, -1 for none, and which lie in more than one."""
    if not isinstance(zones, gpd.GeoDataFrame):
        names = pd.Index(ask.texts(assigned(zones), blocks.index))
        return shapes.index.get_indexer(names).astype(np.int64), np.zeros(len(blocks), dtype=np.bool_)
    tree, polygon = shapely.STRtree(np.asarray(places(blocks))), np.asarray(shapes.geometry)
    number, block = tree.query(polygon, predicate="intersects")
    zone = np.full(len(blocks), len(polygon), dtype=np.int64)
    np.minimum.at(zone, block, number)  # the rule of `tables.locate`: on a shared border, the lowest id
    inside = tree.query(polygon, predicate="contains")[1]
    return np.where(zone < len(polygon), zone, -1), np.bincount(inside, minlength=len(blocks)) > 1


def _owner(own: pd.Series[str] | None, sites: pd.Index[str], zones: pd.Index[str]) -> IntArray:
    """Return the zone of every school, -1 for none."""
    names = sites if own is None else pd.Index(ask.texts(own, sites), dtype=str)
    column = zones.get_indexer(names).astype(np.int64)
    unknown = (column < 0) & (names != "")
    if own is not None and unknown.any():
        rows = tuple(sites[unknown])
        raise InputError(Fault("own", "schools of zones that are not there", "known zones", "correct own=", rows))
    return column


def _loads(zone: IntArray, pupils: FloatArray, count: int) -> dict[str, AnyArray]:
    return {
        "blocks": np.bincount(zone[zone >= 0], minlength=count),
        "pupils": group_totals(pupils, zone, count),
    }


def _capacity(
    owner: IntArray,
    sites: pd.Index[str],
    zones: pd.Index[str],
    seats: pd.Series[float] | None,
    enrolment: pd.Series[float] | None,
) -> dict[str, AnyArray]:
    """Return the schools of every zone, their seats and their enrolment; NaN where no school of it is known."""
    found: dict[str, AnyArray] = {
        "schools": np.array([";".join(sites[owner == k]) for k in range(len(zones))], dtype=object)
    }
    for name, given in (("seats", seats), ("enrolment", enrolment)):
        values = np.full(len(sites), np.nan) if given is None else _by_id(given, sites)
        known = np.isfinite(values)
        sums = group_totals(np.where(known, values, 0.0), np.where(known, owner, -1), len(zones))
        any_known = np.bincount(owner[known & (owner >= 0)], minlength=len(zones)) > 0
        found[name] = np.where(any_known, sums, np.nan)
    return found


def _by_id(given: pd.Series[float], sites: pd.Index[str]) -> FloatArray:
    known = given.set_axis(given.index.astype(str))
    return np.asarray(known.reindex(sites), dtype=np.float64)


def _ways(
    costs: TravelCosts | None,
    blocks: pd.Index[str],
    sites: pd.Index[str],
    zone: IntArray,
    owner: IntArray,
    pupils: FloatArray,
    count: int,
) -> dict[str, FloatArray]:
    """Return the way to the nearest own school, and how many pupils have another one nearer."""
    if costs is None:
        return {}
    walk = ask.dense(costs, blocks, sites)
    mine = (owner[None, :] == zone[:, None]) & (zone >= 0)[:, None]
    way = np.where(mine, walk, np.inf).min(axis=1, initial=np.inf)
    known = np.isfinite(way)
    load = group_totals(pupils, np.where(known, zone, -1), count)
    walked = group_totals(np.where(known, pupils * np.where(known, way, 0.0), 0.0), zone, count)
    farthest = np.full(count, -np.inf)
    counted = known & (pupils > 0)
    np.maximum.at(farthest, zone[counted], way[counted])
    nearer = known & (walk[:, owner >= 0].min(axis=1, initial=np.inf) < way)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(load > 0, walked / load, np.nan)
    return {
        "way_mean": mean,
        "way_max": np.where(np.isfinite(farthest), farthest, np.nan),
        "pupils_nearer_elsewhere": group_totals(pupils, np.where(nearer, zone, -1), count),
        "pupils_without_way": group_totals(pupils, np.where(known, -1, zone), count),
    }


def _form(shapes: AnyArray) -> dict[str, AnyArray]:
    holes = [int(shapely.get_num_interior_rings(shapely.get_parts(shape)).sum()) for shape in shapes]
    return {
        "area_m2": shapely.area(shapes),
        "polsby_popper": polsby_popper(shapes),
        "reock": reock(shapes),
        "hull_ratio": hull_ratio(shapes),
        "parts": shapely.get_num_geometries(shapes),
        "holes": np.array(holes, dtype=np.int64),
    }


def _outside(sites: gpd.GeoDataFrame, owner: IntArray, shapes: AnyArray) -> FloatArray:
    """Return how far the farthest own school stands outside the zone; NaN for zones without a school."""
    far, rows = np.full(len(shapes), -np.inf), np.flatnonzero(owner >= 0)
    away = shapely.distance(np.asarray(places(sites))[rows], shapes[owner[rows]])
    np.maximum.at(far, owner[rows], np.where(away <= _BESIDE, 0.0, away))
    return np.where(np.isfinite(far), far, np.nan)


def _overlaps(shapes: gpd.GeoDataFrame, sliver: float) -> pd.DataFrame:
    polygon = np.asarray(shapes.geometry)
    one, other = shapely.STRtree(polygon).query(polygon, predicate="intersects")
    once = one < other
    order = np.lexsort((other[once], one[once]))
    one, other = one[once][order], other[once][order]
    area = shapely.area(shapely.intersection(polygon[one], polygon[other]))
    kept = area > sliver
    names = shapes.index.to_numpy(dtype=object)
    columns = {"zone_a": names[one[kept]].astype(str), "zone_b": names[other[kept]].astype(str)}
    return pd.DataFrame({**columns, "area_m2": area[kept]})


def _gaps(shapes: gpd.GeoDataFrame, within: gpd.GeoDataFrame | gpd.GeoSeries | None, sliver: float) -> gpd.GeoDataFrame:
    whole = shapely.union_all(np.asarray(shapes.geometry))
    if within is None:
        rings = shapely.get_exterior_ring(shapely.get_parts(whole))
        ground = shapely.union_all(shapely.polygons(rings))
    else:
        require_same(within, shapes, source="within and zones")
        ground = shapely.union_all(np.asarray(within.geometry))
    pieces = shapely.get_parts(shapely.difference(ground, whole))
    area = shapely.area(pieces)
    kept = area > sliver
    return gpd.GeoDataFrame({"area_m2": area[kept]}, geometry=pieces[kept], crs=shapes.crs)
