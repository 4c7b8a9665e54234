"""Streets from files: OSM extracts, line layers, and what is wrong with them; whether kernels are compiled."""

import gzip
import os
import subprocess
import sys
import time

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, Point

import edulayout as el
from edulayout import kernels
from edulayout.errors import CrsError, InputError, MissingFileError
from edulayout.reading.rules import refusal, rules
from edulayout.typing import quiet

METRIC = "EPSG:4544"
LIECHTENSTEIN = "liechtenstein_osm/liechtenstein-latest.osm.pbf"

NODES = {1: (0, 0), 2: (0.001, 0), 3: (0.002, 0), 4: (0.002, 0.001), 5: (0.001, 0.001), 6: (0.001, -0.001), 7: (0, 1)}


def osm(*ways, nodes=NODES):
    """Return an OSM file: each way is its nodes and its tags."""
    lines = [f'<node id="{i}" version="1" lon="{105 + x}" lat="{31 + y}"/>' for i, (x, y) in nodes.items()]
    for number, (refs, tags) in enumerate(ways, start=1):
        inside = [f'<nd ref="{ref}"/>' for ref in refs] + [f'<tag k="{k}" v="{v}"/>' for k, v in tags.items()]
        lines.append(f'<way id="{number}" version="1">{"".join(inside)}</way>')
    return f'<?xml version="1.0"?><osm version="0.6">{"".join(lines)}</osm>'


@pytest.fixture
def extract(tmp_path):
    def write(*ways, name="city.osm", nodes=NODES):
        path = tmp_path / name
        text = osm(*ways, nodes=nodes)
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text)
        return path

    return write


def read(path, **options):
    return el.read_streets(path, crs=METRIC, min_component_metres=0.0, **options)


STREET = {"highway": "residential"}


@pytest.mark.parametrize("name", ["city.osm", "city.osm.gz"])
def test_ways_meet_where_they_share_a_node_and_only_there(extract, name):
    streets = read(extract(([1, 2, 3], STREET), ([5, 2], {"highway": "footway"}), ([5, 4], STREET), name=name))
    assert streets.summary()["components"] == 1
    assert (streets.graph.nodes, streets.graph.edges) == (5, 4)
    assert streets.classes == ("footway", "residential")
    crossing = read(extract(([1, 2], STREET), ([5, 6], STREET), nodes={**NODES, 1: (0, 0), 2: (0.002, 0)}))
    assert crossing.summary()["components"] == 2


def test_lengths_are_those_of_the_plane(extract):
    line = gpd.GeoSeries([LineString([(105, 31), (105.001, 31), (105.002, 31)])], crs="EPSG:4326").to_crs(METRIC)
    streets = read(extract(([1, 2, 3], STREET)))
    assert streets.graph.edge_length[0] == pytest.approx(line.length[0], abs=1e-6)


def test_a_way_cut_at_the_border_keeps_the_pieces_that_are_there(extract):
    known = {i: NODES[i] for i in (1, 2, 3, 4, 5)}
    streets = read(extract(([1, 2, 99, 3, 4, 98, 5], STREET), nodes=known))
    assert streets.graph.edges == 2
    assert streets.set_aside["ways_cut_at_the_border"] == 1
    with pytest.raises(InputError, match="no way open to walk"):
        read(extract(([1, 99], STREET), nodes=known))


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"highway": "residential"}, None),
        ({"highway": "steps"}, None),
        ({"highway": "primary", "sidewalk": "no"}, None),
        ({"highway": "motorway"}, "highway=motorway"),
        ({"highway": "motorway", "foot": "yes"}, None),
        ({"highway": "primary", "motorroad": "yes"}, "motorroad=yes"),
        ({"highway": "construction"}, "highway=construction"),
        ({"highway": "proposed", "foot": "yes"}, "highway=proposed"),
        ({"highway": "path", "foot": "no"}, "foot=no"),
        ({"highway": "service", "access": "private"}, "access=private"),
        ({"highway": "service", "access": "private", "foot": "designated"}, None),
        ({"highway": "service", "access": "private", "sidewalk": "both"}, "access=private"),
        ({"highway": "busway", "sidewalk": "both"}, None),
        ({"highway": "busway"}, "highway=busway"),
    ],
)
def test_which_ways_a_child_can_walk(tags, reason):
    assert refusal(tags, rules("walk")) == reason


