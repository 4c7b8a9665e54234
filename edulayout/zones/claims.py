"""What a plan of zones says of itself; the check needs no more than this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from edulayout.zones.question import tolerance_of

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.zones.question import Rules
    from edulayout.zones.run import StopReason


@dataclass(frozen=True, eq=False)
class Claims:
    """The fields of `Zones`, which tells what they mean."""

    assignment: pd.Series[str]
    set_aside: pd.Series[str]
    load: pd.Series[float]
    seats: pd.Series[float]
    limit: pd.Series[float]
    objective: float
    walk: float
    moved: float
    imbalance: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible", "overloaded"]
    over: float
    least_over: float | None
    least_tolerance: float | None
    stop_reason: StopReason
    seat_price: pd.Series[float]
    tilt: pd.Series[float]
    root_bound: float
    cut_bound: float
    choices: int
    programme: bool
    nodes: int
    cuts: int
    method: str
    seconds: float
    asked_gap: float
    effort: float
    seed: int
    rules: Rules

    @property
    def tolerance_needed(self) -> float:
        """The least tolerance with which this plan keeps its limits: of its fullest zone, 0 where none is too full."""
        return tolerance_of(np.asarray(self.load, dtype=np.float64), np.asarray(self.seats, dtype=np.float64))
