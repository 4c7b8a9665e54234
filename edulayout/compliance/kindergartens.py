"""Targets of preschool policy: the shares of children in public and in inclusive kindergartens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.compliance.case import CITY
from edulayout.errors import shown as listed
from edulayout.fixedpoint import total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edulayout.compliance.case import Case, School
    from edulayout.compliance.judging import ObjectType, Outcome
    from edulayout.compliance.sizes import Family
    from edulayout.standards import Rule

STAGE = "kindergarten"


def share_owned(*owners: str) -> Callable[[Case, Family], Iterator[Outcome]]:
    """Return the check of the share of children whose kindergarten is run by one of the owners."""

    def check(case: Case, family: Family) -> Iterator[Outcome]:
        schools = case.bound_by(family.head)
        _, names = case.groups()
        for number, name in enumerate(names):
            here = [school for school in schools if case.district(school.school_id, names) == number]
            yield _share(case, family.head, ("district", name), schools=here, owners=owners)
        yield _share(case, family.head, CITY, schools=schools, owners=owners)

    return check


def _share(
    case: Case, rule: Rule, place: tuple[ObjectType, str], *, schools: Sequence[School], owners: Sequence[str]
) -> Outcome:
    if not schools:
        return case.open(rule, place, case.say("no_school"), verdict="not_applicable", pupils=0.0)
    children = [case.enrolled(school, STAGE).value for school in schools]
    words = [case.said(school.school_id, "ownership") for school in schools]
    gaps = [
        school.school_id
        for school, number, word in zip(schools, children, words, strict=True)
        if np.isnan(number) or word == "unknown"
    ]
    if gaps:
        what = case.say("missing_of", what=f"pupils_{STAGE}, ownership", count=len(gaps), ids=listed(gaps, limit=5))
        return case.open(rule, place, what)
    everyone = total(np.array(children))
    if not everyone:
        return case.open(rule, place, case.say("nobody"), verdict="not_applicable", pupils=0.0)
    owned = total(np.array([n for n, word in zip(children, words, strict=True) if word in owners], dtype=np.float64))
    return case.held(rule, place, owned / everyone, pupils=max(rule.limit * everyone - owned, 0.0))
