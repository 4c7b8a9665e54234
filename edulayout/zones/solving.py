"""The solver: prices and cuts give a bound, bridges are decided, zones grow and move, a programme closes the gap."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from edulayout.errors import Fault, InfeasibleError
from edulayout.kernels.zone_moves import anneal
from edulayout.kernels.zones import plant
from edulayout.zones.bounding import Relaxation, price_seats, relax
from edulayout.zones.crossings import Choice, Crossings, crossings, search, settled
from edulayout.zones.exact import Limits, solve_exactly

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, FloatArray, IntArray, Progress
    from edulayout.zones.question import Question

StopReason = Literal["proved", "gap", "time", "effort", "interrupt"]

OPTIMAL = 1e-9
"""Relative difference of objective and bound up to which a plan is called optimal."""

EXACT_ARCS = 3000
"""Pairs of block and school, after those that no better plan can use are gone, up to which the programme is asked."""

_RESCUES = 200
_TRIES = 200
_FEW_BLOCKS = 2000
_QUICK = 20
_MOST_TRIES = 100_000_000
_ROUNDS = 6
_MORE_ROUNDS = 2
_LEVELS = 40
_TUNINGS = 4
_MORE = 4
_EAGER = 4.0
_TUNED = 0.002
_REPRICINGS = 3
_NODES = 60
_LEAVES = 6
_HOT = 0.2
_COLD = 0.0005
_COOLER = 0.5
_IDLE = 2


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the solver found: zone of every block, its value, pupils over the limits, bounds and what proves them."""

    zone: IntArray
    value: float
    over: float
    bound: float
    root: float
    cut: float
    price: FloatArray
    tilt: FloatArray
    bridges: int
    choices: int
    programme: bool
    nodes: int
    cuts: int
    least_over: float | None
    stop_reason: StopReason
    seconds: float


@dataclass(frozen=True)
class Effort:
    """When to stop: relative gap, how much is tried (1 by default), the time at which it has to be over."""

    gap: float
    much: float
    until: float

    def times(self, number: int) -> int:
        """Return so many tries, by effort."""
        return max(round(number * self.much), 1)


class _StopError(Exception):
    """The gap asked for is reached, or the time is over."""

    def __init__(self, reason: StopReason) -> None:
        self.reason = reason


@dataclass(frozen=True, eq=False)
class _Plan:
    """Whole zones, and the pairs that they were sought among; ordered by pupils over the limits, then by cost."""

    zone: IntArray
    value: tuple[float, float]
    allowed: FloatArray


@dataclass(eq=False)
class _Run:
    """What is known so far; plans are replaced whole."""

    question: Question
    effort: Effort
    random: AnyArray
    progress: Progress
    seats: Relaxation
    cut: Relaxation
    bound: float
    plans: list[_Plan] = field(default_factory=list)
    bridges: int = 0
    choices: int = 0
    programme: bool = False
    nodes: int = 0
    cuts: int = 0
    least_over: float | None = None

    @property
    def best(self) -> _Plan:
        """The best plan so far."""
        return self.plans[0]

    @property
    def fits(self) -> bool:
        """Whether the best zones keep the seats."""
        return self.best.value[0] <= 0.0

    @property
    def cost(self) -> float:
        """What the best zones cost that keep the seats, infinity where none do."""
        return self.best.value[1] if self.plans and self.fits else math.inf

    def check(self) -> None:
        """Stop where the zones are good enough, or the time is over."""
        if relative_gap(self.cost, self.bound) <= max(OPTIMAL / 2, self.effort.gap):
            raise _StopError("gap")
        if time.perf_counter() > self.effort.until:
            raise _StopError("time")

    def keep(self, plan: _Plan) -> None:
        """Keep a plan that is better than the best."""
        if not self.plans or plan.value < self.best.value:
            self.plans = [plan]

    def proven(self, bound: float) -> None:
        """Take a bound, which is not above what the best zones cost."""
        self.bound = max(self.bound, min(bound, self.cost))


def relative_gap(objective: float, bound: float) -> float:
    """Return how far the bound is below the objective, relative to the objective.

    Examples
    --------
    >>> relative_gap(200.0, 190.0), relative_gap(0.0, 0.0)
    (0.05, 0.0)
    """
    if objective <= bound:
        return 0.0
    return (objective - bound) / objective if 0.0 < objective < math.inf else math.inf


