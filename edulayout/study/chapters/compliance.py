"""Every layout held against the standards that the study names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout import compliance as measure
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.standards import shown, terms
from edulayout.study.chapters.assignment import SCHOOL
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.measuring import service_areas
from edulayout.study.norms import standard_of

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.standards import Rule, Standard
    from edulayout.study.chapters.chapter import Evidence
    from edulayout.study.layouts import Layout

_NOTES = {
    "en": {
        "counts": "Standards, {layout}: {fails} of {judged} findings fail, {open} cannot be told (compliance.csv)",
        "status": "Standards: {count} of {all} rules were not verified in the original; each shows its status",
        "parcels": "Standards: the site area of a planned school is that of its parcel",
        "assigned": "Standards, planned and extended: pupils of the schools are those that the layout assigns "
        "them, not those enrolled today; classes, staff, rooms and equipment are today's",
        "replaced": "Standards: {subject} {stage}: {citation}",
    },
    "zh": {
        "counts": "标准符合性（{layout}）：{judged} 项判定中 {fails} 项不符合，{open} 项无法判定（compliance.csv）",
        "status": "标准：{all} 条中 {count} 条未核对原文，状态逐条注明",
        "parcels": "标准：规划学校的用地面积取其地块面积",
        "assigned": "标准（规划、远期拓展）：各校学生数取该方案的分配结果，不取现状在校生；"
        "班数、师资、用房和设备仍为现状",
        "replaced": "标准：{subject} {stage}：{value}，{reason}",
    },
}
_TODAY = "existing"
_LAYOUTS = {"existing": "现状", "planned": "规划", "extended": "远期拓展"}


def compliance(evidence: Evidence) -> Chapter:
    """Return `compliance.csv`: each layout held against the standards, failures first; marks beside the schools."""
    standard = standard_of(evidence.study)
    if standard is None:
        return Chapter()
    tables = {layout.name: _checked(evidence, layout, standard) for layout in evidence.layouts}
    whole = pd.concat([table.assign(layout=name) for name, table in tables.items()], ignore_index=True)
    columns = ["layout", *measure.COLUMNS]
    marks = pd.concat({name: measure.marks(table) for name, table in tables.items()}, names=["layout", "school_id"])
    shown = marks.rename(columns={"failed": "rules_failed", "cannot_tell": "rules_open", "worst": "worst_rule"})
    return Chapter(
        tables={"compliance": whole[columns]},
        columns={"schools": shown[["rules_failed", "rules_open", "worst_rule"]]},
        notes=tuple(_told(evidence, standard, tables)),
    )


def _checked(evidence: Evidence, layout: Layout, standard: Standard) -> pd.DataFrame:
    study = evidence.study
    overlap = any(rule.subject == "service_area_overlap" for rule in standard.rules)
    return measure.check(
        layout.schools,
        study.demand,
        standard=standard,
        facts=_facts(evidence, layout),
        assigned=layout.name != _TODAY,
        coverage=evidence.tables["coverage"].query("layout == @layout.name"),
        costs=evidence.costs,
        safe_costs=evidence.safe,
        service_areas=_areas(evidence, layout) if overlap else None,
        districts=study.districts,
        language=study.language,
    )


def _areas(evidence: Evidence, layout: Layout) -> gpd.GeoDataFrame:
    return service_areas({layout.name: layout.schools}, engine=evidence.study.engine, radii=evidence.radii)


def _facts(evidence: Evidence, layout: Layout) -> pd.DataFrame:
    """Return the facts of a layout's schools; a school on a parcel has the parcel's area as its site."""
    told, parcels, schools = evidence.study.facts, evidence.study.candidates, layout.schools
    none = pd.DataFrame(index=pd.Index([], name="school_id", dtype=str))
    known = none if told is None else told.loc[told.index.intersection(schools.index, sort=False)]
    if layout.name != _TODAY:
        known = _with_assigned(evidence, layout.name, known)
    if parcels is None or "area_m2" not in parcels:
        return known
    area = parcels.loc[parcels.index.intersection(schools.index, sort=False), "area_m2"]
    sites = pd.DataFrame({"site_area_m2": area.astype(np.float64)}).rename_axis("school_id")
    return sites if known.empty else pd.concat([known, sites]).rename_axis("school_id")


def _with_assigned(evidence: Evidence, layout: str, facts: pd.DataFrame) -> pd.DataFrame:
    """Return facts with the pupils that a layout assigns in the place of those enrolled; missing where it cannot tell.

    Schools that did not tell their pupils keep that: their seats stand in for a design, not for who comes.
    """
    columns = [str(name) for name in facts.columns if str(name).startswith("pupils_")]
    table = evidence.tables.get("assignment")
    if table is None:
        return facts.drop(columns=columns)
    # Without the number of its seats a school was assigned without limit: what it gets there is no forecast of it.
    rows = table[(table["layout"] == layout) & (table["row"] == SCHOOL) & table["seats"].notna()]
    pupils = rows.pivot_table(index="school_id", columns="stage", values="pupils", aggfunc="first")
    own = {
        name: pupils.get(name.removeprefix("pupils_"), pd.Series(dtype=np.float64))
        .reindex(facts.index)
        .where(facts[name].notna())
        .astype(np.float64)
        for name in columns
    }
    return facts.assign(**own)


def _told(evidence: Evidence, standard: Standard, tables: dict[str, pd.DataFrame]) -> list[str]:
    words = _NOTES[evidence.study.language]
    notes = []
    for name, table in tables.items():
        counts = table["verdict"].value_counts()
        fails, meets, unknown = (int(counts.get(word, 0)) for word in ("fails", "meets", "cannot_tell"))
        layout = _LAYOUTS.get(name, name) if evidence.chinese else name
        notes.append(words["counts"].format(layout=layout, fails=fails, judged=fails + meets, open=unknown))
    unsure = sum(rule.status not in {"verified", "chosen"} for rule in standard.rules)
    notes.append(words["status"].format(count=unsure, all=len(standard.rules)))
    parcels = evidence.study.candidates
    if len(tables) > 1 and parcels is not None and "area_m2" in parcels:
        notes.append(words["parcels"])
    if len(tables) > 1 and evidence.study.facts is not None:
        notes.append(words["assigned"])
    return notes + [_replaced(evidence, rule) for rule in standard.replaced]


def _replaced(evidence: Evidence, rule: Rule) -> str:
    """Return what the study put in the place of a standard's value, and why."""
    assert rule.replaced is not None, "only replaced rules come here"
    language = evidence.study.language
    labels = STAGE_LABELS_ZH if evidence.chinese else STAGE_LABELS
    return _NOTES[language]["replaced"].format(
        subject=terms(language)["subject"][rule.subject],
        stage=labels.get(rule.stage, ""),
        value=shown(rule.value),
        citation=f"{shown(rule.value)}, {rule.citation}",
        reason=rule.replaced.reason,
    )
