"""The rich question: by hand, against every subset and assignment, tampered with, infeasible with its reasons."""

from dataclasses import replace
from itertools import product
from math import inf, isclose

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from edulayout.costs import TravelCosts
from edulayout.errors import CrsError, InfeasibleError, InputError
from edulayout.siting import Count, Coverage, Distance, Limit, WorstDistrict, choose, too_close
from edulayout.siting.capacity import with_seats

LINE = [[0, 100, 300], [100, 0, 200], [300, 200, 0]]


def table(dense, **named):
    rows, columns = np.shape(dense)
    demand, sites = [f"d{k}" for k in range(rows)], [f"s{k}" for k in range(columns)]
    return replace(TravelCosts.from_dense(dense, demand_ids=demand, school_ids=sites, unit="metres"), **named)


def pupils(*weights):
    return pd.Series([float(weight) for weight in weights], index=[f"d{k}" for k in range(len(weights))])


def options(count, **columns):
    return pd.DataFrame(columns, index=[f"s{k}" for k in range(count)])


class TestByHand:
    def test_seats_send_the_last_pupils_farther(self):
        """Thirty pupils at 0, ten at 100; twenty seats at 0, twenty at 100: ten walk 100 m from 0."""
        costs = table([[0, 100], [100, 0]])
        found = choose(costs, pupils(30, 10), options(2, seats_pupils=[20, 20]))
        assert (found.opened, found.objective, found.status) == (("s0", "s1"), 1000, "optimal")
        flows = found.flows.set_index(["demand_id", "school_id"])["pupils"]
        assert flows.to_dict() == {("d0", "s0"): 20, ("d0", "s1"): 10, ("d1", "s1"): 10}
        assert found.assignment.to_dict() == {"d0": "s0", "d1": "s1"}
        found.verify(costs, pupils(30, 10))

    def test_undivided_rows_may_have_to_walk_farther(self):
        """30 do not fit into 20 seats undivided; 35 seats at 100 take them, and 10 go to 0."""
        costs = table([[0, 100], [100, 0]])
        found = choose(costs, pupils(30, 10), options(2, seats_pupils=[20, 35]), split=False)
        assert found.objective == 30 * 100 + 10 * 100
        assert found.assignment.to_dict() == {"d0": "s1", "d1": "s0"}
        found.verify(costs, pupils(30, 10))

    def test_the_budget_buys_what_shortens_most(self):
        """One school at 300 serves the 10 there at once, but a school at 100 leaves 10 x 100 + 10 x 200."""
        named = {"objective": Distance(unserved_cost=1000.0)}
        both = choose(table(LINE), pupils(10, 10, 10), options(3, cost=[5, 5, 5]), budget=10, **named)
        one = choose(table(LINE), pupils(10, 10, 10), options(3, cost=[5, 9, 5]), budget=5, **named)
        assert (both.objective, both.cost) == (1000, 10)
        assert (one.opened, one.objective) == (("s0",), 1000 + 3000)

    def test_money_in_the_objective(self):
        found = choose(table(LINE), pupils(10, 10, 10), options(3, cost=[1, 1, 1]), objective=Distance(per_cost=1500.0))
        assert (found.opened, found.objective, found.values) == (("s0", "s2"), 1000 + 3000, (4000,))
        assert found.cost == 2

    def test_size_classes_only_one_on_a_site(self):
        """A large school at 100 holds all; two sizes on one site exclude each other."""
        sizes = pd.DataFrame(
            {"site": ["s1", "s1", "s0"], "seats_pupils": [20, 30, 10], "cost": [4, 7, 4]},
            index=["small", "large", "s0"],
        )
        cheap = choose(table(LINE), pupils(10, 10, 10), sizes, objective=Distance(per_cost=1000.0))
        assert (cheap.opened, cheap.objective) == (("large",), 1000 + 2000 + 7000)
        tight = choose(table(LINE), pupils(10, 10, 10), sizes, objective=Distance(per_cost=10.0))
        assert (tight.opened, tight.objective) == (("s0", "small"), 2000 + 80)

    def test_least_enrolment_fills_a_school_or_keeps_it_closed(self):
        """Two schools of 15: the middle ten are shared by 0 and 300, 5 x 100 + 5 x 200, or 5 go from 100 to 300."""
        found = choose(table(LINE), pupils(10, 10, 10), options(3, least_pupils=[15, 15, 15]))
        assert (found.opened, found.objective) in ((("s0", "s2"), 1500), (("s1", "s2"), 2000))
        assert found.objective == 1500
        assert (found.enrolment["taken"] >= 15).all()

    def test_a_nine_year_school_serves_two_stages_with_separate_seats(self):
        """It has five seats of primary and ten of junior high: five of primary go to the other school."""
        costs = table([[0, 50]])
        both = pd.DataFrame({"primary": [10.0], "junior_high": [10.0]}, index=["d0"])
        kinds = pd.DataFrame(
            {
                "stages": ["primary;junior_high", "primary"],
                "kind": ["nine_year", "primary"],
                "seats_primary": [5, 9],
                "seats_junior_high": [10, 99],
            },
            index=["s0", "s1"],
        )
        found = choose(costs, both, kinds)
        assert found.objective == 5 * 50
        assert found.assignment.to_dict() == {("d0", "junior_high"): "s0", ("d0", "primary"): "s0"}
        found.verify(costs, both)

    def test_kinds_compete_for_parcels(self):
        """The middle is best for either kind; only one can have it."""
        costs = table([[0, 10], [0, 10]])
        both = pd.DataFrame({"primary": [9.0, 0.0], "junior_high": [0.0, 5.0]}, index=["d0", "d1"])
        kinds = pd.DataFrame(
            {
                "site": ["s0", "s1", "s0", "s1"],
                "kind": ["primary", "primary", "junior_high", "junior_high"],
                "stages": ["primary", "primary", "junior_high", "junior_high"],
            },
            index=["p0", "p1", "j0", "j1"],
        )
        counts = [Count(1, 1, kind="primary"), Count(1, 1, kind="junior_high")]
        found = choose(costs, both, kinds, counts=counts)
        assert (found.opened, found.objective) == (("j1", "p0"), 50)

    def test_a_school_may_close_where_it_pays(self):
        """With 15 pupils at least in each school, the one at 300 cannot stay beside one at 0 once its ten are alone."""
        schools = options(3, status=["existing", "candidate", "closable"], cost=[5, 5, 2], least_pupils=[0, 0, 11])
        named = {"counts": [Count(0, 0)]}
        kept = choose(table(LINE), pupils(10, 10, 10), schools, closures=0, **named)
        gone = choose(table(LINE), pupils(10, 10, 10), schools, closures=1, **named)
        assert (kept.existing, kept.closed, kept.objective, kept.cost) == (("s0", "s2"), (), 900 + 200, 0)
        assert (gone.existing, gone.objective) == (kept.existing, kept.objective)
        far = choose(table(LINE), pupils(10, 0, 1), schools, closures=1, **named)
        assert (far.existing, far.closed, far.objective, far.cost) == (("s0",), ("s2",), 300, 2)

    def test_spacing(self):
        """0 and 100 would be best; they are too near each other; a school that stands already may be near another."""
        free = choose(table(LINE), pupils(20, 10, 1), options(3), counts=[Count(2, 2)])
        found = choose(table(LINE), pupils(20, 10, 1), options(3), counts=[Count(2, 2)], apart=[("s1", "s0")])
        assert (free.opened, found.opened, found.objective) == (("s0", "s1"), ("s0", "s2"), 1000)
        stand = options(3, status=["existing", "existing", "candidate"])
        assert choose(table(LINE), pupils(20, 10, 1), stand, apart=[("s1", "s0")]).opened == ("s2",)

    def test_too_close_pairs_from_points(self):
        places = gpd.GeoSeries.from_xy([0, 100, 300], [0, 0, 0], index=["s0", "s1", "s2"], crs="EPSG:4544")
        assert too_close(places, metres=200) == (("s0", "s1"),)
        assert too_close(places.iloc[::-1], metres=201) == (("s0", "s1"), ("s1", "s2"))
        with pytest.raises(CrsError, match="metres"):
            too_close(places.to_crs("EPSG:4490"), metres=200)
        with pytest.raises(InputError, match="finite"):
            too_close(places, metres=-1)

    def test_coverage_with_seats(self):
        """The school at 100 reaches all three within 200 but seats 15; another at 300 seats 5 more."""
        found = choose(
            table(LINE), pupils(10, 10, 10), options(3, seats_pupils=[15, 15, 5]), objective=Coverage(200.0),
            counts=[Count(2, 2)],
        )  # fmt: skip
        assert (found.objective, found.bound, found.sense) == (30, 30, "maximise")
        assert choose(
            table(LINE), pupils(10, 10, 10), options(3, seats_pupils=[0, 15, 5]), objective=Coverage(200.0),
            counts=[Count(2, 2)],
        ).unserved_weight == 10  # fmt: skip

    def test_the_worst_district(self):
        """The mean way is shortest from 0; the district in the east, 300 m from there, is better off with 100."""
        weights, districts = pupils(20, 10, 1), {"d0": "west", "d1": "west", "d2": "east"}
        mean = choose(table(LINE), weights, options(3), counts=[Count(1, 1)])
        worst = choose(table(LINE), weights, options(3), counts=[Count(1, 1)], objective=WorstDistrict(districts))
        assert (mean.opened, mean.objective) == (("s0",), 1300)
        assert (worst.opened, worst.objective) == (("s1",), 200)
        worst.verify(table(LINE), weights)

    def test_a_second_goal_held_to_a_value(self):
        found = choose(
            table(LINE), pupils(10, 10, 1), options(3), counts=[Count(1, 1)], limits=[Limit(Coverage(200.0), 21)]
        )
        assert (found.opened, found.values) == (("s1",), (1200, 21))

    def test_unreachable_pupils_are_counted_and_left_out(self):
        found = choose(table([[5], [inf]]), pupils(2, 3), options(1))
        assert (found.objective, found.unreachable_weight, found.unserved_weight) == (10, 3, 0)
        assert found.assignment.isna().tolist() == [False, True]

    def test_overflow_is_charged_and_reported(self):
        found = choose(table([[5]]), pupils(10), options(1, seats_pupils=[4]), objective=Distance(unserved_cost=100))
        assert (found.objective, found.unserved_weight) == (4 * 5 + 600, 6)
        assert found.enrolment.to_numpy().tolist() == [["s0", "pupils", 4, 4, 0]]
        found.verify(table([[5]]), pupils(10))

    def test_the_load_takes_the_seats(self):
        load = pupils(8, 3)
        found = choose(table([[0, 9], [0, 9]]), pupils(1, 1), options(2, seats_pupils=[8, 8]), load=load, split=False)
        assert found.objective == 9
        assert found.assignment.nunique() == 2
        found.verify(table([[0, 9], [0, 9]]), pupils(1, 1), load=load)


