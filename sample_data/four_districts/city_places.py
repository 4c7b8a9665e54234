"""Schools, candidate sites and residents: who and what stands on the faces between the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from city_land import density

if TYPE_CHECKING:
    from collections.abc import Sequence

    from city_blocks import Face
    from city_land import Ground, Land
    from numpy.typing import NDArray

    Wish = tuple[str, tuple[str, ...], int, float]

DISTRICTS = {
    "jiangbei": ("江北片区", "Jiangbei", "JB", 106_400),
    "qili": ("七里新区", "Qili New Area", "QL", 95_900),
    "jiangnan": ("江南片区", "Jiangnan", "JN", 57_800),
    "jiangdong": ("江东片区", "Jiangdong", "JD", 39_700),
}
"""Names are the planning report's; code and residents are invented."""

SCHOOLS = (
    # district, kind, seats, names: all invented
    ("jiangbei", "kindergarten", 360, "江北第一幼儿园", "Jiangbei No. 1 Kindergarten"),
    ("jiangbei", "kindergarten", 270, "鼓楼幼儿园", "Drum Tower Kindergarten"),
    ("jiangbei", "kindergarten", 240, "北街幼儿园", "Bei Street Kindergarten"),
    ("jiangbei", "primary", 1620, "江北小学", "Jiangbei Primary School"),
    ("jiangbei", "primary", 1440, "北街小学", "Bei Street Primary School"),
    ("jiangbei", "junior_high", 1800, "江北第一初级中学", "Jiangbei No. 1 Junior High School"),
    ("jiangbei", "junior_high", 1350, "江北第二初级中学", "Jiangbei No. 2 Junior High School"),
    ("qili", "kindergarten", 270, "七里幼儿园", "Qili Kindergarten"),
    ("qili", "kindergarten", 270, "桂花幼儿园", "Guihua Kindergarten"),
    ("qili", "primary", 1620, "七里小学", "Qili Primary School"),
    ("jiangnan", "kindergarten", 270, "江南第一幼儿园", "Jiangnan No. 1 Kindergarten"),
    ("jiangnan", "primary", 1350, "南津小学", "Nanjin Primary School"),
    ("jiangnan", "junior_high", 1500, "江南初级中学", "Jiangnan Junior High School"),
    ("jiangdong", "kindergarten", 180, "江东第一幼儿园", "Jiangdong No. 1 Kindergarten"),
    ("jiangdong", "primary", 1080, "江东小学", "Jiangdong Primary School"),
)

LEAST_AREA = {"kindergarten": 3_000, "primary": 12_000, "junior_high": 17_000, "nine_year": 25_000}
"""Site area below which a school of the kind does not fit, in square metres."""

PARCELS = (
    # allowed kinds, how many in jiangbei, qili, jiangnan, jiangdong, largest area
    (("primary", "nine_year"), (2, 2, 1, 1), 44_000),
    (("junior_high", "nine_year"), (1, 1, 1, 1), 44_000),
    (("primary", "junior_high", "nine_year"), (2, 2, 1, 1), 44_000),
    (("junior_high",), (3, 3, 2, 1), 27_000),
    (("primary", "junior_high"), (4, 5, 3, 2), 27_000),
    (("primary",), (8, 8, 4, 3), 22_000),
    (("kindergarten", "primary"), (6, 6, 3, 2), 19_000),
    (("kindergarten",), (20, 26, 14, 11), 7_500),
)
APART_METRES = {"kindergarten": 190.0, "primary": 330.0, "junior_high": 330.0, "nine_year": 330.0}
GROWN_SHARE = 0.5
"""In how many of the places that were set aside for schools the estate around them stands already."""

MOST_PER_HECTARE = 1_050.0
"""Residents of a hectare of towers."""

FEWEST = 6
"""Residents of the emptiest block."""

LOW, TALL, TALLEST = 0.6, 6.0, 7.0
ESTATE_METRES = 140.0
COMPACT = 0.6
"""A school needs a plot for a playing field, not a strip: 0.785 is a square, 1 a circle."""


class Site(NamedTuple):
    """A place that is set aside before people move in: a school's, or a candidate's."""

    x: float
    y: float
    district: str
    kinds: tuple[str, ...]
    school: int = -1


class Plots:
    """What may be set aside: polygons with their size, their district and how many live around."""

    def __init__(self, polygons: Sequence[shapely.Polygon], land: Land, ground: Ground) -> None:
        self.xy = np.array([polygon.representative_point().coords[0] for polygon in polygons])
        perimeter = np.maximum(shapely.length(polygons), 1)
        compact = 4 * np.pi * shapely.area(polygons) / perimeter**2
        self.sizes = np.where(ground.lived_in(*self.xy.T) & (compact > COMPACT), shapely.area(polygons), 0)
        self.density = density(*self.xy.T)
        self.districts = {name: shapely.covers(shape, np.array(polygons)) for name, shape in land.districts.items()}
        self.free = np.ones(len(polygons), bool)


