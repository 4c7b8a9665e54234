"""The solver: prices and cuts give a bound, bridges are decided, zones grow and move, a programme closes the gap."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edulayout.errors import Fault, InfeasibleError
from edulayout.kernels.zone_moves import anneal
from edulayout.kernels.zones import plant
from edulayout.zones.bounding import Relaxation, price_seats, relax
from edulayout.zones.crossings import Choice, Crossings, crossings, search, settled
from edulayout.zones.exact import Limits, solve_exactly
from edulayout.zones.question import tolerance_of
from edulayout.zones.run import OPTIMAL, Outcome, Plan, Run, StopError, relative_gap

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, IntArray, Progress
    from edulayout.zones.question import Question
    from edulayout.zones.run import Effort, StopReason

EXACT_ARCS = 3000
"""Pairs of block and school, after those that no better plan can use are gone, up to which the programme is asked."""

WORTH = 0.01
"""Relative gap above which more than the effort asked for is tried."""

_FACTORS = (2.0, 4.0, 8.0)
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
    run = Run(question, effort, random, progress, seats, cut, max(seats.bound, cut.bound))
    _plant(run)
    reason: StopReason = "effort"
    try:
        run.check()
        _remember(run, today)
        _tune(run, run.cut, question.cost)
        _cross(run, crossings(question, linked))
        _search(run)
        _persist(run)
        _prove(run)
    except StopError as stop:
        reason = stop.reason
    except KeyboardInterrupt:
        reason = "interrupt"
    zone = _with_empty_blocks(run)
    if run.fits and relative_gap(run.cost, run.bound) <= OPTIMAL:
        reason = "proved"
    over, value = run.best.value
    return Outcome(
        zone, value, over, run.bound, seats.bound, cut.bound, seats.price, seats.tilt, run.bridges, run.choices,
        run.programme, run.nodes, run.cuts, run.least_over, run.least_tolerance, reason, time.perf_counter() - started,
    )  # fmt: skip


def _plant(run: Run) -> None:
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


def _remember(run: Run, today: IntArray) -> None:
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


def _tune(run: Run, relaxation: Relaxation, allowed: FloatArray) -> None:
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


def _refuse(run: Run, zone: IntArray) -> None:
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


def _moved(run: Run, zone: IntArray, allowed: FloatArray, heats: FloatArray, tries: int) -> Plan:
    """Search from zones by boundary moves over the pairs that are allowed; return the best that was met."""
    q = run.question
    each = q.cost[np.arange(len(zone)), zone].sum() / max(q.pupils.sum(), 1.0)
    penalty = np.maximum(2.0 * run.cut.price, 0.5 * each + 1e-6)
    found, value = zone.copy(), np.full(2, math.inf)
    anneal(
        q.ptr, q.neighbour, allowed, q.pupils, q.deviation, q.limit, q.root, q.balance_cost, penalty,
        zone.copy(), found, value, heats, tries, run.random,
    )  # fmt: skip
    return Plan(found, (float(value[0]), float(value[1])), allowed)


def _cross(run: Run, town: Crossings) -> None:
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


def _realise(run: Run, choice: Choice, allowed: FloatArray) -> None:
    """Grow zones in which the bridges are used as decided, and improve the best of them."""
    if not np.isfinite(allowed).any(axis=1).all():
        return
    own = Run(run.question, run.effort, run.random, run.progress, run.seats, choice.relaxation, run.bound)
    try:
        _tune(own, choice.relaxation, allowed)
    finally:
        # The tuning may stop because its plan is good enough: that plan is the answer.
        if own.plans:
            run.keep(own.best)
    if own.plans:
        heats = _heats(own.best, _HOT / 4, _LEVELS // 2)
        run.keep(_moved(run, own.best.zone, allowed, heats, _per_level(run, 8)))


def _heats(plan: Plan, hot: float, levels: int) -> FloatArray:
    """Return falling heats, measured by what a block costs; at the end none."""
    each = plan.value[1] / max(len(plan.zone), 1) + 1e-9
    heats: FloatArray = np.r_[each * np.geomspace(hot, _COLD, levels), 0.0, 0.0]
    return heats


def _search(run: Run) -> None:
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


def _persist(run: Run) -> None:
    """Try more, and more again, as long as the zones that fit are far above the bound."""
    asked = run.effort
    for factor in _FACTORS:
        if not run.fits or relative_gap(run.cost, run.bound) <= WORTH:
            break
        run.effort = replace(asked, much=factor * asked.much)
        _tune(run, run.cut, run.question.cost)
        _search(run)
    run.effort = asked


def _per_level(run: Run, share: int) -> int:
    blocks = max(len(run.question.pupils), _FEW_BLOCKS)
    return min(run.effort.times(_TRIES) * blocks, _MOST_TRIES) // (share * _LEVELS) + 1


def _prove(run: Run) -> None:
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
    found = solve_exactly(q, arcs, start, limits, goal="cost")
    run.nodes, run.cuts = run.nodes + found.nodes, run.cuts + found.cuts
    if len(found.zone):
        run.keep(_moved(run, found.zone, q.cost, np.zeros(0), 1))
    if run.fits:
        run.proven(found.bound)
    elif found.solved:
        _prove_shortage(run)
    run.check()


def _prove_shortage(run: Run) -> None:
    """Find how many seats are missing at least, and which tolerance would do, where no whole zones keep the seats."""
    q, limits = run.question, Limits(0.0, run.effort.until)
    found = solve_exactly(q, q.allowed, run.best.zone, limits, goal="over")
    run.nodes, run.cuts = run.nodes + found.nodes, run.cuts + found.cuts
    if not len(found.zone):
        return
    run.keep(_moved(run, found.zone, q.cost, np.zeros(0), 1))
    run.least_over = max(found.bound, 0.0)
    wider = solve_exactly(q, q.allowed, run.best.zone, limits, goal="tolerance")
    run.nodes, run.cuts = run.nodes + wider.nodes, run.cuts + wider.cuts
    if wider.solved and len(wider.zone):
        load = np.bincount(wider.zone, weights=q.pupils, minlength=len(q.limit)).astype(np.float64)
        run.least_tolerance = tolerance_of(load, q.seats)


def _with_empty_blocks(run: Run) -> IntArray:
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
