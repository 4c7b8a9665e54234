"""Zones, shifted datums: against published vectors, and back to where they came from."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon, box

import edulayout as el
from edulayout import crs
from edulayout.crs import shifted
from edulayout.errors import CrsError

METRES_PER_DEGREE = 111_320.0
IN_CHINA = {"lon": st.floats(74, 135), "lat": st.floats(4, 53)}


def one(*numbers):
    return tuple(np.array([number]) for number in numbers)


def vectors(real_data, name):
    return json.loads((real_data / "coords_gcj02" / name).read_text(encoding="utf-8"))


@pytest.mark.real_data
def test_gcj02_agrees_with_published_vectors(real_data):
    for row in vectors(real_data, "eviltransform_vectors.json")["wgs84_to_gcj02"]:
        lon, lat = shifted.gcj02_from_wgs84(*one(row["wgs_lng"], row["wgs_lat"]))
        assert (lon[0], lat[0]) == pytest.approx((row["gcj_lng"], row["gcj_lat"]), abs=1e-7)
        back = shifted.wgs84_from_gcj02(lon, lat)
        assert (back[0][0], back[1][0]) == pytest.approx((row["wgs_lng"], row["wgs_lat"]), abs=1e-7)


@pytest.mark.real_data
def test_the_second_source_agrees_for_both_datums(real_data):
    told, (lon, lat) = vectors(real_data, "coordtransform_vectors.json"), (116.404, 39.915)
    there = shifted.gcj02_from_wgs84(*one(lon, lat))
    assert (there[0][0], there[1][0]) == pytest.approx(told["wgs84_to_gcj02"], abs=1e-7)
    further = shifted._bd09_from_gcj02(*one(lon, lat))
    assert (further[0][0], further[1][0]) == pytest.approx(told["gcj02_to_bd09"], abs=1e-7)
    # Its inverses take one step of what is iterated here: some decimetres, some metres off.
    back = shifted.wgs84_from_gcj02(*one(lon, lat))
    assert (back[0][0], back[1][0]) == pytest.approx(told["gcj02_to_wgs84_one_step"], abs=2e-6)


@pytest.mark.real_data
def test_the_sources_differ_for_bd09_by_one_constant(real_data, monkeypatch):
    """The first source leaves out the factor 3000/180 within BD-09's waves; with its constant its vectors come out."""
    rows = vectors(real_data, "eviltransform_vectors.json")["bd09_to_wgs84"]
    monkeypatch.setattr(shifted, "_BAIDU", np.pi)
    for row in rows:
        lon, lat = shifted.wgs84_from_bd09(*one(row["bd_lng"], row["bd_lat"]))
        assert (lon[0], lat[0]) == pytest.approx((row["wgs_lng"], row["wgs_lat"]), abs=2e-5)


@given(**IN_CHINA)
def test_there_and_back_within_a_hundred_millionth_of_a_metre(lon, lat):
    for datum, (back, forth) in shifted.SHIFTED.items():
        x, y = back(*forth(*one(lon, lat)))
        metres = np.hypot(x[0] - lon, y[0] - lat) * METRES_PER_DEGREE
        assert metres < (1e-8 if abs(lon - 105.0) > 1e-6 else 1e-6), datum


def test_the_shift_is_larger_than_a_service_radius():
    lon, lat = one(105.97, 31.58)
    for datum, metres in {"GCJ-02": 433, "BD-09": 1063}.items():
        x, y = shifted.SHIFTED[datum][1](lon, lat)
        moved = np.hypot((x - lon) * np.cos(np.radians(lat)), y - lat) * METRES_PER_DEGREE
        assert moved[0] == pytest.approx(metres, abs=4)


def test_a_table_comes_back_with_its_columns_and_shapes():
    square = Polygon([(105.9, 31.5), (106.0, 31.5), (106.0, 31.6), (105.9, 31.6)])
    table = gpd.GeoDataFrame({"name": ["古城"]}, geometry=[square], index=["a"], crs="EPSG:4490")
    there = crs.to_shifted(table, "GCJ-02", source="x")
    assert there.crs is None
    back = crs.from_shifted(there, "GCJ-02", source="x")
    assert back.crs == "EPSG:4326"
    assert back["name"].tolist() == ["古城"]
    assert back.geometry.iloc[0].hausdorff_distance(square) < 1e-12
    assert table.geometry.iloc[0].equals(square)


