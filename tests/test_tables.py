"""The gate: what a table must hold, every fault told at once, and tables checked against each other."""

import geopandas as gpd
import geopandas.testing
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPoint, Point, Polygon, box

from edulayout.errors import CrsError, InputError, TableError
from edulayout.tables import (
    check_candidates,
    check_demand,
    check_districts,
    check_schools,
    check_together,
    locate,
)

CRS = "EPSG:4544"
X, Y = 591_000.0, 3_496_000.0
"""A place within the zone of EPSG:4544: about 105.96°E 31.58°N."""

BOWTIE = Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)])


def square(column, row, side=1000.0):
    west, south = X + column * side, Y + row * side
    return box(west, south, west + side, south + side)


def districts(geometry=None, **columns):
    shapes = [square(0, 0), square(1, 0)] if geometry is None else geometry
    ids = {} if "district_id" in columns else {"district_id": [f"d{i}" for i in range(len(shapes))]}
    return gpd.GeoDataFrame(ids | columns, geometry=shapes, crs=CRS)


def demand(population=(100, 200), points=None, **columns):
    places = [Point(X + 500, Y + 500), Point(X + 1500, Y + 500)] if points is None else points
    ids = {"demand_id": [f"b{i}" for i in range(len(places))]}
    return gpd.GeoDataFrame(ids | {"population": list(population)} | columns, geometry=places, crs=CRS)


def schools(**columns):
    base = {"school_id": ["s1", "s2"], "name": ["First", "Second"], "kind": ["primary", "nine_year"]}
    return gpd.GeoDataFrame(base | columns, geometry=[Point(X + 10, Y), Point(X + 20, Y)], crs=CRS)


def candidates(**columns):
    base = {"candidate_id": ["c1"], "kinds": ["primary;nine_year"]}
    return gpd.GeoDataFrame(base | columns, geometry=[Point(X, Y)], crs=CRS)


def refusal(check, frame, error=TableError):
    with pytest.raises(error) as caught:
        check(frame, source="file.gpkg")
    return caught.value


def only_fault(check, frame, error=TableError):
    (fault,) = refusal(check, frame, error).faults
    assert fault.source == "file.gpkg"
    assert fault.expected
    assert fault.remedy
    return fault


# What passes.


def test_a_table_comes_out_as_the_contract_says():
    table = check_schools(schools(seats_primary=["450", ""], other=[1, 2]), source="s.csv")
    assert table.index.name == "school_id"
    assert table.index.tolist() == ["s1", "s2"]
    assert table.columns.tolist() == [
        "name", "kind", "status", "seats_kindergarten", "seats_primary", "seats_junior_high", "other", "geometry",
    ]  # fmt: skip
    assert table["status"].tolist() == ["existing", "existing"]
    np.testing.assert_array_equal(table["seats_primary"], [450.0, np.nan])
    assert table.attrs["source"] == "s.csv"
    assert table.crs == CRS


def test_the_argument_is_not_changed():
    frame = schools(status=["规划", ""])
    before = frame.copy(deep=True)
    check_schools(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_checked_table_passes_again_unchanged():
    once = check_schools(schools(status=["规划", None], seats_primary=[1, 2]))
    again = check_schools(once)
    pd.testing.assert_frame_equal(again, once)


def test_a_geometry_column_of_another_name_is_found():
    assert check_districts(districts().rename_geometry("geom")).geometry.name == "geometry"


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["0101", "0102"], ["0101", "0102"]),
        ([510802001001000001, 510802001001000002], ["510802001001000001", "510802001001000002"]),
        ([7.0, 8.0], ["7", "8"]),
        ([" a ", "b"], ["a", "b"]),
    ],
)
def test_ids_are_text(ids, expected):
    assert check_districts(districts(district_id=ids)).index.tolist() == expected


def test_words_in_chinese_are_known():
    table = check_schools(schools(kind=["幼儿园", "九年一贯制学校"], status=["现状", "规划"]))
    assert table["kind"].tolist() == ["kindergarten", "nine_year"]
    assert table["status"].tolist() == ["existing", "planned"]


def test_kinds_of_a_candidate_are_split_and_joined_again():
    assert check_candidates(candidates(kinds=["小学；九年一贯制学校"]))["kinds"].tolist() == ["primary;nine_year"]


