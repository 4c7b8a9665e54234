"""Costs that somebody else computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.sparse import csr_from_pairs
from edulayout.typing import quiet

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.typing import CostArrays, Progress, Unit

_COLUMNS = ("from", "to", "cost")


@dataclass(frozen=True, eq=False)
class CostTable:
    """Costs by id, from r5, OSRM, Valhalla or a spreadsheet.

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
        missing = [name for name in _COLUMNS if name not in pairs]
        if missing:
            found = "the columns " + ", ".join(map(str, pairs.columns))
            remedy = "rename the columns; missing: " + ", ".join(missing)
            raise InputError(Fault("cost table", found, ", ".join(_COLUMNS), remedy))
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
