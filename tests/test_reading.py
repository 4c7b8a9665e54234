"""Readers: formats, columns, ids, encodings, CRS, and what a bad file gets."""

import csv

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from edulayout.errors import CrsError, InputError, MissingFileError, TableError
from edulayout.reading import read_candidates, read_demand, read_districts, read_schools
from edulayout.reading.encoding import detect

CSV = """school_id,name,kind,seats_primary,lon,lat
0101,"North, upper",primary,450,105.96,31.58
510802001001000001,Nine,nine_year,,105.97,31.59
"""


def districts():
    names = ["江北片区", "七里新区"]
    shapes = [box(591_000, 3_496_000, 592_000, 3_497_000), box(592_000, 3_496_000, 593_000, 3_497_000)]
    return gpd.GeoDataFrame({"XZQDM": ["0101", "0102"], "MC": names}, geometry=shapes, crs="EPSG:4544")


MAPPING = {"district_id": "XZQDM", "name": "MC"}


@pytest.fixture
def write(tmp_path):
    def put(content, name="schools.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return put


def shapefile(tmp_path, *, cpg=None, frame=None, encoding="gbk"):
    path = tmp_path / "districts.shp"
    pyogrio.write_dataframe(districts() if frame is None else frame, path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def refused(read, *args, error=TableError, **kwargs):
    with pytest.raises(error) as caught:
        read(*args, **kwargs)
    for fault in caught.value.faults:
        assert fault.source.endswith(args[0].name)
        assert fault.found
        assert fault.expected
        assert fault.remedy
    return caught.value


def only_fault(read, *args, error=TableError, **kwargs):
    (fault,) = refused(read, *args, error=error, **kwargs).faults
    return fault


# Delimited text.


def test_csv_keeps_ids_as_text_and_empty_cells_as_unknown(write):
    table = read_schools(write(CSV), crs="EPSG:4490")
    assert table.index.tolist() == ["0101", "510802001001000001"]
    assert table["name"].tolist() == ["North, upper", "Nine"]
    np.testing.assert_array_equal(table["seats_primary"], [450, np.nan])
    assert table.geometry.tolist() == [Point(105.96, 31.58), Point(105.97, 31.59)]
    assert table.crs == "EPSG:4490"
    assert table.attrs == {"source": "schools.csv", "notes": []}


@pytest.mark.parametrize(
    ("head", "crs"),
    [
        ("lon,lat", "EPSG:4326"),
        ("LON,Lat", "EPSG:4326"),
        ("longitude,latitude", "EPSG:4326"),
        ("经度,纬度", "EPSG:4490"),
        ("x,y", "EPSG:4326"),
    ],
)
def test_names_of_coordinate_columns(write, head, crs):
    table = read_demand(write(f"demand_id,population,{head}\na,5,105.5,31.5\n"), crs=crs)
    assert table.geometry.iloc[0] == Point(105.5, 31.5)


def test_the_crs_says_which_of_two_pairs_is_meant(write):
    path = write("demand_id,population,lon,lat,x,y\na,5,105.96,31.58,591000,3496000\n")
    assert read_demand(path, crs="EPSG:4490").geometry.iloc[0] == Point(105.96, 31.58)
    assert read_demand(path, crs="EPSG:4544").geometry.iloc[0] == Point(591_000, 3_496_000)


def test_columns_are_mapped_and_may_serve_twice(write):
    path = write("编号;人口;东;北\n01;7;591000;3496000\n")
    mapping = {"demand_id": "编号", "name": "编号", "population": "人口", "x": "东", "y": "北"}
    table = read_demand(path, crs="EPSG:4544", columns=mapping)
    assert table.index.tolist() == table["name"].tolist() == ["01"]
    assert table["population"].tolist() == [7.0]
    assert table.attrs["notes"] == ["cells are parted by ';'"]


def test_a_mapped_name_does_not_lose_the_column_it_displaces(write):
    path = write("school_id,name,MC,kind,x,y\n1,old,new,primary,591000,3496000\n")
    table = read_schools(path, crs="EPSG:4544", columns={"name": "MC"})
    assert (table["name"].iloc[0], table["name_in_file"].iloc[0]) == ("new", "old")
    assert "name_in_file" in table.attrs["notes"][0]


def test_words_are_translated(write):
    path = write("candidate_id,kinds,x,y\n1,教育用地,591000,3496000\n2,小学,591000,3496000\n")
    table = read_candidates(path, crs="EPSG:4544", values={"kinds": {"教育用地": "primary;nine_year"}})
    assert table["kinds"].tolist() == ["primary;nine_year", "primary"]


def test_rows_without_an_id_column_are_numbered_and_that_is_noted(write):
    table = read_demand(write("population,x,y\n5,591000,3496000\n6,591000,3496000\n"), crs="EPSG:4544")
    assert table.index.tolist() == ["1", "2"]
    assert "numbered" in table.attrs["notes"][0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_encodings_are_told_apart(write, encoding):
    path = write(CSV.replace("Nine", "七里新区第一小学"), encoding=encoding)
    table = read_schools(path, crs="EPSG:4490")
    assert table.loc["510802001001000001", "name"] == "七里新区第一小学"
    assert bool(table.attrs["notes"]) == encoding.startswith("gb")


def test_an_encoding_that_is_told_wins(write):
    path = write(CSV.replace("Nine", "Zürich"), encoding="latin-1")
    assert read_schools(path, crs="EPSG:4490", encoding="latin-1")["name"].iloc[1] == "Zürich"


def test_an_uncertain_encoding_is_refused_with_its_lines(write):
    fault = only_fault(read_schools, write(CSV.replace("Nine", "Zürich"), encoding="latin-1"), crs="EPSG:4490")
    assert fault.rows == ("line 3",)
    assert 'encoding="gbk"' in fault.remedy


def test_a_wrong_encoding_is_refused_with_its_lines(write):
    path = write(CSV.replace("Nine", "七里"), encoding="gbk")
    fault = only_fault(read_schools, path, crs="EPSG:4490", encoding="utf-8")
    assert fault.rows == ("line 3",)
    assert "'utf-8'" in fault.found
    assert "'klingon'" in only_fault(read_schools, path, crs="EPSG:4490", encoding="klingon").found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"plain", "utf-8"),
        ("幼儿园，小学".encode("gbk"), "gb18030"),
        ("École Zürich Straße".encode("latin-1"), None),
        (bytes([0xFF, 0xFF, 0x20]), None),
    ],
)
def test_detection(text, expected):
    assert detect([text]) == expected


