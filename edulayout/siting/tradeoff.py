"""Two goals that pull apart: every plan that none beats in both, each with its certificate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.errors import Fault, InfeasibleError, InputError
from edulayout.siting.mip.checking import read_question
from edulayout.siting.mip.choosing import answer
from edulayout.siting.mip.explain import require_counts
from edulayout.siting.mip.goals import Limit
from edulayout.siting.mip.question import Terms
from edulayout.siting.rules import read_limits
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.goals import Count, Objective
    from edulayout.siting.mip.plan import Plan
    from edulayout.siting.mip.question import Question
    from edulayout.siting.rules import Limits
    from edulayout.typing import Progress

_DUST = 1e-9


@dataclass(frozen=True, eq=False)
class TradeOff:
    """Plans from best in the first goal to best in the second; none is beaten in both by more than `step`.

    Parameters
    ----------
    plans
        The plans; each was the best in the first goal among those that reach its value of the second.
    goals
        The two goals.
    complete
        Whether there are no further such plans: False where `most` ended the search or a plan is not proven.
    """

    plans: tuple[Plan, ...]
    goals: tuple[Objective, Objective]
    complete: bool

    @property
    def table(self) -> pd.DataFrame:
        """One line for each plan: the value of both goals, the options opened, the gap of its proof."""
        first, second = (type(goal).__name__ for goal in self.goals)
        names = [first, second if second != first else f"{second} 2", "opened", "gap"]
        rows = [(*_values(plan), "; ".join(plan.opened), plan.gap) for plan in self.plans]
        return pd.DataFrame(rows, columns=names)


def trade_off(  # noqa: PLR0913 - as choose
    costs: TravelCosts,
    pupils: pd.Series[float] | pd.DataFrame,
    options: pd.DataFrame,
    *,
    goals: tuple[Objective, Objective],
    step: float,
    most: int = 20,
    counts: Sequence[Count] = (),
    budget: float | None = None,
    closures: int | None = None,
    apart: Sequence[tuple[str, str]] = (),
    split: bool = True,
    gap: float = 0.0,
    time_limit: float | None = None,
    progress: Progress = quiet,
) -> TradeOff:
    """Return the plans between two goals, exactly: the first made best while the second is held ever higher.

    Parameters
    ----------
    costs, pupils, options, counts, budget, closures, apart, split, gap
        As in `choose`.
    goals
        The two goals, such as `Distance()` and `Coverage(500)`, or `Distance()` and `WorstDistrict(...)`.
    step
        The smallest difference in the second goal that counts, in its unit, > 0.
    most
        How many plans at most.
    time_limit
        Seconds for each plan.
    progress
        Called with what is done.

    Returns
    -------
    TradeOff
        The plans, from best in the first goal to best in the second.

    Raises
    ------
    InputError, InfeasibleError
        As `choose`; where `step` is not positive.

    Notes
    -----
    The epsilon-constraint method (Haimes, Lasdon and Wismer 1971): at most twice as many solves as plans.

    Examples
    --------
    Twenty pupils at 0, ten at 100, one at 300 m, one school: at 0 most walk nothing, at 100 everybody is within 200.

    >>> import pandas as pd, edulayout as el
    >>> from edulayout.siting import Count, Coverage, Distance
    >>> costs = el.TravelCosts.from_dense([[0, 100], [100, 0], [300, 200]], demand_ids=["a", "b", "c"],
    ...                                   school_ids=["s0", "s100"], unit="metres")
    >>> found = trade_off(costs, pd.Series({"a": 20.0, "b": 10.0, "c": 1.0}), pd.DataFrame(index=["s0", "s100"]),
    ...                   goals=(Distance(), Coverage(200.0)), step=1.0, counts=[Count(1, 1)])
    >>> found.table
       Distance  Coverage opened  gap
    0    1300.0      30.0     s0  0.0
    1    2200.0      31.0   s100  0.0
    """
    if not step > 0:
        raise InputError(
            Fault("siting", f"step = {step!r}", "a number > 0", "give the smallest difference that counts")
        )
    terms = Terms(
        goals[0], tuple(counts), budget, closures, tuple(apart), split, (Limit(goals[1], _no_limit(goals[1])),)
    )
    question = read_question(costs, pupils, options, terms=terms)
    require_counts(question)
    search = _Search(question, goals, read_limits(gap, time_limit, 0), step, progress)
    return search.run(most)


def _no_limit(goal: Objective) -> float:
    """Return a value that every plan reaches; finite, so that arithmetic with it is."""
    return 1e15 if goal.sense == "minimise" else -1e15


def _values(plan: Plan) -> tuple[float, float]:
    """Return the value of both goals in their order, whichever of them was the objective."""
    return plan.values[0], plan.values[1]


@dataclass(frozen=True, eq=False)
class _Search:
    question: Question
    goals: tuple[Objective, Objective]
    limits: Limits
    step: float
    progress: Progress

    def run(self, most: int) -> TradeOff:
        """Go from the best of the first goal on, the second held better by a step each time."""
        plans = [self._best_second(self._ask(None))]
        while len(plans) < most:
            self.progress("siting: plans", len(plans), most)
            better = self.step if self.goals[1].sense == "maximise" else -self.step
            try:
                plans.append(self._best_second(self._ask(_values(plans[-1])[1] + better)))
            except InfeasibleError:
                return TradeOff(tuple(plans), self.goals, all(plan.status == "optimal" for plan in plans))
        return TradeOff(tuple(plans), self.goals, complete=False)

    def _ask(self, second: float | None) -> Plan:
        value = _no_limit(self.goals[1]) if second is None else second
        return self._solve(replace(self.question.terms, limits=(Limit(self.goals[1], value),)), why=second is None)

    def _best_second(self, plan: Plan) -> Plan:
        """Return the plan that is best in the second goal among those as good in the first, with the first's proof."""
        first, slack = plan.objective, _DUST * max(1.0, abs(plan.objective))
        held = first + slack if self.goals[0].sense == "minimise" else first - slack
        terms = replace(self.question.terms, goal=self.goals[1], limits=(Limit(self.goals[0], held),))
        best = self._solve(terms, why=False).objective
        margin = _DUST * max(1.0, abs(best))
        return self._ask(best - margin if self.goals[1].sense == "maximise" else best + margin)

    def _solve(self, terms: Terms, *, why: bool) -> Plan:
        return answer(replace(self.question, terms=terms), self.limits, progress=self.progress, why=why)
