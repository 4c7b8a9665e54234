"""p-center and p-dispersion: by hand, against every subset, at the published optima."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations, product
from math import hypot, inf, isclose

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from scipy.sparse.csgraph import shortest_path

from edulayout.costs import TravelCosts
from edulayout.errors import InfeasibleError, InputError
from edulayout.kernels import siting_spread
from edulayout.siting import center_search, dispersion_search, p_center, p_dispersion

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


def between(dense, **named):
    names = [f"s{k}" for k in range(len(dense))]
    return table(dense, names, names, **named)


def pupils(*weights):
    return pd.Series([float(weight) for weight in weights], index=[f"d{k}" for k in range(len(weights))])


class TestCenterByHand:
    def test_one_site_stands_nearest_to_the_middle(self):
        found = p_center(table(LINE), p=1)
        assert (found.opened, found.objective, found.bound, found.status) == (("s2",), 700, 700, "optimal")

    def test_two_sites(self):
        found = p_center(table(LINE), pupils(1, 1, 1, 1), p=2)
        assert (found.objective, found.opened) == (200, ("s1", "s3"))
        assert found.assignment.tolist() == ["s1", "s1", "s1", "s3"]

    def test_weight_is_no_distance_but_nobody_does_not_walk(self):
        assert p_center(table(LINE), pupils(9, 9, 9, 1), p=1).objective == 700
        assert p_center(table(LINE), pupils(9, 9, 9, 0), p=1).objective == 200

    def test_an_existing_site_is_kept_and_not_counted(self):
        found = p_center(table(LINE), p=1, existing=["s3"])
        assert (found.opened, found.existing, found.objective) == (("s1",), ("s3",), 200)

    def test_existing_sites_alone_may_decide(self):
        found = p_center(table([[9, 1], [5, 2]]), p=1, existing=["s1"])
        assert (found.objective, found.opened) == (2, ("s0",))

    def test_quotas_bind_although_another_choice_is_shorter(self):
        groups = pd.Series(["west", "west", "west", "east"], index=["s0", "s1", "s2", "s3"])
        assert p_center(table(LINE), quotas={"west": 2}, groups=groups).objective == 700
        assert p_center(table(LINE), quotas={"west": 1, "east": 1}, groups=groups).objective == 200

    def test_unreachable_demand_is_counted_and_left_out(self):
        found = p_center(table([[5, 9], [inf, inf]]), pupils(2, 3), p=1)
        assert (found.objective, found.unreachable_weight, found.charged_weight) == (5, 3, 0)

    def test_demand_that_the_choice_misses_is_charged_the_stated_cost(self):
        dense = [[5, inf], [inf, 8]]
        found = p_center(table(dense, cutoff=50.0), pupils(2, 1), p=1)
        assert (found.objective, found.bound, found.unreachable_cost) == (50, 50, 50)
        assert found.charged_weight in {1, 2}
        assert p_center(table(dense), pupils(2, 1), p=1).objective == 8

    def test_a_zero_is_a_real_zero(self):
        found = p_center(table([[0.0]]), p=1)
        assert (found.objective, found.bound, found.gap, found.status) == (0, 0, 0, "optimal")

    def test_nobody_walks_nowhere(self):
        found = p_center(table([[inf]]), p=1)
        assert (found.objective, found.status, found.unreachable_weight) == (0, "optimal", 1)
        found.verify(table([[inf]]))

    def test_bad_input_is_named(self):
        with pytest.raises(InfeasibleError, match="5 new sites wanted in anywhere, 4 candidates there"):
            p_center(table(LINE), p=5)
        with pytest.raises(InputError, match="neither p nor quotas"):
            p_center(table(LINE))
        with pytest.raises(InputError, match="negative"):
            p_center(table(LINE), pupils(1, -1, 1, 1), p=1)


class TestDispersionByHand:
    def test_the_ends_are_farthest_apart(self):
        found = p_dispersion(between(LINE), p=2)
        assert (found.opened, found.objective, found.bound, found.status) == (("s0", "s3"), 1000, 1000, "optimal")
        assert p_dispersion(between(LINE), p=3).objective == 300

    def test_existing_sites_repel(self):
        found = p_dispersion(between(LINE), p=1, existing=["s3"])
        assert (found.opened, found.objective) == (("s0",), 1000)
        assert p_dispersion(between(LINE), p=1, existing=["s3", "s0"]).opened == ("s2",)

    def test_quotas_bind(self):
        groups = pd.Series(["west", "west", "west", "east"], index=["s0", "s1", "s2", "s3"])
        assert p_dispersion(between(LINE), quotas={"west": 2}, groups=groups).objective == 300

    def test_the_shorter_direction_counts_and_a_missing_pair_is_far(self):
        assert p_dispersion(between([[0, 90], [40, 0]]), p=2).objective == 40
        assert p_dispersion(between([[0, inf, 5], [inf, 0, 5], [5, 5, 0]], cutoff=60.0), p=2).objective == 60

    def test_one_site_alone_has_no_distance(self):
        with pytest.raises(InputError, match="two open in all"):
            p_dispersion(between(LINE), p=1)
        with pytest.raises(InputError, match="sites without a row"):
            p_dispersion(table(LINE), p=2)


@st.composite
def instances(draw):
    rows, columns, existing = draw(st.integers(1, 8)), draw(st.integers(1, 7)), draw(st.integers(0, 2))
    number = st.integers(0, 12) if draw(st.booleans()) else st.floats(0, 30).map(lambda x: float(np.float32(x)))
    cell = st.one_of(number, number, st.just(inf)) if draw(st.booleans()) else number
    dense = [[draw(cell) for _ in range(columns + existing)] for _ in range(rows)]
    groups = [draw(st.sampled_from("AB")) for _ in range(columns)]
    quotas = {name: draw(st.integers(0, groups.count(name))) for name in "AB"}
    if draw(st.booleans()):
        groups, quotas = ["A"] * columns, {"A": sum(quotas.values())}
    weights = [draw(st.integers(0, 3)) for _ in range(rows)]
    return dense, weights, groups, quotas, existing


def named(groups, quotas, existing):
    rules = {"existing": [f"s{len(groups) + k}" for k in range(existing)]}
    if len(quotas) == 1:
        return rules | {"p": sum(quotas.values())}
    return rules | {"quotas": quotas, "groups": pd.Series(groups, index=[f"s{k}" for k in range(len(groups))])}


def choices(groups, quotas):
    parts = [combinations([j for j, g in enumerate(groups) if g == name], number) for name, number in quotas.items()]
    return [sum(parts, ()) for parts in product(*parts)]


def longest(dense, weights, opened, *, charged):
    walks = [
        min((row[j] for j in opened), default=inf)
        for row, weight in zip(dense, weights, strict=True)
        if weight > 0 and min(row) < inf
    ]
    return max((min(walk, charged) for walk in walks), default=0)


def check_center(instance):
    dense, weights, groups, quotas, existing = instance
    costs, series = table(dense), pupils(*weights)
    kept = tuple(range(len(groups), len(groups) + existing))
    found = p_center(costs, series, unreachable_cost=40.0, **named(groups, quotas, existing))
    best = min(longest(dense, weights, (*c, *kept), charged=40.0) for c in choices(groups, quotas))
    assert (found.objective, found.bound, found.status) == (best, best, "optimal")
    assert found.root_bound <= best
    assert found.verify(costs, series).proven_bound <= best


@st.composite
def spaces(draw):
    size, existing = draw(st.integers(2, 7)), draw(st.integers(0, 2))
    cell = st.integers(0, 12) if draw(st.booleans()) else st.floats(0, 30).map(lambda x: float(np.float32(x)))
    cell = st.one_of(cell, cell, cell, st.just(inf)) if draw(st.booleans()) else cell
    dense = [[0 if i == j else draw(cell) for j in range(size + existing)] for i in range(size + existing)]
    groups = [draw(st.sampled_from("AB")) for _ in range(size)]
    quotas = {name: draw(st.integers(0, groups.count(name))) for name in "AB"}
    if draw(st.booleans()) or sum(quotas.values()) + existing < 2 or not sum(quotas.values()):
        groups, quotas = ["A"] * size, {"A": draw(st.integers(2, size))}
    return dense, groups, quotas, existing


def check_dispersion(instance):
    dense, groups, quotas, existing = instance
    costs = between(dense, cutoff=31.0)
    kept = tuple(range(len(groups), len(groups) + existing))
    found = p_dispersion(costs, **named(groups, quotas, existing))
    apart = np.minimum(np.minimum(dense, np.transpose(dense)), 31.0)

    def least(choice):
        pairs = [*combinations(choice, 2), *product(choice, kept)]
        return min(apart[pair] for pair in pairs)

    best = max(least(choice) for choice in choices(groups, quotas))
    assert (found.objective, found.bound, found.status) == (best, best, "optimal")
    assert found.root_bound >= best
    assert found.verify(costs).proven_bound >= best


class TestAgainstEverySubset:
    @FAST
    @given(instances())
    def test_p_center(self, instance):
        check_center(instance)

    @pytest.mark.slow
    @MANY
    @given(instances())
    def test_p_center_many(self, instance):
        check_center(instance)

    @FAST
    @given(spaces())
    def test_p_dispersion(self, instance):
        check_dispersion(instance)

    @pytest.mark.slow
    @MANY
    @given(spaces())
    def test_p_dispersion_many(self, instance):
        check_dispersion(instance)


def town(seed=3, rows=150, columns=30):
    random = np.random.default_rng(seed)
    homes, places = random.uniform(0, 5000, (rows, 2)), random.uniform(0, 5000, (columns, 2))
    metres = np.rint(np.abs(homes[:, None] - places[None]).sum(axis=2))
    return table(metres, [f"d{k:03d}" for k in range(rows)], [f"s{k:02d}" for k in range(columns)])


def turned(costs):
    random = np.random.default_rng(5)
    values = np.full(costs.shape, inf)
    values[costs.row_numbers(), costs.indices] = costs.values
    whole = pd.DataFrame(values, costs.demand_ids, costs.school_ids)
    whole = whole.loc[random.permutation(costs.demand_ids), random.permutation(costs.school_ids)]
    return TravelCosts.from_dense(
        whole.to_numpy(), demand_ids=list(whole.index), school_ids=list(whole.columns), unit="metres"
    )


class TestWhatMustNotMatter:
    def test_the_order_of_rows_and_columns(self):
        costs = town()
        one, other = p_center(costs, p=4), p_center(turned(costs), p=4)
        assert (one.opened, one.objective, one.root_bound) == (other.opened, other.objective, other.root_bound)
        assert one.multipliers.equals(other.multipliers.loc[one.multipliers.index])

    def test_rows_taken_in_as_needed(self, monkeypatch):
        costs = town()
        one = p_center(costs, p=4)
        monkeypatch.setattr(center_search, "_ALL_AT_ONCE", 0)
        other = p_center(costs, p=4)
        assert (one.objective, one.status) == (other.objective, other.status)
        other.verify(costs)

    def test_one_candidate_more_never_worsens(self):
        costs = town(columns=12)
        found = [p_center(costs, p=3, candidates=costs.school_ids[:count]).objective for count in range(3, 13)]
        assert found == sorted(found, reverse=True)
        assert found[0] > found[-1]

    def test_hash_seed_and_threads(self):
        code = """
