"""The interactive map in a browser: every control, hostile names, keyboard, phone, and no request to anywhere."""

import base64
import gzip
import hashlib
import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from conftest import skip_or_fail
from shapely import LineString, Point
from test_maps import CRS, HOSTILE, RADII, X, Y, city, zone_table

from edulayout import maps

pytestmark = pytest.mark.browser
STILL = "*{transition:none!important;animation:none!important}.leaflet-tooltip{opacity:1!important}"


@pytest.fixture(scope="module")
def browser(chromium):
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - tests without a browser do without it
    except ImportError:
        skip_or_fail("no playwright on this machine")
    with sync_playwright() as started:
        session = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield session
        session.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens a page; after the test its console must be empty, and nothing may have been asked for."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    tab, said, asked = context.new_page(), [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_default_timeout(60_000)

    def opening(text, *, before=None, viewport=None, at=""):
        path = tmp_path / "map.html"
        path.write_text(text, "utf-8")
        if viewport:
            tab.set_viewport_size(viewport)
        if before:
            tab.add_init_script(before)
        tab.goto(path.as_uri() + at)
        tab.wait_for_selector("html[data-ready]")
        tab.add_style_tag(content=STILL)
        return tab

    yield opening
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def ways(tables):
    """Bent ways from every block to the schools nearest to it."""
    places, schools = (
        tables["demand"].geometry.centroid,
        tables["schools"].drop_duplicates("school_id").set_index("school_id"),
    )
    rows = maps.nearest_pairs(tables["demand"])
    ends = [(places[place], schools.geometry[school]) for place, school in rows]
    lines = [LineString([(one.x, one.y), (one.x, other.y), (other.x, other.y)]) for one, other in ends]
    return gpd.GeoDataFrame(rows, columns=["demand_id", "school_id"], geometry=lines, crs=CRS)


@pytest.fixture(scope="module")
def whole():
    """A map with everything that a map can have, and names that would like to run."""
    tables = city(name=HOSTILE)
    tables["schools"] = tables["schools"].assign(
        assigned_kindergarten=[198.0, np.nan, 120.0, np.nan, 78.0], load_kindergarten=[0.7333, np.nan, 0.44, np.nan, 0.43],
        seat_price_kindergarten=[35.0, np.nan, 0.0, np.nan, 0.0],
    )  # fmt: skip
    zones = zone_table().assign(stage="kindergarten", school_id=["k1", "k2"])
    years = pd.DataFrame({"year": 2030, "demand_id": tables["demand"].index, "pupils_kindergarten": 4.0})
    return maps.page(maps.explore(**tables, zones=zones, years=years, paths=ways(tables), review_number="GS(2024)0001"))


@pytest.fixture
def page(open_page, whole):
    return open_page(whole)


def choose(page, group, text):
    page.locator(f".el-choice:has(input[name={group}])").filter(has_text=re.compile(f"^{text}")).locator("input").check(
        force=True
    )


def colours(page):
    """The colours on the canvas of the demand, and how often."""
    return page.evaluate(
        """() => {
        const canvas = [...document.querySelectorAll(".leaflet-places-pane canvas")].find((one) => one.style.visibility !== "hidden");
        const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, seen = {};
        for (let i = 0; i < bytes.length; i += 4 * 7) if (bytes[i + 3]) {
          const key = bytes[i] + "," + bytes[i + 1] + "," + bytes[i + 2];
          seen[key] = (seen[key] || 0) + 1;
        }
        return seen;
        }"""
    )


def inked(page, pane):
    """How many dots of a pane are drawn."""
    return page.evaluate(
        """(pane) => [...document.querySelectorAll(`.leaflet-${pane}-pane canvas`)].filter((one) => one.style.visibility !== "hidden").reduce((sum, canvas) => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        const bytes = copy.getImageData(0, 0, canvas.width, canvas.height).data;
        for (let i = 3; i < bytes.length; i += 4) sum += bytes[i] > 0;
        return sum;
        }, 0)""",
        pane,
    )


