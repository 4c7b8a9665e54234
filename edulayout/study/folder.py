"""The result folder: every output of a run, whole or not at all."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from edulayout import maps, writing
from edulayout.export import plan_styles, words, write_geopackage, write_table
from edulayout.study import printing
from edulayout.study.handing_over import hand_over
from edulayout.study.manifest import MANIFEST, manifest_of, read_manifest
from edulayout.study.reporting import PAGE
from edulayout.study.settings import Outputs

if TYPE_CHECKING:
    from pathlib import Path

    from edulayout.study.result import Result


def check_place(out: Path) -> None:
    """Check, before a run, that its result folder can be written and holds nothing that no run wrote.

    Raises
    ------
    OutputError
        Naming the place, or the files that would be lost.
    """
    writing.check_place(out, foreign=_foreign)


def write(result: Result, out: Path) -> None:
    """Write the result folder; an old one is replaced only when the new one is whole.

    Raises
    ------
    OutputError
        Where the place cannot be written or holds something that no run wrote.
    """
    start = time.perf_counter()
    with writing.whole_folder(out, foreign=_foreign) as folder:
        outputs = _write_all(result, folder)
        spent = {"write the results": round(time.perf_counter() - start, 3)}
        content = manifest_of(replace(result, seconds={**result.seconds, **spent}), folder, outputs, place=out)
        (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _write_all(result: Result, folder: Path) -> list[str]:
    """Write every table, layer, map and file of a result; return their paths in the folder."""
    (folder / "tables").mkdir()
    tables = result.tables
    for name, table in tables.items():
        write_table(table, folder / "tables" / f"{name}.csv")
    layouts = list(dict.fromkeys(result.coverage["layout"]))
    styles = plan_styles(layouts, list(result.radii), result.radii, names=words(result.study.language).values)
    write_geopackage(result.layers, folder / "results.gpkg", styles=styles)
    pages = {"map.html": maps.page(result.map()), **_report(result), **result.files, **printing.sheets(result)}
    for name, content in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return [*(f"tables/{name}.csv" for name in tables), "results.gpkg", *pages, *hand_over(result, folder)]


def _report(result: Result) -> dict[str, str]:
    """Return the report by its name, unless the study asks for none."""
    asked = Outputs.model_validate(dict(result.study.outputs))
    return {PAGE: result.report().html} if asked.report else {}


def _foreign(folder: Path) -> list[str]:
    """Return the files of a folder that its manifest does not list; all of them where the manifest is not ours."""
    there = sorted(str(file.relative_to(folder).as_posix()) for file in folder.rglob("*") if file.is_file())
    manifest = read_manifest(folder)
    ours = {MANIFEST, *(entry["path"] for entry in manifest["outputs"])} if manifest else set()
    return [name for name in there if name not in ours]
