"""What a projection assumes: fertility, mortality and migration, by age, district, variant and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.demand.age_groups import SEXES, AgeGroup, read_groups, read_sexes, tiling_faults, to_single
from edulayout.errors import InputError
from edulayout.tables.findings import Findings, RowNames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.demand.age_tables import Ages
    from edulayout.errors import Fault
    from edulayout.typing import FloatArray

BOYS_PER_100_GIRLS = 106.0
"""At birth, where nothing else is said: the middle of the usual 104 to 107 (Preston, Heuveline & Guillot 2001)."""

INFANT_SHARE = 0.06
"""Years lived, in their first year of life, by those who die in it: most die early. Coale and Demeny's line for low
mortality, 0.045 + 2.684 m(0) for men and 0.053 + 2.8 m(0) for women, at some 5 deaths per 1,000 (Preston, Heuveline &
Guillot 2001, table 3.3; status: memory)."""

_EVERYWHERE = ""
_VALUES = {"fertility": "births_per_1000_women", "mortality": "deaths_per_1000", "migration": "net_migrants"}
_KEYS = ["district_id", "sex", "year"]


@dataclass(frozen=True, eq=False)
class Assumptions:
    """What happens in each year of a projection.

    Parameters
    ----------
    fertility
        Births per woman and year, shape (years, districts, ages).
    survival
        The share of those of a completed age who live a year later, shape (years, districts, 2, ages); women first.
        The last age is open: those who survive stay in it.
    birth_survival
        The share of those born in a year who live at its end, shape (years, districts, 2).
    migration
        Net migrants, in persons, shape (years, districts, 2, ages).
    boys_per_100_girls
        At birth.
    known_births
        Births counted instead of computed, shape (years, districts), NaN where not known.
    variant
        The name of these assumptions.
    years
        The years of the first axis; empty where they may begin with any year.
    """

    fertility: FloatArray
    survival: FloatArray
    birth_survival: FloatArray
    migration: FloatArray
    boys_per_100_girls: float = BOYS_PER_100_GIRLS
    known_births: FloatArray | None = None
    variant: str = ""
    years: tuple[int, ...] = ()


def survivorship(deaths: FloatArray, *, infant_share: float = INFANT_SHARE) -> tuple[FloatArray, FloatArray]:
    """Return the survival of every completed age to the next, and that of the newborn to the end of the year.

    Parameters
    ----------
    deaths
        Probability of dying between one birthday and the next, shape (…, ages), in [0, 1]; the last age is open, there
        it is the share of the group that dies in a year.
    infant_share
        Years lived in the first year of life by those who die in it; half a year at every other age.

    Returns
    -------
    tuple of arrays
        L(x+1) / L(x) for every age (1 less the deaths for the open one), and L(0) / l(0); L are the person-years of a
        life table.

    Notes
    -----
    S. H. Preston, P. Heuveline and M. Guillot, Demography: Measuring and Modeling Population Processes (2001), chapters
    3 and 6. The open group is taken to die at one rate, whatever its ages.

    Examples
    --------
    Half of the newborn die, living no time at all in that year; then a tenth a year.

    >>> import numpy as np
    >>> onward, newborn = survivorship(np.array([0.5, 0.1, 0.1]), infant_share=0.0)
    >>> onward.round(6).tolist(), newborn.tolist()
    ([0.95, 0.9, 0.9], 0.5)
    """
    alive = np.concatenate([np.ones_like(deaths[..., :1]), np.cumprod(1.0 - deaths[..., :-1], axis=-1)], axis=-1)
    lived = np.full(deaths.shape[-1], 0.5)
    lived[0] = infant_share
    years = alive * (1.0 - deaths * (1.0 - lived))
    onward = np.divide(years[..., 1:], years[..., :-1], out=np.zeros_like(years[..., 1:]), where=years[..., :-1] > 0)
    return np.concatenate([onward, 1.0 - deaths[..., -1:]], axis=-1), years[..., 0]


def assumptions(
    ages: Ages,
    *,
    fertility: pd.DataFrame,
    mortality: pd.DataFrame,
    migration: pd.DataFrame | None = None,
    years: Sequence[int],
    variant: str = "",
    births: pd.DataFrame | None = None,
    boys_per_100_girls: float = BOYS_PER_100_GIRLS,
) -> Assumptions:
    """Read tables of fertility, mortality and migration into the assumptions of a projection.

    Parameters
    ----------
    ages
        The residents that are projected, by sex and with an open last age.
    fertility
        `age` (single years or groups), `births_per_1000_women`; a rate holds for every age of its group, none is 0.
    mortality
        `age`, `deaths_per_1000` (1,000 times the probability of dying within a year of age), for all ages.
    migration
        `age`, `net_migrants` (persons a year, negative where more leave; a group's are spread evenly over its ages) and
        `district_id`. None for no migration. It must leave out those who move into new housing that is added apart.
    years
        The years of the projection's steps: the rates of a year hold for the twelve months after its count.
    variant
        Which rows to take, of tables with a column `variant`; one without it serves all variants.
    births
        `district_id`, `year`, `births`: counted ones, for steps whose births are known.
    boys_per_100_girls
        At birth.

    Every table may have `district_id` (else it holds for all), `sex` (else for both; migrants are halved) and `year`.
    Between the years named, values follow a straight line; before and after, the nearest holds.

    Raises
    ------
    InputError
        With every fault of every table: columns, rows that cannot be read, duplicates, gaps, districts or variants
        that nobody knows, numbers that cannot be.

    Notes
    -----
    Complexity O(years × districts × ages × groups). For an example see `project`.
    """
    asked = _Asked(ages.districts, ages.oldest + 1, tuple(years), variant)
    faults: list[Fault] = _base_faults(ages, boys_per_100_girls)
    born = _grid(fertility, "fertility", asked, faults)
    dying = _grid(mortality, "mortality", asked, faults)
    moving = np.zeros(asked.shape) if migration is None else _grid(migration, "migration", asked, faults)
    known = None if births is None else _known(births, asked, faults)
    if faults:
        raise InputError(*faults)
    survival, newborn = survivorship(dying / 1000.0)
    return Assumptions(
        born[:, :, 0] / 1000.0, survival, newborn, moving, boys_per_100_girls, known_births=known, variant=variant,
        years=asked.years,
    )  # fmt: skip


class _Asked(NamedTuple):
    districts: tuple[str, ...]
    ages: int
    years: tuple[int, ...]
    variant: str

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self.years), len(self.districts), len(SEXES), self.ages


def _base_faults(ages: Ages, boys: float) -> list[Fault]:
    findings = Findings("ages")
    if ages.sexes != SEXES:
        findings.fault("no sexes", "residents by sex", "give a column sex (female, male)")
    if not ages.open_ended:
        findings.fault("no open last age", "all residents, the oldest in a group such as 85+", "add the older ones")
    if not (np.isfinite(boys) and boys >= 0):
        findings.fault(f"{boys} boys per 100 girls", "a number ≥ 0", "correct it")
    return findings.faults


def _grid(table: pd.DataFrame, what: str, asked: _Asked, faults: list[Fault]) -> FloatArray:
    """Return the values of a table for every year, district, sex and single age; add its faults to the others."""
    findings = Findings(what, RowNames([str(label) for label in table.index]))
    rows = _rows(table, what, asked, findings)
    values = None if findings.faults else _values(rows, what, asked, findings)
    faults.extend(findings.faults)
    return np.zeros(asked.shape) if values is None else values


def _rows(table: pd.DataFrame, what: str, asked: _Asked, findings: Findings) -> pd.DataFrame:
    """Return district, sex, year, group and value of the rows of the variant."""
    wanted = ["age", _VALUES[what], *(["district_id"] if what == "migration" else [])]
    missing = [name for name in wanted if name not in table.columns]
    if missing or table.empty:
        has = f"it has: {', '.join(map(str, table.columns))}"
        findings.fault(f"no column {', '.join(missing)}" if missing else "no rows", ", ".join(wanted), has)
        return pd.DataFrame()
    kept = _of_variant(table, asked.variant, findings)
    findings = Findings(findings.source, RowNames([str(label) for label in kept.index]), findings.faults)
    rows = pd.DataFrame(
        {
            "district_id": kept["district_id"].astype(str) if "district_id" in kept else _EVERYWHERE,
            "sex": read_sexes(kept["sex"], findings) if "sex" in kept else _EVERYWHERE,
            "year": pd.to_numeric(kept["year"], errors="coerce") if "year" in kept else 0,
            "group": pd.Series(read_groups(kept["age"], findings), index=kept.index, dtype=object),
            "value": pd.to_numeric(kept[_VALUES[what]], errors="coerce").astype(np.float64),
        }
    )
    _check_rows(rows, what, asked, findings)
    return rows


def _of_variant(table: pd.DataFrame, variant: str, findings: Findings) -> pd.DataFrame:
    if "variant" not in table.columns:
        return table
    kept = table[table["variant"].astype(str) == variant]
    if kept.empty:
        words = ", ".join(sorted(set(table["variant"].astype(str))))
        findings.fault(f"no variant {variant!r}", f"one of {words}", "name one of these")
    return kept


def _check_rows(rows: pd.DataFrame, what: str, asked: _Asked, findings: Findings) -> None:
    most = 1000.0 if what == "mortality" else np.inf
    least = -np.inf if what == "migration" else 0.0
    numbers = rows["value"].to_numpy()
    wrong = ~np.isfinite(numbers) | (numbers < least) | (numbers > most)
    if wrong.any():
        expected = {"mortality": "numbers from 0 to 1000", "migration": "finite numbers"}.get(what, "numbers ≥ 0")
        findings.fault("numbers that cannot be", expected, "correct them", where=wrong)
    unknown = ~rows["district_id"].isin([*asked.districts, _EVERYWHERE]).to_numpy()
    if unknown.any():
        known = f"one of {', '.join(asked.districts)}"
        findings.fault("districts that nobody knows", known, "correct the ids", where=unknown)
    undated = rows["year"].isna().to_numpy() | (rows["year"] % 1 != 0).to_numpy()
    if undated.any():
        findings.fault("years that cannot be read", "whole years", "write them so", where=undated)
    twice = rows.duplicated([*_KEYS, "group"], keep=False).to_numpy() & rows["group"].notna().to_numpy()
    if twice.any():
        findings.fault("the same cell twice", "each age once by district, sex and year", "keep one row", where=twice)


def _values(rows: pd.DataFrame, what: str, asked: _Asked, findings: Findings) -> FloatArray | None:
    groups = sorted(set(rows["group"]), key=lambda group: (group.first, group.width))
    tiling_faults(groups, "the table", findings, from_birth=what == "mortality")
    _check_range(groups, what, asked, findings)
    cube, anchors = _cube(rows, what, asked, groups, findings)
    if findings.faults:
        return None
    matrix = to_single(groups, asked.ages, counts=what == "migration")
    single = np.tensordot(cube, matrix, axes=1)
    if what == "migration" and (rows["sex"] == _EVERYWHERE).all():
        single = single / 2
    return _between(single, anchors, asked.years)


def _check_range(groups: Sequence[AgeGroup], what: str, asked: _Asked, findings: Findings) -> None:
    if what == "mortality" and (groups[-1].last is not None or groups[-1].first > asked.ages - 1):
        findings.fault(
            f"ages end with {groups[-1]}",
            f"an open group that begins at {asked.ages - 1} or below",
            "add the older ones",
        )
    if what == "fertility" and (groups[-1].last is None or groups[-1].last >= asked.ages - 1):
        findings.fault(f"mothers of {groups[-1]}", "closed groups of fertile ages", "correct the ages")


def _cube(
    rows: pd.DataFrame, what: str, asked: _Asked, groups: Sequence[AgeGroup], findings: Findings
) -> tuple[FloatArray, list[int]]:
    """Return the values by year named, district, sex and group, and the years."""
    everywhere, both = [list(pd.unique(rows[name])) == [_EVERYWHERE] for name in ("district_id", "sex")]
    anchors = sorted(int(year) for year in pd.unique(rows["year"]))
    districts = [_EVERYWHERE] if everywhere else list(asked.districts)
    sexes = [_EVERYWHERE] if both else ["female"] if what == "fertility" else list(SEXES)
    index = pd.MultiIndex.from_product([anchors, districts, sexes, groups])
    keyed = rows.set_index(["year", "district_id", "sex", "group"])["value"]
    values = keyed.reindex(index)
    if values.isna().any():
        lacking = [" ".join(str(part) for part in key if part not in ("", 0)) for key in index[values.isna()]]
        findings.fault("cells missing", "the same ages by district, sex and year", "add them", rows=lacking)
    cube = values.to_numpy(np.float64).reshape(len(anchors), len(districts), len(sexes), len(groups))
    shape = (len(anchors), len(asked.districts), len(SEXES), len(groups))
    return np.broadcast_to(cube, shape), anchors


def _between(values: FloatArray, anchors: Sequence[int], years: Sequence[int]) -> FloatArray:
    """Return values of all years, on straight lines between the years named."""
    where = np.interp(np.asarray(years, dtype=np.float64), anchors, np.arange(len(anchors), dtype=np.float64))
    before = np.floor(where).astype(np.int64)
    after = np.minimum(before + 1, len(anchors) - 1)
    part = (where - before).reshape(-1, 1, 1, 1)
    return values[before] * (1.0 - part) + values[after] * part


def _known(births: pd.DataFrame, asked: _Asked, faults: list[Fault]) -> FloatArray:
    counted = births_table(births, faults, districts=asked.districts)
    return counted.reindex(index=list(asked.years), columns=list(asked.districts)).to_numpy(np.float64)


def births_table(births: pd.DataFrame, faults: list[Fault], *, districts: Sequence[str] | None = None) -> pd.DataFrame:
    """Return births by year (rows) and district (columns), adding to the faults what is wrong with the table."""
    findings = Findings("births", RowNames([str(label) for label in births.index]))
    missing = [name for name in ("district_id", "year", "births") if name not in births.columns]
    if missing or births.empty:
        what = f"no column {', '.join(missing)}" if missing else "no rows"
        findings.fault(what, "columns district_id, year, births", f"it has: {', '.join(map(str, births.columns))}")
        faults.extend(findings.faults)
        return pd.DataFrame()
    year, number = (pd.to_numeric(births[name], errors="coerce") for name in ("year", "births"))
    wrong = (~np.isfinite(number) | (number < 0) | year.isna() | (year % 1 != 0)).to_numpy()
    if wrong.any():
        findings.fault("years or births that cannot be", "whole years, births ≥ 0", "correct them", where=wrong)
    twice = births.astype({"district_id": str}).duplicated(["district_id", "year"], keep=False).to_numpy()
    if twice.any():
        findings.fault("the same district and year twice", "each once", "keep one row", where=twice)
    unknown = ~births["district_id"].astype(str).isin(list(districts or births["district_id"].astype(str))).to_numpy()
    if unknown.any():
        findings.fault("districts that nobody knows", ", ".join(districts or ()), "correct the ids", where=unknown)
    faults.extend(findings.faults)
    if findings.faults:
        return pd.DataFrame()
    rows = pd.DataFrame({"district_id": births["district_id"].astype(str), "year": year.astype(int), "births": number})
    return rows.pivot_table(index="year", columns="district_id", values="births", aggfunc="first").astype(np.float64)


def named_variants(tables: Mapping[str, pd.DataFrame | None]) -> tuple[str, ...]:
    """Return the words in the columns `variant` of tables, in the order in which they first stand there."""
    words: dict[str, None] = {}
    for table in tables.values():
        if table is not None and "variant" in table.columns:
            words |= dict.fromkeys(table["variant"].astype(str))
    return tuple(words)
