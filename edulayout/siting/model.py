"""From costs, weights and rules to the arrays that are searched: small, in an order that input order cannot change."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from edulayout.kernels import siting_ascent
from edulayout.kernels import siting_rows as kernels
from edulayout.siting.levels import read_levels
from edulayout.siting.rules import column_positions

if TYPE_CHECKING:
    import numpy.typing as npt

    from edulayout.costs import TravelCosts
    from edulayout.siting.levels import Levels
    from edulayout.siting.rules import Goal, Rules
    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array, IntArray

    WordArray: TypeAlias = npt.NDArray[np.uint64]

_WHOLE = 2.0**53


@dataclass(frozen=True, eq=False)
class Core:
    """The arrays of the kernels (`edulayout.kernels.siting`): rows that sites serve, columns that may be opened.

    Parameters
    ----------
    ptr, column, cost
        CSR arcs, ascending by weighted cost within a row, every one below the cap of its row.
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
    cap: FloatArray
    group_ptr: IntArray
    quota: IntArray
    constant: float

    @cached_property
    def group(self) -> IntArray:
        """Group of every column."""
        return np.repeat(np.arange(len(self.quota)), np.diff(self.group_ptr))

    @cached_property
    def turned(self) -> tuple[IntArray, Int32Array, FloatArray]:
        """The arcs by column: pointers, rows, costs."""
        return siting_ascent.turn(self.ptr, self.column, self.cost, int(self.group_ptr[-1]))


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


def build(costs: TravelCosts, weights: FloatArray, rules: Rules, *, goal: Goal) -> Model:
    """Fold the existing sites into a cap per row, drop what cannot matter, merge rows that no choice tells apart.

    Complexity O(pairs + demand log demand); memory beside the result O(demand).
    """
    sites = np.flatnonzero(np.asarray(rules.quota)[np.asarray(rules.group_of, dtype=np.int64)] > 0)
    site = site_of_columns(costs, rules, sites)
    levels = read_levels(costs, goal)
    folded = _Folded(
        reached=np.zeros(len(weights), dtype=np.bool_),
        cap=np.zeros(len(weights)),
        arcs=np.zeros(len(weights), dtype=np.int64),
        prints=np.zeros(len(weights), dtype=np.uint64),
    )
    step = kernels.fold(*levels.arrays(costs), site, weights, levels.outside, *folded)
    maximise = goal.sense == "maximise"
    core, row_of, weight = _core(costs, weights, folded, levels=levels, sites=sites, site=site, rules=rules)
    offset = 0.0
    if maximise:
        # What no new site can cover is in neither, so that no small sum is the difference of two large ones.
        part = np.where(row_of < 0, 1.0 - folded.cap, 1.0)
        core, offset = replace(core, constant=0.0), math.fsum((weights * part)[folded.reached])
    return Model(
        core=core,
        sites=sites,
        row_of=row_of,
        weight=weight,
        cap_cost=folded.cap,
        sign=-1.0 if maximise else 1.0,
        offset=offset,
        step=step,
        unreachable=~folded.reached,
    )


def site_of_columns(costs: TravelCosts, rules: Rules, sites: IntArray) -> IntArray:
    """Return what every column of the costs is: the number of a site, or one of the words of the kernels."""
    site = np.full(costs.shape[1], kernels.OUTSIDE, dtype=np.int64)
    site[column_positions(costs, rules.candidates)] = kernels.SHUT
    site[column_positions(costs, [rules.candidates[k] for k in sites])] = np.arange(len(sites))
    site[column_positions(costs, rules.existing)] = kernels.KEPT
    return site


class _Folded(NamedTuple):
    """What `kernels.fold` notes of every row."""

    reached: BoolArray
    cap: FloatArray
    arcs: IntArray
    prints: WordArray


def _merge(
    costs: TravelCosts, weights: FloatArray, folded: _Folded, *, levels: Levels, site: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the rows with arcs in an order of content, and the number of the merged row of each of them."""
    rows = np.flatnonzero(folded.arcs)
    whole = bool((weights == np.rint(weights)).all()) and float(weights.sum()) < _WHOLE
    # Whole weights add up to the same in every order; others are added in the order of their size.
    keys = (folded.prints[rows],) if whole else (weights[rows], folded.prints[rows])
    rows = rows[np.lexsort(keys)]
    same = np.zeros(len(rows), dtype=np.bool_)
    kernels.same_as_previous(*levels.arrays(costs), site, *folded[1:], rows, same)
    return rows, np.cumsum(~same) - 1


def _core(
    costs: TravelCosts,
    weights: FloatArray,
    folded: _Folded,
    *,
    levels: Levels,
    sites: IntArray,
    site: IntArray,
    rules: Rules,
) -> tuple[Core, IntArray, FloatArray]:
    """Return the core of the merged rows, the core row of every demand row, and the weight of every core row."""
    rows, number = _merge(costs, weights, folded, levels=levels, site=site)
    total = int(number[-1]) + 1 if len(number) else 0
    row_of = np.full(len(weights), -1, dtype=np.int64)
    row_of[rows] = number
    weight = np.bincount(number, weights=weights[rows], minlength=total).astype(np.float64)
    first = rows[np.searchsorted(number, np.arange(total))]
    ptr = _pointers(folded.arcs[first])
    column, cost = np.empty(ptr[-1], dtype=np.int32), np.empty(ptr[-1])
    kernels.emit(*levels.arrays(costs), site, folded.cap, first, weight, ptr, column, cost)
    group, used = np.asarray(rules.group_of, dtype=np.int64)[sites], np.flatnonzero(np.asarray(rules.quota))
    core = Core(
        ptr=ptr,
        column=column,
        cost=cost,
        cap=weight * folded.cap[first],
        group_ptr=np.searchsorted(group, np.append(used, len(rules.groups))).astype(np.int64),
        quota=np.asarray(rules.quota, dtype=np.int64)[used],
        constant=math.fsum((weights * folded.cap)[row_of < 0]),
    )
    return core, row_of, weight


def _pointers(counts: IntArray) -> IntArray:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


def shrink(core: Core, fixed: AnyArray) -> tuple[Core, IntArray, IntArray]:
    """Return the core with columns opened (1) or closed (-1), and which rows and columns of `core` are left in it.

    An opened column lowers the caps of its rows, as an existing site does.
    """
    ptr, column, cost, cap, rows, lost = siting_ascent.shrink(
        core.ptr, core.column, core.cost, core.cap, *core.turned, fixed
    )
    columns, group = np.flatnonzero(fixed == 0), core.group
    reduced = Core(
        ptr=ptr,
        column=column,
        cost=cost,
        cap=cap,
        group_ptr=np.searchsorted(group[columns], np.arange(len(core.quota) + 1)).astype(np.int64),
        quota=core.quota - np.bincount(group[fixed == 1], minlength=len(core.quota)),
        constant=core.constant + lost,
    )
    return reduced, rows, columns


def midway(core: Core, chosen: IntArray) -> FloatArray:
    """Return prices halfway between the nearest and the next open site: a good start for the ascent."""
    opened = np.zeros(int(core.group_ptr[-1]), dtype=np.bool_)
    opened[chosen] = True
    arcs = np.flatnonzero(opened[core.column])
    row = np.searchsorted(core.ptr, arcs, side="right") - 1
    rank = np.arange(len(arcs)) - np.searchsorted(row, row)
    first, second = core.cap.copy(), core.cap.copy()
    first[row[rank == 0]] = core.cost[arcs[rank == 0]]
    second[row[rank == 1]] = core.cost[arcs[rank == 1]]
    return (first + second) / 2
