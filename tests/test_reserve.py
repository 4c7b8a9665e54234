"""Land kept free: by hand, against a grid of points, and idle buildings against a loop."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from edulayout import TravelCosts, reserve
from edulayout.errors import CrsError, InputError


def layer(*shapes, index=None, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), index=index, crs="EPSG:4544")


SITE = layer(box(0, 0, 100, 100), index=["a"])
NOTHING = layer(box(9000, 9000, 9001, 9001))


def land(needed, taken=None, site=SITE, **options):
    return reserve.growth_land(site, pd.Series({"a": needed}), taken=taken or {"built_up": NOTHING}, **options).loc["a"]


def test_free_on_all_sides_by_hand():
    """A ring of 10 m around 100 m × 100 m has 4,400 m² (corners square)."""
    row = land(4400.0)
    assert (row["verdict"], row["ring_metres"], row["free_m2"]) == ("enough", 10.0, pytest.approx(4400.0))
    assert land(4401.0)["ring_metres"] == 11.0


def test_walled_in_by_streets_there_is_none():
    ring = layer(LineString([(-8, -8), (108, -8), (108, 108), (-8, 108), (-8, -8)]).buffer(8, join_style="mitre"))
    row = land(1000.0, {"roads": ring})
    assert (row["verdict"], row["free_m2"], row["short_m2"]) == ("none", 0.0, 1000.0)
    assert row.geometry.is_empty


def test_land_beyond_a_street_does_not_touch_the_site():
    street = layer(LineString([(110, -500), (110, 500)]))  # 8 m to each side: from x = 102
    others = layer(box(-300, -300, 0, 400), box(-300, 100, 400, 400), box(-300, -300, 400, 0))
    row = land(10_000.0, {"roads": street, "built_up": others})
    assert row["verdict"] == "partly"
    assert row["free_m2"] == pytest.approx(200.0)  # the strip of 2 m
    assert row["taken_roads_m2"] > 0
    assert row.geometry.bounds == pytest.approx((100, 0, 102, 100))
    assert land(10_000.0, {"roads": street, "built_up": others}, least_square_metres=300)["verdict"] == "none"


def test_a_corner_is_no_border():
    around = layer(
        box(-300, -300, 100, 0),
        box(-300, 0, 0, 400),
        box(0, 100, 400, 400),
        box(100, 0, 400, 100),
        box(100, -300, 100.0, 0),
    )
    assert land(500.0, {"built_up": around})["verdict"] == "none"  # free is only what touches at (100, 0)


def test_another_school_is_not_free_land():
    two = layer(box(0, 0, 100, 100), box(100, 0, 200, 100), index=["a", "b"])
    found = reserve.growth_land(two, pd.Series({"a": 4000.0, "b": 0.0}), taken={"built_up": NOTHING})
    assert shapely.area(shapely.intersection(found.geometry["a"], two.geometry["b"])) == 0
    assert found.loc["b", ["verdict", "needed_m2", "free_m2"]].tolist() == ["not needed", 0.0, 0.0]


def test_a_verge_is_no_land():
    # A street runs 18 m east of the site: 10 m of verge are left, in which no school can grow.
    street = layer(
        LineString([(118, -500), (118, 500)]),
        LineString([(-8, -500), (-8, 500)]),
        LineString([(-500, -8), (500, -8)]),
        LineString([(-500, 108), (500, 108)]),
    )
    taken = {"roads": street}
    need = pd.Series({"a": 900.0})
    site = layer(box(0, 0, 100, 100), index=["a"])
    wide = reserve.growth_land(site, need, taken=taken)
    narrow = reserve.growth_land(site, need, taken=taken, least_width_metres=15.0)
    fits = reserve.growth_land(site, need, taken=taken, least_width_metres=9.0)
    assert wide.loc["a", "verdict"] == fits.loc["a", "verdict"] == "enough"
    # The land is taken in as wide as it must be, though 9 m of it would have had the area.
    assert (wide.loc["a", "free_m2"], fits.loc["a", "free_m2"]) == (pytest.approx(900.0), pytest.approx(1000.0))
    assert narrow.loc["a", ["verdict", "free_m2"]].tolist() == ["none", 0.0]


def test_no_sites_at_all():
    none = layer(box(0, 0, 1, 1), index=["a"]).iloc[:0]
    found = reserve.growth_land(none, pd.Series(dtype=float), taken={"built_up": NOTHING})
    assert list(found.columns[:3]) == ["verdict", "needed_m2", "free_m2"]
    assert len(found) == 0


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-150, 200), st.integers(-150, 200), st.integers(5, 80), st.integers(5, 80)), max_size=6
    ),
    st.integers(1, 30_000),
)
def test_the_land_keeps_its_promises(blocks, needed):
    taken = layer(*[box(x, y, x + w, y + h) for x, y, w, h in blocks], box(9000, 9000, 9001, 9001))
    row = land(float(needed), {"built_up": taken})
    free = row.geometry
    assert shapely.area(shapely.intersection(free, shapely.union_all(taken.geometry.to_numpy()))) < 1e-6
    assert shapely.area(shapely.intersection(free, SITE.geometry.iloc[0])) < 1e-6
    assert all(part.distance(SITE.geometry.iloc[0]) < 1e-6 for part in shapely.get_parts(free))
    assert row["free_m2"] + row["short_m2"] >= needed - 1e-6
    assert (row["verdict"] == "enough") == (row["short_m2"] == 0)
    if row["verdict"] == "enough" and row["ring_metres"] > 1:
        narrower = land(float(needed), {"built_up": taken}, reach_metres=row["ring_metres"] - 1)
        assert narrower["verdict"] != "enough"


def test_bad_sites_are_named():
    with pytest.raises(InputError, match="polygon of their site") as caught:
        reserve.growth_land(
            layer(Point(0, 0), box(5, 5, 9, 9), index=["p", "q"]), pd.Series({"p": 1.0, "q": -1.0}), taken={}
        )
    assert [fault.rows for fault in caught.value.faults] == [("p",), ("q",)]
    with pytest.raises(CrsError):
        reserve.growth_land(SITE, pd.Series({"a": 1.0}), taken={"roads": NOTHING.to_crs("EPSG:4545")})


def test_conflicts_by_hand():
    free = layer(box(0, 0, 10, 10), box(20, 0, 30, 10), shapely.Polygon(), index=["a", "b", "c"])
    uses = layer(box(9, 0, 21, 10), index=["u"], name=["住宅"])
    permits = layer(box(25, 0, 30, 10), box(50, 50, 60, 60), index=["p", "q"])
    found = reserve.conflicts(free, {"planned_use": uses, "permit": permits})
    assert found.drop(columns="geometry").to_numpy().tolist() == [
        ["b", "permit", "p", "", 50.0, 0.5], ["a", "planned_use", "u", "住宅", 10.0, 0.1], ["b", "planned_use", "u", "住宅", 10.0, 0.1]]  # fmt: skip
    assert found.area.tolist() == [50.0, 10.0, 10.0]
    assert reserve.conflicts(free, {"permit": permits.iloc[1:]}).empty


def rated(areas, distances, unmet, **options):
    ids, places = [f"x{n}" for n in range(len(areas))], [f"d{n}" for n in range(len(unmet))]
    costs = TravelCosts.from_dense(distances, demand_ids=places, school_ids=ids, unit="metres")
    floors = options.pop("floors", None)
    buildings = pd.DataFrame({"floor_area_m2": areas}, index=ids)
    if floors is not None:
        buildings["floor"] = floors
    given_options = {"radius": 300, "square_metres_per_class": 100, "class_size": 30, "least_classes": 3} | options
    return reserve.rate_idle(
        buildings, costs, pd.Series(dict(zip(places, unmet, strict=True)), dtype=float), **given_options
    )


def test_idle_buildings_by_hand():
    found = rated([1000, 200, np.nan, 900], [[100, 100, 100, 100], [200, 900, 900, 400]], [30, 50])
    assert found.index.tolist() == ["x0", "x3", "x1", "x2"]
    assert found["verdict"].tolist() == ["suitable", "suitable", "too small", "cannot tell: floor area"]
    assert found.loc["x0", ["unmet_near", "pupils_served", "nearest", "mean_distance"]].tolist() == [80, 80, 100, 162.5]
    assert found.loc["x3", ["unmet_near", "pupils_served", "nearest"]].tolist() == [30, 30, 100]
    high = rated([1000, 1000, 1000], [[10, 10, 10]], [5], floors=[2, 5, np.nan], highest_floor=4)
    assert high["verdict"].to_dict() == {"x0": "suitable", "x1": "too high", "x2": "cannot tell: floor"}
    assert rated([1000], [[500]], [5])["verdict"].tolist() == ["nobody near"]


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=4), st.data())
def test_idle_buildings_agree_with_a_loop(areas, data):
    unmet = data.draw(st.lists(st.integers(0, 90), min_size=1, max_size=4))
    distances = [[data.draw(st.integers(0, 600)) for _ in areas] for _ in unmet]
    found = rated(areas, distances, unmet)
    for number, area in enumerate(areas):
        near = sum(pupils for pupils, row in zip(unmet, distances, strict=True) if row[number] <= 300)
        row = found.loc[f"x{number}"]
        assert row["unmet_near"] == near
        assert row["seats"] == area // 100 * 30
        assert row["pupils_served"] == (min(near, row["seats"]) if area // 100 >= 3 else 0)


def test_bad_idle_buildings_are_named():
    costs = TravelCosts.from_dense([[1.0]], demand_ids=["a"], school_ids=["x"], unit="metres")
    options = {"radius": 1, "square_metres_per_class": 1, "class_size": 1}
    with pytest.raises(InputError) as caught:
        reserve.rate_idle(pd.DataFrame(index=["y"]), costs, pd.Series(dtype=float), **options)
    assert [fault.source for fault in caught.value.faults] == ["buildings", "unmet", "buildings"]
