"""One school for a whole demand row: rounding of the split optimum, chains of moves, and HiGHS where it can prove.

The split optimum bounds every plan of whole rows. Few rows are split in it (fewer than there are schools, but for
ties), so that a plan near it is close to the bound; arcs that its prices show to be too dear cannot be in a better one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from edulayout.assignment.solving import Plan, bound, value
from edulayout.kernels import whole_rows as kernels

if TYPE_CHECKING:
    from edulayout.assignment.question import Question
    from edulayout.assignment.solving import Optimum, Value
    from edulayout.typing import BoolArray, FloatArray, IntArray

_SEARCHED = 5000
_PROVABLE = 3000
_SWEEPS = 8
_POLISHING = 200
_ROUGH = 0.001
_NODES = 2**31 - 1
_LEAST_GAIN = 1e-6
_OPTIMAL = 0
_PROVED = "split optimum; HiGHS on the arcs that its prices leave open"
_SEARCH = "split optimum rounded, moves in chains; the split optimum is the bound"


def whole_rows(question: Question, split: Optimum, *, time_limit: float) -> Plan:
    """Return a plan of whole rows, optimal where so few arcs could be in a better one that HiGHS can prove it.

    Complexity: O(arcs) and a search over some thousands of arcs; the exact part is exponential in the worst case, and
    stops at the time limit.
    """
    least, dear = bound(question, split.price), _dear(question, split)
    choice = _searched(question, _rounded(question, split.flow), dear, least, time_limit)
    found = value(question, _flow(question, choice))
    if found == least:
        return Plan(_flow(question, choice), least, _SEARCH)
    kept = _paying(question, choice, dear, least)
    if kept.sum() - len(choice) > _PROVABLE and _rough(value(question, _flow(question, choice)), least):
        choice = _polished(question, choice, dear, time_limit)
        kept = _paying(question, choice, dear, least)
    if kept.sum() - len(choice) > _PROVABLE:
        return Plan(_flow(question, choice), least, _SEARCH)
    choice, proved = _exact(question, kept, choice, time_limit)
    flow = _flow(question, choice)
    return Plan(flow, value(question, flow), _PROVED) if proved else Plan(flow, least, _SEARCH)


def _paying(question: Question, choice: IntArray, dear: FloatArray, least: Value) -> BoolArray:
    """Return the arcs that a plan better than this one can use."""
    found = value(question, _flow(question, choice))
    paying = float(found.unseated - least.unseated) * question.outside + (found.charge - least.charge)
    kept = dear <= paying * (1 + _LEAST_GAIN)
    kept[choice] = True
    return kept


def _rough(found: Value, least: Value) -> bool:
    """Return whether a plan is so far above the bound that polishing pays."""
    return found.unseated > least.unseated or found.charge - least.charge > _ROUGH * found.charge


def _polished(question: Question, choice: IntArray, dear: FloatArray, time_limit: float) -> IntArray:
    """Let HiGHS better the plan over the arcs that look best, for so many nodes: what is left may then be provable."""
    kept = np.zeros(len(dear), dtype=np.bool_)
    kept[np.argsort(dear, kind="stable")[: len(choice) + _PROVABLE]] = True
    kept[choice] = True
    before = value(question, _flow(question, choice))
    better, _ = _programme(question, kept, choice, seat=before.unseated, time_limit=time_limit, nodes=_POLISHING)
    return better if value(question, _flow(question, better)) < before else choice


def _dear(question: Question, split: Optimum) -> FloatArray:
    """Return by how much at least a plan that uses an arc is dearer than the bound: the row at its reduced cost."""
    ptr, column, cost = question.arcs
    reduced = cost + split.price[column]
    reduced = reduced - np.repeat(np.minimum.reduceat(reduced, ptr[:-1]), np.diff(ptr))
    dear: FloatArray = reduced.astype(np.float64) * question.supply[question.rows]
    return dear


def _flow(question: Question, choice: IntArray) -> IntArray:
    flow = np.zeros(len(question.arcs.cost), dtype=np.int64)
    flow[choice] = question.supply
    return flow


def _rounded(question: Question, flow: IntArray) -> IntArray:
    """Keep the rows that are whole; place the others, the largest first, at their cheapest school with room."""
    ptr, column, cost = question.arcs
    choice = ptr[1:] - 1
    whole = np.flatnonzero(flow == question.supply[question.rows])
    choice[question.rows[whole]] = whole
    room = _free(question, choice)
    kept = np.zeros(len(question.supply), dtype=np.bool_)
    kept[question.rows[whole]] = True
    for row in sorted(np.flatnonzero(~kept), key=lambda row: (-question.supply[row], row)):
        arcs = np.arange(ptr[row], ptr[row + 1])
        fits = arcs[room[column[arcs]] >= question.supply[row]]
        choice[row] = fits[np.argmin(cost[fits])]
        room[column[choice[row]]] -= question.supply[row]
    return choice


def _free(question: Question, choice: IntArray) -> IntArray:
    """Return the free seats of every column; outside has room for everybody."""
    load = np.bincount(question.arcs.column[choice], weights=question.supply, minlength=len(question.capacity))
    free = question.capacity - load.astype(np.int64)
    free[-1] = question.supply.sum()
    return free


def _searched(question: Question, choice: IntArray, dear: FloatArray, least: Value, time_limit: float) -> IntArray:
    """Seat more rows with HiGHS where some have no school, then better the plan by chains of moves."""
    _, column, cost = question.arcs
    kept = np.zeros(len(cost), dtype=np.bool_)
    kept[np.argsort(dear, kind="stable")[: len(choice) + _SEARCHED]] = True
    kept[choice] = True
    if value(question, _flow(question, choice)).unseated > least.unseated:
        choice, _ = _programme(question, kept, choice, seat=None, time_limit=time_limit)
    kept |= (column[choice] == len(question.school_ids))[question.rows]
    kept &= column < len(question.school_ids)
    kept[choice] = True
    widths = np.bincount(question.rows[kept], minlength=len(choice))
    several, better = widths > 1, choice.copy()
    charge = (cost * question.grain).astype(np.float64)
    kernels.exchange(
        np.flatnonzero(several), np.append(np.int64(0), np.cumsum(widths[several])),
        np.flatnonzero(kept & several[question.rows]), column, charge, question.supply,
        _free(question, choice), better, _SWEEPS, _LEAST_GAIN,
    )  # fmt: skip
    return better


def _exact(question: Question, kept: BoolArray, choice: IntArray, time_limit: float) -> tuple[IntArray, bool]:
    """Solve over some arcs: the fewest without a school, then the least cost; return whether both are proven."""
    before, proved, best = value(question, _flow(question, choice)), True, choice
    if before.unseated > 0:
        best, proved = _programme(question, kept, choice, seat=None, time_limit=time_limit)
    unseated = min(before.unseated, value(question, _flow(question, best)).unseated)
    best, second = _programme(question, kept, best, seat=unseated, time_limit=time_limit)
    better = value(question, _flow(question, best)) < before
    return best if better else choice, proved and second


def _programme(
    question: Question,
    kept: BoolArray,
    choice: IntArray,
    *,
    seat: int | None,
    time_limit: float,
    nodes: int = _NODES,
) -> tuple[IntArray, bool]:
    """Choose one kept arc for each row with HiGHS; return the choice and whether it is proven for these arcs.

    With `seat` None as few units as possible stay outside; otherwise at most that many, at the least cost.
    """
    rows, column = question.rows, question.arcs.column
    several = np.bincount(rows[kept], minlength=len(question.supply)) > 1
    arcs = np.flatnonzero(kept & several[rows])
    if not len(arcs):
        return choice, True
    units = question.supply[rows[arcs]].astype(np.float64)
    outside = column[arcs] == len(question.school_ids)
    way = np.where(outside, 0.0, question.arcs.cost[arcs] * question.grain)
    one_each = _incidence(np.unique(rows[arcs], return_inverse=True)[1].astype(np.int64), np.ones(len(arcs)))
    room = _room(question, choice, several, seat)
    found = milp(
        units * outside if seat is None else units * way,
        integrality=np.ones(len(arcs), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(one_each, 1, 1),
            LinearConstraint(_incidence(column[arcs].astype(np.int64), units, len(room)), -np.inf, room),
        ],
        options={"time_limit": time_limit, "mip_rel_gap": 0.0, "node_limit": nodes},
    )
    return _read(question, choice, arcs, found.x), found.status == _OPTIMAL


def _room(question: Question, choice: IntArray, several: BoolArray, seat: int | None) -> FloatArray:
    """Return what rows that have only one arc leave of every column, and of what may stay outside."""
    room = question.capacity.astype(np.float64)
    room[-1] = np.inf if seat is None else seat
    taken = question.arcs.column[choice[~several]]
    room -= np.bincount(taken, weights=question.supply[~several], minlength=len(room))
    return room


def _incidence(at: IntArray, entries: FloatArray, height: int | None = None) -> csr_array:
    height = int(at.max()) + 1 if height is None else height
    return csr_array((entries, (at, np.arange(len(at)))), shape=(height, len(at)))


def _read(question: Question, choice: IntArray, arcs: IntArray, taken: FloatArray | None) -> IntArray:
    """Take the solver's choice only where it holds in whole numbers."""
    if taken is None:
        return choice
    solved = choice.copy()
    chosen = arcs[taken > 1 / 2]
    solved[question.rows[chosen]] = chosen
    held = len(np.unique(question.rows[chosen])) == len(chosen) and (_free(question, solved) >= 0).all()
    return solved if held else choice
