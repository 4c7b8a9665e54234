"""One contract for all engines, then what is particular to each."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from shapely import LineString, Point

import edulayout as el
from edulayout.engines import CostTable, Geodesic, Straight
from edulayout.engines.straight import _all_pairs, _largest_square, near_pairs
from edulayout.errors import CrsError, InputError
from edulayout.streets import Streets
from edulayout.typing import Engine

METRIC = "EPSG:4544"
ORIGIN = np.array([500_000.0, 3_490_000.0])


def town(seed=0, demand=60, schools=14):
    """Places of a small town; the first three pupils live on the sites of schools 2, 1, 0."""
    rng = np.random.default_rng(seed)
    sites = ORIGIN + rng.uniform(0, 1000, (schools, 2))
    homes = np.concatenate([sites[[2, 1, 0]], ORIGIN + rng.uniform(0, 1000, (demand - 3, 2))])
    return (
        gpd.GeoSeries(shapely.points(homes), index=[f"d{i:03}" for i in range(demand)], crs=METRIC),
        gpd.GeoSeries(shapely.points(sites), index=[f"s{i:03}" for i in range(schools)], crs=METRIC),
    )


def streets():
    steps = np.arange(0, 1001, 100.0)
    ends = [((a, b), (a + 100, b)) for a in steps[:-1] for b in steps]
    ends += [((a, b), (a, b + 100)) for a in steps for b in steps[:-1]]
    lines = [LineString(np.add(ORIGIN, pair)) for pair in ends]
    return Streets.from_lines(gpd.GeoSeries(lines, crs=METRIC))


def table():
    demand, schools = town()
    return CostTable(el.TravelCosts.from_dense(
        dense(Straight().costs(demand, schools), (60, 14)), demand_ids=demand.index, school_ids=schools.index, unit="metres"
    ).to_series(), unit="metres")  # fmt: skip


ENGINES = {"straight": Straight, "geodesic": Geodesic, "streets": streets, "table": table}


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request):
    return ENGINES[request.param]()


def ask(engine, demand, schools, cutoff=None):
    return engine.costs(demand, schools, cutoff=cutoff, progress=el.typing.quiet)


def dense(found, shape):
    full = np.full(shape, np.inf)
    full[np.repeat(np.arange(shape[0]), np.diff(found.indptr)), found.indices] = found.values
    return full


def test_it_is_an_engine_with_a_name_and_a_unit(engine):
    assert isinstance(engine, Engine)
    assert engine.name in ENGINES
    assert engine.unit == "metres"


@pytest.mark.parametrize("cutoff", [None, 400.0, 0.0])
def test_the_arrays_keep_their_form(engine, cutoff):
    found = ask(engine, *town(), cutoff)
    assert (found.indptr.dtype, found.indices.dtype, found.values.dtype) == (np.int64, np.int32, np.float32)
    assert found.indptr[0] == 0
    assert found.indptr[-1] == len(found.indices) == len(found.values)
    rows = np.repeat(np.arange(60), np.diff(found.indptr))
    assert (np.diff(rows * 14 + found.indices) > 0).all()
    assert np.isfinite(found.values).all()
    assert (found.values >= 0).all()


def test_a_pupil_on_the_site_costs_nothing_and_is_kept(engine):
    found = dense(ask(engine, *town(), 50.0), (60, 14))
    assert [found[0, 2], found[1, 1], found[2, 0]] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("cutoff", [0.0, 123.4, 500.0, 2000.0])
def test_a_cutoff_only_takes_away(engine, cutoff):
    full = dense(ask(engine, *town()), (60, 14))
    assert np.isfinite(full).all()
    near = dense(ask(engine, *town(), cutoff), (60, 14))
    assert np.array_equal(near, np.where(full <= np.float32(cutoff), full, np.inf))


def test_the_order_of_places_does_not_matter(engine):
    demand, schools = town()
    rows, columns = np.random.default_rng(1).permutation(60), np.random.default_rng(2).permutation(14)
    turned = dense(ask(engine, demand.iloc[rows], schools.iloc[columns], 700.0), (60, 14))
    assert np.array_equal(turned, dense(ask(engine, demand, schools, 700.0), (60, 14))[np.ix_(rows, columns)])


def test_some_places_cost_the_same_as_among_all(engine):
    demand, schools = town()
    some = dense(ask(engine, demand.iloc[5:20], schools.iloc[[7, 3]]), (15, 2))
    assert np.array_equal(some, dense(ask(engine, demand, schools), (60, 14))[5:20, [7, 3]])


def test_the_arguments_stay_as_they_are(engine):
    demand, schools = town()
    ask(engine, demand, schools, 300.0)
    again = town()
    assert demand.equals(again[0])
    assert schools.equals(again[1])


@pytest.mark.parametrize("name", ["straight", "geodesic", "streets"])
def test_there_is_as_far_as_back(name):
    demand, schools = town()
    there, back = (dense(ask(ENGINES[name](), *ends), shape) for ends, shape in
                   (((demand, schools), (60, 14)), ((schools, demand), (14, 60))))  # fmt: skip
    assert np.allclose(there, back.T, rtol=2e-7, atol=0)


@pytest.mark.parametrize("name", ["straight", "geodesic", "streets"])
def test_other_names_change_nothing(name):
    demand, schools = town()
    renamed = demand.set_axis(demand.index[::-1]), schools.set_axis(schools.index[::-1])
    one, other = ask(ENGINES[name](), demand, schools, 400.0), ask(ENGINES[name](), *renamed, 400.0)
    assert np.array_equal(one.indices, other.indices)
    assert np.array_equal(one.values, other.values)


@pytest.mark.parametrize("name", ["straight", "geodesic", "streets"])
def test_areas_grow_with_the_radius_and_hold_their_school(name):
    _, schools = town()
    small, large = (ENGINES[name]().areas(schools, radius=radius) for radius in (150.0, 300.0))
    assert small.index.equals(schools.index)
    assert small.crs == schools.crs
    assert small.is_valid.all()
    assert small.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    assert (small.area < large.area).all()
    assert large.contains(schools).all()
    assert large.buffer(1e-6).contains(small).all()


@pytest.mark.parametrize("name", ["straight", "geodesic", "streets"])
def test_a_missing_crs_is_refused(name):
    demand, schools = town()
    bare = gpd.GeoSeries(schools.to_numpy())
    with pytest.raises(CrsError):
        ask(ENGINES[name](), demand, bare)
    with pytest.raises(CrsError):
        ENGINES[name]().areas(bare, radius=10)


# the straight line


def test_straight_by_hand_and_its_border_is_inside():
    home = gpd.GeoSeries([Point(0, 0)], crs=METRIC)
    sites = gpd.GeoSeries([Point(30, 40), Point(-300, 400), Point(0, 500.001)], crs=METRIC)
    assert ask(Straight(), home, sites).values.tolist() == [50.0, 500.0, np.float32(500.001)]
    assert ask(Straight(), home, sites, 500.0).indices.tolist() == [0, 1]


def test_straight_refuses_degrees():
    demand, schools = (series.to_crs("EPSG:4490") for series in town())
    with pytest.raises(CrsError, match="degree"):
        ask(Straight(), demand, schools)


@pytest.mark.parametrize(("seed", "cutoff"), [(0, 3.0), (1, 40.0), (2, 555.5), (3, 5000.0)])
def test_straight_agrees_with_all_pairs(seed, cutoff):
    rng = np.random.default_rng(seed)
    scale = rng.choice([1.0, 300.0, 4000.0], (500, 1))
    demand = gpd.GeoSeries(shapely.points(rng.uniform(-1, 1, (500, 2)) * scale), crs=METRIC)
    schools = gpd.GeoSeries(shapely.points(rng.uniform(-2, 2, (90, 2)) * 2000), crs=METRIC)
    full = dense(ask(Straight(), demand, schools), (500, 90))
    expected = shapely.distance(demand.to_numpy()[:, None], schools.to_numpy()[None, :])
    assert np.allclose(full, expected, rtol=1e-7)
    near = dense(ask(Straight(), demand, schools, cutoff), (500, 90))
    assert np.array_equal(near, np.where(full <= np.float32(cutoff), full, np.inf))


@pytest.mark.parametrize("homes", [[(5, 5)], [(5, 5), (5, 5)], [(0, 5), (900, 5)], []])
def test_straight_with_places_in_a_point_or_a_line_or_nowhere(homes):
    demand = gpd.GeoSeries([Point(home) for home in homes], crs=METRIC)
    school = gpd.GeoSeries([Point(5, 8)], crs=METRIC)
    found = dense(ask(Straight(), demand, school, 100.0), (len(homes), 1))
    expected = np.hypot(*(np.array(homes, dtype=float).reshape(-1, 2) - (5, 8)).T)
    assert np.allclose(found[:, 0], np.where(expected <= 100, expected, np.inf))
    assert ask(Straight(), school, demand, 100.0).indptr[-1] == np.isfinite(found).sum()


@pytest.mark.parametrize("cutoff", [0.0, 0.1, 300.0, 1000.0, 1e-30, 1e30, 16_777_217.0])
def test_the_largest_square_is_the_last_that_is_stored_as_within(cutoff):
    square = _largest_square(cutoff)
    assert np.float32(np.sqrt(square)) <= np.float32(cutoff) < np.float32(np.sqrt(np.nextafter(square, np.inf)))


@pytest.mark.parametrize(("demand", "spread", "cutoff"), [(30, 50.0, 1000.0), (3000, 9000.0, 700.0), (3000, 3.0, 0.5)])
def test_pairs_near_by_are_those_of_all_pairs_bit_for_bit(demand, spread, cutoff):
    rng = np.random.default_rng(4)
    x, y = np.round(rng.uniform(-spread, spread, (2, demand)), 1)
    school_x, school_y = np.round(rng.uniform(-spread, spread, (2, 40)), 1)
    full = dense(_all_pairs(x, y, school_x, school_y), (demand, 40))
    near = near_pairs(x, y, school_x, school_y, cutoff=cutoff, progress=el.typing.quiet)
    assert np.array_equal(dense(near, (demand, 40)), np.where(full <= np.float32(cutoff), full, np.inf))
    rows = np.repeat(np.arange(demand), np.diff(near.indptr))
    assert (np.diff(rows * 40 + near.indices) > 0).all()


@pytest.mark.parametrize("step", [1, 2, 3])
def test_places_on_the_border_of_a_cell_keep_their_schools(step):
    """Places and schools on a lattice of the cells' size: every sum of coordinates lies on a border."""
    x, y = (axis.ravel() * 50.0 for axis in np.meshgrid(np.arange(0, 60, step), np.arange(0, 60, step)))
    school_x, school_y = x[::37] - 100.0, y[::37] + 50.0
    near = near_pairs(x, y, school_x, school_y, cutoff=100.0, progress=el.typing.quiet)
    square = (school_x - x[:, None]) ** 2 + (school_y - y[:, None]) ** 2
    assert np.array_equal(
        dense(near, square.shape), np.where(square <= 1e4, np.sqrt(square).astype(np.float32), np.inf)
    )


