"""The fast ways give what the plain ones give: tables, nearest schools, threads, batches, networks as arrays."""

import threading
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, Point
from test_streets_queries import METRIC, dense, distances, places, random_city, streets_of

import edulayout as el
from edulayout.engines.nearest import only_best
from edulayout.errors import InputError
from edulayout.kernels import _batches, in_order
from edulayout.kernels.dijkstra import QUEUE_LEAST, Arcs, Ends, Starts
from edulayout.kernels.goals import reach_goals
from edulayout.streets import Streets, areas, query
from edulayout.streets import nearest as nearest_module
from edulayout.streets.dense import Hierarchy, table
from edulayout.streets.network import Network, exact
from edulayout.streets.snap import Snapped
from edulayout.typing import NearestEngine, quiet


def city(seed, demand=120, schools=30, **shape):
    lines, rng = random_city(seed, **shape)
    streets = Streets.from_lines(lines, min_component_metres=0.0)
    extent = 100.0 * shape.get("size", 8)
    sites = rng.uniform(-50, extent, (schools, 2))
    homes = np.concatenate([sites[: schools // 4], rng.uniform(-50, extent, (demand - schools // 4, 2))])
    return streets, places(homes), places(sites)


def snapped(streets, homes, sites):
    return streets._snapped(homes, "demand"), streets._snapped(sites, "schools")


def same(one, other):
    assert all(np.array_equal(a, b) for a, b in zip(one[:3], other[:3], strict=True))


def by_table(streets, homes, sites, threads=1):
    graph, network = streets.graph, streets.graph.network
    demand, schools = snapped(streets, homes, sites)
    return table(network.hierarchy, network.ends, query.starts(graph, schools), query.goals(graph, demand),
                 floor=network.floor**2, rows=len(homes), threads=threads, progress=quiet)  # fmt: skip


# tables without a cutoff


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), kept=st.sampled_from([0.4, 0.75, 1.0]))
def test_a_table_by_the_hierarchy_is_that_of_a_search_from_each_school_bit_for_bit(seed, kept):
    streets, homes, sites = city(seed, kept=kept, size=6)
    same(
        by_table(streets, homes, sites),
        query.costs(streets.graph, *snapped(streets, homes, sites), cutoff=None, progress=quiet),
    )


def test_many_schools_without_a_cutoff_go_by_the_hierarchy(monkeypatch):
    streets, homes, sites = city(3, schools=80)
    searched = distances(streets, homes, sites, cutoff=1e7)
    monkeypatch.setattr(query, "reach_goals", None)
    assert np.array_equal(distances(streets, homes, sites), searched)


def test_a_hierarchy_of_one_way_streets_knows_both_directions():
    rng = np.random.default_rng(5)
    total = 60
    arcs = [
        (a, b, m) for a, b, m in zip(*rng.integers(0, total, (2, 240)), rng.uniform(5, 90, 240), strict=True) if a != b
    ]
    a, b, metres = (np.array(column) for column in zip(*arcs, strict=True))
    order = np.lexsort((b, a))
    indptr = np.zeros(total + 1, dtype=np.int64)
    np.cumsum(np.bincount(a, minlength=total), out=indptr[1:])
    # the edges of the graph, each open one way: a search from the schools runs along the reverse arcs
    code = (2 * order).astype(np.int32)
    lengths = exact(metres)
    network = Network.of(Arcs(indptr, b[order].astype(np.int32), lengths[order], code),
                         Ends(a.astype(np.int32), b.astype(np.int32), np.full(len(a), np.inf), np.ones(len(a))),
                         lengths, two_way=False, floor=0.0, access_pace=1.0)  # fmt: skip
    hierarchy = Hierarchy.of(network.arcs, two_way=False)
    smallest = coo_array((lengths, (a, b)), shape=(total, total)).tocsr()
    smallest.data[:] = [lengths[(a == i) & (b == j)].min() for i, j in zip(*smallest.nonzero(), strict=True)]
    expected = dijkstra(smallest)
    # the place before every edge's start is that node: nothing but the near end leads there
    edge_of = np.array([np.flatnonzero(a == node)[0] for node in range(total) if (a == node).any()], dtype=np.int32)
    nodes = a[edge_of]
    zeros, far = np.zeros(len(edge_of)), np.full(len(edge_of), np.inf)
    # the position keeps two places on one edge from counting as one point
    begin = Starts(
        nodes.astype(np.int32), b[edge_of].astype(np.int32), zeros, far, edge_of, zeros, zeros, zeros - 1.0, zeros
    )
    graph = type("AnyGraph", (), {"network": network, "edges": len(a)})
    end = query.goals(graph, Snapped(edge_of, zeros, zeros, zeros, zeros))
    found = table(hierarchy, network.ends, begin, end, floor=0.0, rows=len(nodes), threads=1, progress=quiet)
    wanted = expected[np.ix_(nodes, nodes)].T.astype(np.float32)
    assert np.array_equal(dense(el.typing.CostArrays(*found), wanted.shape), wanted)
    plain = reach_goals(network.arcs, network.ends, begin, end, 0, len(nodes), np.finfo(np.float32).max, np.inf,
                        network.buckets[1], 0.0, network.scratch())  # fmt: skip
    school = np.repeat(np.arange(len(nodes)), plain[0])
    again = np.full(wanted.shape, np.inf)
    again[end.number[plain[1]], school] = plain[2]
    assert np.array_equal(again, wanted)


@pytest.mark.parametrize("cutoff", [200.0, None])
def test_costs_between_nodes_are_scipys_to_the_last_bit_of_a_float32(cutoff):
    lines, _ = random_city(11, size=12)
    graph = Streets.from_lines(lines, min_component_metres=0.0).graph
    arcs = graph.network.arcs
    rows = np.repeat(np.arange(graph.nodes), np.diff(arcs.indptr))
    smallest = np.full((graph.nodes, graph.nodes), np.inf)
    np.minimum.at(smallest, (rows, arcs.indices), arcs.lengths)
    expected = dijkstra(np.where(np.isinf(smallest), 0.0, smallest)).astype(np.float32)
    edge, position = np.zeros(graph.nodes, dtype=np.int32), np.zeros(graph.nodes)
    edge[graph.edge_to], position[graph.edge_to] = np.arange(graph.edges), graph.edge_length
    edge[graph.edge_from], position[graph.edge_from] = np.arange(graph.edges), 0.0
    every = Snapped(edge, position, np.zeros(graph.nodes), graph.x, graph.y)
    found = query.costs(graph, every, every, cutoff=cutoff, progress=quiet)
    assert np.array_equal(dense(found, expected.shape), np.where(expected <= (cutoff or np.inf), expected, np.inf))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_there_and_back_cost_the_same_bits_and_detours_never_pay(seed):
    streets, homes, _ = city(seed, size=5, demand=40)
    walk = distances(streets, homes, homes)
    assert np.array_equal(walk, walk.T)
    assert (np.diag(walk)[np.isfinite(walk).any(axis=1)] == 0).all()
    assert (walk[:, None, :] <= (walk[:, :, None] + walk[None, :, :]) * (1 + 1e-6)).all()


# threads


@pytest.mark.parametrize("cutoff", [300.0, None])
def test_one_and_two_threads_give_the_same_bytes(cutoff):
    streets, homes, sites = city(7, demand=400, schools=300)
    one, two, three = (
        query.costs(streets.graph, *snapped(streets, homes, sites), cutoff=cutoff, progress=quiet, threads=threads)
        for threads in (1, 2, 3)
    )
    same(one, two)
    same(one, three)


@pytest.mark.parametrize("pairs", [500, 1 << 22])
def test_rows_shared_by_any_number_of_threads_are_the_same_bytes(monkeypatch, pairs):
    streets, homes, sites = city(17, demand=900, schools=90)
    homes = homes.iloc[np.random.default_rng(0).permutation(len(homes))]
    expected = query.costs(streets.graph, *snapped(streets, homes, sites), cutoff=400.0, progress=quiet, threads=1)
    assert (np.diff(expected.indptr) > 24).any()
    assert (np.diff(expected.indptr) < 24).any()
    monkeypatch.setattr(_batches, "_SHARE_LEAST", 1)
    monkeypatch.setattr(_batches, "_PAIRS", pairs)
    monkeypatch.setattr(query, "_GOALS", 37)
    for threads in (1, 2, 5):
        found = query.costs(
            streets.graph, *snapped(streets, homes, sites), cutoff=400.0, progress=quiet, threads=threads
        )
        same(found, expected)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_areas_by_any_number_of_threads_are_the_union_of_their_strips(threads):
    streets, _, sites = city(12, schools=30, size=10)
    schools = streets._snapped(sites, "schools")
    found = areas.areas(streets.graph, schools, radius=500.0, strips=streets._strips, threads=threads)
    one = areas.areas(streets.graph, schools, radius=500.0, strips=streets._strips, threads=1)
    assert shapely.to_wkb(found).tolist() == shapely.to_wkb(one).tolist()
    whole, parts, owner = areas.reached(streets.graph, schools, radius=500.0)
    lines = streets.graph.lines[whole]
    lines[whole < 0] = parts
    legs, leg_owner = areas._access_legs(streets.graph, schools, 500.0)
    for school, polygon in enumerate(found):
        reached = np.concatenate([lines[owner == school], legs[leg_owner == school]])
        alike = shapely.union_all(shapely.buffer(reached, 30, quad_segs=4))
        assert polygon.is_valid
        assert polygon.symmetric_difference(alike).area < 1e-4 * alike.area
        # rounder corners lie farther out, by little more than a metre where two meet
        assert shapely.contains(polygon.buffer(1.5), shapely.union_all(shapely.buffer(reached, 30, quad_segs=16)))


def test_blocks_come_in_order_and_an_error_drops_those_that_wait():
    begun, gate = [], threading.Event()

    def work(part):
        begun.append(part)
        if part == 0:
            gate.wait(5)
        return part * part

    timer = threading.Timer(0.05, gate.set)
    timer.start()
    assert list(in_order(work, range(20), threads=3)) == [part * part for part in range(20)]
    begun.clear()

    def slow(part):
        begun.append(part)
        time.sleep(0.002)
        return part

    def interrupted():
        for part in in_order(slow, range(1000), threads=2):
            if part == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(begun) < 20
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("edulayout")]


