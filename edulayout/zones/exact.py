"""The exact model: a 0-1 programme whose contiguity is enforced by cuts, found as they are broken."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from edulayout.kernels.zones import reach

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, IntArray
    from edulayout.zones.question import Question

Goal = Literal["cost", "over", "tolerance"]
"""What is made least: the cost within the limits; pupils beyond them; or how far the limits have to be raised."""

_ROUNDS = 200
_NODES = 1000
"""Nodes of all rounds together: an effort that, unlike seconds, is the same on every machine."""
_HALF = 0.5


class Found(NamedTuple):
    """What the programme says: the best whole zones (empty where none), a bound, solved or not, nodes, cuts."""

    zone: IntArray
    bound: float
    solved: bool
    nodes: int
    cuts: int


class Limits(NamedTuple):
    """When to stop: relative gap, and the time at which it has to be over (`time.perf_counter`)."""

    gap: float
    until: float


class _Cut(NamedTuple):
    """One arc is used only where one of others is."""

    arc: int
    others: IntArray


@dataclass(eq=False)
class _Programme:
    """Columns: the arcs, then for each school what its zone leans, then the pupils beyond its limit.

    Where the tolerance is made least, the first of the last columns stands for all: the share of the seats by which
    every limit is raised.
    """

    question: Question
    block: IntArray
    school: IntArray
    number: IntArray
    goal: Goal
    rows: list[_Cut] = field(default_factory=list)


def solve_exactly(question: Question, arcs: BoolArray, start: IntArray, limits: Limits, *, goal: Goal) -> Found:
    """Find the best whole zones over some of the arcs, and prove it.

    The programme says at first only that a block needs a neighbour in its zone (unless it is next to the home). Where
    a solution has a part that its home does not reach, the blocks of the part need a block of the least set that
    separates it from the home (Carvajal et al. 2013, doi:10.1287/opre.2013.1183); solved again until all are whole.

    Parameters
    ----------
    question, arcs
        The question, and which pairs may be used.
    start
        Zone of every block to start from; empty for none.
    limits
        When to stop.
    goal
        What is made least: all but `cost` allow pupils beyond the limits.
    """
    kept = reach(question.ptr, question.neighbour, arcs, question.home)
    block, school = np.nonzero(kept)
    number = np.full(kept.shape, -1, dtype=np.int64)
    number[block, school] = np.arange(len(block))
    programme = _Programme(question, block, school, number, goal)
    programme.rows.extend(_first_cuts(programme))
    return _rounds(programme, start, limits)


def _rounds(programme: _Programme, start: IntArray, limits: Limits) -> Found:
    bound, nodes, none = -math.inf, 0, np.empty(0, dtype=np.int64)
    for _ in range(_ROUNDS):
        solver = _built(programme, limits, nodes=_NODES - nodes)
        if len(start):
            _suggest(solver, programme, start)
        solver.run()
        status, info = solver.getModelStatus(), solver.getInfo()
        nodes += max(int(info.mip_node_count), 0)
        if status == highspy.HighsModelStatus.kInfeasible:
            return Found(none, math.inf, solved=True, nodes=nodes, cuts=len(programme.rows))
        if math.isfinite(info.mip_dual_bound):
            bound = max(bound, float(info.mip_dual_bound))
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            break
        values = np.asarray(solver.getSolution().col_value)[: len(programme.block)]
        zone = _zones(programme, values)
        broken = _broken(programme, zone)
        solved = status == highspy.HighsModelStatus.kOptimal
        if not broken:
            return Found(zone, bound, solved=solved, nodes=nodes, cuts=len(programme.rows))
        if not solved and (time.perf_counter() >= limits.until or nodes >= _NODES):
            break
        programme.rows.extend(broken)
    return Found(none, bound, solved=False, nodes=nodes, cuts=len(programme.rows))


def _zones(programme: _Programme, values: FloatArray) -> IntArray:
    zone = np.full(len(programme.question.pupils), -1, dtype=np.int64)
    used = values > _HALF
    zone[programme.block[used]] = programme.school[used]
    return zone


def _built(programme: _Programme, limits: Limits, *, nodes: int) -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, bool | int | float | str] = {
        "output_flag": False, "random_seed": 0, "parallel": "off", "mip_rel_gap": limits.gap, "mip_abs_gap": 1e-9,
        "mip_max_nodes": nodes, "mip_feasibility_tolerance": 1e-9,
        "time_limit": max(limits.until - time.perf_counter(), 0.01),
    }  # fmt: skip
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(_model(programme))
    return solver


def _model(programme: _Programme) -> highspy.HighsLp:
    question, arcs, m = programme.question, len(programme.block), len(programme.question.limit)
    within = programme.goal == "cost"
    price = np.full(m, question.balance_cost) if within else np.zeros(m)
    charge = question.cost[programme.block, programme.school] if within else np.zeros(arcs)
    matrix, low, high = _all_rows(programme)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = arcs + 2 * m, len(low)
    model.col_cost_ = np.r_[charge, price, np.ones(m)]
    model.col_lower_ = np.zeros(arcs + 2 * m)
    model.col_upper_ = np.r_[np.ones(arcs), np.full(m, np.inf), np.full(m, 0.0 if within else np.inf)]
    model.row_lower_, model.row_upper_ = low, high
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    kinds = [highspy.HighsVarType.kInteger] * arcs + [highspy.HighsVarType.kContinuous] * (2 * m)
    model.integrality_ = kinds
    return model


def _all_rows(programme: _Programme) -> tuple[csr_array, FloatArray, FloatArray]:
    """Return the matrix and the bounds of its rows: one zone each, seats, leanings, contiguity."""
    question, arcs = programme.question, np.arange(len(programme.block))
    n, m = question.cost.shape
    block, school, each = programme.block, programme.school, np.arange(m)
    lean, (over, seats) = len(arcs) + each, _beyond(programme)
    pupils, beyond = question.pupils[block], question.deviation[block]
    one = np.ones(len(arcs))
    cut_row = [np.full(1 + len(cut.others), k) for k, cut in enumerate(programme.rows)]
    cut_column = [np.r_[cut.arc, cut.others] for cut in programme.rows]
    cut_value = [np.r_[1.0, np.full(len(cut.others), -1.0)] for cut in programme.rows]
    base = n + 3 * m
    rows = np.r_[block, n + school, n + each, n + m + school, n + m + each, n + 2 * m + school, n + 2 * m + each,
                 base + np.concatenate([np.empty(0), *cut_row])]  # fmt: skip
    columns = np.r_[arcs, arcs, over, arcs, lean, arcs, lean, np.concatenate([np.empty(0), *cut_column])]
    values = np.r_[one, pupils, -seats, beyond, -np.ones(m), -beyond, -np.ones(m),
                   np.concatenate([np.empty(0), *cut_value])]  # fmt: skip
    cuts = len(programme.rows)
    shape = (base + cuts, len(arcs) + 2 * m)
    matrix = coo_array((values, (rows.astype(np.int64), columns.astype(np.int64))), shape=shape).tocsr()
    low = np.r_[np.ones(n), np.full(3 * m + cuts, -np.inf)]
    high = np.r_[np.ones(n), question.limit, np.zeros(2 * m + cuts)]
    return matrix, low, high


def _beyond(programme: _Programme) -> tuple[IntArray, FloatArray]:
    """Return the column that raises the limit of each school, and by how many pupils one unit of it does."""
    m = len(programme.question.limit)
    first = len(programme.block) + m
    if programme.goal == "tolerance":
        return np.full(m, first), programme.question.seats
    return first + np.arange(m), np.ones(m)


def _suggest(solver: highspy.Highs, programme: _Programme, start: IntArray) -> None:
    question, m = programme.question, len(programme.question.limit)
    used = (programme.school == start[programme.block]).astype(np.float64)
    load = np.bincount(start, weights=question.pupils, minlength=m)
    lean = np.abs(np.bincount(start, weights=question.deviation, minlength=m))
    over = np.maximum(load - question.limit, 0.0)
    if programme.goal == "tolerance":
        over = np.r_[np.divide(over, question.seats, out=np.zeros(m), where=over > 0).max(), np.zeros(m - 1)]
    solution = highspy.HighsSolution()
    solution.col_value = list(np.r_[used, lean, over])
    solver.setSolution(solution)


def _first_cuts(programme: _Programme) -> list[_Cut]:
    """Return for every arc that no home is next to: a neighbour of the block is in the zone too."""
    question, cuts = programme.question, []
    for arc, (v, j) in enumerate(zip(programme.block, programme.school, strict=True)):
        around = question.neighbour[question.ptr[v] : question.ptr[v + 1]]
        if v != question.home[j] and question.home[j] not in around:
            others = programme.number[around, j]
            cuts.append(_Cut(arc, others[others >= 0]))
    return cuts


def _broken(programme: _Programme, zone: IntArray) -> list[_Cut]:
    """Return the cuts that zones in several parts break."""
    question, cuts = programme.question, []
    n = len(zone)
    graph = csr_array((np.ones(len(question.neighbour), dtype=np.int8), question.neighbour, question.ptr), shape=(n, n))
    for j, home in enumerate(question.home):
        own = np.flatnonzero(zone == j)
        part = connected_components(graph[own][:, own], directed=False)[1]
        whole = part[np.searchsorted(own, home)]
        for lost in range(part.max() + 1):
            if lost != whole:
                cuts.extend(_separating(programme, graph, own[part == lost], j))
    return cuts


def _separating(programme: _Programme, graph: csr_array, lost: IntArray, j: int) -> list[_Cut]:
    """Return a cut for each block of a lost part: it needs the nearest blocks that separate the part from the home."""
    number = programme.number[:, j]
    inside = np.zeros(len(number), dtype=np.bool_)
    inside[lost] = True
    border = (graph @ inside > 0) & ~inside & (number >= 0)
    outside = np.flatnonzero((number >= 0) & ~border & ~inside)
    part = connected_components(graph[outside][:, outside], directed=False)[1]
    with_home = np.zeros(len(number), dtype=np.bool_)
    with_home[outside[part == part[np.searchsorted(outside, programme.question.home[j])]]] = True
    others = np.flatnonzero(border & (graph @ with_home > 0))
    return [_Cut(int(number[v]), number[others]) for v in lost]
