"""The datum of what is handed over: CGCS2000, a 3-degree zone, WGS 84, GCJ-02, BD-09, or any CRS by its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout import crs as crs_module

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

DEGREES = {"CGCS2000": "EPSG:4490", "WGS84": "EPSG:4326"}
ZONES = {"CGCS2000 3-degree": False, "CGCS2000 3-degree zoned": True}


def in_datum(layers: Mapping[str, gpd.GeoDataFrame], target: str) -> dict[str, gpd.GeoDataFrame]:
    """Return all layers in one datum, for handing over.

    Parameters
    ----------
    layers
        Layers with a CRS, by name; the zone is chosen by the first one's middle.
    target
        `CGCS2000` or `WGS84` (degrees); `CGCS2000 3-degree` (Gauss-Krüger, easting 500,000 m at the central meridian)
        or `CGCS2000 3-degree zoned` (the easting begins with the zone); `GCJ-02` or `BD-09` (degrees; such a layer has
        no CRS, since no register knows one); or an authority code.

    Raises
    ------
    CrsError
        Where a layer has no CRS, the target is not known, or a place lies outside what the target is made for.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> layer = gpd.GeoDataFrame(geometry=[Point(592000, 3495000)], crs="EPSG:4544")
    >>> moved = in_datum({"schools": layer}, "CGCS2000 3-degree zoned")["schools"]
    >>> moved.crs.to_epsg(), round(moved.geometry.x[0])
    (4523, 35592000)
    """
    datum = crs_module.shifted_datum(target)
    if datum is not None:
        return {name: crs_module.to_shifted(frame, datum, source=name) for name, frame in layers.items()}
    if target in ZONES:
        first = next(iter(layers.values()))
        chosen = crs_module.gauss_kruger(first, zone_in_easting=ZONES[target])
    else:
        chosen = crs_module.parse(DEGREES.get(target, target), source="the datum of the output")
    return {name: crs_module.to_crs(frame, chosen, source=name) for name, frame in layers.items()}
