"""The main job, end to end: on the sample city, and on a real place that nobody here made up."""

import base64
import gzip
import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

import edulayout as el
from edulayout.cli import main
from edulayout.study.samples import sample_study

QUOTAS = {
    "jiangbei": {"kindergarten": 8, "primary": 7, "junior_high": 4},
    "qili": {"kindergarten": 11, "primary": 6, "junior_high": 3},
    "jiangnan": {"kindergarten": 6, "primary": 3, "junior_high": 3},
    "jiangdong": {"kindergarten": 5, "primary": 2, "junior_high": 1},
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "results"
    return out, el.Study.from_file(sample_study()).run(out)


@pytest.mark.parametrize("seed", ["1", pytest.param("4711", marks=pytest.mark.slow)])
def test_the_same_bits_in_another_process(demo, tmp_path, seed):
    first, _ = demo
    command = [sys.executable, "-m", "edulayout.cli", "demo", "--out", str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed})
    timed = {"tables/siting.csv", "tables/zones.csv"}  # they tell how long the solver took
    manifest = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    names = {entry["path"] for entry in manifest["outputs"]} - timed
    assert {"tables/assignment.csv", "tables/equity.csv", "tables/summary.csv", "results.gpkg", "map.html"} <= names
    for name in sorted(names):
        assert (tmp_path / "out" / name).read_bytes() == (first / name).read_bytes(), name


def counts(result, layout):
    schools = result.schools[result.schools["layout"] == layout]
    return schools.groupby(["district_id", "kind"]).size()


def test_every_quota_is_met_exactly(demo):
    _, result = demo
    planned = counts(result, "planned")
    for district, kinds in QUOTAS.items():
        for kind, quota in kinds.items():
            assert planned[(district, kind)] == quota, (district, kind)
    assert len(planned) == 12


def test_the_further_programme_is_added(demo):
    _, result = demo
    more = counts(result, "extended").groupby("kind").sum() - counts(result, "planned").groupby("kind").sum().reindex(
        ["junior_high", "kindergarten", "nine_year", "primary"], fill_value=0
    )
    assert more.to_dict() == {"junior_high": 0, "kindergarten": 7, "nine_year": 1, "primary": 4}


def test_every_placing_is_proven_and_checks_out(demo):
    _, result = demo
    assert (result.siting["status"] == "optimal").all()
    assert (result.siting["stop_reason"] == "proved").all()
    # Three kinds in four districts and as a whole, and all together; then two parts, and all together.
    assert len(result.siting) == (1 + 3 * 5) + (1 + 2)
    for made in result.decisions:
        made.joint.verify()


def test_no_kind_placed_before_the_others_takes_their_best_parcels(demo):
    _, result = demo
    # 21,991,139 pupil-metres when junior high, primary and kindergarten were placed one after the other.
    together = result.siting.query("layout == 'planned' and kind == 'all'").iloc[0]
    assert together["objective"] < 6_735_388 + 10_901_745 + 4_354_006
    assert "these 44 sites of all kinds" in together["proven"]
    jiangbei = result.siting.query("layout == 'planned' and kind == 'kindergarten' and district_id == 'jiangbei'")
    assert jiangbei["proven"].item().startswith("no other choice of the 5 sites in Jiangbei shortens the mean walk")
    assert "by more than 0.0 %" in jiangbei["proven"].item()


def test_the_diagnosis_of_the_sample(demo):
    out, result = demo
    seats = pd.read_csv(out / "tables" / "seats.csv").set_index(["layout", "stage", "district_id"])
    assigned = pd.read_csv(out / "tables" / "assignment.csv")
    zones = pd.read_csv(out / "tables" / "zones.csv")
    for stage in result.radii:
        for layout in ("existing", "planned", "extended"):
            mine = assigned[(assigned["layout"] == layout) & (assigned["stage"] == stage)]
            lives = result.demand[f"pupils_{stage}"].sum()
            assert mine[mine["row"] != "all"]["pupils"].sum() == pytest.approx(lives, abs=1e-3)
            # Every pupil can walk to every school here: only missing seats leave pupils without one.
            short = mine[mine["row"] == "no seat left"]["pupils"].sum()
            assert short == pytest.approx(seats.loc[(layout, stage, "all"), "gap"], abs=1e-2)
        gaps = [seats.loc[(layout, stage, "all"), "gap"] for layout in ("existing", "planned", "extended")]
        assert gaps == sorted(gaps, reverse=True)
    whole = zones[zones["district_id"] == "all"].set_index("stage")
    assert set(whole["status"]) <= {"optimal", "feasible"}
    assert (whole["gap"] <= 0.02).all()
    for stage in whole.index:
        assert whole.loc[stage, "pupils"] == pytest.approx(result.demand[f"pupils_{stage}"].sum())


def test_the_demo_is_read_in_short(demo):
    _, result = demo
    table = result.tables["summary"].set_index(["stage", "measure"])
    assert table.loc[("kindergarten", "seats_short"), ["existing", "planned", "extended"]].tolist() == ["8,273", "2,063", "173"]  # fmt: skip
    assert table.loc[("junior_high", "worst_district"), "existing"] == "Qili New Area"


