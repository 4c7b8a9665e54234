"""The question in arrays: who may go where at what cost, checked once, every fault at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.typing import BoolArray, FloatArray, IntArray
    from edulayout.zones.neighbours import Adjacency

SOURCE = "zones question"
SPARE = 1e-6
"""Pupils by which a load may pass its limit: the rounding of sums."""


@dataclass(frozen=True, eq=False)
class Rules:
    """What a plan has to keep, and what it is charged for.

    Parameters
    ----------
    homes
        The block that each school stands in, by `school_id`; every zone holds the home of its school.
    tolerance
        A zone may hold `seats × (1 + tolerance)` pupils.
    max_walk
        Longest walk from a block to its school, in the unit of the costs; None for any.
    demand_district, school_district
        Where given, a block goes to a school of its own district only.
    current, moving_cost
        Today's school of each block, and what it costs to move a pupil, in the unit of the costs.
    members, balance_cost
        Pupils of each block who have the attribute to balance; what a member too many or too few in a zone costs.
    """

    homes: pd.Series[str]
    tolerance: float = 0.0
    max_walk: float | None = None
    demand_district: pd.Series[str] | None = None
    school_district: pd.Series[str] | None = None
    current: pd.Series[str] | None = None
    moving_cost: float = 0.0
    members: pd.Series[float] | None = None
    balance_cost: float = 0.0


@dataclass(frozen=True, eq=False)
class Question:
    """Rows are the blocks that can have a zone, columns the schools, both sorted by id.

    `cost` is what a block costs with a school (walk and moving, for all its pupils), infinity where that is not
    allowed; `walk` is the cost of the way alone, for one pupil; `set_aside` says of each other block why it can
    have no zone.
    """

    demand_ids: pd.Index[str]
    school_ids: pd.Index[str]
    pupils: FloatArray
    seats: FloatArray
    limit: FloatArray
    walk: FloatArray
    cost: FloatArray
    deviation: FloatArray
    balance_cost: float
    ptr: IntArray
    neighbour: IntArray
    home: IntArray
    root: IntArray
    set_aside: pd.Series[str]

    @property
    def allowed(self) -> BoolArray:
        """Which block may go to which school."""
        return np.isfinite(self.cost)


def numbers(values: pd.Series[float], index: pd.Index[str], name: str) -> FloatArray:
    """Return finite values ≥ 0 of every id, in the order of the index.

    Raises
    ------
    InputError
        Where an id has none, or a value is negative, missing or infinite.
    """
    known = values.copy()
    known.index = known.index.astype(str)
    if known.index.has_duplicates:
        rows = tuple(known.index[known.index.duplicated()])
        raise InputError(Fault(name, "ids that stand twice", "every id once", f"correct {name}", rows))
    found: FloatArray = np.asarray(known.reindex(index), dtype=np.float64)
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        rows = tuple(index[wrong])
        raise InputError(
            Fault(name, "missing, negative or infinite values", "a finite number ≥ 0 for every id", "give it", rows)
        )
    return found


def texts(values: pd.Series[str], index: pd.Index[str]) -> list[str]:
    """Return the text of every id, empty where there is none."""
    known = values.copy()
    known.index = known.index.astype(str)
    return [text if isinstance(text, str) else "" for text in known.reindex(index).astype(object)]


def check_rules(**values: float | None) -> None:
    """Check that numbers of the question are finite and not negative.

    Raises
    ------
    InputError
        With every one that is not.
    """
    faults = [
        Fault(SOURCE, f"{name} = {value!r}", "a finite number ≥ 0", f"correct {name}")
        for name, value in values.items()
        if value is not None and not (math.isfinite(value) and value >= 0)
    ]
    if faults:
        raise InputError(*faults)


def dense(costs: TravelCosts, demand_ids: pd.Index[str], school_ids: pd.Index[str]) -> FloatArray:
    """Return the costs as a demand × school array in the order of the ids, infinity where there is no pair."""
    array = np.full(costs.shape, np.inf)
    array[costs.row_numbers(), costs.indices] = costs.values
    rows, columns = costs.demand_ids.get_indexer(demand_ids), costs.school_ids.get_indexer(school_ids)
    ordered: FloatArray = array[np.ix_(rows, columns)]
    return ordered


def obeying(walk: FloatArray, rules: Rules, demand_ids: pd.Index[str], school_ids: pd.Index[str]) -> BoolArray:
    """Return which pairs keep the rules of distance and district; contiguity and seats apart."""
    kept: BoolArray = np.isfinite(walk)
    if rules.max_walk is not None:
        # Costs are stored as float32: the limit is rounded the same way, so that "exactly at it" stays inside.
        kept &= walk <= float(np.float32(rules.max_walk))
    if rules.demand_district is not None and rules.school_district is not None:
        own = np.asarray(texts(rules.demand_district, demand_ids), dtype=object)
        theirs = np.asarray(texts(rules.school_district, school_ids), dtype=object)
        kept &= own[:, None] == theirs[None, :]
    return kept


def charges(
    walk: FloatArray, pupils: FloatArray, rules: Rules, question_ids: tuple[pd.Index[str], pd.Index[str]]
) -> FloatArray:
    """Return what every block costs with every school: pupils × (walk + moving cost where it is not today's)."""
    each = walk
    if rules.current is not None and rules.moving_cost > 0:
        today = np.asarray(texts(rules.current, question_ids[0]), dtype=object)
        moves = (today[:, None] != question_ids[1].to_numpy(dtype=object)[None, :]) & (today != "")[:, None]
        each = walk + rules.moving_cost * moves
    with np.errstate(invalid="ignore"):
        charged: FloatArray = np.where(np.isfinite(walk), pupils[:, None] * each, np.inf)
    return charged


def deviations(members: FloatArray, pupils: FloatArray) -> FloatArray:
    """Return how many members a block has beyond the share of all; they sum to zero."""
    share = members.sum() / pupils.sum() if pupils.sum() > 0 else 0.0
    beyond: FloatArray = members - share * pupils
    return beyond


def tolerance_of(load: FloatArray, seats: FloatArray) -> float:
    """Return the least tolerance with which all zones keep their limits; infinite with pupils where no seats are.

    Examples
    --------
    >>> tolerance_of(np.array([30.0, 50.0]), np.array([40.0, 40.0]))
    0.25
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(load > 0, load / seats, 0.0)
    return max(float(ratio.max(initial=0.0)) - 1.0, 0.0)


def check_ids(
    demand: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, costs: TravelCosts, adjacency: Adjacency
) -> tuple[pd.Index[str], pd.Index[str]]:
    """Return the ids of blocks and schools, sorted.

    Raises
    ------
    InputError
        Where tables, costs and adjacency do not speak of the same blocks and schools.
    """
    blocks = demand.index.astype(str).sort_values().rename("demand_id")
    places = schools.index.astype(str).sort_values().rename("school_id")
    faults = [
        *_same("costs", costs.demand_ids, blocks, "compute the costs from this demand table"),
        *_same("adjacency", adjacency.demand_ids, blocks, "compute the adjacency from this demand table"),
        *_same("costs", costs.school_ids, places, "select the schools: costs.select_schools(schools.index)"),
    ]
    if not len(places):
        faults.append(Fault("schools", "no rows", "at least one school", "give the schools of the stage"))
    if faults:
        raise InputError(*faults)
    return blocks, places


def _same(source: str, found: pd.Index[str], wanted: pd.Index[str], remedy: str) -> list[Fault]:
    odd = found.symmetric_difference(wanted)
    if not len(odd) and len(found) == len(wanted):
        return []
    return [Fault(source, f"other ids than the {wanted.name} of the table", "the same ids", remedy, tuple(odd))]
