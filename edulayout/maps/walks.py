"""Ways from home to school as they run, few bytes each: where two ways to a school meet, the rest is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from edulayout import crs
from edulayout.maps.bundle import Column
from edulayout.maps.packing import MICRODEGREES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from edulayout.typing import IntArray

MOST_WAYS_FROM = 20_000
"""Places of demand from which on a page would grow by megabytes if it held every way."""


def walks(paths: gpd.GeoDataFrame, *, demand_ids: pd.Index[str], school_ids: list[str]) -> dict[str, Any]:
    """Describe ways; each but the first to a school runs until it meets an earlier one, and names it.

    Parameters
    ----------
    paths
        Lines with `demand_id` and `school_id`, such as `Streets.paths` gives, from home to school.
    demand_ids, school_ids
        What ids are numbered by; ways of others are left out.

    Returns
    -------
    dict
        Columns, a row per way: `block`, `school`; `corners`, how many are its own; `joins`, how many rows above it the
        way stands that it goes on along (0: none), and `after` how many corners of that one's whole course are skipped.
        `x`, `y`: own corners in millionths of a degree, as steps. O(n log n) in the corners.

    Examples
    --------
    Two homes on one street to the school at its end; the second way is the first one's end:

    >>> import geopandas as gpd, pandas as pd
    >>> lines = [shapely.LineString([(0, 0), (1e-5, 0), (2e-5, 1e-5)]),
    ...          shapely.LineString([(1e-5, 5e-6), (1e-5, 0), (2e-5, 1e-5)])]
    >>> ways = gpd.GeoDataFrame({"demand_id": ["a", "b"], "school_id": "s"}, geometry=lines, crs="EPSG:4326")
    >>> told = walks(ways, demand_ids=pd.Index(["a", "b"]), school_ids=["s"])
    >>> told["corners"].values.tolist(), told["joins"].values.tolist(), told["after"].values.tolist()
    ([3, 1], [0, 1], [0, 1])
    """
    blocks = demand_ids.get_indexer(paths["demand_id"])
    numbers = {name: number for number, name in enumerate(school_ids)}
    schools = paths["school_id"].map(numbers).fillna(-1).to_numpy(np.int64)
    known = np.flatnonzero((blocks >= 0) & (schools >= 0) & ~shapely.is_empty(paths.geometry.array))
    known = known[np.lexsort((blocks[known], schools[known]))]
    own, joins, after = _forest(_lines(paths.iloc[known]), schools[known])
    corners = np.array([len(part) for part in own], dtype=np.int64)
    xy = np.concatenate([*own, np.empty((0, 2), dtype=np.int64)])
    return {
        "block": Column(blocks[known], steps=True),
        "school": Column(schools[known], steps=True),
        "corners": Column(corners),
        "joins": Column(np.array(joins)),
        "after": Column(np.array(after)),
        "x": Column(xy[:, 0], steps=True),
        "y": Column(xy[:, 1], steps=True),
    }


def _lines(paths: gpd.GeoDataFrame) -> list[IntArray]:
    """Return the corners of each line as whole millionths, without those that fall together."""
    degrees = crs.to_crs(paths[[paths.geometry.name]], crs.LONLAT, source="paths").geometry.array
    xy, line = shapely.get_coordinates(degrees, return_index=True)
    whole = np.rint(xy * MICRODEGREES).astype(np.int64)
    again = np.r_[False, (np.diff(whole, axis=0) == 0).all(axis=1) & (np.diff(line) == 0)][: len(line)]
    counts = np.bincount(line[~again], minlength=len(degrees))
    return np.split(whole[~again], np.cumsum(counts)[:-1])


def _forest(lines: list[IntArray], schools: IntArray) -> tuple[list[IntArray], list[int], list[int]]:
    """Cut every line where it meets an earlier one to the same school; what follows must be the same to the end."""
    own: list[IntArray] = []
    joins, after = [], []
    seen: dict[tuple[int, int], tuple[int, int]] = {}
    previous = -1
    for row, (line, school) in enumerate(zip(lines, schools.tolist(), strict=True)):
        if school != previous:
            seen, previous = {}, school
        corners = [tuple(corner) for corner in line.tolist()]
        meets = next(
            (place for place, corner in enumerate(corners) if _same_end(corner, place, corners, seen, lines)), None
        )
        other, skipped = (row, 0) if meets is None else seen[corners[meets]]
        own.append(line if meets is None else line[:meets])
        joins.append(row - other)
        after.append(skipped)
        for place, corner in enumerate(corners[:meets]):
            seen.setdefault(corner, (row, place))
    return own, joins, after


def _same_end(
    corner: tuple[int, int],
    place: int,
    corners: list[tuple[int, int]],
    seen: Mapping[tuple[int, int], tuple[int, int]],
    lines: list[IntArray],
) -> bool:
    if corner not in seen:
        return False
    row, skipped = seen[corner]
    rest = lines[row][skipped:]
    return len(rest) == len(corners) - place and bool((rest == np.array(corners[place:])).all())
