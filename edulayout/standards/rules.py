"""What a standard is made of: ranges, rules, and the sets that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edulayout.standards.words import terms

Status = Literal["verified", "read", "secondary", "derived", "memory", "chosen"]
Strength = Literal["shall", "should", "may", "target", "defines", "unstated"]
Bound = Literal["at_most", "at_least", "within"]
Mode = Literal["walk", "radius", "safe_walk", ""]
Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Range:
    """Two numbers that a document leaves open between them.

    Examples
    --------
    >>> str(Range(300.0, 500.0)), str(Range(1.0, None))
    ('300–500', '≥ 1')
    """

    low: float | None
    high: float | None

    def __post_init__(self) -> None:
        """Refuse ends in the wrong order."""
        if self.low is None and self.high is None:
            raise ValueError("a range needs an end")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"a range from {self.low:g} down to {self.high:g}")

    def __contains__(self, number: float) -> bool:
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        if self.low is None:
            return f"≤ {self.high:,.10g}"
        if self.high is None:
            return f"≥ {self.low:,.10g}"
        return f"{self.low:,.10g}" + ("" if self.low == self.high else f"–{self.high:,.10g}")


Value: TypeAlias = "float | Range"


@dataclass(frozen=True)
class Replaced:
    """What a study put in the place of a standard's value, and why."""

    was: Value | None
    reason: str


@dataclass(frozen=True)
class Rule:
    """One value of a standard.

    Parameters
    ----------
    document, clause
        Where it stands.
    subject, stage
        What it is about; an empty stage means all.
    value, unit
        What it says: a number, or a `Range` where the document gives one.
    bound
        Whether the value is a ceiling, a floor, or a range to stay in.
    strength
        How binding: `shall` 应, `should` 宜, `may` 可; `target` of a policy, `defines` a term, or `unstated` where the
        source does not tell.
    status
        How sure we are: `verified` in the official document, `read` in a copy of its text, `secondary`, `derived` by
        calculation, from `memory`, or `chosen` by the user.
    kind, level
        The kind of school (`nine_year`) and the sort of figure (`basic`, `planning`, `local`, …) where it matters.
    ages, classes, residents, minutes
        Ages of the pupils, size of the school in classes, residents served, living circle, where the value depends
        on them.
    mode
        How a distance is meant: `walk` along streets, `radius` on the map, `safe_walk`.
    clause_zh, jurisdiction, source, note, note_zh, superseded_by
        The clause in Chinese, where it is in force, who says so, what to know, what took its place.
    origin
        Name of the set that it comes from.
    replaced
        The value that a study replaced, and why.
    """

    document: str
    subject: str
    stage: str
    value: Value
    unit: str
    strength: Strength
    clause: str
    status: Status
    bound: Bound
    kind: str = ""
    level: str = ""
    ages: Range | None = None
    classes: Range | None = None
    residents: Range | None = None
    minutes: int | None = None
    clause_zh: str = ""
    mode: Mode = ""
    jurisdiction: str = ""
    source: str = ""
    note: str = ""
    note_zh: str = ""
    superseded_by: str = ""
    origin: str = ""
    replaced: Replaced | None = None

    def __str__(self) -> str:
        binding = f"{self.demand('zh')} ({self.demand('en')})"
        unit = self.unit.replace("_", " ")
        return f"{self.subject} {self.stage or 'all'}: {shown(self.value)} {unit} — {binding}; {self.citation}"

    @property
    def citation(self) -> str:
        """Document, clause and status in one line; a replaced value says what it replaces and why."""
        if self.replaced is not None:
            was = "" if self.replaced.was is None else f" in place of {shown(self.replaced.was)} of {self.document}"
            return f"set by the study{was}: {self.replaced.reason}"
        sure = "verified" if self.status == "verified" else f"NOT verified in the original, status: {self.status}"
        return f"{self.document}, {self.clause} ({sure})"

    @property
    def limit(self) -> float:
        """The number that decides: of a range, its lenient end, because the document permits every value in it.

        Examples
        --------
        >>> from edulayout import standards
        >>> radius = standards.load("cn-jgj39").find("service_radius", "kindergarten")
        >>> str(radius.value), radius.limit
        ('300–500', 500.0)
        """
        if not isinstance(self.value, Range):
            return self.value
        end = self.value.low if self.bound == "at_least" else self.value.high
        other = self.value.high if self.bound == "at_least" else self.value.low
        return float(end if end is not None else other or 0.0)

    def demand(self, language: Language) -> str:
        """Return the words for how the value binds, such as 不宜大于."""
        return str(terms(language)["demand"][self.strength][self.bound])

    def fits(self, *, kind: str | None = None, classes: float | None = None) -> bool:
        """Tell whether the rule is about schools of a kind and a size in classes."""
        right = kind is None or self.kind in {"", kind}
        return right and (classes is None or self.classes is None or classes in self.classes)


def shown(value: Value) -> str:
    """Return a value as people read it.

    Examples
    --------
    >>> shown(500.0), shown(Range(31.0, 33.0)), shown(12600.0)
    ('500', '31–33', '12,600')
    """
    return str(value) if isinstance(value, Range) else f"{value:,.10g}"


def quantity(value: Value, unit: str, language: Language) -> str:
    """Return a value with its unit; a share in per cent.

    Examples
    --------
    >>> quantity(0.85, "share", "en"), quantity(Range(300.0, 500.0), "metres", "zh")
    ('85 %', '300–500 米')
    """
    if unit == "share":
        return f"{shown(_hundredfold(value))} %"
    return f"{shown(value)} {terms(language)['unit'][unit]}"


def _hundredfold(value: Value) -> Value:
    if not isinstance(value, Range):
        return round(100.0 * value, 6)
    return Range(*(None if end is None else round(100.0 * end, 6) for end in (value.low, value.high)))


@dataclass(frozen=True)
class Standard:
    """A named set of rules.

    Parameters
    ----------
    name, document, title, title_zh, jurisdiction, jurisdiction_zh
        What it is called, and where it is in force.
    rules
        Its values.
    note, note_zh, superseded_by
        What to know of the whole set.
    sources
        Where its facts were read.
    sets
        Names of the sets that a layered standard was made of.
    """

    name: str
    document: str
    title: str
    title_zh: str
    jurisdiction: str
    rules: tuple[Rule, ...]
    jurisdiction_zh: str = ""
    note: str = ""
    note_zh: str = ""
    superseded_by: str = ""
    sources: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    def find(self, subject: str, stage: str, *, kind: str | None = None, classes: float | None = None) -> Rule | None:
        """Return the first rule on a subject and stage, or None; a rule on all stages fits every stage.

        `kind` and `classes` leave out rules on other kinds and sizes of schools.
        """
        return next(iter(self.find_all(subject, stage, kind=kind, classes=classes)), None)

    def find_all(
        self, subject: str, stage: str, *, kind: str | None = None, classes: float | None = None
    ) -> tuple[Rule, ...]:
        """Return every rule on a subject and stage, as `find`; a rule on the kind asked for displaces general ones."""
        found = [rule for rule in self.rules if rule.subject == subject and rule.stage in {"", stage}]
        own = {(rule.origin, rule.level) for rule in found if kind is not None and rule.kind == kind}
        return tuple(
            rule
            for rule in found
            if rule.fits(kind=kind, classes=classes) and (rule.kind or (rule.origin, rule.level) not in own)
        )

    @property
    def replaced(self) -> tuple[Rule, ...]:
        """The rules whose value a study replaced or added: a report must show them with their reason."""
        return tuple(rule for rule in self.rules if rule.replaced is not None)
