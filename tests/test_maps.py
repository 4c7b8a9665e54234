"""The interactive map: what is embedded, and that nothing of it can run or load."""

import base64
import gzip
import hashlib
import html
import importlib
import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from edulayout import maps
from edulayout.errors import CrsError, InputError, TableError
from edulayout.maps import blocks, bundle, packing, payload, roads, walks
from edulayout.maps.bundle import Column

explore_module = importlib.import_module("edulayout.maps.explore")

CRS = "EPSG:4544"
X, Y = 592_000.0, 3_495_000.0
RADII = {"kindergarten": 300.0, "primary": 500.0}
HOSTILE = "<img src=x onerror=alert(1)>${7*7}{{7*7}}{% raw %}{# \\`'\"</script><script>alert(2)</script>"
VENDOR = Path(maps.__file__).parent / "vendor"


def grid(count, side=100.0):
    corners = [(X + side * (i % count), Y + side * (i // count)) for i in range(count * count)]
    return [box(x + 4, y + 4, x + side - 4, y + side - 4) for x, y in corners]


def school_rows(name="Little Star"):
    rows = [
        ("existing", "k1", name, "小星星", "kindergarten", "existing", X + 250, Y + 350),
        ("existing", "p1", "First Primary", "第一小学", "primary", "existing", X + 850, Y + 750),
        ("planned", "k1", name, "小星星", "kindergarten", "existing", X + 250, Y + 350),
        ("planned", "p1", "First Primary", "第一小学", "primary", "existing", X + 850, Y + 750),
        ("planned", "k2", "New Moon", "新月", "kindergarten", "planned", X + 850, Y + 350),
    ]
    names = ["layout", "school_id", "name_en", "name", "kind", "status"]
    return gpd.GeoDataFrame(
        [row[:6] for row in rows], columns=names, geometry=[Point(row[6:]) for row in rows], crs=CRS
    ).assign(seats_kindergarten=[270.0, np.nan, 270.0, np.nan, 180.0])


def measured(demand, schools):
    """Straight distances; block 0 reaches nothing."""
    centres = demand.geometry.centroid
    for stage in RADII:
        for layout in ("existing", "planned"):
            part = schools[(schools["layout"] == layout) & (schools["kind"] == stage)]
            gaps = np.column_stack([centres.distance(place) for place in part.geometry])
            metres = gaps.min(axis=1)
            metres[0] = np.inf
            demand[f"metres_{stage}_{layout}"] = metres
            demand[f"school_{stage}_{layout}"] = part["school_id"].to_numpy()[gaps.argmin(axis=1)]
    return demand


def city(count=10, name="Little Star"):
    side = 100.0 * count
    schools = school_rows(name)
    demand = gpd.GeoDataFrame(geometry=grid(count), crs=CRS)
    demand.index = pd.Index([f"b{i}" for i in range(len(demand))], name="demand_id")
    demand["population"] = 50.0
    demand["pupils_kindergarten"], demand["pupils_primary"] = 2.0, 3.0
    demand["district_id"] = "west"
    districts = gpd.GeoDataFrame(
        {"name": ["西区", "东区"], "name_en": ["West", name]},
        geometry=[box(X, Y, X + side / 2, Y + side), box(X + side / 2, Y, X + side, Y + side)],
        index=pd.Index(["west", "east"], name="district_id"),
        crs=CRS,
    )
    first = schools.drop_duplicates("school_id")
    areas = gpd.GeoDataFrame(
        {"stage": first["kind"], "school_id": first["school_id"], "layout": first["layout"]},
        geometry=first.buffer(200),
        crs=CRS,
    )
    candidates = gpd.GeoDataFrame(
        {"kinds": ["kindergarten;primary", "kindergarten"], "name": [name, "Depot"], "land": ["planned_land", "idle"],
         "area_m2": [5000.0, np.nan], "chosen_layout": ["", "planned"]},
        geometry=[box(X + 400, Y + 400, X + 450, Y + 450), Point(X + 850, Y + 350)],
        index=pd.Index(["c1", "c2"], name="candidate_id"),
        crs=CRS,
    )  # fmt: skip
    rows = [
        (layout, stage, district, 100.0, share, 250.0)
        for layout, gain in (("existing", 0.0), ("planned", 0.25))
        for stage, base in (("kindergarten", 0.125), ("primary", 0.375))
        for district, share in (("west", base), ("east", base + gain), ("all", base + gain / 2))
    ]
    coverage = pd.DataFrame(rows, columns=["layout", "stage", "district_id", "pupils", "share_covered", "mean_metres"])
    streets = gpd.GeoDataFrame(
        {"street_class": ["primary", "residential", "footway"]},
        geometry=[LineString([(X + 300, Y), (X + 300, Y + side)]), LineString([(X, Y + 100), (X + side, Y + 100)]),
                  LineString([(X + 700, Y + 470), (X + 700, Y + 530)])],
        crs=CRS,
    )  # fmt: skip
    return {
        "districts": districts,
        "demand": measured(demand, schools),
        "schools": schools,
        "service_areas": areas,
        "candidates": candidates,
        "barriers": gpd.GeoDataFrame(geometry=[box(X, Y + 480, X + side, Y + 520)], crs=CRS),
        "streets": streets,
        "coverage": coverage,
        "radii": RADII,
        "title": f"Two districts {name}",
        "note": "Schematic",
        "source": f"invented, {name}",
    }


def embedded(text):
    """The tables of a page, columns as arrays: what the page's own script opens."""
    block = re.search(r'<script type="text/plain" id="edulayout-tables">(.*?)</script>', text, re.DOTALL)
    return opened_bundle(block[1])


def opened_bundle(text):
    content = gzip.decompress(base64.b64decode(text))
    size = int.from_bytes(content[:4], "little")

    def revive(value):
        if not (isinstance(value, dict) and "$" in value):
            return value
        kind = {"i": "<u4", "f": "<f4", "d": "<f8"}[value["$"]]
        width = np.dtype(kind).itemsize
        planes = np.frombuffer(content, np.uint8, width * value["n"], 4 + size + value["at"]).reshape(width, -1)
        numbers = np.ascontiguousarray(planes.T).view(kind).ravel()
        if value["$"] == "i":
            numbers = (numbers >> 1).astype(np.int64) ^ -(numbers & 1).astype(np.int64)
            numbers = np.cumsum(numbers) if value["steps"] else numbers
        return numbers

    return json.loads(content[4 : 4 + size], object_hook=revive)


@pytest.fixture(scope="module")
def hostile_page():
    return maps.page(maps.explore(**city(name=HOSTILE)))


# ---- packing ------------------------------------------------------------------------------------------------------


def unpack(ring):
    return np.cumsum(np.reshape(ring, (-1, 2)), axis=0) / packing.MICRODEGREES


def test_a_hole_and_a_second_part_keep_their_places():
    hole = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)]])
    [shape] = packing.shapes(gpd.GeoSeries([MultiPolygon([hole, box(9, 9, 10, 10)])]))
    assert [len(part) for part in shape] == [2, 1]
    assert unpack(shape[0][1]).tolist() == [[1, 1], [2, 1], [2, 2]]


