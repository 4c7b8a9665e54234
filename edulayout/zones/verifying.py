"""The check of a plan that asks no solver: everything is found again from costs, adjacency, pupils and seats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total
from edulayout.zones import question as ask
from edulayout.zones.certificate import TOLERANCE, Certificate, at_most, close, gap_of

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.typing import FloatArray, IntArray
    from edulayout.zones.claims import Claims
    from edulayout.zones.neighbours import Adjacency


@dataclass(frozen=True, eq=False)
class _Facts:
    """What the check works on, rows in the order of the costs and columns sorted by id."""

    blocks: pd.Index[str]
    sites: pd.Index[str]
    walk: FloatArray
    cost: FloatArray
    pupils: FloatArray
    beyond: FloatArray
    limit: FloatArray
    zone: IntArray
    home: IntArray
    adjacency: Adjacency


def verify(
    zones: Claims, costs: TravelCosts, adjacency: Adjacency, pupils: pd.Series[float], seats: pd.Series[float]
) -> Certificate:
    """Check every claim of a plan; see `Zones.verify`.

    Raises
    ------
    InputError
        Where something does not hold; one fault for each claim.
    """
    facts = _facts(zones, costs, adjacency, pupils, seats)
    faults = [*_pair_faults(zones, facts), *_whole_faults(facts)]
    if faults:
        raise InputError(*faults)
    inside = facts.zone >= 0
    rows, taken = np.flatnonzero(inside), facts.zone[inside]
    walk, moved, lean = _sums(zones, facts, rows, taken)
    objective = walk + zones.rules.moving_cost * moved + zones.rules.balance_cost * lean
    proven = _dual_bound(zones, facts, inside)
    faults = [
        *_load_faults(zones, facts),
        *_least_faults(zones),
        *_aside_faults(zones, facts),
        *_number_fault("walk", zones.walk, walk),
        *_number_fault("moved", zones.moved, moved),
        *_number_fault("imbalance", zones.imbalance, lean),
        *_number_fault("objective", zones.objective, objective),
        *_bound_faults(zones, objective, proven),
    ]
    if faults:
        raise InputError(*faults)
    gap = math.inf if zones.over > 0 else gap_of(objective, proven)
    return Certificate(
        objective, proven, gap, zones.bound, zones.gap, zones.over, zones.tolerance_needed, zones.least_over,
        zones.least_tolerance,
    )  # fmt: skip


def _facts(
    zones: Claims, costs: TravelCosts, adjacency: Adjacency, pupils: pd.Series[float], seats: pd.Series[float]
) -> _Facts:
    blocks, sites = adjacency.demand_ids, costs.school_ids.sort_values()
    fits = costs.demand_ids.sort_values().equals(blocks) and zones.assignment.index.equals(costs.demand_ids)
    fits = fits and zones.load.index.equals(sites) and zones.seat_price.index.equals(sites)
    if not fits:
        raise InputError(_claim("ids", "other blocks or schools", "those of the costs and the adjacency"))
    head = ask.numbers(pupils, blocks, "pupils")
    room = ask.numbers(seats, sites, "seats") * (1.0 + zones.rules.tolerance)
    walk = ask.dense(costs, blocks, sites)
    names = pd.Index(ask.texts(zones.assignment, blocks), dtype=str)
    unknown = (sites.get_indexer(names) < 0) & (names != "")
    if unknown.any():
        raise InputError(_claim("assignment", "unknown schools", "schools of the costs", list(blocks[unknown])))
    zone = sites.get_indexer(names).astype(np.int64)
    inside = zone >= 0
    members = head if zones.rules.members is None else ask.numbers(zones.rules.members, blocks, "balance")
    beyond = np.zeros(len(blocks))
    beyond[inside] = ask.deviations(members[inside], head[inside])
    home = blocks.get_indexer(pd.Index(ask.texts(zones.rules.homes, sites), dtype=str)).astype(np.int64)
    cost = ask.charges(walk, head, zones.rules, (blocks, sites))
    return _Facts(blocks, sites, walk, cost, head, beyond, room, zone, home, adjacency)


def _pair_faults(zones: Claims, facts: _Facts) -> list[Fault]:
    """Check that every block goes where the rules let it, and every home to its school."""
    rows = np.flatnonzero(facts.zone >= 0)
    kept = ask.obeying(facts.walk, zones.rules, facts.blocks, facts.sites)
    wrong = rows[~kept[rows, facts.zone[rows]]]
    faults = []
    if len(wrong):
        faults.append(_claim("assignment", "pairs that the rules forbid", "allowed pairs", list(facts.blocks[wrong])))
    stray = facts.zone[facts.home] != np.arange(len(facts.sites))
    if stray.any():
        faults.append(_claim("assignment", "schools outside their zone", "each in it", list(facts.sites[stray])))
    return faults


def _whole_faults(facts: _Facts) -> list[Fault]:
    """Check that the neighbours with the same school connect each zone: as many parts as schools."""
    matrix = facts.adjacency.matrix.tocoo()
    same = (facts.zone[matrix.row] == facts.zone[matrix.col]) & (facts.zone[matrix.row] >= 0)
    matrix.data = same.astype(np.int8)
    within = matrix.tocsr()
    within.eliminate_zeros()
    label = connected_components(within, directed=False)[1]
    inside = facts.zone >= 0
    lost = facts.blocks[inside][label[inside] != label[facts.home[facts.zone[inside]]]]
    return [_claim("assignment", "blocks cut off from their zone", "contiguous zones", list(lost))] if len(lost) else []


def _sums(zones: Claims, facts: _Facts, rows: IntArray, taken: IntArray) -> tuple[float, float, float]:
    """Return pupils × way, pupils who move, and the imbalance."""
    walk = total(facts.pupils[rows] * facts.walk[rows, taken])
    moved = 0.0
    if zones.rules.current is not None:
        today = np.asarray(ask.texts(zones.rules.current, facts.blocks), dtype=object)[rows]
        moved = total(facts.pupils[rows][(today != "") & (today != facts.sites.to_numpy(dtype=object)[taken])])
    lean = np.abs(group_totals(facts.beyond[rows], taken, len(facts.sites)))
    return walk, moved, total(lean)


def _dual_bound(zones: Claims, facts: _Facts, inside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Return what the prices prove: each block at its cheapest, less the price of all seats.

    Only the rules of pairs are used, and that a block with a school is of that school; contiguity is left out.
    """
    price = np.maximum(zones.seat_price.to_numpy(dtype=np.float64), 0.0)
    most = zones.rules.balance_cost
    tilt = np.clip(zones.tilt.to_numpy(dtype=np.float64), -most, most)
    kept = _reachable(zones, facts, rules=True)
    cost = np.where(kept, facts.cost, np.inf)[inside]
    each = cost + facts.pupils[inside, None] * price + facts.beyond[inside, None] * tilt
    return math.fsum(each.min(axis=1)) - math.fsum(price * facts.limit)


