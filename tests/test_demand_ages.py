"""Age tables, their split into single years, and who of an age goes to school."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout.demand import (
    BEERS,
    EVEN,
    SPLITS,
    SPRAGUE,
    XUANCHENG,
    SchoolAge,
    ages,
    check_rule,
    implied_ratio,
    pupils_of_ages,
)  # fmt: skip
from edulayout.demand.age_groups import parse_age
from edulayout.demand.school_ages import turned
from edulayout.errors import InputError

FIVE = ["0-4", "5-9", "10-14", "15-19", "20-24", "25-29", "30+"]


def table(groups, numbers, **more):
    return pd.DataFrame({"district_id": "a", "age": groups, "population": numbers} | more)


def _osculating(points, group):
    """The five single years of a middle group by Sprague's definition: between two points of the cumulated numbers runs
    the quintic that has there the height, slope and curvature of the quartics through the five points around either.
    """
    x = np.arange(-2, 3)
    left = np.polynomial.Polynomial.fit(x, points[group - 2 : group + 3], 4).convert()
    right = np.polynomial.Polynomial.fit(x + 1, points[group - 1 : group + 4], 4).convert()
    rows, values = [], []
    for curve, at in ((left, 0.0), (right, 1.0)):
        for order in range(3):
            rows.append(
                [np.prod(range(n - order + 1, n + 1)) * at ** (n - order) if n >= order else 0.0 for n in range(6)]
            )
            values.append(curve.deriv(order)(at) if order else curve(at))
    quintic = np.polynomial.Polynomial(np.linalg.solve(np.array(rows, dtype=float), values))
    return np.diff(quintic(np.linspace(0, 1, 6)))


class TestMultipliers:
    @pytest.mark.parametrize("split", [SPRAGUE, BEERS], ids=lambda split: split.name)
    def test_every_group_keeps_its_total(self, split):
        matrix = split.matrix(9)
        sums = matrix.reshape(9, 5, 9).sum(axis=1)
        assert sums == pytest.approx(np.eye(9), abs=1e-12)

    @pytest.mark.parametrize("split", [SPRAGUE, BEERS], ids=lambda split: split.name)
    def test_a_constant_and_a_line_are_met_exactly(self, split):
        singles = np.arange(45.0) * 3 + 20
        assert split.singles(singles.reshape(9, 5).sum(axis=1)) == pytest.approx(singles, abs=0.02)
        assert split.singles(np.full(9, 50.0)) == pytest.approx(np.full(45, 10.0), abs=1e-9)

    def test_sprague_meets_a_cubic(self):
        years = np.arange(46.0)
        cumulated = 0.001 * years**4 - 0.05 * years**3 + 2 * years**2 + 40 * years
        singles = np.diff(cumulated)
        assert SPRAGUE.singles(singles.reshape(9, 5).sum(axis=1)) == pytest.approx(singles, abs=1e-9)

    def test_the_middle_panel_is_the_osculatory_quintic(self):
        groups = np.array([50.0, 62.0, 57.0, 40.0, 44.0, 71.0, 69.0])
        singles = SPRAGUE.singles(groups).reshape(7, 5)
        points = np.concatenate([[0.0], np.cumsum(groups)])
        for group in (2, 3, 4):
            assert singles[group] == pytest.approx(_osculating(points, group), abs=1e-9)

    def test_the_last_groups_mirror_the_first(self):
        groups = np.array([50.0, 62.0, 57.0, 40.0, 44.0, 71.0])
        for split in (SPRAGUE, BEERS):
            assert split.singles(groups[::-1]) == pytest.approx(split.singles(groups)[::-1])

    def test_published_row(self):
        assert SPRAGUE.matrix(6)[0, :5].tolist() == [0.3616, -0.2768, 0.1488, -0.0336, 0.0]
        assert BEERS.matrix(7)[17, 1:6].tolist() == [0.0050, -0.0280, 0.2460, -0.0280, 0.0050]


class TestAges:
    @pytest.mark.parametrize("split", list(SPLITS.values()), ids=list(SPLITS))
    def test_groups_keep_their_totals(self, split):
        numbers = [310, 290, 340, 300, 260, 400, 2000]
        found = ages(table(FIVE, numbers), split=split).by_age().loc["a"].to_numpy()
        assert found[:30].reshape(6, 5).sum(axis=1) == pytest.approx(numbers[:6])
        assert found[30] == 2000

    def test_single_years_stay(self):
        found = ages(table([str(age) for age in range(20)] + ["20+"], [*range(20), 700]))
        assert found.by_age().loc["a"].tolist() == [*range(20), 700]
        assert found.open_ended

    def test_fine_groups_within_five_years_keep_their_own_totals(self):
        numbers = [70, 240, 290, 340, 300, 260, 2000]
        found = ages(table(["0", "1-4", *FIVE[1:5], "25+"], numbers)).by_age().loc["a"].to_numpy()
        assert found[0] == pytest.approx(70)
        assert found[1:5].sum() == pytest.approx(240)
        assert found[5:10].sum() == pytest.approx(290)

    def test_below_zero_becomes_zero_and_is_told(self):
        found = ages(table(FIVE, [5000, 10, 0, 0, 0, 0, 50]))
        row = found.by_age().loc["a"].to_numpy()
        assert (row >= 0).all()
        assert row[5:10].sum() == pytest.approx(10)
        assert "less than 0" in found.notes[0]

    def test_chinese_words(self):
        frame = table(["0～4岁", "5～9岁", "10～14岁", "15～19岁", "20～24岁", "25岁及以上"] * 2, [50] * 12)
        found = ages(frame.assign(sex=["女"] * 6 + ["男"] * 6))
        assert found.sexes == ("female", "male")
        assert found.population()["a"] == 600
        assert parse_age("≥85") == parse_age("85+")

    def test_every_fault_at_once(self):
        frame = pd.DataFrame(
            [("a", "f", "0-4", 50), ("a", "f", "0-4", 50), ("a", "m", "0-4", -1), ("b", "x", "5-9", 3), ("b", "f", "3-6", 2),
             ("a", "f", "young", 4), ("zz", "f", "20+", None)],
            columns=["district_id", "sex", "age", "population"],
        )  # fmt: skip
        with pytest.raises(InputError) as error:
            ages(frame, districts=["a", "b", "c"])
        text = str(error.value)
        for words in ("cannot be read: 'young'", "sexes that cannot be read", "negative, missing", "nobody knows: zz",
                      "without a row", "overlap", "twice"):  # fmt: skip
            assert words in text, words
        assert next(fault for fault in error.value.faults if "twice" in fault.found).rows == ("0", "1")

    def test_missing_ages_are_named(self):
        with pytest.raises(InputError) as error:
            ages(table(["1-4", "10-14", "15+"], [1, 2, 3]), split=EVEN)
        assert error.value.faults[0].rows == ("0", "5-9")

    def test_cells_missing_in_one_district_are_named(self):
        frame = pd.concat(
            [table(FIVE, [10] * 7), table(FIVE[:-1], [10] * 6).assign(district_id="b")], ignore_index=True
        )
        with pytest.raises(InputError, match=r"b both 30\+"):
            ages(frame)

    def test_an_open_group_in_the_middle_overlaps(self):
        with pytest.raises(InputError, match="overlap"):
            ages(table(["0-4", "5+", "10-14"], [1, 2, 3]), split=EVEN)

    def test_wide_groups_need_the_even_split(self):
        frame = table(["0-9", "10-19", "20+"], [100, 100, 50])
        with pytest.raises(InputError, match="sprague cannot split"):
            ages(frame)
        assert ages(frame, split=EVEN).by_age().loc["a", 7] == 10

    @settings(max_examples=40, deadline=None)
    @given(numbers=st.lists(st.floats(0, 1e6), min_size=7, max_size=7), name=st.sampled_from(sorted(SPLITS)))
    def test_conservation_and_no_negatives(self, numbers, name):
        found = ages(table(FIVE, numbers), split=SPLITS[name]).by_age().loc["a"].to_numpy()
        assert (found >= 0).all()
        assert found[:30].reshape(6, 5).sum(axis=1) == pytest.approx(numbers[:6], rel=1e-9, abs=1e-9)

    @settings(max_examples=20, deadline=None)
    @given(order=st.permutations(range(14)))
    def test_order_of_rows_does_not_matter(self, order):
        frame = pd.concat(
            [table(FIVE, [30, 20, 10, 20, 30, 40, 9]), table(FIVE, [1, 2, 3, 4, 5, 6, 7]).assign(district_id="b")]
        )
        frame = frame.reset_index(drop=True)
        assert np.array_equal(ages(frame).residents, ages(frame.iloc[list(order)]).residents)


class TestSchoolAges:
    def test_chinese_stages(self):
        single = ages(table([str(age) for age in range(20)] + ["20+"], [100 + age for age in range(20)] + [0]))
        found = pupils_of_ages(single).loc["a"]
        assert found["pupils_kindergarten"] == 103 + 104 + 105
        assert found["pupils_primary"] == sum(range(106, 112))
        assert found["pupils_junior_high"] == 112 + 113 + 114

    def test_ages_at_the_end_of_the_year_lag_four_months(self):
        single = ages(table([str(age) for age in range(20)] + ["20+"], [0, 0, 0, 365, 0, 0, 0] + [0] * 14))
        found = pupils_of_ages(single, {"kindergarten": SchoolAge(3, 1)}, counted_on="12-31")
        assert found.loc["a", "pupils_kindergarten"] == pytest.approx(365 - 122)
        before = pupils_of_ages(single, {"kindergarten": SchoolAge(4, 1)}, counted_on="06-30")
        assert before.loc["a", "pupils_kindergarten"] == pytest.approx(62)

    def test_enrolment_by_year(self):
        stage = SchoolAge(3, 1, {2024: 0.5, 2026: 1.0})
        assert [stage.enrolled(year) for year in (2020, 2024, 2025, 2030)] == [0.5, 0.5, 0.75, 1.0]

    def test_the_nearer_cut_off_is_meant(self):
        assert turned("08-31") == 0
        assert turned("02-28") > 0 > turned("03-02"), "the nearer cut-off"
        with pytest.raises(InputError, match="month and day"):
            turned("31 August")

    def test_ages_that_end_too_early(self):
        with pytest.raises(InputError) as error:
            pupils_of_ages(ages(table(["0-4", "5-9", "10+"], [1, 2, 3]), split=EVEN))
        assert error.value.faults[0].rows == ("primary", "junior_high", "senior_high")

    def test_stages_are_checked_together(self):
        with pytest.raises(InputError) as error:
            pupils_of_ages(ages(table(["0+"], [1]), split=EVEN), {"school": SchoolAge(-1, 0, float("nan"))})
        assert len(error.value.faults) == 3


class TestCheckRule:
    def test_ten_births_per_thousand(self):
        assert [implied_ratio(10, years=years) for years in (3, 6, 3)] == [30, 60, 30]

    def test_stationary_population_obeys_it(self):
        """Births of 10 per 1,000 every year, nobody dies before 100: the residents of each age are 10 per 1,000."""
        single = ages(table([str(age) for age in range(99)] + ["99+"], [10.0] * 100))
        found = pupils_of_ages(single).loc["a"]
        for stage, years in (("kindergarten", 3), ("primary", 6), ("junior_high", 3)):
            assert found[f"pupils_{stage}"] == pytest.approx(implied_ratio(10, years=years))

    def test_xuancheng_after_falling_births(self):
        found = check_rule(XUANCHENG.per_1000, {"kindergarten": 6.5, "primary": 10.0, "junior_high": 11.0})
        assert found["verdict"].tolist() == ["high", "plausible", "plausible"]
        assert found.loc["kindergarten", "implied"] == 19.5

    def test_migration_and_enrolment_multiply(self):
        stages = {"primary": SchoolAge(6, 6, 0.5)}
        assert check_rule({"primary": 60}, 10, stages=stages, migration=2.0).loc["primary", "implied"] == 60
        assert check_rule({"primary": 60}, 0, stages=stages)["verdict"].tolist() == ["cannot tell"]

    def test_faults(self):
        with pytest.raises(InputError) as error:
            check_rule({"primary": 60, "kindergarten": 30}, {"primary": -1.0})
        assert len(error.value.faults) == 2
