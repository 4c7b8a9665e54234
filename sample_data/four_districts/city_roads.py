"""The roads drawn by hand: arterials, the four bridges, quays, hill paths."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from city_land import EAST_BORDER, SIDES, UNIT_METRES, WEST_BORDER, from_river, smooth

if TYPE_CHECKING:
    from city_land import Ground, Land, Points

    Course = tuple[tuple[float, float] | str, ...]
    Drawn = tuple[str, tuple[tuple[str, str], ...], Course]

BRIDGES = {
    "qili": (-2.2, 1.1, "七里大桥", "Qili Bridge"),
    "xijin": (-1.75, 3.12, "西津大桥", "Xijin Bridge"),
    "nanjin": (0.22, -1.72, "南津大桥", "Nanjin Bridge"),
    "dongjin": (1.86, 0.5, "东津大桥", "Dongjin Bridge"),
}

RANKS = ("trunk", "primary", "secondary", "tertiary", "residential", "footway", "steps")
"""Classes from wide to narrow."""

RIVER_ROADS = (
    # A road over bridges: its class, its names on each stretch of land, its course; a word is a bridge.
    (
        "primary",
        (("七里大道", "Qili Avenue"), ("人民路", "Renmin Road"), ("江东大道", "Jiangdong Avenue")),
        ((-5.9, 1.25), (-5.0, 0.85), (-4.2, 0.7), (-3.3, 0.72), (-2.7, 0.98), "qili", (-1.5, 0.85), (-0.7, 0.48),
         (0.2, 0.3), (1.1, 0.42), "dongjin", (2.45, 0.55), (3.05, 0.38), (3.45, -0.2), (3.45, -1.0), (3.65, -2.0),
         (4.4, -3.0)),
    ),
    (
        "primary",
        (("中华路", "Zhonghua Road"), ("江南大道", "Jiangnan Avenue")),
        ((1.25, 5.1), (1.0, 4.2), (0.85, 3.4), (0.6, 2.7), (0.3, 1.9), (0.3, 1.0), (0.2, 0.2), (0.1, -0.8), "nanjin",
         (0.55, -2.3), (0.72, -2.9), (0.55, -3.5), (0.6, -4.6)),
    ),
    (
        "trunk",
        (("北环路西段", "North Ring Road West"), ("北环路", "North Ring Road")),
        ((-5.7, 2.6), (-4.6, 2.35), (-3.7, 2.5), (-2.6, 3.0), "xijin", (-1.1, 2.9), (-0.2, 2.7), (0.65, 2.8),
         (1.6, 2.8), (2.7, 3.15), (4.2, 3.2), (5.6, 3.1)),
    ),
)  # fmt: skip

LAND_ROADS = (
    ("primary", "新区大道", "Xinqu Avenue",
     ((-3.55, 4.9), (-3.3, 3.8), (-3.0, 2.9), (-2.78, 1.9), (-2.75, 1.0), (-2.72, 0.1), (-2.35, -1.0),
      (-1.75, -2.0))),
    ("primary", "南环路", "South Ring Road",
     ((-1.75, -2.0), (-1.4, -2.65), (-0.9, -3.25), (-0.15, -3.4), (0.65, -3.1), (1.4, -2.7), (2.0, -2.05),
      (2.4, -1.3))),
    ("primary", "东环路", "East Ring Road",
     ((2.4, -1.3), (2.65, -0.5), (2.75, 0.4), (2.85, 1.2), (3.25, 1.68), (3.7, 1.35), (3.72, 0.6), (3.45, -0.2))),
    ("secondary", "学府路", "Xuefu Road",
     ((-4.65, 2.35), (-4.3, 1.6), (-4.05, 0.7), (-3.65, -0.2), (-3.35, -1.1), (-2.9, -1.9), (-2.2, -2.5),
      (-1.4, -2.65))),
    ("secondary", "桂花路", "Guihua Road", ((-4.9, 1.75), (-4.3, 1.6), (-3.6, 1.98), (-2.78, 1.9), (-2.0, 1.85))),
    ("secondary", "迎宾路", "Yingbin Road", ((-4.3, -0.55), (-3.6, -0.35), (-2.7, -0.35), (-2.0, -0.45))),
    ("secondary", "北街", "Bei Street",
     ((-2.1, 2.05), (-1.1, 1.85), (-0.3, 1.75), (0.3, 1.9), (1.2, 1.8), (2.1, 1.6))),
    ("secondary", "南街", "Nan Street",
     ((-1.9, -0.1), (-0.95, -0.35), (0.15, -0.45), (0.95, -0.2), (1.75, -0.25))),
    ("secondary", "西街", "Xi Street",
     ((-1.05, 3.3), (-1.08, 2.6), (-1.1, 1.85), (-1.15, 0.7), (-0.95, -0.35), (-0.7, -1.5))),
    ("secondary", "东街", "Dong Street",
     ((1.45, 3.9), (1.4, 2.8), (1.2, 1.8), (1.1, 0.42), (0.95, -0.2), (0.9, -1.45))),
    ("secondary", "南津街", "Nanjin Street",
     ((-1.75, -2.0), (-1.1, -2.12), (0.5, -2.12), (1.2, -2.15), (2.0, -2.05))),
    ("secondary", "桃园路", "Taoyuan Road", ((1.95, 1.15), (2.85, 1.2), (3.85, 0.9))),
    ("secondary", "柳林路", "Liulin Road", ((1.75, -0.65), (2.65, -0.55), (3.5, -0.6))),
    ("footway", "鼓楼步道", "Drum Tower Path", ((-0.75, 0.95), (-0.35, 0.85), (0.2, 0.8))),
    ("footway", "湖滨步道", "Lakeside Path", ((-3.95, 1.55), (-3.3, 1.45), (-2.75, 1.5))),
)  # fmt: skip

BORDER_ROADS = (("分水路", "Fenshui Road", WEST_BORDER), ("东溪路", "Dongxi Road", EAST_BORDER))
"""Where no river parts two districts, a road does."""

HILL_PATHS = (
    ("北山步道", "North Hill Path", ((-0.75, 2.8), (-0.45, 3.5), (-0.1, 3.95), (0.3, 3.75), (0.85, 3.3))),
    ("南山步道", "South Hill Path", ((-0.5, -2.1), (-0.35, -2.45), (-0.2, -2.7), (-0.35, -3.0), (-0.25, -3.42))),
    ("西山步道", "West Hill Path", ((-4.2, 0.75), (-4.6, 0.1), (-4.8, -0.4), (-4.55, -0.8), (-3.5, -0.7))),
)  # fmt: skip


class Road(NamedTuple):
    """A road before it is cut into edges."""

    line: shapely.LineString
    highway: str
    name: str = ""
    name_en: str = ""
    bridge: str = ""


def make_roads(land: Land, ground: Ground) -> list[Road]:
    """Return the roads drawn by hand, in a fixed order."""
    quays = shapely.Polygon(np.vstack([land.banks["left"].coords, land.banks["right"].coords[::-1]]))
    roads = [road for drawn in RIVER_ROADS for road in _over_river(drawn, land, quays)]
    roads += [Road(shapely.LineString(smooth(course)), highway, *names) for highway, *names, course in LAND_ROADS]
    borders = [(zh, en, from_river(land.midline, course)) for zh, en, course in BORDER_ROADS]
    roads += [Road(shapely.LineString(line), "secondary", zh, en) for zh, en, line in borders]
    roads = [road if road.bridge else road._replace(line=_on_land(road.line, quays, land)) for road in roads]
    roads += [part for *names, course in HILL_PATHS for part in _hill_path(names, course)]
    return roads + _quay_roads(land, ground) + _park_edges(land, ground)


def _over_river(drawn: Drawn, land: Land, quays: shapely.Polygon) -> list[Road]:
    highway, names, course = drawn
    curve = shapely.LineString(smooth(_with_bridges(course, land)))
    banks = shapely.get_parts(curve.difference(quays))
    spans = shapely.get_parts(curve.intersection(quays))
    bridges = [BRIDGES[word] for word in course if isinstance(word, str)]
    roads = [Road(line, highway, *name) for line, name in zip(banks, names, strict=True)]
    return roads + [Road(line, highway, zh, en, "yes") for line, (_, _, zh, en) in zip(spans, bridges, strict=True)]


def _with_bridges(course: Course, land: Land) -> Points:
    knots: list[tuple[float, float]] = []
    for stop in course:
        knots += _bridge_heads(stop, knots[-1], land) if isinstance(stop, str) else [stop]
    return knots


def _bridge_heads(name: str, before: tuple[float, float], land: Land) -> list[tuple[float, float]]:
    spot = land.midline.project(shapely.Point(np.multiply(BRIDGES[name][:2], UNIT_METRES)))
    here, there = (np.array(land.midline.interpolate(spot + ahead).coords[0]) for ahead in (-30, 30))
    tangent = (there - here) / np.hypot(*(there - here))
    reach = 190 * np.array([-tangent[1], tangent[0]])
    middle = (here + there) / 2
    heads = [tuple((middle + side * reach) / UNIT_METRES) for side in (-1, 1)]
    return sorted(heads, key=lambda head: np.hypot(head[0] - before[0], head[1] - before[1]))


def _on_land(line: shapely.LineString, quays: shapely.Polygon, land: Land) -> shapely.LineString:
    parts: list[shapely.LineString] = list(shapely.get_parts(line.difference(quays).intersection(land.outline)))
    return max(parts, key=lambda part: part.length)


def _hill_path(names: list[str], course: Points) -> list[Road]:
    xy = smooth(course, step_metres=20)
    stops = np.linspace(0, len(xy) - 1, max(2, len(xy) // 7)).round().astype(int).tolist()
    parts = [shapely.LineString(xy[start : end + 1]) for start, end in pairwise(stops)]
    # Steps where it is steep, and never at the foot.
    steep = [0 < part < len(parts) - 1 and part % 2 == 1 for part in range(len(parts))]
    return [Road(part, "steps" if up else "footway", *names) for part, up in zip(parts, steep, strict=True)]


def _park_edges(land: Land, ground: Ground) -> list[Road]:
    near = shapely.buffer(ground.town(), 60)
    edges = [shapely.get_parts(shapely.line_merge(area.exterior.intersection(near))) for area in land.open_land.geoms]
    return [Road(edge, "residential") for parts in edges for edge in parts if edge.length > 150]


def _quay_roads(land: Land, ground: Ground) -> list[Road]:
    names = {"left": ("江北滨江路", "Jiangbei Riverside Road"), "right": ("沿江路", "Yanjiang Road")}
    return [
        Road(part, "secondary", *names[side])
        for side, bank in land.banks.items()
        for part in _built_stretches(bank, SIDES[side], ground)
    ]


def _built_stretches(bank: shapely.LineString, side: int, ground: Ground) -> list[shapely.LineString]:
    xy = np.array(bank.coords)
    tangent = np.gradient(xy, axis=0)
    tangent /= np.hypot(*tangent.T)[:, None]
    inland = xy + side * 130 * np.column_stack([-tangent[:, 1], tangent[:, 0]])
    built = ground.built(*inland.T)
    # A gap of a few hundred metres is bridged: a quay does not end at every park.
    near = np.convolve(built, np.ones(13), mode="same") > 0
    keep = np.convolve(~near, np.ones(13), mode="same") == 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], keep, [0]])))
    runs = [xy[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start > 12]
    return [shapely.LineString(run) for run in runs]
