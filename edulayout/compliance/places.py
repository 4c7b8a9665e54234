"""Rules on where pupils live: the service radius, main roads on the way, seats by residents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.compliance.case import ALL, CITY
from edulayout.fixedpoint import group_totals, total
from edulayout.standards import quantity, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edulayout.compliance.case import Case, Check
    from edulayout.compliance.judging import ObjectType, Outcome
    from edulayout.compliance.sizes import Family
    from edulayout.standards import Rule
    from edulayout.typing import BoolArray, FloatArray


class _Group(NamedTuple):
    """Pupils of a district or the city, and those of them who keep to the rule."""

    place: tuple[ObjectType, str]
    pupils: float
    counted: float


def service_radius(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the share of pupils within the radius, of every district and the city."""
    rule = family.head
    stages = [rule.stage] if rule.stage else [stage for stage in _stages(case) if case.serving(stage)]
    for stage in stages:
        yield from _radius(case, rule, stage)


def _stages(case: Case) -> list[str]:
    return [str(name).removeprefix("pupils_") for name in case.demand.columns if str(name).startswith("pupils_")]


def _radius(case: Case, rule: Rule, stage: str) -> Iterator[Outcome]:
    asked = case.standard.find("share_within_radius", stage)
    required = 1.0 if asked is None else asked.limit
    because = "" if asked is None else _cited(asked, case.language)
    groups, why = _within(case, rule, stage)
    radius = f"≤ {quantity(rule.value, rule.unit, 'zh' if case.language == 'zh' else 'en')}"
    for group in groups:
        if not group.pupils:
            yield case.open(rule, group.place, case.say("nobody"), verdict="not_applicable", stage=stage, pupils=0.0,
                            required=required, bound="at_least", unit="share")  # fmt: skip
            continue
        yield case.held(
            rule, group.place, group.counted / group.pupils, stage=stage, required=required, bound="at_least",
            unit="share", pupils=group.pupils - group.counted,
            reason=case.remarks(radius, because),
        )  # fmt: skip
    if why:
        yield case.open(rule, CITY, why, stage=stage, required=required, bound="at_least", unit="share")


def _cited(rule: Rule, language: str) -> str:
    """Return a least share and who asks for it."""
    if language == "en" or rule.replaced is not None:
        return f"≥ {quantity(rule.value, rule.unit, 'en')}: {rule.citation}"
    status = terms("zh")["status"][rule.status]
    return f"≥ {quantity(rule.value, rule.unit, 'zh')}：{rule.document}，{rule.clause_zh or rule.clause}（{status}）"


def _within(case: Case, rule: Rule, stage: str) -> tuple[list[_Group], str]:
    """Return the pupils within the radius by group, or what is missing to tell."""
    safe = rule.mode == "safe_walk"
    costs = case.safe_costs.get(stage) if safe else case.costs
    least = case.least(stage, safe=safe)
    if costs is None or least is None:
        column = "share_covered_safe" if safe else "share_covered"
        groups = _from_coverage(case, stage, radius=rule.limit, column=column) if rule.unit == "metres" else []
        lacking = "safe_ways" if safe else "coverage_at"
        return groups, "" if groups else case.say(lacking, limit=rule.limit)
    if costs.unit != rule.unit:
        return [], case.say("costs_in", unit=terms(case.language)["unit"][rule.unit])
    if costs.cutoff is not None and costs.cutoff < rule.limit:
        return [], case.say("costs_up_to", cutoff=costs.cutoff)
    pupils = case.living(stage)
    if pupils is None:
        return [], case.say("missing", what=f"pupils_{stage}")
    # Costs are float32: the radius is rounded the same way, so that "exactly at it" stays inside.
    return _grouped(case, pupils, least.astype(np.float32) <= np.float32(rule.limit)), ""


def _from_coverage(case: Case, stage: str, *, radius: float, column: str) -> list[_Group]:
    table = case.coverage
    if table is None or column not in table:
        return []
    rows = table[(table["stage"] == stage) & np.isclose(table["radius_metres"], radius) & table[column].notna()]
    return [
        _Group(_place(str(row["district_id"])), float(row["pupils"]), float(row["pupils"] * row[column]))
        for _, row in rows.iterrows()
    ]


def _place(name: str) -> tuple[ObjectType, str]:
    return CITY if name == ALL else ("district", name)


