"""From a question to one mixed-integer program: the only builder, whatever is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from edulayout.siting.mip.goals import Coverage, Distance
from edulayout.siting.mip.question import CANDIDATE, CLOSABLE, EXISTING, gains, parcels_of

if TYPE_CHECKING:
    from edulayout.siting.mip.goals import Objective, WorstDistrict
    from edulayout.siting.mip.question import Question
    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray

    _Entries: TypeAlias = tuple[AnyArray, AnyArray, AnyArray | float]


_GRAIN = 1024.0
_EXACT = 2.0**53


@dataclass(frozen=True, eq=False)
class Program:
    """Least `cost @ v + constant` over `low <= v <= high`, `row_low <= A v <= row_high`, some of v whole numbers.

    The columns are: one for every option (open), one for every arc (share of the row that goes there), one for every
    row (share without a seat), one for every worst-district goal. A maximised goal is built with its sign turned.

    Parameters
    ----------
    entry_row, entry_column, entry
        The non-zeros of A.
    names
        Name of every row of A, unique.
    options, arcs, rows
        How many columns of each sort.
    """

    cost: FloatArray
    constant: float
    low: FloatArray
    high: FloatArray
    whole: BoolArray
    row_low: FloatArray
    row_high: FloatArray
    entry_row: IntArray
    entry_column: IntArray
    entry: FloatArray
    names: tuple[str, ...]
    options: int
    arcs: int
    rows: int

    @property
    def columns(self) -> int:
        """How many variables."""
        return len(self.cost)

    def fixed(self, low: FloatArray, high: FloatArray) -> Program:
        """Return the program with other bounds of its variables."""
        return replace(self, low=low, high=high)

    def bound(self, price: FloatArray) -> float:
        """Return what row prices prove: no solution costs less.

        The bound is that of weak duality over the box of the variables; a price that asks for an infinite side of its
        row counts as 0, so that every vector of prices proves something. Complexity O(non-zeros).
        """
        side = np.where(price > 0, self.row_low, self.row_high)
        usable = np.isfinite(side)
        price = np.where(usable, price, 0.0)
        reduced = self.cost - np.bincount(
            self.entry_column, weights=self.entry * price[self.entry_row], minlength=self.columns
        )
        best = np.where(reduced > 0, reduced * self.low, reduced * self.high)
        return float(np.sum(price * np.where(usable, side, 0.0)) + np.sum(best)) + self.constant


@dataclass(eq=False)
class Draft:
    """Rows of a program while it is put together."""

    lows: list[FloatArray] = field(default_factory=list)
    highs: list[FloatArray] = field(default_factory=list)
    rows: list[IntArray] = field(default_factory=list)
    columns: list[IntArray] = field(default_factory=list)
    entries: list[FloatArray] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, names: list[str], parts: list[_Entries], *, low: float, high: float) -> None:
        """Add rows with the same sides; parts hold their number among these rows, columns and entries."""
        base = len(self.names)
        self.names += names
        self.lows.append(np.full(len(names), low, dtype=np.float64))
        self.highs.append(np.full(len(names), high, dtype=np.float64))
        for row, column, entry in parts:
            self.rows.append(np.asarray(row, dtype=np.int64) + base)
            self.columns.append(np.asarray(column, dtype=np.int64))
            self.entries.append(np.broadcast_to(np.asarray(entry, dtype=np.float64), np.shape(column)))

    def add_one(self, name: str, columns: AnyArray, entries: AnyArray | float, *, low: float, high: float) -> None:
        """Add one row."""
        self.add([name], [(np.zeros(len(columns), dtype=np.int64), columns, entries)], low=low, high=high)


def build(question: Question) -> Program:
    """Return the program of a question; complexity O(arcs + options).

    The formulation is the strong one: no arc without an open option on its site (Balinski 1965,
    doi:10.1287/mnsc.12.3.253), beside seats and least enrolment for every site and stage.
    """
    options, arcs, rows = len(question.options.ids), len(question.row), question.rows
    worst = [k for k, goal in enumerate(question.terms.goals) if not isinstance(goal, Distance | Coverage)]
    columns = options + arcs + rows + len(worst)
    draft = Draft()
    _assignment_rows(draft, question)
    _link_rows(draft, question)
    _seat_rows(draft, question)
    _choice_rows(draft, question)
    _money_rows(draft, question)
    for z, k in enumerate(worst):
        _worst_rows(draft, question, question.terms.goals[k], column=options + arcs + rows + z, number=k)  # type: ignore[arg-type]
    cost, constant = _coefficients(question, 0, columns, worst)
    for k, limit in enumerate(question.terms.limits, start=1):
        own, rest = _coefficients(question, k, columns, worst)
        sign = 1.0 if limit.goal.sense == "minimise" else -1.0
        used = np.flatnonzero(own)
        draft.add_one(f"limit {k}", used, own[used], low=-np.inf, high=sign * limit.value - rest)
    low, high = _box(question, columns)
    return Program(
        cost=cost,
        constant=constant,
        low=low,
        high=high,
        whole=_whole(question, columns),
        row_low=np.concatenate(draft.lows),
        row_high=np.concatenate(draft.highs),
        entry_row=np.concatenate(draft.rows),
        entry_column=np.concatenate(draft.columns),
        entry=np.concatenate(draft.entries),
        names=tuple(draft.names),
        options=options,
        arcs=arcs,
        rows=rows,
    )


def step_of(numbers: FloatArray) -> float:
    """Return the largest step that all numbers are multiples of, 0.0 where 1/1024 is none.

    Examples
    --------
    >>> import numpy as np
    >>> step_of(np.array([6.0, 9.0])), step_of(np.array([0.5, 2.0])), step_of(np.array([0.1]))
    (3.0, 0.5, 0.0)
    """
    scaled = numbers * _GRAIN
    if not len(scaled) or np.abs(scaled).max() >= _EXACT or (scaled != np.rint(scaled)).any():
        return 0.0
    return float(np.gcd.reduce(scaled.astype(np.int64))) / _GRAIN


def rounded(program: Program, bound: float) -> float:
    """Return a bound, raised to the next value that a solution can have, where all values are multiples of a step."""
    counted = program.cost != 0
    if not program.whole[counted].all() or not math.isfinite(bound):
        return bound
    step = step_of(program.cost[counted])
    if step == 0.0:
        return bound
    return step * math.ceil((bound - program.constant) / step - 1e-6) + program.constant


def _box(question: Question, columns: int) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of the variables: existing schools stand; without a charge nobody stays without a seat."""
    options, arcs, rows = len(question.options.ids), len(question.row), question.rows
    low, high = np.zeros(columns), np.ones(columns)
    low[:options] = question.options.status == EXISTING
    unserved = high[options + arcs : options + arcs + rows]
    if question.terms.unserved_cost is None and not question.terms.only_coverage:
        unserved[~question.unreachable] = 0.0
    high[options + arcs + rows :] = question.way.max(initial=0.0)
    return low, high