def _reachable(zones: Claims, facts: _Facts, *, rules: bool) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return which block a chain of neighbours that may go to a school connects with the school's home."""
    kept = np.isfinite(facts.walk)
    if rules:
        kept &= ask.obeying(facts.walk, zones.rules, facts.blocks, facts.sites)
    kept[facts.home] = np.eye(len(facts.home), dtype=np.bool_)
    found = np.zeros_like(kept)
    matrix = facts.adjacency.matrix
    for j, home in enumerate(facts.home):
        own = np.flatnonzero(kept[:, j])
        label = connected_components(matrix[own][:, own], directed=False)[1]
        found[own[label == label[np.searchsorted(own, home)]], j] = True
    return found


def _load_faults(zones: Claims, facts: _Facts) -> list[Fault]:
    load = group_totals(facts.pupils, facts.zone, len(facts.sites))
    wrong = ~np.isclose(load, zones.load.to_numpy(), rtol=TOLERANCE, atol=1e-6)
    faults = []
    if wrong.any():
        faults.append(_claim("load", "loads that do not add up", "the pupils of the blocks", list(facts.sites[wrong])))
    if not np.allclose(facts.limit, zones.limit.to_numpy(), rtol=TOLERANCE, atol=0.0):
        faults.append(_claim("limit", "other limits", "seats × (1 + tolerance)"))
    excess = np.where(load > facts.limit + ask.SPARE, load - facts.limit, 0.0)
    faults += _number_fault("over", zones.over, float(excess.sum()))
    if (zones.status == "overloaded") != bool((excess > 0).any()):
        rows = list(facts.sites[excess > 0])
        faults.append(_claim("status", zones.status, "overloaded exactly where a limit is passed", rows))
    return faults


