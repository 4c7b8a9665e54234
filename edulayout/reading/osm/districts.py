"""Administrative boundaries of an extract to districts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from edulayout.crs import LONLAT
from edulayout.errors import Fault, InputError
from edulayout.reading.osm.extract import Extract, Feature, counted, scan
from edulayout.reading.osm.notes import Note, named, noted
from edulayout.reading.osm.places import population_of
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from edulayout.typing import Progress

_PART = 0.99
"""An area of which this share lies in another one of its level is a part of it, not a district of its own."""


def read_districts(
    path: str | os.PathLike[str], *, admin_level: int = 8, progress: Progress = quiet
) -> gpd.GeoDataFrame:
    """Read the administrative areas of one level.

    Parameters
    ----------
    path
        An `.osm.pbf` or `.osm` file.
    admin_level
        OpenStreetMap's level; 8 is the municipality in most of Europe, 6 the county or district in China.
    progress
        Called with what is done.

    Returns
    -------
    geopandas.GeoDataFrame
        Indexed by `district_id` (`r…` or `w…`): `name`, `name_en`, `population` (the boundary's own tag, else NaN),
        `origin`, polygons in EPSG:4326. Unnamed areas and areas inside another one of the level are left out, as
        are boundaries that the extract cuts off.

    Raises
    ------
    InputError
        Where no named area of the level is whole in the extract; the levels that are there are listed.

    Examples
    --------
    >>> from edulayout.reading.osm import read_districts
    >>> read_districts("liechtenstein-latest.osm.pbf", admin_level=8)  # doctest: +SKIP
    """
    return districts_from(scan(path, ("boundary",), progress=progress), admin_level=admin_level)[0]


def districts_from(extract: Extract, *, admin_level: int) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return the districts of a level, and what was set aside; see `read_districts`."""
    areas = [feature for feature in administrative(extract) if feature.tags.get("admin_level") == str(admin_level)]
    kept, parts = _apart(areas)
    districts = [feature for feature in kept if feature.name]
    unnamed = [feature.osm_id for feature in kept if not feature.name]
    if not districts:
        raise _no_districts(extract, admin_level)
    notes = (
        *noted("Districts", "areas that are parts of a named district, taken as parts of it", parts),
        *noted(
            "Districts",
            "unnamed areas in no named district, set aside",
            unnamed,
            remedy="give them a name in OpenStreetMap, or add them to districts.gpkg",
        ),
        *noted(
            "Districts",
            f"boundaries of level {admin_level} that the extract cuts off (its neighbours), set aside",
            _cut_off(extract, admin_level),
            remedy="take a larger extract if they belong to the study",
        ),
    )
    return _table(sorted(districts)), notes


def administrative(extract: Extract) -> list[Feature]:
    """Return the administrative areas of all levels."""
    return [
        feature
        for feature in extract.having("boundary")
        if feature.tags["boundary"] == "administrative" and feature.geometry.geom_type == "MultiPolygon"
    ]


def _apart(areas: list[Feature]) -> tuple[list[Feature], list[str]]:
    # Named before unnamed and relation before way: the fuller statement of the same ground is the district.
    ranked = sorted(areas, key=lambda area: (not area.name, area.osm_id[0] == "w", -area.geometry.area, area.osm_id))
    tree = shapely.STRtree([area.geometry for area in ranked])
    kept: dict[int, Feature] = {}
    parts: list[str] = []
    for number, area in enumerate(ranked):
        near = sorted(set(tree.query(area.geometry, predicate="intersects").tolist()) & kept.keys())
        whole = next((kept[other] for other in near if _is_part(area, kept[other])), None)
        if whole is None:
            kept[number] = area
        else:
            parts.append(f"{named(area.osm_id, area.name)} in {whole.name or whole.osm_id}")
    return list(kept.values()), parts


def _is_part(area: Feature, other: Feature) -> bool:
    return bool(area.geometry.intersection(other.geometry).area >= _PART * area.geometry.area)


def _cut_off(extract: Extract, admin_level: int) -> list[str]:
    return [
        named(broken.osm_id, broken.tags.get("name", ""))
        for broken in extract.broken
        if broken.osm_id[0] == "r" and _level(broken.tags) == str(admin_level)
    ]


def _level(tags: Mapping[str, str]) -> str:
    return tags.get("admin_level", "") if tags.get("boundary") == "administrative" else ""


def _no_districts(extract: Extract, admin_level: int) -> InputError:
    levels = counted([level for feature in administrative(extract) if feature.name and (level := _level(feature.tags))])
    return InputError(
        Fault(
            str(extract.path),
            f"no named administrative area of level {admin_level} that is whole",
            "at least one, to serve as district",
            f"choose a level that is there: {levels}" if levels else "take an extract that holds whole boundaries",
        )
    )


def _table(districts: list[Feature]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "name": [feature.name for feature in districts],
            "name_en": [feature.tags.get("name:en", "") for feature in districts],
            "population": [population_of(feature.tags) for feature in districts],
            "origin": [f"osm:{feature.osm_id}" for feature in districts],
        },
        geometry=[_simple(feature.geometry) for feature in districts],
        index=pd.Index([feature.osm_id for feature in districts], name="district_id", dtype=str),
        crs=LONLAT,
    )


def _simple(area: shapely.MultiPolygon) -> shapely.Geometry:
    return area.geoms[0] if len(area.geoms) == 1 else area
