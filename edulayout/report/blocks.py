"""Places by class of walk, drawn once for all maps: those that are alike everywhere are one path."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from edulayout.report.drawing import Canvas, path

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.report.content import Content
    from edulayout.typing import AnyArray, FloatArray

CLASSES = ("within", "near", "far", "unreachable")
"""Within the service radius, up to twice of it, beyond, no way to any school."""
NOBODY = len(CLASSES)
MOST_CORNERS = 60_000
"""Beyond it places are told by square cells, each with the class of its largest place."""
CELL = 8
"""Units of a cell's side."""


class Blocks(NamedTuple):
    """Paths by number, the class of each on every map (shape (paths, maps)), the maps, and whether they are dots."""

    paths: list[str]
    classes: AnyArray
    maps: list[tuple[str, str]]
    dots: bool


def blocks(content: Content, canvas: Canvas) -> Blocks | None:
    """Return the places of the demand, one path for those that have the same class on all maps; None without any."""
    demand = content.layers.get("demand")
    maps = [] if demand is None else [pair for pair in _pairs(content) if _column(*pair) in demand]
    if demand is None or not maps:
        return None
    codes = np.stack([_classes(demand, *pair, content.radii[pair[1]]) for pair in maps], axis=1)
    lived = (codes != NOBODY).any(axis=1)
    shapes, codes = np.asarray(demand.geometry.array)[lived], codes[lived]
    dots = bool((shapely.get_dimensions(shapes) == 0).all())
    if shapely.get_num_coordinates(shapes).sum() > MOST_CORNERS:
        shapes, codes, dots = (*_cells(shapes, codes, _crowd(demand, content)[lived], canvas), False)
    kinds, number = np.unique(codes, axis=0, return_inverse=True)
    order = np.argsort(number.ravel(), kind="stable")
    starts = np.searchsorted(number.ravel()[order], np.arange(len(kinds) + 1))
    paths = [path(shapes[order[start:end]], canvas) for start, end in pairwise(starts)]
    return Blocks(paths, kinds, maps, dots)


def _pairs(content: Content) -> list[tuple[str, str]]:
    return [(layout, stage) for stage in content.stages for layout in content.layouts]


def _column(layout: str, stage: str) -> str:
    return f"metres_{stage}_{layout}"


def _classes(demand: gpd.GeoDataFrame, layout: str, stage: str, radius: float) -> AnyArray:
    walk = demand[_column(layout, stage)].to_numpy(dtype=np.float64)
    # As in the coverage, costs and radius are compared as 32-bit numbers.
    near = np.float32(walk), np.float32(radius), np.float32(2 * radius)
    found = np.select([near[0] <= near[1], near[0] <= near[2], np.isfinite(walk)], [0, 1, 2], 3)
    pupils = demand[f"pupils_{stage}"].to_numpy(dtype=np.float64)
    classes: AnyArray = np.where(pupils > 0, found, NOBODY)
    return classes


def _crowd(demand: gpd.GeoDataFrame, content: Content) -> FloatArray:
    crowd: FloatArray = demand[[f"pupils_{stage}" for stage in content.stages]].to_numpy(dtype=np.float64).sum(axis=1)
    return crowd


def _cells(shapes: AnyArray, codes: AnyArray, crowd: FloatArray, canvas: Canvas) -> tuple[AnyArray, AnyArray]:
    """Return a square for each cell in which somebody lives, with the codes of its largest place."""
    cell = canvas.units(shapely.get_coordinates(shapely.point_on_surface(shapes))) // CELL
    order = np.lexsort((-crowd, cell[:, 0], cell[:, 1]))
    cell = cell[order]
    first = np.r_[True, (cell[1:] != cell[:-1]).any(axis=1)]
    side = CELL * canvas.metres
    left, upper = canvas.left + cell[first, 0] * side, canvas.upper - cell[first, 1] * side
    return shapely.box(left, upper - side, left + side, upper), codes[order[first]]
