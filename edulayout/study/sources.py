"""Where the numbers come from, in one line for the map and in lines for the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout import standards
from edulayout.study import carrying_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from edulayout.study.inputs import StudyInputs
    from edulayout.study.set_aside import SetAside

_WORDS = {
    "en": {
        "radii": "Service radii {radii} m: {by}",
        "study": "set by the study ({reason})",
        "secondary": "{document}, from a secondary source, not verified in the original",
        "read": "{document}, read in a copy of its text, not verified in the original",
        "derived": "{document}, derived by calculation",
        "memory": "{document}, from memory, not verified",
        "verified": "{document}",
        "pupils": "Pupils per 1,000 residents ({ratio}): {source}",
        "aside": "Set aside: {entries}",
    },
    "zh": {
        "radii": "服务半径 {radii} 米：{by}",
        "study": "本研究设定（{reason}）",
        "secondary": "{document}（二手资料，未核对原文）",
        "read": "{document}（读自文本抄件，未核对原文）",
        "derived": "{document}（推算所得）",
        "memory": "{document}（凭记忆，未核实）",
        "verified": "{document}",
        "pupils": "千人指标（{ratio}）：{source}",
        "aside": "未计入：{entries}",
    },
}


def source_line(study: StudyInputs, radii: Mapping[str, float], set_aside: Sequence[SetAside]) -> str:
    """Return one line that names the source and the status of everything that the map shows."""
    words = _WORDS[study.language]
    parts = [study.source, words["radii"].format(radii=_listed(radii.values()), by=_authority(study, radii, words))]
    if study.per_1000_residents:
        ratio = _listed(study.per_1000_residents.values())
        parts.append(words["pupils"].format(ratio=ratio, source=study.pupils_source))
    if set_aside:
        parts.append(words["aside"].format(entries="; ".join(map(str, set_aside))))
    return " · ".join(part for part in parts if part)


def _listed(numbers: Iterable[float]) -> str:
    return " / ".join(f"{number:g}" for number in numbers)


def _authority(study: StudyInputs, radii: Mapping[str, float], words: Mapping[str, str]) -> str:
    given = study.radius_metres or {}
    named = [words["study"].format(reason=study.radius_reason or "–")] if any(stage in given for stage in radii) else []
    standard = standards.load(study.standard)
    rules = [standard.find("service_radius", stage) for stage in radii if stage not in given]
    statuses = dict.fromkeys(rule.status for rule in rules if rule is not None)
    return "; ".join([words[status].format(document=standard.document) for status in statuses] + named)


def notes_of(study: StudyInputs) -> list[str]:
    """Return what was assumed when the tables were read, each with the file it is about."""
    own = (study.districts, study.schools, study.demand, study.candidates, study.barriers, study.facts, study.housing)
    frames = (*own, *study.people.values())
    own_notes = [
        f"{frame.attrs.get('source', 'a table')}: {note}"
        for frame in frames
        if frame is not None
        for note in frame.attrs.get("notes", [])
    ]
    return [*own_notes, *carrying_out.notes_of(study)]


def names_of(districts: pd.DataFrame, *, english: bool) -> dict[str, str]:
    """Return what districts are called: in English where there is an English name and it is asked for."""
    own = districts["name"].astype(str).tolist()
    other = districts["name_en"].tolist() if english and "name_en" in districts else [""] * len(own)
    called = [there if isinstance(there, str) and there else here for there, here in zip(other, own, strict=True)]
    return dict(zip(districts.index.astype(str), called, strict=True))
