import itertools
import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import edulayout as el
from edulayout import equity
from edulayout.errors import InputError

INDICES = [
    equity.gini,
    equity.theil,
    partial(equity.atkinson, epsilon=0.5),
    partial(equity.atkinson, epsilon=1),
    partial(equity.atkinson, epsilon=2.5),
    equity.coefficient_of_variation,
    equity.palma,
]
NAMES = ["gini", "theil", "atkinson-0.5", "atkinson-1", "atkinson-2.5", "variation", "palma"]
each_index = pytest.mark.parametrize("index", INDICES, ids=NAMES)


@st.composite
def places(draw):
    count = draw(st.integers(1, 7))
    value = st.one_of(st.just(0.0), st.integers(1, 9).map(float), st.floats(1e-4, 1e6))
    values = np.array(draw(st.lists(value, min_size=count, max_size=count)))
    weights = np.array(draw(st.lists(st.floats(0.1, 1e4), min_size=count, max_size=count)))
    assume(values.sum() > 0)
    return values, weights


# Oracles: the definitions, one loop for each sum.


def oracle_gini(x, w):
    mean = sum(map(float.__mul__, x, w)) / sum(w)
    pairs = itertools.product(zip(x, w, strict=True), repeat=2)
    return sum(v * u * abs(a - b) for (a, v), (b, u) in pairs) / (2 * sum(w) ** 2 * mean)


def oracle_theil(x, w):
    mean = sum(map(float.__mul__, x, w)) / sum(w)
    return sum(v * a / mean * math.log(a / mean) for a, v in zip(x, w, strict=True) if a > 0) / sum(w)


def oracle_atkinson(x, w, epsilon):
    mean = sum(map(float.__mul__, x, w)) / sum(w)
    if epsilon >= 1 and min(x) == 0:
        return 1.0
    if epsilon == 1:
        return 1 - math.exp(sum(v * math.log(a / mean) for a, v in zip(x, w, strict=True)) / sum(w))
    power = 1 - epsilon
    return 1 - (sum(v * (a / mean) ** power for a, v in zip(x, w, strict=True)) / sum(w)) ** (1 / power)


def oracle_variation(x, w):
    mean = sum(map(float.__mul__, x, w)) / sum(w)
    return math.sqrt(sum(v * (a - mean) ** 2 for a, v in zip(x, w, strict=True)) / sum(w)) / mean


def oracle_palma(x, w):
    left, right, whole, poorest, richest = 0.0, 0.0, sum(w), 0.0, 0.0
    for a, v in sorted(zip(x, w, strict=True)):
        right = left + v
        poorest += a * max(0.0, min(right, 0.4 * whole) - left)
        richest += a * max(0.0, right - max(left, 0.9 * whole))
        left = right
    return richest / poorest if poorest > 0 else math.inf


ORACLES = [
    oracle_gini,
    oracle_theil,
    partial(oracle_atkinson, epsilon=0.5),
    partial(oracle_atkinson, epsilon=1),
    partial(oracle_atkinson, epsilon=2.5),
    oracle_variation,
    oracle_palma,
]


@pytest.mark.parametrize(("index", "oracle"), list(zip(INDICES, ORACLES, strict=True)), ids=NAMES)
@settings(deadline=None)
@given(case=places())
def test_each_index_is_its_definition(index, oracle, case):
    expected = oracle(*map(np.ndarray.tolist, case))
    assert index(*case) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_by_hand():
    # 1, 2, 3: mean 2; |differences| 1, 1, 2, each pair twice, over 2 · 9 · 2
    assert equity.gini([1, 2, 3]) == pytest.approx(8 / 36)
    assert equity.coefficient_of_variation([1, 2, 3]) == pytest.approx(math.sqrt(2 / 3) / 2)
    assert equity.theil([1, 3]) == pytest.approx((0.5 * math.log(0.5) + 1.5 * math.log(1.5)) / 2)
    assert equity.atkinson([1, 4], epsilon=1) == pytest.approx(1 - 2 / 2.5)  # geometric mean 2
    assert equity.atkinson([1, 4], epsilon=2) == pytest.approx(1 - 1.6 / 2.5)  # harmonic mean 1.6
    assert equity.atkinson([0, 4], epsilon=1) == 1.0
    assert equity.palma([0, 0, 0, 0, 1, 1, 1, 1, 1, 5]) == math.inf


@each_index
@settings(max_examples=20, deadline=None)
@given(case=places(), data=st.data())
def test_order_of_rows_changes_no_bit(index, case, data):
    order = np.array(data.draw(st.permutations(range(len(case[0])))))
    assert index(*case).hex() == index(case[0][order], case[1][order]).hex()


