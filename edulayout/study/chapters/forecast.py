"""The years to come: pupils, and seats against them, in every layout, variant and district."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edulayout import demand
from edulayout import seats as measure
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.forecasting import notes_on

if TYPE_CHECKING:
    from edulayout.study.chapters.chapter import Evidence
    from edulayout.study.foreseen import Foreseen

_ALL = "all"
_TEXT = {
    "en": "{stage}: most pupils in {peak_year} ({peak_pupils:,.0f}), {horizon_pupils:,.0f} in {horizon_year}; layout "
    "{layout}: {then}",
    "zh": "{stage}：{peak_year}年学生最多（{peak_pupils:,.0f}人），{horizon_year}年{horizon_pupils:,.0f}人；"
    "布局{layout}：{then}",
}
_THEN = {
    "en": {
        "unknown": "seats are not all known",
        "gap": "at worst {worst_gap:,.0f} seats lack ({worst_gap_year})",
        "idle": "{horizon_surplus:,.0f} seats stand idle at the horizon",
        "none": "seats never lack",
    },
    "zh": {
        "unknown": "学位数不全",
        "gap": "最多缺{worst_gap:,.0f}个学位（{worst_gap_year}年）",
        "idle": "期末空余{horizon_surplus:,.0f}个学位",
        "none": "学位始终够用",
    },
}

_LAYOUTS_ZH = {"existing": "现状", "planned": "规划", "extended": "远期拓展"}


def forecast(evidence: Evidence) -> Chapter:
    """Return `demand_by_year.csv`, `seats_by_year.csv`, `seats_outlook.csv`; from cohorts, `population_by_year.csv`.

    Nothing where the study has no section `[demand]`.
    """
    foreseen = evidence.study.foreseen
    if foreseen is None:
        return Chapter()
    balances = _balances(evidence, foreseen)
    outlook = measure.outlook(balances)
    tables = {"demand_by_year": demand.with_all(foreseen.pupils), "seats_by_year": balances, "seats_outlook": outlook}
    if len(foreseen.accounts):
        tables["population_by_year"] = foreseen.accounts
    return Chapter(tables=tables, notes=(*notes_on(evidence.study), *_told(evidence, foreseen, outlook)))


def _balances(evidence: Evidence, foreseen: Foreseen) -> pd.DataFrame:
    stages = list(pd.unique(foreseen.pupils["stage"]))
    parts = []
    for layout in evidence.layouts:
        lacking = {f"seats_{stage}": np.nan for stage in stages if f"seats_{stage}" not in layout.schools.columns}
        table = measure.balance_by_year(foreseen.pupils, pd.DataFrame(layout.schools.assign(**lacking)))
        table.insert(0, "layout", layout.name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _told(evidence: Evidence, foreseen: Foreseen, outlook: pd.DataFrame) -> tuple[str, ...]:
    """Return one sentence for each stage, on the main variant and the last layout."""
    language = evidence.study.language
    labels = STAGE_LABELS_ZH if evidence.chinese else STAGE_LABELS
    last = evidence.layouts[-1].name
    rows = outlook[
        (outlook["layout"] == last) & (outlook["variant"] == foreseen.variant) & (outlook["district_id"] == _ALL)
    ]
    told = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    layout = _LAYOUTS_ZH.get(last, last) if evidence.chinese else last
    return tuple(
        _TEXT[language].format(**{**row, "stage": labels[row["stage"]], "layout": layout, "then": _then(row, language)})
        for row in told
    )


def _then(row: dict[str, Any], language: str) -> str:
    words, surplus, gap = _THEN[language], row["horizon_surplus"], row["worst_gap"]
    if pd.isna(gap):
        return words["unknown"]
    parts = [words["gap"].format(**row)] if gap > 0 else []
    parts += [words["idle"].format(**row)] if surplus > 0 else []
    return ("，" if language == "zh" else ", ").join(parts) or words["none"]
