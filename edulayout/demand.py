"""Demand: residents of districts spread over the buildings they live in, and pupils among residents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.stages import STAGES
from edulayout.tables import locate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.typing import AnyArray, IntArray

CELL_SIZES = (50, 75, 100, 150, 200, 300, 500, 1000)
"""Metres, rising: what `cell_size` tries."""


class PupilRatio(NamedTuple):
    """Pupils of each stage among 1,000 residents, and who says so."""

    per_1000: Mapping[str, float]
    source: str


XUANCHENG = PupilRatio(
    {"kindergarten": 33.8, "primary": 62.0, "junior_high": 30.5},
    "Xuancheng (Anhui, China) education facility plan 2020-2030: 35,580 / 65,250 / 32,100 seats for 1.053 million "
    "residents, derived from those totals; a Chinese planning ratio, to be replaced by the local one",
)
"""A planning ratio with a public source, for want of a local one (STANDARDS.md, section d)."""


class Spread(NamedTuple):
    """Residents by building, and those of districts that have no floor to put them on."""

    population: pd.Series[float]
    unplaced: pd.Series[float]


def spread(population: pd.Series[float], floor_area: pd.Series[float], district: pd.Series[str]) -> Spread:
    """Spread the residents of districts over buildings, in proportion to floor area.

    Parameters
    ----------
    population
        Residents by `district_id`, finite and ≥ 0.
    floor_area
        Square metres by building, finite and ≥ 0.
    district
        The `district_id` of each building, on the same index; buildings of no listed district get nobody.

    Returns
    -------
    Spread
        `population` on the index of the buildings; `unplaced`, the residents of districts without floor area. Together
        they add up to the residents given (to a relative 1e-9).

    Raises
    ------
    InputError
        Where a population or an area is negative or not finite.

    Examples
    --------
    >>> import pandas as pd
    >>> floors = pd.Series([100.0, 300.0], index=["x", "y"])
    >>> spread(pd.Series({"a": 80.0, "b": 5.0}), floors, pd.Series(["a", "a"], index=["x", "y"]))
    Spread(population=x    20.0
    y    60.0
    Name: population, dtype: float64, unplaced=b    5.0
    Name: unplaced, dtype: float64)
    """
    _require_amounts(population, "population")
    _require_amounts(floor_area, "floor area")
    code = population.index.get_indexer(pd.Index(district.reindex(floor_area.index)))
    area = np.where(code >= 0, floor_area.to_numpy(dtype=np.float64), 0.0)
    whole = np.bincount(np.maximum(code, 0), weights=area, minlength=len(population))
    share = np.divide(area, whole[code], out=np.zeros(len(area)), where=whole[code] > 0)
    residents = share * population.to_numpy(dtype=np.float64)[code]
    left = population[(whole <= 0) & (population.to_numpy() > 0)].rename("unplaced")
    assert np.isclose(residents.sum() + left.sum(), population.sum(), rtol=1e-9, atol=1e-9)
    return Spread(pd.Series(residents, index=floor_area.index, name="population"), left.astype(np.float64))


def _require_amounts(amounts: pd.Series[float], what: str) -> None:
    numbers = amounts.to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    if wrong.any():
        raise InputError(
            Fault(
                what,
                "negative, missing or infinite values",
                "finite numbers ≥ 0",
                "correct them",
                tuple(amounts.index[wrong].astype(str)),
            )
        )


def cell_size(places: gpd.GeoSeries, *, at_most: int = 5000, sizes: Sequence[int] = CELL_SIZES) -> int:
    """Return the first of some cell sizes (metres, rising) that gathers points into few enough cells, or the last.

    Examples
    --------
    >>> import geopandas as gpd
    >>> row = gpd.GeoSeries.from_xy([10, 60, 110, 160], [10, 10, 10, 10], crs="EPSG:4544")
    >>> cell_size(row, at_most=4), cell_size(row, at_most=2)
    (50, 100)
    """
    return next((size for size in sizes if len(np.unique(_corners(places, size), axis=0)) <= at_most), sizes[-1])


def cells(
    places: gpd.GeoSeries, population: pd.Series[float], districts: gpd.GeoDataFrame, *, size: int
) -> gpd.GeoDataFrame:
    """Gather residents into square cells, small enough for walking distances and few enough for a map.

    A cell belongs to one district and is cut at its border, so that the point inside it, from which distances are
    measured, lies in the district of its residents. Squares show at every zoom and in equal size, so that colour and
    not the shape of a building speaks; the price is that a resident lives on average 0.38 cell sizes from that point.

    Parameters
    ----------
    places
        Where people live, points in a CRS in metres.
    population
        Residents by place, on the same index.
    districts
        Polygons in the same CRS; places outside all of them must have no residents.
    size
        Side of a cell, in metres; see `cell_size`.

    Returns
    -------
    geopandas.GeoDataFrame
        Demand indexed by `demand_id` (district and lower left corner): `population`, `district_id`, polygons.

    Raises
    ------
    CrsError
        Where the coordinates are not metres.
    InputError
        Where residents live outside every district, or nobody lives anywhere.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import Point, box
    >>> town = gpd.GeoDataFrame(geometry=[box(0, 0, 100, 60)], index=["a"], crs="EPSG:4544")
    >>> homes = gpd.GeoSeries([Point(10, 10), Point(20, 20), Point(60, 55)], index=["x", "y", "z"], crs="EPSG:4544")
    >>> cells(homes, pd.Series([2.0, 3.0, 4.0], index=["x", "y", "z"]), town, size=50)["population"]
    demand_id
    a-0-0      5.0
    a-50-50    4.0
    Name: population, dtype: float64
    """
    crs_module.require_metres(places, source="places")
    lived_in = population.to_numpy(dtype=np.float64) > 0
    homes, people = places[lived_in], population[lived_in]
    district = locate(homes, districts)
    _require_home(district)
    return _cells(homes, people, district, districts.geometry, size)


def _require_home(district: pd.Series[str]) -> None:
    outside = tuple(district.index[district == ""].astype(str))
    if outside:
        raise InputError(
            Fault("places", "residents outside every district", "places inside", "set them aside first", outside)
        )
    if district.empty:
        raise InputError(Fault("places", "nobody lives anywhere", "some residents", "give the places a population"))


def _corners(homes: gpd.GeoSeries, size: int) -> IntArray:
    return np.floor(np.column_stack([homes.x, homes.y]) / size).astype(np.int64) * size


def _cells(
    homes: gpd.GeoSeries, people: pd.Series[float], district: pd.Series[str], borders: gpd.GeoSeries, size: int
) -> gpd.GeoDataFrame:
    corners = _corners(homes, size)
    home = pd.DataFrame({"district_id": district.to_numpy(), "x": corners[:, 0], "y": corners[:, 1]})
    summed = home.assign(population=people.to_numpy()).groupby(["district_id", "x", "y"], sort=True).sum().reset_index()
    squares = shapely.box(summed["x"], summed["y"], summed["x"] + size, summed["y"] + size)
    ids = summed["district_id"] + "-" + summed["x"].astype(str) + "-" + summed["y"].astype(str)
    return gpd.GeoDataFrame(
        {"population": summed["population"].to_numpy(), "district_id": summed["district_id"].to_numpy()},
        geometry=_cut(squares, borders.loc[summed["district_id"]].to_numpy()),
        index=pd.Index(ids, name="demand_id", dtype=str),
        crs=homes.crs,
    )


def _cut(squares: AnyArray, borders: AnyArray) -> list[shapely.Polygon]:
    whole = shapely.covers(borders, squares)
    return [
        square if inside else _largest(shapely.intersection(square, border), square)
        for square, border, inside in zip(squares, borders, whole, strict=True)
    ]


def _largest(shape: shapely.Geometry, square: shapely.Polygon) -> shapely.Polygon:
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(polygons, key=lambda part: part.area, default=square)


def with_pupils(demand: gpd.GeoDataFrame, per_1000: Mapping[str, float]) -> gpd.GeoDataFrame:
    """Add the pupils of each stage: residents times a ratio per 1,000.

    Pupils that the demand already states (`pupils_<stage>`) are counted ones, and stay.

    Parameters
    ----------
    demand
        With `population`.
    per_1000
        Pupils among 1,000 residents, by stage.

    Raises
    ------
    InputError
        Where a stage is unknown, or a ratio is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> block = gpd.GeoDataFrame({"population": [500.0]}, geometry=[Point(0, 0)], index=["b"], crs="EPSG:4544")
    >>> with_pupils(block, {"primary": 62.0})["pupils_primary"].tolist()
    [31.0]
    """
    check_ratios(per_1000)
    missing = {stage: ratio for stage, ratio in per_1000.items() if f"pupils_{stage}" not in demand}
    return demand.assign(
        **{f"pupils_{stage}": demand["population"] * (ratio / 1000) for stage, ratio in missing.items()}
    )


def check_ratios(per_1000: Mapping[str, float]) -> None:
    """Check pupils per 1,000 residents: known stages, finite numbers ≥ 0, at least one.

    Raises
    ------
    InputError
        With every mistake.
    """
    unknown = tuple(stage for stage in per_1000 if stage not in STAGES)
    wrong = tuple(stage for stage, ratio in per_1000.items() if not (np.isfinite(ratio) and ratio >= 0))
    source, words, faults = "pupils per 1,000 residents", ", ".join(STAGES), []
    if not per_1000:
        faults.append(Fault(source, "no stage", "at least one of " + words, "name the ratio of a stage"))
    if unknown:
        faults.append(Fault(source, "unknown stages", words, "use these words", unknown))
    if wrong:
        faults.append(Fault(source, "negative or infinite ratios", "numbers ≥ 0", "correct them", wrong))
    if faults:
        raise InputError(*faults)
