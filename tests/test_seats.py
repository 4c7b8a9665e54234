"""The balance of seats: by hand, with what is not known, across layouts, conserved."""

from math import inf, isclose, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout.errors import InputError
from edulayout.seats import balance

FAST = settings(max_examples=50, deadline=None)


def demand(*rows):
    """Rows of pupils, residents, district."""
    table = pd.DataFrame(rows, columns=["pupils_primary", "population", "district_id"])
    return table.set_index(pd.Index([f"d{k}" for k in range(len(rows))], name="demand_id"))


def schools(*rows, **columns):
    """Rows of kind, seats, district."""
    table = pd.DataFrame(rows, columns=["kind", "seats_primary", "district_id"]).assign(**columns)
    return table.set_index(pd.Index([f"s{k}" for k in range(len(rows))], name="school_id"))


HOMES = demand((60, 1000, "east"), (40, 500, "east"), (90, 2000, "west"))
SITES = schools(("primary", 45, "east"), ("nine_year", 46, "east"), ("primary", 180, "west"))


class TestByHand:
    def test_every_column(self):
        found = balance(HOMES, SITES, stage="primary")
        assert found.index.tolist() == ["east", "west", "all"]
        assert found.index.name == "district_id"
        assert found["pupils"].tolist() == [100, 90, 190]
        assert found["seats"].tolist() == [91, 180, 271]
        assert found["schools"].tolist() == [2, 1, 3]
        assert found["surplus"].tolist() == [-9, 90, 81]
        assert found["gap"].tolist() == [9, 0, 0]
        assert found["gap_at_most"].tolist() == [9, 0, 0]
        assert found["residents"].tolist() == [1500, 2000, 3500]
        assert found["classes"].tolist() == [1 + 2, 4, 7]
        assert found["classes_needed"].tolist() == [3, 2, 5]
        assert np.allclose(found["seats_per_1000_residents"], [91 / 1.5, 90, 271 / 3.5])

    def test_unknown_seats_are_shown_and_never_zero(self):
        found = balance(HOMES, schools(("primary", nan, "east"), ("primary", 50, "east")), stage="primary")
        assert found["schools_unknown"].tolist() == [1, 0, 1]
        assert found.loc["east", ["seats", "gap_at_most"]].tolist() == [50, 50]
        for column in ("surplus", "gap", "classes", "seats_per_1000_residents"):
            assert found[column].isna().tolist() == [True, False, True]
        assert found.loc["west", "gap"] == 90

    def test_what_is_nowhere_has_its_own_row(self):
        homes = demand((60, 1000, "east"), (5, 10, None), (7, 20, ""))
        sites = schools(("primary", 45, "east"), ("primary", 30, nan))
        found = balance(homes, sites, stage="primary")
        assert found.index.tolist() == ["east", "outside", "all"]
        assert found["pupils"].tolist() == [60, 12, 72]
        assert found["seats"].tolist() == [45, 30, 75]

    def test_a_district_without_pupils_or_without_schools(self):
        found = balance(demand((60, 0, "b")), schools(("primary", 45, "a")), stage="primary")
        assert found["pupils"].tolist() == [0, 60, 60]
        assert found["seats"].tolist() == [45, 0, 45]
        assert found["seats_per_1000_residents"].isna().all()

    def test_layouts_face_the_same_pupils(self):
        sites = schools(
            ("primary", 45, "east"), ("primary", 45, "east"), ("primary", 90, "west"), layout=["today", "plan", "plan"]
        )
        found = balance(HOMES, sites, stage="primary")
        assert found.index.names == ["layout", "district_id"]
        assert found.index.tolist() == [(x, y) for x in ("today", "plan") for y in ("east", "west", "all")]
        assert found["pupils"].tolist() == [100, 90, 190] * 2
        assert found["gap"].tolist() == [55, 90, 145, 55, 0, 55]

    def test_only_schools_that_serve_the_stage_count(self):
        sites = schools(
            ("kindergarten", nan, "east"), ("unknown", nan, "east"), ("unknown", 30, "east"), ("primary", 0, "east")
        )
        found = balance(HOMES, sites, stage="primary")
        assert found.loc["east", ["schools", "seats", "schools_unknown"]].tolist() == [2, 30, 0]

    def test_closed_schools_have_no_seats(self):
        sites = SITES.assign(status=["closed", "existing", "planned"])
        assert balance(HOMES, sites, stage="primary").loc["all", ["seats", "schools"]].tolist() == [226, 2]

    def test_class_sizes_follow_the_kind(self):
        homes = pd.DataFrame({"pupils_junior_high": [101.0], "population": [1.0]})
        sites = pd.DataFrame({"kind": ["nine_year"], "seats_junior_high": [150.0]})
        found = balance(homes, sites, stage="junior_high", by=None)
        assert found.index.tolist() == ["all"]
        assert found.loc["all", ["classes", "classes_needed"]].tolist() == [3, 3]

    def test_no_schools_at_all(self):
        assert balance(HOMES, SITES.iloc[:0], stage="primary")["gap"].tolist() == [100, 90, 190]

    def test_arguments_stay_as_they_are(self):
        kept = HOMES.copy(), SITES.copy()
        balance(HOMES, SITES, stage="primary")
        pd.testing.assert_frame_equal(HOMES, kept[0])
        pd.testing.assert_frame_equal(SITES, kept[1])


