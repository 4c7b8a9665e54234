"""The question and its answer: `assign`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.assignment.answering import answer
from edulayout.assignment.question import ask, unit_of
from edulayout.assignment.solving import Plan, bound, nearest_first, optimum
from edulayout.assignment.terms import LeastTotal, Terms
from edulayout.assignment.whole import whole_rows

if TYPE_CHECKING:
    from edulayout.assignment.question import Question
    from edulayout.assignment.result import Assignment
    from edulayout.assignment.solving import Optimum
    from edulayout.assignment.terms import Rule
    from edulayout.costs import TravelCosts

_NO_PAIRS: pd.Series[float] = pd.Series(
    np.empty(0), index=pd.MultiIndex.from_arrays([[], []], names=["demand_id", "school_id"])
)
_NO_SCHOOLS: pd.Series[str] = pd.Series([], dtype=str, index=pd.Index([], dtype=str))


def assign(  # noqa: PLR0913 - each is a condition of its own, and keyword-only
    costs: TravelCosts,
    pupils: pd.Series[float],
    seats: pd.Series[float],
    *,
    split: bool = True,
    rule: Rule = LeastTotal(),  # noqa: B008 - a frozen value
    limit: float | None = None,
    fixed: pd.Series[float] | None = None,
    current: pd.Series[str] | None = None,
    moving_cost: float = 0.0,
    unit: float | None = None,
    time_limit: float = 60.0,
) -> Assignment:
    """Send pupils to schools with seats: as many as can be seated, at the least total cost of travel.

    Who cannot be seated is reported, never forced anywhere. The split answer is exact, and its seat prices prove it.

    Parameters
    ----------
    costs
        Costs to the schools of one stage; a pair that is absent is never used.
    pupils
        Pupils by `demand_id`, one row for each row of the costs.
    seats
        Seats by `school_id`, one row for each school of the costs; infinity for no limit. A missing number is refused.
    split
        Whether pupils of one demand row may go to several schools. False sends every row whole to one school, exactly
        where HiGHS can prove it, otherwise with a bound and a gap: the result says which.
    rule
        `LeastTotal()`, or `NearestFirst()`: pairs from the nearest, ties to those with the more distant alternative.
    limit
        Largest cost allowed, in the unit of the costs; exactly at it is allowed.
    fixed
        Pupils by (`demand_id`, `school_id`) who have their seats beforehand, such as siblings or feeder schools; they
        are exempt from the limit. With `split=False` the whole row follows them.
    current
        Today's school by `demand_id`; rows may be missing.
    moving_cost
        What a pupil's leaving the current school is charged, in the unit of the costs, on top of the way.
    unit
        Pupils are counted in multiples of this: by default 1 where all numbers are whole, 1/1024 otherwise. Rows are
        rounded by the largest remainder, seats down.
    time_limit
        Seconds for each of at most two runs of HiGHS; only for `split=False`.

    Returns
    -------
    Assignment
        The plan, who is left over and why, seat prices, bounds.

    Raises
    ------
    InputError
        Where ids or numbers are wrong; every fault at once.
    InfeasibleError
        Where fixed pupils need more seats than a school has; it says how many are missing.

    Notes
    -----
    Successive shortest paths with node prices (Tomizawa 1971, doi:10.1002/net.3230010206) on the network of schools,
    started from the prices of a sample. O(pairs), and about O(school pairs × log schools) for each path. Of equal
    optima the one found first in the order of ids, whatever the order of the rows.

    Examples
    --------
    Two schools with 20 and 40 seats. Block a would stay at s; so would b, but s has only 20 seats, and b's way to t is
    200 m longer, that of a 500 m: ten pupils of b make way. One more seat at s would save the 200 m.

    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[100, 600], [200, 400], [500, 100]],
    ...                                   demand_ids=["a", "b", "c"], school_ids=["s", "t"], unit="metres")
    >>> pupils = pd.Series([10.0, 20.0, 10.0], index=["a", "b", "c"])
    >>> seats = pd.Series([20.0, 40.0], index=["s", "t"])
    >>> found = el.assignment.assign(costs, pupils, seats)
    >>> found
    Assignment(40 pupils seated, 0 not, objective 8000, bound 8000, optimal)
    >>> found.plan["pupils"]
    demand_id  school_id
    a          s            10.0
    b          s            10.0
               t            10.0
    c          t            10.0
    Name: pupils, dtype: float64
    >>> found.seat_prices.to_dict()
    {'s': 200.0, 't': 0.0}
    >>> print(found.verify(costs, pupils, seats))
    objective 8000 and 0 without a seat hold; the seat prices prove at least 8000 and 0: optimal

    Without splitting b goes to t, and s keeps 10 seats free:

    >>> el.assignment.assign(costs, pupils, seats, split=False).objective
    10000.0

    With 35 seats for the 40 pupils five stay without one: five of b, whose 400 m to t are the longest of these ways.
    Their seats are counted as missing at the school nearest to them, which is s:

    >>> short = el.assignment.assign(costs, pupils, pd.Series([20.0, 15.0], index=["s", "t"]))
    >>> short.missing_seats().to_dict(), short.unassigned
    ({'s': 5.0}, 5.0)
    """
    terms = Terms(
        split,
        rule,
        unit_of(pupils) if unit is None else unit,
        limit,
        moving_cost,
        _NO_PAIRS if fixed is None else fixed,
        _NO_SCHOOLS if current is None else current,
    )
    question = ask(costs, pupils, seats, terms=terms)
    best = optimum(question)
    plan = _plan(question, best, time_limit)
    return answer(question, best, plan, costs=costs, pupils=pupils, seats=seats)


def _plan(question: Question, best: Optimum, time_limit: float) -> Plan:
    """Return the flow that was asked for, what no plan can be below, and how it was found."""
    if not isinstance(question.terms.rule, LeastTotal):
        return Plan(nearest_first(question), bound(question, best.price), "nearest first; bound by shortest paths")
    if question.terms.split:
        return Plan(best.flow, bound(question, best.price), "shortest paths between schools")
    return whole_rows(question, best, time_limit=time_limit)
