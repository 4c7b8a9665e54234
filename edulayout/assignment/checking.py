"""What can be wrong with the question: every fault at once, with the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InfeasibleError

if TYPE_CHECKING:
    from edulayout.assignment.terms import Terms
    from edulayout.costs import TravelCosts
    from edulayout.typing import BoolArray, IntArray

_PAIR = 2
_MOST = 2**31
_ROUNDING = 1e-9


def faults_of(costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, terms: Terms) -> list[Fault]:
    """Return everything that is wrong with the tables and the terms."""
    if not len(pupils) or not len(seats):
        return [_fault("pupils" if len(seats) else "seats", "no rows", "at least one", "give the whole table")]
    faults = [
        *_index_faults("pupils", pupils.index, costs.demand_ids, "demand_id"),
        *_index_faults("seats", seats.index, costs.school_ids, "school_id"),
        *_number_faults("pupils", pupils, finite=True),
        *_number_faults("seats", seats, finite=False),
        *_setting_faults(costs, terms),
    ]
    return faults or [*_size_faults(pupils, terms), *_fixed_faults(costs, pupils, terms), *_current_faults(terms)]


def _fault(source: str, found: str, expected: str, remedy: str, rows: pd.Index[str] | None = None) -> Fault:
    return Fault(source, found, expected, remedy, () if rows is None else tuple(map(str, rows)))


def _index_faults(source: str, given: pd.Index[str], wanted: pd.Index[str], name: str) -> list[Fault]:
    parts = (
        ("ids that stand twice", given[given.duplicated()], "keep one row of each"),
        (f"no row for a {name} of the costs", wanted.difference(given), "add them, or compute the costs without them"),
        (f"a {name} that the costs do not hold", given.difference(wanted), "compute the costs for them, or drop them"),
    )
    return [
        _fault(source, found, f"every {name} of the costs once", do, rows) for found, rows, do in parts if len(rows)
    ]


def _number_faults(source: str, numbers: pd.Series[float], *, finite: bool) -> list[Fault]:
    values = numbers.to_numpy(np.float64)
    parts: list[tuple[str, BoolArray, str]] = [
        ("missing numbers", np.isnan(values), "find them out, or say 0 where there are none: unknown is not zero"),
        ("negative numbers", values < 0, "correct them"),
        ("infinite numbers", np.isinf(values) & finite, "correct them"),
    ]
    expected = "numbers ≥ 0" if finite else "numbers ≥ 0 (infinity for no limit)"
    return [_fault(source, found, expected, do, numbers.index[bad]) for found, bad, do in parts if bad.any()]


def _setting_faults(costs: TravelCosts, terms: Terms) -> list[Fault]:
    faults = []
    if not (np.isfinite(terms.unit) and terms.unit > 0):
        faults.append(_fault("unit", f"{terms.unit!r}", "a number of pupils > 0", "1 for whole pupils"))
    if not (np.isfinite(terms.moving_cost) and terms.moving_cost >= 0):
        faults.append(_fault("moving_cost", f"{terms.moving_cost!r}", f"{costs.unit} ≥ 0", "0 for free moves"))
    if terms.limit is not None and not terms.limit >= 0:
        faults.append(_fault("limit", f"{terms.limit!r}", f"{costs.unit} ≥ 0", "None for no limit"))
    if terms.limit is not None and costs.cutoff is not None and terms.limit > costs.cutoff:
        found = f"{terms.limit:g}, beyond the cutoff of the costs, {costs.cutoff:g}"
        faults.append(_fault("limit", found, f"at most {costs.cutoff:g}", "compute the costs with a larger cutoff"))
    if terms.moving_cost > 0 and terms.current.empty:
        faults.append(_fault("moving_cost", "no current schools", "current=", "give today's school of each row"))
    return faults


def _size_faults(pupils: pd.Series[float], terms: Terms) -> list[Fault]:
    units = float(pupils.sum()) / terms.unit
    if units < _MOST:
        return []
    return [_fault("unit", f"{units:.3g} units of {terms.unit:g} pupils", f"fewer than {_MOST}", "take a larger unit")]


def _fixed_faults(costs: TravelCosts, pupils: pd.Series[float], terms: Terms) -> list[Fault]:
    fixed = terms.fixed
    if fixed.empty:
        return []
    if fixed.index.nlevels != _PAIR:
        return [
            _fault("fixed", f"an index of {fixed.index.nlevels} level(s)", "(demand_id, school_id)", "set both ids")
        ]
    rows = fixed.index.get_level_values(0)
    sums = fixed.groupby(rows).sum()
    known = sums.index.isin(pupils.index)
    over = sums.index[known][sums[known] > pupils.loc[sums.index[known]] * (1 + _ROUNDING)]
    doubled = pd.Index(rows[rows.duplicated()] if not terms.split else fixed.index[fixed.index.duplicated()])
    parts = (
        ("missing or negative pupils", fixed.index[~(fixed.to_numpy(np.float64) >= 0)], "pupils ≥ 0"),
        ("pairs that the costs do not hold", fixed.index[~_held(costs, fixed.index)], "pairs of the costs"),
        ("more pupils than the row has", over, "at most the pupils of the row"),
        ("rows fixed twice", doubled, "each pair once" if terms.split else "one school for a row, with split=False"),
    )
    return [_fault("fixed", found, expected, "correct fixed", bad) for found, bad, expected in parts if len(bad)]


def _held(costs: TravelCosts, pairs: pd.Index[str]) -> BoolArray:
    """Tell which pairs the costs hold."""
    row = costs.demand_ids.get_indexer(pairs.get_level_values(0)).astype(np.int64)
    column = costs.school_ids.get_indexer(pairs.get_level_values(1)).astype(np.int64)
    codes = costs.row_numbers() * costs.shape[1] + costs.indices
    return np.isin(row * costs.shape[1] + column, codes) & (row >= 0) & (column >= 0)


def _current_faults(terms: Terms) -> list[Fault]:
    doubled = terms.current.index[terms.current.index.duplicated()]
    if not len(doubled):
        return []
    return [_fault("current", "rows that stand twice", "one school for a row", "keep today's school", doubled)]


def require_room(column: IntArray, units: IntArray, seats: IntArray, *, school_ids: pd.Index[str], unit: float) -> None:
    """Raise where fixed pupils alone need more seats than a school has, saying how many are missing."""
    needed = np.bincount(column, weights=units, minlength=len(seats)).astype(np.int64)
    faults = [
        _fault("fixed", f"{needed[k] * unit:g} fixed pupils for {seats[k] * unit:g} seats at {school_ids[k]}",
               "a seat for every fixed pupil", f"add {(needed[k] - seats[k]) * unit:g} seats, or release pupils")
        for k in np.flatnonzero(needed > seats).tolist()
    ]  # fmt: skip
    if faults:
        raise InfeasibleError(*faults)
