"""Are the coordinates where their CRS says? Swapped axes, and degrees called metres, are found here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyproj
import shapely

from edulayout.crs import label

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.tables.findings import Findings
    from edulayout.typing import BoolArray, FloatArray

_MARGIN_DEGREES = 3.0
_MOST = 0.5
_WIDEST_DEGREES = 60.0


class _Reading(NamedTuple):
    """Another way to read the coordinates, and what it would mean."""

    found: str
    expected: str
    remedy: str


_SWAPPED_DEGREES = _Reading(
    "longitude and latitude are swapped",
    "longitude as x and latitude as y",
    'exchange the two columns, for example columns={"lon": "lat", "lat": "lon"}',
)
_SWAPPED_METRES = _Reading(
    "x and y are swapped (Chinese surveying writes X for north)",
    "easting as x and northing as y",
    'exchange the two columns, for example columns={"x": "y", "y": "x"}',
)


def check_position(geometry: gpd.GeoSeries, findings: Findings) -> None:
    """Write down a fault where the coordinates fit their CRS only when read in another way."""
    shapes = np.asarray(geometry)
    x, y = _centres(shapes)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return
    crs = pyproj.CRS(geometry.crs)
    here = _within(crs, x, y)
    if meant := _explanation(crs, x[known], y[known], here=here[known].mean()):
        findings.fault(f"{meant.found}: the first point is at ({x[known][0]:.10g}, {y[known][0]:.10g})", *meant[1:])
    elif crs.is_geographic:
        _check_degrees(known & ((np.abs(y) > 90) | (np.abs(x) > 360)), findings)  # noqa: PLR2004 - the globe
    elif here[known].mean() < _MOST:
        findings.note(f"most coordinates lie outside the area that {label(crs)} is made for")


def _check_degrees(beyond: BoolArray, findings: Findings) -> None:
    if beyond.all():
        findings.fault(
            "coordinates that are no degrees; metres?",
            "longitude and latitude, because the CRS is in degrees",
            'say in which CRS the file is, such as crs="EPSG:4544"; a GeoJSON that names none counts as WGS 84',
        )
    elif beyond.any():
        findings.fault(
            "a latitude beyond ±90 or a longitude beyond ±360 degrees; swapped?",
            "longitude as x and latitude as y, in degrees",
            "correct the coordinates, or exchange the two columns",
            where=beyond,
        )


def _centres(shapes: FloatArray) -> tuple[FloatArray, FloatArray]:
    bounds = shapely.bounds(shapes)
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _explanation(crs: pyproj.CRS, x: FloatArray, y: FloatArray, *, here: float) -> _Reading | None:
    """Return the other reading under which the coordinates fit, None where they fit as they are, or never."""
    if _are_degrees(crs, x, y) or _are_degrees(crs, y, x):
        return _Reading(
            f"coordinates in degrees under a CRS in metres ({label(crs)})",
            "the CRS that the coordinates are in",
            'declare the CRS of the file, such as crs="EPSG:4326" or crs="EPSG:4490"',
        )
    if here >= _MOST or _within(crs, y, x).mean() <= _MOST:
        return None
    return _SWAPPED_DEGREES if crs.is_geographic else _SWAPPED_METRES


def _are_degrees(crs: pyproj.CRS, lon: FloatArray, lat: FloatArray) -> bool:
    """Return whether numbers under a projected CRS are degrees: all of them within its own small area of use."""
    area = crs.area_of_use
    if crs.is_geographic or area is None or not 0 < area.east - area.west < _WIDEST_DEGREES:
        return False
    return bool(_in_area(crs, lon, lat, margin=0.0).all())


def _within(crs: pyproj.CRS, x: FloatArray, y: FloatArray) -> BoolArray:
    if crs.is_geographic:
        return (np.abs(x) <= 360) & (np.abs(y) <= 90) & _in_area(crs, x, y)  # noqa: PLR2004 - the globe
    if crs.geodetic_crs is None or crs.area_of_use is None:
        return np.ones(len(x), dtype=bool)
    to_degrees = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    return _in_area(crs, *to_degrees.transform(x, y, errcheck=False))


def _in_area(crs: pyproj.CRS, lon: FloatArray, lat: FloatArray, *, margin: float = _MARGIN_DEGREES) -> BoolArray:
    area = crs.area_of_use
    if area is None:
        return np.ones(len(lon), dtype=bool)
    west, east = area.west - margin, area.east + margin
    # An area of use across the date line has its west east of its east.
    between = (lon >= west) & (lon <= east) if area.west <= area.east else (lon >= west) | (lon <= east)
    return between & (lat >= area.south - margin) & (lat <= area.north + margin)
