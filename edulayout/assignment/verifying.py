"""The check of an assignment: every claim again, from the arguments, without the solver."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.assignment.claims import Certificate
from edulayout.assignment.question import ask, todays_columns
from edulayout.assignment.solving import bound, exact_dot
from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import total

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.assignment.claims import Claims
    from edulayout.assignment.question import Question
    from edulayout.costs import TravelCosts
    from edulayout.typing import BoolArray, FloatArray, IntArray

_TOLERANCE = 1e-9


def verify(found: Claims, costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float]) -> Certificate:
    """Check every claim of an assignment again; complexity O(pairs)."""
    question = ask(costs, pupils, seats, terms=found.terms)
    plan = _read(found, costs, question)
    missing = int(question.supply.sum() + question.reserved.units.sum() - plan.units.sum())
    proven = bound(question, _prices(found, question))
    unit = found.terms.unit
    proven_cost, proven_out = proven.charge * question.grain * unit, proven.unseated * unit
    way = np.where(np.isfinite(plan.way), plan.way, 0.0)
    faults = [
        *_plan_faults(found, question, plan),
        *_number("objective", found.objective, _objective(question, plan, way)),
        *_number("total_cost", found.total_cost, total((plan.units * way).astype(np.float64)) * unit),
        *_number("unassigned", found.unassigned, missing * unit),
        *_bound_faults(found, proven_cost, proven_out),
    ]
    if faults:
        raise InputError(*faults)
    return Certificate(found.objective, found.unassigned, proven_cost, proven_out, found.bound)


def _objective(question: Question, plan: _Plan, way: FloatArray) -> float:
    charged = way + np.where(_moves(question, plan.row, plan.column), question.terms.moving_cost, 0.0)
    grains = np.rint(charged / question.grain).astype(np.int64)
    return exact_dot(plan.units, grains) * question.grain * question.terms.unit


def _read(found: Claims, costs: TravelCosts, question: Question) -> _Plan:
    """Return the plan in positions and units."""
    row, column = _positions(found, question)
    left_row = question.demand_ids.get_indexer(found.left_over.index).astype(np.int64)
    if min(row.min(initial=0), column.min(initial=0), left_row.min(initial=0)) < 0 or not found.schools.index.equals(
        question.school_ids
    ):
        raise InputError(_claim("plan", "ids that the costs do not hold", "ids of the costs"))
    units, left = (
        np.rint(part["pupils"].to_numpy(np.float64) / found.terms.unit).astype(np.int64)
        for part in (found.plan, found.left_over)
    )
    return _Plan(row, column, units, _costs_of(costs, question, row, column), left_row, left)


def _positions(found: Claims, question: Question) -> tuple[IntArray, IntArray]:
    levels = found.plan.index
    return (
        question.demand_ids.get_indexer(levels.get_level_values(0)).astype(np.int64),
        question.school_ids.get_indexer(levels.get_level_values(1)).astype(np.int64),
    )


def _costs_of(costs: TravelCosts, question: Question, row: IntArray, column: IntArray) -> FloatArray:
    """Look the costs of pairs up in the table that the user gave; infinity where it has none."""
    own_row = costs.demand_ids.get_indexer(question.demand_ids[row]).astype(np.int64)
    own_column = costs.school_ids.get_indexer(question.school_ids[column]).astype(np.int64)
    codes = costs.row_numbers() * costs.shape[1] + costs.indices
    wanted = own_row * costs.shape[1] + own_column
    at = np.minimum(np.searchsorted(codes, wanted), max(len(codes) - 1, 0))
    if not len(codes):
        return np.full(len(wanted), np.inf)
    return np.where(codes[at] == wanted, costs.values[at].astype(np.float64), np.inf)


def _moves(question: Question, row: IntArray, column: IntArray) -> BoolArray:
    today = todays_columns(question.terms, question.demand_ids, question.school_ids)[row]
    moves: BoolArray = (today != column) & (today != -1)
    return moves


def _prices(found: Claims, question: Question) -> IntArray:
    """Return the seat prices in grains, `outside` added for those that seat a pupil more."""
    grains = np.rint(found.schools["seat_price"].to_numpy(np.float64) / question.grain).astype(np.int64)
    extra = found.schools["seats_one_more"].to_numpy(np.bool_).astype(np.int64)
    return np.append(np.maximum(grains + extra * question.outside, 0), 0)


class _Plan(NamedTuple):
    """The plan in positions and units: who goes where, at what cost, and who stays outside."""

    row: IntArray
    column: IntArray
    units: IntArray
    way: FloatArray
    left_row: IntArray
    left: IntArray


def _plan_faults(found: Claims, question: Question, plan: _Plan) -> list[Fault]:
    """Check pupils, seats, pairs, fixed pairs and whole rows."""
    demand, schools, reserved = question.demand_ids, question.school_ids, question.reserved
    supply = question.supply + _sums(reserved.row, reserved.units, len(demand))
    capacity = question.capacity[:-1] + _sums(reserved.column, reserved.units, len(schools))
    sent = _sums(plan.row, plan.units, len(demand))
    gone = sent + _sums(plan.left_row, plan.left, len(demand))
    halved = (np.bincount(plan.row, minlength=len(demand)) > 1) | ((sent > 0) & (sent < supply))
    load = _sums(plan.column, plan.units, len(schools))
    wrong, unkept = _wrong(found, question, plan), _unkept(question, plan)
    parts = (
        ("pupils lost or doubled", "each pupil once", demand[gone != supply]),
        ("more pupils than seats", "at most the seats", schools[load > capacity]),
        ("pairs without a cost, too far, or at another cost", "pairs of the costs", demand[wrong]),
        ("rows at several schools, or in part", "whole rows", demand[halved & (not found.terms.split)]),
        ("fixed pupils elsewhere", "fixed pairs kept", demand[unkept]),
    )
    return [_claim("plan", is_found, expected, rows) for is_found, expected, rows in parts if len(rows)]


def _sums(at: IntArray, units: IntArray, length: int) -> IntArray:
    sums = np.zeros(length, dtype=np.int64)
    np.add.at(sums, at, units)
    return sums


def _wrong(found: Claims, question: Question, plan: _Plan) -> IntArray:
    """Return the rows of pairs that may not be used or stand at another cost; fixed pairs are exempt from the limit."""
    limit = np.inf if found.terms.limit is None else float(np.float32(found.terms.limit))
    columns, reserved = len(question.school_ids), question.reserved
    fixed = np.isin(plan.row * columns + plan.column, reserved.row * columns + reserved.column)
    told = found.plan[found.cost_unit].to_numpy(np.float64)
    wrong = ~np.isfinite(plan.way) | ((plan.way > limit) & ~fixed) | (plan.way != told) | (plan.units <= 0)
    return np.unique(plan.row[wrong])


def _unkept(question: Question, plan: _Plan) -> IntArray:
    """Return the rows of fixed pairs that have fewer pupils in the plan."""
    columns, reserved = len(question.school_ids), question.reserved
    codes, wanted = plan.row * columns + plan.column, reserved.row * columns + reserved.column
    order = np.argsort(codes, kind="stable")
    at = np.searchsorted(codes[order], wanted)
    padded, units = np.append(codes[order], -1), np.append(plan.units[order], 0)
    kept = np.where(padded[at] == wanted, units[at], 0)
    return np.unique(reserved.row[kept < reserved.units])


def _bound_faults(found: Claims, proven_cost: float, proven_out: float) -> list[Fault]:
    """Check what the result says of its bounds against what the prices prove."""
    faults = []
    optimal = found.status == "optimal"
    if found.terms.split or not optimal:
        faults += [*_number("bound", found.bound, proven_cost), *_number("unassigned_bound", found.unassigned_bound,
                                                                         proven_out)]  # fmt: skip
    elif (found.unassigned_bound, found.bound) < (proven_out, proven_cost):
        faults.append(_claim("bound", f"{found.bound!r}", f"at least {proven_cost!r}"))
    reached = (found.unassigned, found.objective) == (found.unassigned_bound, found.bound)
    if optimal != reached:
        faults.append(_claim("status", found.status, "optimal where both bounds are reached, and only there"))
    gap = gap_of(found.objective, found.bound, found.unassigned - found.unassigned_bound)
    if found.gap != gap:
        faults.append(_claim("gap", f"{found.gap!r}", f"{gap!r}"))
    return faults


def gap_of(objective: float, bound: float, excess: float) -> float:
    """Return the relative gap; infinite where more pupils are left out than the bound says.

    Examples
    --------
    >>> gap_of(200.0, 190.0, 0.0), gap_of(0.0, 0.0, 0.0), gap_of(200.0, 190.0, 1.0)
    (0.05, 0.0, inf)
    """
    if excess > 0:
        return math.inf
    return (objective - bound) / objective if objective else 0.0


def _number(name: str, claimed: float, again: float) -> list[Fault]:
    if math.isclose(claimed, again, rel_tol=_TOLERANCE):
        return []
    return [_claim(name, f"{claimed!r}", f"{again!r}, summed again")]


def _claim(name: str, found: str, expected: str, rows: pd.Index[str] | None = None) -> Fault:
    remedy = "the result was changed, or belongs to other costs, pupils or seats: assign again"
    return Fault(f"assignment result: {name}", found, expected, remedy, () if rows is None else tuple(map(str, rows)))
