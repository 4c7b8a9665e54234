"""The figures of a whole programme, as a bureau reports them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.programme.gate import FUNDS, GRADES
from edulayout.programme.milestones import marking
from edulayout.programme.status import paid_of, status_of

if TYPE_CHECKING:
    from edulayout.programme.book import Book


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A programme as of a day; a share is missing (NaN) where it cannot be told.

    Parameters
    ----------
    as_of
        The day.
    projects, started, finished, opened
        Counts.
    seats, seats_opened
        Seats of all projects, and of those that have opened.
    total, year_plan, paid, year, paid_in_year
        Money: of the whole programme, planned for the year, paid until the day; which year that is (0 where nobody said
        it), and what of the payments was made in it (all of them where nobody said it, or there are no dates).
    share_of_year_plan_paid, share_of_total_paid
        What was paid in the year, of its plan; all that was paid, of the whole.
    share_started, share_finished
        Of the projects.
    all_started_on
        The day on which the last project started; None while some have not.
    start_days_early
        By how many days that was before the last planned start; NaN while some have not started.
    late, seats_late
        Projects behind their plan, and their seats.
    funds
        By source: `planned`, `paid`, `share_paid`; empty where the projects name no sources.
    grades
        Kindergartens by grade, where the programme lists them.
    money, money_zh
        Unit of money.
    """

    as_of: pd.Timestamp
    projects: int
    started: int
    finished: int
    opened: int
    seats: float
    seats_opened: float
    total: float
    year_plan: float
    paid: float
    year: int
    paid_in_year: float
    share_of_year_plan_paid: float
    share_of_total_paid: float
    share_started: float
    share_finished: float
    all_started_on: pd.Timestamp | None
    start_days_early: float
    late: int
    seats_late: float
    funds: pd.DataFrame
    grades: pd.Series[int]
    money: str
    money_zh: str

    def table(self) -> pd.DataFrame:
        """Return the figures as rows: `figure`, `value`."""
        rows = {
            name: value for name, value in asdict(self).items() if name not in {"funds", "grades", "money", "money_zh"}
        }
        return pd.DataFrame({"figure": list(rows), "value": list(rows.values())})

    def sentences(self, language: str = "en") -> list[str]:
        """Return the figures in words, as a notice says them.

        A money amount is printed as it is, a share in whole per cent.
        """
        day = self.as_of.date()
        if language == "zh":
            return [
                f"截至{day.year}年{day.month}月{day.day}日，{self.projects}个项目共规划学位{self.seats:,.0f}个。",
                f"已开工{self.started}个，已竣工{self.finished}个，已开园（开学）{self.opened}个。",
                self._paid("zh"),
                *self._early("zh"),
                f"进度滞后项目{self.late}个，涉及学位{self.seats_late:,.0f}个。",
                *self._graded("zh"),
            ]
        return [
            f"As of {day.isoformat()}: {self.projects} projects with {self.seats:,.0f} seats.",
            f"Started {self.started}, finished {self.finished}, opened {self.opened}.",
            self._paid("en"),
            *self._early("en"),
            f"Behind plan: {self.late} projects with {self.seats_late:,.0f} seats.",
            *self._graded("en"),
        ]

    def _paid(self, language: str) -> str:
        share, whole = _percent(self.share_of_year_plan_paid), self.paid == self.paid_in_year
        if language == "zh":
            own = "，" if whole else f"，其中{self.year}年完成{self.paid_in_year:,.1f}{self.money_zh}，"
            return f"累计完成投资{self.paid:,.1f}{self.money_zh}{own}占年度计划的{share}。"
        own = ", " if whole else f"; in {self.year}: {self.paid_in_year:,.1f} {self.money}, "
        return f"Paid: {self.paid:,.1f} {self.money}{own}{share} of the year's plan."

    def _early(self, language: str) -> list[str]:
        if self.all_started_on is None or not np.isfinite(self.start_days_early):
            return []
        day, days = self.all_started_on.date(), abs(int(self.start_days_early))
        if language == "zh":
            word = "提前" if self.start_days_early >= 0 else "晚"
            return [f"全部项目于{day.year}年{day.month}月{day.day}日前开工，比计划{word}{days}天。"]
        word = "before" if self.start_days_early >= 0 else "after"
        return [f"All had started by {day.isoformat()}, {days} days {word} the last planned start."]

    def _graded(self, language: str) -> list[str]:
        if not len(self.grades):
            return []
        counts = [(GRADES[str(name)], int(count)) for name, count in self.grades.items()]
        if language == "zh":
            return [f"示范园：{'，'.join(f'{words[1]}{count}所' for words, count in counts)}。"]
        return [f"Demonstration kindergartens: {', '.join(f'{count} {words[0]}' for words, count in counts)}."]

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(line)}</li>" for line in self.sentences())
        funds = self.funds.to_html(border=0, float_format=lambda value: f"{value:,.2f}") if len(self.funds) else ""
        return f"<ul>{lines}</ul>{funds}"


