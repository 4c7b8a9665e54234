"""Sheets: to scale, with selectable text and embedded fonts, names that never lie on one another, the same bytes."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pypdf
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from shapely import LineString, Point, box

from edulayout import Study, maps
from edulayout.errors import InputError, OutputError, TableError
from edulayout.maps.print import content as content_module
from edulayout.maps.print import figures, files, fonts, labels, listings, outline, paper, setting, themes
from edulayout.maps.print.lettering import Lettered
from edulayout.maps.print.map_types import MAP_TYPES, subject
from edulayout.maps.print.words import style, words

CRS = "EPSG:4544"
X, Y = 592_000.0, 3_495_000.0
MM_PER_POINT = 25.4 / 72


def town(language="zh", **changes):
    """Two districts of 1 × 1 km side by side, 100 blocks, a river between them, five schools."""
    districts = gpd.GeoDataFrame(
        {"name": ["西片区", "东片区"], "name_en": ["West", "East"]},
        geometry=[box(X, Y, X + 1000, Y + 1000), box(X + 1000, Y, X + 2000, Y + 1000)], index=["w", "e"], crs=CRS,
    )  # fmt: skip
    rows = [
        ("existing", "k1", "小星星幼儿园", "Little Star", "kindergarten", "existing", "w", X + 205, Y + 305),
        ("existing", "p1", "第一小学", "First Primary", "primary", "existing", "w", X + 505, Y + 505),
        ("planned", "k1", "小星星幼儿园", "Little Star", "kindergarten", "existing", "w", X + 205, Y + 305),
        ("planned", "p1", "第一小学", "First Primary", "primary", "existing", "w", X + 505, Y + 505),
        ("planned", "p2", "规划小学（江北）", "Planned school", "primary", "planned", "e", X + 1505, Y + 505),
        ("extended", "k1", "小星星幼儿园", "Little Star", "kindergarten", "existing", "w", X + 205, Y + 305),
        ("extended", "p1", "第一小学", "First Primary", "primary", "existing", "w", X + 505, Y + 505),
        ("extended", "p2", "规划小学（江北）", "Planned school", "primary", "planned", "e", X + 1505, Y + 505),
        ("extended", "n1", "远期学校", "Later school", "nine_year", "planned", "e", X + 1805, Y + 805),
    ]
    names = ["layout", "school_id", "name", "name_en", "kind", "status", "district_id"]
    schools = gpd.GeoDataFrame(
        [row[:7] for row in rows], columns=names, geometry=[Point(row[7:]) for row in rows], crs=CRS
    )
    schools = schools.assign(
        seats_primary=[np.nan, 360, np.nan, 360, 180, np.nan, 360, 180, np.nan], seats_kindergarten=[90, *[np.nan] * 8]
    )
    corners = [(X + 180 * i + 100, Y + 180 * j + 50) for i in range(10) for j in range(5)]
    demand = gpd.GeoDataFrame(
        {"population": 10.0, "pupils_primary": 4.0, "pupils_kindergarten": 2.0, "district_id": ["w" if x < X + 1000 else "e" for x, _ in corners]},
        geometry=[box(x, y, x + 90, y + 90) for x, y in corners], index=[f"b{i}" for i in range(len(corners))], crs=CRS,
    )  # fmt: skip
    for layout in ("existing", "planned", "extended"):
        own = schools[(schools["layout"] == layout) & schools["kind"].isin(["primary", "nine_year"])]
        gaps = np.column_stack([demand.centroid.distance(place) for place in own.geometry])
        demand[f"metres_primary_{layout}"] = gaps.min(axis=1)
        demand[f"school_primary_{layout}"] = own["school_id"].to_numpy()[gaps.argmin(axis=1)]
    coverage = pd.DataFrame(
        [("planned", "primary", key, 100.0, share, 321.0) for key, share in (("w", 0.5), ("e", 0.25), ("all", 0.375))],
        columns=["layout", "stage", "district_id", "pupils", "share_covered", "mean_metres"],
    )
    given = {
        "districts": districts, "schools": schools, "demand": demand, "coverage": coverage,
        "barriers": gpd.GeoDataFrame({"name": ["澄江"], "name_en": ["Clear River"]}, geometry=[box(X + 950, Y, X + 1050, Y + 1000)], crs=CRS),
        "streets": gpd.GeoDataFrame({"street_class": ["primary", "residential"]}, geometry=[
            LineString([(X, Y + 500), (X + 2000, Y + 500)]), LineString([(X + 300, Y), (X + 300, Y + 1000)])], crs=CRS),
        "service_areas": gpd.GeoDataFrame({"stage": ["primary", "primary"], "school_id": ["p1", "p2"], "layout": ["existing", "planned"]},
                                          geometry=[Point(X + 505, Y + 505).buffer(300), Point(X + 1505, Y + 505).buffer(300)], crs=CRS),
        "radii": {"primary": 300.0}, "name": "江城", "note": "示意", "source": "测试", "language": language, "engine": "straight",
    }  # fmt: skip
    return maps.Content(**(given | changes))


def pdf_of(made):
    return files.content([made], "pdf")


def text_of(pdf):
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no poppler on this machine")


# --- scale -------------------------------------------------------------------------------------------------------


def paths_of(pdf):
    """Every path of a page as points in millimetres from the lower left corner of the paper."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    stream = pypdf.generic.ContentStream(reader.pages[0].get_contents(), reader)
    stack, matrix, points = [], np.eye(3), []
    for operands, operator in stream.operations:
        if operator == b"q":
            stack.append(matrix)
        elif operator == b"Q":
            matrix = stack.pop()
        elif operator == b"cm":
            a, b, c, d, e, f = map(float, operands)
            matrix = np.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ matrix
        elif operator in (b"m", b"l"):
            spot = (np.array([float(operands[0]), float(operands[1]), 1]) @ matrix)[:2] * MM_PER_POINT
            points += [[]] if operator == b"m" else []
            points[-1].append(spot)
    return [np.array(path) for path in points]


