"""A programme of projects, and what is known of it as of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout.programme.book import Book
from edulayout.programme.dates import as_of_day
from edulayout.programme.gate import check_projects
from edulayout.programme.letters import Letter, Wording, letters_of
from edulayout.programme.milestones import default_milestones
from edulayout.programme.status import lagging_of, openings_of, said_late, status_of
from edulayout.programme.summing import Summary, summary_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Programme(Book):
    """Projects with their milestones, money and seats.

    Parameters
    ----------
    projects
        As `check_projects` returns them, by `project_id`.
    payments
        As `check_payments` returns them; None where the projects have a column `paid` instead.
    milestones
        In the order that a project passes them.
    graded
        Kindergartens with a column `grade` (`provincial`, `city`, `county`); None where nobody lists them.
    year
        The year that `year_plan` is for; 0 where nobody said it.
    money, money_zh
        The unit of all money.
    name, name_zh, note, note_zh
        For people.
    source
        Where it was read from.
    notes
        What was assumed on reading.

    Examples
    --------
    Two kindergartens; on the last day of September one has started in time, the other should have.

    >>> projects = pd.DataFrame({"project_id": ["a", "b"], "name": ["East", "West"], "district_id": ["e", "w"],
    ...     "kind": "kindergarten", "how": "new", "seats_kindergarten": [90, 60], "total": [300.0, 200.0],
    ...     "year_plan": [100.0, 100.0], "paid": [150.0, 0.0], "planned_start": "2024-09-01",
    ...     "actual_start": ["2024-08-22", ""], "planned_opening": "2025-09-01"})
    >>> made = Programme.of(projects)
    >>> made.summary(as_of="2024-09-30").share_started, made.summary(as_of="2024-09-30").share_of_year_plan_paid
    (0.5, 0.75)
    >>> made.lagging(as_of="2024-09-30")[["name", "milestone", "days_late", "seats"]]
                name milestone  days_late  seats
    project_id
    b           West     start         29   60.0
    """

    @classmethod
    def of(
        cls, projects: pd.DataFrame, *, districts: Sequence[str] | None = None, source: str = "projects"
    ) -> Programme:
        """Return a programme from a table, checked at the gate.

        Raises
        ------
        TableError
            With every fault; see `check_projects`.
        """
        checked = check_projects(projects, default_milestones(), source=source, districts=districts)
        return cls(projects=checked, source=source, notes=checked.attrs["notes"])

    def status(self, as_of: object) -> pd.DataFrame:
        """Return one row per project as of a day.

        Days after it are not known yet: what is written down for later does not count.

        Returns
        -------
        pandas.DataFrame
            By `project_id`: `name`, `district_id`, `kind`, `how`, `seats`, `state` (`not_started`, `under_way`,
            `finished`, `opened`), `reached` (the last milestone), `days_early` (of it against the plan; negative is
            late), `milestone` (the next one that is planned), `due`, `days_late` (of the next one, 0 where it is not
            due yet), `planned_opening`, `expected_opening` (the actual day, or the planned one moved by the delay so
            far), `total`, `year_plan`, `paid`.

        Notes
        -----
        The delay so far is that of the last milestone reached, or what the next one is already overdue, whichever is
        more; a project that is ahead is expected to keep its lead. What has not opened opens today at the earliest.
        """
        return status_of(self.projects, self.payments, self.milestones, as_of_day(as_of))

    def summary(self, as_of: object) -> Summary:
        """Return the figures of the whole programme as of a day."""
        return summary_of(self, as_of_day(as_of))

    def lagging(self, as_of: object, *, pupils: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Return the projects that are late, the worst first: what is late, by how much, how many seats wait.

        Parameters
        ----------
        as_of
            A day, such as `2024-11-30`.
        pupils
            By project, the pupils who wait for it, where the caller knows them.
        """
        return lagging_of(self.status(as_of), pupils or {})

    def late_lines(self, as_of: object, *, language: str = "en") -> list[str]:
        """Return the lagging list as lines for the screen."""
        late, labels = self.lagging(as_of), {one.name: one for one in self.milestones}
        lines = []
        told = late.assign(**said_late(late, self.milestones))
        for row in told.reset_index().itertuples(index=False):
            one = labels[str(row.milestone)]
            what = one.label_zh if language == "zh" and one.label_zh else one.label
            name = str(row.name if language == "zh" else getattr(row, "name_en", "") or row.name)
            seats = f"{row.seats:,.0f}"
            lines.append(
                f"  {name}（{row.district_id}）：{what}滞后{row.days}天，学位{seats}个"
                if language == "zh"
                else f"  {name} ({row.district_id}): {what} {row.days} days late, {seats} seats"
            )
        return lines

    def openings(self, as_of: object) -> pd.Series:
        """Return by project the day on which its seats are there: the actual one, or the expected one."""
        return openings_of(self.status(as_of))

    def letters(
        self,
        as_of: object,
        *,
        language: str = "zh",
        template: str | None = None,
        issuer: str = "",
        names: Mapping[str, str] | None = None,
        pupils: Mapping[str, float] | None = None,
    ) -> list[Letter]:
        """Return a reminder letter (提醒函) for each district with a late project.

        Parameters
        ----------
        as_of
            A day.
        language
            `zh` or `en`.
        template
            Text of a template in place of the one of the package; see `letter_zh.txt` for its fields.
        issuer
            Who signs; a line to fill in where it is empty.
        names
            What districts are called, by `district_id`; the id itself where it is not there.
        pupils
            As in `lagging`.
        """
        wording = Wording(language=language, template=template, issuer=issuer, names=names or {})
        return letters_of(self, as_of_day(as_of), wording=wording, pupils=pupils or {})

    def _repr_html_(self) -> str:
        last = self.payments["day"].max() if self.payments is not None and len(self.payments) else None
        actual = self.projects[[f"actual_{one.name}" for one in self.milestones]].max().max()
        days = [one for one in (last, actual) if one is not None and pd.notna(one)]
        return self.summary(max(days))._repr_html_() if days else self.projects.to_html()
