"""Legends as values: what is drawn says how it is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from edulayout.maps.print.signs import Sign, draw_sign

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from edulayout.maps.print.ground import Brush

SAMPLE_MM = 7.0
"""The breadth of a sample."""


@dataclass(frozen=True)
class Stroke:
    """A line: colour and width in points, dashes, and the colour and width of what lies beneath it."""

    colour: str
    width: float
    dash: tuple[float, ...] = ()
    under: str = ""
    under_width: float = 0.0
    under_opacity: float = 1.0


@dataclass(frozen=True)
class Entry:
    """A line of the legend: a sample, its text, and a figure at its end."""

    sample: Sign | Brush | Stroke
    text: str
    figure: str = ""


@dataclass(frozen=True)
class Group:
    """Lines of the legend under a heading; `figures` says what their figures are."""

    title: str
    entries: tuple[Entry, ...]
    figures: str = ""


def draw_sample(ax: Axes, sample: Sign | Brush | Stroke, x: float, y: float, *, unit: float) -> None:
    """Draw a sample from x on, centred on the height y, in the millimetres of a page."""
    width = SAMPLE_MM * unit
    if isinstance(sample, Sign):
        draw_sign(ax, sample, [(x + width / 2, y)], unit=unit)
    elif isinstance(sample, Stroke):
        _draw_stroke(ax, sample, (x, x + width), y, unit=unit)
    else:
        height = 3.0 * unit
        ax.add_patch(
            Rectangle((x, y - height / 2), width, height, facecolor=sample.fill, hatch=sample.hatch, zorder=9,
                      edgecolor=sample.edge if sample.edge not in {"none", "#ffffff"} else "#9a9a9a",
                      linewidth=max(sample.width, 0.4) * unit)
        )  # fmt: skip


def _draw_stroke(ax: Axes, stroke: Stroke, ends: tuple[float, float], y: float, *, unit: float) -> None:
    if stroke.under:
        ax.add_line(Line2D(ends, (y, y), color=stroke.under, linewidth=stroke.under_width * unit, zorder=8,
                           alpha=stroke.under_opacity, solid_capstyle="butt"))  # fmt: skip
    dash: Any = (0, stroke.dash) if stroke.dash else "solid"
    ax.add_line(Line2D(ends, (y, y), color=stroke.colour, linewidth=stroke.width * unit, linestyle=dash, zorder=9,
                       solid_capstyle="butt", dash_capstyle="butt"))  # fmt: skip
