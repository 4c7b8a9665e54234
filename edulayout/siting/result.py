"""What a siting question is answered with: the choice, its certificate, and the check that asks no solver."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting.rules import column_positions, read_weights

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.siting.core import StopReason
    from edulayout.siting.rules import Goal, Rules
    from edulayout.typing import BoolArray, FloatArray, IntArray

_TOLERANCE = 1e-9
_GRAIN = 1024.0


@dataclass(frozen=True)
class Certificate:
    """What the check of a result found to hold.

    Parameters
    ----------
    objective
        The objective, summed again.
    proven_bound
        What the multipliers prove: no choice that keeps the rules passes it.
    proven_gap
        |objective - proven bound| / objective.
    claimed_bound, claimed_gap
        What the result says; where it says more than the multipliers prove, branch and bound proved the rest, which
        is not checked here.

    Examples
    --------
    >>> print(Certificate(3000.0, 2970.0, 0.01, 3000.0, 0.0))
    objective 3000 holds; the multipliers prove that nothing passes 2970 (gap 1.000 %);
    the bound of 3000 (gap 0.000 %) rests on branch and bound, which this check does not repeat
    """

    objective: float
    proven_bound: float
    proven_gap: float
    claimed_bound: float
    claimed_gap: float

    @property
    def complete(self) -> bool:
        """Whether the multipliers alone prove the bound that is claimed."""
        return _close(self.proven_bound, self.claimed_bound)

    def __str__(self) -> str:
        proven = f"nothing passes {self.proven_bound:.10g} (gap {100 * self.proven_gap:.3f} %)"
        text = f"objective {self.objective:.10g} holds; the multipliers prove that {proven}"
        if self.complete:
            return text
        rest = f"the bound of {self.claimed_bound:.10g} (gap {100 * self.claimed_gap:.3f} %)"
        return f"{text};\n{rest} rests on branch and bound, which this check does not repeat"


@dataclass(frozen=True, eq=False)
class Siting:
    """Which sites to open, and the proof of how good that is.

    Parameters
    ----------
    opened
        Ids of the new sites, sorted.
    existing
        Ids of the sites that were open anyway, sorted.
    assignment
        The nearest open site of every demand row, indexed by `demand_id`; ties go to the lower id. Missing where no
        open site is reached (coverage: none within the radius).
    objective
        p-median: weight times cost, summed over the demand that some site reaches (pupil-metres for costs in metres).
        Coverage: the weight within the radius of an open site.
    bound
        No choice that keeps the rules has a lower objective (coverage: a higher one).
    gap
        |objective - bound| / objective.
    status
        `optimal` only where objective and bound differ by at most 1e-9, relative; `feasible` otherwise.
    stop_reason
        `proved` (optimal), `gap` (the gap asked for is reached), `time` (the time limit), `interrupt` (Ctrl-C).
    seconds
        Wall time of the solver.
    seed
        Start of the random part of the search.
    multipliers
        The Lagrangian multiplier of every demand row, in the unit of the costs (coverage: between 0 and 1). They alone
        prove `root_bound`.
    root_bound
        What the multipliers prove; where it is weaker than `bound`, branch and bound proved the rest.
    nodes
        Smaller problems that branch and bound looked at, 0 where the multipliers were enough.
    unreachable_cost
        What p-median charged for demand that some site reaches but no open one; None for coverage.
    unreachable_weight
        Weight of the demand that no existing site and no candidate reaches (coverage: within the radius). It is not
        part of the objective.
    charged_weight
        Weight of the demand that was charged `unreachable_cost`.
    sense
        `minimise` or `maximise`.
    method
        What ran.
    rules, goal
        The question: candidates, groups and quotas; what was measured.
    """

    opened: tuple[str, ...]
    existing: tuple[str, ...]
    assignment: pd.Series[str]
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    stop_reason: StopReason
    seconds: float
    seed: int
    multipliers: pd.Series[float]
    root_bound: float
    nodes: int
    unreachable_cost: float | None
    unreachable_weight: float
    charged_weight: float
    sense: Literal["minimise", "maximise"]
    method: str
    rules: Rules
    goal: Goal

    def __repr__(self) -> str:
        found = f"objective {self.objective:.10g}, bound {self.bound:.10g}, gap {self.gap:.2%}"
        return f"Siting({self.goal.name}: {len(self.opened)} new, {found}, {self.status}, {self.stop_reason})"

    def verify(self, costs: TravelCosts, weights: pd.Series[float]) -> Certificate:
        """Check everything again from the costs and the weights, without the solver.

        In one pass: the rules are kept, every assignment is nearest, objective and weights are right, and the
        multipliers prove `root_bound`. What only the tree proved is named in the certificate, not checked.

        Raises
        ------
        InputError
            Where something does not hold; one fault for each claim, with what was claimed and what was found.
        """
        return _verify(self, costs, weights)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Arcs to the sites of the question, charged by its goal; `site` is -1 for an existing one."""

    row: IntArray
    site: IntArray
    charge: FloatArray
    outside: float
    rows: int

    def least(self, kept: BoolArray) -> FloatArray:
        """Return each row's least charge over some of the arcs, infinity where there is none."""
        least = np.full(self.rows, np.inf)
        np.minimum.at(least, self.row[kept], self.charge[kept])
        return least


