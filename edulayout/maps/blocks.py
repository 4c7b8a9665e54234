"""The places of demand as columns: thousands of polygons that a page reads at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from edulayout import crs
from edulayout.maps.bundle import Column
from edulayout.maps.packing import MICRODEGREES

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.typing import AnyArray

MANY = 5_000
"""From here on outlines lose what no screen shows."""
TOLERANCE_METRES = 3.0
"""A corner goes where the triangle with its neighbours is smaller than the square of this."""


def outlines(demand: gpd.GeoDataFrame) -> dict[str, Any]:
    """Describe the geometry of the demand.

    Returns
    -------
    dict
        `points`: whether these are points; `rings`: how many rings each place has, holes among them; `corners`: how
        many corners each ring has, without the closing one; `x`, `y`: millionths of a degree, as steps. Above `MANY`
        polygons shared edges are simplified together, so that neighbours still meet. Linear in the corners.

    Raises
    ------
    CrsError
        Where the table has no CRS.

    Examples
    --------
    >>> import geopandas as gpd
    >>> told = outlines(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1e-5, 2e-5)], crs="EPSG:4326"))
    >>> told["rings"].values, told["corners"].values, told["x"].values
    (array([1]), array([4]), array([10, 10,  0,  0]))
    """
    thinned = demand.set_geometry(_thinned(demand))
    degrees = crs.to_crs(thinned[[thinned.geometry.name]], crs.LONLAT, source="demand").geometry.array
    points = bool(len(degrees)) and bool((shapely.get_dimensions(degrees) == 0).all())
    return _columns(_pointlike(degrees)) | {"points": True} if points else _columns(degrees) | {"points": False}


def _pointlike(geometries: AnyArray) -> AnyArray:
    firsts: AnyArray = shapely.point_on_surface(geometries)
    return firsts


def _thinned(demand: gpd.GeoDataFrame) -> AnyArray:
    polygons = np.asarray(demand.geometry.array)
    flat = bool((shapely.get_dimensions(polygons) == 2).all())  # noqa: PLR2004 - areas
    if len(polygons) <= MANY or not flat or demand.crs is None or not demand.crs.is_projected:
        return polygons
    return simple(polygons)


def simple(polygons: AnyArray) -> AnyArray:
    """Simplify polygons in metres together, so that neighbours still meet; what would vanish stays as it is.

    Examples
    --------
    >>> bent = shapely.Polygon([(0, 0), (50, 0.1), (100, 0), (100, 100), (0, 100)])
    >>> shapely.get_num_coordinates(simple(np.array([bent]))).tolist()
    [5]
    """
    if not hasattr(shapely, "coverage_simplify"):  # shapely < 2.1
        return np.asarray(shapely.simplify(polygons, TOLERANCE_METRES / 3))
    simpler = shapely.coverage_simplify(polygons, TOLERANCE_METRES)
    whole: AnyArray = np.where(shapely.is_empty(simpler), polygons, simpler)
    return whole


def _columns(geometries: AnyArray) -> dict[str, Any]:
    parts, owner = shapely.get_parts(np.asarray(geometries), return_index=True)
    polygonal = shapely.get_dimensions(parts) == 2  # noqa: PLR2004 - areas
    rings, part = shapely.get_rings(parts[polygonal], return_index=True)
    pieces = np.concatenate([rings, parts[~polygonal]])
    owners = np.concatenate([owner[polygonal][part], owner[~polygonal]])
    order = np.argsort(owners, kind="stable")
    pieces, owners = pieces[order], owners[order]
    xy, ring = shapely.get_coordinates(pieces, return_index=True)
    whole = np.rint(xy * MICRODEGREES).astype(np.int64)
    kept = _kept(whole, ring)
    return {
        "rings": Column(np.bincount(owners, minlength=len(geometries))),
        "corners": Column(np.bincount(ring[kept], minlength=len(pieces))),
        "x": Column(whole[kept, 0], steps=True),
        "y": Column(whole[kept, 1], steps=True),
    }


def _kept(whole: AnyArray, ring: AnyArray) -> AnyArray:
    """Leave out corners that fell together, and the last of a ring, which is the first again."""
    same = np.r_[False, (np.diff(whole, axis=0) == 0).all(axis=1) & (np.diff(ring) == 0)]
    last = np.r_[np.diff(ring) != 0, True][: len(ring)]
    first = np.searchsorted(ring, ring)
    closing = last & (np.arange(len(ring)) > first) & (whole == whole[first]).all(axis=1)
    kept: AnyArray = ~(same | closing)
    return kept
