"""Who of an age goes to school: the ages of every stage, the day on which they count, and enrolment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import total
from edulayout.stages import STAGES

if TYPE_CHECKING:
    from edulayout.demand.age_tables import Ages
    from edulayout.typing import FloatArray

_YEAR_DAYS = 365
_COMMON_YEAR = 2023

CUT_OFF = "08-31"
"""Month and day: a child enters in the autumn of the year by whose 31 August it has reached the age. The usual rule of
Chinese education bureaus (status: memory); six years is the age of entry of the compulsory education law."""


@dataclass(frozen=True)
class SchoolAge:
    """The ages of a stage and the share of them that is enrolled.

    Parameters
    ----------
    first
        Completed years of age, on the day of the cut-off, of those who enter.
    years
        School years of the stage; ages `first` to `first + years - 1` attend.
    enrolment
        Pupils per child of these ages, one number, or by year of the forecast (between the years named along a
        straight line, before and after them as the nearest). A gross rate may exceed 1.
    """

    first: int
    years: int
    enrolment: float | Mapping[int, float] = 1.0

    def enrolled(self, year: int) -> float:
        """Return the enrolment of a year.

        Examples
        --------
        >>> SchoolAge(3, 3, {2024: 0.90, 2030: 0.96}).enrolled(2026)
        0.92
        """
        if not isinstance(self.enrolment, Mapping):
            return float(self.enrolment)
        years = sorted(self.enrolment)
        return round(float(np.interp(year, years, [self.enrolment[at] for at in years])), 12)


SCHOOL_AGES_CN: Mapping[str, SchoolAge] = MappingProxyType(
    {
        "kindergarten": SchoolAge(3, 3),
        "primary": SchoolAge(6, 6),
        "junior_high": SchoolAge(12, 3),
        "senior_high": SchoolAge(15, 3),
    }
)
"""Chinese stages, everyone enrolled: kindergarten 3-5, primary 6-11, junior high 12-14, senior high 15-17 (6-3-3)."""


def turned(counted_on: str, *, cut_off: str = CUT_OFF) -> float:
    """Return the share of children who have had a birthday between the cut-off and the day the ages were counted.

    Birthdays are taken as spread evenly over the year. Negative where the count comes before the cut-off, then the
    share of those who still will. The nearer cut-off is meant: at most half a year lies between.

    Examples
    --------
    >>> round(turned("12-31") * 365), round(turned("06-30") * 365), turned("08-31")
    (122, -62, 0.0)
    """
    days = (_day(counted_on) - _day(cut_off)) % _YEAR_DAYS
    return (days - _YEAR_DAYS if days > _YEAR_DAYS // 2 else days) / _YEAR_DAYS


def _day(text: str) -> int:
    try:
        month, day = map(int, text.split("-"))
        return dt.date(_COMMON_YEAR, month, day).timetuple().tm_yday
    except ValueError:
        raise InputError(Fault("day", repr(text), 'month and day, such as "08-31"', "write it so")) from None


def age_weights(stage: SchoolAge, ages: int, *, shift: float = 0.0) -> FloatArray:
    """Return what share of every single age attends, shape (ages,); `shift` as `turned` says.

    Examples
    --------
    Counted three months after the cut-off, a quarter of the pupils who were 3 then is 4 already.

    >>> age_weights(SchoolAge(3, 2), 7, shift=0.25).tolist()
    [0.0, 0.0, 0.0, 0.75, 1.0, 0.25, 0.0]
    """
    weights = np.zeros(ages + 2)
    attend = np.arange(stage.first, stage.first + stage.years) + 1
    attend = attend[attend <= ages]
    weights[attend] += 1.0 - abs(shift)
    weights[attend + (1 if shift > 0 else -1)] += abs(shift)
    return weights[1:-1]


def check_school_ages(stages: Mapping[str, SchoolAge]) -> None:
    """Check the ages of stages: known stages, ages ≥ 0, at least one year, enrolment finite and ≥ 0.

    Raises
    ------
    InputError
        With every mistake.
    """
    faults = []
    if not stages:
        faults.append(Fault("school ages", "no stage", f"at least one of {', '.join(STAGES)}", "name its ages"))
    unknown = tuple(name for name in stages if name not in STAGES)
    if unknown:
        faults.append(Fault("school ages", "unknown stages", ", ".join(STAGES), "use these words", unknown))
    young = tuple(name for name, stage in stages.items() if stage.first < 0 or stage.years < 1)
    if young:
        faults.append(Fault("school ages", "ages below 0, or no year", "first ≥ 0, years ≥ 1", "correct them", young))
    odd = tuple(name for name, stage in stages.items() if not _sound(stage.enrolment))
    if odd:
        faults.append(Fault("school ages", "enrolment that cannot be", "finite numbers ≥ 0", "correct it", odd))
    if faults:
        raise InputError(*faults)


def _sound(enrolment: float | Mapping[int, float]) -> bool:
    rates = list(enrolment.values()) if isinstance(enrolment, Mapping) else [enrolment]
    return bool(rates) and all(np.isfinite(rate) and rate >= 0 for rate in rates)


def pupils_of_ages(
    ages: Ages,
    stages: Mapping[str, SchoolAge] = SCHOOL_AGES_CN,
    *,
    year: int = 0,
    counted_on: str = CUT_OFF,
    cut_off: str = CUT_OFF,
) -> pd.DataFrame:
    """Return the pupils of every stage and district, from residents by age.

    Parameters
    ----------
    ages
        See `ages`.
    stages
        Ages and enrolment of the stages.
    year
        The year, where enrolment goes by year.
    counted_on
        Month and day for which the ages hold, such as `12-31` for figures at the end of the year.
    cut_off
        Month and day on which a child must have the age of entry.

    Returns
    -------
    pandas.DataFrame
        Index `district_id`, one column `pupils_<stage>` for each stage.

    Raises
    ------
    InputError
        Where stages or days are wrong, or the table ends below the ages of a stage.

    Examples
    --------
    >>> import pandas as pd
    >>> from edulayout.demand import EVEN, ages
    >>> groups = ["0-2", "3-5", "6-11", "12+"]
    >>> table = pd.DataFrame({"district_id": "a", "age": groups, "population": [30, 36, 60, 900]})
    >>> pupils_of_ages(ages(table, split=EVEN), {"kindergarten": SchoolAge(3, 3, 0.9), "primary": SchoolAge(6, 6)})
                 pupils_kindergarten  pupils_primary
    district_id
    a                           32.4            60.0
    """
    check_school_ages(stages)
    shift = turned(counted_on, cut_off=cut_off)
    require_ages(ages, stages, shift)
    people = ages.residents.sum(axis=1)
    columns = {}
    for name, stage in stages.items():
        weights = age_weights(stage, people.shape[1], shift=shift) * stage.enrolled(year)
        columns[f"pupils_{name}"] = [total(row * weights) for row in people]
    return pd.DataFrame(columns, index=pd.Index(ages.districts, name="district_id", dtype=str), dtype=np.float64)


def require_ages(ages: Ages, stages: Mapping[str, SchoolAge], shift: float) -> None:
    """Raise where the single ages of a table end below those of a stage.

    Raises
    ------
    InputError
        With the stages.
    """
    last_single = ages.oldest - ages.open_ended
    short = tuple(name for name, stage in stages.items() if stage.first + stage.years - 1 + (shift > 0) > last_single)
    if short:
        found = f"single ages to {last_single}"
        raise InputError(Fault("ages", found, "all ages of every stage", "give older ages, or fewer stages", short))