def _verify(siting: Siting, costs: TravelCosts, weights: pd.Series[float]) -> Certificate:
    """Check every claim of a result again; complexity O(pairs).

    Raises
    ------
    InputError
        Where a claim does not hold, or costs and weights do not fit the result.
    """
    pupils = read_weights(costs, weights)
    faults = [*_rule_faults(siting, costs)]
    if faults:
        raise InputError(*faults)
    pairs = _pairs(siting, costs)
    objective, unreachable, charged = _recount(siting, pairs, pupils)
    proven = _dual_bound(siting, pairs, pupils)
    faults = [
        *_assignment_faults(siting, costs),
        *_number_fault("objective", siting.objective, objective),
        *_number_fault("unreachable_weight", siting.unreachable_weight, unreachable),
        *_number_fault("charged_weight", siting.charged_weight, charged),
        *_bound_faults(siting, objective, proven),
    ]
    if faults:
        raise InputError(*faults)
    return Certificate(objective, proven, _gap(objective, proven), siting.bound, siting.gap)


def _pairs(siting: Siting, costs: TravelCosts) -> _Pairs:
    site_of = np.full(costs.shape[1], -2, dtype=np.int64)
    site_of[column_positions(costs, siting.rules.candidates)] = np.arange(len(siting.rules.candidates))
    site_of[column_positions(costs, siting.rules.existing)] = -1
    kept = site_of[costs.indices] >= -1
    charge, outside = costs.values.astype(np.float64), siting.goal.unreachable_cost
    if siting.goal.radius is not None:
        kept &= costs.values <= np.float32(siting.goal.radius)
        charge, outside = np.zeros(costs.pairs), 1.0
    assert outside is not None
    return _Pairs(costs.row_numbers()[kept], site_of[costs.indices[kept]], charge[kept], outside, rows=costs.shape[0])


def _recount(siting: Siting, pairs: _Pairs, pupils: FloatArray) -> tuple[float, float, float]:
    """Return objective, unreachable weight and charged weight."""
    opened = np.append(pd.Index(siting.rules.candidates).isin(siting.opened), True)  # -1, the last, is existing
    served = pairs.least(opened[pairs.site])
    unreachable = np.isinf(pairs.least(np.ones(len(pairs.row), dtype=np.bool_)))
    charged = np.isinf(served) & ~unreachable
    if siting.sense == "maximise":
        return math.fsum(pupils[np.isfinite(served)]), math.fsum(pupils[unreachable]), 0.0
    way = np.where(charged, pairs.outside, served)[~unreachable]
    return math.fsum(pupils[~unreachable] * way), math.fsum(pupils[unreachable]), math.fsum(pupils[charged])


def _dual_bound(siting: Siting, pairs: _Pairs, pupils: FloatArray) -> float:
    """Return what the multipliers prove, by the rule of the dual: prices, plus the cheapest quota of every group."""
    reached = np.isfinite(pairs.least(np.ones(len(pairs.row), dtype=np.bool_)))
    cap = np.where(reached, np.minimum(pairs.least(pairs.site == -1), pairs.outside), 0.0)
    price = np.minimum(siting.multipliers.to_numpy(dtype=np.float64), cap)
    own = pairs.site >= 0
    saved = pupils[pairs.row] * np.minimum(pairs.charge - price[pairs.row], 0.0)
    score = np.bincount(pairs.site[own], weights=saved[own], minlength=len(siting.rules.candidates))
    group_of = np.asarray(siting.rules.group_of, dtype=np.int64)
    cheapest = [np.sort(score[group_of == g])[:number] for g, number in enumerate(siting.rules.quota)]
    bound = math.fsum(pupils * price) + math.fsum(np.concatenate(cheapest))
    bound = _next_value(bound, np.concatenate([pupils[pairs.row] * pairs.charge, pupils * cap]))
    return math.fsum(pupils[reached]) - bound if siting.sense == "maximise" else bound


