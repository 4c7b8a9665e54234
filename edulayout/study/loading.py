"""From a study file to the tables of a study: every input read, in the CRS of the study."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from edulayout import crs as crs_module
from edulayout import reading
from edulayout.compliance import read_facts
from edulayout.engines import Straight
from edulayout.errors import InputError
from edulayout.maps import read_choice
from edulayout.reading.people import read_housing, read_people
from edulayout.reading.streets import read_streets
from edulayout.study import carrying_out
from edulayout.study.settings import WordedLayer, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from edulayout.study.settings import Layer, Safety, Settings
    from edulayout.typing import Engine, Progress

_READERS: dict[str, Callable[..., gpd.GeoDataFrame]] = {
    "districts": reading.read_districts,
    "schools": reading.read_schools,
    "demand": reading.read_demand,
    "candidates": reading.read_candidates,
    "barriers": reading.read_barriers,
    "housing": read_housing,
}
_PEOPLE = ("ages", "births", "fertility", "mortality", "migration")


def load(path: Path, *, progress: Progress) -> dict[str, Any]:
    """Return the arguments of a `Study`, read from a study file.

    Raises
    ------
    InputError
        With the faults of all inputs together.
    """
    start = time.perf_counter()
    settings = read_settings(path)
    folder = path.parent
    progress("read the inputs", 0, 1)
    tables, engine = _read_all(settings, folder)
    progress("read the inputs", 1, 1)
    about, plan = settings.study, settings.plan
    return {
        **tables,
        "engine": engine,
        "quotas": plan.quotas,
        "further": plan.further,
        "choice": read_choice(folder / plan.choice) if plan.choice else None,
        "classes": plan.classes,
        "per_1000_residents": settings.pupils.per_1000_residents if settings.pupils else None,
        "pupils_source": settings.pupils.source if settings.pupils else "",
        "radius_metres": settings.radii.override,
        "radius_reason": settings.radii.reason,
        "standard": settings.radii.standard,
        "safety": {stage: _rule(section) for stage, section in settings.safety.items()},
        "diagnosis": settings.diagnosis.model_dump(),
        "outputs": settings.outputs.model_dump(),
        "standards": _standards(settings, folder),
        "forecast": settings.demand.model_dump() if settings.demand else {},
        "sheets": settings.sheets.model_dump() if settings.sheets else {},
        "siting_year": settings.siting.year,
        "objective": settings.siting.objective,
        "gap": settings.siting.gap,
        "time_limit_seconds": settings.siting.time_limit_seconds,
        "demand_outside": settings.checks.demand_outside,
        "name": about.name,
        "name_zh": about.name_zh,
        "note": about.note,
        "note_zh": about.note_zh,
        "source": about.source,
        "review_number": about.review_number,
        "language": about.language,
        "origin": {**_origin(settings, path), "seconds": {"read the inputs": round(time.perf_counter() - start, 3)}},
    }


def _read_all(settings: Settings, folder: Path) -> tuple[dict[str, Any], Engine]:
    """Return all tables and the engine; the faults of every file are raised together."""
    tables: dict[str, Any] = {}
    errors: list[InputError] = []
    for role, reader in _READERS.items():
        layer = getattr(settings.inputs, role)
        try:
            tables[role] = None if layer is None else _read(layer, reader, folder, settings.study.crs)
        except InputError as error:
            errors.append(error)
    try:
        tables["facts"] = _facts(settings.inputs.facts, folder, tables.get("schools"))
    except InputError as error:
        errors.append(error)
    people = _people(settings, folder, errors)
    carried = carrying_out.read_all(settings, folder, tables, errors)
    try:
        engine = _engine(settings, folder, tables.get("barriers"))
        carried |= {"drive": carrying_out.roads(settings, folder), **carrying_out.sections(settings, folder)}
    except InputError as error:
        errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputError(*(fault for error in errors for fault in error.faults))
    return {**tables, "people": people, **carried}, engine


def _read(layer: Layer, reader: Callable[..., gpd.GeoDataFrame], folder: Path, crs: str) -> gpd.GeoDataFrame:
    path = folder / layer.path
    asked = {"layer": layer.layer, "crs": layer.crs, "encoding": layer.encoding, "repair": layer.repair}
    words = {"values": layer.values} if isinstance(layer, WordedLayer) else {}
    frame = reader(path, columns=layer.columns, **asked, **words)
    return crs_module.to_crs(frame, crs, source=str(path))


def _people(settings: Settings, folder: Path, errors: list[InputError]) -> dict[str, pd.DataFrame]:
    """Return the tables about people that the study names; what is wrong with them is added to the errors."""
    tables = {}
    for role in _PEOPLE:
        layer = getattr(settings.inputs, role)
        try:
            if layer is not None:
                path = folder / layer.path
                tables[role] = read_people(path, layer=layer.layer, encoding=layer.encoding, columns=layer.columns)
        except InputError as error:
            errors.append(error)
    return tables


def _facts(layer: WordedLayer | None, folder: Path, schools: gpd.GeoDataFrame | None) -> pd.DataFrame | None:
    if layer is None:
        return None
    asked = {"layer": layer.layer, "encoding": layer.encoding, "columns": layer.columns, "values": layer.values}
    return read_facts(folder / layer.path, schools=schools, **asked)  # type: ignore[arg-type] # each as the layer has it


def _standards(settings: Settings, folder: Path) -> dict[str, Any]:
    """Return the section of standards, with the paths of own sets seen from the study file."""
    if settings.standards is None:
        return {}
    given = settings.standards.model_dump()
    for layer in ("sets", "local"):
        given[layer] = [str(folder / name) if name.endswith(".toml") else name for name in given[layer]]
    return given


def _own_sets(settings: Settings) -> list[str]:
    asked = settings.standards
    return [] if asked is None else [name for name in (*asked.sets, *asked.local) if name.endswith(".toml")]


def _engine(settings: Settings, folder: Path, barriers: gpd.GeoDataFrame | None) -> Engine:
    layer, choice = settings.inputs.streets, settings.engine
    if choice.name == "straight" or layer is None:
        return Straight()
    engine: Engine = read_streets(
        folder / layer.path,
        crs=settings.study.crs,
        layer=layer.layer,
        encoding=layer.encoding,
        snap_limit_metres=choice.snap_limit_metres,
        barriers=barriers,
        split_at_crossings=choice.split_at_crossings,
    )
    return engine


def _rule(section: Safety) -> dict[str, Any]:
    """Return a section as the arguments of `Streets.avoiding`."""
    given = section.model_dump()
    return {"classes": given.pop("avoid"), **given}


def _origin(settings: Settings, path: Path) -> dict[str, Any]:
    """Return what the manifest tells of the inputs: the settings with their defaults, every file with its hash."""
    layers = {role: getattr(settings.inputs, role) for role in type(settings.inputs).model_fields}
    files = {role: layer.path for role, layer in layers.items() if layer is not None}
    files |= {"choice": settings.plan.choice} if settings.plan.choice else {}
    files |= carrying_out.files(settings, path.parent)
    files |= {f"standard {name}": name for name in _own_sets(settings) if (path.parent / name).is_file()}
    return {
        "study_file": path,
        "settings": settings.model_dump(mode="json", exclude_none=True),
        "inputs": [
            {"role": role, "path": name, **fingerprint(path.parent / name)} for role, name in sorted(files.items())
        ],
    }


def fingerprint(path: Path) -> dict[str, object]:
    """Return size and SHA-256 of a file."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
    return {"bytes": path.stat().st_size, "sha256": content.hexdigest()}
