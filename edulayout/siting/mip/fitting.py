"""Which questions the packing search can answer, and its answer in the terms of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.siting.mip.build import step_of
from edulayout.siting.mip.goals import Distance
from edulayout.siting.mip.question import CLOSABLE
from edulayout.siting.mip.single import Packing
from edulayout.siting.mip.solver import Solved

if TYPE_CHECKING:
    from edulayout.siting.mip.build import Program
    from edulayout.siting.mip.question import Question
    from edulayout.siting.mip.single import Packed
    from edulayout.siting.mip.solver import Verdict
    from edulayout.typing import IntArray

_MOST_CELLS = 40_000
_MOST_SEATS = 4_000
_SOME: dict[str, Verdict] = {"proved": "solved", "gap": "solved", "time": "time", "interrupt": "interrupt"}
_NONE: dict[str, Verdict] = {"proved": "infeasible", "gap": "time", "time": "time", "interrupt": "interrupt"}


def packing_of(question: Question) -> Packing | None:
    """Return the packing that a question is, None where it is more: sites of exact number, rows undivided, seats.

    Loads must be whole numbers, so that the seats of a site are a knapsack.
    """
    own, terms = question.options, question.terms
    plain = not (terms.split or terms.limits or terms.apart or terms.budget is not None or len(question.stages) > 1)
    plain = plain and terms.goal == Distance() and bool((own.least == 0).all() and (own.status != CLOSABLE).all())
    alone = len(set(own.parcel.tolist())) == len(set(own.site.tolist())) == len(own.ids)
    groups = _groups(question)
    whole = bool((question.load == np.rint(question.load)).all())
    if not (plain and alone and whole) or groups is None or question.rows * len(own.ids) > _MOST_CELLS:
        return None
    rows = np.flatnonzero(~question.unreachable)
    unit = max(int(np.gcd.reduce(question.load[rows].astype(np.int64), initial=0)), 1)
    load = question.load[rows].astype(np.int64) // unit
    seats = np.floor(np.minimum(own.seats[:, 0], question.load.sum()) / unit + 1e-9).astype(np.int64)
    if not len(rows) or seats.max(initial=0) > _MOST_SEATS or (load == 0).any():
        return None
    cost = np.full((question.rows, len(own.ids)), np.inf)
    option_at = np.argsort(own.site)
    cost[question.row, option_at[question.site]] = question.weight[question.row] * question.way
    return Packing(
        cost=cost[rows],
        load=load,
        seats=seats,
        group=groups[0],
        quota=groups[1],
        step=step_of(question.weight[question.row] * question.way),
    )


def _groups(question: Question) -> tuple[IntArray, IntArray] | None:
    """Return the group of every option and how many of it open; None where counts are ranges or overlap."""
    own, counts = question.options, question.terms.counts
    group = np.full(len(own.ids), -1, dtype=np.int64)
    group[own.status == 1] = len(counts)
    for k, count in enumerate(counts):
        there = own.matching(count)
        if count.least != count.most or (group[there] >= 0).any():
            return None
        group[there] = k
    if (group < 0).any():
        return None
    return group, np.array([*(count.least for count in counts), int((own.status == 1).sum())], dtype=np.int64)


def solved_of(question: Question, program: Program, packed: Packed) -> Solved:
    """Return what the packing search found as a solution of the program."""
    if not len(packed.site):
        return Solved(_NONE[packed.stop_reason], None, packed.lower, np.zeros(0), packed.nodes)
    values = np.zeros(program.columns)
    values[packed.opened] = 1.0
    site = np.full(question.rows, -1, dtype=np.int64)
    site[~question.unreachable] = question.options.site[packed.site]
    arcs = np.flatnonzero(question.site == site[question.row])
    values[program.options + arcs] = 1.0
    values[program.options + program.arcs : program.options + program.arcs + program.rows] = question.unreachable
    return Solved(_SOME[packed.stop_reason], values, packed.lower, np.zeros(0), packed.nodes)
