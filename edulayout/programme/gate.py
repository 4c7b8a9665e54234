"""The gate of a programme: projects and payments checked as a whole, every fault at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, TableError
from edulayout.programme.dates import parsed_days
from edulayout.stages import KINDS, STAGES
from edulayout.tables.findings import Findings, RowNames
from edulayout.tables.values import as_text, check_ids, check_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.programme.milestones import Milestone

WAYS = {
    "new": ("New school", "新建"),
    "extend": ("Extension", "改扩建"),
    "convert_idle": ("Idle building converted", "闲置校舍（房产）改造"),
    "estate_kindergarten": ("Estate kindergarten", "小区配套园"),
}
"""How a project makes seats: word → English, Chinese."""
OWNERS = ("public", "inclusive", "private")
"""Public (公办), inclusive private (普惠性民办), other private (民办)."""
OWNERSHIP_WORDS = {"公办": "public", "普惠性民办": "inclusive", "普惠": "inclusive", "民办": "private"}
GRADES = {"provincial": ("provincial", "省级"), "city": ("city", "市级"), "county": ("county", "县级")}
"""Grades of demonstration kindergartens (示范园), the highest first: word → English, Chinese."""
MONEY = ("total", "year_plan", "paid")
FUNDS = "funds_"


def check_projects(
    table: pd.DataFrame, milestones: Sequence[Milestone], *, source: str, districts: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return projects as the contract says, by `project_id`.

    Columns: `name`, `district_id`, `kind` (a kind of school), `how` (`new`, `extend`, `convert_idle`,
    `estate_kindergarten`), `ownership` of the seats (`public`, `inclusive`, `private`, or the Chinese words; empty
    where nobody knows), `seats_<stage>`, `total`, `year_plan` and, without a table of payments, `paid` (money, in
    the unit of the programme), `funds_<source>`, `planned_<milestone>` and `actual_<milestone>` (days), `site_id` (the
    school or candidate of a study), and others, kept as they are.

    Raises
    ------
    TableError
        With every fault: ids, the same project twice, unknown words, negative money, dates out of order, a milestone
        reached before one that must precede it, seats without a stage, unknown districts.
    """
    findings = Findings(source)
    missing = [name for name in ("project_id", "name", "district_id", "kind", "how") if name not in table]
    if missing:
        findings.fault(f"no column {', '.join(missing)}", "the columns of a programme", "add them")
        findings.settle()
    findings = Findings(source, RowNames(as_text(table["project_id"]).tolist()))
    ids = check_ids(table["project_id"], findings)
    made = table.drop(columns="project_id").copy()
    for name in ("name", "district_id", "kind", "how", *[c for c in ("name_en", "site_id", "ownership") if c in table]):
        made[name] = as_text(table[name])
    if "ownership" in made:
        made["ownership"] = made["ownership"].replace(OWNERSHIP_WORDS)
    _check_words(made, findings, districts)
    _check_twice(made, findings)
    for name in made.columns:
        if name in MONEY or str(name).startswith((FUNDS, "seats_")):
            made[name] = check_numbers(made[name], findings, gaps=True)
    _check_seats(made, findings)
    made = _with_days(made, milestones, findings)
    findings.settle()
    whole = made.set_index(pd.Index(ids, name="project_id", dtype=str))
    whole.attrs["notes"] = tuple(findings.notes)
    return whole


def _check_words(made: pd.DataFrame, findings: Findings, districts: Sequence[str] | None) -> None:
    allowed = {"kind": tuple(KINDS), "how": tuple(WAYS), "district_id": districts, "ownership": ("", *OWNERS)}
    for column, words in allowed.items():
        if words is None or column not in made:
            continue
        unknown = ~made[column].isin(list(words)).to_numpy(dtype=bool)
        if unknown.any():
            told = ", ".join(map(repr, made[column][unknown].unique()[:3]))
            known = ", ".join(filter(None, words))
            findings.fault(f"column {column!r}: {told}", f"one of {known}", "correct it", where=unknown)
    for column in ("name", "district_id"):
        empty = (made[column] == "").to_numpy(dtype=bool)
        if empty.any() and (column != "district_id" or districts is None):
            findings.fault(f"no {column}", f"a {column} for every project", "fill it in", where=empty)


def _check_twice(made: pd.DataFrame, findings: Findings) -> None:
    twice = made.duplicated(["name", "district_id", "kind", "how"], keep=False).to_numpy(dtype=bool)
    if twice.any():
        findings.fault(
            "the same project under several ids (equal name, district, kind and way)",
            "each project once",
            "remove one of them, or tell their names apart (phase 1, phase 2)",
            where=twice,
        )


def _check_seats(made: pd.DataFrame, findings: Findings) -> None:
    columns = [f"seats_{stage}" for stage in STAGES if f"seats_{stage}" in made]
    strange = [str(name) for name in made if str(name).startswith("seats_") and name not in columns]
    if strange or "seats" in made:
        told = ", ".join([*strange, *(["seats"] if "seats" in made else [])])
        findings.fault(f"seats without a stage: {told}", "seats_kindergarten, seats_primary, …", "name the stage")
    for column in columns:
        stage = column.removeprefix("seats_")
        serves = made["kind"].map(lambda kind, stage=stage: kind in KINDS and stage in KINDS[kind].stages)
        wrong = ((made[column] > 0) & ~serves.astype(bool) & made["kind"].isin(list(KINDS))).to_numpy(dtype=bool)
        if wrong.any():
            findings.fault(
                f"{column} of a kind that does not serve {stage}", "seats of a stage that the kind serves",
                "move the seats to their stage, or correct the kind", where=wrong,
            )  # fmt: skip


