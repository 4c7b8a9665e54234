"""The programme in the main job: timeline, letters and faults, by hand on the town."""

import json
from dataclasses import replace
from io import StringIO

import pandas as pd
import pytest

import edulayout as el
from edulayout.cli import main
from edulayout.errors import InputError, MissingExtraError, StudyFileError
from edulayout.programme import Programme
from edulayout.study.chapters import programme as chapter

PROJECTS = """project_id,name,name_en,district_id,site_id,kind,how,ownership,seats_primary,total,year_plan,paid,planned_start,planned_opening,actual_start
p1,东一小,East One,east,c3,primary,new,public,360,300,100,50,2025-06-01,2026-03-01,2025-08-30
p2,西二小,West Two,west,c1,primary,new,inclusive,180,200,100,80,2026-01-01,2026-09-01,2025-12-25
p3,一小扩建,One larger,west,s1,primary,extend,,90,90,90,0,2026-05-01,2026-12-01,2026-05-01
p4,某处小学,Somewhere,east,,primary,new,public,90,90,90,0,2026-05-01,2026-12-01,
"""


@pytest.fixture
def under_way(town):
    (town / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    (town / "programme.toml").write_text(
        '[programme]\nname = "Schools"\nname_zh = "学校"\nprojects = "projects.csv"\n', encoding="utf-8"
    )
    path = town / "study.toml"
    text = path.read_text(encoding="utf-8").replace(
        'streets = "streets.gpkg"', 'streets = "streets.gpkg"\nprogramme = "programme.toml"'
    )
    path.write_text(text + '\n[programme]\nas_of = 2026-06-30\nissuer = "Bureau"\n', encoding="utf-8")
    return town


@pytest.fixture
def result(under_way):
    return el.Study.from_file(under_way / "study.toml").run()


def test_the_projects_as_of_the_day(result):
    table = result.tables["programme"].set_index("project_id")
    # p1 started 90 days late, and its opening of 1 March is 121 days overdue by the end of June.
    assert table.loc["p1", ["state", "days_early", "days_late", "expected_opening"]].tolist() == [
        "under_way",
        -90,
        121,
        "2026-06-30",
    ]
    assert table.loc["p2", "expected_opening"] == "2026-08-25"
    assert table.loc["p1", "seats_primary"] == 360.0
    assert result.tables["lagging"]["project_id"].tolist() == ["p1", "p4"]


def test_who_is_covered_when(result):
    # 500 m along the streets: s1 covers b1 (100 pupils); c3 stands at b3 (300); c1 is 100 m from b2 (200).
    whole = result.tables["timeline"].query("stage == 'primary' and district_id == 'all'").set_index("date")
    assert list(whole.index) == ["2026-06-30", "2026-09-30", "2026-12-31"]
    assert whole["pupils_covered"].tolist() == [100.0, 600.0, 600.0]
    assert whole["seats"].tolist() == [540.0, 1080.0, 1170.0]
    assert whole["gap"].tolist() == [100.0, 0.0, 0.0]
    east = result.tables["timeline"].query("stage == 'primary' and district_id == 'east'")
    assert east["seats"].tolist() == [0.0, 360.0, 360.0]
    assert (whole["pupils"] == 640.0).all()


def test_what_the_delay_costs_is_told(result):
    table = result.tables["programme"].set_index("project_id")
    assert table.loc["p1", ["pupil_days_lost", "pupil_days_lost_so_far"]].tolist() == [300.0 * 122, 300.0 * 121]
    assert table.loc["p1", "pupils_waiting"] == 300.0
    assert table.loc["p2", "pupils_waiting"] == 200.0
    assert any("East One costs most coverage: 36,600 pupil-days" in note for note in result.notes)
    assert any("1 projects name no site" in note and "p4" in note for note in result.notes)


def test_the_layer_holds_the_projects_that_have_a_place(result):
    layer = result.layers["projects"].set_index("project_id")
    assert layer["opens"].to_dict() == {"p1": "2026Q2", "p2": "2026Q3", "p3": "2026Q4"}
    assert layer.crs == result.districts.crs
    assert layer.geometry["p3"].equals(result.study.schools.geometry["s1"])


def test_letters_in_both_forms_and_languages(under_way, result):
    assert list(result.files) == ["letters/east.html", "letters/east.docx"]
    assert "East One" in result.files["letters/east.html"]
    assert "Bureau<br>2026-06-30" in result.files["letters/east.html"]
    study = replace(el.Study.from_file(under_way / "study.toml"), language="zh")
    chinese = study.run()
    assert "东：" in chinese.files["letters/east.html"]
    assert any(note.startswith("建设计划：东一小滞后") for note in chinese.notes)


def test_without_the_extra_the_letters_are_pages(under_way, monkeypatch):
    def only_pages(letters, *, folder, documents=True):
        if documents:
            raise MissingExtraError("docx is not installed")
        return {f"{folder}/{letter.district_id}.html": letter.html() for letter in letters}

    monkeypatch.setattr(chapter, "letter_files", only_pages)
    made = el.Study.from_file(under_way / "study.toml").run()
    assert list(made.files) == ["letters/east.html"]
    assert any("pages only" in note for note in made.notes)


def test_the_letter_may_have_a_template_of_its_own(under_way):
    (under_way / "letter.txt").write_text("Dear {district}\n\n{list}\n\nBye", encoding="utf-8")
    path = under_way / "study.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("issuer =", 'letter = "letter.txt"\nissuer ='), encoding="utf-8"
    )
    study = el.Study.from_file(path)
    assert "<h1>Dear 东</h1>" in study.run().files["letters/east.html"]
    assert {"letter.txt", "programme.toml", "projects.csv"} <= {entry["path"] for entry in study.origin["inputs"]}
    (under_way / "letter.txt").write_text("Dear {nobody}", encoding="utf-8")
    with pytest.raises(InputError, match="template of a letter"):
        el.Study.from_file(path).check()


