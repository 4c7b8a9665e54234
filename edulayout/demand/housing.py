"""Dwellings that are being built, and the pupils who will move in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import InputError
from edulayout.stages import STAGES
from edulayout.tables.findings import Findings, RowNames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.errors import Fault
    from edulayout.typing import FloatArray


def pupils_of_housing(
    housing: pd.DataFrame,
    yields: Mapping[str, float],
    *,
    years: Sequence[int],
    occupied: Sequence[float] = (1.0,),
    districts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the pupils of dwellings that are being built, by estate, stage and year.

    Parameters
    ----------
    housing
        Index `housing_id`; `district_id`, `year` of completion, `dwellings`.
    yields
        Pupils of a stage per occupied dwelling.
    years
        Of the table that is returned.
    occupied
        Share of the dwellings in which people live, in the year of completion, the next, and so on; the last share
        holds ever after. `(0.4, 0.7, 0.9)` fills an estate within three years, and leaves a tenth empty.
    districts
        The districts that there are.

    Returns
    -------
    pandas.DataFrame
        Columns `housing_id`, `district_id`, `stage`, `year`, `pupils`; none before completion.

    Raises
    ------
    InputError
        With every fault of the table, the yields and the shares.

    Notes
    -----
    Families who move in from within the city are counted twice where their children are in the projection already: a
    yield should be that of families from outside, or the net migrants of the projection should leave these out.

    Examples
    --------
    >>> import pandas as pd
    >>> estates = pd.DataFrame({"district_id": "a", "year": 2025, "dwellings": 200}, index=["h1"])
    >>> pupils_of_housing(estates, {"primary": 0.3}, years=range(2024, 2028), occupied=(0.5, 1.0))["pupils"].tolist()
    [0.0, 30.0, 60.0, 60.0]
    """
    faults = _faults(housing, yields, occupied, districts)
    if faults:
        raise InputError(*faults)
    lived_in = _lived_in(housing, np.asarray(years), np.asarray(occupied, dtype=np.float64))
    index = pd.MultiIndex.from_product(
        [housing.index.astype(str), yields, years], names=["housing_id", "stage", "year"]
    )
    pupils = (lived_in[:, None, :] * np.array(list(yields.values()))[None, :, None]).ravel()
    table = pd.DataFrame({"pupils": pupils}, index=index).reset_index()
    district = pd.Series(housing["district_id"].astype(str).to_numpy(), index=housing.index.astype(str))
    table.insert(1, "district_id", table["housing_id"].map(district))
    return table


def _lived_in(housing: pd.DataFrame, years: FloatArray, occupied: FloatArray) -> FloatArray:
    """Return occupied dwellings, estates × years."""
    since = years[None, :] - housing["year"].to_numpy(np.int64)[:, None]
    share = np.where(since < 0, 0.0, occupied[np.clip(since, 0, len(occupied) - 1)])
    lived: FloatArray = housing["dwellings"].to_numpy(np.float64)[:, None] * share
    return lived


def _faults(
    housing: pd.DataFrame, yields: Mapping[str, float], occupied: Sequence[float], districts: Sequence[str] | None
) -> list[Fault]:
    findings = Findings("housing", RowNames([str(label) for label in housing.index]))
    missing = [name for name in ("district_id", "year", "dwellings") if name not in housing.columns]
    if missing:
        has = f"it has: {', '.join(map(str, housing.columns))}"
        findings.fault(f"no column {', '.join(missing)}", "district_id, year, dwellings", has)
    else:
        _check_rows(housing, districts, findings)
    odd = [name for name, number in yields.items() if name not in STAGES or not (np.isfinite(number) and number >= 0)]
    if odd or not yields:
        stages = ", ".join(STAGES)
        findings.fault("yields that cannot be", f"pupils per dwelling ≥ 0 of {stages}", "correct them", rows=odd)
    if not len(occupied) or not all(0 <= share <= 1 for share in occupied):
        findings.fault(f"occupied shares {tuple(occupied)}", "shares from 0 to 1", "correct them")
    return findings.faults


def _check_rows(housing: pd.DataFrame, districts: Sequence[str] | None, findings: Findings) -> None:
    year, dwellings = (pd.to_numeric(housing[name], errors="coerce") for name in ("year", "dwellings"))
    wrong = (year.isna() | (year % 1 != 0) | ~np.isfinite(dwellings) | (dwellings < 0)).to_numpy()
    if wrong.any():
        findings.fault("years or dwellings that cannot be", "whole years, dwellings ≥ 0", "correct them", where=wrong)
    twice = housing.index.duplicated(keep=False)
    if twice.any():
        findings.fault("the same estate twice", "each housing_id once", "rename one", where=twice)
    if districts is not None:
        unknown = ~housing["district_id"].astype(str).isin(list(districts)).to_numpy()
        if unknown.any():
            findings.fault("districts that nobody knows", ", ".join(districts), "correct the ids", where=unknown)


def with_housing(pupils: pd.DataFrame, estates: pd.DataFrame) -> pd.DataFrame:
    """Add the pupils of estates to a forecast, and say how many of its pupils they are (`pupils_housing`).

    Parameters
    ----------
    pupils
        Columns `variant`, `stage`, `district_id`, `year`, `pupils`; every variant gets the same estates.
    estates
        See `pupils_of_housing`; stages and years that the forecast does not have are left out.

    Raises
    ------
    InputError
        Where estates stand in districts that the forecast does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> forecast = pd.DataFrame({"variant": "", "stage": "primary", "district_id": "a", "year": [2024, 2025],
    ...     "pupils": [500.0, 480.0]})
    >>> estates = pd.DataFrame({"housing_id": "h1", "district_id": "a", "stage": "primary", "year": [2024, 2025],
    ...     "pupils": [0.0, 60.0]})
    >>> with_housing(forecast, estates)[["year", "pupils", "pupils_housing"]].values.tolist()
    [[2024.0, 500.0, 0.0], [2025.0, 540.0, 60.0]]
    """
    _check_known(pupils, estates)
    keys = ["stage", "district_id", "year"]
    added = estates.groupby(keys, sort=True)["pupils"].sum()
    own = added.reindex(pd.MultiIndex.from_frame(pupils[keys])).fillna(0.0).to_numpy()
    return pupils.assign(pupils=pupils["pupils"].to_numpy() + own, pupils_housing=own)


def _check_known(pupils: pd.DataFrame, estates: pd.DataFrame) -> None:
    unknown = ~estates["district_id"].isin(pupils["district_id"]).to_numpy()
    if unknown.any():
        findings = Findings("housing", RowNames(estates["housing_id"].astype(str).tolist()))
        known = ", ".join(sorted(set(pupils["district_id"])))
        findings.fault("districts that the forecast does not have", known, "correct the ids", where=unknown)
        findings.settle()
