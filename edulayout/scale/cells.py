"""Cells in a folder of Parquet files: what is there, and the rows within a box."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from edulayout.errors import Fault, InputError, MissingFileError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from edulayout.typing import FloatArray

Box = tuple[float, float, float, float]
"""Left, bottom (both inside), right, top (both outside)."""

_BATCH_ROWS = 131_072
_HASH_BYTES = 1 << 20


class Piece(NamedTuple):
    """One row group of one file, its bounds, and what the folder's name says of its rows (`name=value`)."""

    file: str
    group: int
    rows: int
    bounds: Box
    told: tuple[tuple[str, str], ...]


class Fingerprint(NamedTuple):
    """A file by its content."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Cells:
    """A folder of cells that has been looked through.

    Parameters
    ----------
    folder
        Where the files lie.
    files
        Every file with its hash, by name.
    pieces
        Every row group with the bounds of its cells.
    columns
        Columns of all files, and those that folder names tell.
    place
        How the place of a cell is told: `xy` (columns x and y), `point` or `wkb` (a GeoParquet geometry).
    geometry
        Name of that geometry column, empty for `xy`.
    crs
        CRS that GeoParquet tells, as PROJ JSON; empty where the files say nothing.
    """

    folder: str
    files: tuple[Fingerprint, ...]
    pieces: tuple[Piece, ...]
    columns: tuple[str, ...]
    place: str
    geometry: str
    crs: str

    @property
    def rows(self) -> int:
        """How many cells."""
        return sum(piece.rows for piece in self.pieces)


class Rows(NamedTuple):
    """Cells within a box: places in metres, float64 (n,), and the other columns asked for."""

    x: FloatArray
    y: FloatArray
    table: pa.Table


def found(folder: str | os.PathLike[str]) -> Cells:
    """Return what a folder of cells (or one file) holds; the pieces have no bounds yet.

    Raises
    ------
    MissingFileError
        Where there is no Parquet file.
    InputError
        Where files differ in their columns, are damaged, or tell no place.
    """
    root = Path(folder)
    paths = [root] if root.is_file() else sorted(root.rglob("*.parquet"))
    paths = [path for path in paths if not any(part.startswith((".", "_")) for part in path.relative_to(root).parts)]
    if not paths:
        raise MissingFileError(
            Fault(str(root), "no Parquet file", "a folder of .parquet files", "check the path, or export the cells")
        )
    base = root.parent if root.is_file() else root
    first, pieces, faults = _schema(paths[0]), [], []
    for path in paths:
        own = _schema(path)
        if own.names != first.names:
            faults.append(
                Fault(str(path), f"the columns {', '.join(own.names)}", f"those of {paths[0].name}: "
                      f"{', '.join(first.names)}", "write all files with the same columns")
            )  # fmt: skip
        name = path.relative_to(base).as_posix()
        told = tuple(_told(name))
        metadata = pq.read_metadata(path)
        pieces += [
            Piece(name, group, metadata.row_group(group).num_rows, (0.0, 0.0, 0.0, 0.0), told)
            for group in range(metadata.num_row_groups)
        ]
    place, geometry, crs = _place(first, str(root), faults)
    if not sum(piece.rows for piece in pieces):
        faults.append(Fault(str(root), "no rows", "at least one cell", "export the cells again"))
    if faults:
        raise InputError(*faults)
    columns = (*first.names, *(name for name, _ in pieces[0].told if name not in first.names))
    files = tuple(_fingerprint(path, path.relative_to(base).as_posix()) for path in paths)
    return Cells(str(base.absolute()), files, tuple(pieces), columns, place, geometry, crs)


def _schema(path: Path) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    try:
        return pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            Fault(str(path), f"it cannot be read as Parquet ({error})", "a whole Parquet file", "export it again")
        ) from None


def _told(name: str) -> Iterator[tuple[str, str]]:
    for part in name.split("/")[:-1]:
        key, equals, value = part.partition("=")
        if equals:
            yield key, value


def _place(schema: Any, source: str, faults: list[Fault]) -> tuple[str, str, str]:  # noqa: ANN401
    """Return how places are told, the geometry column and its CRS."""
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    column = geo.get("primary_column", "")
    told = geo.get("columns", {}).get(column, {})
    crs = json.dumps(told["crs"], sort_keys=True) if told.get("crs") else ""
    if {"x", "y"} <= set(schema.names):
        return "xy", "", crs
    way = {"WKB": "wkb", "point": "point"}.get(told.get("encoding", ""))
    if way is None:
        faults.append(
            Fault(source, f"the columns {', '.join(schema.names)}", "columns x and y in metres, or a GeoParquet "
                  "geometry of points", "add them")
        )  # fmt: skip
    return way or "", column, crs


def _fingerprint(path: Path, name: str) -> Fingerprint:
    content = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BYTES):
            content.update(block)
    return Fingerprint(name, path.stat().st_size, content.hexdigest())


def batches(cells: Cells, piece: Piece, columns: Sequence[str]) -> Iterator[Rows]:
    """Yield the cells of a piece, some at a time."""
    in_file = [name for name in columns if name not in dict(piece.told)]
    places = ["x", "y"] if cells.place == "xy" else [cells.geometry]
    with pq.ParquetFile(Path(cells.folder) / piece.file) as file:
        wanted = list(dict.fromkeys([*places, *in_file]))
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=[piece.group], columns=wanted, use_threads=False):
            x, y = _xy(batch, cells)
            table = pa.Table.from_batches([batch]).select(in_file)
            for name, value in piece.told:
                if name in columns:
                    table = table.append_column(name, pa.array(np.full(len(x), value, dtype=object), pa.string()))
            yield Rows(x, y, table.select(list(columns)))


def _xy(batch: Any, cells: Cells) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401
    if cells.place == "wkb":
        points = shapely.from_wkb(batch.column(cells.geometry).to_numpy(zero_copy_only=False))
        return shapely.get_x(points), shapely.get_y(points)
    ends = batch if cells.place == "xy" else batch.column(cells.geometry)
    x, y = (ends.column(name) if cells.place == "xy" else ends.field(name) for name in ("x", "y"))
    return tuple(axis.to_numpy(zero_copy_only=False).astype(np.float64, copy=False) for axis in (x, y))


def within(cells: Cells, box: Box, columns: Sequence[str]) -> Rows:
    """Return the cells of a half-open box, in the order of the files. O(rows of the pieces that meet it)."""
    left, bottom, right, top = box
    parts = []
    for piece in cells.pieces:
        low_x, low_y, high_x, high_y = piece.bounds
        if high_x < left or low_x >= right or high_y < bottom or low_y >= top:
            continue
        for rows in batches(cells, piece, columns):
            inside = (rows.x >= left) & (rows.x < right) & (rows.y >= bottom) & (rows.y < top)
            if inside.all():
                parts.append(rows)
            elif inside.any():
                kept = np.flatnonzero(inside)
                parts.append(Rows(rows.x[kept], rows.y[kept], rows.table.take(pa.array(kept))))
    if not parts:
        empty = next(batches(cells, cells.pieces[0], columns))
        return Rows(empty.x[:0], empty.y[:0], empty.table.slice(0, 0))
    x, y = (np.concatenate([getattr(part, axis) for part in parts]) for axis in ("x", "y"))
    return Rows(x, y, pa.concat_tables([part.table for part in parts]))
