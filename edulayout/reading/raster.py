"""Population rasters (WorldPop, GHSL, GPW) to districts and to demand places, every resident accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total
from edulayout.reading.raster_cells import (
    Grid,
    crs_of,
    grid_of,
    opened,
    square_kilometres,
    strips,
    values_of,
    window_of,
)
from edulayout.tables.findings import Findings

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pyproj

    from edulayout.typing import AnyArray, FloatArray, IntArray

_ROUNDING = 1e-5
_UNIT = 0.5
_PIECES_OF_EDGE = 200
_PARTS_OF_CELL = 2**28

Quantity = Literal["count", "density"]


@dataclass(frozen=True, eq=False)
class RasterPopulation:
    """Residents of a raster, brought to districts.

    Parameters
    ----------
    by_district
        Residents by `district_id`.
    pieces
        One row for each pair of district and cell: `district_id`, `row`, `column` (of the raster), `share` (of the
        residents of the cell), `population`.
    outside
        Residents of the raster in no district.
    total
        Residents of the whole raster: those in districts and those outside (asserted to half a resident).
    notes
        What was assumed.
    """

    by_district: pd.Series[float]
    pieces: pd.DataFrame
    outside: float
    total: float
    notes: tuple[str, ...]
    grid: Grid
    districts: gpd.GeoDataFrame

    def demand(self) -> gpd.GeoDataFrame:
        """Return every lived-in piece of a cell as a demand place.

        Returns
        -------
        geopandas.GeoDataFrame
            Index `demand_id` (district, row and column of the raster); `population`, `district_id`; the cell cut at the
            border of its district, in the CRS of the districts. Together they hold the residents of `by_district`.
        """
        lived_in = self.pieces[self.pieces["population"] > 0]
        row, column = (lived_in[name].to_numpy() for name in ("row", "column"))
        boxes = _boxes(self.grid, row - self.grid.first_row, column - self.grid.first_column)
        cells = crs_module.to_crs(gpd.GeoSeries(boxes, crs=self.grid.crs), self.districts.crs, source="raster")
        borders = self.districts.geometry.loc[lived_in["district_id"]].to_numpy()
        ids = [f"{name}-r{r}-c{c}" for name, r, c in zip(lived_in["district_id"], row, column, strict=True)]
        return gpd.GeoDataFrame(
            {"population": lived_in["population"].to_numpy(), "district_id": lived_in["district_id"].to_numpy()},
            geometry=_cut(cells.to_numpy(), borders),
            index=pd.Index(ids, name="demand_id", dtype=str),
            crs=self.districts.crs,
        )


def read_population(
    path: str | os.PathLike[str],
    districts: gpd.GeoDataFrame,
    *,
    quantity: Quantity = "count",
    land: str | os.PathLike[str] | None = None,
    nodata: Sequence[float] = (),
    crs: str | None = None,
    band: int = 1,
) -> RasterPopulation:
    """Read the residents of districts from a population raster.

    A cell that district borders cut is divided by area, and what is left of it is outside. Where the coast cuts cells,
    give the raster of land area: people live on land.

    Parameters
    ----------
    path
        Anything rasterio opens, north up.
    districts
        Polygons with a CRS, index `district_id`, that do not overlap; they are brought to the CRS of the raster.
    quantity
        `count`, residents by cell (WorldPop, GHSL, GPW count), or `density`, residents by square kilometre.
    land
        Raster of square kilometres of land by cell, on the same grid. A district's share of the residents of a cell is
        then its part of the cell by the land in the cell (all of them where districts hold all of the land), and a
        density counts for land alone.
    nodata
        Numbers that mean nothing, besides the one that the file declares (compared as the file stores them, to a
        relative 1e-6), NaN, and known ones that a population cannot have (`raster_cells.SENTINELS`, anything beyond
        1e30), which are noted.
    crs
        Of a raster that does not say it; never guessed.
    band
        Of the file.

    Returns
    -------
    RasterPopulation
        `by_district`, `outside` and `total`; `demand()` for every cell as a place.

    Raises
    ------
    MissingExtraError
        Without `rasterio` and `exactextract`, with the command that installs them.
    MissingFileError, CrsError, InputError
        Where the file is missing, is not north up, has no CRS, or holds negative numbers that nobody declared (and how
        many); where districts overlap or touch no cell.

    Notes
    -----
    Shares of cells are areas in the plane of the raster's CRS (D. Baston, exactextract), to some 1e-5 of a cell. The
    area of a cell in degrees is that on the ellipsoid. The file is read in strips. Complexity O(cells of the file).

    Examples
    --------
    A raster of four cells, of which the district covers the left two and half of the upper right one:

    >>> import tempfile, pathlib, geopandas as gpd, numpy as np, rasterio
    >>> from shapely import Polygon
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.tif"
    >>> grid = rasterio.Affine(100, 0, 0, 0, -100, 200)
    >>> with rasterio.open(path, "w", driver="GTiff", width=2, height=2, count=1, dtype="float32", crs="EPSG:4544",
    ...                    transform=grid, nodata=-9999) as file:
    ...     file.write(np.array([[10, 20], [30, -9999]], dtype="float32"), 1)
    >>> shape = Polygon([(0, 0), (100, 0), (100, 100), (150, 100), (150, 200), (0, 200)])
    >>> found = read_population(path, gpd.GeoDataFrame(geometry=[shape], index=["a"], crs="EPSG:4544"))
    >>> found.by_district.to_dict(), found.outside, found.total
    ({'a': 50.0}, 10.0, 60.0)
    """
    findings = Findings(Path(path).name)
    if quantity not in ("count", "density"):
        raise InputError(Fault("quantity", repr(quantity), "count or density", "name what the cells hold"))
    with opened(path) as file:
        meaning = _Meaning(quantity, band, tuple(nodata), crs_of(file, crs, findings.source))
        placed = crs_module.to_crs(_fine(districts), meaning.crs, source="districts")
        window = window_of(file, placed, findings)
        grid, ground = grid_of(file, window, meaning.crs), None
        if land is not None:
            with opened(land) as own:
                ground = _land(own, file, window, nodata, findings)
        whole = _whole(file, meaning, findings) if land is None else _whole_on_land(file, Path(land), meaning, findings)
        grid = grid._replace(people=_people(file, window, meaning, grid.square_km, ground, findings))
    findings.settle()
    if quantity == "density" and land is None:
        findings.note("a density without land= counts the whole of every cell, water too")
    pieces = _pieces(grid, placed, ground)
    return _accounted(grid, pieces, districts, whole, findings)


class _Meaning(NamedTuple):
    """What the cells of a file hold."""

    quantity: Quantity
    band: int
    nodata: tuple[float, ...]
    crs: pyproj.CRS


def _fine(districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the polygons with points along their edges, which a change of CRS bends."""
    crs_module.require(districts, source="districts")
    west, south, east, north = districts.total_bounds
    step = max(east - west, north - south) / _PIECES_OF_EDGE
    return districts[[]].set_geometry(gpd.GeoSeries(shapely.segmentize(districts.geometry, step), crs=districts.crs))


