"""The solver: prices of seats give a bound, growth and boundary moves give zones, a 0-1 programme closes the gap."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from edulayout.errors import Fault, InfeasibleError
from edulayout.kernels import zones as kernels
from edulayout.zones.exact import Limits, solve_exactly

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray, Progress
    from edulayout.zones.question import Question

StopReason = Literal["proved", "gap", "time", "effort", "interrupt"]

OPTIMAL = 1e-9
"""Relative difference of objective and bound up to which a plan is called optimal."""

EXACT_ARCS = 6000
"""Pairs of block and school, after those that no better plan can use are gone, up to which the programme is asked."""

_STEPS = 4000
_RESCUES = 200
_LEVELS = 40
_TRIES = 5000
_MOST_TRIES = 100_000_000
_ROUNDS = 6
_MORE_ROUNDS = 2
_TUNINGS = 40
_TUNED = 0.01
_HOT = 0.2
_COLD = 0.0005
_COOLER = 0.5
_IDLE = 2
_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the solver found: zone of every block, its value, pupils over the limits, bounds and what proves them."""

    zone: IntArray
    value: float
    over: float
    bound: float
    root: float
    price: FloatArray
    tilt: FloatArray
    programme: bool
    nodes: int
    cuts: int
    least_over: float | None
    stop_reason: StopReason
    seconds: float


class _StopError(Exception):
    """The gap asked for is reached, or the time is over."""

    def __init__(self, reason: StopReason) -> None:
        self.reason = reason


@dataclass(eq=False)
class _Run:
    """What is known so far; the best zones are replaced whole."""

    question: Question
    gap: float
    until: float
    random: AnyArray
    progress: Progress
    price: FloatArray
    tilt: FloatArray
    zone: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    best: FloatArray = field(default_factory=lambda: np.full(2, math.inf))
    root: float = -math.inf
    bound: float = -math.inf
    programme: bool = False
    nodes: int = 0
    cuts: int = 0
    least_over: float | None = None

    @property
    def fits(self) -> bool:
        """Whether the best zones keep the seats."""
        return bool(self.best[0] <= 0.0)

    def check(self) -> None:
        """Stop where the zones are good enough, or the time is over."""
        if self.fits and relative_gap(self.best[1], self.bound) <= max(OPTIMAL / 2, self.gap):
            raise _StopError("gap")
        if time.perf_counter() > self.until:
            raise _StopError("time")


def relative_gap(objective: float, bound: float) -> float:
    """Return how far the bound is below the objective, relative to the objective.

    Examples
    --------
    >>> relative_gap(200.0, 190.0), relative_gap(0.0, 0.0)
    (0.05, 0.0)
    """
    if objective <= bound:
        return 0.0
    return (objective - bound) / objective if objective else math.inf


def solve(question: Question, *, gap: float, time_limit: float | None, seed: int, progress: Progress) -> Outcome:
    """Draw the zones, and prove how good they are as far as the limits allow.

    Complexity: O(blocks × schools) for a step of the prices and a level of the moves; the programme is exponential in
    the worst case and asked only where few pairs are left.
    """
    started = time.perf_counter()
    state = np.array([(seed * 2 + 1) * 0x9E3779B97F4A7C15 % 2**64], dtype=np.uint64)
    until = math.inf if time_limit is None else started + time_limit
    m = len(question.limit)
    run = _Run(question, gap, until, state, progress, np.zeros(m), np.zeros(m))
    _price(run)
    _plant(run)
    reason: StopReason = "effort"
    try:
        _tune(run)
        _search(run)
        _prove(run)
    except _StopError as stop:
        reason = stop.reason
    except KeyboardInterrupt:
        reason = "interrupt"
    _settle_empty_blocks(run)
    if run.fits and relative_gap(run.best[1], run.bound) <= OPTIMAL:
        reason = "proved"
    return Outcome(
        run.zone, float(run.best[1]), float(run.best[0]), run.bound, run.root, run.price, run.tilt, run.programme,
        run.nodes, run.cuts, run.least_over, reason, time.perf_counter() - started,
    )  # fmt: skip


def _price(run: _Run) -> None:
    """Find the prices of seats, and with them the bound that `verify` can follow."""
    q = run.question
    run.progress("zones: prices", 0, 3)
    run.root = kernels.ascend(q.cost, q.pupils, q.deviation, q.limit, q.balance_cost, _STEPS, run.price, run.tilt)
    run.root = max(run.root, 0.0) if run.root > -_ROUNDING else run.root
    run.bound = run.root


def _priced(run: _Run) -> FloatArray:
    """Return what every block costs with every school, seats included."""
    q = run.question
    priced: FloatArray = q.cost + q.pupils[:, None] * run.price + q.deviation[:, None] * run.tilt
    return priced


def _plant(run: _Run) -> None:
    """Turn what the prices wish into whole zones.

    Raises
    ------
    InfeasibleError
        Where blocks stay without a zone.
    """
    zone = _planted(run.question, _priced(run))
    if (zone < 0).any():
        _refuse(run, zone)
    _anneal(run, zone, np.zeros(1), 1)


def _planted(question: Question, priced: FloatArray) -> IntArray:
    """Return the whole zones that grow where every block wishes for its cheapest school, -1 for blocks without one."""
    zone: IntArray = priced.argmin(axis=1).astype(np.int64)
    regret = priced - priced.min(axis=1)[:, None]
    kernels.plant(question.ptr, question.neighbour, regret, question.home, question.root, zone, _RESCUES)
    return zone