def _least_faults(zones: Claims) -> list[Fault]:
    """Check that what is said of every plan is no more than what this one shows."""
    faults = []
    claims = (("least_over", zones.least_over, zones.over, 0.0),
              ("least_tolerance", zones.least_tolerance, zones.tolerance_needed, zones.rules.tolerance))  # fmt: skip
    for name, least, own, floor in claims:
        if least is None:
            continue
        if zones.over <= 0 or not (at_most(floor, least) and at_most(least, own)):
            expected = f"between {floor!r} and {own!r}, only where a limit is passed"
            faults.append(_claim(name, f"{least!r}", expected))
    return faults


def _aside_faults(zones: Claims, facts: _Facts) -> list[Fault]:
    """Check that exactly the blocks without a zone are named, and that none of them could have one."""
    out = facts.zone < 0
    named = facts.blocks.isin(zones.set_aside.index)
    faults = []
    if (out != named).any():
        rows = list(facts.blocks[out != named])
        faults.append(_claim("set_aside", "other blocks than those without a zone", "the same", rows))
    could = _reachable(zones, facts, rules=False).any(axis=1) & out
    if could.any():
        rows = list(facts.blocks[could])
        faults.append(_claim("set_aside", "blocks that a zone could hold", "only those none can", rows))
    return faults


def _bound_faults(zones: Claims, objective: float, proven: float) -> list[Fault]:
    """Check what the plan says of its bound against what the prices prove."""
    faults = []
    over = zones.status == "overloaded"
    if not at_most(zones.root_bound, proven):
        faults.append(_claim("root_bound", f"{zones.root_bound!r}", f"{proven!r}, which the prices prove"))
    if not at_most(zones.root_bound, zones.bound) or not (over or at_most(zones.bound, objective)):
        faults.append(_claim("bound", f"{zones.bound!r}", f"between {zones.root_bound!r} and {objective!r}"))
    if not at_most(zones.root_bound, zones.cut_bound) or not at_most(zones.cut_bound, zones.bound):
        faults.append(_claim("cut_bound", f"{zones.cut_bound!r}", f"between {zones.root_bound!r} and {zones.bound!r}"))
    if not zones.programme and not zones.choices and not close(zones.bound, zones.cut_bound):
        faults.append(_claim("bound", f"{zones.bound!r} without a programme", f"{zones.cut_bound!r}"))
    gap = math.inf if over else gap_of(objective, zones.bound)
    if not (zones.gap == gap or abs(zones.gap - gap) <= TOLERANCE):
        faults.append(_claim("gap", f"{zones.gap!r}", f"{gap!r}"))
    if not over and zones.status != ("optimal" if gap <= TOLERANCE else "feasible"):
        faults.append(_claim("status", zones.status, f"what a gap of {gap:.3g} allows"))
    return [*faults, *_stop_faults(zones)]


def _stop_faults(zones: Claims) -> list[Fault]:
    """Check that the search ended for the reason it gives."""
    faults = []
    if zones.stop_reason == "gap" and not zones.gap <= zones.asked_gap + TOLERANCE:
        faults.append(_claim("stop_reason", f"gap, with a gap of {zones.gap:.3g}", f"at most {zones.asked_gap:.3g}"))
    if (zones.stop_reason == "proved") != (zones.status == "optimal"):
        faults.append(_claim("stop_reason", zones.stop_reason, f"one that fits the status {zones.status}"))
    return faults


def _number_fault(name: str, claimed: float, found: float) -> list[Fault]:
    return [] if close(claimed, found) else [_claim(name, f"{claimed!r}", f"{found!r}, summed again")]


def _claim(name: str, found: str, expected: str, rows: list[str] | None = None) -> Fault:
    remedy = "the plan was changed, or belongs to other inputs: draw again"
    return Fault(f"zones: {name}", found, expected, remedy, tuple(map(str, rows or ())))
