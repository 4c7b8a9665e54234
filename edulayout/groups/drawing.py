"""Groups on the map: lines that radiate from each lead, and the hull of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from edulayout.crs import require_same

if TYPE_CHECKING:
    from edulayout.groups.result import Groups


def lines(groups: Groups, branches: gpd.GeoSeries, leads: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Return a straight line from each lead to each of its branches.

    Parameters
    ----------
    groups
        As `pair` returns them.
    branches, leads
        Points by id, in one CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        `lead_id`, `branch_id`, `cost`, `kept`, and the line; sorted by lead and branch.
    """
    require_same(branches, leads, source="groups")
    led = groups.pairs[groups.pairs["lead_id"] != ""].reset_index().sort_values(["lead_id", "branch_id"])
    ends = [np.asarray(points.loc[led[name]]) for points, name in ((leads, "lead_id"), (branches, "branch_id"))]
    drawn = [shapely.LineString([one, other]) for one, other in zip(*ends, strict=True)]
    table = led[["lead_id", "branch_id", "cost", "kept"]].reset_index(drop=True)
    return gpd.GeoDataFrame(table, geometry=drawn, crs=leads.crs)


def hulls(groups: Groups, branches: gpd.GeoSeries, leads: gpd.GeoSeries, *, margin: float = 0.0) -> gpd.GeoDataFrame:
    """Return the convex hull of each group that has branches, by lead, widened by a margin in the unit of the CRS."""
    require_same(branches, leads, source="groups")
    led = groups.pairs[groups.pairs["lead_id"] != ""]
    names, shapes = [], []
    for lead, own in led.groupby("lead_id", sort=True):
        points = [leads.loc[lead], *branches.loc[own.index]]
        names.append(str(lead))
        shapes.append(shapely.MultiPoint(points).convex_hull.buffer(margin))
    return gpd.GeoDataFrame({"lead_id": names}, geometry=shapes, crs=leads.crs).set_index("lead_id")