def oracle(case):
    """Return the best objective over every subset and assignment, None where there is none; plain and slow."""
    best = None
    k = len(case["site"])
    for opened in product([0, 1], repeat=k):
        if not allowed(case, opened):
            continue
        value = seat(case, [j for j in range(k) if opened[j]])
        if value is not None and (best is None or value < best):
            best = value
    return best


def allowed(case, opened):
    number = [j for j, o in enumerate(opened) if o]
    new = [j for j in number if case["status"][j] == "candidate"]
    if any(case["status"][j] == "existing" and not opened[j] for j in range(len(opened))):
        return False
    closed = [j for j in range(len(opened)) if case["status"][j] == "closable" and not opened[j]]
    if case["closures"] is not None and len(closed) > case["closures"]:
        return False
    if case["budget"] is not None and sum(case["cost"][j] for j in [*new, *closed]) > case["budget"]:
        return False
    sites, fresh = [case["site"][j] for j in number], {case["site"][j] for j in new}
    if len(set(sites)) < len(sites):
        return False
    if any(a in sites and b in sites and {a, b} & fresh for a, b in case["apart"]):
        return False
    return all(low <= sum(case["group"][j] == g for j in new) <= high for g, (low, high) in case["quotas"].items())


def seat(case, opened):
    """Return the least cost of seating all rows in open options: enumeration, or one small linear program."""
    rows = range(len(case["weight"]))
    ways = [[case["dense"][r][case["site"][j]] for j in opened] for r in rows]
    reach = [any(case["dense"][r][s] < inf for s in set(case["site"])) for r in rows]
    rows = [r for r in rows if reach[r] and case["weight"][r] > 0]
    charge = case["charge"]
    if case["split"]:
        return seat_split(case, opened, rows, ways, charge)
    best = None
    for pick in product(range(len(opened) + (charge is not None)), repeat=len(rows)):
        loads, value = [0.0] * len(opened), 0.0
        for r, j in zip(rows, pick, strict=True):
            if j == len(opened):
                value += case["weight"][r] * charge
            else:
                loads[j] += case["weight"][r]
                value += case["weight"][r] * ways[r][j]
        fits = all(case["least"][o] <= load <= case["seats"][o] for o, load in zip(opened, loads, strict=True))
        if fits and value < inf and (best is None or value < best):
            best = value
    return best


