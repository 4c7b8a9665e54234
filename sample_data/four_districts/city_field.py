"""The grain of the city: which way streets run, and streets grown along it.

A cross field (one direction and its normal) follows the river and the arterials near them and the district's own
grid elsewhere; streets are grown as its streamlines (after Chen et al. 2008, Interactive procedural street
modeling, doi:10.1145/1360612.1360702; spacing after Jobard and Lefer 1997).
"""

from __future__ import annotations

import cmath
import math
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from city_land import Ground
    from numpy.typing import NDArray

CELL_METRES = 40.0
REACH_METRES = 6400.0
STEP_METRES = 14.0
QUARTER = math.pi / 2

GRIDS = (
    (0, 400, 4), (-3000, 300, 14), (-2900, 2300, -24), (400, -2700, 22), (2700, 200, -6), (1500, 3200, 12),
    (-300, 2400, -8),
)  # fmt: skip
"""Where an old field pattern set the grid: east, north, angle in degrees."""


class Field:
    """The cross field, sampled on a raster."""

    def __init__(self, lines: Iterable[tuple[shapely.LineString, float, float]]) -> None:
        axis = np.arange(-REACH_METRES, REACH_METRES + 1, CELL_METRES)
        x, y = (part.ravel() for part in np.meshgrid(axis, axis, indexing="ij"))
        total = 0.35 * _grids(x, y)
        for line, weight, fade in lines:
            total = total + weight * _along(line, x, y, fade)
        shape = (axis.size, axis.size)
        real, imaginary = (gaussian_filter(part.reshape(shape), 2) for part in (total.real, total.imag))
        turn = real + 1j * imaginary
        self.spin: list[list[complex]] = (turn / np.abs(turn)).tolist()

    def heading(self, x: float, y: float, near: float) -> float:
        """Return the direction of the field at a point that is nearest to a given one, in radians."""
        column, row = (x + REACH_METRES) / CELL_METRES, (y + REACH_METRES) / CELL_METRES
        i, j = int(column), int(row)
        a, b = column - i, row - j
        mixed = (1 - a) * ((1 - b) * self.spin[i][j] + b * self.spin[i][j + 1])
        mixed += a * ((1 - b) * self.spin[i + 1][j] + b * self.spin[i + 1][j + 1])
        angle = cmath.phase(mixed) / 4
        return angle + QUARTER * round((near - angle) / QUARTER)


def _grids(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.complex128]:
    total = np.zeros(x.shape, complex)
    for east, north, degrees in GRIDS:
        weight = np.exp(-((x - east) ** 2 + (y - north) ** 2) / 1100.0**2)
        total += weight * np.exp(4j * np.radians(degrees))
    return total


def _along(
    line: shapely.LineString, x: NDArray[np.float64], y: NDArray[np.float64], fade: float
) -> NDArray[np.complex128]:
    xy = np.array(line.segmentize(40).coords)
    middle, step = (xy[1:] + xy[:-1]) / 2, np.diff(xy, axis=0)
    distance, nearest = cKDTree(middle).query(np.column_stack([x, y]))
    angle = np.arctan2(step[:, 1], step[:, 0])[nearest]
    return np.exp(-distance / fade) * np.exp(4j * angle)


class Neighbours:
    """Points of the streets grown so far, to keep new ones apart from those that run alongside."""

    def __init__(self, cell: float) -> None:
        self.cell = cell
        self.points: dict[tuple[int, int], list[tuple[float, float, float]]] = {}

    def add(self, xy: NDArray[np.float64]) -> None:
        """Remember the points of a line, each with its direction."""
        step = np.gradient(xy, axis=0)
        angles = np.arctan2(step[:, 1], step[:, 0])
        for (x, y), angle in zip(xy.tolist(), angles.tolist(), strict=True):
            self.points.setdefault((int(x // self.cell), int(y // self.cell)), []).append((x, y, angle))

    def crowded(self, place: tuple[float, float, float], distance: float) -> bool:
        """Return whether a line runs alongside a place within a distance."""
        x, y, angle = place
        reach, square = math.ceil(distance / self.cell), distance * distance
        column, row = int(x // self.cell), int(y // self.cell)
        around = range(-reach, reach + 1)
        near = (spot for i in around for j in around for spot in self.points.get((column + i, row + j), ()))
        return any(
            (east - x) ** 2 + (north - y) ** 2 < square and abs(math.cos(other - angle)) > 0.7
            for east, north, other in near
        )


def grow(lines: list[shapely.LineString], field: Field, ground: Ground, *, spacing: float) -> list[shapely.LineString]:
    """Return streets grown along the field beside the given lines, and beside one another."""
    neighbours = Neighbours(100.0)
    queue = [np.array(line.segmentize(STEP_METRES).coords) for line in lines]
    for xy in queue:
        neighbours.add(xy)
    grown = []
    for xy in queue:  # the queue grows while it is walked
        for seed in _seeds(xy, spacing):
            street = _streamline(seed, field, ground, neighbours, spacing)
            if street is not None:
                neighbours.add(street)
                queue.append(street)
                grown.append(shapely.LineString(np.round(street, 2)))
    return grown


def _seeds(xy: NDArray[np.float64], spacing: float) -> list[tuple[float, float, float]]:
    seeds = []
    step = np.gradient(xy, axis=0)
    for at in range(2, len(xy) - 2, 5):
        angle = float(np.arctan2(step[at, 1], step[at, 0]))
        x, y = xy[at]
        beside = spacing * np.array([-math.sin(angle), math.cos(angle)])
        # Beside the line, and across it: both families need their first street.
        seeds += [(*(xy[at] + beside), angle), (*(xy[at] - beside), angle), (x, y, angle + QUARTER)]
    return seeds


def _streamline(
    seed: tuple[float, float, float],
    field: Field,
    ground: Ground,
    neighbours: Neighbours,
    spacing: float,
) -> NDArray[np.float64] | None:
    x, y, angle = seed
    if not ground.is_built(x, y) or neighbours.crowded((x, y, field.heading(x, y, angle)), 0.93 * spacing):
        return None
    ahead = _half((x, y, field.heading(x, y, angle)), field, ground, neighbours, spacing)
    behind = _half((x, y, field.heading(x, y, angle + np.pi)), field, ground, neighbours, spacing)
    line = np.array([*behind[::-1], (x, y), *ahead])
    return line if len(line) * STEP_METRES > 1.1 * spacing else None


def _half(
    start: tuple[float, float, float],
    field: Field,
    ground: Ground,
    neighbours: Neighbours,
    spacing: float,
) -> list[tuple[float, float]]:
    x, y, angle = start
    path: list[tuple[float, float]] = []
    for _ in range(260):
        angle = field.heading(x, y, angle)
        x, y = x + STEP_METRES * math.cos(angle), y + STEP_METRES * math.sin(angle)
        if not ground.is_built(x, y) or neighbours.crowded((x, y, angle), 0.55 * spacing):
            return path
        path.append((x, y))
    return path
