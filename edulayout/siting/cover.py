"""The question of the fewest sites that cover all, or a share."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InfeasibleError
from edulayout.siting import rules as rules_module
from edulayout.siting.accounts import account, needed, objective_of, proven_bound
from edulayout.siting.core import solve
from edulayout.siting.covering import Task, greedy, least, packed, reduced, serves, thinned
from edulayout.siting.covering_program import decide, relax
from edulayout.siting.gaps import OPTIMAL, relative_gap
from edulayout.siting.levels import read_levels
from edulayout.siting.model import build
from edulayout.siting.result import Siting
from edulayout.siting.rules import Goal
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.core import Outcome
    from edulayout.siting.gaps import StopReason
    from edulayout.siting.model import Model
    from edulayout.siting.rules import Limits, Rules
    from edulayout.typing import FloatArray, IntArray, Progress

_EXCHANGES = (1_000, 100_000)


@dataclass(frozen=True, eq=False)
class _Found:
    """Columns of the core that are opened, what no cover is below, prices of the core rows, and how it ended."""

    chosen: IntArray
    bound: float
    price: FloatArray
    nodes: int
    stop_reason: StopReason
    method: str


def set_cover(  # noqa: PLR0913 - the question has so many parts; all but two are named
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    radius: float,
    share: float = 1.0,
    at_most: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
) -> Siting:
    """Open the fewest new sites that cover all pupils that can be covered, or a share of them.

    Parameters
    ----------
    costs, weights, existing, candidates, gap, time_limit, seed, progress
        As in `p_median`.
    radius
        A row is covered where its cost to an open site is at most this.
    share
        How much of the weight that some site covers must be covered, above 0 and at most 1.
    at_most, groups
        How many new sites a group (district) may get; a group that is not named may get all its candidates. Only with
        a share of 1.

    Returns
    -------
    Siting
        The objective is the number of new sites. The multipliers are prices of the rows that prove `root_bound`: the
        best sites, one fewer, cannot serve them. Weight that no site covers is reported as `unreachable_weight`.

    Raises
    ------
    InputError
        Where ids, weights or numbers are wrong, or the radius lies beyond the cutoff of the costs.
    InfeasibleError
        Where `at_most` leaves no cover.

    Notes
    -----
    Toregas, Swain, ReVelle and Bergman (1971), doi:10.1287/opre.19.6.1363. Rows that the same sites cover are merged,
    rows and sites that decide nothing dropped; a small cover is sought by exchange (Gao, Weise and Li 2015,
    doi:10.1016/j.ejor.2015.05.038), and what prices do not prove of it is left to HiGHS; a share below 1 is solved by
    maximal covering with the number of sites halved.

    Examples
    --------
    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[0, 100, 300], [100, 0, 200], [300, 200, 0]],
    ...                                   demand_ids=["a", "b", "c"], school_ids=["s0", "s100", "s300"], unit="metres")
    >>> pupils = pd.Series([10.0, 20.0, 10.0], index=["a", "b", "c"])
    >>> el.siting.set_cover(costs, pupils, radius=100)
    Siting(set_cover: 2 new, objective 2, bound 2, gap 0.00%, optimal, proved)
    >>> el.siting.set_cover(costs, pupils, radius=100, share=0.75).opened
    ('s0',)
    """
    started = time.perf_counter()
    limits = rules_module.read_limits(gap, time_limit, seed)
    rules = rules_module.read_cover_rules(
        costs, at_most=at_most, groups=groups, existing=existing, candidates=candidates, share=share
    )
    goal = Goal("set_cover", radius=rules_module.read_radius(costs, radius), share=float(share))
    pupils = rules_module.read_weights(costs, weights)
    model = build(costs, pupils, rules, goal=Goal("max_coverage", radius=goal.radius))
    if share == 1:
        found = _cover_all(costs, pupils, model, limits=limits, rules=rules)
    else:
        found = _cover_share(model, needed(goal, pupils, ~model.unreachable), limits=limits, progress=progress)
    return _decode(
        costs,
        pupils,
        rules,
        goal=goal,
        model=model,
        found=found,
        seconds=time.perf_counter() - started,
        seed=limits.seed,
    )


def _cover_all(costs: TravelCosts, pupils: FloatArray, model: Model, *, limits: Limits, rules: Rules) -> _Found:
    """Cover every row that can be covered."""
    task = Task(model.core.ptr, model.core.column, model.core.group, model.core.quota)
    lost = (model.row_of < 0) & (model.cap_cost > 0) & (pupils > 0)
    if lost.any():
        raise InfeasibleError(_refusal(rules, tuple(costs.demand_ids[lost])))
    rough, price, word = _prove(task)
    if rough is not None and least(task, price) == len(rough):
        return _Found(rough, float(len(rough)), price, 0, "proved", f"dominance, {word}")
    reply = decide(task, seconds=math.inf if limits.time_limit is None else limits.time_limit, fewest=True)
    if reply.refused:
        raise InfeasibleError(_refusal(rules, ()))
    chosen = reply.chosen if reply.chosen is not None else rough
    if chosen is None:
        found = "no plan found within the time limit"
        raise InfeasibleError(Fault("siting", found, "a cover within `at_most`", "give more time, or raise `at_most`"))
    if rough is not None and len(rough) < len(chosen):
        chosen = rough
    method = f"dominance, linear relaxation and tree by HiGHS ({reply.nodes} nodes)"
    return _Found(chosen, max(0.0, min(reply.least, len(chosen))), price, reply.nodes, "time", method)


def _prove(task: Task) -> tuple[IntArray | None, FloatArray, str]:
    """Return a small cover, None where the limits leave none in sight, and prices: as little work as proves it."""
    small, _, columns = reduced(task)
    price, chosen = packed(task), greedy(small)
    if not serves(small, chosen):
        return None, relax(task), "linear relaxation"
    for exchanges in _EXCHANGES:
        if least(task, price) == len(chosen):
            return columns[chosen], price, "exchange search, packing"
        chosen = thinned(small, chosen, enough=0, steps=exchanges)
    if least(task, price) < len(chosen):
        price = relax(task)
    return columns[chosen], price, "exchange search, linear relaxation"


def _refusal(rules: Rules, rows: tuple[str, ...]) -> Fault:
    limits = ", ".join(f"{name}: {quota}" for name, quota in zip(rules.groups, rules.quota, strict=True))
    found = f"no cover of all demand with at most {limits}"
    return Fault("at_most", found, "limits that leave a cover", "raise a limit, the radius, or lower the share", rows)


def _cover_share(model: Model, aim: float, *, limits: Limits, progress: Progress) -> _Found:
    """Halve the number of sites; for each, maximal covering says whether the share can be reached."""
    started = time.perf_counter()
    low, high, nodes = 0, len(model.sites), 0
    chosen, price = np.arange(high), np.zeros(len(model.core.cap))
    reason: StopReason = "proved"
    while low < high:
        number = (low + high) // 2
        outcome = _with_number(model, number, aim, limits=_left(limits, started), progress=progress)
        nodes += outcome.nodes
        if model.offset - outcome.upper >= aim:
            chosen, high = outcome.chosen, number
        elif model.offset - outcome.lower < aim:
            low, price = number + 1, outcome.price
        else:
            reason = outcome.stop_reason
            break
    method = f"maximal covering for each number of sites ({nodes} nodes)"
    return _Found(chosen, float(low), price, nodes, reason, method)


def _with_number(model: Model, number: int, aim: float, *, limits: Limits, progress: Progress) -> Outcome:
    core = replace(model.core, quota=np.array([number], dtype=np.int64))
    return solve(replace(model, core=core), replace(limits, aim=aim), progress=progress)


def _left(limits: Limits, started: float) -> Limits:
    if limits.time_limit is None:
        return replace(limits, gap=0.0)
    return replace(limits, gap=0.0, time_limit=max(0.0, limits.time_limit - (time.perf_counter() - started)))


def _decode(
    costs: TravelCosts,
    pupils: FloatArray,
    rules: Rules,
    *,
    goal: Goal,
    model: Model,
    found: _Found,
    seconds: float,
    seed: int,
) -> Siting:
    opened = tuple(sorted(rules.candidates[k] for k in model.sites[found.chosen]))
    named = account(costs, rules, read_levels(costs, goal), opened=opened)
    objective, unreachable, charged = objective_of(goal, named, pupils, opened=len(opened))
    price = _spread_over_rows(model, pupils, found.price)
    root = proven_bound(costs, rules, goal, found=named, weights=pupils, price=price, claim=0.0)
    root = min(root, objective)
    bound = min(max(found.bound, root), objective)
    distance = relative_gap(objective, bound)
    return Siting(
        opened=opened,
        existing=rules.existing,
        assignment=named.assignment(costs),
        objective=objective,
        bound=bound,
        gap=distance,
        status="optimal" if distance <= OPTIMAL else "feasible",
        stop_reason="proved" if distance <= OPTIMAL else found.stop_reason,
        seconds=seconds,
        seed=seed,
        multipliers=pd.Series(price, index=costs.demand_ids, name="multiplier"),
        root_bound=root,
        nodes=0 if bound == root else max(1, found.nodes),
        unreachable_cost=None,
        unreachable_weight=unreachable,
        charged_weight=charged,
        sense=goal.sense,
        method=found.method,
        rules=rules,
        goal=goal,
    )


def _spread_over_rows(model: Model, pupils: FloatArray, price: FloatArray) -> FloatArray:
    """Return prices of demand rows: that of a merged row, shared out by weight."""
    whole = np.zeros(len(pupils))
    served = model.row_of >= 0
    row = model.row_of[served]
    whole[served] = price[row] * (pupils[served] / model.weight[row])
    return whole
