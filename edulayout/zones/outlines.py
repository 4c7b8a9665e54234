"""Zones as polygons, and how compact a polygon is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout.crs import require_metres
from edulayout.zones import question as ask
from edulayout.zones.cells import cells
from edulayout.zones.result import Zones

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, FloatArray, IntArray


def assigned(zones: Zones | pd.Series[str]) -> pd.Series[str]:
    """Return the school of every block of a plan or of an assignment."""
    return zones.assignment if isinstance(zones, Zones) else zones


def polygons(
    zones: Zones | pd.Series[str],
    demand: gpd.GeoDataFrame,
    *,
    districts: gpd.GeoDataFrame | None = None,
    gap_metres: float = 0.0,
) -> gpd.GeoDataFrame:
    """Dissolve the blocks of each zone to one polygon.

    Parameters
    ----------
    zones
        A plan, or the school of every block by `demand_id`; blocks without a school are left out.
    demand
        Polygons or points by `demand_id`, in metres; points stand for their Voronoi cells.
    districts
        Where the cells of points end; see `zones.adjacency`.
    gap_metres
        Streets up to this width within a zone are filled. What is filled between two zones goes to the one of the
        lower `school_id`, so that zones do not overlap more than before.

    Returns
    -------
    geopandas.GeoDataFrame
        By `school_id`: `blocks` (how many), and the polygon. O(n log n).

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd, shapely
    >>> squares = [shapely.box(10 * k, 0, 10 * k + 10, 10) for k in range(3)]
    >>> blocks = gpd.GeoDataFrame(geometry=squares, index=["a", "b", "c"], crs="EPSG:4544")
    >>> polygons(pd.Series(["s", "s", "t"], index=["a", "b", "c"]), blocks).area.tolist()
    [200.0, 100.0]
    """
    require_metres(demand, source="demand")
    ordered = demand.set_index(demand.index.astype(str)).sort_index()
    shapes = np.asarray(ordered.geometry)
    if (shapely.get_dimensions(shapes) < 2).any():  # noqa: PLR2004 - areas
        shapes = np.asarray(cells(ordered, districts=districts))
    names = np.asarray(ask.texts(assigned(zones), ordered.index), dtype=object)
    schools = pd.Index(sorted(set(names[names != ""])), dtype=str, name="school_id")
    whole = np.array([shapely.union_all(shapes[names == name]) for name in schools], dtype=object)
    if gap_metres > 0:
        held = names != ""
        whole = _filled(whole, shapes[held], schools.get_indexer(pd.Index(names[held])), gap_metres / 2)
    count = [int((names == name).sum()) for name in schools]
    return gpd.GeoDataFrame({"blocks": count}, geometry=list(whole), index=schools, crs=demand.crs)


def _filled(zones: AnyArray, blocks: AnyArray, owner: IntArray, half: float) -> AnyArray:
    """Close the streets within each zone; ground of other zones, and what a lower id has closed, is not taken."""
    closed = shapely.buffer(shapely.buffer(zones, half, join_style="mitre"), -half, join_style="mitre")
    filled = shapely.union(closed, zones)
    zone, block = shapely.STRtree(blocks).query(filled, predicate="intersects")
    foreign = owner[block] != zone
    zone, block = zone[foreign], block[foreign]
    beside = shapely.STRtree(filled)
    for k in range(len(filled)):
        lower = [i for i in np.sort(beside.query(filled[k])).tolist() if i < k]
        others = [*blocks[block[zone == k]], *filled[lower]]
        if others:
            filled[k] = shapely.difference(filled[k], shapely.union_all(others))
    return filled


def polsby_popper(shapes: AnyArray) -> FloatArray:
    """Return 4π area / perimeter²: 1 for a circle, near 0 for a thread.

    Source: Polsby and Popper (1991), Yale Law & Policy Review 9(2), 301-353.

    Examples
    --------
    >>> polsby_popper([shapely.box(0, 0, 1, 1)]).round(4)
    array([0.7854])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: FloatArray = 4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2
    return ratio


def reock(shapes: AnyArray) -> FloatArray:
    """Return area / area of the smallest circle around: 1 for a circle.

    Source: Reock (1961), Midwest Journal of Political Science 5(1), 70-74, doi:10.2307/2109043.

    Examples
    --------
    >>> reock([shapely.box(0, 0, 1, 1)]).round(4)
    array([0.6366])
    """
    radius = shapely.minimum_bounding_radius(shapes)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: FloatArray = shapely.area(shapes) / (np.pi * radius**2)
    return ratio


def hull_ratio(shapes: AnyArray) -> FloatArray:
    """Return area / area of the convex hull: 1 for every convex shape.

    Source: Niemi, Grofman, Carlucci and Hofeller (1990), The Journal of Politics 52(4), 1155-1181,
    doi:10.2307/2131686.

    Examples
    --------
    >>> corner = shapely.box(0, 0, 2, 2).difference(shapely.box(1, 1, 2, 2))
    >>> hull_ratio([corner]).round(4)
    array([0.8571])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: FloatArray = shapely.area(shapes) / shapely.area(shapely.convex_hull(shapes))
    return ratio