def solve(
    question: Question, *, linked: IntArray, today: IntArray, effort: Effort, seed: int, progress: Progress
) -> Outcome:
    """Draw the zones, and prove how good they are as far as the limits allow.

    `linked` are the pairs of blocks that only bridges join; `today` is the zone of every block now, -1 for none, which
    is one of the plans to start from.

    Complexity: O(blocks × schools) for the prices, a decision on a bridge, and a level of the moves; the programme is
    exponential in the worst case and asked only where few pairs are left.
    """
    started = time.perf_counter()
    random = np.array([(seed * 2 + 1) * 0x9E3779B97F4A7C15 % 2**64], dtype=np.uint64)
    progress("zones: prices", 0, 4)
    seats = price_seats(question)
    cut = relax(question, question.cost, seats, rounds=_REPRICINGS)
    run = _Run(question, effort, random, progress, seats, cut, max(seats.bound, cut.bound))
    _plant(run)
    reason: StopReason = "effort"
    try:
        run.check()
        _remember(run, today)
        _tune(run, run.cut, question.cost)
        _cross(run, crossings(question, linked))
        _search(run)
        _prove(run)
    except _StopError as stop:
        reason = stop.reason
    except KeyboardInterrupt:
        reason = "interrupt"
    zone = _with_empty_blocks(run)
    if run.fits and relative_gap(run.cost, run.bound) <= OPTIMAL:
        reason = "proved"
    over, value = run.best.value
    return Outcome(
        zone, value, over, run.bound, seats.bound, cut.bound, seats.price, seats.tilt, run.bridges, run.choices,
        run.programme, run.nodes, run.cuts, run.least_over, reason, time.perf_counter() - started,
    )  # fmt: skip


def _plant(run: _Run) -> None:
    """Turn what the prices wish into whole zones.

    Raises
    ------
    InfeasibleError
        Where blocks stay without a zone.
    """
    zone = _planted(run.question, run.seats.priced(run.question))
    if (zone < 0).any():
        _refuse(run, zone)
    run.keep(_moved(run, zone, run.question.cost, np.zeros(1), 1))


def _remember(run: _Run, today: IntArray) -> None:
    """Start from the zones of today too, made whole where they are not."""
    q = run.question
    known = (today >= 0) & np.isfinite(q.cost[np.arange(len(today)), today])
    if not known.any():
        return
    zone, priced = np.where(known, today, -1), run.seats.priced(q)
    regret = priced - priced.min(axis=1)[:, None]
    plant(q.ptr, q.neighbour, regret, q.home, q.root, zone, _RESCUES)
    if (zone >= 0).all():
        run.keep(_moved(run, zone, q.cost, np.zeros(2), _QUICK * len(zone)))


def _planted(question: Question, priced: FloatArray) -> IntArray:
    """Return the whole zones that grow where every block wishes for its cheapest school, -1 for blocks without one."""
    zone: IntArray = priced.argmin(axis=1).astype(np.int64)
    regret = priced - priced.min(axis=1)[:, None]
    plant(question.ptr, question.neighbour, regret, question.home, question.root, zone, _RESCUES)
    return zone


def _tune(run: _Run, relaxation: Relaxation, allowed: FloatArray) -> None:
    """Change the prices until the zones that grow from them fit: those that prove the bound know of no whole zones."""
    enough = run.effort.times(_TUNINGS)
    q, price, lean = run.question, relaxation.price.copy(), run.question.deviation[:, None] * relaxation.tilt
    cost = np.where(np.isfinite(allowed), relaxation.cost, np.inf)
    each = abs(relaxation.bound) / max(q.pupils.sum(), 1.0)
    step, before = np.full(len(price), 0.5 * each), np.zeros(len(price))
    for number in range(_MORE * enough):
        if relative_gap(run.cost, run.bound) <= _TUNED or (number >= enough and run.cost < math.inf):
            return
        run.check()
        zone = _planted(q, cost + q.pupils[:, None] * price + lean)
        if (zone < 0).any():
            return
        load = np.bincount(zone, weights=q.pupils, minlength=len(price))
        excess = np.clip(_EAGER * (load - q.limit) / np.maximum(q.limit, 1.0), -1.0, 1.0)
        # Steps shrink where a zone swings from too full to too empty (Rprop; Riedmiller and Braun 1993).
        step = np.where(excess * before < 0, 0.5 * step, np.minimum(1.2 * step, each))
        price, before = np.maximum(price + step * excess, 0.0), excess
        run.keep(_moved(run, zone, allowed, np.zeros(2), _QUICK * len(zone)))


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


def _moved(run: _Run, zone: IntArray, allowed: FloatArray, heats: FloatArray, tries: int) -> _Plan:
    """Search from zones by boundary moves over the pairs that are allowed; return the best that was met."""
    q = run.question
    each = q.cost[np.arange(len(zone)), zone].sum() / max(q.pupils.sum(), 1.0)
    penalty = np.maximum(2.0 * run.cut.price, 0.5 * each + 1e-6)
    found, value = zone.copy(), np.full(2, math.inf)
    anneal(
        q.ptr, q.neighbour, allowed, q.pupils, q.deviation, q.limit, q.root, q.balance_cost, penalty,
        zone.copy(), found, value, heats, tries, run.random,
    )  # fmt: skip
    return _Plan(found, (float(value[0]), float(value[1])), allowed)


