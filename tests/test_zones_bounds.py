"""Bounds of zones: cuts and bridges by hand, against every plan of small towns; streets over a river; effort."""

from dataclasses import replace
from itertools import product
from math import inf
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box
from test_zones import CRS, city, drawn, row_of, schools_at, small_town, straight, towns, whole

from edulayout.costs import TravelCosts
from edulayout.errors import InfeasibleError, InputError
from edulayout.zones import Adjacency, adjacency, draw, solving

FEW = settings(max_examples=25, deadline=None)


def best_of_all(pairs, dense, pupils, seats):
    """Return the least cost over all whole zones that keep the seats, the slow way."""
    n, m = np.shape(dense)
    best = inf
    for zone in product(range(m), repeat=n):
        load = np.bincount(zone, weights=pupils, minlength=m)
        if (load <= seats).all():
            value = sum(p * row[j] for p, row, j in zip(pupils, dense, zone, strict=True))
            if value < best and whole(zone, pairs, range(m)):
                best = value
    return best


@pytest.fixture
def no_programme(monkeypatch):
    monkeypatch.setattr(solving, "EXACT_ARCS", -1)


class TestCuts:
    def test_the_way_of_a_zone_is_charged(self, no_programme):
        # b3 wants s0, but b2 lies between and wants s1: to give b2 to s0 costs 300, to give b3 to s1 costs 500.
        dense = [[0, 900], [900, 0], [300, 0], [0, 500]]
        plan = small_town([(0, 2), (1, 2), (2, 3)], dense, [1, 1, 1, 1], [4, 4], tolerance=0.0)
        assert (plan.root_bound, plan.cut_bound, plan.objective) == (0, 300, 300)
        assert (plan.status, plan.programme, plan.assignment["b2"]) == ("optimal", False, "s0")

    def test_the_dearer_way_is_not_taken(self, no_programme):
        dense = [[0, 900], [900, 0], [700, 0], [0, 500]]
        plan = small_town([(0, 2), (1, 2), (2, 3)], dense, [1, 1, 1, 1], [4, 4], tolerance=0.0)
        assert (plan.cut_bound, plan.objective, plan.assignment["b3"]) == (500, 500, "s1")

    def test_blocks_without_pupils_are_ways_for_nothing(self, no_programme):
        dense = [[0, 900], [900, 0], [300, 0], [0, 500]]
        plan = small_town([(0, 2), (1, 2), (2, 3)], dense, [1, 1, 0, 1], [4, 4], tolerance=0.0)
        assert (plan.objective, plan.bound, plan.assignment["b3"]) == (0, 0, "s0")

    @FEW
    @given(towns())
    def test_no_plan_is_below(self, town):
        pairs, dense, pupils, seats, _, _ = town
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(solving, "EXACT_ARCS", -1)
            best = best_of_all(pairs, dense, pupils, seats)
            try:
                plan = small_town(pairs, dense, pupils, seats, tolerance=0.0)
            except InfeasibleError:
                assert best == inf
                return
        if len(plan.set_aside):
            return
        assert plan.bound <= best + 1e-6
        assert plan.root_bound <= plan.cut_bound <= plan.bound
        if plan.status != "overloaded":
            assert plan.objective >= best - 1e-6


@st.composite
def banks(draw_from):
    """Two banks of four blocks each in a row; one or two bridges; schools in the first blocks, on both banks."""
    ends = draw_from(st.lists(st.tuples(st.integers(0, 3), st.integers(4, 7)), min_size=1, max_size=2, unique=True))
    m = draw_from(st.integers(2, 3))
    # Rows of blocks by number: schools 0 and 2 stand on one bank, school 1 on the other.
    order = [0, 2, 3, 5, 1, 4, 6, 7]
    pairs = [(order[k], order[k + 1]) for k in (0, 1, 2, 4, 5, 6)]
    linked = [(order[a], order[b]) for a, b in ends]
    dense = [[draw_from(st.integers(0, 9)) * 100.0 for _ in range(m)] for _ in range(8)]
    pupils = [float(draw_from(st.integers(1, 5))) for _ in range(8)]
    seats = [float(draw_from(st.integers(int(sum(pupils) / m), int(sum(pupils))))) for _ in range(m)]
    return pairs, linked, dense, pupils, seats


