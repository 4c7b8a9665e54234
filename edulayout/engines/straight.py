"""The straight line in the plane."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.typing import CostArrays, quiet

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.kernels.points import Lists
    from edulayout.typing import AnyArray, FloatArray, Int32Array, Progress, Unit

_PLACES = 65_536
"""Places between two reports of progress."""
_FARTHEST = float(np.finfo(np.float32).max) / 2
_MANY = 16
"""Places to a school from which on longer lists of schools pay."""


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
        if cutoff is None or cutoff > _FARTHEST or not (len(demand) and len(schools)):
            return _all_pairs(*ends)
        return near_pairs(*ends, cutoff=cutoff, progress=progress)

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
        return nearest_places(*_xy(demand), *_xy(schools), k=k, rank=rank, cutoff=cutoff, progress=progress)

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


def near_pairs(
    x: FloatArray, y: FloatArray, school_x: FloatArray, school_y: FloatArray, *, cutoff: float, progress: Progress
) -> CostArrays:
    """Return the pairs within the cutoff: counted first, so that they are written where they stay."""
    from edulayout.kernels import in_order  # noqa: PLC0415 - as numba, only where it is used
    from edulayout.kernels.points import count_within, write_within  # noqa: PLC0415 - loads numba

    near = _lists((x, y), (school_x, school_y), cutoff)
    square, total = _largest_square(cutoff), len(x)
    indptr = np.zeros(total + 1, dtype=np.int64)
    if near is None:
        return CostArrays(indptr, np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))

    def count(first: int) -> None:
        count_within(near, x, y, first, min(total, first + _PLACES), square, indptr[1:])

    def write(first: int) -> int:
        last = min(total, first + _PLACES)
        write_within(near, x, y, first, last, square, indptr, indices, values)
        return last

    for _ in in_order(count, range(0, total, _PLACES)):
        pass
    np.cumsum(indptr, out=indptr)
    indices, values = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.float32)
    for last in in_order(write, range(0, total, _PLACES)):
        progress("straight distances", last, total)
    return CostArrays(indptr, indices, values)


def _lists(
    places: tuple[FloatArray, FloatArray], schools: tuple[FloatArray, FloatArray], cutoff: float
) -> Lists | None:
    """Return the schools by cell, where there are places within reach at all; None where there are none.

    Cells of half the cutoff make the shortest lists that still pay; few places do not pay for long ones.
    """
    from edulayout.kernels.points import lists  # noqa: PLC0415 - loads numba

    reach = float(np.nextafter(np.float32(cutoff), np.float32(np.inf)))
    # fmin and fmax pass over a place that has no coordinates
    low = [max(np.fmin.reduce(a), np.fmin.reduce(b) - reach) for a, b in zip(places, schools, strict=True)]
    high = [min(np.fmax.reduce(a), np.fmax.reduce(b) + reach) for a, b in zip(places, schools, strict=True)]
    if cutoff < 0 or not (low[0] <= high[0] and low[1] <= high[1]):
        return None
    many = len(places[0]) > _MANY * len(schools[0])
    return lists(*schools, (*low, *high), reach=reach, cell_least=max(1.0, reach / 2 if many else reach))


def _largest_square(cutoff: float) -> float:
    """Return the largest float64 whose root, stored in float32, is within the cutoff."""
    stored = np.float32(cutoff)
    # roots up to half way to the next float32 are rounded down to the cutoff
    square = ((float(stored) + float(np.nextafter(stored, np.float32(np.inf)))) / 2) ** 2
    while np.float32(math.sqrt(square)) <= stored:
        square = math.nextafter(square, math.inf)
    while np.float32(math.sqrt(square)) > stored >= 0:
        square = math.nextafter(square, 0.0)
    return square


def nearest_places(
    x: FloatArray, y: FloatArray, school_x: FloatArray, school_y: FloatArray, *,
    k: int, rank: Int32Array, cutoff: float | None, progress: Progress,
) -> CostArrays:  # fmt: skip
    """Return the k nearest schools of every place; of equal ones the first by rank."""
    from edulayout.kernels import in_order  # noqa: PLC0415 - as numba, only where it is used
    from edulayout.kernels._batches import of_chosen  # noqa: PLC0415 - loads numba
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
    return CostArrays(*of_chosen(chosen, values))
