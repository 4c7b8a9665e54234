"""The covering problem under p-center and set cover: serve every row with few sites, or prove that none can."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edulayout.kernels import siting_cover as kernels
from edulayout.siting.accounts import MARGIN
from edulayout.siting.core import solve
from edulayout.siting.model import Core, Model
from edulayout.siting.rules import Limits
from edulayout.typing import quiet

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray

_HALF = 0.5
_WHOLE = 1e-6
_LONGEST = 1e9


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


def relax(task: Task) -> FloatArray:
    """Return the prices that the linear relaxation gives the rows; what they prove the caller sums himself."""
    price = np.zeros(task.rows)
    bare = np.flatnonzero(np.diff(task.ptr) == 0)
    if len(bare) or not task.rows:
        price[bare[:1]] = 1.0
        return price
    small, rows, _ = reduced(task)
    program = _Program(small, elastic=task.binding, limited=False)
    program.run(_LONGEST)
    price[rows] = program.prices()
    return price


def decide(task: Task, *, seconds: float, fewest: bool) -> Reply:
    """Find a choice that serves every row, the fewest columns or just within the limits, or refuse.

    Complexity: that of a mixed-integer program, after rows and columns that decide nothing are dropped.
    """
    if not task.rows:
        return Reply(np.empty(0, dtype=np.int64), refused=False, nodes=0, least=0.0)
    if (np.diff(task.ptr) == 0).any():
        return Reply(None, refused=True, nodes=0, least=np.inf)
    small, _, columns = reduced(task)
    program = _Program(small, elastic=False, limited=True)
    program.whole(target=None if fewest else float(task.total))
    program.run(seconds)
    nodes = max(1, program.nodes)
    if program.status == "infeasible":
        return Reply(None, refused=True, nodes=nodes, least=np.inf)
    chosen = program.chosen()
    if chosen is None or not serves(small, chosen):
        return Reply(None, refused=False, nodes=nodes, least=program.least)
    return Reply(columns[chosen], refused=False, nodes=nodes, least=program.least)


def search(task: Task, *, seconds: float) -> Reply:
    """Find a choice within the limits that serves every row, or refuse: the siting core, asked to leave no row out.

    The prices of the reply are those of the root; where the tree was needed they prove nothing.
    """
    price = np.zeros(task.rows)
    if not task.rows:
        return Reply(np.empty(0, dtype=np.int64), refused=False, nodes=0, least=0.0, price=price)
    small, rows, columns = reduced(task)
    limits = Limits(time_limit=seconds if np.isfinite(seconds) else None, aim=0.0)
    outcome = solve(_model_of(small), limits, progress=quiet)
    price[rows] = outcome.price
    if outcome.upper <= _HALF:
        return Reply(columns[outcome.chosen], refused=False, nodes=outcome.nodes, least=0.0, price=price)
    return Reply(None, refused=outcome.lower > _HALF, nodes=outcome.nodes, least=np.inf, price=price)


def _model_of(task: Task) -> Model:
    """Return the model whose value is the number of rows that a choice does not serve."""
    sizes = np.bincount(task.group, minlength=len(task.quota))
    core = Core(
        ptr=task.ptr,
        column=task.column,
        cost=np.zeros(len(task.column)),
        row=np.repeat(np.arange(task.rows, dtype=np.int32), np.diff(task.ptr)),
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


class _Program:
    """One HiGHS model of a task: columns, then where elastic one slack for every row at a cost of 1."""

    def __init__(self, task: Task, *, elastic: bool, limited: bool) -> None:
        import highspy  # noqa: PLC0415 - heavy; only where a program is solved

        self._task, self._elastic, self._limited = task, elastic, limited
        self._solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in {"output_flag": False, "threads": 1, "random_seed": 0}.items():
            self._solver.setOptionValue(name, value)
        self._solver.passModel(self._model(highspy))
        self.status, self.value, self.least, self.nodes = "none", np.inf, -np.inf, 0

    def _model(self, highspy: Any) -> Any:  # noqa: ANN401 - highspy publishes no types
        task, columns = self._task, len(self._task.group)
        used = (
            np.flatnonzero(np.bincount(task.group, minlength=len(task.quota)) > task.quota)
            if task.binding
            else np.empty(0, dtype=np.int64)
        )
        members = [np.flatnonzero(task.group == g) for g in used]
        limits = [float(task.quota[g]) for g in used]
        if self._limited or (self._elastic and task.most is not None):
            members, limits = [*members, np.arange(columns)], [*limits, float(task.total)]
        parts, sizes = [task.column], [np.diff(task.ptr)]
        model = highspy.HighsLp()
        slack = task.rows if self._elastic else 0
        if slack:
            parts, sizes = _with_slack(task, columns)
        model.num_col_, model.num_row_ = columns + slack, task.rows + len(members)
        model.col_cost_ = np.concatenate([np.full(columns, 0.0 if slack else 1.0), np.ones(slack)])
        model.col_lower_ = np.zeros(columns + slack)
        model.col_upper_ = np.full(columns + slack, 1.0 if self._limited or slack else highspy.kHighsInf)
        model.row_lower_ = np.concatenate([np.ones(task.rows), np.full(len(members), -highspy.kHighsInf)])
        model.row_upper_ = np.concatenate([np.full(task.rows, highspy.kHighsInf), np.array(limits)])
        index = np.concatenate([*parts, *members]).astype(np.int32)
        counts = np.concatenate([*sizes, np.array([len(part) for part in members], dtype=np.int64)])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]).astype(np.int32)
        model.a_matrix_.index_ = index
        model.a_matrix_.value_ = np.ones(len(index))
        return model

    def whole(self, *, target: float | None) -> None:
        """Ask for whole columns; with a target, stop at the first choice that meets it."""
        import highspy  # noqa: PLC0415 - as above

        columns = len(self._task.group)
        kinds = np.full(columns, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        self._solver.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), kinds)
        self._solver.setOptionValue("mip_rel_gap", 0.0)
        self._solver.setOptionValue("mip_abs_gap", 1.0 - _WHOLE)
        if target is not None:
            self._solver.setOptionValue("objective_target", target + _HALF)

    def run(self, seconds: float) -> None:
        """Solve, and note what came of it; nothing is believed without the status."""
        import highspy  # noqa: PLC0415 - as above

        self._solver.setOptionValue("time_limit", float(min(max(seconds, 0.0), _LONGEST)))
        self._solver.run()
        status, info = self._solver.getModelStatus(), self._solver.getInfo()
        words = {
            highspy.HighsModelStatus.kOptimal: "optimal",
            highspy.HighsModelStatus.kInfeasible: "infeasible",
            highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
        }
        self.status = words.get(status, "stopped")
        self.value = float(info.objective_function_value)
        self.least = float(np.ceil(info.mip_dual_bound - _WHOLE)) if np.isfinite(info.mip_dual_bound) else -np.inf
        self.nodes = int(info.mip_node_count)

    def prices(self) -> FloatArray:
        """Return the dual values of the rows, none below 0."""
        values = np.array(self._solver.getSolution().row_dual)[: self._task.rows]
        return np.maximum(values, 0.0) if len(values) == self._task.rows else np.zeros(self._task.rows)

    def chosen(self) -> IntArray | None:
        """Return the opened columns, None where the solver holds no choice."""
        values = np.array(self._solver.getSolution().col_value)[: len(self._task.group)]
        return np.flatnonzero(values > _HALF) if len(values) == len(self._task.group) else None


def _with_slack(task: Task, columns: int) -> tuple[list[Int32Array], list[IntArray]]:
    """Return the columns and sizes of the rows with one slack each."""
    index = np.insert(task.column, task.ptr[1:], (columns + np.arange(task.rows)).astype(np.int32))
    return [index], [np.diff(task.ptr) + 1]


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


def greedy(task: Task) -> IntArray | None:
    """Open what serves most unserved rows, until all are served; None where the limits end it before."""
    small, _, columns = reduced(task)
    row = np.repeat(np.arange(small.rows), np.diff(small.ptr))
    open_rows, left = np.ones(small.rows, dtype=np.bool_), small.quota.copy()
    chosen: list[int] = []
    while open_rows.any():
        gain = np.bincount(small.column[open_rows[row]], minlength=len(small.group))
        gain[(left[small.group] == 0)] = 0
        pick = int(gain.argmax()) if len(gain) else -1
        if pick < 0 or gain[pick] == 0 or len(chosen) == small.total:
            return None
        chosen.append(pick)
        left[small.group[pick]] -= 1
        open_rows[row[small.column == pick]] = False
    return columns[np.array(chosen, dtype=np.int64)]
