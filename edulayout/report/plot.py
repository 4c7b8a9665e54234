"""Charts as SVG: axes, lines, signs; what a chart shows is also said in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edulayout.report.forms import count
from edulayout.report.html import Markup, element, joined, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH, HEIGHT = 420.0, 280.0
_GOOD_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LETTER = 6.4
"""Width of a letter at the size of chart labels; a Chinese one takes twice as much."""
_LAST_NARROW = 0x2E7F


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A plot: its domain, and where on the drawing it lies."""

    low: float
    high: float
    bottom: float = 0.0
    top: float
    left: float = 54.0
    right: float = 24.0
    above: float = 26.0
    below: float = 46.0
    width: float = WIDTH
    height: float = HEIGHT

    def x(self, value: float) -> float:
        """Return the place of a value across."""
        room = self.width - self.left - self.right
        return self.left + room * (value - self.low) / ((self.high - self.low) or 1.0)

    def y(self, value: float) -> float:
        """Return the place of a value down."""
        room = self.height - self.above - self.below
        return self.above + room * (1 - (value - self.bottom) / ((self.top - self.bottom) or 1.0))

    @property
    def floor(self) -> float:
        """Where the lower axis lies."""
        return self.height - self.below


def ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Return round numbers within a range, at most so many steps apart.

    Examples
    --------
    >>> ticks(0, 1234), ticks(0, 1, most=5)
    ([0.0, 250.0, 500.0, 750.0, 1000.0], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    """
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(good * power for good in (*_GOOD_STEPS, 20.0) if span / (good * power) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def room_above(value: float) -> float:
    """Return a top for an axis that leaves some air above a value."""
    return value * 1.08 if value > 0 else 1.0


def text(words: str, x: float, y: float, *, anchor: str = "middle", class_: str | None = None) -> Markup:
    """Return words on a drawing."""
    return element("text", words, x=x, y=y, text_anchor=None if anchor == "start" else anchor, class_=class_)


def text_width(words: str) -> float:
    """Return how wide words are drawn.

    Examples
    --------
    >>> round(text_width("ab小"), 1)
    25.6
    """
    return sum(2 * _LETTER if ord(letter) > _LAST_NARROW else _LETTER for letter in words)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return element("path", d=f"M{short(x1)} {short(y1)}L{short(x2)} {short(y2)}", class_=class_)


def polyline(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """Return a line through points."""
    places = [f"{short(x)} {short(y)}" for x, y in points]
    return element("path", d="M" + "L".join(places), class_=class_) if places else Markup("")


def area(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """Return a closed area."""
    return element("path", d="M" + "L".join(f"{short(x)} {short(y)}" for x, y in points) + "Z", class_=class_)


def floor_axis(frame: Frame, values: Iterable[tuple[float, str]], title: str) -> Markup:
    """Return the lower axis with its numbers and what they are."""
    marks = [text(words, frame.x(value), frame.floor + 16) for value, words in values]
    middle = (frame.left + frame.width - frame.right) / 2
    bottom = line(frame.left, frame.floor, frame.width - frame.right, frame.floor, "axis")
    return joined([bottom, *marks, text(title, middle, frame.height - 10, class_="title")])


def side_axis(frame: Frame, title: str, *, percent: bool = False) -> Markup:
    """Return the left axis with quiet lines across."""
    parts = []
    for value in ticks(frame.bottom, frame.top, most=5):
        words = f"{100 * value:g} %" if percent else count(value)
        parts += [
            line(frame.left, frame.y(value), frame.width - frame.right, frame.y(value), "grid"),
            text(words, frame.left - 6, frame.y(value) + 4, anchor="end"),
        ]
    return joined([*parts, text(title, 2, 10, anchor="start", class_="title")])


def spread(wanted: Sequence[float], *, apart: float, low: float, high: float) -> list[float]:
    """Return places near those wanted, in the same order, at least so far apart where there is room.

    Examples
    --------
    >>> spread([50.0, 52.0, 90.0], apart=12, low=0, high=100)
    [50.0, 62.0, 90.0]
    """
    order = sorted(range(len(wanted)), key=lambda number: (wanted[number], number))
    placed = [0.0] * len(wanted)
    last = low - apart
    for number in order:
        last = placed[number] = max(wanted[number], last + apart)
    limit = high + apart
    for number in reversed(order):
        limit = placed[number] = min(placed[number], limit - apart)
    return placed


def keys(signs: Iterable[tuple[Markup, str]]) -> Markup:
    """Return what lines and signs mean, as a list beside the charts; a sign lies within 34 × 16."""
    drawn = [
        element("li", element("svg", sign, viewBox="0 0 34 16", class_="chart sample", aria_hidden="true"), words)
        for sign, words in signs
    ]
    return element("ul", *drawn, class_="key-lines")


def chart(name: str, drawing: Iterable[str], *, title: str, told: str, height: float = HEIGHT) -> Markup:
    """Return a drawing as a figure: its title to be seen, what it shows in words for whoever does not see it."""
    svg = element(
        "svg",
        element("title", title, id=f"{name}-t"),
        element("desc", told, id=f"{name}-d"),
        *drawing,
        viewBox=f"0 0 {short(WIDTH)} {short(height)}",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        class_="chart",
    )
    return element("figure", element("figcaption", title), svg, element("p", told, class_="told"), class_="one")
