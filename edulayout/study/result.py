"""What a run found: tables, certificates, and how to show them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from edulayout import maps, report
from edulayout.costs import places
from edulayout.stages import KINDS, STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.streets import Streets
from edulayout.study.forecasting import pupils_by_year
from edulayout.study.layouts import LAYOUT_LABELS, new_seats
from edulayout.study.measuring import headline
from edulayout.study.proofs import siting_table
from edulayout.study.reporting import content_of
from edulayout.study.sites_table import schools_table
from edulayout.study.sources import names_of, notes_of, source_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import folium
    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.report import Page
    from edulayout.study.chapters import Chapter
    from edulayout.study.inputs import StudyInputs
    from edulayout.study.placing import Decision
    from edulayout.study.set_aside import SetAside


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """The tables of a run.

    Parameters
    ----------
    study
        What was asked, with checked tables.
    coverage
        One row per layout, stage and district, and `all`.
    schools
        GeoDataFrame, one row per layout and school.
    demand
        GeoDataFrame with the distance to and the id of the nearest school, per stage and layout.
    candidates
        GeoDataFrame with the layout and kind that each was chosen for; None without candidates.
    service_areas
        GeoDataFrame, one polygon per school and stage, under the first layout that holds the school.
    decisions
        Every placing with its certificate.
    costs
        Walking costs from all demand to all schools and candidates.
    radii, rules
        Service radius by stage, and where each comes from.
    set_aside
        What could not be used as it is.
    chapters
        What the other parts of the main job found: their tables, layers, notes and files.
    seconds
        Time of each step.
    """

    study: StudyInputs
    coverage: pd.DataFrame
    schools: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame | None
    service_areas: gpd.GeoDataFrame
    decisions: tuple[Decision, ...]
    costs: TravelCosts
    radii: Mapping[str, float]
    rules: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    chapters: tuple[Chapter, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def with_chapter(self, chapter: Chapter) -> Result:
        """Return the result with one more chapter, and its columns in the tables that they belong to."""
        columns = dict(chapter.columns)
        schools, demand, candidates = self.schools, self.demand, self.candidates
        if "schools" in columns:
            schools = schools.join(columns.pop("schools"), on=["layout", "school_id"])
        if "demand" in columns:
            demand = demand.join(columns.pop("demand"))
        if "candidates" in columns and candidates is not None:
            candidates = candidates.join(columns.pop("candidates"))
        assert not columns, f"columns for tables that are not there: {', '.join(columns)}"
        return replace(self, schools=schools, demand=demand, candidates=candidates, chapters=(*self.chapters, chapter))

    @property
    def districts(self) -> gpd.GeoDataFrame:
        """The districts of the study."""
        return self.study.districts

    @property
    def siting(self) -> pd.DataFrame:
        """One row per placing, and per district: how good it is, how far from the best it can be, and that in words.

        The objective is in pupil-metres (pupils for `max_coverage`); a pupil whom no open school reaches but some
        candidate could is charged `unreachable_cost` metres, one whom nothing reaches is left out of it.
        """
        return siting_table(
            self.decisions, objective=self.study.objective, language=self.study.language, names=self.district_names
        )

    @property
    def district_names(self) -> dict[str, str]:
        """The name of every district in the language of the study, by `district_id`."""
        return names_of(self.districts, english=self.study.language == "en")

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table of the result by name, as it is written to `tables/<name>.csv`."""
        own = {"coverage": self.coverage, "schools": schools_table(self.schools), "siting": self.siting}
        return own | {name: table for chapter in self.chapters for name, table in chapter.tables.items()}

    @property
    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Every layer of the result by name, as it is written to `results.gpkg`."""
        own = {
            "districts": self.districts.reset_index(),
            "schools": self.schools,
            "demand": self.demand.reset_index(),
            "service_areas": self.service_areas,
        }
        if self.candidates is not None:
            own["candidates"] = self.candidates.reset_index()
        return own | {name: layer for chapter in self.chapters for name, layer in chapter.layers.items()}

    @property
    def files(self) -> dict[str, bytes | str]:
        """Further files by their path in the result folder."""
        return {name: content for chapter in self.chapters for name, content in chapter.files.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed when the tables were read, and what the chapters have to say about their numbers."""
        return (*notes_of(self.study), *(note for chapter in self.chapters for note in chapter.notes))

    @property
    def summary(self) -> pd.DataFrame:
        """Today, the plan and the further programme in a few lines for each stage, in the language of the study."""
        chinese = self.study.language == "zh"
        table, labels = self.tables["summary"], STAGE_LABELS_ZH if chinese else STAGE_LABELS
        layouts = list(dict.fromkeys(self.coverage["layout"]))
        lines = table["label_zh" if chinese else "label"]
        index = pd.MultiIndex.from_arrays([table["stage"].map(dict(labels)), lines], names=["stage", "measure"])
        return table[layouts].set_axis(index)

    @property
    def title(self) -> str:
        """What the study is called in its language."""
        study = self.study
        return study.name_zh if study.language == "zh" and study.name_zh else study.name

    @property
    def source_line(self) -> str:
        """Where the numbers come from and how far they are verified, in one line for maps."""
        return source_line(self.study, self.radii, self.set_aside)

    @property
    def headline(self) -> pd.DataFrame:
        """Share covered and mean walk by stage and layout, the whole city."""
        return headline(self.coverage, list(self.radii))

    def report(self) -> Page:
        """Return the report: summary, maps, charts, tables, standards, method, proofs, all in one page."""
        return report.page(content_of(self))

    def map(self) -> folium.Map:
        """Return the interactive map of all layouts and stages."""
        study = self.study
        chinese = study.language == "zh"
        return maps.explore(
            districts=study.districts,
            demand=self.demand,
            schools=self.schools,
            service_areas=self.service_areas,
            candidates=self.candidates,
            barriers=study.barriers,
            streets=study.engine.edges() if isinstance(study.engine, Streets) else None,
            coverage=self.coverage,
            zones=self.layers.get("zones"),
            paths=self._ways(),
            what_if=self._trial(),
            years=pupils_by_year(study),
            review_number=study.review_number,
            radii=self.radii,
            title=self.title,
            note=study.note_zh if chinese and study.note_zh else study.note,
            source=source_line(study, self.radii, self.set_aside),
            language=study.language,
            engine="straight" if study.engine.name == "straight" else "streets",
        )

    def _ways(self) -> gpd.GeoDataFrame | None:
        """Return the ways to the nearest schools, where the map can hold them."""
        engine, demand = self.study.engine, self.demand
        if not isinstance(engine, Streets) or len(demand) > maps.MOST_WAYS_FROM:
            return None
        schools = self.schools.drop_duplicates("school_id").set_index("school_id")
        return engine.paths(places(demand), places(schools), pairs=maps.nearest_pairs(demand))

    def _trial(self) -> maps.Trial | None:
        """Return what the what-if part of the map needs, where it fits into a page."""
        rows, columns = self.costs.shape
        if self.costs.unit != "metres" or rows * columns > maps.MOST_PAIRS:
            return None
        kinds = {kind: new_seats(self.study.classes, kind) for kind in KINDS}
        by_stage = {
            kind: {name.removeprefix("seats_"): number for name, number in seats.items()}
            for kind, seats in kinds.items()
        }
        return maps.Trial(self.costs, new_seats=by_stage)

    def _repr_html_(self) -> str:
        page = escape(maps.page(self.map()), quote=True)
        labels = LAYOUT_LABELS[self.study.language]
        lines = self.summary.rename_axis([None, None]).rename(columns=labels)
        table = lines.to_html(border=0, justify="left")
        frame = f'<iframe title="map" style="width:100%;height:620px;border:1px solid #bbb" srcdoc="{page}"></iframe>'
        return f"<h3>{escape(self.title)}</h3>{table}{frame}"