@pytest.mark.parametrize(("size", "scale"), [("A3", 10000), ("A4", 25000), ("A2", 7500)])
def test_a_kilometre_measures_right_on_paper(size, scale):
    made = maps.sheet(town(), "existing", paper=size, scale=scale)
    wanted = 1_000_000 / scale
    squares = [
        path for path in paths_of(pdf_of(made))
        if len(path) >= 4 and abs(np.ptp(path[:, 0]) - wanted) < 0.1 and abs(np.ptp(path[:, 1]) - wanted) < 0.1
    ]  # fmt: skip
    assert len(squares) >= 2, "the two districts of one kilometre"
    west, east = sorted((square[:, 0].min(), square[:, 1].min()) for square in squares)[:: len(squares) - 1]
    assert east[0] - west[0] == pytest.approx(wanted, abs=0.1)
    assert (west[0], west[1]) == pytest.approx(made.view.to_paper(X, Y), abs=0.1)


def test_the_paper_has_its_size_and_the_scale_is_round():
    made = maps.sheet(town(), "existing", paper="A4", orientation="portrait")
    box_of_page = pypdf.PdfReader(io.BytesIO(pdf_of(made))).pages[0].mediabox
    assert float(box_of_page.width) * MM_PER_POINT == pytest.approx(210, abs=0.05)
    assert float(box_of_page.height) * MM_PER_POINT == pytest.approx(297, abs=0.05)
    assert made.scale in paper.SCALES


