"""Checks between tables: one CRS, points in districts, axes not swapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyproj
import shapely

from edulayout.crs import label, require
from edulayout.errors import CrsError, Fault, shown
from edulayout.tables.findings import Findings, RowNames
from edulayout.tables.shapes import points

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.typing import AnyArray, FloatArray, IntArray


@dataclass(frozen=True)
class Outside:
    """The rows of one table that lie in no district.

    Parameters
    ----------
    table
        `schools`, `demand` or `candidates`.
    rows
        Their ids.
    total
        How many rows the table has.
    population
        The residents in them; 0 where the table has no population.
    """

    table: str
    rows: tuple[str, ...]
    total: int
    population: float = 0.0

    def __str__(self) -> str:
        people = f", {self.population:,.0f} residents" if self.population else ""
        return f"{self.table}: {len(self.rows)} of {self.total} rows in no district{people} ({shown(self.rows)})"


def locate(frame: gpd.GeoDataFrame | gpd.GeoSeries, districts: gpd.GeoDataFrame) -> pd.Series:
    """Return the district of every row, an empty text for none.

    A polygon counts where a point inside it lies. A point on a shared border belongs to the lowest `district_id`, in
    the order of text. O((n + m) log m).

    Raises
    ------
    CrsError
        Where the CRS of the two tables differ, or one has none.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> squares = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    >>> districts = gpd.GeoDataFrame(index=["b", "a"], geometry=squares, crs="EPSG:4544")
    >>> locate(gpd.GeoSeries.from_xy([0.5, 1.0, 9.0], [0.5, 0.5, 0.5], crs="EPSG:4544"), districts).tolist()
    ['b', 'a', '']
    """
    _same_crs({"points": frame, "districts": districts})
    position = _positions(points(frame), districts)
    names = np.append(districts.index.to_numpy(dtype=object), "")
    return pd.Series(names[position], index=frame.index, name="district_id", dtype=str)


def _positions(places: AnyArray, districts: gpd.GeoDataFrame) -> IntArray:
    """Return the number of the district of every point, -1 for none."""
    rank = np.argsort(np.argsort(districts.index.to_numpy(dtype=str), kind="stable"), kind="stable")
    row, hit = shapely.STRtree(np.asarray(districts.geometry)).query(places, predicate="intersects")
    order = np.lexsort((rank[hit], row))
    found, first = np.unique(row[order], return_index=True)
    position = np.full(len(places), -1, dtype=np.int64)
    position[found] = hit[order][first]
    return position


def check_together(
    districts: gpd.GeoDataFrame,
    *,
    schools: gpd.GeoDataFrame | None = None,
    demand: gpd.GeoDataFrame | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    outside: Literal["count", "error"] = "count",
) -> tuple[Outside, ...]:
    """Check tables against each other, and return what lies outside every district.

    Parameters
    ----------
    districts, schools, demand, candidates
        Tables that passed the gate.
    outside
        `count` returns the rows in no district; `error` makes them a fault.

    Raises
    ------
    CrsError
        Where the tables do not share one CRS.
    TableError
        With all faults: a table that lies wholly outside (with the reason, where axes are swapped), a `district_id`
        that no district has, rows outside where that is an error.
    """
    given = {"schools": schools, "demand": demand, "candidates": candidates}
    tables = {name: table for name, table in given.items() if table is not None}
    _same_crs({"districts": districts} | tables)
    findings = Findings("tables")
    found = tuple(_check_one(name, table, districts, findings) for name, table in tables.items())
    if outside == "error":
        findings.faults.extend(_refusal(one, tables[one.table]) for one in found if 0 < len(one.rows) < one.total)
    findings.settle()
    return tuple(one for one in found if one.rows)


def _check_one(name: str, table: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, findings: Findings) -> Outside:
    source = str(table.attrs.get("source", name))
    own = Findings(source, RowNames(table.index.tolist()), findings.faults)
    without = _positions(points(table), districts) < 0
    if without.all():
        _explain(table, districts, own)
    if "district_id" in table:
        foreign = ~table["district_id"].isin(["", *districts.index]).to_numpy()
        if foreign.any():
            own.fault(
                f"a district_id that no district has: {shown(list(dict.fromkeys(table['district_id'][foreign])))}",
                f"one of {shown(list(districts.index))}",
                "correct it, or leave the column out: the district is found from the place",
                where=foreign,
            )
    residents = float(table.loc[without, "population"].sum()) if "population" in table else 0.0
    return Outside(name, tuple(map(str, table.index[without])), len(table), residents)


def _refusal(one: Outside, table: gpd.GeoDataFrame) -> Fault:
    return Fault(
        str(table.attrs.get("source", one.table)),
        f"{len(one.rows)} of {one.total} rows lie in no district",
        "every row in a district",
        "correct their places or the districts' borders, or let them be counted and set aside",
        rows=one.rows,
    )


def _explain(table: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, findings: Findings) -> None:
    extent = ", ".join(f"{value:.8g}" for value in districts.total_bounds)
    if _swapped_inside(table, districts):
        findings.fault(
            "longitude and latitude (or x and y) are swapped: no row lies in a district, exchanged they do",
            f"points within the districts (x and y from {extent})",
            'exchange the two columns, for example columns={"lon": "lat", "lat": "lon"}',
        )
    else:
        findings.fault(
            f"no row lies in any district; the first is at ({', '.join(f'{v:.8g}' for v in _xy(table)[0])})",
            f"points within the districts (x and y from {extent})",
            "check the CRS that was declared for each file, and that both show the same city",
        )


def _xy(table: gpd.GeoDataFrame) -> FloatArray:
    return shapely.get_coordinates(points(table))


def _swapped_inside(table: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> bool:
    """Return whether most points lie in a district once their axes are exchanged, in metres or in degrees."""
    x, y = _xy(table).T
    crs = pyproj.CRS(table.crs)
    turned = [(y, x)]
    if crs.is_projected and crs.geodetic_crs is not None:
        # The file may have been read in degrees and projected since: exchange there, and come back.
        ahead = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
        lon, lat = ahead.transform(x, y, direction="INVERSE", errcheck=False)
        turned.append(ahead.transform(lat, lon, errcheck=False))
    return any(_mostly_inside(*pair, districts) for pair in turned)


def _mostly_inside(x: FloatArray, y: FloatArray, districts: gpd.GeoDataFrame) -> bool:
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return False
    inside = _positions(np.asarray(shapely.points(x[finite], y[finite])), districts) >= 0
    return bool(inside.sum() * 2 > len(x))


def _same_crs(tables: dict[str, gpd.GeoDataFrame | gpd.GeoSeries]) -> None:
    systems = {name: require(table, source=_source(name, table)) for name, table in tables.items()}
    findings = Findings(" and ".join(_source(name, table) for name, table in tables.items()))
    if len({crs.to_wkt() for crs in systems.values()}) > 1 and any(
        crs != next(iter(systems.values())) for crs in systems.values()
    ):
        findings.fault(
            "; ".join(f"{name} in {label(crs)}" for name, crs in systems.items()),
            "one CRS for all tables",
            "bring them into one with .to_crs()",
        )
    findings.settle(CrsError)


def _source(name: str, table: gpd.GeoDataFrame | gpd.GeoSeries) -> str:
    return str(table.attrs.get("source", name))