def test_a_row_without_a_name_bears_its_id_and_that_is_noted():
    table = check_schools(schools(name=["First", None]))
    assert table["name"].tolist() == ["First", "s2"]
    assert table.attrs["notes"] == ["1 row without a name: the id stands in"]


def test_heights_and_single_multipoints_are_flattened_and_noted():
    places = [Point(X, Y, 12.5), MultiPoint([(X + 1, Y)])]
    table = check_demand(demand(points=places))
    assert table.geometry.tolist() == [Point(X, Y), Point(X + 1, Y)]
    assert len(table.attrs["notes"]) == 2


def test_a_column_with_an_unknown_stage_is_noted_not_lost():
    table = check_schools(schools(seats_middle=[1, 2]))
    assert "seats_middle" in table
    assert "seats_middle" in table.attrs["notes"][0]


# What is refused, one by one: file, rows, found, expected, remedy.


def test_no_rows():
    assert "no rows of demand" in only_fault(check_demand, demand().iloc[:0]).found


def test_missing_column_lists_what_is_there():
    fault = only_fault(check_demand, demand().rename(columns={"population": "POP"}))
    assert "no column 'population'; there are demand_id, POP" in fault.found
    assert 'columns={"population"' in fault.remedy


def test_missing_id_column():
    assert "'school_id'" in only_fault(check_schools, schools().drop(columns="school_id")).found


def test_columns_that_stand_twice():
    frame = demand(other=[1, 2]).rename(columns={"other": "population"})
    assert "'population'" in only_fault(check_demand, frame).found


def test_no_crs():
    fault = only_fault(check_demand, demand().set_crs(None, allow_override=True), CrsError)
    assert "EPSG:4326" in fault.remedy
    assert "EPSG:4490" in fault.remedy


def test_no_geometry():
    frame = pd.DataFrame(demand().drop(columns="geometry"))
    assert "no geometry" in refusal(check_demand, frame, InputError).faults[0].found


def test_duplicate_ids_are_named():
    fault = only_fault(check_districts, districts(district_id=["7", "7"]))
    assert "duplicate ids in 'district_id': '7'" in fault.found
    assert fault.rows == ("7", "7")


def test_missing_ids_are_named_by_row():
    fault = only_fault(check_districts, districts(district_id=["a", None]))
    assert fault.rows == ("row 2",)


@pytest.mark.parametrize("ids", [[1.5, 2.0], [510802001001000001.0, 2.0], ["5.10802E+17", "2"]])
def test_ids_that_lost_digits(ids):
    fault = only_fault(check_districts, districts(district_id=ids))
    assert "a fraction, an exponent or more than 15 digits" in fault.found
    assert len(fault.rows) == 1


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.nan, "1 row without a value"),
        (None, "1 row without a value"),
        (-3, "negative numbers, the least -3"),
        (np.inf, "infinite values"),
        (-np.inf, "infinite values"),
        ("n/a", "text where a number should be: 'n/a'"),
        ("1,200", "text where a number should be: '1,200'"),
        ("1_200", "text where a number should be: '1_200'"),
        ("１２", "text where a number should be: '１２'"),
        ("inf", "text where a number should be: 'inf'"),
        ("nan", "text where a number should be: 'nan'"),
    ],
)
def test_wrong_population(value, told):
    population = [100, value] if not isinstance(value, str) else ["100", value]
    fault = only_fault(check_demand, demand(population))
    assert fault.found == f"column 'population': {told}"
    assert fault.rows == ("b1",)


@pytest.mark.parametrize("value", [-1.0, np.inf])
def test_wrong_seats(value):
    fault = only_fault(check_schools, schools(seats_primary=[100.0, value]))
    assert "'seats_primary'" in fault.found
    assert fault.rows == ("s2",)


def test_gaps_in_pupils_are_refused_because_they_would_lose_pupils():
    assert "'pupils_primary'" in only_fault(check_demand, demand(pupils_primary=[1.0, np.nan])).found