def _whole(question: Question, columns: int) -> BoolArray:
    options, arcs, rows = len(question.options.ids), len(question.row), question.rows
    whole = np.zeros(columns, dtype=np.bool_)
    whole[: options + (0 if question.terms.split else arcs + rows)] = True
    return whole


def _assignment_rows(draft: Draft, question: Question) -> None:
    options, arcs, rows = len(question.options.ids), len(question.row), question.rows
    names = [f"assign {question.row_name(r)}" for r in range(rows)]
    parts: list[_Entries] = [
        (question.row, options + np.arange(arcs), 1.0),
        (np.arange(rows), options + arcs + np.arange(rows), 1.0),
    ]
    draft.add(names, parts, low=1.0, high=1.0)


def _link_rows(draft: Draft, question: Question) -> None:
    """Let an arc carry only what the open options on its site serve; where one stands in any case, nothing binds."""
    own = question.options
    standing = np.zeros((len(own.sites), len(question.stages)), dtype=np.bool_)
    np.logical_or.at(standing, own.site[own.status == EXISTING], own.serves[own.status == EXISTING])
    stage = question.stage[question.row]
    bound = np.flatnonzero(~standing[question.site, stage])
    number = np.full(len(question.row), -1, dtype=np.int64)
    number[bound] = np.arange(len(bound))
    names = [f"open {own.sites[question.site[a]]} for {question.row_name(question.row[a])}" for a in bound]
    parts: list[_Entries] = [(np.arange(len(bound)), len(own.ids) + bound, 1.0)]
    for k in range(len(own.ids)):
        hit = np.flatnonzero((question.site == own.site[k]) & own.serves[k, stage] & (number >= 0))
        parts.append((number[hit], np.full(len(hit), k), -1.0))
    draft.add(names, parts, low=-np.inf, high=0.0)


def _seat_rows(draft: Draft, question: Question) -> None:
    """Hold every site and stage to its seats and to its least enrolment, where there is such a limit."""
    own = question.options
    stage = question.stage[question.row]
    for s, name in enumerate(question.stages):
        for site in np.unique(own.site[own.serves[:, s]]):
            there = np.flatnonzero((own.site == site) & own.serves[:, s])
            arcs = np.flatnonzero((question.site == site) & (stage == s))
            load = question.load[question.row[arcs]]
            columns = np.concatenate([len(own.ids) + arcs, there])
            if np.isfinite(own.seats[there, s]).any():
                seats = np.minimum(own.seats[there, s], load.sum())
                draft.add_one(f"seats {own.sites[site]} {name}", columns, np.concatenate([load, -seats]),
                              low=-np.inf, high=0.0)  # fmt: skip
            if (own.least[there, s] > 0).any():
                draft.add_one(f"least {own.sites[site]} {name}", columns, np.concatenate([load, -own.least[there, s]]),
                              low=0.0, high=np.inf)  # fmt: skip


