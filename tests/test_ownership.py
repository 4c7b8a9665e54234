"""Public and private seats: by hand, and the soonest, cheapest projects against every subset."""

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout.errors import InputError
from edulayout.programme import ownership_shares, soonest

OWNERS = ["public", "inclusive", "private"]


def schools(*rows):
    return pd.DataFrame(list(rows), columns=["ownership", "seats_kindergarten", "district_id"])


def projects(*rows):
    table = pd.DataFrame(list(rows), columns=["ownership", "seats_kindergarten", "total", "opening", "district_id"])
    return table.set_index(pd.Index([f"p{n}" for n in range(len(rows))], name="project_id"))


def test_shares_by_district_add_up():
    made = ownership_shares(
        schools(("public", 60, "e"), ("private", 40, "e"), ("inclusive", 50, "w"), ("public", None, "w"))
    )
    assert made.index.tolist() == ["e", "w", "all"]
    assert made.loc["all", ["seats_public", "seats_inclusive", "seats_private", "schools_unknown"]].tolist() == [
        60,
        50,
        40,
        1,
    ]
    assert made.loc[
        "e", ["share_public", "share_inclusive", "meets_public", "meets_inclusive", "short_inclusive"]
    ].tolist() == [0.6, 0.6, True, False, 20.0]
    assert made.loc["w", "short_public"] == 25


def test_exactly_the_target_meets_it():
    made = ownership_shares(schools(("public", 50, "e"), ("inclusive", 30, "e"), ("private", 20, "e")))
    assert made.loc["all", ["meets_public", "meets_inclusive", "short_public"]].tolist() == [True, True, 0.0]


def test_met_already_costs_nothing():
    chosen = soonest(projects(("public", 30, 9, 2026, "e")), schools(("public", 60, "e")))
    assert (chosen.projects, chosen.cost, chosen.status) == ((), 0.0, "optimal")


def test_a_private_project_hurts_and_is_never_taken():
    chosen = soonest(
        projects(("private", 90, 0, 2026, "e"), ("public", 60, 8, 2026, "e")),
        schools(("private", 50, "e")),
        targets={"public": 0.5},
    )
    assert chosen.projects == ("p1",)
    assert chosen.shares.loc["all", "share_public"] == pytest.approx(60 / 110)


def test_money_can_make_it_later():
    table = projects(("public", 60, 9, 2026, "e"), ("public", 60, 4, 2027, "e"))
    old = schools(("private", 60, "e"))
    assert soonest(table, old, targets={"public": 0.5}).year == 2026
    later = soonest(table, old, targets={"public": 0.5}, budget={2026: 5.0, 2027: 5.0})
    assert (later.projects, later.year, later.cost) == (("p1",), 2027, 4.0)


def test_impossible_says_what_is_missing():
    chosen = soonest(projects(("public", 10, 1, 2026, "e")), schools(("private", 90, "e")), targets={"public": 0.5})
    assert (chosen.status, chosen.year) == ("infeasible", None)
    assert chosen.reasons == ("public, all: 40 seats short with everything that helps it",)


def meets(rows, by):
    for group in {row.district_id for row in rows} if by else {None}:
        own = [row for row in rows if group in (None, row.district_id)]
        total, public, inclusive = (
            sum(row.seats_kindergarten for row in own if row.ownership in owners)
            for owners in (OWNERS, OWNERS[:1], OWNERS[:2])
        )
        if 2 * public < total or 10 * inclusive < 8 * total:
            return False
    return True


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_agrees_with_every_subset(data):
    count = data.draw(st.integers(1, 5))
    old = schools(
        *[
            (data.draw(st.sampled_from(OWNERS)), data.draw(st.integers(0, 9)) * 10, data.draw(st.sampled_from("ew")))
            for _ in range(3)
        ]
    )
    table = projects(*[(data.draw(st.sampled_from(OWNERS)), data.draw(st.integers(1, 9)) * 10, data.draw(st.integers(0, 9)),
                        data.draw(st.integers(2026, 2028)), data.draw(st.sampled_from("ew"))) for _ in range(count)])  # fmt: skip
    by = data.draw(st.sampled_from([None, "district_id"]))
    best = None
    for size in range(count + 1):
        for subset in itertools.combinations(table.index, size):
            new = table.loc[list(subset)]
            if meets([*old.itertuples(), *new.itertuples()], by):
                value = (int(new["opening"].max()) if size else 0, float(new["total"].sum()))
                best = value if best is None or value < best else best
    chosen = soonest(table, old, by=by)
    if best is None:
        assert chosen.status == "infeasible"
    else:
        assert chosen.status == "optimal"
        assert chosen.cost == best[1]
        assert chosen.year == best[0] if best[0] else chosen.projects == ()


def test_bad_tables_are_named():
    with pytest.raises(InputError, match="no column total"):
        soonest(projects(("public", 1, 1, 2026, "e")).drop(columns="total"), schools(("public", 1, "e")))
    with pytest.raises(InputError) as caught:
        ownership_shares(schools(("royal", 1, "e"), ("public", -1, "e")))
    assert len(caught.value.faults) == 2
