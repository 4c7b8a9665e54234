"""A layout that grows as projects open: who is covered when, and what a delay costs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout import coverage, seats
from edulayout.costs import TravelCosts
from edulayout.coverage import ALL
from edulayout.fixedpoint import total
from edulayout.stages import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.typing import BoolArray, FloatArray

TIMELINE = ("date", "quarter", "stage", "district_id", "projects_opened", "schools", "schools_unknown", "pupils",
            "pupils_covered", "share_covered", "mean_metres", "seats", "gap", "gap_at_most")  # fmt: skip


def additions(projects: pd.DataFrame, districts: pd.Series[str]) -> pd.DataFrame:
    """Return a row for each stage that a project adds to a site, in the order of opening.

    Parameters
    ----------
    projects
        By `project_id`: `kind`, `site_id`, `seats_<stage>`, `planned_opening`, `expected_opening`.
    districts
        The district in which each site lies, by its id.

    Returns
    -------
    pandas.DataFrame
        `project_id`, `stage`, `site_id`, `district_id`, `kind`, `seats` (NaN: not known), `planned`, `expected`. A
        project without a known site or a day of opening adds nothing.
    """
    placed = projects[projects["site_id"].isin(districts.index) & projects["expected_opening"].notna()]
    rows = [
        (name, stage, row["site_id"], districts[row["site_id"]], row["kind"], row.get(f"seats_{stage}", np.nan),
         row["planned_opening"], row["expected_opening"])
        for name, row in placed.iterrows()
        for stage in KINDS[row["kind"]].stages
    ]  # fmt: skip
    columns = ["project_id", "stage", "site_id", "district_id", "kind", "seats", "planned", "expected"]
    table = pd.DataFrame(rows, columns=columns)
    days = {name: pd.to_datetime(table[name]).astype("datetime64[s]") for name in ("planned", "expected")}
    table = table.assign(seats=table["seats"].astype(np.float64), **days)
    return table.sort_values(["expected", "project_id"], ignore_index=True)


@dataclass(frozen=True, eq=False)
class Growing:
    """One stage of a layout that grows.

    Parameters
    ----------
    stage, radius
        Whose pupils, and how far they go.
    demand
        In the order of the costs.
    standing
        The schools of today that serve the stage: `kind`, `district_id`, `seats_<stage>`.
    nearest
        Metres from each place to the nearest of them, infinite where there is none.
    ways
        By site that is added, metres from each place.
    adds
        The rows of `additions` of this stage.
    """

    stage: str
    radius: float
    demand: pd.DataFrame
    standing: pd.DataFrame
    nearest: FloatArray
    ways: Mapping[str, FloatArray]
    adds: pd.DataFrame

    @classmethod
    def of(
        cls, stage: str, costs: TravelCosts, *, walks: TravelCosts, radius: float, demand: pd.DataFrame,
        standing: pd.DataFrame, adds: pd.DataFrame,
    ) -> Growing:  # fmt: skip
        """Return a stage from the costs to every site, and those to the schools of today that serve it."""
        own = adds[adds["stage"] == stage].reset_index(drop=True)
        ordered = pd.DataFrame(demand)[["population", "district_id", f"pupils_{stage}"]].loc[costs.demand_ids]
        ways = _columns(costs, sorted(own["site_id"].unique()))
        return cls(stage, radius, ordered, standing, walks.nearest()[0], ways, own)

    @property
    def pupils(self) -> FloatArray:
        """Pupils of every place."""
        numbers: FloatArray = self.demand[f"pupils_{self.stage}"].to_numpy(dtype=np.float64)
        return numbers

    def _covers(self, site: str) -> BoolArray:
        return _within(self.ways[site], self.radius)

    def _open(self, day: pd.Timestamp, *, without: str = "") -> pd.DataFrame:
        return self.adds[(self.adds["expected"] <= day) & (self.adds["project_id"] != without)]

    def _covered(self, opened: pd.DataFrame) -> BoolArray:
        covered = _within(self.nearest, self.radius)
        for site in opened["site_id"].unique():
            covered = covered | self._covers(site)
        return covered

    def waiting(self, day: pd.Timestamp) -> pd.Series[float]:
        """Return by project the pupils with no open school near on a day, who wait for it.

        Each waits for one project: that which should have been the first to open near, by the plan, then by id.
        """
        left = ~self._covered(self._open(day))
        ahead = self.adds[self.adds["expected"] > day]
        due = ahead["planned"].where(ahead["planned"].notna(), ahead["expected"])
        found = {}
        for _, row in ahead.assign(due=due).sort_values(["due", "project_id"]).iterrows():
            near = left & self._covers(row["site_id"])
            found[row["project_id"]] = total(self.pupils[near])
            left = left & ~near
        return pd.Series(found, dtype=np.float64)

    def lost(self, project: pd.Series, *, until: pd.Timestamp | None = None) -> float:
        """Return the pupil-days that a late project costs: pupils near it and near no other open school, day by day.

        Counted from the day on which it should have opened to the one on which it will (or `until`, if that is
        sooner), the other projects opening when they are expected to.
        """
        start, end = project["planned"], project["expected"]
        end = end if until is None else min(end, until)
        if pd.isna(start) or end <= start:
            return 0.0
        others = self.adds["expected"][(self.adds["expected"] > start) & (self.adds["expected"] < end)]
        days = [start, *sorted(others.unique()), end]
        near, lost = self._covers(project["site_id"]), 0.0
        for before, after in pairwise(days):
            others_cover = self._covered(self._open(before, without=project["project_id"]))
            lost += (after - before).days * total(self.pupils[near & ~others_cover])
        return lost

    def timeline(self, days: Sequence[pd.Timestamp]) -> pd.DataFrame:
        """Return coverage, seats and gap of every district on each day; nothing is computed twice."""
        counts = [len(self._open(day)) for day in days]
        made = {count: self._state(self.adds.iloc[:count]) for count in dict.fromkeys(counts)}
        parts = [
            made[count].assign(date=day.strftime("%Y-%m-%d"), quarter=f"{day.year}Q{day.quarter}")
            for day, count in zip(days, counts, strict=True)
        ]
        return pd.concat(parts, ignore_index=True)[list(TIMELINE)]

    def _state(self, opened: pd.DataFrame) -> pd.DataFrame:
        nearest = np.minimum.reduce([self.nearest, *(self.ways[site] for site in opened["site_id"].unique())])
        costs = TravelCosts.from_dense(
            nearest[:, None], demand_ids=list(self.demand.index), school_ids=["nearest"], unit="metres"
        )
        found = coverage.summary(costs, self.demand, stage=self.stage, radius=self.radius, by="district_id")
        held = seats.balance(self.demand, self._schools(opened), stage=self.stage).reindex(found.index)
        self._require_conserved(found)
        columns = held[["schools", "schools_unknown", "seats", "gap", "gap_at_most"]]
        return (
            found.join(columns)
            .assign(stage=self.stage, projects_opened=opened["project_id"].nunique())
            .rename_axis("district_id")
            .reset_index()
        )

    def _schools(self, opened: pd.DataFrame) -> pd.DataFrame:
        """Return the schools with the seats that projects added; one of unknown size stays unknown."""
        column = f"seats_{self.stage}"
        fresh = opened[~opened["site_id"].isin(self.standing.index)].drop_duplicates("site_id").set_index("site_id")
        table = pd.concat(
            [self.standing[["kind", "district_id", column]], fresh[["kind", "district_id"]].assign(**{column: 0.0})]
        )
        more = opened.groupby("site_id")["seats"].agg(lambda own: own.sum(skipna=False)).reindex(table.index).to_numpy()
        there = table.index.isin(opened["site_id"])
        return table.assign(**{column: table[column] + np.where(there, more, 0.0)})

    def _require_conserved(self, found: pd.DataFrame) -> None:
        given, parts = total(self.pupils), float(found["pupils"].drop(ALL).sum())
        assert np.isclose(float(found["pupils"].loc[ALL]), given, rtol=1e-9, atol=1e-6), (
            f"{self.stage}: pupils are conserved"
        )
        assert np.isclose(parts, given, rtol=1e-9, atol=1e-6), f"{self.stage}: every pupil is in one district"


def quarters(first: pd.Timestamp, last: pd.Timestamp) -> list[pd.Timestamp]:
    """Return a day, and the last day of every quarter after it until that in which another day lies.

    Examples
    --------
    >>> [day.date().isoformat() for day in quarters(pd.Timestamp("2026-05-10"), pd.Timestamp("2026-09-01"))]
    ['2026-05-10', '2026-06-30', '2026-09-30']
    """
    ends = pd.date_range(first, last + pd.offsets.QuarterEnd(0), freq="QE")
    return [first, *(day for day in ends if day > first)]


def _within(metres: FloatArray, radius: float) -> BoolArray:
    # As in coverage: costs are stored as float32, and the radius is rounded the same way.
    within: BoolArray = metres.astype(np.float32) <= np.float32(radius)
    return within


def _columns(costs: TravelCosts, sites: list[str]) -> dict[str, FloatArray]:
    """Return the costs from every place to each of some sites, infinite where there is no way."""
    some = costs.select_schools(sites)
    dense = np.full((len(sites), len(some.demand_ids)), np.inf)
    dense[some.indices, some.row_numbers()] = some.values
    return dict(zip(sites, dense, strict=True))
