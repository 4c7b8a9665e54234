"""Residents of zones brought to places: by area, or by what stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from edulayout.typing import FloatArray, IntArray

_CLOSE = 1e-6
_SHARE = 1e-6
"""How far shares may pass 1 by rounding, and overlaps be slivers."""


@dataclass(frozen=True, eq=False)
class Allocation:
    """Residents of zones, brought to places.

    Parameters
    ----------
    population
        Residents by place.
    pieces
        One row for each pair of zone and place that share ground: `zone`, `place`, `population`.
    outside
        Residents by zone who found no place: on ground that no place covers, or in a zone whose places weigh nothing.
    total
        Residents of all zones: those in places and those outside (asserted).
    """

    population: pd.Series[float]
    pieces: pd.DataFrame
    outside: pd.Series[float]
    total: float


def allocate(
    zones: gpd.GeoDataFrame, places: gpd.GeoDataFrame, *, weight: pd.Series[float] | None = None
) -> Allocation:
    """Bring the residents of zones to places, in proportion to area, or to a weight of the places (dasymetric).

    Parameters
    ----------
    zones
        Polygons that do not overlap, with `population`.
    places
        Polygons or points in the same CRS, in metres: blocks, buildings, cells, districts. Polygons do not overlap.
    weight
        By place: building floor area, dwelling units, or area times the weight of a land use (`land_use_weights`). A
        polygon that lies in several zones has its weight divided by area. None for areal weighting: the residents of a
        zone are spread evenly over its ground, and those on ground without a place fall outside.

    Returns
    -------
    Allocation
        What came to places and what fell outside add up to the residents of the zones (asserted, to a relative 1e-6).

    Raises
    ------
    CrsError
        Where the CRS are missing, differ or are not in metres.
    InputError
        Where numbers are negative or missing, points come without a weight, or zones or places overlap.

    Notes
    -----
    Areal weighting: M. F. Goodchild and N. S. Lam, Areal interpolation, Geo-Processing 1 (1980), 297-312. Dasymetric:
    J. K. Wright, A method of mapping densities of population, Geographical Review 26 (1936), 103-110. Complexity
    O((zones + places) log + pieces).

    Examples
    --------
    A zone of 100 residents, half of it covered by two blocks of the same size.

    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> zone = gpd.GeoDataFrame({"population": [100.0]}, geometry=[box(0, 0, 40, 10)], index=["z"], crs="EPSG:4544")
    >>> blocks = gpd.GeoDataFrame(geometry=[box(0, 0, 10, 10), box(20, 0, 30, 10)], index=["x", "y"], crs="EPSG:4544")
    >>> by_area = allocate(zone, blocks)
    >>> by_area.population.tolist(), by_area.outside.tolist()
    ([25.0, 25.0], [50.0])
    >>> allocate(zone, blocks, weight=pd.Series({"x": 300.0, "y": 100.0})).population.tolist()
    [75.0, 25.0]
    """
    crs_module.require_metres(zones, source="zones")
    crs_module.require_same(zones, places, source="places")
    weights = _weights(zones, places, weight)
    zone, place, share = _shared(zones, places)
    people = zones["population"].to_numpy(dtype=np.float64)
    if weight is None:
        area = share * shapely.area(places.geometry.to_numpy())[place]
        part = area / shapely.area(zones.geometry.to_numpy())[zone]
    else:
        force = share * weights[place]
        sums = group_totals(force, zone, len(zones))
        part = np.divide(force, sums[zone], out=np.zeros(len(force)), where=sums[zone] > 0)
    return _summed(zones, places, people, zone=zone, place=place, part=part)


def _summed(
    zones: gpd.GeoDataFrame, places: gpd.GeoDataFrame, people: FloatArray, *, zone: IntArray, place: IntArray,
    part: FloatArray,
) -> Allocation:  # fmt: skip
    covered = group_totals(part, zone, len(zones))
    if (covered > 1 + _SHARE).any():
        rows = tuple(map(str, zones.index[covered > 1 + _SHARE]))
        raise InputError(Fault("places", "places that overlap in zones", "each ground once", "cut them apart", rows))
    # A zone that places fill gives all of its residents: what rounding left or added goes.
    full = np.where(covered > 1 - _SHARE, covered, 1.0)
    brought = part / full[zone] * people[zone]
    outside = np.where(covered > 1 - _SHARE, 0.0, people - group_totals(brought, zone, len(zones)))
    population = group_totals(brought, place, len(places))
    whole = total(people)
    assert np.isclose(total(population) + total(outside), whole, rtol=_CLOSE, atol=_CLOSE), "residents are conserved"
    pieces = pd.DataFrame({"zone": zones.index[zone], "place": places.index[place], "population": brought})
    return Allocation(
        pd.Series(population, index=places.index, name="population"),
        pieces[pieces["population"] > 0].reset_index(drop=True),
        pd.Series(outside, index=zones.index, name="outside"),
        whole,
    )


def _shared(zones: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> tuple[IntArray, IntArray, FloatArray]:
    """Return pairs of zone and place in order, and the share of the place that lies in the zone (a point: 1)."""
    own, others = zones.geometry.to_numpy(), places.geometry.to_numpy()
    place, zone = shapely.STRtree(own).query(others, predicate="intersects")
    order = np.lexsort((zone, place))
    place, zone = place[order], zone[order]
    point = shapely.get_dimensions(others)[place] == 0
    size = shapely.area(others)[place]
    common = np.zeros(len(place))
    common[~point] = shapely.area(shapely.intersection(own[zone[~point]], others[place[~point]]))
    share = np.divide(common, size, out=np.zeros(len(size)), where=size > 0)
    # A point on a border belongs to the first zone alone.
    share[point] = np.concatenate([[True], place[1:] != place[:-1]])[point] if len(place) else 0.0
    _check_zones(places, place=place, share=share)
    kept = share > 0
    return zone[kept].astype(np.int64), place[kept].astype(np.int64), share[kept]


def _check_zones(places: gpd.GeoDataFrame, *, place: IntArray, share: FloatArray) -> None:
    over = group_totals(share, place.astype(np.int64), len(places)) > 1 + _SHARE
    if over.any():
        rows = tuple(map(str, places.index[over]))
        raise InputError(Fault("zones", "zones that overlap at these places", "each ground once", "mend them", rows))


def _weights(zones: gpd.GeoDataFrame, places: gpd.GeoDataFrame, weight: pd.Series[float] | None) -> FloatArray:
    faults: list[Fault] = []
    if "population" not in zones.columns:
        raise InputError(Fault("zones", "no column population", "residents by zone", "add it"))
    _note_wrong(faults, "zones", zones["population"])
    flat = shapely.get_dimensions(places.geometry.to_numpy()) == 0
    if weight is None:
        if flat.any():
            rows = tuple(map(str, places.index[flat]))
            faults.append(Fault("places", "points, which have no area", "polygons, or a weight", "give a weight", rows))
        own = pd.Series(1.0, index=places.index)
    else:
        own = weight.reindex(places.index)
        _note_wrong(faults, "weight", own)
    if faults:
        raise InputError(*faults)
    return np.asarray(own, dtype=np.float64)


def _note_wrong(faults: list[Fault], source: str, numbers: pd.Series[float]) -> None:
    values = numbers.to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(values) | (values < 0)
    if wrong.any():
        rows = tuple(map(str, numbers.index[wrong]))
        faults.append(Fault(source, "negative, missing or infinite numbers", "numbers ≥ 0", "correct them", rows))


def land_use_weights(places: gpd.GeoDataFrame, classes: Mapping[str, float], *, column: str = "land_use") -> pd.Series:
    """Return the area of places times the weight of their land use class: residents per hectare, or relative numbers.

    Raises
    ------
    InputError
        Where a class has no weight, or one is negative.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> land = gpd.GeoDataFrame({"land_use": ["R2", "G1"]}, geometry=[box(0, 0, 10, 10), box(10, 0, 20, 10)])
    >>> land_use_weights(land, {"R2": 300.0, "G1": 0.0}).tolist()
    [30000.0, 0.0]
    """
    own = places[column].map(classes)
    wrong = own.isna() | ~np.isfinite(own) | (own < 0)
    if wrong.any():
        words = tuple(dict.fromkeys(places.loc[wrong, column].astype(str)))
        raise InputError(Fault(column, "classes without a weight ≥ 0", "a weight for each", "add them", words))
    return pd.Series(own.to_numpy(np.float64) * places.area.to_numpy(), index=places.index, name="weight")


def in_whole(population: pd.Series[float], *, by: pd.Series[str] | None = None) -> pd.Series[int]:
    """Round residents or pupils to whole ones, keeping the sum (of every group) to the unit.

    The largest remainders are rounded up (Hamilton's method); ties go to the earlier row. A sum that is no whole number
    is rounded first.

    Examples
    --------
    >>> import pandas as pd
    >>> in_whole(pd.Series([1.5, 1.25, 1.25])).tolist()
    [2, 1, 1]
    """
    numbers = np.asarray(population, dtype=np.float64)
    group = np.zeros(len(numbers), dtype=np.int64) if by is None else pd.factorize(by.reindex(population.index))[0]
    floor = np.floor(numbers)
    groups = int(group.max(initial=-1)) + 1
    up = np.rint(group_totals(numbers, group, groups) - group_totals(floor, group, groups)).astype(np.int64)
    order = np.lexsort((np.arange(len(numbers)), floor - numbers, group))
    rank = np.empty(len(numbers), dtype=np.int64)
    start = np.searchsorted(group[order], np.arange(groups))
    rank[order] = np.arange(len(numbers)) - start[group[order]]
    whole: IntArray = (floor + (rank < up[group])).astype(np.int64)
    return pd.Series(whole, index=population.index, name=population.name)
