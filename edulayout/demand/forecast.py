"""A forecast as tables: its peaks and what comes after, and the demand of any of its years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.typing import FloatArray

ALL = "all"
"""The row that stands for every district."""

_CLOSE = 1e-6
_KEYS = ["variant", "stage", "district_id"]


def with_all(pupils: pd.DataFrame) -> pd.DataFrame:
    """Add to a forecast the sums over its districts, as rows of the district `all`; sums are in fixed point.

    Raises
    ------
    InputError
        Where the table lacks a column, has a row twice, or numbers that cannot be.
    """
    check_forecast(pupils)
    keys = ["variant", "stage", "year"]
    numbers = [name for name in ("pupils", "pupils_housing") if name in pupils.columns]
    codes, wholes = pd.MultiIndex.from_frame(pupils[keys]).factorize()
    sums = {name: group_totals(pupils[name].to_numpy(np.float64), codes, len(wholes)) for name in numbers}
    whole = pd.DataFrame(sums, index=pd.MultiIndex.from_tuples(wholes, names=keys)).reset_index()
    whole["district_id"] = ALL
    return pd.concat([pupils, whole[[name for name in pupils.columns if name in whole]]], ignore_index=True)


def check_forecast(pupils: pd.DataFrame) -> None:
    """Check a table of pupils by variant, stage, district and year.

    Raises
    ------
    InputError
        With every fault.
    """
    missing = [name for name in (*_KEYS, "year", "pupils") if name not in pupils.columns]
    if missing:
        has = f"it has: {', '.join(map(str, pupils.columns))}"
        raise InputError(
            Fault("forecast", f"no column {', '.join(missing)}", "variant, stage, district_id, year, pupils", has)
        )
    faults = []
    twice = pupils.duplicated([*_KEYS, "year"], keep=False)
    if twice.any():
        rows = tuple(map(str, pupils.index[twice]))
        faults.append(Fault("forecast", "the same cell twice", "one row each", "keep one", rows))
    numbers = pupils["pupils"].to_numpy(np.float64)
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    if wrong.any():
        rows = tuple(map(str, pupils.index[wrong]))
        faults.append(Fault("forecast", "negative or missing pupils", "numbers ≥ 0", "correct them", rows))
    if faults:
        raise InputError(*faults)


def peaks(pupils: pd.DataFrame, *, now: int | None = None) -> pd.DataFrame:
    """Return, for every variant, stage and district (and all together), when pupils are most, and how far they fall.

    Parameters
    ----------
    pupils
        Columns `variant`, `stage`, `district_id`, `year`, `pupils`.
    now
        The year to compare with; the first one where it is None.

    Returns
    -------
    pandas.DataFrame
        One row for each `variant`, `stage` and `district_id`, the districts in order and last `all`: `now_year`,
        `now_pupils`, `peak_year` (the first of several), `peak_pupils`, `horizon_year`, `horizon_pupils`,
        `rise_to_peak` (from now), `fall_from_peak` (to the horizon), `share_lost` (of the peak). The peak of `all` is
        that of the sums: districts may peak in other years.

    Raises
    ------
    InputError
        Where the table is not a forecast, or has no row for `now`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"variant": "medium", "stage": "primary", "district_id": "a",
    ...     "year": [2024, 2025, 2026, 2027], "pupils": [900.0, 1000.0, 800.0, 600.0]})
    >>> found = peaks(table).iloc[0]
    >>> print(found["peak_year"], found["rise_to_peak"], found["fall_from_peak"], found["share_lost"])
    2025 100.0 400.0 0.4
    """
    wide = with_all(pupils).pivot_table(index=_KEYS, columns="year", values="pupils", sort=False)
    base = min(wide.columns) if now is None else now
    if base not in wide.columns:
        raise InputError(Fault("now", str(base), f"one of {', '.join(map(str, wide.columns))}", "name such a year"))
    wide = _ordered(wide[sorted(wide.columns)])
    numbers = wide.to_numpy(np.float64)
    years = wide.columns.to_numpy()
    at = np.argmax(np.where(np.isnan(numbers), -np.inf, numbers), axis=1)
    peak, last, first = numbers[np.arange(len(at)), at], numbers[:, -1], wide[base].to_numpy()
    fall = peak - last
    return pd.DataFrame(
        {
            "now_year": base,
            "now_pupils": first,
            "peak_year": years[at],
            "peak_pupils": peak,
            "horizon_year": years[-1],
            "horizon_pupils": last,
            "rise_to_peak": peak - first,
            "fall_from_peak": fall,
            "share_lost": np.divide(fall, peak, out=np.zeros(len(peak)), where=peak > 0),
        },
        index=wide.index,
    ).reset_index()


def _ordered(wide: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with `all` after the districts of each variant and stage, in the order of the table else."""
    first = {key: at for at, key in enumerate(dict.fromkeys(key[:2] for key in wide.index))}
    return wide.iloc[sorted(range(len(wide)), key=lambda at: (first[wide.index[at][:2]], wide.index[at][2] == ALL))]