def _percent(share: float) -> str:
    return "—" if not np.isfinite(share) else f"{100 * share:.0f}%"


def summary_of(programme: Book, as_of: pd.Timestamp) -> Summary:
    """Return the figures of a programme as of a day."""
    projects, milestones = programme.projects, programme.milestones
    status = status_of(projects, programme.payments, milestones, as_of)
    is_in = {state: status["state"] == state for state in ("under_way", "finished", "opened")}
    started = is_in["under_way"] | is_in["finished"] | is_in["opened"]
    late = (status["days_late"] > 0) | (status["expected_opening"] > status["planned_opening"])
    begun, due = (projects[f"{sort}_{marking(milestones, 'started')}"] for sort in ("actual", "planned"))
    all_begun = begun.max() if len(projects) and bool(started.all()) else pd.NaT
    paid, plan, total = (float(status[name].sum(min_count=1)) for name in ("paid", "year_plan", "total"))
    of_year = float(paid_of(projects, programme.payments, as_of, year=programme.year).sum(min_count=1))
    return Summary(
        as_of=as_of,
        projects=len(projects),
        started=int(started.sum()),
        finished=int((is_in["finished"] | is_in["opened"]).sum()),
        opened=int(is_in["opened"].sum()),
        seats=float(status["seats"].sum()),
        seats_opened=float(status["seats"][is_in["opened"]].sum()),
        total=total,
        year_plan=plan,
        paid=paid,
        year=programme.year,
        paid_in_year=of_year,
        share_of_year_plan_paid=_share(of_year, plan),
        share_of_total_paid=_share(paid, total),
        share_started=_share(float(started.sum()), len(projects)),
        share_finished=_share(float((is_in["finished"] | is_in["opened"]).sum()), len(projects)),
        all_started_on=None if pd.isna(all_begun) else all_begun,
        start_days_early=float((due.max() - all_begun).days) if pd.notna(all_begun) and pd.notna(due.max()) else np.nan,
        late=int(late.sum()),
        seats_late=float(status["seats"][late].sum()),
        funds=_funds(programme, as_of),
        grades=programme.grades,
        money=programme.money,
        money_zh=programme.money_zh,
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan


def _funds(programme: Book, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return money by source: planned in the projects, paid in the payments."""
    columns = [str(name) for name in programme.projects if str(name).startswith(FUNDS)]
    names = pd.Index([name.removeprefix(FUNDS) for name in columns], name="fund", dtype=str)
    planned = pd.Series(programme.projects[columns].sum().to_numpy(dtype=float), index=names)
    paid = pd.Series(np.nan, index=names)
    if programme.payments is not None:
        until = programme.payments[programme.payments["day"] <= as_of]
        paid = until.groupby("fund")["amount"].sum().reindex(names, fill_value=0.0)
    return pd.DataFrame({"planned": planned, "paid": paid, "share_paid": paid / planned.where(planned > 0)})
