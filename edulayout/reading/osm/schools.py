"""Schools and kindergartens of an extract: points, areas and sites, each campus once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout.crs import LONLAT
from edulayout.reading.osm.extract import Extract, Feature, order, points, scan
from edulayout.reading.osm.kinds import Guess, amenities, is_day_care, kind_of, stages_in
from edulayout.reading.osm.notes import Note, named, noted
from edulayout.stages import KINDS, STAGES, UNKNOWN
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from edulayout.typing import Progress

_AMENITIES = frozenset({"school", "kindergarten"})
_NAMES_SHOWN = 3


class School(NamedTuple):
    """One school: its main object, what was merged into it, the buildings on its campus."""

    main: Feature
    merged: tuple[Feature, ...]
    buildings: tuple[Feature, ...]
    guess: Guess

    @property
    def parts(self) -> tuple[Feature, ...]:
        """The main object and everything merged into it."""
        return (self.main, *self.merged)

    @property
    def stated_name(self) -> str:
        """The name of the first part that has one."""
        return next((part.name for part in self.parts if part.name), "")

    @property
    def name(self) -> str:
        """The stated name, else that of its buildings, else a description."""
        return self.stated_name or _borrowed_name(self) or _description(self.main)


def read_schools(path: str | os.PathLike[str], *, progress: Progress = quiet) -> gpd.GeoDataFrame:
    """Read the schools and kindergartens (`amenity=school`, `amenity=kindergarten`).

    Objects of one amenity inside a larger object of the same amenity are one school with it: a campus, its buildings
    and its points. A kindergarten on the campus of a school stays a school of its own.

    Returns
    -------
    geopandas.GeoDataFrame
        Indexed by `school_id` (`n…`, `w…`, `r…`): `name`, `name_en`, `kind` (or `unknown`), `status`,
        `seats_<stage>` (from `capacity`, where the kind has one stage), `evidence` (what tells the kind), `origin`
        (`osm:` and the ids of all objects that are this school); points inside the campus, in EPSG:4326.

    Notes
    -----
    The kind comes from `isced:level`, `school`, `grades`, the amenity, words in the names, and names of buildings on
    the campus, in this order; the words stand in `kinds.toml`.

    Examples
    --------
    >>> from edulayout.reading.osm import read_schools
    >>> len(read_schools("liechtenstein-latest.osm.pbf"))  # doctest: +SKIP
    33
    """
    return table(schools_from(scan(path, ("amenity", "building"), progress=progress)))


def schools_from(extract: Extract) -> list[School]:
    """Return the schools of an extract, in the order of their ids."""
    objects = [feature for feature in extract.features if amenities(feature.tags) & _AMENITIES]
    objects += _sites(extract)
    merged = _merged(objects)
    buildings = _on_campus(merged, extract)
    return [_school(main, tuple(parts), buildings[main.osm_id]) for main, parts in merged]


def _sites(extract: Extract) -> list[Feature]:
    place = {feature.osm_id: feature for feature in extract.features}
    sites = []
    for site in extract.sites:
        shapes = [place[member].geometry for member in site.members if member in place]
        if shapes and amenities(site.tags) & _AMENITIES:
            sites.append(Feature(site.osm_id, site.tags, shapely.union_all(shapes)))
    return sites


def _merged(objects: list[Feature]) -> list[tuple[Feature, list[Feature]]]:
    # Larger before smaller, so that a container is settled before what it contains.
    ranked = sorted(objects, key=lambda one: (-one.geometry.area, one.osm_id[0] == "w", one.osm_id))
    root = list(range(len(ranked)))
    for inner, outer in _containments(ranked):
        if root[inner] == inner and amenities(ranked[inner].tags) & amenities(ranked[outer].tags) & _AMENITIES:
            root[inner] = root[outer]
    parts: dict[int, list[Feature]] = {index: [] for index in range(len(ranked)) if root[index] == index}
    for index, own in enumerate(root):
        if own != index:
            parts[own].append(ranked[index])
    return sorted(((ranked[index], found) for index, found in parts.items()), key=lambda entry: order(entry[0].osm_id))


def _containments(ranked: list[Feature]) -> list[tuple[int, int]]:
    if not ranked:
        return []
    tree = shapely.STRtree([feature.geometry for feature in ranked])
    inner, outer = tree.query(points(ranked).to_numpy(), predicate="intersects")
    pairs = [
        (int(one), int(other))
        for one, other in zip(inner, outer, strict=True)
        if other < one and ranked[other].geometry.area > 0
    ]
    return sorted(pairs)


def _on_campus(merged: list[tuple[Feature, list[Feature]]], extract: Extract) -> Mapping[str, tuple[Feature, ...]]:
    found: dict[str, list[Feature]] = {main.osm_id: [] for main, _ in merged}
    buildings = [feature for feature in extract.having("building") if not _AMENITIES & amenities(feature.tags)]
    if buildings and merged:
        tree = shapely.STRtree([main.geometry for main, _ in merged])
        for building, school in np.transpose(tree.query(points(buildings).to_numpy(), predicate="intersects")):
            found[merged[school][0].osm_id].append(buildings[building])
    return {osm_id: tuple(inside) for osm_id, inside in found.items()}


def _school(main: Feature, merged: tuple[Feature, ...], buildings: tuple[Feature, ...]) -> School:
    names = [building.name for building in buildings if not {"amenity", "leisure", "sport"} & building.tags.keys()]
    return School(main, merged, buildings, kind_of([main.tags, *(part.tags for part in merged)], building_names=names))


def _borrowed_name(school: School) -> str:
    names = [building.name for building in school.buildings if _teaches(building)]
    return " / ".join(list(dict.fromkeys(name for name in names if name))[:_NAMES_SHOWN])


def _teaches(building: Feature) -> bool:
    if {"amenity", "leisure", "sport"} & building.tags.keys():
        return False
    return building.tags["building"] in _AMENITIES or bool(stages_in(building.name))


def _description(feature: Feature) -> str:
    what = next(word for word in ("kindergarten", "school") if word in amenities(feature.tags))
    street = " ".join(feature.tags[key] for key in ("addr:street", "addr:housenumber") if key in feature.tags)
    return f"Unnamed {what}, {street}" if street else f"Unnamed {what} {feature.osm_id}"


def table(schools: list[School]) -> gpd.GeoDataFrame:
    """Return schools as a table; see `read_schools`."""
    seats = {f"seats_{stage}": [_seats(school, stage) for school in schools] for stage in STAGES[:3]}
    return gpd.GeoDataFrame(
        {
            "name": [school.name for school in schools],
            "name_en": [school.main.tags.get("name:en", "") for school in schools],
            "kind": [school.guess.kind for school in schools],
            "status": [_status(school.main.tags) for school in schools],
            **seats,
            "evidence": [school.guess.evidence for school in schools],
            "origin": ["osm:" + ";".join(part.osm_id for part in school.parts) for school in schools],
        },
        geometry=points([school.main for school in schools]).to_numpy(),
        index=pd.Index([school.main.osm_id for school in schools], name="school_id", dtype=str),
        crs=LONLAT,
    )


def _status(tags: Mapping[str, str]) -> str:
    return "closed" if "yes" in (tags.get("disused"), tags.get("abandoned")) else "existing"


def _seats(school: School, stage: str) -> float:
    kind = KINDS.get(school.guess.kind)
    capacity = school.main.tags.get("capacity", "")
    return float(capacity) if kind is not None and kind.stages == (stage,) and capacity.isdecimal() else math.nan


def notes_on(schools: list[School], extract: Extract) -> tuple[Note, ...]:
    """Return what was guessed, merged or left open about schools."""
    edit = "edit `kind` in schools.csv where it is wrong"
    return (
        *noted(
            "Schools",
            "schools of unknown kind: they count for no stage",
            [f"{_label(school)}: {school.guess.evidence}" for school in schools if school.guess.kind == UNKNOWN],
            remedy="write the `kind` in schools.csv: " + ", ".join(KINDS),
        ),
        *noted(
            "Schools",
            "kinds guessed from words in names",
            [
                f"{_label(school)}: {school.guess.kind}, from {school.guess.evidence}"
                for school in schools
                if school.guess.kind != UNKNOWN and not school.guess.certain
            ],
            remedy=edit,
        ),
        *noted(
            "Schools",
            "schools with a stage that their kind does not express, left out of it",
            [f"{_label(school)}: {', '.join(school.guess.beyond)}" for school in schools if school.guess.beyond],
            remedy="add a row to schools.csv for the stage where it matters",
        ),
        *noted(
            "Schools",
            "kindergartens that look like day nurseries, counted as kindergartens",
            [_label(school) for school in schools if school.guess.kind == "kindergarten" and _is_nursery(school)],
            remedy="delete their rows from schools.csv where they take no children of kindergarten age",
        ),
        *_notes_on_objects(schools, extract),
    )


def _notes_on_objects(schools: list[School], extract: Extract) -> tuple[Note, ...]:
    return (
        *noted(
            "Schools",
            "campuses merged with the objects of the same amenity inside them",
            [
                f"{_label(one)} with {', '.join(_label_of(part) for part in one.merged)}"
                for one in schools
                if one.merged
            ],
        ),
        *noted(
            "Schools",
            "schools without a name of their own, named after their buildings or described",
            [_label(school) for school in schools if not school.stated_name],
            remedy="write the `name` in schools.csv",
        ),
        *noted(
            "Schools",
            "school objects whose geometry is not whole in the extract, set aside",
            [
                named(broken.osm_id, broken.tags.get("name", ""))
                for broken in extract.broken
                if amenities(broken.tags) & _AMENITIES
            ],
            remedy="add them to schools.csv",
        ),
        *noted(
            "Schools",
            "buildings typed as school or kindergarten that no amenity covers, not counted",
            _uncovered(schools, extract),
            remedy="add those that teach to schools.csv (and amenity=school to OpenStreetMap)",
        ),
    )


def _uncovered(schools: list[School], extract: Extract) -> list[str]:
    covered = {building.osm_id for school in schools for building in school.buildings if _fits(building, school)}
    return [
        _label_of(feature)
        for feature in extract.having("building")
        if feature.tags["building"] in _AMENITIES and "amenity" not in feature.tags and feature.osm_id not in covered
    ]


def _fits(building: Feature, school: School) -> bool:
    return building.tags["building"] != "kindergarten" or "kindergarten" in amenities(school.main.tags)


def _is_nursery(school: School) -> bool:
    return any(is_day_care(part.tags) for part in school.parts)


def _label(school: School) -> str:
    return named(school.main.osm_id, school.name)


def _label_of(feature: Feature) -> str:
    return named(feature.osm_id, feature.name)