def in_year(
    demand: gpd.GeoDataFrame,
    pupils: pd.DataFrame,
    *,
    year: int,
    variant: str | None = None,
    housing: gpd.GeoDataFrame | None = None,
    estates: pd.DataFrame | None = None,
    merge: bool = False,
) -> gpd.GeoDataFrame:
    """Return the demand of a year of the forecast: where its pupils live.

    The pupils of a district are spread over its places in proportion to the pupils of the stage that the places have,
    or to their residents where they state none; those of estates live where the estates will stand, as places of their
    own.

    Parameters
    ----------
    demand
        Places with `population` and `district_id`, with or without `pupils_<stage>`.
    pupils
        The forecast; `pupils_housing`, where it is there, is the part of the pupils that lives on estates.
    year
        Of the forecast.
    variant
        Needed where the forecast has several.
    housing
        Estates, a point or polygon each, index `housing_id`; `population` where it is known, else 0.
    estates
        Their pupils, see `pupils_of_housing`. Both or neither.
    merge
        Count the pupils of an estate at the nearest place of its district, so that the rows stay those of the demand.

    Returns
    -------
    geopandas.GeoDataFrame
        The demand with `pupils_<stage>` of the year for every stage of the forecast, the estates that have pupils then
        below (in the CRS of the demand). Every district has the pupils of the forecast (asserted, to a relative 1e-6).

    Raises
    ------
    InputError
        Where year or variant are not in the forecast, districts differ, or pupils have no place to live.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import Point
    >>> homes = gpd.GeoDataFrame({"population": [100.0, 300.0], "district_id": "a"}, index=["x", "y"],
    ...     geometry=[Point(0, 0), Point(9, 9)], crs="EPSG:4544").rename_axis("demand_id")
    >>> forecast = pd.DataFrame({"variant": "", "stage": "primary", "district_id": "a", "year": [2030],
    ...     "pupils": [20.0]})
    >>> in_year(homes, forecast, year=2030)["pupils_primary"].tolist()
    [5.0, 15.0]
    """
    rows = _of_year(pupils, year, variant)
    _check_places(demand, rows)
    settled = _settled(demand, rows)
    if housing is None or estates is None:
        return settled
    added = _on_estates(housing, estates[estates["year"] == year], rows)
    added = crs_module.to_crs(added, demand.crs, source="housing")
    if merge:
        joined = _merged(settled, added, list(pd.unique(rows["stage"])))
    else:
        joined = gpd.GeoDataFrame(pd.concat([settled, added]).rename_axis(demand.index.name))
    _require_conserved(joined, rows, column="pupils")
    return joined


def _of_year(pupils: pd.DataFrame, year: int, variant: str | None) -> pd.DataFrame:
    check_forecast(pupils)
    variants = list(pd.unique(pupils["variant"]))
    if variant is None and len(variants) > 1:
        raise InputError(Fault("variant", "none", f"one of {', '.join(variants)}", "name the one that is meant"))
    rows = pupils[(pupils["year"] == year) & (pupils["variant"] == (variants[0] if variant is None else variant))]
    if rows.empty:
        found = f"no pupils of the year {year}" + (f" and the variant {variant!r}" if variant is not None else "")
        years = f"years {pupils['year'].min()} to {pupils['year'].max()}, variants {', '.join(variants)}"
        raise InputError(Fault("forecast", found, years, "name such a year and variant"))
    return rows.assign(pupils_housing=rows.get("pupils_housing", 0.0))