def test_a_place_without_coordinates_has_no_school_near_by():
    x = np.array([0.0, np.nan, 5.0])
    near = near_pairs(x, x, np.array([1.0, np.nan]), np.array([1.0, 2.0]), cutoff=2.0, progress=el.typing.quiet)
    assert (near.indptr.tolist(), near.indices.tolist()) == ([0, 1, 1, 1], [0])


# the geodesic


def test_geodesic_by_geod():
    home = gpd.GeoSeries([Point(105.0, 31.0)], crs="EPSG:4490")
    school = gpd.GeoSeries([Point(105.01, 31.02)], crs="EPSG:4490")
    metres = Geod(ellps="GRS80").inv(105.0, 31.0, 105.01, 31.02)[2]
    assert ask(Geodesic(), home, school).values[0] == np.float32(metres)
    # a degree of the meridian at the pole and the equator (WGS 84): 111 694 m and 110 574 m
    poles = gpd.GeoSeries([Point(0, 89), Point(0, 0)], crs="EPSG:4326")
    ends = gpd.GeoSeries([Point(0, 90), Point(0, 1)], crs="EPSG:4326")
    assert dense(ask(Geodesic(), poles, ends), (2, 2)).diagonal().round().tolist() == [111694.0, 110574.0]


def test_geodesic_area_is_the_disc():
    school = gpd.GeoSeries([Point(105.97, 31.58)], crs="EPSG:4490")
    disc = Geodesic().areas(school, radius=1000.0).to_crs("EPSG:4544")
    assert disc.area.iloc[0] == pytest.approx(np.pi * 1e6, rel=3e-3)


