"""The years to come in the main job: on a small town, from cohorts and from births."""

import json

import geopandas as gpd
import pandas as pd
import pytest
from conftest import X0, Y0, write_csv
from shapely import Point

import edulayout as el
from edulayout.errors import InputError
from edulayout.study.forecasting import demand_in

SECTION = """
[demand]
source = "made up"
base_year = 2024
horizon = 2030
split = "even"

[demand.housing]
pupils_per_dwelling = { primary = 0.5 }
"""
AGES = ["0-4", "5-9", "10-14", "15-49", "50+"]


@pytest.fixture
def growing(town):
    """The town with ages, rates and an estate in the east; 3,000 residents in the west, 3,400 in the east."""
    rows = [
        (name, sex, age, people * share / 2)
        for name, people in (("west", 3000), ("east", 3400))
        for sex in ("female", "male")
        for age, share in zip(AGES, (0.02, 0.06, 0.06, 0.5, 0.36), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["district_id", "sex", "age", "population"])
    frame.to_csv(town / "ages.csv", index=False)
    rates = [(variant, "15-49", rate) for variant, rate in (("medium", 30), ("low", 20), ("high", 45))]
    pd.DataFrame(rates, columns=["variant", "age", "births_per_1000_women"]).to_csv(town / "fertility.csv", index=False)
    pd.DataFrame({"age": ["0-49", "50+"], "deaths_per_1000": [1, 20]}).to_csv(town / "mortality.csv", index=False)
    write_csv(town / "housing.csv", "housing_id,year,dwellings,x,y", [("h1", 2026, 100, 1480, 500)])
    text = (town / "study.toml").read_text(encoding="utf-8")
    names = 'ages = "ages.csv"\nfertility = "fertility.csv"\nmortality = "mortality.csv"\n'
    text = text.replace("[pupils]", names + 'housing = { path = "housing.csv", crs = "EPSG:4544" }\n\n[pupils]')
    (town / "study.toml").write_text(text + SECTION, encoding="utf-8")
    return town


def edit(folder, old, new):
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_tables_of_the_years(growing, tmp_path):
    result = el.Study.from_file(growing / "study.toml").run(tmp_path / "out")
    demand, seats = (
        pd.read_csv(tmp_path / "out" / "tables" / f"{name}.csv") for name in ("demand_by_year", "seats_by_year")
    )
    assert set(demand["variant"]) == {"medium", "low", "high"}
    assert sorted(set(demand["year"])) == list(range(2024, 2031))
    now = demand[(demand["year"] == 2024) & (demand["stage"] == "primary") & (demand["variant"] == "medium")]
    # Ages 6 to 9 are four fifths of 5-9, 10 and 11 two fifths of 10-14: 0.048 + 0.024 of the residents.
    assert now.set_index("district_id")["pupils"].to_dict() == pytest.approx({"east": 244.8, "west": 216, "all": 460.8})
    later = demand[(demand["district_id"] == "east") & (demand["stage"] == "primary")].set_index(["variant", "year"])
    assert later.loc[("medium", 2025), "pupils_housing"] == 0
    assert later.loc[("low", 2026), "pupils_housing"] == 50
    whole = seats[(seats["layout"] == "planned") & (seats["variant"] == "medium") & (seats["stage"] == "primary")]
    assert whole["seats"].gt(0).any()
    assert whole["surplus"].tolist() == pytest.approx((whole["seats"] - whole["pupils"]).tolist(), nan_ok=True)
    account = result.tables["population_by_year"]
    own = account[(account["variant"] == "low") & (account["district_id"] == "west")].set_index("year")
    change = own["births"] - own["deaths"] + own["net_migrants"]
    assert (own["population"] + change).iloc[:-1].tolist() == pytest.approx(own["population"].iloc[1:].tolist())
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["forecast"]["horizon"] == 2030
    assert {"ages", "fertility", "mortality", "housing"} <= {entry["role"] for entry in manifest["inputs"]}
    assert any("made up" in note for note in result.notes)
    assert any(note.startswith("Primary: most pupils in 2024") for note in result.notes)


def test_the_outlook_names_surplus_as_plainly_as_shortage(growing):
    outlook = el.Study.from_file(growing / "study.toml").run().tables["seats_outlook"]
    row = outlook[
        (outlook["layout"] == "existing") & (outlook["stage"] == "primary") & (outlook["variant"] == "medium")
    ]
    row = row.set_index("district_id")
    assert row.loc["west", "verdict"] == "surplus"
    assert row.loc["west", "surplus_from_year"] == 2024
    assert row.loc["west", "horizon_idle_share"] > 0.2
    assert row.loc["west", "horizon_surplus"] > 400
    assert row.loc["east", "verdict"] == "short"


def test_two_counts_of_today_are_told_and_every_table_names_its_basis(growing, tmp_path):
    result = el.Study.from_file(growing / "study.toml").run(tmp_path / "out")
    note = next(note for note in result.notes if note.startswith("Primary: two counts of today"))
    counted = result.demand["pupils_primary"].sum()
    # The ages give 460.8 in 2024, as above.
    assert f"{counted:,.0f} pupils by" in note
    assert "461 by the age table in 2024" in note
    assert note in json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["notes"]
    assert set(result.tables["seats_by_year"]["basis"]) == set(result.tables["seats_outlook"]["basis"]) == {"ages"}
    assert result.coverage.query("stage == 'primary' and district_id == 'all'")["pupils"].tolist() == [counted] * 3


def test_schools_are_placed_for_the_year_asked_for(growing):
    plain = el.Study.from_file(growing / "study.toml").run()
    edit(growing, "[demand]\n", "[siting]\nyear = 2027\n\n[demand]\n")
    study = el.Study.from_file(growing / "study.toml")
    later = study.run()
    assert later.study.siting_year == 2027
    assert later.coverage["pupils"].tolist() == plain.coverage["pupils"].tolist(), "coverage tells of today"
    assert later.siting["objective"].tolist() != plain.siting["objective"].tolist()
    assert any("2027" in note and "medium" in note for note in later.notes)
    placed = demand_in(later.study, 2027)
    pupils = later.tables["demand_by_year"]
    own = pupils[(pupils["variant"] == "medium") & (pupils["year"] == 2027) & (pupils["district_id"] == "all")]
    for stage, number in zip(own["stage"], own["pupils"], strict=True):
        assert placed[f"pupils_{stage}"].sum() == pytest.approx(number)
    # The estate's 50 pupils are counted at b3, 20 m away.
    share = placed.loc[["b3", "b4"], "pupils_primary"]
    assert share["b3"] - 50 == pytest.approx(share["b4"] * 3000 / 400)


def test_the_short_method(town):
    births = [(name, year, number) for name, number in (("west", 40), ("east", 20)) for year in range(2008, 2024)]
    pd.DataFrame(births, columns=["district_id", "year", "births"]).to_csv(town / "births.csv", index=False)
    edit(town, "[pupils]", 'births = "births.csv"\n\n[pupils]')
    text = (town / "study.toml").read_text(encoding="utf-8")
    section = '[demand]\nsource = "register"\nbase_year = 2024\nhorizon = 2029\nmigration = { primary = 1.5 }\n'
    (town / "study.toml").write_text(text + section, encoding="utf-8")
    result = el.Study.from_file(town / "study.toml").run()
    table = result.tables["demand_by_year"].set_index(["stage", "district_id", "year"])["pupils"]
    assert table["primary", "west", 2024] == pytest.approx(6 * 40 * 1.5)
    assert table["junior_high", "east", 2029] == pytest.approx(3 * 20)
    assert "population_by_year" not in result.tables
    assert set(result.tables["seats_outlook"]["basis"]) == {"births"}


def test_chinese_notes(growing):
    edit(growing, 'crs = "EPSG:4544"\n\n[inputs]', 'crs = "EPSG:4544"\nlanguage = "zh"\n\n[inputs]')
    notes = el.Study.from_file(growing / "study.toml").run().notes
    assert any(note.startswith("小学：2024年学生最多") for note in notes)
    assert any("布局远期拓展" in note for note in notes), "the names of layouts are Chinese too"
    assert any(note.startswith("小学：本次计算有两套现状学生数") and "2024年分年龄人口" in note for note in notes)


@pytest.mark.parametrize(("old", "new", "found"), [
    ("horizon = 2030", "horizon = 2020", "lies before"),
    ('split = "even"', 'main_variant = "hope"\nsplit = "even"', "hope"),
    ('fertility = "fertility.csv"\n', "", "fertility"),
    ("[demand]\n", "[siting]\nyear = 2050\n\n[demand]\n", "2050"),
    ('split = "even"', 'split = "sprague"', "cannot split"),
])  # fmt: skip
def test_what_is_wrong_is_named(growing, old, new, found):
    edit(growing, old, new)
    with pytest.raises(InputError, match=found):
        el.Study.from_file(growing / "study.toml").check()


def test_a_year_needs_a_forecast(town):
    text = (town / "study.toml").read_text(encoding="utf-8")
    (town / "study.toml").write_text(text + "\n[siting]\nyear = 2030\n", encoding="utf-8")
    with pytest.raises(InputError, match="section"):
        el.Study.from_file(town / "study.toml").check()


def test_faults_of_all_tables_come_together(growing):
    ages = pd.read_csv(growing / "ages.csv", dtype=str)
    ages.assign(district_id=ages["district_id"].replace("east", "moon")).to_csv(growing / "ages.csv", index=False)
    with pytest.raises(InputError) as error:
        el.Study.from_file(growing / "study.toml").check()
    text = str(error.value)
    assert "moon" in text
    assert "east" in text
    assert "ages.csv" in text
    assert "line 12" in text


def test_estates_outside_are_refused(growing):
    study = el.Study.from_file(growing / "study.toml")
    far = gpd.GeoDataFrame(
        {"year": [2026], "dwellings": [5]}, geometry=[Point(X0 - 900, Y0)], index=["h9"], crs="EPSG:4544"
    )
    with pytest.raises(InputError, match="estates outside"):
        el.Study(**{**vars(study), "housing": far.rename_axis("housing_id")}).check()