def test_work_that_is_stopped_leaves_nothing_behind():
    streets, homes, sites = city(8, schools=300)
    expected = streets.costs(homes, sites, cutoff=500.0)

    def stop(_step, done, _total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        streets.costs(homes, sites, cutoff=500.0, progress=stop)
    same(streets.costs(homes, sites, cutoff=500.0), expected)


# batches


def test_batches_set_by_one_at_a_time_give_the_same_rows(monkeypatch):
    streets, homes, sites = city(9, demand=300, schools=300)
    expected = streets.costs(homes, sites, cutoff=600.0)
    monkeypatch.setattr(_batches, "_PAIRS", 500)
    found = streets.costs(homes, sites, cutoff=600.0)
    assert len(found.values) > 5000
    assert [array.dtype for array in found[:3]] == [array.dtype for array in expected[:3]]
    same(found, expected)


# the k nearest


def k_least(streets, homes, sites, k, cutoff=None):
    full = query.costs(streets.graph, *snapped(streets, homes, sites), cutoff=cutoff, progress=quiet)
    return only_best(full, k=k, rank=query.ranks(sites))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 6),
    cutoff=st.sampled_from([None, 0.0, 250.0]),
    kept=st.sampled_from([0.5, 0.9]),
)
def test_the_nearest_are_the_least_costs_bit_for_bit(seed, k, cutoff, kept):
    streets, homes, sites = city(seed, size=6, kept=kept)
    same(streets.nearest(homes, sites, k=k, cutoff=cutoff), k_least(streets, homes, sites, k, cutoff))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("cutoff", [None, 300.0])
