"""What the existing schools have: pupils, classes, areas, teachers, owners. All of it is invented."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from city_places import DISTRICTS, SCHOOLS

if TYPE_CHECKING:
    from pathlib import Path

STAGES = ("kindergarten", "primary", "junior_high")
CLASS_SIZE = {"kindergarten": 30, "primary": 45, "junior_high": 50}
COLUMNS = (
    "school_id", *(f"classes_{stage}" for stage in STAGES), *(f"pupils_{stage}" for stage in STAGES), "site_area_m2",
    "floor_area_m2", "teaching_rooms_m2", "sports_grounds_m2", "equipment_yuan", "teachers",
    "teachers_above_required_degree", "mid_or_higher_rank_teachers", "backbone_teachers", "sports_and_arts_teachers",
    "networked_classrooms", "computers", "books", "ownership", "estate",
)  # fmt: skip
OWNERS = ("public", "inclusive", "public", "public", "private", "inclusive", "public")
"""Of the kindergartens, in the order of the schools; schools of other kinds are public."""

ESTATES = ("no", "no", "handed_over", "no", "pending", "handed_over", "no")
UNTOLD = {"JB-S03": ("site_area_m2",), "JN-S13": ("books", "computers")}
"""What a school did not report."""


class _Spread(NamedTuple):
    """What schools of a kind have for a pupil: the middle, and how much schools differ."""

    middle: dict[str, float]
    differ: float


# Around the values of the evaluation of quality balance, so that some schools keep them and some do not.
SPREADS = {
    "site_area_m2": _Spread({"kindergarten": 13.0, "primary": 14.5, "junior_high": 18.5}, 0.22),
    "floor_area_m2": _Spread({"kindergarten": 9.0, "primary": 6.2, "junior_high": 7.6}, 0.12),
    "teaching_rooms_m2": _Spread({"primary": 4.9, "junior_high": 6.1}, 0.15),
    "sports_grounds_m2": _Spread({"primary": 7.6, "junior_high": 10.4}, 0.40),
    "equipment_yuan": _Spread({"primary": 2250.0, "junior_high": 2700.0}, 0.20),
    "teachers": _Spread({"kindergarten": 0.09, "primary": 0.056, "junior_high": 0.074}, 0.08),
    "teachers_above_required_degree": _Spread({"primary": 0.045, "junior_high": 0.056}, 0.12),
    "mid_or_higher_rank_teachers": _Spread({"primary": 0.026, "junior_high": 0.037}, 0.18),
    "backbone_teachers": _Spread({"primary": 0.0112, "junior_high": 0.0115}, 0.20),
    "sports_and_arts_teachers": _Spread({"primary": 0.0096, "junior_high": 0.0095}, 0.10),
    "networked_classrooms": _Spread({"primary": 0.0245, "junior_high": 0.0250}, 0.08),
    "computers": _Spread({"primary": 0.13, "junior_high": 0.17}, 0.20),
    "books": _Spread({"kindergarten": 10.0, "primary": 24.0, "junior_high": 32.0}, 0.15),
}


def make_facts(seed: int) -> list[dict[str, Any]]:
    """Return one row for every existing school; the numbers come from a generator of their own."""
    rng = np.random.default_rng([seed, 6])
    rows, garden = [], 0
    for at, (district, kind, seats, *_) in enumerate(SCHOOLS):
        row = _row(f"{DISTRICTS[district][2]}-S{at + 1:02d}", kind, seats, rng)
        if kind == "kindergarten":
            row |= {"ownership": OWNERS[garden], "estate": ESTATES[garden]}
            garden += 1
        rows.append(row | dict.fromkeys(UNTOLD.get(row["school_id"], ()), ""))
    return rows


def _row(school_id: str, kind: str, seats: int, rng: np.random.Generator) -> dict[str, Any]:
    filled = {"kindergarten": (0.86, 1.02), "primary": (0.97, 1.20), "junior_high": (0.90, 1.12)}[kind]
    pupils = round(seats * rng.uniform(*filled))
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    row |= {"school_id": school_id, "ownership": "public", "estate": "no"}
    row |= {f"classes_{kind}": round(seats / CLASS_SIZE[kind]), f"pupils_{kind}": pupils}
    for name, spread in SPREADS.items():
        rate = np.exp(spread.differ * rng.standard_normal())
        if kind in spread.middle:
            row[name] = _rounded(name, pupils * spread.middle[kind] * rate)
    return row


def _rounded(name: str, value: float) -> int:
    step = 100 if name == "equipment_yuan" else 10 if name.endswith("_m2") or name == "books" else 1
    return round(value / step) * step


def write(folder: Path, seed: int) -> dict[str, int]:
    """Write the facts into a folder; return how many rows there are."""
    rows = make_facts(seed)
    with (folder / "school_facts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return {"school_facts.csv": len(rows)}