def test_what_is_left_out_is_counted(extract):
    streets = read(
        extract(([1, 2], STREET), ([2, 3], {"highway": "motorway"}), ([3, 4], {"highway": "motorway"}), ([5, 6], {}))
    )
    assert streets.summary()["ways_left_out highway=motorway"] == 2
    assert streets.graph.edges == 1


@pytest.mark.parametrize("content", [b"", b"no map at all", b"<osm><way></osm>"])
@pytest.mark.parametrize("name", ["city.osm", "city.osm.pbf"])
def test_a_file_that_is_no_extract_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as OpenStreetMap data"):
        read(path)


def test_an_extract_without_streets_is_refused(extract):
    with pytest.raises(InputError, match="no way open to walk"):
        read(extract(([1, 2], {"building": "yes"})))


def test_a_missing_file_and_a_missing_crs_are_told(tmp_path, extract):
    with pytest.raises(MissingFileError, match="no such file"):
        read(tmp_path / "nothing.osm.pbf")
    with pytest.raises(CrsError, match="degrees"):
        el.read_streets(extract(([1, 2], STREET)))
    with pytest.raises(CrsError, match="metres"):
        el.read_streets(extract(([1, 2], STREET)), crs="EPSG:4490")
    with pytest.raises(CrsError, match="PROJ does not know"):
        el.read_streets(extract(([1, 2], STREET)), crs="EPSG:0")


def test_another_mode_is_refused(extract):
    with pytest.raises(InputError, match="'walk'"):
        read(extract(([1, 2], STREET)), mode="fly")


# line layers


def layer(tmp_path, lines, name="streets.gpkg", crs=METRIC, **columns):
    path = tmp_path / name
    gpd.GeoDataFrame(columns, geometry=[LineString(line) for line in lines], crs=crs).to_file(path)
    return path


def test_a_layer_with_bridges_and_classes(tmp_path):
    lines = [(50, -900), (50, 0), (50, 900)], [(-900, 0), (0, 0)], [(0, 0), (50, 0), (100, 0)], [(100, 0), (900, 0)]
    kinds = ["street", "street", "bridge street", "street"]
    by_word = layer(tmp_path, lines, highway=kinds, bridge=["no", None, "yes", ""])
    by_level = layer(tmp_path, lines, name="b.gpkg", highway=kinds, layer=["0", None, "1", "0"])
    for path in (by_word, by_level):
        streets = el.read_streets(path, split_at_crossings=True)
        assert streets.summary()["components"] == 2
        assert streets.classes == ("bridge street", "street")
    flat = el.read_streets(layer(tmp_path, lines, name="c.gpkg"))
    assert flat.summary()["components"] == 1


def test_tags_of_a_layer_close_lines_and_words_of_its_own_do_not(tmp_path):
    lines = [[(i * 200, 0), (i * 200 + 200, 0)] for i in range(5)]
    path = layer(
        tmp_path,
        lines,
        highway=["motorway", "支路", "residential", "residential", None],
        foot=[None, None, "no", "yes", None],
    )
    streets = el.read_streets(path, min_component_metres=0)
    assert streets.graph.edge_length.sum() == 600.0
    summary = streets.summary()
    assert [summary["lines_left_out highway=motorway"], summary["lines_left_out foot=no"]] == [1, 1]
    closed = layer(tmp_path, lines[:1], name="closed.gpkg", highway=["motorway"])
    with pytest.raises(InputError, match="no lines"):
        el.read_streets(closed)


def test_a_layer_in_degrees_needs_a_target(tmp_path):
    path = layer(tmp_path, [[(105, 31), (105.01, 31)]], name="s.geojson", crs="EPSG:4326")
    with pytest.raises(CrsError, match="coordinates in degrees"):
        el.read_streets(path)
    streets = el.read_streets(path, crs=METRIC)
    assert streets.crs.to_epsg() == 4544
    assert streets.graph.edge_length[0] == pytest.approx(955, rel=1e-2)


