"""Cells that follow no order in space, written once more so that tiles find theirs together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from edulayout.scale import cells as cells_module
from edulayout.scale.geoparquet import geo_metadata
from edulayout.scale.tiling import looked_through
from edulayout.typing import quiet
from edulayout.writing import whole_folder

if TYPE_CHECKING:
    import os

    from edulayout.scale.cells import Cells, Piece, Rows
    from edulayout.typing import FloatArray, IntArray, Progress

SQUARE_METRES = 16_384.0
GROUP_ROWS = 50_000


def arrange(
    cells: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    square_metres: float = SQUARE_METRES,
    progress: Progress = quiet,
) -> Path:
    """Write cells in spatial order, so that a tile reads its own ones and few others.

    A plan over files in any other order is as right, but each tile reads every piece that it meets: all of them,
    where the cells are shuffled. Every piece (row group) is sorted by squares along a Z-shaped curve and written as
    groups of some squares; `Plan.reads` tells how often a plan reads a cell.

    Parameters
    ----------
    cells
        As in `plan`.
    out
        Folder to write; it appears whole.
    square_metres
        Side of the squares.
    progress
        Called with what is done.

    Returns
    -------
    pathlib.Path
        The folder. O(cells log cells); memory of one piece.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> folder = tempfile.mkdtemp()
    >>> pd.DataFrame({"id": [1, 2, 3], "x": [0.0, 90e3, 1.0], "y": 0.0}).to_parquet(f"{folder}/cells.parquet")
    >>> pd.read_parquet(arrange(folder, f"{folder}/arranged"))["id"].tolist()
    [1, 3, 2]
    """
    found = cells_module.found(cells)
    pieces, _ = looked_through(found, square_metres, progress=quiet)
    corner = min(piece.bounds[0] for piece in pieces), min(piece.bounds[1] for piece in pieces)
    with whole_folder(out) as folder:
        for at, piece in enumerate(pieces):
            _write(found, piece, corner, square_metres, folder / f"cells-{at:06d}.parquet")
            progress("arrange the cells", at + 1, len(pieces))
    return Path(out)


def _write(cells: Cells, piece: Piece, corner: tuple[float, float], square: float, path: Path) -> None:
    parts = list(cells_module.batches(cells, piece, [name for name in cells.columns if name != cells.geometry]))
    x, y = (np.concatenate([getattr(part, axis) for part in parts]) for axis in ("x", "y"))
    column, row = (((ends - low) // square).astype(np.int64) for ends, low in zip((x, y), corner, strict=True))
    table = _table(parts, x, y, cells.crs).take(pa.array(np.argsort(_curve(column, row), kind="stable")))
    pq.write_table(table, path, row_group_size=GROUP_ROWS, compression="zstd", compression_level=1)


def _table(parts: list[Rows], x: FloatArray, y: FloatArray, crs: str) -> pa.Table:
    """Return all columns with x and y; where the CRS is known, as GeoParquet."""
    table = pa.concat_tables([part.table for part in parts])
    table = table.drop_columns([name for name in ("x", "y", "geometry") if name in table.column_names])
    table = table.append_column("x", pa.array(x)).append_column("y", pa.array(y))
    if not crs:
        return table
    point = pa.StructArray.from_arrays([pa.array(x), pa.array(y)], names=["x", "y"])
    table = table.append_column("geometry", point)
    return table.replace_schema_metadata({"geo": geo_metadata(json.loads(crs))})


def _curve(column: IntArray, row: IntArray) -> IntArray:
    """Return the place of squares along a Z-shaped (Morton) curve, for up to 2**16 columns and rows."""
    place = np.zeros(len(column), dtype=np.int64)
    for bit in range(16):
        place |= ((column >> bit) & 1) << (2 * bit) | ((row >> bit) & 1) << (2 * bit + 1)
    return place
