import json
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

import edulayout as el
from edulayout.errors import InfeasibleError, InputError
from edulayout.study.planning import Need, check_feasible, quota_needs
from edulayout.study.screen import report
from edulayout.study.verifying import verify


def row(result, layout, stage, district):
    table = result.coverage.set_index(["layout", "stage", "district_id"])
    return table.loc[(layout, stage, district)]


def test_the_town_by_hand(town):
    result = el.Study.from_file(town / "study.toml").run()
    # 100, 200, 300 and 40 primary pupils; the only school stands at b1; the walk is along the grid.
    existing = row(result, "existing", "primary", "all")
    assert existing["pupils"] == 640.0
    assert existing["share_covered"] == 100 / 640
    assert existing["mean_metres"] == (200 * 1600 + 300 * 1800 + 40 * 1800) / 640
    assert existing["max_metres"] == 1800.0
    # West gets one more, as near to b2 as can be; east its only one at b3, where most pupils are.
    new = result.schools.query("layout == 'planned' and status == 'planned'")
    assert new["school_id"].tolist() == ["c1", "c3"]
    assert new["district_id"].tolist() == ["west", "east"]
    planned = row(result, "planned", "primary", "all")
    assert planned["mean_metres"] == (200 * 100 + 40 * 800) / 640
    assert planned["share_covered"] == 600 / 640
    # The nine-year school is scored on both stages: only c2 is left for it.
    assert result.schools.query("layout == 'extended' and kind == 'nine_year'")["school_id"].tolist() == ["c2"]
    assert row(result, "planned", "junior_high", "all")["pupils_unreachable"] == 320.0
    assert row(result, "extended", "junior_high", "all")["pupils_unreachable"] == 0.0


def test_certificates(town):
    result = el.Study.from_file(town / "study.toml").run()
    table = result.siting
    assert table["layout"].tolist() == ["planned"] * 3 + ["extended"]
    assert table["district_id"].tolist() == ["all", "west", "east", "all"]
    assert (table["status"] == "optimal").all()
    assert table.loc[0, "objective"] == pytest.approx(200 * 100 + 40 * 800)
    assert (table["bound"] <= table["objective"] * (1 + 1e-9)).all()


def test_new_schools_have_the_seats_of_their_classes(town):
    schools = el.Study.from_file(town / "study.toml").run().schools.set_index(["layout", "school_id"])
    assert schools.loc[("planned", "c1"), "seats_primary"] == 12 * 45
    assert schools.loc[("planned", "s1"), "seats_primary"] == 540


def test_the_folder_holds_every_output(town, tmp_path):
    el.Study.from_file(town / "study.toml").run(tmp_path / "out")
    files = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    tables = ["access", "assignment", "assignment_flows", "coverage", "equity", "schools", "seats", "siting", "summary", "zones"]  # fmt: skip
    assert set(files) >= {"manifest.json", "map.html", "results.gpkg", *(f"tables/{name}.csv" for name in tables)}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(entry["path"] for entry in manifest["outputs"]) == [name for name in files if name != "manifest.json"]
    coverage = pd.read_csv(tmp_path / "out" / "tables" / "coverage.csv")
    assert list(coverage.columns) == [
        "layout", "stage", "district_id", "pupils", "pupils_covered", "share_covered", "share_covered_straight",
        "mean_metres", "median_metres", "p95_metres", "max_metres", "pupils_unreachable", "radius_metres",
    ]  # fmt: skip
    assert len(coverage) == 3 * 2 * 3
    schools = pd.read_csv(tmp_path / "out" / "tables" / "schools.csv", dtype={"school_id": str})
    assert {"layout", "school_id", "lon", "lat", "x", "y", "origin"} <= set(schools.columns)
    assert schools["lon"].between(105.9, 106.1).all()
    layers = {name for name, _ in pyogrio.list_layers(tmp_path / "out" / "results.gpkg")}
    assert layers >= {"districts", "schools", "demand", "candidates", "service_areas", "zones"}


def test_the_manifest_tells_everything(town, tmp_path):
    el.Study.from_file(town / "study.toml").run(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["role"] for entry in manifest["inputs"]} == {
        "districts",
        "schools",
        "demand",
        "candidates",
        "streets",
    }
    assert all(len(entry["sha256"]) == 64 for entry in manifest["inputs"] + manifest["outputs"])
    assert "NOT verified" in manifest["standards"][0]
    assert {"python", "numpy", "GEOS", "PROJ", "GDAL", "HiGHS"} <= set(manifest["versions"])
    assert manifest["pupils"]["primary"] == {"in": 640.0, "measured": 640.0}
    assert manifest["settings"]["siting"]["gap"] == 0.0
    assert str(tmp_path) not in json.dumps(manifest["settings"])


