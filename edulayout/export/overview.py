"""The four tables that a special plan hands over: 现状, 规划, 覆盖, 学位一览表."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from edulayout.export.workbook import Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "zh"]

_TITLES = {
    "existing": ("Existing schools", "现状学校一览表"),
    "planned": ("Planned schools", "规划学校一览表"),
    "coverage": ("Coverage", "服务覆盖一览表"),
    "seats": ("Seats", "学位供需一览表"),
}
_NOTES = {
    "existing": ("Seats that nobody stated are empty cells.", "未填报的学位为空白。"),
    "planned": (
        "Schools that do not stand yet; seats follow from the planned classes and the class sizes of their kind.",
        "表中为尚未建成的学校；学位按规划班数与班额推算。",
    ),
    "coverage": (
        "Walks along streets, door to door; covered: at most the service radius.",
        "距离按道路步行计（门到门）；步行距离不超过服务半径即为覆盖。",
    ),
    "seats": (
        "Empty: cannot be told, because a school of the row did not state its seats.",
        "空白：该行有学校未填报学位，无法判断。",
    ),
}
_SEATS = ("seats_kindergarten", "seats_primary", "seats_junior_high", "seats_senior_high")
_SCHOOL_COLUMNS = ("name", "name_en", "kind", "district_id", *_SEATS, "area_m2", "x", "y", "lon", "lat", "origin")
_BRIEF = {
    "existing": ("name", "kind", "district_id", *_SEATS),
    "planned": ("layout", "name", "kind", "district_id", *_SEATS),
    "coverage": ("layout", "stage", "district_id", "pupils", "pupils_covered", "share_covered", "mean_metres",
                 "max_metres", "radius_metres"),
    "seats": ("layout", "stage", "district_id", "pupils", "seats", "gap", "seats_per_1000_residents", "schools"),
}  # fmt: skip
"""What fits the width of a page of A4."""


def overview(
    schools: pd.DataFrame, *, coverage: pd.DataFrame | None = None, seats: pd.DataFrame | None = None,
    districts: Mapping[str, str] | None = None, language: Language = "en", brief: bool = False,
) -> list[Sheet]:  # fmt: skip
    """Return the tables of a plan, ready for `write_workbook` and `write_document`.

    Parameters
    ----------
    schools
        One row per layout and school, as a run's `schools.csv`.
    coverage, seats
        As a run's `coverage.csv` and `seats.csv`.
    districts
        District id → name, for people.
    language
        Of titles and notes.
    brief
        True for the columns that fit a page of A4 upright, as in a Word document.

    Returns
    -------
    list of Sheet
        Existing schools, planned schools (with the layout that brings them, each once), coverage, seats; without those
        whose table was not given.

    Examples
    --------
    >>> schools = pd.DataFrame({"layout": ["existing", "planned", "planned"], "school_id": ["1", "1", "2"],
    ...     "name": ["一小", "一小", "规划小学"], "kind": "primary", "status": ["existing", "existing", "planned"],
    ...     "district_id": "east"})
    >>> [(sheet.title, sheet.table.index.tolist()) for sheet in overview(schools, language="zh")]
    [('现状学校一览表', ['1']), ('规划学校一览表', ['2'])]
    """
    first = schools.drop_duplicates("school_id")
    stands = first["status"] == "existing"
    tables = {
        "existing": _listed(first[stands], _SCHOOL_COLUMNS),
        "planned": _listed(first[~stands], ("layout", *_SCHOOL_COLUMNS)),
        "coverage": coverage,
        "seats": seats,
    }
    at = 0 if language == "en" else 1
    return [
        Sheet(_TITLES[name][at], _named(_short(table, name) if brief else table, districts or {}), (_NOTES[name][at],))
        for name, table in tables.items()
        if table is not None
    ]


def _listed(schools: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    there = [column for column in columns if column in schools.columns and schools[column].notna().any()]
    return pd.DataFrame(schools.set_index("school_id")[there])


def _short(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[[column for column in _BRIEF[name] if column in table.columns]]


def _named(table: pd.DataFrame, districts: Mapping[str, str]) -> pd.DataFrame:
    if "district_id" not in table.columns:
        return table
    return table.assign(district_id=table["district_id"].map(lambda name: districts.get(name, name)))
