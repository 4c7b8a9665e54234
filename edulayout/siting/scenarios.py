"""One choice for several futures: least regret, or the least bad worst case, over the variants of a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from edulayout.errors import Fault, InputError
from edulayout.siting.accounts import account, objective_of
from edulayout.siting.gaps import OPTIMAL, relative_gap
from edulayout.siting.levels import read_levels
from edulayout.siting.swapping import Swaps

if TYPE_CHECKING:
    from collections.abc import Callable

    from edulayout.costs import TravelCosts
    from edulayout.siting.levels import Levels
    from edulayout.siting.result import Siting
    from edulayout.siting.rules import Goal, Rules
    from edulayout.typing import FloatArray

Aim = Literal["regret", "worst_case"]
_LINEAR = frozenset({"p_median", "max_coverage"})
_DIGITS = 12
_STARTS = 8


@dataclass(frozen=True, eq=False)
class Robust:
    """A choice for several futures, and what it gives up in each.

    Parameters
    ----------
    opened, existing
        Ids of the sites to open, and of those that are open anyway, sorted.
    assignment
        The nearest open site of every demand row, as in `Siting`.
    table
        One row for each choice that was looked at (`plan`, a number from 0) and future: `variant`, `value` (the
        objective of the choice in that future), `best` (the best value known there), `regret` (what it gives up, ≥ 0),
        `chosen`.
    objective
        Of the choice: its greatest regret, or its worst value, over the futures.
    bound
        No choice that keeps the rules has a lower one (worst case of coverage: a higher one), given `best`.
    gap, status
        As in `Siting`. Where the bound is not met, the choice may still be the best: no mixture of futures proves it.
    aim
        `regret` or `worst_case`.
    mixture
        The weight of every future in the mixture that proves the bound.
    rules, goal
        The question: candidates, groups and quotas; what was measured.
    """

    opened: tuple[str, ...]
    existing: tuple[str, ...]
    assignment: pd.Series[str]
    table: pd.DataFrame
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    aim: Aim
    mixture: pd.Series[float]
    rules: Rules
    goal: Goal

    def __repr__(self) -> str:
        found = f"{self.aim} {self.objective:.10g}, bound {self.bound:.10g}, gap {self.gap:.2%}, {self.status}"
        return f"Robust({self.goal.name}: {len(self.opened)} new, {found})"


class _Question(NamedTuple):
    """What stays the same for every choice; pupils are rows × futures, in the order of the costs."""

    costs: TravelCosts
    pupils: FloatArray
    levels: Levels
    rules: Rules
    goal: Goal
    aim: Aim

    @property
    def sign(self) -> float:
        return 1.0 if self.goal.sense == "minimise" else -1.0

    def losses(self, opened: tuple[str, ...]) -> FloatArray:
        """Return what a choice costs in every future: its objective, negative where more is better."""
        seen = account(self.costs, self.rules, self.levels, opened=opened)
        found = [objective_of(self.goal, seen, column, opened=len(opened))[0] for column in self.pupils.T]
        return np.array(found) * self.sign


class _Seen(NamedTuple):
    """The choices looked at, what they cost in every future, and the least that any of them costs there."""

    plans: tuple[tuple[str, ...], ...]
    losses: FloatArray
    best: FloatArray

    def zero(self, aim: Aim) -> FloatArray:
        """Return what a choice is compared with in every future."""
        return self.best if aim == "regret" else np.zeros(len(self.best))

    def least(self, aim: Aim) -> tuple[int, float]:
        """Return the choice whose worst future is least bad, and how bad that is; ties go to the first."""
        worst = (self.losses - self.zero(aim)).max(axis=1)
        return int(np.argmin(worst)), float(worst.min())

    def with_plan(self, opened: tuple[str, ...], losses: FloatArray) -> _Seen:
        if opened in self.plans:
            return self
        return _Seen((*self.plans, opened), np.vstack([self.losses, losses]), np.minimum(self.best, losses))


def robust(
    costs: TravelCosts,
    futures: pd.DataFrame,
    ask: Callable[[pd.Series[float]], Siting],
    *,
    aim: Aim = "regret",
    rounds: int = 60,
) -> Robust:
    """Choose sites for several futures at once.

    Parameters
    ----------
    costs
        Those that `ask` uses.
    futures
        Pupils of every demand row (index) in every future (columns), such as the variants of a forecast.
    ask
        Answers the question for one Series of pupils: `functools.partial(el.siting.p_median, costs, quotas=…)`.
        p-median or maximal coverage, without capacities: their objectives are sums over pupils.
    aim
        `regret`: least greatest difference to the best choice for a future. `worst_case`: best worst value.
    rounds
        Mixtures of futures to ask at most, besides the futures themselves.

    Returns
    -------
    Robust
        The choice, its value and regret in each future, and the bound.

    Raises
    ------
    InputError
        Where futures are missing, hold numbers that cannot be, or `ask` answers another question.

    Notes
    -----
    A choice is worth a sum over pupils. For a mixture of futures, the best choice for the mixed pupils is therefore no
    worse than any choice is in its worst future: a lower bound. The mixture that proves most is found by cutting planes
    (J. E. Kelley, The cutting-plane method for solving convex programs, J. SIAM 8, 1960, 703-712); each asks for one
    more choice. The best of them are then bettered by exchanging single sites within their groups. For the two aims see
    P. Kouvelis and G. Yu, Robust Discrete Optimization and Its Applications (1997). Complexity: futures + rounds
    questions at most, and O(opened sites × pairs × futures) for an exchange.

    Examples
    --------
    Pupils at either end of a street or the other; a school in the middle regrets least.

    >>> import functools, pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[0, 50, 100], [100, 50, 0]], demand_ids=["w", "e"],
    ...                                   school_ids=["s0", "s50", "s100"], unit="metres")
    >>> futures = pd.DataFrame({"west": [10.0, 0.0], "east": [0.0, 10.0]}, index=["w", "e"])
    >>> found = robust(costs, futures, functools.partial(el.siting.p_median, costs, p=1))
    >>> found.opened, found.objective, round(found.bound, 3)
    (('s50',), 500.0, 500.0)
    """
    _check(costs, futures, aim)
    pupils = futures.reindex(costs.demand_ids).astype(np.float64)
    alone = [ask(pupils[name]) for name in pupils.columns]
    question = _question(costs, pupils, alone[0], aim)
    seen = _Seen((), np.empty((0, pupils.shape[1])), np.full(pupils.shape[1], np.inf))
    for plan in alone:
        seen = seen.with_plan(plan.opened, question.losses(plan.opened))
    proofs, seen = _cut(question, pupils, ask, seen, rounds)
    seen = _bettered(question, seen, _strongest(proofs, seen, question)[0])
    return _told(question, seen, futures.columns, _strongest(proofs, seen, question))


def _check(costs: TravelCosts, futures: pd.DataFrame, aim: str) -> None:
    faults = []
    numbers = futures.to_numpy(dtype=np.float64)
    wrong = (~np.isfinite(numbers) | (numbers < 0)).any(axis=1)
    if not numbers.size:
        faults.append(Fault("futures", "none", "pupils in at least one future", "add a column"))
    if wrong.any():
        rows = tuple(map(str, futures.index[wrong]))
        faults.append(Fault("futures", "negative or missing pupils", "numbers ≥ 0", "correct them", rows))
    lacking = costs.demand_ids.difference(futures.index)
    if len(lacking):
        faults.append(Fault("futures", "demand without pupils", "a row for each", "add them", tuple(map(str, lacking))))
    if aim not in ("regret", "worst_case"):
        faults.append(Fault("aim", repr(aim), "regret or worst_case", "name one of them"))
    if faults:
        raise InputError(*faults)


def _question(costs: TravelCosts, pupils: pd.DataFrame, answer: Siting, aim: Aim) -> _Question:
    if answer.goal.name not in _LINEAR:
        found = f"an answer to {answer.goal.name}"
        raise InputError(Fault("ask", found, "p_median or max_coverage", "ask one of these"))
    levels = read_levels(costs, answer.goal)
    return _Question(costs, pupils.to_numpy(np.float64), levels, answer.rules, answer.goal, aim)


def _cut(
    question: _Question, pupils: pd.DataFrame, ask: Callable[[pd.Series[float]], Siting], seen: _Seen, rounds: int
) -> tuple[list[tuple[float, FloatArray]], _Seen]:
    """Return what mixtures of futures prove (of all choices' mixed loss), and all choices seen on the way."""
    proofs: list[tuple[float, FloatArray]] = []
    for _ in range(max(rounds, 1)):
        share = _mixture(seen, question.aim)
        if any(np.array_equal(share, other) for _, other in proofs):
            break
        plan = ask((pupils * share).sum(axis=1))
        seen = seen.with_plan(plan.opened, question.losses(plan.opened))
        proofs.append((plan.bound * question.sign, share))
        if seen.least(question.aim)[1] - _strongest(proofs, seen, question)[0] <= OPTIMAL:
            break
    return proofs, seen


def _strongest(proofs: list[tuple[float, FloatArray]], seen: _Seen, question: _Question) -> tuple[float, FloatArray]:
    """Return the greatest lower bound on the worst future of any choice, and its mixture."""
    zero = seen.zero(question.aim)
    bounds = [bound - float(share @ zero) for bound, share in proofs]
    at = int(np.argmax(bounds))
    return bounds[at], proofs[at][1]


def _mixture(seen: _Seen, aim: Aim) -> FloatArray:
    """Return the mixture of futures in which the best of the choices seen so far is worst."""
    loss = seen.losses - seen.zero(aim)
    futures = loss.shape[1]
    scale = float(np.abs(loss).max()) or 1.0
    answer = linprog(
        np.append(np.zeros(futures), -1.0), A_ub=np.hstack([-loss / scale, np.ones((len(loss), 1))]),
        b_ub=np.zeros(len(loss)), A_eq=np.append(np.ones(futures), 0.0)[None, :], b_eq=[1.0],
        bounds=[(0, None)] * futures + [(None, None)], method="highs",
    )  # fmt: skip
    assert answer.status == 0, "a mixture always exists"
    assert answer.x is not None, "as above"
    share = np.round(np.clip(answer.x[:futures], 0.0, None), _DIGITS)
    mixed: FloatArray = share / share.sum()
    return mixed


def _bettered(question: _Question, seen: _Seen, bound: float) -> _Seen:
    """Return the choices seen and those that exchanging single sites of the better ones leads to."""
    swaps = Swaps.of(question.costs, question.levels, question.rules)
    worst = (seen.losses - seen.zero(question.aim)).max(axis=1)
    for start in np.argsort(worst, kind="stable")[:_STARTS].tolist():
        if seen.least(question.aim)[1] <= bound:
            break
        seen = _descended(question, seen, swaps, seen.plans[start])
    return seen


def _descended(question: _Question, seen: _Seen, swaps: Swaps, plan: tuple[str, ...]) -> _Seen:
    """Return the choices seen and those on the way down from one of them, each an exchange better than the last."""
    losses = question.losses(plan)
    while True:
        zero = seen.zero(question.aim)
        swapped = swaps.best(plan, question.pupils, zero - losses)
        if swapped is None or swapped in seen.plans:
            return seen
        after = question.losses(swapped)
        if (after - zero).max() >= (losses - zero).max():
            return seen
        seen, plan, losses = seen.with_plan(swapped, after), swapped, after


def _told(question: _Question, seen: _Seen, variants: pd.Index[str], proof: tuple[float, FloatArray]) -> Robust:
    at, worst = seen.least(question.aim)
    # Mixed pupils are sums of products: the bound may pass the value by rounding, never by more.
    bound = min(proof[0], worst)
    sign = 1.0 if question.aim == "regret" else question.sign
    scale = max(abs(worst), float(np.abs(seen.best).max()) * OPTIMAL)
    gap = 0.0 if worst - bound <= OPTIMAL * max(scale, 1.0) else relative_gap(worst, bound)
    index = pd.MultiIndex.from_product([range(len(seen.plans)), variants], names=["plan", "variant"])
    table = pd.DataFrame({"value": (seen.losses * question.sign).ravel()}, index=index).reset_index()
    table["best"] = np.tile(seen.best * question.sign, len(seen.plans))
    table["regret"] = np.maximum((seen.losses - seen.best).ravel(), 0.0)
    table["chosen"] = table["plan"] == at
    chosen = seen.plans[at]
    assigned = account(question.costs, question.rules, question.levels, opened=chosen).assignment(question.costs)
    return Robust(
        opened=chosen,
        existing=question.rules.existing,
        assignment=assigned,
        table=table,
        objective=worst * sign + 0.0,
        bound=bound * sign + 0.0,
        gap=gap,
        status="optimal" if gap <= OPTIMAL else "feasible",
        aim=question.aim,
        mixture=pd.Series(proof[1], index=variants, name="mixture"),
        rules=question.rules,
        goal=question.goal,
    )
