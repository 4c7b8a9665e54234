"""The check of a layout: every rule held against every object that it is about, in one table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edulayout.compliance import indicators, kindergartens, places, schools, spacing
from edulayout.compliance.case import ALL, CITY, OUTSIDE, Case
from edulayout.compliance.facts import check_facts
from edulayout.compliance.sizes import families
from edulayout.compliance.wording import check_language, word
from edulayout.errors import Fault, InputError
from edulayout.standards import Range, Standard, layered, quantity, shown, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd

    from edulayout.compliance.case import Check
    from edulayout.compliance.judging import Outcome
    from edulayout.compliance.sizes import Family
    from edulayout.costs import TravelCosts
    from edulayout.standards import Rule
    from edulayout.standards.rules import Language

COLUMNS = (
    "rule", "subject", "label", "stage", "document", "clause", "strength", "status", "object_type", "object_id", "name",
    "found", "required", "limit", "unit", "margin", "shortfall", "pupils", "verdict", "reason", "note",
)  # fmt: skip
"""The columns of the table, in order."""

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "service_radius": places.service_radius,
        "walking_time": places.service_radius,
        "main_road_crossing": places.main_road_crossing,
        "seats_per_1000": places.seats_per_1000(),
        "secondary_seats_per_1000": places.seats_per_1000(("junior_high", "senior_high")),
        "class_size": schools.class_size,
        "school_classes": schools.school_classes,
        "school_pupils": schools.school_pupils,
        "nine_year_grades": schools.nine_year_grades,
        "site_area": schools.area("site_area_m2", each=False),
        "site_area_per_pupil": schools.area("site_area_m2", each=True),
        "floor_area": schools.area("floor_area_m2", each=False),
        "floor_area_per_pupil": schools.area("floor_area_m2", each=True),
        "estate_handed_over": schools.estate_handed_over,
        "estate_not_for_profit": schools.estate_not_for_profit,
        **dict.fromkeys(indicators.SEVEN, indicators.resource),
        "indicators_met": indicators.indicators_met,
        "share_of_missed_indicator": indicators.share_of_missed_indicator,
        "coefficient_of_variation": indicators.variation,
        "mean_coefficient_of_variation": indicators.mean_variation,
        "public_share": kindergartens.share_owned("public"),
        "inclusive_share": kindergartens.share_owned("public", "inclusive"),
        "school_spacing": spacing.school_spacing,
        "service_area_overlap": spacing.service_area_overlap,
    }
)
"""The check of every subject that the tables can tell of."""

_NO_DEMAND = frozenset({"share_within_radius", "size_small", "size_medium", "size_large"})
"""Subjects that ask for nothing by themselves."""

_ELSEWHERE = frozenset({"incomplete", "long_term", "branch"})
"""Levels that are about schools or times which the tables do not tell apart."""

_VERDICTS = ("fails", "cannot_tell", "meets", "not_applicable")


def check(  # noqa: PLR0913 - all but the tables are optional and named
    schools: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    standard: Standard | str | Sequence[Standard | str],
    layout: str | None = None,
    facts: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None,
    costs: TravelCosts | None = None,
    safe_costs: Mapping[str, TravelCosts] | None = None,
    service_areas: gpd.GeoDataFrame | None = None,
    districts: pd.DataFrame | None = None,
    assigned: bool = False,
    language: str = "en",
) -> pd.DataFrame:
    """Hold a layout against a standard: one row for each rule and each school, district or city that it is about.

    Parameters
    ----------
    schools
        Schools by `school_id` (index or column) with `kind`, and where known `status`, `name`, `name_en`,
        `district_id`, `seats_<stage>`, geometry in metres. With a column `layout`, `layout` says which one is meant.
    demand
        Places by `demand_id` with `population`, `pupils_<stage>`, `district_id`.
    standard
        A standard, its name, or several; see `edulayout.standards.layered` for local values and replaced ones.
    layout
        The layout checked; needed where the schools have several.
    facts
        What is known of each school, by `school_id`; see `check_facts`.
    coverage
        The study's coverage table (`stage`, `district_id`, `pupils`, `share_covered`, `radius_metres`, where measured
        `share_covered_safe`; of several layouts the one asked for). Stands in where there are no costs.
    costs
        From all demand to all schools (others may be among them).
    safe_costs
        The same by ways that cross no main road, by stage.
    service_areas
        Polygons by `stage` and `school_id`.
    districts
        Names of the districts.
    assigned
        Whether the pupils of the facts are those that the layout assigns, not those enrolled: reasons then say so.
    language
        `en` or `zh`: of labels, limits and reasons; codes are the same in both.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. `verdict` is `meets`, `fails`, `not_applicable`, or `cannot_tell`, where `reason` names what
        is missing. `margin` is how far `found` is on the right side of `required`, in `unit` (negative: on the wrong
        one; a range that bounds from one side decides by its lenient end). `shortfall` is what is missing as a share
        of what is required. `pupils`: of a school, its pupils (its seats where those are not known); of a district or
        the city, those whom the failure touches. Failures first, by shortfall × pupils; then what nobody can tell,
        what is met, what does not apply. `status` says how sure we are of the rule. Complexity
        O(rules · (schools² + places)).

    Raises
    ------
    InputError
        Where a table lacks its columns, the layout is not there, facts are about unknown schools, or the costs about
        other places; all faults at once.

    Examples
    --------
    >>> import pandas as pd
    >>> schools = pd.DataFrame({"kind": ["primary"] * 2, "name": ["One", "Two"]}, index=["s1", "s2"])
    >>> demand = pd.DataFrame({"population": [9000.0], "pupils_primary": [560.0]}, index=["b"])
    >>> facts = pd.DataFrame({"pupils_primary": [540.0, 600.0], "classes_primary": [12.0, None]}, index=["s1", "s2"])
    >>> table = check(schools, demand, standard="cn-gb50099-2011", facts=facts.rename_axis("school_id"))
    >>> sizes = table[(table["rule"] == "cn-gb50099-2011/class_size/primary")].set_index("object_id")
    >>> sizes[["found", "margin", "verdict", "reason"]]
               found  margin      verdict                    reason
    object_id
    s2           NaN     NaN  cannot_tell  missing: classes_primary
    s1          45.0     0.0        meets
    """
    check_language(language)
    rules = standard if isinstance(standard, Standard) else layered(standard)
    chosen = _chosen(schools, layout)
    measured = _of_layout(coverage, layout or _only(schools))
    _check_tables(chosen, demand, costs, safe_costs or {})
    case = Case(
        schools=chosen,
        demand=demand,
        facts=_facts(facts, schools),
        standard=rules,
        language=language,
        coverage=measured,
        costs=costs,
        safe_costs=safe_costs or {},
        service_areas=service_areas,
        assigned=assigned,
    )
    outcomes = [outcome for family in families(rules.rules) for outcome in _outcomes(case, family)]
    return _table(case, outcomes, districts)


def _only(table: pd.DataFrame) -> str | None:
    """Return the layout of a table that holds one."""
    known = list(dict.fromkeys(map(str, table["layout"]))) if "layout" in table else []
    return known[0] if len(known) == 1 else None


def _of_layout(table: pd.DataFrame | None, layout: str | None) -> pd.DataFrame | None:
    if table is None or "layout" not in table:
        return table
    chosen = layout or _only(table)
    known = list(dict.fromkeys(map(str, table["layout"])))
    if chosen not in known:
        raise InputError(Fault("layout", repr(chosen), f"one of: {', '.join(known)}", "name the layout that is meant"))
    return table[table["layout"] == chosen]


def _chosen(schools: pd.DataFrame, layout: str | None) -> pd.DataFrame:
    rows = _of_layout(schools, layout)
    assert rows is not None, "a table in, a table out"
    if "school_id" in rows:
        rows = rows.set_index("school_id")
    return rows if "status" not in rows else rows[rows["status"] != "closed"]


def _facts(facts: pd.DataFrame | None, schools: pd.DataFrame) -> pd.DataFrame:
    if facts is None:
        return pd.DataFrame(index=pd.Index([], name="school_id", dtype=str))
    return check_facts(facts.rename_axis("school_id") if facts.index.name is None else facts, schools=schools)


def _check_tables(
    schools: pd.DataFrame, demand: pd.DataFrame, costs: TravelCosts | None, safe: Mapping[str, TravelCosts]
) -> None:
    faults = [
        Fault(source, f"no column {column!r}", what, "add it")
        for source, frame, column, what in (
            ("schools", schools, "kind", "the kind of every school"),
            ("demand", demand, "population", "the residents of every place"),
        )
        if column not in frame
    ]
    double = tuple(map(str, schools.index[schools.index.duplicated()]))
    if double:
        faults.append(Fault("schools", "ids that stand twice", "every school once", "choose one layout", double))
    named = {"costs": costs, **{f"safe_costs of {stage}": one for stage, one in safe.items()}}
    for name, one in named.items():
        faults += [] if one is None else _cost_faults(name, one, schools, demand)
    if faults:
        raise InputError(*faults)


def _cost_faults(name: str, costs: TravelCosts, schools: pd.DataFrame, demand: pd.DataFrame) -> list[Fault]:
    strange = demand.index.symmetric_difference(costs.demand_ids)
    absent = schools.index.difference(costs.school_ids)
    found = {"other places than the demand": strange, "schools without costs": absent}
    return [
        Fault(name, text, "the same ids in both", "measure the costs anew", tuple(map(str, ids)))
        for text, ids in found.items()
        if len(ids)
    ]


def _outcomes(case: Case, family: Family) -> Iterator[Outcome]:
    rule = family.head
    if rule.subject in _NO_DEMAND or (rule.subject not in CHECKS and rule.strength == "defines"):
        return
    reason, verdict = _unfit(case, rule)
    if reason:
        yield case.open(rule, CITY, reason, verdict="cannot_tell" if verdict else "not_applicable")
        return
    found = list(CHECKS[rule.subject](case, family))
    yield from found or [case.open(rule, CITY, case.say("no_school"), verdict="not_applicable")]


def _unfit(case: Case, rule: Rule) -> tuple[str, bool]:
    """Return why a rule is held against nothing, and whether that leaves it open."""
    if rule.subject not in CHECKS:
        return case.say("not_measured"), True
    if rule.level in _ELSEWHERE:
        return case.say("other_school", level=terms(case.language)["level"][rule.level]), False
    if rule.ages is not None and rule.subject == "class_size":
        return case.say("by_year"), bool(case.serving(rule.stage))
    return ("", False) if case.knows(rule.stage) else (case.say("no_stage"), False)


def _table(case: Case, outcomes: Sequence[Outcome], districts: pd.DataFrame | None) -> pd.DataFrame:
    names = _names(case, districts)
    rows = [_row(case, outcome, names) for outcome in sorted(outcomes, key=_order)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ["found", "required", "margin", "shortfall", "pupils"]
    return table.astype(dict.fromkeys(numbers, np.float64))


def _order(outcome: Outcome) -> tuple[Any, ...]:
    """Return the place in the table: verdict, what is missing times whom it touches, then what it is about."""
    pupils = 0.0 if np.isnan(outcome.pupils) else outcome.pupils
    burden = -outcome.shortfall * pupils if outcome.verdict == "fails" else 0.0
    rule = outcome.rule
    return (_VERDICTS.index(outcome.verdict), burden, -outcome.shortfall, -pupils, rule.document, rule.subject,
            outcome.stage, rule.level, outcome.object_type, outcome.object_id, outcome.reason)  # fmt: skip


def _names(case: Case, districts: pd.DataFrame | None) -> dict[tuple[str, str], str]:
    found = {("school", name): case.name(name) for name in case.schools.index}
    if districts is not None:
        columns = [one for one in (("name_en",) if case.language == "en" else ()) if one in districts] or ["name"]
        named = districts[columns[0]] if columns[0] in districts else pd.Series(dtype=str)
        found |= {("district", str(name)): str(text) for name, text in named.items() if not pd.isna(text)}
    found[("district", OUTSIDE)] = word("place", OUTSIDE, case.language)
    found[("city", ALL)] = word("place", ALL, case.language)
    return found


def _row(case: Case, outcome: Outcome, names: Mapping[tuple[str, str], str]) -> dict[str, object]:
    rule, zh, text = outcome.rule, case.language == "zh", terms(case.language)
    level = text["level"][rule.level] if rule.level else ""
    label = text["subject"][rule.subject]
    return {
        "rule": "/".join(filter(None, (rule.origin, rule.subject, outcome.stage, rule.level))),
        "subject": rule.subject,
        "label": (f"{label}（{level}）" if zh else f"{label} ({level})") if level else label,
        "stage": outcome.stage,
        "document": rule.document,
        "clause": rule.clause_zh if zh and rule.clause_zh else rule.clause,
        "strength": rule.strength,
        "status": rule.status,
        "object_type": outcome.object_type,
        "object_id": outcome.object_id,
        "name": names.get((outcome.object_type, outcome.object_id), outcome.object_id),
        "found": outcome.found,
        "required": _deciding(outcome),
        "limit": _limit(case, outcome),
        "unit": outcome.unit,
        "margin": outcome.margin,
        "shortfall": outcome.shortfall,
        "pupils": outcome.pupils,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "note": _note(rule, case.language),
    }


def _deciding(outcome: Outcome) -> float:
    """Return the one number that decided: of a range to stay in, the end nearer to what was found."""
    required = outcome.required
    if not isinstance(required, Range):
        return float(required)
    if outcome.bound == "within" and not np.isnan(outcome.found):
        ends = [end for end in (required.low, required.high) if end is not None]
        return min(ends, key=lambda end: abs(end - outcome.found))
    end = required.high if outcome.bound == "at_most" else required.low
    return float("nan") if end is None else end


def _limit(case: Case, outcome: Outcome) -> str:
    """Return what the rule asks for, in words; where it is judged in another unit, as the document has it."""
    value = outcome.required if outcome.unit == outcome.rule.unit else outcome.rule.value
    language: Language = "zh" if case.language == "zh" else "en"
    if not isinstance(value, Range) and np.isnan(value):
        return f"{outcome.rule.demand(language)} {case.say('by_classes')}"
    return f"{outcome.rule.demand(language)} {quantity(value, outcome.rule.unit, language)}"


def _note(rule: Rule, language: str) -> str:
    note = rule.note_zh if language == "zh" and rule.note_zh else rule.note
    if rule.replaced is None:
        return note
    words = {"en": ("set by the study{}: {}", " in place of {}"), "zh": ("本研究设定{}：{}", "，代替 {}")}[language]
    was = "" if rule.replaced.was is None else words[1].format(shown(rule.replaced.was))
    return " ".join(filter(None, (words[0].format(was, rule.replaced.reason), note)))