@each_index
@settings(max_examples=20, deadline=None)
@given(case=places(), factor=st.sampled_from([1e-6, 0.125, 3.0, 1e6]))
def test_scale_of_values_and_of_weights_changes_nothing(index, case, factor):
    values, weights = case
    assert index(values * factor, weights) == pytest.approx(index(values, weights), rel=1e-7, abs=1e-9)
    assert index(values, weights * factor) == pytest.approx(index(values, weights), rel=1e-7, abs=1e-9)


@each_index
@settings(max_examples=20, deadline=None)
@given(case=places(), copies=st.integers(2, 4))
def test_a_weight_is_so_many_rows(index, case, copies):
    values, _ = case
    once, many = index(values, np.full(len(values), float(copies))), index(np.repeat(values, copies))
    assert once == pytest.approx(many, rel=1e-9, abs=1e-9)


@each_index
@settings(max_examples=20, deadline=None)
@given(case=places())
def test_all_alike_is_perfectly_even(index, case):
    _, weights = case
    even = 0.25 if index is equity.palma else 0.0
    assert index(np.full(len(weights), 3.7), weights) == pytest.approx(even, abs=1e-7)


@each_index
@settings(max_examples=20, deadline=None)
@given(case=places(), share=st.floats(0.01, 0.5))
def test_a_gift_from_rich_to_poor_never_widens(index, case, share):
    values, weights = case
    rich, poor = int(values.argmax()), int(values.argmin())
    gift = share * (values[rich] - values[poor]) * weights[rich] * weights[poor] / (weights[rich] + weights[poor])
    after = values.copy()
    after[rich] -= gift / weights[rich]
    after[poor] += gift / weights[poor]
    assert index(after, weights) <= index(values, weights) * (1 + 1e-9) + 1e-7


@settings(deadline=None)
@given(case=places())
def test_small_values_lose_no_precision(case):
    # Access is some thousandths of a seat: the unit of the sums follows the values.
    values, weights = case
    assert equity.gini(values * 1e-9, weights) == pytest.approx(equity.gini(values, weights), rel=1e-9, abs=1e-12)


# Theil's parts.


@settings(max_examples=20, deadline=None)
@given(case=places(), data=st.data())
def test_parts_add_up(case, data):
    values, weights = case
    names = st.sampled_from(["north", "south", "west"])
    groups = data.draw(st.lists(names, min_size=len(values), max_size=len(values)))
    table = equity.theil_components(values, weights, groups)
    parts, whole = table.drop(index="all"), table.loc["all"]
    assert whole["within"] + whole["between"] == pytest.approx(whole["theil"], abs=1e-9)
    assert whole["theil"] == equity.theil(values, weights)
    for column in ("weight", "share", "within", "between", "part"):
        assert parts[column].sum() == pytest.approx(whole[column], rel=1e-9, abs=1e-9)
    assert whole["between"] >= -1e-9
    for name in parts.index:
        member = np.array(groups) == name
        if values[member].sum() > 0:
            assert parts.loc[name, "theil"] == pytest.approx(equity.theil(values[member], weights[member]), abs=1e-9)


def test_parts_by_district_are_aligned_by_id():
    values = pd.Series([0.0, 2.0, 1.0, 1.0], index=list("abcd"))
    districts = pd.Series(["north", "south", "south", "north"], index=list("adcb"))
    table = equity.theil_components(values, None, districts)
    assert table.index.tolist() == ["north", "south", "all"]
    assert table.loc["all", "within"] == pytest.approx(math.log(2) / 2)
    with pytest.raises(InputError, match="groups"):
        equity.theil_components(values, None, districts.replace("south", None))


# The Lorenz curve and what is read off it.


@settings(deadline=None)
@given(case=places())
def test_the_curve_rises_below_the_diagonal(case):
    curve = equity.lorenz(*case)
    x, y = curve["share_of_weight"].to_numpy(), curve["share_of_value"].to_numpy()
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) >= 0).all()
    assert (y <= x + 1e-9).all()
    area = float(((y[1:] + y[:-1]) / 2 * np.diff(x)).sum())
    assert 1 - 2 * area == pytest.approx(equity.gini(*case), abs=1e-9)


@settings(deadline=None)
@given(case=places())
def test_concentration_by_own_rank_is_gini(case):
    values, weights = case
    assert equity.concentration_index(values, weights, values) == pytest.approx(equity.gini(*case), abs=1e-9)
    assert equity.concentration_index(values, weights, -values) == pytest.approx(-equity.gini(*case), abs=1e-9)
    assert equity.concentration_index(values, weights, np.ones(len(values))) == pytest.approx(0, abs=1e-9)


