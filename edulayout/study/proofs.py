"""What was proven about a placing, in words: never more than the certificate carries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.coverage import ALL
from edulayout.stages import KINDS, STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.study.placing import parcel_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.siting import JointSiting
    from edulayout.study.placing import Decision

_PROVEN = 1e-9
_CERTIFICATE = ("objective", "bound", "gap", "status", "stop_reason")
_ANSWER = ("root_bound", "nodes", "unreachable_cost", "charged_weight", "unreachable_weight")
COLUMNS = ("layout", "kind", "district_id", "opened", "candidates", "sense", *_CERTIFICATE, *_ANSWER, "method", "cases",
           "proven", "seconds")  # fmt: skip
"""Columns of `siting.csv`."""

_WORDS = {
    "en": {
        "p_median": "no other choice of {sites} shortens the mean walk of all {pupils} by more than {most}",
        "max_coverage": "no other choice of {sites} covers more than {most} more {pupils}",
        "all": "these {count} sites", "one": "this one site", "in": "the {count} sites in {district}",
        "one_in": "the site in {district}", "kinds": "these {count} sites of all kinds",
        "pupils": "{stages} pupils", "and": " and ", "end": "; ",
        "others": ", the other kinds standing where they do", "stopped": "stopped: {reason}",
        "charged": "{count:,.0f} pupils whom no site reaches count {metres:,.0f} m each",
    },
    "zh": {
        "p_median": "{sites}的任何其他选择，使全部{pupils}平均步行距离的缩短不超过 {most}",
        "max_coverage": "{sites}的任何其他选择，使覆盖的{pupils}增加不超过 {most}",
        "all": "这 {count} 处校址", "one": "这 1 处校址", "in": "{district} {count} 处校址",
        "one_in": "{district} 1 处校址", "kinds": "各类学校这 {count} 处校址",
        "pupils": "{stages}学生", "and": "、", "end": "；",
        "others": "（其他类学校位置不变）", "stopped": "停止原因：{reason}",
        "charged": "{count:,.0f} 名学生无法步行到任何一处，每人按 {metres:,.0f} 米计",
    },
}  # fmt: skip


def siting_table(
    decisions: Sequence[Decision], *, objective: str, language: str, names: Mapping[str, str]
) -> pd.DataFrame:
    """Return `siting.csv`: what was decided for all kinds of a layout, for each kind, and for each district.

    The numbers in a district's row are those of the kind: what is proven for the sites of one district is that another
    choice of them betters the whole by no more.
    """
    rows: list[dict[str, object]] = []
    for made in decisions:
        first = not rows or rows[-1]["layout"] != made.layout
        if first and len(made.joint.parts) > 1:
            rows.append(_together(made, [it for it in decisions if it.layout == made.layout], objective, language))
        for district in ("", *(name for name in made.quotas if name)):
            name, count = names.get(district, district), made.quotas.get(district, 0) if district else 0
            proven = statement(made, objective=objective, language=language, district=name, count=count)
            rows.append(_row(made, district, proven=proven))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(made: Decision, district: str, *, proven: str) -> dict[str, object]:
    return {
        "layout": made.layout,
        "kind": made.kind,
        "district_id": district or ALL,
        "opened": made.quotas[district] if district else len(made.opened),
        "candidates": made.parcels.get(district, 0),
        "sense": made.siting.sense,
        **{name: getattr(made, name) for name in _CERTIFICATE},
        **{name: getattr(made.siting, name) for name in _ANSWER},
        "method": made.siting.method,
        "cases": len(made.joint.cases),
        "proven": proven,
        "seconds": made.joint.seconds,
    }


def _together(made: Decision, parts: Sequence[Decision], objective: str, language: str) -> dict[str, object]:
    """Return the row of all kinds of a layout; what depends on one kind's pupils is missing or a sum."""
    joint = made.joint
    return {
        "layout": made.layout,
        "kind": ALL,
        "district_id": ALL,
        "opened": len(joint.opened),
        "candidates": len({parcel_of(name) for part in joint.parts for name in part.group.index}),
        "sense": joint.sense,
        **{name: getattr(joint, name) for name in _CERTIFICATE},
        "nodes": sum(part.siting.nodes for part in parts),
        "unreachable_cost": made.siting.unreachable_cost,
        "charged_weight": sum(part.siting.charged_weight for part in parts),
        "unreachable_weight": sum(part.siting.unreachable_weight for part in parts),
        "method": joint.method,
        "cases": len(joint.cases),
        "proven": together(joint, objective=objective, language=language),
        "seconds": joint.seconds,
    }  # fmt: skip


def statement(made: Decision, *, objective: str, language: str, district: str = "", count: int = 0) -> str:
    """Return what is proven about the sites of some kinds: all of them, or those in a district by its name.

    Where two kinds wanted the same parcel, it holds for what can be chosen beside the other kinds' sites.
    """
    words = _WORDS[language]
    number = count or len(made.opened)
    form = ("in" if number > 1 else "one_in") if district else ("all" if number > 1 else "one")
    text = words[objective].format(
        sites=words[form].format(count=number, district=district),
        pupils=_pupils(made.stages, language),
        most=at_most(made.gap),
    )
    others = words["others"] if made.joint.splits else ""
    return text + others + _told(made, objective, words)


def together(joint: JointSiting, *, objective: str, language: str) -> str:
    """Return what is proven about all kinds of a layout together."""
    words = _WORDS[language]
    stages = [stage for part in joint.parts for stage in part.stages]
    text = words[objective].format(
        sites=words["kinds"].format(count=len(joint.opened)), pupils=_pupils(stages, language), most=at_most(joint.gap)
    )
    stopped = words["stopped"].format(reason=joint.stop_reason)
    return text if joint.status == "optimal" else text + words["end"] + stopped


def _told(made: Decision, objective: str, words: Mapping[str, str]) -> str:
    """Return why the search ended before the proof, and how many pupils count a charge instead of a walk."""
    told = [words["stopped"].format(reason=made.stop_reason)] if made.status != "optimal" else []
    if objective == "p_median" and made.siting.charged_weight:
        cost = made.siting.unreachable_cost
        told.append(words["charged"].format(count=made.siting.charged_weight, metres=cost))
    return "".join(words["end"] + text for text in told)


def _pupils(stages: Sequence[str], language: str) -> str:
    labels = STAGE_LABELS_ZH if language == "zh" else {name: label.lower() for name, label in STAGE_LABELS.items()}
    names = [labels[stage] for stage in stages]
    words = _WORDS[language]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + words["and"] + names[-1]
    return words["pupils"].format(stages=listed if language == "en" else words["and"].join(names))


def kinds_in_words(made: Decision, language: str) -> str:
    """Return what was placed: `13 × Primary school`, joined where several kinds were weighed against each other."""
    opened = list(made.opened.values())
    if language == "zh":
        return "、".join(f"{KINDS[kind].label_zh} {opened.count(kind)} 所" for kind in made.kinds)
    return ", ".join(f"{opened.count(kind)} × {KINDS[kind].label}" for kind in made.kinds)


def at_most(share: float) -> str:
    """Return a share in per cent, rounded up: what is proven is never told as more.

    Examples
    --------
    >>> at_most(0.0), at_most(0.00123), at_most(1e-7)
    ('0.0 %', '0.13 %', '0.01 %')
    """
    if share <= _PROVEN:
        return "0.0 %"
    return f"{math.ceil(share * 1e4) / 100:.2f} %" if math.isfinite(share) else "∞"