def test_outside_china_is_refused_with_its_rows():
    table = gpd.GeoSeries([Point(105.9, 31.5), Point(9.5, 47.1)], index=["in", "out"], crs="EPSG:4326")
    with pytest.raises(CrsError, match="outside China") as caught:
        crs.from_shifted(table, "GCJ-02", source="schools.csv")
    assert caught.value.faults[0].rows == ("out",)
    with pytest.raises(CrsError, match="outside China"):
        crs.to_shifted(table, "BD-09", source="schools.csv")


def test_a_declared_shift_is_undone_on_reading(tmp_path):
    lon, lat = shifted.gcj02_from_wgs84(*one(105.97, 31.58))
    path = tmp_path / "schools.csv"
    path.write_text(f"school_id,kind,lon,lat\n0101,primary,{float(lon[0])!r},{float(lat[0])!r}\n")
    schools = el.read_schools(path, crs="gcj02")
    assert schools.crs == "EPSG:4326"
    assert (schools.geometry.x.iloc[0], schools.geometry.y.iloc[0]) == pytest.approx((105.97, 31.58), abs=1e-12)
    assert "coordinates in GCJ-02, as told: brought back to WGS 84" in schools.attrs["notes"]


def test_a_declared_shift_is_undone_in_a_layer_that_says_wgs84(tmp_path):
    place = gpd.GeoDataFrame({"school_id": ["1"], "kind": ["primary"]}, geometry=[Point(105.97, 31.58)], crs=4326)
    crs.to_shifted(place, "BD-09", source="x").set_crs(4326).to_file(tmp_path / "s.gpkg", engine="pyogrio")
    schools = el.read_schools(tmp_path / "s.gpkg", crs="BD-09")
    assert schools.geometry.iloc[0].distance(Point(105.97, 31.58)) < 1e-12


def schools_in_squares(datum=None):
    """Forty schools in the middle of squares of 400 m, in CGCS2000; shifted where asked for."""
    middles = [Point(592_000 + 400 * i, 3_495_000 + 400 * j) for i in range(8) for j in range(5)]
    homes = gpd.GeoSeries([box(p.x - 200, p.y - 200, p.x + 200, p.y + 200) for p in middles], crs="EPSG:4544")
    points = gpd.GeoSeries(middles, crs="EPSG:4544")
    if datum:
        points = crs.to_shifted(points, datum, source="x").set_crs(4326).to_crs("EPSG:4544")
    return points, homes


@pytest.mark.parametrize("datum", ["GCJ-02", "BD-09"])
def test_shifted_schools_are_hinted_at(datum):
    assert crs.unshifted_hint(*schools_in_squares(datum)) == datum


def test_no_hint_where_schools_lie_where_they_should_or_elsewhere():
    points, homes = schools_in_squares()
    assert crs.unshifted_hint(points, homes) == ""
    assert crs.unshifted_hint(points.translate(3000, 0), homes) == ""
    far = points.to_crs(4326).translate(-90, 10).to_crs("EPSG:4544")
    assert crs.unshifted_hint(far, homes) == ""


@pytest.mark.parametrize(
    ("lon", "code", "zoned"), [(105.97, 4544, 4523), (117.65, 4548, 4527), (75, 4534, 4513), (135, 4554, 4533)]
)
def test_the_zone_whose_middle_is_nearest(lon, code, zoned):
    place = gpd.GeoSeries([Point(lon, 30)], crs="EPSG:4490")
    assert crs.gauss_kruger(place).to_epsg() == code
    assert crs.gauss_kruger(place, zone_in_easting=True).to_epsg() == zoned
    projected = place.to_crs(crs.gauss_kruger(place))
    assert abs(projected.x.iloc[0] - 500_000) <= 1.5 * METRES_PER_DEGREE


def test_no_zone_outside_china():
    with pytest.raises(CrsError, match="zones 25 to 45"):
        crs.gauss_kruger(gpd.GeoSeries([Point(9.5, 47.1)], crs=4326))
    with pytest.raises(CrsError, match="no coordinate reference system"):
        crs.gauss_kruger(gpd.GeoSeries([Point(9.5, 47.1)]))


def test_gaps_in_a_table_stay_gaps():
    series = gpd.GeoSeries([Point(105.9, 31.5), None], index=pd.Index(["a", "b"]), crs="EPSG:4326")
    back = crs.from_shifted(series, "GCJ-02", source="x")
    assert back.index.tolist() == ["a", "b"]
    assert back.iloc[1] is None