def test_packed_places_stay_within_half_a_millionth_of_a_degree():
    rng = np.random.default_rng(7)
    centre = np.array([105.97, 31.58])
    moved = shapely.convex_hull(shapely.multipoints(centre + rng.normal(0, 0.01, (500, 2))))
    [[[ring]]] = packing.shapes(gpd.GeoSeries([moved]))
    assert np.abs(unpack(ring) - shapely.get_coordinates(moved)[:-1]).max() <= 0.5e-6 + 1e-12


def test_lines_and_points_are_told_apart():
    line, point = packing.shapes(gpd.GeoSeries([LineString([(0, 0), (1e-6, 2e-6)]), Point(3e-6, 4e-6)]))
    assert (line, point) == ([[[0, 0, 1, 2]]], [3, 4])


# ---- payload ------------------------------------------------------------------------------------------------------


def test_layouts_and_stages_are_found_and_ordered():
    chart = embedded(maps.page(maps.explore(**city())))
    assert [layout["name"] for layout in chart["layouts"]] == ["existing", "planned"]
    assert [(stage["name"], stage["radius"]) for stage in chart["stages"]] == [("kindergarten", 300), ("primary", 500)]


def test_classes_follow_the_distances_of_the_table():
    tables = city()
    tables["demand"]["metres_primary_existing"] = np.resize(
        [500.0, np.nextafter(500.0, 501), 1000.0, 1000.1, np.nan], 100
    )
    reach = embedded(maps.page(maps.explore(**tables)))["reach"]["primary|existing"]
    assert reach["digits"][:5].tolist() == [0, 1, 1, 2, 3]
    assert reach["shares"] == [0.2, 0.4, 0.2, 0.2]
    assert np.isnan(reach["metres"][4])


