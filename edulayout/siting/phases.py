"""Which schools to open first: a budget for every year, pupils that change by year, benefits that count less later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting.mip.checking import as_frame
from edulayout.siting.mip.choosing import choose
from edulayout.siting.mip.goals import Coverage, Distance, Spend
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.goals import Count, Objective
    from edulayout.siting.mip.plan import Plan
    from edulayout.typing import Progress


@dataclass(frozen=True, eq=False)
class Phasing:
    """When each option opens, and the plan over all years that proves it.

    Parameters
    ----------
    opened
        Year of opening of every option that is opened, indexed by option id.
    spent
        What each year costs, indexed by year.
    plan
        The plan over all years; its options are `<option>@<year>`, its stages `<stage> <year>`.
    pupils, load
        What the plan was made with (`plan.verify(costs, pupils, load=load)`): discounted and plain pupils.
    """

    opened: pd.Series[int]
    spent: pd.Series[float]
    plan: Plan
    pupils: pd.DataFrame
    load: pd.DataFrame


def phase(  # noqa: PLR0913 - as choose
    costs: TravelCosts,
    pupils: Mapping[int, pd.Series[float] | pd.DataFrame],
    options: pd.DataFrame,
    *,
    budgets: Mapping[int, float],
    objective: Distance | Coverage,
    discount: float = 0.0,
    carry: bool = True,
    counts: Sequence[Count] = (),
    split: bool = True,
    gap: float = 0.0,
    time_limit: float | None = None,
    progress: Progress = quiet,
) -> Phasing:
    """Choose what to open and in which year.

    Parameters
    ----------
    costs, options, counts, split, gap, time_limit, progress
        As in `choose`; counts are those at the end. Schools that are `closable` are not allowed here.
    pupils
        The pupils of every year, each as in `choose`.
    budgets
        What opening may cost in every year, the same years as the pupils.
    objective
        Pupil-metres or pupils covered, summed over the years. With `Distance` give an `unserved_cost`, since in early
        years there may be no seat for everybody.
    discount
        A year later counts 1 / (1 + discount).
    carry
        Whether what one year leaves may be spent later.

    Returns
    -------
    Phasing
        The years, and the plan with its certificate.

    Raises
    ------
    InputError
        Where years differ, options can close, or the discount is negative.
    InfeasibleError
        As `choose`.

    Notes
    -----
    Every year is a stage of its own, and an option that opens in a year serves that and the later ones; so this is one
    question to `choose`, `years` times as large.

    Examples
    --------
    Ten pupils at either place at first; from the second year on there are forty at the second. One school a year.

    >>> import pandas as pd, edulayout as el
    >>> from edulayout.siting import Distance
    >>> costs = el.TravelCosts.from_dense([[0, 100], [100, 0]], demand_ids=["a", "b"], school_ids=["s", "t"],
    ...                                   unit="metres")
    >>> years = {2027: pd.Series({"a": 12.0, "b": 10.0}), 2028: pd.Series({"a": 12.0, "b": 40.0})}
    >>> found = phase(costs, years, pd.DataFrame({"cost": [5, 5]}, index=["s", "t"]), budgets={2027: 5, 2028: 5},
    ...               objective=Distance(unserved_cost=1000.0))
    >>> found.opened.to_dict(), found.plan.objective
    ({'s': 2027, 't': 2028}, 1000.0)
    """
    years = sorted(budgets)
    _check(years, pupils, options, discount)
    frames = {year: as_frame(pupils[year]) for year in years}
    factor = {year: (1.0 + discount) ** (years[0] - year) for year in years}
    load = pd.concat([_by_year(frames[year], year) for year in years], axis=1)
    weights = pd.concat([_by_year(frames[year], year) * factor[year] for year in years], axis=1)
    plan = choose(
        costs,
        weights,
        _expanded(options, list(frames[years[0]].columns), years),
        objective=_by_stage(objective, list(frames[years[0]].columns), years),
        counts=counts,
        spending=_spending(options, budgets, carry=carry),
        split=split,
        load=load,
        gap=gap,
        time_limit=time_limit,
        progress=progress,
    )
    names = [name.rsplit("@", 1) for name in plan.opened]
    opened = pd.Series({name: int(year) for name, year in names}, dtype=np.int64, name="year").rename_axis("option_id")
    price = options.set_axis(options.index.astype(str)).get("cost", pd.Series(0.0, options.index.astype(str)))
    spent = pd.Series({year: float(price[opened.index[opened == year]].sum()) for year in years}, name="spent")
    return Phasing(opened, spent.rename_axis("year"), plan, weights, load)


def _check(
    years: Sequence[int],
    pupils: Mapping[int, pd.Series[float] | pd.DataFrame],
    options: pd.DataFrame,
    discount: float,
) -> None:
    faults = []
    if set(years) != set(pupils) or not years:
        faults.append(
            Fault("budgets", f"years {list(years)}", f"the years of the pupils, {sorted(pupils)}", "add them")
        )
    if not discount >= 0:
        faults.append(Fault("siting", f"discount = {discount!r}", "a number ≥ 0", "correct the discount"))
    if "status" in options and (options["status"] == "closable").any():
        names = tuple(map(str, options.index[options["status"] == "closable"]))
        faults.append(Fault("options", "schools that can close", "candidate or existing", "use choose", names))
    if faults:
        raise InputError(*faults)


def _by_year(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    return frame.rename(columns={stage: f"{stage} {year}" for stage in frame.columns})


def _expanded(options: pd.DataFrame, stages: Sequence[str], years: Sequence[int]) -> pd.DataFrame:
    """Return the options once for each year in which they can open; existing ones serve all years."""
    table = options.set_axis(options.index.astype(str))
    table = table.assign(site=table.get("site", table.index))
    table["parcel"] = table["parcel"] if "parcel" in table else table["site"]
    own = table["stages"] if "stages" in table else pd.Series(";".join(stages), index=table.index)
    standing = table["status"].eq("existing") if "status" in table else pd.Series(False, index=table.index)
    parts = []
    for year in years:
        part = table[~standing | (year == years[0])].copy()
        later = [other for other in years if other >= year]
        part["stages"] = [
            ";".join(f"{stage} {other}" for stage in text.split(";") for other in later) for text in own[part.index]
        ]
        for column in [name for name in table.columns if name.startswith(("seats_", "least_"))]:
            what, stage = column.split("_", 1)
            part = part.assign(**{f"{what}_{stage} {other}": part[column] for other in years})
        parts.append(part.set_axis([f"{name}@{year}" for name in part.index]))
    return pd.concat(parts)


def _spending(options: pd.DataFrame, budgets: Mapping[int, float], *, carry: bool) -> list[Spend]:
    """Return the budget of every year; where money is carried over, of all years up to it."""
    table = options.set_axis(options.index.astype(str))
    new = table.index if "status" not in table else table.index[table["status"] == "candidate"]
    years = sorted(budgets)
    spending = []
    for k, year in enumerate(years):
        own = years[: k + 1] if carry else [year]
        names = tuple(f"{name}@{other}" for other in own for name in new)
        spending.append(Spend(sum(float(budgets[other]) for other in own), names))
    return spending


def _by_stage(objective: Distance | Coverage, stages: Sequence[str], years: Sequence[int]) -> Objective:
    """Return the goal with the radius of every stage in every year."""
    if isinstance(objective, Distance):
        return objective
    return Coverage({f"{stage} {year}": objective.at(stage) for stage in stages for year in years}, objective.decay)
