"""Names of districts, large, where they cover least; with bars of pupils and seats where a map is about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.patches import Rectangle

from edulayout.maps.print.content import district_names
from edulayout.maps.print.paper import rectangles
from edulayout.maps.print.setting import Type, baseline, write
from edulayout.maps.print.themes import plates
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from edulayout.maps.print.canvas import Scene
    from edulayout.typing import AnyArray, FloatArray

_GRID = 36
_BAR_MM, _BAR_HEIGHT_MM, _BAR_STEP_MM = 24.0, 3.2, 4.0
_PLATE_MM = (38.0, 9.2)


def letter_districts(scene: Scene, taken: FloatArray) -> FloatArray:
    """Write the names of districts; return the boxes that they take on paper."""
    unit = scene.seen.unit
    setting = scene.type("district", bold=True, colour="#3a3a3a", halo="#ffffff", halo_points=1.5 * unit)
    bars, names = plates(scene.content, scene.subject), district_names(scene.content)
    most = max((value for pair in bars.values() for value in pair if np.isfinite(value)), default=1.0)
    blocks, boxes = _block_tree(scene), [np.empty((0, 4))]
    for key, shape in zip(map(str, scene.content.districts.index), scene.content.districts.geometry.array, strict=True):
        plate = _Plate(names[key], bars.get(key), most)
        size = plate.size(scene, setting)
        seen = scene.seen.on_paper(_shown_part(scene, shape))
        if not seen.is_empty and shapely.area(seen) > 0:
            at = _spot(scene, seen, size, (np.vstack([taken, *boxes]), blocks))
            plate.draw(scene, setting, at)
            boxes.append(np.array([[*at, at[0] + size[0], at[1] + size[1]]]))
    return np.vstack(boxes)


def _shown_part(scene: Scene, district: shapely.Geometry) -> shapely.Geometry:
    shown = shapely.box(*scene.seen.extent)
    if scene.focus is not None and not shapely.equals(scene.focus, district):
        shown = shapely.buffer(shown, -8.0 * scene.seen.unit * scene.seen.metres_per_mm)
    return shapely.intersection(district, shown)


@dataclass(frozen=True)
class _Plate:
    """The name of a district, and below it bars of its pupils and seats, if any, to the scale of the most."""

    name: str
    bars: tuple[float, float] | None
    most: float

    def size(self, scene: Scene, setting: Type) -> tuple[float, float]:
        width, height, unit = setting.width(self.name), setting.em * 1.1, scene.seen.unit
        return (width, height) if self.bars is None else (max(width, _PLATE_MM[0] * unit), height + _PLATE_MM[1] * unit)

    def draw(self, scene: Scene, setting: Type, at: tuple[float, float]) -> None:
        bottom = baseline(at[1] + self.size(scene, setting)[1] - setting.em * 1.1, setting)
        write(scene.ax, self.name, scene.seen.to_ground(at[0], bottom), setting, level=18)
        for row, (name, value) in enumerate(zip(("pupils", "seats"), self.bars or (), strict=False)):
            self._draw_bar(scene, (name, value), at[0], at[1] + (_BAR_STEP_MM * (1 - row) + 0.6) * scene.seen.unit)

    def _draw_bar(self, scene: Scene, bar: tuple[str, float], x: float, y: float) -> None:
        (name, value), unit, step = bar, scene.seen.unit, scene.seen.metres_per_mm
        small = scene.type("small", bold=True, halo="#ffffff", halo_points=0.8 * unit)
        length = _BAR_MM * unit * (value / self.most if np.isfinite(value) and self.most > 0 else 0.0)
        scene.ax.add_patch(
            Rectangle(scene.seen.to_ground(x, y), length * step, _BAR_HEIGHT_MM * unit * step, linewidth=0.7 * unit,
                      facecolor=style()["bars"][name], edgecolor="#ffffff", zorder=17)
        )  # fmt: skip
        text = f"{value:,.0f}" if np.isfinite(value) else "–"
        write(scene.ax, text, scene.seen.to_ground(x + length + unit, y + 0.75 * unit), small, level=18)


def _block_tree(scene: Scene) -> shapely.STRtree:
    return shapely.STRtree(scene.seen.on_paper(np.asarray(scene.content.demand.geometry.array)))


def _spot(
    scene: Scene, district: shapely.Geometry, size: tuple[float, float], taken: tuple[FloatArray, shapely.STRtree]
) -> tuple[float, float]:
    """Find the box within a district that covers fewest signs and blocks and lies near its middle."""
    largest = max(shapely.get_parts(district), key=shapely.area)
    boxes = _grid_boxes(scene, largest, size)
    shapes = rectangles(boxes)
    shapely.prepare(largest)
    beyond = ~shapely.contains(largest, shapes)
    middle = shapely.maximum_inscribed_circle(largest, tolerance=np.sqrt(largest.area) / 50).coords[0]
    away = np.hypot(boxes[:, [0, 2]].mean(axis=1) - middle[0], boxes[:, [1, 3]].mean(axis=1) - middle[1])
    covered = 2.0 * _hits(shapes, shapely.STRtree(rectangles(taken[0]))) + np.minimum(
        0.06 * _hits(shapes, taken[1]), 2.0
    )
    best = boxes[np.argmin(covered + beyond * 9.0 + away / (0.25 * np.sqrt(largest.area)))]
    return float(best[0]), float(best[1])


def _hits(shapes: AnyArray, tree: shapely.STRtree) -> FloatArray:
    return np.bincount(tree.query(shapes, predicate="intersects")[0], minlength=len(shapes)).astype(float)


def _grid_boxes(scene: Scene, shape: shapely.Geometry, size: tuple[float, float]) -> FloatArray:
    left, low, right, high = shapely.bounds(shape)
    window = scene.seen.window
    xs = np.clip(np.linspace(left, max(left, right - size[0]), _GRID), window.x + 1, window.right - size[0] - 1)
    ys = np.clip(np.linspace(low, max(low, high - size[1]), _GRID), window.y + 1, window.top - size[1] - 1)
    corners = np.column_stack([np.repeat(xs, _GRID), np.tile(ys, _GRID)])
    return np.column_stack([corners, corners + size])