def _with_days(made: pd.DataFrame, milestones: Sequence[Milestone], findings: Findings) -> pd.DataFrame:
    known = {f"{sort}_{one.name}" for one in milestones for sort in ("planned", "actual")}
    strange = [str(c) for c in made if str(c).startswith(("planned_", "actual_")) and c not in known]
    if strange:
        named = ", ".join(one.name for one in milestones)
        findings.fault(
            f"milestones that nobody named: {', '.join(strange)}", named, "rename them, or name the milestone"
        )
    days = {}
    for name in sorted(known):
        column = made[name] if name in made else pd.Series("", index=made.index, name=name)
        days[name], junk = parsed_days(column)
        if junk.any():
            told = ", ".join(map(repr, as_text(column)[junk].tolist()[:3]))
            findings.fault(f"column {name!r}: {told}", "a day such as 2024-11-30", "correct the cells", where=junk)
    whole = made.drop(columns=[name for name in known if name in made]).assign(**days)
    _check_order(whole, milestones, findings)
    return whole


def _check_order(made: pd.DataFrame, milestones: Sequence[Milestone], findings: Findings) -> None:
    names = [one.name for one in milestones]
    for sort, what in (
        ("planned", "planned days out of order"),
        ("actual", "a milestone reached before one that must precede it"),
    ):
        days = made[[f"{sort}_{name}" for name in names]].to_numpy(dtype="datetime64[s]").astype(np.int64)
        none = days == np.datetime64("NaT").astype(np.int64)
        latest = np.maximum.accumulate(np.where(none, np.iinfo(np.int64).min, days), axis=1)
        early = ~none & (days < latest)
        for at in np.flatnonzero(early.any(axis=0)):
            found = f"{what}: {sort}_{names[at]} before an earlier milestone's"
            findings.fault(found, f"the order {' ≤ '.join(names)}", "correct the days", where=early[:, at])
        if sort == "actual":
            _check_gaps(none, names, findings)


def _check_gaps(none: np.ndarray, names: list[str], findings: Findings) -> None:
    """Note a milestone without a day though a later one is reached: the day is missing, or it was left out."""
    reached_later = np.logical_or.accumulate(~none[:, ::-1], axis=1)[:, ::-1]
    skipped = none & reached_later
    for at in np.flatnonzero(skipped.any(axis=0)):
        told = [findings.rows[row] for row in np.flatnonzero(skipped[:, at]).tolist()]
        findings.note(f"{names[at]} has no day though a later milestone is reached: {', '.join(told)}")


def check_payments(table: pd.DataFrame, projects: pd.DataFrame, *, source: str) -> pd.DataFrame:
    """Return payments: `project_id`, `day`, `amount`, `fund` (a source of `funds_<source>`, may be empty).

    Raises
    ------
    TableError
        With every fault: unknown projects, days that are none, negative or missing amounts, unknown sources.
    """
    missing = [name for name in ("project_id", "day", "amount") if name not in table]
    if missing:
        raise TableError(Fault(source, f"no column {', '.join(missing)}", "project_id, day, amount, fund", "add them"))
    findings = Findings(source, RowNames([""] * len(table)))
    ids = as_text(table["project_id"])
    unknown = ~ids.isin(list(projects.index)).to_numpy(dtype=bool)
    if unknown.any():
        told = ", ".join(map(repr, ids[unknown].unique()[:3]))
        findings.fault(
            f"payments for unknown projects: {told}", "a project_id of the projects", "correct it", where=unknown
        )
    days, junk = parsed_days(table["day"])
    empty = days.isna().to_numpy(dtype=bool)
    if empty.any():
        findings.fault("payments without a day", "a day such as 2024-11-30", "fill it in", where=empty | junk)
    amounts = check_numbers(table["amount"], findings, gaps=False)
    funds = as_text(table["fund"]) if "fund" in table else pd.Series("", index=table.index)
    known = [str(name).removeprefix(FUNDS) for name in projects if str(name).startswith(FUNDS)]
    strange = ~funds.isin(["", *known]).to_numpy(dtype=bool)
    if strange.any():
        told = ", ".join(map(repr, funds[strange].unique()[:3]))
        findings.fault(
            f"unknown funds: {told}", f"one of {', '.join(known) or 'none are named'}", "correct it", where=strange
        )
    findings.settle()
    return pd.DataFrame({"project_id": ids, "day": days, "amount": amounts, "fund": funds}).reset_index(drop=True)


def check_graded(table: pd.DataFrame, *, source: str) -> pd.DataFrame:
    """Return kindergartens by `kindergarten_id` with `name`, `district_id`, `grade`.

    Raises
    ------
    TableError
        With every fault: ids, columns that are missing, unknown grades.
    """
    missing = [name for name in ("kindergarten_id", "grade") if name not in table]
    if missing:
        raise TableError(Fault(source, f"no column {', '.join(missing)}", "kindergarten_id, grade", "add them"))
    findings = Findings(source, RowNames([""] * len(table)))
    ids = check_ids(table["kindergarten_id"], findings)
    grades = as_text(table["grade"])
    unknown = ~grades.isin(list(GRADES)).to_numpy(dtype=bool)
    if unknown.any():
        told = ", ".join(map(repr, grades[unknown].unique()[:3]))
        findings.fault(f"unknown grades: {told}", f"one of {', '.join(GRADES)}", "correct them", where=unknown)
    findings.settle()
    made = table.drop(columns="kindergarten_id").assign(grade=grades)
    return made.set_index(pd.Index(ids, name="kindergarten_id", dtype=str))
