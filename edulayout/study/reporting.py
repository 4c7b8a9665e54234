"""From the result of a run to its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import edulayout
from edulayout import crs as crs_module
from edulayout import report, standards
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.standards import layered
from edulayout.streets import Streets
from edulayout.study.norms import standard_of
from edulayout.study.proofs import kinds_in_words, statement, together
from edulayout.study.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from edulayout.standards import Rule
    from edulayout.study.inputs import StudyInputs
    from edulayout.study.placing import Decision
    from edulayout.study.set_aside import SetAside

PAGE = "report.html"
_ALL_KINDS = {"en": "all kinds together", "zh": "各类学校一并考虑"}
_SAFE = {
    "en": "Safe ways, {stage}: streets of the classes {classes} are crossed {where}{extra}. GB 50099-2011 cl. 4.1, "
    "after GBJ 99-86: pupils do not cross arterials (secondary source, not verified)",
    "zh": "安全路径（{stage}）：{classes} 类道路{where}{extra}。"
    "依据 GB 50099-2011 第 4.1 条（源自 GBJ 99-86，学生不跨越"
    "城市干道；二手资料，未核对原文）",
}
_HOWS = {
    "en": {"forbidden": "nowhere", "crossings": "at crossings only", "anywhere": "at any junction"},
    "zh": {"forbidden": "不得跨越", "crossings": "仅在过街处跨越", "anywhere": "可在任一路口跨越"},
}
_EXTRA = {"en": ", each time for {metres:g} m more", "zh": "，每次按多走 {metres:g} 米计"}


class Found(Protocol):
    """What the report needs of a result; see `Result`."""

    @property
    def study(self) -> StudyInputs:
        """What was asked."""

    @property
    def coverage(self) -> pd.DataFrame:
        """A row per layout, stage and district."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every placing with its certificate."""

    @property
    def radii(self) -> Mapping[str, float]:
        """Service radius by stage."""

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What could not be used."""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name."""

    @property
    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Every layer by name."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader must know."""

    @property
    def district_names(self) -> dict[str, str]:
        """District id to name."""

    @property
    def source_line(self) -> str:
        """Where the numbers come from."""


def content_of(result: Found) -> report.Content:
    """Return what the report of a run tells."""
    study = result.study
    chinese = study.language == "zh"
    foreseen = study.foreseen
    return report.Content(
        title=study.name_zh if chinese and study.name_zh else study.name,
        note=study.note_zh if chinese and study.note_zh else study.note,
        source=result.source_line,
        tables=result.tables,
        radii=result.radii,
        districts=result.district_names,
        layers=_layers(result),
        engine=study.engine.name,
        objective=study.objective,
        variant="" if foreseen is None else foreseen.variant,
        radius_rules=_radius_rules(result),
        standard=standard_of(study),
        proofs=tuple(_proofs(result)),
        notes=tuple(result.notes),
        aside=tuple(report.Aside(entry.reason, entry.rows, entry.population) for entry in result.set_aside),
        lines=tuple(_safe_ways(result)),
        origin=_origin(result),
        map_page="map.html",
        language=study.language,
    )


def _layers(result: Found) -> dict[str, gpd.GeoDataFrame]:
    study = result.study
    layers = {name: layer for name, layer in result.layers.items() if name in {"districts", "demand", "schools"}}
    if study.barriers is not None:
        layers["water"] = study.barriers
    if isinstance(study.engine, Streets):
        layers["streets"] = study.engine.edges()
    return layers


def _radius_rules(result: Found) -> dict[str, Rule]:
    """Return the rule behind every radius; one that the study set carries its reason."""
    study = result.study
    given = {stage: metres for stage, metres in (study.radius_metres or {}).items() if stage in result.radii}
    if given:
        chosen = layered(study.standard, overrides={"service_radius": given}, reason=study.radius_reason or "–")
    else:
        chosen = standards.load(study.standard)
    found = {stage: chosen.find("service_radius", stage) for stage in result.radii}
    return {stage: rule for stage, rule in found.items() if rule is not None}


def _proofs(result: Found) -> Iterator[report.Proof]:
    """Return what was proven about all kinds of a layout together, then about each."""
    study = result.study
    told: set[str] = set()
    for made in result.decisions:
        if len(made.joint.parts) > 1 and made.layout not in told:
            told.add(made.layout)
            sentence = together(made.joint, objective=study.objective, language=study.language)
            yield report.Proof(made.layout, _ALL_KINDS[study.language], made.joint.status, sentence)
        sentence = statement(made, objective=study.objective, language=study.language)
        yield report.Proof(made.layout, kinds_in_words(made, study.language), made.status, sentence)


def _safe_ways(result: Found) -> Iterator[str]:
    """Return what the pupils of a stage do not cross, in the language of the study."""
    language, labels = result.study.language, STAGE_LABELS_ZH if result.study.language == "zh" else STAGE_LABELS
    for stage, rule in result.study.safety.items():
        where = _HOWS[language][str(rule.get("how", "crossings"))]
        extra = _EXTRA[language].format(metres=rule["extra_metres"]) if rule.get("extra_metres") else ""
        classes = ("、" if language == "zh" else ", ").join(rule["classes"])
        yield _SAFE[language].format(stage=labels[stage], classes=classes, where=where, extra=extra)


def _origin(result: Found) -> report.Origin:
    origin = result.study.origin
    path = origin.get("study_file")
    return report.Origin(
        version=edulayout.__version__,
        study_file=path.name if path is not None else "",
        inputs=tuple(origin.get("inputs", ())),
        versions=versions(),
        crs=crs_module.label(result.study.districts.crs),
    )