@pytest.mark.parametrize(
    ("check", "frame", "told"),
    [
        (check_schools, schools(kind=["primary", "middle"]), "'middle'"),
        (check_schools, schools(kind=["primary", ""]), "1 row empty"),
        (check_schools, schools(status=["existing", "built"]), "'built'"),
        (check_candidates, candidates(kinds=["primary;park"]), "'primary;park'"),
        (check_candidates, candidates(kinds=[";"]), "';'"),
    ],
)
def test_unknown_words_list_the_allowed(check, frame, told):
    fault = only_fault(check, frame)
    assert told in fault.found
    assert "one of kindergarten, primary" in fault.expected or "existing, planned, closed" in fault.expected


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (None, "without a geometry"),
        (Polygon(), "empty geometries"),
        (Point(X, Y), "of the type Point"),
        (BOWTIE, "invalid polygons: Self-intersection"),
    ],
)
def test_wrong_geometry(shape, told):
    fault = only_fault(check_districts, districts([square(0, 0), shape]))
    assert told in fault.found
    assert fault.rows == ("d1",)


def test_coordinates_that_are_not_finite():
    fault = only_fault(check_demand, demand(points=[Point(X, Y), Point(np.inf, np.inf)]))
    assert "infinite or not a number" in fault.found
    assert fault.rows == ("b1",)


def test_all_faults_are_told_together():
    frame = schools(school_id=["a", "a"], kind=["park", "primary"], seats_primary=[-1, 2]).drop(columns="name")
    error = refusal(check_schools, frame.set_geometry([None, Point(X, Y)]).set_crs(None, allow_override=True), CrsError)
    told = " ".join(fault.found for fault in error.faults)
    assert len(error.faults) == 5
    assert all(part in told for part in ("duplicate", "'park'", "negative", "without a geometry", "reference system"))


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_rows_changes_nothing_but_the_order(order):
    frame = demand([1, 2, 3, 4], points=[Point(X + i, Y) for i in range(4)])
    table = check_demand(frame.iloc[list(order)])
    gpd.testing.assert_geodataframe_equal(table.sort_index(), check_demand(frame))


# Where the coordinates are.


def test_swapped_degrees_are_seen_where_a_latitude_leaves_the_globe():
    frame = demand(points=[Point(31.5, 105.9), Point(31.6, 105.8)]).set_crs("EPSG:4326", allow_override=True)
    assert "swapped" in only_fault(check_demand, frame).found


def test_one_latitude_beyond_the_globe_is_named():
    frame = demand(points=[Point(105.9, 31.5), Point(105.9, 315.0)]).set_crs("EPSG:4326", allow_override=True)
    fault = only_fault(check_demand, frame)
    assert fault.rows == ("b1",)
    assert "±90" in fault.found


def test_swapped_metres_are_seen():
    fault = only_fault(check_demand, demand(points=[Point(Y, X), Point(Y, X + 5)]))
    assert "x and y are swapped" in fault.found


@pytest.mark.parametrize("crs", ["EPSG:4544", "EPSG:32648"])
def test_degrees_declared_as_metres_are_seen(crs):
    frame = demand(points=[Point(105.9, 31.5), Point(105.8, 31.6)]).set_crs(crs, allow_override=True)
    assert "degrees under a CRS in metres" in only_fault(check_demand, frame).found


def test_a_toy_city_at_the_origin_passes_with_a_note():
    table = check_demand(demand(points=[Point(0, 0), Point(1000, 1000)]))
    assert "outside the area" in table.attrs["notes"][0]


# Overlaps.


def test_districts_that_touch_pass():
    assert check_districts(districts()).attrs["notes"] == ["2 rows without a name: the id stands in"]


def test_overlap_names_the_pair_area_and_tolerance():
    shapes = [square(0, 0), shapely.affinity.translate(square(1, 0), -100), square(5, 5)]
    fault = only_fault(check_districts, districts(shapes))
    assert fault.rows == ("d0 and d1: 100,000 m², 10.0% of the smaller",)
    assert "0.1%" in fault.expected


def test_the_same_district_twice():
    fault = only_fault(check_districts, districts([square(0, 0), square(0, 0)]))
    assert fault.rows == ("d0 and d1: the same polygon twice",)