def over_bridges(town, **named):
    pairs, linked, dense, pupils, seats = town
    n, m = np.shape(dense)
    ids, names = [f"b{k}" for k in range(n)], [f"s{j}" for j in range(m)]
    blocks = gpd.GeoDataFrame(geometry=[Point(100 * k, 0) for k in range(n)], index=ids, crs=CRS)
    sites = gpd.GeoDataFrame(geometry=[Point(100 * j, 0) for j in range(m)], index=names, crs=CRS)
    over = [(ids[a], ids[b]) for a, b in linked]
    near = Adjacency.from_pairs([(ids[a], ids[b]) for a, b in pairs] + over, demand_ids=ids, linked=over)
    costs = TravelCosts.from_dense(dense, demand_ids=ids, school_ids=names, unit="metres")
    return drawn(
        blocks, sites, costs, near=near, pupils=pd.Series(pupils, index=ids), seats=pd.Series(seats, index=names),
        homes=pd.Series(ids[:m], index=names), stage=None, tolerance=0.0, **named,
    )  # fmt: skip


class TestBridges:
    def test_one_bridge_serves_one_zone(self, no_programme):
        # East holds 4 pupils and the school s1 with 2 seats; s0 and s2 stand west, each could take one block over the
        # only bridge, which ends at b2 and b4. Both blocks beyond then belong to one zone.
        pairs, linked = [(0, 3), (3, 5), (5, 2), (1, 6), (6, 7), (7, 4)], [(2, 4)]
        dense = [[0, 900, 900], [900, 0, 900], [300, 900, 0], [100, 900, 300], [500, 300, 500], [200, 900, 200],
                 [400, 100, 500], [100, 200, 300]]  # fmt: skip
        plan = over_bridges((pairs, linked, dense, [1.0] * 8, [5.0, 2.0, 5.0]))
        best = best_of_all(pairs + linked, dense, [1.0] * 8, [5, 2, 5])
        assert plan.objective == best
        assert len(set(plan.assignment[["b2", "b4", "b7"]])) == 1
        assert plan.bound <= best

    def test_decisions_prove_more_than_cuts(self, no_programme):
        gained = 0
        for seed in range(40):
            random = np.random.default_rng(seed)
            pairs, linked = [(0, 2), (2, 3), (3, 5), (1, 4), (4, 6), (6, 7)], [(2, 4), (5, 7)]
            dense, pupils = random.integers(0, 10, (8, 2)) * 100.0, random.integers(1, 6, 8).astype(float)
            seats = [float(pupils.sum()) - 3.0] * 2
            best = best_of_all(pairs + linked, dense, pupils, seats)
            if best == inf:
                continue
            plan = over_bridges((pairs, linked, dense, pupils, seats))
            assert plan.cut_bound - 1e-6 <= plan.bound <= best + 1e-6
            gained += plan.choices > 0 and plan.bound > plan.cut_bound * (1 + 1e-9)
        assert gained

    @FEW
    @given(banks())
    def test_no_plan_is_below(self, town):
        pairs, linked, dense, pupils, seats = town
        best = best_of_all(pairs + linked, dense, pupils, seats)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(solving, "EXACT_ARCS", -1)
            try:
                plan = over_bridges(town)
            except InfeasibleError:
                assert best == inf
                return
        if len(plan.set_aside):
            return
        assert plan.bound <= best + 1e-6
        if plan.status != "overloaded":
            assert plan.objective >= best - 1e-6

    @FEW
    @given(banks())
    def test_with_the_programme_it_is_the_best(self, town):
        pairs, linked, dense, pupils, seats = town
        best = best_of_all(pairs + linked, dense, pupils, seats)
        try:
            plan = over_bridges(town)
        except InfeasibleError:
            assert best == inf
            return
        if best < inf:
            assert (plan.status, plan.objective) == ("optimal", pytest.approx(best))
        elif not len(plan.set_aside):
            assert plan.status == "overloaded"

    def test_streets_over_the_river_are_bridges(self):
        blocks, river = row_of(3, street=20), gpd.GeoSeries([box(105, -50, 115, 150)], crs=CRS)
        street = gpd.GeoSeries([LineString([(50, 50), (108, 50)]), LineString([(108, 50), (200, 50)])], crs=CRS)
        pier = gpd.GeoSeries([LineString([(50, 20), (110, 20)])], crs=CRS)
        bank = gpd.GeoSeries([LineString([(101, 0), (101, 100)])], crs=CRS)
        named = {"barriers": river, "gap_metres": 20}
        assert adjacency(blocks, streets=street, **named).linked == (("b0", "b1"),)
        assert adjacency(blocks, streets=pd.concat([pier, bank]), **named).linked == ()
        assert adjacency(blocks, streets=street, gap_metres=20).linked == ()


