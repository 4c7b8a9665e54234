"""One question, one builder, one solve, one decode."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting.mip import solver
from edulayout.siting.mip.build import build, rounded
from edulayout.siting.mip.checking import read_question
from edulayout.siting.mip.explain import explain, require_counts
from edulayout.siting.mip.fitting import packing_of, solved_of
from edulayout.siting.mip.goals import Distance
from edulayout.siting.mip.measure import Choice, broken, spent, value_of
from edulayout.siting.mip.plan import OPTIMAL, Plan, assignment_of, proven_bound, relative_gap
from edulayout.siting.mip.question import CLOSABLE, Terms
from edulayout.siting.mip.single import pack
from edulayout.siting.rules import read_limits
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.build import Program
    from edulayout.siting.mip.goals import Count, Limit, Objective, Spend
    from edulayout.siting.mip.question import Question
    from edulayout.siting.mip.solver import Solved
    from edulayout.siting.rules import Limits
    from edulayout.typing import BoolArray, FloatArray, Progress

_DUST = 1e-9
_NEARLY = 1e-8
_ROUNDING = 1e-13
_STOPS: dict[str, Literal["gap", "time", "interrupt"]] = {"solved": "gap", "time": "time", "interrupt": "interrupt"}


def choose(  # noqa: PLR0913 - the question has so many parts; all but three are named
    costs: TravelCosts,
    pupils: pd.Series[float] | pd.DataFrame,
    options: pd.DataFrame,
    *,
    objective: Objective | None = None,
    counts: Sequence[Count] = (),
    budget: float | None = None,
    closures: int | None = None,
    apart: Sequence[tuple[str, str]] = (),
    split: bool = True,
    load: pd.Series[float] | pd.DataFrame | None = None,
    limits: Sequence[Limit] = (),
    spending: Sequence[Spend] = (),
    gap: float = 0.0,
    time_limit: float | None = None,
    progress: Progress = quiet,
) -> Plan:
    """Choose what to open, of which kind and size, and seat every pupil, as well as can be proven.

    Parameters
    ----------
    costs
        Demand × sites, one unit.
    pupils
        Pupils of every demand place, ≥ 0: a series, or a table with a column for every stage.
    options
        One row for each thing that can stand: a kind in a size on a site. Columns, all but the index optional: `site`
        (column of the costs; default: the id), `parcel` (of one parcel at most one option is opened; default: the
        site), `kind`, `group`, `stages` (joined by `;`; default all), `seats_<stage>` (default no limit),
        `least_<stage>` (least enrolment once open, default 0), `cost`, and `status`: `candidate` (default),
        `existing` (stands) or `closable` (stands, may be closed for its `cost`).
    objective
        `Distance()` (default), `Coverage(radius)` or `WorstDistrict(districts)`.
    counts
        How many candidates are opened, by group and kind: `Count(2, 3, group="west")`. None given: any number.
    budget
        Most that opening and closing may cost together.
    closures
        Most closable schools that may be closed; None: all of them.
    apart
        Pairs of sites that may not both be open, unless neither is new (`too_close` finds them by their distance).
    split
        Whether a row of demand may be divided among schools.
    load
        Seats that the pupils of a row take, by default one each.
    limits
        Second goals held to a value, for trade-offs.
    spending
        Budgets of some options, such as those of one year.
    gap
        Stop where the relative gap is at most this.
    time_limit
        Stop after so many seconds, with the best plan and its gap.
    progress
        Called with what is done.

    Returns
    -------
    Plan
        Options opened, who goes where, objective and bound, and the multipliers that prove the bound at the root.

    Raises
    ------
    InputError
        Where the input is wrong (every fault at once), or the time was too short for any plan.
    InfeasibleError
        Where no plan keeps all limits; the faults say which limits, relaxed by how much, would allow one.

    Notes
    -----
    The plan seats pupils for the good of all: with seats short, some do not go to the nearest school. A pupil whom no
    option reaches is counted and left out. Strong formulation (Balinski 1965, doi:10.1287/mnsc.12.3.253), solved by
    HiGHS (Huangfu and Hall 2018, doi:10.1007/s12532-017-0130-5) on one thread; the linear relaxation has
    demand × sites rows, so questions beyond some 50,000 pairs take long.

    Examples
    --------
    Blocks at 0, 100 and 300 m with 10 pupils each; a school for 20 at 0 m costs 5, one for 30 at 100 m costs 9.

    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[0, 100], [100, 0], [300, 200]], demand_ids=["a", "b", "c"],
    ...                                   school_ids=["s0", "s100"], unit="metres")
    >>> pupils = pd.Series([10.0, 10.0, 10.0], index=["a", "b", "c"])
    >>> options = pd.DataFrame({"seats_pupils": [20, 30], "cost": [5, 9]}, index=["s0", "s100"])
    >>> el.siting.choose(costs, pupils, options, budget=9)
    Plan(Distance: 1 new, objective 3000, bound 3000, gap 0.00%, optimal, proved)
    """
    goal = Distance() if objective is None else objective
    terms = Terms(
        goal=goal,
        counts=tuple(counts),
        budget=budget,
        closures=closures,
        apart=tuple((str(one), str(other)) for one, other in apart),
        split=split,
        limits=tuple(limits),
        spending=tuple(spending),
    )
    stop = read_limits(gap, time_limit, 0)
    question = read_question(costs, pupils, options, terms=terms, load=load)
    require_counts(question)
    return answer(question, stop, progress=progress)


def answer(
    question: Question, limits: Limits, *, progress: Progress, start: FloatArray | None = None, why: bool = True
) -> Plan:
    """Solve a question: the relaxation for the multipliers, then the tree where it is not enough.

    `why=False` leaves out the search for reasons where there is no plan.

    Raises
    ------
    InfeasibleError
        Where no plan keeps all limits.
    InputError
        Where the time was too short for any plan.
    """
    started = time.perf_counter()
    program = build(question)
    progress("siting: relaxation", 0, 2)
    root = solver.relax(program, time_limit=limits.time_limit)
    if root.verdict == "infeasible":
        explain(question, program, why=why)
    price = root.price if len(root.price) else np.zeros(len(program.names))
    found, packing = root, packing_of(question)
    left = None if limits.time_limit is None else limits.time_limit - (time.perf_counter() - started)
    if not _is_whole(program, root) and packing is not None:
        packed = pack(packing, gap=limits.gap, time_limit=left, progress=progress)
        found = solved_of(question, program, packed)
    elif not _is_whole(program, root):
        found = solver.solve(program, gap=limits.gap, time_limit=left, start=start)
    if found.verdict == "infeasible":
        explain(question, program, why=why)
    if found.values is None:
        raise InputError(
            Fault("siting", f"no plan within {limits.time_limit} seconds", "some plan", "raise time_limit")
        )
    choice = _clean(question, program, found)
    progress("siting: tree", 2, 2)
    return _decode(
        question, program, choice, found=found, price=price, limits=limits, seconds=time.perf_counter() - started
    )


def _is_whole(program: Program, root: Solved) -> bool:
    if root.values is None or root.verdict != "solved":
        return False
    part = root.values[program.whole]
    return bool((np.abs(part - np.rint(part)) <= _DUST).all())


def _clean(question: Question, program: Program, found: Solved) -> Choice:
    """Round what is whole, and seat the pupils again where a solver's dust could hide in the shares."""
    assert found.values is not None
    k, arcs, rows = program.options, program.arcs, program.rows
    opened = found.values[:k] > 0.5  # noqa: PLR2004
    if _is_free(question):
        return _nearest(question, opened)
    values = found.values
    if question.terms.split:
        low, high = program.low.copy(), program.high.copy()
        low[:k] = high[:k] = opened
        again = solver.relax(program.fixed(low, high))
        values = again.values if again.verdict == "solved" and again.values is not None else values
    share, unserved = values[k : k + arcs].copy(), values[k + arcs : k + arcs + rows].copy()
    if not question.terms.split:
        share, unserved = np.rint(share), np.rint(unserved)
    share = _in_whole_pupils(share, question.weight[question.row])
    left = 1.0 - np.bincount(question.row, weights=share, minlength=rows)
    choice = Choice(opened, share, np.where(np.abs(left) <= _DUST, 0.0, left))
    faults = broken(question, choice)
    assert not faults, f"the solver's plan breaks limits: {faults}"
    return choice