def _grouped(case: Case, pupils: FloatArray, counted: BoolArray) -> list[_Group]:
    codes, names = case.groups()
    lives = group_totals(pupils, codes, len(names))
    keeps = group_totals(np.where(counted, pupils, 0.0), codes, len(names))
    found = [
        _Group(("district", name), *pair) for name, *pair in zip(names, lives.tolist(), keeps.tolist(), strict=True)
    ]
    return [*found, _Group(CITY, total(pupils), total(np.where(counted, pupils, 0.0)))]


def main_road_crossing(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the share of pupils whose shortest way crosses main roads where safe ways do not."""
    rule = family.head
    pupils, shortest, around = case.living(rule.stage), case.least(rule.stage), case.least(rule.stage, safe=True)
    if pupils is None or shortest is None or around is None:
        yield from _crossing_by_coverage(case, rule)
        return
    crossing = np.isfinite(shortest) & (around.astype(np.float32) > shortest.astype(np.float32))
    for group in _grouped(case, pupils, crossing):
        if group.pupils:
            yield case.held(rule, group.place, group.counted / group.pupils, pupils=group.counted,
                            reason=case.say("crossing"))  # fmt: skip
        else:
            yield case.open(rule, group.place, case.say("nobody"), verdict="not_applicable", pupils=0.0)


def _crossing_by_coverage(case: Case, rule: Rule) -> Iterator[Outcome]:
    """Yield a lower bound: pupils whom only a crossing brings within the radius."""
    table, columns = case.coverage, ("share_covered", "share_covered_safe")
    rows = None if table is None or columns[1] not in table else table[table["stage"] == rule.stage]
    if rows is None or rows[columns[1]].isna().all():
        yield case.open(rule, CITY, case.say("safe_ways"))
        return
    for _, row in rows.iterrows():
        place, pupils = _place(str(row["district_id"])), float(row["pupils"])
        if not pupils:
            yield case.open(rule, place, case.say("nobody"), verdict="not_applicable", pupils=0.0)
            continue
        share = max(float(row[columns[0]] - row[columns[1]]), 0.0)
        made = case.held(rule, place, share, pupils=share * pupils, reason=case.say("at_least_crossing"))
        # A lower bound tells of a failure, never of its absence.
        yield made if made.verdict == "fails" else case.open(rule, place, made.reason, found=share)


def seats_per_1000(stages: Sequence[str] = ()) -> Check:
    """Return the check of seats by residents, in the stage of the rule or in several stages together."""

    def check(case: Case, family: Family) -> Iterator[Outcome]:
        rule = family.head
        for place, residents, seats, unknown in _seats(case, stages or (rule.stage,)):
            yield _seating(case, rule, place, residents=residents, seats=seats, unknown=unknown)

    return check


def _seating(
    case: Case, rule: Rule, place: tuple[ObjectType, str], *, residents: float, seats: float, unknown: int
) -> Outcome:
    if not residents:
        return case.open(rule, place, case.say("no_residents"), verdict="not_applicable", pupils=0.0)
    found = 1000.0 * seats / residents
    lacking = max(rule.limit * residents / 1000.0 - seats, 0.0)
    made = case.held(rule, place, found, pupils=lacking)
    if not unknown:
        return made
    what = case.say("not_all_seats", count=unknown, what=f"seats_{rule.stage}" if rule.stage else "seats")
    if made.verdict == "meets" and rule.bound == "at_least":
        return case.held(rule, place, found, pupils=0.0, reason=what)
    return case.open(rule, place, what, found=found, pupils=lacking)


def _seats(case: Case, stages: Sequence[str]) -> Iterator[tuple[tuple[ObjectType, str], float, float, int]]:
    """Yield residents, seats and the number of schools without a number, of every district and the city."""
    codes, names = case.groups()
    people = case.demand["population"].to_numpy(np.float64)
    residents = group_totals(people, codes, len(names))
    rows = [(school, stage) for stage in stages for school in case.serving(stage)]
    known = np.array([case.seats(school.school_id, stage) for school, stage in rows])
    stands = np.array([case.district(school.school_id, names) for school, _ in rows], dtype=np.int64)
    gaps = np.isnan(known)
    counted = np.where(gaps, 0.0, known)
    seats = group_totals(counted, stands, len(names))
    unknown = group_totals(gaps.astype(np.float64), stands, len(names))
    for number, name in enumerate(names):
        yield ("district", name), float(residents[number]), float(seats[number]), int(unknown[number])
    yield CITY, total(people), total(counted), int(gaps.sum())
