"""Geometry in few bytes: whole millionths of a degree, each vertex as its step from the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.typing import AnyArray

MICRODEGREES = 1_000_000
"""Six decimals of a degree: 0.11 m, finer than any map on a screen."""

Ring: TypeAlias = list[int]
Shape: TypeAlias = list[list[Ring]] | Ring

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def shapes(column: gpd.GeoSeries) -> list[Shape]:
    """Pack each geometry of a column in longitude and latitude.

    Returns
    -------
    list
        A polygon is a list of parts, each a list of rings, each `[x, y, dx, dy, …]` without the closing vertex; lines
        are a list of one part whose "rings" are the lines; a point is `[x, y]`. Linear in the number of vertices.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> column = gpd.GeoSeries([shapely.box(0, 0, 1e-5, 2e-5), shapely.Point(106, 31.5)], crs="EPSG:4326")
    >>> shapes(column)
    [[[[10, 0, 0, 20, -10, 0, 0, -20]]], [106000000, 31500000]]
    """
    return [_shape(geometry) for geometry in column.array]


def point(geometry: shapely.Geometry) -> Ring:
    """Pack one point.

    Examples
    --------
    >>> point(shapely.Point(105.97, 31.58))
    [105970000, 31580000]
    """
    return _steps(shapely.get_coordinates(geometry)[:1])


def _shape(geometry: shapely.Geometry) -> Shape:
    kind = shapely.get_type_id(geometry)
    if kind == shapely.GeometryType.POINT:
        return point(geometry)
    if kind in _POLYGONAL:
        return [_rings(part) for part in shapely.get_parts(geometry)]
    return [[_steps(shapely.get_coordinates(line)) for line in shapely.get_parts(geometry)]]


def _rings(polygon: shapely.Polygon) -> list[Ring]:
    return [_steps(shapely.get_coordinates(ring)[:-1]) for ring in shapely.get_rings(polygon)]


def _steps(degrees: AnyArray) -> Ring:
    whole = np.rint(degrees * MICRODEGREES).astype(np.int64)
    moved = np.diff(whole, axis=0)
    kept = moved[moved.any(axis=1)]
    return np.concatenate([whole[:1], kept]).ravel().tolist()
