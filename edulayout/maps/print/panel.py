"""The parts beside a map, each of which knows how high it is before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from edulayout.maps.print.legend import SAMPLE_MM, draw_sample
from edulayout.maps.print.listings import Alarm
from edulayout.maps.print.setting import Type, baseline, shortened, wrap, write
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from edulayout.maps.print.fonts import Typeface
    from edulayout.maps.print.legend import Entry, Group
    from edulayout.maps.print.listings import Listing

RULE = "#b9b5ac"
_GUTTER_MM = 4.0


@dataclass(frozen=True)
class Desk:
    """Where parts are drawn: the page in millimetres, the typeface, and the size of everything."""

    page: Axes
    typeface: Typeface
    unit: float

    def type(self, name: str, **changes: Any) -> Type:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
        """Return a size of the style's type."""
        return Type(self.typeface, style()["type"][name] * self.unit, **changes)

    def smaller(self, factor: float) -> Desk:
        """Return a desk for smaller parts."""
        return replace(self, unit=self.unit * factor)

    def rule(self, x: tuple[float, float], y: tuple[float, float], *, width: float = 0.5, colour: str = RULE) -> None:
        """Draw a line."""
        self.page.add_line(Line2D(x, y, color=colour, linewidth=width * self.unit, zorder=5, solid_capstyle="butt"))


class Part(Protocol):
    """Something that stands beside a map."""

    def height(self, desk: Desk, width: float) -> float:
        """Return how high it is at a breadth."""

    def draw(self, desk: Desk, x: float, top: float, width: float) -> None:
        """Draw it below a height."""


def _heading(desk: Desk, text: str, x: float, top: float) -> float:
    """Write a heading; return how high it is."""
    setting = desk.type("heading", bold=True, colour=style()["ink"])
    write(desk.page, text, (x, baseline(top - setting.em * 1.05, setting)), setting)
    return setting.em * 1.05 + 1.6 * desk.unit


def _heading_height(desk: Desk) -> float:
    return desk.type("heading").em * 1.05 + 1.6 * desk.unit


@dataclass(frozen=True)
class LegendPart:
    """The legend: groups in columns where all their texts fit, else in fewer."""

    title: str
    groups: tuple[Group, ...]
    columns: int = 2

    def height(self, desk: Desk, width: float) -> float:
        """Return how high it is at a breadth."""
        return (_heading_height(desk) if self.title else 0.0) + sum(
            self._group_height(desk, group, width) for group in self.groups
        )

    def _group_height(self, desk: Desk, group: Group, width: float) -> float:
        head = desk.type("small").line + 0.4 * desk.unit if group.title else 0.0
        columns = self._columns(desk, group, width)
        rows = [self._entry_height(desk, entry, width / columns) for entry in group.entries]
        return head + sum(max(rows[at : at + columns]) for at in range(0, len(rows), columns)) + 1.2 * desk.unit

    def _columns(self, desk: Desk, group: Group, width: float) -> int:
        """Return as many as let every text stand in one line; figures stand below one another in one."""
        if any(entry.figure for entry in group.entries):
            return 1
        broadest = max(map(desk.type("body").width, (entry.text for entry in group.entries)))
        room = (self._room(desk, group.entries[0], width / count) for count in range(self.columns, 1, -1))
        return next((self.columns - at for at, free in enumerate(room) if free >= broadest), 1)

    def _entry_height(self, desk: Desk, entry: Entry, width: float) -> float:
        body = desk.type("body")
        count = len(wrap(entry.text, body, self._room(desk, entry, width)))
        return (count - 1) * body.line * 0.95 + 4.5 * desk.unit

    def _room(self, desk: Desk, entry: Entry, width: float) -> float:
        figure = desk.type("body").width(entry.figure) + 2 * desk.unit if entry.figure else 0.0
        return width - (SAMPLE_MM + 3.0) * desk.unit - figure

    def draw(self, desk: Desk, x: float, top: float, width: float) -> None:
        """Draw it below a height."""
        y = top - (_heading(desk, self.title, x, top) if self.title else 0.0)
        for group in self.groups:
            self._draw_group(desk, group, (x, y), width)
            y -= self._group_height(desk, group, width)

    def _draw_group(self, desk: Desk, group: Group, at: tuple[float, float], width: float) -> None:
        x, y = at
        if group.title:
            small = desk.type("small", colour=style()["soft_ink"])
            write(desk.page, group.title, (x, baseline(y - small.em * 1.1, small)), small)
            write(desk.page, group.figures, (x + width, baseline(y - small.em * 1.1, small)), small, align="right")
            y -= small.line + 0.4 * desk.unit
        columns = self._columns(desk, group, width)
        for first in range(0, len(group.entries), columns):
            row = group.entries[first : first + columns]
            for number, entry in enumerate(row):
                self._draw_entry(desk, entry, (x + number * width / columns, y), width / columns)
            y -= max(self._entry_height(desk, entry, width / columns) for entry in row)

    def _draw_entry(self, desk: Desk, entry: Entry, at: tuple[float, float], width: float) -> None:
        body, unit = desk.type("body", colour=style()["ink"]), desk.unit
        x, middle = at[0], at[1] - 2.1 * unit
        draw_sample(desk.page, entry.sample, x, middle, unit=unit)
        for number, line in enumerate(wrap(entry.text, body, self._room(desk, entry, width))):
            y = middle - 0.37 * body.em - number * body.line * 0.95
            write(desk.page, line, (x + (SAMPLE_MM + 2.4) * unit, y), body)
        if entry.figure:
            write(desk.page, entry.figure, (x + width, middle - 0.37 * body.em), body, align="right")


