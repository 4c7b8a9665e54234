"""Residents by district, sex and single year of age, from tables of single years or age groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.demand.age_groups import SEXES, AgeGroup, read_groups, read_sexes, tiling_faults
from edulayout.demand.splitting import SPRAGUE, WIDTH
from edulayout.fixedpoint import total
from edulayout.tables.findings import Findings, RowNames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.demand.splitting import Split
    from edulayout.typing import BoolArray, FloatArray

BOTH = ("both",)
"""The one sex of a table that does not tell them apart."""

_LEAST_GROUPS = 5
_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Ages:
    """Residents by single year of age.

    Parameters
    ----------
    residents
        Shape (districts, sexes, ages), finite and ≥ 0.
    districts
        The `district_id` of the first axis, sorted.
    sexes
        `("female", "male")`, or `("both",)`.
    open_ended
        Whether the last age stands for itself and all above.
    split
        The word of the split that made single years of groups.
    notes
        What was assumed.
    """

    residents: FloatArray
    districts: tuple[str, ...]
    sexes: tuple[str, ...]
    open_ended: bool
    split: str
    notes: tuple[str, ...] = ()

    @property
    def oldest(self) -> int:
        """The last age."""
        return int(self.residents.shape[2]) - 1

    def by_age(self) -> pd.DataFrame:
        """Return residents of both sexes, districts × ages."""
        columns = pd.Index(range(self.oldest + 1), name="age")
        return pd.DataFrame(self.residents.sum(axis=1), index=_named(self.districts), columns=columns)

    def population(self) -> pd.Series[float]:
        """Return the residents of each district."""
        sums = [total(part.ravel()) for part in self.residents]
        return pd.Series(sums, index=_named(self.districts), name="population", dtype=np.float64)


def _named(districts: Sequence[str]) -> pd.Index[str]:
    return pd.Index(districts, name="district_id", dtype=str)


def ages(
    table: pd.DataFrame, *, split: Split = SPRAGUE, districts: Sequence[str] | None = None, source: str = "ages"
) -> Ages:
    """Read a table of residents by age, and split its groups into single years.

    Parameters
    ----------
    table
        Columns `district_id`, `population`, `age` (completed years: `7`, `0-4`, `85+`; also `0-4岁`, `85岁及以上`), and
        `sex` (`female`, `male`) where it is known. Every district has the same ages from 0 up, without gaps.
    split
        How groups become single years. Multipliers need groups within five-year steps (0-4, 5-9, …), five of them;
        groups that are finer (0, 1-4, or single years) keep their own totals. An open group stays whole.
    districts
        The districts that the table must have, and no others.
    source
        What messages call the table.

    Returns
    -------
    Ages
        Every group's single years add up to the group (asserted, to a relative 1e-9). Where multipliers give less than
        0, the year is set to 0 and the others of its group are scaled to keep the total; the notes count that.

    Raises
    ------
    TableError
        With every fault: columns or ages missing, ages or sexes that cannot be read, duplicate rows, groups that
        overlap, negative or missing numbers, districts that are unknown or missing, an open group below the last.

    Notes
    -----
    Complexity O(districts × ages × groups). Sources: see `SPRAGUE` and `BEERS`.

    Examples
    --------
    >>> import pandas as pd
    >>> groups = ["0-4", "5-9", "10-14", "15-19", "20-24", "25+"]
    >>> table = pd.DataFrame({"district_id": "a", "age": groups, "population": [50, 55, 60, 65, 70, 300]})
    >>> ages(table).by_age().loc["a", [0, 4, 5, 25]].round(6).tolist()
    [9.6, 10.4, 10.6, 300.0]
    """
    findings = Findings(source, RowNames([str(label) for label in table.index]))
    rows = _rows(table, findings)
    _check_numbers(rows["population"], findings)
    _check_districts(rows["district_id"], districts, findings)
    groups = _check_cells(rows, findings)
    open_ended = bool(groups) and groups[-1].last is None
    _check_steps(groups, split, findings)
    findings.settle()
    sexes = BOTH if "sex" not in table.columns else SEXES
    names = tuple(sorted(pd.unique(rows["district_id"])))
    cells = _cube(rows, names, sexes, groups)
    residents, clipped = _singles(cells, groups, split)
    if clipped:
        findings.note(
            f"{clipped} age groups in which {split.name} gave less than 0: those years are 0, the rest scaled"
        )
    assert np.isclose(residents.sum(), cells.sum(), rtol=_CLOSE, atol=_CLOSE), "residents are conserved"
    return Ages(residents, names, sexes, open_ended, split.name, tuple(findings.notes))


def _rows(table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return district, sex, group and number of every row; nothing can be checked where a column is missing."""
    missing = [name for name in ("district_id", "age", "population") if name not in table.columns]
    if missing or table.empty:
        what = f"no column {', '.join(missing)}" if missing else "no rows"
        has = f"it has: {', '.join(map(str, table.columns))}"
        findings.fault(what, "columns district_id, age, population and, where known, sex", has)
        findings.settle()
    sex = read_sexes(table["sex"], findings) if "sex" in table.columns else pd.Series(BOTH[0], table.index)
    return pd.DataFrame(
        {
            "district_id": table["district_id"].astype(str),
            "sex": sex,
            "group": pd.Series(read_groups(table["age"], findings), index=table.index, dtype=object),
            "population": pd.to_numeric(table["population"], errors="coerce").astype(np.float64),
        }
    )


