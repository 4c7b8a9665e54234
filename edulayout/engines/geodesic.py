"""The shortest line on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.engines.straight import dense
from edulayout.errors import CrsError, Fault
from edulayout.typing import quiet

if TYPE_CHECKING:
    import pyproj

    from edulayout.typing import AnyArray, CostArrays, FloatArray, Progress, Unit

_CORNERS = 64


@dataclass(frozen=True)
class Geodesic:
    """Metres on the ellipsoid of the tables' CRS (Karney 2013, doi:10.1007/s00190-012-0578-z).

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> home = gpd.GeoSeries([Point(105, 31)], index=["a"], crs="EPSG:4490")
    >>> school = gpd.GeoSeries([Point(105, 32)], index=["s"], crs="EPSG:4490")
    >>> Geodesic().costs(home, school).values.round().tolist()
    [110878.0]
    """

    @property
    def name(self) -> str:
        """`geodesic`."""
        return "geodesic"

    @property
    def unit(self) -> Unit:
        """`metres`."""
        return "metres"

    def costs(
        self,
        demand: gpd.GeoSeries,
        schools: gpd.GeoSeries,
        *,
        cutoff: float | None = None,
        progress: Progress = quiet,
    ) -> CostArrays:
        """Return the metres of all pairs within the cutoff, of all pairs where it is None. O(pairs)."""
        crs_module.require_same(demand, schools, source="demand and schools")
        lon, lat = _lonlat(demand)
        geod = _geod(demand.crs)
        values = np.empty((len(demand), len(schools)), dtype=np.float32)
        for column, (x, y) in enumerate(zip(*_lonlat(schools), strict=True)):
            values[:, column] = geod.inv(lon, lat, np.full(len(lon), x), np.full(len(lat), y))[2]
            progress("geodesic distances", column + 1, len(schools))
        if cutoff is not None:
            values[values > np.float32(cutoff)] = np.inf
        return dense(values)

    def areas(self, schools: gpd.GeoSeries, *, radius: float) -> gpd.GeoSeries:
        """Return for each school the geodesic disc of the radius, as a polygon of 64 corners."""
        crs = crs_module.require(schools, source="schools")
        rings = [_circle(_geod(crs), *place, radius) for place in zip(*_lonlat(schools), strict=True)]
        polygons = shapely.polygons(np.stack(rings)) if rings else np.empty(0, dtype=object)
        own = gpd.GeoSeries(polygons, index=schools.index, crs=_geographic(crs))
        return own if crs.is_geographic else own.to_crs(crs)


def _geographic(crs: pyproj.CRS) -> pyproj.CRS:
    base = crs if crs.is_geographic else crs.geodetic_crs
    if base is None:
        fault = Fault("places", f"no ellipsoid ({crs_module.label(crs)})", "a CRS on the Earth", "use Straight()")
        raise CrsError(fault)
    return base


def _geod(crs: pyproj.CRS) -> pyproj.Geod:
    geod = _geographic(crs).get_geod()
    assert geod is not None
    return geod


def _lonlat(places: gpd.GeoSeries) -> tuple[FloatArray, FloatArray]:
    crs = crs_module.require(places, source="places")
    points = (places if crs.is_geographic else places.to_crs(_geographic(crs))).to_numpy()
    return shapely.get_x(points), shapely.get_y(points)


def _circle(geod: pyproj.Geod, lon: float, lat: float, radius: float) -> AnyArray:
    azimuth = np.arange(_CORNERS) * (360.0 / _CORNERS)
    full = np.ones(_CORNERS)
    ring = geod.fwd(lon * full, lat * full, azimuth, radius * full)
    return np.column_stack(ring[:2])