def eventually(page, holds):
    """What is drawn follows at the next frame, however late that comes on a busy machine."""
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("it never came to hold")


def spot(page, x, y):
    """Where metres from the corner of the city are on the screen."""
    lonlat = gpd.GeoSeries([Point(X + x, Y + y)], crs=CRS).to_crs("EPSG:4326").iloc[0]
    return page.evaluate(
        """([x, y]) => { const map = document.querySelector(".folium-map"), box = map.getBoundingClientRect();
        const at = map.edulayout.map.latLngToContainerPoint([y, x]); return [box.left + at.x, box.top + at.y]; }""",
        [lonlat.x, lonlat.y],
    )


def text(page, selector):
    return page.locator(selector).text_content()


def test_switching_changes_colours_legend_and_figures(page):
    assert "within 500 m" in text(page, ".el-colours")
    assert "50.0%" in text(page, ".el-big")
    choose(page, "stage", "Kindergarten")
    assert "within 300 m" in text(page, ".el-colours")
    assert "25.0%" in text(page, ".el-big")
    assert "+12.5 points (Existing: 12.5%)" in text(page, ".el-big")
    planned = colours(page)
    choose(page, "layout", "Existing")
    eventually(page, lambda: colours(page) != planned)
    existing = colours(page)
    assert "12.5%" in text(page, ".el-big")
    assert "points" not in text(page, ".el-big")
    choose(page, "stage", "Primary")
    eventually(page, lambda: colours(page) != existing)
    assert "37.5%" in text(page, ".el-big")


def test_the_address_may_ask_for_a_view(open_page, whole):
    page = open_page(whole, at="#stage=kindergarten&layout=existing")
    assert page.locator("input[name=stage]").first.is_checked()
    assert "12.5%" in text(page, ".el-big")


def test_signs_are_those_of_the_layout(page):
    choose(page, "stage", "Kindergarten")
    assert page.locator(".el-school").count() == 2
    choose(page, "layout", "Existing")
    assert page.locator(".el-school").count() == 1
    page.check("input[name=others]")
    assert page.locator(".el-school").count() == 2


def test_a_year_brings_its_pupils(page):
    choose(page, "stage", "Kindergarten")
    near = text(page, ".el-colours")
    choose(page, "year", "2030")
    assert "400 kindergarten pupils" in text(page, ".el-big")
    assert text(page, ".el-colours") == near, "all twice as many: the shares stay"
    choose(page, "year", "As surveyed")
    assert "100 kindergarten pupils" in text(page, ".el-big")


def test_many_years_come_as_a_slider(open_page):
    tables = city()
    ids = tables["demand"].index
    years = pd.concat(
        [pd.DataFrame({"year": 2030 + k, "demand_id": ids, "pupils_kindergarten": 4.0 + k}) for k in range(6)]
    )
    page = open_page(maps.page(maps.explore(**tables, years=years)))
    choose(page, "stage", "Kindergarten")
    page.locator("input[name=year]").focus()
    page.keyboard.press("End")
    assert text(page, ".el-side legend output") == "2035"
    assert "900 kindergarten pupils" in text(page, ".el-big")
    page.keyboard.press("Home")
    assert text(page, ".el-side legend output") == "As surveyed"
    assert "100 kindergarten pupils" in text(page, ".el-big")


def test_a_hostile_name_is_only_text(page):
    choose(page, "stage", "Kindergarten")
    page.locator(".el-school").first.focus()
    page.keyboard.press("Enter")
    assert text(page, ".el-dock h3") == HOSTILE
    page.fill("input[name=search]", "onerror")
    assert HOSTILE in text(page, "#el-found-0")
    assert page.locator("img[src=x]").count() == 0
    assert text(page, "h1").startswith("Two districts <img src=x")
    assert HOSTILE in page.title()


