"""The result folder: every output of a run, whole or not at all."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from edulayout import crs as crs_module
from edulayout import maps, writing
from edulayout.export import write_geopackage, write_table
from edulayout.stages import STAGES
from edulayout.study.manifest import MANIFEST, manifest_of, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from edulayout.study.result import Result

OUTPUTS = ("tables/coverage.csv", "tables/schools.csv", "tables/siting.csv", "results.gpkg", "map.html")


def check_place(out: Path) -> None:
    """Check, before a run, that its result folder can be written and holds nothing that no run wrote.

    Raises
    ------
    OutputError
        Naming the place, or the files that would be lost.
    """
    writing.check_place(out, foreign=_foreign)


def write(result: Result, out: Path) -> None:
    """Write the result folder; an old one is replaced only when the new one is whole.

    Raises
    ------
    OutputError
        Where the place cannot be written or holds something that no run wrote.
    """
    start = time.perf_counter()
    with writing.whole_folder(out, foreign=_foreign) as folder:
        (folder / "tables").mkdir()
        write_table(result.coverage, folder / "tables" / "coverage.csv")
        write_table(schools_table(result.schools), folder / "tables" / "schools.csv")
        write_table(result.siting, folder / "tables" / "siting.csv")
        write_geopackage(_layers(result), folder / "results.gpkg")
        (folder / "map.html").write_text(maps.page(result.map()), encoding="utf-8", newline="\n")
        spent = {"write the results": round(time.perf_counter() - start, 3)}
        content = manifest_of(replace(result, seconds={**result.seconds, **spent}), folder, OUTPUTS, place=out)
        (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _foreign(folder: Path) -> list[str]:
    """Return the files of a folder that its manifest does not list; all of them where the manifest is not ours."""
    there = sorted(str(file.relative_to(folder).as_posix()) for file in folder.rglob("*") if file.is_file())
    manifest = read_manifest(folder)
    ours = {MANIFEST, *(entry["path"] for entry in manifest["outputs"])} if manifest else set()
    return [name for name in there if name not in ours]


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
