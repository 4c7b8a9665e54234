"""Rules on how schools lie to each other: their distance, and service areas that overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.compliance.case import Known
from edulayout.costs import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edulayout.compliance.case import Case, School
    from edulayout.compliance.judging import Outcome
    from edulayout.compliance.sizes import Family
    from edulayout.standards import Rule


def school_spacing(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield the straight distance from every school to the nearest other one of the stage, in metres."""
    rule = family.head
    for stage in _stages(case, rule):
        bound = {school.school_id for school in case.bound_by(rule)}
        yield from _spaced(case, rule, stage, [school for school in case.serving(stage) if school.school_id in bound])


def _stages(case: Case, rule: Rule) -> list[str]:
    every = sorted({stage for school in case.serving("") for stage in school.stages})
    return [rule.stage] if rule.stage else every


def _spaced(case: Case, rule: Rule, stage: str, schools: list[School]) -> Iterator[Outcome]:
    if "geometry" not in case.schools:
        for school in schools:
            yield case.missing(rule, school, Known(np.nan, "geometry"))
        return
    ids = [school.school_id for school in schools]
    xy = shapely.get_coordinates(places(case.schools.loc[ids]).to_numpy())
    for position, school in enumerate(schools):
        pupils, place = case.pupils(school, stage).value, school.place
        away = np.hypot(*(xy - xy[position]).T)
        away[position] = np.inf
        if len(schools) == 1:
            yield case.open(rule, place, case.say("one_school"), verdict="not_applicable", stage=stage, pupils=pupils)
            continue
        near = int(np.argmin(away))
        reason = case.say("nearest", name=case.name(ids[near]))
        yield case.held(rule, place, float(away[near]), stage=stage, pupils=pupils, reason=reason)


def service_area_overlap(case: Case, family: Family) -> Iterator[Outcome]:
    """Yield for every school the share of its service area that other schools of the stage serve too."""
    rule = family.head
    for stage in _stages(case, rule):
        areas = _areas(case, stage)
        tree = shapely.STRtree([shape for _, shape in areas])
        known = {name: position for position, (name, _) in enumerate(areas)}
        for school in (one for one in case.bound_by(rule) if stage in one.stages):
            pupils = case.pupils(school, stage).value
            position = known.get(school.school_id)
            if position is None or not shapely.area(areas[position][1]):
                yield case.missing(rule, school, Known(np.nan, "service_areas"))
                continue
            own = areas[position][1]
            others = [areas[at][1] for at in sorted(tree.query(own).tolist()) if at != position]
            shared = shapely.area(shapely.intersection(own, shapely.union_all(others)))
            yield case.held(rule, school.place, float(shared / shapely.area(own)), stage=stage, pupils=pupils)


def _areas(case: Case, stage: str) -> list[tuple[str, shapely.Geometry]]:
    """Return the service areas of the schools of a stage, by id."""
    table = case.service_areas
    if table is None:
        return []
    serving = {school.school_id for school in case.serving(stage)}
    rows = table[(table["stage"] == stage) & table["school_id"].isin(serving)].drop_duplicates("school_id")
    return sorted(zip(rows["school_id"], rows.geometry, strict=True), key=lambda pair: str(pair[0]))
