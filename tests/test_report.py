"""The report of a study: what it says, that it says nothing unknown, that it holds still."""

import re
import tomllib
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import edulayout
from edulayout import report, standards
from edulayout.errors import TableError
from edulayout.report import drawing, forms, mathml, plot, walk_charts
from edulayout.report.blocks import MOST_CORNERS, blocks
from edulayout.report.html import Markup, element, joined
from edulayout.report.words import words
from edulayout.standards import layered

HOSTILE = "<script>alert(1)</script>\"'`${x}=cmd()"
X0, Y0 = 592_000.0, 3_495_000.0


def town(*, name="East", language="en", **changes):
    """Four blocks of 100 m, two districts, a school today and one more planned; walks by hand."""
    squares = [shapely.box(X0 + 100 * k, Y0, X0 + 100 * k + 100, Y0 + 100) for k in range(4)]
    demand = gpd.GeoDataFrame(
        {
            "pupils_primary": [10.0, 20.0, 30.0, 40.0],
            "metres_primary_existing": [0.0, 500.0, 1200.0, np.nan],
            "metres_primary_planned": [0.0, 500.0, 100.0, 600.0],
        },
        index=pd.Index(list("abcd"), name="demand_id"),
        geometry=squares,
        crs="EPSG:4544",
    )
    districts = gpd.GeoDataFrame(
        {"district_id": ["e", "w"], "name": [name, "West"]},
        geometry=[shapely.box(X0 + 200, Y0, X0 + 400, Y0 + 100), shapely.box(X0, Y0, X0 + 200, Y0 + 100)],
        crs="EPSG:4544",
    )
    schools = gpd.GeoDataFrame(
        {
            "layout": ["existing", "planned", "planned"],
            "school_id": ["s", "s", "t"],
            "name": [name, name, "New"],
            "kind": "primary",
            "status": ["existing", "existing", "planned"],
            "district_id": ["w", "w", "e"],
        },
        geometry=gpd.points_from_xy([X0 + 50, X0 + 50, X0 + 250], [Y0 + 50] * 3),
        crs="EPSG:4544",
    )
    coverage = pd.DataFrame(
        {
            "layout": ["existing"] * 3 + ["planned"] * 3,
            "stage": "primary",
            "district_id": ["e", "w", "all"] * 2,
            "pupils": [70.0, 30.0, 100.0] * 2,
            "share_covered": [0.0, 1.0, 0.3, 30 / 70, 1.0, 0.6],
            "mean_metres": [1200.0, 333.0, 766.7, 385.7, 333.0, 370.0],
            "pupils_unreachable": [40.0, 0.0, 40.0, 0.0, 0.0, 0.0],
        }
    )
    seats = coverage[["layout", "stage", "district_id", "pupils"]].assign(
        gap=[np.nan] * 3 + [10.0, 0.0, 0.0],
        gap_at_most=[70.0, 0.0, 70.0, 10.0, 0.0, 0.0],
        schools_unknown=[1, 0, 1, 0, 0, 0],
    )
    told = {
        "title": "Two halves",
        "tables": {"coverage": coverage, "seats": seats, "schools": pd.DataFrame(schools.drop(columns="geometry"))},
        "radii": {"primary": 500.0},
        "districts": {"e": name, "w": "West"},
        "layers": {"districts": districts, "demand": demand, "schools": schools},
        "language": language,
    }
    return report.Content(**{**told, **changes})


