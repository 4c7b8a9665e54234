"""The evaluations of balance: the indicators of each school, how many it meets, how much schools differ."""

from __future__ import annotations

from math import fsum, sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.compliance.case import CITY, Known
from edulayout.compliance.judging import margin_of
from edulayout.errors import shown as listed
from edulayout.fixedpoint import total
from edulayout.standards import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from edulayout.compliance.case import Case, School
    from edulayout.compliance.judging import Outcome
    from edulayout.compliance.sizes import Family
    from edulayout.standards import Rule
    from edulayout.typing import FloatArray


class Indicator(NamedTuple):
    """A column of the facts, and for how many pupils it is told."""

    column: str
    per_pupils: float


SEVEN: Mapping[str, Indicator] = MappingProxyType(
    {
        "teachers_above_required_degree": Indicator("teachers_above_required_degree", 100.0),
        "backbone_teachers": Indicator("backbone_teachers", 100.0),
        "sports_and_arts_teachers": Indicator("sports_and_arts_teachers", 100.0),
        "teaching_rooms": Indicator("teaching_rooms_m2", 1.0),
        "sports_grounds": Indicator("sports_grounds_m2", 1.0),
        "equipment": Indicator("equipment_yuan", 1.0),
        "networked_classrooms": Indicator("networked_classrooms", 100.0),
    }
)
"""The indicators of the quality balance, by subject."""

EIGHT: Mapping[str, Indicator] = MappingProxyType(
    {
        "teaching_rooms": Indicator("teaching_rooms_m2", 1.0),
        "sports_grounds": Indicator("sports_grounds_m2", 1.0),
        "equipment": Indicator("equipment_yuan", 1.0),
        "computers": Indicator("computers", 100.0),
        "books": Indicator("books", 1.0),
        "teachers": Indicator("teachers", 100.0),
        "teachers_above_required_degree": Indicator("teachers_above_required_degree", 100.0),
        "mid_or_higher_rank_teachers": Indicator("mid_or_higher_rank_teachers", 100.0),
    }
)
"""The indicators of the basic balance."""


def level(case: Case, school: School, stage: str, indicator: Indicator) -> Known:
    """Return an indicator of a school: what it has, by its enrolled pupils."""
    has = case.fact(school, indicator.column, stage)
    pupils = case.enrolled(school, stage)
    missing = ", ".join(one.missing for one in (has, pupils) if np.isnan(one.value))
    if missing or not pupils.value:
        return Known(np.nan, missing or f"pupils_{stage}")
    return Known(indicator.per_pupils * has.value / pupils.value, remark=pupils.remark)


