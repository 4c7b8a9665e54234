"""The cells of a raster: where they lie, how large they are, and what they hold, or that they hold nothing."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyproj

from edulayout import crs as crs_module
from edulayout.errors import CrsError, Fault, InputError, MissingExtraError, MissingFileError, TableError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import geopandas as gpd

    from edulayout.tables.findings import Findings
    from edulayout.typing import BoolArray, FloatArray

INSTALL = 'pip install "edulayout[raster]"'
SENTINELS = (-200.0, -9999.0, -99999.0, -32768.0, -2147483648.0)
"""Numbers that rasters store where they hold nothing, without always saying so: -200 is that of GHSL."""

_BEYOND = 1e30
_INEXACT = 1e-6
_SQUARE_METRES = 1e6


class Grid(NamedTuple):
    """The part of a raster that districts touch: where its cells lie, and what they hold."""

    people: FloatArray
    square_km: FloatArray
    west: float
    north: float
    width: float
    height: float
    first_row: int
    first_column: int
    crs: pyproj.CRS


def opened(path: str | os.PathLike[str]) -> Any:  # noqa: ANN401 - untyped library
    """Open a raster, where the extra is installed and the file is one."""
    try:
        import exactextract  # noqa: F401, PLC0415 - an extra, asked for before any work is done
        import rasterio  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingExtraError(f"rasters need rasterio and exactextract, which are not installed: {INSTALL}") from None
    if not Path(path).exists():
        raise MissingFileError(Fault(str(path), "no such file", "a raster", "correct the path, or put the file there"))
    try:
        with warnings.catch_warnings():
            # A file that does not say where it lies is refused with the reason, not warned about.
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            return rasterio.open(path)
    except rasterio.errors.RasterioIOError as error:
        raise TableError(Fault(str(path), f"it cannot be read ({error})", "a raster", "download it again")) from None


def crs_of(file: Any, crs: str | None, source: str) -> pyproj.CRS:  # noqa: ANN401 - untyped library
    """Return the CRS of a raster, or the one that is declared for it."""
    if crs is not None:
        return crs_module.parse(crs, source=source)
    if file.crs is None:
        remedy = 'name it: crs="EPSG:4326" for WorldPop and GPW, "ESRI:54009" for GHSL in Mollweide'
        raise CrsError(Fault(source, "no coordinate reference system", "a declared CRS", remedy))
    return pyproj.CRS.from_wkt(file.crs.to_wkt())


def window_of(file: Any, districts: gpd.GeoDataFrame, findings: Findings) -> tuple[slice, slice]:  # noqa: ANN401
    """Return the rows and columns that the districts' bounds touch."""
    grid = file.transform
    if grid.b or grid.d or grid.e >= 0 or grid.a <= 0:
        findings.fault("a raster that is turned, or not north up", "rows from north to south", "warp it with gdalwarp")
        findings.settle()
    west, south, east, north = districts.total_bounds
    columns = slice(*_clipped((west - grid.c) / grid.a, (east - grid.c) / grid.a, file.width))
    rows = slice(*_clipped((north - grid.f) / grid.e, (south - grid.f) / grid.e, file.height))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise InputError(
            Fault(findings.source, "no cell in any district", "a raster of the same place", "check both, and their CRS")
        )
    return rows, columns


def _clipped(low: float, high: float, most: int) -> tuple[int, int]:
    return max(int(np.floor(low)), 0), min(int(np.ceil(high)), most)


def grid_of(file: Any, window: tuple[slice, slice], crs: pyproj.CRS) -> Grid:  # noqa: ANN401 - untyped library
    """Return where the cells of a window lie, nobody living in them yet."""
    rows, columns = window
    grid = file.transform
    west, north = grid.c + grid.a * columns.start, grid.f + grid.e * rows.start
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    square_km = np.broadcast_to(square_kilometres(crs, north, shape[0], grid)[:, None], shape)
    return Grid(np.zeros(shape), square_km, west, north, grid.a, -grid.e, rows.start, columns.start, crs)


def square_kilometres(crs: pyproj.CRS, north: float, rows: int, grid: Any) -> FloatArray:  # noqa: ANN401 - untyped library
    """Return the square kilometres of a cell in every row."""
    if not crs.is_geographic:
        metre = crs.axis_info[0].unit_conversion_factor
        return np.full(rows, abs(grid.a * grid.e) * metre**2 / _SQUARE_METRES)
    ellipsoid = crs.get_geod()
    assert ellipsoid is not None, "a CRS in degrees has an ellipsoid"
    top = north + grid.e * np.arange(rows)
    # A cell's upper and lower edge are parallels, not geodesics; in a narrow sliver of it both agree, then scaled up.
    part, step = grid.a / 64, grid.e
    corners = ([0, part, part, 0], [0, 0, step, step])
    ring = ellipsoid.polygon_area_perimeter
    found = [abs(ring(corners[0], [y + up for up in corners[1]])[0]) for y in top]
    return np.array(found) * 64 / _SQUARE_METRES


def values_of(
    file: Any,  # noqa: ANN401 - untyped library
    window: tuple[slice, slice],
    band: int,
    nodata: Sequence[float],
    findings: Findings,
) -> FloatArray:
    """Return the cells of a window, 0 where they hold nothing."""
    stored = file.read(band, window=((window[0].start, window[0].stop), (window[1].start, window[1].stop)))
    declared = file.nodatavals[band - 1]
    known = [*nodata, *([] if declared is None else [declared])]
    values = stored.astype(np.float64)
    nothing = _is_nothing(values, known)
    scale, offset = file.scales[band - 1], file.offsets[band - 1]
    odd = ~nothing & (values < 0)
    guessed = odd & (_is_nothing(values, SENTINELS) | (values < -_BEYOND))
    huge = ~nothing & (values > _BEYOND)
    if guessed.any() or huge.any():
        words = ", ".join(f"{value:g}" for value in np.unique(values[guessed | huge])[:3].tolist())
        findings.note(f"cells of {words} taken as empty; the file does not declare that")
    if (odd & ~guessed).any() and not findings.faults:
        findings.fault(
            f"{int((odd & ~guessed).sum())} cells below 0, the least {values[odd & ~guessed].min():g}",
            "residents ≥ 0",
            "if it marks empty cells, declare it: nodata=[…]",
        )
    return np.where(nothing | odd | huge, 0.0, values * scale + offset)


def _is_nothing(values: FloatArray, known: Sequence[float]) -> BoolArray:
    """Mask the cells that hold nothing; a stored float32 is rarely the number that its header declares."""
    nothing: BoolArray = ~np.isfinite(values)
    for number in known:
        if np.isfinite(number):
            nothing |= np.abs(values - number) <= _INEXACT * abs(number)
    return nothing


def strips(file: Any) -> list[slice]:  # noqa: ANN401 - untyped library
    """Return the rows of a file in strips that fit into memory."""
    step = max(1, 4_000_000 // file.width)
    return [slice(start, min(start + step, file.height)) for start in range(0, file.height, step)]
