"""What a siting question is answered with: the choice, and the proof of how good it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.siting.certificate import Statement, check

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.siting.certificate import Certificate


class Siting(Statement):
    """Which sites to open, and the proof of how good that is.

    Parameters
    ----------
    opened
        Ids of the new sites, sorted.
    existing
        Ids of the sites that were open anyway, sorted.
    assignment
        The nearest open site of every demand row, indexed by `demand_id`; ties go to the lower id. Missing where no
        open site is reached (coverage: none within the radius).
    objective
        p-median: weight times cost, summed over the demand that some site reaches (pupil-metres for costs in metres).
        Coverage: the weight within the radius of an open site.
    bound
        No choice that keeps the rules has a lower objective (coverage: a higher one).
    gap
        |objective - bound| / objective.
    status
        `optimal` only where objective and bound differ by at most 1e-9, relative; `feasible` otherwise.
    stop_reason
        `proved` (optimal), `gap` (the gap asked for is reached), `time` (the time limit), `interrupt` (Ctrl-C).
    seconds
        Wall time of the solver.
    seed
        Start of the random part of the search.
    multipliers
        The Lagrangian multiplier of every demand row, in the unit of the costs (coverage: between 0 and 1). They alone
        prove `root_bound`.
    root_bound
        What the multipliers prove; where it is weaker than `bound`, branch and bound proved the rest.
    nodes
        Smaller problems that branch and bound looked at, 0 where the multipliers were enough.
    unreachable_cost
        What p-median charged for demand that some site reaches but no open one; None for coverage.
    unreachable_weight
        Weight of the demand that no existing site and no candidate reaches (coverage: within the radius). It is not
        part of the objective.
    charged_weight
        Weight of the demand that was charged `unreachable_cost`.
    sense
        `minimise` or `maximise`.
    method
        What ran.
    rules, goal
        The question: candidates, groups and quotas; what was measured.
    """

    def __repr__(self) -> str:
        found = f"objective {self.objective:.10g}, bound {self.bound:.10g}, gap {self.gap:.2%}"
        return f"Siting({self.goal.name}: {len(self.opened)} new, {found}, {self.status}, {self.stop_reason})"

    def verify(self, costs: TravelCosts, weights: pd.Series[float] | None = None) -> Certificate:
        """Check everything again from the costs and the weights, without the solver.

        Weights may be left out only where the question was asked without.

        In one pass: the rules are kept, every assignment is nearest, objective and weights are right, and the
        multipliers prove `root_bound`. What only the tree proved is named in the certificate, not checked.

        Raises
        ------
        InputError
            Where something does not hold; one fault for each claim, with what was claimed and what was found.
        """
        return check(self, costs, weights)
