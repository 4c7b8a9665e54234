"""How far a bound is from an objective, and why a search ended."""

from __future__ import annotations

import math
from typing import Literal

StopReason = Literal["proved", "gap", "time", "interrupt"]

OPTIMAL = 1e-9
"""Relative difference of objective and bound up to which a result is called optimal."""


def relative_gap(objective: float, bound: float) -> float:
    """Return how far the bound is from the objective, relative to the objective.

    Examples
    --------
    >>> relative_gap(200.0, 190.0), relative_gap(0.0, 0.0)
    (0.05, 0.0)
    """
    distance = abs(objective - bound)
    if distance == 0:
        return 0.0
    return distance / abs(objective) if objective else math.inf
