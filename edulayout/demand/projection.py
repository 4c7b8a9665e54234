"""Residents by age, sex and district, a year at a time: the cohort-component method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.demand.age_groups import SEXES
from edulayout.demand.age_tables import Ages
from edulayout.demand.school_ages import CUT_OFF, SCHOOL_AGES_CN, age_weights, check_school_ages, require_ages, turned
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.demand.rates import Assumptions
    from edulayout.demand.school_ages import SchoolAge
    from edulayout.typing import FloatArray

_CLOSE = 1e-9
_WOMEN = 0


@dataclass(frozen=True, eq=False)
class Projection:
    """Residents of every year, and what changed them.

    Parameters
    ----------
    residents
        Shape (years, districts, 2, ages); women first, the last age open.
    births, deaths, migrants
        Of the twelve months after each year but the last, shape (years - 1, districts, 2). Deaths of newborn are in.
    years
        The years of the first axis.
    districts
        The second.
    variant
        The name of the assumptions.
    """

    residents: FloatArray
    births: FloatArray
    deaths: FloatArray
    migrants: FloatArray
    years: tuple[int, ...]
    districts: tuple[str, ...]
    variant: str = ""

    def ages(self, year: int) -> Ages:
        """Return the residents of one year by age."""
        at = self.years.index(year)
        return Ages(self.residents[at], self.districts, SEXES, open_ended=True, split="projection")

    def accounts(self) -> pd.DataFrame:
        """Return the population account: `variant`, `district_id`, `year`, `population`, and the births, deaths and net
        migrants of the twelve months that follow (missing in the last year).
        """  # noqa: D205 - one sentence
        index = pd.MultiIndex.from_product([self.years, self.districts], names=["year", "district_id"])
        nothing = np.full((1, len(self.districts)), np.nan)
        table = pd.DataFrame({"population": self.residents.sum(axis=(2, 3)).ravel()}, index=index)
        for name, flow in (("births", self.births), ("deaths", self.deaths), ("net_migrants", self.migrants)):
            table[name] = np.concatenate([flow.sum(axis=2), nothing]).ravel()
        table = table.reset_index().sort_values(["district_id", "year"], ignore_index=True)
        table.insert(0, "variant", self.variant)
        return table[["variant", "district_id", "year", "population", "births", "deaths", "net_migrants"]]


def project(ages: Ages, rates: Assumptions, *, base_year: int) -> Projection:
    """Project residents by age and sex, district by district, in single years.

    In every year those who live there, and half of the year's net migrants, grow a year older or die; the other half
    then joins them. Women bear children at the mean of their numbers at the beginning and the end of the year; the
    children survive to its end or not.

    Parameters
    ----------
    ages
        Residents at the base year, by sex, the last age open.
    rates
        See `assumptions`; they say how many years.
    base_year
        The year of the count.

    Returns
    -------
    Projection
        For every district and year, residents + births − deaths + net migrants are the residents of the next
        (asserted, to a relative 1e-9). Numbers are fractions of people: expected values, not rounded.

    Raises
    ------
    InputError
        Where the rates are for other ages, districts or years; where more people leave than there are: district, sex,
        age and year.

    Notes
    -----
    S. H. Preston, P. Heuveline and M. Guillot, Demography: Measuring and Modeling Population Processes (2001), chapter
    6, with migration as in 6.4; single years instead of five. Complexity O(years × districts × ages), vectorised.

    Examples
    --------
    One woman of each age 0, 1, 2 and older; at 1 she bears half a child a year, all girls; nobody dies.

    >>> import numpy as np
    >>> from edulayout.demand import Ages, Assumptions
    >>> people = Ages(np.array([[[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]]), ("a",), ("female", "male"), True, "even")
    >>> rates = Assumptions(fertility=np.array([[[0.0, 0.5, 0.0]]]), survival=np.ones((1, 1, 2, 3)),
    ...     birth_survival=np.ones((1, 1, 2)), migration=np.zeros((1, 1, 2, 3)), boys_per_100_girls=0.0)
    >>> project(people, rates, base_year=2024).residents[1, 0, 0].tolist()
    [0.5, 1.0, 2.0]
    """
    _check_shapes(ages, rates)
    _check_years(rates, base_year)
    now, years = ages.residents, [ages.residents]
    flows = []
    for step in range(len(rates.fertility)):
        now, flow = _step(now, rates, step)
        _require_people(now, ages.districts, base_year + step + 1)
        years.append(now)
        flows.append(flow)
    numbers = tuple(range(base_year, base_year + len(years)))
    found = [np.array(parts).reshape(-1, *now.shape[:2]) for parts in (zip(*flows, strict=True) if flows else [[]] * 3)]
    return Projection(np.array(years), found[0], found[1], found[2], numbers, ages.districts, rates.variant)


class _Flow(NamedTuple):
    births: FloatArray
    deaths: FloatArray
    migrants: FloatArray


def _step(people: FloatArray, rates: Assumptions, step: int) -> tuple[FloatArray, _Flow]:
    """Return the residents a year later and the year's births, deaths and migrants by district and sex."""
    half = rates.migration[step] / 2
    exposed = people + half
    alive = exposed * rates.survival[step]
    older = np.zeros_like(people)
    older[..., 1:] = alive[..., :-1]
    older[..., -1] += alive[..., -1]
    older += half
    births = _births(people[:, _WOMEN], older[:, _WOMEN], rates, step)
    newborn = births * rates.birth_survival[step]
    older[..., 0] += newborn
    flow = _Flow(births, (exposed - alive).sum(axis=-1) + births - newborn, rates.migration[step].sum(axis=-1))
    found, expected = older.sum(axis=-1), people.sum(axis=-1) + flow.births - flow.deaths + flow.migrants
    assert np.allclose(found, expected, rtol=_CLOSE, atol=_CLOSE), "the population account balances"
    return older, flow


def _births(before: FloatArray, after: FloatArray, rates: Assumptions, step: int) -> FloatArray:
    """Return the births of a year, by district and sex."""
    children = ((before + after) / 2 * rates.fertility[step]).sum(axis=-1)
    if rates.known_births is not None:
        known = rates.known_births[step]
        children = np.where(np.isnan(known), children, known)
    boys = rates.boys_per_100_girls / (100.0 + rates.boys_per_100_girls)
    return np.stack([children * (1.0 - boys), children * boys], axis=-1)


def _check_shapes(ages: Ages, rates: Assumptions) -> None:
    people, steps = ages.residents.shape, len(rates.fertility)
    want = {
        "fertility": (steps, people[0], people[2]),
        "survival": (steps, *people),
        "birth_survival": (steps, *people[:2]),
        "migration": (steps, *people),
    }
    faults = [
        Fault("assumptions", f"{name} of shape {getattr(rates, name).shape}", f"{shape}", "read them for these ages")
        for name, shape in want.items()
        if getattr(rates, name).shape != shape
    ]
    if faults or ages.sexes != SEXES:
        sexes = Fault("ages", f"sexes {', '.join(ages.sexes)}", ", ".join(SEXES), "give residents by sex")
        raise InputError(*faults, *([] if ages.sexes == SEXES else [sexes]))


def _check_years(rates: Assumptions, base_year: int) -> None:
    """Refuse rates that were read for other years: they would hold under the wrong names."""
    steps = tuple(range(base_year, base_year + len(rates.fertility)))
    if rates.years and rates.years != steps:
        found = f"rates of {', '.join(map(str, rates.years))}"
        raise InputError(
            Fault("base_year", f"{base_year}, with {found}", f"{rates.years[0]}, and rates of every year from it on",
                  "read the rates for the years that are projected")
        )  # fmt: skip


def _require_people(people: FloatArray, districts: tuple[str, ...], year: int) -> None:
    below = np.argwhere(people < -_CLOSE)
    if len(below):
        rows = tuple(f"{districts[d]} {SEXES[s]} {age}" for d, s, age in below.tolist())
        found = f"more people leave until {year} than there are"
        raise InputError(Fault("migration", found, "at most those who live there", "lower the net migrants", rows))


def pupils_of_projection(
    projection: Projection,
    stages: Mapping[str, SchoolAge] = SCHOOL_AGES_CN,
    *,
    counted_on: str = CUT_OFF,
    cut_off: str = CUT_OFF,
) -> pd.DataFrame:
    """Return the pupils of every stage, district and year of a projection.

    Parameters and errors as in `pupils_of_ages`.

    Returns
    -------
    pandas.DataFrame
        Columns `variant`, `stage`, `district_id`, `year`, `pupils`, sorted so.
    """
    check_school_ages(stages)
    shift = turned(counted_on, cut_off=cut_off)
    require_ages(projection.ages(projection.years[0]), stages, shift)
    people = projection.residents.sum(axis=2)
    parts = []
    for name, stage in stages.items():
        rates = np.array([stage.enrolled(year) for year in projection.years])[:, None]
        attend = (people * age_weights(stage, people.shape[2], shift=shift)).sum(axis=2) * rates
        parts.append(long_table(attend, projection.years, projection.districts, stage=name, variant=projection.variant))
    return pd.concat(parts, ignore_index=True)


def long_table(
    pupils: FloatArray, years: tuple[int, ...], districts: tuple[str, ...], *, stage: str, variant: str
) -> pd.DataFrame:
    """Return pupils (years × districts) as rows of `variant`, `stage`, `district_id`, `year`, `pupils`."""
    index = pd.MultiIndex.from_product([districts, years], names=["district_id", "year"])
    table = pd.DataFrame({"pupils": pupils.T.ravel()}, index=index).reset_index()
    table.insert(0, "stage", stage)
    table.insert(0, "variant", variant)
    return table