def test_every_file_of_the_programme_is_hashed_and_verified(under_way, capsys):
    el.Study.from_file(under_way / "study.toml").run(under_way / "results")
    content = json.loads((under_way / "results" / "manifest.json").read_text(encoding="utf-8"))
    entries = {entry["path"]: entry for entry in content["inputs"]}
    assert len(entries["projects.csv"]["sha256"]) == 64
    assert content["parameters"]["under_way"]["as_of"] == "2026-06-30"
    assert {"tables/programme.csv", "tables/timeline.csv", "letters/east.docx"} <= {
        entry["path"] for entry in content["outputs"]
    }
    with pytest.raises(SystemExit) as end:
        main(["verify", str(under_way / "results")])
    assert end.value.code == 0, capsys.readouterr().out


def test_all_that_is_wrong_is_told_at_once(under_way):
    (under_way / "projects.csv").write_text(
        PROJECTS.replace(",east,c3", ",nowhere,c3").replace(",200,100", ",-200,100"), encoding="utf-8"
    )
    (under_way / "programme.toml").write_text(
        '[programme]\nprojects = "projects.csv"\npayments = "gone.csv"\n', encoding="utf-8"
    )
    (under_way / "schools.csv").write_text("school_id,name,kind,x,y\ns1,One,castle,1,2\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        el.Study.from_file(under_way / "study.toml")
    told = str(caught.value)
    for part in ("'nowhere'", "gone.csv", "'total'", "castle"):
        assert part in told, part


def test_a_site_that_nobody_knows_is_a_fault_with_its_rows(under_way):
    (under_way / "projects.csv").write_text(PROJECTS.replace(",c3,", ",c99,").replace(",s1,", ",s9,"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        el.Study.from_file(under_way / "study.toml")
    (fault,) = caught.value.faults
    assert fault.rows == ("p1", "p3")
    assert "'c99'" in fault.found


def test_section_and_file_belong_together(town):
    path = town / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n[programme]\nas_of = "2026-06-30"\n', encoding="utf-8")
    with pytest.raises(StudyFileError, match="belong together"):
        el.Study.from_file(path)


@pytest.mark.parametrize("day", ['"soon"', "20260630", '"2026-02-30"'])
def test_the_day_is_a_day(under_way, day):
    path = under_way / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("2026-06-30", day, 1), encoding="utf-8")
    with pytest.raises(StudyFileError, match="as_of"):
        el.Study.from_file(path)


def test_a_study_made_in_python_is_checked_too(town):
    rows = pd.read_csv(StringIO(PROJECTS), keep_default_na=False, dtype=str)
    made = Programme.of(rows.replace({"site_id": {"c3": "c99"}, "district_id": {"west": "far"}}))
    study = replace(el.Study.from_file(town / "study.toml"), programme=made)
    with pytest.raises(InputError, match=r"study\.under_way"):
        study.check()
    with pytest.raises(InputError) as caught:
        replace(study, under_way={"as_of": "2026-06-30"}).check()
    assert [fault.rows for fault in caught.value.faults] == [("p1",), ("p2", "p3")]


def test_ownership_by_hand(under_way):
    (under_way / "facts.csv").write_text("school_id,ownership,pupils_primary\ns1,private,500\n", encoding="utf-8")
    path = under_way / "study.toml"
    text = path.read_text(encoding="utf-8").replace(
        'programme = "programme.toml"', 'programme = "programme.toml"\nfacts = "facts.csv"'
    )
    path.write_text(
        text
        + '\n[programme.ownership]\nstage = "primary"\ntargets = { public = 0.3, inclusive = 0.5 }\nreason = "ours"\n',
        encoding="utf-8",
    )
    made = el.Study.from_file(path).run()
    table = made.tables["ownership"].query("district_id == 'all'").set_index(["case", "project_id", "of"])
    # 540 private seats today; p1 adds 360 public ones, p2 180 inclusive ones, p4 90 public ones; p3 has no owner.
    assert table.loc[("today", "", "seats"), ["share_public", "short_public"]].tolist() == [0.0, 162.0]
    assert table.loc[("today", "", "pupils"), "private"] == 500.0
    assert table.loc[("project", "p1", "seats"), "share_public"] == pytest.approx(360 / 900)
    assert table.loc[("all projects", "", "seats"), "share_inclusive"] == pytest.approx(630 / 1170)
    # Half of all inclusive: 360 + 180 of 1,080 is just that, for 500; with p4 as well it would be dearer.
    assert table.loc[("soonest", "", "seats"), "share_inclusive"] == 0.5
    assert any("reached soonest in 2026, at least cost 500.0" in note and "by p1, p2" in note for note in made.notes)
    assert any("are no choice: p3" in note for note in made.notes)


def test_projects_without_any_site_have_a_status_and_a_still_timeline(under_way):
    table = pd.read_csv(StringIO(PROJECTS), dtype=str, keep_default_na=False).drop(columns=["site_id", "ownership"])
    table.to_csv(under_way / "projects.csv", index=False)
    made = el.Study.from_file(under_way / "study.toml").run()
    assert len(made.tables["programme"]) == 4
    assert made.tables["programme"]["pupils_waiting"].isna().all()
    assert made.tables["timeline"]["date"].unique().tolist() == ["2026-06-30"]
    assert "projects" not in made.layers
    assert any("4 projects name no site" in note for note in made.notes)


def test_what_opened_at_a_school_by_the_day_is_in_its_seats_already(under_way):
    rows = PROJECTS.replace("2026-05-01,2026-12-01,2026-05-01", "2026-01-01,2026-06-01,2026-01-01")
    head, *lines = rows.strip().splitlines()
    opened = [line + (",2026-06-01" if line.startswith("p3") else ",") for line in lines]
    (under_way / "projects.csv").write_text("\n".join([head + ",actual_opening", *opened]) + "\n", encoding="utf-8")
    made = el.Study.from_file(under_way / "study.toml").run()
    whole = made.tables["timeline"].query("stage == 'primary' and district_id == 'all'")
    # s1 says 540 seats as it stands: the extension of 90 is among them; p1 and p2 add 360 and 180.
    assert whole["seats"].tolist() == [540.0, 1080.0]
