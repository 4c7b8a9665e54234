"""Set cover, maximal covering by a decay, and the covering problem beneath: by hand, and against every subset."""

import json
from dataclasses import replace
from itertools import combinations
from math import fsum, inf, isclose

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout import decay
from edulayout.costs import TravelCosts
from edulayout.errors import InfeasibleError, InputError
from edulayout.siting import covering, covering_program, max_coverage, set_cover

FAST = settings(max_examples=60, deadline=None)
MANY = settings(max_examples=400, deadline=None)
LINE = [[0, 100, 300, 1000], [100, 0, 200, 900], [300, 200, 0, 700], [1000, 900, 700, 0]]
"""Four blocks on a line at 0, 100, 300 and 1000 m, a site on each."""


def table(dense, demand=None, sites=None, **named):
    rows, columns = np.shape(dense)
    demand = demand or [f"d{k}" for k in range(rows)]
    sites = sites or [f"s{k}" for k in range(columns)]
    costs = TravelCosts.from_dense(dense, demand_ids=demand, school_ids=sites, unit="metres")
    return replace(costs, **named)


def pupils(*weights):
    return pd.Series([float(weight) for weight in weights], index=[f"d{k}" for k in range(len(weights))])


class TestSetCoverByHand:
    def test_all_are_covered_by_the_fewest(self):
        found = set_cover(table(LINE), pupils(1, 1, 1, 1), radius=200)
        assert (found.opened, found.objective, found.bound, found.status) == (("s1", "s3"), 2, 2, "optimal")
        assert found.assignment.tolist() == ["s1", "s1", "s1", "s3"]

    def test_a_share_needs_fewer(self):
        found = set_cover(table(LINE), pupils(1, 1, 1, 1), radius=200, share=0.75)
        assert (found.opened, found.status) == (("s1",), "optimal")
        assert set_cover(table(LINE), pupils(1, 1, 1, 9), radius=200, share=0.75).opened == ("s3",)

    def test_an_existing_site_covers_too(self):
        found = set_cover(table(LINE), pupils(1, 1, 1, 1), radius=200, existing=["s3"])
        assert (found.opened, found.objective) == (("s1",), 1)
        nothing = set_cover(table(LINE), pupils(1, 1, 1, 0), radius=200, existing=["s1"])
        assert (nothing.opened, nothing.objective, nothing.status) == ((), 0, "optimal")
        nothing.verify(table(LINE), pupils(1, 1, 1, 0))

    def test_whom_no_site_covers_is_reported(self):
        found = set_cover(table([[5, 9], [50, inf]]), pupils(2, 3), radius=10)
        assert (found.objective, found.unreachable_weight) == (1, 3)

    def test_a_group_may_be_limited(self):
        groups = pd.Series(["west", "west", "east", "east"], index=["s0", "s1", "s2", "s3"])
        found = set_cover(table(LINE), pupils(1, 1, 1, 1), radius=300, at_most={"west": 0}, groups=groups)
        assert (found.opened, found.status) == (("s2", "s3"), "optimal")
        found.verify(table(LINE), pupils(1, 1, 1, 1))

    def test_limits_that_leave_no_cover_are_refused(self):
        groups = pd.Series(["west", "west", "east", "east"], index=["s0", "s1", "s2", "s3"])
        with pytest.raises(InfeasibleError, match="no cover of all demand") as caught:
            set_cover(table(LINE), pupils(1, 1, 1, 1), radius=50, at_most={"west": 0}, groups=groups)
        assert "d0, d1" in str(caught.value)
        with pytest.raises(InfeasibleError, match="west: 1"):
            set_cover(table(LINE), pupils(1, 1, 1, 1), radius=50, at_most={"west": 1}, groups=groups)

    def test_bad_input_is_named(self):
        for share in (0, 1.5, -1, float("nan")):
            with pytest.raises(InputError, match="share"):
                set_cover(table(LINE), pupils(1, 1, 1, 1), radius=200, share=share)
        with pytest.raises(InputError, match="at_most"):
            set_cover(table(LINE), pupils(1, 1, 1, 1), radius=200, share=0.5, at_most={"west": 1})
        with pytest.raises(InputError, match="larger cutoff"):
            set_cover(table(LINE, cutoff=100.0), pupils(1, 1, 1, 1), radius=200)


def linear(cost):
    return np.clip(1 - cost / 500, 0, 1)


