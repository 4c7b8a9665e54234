"""The construction programme as of a day: its projects, the layout quarter by quarter as they open, the letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout.costs import places
from edulayout.errors import MissingExtraError
from edulayout.export.letters import letter_files
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.openings import Growing, additions, quarters
from edulayout.study.sources import names_of

if TYPE_CHECKING:
    from edulayout.programme import Programme as Projects
    from edulayout.programme import Summary
    from edulayout.study.chapters.chapter import Evidence

_EXISTING = "existing"
_WORDS = {
    "en": {
        "unplaced": "Programme: {count} projects name no site of this study, or have no day of opening: they are not "
        "in the timeline: {names}",
        "moved": "Programme: the site of {names} lies in another district than stated; the timeline goes by the place",
        "worst": "Programme: the delay of {name} costs most coverage: {days:,.0f} pupil-days until it opens, "
        "{past:,.0f} of them until {as_of} (pupils within the service radius of no open school)",
        "pages": "Letters: as pages only; Word documents need: pip install 'edulayout[office]'",
        "today": "Timeline: the schools of the study are those of {as_of}; projects add to them as they are "
        "expected to open; pupils are those of the demand table in every quarter",
    },
    "zh": {
        "unplaced": "建设计划：{count}个项目未注明本研究内的用地或开学日期，不计入时间线：{names}",
        "moved": "建设计划：{names}的用地所在片区与填报不一致，时间线以位置为准",
        "worst": "建设计划：{name}滞后造成的覆盖损失最大：至开园（开学）共{days:,.0f}人·日，其中截至{as_of}为"
        "{past:,.0f}人·日（服务半径内无已开办学校的学生）",
        "pages": "提醒函仅有网页版；Word文件需安装：pip install 'edulayout[office]'",
        "today": "时间线：学校为{as_of}现状，各项目按预计开园（开学）日计入；各季度学生数均取需求表",
    },
}


def programme(evidence: Evidence) -> Chapter:
    """Return `programme.csv`, `programme_summary.csv`, `lagging.csv`, `timeline.csv`, the layer of projects, letters.

    Nothing where the study names no programme.
    """
    made = evidence.study.programme
    if made is None:
        return Chapter()
    as_of = pd.Timestamp(evidence.study.under_way["as_of"])
    grown = _growing(evidence, made, as_of)
    table = _with_delays(made.status(as_of), grown, as_of)
    waiting = {str(name): float(pupils) for name, pupils in table["pupils_waiting"].dropna().items()}
    late = made.lagging(as_of, pupils=waiting)
    table = table.join(late["opening_days_late"]).join(_seats(made)).reset_index()
    letters = _letters(evidence, made, waiting)
    summary, layer = made.summary(as_of), _layer(evidence, table)
    told = (*summary.sentences(evidence.study.language), *made.notes, *_notes(evidence, grown, table), *letters.notes)
    tables = {
        "programme": _days(table),
        "programme_summary": _figures(summary),
        "lagging": _days(late.reset_index()),
        "timeline": _timeline(grown, as_of),
    }
    return Chapter(tables=tables, layers=layer, notes=told, files=letters.files)


def _growing(evidence: Evidence, made: Projects, as_of: pd.Timestamp) -> list[Growing]:
    """Return every stage of the layout of today, with what the projects add to it."""
    study = evidence.study
    status = made.status(as_of)
    columns = status[["planned_opening", "expected_opening"]]
    # What has not opened by the end of that day opens on the next one at the earliest.
    expected = columns["expected_opening"]
    past = expected.notna() & (expected <= as_of) & (status["state"] != "opened")
    columns = columns.assign(expected_opening=expected.mask(past, as_of + pd.Timedelta(days=1)))
    projects = made.projects.drop(columns=list(columns), errors="ignore").join(columns)
    if "site_id" not in projects:
        projects = projects.assign(site_id="")
    frames = [frame for frame in (study.schools, study.candidates) if frame is not None]
    adds = additions(projects, pd.concat([frame["district_id"] for frame in frames]))
    # What opened at a school of the table by that day is in its seats already.
    standing_ids = study.schools.index[study.schools["status"] == _EXISTING]
    adds = adds[~(adds["site_id"].isin(standing_ids) & (adds["expected"] <= as_of))]
    return [
        Growing.of(
            stage, evidence.costs, walks=evidence.walks[_EXISTING, stage], radius=radius, demand=study.demand,
            standing=pd.DataFrame(evidence.schools(_EXISTING, stage)), adds=adds,
        )
        for stage, radius in evidence.radii.items()
    ]  # fmt: skip


def _with_delays(status: pd.DataFrame, grown: list[Growing], as_of: pd.Timestamp) -> pd.DataFrame:
    """Return the status with the pupils who wait for each project, and the pupil-days that its delay costs."""
    waiting = pd.concat([one.waiting(as_of) for one in grown]).groupby(level=0).sum()
    lost = [
        (row["project_id"], one.lost(row), one.lost(row, until=as_of))
        for one in grown
        for _, row in one.adds.iterrows()
    ]
    columns = ["project_id", "pupil_days_lost", "pupil_days_lost_so_far"]
    sums = pd.DataFrame(lost, columns=columns).groupby("project_id").sum().astype(np.float64)
    return status.join(waiting.rename("pupils_waiting")).join(sums)


def _figures(summary: Summary) -> pd.DataFrame:
    """Return the figures as texts: days as days, numbers without the dust of their binary form, unknown ones empty."""
    table = summary.table()
    return table.assign(value=[_figure(value) for value in table["value"]])


def _figure(value: object) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload] # any scalar
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _seats(made: Projects) -> pd.DataFrame:
    return made.projects[[name for name in made.projects if str(name).startswith("seats_")]]


def _timeline(grown: list[Growing], as_of: pd.Timestamp) -> pd.DataFrame:
    last = max([as_of, *(one.adds["expected"].max() for one in grown if len(one.adds))])
    days = quarters(as_of, last)
    table = pd.concat([one.timeline(days) for one in grown], ignore_index=True)
    return table.sort_values("date", kind="stable", ignore_index=True)


def _days(table: pd.DataFrame) -> pd.DataFrame:
    days = {name: table[name].dt.strftime("%Y-%m-%d") for name in table.select_dtypes("datetime").columns}
    return table.assign(**days)


def _layer(evidence: Evidence, table: pd.DataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Return the projects whose site the study knows, as points; no layer where there is none."""
    study = evidence.study
    points = pd.concat([places(frame) for frame in (study.schools, study.candidates) if frame is not None])
    if "site_id" not in table or not table["site_id"].isin(points.index).any():
        return {}
    known = table[table["site_id"].isin(points.index)].reset_index(drop=True)
    opens = known["expected_opening"]
    quarter = (opens.dt.year.astype("Int64").astype(str) + "Q" + opens.dt.quarter.astype("Int64").astype(str)).where(
        opens.notna(), ""
    )
    shapes = points.loc[known["site_id"]].to_numpy()
    return {"projects": gpd.GeoDataFrame(_days(known).assign(opens=quarter), geometry=shapes, crs=points.crs)}


