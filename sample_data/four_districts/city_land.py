"""The ground of the invented city: river, districts, open land, where people live.

Everything is drawn in local metres, the origin in the old town; `make.py` moves it to EPSG:4544.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.interpolate import CubicSpline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Points = Sequence[tuple[float, float]]

UNIT_METRES = 785.0
"""The shapes below are drawn in this unit; it sets how compact the city is."""

GRID_METRES = 0.01
"""All lines are noded on this grid, so that what touches on the map touches in the numbers."""

RIVER = (
    (-3.3, 6.3), (-2.75, 5.3), (-2.05, 4.3), (-1.72, 3.3), (-1.92, 2.3), (-2.2, 1.3), (-2.15, 0.3), (-1.65, -0.75),
    (-0.75, -1.5), (0.25, -1.72), (1.15, -1.35), (1.7, -0.5), (1.86, 0.5), (2.1, 1.5), (2.75, 2.3), (3.7, 2.45),
    (4.45, 1.85), (4.8, 0.9), (5.1, 0.1), (5.6, -0.5), (6.5, -0.9),
)  # fmt: skip
OUTLINE = (
    (-4.85, 3.75), (-3.6, 4.45), (-2.2, 4.75), (-0.6, 4.7), (1.0, 4.55), (2.3, 4.4), (3.6, 4.05), (4.75, 3.3),
    (5.4, 1.9), (5.5, 0.4), (5.3, -1.0), (4.6, -2.2), (3.6, -3.1), (2.5, -3.75), (1.1, -4.15), (-0.5, -4.2),
    (-2.1, -3.7), (-3.4, -2.85), (-4.4, -2.05), (-5.1, -0.9), (-5.4, 0.6), (-5.35, 2.2),
)  # fmt: skip
WEST_BORDER = ((-1.35, -1.06), (-1.75, -1.6), (-2.1, -2.2), (-2.5, -2.75), (-2.75, -3.4), (-3.3, -4.3))
EAST_BORDER = ((1.42, -1.0), (1.85, -1.45), (2.2, -2.0), (2.75, -2.5), (3.15, -3.1), (3.7, -4.2))

OPEN_LAND = {
    "north_hill": ((-0.9, 3.75), (-0.2, 3.35), (0.35, 3.6), (0.75, 4.3), (0.2, 5.2), (-0.9, 5.0)),
    "south_hill": ((-0.85, -2.35), (0.0, -2.25), (0.55, -2.5), (0.35, -3.0), (-0.5, -3.15), (-1.05, -2.8)),
    "west_hill": ((-5.9, 0.5), (-5.0, 0.35), (-4.55, -0.3), (-4.35, -1.0), (-4.7, -1.9), (-5.9, -1.6)),
    "east_hill": ((4.1, 0.8), (4.6, 0.3), (4.75, -0.5), (5.3, -1.2), (5.3, -2.6), (4.1, -1.7), (3.8, -0.3)),
    "lake_park": ((-3.5, 1.75), (-3.0, 1.85), (-2.85, 1.3), (-3.2, 1.0), (-3.6, 1.2)),
    "drum_park": ((-0.55, 1.05), (-0.1, 1.1), (-0.05, 0.72), (-0.5, 0.65)),
}
"""Hills and parks: nobody lives there, and only paths lead through."""

INDUSTRY = {
    "north_works": ((1.25, 3.0), (2.3, 3.1), (2.9, 3.5), (2.3, 4.1), (1.2, 4.0)),
    "west_works": ((-4.9, 2.55), (-3.9, 2.75), (-3.6, 3.9), (-4.6, 3.8)),
    "station": ((0.75, -3.2), (2.0, -2.9), (2.05, -3.35), (0.7, -3.65)),
}
"""Works and the railway station: streets, but no residents."""

NUCLEI = (
    # x, y, spread, residents per hectare above the ground level
    (0.15, -0.15, 0.85, 210), (-0.75, 0.55, 0.55, 120), (0.75, 0.95, 0.6, 120), (0.0, 1.9, 0.7, 110),
    (-0.9, 2.5, 0.5, 90), (0.95, 2.25, 0.5, 75), (-2.95, 0.45, 0.6, 150), (-3.75, 1.05, 0.5, 120),
    (-2.75, 2.55, 0.55, 140), (-3.1, -0.75, 0.55, 115), (-4.3, 1.75, 0.45, 70), (-0.55, -2.0, 0.35, 120),
    (0.9, -2.25, 0.5, 190), (-1.5, -2.35, 0.5, 110), (-0.6, -3.4, 0.4, 75), (2.55, 0.4, 0.5, 150),
    (3.2, 1.3, 0.5, 110), (2.6, -0.8, 0.45, 95), (3.35, -0.1, 0.4, 60), (2.4, -1.75, 0.4, 50),
)  # fmt: skip
BUILT_PER_HECTARE = 22.0
RIVER_HALF_WIDTH = 122.0
QUAY_METRES = 48.0
SIDES = {"left": 1, "right": -1}


class Land(NamedTuple):
    """The ground: polygons and lines in local metres."""

    midline: shapely.LineString
    river: shapely.Polygon
    banks: dict[str, shapely.LineString]
    outline: shapely.Polygon
    districts: dict[str, shapely.Polygon]
    open_land: shapely.MultiPolygon
    industry: shapely.MultiPolygon


def smooth(drawn: Points, *, closed: bool = False, step_metres: float = 30.0) -> NDArray[np.float64]:
    """Return a smooth curve through points given in drawing units, as coordinates in metres."""
    knots = np.asarray(drawn, dtype=float) * UNIT_METRES
    knots = np.vstack([knots, knots[:1]]) if closed else knots
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    spline = CubicSpline(along, knots, bc_type="periodic" if closed else "natural")
    curve = spline(np.linspace(0, along[-1], max(2, round(along[-1] / step_metres))))
    return np.round(curve, 2)


def make_land() -> Land:
    """Return the ground of the city."""
    middle = smooth(RIVER, step_metres=40)
    outline = shapely.Polygon(smooth(OUTLINE, closed=True, step_metres=60))
    left, right = (_bank(middle, side, 0) for side in (1, -1))
    water = shapely.Polygon(np.vstack([left, right[::-1]]))
    return Land(
        midline=shapely.LineString(middle),
        river=shapely.get_parts(water.intersection(outline))[0],
        banks={side: shapely.LineString(_bank(middle, sign, QUAY_METRES)) for side, sign in SIDES.items()},
        outline=outline,
        districts=_districts(outline, middle),
        open_land=_areas(OPEN_LAND),
        industry=_areas(INDUSTRY),
    )


def _bank(middle: NDArray[np.float64], side: int, beyond: float) -> NDArray[np.float64]:
    tangent = np.gradient(middle, axis=0)
    tangent /= np.hypot(*tangent.T)[:, None]
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    steps = np.arange(len(middle))
    # The water is no ribbon: each bank breathes on its own.
    width = RIVER_HALF_WIDTH + 16 * np.sin(steps / 13 + side) + 7 * np.sin(steps / 5.3 - 2 * side)
    bank: NDArray[np.float64] = np.round(middle + side * (width + beyond)[:, None] * normal, 2)
    return bank


def _districts(outline: shapely.Polygon, middle: NDArray[np.float64]) -> dict[str, shapely.Polygon]:
    river = shapely.LineString(middle)
    borders = [shapely.LineString(from_river(river, points)) for points in (WEST_BORDER, EAST_BORDER)]
    noded = shapely.union_all([outline.exterior, river, *borders], grid_size=GRID_METRES)
    faces = [face for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))) if _inside(face, outline)]
    seeds = {"jiangbei": (0, 500), "qili": (-3200, 500), "jiangnan": (300, -2600), "jiangdong": (3000, 300)}
    named = {name: [face for face in faces if face.covers(shapely.Point(seed))] for name, seed in seeds.items()}
    if len(faces) != len(seeds) or any(len(found) != 1 for found in named.values()):
        raise ValueError(f"expected the four districts, found {len(faces)} faces")
    return {name: shapely.normalize(found[0]) for name, found in named.items()}


def _inside(face: shapely.Polygon, outline: shapely.Polygon) -> bool:
    return outline.contains(face.representative_point())


def from_river(river: shapely.LineString, drawn: Points) -> NDArray[np.float64]:
    """Return a curve that starts on the middle of the river, at the place nearest to its first point."""
    start = river.interpolate(river.project(shapely.Point(np.multiply(drawn[0], UNIT_METRES))))
    return smooth([(start.x / UNIT_METRES, start.y / UNIT_METRES), *drawn[1:]])


def _areas(shapes: Mapping[str, Points]) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.Polygon(smooth(points, closed=True)) for points in shapes.values()])


def density(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how densely a place is built, in residents per hectare before scaling to the totals."""
    total = np.zeros(np.broadcast(x, y).shape)
    for east, north, spread, peak in NUCLEI:
        square = ((x / UNIT_METRES - east) ** 2 + (y / UNIT_METRES - north) ** 2) / spread**2
        total += peak * np.exp(-square / 2)
    ripple = np.sin(x / 410 + 1.3 * np.sin(y / 700)) * np.sin(y / 360 + 1.1 * np.sin(x / 800))
    return total**1.25 / 3 * (1 + 0.3 * ripple)


