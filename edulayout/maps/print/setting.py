"""Setting type: lines of text at places of an axes, measured before they are drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.patheffects import Stroke

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from edulayout.maps.print.fonts import Typeface

_POINTS_PER_MM = 72 / 25.4
_DROP = 0.17
"""How far below the baseline a line reaches, in ems."""
_LEADING = 1.26
_CHINESE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_CHINESE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_TOKEN = re.compile(rf"\s+|[{_CHINESE}]|[^\s{_CHINESE}]+")
_JOINT = re.compile(r"(?<=\S)(?=（)|(?<=\S)(?= \()|(?<= –)(?= )|(?<= /)(?= )")
_NEVER_FIRST = "，。、；：？！）》」』】〕％…·～–—/"
_NEVER_LAST = "（《「『【〔"


@dataclass(frozen=True)
class Type:
    """How a text is set: typeface, size in points, weight, colour, and the colour of its halo."""

    typeface: Typeface
    points: float
    bold: bool = False
    colour: str = "#222222"
    halo: str = ""
    halo_points: float = 1.6

    @property
    def em(self) -> float:
        """Its size in millimetres."""
        return self.points / _POINTS_PER_MM

    @property
    def line(self) -> float:
        """The height of a line with its leading, in millimetres."""
        return self.em * _LEADING

    def width(self, text: str) -> float:
        """Return the breadth of a text in millimetres."""
        face = self.typeface.bold if self.bold else self.typeface.plain
        return face.width(text, self.points)

    def scaled(self, factor: float) -> Type:
        """Return it in another size."""
        return replace(self, points=self.points * factor, halo_points=self.halo_points * factor)


def write(
    ax: Axes, text: str, at: tuple[float, float], setting: Type, *, align: Literal["left", "center", "right"] = "left",
    rotation: float = 0.0, level: float = 20.0,
) -> None:  # fmt: skip
    """Write a line with its baseline at a place of the axes; a halo is drawn beneath, so that the text stays text."""
    face = setting.typeface.bold if setting.bold else setting.typeface.plain
    common: dict[str, Any] = {
        "ha": align, "va": "baseline", "rotation": rotation, "rotation_mode": "anchor", "clip_on": True,
        "parse_math": False, "fontproperties": face.properties(setting.points),
    }  # fmt: skip
    if setting.halo:
        stroke = Stroke(linewidth=2 * setting.halo_points, foreground=setting.halo, joinstyle="round")
        ax.text(*at, text, color=setting.halo, path_effects=[stroke], zorder=level - 0.5, **common)
    ax.text(*at, text, color=setting.colour, zorder=level, **common)


def baseline(bottom: float, setting: Type) -> float:
    """Return the baseline of a line whose box begins at a height."""
    return bottom + _DROP * setting.em


def wrap(text: str, setting: Type, width: float) -> list[str]:
    """Break a text into lines of at most a breadth in millimetres, between words or Chinese characters.

    A single word that is too broad stands on its own line, uncut.
    """
    lines, line = [], ""
    for token in _tokens(text):
        if line and setting.width((line + token).rstrip()) > width:
            lines.append(line.rstrip())
            line = token.lstrip()
        else:
            line += token
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _tokens(text: str) -> list[str]:
    """Cut a text where a line may end; punctuation stays with what it belongs to."""
    tokens: list[str] = []
    for token in _TOKEN.findall(text):
        if token[0] in _NEVER_FIRST and len(tokens) > 1 and tokens[-1].isspace():
            tokens[-2:] = [tokens[-2] + tokens[-1] + token]
        elif tokens and (token[0] in _NEVER_FIRST or tokens[-1][-1] in _NEVER_LAST):
            tokens[-1] += token
        else:
            tokens.append(token)
    return tokens


def balanced(text: str, setting: Type, width: float) -> list[str]:
    """Break a text into as few lines as a breadth allows, of about equal length.

    Examples
    --------
    >>> from edulayout.maps.print.fonts import typeface
    >>> balanced("aaa bbb ccc ddd", Type(typeface(["abcd"]), 10), 20)
    ['aaa bbb', 'ccc ddd']
    """
    count = len(wrap(text, setting, width))
    halves = _halves(text) if count > 1 else []
    if halves and all(setting.width(half) <= width for half in halves):
        return halves
    widths = [width * share / 20 for share in range(6, 21)]
    return next(lines for tried in widths if len(lines := wrap(text, setting, tried)) <= count)


def _halves(text: str) -> list[str]:
    """Cut a name where its second part begins: before a bracket, or after a dash."""
    found = _JOINT.search(text)
    return [text[: found.start()].rstrip(), text[found.start() :].lstrip()] if found else []


def shortened(text: str, setting: Type, width: float) -> str:
    """Return a text that fits a breadth, its end cut off with an ellipsis where it must be."""
    if setting.width(text) <= width:
        return text
    kept = text
    while kept and setting.width(f"{kept}…") > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