@given(
    st.floats(100, 1e5), st.floats(100, 1e5), st.sampled_from(sorted(paper.SIZES)), st.sampled_from(["landscape", "portrait"])
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_everything_fits_at_the_chosen_scale_and_not_at_the_next_larger(width, height, size, way):
    window = paper.layout(size, way).window
    seen = paper.view((0.0, 0.0, width, height), window, unit=1)
    x0, y0, x1, y1 = seen.extent
    assert x0 <= 0
    assert y0 <= 0
    assert x1 >= width - 1e-6
    assert y1 >= height - 1e-6
    larger = [scale for scale in paper.SCALES if scale < seen.scale]
    if larger:
        needed = max(width / window.width, height / window.height) * 1000 * 1.02
        assert larger[-1] < needed
    assert seen.to_ground(*seen.to_paper(12.5, 7.5)) == pytest.approx((12.5, 7.5), abs=1e-6)


def test_boxes_of_a_sheet_do_not_overlap():
    for size in paper.SIZES:
        for way in ("landscape", "portrait"):
            made = paper.layout(size, way)
            boxes = [box(one.x, one.y, one.right, one.top) for one in (made.heading, made.window, *made.panels)]
            frame = box(made.frame.x, made.frame.y, made.frame.right, made.frame.top).buffer(1e-9)
            assert all(frame.contains(one) for one in boxes)
            assert all(one.intersection(other).area < 1e-6 for at, one in enumerate(boxes) for other in boxes[:at])
            assert box(0, 0, made.width, made.height).contains(frame)


# --- text and fonts ----------------------------------------------------------------------------------------------


@needs_poppler
def test_chinese_text_can_be_searched_and_every_font_is_embedded_as_a_subset():
    pdf = pdf_of(maps.sheet(town(), "existing", block=maps.TitleBlock(organisation="某市规划院")))
    text = text_of(pdf)
    for wanted in ("教育设施现状图", "西片区", "第一小学", "某市规划院", "图例", "审图号", "CGCS2000", "澄江"):
        assert wanted in text.replace(" ", ""), wanted
    fonts_told = (
        subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode().splitlines()[2:]
    )
    assert fonts_told
    assert all(re.search(r"CID TrueType\s+Identity-H\s+yes yes yes", line) for line in fonts_told), fonts_told


@needs_poppler
def test_what_nobody_gave_is_not_invented():
    text = text_of(pdf_of(maps.sheet(town(), "existing"))).replace(" ", "")
    assert "审图号" in text
    assert "GS" not in text
    assert not re.search(r"20\d\d[-年./]", text)


@pytest.mark.slow
def test_same_bytes_in_other_processes_and_hash_seeds(tmp_path):
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); import test_sheet as t; from edulayout.maps.print import files\n"
        "made = t.maps.sheet(t.town(), 'planned')\n"
        "print(*[hashlib.sha256(files.content([made], kind, dots=60)).hexdigest() for kind in ('pdf', 'svg', 'png')])"
    )
    told = [
        subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent)], capture_output=True, text=True, check=True,
                       cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "77")
    ]  # fmt: skip
    assert told[0] == told[1]
    assert len(told[0].split()) == 3


def test_drawing_twice_in_a_process_gives_the_same_bytes():
    made = maps.sheet(town(), "coverage", stage="primary")
    again = maps.sheet(town(), "coverage", stage="primary")
    assert pdf_of(made) == pdf_of(again)
    assert pdf_of(made) == pdf_of(made), "saving changes nothing"


def test_a_font_that_is_not_there_is_an_error_that_names_packages(monkeypatch):
    monkeypatch.setattr(fonts, "findSystemFonts", lambda **_: [])
    for cached in (fonts._scan, fonts._built):
        cached.cache_clear()
    try:
        with pytest.raises(InputError) as caught:
            fonts.typeface(["江城"])
        assert fonts.typeface(["Latin only"]).family == "DejaVu Sans"
    finally:
        for cached in (fonts._scan, fonts._built):
            cached.cache_clear()
    for wanted in ("fonts-noto-cjk", "google-noto-sans-cjk-fonts", "Windows", "YaHei", "城"):
        assert wanted in str(caught.value)


def test_a_font_can_be_named_by_family_or_file():
    with pytest.raises(InputError, match="No Such Font"):
        maps.sheet(town(), "existing", font="No Such Font")
    family = fonts.typeface(["Ab"], font="DejaVu Sans").family
    assert family == "DejaVu Sans"


def test_collections_are_opened_at_the_chinese_face():
    found = [source for source in fonts._known() if source.families[0] == "Noto Sans CJK SC"]
    if not found:
        pytest.skip("no Noto Sans CJK on this machine")
    assert {Path(source.path).suffix for source in found} <= {".ttc", ".otf", ".otc"}
    assert fonts._known()[0].families[0] == "Noto Sans CJK SC"