def _check_numbers(numbers: pd.Series[float], findings: Findings) -> None:
    wrong = ~np.isfinite(numbers.to_numpy()) | (numbers.to_numpy() < 0)
    if wrong.any():
        findings.fault("negative, missing or infinite numbers", "residents ≥ 0", "correct them", where=wrong)


def _check_districts(column: pd.Series[str], districts: Sequence[str] | None, findings: Findings) -> None:
    if districts is None:
        return
    unknown: BoolArray = ~column.isin(list(districts)).to_numpy()
    if unknown.any():
        names = ", ".join(pd.unique(column[unknown])[:5])
        known = f"one of {', '.join(districts)}"
        findings.fault(f"districts that nobody knows: {names}", known, "correct the ids", where=unknown)
    absent = [name for name in districts if name not in set(column)]
    if absent:
        findings.fault("districts without a row", "ages of every district", "add them", rows=absent)


def _check_cells(rows: pd.DataFrame, findings: Findings) -> list[AgeGroup]:
    """Write down cells that stand twice, overlap or are missing; return the groups of the table in order."""
    read = rows[rows["group"].notna() & (rows["sex"] != "")]
    twice = rows.index.isin(read.index[read.duplicated(["district_id", "sex", "group"], keep=False)])
    if twice.any():
        findings.fault("the same district, sex and age twice", "every cell once", "keep one row", where=twice)
    groups = sorted(set(read["group"]), key=lambda group: (group.first, group.width))
    tiling_faults(groups, "the table", findings)
    wanted = pd.MultiIndex.from_product(
        [sorted(set(read["district_id"])), SEXES if set(read["sex"]) & set(SEXES) else BOTH, groups]
    )
    have = pd.MultiIndex.from_frame(read[["district_id", "sex", "group"]].drop_duplicates())
    lacking = [" ".join(map(str, key)) for key in wanted[~wanted.isin(have)] if key[1] in SEXES + BOTH]
    if lacking and groups:
        findings.fault("cells missing", "the same ages and sexes in every district", "add them", rows=lacking)
    return groups


def _check_steps(groups: Sequence[AgeGroup], split: Split, findings: Findings) -> None:
    closed = [group for group in groups if group.last is not None]
    if not split.multipliers or all(group.width == 1 for group in closed):
        return
    astride = [str(group) for group in closed if group.first // WIDTH != (group.last or 0) // WIDTH]
    end = (closed[-1].last or 0) + 1
    if astride or end % WIDTH or end < WIDTH * _LEAST_GROUPS:
        findings.fault(
            f"groups that {split.name} cannot split",
            "groups within the steps 0-4, 5-9, …, the last one whole, five steps or more",
            "give five-year groups, or split evenly (split=EVEN)",
            rows=astride,
        )


def _cube(rows: pd.DataFrame, names: Sequence[str], sexes: Sequence[str], groups: Sequence[AgeGroup]) -> FloatArray:
    place = {group: at for at, group in enumerate(groups)}
    cube = np.zeros((len(names), len(sexes), len(groups)))
    at = (
        pd.Index(names).get_indexer(pd.Index(rows["district_id"])),
        pd.Index(sexes).get_indexer(pd.Index(rows["sex"])),
        rows["group"].map(place).to_numpy(dtype=np.int64),
    )
    cube[at] = rows["population"].to_numpy()
    return cube


def _singles(cells: FloatArray, groups: Sequence[AgeGroup], split: Split) -> tuple[FloatArray, int]:
    """Return single years that keep every cell's total, and in how many cells values below 0 were set to 0."""
    widths = np.array([group.width for group in groups])
    starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
    if (widths == 1).all():
        return cells.copy(), 0
    shape = np.repeat(cells / widths, widths, axis=-1)
    closed = len(widths) - (groups[-1].last is None)
    years = int(widths[:closed].sum())
    if split.multipliers:
        steps = np.add.reduceat(shape[..., :years], np.arange(0, years, WIDTH), axis=-1)
        shape[..., :years] = split.singles(steps)
    below = np.minimum.reduceat(shape, starts, axis=-1) < -_CLOSE * np.maximum(cells, 1.0)
    shape = np.maximum(shape, 0.0)
    sums = np.repeat(np.add.reduceat(shape, starts, axis=-1), widths, axis=-1)
    want = np.repeat(cells, widths, axis=-1)
    even = np.repeat(cells / widths, widths, axis=-1)
    scaled = np.divide(shape * want, sums, out=even, where=sums > 0)
    return scaled, int(below.sum())
