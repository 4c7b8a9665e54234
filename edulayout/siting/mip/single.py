"""Undivided rows and seats in whole numbers: prices of rows, a knapsack for every site, and a tree over both.

The relaxation that prices "one site for a row" and keeps the seats as knapsacks is stronger than the linear one
(Ceselli and Righini 2005, doi:10.1002/net.20059, solve it by columns), so that few nodes are left.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from edulayout.kernels import knapsack as kernels

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray, Progress

_ROOT_STEPS, _NODE_STEPS = 400, 40
_SLACK = 1e-10
_PATIENCE = 50
_UNDECIDED = 0.48


@dataclass(frozen=True, eq=False)
class Packing:
    """Rows × sites: every row in one open site, loads within seats, exactly `quota[g]` sites of each group open.

    Parameters
    ----------
    cost
        Rows × sites, infinite where a row cannot go.
    load, seats
        Whole numbers.
    group, quota
        Group of every site; how many of each are opened. Sites that stand are a group that is opened whole.
    step
        All totals are multiples of it; 0 where none is known.
    """

    cost: FloatArray
    load: IntArray
    seats: IntArray
    group: IntArray
    quota: IntArray
    step: float


@dataclass(frozen=True, eq=False)
class Packed:
    """What was found: the site of every row (empty where nothing fits), value, bounds, the root's prices."""

    site: IntArray
    opened: IntArray
    upper: float
    lower: float
    root: float
    price: FloatArray
    nodes: int
    stop_reason: Literal["proved", "gap", "time", "interrupt"]


class _Node(NamedTuple):
    bound: float
    number: int
    price: FloatArray
    state: AnyArray
    barred: BoolArray
    share: FloatArray


class _Ended(Exception):  # noqa: N818 - it ends a search, it is no error
    """The time is over, or the gap asked for is reached."""


@dataclass(eq=False)
class _Search:
    packing: Packing
    deadline: float
    gap: float
    upper: float = math.inf
    lower: float = -math.inf
    root: float = -math.inf
    root_price: FloatArray = field(default_factory=lambda: np.empty(0))
    opened: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    site: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    nodes: int = 0
    tried: set[bytes] = field(default_factory=set)

    @property
    def goal(self) -> float:
        """A node whose bound is above it holds nothing better."""
        if math.isinf(self.upper):
            return math.inf
        slack = self.packing.step * (1 - 1e-6) if self.packing.step else _SLACK * abs(self.upper)
        return self.upper - slack

    def aim(self, price: FloatArray) -> float:
        """Return what the ascent steps towards: where no solution is known yet a guess."""
        return self.goal if math.isfinite(self.upper) else 1.3 * float(price.sum())

    def check(self) -> None:
        if time.perf_counter() > self.deadline or self.upper - self.lower <= self.gap * abs(self.upper):
            raise _Ended


def pack(packing: Packing, *, gap: float, time_limit: float | None, progress: Progress) -> Packed:
    """Find the best packing and prove it, or come as near as the time allows.

    Complexity: O(rows × sites × seats) a step; the tree is exponential in the worst case.
    """
    deadline = math.inf if time_limit is None else time.perf_counter() + time_limit
    search = _Search(packing, deadline, gap)
    stop: Literal["proved", "gap", "time", "interrupt"] = "proved"
    try:
        _grow(search, _plant(search), progress)
        search.lower = search.upper
    except _Ended:
        stop = "time" if time.perf_counter() > deadline else "gap"
    except KeyboardInterrupt:
        stop = "interrupt"
    return Packed(
        search.site, search.opened, search.upper, min(search.lower, search.upper), search.root, search.root_price,
        search.nodes, stop,
    )  # fmt: skip


def _plant(search: _Search) -> _Node:
    """Return the root: prices near the cost of the p-th nearest site, raised."""
    packing = search.packing
    rows, sites = packing.cost.shape
    near = np.sort(packing.cost, axis=1)[:, min(int(packing.quota.sum()), sites - 1)]
    ceiling = packing.cost[np.isfinite(packing.cost)].max(initial=0.0)
    state = np.zeros(sites, dtype=np.int8)
    count = np.bincount(packing.group, minlength=len(packing.quota))
    state[(packing.quota == count)[packing.group]] = 1
    state[(packing.quota == 0)[packing.group]] = -1
    price = np.where(np.isfinite(near), near, ceiling)
    return _Node(-math.inf, 0, price, state, np.zeros((rows, sites), np.bool_), np.zeros((rows, sites)))


def _grow(search: _Search, root: _Node, progress: Progress) -> None:
    heap = [root]
    while heap and heap[0].bound <= search.goal:
        node = heapq.heappop(heap)
        search.lower = max(search.lower, min(node.bound, search.upper))
        if math.isfinite(search.upper) or search.nodes >= _PATIENCE:  # a late plan is worth more than none in time
            search.check()
        search.nodes += 1
        progress("siting: tree", search.nodes, search.nodes + len(heap))
        for child in _visit(search, node):
            heapq.heappush(heap, child)


