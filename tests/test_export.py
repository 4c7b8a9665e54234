"""What is handed over: read back by other programs, Chinese whole, hostile text inert, the same bytes each time."""

import io
import json
import sqlite3
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, box

from edulayout import crs, export, programme
from edulayout.errors import CrsError, InputError, MissingExtraError, OutputError
from edulayout.export import qgis
from edulayout.export.shapefile import short_names
from edulayout.export.words import words

HOSTILE = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "a\"b'c`d${e}", "+1", "@sum", "甲&乙"]


@pytest.fixture
def schools():
    return gpd.GeoDataFrame(
        {"name": ["第一小学", HOSTILE[0], HOSTILE[1]], "kind": ["primary", "nine_year", "unknown"], "status": ["existing", "planned", "planned"],
         "layout": "planned", "seats_primary": [540.0, np.nan, 810.0]},
        geometry=[Point(592_000, 3_495_000), Point(592_500, 3_495_500), Point(593_000, 3_494_000)],
        index=pd.Index(["0101", "123456789012345678", "c"], name="school_id"), crs="EPSG:4544",
    )  # fmt: skip


@pytest.fixture
def areas():
    ring = box(591_000, 3_494_000, 594_000, 3_497_000).difference(box(592_200, 3_495_200, 592_800, 3_495_800))
    return gpd.GeoDataFrame(
        {"name": ["江北片区", "江南片区"]}, geometry=[ring, MultiPolygon([box(594_000, 3_494_000, 594_100, 3_494_100)])],
        index=pd.Index(["jb", "jn"], name="district_id"), crs="EPSG:4544",
    )  # fmt: skip


def twice(write, tmp_path, name):
    """Write the same thing twice; return the bytes, which must be equal."""
    contents = []
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        write(tmp_path / str(number) / name)
        contents.append((tmp_path / str(number) / name).read_bytes())
    assert contents[0] == contents[1]
    return contents[0]


def test_geojson_keeps_rfc_7946(schools, areas, tmp_path):
    content = json.loads(twice(lambda path: export.write_geojson(areas, path), tmp_path, "a.geojson"))
    assert set(content) == {"type", "features"}  # no crs member (section 4)
    first = content["features"][0]
    assert first["id"] == "jb"
    assert first["properties"] == {"name": "江北片区"}
    outer, hole = first["geometry"]["coordinates"]
    assert gpd.GeoSeries.from_wkt(
        [f"LINEARRING({', '.join(f'{x} {y}' for x, y in ring)})" for ring in (outer, hole)]
    ).is_ccw.tolist() == [True, False]
    assert max(len(f"{number!r}".split(".")[1]) for ring in (outer, hole) for point in ring for number in point) <= 7
    export.write_geojson(schools, tmp_path / "s.geojson")
    back = gpd.read_file(tmp_path / "s.geojson", engine="pyogrio")
    assert back["name"].tolist() == schools["name"].tolist()
    assert back["seats_primary"].isna().tolist() == [False, True, False]
    assert back.to_crs("EPSG:4544").distance(schools.geometry.reset_index(drop=True)).max() < 0.01


