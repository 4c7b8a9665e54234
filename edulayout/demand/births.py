"""The short method: pupils are the births of 3, 6 or 12 years before, less those who died or left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.demand.projection import long_table
from edulayout.demand.rates import births_table
from edulayout.demand.school_ages import CUT_OFF, SCHOOL_AGES_CN, check_school_ages, turned
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.demand.school_ages import SchoolAge
    from edulayout.typing import FloatArray

Factor = float | dict[str, float] | pd.DataFrame
"""One number, or by stage, or districts × stages."""


def pupils_of_births(
    births: pd.DataFrame,
    stages: Mapping[str, SchoolAge] = SCHOOL_AGES_CN,
    *,
    years: Sequence[int],
    survival: Factor = 1.0,
    migration: Factor = 1.0,
    births_until: str = "12-31",
    cut_off: str = CUT_OFF,
    variant: str = "births",
) -> pd.DataFrame:
    """Shift births by the ages of the stages: the short method, for want of an age table.

    Parameters
    ----------
    births
        `district_id`, `year`, `births`: all years from the oldest pupils' birth to the youngest's.
    stages
        Ages and enrolment of the stages.
    years
        School years, by the year of their autumn.
    survival
        Children alive at the ages of a stage per birth.
    migration
        Children who live there per child born there who is alive: above 1 where families move in.
    births_until
        The day that ends a year of births: `12-31` for calendar years; `08-31` where births are by school year.
    cut_off
        Day on which a child must have the age of entry. Those who were `a` years old on it in year `y` were born in the
        twelve months until it in `y - a`: with calendar years, 243 of 365 parts of `y - a` and 122 of `y - a - 1`,
        births being spread evenly over the year.
    variant
        The word in the column `variant`.

    Returns
    -------
    pandas.DataFrame
        Columns `variant`, `stage`, `district_id`, `year`, `pupils`, sorted so.

    Raises
    ------
    InputError
        With every fault: of the births, the stages, the factors, and the years whose births are needed but not given.

    Notes
    -----
    Lags of 3, 6 and 12 years from birth to entry follow the usual ages of entry (status: memory). Complexity O(rows).

    Examples
    --------
    >>> import pandas as pd
    >>> from edulayout.demand import SchoolAge
    >>> births = pd.DataFrame({"district_id": "a", "year": range(2018, 2022), "births": [100, 90, 80, 70]})
    >>> found = pupils_of_births(births, {"kindergarten": SchoolAge(3, 3)}, years=[2023, 2024], births_until="08-31")
    >>> found[["year", "pupils"]].values.tolist()
    [[2023.0, 270.0], [2024.0, 240.0]]
    """
    check_school_ages(stages)
    faults: list[Fault] = []
    counted = births_table(births, faults)
    shift = turned(births_until, cut_off=cut_off)
    names = tuple(counted.columns)
    alive = _factor(survival, names, stages, "survival", faults)
    living = _factor(migration, names, stages, "migration", faults)
    need = _needed(stages, years, shift)
    _check_births(counted, need, faults)
    if faults:
        raise InputError(*faults)
    tables = []
    for at, (name, stage) in enumerate(stages.items()):
        pupils = np.array([_cohorts(counted, stage, year, shift) * stage.enrolled(year) for year in years])
        pupils = pupils * alive[:, at] * living[:, at]
        tables.append(long_table(pupils, tuple(years), names, stage=name, variant=variant))
    return pd.concat(tables, ignore_index=True)


def _cohorts(births: pd.DataFrame, stage: SchoolAge, year: int, shift: float) -> FloatArray:
    """Return the children of a stage's ages by district, were none to die or move."""
    born = year - np.arange(stage.first, stage.first + stage.years)
    own: FloatArray = births.reindex(born).to_numpy(np.float64)
    if shift == 0:
        whole: FloatArray = own.sum(axis=0)
        return whole
    neighbour: FloatArray = births.reindex(born - 1 if shift > 0 else born + 1).to_numpy(np.float64)
    children: FloatArray = (own * (1.0 - abs(shift)) + neighbour * abs(shift)).sum(axis=0)
    return children


def _needed(stages: Mapping[str, SchoolAge], years: Sequence[int], shift: float) -> list[int]:
    born = {year - stage.first - at for stage in stages.values() for year in years for at in range(stage.years)}
    neighbours = {year - 1 for year in born} if shift > 0 else {year + 1 for year in born} if shift < 0 else set()
    return sorted(born | neighbours)


def _check_births(births: pd.DataFrame, need: Sequence[int], faults: list[Fault]) -> None:
    if births.empty:
        return
    lacking = births.reindex(list(need)).isna()
    rows = tuple(f"{name} {year}" for name in lacking.columns for year in lacking.index[lacking[name]])
    if rows:
        faults.append(
            Fault("births", "years without births", "all years in which pupils were born",
                  "add them, ask for fewer years, or project by cohorts", rows)
        )  # fmt: skip


def _factor(
    value: Factor, districts: Sequence[str], stages: Mapping[str, SchoolAge], what: str, faults: list[Fault]
) -> FloatArray:
    """Return a factor as districts × stages."""
    if isinstance(value, pd.DataFrame):
        table = value.reindex(index=list(districts), columns=list(stages)).to_numpy(np.float64)
    else:
        row = [float(value.get(name, np.nan)) if isinstance(value, dict) else float(value) for name in stages]
        table = np.tile(np.array(row, dtype=np.float64), (len(districts), 1))
    wrong = ~np.isfinite(table) | (table < 0)
    if wrong.any():
        rows = tuple(f"{districts[d]} {list(stages)[s]}" for d, s in np.argwhere(wrong).tolist())
        faults.append(Fault(what, "factors missing or negative", "numbers ≥ 0 for every stage", "add them", rows))
    return table