def test_pointing_at_a_block_tells_about_it(page):
    page.mouse.move(*spot(page, 850, 150))
    told = page.locator(".leaflet-tooltip")
    assert text(told, "h3") == "50 residents"
    assert text(told, "p") == "Planned"
    assert [cell.text_content() for cell in told.locator("tbody tr").all()] == [
        "Kindergarten2200 mNew Moon",
        "Primary3600 mFirst Primary",
    ]
    page.mouse.move(*spot(page, 850, 1300))
    told.wait_for(state="detached")


def test_a_click_shows_the_way_to_school(page):
    eventually(page, lambda: inked(page, "over") == 0)
    page.mouse.click(*spot(page, 150, 150))
    assert "Place b11" in text(page, ".el-dock")
    assert "way along the streets" in text(page, ".el-dock")
    eventually(page, lambda: inked(page, "over") > 500)
    assert "Existing" in text(page, ".el-dock")
    page.keyboard.press("Escape")
    assert page.locator(".el-dock").is_hidden()
    eventually(page, lambda: inked(page, "over") == 0)


def test_the_way_runs_as_it_was_measured(page):
    course = page.evaluate("""() => { const chart = document.querySelector(".folium-map").edulayout;
      return chart.way(11, chart.schools.find((school) => school.id === "p1")); }""")
    line = gpd.GeoSeries([LineString([(x, y) for y, x in course])], crs="EPSG:4326").to_crs(CRS).iloc[0]
    assert np.allclose(line.coords, [(X + 150, Y + 150), (X + 150, Y + 750), (X + 850, Y + 750)], atol=0.2)


def test_the_keyboard_opens_the_block_in_the_middle(page):
    page.locator(".folium-map").focus()
    page.keyboard.press("Enter")
    assert "residents" in text(page, ".el-dock h3")
    page.locator(".el-dock .el-close").click()
    assert page.locator(".el-dock").is_hidden()
    assert page.evaluate("document.activeElement.classList.contains('folium-map')")


