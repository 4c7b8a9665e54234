"""Settlements with a population, and how many residents that gives each district."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout.crs import LONLAT
from edulayout.reading.osm.extract import Extract, Feature, order, points, scan
from edulayout.reading.osm.notes import Note, named, noted
from edulayout.tables import locate
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from edulayout.typing import Progress

SETTLEMENTS = ("city", "town", "village", "hamlet", "isolated_dwelling", "farm")
PARTS = ("borough", "suburb", "quarter", "neighbourhood", "city_block")
"""Parts of a settlement: their residents are counted in it already."""

_NUMBER = re.compile(r"\d+(\.\d+)?")
_GROUPED = re.compile(r"(?<=\d)[ ,'’\u00a0\u202f](?=\d{3}(\D|$))")


def read_places(path: str | os.PathLike[str], *, progress: Progress = quiet) -> gpd.GeoDataFrame:
    """Read the settlements, and parts of settlements, that state a population.

    Returns
    -------
    geopandas.GeoDataFrame
        Indexed by `place_id` (`n…`, `w…`, `r…`): `name`, `place`, `population`, `origin`, points in EPSG:4326.
        Countries, states and the like are left out; a place that stands both as a point and as an area stands once.

    Examples
    --------
    >>> from edulayout.reading.osm import read_places
    >>> read_places("liechtenstein-latest.osm.pbf")["population"].sum()  # doctest: +SKIP
    40158.0
    """
    return places_from(scan(path, ("place",), progress=progress))[0]


def places_from(extract: Extract) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return the places with population, and what was set aside; see `read_places`."""
    stated = [feature for feature in extract.having("place") if "population" in feature.tags]
    ours = [feature for feature in stated if feature.tags["place"] in SETTLEMENTS + PARTS]
    clear = [feature for feature in ours if not math.isnan(population_of(feature.tags))]
    unclear = [named(feature.osm_id, feature.name) for feature in ours if math.isnan(population_of(feature.tags))]
    once, doubles = _once(clear)
    notes = (
        *noted("Residents", "places whose population is no number, set aside", unclear, remedy="correct the tag"),
        *noted("Residents", "places that stand twice (as a point and as an area), taken once", doubles),
        *noted("Residents", "larger areas with a population, for comparison only", _larger(stated)),
    )
    return _table(once), notes


def population_of(tags: Mapping[str, str]) -> float:
    """Return the population that tags state; NaN where they state none, or no number.

    Examples
    --------
    >>> population_of({"population": "12,345"}), population_of({"population": "1 357"}), population_of({})
    (12345.0, 1357.0, nan)
    """
    text = _GROUPED.sub("", tags.get("population", "").strip())
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def _larger(stated: list[Feature]) -> list[str]:
    return [
        f"{named(feature.osm_id, feature.name)}: {feature.tags['population']}"
        for feature in stated
        if feature.tags["place"] not in SETTLEMENTS + PARTS and feature.osm_id[0] == "n"
    ]


def _once(places: list[Feature]) -> tuple[list[Feature], list[str]]:
    kept: dict[str, list[Feature]] = {}
    doubles: list[str] = []
    for place in places:
        namesakes = kept.setdefault(place.name or place.osm_id, [])
        same = next((other for other in namesakes if place.geometry.intersects(other.geometry)), None)
        if same is None:
            namesakes.append(place)
        else:
            doubles.append(f"{named(place.osm_id, place.name)} as {same.osm_id}")
    once = [place for namesakes in kept.values() for place in namesakes]
    return sorted(once, key=lambda place: order(place.osm_id)), doubles


def _table(places: list[Feature]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "name": [feature.name for feature in places],
            "place": [feature.tags["place"] for feature in places],
            "population": np.array([population_of(feature.tags) for feature in places], dtype=np.float64),
            "origin": [f"osm:{feature.osm_id}" for feature in places],
        },
        geometry=points(places).to_numpy(),
        index=pd.Index([feature.osm_id for feature in places], name="place_id", dtype=str),
        crs=LONLAT,
    )


class Residents(NamedTuple):
    """How many people live in each district, and where the number comes from."""

    population: pd.Series[float]
    source: pd.Series[str]
    notes: tuple[Note, ...]


def residents(districts: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> Residents:
    """Count the residents of each district.

    The boundary's own `population` comes first; else the settlements inside are added; else, where there are none,
    the parts of a settlement inside.

    Parameters
    ----------
    districts
        As `read_districts` gives them.
    places
        As `read_places` gives them, in the same CRS.
    """
    home = locate(places, districts)
    settlement = places["place"].isin(SETTLEMENTS)
    population, source, used = [], [], set()
    for district_id, own in districts["population"].items():
        inside = places[home == district_id]
        chosen = inside[settlement[inside.index]] if settlement[inside.index].any() else inside
        if math.isnan(own):
            used.update(chosen.index)
        population.append(own if not math.isnan(own) else float(chosen["population"].sum()))
        source.append(_source(own, chosen))
    return Residents(
        pd.Series(population, index=districts.index, name="population", dtype=np.float64),
        pd.Series(source, index=districts.index, name="source", dtype=str),
        (*_several(districts, source), *_residents_notes(places, home, used)),
    )


def _several(districts: gpd.GeoDataFrame, source: list[str]) -> tuple[Note, ...]:
    rows = [
        f"{named(str(district_id), name)}: {sum_of}"
        for district_id, name, sum_of in zip(districts.index, districts["name"], source, strict=True)
        if " + " in sum_of
    ]
    remedy = "look whether one includes another (then `population` was tagged for the whole), and correct demand.gpkg"
    return noted("Residents", "districts whose residents are the sum of several settlements", rows, remedy=remedy)


def _source(own: float, chosen: gpd.GeoDataFrame) -> str:
    if not math.isnan(own):
        return "the boundary's own tag"
    return " + ".join(f"{row.name} {row.population:g}" for row in chosen.itertuples(index=False))


def _residents_notes(places: gpd.GeoDataFrame, home: pd.Series[str], used: set[str]) -> tuple[Note, ...]:
    rows = [f"{named(row.Index, row.name)}: {row.population:g}" for row in places.itertuples()]
    outside = [row for row, place in zip(rows, places.index, strict=True) if home[place] == ""]
    within = [row for row, place in zip(rows, places.index, strict=True) if home[place] != "" and place not in used]
    return (
        *noted(
            "Residents",
            "places outside every district, set aside",
            outside,
            remedy="take a level or an extract that covers them, if they belong to the study",
        ),
        *noted("Residents", "places whose residents are counted already (in their district or settlement)", within),
    )
