"""The nearest street segment of many points, by a grid, and never across a barrier."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray


class Grid(NamedTuple):
    """Straight segments and the square cells that each one passes through."""

    x0: FloatArray
    y0: FloatArray
    x1: FloatArray
    y1: FloatArray
    left: float
    bottom: float
    cell: float
    columns: int
    rows: int
    cell_ptr: IntArray
    cell_segment: Int32Array


def grid(x0: FloatArray, y0: FloatArray, x1: FloatArray, y1: FloatArray, *, cell_least: float) -> Grid:
    """Return the grid of some segments; cells grow until there are at most four to a segment."""
    if len(x0) == 0:
        return Grid(x0, y0, x1, y1, 0.0, 0.0, 1.0, 1, 1, np.zeros(2, dtype=np.int64), np.empty(0, dtype=np.int32))
    left, bottom = min(x0.min(), x1.min()), min(y0.min(), y1.min())
    width, height = max(x0.max(), x1.max()) - left, max(y0.max(), y1.max()) - bottom
    longest = float(np.hypot(width, height))
    cell = max(cell_least, float(np.sqrt(width * height / (4.0 * len(x0)))), longest / (4.0 * len(x0)))
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    cell_ptr, cell_segment = _fill(x0, y0, x1, y1, float(left), float(bottom), cell, columns, rows)
    return Grid(x0, y0, x1, y1, float(left), float(bottom), cell, columns, rows, cell_ptr, cell_segment)


@njit(cache=True, nogil=True)
def _fill(
    x0: FloatArray,
    y0: FloatArray,
    x1: FloatArray,
    y1: FloatArray,
    left: float,
    bottom: float,
    cell: float,
    columns: int,
    rows: int,
) -> tuple[IntArray, Int32Array]:
    cell_ptr = np.zeros(columns * rows + 1, dtype=np.int64)
    cell_segment = np.empty(0, dtype=np.int32)
    margin = 1e-9 * (1.0 + cell)
    for turn in range(2):
        for i in range(len(x0)):
            low = min(y0[i], y1[i])
            high = max(y0[i], y1[i])
            first_row = max(0, int((low - margin - bottom) / cell))
            last_row = min(rows - 1, int((high + margin - bottom) / cell))
            for row in range(first_row, last_row + 1):
                xa = x0[i]
                xb = x1[i]
                if last_row > first_row and high > low:
                    # where the segment enters and leaves this row of cells
                    sa = min(1.0, max(0.0, (bottom + row * cell - y0[i]) / (y1[i] - y0[i])))
                    sb = min(1.0, max(0.0, (bottom + (row + 1) * cell - y0[i]) / (y1[i] - y0[i])))
                    xa = x0[i] + sa * (x1[i] - x0[i])
                    xb = x0[i] + sb * (x1[i] - x0[i])
                first_column = max(0, int((min(xa, xb) - margin - left) / cell))
                last_column = min(columns - 1, int((max(xa, xb) + margin - left) / cell))
                for column in range(first_column, last_column + 1):
                    k = row * columns + column
                    if turn == 0:
                        cell_ptr[k + 1] += 1
                    else:
                        cell_segment[cell_ptr[k]] = i
                        cell_ptr[k] += 1
        if turn == 0:
            for k in range(columns * rows):
                cell_ptr[k + 1] += cell_ptr[k]
            cell_segment = np.empty(cell_ptr[columns * rows], dtype=np.int32)
        else:
            for k in range(columns * rows, 0, -1):
                cell_ptr[k] = cell_ptr[k - 1]
            cell_ptr[0] = 0
    return cell_ptr, cell_segment


@njit(cache=True, nogil=True)
def _side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> float:
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@njit(cache=True, nogil=True)
def _barred(walls: Grid, px: float, py: float, fx: float, fy: float) -> bool:
    """Tell whether the straight way from p to f passes a wall; to touch one with an end is not to pass it."""
    first_row = max(0, int(np.floor((min(py, fy) - walls.bottom) / walls.cell)))
    last_row = min(walls.rows - 1, int(np.floor((max(py, fy) - walls.bottom) / walls.cell)))
    first_column = max(0, int(np.floor((min(px, fx) - walls.left) / walls.cell)))
    last_column = min(walls.columns - 1, int(np.floor((max(px, fx) - walls.left) / walls.cell)))
    for row in range(first_row, last_row + 1):
        for column in range(first_column, last_column + 1):
            k = row * walls.columns + column
            for j in range(walls.cell_ptr[k], walls.cell_ptr[k + 1]):
                i = walls.cell_segment[j]
                ax, ay, bx, by = walls.x0[i], walls.y0[i], walls.x1[i], walls.y1[i]
                p_side = _side(ax, ay, bx, by, px, py)
                f_side = _side(ax, ay, bx, by, fx, fy)
                if not ((p_side > 0.0 and f_side < 0.0) or (p_side < 0.0 and f_side > 0.0)):
                    continue
                a_side = _side(px, py, fx, fy, ax, ay)
                b_side = _side(px, py, fx, fy, bx, by)
                if (a_side >= 0.0 and b_side <= 0.0) or (a_side <= 0.0 and b_side >= 0.0):
                    return True
    return False


@njit(cache=True, nogil=True)
def nearest_segments(
    streets: Grid, walls: Grid, x: FloatArray, y: FloatArray, limit: float
) -> tuple[Int32Array, FloatArray, FloatArray]:
    """Find each point's nearest segment within the limit that no wall stands before.

    Ties go to the lower segment. Returns the segment (-1 where none), the share of it at which the foot lies, and
    the metres to the foot. O(segments near by) for a point.
    """
    count = len(x)
    segment = np.full(count, -1, dtype=np.int32)
    share = np.zeros(count, dtype=np.float64)
    metres = np.full(count, np.nan, dtype=np.float64)
    guarded = len(walls.x0) > 0
    cell = streets.cell
    rings = int(limit / cell) + 2
    for p in range(count):
        px = x[p]
        py = y[p]
        own_column = int(np.floor((px - streets.left) / cell))
        own_row = int(np.floor((py - streets.bottom) / cell))
        # metres from the point to the nearest side of its own cell
        inset = min(
            px - streets.left - own_column * cell,
            streets.left + (own_column + 1) * cell - px,
            py - streets.bottom - own_row * cell,
            streets.bottom + (own_row + 1) * cell - py,
        )
        best = limit * limit
        chosen = -1
        for ring in range(rings + 1):
            if ring > 0:
                gap = inset + (ring - 1) * cell
                if gap > 0.0 and gap * gap > best:
                    break
            for row in range(max(0, own_row - ring), min(streets.rows - 1, own_row + ring) + 1):
                edge_row = row in (own_row - ring, own_row + ring)
                step = 1 if edge_row or ring == 0 else 2 * ring
                for column in range(own_column - ring, own_column + ring + 1, step):
                    if column < 0 or column >= streets.columns:
                        continue
                    k = row * streets.columns + column
                    for j in range(streets.cell_ptr[k], streets.cell_ptr[k + 1]):
                        i = streets.cell_segment[j]
                        ax = streets.x0[i]
                        ay = streets.y0[i]
                        dx = streets.x1[i] - ax
                        dy = streets.y1[i] - ay
                        square = dx * dx + dy * dy
                        s = 0.0
                        if square > 0.0:
                            s = min(1.0, max(0.0, ((px - ax) * dx + (py - ay) * dy) / square))
                        fx = ax + s * dx if s < 1.0 else streets.x1[i]
                        fy = ay + s * dy if s < 1.0 else streets.y1[i]
                        d = (px - fx) * (px - fx) + (py - fy) * (py - fy)
                        if d > best or (d == best and chosen >= 0 and i >= chosen):
                            continue
                        if guarded and _barred(walls, px, py, fx, fy):
                            continue
                        best = d
                        chosen = i
                        share[p] = s
        if chosen >= 0:
            segment[p] = chosen
            metres[p] = np.sqrt(best)
    return segment, share, metres
