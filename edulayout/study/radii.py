"""The service radii of a study, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout import standards
from edulayout.errors import Fault, InputError
from edulayout.stages import STAGES

if TYPE_CHECKING:
    from edulayout.study.inputs import StudyInputs


def radii_of(study: StudyInputs) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the radius of every stage that has pupils, and a line on where each comes from.

    Raises
    ------
    InputError
        Where no stage has pupils, the standard is unknown, or neither study nor standard knows a radius.
    """
    stages = [stage for stage in STAGES if f"pupils_{stage}" in study.demand]
    if not stages:
        raise InputError(
            Fault("demand", "no column pupils_<stage>", "pupils of at least one stage",
                  "add the columns, or pupils.per_1000_residents to the study")
        )  # fmt: skip
    chosen = {stage: _radius(stage, study) for stage in stages}
    return {stage: radius for stage, (radius, _) in chosen.items()}, tuple(line for _, line in chosen.values())


def _radius(stage: str, study: StudyInputs) -> tuple[float, str]:
    given = (study.radius_metres or {}).get(stage)
    if given is not None:
        why = study.radius_reason or "no reason given"
        return float(given), f"service_radius {stage}: {given:g} metres — set by the study: {why}"
    rule = standards.load(study.standard).find("service_radius", stage)
    if rule is None:
        raise InputError(
            Fault("radii", f"no radius for {stage}, and none in {study.standard}", "one in metres",
                  f"set it in the study: [radii] override = {{ {stage} = … }}, with a reason")
        )  # fmt: skip
    return rule.limit, str(rule)
