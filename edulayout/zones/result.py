"""What a question of zones is answered with: the plan and its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.zones.claims import Claims
from edulayout.zones.verifying import verify

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.zones.certificate import Certificate
    from edulayout.zones.neighbours import Adjacency


@dataclass(frozen=True, eq=False)
class Zones(Claims):
    """Attendance zones: a school for every block, and the proof of how good the plan is.

    Parameters
    ----------
    assignment
        The school of every block, by `demand_id`, in the order of the costs; missing for blocks that are set aside.
    set_aside
        Why a block has no zone, by `demand_id`; such blocks are reported, never hidden.
    load, seats, limit
        Pupils in the zone, seats, and pupils that it may hold, by `school_id`.
    objective
        Pupils × way (plus moving and imbalance, where they are charged), over all blocks with a zone.
    walk, moved, imbalance
        Its parts: pupils × way; pupils who change school; members too many or too few, over all zones.
    bound
        No contiguous plan within the rules and the limits costs less; one that is over its limits may.
    gap
        (objective - bound) / objective; infinite where the plan is over its limits.
    status
        `optimal` only where objective and bound differ by at most 1e-9, relative; `feasible`; or `overloaded`: no plan
        within the limits was found, this one is the least over that was.
    over
        Pupils beyond the limits, summed; 0 unless overloaded.
    least_over
        Where it is proven that every plan is over its limits: by how many pupils at least. None otherwise.
    least_tolerance
        Where that is proven: the least tolerance with which some plan keeps its limits. None otherwise.
    stop_reason
        `proved`, `gap` (asked for, reached), `time`, `effort` (all that is tried by default), `interrupt`.
    seat_price
        What one more seat at the school is worth, in the unit of the costs, by `school_id`: the multipliers that alone
        prove `root_bound`.
    tilt
        The multipliers of the imbalance, by `school_id`.
    root_bound
        What the prices prove.
    cut_bound
        What the prices prove together with contiguity cuts. Where `bound` is above it, the rest was proved by deciding
        whose zone uses each bridge (`choices`), or by the 0-1 programme.
    choices
        Sets of decisions on bridges that were bounded.
    programme, nodes, cuts
        Whether the 0-1 programme was asked, its nodes and its contiguity cuts.
    method, seconds
        What ran, how long.
    asked_gap, effort, seed
        The gap that was asked for, how much was tried, and the start of the random part of the search.
    rules
        The question.
    """

    def __repr__(self) -> str:
        proof = f"bound {self.bound:.10g}, gap {self.gap:.2%}"
        if self.over > 0:
            proof = f"{self.over:.10g} pupils beyond the limits"
        found = f"objective {self.objective:.10g}, {proof}"
        aside = f", {len(self.set_aside)} set aside" if len(self.set_aside) else ""
        blocks = int(self.assignment.notna().sum())
        return f"Zones({blocks} blocks to {len(self.load)} schools{aside}, {found}, {self.status}, {self.stop_reason})"

    def table(self) -> pd.DataFrame:
        """Return one row a school: pupils, seats, limit, share of seats taken, price of a seat."""
        return pd.DataFrame(
            {
                "pupils": self.load,
                "seats": self.seats,
                "limit": self.limit,
                "load_ratio": (self.load / self.seats).where(self.seats > 0),
                "seat_price": self.seat_price,
            }
        )

    def verify(
        self, costs: TravelCosts, adjacency: Adjacency, *, pupils: pd.Series[float], seats: pd.Series[float]
    ) -> Certificate:
        """Check everything again from costs, adjacency, pupils and seats, without the solver.

        Every zone is whole and holds its school's home, the rules and the limits are kept, pupils are conserved, the
        sums are right, whoever is set aside had to be, and the prices prove `root_bound`. O(blocks × schools).

        Raises
        ------
        InputError
            Where something does not hold; one fault for each claim, with what was claimed and what was found.
        """
        return verify(self, costs, adjacency, pupils, seats)
