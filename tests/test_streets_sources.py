"""Streets from tables of edges, from graphs of osmnx, and from GraphML."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point

import edulayout as el
from edulayout.errors import CrsError, InputError
from edulayout.streets import Streets
from edulayout.streets.travel import Travel

METRIC = "EPSG:4544"
FREE = {"min_component_metres": 0.0}


def places(*xy, crs=METRIC):
    return gpd.GeoSeries([Point(it) for it in xy], index=[f"p{i}" for i in range(len(xy))], crs=crs)


def cost(streets, one, other):
    found = streets.costs(places(one), places(other))
    return float(found.values[0]) if len(found.values) else None


NODES = pd.DataFrame({"x": [0.0, 300.0, 300.0], "y": [0.0, 0.0, 400.0]}, index=["a", "b", "c"])
EDGES = pd.DataFrame({"from": ["a", "b", "c"], "to": ["b", "c", "a"]})
A, B, C = (0, 0), (300, 0), (300, 400)


def test_edges_without_more_are_straight_and_open_both_ways():
    streets = Streets.from_edges(NODES, EDGES, crs=METRIC, **FREE)
    assert [cost(streets, A, B), cost(streets, B, C), cost(streets, A, C)] == [300.0, 400.0, 500.0]
    assert streets.summary()["kilometres"] == 1.2


def test_stated_lengths_are_the_costs_and_one_way_counts():
    edges = EDGES.assign(
        length=[310.0, 400.0, 900.0], oneway=[True, "no", "yes"], **{"class": ["primary", "path", "path"]}
    )
    streets = Streets.from_edges(NODES, edges, crs=METRIC, **FREE)
    assert cost(streets, A, B) == pytest.approx(310.0)
    assert cost(streets, C, A) == pytest.approx(900.0)
    assert cost(streets, A, C) == pytest.approx(710.0)
    assert cost(streets, B, A) == pytest.approx(1300.0)
    assert cost(streets, (150, 0), B) == pytest.approx(155.0)
    assert streets.classes == ("path", "primary")


def test_minutes_of_edges_and_a_course_of_their_own():
    drawn = gpd.GeoDataFrame(EDGES.assign(minutes=[3.0, 4.0, 100.0]), crs=METRIC,
                             geometry=[LineString([A, (150, 80), B]), None, None])  # fmt: skip
    streets = Streets.from_edges(NODES, drawn, crs=METRIC, travel=Travel("walk", "minutes", 0.015), **FREE)
    assert streets.unit == "minutes"
    assert cost(streets, (150, 80), C) == pytest.approx(1.5 + 4.0)


def test_every_fault_of_both_tables_is_told():
    with pytest.raises(InputError) as caught:
        Streets.from_edges(NODES.drop(columns="y"), EDGES.drop(columns="to"), crs=METRIC)
    assert [fault.source for fault in caught.value.faults] == ["nodes", "edges"]
    with pytest.raises(InputError) as caught:
        Streets.from_edges(NODES.assign(x=["0", "east", "300"]), EDGES.assign(to=["b", "z", "a"]), crs=METRIC)
    assert [fault.rows for fault in caught.value.faults] == [("b",), ("1",)]
    with pytest.raises(InputError, match="twice"):
        Streets.from_edges(pd.concat([NODES, NODES]), EDGES, crs=METRIC)
    with pytest.raises(InputError) as caught:
        Streets.from_edges(NODES, EDGES.assign(length=[1.0, -2.0, "long"]), crs=METRIC)
    assert caught.value.faults[0].rows == ("1", "2")
    with pytest.raises(InputError, match="no length"):
        Streets.from_edges(NODES.assign(x=0.0, y=0.0), EDGES, crs=METRIC)
    with pytest.raises(InputError, match="minutes"):
        Streets.from_edges(NODES, EDGES, crs=METRIC, travel=Travel("walk", "minutes", 0.015))
    with pytest.raises(InputError, match="no rows"):
        Streets.from_edges(NODES, EDGES.iloc[:0], crs=METRIC)
    with pytest.raises(CrsError, match="metres"):
        Streets.from_edges(NODES, EDGES, crs="EPSG:4490")


class MultiDiGraph:
    """As much of networkx's class as osmnx graphs are read by."""

    def __init__(self, nodes, edges, **about):
        self._nodes, self._edges, self.graph = nodes, edges, about

    def nodes(self, data):
        assert data
        return self._nodes.items()

    def edges(self, data):
        assert data
        return self._edges


def graph(**about):
    """A two-way bent street 1–2, a one-way straight street 2–3, and the way back 3–1 of two classes."""
    nodes = {1: {"x": 0.0, "y": 0.0}, 2: {"x": 300.0, "y": 0.0}, 3: {"x": 300.0, "y": 400.0}}
    bent = LineString([A, (150, 80), B])
    edges = [
        (1, 2, {"highway": "residential", "geometry": bent, "oneway": False, "reversed": False, "travel_time": 60.0}),
        (
            2,
            1,
            {
                "highway": "residential",
                "geometry": bent.reverse(),
                "oneway": False,
                "reversed": True,
                "travel_time": 60.0,
            },
        ),
        (2, 3, {"highway": "primary", "oneway": True, "travel_time": 30.0}),
        (3, 1, {"highway": ["secondary", "tertiary"], "oneway": True, "travel_time": 90.0}),
    ]
    return MultiDiGraph(nodes, edges, **{"crs": METRIC, **about})