def test_a_school_is_embedded_once_with_its_layouts():
    schools = embedded(maps.page(maps.explore(**city())))["schools"]
    assert [(school["id"], school["layouts"], school["state"]) for school in schools] == [
        ("k1", [0, 1], "existing"),
        ("p1", [0, 1], "existing"),
        ("k2", [1], "planned"),
    ]
    assert schools[0]["seats"] == {"kindergarten": 270}
    assert schools[1]["seats"] == {}


def test_blocks_come_as_columns_with_their_holes_and_parts():
    hole = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)]])
    shapes = [MultiPolygon([hole, box(9, 9, 10, 10)]), box(20, 20, 21, 21)]
    told = blocks.outlines(gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326"))
    assert told["points"] is False
    assert told["rings"].values.tolist() == [3, 1]
    assert told["corners"].values.tolist() == [4, 3, 4, 4]
    assert (told["x"].values[:4] / packing.MICRODEGREES).tolist() == [0, 4, 4, 0]


def test_many_blocks_lose_corners_together_and_still_meet(monkeypatch):
    monkeypatch.setattr(blocks, "MANY", 1)
    shared = [(100, 0), (100.05, 30), (100, 60), (100, 100)]
    west = Polygon([(0, 0), *shared, (0, 100)])
    east = Polygon([*shared, (200, 100), (200, 0)])
    moved = [shapely.affinity.translate(one, X, Y) for one in (west, east)]
    told = blocks.outlines(gpd.GeoDataFrame(geometry=moved, crs=CRS))
    assert told["corners"].values.tolist() == [4, 4]


def test_a_bundle_keeps_every_number():
    whole = np.array([0, -1, 5, 2**31 - 1, -(2**31), 7])
    exact = np.array([0.1, -np.inf, 1e300])
    tables = {"a": [{"b": Column(whole)}], "c": Column(whole, steps=True), "d": Column(exact, "d"), "e": "名<\u2028>"}
    told = opened_bundle(bundle.bundle(tables))
    assert told["a"][0]["b"].tolist() == whole.tolist()
    assert (told["c"].astype(np.int32) == whole).all(), "steps count modulo 2**32"
    assert told["d"].tolist() == exact.tolist()
    assert told["e"] == tables["e"]


def test_ways_come_back_as_they_were():
    rng = np.random.default_rng(5)
    tree = {}
    for node in range(1, 60):
        tree[node] = (int(rng.integers(0, node)), rng.uniform(0, 1e-2, 2))
    tree[0] = (None, np.array([5e-3, 5e-3]))
    lines = []
    for start in range(59, 0, -1):
        line, node = [], start
        while node is not None:
            line.append(tree[node][1])
            node = tree[node][0]
        lines.append(LineString(line))
    names = [f"d{i}" for i in range(len(lines))]
    paths = gpd.GeoDataFrame({"demand_id": names, "school_id": "s"}, geometry=lines, crs="EPSG:4326")
    told = walks.walks(paths, demand_ids=pd.Index(names), school_ids=["r", "s"])
    parts = np.split(np.column_stack([told["x"].values, told["y"].values]), np.cumsum(told["corners"].values)[:-1])
    assert set(told["school"].values) == {1}
    for row, block in enumerate(told["block"].values):
        course, at, skip = [], row, 0
        while True:
            course += parts[at][skip:].tolist()
            if not told["joins"].values[at]:
                break
            skip, at = told["after"].values[at], at - told["joins"].values[at]
        assert course == np.rint(shapely.get_coordinates(lines[block]) * 1e6).tolist()
    assert told["corners"].values.sum() < shapely.get_num_coordinates(lines).sum() / 2


def test_pairs_are_asked_for_once():
    demand = city()["demand"]
    pairs = maps.nearest_pairs(demand)
    assert pairs == sorted(set(pairs))
    assert ("b5", demand.loc["b5", "school_primary_existing"]) in pairs


def test_years_bring_pupils_and_rows_of_coverage():
    tables = city()
    years = pd.DataFrame(
        {"year": [2030, 2030, 2035], "demand_id": ["b1", "b2", "b1"], "pupils_primary": [7.0, 1.25, 9.0]}
    )
    later = tables["coverage"].assign(year=2030, share_covered=0.5)
    tables["coverage"] = pd.concat([tables["coverage"], later], ignore_index=True)
    told = embedded(maps.page(maps.explore(**tables, years=years)))
    assert list(told["years"]) == ["2030", "2035"]
    assert told["years"]["2030"]["primary"][:4] == pytest.approx([0, 7, 1.2, 0])
    assert {row["share_covered"] for row in told["coverage"]["primary|planned|2030"]} == {0.5}
    assert told["coverage"]["primary|planned"][0]["share_covered"] == 0.375
    with pytest.raises(TableError, match="places that the demand lacks"):
        maps.explore(**tables, years=years.replace("b2", "elsewhere"))
    with pytest.raises(TableError, match="no column year"):
        maps.explore(**tables, years=years.drop(columns="year"))


def test_cards_know_what_a_school_was_assigned():
    tables = city()
    tables["schools"] = tables["schools"].assign(
        assigned_primary=[np.nan, 400.4, np.nan, 380, np.nan], load_primary=0.95
    )
    told = embedded(maps.page(maps.explore(**tables)))["loads"]
    assert told["primary|existing"]["p1"] == [400.4, 0.95, None]
    assert "kindergarten|existing" not in told


def zone_table():
    return gpd.GeoDataFrame(
        {"layout": "planned", "stage": "primary", "school_id": ["p1", "q"], "pupils": [150.0, np.nan]},
        geometry=[box(X, Y, X + 500, Y + 1000), box(X + 505, Y, X + 1000, Y + 1000)],
        crs=CRS,
    )


def test_neighbouring_zones_differ_in_tint():
    [one, other] = embedded(maps.page(maps.explore(**city(), zones=zone_table())))["zones"]["primary|planned"]
    assert (one["school"], one["pupils"], other["pupils"]) == ("p1", 150, None)
    assert one["tint"] != other["tint"]
    with pytest.raises(TableError, match="no column stage"):
        maps.explore(**city(), zones=zone_table().drop(columns="stage"))


def test_without_scripts_the_page_still_tells_the_figures(hostile_page):
    plain = re.search("<noscript>(.*?)</noscript>", hostile_page, re.DOTALL)[1]
    assert "Schematic" in plain
    assert "Primary, Planned: Covered 50.0 %" in plain
    assert "&#123;&#123;7*7&#125;&#125;" in plain
    assert not set(re.findall(r"<(\w+)", plain)) - {"h1", "p"}


def test_what_nobody_gave_is_not_invented():
    told = embedded(maps.page(maps.explore(**city())))
    assert told["review_number"] == ""
    assert told["datum"].startswith("EPSG:4544 CGCS2000")
    assert not {"trial", "walks", "years", "zones"} & set(told)


def test_merged_areas_grow_with_the_layouts():
    merged = embedded(maps.page(maps.explore(**city())))["areas"]["merged"]
    assert [len(merged[f"kindergarten|{layout}"]) for layout in ("existing", "planned")] == [1, 2]
    assert merged["primary|existing"] == merged["primary|planned"]


def test_areas_are_drawn_without_their_small_holes():
    tables = city()
    court, park = box(X + 200, Y + 300, X + 260, Y + 360), box(X + 60, Y + 60, X + 160, Y + 160)
    tables["service_areas"].loc[0, "geometry"] = box(X, Y, X + 500, Y + 500) - court - park
    told = embedded(maps.page(maps.explore(**tables)))["areas"]
    for [part] in (told["own"]["kindergarten"]["k1"], told["merged"]["kindergarten|existing"]):
        assert len(part) == 2, "the outline and the park"


def test_names_come_in_the_language_asked_for():
    for language, expected in (("en", ["West", "西区"]), ("zh", ["西区", "West"])):
        chart = embedded(maps.page(maps.explore(**city(), language=language)))
        assert chart["districts"][0]["name"] == expected
    table = pd.DataFrame({"name": ["甲", None, "乙"], "name_en": [None, None, "乙"]}, index=["1", "2", "3"])
    assert payload.words("en").names(table) == [["甲"], ["2"], ["乙"]]


def test_every_word_stands_in_both_languages():
    table = tomllib.loads((Path(maps.__file__).parent / "texts.toml").read_text("utf-8"))
    assert all(set(entry) == {"en", "zh"} and all(entry.values()) for entry in table.values())


SCRIPTS = sorted((Path(maps.__file__).parent / "page").glob("*.js"))


def test_every_word_the_script_asks_for_is_there():
    script = "".join(path.read_text("utf-8") for path in SCRIPTS)
    asked = set(re.findall(r"texts\.(\w+)|say\(\"(\w+)\"[,)]", script))
    composed = {
        f"{start}_{engine}"
        for start in re.findall(r"\"(\w+)_\" \+ data\.engine", script)
        for engine in ("streets", "straight")
    }
    composed |= {f"show_{name}" for name in ("areas", "zones", "streets", "districts", "candidates", "others", "names")}
    assert len(composed) > 10
    assert {one or other for one, other in asked} | composed <= set(payload.words("en").texts)


def test_the_page_runs_every_script_that_is_there():
    assert sorted(f"{name}.js" for name in explore_module._SCRIPTS) == [path.name for path in SCRIPTS]
    assert all(len(path.read_text("utf-8").splitlines()) <= 200 for path in SCRIPTS)


def test_points_one_layout_and_no_extras_suffice():
    tables = city()
    demand = tables["demand"][["population", "geometry", "metres_primary_existing"]].copy()
    demand["geometry"] = demand.geometry.centroid
    schools = tables["schools"].query("layout == 'existing'").drop(columns=["name_en", "seats_kindergarten"])
    chart = maps.explore(districts=tables["districts"], demand=demand, schools=schools, radii=RADII, title="x")
    told = embedded(maps.page(chart))
    assert told["demand"]["points"] is True
    assert told["demand"]["pupils"] == {}
    assert told["reach"]["primary|existing"]["school"] is None
    assert sum(told["reach"]["primary|existing"]["shares"]) == pytest.approx(1)


def test_arguments_are_left_as_they_were():
    tables = city()
    before = {name: table.copy() for name, table in tables.items() if isinstance(table, pd.DataFrame)}
    maps.page(maps.explore(**tables))
    for name, table in before.items():
        pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(tables[name]))


