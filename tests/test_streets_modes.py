"""Bike and drive, minutes and slopes: rules by hand, one-way streets against scipy on the split graph."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, Point

import edulayout as el
from edulayout.errors import InputError
from edulayout.reading.rules import direction, paces, refusal, rules
from edulayout.streets import Streets
from edulayout.streets.travel import Travel

METRIC = "EPSG:4544"
FREE = {"min_component_metres": 0.0}


def places(*xy, name="p"):
    return gpd.GeoSeries([Point(it) for it in xy], index=[f"{name}{i}" for i in range(len(xy))], crs=METRIC)


def layer(tmp_path, *lines, name="streets.gpkg", **columns):
    path = tmp_path / name
    gpd.GeoDataFrame(columns, geometry=[LineString(line) for line in lines], crs=METRIC).to_file(path)
    return path


def cost(streets, one, other):
    found = streets.costs(places(one), places(other))
    return float(found.values[0]) if len(found.values) else None


@pytest.mark.parametrize(
    ("mode", "tags", "reason"),
    [
        ("bike", {"highway": "cycleway"}, None),
        ("bike", {"highway": "footway"}, "highway=footway"),
        ("bike", {"highway": "footway", "bicycle": "yes"}, None),
        ("bike", {"highway": "motorway"}, "highway=motorway"),
        ("bike", {"highway": "residential", "bicycle": "no"}, "bicycle=no"),
        ("bike", {"highway": "service", "access": "private", "bicycle": "designated"}, None),
        ("drive", {"highway": "motorway"}, None),
        ("drive", {"highway": "footway"}, "highway=footway"),
        ("drive", {"highway": "track", "motor_vehicle": "yes"}, None),
        ("drive", {"highway": "residential", "motor_vehicle": "no"}, "motor_vehicle=no"),
        ("drive", {"highway": "residential", "access": "no"}, "access=no"),
        ("drive", {"highway": "residential", "access": "no", "motorcar": "yes"}, None),
    ],
)
def test_which_ways_are_open(mode, tags, reason):
    assert refusal(tags, rules(mode)) == reason


@pytest.mark.parametrize(
    ("mode", "tags", "way"),
    [
        ("drive", {}, 0),
        ("drive", {"oneway": "yes"}, 1),
        ("drive", {"oneway": "-1"}, -1),
        ("drive", {"oneway": "no", "junction": "roundabout"}, 0),
        ("drive", {"junction": "roundabout"}, 1),
        ("drive", {"highway": "motorway"}, 1),
        ("bike", {"oneway": "yes"}, 1),
        ("bike", {"oneway": "yes", "oneway:bicycle": "no"}, 0),
        ("bike", {"oneway": "yes", "cycleway": "opposite"}, 0),
        ("bike", {"oneway:bicycle": "-1"}, -1),
        ("bike", {"junction": "roundabout"}, 1),
        ("walk", {"oneway": "yes", "junction": "roundabout"}, 0),
    ],
)
def test_one_way(mode, tags, way):
    assert direction(tags, rules(mode)) == way


def test_speeds_are_those_of_the_table():
    drive = rules("drive")
    assert paces({"highway": "residential"}, drive, unit="minutes") == (0.06 / 25, 0.06 / 25)
    assert paces({"highway": "primary", "maxspeed": "30"}, drive, unit="minutes")[0] == 0.06 / 30
    assert paces({"highway": "primary", "maxspeed": "20 mph"}, drive, unit="minutes")[0] == 0.06 / (20 * 1.609344)
    assert paces({"highway": "primary", "maxspeed": "120"}, drive, unit="minutes")[0] == 0.06 / 65
    assert paces({"highway": "primary", "maxspeed": "signals"}, drive, unit="minutes")[0] == 0.06 / 65
    assert paces({"highway": "primary", "oneway": "-1"}, drive, unit="metres") == (np.inf, 1.0)
    assert paces({"highway": "steps"}, rules("walk"), unit="minutes")[0] == 0.06 / 2


@pytest.mark.parametrize(("incline", "slope"), [("10%", 0.1), ("-10 %", -0.1), ("45°", 1.0), ("10", 0.1), ("up", 0.0)])
def test_slopes_follow_tobler(incline, slope):
    level = np.exp(-3.5 * 0.05)
    ahead, behind = paces({"highway": "path", "incline": incline}, rules("walk"), unit="minutes", slope=True)
    assert 0.06 / ahead == pytest.approx(4.0 * np.exp(-3.5 * abs(slope + 0.05)) / level)
    assert 0.06 / behind == pytest.approx(4.0 * np.exp(-3.5 * abs(-slope + 0.05)) / level)
    assert paces({"highway": "path", "incline": incline}, rules("walk"), unit="minutes") == (0.015, 0.015)


def test_a_one_way_street_is_driven_one_way(tmp_path):
    path = layer(
        tmp_path, [(0, 0), (100, 0)], [(100, 0), (100, 300), (0, 300), (0, 0)], highway=["residential"] * 2, oneway=["yes", None]
    )  # fmt: skip
    west, east = (20, 0), (80, 0)
    drive = el.read_streets(path, mode="drive", **FREE)
    assert (drive.unit, drive.mode) == ("metres", "drive")
    assert cost(drive, west, east) == 60.0
    assert cost(drive, east, west) == 20 + 300 + 100 + 300 + 20
    assert cost(el.read_streets(path, **FREE), east, west) == 60.0
    minutes = el.read_streets(path, mode="drive", unit="minutes", **FREE)
    assert cost(minutes, east, west) == pytest.approx(740 * 0.06 / 25)
    # 10 m on foot to the street, at 4 km/h
    assert cost(minutes, (20, 10), east) == pytest.approx(60 * 0.06 / 25 + 10 * 0.015)
    costs = el.travel_costs(
        gpd.GeoDataFrame(geometry=places(west)), gpd.GeoDataFrame(geometry=places(east)), engine=minutes
    )
    assert costs.unit == "minutes"


def test_against_the_course_and_a_street_drawn_in_two_directions(tmp_path):
    path = layer(
        tmp_path, [(0, 0), (100, 0)], [(200, 0), (100, 0)], [(200, 0), (200, 80), (0, 80), (0, 0)],
        highway=["residential"] * 3, oneway=["yes", "-1", "yes"],
    )  # fmt: skip
    drive = el.read_streets(path, mode="drive", **FREE)
    assert drive.graph.edges == 1 or drive.graph.directed
    assert cost(drive, (20, 0), (180, 0)) == 160.0
    assert cost(drive, (180, 0), (20, 0)) == 20 + 80 + 200 + 80 + 20


def test_a_dead_end_street_that_only_leads_in_is_never_left(tmp_path):
    path = layer(tmp_path, [(0, 0), (500, 0)], [(100, 0), (100, 90)], [(0, 0), (100, 0)], highway=["residential"] * 3, oneway=["no", "yes", "no"])  # fmt: skip
    drive = el.read_streets(path, mode="drive", split_at_crossings=True, **FREE)
    assert cost(drive, (300, 0), (100, 50)) == 250.0
    assert cost(drive, (100, 50), (300, 0)) is None
    area = drive.areas(places((100, 50)), radius=100.0).iloc[0]
    # the school is reached along its own street from the south, never from its end
    assert area.bounds == pytest.approx((50 - 30, -30, 150 + 30, 80))


def test_minutes_by_slope_from_a_layer(tmp_path):
    path = layer(
        tmp_path,
        [(0, 0), (1000, 0)],
        highway=["residential"],
        elevation_from=[400.0],
        elevation_to=[500.0],
        incline=["0%"],
    )
    flat, hilly = (el.read_streets(path, unit="minutes", slope=slope, **FREE) for slope in (False, True))
    assert cost(flat, (0, 0), (1000, 0)) == pytest.approx(15.0)
    assert cost(hilly, (0, 0), (1000, 0)) == pytest.approx(15.0 * np.exp(3.5 * 0.1))
    assert cost(hilly, (1000, 0), (0, 0)) == pytest.approx(15.0)


def test_areas_in_minutes_hold_what_is_reached(tmp_path):
    path = layer(tmp_path, [(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], highway=["residential", "steps"])
    streets = el.read_streets(path, unit="minutes", **FREE)
    area = streets.areas(places((800, 0)), radius=6.0).iloc[0]
    # 400 m on the street; 200 m of it and 3 minutes on the steps, 100 m, to the other side
    assert area.bounds == pytest.approx((370.0, -30.0, 1130.0, 30.0))


def test_all_that_is_wrong_with_what_is_asked_is_told(tmp_path):
    path = layer(tmp_path, [(0, 0), (9, 9)])
    with pytest.raises(InputError) as caught:
        el.read_streets(path, mode="fly", unit="days")
    assert [fault.source for fault in caught.value.faults] == ["mode", "unit"]


def test_safe_ways_are_for_people_on_foot(tmp_path):
    path = layer(tmp_path, [(0, 0), (100, 0)], highway=["primary"], oneway=["yes"])
    with pytest.raises(InputError, match="on foot"):
        el.read_streets(path, mode="drive", **FREE).avoiding(["primary"])


def one_way_town(seed, size=7):
    rng = np.random.default_rng(seed)
    node = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1) * 100.0 + rng.uniform(
        -30, 30, (size, size, 2)
    )
    pairs = [(node[j, i], node[j, i + 1]) for j in range(size) for i in range(size - 1)]
    pairs += [(node[j, i], node[j + 1, i]) for j in range(size - 1) for i in range(size)]
    lines = [LineString([a, (a + b) / 2 + rng.uniform(-15, 15, 2), b]) for a, b in pairs if rng.random() < 0.85]
    lines = [line if rng.random() < 0.5 else line.reverse() for line in lines]
    ahead = rng.choice([0.01, 0.02], len(lines))
    behind = np.where(rng.random(len(lines)) < 0.4, np.inf, rng.choice([0.01, 0.015], len(lines)))
    frame = gpd.GeoDataFrame({"ahead": ahead, "behind": behind}, geometry=lines, crs=METRIC)
    return frame, rng


def oracle(lines, demand, schools, access_pace, limit=300.0):  # noqa: C901 - one flow, as in the text
    """Split every straight piece at every foot and ask scipy on the directed graph."""
    pieces, pace = [], []
    for line, ahead, behind in zip(lines.geometry, lines.ahead, lines.behind, strict=True):
        for pair in pairwise(line.coords):
            pieces.append(LineString(pair))
            pace.append((ahead, behind))
    everyone = [*demand, *schools]
    gap = shapely.distance(np.array(everyone)[:, None], np.array(pieces)[None, :])
    number, rows, columns, weights = {}, [], [], []

    def join(a, b, weight):
        if a != b and np.isfinite(weight):
            rows.append(number.setdefault(a, len(number)))
            columns.append(number.setdefault(b, len(number)))
            weights.append(max(weight, 1e-300))

    stops = [[(0.0, piece.coords[0]), (piece.length, piece.coords[1])] for piece in pieces]
    for who, place in enumerate(everyone):
        best = int(gap[who].argmin())
        if gap[who, best] <= limit:
            along = pieces[best].project(place)
            key = {0.0: pieces[best].coords[0], pieces[best].length: pieces[best].coords[1]}.get(along, ("foot", who))
            stops[best].append((along, key))
            join(("place", who), key, gap[who, best] * access_pace)
            join(key, ("place", who), gap[who, best] * access_pace)
    for stop, (ahead, behind) in zip(stops, pace, strict=True):
        stop.sort(key=lambda pair: (pair[0], str(pair[1])))
        for (a, one), (b, other) in pairwise(stop):
            join(one, other, (b - a) * ahead)
            join(other, one, (b - a) * behind)
    ends = [number.setdefault(("place", who), len(number)) for who in range(len(everyone))]
    table = coo_array((weights, (rows, columns)), shape=(len(number), len(number))).tocsr()
    return dijkstra(table, indices=ends[: len(demand)])[:, ends[len(demand) :]]


@pytest.mark.parametrize("seed", range(4))
def test_one_way_costs_agree_with_scipy_on_the_directed_split_graph(seed):
    lines, rng = one_way_town(seed)
    demand, schools = (gpd.GeoSeries(shapely.points(rng.uniform(-50, 650, (n, 2))), crs=METRIC) for n in (120, 25))
    travel = Travel("drive", "minutes", 0.015)
    streets = Streets.from_lines(lines, pace_columns=("ahead", "behind"), travel=travel, **FREE)
    assert streets.graph.directed
    found = streets.costs(demand, schools)
    full = np.full((120, 25), np.inf)
    full[np.repeat(np.arange(120), np.diff(found.indptr)), found.indices] = found.values
    expected = oracle(lines, demand, schools, 0.015)
    assert np.array_equal(np.isfinite(full), np.isfinite(expected))
    assert np.allclose(full, expected, rtol=2e-6, atol=0)
    near = streets.costs(demand, schools, cutoff=4.0)
    assert len(near.values) == (full <= np.float32(4.0)).sum()


@pytest.mark.parametrize("seed", range(2))
def test_areas_of_one_way_streets_hold_whoever_arrives_in_time_and_nobody_else(seed):
    lines, rng = one_way_town(seed)
    streets = Streets.from_lines(
        lines, pace_columns=("ahead", "behind"), travel=Travel("drive", "minutes", 0.015), **FREE
    )
    schools = gpd.GeoSeries(shapely.points(rng.uniform(0, 600, (8, 2))), crs=METRIC)
    points = shapely.line_interpolate_point(
        lines.geometry.to_numpy()[:, None], np.linspace(0.02, 0.98, 7), normalized=True
    )
    probes = gpd.GeoSeries(points.ravel(), crs=METRIC)
    found = streets.costs(probes, schools)
    full = np.full((len(probes), 8), np.inf)
    full[np.repeat(np.arange(len(probes)), np.diff(found.indptr)), found.indices] = found.values
    from edulayout.streets.areas import reached  # noqa: PLC0415 - only here

    whole, parts, owner = reached(streets.graph, streets._snapped(schools, "schools"), radius=4.0)
    ways = streets.graph.lines[whole]
    ways[whole < 0] = parts
    for school in range(8):
        gap = shapely.distance(probes.to_numpy(), shapely.union_all(ways[owner == school]))
        certain = np.abs(full[:, school] - 4.0) > 1e-4
        assert np.array_equal((gap < 1e-6)[certain], (full[:, school] <= 4.0)[certain])


def test_everything_is_saved_and_an_older_file_is_refused(tmp_path):
    lines, rng = one_way_town(1)
    streets = Streets.from_lines(
        lines, pace_columns=("ahead", "behind"), travel=Travel("drive", "minutes", 0.015), **FREE
    )
    streets = streets.with_crossings(places((1, 2)))
    streets.save(tmp_path / "streets.npz")
    again = Streets.load(tmp_path / "streets.npz")
    assert (again.travel, again.crossings.tolist()) == (streets.travel, [[1.0, 2.0]])
    for name, array in streets.graph.arrays().items():
        assert np.array_equal(array, again.graph.arrays()[name]), name
    homes = gpd.GeoSeries(shapely.points(rng.uniform(0, 600, (20, 2))), crs=METRIC)
    assert np.array_equal(again.costs(homes, homes).values, streets.costs(homes, homes).values)
    np.savez(tmp_path / "old.npz", format=np.array("edulayout streets 1"))
    (tmp_path / "none.npz").write_bytes(b"no streets")
    for name in ("old", "none"):
        with pytest.raises(InputError, match="edulayout streets 2"):
            Streets.load(tmp_path / f"{name}.npz")


@pytest.mark.real_data
def test_liechtenstein_by_bike_and_car(real_data):
    path = real_data / "liechtenstein_osm/liechtenstein-latest.osm.pbf"
    walk, bike, drive = (
        el.read_streets(path, mode=mode, unit="minutes", crs="EPSG:32632") for mode in ("walk", "bike", "drive")
    )
    assert walk.summary()["kilometres"] > bike.summary()["kilometres"] > drive.summary()["kilometres"] > 400
    assert (walk.graph.directed, bike.graph.directed, drive.graph.directed) == (False, True, True)
    assert len(walk.crossings) > 100
    schools = gpd.read_file(real_data / "liechtenstein_osm/schools.gpkg").to_crs("EPSG:32632").representative_point()
    on_foot, by_car = (np.median(it.costs(schools, schools).values) for it in (walk, drive))
    assert on_foot > 4 * by_car
    safe = el.read_streets(path, crs="EPSG:32632").avoiding(["primary", "secondary"])
    assert safe.set_aside["crossings_open"] > 50
