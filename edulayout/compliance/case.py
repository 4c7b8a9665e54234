"""What is held against the rules: one layout of schools, the demand, facts, costs, with the answers all rules need."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from edulayout.compliance.judging import NAN, Outcome, margin_of, shortfall_of
from edulayout.compliance.wording import says, word
from edulayout.stages import KINDS, STAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import geopandas as gpd

    from edulayout.compliance.judging import ObjectType, Verdict
    from edulayout.compliance.sizes import Family
    from edulayout.costs import TravelCosts
    from edulayout.standards import Rule, Standard
    from edulayout.standards.rules import Bound, Value
    from edulayout.typing import FloatArray, IntArray

    Check: TypeAlias = Callable[["Case", Family], Iterator[Outcome]]

ALL = "all"
OUTSIDE = "outside"
CITY: tuple[ObjectType, str] = ("city", ALL)
_ROUNDING = 1e-9


class School(NamedTuple):
    """One school."""

    school_id: str
    kind: str
    status: str
    stages: tuple[str, ...]

    @property
    def place(self) -> tuple[ObjectType, str]:
        """The school as the object of a rule."""
        return "school", self.school_id


class Known(NamedTuple):
    """A number of a school, what is missing where it is NaN, and a remark."""

    value: float
    missing: str = ""
    remark: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Everything that a check may look at, indexed by id; see `edulayout.compliance.check`."""

    schools: pd.DataFrame
    demand: pd.DataFrame
    facts: pd.DataFrame
    standard: Standard
    language: str
    coverage: pd.DataFrame | None = None
    costs: TravelCosts | None = None
    safe_costs: Mapping[str, TravelCosts] = field(default_factory=dict)
    service_areas: gpd.GeoDataFrame | None = None
    assigned: bool = False
    _least: dict[tuple[str, bool], FloatArray] = field(default_factory=dict)

    # Schools.

    def serving(self, stage: str) -> list[School]:
        """Return the schools that serve a stage (every one for an empty stage), by id."""
        return [school for school in self._schools if (stage in school.stages if stage else school.stages)]

    @cached_property
    def _schools(self) -> list[School]:
        return [self._school(name) for name in sorted(self.school_rows)]

    @cached_property
    def school_rows(self) -> dict[str, dict[str, Any]]:
        """The schools as plain values by id."""
        return _plain(self.schools)

    @cached_property
    def fact_rows(self) -> dict[str, dict[str, Any]]:
        """The facts as plain values by id."""
        return _plain(self.facts)

    def _school(self, name: str) -> School:
        row = self.school_rows[name]
        kind = str(row["kind"])
        stages = KINDS[kind].stages if kind in KINDS else self._seated(name)
        return School(name, kind, str(row.get("status", "existing")), stages)

    def _seated(self, name: str) -> tuple[str, ...]:
        """Return the stages in which a school of unknown kind states seats."""
        return tuple(stage for stage in STAGES if self.seats(name, stage) > 0)

    def bound_by(self, rule: Rule) -> list[School]:
        """Return the schools that a rule is about: its stage, its kind, no rule nearer to them, existing or not."""
        return [school for school in self.serving(rule.stage) if self._is_bound(rule, school)]

    def _is_bound(self, rule: Rule, school: School) -> bool:
        stage = rule.stage or school.stages[0]
        if rule not in self.standard.find_all(rule.subject, stage, kind=school.kind):
            return False
        if rule.level == "existing":
            return school.status == "existing"
        return school.status != "existing" or not self._has_existing_level(rule)

    def _has_existing_level(self, rule: Rule) -> bool:
        here = self.standard.find_all(rule.subject, rule.stage)
        return not rule.level and any(other.level == "existing" and other.origin == rule.origin for other in here)

    # What is known of a school.

    def seats(self, name: str, stage: str) -> float:
        """Return the seats of a school in a stage, NaN where it did not state them."""
        return _number(self.school_rows[name].get(f"seats_{stage}"))

    def _told(self, name: str, column: str) -> float:
        return _number(self.fact_rows.get(name, {}).get(column))

    def name(self, school_id: str) -> str:
        """Return what a school is called in the language of the case."""
        columns = ("name_en", "name") if self.language == "en" else ("name",)
        row = self.school_rows[school_id]
        return next((text for column in columns if (text := _text(row.get(column)))), school_id)

    def district(self, school_id: str, names: Sequence[str]) -> int:
        """Return the number of a school's district among the names, -1 where it lies in none of them."""
        row = self.school_rows[school_id]
        place = _text(row["district_id"]) or OUTSIDE if "district_id" in row else ""
        return list(names).index(place) if place in names else -1

    def fact(self, school: School, column: str, stage: str) -> Known:
        """Return a measured fact for a stage; of a school of several stages, only what is told of that stage."""
        own = f"{column}_{stage}" if stage else column
        if stage and not np.isnan(value := self._told(school.school_id, own)):
            return Known(value)
        if not stage or len(school.stages) == 1:
            value = self._told(school.school_id, column)
            return Known(value, "" if not np.isnan(value) else column)
        return Known(NAN, own)

    def said(self, name: str, column: str) -> str:
        """Return a word of the facts, `unknown` where there is none."""
        return _text(self.fact_rows.get(name, {}).get(column)) or "unknown"

    def enrolled(self, school: School, stage: str = "") -> Known:
        """Return the enrolled pupils of a school, in a stage or in all."""
        told = self._summed(school, stage, "pupils")
        return told._replace(remark=self.say("assigned")) if self.assigned and not np.isnan(told.value) else told

    def pupils(self, school: School, stage: str = "") -> Known:
        """Return the enrolled pupils, or the seats with a remark where those are not known."""
        enrolled = self.enrolled(school, stage)
        if not np.isnan(enrolled.value):
            return enrolled
        seats = [self.seats(school.school_id, one) for one in _of(school, stage)]
        value = float(sum(seats))
        return Known(value, enrolled.missing, "" if np.isnan(value) else self.say("by_seats"))

    def classes(self, school: School, stage: str = "", *, reckon: bool = True) -> Known:
        """Return the classes of a school, in a stage or in all; reckoned from seats where they are not known."""
        told = self._summed(school, stage, "classes")
        if not np.isnan(told.value) or not reckon:
            return told
        value = float(sum(self._seated_classes(school, one) for one in _of(school, stage)))
        return Known(value, told.missing, "" if np.isnan(value) else self.say("classes_by_seats"))

    def _seated_classes(self, school: School, stage: str) -> float:
        seats = self.seats(school.school_id, stage)
        word_ = KINDS.get(school.kind, KINDS[stage])
        size = word_.class_size[word_.stages.index(stage)]
        return float(np.ceil(seats / size - _ROUNDING))

    def _summed(self, school: School, stage: str, what: str) -> Known:
        names = [f"{what}_{one}" for one in _of(school, stage)]
        values = [self._told(school.school_id, name) for name in names]
        missing = [name for name, value in zip(names, values, strict=True) if np.isnan(value)]
        return Known(float(sum(values)), ", ".join(missing))

    # Where pupils live.

    def knows(self, stage: str) -> bool:
        """Tell whether anybody attends a stage, or any school serves it."""
        return not stage or self.living(stage) is not None or bool(self.serving(stage))

    def groups(self) -> tuple[IntArray, list[str]]:
        """Return the number of each place's district, and their names, outside last; -1 and none where nobody tells."""
        if "district_id" not in self.demand:
            return np.full(len(self.demand), -1, dtype=np.int64), []
        text = self.demand["district_id"].astype(object).where(self.demand["district_id"].notna(), OUTSIDE).astype(str)
        places = text.where(text != "", OUTSIDE)
        names = sorted(pd.unique(places), key=lambda name: (name == OUTSIDE, name))
        return pd.Index(names).get_indexer(pd.Index(places)).astype(np.int64), names

    def living(self, stage: str) -> FloatArray | None:
        """Return the pupils of each place, None where the demand does not tell."""
        column = f"pupils_{stage}"
        return self.demand[column].to_numpy(np.float64) if column in self.demand else None

    def least(self, stage: str, *, safe: bool = False) -> FloatArray | None:
        """Return the least cost of every place to a school of the stage (inf: to none); None without costs."""
        costs = self.safe_costs.get(stage) if safe else self.costs
        if costs is None:
            return None
        if (stage, safe) not in self._least:
            ids = [school.school_id for school in self.serving(stage)]
            order = costs.demand_ids.get_indexer(self.demand.index)
            none = np.full(len(self.demand), np.inf)
            self._least[stage, safe] = costs.select_schools(ids).nearest()[0][order] if ids else none
        return self._least[stage, safe]

    # Outcomes.

    def say(self, code: str, **parts: object) -> str:
        """Return a reason in the language of the case."""
        return says(code, self.language, **parts)

    def remarks(self, *texts: str) -> str:
        """Return several remarks as one, each once."""
        return word("reason", "several", self.language).join(dict.fromkeys(filter(None, texts)))

    def held(  # noqa: PLR0913 - the parts of an outcome
        self,
        rule: Rule,
        place: tuple[ObjectType, str],
        found: float,
        *,
        stage: str = "",
        pupils: float = NAN,
        required: Value | None = None,
        bound: Bound | None = None,
        unit: str = "",
        reason: str = "",
    ) -> Outcome:
        """Return the outcome of a number held against a rule."""
        asked, side = rule.value if required is None else required, bound or rule.bound
        margin = margin_of(found, asked, side)
        return Outcome(
            rule, stage or rule.stage, *place, found, asked, side, unit or rule.unit, pupils, reason,
            "meets" if margin >= 0 else "fails", margin, shortfall_of(margin, found, asked),
        )  # fmt: skip

    def open(  # noqa: PLR0913 - the parts of an outcome
        self,
        rule: Rule,
        place: tuple[ObjectType, str],
        reason: str,
        *,
        verdict: Verdict = "cannot_tell",
        stage: str = "",
        pupils: float = NAN,
        found: float = NAN,
        required: Value | None = None,
        bound: Bound | None = None,
        unit: str = "",
    ) -> Outcome:
        """Return the outcome where nothing can be held against a rule."""
        asked = rule.value if required is None else required
        return Outcome(rule, stage or rule.stage, *place, found, asked, bound or rule.bound, unit or rule.unit, pupils,
                       reason, verdict)  # fmt: skip

    def missing(self, rule: Rule, school: School, *known: Known, required: Value | None = None) -> Outcome:
        """Return the outcome where facts of a school are missing."""
        columns = [name for one in known if np.isnan(one.value) for name in one.missing.split(", ")]
        what = ", ".join(dict.fromkeys(columns))
        pupils = self.pupils(school, rule.stage).value
        return self.open(rule, school.place, self.say("missing", what=what), pupils=pupils, required=required)


def _of(school: School, stage: str) -> Sequence[str]:
    return (stage,) if stage else school.stages


def _plain(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return a table as plain values: looking into one cell by cell is a hundred times slower."""
    columns = {str(name): frame[name].tolist() for name in frame.columns if name != "geometry"}
    rows = zip(*columns.values(), strict=True) if columns else [()] * len(frame)
    return {str(name): dict(zip(columns, row, strict=True)) for name, row in zip(frame.index, rows, strict=True)}


def _number(value: Any) -> float:  # noqa: ANN401 - a cell
    return NAN if value is None or pd.isna(value) else float(value)


def _text(value: Any) -> str:  # noqa: ANN401 - a cell
    return "" if value is None or pd.isna(value) else str(value)
