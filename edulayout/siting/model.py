"""From costs, weights and rules to the arrays that are searched: small, in an order that input order cannot change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from edulayout.siting.rules import column_positions

if TYPE_CHECKING:
    import numpy.typing as npt

    from edulayout.costs import TravelCosts
    from edulayout.siting.rules import Goal, Rules
    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array, IntArray

    WordArray: TypeAlias = npt.NDArray[np.uint64]

_GRAIN = 1024.0
_UNKNOWN, _EXISTING, _CLOSED = -3, -2, -1


@dataclass(frozen=True, eq=False)
class Core:
    """The arrays of the kernels (`edulayout.kernels.siting`): rows that sites serve, columns that may be opened.

    Parameters
    ----------
    ptr, column, cost
        CSR arcs, ascending by weighted cost within a row, every one below the cap of its row.
    row
        Row of every arc.
    cap
        What a row costs where no column is opened for it.
    group_ptr, quota
        Columns of group g are `group_ptr[g]:group_ptr[g + 1]`; `quota[g]` of them are opened.
    constant
        What the rows without an arc cost in any case.
    """

    ptr: IntArray
    column: Int32Array
    cost: FloatArray
    row: IntArray
    cap: FloatArray
    group_ptr: IntArray
    quota: IntArray
    constant: float

    @property
    def group(self) -> IntArray:
        """Group of every column."""
        return np.repeat(np.arange(len(self.quota)), np.diff(self.group_ptr))


@dataclass(frozen=True, eq=False)
class Model:
    """The core and the way back from it.

    Parameters
    ----------
    core
        What the kernels minimise.
    sites
        Candidate (position in the rules) of every column.
    row_of
        Core row of every demand row, -1 where none.
    weight
        Weight of every core row: merged demand that no choice tells apart.
    cap_cost
        Cost, not weighted, of every demand row where no new site is opened for it; 0 for unreachable demand.
    sign, offset
        The objective is `offset + sign * value of the core`.
    step
        Every objective is a multiple of it; 0 where none is known.
    unreachable
        Demand rows that no site reaches.
    """

    core: Core
    sites: IntArray
    row_of: IntArray
    weight: FloatArray
    cap_cost: FloatArray
    sign: float
    offset: float
    step: float
    unreachable: BoolArray


@dataclass(frozen=True, eq=False)
class _Arcs:
    row: IntArray
    column: IntArray
    charge: FloatArray

    def where(self, kept: BoolArray) -> _Arcs:
        return _Arcs(self.row[kept], self.column[kept], self.charge[kept])


def build(costs: TravelCosts, weights: FloatArray, rules: Rules, *, goal: Goal) -> Model:
    """Fold the existing sites into a cap per row, drop what cannot matter, merge rows that no choice tells apart.

    Complexity O(pairs log pairs).
    """
    arcs, outside = _arcs(costs, goal)
    sites = np.flatnonzero(np.asarray(rules.quota)[np.asarray(rules.group_of, dtype=np.int64)] > 0)
    column_of = np.full(costs.shape[1], _UNKNOWN, dtype=np.int64)
    column_of[column_positions(costs, rules.existing)] = _EXISTING
    column_of[column_positions(costs, rules.candidates)] = _CLOSED
    column_of[column_positions(costs, [rules.candidates[k] for k in sites])] = np.arange(len(sites))
    arcs = _Arcs(arcs.row, column_of[arcs.column], arcs.charge)

    reached = np.zeros(len(weights), dtype=np.bool_)
    reached[arcs.row[arcs.column != _UNKNOWN]] = True
    cap = np.where(reached, outside, 0.0)
    kept = arcs.where(arcs.column == _EXISTING)
    np.minimum.at(cap, kept.row, kept.charge)
    arcs = arcs.where((arcs.column >= 0) & (arcs.charge < cap[arcs.row]) & (weights[arcs.row] > 0))

    maximise = goal.sense == "maximise"
    core, row_of, weight = _core(arcs, weights, cap, sites=sites, rules=rules)
    return Model(
        core=core,
        sites=sites,
        row_of=row_of,
        weight=weight,
        cap_cost=cap,
        sign=-1.0 if maximise else 1.0,
        offset=math.fsum(weights[reached]) if maximise else 0.0,
        step=granularity(np.concatenate([weights[arcs.row] * arcs.charge, weights * cap])),
        unreachable=~reached,
    )


def _arcs(costs: TravelCosts, goal: Goal) -> tuple[_Arcs, float]:
    """Return the arcs, charged by the goal, and what a row outside all of them is charged."""
    rows, columns = costs.row_numbers(), costs.indices.astype(np.int64)
    if goal.radius is None:
        assert goal.unreachable_cost is not None
        return _Arcs(rows, columns, costs.values.astype(np.float64)), goal.unreachable_cost
    near = costs.values <= np.float32(goal.radius)
    return _Arcs(rows[near], columns[near], np.zeros(int(near.sum()))), 1.0


def granularity(numbers: FloatArray) -> float:
    """Return the largest step that all numbers are multiples of, 0.0 where 1/1024 is none.

    Examples
    --------
    >>> import numpy as np
    >>> granularity(np.array([6.0, 9.0])), granularity(np.array([0.5, 2.0])), granularity(np.array([0.1]))
    (3.0, 0.5, 0.0)
    """
    scaled = numbers * _GRAIN
    if not len(scaled) or np.abs(scaled).max() >= 2.0**53 or (scaled != np.rint(scaled)).any():
        return 0.0
    return float(np.gcd.reduce(scaled.astype(np.int64))) / _GRAIN


def _merge(arcs: _Arcs, weights: FloatArray, cap: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the rows with arcs in an order of content, and the number of the merged row of each of them."""
    rows, start, count = np.unique(arcs.row, return_index=True, return_counts=True)
    print_of_arc = _mixed(arcs.column.astype(np.uint64) + np.uint64(1)) ^ arcs.charge.view(np.uint64)
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(_mixed(print_of_arc), dtype=np.uint64)])
    fingerprint = sums[start + count] - sums[start] + _mixed(cap[rows].view(np.uint64))
    order = np.lexsort((weights[rows], fingerprint))
    rows, start, count = rows[order], start[order], count[order]
    same = (fingerprint[order][1:] == fingerprint[order][:-1]) & (count[1:] == count[:-1])
    same &= cap[rows[1:]] == cap[rows[:-1]]
    # Equal fingerprints are a hint; rows are merged only where every arc is the same.
    doubtful = np.flatnonzero(same)
    pair = np.repeat(doubtful, count[doubtful])
    within = np.arange(len(pair)) - np.repeat(np.cumsum(count[doubtful]) - count[doubtful], count[doubtful])
    one, other = start[pair] + within, start[pair + 1] + within
    differs = (arcs.column[one] != arcs.column[other]) | (arcs.charge[one] != arcs.charge[other])
    same[pair[differs]] = False
    return rows, np.concatenate([np.zeros(min(1, len(rows)), dtype=np.int64), np.cumsum(~same)])