def choose(
    wanted: Sequence[Wish],
    plots: Plots,
    taken: list[Site],
    rng: np.random.Generator,
) -> list[Site]:
    """Return a site for each wish (district, kinds, school number or -1, largest area), apart from those taken."""
    sites: list[Site] = []
    for district, kinds, school, largest in wanted:
        least = 1.05 * max(LEAST_AREA[kind] for kind in kinds)
        fits = plots.free & plots.districts[district] & (plots.sizes >= least) & (plots.sizes <= largest)
        rivals = [site for site in taken + sites if school < 0 or site.kinds == kinds]
        apart = APART_METRES[kinds[-1]] if school < 0 else 2 * APART_METRES[kinds[-1]]
        at = _draw(
            np.flatnonzero(fits),
            plots,
            np.array([site[:2] for site in rivals]).reshape(-1, 2),
            apart,
            100 if school < 0 else 25,
            rng,
        )
        plots.free[at] = False
        x, y = plots.xy[at].tolist()
        sites.append(Site(x, y, district, kinds, school))
    return sites


def _draw(
    fits: NDArray[np.intp],
    plots: Plots,
    rivals: NDArray[np.float64],
    apart: float,
    steady: float,
    rng: np.random.Generator,
) -> int:
    if not len(fits):
        raise ValueError("no plot is left for a wanted site")
    # Where more people live a site is likelier; crowding out is a matter of degree, so that a choice remains.
    lots = rng.random(len(fits)) ** (steady / (plots.density[fits] + 1))
    gaps = np.hypot(*(plots.xy[fits][:, None] - rivals[None]).T).min(axis=0, initial=apart)
    return int(fits[np.argmax(lots - 6 * (1 - gaps / apart))])


def wishes() -> tuple[list[Wish], list[Wish]]:
    """Return what sites are wanted: those that need a whole face of streets, and the small ones."""
    largest_school = {"kindergarten": 7_500.0, "primary": 27_000.0, "junior_high": 27_000.0}
    wanted: list[Wish] = [(place, (kind,), at, largest_school[kind]) for at, (place, kind, *_) in enumerate(SCHOOLS)]
    for kinds, counts, largest in PARCELS:
        for place, count in zip(DISTRICTS, counts, strict=True):
            wanted += [(place, kinds, -1, float(largest))] * count
    large = [wish for wish in wanted if wish[1] != ("kindergarten",)]
    return large, [wish for wish in wanted if wish[1] == ("kindergarten",)]


def estates(
    faces: list[Face], sites: list[Site], cells: list[shapely.Polygon], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return how high each face is built compared with its surroundings."""
    xy = np.array([(face.x, face.y) for face in faces])
    _, cell = shapely.STRtree(cells).query_nearest(shapely.points(xy), all_matches=False)
    # Estates are built a cell at a time, high or low; blocks within one differ little. Tall ones stand around the
    # land that was set aside for their schools, some of which was never built on.
    own = np.exp(0.3 * rng.standard_normal(len(cells)))[cell] * np.exp(0.2 * rng.standard_normal(len(faces)))
    gaps = np.hypot(*(xy[:, None] - np.array([site[:2] for site in sites])[None]).T)
    built = np.array([site.school >= 0 for site in sites])
    chance = np.array([GROWN_SHARE if "kindergarten" in site.kinds else 0.7 * GROWN_SHARE for site in sites])
    grown = built | (rng.random(len(sites)) < chance)
    tall = grown * TALL * np.exp(0.5 * rng.standard_normal(len(sites)))
    rise = (tall[:, None] * np.exp(-((gaps / ESTATE_METRES) ** 2) / 2)).sum(axis=0)
    height: NDArray[np.float64] = own * (LOW + rise / (1 + rise / TALLEST))
    return height


def settle(faces: list[Face], homes: NDArray[np.bool_], land: Land, height: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the residents of each face: none where there are no homes, each district's total exact."""
    xy = np.array([(face.x, face.y) for face in faces])
    area = np.array([face.net.area for face in faces])
    weight = np.array([face.density for face in faces]) * area * height
    residents = np.zeros(len(faces), np.int64)
    for name, (*_, total) in DISTRICTS.items():
        inside = np.flatnonzero(shapely.contains_xy(land.districts[name], xy) & homes)
        room = area[inside] * MOST_PER_HECTARE / 10_000
        residents[inside] = FEWEST + _whole(_filled(total - FEWEST * len(inside), weight[inside], room - FEWEST))
    return residents


def _filled(total: int, weight: NDArray[np.float64], room: NDArray[np.float64]) -> NDArray[np.float64]:
    # Who finds no room moves on to where there is some, in proportion; each round fills at least one block.
    share = np.zeros(len(weight))
    while total - share.sum() > 1e-6:
        free = share < room
        share = np.minimum(room, share + np.where(free, weight, 0) / weight[free].sum() * (total - share.sum()))
    return share


def _whole(share: NDArray[np.float64]) -> NDArray[np.int64]:
    whole = np.floor(share).astype(np.int64)
    order = np.argsort(whole - share, kind="stable")
    whole[order[: round(share.sum()) - int(whole.sum())]] += 1
    return whole
