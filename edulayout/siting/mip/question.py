"""The question as arrays, in an order that input order cannot change; checked once, every fault at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.siting.mip.goals import Coverage, Distance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.goals import Count, Limit, Objective, Spend
    from edulayout.typing import BoolArray, FloatArray, IntArray

ONLY_STAGE = "pupils"
"""The stage of a question whose pupils are a plain series."""

STATUSES = ("candidate", "existing", "closable")
CANDIDATE, EXISTING, CLOSABLE = range(3)


@dataclass(frozen=True)
class Terms:
    """What may be chosen and within which limits, apart from options, costs and pupils.

    Parameters
    ----------
    goal
        The objective.
    counts
        How many new options of which group and kind.
    budget
        Most that new options may cost together, closing included; None for no limit.
    closures
        How many closable schools may close; None for all of them.
    apart
        Pairs of sites that may not both be open, unless neither is new.
    split
        Whether the pupils of a row may be divided among schools.
    limits
        Second goals, held to a value.
    spending
        Budgets of some options.
    """

    goal: Objective
    counts: tuple[Count, ...] = ()
    budget: float | None = None
    closures: int | None = None
    apart: tuple[tuple[str, str], ...] = ()
    split: bool = True
    limits: tuple[Limit, ...] = ()
    spending: tuple[Spend, ...] = ()

    @property
    def goals(self) -> tuple[Objective, ...]:
        """The objective and the second goals."""
        return (self.goal, *(limit.goal for limit in self.limits))

    @property
    def unserved_cost(self) -> float | None:
        """What a pupil without a seat is charged; None where everybody must have one."""
        for goal in self.goals:
            if isinstance(goal, Distance) and goal.unserved_cost is not None:
                return goal.unserved_cost
        return None

    @property
    def only_coverage(self) -> bool:
        """Whether nobody needs a seat: only pupils within the radius are seated."""
        return all(isinstance(goal, Coverage) for goal in self.goals)


@dataclass(frozen=True, eq=False)
class Options:
    """What can stand, sorted by id: one option is a kind in one size on one site.

    Parameters
    ----------
    ids, sites
        The ids of options; the ids of sites (columns of the costs), sorted.
    site, parcel
        Site and parcel of every option, by number; of one parcel at most one option is opened.
    kind, group
        Kind and group (district) of every option.
    serves, seats, least
        Options × stages: whether it serves, with how many seats, for how many pupils at least.
    cost
        What opening costs (closing, for a closable school).
    status
        Position in `STATUSES`.
    """

    ids: tuple[str, ...]
    sites: tuple[str, ...]
    site: IntArray
    parcel: IntArray
    kind: tuple[str, ...]
    group: tuple[str, ...]
    serves: BoolArray
    seats: FloatArray
    least: FloatArray
    cost: FloatArray
    status: IntArray

    def matching(self, count: Count) -> IntArray:
        """Return the candidates that a count counts."""
        wanted = None if count.options is None else set(count.options)
        return np.array(
            [
                k
                for k, name in enumerate(self.ids)
                if self.status[k] == CANDIDATE
                and (count.group is None or self.group[k] == count.group)
                and (count.kind is None or self.kind[k] == count.kind)
                and (wanted is None or name in wanted)
            ],
            dtype=np.int64,
        )


@dataclass(frozen=True, eq=False)
class Question:
    """Rows (demand of one stage), options, and the arcs between rows and sites.

    Parameters
    ----------
    terms, options, stages
        The limits; what can stand; the names of the stages.
    demand_ids
        Demand place of every row; rows without pupils are left out, rows are sorted by place and stage.
    stage
        Stage of every row, by number.
    weight, load
        Pupils of every row; how many seats they take.
    row, site, way
        The arcs, sorted by row and site: the cost of the way from the row to the site.
    unreachable
        Rows that no option reaches.
    """

    terms: Terms
    options: Options
    stages: tuple[str, ...]
    demand_ids: tuple[str, ...]
    stage: IntArray
    weight: FloatArray
    load: FloatArray
    row: IntArray
    site: IntArray
    way: FloatArray
    unreachable: BoolArray

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.weight)

    def row_name(self, row: int) -> str:
        """Return what a row is called: the place, and the stage where there are several."""
        name = self.demand_ids[row]
        return name if self.stages == (ONLY_STAGE,) else f"{name}|{self.stages[self.stage[row]]}"


def arrange(
    costs: TravelCosts, pupils: pd.DataFrame, load: pd.DataFrame, *, options: Options, terms: Terms
) -> Question:
    """Return the question as arrays, rows sorted by place and stage; what was given is taken as valid."""
    stages = tuple(pupils.columns)
    order = sorted(costs.demand_ids)
    weight = pupils.loc[order].to_numpy(dtype=np.float64).reshape(-1)
    taken = load.loc[order].to_numpy(dtype=np.float64).reshape(-1)
    kept = (weight > 0) | (taken > 0)
    number = np.full(len(weight), -1, dtype=np.int64)
    number[kept] = np.arange(int(kept.sum()))
    stage = np.tile(np.arange(len(stages)), len(order))[kept]
    row, site, way = _arcs(costs, order, number.reshape(len(order), -1), options)
    near = _useful(terms, stages, stage[row], way)
    row, site, way = row[near], site[near], way[near]
    reached = np.zeros(int(kept.sum()), dtype=np.bool_)
    reached[row] = True
    demand = np.repeat(np.array(order, dtype=object), len(stages))[kept]
    return Question(
        terms=terms,
        options=options,
        stages=stages,
        demand_ids=tuple(demand),
        stage=stage,
        weight=weight[kept],
        load=taken[kept],
        row=row,
        site=site,
        way=way,
        unreachable=~reached,
    )


def _arcs(
    costs: TravelCosts, order: Sequence[str], number: IntArray, options: Options
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return one arc for every pair and stage that some option on the site serves, sorted by row and site."""
    place_of = pd.Index(order).get_indexer(costs.demand_ids)[costs.row_numbers()]
    site_of = pd.Index(options.sites).get_indexer(costs.school_ids)[costs.indices]
    serves = np.zeros((len(options.sites), number.shape[1]), dtype=np.bool_)
    np.logical_or.at(serves, options.site, options.serves)
    rows, sites, ways = [], [], []
    for s in range(number.shape[1]):
        own = (site_of >= 0) & (number[place_of, s] >= 0)
        own[own] = serves[site_of[own], s]
        rows.append(number[place_of[own], s])
        sites.append(site_of[own])
        ways.append(costs.values[own].astype(np.float64))
    row, site, way = np.concatenate(rows), np.concatenate(sites), np.concatenate(ways)
    sorted_order = np.lexsort((site, row))
    return row[sorted_order], site[sorted_order].astype(np.int64), way[sorted_order]