@settings(deadline=None)
@given(case=places(), data=st.data())
def test_concentration_is_its_covariance(case, data):
    values, weights = case
    income = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values))))
    whole = weights.sum()
    rank = np.array([(weights[income < own].sum() + weights[income == own].sum() / 2) / whole for own in income])
    mean = (weights * values).sum() / whole
    expected = 2 * (weights / whole * (values - mean) * (rank - 0.5)).sum() / mean
    assert equity.concentration_index(values, weights, income) == pytest.approx(expected, abs=1e-9)
    assert abs(expected) <= equity.gini(*case) + 1e-9


def test_corrected_concentration_and_its_bounds():
    plain = equity.concentration_index([1, 2, 3], None, [1, 2, 3])
    assert equity.concentration_index([1, 2, 3], None, [1, 2, 3], bounds=(0, 4)) == pytest.approx(plain * 4 * 2 / 4)
    for bounds in ((0, 2), (2, 4), (4, 0)):
        with pytest.raises(InputError, match="bounds"):
            equity.concentration_index([1, 2, 3], None, [1, 2, 3], bounds=bounds)


def test_palma_by_income():
    # The poorest 40 % (incomes 1 and 2) hold 3 + 1 of 11, the richest tenth half of what the fifth place has.
    assert equity.palma([3, 1, 2, 1, 4], by=[1, 2, 3, 4, 5]) == pytest.approx((4 * 0.5) / 4)
    assert equity.palma([3, 1], by=[7, 7]) == pytest.approx(0.25)  # equal rank: in proportion


# What is refused, and what is left out.


