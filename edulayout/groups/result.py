"""Groups of schools, with the certificate of each goal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.errors import EdulayoutError
from edulayout.fixedpoint import group_totals, total

if TYPE_CHECKING:
    from edulayout.groups.asking import Question
    from edulayout.typing import FloatArray, IntArray

GOALS = ("townships", "pupils", "load", "travel")
"""In their order: townships without a led school, pupils without a lead, the highest load, the travel."""


class Goal(NamedTuple):
    """What was reached of a goal (all are made least), what no groups can pass, and whether that is proven."""

    name: str
    value: float
    bound: float
    status: str
    nodes: int


@dataclass(frozen=True, eq=False)
class Groups:
    """Who leads whom.

    Parameters
    ----------
    pairs
        By branch: `lead_id` (empty where it has none), `cost`, `pupils`, `township`, `kept` (as today), `why` (where it
        has none: `no lead within reach`, or `no room`).
    leads
        By lead: `branches`, `used`, `limit`, `load`, `pupils`, `cost`, and the columns that came in.
    goals
        By goal: `value`, `bound`, `gap`, `status`, `nodes`.
    unit
        Of all costs.
    """

    pairs: pd.DataFrame
    leads: pd.DataFrame
    goals: pd.DataFrame
    unit: str
    question: Question = field(repr=False)

    @classmethod
    def of(
        cls, question: Question, values: FloatArray, goals: tuple[Goal, ...], *, unit: str, leads: pd.DataFrame,
        branches: pd.DataFrame, today: pd.Series | None,
    ) -> Groups:  # fmt: skip
        """Decode a solution."""
        chosen = np.flatnonzero(values[: len(question.way)] > 0.5)  # noqa: PLR2004 - whole numbers, stored as floats
        lead = np.full(len(question.branches), -1)
        cost = np.full(len(question.branches), np.nan)
        lead[question.arc_branch[chosen]], cost[question.arc_branch[chosen]] = (
            question.arc_lead[chosen],
            question.way[chosen],
        )
        names = np.where(lead >= 0, question.leads.to_numpy(dtype=object)[np.maximum(lead, 0)], "")
        near = np.isin(np.arange(len(question.branches)), question.arc_branch)
        before = today.reindex(question.branches).fillna("").to_numpy(dtype=object) if today is not None else names
        pairs = pd.DataFrame(
            {
                "lead_id": names.astype(str), "cost": cost, "need": question.need, "pupils": question.pupils,
                "township": branches["township"].reindex(question.branches) if "township" in branches else "",
                "kept": (before == names) & (lead >= 0),
                "why": np.where(lead >= 0, "", np.where(near, "no room", "no lead within reach")),
            },
            index=question.branches.rename("branch_id"),
        )  # fmt: skip
        rows = [goal._asdict() | {"gap": _gap(goal)} for goal in goals]
        table = pd.DataFrame(rows).set_index("name").rename_axis("goal")[["value", "bound", "gap", "status", "nodes"]]
        return cls(pairs, _loads(question, lead, cost, leads), table, unit, question)

    def summary(self) -> pd.Series:
        """Return what a bureau reports: weak schools led, pupils reached, townships, travel per visit, loads."""
        led = self.pairs["lead_id"] != ""
        towns = self.pairs["township"].fillna("").astype(str)
        reached, all_towns = set(towns[led]) - {""}, set(towns) - {""}
        travel = total(self.pairs["cost"][led].to_numpy(dtype=np.float64))
        return pd.Series(
            {
                "branches": len(led), "branches_led": int(led.sum()), "pupils": total(self.question.pupils),
                "pupils_reached": total(self.question.pupils[led.to_numpy()]), "townships": len(all_towns),
                "townships_reached": len(reached),
                f"{self.unit}_per_visit": travel / led.sum() if led.any() else np.nan,
                "highest_load": float(self.leads["load"].max()), "pairs_kept": int(self.pairs["kept"].sum()),
            },
            dtype=object,
        )  # fmt: skip

    def verify(self) -> None:
        """Check the groups again, without the solver.

        Raises
        ------
        EdulayoutError
            Where a lead has more than its limit, a pair is out of reach, a goal's value is not that of the pairs, or a
            value is better than its bound.
        """
        ask = self.question
        lead = ask.leads.get_indexer(pd.Index(self.pairs["lead_id"])).astype(np.int64)
        arc = _arcs(ask, lead)
        used = group_totals(ask.need, lead, len(ask.leads))
        over = used > ask.limit * (1 + 1e-9)
        away = (lead >= 0) & (arc < 0)
        faults = [f"pairs out of reach: {', '.join(ask.branches[away])}"] if away.any() else []
        faults += [f"leads over their limit: {', '.join(ask.leads[over])}"] if over.any() else []
        told, bound = (self.goals[name].to_numpy(dtype=np.float64) for name in ("value", "bound"))
        values = np.array(_values(ask, lead, arc, used))
        faults += [
            f"goal {GOALS[at]}: not what the pairs say" for at in np.flatnonzero(~np.isclose(told, values, rtol=1e-6))
        ]
        faults += [f"goal {GOALS[at]}: a value below its bound" for at in np.flatnonzero(told < bound - 1e-9)]
        if faults:
            raise EdulayoutError("the groups do not hold: " + "; ".join(faults))


def _arcs(ask: Question, lead: IntArray) -> IntArray:
    """Return the arc that each branch uses, -1 where it has no lead or the lead is out of its reach."""
    used = lead[ask.arc_branch] == ask.arc_lead
    arc = np.full(len(ask.branches), -1, dtype=np.int64)
    arc[ask.arc_branch[used]] = np.flatnonzero(used)
    return arc


def _values(ask: Question, lead: IntArray, arc: IntArray, used: FloatArray) -> tuple[float, float, float, float]:
    missed = np.setdiff1d(np.arange(len(ask.townships)), ask.township[lead >= 0])
    load = np.divide(used, ask.limit, out=np.zeros(len(used)), where=ask.limit > 0)
    travel = total((ask.way + ask.change)[arc[arc >= 0]])
    return float(len(missed)), total(ask.pupils[lead < 0]), float(load.max(initial=0.0)), travel


def _gap(goal: Goal) -> float:
    return 0.0 if goal.status == "optimal" else (goal.value - goal.bound) / max(abs(goal.value), 1e-12)


def _loads(question: Question, lead: IntArray, cost: FloatArray, leads: pd.DataFrame) -> pd.DataFrame:
    codes, count = lead.astype(np.int64), len(question.leads)
    used = group_totals(question.need, codes, count)
    kept = [name for name in leads.columns if name != "limit"]
    return leads.loc[question.leads, kept].assign(
        branches=np.bincount(lead[lead >= 0], minlength=count),
        used=used,
        limit=question.limit,
        load=np.divide(used, question.limit, out=np.zeros(count), where=question.limit > 0),
        pupils=group_totals(question.pupils, codes, count),
        cost=group_totals(np.nan_to_num(cost), codes, count),
    )