# the given table


def frame():
    return pd.DataFrame({"from": ["a", "a", "b"], "to": ["s", "t", "t"], "cost": [0.0, 7.5, np.nan]})


def ids(*names):
    return gpd.GeoSeries([Point(0, 0)] * len(names), index=list(names), crs=METRIC)


def test_a_table_is_looked_up_by_id():
    given = CostTable(frame(), unit="minutes")
    found = ask(given, ids("b", "a"), ids("t", "s"))
    assert given.unit == "minutes"
    assert (found.indptr.tolist(), found.indices.tolist(), found.values.tolist()) == ([0, 0, 2], [0, 1], [7.5, 0.0])


def test_a_table_names_the_ids_that_it_lacks():
    with pytest.raises(InputError) as caught:
        ask(CostTable(frame(), unit="minutes"), ids("a", "x", "y"), ids("s", "z"))
    assert [fault.rows for fault in caught.value.faults] == [("x", "y"), ("z",)]


def test_numbers_as_ids_are_compared_as_text():
    given = CostTable(pd.DataFrame({"from": [101], "to": [7], "cost": [3]}), unit="metres")
    assert ask(given, ids("101"), ids("7")).values.tolist() == [3.0]
    with pytest.raises(InputError, match="0101"):
        ask(given, ids("0101"), ids("7"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": [1.0, -1.0, 2.0]}, "negative or infinite"),
        ({"cost": [1.0, np.inf, 2.0]}, "negative or infinite"),
        ({"to": ["s", "s", "t"]}, "stand twice"),
    ],
)
def test_a_wrong_table_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        CostTable(frame().assign(**change), unit="minutes")


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(InputError, match="missing: cost"):
        CostTable(frame().rename(columns={"cost": "minutes"}), unit="minutes")
    with pytest.raises(InputError, match="1 level"):
        CostTable(pd.Series([1.0], index=["a"]), unit="minutes")


def test_a_table_draws_no_areas():
    with pytest.raises(InputError, match="knows the ground"):
        CostTable(frame(), unit="minutes").areas(ids("s"), radius=500)
