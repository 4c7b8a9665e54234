"""Residents gathered into square cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.tables import locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.typing import AnyArray, IntArray

CELL_SIZES = (50, 75, 100, 150, 200, 300, 500, 1000)
"""Metres, rising: what `cell_size` tries."""


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