def test_measured_widths_are_those_that_are_drawn():
    face = fonts.typeface(["规划 Planned school 123"])
    made = figures.Figure(figsize=(4, 1))
    text = made.text(0, 0, "规划 Planned school 123", fontproperties=face.plain.properties(10), parse_math=False)
    drawn = text.get_window_extent(renderer=FigureCanvasAgg(made).get_renderer()).width / made.dpi * 25.4
    assert face.plain.width("规划 Planned school 123", 10) == pytest.approx(drawn, rel=0.03)


def test_hostile_names_are_plain_text():
    content = town()
    schools = content.schools.assign(name="$\\frac{1}{2}$ <script>&{}%")
    made = maps.sheet(town(schools=schools), "existing")
    assert b"<script>" not in files.content([made], "svg")


@needs_poppler
def test_a_dollar_is_no_formula():
    content = town("en", schools=town().schools.assign(name_en="Cost $5$ school"))
    assert "$5$" in text_of(pdf_of(maps.sheet(content, "existing")))


# --- wrapping ----------------------------------------------------------------------------------------------------


def test_lines_end_where_they_may():
    type_ = setting.Type(fonts.typeface(["规划小学（江北教育用地）ab，。"]), 10)
    lines = setting.wrap("规划小学（江北，教育。用地）", type_, 4.5 * type_.em)
    assert "".join(lines) == "规划小学（江北，教育。用地）"
    assert not [line for line in lines if line[0] in "，。）" or line[-1] == "（"]
    assert setting.balanced("规划小学（江北教育用地）", type_, 9 * type_.em) == ["规划小学", "（江北教育用地）"]


@given(st.text("ab 规划（），", min_size=1, max_size=40), st.floats(3, 40))
@settings(max_examples=80, deadline=None)
def test_wrapping_loses_no_letter(text, width):
    type_ = setting.Type(fonts.typeface(["ab 规划（），"]), 8)
    joined = "".join(setting.wrap(text, type_, width))
    assert joined.replace(" ", "") == text.replace(" ", "")


# --- labels ------------------------------------------------------------------------------------------------------

NOTHING = labels.Obstacles(np.empty((0, 4)), np.empty(0, dtype=object))
WINDOW = paper.Box(0, 0, 100, 100)


def rectangles_of(wanted, spots):
    return [box(s.x, s.y, s.x + w.width, s.y + w.height) for w, s in zip(wanted, spots, strict=True) if s]


@given(st.lists(st.tuples(st.floats(5, 95), st.floats(5, 95), st.floats(4, 25)), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_placed_names_never_overlap_each_other_or_signs_or_the_frame(rows):
    wanted = [labels.Wanted(x, y, 1.0, width, 2.2) for x, y, width in rows]
    signs = np.array([[x - 1, y - 1, x + 1, y + 1] for x, y, _ in rows])
    spots = labels.place(wanted, obstacles=labels.Obstacles(signs, NOTHING.lines), window=WINDOW)
    shapes = rectangles_of(wanted, spots)
    tree = shapely.STRtree(shapes)
    assert len(tree.query(shapes, predicate="intersects")[0]) == len(shapes), "only with themselves"
    assert not len(tree.query([box(*sign) for sign in signs], predicate="intersects")[0])
    assert all(box(0, 0, 100, 100).contains(shape) for shape in shapes)


def test_a_free_name_stands_at_the_right_of_its_sign():
    (spot,) = labels.place([labels.Wanted(50, 50, 1, 10, 2)], obstacles=NOTHING, window=WINDOW)
    assert spot.x > 51
    assert spot.y + 1 == pytest.approx(50)
    assert not spot.leader


def test_a_name_without_room_is_told():
    full = labels.Obstacles(np.array([[0.0, 0, 100, 100]]), NOTHING.lines)
    assert labels.place([labels.Wanted(50, 50, 1, 10, 2)], obstacles=full, window=WINDOW) == [None]


def crowded(count):
    """So many schools on a few hundred metres that their names cannot all stand there."""
    content = town("en")
    rng = np.random.default_rng(4)
    spots = rng.uniform([X + 300, Y + 300], [X + 700, Y + 700], (count, 2))
    table = pd.DataFrame({
        "layout": "existing", "school_id": [f"s{at:03}" for at in range(count)], "kind": "primary", "status": "existing",
        "name_en": [f"A school with a long name {at:03}" for at in range(count)], "name": None, "district_id": "w",
    })  # fmt: skip
    return maps.Content(
        districts=content.districts, schools=gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*spots.T), crs=CRS),
        demand=content.demand, language="en",
    )  # fmt: skip