def test_a_school_tells_its_seats_its_pupils_and_its_price(page):
    choose(page, "layout", "Existing")
    choose(page, "stage", "Kindergarten")
    page.locator(".el-school svg").click()
    card = page.locator(".el-dock .el-card")
    inside = sum(
        np.hypot(50 + 100 * (block % 10) - 250, 50 + 100 * (block // 10) - 350) <= RADII["kindergarten"]
        for block in range(1, 100)
    )
    cells = [cell.text_content() for cell in card.locator("dd").all()]
    assert cells[:4] == ["270", "198", "198", f"{2 * inside} ({200 * inside / 198:.1f}%)"]
    assert cells[4:6] == ["73%", "one more seat saves 35 m of walking"]
    assert "Kindergarten · existing" in card.text_content()
    assert "takes one more pupil; the others walk 12 m farther" in page.evaluate(
        """() => { const chart = document.querySelector(".folium-map").edulayout;
        chart.data.loads["kindergarten|existing"].k1[2] = -12;
        return chart.describeSchool(chart.schools[0]).textContent; }"""
    )
    assert f"{200 * inside / 198:.1f}%" in card.locator("figure svg").get_attribute("aria-label")


def test_streets_zones_and_candidates_come_and_go(page):
    eventually(page, lambda: inked(page, "ways") > 0)
    assert "Bridge" in text(page, ".el-signs")
    page.uncheck("input[name=streets]")
    page.wait_for_function("() => !document.querySelector('.el-signs').textContent.includes('Bridge')")
    choose(page, "stage", "Kindergarten")
    page.check("input[name=zones]")
    assert "Attendance zone" in text(page, ".el-signs")
    assert "Service area" not in text(page, ".el-signs")
    page.uncheck("input[name=zones]")
    page.uncheck("input[name=areas]")
    assert "Service area" not in text(page, ".el-signs")
    page.check("input[name=candidates]")
    assert "Candidate site, chosen" in text(page, ".el-signs")
    page.mouse.click(*spot(page, 850, 350 + 2))
    page.mouse.click(*spot(page, 425, 425))
    assert "planned education land" in text(page, ".el-dock")
    page.uncheck("input[name=districts]")
    assert page.locator(".el-place").count() == 0
    page.uncheck("input[name=names]")
    assert page.locator(".el-name").evaluate_all("(names) => names.every((name) => name.style.visibility === 'hidden')")


def test_what_is_switched_off_is_not_drawn(page):
    page.uncheck("input[name=streets]")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    eventually(page, lambda: inked(page, "ways") == 0)


def test_two_layouts_stand_side_by_side(page):
    choose(page, "stage", "Kindergarten")
    eventually(page, lambda: inked(page, "beside") == 0)
    page.select_option("select[name=beside]", label="Existing")
    assert (text(page, ".el-left"), text(page, ".el-right")) == ("Existing", "Planned")
    eventually(page, lambda: inked(page, "beside") > 0)
    before = page.evaluate("document.querySelector('.leaflet-places-pane').style.clipPath")
    page.locator("input[name=swipe]").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('.leaflet-places-pane').style.clipPath") != before
    choose(page, "layout", "Existing")
    assert page.locator(".el-swipe").is_hidden(), "a layout is not compared with itself"
    assert page.evaluate("document.querySelector('.leaflet-places-pane').style.clipPath") == ""


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("第一小", "First Primary · 第一小学"),
        ("FIRST", "First Primary"),
        ("西", "西区"),
        ("depot", "Depot"),
        ("b57", "b57"),
    ],
)
def test_search_knows_names_in_both_languages_and_ids(page, typed, found):
    page.fill("input[name=search]", typed)
    assert found in text(page, "#el-found-0")
    page.keyboard.press("Enter")
    assert page.locator(".el-found").is_hidden()
    if found != "西区":
        page.locator(".el-dock").wait_for()


def test_search_that_finds_nothing_says_so(page):
    page.fill("input[name=search]", "no such thing")
    assert "Nothing of this name" in text(page, ".el-found")
    page.keyboard.press("Escape")
    assert page.locator(".el-found").is_hidden()


def test_tools_zoom_fit_and_fold(page):
    start = page.evaluate("document.querySelector('.folium-map').edulayout.map.getZoom()")
    page.click(".leaflet-control-zoom-in")
    page.wait_for_function(
        "(start) => document.querySelector('.folium-map').edulayout.map.getZoom() > start", arg=start
    )
    page.click(".el-tool[aria-label='Show the whole area']")
    page.wait_for_function(
        "(start) => document.querySelector('.folium-map').edulayout.map.getZoom() === start", arg=start
    )
    page.click(".el-tool[aria-label='Hide the panel']")
    assert page.locator(".el-side").is_hidden()
    page.click(".el-tool[aria-label='Show the panel']")
    assert page.locator(".el-side").is_visible()


def test_the_foot_tells_source_datum_and_approval(page, open_page):
    foot = text(page, ".el-foot")
    assert "Datum of the data: EPSG:4544" in foot
    assert "GS(2024)0001" in foot
    bare = open_page(maps.page(maps.explore(**city(), language="zh")))
    assert "审图号：（未填写）" in text(bare, ".el-foot")
    assert bare.evaluate("document.documentElement.lang") == "zh-CN"


def test_on_a_phone_the_panel_stands_under_the_map(open_page, whole):
    page = open_page(whole, viewport={"width": 400, "height": 800})
    chart, side, width = page.evaluate(
        """() => { const box = (name) => document.querySelector(name).getBoundingClientRect().toJSON();
        return [box(".folium-map"), box(".el-side"), document.documentElement.scrollWidth]; }"""
    )
    assert chart["bottom"] <= side["top"] + 1
    assert chart["width"] == side["width"] == width == 400
    assert chart["height"] > 300


