"""The balance of seats over the years: shortage and surplus alike, stage by stage and district by district."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals
from edulayout.seats.balancing import ALL, OUTSIDE
from edulayout.stages import STAGES, kinds_serving

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, IntArray

_KEYS = ["variant", "stage", "district_id", "year"]

SURPLUS_SHARE = 0.2
"""The share of seats without a pupil from which on `outlook` speaks of surplus (status: chosen)."""


def balance_by_year(pupils: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    """Balance the pupils of a forecast against seats, year by year.

    Parameters
    ----------
    pupils
        Columns `variant`, `stage`, `district_id`, `year`, `pupils`: a forecast (`edulayout.demand`).
    schools
        With `kind`, `seats_<stage>` of every stage of the forecast, `district_id`; where a school opens or closes, its
        years in `opens` (the first autumn with pupils) and `closes` (the first without), empty for those that are
        open all the time. A closed school (`status`) never counts. With a column `layout`, each layout is balanced.

    Returns
    -------
    pandas.DataFrame
        One row for each `layout` (where there are layouts), `variant`, `stage`, `district_id` (those of the forecast in
        order, `outside` where a school has none, last `all`) and `year`, sorted so. `pupils`, `seats` (known
        ones), `schools`, `schools_unknown`, `surplus` (seats less pupils, negative where they lack), `gap` (学位缺口:
        seats that are missing, at least 0), `seats_idle` (seats without a pupil, at least 0), `gap_at_most` (the gap
        were unknown seats none). What depends on unknown seats is missing, never a guess. The gap of `all` is that of
        the sums; `gap_of_districts` adds up the districts' own, for seats that are free elsewhere help nobody here.

    Raises
    ------
    InputError
        With every fault: columns, numbers and years that cannot be, cells of the forecast that stand twice or are
        missing, schools in districts without a forecast.

    Notes
    -----
    Sums are in fixed point. Complexity O(years × schools + rows).

    Examples
    --------
    100 pupils, then 140, then 60; 90 seats, and 45 more from 2026 on.

    >>> import pandas as pd, edulayout as el
    >>> pupils = pd.DataFrame({"variant": "medium", "stage": "primary", "district_id": "a", "year": [2025, 2026, 2027],
    ...     "pupils": [100.0, 140.0, 60.0]})
    >>> schools = pd.DataFrame({"kind": "primary", "seats_primary": [90.0, 45.0], "opens": [None, 2026],
    ...     "district_id": "a"}, index=["s", "t"])
    >>> found = el.seats.balance_by_year(pupils, schools).query("district_id == 'a'")
    >>> found[["year", "pupils", "seats", "gap", "seats_idle"]]
       year  pupils  seats   gap  seats_idle
    0  2025   100.0   90.0  10.0         0.0
    1  2026   140.0  135.0   5.0         0.0
    2  2027    60.0  135.0   0.0        75.0
    """
    faults = _faults(pupils, schools)
    if faults:
        raise InputError(*faults)
    kept = schools if "status" not in schools.columns else schools[schools["status"] != "closed"]
    if "layout" not in schools.columns:
        return _balanced(pupils, kept).reset_index()
    layouts = list(pd.unique(schools["layout"]))
    tables = [_balanced(pupils, kept[kept["layout"] == name]) for name in layouts]
    return pd.concat(tables, keys=layouts, names=["layout"]).reset_index()


def _balanced(pupils: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    labels = schools["district_id"].astype(object)
    labels = labels.where(labels.notna() & (labels != ""), OUTSIDE).astype(str)
    known = sorted({*pupils["district_id"], *labels}, key=lambda name: (name == OUTSIDE, name))
    parts = [
        _stage(part, schools, labels, str(stage), known)
        for stage, part in pupils.groupby("stage", sort=False, observed=True)
    ]
    order = {name: at for at, name in enumerate(pd.unique(pupils["variant"]))}
    table = pd.concat(parts)
    return table.iloc[np.argsort(table.index.get_level_values("variant").map(order), kind="stable")]


def _stage(
    pupils: pd.DataFrame, schools: pd.DataFrame, labels: pd.Series[str], stage: str, districts: list[str]
) -> pd.DataFrame:
    years = np.array(sorted(pd.unique(pupils["year"])), dtype=np.int64)
    seats, number, unknown = _supply(schools, labels, stage, districts, years)
    tables = []
    for variant, part in pupils.groupby("variant", sort=False, observed=True):
        wide = part.pivot_table(index="district_id", columns="year", values="pupils")
        own = wide.reindex(index=districts, columns=list(years)).fillna(0.0).to_numpy(np.float64)
        tables.append(_measured(_with_sum(own), seats, number, unknown, (str(variant), stage, districts, years)))
    return pd.concat(tables)


def _supply(
    schools: pd.DataFrame, labels: pd.Series[str], stage: str, districts: list[str], years: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return known seats, schools, and schools with unknown seats, each districts (and all) × years."""
    stated = schools[f"seats_{stage}"].to_numpy(dtype=np.float64, na_value=np.nan)
    serves = schools["kind"].isin(kinds_serving(stage)).to_numpy(np.bool_) | (stated > 0)
    where = pd.Index(districts).get_indexer(pd.Index(labels)).astype(np.int64)
    found = []
    for year in years.tolist():
        code = np.where(serves & _open(schools, year), where, -1)
        parts = (np.nan_to_num(stated), np.ones(len(stated)), np.isnan(stated).astype(np.float64))
        found.append([group_totals(part, code, len(districts)) for part in parts])
    seats, number, unknown = np.array(found).transpose(1, 2, 0)
    return _with_sum(seats), _with_sum(number), _with_sum(unknown)


