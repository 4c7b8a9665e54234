"""The question of the longest walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout.siting import rules as rules_module
from edulayout.siting.accounts import account, objective_of
from edulayout.siting.center_search import solve_center
from edulayout.siting.gaps import OPTIMAL, relative_gap
from edulayout.siting.levels import read_levels
from edulayout.siting.result import Siting
from edulayout.siting.rules import Goal
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.typing import Progress


def p_center(  # noqa: PLR0913 - the question has so many parts; all but one are named
    costs: TravelCosts,
    weights: pd.Series[float] | None = None,
    *,
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    unreachable_cost: float | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    progress: Progress = quiet,
) -> Siting:
    """Open new sites so that the longest way to the nearest open site is as short as possible.

    Parameters
    ----------
    costs
        Demand × sites. Pairs that cannot matter may be left out: with a cutoff that the answer stays below, a table of
        10,000 × 10,000 needs the memory of what lies within the cutoff.
    weights
        Pupils of every row. Only whether there are any counts: a row of weight 0 has no walk. By default every row has.
    p, quotas, groups, existing, candidates, gap, time_limit, progress
        As in `p_median`.
    unreachable_cost
        The walk of demand that some site reaches but no open one, as in `p_median`. Demand that no site reaches is
        left out, and its weight reported.

    Returns
    -------
    Siting
        The objective is the longest walk in the unit of the costs. The multipliers prove `root_bound`: the prices of
        the rows exceed what the best sites can serve within less than it.

    Raises
    ------
    InputError
        Where ids, weights or numbers are wrong; every fault at once.
    InfeasibleError
        Where a quota exceeds the candidates of its group.

    Notes
    -----
    Hakimi (1964), doi:10.1287/opre.12.3.450; by covering problems after Minieka (1970), doi:10.1137/1012016, whose
    rows are taken in as they are needed, after Chen and Chen (2009), doi:10.1016/j.cor.2008.03.009.

    Examples
    --------
    Three blocks on a line at 0, 100 and 300 m: from the middle one nobody walks more than 200 m.

    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[0, 100, 300], [100, 0, 200], [300, 200, 0]],
    ...                                   demand_ids=["a", "b", "c"], school_ids=["s0", "s100", "s300"], unit="metres")
    >>> el.siting.p_center(costs, p=1)
    Siting(p_center: 1 new, objective 200, bound 200, gap 0.00%, optimal, proved)
    """
    limits = rules_module.read_limits(gap, time_limit, 0)
    rules = rules_module.read_rules(
        costs, count=p, quotas=quotas, groups=groups, existing=existing, candidates=candidates
    )
    goal = Goal("p_center", unreachable_cost=rules_module.read_unreachable_cost(costs, unreachable_cost))
    pupils = rules_module.read_weights(costs, weights)
    outcome = solve_center(costs, pupils, rules, goal=goal, limits=limits, progress=progress)
    found = account(costs, rules, read_levels(costs, goal), opened=outcome.chosen)
    objective, unreachable, charged = objective_of(goal, found, pupils, opened=len(outcome.chosen))
    bound = min(outcome.bound, objective)
    distance = relative_gap(objective, bound)
    return Siting(
        opened=outcome.chosen,
        existing=rules.existing,
        assignment=found.assignment(costs),
        objective=objective,
        bound=bound,
        gap=distance,
        status="optimal" if distance <= OPTIMAL else "feasible",
        stop_reason="proved" if distance <= OPTIMAL else outcome.stop_reason,
        seconds=outcome.seconds,
        seed=0,
        multipliers=pd.Series(outcome.price, index=costs.demand_ids, name="multiplier"),
        root_bound=min(outcome.root, objective),
        nodes=outcome.nodes,
        unreachable_cost=goal.unreachable_cost,
        unreachable_weight=unreachable,
        charged_weight=charged,
        sense=goal.sense,
        method=f"radii halved, covering with rows as needed ({outcome.nodes} nodes)",
        rules=rules,
        goal=goal,
    )
