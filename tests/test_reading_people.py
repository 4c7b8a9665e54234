"""Tables about people, and estates that are being built."""

import geopandas as gpd
import pytest
from shapely import Point

from edulayout.errors import InputError, MissingFileError
from edulayout.reading.people import check_housing, read_housing, read_people


def test_text_stays_text_and_lines_are_named(tmp_path):
    path = tmp_path / "ages.csv"
    path.write_text("PQ,NL,RK\n01,0-4,12\n02,85+,3\n", encoding="gbk")
    table = read_people(path, columns={"district_id": "PQ", "age": "NL", "population": "RK"})
    assert table["district_id"].tolist() == ["01", "02"]
    assert table.index.tolist() == ["line 2", "line 3"]
    assert table.attrs["source"] == "ages.csv"


def test_chinese_words_in_gbk(tmp_path):
    path = tmp_path / "ages.csv"
    path.write_text("district_id,age,sex,population\n江北,0～4岁,女,12\n江北,85岁及以上,男,3\n", encoding="gb18030")
    assert read_people(path, encoding="gb18030")["sex"].tolist() == ["女", "男"]


def test_a_missing_file_and_a_ragged_one(tmp_path):
    with pytest.raises(MissingFileError):
        read_people(tmp_path / "none.csv")
    (tmp_path / "ragged.csv").write_text("a,b\n1\n")
    with pytest.raises(InputError, match="line 2"):
        read_people(tmp_path / "ragged.csv")


def test_housing_at_its_place(tmp_path):
    path = tmp_path / "housing.csv"
    path.write_text("housing_id,year,dwellings,lon,lat\nh1,2026,120,105.97,31.58\n")
    estates = read_housing(path, crs="EPSG:4490")
    assert estates.loc["h1", ["year", "dwellings"]].tolist() == [2026, 120]
    with pytest.raises(InputError, match="coordinate reference system"):
        read_housing(path)


def test_every_fault_of_housing(tmp_path):
    path = tmp_path / "housing.csv"
    path.write_text("housing_id,year,dwellings,x,y\nh1,soon,120,1,1\nh1,2026,,2,2\n")
    with pytest.raises(InputError) as error:
        read_housing(path, crs="EPSG:4544")
    text = str(error.value)
    assert "year" in text
    assert "dwellings" in text
    assert "h1" in text


def test_the_gate_takes_tables_made_in_python():
    frame = gpd.GeoDataFrame({"year": [2026], "dwellings": [5]}, geometry=[Point(1, 1)], index=["h"], crs="EPSG:4544")
    assert check_housing(frame.rename_axis("housing_id")).index.tolist() == ["h"]
    with pytest.raises(InputError, match="dwellings"):
        check_housing(frame.drop(columns="dwellings").rename_axis("housing_id"))
