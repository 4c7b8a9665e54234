"""Public and private (公民办结构): shares of seats against their targets, and the projects that reach them soonest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals
from edulayout.programme.gate import OWNERS
from edulayout.siting.mip.build import Draft, Program
from edulayout.siting.mip.solver import relax, solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edulayout.typing import BoolArray, FloatArray

TARGETS = {"public": 0.5, "inclusive": 0.8}
"""Shares of seats: public; public and inclusive together (普惠). Opinion of 2018 on preschool; secondary."""
ALL = "all"


def ownership_shares(
    schools: pd.DataFrame, *, seats: str = "seats_kindergarten", by: str | None = "district_id",
    targets: Mapping[str, float] = TARGETS,
) -> pd.DataFrame:  # fmt: skip
    """Return the seats of each owner and their shares against the targets.

    Parameters
    ----------
    schools
        `ownership` (`public`, `inclusive`, `private`), the column of seats (a missing number is not known), `by`.
    seats
        The column that is counted.
    by
        Column to group by; None for the whole only.
    targets
        `public`: share of public seats; `inclusive`: share of public and inclusive seats together.

    Returns
    -------
    pandas.DataFrame
        By group, last `all`: `seats_public`, `seats_inclusive`, `seats_private`, `schools_unknown` (no seats stated),
        `share_public`, `share_inclusive`, and for each target `meets_<target>` and `short_<target>` (seats that must
        become public, or inclusive, for the target to be met with the total unchanged).

    Raises
    ------
    InputError
        Where a column is missing, an owner is unknown, a number is negative.

    Examples
    --------
    >>> schools = pd.DataFrame({"ownership": ["public", "inclusive", "private"],
    ...                         "seats_kindergarten": [90.0, 90.0, 60.0]})
    >>> made = ownership_shares(schools, by=None)
    >>> made[["share_public", "share_inclusive", "short_public", "short_inclusive"]].values.tolist()
    [[0.375, 0.75, 30.0, 12.0]]
    """
    _check(schools, [seats, *([by] if by else [])], "schools")
    names = sorted(schools[by].fillna("").astype(str).unique()) if by else []
    codes = pd.Index(names).get_indexer(schools[by].fillna("").astype(str)) if by else np.full(len(schools), -1)
    numbers = schools[seats].to_numpy(dtype=np.float64)
    rows = pd.Index([name or "outside" for name in names] + [ALL], name=by or "group")
    table = pd.DataFrame(index=rows)
    for owner in OWNERS:
        own = np.where((schools["ownership"] == owner).to_numpy(dtype=bool), np.nan_to_num(numbers), 0.0)
        table[f"seats_{owner}"] = _sums(own, codes, len(names))
    table["schools_unknown"] = _sums(np.isnan(numbers).astype(float), codes, len(names)).astype(int)
    return table.assign(**_shares(table, targets))


def _sums(numbers: FloatArray, codes: np.ndarray, groups: int) -> FloatArray:
    every = group_totals(numbers, np.zeros(len(numbers), dtype=np.int64), 1)
    return np.concatenate([group_totals(numbers, codes.astype(np.int64), groups), every]) if groups else every


def _shares(table: pd.DataFrame, targets: Mapping[str, float]) -> dict[str, pd.Series]:
    total = table[[f"seats_{owner}" for owner in OWNERS]].sum(axis=1)
    held = {"public": table["seats_public"], "inclusive": table["seats_public"] + table["seats_inclusive"]}
    shares = {f"share_{name}": held[name] / total.where(total > 0) for name in held}
    for name, target in targets.items():
        shares[f"meets_{name}"] = held[name] >= target * total
        shares[f"short_{name}"] = (target * total - held[name]).clip(lower=0)
    return shares


@dataclass(frozen=True, eq=False)
class Choice:
    """The projects that reach the targets soonest, at the least cost.

    Parameters
    ----------
    projects
        Ids, sorted; empty where the targets are met already.
    year
        The first year in which all targets are met; None where no choice meets them.
    cost
        Of the projects; `bound` is what no choice of that year can pass, `status` is `optimal` or `infeasible`.
    shares
        As `ownership_shares`, after the projects.
    reasons
        Where nothing meets the targets: which target lacks how many seats with everything built.
    lacking
        The same as target, group (`all` for the whole) and seats.
    """

    projects: tuple[str, ...]
    year: int | None
    cost: float
    bound: float
    status: str
    shares: pd.DataFrame
    reasons: tuple[str, ...] = ()
    lacking: tuple[tuple[str, str, float], ...] = ()


def soonest(
    projects: pd.DataFrame, schools: pd.DataFrame, *, seats: str = "seats_kindergarten",
    targets: Mapping[str, float] = TARGETS, by: str | None = None, budget: Mapping[int, float] | None = None,
) -> Choice:  # fmt: skip
    """Choose the projects that meet the ownership targets in the earliest year, and of those the cheapest.

    Parameters
    ----------
    projects
        By `project_id`: `ownership` (of the seats that it makes), the column of seats, `total` (cost), `opening`
        (year).
    schools
        As in `ownership_shares`.
    seats, targets
        As in `ownership_shares`.
    by
        Column of both tables: the targets hold in each of its groups; None for the whole only.
    budget
        Year → money that has become available by then, cumulated; none where None.

    Raises
    ------
    InputError
        Where a table is at fault.

    Notes
    -----
    A share is a ratio of sums, but `public ≥ t × total` is linear in the choice, so that each year is one 0–1 program
    with one row per target and group. The years are tried in their order; the first feasible one is the earliest.

    Examples
    --------
    Half public is wanted; 30 of 90 seats are. Project b alone would do in 2027, a in 2026.

    >>> schools = pd.DataFrame({"ownership": ["public", "private"], "seats_kindergarten": [30.0, 60.0]})
    >>> projects = pd.DataFrame({"ownership": "public", "seats_kindergarten": [30.0, 60.0], "total": [9.0, 5.0],
    ...                          "opening": [2026, 2027]}, index=["a", "b"])
    >>> chosen = soonest(projects, schools, targets={"public": 0.5})
    >>> chosen.projects, chosen.year, chosen.cost
    (('a',), 2026, 9.0)
    """
    _check(schools, [seats, *([by] if by else [])], "schools")
    _check(projects, [seats, "total", "opening", *([by] if by else [])], "projects")
    ordered = projects.sort_index()
    rows = list(_rows(ordered, schools, seats, targets, by))
    if all(start >= 0 for _, start, _ in rows):
        return Choice((), None if ordered.empty else int(ordered["opening"].min()), 0.0, 0.0, "optimal",
                      _after(schools, ordered.iloc[:0], seats, by, targets))  # fmt: skip
    cost = ordered["total"].to_numpy(dtype=np.float64)
    years = ordered["opening"].to_numpy(dtype=np.int64)
    for year in sorted(set(years.tolist())):
        program = _program(rows, cost, years <= year, _money(budget, year))
        found = solve(program)
        if found.verdict == "solved" and found.values is not None:
            taken = ordered[np.round(found.values).astype(bool)]
            bound = max(found.bound, program.bound(relax(program).price))
            spent = float(taken["total"].sum())
            status = "optimal" if spent - bound <= 1e-9 * max(1.0, spent) else "feasible"
            return Choice(
                tuple(taken.index), year, spent, min(bound, spent), status, _after(schools, taken, seats, by, targets)
            )
    return Choice(
        (), None, np.nan, np.nan, "infeasible", _after(schools, ordered.iloc[:0], seats, by, targets),
        *_why(rows),
    )  # fmt: skip


def _why(rows: list[tuple[str, float, FloatArray]]) -> tuple[tuple[str, ...], tuple[tuple[str, str, float], ...]]:
    """Say which target cannot be met even with every project that helps it."""
    best = [(name, start + float(gain.clip(min=0).sum())) for name, start, gain in rows]
    lacking = tuple((*_parts(name), -held) for name, held in best if held < 0)
    told = tuple(
        f"{target}, {group}: {seats:,.0f} seats short with everything that helps it" for target, group, seats in lacking
    )
    return told or ("the targets work against each other, or the money does not do",), lacking


def _parts(name: str) -> tuple[str, str]:
    target, group = name.split(", ", 1)
    return target, group


def _money(budget: Mapping[int, float] | None, year: int) -> float:
    if budget is None:
        return np.inf
    return max((money for until, money in budget.items() if until <= year), default=0.0)


def _rows(
    projects: pd.DataFrame, schools: pd.DataFrame, seats: str, targets: Mapping[str, float], by: str | None
) -> Iterable[tuple[str, float, FloatArray]]:
    """Yield for each target and group what it holds beyond its target today, and what each project adds to that."""
    groups = sorted({*schools[by], *projects[by]}) if by else [ALL]
    for group in groups:
        own, new = (
            (table[by] == group).to_numpy() if by else np.ones(len(table), dtype=bool) for table in (schools, projects)
        )
        for name, target in targets.items():
            owners = ("public",) if name == "public" else ("public", "inclusive")
            start = _beyond(schools[own], seats, owners, target).sum()
            gain = np.where(new, _beyond(projects, seats, owners, target), 0.0)
            yield f"{name}, {group}", float(start), gain


def _beyond(table: pd.DataFrame, seats: str, owners: Sequence[str], target: float) -> FloatArray:
    numbers = np.nan_to_num(table[seats].to_numpy(dtype=np.float64))
    held: FloatArray = numbers * (table["ownership"].isin(list(owners)).to_numpy(dtype=float) - target)
    return held


def _program(rows: list[tuple[str, float, FloatArray]], cost: FloatArray, allowed: BoolArray, money: float) -> Program:
    draft, every = Draft(), np.arange(len(cost))
    for name, start, gain in rows:
        draft.add_one(name, every, gain, low=-start - 1e-9 * max(1.0, abs(start)), high=np.inf)
    if np.isfinite(money):
        draft.add_one("money", every, cost, low=-np.inf, high=money)
    return Program(
        cost=cost, constant=0.0, low=np.zeros(len(cost)), high=allowed.astype(float),
        whole=np.ones(len(cost), dtype=bool), row_low=np.concatenate(draft.lows),
        row_high=np.concatenate(draft.highs), entry_row=np.concatenate(draft.rows),
        entry_column=np.concatenate(draft.columns), entry=np.concatenate(draft.entries), names=tuple(draft.names),
        options=len(cost), arcs=0, rows=0,
    )  # fmt: skip


def _after(
    schools: pd.DataFrame, taken: pd.DataFrame, seats: str, by: str | None, targets: Mapping[str, float]
) -> pd.DataFrame:
    columns = ["ownership", seats, *([by] if by else [])]
    return ownership_shares(pd.concat([schools[columns], taken[columns]]), seats=seats, by=by, targets=targets)


def _check(table: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    missing = [name for name in ("ownership", *columns) if name not in table]
    if missing:
        raise InputError(Fault(source, f"no column {', '.join(missing)}", "the columns that are named", "add them"))
    faults = []
    strange = table.index[~table["ownership"].isin(list(OWNERS))]
    if len(strange):
        faults.append(Fault(source, "an unknown ownership", f"one of {', '.join(OWNERS)}", "correct it",
                            rows=tuple(map(str, strange))))  # fmt: skip
    numbers = table[[name for name in columns if name.startswith("seats_") or name in {"total", "opening"}]].astype(
        float
    )
    wrong = table.index[((numbers < 0) | (numbers == np.inf)).any(axis=1)]
    if len(wrong):
        faults.append(
            Fault(source, "negative or infinite numbers", "numbers ≥ 0", "correct them", rows=tuple(map(str, wrong)))
        )
    if faults:
        raise InputError(*faults)
