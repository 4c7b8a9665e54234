"""Siting: by hand, against every subset, under relabelling, at the published optima."""

import csv
import json
from dataclasses import replace
from itertools import combinations, pairwise, product
from math import inf, isclose
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path

from edulayout.costs import TravelCosts
from edulayout.errors import InfeasibleError, InputError
from edulayout.siting import Siting, max_coverage, p_median
from edulayout.siting import core as core_module

FAST = settings(max_examples=60, deadline=None)


def table(dense, demand=None, sites=None, **named):
    rows, columns = np.shape(dense)
    demand = demand or [f"d{k}" for k in range(rows)]
    sites = sites or [f"s{k}" for k in range(columns)]
    costs = TravelCosts.from_dense(dense, demand_ids=demand, school_ids=sites, unit="metres")
    return replace(costs, **named)


def pupils(*weights):
    return pd.Series([float(weight) for weight in weights], index=[f"d{k}" for k in range(len(weights))])


LINE = [[0, 100, 300, 1000], [100, 0, 200, 900], [300, 200, 0, 700], [1000, 900, 700, 0]]
"""Four blocks on a line at 0, 100, 300 and 1000 m, a site on each."""


class TestByHand:
    def test_one_site_stands_at_the_weighted_median(self):
        found = p_median(table(LINE), pupils(1, 1, 1, 1), p=1)
        assert found.opened == ("s1",)
        assert found.objective == 100 + 200 + 900

    def test_weight_draws_the_site(self):
        assert p_median(table(LINE), pupils(1, 1, 1, 9), p=1).opened == ("s3",)

    def test_an_existing_site_is_kept_and_not_counted(self):
        found = p_median(table(LINE), pupils(1, 1, 1, 1), p=1, existing=["s3"])
        assert (found.opened, found.existing, found.objective) == (("s1",), ("s3",), 300)
        assert found.assignment.tolist() == ["s1", "s1", "s1", "s3"]

    def test_quotas_bind_although_another_choice_is_shorter(self):
        groups = pd.Series(["west", "west", "east", "east"], index=["s0", "s1", "s2", "s3"])
        free = p_median(table(LINE), pupils(20, 20, 1, 1), p=2)
        found = p_median(table(LINE), pupils(20, 20, 1, 1), quotas={"west": 1, "east": 1}, groups=groups)
        assert (free.opened, free.objective) == (("s0", "s1"), 200 + 900)
        assert (found.opened, found.objective) == (("s1", "s3"), 20 * 100 + 200)

    def test_a_group_that_is_not_named_gets_none(self):
        groups = pd.Series(["west", "west", "east", "east"], index=["s0", "s1", "s2", "s3"])
        found = p_median(table(LINE), pupils(0, 0, 0, 5), quotas={"west": 1}, groups=groups)
        assert found.opened == ("s1",)

    def test_a_pupil_at_the_site_walks_nothing(self):
        found = p_median(table([[0.0]]), pupils(7), p=1)
        assert (found.objective, found.bound, found.gap, found.status) == (0, 0, 0, "optimal")

    def test_no_new_site_measures_what_there_is(self):
        found = p_median(table(LINE), pupils(1, 1, 1, 1), p=0, existing=["s1"])
        assert (found.opened, found.objective, found.status) == ((), 1200, "optimal")

    def test_unreachable_demand_is_counted_and_left_out(self):
        found = p_median(table([[5, 9], [inf, inf]]), pupils(2, 3), p=1)
        assert (found.objective, found.unreachable_weight, found.charged_weight) == (10, 3, 0)
        assert found.assignment.isna().tolist() == [False, True]

    def test_demand_that_the_choice_misses_is_charged_the_stated_cost(self):
        dense = [[5, inf], [inf, 8]]
        by_table = p_median(table(dense), pupils(2, 1), p=1)
        by_cutoff = p_median(table(dense, cutoff=50.0), pupils(2, 1), p=1)
        given_cost = p_median(table(dense), pupils(2, 1), p=1, unreachable_cost=100)
        assert [x.unreachable_cost for x in (by_table, by_cutoff, given_cost)] == [8, 50, 100]
        assert [x.objective for x in (by_table, by_cutoff, given_cost)] == [10 + 8, 10 + 50, 10 + 100]
        assert given_cost.charged_weight == 1
        assert given_cost.assignment.isna().tolist() == [False, True]

    def test_a_nine_year_school_serves_two_rows_of_a_block(self):
        costs = table([[0, 400], [0, 400], [400, 0]], demand=["a|primary", "a|junior_high", "b|primary"])
        weights = pd.Series([3.0, 3.0, 5.0], index=["b|primary", "a|primary", "a|junior_high"])
        assert p_median(costs, weights, p=1).opened == ("s0",)

    def test_coverage_counts_the_radius_itself_and_existing_schools(self):
        found = max_coverage(table(LINE), pupils(1, 2, 4, 8), radius=200, p=1, existing=["s3"])
        assert (found.opened, found.objective, found.bound) == (("s1",), 15, 15)
        near = max_coverage(table(LINE), pupils(1, 2, 4, 8), radius=199, p=1, existing=["s3"])
        assert (near.opened, near.objective) == (("s2",), 12)
        assert near.assignment.isna().tolist() == [True, True, False, False]

    def test_coverage_reports_whom_no_site_covers(self):
        found = max_coverage(table([[5, 9], [50, inf]]), pupils(2, 3), radius=10, p=1)
        assert (found.objective, found.unreachable_weight) == (2, 3)

    def test_ties_of_an_assignment_go_to_the_lower_id(self):
        found = p_median(table([[7, 7]], sites=["t", "s"]), pupils(1), p=2)
        assert found.assignment.tolist() == ["s"]

    def test_the_result_says_what_it_is_in_one_line(self):
        text = "Siting(p_median: 1 new, objective 1200, bound 1200, gap 0.00%, optimal, proved)"
        assert repr(p_median(table(LINE), pupils(1, 1, 1, 1), p=1)) == text


