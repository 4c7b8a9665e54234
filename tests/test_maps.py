"""The interactive map: what is embedded, that nothing of it can run or load, and how it behaves in a browser."""

import hashlib
import html
import itertools
import json
import os
import re
import shutil
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
from conftest import skip_or_fail
from shapely import LineString, MultiPolygon, Point, Polygon, box

from edulayout import maps
from edulayout.errors import CrsError, InputError, TableError
from edulayout.maps import packing, payload, roads

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
    block = re.search(r'<script type="application/json" id="edulayout-tables">(.*?)</script>', text, re.DOTALL)
    return json.loads(block[1])


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
    assert reach["digits"][:5] == "01123"
    assert reach["shares"] == [0.2, 0.4, 0.2, 0.2]
    assert reach["metres"][4] is None


def test_a_school_is_embedded_once_with_its_layouts():
    schools = embedded(maps.page(maps.explore(**city())))["schools"]
    assert [(school["id"], school["layouts"], school["state"]) for school in schools] == [
        ("k1", [0, 1], "existing"),
        ("p1", [0, 1], "existing"),
        ("k2", [1], "planned"),
    ]
    assert schools[0]["seats"] == {"kindergarten": 270}
    assert schools[1]["seats"] == {}


def test_the_geometry_of_the_demand_stands_once_in_the_page():
    text = maps.page(maps.explore(**city()))
    first = json.dumps(embedded(text)["demand"]["shapes"][0], separators=(",", ":"))
    assert text.count(first) == 1


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


def test_every_word_the_script_asks_for_is_there():
    script = (Path(maps.__file__).parent / "explore.js").read_text("utf-8")
    asked = set(re.findall(r"texts\.(\w+)|say\(\"(\w+)\"[,)]", script))
    composed = {
        f"{start}_{engine}"
        for start in re.findall(r"\"(\w+)_\" \+ data\.engine", script)
        for engine in ("streets", "straight")
    }
    composed |= {f"show_{name}" for name in re.findall(r"check\(\"(\w+)\"", script)}
    assert len(composed) > 10
    assert {one or other for one, other in asked} | composed <= set(payload.words("en").texts)


def test_points_one_layout_and_no_extras_suffice():
    tables = city()
    demand = tables["demand"][["population", "geometry", "metres_primary_existing"]].copy()
    demand["geometry"] = demand.geometry.centroid
    schools = tables["schools"].query("layout == 'existing'").drop(columns=["name_en", "seats_kindergarten"])
    chart = maps.explore(districts=tables["districts"], demand=demand, schools=schools, radii=RADII, title="x")
    told = embedded(maps.page(chart))
    assert len(told["demand"]["shapes"][0]) == 2
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


# ---- in a browser -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    driver = shutil.which("chromedriver")
    if driver is None:
        skip_or_fail("no chromedriver on this machine")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", "window-size=1400,900", f"user-data-dir={profile}",
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    session = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield session
    session.quit()


@pytest.fixture
def opened(browser, hostile_page, tmp_path):
    """The hostile page in the browser; after the test its console must be empty."""
    path = tmp_path / "map.html"
    path.write_text(hostile_page, "utf-8")
    browser.get(path.as_uri())
    # A text that still fades in counts as unseen: whether it does must not depend on the speed of the machine.
    browser.execute_script(
        "document.head.appendChild(document.createElement('style')).textContent ="
        " '*{transition:none!important;animation:none!important}.leaflet-popup,.leaflet-tooltip{opacity:1!important}'"
    )
    yield browser
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def colours(page):
    """The colours on the canvas of the demand, most frequent first."""
    return page.execute_script(
        """
        const canvas = document.querySelector(".leaflet-places-pane canvas");
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        const bytes = copy.getImageData(0, 0, canvas.width, canvas.height).data, seen = {};
        for (let i = 0; i < bytes.length; i += 4 * 7) if (bytes[i + 3]) {
          const key = bytes[i] + "," + bytes[i + 1] + "," + bytes[i + 2];
          seen[key] = (seen[key] || 0) + 1;
        }
        return seen;
        """
    )


def choose(page, group, text):
    for label in page.find_elements("css selector", f".el-choice:has(input[name={group}])"):
        if label.text.startswith(text):
            label.find_element("css selector", "input").click()
            page.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
            return
    pytest.fail(f"no choice {text}")


@pytest.mark.browser
def test_switching_changes_colours_legend_and_figures(opened):
    legend = opened.find_element("css selector", ".el-colours")
    assert "within 500 m" in legend.text
    assert "50.0%" in opened.find_element("css selector", ".el-big").text
    choose(opened, "stage", "Kindergarten")
    assert "within 300 m" in legend.text
    assert "25.0%" in opened.find_element("css selector", ".el-big").text
    assert "+12.5 points (Existing: 12.5%)" in opened.find_element("css selector", ".el-big").text
    planned = colours(opened)
    choose(opened, "layout", "Existing")
    existing = colours(opened)
    assert planned != existing
    assert "12.5%" in opened.find_element("css selector", ".el-big").text
    assert "points" not in opened.find_element("css selector", ".el-big").text
    choose(opened, "stage", "Primary")
    assert "within 500 m" in legend.text
    assert colours(opened) != existing
    assert "37.5%" in opened.find_element("css selector", ".el-big").text


