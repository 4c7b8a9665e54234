"""Two plans side by side: who moves, who walks farther or less, which zones fall apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total
from edulayout.zones import question as ask
from edulayout.zones.outlines import assigned

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.typing import FloatArray, IntArray
    from edulayout.zones.neighbours import Adjacency
    from edulayout.zones.result import Zones

NO_SCHOOL = "(none)"
"""What stands in a table for blocks without a school."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What changes from one plan to another.

    Parameters
    ----------
    pupils, moved
        All pupils; those whose school changes, among them those who had or get none.
    walk_before, walk_after
        Pupils × way, over the blocks whose way is known in both plans.
    walk_gained, walk_lost
        Pupils × way that is saved, and that is added; `walk_after = walk_before - walk_gained + walk_lost`.
    pupils_nearer, pupils_farther
        Pupils whose way becomes shorter, and longer.
    pupils_unknown
        Pupils of blocks without a school, or without a cost to it, in one of the plans.
    flows
        One row for each pair of schools between which blocks move: `from_school`, `to_school`, `blocks`, `pupils`,
        `walk_change`.
    parts
        By `school_id`: in how many parts the zone is, `before` and `after`; empty without an adjacency.
    broken
        Schools whose zone is in more parts than before, sorted.
    """

    pupils: float
    moved: float
    walk_before: float
    walk_after: float
    walk_gained: float
    walk_lost: float
    pupils_nearer: float
    pupils_farther: float
    pupils_unknown: float
    flows: pd.DataFrame
    parts: pd.DataFrame
    broken: tuple[str, ...]

    def __repr__(self) -> str:
        share = self.moved / self.pupils if self.pupils else 0.0
        walk = f"walk -{self.walk_gained:.10g} +{self.walk_lost:.10g}"
        return f"Comparison({self.moved:.10g} pupils move ({share:.1%}), {walk}, {len(self.broken)} zones broken)"


def compare(
    before: Zones | pd.Series[str],
    after: Zones | pd.Series[str],
    costs: TravelCosts,
    *,
    pupils: pd.Series[float],
    adjacency: Adjacency | None = None,
) -> Comparison:
    """Tell what changes from one plan to another.

    Parameters
    ----------
    before, after
        Plans, or the school of every block by `demand_id`; a missing school is none.
    costs
        Costs from all blocks to the schools of both.
    pupils
        Pupils by `demand_id`.
    adjacency
        Needed to tell which zones are in parts.

    Raises
    ------
    InputError
        Where a plan names a block or a school that the costs do not hold.

    Examples
    --------
    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[100, 300], [300, 100]], demand_ids=["a", "b"], school_ids=["s", "t"],
    ...                                   unit="metres")
    >>> pupils = pd.Series([10.0, 20.0], index=["a", "b"])
    >>> compare(pd.Series({"a": "s", "b": "s"}), pd.Series({"a": "s", "b": "t"}), costs, pupils=pupils)
    Comparison(20 pupils move (66.7%), walk -4000 +0, 0 zones broken)
    """
    blocks, sites = costs.demand_ids.sort_values(), costs.school_ids.sort_values()
    head = ask.numbers(pupils, blocks, "pupils")
    old, new = (_columns(plan, blocks, sites, name) for plan, name in ((before, "before"), (after, "after")))
    walk = np.c_[ask.dense(costs, blocks, sites), np.full(len(blocks), np.inf)]  # -1, the last, is no school
    rows = np.arange(len(blocks))
    was, will = walk[rows, old], walk[rows, new]
    known = np.isfinite(was) & np.isfinite(will)
    change = np.where(known, head * (np.where(known, will, 0.0) - np.where(known, was, 0.0)), 0.0)
    parts = _parts(old, new, sites, adjacency, blocks)
    return Comparison(
        pupils=total(head),
        moved=total(head[old != new]),
        walk_before=total(head[known] * was[known]),
        walk_after=total(head[known] * will[known]),
        walk_gained=total(np.maximum(-change, 0.0)),
        walk_lost=total(np.maximum(change, 0.0)),
        pupils_nearer=total(head[known & (will < was)]),
        pupils_farther=total(head[known & (will > was)]),
        pupils_unknown=total(head[~known]),
        flows=_flows(old, new, sites, head, change),
        parts=parts,
        broken=tuple(parts.index[parts["after"] > parts["before"].clip(lower=1)]),
    )


def _columns(plan: Zones | pd.Series[str], blocks: pd.Index[str], sites: pd.Index[str], name: str) -> IntArray:
    given = assigned(plan)
    known = given.index.astype(str)
    names = np.asarray(ask.texts(given, blocks), dtype=object)
    columns = sites.get_indexer(pd.Index(names)).astype(np.int64)
    strange = tuple(known[~known.isin(blocks)])
    lost = tuple(blocks[(columns < 0) & (names != "")])
    faults = []
    if strange:
        faults.append(Fault(name, "blocks that the costs do not hold", "the blocks of the costs", "drop them", strange))
    if lost:
        faults.append(Fault(name, "blocks of schools that the costs do not hold", "known schools", "add them", lost))
    if faults:
        raise InputError(*faults)
    return columns


def _flows(old: IntArray, new: IntArray, sites: pd.Index[str], pupils: FloatArray, change: FloatArray) -> pd.DataFrame:
    moved = np.flatnonzero(old != new)
    names = np.append(sites.to_numpy(dtype=object), NO_SCHOOL)
    pairs, code = np.unique(np.c_[old[moved], new[moved]], axis=0, return_inverse=True)
    code = code.ravel()
    return pd.DataFrame(
        {
            "from_school": names[pairs[:, 0]].astype(str),
            "to_school": names[pairs[:, 1]].astype(str),
            "blocks": np.bincount(code, minlength=len(pairs)),
            "pupils": group_totals(pupils[moved], code, len(pairs)),
            "walk_change": group_totals(change[moved], code, len(pairs)),
        }
    )


def _parts(
    old: IntArray, new: IntArray, sites: pd.Index[str], adjacency: Adjacency | None, blocks: pd.Index[str]
) -> pd.DataFrame:
    if adjacency is None:
        return pd.DataFrame({"before": [], "after": []}, index=pd.Index([], name="school_id", dtype=str), dtype=int)
    if not adjacency.demand_ids.equals(blocks):
        raise InputError(Fault("adjacency", "other blocks than the costs", "the same", "make it from this demand"))
    counts = {name: parts_of(zone, len(sites), adjacency) for name, zone in (("before", old), ("after", new))}
    return pd.DataFrame(counts, index=sites.rename("school_id"))


def parts_of(zone: IntArray, schools: int, adjacency: Adjacency) -> IntArray:
    """Return in how many connected parts each zone is; rows of `zone` as in the adjacency, -1 for no zone."""
    matrix = adjacency.matrix.tocoo()
    same = (zone[matrix.row] == zone[matrix.col]) & (zone[matrix.row] >= 0)
    matrix.data = same.astype(np.int8)
    within = matrix.tocsr()
    within.eliminate_zeros()
    label = connected_components(within, directed=False)[1]
    pairs = np.unique(np.c_[zone, label][zone >= 0], axis=0)
    count: IntArray = np.bincount(pairs[:, 0], minlength=schools).astype(np.int64)
    return count