def charge(dense, weights, opened, *, unreachable_cost=None, radius=None, sites=None):
    """Return the objective of a choice, the slow way."""
    total = 0.0
    for row, weight in zip(dense, weights, strict=True):
        least = min((row[j] for j in opened), default=inf)
        if radius is not None:
            total += weight * (least <= radius)
        elif min((row[j] for j in sites), default=inf) < inf:
            total += weight * (least if least < inf else unreachable_cost)
    return total


def choices(groups, quotas):
    parts = [combinations([j for j, g in enumerate(groups) if g == name], number) for name, number in quotas.items()]
    return [sum(parts, ()) for parts in product(*parts)]


@st.composite
def instances(draw):
    rows, columns, existing = draw(st.integers(1, 9)), draw(st.integers(1, 8)), draw(st.integers(0, 2))
    number = st.integers(0, 30) if draw(st.booleans()) else st.floats(0, 30).map(lambda x: float(np.float32(x)))
    cell = st.one_of(number, number, st.just(inf)) if draw(st.booleans()) else number
    dense = [[draw(cell) for _ in range(columns + existing)] for _ in range(rows)]
    weight = st.integers(0, 9) if draw(st.booleans()) else st.floats(0, 9)
    groups = [draw(st.sampled_from("AB")) for _ in range(columns)]
    quotas = {name: draw(st.integers(0, groups.count(name))) for name in "AB"}
    if draw(st.booleans()):
        groups, quotas = ["A"] * columns, {"A": sum(quotas.values())}
    return dense, [draw(weight) for _ in range(rows)], groups, quotas, existing


def question(instance, *, free):
    dense, weights, groups, quotas, existing = instance
    costs = table(dense)
    named = {"existing": [f"s{len(groups) + k}" for k in range(existing)]}
    if free:
        named["p"] = sum(quotas.values())
    else:
        named |= {"quotas": quotas, "groups": pd.Series(groups, index=[f"s{k}" for k in range(len(groups))])}
    return costs, pupils(*weights), named


def close(one, other):
    return isclose(one, other, rel_tol=2e-9, abs_tol=1e-9)