class TestDecayByHand:
    def test_the_share_at_the_nearest_site_counts(self):
        found = max_coverage(table(LINE), pupils(1, 1, 1, 1), decay=linear, p=1)
        assert (found.opened, found.status) == (("s1",), "optimal")
        assert found.objective == pytest.approx(0.8 + 1 + 0.6, rel=1e-6)
        found.verify(table(LINE), pupils(1, 1, 1, 1))

    def test_a_step_of_one_and_nothing_is_a_radius(self):
        one = max_coverage(table(LINE), pupils(1, 2, 4, 8), radius=200, p=2)
        other = max_coverage(table(LINE), pupils(1, 2, 4, 8), decay=lambda cost: (cost <= 200).astype(float), p=2)
        assert (one.opened, one.objective) == (other.opened, other.objective)

    def test_an_existing_site_counts(self):
        found = max_coverage(table(LINE), pupils(1, 1, 1, 1), decay=linear, p=1, existing=["s3"])
        assert found.objective == pytest.approx(0.8 + 1 + 0.6 + 1, rel=1e-6)

    def test_a_decay_of_the_library(self):
        found = max_coverage(table(LINE), pupils(1, 1, 1, 1), decay=decay.Linear(500), p=1)
        assert found.objective == pytest.approx(0.8 + 1 + 0.6, rel=1e-6)
        with pytest.raises(InputError, match="minutes"):
            max_coverage(table(LINE), pupils(1, 1, 1, 1), decay=decay.Linear(500, unit="minutes"), p=1)

    def test_what_is_no_share_is_refused(self):
        for wrong in (lambda cost: cost, lambda cost: np.ones(3), lambda cost: cost * np.nan):
            with pytest.raises(InputError, match="decay"):
                max_coverage(table(LINE), pupils(1, 1, 1, 1), decay=wrong, p=1)
        with pytest.raises(InputError, match="both radius and decay"):
            max_coverage(table(LINE), pupils(1, 1, 1, 1), radius=3, decay=linear, p=1)
        with pytest.raises(InputError, match="neither"):
            max_coverage(table(LINE), pupils(1, 1, 1, 1), p=1)


@st.composite
def instances(draw):
    rows, columns, existing = draw(st.integers(1, 9)), draw(st.integers(1, 7)), draw(st.integers(0, 2))
    cell = st.one_of(st.integers(0, 20), st.just(inf))
    dense = [[draw(cell) for _ in range(columns + existing)] for _ in range(rows)]
    weight = st.integers(0, 9) if draw(st.booleans()) else st.one_of(st.just(0), st.floats(0.01, 9))
    return dense, [draw(weight) for _ in range(rows)], columns, existing


def covered(dense, weights, opened, radius):
    near = [min((row[j] for j in opened), default=inf) <= radius for row in dense]
    return fsum(weight for weight, is_near in zip(weights, near, strict=True) if is_near)


def fewest(instance, radius, share, *, allowed=lambda choice: True):
    dense, weights, columns, existing = instance
    kept = tuple(range(columns, columns + existing))
    whole = covered(dense, weights, range(columns + existing), radius)
    for number in range(columns + 1):
        for choice in combinations(range(columns), number):
            if allowed(choice) and covered(dense, weights, (*choice, *kept), radius) >= share * whole * (1 - 1e-9):
                return number
    return None


def check_cover(instance, radius, share):
    dense, weights, columns, existing = instance
    costs, series = table(dense), pupils(*weights)
    found = set_cover(costs, series, radius=radius, share=share, existing=[f"s{columns + k}" for k in range(existing)])
    best = fewest(instance, radius, share)
    assert (found.objective, found.bound, found.status) == (best, best, "optimal")
    assert found.root_bound <= best
    assert found.verify(costs, series).proven_bound <= best


def check_limited(instance, radius, limit):
    dense, weights, columns, existing = instance
    costs, series = table(dense), pupils(*weights)
    groups = pd.Series(["odd" if k % 2 else "even" for k in range(columns)], index=[f"s{k}" for k in range(columns)])
    named = {"existing": [f"s{columns + k}" for k in range(existing)], "groups": groups, "at_most": {"odd": limit}}
    best = fewest(instance, radius, 1.0, allowed=lambda choice: sum(j % 2 for j in choice) <= limit)
    if best is None:
        with pytest.raises(InfeasibleError):
            set_cover(costs, series, radius=radius, **named)
        return
    found = set_cover(costs, series, radius=radius, **named)
    assert (found.objective, found.bound, found.status) == (best, best, "optimal")
    assert found.verify(costs, series).proven_bound <= best


def check_decay(instance, p):
    dense, weights, columns, existing = instance
    p = min(p, columns)
    costs, series = table(dense), pupils(*weights)
    kept = tuple(range(columns, columns + existing))
    found = max_coverage(costs, series, decay=linear_20, p=p, existing=[f"s{k}" for k in kept])

    def value(choice):
        return fsum(
            weight * max((float(linear_20(np.array(row[j]))) for j in (*choice, *kept)), default=0)
            for row, weight in zip(dense, weights, strict=True)
        )

    best = max(value(choice) for choice in combinations(range(columns), p))
    assert found.status == "optimal"
    assert isclose(found.objective, best, rel_tol=1e-6, abs_tol=1e-6)
    assert found.verify(costs, series).proven_bound >= best * (1 - 1e-6) - 1e-6