def test_a_sliver_passes_and_is_noted():
    shapes = [square(0, 0), shapely.affinity.translate(square(1, 0), -0.5)]
    notes = check_districts(districts(shapes)).attrs["notes"]
    assert "slivers" in notes[-1]
    assert "0.0005" in notes[-1]


# Tables together.


def checked_districts(**columns):
    return check_districts(districts(district_id=["b", "a"], **columns))


def test_locate_by_hand():
    # Squares b (0..1000) and a (1000..2000): inside b, on the shared border, a corner of a, outside.
    points = gpd.GeoSeries.from_xy(
        [X + 500, X + 1000, X + 2000, X + 2001], [Y + 500, Y + 500, Y, Y], index=list("pqrs"), crs=CRS
    )
    found = locate(points, checked_districts())
    assert found.to_dict() == {"p": "b", "q": "a", "r": "a", "s": ""}
    assert found.name == "district_id"


def test_locate_takes_a_point_inside_a_polygon():
    assert locate(gpd.GeoSeries([square(0.2, 0.2, 1200.0)], crs=CRS), checked_districts()).tolist() == ["b"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=12), st.permutations(range(9)))
def test_locate_agrees_with_the_definition_and_ignores_the_order_of_districts(places, order):
    cells = [square(i % 3, i // 3, 1.0) for i in range(9)]
    frame = gpd.GeoDataFrame(index=pd.Index([f"d{i}" for i in order]), geometry=[cells[i] for i in order], crs=CRS)
    points = gpd.GeoSeries([Point(X + x, Y + y) for x, y in places], crs=CRS)
    expected = [min((f"d{i}" for i in range(9) if cells[i].intersects(point)), default="") for point in points]
    assert locate(points, frame).tolist() == expected


def test_together_counts_what_lies_outside():
    table = check_demand(demand([100, 23], [Point(X + 500, Y + 500), Point(X - 1, Y)]), source="blocks.csv")
    (outside,) = check_together(checked_districts(), demand=table)
    assert (outside.table, outside.rows, outside.total, outside.population) == ("demand", ("b1",), 2, 23.0)
    assert str(outside) == "demand: 1 of 2 rows in no district, 23 residents (b1)"
    with pytest.raises(TableError, match=r"blocks\.csv: 1 of 2 rows lie in no district\n  rows:     b1"):
        check_together(checked_districts(), demand=table, outside="error")


def test_together_says_nothing_where_all_is_inside():
    assert check_together(checked_districts(), demand=check_demand(demand()), schools=check_schools(schools())) == ()


def test_together_wants_one_crs():
    with pytest.raises(CrsError, match="EPSG:4490") as caught:
        check_together(checked_districts(), demand=check_demand(demand()).to_crs("EPSG:4490"))
    assert "to_crs" in str(caught.value)


def liechtenstein(*places):
    """Districts and points where swapped degrees stay on the globe."""
    shapes = [box(9.48, 47.05, 9.55, 47.15), box(9.55, 47.05, 9.62, 47.15)]
    ground = gpd.GeoDataFrame({"district_id": ["a", "b"]}, geometry=shapes, crs="EPSG:4326")
    blocks = demand(points=[Point(*place) for place in places]).set_crs("EPSG:4326", allow_override=True)
    return check_districts(ground), check_demand(blocks, source="blocks.csv")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32632"])
def test_together_sees_swapped_degrees_also_after_projection(crs):
    ground, blocks = liechtenstein((47.1, 9.5), (47.12, 9.6))
    with pytest.raises(TableError, match=r"blocks\.csv: longitude and latitude .* are swapped"):
        check_together(ground.to_crs(crs), demand=blocks.to_crs(crs))


def test_together_refuses_a_table_of_another_city():
    ground, blocks = liechtenstein((8.5, 47.4), (8.6, 47.4))
    with pytest.raises(TableError, match="no row lies in any district"):
        check_together(ground, demand=blocks)


def test_together_refuses_a_district_that_does_not_exist():
    table = check_demand(demand(district_id=["a", "zz"]), source="blocks.csv")
    with pytest.raises(TableError, match="a district_id that no district has: zz") as caught:
        check_together(checked_districts(), demand=table)
    assert caught.value.faults[0].rows == ("b1",)