def test_regions_swept_apart_agree_in_the_end(monkeypatch, threads, cutoff):
    streets, homes, sites = city(23, demand=500, schools=40, size=14)
    ends, rank = snapped(streets, homes, sites), query.ranks(sites)
    expected = k_least(streets, homes, sites, 3, cutoff)
    monkeypatch.setattr(nearest_module, "_REGION_LEAST", 5)
    monkeypatch.setattr(nearest_module, "_REGIONS_LEAST", 30)
    monkeypatch.setattr(nearest_module, "_OFFERS_LEAST", 4)
    assert len(nearest_module._regions(streets.graph.nodes)) > 20
    monkeypatch.setattr(nearest_module, "_RING_MOST", 2)  # buckets that hold what lies far apart
    found = nearest_module.nearest(streets.graph, *ends, k=3, rank=rank, cutoff=cutoff, progress=quiet, threads=threads)
    same(found, expected)


def test_a_junction_of_more_streets_than_the_queue_has_room_for():
    # a star: one node offers to thousands, many of them in other regions
    arms = [((0, 0), (100 * np.cos(a), 100 * np.sin(a))) for a in np.linspace(0, 2 * np.pi, 3000, endpoint=False)]
    star = streets_of(*arms)
    homes, sites = places(shapely.get_coordinates(star.graph.lines)[1::200]), places([(1, 0), (0, 1), (0, -2)])
    same(star.nearest(homes, sites, k=2), k_least(star, homes, sites, 2))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 5))