def test_geojson_and_kml_want_a_crs(schools, tmp_path):
    for write in (export.write_geojson, lambda layer, path: export.write_kml({"s": layer}, path)):
        with pytest.raises(CrsError):
            write(schools.set_crs(None, allow_override=True), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_shapefiles_come_back_whole(schools, areas, tmp_path, encoding):
    layers = {"schools": schools, "areas": areas}
    export.write_shapefiles(layers, tmp_path / "out", encoding=encoding, chinese={"name": "学校名称全称"})
    back = gpd.read_file(tmp_path / "out" / "schools.shp", engine="pyogrio")
    fields = pd.read_csv(tmp_path / "out" / "fields.csv").set_index(["layer", "column"])["field"]
    assert back[fields["schools", "name"]].tolist() == schools["name"].tolist()
    assert back["school_id"].tolist() == schools.index.tolist()
    assert back[fields["schools", "seats_primary"]].fillna(-1).tolist() == [540.0, -1.0, 810.0]
    assert back.crs == schools.crs
    assert fields["schools", "name"] == ("学校名" if encoding == "utf-8" else "学校名称全")
    assert (tmp_path / "out" / "schools.cpg").read_text() == ("GBK" if encoding == "gbk" else "UTF-8")
    polygons = gpd.read_file(tmp_path / "out" / "areas.shp", engine="pyogrio")
    assert polygons.area.tolist() == pytest.approx(areas.area.tolist())


def test_shapefiles_are_the_same_bytes_and_replace_only_their_own(schools, tmp_path):
    for number in ("1", "2"):
        export.write_shapefiles({"schools": schools}, tmp_path / number, encoding="gbk")
    names = sorted(file.name for file in (tmp_path / "1").iterdir())
    assert all((tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes() for name in names)
    (tmp_path / "1" / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"letter\.txt"):
        export.write_shapefiles({"schools": schools}, tmp_path / "1")
    assert (tmp_path / "1" / "letter.txt").read_text() == "mine"


def test_a_shapefile_cuts_no_text(schools, tmp_path):
    long = schools.assign(name=["学" * 90, "a", "b"])  # 270 bytes in UTF-8, 180 in GBK
    with pytest.raises(OutputError, match="too long") as caught:
        export.write_shapefiles({"schools": long}, tmp_path / "out")
    assert caught.value.faults[0].rows == ("0101",)
    export.write_shapefiles({"schools": long}, tmp_path / "out", encoding="gbk")
    with pytest.raises(OutputError, match="gbk lacks"):
        export.write_shapefiles({"schools": schools.assign(name="𠮷")}, tmp_path / "out", encoding="gbk")
    assert gpd.read_file(tmp_path / "out" / "schools.shp", engine="pyogrio")["name"].iloc[0] == "学" * 90


def test_mixed_shapes_get_a_shapefile_each(schools, areas, tmp_path):
    mixed = pd.concat([schools[["name", "geometry"]], areas])
    export.write_shapefiles({"mixed": mixed}, tmp_path / "out")
    counts = {
        name: len(gpd.read_file(tmp_path / "out" / f"mixed_{name}.shp", engine="pyogrio"))
        for name in ("point", "polygon")
    }
    assert counts == {"point": 3, "polygon": 2}


@given(
    st.lists(st.text(alphabet="学位规划_abcXYZ", min_size=1, max_size=14), unique=True, max_size=12),
    st.sampled_from(["utf-8", "gbk"]),
)
def test_short_names_fit_and_differ(columns, encoding):
    short = short_names(columns, encoding=encoding)
    assert len({name.casefold() for name in short}) == len(columns)
    assert all(0 < len(name.encode(encoding)) <= 10 for name in short)


def test_kml_keeps_names_holes_and_columns(schools, areas, tmp_path):
    layers = {"学校": schools, "areas": areas}
    text = twice(lambda path: export.write_kml(layers, path, title="四片区"), tmp_path, "a.kml")
    space = {"k": "http://www.opengis.net/kml/2.2"}
    root = ET.fromstring(text)
    assert [name.text for name in root.iterfind(".//k:Folder/k:name", space)] == ["学校", "areas"]
    assert len(root.findall(".//k:innerBoundaryIs", space)) == 1
    back = gpd.read_file(tmp_path / "1" / "a.kml", layer="学校", engine="pyogrio")
    assert back["Name"].tolist() == schools["name"].tolist()
    assert back.to_crs("EPSG:4544").distance(schools.geometry.reset_index(drop=True)).max() < 0.02


def test_dxf_opens_with_layers_blocks_holes_and_chinese(schools, areas, tmp_path):
    ezdxf = pytest.importorskip("ezdxf")
    themes = {
        "schools": export.Theme("规划学校", 1, block="SCHOOL"),
        "areas": export.Theme("片区界", 3, filled=True, label="name"),
    }
    content = twice(
        lambda path: export.write_dxf({"areas": areas, "schools": schools}, path, themes=themes), tmp_path, "a.dxf"
    )
    assert b"AC1015" in content  # release 2000
    assert "第一小学".encode("gbk") in content
    drawing = ezdxf.readfile(tmp_path / "1" / "a.dxf")
    assert not drawing.audit().has_errors
    assert {"规划学校", "片区界", "CRS"} <= {layer.dxf.name for layer in drawing.layers}
    space = drawing.modelspace()
    signs = list(space.query("INSERT"))
    assert [sign.get_attrib_text("NAME") for sign in signs] == schools["name"].tolist()
    assert [sign.get_attrib_text("ID") for sign in signs] == schools.index.tolist()
    assert (signs[0].dxf.insert.x, signs[0].dxf.insert.y) == (592_000, 3_495_000)
    hatches = list(space.query("HATCH"))
    assert sorted(len(hatch.paths) for hatch in hatches) == [1, 2]
    assert "江北片区" in [text.dxf.text for text in space.query("TEXT")]
    assert drawing.header["$INSUNITS"] == 6
    ogr = gpd.read_file(tmp_path / "1" / "a.dxf", engine="pyogrio")
    assert set(ogr["Layer"]) >= {"规划学校", "片区界"}


def test_dxf_wants_metres_one_crs_and_gbk(schools, areas, tmp_path):
    with pytest.raises(CrsError):
        export.write_dxf({"schools": schools.to_crs(4490)}, tmp_path / "a.dxf")
    with pytest.raises(CrsError):
        export.write_dxf({"schools": schools, "areas": areas.to_crs("EPSG:4545")}, tmp_path / "a.dxf")
    with pytest.raises(OutputError, match="GBK lacks") as caught:
        export.write_dxf({"schools": schools.assign(name=["a", "𠮷", "b"])}, tmp_path / "a.dxf")
    assert caught.value.faults[0].rows == ("123456789012345678",)
    assert list(tmp_path.iterdir()) == []


def long_table(schools):
    return (
        pd.DataFrame(schools.drop(columns="geometry"))
        .reset_index()
        .assign(district_id="jb", layout=["existing", "planned", "extended"])
    )


def test_workbook_keeps_text_numbers_and_print_setup(schools, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    coverage = pd.DataFrame(
        {
            "layout": ["existing"],
            "stage": ["primary"],
            "district_id": ["all"],
            "pupils": [1234.0],
            "share_covered": [0.25],
            "mean_metres": [612.3],
        }
    )
    sheets = export.overview(long_table(schools), coverage=coverage, districts={"jb": "江北片区"}, language="zh")
    content = twice(lambda path: export.write_workbook(sheets, path, language="zh", paper="A3"), tmp_path, "a.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["现状学校一览表", "规划学校一览表", "服务覆盖一览表"]
    plan = book["规划学校一览表"]
    rows = {row[0].value: row for row in plan.iter_rows(min_row=3, max_row=4)}
    assert set(rows) == {"123456789012345678", "c"}
    hostile = rows["123456789012345678"][2]
    assert (hostile.value, hostile.data_type) == (HOSTILE[0], "s")
    assert [cell.value for cell in rows["c"]][1:5] == ["远期", HOSTILE[1], "未知", "江北片区"]
    assert plan.freeze_panes == "C3"
    assert plan.print_title_rows == "$1:$2"
    assert (plan.page_setup.paperSize, plan.page_setup.orientation, plan.page_setup.fitToHeight) == (8, "landscape", 0)
    shown = book["服务覆盖一览表"]
    cells = {shown.cell(2, column).value: shown.cell(3, column) for column in range(1, 7)}
    assert (cells["覆盖率"].value, cells["覆盖率"].number_format) == (0.25, "0.0%")
    assert (cells["学段"].value, cells["片区"].value) == ("小学", "合计")
    assert (cells["平均步行距离（m）"].value, cells["平均步行距离（m）"].number_format) == (612.3, "#,##0")


def test_every_hostile_text_stays_text_in_a_workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    table = pd.DataFrame({"name": HOSTILE, "0": ["0101"] * len(HOSTILE)})
    export.write_workbook([export.Sheet("a/b:c*[x]", table), export.Sheet("a b c  x", table)], tmp_path / "h.xlsx")
    book = openpyxl.load_workbook(tmp_path / "h.xlsx")
    assert len(set(book.sheetnames)) == 2
    page = book.worksheets[0]
    cells = [page.cell(row, 1) for row in range(3, 3 + len(HOSTILE))]
    assert [(cell.value, cell.data_type) for cell in cells] == [(text, "s") for text in HOSTILE]
    assert page.cell(3, 2).value == "0101"


def test_document_holds_tables_and_pictures(schools, tmp_path):
    docx = pytest.importorskip("docx")
    parts = ["甲乙丙", *export.overview(long_table(schools), districts={"jb": "江北片区"}, language="zh", brief=True)]
    content = twice(
        lambda path: export.write_document(parts, path, title="布局规划", language="zh"), tmp_path, "a.docx"
    )
    document = docx.Document(io.BytesIO(content))
    assert [table.rows[0].cells[0].text for table in document.tables] == ["编号", "编号"]
    texts = [[cell.text for cell in row.cells] for row in document.tables[1].rows]
    assert texts[0] == ["编号", "布局", "名称", "类型", "片区", "小学学位（座）"]
    assert texts[1] == ["123456789012345678", "规划", HOSTILE[0], "九年一贯制学校", "江北片区", "—"]
    assert "甲乙丙" in [paragraph.text for paragraph in document.paragraphs]
    assert {info.date_time for info in zipfile.ZipFile(io.BytesIO(content)).infolist()} == {(2000, 1, 1, 0, 0, 0)}


def test_geopackage_carries_styles_that_name_real_columns(schools, areas, tmp_path):
    layers = {"schools": schools.reset_index(), "districts": areas.reset_index()}
    styles = qgis.plan_styles(["existing", "planned"], ["primary"], {"primary": 500.0})
    content = twice(lambda path: export.write_geopackage(layers, path, styles=styles), tmp_path, "a.gpkg")
    assert content[:6] == b"SQLite"
    with sqlite3.connect(tmp_path / "1" / "a.gpkg") as base:
        rows = base.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
        kinds = base.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'").fetchall()
    assert kinds == [("attributes",)]
    assert {row[0] for row in rows} == {"schools", "districts"}
    assert all(row[3] == 1 for row in rows)
    rules = [rule.get("filter") for row in rows if row[0] == "schools" for rule in ET.fromstring(row[2]).iter("rule")]
    assert "\"layout\" = 'existing' AND \"kind\" = 'primary' AND \"status\" = 'planned'" in rules
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "1" / "a.gpkg")][:2] == ["schools", "districts"]
    assert (
        gpd.read_file(tmp_path / "1" / "a.gpkg", layer="schools", engine="pyogrio")["name"].tolist()
        == schools["name"].tolist()
    )


@pytest.mark.parametrize(
    ("target", "epsg"),
    [
        ("CGCS2000", 4490),
        ("WGS84", 4326),
        ("CGCS2000 3-degree", 4544),
        ("CGCS2000 3-degree zoned", 4523),
        ("EPSG:32648", 32648),
    ],
)
def test_output_in_the_datum_that_is_asked_for(schools, target, epsg):
    moved = export.in_datum({"schools": schools}, target)["schools"]
    assert moved.crs.to_epsg() == epsg
    assert moved.to_crs("EPSG:4544").distance(schools.geometry).max() < 0.001


def test_output_in_gcj02_says_no_crs_and_comes_back(schools, tmp_path):
    moved = export.in_datum({"schools": schools}, "GCJ-02")["schools"]
    assert moved.crs is None
    export.write_geojson(moved, tmp_path / "g.geojson", datum="GCJ-02")
    content = json.loads((tmp_path / "g.geojson").read_text(encoding="utf-8"))
    assert content["datum"] == "GCJ-02"
    assert content["features"][0]["geometry"]["coordinates"] == pytest.approx(
        list(moved.geometry.iloc[0].coords[0]), abs=1e-7
    )
    back = crs.from_shifted(moved, "GCJ-02", source="x").to_crs("EPSG:4544")
    assert back.distance(schools.geometry).max() < 1e-6
    with pytest.raises(InputError, match="does not know"):
        export.in_datum({"schools": schools}, "mars")


def test_a_missing_extra_says_its_command(schools, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ezdxf", None)
    with pytest.raises(MissingExtraError, match=r"edulayout\[cad\]"):
        export.write_dxf({"schools": schools}, tmp_path / "a.dxf")


def test_words_are_known_in_both_languages():
    one, two = words("en"), words("zh")
    assert set(one.columns) == set(two.columns)
    assert all(two.columns[name] != one.columns[name] for name in one.columns)
    assert (one.column("new_thing"), two.value("jiangbei")) == ("new_thing", "jiangbei")


def test_letters_become_pages_and_documents(tmp_path):
    docx = pytest.importorskip("docx")
    made = programme.read(Path(__file__).parents[1] / "sample_data" / "zhangzhou_2024" / "programme.toml")
    names = export.write_letters(made.letters("2024-11-30"), tmp_path / "letters")
    assert names == ["平和县.html", "平和县.docx", "龙海区.html", "龙海区.docx"]
    document = docx.Document(tmp_path / "letters" / "平和县.docx")
    assert document.tables[0].rows[1].cells[1].text == "竣工验收"
    assert "此函。" in [paragraph.text for paragraph in document.paragraphs]
    assert "竣工验收" in (tmp_path / "letters" / "平和县.html").read_text(encoding="utf-8")