class TestProperties:
    @FEW
    @given(towns(), st.integers(0, 2))
    def test_one_more_seat_never_worsens(self, town, which):
        pairs, dense, pupils, seats, _, _ = town
        more = [room + (j == which % len(seats)) for j, room in enumerate(seats)]
        values = []
        for room in (seats, more):
            try:
                plan = small_town(pairs, dense, pupils, room, tolerance=0.0)
            except InfeasibleError:
                values.append((inf, inf))
                continue
            assert plan.load.sum() + sum(pupils[int(name[1:])] for name in plan.set_aside.index) == sum(pupils)
            values.append((plan.over, plan.objective if plan.status == "optimal" else inf))
        assert values[1][0] <= values[0][0] + 1e-6
        assert values[1][1] <= values[0][1] + 1e-6

    @FEW
    @given(towns(), st.sampled_from([0.5, 2.0, 4.0]))
    def test_longer_ways_change_only_the_scale(self, town, factor):
        pairs, dense, pupils, seats, _, _ = town
        try:
            one, other = (
                small_town(pairs, np.array(dense) * scale, pupils, seats, tolerance=0.0) for scale in (1.0, factor)
            )
        except InfeasibleError:
            return
        assert (one.status, one.over) == (other.status, other.over)
        if one.status == "optimal":
            assert other.objective == pytest.approx(factor * one.objective)


class TestEffort:
    def test_little_effort_still_gives_whole_zones_and_the_same_bits(self):
        blocks, sites = city(225, 5, 2)
        near, costs = adjacency(blocks), straight(blocks, sites)
        named = {"adjacency": near, "stage": "primary", "effort": 0.01}
        plans = [draw(blocks, sites, costs, **named) for _ in range(2)]
        plans[0].verify(costs, near, pupils=blocks["pupils_primary"], seats=sites["seats_primary"])
        assert plans[0].assignment.equals(plans[1].assignment)
        assert (plans[0].objective, plans[0].bound, plans[0].effort) == (plans[1].objective, plans[1].bound, 0.01)

    def test_a_gap_that_suffices_ends_the_search(self):
        blocks, sites = city(225, 5, 2)
        plan = draw(blocks, sites, straight(blocks, sites), adjacency=adjacency(blocks), stage="primary", gap=0.05)
        assert (plan.stop_reason, plan.gap <= 0.05, plan.programme) == ("gap", True, False)

    def test_the_plan_that_reached_the_gap_over_a_bridge_is_kept(self, monkeypatch):
        reached = solving.Plan(np.zeros(1, dtype=np.int64), (0.0, 1.0), np.zeros((1, 1)))

        def tuned(own, *_):
            own.keep(reached)
            raise solving.StopError("gap")

        monkeypatch.setattr(solving, "_tune", tuned)
        run = solving.Run(None, None, None, None, None, None, 1.0)
        run.keep(solving.Plan(np.zeros(1, dtype=np.int64), (0.0, 2.0), np.zeros((1, 1))))
        with pytest.raises(solving.StopError):
            solving._realise(run, SimpleNamespace(relaxation=None), np.zeros((1, 1)))
        assert run.best is reached

    def test_a_gap_that_was_not_reached_is_refused(self):
        blocks, sites = city(225, 5, 2)
        near, costs = adjacency(blocks), straight(blocks, sites)
        plan = draw(blocks, sites, costs, adjacency=near, stage="primary", gap=0.05)
        named = {"pupils": blocks["pupils_primary"], "seats": sites["seats_primary"]}
        assert plan.asked_gap == 0.05
        plan.verify(costs, near, **named)
        with pytest.raises(InputError, match="stop_reason"):
            replace(plan, asked_gap=plan.gap / 2).verify(costs, near, **named)

    @pytest.mark.parametrize("seed", [2, 15])
    def test_what_is_far_from_its_bound_is_tried_more(self, seed):
        # With one go of the default effort these end at 2.4 and 3.4 %.
        random = np.random.default_rng(seed)
        squares = [box(100 * x, 100 * y, 100 * x + 100, 100 * y + 100) for y in range(31) for x in range(31)]
        pupils = random.integers(1, 40, 961).astype(float)
        index = [f"b{k:05d}" for k in range(961)]
        blocks = gpd.GeoDataFrame({"pupils_primary": pupils}, geometry=squares, index=index, crs=CRS)
        spots = [Point(*random.uniform(0, 3100, 2)) for _ in range(11)]
        share = random.uniform(0.6, 1.4, 11)
        seats = np.ceil(pupils.sum() * share / share.sum() * 1.05)
        names = [f"s{k:02d}" for k in range(11)]
        sites = gpd.GeoDataFrame({"seats_primary": seats}, geometry=spots, index=names, crs=CRS)
        plan = drawn(blocks, sites)
        assert (plan.gap <= solving.WORTH, plan.effort) == (True, 1.0)

    def test_where_moving_is_dear_todays_zones_stay(self):
        blocks, sites = city(225, 5, 2)
        near, costs = adjacency(blocks), straight(blocks, sites)
        today = draw(blocks, sites, costs, adjacency=near, stage="primary", tolerance=0.3)
        assert today.assignment.equals(
            draw(blocks, sites, costs, adjacency=near, stage="primary", current=today.assignment, moving_cost=1e5,
                 tolerance=0.3).assignment
        )  # fmt: skip

    def test_zones_of_today_in_pieces_are_made_whole(self):
        blocks, sites = row_of(6), schools_at(50, 550)
        today = pd.Series(["s0", "s1", "s0", "s1", "s0", "s1"], index=blocks.index)
        plan = drawn(blocks, sites, current=today, moving_cost=1.0)
        assert plan.assignment.tolist() == ["s0"] * 3 + ["s1"] * 3
        assert plan.moved == 20