class TestAgainstEverySubset:
    @FAST
    @given(instances())
    def test_p_median(self, instance):
        dense, weights, groups, quotas, existing = instance
        costs, series, named = question(instance, free=len(quotas) == 1)
        found = p_median(costs, series, unreachable_cost=40.0, **named)
        kept = tuple(range(len(groups), len(groups) + existing))
        sites = range(len(groups) + existing)
        best = min(
            charge(dense, weights, (*choice, *kept), unreachable_cost=40.0, sites=sites)
            for choice in choices(groups, quotas)
        )
        assert found.status == "optimal"
        assert close(found.objective, best)
        assert found.root_bound <= best * (1 + 1e-9) + 1e-9
        assert found.verify(costs, series).proven_bound <= best * (1 + 1e-9) + 1e-9

    @FAST
    @given(instances(), st.integers(0, 30))
    def test_max_coverage(self, instance, radius):
        dense, weights, groups, quotas, existing = instance
        costs, series, named = question(instance, free=len(quotas) == 1)
        found = max_coverage(costs, series, radius=radius, **named)
        kept = tuple(range(len(groups), len(groups) + existing))
        best = max(charge(dense, weights, (*choice, *kept), radius=radius) for choice in choices(groups, quotas))
        assert found.status == "optimal"
        assert close(found.objective, best)
        assert found.root_bound >= best * (1 - 1e-9) - 1e-9
        assert found.verify(costs, series).proven_bound >= best * (1 - 1e-9) - 1e-9


@pytest.fixture
def weak(monkeypatch):
    """Take away what usually ends a small question at the root: good choices, and a bound that has converged."""

    def poor(ptr, column, cost, cap, *rest):
        group, quota, chosen, given = rest[3:7]
        if given < len(chosen):
            chosen[:] = np.concatenate([np.flatnonzero(group == g)[:number] for g, number in enumerate(quota)])
        rows = np.repeat(np.arange(len(cap)), np.diff(ptr))
        value, hit = cap.copy(), np.isin(column, chosen)
        np.minimum.at(value, rows[hit], cost[hit])
        return value.sum()

    monkeypatch.setattr(core_module.kernels, "improve", poor)
    for name in ("_ROOT", "_AGAIN", "_NODE"):
        effort = getattr(core_module, name)
        monkeypatch.setattr(core_module, name, effort._replace(steps=2, slices=1, polish=False))


def plain(seed):
    """Return a question of up to 500 choices, by numpy alone."""
    random = np.random.default_rng(seed)
    columns, rows = 10, 24
    dense = np.where(random.random((rows, columns)) < 0.8, random.uniform(0, 30, (rows, columns)), inf)
    if seed % 2:
        dense = np.rint(dense)
    groups = [str(name) for name in random.permutation(list("AAAAABBBBC"))]
    quotas = {"A": int(random.integers(1, 5)), "B": int(random.integers(1, 4)), "C": int(random.integers(0, 2))}
    return [[float(np.float32(x)) for x in row] for row in dense], random.integers(1, 9, rows).tolist(), groups, quotas


class TestTheTree:
    @pytest.mark.parametrize("seed", range(40))
    def test_it_proves_what_every_subset_shows(self, weak, seed):
        dense, weights, groups, quotas = plain(seed)
        costs, series = table(dense), pupils(*weights)
        named = {"quotas": quotas, "groups": pd.Series(groups, index=costs.school_ids)}
        short = p_median(costs, series, unreachable_cost=40.0, **named)
        wide = max_coverage(costs, series, radius=9, **named)
        options = choices(groups, quotas)
        assert close(
            short.objective, min(charge(dense, weights, c, unreachable_cost=40.0, sites=range(10)) for c in options)
        )
        assert close(wide.objective, max(charge(dense, weights, c, radius=9) for c in options))
        assert (short.status, wide.status) == ("optimal", "optimal")
        assert len(short.opened) == len(wide.opened) == sum(quotas.values())
        short.verify(costs, series)
        wide.verify(costs, series)

    def test_it_is_reached_by_that_test(self, weak):
        dense, weights, groups, quotas = plain(0)
        costs = table(dense)
        found = p_median(costs, pupils(*weights), quotas=quotas, groups=pd.Series(groups, index=costs.school_ids))
        assert found.nodes > 10

    def test_full_groups_are_closed_and_short_ones_opened(self):
        group = np.array([0, 0, 0, 1, 1, 2, 2, 2])
        core = SimpleNamespace(group=group, quota=np.array([1, 2, 1]))
        run = SimpleNamespace(model=SimpleNamespace(core=core))
        node = SimpleNamespace(fixed=np.array([1, 0, 0, 0, 0, 0, 0, -1], dtype=np.int8))
        assert core_module._undecided(run, node)
        assert node.fixed.tolist() == [1, -1, -1, 1, 1, 0, 0, -1]

    @pytest.mark.parametrize("fixed", [[1, 1, 0, 0], [-1, 0, -1, -1]])
    def test_a_group_that_cannot_meet_its_quota_holds_nothing(self, fixed):
        core = SimpleNamespace(group=np.array([0, 0, 1, 1]), quota=np.array([1, 1]))
        run = SimpleNamespace(model=SimpleNamespace(core=core))
        assert not core_module._undecided(run, SimpleNamespace(fixed=np.array(fixed, dtype=np.int8)))

    def test_little_memory_changes_no_answer(self, monkeypatch):
        costs, weights, groups, existing = town()
        named = {"quotas": {"west": 2, "east": 3}, "groups": groups, "existing": existing}
        one = p_median(costs, weights, **named)
        monkeypatch.setattr(core_module, "_NODE_MEMORY", 0)
        assert p_median(costs, weights, **named).opened == one.opened