@needs_poppler
def test_no_name_is_lost():
    made = maps.sheet(crowded(60), "existing", paper="A4", scale=20000)
    assert made.keyed
    assert made.cut == 0
    text = text_of(pdf_of(made))
    assert [one.number for one in made.keyed] == list(range(1, len(made.keyed) + 1))
    assert len(re.findall(r"\b\d{3}\b", text)) >= 60, "every name stands on the map or in the list"


@pytest.mark.slow
@needs_poppler
def test_what_has_no_room_is_counted_aloud():
    made = maps.sheet(crowded(160), "existing", paper="A4", scale=20000)
    assert made.cut > 0
    assert f"{made.cut} more rows" in " ".join(text_of(pdf_of(made)).split())


# --- content -----------------------------------------------------------------------------------------------------


def test_every_type_speaks_both_languages():
    for language, told in (("zh", "小学服务半径覆盖图（规划）"), ("en", "Service-radius coverage: Primary (plan)")):
        for name in MAP_TYPES if language == "zh" else ("coverage", "near_term"):
            made = maps.sheet(town(language), name, stage="primary")
            assert made.title
            assert made.cut == 0
            assert not made.unplaced
            if name == "coverage":
                assert made.title == told


def test_texts_and_styles_are_complete():
    for language in ("en", "zh"):
        spoken = words(language)
        assert all(text or name == "cgcs" for section in spoken.sections.values() for name, text in section.items())
    english, chinese = words("en").sections, words("zh").sections
    for section, entries in english.items():
        for name, text in entries.items():
            if text:
                assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", chinese[section][name])), name


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_classes_keep_their_order_in_grey_and_signs_differ_by_shape():
    greys = [luminance(look["fill"]) for look in style()["distance"]]
    assert greys == sorted(greys)
    assert min(np.diff(greys)) > 0.05
    wants = [luminance(look["fill"]) for look in style()["balance"]]
    assert wants == sorted(wants)
    assert min(np.diff(wants)) > 0.05
    markers = [look["marker"] for look in style()["signs"].values()]
    assert len(set(markers)) == len(markers)


def test_states_follow_from_the_first_layout():
    content = content_module.checked(town())
    states = {one.id: one.state for one in content_module.schools_in(content, "extended")}
    assert states == {"k1": "existing", "p1": "existing", "p2": "planned", "n1": "extended"}
    phased = town(schools=town().schools.assign(phase=["near"] * 4 + ["later"] + ["near"] * 4))
    later = {one.id: one.state for one in content_module.schools_in(content_module.checked(phased), "planned")}
    assert later["p2"] == "extended"


def test_tables_hold_the_numbers_of_the_results():
    content = content_module.checked(town())
    made = listings.listing(
        content, subject("coverage", content, layout="planned", stage="primary"), listings_lettered()
    )
    assert made.rows == (
        ("西片区", "100", "50.0%", "321 米"),
        ("东片区", "100", "25.0%", "321 米"),
        ("合计", "100", "37.5%", "321 米"),
    )
    made = listings.listing(content, subject("seats", content, layout="planned", stage="primary"), listings_lettered())
    assert made.rows[0][:4] == ("西片区", "100", "360", "+260")
    assert made.rows[1] == ("东片区", "100", "180", "+80", "1.80")
    crowd = content_module.checked(town(demand=town().demand.assign(pupils_primary=8.0)))
    made = listings.listing(crowd, subject("seats", crowd, layout="planned", stage="primary"), listings_lettered())
    assert made.rows[1] == ("东片区", "200", "180", "−20", "0.90")
    assert [type(text) for text in made.rows[1]] == [str, str, str, listings.Alarm, str]
    made = listings.listing(content, subject("planned", content, layout="planned", stage=None), listings_lettered())
    assert made.rows[-1] == ("合计", "1", "1 → 2")