def test_many_schools_along_one_street_are_looked_at_outwards(seed, k):
    rng = np.random.default_rng(seed)
    streets = streets_of([(0, 0), (1000, 0)], [(1000, 0), (1000, 50)], [(0, 0), (0, 50)])
    sites = places(np.column_stack([rng.choice(np.arange(0, 1001, 20), 40), rng.choice([0.0, 15.0, -30.0], 40)]))
    homes = places(
        np.concatenate([shapely.get_coordinates(sites.to_numpy())[:9], rng.uniform(0, 1000, (40, 2)) * (1, 0.03)])
    )
    same(streets.nearest(homes, sites, k=k), k_least(streets, homes, sites, k))


@pytest.mark.parametrize("k", [1, 2, 7, 40])
def test_many_schools_at_the_same_cost_go_by_their_ids(k):
    # a regular grid, every school on a corner, several on each: nearly everything ties
    ends = [((a, b), (a + 100, b)) for a in range(0, 500, 100) for b in range(0, 501, 100)]
    streets = streets_of(*ends, *[((a, b), (a, b + 100)) for a in range(0, 501, 100) for b in range(0, 500, 100)])
    corners = [(a, b) for a in range(0, 501, 100) for b in range(0, 501, 100)]
    rng = np.random.default_rng(k)
    sites = places([corners[i] for i in rng.integers(0, len(corners), 90)])
    sites.index = rng.permutation(sites.index.to_numpy())
    homes = places(corners + [(a + 50, b) for a, b in corners if a < 500])
    same(streets.nearest(homes, sites, k=k), k_least(streets, homes, sites, k))


def test_a_farther_network_than_guessed_is_asked_again(monkeypatch):
    streets, homes, sites = city(4)
    expected = k_least(streets, homes, sites, 3)
    monkeypatch.setattr(nearest_module, "_FAR_ARCS", 1e-3)
    same(streets.nearest(homes, sites, k=3), expected)


def test_nearest_by_hand_on_one_street_and_an_island():
    streets = streets_of([(0, 0), (1000, 0)], [(0, 2000), (500, 2000)])
    homes, sites = places([(400, 10), (10, 2000), (0, 5000)]), places([(0, 0), (500, 0), (900, 0), (300, 2000)])
    found = streets.nearest(homes, sites, k=2)
    assert found.indptr.tolist() == [0, 2, 3, 3]
    assert found.indices.tolist() == [0, 1, 3]
    assert found.values.tolist() == [410.0, 110.0, 290.0]
    assert found.demand_snap.tolist()[:2] == [10.0, 0.0]


@pytest.mark.parametrize("k", [1, 3, 50])
@pytest.mark.parametrize("cutoff", [None, 150.0])
@pytest.mark.parametrize("seed", range(3))
def test_straight_finds_the_nearest_of_all_pairs(seed, cutoff, k):
    rng = np.random.default_rng(seed)
    spread = rng.choice([1.0, 40.0, 900.0])
    sites = places(np.round(rng.uniform(-spread, spread, (45, 2))))
    sites.index = rng.permutation(sites.index.to_numpy())
    homes = places(np.round(rng.uniform(-1000, 1000, (200, 2))))
    straight = el.Straight()
    assert isinstance(straight, NearestEngine)
    full = straight.costs(homes, sites, cutoff=cutoff)
    same(straight.nearest(homes, sites, k=k, cutoff=cutoff), only_best(full, k=k, rank=query.ranks(sites)))


def frame(series, **columns):
    return gpd.GeoDataFrame(columns, geometry=series.to_numpy(), index=series.index, crs=series.crs)


def test_every_engine_names_the_same_nearest_schools():
    streets = streets_of([(0, 0), (1000, 0)])
    homes, sites = frame(places([(120, 0), (480, 0)])), frame(places([(0, 0), (500, 0), (240, 0)]))
    expected = [["p0", 1, "p0", 120.0], ["p0", 2, "p2", 120.0], ["p1", 1, "p1", 20.0], ["p1", 2, "p2", 240.0]]
    given = el.CostTable(el.travel_costs(homes, sites, engine=el.Straight()).to_series(), unit="metres")
    for engine in (streets, el.Straight(), given):
        assert el.nearest_schools(homes, sites, engine=engine, k=2).to_numpy().tolist() == expected
    flat = el.nearest_schools(homes.to_crs("EPSG:4490"), sites.to_crs("EPSG:4490"), engine=el.Geodesic(), k=1)
    assert flat.school_id.tolist()[1] == "p1"


