"""What is planned or permitted on the land that schools would need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from edulayout.crs import require_same

if TYPE_CHECKING:
    from collections.abc import Mapping


def conflicts(
    land: gpd.GeoDataFrame, claims: Mapping[str, gpd.GeoDataFrame], *, least_square_metres: float = 1.0
) -> gpd.GeoDataFrame:
    """List every planned land use or building permit that lies on the land of a school's growth.

    Parameters
    ----------
    land
        As `growth_land` returns it.
    claims
        By what they are (`planned_use`, `permit`): polygons with an index, and `name` where they have one.
    least_square_metres
        A smaller overlap is the inaccuracy of drawing.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per overlap, the largest share of a school's land first: `school_id`, `claim`, `claim_id`, `name`,
        `overlap_m2`, `share_of_land`, and the overlap itself. Complexity O(n log n + overlaps).

    Examples
    --------
    >>> from shapely import box
    >>> land = gpd.GeoDataFrame({"free_m2": [100.0]}, geometry=[box(0, 0, 10, 10)], index=["a"], crs="EPSG:4544")
    >>> permit = gpd.GeoDataFrame({"name": ["Hotel"]}, geometry=[box(6, 0, 20, 10)], index=["p1"], crs="EPSG:4544")
    >>> found = conflicts(land, {"permit": permit})
    >>> found[["school_id", "claim", "claim_id", "name", "overlap_m2", "share_of_land"]].values.tolist()
    [['a', 'permit', 'p1', 'Hotel', 40.0, 0.4]]
    """
    rows, shapes = [], []
    lands = np.asarray(land.geometry)
    for claim, layer in claims.items():
        require_same(land, layer, source=claim)
        own = np.asarray(layer.geometry)
        at_land, at_claim = shapely.STRtree(own).query(lands)
        overlaps = shapely.intersection(lands[at_land], own[at_claim])
        names = layer["name"].astype(str).tolist() if "name" in layer else [""] * len(layer)
        for place, other, overlap in zip(at_land.tolist(), at_claim.tolist(), overlaps, strict=True):
            area = float(shapely.area(overlap))
            if area >= least_square_metres:
                share = area / float(shapely.area(lands[place]))
                rows.append((str(land.index[place]), claim, str(layer.index[other]), names[other], area, share))
                shapes.append(overlap)
    columns = ["school_id", "claim", "claim_id", "name", "overlap_m2", "share_of_land"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry=shapes, crs=land.crs)
    order = ["share_of_land", "school_id", "claim", "claim_id"]
    return table.sort_values(order, ascending=[False, True, True, True], ignore_index=True)