import numpy as np, edulayout as el
random = np.random.default_rng(1)
dense = np.rint(np.abs(random.uniform(0, 900, (40, 1)) - random.uniform(0, 900, (1, 12))))
names = [f"n{k}" for k in range(40)]
costs = el.TravelCosts.from_dense(dense, demand_ids=names, school_ids=names[:12], unit="metres")
import pandas as pd
groups = pd.Series(list("abcabcabcabc"), index=names[:12])
pupils = pd.Series(1.0, index=names)
found = [el.siting.p_center(costs, quotas={"a": 1, "b": 2}, groups=groups),
         el.siting.set_cover(costs, pupils, radius=80), el.siting.p_median(costs, pupils, p=3)]
print([(x.opened, x.objective, x.bound, x.multipliers.sum()) for x in found])
"""
        outs = set()
        for seed, threads in (("1", "1"), ("2", "2")):
            environment = {
                **os.environ,
                "PYTHONHASHSEED": seed,
                "NUMBA_NUM_THREADS": threads,
                "OMP_NUM_THREADS": threads,
            }
            run = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
            )
            outs.add(run.stdout)
        assert len(outs) == 1


class TestHonesty:
    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("objective", lambda x: x - 1),
            ("bound", lambda x: x + 1),
            ("root_bound", lambda x: x * 1.5),
            ("gap", lambda x: x + 0.01),
            ("status", lambda x: "feasible"),
            ("stop_reason", lambda x: "time"),
            ("multipliers", lambda x: x * 0),
            ("multipliers", lambda x: x.iloc[1:]),
            ("opened", lambda x: x[1:]),
            ("opened", lambda x: (*x[1:], "s99")),
            ("assignment", lambda x: x.shift()),
            ("charged_weight", lambda x: x + 1),
        ],
    )
    def test_a_changed_center_is_refused(self, field, change):
        costs = town()
        found = p_center(costs, p=4)
        with pytest.raises(InputError, match="siting result"):
            replace(found, **{field: change(getattr(found, field))}).verify(costs)

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("objective", lambda x: x + 1),
            ("bound", lambda x: x - 1),
            ("root_bound", lambda x: x * 0.5),
            ("multipliers", lambda x: x * 0 + np.arange(len(x))),
            ("multipliers", lambda x: x * 0 - 1),
            ("opened", lambda x: x[1:]),
        ],
    )
    def test_a_changed_dispersion_is_refused(self, field, change):
        random = np.random.default_rng(2)
        places = random.uniform(0, 1000, (12, 2))
        costs = between(np.abs(places[:, None] - places[None]).sum(axis=2))
        found = p_dispersion(costs, p=4)
        found.verify(costs)
        with pytest.raises(InputError, match="siting result"):
            replace(found, **{field: change(getattr(found, field))}).verify(costs)

    def test_no_time_gives_a_plan_with_its_gap(self):
        costs = town()
        best, found = p_center(costs, p=4), p_center(costs, p=4, time_limit=0.0)
        assert (found.status, found.stop_reason) == ("feasible", "time")
        assert found.bound <= best.objective <= found.objective
        found.verify(costs)

    def test_the_gap_asked_for_is_enough(self):
        costs = town()
        found = p_center(costs, p=4, gap=0.3)
        assert found.gap <= 0.3
        found.verify(costs)

    def test_a_solver_that_errs_is_found_out(self, monkeypatch):
        costs = town()
        honest = p_center(costs, p=4)
        monkeypatch.setattr(center_search, "_refutes", lambda *_: True)
        found = p_center(costs, p=4)
        assert found.root_bound > honest.objective or found.objective > honest.objective
        with pytest.raises(InputError, match="root_bound"):
            found.verify(costs)

    def test_an_interrupt_gives_the_best_plan_so_far(self):
        costs = town()

        def interrupted(step, done, total):
            raise KeyboardInterrupt

        found = p_center(costs, p=4, progress=interrupted)
        assert (found.status, found.stop_reason) == ("feasible", "interrupt")
        found.verify(costs)

    @pytest.mark.parametrize("seed", range(12))
    def test_the_search_for_sites_apart_agrees_with_every_subset(self, seed):
        random = np.random.default_rng(seed)
        close = np.triu(random.random((12, 12)) < 0.35, 1)
        close |= close.T
        group, quota, chosen = np.sort(random.integers(0, 2, 12)), np.array([2, 3]), np.zeros(12, dtype=np.bool_)
        kept = [
            choice
            for one in combinations(np.flatnonzero(group == 0), 2)
            for other in combinations(np.flatnonzero(group == 1), 3)
            if not close[np.ix_(choice := [*one, *other], choice)].any()
        ]
        answer, _ = siting_spread.spread(close, group, quota, 10_000, chosen)
        assert answer == (siting_spread.FOUND if kept else siting_spread.REFUSED)
        assert not kept or np.flatnonzero(chosen).tolist() in [[int(k) for k in choice] for choice in kept]

    def test_dispersion_by_search_and_by_program_agree(self, monkeypatch):
        random = np.random.default_rng(5)
        at = random.uniform(0, 1000, (18, 2))
        costs = between(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)).tolist())
        found = p_dispersion(costs, p=6)
        monkeypatch.setattr(dispersion_search, "_CASES", 0)
        again = p_dispersion(costs, p=6)
        assert (found.objective, found.bound, found.status) == (again.objective, again.bound, "optimal")

    def test_dispersion_without_pigeonholes_still_proves(self, monkeypatch):
        random = np.random.default_rng(7)
        places = random.uniform(0, 1000, (14, 2))
        costs = between(np.rint(np.abs(places[:, None] - places[None]).sum(axis=2)))
        one = p_dispersion(costs, p=5)
        original = dispersion_search._refute_by_holes
        monkeypatch.setattr(
            dispersion_search, "_refute_by_holes", lambda s, claim: original(s, claim) if s.hole is None else False
        )
        other = p_dispersion(costs, p=5)
        assert (one.objective, one.status) == (other.objective, other.status)
        assert other.nodes > 0
        assert not other.verify(costs).complete


def pmed(folder, number):
    """Read an OR-Library file: of duplicate edges the last counts; costs are shortest paths."""
    size, _, count = np.loadtxt(folder / f"pmed{number}.txt", max_rows=1, dtype=int)
    edges = np.full((size, size), np.inf)
    for one, other, length in np.loadtxt(folder / f"pmed{number}.txt", skiprows=1, dtype=int):
        edges[one - 1, other - 1] = edges[other - 1, one - 1] = length
    names = [f"{k:03d}" for k in range(size)]
    return table(shortest_path(edges, directed=False), names, names), int(count)


@pytest.mark.real_data
class TestPublishedOptima:
    @pytest.mark.parametrize("number", range(1, 21))
    def test_pmed(self, real_data, number):
        folder = real_data / "orlib_pmed"
        with (folder / "optima.csv").open() as file:
            optima = {row["instance"]: row["p_center_opt"] for row in csv.DictReader(file)}
        costs, count = pmed(folder, number)
        found = p_center(costs, p=count)
        optimum = int(optima[f"pmed{number}"])
        assert (found.objective, found.bound, found.status) == (optimum, optimum, "optimal")
        found.verify(costs)

    def cases(self, real_data):
        text = (real_data / "sf_spopt" / "reference_values.json").read_text()
        return {case["model"]: case for case in json.loads(text)["cases"]}

    def test_san_francisco_p_center(self, real_data):
        name = "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
        pairs = pd.read_csv(real_data / "sf_spopt" / name, dtype={"DestinationName": str})
        costs = TravelCosts.from_pairs(pairs.set_index(["DestinationName", "name"])["distance"], unit="metres")
        case = self.cases(real_data)["p-center"]
        found = p_center(costs, p=4)
        assert found.objective == pytest.approx(case["objective_m"], rel=1e-6)  # costs are float32
        assert found.status == "optimal"
        best = p_center(costs, p=4, candidates=case["selected"])
        assert best.objective == found.objective
        found.verify(costs)

    def stores(self, real_data):
        places = pd.read_csv(real_data / "sf_spopt" / "SF_store_site_16_longlat.csv").sort_values("NAME")
        turn = Transformer.from_crs("EPSG:4326", "EPSG:7131", always_xy=True)
        x, y = turn.transform(places["long"].to_numpy(), places["lat"].to_numpy())
        dense = [[hypot(a - c, b - d) for c, d in zip(x, y, strict=True)] for a, b in zip(x, y, strict=True)]
        return table(dense, list(places["NAME"]), list(places["NAME"])), list(places["NAME"])

    def test_san_francisco_p_dispersion(self, real_data):
        costs, names = self.stores(real_data)
        cases = self.cases(real_data)
        found = p_dispersion(costs, p=3)
        assert found.objective == pytest.approx(cases["p-dispersion (euclidean, EPSG:7131)"]["objective_m"], rel=1e-6)
        assert found.status == "optimal"
        kept = [names[5], names[10]]
        one = p_dispersion(costs, p=1, existing=kept)
        published = cases["p-dispersion with stores at sorted positions 5 and 10 predefined"]["objective_m"]
        # The published number is the distance between the two predefined stores, which ours leaves out.
        given = costs.to_series()[tuple(kept)]
        assert min(one.objective, given) == pytest.approx(published, rel=1e-6)
        assert one.objective > given
        assert isclose(one.objective, one.bound)