def seat_split(case, opened, rows, ways, charge):
    columns = [(r, j) for r in rows for j in range(len(opened)) if ways[r][j] < inf]
    columns += [(r, None) for r in rows] if charge is not None else []
    if not rows:
        return 0.0 if all(case["least"][o] == 0 for o in opened) else None
    if not columns:
        return None
    cost = [charge if j is None else ways[r][j] for r, j in columns]
    equal = [[float(c[0] == r) for c in columns] for r in rows]
    upper, side = [], []
    for j, o in enumerate(opened):
        own = [float(c[1] == j) for c in columns]
        if case["seats"][o] < inf:
            upper.append(own)
            side.append(case["seats"][o])
        upper.append([-x for x in own])
        side.append(-case["least"][o])
    found = linprog(
        cost, A_eq=equal, b_eq=[case["weight"][r] for r in rows], A_ub=upper or None, b_ub=side or None, method="highs"
    )
    return found.fun if found.status == 0 else None


def covered(case, opened, radius):
    """Return the most pupils that open options within the radius can seat: one small linear program."""
    rows = [r for r, w in enumerate(case["weight"]) if w > 0]
    columns = [(r, o) for r in rows for o in opened if case["dense"][r][case["site"][o]] <= radius]
    if not columns:
        return 0.0 if all(case["least"][o] == 0 for o in opened) else None
    upper = [[float(c[0] == r) for c in columns] for r in rows]
    side = [float(case["weight"][r]) for r in rows]
    for o in opened:
        own = [float(c[1] == o) for c in columns]
        upper += [own, [-x for x in own]]
        side += [min(case["seats"][o], 1e4), -case["least"][o]]
    found = linprog([-1.0] * len(columns), A_ub=upper, b_ub=side, method="highs")
    return -found.fun if found.status == 0 else None


