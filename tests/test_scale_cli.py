"""The command line over tiles: a study file with [scale], street tiles, clear errors."""

import json

import geopandas as gpd
import pytest
from scale_town import CRS, province, written
from test_scale_streets import street_lines

from edulayout.cli import main

STUDY = """
[study]
name = "Province"
crs = "EPSG:4544"

[inputs]
schools = "schools.gpkg"

[scale]
cells = "cells"
tile_cells = 900
by = "district_id"
coverage = { primary = 500 }
nearest = { primary = 2 }
access = { primary = 900 }
seats = ["primary"]
"""


@pytest.fixture
def folder(tmp_path):
    table, schools = province()
    written(table, tmp_path / "cells")
    schools.to_file(tmp_path / "schools.gpkg", engine="pyogrio")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return stop.value.code or 0, out, err


@pytest.mark.parametrize("command", ["scale", "run"])
def test_a_study_over_tiles(command, folder, capsys):
    code, out, err = call(capsys, command, folder / "study.toml", "--out", folder / "out")
    assert code == 0, err
    assert "coverage_primary_500" in out
    told = json.loads((folder / "out" / "summary.json").read_text())
    assert sorted(told["tables"]) == [
        "coverage_primary_500",
        "e2sfca_primary_900",
        "equity_e2sfca_primary_900",
        "seats_primary",
    ]
    assert told["tiles"] > 1
    assert len(list((folder / "out" / "cells").glob("*.parquet"))) == told["tiles"]


@pytest.mark.slow
def test_workers_of_its_own(folder, capsys):
    assert call(capsys, "scale", folder / "study.toml", "--out", folder / "one")[0] == 0
    assert call(capsys, "scale", folder / "study.toml", "--out", folder / "two", "--workers", "2")[0] == 0
    assert (folder / "one" / "summary.json").read_bytes() == (folder / "two" / "summary.json").read_bytes()
    for path in sorted((folder / "one" / "cells").iterdir()):
        assert path.read_bytes() == (folder / "two" / "cells" / path.name).read_bytes()


def test_tiled_streets_from_the_command_line(folder, capsys):
    gpd.GeoSeries(street_lines(), crs=CRS).to_file(folder / "streets.gpkg", engine="pyogrio")
    code, out, err = call(
        capsys, "tile-streets", folder / "streets.gpkg", "--out", folder / "tiles", "--tile-metres", "1000"
    )
    assert code == 0, err
    assert "tiles in" in out
    text = STUDY.replace('cells = "cells"', 'cells = "cells"\nstreets = "tiles"')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    code, out, err = call(capsys, "scale", folder / "study.toml", "--out", folder / "out")
    assert code == 0, err


@pytest.mark.parametrize(("change", "words"), [
    (("[scale]", "[scale]\nworkers = 3"), ["scale.workers", "known name"]),
    (("coverage = { primary = 500 }", "coverage = { primary = -5 }"), ["scale.coverage.primary"]),
    (('cells = "cells"', 'cells = "nothing"'), ["no Parquet file"]),
    (('by = "district_id"', 'by = "county"'), ["no column county"]),
])  # fmt: skip
def test_faults_end_with_two_and_no_traceback(change, words, folder, capsys):
    (folder / "study.toml").write_text(STUDY.replace(*change), encoding="utf-8")
    code, _, err = call(capsys, "scale", folder / "study.toml", "--out", folder / "out")
    assert code == 2
    assert "Traceback" not in err
    for word in words:
        assert word in err
    assert not (folder / "out").exists()


def test_an_unprotected_scheduler_is_refused(folder, capsys):
    code, _, err = call(capsys, "scale", folder / "study.toml", "--scheduler", "tcp://10.0.0.9:8786")
    assert code == 2
    assert "tls://host:port" in err