def test_lines_with_too_few_and_too_many_cells_are_named(write):
    fault = only_fault(read_schools, write(CSV + "3,cut\n4,d,primary,1,1,1,1,1\n"), crs="EPSG:4490")
    assert fault.rows == ("line 4", "line 5")
    assert "2 or 8 cells under a first line with 6" in fault.found


def test_a_quote_that_is_not_closed_is_named_by_its_first_line(write):
    fault = only_fault(
        read_schools, write(CSV + '3,"cut short,primary,1,105,31\n4,d,primary,1,105,31\n'), crs="EPSG:4490"
    )
    assert fault.rows == ("line 4",)
    assert "end of data" in fault.found


def test_a_last_line_without_an_end_is_noted(write):
    assert "cut" in read_schools(write(CSV.rstrip("\n")), crs="EPSG:4490").attrs["notes"][0]


def test_lines_are_counted_through_quoted_line_breaks(write):
    text = 'demand_id,population,x,y\n"a\nb",5,591000,3496000\nc,-1,591000,3496000\n'
    assert only_fault(read_demand, write(text), crs="EPSG:4544").rows == ("c (line 4)",)


def test_blank_lines_are_no_rows(write):
    table = read_schools(write("\n" + CSV.replace("\n510", "\n\n510")), crs="EPSG:4490")
    assert table.index.tolist() == ["0101", "510802001001000001"]
    fault = only_fault(read_schools, write("\n\n" + CSV.replace("450", "x")), crs="EPSG:4490")
    assert fault.rows == ("0101 (line 4)",)


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)