def listings_lettered():
    return Lettered()


def test_unknown_seats_are_a_dash_and_never_a_ratio():
    content = content_module.checked(town())
    made = listings.listing(content, subject("seats", content, layout="extended", stage="primary"), listings_lettered())
    assert made.rows[1] == ("东片区", "100", "≥180", "–", "–")
    assert made.note


def test_zones_cover_their_blocks_and_neighbours_differ_in_colour():
    content = content_module.checked(town())
    about = subject("zones", content, layout="planned", stage="primary")
    zones = themes.zones_of(content, about)
    assert set(zones.index) == {"p1", "p2"}
    homes = content.demand["school_primary_planned"]
    for key in zones.index:
        own = content.demand[homes == key]
        assert own.within(zones.geometry[key].buffer(0.01)).all()
    grid = np.array([box(100 * i, 100 * j, 100 * i + 100, 100 * j + 100) for i in range(8) for j in range(8)])
    colours = themes.colouring(grid, count=8)
    one, other = shapely.STRtree(grid).query(grid, predicate="dwithin", distance=60)
    assert (colours[one] != colours[other])[one != other].all()


def test_given_zones_take_the_place_of_computed_ones():
    zones = gpd.GeoDataFrame({"school_id": ["p1", "p1"], "stage": ["primary", "junior_high"]},
                             geometry=[box(X, Y, X + 500, Y + 900), box(X, Y, X + 50, Y + 90)], crs=CRS)  # fmt: skip
    content = content_module.checked(town(zones=zones))
    found = themes.zones_of(content, subject("zones", content, layout="planned", stage="primary"))
    assert found.area.tolist() == [450_000.0]
    assert maps.sheet(content, "zones", stage="primary").title


def test_tables_in_another_crs_are_brought_to_that_of_the_districts():
    made = maps.sheet(town(schools=town().schools.to_crs("EPSG:4490")), "existing")
    assert made.scale == maps.sheet(town(), "existing").scale


def test_mistakes_are_told_together_and_early():
    with pytest.raises(InputError, match="'nonsense'"):
        maps.sheet(town(), "nonsense")
    with pytest.raises(InputError, match="one of existing, planned, extended"):
        maps.sheet(town(), "existing", layout="dreamt")
    with pytest.raises(InputError, match="'senior_high'"):
        maps.sheet(town(), "coverage", stage="senior_high")
    with pytest.raises(InputError, match="one of w, e"):
        maps.sheet(town(), "existing", district="x")
    with pytest.raises(InputError, match="A5"):
        maps.sheet(town(), "existing", paper="A5")
    with pytest.raises(InputError, match="positive"):
        maps.sheet(town(), "existing", scale=0)
    with pytest.raises(TableError, match="no column layout") as caught:
        maps.sheet(town(schools=town().schools.drop(columns=["layout", "kind"])), "existing")
    assert len(caught.value.faults) == 2
    with pytest.raises(TableError, match=r"maps\.Content"):
        maps.sheet(object(), "existing")
    with pytest.raises(InputError, match="no column metres_primary_planned"):
        maps.sheet(
            town(demand=town().demand.drop(columns="metres_primary_planned")),
            "coverage",
            stage="primary",
            layout="planned",
        )


def test_files(tmp_path):
    made = maps.sheet(town(), "existing")
    for ending in ("pdf", "svg"):
        made.save(tmp_path / f"sheet.{ending}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet.pdf", "sheet.svg"]
    with pytest.raises(OutputError, match=r"\.jpg"):
        made.save(tmp_path / "sheet.jpg")
    assert not (tmp_path / "sheet.jpg").exists()


def test_png_has_three_hundred_dots_per_inch(tmp_path):
    maps.sheet(town(), "existing", paper="A4", orientation="landscape").save(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (3507, 2480)
        assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)


