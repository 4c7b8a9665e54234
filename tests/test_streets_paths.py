"""The ways themselves: as long as they cost, along the streets, by hand and on random towns."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point

from edulayout.errors import InputError
from edulayout.streets import Streets

METRIC = "EPSG:4544"


def streets_of(*lines, **options):
    options.setdefault("min_component_metres", 0.0)
    return Streets.from_lines(gpd.GeoSeries([LineString(line) for line in lines], crs=METRIC), **options)


def places(*xy, name="p"):
    return gpd.GeoSeries([Point(it) for it in xy], index=[f"{name}{i}" for i in range(len(xy))], crs=METRIC)


def test_a_way_leads_from_door_to_door():
    streets = streets_of([(0, 0), (100, 0), (100, 200)], [(100, 0), (300, 0)])
    way = streets.paths(places((30, 10)), places((95, 150), name="s"))
    assert way.geometry.item().equals_exact(LineString([(30, 10), (30, 0), (100, 0), (100, 150), (95, 150)]), 0)
    assert way[["demand_id", "school_id", "cost", "metres"]].values.tolist() == [["p0", "s0", 235.0, 235.0]]
    back = streets.paths(places((95, 150)), places((30, 10), name="s"))
    assert back.geometry.item().equals_exact(way.geometry.item().reverse(), 0)


def test_on_one_edge_and_on_one_spot():
    streets = streets_of([(0, 0), (50, 0), (100, 0)])
    home, school = places((10, 5), (70, 0)), places((70, 0), name="s")
    ways = streets.paths(home, school)
    assert ways.geometry.iloc[0].wkt == "LINESTRING (10 5, 10 0, 50 0, 70 0)"
    assert ways.metres.tolist() == [65.0, 0.0]
    assert ways.geometry.iloc[1].length == 0.0


def test_a_ring_is_walked_the_short_way_round():
    streets = streets_of([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    way = streets.paths(places((10, 0)), places((0, 30), name="s")).geometry.item()
    assert way.wkt == "LINESTRING (10 0, 0 0, 0 30)"


def test_pairs_are_those_asked_for_and_an_island_has_no_way():
    streets = streets_of([(0, 0), (500, 0)], [(0, 1000), (500, 1000)])
    homes, schools = places((10, 0), (10, 1000)), places((20, 0), (400, 0), name="s")
    asked = [("p0", "s1"), ("p1", "s0"), ("p0", "s0")]
    ways = streets.paths(homes, schools, pairs=asked)
    assert ways[["demand_id", "school_id"]].values.tolist() == [["p0", "s1"], ["p0", "s0"]]
    assert ways.metres.tolist() == [390.0, 10.0]
    assert streets.paths(homes, schools).school_id.tolist() == ["s0"]
    assert len(streets.paths(homes.iloc[:0], schools)) == 0
    with pytest.raises(InputError, match="demand lack") as caught:
        streets.paths(homes, schools, pairs=[("p9", "s0"), ("p0", "s7")])
    assert [fault.rows for fault in caught.value.faults] == [("p9",), ("s7",)]


def test_a_place_without_a_street_has_no_way():
    streets = streets_of([(0, 0), (500, 0)])
    assert len(streets.paths(places((0, 900)), places((10, 0), name="s"), pairs=[("p0", "s0")])) == 0


def town(seed, size=9):
    rng = np.random.default_rng(seed)
    node = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1) * 100.0 + rng.uniform(
        -30, 30, (size, size, 2)
    )
    pairs = [(node[j, i], node[j, i + 1]) for j in range(size) for i in range(size - 1)]
    pairs += [(node[j, i], node[j + 1, i]) for j in range(size - 1) for i in range(size)]
    lines = [LineString([a, (a + b) / 2 + rng.uniform(-15, 15, 2), b]) for a, b in pairs if rng.random() < 0.75]
    return gpd.GeoDataFrame({"kind": rng.choice(["a", "b"], len(lines))}, geometry=lines, crs=METRIC), rng


def paced(seed):
    lines, rng = town(seed)
    ahead, behind = rng.choice([0.01, 0.02], len(lines)), rng.choice([0.01, 0.03, np.inf], len(lines))
    return Streets.from_lines(lines.assign(ahead=ahead, behind=behind), pace_columns=("ahead", "behind"), min_component_metres=0), rng  # fmt: skip


def plain(seed):
    lines, rng = town(seed)
    return Streets.from_lines(lines, min_component_metres=0), rng


def safe(seed):
    lines, rng = town(seed)
    made = Streets.from_lines(lines, class_column="kind", min_component_metres=0)
    return made.avoiding(["a"], how="anywhere", extra_metres=25), rng


@pytest.mark.parametrize("make", [plain, paced, safe])
@pytest.mark.parametrize("seed", range(2))
def test_ways_cost_what_the_engine_says_and_lie_on_the_streets(make, seed):
    streets, rng = make(seed)
    homes = gpd.GeoSeries(
        shapely.points(rng.uniform(-50, 900, (60, 2))), index=[f"h{i}" for i in range(60)], crs=METRIC
    )
    schools = gpd.GeoSeries(shapely.points(rng.uniform(0, 800, (6, 2))), index=[f"s{i}" for i in range(6)], crs=METRIC)
    found = streets.costs(homes, schools)
    rows = np.repeat(np.arange(60), np.diff(found.indptr))
    pairs = [(f"h{row}", f"s{column}") for row, column in zip(rows, found.indices, strict=True)]
    ways = streets.paths(homes, schools, pairs=pairs)
    assert list(zip(ways.demand_id, ways.school_id, strict=True)) == pairs
    assert np.allclose(ways.cost, found.values, rtol=1e-6)
    ground = streets.graph.lines
    assert np.allclose(ways.length, ways.metres, rtol=1e-9, atol=1e-6)
    if make is safe:
        crossings = (ways.cost - ways.metres) / 25
        assert np.allclose(crossings, crossings.round(), atol=1e-3)
        assert crossings.max() > 1
    if make is plain:
        assert np.allclose(ways.metres, ways.cost, rtol=1e-6)
    everywhere = shapely.union_all(ground).buffer(1e-6)
    between = [LineString(way.coords[1:-1]) for way in ways.geometry if len(way.coords) > 3]
    assert shapely.covers(everywhere, between).all()
    nearest = streets.paths(homes, schools)
    least = np.full(60, np.inf)
    np.minimum.at(least, rows, found.values)
    assert np.allclose(nearest.set_index("demand_id").cost, least[np.isfinite(least)], rtol=1e-6)