def _check_places(demand: gpd.GeoDataFrame, rows: pd.DataFrame) -> None:
    lacking = [name for name in ("population", "district_id") if name not in demand.columns]
    if lacking:
        raise InputError(Fault("demand", f"no column {', '.join(lacking)}", "population, district_id", "add it"))
    known = set(rows["district_id"])
    strange = ~demand["district_id"].isin(known).to_numpy() & (demand["population"].to_numpy() > 0)
    if strange.any():
        ids = tuple(map(str, demand.index[strange]))
        raise InputError(
            Fault("demand", "places in districts without a forecast", ", ".join(sorted(known)), "add a forecast", ids)
        )


def _settled(demand: gpd.GeoDataFrame, rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the demand with the pupils who do not live on estates."""
    columns, homeless = {}, []
    for stage, part in rows.groupby("stage", sort=False):
        own = f"pupils_{stage}"
        weights = demand[own if own in demand.columns else "population"].to_numpy(np.float64)
        pupils = part.set_index("district_id")["pupils"] - part.set_index("district_id")["pupils_housing"]
        columns[own], lost = _spread(weights, demand["district_id"], pupils)
        homeless += [f"{stage} in {name}" for name in lost]
    if homeless:
        fault = Fault("demand", "pupils without a place", "places with residents", "add places", tuple(homeless))
        raise InputError(fault)
    settled = demand.assign(**columns)
    _require_conserved(settled, rows.assign(rest=rows["pupils"] - rows["pupils_housing"]), column="rest")
    return settled


def _spread(weights: FloatArray, district: pd.Series[str], pupils: pd.Series[float]) -> tuple[FloatArray, list[str]]:
    """Return the pupils of every place, and the districts whose pupils find none."""
    code = pupils.index.get_indexer(pd.Index(district)).astype(np.int64)
    sums = group_totals(weights, code, len(pupils))
    numbers = pupils.to_numpy(np.float64)
    share = np.divide(numbers, sums, out=np.zeros(len(pupils)), where=sums > 0)
    spread = np.where(code >= 0, weights * share[code], 0.0)
    return spread, list(pupils.index[(sums <= 0) & (numbers > _CLOSE)])


def _on_estates(housing: gpd.GeoDataFrame, estates: pd.DataFrame, rows: pd.DataFrame) -> gpd.GeoDataFrame:
    wide = estates.pivot_table(index="housing_id", columns="stage", values="pupils", aggfunc="sum")
    wide = wide.reindex(columns=list(pd.unique(rows["stage"]))).fillna(0.0)
    lived_in = [name for name in housing.index if name in wide.index and wide.loc[name].sum() > 0]
    own = housing.loc[lived_in]
    columns: dict[str, Sequence[float] | pd.Series] = {
        "population": own["population"] if "population" in own.columns else np.zeros(len(own)).tolist(),
        "district_id": own["district_id"].astype(str),
    }
    columns |= {f"pupils_{stage}": wide.loc[lived_in, stage].to_numpy().tolist() for stage in wide.columns}
    return gpd.GeoDataFrame(columns, geometry=own.geometry.to_list(), index=own.index.astype(str), crs=housing.crs)


def _merged(settled: gpd.GeoDataFrame, added: gpd.GeoDataFrame, stages: list[str]) -> gpd.GeoDataFrame:
    """Return the demand with the pupils of every estate at the nearest place of its district; ties go to the first."""
    columns = {f"pupils_{stage}": settled[f"pupils_{stage}"].to_numpy(np.float64).copy() for stage in stages}
    for name, part in added.groupby("district_id", sort=True):
        own = np.flatnonzero((settled["district_id"] == name).to_numpy())
        if not len(own):
            found = tuple(map(str, part.index))
            raise InputError(Fault("demand", f"no place in {name}", "a place for its estates", "add one", found))
        estate, place = shapely.STRtree(settled.geometry.to_numpy()[own]).query_nearest(part.geometry.to_numpy())
        order = np.lexsort((place, estate))
        first = order[np.concatenate([[True], np.diff(estate[order]) > 0])]
        for column, numbers in columns.items():
            np.add.at(numbers, own[place[first]], part[column].to_numpy(np.float64))
    return settled.assign(**columns)


def _require_conserved(demand: pd.DataFrame, rows: pd.DataFrame, *, column: str) -> None:
    for stage, part in rows.groupby("stage", sort=False):
        found = total(demand[f"pupils_{stage}"].to_numpy(np.float64))
        assert np.isclose(found, total(part[column].to_numpy(np.float64)), rtol=_CLOSE, atol=_CLOSE), "pupils conserved"
