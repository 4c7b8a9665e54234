"""Districts that lie upon each other: a pupil in both would count twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.tables.findings import Findings, RowNames

SLIVER_SHARE = 1e-3
"""The part of the smaller district that an overlap may cover: neighbours digitised apart overlap by slivers."""


_ROUNDING_SHARE = 1e-6
"""An overlap below a millionth is the rounding of coordinates, not a border drawn twice."""


def check_overlaps(geometry: gpd.GeoSeries, findings: Findings) -> None:
    """Write down which districts overlap by more than a sliver; slivers are noted. O(n log n + pairs)."""
    overlaps = _overlaps(geometry)
    slivers = [one.share for one in overlaps if one.share <= SLIVER_SHARE]
    if slivers:
        findings.note(
            f"{len(slivers)} pairs of districts overlap by slivers (at most {max(slivers):.2g} of the smaller one): "
            "a point there belongs to the lowest district_id"
        )
    in_metres = {axis.unit_name for axis in geometry.crs.axis_info} == {"metre"} if geometry.crs else False
    pairs = [one.told(findings.rows, in_metres=in_metres) for one in overlaps if one.share > SLIVER_SHARE]
    if pairs:
        findings.fault(
            f"{len(pairs)} pairs of districts overlap",
            f"districts that only touch (an overlap up to {SLIVER_SHARE:.1%} of the smaller one is let pass)",
            "correct the borders, or choose rows of one time and one level only",
            rows=pairs,
        )


class _Overlap(NamedTuple):
    """Two districts by position, the area they share, and its part of the smaller and of the larger one."""

    first: int
    second: int
    area: float
    share: float
    share_of_larger: float

    def told(self, rows: RowNames, *, in_metres: bool) -> str:
        """Return the pair as a message names it."""
        pair = f"{rows[self.first]} and {rows[self.second]}"
        if self.share_of_larger > 1 - _ROUNDING_SHARE:
            return f"{pair}: the same polygon twice"
        size = f"{self.area:,.0f} m², " if in_metres else ""
        return f"{pair}: {size}{self.share:.1%} of the smaller"


def _overlaps(geometry: gpd.GeoSeries) -> list[_Overlap]:
    shapes = np.asarray(geometry)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    order = np.lexsort((second[once], first[once]))
    first, second = first[once][order], second[once][order]
    area = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    sizes = shapely.area(shapes)
    share = area / np.minimum(sizes[first], sizes[second])
    of_larger = area / np.maximum(sizes[first], sizes[second])
    columns = (column[share > _ROUNDING_SHARE].tolist() for column in (first, second, area, share, of_larger))
    return [_Overlap(*values) for values in zip(*columns, strict=True)]
