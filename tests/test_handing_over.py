"""What `[outputs]` writes beside the tables: every format, in the datum asked for, listed in the manifest, verified."""

import json
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest

import edulayout as el
from edulayout.errors import CrsError, InputError

FORMATS = ["xlsx", "docx", "dxf", "shapefile", "geojson", "kml"]


@pytest.fixture
def study(town):
    return el.Study.from_file(town / "study.toml")


def test_every_format_is_written_and_listed(study, tmp_path):
    asked = replace(
        study, language="zh", outputs={"formats": FORMATS, "datum": "CGCS2000 3-degree zoned", "encoding": "gbk"}
    )
    asked.run(tmp_path / "out")
    files = {
        file.relative_to(tmp_path / "out").as_posix()
        for file in (tmp_path / "out" / "files").rglob("*")
        if file.is_file()
    }
    listed = {entry["path"] for entry in json.loads((tmp_path / "out" / "manifest.json").read_text())["outputs"]}
    assert files <= listed
    assert {
        "files/tables.xlsx",
        "files/tables.docx",
        "files/plan.dxf",
        "files/layers.kml",
        "files/geojson/schools.geojson",
    } <= files
    schools = gpd.read_file(tmp_path / "out" / "files" / "shapefile" / "schools.shp", engine="pyogrio")
    assert schools.crs.to_epsg() == 4523
    fields = pd.read_csv(tmp_path / "out" / "files" / "shapefile" / "fields.csv").set_index(["layer", "column"])[
        "field"
    ]
    assert "规划" in "".join(schools[fields["schools", "name"]])
    layers = set(gpd.read_file(tmp_path / "out" / "files" / "plan.dxf", engine="pyogrio")["Layer"])
    assert {"片区界", "现状学校", "规划学校", "道路", "小学服务范围_规划"} <= layers


def test_nothing_is_written_where_nothing_is_asked(study, tmp_path):
    study.run(tmp_path / "out")
    assert not (tmp_path / "out" / "files").exists()


def test_shifted_geojson_says_so_and_a_drawing_in_degrees_is_refused(study, tmp_path):
    replace(study, outputs={"formats": ["geojson"], "datum": "GCJ-02"}).run(tmp_path / "out")
    content = json.loads((tmp_path / "out" / "files" / "geojson" / "schools.geojson").read_text(encoding="utf-8"))
    assert content["datum"] == "GCJ-02"
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    with pytest.raises(CrsError, match="degree"):
        replace(study, outputs={"formats": ["dxf"], "datum": "CGCS2000"}).run(tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before


def test_an_unknown_format_is_refused_before_anything_is_measured(study):
    with pytest.raises(InputError, match="outputs"):
        replace(study, outputs={"formats": ["dwg"]}).run()


def test_the_files_are_the_same_every_time(study, tmp_path):
    asked = replace(study, outputs={"formats": FORMATS})
    for name in ("one", "two"):
        asked.run(tmp_path / name)
    for file in (tmp_path / "one" / "files").rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (tmp_path / "two" / file.relative_to(tmp_path / "one")).read_bytes(), file.name