def test_missing_distances_and_radii_are_told_together():
    tables = city()
    with pytest.raises(TableError, match="none for primary"):
        maps.explore(**{**tables, "radii": {"kindergarten": 300.0}})
    bare = tables["demand"][["population", "geometry"]]
    with pytest.raises(TableError, match="no distances"):
        maps.explore(**{**tables, "demand": bare})


def test_a_table_without_crs_is_refused():
    tables = city()
    tables["districts"] = tables["districts"].set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match="districts: no coordinate reference system"):
        maps.explore(**tables)


RANKS = payload.style()["street"]["ranks"]


def metres(shape):
    """The packed lines back in the CRS of the tests."""
    lines = gpd.GeoSeries([LineString(unpack(line)) for line in shape[0]], crs="EPSG:4326")
    return lines.to_crs(CRS).length.round(1).tolist()


def test_streets_come_by_rank_and_bridges_span_the_water():
    told = embedded(maps.page(maps.explore(**city())))["streets"]
    assert [lines is not None for lines in told["lines"]] == [True, False, False, True, True]
    assert [metres(bridge) if bridge else [] for bridge in told["bridges"]] == [[40.0], [], [], [], [40.0]]


def test_classes_of_links_and_unknown_ones_find_their_rank():
    ways = gpd.GeoDataFrame(
        {"street_class": ["primary_link", "次干路", "never heard of", None]},
        geometry=[LineString([(X, Y + step), (X + 50, Y + step)]) for step in range(0, 400, 100)],
        crs=CRS,
    )
    lines = roads.roads(ways, None, ranks=RANKS)["lines"]
    assert [len(shape[0]) if shape else 0 for shape in lines] == [1, 1, 0, 2, 0]
    bare = roads.roads(ways[["geometry"]], None, ranks=RANKS)["lines"]
    assert [len(shape[0]) if shape else 0 for shape in bare] == [0, 0, 0, 4, 0]


