"""The milestones of a project, in their order, as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKS = ("started", "finished", "opened")
"""What some milestone of every list must mark: construction begun, buildings accepted, pupils in."""


@dataclass(frozen=True)
class Milestone:
    """One step of a project.

    Parameters
    ----------
    name
        The word in the columns `planned_<name>` and `actual_<name>`.
    label, label_zh
        Names for people.
    marks
        `started`, `finished`, `opened`, or empty.
    """

    name: str
    label: str
    label_zh: str = ""
    marks: str = ""


@cache
def default_milestones() -> tuple[Milestone, ...]:
    """Return the six milestones from the choice of a site to the opening.

    Examples
    --------
    >>> [milestone.name for milestone in default_milestones()]
    ['site', 'layout_plan', 'drawing_review', 'start', 'completion', 'opening']
    """
    text = files("edulayout.programme").joinpath("milestones.toml").read_text("utf-8")
    return milestones_of(tomllib.loads(text)["milestone"], source="milestones.toml")


def milestones_of(entries: Sequence[dict[str, Any]], *, source: str) -> tuple[Milestone, ...]:
    """Return milestones from the entries of a TOML file, in their order.

    Raises
    ------
    InputError
        Where an entry has other keys than a milestone, a name stands twice, or a mark is not set exactly once.
    """
    known = set(Milestone.__dataclass_fields__)
    faults = [
        Fault(f"{source}: milestone", f"the entry {entry}", f"keys: {', '.join(sorted(known))}", "correct the entry")
        for entry in entries
        if not set(entry) <= known or not {"name", "label"} <= set(entry)
    ]
    if faults:
        raise InputError(*faults)
    found = tuple(Milestone(**entry) for entry in entries)
    names, marks = [one.name for one in found], sorted(one.marks for one in found if one.marks)
    if len(set(names)) < len(names):
        faults.append(Fault(f"{source}: milestone", "a name that stands twice", "each name once", "rename one of them"))
    if marks != sorted(MARKS):
        told = ", ".join(marks) or "none"
        expected = "each of started, finished, opened marked by one milestone"
        faults.append(Fault(f"{source}: milestone", f"marks: {told}", expected, 'add marks = "started" and so on'))
    if faults:
        raise InputError(*faults)
    return found


def marking(milestones: Sequence[Milestone], mark: str) -> str:
    """Return the name of the milestone with a mark."""
    return next(one.name for one in milestones if one.marks == mark)
