"""What the check of a plan found to hold, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLERANCE = 1e-9
"""Relative difference up to which two sums of the same are taken as equal."""


@dataclass(frozen=True)
class Certificate:
    """What the check of a plan found to hold.

    Parameters
    ----------
    objective
        The objective, summed again.
    proven_bound, proven_gap
        What the prices of the seats prove: no plan within the rules costs less; how far the objective is above it.
    claimed_bound, claimed_gap
        What the plan says; where it says more than the prices prove, contiguity cuts, decisions on bridges or the 0-1
        programme proved the rest, which is not checked here. Both gaps are infinite where a limit is passed: a plan
        over its limits may cost less than any within them.
    over, tolerance_needed
        Pupils beyond the limits, and the least tolerance with which the plan keeps them.
    least_over, least_tolerance
        What the 0-1 programme says of every plan: the least of both, None where it said nothing; not repeated here.

    Examples
    --------
    >>> print(Certificate(3000.0, 2970.0, 0.01, 3000.0, 0.0))
    every zone is whole and the loads hold; objective 3000; the prices prove that nothing is below 2970 (gap 1.000 %);
    the bound of 3000 (gap 0.000 %) rests on contiguity cuts, bridges or the 0-1 programme, not repeated here
    >>> print(Certificate(6828.0, 7121.0, math.inf, 7121.0, math.inf, 5.0, 0.142857, 5.0, 0.111111))
    every zone is whole, but 5 pupils are beyond the limits: the plan keeps them with a tolerance of 0.1429; objective
    6828, which no bound measures; in any plan at least 5 are beyond them, and none keeps them with a tolerance below
    0.1112 (the 0-1 programme, not repeated here)
    """

    objective: float
    proven_bound: float
    proven_gap: float
    claimed_bound: float
    claimed_gap: float
    over: float = 0.0
    tolerance_needed: float = 0.0
    least_over: float | None = None
    least_tolerance: float | None = None

    @property
    def complete(self) -> bool:
        """Whether the prices alone prove the bound that is claimed."""
        return close(self.proven_bound, self.claimed_bound)

    def __str__(self) -> str:
        return self._shortage() if self.over > 0 else self._proof()

    def _proof(self) -> str:
        proven = f"nothing is below {self.proven_bound:.10g} (gap {100 * self.proven_gap:.3f} %)"
        text = (
            f"every zone is whole and the loads hold; objective {self.objective:.10g}; the prices prove that {proven}"
        )
        if self.complete:
            return text
        rest = f"the bound of {self.claimed_bound:.10g} (gap {100 * self.claimed_gap:.3f} %)"
        return f"{text};\n{rest} rests on contiguity cuts, bridges or the 0-1 programme, not repeated here"

    def _shortage(self) -> str:
        """Say how far the limits are passed; no bound, since none holds for such a plan."""
        text = (
            f"every zone is whole, but {self.over:.10g} pupils are beyond the limits: "
            f"{_kept(self.tolerance_needed)}; objective\n{self.objective:.10g}, which no bound measures"
        )
        if self.least_over is None:
            return f"{text}; the prices prove that no plan within the limits is below {self.proven_bound:.10g}"
        text += f"; in any plan at least {self.least_over:.10g} are beyond them"
        if self.least_tolerance is not None:
            text += f", and none keeps them with a tolerance below\n{rounded_up(self.least_tolerance)}"
        return f"{text} (the 0-1 programme, not repeated here)"


def _kept(tolerance: float) -> str:
    if math.isinf(tolerance):
        return "no tolerance lets pupils into a zone without seats"
    return f"the plan keeps them with a tolerance of {rounded_up(tolerance)}"


def rounded_up(tolerance: float) -> str:
    """Return a tolerance in words: in steps of 0.0001, never less than it is.

    Examples
    --------
    >>> rounded_up(1 / 9), rounded_up(0.25)
    ('0.1112', '0.25')
    """
    steps = 10_000 * tolerance
    return f"{math.ceil(steps - 1e-6) / 10_000:.10g}"


def gap_of(objective: float, bound: float) -> float:
    """Return how far the objective is above the bound, relative to the objective."""
    if objective <= bound:
        return 0.0
    return (objective - bound) / objective if objective else math.inf


def close(one: float, other: float) -> bool:
    """Return whether two sums are the same but for rounding."""
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-6)


def at_most(low: float, high: float) -> bool:
    """Return whether one sum is not above another, but for rounding."""
    return low <= high or close(low, high)
