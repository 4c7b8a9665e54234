"""The gate of a run: tables that fit together, radii with their source, everything set aside listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from edulayout import crs as crs_module
from edulayout import standards, tables
from edulayout.costs import places
from edulayout.demand import with_pupils
from edulayout.errors import Fault, InputError
from edulayout.stages import STAGES, UNKNOWN
from edulayout.study.result import SetAside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.costs import TravelCosts
    from edulayout.study.inputs import StudyInputs

DEFAULT_STANDARD = "cn-gb50180-2018"


def checked(study: StudyInputs) -> tuple[StudyInputs, list[SetAside]]:
    """Return the study with checked tables, pupils and a `district_id` everywhere, and what was set aside.

    Raises
    ------
    InputError
        With what is wrong, table by table.
    """
    crs_module.require_metres(study.districts, source="districts")
    study = replace(
        study,
        districts=tables.check_districts(study.districts, source="districts"),
        schools=tables.check_schools(study.schools, source="schools"),
        demand=_with_pupils(tables.check_demand(study.demand, source="demand"), study.per_1000_residents),
        barriers=None if study.barriers is None else tables.check_barriers(study.barriers, source="barriers"),
        candidates=None if study.candidates is None else tables.check_candidates(study.candidates, source="candidates"),
    )
    _check_plan_has_candidates(study)
    tables.check_together(
        districts=study.districts, schools=study.schools, demand=study.demand, candidates=study.candidates
    )
    study = _located(study)
    return study, _set_aside(study)


def _with_pupils(demand: gpd.GeoDataFrame, per_1000: Mapping[str, float] | None) -> gpd.GeoDataFrame:
    return demand if per_1000 is None else with_pupils(demand, per_1000)


def _located(study: StudyInputs) -> StudyInputs:
    located = {
        name: frame.assign(district_id=tables.locate(frame, study.districts))
        for name, frame in (("schools", study.schools), ("demand", study.demand), ("candidates", study.candidates))
        if frame is not None
    }
    outside = located["demand"].index[located["demand"]["district_id"] == ""]
    if study.demand_outside == "error" and len(outside):
        raise InputError(
            Fault("demand", f"{len(outside)} place(s) outside every district", "every place in a district",
                  'correct them, or set checks.demand_outside = "keep"', rows=tuple(outside))
        )  # fmt: skip
    return replace(study, **located)


def _set_aside(study: StudyInputs) -> list[SetAside]:
    found = []
    outside = study.demand[study.demand["district_id"] == ""]
    if len(outside):
        found.append(
            SetAside("demand outside every district: counted in the row `outside`", tuple(outside.index),
                     float(outside["population"].sum()))
        )  # fmt: skip
    unknown = study.schools.index[study.schools["kind"] == UNKNOWN]
    if len(unknown):
        found.append(SetAside("schools of unknown kind: they serve no stage", tuple(unknown)))
    closed = study.schools.index[study.schools["status"] == "closed"]
    if len(closed):
        found.append(SetAside("closed schools: part of no layout", tuple(closed)))
    return found


def _check_plan_has_candidates(study: StudyInputs) -> None:
    if study.candidates is None:
        if study.quotas or study.further:
            raise InputError(
                Fault("plan", "schools to place, but no candidates", "a layer of candidates",
                      "name it under inputs.candidates, or remove the plan")
            )  # fmt: skip
        return
    both = study.schools.index.intersection(study.candidates.index)
    if len(both):
        raise InputError(
            Fault("candidates", "ids that schools bear too", "an id for one thing only", "rename the candidates",
                  rows=tuple(both))
        )  # fmt: skip


def radii_of(study: StudyInputs) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the radius of every stage that has pupils, and a line on where each comes from."""
    stages = [stage for stage in STAGES if f"pupils_{stage}" in study.demand]
    if not stages:
        raise InputError(
            Fault("demand", "no column pupils_<stage>", "pupils of at least one stage",
                  "add the columns, or pupils.per_1000_residents to the study")
        )  # fmt: skip
    chosen = {stage: _radius(stage, study.radius_metres or {}) for stage in stages}
    return {stage: radius for stage, (radius, _) in chosen.items()}, tuple(line for _, line in chosen.values())


def _radius(stage: str, given: Mapping[str, float]) -> tuple[float, str]:
    if stage in given:
        return float(given[stage]), f"service_radius {stage}: {given[stage]:g} metres — set by the study"
    rule = standards.load(DEFAULT_STANDARD).find("service_radius", stage)
    if rule is None:
        raise InputError(
            Fault("radii", f"no radius for {stage}, and none in {DEFAULT_STANDARD}", "one in metres",
                  f"set it in the study: [radii] override = {{ {stage} = … }}")
        )  # fmt: skip
    return rule.value, str(rule)


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
    lost = costs.school_ids[pd.isna(costs.school_snap)]
    if len(lost):
        raise InputError(
            Fault("schools and candidates", f"{len(lost)} site(s) farther from any street than the snap limit",
                  "a street within engine.snap_limit_metres, on the same side of every barrier",
                  "move the points, add the missing streets, or raise the limit", rows=tuple(lost))
        )  # fmt: skip
    away = costs.demand_ids[pd.isna(costs.demand_snap)]
    people = float(study.demand.loc[away, "population"].sum())
    text = "demand farther from any street than the snap limit: it counts as unreachable"
    return [SetAside(text, tuple(away), people)] if len(away) else []