def test_a_layer_of_points_or_with_odd_levels_is_refused(tmp_path):
    path = tmp_path / "points.gpkg"
    gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=METRIC).to_file(path)
    with pytest.raises(InputError, match="Point"):
        el.read_streets(path)
    odd = layer(tmp_path, [[(0, 0), (9, 9)], [(9, 9), (80, 9)]], layer=["ground", "1"])
    with pytest.raises(InputError, match="whole numbers") as caught:
        el.read_streets(odd)
    assert caught.value.faults[0].rows == ("row 1",)


def test_settings_reach_the_streets(tmp_path):
    river = gpd.GeoSeries([LineString([(0, 5), (100, 5)])], crs=METRIC)
    path = layer(tmp_path, [[(0, 0), (100, 0)]])
    streets = el.read_streets(path, snap_limit_metres=40.0, barriers=river)
    places = gpd.GeoSeries([Point(50, 41), Point(50, 8), Point(50, 4)], crs=METRIC)
    assert streets.snap(places).edge.tolist() == [-1, -1, 0]


# the real extracts


@pytest.mark.real_data
def test_liechtenstein_reads_whole(real_data):
    streets = el.read_streets(real_data / LIECHTENSTEIN, crs="EPSG:32632")
    summary = streets.summary()
    assert 1350 < summary["kilometres"] < 1450
    assert summary["share_in_largest"] > 0.96
    assert 20 < summary["fragments_left_out"] < 50


@pytest.mark.real_data
def test_every_school_of_liechtenstein_is_on_the_main_network_and_walks_are_walks(real_data):
    streets = el.read_streets(real_data / LIECHTENSTEIN, crs="EPSG:32632")
    schools = gpd.read_file(real_data / "liechtenstein_osm/schools.gpkg").to_crs("EPSG:32632").representative_point()
    snapped = streets.snap(schools)
    assert (streets.edges().component[snapped.edge] == 0).all()
    found = streets.costs(schools, schools, cutoff=None, progress=quiet)
    walk = found.values.reshape(len(schools), len(schools))
    line = el.Straight().costs(schools, schools).values.reshape(walk.shape)
    assert (walk >= line).all()
    assert np.allclose(walk, walk.T, rtol=1e-6)
    # a long narrow valley: detours are short, and every school can be walked to
    assert 1.05 < np.median(walk[line > 0] / line[line > 0]) < 1.5


@pytest.mark.real_data
def test_a_truncated_extract_is_refused(real_data, tmp_path):
    path = tmp_path / "short.osm.pbf"
    path.write_bytes((real_data / LIECHTENSTEIN).read_bytes()[:1_000_000])
    with pytest.raises(InputError, match="cut short"):
        read(path)


# compiled


def test_compiled_tells_whether_a_cache_is_there_and_fresh(tmp_path, monkeypatch):
    package = tmp_path / "kernels"
    (package / "__pycache__").mkdir(parents=True)
    monkeypatch.setattr(kernels, "_HERE", package)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("one", "two"):
        (package / f"{name}.py").write_text("")
    tag = f"py{sys.version_info.major}{sys.version_info.minor}"
    assert not kernels.compiled()
    (package / "__pycache__" / f"one.f-12.{tag}.nbi").write_text("")
    assert kernels.compiled("one")
    assert not kernels.compiled()
    elsewhere = tmp_path / "cache" / "numba" / "kernels_0123"
    elsewhere.mkdir(parents=True)
    (elsewhere / f"two.g-3.{tag}.nbi").write_text("")
    assert kernels.compiled()
    later = time.time() + 10
    os.utime(package / "two.py", (later, later))
    assert not kernels.compiled("two")


def test_compiled_is_true_after_a_run_with_its_own_cache_and_loads_no_numba(tmp_path):
    run = (
        "import sys\nfrom edulayout.kernels import compiled\nbefore = compiled('chains')\nassert 'numba' not in sys.modules\n"
        "import geopandas as gpd, edulayout as el\nfrom shapely import LineString\n"
        "el.Streets.from_lines(gpd.GeoSeries([LineString([(0, 0), (1, 0)])], crs='EPSG:4544'))\n"
        "print(before, compiled('chains'))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", run], env=environment, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["False", "True"]
