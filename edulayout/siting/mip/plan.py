"""What a rich question is answered with: the plan, its certificate, and the check that asks no solver."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting.certificate import Certificate
from edulayout.siting.mip.build import build, rounded
from edulayout.siting.mip.checking import question_of
from edulayout.siting.mip.measure import Choice, broken, spent, value_of
from edulayout.siting.mip.question import CLOSABLE

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.build import Program
    from edulayout.siting.mip.question import Options, Question, Terms

OPTIMAL = 1e-9


@dataclass(frozen=True, eq=False)
class Plan:
    """Which options to open, who goes where, and the proof of how good that is.

    Parameters
    ----------
    opened
        Ids of the new options, sorted.
    existing
        Ids of the schools that stand and stay, sorted; closable ones that stay are among them.
    closed
        Ids of the closable schools that close, sorted.
    flows
        Who goes where: `demand_id`, `stage`, `school_id` (the site), `way`, `share` (of the row), `pupils`, `seats`
        (that they take).
    assignment
        The school of every demand row with pupils; where a row is divided, the one that takes the largest part, ties to
        the lower id (`flows` holds the parts); missing where nobody is seated. Indexed by `demand_id`, and by `stage`
        too where the pupils have several.
    objective, bound, gap, status, stop_reason, seconds, seed
        As in `edulayout.siting.Siting`.
    values
        Value of the objective and of every second goal, in their order.
    cost
        What opening and closing cost together.
    multipliers
        A price for every row of the program, indexed by its name: the dual values of the linear relaxation. They alone
        prove `root_bound`.
    root_bound
        What the multipliers prove; where it is weaker than `bound`, branch and bound proved the rest.
    nodes
        Smaller problems that branch and bound looked at, 0 where the multipliers were enough.
    unreachable_weight, unserved_weight
        Pupils whom no option reaches (left out of the objective); pupils whom some option reaches but who have no seat.
    sense, method
        `minimise` or `maximise`; what ran.
    terms, options, stages
        The question.
    """

    opened: tuple[str, ...]
    existing: tuple[str, ...]
    closed: tuple[str, ...]
    flows: pd.DataFrame
    assignment: pd.Series[str]
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    stop_reason: Literal["proved", "gap", "time", "interrupt"]
    seconds: float
    seed: int
    values: tuple[float, ...]
    cost: float
    multipliers: pd.Series[float]
    root_bound: float
    nodes: int
    unreachable_weight: float
    unserved_weight: float
    sense: Literal["minimise", "maximise"]
    method: str
    terms: Terms
    options: Options
    stages: tuple[str, ...]

    def __repr__(self) -> str:
        found = f"objective {self.objective:.10g}, bound {self.bound:.10g}, gap {self.gap:.2%}"
        name = type(self.terms.goal).__name__
        return f"Plan({name}: {len(self.opened)} new, {found}, {self.status}, {self.stop_reason})"

    @property
    def enrolment(self) -> pd.DataFrame:
        """Seats and pupils of every open option and stage: `option_id`, `stage`, `seats`, `taken`, `free`."""
        taken = self.flows.groupby(["school_id", "stage"])["seats"].sum()
        own, rows = self.options, []
        for name in sorted((*self.opened, *self.existing)):
            k = own.ids.index(name)
            for s in np.flatnonzero(own.serves[k]):
                number = float(taken.get((own.sites[own.site[k]], self.stages[s]), 0.0))
                rows.append((name, self.stages[s], own.seats[k, s], number, own.seats[k, s] - number))
        return pd.DataFrame(rows, columns=["option_id", "stage", "seats", "taken", "free"])

    def verify(
        self,
        costs: TravelCosts,
        pupils: pd.Series[float] | pd.DataFrame,
        *,
        load: pd.Series[float] | pd.DataFrame | None = None,
    ) -> Certificate:
        """Check everything again from costs and pupils, without the solver.

        Every limit is kept, every pupil is somewhere, the objective is right, and the multipliers prove `root_bound`.
        What only branch and bound proved is named in the certificate, not checked.

        Raises
        ------
        InputError
            Where something does not hold; one fault for each claim.
        """
        question = question_of(costs, pupils, self.options, terms=self.terms, load=load)
        choice = _choice(self, question)
        objective = value_of(self.terms.goal, question, choice)
        proven = proven_bound(question, build(question), self.multipliers)
        faults = [
            *(_claim(what, found, expected) for what, found, expected in broken(question, choice)),
            *_number_faults(self, question, choice, objective),
            *_bound_faults(self, objective, proven),
        ]
        if faults:
            raise InputError(*faults)
        gap = relative_gap(objective, proven)
        return Certificate(objective, proven, gap, self.bound, self.gap)


def relative_gap(objective: float, bound: float) -> float:
    """Return |objective - bound| / |objective|.

    Examples
    --------
    >>> relative_gap(200.0, 190.0), relative_gap(0.0, 0.0)
    (0.05, 0.0)
    """
    if objective == bound:
        return 0.0
    return abs(objective - bound) / abs(objective) if objective else math.inf


def proven_bound(question: Question, program: Program, multipliers: pd.Series[float]) -> float:
    """Return what multipliers prove of a question; complexity O(non-zeros of the program).

    Raises
    ------
    InputError
        Where they are not those of this program.
    """
    if list(multipliers.index) != list(program.names) or not np.isfinite(multipliers.to_numpy()).all():
        raise InputError(_claim("multipliers", "other rows than those of the question", "a finite price for each"))
    bound = rounded(program, program.bound(np.asarray(multipliers, dtype=np.float64)))
    return bound if question.terms.goal.sense == "minimise" else -bound


def _choice(plan: Plan, question: Question) -> Choice:
    """Return the solution that a plan states.

    Raises
    ------
    InputError
        Where the plan names options, rows or ways that the question does not hold.
    """
    own, flows = question.options, plan.flows
    named = [*plan.opened, *plan.existing]
    strange = sorted(set(named) - set(own.ids))
    status = dict(zip(own.ids, own.status, strict=True))
    wrong = [name for name in plan.opened if status.get(name, 0) != 0] + [
        name for name in plan.existing if status.get(name, 1) == 0
    ]
    if strange or wrong or len(set(named)) != len(named):
        raise InputError(_claim("opened", "options that are unknown, of another status, or stand twice", "options once",
                                [*strange, *wrong]))  # fmt: skip
    row_of = {name: r for r, name in enumerate(zip(question.demand_ids, question.stage, strict=True))}
    stage_of = {name: s for s, name in enumerate(question.stages)}
    site_of = {name: k for k, name in enumerate(own.sites)}
    row = [
        row_of.get((name, stage_of.get(s, -1)), -1) for name, s in zip(flows["demand_id"], flows["stage"], strict=True)
    ]
    key = np.array(row, dtype=np.int64) * len(own.sites) + np.array(
        [site_of.get(name, -1) for name in flows["school_id"]], dtype=np.int64
    )
    keys = question.row * len(own.sites) + question.site
    arc = np.minimum(np.searchsorted(keys, key), max(len(keys) - 1, 0))
    if len(key) and (not len(keys) or (keys[arc] != key).any() or len(set(key.tolist())) != len(key)):
        raise InputError(_claim("flows", "ways that the costs do not hold, or that stand twice", "ways of the costs"))
    share = np.zeros(len(keys))
    share[arc] = flows["share"].to_numpy(dtype=np.float64)
    left = 1.0 - np.bincount(question.row, weights=share, minlength=question.rows)
    return Choice(np.isin(own.ids, named), share, np.where(np.abs(left) < 1e-9, 0.0, left))  # noqa: PLR2004


def _number_faults(plan: Plan, question: Question, choice: Choice, objective: float) -> list[Fault]:
    left = question.weight * choice.unserved
    arc = np.flatnonzero(choice.share)
    pupils = math.fsum(question.weight[question.row[arc]] * choice.share[arc])
    seats = math.fsum(question.load[question.row[arc]] * choice.share[arc])
    claims = {
        "objective": (plan.objective, objective),
        "cost": (plan.cost, spent(question, choice)),
        "unreachable_weight": (plan.unreachable_weight, math.fsum(question.weight[question.unreachable])),
        "unserved_weight": (plan.unserved_weight, math.fsum(left[~question.unreachable])),
        "flows: pupils": (math.fsum(plan.flows["pupils"]), pupils),
        "flows: seats": (math.fsum(plan.flows["seats"]), seats),
    }
    claims |= {
        f"values {k}": (plan.values[k], value_of(goal, question, choice)) for k, goal in enumerate(plan.terms.goals)
    }
    faults = [
        _claim(name, f"{claimed!r}", f"{found!r}, summed again")
        for name, (claimed, found) in claims.items()
        if not math.isclose(claimed, found, rel_tol=OPTIMAL, abs_tol=1e-9)
    ]
    if not plan.assignment.equals(assignment_of(plan.flows, question)):
        faults.append(_claim("assignment", "not what the flows say", "the school that takes the largest part"))
    closable = {name for name, status in zip(plan.options.ids, plan.options.status, strict=True) if status == CLOSABLE}
    if plan.closed != tuple(sorted(closable - set(plan.existing))):
        faults.append(_claim("closed", ", ".join(plan.closed), "the closable schools that do not stay"))
    return faults


def assignment_of(flows: pd.DataFrame, question: Question) -> pd.Series[str]:
    """Return the school of every row: the one that takes the largest part, ties to the lower id."""
    names = ["demand_id", "stage"]
    ranked = flows.sort_values([*names, "share", "school_id"], ascending=[True, True, False, True])
    first = ranked.drop_duplicates(names).set_index(names)["school_id"]
    stage = [question.stages[s] for s in question.stage]
    rows = pd.MultiIndex.from_arrays([list(question.demand_ids), stage], names=names)
    found = first.reindex(rows).astype("str").rename("school_id")
    if len(question.stages) == 1:
        found.index = pd.Index(question.demand_ids, name="demand_id", dtype="str")
    return found


def _bound_faults(plan: Plan, objective: float, proven: float) -> list[Fault]:
    """Check what the plan says of its bound against what the multipliers prove."""
    sign = 1.0 if plan.sense == "minimise" else -1.0
    faults = []
    if plan.sense != plan.terms.goal.sense:
        faults.append(_claim("sense", plan.sense, plan.terms.goal.sense))
    if not _at_most(sign * plan.root_bound, sign * proven):
        faults.append(_claim("root_bound", f"{plan.root_bound!r}", f"{proven!r}, which the multipliers prove"))
    if not (_at_most(sign * plan.bound, sign * objective) and _at_most(sign * plan.root_bound, sign * plan.bound)):
        faults.append(_claim("bound", f"{plan.bound!r}", f"between {plan.root_bound!r} and {objective!r}"))
    if plan.nodes == 0 and not math.isclose(plan.bound, plan.root_bound, rel_tol=OPTIMAL, abs_tol=1e-9):
        faults.append(_claim("bound", f"{plan.bound!r} without a tree", f"{plan.root_bound!r}, the root bound"))
    gap = relative_gap(plan.objective, plan.bound)
    if not (plan.gap == gap or abs(plan.gap - gap) <= OPTIMAL):
        faults.append(_claim("gap", f"{plan.gap!r}", f"{gap!r}"))
    if plan.status != ("optimal" if gap <= OPTIMAL else "feasible"):
        faults.append(_claim("status", plan.status, f"what a gap of {gap:.3g} allows"))
    if (plan.stop_reason == "proved") != (plan.status == "optimal"):
        faults.append(_claim("stop_reason", plan.stop_reason, f"one that fits the status {plan.status}"))
    return faults


def _claim(name: str, found: str, expected: str, rows: list[str] | None = None) -> Fault:
    remedy = "the plan was changed, or belongs to other costs or pupils: solve again"
    return Fault(f"siting plan: {name}", found, expected, remedy, tuple(rows or ()))


def _at_most(low: float, high: float) -> bool:
    return low <= high or math.isclose(low, high, rel_tol=OPTIMAL, abs_tol=1e-9)