def test_every_control_has_a_name(page):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button, a[href], [tabindex='0'], [role=dialog], [role=listbox]")].filter((element) => !(
          element.getAttribute("aria-label") || element.textContent.trim() || (element.labels || []).length
          || element.hidden)).map((element) => element.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate("[...document.querySelectorAll('fieldset')].every((f) => f.querySelector('legend'))")
    assert page.locator(".leaflet-control-attribution, .leaflet-attribution-flag").count() == 0


def test_a_browser_that_cannot_unpack_opens_the_page_all_the_same(open_page, whole):
    page = open_page(whole, before="delete window.DecompressionStream")
    assert page.evaluate("typeof DecompressionStream") == "undefined"
    assert "50.0%" in text(page, ".el-big")


def test_unpacking_by_hand_gives_the_same_bytes(open_page):
    """Stored, fixed and own code tables of gzip."""
    page = open_page(maps.page(maps.explore(**city())))
    rng = np.random.default_rng(3)
    noise, numbers = rng.integers(0, 256, 70_000, dtype=np.uint8).tobytes(), json.dumps(list(range(9000))).encode()
    for content in (b"", b"abc", b"a" * 70_000, noise, numbers):
        for level in (0, 1, 9):
            packed = base64.b64encode(gzip.compress(content, level, mtime=0)).decode()
            told = page.evaluate(UNPACK, packed)
            assert told == hashlib.sha256(content).hexdigest()


UNPACK = """async (text) => {
  const bytes = elInflate(elBytes(text).subarray(10)), own = bytes.slice();
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", own))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}"""


def test_many_blocks_are_drawn_in_slices_and_still_picked(open_page):
    page = open_page(maps.page(maps.explore(**city(75))))
    assert page.evaluate("document.querySelector('.folium-map').edulayout.shapes.count") == 5625
    before = colours(page)
    page.evaluate("document.querySelector('.leaflet-places-pane canvas').dataset.seen = '1'")
    choose(page, "stage", "Kindergarten")
    page.wait_for_function(
        "(before) => { const map = document.querySelector('.folium-map').edulayout; return map.state.stage.name === 'kindergarten'; }",
        arg=before,
    )
    page.mouse.move(*spot(page, 3750, 3750))
    assert "50 residents" in text(page, ".leaflet-tooltip h3")


def test_dots_can_be_picked(open_page):
    tables = city()
    tables["demand"]["geometry"] = tables["demand"].geometry.centroid
    page = open_page(maps.page(maps.explore(**tables)))
    page.mouse.move(*spot(page, 251, 651))
    assert "50 residents" in text(page, ".leaflet-tooltip h3")
    page.mouse.click(*spot(page, 251, 651))
    assert "Place b62" in text(page, ".el-dock")


def test_schools_that_fail_rules_carry_a_red_mark(open_page):
    tables = city()
    tables["schools"] = tables["schools"].assign(
        rules_failed=[2, 0, 1, 0, 0], worst_rule=["Class size", "", "Site area", "", ""]
    )
    page = open_page(maps.page(maps.explore(**tables)))
    choose(page, "layout", "Existing")
    choose(page, "stage", "Kindergarten")
    assert page.locator(".el-school .el-failed").count() == 1
    assert "Fails a planning rule" in text(page, ".el-signs")
    assert "rules failed: 2" in page.locator(".el-school").get_attribute("aria-label")
    page.locator(".el-school svg").click()
    assert "2; worst: Class size" in text(page, ".el-dock .el-fails")
    choose(page, "layout", "Planned")
    assert page.locator(".el-school .el-failed").count() == 1, "the new school fails none"
    choose(page, "stage", "Primary")
    assert page.locator(".el-school .el-failed").count() == 0
    assert "Fails a planning rule" not in text(page, ".el-signs")
