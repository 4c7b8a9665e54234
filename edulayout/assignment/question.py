"""What is asked, in whole numbers: pupils and seats in units, costs in grains, arcs in the order of ids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.assignment import checking
from edulayout.errors import InputError
from edulayout.fixedpoint import total
from edulayout.sparse import csr_from_pairs

if TYPE_CHECKING:
    from edulayout.assignment.terms import Terms
    from edulayout.costs import TravelCosts
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray

_UNIT = 2.0**-10
_FINEST = 20
_ROOM = 59.0


class Arcs(NamedTuple):
    """Pairs that may be used: rows by `demand_id`, schools by `school_id`, and last in each row the arc outside."""

    ptr: IntArray
    column: Int32Array
    cost: IntArray


class Reserved(NamedTuple):
    """Fixed pairs: row, column, units, cost, and what a unit is charged in grains."""

    row: IntArray
    column: IntArray
    units: IntArray
    walk: FloatArray
    charge: IntArray


@dataclass(frozen=True, eq=False)
class Question:
    """A transportation problem in whole numbers.

    Parameters
    ----------
    demand_ids, school_ids
        Sorted ids; schools are the columns, and column `len(school_ids)` is outside.
    arcs
        The pairs, with what a pupil on them is charged, in grains.
    supply, capacity
        Pupils and seats still open, in units; the last capacity, outside, holds everybody.
    reserved
        The fixed pairs.
    walk
        Cost of every arc without the charge for moving, in the unit of the costs; 0 outside.
    grain
        Costs are counted in multiples of this.
    outside
        What a pupil without a seat is charged, in grains: more than any detour that finds one.
    """

    demand_ids: pd.Index[str]
    school_ids: pd.Index[str]
    arcs: Arcs
    supply: IntArray
    capacity: IntArray
    reserved: Reserved
    walk: FloatArray
    grain: float
    outside: int
    terms: Terms

    @property
    def rows(self) -> IntArray:
        """The row of every arc."""
        return np.repeat(np.arange(len(self.supply)), np.diff(self.arcs.ptr))


def ask(costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, terms: Terms) -> Question:
    """Check what the user gave, every fault at once, and count it in whole numbers.

    Complexity O(pairs log pairs), O(pairs) where the ids of the costs are sorted.
    """
    faults = checking.faults_of(costs, pupils, seats, terms=terms)
    if faults:
        raise InputError(*faults)
    demand_ids, school_ids = costs.demand_ids.sort_values(), costs.school_ids.sort_values()
    supply = _largest_remainder(_numbers(pupils, demand_ids) / terms.unit)
    capacity = _whole_seats(_numbers(seats, school_ids) / terms.unit, int(supply.sum()))
    pairs = _pairs(costs, terms, demand_ids=demand_ids, school_ids=school_ids)
    reserved = _reserved(terms, pairs, supply, demand_ids=demand_ids, school_ids=school_ids)
    checking.require_room(reserved.column, reserved.units, capacity, school_ids=school_ids, unit=terms.unit)
    np.subtract.at(supply, reserved.row, reserved.units)
    np.subtract.at(capacity, reserved.column, reserved.units)
    outside = 2 * (len(school_ids) + 2) * (1 + int(pairs.charge.max(initial=0)))
    kept = pairs.walk <= float(np.float32(np.inf if terms.limit is None else terms.limit))
    arcs, ways = _with_outside(pairs, kept, rows=len(supply), schools=len(school_ids), outside=outside)
    capacity = np.append(capacity, supply.sum())
    return Question(demand_ids, school_ids, arcs, supply, capacity, reserved, ways, pairs.grain, outside, terms)


def unit_of(pupils: pd.Series[float]) -> float:
    """Return 1 where all pupils are whole, 1/1024 otherwise."""
    numbers = pupils.to_numpy(np.float64)
    return 1.0 if (numbers == np.rint(numbers)).all() else _UNIT


def _numbers(series: pd.Series[float], ids: pd.Index[str]) -> FloatArray:
    return np.asarray(series.loc[ids], dtype=np.float64)


def _largest_remainder(numbers: FloatArray) -> IntArray:
    """Round to whole numbers that keep the total, the largest remainders upwards, of equal ones the first."""
    whole = np.floor(numbers)
    missing = round(total(numbers)) - int(whole.sum())
    whole[np.argsort(whole - numbers, kind="stable")[: max(missing, 0)]] += 1
    return whole.astype(np.int64)


def _whole_seats(numbers: FloatArray, most: int) -> IntArray:
    """Round seats down: a part of a seat seats nobody. Seats without limit become as many as there are pupils."""
    return np.floor(np.minimum(numbers * (1 + 1e-12), most)).astype(np.int64)


class _Pairs(NamedTuple):
    row: IntArray
    column: Int32Array
    walk: FloatArray
    charge: IntArray
    grain: float


def _pairs(costs: TravelCosts, terms: Terms, *, demand_ids: pd.Index[str], school_ids: pd.Index[str]) -> _Pairs:
    """Return the pairs in the order of ids: the answer must not depend on the order of rows or columns."""
    row, column, values = costs.row_numbers(), costs.indices, costs.values
    if not (demand_ids.equals(costs.demand_ids) and school_ids.equals(costs.school_ids)):
        row = demand_ids.get_indexer(costs.demand_ids).astype(np.int64)[row]
        place = school_ids.get_indexer(costs.school_ids).astype(np.int64)
        turned = csr_from_pairs(row, place[column], values, rows_total=len(demand_ids))
        row = np.repeat(np.arange(len(demand_ids)), np.diff(turned.indptr))
        column, values = turned.indices, turned.values
    walk = values.astype(np.float64)
    today = todays_columns(terms, demand_ids, school_ids)[row]
    charge = walk + np.where((today != column) & (today != -1), terms.moving_cost, 0.0)
    grain = _grain(charge, len(school_ids))
    return _Pairs(row, column, walk, np.rint(charge / grain).astype(np.int64), grain)


def _reserved(
    terms: Terms, pairs: _Pairs, supply: IntArray, *, demand_ids: pd.Index[str], school_ids: pd.Index[str]
) -> Reserved:
    fixed = terms.fixed.sort_index()
    row = demand_ids.get_indexer(fixed.index.get_level_values(0)).astype(np.int64)
    column = school_ids.get_indexer(fixed.index.get_level_values(1)).astype(np.int64)
    units = np.rint(fixed.to_numpy(np.float64) / terms.unit).astype(np.int64)
    if not terms.split:
        units = supply[row]
    before = np.cumsum(units) - units
    before -= before[np.searchsorted(row, row)]
    units = np.clip(supply[row] - before, 0, units)  # where rounding made one unit more than the row has
    at = np.searchsorted(pairs.row * len(school_ids) + pairs.column, row * len(school_ids) + column)
    return Reserved(row, column, units, pairs.walk[at], pairs.charge[at])


def todays_columns(terms: Terms, demand_ids: pd.Index[str], school_ids: pd.Index[str]) -> IntArray:
    """Return the column of today's school of every row: -1 where none is known, -2 where it is no column."""
    today = terms.current.dropna().reindex(demand_ids)
    column = school_ids.get_indexer(pd.Index(today)).astype(np.int64)
    return np.where(today.isna().to_numpy(), -1, np.where(column < 0, -2, column))


def _grain(charge: FloatArray, schools: int) -> float:
    """Return the finest power of two in which all prices stay within int64, at most 2**-20."""
    most = max(float(charge.max(initial=0.0)), 1.0) * 8 * (schools + 2)
    return float(2.0 ** -min(_FINEST, math.floor(_ROOM - math.log2(most))))


def _with_outside(pairs: _Pairs, kept: BoolArray, *, rows: int, schools: int, outside: int) -> tuple[Arcs, FloatArray]:
    """Add to every row an arc outside, the last."""
    row = pairs.row[kept]
    ptr = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=rows) + 1, out=ptr[1:])
    place = np.arange(len(row)) + row
    column = np.full(ptr[-1], schools, dtype=np.int32)
    cost = np.full(ptr[-1], outside, dtype=np.int64)
    walk = np.zeros(ptr[-1])
    column[place], cost[place], walk[place] = pairs.column[kept], pairs.charge[kept], pairs.walk[kept]
    return Arcs(ptr, column, cost), walk