@dataclass(frozen=True)
class TablePart:
    """A table, folded into columns side by side where it is long, and cut, saying so, where there is no room."""

    listing: Listing
    folds: int = 1
    most: int = 10_000
    more: str = ""

    def height(self, desk: Desk, width: float) -> float:
        """Return how high it is at a breadth."""
        rows = self._rows(desk, width)
        small = desk.type("small")
        notes = sum(len(wrap(text, small, width)) for text in self._notes()) * small.line
        per_fold = [sum(row[1] for row in fold) for fold in self._folded(rows)]
        return (
            _heading_height(desk)
            + self._head_height(desk, width)
            + max(per_fold, default=0.0)
            + 1.0 * desk.unit
            + notes
        )

    def _notes(self) -> list[str]:
        cut = len(self.listing.rows) - self.most
        return [text for text in (self.more.format(count=cut) if cut > 0 else "", self.listing.note) if text]

    def _head_lines(self, desk: Desk, width: float) -> list[list[str]]:
        head = desk.type("small", bold=True)
        return [wrap(text, head, cell) for text, cell in zip(self.listing.head, self._widths(desk, width), strict=True)]

    def _head_height(self, desk: Desk, width: float) -> float:
        lines = max(map(len, self._head_lines(desk, width)))
        return lines * desk.type("small").line + 0.8 * desk.unit if any(self.listing.head) else 0.0

    def narrowest(self, desk: Desk) -> float:
        """Return the breadth below which its columns run into one another."""
        body, least = self._body(desk), 16.0 * desk.unit
        names = (word for row in self.listing.rows for word in row[self.listing.texts - 1].split())
        free = max(map(body.width, names), default=0.0) if self.listing.texts == 1 else least
        widths = self._widths(desk, 0.0)
        widths[self.listing.texts - 1] = max(least, free + 1.4 * desk.unit)
        return self.folds * (sum(widths) + (_GUTTER_MM * desk.unit if self.folds > 1 else 0.0))

    def _body(self, desk: Desk) -> Type:
        return desk.type("body" if self.folds == 1 else "small", colour=style()["ink"])

    def _rows(self, desk: Desk, width: float) -> list[tuple[list[list[str]], float]]:
        body, widths = self._body(desk), self._widths(desk, width)
        laid = []
        for row in self.listing.rows[: self.most]:
            cells = [
                [type(text)(line) for line in wrap(text, body, cell)] for text, cell in zip(row, widths, strict=True)
            ]
            laid.append((cells, max(map(len, cells)) * body.line * 0.92 + 0.9 * desk.unit))
        return laid

    def _folded(self, rows: list[tuple[list[list[str]], float]]) -> list[list[tuple[list[list[str]], float]]]:
        if self.folds == 1:
            return [rows]
        half = sum(height for _, height in rows) / self.folds
        folds: list[list[tuple[list[list[str]], float]]] = [[]]
        for row in rows:
            if sum(height for _, height in folds[-1]) >= half and len(folds) < self.folds:
                folds.append([])
            folds[-1].append(row)
        return folds

    def _widths(self, desk: Desk, width: float) -> list[float]:
        """Give figures the room that they need, and what is left to the last column of text."""
        body, head = self._body(desk).scaled(1.02), desk.type("small", bold=True)
        gap = (2.2 if self.folds == 1 else 1.4) * desk.unit
        whole = width / self.folds - (_GUTTER_MM * desk.unit if self.folds > 1 else 0.0)
        columns = list(zip(self.listing.head, *self.listing.rows[: self.most], strict=True))
        figures = [max(map(body.width, column[1:]), default=0.0) for column in columns]
        level = [max(head.width(column[0]), least) + gap for column, least in zip(columns, figures, strict=True)]
        broken = [
            max(*map(head.width, column[0].split() or [""]), least) + gap
            for column, least in zip(columns, figures, strict=True)
        ]
        needed = level if sum(level) <= whole else broken
        free = self.listing.texts - 1
        needed[free] = max(whole - sum(needed) + needed[free], 10 * desk.unit)
        return needed

    def draw(self, desk: Desk, x: float, top: float, width: float) -> None:
        """Draw it below a height."""
        y = top - _heading(desk, self.listing.title, x, top)
        start = y
        folds, step = self._folded(self._rows(desk, width)), width / self.folds
        inner = step - (_GUTTER_MM * desk.unit if self.folds > 1 else 0.0)
        for number, fold in enumerate(folds):
            y = min(y, self._draw_fold(desk, fold, (x + number * step, start), (inner, width)))
        small = desk.type("small", colour=style()["soft_ink"])
        y -= 1.0 * desk.unit
        for line in [line for text in self._notes() for line in wrap(text, small, width)]:
            write(desk.page, line, (x, baseline(y - small.em * 1.1, small)), small)
            y -= small.line

    def _draw_fold(
        self,
        desk: Desk,
        rows: list[tuple[list[list[str]], float]],
        at: tuple[float, float],
        breadth: tuple[float, float],
    ) -> float:
        (x, y), (inner, width) = at, breadth
        widths = self._widths(desk, width)
        if any(self.listing.head):
            height = self._head_height(desk, width)
            head = desk.type("small", bold=True, colour=style()["soft_ink"])
            self._draw_cells(desk, self._head_lines(desk, width), (x, y - 0.2 * desk.unit), widths, head)
            y -= height
            desk.rule((x, x + inner), (y, y), width=0.8, colour=style()["ink"])
        for number, (cells, height) in enumerate(rows):
            last = self.listing.last_is_sum and number == len(rows) - 1
            self._draw_row(desk, cells, (x, y), widths, bold=last)
            y -= height
            desk.rule((x, x + inner), (y, y), width=0.35)
        return y

    def _draw_row(
        self, desk: Desk, cells: list[list[str]], at: tuple[float, float], widths: Sequence[float], *, bold: bool
    ) -> None:
        setting = replace(self._body(desk), bold=bold)
        self._draw_cells(desk, cells, (at[0], at[1] - 0.45 * desk.unit), widths, setting)

    def _draw_cells(
        self, desk: Desk, cells: list[list[str]], at: tuple[float, float], widths: Sequence[float], setting: Type
    ) -> None:
        x, top = at
        for number, (lines, width) in enumerate(zip(cells, widths, strict=True)):
            right = number >= self.listing.texts
            for row, line in enumerate(lines):
                y = baseline(top - setting.em * 1.1 - row * setting.line * 0.92, setting)
                look = replace(setting, bold=True, colour=style()["alarm"]) if isinstance(line, Alarm) else setting
                write(desk.page, line, (x + width if right else x, y), look, align="right" if right else "left")
            x += width


