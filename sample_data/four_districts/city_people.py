"""Who lives in the city by age, who is born, dies and moves, and what is being built. All of it is invented.

The shape is that of many Chinese cities: most children were born between 2011 and 2017, ever fewer since 2018; families
move from the old town across the river to the new area.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from city_places import DISTRICTS
from city_write import _lonlat

if TYPE_CHECKING:
    from pathlib import Path

    from make import City
    from numpy.typing import NDArray

COUNT_YEAR = 2024
OPEN_AGE = 85
CHILDREN = (
    6.4, 6.3, 6.7, 7.4, 8.4, 10.2, 10.7, 12.3, 12.9, 11.7, 13.0, 12.3, 13.4, 12.1, 11.0, 11.0, 11.0, 10.9
)  # fmt: skip
"""Children of ages 0 to 17 among 1,000 residents of the city on 31 August of the year of the count."""

ADULTS = {18: 10.5, 22: 11, 28: 14, 35: 17, 42: 14, 50: 16.5, 56: 17, 62: 13, 70: 9, 78: 5, 84: 2.4, 85: 10.0}
"""How many of an age there are, between these ages along a line; the last is all who are older."""

CHARACTER = {
    # children compared with the city, how that changes with each year of age, how old the adults are, how many of those
    # born here and alive are joined by others with each year of age
    "jiangbei": (0.85, 0.015, 0.25, -0.008),
    "qili": (1.25, -0.012, -0.35, 0.030),
    "jiangnan": (1.00, 0.000, -0.05, 0.005),
    "jiangdong": (0.90, 0.005, 0.10, 0.003),
}
BOYS = ((0, 0.522), (18, 0.515), (40, 0.505), (80, 0.46), (85, 0.40))

MOTHERS = {"15-19": 0.03, "20-24": 0.16, "25-29": 0.36, "30-34": 0.28, "35-39": 0.13, "40-44": 0.035, "45-49": 0.005}
CHILDREN_PER_WOMAN = {
    "medium": {2024: 0.94, 2030: 1.00, 2040: 1.05},
    "high": {2024: 0.94, 2030: 1.20, 2040: 1.35},
    "low": {2024: 0.94, 2030: 0.82, 2040: 0.78},
}
FERTILE = {"jiangbei": 0.90, "qili": 1.15, "jiangnan": 1.00, "jiangdong": 0.95}

DEATHS = {
    # of 1,000 women and of 1,000 men, in a year
    "0": (4.5, 5.2), "1-4": (0.4, 0.5), "5-9": (0.2, 0.2), "10-14": (0.2, 0.3), "15-19": (0.2, 0.4),
    "20-29": (0.3, 0.7), "30-39": (0.5, 1.1), "40-49": (1.1, 2.4), "50-54": (2.0, 4.4), "55-59": (3.2, 6.9),
    "60-64": (5.4, 11.0), "65-69": (9.5, 18.0), "70-74": (17.0, 30.0), "75-79": (31.0, 49.0), "80-84": (58.0, 82.0),
    "85+": (120.0, 140.0),
}  # fmt: skip

MOVERS = {
    "0-4": 0.10, "5-9": 0.09, "10-14": 0.05, "15-19": 0.08, "20-24": 0.17, "25-29": 0.19, "30-34": 0.14, "35-39": 0.07,
    "40-44": 0.04, "45-49": 0.02, "50-54": 0.02, "55-59": 0.02, "60-64": 0.01,
}  # fmt: skip
MOVING = {"jiangbei": -620, "qili": 900, "jiangnan": 260, "jiangdong": 40}
"""Net migrants of a year, those who move into the estates of the housing programme left out."""

TIDES = {"medium": (1.0, 1.0), "high": (1.3, 0.8), "low": (0.5, 1.2)}
"""What becomes of the numbers above where more come, and where more leave."""

LATER = {2024: 1.0, 2034: 0.7}

ESTATES = {"jiangbei": 3, "qili": 14, "jiangnan": 8, "jiangdong": 4}
ESTATE_NAMES = (
    ("锦苑", "Jinyuan"), ("滨江里", "Riverside"), ("云庭", "Yunting"), ("桂园", "Guiyuan"), ("朗诗居", "Langshi"),
    ("翠湖湾", "Cuihu Bay"), ("星河里", "Xinghe"), ("御景", "Yujing"), ("芳华里", "Fanghua"), ("春晓苑", "Chunxiao"),
    ("枫林", "Maple Wood"), ("学府里", "Xuefu"), ("悦山", "Yueshan"), ("金桥苑", "Golden Bridge"),
)  # fmt: skip
DWELLINGS_PER_HECTARE = 330.0
RESIDENTS_PER_DWELLING = 2.6
FIRST_YEAR, YEARS = 2025, 7


def write(city: City, folder: Path, seed: int) -> dict[str, int]:
    """Write the tables of people into a folder; return how many rows each has."""
    rng = np.random.default_rng([seed, 7])
    people = {name: _people(name, rng) for name in DISTRICTS}
    tables = {
        "ages.csv": _ages(people),
        "births.csv": _births(people),
        "fertility.csv": _fertility(),
        "mortality.csv": _mortality(),
        "migration.csv": _migration(),
        "housing.csv": _housing(city, rng),
    }
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return {name: len(rows) for name, rows in tables.items()}


def _people(district: str, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return residents by sex (women first) and age, whole ones that add up to the residents of the district."""
    whole = DISTRICTS[district][3]
    level, slope, old, _ = CHARACTER[district]
    age = np.arange(OPEN_AGE + 1)
    young = np.arange(len(CHILDREN))
    share = np.interp(age, list(ADULTS), list(ADULTS.values())) * np.exp(old * (age - 45) / 40)
    share[young] = 0
    children = np.array(CHILDREN) * level * (1 + slope * (young - 6)) * np.exp(0.015 * rng.standard_normal(len(young)))
    share *= (1000 - children.sum()) / share.sum()
    share[young] = children
    boys = np.interp(age, *np.array(BOYS).T)
    wanted = np.stack([share * (1 - boys), share * boys]) * whole / 1000
    floor = np.floor(wanted).astype(np.int64)
    order = np.argsort((floor - wanted).ravel(), kind="stable")
    floor.ravel()[order[: whole - int(floor.sum())]] += 1
    return floor


