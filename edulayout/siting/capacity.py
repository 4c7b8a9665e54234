"""The two plain questions with seats: the same arguments, a limit for every site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting.mip.choosing import choose
from edulayout.siting.mip.goals import Count, Distance
from edulayout.siting.mip.question import ONLY_STAGE
from edulayout.siting.rules import read_rules
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.goals import Coverage
    from edulayout.siting.mip.plan import Plan
    from edulayout.typing import Progress


def with_seats(  # noqa: PLR0913 - as p_median
    costs: TravelCosts,
    weights: pd.Series[float],
    *,
    capacity: Mapping[str, float] | pd.Series[float],
    p: int | None = None,
    quotas: Mapping[str, int] | None = None,
    groups: pd.Series[str] | None = None,
    existing: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    goal: Coverage | None = None,
    unreachable_cost: float | None = None,
    split: bool = True,
    load: pd.Series[float] | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    progress: Progress = quiet,
) -> Plan:
    """Answer p-median, or maximal coverage, where every site has so many seats.

    Parameters
    ----------
    costs, weights, p, quotas, groups, existing, candidates, gap, time_limit, progress
        As in `p_median`.
    capacity
        Seats of every site, existing ones too; infinite for no limit.
    goal
        Coverage: the most pupils seated within its radius. None: the shortest ways.
    unreachable_cost
        Charged for every pupil without a seat; None: everybody must have one.
    split
        Whether a row of demand may be divided among sites.
    load
        Seats that each row takes, by default its weight.

    Returns
    -------
    Plan
        Its option ids are the site ids.

    Raises
    ------
    InputError
        Where the input is wrong; sites without a capacity are named.
    InfeasibleError
        Where the seats do not suffice, or a quota exceeds its candidates.

    Examples
    --------
    Thirty pupils at 0 and ten at 100 m; twenty seats at either place: ten walk.

    >>> import pandas as pd, edulayout as el
    >>> costs = el.TravelCosts.from_dense([[0, 100], [100, 0]], demand_ids=["a", "b"], school_ids=["s", "t"],
    ...                                   unit="metres")
    >>> with_seats(costs, pd.Series({"a": 30.0, "b": 10.0}), p=2, capacity={"s": 20, "t": 20})
    Plan(Distance: 2 new, objective 1000, bound 1000, gap 0.00%, optimal, proved)
    """
    rules = read_rules(costs, count=p, quotas=quotas, groups=groups, existing=existing, candidates=candidates)
    seats = {str(name): float(number) for name, number in dict(capacity).items()}
    ids = [*rules.existing, *rules.candidates]
    lost = tuple(name for name in ids if name not in seats)
    if lost:
        raise InputError(Fault("capacity", "sites without seats", "seats for every site; inf for no limit",
                               "add them", lost))  # fmt: skip
    group = ["", *rules.groups]
    table = pd.DataFrame(
        {
            "status": ["existing"] * len(rules.existing) + ["candidate"] * len(rules.candidates),
            "group": [""] * len(rules.existing) + [group[g + 1] for g in rules.group_of],
            f"seats_{ONLY_STAGE}": [seats[name] for name in ids],
        },
        index=pd.Index(ids, dtype=str),
    )
    counts = [Count(number, number, group=name) for name, number in zip(rules.groups, rules.quota, strict=True)]
    return choose(
        costs,
        weights,
        table,
        objective=Distance(unserved_cost=unreachable_cost) if goal is None else goal,
        counts=counts,
        split=split,
        load=load,
        gap=gap,
        time_limit=time_limit,
        progress=progress,
    )
