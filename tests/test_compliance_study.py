"""The main job holds its layouts against the standards that its study names."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

import edulayout as el
from edulayout import compliance, standards
from edulayout.errors import InputError
from edulayout.study.chapters.compliance import _with_assigned
from edulayout.study.chapters.compliance import compliance as chapter
from edulayout.study.norms import standard_of

SECTION = """
[diagnosis.zones]
layouts = "none"

[standards]
sets = ["cn-gb50180-2018", "cn-quality-balance-2017"]
local = ["local.toml"]
reason = "the valley is narrow"
[standards.overrides]
class_size = { primary = 40 }
school_pupils = { all = { value = 600, reason = "small sites" } }
"""
LOCAL = """
name = "valley"
document = "Valley rules"
title = "Valley rules"
title_zh = "河谷规定"
jurisdiction = "Valley"
jurisdiction_zh = "河谷"
[[rule]]
subject = "service_radius"
stage = "primary"
value = [600, 800]
strength = "shall"
clause = "3"
status = "verified"
"""


@pytest.fixture
def valley(town):
    """The town with standards, a local set and facts of its one school."""
    text = (town / "study.toml").read_text(encoding="utf-8")
    text = text.replace('streets = "streets.gpkg"', 'streets = "streets.gpkg"\nfacts = "facts.csv"')
    (town / "study.toml").write_text(text + SECTION, encoding="utf-8")
    (town / "local.toml").write_text(LOCAL, encoding="utf-8")
    (town / "facts.csv").write_text("school_id,pupils_primary,classes_primary\ns1,660,12\n", encoding="utf-8")
    return town


@pytest.fixture
def out(valley, tmp_path):
    el.Study.from_file(valley / "study.toml").run(tmp_path / "out")
    return tmp_path / "out"


def test_the_folder_holds_table_and_reasons_and_the_local_set_wins(out):
    table = pd.read_csv(out / "tables" / "compliance.csv")
    assert list(table.columns) == ["layout", *compliance.COLUMNS]
    assert set(table["layout"]) == {"existing", "planned", "extended"}
    row = table[
        (table["layout"] == "existing") & (table["subject"] == "class_size") & (table["object_id"] == "s1")
    ].iloc[0]
    assert row[["found", "required", "margin", "verdict", "status"]].tolist() == [55.0, 40.0, -15.0, "fails", "chosen"]
    assert "the valley is narrow" in row["note"]
    small = table[
        (table["layout"] == "existing") & (table["subject"] == "school_pupils") & (table["object_id"] == "s1")
    ]
    assert small["note"].str.contains("small sites").all()
    radius = table[
        (table["layout"] == "existing") & (table["subject"] == "service_radius") & (table["stage"] == "primary")
    ]
    assert set(radius["document"]) == {"Valley rules"}
    assert radius["limit"].unique().tolist() == ["shall not exceed 600–800 metres"]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["standards"]["overrides"]["class_size"] == {"primary": 40}
    assert {"standard local.toml", "facts"} <= {entry["role"] for entry in manifest["inputs"]}
    assert "check the standards" in manifest["seconds"]


def test_notes_and_marks(valley):
    result = el.Study.from_file(valley / "study.toml").run()
    notes = [note for note in result.notes if note.startswith("Standards")]
    assert any("small sites" in note for note in notes)
    assert any("not verified in the original" in note for note in notes)
    marked = result.schools.set_index(["layout", "school_id"])
    assert marked.loc[("existing", "s1"), "rules_failed"] >= 2
    assert marked.loc[("existing", "s1"), "worst_rule"] == "Class size"
    planned = result.tables["compliance"].query("layout == 'planned' and object_type == 'school'")
    # The parcel of a planned school is its site.
    assert set(planned["object_id"]) > {"s1"}


def test_planned_layouts_are_judged_by_the_pupils_that_they_assign(valley):
    result = el.Study.from_file(valley / "study.toml").run()
    table, given = result.tables["compliance"], result.tables["assignment"]
    sizes = table[(table["subject"] == "class_size") & (table["object_id"] == "s1")].set_index(["layout", "document"])
    seated = given[(given["row"] == "school") & (given["stage"] == "primary") & (given["school_id"] == "s1")]
    seated = seated.set_index("layout")["pupils"]
    for (layout, _), row in sizes.iterrows():
        pupils = 660 if layout == "existing" else seated[layout]
        assert row["found"] == pytest.approx(pupils / 12), layout
        assert ("as the layout assigns" in row["reason"]) == (layout != "existing")
    assert any("not those enrolled today" in note for note in result.notes)


def test_without_an_assignment_planned_layouts_keep_no_enrolment():
    told = pd.DataFrame({"pupils_primary": [660.0], "books": [5.0]}, index=pd.Index(["s1"], name="school_id"))
    assert list(_with_assigned(SimpleNamespace(tables={}), "planned", told)) == ["books"]
    rows = pd.DataFrame(
        {
            "layout": "planned",
            "row": "school",
            "stage": "primary",
            "school_id": ["s1"],
            "pupils": [70.0],
            "seats": [None],
        }
    )
    made = _with_assigned(SimpleNamespace(tables={"assignment": rows}), "planned", told)
    assert made["pupils_primary"].isna().all(), "without limit, without number"
    made = _with_assigned(SimpleNamespace(tables={"assignment": rows.assign(seats=90.0)}), "planned", told)
    assert made.loc["s1"].to_dict() == {"pupils_primary": 70.0, "books": 5.0}


def test_chinese(valley):
    study = replace(el.Study.from_file(valley / "study.toml"), language="zh")
    result = study.run()
    assert any("标准符合性（现状）" in note for note in result.notes)
    assert {"班额", "学校规模（学生数）"} <= set(result.tables["compliance"]["label"])
    assert any("按该方案分配的学生数" in reason for reason in result.tables["compliance"]["reason"])
    assert any(note.startswith("标准（规划、远期拓展）：各校学生数") for note in result.notes)
    assert result.rules
    assert not [line for line in result.rules if "metres" in line or "NOT verified" in line]
    assert any(line.startswith("服务半径（小学）：") for line in result.rules)


def test_a_study_without_standards_has_no_table(town):
    result = el.Study.from_file(town / "study.toml").run()
    assert "compliance" not in result.tables
    assert standard_of(result.study) is None
    assert callable(chapter)


def test_faults_are_told_before_anything_is_measured(valley):
    text = (valley / "study.toml").read_text(encoding="utf-8")
    broken = text.replace('"cn-gb50180-2018"', '"cn-gb1"', 1)
    (valley / "study.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(InputError, match=r"standards: standard.*cn-gb1"):
        el.Study.from_file(valley / "study.toml").check()
    (valley / "study.toml").write_text(text.replace('reason = "the valley is narrow"\n', ""), encoding="utf-8")
    with pytest.raises(InputError, match=r"overrides\.class_size\.primary: no reason"):
        el.Study.from_file(valley / "study.toml").check()
    (valley / "study.toml").write_text(text.replace("sets =", "set ="), encoding="utf-8")
    with pytest.raises(InputError, match=r"standards\.set"):
        el.Study.from_file(valley / "study.toml")
    (valley / "study.toml").write_text(text, encoding="utf-8")
    (valley / "facts.csv").write_text("school_id,pupils_primary\ns9,many\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        el.Study.from_file(valley / "study.toml")
    assert len(caught.value.faults) == 2


def test_a_study_made_in_python(valley):
    study = el.Study.from_file(valley / "study.toml")
    with pytest.raises(InputError, match=r"study\.standards"):
        replace(study, standards={"sets": []}).check()
    facts = pd.DataFrame({"pupils_primary": [1]}, index=pd.Index(["s9"], name="school_id"))
    with pytest.raises(InputError, match="no school has"):
        replace(study, facts=facts).check()


# The sample and a real place.


@pytest.fixture(scope="module")
def sample_result(sample):
    study = el.Study.from_file(sample / "study.toml")
    return replace(study, diagnosis={"zones": {"layouts": "none"}}).run()


@pytest.mark.xdist_group("sample")
def test_the_sample_is_judged_in_every_part(sample_result):
    table = sample_result.tables["compliance"].query("layout == 'existing'")
    subjects = {
        "service_radius", "class_size", "school_classes", "school_pupils", "floor_area", "floor_area_per_pupil", "site_area",
        "seats_per_1000", "main_road_crossing", "indicators_met", "share_of_missed_indicator", "coefficient_of_variation",
        "mean_coefficient_of_variation", "public_share", "inclusive_share", "estate_handed_over", "estate_not_for_profit",
    }  # fmt: skip
    judged = table[table["verdict"].isin(["meets", "fails"])]
    assert subjects <= set(judged["subject"])
    assert set(table["status"]) == {"read", "secondary", "derived", "memory"}


@pytest.mark.xdist_group("sample")
def test_the_sample_agrees_with_the_other_measures(sample_result):
    table = sample_result.tables["compliance"].set_index(["layout", "subject", "document", "stage", "object_id"])
    coverage = sample_result.coverage.set_index(["layout", "stage", "district_id"])["share_covered"]
    seats = sample_result.tables["seats"].set_index(["layout", "stage", "district_id"])
    facts = sample_result.study.facts
    for layout in ("existing", "planned", "extended"):
        for stage in ("kindergarten", "primary", "junior_high"):
            for place in ("all", "jiangbei", "jiangdong"):
                share = table.loc[(layout, "service_radius", "GB 50180-2018", stage, place), "found"].item()
                assert share == pytest.approx(coverage[layout, stage, place], abs=1e-9)
                found = table.xs((layout, "seats_per_1000", stage, place), level=[0, 1, 3, 4])["found"].item()
                assert found == pytest.approx(seats.loc[(layout, stage, place), "seats_per_1000_residents"], abs=1e-6)
    own = facts.index[facts["pupils_primary"].notna()]
    grounds = facts.loc[own, "sports_grounds_m2"] / facts.loc[own, "pupils_primary"]
    expected = el.equity.coefficient_of_variation(grounds, facts.loc[own, "pupils_primary"])
    rows = sample_result.tables["compliance"].query(
        "layout == 'existing' and subject == 'coefficient_of_variation' and stage == 'primary'"
    )
    assert rows.set_index("reason").loc["Sports grounds and halls", "found"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
@pytest.mark.real_data
def test_liechtenstein_cannot_tell_and_says_what_is_missing(real_data, tmp_path):
    from edulayout.study.initialise import initialise  # noqa: PLC0415 - brings osmium

    extract = next(iter(sorted(real_data.rglob("liechtenstein*.osm.pbf"))), None)
    if extract is None:
        pytest.skip("no extract of Liechtenstein")
    initialise(extract, tmp_path / "li", admin_level=8, progress=lambda *_: None)
    text = (tmp_path / "li" / "study.toml").read_text(encoding="utf-8")
    more = '\n[standards]\nsets = ["cn-gb50180-2018", "cn-gb50099-2011", "cn-quality-balance-2017"]\n'
    (tmp_path / "li" / "study.toml").write_text(text + more, encoding="utf-8")
    table = el.Study.from_file(tmp_path / "li" / "study.toml").run().tables["compliance"]
    schools = table[(table["object_type"] == "school") & (table["verdict"] != "not_applicable")]
    assert (schools["verdict"] == "cannot_tell").mean() > 0.9
    assert schools.loc[schools["verdict"] == "cannot_tell", "reason"].str.startswith("missing: ").all()
    radius = table[table["subject"] == "service_radius"]
    assert set(radius["verdict"]) <= {"meets", "fails", "not_applicable"}


def test_the_set_of_the_sample_loads(sample):
    study = el.Study.from_file(sample / "study.toml")
    assert isinstance(standard_of(study), standards.Standard)
    assert standard_of(study).sets[-1] == "cn-xuancheng-2020"
