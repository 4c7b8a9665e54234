"""What an assignment is answered with: the plan, its certificate, and what people ask of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edulayout.assignment.claims import Claims
from edulayout.assignment.verifying import verify
from edulayout.fixedpoint import total

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.assignment.claims import Certificate
    from edulayout.costs import TravelCosts


class Assignment(Claims):
    """Which pupils go to which school, and the proof of how good that is.

    Parameters
    ----------
    plan
        Indexed by (`demand_id`, `school_id`), sorted: `pupils`, and the cost of one of them in a column named after
        the unit (`metres` or `minutes`). Only pairs with pupils.
    schools
        Indexed by `school_id`: `seats`, `pupils`, `free`; `seat_price`, what one more seat there saves in all
        (pupil-metres where costs are metres); `seats_one_more`, whether it also seats a pupil who has no seat: then
        the price says what the others save, and is negative where they walk farther.
    left_over
        Indexed by `demand_id`: `pupils` without a seat; `reason` (`no school within reach`, `no seat left`);
        `nearest_school` and its cost, missing where none is within reach.
    objective
        Cost of all who are seated, the charge for moving included.
    bound
        No plan that leaves out no more than `unassigned_bound` has a lower objective.
    unassigned, unassigned_bound
        Pupils without a seat; no plan leaves fewer.
    gap
        (objective - bound) / objective; infinite where more pupils are left out than is proven to be necessary.
    status
        `optimal` only where both bounds are reached; `feasible` otherwise.
    method
        What ran.
    total_cost
        What the seated pupils travel, without charges.
    moved
        Pupils who are seated elsewhere than at today's school, of those who have one.
    rounding
        Pupils given minus pupils counted: less than half a unit. Rows are rounded so that their total is kept.
    grain
        Costs are counted in multiples of this; the optimum is exact for the costs so rounded.
    cost_unit
        Unit of the costs.
    terms
        The conditions, the unit of pupils among them.
    """

    def __repr__(self) -> str:
        found = f"objective {self.objective:.10g}, bound {self.bound:.10g}, {self.status}"
        return f"Assignment({self.assigned:.10g} pupils seated, {self.unassigned:.10g} not, {found})"

    @property
    def assigned(self) -> float:
        """Pupils with a seat."""
        return total(self.plan["pupils"].to_numpy(np.float64))

    @property
    def mean_cost(self) -> float:
        """What a seated pupil travels; NaN where nobody is seated."""
        return self.total_cost / self.assigned if self.assigned else math.nan

    @property
    def seat_prices(self) -> pd.Series[float]:
        """What one more seat at each school saves; see `schools`."""
        return self.schools["seat_price"]

    @property
    def school_of(self) -> pd.Series[str]:
        """The school that most pupils of each row attend, by `demand_id`; ties go to the lower id."""
        ordered = self.plan.reset_index().sort_values("pupils", ascending=False, kind="stable")
        first = ordered.drop_duplicates("demand_id").set_index("demand_id")["school_id"]
        return first.sort_index()

    def beyond(self, distance: float) -> pd.DataFrame:
        """Return the part of the plan in which pupils travel more than a distance, the farthest first.

        Parameters
        ----------
        distance
            In the unit of the costs; exactly at it is not beyond.
        """
        far = self.plan[self.plan[self.cost_unit] > float(np.float32(distance))]
        return far.sort_values(self.cost_unit, ascending=False, kind="stable")

    def missing_seats(self) -> pd.Series[float]:
        """Return how many seats are missing, by the school nearest to those who are left over, the most first.

        Those with no school within reach are not part of it: a seat would not help them.
        """
        short = self.left_over[self.left_over["reason"] == "no seat left"]
        sums = short.groupby("nearest_school", sort=True)["pupils"].sum()
        return sums.rename_axis("school_id").rename("missing_seats").sort_values(ascending=False, kind="stable")

    def verify(self, costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float]) -> Certificate:
        """Check everything again from the arguments of `assign`, without the solver.

        In one pass: all pupils are accounted for, seats, limit and fixed pairs are kept, sums are right, and the seat
        prices prove the bounds (weak duality and complementary slackness).

        Raises
        ------
        InputError
            Where something does not hold; one fault for each claim.
        """
        return verify(self, costs, pupils, seats)
