"""Vector files: anything that GDAL opens, its layer chosen and its text decoded for certain."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio

from edulayout.reading.columns import CRS_BY_DEFAULT
from edulayout.reading.dbf import shapefile_encoding
from edulayout.tables.gate import ROW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edulayout.tables.findings import Findings

_HEAD_BYTES = 4096
_PACKED = frozenset({".zip", ".gz", ".7z", ".rar", ".tar"})


def read_vector(path: Path, *, layer: str | None, encoding: str | None, findings: Findings) -> pd.DataFrame:
    """Return one layer of a file, its index saying the row, such as `row 1`.

    Raises
    ------
    TableError
        Where GDAL cannot open the file, several layers are there to choose from, or the text cannot be decoded.
    """
    _refuse_container(path, findings)
    chosen = _layer(path, layer, findings)
    decoding = shapefile_encoding(path, encoding, findings)
    with warnings.catch_warnings(record=True) as caught, _told(findings):
        warnings.simplefilter("always")
        frame: pd.DataFrame = pyogrio.read_dataframe(path, layer=chosen, encoding=decoding)
        promised = int(pyogrio.read_info(path, layer=chosen)["features"])
    for warning in caught:
        findings.note(f"GDAL says: {warning.message}")
    if promised > len(frame):
        findings.fault(f"{len(frame)} rows, though it says to hold {promised}", "all rows", "copy the file again")
        findings.settle()
    frame.attrs[CRS_BY_DEFAULT] = _names_no_crs(path)
    frame.index = pd.Index([f"row {number}" for number in range(1, len(frame) + 1)], name=ROW, dtype=str)
    return frame


@contextmanager
def _told(findings: Findings) -> Iterator[None]:
    """Turn what GDAL raises into a fault."""
    try:
        yield
    except (RuntimeError, ValueError, LookupError) as error:
        findings.fault(
            f"GDAL cannot read it: {error}",
            "a whole file of a format that GDAL knows (GeoPackage, shapefile, GeoJSON, …)",
            "copy the file again with all its parts, or export it as GeoPackage",
        )
        findings.settle()


def _refuse_container(path: Path, findings: Findings) -> None:
    if path.suffix.lower() in _PACKED:
        findings.fault("a packed file", "the file itself", "unpack it first")
    elif path.is_dir() and path.suffix.lower() != ".gdb":
        findings.fault("a folder", "a file", "name the file in it")
    findings.settle()


def _layer(path: Path, layer: str | None, findings: Findings) -> str | None:
    with _told(findings):
        layers = pyogrio.list_layers(path)
    names = [str(name) for name, _ in layers]
    drawn = [str(name) for name, shape in layers if shape is not None] or names
    if layer is not None and layer not in names:
        findings.fault(f"no layer {layer!r}; there are {', '.join(names)}", "a layer of the file", "name one of them")
    elif layer is None and len(drawn) > 1:
        findings.fault(
            f"{len(drawn)} layers: {', '.join(drawn)}", "one layer", f'name the one you mean: layer="{drawn[0]}"'
        )
    findings.settle()
    return layer if layer is not None else next(iter(drawn), None)


def _names_no_crs(path: Path) -> bool:
    """Return whether a GeoJSON has no `crs` member: GDAL then says WGS 84, but nobody has written it."""
    if path.suffix.lower() not in {".geojson", ".json"}:
        return False
    with path.open("rb") as file:
        return b'"crs"' not in file.read(_HEAD_BYTES)
