"""Figures for papers: the same maps on any matplotlib axes, and in the widths of journals' columns."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from edulayout.errors import Fault, InputError
from edulayout.maps.print import files, scene
from edulayout.maps.print.canvas import Scene
from edulayout.maps.print.content import content_of
from edulayout.maps.print.fonts import typeface
from edulayout.maps.print.legend import Entry, Group
from edulayout.maps.print.lettering import letter
from edulayout.maps.print.map_types import subject as subject_of
from edulayout.maps.print.panel import Desk, LegendPart
from edulayout.maps.print.paper import Box, View, nice_step
from edulayout.maps.print.setting import Type, write
from edulayout.maps.print.sheet import letters, paint_ground
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from edulayout.maps.print.content import Content
    from edulayout.maps.print.fonts import Typeface
    from edulayout.maps.print.map_types import MapType, Subject

_MM = 25.4
_ROOM = 1.04
_GAP_MM = 2.0
_BODY_POINTS = 7.4
"""The size of body type at unit 1; see `style.toml`."""
_COLUMN_MM, _COLUMN_UNIT = 89.0, 0.56
"""How large signs and type are in a panel as broad as a column, against those of an A3 sheet."""


@dataclass(frozen=True)
class Preset:
    """The width of a figure, and the size of its type."""

    width_mm: float
    points: float


PRESETS: Mapping[int, Preset] = MappingProxyType({1: Preset(89.0, 7.0), 2: Preset(183.0, 7.5)})
"""By columns: 89 and 183 mm, after the figure guidelines of Nature and its sisters; most journals lie near them."""


def plot(
    source: Any,  # noqa: ANN401 - a study's result, which stands in a higher layer, or a Content
    kind: str | MapType = "planned",
    *,
    ax: Axes,
    stage: str | None = None,
    layout: str | None = None,
    names: bool = False,
    unit: float = 0.6,
    font: str | None = None,
) -> tuple[Group, ...]:
    """Draw a map of a study on an axes.

    Parameters
    ----------
    source
        The result of a study, or a `Content` of its tables.
    kind, stage, layout
        As of a sheet.
    ax
        Where to draw; its place in its figure decides the scale, so place it first.
    names
        Whether schools are named, not only districts and waters.
    unit
        How large signs and type are against those of an A3 sheet.
    font
        As of a sheet.

    Returns
    -------
    tuple
        The groups of its legend, with a text for each entry.

    Raises
    ------
    InputError
        As of a sheet.

    Examples
    --------
    >>> import geopandas as gpd, edulayout as el
    >>> from matplotlib.figure import Figure
    >>> from shapely import Point, box
    >>> districts = gpd.GeoDataFrame(geometry=[box(592000, 3495000, 594000, 3496500)], index=["n"], crs="EPSG:4544")
    >>> schools = gpd.GeoDataFrame({"layout": ["existing"], "school_id": ["s"], "kind": ["primary"]},
    ...                            geometry=[Point(593000, 3496000)], crs="EPSG:4544")
    >>> demand = gpd.GeoDataFrame(geometry=[box(592500, 3495500, 592600, 3495600)], crs="EPSG:4544")
    >>> content = el.maps.Content(districts=districts, schools=schools, demand=demand)
    >>> groups = el.maps.plot(content, "existing", ax=Figure().add_subplot())
    >>> [entry.text for entry in groups[0].entries]
    ['Primary school, existing']
    """
    content = content_of(source)
    about = subject_of(kind, content, layout=layout, stage=stage)
    return _plotted(ax, content, about, unit, typeface(letters(content), font=font), names=names)


def _plotted(
    ax: Axes, content: Content, about: Subject, unit: float, face: Typeface, *, names: bool
) -> tuple[Group, ...]:
    seen = _view(ax, content, unit)
    ax.set_xticks([])
    ax.set_yticks([])
    drawn = scene.draw(ax, content, about, seen)
    paint_ground(ax)
    letter(Scene(ax, content, about, seen, face), drawn.schools, names=names)
    return drawn.groups


def _view(ax: Axes, content: Content, unit: float) -> View:
    """Fit the districts into an axes as large as it allows; figures need no round scale."""
    place, size = ax.get_position(), ax.get_figure(root=True).get_size_inches() * _MM  # type: ignore[union-attr] # it has one
    window = Box(place.x0 * size[0], place.y0 * size[1], place.width * size[0], place.height * size[1])
    x0, y0, x1, y1 = map(float, content.districts.total_bounds)
    step = max((x1 - x0) / window.width, (y1 - y0) / window.height) * _ROOM
    left, low = (x0 + x1 - window.width * step) / 2, (y0 + y1 - window.height * step) / 2
    return View(window, left, low, step * 1000, unit)


def figure(
    source: Any,  # noqa: ANN401 - a study's result, which stands in a higher layer, or a Content
    kind: str | MapType = "planned",
    *,
    columns: int = 1,
    stage: str | None = None,
    layouts: Sequence[str] | None = None,
    names: bool = False,
    legend: bool = True,
    font: str | None = None,
) -> Figure:
    """Draw a figure for a paper: one map, or layouts side by side as (a), (b), …, with one legend below.

    Parameters
    ----------
    source
        The result of a study, or a `Content` of its tables.
    kind, stage
        As of a sheet.
    columns
        1 or 2: the width, in columns of the page; see `PRESETS`.
    layouts
        One for each panel; without them one panel of the layout that the type prefers.
    names
        Whether schools are named.
    legend
        Whether a legend stands below.
    font
        As of a sheet.

    Returns
    -------
    matplotlib.figure.Figure
        At its final size; `el.maps.save_figure` embeds its fonts and keeps its text searchable.

    Raises
    ------
    InputError
        As of a sheet, or where the columns are neither 1 nor 2.
    """
    if columns not in PRESETS:
        raise InputError(Fault("the columns of a figure", str(columns), "1 or 2", "choose one of them"))
    content, preset = content_of(source), PRESETS[columns]
    panels = [subject_of(kind, content, layout=name, stage=stage) for name in layouts or (None,)]
    face = typeface(letters(content), font=font)
    made = _Composed(content, preset, tuple(panels), face, legend=legend)
    return made.draw(names=names)


@dataclass(frozen=True)
class _Composed:
    """A figure being put together: panels in a row, below them scale and legend."""

    content: Content
    preset: Preset
    panels: tuple[Subject, ...]
    face: Typeface
    legend: bool

    @property
    def type(self) -> Type:
        return Type(self.face, self.preset.points)

    @property
    def each(self) -> float:
        """The breadth of a panel."""
        return (self.preset.width_mm - _GAP_MM * (len(self.panels) - 1)) / len(self.panels)

    @property
    def unit(self) -> float:
        return _COLUMN_UNIT * float((self.each / _COLUMN_MM) ** 0.6)

    def draw(self, *, names: bool) -> Figure:
        width, gap, each = self.preset.width_mm, _GAP_MM, self.each
        x0, y0, x1, y1 = map(float, self.content.districts.total_bounds)
        height = each * min(max((y1 - y0) / (x1 - x0), 0.5), 1.35)
        groups = self._groups()
        foot = 7.8 + (self._legend(groups).height(self._desk(None), width) if self.legend else 0.0)
        head = self.type.line * 1.15
        made, page = self._page(width, head + height + foot)
        for number, about in enumerate(self.panels):
            ax = made.add_axes(((number * (each + gap)) / width, foot / (head + height + foot), each / width,
                                height / (head + height + foot)))  # fmt: skip
            self._draw_panel(ax, about, names=names)
            self._write_letter(page, number, (number * (each + gap), foot + height + 0.9))
        self._draw_scale(page, (each, foot))
        if self.legend:
            self._legend(groups).draw(self._desk(page), 0.0, foot - 7.5, width)
        return made

    def _page(self, width: float, height: float) -> tuple[Figure, Axes]:
        made = Figure(figsize=(width / _MM, height / _MM), facecolor="#ffffff")
        page = made.add_axes((0, 0, 1, 1), zorder=5)
        page.set_xlim(0, width)
        page.set_ylim(0, height)
        page.set_axis_off()
        page.patch.set_visible(False)
        return made, page

    def _desk(self, page: Any) -> Desk:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
        return Desk(page, self.face, self.preset.points / _BODY_POINTS)

    def _groups(self) -> tuple[Group, ...]:
        """Return the legend of all panels: every entry of any, once; shares differ by panel and are left out."""
        probe = Figure(figsize=(self.preset.width_mm / _MM,) * 2)
        found: dict[str, dict[str, Any]] = {}
        for about in self.panels:
            ax = probe.add_axes((0, 0, 1, 1))
            for group in scene.draw(ax, self.content, about, _view(ax, self.content, self.unit)).groups:
                found.setdefault(group.title, {}).update({entry.text: entry for entry in group.entries})
        return tuple(_without_figures(title, tuple(entries.values())) for title, entries in found.items())

    def _legend(self, groups: tuple[Group, ...]) -> LegendPart:
        return LegendPart("", groups, columns=4 if self.preset.width_mm > 150 else 2)  # noqa: PLR2004 - two columns wide

    def _draw_panel(self, ax: Axes, about: Subject, *, names: bool) -> None:
        _plotted(ax, self.content, about, self.unit, self.face, names=names)
        for side in ax.spines.values():
            side.set_linewidth(0.5)

    def _write_letter(self, page: Axes, number: int, at: tuple[float, float]) -> None:
        words, about = self.content.words, self.panels[number]
        mark = f"({chr(ord('a') + number)}) " if len(self.panels) > 1 else ""
        name = words.layout(about.layout)
        bold = Type(self.face, self.preset.points, bold=True, colour=style()["ink"])
        write(page, f"{mark}{name[:1].upper()}{name[1:]}", at, bold)

    def _draw_scale(self, page: Axes, at: tuple[float, float]) -> None:
        """Draw a scale bar and an arrow to grid north below the first panel."""
        width, foot = at
        x0, _, x1, _ = self.content.districts.total_bounds
        seen = _view(page.get_figure(root=True).axes[1], self.content, 1.0)  # type: ignore[union-attr] # it has one
        metres = nice_step(float(x1 - x0), most=5)
        length, y, ink = metres / seen.metres_per_mm, foot - 3.2, style()["ink"]
        page.add_patch(Rectangle((0.4, y), length, 0.7, facecolor=ink, linewidth=0))
        text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"  # noqa: PLR2004 - metres in a kilometre
        write(page, text, (length + 1.6, y - 0.4), self.type)
        right = width - 5.5
        page.add_patch(Polygon([(right, y + 2.2), (right - 0.9, y - 1.2), (right, y - 0.5), (right + 0.9, y - 1.2)],
                               closed=True, facecolor=ink, linewidth=0))  # fmt: skip
        write(page, self.content.words("north"), (right + 1.6, y - 0.4), self.type)


def _without_figures(title: str, entries: tuple[Any, ...]) -> Group:
    return Group(title, tuple(Entry(entry.sample, entry.text) for entry in entries))


def save_figure(made: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as `.pdf` (fonts embedded), `.svg` or `.png` (300 dots per inch); equal figures are equal bytes.

    Raises
    ------
    OutputError
        Where the ending is another one, or the place cannot be written.
    """
    files.save([files.Titled(made, "")], path)
