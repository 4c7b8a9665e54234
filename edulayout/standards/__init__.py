"""Planning standards as data: every value with document, clause, strength, and how sure we are of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from edulayout.errors import Fault, InputError

__all__ = ["Rule", "Standard", "load", "names"]

Status = Literal["verified", "secondary", "memory"]


@dataclass(frozen=True)
class Rule:
    """One value of a standard.

    Parameters
    ----------
    document, clause
        Where it stands.
    subject, stage
        What it is about.
    value, unit
        What it says.
    strength
        How binding: 应 shall, 宜 should, 可 may.
    status
        `verified` in the official document, `secondary` read elsewhere, or `memory`.
    """

    document: str
    subject: str
    stage: str
    value: float
    unit: str
    strength: str
    clause: str
    status: Status

    def __str__(self) -> str:
        return f"{self.subject} {self.stage}: {self.value:g} {self.unit} — {self.strength}; {self.citation}"

    @property
    def citation(self) -> str:
        """Document, clause and status in one line."""
        sure = "verified" if self.status == "verified" else f"NOT verified in the original, status: {self.status}"
        return f"{self.document}, {self.clause} ({sure})"


@dataclass(frozen=True)
class Standard:
    """A named set of rules."""

    name: str
    document: str
    title: str
    title_zh: str
    jurisdiction: str
    rules: tuple[Rule, ...]

    def find(self, subject: str, stage: str) -> Rule | None:
        """Return the rule on a subject and stage, or None."""
        return next((rule for rule in self.rules if (rule.subject, rule.stage) == (subject, stage)), None)


def names() -> tuple[str, ...]:
    """Return the names of all sets.

    Examples
    --------
    >>> "cn-gb50180-2018" in names()
    True
    """
    return tuple(sorted(entry.name[:-5] for entry in files(__name__).iterdir() if entry.name.endswith(".toml")))


def load(name: str) -> Standard:
    """Return a set of rules by its name.

    Raises
    ------
    InputError
        Where there is no such set.

    Examples
    --------
    >>> rule = load("cn-gb50180-2018").find("service_radius", "primary")
    >>> rule.value, rule.status
    (500.0, 'secondary')
    """
    if name not in names():
        raise InputError(Fault("standard", f"the name {name!r}", f"one of: {', '.join(names())}", "correct the name"))
    content = tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    rules = tuple(Rule(document=content["document"], **rule) for rule in content.pop("rule"))
    return Standard(**content, rules=rules)
