import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import Point, box

import edulayout as el
from edulayout.errors import CrsError, InputError

INF = float("inf")
DENSE = [[0.0, 400.0, INF], [INF, INF, INF], [250.0, 250.0, 90.0]]


@pytest.fixture
def costs():
    return el.TravelCosts.from_dense(DENSE, demand_ids=["a", "b", "c"], school_ids=["s", "t", "u"], unit="metres")


def test_absent_is_not_zero_and_zero_is_kept(costs):
    assert costs.to_series().to_dict() == {
        ("a", "s"): 0.0, ("a", "t"): 400.0, ("c", "s"): 250.0, ("c", "t"): 250.0, ("c", "u"): 90.0,
    }  # fmt: skip


def test_nearest_by_hand(costs):
    least, column = costs.nearest()
    assert least.tolist() == [0.0, INF, 90.0]
    assert column.tolist() == [0, -1, 2]


def test_tie_goes_to_the_first_column(costs):
    _, column = costs.select_schools(["t", "s"]).nearest()
    assert column.tolist() == [1, -1, 0]


def test_select_keeps_the_order_asked_for(costs):
    chosen = costs.select_schools(["u", "s"])
    assert chosen.school_ids.tolist() == ["u", "s"]
    assert chosen.to_series().to_dict() == {("a", "s"): 0.0, ("c", "u"): 90.0, ("c", "s"): 250.0}


def test_select_nothing_leaves_everybody_without(costs):
    least, column = costs.select_schools([]).nearest()
    assert np.isinf(least).all()
    assert (column == -1).all()


def test_select_twice_is_refused(costs):
    with pytest.raises(InputError, match="asked for twice"):
        costs.select_schools(["s", "t", "s"])


def test_select_unknown_school_names_it(costs):
    with pytest.raises(InputError, match="zzz"):
        costs.select_schools(["s", "zzz"])


def test_save_and_load_give_the_same(costs, tmp_path):
    costs.save(tmp_path / "costs.npz")
    again = el.TravelCosts.load(tmp_path / "costs.npz")
    pd.testing.assert_series_equal(again.to_series(), costs.to_series())
    assert (again.unit, again.engine, again.cutoff) == (costs.unit, costs.engine, costs.cutoff)
    assert again.demand_ids.tolist() == ["a", "b", "c"]
    assert [path.name for path in tmp_path.iterdir()] == ["costs.npz"]


@given(arrays(np.float64, (5, 4), elements=st.one_of(st.just(INF), st.integers(0, 50).map(float))))
def test_against_a_dense_oracle(dense):
    costs = el.TravelCosts.from_dense(dense, demand_ids=list("abcde"), school_ids=list("stuv"), unit="metres")
    least, column = costs.nearest()
    assert np.array_equal(least, dense.min(axis=1))
    expected = [int(row.argmin()) if np.isfinite(row.min()) else -1 for row in dense]
    assert column.tolist() == expected
    turned = costs.transpose()
    assert np.array_equal(np.diff(turned.indptr), np.isfinite(dense).sum(axis=0))
    assert el.TravelCosts.from_pairs(costs.to_series(), unit="metres").pairs == costs.pairs


@pytest.mark.parametrize(("value", "text"), [(-1.0, "negative"), (float("nan"), "missing"), (INF, "infinite")])
def test_bad_pairs_are_named(value, text):
    pairs = pd.MultiIndex.from_tuples([("a", "s"), ("b", "s")])
    with pytest.raises(InputError, match=rf"(?s){text}.*'b', 's'"):
        el.TravelCosts.from_pairs(pd.Series([1.0, value], index=pairs), unit="metres")


def test_double_pair_is_refused():
    pairs = pd.MultiIndex.from_tuples([("a", "s"), ("a", "s")])
    with pytest.raises(InputError, match="stand twice"):
        el.TravelCosts.from_pairs(pd.Series([1.0, 2.0], index=pairs), unit="metres")


def test_wrong_shape_and_negative_dense():
    with pytest.raises(InputError, match="shape"):
        el.TravelCosts.from_dense([[1.0]], demand_ids=["a", "b"], school_ids=["s"], unit="metres")
    with pytest.raises(InputError, match="negative"):
        el.TravelCosts.from_dense([[-1.0]], demand_ids=["a"], school_ids=["s"], unit="metres")


def frame(*geometries, crs="EPSG:4544"):
    ids = [f"i{number}" for number in range(len(geometries))]
    return gpd.GeoDataFrame(geometry=list(geometries), index=ids, crs=crs)


def test_two_crs_are_refused():
    with pytest.raises(CrsError, match="two coordinate"):
        el.travel_costs(frame(Point(0, 0)), frame(Point(0, 0), crs="EPSG:32632"), engine=el.Straight())


def test_a_polygon_stands_for_a_point_inside_it():
    costs = el.travel_costs(frame(box(0, 0, 2, 2)), frame(Point(1, 1)), engine=el.Straight())
    assert costs.values.tolist() == [0.0]


def test_nearest_schools_ranks_and_cuts_off():
    schools = frame(Point(0, 30), Point(0, 10), Point(0, 10), Point(0, 99))
    table = el.nearest_schools(frame(Point(0, 0)), schools, engine=el.Straight(), k=3, cutoff=50)
    assert table.to_numpy().tolist() == [["i0", 1, "i1", 10.0], ["i0", 2, "i2", 10.0], ["i0", 3, "i0", 30.0]]


@pytest.mark.parametrize(
    ("change", "words"),
    [({"cutoff": -1}, "cutoff"), ({"cutoff": float("nan")}, "cutoff"), ({"cutoff": INF}, "cutoff")],
)
def test_a_senseless_cutoff_is_refused(change, words):
    for ask in (el.travel_costs, el.nearest_schools):
        with pytest.raises(InputError, match=words):
            ask(frame(Point(0, 0)), frame(Point(0, 0)), engine=el.Straight(), **change)
    with pytest.raises(InputError, match="1 or more"):
        el.nearest_schools(frame(Point(0, 0)), frame(Point(0, 0)), engine=el.Straight(), k=0)


def test_double_ids_and_missing_geometry_are_named():
    twice = gpd.GeoDataFrame(geometry=[Point(0, 0), None], index=["x", "x"], crs="EPSG:4544")
    with pytest.raises(InputError, match=r"(?s)ids that stand twice.*without a geometry"):
        el.travel_costs(twice, frame(Point(0, 0)), engine=el.Straight())


def test_a_stored_file_that_is_none(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        el.TravelCosts.load(tmp_path / "costs.npz")
    (tmp_path / "costs.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(InputError, match="cannot be read"):
        el.TravelCosts.load(tmp_path / "costs.npz")
    np.savez(tmp_path / "other.npz", indptr=np.zeros(1))
    with pytest.raises(InputError, match="no indices"):
        el.TravelCosts.load(tmp_path / "other.npz")