def test_each_layout_covers_more_and_walks_less(demo):
    _, result = demo
    whole = result.coverage[result.coverage["district_id"] == "all"].set_index(["stage", "layout"])
    for stage in result.radii:
        existing, planned, extended = (whole.loc[(stage, layout)] for layout in ("existing", "planned", "extended"))
        assert existing["share_covered"] < planned["share_covered"] <= extended["share_covered"]
        assert existing["mean_metres"] > planned["mean_metres"] >= extended["mean_metres"]
        assert planned["pupils_unreachable"] == 0


def test_the_straight_line_flatters(demo):
    _, result = demo
    assert (result.coverage["share_covered_straight"] >= result.coverage["share_covered"]).all()


def test_no_walk_is_shorter_than_the_straight_line(demo):
    _, result = demo
    sites = result.schools.drop_duplicates("school_id").set_index("school_id")
    straight = el.travel_costs(result.demand, sites, engine=el.Straight())
    streets = result.costs.select_schools(straight.school_ids)
    both = pd.concat([straight.to_series(), streets.to_series()], axis=1, keys=["straight", "streets"]).dropna()
    assert (both["streets"] >= both["straight"] * (1 - 1e-6)).all()


def test_pupils_are_conserved(demo):
    out, _ = demo
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for stage in manifest["pupils"].values():
        assert stage["in"] == pytest.approx(stage["measured"], rel=1e-9)
    assert manifest["set_aside"] == []


def test_the_map_stays_small_and_shows_that_the_city_is_schematic(demo):
    out, _ = demo
    page = (out / "map.html").read_text(encoding="utf-8")
    assert "Schematic" in shown(page)
    assert len(page) < 3_000_000


def shown(page):
    """What the page shows: its tables travel as base64 of a gzip file."""
    (packed,) = re.findall(r'id="edulayout-tables"[^>]*>([^<]*)<', page)
    return gzip.decompress(base64.b64decode(packed)).decode("utf-8", errors="replace")


@pytest.fixture(scope="module")
def liechtenstein(real_data, tmp_path_factory):
    study = tmp_path_factory.mktemp("liechtenstein") / "study"
    extract = real_data / "liechtenstein_osm" / "liechtenstein-latest.osm.pbf"
    for command in (["init", "--osm", str(extract), "--out", str(study)], ["run", str(study / "study.toml")]):
        with pytest.raises(SystemExit) as stop:
            main(command)
        assert not stop.value.code
    return study


@pytest.mark.real_data
def test_a_real_country_from_init_to_map(liechtenstein):
    results = liechtenstein / "results"
    coverage = pd.read_csv(results / "tables" / "coverage.csv")
    districts = set(coverage["district_id"]) - {"all"}
    assert len(districts) == 11
    whole = coverage[coverage["district_id"] == "all"].set_index("stage")
    assert whole.loc["primary", "pupils"] == pytest.approx(40_158 * 0.062, rel=0.01)
    # 15 kindergartens for 160 km² of valleys and alps: few live within 300 m, nearly all can walk to one.
    assert whole["share_covered"].between(0.05, 0.5).all()
    assert (whole["pupils_unreachable"] < 0.001 * whole["pupils"]).all()
    assert (whole["median_metres"] < whole["p95_metres"]).all()
    page = (results / "map.html").read_text(encoding="utf-8")
    assert "© OpenStreetMap contributors" in shown(page)
    assert "Triesenberg" in shown(page)
    # Nobody stated a seat: the summary says that it cannot tell, and every pupil has a zone but a handful.
    summary = pd.read_csv(results / "tables" / "summary.csv").set_index(["stage", "measure"])["existing"]
    assert summary[("primary", "seats_short")].startswith("cannot tell (≤ ")
    zones = pd.read_csv(results / "tables" / "zones.csv")
    zones = zones[zones["district_id"] == "all"].set_index("stage")
    assert zones.loc["primary", "pupils"] == pytest.approx(whole.loc["primary", "pupils"], rel=0.005)
    assert zones.loc["primary", "gap"] <= 0.02


@pytest.mark.real_data
def test_the_real_schools_are_all_there(liechtenstein, real_data):
    schools = pd.read_csv(liechtenstein / "results" / "tables" / "schools.csv", dtype=str)
    assert schools["school_id"].is_unique
    reference = el.read_schools(real_data / "liechtenstein_osm" / "schools.gpkg", columns={"school_id": "osm_id", "kind": "amenity"}, values={"kind": {"school": "unknown"}})  # fmt: skip
    assert len(reference) == 38
    origins = ";".join(schools["origin"])
    # Each object of the reference list is the origin of exactly one school; five of them share a campus with another.
    found = [
        sum(f"{letter}{name}" in origins.replace("osm:", ";").split(";") for letter in "nwr")
        for name in reference.index
    ]
    assert found == [1] * 38
    assert len(schools) == 33
