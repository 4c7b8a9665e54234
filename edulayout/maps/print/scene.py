"""A map drawn on an axes: ground, theme, signs; the same on sheets and in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.maps.print import ground
from edulayout.maps.print.content import School, schools_in
from edulayout.maps.print.legend import Entry, Group, Stroke
from edulayout.maps.print.signs import draw_schools
from edulayout.maps.print.themes import draw_areas, draw_theme, tints
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from edulayout.maps.print.content import Content
    from edulayout.maps.print.map_types import Subject
    from edulayout.maps.print.paper import View
    from edulayout.maps.print.signs import Sign


@dataclass(frozen=True)
class Drawn:
    """What a map shows: its schools, and its legend."""

    schools: tuple[School, ...]
    groups: tuple[Group, ...]


def draw(
    ax: Axes, content: Content, subject: Subject, seen: View, *, focus: shapely.Geometry | None = None,
    schools: bool = True,
) -> Drawn:  # fmt: skip
    """Draw a map within a view; the axes' limits become the view's extent. What is beyond the focus stays back."""
    x0, y0, x1, y1 = seen.extent
    ax.set_xlim(x0, x1)
    ax.set_ylim(y0, y1)
    ax.set_aspect("auto")
    ground.draw_districts(ax, content, seen, fills=tints(content, subject))
    water = ground.draw_water(ax, content, seen)
    streets = ground.draw_streets(ax, content, seen)
    theme = draw_theme(ax, content, subject, seen)
    areas = draw_areas(ax, content, subject, seen)
    ground.draw_borders(ax, content, seen)
    shown = schools_in(content, subject.layout, stage=subject.stage) if schools else ()
    signs = draw_schools(ax, _seen_of(shown, seen), seen, strong=subject.kind.strong, sized=_sized(subject))
    if focus is not None:
        veil = shapely.difference(shapely.box(x0, y0, x1, y1), focus)
        ground.paint(ax, np.array([veil], dtype=object), ground.Brush("#f6f4ef", level="veil", opacity=0.66), seen=seen)
    groups = (_school_group(content, subject, signs), *theme.groups, _base(content, areas, streets, water=water))
    return Drawn(shown, _joined(groups))


def _seen_of(schools: tuple[School, ...], seen: View) -> list[School]:
    x0, y0, x1, y1 = seen.extent
    return [school for school in schools if x0 <= school.x <= x1 and y0 <= school.y <= y1]


def _sized(subject: Subject) -> bool:
    return subject.kind.blocks == "balance"


def _school_group(content: Content, subject: Subject, signs: list[Sign]) -> Group:
    order = {name: number for number, name in enumerate(style()["signs"])}
    states = ("existing", "planned", "extended", "closed")
    ordered = sorted(signs, key=lambda sign: (order.get(sign.kind, 99), states.index(sign.state)))
    words = content.words
    entries = [Entry(sign, words.kind_in_state(sign.kind, _state(sign.state, subject))) for sign in ordered]
    title = words("schools") + (f" · {words('sizes')}" if _sized(subject) else "")
    return Group(title, tuple(entries))


def _state(state: str, subject: Subject) -> str:
    return "near" if subject.kind.numbered and state == "planned" else state


def _base(content: Content, areas: list[Entry], streets: ground.Drawn, *, water: bool) -> Group:
    look, words = style(), content.words
    border, main = look["border"], look["street"]["ranks"][0]
    entries = [
        Entry(Stroke(border["colour"], border["width"], tuple(border["dash"]), border["band"], border["band_width"],
                     border["band_opacity"]), words("district_border"))
    ]  # fmt: skip
    if streets.main:
        casing = look["street"]["casing"]
        stroke = Stroke(main["fill"], main["width"], (), casing, main["width"] + 2.4 * main["casing"] + 0.6)
        entries.append(Entry(stroke, words("main_street")))
    if streets.others:
        rank = look["street"]["ranks"][2]
        entries.append(Entry(Stroke(rank["fill"], rank["width"]), words("street")))
    if streets.bridges:
        stroke = Stroke("#ffffff", main["width"] + 0.5, (), look["street"]["bridge"], main["width"] + 1.8)
        entries.append(Entry(stroke, words("bridge")))
    if water:
        entries.append(
            Entry(ground.Brush(look["water"]["fill"], look["water"]["edge"], look["water"]["width"]), words("water"))
        )
    return Group(words("base"), tuple(areas + entries))


def _joined(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Join groups of one title, leave out empty ones."""
    titles = dict.fromkeys(group.title for group in groups if group.entries)
    return tuple(
        Group(
            title,
            tuple(entry for group in groups if group.title == title for entry in group.entries),
            next((group.figures for group in groups if group.title == title and group.figures), ""),
        )
        for title in titles
    )
