"""Safe ways to school: small children do not cross main roads just anywhere. By hand, then by an oracle."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

import edulayout as el
from edulayout.errors import InputError
from edulayout.streets import Streets

METRIC = "EPSG:4544"
FREE = {"min_component_metres": 0.0}


def streets_of(*lines, **options):
    """Each line is its class and its course."""
    frame = gpd.GeoDataFrame(
        {"kind": [kind for kind, _ in lines]}, geometry=[LineString(course) for _, course in lines], crs=METRIC
    )
    return Streets.from_lines(frame, class_column="kind", **FREE, **options)


def places(*xy):
    return gpd.GeoSeries([Point(it) for it in xy], index=[f"p{i}" for i in range(len(xy))], crs=METRIC)


def walk(streets, one, other):
    found = streets.costs(places(one), places(other))
    return float(found.values[0]) if len(found.values) else None


# A main road from west to east, 2 km long; two side streets to the north (x = 300, 700), two to the south (300, 900).
TOWN = (
    ("primary", [(-1000, 0), (300, 0), (700, 0), (900, 0), (2000, 0)]),
    ("street", [(300, 0), (300, 200)]),
    ("street", [(700, 0), (700, 200)]),
    ("street", [(300, 0), (300, -200)]),
    ("street", [(900, 0), (900, -200)]),
)
NORTH, SOUTH, SOUTH_EAST = (300, 100), (300, -100), (900, -100)


@pytest.fixture(scope="module")
def town():
    return streets_of(*TOWN)


def test_without_a_rule_the_road_is_crossed(town):
    assert walk(town, NORTH, SOUTH) == 200.0
    assert walk(town, (700, 100), SOUTH_EAST) == 400.0


def test_forbidden_means_round_the_end_of_the_road_or_not_at_all(town):
    safe = town.avoiding(["primary"], how="forbidden")
    # along the northern pavement to the west end of the road, 1,300 m off, and back along the southern one
    assert walk(safe, NORTH, SOUTH) == 100 + 1300 + 1300 + 100
    # two houses on the same side reach each other along the pavement
    assert walk(safe, NORTH, (700, 100)) == 600.0
    assert walk(safe, SOUTH, SOUTH_EAST) == 800.0


def test_a_ring_road_parts_inside_and_outside():
    ring = [(0, 0), (400, 0), (400, 200), (400, 400), (0, 400), (0, 0)]
    streets = streets_of(("trunk", ring), ("street", [(400, 200), (300, 200)]), ("street", [(400, 200), (500, 200)]))
    safe = streets.avoiding(["trunk"], how="forbidden")
    assert walk(streets, (300, 200), (500, 200)) == 200.0
    assert walk(safe, (300, 200), (500, 200)) is None
    # a house on the road stands on its own side of it
    assert walk(safe, (300, 200), (395, 100)) == 100 + 100 + 5
    assert walk(safe, (300, 200), (405, 100)) is None
    assert walk(safe, (500, 200), (405, 100)) == 100 + 100 + 5


def test_a_marked_crossing_is_used_wherever_it_lies(town):
    at_junction = town.with_crossings(places((900, 1))).avoiding(["primary"])
    assert walk(at_junction, NORTH, SOUTH) == 100 + 600 + 600 + 100
    between = town.with_crossings(places((500, 0))).avoiding(["primary"])
    assert walk(between, NORTH, SOUTH) == 100 + 200 + 200 + 100
    assert between.set_aside["crossings_open"] == 1
    far_off = town.with_crossings(places((500, 50))).avoiding(["primary"])
    assert walk(far_off, NORTH, SOUTH) == 2800.0


def test_a_crossing_costs_what_is_stated(town):
    crossed = town.with_crossings(places((300, 0)))
    assert walk(crossed.avoiding(["primary"], extra_metres=80), NORTH, SOUTH) == 280.0
    assert walk(town.avoiding(["primary"], how="anywhere", extra_metres=150), NORTH, SOUTH) == 350.0
    # dearer than the way round it is not used
    assert walk(town.avoiding(["primary"], how="anywhere", extra_metres=5000), NORTH, SOUTH) == 2800.0
    assert walk(town.avoiding(["primary"], how="anywhere"), NORTH, SOUTH) == 200.0


def test_houses_across_the_road_walk_to_a_junction(town):
    safe = town.avoiding(["primary"], how="anywhere", extra_metres=20)
    assert walk(town, (500, 10), (500, -10)) == 20.0
    assert walk(safe, (500, 10), (500, -10)) == 10 + 200 + 20 + 200 + 10
    assert walk(safe, (500, 10), (600, 10)) == 120.0


def test_four_arms_need_two_crossings_for_the_opposite_corner():
    arms = [("primary", [(0, 0), (1000 * x, 1000 * y)]) for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    corners = [("street", [(0, 0), (100 * x, 100 * y)]) for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
    safe = streets_of(*arms, *corners).avoiding(["primary"], how="anywhere", extra_metres=30)
    diagonal = float(np.hypot(100, 100))
    assert walk(safe, (100, 100), (-100, 100)) == pytest.approx(2 * diagonal + 30)
    assert walk(safe, (100, 100), (-100, -100)) == pytest.approx(2 * diagonal + 60)


def test_signals_stand_where_main_roads_meet():
    lines = [
        ("primary", [(-900, 0), (0, 0), (900, 0)]),
        ("secondary", [(0, 0), (0, 900)]),
        ("street", [(0, 0), (0, -200)]),
        ("street", [(400, 0), (400, 200)]),
        ("street", [(400, 0), (400, -200)]),
    ]
    lines[0] = ("primary", [(-900, 0), (0, 0), (400, 0), (900, 0)])
    streets = streets_of(*lines)
    plain = streets.avoiding(["primary", "secondary"])
    signals = streets.avoiding(["primary", "secondary"], signals_between=["primary", "secondary"])
    assert walk(plain, (400, 100), (400, -100)) == 100 + 500 + 500 + 100
    assert walk(signals, (400, 100), (400, -100)) == 100 + 400 + 400 + 100


def test_a_bridge_over_the_road_is_no_crossing():
    frame = gpd.GeoDataFrame(
        {"kind": ["primary", "footway"], "level": [0, 1]},
        geometry=[LineString([(-900, 0), (0, 0), (900, 0)]), LineString([(0, 300), (0, 0), (0, -300)])],
        crs=METRIC,
    )
    streets = Streets.from_lines(frame, class_column="kind", level_column="level", **FREE)
    safe = streets.avoiding(["primary"], how="forbidden")
    assert walk(safe, (0, 100), (0, -100)) == 200.0


def test_closed_along_the_road_nobody_is_snapped_over_it(town):
    safe = town.avoiding(["primary"], how="anywhere", along=False)
    assert walk(safe, NORTH, SOUTH) == 200.0
    assert walk(safe, NORTH, (700, 100)) is None
    # 20 m north of the road: the nearest street beyond it is nearer than the one on this side
    lone = streets_of(("primary", [(-900, 0), (900, 0)]), ("street", [(-900, -30), (900, -30)]), ("street", [(-900, 90), (900, 90)]))  # fmt: skip
    assert lone.avoiding(["primary"], along=False).snap(places((0, 20))).snap_metres.tolist() == [70.0]


def test_a_railway_is_a_line_that_streets_do_not_cross():
    streets = streets_of(
        ("street", [(0, 0), (500, 0)]), ("street", [(0, 0), (0, 300), (500, 300)]), ("street", [(500, 0), (500, 300)])
    )
    rail = gpd.GeoSeries([LineString([(250, -100), (250, 400)])], crs=METRIC)
    home, school = (200, 0), (300, 0)
    assert walk(streets.avoiding([], how="forbidden", lines=rail), home, school) is None
    gate = streets.with_crossings(places((250, 300)))
    assert walk(gate.avoiding([], lines=rail), home, school) == 200 + 300 + 500 + 300 + 200
    assert walk(gate.avoiding([], lines=rail, extra_metres=50), home, school) == 1550.0
    assert walk(streets.avoiding([], how="anywhere", lines=rail, extra_metres=50), home, school) == 150.0


def test_a_main_road_that_ends_at_a_railway_is_not_walked_round():
    streets = streets_of(("primary", [(0, 0), (100, 0), (500, 0)]), ("street", [(100, 0), (100, 90)]), ("street", [(100, 0), (100, -90)]), ("primary", [(0, 0), (-100, 0)]), ("street", [(-100, 0), (-100, 50)]))  # fmt: skip
    rail = gpd.GeoSeries([LineString([(x, -100), (x, 100)]) for x in (400, -50)], crs=METRIC)
    safe = streets.avoiding(["primary"], how="forbidden", lines=rail)
    assert walk(safe, (100, 90), (100, -90)) is None
    assert walk(safe, (100, 90), (300, 10)) == 300.0


def test_a_new_value_comes_back_and_can_be_saved(town, tmp_path):
    before = town.graph.arrays()
    safe = town.with_crossings(places((500, 0))).avoiding(["primary"], extra_metres=10)
    assert all(np.array_equal(before[name], array) for name, array in town.graph.arrays().items())
    safe.save(tmp_path / "safe.npz")
    again = Streets.load(tmp_path / "safe.npz")
    assert walk(again, NORTH, SOUTH) == 100 + 200 + 10 + 200 + 100
    assert again.summary() == safe.summary()
    assert again.summary()["kilometres"] == 3.8
    assert again.crossings.tolist() == [[500.0, 0.0]]
    assert safe.areas(places((300, 10)), radius=250).is_valid.all()


def test_what_is_wrong_is_told_together(town):
    with pytest.raises(InputError) as caught:
        town.avoiding(["motorway"], how="maybe", extra_metres=-1)
    assert [fault.source for fault in caught.value.faults] == ["classes to avoid", "how", "extra_metres"]
    assert "primary, street" in str(caught.value)
    with pytest.raises(InputError, match="already"):
        town.avoiding(["primary"]).avoiding(["street"])


def grid_town(seed, size=7):
    """A grid of streets, every third one a main road, some side streets missing, jittered."""
    rng = np.random.default_rng(seed)
    node = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1) * 100.0 + rng.uniform(
        -20, 20, (size, size, 2)
    )
    lines = []
    for j in range(size):
        for i in range(size):
            for other, main in (((j, i + 1), j % 3 == 1), ((j + 1, i), i % 3 == 1)):
                if max(other) < size and (main or rng.random() < 0.8):
                    lines.append(("primary" if main else "street", [node[j, i], node[other]]))
    return streets_of(*lines), lines, rng


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_safe_ways_are_never_shorter_and_grow_with_the_cost(seed):
    streets, _, rng = grid_town(seed)
    homes, schools = (gpd.GeoSeries(shapely.points(rng.uniform(0, 600, (n, 2))), crs=METRIC) for n in (20, 8))

    def table(engine):
        found, full = engine.costs(homes, schools), np.full((20, 8), np.inf)
        full[np.repeat(np.arange(20), np.diff(found.indptr)), found.indices] = found.values
        return full

    free, cheap, dear, none = (table(it) for it in (
        streets, streets.avoiding(["primary"], how="anywhere", extra_metres=20),
        streets.avoiding(["primary"], how="anywhere", extra_metres=200), streets.avoiding(["primary"], how="forbidden"),
    ))  # fmt: skip
    assert (free <= cheap).all()
    assert (cheap <= dear).all()
    assert (dear <= none).all()


@pytest.mark.parametrize("seed", range(3))
def test_no_forbidden_way_ever_passes_from_one_side_to_the_other(seed):
    """The ways, moved off the main roads to the side they are walked on, never cross one between its junctions."""
    streets, lines, rng = grid_town(seed)
    safe = streets.avoiding(["primary"], how="forbidden")
    roads = [LineString(course) for kind, course in lines if kind == "primary"]
    blocks = shapely.get_parts(
        shapely.polygonize([shapely.union_all([*roads, shapely.box(-200, -200, 800, 800).boundary])])
    )
    homes, schools = (gpd.GeoSeries(shapely.points(rng.uniform(0, 600, (n, 2))), crs=METRIC) for n in (30, 10))
    block = [np.array([shapely.contains(blocks, it).argmax() for it in side]) for side in (homes, schools)]
    found = safe.costs(homes, schools)
    rows = np.repeat(np.arange(30), np.diff(found.indptr))
    # main roads of this town run to its edge: whoever is reached from another block went round an end of a road
    ends = [LineString(course) for kind, course in lines if kind == "primary"]
    outer = shapely.union_all(ends).convex_hull
    far = shapely.distance(outer.boundary, homes.iloc[rows].to_numpy())
    other = block[0][rows] != block[1][found.indices]
    assert (found.values[other] + 1e-3 >= far[other]).all()
    same = block[0][:, None] == block[1][None, :]
    reached = np.zeros((30, 10), dtype=bool)
    reached[rows, found.indices] = True
    free = streets.costs(homes, schools)
    assert len(found.values) <= len(free.values)
    assert same.any()


def test_a_class_that_nobody_avoids_changes_no_distance(town):
    rng = np.random.default_rng(3)
    homes = gpd.GeoSeries(shapely.points(rng.uniform(-200, 1100, (40, 2))), crs=METRIC)
    same = town.avoiding([], how="forbidden")
    assert np.array_equal(same.costs(homes, homes).values, town.costs(homes, homes).values)
    free = el.Straight().costs(homes, homes)
    assert len(free.values) == 1600
