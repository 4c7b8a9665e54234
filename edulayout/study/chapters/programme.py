"""The construction programme as of a day: its projects, the layout quarter by quarter as they open, the letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout import coverage, seats
from edulayout.costs import places
from edulayout.coverage import ALL
from edulayout.export import letter_files
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.planning import serves

if TYPE_CHECKING:
    from edulayout.programme import Programme
    from edulayout.study.chapters.chapter import Evidence

_MOST_QUARTERS = 40
_TIMELINE = ("date", "stage", "district_id", "schools", "pupils", "pupils_covered", "share_covered", "mean_metres", "seats", "gap")


def programme(evidence: Evidence) -> Chapter:
    """Return `programme.csv`, `programme_summary.csv`, `timeline.csv`, the layer of projects, and the letters."""
    made, as_of = evidence.study.programme, evidence.study.programme_as_of
    if made is None:
        return Chapter()
    status = made.status(as_of)
    opened = _Openings(evidence, made, status)
    cost = opened.cost_of_delay()
    late = made.lagging(as_of, pupils=cost["pupils_waiting"].to_dict())
    table = status.join(late["opening_days_late"]).join(cost).reset_index()
    language = evidence.study.language
    summary = made.summary(as_of)
    layer = _projects(evidence, table)
    return Chapter(
        tables={"programme": _days(table), "programme_summary": summary.table().astype({"value": str}), "timeline": opened.timeline()},
        layers={} if layer is None else {"projects": layer},
        notes=(*summary.sentences(language), *made.notes, *opened.notes()),
        files=letter_files(made.letters(as_of, language=language, pupils=cost["pupils_waiting"].to_dict()), folder="letters"),
    )


def _days(table: pd.DataFrame) -> pd.DataFrame:
    days = {name: table[name].dt.strftime("%Y-%m-%d") for name in table.select_dtypes("datetime").columns}
    return table.assign(**days)


def _projects(evidence: Evidence, table: pd.DataFrame) -> gpd.GeoDataFrame | None:
    """Return the projects whose site the study knows, as points."""
    points = _sites(evidence)
    known = table[table.get("site_id", pd.Series("", index=table.index)).isin(points.index)]
    if known.empty:
        return None
    return gpd.GeoDataFrame(_days(known), geometry=points.loc[known["site_id"]].to_numpy(), crs=points.crs)


def _sites(evidence: Evidence) -> gpd.GeoSeries:
    study = evidence.study
    frames = [study.schools] if study.candidates is None else [study.schools, study.candidates]
    return pd.concat([places(frame) for frame in frames])


class _Openings:
    """The layout of today, and what each project adds to it from the day on which it opens."""

    def __init__(self, evidence: Evidence, made: Programme, status: pd.DataFrame) -> None:
        self.evidence = evidence
        self.as_of = pd.Timestamp(evidence.study.programme_as_of)
        projects = made.projects.join(status[["expected_opening", "planned_opening"]])
        site = projects.get("site_id", pd.Series("", index=projects.index))
        known = site.isin(evidence.costs.school_ids) & projects["expected_opening"].notna()
        self.projects, self.unplaced = projects[known], projects.index[~known]

    def notes(self) -> tuple[str, ...]:
        if not len(self.unplaced):
            return ()
        told = ", ".join(self.unplaced)
        if self.evidence.chinese:
            return (f"建设计划：{len(self.unplaced)}个项目未注明本研究中的用地或开学日期，不计入时间线：{told}",)
        return (f"Programme: {len(self.unplaced)} projects name no site of this study or no opening: not in the timeline: {told}",)

    def schools(self, day: pd.Timestamp, *, without: str = "") -> pd.DataFrame:
        """Return the schools that are open on a day, with their seats."""
        study = self.evidence.study
        standing = pd.DataFrame(study.schools[study.schools["status"] == "existing"].drop(columns="geometry"))
        here = self.projects[(self.projects["expected_opening"] <= day) & (self.projects.index != without)]
        columns = [name for name in here.columns if str(name).startswith("seats_")]
        table = standing.reindex(columns=list(dict.fromkeys([*standing.columns, *columns])))
        extended = here[here["site_id"].isin(table.index)]
        for column in columns:
            more = extended.groupby("site_id")[column].sum(min_count=1).reindex(table.index)
            table[column] = table[column].add(more.fillna(0.0)).where(table[column].notna(), more)
        fresh = here[~here["site_id"].isin(table.index)].set_index("site_id")
        home = study.candidates["district_id"].reindex(fresh.index) if study.candidates is not None else fresh["district_id"]
        new = fresh[["kind", *columns]].assign(district_id=home, status="existing")
        return pd.concat([table, new.loc[~new.index.duplicated()]])

    def timeline(self) -> pd.DataFrame:
        """Return coverage, seats and gap at the end of every quarter until the last opening."""
        last = max([self.as_of, *self.projects["expected_opening"]])
        quarters = pd.date_range(self.as_of, last + pd.offsets.QuarterEnd(0), freq="QE")[:_MOST_QUARTERS]
        days = [self.as_of, *[day for day in quarters if day > self.as_of]]
        rows = [self._at(day, stage) for day in days for stage in self.evidence.radii]
        return pd.concat(rows, ignore_index=True)[list(_TIMELINE)]

    def _at(self, day: pd.Timestamp, stage: str) -> pd.DataFrame:
        schools = self.schools(day)
        found = self._covered(schools, stage)
        held = seats.balance(self.evidence.study.demand, _with_seats(schools, stage), stage=stage)
        held = held.reindex(found.index)
        return found.assign(
            date=day.strftime("%Y-%m-%d"), stage=stage, schools=held["schools"], seats=held["seats"], gap=held["gap"]
        ).rename_axis("district_id").reset_index()  # fmt: skip

    def _covered(self, schools: pd.DataFrame, stage: str) -> pd.DataFrame:
        ids = sorted(schools.index[serves(schools["kind"], stage)])
        costs = self.evidence.costs.select_schools(ids)
        demand, radius = self.evidence.study.demand, self.evidence.radii[stage]
        return coverage.summary(costs, demand, stage=stage, radius=radius, by="district_id")

    def cost_of_delay(self) -> pd.DataFrame:
        """Return for every project the pupils whom nobody else covers once all is open, and the pupil-days lost."""
        last = self.projects["expected_opening"].max() if len(self.projects) else self.as_of
        whole = self.schools(last)
        every = {stage: self._pupils(whole, stage) for stage in self.evidence.radii}
        rows = {}
        for name, row in self.projects.iterrows():
            rest = self.schools(last, without=str(name))
            stages = [stage for stage in every if serves(pd.Series([row["kind"]]), stage).iloc[0]]
            waiting = sum(every[stage] - self._pupils(rest, stage) for stage in stages)
            days = (row["expected_opening"] - row["planned_opening"]).days if pd.notna(row["planned_opening"]) else 0
            rows[name] = (waiting, waiting * max(days, 0))
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["pupils_waiting", "pupil_days_lost"])
        return table.astype(np.float64)

    def _pupils(self, schools: pd.DataFrame, stage: str) -> float:
        return float(self._covered(schools, stage).loc[ALL, "pupils_covered"])


def _with_seats(schools: pd.DataFrame, stage: str) -> pd.DataFrame:
    column = f"seats_{stage}"
    return schools.assign(**{column: pd.Series(schools.get(column, np.nan), index=schools.index, dtype=np.float64)})
