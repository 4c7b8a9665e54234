"""Snapping, distances and areas along streets: by hand, against oracles, and by their properties."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, Polygon

from edulayout.engines import Straight
from edulayout.errors import InputError
from edulayout.streets import Streets

METRIC = "EPSG:4544"


def places(xy, crs=METRIC):
    return gpd.GeoSeries(shapely.points(np.asarray(xy, dtype=float)), index=[f"p{i}" for i in range(len(xy))], crs=crs)


def streets_of(*lines, **options):
    options.setdefault("min_component_metres", 0.0)
    return Streets.from_lines(gpd.GeoSeries([LineString(line) for line in lines], crs=METRIC), **options)


def dense(found, shape):
    full = np.full(shape, np.inf)
    full[np.repeat(np.arange(shape[0]), np.diff(found.indptr)), found.indices] = found.values
    return full


def distances(streets, demand, schools, cutoff=None):
    return dense(streets.costs(demand, schools, cutoff=cutoff), (len(demand), len(schools)))


def random_city(seed, size=8, kept=0.75, bend=15.0):
    """Streets of a jittered grid, some of them missing, each with a bend."""
    rng = np.random.default_rng(seed)
    node = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1) * 100.0 + rng.uniform(
        -30, 30, (size, size, 2)
    )
    pairs = [(node[j, i], node[j, i + 1]) for j in range(size) for i in range(size - 1)]
    pairs += [(node[j, i], node[j + 1, i]) for j in range(size - 1) for i in range(size)]
    lines = [LineString([a, (a + b) / 2 + rng.uniform(-bend, bend, 2), b]) for a, b in pairs if rng.random() < kept]
    return gpd.GeoSeries(lines, crs=METRIC), rng


def oracle(lines, demand, schools, limit=300.0):
    """Walking metres by splitting every straight piece at every foot and asking scipy."""
    pieces = [LineString(pair) for line in lines for pair in pairwise(line.coords)]
    everyone = [*demand, *schools]
    gap = shapely.distance(np.array(everyone)[:, None], np.array(pieces)[None, :])
    number, rows, columns, weights = {}, [], [], []

    def node(key):
        return number.setdefault(key, len(number))

    def join(a, b, metres):
        if a != b:
            rows.append(node(a)), columns.append(node(b)), weights.append(metres)

    stops = [[(0.0, piece.coords[0]), (piece.length, piece.coords[1])] for piece in pieces]
    for who, place in enumerate(everyone):
        best = int(gap[who].argmin())
        if gap[who, best] <= limit:
            along = pieces[best].project(place)
            key = {0.0: pieces[best].coords[0], pieces[best].length: pieces[best].coords[1]}.get(along, ("foot", who))
            stops[best].append((along, key))
            join(("place", who), key, max(gap[who, best], 1e-300))
    for stop in stops:
        stop.sort(key=lambda pair: (pair[0], str(pair[1])))
        for (a, one), (b, other) in pairwise(stop):
            join(one, other, max(b - a, 1e-300))
    ends = [node(("place", who)) for who in range(len(everyone))]
    table = coo_array((weights, (rows, columns)), shape=(len(number), len(number))).tocsr()
    found = dijkstra(table, directed=False, indices=ends[len(demand) :])
    return found[:, ends[: len(demand)]].T


# by hand


def test_the_walk_is_both_access_legs_and_the_street():
    streets = streets_of([(0, 0), (100, 0), (100, 200)])
    assert distances(streets, places([(30, 10)]), places([(95, 150)])).tolist() == [[10 + 70 + 150 + 5]]


def test_two_places_on_one_edge_get_the_distance_along_it():
    streets = streets_of([(0, 0), (100, 0), (100, 200), (300, 200)])
    found = distances(streets, places([(40, 0), (100, 120)]), places([(100, 50), (100, 120)]))
    assert found.tolist() == [[110, 180], [70, 0]]


def test_the_same_point_costs_nothing_though_it_lies_off_the_street_and_its_neighbour_walks_round():
    streets = streets_of([(0, 0), (100, 0)])
    found = streets.costs(places([(50, 40), (50, 41)]), places([(50, 40)]))
    assert found.values.tolist() == [0.0, 81.0]
    assert found.indptr.tolist() == [0, 1, 2]


def test_a_place_beyond_the_limit_has_no_pairs_and_no_snap_distance():
    streets = streets_of([(0, 0), (1000, 0)])
    found = streets.costs(places([(500, 300), (500, 300.001)]), places([(0, 0)]))
    assert found.indptr.tolist() == [0, 1, 1]
    assert found.demand_snap.tolist()[0] == 300.0
    assert np.isnan(found.demand_snap[1])
    assert found.school_snap.tolist() == [0.0]
    near = streets.with_snap_limit(299.9).costs(places([(500, 300)]), places([(500, 300)]))
    assert len(near.values) == 0


def test_a_distance_equal_to_the_cutoff_is_within():
    streets = streets_of([(0, 0), (1000, 0)])
    demand = places([(500, 0), (500.001, 0)])
    assert distances(streets, demand, places([(0, 0)]), cutoff=500.0).tolist() == [[500.0], [np.inf]]


def test_an_island_is_unreachable_not_far():
    streets = streets_of([(0, 0), (500, 0)], [(0, 1000), (500, 1000)])
    assert distances(streets, places([(10, 0), (10, 1000)]), places([(20, 0)])).tolist() == [[10.0], [np.inf]]


RIVER = gpd.GeoSeries([Polygon([(-500, 40), (1500, 40), (1500, 60), (-500, 60)])], crs=METRIC)


def banks(bridge):
    lines = [[(0, 0), (1000, 0)], [(0, 100), (1000, 100)]]
    return streets_of(*lines, *([[(1000, 0), (1000, 100)]] if bridge else []))


def test_a_river_without_a_bridge_is_never_crossed():
    streets = banks(bridge=False).with_barriers(RIVER)
    found = distances(streets, places([(500, 10), (500, 39), (500, 61)]), places([(400, 0), (400, 100)]))
    assert np.isfinite(found).tolist() == [[True, False], [True, False], [False, True]]


def test_a_snap_over_the_water_takes_the_next_street_on_this_side():
    streets = streets_of([(0, -90), (1000, -90)], [(0, 100), (1000, 100)])
    home = places([(500, 20)])
    assert streets.snap(home).snap_metres.tolist() == [80.0]
    guarded = streets.with_barriers(RIVER)
    assert guarded.snap(home).snap_metres.tolist() == [110.0]
    assert guarded.with_snap_limit(100).snap(home).edge.tolist() == [-1]
    assert guarded.with_snap_limit(100).snap(home).snap_metres.isna().all()


def test_a_bridge_is_walked():
    streets = banks(bridge=True).with_barriers(RIVER)
    assert distances(streets, places([(900, 0)]), places([(900, 100)])).tolist() == [[300.0]]


def test_a_place_in_the_water_has_no_street_even_beneath_a_bridge():
    streets = banks(bridge=True).with_barriers(RIVER)
    assert streets.snap(places([(1000, 50), (990, 50)])).edge.tolist() == [-1, -1]


def test_one_edge_along_both_banks_is_met_on_this_side():
    # the street runs along the far bank, over a bridge and away: one edge, its nearest point across the water
    streets = streets_of([(0, 70), (600, 70), (600, -200)])
    home = places([(450, 30)])
    assert streets.snap(home).snap_metres.tolist() == [40.0]
    assert streets.with_barriers(RIVER).snap(home).snap_metres.tolist() == [150.0]


def test_a_railway_line_bars_and_a_touched_end_does_not():
    streets = streets_of([(0, 0), (1000, 0)])
    rail = gpd.GeoSeries([LineString([(-50, 20), (1050, 20)])], crs=METRIC)
    guarded = streets.with_barriers(rail)
    assert guarded.snap(places([(500, 30), (500, 20), (500, 10)])).edge.tolist() == [-1, 0, 0]
    beside = gpd.GeoSeries([LineString([(500, 0), (500, -400)])], crs=METRIC)
    assert streets.with_barriers(beside).snap(places([(500, 30)])).edge.tolist() == [0]


def test_barriers_in_degrees_are_projected_and_can_be_taken_away():
    lonlat = RIVER.to_crs("EPSG:4490")
    streets = banks(bridge=False).with_barriers(lonlat)
    home = places([(500, 62)])
    assert not np.isfinite(distances(streets, home, places([(500, 0)])))[0, 0]
    assert banks(bridge=False).with_barriers(None).snap(home).snap_metres.tolist() == [38.0]


def test_a_point_is_no_barrier_and_an_empty_one_bars_nothing():
    streets = banks(bridge=False)
    with pytest.raises(InputError, match="points"):
        streets.with_barriers(places([(0, 0)]))
    hollow = gpd.GeoSeries([Polygon(), None, LineString()], crs=METRIC)
    assert streets.with_barriers(hollow).snap(places([(500, 50)])).snap_metres.tolist() == [50.0]


def test_tables_in_degrees_are_projected():
    streets = streets_of([(500_000, 3_490_000), (501_000, 3_490_000)])
    home = places([(500_100, 3_490_010)]).to_crs("EPSG:4490")
    school = places([(500_600, 3_490_000)]).to_crs("EPSG:4490")
    assert distances(streets, home, school)[0, 0] == pytest.approx(510.0, abs=1e-3)
    assert streets.areas(school, radius=100).crs == school.crs


def test_nobody_and_no_school():
    streets = streets_of([(0, 0), (100, 0)])
    nobody = places(np.empty((0, 2)))
    assert streets.costs(nobody, places([(1, 1)])).indptr.tolist() == [0]
    assert streets.costs(places([(1, 1)]), nobody).indptr.tolist() == [0, 0]
    assert len(streets.areas(nobody, radius=5)) == 0
    assert len(streets.snap(nobody)) == 0


# oracles


@pytest.mark.parametrize("seed", range(4))
def test_distances_agree_with_scipy_on_the_split_graph(seed):
    lines, rng = random_city(seed)
    demand, schools = places(rng.uniform(-50, 800, (150, 2))), places(rng.uniform(-50, 800, (25, 2)))
    expected = oracle(lines, demand, schools)
    streets = Streets.from_lines(lines, min_component_metres=0.0)
    found = distances(streets, demand, schools)
    assert np.array_equal(np.isfinite(found), np.isfinite(expected))
    assert np.allclose(found, expected, rtol=1e-6, atol=0)
    near = distances(streets, demand, schools, cutoff=350.0)
    assert np.array_equal(near, np.where(found <= 350.0, found, np.inf))


def test_snapping_agrees_with_a_search_over_all_streets():
    lines, rng = random_city(9)
    homes = places(rng.uniform(-300, 1100, (400, 2)))
    streets = Streets.from_lines(lines, min_component_metres=0.0).with_snap_limit(120.0)
    expected = shapely.distance(homes.to_numpy()[:, None], streets.graph.lines[None, :]).min(axis=1)
    found = streets.snap(homes)
    assert np.array_equal(found.edge >= 0, expected <= 120.0)
    assert np.allclose(found.snap_metres.dropna(), expected[expected <= 120.0], rtol=0, atol=1e-9)
    lines_hit = streets.graph.lines[found.edge[found.edge >= 0]]
    feet = shapely.line_interpolate_point(lines_hit, found.position_metres[found.edge >= 0])
    assert np.allclose(
        shapely.distance(feet, homes[found.edge >= 0].to_numpy()), expected[expected <= 120.0], atol=1e-9
    )


def test_snapping_with_barriers_agrees_with_a_search_over_all_pieces():
    lines, rng = random_city(4)
    homes = places(rng.uniform(-50, 800, (300, 2)))
    river = LineString([(-100, 250), (200, 330), (420, 300), (600, 420), (900, 380)])
    rail = LineString([(333, -100), (310, 900)])
    water = river.buffer(15)
    streets = Streets.from_lines(lines, min_component_metres=0.0).with_barriers(
        gpd.GeoSeries([water, rail], crs=METRIC)
    )
    walls = shapely.union_all([water.boundary, rail])
    pieces = np.array([LineString(pair) for line in lines for pair in pairwise(line.coords)])
    found = streets.snap(homes).snap_metres.to_numpy()
    for home, metres in zip(homes, found, strict=True):
        feet = shapely.line_interpolate_point(pieces, shapely.line_locate_point(pieces, home))
        ways = shapely.linestrings([[(home.x, home.y), (foot.x, foot.y)] for foot in feet])
        free = (shapely.length(ways) <= 300) & ~shapely.crosses(ways, walls) & (not water.contains(home))
        assert free.any() == np.isfinite(metres)
        if free.any():
            assert metres == pytest.approx(shapely.length(ways[free]).min(), abs=1e-9)


def test_areas_hold_what_is_reached_and_nothing_else():
    lines, rng = random_city(2)
    streets = Streets.from_lines(lines, min_component_metres=0.0)
    schools = places(rng.uniform(0, 700, (12, 2)))
    probes = places(
        shapely.get_coordinates(shapely.line_interpolate_point(lines.to_numpy()[:, None], np.linspace(0.01, 0.99, 9), normalized=True).ravel())
    )  # fmt: skip
    found = distances(streets, probes, schools)
    from edulayout.streets.areas import reached  # noqa: PLC0415 - only here

    whole, parts, owner = reached(streets.graph, streets._snapped(schools, "schools"), radius=250.0)
    ways = streets.graph.lines[whole]
    ways[whole < 0] = parts
    for school in range(len(schools)):
        gap = shapely.distance(probes.to_numpy(), shapely.union_all(ways[owner == school]))
        assert np.array_equal(gap < 1e-6, found[:, school] <= 250.0)
    polygons = streets.areas(schools, radius=250.0)
    assert polygons.is_valid.all()
    for school, polygon in enumerate(polygons):
        assert shapely.contains(polygon, probes[found[:, school] <= 250.0].to_numpy()).all()


# areas by hand


def test_an_area_is_cut_at_the_exact_distance_and_keeps_its_holes():
    block = streets_of([(0, 0), (200, 0), (200, 200), (0, 200), (0, 0)], [(200, 0), (1000, 0)])
    area = block.areas(places([(100, 0)]), radius=400.0).iloc[0]
    assert area.bounds[2] == pytest.approx(500.0 + 30.0)
    assert len(area.interiors) == 1
    assert Polygon(area.interiors[0]).area == pytest.approx(140.0**2, rel=1e-3)
    short = block.areas(places([(100, 0)]), radius=100.0).iloc[0]
    assert short.bounds == pytest.approx((-30.0, -30.0, 230.0, 30.0))


def test_the_way_to_the_street_counts_in_an_area():
    street = streets_of([(0, 0), (1000, 0)])
    area = street.areas(places([(500, 80)]), radius=100.0).iloc[0]
    assert area.bounds == pytest.approx((450.0, -30.0, 550.0, 110.0))
    stub = street.areas(places([(500, 80)]), radius=50.0).iloc[0]
    assert stub.bounds == pytest.approx((470.0, 0.0, 530.0, 110.0))


def test_a_school_without_a_street_has_an_empty_area():
    street = streets_of([(0, 0), (1000, 0)])
    areas = street.areas(places([(500, 800), (500, 0)]), radius=100.0)
    assert areas.is_empty.tolist() == [True, False]
    assert areas.index.tolist() == ["p0", "p1"]


# properties


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), cutoff=st.sampled_from([0.0, 120.0, 400.0, 1e5]))
def test_walks_are_symmetric_monotone_and_never_shorter_than_the_straight_line(seed, cutoff):
    lines, rng = random_city(seed, size=5)
    streets = Streets.from_lines(lines, min_component_metres=0.0)
    one, other = places(rng.uniform(-50, 500, (30, 2))), places(rng.uniform(-50, 500, (20, 2)))
    full = distances(streets, one, other)
    assert np.allclose(full, distances(streets, other, one).T, rtol=1e-6)
    near = distances(streets, one, other, cutoff=cutoff)
    assert np.array_equal(near, np.where(full <= np.float32(cutoff), full, np.inf))
    assert (full >= dense(Straight().costs(one, other), full.shape)).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_street_walks_keep_the_triangle_inequality_up_to_the_access_legs(seed):
    lines, rng = random_city(seed, size=5)
    streets = Streets.from_lines(lines, min_component_metres=0.0)
    three = places(rng.uniform(0, 400, (24, 2)))
    walk = distances(streets, three, three)
    assert (walk[:, None, :] <= walk[:, :, None] + walk[None, :, :] + 1e-3).all()


def test_a_straight_street_never_beats_the_straight_line_by_rounding():
    rng = np.random.default_rng(0)
    streets = streets_of([(0, 0), (777.7, 333.3)])
    share = rng.uniform(0, 1, (200, 1))
    on_street = places(share * np.array([777.7, 333.3]))
    walk, line = (engine.costs(on_street, on_street) for engine in (streets, Straight()))
    assert (walk.values >= line.values).all()
    assert np.allclose(walk.values, line.values, atol=1e-4)


def test_a_cutoff_of_zero_keeps_the_pupils_on_the_site():
    streets = streets_of([(0, 0), (100, 0)])
    found = streets.costs(places([(50, 40), (60, 0), (70, 0)]), places([(50, 40), (60, 0)]), cutoff=0.0)
    assert found.indptr.tolist() == [0, 1, 2, 2]
    assert found.indices.tolist() == [0, 1]
    assert found.values.tolist() == [0.0, 0.0]


def test_progress_is_told_and_may_stop_the_work():
    streets = streets_of([(0, 0), (100, 0)])
    many = places([(50.0, float(i)) for i in range(200)])
    told = []
    streets.costs(many, many, progress=lambda *step: told.append(step))
    assert told[0] == ("walking distances", 0, 200)
    assert told[-1] == ("walking distances", 200, 200)
    assert len(told) > 2
