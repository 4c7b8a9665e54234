"""The service radii of a study, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout import standards
from edulayout.errors import Fault, InputError
from edulayout.stages import STAGE_LABELS_ZH, STAGES

if TYPE_CHECKING:
    from edulayout.standards import Rule
    from edulayout.study.inputs import StudyInputs


_SET = {
    "en": {
        "line": "service_radius {stage}: {metres:g} metres — set by the study: {why}",
        "no_reason": "no reason given",
    },
    "zh": {"line": "服务半径（{stage}）：{metres:g} 米，本研究设定：{why}", "no_reason": "未说明理由"},
}


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
        words = _SET[study.language]
        why = study.radius_reason or words["no_reason"]
        return float(given), words["line"].format(stage=_called(stage, study.language), metres=given, why=why)
    rule = standards.load(study.standard).find("service_radius", stage)
    if rule is None:
        raise InputError(
            Fault("radii", f"no radius for {stage}, and none in {study.standard}", "one in metres",
                  f"set it in the study: [radii] override = {{ {stage} = … }}, with a reason")
        )  # fmt: skip
    return rule.limit, str(rule) if study.language == "en" else _in_chinese(rule)


def _called(stage: str, language: str) -> str:
    return stage if language == "en" else STAGE_LABELS_ZH[stage]


def _in_chinese(rule: Rule) -> str:
    """Return the line of a rule as `str` has it in English."""
    words = standards.terms("zh")
    value = standards.quantity(rule.value, rule.unit, "zh")
    label, clause = words["subject"][rule.subject], rule.clause_zh or rule.clause
    where = f"{rule.document}，{clause}（{words['status'][rule.status]}）"
    return f"{label}（{STAGE_LABELS_ZH[rule.stage]}）：{rule.demand('zh')} {value}；{where}"
