"""The command line: exit codes, clear errors, nothing half-written, whatever is wrong with the input."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pytest
from conftest import X0, Y0
from shapely import Point, Polygon, box

from edulayout.cli import main


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return stop.value.code or 0, out, err


def refused(capsys, folder, *words):
    """A run that must end with code 2, name these words, show no traceback and write nothing."""
    before = sorted(folder.parent.rglob("*"))
    code, _, err = call(capsys, "run", folder / "study.toml", "--out", folder.parent / "out")
    assert code == 2
    assert "Traceback" not in err
    assert err.count("expected:") >= 1
    assert err.count("remedy:") >= 1
    for word in words:
        assert word in err, f"{word!r} is not in:\n{err}"
    assert sorted(folder.parent.rglob("*")) == before
    return err


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_run_prints_coverage_before_and_after(town, tmp_path, capsys):
    code, out, err = call(capsys, "run", town / "study.toml", "--out", tmp_path / "out")
    assert code == 0
    assert "Two halves (made for tests)" in out
    assert "existing" in out
    assert "extended" in out
    assert "optimal" in out
    assert "measure distances" in err
    assert (tmp_path / "out" / "manifest.json").exists()


def test_results_stand_beside_the_study_by_default(town, capsys):
    assert call(capsys, "run", town / "study.toml")[0] == 0
    assert (town / "results" / "map.html").exists()


def test_check_reads_everything_and_writes_nothing(town, capsys):
    before = sorted(town.parent.rglob("*"))
    code, out, _ = call(capsys, "check", town / "study.toml")
    assert code == 0
    assert "2 districts, 1 schools, 4 demand, 4 candidates" in out
    assert sorted(town.parent.rglob("*")) == before


def test_standards_show_their_status(capsys):
    code, out, _ = call(capsys, "standards")
    assert code == 0
    assert "300 metres" in out
    assert "NOT verified" in out
    assert call(capsys, "standards", "cn-gb1")[0] == 2


def test_verify_tells_the_same(town, tmp_path, capsys):
    call(capsys, "run", town / "study.toml", "--out", tmp_path / "out")
    code, out, _ = call(capsys, "verify", tmp_path / "out")
    assert code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert out.count("identical") == len(manifest["outputs"])
    (tmp_path / "out" / "map.html").write_text("other")
    assert call(capsys, "verify", tmp_path / "out")[0] == 1


def test_missing_files_are_named(town, capsys):
    (town / "demand.csv").unlink()
    (town / "districts.gpkg").unlink()
    refused(capsys, town, "demand.csv", "districts.gpkg", "no such file")
    assert call(capsys, "run", town / "nothing.toml")[0] == 2


def test_wrong_column(town, capsys):
    edit(town / "demand.csv", "population", "pop")
    refused(capsys, town, "demand.csv", "population", "pop")


def test_no_crs(town, capsys):
    edit(town / "study.toml", 'demand = { path = "demand.csv", crs = "EPSG:4544" }', 'demand = "demand.csv"')
    refused(capsys, town, "demand.csv", "coordinate reference system", "crs")


def test_degrees_where_metres_are_needed(town, capsys):
    edit(town / "study.toml", 'crs = "EPSG:4544"\n\n[inputs]', 'crs = "EPSG:4490"\n\n[inputs]')
    refused(capsys, town, "study.crs", "degrees", "EPSG:4544")


def test_swapped_longitude_and_latitude(town, capsys):
    edit(town / "study.toml", 'path = "demand.csv", crs = "EPSG:4544"', 'path = "demand.csv", crs = "EPSG:4490"')
    (town / "demand.csv").write_text("demand_id,population,lon,lat\nb1,1000,31.58,105.97\nb2,1000,31.58,105.98\n")
    refused(capsys, town, "demand.csv", "swap")


def test_duplicate_ids(town, capsys):
    edit(town / "demand.csv", "b2,", "b1,")
    refused(capsys, town, "demand.csv", "b1", "duplicate")


def test_empty_table(town, capsys):
    (town / "demand.csv").write_text("demand_id,population,x,y\n")
    refused(capsys, town, "demand.csv", "no rows")


@pytest.mark.parametrize(
    ("geometry", "word"),
    [(None, "without a geometry"), (Polygon(), "empty"), (Polygon([(X0, Y0), (X0 + 9, Y0 + 9), (X0 + 9, Y0), (X0, Y0 + 9)]), "Self-intersection"), (Point(X0, Y0), "Point")],
)  # fmt: skip
def test_bad_geometry(town, capsys, geometry, word):
    frame = gpd.GeoDataFrame({"district_id": ["west", "east"], "name": ["a", "b"]}, geometry=[geometry, box(X0, Y0, X0 + 2000, Y0 + 1000)], crs="EPSG:4544")  # fmt: skip
    (town / "districts.gpkg").unlink()
    frame.to_file(town / "districts.gpkg", engine="pyogrio")
    refused(capsys, town, "districts.gpkg", word, "west")


@pytest.mark.parametrize(("value", "word"), [("", "b2"), ("-5", "-5"), ("inf", "inf"), ("many", "many"), ("nan", "b2")])
def test_bad_population(town, capsys, value, word):
    edit(town / "demand.csv", "b2,2000", f"b2,{value}")
    refused(capsys, town, "demand.csv", "population", word)


@pytest.mark.parametrize("value", ["-5", "inf"])
def test_bad_seats(town, capsys, value):
    edit(town / "schools.csv", ",540,", f",{value},")
    refused(capsys, town, "schools.csv", "seats_primary", "s1")


def test_overlapping_districts(town, capsys):
    frame = gpd.GeoDataFrame({"district_id": ["west", "east"], "name": ["a", "b"]}, geometry=[box(X0, Y0, X0 + 1100, Y0 + 1000), box(X0 + 1000, Y0, X0 + 2000, Y0 + 1000)], crs="EPSG:4544")  # fmt: skip
    (town / "districts.gpkg").unlink()
    frame.to_file(town / "districts.gpkg", engine="pyogrio")
    refused(capsys, town, "districts.gpkg", "overlap", "west", "east")


def test_demand_outside_every_district_is_counted_and_shown(town, tmp_path, capsys):
    with (town / "demand.csv").open("a") as file:
        file.write(f"b9,100,{X0 - 100},{Y0 + 100}\n")
    code, out, _ = call(capsys, "run", town / "study.toml", "--out", tmp_path / "out")
    assert code == 0
    assert "outside every district" in out
    edit(town / "study.toml", "[plan.further]", '[checks]\ndemand_outside = "error"\n\n[plan.further]')
    shutil.rmtree(tmp_path / "out")
    refused(capsys, town, "b9", "outside")


def test_quota_larger_than_the_candidates(town, capsys):
    edit(town / "study.toml", "[plan.quotas.east]\nprimary = 1", "[plan.quotas.east]\nprimary = 7")
    refused(capsys, town, "2 parcel(s) in east that allow primary", "at least 7")


def test_a_candidate_far_from_any_street(town, capsys):
    edit(town / "candidates.csv", f"{X0 + 1900},{Y0 + 900}", f"{X0 + 1900},{Y0 + 1900}")
    refused(capsys, town, "c4", "snap limit")


def test_truncated_extract(town, capsys):
    (town / "streets.osm.pbf").write_bytes(b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x99")
    edit(town / "study.toml", "streets.gpkg", "streets.osm.pbf")
    refused(capsys, town, "streets.osm.pbf")


def test_three_mistakes_in_the_study_file(town, capsys):
    edit(town / "study.toml", 'crs = "EPSG:4544"\n\n[inputs]', 'crs = "EPSG:9"\nlanguage = "fr"\n\n[inputs]')
    edit(town / "study.toml", "primary = 2", "primary = -2")
    err = refused(capsys, town, "study.crs", "study.language", "plan.quotas.west.primary")
    assert err.count("remedy:") == 3


def test_a_folder_that_no_run_wrote_is_not_overwritten(town, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("precious")
    refused(capsys, town, "out", "not overwritten")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no folder here that even root cannot write to")
def test_an_unwritable_folder(town, capsys):
    code, _, err = call(capsys, "run", town / "study.toml", "--out", "/proc/edulayout/out")
    assert code == 2
    assert "cannot be written" in err
    assert "Traceback" not in err


def test_a_kill_in_the_middle_keeps_the_old_results(town, tmp_path, capsys):
    out = tmp_path / "out"
    call(capsys, "run", town / "study.toml", "--out", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    code = (
        "import time, edulayout as el\nfrom edulayout import maps\n"
        "def stop(map):\n    print('half-way', flush=True)\n    time.sleep(60)\n"
        f"maps.page = stop\nel.Study.from_file({str(town / 'study.toml')!r}).run({str(out)!r})\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half-way\n"
        time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert call(capsys, "run", town / "study.toml", "--out", out)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "town"]


def test_nothing_that_no_run_wrote_is_deleted(town, tmp_path, capsys):
    out = tmp_path / "out"
    assert call(capsys, "run", town / "study.toml", "--out", out)[0] == 0
    (out / "my notes.txt").write_text("precious")
    code, _, err = call(capsys, "run", town / "study.toml", "--out", out)
    assert code == 2
    assert "my notes.txt" in err
    assert (out / "my notes.txt").read_text() == "precious"
    foreign = tmp_path / "web"
    foreign.mkdir()
    (foreign / "manifest.json").write_text('{"name": "my web app"}')
    assert call(capsys, "run", town / "study.toml", "--out", foreign)[0] == 2
    assert (foreign / "manifest.json").read_text() == '{"name": "my web app"}'
    code, _, err = call(capsys, "verify", foreign)
    assert code == 2
    assert "no manifest of a run" in err


@pytest.mark.parametrize("place", [".", "town"])
def test_the_folder_of_the_study_is_no_result_folder(town, tmp_path, capsys, monkeypatch, place):
    monkeypatch.chdir(town if place == "." else tmp_path)
    code, _, err = call(capsys, "run", town / "study.toml", "--out", place)
    assert code == 2
    assert "study.toml" in err
    assert (town / "study.toml").exists()


def test_a_folder_as_study_and_a_study_with_a_mark_of_byte_order(town, tmp_path, capsys):
    code, _, err = call(capsys, "run", town)
    assert code == 2
    assert "name the .toml file" in err
    text = (town / "study.toml").read_text(encoding="utf-8")
    (town / "study.toml").write_text(text, encoding="utf-8-sig")
    assert call(capsys, "check", town / "study.toml")[0] == 0


def test_faults_of_the_streets_are_told_with_those_of_the_tables(town, capsys):
    (town / "demand.csv").unlink()
    (town / "streets.gpkg").unlink()
    refused(capsys, town, "demand.csv", "streets.gpkg")
