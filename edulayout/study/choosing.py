"""A plan that a reader of the map chose: the sites and schools that it names, checked against the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.errors import Fault, InputError
from edulayout.stages import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.maps import Choice
    from edulayout.study.inputs import StudyInputs


def check_choice(study: StudyInputs, choice: Choice, stages: Sequence[str]) -> None:
    """Check that every site and school of a choice is there, and that somebody attends what it opens.

    Raises
    ------
    InputError
        Naming the ids that the tables lack, sites that do not allow the kind, and kinds without pupils.
    """
    parcels = {} if study.candidates is None else study.candidates["kinds"].items()
    allowed = {str(name): kinds.split(";") for name, kinds in dict(parcels).items()}
    unknown = tuple(name for name in choice.opened if name not in allowed)
    barred = tuple(f"{name} ({kind})" for name, kind in choice.opened.items() if kind not in allowed.get(name, [kind]))
    gone = tuple(name for name in choice.closed if name not in study.schools.index)
    kinds = sorted(set(choice.opened.values()))
    idle = tuple(kind for kind in kinds if not set(KINDS[kind].stages) <= set(stages))
    source = "plan.choice"
    again = "save the choice again from the map of this study"
    asked = [
        (unknown, "sites that the candidates lack", "ids of the candidates", again),
        (barred, "sites for kinds that they do not allow", "a kind that the candidate allows", "correct either"),
        (gone, "schools that are not there", "ids of the schools", again),
        (idle, "schools for stages without pupils", "pupils of every stage that is opened", "add them to the demand"),
    ]
    faults = [Fault(source, found, expected, remedy, rows) for rows, found, expected, remedy in asked if rows]
    if faults:
        raise InputError(*faults)


def radius_notes(choice: Choice | None, radii: Mapping[str, float]) -> list[str]:
    """Return a note for every radius that the reader tried and the run does not measure by.

    Examples
    --------
    >>> from edulayout.maps import Choice
    >>> radius_notes(Choice({}, radius_metres={"primary": 600.0}), {"primary": 500.0})
    ['plan.choice was tried with 600 m for primary; measured with 500 m: see [radii] override']
    """
    return [
        f"plan.choice was tried with {tried:g} m for {stage}; measured with {radii[stage]:g} m: see [radii] override"
        for stage, tried in (choice.radius_metres if choice else {}).items()
        if stage in radii and tried != radii[stage]
    ]
