"""The check of a siting result: every claim again, from the costs and the weights, without a solver."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting.accounts import account, needed, objective_of, proven_bound
from edulayout.siting.gaps import OPTIMAL, relative_gap
from edulayout.siting.levels import read_levels
from edulayout.siting.rules import read_weights
from edulayout.siting.spacing import spacing

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.siting.accounts import Account
    from edulayout.siting.gaps import StopReason
    from edulayout.siting.rules import Goal, Rules
    from edulayout.typing import FloatArray


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
class Statement:
    """What a result claims; `Siting` says what each field means."""

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


def check(siting: Statement, costs: TravelCosts, weights: pd.Series[float] | None) -> Certificate:
    """Check every claim of a result again; complexity O(pairs).

    Raises
    ------
    InputError
        Where a claim does not hold, or costs and weights do not fit the result.
    """
    pupils = read_weights(costs, weights)
    faults = _rule_faults(siting, costs)
    if faults:
        raise InputError(*faults)
    goal, rules = siting.goal, siting.rules
    if goal.name == "p_dispersion":
        return _check_spacing(siting, costs)
    found = account(costs, rules, read_levels(costs, goal), opened=siting.opened)
    objective, unreachable, charged = objective_of(goal, found, pupils, opened=len(siting.opened))
    price = np.asarray(siting.multipliers, dtype=np.float64)
    proven = proven_bound(costs, rules, goal, found=found, weights=pupils, price=price, claim=siting.root_bound)
    faults = [
        *_assignment_faults(siting, costs, found),
        *_cover_faults(siting, found, pupils),
        *_number_fault("objective", siting.objective, objective),
        *_number_fault("unreachable_weight", siting.unreachable_weight, unreachable),
        *_number_fault("charged_weight", siting.charged_weight, charged),
        *_bound_faults(siting, objective, proven),
    ]
    if faults:
        raise InputError(*faults)
    return Certificate(objective, proven, relative_gap(objective, proven), siting.bound, siting.gap)


def _check_spacing(siting: Statement, costs: TravelCosts) -> Certificate:
    """Check a dispersion: the least distance between open sites, and the pigeonholes that bound it."""
    near = spacing(costs, siting.rules)
    objective = near.least(siting.opened, siting.rules)
    holes = np.asarray(siting.multipliers, dtype=np.float64)
    proven = near.proven(holes, siting.rules, siting.root_bound)
    faults = [*_number_fault("objective", siting.objective, objective), *_bound_faults(siting, objective, proven)]
    if faults:
        raise InputError(*faults)
    return Certificate(objective, proven, relative_gap(objective, proven), siting.bound, siting.gap)


def _rule_faults(siting: Statement, costs: TravelCosts) -> list[Fault]:
    rules, found = siting.rules, set(siting.opened)
    group_of = dict(zip(rules.candidates, rules.group_of, strict=True))
    strange = sorted(found - set(group_of))
    if not siting.multipliers.index.equals(costs.demand_ids):
        return [_claim("multipliers", "other demand ids", "those of the costs, in their order")]
    missing = sorted({*rules.candidates, *rules.existing} - set(costs.school_ids))
    counts = np.bincount([group_of[name] for name in siting.opened if name in group_of], minlength=len(rules.quota))
    exact = siting.goal.name != "set_cover"
    faults = [
        _claim(f"opened in {name}", f"{int(count)} sites", f"{'' if exact else 'at most '}{quota} sites")
        for name, count, quota in zip(rules.groups, counts, rules.quota, strict=True)
        if (count != quota if exact else count > quota)
    ]
    if strange or len(found) != len(siting.opened) or siting.existing != rules.existing:
        faults.append(_claim("opened", "sites that are no candidates, or stand twice", "candidates, once", strange))
    if missing:
        faults.append(_claim("costs", "sites of the result that are no column", "all of them", missing))
    return faults


def _assignment_faults(siting: Statement, costs: TravelCosts, found: Account) -> list[Fault]:
    """Compare every assignment with the nearest open site."""
    given = siting.assignment
    if not given.index.equals(costs.demand_ids):
        return [_claim("assignment", "other demand ids", "those of the costs, in their order")]
    position = pd.Index(found.names, dtype="str").get_indexer(pd.Index(given))
    wrong = (position != found.site) | ((position < 0) & given.notna().to_numpy())
    if not wrong.any():
        return []
    return [_claim("assignment", "not the nearest open site", "the nearest", list(costs.demand_ids[wrong]))]


def _cover_faults(siting: Statement, found: Account, pupils: FloatArray) -> list[Fault]:
    if siting.goal.name != "set_cover":
        return []
    covered = math.fsum(pupils[np.isfinite(found.level)])
    least = needed(siting.goal, pupils, found.reached)
    if covered >= least:
        return []
    return [_claim("opened", f"sites that cover {covered:.10g}", f"a cover of {least:.10g} at least")]


def _bound_faults(siting: Statement, objective: float, proven: float) -> list[Fault]:
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
    gap = relative_gap(siting.objective, siting.bound)
    if not (siting.gap == gap or abs(siting.gap - gap) <= OPTIMAL):
        faults.append(_claim("gap", f"{siting.gap!r}", f"{gap!r}"))
    if siting.status != ("optimal" if gap <= OPTIMAL else "feasible"):
        faults.append(_claim("status", siting.status, f"what a gap of {gap:.3g} allows"))
    if (siting.stop_reason == "proved") != (siting.status == "optimal"):
        faults.append(_claim("stop_reason", siting.stop_reason, f"one that fits the status {siting.status}"))
    return faults


def _number_fault(name: str, claimed: float, found: float) -> list[Fault]:
    return [] if _close(claimed, found) else [_claim(name, f"{claimed!r}", f"{found!r}, summed again")]


def _claim(name: str, found: str, expected: str, rows: list[str] | None = None) -> Fault:
    remedy = "the result was changed, or belongs to other costs or weights: solve again"
    return Fault(f"siting result: {name}", found, expected, remedy, tuple(map(str, rows or ())))


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=OPTIMAL, abs_tol=0.0)


def _at_most(low: float, high: float) -> bool:
    return low <= high or _close(low, high)
