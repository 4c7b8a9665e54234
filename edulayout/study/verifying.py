"""Run a study again and compare: which outputs are the same, which differ and by how much."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyogrio

from edulayout.errors import Fault, InputError, MissingFileError
from edulayout.study.loading import fingerprint
from edulayout.study.manifest import MANIFEST, read_manifest
from edulayout.study.study import Study
from edulayout.typing import quiet

if TYPE_CHECKING:
    from edulayout.typing import Progress

TIMING = frozenset({"seconds"})
"""Columns that say how long something took: never the same twice, and not compared."""


@dataclass(frozen=True)
class Comparison:
    """One output compared: `identical`, `identical but for timing`, `differs` or `altered since the run`."""

    output: str
    verdict: str
    detail: str = ""

    @property
    def same(self) -> bool:
        """Whether the numbers are the same."""
        return self.verdict.startswith("identical")


def verify(folder: str | os.PathLike[str], *, progress: Progress = quiet) -> list[Comparison]:
    """Run the study of a result folder again and compare every output.

    Raises
    ------
    InputError
        Where the folder holds no manifest, the study file is gone, or the inputs are not those of the run.
    """
    old = Path(folder)
    manifest = _manifest(old)
    study_file = _study_file(old, manifest)
    _check_inputs(study_file, manifest)
    with tempfile.TemporaryDirectory(prefix="edulayout-verify-") as place:
        new = Path(place) / "results"
        Study.from_file(study_file, progress=progress).run(new, progress=progress)
        return [_compare(entry, old, new) for entry in manifest["outputs"]]


def _manifest(folder: Path) -> dict[str, Any]:
    content = read_manifest(folder)
    if content is None:
        raise MissingFileError(
            Fault(str(folder / MANIFEST), "no manifest of a run", "the manifest that every run writes",
                  "name the folder that `edulayout run` wrote")
        )  # fmt: skip
    return content


def _study_file(folder: Path, manifest: dict[str, Any]) -> Path:
    entry = manifest["study_file"]
    if entry is None:
        raise InputError(
            Fault(str(folder / MANIFEST), "a run of tables given in Python", "a run of a study file",
                  "write a study file to have its runs verified")
        )  # fmt: skip
    path = Path(os.path.normpath(folder.resolve() / entry["path"]))
    if not path.exists():
        raise MissingFileError(
            Fault(str(path), "no such file", "the study file of the run", "bring study and inputs back to their place")
        )
    return path


def _check_inputs(study_file: Path, manifest: dict[str, Any]) -> None:
    known = [(study_file, manifest["study_file"])]
    known += [(study_file.parent / entry["path"], entry) for entry in manifest["inputs"]]
    changed = [
        Fault(str(path), "not the file of the run" if path.exists() else "no such file",
              f"SHA-256 {entry['sha256'][:16]}…", "bring back the file of the run, or run the study anew")
        for path, entry in known
        if not path.exists() or fingerprint(path)["sha256"] != entry["sha256"]
    ]  # fmt: skip
    if changed:
        raise InputError(*changed)


def _compare(entry: dict[str, Any], old: Path, new: Path) -> Comparison:
    name = entry["path"]
    before, after = old / name, new / name
    if not before.exists() or fingerprint(before)["sha256"] != entry["sha256"]:
        return Comparison(name, "altered since the run", "the file is not the one that the manifest describes")
    if fingerprint(after)["sha256"] == entry["sha256"]:
        return Comparison(name, "identical")
    if name.endswith(".csv"):
        return _compare_tables(name, pd.read_csv(before, dtype=str), pd.read_csv(after, dtype=str))
    if name.endswith(".gpkg"):
        return _compare_layers(name, before, after)
    return Comparison(name, "differs", f"{before.stat().st_size} and {after.stat().st_size} bytes")


def _compare_tables(name: str, before: pd.DataFrame, after: pd.DataFrame) -> Comparison:
    if list(before.columns) != list(after.columns) or len(before) != len(after):
        return Comparison(name, "differs", f"shape {before.shape} and {after.shape}")
    details = [_difference(str(column), before[column], after[column]) for column in before if column not in TIMING]
    found = "; ".join(text for text in details if text)
    return Comparison(name, "differs", found) if found else Comparison(name, "identical but for timing")


def _difference(column: str, before: pd.Series[str], after: pd.Series[str]) -> str:
    unequal = (before != after) & ~(before.isna() & after.isna())
    if not unequal.any():
        return ""
    gap = (pd.to_numeric(before, errors="coerce") - pd.to_numeric(after, errors="coerce")).abs()
    most = "" if np.isnan(gap.max()) else f", at most by {gap.max():.6g}"
    return f"{column}: {int(unequal.sum())} of {len(before)} values{most}"


def _compare_layers(name: str, before: Path, after: Path) -> Comparison:
    details = []
    for layer, _ in pyogrio.list_layers(before):
        one, two = (pyogrio.read_dataframe(path, layer=layer) for path in (before, after))
        if len(one) != len(two) or list(one.columns) != list(two.columns):
            details.append(f"{layer}: shape {one.shape} and {two.shape}")
            continue
        moved = int((one.geometry.to_wkb() != two.geometry.to_wkb()).sum())
        columns = [
            _difference(name, one[name].astype(str), two[name].astype(str)) for name in one if name != "geometry"
        ]
        details += [f"{layer}: {text}" for text in columns if text]
        details += [f"{layer}: {moved} geometries"] if moved else []
    return Comparison(name, "differs", "; ".join(details) or "the bytes, but no value")
