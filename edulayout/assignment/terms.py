"""The conditions of an assignment, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LeastTotal:
    """Seat as many pupils as can be seated; of all ways to do so, take the one with the least total cost."""


@dataclass(frozen=True)
class NearestFirst:
    """Serve pairs of pupils and schools from the nearest to the farthest, while there are seats.

    Of pairs that are equally near, the one whose pupils have the more distant alternative is served first (the
    alternative is their cheapest other school), then the lower `demand_id`. Nobody gives up a seat for another: the
    rule is fair in a way that the least total is not, and costs more; the gap of the result says how much.
    """


Rule: TypeAlias = LeastTotal | NearestFirst


@dataclass(frozen=True, eq=False)
class Terms:
    """The conditions of an assignment, kept with its result so that they can be checked again.

    Parameters
    ----------
    split
        Whether the pupils of one demand row may go to several schools.
    rule
        What was asked for.
    unit
        Pupils are counted in multiples of this.
    limit
        Largest cost allowed, None where there is none; fixed pairs are exempt.
    moving_cost
        What a pupil's leaving the current school is charged, in the unit of the costs.
    fixed
        Pupils by (`demand_id`, `school_id`) who have their seats beforehand.
    current
        Today's school by `demand_id`.
    """

    split: bool
    rule: Rule
    unit: float
    limit: float | None
    moving_cost: float
    fixed: pd.Series[float]
    current: pd.Series[str]
