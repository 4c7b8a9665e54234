"""Costs that somebody else computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.engines.long_tables import COLUMNS, arranged, matrix_of, pairs_of, read_long
from edulayout.errors import Fault, InputError
from edulayout.sparse import csr_from_pairs
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from edulayout.engines.long_tables import Preset
    from edulayout.typing import CostArrays, Progress, Unit


@dataclass(frozen=True, eq=False)
class CostTable:
    """Costs by id, from r5, OSRM, Valhalla or a spreadsheet; see also `read`, `from_table` and `from_answer`.

    Parameters
    ----------
    pairs
        A Series indexed by (demand id, school id), or a table with the columns `from`, `to`, `cost`. A pair that is
        absent, or whose cost is missing, is unreachable.
    unit
        `metres` or `minutes`.

    Raises
    ------
    InputError
        Where a column is missing, a pair stands twice, or a cost is negative or infinite.

    Examples
    --------
    >>> import pandas as pd
    >>> CostTable(pd.DataFrame({"from": ["a", "b"], "to": ["s", "s"], "cost": [0, 12.5]}), unit="minutes")
    CostTable(2 pairs, minutes)
    """

    pairs: pd.Series[float] | pd.DataFrame
    unit: Unit

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", _checked(_as_series(self.pairs)))

    def __repr__(self) -> str:
        return f"CostTable({len(self.pairs)} pairs, {self.unit})"

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        *,
        unit: Unit,
        preset: Preset | None = None,
        columns: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> CostTable:
        """Read a long table from a CSV or parquet file; see `from_table`.

        Raises
        ------
        MissingFileError
            Where there is no such file.
        MissingExtraError
            Where it is parquet and pyarrow is not installed.
        InputError
            As `from_table`, or where the file is damaged.
        """
        table = read_long(path, encoding=encoding)
        return cls(arranged(table, preset=preset, columns=columns, unit=unit, source=str(path)), unit)

    @classmethod
    def from_table(
        cls, table: pd.DataFrame, *, unit: Unit, preset: Preset | None = None, columns: Mapping[str, str] | None = None
    ) -> CostTable:
        """Make costs from a long table with one row per pair.

        Parameters
        ----------
        table
            A row with a missing cost is an unreachable pair.
        unit
            `metres` or `minutes`.
        preset
            `r5` (r5r, r5py: `from_id, to_id, travel_time` or `travel_time_p50`, minutes), `osrm` (`source,
            destination, duration` in seconds, `distance` in metres), `valhalla` (`from_index, to_index, time` in
            seconds, `distance` in kilometres).
        columns
            What `from`, `to` and `cost` are called here, where neither so nor as in the preset.

        Raises
        ------
        InputError
            Where a column is missing, a cost is text, negative or infinite, or a pair stands twice.

        Examples
        --------
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["s", "s"], "travel_time": [7, 12]})
        >>> CostTable.from_table(rows, preset="r5", unit="minutes")
        CostTable(2 pairs, minutes)
        """
        return cls(arranged(table, preset=preset, columns=columns, unit=unit, source="cost table"), unit)

    @classmethod
    def from_answer(
        cls, answer: Mapping[str, object], *, demand_ids: Sequence[str], school_ids: Sequence[str], unit: Unit
    ) -> CostTable:
        """Make costs from the JSON answer of OSRM's table service or of Valhalla's sources_to_targets.

        Parameters
        ----------
        answer
            The parsed answer, demand as sources and schools as targets.
        demand_ids, school_ids
            Their ids, in the order in which they were asked for.
        unit
            `minutes` (durations) or `metres` (distances).

        Raises
        ------
        InputError
            Where the answer holds no matrix, or one of another shape.

        Examples
        --------
        >>> CostTable.from_answer({"durations": [[60.0, None]]}, demand_ids=["a"], school_ids=["s", "t"],
        ...                       unit="minutes").pairs.tolist()
        [1.0, nan]
        """
        matrix, factor = matrix_of(answer, unit=unit)
        return cls(pairs_of(matrix * factor, demand_ids, school_ids), unit)

    @property
    def name(self) -> str:
        """`table`."""
        return "table"

    def costs(
        self,
        demand: gpd.GeoSeries,
        schools: gpd.GeoSeries,
        *,
        cutoff: float | None = None,
        progress: Progress = quiet,
    ) -> CostArrays:
        """Return the costs of the pairs asked for, by their ids; where the points lie does not matter.

        Raises
        ------
        InputError
            Where an id of demand or schools does not stand in the table at all; the ids are named.
        """
        ends = [self.pairs.index.get_level_values(level) for level in (0, 1)]
        wanted = [demand.index.astype(str), schools.index.astype(str)]
        _check_known(ends, wanted)
        rows, columns = (ids.get_indexer(end) for ids, end in zip(wanted, ends, strict=True))
        values = self.pairs.to_numpy(dtype=np.float32)
        kept = (rows >= 0) & (columns >= 0) & ~np.isnan(values)
        if cutoff is not None:
            kept &= values <= np.float32(cutoff)
        progress("costs from the table", 1, 1)
        return csr_from_pairs(rows[kept], columns[kept], values[kept], rows_total=len(demand))

    def areas(self, schools: gpd.GeoSeries, *, radius: float) -> gpd.GeoSeries:
        """Refuse: a table knows costs between its ids and nothing of the ground between them."""
        fault = Fault(
            "service areas",
            f"a table of costs as the engine, {len(schools)} schools and a radius of {radius:g}",
            "an engine that knows the ground",
            "use Streets, Straight or Geodesic for the polygons",
        )
        raise InputError(fault)


def _as_series(pairs: pd.Series[float] | pd.DataFrame) -> pd.Series[float]:
    if isinstance(pairs, pd.DataFrame):
        missing = [name for name in COLUMNS if name not in pairs]
        if missing:
            found = "the columns " + ", ".join(map(str, pairs.columns))
            remedy = "rename the columns; missing: " + ", ".join(missing)
            raise InputError(Fault("cost table", found, ", ".join(COLUMNS), remedy))
        pairs = pairs.set_index(["from", "to"])["cost"]
    if pairs.index.nlevels != 2:  # noqa: PLR2004 - a pair has two ends
        found = f"an index of {pairs.index.nlevels} level(s)"
        raise InputError(Fault("cost table", found, "(demand id, school id)", "set the two id columns as the index"))
    ends = [pairs.index.get_level_values(level).astype(str) for level in (0, 1)]
    index = pd.MultiIndex.from_arrays(ends, names=["demand_id", "school_id"])
    return pd.Series(pairs.to_numpy(dtype=np.float64), index=index, name="cost")


def _checked(pairs: pd.Series[float]) -> pd.Series[float]:
    """Return the pairs that have a cost, or raise all that is wrong with them."""
    twice, wrong = pairs.index.duplicated(), (pairs < 0) | np.isinf(pairs)
    faults = [
        Fault("cost table", found, expected, remedy, tuple(" → ".join(pair) for pair in pairs.index[rows]))
        for rows, found, expected, remedy in (
            (twice, "pairs that stand twice", "one cost for a pair", "keep the cost you mean"),
            (wrong, "negative or infinite costs", "finite costs ≥ 0", "leave unreachable pairs out"),
        )
        if rows.any()
    ]
    if faults:
        raise InputError(*faults)
    return pairs


def _check_known(ends: list[pd.Index[str]], wanted: list[pd.Index[str]]) -> None:
    faults = [
        Fault(
            "cost table",
            f"no costs for some {what}",
            f"every id of {what} in the column {column!r}",
            "compute their costs too, or take them out; ids are compared as text (0101 is not 101)",
            tuple(ids[~ids.isin(end)]),
        )
        for what, column, end, ids in zip(("demand", "schools"), ("from", "to"), ends, wanted, strict=True)
        if not ids.isin(end).all()
    ]
    if faults:
        raise InputError(*faults)
