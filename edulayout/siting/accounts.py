"""What a choice comes to, and what prices prove of every other: summed in passes over the costs, without a solver."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.kernels import siting_rows as kernels
from edulayout.siting.levels import read_levels
from edulayout.siting.rules import column_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.levels import Levels
    from edulayout.siting.rules import Goal, Rules
    from edulayout.typing import BoolArray, FloatArray, IntArray

MARGIN = 1e-9
"""What a proof must exceed, relative to its prices: far more than rounding can make up."""


@dataclass(frozen=True, eq=False)
class Account:
    """What the open sites are to every demand row.

    Parameters
    ----------
    level
        Level of the nearest open site, infinity where none counts.
    site
        Its position in `names`, -1 where none.
    names
        The open sites, sorted by id.
    fixed
        Level of the nearest existing site.
    reached
        Whether any site of the question counts for the row.
    """

    level: FloatArray
    site: IntArray
    names: tuple[str, ...]
    fixed: FloatArray
    reached: BoolArray

    def assignment(self, costs: TravelCosts) -> pd.Series[str]:
        """Return the id of the nearest open site of every row, missing where none."""
        labels = pd.Index([*self.names, None], dtype="str")
        return pd.Series(labels.array.take(self.site), index=costs.demand_ids, name="school_id", copy=False)


def account(costs: TravelCosts, rules: Rules, levels: Levels, *, opened: Sequence[str]) -> Account:
    """Look at every pair once for the open sites, once for the existing and once for all; complexity O(pairs)."""
    names = tuple(sorted((*opened, *rules.existing)))
    level, site = _nearest(costs, levels, names)
    fixed, _ = _nearest(costs, levels, rules.existing)
    anything, _ = _nearest(costs, levels, (*rules.candidates, *rules.existing))
    return Account(level, site, names, fixed, np.isfinite(anything))


def _nearest(costs: TravelCosts, levels: Levels, names: Sequence[str]) -> tuple[FloatArray, IntArray]:
    rank = np.full(costs.shape[1], -1, dtype=np.int64)
    rank[column_positions(costs, names)] = np.arange(len(names))
    level, site = np.empty(costs.shape[0]), np.empty(costs.shape[0], dtype=np.int64)
    kernels.nearest_open(costs.indptr, costs.indices, levels.level, levels.limit, rank, level, site)
    return level, site


def objective_of(goal: Goal, found: Account, weights: FloatArray, *, opened: int) -> tuple[float, float, float]:
    """Return the objective of a choice, the weight that no site reaches, and the weight charged for not being reached.

    Sums are exact, so that no order of rows changes a bit.
    """
    served = np.isfinite(found.level)
    unreachable = math.fsum(weights[~found.reached])
    left = found.reached & ~served
    charged = math.fsum(weights[left]) if goal.unreachable_cost is not None else 0.0
    if goal.name == "set_cover":
        return float(opened), unreachable, charged
    if goal.name == "max_coverage":
        share = 1.0 - found.level[served] if goal.decay is not None else 1.0
        return math.fsum(weights[served] * share), unreachable, charged
    assert goal.unreachable_cost is not None
    way = np.where(left, goal.unreachable_cost, found.level)[found.reached]
    if goal.name == "p_center":
        return float(way[weights[found.reached] > 0].max(initial=0.0)), unreachable, charged
    return math.fsum(weights[found.reached] * way), unreachable, charged


def proven_bound(
    costs: TravelCosts,
    rules: Rules,
    goal: Goal,
    *,
    found: Account,
    weights: FloatArray,
    price: FloatArray,
    claim: float,
) -> float:
    """Return what the prices of the rows prove: no choice that keeps the rules passes it.

    For p-median and coverage the prices give the bound itself. For p-center they prove that no choice serves all rows
    within less than the claim, or nothing; for set cover, that a number of sites is not enough.
    """
    levels = read_levels(costs, goal)
    if goal.name == "p_center":
        holds = _too_few(costs, rules, below(levels, claim), found=found, weights=weights, price=price)
        return claim if holds else 0.0
    if goal.name == "set_cover":
        return _least_number(costs, rules, levels, goal=goal, found=found, weights=weights, price=price)
    cap = np.where(found.reached, np.minimum(found.fixed if not levels.flat else np.where(
        np.isfinite(found.fixed), 0.0, np.inf), levels.outside), 0.0)  # fmt: skip
    price = np.minimum(price, cap)
    score = -site_scores(costs, rules, levels, weights=weights, price=price)
    group_of = np.asarray(rules.group_of, dtype=np.int64)
    cheapest = [np.sort(score[group_of == g])[:number] for g, number in enumerate(rules.quota)]
    saved = math.fsum(np.concatenate(cheapest))
    step = _grain(costs, rules, levels, weights=weights, cap=cap)
    bound = math.fsum(weights * price) + saved
    raised = _next_value(bound, step)
    if goal.sense == "minimise":
        return raised
    # Not the whole less what is lost: a small sum would drown in the rounding of a large one.
    return math.fsum((weights * (1.0 - price))[found.reached]) - saved - (raised - bound)


def site_scores(
    costs: TravelCosts, rules: Rules, levels: Levels, *, weights: FloatArray, price: FloatArray
) -> FloatArray:
    """Return what the opening of every candidate saves at these prices, shape (candidates,)."""
    site = np.full(costs.shape[1], kernels.OUTSIDE, dtype=np.int64)
    site[column_positions(costs, rules.candidates)] = np.arange(len(rules.candidates))
    score = np.zeros(len(rules.candidates))
    kernels.scores(*levels.arrays(costs), site, weights, price, score)
    return score


def _grain(costs: TravelCosts, rules: Rules, levels: Levels, *, weights: FloatArray, cap: FloatArray) -> float:
    """Return the step between possible values: of all weighted caps, and of the arcs below them that may be opened."""
    site = np.full(costs.shape[1], kernels.OUTSIDE, dtype=np.int64)
    may_open = [name for name, g in zip(rules.candidates, rules.group_of, strict=True) if rules.quota[g] > 0]
    site[column_positions(costs, may_open)] = 0
    return float(kernels.grain(*levels.arrays(costs), site, weights, cap))


def _next_value(bound: float, step: float) -> float:
    """Raise a bound to the next multiple of the step, where there is one."""
    return step * math.ceil(bound / step - 1e-6) if step > 0 else bound


def below(levels: Levels, cost: float) -> Levels:
    """Return the same levels, where only what is strictly less than a cost counts, and is charged nothing."""
    limit = np.float32(cost)
    if float(limit) >= cost:
        limit = np.nextafter(limit, np.float32(-np.inf))
    return type(levels)(levels.level, float(limit), flat=True, outside=levels.outside)


def _too_few(
    costs: TravelCosts, rules: Rules, levels: Levels, *, found: Account, weights: FloatArray, price: FloatArray
) -> bool:
    """Return whether the prices prove that no choice within the quotas serves every row within the limit."""
    counted = found.reached & (weights > 0) & (found.fixed > levels.limit)
    price = np.where(counted, np.maximum(price, 0.0), 0.0)
    score = site_scores(costs, rules, levels, weights=price, price=np.ones(len(price)))
    return shortfall(price, score, rules) > MARGIN * math.fsum(price)


def shortfall(price: FloatArray, score: FloatArray, rules: Rules, *, number: int | None = None) -> float:
    """Return by how much rows are worth more than what the best sites can serve of them; above 0, no choice does.

    Every row has a price, and a site scores the prices of the rows that it serves; `rules.quota` sites of each group,
    and `number` of all, score at most what the best of them do, overlaps counted twice.
    """
    group_of = np.asarray(rules.group_of, dtype=np.int64)
    best = [np.sort(score[group_of == g])[::-1][:quota] for g, quota in enumerate(rules.quota)]
    chosen = np.sort(np.concatenate([*best, np.empty(0)]))[::-1]
    return math.fsum(price) - math.fsum(chosen[:number])


def _least_number(
    costs: TravelCosts,
    rules: Rules,
    levels: Levels,
    *,
    goal: Goal,
    found: Account,
    weights: FloatArray,
    price: FloatArray,
) -> float:
    """Return the least number of sites that the prices leave possible."""
    assert goal.share is not None
    price = np.maximum(price, 0.0)
    open_rows = found.reached & (weights > 0) & np.isinf(found.fixed)
    whole = math.fsum(weights[found.reached])
    if goal.share < 1:
        price = np.minimum(price, weights)
    price = np.where(open_rows, price, 0.0)
    score = site_scores(costs, rules, levels, weights=price, price=np.ones(len(price)))
    spare = whole - goal.share * whole + MARGIN * (math.fsum(price) if goal.share == 1 else whole)
    return float(least_number(price, score, rules, spare=spare))


def least_number(price: FloatArray, score: FloatArray, rules: Rules, *, spare: float) -> int:
    """Return the least number of sites whose shortfall does not exceed the weight that may be spared."""
    best = [
        np.sort(score[np.asarray(rules.group_of, dtype=np.int64) == g])[::-1][:q] for g, q in enumerate(rules.quota)
    ]
    chosen = np.sort(np.concatenate([*best, np.empty(0)]))[::-1]
    short = math.fsum(price) - np.concatenate([np.zeros(1), np.cumsum(chosen)])
    enough = np.flatnonzero(short <= spare)
    return int(enough[0]) if len(enough) else len(chosen)


def needed(goal: Goal, weights: FloatArray, reached: BoolArray) -> float:
    """Return the weight that a set cover must reach: the share of what can be reached, up to rounding."""
    assert goal.share is not None
    return goal.share * math.fsum(weights[reached]) * (1 - MARGIN)
