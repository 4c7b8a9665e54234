"""The solver: a good choice by search, a bound by Lagrangian ascent, a tree that closes what is left between them."""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.kernels import siting as kernels
from edulayout.kernels import siting_ascent
from edulayout.siting.gaps import OPTIMAL, relative_gap
from edulayout.siting.model import midway, shrink

if TYPE_CHECKING:
    from edulayout.siting.gaps import StopReason
    from edulayout.siting.model import Core, Model
    from edulayout.siting.rules import Limits
    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray, Progress

_SLACK = 1e-10
_ROUNDING = 1e-12
_KICKS = 10
_KICKS_OF_LARGE = 100
_LARGE = 250_000
_SMALL = 10_000
_KICK_ROUNDS = 2
_FIRST_ROUNDS = 3
_MORE_ROUNDS = 3
_KICK_EVERY = 16
_KICK_EVERY_LARGE = 4
_NODE_MEMORY = 1 << 28
_ROUNDS = 4
_WORTHWHILE = 0.02
_CLOSE = 1.05


class _Effort(NamedTuple):
    """How hard the ascent tries: first step, steps in a slice, slices, when to take smaller steps.

    It ends where the last `every` steps closed less than `least_gain` of the gap.

    `polish` searches from the choices met; `root` notes the multipliers, which hold for every choice.
    """

    theta: float
    steps: int
    slices: int
    patience: int
    every: int
    least_gain: float
    polish: bool
    root: bool = False