def test_many_blocks_become_an_image_within_the_page():
    side = 150
    corners = [(X + 13 * i, Y + 6.5 * j) for i in range(side) for j in range(side)]
    demand = gpd.GeoDataFrame(geometry=[box(x, y, x + 11, y + 5) for x, y in corners], crs=CRS)
    pdf = pdf_of(maps.sheet(town(demand=demand), "existing"))
    assert b"/Subtype /Image" in pdf
    assert len(pdf) < 3_000_000


# --- figures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "millimetres"), [(1, 89), (2, 183)])
def test_figures_have_the_width_of_columns(columns, millimetres, tmp_path):
    made = maps.figure(town("en"), "coverage", columns=columns, stage="primary", layouts=("existing", "planned"))
    assert made.get_size_inches()[0] * 25.4 == pytest.approx(millimetres)
    maps.save_figure(made, tmp_path / "figure.pdf")
    page = pypdf.PdfReader(tmp_path / "figure.pdf").pages[0]
    assert float(page.mediabox.width) * MM_PER_POINT == pytest.approx(millimetres, abs=0.05)
    text = page.extract_text()
    assert "(a) Existing" in text
    assert "(b) Plan" in text
    assert "within 300 m" in text
    with pytest.raises(InputError, match="1 or 2"):
        maps.figure(town(), columns=3)


def test_plot_draws_on_any_axes():
    made = figures.Figure(figsize=(5, 4))
    ax = made.add_subplot()
    groups = maps.plot(town("en"), "planned", ax=ax, names=True)
    assert {entry.text for entry in groups[0].entries} == {
        "Kindergarten, existing",
        "Primary school, existing",
        "Primary school, planned",
    }
    x0, x1, y0, y1 = *ax.get_xlim(), *ax.get_ylim()
    assert x0 < X
    assert x1 > X + 2000
    assert (x1 - x0) / (y1 - y0) == pytest.approx(ax.bbox.width / ax.bbox.height)
    assert {text.get_text() for text in ax.texts} >= {"West", "East", "First Primary", "Clear River"}


def test_without_matplotlib_the_remedy_is_named(tmp_path):
    code = (
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'matplotlib' else real(name, *rest)\n"
        "from edulayout import maps\n"
        "try:\n    maps.sheet\nexcept Exception as error:\n    print(type(error).__name__, error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert told.startswith("MissingExtraError")
    assert "pip install 'edulayout[print]'" in told


def test_maps_on_paper_are_loaded_when_asked_for():
    code = "import sys; from edulayout import maps; print('matplotlib' in sys.modules); maps.sheet; print('matplotlib' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told[-1] == "True"
    with pytest.raises(AttributeError, match="no_such_map"):
        maps.no_such_map  # noqa: B018


# --- bookmarks ---------------------------------------------------------------------------------------------------


def test_bookmarks_nest_and_leave_the_pages_as_they_are():
    made = maps.sheet(town(), "existing")
    plain = files.content([made, made, made], "pdf")
    marks = [outline.Bookmark("索引", 0), outline.Bookmark("一", 1), outline.Bookmark("西", 2, 1)]
    told = pypdf.PdfReader(io.BytesIO(outline.with_bookmarks(plain, marks, language="zh")))
    first, second, nested = told.outline
    assert [first.title, second.title, nested[0].title] == ["索引", "一", "西"]
    assert told.get_destination_page_number(nested[0]) == 2
    assert len(told.pages) == 3
    assert outline.with_bookmarks(plain, []) == plain


@pytest.mark.real_data
def test_liechtenstein(real_data, tmp_path):
    source = real_data / "liechtenstein_osm" / "liechtenstein-latest.osm.pbf"
    run = [sys.executable, "-m", "edulayout.cli", "init", "--osm", str(source), "--out", str(tmp_path / "li")]
    subprocess.run(run, check=True, capture_output=True)
    result = Study.from_file(tmp_path / "li" / "study.toml").run()
    made = maps.sheet(result, "coverage", stage="primary")
    assert made.cut == 0
    assert not made.unplaced
    assert len(pdf_of(made)) < 3_000_000
