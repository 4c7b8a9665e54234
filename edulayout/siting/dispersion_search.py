"""Sites as far from each other as possible: which distance can be kept, and pigeonholes that refute the next."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from edulayout.kernels import siting_spread as kernels
from edulayout.siting.spacing import spacing, too_few_holes

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.siting.gaps import StopReason
    from edulayout.siting.rules import Limits, Rules
    from edulayout.siting.spacing import Spacing
    from edulayout.typing import BoolArray, FloatArray, IntArray, Progress

_HALF = 0.5
_LONGEST = 1e9
_CASES = 10_000
"""Cases that the search by hand may take; what it does not decide goes to HiGHS."""


@dataclass(frozen=True, eq=False)
class Dispersion:
    """What was found: the choice, the least distance not refuted, the one that pigeonholes refute, and the holes."""

    chosen: tuple[str, ...]
    objective: float
    bound: float
    root: float
    hole_of_row: FloatArray
    nodes: int
    stop_reason: StopReason
    seconds: float


@dataclass(eq=False)
class _Search:
    near: Spacing
    rules: Rules
    limits: Limits
    started: float
    levels: FloatArray
    group: IntArray
    best: IntArray
    least: float
    high: float = np.inf
    root: float = np.inf
    hole: IntArray | None = None
    nodes: int = 0

    @property
    def left(self) -> float:
        """Seconds that are left."""
        if self.limits.time_limit is None:
            return np.inf
        return self.limits.time_limit - (time.perf_counter() - self.started)


def solve_dispersion(costs: TravelCosts, rules: Rules, *, limits: Limits, progress: Progress) -> Dispersion:
    """Halve the interval of distances; each is kept by a choice, refuted by pigeonholes, or refuted by a tree.

    Complexity: O(candidates² log candidates), and log2 of it independent-set problems.
    """
    search = _begin(costs, rules, limits)
    try:
        reason = _halve(search, progress)
    except KeyboardInterrupt:
        reason = "interrupt"
    if search.high <= search.least:
        reason = "proved"
    holes = np.zeros(costs.shape[0])
    assert search.hole is not None
    holes[search.near.row] = search.hole
    names = tuple(sorted(rules.candidates[k] for k in search.best))
    seconds = time.perf_counter() - search.started
    return Dispersion(names, search.least, search.high, search.root, holes, search.nodes, reason, seconds)


def _begin(costs: TravelCosts, rules: Rules, limits: Limits) -> _Search:
    started = time.perf_counter()
    near = spacing(costs, rules)
    group, quota = np.asarray(rules.group_of, dtype=np.int64), np.asarray(rules.quota)
    usable = quota[group] > 0
    table = np.concatenate([near.between[np.ix_(usable, usable)].ravel(), near.to_existing[usable]])
    levels = np.unique(table[np.isfinite(table)])
    chosen = _greedy(near, rules)
    search = _Search(near, rules, limits, started, levels, group, chosen, near.of(chosen))
    _refute_by_holes(search, float(levels[-1]))
    return search


def _greedy(near: Spacing, rules: Rules) -> IntArray:
    """Open the candidate that is farthest from all open ones, until the quotas are met."""
    group, quota = np.asarray(rules.group_of, dtype=np.int64), np.asarray(rules.quota).copy()
    away = near.to_existing.copy()
    if not np.isfinite(away).any():
        away = np.where(np.isfinite(near.between), near.between, 0.0).max(axis=1, initial=0.0)
    chosen: list[int] = []
    for _ in range(int(quota.sum())):
        free = quota[group] > 0
        free[chosen] = False
        pick = int(np.where(free, away, -1.0).argmax())
        chosen.append(pick)
        quota[group[pick]] -= 1
        away = near.between[pick] if len(chosen) == 1 and not np.isfinite(near.to_existing).any() else away
        away = np.minimum(away, near.between[pick])
    return np.array(chosen, dtype=np.int64)


def _halve(search: _Search, progress: Progress) -> StopReason:
    while search.high > search.least:
        if search.limits.gap > 0 and search.high - search.least <= search.limits.gap * search.least:
            return "gap"
        if search.left <= 0:
            return "time"
        between = search.levels[(search.levels > search.least) & (search.levels <= search.high)]
        progress("siting: distance", len(search.levels) - len(between), len(search.levels))
        distance = float(between[(len(between) - 1) // 2])
        below = float(search.levels[np.searchsorted(search.levels, distance) - 1])
        if not _refute_by_holes(search, below) and not _decide(search, distance, below):
            return "time"
    return "proved"


def _refute_by_holes(search: _Search, claim: float) -> bool:
    """Prove, where few enough holes are found, that no choice is farther apart than the claim."""
    hole = _holes(search, claim)
    if claim < search.least or not too_few_holes(hole, search.rules):
        return False
    search.high = search.root = claim
    search.hole = hole
    return True


def _holes(search: _Search, claim: float) -> IntArray:
    """Put every candidate into the first hole whose members all lie within the claim of it."""
    group, quota = search.group, np.asarray(search.rules.quota)
    hole = np.where(search.near.to_existing <= claim, -1, 0)
    members: list[BoolArray] = []
    close = search.near.between <= claim
    for k in np.argsort(close.sum(axis=1), kind="stable"):
        if hole[k] < 0 or quota[group[k]] == 0:
            continue
        for number, own in enumerate(members):
            if close[k, own].all():
                own[k], hole[k] = True, number
                break
        else:
            members.append(np.arange(len(hole)) == k)
            hole[k] = len(members) - 1
    return hole


def _decide(search: _Search, distance: float, below: float) -> bool:
    """Find a choice that keeps the distance, or refute it by a tree; return whether one of both was done."""
    chosen, answer, nodes = _spread(search, distance)
    search.nodes += nodes
    if answer == "found" and chosen is not None:
        search.best, search.least = chosen, search.near.of(chosen)
    elif answer == "refused":
        search.high = below
    return answer != "unknown"


def _spread(search: _Search, distance: float) -> tuple[IntArray | None, Literal["found", "refused", "unknown"], int]:
    """Ask for a choice within the quotas of which no two are nearer than the distance."""
    quota = np.asarray(search.rules.quota, dtype=np.int64)
    usable = np.flatnonzero((search.near.to_existing >= distance) & (quota[search.group] > 0))
    if (np.bincount(search.group[usable], minlength=len(quota)) < quota).any():
        return None, "refused", 0
    close, chosen = search.near.between[np.ix_(usable, usable)] < distance, np.zeros(len(usable), dtype=np.bool_)
    answer, cases = kernels.spread(close, search.group[usable], quota, _CASES, chosen)
    if answer == kernels.FOUND:
        return usable[chosen], "found", cases
    if answer == kernels.REFUSED:
        return None, "refused", cases
    return _program(search, usable, distance)


def _program(
    search: _Search, usable: IntArray, distance: float
) -> tuple[IntArray | None, Literal["found", "refused", "unknown"], int]:
    """Ask HiGHS."""
    import highspy  # noqa: PLC0415 - heavy; only where a program is solved

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    options = {"output_flag": False, "threads": 1, "random_seed": 0, "time_limit": min(max(search.left, 0.0), _LONGEST)}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(_model(search, usable, distance, highspy))
    solver.run()
    status = solver.getModelStatus()
    nodes = max(1, int(solver.getInfo().mip_node_count))
    if status == highspy.HighsModelStatus.kInfeasible:
        return None, "refused", nodes
    values = np.array(solver.getSolution().col_value)
    chosen = usable[values > _HALF] if len(values) == len(usable) else np.empty(0, dtype=np.int64)
    kept = np.array_equal(np.bincount(search.group[chosen], minlength=len(search.rules.quota)), search.rules.quota)
    if kept and search.near.of(chosen) >= distance:
        return chosen, "found", nodes
    return None, "unknown", nodes


def _model(search: _Search, usable: IntArray, distance: float, highspy: Any) -> Any:  # noqa: ANN401 - untyped library
    """Return the model: every clique of near candidates holds one at most, every group its quota."""
    close = search.near.between[np.ix_(usable, usable)] < distance
    cliques = _cliques(close)
    quota = np.asarray(search.rules.quota)
    members = [*cliques, *(np.flatnonzero(search.group[usable] == g) for g in range(len(quota)))]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(usable), len(members)
    model.col_cost_, model.col_lower_ = np.zeros(len(usable)), np.zeros(len(usable))
    model.col_upper_ = np.ones(len(usable))
    model.row_lower_ = np.concatenate([np.zeros(len(cliques)), quota.astype(np.float64)])
    model.row_upper_ = np.concatenate([np.ones(len(cliques)), quota.astype(np.float64)])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum([len(part) for part in members])]).astype(np.int32)
    model.a_matrix_.index_ = np.concatenate(members).astype(np.int32)
    model.a_matrix_.value_ = np.ones(len(model.a_matrix_.index_))
    model.integrality_ = [highspy.HighsVarType.kInteger] * len(usable)
    return model


def _cliques(close: BoolArray) -> list[IntArray]:
    """Cover all near pairs by sets that are near throughout, greedily."""
    open_pairs = np.triu(close, 1)
    cliques = []
    for one in range(len(close)):
        while open_pairs[one].any():
            other = int(open_pairs[one].argmax())
            members, common = [one, other], close[one] & close[other]
            while common.any():
                pick = int(np.where(common, open_pairs[members].sum(axis=0), -1).argmax())
                members.append(pick)
                common &= close[pick]
            clique = np.sort(members)
            open_pairs[np.ix_(clique, clique)] = False
            cliques.append(clique)
    return cliques
