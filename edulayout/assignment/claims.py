"""What an assignment says of itself, and what a check of it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.assignment.terms import Terms
    from edulayout.typing import Unit


@dataclass(frozen=True)
class Certificate:
    """What the check of an assignment found to hold.

    Parameters
    ----------
    objective, unassigned
        Summed again from the plan.
    proven_bound, proven_unassigned
        What the seat prices prove: no plan leaves fewer pupils out, and none that leaves as few out has a lower
        objective.
    claimed_bound
        What the result says; where it says more than the prices prove, an exact search over whole rows proved the
        rest, which is not checked here.

    Examples
    --------
    >>> print(Certificate(900.0, 0.0, 900.0, 0.0, 900.0))
    objective 900 and 0 without a seat hold; the seat prices prove at least 900 and 0: optimal
    """

    objective: float
    unassigned: float
    proven_bound: float
    proven_unassigned: float
    claimed_bound: float

    @property
    def complete(self) -> bool:
        """Whether the prices alone prove that nothing is better."""
        return self.unassigned == self.proven_unassigned and self.objective == self.proven_bound

    def __str__(self) -> str:
        found = f"objective {self.objective:.10g} and {self.unassigned:.10g} without a seat hold"
        proven = f"the seat prices prove at least {self.proven_bound:.10g} and {self.proven_unassigned:.10g}"
        return f"{found}; {proven}{': optimal' if self.complete else ''}"


@dataclass(frozen=True, eq=False)
class Claims:
    """The fields of an `Assignment`, which documents them; the check reads them without what is derived."""

    plan: pd.DataFrame
    schools: pd.DataFrame
    left_over: pd.DataFrame
    objective: float
    bound: float
    unassigned: float
    unassigned_bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    method: str
    total_cost: float
    moved: float
    rounding: float
    grain: float
    cost_unit: Unit
    terms: Terms
