"""From a study file to the tables of a study: every input read, in the CRS of the study."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from edulayout import crs as crs_module
from edulayout import reading
from edulayout.engines import Straight
from edulayout.errors import InputError
from edulayout.reading.streets import read_streets
from edulayout.study.settings import WordedLayer, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from edulayout.study.settings import Layer, Safety, Settings
    from edulayout.typing import Engine, Progress

_READERS: dict[str, Callable[..., gpd.GeoDataFrame]] = {
    "districts": reading.read_districts,
    "schools": reading.read_schools,
    "demand": reading.read_demand,
    "candidates": reading.read_candidates,
    "barriers": reading.read_barriers,
}


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
        "classes": plan.classes,
        "per_1000_residents": settings.pupils.per_1000_residents if settings.pupils else None,
        "pupils_source": settings.pupils.source if settings.pupils else "",
        "radius_metres": settings.radii.override,
        "radius_reason": settings.radii.reason,
        "standard": settings.radii.standard,
        "safety": {stage: _rule(section) for stage, section in settings.safety.items()},
        "objective": settings.siting.objective,
        "gap": settings.siting.gap,
        "time_limit_seconds": settings.siting.time_limit_seconds,
        "demand_outside": settings.checks.demand_outside,
        "name": about.name,
        "name_zh": about.name_zh,
        "note": about.note,
        "note_zh": about.note_zh,
        "source": about.source,
        "language": about.language,
        "origin": {**_origin(settings, path), "seconds": {"read the inputs": round(time.perf_counter() - start, 3)}},
    }


def _read_all(settings: Settings, folder: Path) -> tuple[dict[str, gpd.GeoDataFrame], Engine]:
    """Return all tables and the engine; the faults of every file are raised together."""
    tables: dict[str, gpd.GeoDataFrame] = {}
    errors: list[InputError] = []
    for role, reader in _READERS.items():
        layer = getattr(settings.inputs, role)
        try:
            tables[role] = None if layer is None else _read(layer, reader, folder, settings.study.crs)
        except InputError as error:
            errors.append(error)
    try:
        engine = _engine(settings, folder, tables.get("barriers"))
    except InputError as error:
        errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputError(*(fault for error in errors for fault in error.faults))
    return tables, engine


def _read(layer: Layer, reader: Callable[..., gpd.GeoDataFrame], folder: Path, crs: str) -> gpd.GeoDataFrame:
    path = folder / layer.path
    asked = {"layer": layer.layer, "crs": layer.crs, "encoding": layer.encoding, "repair": layer.repair}
    words = {"values": layer.values} if isinstance(layer, WordedLayer) else {}
    frame = reader(path, columns=layer.columns, **asked, **words)
    return crs_module.to_crs(frame, crs, source=str(path))


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
