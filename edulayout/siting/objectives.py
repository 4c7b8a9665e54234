"""The two questions: the shortest mean way, or the most pupils within the radius."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import pandas as pd

from edulayout.siting import rules as rules_module
from edulayout.siting.accounts import account, objective_of
from edulayout.siting.capacity import with_seats
from edulayout.siting.core import solve
from edulayout.siting.gaps import OPTIMAL, relative_gap
from edulayout.siting.levels import read_levels
from edulayout.siting.mip.goals import Coverage
from edulayout.siting.model import build
from edulayout.siting.result import Siting
from edulayout.siting.rules import Goal
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.core import Outcome
    from edulayout.siting.mip.plan import Plan
    from edulayout.siting.model import Model
    from edulayout.siting.rules import Decay, Limits, Rules
    from edulayout.typing import FloatArray, Progress


@overload
def p_median(
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    unreachable_cost: float | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    capacity: None = None,
    split: bool = True,
    load: pd.Series[float] | None = None,
) -> Siting: ...


@overload
def p_median(
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    capacity: Mapping[str, float] | pd.Series[float],
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    unreachable_cost: float | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    split: bool = True,
    load: pd.Series[float] | None = None,
) -> Plan: ...


def p_median(  # noqa: PLR0913 - the question has so many parts; all but two are named
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    unreachable_cost: float | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    capacity: Mapping[str, float] | pd.Series[float] | None = None,
    split: bool = True,
    load: pd.Series[float] | None = None,
) -> Siting | Plan:
    """Open new sites so that the weighted cost to the nearest open site is least.

    Parameters
    ----------
    costs
        Demand × sites; a demand place may have several rows, one for each stage.
    weights
        Pupils of every row, indexed by `demand_id`, ≥ 0.
    p
        How many new sites, anywhere. Either this or `quotas`.
    quotas
        How many new sites in each group, exactly; a group that is not named gets none.
    groups
        Group (district) of every candidate, indexed by candidate; needed with `quotas`.
    existing
        Columns of the costs that are open anyway; they are free and not counted.
    candidates
        Columns that may be opened; by default all that are not existing.
    unreachable_cost
        Charged for demand that some site reaches but no open one. By default the cutoff of the costs, or where they
        have none the largest cost in the table; the result states it. Demand that no site reaches is left out, and
        its weight reported.
    gap
        Stop where the relative gap is at most this.
    time_limit
        Stop after so many seconds; None for no limit.
    seed
        Start of the random part of the search. The same input and seed give the same answer.
    progress
        Called with what is done.
    capacity
        Seats of every site, existing ones too (infinite: no limit). Then everybody must have a seat, unless
        `unreachable_cost` is given, and pupils are seated for the good of all: not each at the nearest school.
    split
        With seats: whether a row may be divided among schools.
    load
        With seats: how many each row takes, by default its weight.

    Returns
    -------
    Siting
        The choice, objective and bound (pupil-metres where costs are metres), and the multipliers that prove it; with
        `capacity` a `Plan`, which has the same and who goes where.

    Raises
    ------
    InputError
        Where ids, weights or numbers are wrong; every fault at once.
    InfeasibleError
        Where a quota exceeds the candidates of its group.

    Notes
    -----
    Hakimi (1964), doi:10.1287/opre.12.3.450. Search by exchange, a Lagrangian bound after Cornuejols, Fisher and
    Nemhauser (1977), doi:10.1287/mnsc.23.8.789, reduced-cost fixing and branch and bound. A step is O(pairs).

    Examples
    --------
    Three blocks on a line at 0, 100 and 300 m; one school at either end of it, or in the middle.

    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[0, 100, 300], [100, 0, 200], [300, 200, 0]],
    ...                                   demand_ids=["a", "b", "c"], school_ids=["s0", "s100", "s300"], unit="metres")
    >>> pupils = pd.Series([10.0, 10.0, 10.0], index=["a", "b", "c"])
    >>> el.siting.p_median(costs, pupils, p=1)
    Siting(p_median: 1 new, objective 3000, bound 3000, gap 0.00%, optimal, proved)
    >>> el.siting.p_median(costs, pupils, p=1, existing=["s300"]).opened
    ('s0',)
    """
    if capacity is not None:
        return with_seats(
            costs, weights, capacity=capacity, p=p, quotas=quotas, groups=groups, existing=existing,
            candidates=candidates, unreachable_cost=unreachable_cost, split=split, load=load, gap=gap,
            time_limit=time_limit, progress=progress,
        )  # fmt: skip
    limits = rules_module.read_limits(gap, time_limit, seed)
    rules = rules_module.read_rules(
        costs, count=p, quotas=quotas, groups=groups, existing=existing, candidates=candidates
    )
    goal = Goal("p_median", unreachable_cost=rules_module.read_unreachable_cost(costs, unreachable_cost))
    return _answer(costs, weights, rules, goal=goal, limits=limits, progress=progress)


@overload
def max_coverage(
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    radius: float | None = None,
    decay: Decay | None = None,
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    capacity: None = None,
    split: bool = True,
    load: pd.Series[float] | None = None,
) -> Siting: ...


@overload
def max_coverage(
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    capacity: Mapping[str, float] | pd.Series[float],
    radius: float | None = None,
    decay: Decay | None = None,
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    split: bool = True,
    load: pd.Series[float] | None = None,
) -> Plan: ...


def max_coverage(  # noqa: PLR0913 - as p_median
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    radius: float | None = None,
    decay: Decay | None = None,
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    capacity: Mapping[str, float] | pd.Series[float] | None = None,
    split: bool = True,
    load: pd.Series[float] | None = None,
) -> Siting | Plan:
    """Open new sites so that the weight within the radius of an open site, existing ones included, is greatest.

    Parameters
    ----------
    costs, weights, p, quotas, groups, existing, candidates, gap, time_limit, seed, progress, capacity, split, load
        As in `p_median`; with `capacity` only pupils within the radius are seated.
    radius
        A row is covered where its cost to an open site is at most this, in the unit of the costs.
    decay
        Instead of a radius, what share of a row counts at a cost: any function of an array of costs that returns shares
        between 0 and 1, such as `el.decay.Linear(800)`. A row counts by its best open site; shares are kept as float32.

    Returns
    -------
    Siting
        The objective is the weight covered (with a decay, weight times share), the bound an upper one.

    Raises
    ------
    InputError
        Where ids, weights or numbers are wrong, or the radius lies beyond the cutoff of the costs.
    InfeasibleError
        Where a quota exceeds the candidates of its group.

    Notes
    -----
    Church and ReVelle (1974), doi:10.1007/BF01942293; with a decay Church and Roberts (1983). Rows that
    the same candidates cover are merged first.

    Examples
    --------
    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[0, 100, 300], [100, 0, 200], [300, 200, 0]],
    ...                                   demand_ids=["a", "b", "c"], school_ids=["s0", "s100", "s300"], unit="metres")
    >>> pupils = pd.Series([10.0, 20.0, 10.0], index=["a", "b", "c"])
    >>> el.siting.max_coverage(costs, pupils, radius=100, p=1)
    Siting(max_coverage: 1 new, objective 30, bound 30, gap 0.00%, optimal, proved)
    """
    if capacity is not None:
        return with_seats(
            costs, weights, capacity=capacity, p=p, quotas=quotas, groups=groups, existing=existing,
            candidates=candidates, goal=_seated_coverage(costs, radius, decay), split=split, load=load, gap=gap,
            time_limit=time_limit, progress=progress,
        )  # fmt: skip
    limits = rules_module.read_limits(gap, time_limit, seed)
    rules = rules_module.read_rules(
        costs, count=p, quotas=quotas, groups=groups, existing=existing, candidates=candidates
    )
    goal = Goal("max_coverage", radius=rules_module.read_radius(costs, radius, decay=decay), decay=decay)
    return _answer(costs, weights, rules, goal=goal, limits=limits, progress=progress)


def _seated_coverage(costs: TravelCosts, radius: float | None, decay: Decay | None) -> Coverage:
    """Return the goal of coverage with seats; a decay reaches as far as the costs do."""
    reach = rules_module.read_radius(costs, radius, decay=decay)
    if reach is None:
        reach = float(costs.values.max()) if costs.pairs else 0.0
    return Coverage(reach, decay=decay)


def _answer(
    costs: TravelCosts, weights: pd.Series[float], rules: Rules, *, goal: Goal, limits: Limits, progress: Progress
) -> Siting:
    pupils = rules_module.read_weights(costs, weights)
    model = build(costs, pupils, rules, goal=goal)
    return _decode(
        costs, pupils, rules, goal=goal, model=model, outcome=solve(model, limits, progress=progress), limits=limits
    )


def _decode(
    costs: TravelCosts,
    pupils: FloatArray,
    rules: Rules,
    *,
    goal: Goal,
    model: Model,
    outcome: Outcome,
    limits: Limits,
) -> Siting:
    """Say in ids what the solver found; the objective is summed anew from the costs, independent of row order."""
    opened = tuple(sorted(rules.candidates[k] for k in model.sites[outcome.chosen]))
    found = account(costs, rules, read_levels(costs, goal), opened=opened)
    objective, unreachable, charged = objective_of(goal, found, pupils, opened=len(opened))
    bound, root = (
        _on_side(model.offset + model.sign * value, objective, goal) for value in (outcome.lower, outcome.root)
    )
    gap = relative_gap(objective, bound)
    return Siting(
        opened=opened,
        existing=rules.existing,
        assignment=found.assignment(costs),
        objective=objective,
        bound=bound,
        gap=gap,
        status="optimal" if gap <= OPTIMAL else "feasible",
        stop_reason=outcome.stop_reason,
        seconds=outcome.seconds,
        seed=limits.seed,
        multipliers=_multipliers(costs, model, outcome),
        root_bound=root,
        nodes=outcome.nodes,
        unreachable_cost=goal.unreachable_cost,
        unreachable_weight=unreachable,
        charged_weight=charged,
        sense=goal.sense,
        method=_method(outcome),
        rules=rules,
        goal=goal,
    )


def _on_side(bound: float, objective: float, goal: Goal) -> float:
    """Return the bound; rounding must not put it on the wrong side of the objective."""
    return min(bound, objective) if goal.sense == "minimise" else max(bound, objective)


def _multipliers(costs: TravelCosts, model: Model, outcome: Outcome) -> pd.Series[float]:
    """Return the price of every demand row, per unit of weight; a row that no new site serves has its fixed cost."""
    served = model.row_of >= 0
    price = model.cap_cost.copy()
    price[served] = (outcome.price / model.weight)[model.row_of[served]]
    return pd.Series(price, index=costs.demand_ids, name="multiplier")


def _method(outcome: Outcome) -> str:
    tree = f", branch and bound ({outcome.nodes} nodes)" if outcome.nodes else ""
    return f"exchange search, Lagrangian bound{tree}"
