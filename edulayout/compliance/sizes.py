"""Rules that come as a table by the size of a school: which figure a school falls under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.standards import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edulayout.standards import Rule
    from edulayout.standards.rules import Value


@dataclass(frozen=True)
class Family:
    """Rules that differ in the size of the school only; most are alone.

    Parameters
    ----------
    rules
        In the order of the standard.
    """

    rules: tuple[Rule, ...]

    @property
    def head(self) -> Rule:
        """The rule that stands for all."""
        return self.rules[0]

    @property
    def by_size(self) -> bool:
        """Whether the value depends on the size of the school."""
        return self.head.classes is not None


class Figure(NamedTuple):
    """The rule that stands for a size and what it asks for; nothing where the table does not reach so far."""

    rule: Rule
    required: Value | None
    remark: str = ""


def families(rules: Iterable[Rule]) -> list[Family]:
    """Return the rules, those of one table together, in their order."""
    found: dict[tuple[object, ...], list[Rule]] = {}
    for position, rule in enumerate(rules):
        table = rule.classes is not None
        key = (rule.origin, rule.subject, rule.stage, rule.kind, rule.level, rule.clause, None if table else position)
        found.setdefault(key, []).append(rule)
    return [Family(tuple(together)) for together in found.values()]


def figure(family: Family, classes: float, *, say: Callable[..., str]) -> Figure:
    """Return what a table asks of a school of some classes.

    Between two sizes, every value between their figures is permitted: the documents name sizes in steps. `say` puts a
    remark into words.
    """
    if not family.by_size:
        return Figure(family.head, family.head.value)
    for rule in family.rules:
        if rule.classes is not None and classes in rule.classes:
            return Figure(rule, rule.value)
    below = max(((_end(rule), rule) for rule in family.rules if _end(rule) < classes), default=None, key=_first)
    above = min(((_begin(rule), rule) for rule in family.rules if _begin(rule) > classes), default=None, key=_first)
    if below is None or above is None:
        return _beyond(family, classes, say)
    ends = sorted(_number(rule, lenient=rule.limit) for _, rule in (below, above))
    code = "between_most" if family.head.bound == "at_most" else "between"
    remark = say(code, classes=f"{classes:g}", below=f"{below[0]:g}", above=f"{above[0]:g}")
    return Figure(below[1], Range(ends[0], ends[1]), remark)


def _beyond(family: Family, classes: float, say: Callable[..., str]) -> Figure:
    least, most = min(map(_begin, family.rules)), max(map(_end, family.rules))
    code = "below_table" if classes < least else "above_table"
    return Figure(family.head, None, say(code, classes=f"{classes:g}", least=f"{least:g}", most=f"{most:g}"))


def _first(pair: tuple[float, Rule]) -> float:
    return pair[0]


def _number(rule: Rule, *, lenient: float) -> float:
    return lenient if isinstance(rule.value, Range) else float(rule.value)


def _begin(rule: Rule) -> float:
    return -np.inf if rule.classes is None or rule.classes.low is None else rule.classes.low


def _end(rule: Rule) -> float:
    return np.inf if rule.classes is None or rule.classes.high is None else rule.classes.high
