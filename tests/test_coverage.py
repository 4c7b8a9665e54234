import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

import edulayout as el
from edulayout.errors import CrsError, InputError

INF = float("inf")


@pytest.fixture
def costs():
    return el.TravelCosts.from_dense(
        [[100.0], [500.0], [900.0], [INF]], demand_ids=["a", "b", "c", "d"], school_ids=["s"], unit="metres"
    )


@pytest.fixture
def demand():
    return pd.DataFrame(
        {"pupils_primary": [10.0, 20.0, 10.0, 5.0], "district_id": ["n", "n", "z", ""]}, index=["a", "b", "c", "d"]
    )


def test_by_hand(costs, demand):
    table = el.coverage.summary(costs, demand, stage="primary", radius=500, by="district_id")
    assert table.index.tolist() == ["n", "outside", "z", "all"]
    assert table["pupils"].tolist() == [30.0, 5.0, 10.0, 45.0]
    assert table["pupils_covered"].tolist() == [30.0, 0.0, 0.0, 30.0]
    assert table["share_covered"].tolist() == [1.0, 0.0, 0.0, 30 / 45]
    everybody = table.loc["all"]
    # 10 × 100 + 20 × 500 + 10 × 900 = 20,000 pupil-metres over the 40 who arrive
    assert everybody["mean_metres"] == 500.0
    assert everybody["median_metres"] == 500.0
    assert everybody["p95_metres"] == 900.0
    assert everybody["max_metres"] == 900.0
    assert everybody["pupils_unreachable"] == 5.0
    assert np.isnan(table.loc["outside", "mean_metres"])


def test_groups_add_up(costs, demand):
    table = el.coverage.summary(costs, demand, stage="primary", radius=500, by="district_id")
    parts, whole = table.drop(index="all"), table.loc["all"]
    for column in ("pupils", "pupils_covered", "pupils_unreachable"):
        assert parts[column].sum() == whole[column]


def test_minutes_name_their_columns(demand):
    costs = el.TravelCosts.from_dense(np.ones((4, 1)), demand_ids=list("abcd"), school_ids=["s"], unit="minutes")
    table = el.coverage.summary(costs, demand, stage="primary", radius=10)
    assert {"mean_minutes", "radius_minutes"} <= set(table.columns)


@given(st.permutations(range(4)), st.lists(st.floats(0, 1e4), min_size=4, max_size=4))
def test_order_of_rows_changes_no_bit(order, pupils):
    ids = np.array(list("abcd"))
    metres = np.array([[100.1], [500.2], [900.3], [7.7]])
    whole = pd.DataFrame({"pupils_primary": pupils}, index=ids)
    tables = []
    for turn in (np.arange(4), np.array(order)):
        costs = el.TravelCosts.from_dense(metres[turn], demand_ids=ids[turn], school_ids=["s"], unit="metres")
        tables.append(el.coverage.summary(costs, whole, stage="primary", radius=500))
    columns = ["pupils", "pupils_covered", "mean_metres", "max_metres"]
    assert tables[0][columns].to_numpy().tobytes() == tables[1][columns].to_numpy().tobytes()


@given(st.floats(0, 2000), st.floats(0, 2000))
def test_a_larger_radius_never_covers_less(one, two):
    costs = el.TravelCosts.from_dense(
        [[100.0], [500.0], [900.0]], demand_ids=list("abc"), school_ids=["s"], unit="metres"
    )
    less, more = sorted((one, two))
    assert (el.coverage.covered(costs, radius=less) <= el.coverage.covered(costs, radius=more)).all()


def test_missing_column_and_missing_rows(costs, demand):
    with pytest.raises(InputError, match="pupils_junior_high"):
        el.coverage.summary(costs, demand, stage="junior_high", radius=500)
    with pytest.raises(InputError, match="3 rows for costs of 4"):
        el.coverage.summary(costs, demand.iloc[:3], stage="primary", radius=500)


def test_service_areas_are_one_per_school():
    schools = gpd.GeoDataFrame(geometry=[Point(0, 0), Point(5, 5)], index=["s", "t"], crs="EPSG:4544")
    areas = el.coverage.service_areas(schools, engine=el.Straight(), radius=300)
    assert areas.index.tolist() == ["s", "t"]
    assert areas.area.between(0.99 * np.pi * 300**2, np.pi * 300**2).all()
    with pytest.raises(CrsError):
        el.coverage.service_areas(schools.set_crs(None, allow_override=True), engine=el.Straight(), radius=300)
