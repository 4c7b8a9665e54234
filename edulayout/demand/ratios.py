"""Pupils among 1,000 residents: planning ratios, and what births say about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.demand.school_ages import SCHOOL_AGES_CN
from edulayout.errors import Fault, InputError
from edulayout.stages import STAGES

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.demand.school_ages import SchoolAge


class PupilRatio(NamedTuple):
    """Pupils of each stage among 1,000 residents, and who says so."""

    per_1000: Mapping[str, float]
    source: str


XUANCHENG = PupilRatio(
    {"kindergarten": 33.8, "primary": 62.0, "junior_high": 30.5},
    "Xuancheng (Anhui, China) education facility plan 2020-2030: 35,580 / 65,250 / 32,100 seats for 1.053 million "
    "residents, derived from those totals; a Chinese planning ratio, to be replaced by the local one",
)
"""A planning ratio with a public source, for want of a local one (`edulayout.standards`, `cn-xuancheng-2020`)."""


def with_pupils(demand: gpd.GeoDataFrame, per_1000: Mapping[str, float]) -> gpd.GeoDataFrame:
    """Add the pupils of each stage: residents times a ratio per 1,000.

    Pupils that the demand already states (`pupils_<stage>`) are counted ones, and stay.

    Parameters
    ----------
    demand
        With `population`.
    per_1000
        Pupils among 1,000 residents, by stage.

    Raises
    ------
    InputError
        Where a stage is unknown, or a ratio is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> block = gpd.GeoDataFrame({"population": [500.0]}, geometry=[Point(0, 0)], index=["b"], crs="EPSG:4544")
    >>> with_pupils(block, {"primary": 62.0})["pupils_primary"].tolist()
    [31.0]
    """
    check_ratios(per_1000)
    missing = {stage: ratio for stage, ratio in per_1000.items() if f"pupils_{stage}" not in demand}
    return demand.assign(
        **{f"pupils_{stage}": demand["population"] * (ratio / 1000) for stage, ratio in missing.items()}
    )


def check_ratios(per_1000: Mapping[str, float]) -> None:
    """Check pupils per 1,000 residents: known stages, finite numbers ≥ 0, at least one.

    Raises
    ------
    InputError
        With every mistake.
    """
    unknown = tuple(stage for stage in per_1000 if stage not in STAGES)
    wrong = tuple(stage for stage, ratio in per_1000.items() if not (np.isfinite(ratio) and ratio >= 0))
    source, words, faults = "pupils per 1,000 residents", ", ".join(STAGES), []
    if not per_1000:
        faults.append(Fault(source, "no stage", "at least one of " + words, "name the ratio of a stage"))
    if unknown:
        faults.append(Fault(source, "unknown stages", words, "use these words", unknown))
    if wrong:
        faults.append(Fault(source, "negative or infinite ratios", "numbers ≥ 0", "correct them", wrong))
    if faults:
        raise InputError(*faults)


def implied_ratio(birth_rate: float, *, years: int, enrolment: float = 1.0, migration: float = 1.0) -> float:
    """Return the pupils per 1,000 residents that a steady birth rate brings.

    Parameters
    ----------
    birth_rate
        Births per 1,000 residents and year, when those who attend were born.
    years
        School years of the stage.
    enrolment
        Pupils per child.
    migration
        Children who live here per child born here who is alive; survival may be counted in.

    Notes
    -----
    A rule of thumb for checking a planning ratio (status: derived): births per 1,000, times the years, times
    enrolment, times migration. It holds exactly where births are steady and nobody dies.

    Examples
    --------
    >>> [implied_ratio(10, years=years) for years in (3, 6, 3)]
    [30.0, 60.0, 30.0]
    """
    return float(birth_rate * years * enrolment * migration)


def check_rule(
    per_1000: Mapping[str, float],
    birth_rates: Mapping[str, float] | float,
    *,
    stages: Mapping[str, SchoolAge] = SCHOOL_AGES_CN,
    migration: Mapping[str, float] | float = 1.0,
    tolerance: float = 0.25,
) -> pd.DataFrame:
    """Compare planning ratios with what birth rates imply.

    Parameters
    ----------
    per_1000
        Pupils or seats per 1,000 residents, by stage.
    birth_rates
        Births per 1,000 residents and year when the pupils of a stage were born: one number, or by stage.
    stages
        Years and enrolment of the stages; where enrolment goes by year, that of the first year named.
    migration
        As in `implied_ratio`: one number, or by stage.
    tolerance
        How far, relative to what births imply, a ratio may lie off.

    Returns
    -------
    pandas.DataFrame
        By stage: `stated`, `implied`, `stated_to_implied`, `verdict` (`plausible`, `high`, `low`; `cannot tell` where
        births imply none).

    Raises
    ------
    InputError
        Where ratios or rates are wrong, or a stage is not given everywhere.

    Examples
    --------
    >>> check_rule(XUANCHENG.per_1000, 10.5)[["implied", "verdict"]]
                  implied    verdict
    stage
    kindergarten     31.5  plausible
    primary          63.0  plausible
    junior_high      31.5  plausible
    """
    check_ratios(per_1000)
    rates, factors = _by_stage(birth_rates, per_1000), _by_stage(migration, per_1000)
    _check_given(per_1000, rates=rates, factors=factors, stages=stages)
    implied = [
        implied_ratio(rates[name], years=stages[name].years, enrolment=_first(stages[name]), migration=factors[name])
        for name in per_1000
    ]
    index = pd.Index(list(per_1000), name="stage", dtype=str)
    table = pd.DataFrame({"stated": list(per_1000.values()), "implied": implied}, index=index)
    share = (table["stated"] / table["implied"]).where(table["implied"] > 0)
    verdicts = [share.isna(), share > 1 + tolerance, share < 1 - tolerance]
    words = np.select(verdicts, ["cannot tell", "high", "low"], "plausible")
    return table.assign(stated_to_implied=share, verdict=words)


def _first(stage: SchoolAge) -> float:
    years = stage.enrolment
    return stage.enrolled(min(years) if isinstance(years, Mapping) else 0)


def _by_stage(values: Mapping[str, float] | float, stages: Mapping[str, float]) -> dict[str, float]:
    return dict(values) if isinstance(values, Mapping) else dict.fromkeys(stages, float(values))


def _check_given(
    per_1000: Mapping[str, float],
    *,
    rates: Mapping[str, float],
    factors: Mapping[str, float],
    stages: Mapping[str, SchoolAge],
) -> None:
    faults = []
    for source, given in (("birth rates", rates), ("migration", factors), ("school ages", stages)):
        lacking = tuple(stage for stage in per_1000 if stage not in given)
        if lacking:
            faults.append(Fault(source, "stages without a value", "one for every ratio", "add them", lacking))
    for source, numbers in (("birth rates", rates), ("migration", factors)):
        wrong = tuple(stage for stage, number in numbers.items() if not (np.isfinite(number) and number >= 0))
        if wrong:
            faults.append(Fault(source, "negative or infinite numbers", "numbers ≥ 0", "correct them", wrong))
    if faults:
        raise InputError(*faults)
