"""Why no plan keeps all limits: which one, relaxed by how little, would allow a plan, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from edulayout.errors import Fault, InfeasibleError
from edulayout.siting.mip import solver

if TYPE_CHECKING:
    from edulayout.siting.mip.build import Program
    from edulayout.siting.mip.question import Question
    from edulayout.typing import AnyArray, FloatArray, IntArray

_SECONDS = 10.0
_DUST = 1e-6


@dataclass(frozen=True)
class _Family:
    """Limits that can be relaxed together: how their rows begin, and the words for it."""

    prefix: str
    source: str
    unit: str


_FAMILIES = (
    _Family("count ", "counts", "schools more or fewer than the counts allow"),
    _Family("seats ", "seats", "more seats"),
    _Family("least ", "least enrolment", "pupils below the least enrolment"),
    _Family("budget", "budget", "more budget"),
    _Family("spend ", "spending", "more money in one of the budgets"),
    _Family("closures", "closures", "more closures"),
    _Family("apart ", "apart", "pairs of sites nearer than allowed"),
    _Family("parcel ", "parcels", "parcels with room for one school more"),
    _Family("limit ", "limits", "more of the second goal"),
    _Family("assign ", "pupils", "pupils without a seat"),
)


def require_counts(question: Question) -> None:
    """Check that every count alone can be met by parcels.

    Raises
    ------
    InfeasibleError
        One fault for every count that asks for more than there is.
    """
    own, faults = question.options, []
    for count in question.terms.counts:
        there = own.matching(count)
        parcels = len(np.unique(own.parcel[there]))
        if count.least > parcels:
            missing = count.least - parcels
            faults.append(
                Fault(
                    "counts",
                    f"{count} wanted, {parcels} parcels have such an option",
                    f"at least {count.least} parcels",
                    f"lower it by {missing}, or add {missing} candidates",
                    tuple(own.ids[k] for k in there),
                )
            )
    if faults:
        raise InfeasibleError(*faults)


def explain(question: Question, program: Program, *, why: bool) -> NoReturn:
    """Raise the reason why a program has no solution: the smallest relaxation of every family that helps alone.

    Raises
    ------
    InfeasibleError
        One fault for each such family; where none helps alone, one for each limit of the cheapest joint relaxation.
    """
    faults = [fault for family in _FAMILIES for fault in _relaxed(question, program, [family])] if why else []
    if why and not faults:
        faults = _relaxed(question, program, list(_FAMILIES))
    if not faults:
        faults = [Fault("siting", "no plan keeps all limits", "limits that some plan keeps", "relax several at once")]
    raise InfeasibleError(*faults)


def _relaxed(question: Question, program: Program, families: list[_Family]) -> list[Fault]:
    """Return what the least relaxation of some families is; nothing where it does not help."""
    rows = np.array(
        [r for r, name in enumerate(program.names) if any(name.startswith(family.prefix) for family in families)],
        dtype=np.int64,
    )
    if not len(rows):
        return []
    elastic = _elastic(program, rows, _worth(question, program, rows))
    found = solver.solve(elastic, time_limit=_SECONDS)
    if found.values is None:
        return []
    more, fewer = np.split(found.values[program.columns :], 2)
    proved = found.verdict == "solved"
    return [
        fault
        for family in families
        for fault in _fault(question, program, family, rows, more + fewer, proved=proved, alone=len(families) == 1)
    ]  # fmt: skip


def _elastic(program: Program, rows: IntArray, worth: FloatArray) -> Program:
    """Return the program in which some rows may be missed from either side, and only missing them costs."""
    count = len(rows)
    slack = program.columns + np.arange(count)
    side = np.where(np.isfinite(program.row_low[rows]), 1.0, 0.0), np.where(np.isfinite(program.row_high[rows]), 1.0, 0)
    largest = _largest(program, rows)
    assign = np.array([program.names[r].startswith("assign ") for r in rows])
    return replace(
        program,
        cost=np.concatenate([np.zeros(program.columns), worth, worth]),
        constant=0.0,
        low=np.concatenate([program.low, np.zeros(2 * count)]),
        high=np.concatenate([program.high, largest * side[0], np.where(assign, 0.0, largest * side[1])]),
        whole=np.concatenate([program.whole, np.zeros(2 * count, dtype=np.bool_)]),
        entry_row=np.concatenate([program.entry_row, rows, rows]),
        entry_column=np.concatenate([program.entry_column, slack, slack + count]),
        entry=np.concatenate([program.entry, np.ones(count), -np.ones(count)]),
    )


def _largest(program: Program, rows: IntArray) -> FloatArray:
    """Return by how much a row can be missed at all: its sides and all its entries together."""
    reach = np.bincount(program.entry_row, weights=np.abs(program.entry), minlength=len(program.names))
    sides = np.where(np.isfinite(program.row_low), np.abs(program.row_low), 0.0)
    sides += np.where(np.isfinite(program.row_high), np.abs(program.row_high), 0.0)
    return np.asarray((reach + sides)[rows], dtype=np.float64)


def _worth(question: Question, program: Program, rows: IntArray) -> FloatArray:
    """Return what missing a row by one costs: a pupil counts as such, everything else by its own unit."""
    number = {f"assign {question.row_name(r)}": question.load[r] for r in range(question.rows)}
    return np.array([number.get(program.names[r], 1.0) for r in rows])


def _fault(
    question: Question,
    program: Program,
    family: _Family,
    rows: IntArray,
    missed: AnyArray,
    *,
    proved: bool,
    alone: bool,
) -> list[Fault]:
    worth = _worth(question, program, rows)
    hit = [
        (k, program.names[r])
        for k, r in enumerate(rows)
        if program.names[r].startswith(family.prefix) and missed[k] > _DUST
    ]
    if not hit:
        return []
    amount = sum(float(missed[k] * worth[k]) for k, _ in hit)
    parts = tuple(f"{_word(question, name)}: {missed[k] * worth[k]:.6g}" for k, name in hit)
    how = "alone" if alone else "together with the others"
    least = "the least that is enough" if proved else "enough; less may be enough too"
    return [
        Fault(
            family.source,
            "no plan keeps all limits at once",
            "limits that some plan keeps",
            f"relax {family.source} {how}: {amount:.6g} {family.unit} ({least})",
            parts,
        )
    ]


def _word(question: Question, name: str) -> str:
    """Return a row of the program in words."""
    if name.startswith("count "):
        return str(question.terms.counts[int(name.split()[1])])
    return name.removeprefix("assign ").removeprefix("seats ")