class _Letters(NamedTuple):
    files: dict[str, bytes | str]
    notes: tuple[str, ...] = ()


def _letters(evidence: Evidence, made: Projects, waiting: dict[str, float]) -> _Letters:
    """Return the letters as pages and Word documents, or as pages alone where the extra is not installed."""
    study, asked = evidence.study, evidence.study.under_way
    letters = made.letters(
        asked["as_of"], language=study.language, template=asked.get("letter") or None, issuer=asked.get("issuer", ""),
        names=names_of(study.districts, english=not evidence.chinese), pupils=waiting,
    )  # fmt: skip
    try:
        return _Letters(letter_files(letters, folder="letters"))
    except MissingExtraError:
        pages = letter_files(letters, folder="letters", documents=False)
        return _Letters(pages, (_WORDS[study.language]["pages"],))


def _notes(evidence: Evidence, grown: list[Growing], table: pd.DataFrame) -> list[str]:
    words, as_of = _WORDS[evidence.study.language], evidence.study.under_way["as_of"]
    adds = pd.concat([one.adds for one in grown])
    notes = [words["today"].format(as_of=as_of)]
    unplaced = table["project_id"][~table["project_id"].isin(adds["project_id"]) & (table["state"] != "opened")]
    if len(unplaced):
        notes.append(words["unplaced"].format(count=len(unplaced), names=", ".join(unplaced)))
    stated = table.set_index("project_id")["district_id"]
    lies = adds.drop_duplicates("project_id").set_index("project_id")["district_id"]
    moved = lies.index[(lies != stated.reindex(lies.index)) & (lies != "")]
    if len(moved):
        notes.append(words["moved"].format(names=", ".join(moved)))
    return notes + _worst(evidence, table, words["worst"])


def _worst(evidence: Evidence, table: pd.DataFrame, text: str) -> list[str]:
    """Return which late project costs most pupil-days, if any does; of equal ones the first by id."""
    costly = table[table["pupil_days_lost"] > 0]
    if costly.empty:
        return []
    row = costly.sort_values(["pupil_days_lost", "project_id"], ascending=[False, True]).iloc[0]
    english = str(row.get("name_en", "") or "")
    name = row["name"] if evidence.chinese or not english else english
    days, past = row["pupil_days_lost"], row["pupil_days_lost_so_far"]
    return [text.format(name=name, days=days, past=past, as_of=evidence.study.under_way["as_of"])]
