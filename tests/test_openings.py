"""A layout that grows: by hand on a line of places, then against a day-by-day count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout.costs import TravelCosts
from edulayout.study.openings import Growing, additions, quarters

DAY = pd.Timestamp("2026-06-30")


def project(site, planned, expected, *, kind="primary", seats=100.0):
    return {"site_id": site, "kind": kind, "seats_primary": seats, "planned_opening": pd.Timestamp(planned),
            "expected_opening": pd.Timestamp(expected)}  # fmt: skip


def growing(rows, *, pupils=(10.0, 20.0, 40.0, 80.0), near=None, seats=300.0):
    """Four places; school s stands near the first. `near`: which places each site is near to."""
    near = near or {"s": [0], "x": [1], "y": [1, 2], "z": [3]}
    ids = [f"d{number}" for number in range(len(pupils))]
    metres = [[100.0 if at in near[site] else 900.0 for site in near] for at in range(len(pupils))]
    costs = TravelCosts.from_dense(metres, demand_ids=ids, school_ids=list(near), unit="metres")
    demand = pd.DataFrame({"population": 1.0, "pupils_primary": pupils, "district_id": "w"}, index=ids)
    standing = pd.DataFrame({"kind": ["primary"], "district_id": ["w"], "seats_primary": [seats]}, index=["s"])
    table = pd.DataFrame(rows).T if isinstance(rows, dict) else rows
    adds = additions(table, pd.Series("w", index=list(near)))
    return Growing.of("primary", costs, walks=costs.select_schools(["s"]), radius=500, demand=demand,
                      standing=standing, adds=adds)  # fmt: skip


LATE = {
    "p1": project("x", "2026-03-01", "2026-09-01"),
    "p2": project("y", "2026-05-01", "2026-08-01", seats=np.nan),
    "p3": project("z", "2027-09-01", "2027-08-20"),
}


def test_additions_come_in_the_order_of_opening_one_for_each_stage():
    rows = {"b": project("x", "2026-09-01", "2026-09-01", kind="nine_year"),
            "a": project("y", "2026-01-01", "2026-01-01"), "lost": project("", "2026-01-01", "2026-01-01"),
            "dayless": project("z", None, None)}  # fmt: skip
    made = additions(pd.DataFrame(rows).T, pd.Series("w", index=["x", "y", "z"]))
    assert made[["project_id", "stage"]].values.tolist() == [["a", "primary"], ["b", "primary"], ["b", "junior_high"]]
    assert made["seats"].tolist()[:2] == [100.0, 100.0]
    assert np.isnan(made["seats"].iloc[2])


def test_each_pupil_waits_for_the_project_that_should_have_come_first():
    # d1 is near x (planned in March) and y (planned in May): it waits for x, d2 for y, d3 for z.
    assert growing(LATE).waiting(DAY).to_dict() == {"p1": 20.0, "p2": 40.0, "p3": 80.0}
    assert growing(LATE).waiting(pd.Timestamp("2026-08-15")).to_dict() == {"p1": 0.0, "p3": 80.0}


def test_what_a_delay_costs():
    made = growing(LATE)
    rows = made.adds.set_index("project_id", drop=False)
    # x lacks from 1 March to 1 September, but from 1 August y covers the same 20 pupils.
    assert made.lost(rows.loc["p1"]) == 20 * 153
    assert made.lost(rows.loc["p1"], until=DAY) == 20 * 121
    # y lacks from 1 May to 1 August: 20 + 40 pupils, x not being open either.
    assert made.lost(rows.loc["p2"]) == 60 * 92
    assert made.lost(rows.loc["p3"]) == 0.0


def test_the_timeline_by_hand():
    table = growing(LATE).timeline(quarters(DAY, pd.Timestamp("2027-08-20")))
    whole = table[table["district_id"] == "all"].set_index("date")
    assert list(whole.index) == ["2026-06-30", "2026-09-30", "2026-12-31", "2027-03-31", "2027-06-30", "2027-09-30"]
    assert whole["pupils_covered"].tolist() == [10.0, 70.0, 70.0, 70.0, 70.0, 150.0]
    assert whole["projects_opened"].tolist() == [0, 2, 2, 2, 2, 3]
    assert whole["schools"].tolist() == [1, 3, 3, 3, 3, 4]
    # y did not say how many seats it has: from then on nobody knows the gap.
    assert whole["gap"].iloc[0] == 0.0
    assert whole["gap"].iloc[1:].isna().all()
    assert whole["seats"].tolist() == [300.0, 400.0, 400.0, 400.0, 400.0, 500.0]
    assert (whole["pupils"] == 150.0).all()


def test_an_extension_adds_seats_to_the_school_that_stands():
    table = growing({"p": project("s", "2026-09-01", "2026-09-01", seats=60.0)}, seats=100.0).timeline(
        [DAY, pd.Timestamp("2026-09-30")]
    )
    whole = table[table["district_id"] == "all"]
    assert whole["seats"].tolist() == [100.0, 160.0]
    assert whole["gap"].tolist() == [50.0, 0.0]
    assert whole["schools"].tolist() == [1, 1]


def test_without_projects_the_timeline_is_today():
    none = pd.DataFrame(LATE).T.iloc[:0]
    table = growing(none).timeline(quarters(DAY, DAY))
    assert table["date"].unique().tolist() == ["2026-06-30"]


days = st.integers(0, 40).map(lambda number: pd.Timestamp("2026-01-01") + pd.Timedelta(days=number))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xyz"), days, days), min_size=1, max_size=4),
       st.lists(st.integers(0, 9), min_size=4, max_size=4))  # fmt: skip
def test_the_pupil_days_are_those_of_a_count_day_by_day(chosen, pupils):
    rows = {f"p{number}": project(*one) for number, one in enumerate(chosen)}
    near = {"s": [0], "x": [0, 1], "y": [1, 2], "z": [3]}
    made = growing(rows, pupils=tuple(map(float, pupils)), near=near)
    for _, own in made.adds.iterrows():
        count = 0.0
        for at in pd.date_range(own["planned"], own["expected"] - pd.Timedelta(days=1)):
            others = [row for name, row in rows.items() if name != own["project_id"] and row["expected_opening"] <= at]
            covered = {0} | {place for row in others for place in near[row["site_id"]]}
            count += sum(pupils[place] for place in near[own["site_id"]] if place not in covered)
        assert made.lost(own) == pytest.approx(count)