def _in_whole_pupils(share: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the shares without a solver's dust: where a part is a whole number of pupils but for it, it is one."""
    share = np.where(share <= _DUST, 0.0, np.where(share >= 1 - _DUST, 1.0, share))
    parts = share * weight
    whole = (np.abs(parts - np.rint(parts)) <= _NEARLY * weight) & (weight > 0) & (share > 0)
    return np.where(whole, np.rint(parts) / np.where(weight > 0, weight, 1.0), share)


def _is_free(question: Question) -> bool:
    """Return whether nothing keeps a pupil from the nearest open option."""
    own = question.options
    return bool(np.isinf(own.seats[own.serves]).all() and (own.least == 0).all()) and not question.terms.limits


def _nearest(question: Question, opened: BoolArray) -> Choice:
    """Send every row to its nearest open option, ties to the lower id."""
    own = question.options
    serving = np.zeros((len(own.sites), len(question.stages)), dtype=np.bool_)
    np.logical_or.at(serving, own.site[opened], own.serves[opened])
    there = np.flatnonzero(serving[question.site, question.stage[question.row]])
    order = there[np.lexsort((question.site[there], question.way[there], question.row[there]))]
    first = order[np.flatnonzero(np.diff(question.row[order], prepend=-1))]
    charge = question.terms.unserved_cost
    if charge is not None:
        first = first[question.way[first] <= charge]
    share = np.zeros(len(question.row))
    share[first] = 1.0
    left = 1.0 - np.bincount(question.row, weights=share, minlength=question.rows)
    return Choice(opened, share, left.astype(np.float64))


def _decode(
    question: Question,
    program: Program,
    choice: Choice,
    *,
    found: Solved,
    price: FloatArray,
    limits: Limits,
    seconds: float,
) -> Plan:
    """Say in ids what was found; the objective is summed anew, so that no solver's dust is in it."""
    own, terms = question.options, question.terms
    sign = 1.0 if terms.goal.sense == "minimise" else -1.0
    objective = value_of(terms.goal, question, choice)
    multipliers = pd.Series(price, index=pd.Index(program.names, name="row"), name="multiplier")
    proven = sign * proven_bound(question, program, multipliers)
    told = rounded(program, found.bound) if found.nodes or len(found.price) == 0 else -math.inf
    root = sign * _below(proven, sign * objective, program)
    bound = sign * _below(max(told, sign * root), sign * objective, program)
    gap = relative_gap(objective, bound)
    proved = gap <= OPTIMAL
    names = np.array(own.ids, dtype=object)
    flows = flows_of(question, choice)
    return Plan(
        opened=tuple(names[choice.opened & (own.status == 0)]),
        existing=tuple(names[choice.opened & (own.status != 0)]),
        closed=tuple(names[~choice.opened & (own.status == CLOSABLE)]),
        flows=flows,
        assignment=assignment_of(flows, question),
        objective=objective,
        bound=bound,
        gap=gap,
        status="optimal" if proved else "feasible",
        stop_reason="proved" if proved else _STOPS[found.verdict],
        seconds=seconds,
        seed=limits.seed,
        values=tuple(value_of(goal, question, choice) for goal in terms.goals),
        cost=spent(question, choice),
        multipliers=multipliers,
        root_bound=root,
        nodes=max(found.nodes, 1) if abs(bound - root) > OPTIMAL * max(1.0, abs(objective)) else 0,
        unreachable_weight=math.fsum(question.weight[question.unreachable]),
        unserved_weight=math.fsum((question.weight * choice.unserved)[~question.unreachable]),
        sense=terms.goal.sense,
        method=_method(found, packed=packing_of(question) is not None),
        terms=terms,
        options=own,
        stages=question.stages,
    )  # fmt: skip


def _below(bound: float, value: float, program: Program) -> float:
    """Return the bound, never above the value of the plan; what differs by rounding alone does not differ."""
    dust = _ROUNDING * float(np.abs(program.cost).sum())
    return value if bound > value - dust else bound


def _method(found: Solved, *, packed: bool) -> str:
    if len(found.price):
        return "linear relaxation by HiGHS"
    way = "knapsacks priced by row" if packed else "HiGHS"
    return f"{way}, branch and bound ({found.nodes} nodes)"


def flows_of(question: Question, choice: Choice) -> pd.DataFrame:
    """Return who goes where, one line for every arc that is used."""
    arc = np.flatnonzero(choice.share)
    row = question.row[arc]
    stage = np.array(question.stages, dtype=object)[question.stage[row]]
    return pd.DataFrame(
        {
            "demand_id": np.array(question.demand_ids, dtype=object)[row],
            "stage": stage,
            "school_id": np.array(question.options.sites, dtype=object)[question.site[arc]],
            "way": question.way[arc],
            "share": choice.share[arc],
            "pupils": question.weight[row] * choice.share[arc],
            "seats": question.load[row] * choice.share[arc],
        }
    ).astype({"demand_id": "str", "stage": "str", "school_id": "str"})