class Reader(HTMLParser):
    """What a page is made of: its elements with their attributes, and the texts outside script and style."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closes another"

    def handle_data(self, text):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(text)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def read(content):
    page = report.page(content).html
    reader = Reader(page.replace('<meta charset="utf-8"/>', ""))
    assert reader.open == []
    return reader


def said(content):
    return re.sub(r"\s+", " ", " ".join(read(content).texts).replace("\u00a0", " "))


def test_the_summary_says_what_is_known():
    text = said(town())
    assert "today, 30.0 % of 100 primary pupils live within 500 m of a school , with the plan 60.0 %" in text.replace(
        "school,", "school ,"
    )
    assert "767 m → 370 m" in text
    assert "Pupils without a seat, all in all: ? → 0; enough in all with the plan, but seats lack in East 10." in text
    assert "Least covered (plan): East, 0.0 % → 42.9 %." in text


def test_unknown_seats_are_said_to_be_unknown():
    content = town()
    today = {name: table[table["layout"] == "existing"] for name, table in content.tables.items()}
    text = said(town(tables=today))
    assert "How many seats lack cannot be told (today): 1 schools do not state theirs; at most 70 would lack." in text
    assert "without a way to any school, and in no mean: 40" in text
    assert "The study holds no plan" in text
    assert "nan" not in text.lower()


def test_a_report_needs_coverage_only():
    bare = town(layers={}, districts={}, tables={"coverage": town().tables["coverage"]})
    text = said(bare)
    assert "30.0 %" in text
    assert "Nothing was placed" in text
    assert not [it for it in read(bare).all("svg") if it.get("class") == "map"]
    with pytest.raises(TableError, match="no table coverage"):
        town(tables={})
    with pytest.raises(TableError, match="share_covered"):
        town(tables={"coverage": town().tables["coverage"].drop(columns="share_covered")})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_same_content_gives_the_same_bytes_in_both_languages(language):
    first, second = (report.page(town(language=language)).html for _ in range(2))
    assert first == second
    assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in first
    assert ("摘要" in first) == (language == "zh")


def test_chinese_reports_have_no_english_sentences():
    content = town(language="zh", name="东片区", districts={"e": "东片区", "w": "西片区"}, title="两片区")
    texts = [text.strip() for text in read(content).texts]
    sentences = [text for text in texts if re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", text)]
    references = {entry["title"] for entry in method()["source"].values()}
    assert [
        text for text in sentences if not any(title[:20] in text for title in references) and " and " not in text
    ] == []


def test_texts_exist_in_both_languages_with_the_same_parts():
    table = tomllib.loads(files("edulayout.report").joinpath("texts.toml").read_text("utf-8"))
    for part in table.values():
        for key, pair in part.items():
            assert set(pair) == {"en", "zh"}, key
            parts = [set(re.findall(r"{(\w+)", pair[language])) for language in ("en", "zh")]
            assert parts[0] == parts[1], key


def test_hostile_names_are_text():
    content = town(name=HOSTILE, title=HOSTILE, note=HOSTILE, source=HOSTILE, notes=(HOSTILE,),
                   aside=(report.Aside(HOSTILE, (HOSTILE,), 3.0),), proofs=(report.Proof("planned", HOSTILE, "optimal", HOSTILE),))  # fmt: skip
    reader = read(content)
    assert len(reader.all("script")) == 1
    assert HOSTILE in reader.texts
    assert not [name for _, attrs in reader.elements for name in attrs if name.startswith("on")]


def test_nothing_is_loaded_and_only_the_own_script_may_run():
    reader = read(town())
    policy = next(it["content"] for it in reader.all("meta") if it.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    loading = [
        attrs for tag, attrs in reader.elements if tag in {"link", "img", "iframe", "object", "script"} and attrs
    ]
    assert loading == []
    assert not [attrs for _, attrs in reader.elements if "style" in attrs]
    targets = {it["id"] for _, it in reader.elements if "id" in it}
    inner = [it["href"][1:] for tag, it in reader.elements if tag in {"a", "use"} and it["href"].startswith("#")]
    assert set(inner) <= targets
    outer = [it["href"] for it in reader.all("a") if not it["href"].startswith("#")]
    assert all(it.startswith(("https://doi.org/", "map.html")) for it in outer)


def test_ids_are_unique_and_drawings_have_words():
    reader = read(town())
    ids = [it["id"] for _, it in reader.elements if "id" in it]
    assert len(ids) == len(set(ids))
    drawn = [it for it in reader.all("svg") if it.get("role") == "img"]
    assert drawn
    assert all(set(it["aria-labelledby"].split()) <= set(ids) for it in drawn)


def test_walks_fall_into_classes_that_end_at_the_radius():
    found = walk_charts.classes(town(), "primary")
    assert found.edges[:6].tolist() == [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]
    today, plan = found.pupils["existing"], found.pupils["planned"]
    assert today[0] == 10  # a walk of 0 m
    assert today[4] == 20  # 500 m is within 500 m
    assert (today[-1], today[-2]) == (40, 0)  # no way; beyond the axis
    assert (plan[0], plan[5]) == (40, 40)  # 0 and 100 m; 600 m
    assert today.sum() == plan.sum() == 100


def test_classes_grow_where_walks_are_long():
    content = town()
    content.layers["demand"]["metres_primary_existing"] = [0.0, 500.0, 9000.0, 19_000.0]
    found = walk_charts.classes(content, "primary")
    assert found.edges[1] == 500
    assert len(found.edges) <= 41
    assert found.pupils["existing"].sum() == 100


def test_blocks_that_are_alike_on_all_maps_are_one_path():
    content = town()
    canvas = drawing.canvas_of(np.asarray(content.layers["districts"].geometry.array))
    found = blocks(content, canvas)
    assert found.maps == [("existing", "primary"), ("planned", "primary")]
    # a and b: within, within; c: farther, within; d: no way, up to twice the radius
    assert sorted(map(tuple, found.classes.tolist())) == [(0, 0), (2, 0), (3, 1)]
    assert [text.count("M") for text in found.paths] == [2, 1, 1]
    assert not found.dots


def test_many_blocks_become_cells_that_cover_them():
    side = 150
    across, down = np.meshgrid(np.arange(side), np.arange(side))
    squares = shapely.box(X0 + 10 * across.ravel(), Y0 + 10 * down.ravel(), X0 + 10 * across.ravel() + 9, Y0 + 10 * down.ravel() + 9)  # fmt: skip
    count = len(squares)
    demand = gpd.GeoDataFrame(
        {"pupils_primary": 1.0, "metres_primary_existing": np.where(np.arange(count) < count / 2, 100.0, 900.0)},
        geometry=squares,
        crs="EPSG:4544",
    )
    assert shapely.get_num_coordinates(squares).sum() > MOST_CORNERS
    content = town(layers={"demand": demand})
    canvas = drawing.canvas_of(squares)
    found = blocks(content, canvas)
    assert sorted(found.classes.ravel().tolist()) == [0, 1]
    assert sum(map(len, found.paths)) < 700_000
    half = sum(text.count("M") for text in found.paths) / 2
    assert all(abs(text.count("M") - half) <= 0.05 * half for text in found.paths)


def test_paths_draw_what_is_there():
    canvas = drawing.canvas_of(np.array([shapely.box(0, 0, 1600, 1600)]), margin=0.0)
    holed = shapely.Polygon([(0, 0), (90, 0), (90, 90), (0, 90)], [[(30, 30), (60, 30), (60, 60), (30, 60)]])
    assert drawing.path(np.array([holed]), canvas) == "M0 1600h90v-90h-90zM30 1570h30v-30h-30z"
    line = shapely.LineString([(0, 0), (3, 4), (3.2, 4.2)])
    assert drawing.path(np.array([line]), canvas) == "M0 1600l3-4"
    assert drawing.path(np.array([shapely.Point(5, 5)]), canvas) == "M5 1595h0"


def test_numbers_are_never_rounded_to_more_than_they_are():
    assert forms.share(0.99951) == "> 99.9\u00a0%"
    assert forms.share(0.9994) == "99.9\u00a0%"
    assert forms.number_cell(0.00001, "gap").text == "≤ 0.01\u00a0%"
    assert forms.number_cell(0.0, "gap").text == "0\u00a0%"
    assert forms.number_cell(None, "count") == forms.Cell("–", None, numeric=True)
    assert forms.number_cell(pd.NA, "year").text == "–"
    assert forms.number_cell(float("inf"), "count").text == "∞"


def test_labels_keep_apart_within_the_frame():
    placed = plot.spread([10.0, 11.0, 98.0, 99.0], apart=10, low=0, high=100)
    assert all(two - one >= 10 for one, two in pairwise(placed))
    assert min(placed) >= 0
    assert max(placed) <= 100


def test_markup_is_kept_and_text_is_escaped():
    assert joined(["<", Markup("<b>"), None]) == "&lt;<b>"
    assert element("a", "x", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;">x</a>'


def method():
    return tomllib.loads(files("edulayout.report").joinpath("method.toml").read_text("utf-8"))


def test_every_formula_is_whole_mathml():
    for part in method()["part"]:
        assert set(part) >= {"title", "en", "zh"}
        for text in part.get("formulas", []):
            reader = Reader(mathml.formula(text))
            assert reader.open == []
            assert reader.elements[0] == ("math", {"display": "block"})
            for tag, arity in (("mfrac", 2), ("msub", 2), ("msup", 2), ("munder", 2), ("msubsup", 3)):
                assert children(mathml.formula(text), tag) <= {arity}, (text, tag)


def children(text, tag):
    return {len(found) for found in ET.fromstring(text).iter(tag)}


def test_every_citation_is_one_of_the_package():
    """What the report cites is what the modules say they follow."""
    package = Path(edulayout.__file__).parent
    written = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py") if "report" not in path.parts)
    sources = method()["source"]
    cited = {key for part in method()["part"] for key in part.get("cites", [])}
    assert cited == set(sources)
    for key, entry in sources.items():
        assert entry.get("doi", entry["authors"].split(",")[0]) in written, key


def test_a_radius_of_the_study_shows_its_reason():
    rules = layered("cn-gb50180-2018", overrides={"service_radius": {"primary": 600}}, reason="two bridges only")
    text = said(town(radius_rules={"primary": rules.find("service_radius", "primary")}, standard=rules))
    assert "set by the study, in place of GB 50180-2018" in text
    assert text.count("two bridges only") >= 2  # beside the radius, and among what the study set itself
    assert "instead of 500 metres (GB 50180-2018). Reason: two bridges only" in text


def test_every_rule_shows_document_clause_strength_and_status():
    rules = standards.load("cn-gb50099-2011")
    reader = read(town(standard=rules))
    text = " ".join(reader.texts)
    for rule in rules.rules:
        assert rule.document in text
        assert rule.clause in text
    assert "not verified" in text


def test_rows_beyond_the_page_are_counted():
    table = pd.DataFrame({"layout": "existing", "stage": "primary", "district_id": "w", "row": "school",
                          "school_id": [f"s{number}" for number in range(500)], "pupils": 1.0})  # fmt: skip
    content = town(tables={**town().tables, "assignment": table})
    text = said(content)
    assert "The first 400 of 500 rows; all are in tables/assignment.csv." in text
    assert "s399" in text
    assert "s400" not in text


def test_words_know_what_is_unknown():
    assert words("en").district("x9") == "x9"
    assert words("zh").layout("scenario_3") == "scenario_3"


def test_several_codes_are_several_words():
    assert words("en").value("primary;nine_year") == "Primary school, Nine-year school"
    assert words("zh").value("primary,nine_year") == "小学、九年一贯制学校"
    assert words("en").value("short, then surplus") == "short, then surplus"
    assert words("en").value("a; b") == "a; b"