def town(seed=17, rows=300, columns=40, existing=3):
    """Return costs, pupils, groups and existing schools of an invented town."""
    random = np.random.default_rng(seed)
    homes = random.uniform(0, 5000, (rows, 2))
    places = random.uniform(0, 5000, (columns + existing, 2))
    dense = np.abs(homes[:, None] - places[None]).sum(axis=2)
    costs = table(dense, sites=[f"s{k:02d}" for k in range(columns + existing)])
    weights = pd.Series(random.lognormal(2, 1, rows), index=costs.demand_ids)
    groups = pd.Series(np.where(places[:columns, 0] < 2500, "west", "east"), index=costs.school_ids[:columns])
    return costs, weights, groups, list(costs.school_ids[columns:])


def dense(costs):
    """Return the costs as a table with demand and sites in their order."""
    values = np.full(costs.shape, inf)
    values[costs.row_numbers(), costs.indices] = costs.values
    return pd.DataFrame(values, costs.demand_ids, costs.school_ids)


class TestWhatMustNotMatter:
    @pytest.mark.parametrize("ask", [p_median, lambda *a, **k: max_coverage(*a, radius=600, **k)])
    def test_the_order_of_rows_and_columns(self, ask):
        costs, weights, groups, existing = town()
        random = np.random.default_rng(5)
        demand, sites = random.permutation(costs.demand_ids), random.permutation(costs.school_ids)
        turned = TravelCosts.from_dense(
            dense(costs).loc[demand, sites].to_numpy(),
            demand_ids=demand,
            school_ids=sites,
            unit="metres",
        )
        named = {"quotas": {"west": 3, "east": 4}, "existing": existing}
        one = ask(costs, weights, groups=groups, **named)
        other = ask(turned, weights.sample(frac=1, random_state=3), groups=groups.iloc[::-1], **named)
        assert (one.opened, one.objective, one.bound) == (other.opened, other.objective, other.bound)
        assert one.multipliers.equals(other.multipliers.loc[one.multipliers.index])

    def test_the_names_of_sites_and_groups(self):
        costs, weights, groups, existing = town()
        names = {old: f"x{99 - k}" for k, old in enumerate(costs.school_ids)}
        renamed = replace(costs, school_ids=costs.school_ids.map(names))
        one = p_median(costs, weights, quotas={"west": 3, "east": 4}, groups=groups, existing=existing)
        other = p_median(
            renamed,
            weights,
            quotas={"a": 4, "b": 3},
            groups=groups.map({"west": "b", "east": "a"}).rename(index=names),
            existing=[names[name] for name in existing],
        )
        assert other.objective == pytest.approx(one.objective, rel=1e-12)
        assert sorted(names[name] for name in one.opened) == list(other.opened)

    def test_scale(self):
        costs, weights, *_ = town()
        one, other = p_median(costs, weights, p=5), p_median(costs, weights * 1e-3, p=5)
        assert one.opened == other.opened
        assert other.objective == pytest.approx(one.objective * 1e-3)

    def test_a_demand_row_cut_in_two(self):
        costs, weights, *_ = town()
        halves = TravelCosts.from_dense(
            np.repeat(dense(costs).to_numpy(), 2, axis=0),
            demand_ids=[f"{name}|{half}" for name in costs.demand_ids for half in "ab"],
            school_ids=list(costs.school_ids),
            unit="metres",
        )
        cut = pd.Series(np.repeat(weights.to_numpy() / 2, 2), index=halves.demand_ids)
        assert p_median(halves, cut, p=5).objective == pytest.approx(p_median(costs, weights, p=5).objective)

    def test_a_second_run(self):
        costs, weights, groups, existing = town()
        one, other = (
            p_median(costs, weights, quotas={"west": 3, "east": 4}, groups=groups, existing=existing) for _ in "ab"
        )
        assert (one.opened, one.objective, one.bound, one.nodes) == (
            other.opened, other.objective, other.bound, other.nodes,
        )  # fmt: skip
        assert one.multipliers.equals(other.multipliers)

    def test_the_arguments_stay_as_they_were(self):
        costs, weights, groups, existing = town()
        before = (costs.values.copy(), weights.copy(), groups.copy(), list(existing))
        p_median(costs, weights, quotas={"west": 3, "east": 4}, groups=groups, existing=existing)
        assert (costs.values == before[0]).all()
        assert weights.equals(before[1])
        assert groups.equals(before[2])
        assert existing == before[3]


