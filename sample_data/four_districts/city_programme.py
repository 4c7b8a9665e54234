"""The construction programme, grades of kindergartens, idle buildings, sites and permits. All of it is invented."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import city_write
import numpy as np
import shapely
from city_places import DISTRICTS, SCHOOLS

if TYPE_CHECKING:
    from pathlib import Path

    from make import City

AS_OF = date(2026, 6, 30)
MILESTONES = ("site", "layout_plan", "drawing_review", "start", "completion", "opening")
DAYS_BEFORE = {
    "new": (760, 640, 540, 450, 75, 0),
    "estate_kindergarten": (620, 560, 500, 430, 60, 0),
    "convert_idle": (300, 260, 220, 190, 40, 0),
    "extend": (420, 360, 300, 260, 30, 0),
}
"""How long before its opening a project should pass each milestone."""

COST = {"new": {"kindergarten": 8.2, "primary": 9.0, "junior_high": 11.0}, "convert_idle": {"kindergarten": 3.6},
        "estate_kindergarten": {"kindergarten": 6.8}, "extend": {"primary": 5.4}}  # fmt: skip
"""10,000 yuan for a seat."""

FUNDS = {"provincial": 0.2, "city": 0.3, "county": 0.5}
WORDS = {"new": ("新建", "new"), "estate_kindergarten": ("配套", "estate"), "convert_idle": ("改造", "converted"),
         "extend": ("扩建", "extension")}  # fmt: skip
KINDS = {"kindergarten": ("幼儿园", "Kindergarten"), "primary": ("小学", "Primary School"),
         "junior_high": ("初级中学", "Junior High School")}  # fmt: skip


class Plan(NamedTuple):
    """One project: where, what, when it should open, how many milestones it has passed, and how late it runs."""

    site: str
    kind: str
    how: str
    ownership: str
    seats: int
    opening: str
    reached: int
    late: int
    called: tuple[str, str]


PLANS = (
    Plan("QL-C30", "kindergarten", "convert_idle", "public", 270, "2026-03-01", 6, -5, ("七里第二", "Qili No. 2")),
    Plan("QL-C26", "kindergarten", "new", "public", 270, "2026-09-01", 5, -4, ("新城第一", "New Town No. 1")),
    Plan("QL-C08", "primary", "new", "public", 1080, "2026-09-01", 4, 38, ("七里第二", "Qili No. 2")),
    Plan("QL-C32", "primary", "new", "public", 1080, "2027-09-01", 4, -9, ("新城", "New Town")),
    Plan("QL-C10", "junior_high", "new", "public", 900, "2027-09-01", 2, 26, ("七里", "Qili")),
    Plan("JB-C13", "kindergarten", "new", "public", 270, "2026-09-01", 5, -12, ("鼓楼东", "Drum Tower East")),
    Plan("JB-C24", "kindergarten", "convert_idle", "inclusive", 270, "2026-09-01", 3, 31, ("城东", "Town East")),
    Plan("JB-C05", "primary", "new", "public", 1080, "2027-09-01", 4, 3, ("江北第三", "Jiangbei No. 3")),
    Plan("JN-C14", "kindergarten", "estate_kindergarten", "public", 270, "2026-09-01", 5, 0, ("南津", "Nanjin")),
    Plan("JN-C05", "primary", "new", "public", 1080, "2028-09-01", 0, 0, ("江南第二", "Jiangnan No. 2")),
    Plan("JN-S12", "primary", "extend", "public", 270, "2026-09-01", 4, -2, ("南津", "Nanjin")),
    Plan("JD-C12", "kindergarten", "convert_idle", "public", 270, "2026-03-01", 4, 44, ("江东第二", "Jiangdong No. 2")),
    Plan("JD-C10", "junior_high", "new", "public", 900, "2027-09-01", 3, 18, ("江东", "Jiangdong")),
    Plan("JD-C04", "kindergarten", "estate_kindergarten", "inclusive", 270, "2027-03-01", 4, 9, ("滨江", "Riverside")),
)

GRADES = {
    "JB-S01": ("provincial", 0, "鼓楼街道", ""), "JB-S02": ("county", 1, "鼓楼街道", "JB-S01"),
    "JB-S03": ("none", 1, "北街街道", "JB-S01"), "QL-S08": ("city", 0, "七里街道", ""),
    "QL-S09": ("none", 2, "桂花街道", ""), "JN-S11": ("county", 1, "南津街道", "QL-S08"),
    "JD-S14": ("none", 2, "江东镇", ""),
}  # fmt: skip
"""Of kindergartens: grade, what it asks of a lead, township, its lead of today."""

UNSEEN = {"JB-S03"}
"""Schools of whose site nobody drew the borders."""


def write(city: City, folder: Path, seed: int) -> dict[str, int]:
    """Write the tables of the programme into a folder; return how many rows each has."""
    rng = np.random.default_rng([seed, 8])
    projects = [_project(number, plan, rng) for number, plan in enumerate(PLANS, start=1)]
    payments = [row for project in projects for row in _payments(project, rng)]
    grades = [{"school_id": school, **dict(zip(("grade", "need", "township", "lead"), row, strict=True))}
              for school, row in GRADES.items()]  # fmt: skip
    idle = _idle(city, rng)
    sites, permits = _sites(city, folder)
    for name, rows in {"projects": projects, "payments": payments, "grades": grades, "idle": idle}.items():
        _write_csv(rows, folder / f"{name}.csv")
    city_write.write_geojson(sites, folder / "sites.geojson")
    city_write.write_geojson(permits, folder / "permits.geojson")
    return {"projects.csv": len(projects), "payments.csv": len(payments), "grades.csv": len(grades),
            "idle.csv": len(idle), "sites.geojson": len(sites), "permits.geojson": len(permits)}  # fmt: skip


def _project(number: int, plan: Plan, rng: np.random.Generator) -> dict[str, Any]:
    zh, en = WORDS[plan.how]
    opening = date.fromisoformat(plan.opening)
    planned = [opening - timedelta(days) for days in DAYS_BEFORE[plan.how]]
    # A project runs late little by little, and is not late on the day than more it will be at the end.
    drift = [round(plan.late * (step + 1) / plan.reached) for step in range(plan.reached)]
    actual = [min(day + timedelta(late), AS_OF) for day, late in zip(planned, drift, strict=False)]
    total = round(plan.seats * COST[plan.how][plan.kind] * rng.uniform(0.94, 1.07), 1)
    year_plan = round(total * {6: 0.30, 5: 0.55, 4: 0.45, 3: 0.30, 2: 0.15, 0: 0.02}[plan.reached], 1)
    shares = [round(total * FUNDS["provincial"], 1), round(total * FUNDS["city"], 1)]
    seats = {f"seats_{stage}": plan.seats if stage == plan.kind else "" for stage in KINDS}
    days = {f"planned_{name}": day.isoformat() for name, day in zip(MILESTONES, planned, strict=True)}
    days |= {f"actual_{name}": "" for name in MILESTONES}
    days |= {f"actual_{name}": day.isoformat() for name, day in zip(MILESTONES, actual, strict=False)}
    code = plan.site[:2]
    return {
        "project_id": f"P{number:02d}", "name": f"{plan.called[0]}{KINDS[plan.kind][0]}（{zh}）",
        "name_en": f"{plan.called[1]} {KINDS[plan.kind][1]} ({en})",
        "district_id": next(name for name, words in DISTRICTS.items() if words[2] == code), "site_id": plan.site,
        "kind": plan.kind, "how": plan.how, "ownership": plan.ownership, **seats, "total": total,
        "year_plan": year_plan, "funds_provincial": shares[0], "funds_city": shares[1],
        "funds_county": round(total - sum(shares), 1), **days,
    }  # fmt: skip


def _payments(project: dict[str, Any], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return a payment of each fund for every second month of building, until the day of the programme."""
    start = project["actual_start"]
    if not start:
        return []
    days = [day for day in (date(year, month, 28) for year in (2025, 2026) for month in (2, 4, 6, 8, 10, 12))
            if date.fromisoformat(start) < day < AS_OF]  # fmt: skip
    rows = []
    for day in days:
        sum_paid = project["year_plan"] / 5 * rng.uniform(0.6, 1.25) if day.year == AS_OF.year else project["total"] / 9
        rows += [{"project_id": project["project_id"], "day": day.isoformat(), "amount": f"{sum_paid * share:.2f}",
                  "fund": fund} for fund, share in FUNDS.items()]  # fmt: skip
    return rows


