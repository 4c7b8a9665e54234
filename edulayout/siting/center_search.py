"""The longest walk, as short as possible: which radius can be kept, asked of a covering problem that grows by rows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from edulayout.kernels import siting_cover as kernels
from edulayout.kernels import siting_rows
from edulayout.siting.accounts import MARGIN, account, shortfall
from edulayout.siting.covering import Task, packed
from edulayout.siting.covering import search as cover
from edulayout.siting.covering_program import relax
from edulayout.siting.levels import Levels, read_levels
from edulayout.siting.rules import column_positions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edulayout.costs import TravelCosts
    from edulayout.siting.covering import Reply
    from edulayout.siting.gaps import StopReason
    from edulayout.siting.rules import Goal, Limits, Rules
    from edulayout.typing import FloatArray, IntArray, Progress

_ALL_AT_ONCE = 1000
_LOOKED_AT = 64
_AT_A_TIME = 16
_NEAR = 0.25
_HALF = 0.5

_Verdict = Literal["kept", "refused", "unknown"]


@dataclass(frozen=True, eq=False)
class Center:
    """What was found: the choice, the shortest radius not refuted, the one that prices refute, and the prices."""

    chosen: tuple[str, ...]
    bound: float
    root: float
    price: FloatArray
    nodes: int
    stop_reason: StopReason
    seconds: float


@dataclass(eq=False)
class _Search:
    costs: TravelCosts
    rules: Rules
    limits: Limits
    levels: Levels
    progress: Progress
    started: float
    group: IntArray
    quota: IntArray
    site: IntArray
    fixed: FloatArray
    counted: IntArray
    rows: list[int] = field(default_factory=list)
    best: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    near: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    longest: float = np.inf
    low: float = 0.0
    root: float = 0.0
    price: FloatArray = field(default_factory=lambda: np.empty(0))
    nodes: int = 0

    @property
    def left(self) -> float:
        """Seconds that are left."""
        if self.limits.time_limit is None:
            return np.inf
        return self.limits.time_limit - (time.perf_counter() - self.started)

    def walks(self, chosen: IntArray) -> FloatArray:
        """Return the cost of every row under a choice; what no open site reaches is charged."""
        rank = np.full(self.costs.shape[1], -1, dtype=np.int64)
        names = [self.rules.candidates[k] for k in chosen]
        rank[column_positions(self.costs, names)] = np.arange(len(names))
        level, which = np.empty(self.costs.shape[0]), np.empty(self.costs.shape[0], dtype=np.int64)
        siting_rows.nearest_open(
            self.costs.indptr, self.costs.indices, self.levels.level, self.levels.limit, rank, level, which
        )
        return np.minimum(np.minimum(level, self.fixed), self.levels.outside)

    def offer(self, chosen: IntArray) -> FloatArray:
        """Keep a choice with a shorter longest walk; return the walks."""
        walks = self.walks(chosen)
        longest = float(walks[self.counted].max(initial=0.0))
        if longest < self.longest:
            self.best, self.longest = np.sort(chosen), longest
        return walks


def solve_center(
    costs: TravelCosts, weights: FloatArray, rules: Rules, *, goal: Goal, limits: Limits, progress: Progress
) -> Center:
    """Halve the interval of radii; each is kept by a choice, refuted by prices, or refuted by a tree.

    Complexity: O(pairs) for each of about log2(pairs) radii, and a covering problem over the rows that matter.
    """
    search = _begin(costs, weights, rules, goal=goal, limits=limits, progress=progress)
    try:
        reason = _halve(search)
    except KeyboardInterrupt:
        reason = "interrupt"
    if search.low >= search.longest:
        reason = "proved"
    names = tuple(sorted(rules.candidates[k] for k in search.best))
    seconds = time.perf_counter() - search.started
    return Center(names, min(search.low, search.longest), search.root, search.price, search.nodes, reason, seconds)


def _begin(
    costs: TravelCosts, weights: FloatArray, rules: Rules, *, goal: Goal, limits: Limits, progress: Progress
) -> _Search:
    """Return a search that holds a first choice, and the row that is farthest from everything as its first bound."""
    started, levels = time.perf_counter(), read_levels(costs, goal)
    every = account(costs, rules, levels, opened=rules.candidates)
    counted = np.flatnonzero(every.reached & (weights > 0))
    counted = counted[np.argsort(costs.demand_ids[counted].to_numpy(), kind="stable")]
    group = np.asarray(rules.group_of, dtype=np.int64)
    quota = np.asarray(rules.quota, dtype=np.int64)
    site = np.full(costs.shape[1], -1, dtype=np.int64)
    usable = quota[group] > 0 if len(group) else np.empty(0, dtype=np.bool_)
    site[column_positions(costs, rules.candidates)] = np.where(usable, np.arange(len(group)), -1)
    search = _Search(costs, rules, limits, levels, progress, started, group, quota, site, every.fixed, counted)
    nearest = search.walks(np.flatnonzero(usable))
    search.price = np.zeros(len(weights))
    if len(counted):
        remote = counted[int(np.argmax(nearest[counted]))]
        search.price[remote], search.rows = 1.0, [int(remote)]
        search.low = search.root = float(nearest[remote])
    _spread(search)
    if len(counted) <= _ALL_AT_ONCE:
        search.rows = counted.tolist()
    return search


def _spread(search: _Search) -> None:
    """Open the site nearest to the row that is farthest, until the quotas are met (Gonzalez 1985)."""
    chosen: list[int] = []
    walks = search.walks(np.empty(0, dtype=np.int64))
    while len(chosen) < int(search.quota.sum()):
        order = search.counted[np.argsort(-walks[search.counted], kind="stable")[:_LOOKED_AT]]
        site = next((site for row in order if (site := _nearest_site(search, row, chosen)) >= 0), -1)
        if site < 0:
            break
        if order[0] not in search.rows:
            search.rows.append(int(order[0]))
        chosen.append(site)
        walks = np.minimum(walks, search.walks(np.array([site])))
    search.offer(_filled(search, np.array(chosen, dtype=np.int64)))


def _nearest_site(search: _Search, row: int, chosen: list[int]) -> int:
    """Return the site nearest to a row that may still be opened, -1 where none."""
    sites, level = _arcs(search, row, np.inf)
    full = np.bincount(search.group[chosen], minlength=len(search.quota)) >= search.quota
    free = ~full[search.group[sites]] & ~np.isin(sites, chosen)
    if not free.any():
        return -1
    sites, level = sites[free], level[free]
    return int(sites[np.lexsort((sites, level))[0]])


def _arcs(search: _Search, row: int, radius: float) -> tuple[IntArray, FloatArray]:
    """Return the sites within a radius of a row, ascending, and their levels."""
    part = slice(search.costs.indptr[row], search.costs.indptr[row + 1])
    sites, level = search.site[search.costs.indices[part]], search.levels.level[part]
    near = (sites >= 0) & (level <= radius)
    order = np.argsort(sites[near])
    return sites[near][order], level[near][order].astype(np.float64)


def _filled(search: _Search, chosen: IntArray) -> IntArray:
    """Return the choice with the first unused sites of every group that is short of its quota."""
    parts = [chosen]
    for g, quota in enumerate(search.quota):
        missing = int(quota - (search.group[chosen] == g).sum())
        rest = np.setdiff1d(np.flatnonzero(search.group == g), chosen)
        parts.append(rest[:missing])
    return np.concatenate(parts).astype(np.int64)


def _halve(search: _Search) -> StopReason:
    hard = False
    while search.low < search.longest:
        if search.longest - search.low <= search.limits.gap * search.longest and search.limits.gap > 0:
            return "gap"
        if search.left <= 0:
            return "time"
        search.progress("siting: radius", round(1000 * search.low / search.longest), 1000)
        radius = _between(search, 1.0 if hard else _HALF)
        verdict, price = _try(search, radius)
        # A refusal that took a tree is dear: the next is asked for where it would end the search.
        hard = verdict == "refused" and price is None
        if verdict == "unknown":
            return "time"
        if verdict == "refused":
            search.low = _next_level(search, radius)
            if price is not None:
                search.root, search.price = search.low, price
    return "proved"


def _between(search: _Search, part: float) -> float:
    """Return a level from the lower bound on, below the longest walk, about so far on the way."""
    middle = min(search.low + part * (search.longest - search.low), np.nextafter(search.longest, 0.0))
    known = search.fixed[search.counted]
    low, _ = kernels.neighbours(search.levels.level, middle)
    low = max(low, float(known[known <= middle].max(initial=-np.inf)))
    return max(low, search.low)


def _next_level(search: _Search, radius: float) -> float:
    """Return the least cost above a radius that a choice can have as its longest walk."""
    _, high = kernels.neighbours(search.levels.level, radius)
    known = search.fixed[search.counted]
    high = min(high, float(known[known > radius].min(initial=np.inf)))
    return min(high, search.levels.outside)


def _try(search: _Search, radius: float) -> tuple[_Verdict, FloatArray | None]:
    """Return whether a radius can be kept, and the prices that refute it where prices do.

    Only the rows looked at so far must be served; a choice for them is tried on all, and the rows that it fails are
    looked at too.
    """
    while True:
        rows = np.array([row for row in search.rows if search.fixed[row] > radius], dtype=np.int64)
        task = _task(search, rows, radius)
        price = packed(task)
        if _refutes(search, task, price):
            return "refused", _on_rows(search, rows, price)
        reply = cover(task, seconds=search.left, near=search.near)
        search.nodes += reply.nodes
        if reply.refused:
            proof = next((price for price in _prices(task, reply) if _refutes(search, task, price)), None)
            search.nodes += proof is None and reply.nodes == 0
            return "refused", None if proof is None else _on_rows(search, rows, proof)
        if reply.chosen is None:
            return "unknown", None
        search.near = reply.chosen
        walks = search.offer(_filled(search, reply.chosen))
        failed = search.counted[walks[search.counted] > radius]
        if not len(failed):
            return "kept", None
        _look_at(search, failed[np.argsort(-walks[failed], kind="stable")], radius)


def _prices(task: Task, reply: Reply) -> Iterator[FloatArray]:
    """Give the prices that may prove a refusal: of the ascent, and of the linear relaxation, which is sharper."""
    if reply.price is not None:
        yield reply.price
    yield relax(task)


def _on_rows(search: _Search, rows: IntArray, price: FloatArray) -> FloatArray:
    whole = np.zeros(len(search.fixed))
    whole[rows] = price / price.sum()
    return whole


def _task(search: _Search, rows: IntArray, radius: float) -> Task:
    parts = [_arcs(search, row, radius)[0] for row in rows]
    ptr = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(part) for part in parts], dtype=np.int64)])
    column = np.concatenate([*parts, np.empty(0, dtype=np.int64)]).astype(np.int32)
    return Task(ptr, column, search.group, search.quota)


def _refutes(search: _Search, task: Task, price: FloatArray) -> bool:
    """Return whether the prices of the rows exceed what the best sites within the quotas can serve of them."""
    row = np.repeat(np.arange(task.rows), np.diff(task.ptr))
    score = np.bincount(task.column, weights=price[row], minlength=len(task.group)).astype(np.float64)
    return shortfall(price, score, search.rules) > MARGIN * float(price.sum())


def _look_at(search: _Search, failed: IntArray, radius: float) -> None:
    """Take some failed rows in, the farthest first, that are not too near each other."""
    taken = np.zeros(len(search.group), dtype=np.bool_)
    added = 0
    for row in failed[:: max(1, len(failed) // _LOOKED_AT)]:
        sites, _ = _arcs(search, row, radius * _NEAR)
        if added and taken[sites].any():
            continue
        taken[sites] = True
        search.rows.append(int(row))
        added += 1
        if added == _AT_A_TIME:
            break
