"""Costs between cells and schools of one tile, from coordinates."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout.access.pairs import Pairs
from edulayout.engines.straight import near_pairs, nearest_places
from edulayout.typing import CostArrays, quiet

if TYPE_CHECKING:
    from edulayout.decay import Decay
    from edulayout.streets import Streets
    from edulayout.typing import AnyArray, FloatArray, Int32Array

    Places = tuple[FloatArray, FloatArray]

_SAMPLE = 512


class Spots(tuple["FloatArray", "FloatArray"]):  # noqa: SLOT001 - a cached property needs a place to stay
    """Coordinates x and y whose points are made once, and only where streets ask for them: that takes a while."""

    @cached_property
    def points(self) -> AnyArray:
        """The points, shape (n,)."""
        return np.asarray(shapely.points(*self), dtype=object)


class Nowhere:
    """Where no street is near, nothing is reached."""


NOWHERE = Nowhere()


def costs(streets: Streets | Nowhere | None, cells: Places, schools: Places, *, cutoff: float) -> CostArrays:
    """Return the costs within the cutoff, straight where there are no streets."""
    if isinstance(streets, Nowhere) or not (len(cells[0]) and len(schools[0])):
        return CostArrays(np.zeros(len(cells[0]) + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    if streets is None:
        return near_pairs(*cells, *schools, cutoff=cutoff, progress=quiet)
    return streets.costs(_points(cells, streets), _points(schools, streets), cutoff=cutoff)


def nearest(
    streets: Streets | Nowhere | None, cells: Places, schools: Places, *, k: int, cutoff: float, rank: Int32Array
) -> CostArrays:
    """Return the k nearest schools of every cell within the cutoff; equal costs go by rank."""
    if isinstance(streets, Nowhere) or not (len(cells[0]) and len(schools[0])):
        return costs(streets, cells, schools, cutoff=cutoff)
    if streets is None:
        return nearest_places(*cells, *schools, k=k, rank=rank, cutoff=cutoff, progress=quiet)
    ids = pd.Index([f"{place:010d}" for place in rank])
    return streets.nearest(_points(cells, streets), _points(schools, streets).set_axis(ids), k=k, cutoff=cutoff)


def _points(places: Places, streets: Streets) -> gpd.GeoSeries:
    made = places.points if isinstance(places, Spots) else shapely.points(*places)
    return gpd.GeoSeries(made, crs=streets.crs)


def cut(found: CostArrays, cutoff: float) -> CostArrays:
    """Return only the pairs within a smaller cutoff."""
    kept = found.values <= np.float32(cutoff)
    if kept.all():
        return found
    before = np.zeros(len(kept) + 1, dtype=np.int64)
    np.cumsum(kept, out=before[1:])
    return CostArrays(before[found.indptr], found.indices[kept], found.values[kept])


def least(found: CostArrays) -> FloatArray:
    """Return the least cost of every row, infinity where there is none."""
    lowest = np.full(len(found.indptr) - 1, np.inf)
    filled = np.flatnonzero(np.diff(found.indptr))
    if len(filled):
        lowest[filled] = np.minimum.reduceat(found.values, found.indptr[filled])
    return lowest


def weighed(found: CostArrays, decay: Decay, pupils: FloatArray, seats: FloatArray) -> Pairs:
    """Return the pairs within the decay's reach with their weights."""
    near = cut(found, decay.reach)
    rows = np.repeat(np.arange(len(pupils), dtype=np.int32), np.diff(near.indptr))
    return Pairs(rows, near.indices, np.asarray(decay(near.values), dtype=np.float64), pupils, seats)


def pairs_per_cell(cells: Places, schools: Places, *, cutoff: float) -> float:
    """Return about how many schools lie within straight reach of a cell, from a sample of some hundred."""
    if not (len(cells[0]) and len(schools[0])):
        return 0.0
    step = max(1, len(cells[0]) // _SAMPLE)
    some = cells[0][::step].copy(), cells[1][::step].copy()
    return float(costs(None, some, schools, cutoff=cutoff).indptr[-1]) / len(some[0])
