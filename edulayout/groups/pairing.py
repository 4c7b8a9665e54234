"""Exact pairing, one goal after the other, through the siting core's programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edulayout.groups.asking import question_of
from edulayout.groups.result import GOALS, Goal, Groups
from edulayout.siting.mip.build import Draft, Program
from edulayout.siting.mip.solver import relax, solve
from edulayout.typing import quiet

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.groups.asking import Question
    from edulayout.siting.mip.solver import Solved
    from edulayout.typing import FloatArray, Progress


def pair(
    branches: pd.DataFrame, leads: pd.DataFrame, costs: TravelCosts, *, within: float, today: pd.Series | None = None,
    change_cost: float = 0.0, time_limit: float | None = None, progress: Progress = quiet,
) -> Groups:  # fmt: skip
    """Give each weaker school one lead, or none where none can have it.

    Four goals, one after the other, each made best without giving up any of those before: the fewest townships whose
    schools have no lead; the most pupils in led schools; the least of the highest load of a lead (load: the share of
    its limit that is used); the least travel, a pair other than today's counting `change_cost` more.

    Parameters
    ----------
    branches
        By id (the `demand_id` of the costs): `pupils`; `need` (in the unit of the leads' limit; 1 where the column is
        missing), `township` (may be empty).
    leads
        By id (the `school_id` of the costs): `limit` (branches, staff days or seats); others, such as `grade`, stay.
    costs
        From the branches to the leads, such as minutes by road.
    within
        A branch farther than this from a lead is not led by it.
    today
        Branch → its lead of today, where it has one.
    change_cost
        In the unit of the costs.
    time_limit
        Seconds for each goal; a goal that is not proven in it says so, with its bound.

    Returns
    -------
    Groups
        With the goals and the certificate of each.

    Raises
    ------
    InputError
        Where the tables are at fault; every fault at once.

    Notes
    -----
    Each goal is a mixed-integer program (a generalised assignment problem, Martello & Toth 1990, ch. 7), solved by
    HiGHS with one thread and a fixed seed. Every goal reached is a row of the later ones. Exponential at worst.

    Examples
    --------
    Lead x may have one branch, y two; b is nearer to x, but only x can reach a.

    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_pairs(
    ...     pd.Series([5.0, 3.0, 9.0], index=pd.MultiIndex.from_tuples([("a", "x"), ("b", "x"), ("b", "y")])),
    ...     unit="minutes")
    >>> made = pair(pd.DataFrame({"pupils": [90, 60]}, index=["a", "b"]),
    ...             pd.DataFrame({"limit": [1, 2]}, index=["x", "y"]), costs, within=30)
    >>> made.pairs["lead_id"].to_dict(), made.goals["status"].unique().tolist()
    ({'a': 'x', 'b': 'y'}, ['optimal'])
    """
    question = question_of(branches, leads, costs, within=within, today=today, change_cost=change_cost)
    stage = _Stage(question, ())
    found: FloatArray | None = None
    goals: list[Goal] = []
    for number, name in enumerate(GOALS):
        progress(f"groups: {name}", number, len(GOALS))
        program = stage.program(name)
        root, solved = relax(program), solve(program, time_limit=time_limit, start=found)
        goal, found = _answer(name, program, root, solved, fallback=found)
        goals.append(goal)
        stage = _Stage(question, (*stage.kept, (name, goal.value)))
    assert found is not None, "no pair at all is a solution of every goal"
    return Groups.of(question, found, tuple(goals), unit=costs.unit, leads=leads, branches=branches, today=today)


def _answer(
    name: str, program: Program, root: Solved, solved: Solved, *, fallback: FloatArray | None
) -> tuple[Goal, FloatArray]:
    values = solved.values if solved.values is not None else fallback
    if values is None:
        values = program.high * 0.0
        values[program.arcs : program.arcs + program.rows] = 1.0  # nobody is led, which every goal allows
    values = np.where(program.whole, np.round(values), values)
    value = float(program.cost @ values)
    bound = max(solved.bound, program.bound(root.price) if len(root.price) else -np.inf)
    proven = value - bound <= 1e-9 * max(1.0, abs(value))
    return Goal(name, value, min(bound, value), "optimal" if proven else "feasible", solved.nodes), values


@dataclass(frozen=True)
class _Stage:
    """A goal's program, the goals before it being kept.

    Columns: a pair for each arc, `not led` for each branch, `missed` for each township, and the highest load.
    """

    question: Question
    kept: tuple[tuple[str, float], ...]

    def cost(self, name: str) -> FloatArray:
        ask = self.question
        arcs, branches, townships = len(ask.way), len(ask.branches), len(ask.townships)
        cost = np.zeros(arcs + branches + townships + 1)
        if name == "townships":
            cost[arcs + branches : -1] = 1.0
        elif name == "pupils":
            cost[arcs : arcs + branches] = ask.pupils
        elif name == "load":
            cost[-1] = 1.0
        else:
            cost[:arcs] = ask.way + ask.change
        return cost

    def program(self, name: str) -> Program:
        ask, draft = self.question, Draft()
        arcs, branches, townships = len(ask.way), len(ask.branches), len(ask.townships)
        columns = arcs + branches + townships + 1
        self._rows(draft)
        for earlier, value in self.kept:
            cost = self.cost(earlier)
            used = np.flatnonzero(cost)
            slack = 1e-9 * max(1.0, abs(value)) if earlier == "load" else 0.0
            draft.add_one(f"kept {earlier}", used, cost[used], low=-np.inf, high=value + slack)
        high = np.ones(columns)
        whole = np.ones(columns, dtype=bool)
        whole[-1] = False
        return Program(
            cost=self.cost(name), constant=0.0, low=np.zeros(columns), high=high, whole=whole,
            row_low=np.concatenate(draft.lows), row_high=np.concatenate(draft.highs),
            entry_row=np.concatenate(draft.rows), entry_column=np.concatenate(draft.columns),
            entry=np.concatenate(draft.entries), names=tuple(draft.names), options=0, arcs=arcs, rows=branches,
        )  # fmt: skip

    def _rows(self, draft: Draft) -> None:
        ask = self.question
        arcs, branches, townships = len(ask.way), len(ask.branches), len(ask.townships)
        every, own = np.arange(arcs), np.arange(branches)
        draft.add([f"branch {name}" for name in ask.branches],
                  [(ask.arc_branch, every, 1.0), (own, arcs + own, 1.0)], low=1.0, high=1.0)  # fmt: skip
        top = np.full(len(ask.leads), arcs + branches + townships)
        draft.add([f"load {name}" for name in ask.leads],
                  [(ask.arc_lead, every, ask.need[ask.arc_branch]), (np.arange(len(ask.leads)), top, -ask.limit)],
                  low=-np.inf, high=0.0)  # fmt: skip
        if townships:
            there = np.flatnonzero(ask.township[ask.arc_branch] >= 0)
            miss = arcs + branches + np.arange(townships)
            draft.add([f"township {name}" for name in ask.townships],
                      [(ask.township[ask.arc_branch[there]], there, 1.0), (np.arange(townships), miss, 1.0)],
                      low=1.0, high=np.inf)  # fmt: skip
