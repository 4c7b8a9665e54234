"""Pairs of sites that are too near each other to be opened both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout import crs
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    import geopandas as gpd


def too_close(sites: gpd.GeoSeries, *, metres: float) -> tuple[tuple[str, str], ...]:
    """Return the pairs of sites nearer to each other than a distance, for `choose(apart=)`.

    Parameters
    ----------
    sites
        Points, indexed by id, in a CRS in metres.
    metres
        Two sites exactly so far apart may both be opened.

    Returns
    -------
    Pairs of ids, the lower id first, sorted.

    Raises
    ------
    CrsError
        Where the CRS is missing or not in metres.
    InputError
        Where the distance is no finite number ≥ 0.

    Notes
    -----
    O(sites² / 2) time, one row in memory at a time.

    Examples
    --------
    >>> import geopandas as gpd
    >>> places = gpd.GeoSeries.from_xy([0, 300, 500], [0, 400, 0], index=["a", "b", "c"], crs="EPSG:4544")
    >>> too_close(places, metres=500)
    (('b', 'c'),)
    """
    crs.require_metres(sites, source="sites")
    if not (np.isfinite(metres) and metres >= 0):
        raise InputError(Fault("siting", f"metres = {metres!r}", "a finite number ≥ 0", "correct the distance"))
    ids = [str(name) for name in sites.index]
    x, y = sites.x.to_numpy(dtype=np.float64), sites.y.to_numpy(dtype=np.float64)
    pairs = []
    for k in range(len(ids)):
        near = np.flatnonzero((x[k + 1 :] - x[k]) ** 2 + (y[k + 1 :] - y[k]) ** 2 < metres**2) + k + 1
        pairs += [(min(ids[k], ids[j]), max(ids[k], ids[j])) for j in near]
    return tuple(sorted(pairs))
