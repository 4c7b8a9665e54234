"""Streets from an OpenStreetMap extract, a line layer or a GraphML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout import crs as crs_module
from edulayout.errors import CrsError, Fault, InputError, MissingFileError
from edulayout.reading.rules import MODES, paces, refusal, rules
from edulayout.reading.vector import read_vector
from edulayout.streets.engine import MIN_COMPONENT_METRES, SNAP_LIMIT_METRES, Streets
from edulayout.streets.sources import from_graph
from edulayout.streets.travel import Travel, minutes_per_metre
from edulayout.tables.findings import Findings

if TYPE_CHECKING:
    import os

    import pyproj

    from edulayout.reading.rules import Rules
    from edulayout.typing import Unit

_OSM = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
_PACES = ("pace_ahead", "pace_behind")
_CLASS_COLUMNS = ("highway", "class", "fclass", "street_class")
_NO = {"no", "n", "f", "false", "0", "", "nan", "none"}
"""Values of `bridge` and `tunnel` that say no; all others (yes, viaduct, culvert, T, …) say yes."""


def read_streets(  # noqa: PLR0913 - all but the path are optional and named
    path: str | os.PathLike[str],
    *,
    mode: Literal["walk", "bike", "drive"] = "walk",
    unit: Unit = "metres",
    slope: bool = False,
    crs: str | pyproj.CRS | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    snap_limit_metres: float = SNAP_LIMIT_METRES,
    barriers: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    split_at_crossings: bool = False,
    min_component_metres: float = MIN_COMPONENT_METRES,
) -> Streets:
    """Read streets from an OpenStreetMap extract, a line layer or a GraphML file of osmnx.

    Parameters
    ----------
    path
        `.osm.pbf`, `.osm` (also `.gz`, `.bz2`), `.graphml`, or a line layer that GDAL opens. A layer may have the
        columns `highway` or `class`, `layer` (whole numbers: bridges above 0, tunnels below), `bridge` and `tunnel`;
        what its OSM tags (`highway=motorway`, `foot=no`) close is left out and counted, other classes are open.
    mode
        Who travels; which ways are open to them, in which direction and how fast stands in `walk.toml`, `bike.toml`
        and `drive.toml` beside this module. One-way streets count for bike and drive (`oneway`, roundabouts).
    unit
        `metres`, or `minutes` by the speed of each class (GraphML: by `travel_time`).
    slope
        Minutes on foot by the slope, too: the tag or column `incline` (percent along the line), or the columns
        `elevation_from` and `elevation_to` in metres; Tobler's hiking function (1993).
    crs
        The CRS in metres in which distances are measured; needed where the file is in degrees.
    layer, encoding
        Of a line layer, where they are not clear.
    snap_limit_metres
        How far a place may lie from its street.
    barriers
        What the straight way from a place to its street must not cross.
    split_at_crossings
        Lines of a layer meet where they cross, even without a common vertex. OSM ways never do: they meet at nodes.
    min_component_metres
        Connected parts with less street are left out and counted, the longest never: a path that touches nothing
        would swallow the places next to it. What is left is never joined by force: an island is unreachable.

    Returns
    -------
    Streets
        `summary()` tells its size, its connected parts, and what was left out.

    Raises
    ------
    MissingFileError
        Where there is no such file.
    CrsError
        Where the CRS is missing, or is in degrees and `crs` is not given.
    InputError
        Where the file is damaged or holds no streets.

    Notes
    -----
    Complexity O(size of the file + vertices log vertices).

    Examples
    --------
    >>> import edulayout as el
    >>> el.read_streets("liechtenstein-latest.osm.pbf", crs="EPSG:32632")  # doctest: +SKIP
    """
    file = Path(path)
    if not file.exists():
        raise MissingFileError(
            Fault(
                str(file), "no such file", "an OSM extract or a line layer", "correct the path, or put the file there"
            )
        )
    travel = _travel(mode, unit)
    if file.name.lower().endswith(_OSM):
        made = _from_osm(file, travel, crs, slope=slope, least=min_component_metres)
    elif file.suffix.lower() == ".graphml":
        made = _from_graphml(file, travel, crs, min_component_metres)
    else:
        table = _layer(file, layer, encoding)
        table = _with_incline(table) if slope else table.drop(columns="incline", errors="ignore")
        made = _from_layer(file, table, crs, travel=travel, split=split_at_crossings, least=min_component_metres)
    return made.with_snap_limit(snap_limit_metres).with_barriers(barriers)


def _travel(mode: str, unit: Unit) -> Travel:
    faults = [
        Fault(what, repr(found), ", ".join(map(repr, words)), f"name one of them{more}")
        for what, found, words, more in (
            ("mode", mode, MODES, "; costs of other modes: give a CostTable"),
            ("unit", unit, ("metres", "minutes"), ""),
        )
        if found not in words
    ]
    if faults:
        raise InputError(*faults)
    return Travel(mode, unit, minutes_per_metre(rules(mode).access_kmh) if unit == "minutes" else 1.0)


def _target(crs: str | pyproj.CRS | None, file: Path) -> pyproj.CRS:
    if crs is None:
        found, remedy = "coordinates in degrees and no crs=", 'name a CRS in metres, for example crs="EPSG:4544"'
        raise CrsError(Fault(str(file), found, "a projected CRS in metres to measure distances in", remedy))
    parsed = crs_module.parse(crs, source="crs") if isinstance(crs, str) else crs
    crs_module.require_metres(gpd.GeoSeries([], crs=parsed), source="crs")
    return parsed


def _from_osm(file: Path, travel: Travel, crs: str | pyproj.CRS | None, *, slope: bool, least: float) -> Streets:
    from edulayout.reading.ways import read_ways  # noqa: PLC0415 - osmium loads only where it is needed

    target = _target(crs, file)
    ways = read_ways(file, mode=travel.mode, crs=target, unit=travel.unit, slope=slope)
    made = Streets.from_arrays(ways.lines, crs=target, classes=ways.classes, travel=travel, min_component_metres=least)
    marked = gpd.GeoSeries(gpd.points_from_xy(*ways.crossings.T), crs=target)
    return made.with_set_aside(ways.set_aside).with_crossings(marked)


def _from_graphml(file: Path, travel: Travel, crs: str | pyproj.CRS | None, least: float) -> Streets:
    from edulayout.reading.graphml import read_graphml  # noqa: PLC0415 - few need it

    tables = read_graphml(file)
    drawn = from_graph(tables.nodes, tables.edges, own=tables.crs, crs=crs, travel=travel, source=str(file))
    return Streets.from_drawn(drawn, least=least)


def _layer(file: Path, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    table = read_vector(file, layer=layer, encoding=encoding, findings=Findings(str(file)))
    if not isinstance(table, gpd.GeoDataFrame):
        raise InputError(Fault(str(file), "a table without geometry", "lines", "give the layer that holds the streets"))
    return table


def _from_layer(
    file: Path, table: gpd.GeoDataFrame, crs: str | pyproj.CRS | None, *, travel: Travel, split: bool, least: float
) -> Streets:
    own = crs_module.require(table, source=str(file))
    if crs is not None or own.is_geographic:
        table = crs_module.to_crs(table, _target(crs, file), source=str(file))
    class_column = next((name for name in _CLASS_COLUMNS if name in table), None)
    verdicts = _verdicts(table, travel, class_column)
    kept = table[verdicts["reason"] == ""].join(verdicts[[*_PACES]])
    empty = int((table.geometry.isna() | table.geometry.is_empty).sum())
    made = Streets.from_lines(
        kept.assign(level_of_line=_levels(kept, file)),
        class_column=class_column,
        level_column="level_of_line",
        pace_columns=None if (kept[[*_PACES]] == 1.0).all(axis=None) else _PACES,
        travel=travel,
        split_at_crossings=split,
        min_component_metres=least,
    )
    counts = verdicts["reason"][verdicts["reason"] != ""].value_counts().sort_index()
    left_out = {f"lines_left_out {reason}": float(count) for reason, count in counts.items()}
    return made.with_set_aside({"lines_without_geometry": float(empty), **left_out})


def _verdicts(table: gpd.GeoDataFrame, travel: Travel, class_column: str | None) -> pd.DataFrame:
    """Return why each line is not open (empty where it is) and its paces, by the OSM tags that the layer has.

    A class that OSM does not know is a word of the layer's own, and open.
    """
    allowed = rules(travel.mode)
    columns = {name: name for name in allowed.keys if name in table}
    if class_column is not None:
        columns["highway"] = class_column
    tags = pd.DataFrame(
        {tag: table[name].astype(object).where(table[name].notna(), "").astype(str) for tag, name in columns.items()},
        index=table.index,
    )
    group = tags.groupby(list(tags), sort=False).ngroup() if columns else pd.Series(0, index=table.index)
    rows = tags[~group.duplicated()].to_dict("records") if columns else [{}]
    verdicts = [_verdict({str(key): str(value) for key, value in row.items()}, allowed, travel) for row in rows]
    found = pd.DataFrame(verdicts, columns=["reason", *_PACES]).iloc[group.to_numpy()]
    return found.set_axis(table.index)


def _verdict(tags: dict[str, str], allowed: Rules, travel: Travel) -> tuple[str, float, float]:
    reason = refusal(tags, allowed, known_only=False) if tags else None
    return reason or "", *paces(tags, allowed, unit=travel.unit, slope=True)


def _with_incline(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the lines with `incline`, from the elevation of their ends where they state it."""
    if not {"elevation_from", "elevation_to"} <= set(table):
        return table
    local = (
        table.geometry
        if table.crs is None or table.crs.is_projected
        else table.geometry.to_crs(table.estimate_utm_crs())
    )
    rise = pd.to_numeric(table["elevation_to"], errors="coerce") - pd.to_numeric(
        table["elevation_from"], errors="coerce"
    )
    percent = (100 * rise / local.length.where(local.length > 0)).fillna(0.0).round(1)
    return table.assign(incline=percent.astype(str) + "%")


def _levels(table: gpd.GeoDataFrame, file: Path) -> pd.Series[int]:
    """Return the level of each line: its `layer`, or 1 for a bridge and -1 for a tunnel that state none."""
    stated = pd.Series(0.0, index=table.index)
    if "layer" in table:
        stated = pd.to_numeric(table["layer"], errors="coerce")
        strange = stated.isna() & table["layer"].notna() & (table["layer"].astype(str).str.strip() != "")
        if strange.any() or (stated.fillna(0) % 1 != 0).any():
            rows = tuple(table.index[strange | (stated.fillna(0) % 1 != 0)].astype(str))
            fault = Fault(
                str(file),
                "values of `layer` that are no whole numbers",
                "levels such as -1, 0, 1",
                "correct or rename the column",
                rows,
            )
            raise InputError(fault)
    above = _says(table, "bridge").astype(float) - _says(table, "tunnel").astype(float)
    return stated.fillna(0).where(stated.fillna(0) != 0, above).astype(np.int64)


def _says(table: gpd.GeoDataFrame, column: str) -> pd.Series[bool]:
    if column not in table:
        return pd.Series(False, index=table.index)
    says: pd.Series[bool] = ~table[column].astype(str).str.strip().str.lower().isin(_NO)
    return says