@st.composite
def cases(draw, *, split):
    sites, rows = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    count = draw(st.integers(1, 5))
    cell = (
        st.one_of(st.integers(0, 30), st.integers(0, 30), st.just(inf)) if draw(st.booleans()) else st.integers(0, 30)
    )
    pick = lambda strategy, n: [draw(strategy) for _ in range(n)]  # noqa: E731
    status = pick(st.sampled_from(["candidate", "candidate", "candidate", "existing", "closable"]), count)
    group = pick(st.sampled_from("AB"), count)
    low = {g: draw(st.integers(0, 1)) for g in "AB"}
    return {
        "dense": [pick(cell, sites) for _ in range(rows)],
        "weight": pick(st.integers(0, 9), rows),
        "site": pick(st.integers(0, sites - 1), count),
        "status": status,
        "group": group,
        "seats": pick(st.one_of(st.integers(3, 25), st.just(inf)), count),
        "least": pick(st.sampled_from([0, 0, 0, 2, 5]), count),
        "cost": pick(st.integers(0, 9), count),
        "budget": draw(st.one_of(st.none(), st.integers(0, 20))),
        "closures": draw(st.one_of(st.none(), st.integers(0, 2))),
        "apart": [(0, 1)] if sites > 1 and draw(st.booleans()) else [],
        "quotas": {g: (low[g], low[g] + draw(st.integers(0, 2))) for g in "AB" if draw(st.booleans())},
        "charge": draw(st.one_of(st.none(), st.just(40.0))),
        "split": split,
    }