def _tune(run: _Run) -> None:
    """Change the prices until the zones that grow from them fit: those that prove the bound know of no bridges."""
    q, price = run.question, run.price.copy()
    each = run.best[1] / max(q.pupils.sum(), 1.0)
    for number in range(_TUNINGS):
        if run.fits and relative_gap(run.best[1], run.bound) <= _TUNED:
            return
        run.check()
        zone = _planted(q, q.cost + q.pupils[:, None] * price + q.deviation[:, None] * run.tilt)
        if (zone < 0).any():
            return
        load = np.bincount(zone, weights=q.pupils, minlength=len(price))
        change = np.clip((load - q.limit) / np.maximum(q.limit, 1.0), -1.0, 1.0)
        price = np.maximum(price + each * change / (1.0 + number / 8), 0.0)
        _anneal(run, zone, np.zeros(2), 20 * len(zone))


def _refuse(run: _Run, zone: IntArray) -> None:
    q = run.question
    fault = Fault(
        "zones: contiguity",
        f"{int((zone < 0).sum())} blocks that no search could give a contiguous zone within the rules; that none "
        "exists is not proven",
        "a chain of blocks within the rules from every block to a school",
        "raise max_walk, or link these blocks to neighbours (adjacency links=)",
        tuple(q.demand_ids[zone < 0]),
    )
    raise InfeasibleError(fault)


def _anneal(run: _Run, zone: IntArray, heats: FloatArray, tries: int) -> None:
    """Search from zones by boundary moves, and keep what is better than the best."""
    q = run.question
    if not len(run.zone):
        run.zone = zone.copy()
    each = q.cost[np.arange(len(zone)), zone].sum() / max(q.pupils.sum(), 1.0)
    penalty = np.maximum(2.0 * run.price, 0.5 * each + 1e-6)
    kernels.anneal(
        q.ptr, q.neighbour, q.cost, q.pupils, q.deviation, q.limit, q.root, q.balance_cost, penalty,
        zone, run.zone, run.best, heats, tries, run.random,
    )  # fmt: skip


def _search(run: _Run) -> None:
    """Repeat the search from the best zones until it finds nothing better.

    Cooler each time; as long as the zones do not fit, hotter each time, since then they have to change much.
    """
    q, idle, warmth = run.question, 0, 1.0
    scale = run.best[1] / max(len(q.pupils), 1) + 1e-9
    for number in range(_ROUNDS + _MORE_ROUNDS):
        run.check()
        run.progress("zones: moves", number, _ROUNDS + _MORE_ROUNDS)
        before = run.best.copy()
        heats = scale * warmth * np.geomspace(_HOT, _COLD, _LEVELS)
        if run.fits and number >= _ROUNDS:
            break
        # What the proven prices wish is nearest to the bound: the first round starts there.
        start = run.zone.copy() if number else _planted(q, _priced(run))
        _anneal(run, start, np.r_[heats, 0.0, 0.0], min(_TRIES * len(q.pupils), _MOST_TRIES) // _LEVELS + 1)
        idle = idle + 1 if run.fits and tuple(run.best) == tuple(before) else 0
        warmth = warmth * _COOLER if run.fits else 2.0 * warmth
        if idle == _IDLE:
            break


def _prove(run: _Run) -> None:
    """Where few pairs are left, ask the programme for something better than the best zones, or that nothing is."""
    run.check()
    q = run.question
    arcs = _useful(run)
    limits = Limits(run.gap, run.until)
    if int(arcs.sum()) > EXACT_ARCS:
        return
    run.progress("zones: programme", 0, 1)
    run.programme = True
    start = run.zone if run.fits else np.empty(0, dtype=np.int64)
    found = solve_exactly(q, arcs, start, limits, elastic=False)
    run.nodes, run.cuts = run.nodes + found.nodes, run.cuts + found.cuts
    if len(found.zone):
        _anneal(run, found.zone, np.zeros(0), 1)
    if run.fits:
        run.bound = max(run.bound, min(found.bound, float(run.best[1])))
    elif found.solved:
        _prove_shortage(run)
    run.check()


def _prove_shortage(run: _Run) -> None:
    """Find how many seats are missing at least, where no whole zones keep the seats."""
    found = solve_exactly(run.question, run.question.allowed, run.zone, Limits(0.0, run.until), elastic=True)
    run.nodes, run.cuts = run.nodes + found.nodes, run.cuts + found.cuts
    if len(found.zone):
        _anneal(run, found.zone, np.zeros(0), 1)
        run.least_over = max(found.bound, 0.0)


def _useful(run: _Run) -> BoolArray:
    """Return the pairs that a plan better than the best can use, by their reduced cost."""
    if not run.fits:
        return run.question.allowed
    priced = _priced(run)
    regret = priced - priced.min(axis=1)[:, None]
    useful: BoolArray = regret <= run.best[1] - run.root + _ROUNDING * abs(run.best[1])
    return useful


def _settle_empty_blocks(run: _Run) -> None:
    """Give blocks without pupils, which cost nothing anywhere, to the nearest school, zones staying whole."""
    q = run.question
    empty = (q.pupils == 0) & (q.deviation == 0)
    if not empty.any():
        return
    walk = np.where(np.isfinite(q.cost) & empty[:, None], q.walk, np.inf)
    walk[~empty, run.zone[~empty]] = 0.0
    zeros, limit = np.zeros(len(empty)), np.full(len(q.limit), np.inf)
    best, zone = np.full(2, math.inf), run.zone.copy()
    kernels.anneal(
        q.ptr, q.neighbour, walk, zeros, zeros, limit, q.root, 0.0, np.zeros(len(limit)),
        run.zone.copy(), zone, best, np.zeros(4), 40 * len(zone), run.random,
    )  # fmt: skip
    run.zone = zone
