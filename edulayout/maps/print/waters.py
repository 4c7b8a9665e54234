"""Names of waters, written along them where they fit in best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.maps.print.paper import rectangles
from edulayout.maps.print.setting import write
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from edulayout.maps.print.canvas import Scene
    from edulayout.maps.print.setting import Type
    from edulayout.typing import AnyArray, FloatArray

_ANGLES = (0, *(sign * angle for angle in range(8, 90, 8) for sign in (1, -1)))
_GRID = 32
_LEAST_MM = 5.0
_QUARTER = 90.0
_FLAT = 25.0


def letter_water(scene: Scene, taken: FloatArray) -> FloatArray:
    """Write the names of waters; return the boxes that they take on paper."""
    barriers = scene.content.barriers
    if barriers is None or not {"name", "name_en"} & set(barriers.columns):
        return np.empty((0, 4))
    look, unit = style()["water"], scene.seen.unit
    setting = scene.type("water", colour=look["ink"], halo=look["fill"], halo_points=0.9 * unit)
    boxes = [np.empty((0, 4))]
    for key, name, shape in zip(
        barriers.index, scene.content.words.names(barriers), barriers.geometry.array, strict=True
    ):
        water = scene.seen.on_paper(shapely.intersection(shape, shapely.box(*scene.seen.extent)))
        if name != str(key) and shapely.area(water) > _LEAST_MM**2:
            boxes.append(_write_along(scene, name, water, setting, np.vstack([taken, *boxes])))
    return np.vstack(boxes)


def _write_along(scene: Scene, name: str, water: shapely.Geometry, setting: Type, taken: FloatArray) -> FloatArray:
    """Write a name where it lies most level among the places that hold it whole and free."""
    largest = shapely.simplify(max(shapely.get_parts(water), key=shapely.area), 0.2)
    size = np.array([setting.width(name) + 2.0, setting.em * 1.15])
    middles = _points_in(largest, size[1] / 2)
    shapes = np.concatenate([_turned(middles, size, angle) for angle in _ANGLES])
    tilt = np.repeat(np.abs(_ANGLES), len(middles)) / _QUARTER
    away = np.tile(_away(middles, scene), len(_ANGLES))
    at = int(np.argmin(_lost(shapes, largest) * 30 + _hits(shapes, taken) * 4 + tilt * 3 + away))
    angle, middle = divmod(at, len(middles))
    return _write_turned(scene, name, (middles[middle, 0], middles[middle, 1]), float(_ANGLES[angle]), setting)


def _lost(shapes: AnyArray, water: shapely.Geometry) -> FloatArray:
    """Return how much of each place lies on land; where some lie wholly in water, only whether it is one of them."""
    shapely.prepare(water)
    fits = shapely.contains(water, shapes)
    if fits.any():
        return np.where(fits, 0.0, 1.0)
    shares: FloatArray = 1 - shapely.area(shapely.intersection(shapes, water)) / shapely.area(shapes)
    return shares


def _hits(shapes: AnyArray, taken: FloatArray) -> FloatArray:
    if not len(taken):
        return np.zeros(len(shapes))
    found = shapely.STRtree(rectangles(taken)).query(shapes, predicate="intersects")[0]
    return np.bincount(found, minlength=len(shapes)).astype(float)


def _away(middles: FloatArray, scene: Scene) -> FloatArray:
    """Return how far places are from the middle of the map, as a share of its breadth."""
    window = scene.seen.window
    centre = np.array([window.x + window.width / 2, window.y + window.height / 2])
    away: FloatArray = np.hypot(*(middles - centre).T) / window.width
    return away


def _points_in(shape: shapely.Geometry, margin: float) -> FloatArray:
    narrow = shapely.buffer(shape, -margin)
    inner = shape if narrow.is_empty else narrow
    x0, y0, x1, y1 = shapely.bounds(inner)
    xs, ys = np.meshgrid(np.linspace(x0, x1, _GRID), np.linspace(y0, y1, _GRID))
    inside = shapely.contains_xy(inner, xs, ys)
    found = np.column_stack([xs[inside], ys[inside]])
    return found if len(found) else shapely.get_coordinates(shapely.point_on_surface(inner))


def _turned(middles: FloatArray, size: FloatArray, angle: float) -> AnyArray:
    turn = np.deg2rad(angle)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * size / 2
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    rings: AnyArray = shapely.polygons(middles[:, None, :] + corners[None, :, :])
    return rings


def _write_turned(scene: Scene, name: str, middle: tuple[float, float], angle: float, setting: Type) -> FloatArray:
    turn, drop = np.deg2rad(angle), 0.36 * setting.em
    place = scene.seen.to_ground(middle[0] + drop * np.sin(turn), middle[1] - drop * np.cos(turn))
    write(scene.ax, name, place, setting, align="center", rotation=angle, level=16)
    half = setting.width(name) / 2 if abs(angle) < _FLAT else setting.em
    return np.array([[middle[0] - half, middle[1] - setting.em, middle[0] + half, middle[1] + setting.em]])
