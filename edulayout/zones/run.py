"""What is known of a question while it is being solved: plans, bounds, when to stop; and what is handed back."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, FloatArray, IntArray, Progress
    from edulayout.zones.bounding import Relaxation
    from edulayout.zones.question import Question

StopReason = Literal["proved", "gap", "time", "effort", "interrupt"]

OPTIMAL = 1e-9
"""Relative difference of objective and bound up to which a plan is called optimal."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the solver found: zone of every block, its value, pupils over the limits, bounds and what proves them."""

    zone: IntArray
    value: float
    over: float
    bound: float
    root: float
    cut: float
    price: FloatArray
    tilt: FloatArray
    bridges: int
    choices: int
    programme: bool
    nodes: int
    cuts: int
    least_over: float | None
    least_tolerance: float | None
    stop_reason: StopReason
    seconds: float


@dataclass(frozen=True)
class Effort:
    """When to stop: relative gap, how much is tried (1 by default), the time at which it has to be over."""

    gap: float
    much: float
    until: float

    def times(self, number: int) -> int:
        """Return so many tries, by effort."""
        return max(round(number * self.much), 1)


class StopError(Exception):
    """The gap asked for is reached, or the time is over."""

    def __init__(self, reason: StopReason) -> None:
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Plan:
    """Whole zones, and the pairs that they were sought among; ordered by pupils over the limits, then by cost."""

    zone: IntArray
    value: tuple[float, float]
    allowed: FloatArray


@dataclass(eq=False)
class Run:
    """What is known so far; plans are replaced whole."""

    question: Question
    effort: Effort
    random: AnyArray
    progress: Progress
    seats: Relaxation
    cut: Relaxation
    bound: float
    plans: list[Plan] = field(default_factory=list)
    bridges: int = 0
    choices: int = 0
    programme: bool = False
    nodes: int = 0
    cuts: int = 0
    least_over: float | None = None
    least_tolerance: float | None = None

    @property
    def best(self) -> Plan:
        """The best plan so far."""
        return self.plans[0]

    @property
    def fits(self) -> bool:
        """Whether the best zones keep the seats."""
        return self.best.value[0] <= 0.0

    @property
    def cost(self) -> float:
        """What the best zones cost that keep the seats, infinity where none do."""
        return self.best.value[1] if self.plans and self.fits else math.inf

    def check(self) -> None:
        """Stop where the zones are good enough, or the time is over."""
        if relative_gap(self.cost, self.bound) <= max(OPTIMAL / 2, self.effort.gap):
            raise StopError("gap")
        if time.perf_counter() > self.effort.until:
            raise StopError("time")

    def keep(self, plan: Plan) -> None:
        """Keep a plan that is better than the best."""
        if not self.plans or plan.value < self.best.value:
            self.plans = [plan]

    def proven(self, bound: float) -> None:
        """Take a bound, which is not above what the best zones cost."""
        self.bound = max(self.bound, min(bound, self.cost))


def relative_gap(objective: float, bound: float) -> float:
    """Return how far the bound is below the objective, relative to the objective.

    Examples
    --------
    >>> relative_gap(200.0, 190.0), relative_gap(0.0, 0.0)
    (0.05, 0.0)
    """
    if objective <= bound:
        return 0.0
    return (objective - bound) / objective if 0.0 < objective < math.inf else math.inf