@pytest.mark.parametrize("engine", [el.Straight(), None])
def test_nearest_schools_by_stage(engine):
    engine = engine or streets_of([(0, 0), (1000, 0)])
    sites = frame(places([(0, 0), (100, 0), (900, 0)]), kind=["kindergarten", "nine_year", "primary"])
    homes = frame(places([(800, 0)]))
    found = el.nearest_schools(
        homes, sites, engine=engine, k=2, stages=["primary", "junior_high", "kindergarten", "senior_high"]
    )
    assert found.to_numpy().tolist() == [
        ["primary", "p0", 1, "p2", 100.0], ["primary", "p0", 2, "p1", 700.0],
        ["junior_high", "p0", 1, "p1", 700.0], ["kindergarten", "p0", 1, "p0", 800.0],
    ]  # fmt: skip
    with pytest.raises(InputError, match="kind"):
        el.nearest_schools(homes, sites.drop(columns="kind"), engine=engine, stages=["primary"])
    with pytest.raises(InputError, match="1 or more"):
        el.nearest_schools(homes, sites, engine=engine, k=0)


def test_nearest_of_nobody_and_of_no_school():
    streets = streets_of([(0, 0), (1000, 0)])
    nobody = places(np.empty((0, 2)))
    for engine in (streets, el.Straight()):
        assert engine.nearest(nobody, places([(1, 1)]), k=3).indptr.tolist() == [0]
        assert engine.nearest(places([(1, 1)]), nobody, k=3).indptr.tolist() == [0, 0]


# the straight line


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), radius=st.sampled_from([5.0, 30.0, 100.0]))
def test_whole_numbers_on_the_radius_are_within_it(seed, radius):
    # 3-4-5 triangles and their like: d² = r² in whole numbers is within
    rng = np.random.default_rng(seed)
    homes, sites = rng.integers(-120, 120, (150, 2)).astype(float), rng.integers(-120, 120, (60, 2)).astype(float)
    square = ((homes[:, None, :] - sites[None, :, :]) ** 2).sum(axis=2)
    found = dense(el.Straight().costs(places(homes), places(sites), cutoff=radius), square.shape)
    assert np.array_equal(np.isfinite(found), square <= radius**2)
    assert np.array_equal(found[np.isfinite(found)], np.sqrt(square[square <= radius**2]).astype(np.float32))


def test_more_schools_in_reach_than_a_short_row_holds():
    sites = places(np.random.default_rng(0).uniform(0, 100, (500, 2)))
    found = el.Straight().costs(places([(50, 50), (5000, 0)]), sites, cutoff=1000.0)
    assert found.indptr.tolist() == [0, 500, 500]
    assert found.indices.tolist() == list(range(500))
    expected = shapely.distance(Point(50, 50), sites.to_numpy()).astype(np.float32)
    assert np.array_equal(found.values, expected)


@pytest.mark.real_data
def test_liechtenstein_by_search_by_table_and_by_the_nearest(real_data):
    made = el.read_streets(real_data / "liechtenstein_osm" / "liechtenstein-latest.osm.pbf", crs="EPSG:32632")
    rng = np.random.default_rng(0)
    lines = made.graph.lines[rng.choice(made.graph.edges, 500)]
    feet = shapely.get_coordinates(shapely.line_interpolate_point(lines, rng.uniform(0, 1, 500), normalized=True))
    homes, sites = places(feet + rng.normal(0, 30, feet.shape), made.crs), places(feet[:100], made.crs)
    whole = made.costs(homes, sites)
    assert len(whole.values) > 40_000
    same(whole, query.costs(made.graph, *snapped(made, homes, sites), cutoff=1e7, progress=quiet))
    same(made.nearest(homes, sites, k=4), only_best(whole, k=4, rank=query.ranks(sites)))


def test_a_single_line_is_a_network_too():
    street = Streets.from_lines(gpd.GeoSeries([LineString([(0, 0), (50, 0)])], crs=METRIC), min_component_metres=0.0)
    many = places([(float(i) / 2, 0.0) for i in range(80)])
    walk = distances(street, many, many)
    assert np.array_equal(walk, np.abs(np.subtract.outer(np.arange(80), np.arange(80))) / 2)


# the reached parts of edges


def test_all_schools_at_once_reach_the_parts_that_each_reaches_alone():
    streets, _, sites = city(11, demand=40, schools=120, size=10)
    schools = streets._snapped(sites, "schools")
    whole, parts, owner = areas.reached(streets.graph, schools, radius=900.0)
    assert len(whole) > 2 * QUEUE_LEAST  # the room was made longer
    for school in range(0, 120, 7):
        alone = Snapped(*(array[school : school + 1] for array in schools))
        own_whole, own_parts, _ = areas.reached(streets.graph, alone, radius=900.0)
        assert np.array_equal(whole[owner == school], own_whole)
        assert shapely.equals_exact(parts[owner[whole < 0] == school], own_parts).all()
