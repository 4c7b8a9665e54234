"""What a run found: tables, certificates, and how to show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from edulayout import maps
from edulayout.streets import Streets
from edulayout.study.measuring import headline
from edulayout.study.sources import source_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import folium
    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.study.inputs import StudyInputs
    from edulayout.study.planning import Decision
    from edulayout.study.set_aside import SetAside


_CERTIFICATE = ("sense", "objective", "bound", "gap", "status", "stop_reason", "root_bound", "nodes",
                "unreachable_cost", "charged_weight", "unreachable_weight", "method", "seconds")  # fmt: skip


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
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def districts(self) -> gpd.GeoDataFrame:
        """The districts of the study."""
        return self.study.districts

    @property
    def siting(self) -> pd.DataFrame:
        """One row per placing: what it aimed at, how good it is, how far from the best it can be.

        The objective is in pupil-metres (pupils for `max_coverage`); a pupil whom no open school reaches but some
        candidate could is charged `unreachable_cost` metres, one whom nothing reaches is left out of it.
        """
        rows = [
            {
                "layout": made.layout, "kind": made.kind, "opened": len(made.siting.opened),
                "candidates": made.candidates, "kept_for_later": len(made.kept_for_later),
                **{name: getattr(made.siting, name) for name in _CERTIFICATE},
            }
            for made in self.decisions
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["layout", "kind", "opened", "candidates", "kept_for_later", *_CERTIFICATE])

    @property
    def headline(self) -> pd.DataFrame:
        """Share covered and mean walk by stage and layout, the whole city."""
        return headline(self.coverage, list(self.radii))

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
            radii=self.radii,
            title=study.name_zh if chinese and study.name_zh else study.name,
            note=study.note_zh if chinese and study.note_zh else study.note,
            source=source_line(study, self.radii, self.set_aside),
            language=study.language,
            engine="straight" if study.engine.name == "straight" else "streets",
        )

    def _repr_html_(self) -> str:
        page = escape(maps.page(self.map()), quote=True)
        table = self.headline.to_html(float_format=lambda value: f"{value:,.3f}", border=0)
        frame = f'<iframe title="map" style="width:100%;height:620px;border:1px solid #bbb" srcdoc="{page}"></iframe>'
        return f"<h3>{escape(self.study.name)}</h3>{table}{frame}"
