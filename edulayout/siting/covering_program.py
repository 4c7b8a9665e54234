"""The covering problem as a program of HiGHS: its linear relaxation for prices, its tree for what prices leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edulayout.siting.covering import Reply, reduced, serves

if TYPE_CHECKING:
    from edulayout.siting.covering import Task
    from edulayout.typing import FloatArray, Int32Array, IntArray

_HALF = 0.5
_WHOLE = 1e-6
_LONGEST = 1e9


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