def _visit(search: _Search, node: _Node) -> list[_Node]:
    """Raise the bound of a node, search from its choice, bar what cannot be better, and part what is in doubt."""
    packing, root = search.packing, search.nodes == 1
    state, barred, share = node.state.copy(), node.barred.copy(), node.share.copy()
    bound = node.bound
    price = node.price.copy()
    for turn in range(12 if root else 3):
        cost = np.where(barred, np.inf, packing.cost)
        value, chosen = np.zeros(len(state)), np.zeros(len(state), np.bool_)
        theta = 1.5 * 0.8**turn if root else 0.5 * 0.7**turn
        steps = _ROOT_STEPS if root else _NODE_STEPS
        found = kernels.ascend(
            cost, packing.load, packing.seats, packing.group, packing.quota, state, search.aim(price), steps, theta,
            12, price, value, chosen, share,
        )  # fmt: skip
        bound = max(bound, found)
        if root and turn == 0:
            search.root, search.root_price = found, price.copy()
        _try(search, chosen, value)
        if bound > search.goal:
            return []
        before = int(barred.sum())
        if not _bar(search, cost, price, value=value, chosen=chosen, state=state, barred=barred, bound=found):
            return []
        if int(barred.sum()) - before < 0.02 * (barred.size - before):
            break
    return _part(search, _Node(bound, node.number, price, state, barred, share))


def _try(search: _Search, chosen: BoolArray, value: FloatArray) -> None:
    """Seat all rows in a choice, once, and keep what is better."""
    packing = search.packing
    opened = np.flatnonzero(chosen)
    if opened.tobytes() in search.tried:
        return
    search.tried.add(opened.tobytes())
    full = packing.quota == np.bincount(packing.group, minlength=len(packing.quota))
    free = ~full[packing.group] & (packing.quota > 0)[packing.group]
    trials = np.argsort(-value, kind="stable")[: 3 * len(opened)].astype(np.int64)
    if search.nodes > 1:
        trials = trials[:0]
    to = np.zeros(len(packing.load), dtype=np.int64)
    found = kernels.settle(
        np.where(np.isfinite(packing.cost), packing.cost, kernels.NEVER), packing.load, packing.seats, packing.group,
        free, opened, trials, to,
    )  # fmt: skip
    if found < search.upper - 1e-9 and found < kernels.NEVER:
        search.upper, search.opened, search.site = found, np.sort(opened), opened[to]


def _bar(
    search: _Search, cost: FloatArray, price: FloatArray, *, value: FloatArray, chosen: BoolArray, state: AnyArray,
    barred: BoolArray, bound: float,
) -> bool:  # fmt: skip
    """Close, open and bar in place what the bound shows to be no part of anything better; False where nothing is left.

    To open a site that is not chosen, the weakest chosen one of its group must give way.
    """
    packing = search.packing
    enter, leave = np.zeros(len(state)), np.full(len(state), np.inf)
    for g in range(len(packing.quota)):
        own = (packing.group == g) & (state == 0)
        weakest = value[own & chosen].min(initial=np.inf)
        strongest = value[own & ~chosen].max(initial=-np.inf)
        enter[own & ~chosen] = weakest - value[own & ~chosen]
        leave[own & chosen] = value[own & chosen] - strongest
    loss = np.zeros_like(cost)
    kernels.force(cost, packing.load, packing.seats, price, value, loss)
    state[(state == 0) & ~chosen & (bound + enter > search.goal)] = -1
    state[(state == 0) & chosen & (bound + leave > search.goal)] = 1
    barred |= bound + enter[None, :] + loss > search.goal
    barred[:, state == -1] = True
    return not barred.all(axis=1).any()


def _part(search: _Search, node: _Node) -> list[_Node]:
    """Open or close the site in most doubt; where none is, part the sites of the most divided row in two halves."""
    share = np.where(node.barred, 0.0, node.share)
    taken = share.max(axis=0)
    doubtful = np.where(node.state == 0, np.abs(taken - 0.5), math.inf)
    j = int(doubtful.argmin())
    if doubtful[j] < _UNDECIDED:
        return [_opened(node, j), _closed(node, j)]
    allowed = (~node.barred).sum(axis=1)
    doubt = np.where(allowed > 1, (share.sum(axis=1) - share.max(axis=1)) * search.packing.load, -1.0)
    row = int(doubt.argmax())
    if doubt[row] < 0:
        _settle_leaf(search, node.barred.argmin(axis=1))
        return []
    order = np.argsort(-share[row] + np.where(node.barred[row], np.inf, 0.0), kind="stable")[: allowed[row]]
    sides = np.zeros(len(order), dtype=np.int64)
    sums = [0.0, 0.0]
    for k, j in enumerate(order):
        side = int(sums[1] < sums[0])
        sides[k] = side
        sums[side] += share[row, j] + 1e-6
    children = []
    for side in (0, 1):
        barred = node.barred.copy()
        barred[row, order[sides == side]] = True
        children.append(node._replace(number=2 * node.number + 1 + side, barred=barred))
    return children


def _opened(node: _Node, j: int) -> _Node:
    """Return the case in which a site is open."""
    state = node.state.copy()
    state[j] = 1
    return node._replace(number=2 * node.number + 1, state=state)


def _closed(node: _Node, j: int) -> _Node:
    """Return the case in which a site is closed."""
    state, barred = node.state.copy(), node.barred.copy()
    state[j] = -1
    barred[:, j] = True
    return node._replace(number=2 * node.number + 2, state=state, barred=barred)


def _settle_leaf(search: _Search, site: IntArray) -> None:
    """Keep the one solution that a leaf holds, where it fits and is better; sites without rows fill the quotas."""
    packing = search.packing
    used = np.bincount(site, minlength=len(packing.seats)) > 0
    load = np.bincount(site, weights=packing.load, minlength=len(packing.seats))
    missing = packing.quota - np.bincount(packing.group[used], minlength=len(packing.quota))
    total = math.fsum(packing.cost[np.arange(len(site)), site])
    if (load > packing.seats).any() or (missing < 0).any() or total >= search.upper:
        return
    for j in np.flatnonzero(~used):
        if missing[packing.group[j]] > 0:
            used[j] = True
            missing[packing.group[j]] -= 1
    search.upper, search.opened, search.site = total, np.flatnonzero(used), site.astype(np.int64)
