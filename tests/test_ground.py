"""Errors, CRS, exact sums and the one writer."""

import math
import os
import signal
import subprocess
import sys
import time

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from edulayout import crs, errors, fixedpoint, writing


def points(code="EPSG:4544"):
    return gpd.GeoDataFrame(geometry=[Point(592000, 3495000)], crs=code)


def test_every_error_is_also_a_builtin():
    assert issubclass(errors.InputError, ValueError)
    assert issubclass(errors.MissingFileError, FileNotFoundError)
    assert issubclass(errors.OutputError, OSError)
    assert issubclass(errors.MissingExtraError, ImportError)


def test_an_error_shows_all_its_faults():
    fault = errors.Fault("a.csv", "found", "expected", "remedy", rows=tuple("abcdefghij"))
    text = str(errors.MissingFileError(fault, fault))
    assert text.count("a.csv: found") == 2
    assert "a, b, c, d, e, f, g, h … (10 in all)" in text


def test_degrees_where_metres_are_needed():
    with pytest.raises(errors.CrsError, match="degree"):
        crs.require_metres(points("EPSG:4490"), source="x")
    with pytest.raises(errors.CrsError, match="US survey foot"):
        crs.require_metres(points("EPSG:2225"), source="x")
    with pytest.raises(errors.CrsError, match="no coordinate reference system"):
        crs.require_metres(points(None), source="x")


def test_ballpark_changes_are_refused_and_cgcs2000_equals_wgs84():
    for old in ("EPSG:4214", "EPSG:4610"):  # Beijing 1954, Xian 1980
        with pytest.raises(errors.CrsError, match="no parameters"):
            crs.to_crs(points(old), "EPSG:4544", source="x")
    lonlat = gpd.GeoDataFrame(geometry=[Point(105.97, 31.58)], crs="EPSG:4326")
    moved = crs.to_crs(lonlat, "EPSG:4544", source="x").to_crs("EPSG:4490")
    assert moved.geometry[0].distance(Point(105.97, 31.58)) < 1e-9


@given(st.lists(st.floats(-1e5, 1e5), max_size=40), st.randoms())
def test_exact_sums_do_not_depend_on_order(values, random):
    turned = list(values)
    random.shuffle(turned)
    one, two = fixedpoint.total(np.array(values)), fixedpoint.total(np.array(turned))
    assert one == two
    assert abs(one - sum(values)) <= 1e-5


def test_exact_sums_of_large_numbers_stay_exact_enough():
    values = np.random.default_rng(1).uniform(0, 1e12, 10_000)
    assert fixedpoint.total(values) == fixedpoint.total(values[::-1])
    assert fixedpoint.total(values) == pytest.approx(math.fsum(values), rel=1e-15)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), writing.whole_file(target) as temporary:  # noqa: PT012 - the write fails half-way
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def not_m_or_words(folder):
    return sorted({path.name for path in folder.iterdir()} - {"m", "one", "two"})


def test_a_folder_is_replaced_whole_and_foreign_folders_are_not(tmp_path):
    target = tmp_path / "results"
    for word in ("one", "two"):
        with writing.whole_folder(target, foreign=not_m_or_words) as folder:
            (folder / "m").write_text(word)
            (folder / word).write_text("")
    assert sorted(path.name for path in target.iterdir()) == ["m", "two"]
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1").write_text("precious")
    with pytest.raises(errors.OutputError, match="chapter1"), writing.whole_folder(foreign, foreign=not_m_or_words):
        pass
    assert (foreign / "chapter1").read_text() == "precious"


def test_a_kill_between_the_two_renames_is_mended(tmp_path):
    old = tmp_path / ".edulayout-old-results"
    old.mkdir()
    (old / "m").write_text("old")
    writing.restore(tmp_path / "results")
    assert (tmp_path / "results" / "m").read_text() == "old"


def test_a_killed_run_leaves_the_old_folder(tmp_path):
    target = tmp_path / "results"
    with writing.whole_folder(target) as folder:
        (folder / "m").write_text("old")
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom edulayout.writing import whole_folder\n"
        f"with whole_folder(Path({str(target)!r})) as folder:\n"
        "    (folder / 'm').write_text('new')\n    print('writing', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert (target / "m").read_text() == "old"
    with writing.whole_folder(target) as folder:
        (folder / "m").write_text("newer")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
