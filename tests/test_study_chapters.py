"""The diagnosis in the main job: seats, assignment, access, equity, zones and the summary, by hand on the town."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

import edulayout as el
from edulayout.errors import InputError, StudyFileError
from edulayout.study import study as running
from edulayout.study.chapters import CHAPTERS, Chapter
from edulayout.study.chapters.access import quantiles
from edulayout.study.screen import report
from edulayout.study.settings import Diagnosis


@pytest.fixture
def result(town):
    return el.Study.from_file(town / "study.toml").run()


def extend(town, text):
    path = town / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return el.Study.from_file(path)


def rows(result, name, **where):
    table = result.tables[name]
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def test_seats_by_district(result):
    # 300 primary pupils live in the west, with one school of 540 seats; 340 in the east, with none.
    table = rows(result, "seats", layout="existing", stage="primary").set_index("district_id")
    assert table["pupils"].to_dict() == {"east": 340.0, "west": 300.0, "all": 640.0}
    assert table["gap"].to_dict() == {"east": 340.0, "west": 0.0, "all": 100.0}
    assert table.loc["all", "seats_per_1000_residents"] == 540 / 6.4
    assert table.loc["all", "classes"] == 12
    assert table.loc["all", "classes_needed"] == 15


def test_seats_nobody_stated_leave_the_balance_open(result):
    # The nine-year school of the further programme has no size: the plan names none for the kind.
    (row,) = rows(result, "seats", layout="extended", stage="primary", district_id="all").itertuples()
    assert np.isnan(row.gap)
    assert (row.schools_unknown, row.gap_at_most) == (1, 0.0)
    (junior,) = rows(result, "seats", layout="extended", stage="junior_high", district_id="all").itertuples()
    assert (junior.seats, junior.gap_at_most) == (0.0, 320.0)
    assert any("are not known" in note and "(c2)" in note for note in result.notes)
    assert rows(result, "access", layout="extended", stage="primary")["seats_per_pupil"].isna().all()


def test_seats_may_be_assumed_and_it_is_told(town):
    study = extend(town, "\n[diagnosis]\nassumed_classes = { primary = 6 }\n")
    schools = pd.read_csv(town / "schools.csv")
    schools["seats_primary"] = np.nan
    schools.to_csv(town / "schools.csv", index=False)
    result = el.Study.from_file(town / "study.toml").run()
    (row,) = rows(result, "seats", layout="existing", stage="primary", district_id="all").itertuples()
    assert (row.seats, row.gap) == (6 * 45, 640 - 270)
    assert any("assumed for 6 classes of primary" in str(entry) for entry in result.set_aside)
    assert not any("assumed" in str(entry) for entry in study.run().set_aside)  # stated seats stay


def test_who_gets_the_540_seats(result):
    # b1 (100) at 0 m, b2 (200) at 1,600, b3 and b4 (340) at 1,800: the last 100 have no seat.
    school, short, whole = rows(result, "assignment", layout="existing", stage="primary").to_dict("records")
    assert (school["school_id"], school["pupils"], school["load"], school["nearest_pupils"]) == (
        "s1",
        540.0,
        1.0,
        640.0,
    )
    assert school["mean_metres"] == pytest.approx((200 * 1600 + 240 * 1800) / 540)
    # One more seat seats one more pupil, who walks 1,800 m.
    assert (school["seat_price"], school["seats_one_more"]) == (-1800.0, True)
    assert (short["row"], short["district_id"], short["pupils"]) == ("no seat left", "east", 100.0)
    assert (whole["objective"], whole["bound"], whole["status"]) == (752_000.0, 752_000.0, "optimal")


def test_where_no_school_serves_a_stage_everybody_is_left_over(result):
    table = rows(result, "assignment", layout="existing", stage="junior_high")
    assert table["row"].tolist() == ["no school within reach"] * 2 + ["all"]
    assert table["pupils"].tolist() == [170.0, 150.0, 320.0]
    assert (result.demand["assigned_junior_high_existing"] == "").all()
    assert result.demand["unseated_junior_high_existing"].sum() == 320.0


@pytest.mark.parametrize("stage", ["primary", "junior_high"])
@pytest.mark.parametrize("layout", ["existing", "planned", "extended"])
def test_every_table_holds_every_pupil(result, layout, stage):
    lives = result.demand[f"pupils_{stage}"].sum()
    assigned = rows(result, "assignment", layout=layout, stage=stage)
    assert assigned[assigned["row"] != "all"]["pupils"].sum() == pytest.approx(lives)
    flows = rows(result, "assignment_flows", layout=layout, stage=stage)["pupils"].sum()
    assert flows + result.demand[f"unseated_{stage}_{layout}"].sum() == pytest.approx(lives)
    for name in ("seats", "access"):
        table = rows(result, name, layout=layout, stage=stage)
        assert table[table["district_id"] != "all"]["pupils"].sum() == pytest.approx(lives)


def test_columns_for_the_map(result):
    schools = result.schools.set_index(["layout", "school_id"])
    assert schools.loc[("existing", "s1"), ["assigned_primary", "load_primary", "seat_price_primary"]].tolist() == [540.0, 1.0, -1800.0]  # fmt: skip
    assert np.isnan(schools.loc[("extended", "c2"), "load_primary"])
    assert schools.loc[("extended", "c2"), "assigned_junior_high"] == 320.0
    assert result.demand.loc["b4", "assigned_primary_planned"] == "c3"
    assert result.demand.loc["b4", "zone_primary_planned"] == "c3"


def test_seats_in_reach(result):
    # Two radii are 1,000 m: only b1 reaches the school, 540 seats for its 100 pupils.
    table = rows(result, "access", layout="existing", stage="primary").set_index("district_id")
    assert table.loc["all", "seats_per_pupil"] == pytest.approx(540 / 640)
    assert table.loc["all", "pupils_without"] == 540.0
    assert table.loc["all", "seats_reached"] == pytest.approx(540.0)
    assert table.loc["all", "catchment_metres"] == 1000.0
    assert table.loc["all", "measure"] == "e2sfca"
    assert "1000 metres" in table.loc["all", "decay"]
    assert table.loc["east", "seats_per_pupil"] == 0.0
    assert result.demand["access_primary_existing"].round(6).to_dict() == {"b1": 5.4, "b2": 0.0, "b3": 0.0, "b4": 0.0}


def test_another_measure_and_catchment(town):
    text = '\n[diagnosis.access]\nmeasure = "two_step_fca"\ncatchment_radii = 3.4\n'
    table = rows(extend(town, text).run(), "access", layout="existing", stage="primary", district_id="all")
    # 1,700 m: b2 at 1,600 m reaches the school too, and counts fully.
    assert table["seats_per_pupil"].item() == pytest.approx(540 / 640)
    assert table["pupils_without"].item() == 340.0
    assert table["decay"].item() == "1 up to 1700 metres, 0 beyond"


def test_inequality_of_walks_by_hand(result):
    walks, pupils = np.array([0.0, 1600, 1800, 1800]), np.array([100.0, 200, 300, 40])
    mean = (walks * pupils).sum() / 640
    gini = (np.abs(walks[:, None] - walks) * pupils[:, None] * pupils).sum() / (2 * 640**2 * mean)
    (row,) = rows(result, "equity", layout="existing", stage="primary", district_id="all", of="walk").itertuples()
    assert row.gini == pytest.approx(gini)
    assert row.theil == pytest.approx(row.theil_within + row.theil_between)
    assert row.coefficient_of_variation == pytest.approx(np.sqrt(((walks - mean) ** 2 * pupils).sum() / 640) / mean)
    (east,) = rows(result, "equity", layout="existing", stage="primary", district_id="east", of="walk").itertuples()
    assert east.gini == 0.0  # both places walk 1,800 m


def test_schools_are_compared_with_the_limit_of_the_county_evaluation(result):
    found = rows(result, "equity", layout="planned", stage="primary", of="seats_per_pupil_of_schools")
    row = found.set_index("district_id").loc["all"]
    # 540 seats for the 100, 200 and 340 pupils who live nearest.
    ratio, pupils = 540 / np.array([100, 200, 340]), np.array([100, 200, 340])
    mean = (ratio * pupils).sum() / 640
    assert row["coefficient_of_variation"] == pytest.approx(np.sqrt(((ratio - mean) ** 2 * pupils).sum() / 640) / mean)
    assert row["limit"] == 0.5
    assert bool(row["within_limit"]) == (row["coefficient_of_variation"] <= 0.5)
    assert "yardstick" in row["rule"]


def test_unreachable_pupils_are_in_no_index_but_counted(town):
    path = town / "demand.csv"
    path.write_text(path.read_text().replace("593500.0,3495500.0", "593500.0,3496500.0"))
    result = el.Study.from_file(town / "study.toml").run()
    (row,) = rows(result, "equity", layout="existing", stage="primary", district_id="all", of="walk").itertuples()
    assert (row.pupils, row.pupils_left_out) == (640.0, 300.0)
    left = rows(result, "assignment", layout="existing", stage="primary", row="no school within reach")
    assert left["pupils"].tolist() == [300.0]


def test_zones_of_a_layout(town):
    result = extend(town, '\n[diagnosis.zones]\nlayouts = "last"\n').run()
    table = result.tables["zones"]
    assert table["layout"].unique().tolist() == ["extended"]
    assert table["stage"].unique().tolist() == ["primary", "junior_high"]
    whole = table[table["district_id"] == "all"].set_index("stage")
    assert whole["pupils"].to_dict() == {"primary": 640.0, "junior_high": 320.0}
    assert (whole["status"] == "optimal").all()
    assert whole.loc["junior_high", "mean_metres"] == (50 * 900 + 100 * 700 + 150 * 1700 + 20 * 2500) / 320
    assert "are not known" in whole.loc["primary", "remark"]
    layer = result.layers["zones"]
    assert {"layout", "stage", "school_id", "pupils", "seats", "mean_metres"} <= set(layer.columns)
    assert 1.9e6 < layer[layer["stage"] == "primary"].area.sum() <= 2e6 * (1 + 1e-9)
    assert layer.crs == result.districts.crs
    assert result.demand.loc["b2", "zone_junior_high_extended"] == "c2"


def test_zones_are_those_of_the_plan_where_nothing_else_is_asked(result):
    table = result.tables["zones"]
    assert table["layout"].unique().tolist() == ["planned"]
    # Three schools for four places; the junior high stage has none before the further programme.
    primary = table[(table["stage"] == "primary") & (table["school_id"] != "")]
    assert primary["pupils"].sum() == 640.0
    junior = table[table["stage"] == "junior_high"].iloc[0]
    assert (junior["status"], junior["remark"]) == ("not drawn", "not drawn: no school serves the stage")


def test_zones_share_a_shortage(town):
    study = extend(town, '\n[diagnosis.zones]\nlayouts = "existing"\nstages = ["primary"]\n')
    table = study.run().tables["zones"].set_index("district_id")
    assert table.loc["all", "pupils"] == 640.0
    # 640 pupils for 540 seats, and a fifth more, so that there is a choice.
    assert table.loc["west", "limit"] == pytest.approx(640 * 1.2)
    assert "fewer seats than pupils" in table.loc["all", "remark"]
    assert "up to 142 % of its seats" in table.loc["all", "remark"]
    assert "alike" not in table.loc["all", "remark"]


def test_zones_can_be_switched_off_or_fail_with_a_reason(town):
    path, text = town / "study.toml", (town / "study.toml").read_text(encoding="utf-8")
    off = extend(town, '\n[diagnosis.zones]\nlayouts = "none"\n').run()
    assert "zones" not in off.tables
    assert "zones" not in off.layers
    path.write_text(text, encoding="utf-8")
    near = extend(town, '\n[diagnosis.zones]\nlayouts = "last"\nmax_walk_metres = 850\n').run()
    failed = near.tables["zones"].set_index("stage").loc["junior_high"]
    assert failed["status"] == "not drawn"
    assert "850" not in failed["remark"]
    assert "2500" in failed["remark"]  # the walk that would be needed
    assert any("junior high: not drawn" in note for note in near.notes)


def test_a_bridge_joins_what_a_river_parts(town):
    # The river parts west and east; the streets across it are bridges, and the only school stands in the west.
    study = extend(town, '\n[diagnosis.zones]\nlayouts = "existing"\nstages = ["primary"]\n')
    x, y = study.districts.total_bounds[:2]
    river = gpd.GeoDataFrame(geometry=[box(x + 985, y - 100, x + 1015, y + 1100)], crs=study.districts.crs)
    river.index = pd.Index(["r"], name="barrier_id")
    bridged = replace(study, barriers=river).run().tables["zones"].set_index("district_id")
    assert bridged.loc["all", "pupils"] == 640.0
    dry = replace(study, barriers=river, engine=el.Straight()).run()
    whole = dry.tables["zones"].set_index("district_id").loc["all"]
    assert whole["pupils"] == 300.0  # no bridge is known: the east has no zone
    assert "340 pupils have no zone" in whole["remark"]


def test_the_summary_says_what_the_tables_say(result):
    table = result.tables["summary"].set_index(["stage", "measure"])
    assert table.loc[("primary", "covered"), ["existing", "planned"]].tolist() == ["15.6 %", "93.8 %"]
    assert table.loc[("primary", "mean_walk"), "existing"] == "1,456 m"
    assert table.loc[("primary", "seats_short"), ["existing", "planned", "extended"]].tolist() == ["100", "0", "0"]
    assert table.loc[("junior_high", "seats_short"), ["existing", "extended"]].tolist() == [
        "320",
        "cannot tell (≤ 320)",
    ]
    seats = result.tables["seats"].query("district_id != 'all' and stage == 'primary' and layout == 'existing'")
    assert seats["gap"].sum() > 100, "seats are free in the other district"
    assert table.loc[("primary", "seats_short_by_district"), "existing"] == f"{seats['gap'].sum():,.0f}"
    unknown = table.loc[("junior_high", "seats_short_by_district"), ["existing", "extended"]].tolist()
    assert unknown[0] == "320"
    assert unknown[1].startswith("cannot tell (≤ ")
    assert table.loc[("primary", "worst_district"), "existing"] == "东"
    assert table.loc[("primary", "worst_covered"), "existing"] == "0.0 %"
    assert table.loc[("primary", "fairness_access"), "extended"] == "cannot tell"
    assert table.loc[("junior_high", "mean_walk"), "existing"] == "–"
    text = report(result)
    assert text.index("In short") > text.index("what was proven")
    assert "pupils without a seat in the city" in text
    assert "pupils without a seat in the city" in result._repr_html_()


def test_the_summary_speaks_chinese(town):
    path = town / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("crs =", 'language = "zh"\ncrs =', 1), encoding="utf-8")
    result = el.Study.from_file(path).run()
    text = report(result)
    assert "摘要" in text
    assert "全市学位缺口" in text
    assert "无法判断（≤ 320）" in text
    assert "任何其他选择" in text
    assert any("学位数未知" in note for note in result.notes)
    assert result.summary.index[0] == ("小学", "500 米内有学校的学生")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"access": {"measure": "gravity"}}, "access.measure"),
        ({"access": {"catchment_radii": 0}}, "access.catchment_radii"),
        ({"zones": {"layouts": "some"}}, "zones.layouts"),
        ({"assumed_classes": {"university": 3}}, "assumed_classes.university"),
        ({"colour": "red"}, "a name that no study has"),
    ],
)
def test_a_wrong_diagnosis_is_named(town, section, words):
    study = el.Study.from_file(town / "study.toml")
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        replace(study, diagnosis=section).run()


def test_a_wrong_diagnosis_in_the_file(town):
    with pytest.raises(StudyFileError, match=r"diagnosis\.zones\.gap"):
        extend(town, "\n[diagnosis.zones]\ngap = 2\n")


def test_the_defaults_need_no_section():
    assert Diagnosis().zones.stages == ("primary", "junior_high")
    assert Diagnosis().access.measure == "e2sfca"


def test_a_chapter_adds_what_it_holds(town, tmp_path, monkeypatch):
    def more(evidence):
        assert {"coverage", "schools", "siting", "summary"} <= set(evidence.tables)
        ids = evidence.study.demand.index
        marks = gpd.GeoDataFrame({"mark": [1]}, geometry=[evidence.study.districts.geometry.iloc[0]], crs="EPSG:4544")
        return Chapter(
            tables={"more": pd.DataFrame({"a": [1.5]})},
            layers={"marks": marks},
            columns={"demand": pd.DataFrame({"extra": 1.0}, index=ids)},
            notes=("a note",),
            files={"notes/read.txt": "read me\n"},
        )

    monkeypatch.setattr(running, "CHAPTERS", (*CHAPTERS, ("write more", more)))
    out = tmp_path / "out"
    result = el.Study.from_file(town / "study.toml").run(out)
    assert (result.demand["extra"] == 1.0).all()
    assert "write more" in result.seconds
    assert "note: a note" in report(result)
    assert (out / "notes" / "read.txt").read_text() == "read me\n"
    assert pd.read_csv(out / "tables" / "more.csv")["a"].tolist() == [1.5]
    assert gpd.read_file(out / "results.gpkg", layer="marks")["mark"].tolist() == [1]


def test_quantiles_by_hand():
    assert quantiles(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), (0.25, 0.5, 0.75, 0.76)) == (1.0, 2.0, 2.0, 3.0)  # fmt: skip
    assert np.isnan(quantiles(np.array([1.0]), np.array([0.0]), (0.5,))[0])


def test_where_no_seats_are_known_nothing_is_invented(town, tmp_path):
    schools = pd.read_csv(town / "schools.csv").drop(columns="seats_primary")
    schools.to_csv(town / "schools.csv", index=False)
    study = replace(el.Study.from_file(town / "study.toml"), quotas={}, further={}, candidates=None)
    result = study.run(tmp_path / "out")
    assert result.tables["access"]["seats_per_pupil"].isna()[:3].all()
    seats = rows(result, "seats", stage="primary", district_id="all")
    assert (seats["schools_unknown"].item(), seats["gap_at_most"].item()) == (1, 640.0)
    assert np.isnan(seats["gap"].item())
    school = rows(result, "assignment", row="school").iloc[0]
    assert (school["pupils"], school["nearest_pupils"]) == (640.0, 640.0)
    assert school[["seats", "free", "load", "seat_price"]].isna().all()
    assert result.tables["summary"].set_index(["stage", "measure"]).loc[("primary", "seats_short"), "existing"] == "cannot tell (≤ 640)"  # fmt: skip
    assert (tmp_path / "out" / "tables" / "access.csv").exists()


def test_settlements_with_fields_between_them_still_get_whole_zones(town):
    # Squares of 50 m, half a kilometre apart: nothing touches, so that each stands for the ground nearest to it.
    study = extend(town, '\n[diagnosis.zones]\nlayouts = "existing"\nstages = ["primary"]\n')
    apart = study.demand.set_geometry(study.demand.buffer(25, cap_style="square"))
    result = replace(study, demand=apart).run()
    whole = result.tables["zones"].set_index("district_id").loc["all"]
    assert whole["pupils"] == 640.0
    assert "the places do not touch" in whole["remark"]
    assert 1.9e6 < result.layers["zones"].area.sum() <= 2e6 * (1 + 1e-9)


def test_what_rests_on_unknown_seats_is_left_empty_and_told(result):
    table = rows(result, "assignment", layout="extended", stage="primary")
    whole = table[table["row"] == "all"].iloc[0]
    assert whole["status"] == "seats unknown"
    assert whole[["mean_metres", "max_metres", "objective", "bound"]].isna().all()
    schools = table[table["row"] == "school"].set_index("school_id")
    assert schools[["seat_price", "seats_one_more", "mean_metres", "max_metres"]].isna().all(axis=None)
    sent = schools.loc["c2", "pupils"]
    (note,) = [note for note in result.notes if "(c2)" in note and "primary" in note and "sent there" in note]
    assert f"{sent:,.0f} of 640 pupils" in note
    known = rows(result, "assignment", layout="planned", stage="primary", row="all").iloc[0]
    assert known["status"] == "optimal"
    assert known["mean_metres"] > 0
