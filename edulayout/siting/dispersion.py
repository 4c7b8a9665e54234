"""The question of sites far apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting import rules as rules_module
from edulayout.siting.dispersion_search import solve_dispersion
from edulayout.siting.gaps import OPTIMAL, relative_gap
from edulayout.siting.result import Siting
from edulayout.siting.rules import Goal
from edulayout.siting.spacing import far_apart
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.rules import Rules
    from edulayout.typing import Progress


def p_dispersion(  # noqa: PLR0913 - the question has so many parts; all but one are named
    costs: TravelCosts,
    *,
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    progress: Progress = quiet,
) -> Siting:
    """Open new sites so that the least distance from one to another open site is as large as possible.

    Parameters
    ----------
    costs
        Between sites: every site is a row and a column, by the same id. Of both directions the shorter counts; a pair
        that is not there counts as the cutoff, or as the largest cost in the table.
    p, quotas, groups, existing, candidates, gap, time_limit, progress
        As in `p_median`. The distance between two existing sites does not count: no choice changes it.

    Returns
    -------
    Siting
        The objective is the least distance, the bound an upper one. The multipliers are pigeonholes that prove
        `root_bound`: candidates of one hole lie within it of each other, and there are fewer holes than sites to open.
        Every row is assigned to its nearest open site.

    Raises
    ------
    InputError
        Where ids or numbers are wrong, a site has no row, or fewer than two sites are open in all.
    InfeasibleError
        Where a quota exceeds the candidates of its group.

    Notes
    -----
    Kuby (1987), doi:10.1111/j.1538-4632.1987.tb00133.x; by distances halved after Sayah and Irnich (2017),
    doi:10.1016/j.ejor.2016.06.018.

    Examples
    --------
    Three sites on a line at 0, 100 and 300 m: the two ends are farthest apart.

    >>> import edulayout as el
    >>> sites = ["s0", "s100", "s300"]
    >>> between = el.TravelCosts.from_dense([[0, 100, 300], [100, 0, 200], [300, 200, 0]],
    ...                                     demand_ids=sites, school_ids=sites, unit="metres")
    >>> el.siting.p_dispersion(between, p=2).opened
    ('s0', 's300')
    """
    limits = rules_module.read_limits(gap, time_limit, 0)
    rules = rules_module.read_rules(
        costs, count=p, quotas=quotas, groups=groups, existing=existing, candidates=candidates
    )
    _check_sites(costs, rules)
    goal = Goal("p_dispersion")
    outcome = solve_dispersion(costs, rules, limits=limits, progress=progress)
    cost, column = costs.select_schools(sorted((*outcome.chosen, *rules.existing))).nearest()
    labels = pd.Index([*sorted((*outcome.chosen, *rules.existing)), None], dtype="str")
    distance = relative_gap(outcome.objective, outcome.bound)
    del cost
    return Siting(
        opened=outcome.chosen,
        existing=rules.existing,
        assignment=pd.Series(labels.array.take(column), index=costs.demand_ids, name="school_id", copy=False),
        objective=outcome.objective,
        bound=outcome.bound,
        gap=distance,
        status="optimal" if distance <= OPTIMAL else "feasible",
        stop_reason="proved" if distance <= OPTIMAL else outcome.stop_reason,
        seconds=outcome.seconds,
        seed=0,
        multipliers=pd.Series(outcome.hole_of_row, index=costs.demand_ids, name="multiplier"),
        root_bound=outcome.root,
        nodes=outcome.nodes,
        unreachable_cost=far_apart(costs),
        unreachable_weight=0.0,
        charged_weight=0.0,
        sense=goal.sense,
        method=f"distances halved, pigeonholes, tree ({outcome.nodes} nodes)",
        rules=rules,
        goal=goal,
    )


def _check_sites(costs: TravelCosts, rules: Rules) -> None:
    """Refuse sites without a row, and questions in which no two sites are open."""
    faults = []
    known = set(costs.demand_ids.tolist())
    lost = [name for name in (*rules.candidates, *rules.existing) if name not in known]
    if lost:
        remedy = "compute the costs from the sites to the sites"
        faults.append(Fault("costs", "sites without a row", "a row for every site", remedy, tuple(lost)))
    if rules.total == 0 or rules.total + len(rules.existing) < 2:  # noqa: PLR2004 - a distance has two ends
        found = f"{rules.total} new sites beside {len(rules.existing)} existing"
        faults.append(Fault("siting", found, "a new site, and two open in all", "raise p or a quota"))
    if faults:
        raise InputError(*faults)
