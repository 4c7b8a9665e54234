"""Streets as the quiet ground of a map: the main ones always, small ones for whoever looks closely, bridges marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from edulayout import crs
from edulayout.maps import packing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.typing import AnyArray

TOLERANCE_METRES = 1.0
MOST_VERTICES = 100_000
"""About a megabyte of page; ranks that would go beyond it are left out, the smallest streets first."""
SHORTEST_BRIDGE_METRES = 10.0
"""A street that only touches the bank is no bridge."""


def roads(
    streets: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame | None,
    *,
    ranks: Sequence[Mapping[str, Any]],
    most_vertices: int = MOST_VERTICES,
) -> dict[str, Any]:
    """Describe streets by rank, and what of them crosses water.

    Parameters
    ----------
    streets
        Lines in metres; `street_class` tells what they are, where it is known.
    barriers
        Water; only what has an area has bridges.
    ranks
        The ranks of `style.toml`, the main one first, each with its `classes`.
    most_vertices
        Ranks are taken as long as all together have no more vertices.

    Returns
    -------
    dict
        `lines` and `bridges`, a packed shape for each rank, None where there is nothing. A class that no rank names
        belongs to the rank that has `others`. O(n log n) in the vertices.

    Raises
    ------
    CrsError
        Where the streets are not in metres.

    Examples
    --------
    >>> from shapely import LineString, box
    >>> way = LineString([(592000, 3495000), (592100, 3495000), (592400, 3495000)])
    >>> streets = gpd.GeoDataFrame({"street_class": ["primary"]}, geometry=[way], crs="EPSG:4544")
    >>> river = gpd.GeoDataFrame(geometry=[box(592150, 3494000, 592250, 3496000)], crs="EPSG:4544")
    >>> told = roads(streets, river, ranks=[{"classes": ["primary"], "others": True}])
    >>> [len(line) // 2 for line in told["lines"][0][0]], [len(line) // 2 for line in told["bridges"][0][0]]
    ([2], [2])
    """
    crs.require_metres(streets, source="streets")
    numbers = _rank_numbers(streets, ranks)
    lines = [streets.geometry.array[numbers == number] for number in range(len(ranks))]
    water = _water(barriers, streets)
    return {
        "lines": [_packed(merged, streets) for merged in _within([_merged(part) for part in lines], most_vertices)],
        "bridges": [_packed(_merged(_over(part, water)), streets) for part in lines],
    }


def _rank_numbers(streets: gpd.GeoDataFrame, ranks: Sequence[Mapping[str, Any]]) -> AnyArray:
    named = {name: number for number, rank in enumerate(ranks) for name in rank["classes"]}
    others = next(number for number, rank in enumerate(ranks) if rank.get("others"))
    if "street_class" not in streets:
        return np.full(len(streets), others)
    bare = streets["street_class"].fillna("").astype(str).str.removesuffix("_link")
    numbers: AnyArray = bare.map(named).fillna(others).to_numpy(dtype=np.int64)
    return numbers


def _merged(lines: AnyArray) -> shapely.Geometry | None:
    """Join lines end to end and leave out what no eye would miss; sorted, so that equal streets give equal bytes."""
    if not len(lines):
        return None
    parts = shapely.get_parts(lines)
    joined = shapely.line_merge(shapely.multilinestrings(parts[shapely.get_dimensions(parts) == 1]))
    sorted_lines: shapely.Geometry = shapely.normalize(shapely.simplify(joined, TOLERANCE_METRES))
    return sorted_lines


def _within(merged: list[shapely.Geometry | None], most: int) -> list[shapely.Geometry | None]:
    sizes = np.cumsum([0 if lines is None else shapely.get_num_coordinates(lines) for lines in merged])
    return [lines if size <= most else None for lines, size in zip(merged, sizes, strict=True)]


def _water(barriers: gpd.GeoDataFrame | None, streets: gpd.GeoDataFrame) -> shapely.Geometry:
    if barriers is None:
        return shapely.GeometryCollection()
    own = crs.to_crs(barriers, streets.crs, source="barriers").geometry.array
    return shapely.union_all(own[shapely.area(own) > 0])


def _over(lines: AnyArray, water: shapely.Geometry) -> AnyArray:
    near = lines[shapely.intersects(lines, water)]
    pieces = shapely.get_parts(shapely.intersection(near, water))
    return pieces[shapely.length(pieces) >= SHORTEST_BRIDGE_METRES]


def _packed(lines: shapely.Geometry | None, streets: gpd.GeoDataFrame) -> packing.Shape | None:
    if lines is None or shapely.is_empty(lines):
        return None
    column = crs.to_crs(gpd.GeoSeries([lines], crs=streets.crs), crs.LONLAT, source="streets")
    return packing.shapes(column)[0]
