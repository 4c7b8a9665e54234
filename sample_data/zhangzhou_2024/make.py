"""Make the programme of Zhangzhou's kindergarten projects of 2024: published totals, an invented split.

Run `python make.py` to write the tables beside this script, or `python make.py --out FOLDER`. README.md tells facts
from inventions.
"""

from __future__ import annotations

import argparse
import csv
import random
from datetime import date, timedelta
from pathlib import Path

SEED = 2024
COUNTIES = (
    "芗城区",
    "龙文区",
    "龙海区",
    "长泰区",
    "漳浦县",
    "云霄县",
    "诏安县",
    "东山县",
    "平和县",
    "南靖县",
    "华安县",
)
NAMED = (
    ("华安县第三实验幼儿园", "华安县", "new", 9),
    ("长泰区中骏·云景府小区配套幼儿园", "长泰区", "estate_kindergarten", 6),
)
"""The two projects whose names were published; their classes and everything else of them are invented."""
CLASSES = (9, 9, 9, *(6,) * 9, *(3,) * 7)
"""Of the invented projects, in tens of seats: with the named ones 117, that is 1,170 seats."""
PAID, YEAR_PLAN, TOTAL = 57_539_000, 25_000_000, 96_000_000
"""Yuan. The first is published; the second gives the published 230 %; the third is invented."""
GRADES = {"provincial": 20, "city": 75, "county": 293}
FUNDS = {"provincial": 0.30, "city": 0.20, "county": 0.50}
LAST_START, LAST_PLANNED_START = date(2024, 9, 28), date(2024, 12, 31)
MILESTONES = ("site", "layout_plan", "drawing_review", "start", "completion", "opening")
BEFORE_START = (150, 110, 60, 0)
LATE = 2
"""So many invented conversions have not been completed when they should have been."""


def parts(whole: int, weights: list[int], step: int) -> list[int]:
    """Split a sum by weights into multiples of a step; what is left over goes to the first."""
    split = [whole * weight // sum(weights) // step * step for weight in weights]
    split[0] += whole - sum(split)
    return split


def projects(rng: random.Random) -> list[dict[str, object]]:
    """Return the projects with their days and money."""
    rows: list[dict[str, object]] = [
        {"name": name, "district_id": county, "how": how, "classes": classes} for name, county, how, classes in NAMED
    ]
    for number, classes in enumerate(CLASSES, start=1):
        county = COUNTIES[(number * 4) % len(COUNTIES)]
        how = ("new", "extend", "convert_idle", "estate_kindergarten")[number % 4]
        rows.append(
            {"name": f"{county}幼儿园项目{number:02d}（虚构）", "district_id": county, "how": how, "classes": classes}
        )
    weights = [int(row["classes"]) for row in rows]
    columns = {"total": parts(TOTAL, weights, 10_000), "year_plan": parts(YEAR_PLAN, weights, 10_000)}
    columns |= {f"funds_{name}": parts(int(TOTAL * share), weights, 10_000) for name, share in FUNDS.items()}
    late = [number for number, row in enumerate(rows) if row["how"] == "convert_idle"][:LATE]
    for number, row in enumerate(rows):
        row.update({name: values[number] / 10_000 for name, values in columns.items()})
        row.update(days(rng, last=number == 0, conversion=row["how"] == "convert_idle", late=number in late))
    return rows


def days(rng: random.Random, *, last: bool, conversion: bool, late: bool) -> dict[str, str]:
    """Return planned and actual days of one project; what lies after November 2024 is not known."""
    start = LAST_START if last else LAST_START - timedelta(days=rng.randrange(3, 170))
    start = date(2024, 5, 20) if late else start
    due = LAST_PLANNED_START if last else start + timedelta(days=rng.randrange(70, 95))
    length = 60 if conversion else 220
    planned = [due - timedelta(days=back) for back in BEFORE_START]
    done = date(2024, 11, 15) if late else due + timedelta(days=length)
    planned += [max(done, due), date(2025, 9, 1)]
    actual = [start - timedelta(days=back) for back in BEFORE_START]
    end = start + timedelta(days=length)
    actual += [end] if conversion and not late and end <= date(2024, 11, 30) else []
    texts = {f"planned_{name}": day.isoformat() for name, day in zip(MILESTONES, planned, strict=True)}
    told = [day.isoformat() for day in actual] + [""] * (len(MILESTONES) - len(actual))
    return texts | {f"actual_{name}": text for name, text in zip(MILESTONES, told, strict=True)}


def payments(rng: random.Random, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return monthly payments by fund from each start to November; they add up to what was published."""
    slots = []
    for number, row in enumerate(rows, start=1):
        first = date.fromisoformat(str(row["actual_start"])).month
        for month in range(first, 12):
            slots += [
                (f"P{number:02d}", month, fund, int(int(row["classes"]) * share * rng.randrange(50, 120)))
                for fund, share in FUNDS.items()
            ]
    amounts = parts(PAID, [weight for *_, weight in slots], 100)
    return [
        {"project_id": name, "day": date(2024, month, 25).isoformat(), "amount": f"{amount / 10_000:.2f}", "fund": fund}
        for (name, month, fund, _), amount in zip(slots, amounts, strict=True)
    ]


def kindergartens() -> list[dict[str, object]]:
    """Return the graded kindergartens: their numbers are published, their names are not."""
    grades = [grade for grade, count in GRADES.items() for _ in range(count)]
    return [
        {"kindergarten_id": f"K{number:03d}", "name": f"示范园{number:03d}（虚构）",
         "district_id": COUNTIES[number % len(COUNTIES)], "grade": grade}
        for number, grade in enumerate(grades, start=1)
    ]  # fmt: skip


def write(path: Path, rows: list[dict[str, object]]) -> None:
    """Write rows as CSV that spreadsheets read."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print(f"{path.name}: {len(rows)} rows")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    rows = projects(rng)
    paid = payments(rng, rows)
    whole = [
        {"project_id": f"P{number:02d}", "name": row["name"], "district_id": row["district_id"], "kind": "kindergarten",
         "how": row["how"], "seats_kindergarten": int(row["classes"]) * 10,
         **{name: value for name, value in row.items() if name not in {"name", "district_id", "how", "classes"}}}
        for number, row in enumerate(rows, start=1)
    ]  # fmt: skip
    write(folder / "projects.csv", whole)
    write(folder / "payments.csv", paid)
    write(folder / "kindergartens.csv", kindergartens())


if __name__ == "__main__":
    main()
