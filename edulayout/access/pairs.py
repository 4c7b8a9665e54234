"""What every measure starts from: the weighted pairs of a cost table, checked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.kernels.access import totals

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.decay import Decay
    from edulayout.typing import FloatArray, Int32Array

_RELATIVE_ROUNDING = 1e-6
"""A cutoff stored as float32 may lie below the one that was typed."""


class Pairs(NamedTuple):
    """Pairs with their weights, and what stands at both ends of them.

    `rows`, `columns`, `weights` have one entry a pair; `pupils` one a demand place, `seats` one a school.
    """

    rows: Int32Array
    columns: Int32Array
    weights: FloatArray
    pupils: FloatArray
    seats: FloatArray

    def at_schools(self, factors: FloatArray) -> FloatArray:
        """Return for each school the sum of weight × factor of the places that reach it."""
        return totals(self.columns, self.rows, factors, self.weights, len(self.seats))

    def at_places(self, factors: FloatArray) -> FloatArray:
        """Return for each place the sum of weight × factor of the schools that it reaches."""
        return totals(self.rows, self.columns, factors, self.weights, len(self.pupils))

    def squared(self) -> Pairs:
        """Return the same pairs, each weighing the square."""
        return self._replace(weights=self.weights * self.weights)


def weighted(costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], decay: Decay) -> Pairs:
    """Check everything that a measure is given, all faults at once, and weigh the pairs.

    Raises
    ------
    InputError
        Where pupils or seats do not fit the costs, are missing, negative or infinite; where the decay is in another
        unit or reaches farther than the costs do; where it returns anything but a finite weight ≥ 0 a pair.
    """
    crowd, room = ends(costs, pupils, seats, faults := list(_decay_faults(costs, decay)))
    if faults:
        raise InputError(*faults)
    weights = np.asarray(decay(costs.values), dtype=np.float64)
    if weights.shape != costs.values.shape or not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError(
            Fault("decay", f"{decay} gave weights that are none", "one finite weight ≥ 0 a pair", "correct the decay")
        )
    return Pairs(rows_of(costs), costs.indices, weights, crowd, room)


def rows_of(costs: TravelCosts) -> Int32Array:
    """Return the row of every pair as int32, half the memory of `TravelCosts.row_numbers`."""
    return np.repeat(np.arange(costs.shape[0], dtype=np.int32), np.diff(costs.indptr))


def ends(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], faults: list[Fault]
) -> tuple[FloatArray, FloatArray]:
    """Return pupils and seats in the order of the costs; what is wrong with them is added to the faults."""
    return _aligned("pupils", pupils, costs.demand_ids, faults), _aligned("seats", seats, costs.school_ids, faults)


def _aligned(source: str, values: pd.Series[float], ids: pd.Index[str], faults: list[Fault]) -> FloatArray:
    if not values.index.is_unique:
        twice = tuple(map(str, values.index[values.index.duplicated()]))
        faults.append(Fault(source, "ids that stand twice", f"every {ids.name} once", "add the rows up first", twice))
        return np.zeros(len(ids))
    strange = values.index.symmetric_difference(ids, sort=False)
    if len(strange):
        faults.append(
            Fault(
                source,
                f"{len(values)} rows for {len(ids)} in the costs",
                f"the same {ids.name} in both",
                "take rows and costs of the same places: `costs.select_schools` or `.loc`",
                tuple(map(str, strange)),
            )
        )
        return np.zeros(len(ids))
    numbers = np.asarray(values.reindex(ids), dtype=np.float64)
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    if wrong.any():
        faults.append(
            Fault(
                source,
                "missing, negative or infinite numbers",
                "finite numbers ≥ 0",
                "fill what is known, leave out what is not",
                tuple(ids[wrong]),
            )
        )
    return numbers


def _decay_faults(costs: TravelCosts, decay: Decay) -> list[Fault]:
    faults = []
    unit, reach = getattr(decay, "unit", None), getattr(decay, "reach", float("inf"))
    if unit is not None and unit != costs.unit:
        faults.append(
            Fault("decay", f"{decay} for costs in {costs.unit}", f"a decay in {costs.unit}", "convert its numbers")
        )
    if costs.cutoff is not None and np.isfinite(reach) and reach > costs.cutoff * (1 + _RELATIVE_ROUNDING):
        faults.append(
            Fault(
                "decay",
                f"{decay}, while costs were computed up to {costs.cutoff:g} {costs.unit} only",
                "costs as far as the decay reaches",
                f"compute the costs with cutoff={reach:g}, or shorten the decay",
            )
        )
    return faults


def share(parts: FloatArray, whole: FloatArray) -> FloatArray:
    """Return parts / whole, and 0 where there is no whole: what nobody reaches goes to nobody."""
    return np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0)


def by_demand(values: FloatArray, costs: TravelCosts, name: str) -> pd.Series[float]:
    """Return values of the rows as a Series indexed by `demand_id`."""
    return pd.Series(values, index=costs.demand_ids, name=name)