class TestMonotone:
    @FAST
    @given(instances())
    def test_one_candidate_more_never_worsens(self, instance):
        dense, weights, *_ = instance
        dense = np.where(np.isinf(dense), 35.0, dense)
        costs, series, columns = table(dense), pupils(*weights), dense.shape[1]
        for count in range(1, columns):
            few = p_median(costs, series, p=count, candidates=costs.school_ids[:-1], unreachable_cost=40)
            more = p_median(costs, series, p=count, unreachable_cost=40)
            assert more.objective <= few.objective * (1 + 1e-9) + 1e-9

    def test_one_site_more_never_worsens(self):
        costs, weights, *_ = town(rows=80, columns=15)
        found = [p_median(costs, weights, p=count).objective for count in range(1, 8)]
        assert all(after < before for before, after in pairwise(found))


class TestHonesty:
    def question(self):
        costs, weights, groups, existing = town()
        return costs, weights, {"quotas": {"west": 2, "east": 3}, "groups": groups, "existing": existing}

    def test_no_time_gives_a_plan_with_its_gap(self):
        costs, weights, named = self.question()
        best = p_median(costs, weights, **named)
        found = p_median(costs, weights, time_limit=0.0, **named)
        assert (found.status, found.stop_reason) == ("feasible", "time")
        assert found.bound <= best.objective <= found.objective
        assert found.gap == pytest.approx((found.objective - found.bound) / found.objective)
        found.verify(costs, weights)

    def test_the_gap_asked_for_is_enough(self):
        costs, weights, named = self.question()
        found = p_median(costs, weights, gap=0.2, **named)
        assert found.stop_reason == "gap"
        assert 1e-9 < found.gap <= 0.2

    def test_an_interrupt_gives_the_best_plan_so_far(self):
        costs, weights, named = self.question()

        def interrupted(step, done, total):
            raise KeyboardInterrupt

        found = p_median(costs, weights, progress=interrupted, **named)
        assert (found.status, found.stop_reason) == ("feasible", "interrupt")
        assert len(found.opened) == 5
        found.verify(costs, weights)

    def test_a_bound_from_multipliers_alone_closes_the_certificate(self):
        costs, weights = table(LINE), pupils(1, 1, 1, 1)
        found = p_median(costs, weights, p=1)
        assert (found.nodes, found.verify(costs, weights).complete) == (0, True)

    def test_what_the_tree_proved_is_named(self):
        costs, weights, named = self.question()
        found = p_median(costs, weights, **named)
        assert found.nodes > 0
        assert found.root_bound < found.bound
        certificate = found.verify(costs, weights)
        assert not certificate.complete
        assert "branch and bound" in str(certificate)

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("objective", lambda x: x * 0.999),
            ("bound", lambda x: x * 1.001),
            ("root_bound", lambda x: x * 1.01),
            ("gap", lambda x: x + 0.01),
            ("status", lambda x: "feasible"),
            ("stop_reason", lambda x: "time"),
            ("multipliers", lambda x: x * 0.9),
            ("multipliers", lambda x: x.where(x.index != x.index[3])),
            ("multipliers", lambda x: x.iloc[1:]),
            ("opened", lambda x: x[1:]),
            ("opened", lambda x: (*x[1:], "s41")),
            ("opened", lambda x: (*x[:-1], x[0])),
            ("existing", lambda x: ()),
            ("assignment", lambda x: x.shift()),
            ("assignment", lambda x: x.iloc[1:]),
            ("unreachable_weight", lambda x: x + 1),
            ("charged_weight", lambda x: x + 1),
        ],
    )
    def test_a_changed_result_is_refused(self, field, change):
        costs, weights, named = self.question()
        found = p_median(costs, weights, **named)
        with pytest.raises(InputError, match="siting result"):
            replace(found, **{field: change(getattr(found, field))}).verify(costs, weights)

    def test_a_swapped_site_is_refused(self):
        costs, weights, named = self.question()
        found = p_median(costs, weights, **named)
        group = named["groups"]
        other = next(s for s in group.index if s not in found.opened and group[s] == group[found.opened[0]])
        with pytest.raises(InputError, match="objective"):
            replace(found, opened=tuple(sorted((other, *found.opened[1:])))).verify(costs, weights)

    def test_other_weights_are_refused(self):
        costs, weights, named = self.question()
        found = p_median(costs, weights, **named)
        with pytest.raises(InputError, match="summed again"):
            found.verify(costs, weights.sort_values().set_axis(weights.index))

    def test_a_solver_that_errs_is_found_out(self, monkeypatch):
        costs, weights, named = self.question()
        monkeypatch.setattr(core_module.siting_ascent, "ascend", dishonest(core_module.siting_ascent.ascend))
        found = p_median(costs, weights, **named)
        assert found.status == "optimal"
        with pytest.raises(InputError, match="root_bound"):
            found.verify(costs, weights)


