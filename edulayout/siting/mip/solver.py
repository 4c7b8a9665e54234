"""HiGHS, asked carefully: one thread, every status checked, nothing believed that is not looked at again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from edulayout.errors import EdulayoutError
from edulayout.sparse import csr_from_pairs

if TYPE_CHECKING:
    from edulayout.siting.mip.build import Program
    from edulayout.typing import FloatArray

Verdict = Literal["solved", "time", "infeasible", "interrupt"]

_TIGHT = 1e-9
_FEASIBLE = 2


@dataclass(frozen=True, eq=False)
class Solved:
    """What HiGHS found.

    Parameters
    ----------
    verdict
        `solved` (proved within the gap asked for), `time`, `interrupt`, or `infeasible`.
    values
        The variables; None where no solution was found.
    bound
        What HiGHS says no solution is below.
    price
        Dual values of the rows; of a relaxation only.
    nodes
        Nodes of its tree.
    """

    verdict: Verdict
    values: FloatArray | None
    bound: float
    price: FloatArray
    nodes: int


class SolverError(EdulayoutError, RuntimeError):
    """HiGHS ended in a way that is no answer."""


def relax(program: Program, *, time_limit: float | None = None) -> Solved:
    """Solve the linear relaxation; its row prices prove a bound."""
    return _run(program, whole=False, gap=0.0, time_limit=time_limit, start=None)


def solve(
    program: Program, *, gap: float = 0.0, time_limit: float | None = None, start: FloatArray | None = None
) -> Solved:
    """Solve the mixed-integer program; `start` is a solution known already."""
    return _run(program, whole=True, gap=gap, time_limit=time_limit, start=start)


def _run(
    program: Program, *, whole: bool, gap: float, time_limit: float | None, start: FloatArray | None
) -> Solved:  # fmt: skip
    import highspy  # noqa: PLC0415 - heavy: only those who ask a rich question load a solver

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    scale = scale_of(program.cost)
    for name, value in _settings(gap, time_limit).items():
        _check(solver.setOptionValue(name, value), highspy, f"option {name}")
    _check(solver.passModel(_model(program, highspy, scale=scale, whole=whole)), highspy, "the model")
    if start is not None:
        guess = highspy.HighsSolution()
        guess.col_value = list(start)
        _check(solver.setSolution(guess), highspy, "the first solution")
    _check(solver.run(), highspy, "the run")
    return _read(solver, highspy, program, scale=scale, whole=whole)


def _settings(gap: float, time_limit: float | None) -> dict[str, Any]:
    return {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "mip_rel_gap": gap,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": _TIGHT,
        "primal_feasibility_tolerance": _TIGHT,
        "dual_feasibility_tolerance": _TIGHT,
        "time_limit": math.inf if time_limit is None else max(time_limit, 1e-3),
    }


def _check(status: Any, highspy: Any, what: str) -> None:  # noqa: ANN401 - highspy publishes no types
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS refused {what}")


def scale_of(cost: FloatArray) -> float:
    """Return the power of two that brings the largest cost near 1024: tolerances of solvers are absolute.

    Examples
    --------
    >>> import numpy as np
    >>> scale_of(np.array([1.0, 2.0**20])) == 2.0**-10
    True
    """
    largest = float(np.abs(cost).max(initial=0.0))
    return 1.0 if largest == 0 else 2.0 ** (10 - math.floor(math.log2(largest)))


def _model(program: Program, highspy: Any, *, scale: float, whole: bool) -> Any:  # noqa: ANN401 - as above
    order = np.lexsort((program.entry_column, program.entry_row))
    start = csr_from_pairs(
        program.entry_row, program.entry_column, program.entry, rows_total=len(program.names)
    ).indptr  # fmt: skip
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = program.columns, len(program.names)
    model.col_cost_ = program.cost * scale
    model.col_lower_, model.col_upper_ = program.low, program.high
    model.row_lower_, model.row_upper_ = program.row_low, program.row_high
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = start.astype(np.int32)
    model.a_matrix_.index_ = program.entry_column[order].astype(np.int32)
    model.a_matrix_.value_ = program.entry[order]
    if whole:
        kind = highspy.HighsVarType
        model.integrality_ = [kind.kInteger if w else kind.kContinuous for w in program.whole]
    return model


def _read(solver: Any, highspy: Any, program: Program, *, scale: float, whole: bool) -> Solved:  # noqa: ANN401
    status, info, solution = solver.getModelStatus(), solver.getInfo(), solver.getSolution()
    known = highspy.HighsModelStatus
    verdicts: dict[Any, Verdict] = {
        known.kOptimal: "solved",
        known.kModelEmpty: "solved",
        known.kTimeLimit: "time",
        known.kInterrupt: "interrupt",
        known.kInfeasible: "infeasible",
        known.kUnboundedOrInfeasible: "infeasible",  # every variable has both bounds: it cannot be unbounded
    }
    if status not in verdicts:
        raise SolverError(f"HiGHS ended with {solver.modelStatusToString(status)}")
    there = info.primal_solution_status == _FEASIBLE and len(solution.col_value) == program.columns
    values = np.clip(np.array(solution.col_value), program.low, program.high) if there else None
    raw = info.mip_dual_bound if whole else info.objective_function_value
    usable = math.isfinite(raw) and abs(raw) < highspy.kHighsInf
    price = np.array(solution.row_dual) / scale if solution.dual_valid and not whole else np.zeros(0)
    return Solved(
        verdict=verdicts[status],
        values=values,
        bound=raw / scale + program.constant if usable else -math.inf,
        price=price,
        nodes=max(0, int(info.mip_node_count)) if whole else 0,
    )
