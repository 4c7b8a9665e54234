"""GCJ-02 and BD-09, the shifted coordinates of Chinese web maps: undone where declared, hinted at where likely.

The shift is hundreds of metres, more than a school's service radius. PROJ refuses it; the formula is the published
one of the `eviltransform` project, and is defined within a box around China only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.crs.systems import LONLAT, require, to_crs
from edulayout.errors import CrsError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from edulayout.crs.systems import Spatial
    from edulayout.typing import AnyArray, BoolArray, FloatArray

    Pair = tuple[FloatArray, FloatArray]

_SEMI_MAJOR_METRES, _ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_BAIDU = np.pi * 3000.0 / 180.0
_ROUNDS = 12
"""Each round of the inverse gains about three digits; twelve leave nothing but the rounding of a double."""


def gcj02_from_wgs84(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return GCJ-02 coordinates of WGS 84 ones, in degrees; complexity O(n).

    Examples
    --------
    A published vector (Shanghai):

    >>> lon, lat = gcj02_from_wgs84(np.array([121.5272106]), np.array([31.1774276]))
    >>> lon.round(7).tolist(), lat.round(7).tolist()
    ([121.5315419], [31.175304])
    """
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def wgs84_from_gcj02(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return WGS 84 coordinates of GCJ-02 ones: the exact inverse, by fixed-point iteration.

    There and back is exact to 1e-8 m; to 1e-6 m on the meridian of 105 degrees, where the formula has a kink (a square
    root of the distance from it) and is not invertible any closer.

    Examples
    --------
    >>> there = gcj02_from_wgs84(np.array([105.97]), np.array([31.58]))
    >>> bool(abs(wgs84_from_gcj02(*there)[0][0] - 105.97) < 1e-13)
    True
    """
    return _inverse(gcj02_from_wgs84, lon, lat)


def bd09_from_wgs84(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return BD-09 coordinates of WGS 84 ones: GCJ-02 and a second shift."""
    return _bd09_from_gcj02(*gcj02_from_wgs84(lon, lat))


def wgs84_from_bd09(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return WGS 84 coordinates of BD-09 ones."""
    return wgs84_from_gcj02(*_inverse(_bd09_from_gcj02, lon, lat))


SHIFTED: dict[str, tuple[Callable[[FloatArray, FloatArray], Pair], Callable[[FloatArray, FloatArray], Pair]]] = {
    "GCJ-02": (wgs84_from_gcj02, gcj02_from_wgs84),
    "BD-09": (wgs84_from_bd09, bd09_from_wgs84),
}
"""By datum: how to come from it to WGS 84, and how to come to it."""


def shifted_datum(text: str | None) -> str | None:
    """Return the shifted datum that a text names, or None where it names none.

    Examples
    --------
    >>> shifted_datum("gcj02"), shifted_datum("BD-09"), shifted_datum("EPSG:4490")
    ('GCJ-02', 'BD-09', None)
    """
    plain = (text or "").upper().replace("-", "").replace(" ", "").removesuffix("LL")
    return next((name for name in SHIFTED if name.replace("-", "") == plain), None)


def from_shifted(frame: Spatial, datum: str, *, source: str) -> Spatial:
    """Return a table whose coordinates are given in a shifted datum, in WGS 84 degrees.

    Parameters
    ----------
    frame
        Longitude and latitude in the shifted datum; where its CRS is projected, of that projection (a shifted layer
        that somebody projected).
    datum
        `GCJ-02` or `BD-09`.
    source
        What the table is called in errors.

    Raises
    ------
    CrsError
        Where coordinates lie outside the box that the shift is defined in, with their rows.
    """
    degrees = to_crs(frame, LONLAT, source=source) if frame.crs is not None else frame.set_crs(LONLAT)
    _require_inside(degrees, datum, source=source)
    back, _ = SHIFTED[datum]
    return _moved(degrees, back)


def to_shifted(frame: Spatial, datum: str, *, source: str) -> Spatial:
    """Return a table in the degrees of a shifted datum; it has no CRS, since no register knows one for it.

    Raises
    ------
    CrsError
        Where the table has no CRS, or lies outside the box that the shift is defined in.
    """
    require(frame, source=source)
    degrees = to_crs(frame, LONLAT, source=source)
    _require_inside(degrees, datum, source=source)
    _, forth = SHIFTED[datum]
    return _moved(degrees, forth).set_crs(None, allow_override=True)


def unshifted_hint(points: gpd.GeoSeries, homes: gpd.GeoSeries) -> str:
    """Return the shifted datum that points seem to be given in, `""` where they do not.

    Parameters
    ----------
    points
        Places in a CRS.
    homes
        For each of them the polygon that it is said to lie in, aligned, in the same CRS.

    Notes
    -----
    A hint, never a correction: more than a tenth of the points (and at least three) lie outside their polygons, and
    undoing the shift brings at least four of five of those inside.
    """
    outside = ~shapely.covers(np.asarray(homes), np.asarray(points))
    if outside.sum() < max(3, 0.1 * len(points)):
        return ""
    degrees = to_crs(points[outside], LONLAT, source="points")
    if not _inside(degrees).all():
        return ""
    own = np.asarray(homes)[outside]
    found = {}
    for datum, (back, _) in SHIFTED.items():
        moved = np.asarray(to_crs(_moved(degrees, back), require(points, source="points"), source="points"))
        found[datum] = float(shapely.covers(own, moved).mean())
    best = max(found, key=lambda datum: found[datum])
    return best if found[best] >= 0.8 else ""  # noqa: PLR2004 - four of five, as the notes say


def _offset(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return the shift in degrees to the east and to the north."""
    x, y = lon - 105.0, lat - 35.0
    root, waves = np.sqrt(np.abs(x)), 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (waves + _wave(y, (20.0, 1.0), (40.0, 3.0)) + _wave(y, (160.0, 12.0), (320.0, 30.0))) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (waves + _wave(x, (20.0, 1.0), (40.0, 3.0)) + _wave(x, (150.0, 12.0), (300.0, 30.0))) * 2.0 / 3.0
    radians = np.radians(lat)
    flat = 1.0 - _ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    along = _SEMI_MAJOR_METRES / np.sqrt(flat) * np.cos(radians)
    across = _SEMI_MAJOR_METRES * (1.0 - _ECCENTRICITY_SQUARED) / (flat * np.sqrt(flat))
    return np.degrees(east / along), np.degrees(north / across)


def _wave(at: FloatArray, *waves: tuple[float, float]) -> FloatArray:
    total = np.zeros_like(at)
    for height, length in waves:
        total += height * np.sin(at / length * np.pi)
    return total


def _bd09_from_gcj02(lon: FloatArray, lat: FloatArray) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _inverse(forth: Callable[[FloatArray, FloatArray], Pair], lon: FloatArray, lat: FloatArray) -> Pair:
    x, y = lon, lat
    for _ in range(_ROUNDS):
        east, north = forth(x, y)
        x, y = x - (east - lon), y - (north - lat)
    return x, y


def _moved(frame: Spatial, move: Callable[[FloatArray, FloatArray], Pair]) -> Spatial:
    def turned(coordinates: AnyArray) -> AnyArray:
        return np.column_stack(move(coordinates[:, 0], coordinates[:, 1]))

    shapes = shapely.transform(np.asarray(frame.geometry), turned)
    if hasattr(frame, "columns"):
        return frame.set_geometry(type(frame.geometry)(shapes, index=frame.index, crs=LONLAT))
    return type(frame)(shapes, index=frame.index, crs=LONLAT, name=frame.name)


def _inside(frame: Spatial) -> BoolArray:
    west, south, east, north = np.asarray(frame.geometry.bounds.fillna(_WEST + _SOUTH), dtype=np.float64).T
    empty: BoolArray = np.asarray(frame.geometry.isna() | frame.geometry.is_empty, dtype=bool)
    within: BoolArray = (west >= _WEST) & (east <= _EAST) & (south >= _SOUTH) & (north <= _NORTH)
    return np.logical_or(within, empty)


def _require_inside(frame: Spatial, datum: str, *, source: str) -> None:
    inside = _inside(frame)
    if not inside.all():
        raise CrsError(
            Fault(source, f"coordinates outside China, said to be in {datum}",
                  f"{_WEST} to {_EAST} degrees east, {_SOUTH} to {_NORTH} north: elsewhere the shift is not defined",
                  "name the CRS that they are in, such as EPSG:4326", rows=tuple(map(str, frame.index[~inside])))
        )  # fmt: skip
