"""Attendance zones as a layer: their outlines and what is in them, by stage and layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from edulayout import crs
from edulayout.errors import Fault, TableError
from edulayout.maps import packing
from edulayout.maps.blocks import simple
from edulayout.maps.payload import plain

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.typing import AnyArray

_NEEDED = ("layout", "stage", "school_id")
_TINTS = 6
_NEAR_METRES = 40.0
"""Zones closer than a street's width count as neighbours when tints are chosen."""


def zones(table: gpd.GeoDataFrame) -> dict[str, list[dict[str, Any]]]:
    """Describe zones by `<stage>|<layout>`: outline, school, numbers, and a tint that no neighbour has where possible.

    Raises
    ------
    TableError
        Where `layout`, `stage` or `school_id` is missing.

    Examples
    --------
    >>> import geopandas as gpd
    >>> table = gpd.GeoDataFrame({"layout": ["existing"], "stage": ["primary"], "school_id": ["s"], "pupils": [45.0]},
    ...                          geometry=[shapely.box(592000, 3495000, 592500, 3495500)], crs="EPSG:4544")
    >>> [(zone["school"], zone["pupils"], zone["tint"]) for zone in zones(table)["primary|existing"]]
    [('s', 45, 0)]
    """
    if missing := [name for name in _NEEDED if name not in table]:
        raise TableError(Fault("zones", f"no column {', '.join(missing)}", f"the columns {', '.join(_NEEDED)}",
                               "draw them with el.zones.draw, as a study run does"))  # fmt: skip
    table = table[~table.geometry.is_empty]
    return {
        f"{stage}|{layout}": _described(part)
        for (stage, layout), part in table.groupby(["stage", "layout"], sort=False)
    }


def _described(part: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    in_metres = part.crs is not None and part.crs.is_projected
    areas = np.asarray(part.geometry.array)
    drawn = part.set_geometry(simple(areas) if in_metres else areas, crs=part.crs)
    numbers = {name: plain(part[name], digits=1) for name in ("pupils", "seats", "mean_metres") if name in part}
    shapes = packing.shapes(crs.to_crs(drawn, crs.LONLAT, source="zones").geometry)
    tints = _tints(part.geometry.array, _NEAR_METRES if in_metres else 0.0)
    return [
        {"school": str(school), "shape": shape, "tint": tint} | {name: values[row] for name, values in numbers.items()}
        for row, (school, shape, tint) in enumerate(zip(part["school_id"], shapes, tints, strict=True))
    ]


def _tints(areas: AnyArray, near: float) -> list[int]:
    """Give each area the first tint that none of its earlier neighbours has."""
    tree = shapely.STRtree(areas)
    one, other = tree.query(areas, predicate="dwithin", distance=near)
    beside: dict[int, list[int]] = {}
    for row, neighbour in zip(one.tolist(), other.tolist(), strict=True):
        beside.setdefault(row, []).append(neighbour)
    tints: list[int] = []
    for row in range(len(areas)):
        taken = {tints[neighbour] for neighbour in beside.get(row, []) if neighbour < row}
        tints.append(next((tint for tint in range(_TINTS) if tint not in taken), row % _TINTS))
    return tints