def ask(case, **named):
    costs = table(case["dense"])
    kinds = pd.DataFrame(
        {
            "site": [f"s{j}" for j in case["site"]],
            "status": case["status"],
            "group": case["group"],
            "seats_pupils": case["seats"],
            "least_pupils": case["least"],
            "cost": case["cost"],
        },
        index=[f"o{j}" for j in range(len(case["site"]))],
    )
    terms = {
        "objective": Distance(unserved_cost=case["charge"]),
        "budget": case["budget"],
        "closures": case["closures"],
        "apart": [(f"s{a}", f"s{b}") for a, b in case["apart"]],
        "counts": [Count(low, high, group=g) for g, (low, high) in case["quotas"].items()],
        "split": case["split"],
    }
    return costs, pupils(*case["weight"]), choose(costs, pupils(*case["weight"]), kinds, **{**terms, **named})


def close(one, other):
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-7)


def compare(case):
    best = oracle(case)
    if best is None:
        with pytest.raises(InfeasibleError) as caught:
            ask(case)
        assert caught.value.faults
        return
    costs, weights, found = ask(case)
    assert found.status == "optimal"
    assert close(found.objective, best)
    assert close(found.flows["pupils"].sum() + found.unserved_weight + found.unreachable_weight, weights.sum())
    certificate = found.verify(costs, weights)
    assert certificate.proven_bound <= best + 1e-7


class TestAgainstEverySubset:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases(split=True))
    def test_divided(self, case):
        compare(case)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases(split=False))
    def test_undivided(self, case):
        compare(case)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases(split=True), st.integers(0, 25))
    def test_coverage_with_seats(self, case, radius):
        self.compare_coverage(case, radius)

    @pytest.mark.slow
    @settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases(split=True), st.integers(0, 25))
    def test_coverage_many_more(self, case, radius):
        self.compare_coverage(case, radius)

    def compare_coverage(self, case, radius):
        count = len(case["site"])
        options_ = [[j for j in range(count) if o[j]] for o in product([0, 1], repeat=count) if allowed(case, o)]
        values = [value for opened in options_ if (value := covered(case, opened, radius)) is not None]
        if not values:
            with pytest.raises(InfeasibleError):
                ask(case, objective=Coverage(radius))
            return
        costs, weights, found = ask(case, objective=Coverage(radius))
        assert found.status == "optimal"
        assert close(found.objective, max(values))
        assert found.verify(costs, weights).proven_bound >= max(values) - 1e-7

    @pytest.mark.slow
    @settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(cases(split=False), cases(split=True)))
    def test_many_more(self, case):
        compare(case)


def beasley(rows, count, seed):
    """Return an instance made as those of Osman and Christofides in the OR-Library: whole distances, 120 seats."""
    random = np.random.default_rng(seed)
    places = random.integers(1, 101, (rows, 2))
    load = pd.Series(random.integers(1, 21, rows).astype(float), index=[f"d{k}" for k in range(rows)])
    costs = table(np.floor(np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))))
    return costs, load, {"p": count, "capacity": dict.fromkeys(costs.school_ids, 120.0), "split": False, "load": load}


