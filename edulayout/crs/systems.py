"""Coordinate reference systems that PROJ knows: demanded, compared, changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pyproj
from pyproj.exceptions import ProjError

from edulayout.errors import CrsError, Fault

if TYPE_CHECKING:
    import geopandas as gpd

    Spatial = TypeVar("Spatial", gpd.GeoDataFrame, gpd.GeoSeries)

LONLAT = "EPSG:4326"

_ITRS_DATUMS = frozenset({"World Geodetic System 1984", "World Geodetic System 1984 ensemble", "China 2000"})
"""Datums that agree within decimetres, so that the null shift which PROJ calls ballpark is exact enough."""


def parse(text: str, *, source: str) -> pyproj.CRS:
    """Return the CRS that a text names, such as `EPSG:4544`.

    Raises
    ------
    CrsError
        Where PROJ does not know it.

    Examples
    --------
    >>> parse("EPSG:4544", source="study.toml").name
    'CGCS2000 / 3-degree Gauss-Kruger CM 105E'
    """
    try:
        return pyproj.CRS.from_user_input(text)
    except ProjError:
        fault = Fault(
            source,
            f"the CRS {text!r}, which PROJ does not know",
            "an authority code such as EPSG:4544; for the coordinates of a layer also GCJ-02 or BD-09",
            "write the code of the CRS that the coordinates are in",
        )
        raise CrsError(fault) from None


def require(frame: Spatial, *, source: str) -> pyproj.CRS:
    """Return the CRS of a table.

    Raises
    ------
    CrsError
        Where it has none: what the numbers mean is then unknown.
    """
    if frame.crs is None:
        raise CrsError(
            Fault(
                source,
                "no coordinate reference system",
                "a declared CRS",
                'name it when reading (crs="EPSG:…"), or with .set_crs(); ask the giver of the file',
            )
        )
    crs: pyproj.CRS = frame.crs
    return crs


def require_metres(frame: Spatial, *, source: str) -> pyproj.CRS:
    """Return the CRS of a table whose coordinates are metres.

    Raises
    ------
    CrsError
        Where the table has no CRS, or one in degrees or feet.
    """
    crs = require(frame, source=source)
    units = {axis.unit_name for axis in crs.axis_info}
    if not crs.is_projected or units != {"metre"}:
        raise CrsError(
            Fault(
                source,
                f"coordinates in {' / '.join(sorted(units))} ({label(crs)})",
                "a projected CRS in metres, because distances are measured in it",
                'project it first, for example with .to_crs("EPSG:4544")',
            )
        )
    return crs


def require_same(first: Spatial, second: Spatial, *, source: str) -> None:
    """Check that two tables share one CRS.

    Raises
    ------
    CrsError
        Where one has none, or they differ.
    """
    one, two = require(first, source=source), require(second, source=source)
    if one != two:
        raise CrsError(
            Fault(
                source,
                f"two coordinate reference systems: {label(one)} and {label(two)}",
                "one",
                "bring one of the tables into the CRS of the other with .to_crs()",
            )
        )


def to_crs(frame: Spatial, crs: str | pyproj.CRS, *, source: str) -> Spatial:
    """Return a table in another CRS.

    A change of datum that PROJ can only call ballpark (Beijing 1954, Xian 1980 without their local
    parameters) is refused; WGS 84 and CGCS2000 count as equal, which holds within some decimetres.

    Raises
    ------
    CrsError
        Where the table has no CRS, or the change would be a guess of tens of metres.
    """
    own, target = require(frame, source=source), pyproj.CRS.from_user_input(crs)
    if own == target:
        return frame
    if not _is_exact(own, target):
        raise CrsError(
            Fault(
                source,
                f"a change from {label(own)} to {label(target)} for which PROJ has no parameters",
                "a transformation with a known accuracy; this one may be off by 100 m",
                "transform the data with the local parameters of the surveying office first",
            )
        )
    return frame.to_crs(target)


def _is_exact(own: pyproj.CRS, target: pyproj.CRS) -> bool:
    if {_datum(own), _datum(target)} <= _ITRS_DATUMS or _datum(own) == _datum(target):
        return True
    try:
        pyproj.Transformer.from_crs(own, target, always_xy=True, allow_ballpark=False)
    except ProjError:
        return False
    return True


def _datum(crs: pyproj.CRS) -> str:
    return crs.datum.name if crs.datum is not None else ""


def local_metric(frame: Spatial, *, source: str) -> pyproj.CRS:
    """Return the UTM zone that fits a table: a proposal, shown to the user and open to change."""
    require(frame, source=source)
    return pyproj.CRS.from_user_input(frame.estimate_utm_crs())


def label(crs: pyproj.CRS) -> str:
    """Return a CRS as people write it.

    Examples
    --------
    >>> label(pyproj.CRS.from_epsg(4490))
    'EPSG:4490 China Geodetic Coordinate System 2000'
    """
    authority = crs.to_authority()
    return f"{':'.join(authority)} {crs.name}" if authority else str(crs.name)
