"""What a chapter of a study is: what it starts from, and what it adds to the result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.coverage import ALL, OUTSIDE
from edulayout.study.planning import serves
from edulayout.study.settings import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.study.inputs import StudyInputs
    from edulayout.study.layouts import Layout
    from edulayout.typing import FloatArray, IntArray, Progress


@dataclass(frozen=True, kw_only=True, eq=False)
class Chapter:
    """What one part of the main job adds to the result of a run.

    Parameters
    ----------
    tables
        Each is written to `tables/<name>.csv`.
    layers
        Each becomes a layer of `results.gpkg`.
    columns
        Columns for a table that is there already: `schools` (indexed by layout and `school_id`), `demand` (by
        `demand_id`) or `candidates` (by `candidate_id`).
    notes
        What a reader must know, in the language of the study: on screen and in the manifest.
    files
        Further files by their path in the result folder.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    columns: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    files: Mapping[str, bytes | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What every chapter starts from: the checked study, its layouts, one cost table, and the tables made so far.

    Parameters
    ----------
    study
        The inputs, checked; every table has `district_id`.
    layouts
        In order: existing, planned, extended, as far as there are.
    radii
        Service radius of every stage that has pupils.
    costs
        From all demand to all schools and candidates.
    walks
        The part of the costs that leads to the schools of a layout that serve a stage, by (layout, stage).
    tables
        `coverage`, `schools`, `siting`, and what earlier chapters added.
    safe
        Costs by ways that cross no main road, of every stage that the study has a rule for.
    columns
        Columns that earlier chapters added to `schools`, `demand` and `candidates`.
    progress
        Called with what is done.
    """

    study: StudyInputs
    layouts: tuple[Layout, ...]
    radii: Mapping[str, float]
    costs: TravelCosts
    walks: Mapping[tuple[str, str], TravelCosts]
    tables: Mapping[str, pd.DataFrame]
    safe: Mapping[str, TravelCosts] = field(default_factory=dict)
    columns: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    progress: Progress

    @property
    def diagnosis(self) -> Diagnosis:
        """What the study asks of the diagnosis."""
        return Diagnosis.model_validate(dict(self.study.diagnosis))

    @property
    def chinese(self) -> bool:
        """Whether the study speaks Chinese."""
        return self.study.language == "zh"

    def schools(self, layout: str, stage: str) -> gpd.GeoDataFrame:
        """Return the schools of a layout that serve a stage, by `school_id`, sorted; `seats_<stage>` always there."""
        found = next(it.schools for it in self.layouts if it.name == layout)
        serving = found[serves(found["kind"], stage)].sort_index()
        column = f"seats_{stage}"
        seats = pd.Series(serving.get(column, np.nan), index=serving.index, dtype=np.float64)
        return serving.assign(**{column: seats})

    def pupils(self, stage: str) -> pd.Series[float]:
        """Return the pupils of every place, in the order of the costs."""
        return pd.Series(self.crowd(stage), index=self.costs.demand_ids)

    def crowd(self, stage: str) -> FloatArray:
        """Return the pupils of every place as numbers, in the order of the costs."""
        column = self.study.demand.loc[self.costs.demand_ids, f"pupils_{stage}"]
        return np.asarray(column, dtype=np.float64)

    def districts(self) -> tuple[IntArray, list[str]]:
        """Return the district of every place, in the order of the costs, as a number into the names beside it.

        The names are in the order of the other tables: by name, `outside` last.
        """
        own = self.study.demand.loc[self.costs.demand_ids, "district_id"].fillna("").astype(str)
        places = own.where(own != "", OUTSIDE)
        names = sorted(places.unique(), key=lambda name: (name == OUTSIDE, name))
        return pd.Index(names).get_indexer(pd.Index(places)).astype(np.int64), names

    def groups(self) -> list[tuple[str, IntArray]]:
        """Return the rows of every district, and last those of `all`."""
        codes, names = self.districts()
        rows = [(name, np.flatnonzero(codes == number)) for number, name in enumerate(names)]
        return [*rows, (ALL, np.arange(len(codes)))]

    def after(self, chapter: Chapter) -> Evidence:
        """Return the evidence with the tables and columns of one more chapter."""
        columns = {
            name: pd.concat([*([self.columns[name]] if name in self.columns else []), frame], axis=1)
            for name, frame in chapter.columns.items()
        }
        return replace(self, tables={**self.tables, **chapter.tables}, columns={**self.columns, **columns})
