"""What makes a map measurable: neat line, coordinate ticks, scale bar, north arrow, locator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from edulayout import crs
from edulayout.maps.print.ground import path_of
from edulayout.maps.print.paper import nice_step
from edulayout.maps.print.setting import baseline, write
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.maps.print.content import Content
    from edulayout.maps.print.panel import Desk
    from edulayout.maps.print.paper import Box, View
    from edulayout.maps.print.words import Words

_BAR_PARTS = 8
_LABELLED = 5


def draw_neat_line(desk: Desk, seen: View) -> None:
    """Draw the map's inner border with coordinate ticks and their numbers on all four sides."""
    window = seen.window
    desk.page.add_patch(_outline(window, 0.9 * desk.unit))
    x0, y0, x1, y1 = seen.extent
    step = nice_step(max(x1 - x0, y1 - y0), most=10)
    for value in np.arange(np.ceil(x0 / step), np.floor(x1 / step) + 1) * step:
        _tick_across(desk, window, seen.to_paper(value, y0)[0], _grid_label(value, step))
    for value in np.arange(np.ceil(y0 / step), np.floor(y1 / step) + 1) * step:
        _tick_up(desk, window, seen.to_paper(x0, value)[1], _grid_label(value, step))


def _grid_label(value: float, step: float) -> str:
    """Write coordinates in kilometres, as topographic sheets do, in metres where the grid is finer."""
    return f"{value / 1000:.0f}" if step >= 1000 else f"{value / 1000:.2f}"  # noqa: PLR2004 - metres in a kilometre


def _tick_across(desk: Desk, window: Box, x: float, text: str) -> None:
    tick, tiny = 1.6 * desk.unit, desk.type("tiny", colour=style()["soft_ink"])
    for y, side in ((window.y, -1), (window.top, 1)):
        desk.rule((x, x), (y, y + side * tick), width=0.5, colour=style()["ink"])
        low = y - tick - tiny.em * 1.15 if side < 0 else y + tick + 0.1 * desk.unit
        write(desk.page, text, (x, baseline(low, tiny)), tiny, align="center")


def _tick_up(desk: Desk, window: Box, y: float, text: str) -> None:
    tick, tiny = 1.6 * desk.unit, desk.type("tiny", colour=style()["soft_ink"])
    for x, side in ((window.x, -1), (window.right, 1)):
        desk.rule((x, x + side * tick), (y, y), width=0.5, colour=style()["ink"])
        at = x + side * (tick + 0.5 * desk.unit) + (0 if side < 0 else tiny.em * 0.9)
        write(desk.page, text, (at, y), tiny, align="center", rotation=90)


def _outline(box: Box, width: float) -> Rectangle:
    return Rectangle(
        (box.x, box.y), box.width, box.height, fill=False, edgecolor=style()["ink"], linewidth=width, zorder=6
    )


def draw_frame(desk: Desk, frame: Box) -> None:
    """Draw the border of the sheet."""
    desk.page.add_patch(_outline(frame, 1.9 * desk.unit))


@dataclass(frozen=True)
class OrientationPart:
    """North arrow, scale bar and locator, side by side."""

    seen: View
    content: Content
    focus: str | None = None

    def height(self, desk: Desk, width: float) -> float:  # noqa: ARG002 - every part is asked by breadth
        """Return how high it is at a breadth."""
        return 37.0 * desk.unit

    def draw(self, desk: Desk, x: float, top: float, width: float) -> None:
        """Draw it below a height."""
        unit, half = desk.unit, width * 0.56
        draw_north(desk, (x + half * 0.5, top - 10.5 * unit), self.content)
        draw_scale_bar(desk, (x, top - 32.0 * unit), self.seen, width=half - 6 * unit, words=self.content.words)
        self._draw_locator(desk, x + half, top, width - half)

    def _draw_locator(self, desk: Desk, x: float, top: float, width: float) -> None:
        small = desk.type("small", colour=style()["soft_ink"])
        write(desk.page, self.content.words("locator"), (x, baseline(top - small.em * 1.1, small)), small)
        box_top = top - small.line
        draw_locator(desk, (x, box_top - 33.0 * desk.unit, width, 33.0 * desk.unit), self)
        _write_place(desk, (x + width, baseline(top - small.em * 1.1, small)), self.content.districts)


def draw_north(desk: Desk, at: tuple[float, float], content: Content) -> None:
    """Draw an arrow to grid north; the angle to true north stands below it."""
    x, y, size, ink = *at, 7.5 * desk.unit, style()["ink"]
    left = [(x, y + size), (x - size * 0.36, y - size * 0.62), (x, y - size * 0.3)]
    right = [(x, y + size), (x + size * 0.36, y - size * 0.62), (x, y - size * 0.3)]
    for points, fill in ((left, ink), (right, "#ffffff")):
        desk.page.add_patch(Polygon(points, closed=True, facecolor=fill, edgecolor=ink, linewidth=0.6 * desk.unit,
                                    joinstyle="miter", zorder=6))  # fmt: skip
    bold, tiny = desk.type("heading", bold=True), desk.type("tiny", colour=style()["soft_ink"])
    write(desk.page, content.words("north"), (x, y + size + 0.9 * desk.unit), bold, align="center")
    below = y - size * 0.62 - tiny.em * 1.2
    angle = degrees(convergence(content.districts))
    for number, text in enumerate((content.words("grid_north"), content.words("convergence", angle=angle))):
        write(desk.page, text, (x, below - number * tiny.line), tiny, align="center")


