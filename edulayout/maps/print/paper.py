"""Paper, scale, and where everything stands on a sheet; millimetres from the lower left corner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import shapely

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.typing import AnyArray, FloatArray

Orientation = Literal["auto", "landscape", "portrait"]

SIZES: Mapping[str, tuple[float, float]] = {
    "A0": (841.0, 1189.0), "A1": (594.0, 841.0), "A2": (420.0, 594.0), "A3": (297.0, 420.0), "A4": (210.0, 297.0),
}  # fmt: skip
"""Short and long side in millimetres (ISO 216)."""

_MANTISSAS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 7.5, 8.0, 9.0)
SCALES = tuple(sorted(round(mantissa * 10**power) for power in range(2, 7) for mantissa in _MANTISSAS))
"""Denominators that a scale is chosen from."""

_BREADTH = 1.02
"""What a map shows around its subject."""
_A3_SHORT = 297.0


class Box(NamedTuple):
    """A rectangle on paper."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.y + self.height

    def inset(self, margin: float) -> Box:
        """Return the box without a margin."""
        return Box(self.x + margin, self.y + margin, self.width - 2 * margin, self.height - 2 * margin)


def rectangles(boxes: FloatArray) -> AnyArray:
    """Return boxes (n × 4: least x, y, greatest x, y) as an array of polygons."""
    return np.asarray(shapely.box(*boxes.T), dtype=object)


@dataclass(frozen=True)
class Layout:
    """Where everything stands on a sheet.

    Parameters
    ----------
    width, height
        The paper.
    unit
        How much larger than on A3 signs and type are.
    frame
        The border of the sheet.
    heading
        The band of the title.
    window
        The map.
    panels
        Boxes beside or below the map, in reading order.
    """

    width: float
    height: float
    unit: float
    frame: Box
    heading: Box
    window: Box
    panels: tuple[Box, ...]


def layout(size: str, orientation: Literal["landscape", "portrait"]) -> Layout:
    """Divide a sheet.

    Raises
    ------
    InputError
        Where the size is not one of `SIZES`.

    Examples
    --------
    >>> made = layout("A3", "landscape")
    >>> (made.width, made.height), round(made.window.width), len(made.panels)
    ((420.0, 297.0), 292, 1)
    """
    if size not in SIZES:
        raise InputError(Fault("paper", repr(size), f"one of {', '.join(SIZES)}", "choose one of them"))
    short, long = SIZES[size]
    unit = (short / _A3_SHORT) ** 0.6
    width, height = (long, short) if orientation == "landscape" else (short, long)
    margin = 9.0 * unit
    frame = Box(margin, margin, width - 2 * margin, height - 2 * margin)
    heading = Box(frame.x, frame.top - 15.0 * unit, frame.width, 15.0 * unit)
    divide = _beside if orientation == "landscape" else _below
    window, panels = divide(frame, heading, unit)
    return Layout(width, height, unit, frame, heading, window, panels)


def _beside(frame: Box, heading: Box, unit: float) -> tuple[Box, tuple[Box, ...]]:
    column, collar = 96.0 * unit, 7.0 * unit
    height = heading.y - frame.y
    window = Box(frame.x, frame.y, frame.width - column, height).inset(collar)
    return window, (Box(frame.right - column, frame.y, column, height),)


def _below(frame: Box, heading: Box, unit: float) -> tuple[Box, tuple[Box, ...]]:
    band, collar = 104.0 * unit, 7.0 * unit
    window = Box(frame.x, frame.y + band, frame.width, heading.y - frame.y - band).inset(collar)
    third = frame.width / 3
    return window, tuple(Box(frame.x + number * third, frame.y, third, band) for number in range(3))


@dataclass(frozen=True)
class View:
    """What a window shows, to scale.

    Parameters
    ----------
    window
        The map on paper.
    x, y
        Ground coordinates of its lower left corner.
    scale
        Denominator: metres on the ground for a metre on paper.
    unit
        How much larger than on A3 signs and type are.
    """

    window: Box
    x: float
    y: float
    scale: float
    unit: float

    @property
    def metres_per_mm(self) -> float:
        """Metres on the ground for a millimetre on paper."""
        return self.scale / 1000

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The ground shown: least x and y, greatest x and y."""
        step = self.metres_per_mm
        return self.x, self.y, self.x + self.window.width * step, self.y + self.window.height * step

    def to_paper(self, x: float, y: float) -> tuple[float, float]:
        """Return where a place on the ground lies on paper."""
        step = self.metres_per_mm
        return self.window.x + (x - self.x) / step, self.window.y + (y - self.y) / step

    def to_ground(self, x: float, y: float) -> tuple[float, float]:
        """Return what place on the ground lies under a place on paper."""
        step = self.metres_per_mm
        return self.x + (x - self.window.x) * step, self.y + (y - self.window.y) * step

    def on_paper(self, shapes: Any) -> Any:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
        """Return geometries as they lie on paper."""
        step, ground, corner = self.metres_per_mm, (self.x, self.y), (self.window.x, self.window.y)
        return shapely.transform(shapes, lambda at: (at - ground) / step + corner)


Bounds = tuple[float, float, float, float]


def view(bounds: Bounds, window: Box, *, unit: float, scale: float | None = None) -> View:
    """Centre a window on bounds, at a given scale or the largest round one that holds them.

    Examples
    --------
    >>> seen = view((0.0, 0.0, 2900.0, 1000.0), Box(0, 0, 300, 200), unit=1)
    >>> seen.scale, seen.extent
    (10000, (-50.0, -500.0, 2950.0, 1500.0))
    """
    chosen = scale or round_scale(bounds, window)
    half_x, half_y = window.width * chosen / 2000, window.height * chosen / 2000
    x, y = (bounds[0] + bounds[2]) / 2 - half_x, (bounds[1] + bounds[3]) / 2 - half_y
    return View(window, x, y, chosen, unit)


def round_scale(bounds: Bounds, window: Box) -> int:
    """Return the least denominator of `SCALES` at which bounds fit a window."""
    needed = max((bounds[2] - bounds[0]) / window.width, (bounds[3] - bounds[1]) / window.height) * 1000 * _BREADTH
    return next((int(denominator) for denominator in SCALES if denominator >= needed), SCALES[-1])


def best_layout(size: str, orientation: Orientation, bounds: Bounds) -> Layout:
    """Divide a sheet; `auto` takes the way that shows the bounds larger, landscape where both are equal.

    Examples
    --------
    >>> best_layout("A3", "auto", (0, 0, 1000, 2600)).width
    297.0
    """
    if orientation != "auto":
        return layout(size, orientation)
    both = [layout(size, "landscape"), layout(size, "portrait")]
    return min(both, key=lambda made: round_scale(bounds, made.window))


def nice_step(span: float, *, most: int) -> float:
    """Return 1, 2 or 5 times a power of ten, so that a span holds no more than `most` of them.

    Examples
    --------
    >>> nice_step(9000, most=6), nice_step(9000, most=10)
    (2000.0, 1000.0)
    """
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if span / (factor * power) <= most)