def _choice_rows(draft: Draft, question: Question) -> None:
    own, terms = question.options, question.terms
    for k, count in enumerate(terms.counts):
        most = np.inf if count.most is None else float(count.most)
        draft.add_one(f"count {k}", own.matching(count), 1.0, low=float(count.least), high=most)
    for number, there in parcels_of(own).items():
        draft.add_one(f"parcel {number}", there, 1.0, low=-np.inf, high=1.0)
    for one, other in near_pairs(question):
        new, any_there = near_options(question, one, other)
        draft.add_one(f"apart {one} {other}", np.concatenate([new, any_there]), 1.0, low=-np.inf, high=1.0)


def near_pairs(question: Question) -> list[tuple[str, str]]:
    """Return the ordered pairs of sites where a new option on the first keeps the second from being open."""
    own = question.options
    with_new = {own.sites[k] for k in own.site[own.status == CANDIDATE]}
    pairs = {pair for one, other in question.terms.apart for pair in ((one, other), (other, one)) if one != other}
    return sorted(pair for pair in pairs if pair[0] in with_new and pair[1] in own.sites)


def near_options(question: Question, one: str, other: str) -> tuple[IntArray, IntArray]:
    """Return the new options on the first site and all options on the second."""
    own = question.options
    new = np.flatnonzero((own.site == own.sites.index(one)) & (own.status == CANDIDATE))
    return new, np.flatnonzero(own.site == own.sites.index(other))


def _money_rows(draft: Draft, question: Question) -> None:
    own, terms = question.options, question.terms
    closable = np.flatnonzero(own.status == CLOSABLE)
    if terms.closures is not None and len(closable):
        draft.add_one("closures", closable, 1.0, low=float(len(closable) - terms.closures), high=np.inf)
    for k, spend in enumerate(terms.spending):
        there = np.flatnonzero(np.isin(own.ids, spend.options))
        draft.add_one(f"spend {k}", there, own.cost[there], low=-np.inf, high=spend.most)
    if terms.budget is not None:
        price, spent = opening_costs(question)
        draft.add_one("budget", np.arange(len(price)), price, low=-np.inf, high=terms.budget - spent)


def opening_costs(question: Question) -> tuple[FloatArray, float]:
    """Return the price of every option as a coefficient, and the constant: closing everything that can close."""
    own = question.options
    price = np.where(own.status == CANDIDATE, own.cost, np.where(own.status == CLOSABLE, -own.cost, 0.0))
    return price, float(own.cost[own.status == CLOSABLE].sum())


def _worst_rows(draft: Draft, question: Question, goal: WorstDistrict, *, column: int, number: int) -> None:
    """Hold the mean way of every district below one number."""
    names, district = district_numbers(question, goal)
    weight = np.bincount(district, weights=np.where(question.unreachable, 0.0, question.weight), minlength=len(names))
    for g in np.flatnonzero(weight > 0):
        arcs = np.flatnonzero(district[question.row] == g)
        terms = [question.weight[question.row[arcs]] * question.way[arcs] / weight[g]]
        columns = [len(question.options.ids) + arcs]
        if (charge := question.terms.unserved_cost) is not None:
            rows = np.flatnonzero((district == g) & ~question.unreachable)
            terms.append(question.weight[rows] * charge / weight[g])
            columns.append(len(question.options.ids) + len(question.row) + rows)
        columns.append(np.array([column]))
        terms.append(np.array([-1.0]))
        draft.add_one(f"worst {number} {names[g]}", np.concatenate(columns), np.concatenate(terms),
                      low=-np.inf, high=0.0)  # fmt: skip


def district_numbers(question: Question, goal: WorstDistrict) -> tuple[list[str], IntArray]:
    """Return the sorted names of the districts and the number of that of every row."""
    own = [str(goal.districts[name]) for name in question.demand_ids]
    names = sorted(set(own))
    position = {name: k for k, name in enumerate(names)}
    return names, np.array([position[name] for name in own], dtype=np.int64)


def _coefficients(question: Question, number: int, columns: int, worst: list[int]) -> tuple[FloatArray, float]:
    """Return a goal as coefficients to be made least, and its constant."""
    options, arcs, rows = len(question.options.ids), len(question.row), question.rows
    goal: Objective = question.terms.goals[number]
    cost = np.zeros(columns)
    if isinstance(goal, Distance):
        price, spent = opening_costs(question)
        cost[:options] = goal.per_cost * price
        cost[options : options + arcs] = question.weight[question.row] * question.way
        charge = question.terms.unserved_cost or 0.0
        unserved = np.where(question.unreachable, 0.0, question.weight * charge)
        cost[options + arcs : options + arcs + rows] = unserved
        return cost, goal.per_cost * spent
    if isinstance(goal, Coverage):
        cost[options : options + arcs] = -question.weight[question.row] * gains(goal, question)
        return cost, 0.0
    cost[options + arcs + rows + worst.index(number)] = 1.0
    return cost, 0.0