def _people(
    file: Any,  # noqa: ANN401 - untyped library
    window: tuple[slice, slice],
    meaning: _Meaning,
    square_km: FloatArray,
    ground: FloatArray | None,
    findings: Findings,
) -> FloatArray:
    values = values_of(file, window, meaning.band, meaning.nodata, findings)
    if meaning.quantity == "count":
        return values
    return values * (square_km if ground is None else ground)


def _land(
    own: Any,  # noqa: ANN401 - untyped library
    file: Any,  # noqa: ANN401 - untyped library
    window: tuple[slice, slice],
    nodata: Sequence[float],
    findings: Findings,
) -> FloatArray:
    same = own.shape == file.shape and own.transform.almost_equals(file.transform, precision=1e-9)
    if not same:
        findings.fault(
            "a raster of land on another grid", f"{file.height} × {file.width} cells at the same place", "warp it"
        )
        findings.settle()
    return values_of(own, window, 1, nodata, findings)


def _whole(file: Any, meaning: _Meaning, findings: Findings) -> float:  # noqa: ANN401 - untyped library
    """Return the residents of the whole file, strip by strip."""
    sums = []
    for rows in strips(file):
        area = np.ones(1)
        if meaning.quantity == "density":
            area = square_kilometres(
                meaning.crs, file.transform.f + file.transform.e * rows.start, rows.stop - rows.start, file.transform
            )
        values = values_of(file, (rows, slice(0, file.width)), meaning.band, meaning.nodata, findings)
        sums.append(total((values * area[:, None]).ravel()))
    return total(np.array(sums))


def _whole_on_land(file: Any, land: Path, meaning: _Meaning, findings: Findings) -> float:  # noqa: ANN401
    if meaning.quantity == "count":
        return _whole(file, meaning, findings)
    sums = []
    with opened(land) as own:
        for rows in strips(file):
            window = (rows, slice(0, file.width))
            values = values_of(file, window, meaning.band, meaning.nodata, findings)
            sums.append(total((values * values_of(own, window, 1, meaning.nodata, findings)).ravel()))
    return total(np.array(sums))