NAMES = st.sampled_from(["a", "b", "c", None])


class TestProperties:
    @FAST
    @given(
        st.lists(st.tuples(st.floats(0, 500), st.floats(0, 9000), NAMES), min_size=1, max_size=12),
        st.lists(st.tuples(st.sampled_from(["primary", "nine_year"]), st.floats(0, 900), NAMES), max_size=8),
        st.randoms(use_true_random=False),
    )
    def test_conserved_and_the_same_in_any_order(self, homes, sites, random):
        homes, sites = demand(*homes), schools(*sites)
        found = balance(homes, sites, stage="primary")
        groups = found.drop(index="all")
        assert isclose(groups["pupils"].sum(), homes["pupils_primary"].sum(), abs_tol=1e-6)
        assert isclose(groups["seats"].sum(), sites["seats_primary"].sum(), abs_tol=1e-6)
        assert (groups["gap"] - groups["surplus"].clip(upper=0).abs()).abs().max() < 1e-9
        order = random.sample(list(homes.index), len(homes))
        pd.testing.assert_frame_equal(balance(homes.loc[order], sites.iloc[::-1], stage="primary"), found)


class TestWrongTables:
    @pytest.mark.parametrize(
        ("homes", "sites", "match"),
        [
            (HOMES.drop(columns="population"), SITES, "demand: no column population"),
            (HOMES, SITES.drop(columns=["kind", "seats_primary"]), "schools: no column kind, seats_primary"),
            (demand((nan, 1, "a")), SITES, "pupils_primary holds numbers"),
            (demand((1, -1, "a")), SITES, "population holds numbers"),
            (HOMES, schools(("primary", -5, "a")), "seats_primary holds numbers"),
            (HOMES, schools(("primary", inf, "a")), "seats_primary holds numbers"),
        ],
    )
    def test_tables(self, homes, sites, match):
        with pytest.raises(InputError, match=match):
            balance(homes, sites, stage="primary")

    def test_an_unknown_stage(self):
        with pytest.raises(InputError, match="one of kindergarten"):
            balance(HOMES, SITES, stage="college")

    def test_every_fault_at_once_with_its_rows(self):
        with pytest.raises(InputError, match="d1") as caught:
            balance(demand((1, 1, "a"), (nan, 1, "a")), schools(("primary", -5, "a")), stage="primary")
        assert len(caught.value.faults) == 2
