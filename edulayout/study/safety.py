"""Safe ways to school in a study: for each stage, streets that its pupils do not cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.costs import travel_costs
from edulayout.errors import Fault, InputError
from edulayout.stages import STAGE_LABELS_ZH, STAGES
from edulayout.streets import Streets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.study.inputs import StudyInputs
    from edulayout.typing import Progress

CLAUSE = "GB 50099-2011 cl. 4.1, after GBJ 99-86: pupils do not cross arterials — secondary, NOT verified"
_CLAUSE_ZH = "GB 50099-2011 第 4.1 条（源自 GBJ 99-86）：学生不跨越城市干道；二手资料，未核对原文"
_HOWS_ZH = {"forbidden": "不得跨越", "crossings": "仅在过街处跨越", "anywhere": "可在任一路口跨越"}
_HOWS = {"forbidden": "nowhere", "crossings": "at crossings only", "anywhere": "at any junction"}


def safe_streets(study: StudyInputs) -> dict[str, Streets]:
    """Return the streets that each stage with a rule may use.

    Raises
    ------
    InputError
        Where a stage is not known, the engine has no streets, or a rule does not fit them; all faults together.
    """
    made: dict[str, Streets] = {}
    built: dict[str, Streets] = {}
    faults = []
    for stage, rule in study.safety.items():
        source = f"safety.{stage}"
        if stage not in STAGES:
            faults.append(Fault(source, "a stage that is not known", ", ".join(STAGES), "correct the name"))
        elif not isinstance(study.engine, Streets):
            faults.append(Fault(source, f"the engine {study.engine.name!r}", "streets", "give streets, or remove it"))
        else:
            try:
                key = repr(sorted(rule.items()))
                if key not in built:
                    built[key] = study.engine.avoiding(**rule)
                made[stage] = built[key]
            except InputError as error:
                faults += [Fault(f"{source}: {it.source}", it.found, it.expected, it.remedy) for it in error.faults]
    if faults:
        raise InputError(*faults)
    return made


def safe_costs(
    study: StudyInputs, streets: Mapping[str, Streets], sites: gpd.GeoDataFrame, *, stages: Sequence[str],
    progress: Progress,
) -> dict[str, TravelCosts]:  # fmt: skip
    """Return the costs of safe ways by stage; stages that share their streets share them."""
    costs: dict[int, TravelCosts] = {}
    for stage in stages:
        own = streets.get(stage)
        if own is not None and id(own) not in costs:
            costs[id(own)] = travel_costs(study.demand, sites, engine=own, progress=progress)
    return {stage: costs[id(streets[stage])] for stage in stages if stage in streets}


def rule_lines(study: StudyInputs, streets: Mapping[str, Streets]) -> tuple[str, ...]:
    """Return a line on each stage's rule, for the manifest and the check."""
    line = _line if study.language == "en" else _line_in_chinese
    return tuple(line(stage, study.safety[stage], made) for stage, made in streets.items())


def _line(stage: str, rule: Mapping[str, Any], made: Streets) -> str:
    extra = rule.get("extra_metres", 0.0)
    price = f", each for {extra:g} metres more" if extra else ""
    along = "" if rule.get("along", True) else ", nor walked along"
    where = _HOWS[rule.get("how", "crossings")]
    found = f"{made.set_aside['crossings_open']:.0f} places to cross {made.set_aside['avoided_kilometres']:g} km"
    return f"safe way {stage}: {', '.join(rule['classes'])} crossed {where}{price}{along} ({found}) — {CLAUSE}"


def _line_in_chinese(stage: str, rule: Mapping[str, Any], made: Streets) -> str:
    extra = rule.get("extra_metres", 0.0)
    price = f"，每次按多走 {extra:g} 米计" if extra else ""
    along = "" if rule.get("along", True) else "，亦不沿其行走"
    where = _HOWS_ZH[rule.get("how", "crossings")]
    found = f"过街处 {made.set_aside['crossings_open']:.0f} 个，干道 {made.set_aside['avoided_kilometres']:g} 公里"
    classes = "、".join(rule["classes"])
    return f"安全路径（{STAGE_LABELS_ZH[stage]}）：{classes} 类道路{where}{price}{along}（{found}）；依据 {_CLAUSE_ZH}"
