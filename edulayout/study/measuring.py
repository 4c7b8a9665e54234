"""Every layout measured: coverage by district and stage, each place's nearest school, the areas served."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout import coverage
from edulayout.study.planning import serves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.study.layouts import Layout
    from edulayout.typing import Engine

COLUMNS = (
    "layout", "stage", "district_id", "pupils", "pupils_covered", "share_covered", "share_covered_straight",
    "mean_metres", "median_metres", "p95_metres", "max_metres", "pupils_unreachable", "radius_metres",
)  # fmt: skip
SAFE_COLUMNS = ("share_covered_safe", "mean_metres_safe")
"""Further columns where the study asks for safe ways."""


@dataclass(frozen=True, eq=False)
class Measurer:
    """What all measures share: both kinds of costs, the pupils, the radii; by stage, costs of safe ways."""

    costs: TravelCosts
    straight: TravelCosts
    demand: gpd.GeoDataFrame
    radii: Mapping[str, float]
    safe: Mapping[str, TravelCosts] = field(default_factory=dict)

    def walks(self, layouts: Iterable[Layout]) -> dict[tuple[str, str], TravelCosts]:
        """Return the costs to the schools of every layout that serve a stage, by (layout, stage)."""
        return {
            (it.name, stage): self.costs.select_schools(sorted(it.schools.index[serves(it.schools["kind"], stage)]))
            for it in layouts
            for stage in self.radii
        }

    def coverage(self, layout: str, walks: Mapping[tuple[str, str], TravelCosts]) -> pd.DataFrame:
        """Return the rows of `coverage.csv` for one layout."""
        rows = [self._coverage(layout, stage, walks[layout, stage]) for stage in self.radii]
        return pd.concat(rows, ignore_index=True)

    def _coverage(self, layout: str, stage: str, walks: TravelCosts) -> pd.DataFrame:
        ids = list(walks.school_ids)
        walked, straight = (
            coverage.summary(costs, self.demand, stage=stage, radius=self.radii[stage], by="district_id")
            for costs in (walks, self.straight.select_schools(ids))
        )
        table = walked.assign(layout=layout, stage=stage, share_covered_straight=straight["share_covered"])
        if self.safe:
            table = table.assign(**self._safely(stage, ids))
        return table.reset_index()[[*COLUMNS, *(SAFE_COLUMNS if self.safe else ())]]

    def _safely(self, stage: str, ids: Sequence[str]) -> dict[str, pd.Series[float] | float]:
        """Return the columns for ways that cross no main road but where they may; missing without a rule."""
        if stage not in self.safe:
            return dict.fromkeys(SAFE_COLUMNS, np.nan)
        costs = self.safe[stage].select_schools(ids)
        found = coverage.summary(costs, self.demand, stage=stage, radius=self.radii[stage], by="district_id")
        return dict(zip(SAFE_COLUMNS, (found["share_covered"], found["mean_metres"]), strict=True))

    def nearest(self, layout: str, walks: Mapping[tuple[str, str], TravelCosts]) -> pd.DataFrame:
        """Return for each stage every place's distance (NaN where unreachable) and its nearest school."""
        columns = {}
        for stage in self.radii:
            metres, position = walks[layout, stage].nearest()
            columns[f"metres_{stage}_{layout}"] = np.where(np.isfinite(metres), metres, np.nan)
            names = np.array([*walks[layout, stage].school_ids, ""], dtype=object)
            columns[f"school_{stage}_{layout}"] = names[position]
        return pd.DataFrame(columns, index=self.costs.demand_ids)


def service_areas(
    layouts: Mapping[str, gpd.GeoDataFrame], *, engine: Engine, radii: Mapping[str, float]
) -> gpd.GeoDataFrame:
    """Return the area that each school serves, once, under the first layout that holds the school."""
    parts = []
    seen: set[str] = set()
    for layout, schools in layouts.items():
        new = schools.loc[[name for name in schools.index if name not in seen]]
        seen.update(new.index)
        parts += [_areas(new, layout, stage, radius, engine) for stage, radius in radii.items()]
    table = pd.concat(parts, ignore_index=True)
    return table.set_crs(next(iter(layouts.values())).crs)


def _areas(schools: gpd.GeoDataFrame, layout: str, stage: str, radius: float, engine: Engine) -> gpd.GeoDataFrame:
    serving = schools[serves(schools["kind"], stage)]
    areas = coverage.service_areas(serving, engine=engine, radius=radius).reset_index()
    return areas.assign(stage=stage, layout=layout)[["stage", "school_id", "layout", "radius_metres", "geometry"]]


def headline(table: pd.DataFrame, stages: Sequence[str]) -> pd.DataFrame:
    """Return the summary that people read first: one row per stage, shares and mean walks by layout."""
    whole = table[table["district_id"] == coverage.ALL].set_index(["stage", "layout"])
    layouts = list(dict.fromkeys(table["layout"]))
    rows = {
        stage: {
            **{f"covered, {layout}": whole.loc[(stage, layout), "share_covered"] for layout in layouts},
            **{f"mean metres, {layout}": whole.loc[(stage, layout), "mean_metres"] for layout in layouts},
        }
        for stage in stages
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
