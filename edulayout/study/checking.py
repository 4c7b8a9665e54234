"""The gate of a run: tables that fit together, and everything set aside listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout import crs as crs_module
from edulayout import tables
from edulayout.compliance import check_facts
from edulayout.costs import places
from edulayout.coverage import ALL, OUTSIDE
from edulayout.demand import with_pupils
from edulayout.errors import Fault, InputError
from edulayout.stages import UNKNOWN
from edulayout.study import carrying_out
from edulayout.study.assumed import assumed_seats
from edulayout.study.forecasting import with_forecast
from edulayout.study.set_aside import SetAside
from edulayout.study.values import check_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.costs import TravelCosts
    from edulayout.study.inputs import StudyInputs
    from edulayout.tables import Outside

_COUNTED = {
    "demand": "counted in the row `outside`",
    "schools": "they count for no quota",
    "candidates": "they can meet no quota of a district",
}


def checked(study: StudyInputs) -> tuple[StudyInputs, list[SetAside]]:
    """Return the study with checked tables, pupils and a `district_id` everywhere, and what was set aside.

    Raises
    ------
    InputError
        With what is wrong, table by table.
    """
    check_values(study)
    crs_module.require_metres(study.districts, source=_source(study.districts, "districts"))
    study = replace(
        study,
        districts=tables.check_districts(study.districts, source=_source(study.districts, "districts")),
        schools=tables.check_schools(study.schools, source=_source(study.schools, "schools")),
        demand=_with_pupils(study.demand, study.per_1000_residents),
        barriers=_optional(study.barriers, "barriers"),
        candidates=_optional(study.candidates, "candidates"),
    )
    if study.facts is not None:
        source = str(study.facts.attrs.get("source", "school facts"))
        study = replace(study, facts=check_facts(study.facts, schools=study.schools, source=source))
    _check_ids(study)
    study = carrying_out.checked(study)
    outside = tables.check_together(
        study.districts, schools=study.schools, demand=study.demand, candidates=study.candidates
    )
    _check_outside(study, outside)
    located, moved = _located(study)
    schools, assumed = assumed_seats(located.schools, dict(study.diagnosis.get("assumed_classes", {})))
    ready = with_forecast(replace(located, schools=schools))
    return ready, [*map(_outside, outside), *moved, *_idle_schools(study), *assumed]


def _source(frame: gpd.GeoDataFrame, name: str) -> str:
    return str(frame.attrs.get("source", name))


def _optional(frame: gpd.GeoDataFrame | None, name: str) -> gpd.GeoDataFrame | None:
    if frame is None:
        return None
    check = {"barriers": tables.check_barriers, "candidates": tables.check_candidates}[name]
    return check(frame, source=_source(frame, name))


def _with_pupils(frame: gpd.GeoDataFrame, per_1000: Mapping[str, float] | None) -> gpd.GeoDataFrame:
    demand = tables.check_demand(frame, source=_source(frame, "demand"))
    if per_1000 is None:
        return demand
    made = with_pupils(demand, per_1000)
    made.attrs = dict(demand.attrs)
    return made


def _check_ids(study: StudyInputs) -> None:
    taken = [name for name in study.districts.index if name in {ALL, OUTSIDE}]
    if taken:
        raise InputError(
            Fault(_source(study.districts, "districts"), f"a district called {' and '.join(map(repr, taken))}",
                  f"other ids: {ALL!r} and {OUTSIDE!r} are the rows of the results that stand for no one district",
                  "rename it", rows=tuple(taken))
        )  # fmt: skip
    if study.candidates is None:
        return
    both = study.schools.index.intersection(study.candidates.index)
    if len(both):
        raise InputError(
            Fault(_source(study.candidates, "candidates"), "ids that schools bear too", "an id for one thing only",
                  "rename the candidates; where a file has no ids its rows are numbered: give it a column of ids",
                  rows=tuple(both))
        )  # fmt: skip


def _check_outside(study: StudyInputs, outside: tuple[Outside, ...]) -> None:
    for one in outside:
        if one.table == "demand" and study.demand_outside == "error":
            raise InputError(
                Fault(_source(study.demand, "demand"), f"{len(one.rows)} place(s) outside every district",
                      "every place in a district", 'correct them, or set checks.demand_outside = "keep"',
                      rows=one.rows)
            )  # fmt: skip


def _outside(one: Outside) -> SetAside:
    people = one.population if one.table == "demand" else None
    return SetAside(f"{one.table} outside every district: {_COUNTED[one.table]}", one.rows, people)


def _located(study: StudyInputs) -> tuple[StudyInputs, list[SetAside]]:
    located, moved = {}, []
    for name, frame in (("schools", study.schools), ("demand", study.demand), ("candidates", study.candidates)):
        if frame is None:
            continue
        place = tables.locate(frame, study.districts)
        stated = frame["district_id"] if "district_id" in frame else pd.Series("", index=frame.index)
        other = frame.index[((stated != "") & (stated != place)).to_numpy(dtype=bool)]
        if len(other):
            moved.append(SetAside(f"{name} whose district_id is not where they lie: their place counts", tuple(other)))
        located[name] = frame.assign(district_id=place)
    return replace(study, **located), moved


def _idle_schools(study: StudyInputs) -> list[SetAside]:
    groups = {
        "schools of unknown kind: they serve no stage": study.schools["kind"] == UNKNOWN,
        "closed schools: part of no layout": study.schools["status"] == "closed",
    }
    return [SetAside(text, tuple(study.schools.index[rows])) for text, rows in groups.items() if rows.any()]


def sites(study: StudyInputs) -> gpd.GeoDataFrame:
    """Return every place where a school stands or could stand, as points, sorted by id."""
    frames = [study.schools] if study.candidates is None else [study.schools, study.candidates]
    points = pd.concat([places(frame) for frame in frames]).sort_index()
    return gpd.GeoDataFrame(geometry=points.rename_axis("school_id"), crs=study.districts.crs)


def off_streets(costs: TravelCosts, study: StudyInputs) -> list[SetAside]:
    """Return the demand beyond the snap limit.

    Raises
    ------
    InputError
        Where a school or a candidate is: nobody could ever walk to it.
    """
    if costs.school_snap is None or costs.demand_snap is None:
        return []
    lost = costs.school_ids[np.isnan(costs.school_snap)]
    faults = [
        Fault(_source(frame, name), f"{len(rows)} of the {name} without a street within the snap limit",
              "a street near by, on the same side of every barrier, and not in the water",
              "move the points, add the missing streets, or raise engine.snap_limit_metres", rows=tuple(rows))
        for name, frame in (("schools", study.schools), ("candidates", study.candidates))
        if frame is not None and len(rows := lost[lost.isin(frame.index)])
    ]  # fmt: skip
    if faults:
        raise InputError(*faults)
    away = costs.demand_ids[np.isnan(costs.demand_snap)]
    people = float(study.demand.loc[away, "population"].sum())
    text = "demand farther from any street than the snap limit: it counts as unreachable"
    return [SetAside(text, tuple(away), people)] if len(away) else []


def conserve(study: StudyInputs, coverage: pd.DataFrame) -> None:
    """Check the law of conservation: the pupils of every layout are the pupils that came in.

    Raises
    ------
    AssertionError
        Where pupils were lost or made, which no input can cause.
    """
    whole = coverage[coverage["district_id"] == ALL]
    for stage, pupils in zip(whole["stage"], whole["pupils"], strict=True):
        given = float(study.demand[f"pupils_{stage}"].sum())
        assert np.isclose(pupils, given, rtol=1e-9, atol=1e-6), f"{stage}: {given} pupils in, {pupils} measured"
