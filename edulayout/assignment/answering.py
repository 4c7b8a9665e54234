"""From flows in whole numbers back to tables in ids, pupils and metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.assignment.question import todays_columns
from edulayout.assignment.result import Assignment
from edulayout.assignment.solving import two_parts, value
from edulayout.assignment.verifying import gap_of
from edulayout.fixedpoint import total

if TYPE_CHECKING:
    from edulayout.assignment.question import Question
    from edulayout.assignment.solving import Optimum, Plan
    from edulayout.costs import TravelCosts
    from edulayout.typing import IntArray

UNREACHED = "no school within reach"
NO_SEAT = "no seat left"


def answer(
    question: Question,
    best: Optimum,
    plan: Plan,
    *,
    costs: TravelCosts,
    pupils: pd.Series[float],
    seats: pd.Series[float],
) -> Assignment:
    """Say in ids what was found; complexity O(arcs)."""
    unit, scale = question.terms.unit, question.grain * question.terms.unit
    found, table = value(question, plan.flow), _plan_table(question, plan.flow, costs.unit)
    left = _left_over(question, plan.flow, costs.unit)
    assert _counted(table, left, unit) == question.supply.sum() + question.reserved.units.sum(), "pupils are conserved"
    objective, bound = found.charge * scale, plan.bound.charge * scale
    return Assignment(
        plan=table,
        schools=_schools(question, best.price, table, seats),
        left_over=left,
        objective=objective,
        bound=bound,
        unassigned=found.unseated * unit,
        unassigned_bound=plan.bound.unseated * unit,
        gap=gap_of(objective, bound, found.unseated - plan.bound.unseated),
        status="optimal" if found == plan.bound else "feasible",
        method=plan.method,
        total_cost=total(np.asarray(table["pupils"] * table[costs.unit], dtype=np.float64)),
        moved=_moved(question, table),
        rounding=total(np.asarray(pupils, dtype=np.float64)) - _counted(table, left, unit) * unit,
        grain=question.grain,
        cost_unit=costs.unit,
        terms=question.terms,
    )


def _counted(table: pd.DataFrame, left: pd.DataFrame, unit: float) -> int:
    """Return the units of pupils in the plan and left over."""
    both = np.concatenate([table["pupils"].to_numpy(np.float64), left["pupils"].to_numpy(np.float64)])
    return int(np.rint(both / unit).astype(np.int64).sum())


def _plan_table(question: Question, flow: IntArray, unit: str) -> pd.DataFrame:
    """Return units and cost of every pair that is used, fixed pairs included, in the order of ids."""
    reserved, schools = question.reserved, len(question.school_ids)
    used = np.flatnonzero((flow > 0) & (question.arcs.column < schools))
    kept = reserved.units > 0
    row = np.concatenate([question.rows[used], reserved.row[kept]])
    column = np.concatenate([question.arcs.column[used].astype(np.int64), reserved.column[kept]])
    units, way = (
        np.concatenate(parts)
        for parts in ((flow[used], reserved.units[kept]), (question.walk[used], reserved.walk[kept]))
    )
    codes, first, place = np.unique(row * schools + column, return_index=True, return_inverse=True)
    sums = np.zeros(len(codes), dtype=np.int64)
    np.add.at(sums, place, units)
    index = pd.MultiIndex.from_arrays(
        [question.demand_ids[codes // schools], question.school_ids[codes % schools]], names=["demand_id", "school_id"]
    )
    return pd.DataFrame({"pupils": sums * question.terms.unit, unit: way[first]}, index=index)


def _left_over(question: Question, flow: IntArray, unit: str) -> pd.DataFrame:
    """Return who has no seat, why, and which school is nearest to them."""
    ptr, column, _ = question.arcs
    units = flow[ptr[1:] - 1]
    rows = np.flatnonzero(units > 0)
    way = np.where(column < len(question.school_ids), question.walk, np.inf)
    least = np.minimum.reduceat(way, ptr[:-1])
    hits = np.flatnonzero(way == least[question.rows])[::-1]
    nearest = np.full(len(units), -1, dtype=np.int64)
    nearest[question.rows[hits]] = column[hits]
    reached = np.isfinite(least[rows])
    names = np.array([*question.school_ids, None], dtype=object)[np.where(reached, nearest[rows], -1)]
    return pd.DataFrame(
        {
            "pupils": units[rows] * question.terms.unit,
            "reason": np.where(reached, NO_SEAT, UNREACHED),
            "nearest_school": names,
            f"nearest_{unit}": np.where(reached, least[rows], np.nan),
        },
        index=question.demand_ids[rows],
    )


def _schools(question: Question, price: IntArray, table: pd.DataFrame, seats: pd.Series[float]) -> pd.DataFrame:
    """Return seats, pupils, free seats and what one more seat is worth, by school."""
    extra, grains = two_parts(price[:-1], question.outside)
    load = table["pupils"].groupby(level="school_id").sum().reindex(question.school_ids, fill_value=0.0)
    given = seats.loc[question.school_ids].astype(np.float64)
    return pd.DataFrame(
        {
            "seats": given,
            "pupils": load,
            "free": given - load,
            "seat_price": grains * question.grain,
            "seats_one_more": extra > 0,
        },
        index=question.school_ids,
    )


def _moved(question: Question, table: pd.DataFrame) -> float:
    """Return how many pupils with a school today are seated elsewhere."""
    today = todays_columns(question.terms, question.demand_ids, question.school_ids)
    row = question.demand_ids.get_indexer(table.index.get_level_values(0))
    column = question.school_ids.get_indexer(table.index.get_level_values(1))
    moves = (today[row] != column) & (today[row] != -1)
    return total(table["pupils"].to_numpy(np.float64)[moves])
