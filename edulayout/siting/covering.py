"""The covering problem under p-center and set cover: serve every row with few sites, or prove that none can."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.kernels import siting_cover as kernels
from edulayout.kernels.siting_weighting import thin
from edulayout.siting.accounts import MARGIN
from edulayout.siting.core import solve
from edulayout.siting.model import Core, Model
from edulayout.siting.rules import Limits
from edulayout.typing import quiet

if TYPE_CHECKING:
    from edulayout.siting.core import Outcome
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray

_HALF = 0.5
_SEED = 0x9E3779B97F4A7C15
_EFFORTS = ((2_000, 0), (40_000, None))
"""Exchanges, and nodes of the tree: what is easily found or refuted is not worth a long search."""


@dataclass(frozen=True, eq=False)
class Task:
    """Rows, and the columns that serve each; columns of group g are opened at most `quota[g]` times, `most` in all.

    Parameters
    ----------
    ptr, column
        CSR arrays, rows × columns.
    group
        Group of every column.
    quota, most
        The limits; None for `most` where only the quotas bind.
    """

    ptr: IntArray
    column: Int32Array
    group: IntArray
    quota: IntArray
    most: int | None = None

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.ptr) - 1

    @property
    def binding(self) -> bool:
        """Whether it matters which group a column is of."""
        return len(self.quota) > 1 and bool((np.bincount(self.group, minlength=len(self.quota)) > self.quota).any())

    @property
    def total(self) -> int:
        """How many columns may be opened in all."""
        total = int(np.minimum(self.quota, np.bincount(self.group, minlength=len(self.quota))).sum())
        return total if self.most is None else min(self.most, total)


class Reply(NamedTuple):
    """What came of a task.

    `chosen` serves every row; None where no choice was found. `refused` says that none keeps the limits. No choice has
    fewer columns than `least`. Neither refused nor chosen: the time was over.
    """

    chosen: IntArray | None
    refused: bool
    nodes: int
    least: float
    price: FloatArray | None = None


def search(task: Task, *, seconds: float, near: IntArray) -> Reply:
    """Find a choice within the limits that serves every row, or refuse: by exchange, then by the siting core.

    The exchange starts near a choice that serves most rows, then from a greedy one. The prices of the reply are those
    of the root; where the tree was needed they prove nothing.
    """
    price = np.zeros(task.rows)
    if not task.rows:
        return Reply(np.empty(0, dtype=np.int64), refused=False, nodes=0, least=0.0, price=price)
    ends = time.perf_counter() + seconds
    small, rows, columns = reduced(task)
    found: Outcome | None = None
    starts, nodes = (greedy(small, given=np.flatnonzero(np.isin(columns, near))), greedy(small)), 0
    for start, (steps, most_nodes) in zip(starts, _EFFORTS, strict=True):
        chosen = thinned(small, start, enough=small.total, steps=steps)
        if len(chosen) <= small.total and serves(small, chosen):
            return Reply(columns[chosen], refused=False, nodes=nodes, least=0.0, price=price)
        left = max(0.0, ends - time.perf_counter()) if np.isfinite(seconds) else None
        found = solve(_model_of(small), Limits(time_limit=left, aim=0.0, nodes=most_nodes), progress=quiet)
        nodes += found.nodes
        if found.upper <= _HALF or found.lower > _HALF:
            break
    assert found is not None
    price[rows] = found.price
    if found.upper <= _HALF:
        return Reply(columns[found.chosen], refused=False, nodes=nodes, least=0.0, price=price)
    return Reply(None, refused=found.lower > _HALF, nodes=nodes, least=np.inf, price=price)


def _model_of(task: Task) -> Model:
    """Return the model whose value is the number of rows that a choice does not serve."""
    sizes = np.bincount(task.group, minlength=len(task.quota))
    core = Core(
        ptr=task.ptr,
        column=task.column,
        cost=np.zeros(len(task.column)),
        cap=np.ones(task.rows),
        group_ptr=np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)]),
        quota=np.minimum(task.quota, sizes),
        constant=0.0,
    )
    every = np.arange(task.rows)
    nothing = np.zeros(task.rows, dtype=np.bool_)
    return Model(
        core, np.arange(len(task.group)), every, np.ones(task.rows), np.ones(task.rows), 1.0, 0.0, 1.0, nothing
    )


def reduced(task: Task) -> tuple[Task, IntArray, IntArray]:
    """Return the task without rows and columns that decide nothing, and which are left."""
    row_kept = np.ones(task.rows, dtype=np.bool_)
    column_kept = np.ones(len(task.group), dtype=np.bool_)
    group = task.group if task.binding else np.zeros(len(task.group), dtype=np.int64)
    kernels.reduce(task.ptr, task.column, group, row_kept, column_kept)
    return _cut(task, row_kept, column_kept), np.flatnonzero(row_kept), np.flatnonzero(column_kept)


def _cut(task: Task, row_kept: BoolArray, column_kept: BoolArray) -> Task:
    row = np.repeat(np.arange(task.rows), np.diff(task.ptr))
    kept = row_kept[row] & column_kept[task.column]
    count = np.bincount(row[kept], minlength=task.rows)[row_kept]
    renumbered = np.cumsum(column_kept) - 1
    return replace(
        task,
        ptr=np.concatenate([np.zeros(1, np.int64), np.cumsum(count, dtype=np.int64)]),
        column=renumbered[task.column[kept]].astype(np.int32),
        group=task.group[column_kept],
    )


def serves(task: Task, chosen: IntArray) -> bool:
    """Return whether a choice serves every row and keeps the limits."""
    opened = np.zeros(len(task.group), dtype=np.bool_)
    opened[chosen] = True
    row = np.repeat(np.arange(task.rows), np.diff(task.ptr))
    served = np.bincount(row[opened[task.column]], minlength=task.rows)
    used = np.bincount(task.group[chosen], minlength=len(task.quota))
    return bool((served > 0).all() and (used <= task.quota).all() and len(chosen) <= task.total)


def pack(task: Task) -> IntArray:
    """Return rows that no column serves two of, shortest first: each of them needs a column of its own."""
    size = np.diff(task.ptr)
    taken = np.zeros(len(task.group), dtype=np.bool_)
    found = []
    for row in np.argsort(size, kind="stable"):
        own = task.column[task.ptr[row] : task.ptr[row + 1]]
        if not taken[own].any():
            taken[own] = True
            found.append(row)
    return np.array(found, dtype=np.int64)


def packed(task: Task) -> FloatArray:
    """Return prices of 1 for rows that no column serves two of."""
    price = np.zeros(task.rows)
    price[pack(task)] = 1.0
    return price


def least(task: Task, price: FloatArray) -> int:
    """Return the least number of columns that the prices leave possible: the best ones must serve what all is worth."""
    row = np.repeat(np.arange(task.rows), np.diff(task.ptr))
    score = np.bincount(task.column, weights=price[row], minlength=len(task.group))
    best = [np.sort(score[task.group == g])[::-1][:quota] for g, quota in enumerate(task.quota)]
    served = np.cumsum(np.sort(np.concatenate([*best, np.empty(0)]))[::-1])
    enough = np.flatnonzero(price.sum() - np.concatenate([np.zeros(1), served]) <= MARGIN * price.sum())
    return int(enough[0]) if len(enough) else len(served)


def greedy(task: Task, *, given: IntArray | None = None) -> IntArray:
    """Open what serves most unserved rows, beside what is given, until all are served or the limits end it."""
    row = np.repeat(np.arange(task.rows), np.diff(task.ptr))
    open_rows, left = np.ones(task.rows, dtype=np.bool_), task.quota.copy()
    chosen: list[int] = [] if given is None else given[: task.total].tolist()
    open_rows[row[np.isin(task.column, chosen)]] = False
    left -= np.bincount(task.group[np.array(chosen, dtype=np.int64)], minlength=len(left))
    while open_rows.any() and len(chosen) < task.total:
        gain = np.bincount(task.column[open_rows[row]], minlength=len(task.group))
        gain[left[task.group] <= 0] = 0
        pick = int(gain.argmax())
        if gain[pick] == 0:
            break
        chosen.append(pick)
        left[task.group[pick]] -= 1
        open_rows[row[task.column == pick]] = False
    return np.array(chosen, dtype=np.int64)


def thinned(task: Task, start: IntArray, *, enough: int, steps: int) -> IntArray:
    """Return a cover of fewer columns, down to `enough`, found by exchange; the start where none is found.

    Where quotas bind it is not looked for. Complexity: O(steps × (arcs of a column and of its rows)).
    """
    if task.binding or not task.rows:
        return start
    order = np.argsort(task.column, kind="stable")
    column_ptr = np.searchsorted(task.column[order], np.arange(len(task.group) + 1)).astype(np.int64)
    row = np.repeat(np.arange(task.rows, dtype=np.int32), np.diff(task.ptr))[order]
    state = np.array([_SEED], dtype=np.uint64)
    found = thin(task.ptr, task.column, column_ptr, row, start, enough, steps, state)
    return found if len(found) else start