def _open(schools: pd.DataFrame, year: int) -> BoolArray:
    opens, closes = (_year(schools, name) for name in ("opens", "closes"))
    counted: BoolArray = ~(opens > year) & ~(closes <= year)
    return counted


def _year(schools: pd.DataFrame, column: str) -> FloatArray:
    if column not in schools.columns:
        return np.full(len(schools), np.nan)
    return pd.to_numeric(schools[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _with_sum(rows: FloatArray) -> FloatArray:
    """Return the rows and their sum below."""
    columns, codes = rows.shape[1], np.tile(np.arange(rows.shape[1]), len(rows))
    return np.vstack([rows, group_totals(rows.ravel(), codes, columns)])


def _measured(
    pupils: FloatArray, seats: FloatArray, number: FloatArray, unknown: FloatArray,
    names: tuple[str, str, list[str], IntArray],
) -> pd.DataFrame:  # fmt: skip
    variant, stage, districts, years = names
    surplus = np.where(unknown == 0, seats - pupils, np.nan)
    gap = np.maximum(-surplus, 0.0) + 0.0
    own = np.where(np.isnan(gap[:-1]).any(axis=0), np.nan, gap[:-1].sum(axis=0))
    columns = {
        "pupils": pupils,
        "seats": seats,
        "schools": number,
        "schools_unknown": unknown,
        "surplus": surplus,
        "gap": gap,
        "seats_idle": np.maximum(surplus, 0.0) + 0.0,
        "gap_at_most": np.maximum(pupils - seats, 0.0),
        "gap_of_districts": np.vstack([gap[:-1], own]),
    }
    index = pd.MultiIndex.from_product([[variant], [stage], [*districts, ALL], years.tolist()], names=_KEYS)
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)
    return table.astype({"schools": np.int64, "schools_unknown": np.int64})


def outlook(balances: pd.DataFrame, *, now: int | None = None, surplus_share: float = SURPLUS_SHARE) -> pd.DataFrame:
    """Sum a balance over the years up: what lacks at worst, and what stands idle later.

    Parameters
    ----------
    balances
        See `balance_by_year`.
    now
        The year to begin with; the first one where it is None.
    surplus_share
        Above 0 and at most 1: where at least this share of the seats has no pupil, there is surplus.

    Returns
    -------
    pandas.DataFrame
        One row for each layout, variant, stage and district of the balance. `now_year`, `now_pupils`, `now_seats`;
        `peak_year` (the first of several), `peak_pupils`; `horizon_year`, `horizon_pupils`, `horizon_seats`;
        `worst_gap_year`, `worst_gap` (no year and 0 where seats never lack), `worst_gap_of_districts` (the districts'
        own gaps added up: of `all` more than `worst_gap` where seats are free in the wrong district);
        `horizon_surplus` (negative where seats lack at the horizon), `horizon_idle_share` (of the seats there, without
        a pupil), `surplus_from_year` (from when to the horizon every year has surplus; none where the horizon has
        not); `most_idle_year`, `most_idle` (no year and 0 where no seat is ever idle); `verdict`: `enough`, `surplus`
        (in every year), `enough, then surplus`, `short` (seats lack in every year), `short, then enough`, `short, then
        surplus`, `enough, then short`, `cannot tell` (seats unknown).

    Raises
    ------
    InputError
        Where the balance has no row for `now`, or the share cannot be.

    Examples
    --------
    >>> import pandas as pd, edulayout as el
    >>> pupils = pd.DataFrame({"variant": "medium", "stage": "primary", "district_id": "a", "year": [2025, 2026, 2027],
    ...     "pupils": [100.0, 140.0, 60.0]})
    >>> schools = pd.DataFrame({"kind": "primary", "seats_primary": [100.0], "district_id": "a"}, index=["s"])
    >>> row = el.seats.outlook(el.seats.balance_by_year(pupils, schools)).iloc[0]
    >>> print(row["worst_gap_year"], row["worst_gap"], row["verdict"], row["surplus_from_year"])
    2026 40.0 short, then surplus 2027
    """
    years = balances["year"]
    base = int(years.min()) if now is None else now
    if base not in set(years):
        found = f"one of {', '.join(map(str, sorted(set(years))))}"
        raise InputError(Fault("now", str(base), found, "name such a year"))
    if not 0 < surplus_share <= 1:
        raise InputError(Fault("surplus_share", str(surplus_share), "above 0, at most 1", "such as 0.2"))
    kept = balances[years >= base]
    keys = [name for name in ("layout", *_KEYS[:-1]) if name in kept.columns]
    rows = [
        dict(zip(keys, key, strict=True)) | _outlook(part.set_index("year"), surplus_share)
        for key, part in kept.groupby(keys, sort=False, observed=True)
    ]
    return pd.DataFrame(rows)


def _outlook(part: pd.DataFrame, least: float) -> dict[str, object]:
    first, last = part.iloc[0], part.iloc[-1]
    peak = part["pupils"].idxmax()
    row: dict[str, object] = {
        "now_year": part.index[0], "now_pupils": first["pupils"], "now_seats": first["seats"],
        "peak_year": peak, "peak_pupils": part["pupils"].max(),
        "horizon_year": part.index[-1], "horizon_pupils": last["pupils"], "horizon_seats": last["seats"],
    }  # fmt: skip
    for name, column in (("worst_gap", "gap"), ("most_idle", "seats_idle")):
        values = part[column]
        known = not values.isna().any()
        row[f"{name}_year"] = values.idxmax() if known and values.max() > 0 else pd.NA
        row[name] = values.max() if known else np.nan
    idle = (part["seats_idle"] / part["seats"]).where(part["seats"] > 0, 0.0).where(part["seats_idle"].notna())
    row["worst_gap_of_districts"] = part["gap_of_districts"].max(skipna=False)
    row["horizon_surplus"], row["horizon_idle_share"] = last["surplus"], idle.iloc[-1]
    ample = idle >= least
    row["surplus_from_year"] = _since(ample)
    return row | {"verdict": _verdict(part["surplus"].to_numpy(), ample.to_numpy())}


def _since(ample: pd.Series[bool]) -> object:
    """Return the first year from which on all are so; none where the last is not."""
    before = np.flatnonzero(~ample.to_numpy())
    first = int(before[-1]) + 1 if len(before) else 0
    return ample.index[first] if first < len(ample) else pd.NA


def _verdict(surplus: FloatArray, ample: BoolArray) -> str:
    if np.isnan(surplus).any():
        return "cannot tell"
    short = surplus < 0
    if short.all():
        return "short"
    if short[-1]:
        return "enough, then short"
    first = "short, then " if short.any() else "" if ample.all() else "enough, then "
    if ample[-1]:
        return f"{first}surplus"
    return "short, then enough" if short.any() else "enough"


def _faults(pupils: pd.DataFrame, schools: pd.DataFrame) -> list[Fault]:
    lacking = [name for name in (*_KEYS, "pupils") if name not in pupils.columns]
    stages = [] if "stage" in lacking else [str(stage) for stage in pd.unique(pupils["stage"])]
    odd = [stage for stage in stages if stage not in STAGES]
    wanted = ["kind", "district_id", *(f"seats_{stage}" for stage in stages if stage not in odd)]
    absent = [name for name in wanted if name not in schools.columns]
    faults = [
        Fault(source, f"no column {', '.join(names)}", "the columns named in the documentation", "add them")
        for source, names in (("forecast", lacking), ("schools", absent))
        if names
    ]
    if odd:
        faults.append(Fault("forecast", "unknown stages", ", ".join(STAGES), "use these words", tuple(odd)))
    return faults or [*_pupil_faults(pupils), *_grid_faults(pupils, schools), *_school_faults(schools, stages)]


def _grid_faults(pupils: pd.DataFrame, schools: pd.DataFrame) -> list[Fault]:
    faults = []
    whole = pd.MultiIndex.from_product([pd.unique(pupils[name]) for name in _KEYS])
    lacking = whole.difference(pd.MultiIndex.from_frame(pupils[_KEYS]))
    if len(lacking):
        rows = tuple(" ".join(map(str, key)) for key in lacking)
        faults.append(Fault("forecast", "cells missing", "every stage, district and year", "add them", rows))
    known = [*pd.unique(pupils["district_id"]), "", OUTSIDE]
    strange = (schools["district_id"].notna() & ~schools["district_id"].isin(known)).to_numpy()
    if strange.any():
        rows = tuple(map(str, schools.index[strange]))
        faults.append(Fault("schools", "districts without a forecast", ", ".join(known[:-2]), "add one", rows))
    return faults


def _pupil_faults(pupils: pd.DataFrame) -> list[Fault]:
    numbers = pupils["pupils"].to_numpy(np.float64)
    checks = {
        "pupils that cannot be": (~np.isfinite(numbers) | (numbers < 0), "numbers ≥ 0"),
        "the same cell twice": (pupils.duplicated(_KEYS, keep=False).to_numpy(), "one row each"),
    }
    return [
        Fault("forecast", found, expected, "correct them", tuple(map(str, pupils.index[wrong])))
        for found, (wrong, expected) in checks.items()
        if wrong.any()
    ]


def _school_faults(schools: pd.DataFrame, stages: list[str]) -> list[Fault]:
    faults = []
    for column in (f"seats_{stage}" for stage in stages):
        seats = schools[column].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = (seats < 0) | np.isinf(seats)
        if wrong.any():
            rows = tuple(map(str, schools.index[wrong]))
            faults.append(Fault("schools", f"{column} that cannot be", "numbers ≥ 0, or empty", "correct them", rows))
    for column in ("opens", "closes"):
        if column in schools.columns:
            years = _year(schools, column)
            odd = (schools[column].notna().to_numpy() & np.isnan(years)) | (years % 1 > 0)
            if odd.any():
                rows = tuple(map(str, schools.index[odd]))
                faults.append(Fault("schools", f"{column} that are no years", "whole years", "correct them", rows))
    return faults
