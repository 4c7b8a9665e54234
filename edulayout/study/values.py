"""The plain values of a study, checked for those that write it in Python instead of a study file."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from edulayout.errors import Fault, InputError
from edulayout.stages import KINDS, STAGES
from edulayout.study import carrying_out, printing
from edulayout.study.norms import standard_of
from edulayout.study.settings import Demand, Diagnosis, Outputs, Standards, section_faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edulayout.study.inputs import StudyInputs

_CHOICES = {"objective": ("p_median", "max_coverage"), "demand_outside": ("keep", "error"), "language": ("en", "zh")}


def check_values(study: StudyInputs) -> None:
    """Check words and numbers of a study.

    Raises
    ------
    InputError
        With every value that is none of the known words or out of its range.
    """
    faults = [
        Fault(f"study.{name}", repr(getattr(study, name)), f"one of {', '.join(words)}", "correct the word")
        for name, words in _CHOICES.items()
        if getattr(study, name) not in words
    ]
    plans = {"further": study.further, **{f"quotas[{name!r}]": counts for name, counts in study.quotas.items()}}
    for name, counts in plans.items():
        faults += _unknown(f"study.{name}", counts, KINDS) + _uncountable(f"study.{name}", counts, least=0)
    faults += _unknown("study.classes", study.classes, KINDS) + _uncountable("study.classes", study.classes, least=1)
    for name in ("radius_metres", "per_1000_residents"):
        values = getattr(study, name) or {}
        faults += _unknown(f"study.{name}", values, STAGES) + _unpositive(f"study.{name}", values)
    faults += section_faults(Diagnosis, study.diagnosis, source="study.diagnosis")
    faults += section_faults(Outputs, study.outputs, source="study.outputs")
    faults += _standard_faults(study)
    faults += section_faults(Demand, study.forecast, source="study.forecast") if study.forecast else []
    faults += printing.faults(study.sheets)
    faults += carrying_out.value_faults(study)
    if not 0 <= study.gap < 1:
        faults.append(Fault("study.gap", str(study.gap), "a share from 0 to below 1", "0.01 stands for one per cent"))
    if study.time_limit_seconds is not None and not study.time_limit_seconds > 0:
        faults.append(Fault("study.time_limit_seconds", str(study.time_limit_seconds), "seconds > 0", "correct it"))
    if study.engine.unit != "metres":
        faults.append(
            Fault("study.engine", f"costs in {study.engine.unit}", "an engine in metres, as the service radii are",
                  'read the streets with unit="metres"; minutes are for el.travel_costs')
        )  # fmt: skip
    if (study.quotas or study.further) and study.candidates is None and _wants_schools(study):
        faults.append(
            Fault("plan", "schools to place, but no candidates", "a layer of candidates",
                  "name it under inputs.candidates, or remove the plan")
        )  # fmt: skip
    if faults:
        raise InputError(*faults)


def _standard_faults(study: StudyInputs) -> list[Fault]:
    """Return what is wrong with the standards: they are laid together here, before anything is measured."""
    if not study.standards:
        return []
    faults = section_faults(Standards, study.standards, source="study.standards")
    if faults:
        return faults
    try:
        standard_of(study)
    except InputError as error:
        return [replace(fault, source=f"standards: {fault.source}") for fault in error.faults]
    return []


def _wants_schools(study: StudyInputs) -> bool:
    return any(any(counts.values()) for counts in (study.further, *study.quotas.values()))


def _unknown(where: str, names: Iterable[str], known: Iterable[str]) -> list[Fault]:
    words = tuple(known)
    rule = f"one of {', '.join(words)}"
    return [Fault(where, repr(name), rule, "correct the word") for name in names if name not in words]


def _uncountable(where: str, counts: Mapping[str, int], *, least: int) -> list[Fault]:
    return [
        Fault(f"{where}[{name!r}]", repr(count), f"a whole number ≥ {least}", "correct it")
        for name, count in counts.items()
        if count != int(count) or count < least
    ]


def _unpositive(where: str, numbers: Mapping[str, float]) -> list[Fault]:
    return [
        Fault(f"{where}[{name!r}]", repr(number), "a finite number > 0", "correct it")
        for name, number in numbers.items()
        if not (math.isfinite(number) and number > 0)
    ]
