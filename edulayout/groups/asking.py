"""The question of groups as arrays, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edulayout.costs import TravelCosts
    from edulayout.typing import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Question:
    """Branches, leads and the ways between them.

    Parameters
    ----------
    branches, leads
        Ids, in the order of the numbers below.
    need, pupils, township
        Of each branch; the township as a number into `townships`.
    limit
        Of each lead, in the unit of `need`.
    arc_branch, arc_lead, way
        Every pair within reach, and its cost.
    change
        Extra cost of each pair because it is not today's.
    """

    branches: pd.Index[str]
    leads: pd.Index[str]
    need: FloatArray
    pupils: FloatArray
    township: IntArray
    townships: pd.Index[str]
    limit: FloatArray
    arc_branch: IntArray
    arc_lead: IntArray
    way: FloatArray
    change: FloatArray


def question_of(
    branches: pd.DataFrame, leads: pd.DataFrame, costs: TravelCosts, *, within: float, today: pd.Series | None,
    change_cost: float,
) -> Question:  # fmt: skip
    """Return the question as arrays.

    Raises
    ------
    InputError
        With every fault of the tables.
    """
    faults = [*_faults(branches, leads, costs, today)]
    if not within > 0 or not change_cost >= 0:
        faults.append(
            Fault("pair", f"within = {within}, change_cost = {change_cost}", "within > 0, change_cost ≥ 0", "correct")
        )
    if faults:
        raise InputError(*faults)
    own = costs.select_schools(sorted(leads.index))
    rows, columns, way = own.row_numbers(), own.indices, own.values.astype(np.float64)
    keep = (way <= within) & own.demand_ids[rows].isin(branches.index)
    ids = pd.Index(sorted(branches.index), dtype=str)
    table, strong = branches.loc[ids], leads.loc[own.school_ids]
    names = table["township"].fillna("").astype(str) if "township" in table else pd.Series("", index=ids)
    townships = pd.Index(sorted(name for name in names.unique() if name))
    branch = ids.get_indexer(own.demand_ids[rows[keep]]).astype(np.int64)
    lead = columns[keep].astype(np.int64)
    order = np.lexsort((lead, branch))
    branch, lead = branch[order], lead[order]
    kept = _is_today(today, ids[branch], own.school_ids[lead]) if today is not None else np.ones(len(lead), dtype=bool)
    had = ids[branch].isin(today.dropna().index) if today is not None else np.zeros(len(lead), dtype=bool)
    return Question(
        branches=ids,
        leads=own.school_ids,
        need=table["need"].to_numpy(dtype=np.float64) if "need" in table else np.ones(len(ids)),
        pupils=table["pupils"].to_numpy(dtype=np.float64),
        township=townships.get_indexer(pd.Index(names)).astype(np.int64),
        townships=townships,
        limit=strong["limit"].to_numpy(dtype=np.float64),
        arc_branch=branch,
        arc_lead=lead,
        way=way[keep][order],
        change=np.where(had & ~kept, change_cost, 0.0),
    )


def _is_today(today: pd.Series, branch: pd.Index[str], lead: pd.Index[str]) -> BoolArray:
    own = today.reindex(branch).fillna("").to_numpy(dtype=object)
    same: BoolArray = own == lead.to_numpy(dtype=object)
    return same


def _faults(
    branches: pd.DataFrame, leads: pd.DataFrame, costs: TravelCosts, today: pd.Series | None
) -> Iterable[Fault]:
    yield from _table_faults("branches", branches, "pupils", costs.demand_ids)
    yield from _table_faults("leads", leads, "limit", costs.school_ids)
    both = branches.index.intersection(leads.index)
    if len(both):
        yield _fault("branches", "schools that lead too", "a lead or a branch, not both", both)
    if today is not None:
        strange = today.index[today.notna() & ~today.isin(leads.index)]
        if len(strange):
            yield _fault("today", "leads that are not among the leads", "a lead's id, or nothing", strange)


def _table_faults(name: str, table: pd.DataFrame, column: str, known: pd.Index[str]) -> Iterable[Fault]:
    if column not in table:
        yield Fault(name, f"no column {column!r}", f"{column} of each", "add it")
    twice = table.index[table.index.duplicated()]
    if len(twice):
        yield _fault(name, "ids that stand twice", "each id once", twice)
    numbers = table[[one for one in ("pupils", "limit", "need") if one in table]].astype(float)
    wrong = table.index[~((numbers >= 0) & np.isfinite(numbers)).all(axis=1)]
    if len(wrong):
        yield _fault(name, "numbers that are missing, negative or infinite", "numbers ≥ 0", wrong)
    lost = table.index[~table.index.isin(known)]
    if len(lost):
        yield _fault(name, "ids that the costs do not know", "costs from the branches to the leads", lost)


def _fault(name: str, found: str, expected: str, rows: pd.Index) -> Fault:
    return Fault(name, found, expected, "correct or remove them", rows=tuple(map(str, rows)))
