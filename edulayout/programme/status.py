"""Where each project stands as of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.programme.milestones import Milestone, marking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.typing import AnyArray, BoolArray, IntArray

_NONE = np.datetime64("NaT", "D")


def status_of(
    projects: pd.DataFrame, payments: pd.DataFrame | None, milestones: Sequence[Milestone], as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return one row per project; see `Programme.status`. Complexity O(projects × milestones)."""
    names = [one.name for one in milestones]
    today = np.datetime64(as_of, "D")
    planned, actual = (_days(projects, sort, names) for sort in ("planned", "actual"))
    actual = np.where(actual <= today, actual, _NONE)
    last = _last(~np.isnat(actual))
    following = _next(last, ~np.isnat(planned))
    rows = np.arange(len(projects))
    at_last, at_next = np.maximum(last, 0), np.minimum(following, len(names) - 1)
    early = _count(planned[rows, at_last] - actual[rows, at_last], where=last >= 0)
    due = np.where(following < len(names), planned[rows, at_next], _NONE)
    late = np.maximum(_count(today - due, where=~np.isnat(due)), 0)
    opening = names.index(marking(milestones, "opened"))
    delay = np.where(last >= 0, -early, 0)
    slip = np.where(late > 0, np.maximum(delay, late), delay)
    expected = np.where(
        np.isnat(actual[:, opening]),
        np.maximum(planned[:, opening] + slip.astype("timedelta64[D]"), today),
        actual[:, opening],
    )
    kept = [name for name in ("name", "name_en", "district_id", "kind", "how", "site_id") if name in projects]
    return projects[kept].assign(
        seats=projects[[name for name in projects if str(name).startswith("seats_")]].sum(axis=1, min_count=1),
        state=_states(actual, milestones),
        reached=np.where(last >= 0, np.array(names, dtype=object)[at_last], ""),
        days_early=pd.array(np.where(last >= 0, early, 0), dtype="int64"),
        milestone=np.where(following < len(names), np.array(names, dtype=object)[at_next], ""),
        due=due.astype("datetime64[s]"),
        days_late=late,
        planned_opening=planned[:, opening].astype("datetime64[s]"),
        expected_opening=expected.astype("datetime64[s]"),
        **{name: projects.get(name, np.nan) for name in ("total", "year_plan")},
        paid=paid_of(projects, payments, as_of),
    )


def paid_of(projects: pd.DataFrame, payments: pd.DataFrame | None, as_of: pd.Timestamp, *, year: int = 0) -> pd.Series:
    """Return by project the money paid until a day (in one year, where it is named): payments, or the column `paid`."""
    if payments is None:
        return projects["paid"] if "paid" in projects else pd.Series(np.nan, index=projects.index)
    until = payments[(payments["day"] <= as_of) & ((payments["day"].dt.year == year) | (year == 0))]
    sums: pd.Series[float] = until.groupby("project_id")["amount"].sum()
    return sums.reindex(projects.index, fill_value=0.0)


def lagging_of(status: pd.DataFrame, pupils: Mapping[str, float]) -> pd.DataFrame:
    """Return the late projects, the worst first: most days, then most seats, then by id."""
    late = status[(status["days_late"] > 0) | (status["expected_opening"] > status["planned_opening"])]
    days = (late["expected_opening"] - late["planned_opening"]).dt.days
    table = late.assign(
        opening_days_late=np.maximum(days.fillna(late["days_late"]), 0).astype("int64"),
        pupils_waiting=pd.Series(late.index.map(lambda name: pupils.get(name, np.nan)), index=late.index, dtype=float),
    )
    keys = table.assign(_seats=table["seats"].fillna(0)).reset_index()
    order = keys.sort_values(
        ["days_late", "opening_days_late", "_seats", "project_id"], ascending=[False, False, False, True]
    )
    return table.loc[order["project_id"]]


def said_late(late: pd.DataFrame, milestones: Sequence[Milestone]) -> pd.DataFrame:
    """Return of each late project what people are told: the milestone that is overdue, its day, and by how many days.

    Where none is overdue yet, the delay so far is told as that of the opening.
    """
    opening, overdue = marking(milestones, "opened"), late["days_late"] > 0
    return pd.DataFrame(
        {
            "milestone": late["milestone"].where(overdue, opening),
            "due": late["due"].where(overdue, late["planned_opening"]),
            "days": late["days_late"].where(overdue, late["opening_days_late"]),
        }
    )


def openings_of(status: pd.DataFrame) -> pd.Series:
    """Return by project the day on which its seats are there."""
    return status["expected_opening"].rename("opening")


def _days(projects: pd.DataFrame, sort: str, names: Sequence[str]) -> AnyArray:
    return projects[[f"{sort}_{name}" for name in names]].to_numpy(dtype="datetime64[s]").astype("datetime64[D]")


def _last(reached: BoolArray) -> IntArray:
    """Return the last milestone reached by each project, -1 where none is."""
    backwards = reached[:, ::-1].argmax(axis=1)
    return np.where(reached.any(axis=1), reached.shape[1] - 1 - backwards, -1)


def _next(last: IntArray, planned: BoolArray) -> IntArray:
    """Return the first planned milestone after the last one reached, beyond the end where there is none.

    One that was passed over, or that nobody planned, is not waited for.
    """
    ahead = planned & (np.arange(planned.shape[1]) > last[:, None])
    first: IntArray = np.where(ahead.any(axis=1), ahead.argmax(axis=1), planned.shape[1])
    return first


def _count(difference: AnyArray, *, where: BoolArray) -> IntArray:
    known = where & ~np.isnat(difference)
    return np.where(known, np.where(known, difference, np.timedelta64(0, "D")).astype(np.int64), 0)


def _states(actual: AnyArray, milestones: Sequence[Milestone]) -> list[str]:
    names = [one.name for one in milestones]
    done = {
        mark: ~np.isnat(actual[:, names.index(marking(milestones, mark))]) for mark in ("started", "finished", "opened")
    }
    return [
        "opened" if opened else "finished" if finished else "under_way" if started else "not_started"
        for started, finished, opened in zip(*done.values(), strict=True)
    ]