def _cross(run: _Run, town: Crossings) -> None:
    """Decide whose zone uses each bridge, and grow zones from the most promising decisions."""
    run.check()
    run.bridges = len(town.ends)
    if not run.bridges:
        return
    q = run.question

    def try_out(choice: Choice) -> float:
        run.check()
        run.progress("zones: bridges", 1, 4)
        _realise(run, choice, settled(q, town, choice))
        return run.cost

    limits = run.effort.times(_NODES), run.effort.times(_LEAVES)
    bound, run.choices = search(q, town, run.cut, limits=limits, try_out=try_out)
    run.proven(bound)


def _realise(run: _Run, choice: Choice, allowed: FloatArray) -> None:
    """Grow zones in which the bridges are used as decided, and improve the best of them."""
    if not np.isfinite(allowed).any(axis=1).all():
        return
    own = _Run(run.question, run.effort, run.random, run.progress, run.seats, choice.relaxation, run.bound)
    _tune(own, choice.relaxation, allowed)
    if own.plans:
        heats = _heats(own.best, _HOT / 4, _LEVELS // 2)
        run.keep(_moved(run, own.best.zone, allowed, heats, _per_level(run, 8)))


def _heats(plan: _Plan, hot: float, levels: int) -> FloatArray:
    """Return falling heats, measured by what a block costs; at the end none."""
    each = plan.value[1] / max(len(plan.zone), 1) + 1e-9
    heats: FloatArray = np.r_[each * np.geomspace(hot, _COLD, levels), 0.0, 0.0]
    return heats


def _search(run: _Run) -> None:
    """Repeat the search from the best zones until it finds nothing better.

    Cooler each time; as long as the zones do not fit, hotter each time, since then they have to change much.
    """
    idle, warmth = 0, 1.0
    for number in range(_ROUNDS + _MORE_ROUNDS):
        run.check()
        run.progress("zones: moves", 2, 4)
        if run.fits and number >= _ROUNDS:
            break
        before = run.best.value
        # Bridges as they are first: a zone over a bridge dissolves in heat, and does not come back.
        allowed = run.question.cost if number % 2 else run.best.allowed
        run.keep(_moved(run, run.best.zone, allowed, _heats(run.best, warmth * _HOT, _LEVELS), _per_level(run, 1)))
        idle = idle + 1 if run.fits and run.best.value == before else 0
        warmth = warmth * _COOLER if run.fits else 2.0 * warmth
        if idle == _IDLE:
            break


def _per_level(run: _Run, share: int) -> int:
    blocks = max(len(run.question.pupils), _FEW_BLOCKS)
    return min(run.effort.times(_TRIES) * blocks, _MOST_TRIES) // (share * _LEVELS) + 1


def _prove(run: _Run) -> None:
    """Where few pairs are left, ask the programme for something better than the best zones, or that nothing is."""
    run.check()
    q = run.question
    arcs = run.cut.useful(q, run.cost) & q.allowed if run.fits else q.allowed
    limits = Limits(run.effort.gap, run.effort.until)
    if int(arcs.sum()) > EXACT_ARCS * min(run.effort.much, 1.0):
        return
    run.progress("zones: programme", 3, 4)
    run.programme = True
    start = run.best.zone if run.fits else np.empty(0, dtype=np.int64)
    found = solve_exactly(q, arcs, start, limits, elastic=False)
    run.nodes, run.cuts = run.nodes + found.nodes, run.cuts + found.cuts
    if len(found.zone):
        run.keep(_moved(run, found.zone, q.cost, np.zeros(0), 1))
    if run.fits:
        run.proven(found.bound)
    elif found.solved:
        _prove_shortage(run)
    run.check()


def _prove_shortage(run: _Run) -> None:
    """Find how many seats are missing at least, where no whole zones keep the seats."""
    limits = Limits(0.0, run.effort.until)
    found = solve_exactly(run.question, run.question.allowed, run.best.zone, limits, elastic=True)
    run.nodes, run.cuts = run.nodes + found.nodes, run.cuts + found.cuts
    if len(found.zone):
        run.keep(_moved(run, found.zone, run.question.cost, np.zeros(0), 1))
        run.least_over = max(found.bound, 0.0)


def _with_empty_blocks(run: _Run) -> IntArray:
    """Give blocks without pupils, which cost nothing anywhere, to the nearest school, zones staying whole."""
    q, zone = run.question, run.best.zone
    empty = (q.pupils == 0) & (q.deviation == 0)
    if not empty.any():
        return zone
    walk = np.where(np.isfinite(q.cost) & empty[:, None], q.walk, np.inf)
    walk[~empty, zone[~empty]] = 0.0
    zeros, limit = np.zeros(len(empty)), np.full(len(q.limit), np.inf)
    best, found = np.full(2, math.inf), zone.copy()
    anneal(
        q.ptr, q.neighbour, walk, zeros, zeros, limit, q.root, 0.0, np.zeros(len(limit)),
        zone.copy(), found, best, np.zeros(4), 40 * len(zone), run.random,
    )  # fmt: skip
    return found
