"""Drawing attendance zones: from tables and costs to a plan with its certificate."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total
from edulayout.typing import quiet
from edulayout.zones import question as ask
from edulayout.zones.asking import Numbers, find_homes, pose
from edulayout.zones.question import Rules
from edulayout.zones.result import Zones
from edulayout.zones.run import OPTIMAL, Effort, relative_gap
from edulayout.zones.seating import require_seats
from edulayout.zones.solving import solve

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.typing import FloatArray, IntArray, Progress
    from edulayout.zones.neighbours import Adjacency
    from edulayout.zones.question import Question
    from edulayout.zones.run import Outcome


def draw(  # noqa: PLR0913 - a plan has many rules; all but three are named
    demand: gpd.GeoDataFrame,
    schools: gpd.GeoDataFrame,
    costs: TravelCosts,
    *,
    adjacency: Adjacency,
    stage: str | None = None,
    pupils: pd.Series[float] | None = None,
    seats: pd.Series[float] | None = None,
    tolerance: float = 0.05,
    max_walk: float | None = None,
    stay_in_district: bool = False,
    current: pd.Series[str] | None = None,
    moving_cost: float = 0.0,
    balance: pd.Series[float] | None = None,
    balance_cost: float = 0.0,
    homes: pd.Series[str] | None = None,
    gap: float = 0.0,
    effort: float = 1.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
) -> Zones:
    """Give every block one school, so that zones are contiguous, seats suffice, and the total walk is least.

    Parameters
    ----------
    demand, schools
        Blocks by `demand_id` and the schools of one stage by `school_id`; the geometry says in which block a school
        stands. Only `stage` and `stay_in_district` read columns.
    costs
        Costs from all these blocks to all these schools; a pair that is absent is not allowed.
    adjacency
        From `zones.adjacency`.
    stage
        Takes pupils and seats from `pupils_<stage>` and `seats_<stage>`, where they are not given.
    pupils, seats
        Pupils by `demand_id` and seats by `school_id`, finite and ≥ 0.
    tolerance
        A zone may hold `seats × (1 + tolerance)` pupils.
    max_walk
        Longest cost from a block to its school; a block at exactly it may go.
    stay_in_district
        Whether a block goes only to schools with its own `district_id` (a column of both tables).
    current, moving_cost
        Today's school by `demand_id` (missing: none), and what it costs to move one pupil to another, in the unit of
        the costs.
    balance, balance_cost
        Pupils of each block who have an attribute that should be spread evenly, and what each of them counts, in the
        unit of the costs, whom a zone has above or below the share of all.
    homes
        The block of each school by `school_id`, one for each; by default the block around it, or the nearest.
    gap
        Relative gap at which to stop; 0 asks for a proof.
    effort
        How much is tried, in multiples of the default; where that leaves the plan more than 1 % above its bound, up to
        eight times as much. It takes longer in proportion and, unlike a limit of time, gives the same bits every time.
    time_limit
        Seconds of wall time after which to stop with what there is; None for none. Only runs that it did not stop are
        the same bits every time.
    seed
        Start of the random part of the search.
    progress
        Called with what is done.

    Returns
    -------
    Zones
        Contiguity means: neighbours with the same school connect every block of a zone with the block its school
        stands in, which is always in the zone. Blocks without travel costs, and blocks that no chain of neighbours
        connects with a school, are in `set_aside`.

    Raises
    ------
    InputError
        Where ids, numbers or columns do not fit.
    InfeasibleError
        Where no plan can keep the rules: which blocks, which schools, and what would have to give.

    Notes
    -----
    The zones are found by heuristics: they grow from prices of seats, and annealed moves across their boundaries make
    them better. What is exact is the bound. The prices of the transport of pupils to seats (Fisher 1981,
    doi:10.1287/mnsc.27.1.1) prove the first part of it; cuts, which say that a zone holds a block only together with a
    way to it, raise it by dual ascent (Wong 1984, doi:10.1007/BF02612335); since a bridge serves one zone, a search
    decides whose it is (pairs in `adjacency.linked` that connect parts of the town). Where few pairs are left that a
    better plan could use, as a rule below a thousand blocks, a 0-1 programme (HiGHS) with contiguity cuts (Carvajal et
    al. 2013, doi:10.1287/opre.2013.1183) closes the gap; `status` is `optimal` only then. O(blocks × schools) memory.

    Examples
    --------
    Four blocks in a row of 100 m, ten pupils each, schools in the first and the last, 20 seats each:

    >>> import geopandas as gpd, pandas as pd, shapely, edulayout as el
    >>> squares = [shapely.box(100 * k, 0, 100 * k + 100, 100) for k in range(4)]
    >>> blocks = gpd.GeoDataFrame({"pupils_primary": 10.0}, geometry=squares, index=list("abcd"), crs="EPSG:4544")
    >>> sites = gpd.GeoDataFrame({"seats_primary": 20.0}, geometry=gpd.points_from_xy([50, 350], [50, 50]),
    ...                          index=["s", "t"], crs="EPSG:4544")
    >>> costs = el.travel_costs(blocks, sites, engine=el.Straight())
    >>> plan = el.zones.draw(blocks, sites, costs, adjacency=el.zones.adjacency(blocks, gap_metres=0), stage="primary")
    >>> plan.assignment.tolist(), plan.walk, plan.status
    (['s', 's', 't', 't'], 2000.0, 'optimal')
    """
    ask.check_rules(
        tolerance=tolerance, max_walk=max_walk, moving_cost=moving_cost, balance_cost=balance_cost, gap=gap,
        effort=effort, time_limit=time_limit, seed=seed,
    )  # fmt: skip
    blocks, sites = ask.check_ids(demand, schools, costs, adjacency)
    numbers = Numbers(
        ask.numbers(_column(demand, pupils, stage, "pupils"), blocks, "pupils"),
        ask.numbers(_column(schools, seats, stage, "seats"), sites, "seats"),
    )
    districts = _districts(demand, schools, wanted=stay_in_district)
    none: pd.Series[str] = pd.Series(dtype=str)
    rules = Rules(none, tolerance, max_walk, *districts, current, moving_cost, balance, balance_cost)
    found = find_homes(demand, schools, costs, rules=rules) if homes is None else homes
    rules = Rules(found, *(getattr(rules, name) for name in list(Rules.__dataclass_fields__)[1:]))
    question = pose(costs, adjacency, numbers, rules=rules)
    require_seats(question)
    until = math.inf if time_limit is None else time.perf_counter() + time_limit
    much = Effort(gap, effort, until)
    links, today = _links(question, adjacency), _today(question, current)
    outcome = solve(question, linked=links, today=today, effort=much, seed=seed, progress=progress)
    return _decode(question, outcome, costs, rules=rules, asked=(gap, effort, seed))


def _links(question: Question, adjacency: Adjacency) -> IntArray:
    """Return the rows of the pairs of blocks that only a bridge or a link joins, shape (links, 2)."""
    names = np.asarray(adjacency.linked, dtype=object).reshape(-1, 2)
    rows = np.stack([question.demand_ids.get_indexer(pd.Index(names[:, end], dtype=str)) for end in (0, 1)], axis=1)
    kept: IntArray = np.unique(np.sort(rows[(rows >= 0).all(axis=1)], axis=1), axis=0).astype(np.int64)
    return kept


def _today(question: Question, current: pd.Series[str] | None) -> IntArray:
    """Return the school of every block now, -1 for none."""
    if current is None:
        return np.full(len(question.demand_ids), -1, dtype=np.int64)
    names = pd.Index(ask.texts(current, question.demand_ids), dtype=str)
    return question.school_ids.get_indexer(names).astype(np.int64)


def _column(table: gpd.GeoDataFrame, given: pd.Series[float] | None, stage: str | None, what: str) -> pd.Series[float]:
    if given is not None:
        return given
    if stage is None:
        raise InputError(
            Fault("zones question", f"neither {what} nor a stage", "one of them", f"give {what}= or stage=")
        )
    name = f"{what}_{stage}"
    if name not in table:
        raise InputError(Fault("zones question", f"no column {name}", "it", f"add it to the table, or give {what}="))
    column: pd.Series[float] = table[name]
    return column


def _districts(
    demand: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, *, wanted: bool
) -> tuple[pd.Series[str] | None, pd.Series[str] | None]:
    if not wanted:
        return None, None
    faults = [
        Fault(name, "no column district_id", "it, because zones stay in their district", "add it: tables.locate")
        for name, table in {"demand": demand, "schools": schools}.items()
        if "district_id" not in table
    ]
    if faults:
        raise InputError(*faults)
    return demand["district_id"], schools["district_id"]


def _decode(
    question: Question, outcome: Outcome, costs: TravelCosts, *, rules: Rules, asked: tuple[float, float, int]
) -> Zones:
    """Say in ids what the solver found; all sums are made anew, independent of the order of rows."""
    q, rows, m = question, np.arange(len(outcome.zone)), len(question.limit)
    walk = total(q.pupils * q.walk[rows, outcome.zone])
    moved, lean = _moved(q, outcome, rules), total(np.abs(group_totals(q.deviation, outcome.zone, m)))
    objective = walk + rules.moving_cost * moved + rules.balance_cost * lean
    load = group_totals(q.pupils, outcome.zone, m)
    over = float(np.where(load > q.limit + ask.SPARE, load - q.limit, 0.0).sum())
    bound = outcome.bound if over > 0 else min(outcome.bound, objective)
    gap = relative_gap(objective, bound) if over == 0 else math.inf
    assignment = pd.Series(q.school_ids[outcome.zone], index=q.demand_ids, dtype="str").reindex(costs.demand_ids)

    def by_school(values: FloatArray, name: str) -> pd.Series[float]:
        return pd.Series(values, index=q.school_ids, name=name)

    return Zones(
        assignment=assignment.rename("school_id"),
        set_aside=q.set_aside,
        load=by_school(load, "pupils"),
        seats=by_school(q.seats, "seats"),
        limit=by_school(q.limit, "limit"),
        objective=objective,
        walk=walk,
        moved=moved,
        imbalance=lean,
        bound=bound,
        gap=gap,
        status="overloaded" if over > 0 else "optimal" if gap <= OPTIMAL else "feasible",
        over=over,
        least_over=outcome.least_over if over > 0 else None,
        least_tolerance=outcome.least_tolerance if over > 0 else None,
        stop_reason=outcome.stop_reason,
        seat_price=by_school(outcome.price, "seat_price"),
        tilt=by_school(outcome.tilt, "tilt"),
        root_bound=min(outcome.root, bound),
        cut_bound=min(outcome.cut, bound),
        choices=outcome.choices,
        programme=outcome.programme,
        nodes=outcome.nodes,
        cuts=outcome.cuts,
        method=_method(outcome),
        seconds=outcome.seconds,
        asked_gap=asked[0],
        effort=asked[1],
        seed=asked[2],
        rules=rules,
    )


def _moved(question: Question, outcome: Outcome, rules: Rules) -> float:
    if rules.current is None:
        return 0.0
    today = np.asarray(ask.texts(rules.current, question.demand_ids), dtype=object)
    now = question.school_ids.to_numpy(dtype=object)[outcome.zone]
    return total(question.pupils[(today != "") & (today != now)])


def _method(outcome: Outcome) -> str:
    programme = f", 0-1 programme ({outcome.nodes} nodes, {outcome.cuts} cuts)" if outcome.programme else ""
    bridges = f", {outcome.choices} decisions on {outcome.bridges} bridges" if outcome.choices else ""
    return f"prices of seats, contiguity cuts{bridges}, boundary moves{programme}"