def convergence(districts: gpd.GeoDataFrame) -> float:
    """Return the angle from true north to grid north in degrees, eastwards positive, at the middle of the districts.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> place = shapely.box(592000, 3495000, 592010, 3495010)
    >>> round(convergence(gpd.GeoDataFrame(geometry=[place], crs="EPSG:4544")), 2)
    0.51
    """
    x0, y0, x1, y1 = districts.total_bounds
    system = districts.crs
    transformer = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
    longitude, latitude = transformer.transform((x0 + x1) / 2, (y0 + y1) / 2)
    return float(pyproj.Proj(system).get_factors(longitude, latitude).meridian_convergence)


def degrees(angle: float) -> str:
    """Write an angle in degrees and minutes.

    Examples
    --------
    >>> degrees(-0.508)
    '−0°30′'
    """
    minutes = round(abs(angle) * 60)
    return f"{'−' if angle < 0 and minutes else '+' if minutes else ''}{minutes // 60}°{minutes % 60:02d}′"


def draw_scale_bar(desk: Desk, at: tuple[float, float], seen: View, *, width: float, words: Words) -> None:
    """Draw a bar of round lengths, and the scale in figures above it."""
    x, y = at
    body, small = desk.type("body", bold=True), desk.type("tiny")
    metres = nice_step(width * seen.metres_per_mm, most=_BAR_PARTS)
    count = max(2, int(width * seen.metres_per_mm // metres))
    count -= count % 2
    step, thick = metres / seen.metres_per_mm, 1.5 * desk.unit
    unit, by = ("km", 1000) if metres * count > 2000 else ("m", 1)  # noqa: PLR2004 - from here on kilometres read better
    for number in range(count):
        fill = style()["ink"] if number % 2 == 0 else "#ffffff"
        desk.page.add_patch(Rectangle((x + number * step, y), step, thick, facecolor=fill, edgecolor=style()["ink"],
                                      linewidth=0.5 * desk.unit, zorder=6))  # fmt: skip
    for number in range(0, count + 1, 1 if count < _LABELLED else 2):
        text = f"{number * metres / by:g}{f' {unit}' if number >= count - 1 else ''}"
        write(desk.page, text, (x + number * step, y - small.em * 1.15), small, align="center" if number else "left")
    text = scale_text(seen.scale, words)
    write(desk.page, text, (x + count * step / 2, y + thick + 1.3 * desk.unit), body, align="center")


def scale_text(scale: float, words: Words) -> str:
    """Write a scale.

    Examples
    --------
    >>> from edulayout.maps.print.words import words
    >>> scale_text(25000, words("en")), scale_text(25000, words("zh"))
    ('1:25,000', '1:25000')
    """
    return f"1:{scale:,.0f}" if words.language == "en" else f"1:{scale:.0f}"


def draw_locator(desk: Desk, box: tuple[float, float, float, float], part: OrientationPart) -> None:
    """Draw where the map lies: districts (within a wider region where one is given), and the map's window."""
    x, y, width, height = box
    districts, region = part.content.districts, part.content.region
    whole = (districts if region is None else region).total_bounds
    extent = shapely.box(*part.seen.extent)
    x0, y0, x1, y1 = shapely.union(shapely.box(*whole), extent).bounds
    ratio = max((x1 - x0) / (width * 0.94), (y1 - y0) / (height * 0.94))
    shift = np.array([x + width / 2 - (x0 + x1) / 2 / ratio, y + height / 2 - (y0 + y1) / 2 / ratio])
    desk.page.add_patch(Rectangle((x, y), width, height, facecolor="#f7f5f0", edgecolor="#8a867d",
                                  linewidth=0.5 * desk.unit, zorder=3))  # fmt: skip
    if region is not None:
        _draw_shapes(desk, region, (ratio, shift), fill="#ece8df")
    _draw_shapes(desk, districts, (ratio, shift), fill="#dcd6c8")
    if part.focus is not None:
        _draw_shapes(desk, districts[districts.index.astype(str) == part.focus], (ratio, shift), fill="#b8432f")
    _draw_window(desk, extent, (ratio, shift))


def _draw_shapes(desk: Desk, table: gpd.GeoDataFrame, onto: tuple[float, np.ndarray], *, fill: str) -> None:
    ratio, shift = onto
    for shape in shapely.simplify(table.geometry.array, 0.1 * ratio):
        placed = shapely.transform(shape, lambda at: at / ratio + shift)
        desk.page.add_patch(
            PathPatch(path_of(placed), facecolor=fill, edgecolor="#ffffff", linewidth=0.5 * desk.unit, zorder=4)
        )


def _draw_window(desk: Desk, extent: shapely.Polygon, onto: tuple[float, np.ndarray]) -> None:
    ratio, shift = onto
    ring = np.asarray(shapely.transform(extent, lambda at: at / ratio + shift).exterior.coords)
    desk.page.add_patch(
        PathPatch(Path(ring, closed=True), fill=False, edgecolor="#b8432f", linewidth=0.9 * desk.unit, zorder=5)
    )


def _write_place(desk: Desk, at: tuple[float, float], districts: gpd.GeoDataFrame) -> None:
    """Write longitude and latitude of the middle above the locator."""
    middle = crs.to_crs(districts.geometry, crs.LONLAT, source="districts").total_bounds
    longitude, latitude = (middle[0] + middle[2]) / 2, (middle[1] + middle[3]) / 2
    text = (f"{abs(latitude):.2f}° {'N' if latitude >= 0 else 'S'}, "
            f"{abs(longitude):.2f}° {'E' if longitude >= 0 else 'W'}")  # fmt: skip
    tiny = desk.type("tiny", colour=style()["soft_ink"])
    write(desk.page, text, at, tiny, align="right")