def _useful(terms: Terms, stages: Sequence[str], stage: IntArray, way: FloatArray) -> BoolArray:
    """Return which arcs can matter: only those within a radius where nothing but coverage counts."""
    if not terms.only_coverage:
        return np.ones(len(way), dtype=np.bool_)
    near = np.zeros(len(way), dtype=np.bool_)
    for goal in terms.goals:
        assert isinstance(goal, Coverage)
        near |= within(goal, stages, stage, way)
    return near


def within(goal: Coverage, stages: Sequence[str], stage: IntArray, way: FloatArray) -> BoolArray:
    """Return which arcs lie within the radius of their stage; the radius itself does."""
    radius = np.array([np.float32(goal.at(name)) for name in stages], dtype=np.float64)
    return way <= radius[stage]


def gains(goal: Coverage, question: Question) -> FloatArray:
    """Return what one pupil on every arc counts for coverage."""
    near = within(goal, question.stages, question.stage[question.row], question.way)
    worth = np.ones(len(near)) if goal.decay is None else np.asarray(goal.decay(question.way), dtype=np.float64)
    return np.where(near, worth, 0.0)


def parcels_of(options: Options) -> Mapping[int, IntArray]:
    """Return the options of every parcel that has several."""
    order = np.argsort(options.parcel, kind="stable")
    starts = np.flatnonzero(np.diff(options.parcel[order], prepend=-1))
    parts = np.split(order, starts[1:])
    return {int(options.parcel[part[0]]): part for part in parts if len(part) > 1}