def resource(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield one indicator of every school."""
    rule = family.head
    for school in case.bound_by(rule):
        found = level(case, school, rule.stage, SEVEN[rule.subject])
        if np.isnan(found.value):
            yield case.missing(rule, school, found)
        else:
            pupils = case.enrolled(school, rule.stage).value
            yield case.held(rule, school.place, found.value, pupils=pupils, reason=found.remark)


class _Card(NamedTuple):
    """How a school stands: share of each indicator reached, those met and missed, what is not known."""

    shares: Mapping[str, float]
    met: list[str]
    missed: list[str]
    unknown: list[str]


def _card(case: Case, school: School, stage: str) -> _Card | None:
    rules = {name: case.standard.find(name, stage, kind=school.kind) for name in SEVEN}
    if any(rule is None for rule in rules.values()):
        return None
    found = {name: level(case, school, stage, indicator) for name, indicator in SEVEN.items()}
    known = {name: one.value for name, one in found.items() if not np.isnan(one.value)}
    asked = {name: rule for name, rule in rules.items() if rule is not None}
    met = [name for name, value in known.items() if margin_of(value, asked[name].value, asked[name].bound) >= 0]
    shares = {name: value / asked[name].limit if asked[name].limit else 1.0 for name, value in known.items()}
    unknown = [one.missing for one in found.values() if np.isnan(one.value)]
    return _Card(shares, met, [name for name in known if name not in met], unknown)


def indicators_met(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield how many of the seven indicators every school meets; unknown ones may decide nothing, or everything."""
    rule = family.head
    for school in case.bound_by(rule):
        card = _card(case, school, rule.stage)
        place, pupils = school.place, case.pupils(school, rule.stage).value
        if card is None:
            yield case.open(rule, place, case.say("no_indicator_rule"), pupils=pupils)
        elif card.unknown and len(card.met) < rule.limit <= len(card.met) + len(card.unknown):
            yield case.missing(rule, school, *(Known(np.nan, name) for name in card.unknown))
        else:
            reason = case.say("missed", what=_names(case, card.missed)) if card.missed else ""
            yield case.held(rule, place, float(len(card.met)), pupils=pupils, reason=reason)


def share_of_missed_indicator(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the worst of the seven indicators of every school as a share of its value, at most 1."""
    rule = family.head
    for school in case.bound_by(rule):
        card = _card(case, school, rule.stage)
        place, pupils = school.place, case.pupils(school, rule.stage).value
        if card is None:
            yield case.open(rule, place, case.say("no_indicator_rule"), pupils=pupils)
            continue
        worst = min(card.missed, key=lambda name: card.shares[name], default="")
        share = card.shares.get(worst, 1.0)
        if card.unknown and margin_of(share, rule.value, rule.bound) >= 0:
            yield case.missing(rule, school, *(Known(np.nan, name) for name in card.unknown))
        else:
            reason = case.say("worst", what=_names(case, [worst])) if worst else case.say("all_met")
            yield case.held(rule, place, share, pupils=pupils, reason=reason)


def _names(case: Case, subjects: Sequence[str]) -> str:
    words = terms(case.language)["subject"]
    return ("、" if case.language == "zh" else ", ").join(words.get(subject, subject) for subject in subjects)


def variation(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the coefficient of variation of each of the seven indicators between the schools of the city."""
    for name, indicator in SEVEN.items():
        yield _variation(case, family.head, {name: indicator})


def mean_variation(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the mean of the coefficients of variation of the eight indicators between the schools of the city."""
    yield _variation(case, family.head, EIGHT)


def _variation(case: Case, rule: Rule, indicators: Mapping[str, Indicator]) -> Outcome:
    schools = case.bound_by(rule)
    place, about = CITY, _names(case, list(indicators)) if len(indicators) == 1 else ""
    levels = {
        name: [level(case, one, rule.stage, indicator) for one in schools] for name, indicator in indicators.items()
    }
    lacking = [
        one for position, one in enumerate(schools) if any(np.isnan(row[position].value) for row in levels.values())
    ]
    pupils = total(np.array([value for one in schools if not np.isnan(value := case.pupils(one, rule.stage).value)]))
    if not schools or lacking:
        reason = _lacking(case, levels, lacking) if schools else case.say("no_school")
        return case.open(rule, place, case.remarks(about, reason), pupils=pupils,
                         verdict="cannot_tell" if schools else "not_applicable")  # fmt: skip
    weights = np.array([case.enrolled(one, rule.stage).value for one in schools])
    found = [coefficient(np.array([one.value for one in row]), weights) for row in levels.values()]
    if np.isnan(found).any():
        return case.open(rule, place, case.remarks(about, case.say("zero")), pupils=pupils)
    return case.held(rule, place, float(sum(found) / len(found)), pupils=pupils, reason=about)


def _lacking(case: Case, levels: Mapping[str, Sequence[Known]], schools: Sequence[School]) -> str:
    columns = [
        name for row in levels.values() for one in row if np.isnan(one.value) for name in one.missing.split(", ")
    ]
    ids = listed([school.school_id for school in schools], limit=5)
    return case.say("missing_of", what=", ".join(dict.fromkeys(columns)), count=len(schools), ids=ids)


def coefficient(values: FloatArray, weights: FloatArray) -> float:
    """Return the coefficient of variation of schools weighed by pupils, NaN where all are zero.

    √(Σ w (x − μ)² / W) / μ, as `edulayout.equity.coefficient_of_variation`; sums are rounded once, so that no
    order of the schools changes a bit.

    Examples
    --------
    >>> import numpy as np
    >>> coefficient(np.array([1.0, 4.0]), np.array([2.0, 2.0]))
    0.6
    """
    weight = fsum(weights)
    mean = fsum(values * weights) / weight if weight else 0.0
    if not mean > 0:
        return float("nan")
    return sqrt(fsum(weights * (values - mean) ** 2) / weight) / mean
