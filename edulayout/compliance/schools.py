"""Rules on single schools: classes, pupils, areas, the grades of nine-year schools, estate kindergartens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.compliance.case import Known
from edulayout.compliance.sizes import figure
from edulayout.standards import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edulayout.compliance.case import Case, School
    from edulayout.compliance.judging import Outcome
    from edulayout.compliance.sizes import Family, Figure
    from edulayout.standards.rules import Value

_ROUNDING = 1e-9


def class_size(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield pupils by classes of every school and stage."""
    rule = family.head
    for school in case.bound_by(rule):
        for stage in (rule.stage,) if rule.stage else school.stages:
            pupils, classes = case.enrolled(school, stage), case.classes(school, stage, reckon=False)
            if np.isnan(pupils.value + classes.value) or not classes.value:
                gap = Known(np.nan, f"classes_{stage}") if classes.value == 0 else classes
                yield case.missing(rule, school, pupils, gap)
            else:
                yield case.held(rule, school.place, pupils.value / classes.value, stage=stage,
                                pupils=pupils.value, reason=pupils.remark)  # fmt: skip


def school_classes(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the classes of every school; a rule on a stage is about the schools of that stage alone."""
    for school in case.bound_by(family.head):
        if family.head.kind or len(school.stages) == 1:
            yield _sized(case, family, school, case.classes(school))


def school_pupils(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the pupils of every school, its seats where those are not known."""
    for school in case.bound_by(family.head):
        yield _sized(case, family, school, case.pupils(school))


def _sized(case: Case, family: Family, school: School, number: Known) -> Outcome:
    if np.isnan(number.value):
        return case.missing(family.head, school, number)
    place, pupils = school.place, case.pupils(school).value
    return case.held(family.head, place, number.value, pupils=pupils, reason=number.remark)


def area(column: str, *, each: bool) -> Callable[[Case, Family], Iterator[Outcome]]:
    """Return the check of an area of every school, by pupil where `each`."""

    def check(case: Case, family: Family) -> Iterator[Outcome]:
        for school in case.bound_by(family.head):
            yield _area(case, family, school, column, each=each)

    return check


def _area(case: Case, family: Family, school: School, column: str, *, each: bool) -> Outcome:
    rule = family.head
    measured = case.fact(school, column, rule.stage)
    pupils = case.pupils(school, rule.stage)
    classes = case.classes(school, rule.stage) if family.by_size else Known(0.0)
    needed = (measured, classes, *((pupils,) if each else ()))
    size = None if np.isnan(classes.value) else figure(family, classes.value, say=case.say)
    if size is None or any(np.isnan(one.value) for one in needed) or (each and not pupils.value):
        return case.missing(rule if size is None else size.rule, school, *needed, required=_asked(size))
    remark = case.remarks(size.remark, classes.remark, pupils.remark if each else "")
    found = measured.value / pupils.value if each else measured.value
    if size.required is None:
        return case.open(size.rule, school.place, remark, verdict="not_applicable",
                         pupils=pupils.value, found=found, required=_asked(size))  # fmt: skip
    return case.held(size.rule, school.place, found, pupils=pupils.value, required=size.required,
                     reason=remark)  # fmt: skip


def _asked(size: Figure | None) -> Value:
    """Return what is asked of a size: no number where the size is not known or the table does not reach it."""
    return np.nan if size is None or size.required is None else size.required


def nine_year_grades(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the classes of one stage of every nine-year school: its share of the grades, up to whole classes."""
    rule = family.head
    for school in case.bound_by(rule):
        if school.kind != "nine_year":
            continue
        both = [case.classes(school, stage) for stage in school.stages]
        if any(np.isnan(one.value) for one in both):
            yield case.missing(rule, school, *both)
            continue
        grades = {stage: case.standard.find("nine_year_grades", stage, kind="nine_year") for stage in school.stages}
        numbers = {stage: 0.0 if one is None else one.limit for stage, one in grades.items()}
        share = sum(one.value for one in both) * rule.limit / max(sum(numbers.values()), 1.0)
        found = case.classes(school, rule.stage)
        yield case.held(
            rule, school.place, found.value, unit="classes", bound="within",
            required=Range(float(np.floor(share + _ROUNDING)), float(np.ceil(share - _ROUNDING))),
            pupils=case.pupils(school, rule.stage).value, reason=case.remarks(*(one.remark for one in both)),
        )  # fmt: skip


def estate_handed_over(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield 1 for every estate kindergarten that was handed over, 0 for one that was not."""
    yield from _estates(case, family, "estate", {"handed_over": 1.0, "pending": 0.0})


def estate_not_for_profit(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield 1 for every estate kindergarten that is public or inclusive, 0 for a private one."""
    yield from _estates(case, family, "ownership", {"public": 1.0, "inclusive": 1.0, "private": 0.0})


def _estates(case: Case, family: Family, column: str, marks: dict[str, float]) -> Iterator[Outcome]:
    rule = family.head
    for school in case.bound_by(rule):
        estate, word = case.said(school.school_id, "estate"), case.said(school.school_id, column)
        if estate == "no":
            continue
        mark = marks.get(word, np.nan)
        if estate == "unknown" or np.isnan(mark):
            yield case.missing(rule, school, Known(np.nan, "estate" if estate == "unknown" else column))
        else:
            yield case.held(rule, school.place, mark, pupils=case.pupils(school).value)