def linear_20(cost):
    return np.clip(1 - cost / 16, 0, 1)


class TestAgainstEverySubset:
    @FAST
    @given(instances(), st.integers(0, 20), st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.3]))
    def test_set_cover(self, instance, radius, share):
        check_cover(instance, radius, share)

    @FAST
    @given(instances(), st.integers(0, 20), st.integers(0, 3))
    def test_set_cover_with_limits(self, instance, radius, limit):
        check_limited(instance, radius, limit)

    @FAST
    @given(instances(), st.integers(0, 4))
    def test_coverage_by_a_decay(self, instance, p):
        check_decay(instance, p)

    @pytest.mark.slow
    @MANY
    @given(instances(), st.integers(0, 20), st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.3]))
    def test_set_cover_many(self, instance, radius, share):
        check_cover(instance, radius, share)

    @pytest.mark.slow
    @MANY
    @given(instances(), st.integers(0, 20), st.integers(0, 3))
    def test_set_cover_with_limits_many(self, instance, radius, limit):
        check_limited(instance, radius, limit)

    @pytest.mark.slow
    @MANY
    @given(instances(), st.integers(0, 4))
    def test_coverage_by_a_decay_many(self, instance, p):
        check_decay(instance, p)


def random_task(seed, rows=30, columns=14, groups=1):
    random = np.random.default_rng(seed)
    served = random.random((rows, columns)) < 0.25
    served[np.arange(rows), random.integers(0, columns, rows)] = True
    row, column = np.nonzero(served)
    ptr = np.searchsorted(row, np.arange(rows + 1)).astype(np.int64)
    group = np.sort(random.integers(0, groups, columns))
    quota = np.maximum(np.bincount(group, minlength=groups) - 2, 1) if groups > 1 else np.array([columns])
    return covering.Task(ptr, column.astype(np.int32), group, quota), served


def smallest(task, served):
    for number in range(served.shape[1] + 1):
        for choice in combinations(range(served.shape[1]), number):
            inside = (np.bincount(task.group[list(choice)], minlength=len(task.quota)) <= task.quota).all()
            if inside and served[:, list(choice)].any(axis=1).all():
                return number
    return None


class TestTheCoveringProblem:
    @pytest.mark.parametrize("groups", [1, 2])
    @pytest.mark.parametrize("seed", range(12))
    def test_dropping_rows_and_columns_changes_no_optimum(self, seed, groups):
        task, served = random_task(seed, groups=groups)
        small, rows, columns = covering.reduced(task)
        best = smallest(task, served)
        assert smallest(small, served[np.ix_(rows, columns)]) == best
        assert len(rows) < task.rows
        reply = covering_program.decide(task, seconds=60, fewest=True)
        assert (reply.refused, None if reply.chosen is None else len(reply.chosen)) == (best is None, best)

    @pytest.mark.parametrize("seed", range(12))
    def test_the_prices_of_the_relaxation_never_say_too_much(self, seed):
        task, served = random_task(seed)
        price = covering_program.relax(task)
        row = np.repeat(np.arange(task.rows), np.diff(task.ptr))
        score = np.bincount(task.column, weights=price[row], minlength=len(task.group))
        assert score.max() <= 1 + 1e-6
        assert 1 <= price.sum() <= smallest(task, served) + 1e-6

    def test_packed_rows_share_no_column(self):
        task, served = random_task(1, rows=12, columns=30)
        rows = covering.pack(task)
        assert len(rows) > 1
        assert served[rows].sum(axis=0).max() == 1

    @pytest.mark.parametrize("seed", range(20))
    def test_the_exchange_finds_the_smallest_cover(self, seed):
        task, served = random_task(seed, rows=60, columns=16)
        small, _, columns = covering.reduced(task)
        found = columns[covering.thinned(small, covering.greedy(small), enough=0, steps=2000)]
        assert covering.serves(task, found)
        assert len(found) == smallest(task, served)
        assert found.tolist() == columns[covering.thinned(small, covering.greedy(small), enough=0, steps=2000)].tolist()

    def test_the_exchange_betters_a_greedy_choice(self):
        tasks = [random_task(seed, rows=60, columns=16)[0] for seed in range(20)]
        better = [len(covering.thinned(t, covering.greedy(t), enough=0, steps=2000)) - len(covering.greedy(t))
                  for t in tasks]  # fmt: skip
        assert min(better) < 0
        assert max(better) == 0

    @pytest.mark.parametrize("seed", range(20))
    def test_a_number_is_kept_or_refused_as_every_subset_shows(self, seed):
        task, served = random_task(seed, rows=60, columns=16)
        best, nowhere = smallest(task, served), np.empty(0, dtype=np.int64)
        kept = covering.search(replace(task, quota=np.array([best])), seconds=np.inf, near=nowhere)
        assert covering.serves(replace(task, most=best), kept.chosen)
        refused = covering.search(replace(task, quota=np.array([best - 1])), seconds=np.inf, near=kept.chosen)
        assert refused.refused
        assert refused.chosen is None

    def test_a_row_that_nothing_serves_refuses(self):
        task = covering.Task(np.array([0, 1, 1]), np.array([0], dtype=np.int32), np.array([0]), np.array([1]))
        assert covering_program.decide(task, seconds=60, fewest=True).refused
        assert covering_program.relax(task).tolist() == [0, 1]