_ROOT = _Effort(0.3, 50, 1000, 10, 100, 0.005, polish=True, root=True)
_AGAIN = _Effort(0.3, 50, 1000, 10, 100, 0.005, polish=True)
_NODE = _Effort(0.3, 20, 5, 5, 50, 0.05, polish=False)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the solver found, in the terms of the model.

    Parameters
    ----------
    chosen
        Columns of the core that are opened, sorted.
    upper, lower, root
        Value of the choice; what no choice can be below; the same as far as `price` alone proves it.
    price
        Multiplier of every core row.
    nodes
        Nodes of the tree that were looked at.
    stop_reason, seconds
        Why and when it ended.
    """

    chosen: IntArray
    upper: float
    lower: float
    root: float
    price: FloatArray
    nodes: int
    stop_reason: StopReason
    seconds: float


class _Node(NamedTuple):
    bound: float
    number: int
    fixed: AnyArray
    price: FloatArray
    share: FloatArray


class _StopError(Exception):
    """The gap asked for is reached, or the time is over."""

    def __init__(self, reason: StopReason) -> None:
        self.reason = reason


class _Ascent(NamedTuple):
    """Arrays that the ascent carries from slice to slice."""

    price: FloatArray
    best_price: FloatArray
    direction: FloatArray
    share: FloatArray
    mark: AnyArray
    primal: BoolArray
    state: FloatArray


@dataclass(eq=False)
class _Run:
    """What is known so far; the incumbent is replaced whole, so that an interrupt always finds a valid one."""

    model: Model
    limits: Limits
    progress: Progress
    started: float
    random: AnyArray
    best: tuple[float, IntArray] = (math.inf, np.empty(0, dtype=np.int64))
    lower: float = -math.inf
    root: float = -math.inf
    price: FloatArray = field(default_factory=lambda: np.empty(0))
    nodes: int = 0
    met: float = math.inf

    @property
    def large(self) -> bool:
        """Whether a search costs so much that only the best choices met are searched from, and pays so much."""
        return len(self.model.core.cost) > _LARGE

    @property
    def kicks(self) -> int:
        """How many disturbances in one go: a go takes a second at most, since the clock is looked at between goes."""
        return _KICKS_OF_LARGE if self.large else _KICKS

    @property
    def upper(self) -> float:
        return self.best[0]

    def objective(self, value: float) -> float:
        return self.model.offset + self.model.sign * value

    @property
    def goal(self) -> float:
        """Only what can be below it is worth looking at: what reaches the aim, or beats the incumbent by the gap."""
        step, aim = self.model.step, self.limits.aim
        if aim is not None:
            rounding = 2e-6 * step if step > 0 else _SLACK * abs(self.model.offset)
            return self.model.sign * (aim - self.model.offset) + rounding
        least = step * (1 - 1e-6) if step > 0 else _SLACK * abs(self.objective(self.upper))
        return self.upper - max(least, self.limits.gap * abs(self.objective(self.upper)) * (1 - _ROUNDING))

    def raise_bound(self, bound: float) -> None:
        """Take note of a bound that holds for every choice."""
        self.lower = max(self.lower, self.rounded(bound))

    def rounded(self, bound: float) -> float:
        """Return the bound, raised to the next value that a choice can have, and never above the incumbent."""
        step = self.model.step
        if step > 0 and math.isfinite(bound):
            bound = step * math.ceil(bound / step - 1e-6)
        return min(bound, self.upper)

    def offer(self, columns: IntArray, value: float) -> None:
        """Keep a choice that is better than the incumbent."""
        core = self.model.core
        kept = np.array_equal(np.bincount(core.group[columns], minlength=len(core.quota)), core.quota)
        assert kept, "a choice that breaks the quotas must never be offered"
        if math.isinf(self.upper) or value < self.upper - _ROUNDING * abs(self.upper):
            self.best = (value, np.sort(columns))

    def check(self) -> None:
        """Stop where the incumbent is good enough, or the time is over."""
        found, bound, aim = self.objective(self.upper), self.objective(self.lower), self.limits.aim
        if relative_gap(found, bound) <= max(OPTIMAL / 2, self.limits.gap):
            raise _StopError("gap")
        if aim is not None and self.model.sign * (aim - found) >= 0:
            raise _StopError("gap")
        if aim is not None and self.model.sign * (bound - aim) > 0:
            raise _StopError("gap")
        if self.limits.time_limit is not None and time.perf_counter() - self.started > self.limits.time_limit:
            raise _StopError("time")


def solve(model: Model, limits: Limits, *, progress: Progress) -> Outcome:
    """Find the best choice and prove it, or come as near as the limits allow.

    Complexity: O(pairs) per step of the ascent and per sweep of the search; the tree is exponential in the worst case.
    """
    run = _begin(model, limits, progress)
    try:
        _search_tree(run, _search_root(run))
        reason: StopReason = "proved"
    except _StopError as stop:
        reason = stop.reason
    except KeyboardInterrupt:
        reason = "interrupt"
    if relative_gap(run.objective(run.upper), run.objective(run.lower)) <= OPTIMAL:
        reason = "proved"
    seconds = time.perf_counter() - run.started
    return Outcome(run.best[1], run.upper, run.lower, run.root, run.price, run.nodes, reason, seconds)


def _begin(model: Model, limits: Limits, progress: Progress) -> _Run:
    """Return a run that holds a first choice and a bound, both found by one sweep."""
    started, core = time.perf_counter(), model.core
    state = np.array([(limits.seed * 2 + 1) * 0x9E3779B97F4A7C15 % 2**64], dtype=np.uint64)
    run = _Run(model, limits, progress, started, state)
    _improve(run, np.empty(0, dtype=np.int64), kicks=0)
    least = core.cost[core.ptr[:-1]]
    run.price = least
    run.root = run.rounded(math.fsum(least) + core.constant)
    run.raise_bound(run.root)
    return run


def _improve(run: _Run, start: IntArray, *, kicks: int) -> None:
    """Search from a choice (from nothing where it is empty) and keep what is better."""
    core = run.model.core
    chosen = np.zeros(int(core.quota.sum()), dtype=np.int64)
    chosen[: len(start)] = start
    value = kernels.improve(
        core.ptr, core.column, core.cost, core.cap, *core.turned, core.group, core.quota,
        chosen, len(start), kicks, run.random,
    )  # fmt: skip
    run.offer(chosen, value + core.constant)


def _kick(run: _Run, *, rounds: int, most: float = math.inf) -> None:
    """Disturb the best choice and search again, until so many rounds in turn found nothing better, or `most` in all."""
    idle, done = 0, 0
    while idle < rounds and done < most:
        done += 1
        run.check()
        before = run.upper
        _improve(run, run.best[1], kicks=run.kicks)
        idle = 0 if run.upper < before else idle + 1


def _search_root(run: _Run) -> _Node | None:
    """Raise the bound by multipliers alone, so that `verify` can follow it, and better the choice on the way."""
    # A bound is worth more than the last of a good choice: it comes before the long search.
    _kick(run, rounds=_KICK_ROUNDS if len(run.model.core.cost) > _SMALL else 0, most=_FIRST_ROUNDS)
    whole = _Node(
        -math.inf,
        0,
        np.zeros(len(run.model.sites), np.int8),
        midway(run.model.core, run.best[1]),
        np.zeros(len(run.model.sites)),
    )
    node = _tighten(run, whole, _ROOT)
    if node is not None:
        _kick(run, rounds=_MORE_ROUNDS)
    for _ in range(_ROUNDS):
        if node is None:
            return None
        run.nodes += 1
        if not _undecided(run, node):
            return None
        run.check()
        before, node = node.bound, _tighten(run, node, _AGAIN)
        if node is not None:
            run.raise_bound(node.bound)
            if node.bound - before < _WORTHWHILE * (run.goal - before):
                break
    return node


def _search_tree(run: _Run, root: _Node | None) -> None:
    """Branch on the least decided column, best bound first, until nothing better than the incumbent is left."""
    heap = [] if root is None else [root]
    while heap and heap[0].bound <= run.goal:
        node = heapq.heappop(heap)
        run.raise_bound(node.bound)
        run.check()
        if run.limits.nodes is not None and run.nodes >= run.limits.nodes:
            raise _StopError("time")
        run.nodes += 1
        run.progress("siting: tree", run.nodes, run.nodes + len(heap))
        if run.nodes % (_KICK_EVERY_LARGE if run.large else _KICK_EVERY) == 0:
            _improve(run, run.best[1], kicks=run.kicks)
        found = _tighten(run, node, _NODE)
        if found is not None and _undecided(run, found):
            if root is not None and len(heap) * found.price.nbytes > _NODE_MEMORY:
                found = found._replace(price=root.price, share=root.share)
            for child in _branch(found, run.nodes):
                heapq.heappush(heap, child)
    exact = run.model.step > 0 and run.limits.aim is None and run.limits.gap == 0
    run.raise_bound(run.upper if exact else run.goal)
    run.check()


def _tighten(run: _Run, node: _Node, effort: _Effort) -> _Node | None:
    """Raise the bound of a node and fix columns by reduced costs; None where it holds nothing better."""
    core, rows, columns = shrink(run.model.core, node.fixed)
    ascent = _fresh(core, node.price[rows], theta=effort.theta, share=node.share[columns])
    opened = np.flatnonzero(node.fixed == 1)
    for _ in range(effort.slices):
        _slice(run, core, ascent, effort)
        bound = ascent.state[siting_ascent.BEST] + core.constant
        if effort.root:
            _note_root(run, bound, ascent.best_price)
        _offer_primal(
            run, np.concatenate([opened, columns[ascent.primal]]), ascent.state[siting_ascent.PRIMAL], core, effort
        )
        if ascent.state[siting_ascent.DONE] > 0:
            break
        run.check()
    if bound > run.goal:
        return None
    fixed, price, share = node.fixed.copy(), node.price.copy(), node.share.copy()
    fixed[columns], price[rows], share[columns] = ascent.mark, ascent.best_price, ascent.share
    return _Node(max(bound, node.bound), node.number, fixed, price, share)


def _note_root(run: _Run, bound: float, price: FloatArray) -> None:
    if run.rounded(bound) > run.root:
        run.root, run.price = run.rounded(bound), price.copy()
        run.raise_bound(bound)
    run.progress("siting: bound", round(1000 * run.lower / run.upper) if run.upper > 0 else 1000, 1000)


def _offer_primal(run: _Run, choice: IntArray, value: float, core: Core, effort: _Effort) -> None:
    """Keep the choice that the relaxation made; at the root, and where it is close, search from it too."""
    if math.isinf(value):
        return
    value += core.constant
    run.offer(choice, value)
    if effort.polish and value < min(_CLOSE * run.upper, run.met if run.large else math.inf):
        run.met = value
        _improve(run, choice, kicks=0)


def _undecided(run: _Run, node: _Node) -> bool:
    """Return whether more than one choice remains; where only one does, it is offered.

    Groups that are full are closed and groups that need all that is left are opened, in place.
    """
    core, fixed = run.model.core, node.fixed
    free = fixed == 0
    missing = core.quota - np.bincount(core.group[fixed == 1], minlength=len(core.quota))
    left = np.bincount(core.group[free], minlength=len(core.quota))
    if (missing < 0).any() or (missing > left).any():
        return False
    decided = free & ((missing == 0) | (missing == left))[core.group]
    fixed[decided] = np.where(missing > 0, 1, -1)[core.group[decided]]
    if not (fixed == 0).any():
        run.offer(np.flatnonzero(fixed == 1), shrink(core, fixed)[0].constant)
        return False
    return True


def _branch(node: _Node, number: int) -> list[_Node]:
    """Open or close the free column that the relaxation takes nearest to half of the time."""
    doubt = np.where(node.fixed == 0, np.abs(node.share - 0.5), math.inf)
    column = int(doubt.argmin())
    children = []
    for k, state in enumerate((1, -1)):
        fixed = node.fixed.copy()
        fixed[column] = state
        children.append(node._replace(number=2 * number + k, fixed=fixed))
    return children


def _fresh(core: Core, price: FloatArray, *, theta: float, share: FloatArray | None = None) -> _Ascent:
    columns = int(core.group_ptr[-1])
    state = np.zeros(8)
    state[siting_ascent.THETA], state[siting_ascent.BLEND] = theta, 0.1
    state[siting_ascent.BEST] = state[siting_ascent.BEFORE] = -math.inf
    price = np.minimum(price, core.cap)
    return _Ascent(
        price,
        price.copy(),
        np.zeros(len(price)),
        np.zeros(columns) if share is None else share,
        np.zeros(columns, dtype=np.int8),
        np.zeros(columns, dtype=np.bool_),
        state,
    )


def _slice(run: _Run, core: Core, ascent: _Ascent, effort: _Effort) -> None:
    """Do one slice of the ascent."""
    column_ptr, column_row, column_cost = core.turned
    siting_ascent.ascend(
        core.ptr, core.column, core.cost, core.cap, column_ptr, column_row, column_cost, core.group_ptr, core.quota,
        run.upper - core.constant, run.upper - run.goal, effort.steps, effort.patience, effort.every, effort.least_gain,
        *ascent,
    )  # fmt: skip