def test_pieces_of_one_street_are_joined_and_a_touch_is_no_bridge():
    corners = [(X, Y), (X + 100, Y), (X + 200, Y + 0.5), (X + 200, Y + 300)]
    pieces = [LineString(pair) for pair in itertools.pairwise(corners)]
    ways = gpd.GeoDataFrame({"street_class": ["primary"] * 3}, geometry=pieces, crs=CRS)
    bank = gpd.GeoDataFrame(geometry=[box(X + 195, Y + 200, X + 300, Y + 209)], crs=CRS)
    told = roads.roads(ways, bank, ranks=RANKS)
    assert [len(line) // 2 for line in told["lines"][0][0]] == [3]
    assert told["bridges"] == [None] * len(RANKS)


def test_too_many_streets_leave_out_the_smallest_but_no_bridge():
    tables = city()
    told = roads.roads(tables["streets"], tables["barriers"], ranks=RANKS, most_vertices=4)
    assert [lines is not None for lines in told["lines"]] == [True, False, False, True, False]
    assert told["bridges"][4] is not None


def test_streets_in_degrees_are_refused():
    tables = city()
    tables["streets"] = tables["streets"].to_crs("EPSG:4326")
    with pytest.raises(CrsError, match="streets"):
        maps.explore(**tables)


def test_streets_in_another_order_give_the_same_page():
    tables = city()
    turned = tables | {"streets": tables["streets"].iloc[::-1]}
    assert maps.page(maps.explore(**tables)) == maps.page(maps.explore(**turned))


# ---- the page -----------------------------------------------------------------------------------------------------


def test_the_page_asks_for_nothing_outside():
    text = maps.page(maps.explore(**city()))
    head = text[: text.index("<title>")]
    assert "default-src 'none'" in head
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", text)
    assert not re.search(r"url\((?!data:|#)", text)
    assert "sourceMappingURL" not in text
    assert '<html lang="en">' in text


def test_names_can_end_neither_script_nor_template(hostile_page):
    assert "<img src=x" not in hostile_page
    title = re.search("<title>(.*?)</title>", hostile_page)[1]
    assert title == html.escape(f"Two districts {HOSTILE}")
    assert "{{7*7}}" not in hostile_page.replace(title, "")
    assert hostile_page.count("</script>") == hostile_page.count("<script")
    told = embedded(hostile_page)
    assert told["schools"][0]["name"][0] == HOSTILE
    assert told["title"].endswith(HOSTILE)


def test_the_same_tables_give_the_same_bytes():
    first, second = (maps.page(maps.explore(**city())) for _ in range(2))
    chart = maps.explore(**city())
    assert first == second == maps.page(chart) == maps.page(chart)


def test_a_long_hexadecimal_id_in_the_tables_stays():
    tables = city()
    key = "0123456789abcdef" * 2
    tables["schools"]["origin"] = key
    assert embedded(maps.page(maps.explore(**tables)))["schools"][0]["origin"] == key


@pytest.mark.parametrize("seed", ["1", "2"])
def test_hash_seeds_do_not_matter(seed, tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_maps as t; print(t.digest())"
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(Path(__file__).parent)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() == digest()


def digest():
    return hashlib.sha256(maps.page(maps.explore(**city())).encode()).hexdigest()


def test_four_thousand_blocks_stay_small():
    tables = city(64)
    for stage in ("junior_high",):
        for layout in ("existing", "planned"):
            tables["demand"][f"metres_{stage}_{layout}"] = tables["demand"][f"metres_primary_{layout}"] * 2
            tables["demand"][f"school_{stage}_{layout}"] = "p1"
    wiggly = shapely.segmentize(tables["demand"].geometry.array, 12)
    tables["demand"]["geometry"] = wiggly
    text = maps.page(maps.explore(**{**tables, "radii": {**RADII, "junior_high": 1000.0}}))
    assert len(text.encode()) < 3_000_000


def test_a_tile_layer_is_refused():
    chart = maps.explore(**city())
    folium.TileLayer("https://tile.example/{z}/{x}/{y}.png", attr="x").add_to(chart)
    with pytest.raises(InputError, match=r"tile\.example"):
        maps.page(chart)


def test_a_plugin_that_is_not_held_is_refused():
    chart = folium.Map(tiles=None)
    folium.Marker([0, 0], icon=folium.Icon()).add_to(chart)
    with pytest.raises(InputError, match="awesome-markers"):
        maps.page(chart)


def test_plain_folium_layers_fit_in():
    chart = maps.explore(**city())
    folium.CircleMarker([31.58, 105.97]).add_to(chart)
    assert "L.circleMarker(" in maps.page(chart)


def test_folium_itself_is_left_alone():
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    maps.page(maps.explore(**city()))
    assert (list(folium.Map.default_js), list(folium.Map.default_css)) == before
    assert "cdn.jsdelivr.net" in folium.Map(tiles=None).get_root().render()


def test_saving_and_showing_give_the_page(tmp_path):
    chart = maps.explore(**city())
    chart.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text("utf-8") == maps.page(chart)
    assert "https://cdn" not in chart._repr_html_()


def test_vendored_files_are_what_was_taken():
    for folder in VENDOR.iterdir():
        told = tomllib.loads((folder / "vendor.toml").read_text("utf-8"))
        assert folder.name == f"{told['name']}-{told['version']}"
        assert told["licence"]
        assert sorted(path.name for path in folder.iterdir()) == sorted([*told["files"], "vendor.toml"])
        for name, entry in told["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert "LICENSE" in told["files"]


def failing():
    tables = city()
    failed = [2, 0, 1, np.nan, np.nan]
    tables["schools"] = tables["schools"].assign(rules_failed=failed, worst_rule=["Class size", "", HOSTILE, "", ""])
    return tables


def test_schools_that_fail_rules_are_told_by_layout():
    text = maps.page(maps.explore(**failing()))
    assert embedded(text)["failures"] == {"existing": {"k1": [2, "Class size"]}, "planned": {"k1": [1, HOSTILE]}}
    assert embedded(maps.page(maps.explore(**city())))["failures"] == {}
    assert "<img src=x" not in text