@each_index
def test_what_has_no_meaning_is_refused(index):
    values = pd.Series([1.0, -2.0, np.nan, np.inf], index=list("abcd"))
    with pytest.raises(InputError) as caught:
        index(values)
    assert caught.value.faults[0].rows == ("b", "c", "d")
    with pytest.raises(InputError, match="zero everywhere"):
        index([0.0, 0.0])
    with pytest.raises(InputError, match="nothing weighs"):
        index([1.0], [0.0])
    with pytest.raises(InputError, match="2 for 3"):
        index([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(InputError, match="weights"):
        index([1.0, 2.0], [1.0, -1.0])


@each_index
def test_a_place_without_pupils_needs_no_value(index):
    values = pd.Series([1.0, np.nan, 4.0], index=list("abc"))
    weights = pd.Series([2.0, 1.0, 0.0], index=list("cab"))
    assert index(values, weights) == index([1.0, 4.0], [1.0, 2.0])


def test_other_ids_are_refused():
    with pytest.raises(InputError, match="another index"):
        equity.gini(pd.Series([1, 2], index=["a", "b"]), pd.Series([1, 2], index=["a", "c"]))
    with pytest.raises(InputError, match="another index"):
        equity.gini(pd.Series([1, 2], index=["a", "b"]), pd.Series([1, 2]))
    with pytest.raises(InputError, match="epsilon"):
        equity.atkinson([1, 2], epsilon=0)


# The bootstrap.


def test_an_interval_depends_on_its_seed_only():
    values = pd.Series([1.0, 2.0, 3.0, 9.0, 4.0], index=list("abcde"))
    one = equity.interval(equity.gini, values, seed=7, repeats=200)
    two = equity.interval(equity.gini, values.iloc[::-1], seed=7, repeats=200)
    assert one == two
    assert one != equity.interval(equity.gini, values, seed=8, repeats=200)
    assert one.low < one.estimate < one.high
    assert one.estimate == equity.gini(values)
    narrow = equity.interval(equity.gini, values, seed=7, repeats=200, level=0.5)
    assert one.low <= narrow.low <= narrow.high <= one.high
    with pytest.raises(InputError, match="level"):
        equity.interval(equity.gini, values, seed=7, level=95)


def test_an_interval_leaves_out_resamples_without_an_index_and_counts_them():
    found = equity.interval(equity.gini, [0, 0, 1, 2], seed=3)
    # Both zeros alone are drawn four times out of four in one of 16 resamples.
    assert 30 < found.undefined < 100
    assert 0 <= found.low < found.estimate == equity.gini([0, 0, 1, 2]) < found.high <= 0.75
    assert f"{found.undefined} of them not defined" in str(found)
    with pytest.raises(InputError, match="zero everywhere"):
        equity.interval(equity.gini, [0, 0, 0], seed=3)


def test_an_interval_may_end_in_infinity():
    found = equity.interval(equity.palma, [0, 0, 0, 0, 1, 2, 3, 4, 5, 6], seed=1, repeats=50)
    assert found.estimate == found.high == np.inf
    assert 0 < found.low < np.inf


def test_an_interval_of_a_ranked_measure():
    found = equity.interval(equity.concentration_index, [1, 2, 3, 4], None, seed=1, by=[1, 2, 3, 4], repeats=100)
    assert found.estimate == pytest.approx(equity.gini([1, 2, 3, 4]))


def test_an_interval_covers_as_often_as_it_says():
    generator = np.random.default_rng(3)
    true = 0.5  # of the exponential distribution
    hits = 0
    for seed in range(30):
        found = equity.interval(equity.gini, generator.exponential(size=150), seed=seed, repeats=150, level=0.9)
        hits += found.low <= true <= found.high
    assert 21 <= hits <= 30


# The evaluations of counties.


def test_limits_of_quality_balance():
    pupils = pd.Series([100, 100, 200], index=["s1", "s2", "s3"])
    indicators = pd.DataFrame({"rooms": [1.0, 1.0, 4.0], "books": [2.0, 2.0, 2.0]}, index=pupils.index)
    table = equity.county_balance(indicators, pupils, stage="junior_high")
    assert table["coefficient"].tolist() == pytest.approx([0.6, 0.0, 0.3])
    assert table["limit"].tolist()[:2] == [0.45, 0.45]
    assert table["met"].tolist() == [False, True, None]
    assert "status: secondary" in table.loc["rooms", "rule"]


def test_limits_of_basic_balance_are_from_memory():
    pupils = pd.Series([1, 1], index=["s1", "s2"])
    table = equity.county_balance(
        pd.DataFrame({"rooms": [1, 3]}, index=pupils.index), pupils, stage="primary", standard="cn-basic-balance-2012"
    )
    assert table.loc["mean of all", ["coefficient", "limit"]].tolist() == [0.5, 0.65]
    assert table["met"].tolist() == [None, True]
    assert "status: memory" in table.loc["mean of all", "rule"]
    with pytest.raises(InputError, match="no limit"):
        equity.county_balance(pd.DataFrame({"rooms": [1]}), pd.Series([1]), stage="primary", standard="cn-gb50180-2018")


def test_the_seven_indicators_stand_with_their_status():
    rules = el.standards.load("cn-quality-balance-2017")
    assert rules.find("sports_grounds", "junior_high").value == 10.2
    assert rules.find("teachers_above_required_degree", "primary").value == 4.2
    assert {rule.status for rule in rules.rules} == {"secondary"}


# Published numbers.

CELLS = ["89a88cd909bffff", "89a88cdb57bffff", "89a88cdb597ffff", "89a88cdb5b3ffff", "89a88cdb5cfffff"]


@pytest.fixture(scope="module")
def belo_horizonte(real_data):
    """Jobs within 30 minutes of six cells, as the tests of the R package `accessibility` have them."""
    pytest.importorskip("pyarrow", reason="the travel times are a Parquet file")
    land = pd.read_csv(real_data / "belo_horizonte" / "land_use_data.csv", index_col="id")
    times = pd.read_parquet(real_data / "belo_horizonte" / "travel_matrix.parquet")
    near = times[times["from_id"].isin([*CELLS, "89a88cd900bffff"]) & (times["travel_time"] <= 30)]
    return near["to_id"].map(land["jobs"]).groupby(near["from_id"]).sum(), land


@pytest.mark.real_data
def test_r_accessibility_on_belo_horizonte(belo_horizonte):
    jobs, land = belo_horizonte
    jobs, people, income = jobs[CELLS], land.loc[CELLS, "population"], land.loc[CELLS, "income_per_capita"]
    assert round(equity.gini(jobs, people), 4) == 0.1386
    assert round(equity.concentration_index(jobs, people, income), 4) == -0.0248
    bounds = (jobs.min(), jobs.max())
    assert round(equity.concentration_index(jobs, people, income, bounds=bounds), 4) == -0.1314


@pytest.mark.real_data
def test_theil_of_r_accessibility(belo_horizonte):
    jobs, land = belo_horizonte
    cells = ["89a88cd900bffff", *CELLS[1:]]
    people, decile = land.loc[cells, "population"], land.loc[cells, "income_decile"]
    table = equity.theil_components(jobs[cells], people, decile)
    assert table.loc["all", ["between", "within", "theil"]].round(4).tolist() == [0.0515, 0.0337, 0.0852]
    assert table["between"].round(4).to_dict() == {
        1: 0.0243, 3: -0.0579, 6: -0.0042, 10: 0.0894, "all": 0.0515,
    }  # fmt: skip
