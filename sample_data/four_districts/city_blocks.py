"""Blocks: the faces between the streets, cut down to the size that people build."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from city_graph import faces
from city_land import density
from city_roads import Road
from shapely.ops import split

if TYPE_CHECKING:
    from city_field import Field
    from city_land import Ground
    from numpy.typing import NDArray

HALF_WIDTH = {
    "trunk": 20.0, "primary": 17.0, "secondary": 12.0, "tertiary": 8.5, "residential": 6.0, "footway": 4.5, "steps": 4.5
}  # fmt: skip
SMALLEST_BLOCK = 1200.0
SNAP_METRES = 24.0
LARGEST_CUT = 300_000.0


class Face(NamedTuple):
    """Land between streets, before and after its pavements are taken off."""

    gross: shapely.Polygon
    net: shapely.Polygon
    x: float
    y: float
    lived_in: bool
    density: float


class Corners:
    """Where streets meet, to let a new one meet them too instead of missing them by a few steps."""

    def __init__(self, coords: NDArray[np.float64]) -> None:
        self.cells: dict[tuple[int, int], list[tuple[float, float]]] = {}
        for x, y in coords.tolist():
            self.add((x, y))

    def add(self, spot: tuple[float, float]) -> None:
        """Remember a corner."""
        self.cells.setdefault((int(spot[0] // SNAP_METRES), int(spot[1] // SNAP_METRES)), []).append(spot)

    def nearest(self, spot: tuple[float, float], ring: shapely.LinearRing) -> tuple[float, float]:
        """Return the nearest corner on a ring within reach of a spot, or the spot itself."""
        column, row = int(spot[0] // SNAP_METRES), int(spot[1] // SNAP_METRES)
        near = [c for i in (-1, 0, 1) for j in (-1, 0, 1) for c in self.cells.get((column + i, row + j), ())]
        reachable = [(np.hypot(c[0] - spot[0], c[1] - spot[1]), c) for c in near]
        on_ring = [(d, c) for d, c in sorted(reachable) if d < SNAP_METRES and ring.distance(shapely.Point(c)) < 0.1]
        return on_ring[0][1] if on_ring else spot


def cut_streets(
    cells: list[shapely.Polygon], corners: Corners, field: Field, ground: Ground, rng: np.random.Generator
) -> list[Road]:
    """Return the small streets and paths that cut faces down to blocks."""
    streets = []
    for cell in cells:
        pending = [cell]
        while pending:
            block = pending.pop()
            cut = _cut(block, corners, field, ground, rng)
            if cut is None:
                continue
            line, parts = cut
            streets.append(Road(line, _small_class(block, rng)))
            for x, y in line.coords:
                corners.add((x, y))
            pending += parts
    return streets


def _small_class(block: shapely.Polygon, rng: np.random.Generator) -> str:
    return "footway" if block.area < 14_000 and rng.random() < 0.4 else "residential"


def _wanted_area(x: float, y: float, ground: Ground) -> float:
    if shapely.contains_xy(ground.land.industry, x, y):
        return 26_000.0
    return 7_900.0 - 2_700.0 * min(1.0, float(density(np.array(x), np.array(y))) / 180)


def _cut(
    block: shapely.Polygon, corners: Corners, field: Field, ground: Ground, rng: np.random.Generator
) -> tuple[shapely.LineString, list[shapely.Polygon]] | None:
    x, y = block.centroid.coords[0]
    if block.area > LARGEST_CUT or not ground.is_built(x, y) or block.area <= _wanted_area(x, y, ground):
        return None
    ray = _ray(block, field, rng)
    inside = [part for part in shapely.get_parts(block.intersection(ray)) if part.length > 1]
    if not inside:
        return None
    straight = max(inside, key=lambda part: part.length)
    snapped = shapely.LineString([corners.nearest(end, block.exterior) for end in straight.coords])
    for line in (snapped, straight):
        parts = _parts(block, line)
        if len(parts) == 2 and min(part.area for part in parts) > 0.26 * block.area:
            return line, parts
    return None


def _ray(block: shapely.Polygon, field: Field, rng: np.random.Generator) -> shapely.LineString:
    xy = np.array(block.exterior.coords)
    x, y = block.centroid.coords[0]
    angle = field.heading(x, y, 0.0)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    length, width = np.ptp(xy @ along), np.ptp(xy @ across)
    long_axis, short_axis = (along, across) if length > width else (across, along)
    # Three rows rather than two where a block is long enough: a cut in the middle of everything looks drawn.
    shift = (rng.random() - 0.5) * 0.16 * max(length, width)
    middle = np.array([x, y]) + shift * long_axis
    return shapely.LineString([middle - 2000 * short_axis, middle + 2000 * short_axis])


def _parts(block: shapely.Polygon, line: shapely.LineString) -> list[shapely.Polygon]:
    if line.length < 20:
        return []
    start, end = (np.array(xy) for xy in line.coords)
    over = 0.05 * (end - start) / np.hypot(*(end - start))
    through = shapely.LineString([start - over, end + over])
    if through.difference(block).length > 1:
        return []
    return [part for part in split(block, through).geoms if isinstance(part, shapely.Polygon) and part.area > 1]


def make_faces(streets: list[Road], ground: Ground) -> list[Face]:
    """Return the faces between the streets that are built up, sorted from west to east."""
    gross = faces(streets)
    x, y = np.array([face.representative_point().coords[0] for face in gross]).T
    lived_in, dense = ground.lived_in(x, y), density(x, y)
    town = np.flatnonzero(ground.built(x, y) & (shapely.area(gross) < LARGEST_CUT)).tolist()
    nets = without_streets([gross[at] for at in town], streets)
    made = [
        Face(gross[at], net, x[at], y[at], bool(lived_in[at]), float(dense[at]))
        for at, net in zip(town, nets, strict=True)
    ]
    return [face for face in made if face.net.area > SMALLEST_BLOCK]


def without_streets(gross: list[shapely.Polygon], streets: list[Road]) -> list[shapely.Polygon]:
    """Return what is left of faces when the width of the streets around them is taken off."""
    room = np.array([street.line.buffer(HALF_WIDTH[street.highway], quad_segs=2) for street in streets])
    tree = shapely.STRtree(room)
    return [_net(face, room[np.sort(tree.query(face))]) for face in gross]


def _net(gross: shapely.Polygon, room: NDArray[np.object_]) -> shapely.Polygon:
    net = gross.difference(shapely.union_all(room))
    return _largest(net.buffer(-3, join_style="mitre").buffer(3, join_style="mitre", mitre_limit=2).simplify(0.8))


def _largest(shape: shapely.Geometry) -> shapely.Polygon:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    return shapely.Polygon(max(parts, key=lambda part: part.area).exterior) if parts else shapely.Polygon()
