"""The inputs of a plan that is being carried out: programme, grades, land; read, and checked against the schools."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edulayout import crs as crs_module
from edulayout import programme
from edulayout.errors import Fault, InputError
from edulayout.groups import check_grades, read_grades
from edulayout.reading.streets import read_streets
from edulayout.reserve import check_sites, read_areas, read_buildings, read_sites
from edulayout.study.sections_programme import Groups, Programme, Reserve
from edulayout.study.settings import section_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from edulayout.programme import Programme as Projects
    from edulayout.study.inputs import StudyInputs
    from edulayout.study.settings import Layer, Settings
    from edulayout.typing import Engine

LAND = ("built_up", "committed", "planned_uses", "permits")
"""Layers of land that is taken (the first two) or claimed."""


def read_all(settings: Settings, folder: Path, tables: Mapping[str, Any], errors: list[InputError]) -> dict[str, Any]:
    """Return what the study names of the programme, the grades and the land; faults are added to the errors.

    A table that refers to another one is checked against it where that one could be read.
    """
    inputs, found = settings.inputs, {}
    schools, candidates = tables.get("schools"), tables.get("candidates")
    readers: dict[str, Callable[[Layer], Any]] = {
        "programme": lambda layer: _programme(folder / layer.path, tables),
        "grades": lambda layer: read_grades(
            folder / layer.path, encoding=layer.encoding, columns=layer.columns, schools=schools
        ),
        "sites": lambda layer: _placed(layer, read_sites, folder, settings),
        "idle": lambda layer: read_buildings(
            folder / layer.path, encoding=layer.encoding, layer=layer.layer, columns=layer.columns,
            candidates=candidates,
        ),
        **{name: lambda layer: _placed(layer, read_areas, folder, settings) for name in LAND},
    }  # fmt: skip
    for role, reader in readers.items():
        layer = getattr(inputs, role)
        try:
            found[role] = None if layer is None else reader(layer)
        except InputError as error:
            errors.append(error)
    land = {name: found.pop(name) for name in LAND if found.get(name) is not None}
    return {name: value for name, value in found.items() if name not in LAND} | {"land": land}


def _programme(path: Path, tables: Mapping[str, Any]) -> Projects:
    districts = tables.get("districts")
    made = programme.read(path, districts=None if districts is None else list(map(str, districts.index)))
    if tables.get("schools") is not None:
        faults = site_faults(made, [tables["schools"], tables.get("candidates")])
        if faults:
            raise InputError(*faults)
    return made


def _placed(
    layer: Layer, reader: Callable[..., gpd.GeoDataFrame], folder: Path, settings: Settings
) -> gpd.GeoDataFrame:
    path = folder / layer.path
    frame = reader(
        path, crs=layer.crs, layer=layer.layer, encoding=layer.encoding, columns=layer.columns, repair=layer.repair
    )
    return crs_module.to_crs(frame, settings.study.crs, source=str(path))


def roads(settings: Settings, folder: Path) -> Engine | None:
    """Return the streets for cars in minutes, where groups are asked for and the layer tells classes of streets."""
    layer, asked = settings.inputs.streets, settings.groups
    if layer is None or asked is None or asked.by == "walk":
        return None
    engine: Engine = read_streets(
        folder / layer.path, mode="drive", unit="minutes", crs=settings.study.crs, layer=layer.layer,
        encoding=layer.encoding, snap_limit_metres=settings.engine.snap_limit_metres,
        split_at_crossings=settings.engine.split_at_crossings,
    )  # fmt: skip
    return engine if asked.by == "drive" or any(getattr(engine, "classes", ())) else None


def sections(settings: Settings, folder: Path) -> dict[str, Any]:
    """Return the three sections as plain values, the letter's template as text."""
    carried = settings.programme.model_dump(mode="json") if settings.programme else {}
    if carried.get("letter"):
        carried["letter"] = _template(folder / carried["letter"])
    return {
        "under_way": carried,
        "grouping": settings.groups.model_dump() if settings.groups else {},
        "reserve": settings.reserve.model_dump() if settings.reserve else {},
    }