def town(seed=3, rows=200, columns=40):
    random = np.random.default_rng(seed)
    homes, places = random.uniform(0, 5000, (rows, 2)), random.uniform(0, 5000, (columns, 2))
    metres = np.rint(np.abs(homes[:, None] - places[None]).sum(axis=2))
    costs = table(metres, [f"d{k:03d}" for k in range(rows)], [f"s{k:02d}" for k in range(columns)])
    return costs, pd.Series(random.integers(1, 50, rows).astype(float), index=costs.demand_ids)


class TestHonesty:
    @pytest.mark.parametrize("share", [1.0, 0.8])
    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("objective", lambda x: x - 1),
            ("bound", lambda x: x + 1),
            ("root_bound", lambda x: x + 1),
            ("status", lambda x: "feasible"),
            ("multipliers", lambda x: x * 0),
            ("opened", lambda x: x[1:]),
            ("assignment", lambda x: x.shift()),
            ("unreachable_weight", lambda x: x + 1),
        ],
    )
    def test_a_changed_cover_is_refused(self, share, field, change):
        costs, weights = town()
        found = set_cover(costs, weights, radius=900, share=share)
        found.verify(costs, weights)
        with pytest.raises(InputError, match="siting result"):
            replace(found, **{field: change(getattr(found, field))}).verify(costs, weights)

    def test_a_plan_that_misses_some_is_refused(self):
        costs, weights = town()
        found = set_cover(costs, weights, radius=900)
        fewer = replace(found, opened=found.opened[1:], objective=found.objective - 1)
        with pytest.raises(InputError, match="sites that cover"):
            fewer.verify(costs, weights)

    def test_the_order_of_rows_and_columns_does_not_matter(self):
        costs, weights = town()
        random = np.random.default_rng(5)
        values = np.full(costs.shape, inf)
        values[costs.row_numbers(), costs.indices] = costs.values
        whole = pd.DataFrame(values, costs.demand_ids, costs.school_ids)
        whole = whole.loc[random.permutation(costs.demand_ids), random.permutation(costs.school_ids)]
        other = table(whole.to_numpy(), list(whole.index), list(whole.columns))
        for share in (1.0, 0.8):
            one = set_cover(costs, weights, radius=900, share=share)
            two = set_cover(other, weights, radius=900, share=share)
            assert (one.opened, one.bound, one.root_bound) == (two.opened, two.bound, two.root_bound)

    def test_one_candidate_more_never_worsens_what_the_first_cover(self):
        costs, weights = town(columns=16)
        first = costs.select_schools(costs.school_ids[:8]).nearest()[0] <= 1500
        kept = weights.where(first, 0.0)
        found = [set_cover(costs, kept, radius=1500, candidates=costs.school_ids[:k]).objective for k in range(8, 17)]
        assert found == sorted(found, reverse=True)

    def test_no_time_gives_a_plan_with_its_gap(self):
        costs, weights = town()
        best, found = set_cover(costs, weights, radius=900), set_cover(costs, weights, radius=900, time_limit=0.0)
        assert found.bound <= best.objective <= found.objective
        assert found.status == ("optimal" if found.bound == found.objective else "feasible")
        found.verify(costs, weights)


@pytest.mark.real_data
class TestPublishedOptima:
    def test_san_francisco(self, real_data):
        folder = real_data / "sf_spopt"
        pairs = pd.read_csv(
            folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={"DestinationName": str}
        )
        costs = TravelCosts.from_pairs(pairs.set_index(["DestinationName", "name"])["distance"], unit="metres")
        weights = pd.Series(1.0, index=costs.demand_ids)
        cases = json.loads((folder / "reference_values.json").read_text())["cases"]
        published = {case["radius_m"]: case["objective"] for case in cases if case["model"] == "LSCP"}
        assert published
        for radius, number in published.items():
            found = set_cover(costs, weights, radius=radius)
            assert (found.objective, found.bound, found.status) == (number, number, "optimal")
            found.verify(costs, weights)
