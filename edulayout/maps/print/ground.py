"""The ground of a map: districts, water, streets, bridges, borders, and the plain places of demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path

from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from matplotlib.axes import Axes

    from edulayout.maps.print.content import Content
    from edulayout.maps.print.paper import View
    from edulayout.typing import AnyArray, IntArray

MOST_POLYGONS = 20_000
"""More of them are drawn as an image within the page: a vector file of a hundred thousand blocks opens in no viewer."""
_POINTS_PER_MM = 72 / 25.4
_TOLERANCE_MM = 0.03
_SHORTEST_BRIDGE_METRES = 12.0
_LEVELS = {
    "district": 1, "water": 2, "street": 3, "block": 4, "point": 4.5, "main": 5, "bridge": 6, "area": 7, "border": 8,
    "veil": 11,
}  # fmt: skip


@dataclass(frozen=True)
class Brush:
    """How an area is painted: colours, the width of its edge in points, hatch, and its level above others."""

    fill: str
    edge: str = "none"
    width: float = 0.0
    hatch: str | None = None
    level: str = "block"
    opacity: float = 1.0


def paint(ax: Axes, shapes: AnyArray, brush: Brush, *, seen: View) -> int:
    """Paint polygons that a view shows, and dots for points; return how many. O(n) in the vertices."""
    kept = _visible(shapes, seen)
    flat = kept[shapely.get_dimensions(kept) == 2]  # noqa: PLR2004 - areas, or both sides
    thin = shapely.simplify(flat, _TOLERANCE_MM * seen.metres_per_mm)
    if len(thin):
        _paint_areas(ax, thin, brush, seen)
    _paint_points(ax, kept[shapely.get_dimensions(kept) == 0], brush, seen)
    return len(kept)


def _paint_areas(ax: Axes, shapes: AnyArray, brush: Brush, seen: View) -> None:
    collection = PathCollection(
        [path_of(shape) for shape in shapes], facecolor=brush.fill, edgecolor=brush.edge, hatch=brush.hatch,
        linewidth=brush.width * seen.unit, alpha=brush.opacity, zorder=_LEVELS[brush.level],
    )  # fmt: skip
    collection.set_rasterized(len(shapes) > MOST_POLYGONS)
    ax.add_collection(collection, autolim=False)


def _paint_points(ax: Axes, shapes: AnyArray, brush: Brush, seen: View) -> None:
    if not len(shapes):
        return
    size = 3.2 if len(shapes) < 5000 else 1.2  # noqa: PLR2004 - dots that still stand apart
    ax.scatter(
        shapely.get_x(shapes), shapely.get_y(shapes), s=size * seen.unit**2, c=brush.fill, linewidths=0,
        zorder=_LEVELS["point"], rasterized=len(shapes) > MOST_POLYGONS,
    )  # fmt: skip


def path_of(shape: shapely.Geometry) -> Path:
    """Return a polygon with its holes as a path."""
    areas = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    rings = [ring for part in areas for ring in (part.exterior, *part.interiors)]
    return Path.make_compound_path(*[Path(np.asarray(ring.coords)[:, :2], closed=True) for ring in rings])


def _visible(shapes: AnyArray, seen: View) -> AnyArray:
    known = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    bounds = shapely.bounds(known)
    x0, y0, x1, y1 = seen.extent
    kept: AnyArray = known[(bounds[:, 2] >= x0) & (bounds[:, 0] <= x1) & (bounds[:, 3] >= y0) & (bounds[:, 1] <= y1)]
    return kept


def draw_lines(ax: Axes, lines: AnyArray, *, colour: str, width: float, level: float, **look: Any) -> None:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
    """Draw lines of a width in points."""
    parts = shapely.get_parts(lines)
    coordinates = [np.asarray(line.coords)[:, :2] for line in parts if not line.is_empty]
    if coordinates:
        ax.add_collection(
            LineCollection(coordinates, colors=colour, linewidths=width, zorder=level, **{"capstyle": "round"} | look),
            autolim=False,
        )


def draw_districts(ax: Axes, content: Content, seen: View, *, fills: Sequence[str] | None = None) -> None:
    """Paint what is outside the districts, and each district."""
    look = style()["ground"]
    ax.set_facecolor(look["outside"])
    shapes = content.districts.geometry.array
    for shape, fill in zip(shapes, fills or [look["district"]] * len(shapes), strict=True):
        paint(ax, np.array([shape], dtype=object), Brush(fill, level="district"), seen=seen)


def draw_borders(ax: Axes, content: Content, seen: View) -> None:
    """Draw the borders of districts, each once, a soft band along the dashed line."""
    look, width = style()["border"], style()["border"]["width"] * seen.unit
    lines = borders(content.districts)
    draw_lines(
        ax, lines, colour=look["band"], width=look["band_width"] * seen.unit, level=_LEVELS["border"] - 0.5,
        alpha=look["band_opacity"], capstyle="butt",
    )  # fmt: skip
    draw_lines(
        ax, lines, colour=look["colour"], width=width, level=_LEVELS["border"], capstyle="butt",
        linestyles=[(0, tuple(look["dash"]))],
    )  # fmt: skip


def borders(districts: gpd.GeoDataFrame) -> AnyArray:
    """Return the borders of districts, each drawn once: two dashed lines on one another would look whole."""
    merged = shapely.line_merge(shapely.union_all(shapely.boundary(districts.geometry.array)))
    return shapely.get_parts(shapely.normalize(merged))


def draw_water(ax: Axes, content: Content, seen: View) -> bool:
    """Paint water; return whether there is any to be seen."""
    if content.barriers is None:
        return False
    look = style()["water"]
    shapes = content.barriers.geometry.array
    areas = shapes[shapely.get_dimensions(shapes) == 2]  # noqa: PLR2004 - areas, or both sides
    painted = paint(ax, areas, Brush(look["fill"], look["edge"], look["width"], level="water"), seen=seen)
    lines = _visible(shapes[shapely.get_dimensions(shapes) == 1], seen)
    draw_lines(ax, lines, colour=look["edge"], width=3 * look["width"] * seen.unit, level=_LEVELS["water"])
    return bool(painted or len(lines))


@dataclass(frozen=True)
class Drawn:
    """What of the streets a map shows, for its legend."""

    main: bool = False
    others: bool = False
    bridges: bool = False


def draw_streets(ax: Axes, content: Content, seen: View) -> Drawn:
    """Draw streets by rank, quiet, as far as the scale allows, and bridges where they cross water."""
    if content.streets is None or not len(content.streets):
        return Drawn()
    ranks = style()["street"]["ranks"]
    numbers = _rank_numbers(content.streets, ranks)
    lines = np.asarray(content.streets.geometry.array)
    shown = [number for number, rank in enumerate(ranks) if seen.metres_per_mm <= rank["most_metres_per_mm"]]
    drawn = {number: _merged(_visible(lines[numbers == number], seen), seen) for number in shown}
    for number in reversed(shown):
        _draw_rank(ax, drawn[number], ranks[number], seen)
    bridges = _draw_bridges(ax, {number: lines[numbers == number] for number in shown}, content, seen)
    main = [number for number in shown if ranks[number]["above"] and len(drawn[number])]
    return Drawn(bool(main), any(len(drawn[number]) for number in shown if number not in main), bridges)


def _rank_numbers(streets: gpd.GeoDataFrame, ranks: Sequence[Mapping[str, Any]]) -> IntArray:
    others = next(number for number, rank in enumerate(ranks) if rank.get("others"))
    if "street_class" not in streets:
        return np.full(len(streets), others)
    named = {name: number for number, rank in enumerate(ranks) for name in rank["classes"]}
    bare = streets["street_class"].fillna("").astype(str).str.removesuffix("_link")
    numbers: IntArray = bare.map(named).fillna(others).to_numpy(dtype=np.int64)
    return numbers


def _merged(lines: AnyArray, seen: View) -> AnyArray:
    """Join lines end to end and thin them; sorted, so that equal streets give equal bytes."""
    if not len(lines):
        return lines
    parts = shapely.get_parts(lines)
    joined = shapely.line_merge(shapely.multilinestrings(parts[shapely.get_dimensions(parts) == 1]))
    return shapely.get_parts(shapely.normalize(shapely.simplify(joined, _TOLERANCE_MM * seen.metres_per_mm)))


def _draw_rank(ax: Axes, lines: AnyArray, rank: Mapping[str, Any], seen: View) -> None:
    level = _LEVELS["main" if rank["above"] else "street"] + rank["width"] / 10
    width = rank["width"] * seen.unit
    if rank["casing"]:
        casing = style()["street"]["casing"]
        draw_lines(ax, lines, colour=casing, width=width + 2 * rank["casing"] * seen.unit, level=level - 0.2)
    draw_lines(ax, lines, colour=rank["fill"], width=width, level=level)


def _draw_bridges(ax: Axes, lines: Mapping[int, AnyArray], content: Content, seen: View) -> bool:
    water = _water(content)
    if shapely.is_empty(water):
        return False
    ranks, colour = style()["street"]["ranks"], style()["street"]["bridge"]
    any_drawn = False
    for number in reversed(list(lines)):
        over = _merged(_over(_visible(lines[number], seen), water), seen)
        width = (max(ranks[number]["width"], 0.8) + 0.5) * seen.unit
        draw_lines(ax, over, colour=colour, width=width + 1.3 * seen.unit, level=_LEVELS["bridge"], capstyle="butt")
        draw_lines(ax, over, colour="#ffffff", width=width, level=_LEVELS["bridge"] + 0.1, capstyle="butt")
        any_drawn = any_drawn or bool(len(over))
    return any_drawn


def _water(content: Content) -> shapely.Geometry:
    if content.barriers is None:
        return shapely.GeometryCollection()
    shapes = content.barriers.geometry.array
    return shapely.union_all(shapes[shapely.area(shapes) > 0])


def _over(lines: AnyArray, water: shapely.Geometry) -> AnyArray:
    near = lines[shapely.intersects(lines, water)]
    pieces = shapely.get_parts(shapely.intersection(near, water))
    long: AnyArray = pieces[(shapely.get_dimensions(pieces) == 1) & (shapely.length(pieces) >= _SHORTEST_BRIDGE_METRES)]
    return long


def level(name: str) -> float:
    """Return how high a layer lies."""
    return _LEVELS[name]
