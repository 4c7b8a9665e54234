"""The straight line in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.typing import CostArrays, quiet

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.typing import AnyArray, FloatArray, Progress, Unit

_BLOCK = 16_384
"""Rows between two reports of progress."""


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
    from scipy.sparse import csc_array  # noqa: PLC0415 - as numba, only where it is used

    from edulayout.kernels.points import cells, pairs_within  # noqa: PLC0415 - loads numba

    stored = np.float32(cutoff)
    reach = float(np.nextafter(stored, np.float32(np.inf)))
    grid = cells(x, y, cell_least=max(1.0, cutoff / 4.0))
    blocks = []
    for first in range(0, len(school_x), _BLOCK):
        last = min(len(school_x), first + _BLOCK)
        blocks.append(pairs_within(grid, school_x, school_y, first, last, stored, reach))
        progress("straight distances", last, len(school_x))
    counts, rows, values = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
    indptr = np.zeros(len(school_x) + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    # a counting sort by row; stored zeros stay, and the schools of a row come out in order
    turned = csc_array((values, rows, indptr), shape=(len(x), len(school_x))).tocsr()
    return CostArrays(turned.indptr.astype(np.int64), turned.indices.astype(np.int32), turned.data)