def _mixed(words: WordArray) -> WordArray:
    """Return well-mixed words (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _core(
    arcs: _Arcs, weights: FloatArray, cap: FloatArray, *, sites: IntArray, rules: Rules
) -> tuple[Core, IntArray, FloatArray]:
    """Return the core of the merged rows, the core row of every demand row, and the weight of every core row."""
    rows, number = _merge(arcs, weights, cap)
    total = int(number[-1]) + 1 if len(number) else 0
    row_of = np.full(len(weights), -1, dtype=np.int64)
    row_of[rows] = number
    weight = np.bincount(number, weights=weights[rows], minlength=total).astype(np.float64)
    first = rows[np.unique(number, return_index=True)[1]]
    own = arcs.where(np.isin(arcs.row, first))
    row = row_of[own.row]
    order = np.lexsort((own.column, own.charge, row))
    row = row[order]
    group, used = np.asarray(rules.group_of, dtype=np.int64)[sites], np.flatnonzero(np.asarray(rules.quota))
    core = Core(
        ptr=_pointers(np.bincount(row, minlength=total)),
        column=own.column[order].astype(np.int32),
        cost=weight[row] * own.charge[order],
        row=row,
        cap=weight * cap[first],
        group_ptr=np.searchsorted(group, np.append(used, len(rules.groups))).astype(np.int64),
        quota=np.asarray(rules.quota, dtype=np.int64)[used],
        constant=math.fsum((weights * cap)[row_of < 0]),
    )
    return core, row_of, weight


def _pointers(counts: IntArray) -> IntArray:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


def shrink(core: Core, fixed: AnyArray) -> tuple[Core, IntArray, IntArray]:
    """Return the core with columns opened (1) or closed (-1), and which rows and columns of `core` are left in it.

    An opened column lowers the caps of its rows, as an existing site does.
    """
    cap = core.cap.copy()
    opened = (fixed == 1)[core.column]
    np.minimum.at(cap, core.row[opened], core.cost[opened])
    kept = (fixed == 0)[core.column] & (core.cost < cap[core.row])
    count = np.bincount(core.row[kept], minlength=len(cap))
    rows, columns = np.flatnonzero(count), np.flatnonzero(fixed == 0)
    group = core.group
    reduced = Core(
        ptr=_pointers(count[rows]),
        column=(np.cumsum(fixed == 0) - 1)[core.column[kept]].astype(np.int32),
        cost=core.cost[kept],
        row=(np.cumsum(count > 0) - 1)[core.row[kept]],
        cap=cap[rows],
        group_ptr=np.searchsorted(group[columns], np.arange(len(core.quota) + 1)).astype(np.int64),
        quota=core.quota - np.bincount(group[fixed == 1], minlength=len(core.quota)),
        constant=core.constant + float(cap[count == 0].sum()),
    )
    return reduced, rows, columns