class TestShortage:
    def shortage(self, tolerance):
        """Eight blocks of 10 pupils in two rows for 35 and 45 seats: one school is over by 5, whichever it is."""
        squares = [box(100 * x, 100 * y, 100 * x + 100, 100 * y + 100) for y in range(2) for x in range(4)]
        index = [f"b{k}" for k in range(8)]
        blocks = gpd.GeoDataFrame({"pupils_primary": 10.0}, geometry=squares, index=index, crs=CRS)
        names = ["s", "t"]
        sites = gpd.GeoDataFrame(
            {"seats_primary": [35.0, 45.0]}, geometry=[Point(50, 50), Point(350, 150)], index=names, crs=CRS
        )
        near, costs = adjacency(blocks, gap_metres=0), straight(blocks, sites)
        plan = draw(blocks, sites, costs, adjacency=near, stage="primary", tolerance=tolerance)
        named = {"pupils": blocks["pupils_primary"], "seats": sites["seats_primary"]}
        return plan, lambda plan: plan.verify(costs, near, **named)

    def test_the_certificate_says_what_is_beyond_the_limits(self):
        plan, verify = self.shortage(0.0)
        assert (plan.status, plan.over, plan.least_over) == ("overloaded", 5, pytest.approx(5))
        proof = verify(plan)
        assert (proof.over, proof.proven_gap, proof.claimed_gap) == (5, inf, inf)
        text = " ".join(str(proof).split())
        assert "5 pupils are beyond the limits" in text
        assert "at least 5 are beyond them" in text
        assert "the loads hold" not in text
        assert "gap" not in text
        assert "5 pupils beyond the limits, overloaded" in repr(plan)

    def test_the_least_tolerance_is_named_and_does(self):
        # 30 and 50 pupils keep the seats from 50/45 on, 40 and 40 only from 40/35 on.
        plan, _ = self.shortage(0.0)
        assert plan.least_tolerance == pytest.approx(50 / 45 - 1)
        assert plan.tolerance_needed in (pytest.approx(50 / 45 - 1), pytest.approx(40 / 35 - 1))
        assert self.shortage(plan.least_tolerance + 1e-9)[0].status == "optimal"
        assert self.shortage(plan.least_tolerance - 1e-4)[0].status == "overloaded"

    @pytest.mark.parametrize("change", [{"least_over": 6.0}, {"least_tolerance": 0.2}])
    def test_more_than_the_plan_shows_is_refused(self, change):
        plan, verify = self.shortage(0.0)
        with pytest.raises(InputError, match=next(iter(change))):
            verify(replace(plan, **change))