def dishonest(ascend):
    """Return an ascent whose bound is too high."""

    def lie(*arguments):
        done = ascend(*arguments)
        state = arguments[-1]
        state[core_module.siting_ascent.BEST] *= 1.5
        return done

    return lie


class TestBadInput:
    def faults(self, error=InputError, ask=p_median, **named):
        with pytest.raises(error) as caught:
            ask(table(LINE), **{"weights": pupils(1, 1, 1, 1), **named})
        return str(caught.value)

    def test_a_quota_beyond_its_candidates_names_every_group(self):
        groups = pd.Series(["west", "west", "east", "east"], index=["s0", "s1", "s2", "s3"])
        text = self.faults(InfeasibleError, quotas={"west": 3, "east": 1, "north": 1}, groups=groups)
        assert "3 new sites wanted in west, 2 candidates there" in text
        assert "1 new sites wanted in north, 0 candidates there" in text
        assert "lower it by 1, or add candidates in west" in text
        assert "in east" not in text

    def test_more_sites_than_candidates(self):
        assert "5 new sites wanted in anywhere, 4 candidates there" in self.faults(InfeasibleError, p=5)

    @pytest.mark.parametrize("number", [-1, 1.5, True, "2"])
    def test_a_count_that_is_none(self, number):
        assert "a whole number" in self.faults(p=number)

    def test_both_or_neither_count(self):
        assert "neither p nor quotas" in self.faults()
        groups = pd.Series("a", index=["s0", "s1", "s2", "s3"])
        assert "both p and quotas" in self.faults(p=1, quotas={"a": 1}, groups=groups)
        assert "quotas without groups" in self.faults(quotas={"a": 1})
        assert "groups without quotas" in self.faults(p=1, groups=groups)

    def test_a_candidate_without_a_group(self):
        groups = pd.Series(["a", None, "a"], index=["s0", "s1", "s2"])
        text = self.faults(quotas={"a": 1}, groups=groups)
        assert "candidates without a group" in text
        assert "s1, s3" in text

    @pytest.mark.parametrize("weight", [-1.0, float("nan"), inf])
    def test_weights_that_are_none(self, weight):
        text = self.faults(weights=pupils(1, weight, 1, weight), p=1)
        assert "missing, negative or infinite weights" in text
        assert "d1, d3" in text

    def test_weights_for_others(self):
        weights = pupils(1, 1, 1, 1).rename({"d1": "stranger"})
        text = self.faults(weights=weights, p=1)
        assert "no weight for demand of the costs" in text
        assert "demand that the costs do not hold" in text

    def test_ids_that_nobody_knows_and_ids_twice(self):
        text = self.faults(p=1, existing=["x", "s0"], candidates=["s0", "s1", "s1", "y"])
        for part in ("rows:     x", "rows:     y", "rows:     s1", "existing too"):
            assert part in text

    def test_a_charge_that_would_reward_not_reaching(self):
        assert "largest in the table" in self.faults(p=1, unreachable_cost=10)

    def test_a_radius_beyond_what_was_computed(self):
        with pytest.raises(InputError, match="larger cutoff"):
            max_coverage(table(LINE, cutoff=1000.0), pupils(1, 1, 1, 1), radius=1200, p=1)
        assert "radius" in self.faults(ask=max_coverage, radius=-5, p=1)

    def test_limits_that_are_none(self):
        text = self.faults(p=1, gap=-0.1, time_limit=float("nan"), seed=-1)
        assert all(name in text for name in ("gap = -0.1", "time_limit = nan", "seed = -1"))


