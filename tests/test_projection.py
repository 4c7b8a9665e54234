"""The projection, checked by hand on three ages and two years, and against its own accounts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout.demand import (
    EVEN,
    Ages,
    Assumptions,
    SchoolAge,
    ages,
    assumptions,
    project,
    pupils_of_births,
    pupils_of_projection,
    survivorship,
)
from edulayout.errors import InputError

WOMEN, MEN = 0, 1


def people(*districts):
    names = tuple("abcdef"[: len(districts)])
    return Ages(np.array(districts, dtype=float), names, ("female", "male"), open_ended=True, split="even")


def rates(steps, districts=1, ages_=3, **changed):
    plain = Assumptions(
        fertility=np.zeros((steps, districts, ages_)),
        survival=np.ones((steps, districts, 2, ages_)),
        birth_survival=np.ones((steps, districts, 2)),
        migration=np.zeros((steps, districts, 2, ages_)),
        boys_per_100_girls=100.0,
    )
    return replace(plain, **changed)


class TestByHand:
    """100 women and 90 men of age 0, 80 and 70 of age 1, 60 and 50 of age 2 and older."""

    start = people([[100, 80, 60], [90, 70, 50]])

    def test_nobody_dies_moves_or_is_born(self):
        found = project(self.start, rates(2), base_year=2024)
        assert found.years == (2024, 2025, 2026)
        assert found.residents[1, 0].tolist() == [[0, 100, 140], [0, 90, 120]]
        assert found.residents[2, 0].tolist() == [[0, 0, 240], [0, 0, 210]]

    def test_two_years_with_everything(self):
        survival = np.array([0.9, 0.8, 0.5])
        migration = np.zeros((2, 1, 2, 3))
        migration[:, 0, WOMEN, 1] = 20
        given_ = rates(
            2,
            fertility=np.array([[[0, 0.5, 0]], [[0, 0.5, 0]]]),
            survival=np.broadcast_to(survival, (2, 1, 2, 3)).copy(),
            birth_survival=np.array([[[0.9, 0.8]], [[0.9, 0.8]]]),
            migration=migration,
        )
        found = project(self.start, given_, base_year=2024)
        # Women, first year: 80 + 10 = 90 of age 1 are exposed. Age 1: 100 × 0.9 + 10 = 100; age 2: 90 × 0.8 + 60 × 0.5 = 102.
        # Births: (80 + 100) / 2 × 0.5 = 45, half of them girls: 22.5 × 0.9 = 20.25; boys 22.5 × 0.8 = 18.
        assert found.residents[1, 0, WOMEN] == pytest.approx([20.25, 100, 102])
        assert found.residents[1, 0, MEN] == pytest.approx([18, 81, 81])
        assert found.births[0, 0].tolist() == [22.5, 22.5]
        # Deaths of women: 10 of age 0, 18 of 90, 30 of 60, 2.25 newborn.
        assert found.deaths[0, 0] == pytest.approx([60.25, 9 + 14 + 25 + 4.5])
        # Second year: age 1: 20.25 × 0.9 + 10 = 28.225; age 2: 110 × 0.8 + 102 × 0.5 = 139; births (100 + 28.225) / 2 × 0.5.
        assert found.residents[2, 0, WOMEN, 1:] == pytest.approx([28.225, 139])
        assert found.births[1, 0].sum() == pytest.approx(32.05625)
        assert found.residents[2, 0, WOMEN, 0] == pytest.approx(32.05625 / 2 * 0.9)

    def test_known_births_take_the_place_of_computed_ones(self):
        given_ = rates(2, fertility=np.full((2, 1, 3), 0.5), known_births=np.array([[10.0], [np.nan]]))
        found = project(self.start, given_, base_year=2024)
        assert found.births[0, 0].sum() == 10
        assert found.births[1, 0].sum() > 10

    def test_boys_at_birth(self):
        found = project(self.start, rates(1, fertility=np.ones((1, 1, 3)), boys_per_100_girls=300.0), base_year=0)
        girls, boys = found.births[0, 0]
        assert boys == pytest.approx(3 * girls)

    def test_more_leave_than_there_are(self):
        migration = np.zeros((1, 1, 2, 3))
        migration[0, 0, MEN, 2] = -1000
        with pytest.raises(InputError) as error:
            project(self.start, rates(1, migration=migration), base_year=2024)
        assert error.value.faults[0].rows == ("a male 2",)
        assert "2025" in error.value.faults[0].found

    def test_accounts(self):
        table = project(self.start, rates(1, variant="low"), base_year=2024).accounts()
        assert table["variant"].tolist() == ["low", "low"]
        assert table["population"].tolist() == [450, 450]
        assert table["births"].isna().tolist() == [False, True]


class TestSurvivorship:
    def test_nobody_dies(self):
        onward, newborn = survivorship(np.zeros(4))
        assert onward.tolist() == [1, 1, 1, 1]
        assert newborn == 1

    def test_by_hand(self):
        # l = 1, 0.9, 0.72; L0 = 1 − 0.1 × 0.8 = 0.92; L1 = 0.9 − 0.18 / 2 = 0.81; L2 = 0.72 − 0.36 / 2 = 0.54.
        onward, newborn = survivorship(np.array([0.1, 0.2, 0.5]), infant_share=0.2)
        assert onward == pytest.approx([0.81 / 0.92, 0.54 / 0.81, 0.5])
        assert newborn == pytest.approx(0.92)

    def test_everyone_dies(self):
        onward, newborn = survivorship(np.array([1.0, 1.0, 1.0]), infant_share=0.0)
        assert onward.tolist() == [0, 0, 0]
        assert newborn == 0


numbers = st.floats(0, 1000)
shares = st.floats(0, 1)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_population_account_balances(data):
    def draw(shape, each):
        size = int(np.prod(shape))
        return np.array(data.draw(st.lists(each, min_size=size, max_size=size))).reshape(shape)

    start = people(*draw((2, 2, 4), numbers))
    given_ = rates(
        2, 2, 4, fertility=draw((2, 2, 4), st.floats(0, 0.5)), survival=draw((2, 2, 2, 4), shares),
        birth_survival=draw((2, 2, 2), shares), migration=draw((2, 2, 2, 4), st.floats(0, 50)),
    )  # fmt: skip
    found = project(start, given_, base_year=2024)
    sums = found.residents.sum(axis=3)
    assert sums[1:] == pytest.approx(sums[:-1] + found.births - found.deaths + found.migrants, rel=1e-9, abs=1e-9)
    assert (found.residents >= 0).all()


def test_districts_do_not_touch_each_other():
    rng = np.random.default_rng(1)
    start = people(*rng.uniform(0, 99, (3, 2, 5)))
    given_ = rates(4, 3, 5, fertility=rng.uniform(0, 0.2, (4, 3, 5)), migration=rng.uniform(-1, 3, (4, 3, 2, 5)))
    whole = project(start, given_, base_year=0).residents
    for at in range(3):
        alone = {
            name: getattr(given_, name)[:, [at]] for name in ("fertility", "survival", "birth_survival", "migration")
        }
        own = people(start.residents[at])
        assert np.array_equal(project(own, replace(given_, **alone), base_year=0).residents[:, 0], whole[:, at])


def test_a_stationary_population_stays():
    """As many born as die, one rate everywhere: every age keeps its number."""
    deaths = np.array([0.02, 0.01, 0.05, 0.2])
    onward, newborn = survivorship(deaths)
    births = 100.0
    women = [births * newborn]
    for step in onward[:-2]:
        women.append(women[-1] * step)
    women.append(women[-1] * onward[-2] / (1 - onward[-1]))
    half = np.array([women, women])
    given_ = rates(
        5, 1, 4, survival=np.broadcast_to(onward, (5, 1, 2, 4)), birth_survival=np.full((5, 1, 2), newborn),
        known_births=np.full((5, 1), 2 * births),
    )  # fmt: skip
    found = project(people(half), given_, base_year=0)
    assert found.residents[-1, 0] == pytest.approx(half)


class TestAssumptions:
    start = ages(
        pd.DataFrame(
            [(d, s, a, 10) for d in "ab" for s in ("female", "male") for a in (*map(str, range(60)), "60+")],
            columns=["district_id", "sex", "age", "population"],
        )
    )
    fertility = pd.DataFrame({"age": ["15-29", "30-49"], "births_per_1000_women": [80.0, 20.0]})
    mortality = pd.DataFrame({"age": ["0", "1-59", "60+"], "deaths_per_1000": [5.0, 1.0, 50.0]})

    def read(self, **changed):
        given_ = {"fertility": self.fertility, "mortality": self.mortality, "years": range(2024, 2030)} | changed
        return assumptions(self.start, **given_)

    def test_groups_hold_for_all_their_ages(self):
        found = self.read()
        assert found.fertility[3, 1, [14, 15, 29, 30, 49, 50]].tolist() == [0, 0.08, 0.08, 0.02, 0.02, 0]
        assert found.survival.shape == (6, 2, 2, 61)
        assert found.survival[0, 0, 0, -1] == 0.95

    def test_years_lie_on_a_line(self):
        steps = pd.concat(
            [self.fertility.assign(year=2025), self.fertility.assign(year=2027, births_per_1000_women=[40, 10])]
        )
        found = self.read(fertility=steps.reset_index(drop=True))
        assert found.fertility[:, 0, 20].tolist() == pytest.approx([0.08, 0.08, 0.06, 0.04, 0.04, 0.04])

    def test_variants_and_districts(self):
        parts = [
            self.fertility.assign(variant=variant, district_id=district, births_per_1000_women=[rate, 0.0])
            for variant, district, rate in (("low", "a", 50), ("low", "b", 60), ("high", "a", 90), ("high", "b", 99))
        ]
        found = self.read(fertility=pd.concat(parts, ignore_index=True), variant="high")
        assert found.fertility[0, :, 20].tolist() == [0.09, 0.099]
        with pytest.raises(InputError, match="no variant 'medium'"):
            self.read(fertility=pd.concat(parts, ignore_index=True), variant="medium")

    def test_migrants_are_spread_over_their_ages_and_kept(self):
        moving = pd.DataFrame({"district_id": ["a", "b"], "age": ["20-29", "20-29"], "net_migrants": [100.0, -40.0]})
        found = self.read(migration=moving)
        assert found.migration[0, 0].sum() == pytest.approx(100)
        assert found.migration[0, 1, 0, 25] == pytest.approx(-2)
        moving = moving.assign(age="55-64")
        assert self.read(migration=moving).migration[0, 0, 0].tolist()[55:] == pytest.approx([5, 5, 5, 5, 5, 25])

    def test_every_fault_of_every_table(self):
        moving = pd.DataFrame({"district_id": ["a", "zz"], "age": ["20-29", "20-29"], "net_migrants": [100.0, np.nan]})
        with pytest.raises(InputError) as error:
            self.read(
                fertility=pd.DataFrame({"age": ["15-29", "25-49"], "births_per_1000_women": [80.0, -1.0]}),
                mortality=pd.DataFrame({"age": ["0", "2-59"], "deaths_per_1000": [5.0, 1.0]}),
                migration=moving,
                births=pd.DataFrame({"district_id": ["a", "a"], "year": [2024, 2024], "births": [5, 5]}),
            )
        found = [(fault.source, fault.found) for fault in error.value.faults]
        assert {source for source, _ in found} == {"fertility", "mortality", "migration", "births"}
        words = " ".join(text for _, text in found)
        assert all(part in words for part in ("cannot be", "nobody knows", "twice"))

    def test_gaps_and_the_open_end_of_mortality(self):
        with pytest.raises(InputError) as error:
            self.read(mortality=pd.DataFrame({"age": ["0", "2-59"], "deaths_per_1000": [5.0, 1.0]}))
        assert error.value.faults[0].rows == ("1",)
        assert "59" in error.value.faults[1].found

    def test_residents_without_sex_or_open_end_are_refused(self):
        both = ages(pd.DataFrame({"district_id": "a", "age": ["0-19", "20-59"], "population": [5, 5]}), split=EVEN)
        with pytest.raises(InputError) as error:
            assumptions(both, fertility=self.fertility, mortality=self.mortality, years=[2024])
        assert len([fault for fault in error.value.faults if fault.source == "ages"]) == 2

    def test_the_whole_way(self):
        found = project(self.start, self.read(), base_year=2024)
        pupils = pupils_of_projection(found, {"primary": SchoolAge(6, 6)})
        assert pupils.columns.tolist() == ["variant", "stage", "district_id", "year", "pupils"]
        first = pupils[(pupils["district_id"] == "a") & (pupils["year"] == 2024)]["pupils"].iloc[0]
        assert first == 120
        last = pupils[pupils["year"] == 2030]["pupils"]
        assert (last < 120).all(), "fewer are born than were before"


class TestBirths:
    births = pd.DataFrame(
        {"district_id": "a", "year": range(2008, 2025), "births": [1000 - 20 * at for at in range(17)]}
    )

    def test_shift_by_three_six_and_twelve_years(self):
        found = pupils_of_births(self.births, years=[2023, 2024], births_until="08-31", stages={
            "kindergarten": SchoolAge(3, 1), "primary": SchoolAge(6, 1), "junior_high": SchoolAge(12, 1)})  # fmt: skip
        own = found.set_index(["stage", "year"])["pupils"]
        born = self.births.set_index("year")["births"]
        for stage, lag in (("kindergarten", 3), ("primary", 6), ("junior_high", 12)):
            assert own[stage, 2024] == born[2024 - lag]

    def test_calendar_years_and_the_cut_off(self):
        found = pupils_of_births(self.births, {"kindergarten": SchoolAge(3, 1)}, years=[2024])
        # Born September 2020 to August 2021: 243 parts of 2021 (740) and 122 of 2020 (760).
        assert found["pupils"].iloc[0] == pytest.approx((243 * 740 + 122 * 760) / 365)

    def test_survival_migration_and_enrolment_multiply(self):
        plain = pupils_of_births(self.births, {"primary": SchoolAge(6, 6)}, years=[2024])["pupils"].iloc[0]
        stages = {"primary": SchoolAge(6, 6, 0.9)}
        changed = pupils_of_births(self.births, stages, years=[2024], survival=0.98, migration={"primary": 1.1})
        assert changed["pupils"].iloc[0] == pytest.approx(plain * 0.9 * 0.98 * 1.1)
        by_district = pd.DataFrame({"primary": [2.0]}, index=["a"])
        doubled = pupils_of_births(self.births, {"primary": SchoolAge(6, 6)}, years=[2024], migration=by_district)
        assert doubled["pupils"].iloc[0] == pytest.approx(2 * plain)

    def test_missing_births_are_named(self):
        with pytest.raises(InputError) as error:
            pupils_of_births(self.births, {"kindergarten": SchoolAge(3, 3)}, years=[2029])
        assert error.value.faults[0].rows == ("a 2025", "a 2026")

    def test_agrees_with_the_projection_where_nobody_dies_or_moves(self):
        women = np.zeros(20)
        start = people(np.array([women, women]))
        counted = np.array([[1000.0 - 20 * at] for at in range(17)])
        found = project(start, rates(17, 1, 20, known_births=counted), base_year=2008)
        long = pupils_of_projection(found, {"primary": SchoolAge(6, 6)})
        own = long[long["year"] == 2024]["pupils"].iloc[0]
        # Births of the twelve months after August 2008 are those of the school year 2009.
        shifted = self.births.assign(year=self.births["year"] + 1)
        short = pupils_of_births(shifted, {"primary": SchoolAge(6, 6)}, years=[2024], births_until="08-31")
        assert own == pytest.approx(short["pupils"].iloc[0])


def test_rates_of_other_years_are_refused():
    start = people([[100, 80, 60], [90, 70, 50]])
    dated = replace(rates(2), years=(2024, 2025))
    assert project(start, dated, base_year=2024).years == (2024, 2025, 2026)
    with pytest.raises(InputError, match=r"base_year: 2020, with rates of 2024, 2025"):
        project(start, dated, base_year=2020)


def test_rates_that_are_read_know_their_years():
    table = pd.DataFrame(
        [("a", sex, age, 10.0) for sex in ("female", "male") for age in ("0-4", "5-9", "10-14", "15+")],
        columns=["district_id", "sex", "age", "population"],
    )
    residents = ages(table, split=EVEN)
    born = pd.DataFrame({"age": ["5-9"], "births_per_1000_women": [30.0]})
    dying = pd.DataFrame({"age": ["0+"], "deaths_per_1000": [5.0]})
    read = assumptions(residents, fertility=born, mortality=dying, years=range(2024, 2027))
    assert read.years == (2024, 2025, 2026)
    with pytest.raises(InputError, match="base_year"):
        project(residents, read, base_year=2020)
