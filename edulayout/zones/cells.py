"""The ground that belongs to each point: Voronoi cells, which end at the border of its district."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import shapely

from edulayout.tables import locate
from edulayout.tables.shapes import points

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from edulayout.typing import AnyArray


def cells(
    demand: gpd.GeoDataFrame, *, districts: gpd.GeoDataFrame | None = None, margin_metres: float = 30.0
) -> gpd.GeoSeries:
    """Return the ground that is nearer to each place than to any other, within its district.

    A place in no district, and every place where there are no districts, has its cell cut at the convex hull of all
    places, widened by the margin. Places at the same point share one cell. O(n log n).

    Examples
    --------
    >>> import geopandas as gpd
    >>> two = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 100], [0, 0]), index=["a", "b"], crs="EPSG:4544")
    >>> [round(cell.bounds[2]) for cell in cells(two, margin_metres=10)]
    [50, 110]
    """
    places = points(demand)
    around = shapely.buffer(shapely.convex_hull(shapely.multipoints(places)), max(margin_metres, 1.0))
    hull = cast("BaseGeometry", around)
    ground = np.full(len(places), hull, dtype=object)
    code = np.full(len(places), -1)
    if districts is not None:
        code = districts.index.get_indexer(locate(demand, districts))
        ground[code >= 0] = np.asarray(districts.geometry)[code[code >= 0]]
    whole = np.empty(len(places), dtype=object)
    for district in np.unique(code):
        # Each district by itself: a cell must not be cut by a point that lives beyond the border.
        own = code == district
        whole[own] = _voronoi(places[own], hull)
    return gpd.GeoSeries(shapely.intersection(whole, ground), index=demand.index, crs=demand.crs)


def _voronoi(places: AnyArray, hull: BaseGeometry) -> AnyArray:
    """Return the cell of every point, in their order; equal points have equal cells."""
    xy = shapely.get_coordinates(places)
    _, first, group = np.unique(xy, axis=0, return_index=True, return_inverse=True)
    if len(first) == 1:
        return np.full(len(places), hull, dtype=object)
    unique = places[first]
    drawn = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(unique), extend_to=hull))
    cell, owner = shapely.STRtree(unique).query(drawn, predicate="intersects")
    ordered = np.empty(len(unique), dtype=object)
    ordered[owner] = drawn[cell]
    return ordered[group.ravel()]
