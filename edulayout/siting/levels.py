"""What the goal makes of every pair of the costs: does it count, and what is it charged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.siting.rules import Decay, Goal
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray

_PART = 1 << 20


@dataclass(frozen=True, eq=False)
class Levels:
    """The pairs of the costs as the kernels read them.

    Parameters
    ----------
    level
        What decides of every pair, shape (pairs,): its cost, or what its share of coverage lacks of one.
    limit
        A pair counts where its level is at most this.
    flat
        Whether a pair that counts is charged nothing; otherwise it is charged its level.
    outside
        What a row is charged where no open site counts for it.
    """

    level: Float32Array
    limit: float
    flat: bool
    outside: float

    def arrays(self, costs: TravelCosts) -> tuple[IntArray, Int32Array, Float32Array, float, bool]:
        """Return the first five arguments of the kernels."""
        return costs.indptr, costs.indices, self.level, self.limit, self.flat


def read_levels(costs: TravelCosts, goal: Goal) -> Levels:
    """Return the levels of all pairs under a goal.

    Raises
    ------
    InputError
        Where the decay is meant for another unit, or gives no shares.
    """
    if goal.decay is not None:
        unit = getattr(goal.decay, "unit", None)
        if unit not in {None, costs.unit}:
            raise InputError(Fault("decay", f"{goal.decay} for {costs.unit}", f"costs in {unit}", "give the other one"))
        return Levels(_lacking(costs.values, goal.decay), float(np.nextafter(np.float32(1), np.float32(0))), False, 1.0)
    if goal.unreachable_cost is not None:
        return Levels(costs.values, np.inf, flat=False, outside=goal.unreachable_cost)
    assert goal.radius is not None
    return Levels(costs.values, float(np.float32(goal.radius)), flat=True, outside=1.0)


def _lacking(values: Float32Array, decay: Decay) -> Float32Array:
    """Return 1 - decay of every cost, part by part, so that memory stays that of one array."""
    lacking = np.empty(len(values), dtype=np.float32)
    for start in range(0, len(values), _PART):
        part = values[start : start + _PART].astype(np.float64)
        share = np.asarray(decay(part), dtype=np.float64)
        _check_shares(part, share)
        lacking[start : start + _PART] = 1.0 - share
    return lacking


def _check_shares(part: FloatArray, share: FloatArray) -> None:
    if share.shape == part.shape and ((share >= 0) & (share <= 1)).all():
        return
    found = f"shape {share.shape}" if share.shape != part.shape else f"shares such as {_strange(share):g}"
    expected = "one share between 0 and 1 for every cost"
    raise InputError(Fault("decay", found, expected, "give a function of costs, such as el.decay.Linear(800)"))


def _strange(share: FloatArray) -> float:
    return float(share[~((share >= 0) & (share <= 1))][0])
