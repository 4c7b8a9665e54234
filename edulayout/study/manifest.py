"""The manifest of a run: what a reader needs to repeat it, and to know why two runs differ."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import edulayout
from edulayout import crs as crs_module
from edulayout.stages import STAGES
from edulayout.study.loading import fingerprint
from edulayout.study.versions import versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.study.result import Result
    from edulayout.study.set_aside import SetAside

MANIFEST = "manifest.json"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a result folder; None where there is none, or one that no run wrote."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(content, dict) and {"edulayout", "study_file", "inputs", "outputs"} <= set(content)
    return content if ours else None


def manifest_of(result: Result, folder: Path, outputs: Sequence[str], *, place: Path) -> dict[str, Any]:
    """Return the content of `manifest.json` for a folder with its outputs written, which will stand at a place."""
    study, origin = result.study, result.study.origin
    return {
        "edulayout": edulayout.__version__,
        "study": study.name,
        "note": study.note,
        "source": study.source,
        "study_file": _study_file(origin.get("study_file"), place),
        "settings": origin.get("settings", "given in Python, not in a study file"),
        "inputs": origin.get("inputs", []),
        "parameters": _parameters(result),
        "notes": list(result.notes),
        "outputs": [{"path": name, **fingerprint(folder / name)} for name in outputs],
        "crs": crs_module.label(study.districts.crs),
        "engine": _engine(result),
        "standards": list(result.rules),
        "set_aside": [_set_aside(entry) for entry in result.set_aside],
        "pupils": _conservation(result),
        "versions": versions(),
        "platform": {"system": platform.platform(), "machine": platform.machine(), "cores": os.cpu_count()},
        "seconds": dict(result.seconds),
    }


def _parameters(result: Result) -> dict[str, Any]:
    """Return the plain values that the run was made with, wherever they came from."""
    study = result.study
    names = ("quotas", "further", "classes", "per_1000_residents", "pupils_source", "objective", "gap",
             "time_limit_seconds", "demand_outside", "safety", "diagnosis", "outputs", "standards", "forecast",
             "sheets", "siting_year", "under_way", "grouping", "reserve", "language")  # fmt: skip
    choice = None if study.choice is None else asdict(study.choice)
    own = {name: getattr(study, name) for name in names}
    return {"radius_metres": dict(result.radii), "choice": choice, **own}


def _study_file(path: object, folder: Path) -> dict[str, object] | None:
    if not isinstance(path, Path):
        return None
    # Relative to the place of the results: both can move together to another machine.
    return {"path": os.path.relpath(path.resolve(), folder.resolve()), **fingerprint(path)}


def _engine(result: Result) -> dict[str, object]:
    costs = result.costs
    summary = getattr(result.study.engine, "summary", None)
    return {
        "name": costs.engine,
        "unit": costs.unit,
        "pairs": costs.pairs,
        **({"network": summary()} if callable(summary) else {}),
    }


def _set_aside(entry: SetAside) -> dict[str, object]:
    people = {} if entry.population is None else {"population": entry.population}
    return {"reason": entry.reason, "count": len(entry.rows), **people, "rows": list(entry.rows)}


def _conservation(result: Result) -> dict[str, dict[str, float]]:
    """Return for each stage the pupils that came in, and those that the measures counted: they are equal."""
    whole = result.coverage[(result.coverage["district_id"] == "all") & (result.coverage["layout"] == "existing")]
    counted = whole.set_index("stage")["pupils"]
    return {
        stage: {"in": float(result.demand[f"pupils_{stage}"].sum()), "measured": float(counted[stage])}
        for stage in STAGES
        if stage in counted.index
    }
