"""Lead and branch in the main job, and the table of grades: by hand on the town."""

import geopandas as gpd
import pandas as pd
import pytest
from conftest import write_csv

import edulayout as el
from edulayout.errors import InputError, MissingFileError, TableError
from edulayout.groups import check_grades, read_grades

GRADES = """school_id,grade,need,township,lead
s1,省级,,Old,
s2,,1,East,
s3,county,1,East,
"""
SECTION = '\n[groups]\nstage = "primary"\nlimits = { provincial = 1, city = 5 }\nwithin_metres = 4000\nby = "%s"\n'


@pytest.fixture
def paired(town):
    write_csv(town / "schools.csv", "school_id,name,kind,status,seats_primary,x,y", [
        ("s1", "One", "primary", "existing", 540, 100, 100), ("s2", "Two", "primary", "existing", 200, 1500, 500),
        ("s3", "Three", "primary", "existing", 90, 1900, 900),
    ])  # fmt: skip
    (town / "grades.csv").write_text(GRADES, encoding="utf-8")
    path = town / "study.toml"
    text = path.read_text(encoding="utf-8").replace(
        'streets = "streets.gpkg"', 'streets = "streets.gpkg"\ngrades = "grades.csv"'
    )
    text = text.replace("primary = 2", "primary = 1").replace(
        "primary = 1\n\n[plan.further]", "primary = 2\n\n[plan.further]"
    )
    path.write_text(text, encoding="utf-8")
    return town


def run(town, by="auto"):
    path = town / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + SECTION % by, encoding="utf-8")
    return el.Study.from_file(path).run()


def test_one_lead_takes_the_branch_with_more_pupils(paired):
    made = run(paired)
    table = made.tables["groups"].set_index("branch_id")
    # The streets tell no classes, so metres on foot: s2 is 1,800 m from s1. The limit is one branch.
    assert table["lead_id"].to_dict() == {"s2": "s1", "s3": ""}
    assert table.loc["s2", ["branch_name", "lead_name", "metres"]].tolist() == ["Two", "One", 1800.0]
    assert table.loc["s3", "why"] == "no room"
    assert any("metres on foot" in note for note in made.notes)
    assert any("1 of 2 weaker schools have a lead, 200 of 290 pupils, 1 of 1 townships" in note for note in made.notes)


def test_leads_goals_and_layers(paired):
    made = run(paired)
    (lead,) = made.tables["group_leads"].to_dict("records")
    assert (lead["lead_id"], lead["grade"], lead["used"], lead["limit"], lead["load"]) == (
        "s1",
        "provincial",
        1.0,
        1.0,
        1.0,
    )
    goals = made.tables["group_goals"].set_index("goal")
    assert goals["value"].to_dict() == {"townships": 0.0, "pupils": 90.0, "load": 1.0, "travel": 1800.0}
    assert set(goals["status"]) == {"optimal"}
    (line,) = made.layers["group_lines"].itertuples()
    assert line.geometry.length == pytest.approx((1400**2 + 400**2) ** 0.5)
    assert made.layers["group_hulls"]["lead_id"].tolist() == ["s1"]


def test_by_road_in_minutes(paired):
    streets = gpd.read_file(paired / "streets.gpkg").assign(highway="residential")
    streets.to_file(paired / "streets.gpkg", engine="pyogrio")
    made = run(paired)
    # 1.8 km at 25 km/h.
    assert made.tables["groups"].set_index("branch_id").loc["s2", "minutes"] == pytest.approx(1.8 / 25 * 60, rel=1e-3)
    assert any("minutes by car" in note for note in made.notes)


def test_walking_may_be_asked_for(paired):
    streets = gpd.read_file(paired / "streets.gpkg").assign(highway="residential")
    streets.to_file(paired / "streets.gpkg", engine="pyogrio")
    assert "metres" in run(paired, "walk").tables["groups"]


def test_nobody_to_pair_is_told(paired):
    (paired / "grades.csv").write_text("school_id,grade,need\ns1,city,\n", encoding="utf-8")
    made = run(paired)
    assert "groups" not in made.tables
    assert any("1 schools may lead and 0 need a lead" in note for note in made.notes)


def test_a_lead_of_today_that_may_not_lead_is_told(paired):
    (paired / "grades.csv").write_text(GRADES.replace("s2,,1,East,", "s2,,1,East,s3"), encoding="utf-8")
    made = run(paired)
    assert any("today's lead of s2 may not lead" in note for note in made.notes)


def test_grades_at_the_gate():
    table = pd.DataFrame({"school_id": ["a", "a", "b", "c"], "grade": ["best", "city", "city", ""],
                          "need": [1, -1, 0, 2], "lead": ["", "", "b", "x"]})  # fmt: skip
    schools = pd.DataFrame(index=["a", "b"])
    with pytest.raises(TableError) as caught:
        check_grades(table, schools=schools)
    told = str(caught.value)
    for part in ("duplicate ids", "best", "need", "ids that no school has", "lead themselves"):
        assert part in told, part


def test_grades_without_their_columns_or_file(tmp_path):
    with pytest.raises(TableError, match="no column school_id or grade"):
        check_grades(pd.DataFrame({"school_id": ["a"]}))
    with pytest.raises(MissingFileError):
        read_grades(tmp_path / "none.csv")


def test_unknown_schools_are_told_with_the_faults_of_other_files(paired):
    (paired / "grades.csv").write_text(GRADES.replace("s3,", "s9,"), encoding="utf-8")
    (paired / "candidates.csv").write_text("candidate_id,kinds,x,y\nc1,castle,1,2\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        run(paired)
    assert "s9" in str(caught.value)
    assert "castle" in str(caught.value)
