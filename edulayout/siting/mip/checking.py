"""What is asked, checked: options, pupils and terms against each other and the costs; every fault at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.siting.mip.goals import Coverage, WorstDistrict
from edulayout.siting.mip.question import ONLY_STAGE, STATUSES, Options, arrange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.goals import Objective
    from edulayout.siting.mip.question import Question, Terms
    from edulayout.typing import BoolArray, FloatArray


def read_question(
    costs: TravelCosts,
    pupils: pd.Series[float] | pd.DataFrame,
    options: pd.DataFrame,
    *,
    terms: Terms,
    load: pd.Series[float] | pd.DataFrame | None = None,
) -> Question:
    """Check costs, pupils and options against each other and turn them into arrays.

    Raises
    ------
    InputError
        Every fault at once.
    """
    frame, taken = _checked_pupils(costs, pupils, load)
    own = read_options(options, tuple(frame.columns), costs)
    faults = _term_faults(terms, frame, costs)
    if faults:
        raise InputError(*faults)
    return arrange(costs, frame, taken, options=own, terms=terms)


def question_of(
    costs: TravelCosts,
    pupils: pd.Series[float] | pd.DataFrame,
    options: Options,
    *,
    terms: Terms,
    load: pd.Series[float] | pd.DataFrame | None = None,
) -> Question:
    """Return the question again from options that are in order already.

    Raises
    ------
    InputError
        Where the costs lack a site, or pupils and costs do not fit.
    """
    frame, taken = _checked_pupils(costs, pupils, load)
    lost = pd.Index([name for name in options.sites if name not in costs.school_ids], dtype=str)
    faults = _fault("costs", "no column for sites of the options", "all of them", lost)
    if len(frame.columns) != options.serves.shape[1]:
        faults.append(Fault("pupils", "other stages than the options", "the stages of the question", "solve again"))
    if faults:
        raise InputError(*faults)
    return arrange(costs, frame, taken, options=options, terms=terms)


def read_options(options: pd.DataFrame, stages: Sequence[str], costs: TravelCosts) -> Options:
    """Put a table of options in order.

    Raises
    ------
    InputError
        Where ids stand twice, sites are no columns of the costs, or numbers are none; every fault at once.
    """
    table = options.set_axis(options.index.astype(str)).sort_index()
    ids = pd.Index(table.index, dtype=str)
    site = _texts(table, "site", ids)
    status = _texts(table, "status", pd.Index([STATUSES[0]] * len(ids)))
    serves = _serves(table, stages)
    seats = _numbers(table, [f"seats_{stage}" for stage in stages], missing=np.inf)
    least = _numbers(table, [f"least_{stage}" for stage in stages], missing=0.0)
    cost = _numbers(table, ["cost"], missing=0.0)[:, 0]
    wrong_numbers = ~((seats >= 0).all(axis=1) & ((least >= 0) & np.isfinite(least)).all(axis=1) & np.isfinite(cost))
    faults = [
        *_fault("options", "ids that stand twice", "every id once", ids[ids.duplicated()]),
        *_fault("options", "sites that are no column of the costs", "sites of the costs",
                ids[~site.isin(costs.school_ids)]),
        *_fault("options", "an unknown status", f"one of {', '.join(STATUSES)}", ids[~status.isin(STATUSES)]),
        *_fault("options", "no stage that the pupils have", f"some of {', '.join(stages)}, joined by ;",
                ids[~serves.any(axis=1)]),
        *_fault("options", "seats, least or cost that are missing, negative or infinite",
                "numbers ≥ 0 (seats may be inf: no limit)", ids[wrong_numbers | (cost < 0)]),
    ]  # fmt: skip
    if faults:
        raise InputError(*faults)
    parcel = _texts(table, "parcel", site)
    sites = tuple(sorted(set(site)))
    parcels = sorted(set(parcel))
    return Options(
        ids=tuple(ids),
        sites=sites,
        site=pd.Index(sites).get_indexer(site).astype(np.int64),
        parcel=pd.Index(parcels).get_indexer(parcel).astype(np.int64),
        kind=tuple(_texts(table, "kind", pd.Index([""] * len(ids)))),
        group=tuple(_texts(table, "group", pd.Index([""] * len(ids)))),
        serves=serves,
        seats=np.where(serves, seats, 0.0),
        least=np.where(serves, least, 0.0),
        cost=cost,
        status=np.array([STATUSES.index(name) for name in status], dtype=np.int64),
    )


def _texts(table: pd.DataFrame, column: str, otherwise: pd.Index[str]) -> pd.Index[str]:
    return pd.Index(table[column].astype(str)) if column in table else otherwise


def _numbers(table: pd.DataFrame, columns: Sequence[str], *, missing: float) -> FloatArray:
    parts = [
        pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
        if name in table
        else np.full(len(table), missing)
        for name in columns
    ]
    return np.column_stack(parts)


def _serves(table: pd.DataFrame, stages: Sequence[str]) -> BoolArray:
    if "stages" not in table:
        return np.ones((len(table), len(stages)), dtype=np.bool_)
    own = [set(str(text).split(";")) for text in table["stages"]]
    return np.array([[stage in names for stage in stages] for names in own], dtype=np.bool_).reshape(-1, len(stages))


def as_frame(pupils: pd.Series[float] | pd.DataFrame) -> pd.DataFrame:
    """Return the pupils as a table with a column for every stage, demand ids as text."""
    frame = pupils.to_frame(ONLY_STAGE) if isinstance(pupils, pd.Series) else pupils
    return frame.set_axis(frame.index.astype(str)).set_axis([str(name) for name in frame.columns], axis=1)


def check_pupils(costs: TravelCosts, pupils: pd.DataFrame) -> None:
    """Check a table of pupils against the costs.

    Raises
    ------
    InputError
        Where ids or numbers are wrong.
    """
    faults = _pupil_faults("pupils", pupils, costs, tuple(pupils.columns))
    if faults:
        raise InputError(*faults)


def _checked_pupils(
    costs: TravelCosts, pupils: pd.Series[float] | pd.DataFrame, load: pd.Series[float] | pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = as_frame(pupils)
    stages = tuple(frame.columns)
    taken = frame if load is None else as_frame(load)
    faults = _pupil_faults("pupils", frame, costs, stages)
    if load is not None:
        faults += _pupil_faults("load", taken, costs, stages)
    if faults:
        raise InputError(*faults)
    return frame, taken


def _pupil_faults(source: str, frame: pd.DataFrame, costs: TravelCosts, stages: Sequence[str]) -> list[Fault]:
    if tuple(frame.columns) != tuple(stages) or frame.columns.has_duplicates:
        return [Fault(source, "other stages than the pupils", f"the columns {', '.join(stages)}", f"correct {source}")]
    numbers = frame.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0)).all(axis=1)
    ids = pd.Index(frame.index, dtype=str)
    return [
        *_fault(source, "ids that stand twice", "one row for a demand_id", ids[ids.duplicated()]),
        *_fault(source, "missing, negative or infinite numbers", "finite numbers ≥ 0", ids[wrong]),
        *_fault(source, "no row for demand of the costs", "a row for every demand place",
                costs.demand_ids.difference(ids)),
        *_fault(source, "demand that the costs do not hold", "the ids of the costs, so that nobody is lost",
                ids.difference(costs.demand_ids)),
    ]  # fmt: skip


def _term_faults(terms: Terms, pupils: pd.DataFrame, costs: TravelCosts) -> list[Fault]:
    strange = sorted({name for pair in terms.apart for name in pair} - set(costs.school_ids))
    faults = _fault(
        "apart", "sites that are no column of the costs", "sites of the costs", pd.Index(strange, dtype=str)
    )
    for name, number in {"budget": terms.budget, "closures": terms.closures}.items():
        if number is not None and not (np.isfinite(number) and number >= 0):
            faults.append(Fault("siting", f"{name} = {number!r}", "a finite number ≥ 0, or None", f"correct {name}"))
    for count in terms.counts:
        if count.least < 0 or (count.most is not None and count.most < count.least):
            faults.append(
                Fault("counts", f"least {count.least}, most {count.most}", "0 ≤ least ≤ most", "correct the count")
            )
    for goal in terms.goals:
        faults += _goal_faults(goal, pupils, costs)
    return faults


def _goal_faults(goal: Objective, pupils: pd.DataFrame, costs: TravelCosts) -> list[Fault]:
    if isinstance(goal, WorstDistrict):
        lost = pd.Index([name for name in costs.demand_ids if name not in goal.districts], dtype=str)
        return _fault("districts", "demand without a district", "a district for every demand place", lost)
    if isinstance(goal, Coverage):
        radii = [goal.radius] if isinstance(goal.radius, int | float) else [goal.radius.get(s) for s in pupils.columns]
        return [
            Fault("radius", f"{r!r}", "a number ≥ 0 for every stage, within the cutoff of the costs", "correct it")
            for r in radii
            if r is None or not (r >= 0 and np.isfinite(r)) or (costs.cutoff is not None and r > costs.cutoff)
        ]
    largest = float(costs.values.max()) if costs.pairs else 0.0
    if goal.unserved_cost is not None and not (np.isfinite(goal.unserved_cost) and goal.unserved_cost >= largest):
        expected = f"a finite cost of at least {largest:g}, the largest in the table"
        return [Fault("siting", f"unserved_cost = {goal.unserved_cost!r}", expected, "give a larger one")]
    return []


def _fault(source: str, found: str, expected: str, rows: pd.Index[str]) -> list[Fault]:
    if not len(rows):
        return []
    return [Fault(source, found, expected, f"correct the {source}", tuple(map(str, rows)))]
