"""From tables, costs and rules to the question in arrays; what geography makes impossible is set aside by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.optimize import linear_sum_assignment

from edulayout.costs import places
from edulayout.crs import require_same
from edulayout.errors import Fault, InfeasibleError, InputError
from edulayout.kernels.zones import reach
from edulayout.zones import question as ask
from edulayout.zones.question import Question, Rules

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray
    from edulayout.zones.neighbours import Adjacency

NO_COST = "no travel cost to any school"
ISLAND = "no chain of neighbours to the block of a school that it can travel to"
_FORBIDDEN = 1e12


class Numbers(NamedTuple):
    """Pupils of every block and seats of every school, in the order of the sorted ids."""

    pupils: FloatArray
    seats: FloatArray


class Reach(NamedTuple):
    """Which block can be in which zone: by travel and contiguity alone, and by all rules."""

    possible: BoolArray
    allowed: BoolArray


def find_homes(
    demand: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, costs: TravelCosts, *, rules: Rules
) -> pd.Series[str]:
    """Return the block that each school stands in, one for each, indexed by `school_id`.

    It is the block around the school, or the nearest that it may serve; where two schools stand in one block, the sum
    of the distances is the least, so that one of them gets the next block.

    Raises
    ------
    InputError
        Where a school can serve no block, or there are fewer blocks than schools.
    """
    require_same(demand, schools, source="demand and schools")
    blocks = demand.set_index(demand.index.astype(str)).sort_index()
    sites = schools.set_index(schools.index.astype(str)).sort_index()
    walk = ask.dense(costs, blocks.index, sites.index)
    usable = ask.obeying(walk, rules, blocks.index, sites.index)
    _check_usable(usable, walk, sites.index)
    shapes, spots = np.asarray(blocks.geometry), np.asarray(places(sites))
    far = np.stack([shapely.distance(shapes, spot) for spot in spots])
    far[~usable.T] += _FORBIDDEN
    _, chosen = linear_sum_assignment(far)
    lost = ~usable[chosen, np.arange(len(spots))]
    if lost.any():
        remedy = "give homes=, or split the blocks that hold several schools"
        rows = tuple(sites.index[lost])
        raise InputError(Fault("schools", "no block of its own is left", "a block for each school", remedy, rows))
    return pd.Series(blocks.index[chosen], index=sites.index.rename("school_id"), name="home")


def _check_usable(usable: BoolArray, walk: FloatArray, school_ids: pd.Index[str]) -> None:
    faults = []
    if usable.shape[0] < usable.shape[1]:
        found = f"{usable.shape[1]} schools in {usable.shape[0]} blocks"
        faults.append(Fault("schools", found, "at most one school a block", "use smaller blocks, or fewer schools"))
    cut_off: BoolArray = np.asarray(~np.isfinite(walk).any(axis=0))
    if cut_off.any():
        rows = tuple(school_ids[cut_off])
        faults.append(Fault("costs", "schools that no block reaches", "a way", "check how they snap", rows))
    idle: BoolArray = np.asarray(~usable.any(axis=0) & ~cut_off)
    if idle.any():
        rows, remedy = tuple(school_ids[idle]), "raise max_walk, correct the districts, or leave them out"
        faults.append(Fault("schools", "the rules let no block go there", "a block each", remedy, rows))
    if faults:
        raise InputError(*faults)


def pose(costs: TravelCosts, adjacency: Adjacency, numbers: Numbers, *, rules: Rules) -> Question:
    """Return the question in arrays.

    Raises
    ------
    InfeasibleError
        Where a block that some school could serve is served by none under the rules.
    InputError
        Where the homes do not fit.
    """
    blocks, sites = costs.demand_ids.sort_values(), costs.school_ids.sort_values()
    walk = ask.dense(costs, blocks, sites)
    home = _home_rows(rules, blocks, sites)
    can = _reach(walk, adjacency, home, obeying=ask.obeying(walk, rules, blocks, sites))
    kept: BoolArray = np.asarray(can.possible.any(axis=1))
    members = numbers.pupils if rules.members is None else ask.numbers(rules.members, blocks, "balance")
    _require_served(can, walk, blocks, numbers.pupils, kept=kept)
    charged = ask.charges(walk, numbers.pupils, rules, (blocks, sites))
    ptr, neighbour = _within(adjacency, kept)
    renumbered = np.cumsum(kept) - 1
    root = np.full(int(kept.sum()), -1, dtype=np.int64)
    root[renumbered[home]] = np.arange(len(home))
    return Question(
        blocks[kept],
        sites,
        numbers.pupils[kept],
        numbers.seats,
        numbers.seats * (1.0 + rules.tolerance),
        walk[kept],
        np.where(can.allowed, charged, np.inf)[kept],
        ask.deviations(members[kept], numbers.pupils[kept]),
        rules.balance_cost,
        ptr,
        neighbour,
        renumbered[home],
        root,
        _set_aside(walk, blocks, kept=kept),
    )


def _home_rows(rules: Rules, blocks: pd.Index[str], sites: pd.Index[str]) -> IntArray:
    names = ask.texts(rules.homes, sites)
    rows = blocks.get_indexer(pd.Index(names, dtype=str)).astype(np.int64)
    shared = pd.Index(names).duplicated(keep=False) & (rows >= 0)
    faults = []
    if (rows < 0).any():
        lost = tuple(sites[rows < 0])
        faults.append(Fault("homes", "schools without a block", "a block of the demand table", "give it", lost))
    if shared.any():
        both = tuple(sites[shared])
        faults.append(Fault("homes", "schools that share a block", "a block for each school", "give another", both))
    if faults:
        raise InputError(*faults)
    return rows


def _reach(walk: FloatArray, adjacency: Adjacency, home: IntArray, *, obeying: BoolArray) -> Reach:
    others = np.zeros(walk.shape, dtype=np.bool_)
    others[home] = True  # a block that holds a school belongs to that school
    others[home, np.arange(len(home))] = False
    ptr, neighbour = adjacency.indptr, adjacency.indices
    possible = np.isfinite(walk) & ~others
    return Reach(reach(ptr, neighbour, possible, home), reach(ptr, neighbour, obeying & possible, home))


def _within(adjacency: Adjacency, kept: BoolArray) -> tuple[IntArray, IntArray]:
    part = adjacency.matrix[kept][:, kept].tocsr()
    part.sort_indices()
    return part.indptr.astype(np.int64), part.indices.astype(np.int64)


def _set_aside(walk: FloatArray, blocks: pd.Index[str], *, kept: BoolArray) -> pd.Series[str]:
    silent = ~np.isfinite(walk).any(axis=1)
    reason: AnyArray = np.where(silent, NO_COST, ISLAND)[~kept]
    return pd.Series(reason, index=blocks[~kept], name="reason", dtype=str)


def _require_served(
    can: Reach, walk: FloatArray, blocks: pd.Index[str], pupils: FloatArray, *, kept: BoolArray
) -> None:
    """Refuse rules that leave a block without any school; say how far the walk would have to be."""
    lost: BoolArray = np.asarray(kept & ~can.allowed.any(axis=1))
    if not lost.any():
        return
    needed = np.where(can.possible[lost], walk[lost], np.inf).min(axis=1).max()
    raise InfeasibleError(
        Fault(
            "zones: max_walk and districts",
            f"{int(lost.sum())} blocks with {pupils[lost].sum():,.10g} pupils that no contiguous zone can hold",
            "a school within the rules, over neighbours within the rules, for every block",
            f"a max_walk of at least {np.ceil(needed):.0f} is needed without the rule of districts; or link the "
            "blocks to their neighbours, or leave them out of the table",
            tuple(blocks[lost]),
        )
    )
