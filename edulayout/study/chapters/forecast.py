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
_APART = 0.01
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
        "gap_only_of_districts": "the city's seats never lack, those of the districts do, at worst "
        "{worst_gap_of_districts:,.0f} in a year",
        "idle": "{horizon_surplus:,.0f} seats stand idle at the horizon ({horizon_idle_share:.0%})",
        "since": "surplus from {surplus_from_year} on",
        "none": "seats never lack",
    },
    "zh": {
        "unknown": "学位数不全",
        "gap": "最多缺{worst_gap:,.0f}个学位（{worst_gap_year}年）",
        "gap_only_of_districts": "全市学位够用，但分片区最多一年缺{worst_gap_of_districts:,.0f}个",
        "idle": "期末空余{horizon_surplus:,.0f}个学位（{horizon_idle_share:.0%}）",
        "since": "{surplus_from_year}年起学位富余",
        "none": "学位始终够用",
    },
}

_BASES = {
    "en": {
        "two": "{stage}: two counts of today stand in this run: {norm:,.0f} pupils by {how} (coverage, seats, summary, "
        "siting), {ages:,.0f} by {basis} in {year} ({apart:+.0%}: seats_by_year, seats_outlook, demand_by_year)",
        "ratio": "{ratio:g} per 1,000 residents",
        "given": "the demand table",
        "ages": "the age table",
        "births": "the births",
    },
    "zh": {
        "two": "{stage}：本次计算有两套现状学生数：按{how}为{norm:,.0f}人（用于覆盖率、学位、摘要和选址），"
        "按{year}年{basis}为{ages:,.0f}人（{apart:+.0%}，用于 seats_by_year、seats_outlook、demand_by_year）",
        "ratio": "千人指标 {ratio:g}",
        "given": "需求表",
        "ages": "分年龄人口",
        "births": "出生数",
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
    basis = "ages" if len(foreseen.accounts) else "births"
    balances = _balances(evidence, foreseen).assign(basis=basis)
    outlook = measure.outlook(balances).assign(basis=basis)
    tables = {"demand_by_year": demand.with_all(foreseen.pupils), "seats_by_year": balances, "seats_outlook": outlook}
    if len(foreseen.accounts):
        tables["population_by_year"] = foreseen.accounts
    notes = (*notes_on(evidence.study), *_bases(evidence, foreseen, basis), *_told(evidence, foreseen, outlook))
    return Chapter(tables=tables, notes=notes)


def _balances(evidence: Evidence, foreseen: Foreseen) -> pd.DataFrame:
    stages = list(pd.unique(foreseen.pupils["stage"]))
    parts = []
    for layout in evidence.layouts:
        lacking = {f"seats_{stage}": np.nan for stage in stages if f"seats_{stage}" not in layout.schools.columns}
        table = measure.balance_by_year(foreseen.pupils, pd.DataFrame(layout.schools.assign(**lacking)))
        table.insert(0, "layout", layout.name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _bases(evidence: Evidence, foreseen: Foreseen, basis: str) -> tuple[str, ...]:
    """Return a sentence for each stage whose pupils of today are not those of the forecast's first year."""
    words, labels = _BASES[evidence.study.language], STAGE_LABELS_ZH if evidence.chinese else STAGE_LABELS
    places, year = evidence.study.demand, int(foreseen.pupils["year"].min())
    inside = places[places["district_id"].fillna("") != ""]
    rows = foreseen.pupils[(foreseen.pupils["year"] == year) & (foreseen.pupils["variant"] == foreseen.variant)]
    told = []
    for stage, ages in rows.groupby("stage", sort=False)["pupils"].sum().items():
        norm, residents = float(inside[f"pupils_{stage}"].sum()), float(inside["population"].sum())
        if not norm or abs(ages / norm - 1.0) <= _APART:
            continue
        ratio = (evidence.study.per_1000_residents or {}).get(str(stage))
        # Columns of the demand go before a ratio.
        by_ratio = ratio is not None and np.isclose(norm, ratio * residents / 1000.0)
        told.append(words["two"].format(
            stage=labels[str(stage)], norm=norm, ages=ages, basis=words[basis], year=year, apart=ages / norm - 1.0,
            how=words["ratio"].format(ratio=ratio) if by_ratio else words["given"],
        ))  # fmt: skip
    return tuple(told)


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
    lacking = "gap" if gap > 0 else "gap_only_of_districts" if row["worst_gap_of_districts"] > 0 else ""
    parts = [words[lacking].format(**row)] if lacking else []
    parts += [words["idle"].format(**row)] if surplus > 0 else []
    parts += [words["since"].format(**row)] if pd.notna(row["surplus_from_year"]) else []
    return ("，" if language == "zh" else ", ").join(parts) or words["none"]