def _pieces(grid: Grid, districts: gpd.GeoDataFrame, ground: FloatArray | None) -> pd.DataFrame:
    """Return the share of every cell's residents that every district has."""
    from exactextract import exact_extract  # noqa: PLC0415 - an extra
    from exactextract.raster import NumPyRasterSource  # noqa: PLC0415 - an extra

    rows, columns = grid.people.shape
    south, east = grid.north - rows * grid.height, grid.west + columns * grid.width
    # The values do not matter here, only where the cells lie.
    source = NumPyRasterSource(
        np.zeros((rows, columns)), xmin=grid.west, ymin=south, xmax=east, ymax=grid.north, srs_wkt=grid.crs.to_wkt()
    )
    shapes = shapely.transform(districts.geometry.to_numpy(), lambda xy: _on_grid(xy, grid))
    named = gpd.GeoDataFrame({"at": np.arange(len(districts))}, geometry=shapes, crs=grid.crs.to_wkt())
    found = exact_extract(source, named, ["cell_id", "coverage"], include_cols=["at"], output="pandas")
    count = [len(cells) for cells in found["cell_id"]]
    district = np.repeat(found["at"].to_numpy(np.int64), count)
    cell = np.concatenate([np.asarray(cells, dtype=np.int64) for cells in found["cell_id"]])
    share = np.concatenate([np.asarray(part, dtype=np.float64) for part in found["coverage"]])
    share = _shares(grid, cell, share, ground)
    return pd.DataFrame({"district": district, "cell": cell, "share": share})[share > 0]


def _on_grid(xy: FloatArray, grid: Grid) -> FloatArray:
    """Return corners in whole parts of a cell: one that misses a cell's edge by less than that confuses the shares."""
    origin, step = np.array([grid.west, grid.north]), np.array([grid.width, grid.height]) / _PARTS_OF_CELL
    placed: FloatArray = origin + np.round((xy - origin) / step) * step
    return placed


def _shares(grid: Grid, cell: IntArray, coverage: FloatArray, ground: FloatArray | None) -> FloatArray:
    size = grid.people.size
    covered = group_totals(coverage, cell, size)
    if (covered > 1 + _ROUNDING).any():
        at = np.array(np.unravel_index(np.flatnonzero(covered > 1 + _ROUNDING), grid.people.shape)).T
        rows = tuple(f"row {row + grid.first_row} column {column + grid.first_column}" for row, column in at.tolist())
        raise InputError(Fault("districts", "districts that overlap in cells", "each ground once", "mend them", rows))
    share = coverage
    if ground is not None:
        land = ground.ravel()[cell]
        share = np.divide(coverage * grid.square_km.ravel()[cell], land, out=coverage.copy(), where=land > 0)
    sums = group_totals(share, cell, size)
    # Districts that fill a cell, or all of its land, hold all of its residents: what rounding left or added goes.
    full = np.where(sums > 1 - _ROUNDING, np.maximum(sums, 1e-300), 1.0)
    scaled: FloatArray = share / full[cell]
    return scaled


def _accounted(
    grid: Grid, pieces: pd.DataFrame, districts: gpd.GeoDataFrame, whole: float, findings: Findings
) -> RasterPopulation:
    people, columns = grid.people.ravel(), grid.people.shape[1]
    cell, share = pieces["cell"].to_numpy(), pieces["share"].to_numpy()
    population = share * people[cell]
    inside = group_totals(population, pieces["district"].to_numpy(), len(districts))
    taken = np.clip(group_totals(share, cell, people.size), 0.0, 1.0)
    outside = total(people * (1.0 - taken)) + (whole - total(people))
    assert abs(total(inside) + outside - whole) < _UNIT, "residents are conserved"
    table = pd.DataFrame(
        {
            "district_id": districts.index.to_numpy()[pieces["district"]],
            "row": cell // columns + grid.first_row,
            "column": cell % columns + grid.first_column,
            "share": share,
            "population": population,
        }
    )
    by_district = pd.Series(inside, index=districts.index, name="population").rename_axis("district_id")
    return RasterPopulation(
        by_district, table, max(outside, 0.0), whole, tuple(findings.notes), grid, districts[[districts.geometry.name]]
    )


def _boxes(grid: Grid, row: IntArray, column: IntArray) -> AnyArray:
    west, north = grid.west + column * grid.width, grid.north - row * grid.height
    boxes: AnyArray = shapely.box(west, north - grid.height, west + grid.width, north)
    return boxes


def _cut(cells: AnyArray, borders: AnyArray) -> list[shapely.Geometry]:
    """Return the polygons of cells within the borders; a cell that only a rounding brought in stays whole."""
    inside = shapely.covers(borders, cells)
    cut = np.where(inside, cells, shapely.intersection(cells, borders))
    parts = [[part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"] for shape in cut]
    return [
        (found[0] if len(found) == 1 else shapely.MultiPolygon(found)) if found else cell
        for found, cell in zip(parts, cells, strict=True)
    ]
