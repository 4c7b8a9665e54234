"""The street graph: what becomes a node, what meets, what stays apart, what is left out; saving and loading."""

import geopandas as gpd
import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from shapely import LineString, MultiLineString, Point, Polygon

from edulayout.errors import CrsError, InputError
from edulayout.streets import Streets
from edulayout.streets.lines import _same_points
from edulayout.typing import Engine

METRIC = "EPSG:4544"


@pytest.fixture(scope="module")
def city():
    """A jittered grid of 8 × 8 junctions, some streets missing."""
    rng = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(8), np.arange(8)) + rng.uniform(-0.3, 0.3, (2, 8, 8))
    node = np.stack([x, y], axis=-1) * 130
    pairs = [(node[j, i], node[j, i + 1]) for j in range(8) for i in range(7)]
    pairs += [(node[j, i], node[j + 1, i]) for j in range(7) for i in range(8)]
    return gpd.GeoDataFrame(geometry=[LineString(pair) for pair in pairs if rng.random() < 0.8], crs=METRIC)


def made(*lines, crs=METRIC, **options):
    columns = {name: options.pop(name) for name in ("kind", "level") if name in options}
    frame = gpd.GeoDataFrame(columns, geometry=[LineString(line) for line in lines], crs=crs)
    options.setdefault("min_component_metres", 0.0)
    class_column = "kind" if "kind" in columns else None
    level_column = "level" if "level" in columns else None
    return Streets.from_lines(frame, class_column=class_column, level_column=level_column, **options)


def points(*places, crs=METRIC):
    return gpd.GeoSeries([Point(place) for place in places], index=[f"p{i}" for i in range(len(places))], crs=crs)


def walk(streets, one, other):
    found = streets.costs(points(one), points(other))
    return float(found.values[0]) if len(found.values) else None


def test_streets_are_an_engine():
    assert isinstance(made([(0, 0), (100, 0)]), Engine)


def test_a_chain_of_lines_is_one_edge_with_its_whole_length():
    streets = made([(0, 0), (30, 0), (30, 40)], [(30, 40), (60, 40)], [(100, 40), (60, 40)])
    assert (streets.graph.nodes, streets.graph.edges) == (2, 1)
    assert streets.graph.edge_length.tolist() == [140.0]
    assert streets.graph.lines[0].length == 140.0


def test_a_junction_is_a_node():
    streets = made([(0, 0), (50, 0), (100, 0)], [(50, 0), (50, 70)])
    assert (streets.graph.nodes, streets.graph.edges) == (4, 3)
    assert sorted(streets.graph.edge_length) == [50.0, 50.0, 70.0]


def test_a_change_of_class_is_a_node():
    streets = made([(0, 0), (50, 0)], [(50, 0), (90, 0)], kind=["street", "path"])
    assert streets.edges().set_index("street_class").metres.to_dict() == {"street": 50.0, "path": 40.0}


