"""Residential buildings of an extract and their floor area."""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout import crs as crs_module
from edulayout.crs import LONLAT
from edulayout.reading.osm.extract import Extract, Feature, points, scan
from edulayout.reading.osm.notes import Note
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pyproj

    from edulayout.typing import BoolArray, FloatArray, Progress

_MOST_STOREYS = 200
_KEYS = ("amenity", "building", "landuse", "leisure")


@cache
def _rules() -> dict[str, Any]:
    text = files("edulayout.reading.osm").joinpath("buildings.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def read_buildings(path: str | os.PathLike[str], *, progress: Progress = quiet) -> gpd.GeoDataFrame:
    """Read the buildings that people live in.

    Returns
    -------
    geopandas.GeoDataFrame
        Indexed by `building_id` (`w…`, `r…`): `type`, `storeys`, `storeys_counted` (from `building:levels`; else the
        median of the type in this extract, else a default of the type), `floor_m2` (footprint times storeys),
        footprints in EPSG:4326. Areas are measured in the UTM zone of the extract.

    Notes
    -----
    Types and defaults stand in `buildings.toml`. A plain `building=yes` counts unless it is small, carries another use,
    or stands on land of another use.

    Examples
    --------
    >>> from edulayout.reading.osm import read_buildings
    >>> read_buildings("liechtenstein-latest.osm.pbf")["floor_m2"].sum()  # doctest: +SKIP
    """
    return buildings_from(scan(path, _KEYS, progress=progress))[0]


def buildings_from(extract: Extract, *, crs: pyproj.CRS | None = None) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return the residential buildings, and what was guessed; see `read_buildings`."""
    footprints = [feature for feature in extract.having("building") if feature.geometry.geom_type == "MultiPolygon"]
    typed = [feature for feature in footprints if feature.tags["building"] in _rules()["storeys"]]
    square_metres = _areas(typed, crs)
    lived_in = _is_dwelling(typed, square_metres, extract)
    dwellings = [feature for feature, here in zip(typed, lived_in, strict=True) if here]
    table = _table(dwellings, square_metres[lived_in])
    return table, _notes(table, others=len(footprints) - len(dwellings))


def _areas(features: list[Feature], crs: pyproj.CRS | None) -> FloatArray:
    shapes = gpd.GeoSeries([feature.geometry for feature in features], crs=LONLAT)
    if not features:
        return np.zeros(0)
    metric = crs or crs_module.local_metric(shapes, source="buildings")
    return np.asarray(shapes.to_crs(metric).area, dtype=np.float64)


def _is_dwelling(typed: list[Feature], square_metres: FloatArray, extract: Extract) -> BoolArray:
    generic = _rules()["generic"]
    plain = np.array([feature.tags["building"] in generic["types"] for feature in typed], dtype=bool)
    other_use = np.array([any(key in feature.tags for key in generic["other_keys"]) for feature in typed], dtype=bool)
    small = square_metres < generic["least_m2"]
    lived_in: BoolArray = ~(plain & (other_use | small | _on_other_land(typed, extract)))
    return lived_in


def _on_other_land(typed: list[Feature], extract: Extract) -> BoolArray:
    other = _rules()["generic"]["other_land"]
    land = [feature.geometry for feature in extract.features if _is_other_land(feature, other)]
    on_it = np.zeros(len(typed), dtype=bool)
    if land and typed:
        inside, _ = shapely.STRtree(land).query(points(typed).to_numpy(), predicate="intersects")
        on_it[inside] = True
    return on_it


def _is_other_land(feature: Feature, other: Mapping[str, list[str]]) -> bool:
    if "building" in feature.tags or feature.geometry.geom_type != "MultiPolygon":
        return False
    return any(
        feature.tags.get(key) in values or (key in feature.tags and "*" in values) for key, values in other.items()
    )


def storeys_of(tags: Mapping[str, str]) -> float:
    """Return the storeys that `building:levels` counts; NaN where it counts none.

    Examples
    --------
    >>> storeys_of({"building:levels": "3.5"}), storeys_of({"building:levels": "2;3"}), storeys_of({})
    (3.5, 2.0, nan)
    """
    found = re.match(r"\s*(\d+(?:[.,]\d+)?)", tags.get("building:levels", ""))
    storeys = float(found[1].replace(",", ".")) if found else math.nan
    return storeys if 0 < storeys <= _MOST_STOREYS else math.nan


def _table(dwellings: list[Feature], square_metres: FloatArray) -> gpd.GeoDataFrame:
    types = pd.Series([feature.tags["building"] for feature in dwellings], dtype=str)
    stated = pd.Series([storeys_of(feature.tags) for feature in dwellings], dtype=np.float64)
    storeys = stated.fillna(types.map(_assumed(types, stated))).to_numpy(dtype=np.float64)
    return gpd.GeoDataFrame(
        {
            "type": types.to_numpy(),
            "storeys": storeys,
            "storeys_counted": stated.notna().to_numpy(),
            "floor_m2": square_metres * storeys,
        },
        geometry=[feature.geometry for feature in dwellings],
        index=pd.Index([feature.osm_id for feature in dwellings], name="building_id", dtype=str),
        crs=LONLAT,
    )


def _assumed(types: pd.Series[str], stated: pd.Series[float]) -> dict[str, float]:
    known = stated.groupby(types).agg(["count", "median"])
    enough = known[known["count"] >= _rules()["enough"]]["median"]
    return {str(name): float(enough.get(name, default)) for name, default in _rules()["storeys"].items()}


def _notes(table: gpd.GeoDataFrame, *, others: int) -> tuple[Note, ...]:
    plain = int(table["type"].isin(_rules()["generic"]["types"]).sum())
    guessed = table[~table["storeys_counted"]]
    by_type = [
        f"{name}: {rows['storeys'].iloc[0]:g} ({len(rows)})" for name, rows in guessed.groupby("type", sort=True)
    ]
    return (
        Note("Dwellings", f"{len(table)} buildings taken for dwellings, {others} other buildings left out"),
        Note(
            "Dwellings",
            f"{plain} of the dwellings are plain building=yes: taken for dwellings because they are not small, carry "
            "no other use and stand on no land of another use",
        ),
        Note(
            "Dwellings",
            f"{len(guessed)} dwellings without counted storeys; taken instead, by type: {', '.join(by_type) or 'none'}",
            "the residents of a district are spread by floor area; add building:levels to OpenStreetMap",
        ),
    )
