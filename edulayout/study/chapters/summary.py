"""One table for those who decide: today, the plan, the further programme, in a few lines for each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.coverage import ALL, OUTSIDE
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.sources import names_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from edulayout.study.chapters.chapter import Evidence

LABELS: dict[str, tuple[str, str]] = {
    "covered": ("live within {radius:g} m of a school", "{radius:g} 米内有学校的学生"),
    "mean_walk": ("mean walk to the nearest school", "到最近学校的平均步行距离"),
    "far_walk": ("one pupil in twenty walks more than", "二十分之一的学生步行超过"),
    "seats_short": ("pupils without a seat in the city", "全市学位缺口"),
    "seats_short_by_district": ("pupils without a seat, district by district", "分片区学位缺口合计"),
    "worst_district": ("district least covered", "覆盖率最低的片区"),
    "worst_covered": ("… covered there", "……该片区覆盖率"),
    "fairness_walk": ("inequality of walks (Gini, 0 = alike)", "步行距离差异（基尼系数，0 为均等）"),
    "fairness_access": ("inequality of seats in reach (Gini)", "可达学位差异（基尼系数）"),
}
"""What each line of the summary is called, in English and Chinese."""

_WORDS = {
    "en": {"cannot": "cannot tell", "at_most": "cannot tell (≤ {most})", "none": "–"},
    "zh": {"cannot": "无法判断", "at_most": "无法判断（≤ {most}）", "none": "–"},
}


def summary(evidence: Evidence) -> Chapter:
    """Return `summary.csv`: a row for each stage and measure, a column for each layout, as people say it."""
    rows = [
        {
            "stage": stage,
            "measure": name,
            "label": english.format(radius=evidence.radii[stage]),
            "label_zh": chinese.format(radius=evidence.radii[stage]),
            **{layout.name: _LINES[name](evidence, layout.name, stage) for layout in evidence.layouts},
        }
        for stage in evidence.radii
        for name, (english, chinese) in LABELS.items()
    ]
    return Chapter(tables={"summary": pd.DataFrame(rows)})


def _row(evidence: Evidence, table: str, layout: str, stage: str) -> pd.Series[float]:
    found = evidence.tables[table]
    mine = (found["layout"] == layout) & (found["stage"] == stage) & (found["district_id"] == ALL)
    return found[mine].iloc[0]


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _covered(evidence: Evidence, layout: str, stage: str) -> str:
    value = float(_row(evidence, "coverage", layout, stage)["share_covered"])
    return _none(evidence) if np.isnan(value) else _share(value)


def _mean_walk(evidence: Evidence, layout: str, stage: str) -> str:
    value = float(_row(evidence, "coverage", layout, stage)["mean_metres"])
    return _none(evidence) if np.isnan(value) else f"{value:,.0f} m"


def _far_walk(evidence: Evidence, layout: str, stage: str) -> str:
    value = float(_row(evidence, "coverage", layout, stage)["p95_metres"])
    return _none(evidence) if np.isnan(value) else f"{value:,.0f} m"


def _seats_short(evidence: Evidence, layout: str, stage: str) -> str:
    return _lacking(evidence, _row(evidence, "seats", layout, stage).to_frame().T)


def _seats_short_by_district(evidence: Evidence, layout: str, stage: str) -> str:
    """Return the districts' own gaps added up: free seats elsewhere help nobody here."""
    table = evidence.tables["seats"]
    mine = (table["layout"] == layout) & (table["stage"] == stage) & (table["district_id"] != ALL)
    return _lacking(evidence, table[mine])


def _lacking(evidence: Evidence, rows: pd.DataFrame) -> str:
    gap, most = (rows[name].to_numpy(np.float64) for name in ("gap", "gap_at_most"))
    if (np.isnan(gap) & (most > 0)).any():
        upper = f"{np.where(np.isnan(gap), most, gap).sum():,.0f}"
        return _WORDS[evidence.study.language]["at_most"].format(most=upper)
    # Where the known seats suffice, the unknown ones change nothing.
    return f"{np.nan_to_num(gap).sum():,.0f}"


def _worst(evidence: Evidence, layout: str, stage: str) -> tuple[str, float]:
    """Return the district with the least share covered; of equal ones the first by id."""
    table = evidence.tables["coverage"]
    mine = (table["layout"] == layout) & (table["stage"] == stage) & ~table["district_id"].isin([ALL, OUTSIDE])
    rows = table[mine & table["share_covered"].notna()]
    if rows.empty:
        return _none(evidence), float("nan")
    worst = rows.iloc[int(np.argmin(rows["share_covered"]))]
    names = names_of(evidence.study.districts, english=not evidence.chinese)
    return names[str(worst["district_id"])], float(worst["share_covered"])


def _worst_district(evidence: Evidence, layout: str, stage: str) -> str:
    return _worst(evidence, layout, stage)[0]


def _worst_covered(evidence: Evidence, layout: str, stage: str) -> str:
    share = _worst(evidence, layout, stage)[1]
    return _none(evidence) if np.isnan(share) else _share(share)


def _gini(evidence: Evidence, layout: str, stage: str, of: str) -> float:
    table = evidence.tables["equity"]
    mine = (table["layout"] == layout) & (table["stage"] == stage) & (table["district_id"] == ALL) & (table["of"] == of)
    return float(table.loc[mine, "gini"].iloc[0])


def _fairness_walk(evidence: Evidence, layout: str, stage: str) -> str:
    value = _gini(evidence, layout, stage, "walk")
    return _none(evidence) if np.isnan(value) else f"{value:.2f}"


def _fairness_access(evidence: Evidence, layout: str, stage: str) -> str:
    value = _gini(evidence, layout, stage, "access")
    if np.isnan(_row(evidence, "access", layout, stage)["seats_per_pupil"]):
        return _WORDS[evidence.study.language]["cannot"]
    return _none(evidence) if np.isnan(value) else f"{value:.2f}"


def _none(evidence: Evidence) -> str:
    return _WORDS[evidence.study.language]["none"]


_LINES: dict[str, Callable[[Evidence, str, str], str]] = {
    "covered": _covered,
    "mean_walk": _mean_walk,
    "far_walk": _far_walk,
    "seats_short": _seats_short,
    "seats_short_by_district": _seats_short_by_district,
    "worst_district": _worst_district,
    "worst_covered": _worst_covered,
    "fairness_walk": _fairness_walk,
    "fairness_access": _fairness_access,
}