def _template(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            Fault(str(path), f"it cannot be read ({error})", "a template in UTF-8", "correct the path, or the file")
        ) from None


def files(settings: Settings, folder: Path) -> dict[str, str]:
    """Return the files that the programme names beside itself, by role, relative to the study file."""
    layer, asked = settings.inputs.programme, settings.programme
    found = {"letter": asked.letter} if asked is not None and asked.letter else {}
    if layer is None:
        return found
    named = programme.files_of(folder / layer.path)
    return found | {f"programme {path.name}": os.path.relpath(path, folder) for path in named}


def site_faults(made: Projects, places: Iterable[pd.DataFrame | None]) -> list[Fault]:
    """Return the projects whose `site_id` no school and no candidate has."""
    if "site_id" not in made.projects:
        return []
    known = {str(name) for frame in places if frame is not None for name in frame.index}
    site = made.projects["site_id"]
    strange = site.index[(site != "") & ~site.isin(known)]
    if strange.empty:
        return []
    told = ", ".join(map(repr, site[strange].unique()[:3]))
    return [
        Fault(made.source, f"site_id of no school and no candidate: {told}", "an id of the study, or nothing",
              "correct the ids", rows=tuple(strange))
    ]  # fmt: skip


def value_faults(study: StudyInputs) -> list[Fault]:
    """Return what is wrong with the three sections of a study that was made in Python."""
    faults = section_faults(Programme, study.under_way, source="study.under_way") if study.under_way else []
    faults += section_faults(Groups, study.grouping, source="study.grouping") if study.grouping else []
    faults += section_faults(Reserve, study.reserve, source="study.reserve") if study.reserve else []
    if study.programme is not None and not study.under_way:
        faults.append(Fault("study.under_way", "nothing", 'a day: {"as_of": "2026-06-30"}', "add it"))
    if study.grades is not None and not study.grouping:
        faults.append(Fault("study.grouping", "nothing", 'limits: {"limits": {"city": 3}}', "add them"))
    return faults


def checked(study: StudyInputs) -> StudyInputs:
    """Return the study with its programme, grades and sites checked against its schools and districts.

    Raises
    ------
    InputError
        With every fault of them.
    """
    faults: list[Fault] = []
    if study.programme is not None:
        faults += site_faults(study.programme, [study.schools, study.candidates])
        faults += _district_faults(study.programme, study.districts)
    if study.programme is not None and study.under_way.get("letter"):
        faults += _letter_faults(study.programme, study.under_way)
    grades, sites = study.grades, study.sites
    try:
        grades = (
            None if grades is None else check_grades(grades, schools=study.schools, source=_named(grades, "grades"))
        )
        sites = None if sites is None else check_sites(sites, source=_named(sites, "sites"))
    except InputError as error:
        faults += error.faults
    if faults:
        raise InputError(*faults)
    return replace(study, grades=grades, sites=sites)


def _letter_faults(made: Projects, asked: Mapping[str, Any]) -> list[Fault]:
    try:
        made.letters(asked["as_of"], template=asked["letter"])
    except InputError as error:
        return list(error.faults)
    return []


def _district_faults(made: Projects, districts: pd.DataFrame) -> list[Fault]:
    strange = made.projects.index[~made.projects["district_id"].isin(list(map(str, districts.index)))]
    if strange.empty:
        return []
    known = ", ".join(map(str, districts.index))
    return [Fault(made.source, "unknown districts", f"one of {known}", "correct them", rows=tuple(strange))]


def _named(frame: pd.DataFrame, name: str) -> str:
    return str(frame.attrs.get("source", name))


def notes_of(study: StudyInputs) -> list[str]:
    """Return what was assumed when these tables were read."""
    frames = [study.grades, study.sites, study.idle, *study.land.values()]
    return [
        f"{_named(frame, 'a table')}: {note}"
        for frame in frames
        if frame is not None
        for note in frame.attrs.get("notes", [])
    ]
