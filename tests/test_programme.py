"""The programme: published figures, cases by hand, every bad input named at once."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout import programme
from edulayout.cli import main
from edulayout.errors import InputError, MissingFileError, TableError
from edulayout.programme import Programme
from edulayout.programme.dates import day

ZHANGZHOU = Path(__file__).parents[1] / "sample_data" / "zhangzhou_2024"
NAMES = [one.name for one in programme.default_milestones()]


def project(project_id="a", **changes):
    row = {"project_id": project_id, "name": f"School {project_id}", "district_id": "east", "kind": "kindergarten", "how": "new",
           "seats_kindergarten": 90, "total": 300.0, "year_plan": 100.0, "paid": 50.0}  # fmt: skip
    return row | changes


def of(*rows, **options):
    return Programme.of(pd.DataFrame(list(rows)), **options)


@pytest.fixture(scope="module")
def zhangzhou():
    return programme.read(ZHANGZHOU / "programme.toml")


# What was published; the last sentence of each is the printed form.
@pytest.mark.parametrize(
    ("figure", "printed"),
    [
        (lambda s: s.projects, 21),
        (lambda s: f"{s.seats:,.0f}", "1,170"),
        (lambda s: f"{s.paid / 100:.3f}", "57.539"),  # 10,000 yuan → million yuan
        (lambda s: f"{s.share_of_year_plan_paid:.0%}", "230%"),
        (lambda s: s.started, 21),
        (lambda s: s.all_started_on.month, 9),
        (lambda s: round(s.start_days_early / 30.4), 3),
        (lambda s: s.grades.to_dict(), {"provincial": 20, "city": 75, "county": 293}),
    ],
)
def test_each_published_figure(zhangzhou, figure, printed):
    assert figure(zhangzhou.summary(as_of="2024-11-30")) == printed


def test_the_two_named_projects_are_there(zhangzhou):
    assert {"华安县第三实验幼儿园", "长泰区中骏·云景府小区配套幼儿园"} <= set(zhangzhou.projects["name"])
    others = zhangzhou.projects["name"].iloc[2:]
    assert others.str.contains("虚构").all()


def test_the_sample_is_made_again_the_same(tmp_path):
    subprocess.run([sys.executable, ZHANGZHOU / "make.py", "--out", tmp_path], check=True, capture_output=True)
    for name in ("projects.csv", "payments.csv", "kindergartens.csv"):
        assert (tmp_path / name).read_bytes() == (ZHANGZHOU / name).read_bytes(), name


def test_payments_count_up_to_the_day(zhangzhou):
    paid = [zhangzhou.summary(as_of=f"2024-{month:02d}-28").paid for month in range(1, 13)]
    assert paid == sorted(paid)
    assert paid[-2] == paid[-1] == pytest.approx(5753.9)
    funds = zhangzhou.summary(as_of="2024-11-30").funds
    assert funds["paid"].sum() == pytest.approx(5753.9)
    assert zhangzhou.summary(as_of="2023-12-31").started == 0
    assert zhangzhou.summary(as_of="2023-12-31").all_started_on is None


def test_sentences_in_both_languages(zhangzhou):
    made = zhangzhou.summary(as_of="2024-11-30")
    assert "累计完成投资5,753.9万元，占年度计划的230%。" in made.sentences("zh")
    assert "Demonstration kindergartens: 20 provincial, 75 city, 293 county." in made.sentences("en")
    assert "<script" not in made._repr_html_()


def test_a_project_by_hand():
    """Planned to start on 1 March and to open on 1 September; started ten days late."""
    made = of(
        project(
            planned_start="2025-03-01",
            actual_start="2025-03-11",
            planned_completion="2025-08-01",
            planned_opening="2025-09-01",
        )
    )
    row = made.status("2025-07-01").loc["a"]
    assert (row["state"], row["reached"], row["milestone"]) == ("under_way", "start", "completion")
    assert (row["days_early"], row["days_late"]) == (-10, 0)
    assert row["expected_opening"] == pd.Timestamp("2025-09-11")
    overdue = made.status("2025-08-31").loc["a"]  # 30 days after completion was due
    assert overdue["days_late"] == 30
    assert overdue["expected_opening"] == pd.Timestamp("2025-10-01")
    before = made.status("2025-03-05").loc["a"]  # the start of 11 March is not known yet
    assert (before["state"], before["days_late"]) == ("not_started", 4)


def test_a_project_that_is_ahead_keeps_its_lead_and_one_that_opened_has_its_day():
    ahead = of(project(planned_start="2025-03-01", actual_start="2025-02-19", planned_opening="2025-09-01"))
    assert ahead.status("2025-03-01").loc["a", "expected_opening"] == pd.Timestamp("2025-08-22")
    assert ahead.lagging("2025-03-01").empty
    opened = of(project(planned_opening="2025-09-01", actual_opening="2025-08-25"))
    row = opened.status("2025-09-01").loc["a"]
    assert (row["state"], row["milestone"], row["expected_opening"]) == ("opened", "", pd.Timestamp("2025-08-25"))
    assert opened.openings("2025-09-01")["a"] == pd.Timestamp("2025-08-25")
    assert opened.summary("2025-09-01").seats_opened == 90


def test_the_lagging_list_is_sorted_by_how_bad_it_is():
    rows = [project(name, planned_start=start, seats_kindergarten=seats) for name, start, seats in
            [("a", "2025-03-10", 90), ("b", "2025-03-01", 30), ("c", "2025-03-01", 60), ("d", "2025-06-01", 500)]]  # fmt: skip
    late = of(*rows).lagging("2025-03-31", pupils={"b": 12})
    assert late.index.tolist() == ["c", "b", "a"]
    assert late["days_late"].tolist() == [30, 30, 21]
    assert late["pupils_waiting"].fillna(-1).tolist() == [-1, 12, -1]


def test_letters_go_to_each_late_district_and_nobody_else():
    made = of(project("a", planned_start="2025-01-01"), project("b", district_id="<west>", planned_start="2025-01-01"),
              project("c", district_id="north", planned_start="2026-01-01"))  # fmt: skip
    letters = made.letters("2025-02-01", language="zh", pupils={"a": 70})
    assert [letter.district_id for letter in letters] == ["<west>", "east"]
    assert letters[1].table.to_dict("records") == [{"项目": "School a", "滞后环节": "开工放线", "计划完成": "2025-01-01", "滞后天数": 31,
                                                    "学位（个）": "90", "预计开园（开学）": "—"}]  # fmt: skip
    assert "约70名学生等待入学" in letters[1].before[1]
    page = letters[0].html()
    assert "<west>" not in page
    assert "&lt;west&gt;" in page
    english = made.letters("2025-02-01", language="en")[1]
    assert english.before[0] == "To east:"
    assert english.table["What is late"].tolist() == ["Set out and started"]


def test_a_template_can_be_edited_and_a_wrong_one_is_refused():
    made = of(project(planned_start="2025-01-01"))
    [letter] = made.letters("2025-02-01", template="# note\nTitle {count}\n\n{list}\n\nYours")
    assert (letter.title, letter.before, letter.after) == ("Title 1", (), ("Yours",))
    for wrong in ("no list", "{list} {secret}", "{list", "{list.__class__}"):
        with pytest.raises(InputError, match="template"):
            made.letters("2025-02-01", template=wrong)


BAD = {
    "the same id": ([project("a"), project("a", name="Other")], "duplicate ids"),
    "the same project": ([project("a"), project("b", name="School a")], "same project"),
    "negative money": ([project(total=-1.0)], "negative|below"),
    "an unknown kind": ([project(kind="college")], "'college'"),
    "an unknown way": ([project(how="magic")], "'magic'"),
    "an unknown district": ([project(district_id="moon")], "'moon'"),
    "planned days out of order": (
        [project(planned_start="2025-05-01", planned_completion="2025-04-01")],
        "out of order",
    ),
    "a milestone before its precedent": (
        [project(actual_start="2025-05-01", actual_completion="2025-04-01")],
        "must precede",
    ),
    "no day": ([project(planned_start="soon")], "'soon'"),
    "seats of no stage": ([project(seats=30)], "without a stage"),
    "seats of a stage not served": ([project(seats_primary=30)], "does not serve primary"),
    "a strange milestone": ([project(planned_party="2025-01-01")], "party"),
    "no name": ([project(name="")], "no name"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_projects_are_named(case):
    rows, told = BAD[case]
    with pytest.raises(TableError, match=told) as caught:
        of(*rows, districts=["east"])
    if case not in {"a strange milestone", "seats of no stage"}:
        assert any(fault.rows for fault in caught.value.faults)


def test_all_faults_come_at_once():
    rows = [project("a", total=-1.0, kind="college", planned_start="soon"), project("b", district_id="moon")]
    with pytest.raises(TableError) as caught:
        of(*rows, districts=["east"])
    assert len(caught.value.faults) >= 4


def test_bad_payments_are_named(tmp_path):
    rows = pd.DataFrame([project()]).drop(columns="paid")
    rows.to_csv(tmp_path / "p.csv", index=False)
    (tmp_path / "pay.csv").write_text(
        "project_id,day,amount,fund\nzz,2024-01-01,5,\na,,5,\na,2024-01-01,-5,\na,2024-01-01,5,moon\n"
    )
    (tmp_path / "x.toml").write_text('[programme]\nprojects = "p.csv"\npayments = "pay.csv"\n')
    with pytest.raises(TableError) as caught:
        programme.read(tmp_path / "x.toml")
    told = str(caught.value)
    assert all(word in told for word in ("'zz'", "without a day", "'moon'"))
    assert len(caught.value.faults) == 4


def test_bad_files_are_named(tmp_path):
    with pytest.raises(MissingFileError):
        programme.read(tmp_path / "none.toml")
    path = tmp_path / "x.toml"
    for text, told in {
        "[programme": "not TOML",
        "[other]\na = 1": "no .programme.",
        '[programme]\nprojects = "p.csv"\nparty = 1': "party",
    }.items():
        path.write_text(text)
        with pytest.raises(InputError, match=told):
            programme.read(path)
    path.write_text('[programme]\nprojects = "p.csv"\n')
    with pytest.raises(MissingFileError, match=r"p\.csv"):
        programme.read(path)
    with pytest.raises(InputError, match="a day such as"):
        of(project()).status("yesterday")


def test_a_city_brings_its_own_milestones(tmp_path):
    pd.DataFrame([project(planned_dig="2025-01-01", planned_done="2025-03-01", planned_doors="2025-04-01")]).to_csv(
        tmp_path / "p.csv", index=False
    )
    head = '[programme]\nprojects = "p.csv"\n'
    entries = [("dig", "started"), ("done", "finished"), ("doors", "opened")]
    own = "".join(f'[[milestone]]\nname = "{name}"\nlabel = "{name}"\nmarks = "{mark}"\n' for name, mark in entries)
    (tmp_path / "x.toml").write_text(head + own)
    made = programme.read(tmp_path / "x.toml")
    assert made.status("2025-01-11").loc["a", ["milestone", "days_late"]].tolist() == ["dig", 10]
    (tmp_path / "x.toml").write_text(head + own.replace('"finished"', '"started"'))
    with pytest.raises(InputError, match="marks"):
        programme.read(tmp_path / "x.toml")


def test_a_gap_before_a_milestone_is_noted_not_refused():
    made = of(project(actual_site="2025-01-01", actual_start="2025-03-01"))
    assert made.notes == tuple(
        f"{name} has no day though a later milestone is reached: a" for name in ("layout_plan", "drawing_review")
    )
    assert made.status("2025-04-01").loc["a", "reached"] == "start"


@pytest.mark.parametrize(("text", "found"), [("2024/9/1", date(2024, 9, 1)), ("2024.12.31", date(2024, 12, 31)), ("2024年2月29日", date(2024, 2, 29)),
                                             ("2023-02-29", None), ("9/1/2024", None), ("45500", None), ("", None)])  # fmt: skip
def test_days_are_read_in_one_order_only(text, found):
    assert day(text) == found


DAYS = st.integers(0, 900).map(lambda count: date(2024, 1, 1) + timedelta(days=count))


@settings(deadline=None)
@given(st.lists(st.lists(DAYS, min_size=6, max_size=6).map(sorted), min_size=1, max_size=5), st.data())
def test_status_agrees_with_a_loop(plans, data):
    rows, facts = [], []
    for number, planned in enumerate(plans):
        reached = data.draw(st.integers(0, 6))
        actual = sorted(data.draw(st.lists(DAYS, min_size=reached, max_size=reached)))
        facts.append((planned, actual))
        texts = {f"planned_{name}": one.isoformat() for name, one in zip(NAMES, planned, strict=True)}
        texts |= {f"actual_{name}": actual[at].isoformat() if at < reached else "" for at, name in enumerate(NAMES)}
        rows.append(project(str(number), **texts))
    today = data.draw(DAYS)
    status = of(*rows).status(today)
    for number, (planned, actual) in enumerate(facts):
        known = [one for one in actual if one <= today]
        count = len(known)
        late = max((today - planned[count]).days, 0) if count < 6 else 0
        delay = (known[-1] - planned[count - 1]).days if count else 0
        slip = max(delay, late) if late else delay
        opening = known[5] if count == 6 else max(planned[5] + timedelta(days=slip), today)
        row = status.loc[str(number)]
        assert row["days_late"] == late
        assert row["expected_opening"].date() == opening
        assert row["state"] == (
            "opened" if count == 6 else "finished" if count == 5 else "under_way" if count == 4 else "not_started"
        )


def test_money_that_nobody_told_is_not_nothing():
    made = of({key: value for key, value in project().items() if key not in {"paid", "year_plan", "total"}}).summary(
        "2025-01-01"
    )
    assert np.isnan(made.paid)
    assert np.isnan(made.share_of_year_plan_paid)
    assert "—" in " ".join(made.sentences("zh"))


def test_the_command_prints_the_status_and_writes_letters(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(
            [
                "programme",
                str(ZHANGZHOU / "programme.toml"),
                "--as-of",
                "2024-11-30",
                "--letters",
                str(tmp_path / "l"),
                "--language",
                "zh",
            ]
        )
    out = capsys.readouterr().out
    assert stop.value.code == 0
    assert "占年度计划的230%" in out
    assert "平和县" in out
    assert len(list((tmp_path / "l").iterdir())) == 4
    with pytest.raises(SystemExit) as stop:
        main(["programme", str(ZHANGZHOU / "programme.toml"), "--as-of", "soon"])
    assert stop.value.code == 2
    assert "a day such as" in capsys.readouterr().err


def test_only_what_was_paid_in_the_year_counts_against_its_plan():
    made = of(project("a", year_plan=100.0))
    paid = pd.DataFrame({"project_id": "a", "day": pd.to_datetime(["2025-12-31", "2026-02-01", "2026-09-01"]),
                         "amount": [70.0, 30.0, 900.0], "fund": ""})  # fmt: skip
    in_year = Programme(projects=made.projects, payments=paid, year=2026).summary("2026-06-30")
    assert (in_year.paid, in_year.paid_in_year, in_year.share_of_year_plan_paid) == (100.0, 30.0, 0.3)
    assert "in 2026: 30.0 yuan, 30% of the year's plan" in " ".join(in_year.sentences("en"))
    assert "其中2026年完成30.0元，占年度计划的30%" in " ".join(in_year.sentences("zh"))
    unsaid = Programme(projects=made.projects, payments=paid).summary("2026-06-30")
    assert unsaid.paid_in_year == 100.0


def test_owners_in_both_languages_and_unknown_ones():
    made = of(project("a", ownership="普惠"), project("b", ownership="public"), project("c", ownership=""))
    assert made.projects["ownership"].tolist() == ["inclusive", "public", ""]
    with pytest.raises(TableError, match="column 'ownership': 'church'"):
        of(project("a", ownership="church"))


def test_a_letter_names_its_district_and_who_signs():
    made = of(project("a", planned_opening="2024-09-01", name_en="Hill <School>"))
    (letter,) = made.letters("2024-10-01", language="en", names={"east": "East & Co"}, issuer="Bureau")
    assert letter.before[0] == "To East & Co:"
    assert letter.after[-1] == "Bureau\n2024-10-01"
    page = letter.html()
    assert '<p class="signed">Bureau<br>2024-10-01</p>' in page
    assert "Hill &lt;School&gt;" in page
    assert "East &amp; Co" in page
    (plain,) = made.letters("2024-10-01", language="zh")
    assert plain.before[0] == "east："
    assert plain.after[-1] == "（发函单位）\n2024年10月1日"


def test_the_files_that_a_programme_names():
    assert [path.name for path in programme.files_of(ZHANGZHOU / "programme.toml")] == [
        "projects.csv", "payments.csv", "kindergartens.csv",
    ]  # fmt: skip
    assert programme.files_of(ZHANGZHOU / "projects.csv") == []


def test_faults_of_all_tables_of_a_programme_come_together(tmp_path):
    (tmp_path / "programme.toml").write_text('[programme]\nprojects = "p.csv"\npayments = "m.csv"\ngraded = "g.csv"\n')
    (tmp_path / "p.csv").write_text("project_id,name,district_id,kind,how\na,A,e,kindergarten,magic\n")
    (tmp_path / "g.csv").write_text("kindergarten_id,grade\nk,best\n")
    with pytest.raises(TableError) as caught:
        programme.read(tmp_path / "programme.toml")
    told = str(caught.value)
    for part in ("'magic'", "'best'", "m.csv"):
        assert part in told, part