class TestSeats:
    @pytest.mark.parametrize(("seed", "optimum"), [(0, 858), (8, 755), (4, 758)])
    def test_fifty_rows_undivided(self, seed, optimum):
        """The optima were found by HiGHS alone, on the linear formulation."""
        costs, load, named = beasley(50, 5, seed)
        ones = load * 0 + 1
        found = with_seats(costs, ones, **named)
        assert (found.objective, found.bound, found.status, len(found.opened)) == (optimum, optimum, "optimal", 5)
        assert "knapsack" in found.method
        found.verify(costs, ones, load=load)

    def test_a_time_limit_gives_the_best_plan_with_its_gap(self):
        costs, load, named = beasley(60, 6, 1)
        ones = load * 0 + 1
        best = with_seats(costs, ones, **named)
        found = with_seats(costs, ones, time_limit=0.0, **named)
        assert (best.status, found.status, found.stop_reason) == ("optimal", "feasible", "time")
        assert found.bound <= best.objective <= found.objective
        assert found.gap == pytest.approx((found.objective - found.bound) / found.objective)
        found.verify(costs, ones, load=load)

    def test_the_gap_asked_for_is_enough(self):
        costs, load, named = beasley(50, 5, 10)
        found = with_seats(costs, load * 0 + 1, gap=0.05, **named)
        assert (found.stop_reason, found.status) == ("gap", "feasible")
        assert 1e-9 < found.gap <= 0.05

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases(split=False))
    def test_the_packing_search_against_every_subset(self, case):
        """The same cases, cut down to what the packing search answers itself."""
        sites = len(case["dense"][0])
        case |= {
            "site": list(range(sites)), "budget": None, "closures": None, "apart": [], "charge": None,
            "least": [0] * sites, "cost": [0] * sites,
        }  # fmt: skip
        case["status"] = ["existing" if s == "existing" else "candidate" for s in (case["status"] * sites)[:sites]]
        case["group"] = (case["group"] * sites)[:sites]
        case["seats"] = (case["seats"] * sites)[:sites]
        new = [g for g, s in zip(case["group"], case["status"], strict=True) if s == "candidate"]
        case["quotas"] = {g: (min(1, new.count(g)),) * 2 for g in "AB"}
        compare(case)


class TestInfeasible:
    def faults(self, *args, **named):
        with pytest.raises(InfeasibleError) as caught:
            choose(*args, **named)
        return str(caught.value)

    def test_missing_seats_are_counted_where_they_are_missing(self):
        text = self.faults(table([[0, 100], [100, 0]]), pupils(30, 10), options(2, seats_pupils=[20, 15]))
        assert "relax seats alone: 5 more seats (the least that is enough)" in text
        assert "relax pupils alone: 5 pupils without a seat" in text

    def test_a_count_beyond_its_parcels(self):
        named = {"counts": [Count(2, group="west"), Count(1, group="east")]}
        text = self.faults(table(LINE), pupils(1, 1, 1), options(3, group=["west", "east", "east"]), **named)
        assert "at least 2 in west wanted, 1 parcels have such an option" in text
        assert "lower it by 1, or add 1 candidates" in text
        assert "east wanted" not in text

    def test_a_budget_that_is_too_small_names_the_sum(self):
        text = self.faults(table(LINE), pupils(1, 1, 1), options(3, cost=[7, 5, 9]), budget=3)
        assert "relax budget alone: 2 more budget" in text

    def test_sites_too_near_each_other(self):
        near = [("s0", "s1"), ("s0", "s2"), ("s1", "s2")]
        text = self.faults(table(LINE), pupils(1, 1, 1), options(3), counts=[Count(2, 2)], apart=near)
        assert "relax counts alone: 1 schools" in text
        assert "relax apart alone" in text

    def test_what_only_together_can_be_relaxed(self):
        """Two pupils fit, three are there, and the school costs more than there is: no limit alone is to blame."""
        schools = options(1, cost=[5], seats_pupils=[2])
        text = self.faults(table([[0]]), pupils(3), schools, budget=1, counts=[Count(1, 1)])
        assert "alone" not in text
        assert "relax counts together with the others: 1 schools" in text
        assert "relax pupils together with the others: 3 pupils" in text