@settings(max_examples=40, deadline=None)
@given(st.lists(names, min_size=1, max_size=5), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_text_comes_back_from_csv(tmp_path_factory, texts, encoding):
    path = tmp_path_factory.mktemp("csv") / "schools.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["school_id", "name", "kind", "x", "y"])
        writer.writerows([f"0{i}", text, "primary", 591_000, 3_496_000] for i, text in enumerate(texts))
    table = read_schools(path, crs="EPSG:4544")
    assert table["name"].tolist() == [text or f"0{i}" for i, text in enumerate(texts)]


@pytest.mark.parametrize("text", ["", "school_id,name,kind,x,y\n"])
def test_a_file_without_rows(write, text):
    assert "no rows of schools" in only_fault(read_schools, write(text), crs="EPSG:4544").found


def test_a_column_name_that_stands_twice(write):
    assert "'x'" in only_fault(read_demand, write("population,x,x\n1,2,3\n"), crs="EPSG:4544").found


def test_bytes_that_are_no_text(write):
    assert "zero" in only_fault(read_demand, write(b"a,b\n\0\0,1\n"), crs="EPSG:4544").found


def test_csv_without_crs_tells_the_other_faults_too(write):
    error = refused(read_schools, write(CSV.replace("450", "-450")), error=CrsError)
    assert [fault.rows for fault in error.faults] == [("0101 (line 2)",), ()]
    assert "EPSG:4326" in str(error)
    assert "EPSG:4490" in str(error)


def test_longitudes_under_a_crs_in_metres(write):
    assert "'lon'" in only_fault(read_schools, write(CSV), crs="EPSG:4544", error=CrsError).found


def test_swapped_columns(write):
    text = CSV.replace("lon,lat", "lat,lon")
    assert "swapped" in only_fault(read_schools, write(text), crs="EPSG:4490").found
    table = read_schools(write(text), crs="EPSG:4490", columns={"lon": "lat", "lat": "lon"})
    assert table.geometry.iloc[0] == Point(105.96, 31.58)


@pytest.mark.parametrize(("cell", "told"), [("n/a", "no numbers: lon = 'n/a'"), ("", "without a geometry")])
def test_coordinates_that_are_missing_or_no_numbers(write, cell, told):
    error = refused(read_schools, write(CSV.replace("105.97", cell)), crs="EPSG:4490")
    assert [told in fault.found for fault in error.faults] == [True]
    assert "510802001001000001 (line 3)" in error.faults[0].rows or error.faults[0].rows == ("line 3",)


# Columns that are not there.


def test_missing_file(tmp_path):
    assert "no such file" in only_fault(read_schools, tmp_path / "nowhere.csv", error=MissingFileError).found


def test_a_mapped_column_that_is_missing_lists_what_is_there(write):
    error = refused(read_schools, write(CSV), crs="EPSG:4490", columns={"name": "MC"})
    assert error.faults[0].found.startswith("no column 'MC'; there are school_id, name, kind, seats_primary, lon, lat")


def test_a_mapping_to_a_name_that_the_table_does_not_have(write):
    error = refused(read_schools, write(CSV), crs="EPSG:4490", columns={"nmae": "name"})
    assert "'nmae'" in error.faults[0].found
    assert "school_id, name" in error.faults[0].expected


def test_a_missing_column_names_the_file_and_the_remedy(write):
    fault = only_fault(read_schools, write(CSV.replace("kind", "type")), crs="EPSG:4490")
    assert "no column 'kind'; there are" in fault.found
    assert 'columns={"kind"' in fault.remedy


# Vector files.


@pytest.mark.parametrize("name", ["d.gpkg", "d.geojson", "d.fgb", "d.gml"])
def test_vector_formats(tmp_path, name):
    frame = districts() if name != "d.geojson" else districts().to_crs("EPSG:4326")
    pyogrio.write_dataframe(frame, tmp_path / name)
    table = read_districts(tmp_path / name, columns=MAPPING)
    # FlatGeobuf stores rows in the order of a space-filling curve.
    assert table["name"].sort_index().to_dict() == {"0101": "江北片区", "0102": "七里新区"}
    assert table.crs == frame.crs


def test_gbk_shapefile_without_cpg_is_detected_and_noted(tmp_path):
    table = read_districts(shapefile(tmp_path), columns=MAPPING)
    assert table["name"].tolist() == ["江北片区", "七里新区"]
    assert "gb18030" in table.attrs["notes"][0]


def test_utf8_shapefile_without_cpg(tmp_path):
    table = read_districts(shapefile(tmp_path, encoding="utf-8"), columns=MAPPING)
    assert table["name"].tolist() == ["江北片区", "七里新区"]
    assert table.attrs["notes"] == []


@pytest.mark.parametrize("cpg", ["GBK", "936", "UTF-8"])
def test_a_cpg_is_believed_and_checked(tmp_path, cpg):
    path = shapefile(tmp_path, cpg=cpg)
    if cpg == "UTF-8":
        fault = only_fault(read_districts, path, columns=MAPPING)
        assert fault.rows == ("row 1", "row 2")
        assert "not utf-8" in fault.found
    else:
        assert read_districts(path, columns=MAPPING)["name"].tolist() == ["江北片区", "七里新区"]


def test_an_encoding_that_is_told_wins_over_a_cpg(tmp_path):
    path = shapefile(tmp_path, cpg="UTF-8")
    assert read_districts(path, columns=MAPPING, encoding="gbk")["name"].iloc[0] == "江北片区"


def test_a_latin_shapefile_is_refused_until_its_encoding_is_told(tmp_path):
    frame = districts().assign(MC=["Zürich", "Genf"])
    path = shapefile(tmp_path, frame=frame, encoding="ISO-8859-1")
    # GDAL writes the language byte of ANSI; without it nothing says what the text is.
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    content[29] = 0
    table.write_bytes(content)
    assert only_fault(read_districts, path, columns=MAPPING).rows == ("row 1",)
    assert read_districts(path, columns=MAPPING, encoding="latin-1")["name"].iloc[0] == "Zürich"


def test_a_column_name_cut_within_a_character_is_refused(tmp_path):
    path = shapefile(tmp_path, encoding="utf-8")
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    content[64:74] = "行政区划代码".encode()[:10]  # the second column; a name has ten bytes
    table.write_bytes(content)
    assert "'行政区\ufffd'" in only_fault(read_districts, path, columns=MAPPING).found


def test_a_name_cut_within_a_character_is_still_gbk(tmp_path):
    path = shapefile(tmp_path)
    table = path.with_suffix(".dbf")
    content = table.read_bytes()
    whole, cut = "七里新区".encode("gbk"), "七里新区".encode("gbk")[:-1]
    start = content.index(whole)
    # The last column, cut at the end of its cell.
    assert content[start : start + 8] == whole
    table.write_bytes(content[:start] + b" " + cut + content[start + 8 :])
    assert read_districts(path, columns=MAPPING)["name"].iloc[0] == "江北片区"


def test_several_layers_are_listed(tmp_path):
    path = tmp_path / "city.gpkg"
    pyogrio.write_dataframe(districts(), path, layer="plan")
    pyogrio.write_dataframe(districts().iloc[:1], path, layer="old")
    fault = only_fault(read_districts, path)
    assert "plan, old" in fault.found
    assert len(read_districts(path, layer="old", columns=MAPPING)) == 1
    assert "no layer 'new'; there are plan, old" in only_fault(read_districts, path, layer="new").found


def test_a_table_without_geometry_beside_the_layer_is_no_choice(tmp_path):
    path = tmp_path / "city.gpkg"
    pyogrio.write_dataframe(districts(), path, layer="plan")
    pyogrio.write_dataframe(districts().drop(columns="geometry"), path, layer="layer_styles")
    assert len(read_districts(path, columns=MAPPING)) == 2


def test_a_spreadsheet_keeps_ids_as_text(tmp_path):
    path = tmp_path / "blocks.xlsx"
    frame = pd.DataFrame({"demand_id": ["0101", "0102"], "population": [5, 6], "x": [591_000.0, 591_001.0]})
    pyogrio.write_dataframe(frame.assign(y=3_496_000.0), path)
    table = read_demand(path, crs="EPSG:4544")
    assert table.index.tolist() == ["0101", "0102"]
    assert table.geometry.iloc[1] == Point(591_001, 3_496_000)


def test_a_vector_file_without_crs(tmp_path):
    path = tmp_path / "d.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        districts().set_crs(None, allow_override=True).to_file(path)
    assert only_fault(read_districts, path, columns=MAPPING, error=CrsError).expected == "a declared CRS"
    table = read_districts(path, columns=MAPPING, crs="EPSG:4544")
    assert table.crs == "EPSG:4544"
    assert "as told" in table.attrs["notes"][0]


def test_a_crs_that_contradicts_the_file(tmp_path):
    path = tmp_path / "d.gpkg"
    districts().to_file(path)
    fault = only_fault(read_districts, path, columns=MAPPING, crs="EPSG:4545", error=CrsError)
    assert "EPSG:4544" in fault.found
    assert "EPSG:4545" in fault.found


def test_a_geojson_that_names_no_crs_may_be_told_one(tmp_path):
    path = tmp_path / "d.geojson"
    districts().to_crs("EPSG:4326").to_file(path)
    path.write_text(path.read_text().replace('"crs"', '"former"'))
    assert read_districts(path, columns=MAPPING).crs == "EPSG:4326"
    table = read_districts(path, columns=MAPPING, crs="EPSG:4490")
    assert table.crs == "EPSG:4490"
    assert "names no CRS" in table.attrs["notes"][0]


def test_repair_is_on_request_and_counted(tmp_path):
    bowtie = Polygon([(593_000, 3_496_000), (593_010, 3_496_010), (593_010, 3_496_000), (593_000, 3_496_010)])
    path = tmp_path / "d.gpkg"
    districts().set_geometry([districts().geometry.iloc[0], bowtie]).to_file(path)
    fault = only_fault(read_districts, path, columns=MAPPING)
    assert fault.rows == ("0102 (row 2)",)
    assert "repair=True" in fault.remedy
    table = read_districts(path, columns=MAPPING, repair=True)
    # Two triangles of base 10 and height 5.
    assert table.area.iloc[1] == pytest.approx(50)
    assert "1 invalid polygons repaired on request" in table.attrs["notes"][0]


# Files that are broken.


def test_a_truncated_geopackage(tmp_path):
    districts().to_file(tmp_path / "d.gpkg")
    content = (tmp_path / "d.gpkg").read_bytes()
    (tmp_path / "cut.gpkg").write_bytes(content[: len(content) * 3 // 4])
    assert "malformed" in only_fault(read_districts, tmp_path / "cut.gpkg").found


def test_a_truncated_geojson(tmp_path):
    districts().to_crs("EPSG:4326").to_file(tmp_path / "d.geojson")
    content = (tmp_path / "d.geojson").read_bytes()
    (tmp_path / "cut.geojson").write_bytes(content[:-40])
    assert "Unterminated" in only_fault(read_districts, tmp_path / "cut.geojson").found


@pytest.mark.parametrize(("part", "told"), [(".shp", "without a geometry"), (".dbf", "ends before its last row")])
def test_a_truncated_shapefile(tmp_path, part, told):
    path = shapefile(tmp_path)
    piece = path.with_suffix(part)
    piece.write_bytes(piece.read_bytes()[:-60])
    assert told in only_fault(read_districts, path, columns=MAPPING).found


@pytest.mark.parametrize("name", ["empty.gpkg", "text.geojson", "text.shp"])
def test_a_file_that_is_none_of_its_format(write, name):
    path = write("" if name.startswith("empty") else "hello", name)
    assert "GDAL cannot read it" in only_fault(read_districts, path).found


def test_a_folder_and_a_file_that_must_not_be_read(tmp_path, monkeypatch, write):
    (tmp_path / "folder.csv").mkdir()
    assert only_fault(read_districts, tmp_path / "folder.csv").found == "a folder"

    def locked(_):
        raise PermissionError(13, "Permission denied")

    path = write(CSV)
    monkeypatch.setattr("pathlib.Path.read_bytes", locked)
    assert "Permission denied" in only_fault(read_schools, path).found


def test_a_packed_file(write):
    assert "unpack" in only_fault(read_districts, write(b"PK", "d.zip")).remedy


def test_every_refusal_is_an_input_error(write):
    with pytest.raises(InputError):
        read_schools(write("a,b\n1\n"))


# Real files.


@pytest.mark.real_data
def test_hamilton_wards(real_data):
    mapping = {"district_id": "OBJECTID", "name": "WARD"}
    table = read_districts(real_data / "hamilton_on" / "wards.gpkg", columns=mapping)
    assert len(table) == 15
    assert table.index.tolist()[:2] == ["1", "2"]
    assert table.crs == "EPSG:26917"
    assert table.attrs["notes"] == []


@pytest.mark.real_data
def test_hamilton_catchments_have_two_invalid_rings_and_four_networks(real_data):
    path = real_data / "hamilton_on" / "catchments.gpkg"
    fault = only_fault(read_districts, path, columns={"district_id": "CID"})
    assert fault.rows == ("row 102", "row 250")
    assert "Self-intersection" in fault.found
    # Repaired, the catchments of two years and four networks still lie upon each other: no districts.
    fault = only_fault(read_districts, path, columns={"district_id": "CID"}, repair=True)
    assert "overlap" in fault.found


@pytest.mark.real_data
def test_liechtenstein_schools_with_a_mapping(real_data):
    path = real_data / "liechtenstein_osm" / "schools.gpkg"
    mapping = {"school_id": "osm_id", "kind": "amenity"}
    fault = only_fault(read_schools, path, columns=mapping)
    assert "'school'" in fault.found
    assert len(fault.rows) == 18
    table = read_schools(path, columns=mapping, values={"kind": {"school": "unknown"}})
    assert table["kind"].value_counts().to_dict() == {"kindergarten": 20, "unknown": 18}
    assert table.attrs["notes"] == ["8 rows without a name: the id stands in"]


@pytest.mark.real_data
def test_a_shapefile_without_prj_and_dbf(real_data):
    path = real_data / "sf_spopt" / "ServiceAreas_4.shp"
    assert only_fault(read_districts, path, error=CrsError).expected == "a declared CRS"
    assert "pairs of districts overlap" in only_fault(read_districts, path, crs="EPSG:4326").found


@pytest.mark.real_data
def test_a_csv_written_by_r(real_data):
    path = real_data / "sf_spopt" / "SF_demand_205_centroid_uniform_weight.csv"
    mapping = {"demand_id": "ID", "population": "POP2000"}
    refused(read_demand, path, columns=mapping, error=CrsError)
    table = read_demand(path, columns=mapping, crs="EPSG:4326")
    assert len(table) == 205
    assert table.index[0] == "06081602900"
    assert table.geometry.iloc[0].x == pytest.approx(-122.488653101)