def _next_value(bound: float, numbers: FloatArray) -> float:
    """Raise a bound to the next multiple of what all numbers are multiples of, where there is such a step."""
    scaled = numbers * _GRAIN
    if np.abs(scaled).max(initial=0.0) >= 2.0**53 or (scaled != np.rint(scaled)).any():
        return bound
    step = float(np.gcd.reduce(scaled.astype(np.int64), initial=0)) / _GRAIN
    return step * math.ceil(bound / step - 1e-6) if step > 0 else bound


def _rule_faults(siting: Siting, costs: TravelCosts) -> list[Fault]:
    rules, found = siting.rules, set(siting.opened)
    group_of = dict(zip(rules.candidates, rules.group_of, strict=True))
    strange = sorted(found - set(group_of))
    if not siting.multipliers.index.equals(costs.demand_ids):
        return [_claim("multipliers", "other demand ids", "those of the costs, in their order")]
    missing = sorted({*rules.candidates, *rules.existing} - set(costs.school_ids))
    counts = np.bincount([group_of[name] for name in siting.opened if name in group_of], minlength=len(rules.quota))
    faults = [
        _claim(f"opened in {name}", f"{int(count)} sites", f"{quota} sites")
        for name, count, quota in zip(rules.groups, counts, rules.quota, strict=True)
        if count != quota
    ]
    if strange or len(found) != len(siting.opened) or siting.existing != rules.existing:
        faults.append(_claim("opened", "sites that are no candidates, or stand twice", "candidates, once", strange))
    if missing:
        faults.append(_claim("costs", "sites of the result that are no column", "all of them", missing))
    return faults


def _assignment_faults(siting: Siting, costs: TravelCosts) -> list[Fault]:
    """Compare every assignment with the nearest open site."""
    given = siting.assignment
    if not given.index.equals(costs.demand_ids):
        return [_claim("assignment", "other demand ids", "those of the costs, in their order")]
    opened = costs.select_schools(sorted((*siting.opened, *siting.rules.existing)))
    cost, column = opened.nearest()
    names = np.append(opened.school_ids.to_numpy(dtype=object), "")
    if siting.goal.radius is not None:
        column = np.where(cost <= float(np.float32(siting.goal.radius)), column, -1)
    wrong = names[column] != given.fillna("").to_numpy(dtype=object)
    if not wrong.any():
        return []
    return [_claim("assignment", "not the nearest open site", "the nearest", list(costs.demand_ids[wrong]))]


def _bound_faults(siting: Siting, objective: float, proven: float) -> list[Fault]:
    """Check what the result says of its bound against what the multipliers prove."""
    sign = 1.0 if siting.sense == "minimise" else -1.0
    faults = []
    if not _at_most(sign * siting.root_bound, sign * proven):
        faults.append(_claim("root_bound", f"{siting.root_bound!r}", f"{proven!r}, which the multipliers prove"))
    if not (
        _at_most(sign * siting.bound, sign * objective) and _at_most(sign * siting.root_bound, sign * siting.bound)
    ):
        faults.append(_claim("bound", f"{siting.bound!r}", f"between {siting.root_bound!r} and {objective!r}"))
    if siting.nodes == 0 and not _close(siting.bound, siting.root_bound):
        faults.append(_claim("bound", f"{siting.bound!r} without a tree", f"{siting.root_bound!r}, the root bound"))
    gap = _gap(siting.objective, siting.bound)
    if not (siting.gap == gap or abs(siting.gap - gap) <= _TOLERANCE):
        faults.append(_claim("gap", f"{siting.gap!r}", f"{gap!r}"))
    if siting.status != ("optimal" if gap <= _TOLERANCE else "feasible"):
        faults.append(_claim("status", siting.status, f"what a gap of {gap:.3g} allows"))
    if (siting.stop_reason == "proved") != (siting.status == "optimal"):
        faults.append(_claim("stop_reason", siting.stop_reason, f"one that fits the status {siting.status}"))
    return faults


def _number_fault(name: str, claimed: float, found: float) -> list[Fault]:
    return [] if _close(claimed, found) else [_claim(name, f"{claimed!r}", f"{found!r}, summed again")]


def _claim(name: str, found: str, expected: str, rows: list[str] | None = None) -> Fault:
    remedy = "the result was changed, or belongs to other costs or weights: solve again"
    return Fault(f"siting result: {name}", found, expected, remedy, tuple(map(str, rows or ())))


def _gap(objective: float, bound: float) -> float:
    if objective == bound:
        return 0.0
    return abs(objective - bound) / abs(objective) if objective else math.inf


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=0.0)


def _at_most(low: float, high: float) -> bool:
    return low <= high or _close(low, high)
