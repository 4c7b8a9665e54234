"""The verdict: a number found, held against a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edulayout.standards import Range, Rule

if TYPE_CHECKING:
    from edulayout.standards.rules import Bound, Value

Verdict = Literal["fails", "cannot_tell", "meets", "not_applicable"]
ObjectType = Literal["school", "district", "city"]
NAN = float("nan")

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Outcome:
    """What one rule says of one object.

    Parameters
    ----------
    rule
        The rule.
    stage
        The stage that it was looked at for.
    object_type, object_id
        What was looked at: a school, a district or the whole city.
    found
        The number found; NaN where there is none.
    required
        The number, or the range, that the rule asks for there.
    bound
        Which way it binds there.
    unit
        The unit of both.
    pupils
        Pupils touched.
    reason
        What is missing, or worth knowing.
    verdict
        What follows.
    margin, shortfall
        How far on the right side (negative: on the wrong one), in the unit; what is missing as a share of what is
        asked for, 0 where nothing is.
    """

    rule: Rule
    stage: str
    object_type: ObjectType
    object_id: str
    found: float
    required: Value
    bound: Bound
    unit: str
    pupils: float
    reason: str
    verdict: Verdict
    margin: float = NAN
    shortfall: float = 0.0


def margin_of(found: float, required: Value, bound: Bound) -> float:
    """Return how far a number is on the right side of what is required; 0 at it, negative on the wrong side.

    A range that bounds from one side decides by its lenient end, because the document permits every value in it.

    Examples
    --------
    >>> margin_of(48.0, 45.0, "at_most"), margin_of(48.0, Range(40.0, 50.0), "at_most")
    (-3.0, 2.0)
    >>> margin_of(13.0, Range(6.0, 12.0), "within")
    -1.0
    """
    low, high = (required.low, required.high) if isinstance(required, Range) else (required, required)
    sides = []
    if bound in {"at_least", "within"} and low is not None:
        sides.append(found - low)
    if bound in {"at_most", "within"} and high is not None:
        sides.append(high - found)
    margin = min(sides)
    scale = max(1.0, abs(found))
    return 0.0 if abs(margin) <= _ROUNDING * scale else margin


def shortfall_of(margin: float, found: float, required: Value) -> float:
    """Return what is missing as a share of the number missed; the plain number where that is 0.

    Examples
    --------
    >>> shortfall_of(-9.0, 54.0, 45.0), shortfall_of(0.0, 45.0, 45.0), shortfall_of(-0.25, 0.25, 0.0)
    (0.2, 0.0, 0.25)
    """
    if not margin < 0:
        return 0.0
    ends = [required.low, required.high] if isinstance(required, Range) else [required]
    missed = min((abs(end) for end in ends if end is not None), key=lambda end: abs(abs(found - end) + margin))
    return -margin / missed if missed else -margin