class Ground:
    """Answers, for many places at once, whether they are built up."""

    def __init__(self, land: Land) -> None:
        self.land = land
        self.wet = land.river.buffer(QUAY_METRES - 6)
        self.closed = shapely.union_all([self.wet, land.open_land])
        self.quiet = shapely.union_all([self.closed, land.industry])
        for area in (self.closed, self.quiet, self.wet, land.outline):
            shapely.prepare(area)
        axis = np.arange(-6400.0, 6401.0, 20.0)
        self.raster = self.built(*np.meshgrid(axis, axis, indexing="ij"))

    def built(self, x: NDArray[np.float64], y: NDArray[np.float64], *, factor: float = 1.0) -> NDArray[np.bool_]:
        """Return where streets and buildings stand, works included."""
        works = shapely.contains_xy(self.land.industry, x, y)
        town = (density(x, y) > BUILT_PER_HECTARE * factor) | works
        return town & ~shapely.contains_xy(self.closed, x, y) & shapely.contains_xy(self.land.outline, x, y)

    def lived_in(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where people live."""
        return self.built(x, y) & ~shapely.contains_xy(self.quiet, x, y)

    def is_built(self, x: float, y: float) -> bool:
        """Return whether one place is built up, from a raster of 20 m: streets ask this very often."""
        return bool(self.raster[round((x + 6400) / 20), round((y + 6400) / 20)])

    def town(self) -> shapely.Geometry:
        """Return the built-up area as polygons, from the raster."""
        i, j = np.nonzero(self.raster)
        return shapely.union_all(shapely.box(i * 20.0 - 6410, j * 20.0 - 6410, i * 20.0 - 6390, j * 20.0 - 6390))
