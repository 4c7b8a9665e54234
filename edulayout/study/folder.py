"""The result folder: every output of a run, whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edulayout import crs as crs_module
from edulayout import maps
from edulayout.export import write_geopackage, write_table
from edulayout.stages import STAGES
from edulayout.study.manifest import MANIFEST, manifest_of
from edulayout.writing import whole_folder

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from edulayout.study.result import Result

OUTPUTS = ("tables/coverage.csv", "tables/schools.csv", "tables/siting.csv", "results.gpkg", "map.html")


def write(result: Result, out: Path) -> None:
    """Write the result folder; an old one is replaced only when the new one is whole.

    Raises
    ------
    OutputError
        Where the place cannot be written or holds something that no run wrote.
    """
    with whole_folder(out, marker=MANIFEST) as folder:
        (folder / "tables").mkdir()
        write_table(result.coverage, folder / "tables" / "coverage.csv")
        write_table(schools_table(result.schools), folder / "tables" / "schools.csv")
        write_table(result.siting, folder / "tables" / "siting.csv")
        write_geopackage(_layers(result), folder / "results.gpkg")
        (folder / "map.html").write_text(maps.page(result.map()), encoding="utf-8", newline="\n")
        content = manifest_of(result, folder, OUTPUTS, place=out)
        (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def schools_table(schools: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the schools with coordinates as columns: x, y in the study's CRS, lon, lat in WGS 84."""
    lonlat = crs_module.to_crs(schools.geometry, crs_module.LONLAT, source="schools")
    table: pd.DataFrame = schools.drop(columns="geometry").assign(
        lon=lonlat.x, lat=lonlat.y, x=schools.geometry.x, y=schools.geometry.y
    )
    seats = [f"seats_{stage}" for stage in STAGES if f"seats_{stage}" in table]
    order = ["layout", "school_id", "name", "name_en", "kind", "status", "district_id", *seats, "lon", "lat", "x", "y",
             "origin"]  # fmt: skip
    return table[order]


def _layers(result: Result) -> dict[str, gpd.GeoDataFrame]:
    layers = {
        "districts": result.districts.reset_index(),
        "schools": result.schools,
        "demand": result.demand.reset_index(),
        "service_areas": result.service_areas,
    }
    if result.candidates is not None:
        layers["candidates"] = result.candidates.reset_index()
    return layers
