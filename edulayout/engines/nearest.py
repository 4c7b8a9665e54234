"""The k nearest schools of every place, by any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.sparse import csr_from_pairs
from edulayout.stages import kinds_serving
from edulayout.typing import CostArrays, NearestEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from edulayout.typing import AnyArray, Engine, IntArray, Progress


def ranked(
    demand: gpd.GeoSeries, schools: gpd.GeoSeries, *, engine: Engine, k: int, cutoff: float | None, progress: Progress
) -> pd.DataFrame:
    """Return `demand_id`, `rank`, `school_id`, `cost` of the k nearest schools; ties go to the lower `school_id`."""
    if k < 1:
        raise InputError(Fault("k", str(k), "1 or more schools", "ask for at least one"))
    crs_module.require_same(demand, schools, source="demand and schools")
    if isinstance(engine, NearestEngine):
        found = engine.nearest(demand, schools, k=k, cutoff=cutoff, progress=progress)
    else:
        found = engine.costs(demand, schools, cutoff=cutoff, progress=progress)
    ids = schools.index.astype(str)
    rows, place, rank = best(found, k=k, rank=ids.argsort().argsort())
    return pd.DataFrame(
        {
            "demand_id": demand.index.astype(str)[rows],
            "rank": rank,
            "school_id": ids[found.indices[place]],
            "cost": found.values[place],
        }
    )


def best(found: CostArrays, *, k: int, rank: AnyArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return row, place in the arrays and rank (1 is nearest) of each row's k least costs, row by row."""
    rows = np.repeat(np.arange(len(found.indptr) - 1), np.diff(found.indptr))
    order = np.lexsort((rank[found.indices], found.values, rows))
    position = np.arange(len(order)) - found.indptr[rows] + 1
    kept = position <= k
    return rows[kept], order[kept], position[kept]


def only_best(found: CostArrays, *, k: int, rank: AnyArray) -> CostArrays:
    """Return the arrays with only the k least costs of each row."""
    rows, place, _ = best(found, k=k, rank=rank)
    kept = csr_from_pairs(
        rows, found.indices[place].astype(np.int64), found.values[place], rows_total=len(found.indptr) - 1
    )
    return kept._replace(demand_snap=found.demand_snap, school_snap=found.school_snap)


def by_stage(schools: gpd.GeoDataFrame, stages: Sequence[str]) -> dict[str, gpd.GeoDataFrame]:
    """Return the schools that serve each stage, by their `kind`.

    Raises
    ------
    InputError
        Where the schools have no `kind`.
    """
    if "kind" not in schools:
        found = "the columns " + ", ".join(map(str, schools.columns))
        raise InputError(Fault("schools", found, "a column `kind`", "leave stages out, or tell what the schools are"))
    return {stage: schools[schools["kind"].isin(kinds_serving(stage))] for stage in stages}
