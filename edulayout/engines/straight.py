"""The straight line in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.sparse import csr_from_pairs
from edulayout.typing import CostArrays, quiet

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.typing import AnyArray, Float32Array, FloatArray, Int32Array, IntArray, Progress, Unit

_BLOCK = 16_384
_PLACES = 65_536
"""Places between two reports of progress, of pairs and of nearest schools."""


@dataclass(frozen=True)
class Straight:
    """Straight-line metres in a projected CRS.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> home = gpd.GeoSeries([Point(0, 0)], index=["a"], crs="EPSG:4544")
    >>> school = gpd.GeoSeries([Point(30, 40)], index=["s"], crs="EPSG:4544")
    >>> Straight().costs(home, school, cutoff=50.0).values.tolist()
    [50.0]
    """

    @property
    def name(self) -> str:
        """`straight`."""
        return "straight"

    @property
    def unit(self) -> Unit:
        """`metres`."""
        return "metres"

    def costs(
        self,
        demand: gpd.GeoSeries,
        schools: gpd.GeoSeries,
        *,
        cutoff: float | None = None,
        progress: Progress = quiet,
    ) -> CostArrays:
        """Return the metres of all pairs within the cutoff, of all pairs where it is None.

        The cutoff is compared with a cost as it is stored, in float32, so that every d² ≤ r² is within and a
        filter on stored costs gives the same pairs. Complexity O(pairs near by).

        Raises
        ------
        CrsError
            Where the coordinates are not metres.
        """
        crs_module.require_metres(demand, source="demand")
        crs_module.require_same(demand, schools, source="demand and schools")
        ends = (*_xy(demand), *_xy(schools))
        if cutoff is None or np.isinf(cutoff) or not (len(demand) and len(schools)):
            return _all_pairs(*ends)
        return _near_pairs(*ends, cutoff=cutoff, progress=progress)

    def nearest(
        self,
        demand: gpd.GeoSeries,
        schools: gpd.GeoSeries,
        *,
        k: int,
        cutoff: float | None = None,
        progress: Progress = quiet,
    ) -> CostArrays:
        """Return the k nearest schools of every place, ties to the lower id. About O(k) for a place.

        Raises
        ------
        CrsError
            Where the coordinates are not metres.
        """
        crs_module.require_metres(demand, source="demand")
        crs_module.require_same(demand, schools, source="demand and schools")
        rank = schools.index.astype(str).argsort().argsort().astype(np.int32)
        return _nearest(*_xy(demand), *_xy(schools), k=k, rank=rank, cutoff=cutoff, progress=progress)

    def areas(self, schools: gpd.GeoSeries, *, radius: float) -> gpd.GeoSeries:
        """Return for each school the disc of the radius, as a polygon of 64 corners."""
        crs_module.require_metres(schools, source="schools")
        return schools.buffer(radius, quad_segs=16)


def _xy(places: gpd.GeoSeries) -> tuple[FloatArray, FloatArray]:
    points = places.to_numpy()
    return shapely.get_x(points), shapely.get_y(points)


def _all_pairs(x: FloatArray, y: FloatArray, school_x: FloatArray, school_y: FloatArray) -> CostArrays:
    values = np.empty((len(x), len(school_x)), dtype=np.float32)
    for column in range(len(school_x)):
        dx, dy = school_x[column] - x, school_y[column] - y
        values[:, column] = np.sqrt(dx * dx + dy * dy)
    return dense(values)


def dense(values: AnyArray) -> CostArrays:
    """Return a full demand × school array as CSR arrays; infinity and NaN are absent."""
    present = np.isfinite(values)
    indptr = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(np.count_nonzero(present, axis=1), out=indptr[1:])
    return CostArrays(indptr, np.nonzero(present)[1].astype(np.int32), values[present].astype(np.float32))


def _near_pairs(
    x: FloatArray, y: FloatArray, school_x: FloatArray, school_y: FloatArray, *, cutoff: float, progress: Progress
) -> CostArrays:
    from edulayout.kernels import in_order  # noqa: PLC0415 - as numba, only where it is used
    from edulayout.kernels.points import cells, pairs_within  # noqa: PLC0415 - loads numba

    stored = np.float32(cutoff)
    reach = float(np.nextafter(stored, np.float32(np.inf)))
    grid, total = cells(school_x, school_y, cell_least=max(1.0, cutoff)), len(x)

    def block(first: int) -> tuple[IntArray, Int32Array, Float32Array]:
        last = min(total, first + _BLOCK)
        found: tuple[IntArray, Int32Array, Float32Array] = pairs_within(
            grid, x[first:last], y[first:last], stored, reach
        )
        return found

    blocks = []
    for found in in_order(block, range(0, total, _BLOCK)):
        blocks.append(found)
        progress("straight distances", min(total, len(blocks) * _BLOCK), total)
    return joined(blocks)


def joined(blocks: list[tuple[IntArray, Int32Array, Float32Array]]) -> CostArrays:
    """Return blocks of rows (their counts, columns and costs) as one, and let go of each as it is copied."""
    counts = np.concatenate([block[0] for block in blocks])
    indptr = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    indices, values = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.float32)
    filled = 0
    blocks.reverse()
    while blocks:
        _, columns, costs = blocks.pop()
        indices[filled : filled + len(columns)], values[filled : filled + len(columns)] = columns, costs
        filled += len(columns)
    return CostArrays(indptr, indices, values)


def _nearest(
    x: FloatArray, y: FloatArray, school_x: FloatArray, school_y: FloatArray, *,
    k: int, rank: Int32Array, cutoff: float | None, progress: Progress,
) -> CostArrays:  # fmt: skip
    from edulayout.kernels import in_order  # noqa: PLC0415 - as numba, only where it is used
    from edulayout.kernels.points import cells, nearest_points  # noqa: PLC0415 - loads numba

    total = len(x)
    chosen, values = np.full((total, k), -1, dtype=np.int32), np.full((total, k), np.inf, dtype=np.float32)
    if not (total and len(school_x)):
        return dense(np.empty((total, len(school_x)), dtype=np.float32))
    stored = np.finfo(np.float32).max if cutoff is None or np.isinf(cutoff) else np.float32(cutoff)
    grid = cells(school_x, school_y, cell_least=1.0)

    def block(first: int) -> int:
        last = min(total, first + _PLACES)
        nearest_points(grid, rank, x, y, first, last, k, stored, chosen, values)
        return last

    for last in in_order(block, range(0, total, _PLACES)):
        progress("nearest schools", last, total)
    row, place = np.nonzero(chosen >= 0)
    return csr_from_pairs(row, chosen[row, place].astype(np.int64), values[row, place], rows_total=total)
