"""What a question of zones is answered with: the plan, its certificate, and the check that asks no solver."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total
from edulayout.zones import question as ask

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.typing import FloatArray, IntArray
    from edulayout.zones.neighbours import Adjacency
    from edulayout.zones.question import Rules
    from edulayout.zones.solving import StopReason

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Certificate:
    """What the check of a plan found to hold.

    Parameters
    ----------
    objective
        The objective, summed again.
    proven_bound, proven_gap
        What the prices of the seats prove: no plan within the rules costs less; how far the objective is above it.
    claimed_bound, claimed_gap
        What the plan says; where it says more than the prices prove, contiguity cuts, decisions on bridges or the 0-1
        programme proved the rest, which is not checked here.

    Examples
    --------
    >>> print(Certificate(3000.0, 2970.0, 0.01, 3000.0, 0.0))
    every zone is whole and the loads hold; objective 3000; the prices prove that nothing is below 2970 (gap 1.000 %);
    the bound of 3000 (gap 0.000 %) rests on contiguity cuts, bridges or the 0-1 programme, not repeated here
    """

    objective: float
    proven_bound: float
    proven_gap: float
    claimed_bound: float
    claimed_gap: float

    @property
    def complete(self) -> bool:
        """Whether the prices alone prove the bound that is claimed."""
        return _close(self.proven_bound, self.claimed_bound)

    def __str__(self) -> str:
        proven = f"nothing is below {self.proven_bound:.10g} (gap {100 * self.proven_gap:.3f} %)"
        text = (
            f"every zone is whole and the loads hold; objective {self.objective:.10g}; the prices prove that {proven}"
        )
        if self.complete:
            return text
        rest = f"the bound of {self.claimed_bound:.10g} (gap {100 * self.claimed_gap:.3f} %)"
        return f"{text};\n{rest} rests on contiguity cuts, bridges or the 0-1 programme, not repeated here"


@dataclass(frozen=True, eq=False)
class Zones:
    """Attendance zones: a school for every block, and the proof of how good the plan is.

    Parameters
    ----------
    assignment
        The school of every block, by `demand_id`, in the order of the costs; missing for blocks that are set aside.
    set_aside
        Why a block has no zone, by `demand_id`; such blocks are reported, never hidden.
    load, seats, limit
        Pupils in the zone, seats, and pupils that it may hold, by `school_id`.
    objective
        Pupils × way (plus moving and imbalance, where they are charged), over all blocks with a zone.
    walk, moved, imbalance
        Its parts: pupils × way; pupils who change school; members too many or too few, over all zones.
    bound
        No contiguous plan within the rules costs less.
    gap
        (objective - bound) / objective; infinite where the plan is over its limits.
    status
        `optimal` only where objective and bound differ by at most 1e-9, relative; `feasible`; or `overloaded`: no plan
        within the limits was found, this one is the least over that was.
    over
        Pupils beyond the limits, summed; 0 unless overloaded.
    least_over
        Where it is proven that every plan is over its limits: by how many pupils at least. None otherwise.
    stop_reason
        `proved`, `gap` (asked for, reached), `time`, `effort` (all that is tried by default), `interrupt`.
    seat_price
        What one more seat at the school is worth, in the unit of the costs, by `school_id`: the multipliers that alone
        prove `root_bound`.
    tilt
        The multipliers of the imbalance, by `school_id`.
    root_bound
        What the prices prove.
    cut_bound
        What the prices prove together with contiguity cuts. Where `bound` is above it, the rest was proved by deciding
        whose zone uses each bridge (`choices`), or by the 0-1 programme.
    choices
        Sets of decisions on bridges that were bounded.
    programme, nodes, cuts
        Whether the 0-1 programme was asked, its nodes and its contiguity cuts.
    method, seconds, effort, seed
        What ran, how long, how much was tried, and the start of the random part of the search.
    rules
        The question.
    """

    assignment: pd.Series[str]
    set_aside: pd.Series[str]
    load: pd.Series[float]
    seats: pd.Series[float]
    limit: pd.Series[float]
    objective: float
    walk: float
    moved: float
    imbalance: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible", "overloaded"]
    over: float
    least_over: float | None
    stop_reason: StopReason
    seat_price: pd.Series[float]
    tilt: pd.Series[float]
    root_bound: float
    cut_bound: float
    choices: int
    programme: bool
    nodes: int
    cuts: int
    method: str
    seconds: float
    effort: float
    seed: int
    rules: Rules

    def __repr__(self) -> str:
        found = f"objective {self.objective:.10g}, bound {self.bound:.10g}, gap {self.gap:.2%}"
        aside = f", {len(self.set_aside)} set aside" if len(self.set_aside) else ""
        blocks = int(self.assignment.notna().sum())
        return f"Zones({blocks} blocks to {len(self.load)} schools{aside}, {found}, {self.status}, {self.stop_reason})"

    def table(self) -> pd.DataFrame:
        """Return one row a school: pupils, seats, limit, share of seats taken, price of a seat."""
        return pd.DataFrame(
            {
                "pupils": self.load,
                "seats": self.seats,
                "limit": self.limit,
                "load_ratio": (self.load / self.seats).where(self.seats > 0),
                "seat_price": self.seat_price,
            }
        )

    def verify(
        self, costs: TravelCosts, adjacency: Adjacency, *, pupils: pd.Series[float], seats: pd.Series[float]
    ) -> Certificate:
        """Check everything again from costs, adjacency, pupils and seats, without the solver.

        Every zone is whole and holds its school's home, the rules and the limits are kept, pupils are conserved, the
        sums are right, whoever is set aside had to be, and the prices prove `root_bound`. O(blocks × schools).

        Raises
        ------
        InputError
            Where something does not hold; one fault for each claim, with what was claimed and what was found.
        """
        return _verify(self, costs, adjacency, pupils, seats)


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


def _verify(
    zones: Zones, costs: TravelCosts, adjacency: Adjacency, pupils: pd.Series[float], seats: pd.Series[float]
) -> Certificate:
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
        *_aside_faults(zones, facts),
        *_number_fault("walk", zones.walk, walk),
        *_number_fault("moved", zones.moved, moved),
        *_number_fault("imbalance", zones.imbalance, lean),
        *_number_fault("objective", zones.objective, objective),
        *_bound_faults(zones, objective, proven),
    ]
    if faults:
        raise InputError(*faults)
    return Certificate(objective, proven, _gap(objective, proven), zones.bound, zones.gap)


def _facts(
    zones: Zones, costs: TravelCosts, adjacency: Adjacency, pupils: pd.Series[float], seats: pd.Series[float]
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


def _pair_faults(zones: Zones, facts: _Facts) -> list[Fault]:
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


def _sums(zones: Zones, facts: _Facts, rows: IntArray, taken: IntArray) -> tuple[float, float, float]:
    """Return pupils × way, pupils who move, and the imbalance."""
    walk = total(facts.pupils[rows] * facts.walk[rows, taken])
    moved = 0.0
    if zones.rules.current is not None:
        today = np.asarray(ask.texts(zones.rules.current, facts.blocks), dtype=object)[rows]
        moved = total(facts.pupils[rows][(today != "") & (today != facts.sites.to_numpy(dtype=object)[taken])])
    lean = np.abs(group_totals(facts.beyond[rows], taken, len(facts.sites)))
    return walk, moved, total(lean)


def _dual_bound(zones: Zones, facts: _Facts, inside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
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


def _reachable(zones: Zones, facts: _Facts, *, rules: bool) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
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


def _load_faults(zones: Zones, facts: _Facts) -> list[Fault]:
    load = group_totals(facts.pupils, facts.zone, len(facts.sites))
    wrong = ~np.isclose(load, zones.load.to_numpy(), rtol=_TOLERANCE, atol=1e-6)
    faults = []
    if wrong.any():
        faults.append(_claim("load", "loads that do not add up", "the pupils of the blocks", list(facts.sites[wrong])))
    if not np.allclose(facts.limit, zones.limit.to_numpy(), rtol=_TOLERANCE, atol=0.0):
        faults.append(_claim("limit", "other limits", "seats × (1 + tolerance)"))
    excess = np.where(load > facts.limit + ask.SPARE, load - facts.limit, 0.0)
    faults += _number_fault("over", zones.over, float(excess.sum()))
    if (zones.status == "overloaded") != bool((excess > 0).any()):
        rows = list(facts.sites[excess > 0])
        faults.append(_claim("status", zones.status, "overloaded exactly where a limit is passed", rows))
    return faults


def _aside_faults(zones: Zones, facts: _Facts) -> list[Fault]:
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


def _bound_faults(zones: Zones, objective: float, proven: float) -> list[Fault]:
    """Check what the plan says of its bound against what the prices prove."""
    faults = []
    over = zones.status == "overloaded"
    if not _at_most(zones.root_bound, proven):
        faults.append(_claim("root_bound", f"{zones.root_bound!r}", f"{proven!r}, which the prices prove"))
    if not _at_most(zones.root_bound, zones.bound) or not (over or _at_most(zones.bound, objective)):
        faults.append(_claim("bound", f"{zones.bound!r}", f"between {zones.root_bound!r} and {objective!r}"))
    if not _at_most(zones.root_bound, zones.cut_bound) or not _at_most(zones.cut_bound, zones.bound):
        faults.append(_claim("cut_bound", f"{zones.cut_bound!r}", f"between {zones.root_bound!r} and {zones.bound!r}"))
    if not zones.programme and not zones.choices and not _close(zones.bound, zones.cut_bound):
        faults.append(_claim("bound", f"{zones.bound!r} without a programme", f"{zones.cut_bound!r}"))
    gap = math.inf if over else _gap(objective, zones.bound)
    if not (zones.gap == gap or abs(zones.gap - gap) <= _TOLERANCE):
        faults.append(_claim("gap", f"{zones.gap!r}", f"{gap!r}"))
    if not over and zones.status != ("optimal" if gap <= _TOLERANCE else "feasible"):
        faults.append(_claim("status", zones.status, f"what a gap of {gap:.3g} allows"))
    if (zones.stop_reason == "proved") != (zones.status == "optimal"):
        faults.append(_claim("stop_reason", zones.stop_reason, f"one that fits the status {zones.status}"))
    return faults


def _number_fault(name: str, claimed: float, found: float) -> list[Fault]:
    return [] if _close(claimed, found) else [_claim(name, f"{claimed!r}", f"{found!r}, summed again")]


def _claim(name: str, found: str, expected: str, rows: list[str] | None = None) -> Fault:
    remedy = "the plan was changed, or belongs to other inputs: draw again"
    return Fault(f"zones: {name}", found, expected, remedy, tuple(map(str, rows or ())))


def _gap(objective: float, bound: float) -> float:
    if objective <= bound:
        return 0.0
    return (objective - bound) / objective if objective else math.inf


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=1e-6)


def _at_most(low: float, high: float) -> bool:
    return low <= high or _close(low, high)