def test_a_ring_without_a_junction_can_be_walked_both_ways_round():
    streets = made([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    assert (streets.graph.nodes, streets.graph.edges) == (1, 1)
    assert walk(streets, (10, 0), (0, 30)) == 40.0
    assert walk(streets, (50, 0), (50, 100)) == 200.0


def test_a_loop_at_the_end_of_a_street():
    streets = made([(0, 0), (100, 0)], [(100, 0), (150, 0), (150, 50), (100, 50), (100, 0)])
    assert walk(streets, (0, 0), (150, 50)) == 200.0
    assert walk(streets, (100, 50), (150, 0)) == 100.0


def test_parallel_edges_both_stay_and_the_shorter_one_is_walked():
    streets = made([(0, 0), (50, 50), (100, 0)], [(0, 0), (100, 0)], [(-10, 0), (0, 0)], [(100, 0), (110, 0)])
    assert streets.graph.edges == 4
    assert walk(streets, (0, 0), (100, 0)) == 100.0


def test_two_lines_over_the_same_piece_count_once():
    streets = made([(0, 0), (50, 0), (100, 0)], [(50, 0), (100, 0), (150, 0)])
    assert streets.graph.edge_length.tolist() == [150.0]


def test_vertices_within_the_tolerance_meet_wherever_a_rounding_grid_would_part_them():
    streets = made([(0, 0), (50, 0.0499)], [(50, 0.0501), (100, 0)])
    assert streets.summary()["components"] == 1
    apart = made([(0, 0), (50, 0)], [(50, 0.2), (100, 0)])
    assert apart.summary()["components"] == 2


def test_lines_that_cross_without_a_vertex_meet_only_on_request():
    cross = [(0, 50), (100, 50)], [(50, 0), (50, 100)]
    assert made(*cross).graph.edges == 2
    assert made(*cross, split_at_crossings=True).graph.edges == 4
    assert walk(made(*cross, split_at_crossings=True), (0, 50), (50, 0)) == 100.0


def test_an_end_that_touches_a_line_meets_it_on_request():
    streets = made([(0, 0), (100, 0)], [(30, 0.05), (30, 80)], split_at_crossings=True)
    assert streets.graph.edges == 3


def test_a_line_that_crosses_itself_meets_itself_on_request():
    eight = [(0, 0), (100, 100), (100, 0), (0, 100)]
    assert made(eight).graph.edges == 1
    assert made(eight, split_at_crossings=True).graph.edges == 3


def test_overlapping_lines_are_one_street_on_request():
    streets = made([(0, 0), (100, 0)], [(60, 0), (160, 0)], split_at_crossings=True)
    assert streets.graph.edge_length.sum() == 160.0


@pytest.mark.parametrize("split", [False, True])
def test_a_bridge_passes_over_a_street_and_meets_what_leads_onto_it(split):
    under = [(50, -100), (50, 0), (50, 100)]
    ramp, bridge, exit_ = [(-50, 0), (0, 0)], [(0, 0), (50, 0), (100, 0)], [(100, 0), (150, 0)]
    streets = made(under, ramp, bridge, exit_, level=[0, 0, 1, 0], split_at_crossings=split)
    assert walk(streets, (-50, 0), (150, 0)) == 200.0
    assert walk(streets, (50, -100), (50, 100)) == 200.0
    assert walk(streets, (-50, 0), (50, 100)) is None


def test_a_street_cut_in_two_beneath_a_bridge_does_not_meet_it():
    streets = made([(50, -100), (50, 0)], [(50, 0), (50, 100)], [(0, 0), (50, 0), (100, 0)], level=[0, 0, 1])
    assert walk(streets, (50, -100), (50, 100)) == 200.0
    assert streets.summary()["components"] == 2


def test_a_bridge_that_begins_at_the_middle_of_a_street_meets_it():
    streets = made([(0, -50), (0, 0), (0, 50)], [(0, 0), (90, 0)], level=[0, 1])
    assert walk(streets, (0, -50), (90, 0)) == 140.0


def test_small_parts_are_left_out_and_counted_but_never_the_longest():
    city = [(0, 0), (600, 0)], [(0, 90), (40, 90)], [(0, 500), (550, 500)]
    streets = made(*city, min_component_metres=500.0)
    assert streets.summary() == {
        "nodes": 4, "edges": 2, "kilometres": 1.15, "components": 2, "share_in_largest": pytest.approx(600 / 1150, abs=1e-6),
        "fragments_left_out": 1, "fragment_kilometres_left_out": 0.04,
    }  # fmt: skip
    assert made(*city, min_component_metres=1e9).graph.edges == 1


def test_components_are_numbered_by_falling_length():
    streets = made([(0, 0), (10, 0)], [(0, 50), (300, 50)], [(0, 90), (70, 90)])
    assert streets.graph.component_metres.tolist() == [300.0, 70.0, 10.0]
    assert streets.edges().sort_values("component").metres.tolist() == [300.0, 70.0, 10.0]


def test_many_lines_and_heights_are_taken_apart_and_flattened():
    frame = gpd.GeoDataFrame(
        geometry=[MultiLineString([[(0, 0, 5), (10, 0, 6)], [(10, 0, 6), (10, 30, 9)]]), None], crs=METRIC
    )
    streets = Streets.from_lines(frame, min_component_metres=0)
    assert streets.graph.edge_length.tolist() == [40.0]


@pytest.mark.parametrize("geometry", [[Point(0, 0)], [Polygon([(0, 0), (1, 0), (1, 1)])], [], [None]])
def test_what_is_no_line_is_refused(geometry):
    with pytest.raises(InputError, match="expected: LineStrings"):
        Streets.from_lines(gpd.GeoSeries(geometry, crs=METRIC))


def test_lines_without_length_are_refused():
    with pytest.raises(InputError, match="no length"):
        made([(0, 0), (0.01, 0)])


def test_degrees_and_no_crs_are_refused():
    lines = gpd.GeoSeries([LineString([(0, 0), (1, 1)])])
    with pytest.raises(CrsError, match="no coordinate reference system"):
        Streets.from_lines(lines)
    with pytest.raises(CrsError, match="degree"):
        Streets.from_lines(lines.set_crs("EPSG:4326"))


def test_the_order_and_direction_of_the_lines_do_not_matter(city):
    lines = city.sample(frac=1.0, random_state=3)
    lines = gpd.GeoDataFrame(geometry=lines.geometry.reverse(), crs=lines.crs)
    one, other = Streets.from_lines(city), Streets.from_lines(lines)
    assert np.array_equal(one.graph.x, other.graph.x)
    assert np.array_equal(one.graph.indptr, other.graph.indptr)
    places = points((120, 333), (900, 40), (555, 700))
    a, b = (streets.costs(places, places) for streets in (one, other))
    assert np.array_equal(a.indices, b.indices)
    assert np.array_equal(a.values, b.values)


def test_contraction_keeps_every_metre(city):
    graph = Streets.from_lines(city, min_component_metres=0).graph
    assert graph.edge_length.sum() == pytest.approx(city.length.sum(), rel=1e-12)
    assert graph.lengths.sum() == pytest.approx(2 * city.length.sum(), rel=1e-12)
    assert np.allclose([line.length for line in graph.lines], graph.edge_length, rtol=1e-12)


def test_save_and_load_give_the_same_streets(city, tmp_path):
    river = gpd.GeoSeries([Polygon([(0, 410), (1100, 410), (1100, 430), (0, 430)])], crs=METRIC)
    streets = Streets.from_lines(city).with_snap_limit(123.4).with_barriers(river).with_set_aside({"odd": 2})
    streets.save(tmp_path / "streets.npz")
    loaded = Streets.load(tmp_path / "streets.npz")
    assert loaded.summary() == streets.summary()
    assert loaded.crs == streets.crs
    assert loaded.snap_limit_metres == 123.4
    assert all(np.array_equal(array, streets.graph.arrays()[name]) for name, array in loaded.graph.arrays().items())
    places = points((120, 333), (900, 440), (555, 700))
    assert np.array_equal(loaded.costs(places, places).values, streets.costs(places, places).values)


def test_streets_are_frozen(city):
    streets = Streets.from_lines(city)
    with pytest.raises(AttributeError):
        streets.snap_limit_metres = 5.0
    assert streets.with_snap_limit(5).snap_limit_metres == 5.0
    assert streets.snap_limit_metres == 300.0


@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf")])
def test_a_snap_limit_that_is_no_distance_is_refused(city, limit):
    with pytest.raises(InputError, match="snap_limit_metres"):
        Streets.from_lines(city).with_snap_limit(limit)


@pytest.mark.parametrize("tolerance", [0.0, 1e-9, 0.1, 5.0])
def test_points_within_the_tolerance_are_one_and_others_are_not(tolerance):
    rng = np.random.default_rng(7)
    cloud = rng.integers(0, 40, (300, 2)) * 1.0 + rng.choice([0.0, 0.05, 0.099, -0.02], (300, 2))
    cloud[:40] = cloud[40:80]
    number = _same_points(cloud, tolerance)
    gap = np.hypot(*(cloud[:, None] - cloud[None, :]).transpose(2, 0, 1))
    expected = connected_components(gap <= tolerance, directed=False)[1]
    assert np.array_equal(number[:, None] == number[None, :], expected[:, None] == expected[None, :])
