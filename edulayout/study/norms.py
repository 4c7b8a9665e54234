"""The standards of a study: national sets, local ones over them, single values replaced with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.standards import layered
from edulayout.study.settings import Standards

if TYPE_CHECKING:
    from edulayout.standards import Standard
    from edulayout.study.inputs import StudyInputs


def standard_of(study: StudyInputs) -> Standard | None:
    """Return the standard that a study is held against; None where it names none.

    Raises
    ------
    InputError
        Where a set is not known or an override cannot be; every fault at once.
    """
    if not study.standards:
        return None
    asked = Standards.model_validate(dict(study.standards))
    return layered(list(asked.sets), list(asked.local), overrides=asked.overrides, reason=asked.reason)
