"""Geometry as short SVG paths in whole units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.report.plot import ticks

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, FloatArray

ACROSS = 1600
"""Units across the longer side of a map."""
_AREA, _LINE = 2, 1


@dataclass(frozen=True)
class Canvas:
    """Where metres lie on a drawing: the corner, metres to a unit, and the size in units."""

    left: float
    upper: float
    metres: float
    width: int
    height: int

    def units(self, xy: FloatArray) -> AnyArray:
        """Return places in whole units, shape (n, 2), the second downwards."""
        moved = (xy - np.array([self.left, self.upper])) / self.metres
        units: AnyArray = np.rint(moved * np.array([1.0, -1.0])).astype(np.int64)
        return units

    def bar(self) -> tuple[float, float]:
        """Return the metres of a scale bar and its length in units."""
        most = 0.24 * self.width * self.metres
        metres = ticks(0.0, most, most=3)[-1]
        return metres, metres / self.metres


def canvas_of(geometries: AnyArray, *, margin: float = 0.02) -> Canvas:
    """Return the canvas that holds geometries with a margin around.

    Examples
    --------
    >>> canvas = canvas_of(np.array([shapely.box(0, 0, 1600, 800)]), margin=0.0)
    >>> canvas.width, canvas.height, canvas.units(np.array([[800.0, 800.0]])).tolist(), canvas.bar()
    (1600, 800, [[800, 0]], (200.0, 200.0))
    """
    left, lower, right, upper = (float(it) for it in shapely.total_bounds(geometries))
    air = margin * max(right - left, upper - lower, 1.0)
    wide, high = right - left + 2 * air, upper - lower + 2 * air
    metres = max(wide, high, 1.0) / ACROSS
    return Canvas(left - air, upper + air, metres, max(1, round(wide / metres)), max(1, round(high / metres)))


def path(geometries: AnyArray, canvas: Canvas) -> str:
    """Return areas and lines as the text of one path, steps in whole units; points as dots.

    Examples
    --------
    >>> canvas = canvas_of(np.array([shapely.box(0, 0, 1600, 800)]), margin=0.0)
    >>> path(np.array([shapely.box(0, 700, 100, 800)]), canvas)
    'M100 100v-100h-100v100z'
    """
    parts = shapely.get_parts(np.asarray(geometries, dtype=object))
    kind = shapely.get_dimensions(parts)
    drawn = [_outlines(shapely.get_rings(parts[kind == _AREA]), canvas, closed=True)]
    drawn.append(_outlines(parts[kind == _LINE], canvas, closed=False))
    dots = canvas.units(shapely.get_coordinates(parts[kind == 0]))
    return "".join(drawn) + "".join(f"M{x} {y}h0" for x, y in dots.tolist())


def _outlines(pieces: AnyArray, canvas: Canvas, *, closed: bool) -> str:
    xy, piece = shapely.get_coordinates(pieces, return_index=True)
    if not len(xy):
        return ""
    units = canvas.units(xy)
    first = np.r_[True, piece[1:] != piece[:-1]]
    last = np.r_[first[1:], True]
    steps = np.diff(units, axis=0, prepend=0)
    kept = first | (last & closed) | steps.any(axis=1)
    rows = zip(
        *(column[kept].tolist() for column in (units[:, 0], units[:, 1], steps[:, 0], steps[:, 1], first, last)),
        strict=True,
    )
    return "".join(_token(row, closed=closed) for row in rows)


def _token(row: tuple[int, int, int, int, bool, bool], *, closed: bool) -> str:
    x, y, right, down, first, last = row
    if first:
        return f"M{x} {y}"
    if last and closed:
        return "z"
    if down == 0:
        return f"h{right}"
    return f"v{down}" if right == 0 else f"l{right} {down}".replace(" -", "-")
