"""The schools of all layouts as a plain table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout import crs as crs_module
from edulayout.stages import STAGES

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def schools_table(schools: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the schools with coordinates as columns: x, y in the study's CRS, lon, lat in WGS 84."""
    lonlat = crs_module.to_crs(schools.geometry, crs_module.LONLAT, source="schools")
    table: pd.DataFrame = schools.drop(columns="geometry").assign(
        lon=lonlat.x, lat=lonlat.y, x=schools.geometry.x, y=schools.geometry.y
    )
    seats = [f"seats_{stage}" for stage in STAGES if f"seats_{stage}" in table]
    order = ["layout", "school_id", "name", "name_en", "kind", "status", "district_id", *seats, "lon", "lat", "x", "y",
             "origin"]  # fmt: skip
    return table[[*order, *(name for name in table if name not in order)]]