@dataclass(frozen=True)
class NotesPart:
    """Notes in small type, cut, saying so, after a number of lines."""

    title: str
    notes: tuple[str, ...]
    more: str
    most: int = 10_000

    def _lines(self, desk: Desk, width: float) -> list[str]:
        lines = [line for note in self.notes for line in wrap(note, desk.type("tiny"), width)]
        return lines if len(lines) <= self.most else [*lines[: self.most - 1], self.more]

    def height(self, desk: Desk, width: float) -> float:
        """Return how high it is at a breadth."""
        tiny = desk.type("tiny")
        return (_heading_height(desk) + len(self._lines(desk, width)) * tiny.line) if self.notes else 0.0

    def draw(self, desk: Desk, x: float, top: float, width: float) -> None:
        """Draw it below a height."""
        if not self.notes:
            return
        tiny = desk.type("tiny", colour=style()["soft_ink"])
        y = top - _heading(desk, self.title, x, top)
        for line in self._lines(desk, width):
            write(desk.page, line, (x, baseline(y - tiny.em * 1.1, tiny)), tiny)
            y -= tiny.line


@dataclass(frozen=True)
class BlockPart:
    """The title block: rows of pairs of a word and its value, empty values left to be filled in by hand."""

    rows: tuple[tuple[tuple[str, str], ...], ...]

    def _row_height(self, desk: Desk, row: tuple[tuple[str, str], ...], width: float) -> float:
        lines = max(len(lines) for lines in self._values(desk, row, width))
        return 6.2 * desk.unit + (lines - 1) * desk.type("body").line * 0.95

    def _values(self, desk: Desk, row: tuple[tuple[str, str], ...], width: float) -> list[list[str]]:
        body, room = desk.type("body"), width / len(row) - self._word(desk) - 3.0 * desk.unit
        return [wrap(value, body, room) if len(row) == 1 else [shortened(value, body, room)] for _, value in row]

    def _word(self, desk: Desk) -> float:
        small = desk.type("small")
        return max(small.width(word) for row in self.rows for word, _ in row) + 3.2 * desk.unit

    def height(self, desk: Desk, width: float) -> float:
        """Return how high it is at a breadth."""
        return sum(self._row_height(desk, row, width) for row in self.rows)

    def draw(self, desk: Desk, x: float, top: float, width: float) -> None:
        """Draw it below a height."""
        y, ink = top, style()["ink"]
        for row in self.rows:
            height = self._row_height(desk, row, width)
            self._draw_row(desk, row, (x, y), (width, height))
            desk.rule((x, x + width), (y, y), width=0.6, colour=ink)
            y -= height

    def _draw_row(
        self, desk: Desk, row: tuple[tuple[str, str], ...], at: tuple[float, float], size: tuple[float, float]
    ) -> None:
        (x, y), (width, height) = at, size
        small, body = desk.type("small", colour=style()["soft_ink"]), desk.type("body", colour=style()["ink"])
        cell, word, middle = width / len(row), self._word(desk), y - height / 2
        for number, ((name, _), lines) in enumerate(zip(row, self._values(desk, row, width), strict=True)):
            left = x + number * cell
            desk.page.add_patch(Rectangle((left, y - height), word, height, facecolor="#f3f1ec", linewidth=0, zorder=4))
            write(desk.page, name, (left + word / 2, middle - 0.36 * small.em), small, align="center")
            for at_line, line in enumerate(lines):
                shift = (at_line - (len(lines) - 1) / 2) * body.line * 0.95
                write(desk.page, line, (left + word + 1.5 * desk.unit, middle - 0.36 * body.em - shift), body)
            for edge in ([left] if number else []) + [left + word]:
                desk.rule((edge, edge), (y, y - height), width=0.4, colour=style()["ink"])
