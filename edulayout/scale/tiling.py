"""Half-open tiles with about as many cells each, cut along a lattice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.errors import Fault, InputError
from edulayout.scale.cells import batches

if TYPE_CHECKING:
    from edulayout.scale.cells import Box, Cells, Piece
    from edulayout.typing import IntArray, Progress

_OFFSET = 1 << 30


class Tile(NamedTuple):
    """One part of the plane: it owns what lies in its half-open box; outermost boxes have no outer edge."""

    number: int
    box: Box
    cells: int


class Lattice(NamedTuple):
    """Squares that hold cells: column, row and how many, int64 (squares,)."""

    column: IntArray
    row: IntArray
    cells: IntArray


def pitch(cutoff_metres: float) -> float:
    """Return the side of the lattice's squares: the power of two up to half the cutoff, at least a metre."""
    return max(1.0, 2.0 ** math.floor(math.log2(cutoff_metres / 2.0)))


def looked_through(cells: Cells, side: float, *, progress: Progress) -> tuple[tuple[Piece, ...], Lattice]:
    """Return the pieces with their bounds, and how many cells lie in each square of the lattice.

    One pass over the places, O(cells); memory O(squares that hold cells).

    Raises
    ------
    InputError
        Where cells have no place.
    """
    pieces, keys, counts, faults = [], np.empty(0, np.int64), np.empty(0, np.int64), []
    for at, piece in enumerate(cells.pieces):
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for rows in batches(cells, piece, []):
            missing = ~(np.isfinite(rows.x) & np.isfinite(rows.y))
            if missing.any():
                faults.append(_no_place(piece, int(missing.sum())))
                continue
            low = np.minimum(low, [rows.x.min(), rows.y.min()])
            high = np.maximum(high, [rows.x.max(), rows.y.max()])
            keys, counts = _added(keys, counts, *_squares(rows.x, rows.y, side))
        pieces.append(piece._replace(bounds=(*low.tolist(), *high.tolist())))
        progress("look through the cells", at + 1, len(cells.pieces))
    if faults:
        raise InputError(*faults)
    return tuple(pieces), Lattice(keys // (2 * _OFFSET) - _OFFSET, keys % (2 * _OFFSET) - _OFFSET, counts)


def _no_place(piece: Piece, missing: int) -> Fault:
    return Fault(piece.file, f"{missing} cells without a place", "finite x and y in metres", "leave such rows out")


def _squares(x: np.ndarray, y: np.ndarray, side: float) -> tuple[IntArray, IntArray]:
    """Return the squares that some places lie in, as one key each, and how many lie there."""
    column, row = (np.floor(axis / side).astype(np.int64) + _OFFSET for axis in (x, y))
    left, bottom = column.min(), row.min()
    wide, high = int(column.max() - left) + 1, int(row.max() - bottom) + 1
    if wide * high > 4 * len(x) + 1024:
        keys, counts = np.unique(column * (2 * _OFFSET) + row, return_counts=True)
        return keys, counts.astype(np.int64)
    held = np.bincount((column - left) * high + (row - bottom), minlength=wide * high)
    filled = np.flatnonzero(held)
    return (filled // high + left) * (2 * _OFFSET) + filled % high + bottom, held[filled].astype(np.int64)


def _added(keys: IntArray, counts: IntArray, more: IntArray, much: IntArray) -> tuple[IntArray, IntArray]:
    at = np.searchsorted(keys, more)
    known = (at < len(keys)) & (keys[np.minimum(at, len(keys) - 1)] == more) if len(keys) else np.zeros(len(more), bool)
    counts = counts.copy()
    counts[at[known]] += much[known]
    new = ~known
    if not new.any():
        return keys, counts
    return np.insert(keys, at[new], more[new]), np.insert(counts, at[new], much[new])


def cut(lattice: Lattice, *, side: float, tile_cells: int) -> tuple[Tile, ...]:
    """Return tiles that together cover the whole plane, each point once, with at most about `tile_cells` cells.

    The plane is halved along the longer side of what is left, in proportion to the tiles wanted on either side; a
    square of the lattice is never cut. O(squares · log tiles).
    """
    tiles: list[Tile] = []
    everywhere = (-math.inf, -math.inf, math.inf, math.inf)
    open_parts = [(lattice, everywhere)]
    while open_parts:
        part, box = open_parts.pop()
        halves = _halved(part, box, side, tile_cells)
        if halves is None:
            tiles.append(Tile(len(tiles), box, int(part.cells.sum())))
        else:
            open_parts += halves[::-1]
    return tuple(tiles)


def _halved(part: Lattice, box: Box, side: float, tile_cells: int) -> list[tuple[Lattice, Box]] | None:
    total = int(part.cells.sum())
    wanted = math.ceil(total / tile_cells)
    spans = [int(axis.max() - axis.min()) for axis in (part.column, part.row)]
    if wanted <= 1 or max(spans) == 0:
        return None
    along = 0 if spans[0] >= spans[1] else 1
    axis = (part.column, part.row)[along]
    first = int(axis.min())
    sums = np.cumsum(np.bincount(axis - first, weights=part.cells))
    at = int(np.abs(sums[:-1] - total * (wanted // 2) / wanted).argmin()) + first + 1
    low, high = list(box), list(box)
    low[2 + along] = high[along] = at * side
    before = axis < at
    return [
        (Lattice(*(values[before] for values in part)), tuple(low)),  # type: ignore[list-item]
        (Lattice(*(values[~before] for values in part)), tuple(high)),  # type: ignore[list-item]
    ]
