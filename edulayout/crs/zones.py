"""The 3-degree Gauss-Krüger zones of CGCS2000, as Chinese plans at 1:10,000 and larger are drawn in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyproj

from edulayout.crs.systems import LONLAT, require, to_crs
from edulayout.errors import CrsError, Fault

if TYPE_CHECKING:
    from edulayout.crs.systems import Spatial

_FIRST, _LAST = 25, 45
_BY_MERIDIAN, _BY_ZONE = 4509, 4488


def gauss_kruger(frame: Spatial, *, zone_in_easting: bool = False) -> pyproj.CRS:
    """Return the 3-degree CGCS2000 zone in whose middle a table lies best.

    Parameters
    ----------
    frame
        Any table with a CRS; its middle is the middle of its bounds.
    zone_in_easting
        True for eastings that begin with the number of the zone (EPSG:4513 to 4533), False for those that begin with
        500,000 m at the central meridian (EPSG:4534 to 4554).

    Raises
    ------
    CrsError
        Where the table has no CRS, or lies outside the zones 25 to 45 (73.5 to 136.5 degrees east).

    Notes
    -----
    Zone = longitude / 3, rounded; codes as in the EPSG registry v11.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> langzhong = gpd.GeoSeries([Point(105.97, 31.58)], crs="EPSG:4490")
    >>> gauss_kruger(langzhong).to_epsg(), gauss_kruger(langzhong, zone_in_easting=True).to_epsg()
    (4544, 4523)
    """
    require(frame, source="the table")
    west, south, east, north = to_crs(frame, LONLAT, source="the table").total_bounds
    longitude = (west + east) / 2
    zone = int(np.round(longitude / 3)) if np.isfinite(longitude) else 0
    if not _FIRST <= zone <= _LAST or north < 0 or south < 0:
        raise CrsError(
            Fault("the table", f"a middle at {longitude:.2f}° east", "a place within the zones 25 to 45 of CGCS2000",
                  "choose a projected CRS of the place itself, such as its UTM zone")
        )  # fmt: skip
    return pyproj.CRS.from_epsg((_BY_ZONE if zone_in_easting else _BY_MERIDIAN) + zone)