def pmed(folder, number):
    """Read an OR-Library file: of duplicate edges the last counts; costs are shortest paths."""
    size, _, count = np.loadtxt(folder / f"pmed{number}.txt", max_rows=1, dtype=int)
    edges = np.full((size, size), np.inf)
    for one, other, length in np.loadtxt(folder / f"pmed{number}.txt", skiprows=1, dtype=int):
        edges[one - 1, other - 1] = edges[other - 1, one - 1] = length
    names = [f"{k:03d}" for k in range(size)]
    return table(shortest_path(edges, directed=False), names, names), pd.Series(1.0, index=names), int(count)


def solve_pmed(real_data, number):
    folder = real_data / "orlib_pmed"
    with (folder / "optima.csv").open() as file:
        optima = {row["instance"]: int(row["p_median_opt"]) for row in csv.DictReader(file)}
    costs, weights, count = pmed(folder, number)
    found = p_median(costs, weights, p=count)
    found.verify(costs, weights)
    return found, optima[f"pmed{number}"]


@pytest.mark.real_data
class TestPublishedOptima:
    @pytest.mark.parametrize("number", [1, 3, 5, 6, 10, 13, 17, 20])
    def test_pmed(self, real_data, number):
        found, optimum = solve_pmed(real_data, number)
        assert (found.objective, found.bound, found.status) == (optimum, optimum, "optimal")

    @pytest.mark.slow
    @pytest.mark.parametrize("number", [2, 4, 7, 8, 9, 11, 12, 14, 15, 16, 18, 19])
    def test_the_other_pmed(self, real_data, number):
        found, optimum = solve_pmed(real_data, number)
        assert (found.objective, found.bound, found.status) == (optimum, optimum, "optimal")

    def san_francisco(self, real_data):
        folder = real_data / "sf_spopt"
        pairs = pd.read_csv(
            folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={"DestinationName": str}
        )
        people = pd.read_csv(folder / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str})
        costs = TravelCosts.from_pairs(pairs.set_index(["DestinationName", "name"])["distance"], unit="metres")
        cases = json.loads((folder / "reference_values.json").read_text())["cases"]
        by_model = {case["model"]: case for case in cases}
        return costs, people.set_index("NAME")["POP2000"].astype(float), by_model

    def test_san_francisco_p_median(self, real_data):
        costs, people, cases = self.san_francisco(real_data)
        found = p_median(costs, people, p=4)
        assert list(found.opened) == cases["p-median"]["selected"]
        assert found.objective == pytest.approx(cases["p-median"]["objective"], rel=1e-7)  # costs are float32
        assert found.status == "optimal"

    def test_san_francisco_coverage(self, real_data):
        costs, people, cases = self.san_francisco(real_data)
        found = max_coverage(costs, people, radius=5000, p=4)
        assert found.objective == cases["MCLP"]["covered_population"]
        assert found.status == "optimal"
        assert 100 * found.assignment.notna().mean() == pytest.approx(cases["MCLP"]["pct_clients"])


def test_the_result_is_frozen():
    found = p_median(table(LINE), pupils(1, 1, 1, 1), p=1)
    assert isinstance(found, Siting)
    with pytest.raises(AttributeError):
        found.objective = 0