@pytest.mark.browser
def test_the_map_shows_what_the_layout_holds(opened):
    def signs():
        return len(opened.find_elements("css selector", ".el-school"))

    choose(opened, "stage", "Kindergarten")
    assert signs() == 2
    choose(opened, "layout", "Existing")
    assert signs() == 1
    opened.find_element("css selector", "input[name=others]").click()
    assert signs() == 2


@pytest.mark.browser
def test_a_hostile_name_is_only_text(opened):
    choose(opened, "stage", "Kindergarten")
    sign = opened.find_element("css selector", ".el-school")
    opened.execute_script("arguments[0].focus()", sign)
    sign.send_keys("\n")
    title = opened.find_element("css selector", ".leaflet-popup h3")
    assert title.get_attribute("textContent") == HOSTILE
    assert opened.find_elements("css selector", "img[src=x], .leaflet-popup img") == []
    assert opened.find_element("css selector", "h1").text.startswith("Two districts <img src=x")
    assert HOSTILE.replace("\\`", "\\`") in opened.title


@pytest.mark.browser
def test_pointing_at_a_block_tells_about_it(opened):
    actions = pytest.importorskip("selenium.webdriver").ActionChains
    opened.find_element("css selector", "input[name=names]").click()
    container = opened.find_element("css selector", ".folium-map")
    box_ = container.rect
    for step in range(12):
        actions(opened).move_to_element_with_offset(
            container, int(-box_["width"] * 0.1) + 13 * step, int(box_["height"] * 0.2) + 5 * step
        ).perform()
        if found := opened.find_elements("css selector", ".leaflet-tooltip"):
            break
    lines = found[0].text.splitlines()
    assert lines[:2] == ["50 residents", "Planned"]
    assert any(re.match(r"Kindergarten 2 [\d,]+ m ", line) for line in lines)
    assert any(re.match(r"Primary 3 [\d,]+ m First Primary", line) for line in lines)


@pytest.mark.browser
def test_a_school_tells_its_seats_and_who_lives_nearest(opened):
    choose(opened, "layout", "Existing")
    choose(opened, "stage", "Kindergarten")
    sign = opened.find_element("css selector", ".el-school")
    opened.execute_script("arguments[0].focus()", sign)
    sign.send_keys("\n")
    card = opened.find_element("css selector", ".leaflet-popup .el-card")
    inside = sum(
        np.hypot(50 + 100 * (block % 10) - 250, 50 + 100 * (block // 10) - 350) <= RADII["kindergarten"]
        for block in range(1, 100)
    )
    cells = [cell.get_attribute("textContent") for cell in card.find_elements("css selector", "tbody td")]
    assert cells == ["270", "198", f"{2 * inside} ({200 * inside / 198:.1f}%)"]
    assert "Kindergarten · existing" in card.get_attribute("textContent")


@pytest.mark.browser
def test_streets_come_and_go(opened):
    def inked():
        return opened.execute_script(
            """
            const canvas = document.querySelector(".leaflet-ways-pane canvas");
            const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
            copy.drawImage(canvas, 0, 0);
            return copy.getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte);
            """
        )

    assert inked()
    assert "Bridge" in opened.find_element("css selector", ".el-signs").text
    opened.find_element("css selector", "input[name=streets]").click()
    opened.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert not inked()
    assert "Bridge" not in opened.find_element("css selector", ".el-signs").text


@pytest.mark.browser
def test_on_a_phone_the_panel_stands_under_the_map(opened):
    opened.set_window_size(500, 900)
    try:
        opened.refresh()
        sizes = opened.execute_script(
            """
            const box = (name) => document.querySelector(name).getBoundingClientRect().toJSON();
            return [box(".folium-map"), box(".el-side"), document.documentElement.scrollWidth];
            """
        )
        chart, side, width = sizes
        assert chart["bottom"] <= side["top"] + 1
        assert chart["width"] == side["width"] == width > 400
        assert chart["height"] > 300
    finally:
        opened.set_window_size(1400, 900)


@pytest.mark.browser
def test_candidates_come_and_go(opened):
    before = colours(opened)
    opened.find_element("css selector", "input[name=candidates]").click()
    opened.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert colours(opened) != before
    assert "Candidate site, chosen" in opened.find_element("css selector", ".el-signs").text


@pytest.mark.browser
def test_every_control_has_a_name_and_is_reached_by_keyboard(opened):
    nameless = opened.execute_script(
        """
        return [...document.querySelectorAll("input, a[href], [tabindex='0']")].filter((element) => !(
          element.getAttribute("aria-label") || element.textContent.trim() || (element.labels || []).length
          || element.classList.contains("folium-map"))).map((element) => element.outerHTML);
        """
    )
    assert nameless == []
    assert opened.execute_script(
        "return [...document.querySelectorAll('fieldset')].every((f) => f.querySelector('legend'))"
    )
    assert opened.find_elements("css selector", ".leaflet-control-attribution, .leaflet-attribution-flag") == []


@pytest.mark.browser
def test_the_page_tries_no_request(opened):
    entries = opened.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in entries if not name.startswith("data:")] == []


@pytest.mark.browser
def test_four_thousand_blocks_open(browser, tmp_path):
    path = tmp_path / "large.html"
    path.write_text(maps.page(maps.explore(**city(64))), "utf-8")
    browser.get(path.as_uri())
    assert browser.execute_script("return document.readyState") == "complete"
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
