"""The gate: tables are checked once, with all faults told together; inside, they are taken as valid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.tables.contract import BARRIERS, CANDIDATES, DEMAND, DISTRICTS, SCHOOLS, Contract
from edulayout.tables.findings import Findings
from edulayout.tables.gate import checked
from edulayout.tables.together import Outside, check_together, locate

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = [
    "Contract",
    "Outside",
    "check_barriers",
    "check_candidates",
    "check_demand",
    "check_districts",
    "check_schools",
    "check_together",
    "locate",
]


def check_districts(frame: pd.DataFrame, *, source: str = "districts") -> gpd.GeoDataFrame:
    """Return districts as the contract says: index `district_id`, `name`, polygons that do not overlap.

    Parameters
    ----------
    frame
        Polygons; ids in the index or a column `district_id`. Not changed.
    source
        What a message calls it.

    Returns
    -------
    GeoDataFrame
        With every column of `frame`, and in `attrs["notes"]` what was assumed.

    Raises
    ------
    TableError, CrsError
        With every fault of the table.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> frame = gpd.GeoDataFrame({"district_id": [1], "name": ["North"]}, geometry=[shapely.box(0, 0, 9, 9)])
    >>> check_districts(frame.set_crs("EPSG:4544")).index.tolist()
    ['1']
    >>> check_districts(frame)
    Traceback (most recent call last):
    edulayout.errors.CrsError: districts: no coordinate reference system
      expected: a declared CRS
      remedy:   name it: crs="EPSG:4326" for GPS (WGS 84), ...
    """
    return checked(frame, DISTRICTS, Findings(source))


def check_schools(frame: pd.DataFrame, *, source: str = "schools") -> gpd.GeoDataFrame:
    """Return schools as the contract says: index `school_id`, `name`, `kind`, `status`, `seats_<stage>`.

    Seats may be NaN, which is "not known", or absent; the status is `existing` where none is given. Parameters and
    errors as in `check_districts`.
    """
    return checked(frame, SCHOOLS, Findings(source))


def check_demand(frame: pd.DataFrame, *, source: str = "demand") -> gpd.GeoDataFrame:
    """Return demand as the contract says: index `demand_id`, `population`, optional `pupils_<stage>`.

    Parameters and errors as in `check_districts`.
    """
    return checked(frame, DEMAND, Findings(source))


def check_candidates(frame: pd.DataFrame, *, source: str = "candidates") -> gpd.GeoDataFrame:
    """Return candidates as the contract says: index `candidate_id`, `kinds` joined by ";", optional `land`, `area_m2`.

    Parameters and errors as in `check_districts`.
    """
    return checked(frame, CANDIDATES, Findings(source))


def check_barriers(frame: pd.DataFrame, *, source: str = "barriers") -> gpd.GeoDataFrame:
    """Return barriers (rivers, railways, motorways) as the contract says: index `barrier_id`, lines or polygons.

    Parameters and errors as in `check_districts`.
    """
    return checked(frame, BARRIERS, Findings(source))