def test_verify_finds_the_same_and_tells_what_was_altered(town, tmp_path):
    out = tmp_path / "out"
    el.Study.from_file(town / "study.toml").run(out)
    rows = {row.output: row.verdict for row in verify(out)}
    for name in ("siting", "zones"):
        assert rows.pop(f"tables/{name}.csv") in {"identical", "identical but for timing"}
    assert {"tables/coverage.csv", "tables/assignment.csv", "results.gpkg", "map.html"} <= set(rows)
    assert set(rows.values()) == {"identical"}
    table = out / "tables" / "coverage.csv"
    table.write_text(table.read_text(encoding="utf-8-sig").replace("640.0", "641.0"), encoding="utf-8-sig")
    assert verify(out)[0].verdict == "altered since the run"


def test_verify_refuses_other_inputs(town, tmp_path):
    el.Study.from_file(town / "study.toml").run(tmp_path / "out")
    with (town / "demand.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(InputError, match=r"demand\.csv: not the file of the run"):
        verify(tmp_path / "out")


def test_coverage_as_the_goal(town):
    text = (town / "study.toml").read_text() + '\n[siting]\nobjective = "max_coverage"\n'
    (town / "study.toml").write_text(text)
    result = el.Study.from_file(town / "study.toml").run()
    assert result.siting.loc[0, "sense"].startswith("max")
    assert result.siting.loc[0, "objective"] == pytest.approx(600.0)
    assert row(result, "planned", "primary", "all")["pupils_covered"] == pytest.approx(600.0)


def test_the_straight_engine_needs_no_streets(town):
    text = (town / "study.toml").read_text().replace('streets = "streets.gpkg"', "") + '\n[engine]\nname = "straight"\n'
    (town / "study.toml").write_text(text)
    result = el.Study.from_file(town / "study.toml").run()
    whole = result.coverage
    assert (whole["share_covered"] == whole["share_covered_straight"]).all()


def test_a_plain_study_without_plan_measures_what_stands(town):
    study = el.Study.from_file(town / "study.toml")
    bare = el.Study(districts=study.districts, schools=study.schools, demand=study.demand, engine=study.engine,
                    per_1000_residents={"primary": 100.0})  # fmt: skip
    result = bare.run()
    assert result.coverage["layout"].unique().tolist() == ["existing"]
    assert result.candidates is None
    assert "<iframe" in result._repr_html_()


def test_new_schools_say_which_programme_and_where(town):
    schools = el.Study.from_file(town / "study.toml").run().schools.set_index(["layout", "school_id"])
    assert schools.loc[("planned", "c1"), ["name", "name_en"]].tolist() == [
        "规划小学（A）",
        "Planned primary school – A",
    ]
    # What the plan placed keeps its name in the extended layout.
    assert schools.loc[("extended", "c1"), "name"] == "规划小学（A）"
    assert schools.loc[("extended", "c2"), "name"] == "远期九年一贯制学校（B）"


def test_a_chinese_map_has_the_chinese_title_and_note(town, monkeypatch):
    told = 'name_zh = "两片区"\nnote_zh = "测试用"\nlanguage = "zh"\ncrs ='
    text = (town / "study.toml").read_text()
    (town / "study.toml").write_text(text.replace("crs =", told, 1), encoding="utf-8")
    asked = asked_of_the_map(el.Study.from_file(town / "study.toml").run(), monkeypatch)
    assert (asked["title"], asked["note"], asked["language"]) == ("两片区", "测试用", "zh")


def asked_of_the_map(result, monkeypatch):
    """What the result hands to the map; what the map makes of it is the map's own test."""
    asked = {}
    monkeypatch.setattr(el.maps, "explore", lambda **arguments: asked.update(arguments))
    result.map()
    return asked


def test_the_map_shows_the_streets_of_the_engine(town, monkeypatch):
    study = el.Study.from_file(town / "study.toml")
    asked = asked_of_the_map(study.run(), monkeypatch)
    assert len(asked["streets"]) == len(study.engine.edges())
    assert {"assigned_primary", "load_primary", "seat_price_primary"} <= set(asked["schools"].columns)


def test_demand_outside_is_counted_or_refused(town):
    with (town / "demand.csv").open("a") as file:
        file.write("b9,100,591000,3495100\n")
    result = el.Study.from_file(town / "study.toml").run()
    assert row(result, "existing", "primary", "outside")["pupils"] == 10.0
    assert any("outside every district" in str(entry) for entry in result.set_aside)
    text = (town / "study.toml").read_text() + '\n[checks]\ndemand_outside = "error"\n'
    (town / "study.toml").write_text(text)
    with pytest.raises(InputError, match="b9"):
        el.Study.from_file(town / "study.toml").run()


SCHOOLS = pd.DataFrame({"kind": ["primary", "primary"], "district_id": ["west", "west"]}, index=["s1", "s2"])


def test_quotas_count_what_stands():
    needs = quota_needs({"west": {"primary": 5}, "east": {"primary": 1, "kindergarten": 2}}, SCHOOLS, ["west", "east"])
    assert needs == [Need("kindergarten", {"east": 2}), Need("primary", {"west": 3, "east": 1})]


def test_a_quota_below_what_stands_and_an_unknown_district_are_told_together():
    with pytest.raises(InputError, match=r"(?s)nort.*2 stand there"):
        quota_needs({"west": {"primary": 1}, "nort": {"primary": 1}}, SCHOOLS, ["west", "east"])


def parcels(*kinds):
    ids = [f"c{number}" for number in range(len(kinds))]
    return gpd.GeoDataFrame({"kinds": kinds, "district_id": "west"}, index=ids)


def test_too_few_parcels_are_named_by_district_and_kind():
    with pytest.raises(InfeasibleError, match=r"1 parcel\(s\) in west that allow primary"):
        check_feasible([Need("primary", {"west": 2})], parcels("primary", "kindergarten"))


def test_too_few_parcels_at_once_are_found_by_flow():
    needs = [Need("primary", {"west": 1}), Need("kindergarten", anywhere=2)]
    check_feasible(needs, parcels("primary;kindergarten", "kindergarten", "kindergarten"))
    with pytest.raises(InfeasibleError, match="at most 2 of the 3"):
        check_feasible(needs, parcels("primary;kindergarten", "kindergarten"))


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_parcel_that_another_kind_cannot_do_without_goes_to_it(town):
    # Alone, junior high would take a; but the primary school of the west can stand nowhere else.
    (town / "candidates.csv").write_text(
        "candidate_id,kinds,x,y\n"
        f"a,junior_high;primary,{592000 + 900},{3495000 + 900}\n"
        f"b,junior_high,{592000 + 100},{3495000 + 900}\n"
        f"c,primary,{592000 + 1500},{3495000 + 500}\n"
    )
    edit(town / "study.toml", "[plan.quotas.west]\nprimary = 2", "[plan.quotas.west]\nprimary = 2\njunior_high = 1")
    edit(town / "study.toml", "nine_year = 1", "nine_year = 0")
    result = el.Study.from_file(town / "study.toml").run()
    new = result.schools.query("layout == 'planned' and status == 'planned'").set_index("school_id")["kind"]
    assert new.to_dict() == {"a": "primary", "b": "junior_high", "c": "primary"}
    assert [(made.kind, made.opened) for made in result.decisions] == [
        ("primary", {"a": "primary", "c": "primary"}), ("junior_high", {"b": "junior_high"}),
    ]  # fmt: skip


def test_what_was_assumed_when_reading_reaches_the_manifest_and_the_screen(town, tmp_path):
    edit(town / "candidates.csv", "candidate_id,name,", "Candidate_ID,name,")
    result = el.Study.from_file(town / "study.toml").run(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    told = "candidates.csv: the column 'Candidate_ID' is taken as 'candidate_id'"
    assert told in manifest["notes"]
    assert told in report(result)


def test_a_shapefile_cuts_names_and_they_are_found_again(town):
    frame = gpd.read_file(town / "districts.gpkg", engine="pyogrio").rename(columns={"district_id": "district_i"})
    frame.to_file(town / "districts.shp", engine="pyogrio")
    edit(town / "study.toml", "districts.gpkg", "districts.shp")
    study = el.Study.from_file(town / "study.toml")
    assert study.districts.index.tolist() == ["west", "east"]
    assert any("district_i" in note for note in study.districts.attrs["notes"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("primary = 1", "primary = 9", "parcel"),
        ("[plan.quotas.east]", "[plan.quotas.eats]", "eats"),
        ("primary = 2", "primary = 0", "stand there already"),
        (", junior_high = 50.0", "", "no pupils of junior_high"),
        ('standard = "cn-gb50180-2018"', 'standard = "nonsense"', "nonsense"),
    ],
)
def test_check_finds_what_would_stop_a_run(town, old, new, words):
    with (town / "study.toml").open("a") as file:
        file.write('\n[radii]\nstandard = "cn-gb50180-2018"\n')
    edit(town / "study.toml", old, new)
    for call in (el.Study.check, el.Study.run):
        with pytest.raises(InputError, match=words):
            call(el.Study.from_file(town / "study.toml"))


def test_check_finds_a_site_off_the_streets(town):
    edit(town / "candidates.csv", "593900.0,3495900.0", "593900.0,3496900.0")
    with pytest.raises(InputError, match=r"candidates\.csv: 1 of the candidates"):
        el.Study.from_file(town / "study.toml").check()


def test_districts_must_not_bear_the_names_of_the_totals(town):
    study = el.Study.from_file(town / "study.toml")
    renamed = study.districts.rename(index={"west": "all", "east": "outside"})
    with pytest.raises(InputError, match="'all' and 'outside'"):
        replace(study, districts=renamed, quotas={}).run()


def test_schools_given_as_planned_form_a_layout_of_their_own(town):
    with (town / "schools.csv").open("a") as file:
        file.write(f"s2,Two,primary,planned,540,{592000 + 900},{3495000 + 900}\n")
    study = replace(el.Study.from_file(town / "study.toml"), quotas={}, further={}, candidates=None)
    result = study.run()
    assert result.schools.groupby("layout", sort=False)["school_id"].apply(list).to_dict() == {
        "existing": ["s1"], "planned": ["s1", "s2"],
    }  # fmt: skip
    edit(town / "schools.csv", "existing", "closed")
    empty = replace(el.Study.from_file(town / "study.toml"), quotas={}, further={}, candidates=None).run()
    assert row(empty, "existing", "primary", "all")["pupils_unreachable"] == 640.0
    assert "<iframe" in empty._repr_html_()


def test_a_radius_of_ones_own_shows_its_reason(town, monkeypatch):
    with (town / "study.toml").open("a") as file:
        file.write('\n[radii]\noverride = { primary = 800 }\nreason = "hilly"\n')
    result = el.Study.from_file(town / "study.toml").run()
    assert "hilly" in report(result)
    assert "hilly" in asked_of_the_map(result, monkeypatch)["source"]
    assert row(result, "existing", "primary", "all")["radius_metres"] == 800.0


def test_a_district_id_that_contradicts_the_place_is_told(town):
    edit(town / "schools.csv", "school_id,", "district_id,school_id,")
    edit(town / "schools.csv", "s1,One", "east,s1,One")
    result = el.Study.from_file(town / "study.toml").run()
    assert any("not where they lie" in entry.reason and entry.rows == ("s1",) for entry in result.set_aside)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"objective": "p_medium"}, "p_medium"),
        ({"language": "de"}, "'de'"),
        ({"further": {"university": 1}}, "university"),
        ({"quotas": {"west": {"primary": 2.5}}}, "2.5"),
        ({"radius_metres": {"primary": float("nan")}}, "nan"),
        ({"per_1000_residents": {"primary": -1.0}}, "-1.0"),
        ({"gap": 2}, "a share"),
        ({"candidates": None}, "no candidates"),
    ],
)
def test_values_given_in_python_are_checked_too(town, change, words):
    with pytest.raises(InputError, match=words):
        replace(el.Study.from_file(town / "study.toml"), **change).run()


def test_unreachable_pupils_are_seen_on_screen(town):
    edit(town / "demand.csv", "593500.0,3495500.0", "593500.0,3496500.0")
    result = el.Study.from_file(town / "study.toml").run()
    assert "no way: 47 %" in report(result)
    assert any("snap limit" in str(entry) for entry in result.set_aside)


def test_the_screen_speaks_chinese(town):
    edit(town / "study.toml", 'name = "Two halves"', 'name = "Two halves"\nname_zh = "两片区"\nlanguage = "zh"')
    text = report(el.Study.from_file(town / "study.toml").run())
    assert "两片区" in text
    assert "小学，500 米以内" in text
    assert "最优" in text