class TestHonesty:
    def town(self):
        random = np.random.default_rng(4)
        costs = table(np.rint(np.abs(random.uniform(0, 999, (25, 1)) - random.uniform(0, 999, (1, 9)))))
        weights = pupils(*random.integers(1, 30, 25))
        schools = options(9, seats_pupils=np.full(9, 150.0), cost=random.integers(3, 9, 9), group=list("aaaabbbbb"))
        return costs, weights, schools, {"counts": [Count(1, 2, group="a"), Count(1, 3, group="b")], "budget": 22}

    def test_no_order_matters(self):
        costs, weights, schools, named = self.town()
        one = choose(costs, weights, schools, **named)
        random = np.random.default_rng(0)
        demand, sites = random.permutation(costs.demand_ids), random.permutation(costs.school_ids)
        dense = pd.DataFrame(costs.values.reshape(costs.shape), costs.demand_ids, costs.school_ids)
        turned = TravelCosts.from_dense(
            dense.loc[demand, sites].to_numpy(), demand_ids=demand, school_ids=sites, unit="metres"
        )
        other = choose(turned, weights.iloc[::-1], schools.sample(frac=1, random_state=1), **named)
        assert (one.opened, one.objective, one.bound) == (other.opened, other.objective, other.bound)
        assert one.multipliers.equals(other.multipliers)
        assert one.flows.equals(other.flows)

    def test_a_looser_limit_never_worsens(self):
        costs, weights, schools, named = self.town()
        found = [choose(costs, weights, schools, **(named | {"budget": money})).objective for money in (17, 19, 22, 30)]
        assert found == sorted(found, reverse=True)

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("objective", lambda x: x * 0.99),
            ("bound", lambda x: x * 1.01),
            ("root_bound", lambda x: x * 1.01),
            ("gap", lambda x: x + 0.1),
            ("status", lambda x: "feasible"),
            ("multipliers", lambda x: x * 3 - 1),
            ("multipliers", lambda x: x.iloc[1:]),
            ("opened", lambda x: x[1:]),
            ("opened", lambda x: (*x, "stranger")),
            ("flows", lambda x: x.iloc[1:]),
            ("flows", lambda x: x.assign(share=x["share"] * 0.9)),
            ("flows", lambda x: x.assign(pupils=x["pupils"] + 1)),
            ("flows", lambda x: x.assign(school_id="s0")),
            ("assignment", lambda x: x.iloc[::-1]),
            ("cost", lambda x: x - 1),
            ("unserved_weight", lambda x: x + 1),
            ("values", lambda x: (x[0] - 1,)),
        ],
    )
    def test_a_changed_plan_is_refused(self, field, change):
        costs, weights, schools, named = self.town()
        found = choose(costs, weights, schools, **named)
        found.verify(costs, weights)
        with pytest.raises(InputError, match="siting plan"):
            replace(found, **{field: change(getattr(found, field))}).verify(costs, weights)

    def test_more_than_the_budget_is_refused(self):
        costs, weights, schools, named = self.town()
        found = choose(costs, weights, schools, **named)
        with pytest.raises(InputError, match="budget"):
            replace(found, terms=replace(found.terms, budget=1.0)).verify(costs, weights)

    def test_every_fault_of_the_options_at_once(self):
        wrong = pd.DataFrame(
            {"site": ["s0", "x"], "status": ["maybe", "candidate"], "seats_pupils": [-1, None], "cost": [1, -2]},
            index=["a", "b"],
        )
        with pytest.raises(InputError) as caught:
            choose(table(LINE), pupils(1, 1, 1), wrong)
        assert len(caught.value.faults) == 3


@pytest.mark.real_data
def test_the_published_optimum_with_seats(real_data):
    """Ten students, 74 schools; those of priority 1 stand and must be filled (spopt's tests state 872)."""
    folder = real_data / "sf_spopt"
    schools = pd.read_csv(folder / "example_subject_schools.csv", index_col=0).set_index("SE2 PP: Code")
    students = pd.read_csv(folder / "example_subject_students.csv", index_col=0)["ST: ID"]
    ways = pd.read_csv(folder / "example_subject_student_school_journeys.csv").set_index(["student", "school"])["time"]
    dense = ways.unstack().reindex(index=students, columns=schools.index).fillna(10_000)  # noqa: PD010 - plain table
    costs = TravelCosts.from_dense(
        dense.to_numpy(), demand_ids=students.astype(str).tolist(), school_ids=list(schools.index), unit="minutes"
    )
    first = schools["priority"] == 1
    options = pd.DataFrame(
        {
            "status": np.where(first, "existing", "candidate"),
            "seats_pupils": schools["Count"],
            "least_pupils": schools["Count"].where(first, 0),
        }
    )
    ones = pd.Series(1.0, index=costs.demand_ids)
    number = 10 - int(first.sum())
    found = choose(costs, ones, options, counts=[Count(number, number)], split=False)
    assert (found.objective, found.status) == (872, "optimal")
    assert found.verify(costs, ones).complete