def _ages(people: dict[str, NDArray[np.int64]]) -> list[dict[str, Any]]:
    return [
        {"district_id": name, "sex": sex, "age": f"{age}+" if age == OPEN_AGE else age, "population": int(number)}
        for name, table in people.items()
        for sex, row in zip(("female", "male"), table, strict=True)
        for age, number in enumerate(row)
    ]


def _births(people: dict[str, NDArray[np.int64]]) -> list[dict[str, Any]]:
    """Return births by calendar year: those of the children who live here now, less those who came with them later."""
    rows = []
    for name, table in people.items():
        joined = CHARACTER[name][3]
        children = table.sum(axis=0)[: len(CHILDREN)]
        born = children / (0.995 * (1 + joined * np.arange(len(CHILDREN))))
        for age in range(len(CHILDREN) - 1, 0, -1):
            # From the first day of the year to 31 August, and after it.
            number = born[age] * 243 / 365 + born[age - 1] * 122 / 365
            rows.append({"district_id": name, "year": COUNT_YEAR - age, "births": round(number)})
    return rows


def _fertility() -> list[dict[str, Any]]:
    return [
        {"variant": variant, "district_id": name, "year": year, "age": age,
         "births_per_1000_women": f"{1000 * children * FERTILE[name] * share / 5:.2f}"}
        for variant, path in CHILDREN_PER_WOMAN.items()
        for name in DISTRICTS
        for year, children in path.items()
        for age, share in MOTHERS.items()
    ]  # fmt: skip


def _mortality() -> list[dict[str, Any]]:
    return [
        {"sex": sex, "age": age, "deaths_per_1000": deaths[at]}
        for at, sex in enumerate(("female", "male"))
        for age, deaths in DEATHS.items()
    ]


def _migration() -> list[dict[str, Any]]:
    rows = []
    for variant, (coming, leaving) in TIDES.items():
        for name, number in MOVING.items():
            for year, part in LATER.items():
                moving = number * part * (coming if number > 0 else leaving)
                rows += [
                    {
                        "variant": variant,
                        "district_id": name,
                        "year": year,
                        "age": age,
                        "net_migrants": f"{moving * share:.1f}",
                    }
                    for age, share in MOVERS.items()
                ]
    return rows


def _housing(city: City, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return estates on the largest blocks among streets that nobody lives on yet."""
    rows = []
    for name, number in ESTATES.items():
        free = [
            face.net
            for at, face in enumerate(city.faces)
            if face.lived_in and not city.residents[at] and at not in city.sites
            and shapely.contains_xy(city.land.districts[name], face.x, face.y)
        ]  # fmt: skip
        free.sort(key=lambda plot: (-round(plot.area), plot.centroid.x))
        for at, plot in enumerate(free[:number]):
            dwellings = int(
                round(plot.area / 10_000 * DWELLINGS_PER_HECTARE * np.exp(0.15 * rng.standard_normal()), -1)
            )
            lon, lat = shapely.get_coordinates(_lonlat(plot.representative_point()))[0]
            rows.append(
                {
                    "housing_id": f"{DISTRICTS[name][2]}-H{at + 1:02d}",
                    "name": f"{DISTRICTS[name][0][:2]}{ESTATE_NAMES[at][0]}",
                    "name_en": f"{DISTRICTS[name][1].removesuffix(' New Area')} {ESTATE_NAMES[at][1]}",
                    "district_id": name,
                    "year": FIRST_YEAR + int(rng.integers(YEARS)),
                    "dwellings": dwellings,
                    "population": round(dwellings * RESIDENTS_PER_DWELLING),
                    "lon": f"{lon:.7f}",
                    "lat": f"{lat:.7f}",
                }
            )
    return rows