def test_a_graph_of_osmnx_on_foot_and_by_car():
    walk = Streets.from_osmnx(graph(), **FREE)
    assert (walk.graph.nodes, walk.graph.edges, walk.graph.directed) == (3, 3, False)
    assert walk.classes == ("primary", "residential", "secondary")
    assert [cost(walk, A, B), cost(walk, C, B)] == [340.0, 400.0]
    drive = Streets.from_osmnx(graph(), travel=Travel("drive"), **FREE)
    assert [cost(drive, B, C), cost(drive, C, B), cost(drive, B, A)] == [400.0, 840.0, 340.0]
    minutes = Streets.from_osmnx(graph(), travel=Travel("drive", "minutes", 0.015), **FREE)
    assert [cost(minutes, B, C), cost(minutes, C, B)] == pytest.approx([0.5, 2.5])


def test_a_graph_in_degrees_is_projected_and_something_else_refused():
    lonlat = places(A, B, C).translate(500_000, 3_490_000).to_crs("EPSG:4326")
    nodes = {i + 1: {"x": point.x, "y": point.y} for i, point in enumerate(lonlat)}
    degrees = MultiDiGraph(nodes, [(1, 2, {}), (2, 1, {})], crs="EPSG:4326")
    streets = Streets.from_osmnx(degrees, crs=METRIC, **FREE)
    assert streets.graph.edge_length.sum() == pytest.approx(300.0, abs=1e-3)
    with pytest.raises(CrsError, match="metres"):
        Streets.from_osmnx(degrees)
    with pytest.raises(CrsError, match="no CRS"):
        Streets.from_osmnx(graph(crs=None))
    with pytest.raises(InputError, match="list, which has no nodes"):
        Streets.from_osmnx([])


GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
{doctype}<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="graph" attr.name="crs" attr.type="string"/>
<key id="d1" for="node" attr.name="x" attr.type="string"/><key id="d2" for="node" attr.name="y" attr.type="string"/>
<key id="d3" for="edge" attr.name="highway" attr.type="string"/>
<key id="d4" for="edge" attr.name="geometry" attr.type="string"/>
<graph edgedefault="directed"><data key="d0">EPSG:4544</data>
<node id="1"><data key="d1">0.0</data><data key="d2">0.0</data></node>
<node id="2"><data key="d1">300.0</data><data key="d2">0.0</data></node>
<node id="3"><data key="d1">300.0</data><data key="d2">400.0</data></node>
<edge source="1" target="2"><data key="d3">residential</data><data key="d4">LINESTRING (0 0, 150 80, 300 0)</data></edge>
<edge source="2" target="1"><data key="d3">residential</data><data key="d4">LINESTRING (300 0, 150 80, 0 0)</data></edge>
<edge source="2" target="3"><data key="d3">['primary', 'trunk']</data></edge>
{more}</graph></graphml>"""


def graphml(tmp_path, doctype="", more=""):
    path = tmp_path / "town.graphml"
    path.write_text(GRAPHML.format(doctype=doctype, more=more), encoding="utf-8")
    return path


def test_graphml_as_osmnx_saves_it(tmp_path):
    walk = el.read_streets(graphml(tmp_path), **FREE)
    assert [cost(walk, A, B), cost(walk, C, B)] == [340.0, 400.0]
    assert walk.classes == ("primary", "residential")
    drive = el.read_streets(graphml(tmp_path), mode="drive", **FREE)
    assert [cost(drive, B, C), cost(drive, C, B)] == [400.0, None]
    with pytest.raises(InputError, match="travel_time"):
        el.read_streets(graphml(tmp_path), unit="minutes")


@pytest.mark.parametrize(
    ("doctype", "more", "told"),
    [
        ('<!DOCTYPE bomb [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n', "", "document type"),
        ("", "<edge>", "cannot be read as GraphML"),
        ("", '<edge source="1" target="9"/>', "the table of nodes lacks"),
    ],
)
def test_bad_graphml_is_refused(tmp_path, doctype, more, told):
    with pytest.raises(InputError, match=told):
        el.read_streets(graphml(tmp_path, doctype, more))


def test_graphml_without_a_graph_is_refused(tmp_path):
    path = tmp_path / "empty.graphml"
    path.write_text("<graphml><graph/></graphml>")
    with pytest.raises(InputError, match="without nodes or edges"):
        el.read_streets(path)


def test_a_table_gives_the_same_distances_as_the_lines():
    rng = np.random.default_rng(0)
    nodes = pd.DataFrame(rng.uniform(0, 1000, (60, 2)), columns=["x", "y"], index=[f"n{i}" for i in range(60)])
    ends = np.array([(i, j) for i in range(60) for j in rng.integers(0, 60, 3) if i < j])
    edges = pd.DataFrame({"from": nodes.index[ends[:, 0]], "to": nodes.index[ends[:, 1]]})
    by_table = Streets.from_edges(nodes, edges, crs=METRIC, **FREE)
    xy = nodes.to_numpy()
    by_lines = Streets.from_lines(gpd.GeoSeries([LineString(xy[pair]) for pair in ends], crs=METRIC), **FREE)
    homes = places(*rng.uniform(0, 1000, (50, 2)))
    assert np.array_equal(by_table.costs(homes, homes).values, by_lines.costs(homes, homes).values)
