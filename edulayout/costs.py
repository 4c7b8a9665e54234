"""Travel costs from demand to schools: the one object that feeds every measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout.engines.asked import check_pairs, check_places, read_arrays
from edulayout.engines.nearest import by_stage, ranked
from edulayout.errors import Fault, InputError
from edulayout.sparse import csr_from_pairs
from edulayout.tables.shapes import points
from edulayout.typing import quiet
from edulayout.writing import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from edulayout.typing import (
        AnyArray,
        CostArrays,
        Engine,
        Float32Array,
        FloatArray,
        Int32Array,
        IntArray,
        Progress,
        Unit,
    )


@dataclass(frozen=True, eq=False)
class TravelCosts:
    """Costs of travelling from demand to schools, sparse, in one unit.

    Parameters
    ----------
    indptr, indices, values
        CSR arrays, demand × school: int64 (n + 1,), int32 (pairs,), float32 (pairs,), sorted by school within a
        row. An absent pair is beyond the cutoff or unreachable; a stored zero is a real zero.
    demand_ids, school_ids
        The ids of rows and columns.
    unit
        `metres` or `minutes`.
    engine
        What computed them.
    cutoff
        Costs above it were not looked for; None where all were.
    demand_snap, school_snap
        Metres from each point to the network, NaN where it was farther than the limit; None without a network.

    Examples
    --------
    >>> costs = TravelCosts.from_dense([[0.0, 400.0], [300.0, float("inf")]],
    ...                                demand_ids=["a", "b"], school_ids=["s", "t"], unit="metres")
    >>> costs.to_series()
    demand_id  school_id
    a          s              0.0
               t            400.0
    b          s            300.0
    Name: cost, dtype: float32
    """

    indptr: IntArray
    indices: Int32Array
    values: Float32Array
    demand_ids: pd.Index[str]
    school_ids: pd.Index[str]
    unit: Unit
    engine: str
    cutoff: float | None = None
    demand_snap: Float32Array | None = None
    school_snap: Float32Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns: demand and schools."""
        return len(self.demand_ids), len(self.school_ids)

    @property
    def pairs(self) -> int:
        """How many pairs are stored."""
        return len(self.indices)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"TravelCosts({rows} demand × {columns} schools, {self.pairs} pairs, {self.unit} by {self.engine})"

    @classmethod
    def from_pairs(cls, series: pd.Series[float], *, unit: Unit, engine: str = "table") -> TravelCosts:
        """Make costs from a long series indexed by (`demand_id`, `school_id`).

        Rows and columns follow the sorted ids. Complexity O(pairs log pairs).

        Raises
        ------
        InputError
            Where a pair stands twice, or a cost is negative, missing or infinite.

        Examples
        --------
        >>> import pandas as pd
        >>> pairs = pd.MultiIndex.from_tuples([("a", "s"), ("b", "s")], names=["demand_id", "school_id"])
        >>> TravelCosts.from_pairs(pd.Series([0.0, 7.5], index=pairs), unit="minutes")
        TravelCosts(2 demand × 1 schools, 2 pairs, minutes by table)
        """
        check_pairs(series)
        rows, demand_ids = pd.factorize(series.index.get_level_values(0).astype(str), sort=True)
        columns, school_ids = pd.factorize(series.index.get_level_values(1).astype(str), sort=True)
        arrays = csr_from_pairs(rows, columns, series.to_numpy(dtype=np.float64), rows_total=len(demand_ids))
        return cls(
            *arrays[:3], pd.Index(demand_ids, name="demand_id"), pd.Index(school_ids, name="school_id"), unit, engine
        )

    @classmethod
    def from_dense(
        cls,
        array: AnyArray | Sequence[Sequence[float]],
        *,
        demand_ids: Sequence[str],
        school_ids: Sequence[str],
        unit: Unit,
        engine: str = "table",
    ) -> TravelCosts:
        """Make costs from a demand × school array; infinity or NaN is an absent pair.

        Raises
        ------
        InputError
            Where the shape does not fit the ids, or a cost is negative.
        """
        dense = np.asarray(array, dtype=np.float64)
        if dense.shape != (len(demand_ids), len(school_ids)):
            raise InputError(
                Fault(
                    "costs",
                    f"an array of shape {dense.shape}",
                    f"({len(demand_ids)}, {len(school_ids)}), demand × schools",
                    "transpose it?",
                )
            )
        if (dense < 0).any():
            raise InputError(
                Fault("costs", f"negative costs, the least {np.nanmin(dense)}", "costs ≥ 0", "correct the table")
            )
        rows, columns = np.nonzero(np.isfinite(dense))
        arrays = csr_from_pairs(rows, columns, dense[rows, columns], rows_total=len(demand_ids))
        return cls(
            *arrays[:3],
            pd.Index(demand_ids, name="demand_id", dtype=str),
            pd.Index(school_ids, name="school_id", dtype=str),
            unit,
            engine,
        )

    def row_numbers(self) -> IntArray:
        """Return the row of every stored pair, shape (pairs,)."""
        return np.repeat(np.arange(len(self.demand_ids)), np.diff(self.indptr))

    def to_series(self) -> pd.Series[float]:
        """Return the pairs as a long series indexed by (`demand_id`, `school_id`)."""
        index = pd.MultiIndex.from_arrays(
            [self.demand_ids[self.row_numbers()], self.school_ids[self.indices]], names=["demand_id", "school_id"]
        )
        return pd.Series(self.values, index=index, name="cost")

    def nearest(self) -> tuple[FloatArray, IntArray]:
        """Return each row's least cost (infinity where none) and its column (-1); ties go to the first column.

        Examples
        --------
        >>> costs = TravelCosts.from_dense([[5, 5], [float("inf"), float("inf")]],
        ...                                demand_ids=["a", "b"], school_ids=["s", "t"], unit="metres")
        >>> costs.nearest()
        (array([ 5., inf]), array([ 0, -1]))
        """
        least = np.full(len(self.demand_ids), np.inf)
        column = np.full(len(self.demand_ids), -1, dtype=np.int64)
        filled = np.flatnonzero(np.diff(self.indptr))
        if len(filled):
            least[filled] = np.minimum.reduceat(self.values, self.indptr[filled])
            rows = self.row_numbers()
            hits = np.flatnonzero(self.values == least[rows])[::-1]
            column[rows[hits]] = self.indices[hits]  # backwards: the first of equals is written last
        return least, column

    def select_schools(self, school_ids: Sequence[str] | pd.Index[str]) -> TravelCosts:
        """Return the costs to some of the schools, in the order given.

        Raises
        ------
        InputError
            Where an id is not among the columns, or stands twice.
        """
        wanted = pd.Index(school_ids, name="school_id", dtype=str)
        if not wanted.is_unique:
            double = tuple(dict.fromkeys(wanted[wanted.duplicated()]))
            raise InputError(Fault("costs", "schools asked for twice", "every id once", "ask once", rows=double))
        position = self.school_ids.get_indexer(wanted)
        if (position < 0).any():
            missing = tuple(wanted[position < 0])
            raise InputError(
                Fault(
                    "costs",
                    "schools that these costs do not hold",
                    "known ids",
                    "compute the costs for all schools first",
                    rows=missing,
                )
            )
        renumbered = np.full(len(self.school_ids), -1, dtype=np.int64)
        renumbered[position] = np.arange(len(wanted))
        columns = renumbered[self.indices]
        kept = columns >= 0
        arrays = csr_from_pairs(
            self.row_numbers()[kept], columns[kept], self.values[kept], rows_total=len(self.demand_ids)
        )
        snap = None if self.school_snap is None else self.school_snap[position]
        return TravelCosts(
            *arrays[:3], self.demand_ids, wanted, self.unit, self.engine, self.cutoff, self.demand_snap, snap
        )

    def transpose(self) -> CostArrays:
        """Return the same pairs as school × demand CSR arrays, sorted by demand within a school."""
        turned = csr_from_pairs(
            self.indices.astype(np.int64), self.row_numbers(), self.values, rows_total=len(self.school_ids)
        )
        return turned._replace(demand_snap=self.school_snap, school_snap=self.demand_snap)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one `.npz` file, without pickle."""
        content: dict[str, AnyArray] = {
            "indptr": self.indptr,
            "indices": self.indices,
            "values": self.values,
            "demand_ids": self.demand_ids.to_numpy(dtype=np.str_),
            "school_ids": self.school_ids.to_numpy(dtype=np.str_),
            "unit": np.array(self.unit),
            "engine": np.array(self.engine),
            "cutoff": np.array(np.nan if self.cutoff is None else self.cutoff),
        }
        snaps = {"demand_snap": self.demand_snap, "school_snap": self.school_snap}
        content |= {name: array for name, array in snaps.items() if array is not None}
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TravelCosts:
        """Read costs that `save` wrote.

        Raises
        ------
        MissingFileError, InputError
            Where the file is not there, or is not such a file.
        """
        content = read_arrays(path, needed=("indptr", "indices", "values", "demand_ids", "school_ids", "cutoff"))
        cutoff = float(content["cutoff"])
        return cls(
            content["indptr"],
            content["indices"],
            content["values"],
            pd.Index(content["demand_ids"].astype(str), name="demand_id", dtype=str),
            pd.Index(content["school_ids"].astype(str), name="school_id", dtype=str),
            cast("Unit", str(content["unit"])),
            str(content["engine"]),
            None if np.isnan(cutoff) else cutoff,
            content.get("demand_snap"),
            content.get("school_snap"),
        )


def places(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoSeries:
    """Return one point per row: points as they are, for polygons a point inside them."""
    return gpd.GeoSeries(points(frame), index=frame.index, crs=frame.crs)


def travel_costs(
    demand: gpd.GeoDataFrame,
    schools: gpd.GeoDataFrame,
    *,
    engine: Engine,
    cutoff: float | None = None,
    progress: Progress = quiet,
) -> TravelCosts:
    """Compute what it costs to travel from demand to schools.

    Parameters
    ----------
    demand
        Points or polygons indexed by `demand_id`; a polygon stands for a point inside it.
    schools
        Points or polygons indexed by `school_id` (candidates will do as well).
    engine
        What computes the costs: `Straight()`, `Geodesic()`, a `Streets`, `CostTable(...)`.
    cutoff
        Largest cost looked for, in the engine's unit; None for all reachable pairs.
    progress
        Called with what is done.

    Raises
    ------
    CrsError
        Where the tables have no CRS, or two different ones.
    InputError
        Where an id stands twice, a place has no geometry, or the cutoff is no number ≥ 0.

    Examples
    --------
    >>> import geopandas as gpd, edulayout as el
    >>> from shapely import Point
    >>> blocks = gpd.GeoDataFrame(geometry=[Point(0, 0), Point(30, 40)], index=["a", "b"], crs="EPSG:4544")
    >>> school = gpd.GeoDataFrame(geometry=[Point(0, 0)], index=["s"], crs="EPSG:4544")
    >>> el.travel_costs(blocks, school, engine=el.Straight()).to_series().tolist()
    [0.0, 50.0]
    """
    check_places(demand, schools, cutoff=cutoff)
    arrays = engine.costs(places(demand), places(schools), cutoff=cutoff, progress=progress)
    return TravelCosts(
        arrays.indptr,
        arrays.indices,
        arrays.values,
        demand.index.astype(str).rename("demand_id"),
        schools.index.astype(str).rename("school_id"),
        engine.unit,
        engine.name,
        cutoff,
        arrays.demand_snap,
        arrays.school_snap,
    )


def nearest_schools(
    demand: gpd.GeoDataFrame,
    schools: gpd.GeoDataFrame,
    *,
    engine: Engine,
    k: int = 1,
    cutoff: float | None = None,
    stages: Sequence[str] | None = None,
    progress: Progress = quiet,
) -> pd.DataFrame:
    """Find the k nearest schools of every demand place; ties go to the lower `school_id`.

    Parameters are those of `travel_costs`; with `stages` the nearest schools of each stage, by their `kind`.

    Returns
    -------
    pandas.DataFrame
        Columns `demand_id`, `rank` (1 is nearest), `school_id`, `cost`, before them `stage` where stages are given;
        a place with fewer than k schools within reach has fewer rows.

    Examples
    --------
    >>> import geopandas as gpd, edulayout as el
    >>> from shapely import Point
    >>> blocks = gpd.GeoDataFrame(geometry=[Point(0, 0)], index=["a"], crs="EPSG:4544")
    >>> schools = gpd.GeoDataFrame(geometry=[Point(0, 9), Point(0, 5)], index=["s", "t"], crs="EPSG:4544")
    >>> el.nearest_schools(blocks, schools, engine=el.Straight(), k=2)
      demand_id  rank school_id  cost
    0         a     1         t   5.0
    1         a     2         s   9.0
    """
    check_places(demand, schools, cutoff=cutoff)
    homes = places(demand)
    sets = {"": schools} if stages is None else by_stage(schools, stages)
    tables = {
        stage: ranked(homes, places(chosen), engine=engine, k=k, cutoff=cutoff, progress=progress)
        for stage, chosen in sets.items()
    }
    if stages is None:
        return tables[""]
    return pd.concat(tables, names=["stage"]).reset_index(level="stage").reset_index(drop=True)