def _idle(city: City, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return the floor area and the highest floor to be used of every idle building; of a few nobody knows the area."""
    rows, chosen = [], {plan.site for plan in PLANS if plan.how == "convert_idle"}
    for properties, shape in city_write.candidates(city):
        if properties["land"] != "idle_building":
            continue
        floor = int(rng.integers(1, 6))
        area = round(shape.area * rng.uniform(0.10, 0.24) * floor, -1)
        known = rng.random() > 0.12
        if properties["candidate_id"] in chosen:
            floor, area, known = min(floor, 3), max(area, 2900.0), True
        rows.append({"candidate_id": properties["candidate_id"], "floor_area_m2": f"{area:.0f}" if known else "",
                     "floor": floor})  # fmt: skip
    return rows


def _sites(city: City, folder: Path) -> tuple[list[Any], list[Any]]:
    """Return the sites of schools, as large as they reported, and permits on what their blocks have beside."""
    with (folder / "school_facts.csv").open(encoding="utf-8") as file:
        told = {row["school_id"]: row["site_area_m2"] for row in csv.DictReader(file)}
    sites, permits = [], []
    for at, place in sorted(city.sites.items(), key=lambda pair: pair[1].school):
        if place.school < 0:
            continue
        name = f"{DISTRICTS[SCHOOLS[place.school][0]][2]}-S{place.school + 1:02d}"
        block = city.faces[at].net
        if name in UNSEEN:
            continue
        site = _cut(block, float(told[name]) / block.area)
        sites.append(({"school_id": name}, site))
        beside = shapely.buffer(shapely.difference(block, site), -1.0, join_style="mitre")
        if name in {"QL-S09", "JN-S12"}:
            permits.append(({"area_id": f"XK-{name}", "name": "沿街商业用房", "name_en": "Shops along the street"},
                            _cut(beside, 0.35)))  # fmt: skip
    return sites, permits


def _cut(shape: shapely.Polygon, share: float) -> shapely.Polygon:
    """Return the western part of a shape with a share of its area; all of it where that is nearly the whole."""
    if share > 0.95:
        return shape
    west, south, east, north = shape.bounds
    low, high = west, east
    for _ in range(40):
        middle = (low + high) / 2
        part = shapely.intersection(shape, shapely.box(west, south, middle, north))
        low, high = (middle, high) if part.area < share * shape.area else (low, middle)
    part = shapely.intersection(shape, shapely.box(west, south, round(high, 1), north))
    return max(shapely.get_parts(part), key=lambda one: one.area)


def _write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
