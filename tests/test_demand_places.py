"""Residents of zones brought to places, by area and by weight."""

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from edulayout.demand import allocate, in_whole, land_use_weights
from edulayout.errors import CrsError, InputError

CRS = "EPSG:4544"


def zones(*rows):
    return gpd.GeoDataFrame(
        {"population": [float(people) for people, _ in rows]},
        geometry=[shape for _, shape in rows], index=[f"z{i}" for i in range(len(rows))], crs=CRS,
    )  # fmt: skip


def places(*shapes, crs=CRS):
    return gpd.GeoDataFrame(geometry=list(shapes), index=[f"p{i}" for i in range(len(shapes))], crs=crs)


class TestByArea:
    def test_a_place_astride_two_zones_takes_from_both(self):
        own = zones((100, box(0, 0, 10, 10)), (300, box(10, 0, 20, 10)))
        found = allocate(own, places(box(0, 0, 5, 10), box(5, 0, 15, 10), box(15, 0, 20, 10)))
        assert found.population.tolist() == [50, 200, 150]
        assert found.outside.tolist() == [0, 0]
        assert found.pieces.values.tolist() == [
            ["z0", "p0", 50.0],
            ["z0", "p1", 50.0],
            ["z1", "p1", 150.0],
            ["z1", "p2", 150.0],
        ]

    def test_what_no_place_covers_is_outside(self):
        found = allocate(zones((100, box(0, 0, 10, 10))), places(box(-5, 0, 2, 10)))
        assert found.population.tolist() == pytest.approx([20])
        assert found.outside.tolist() == pytest.approx([80])
        assert found.total == 100

    def test_points_have_no_area(self):
        with pytest.raises(InputError, match="no area"):
            allocate(zones((100, box(0, 0, 10, 10))), places(Point(1, 1)))


class TestByWeight:
    def test_floor_area_of_buildings(self):
        own = zones((90, box(0, 0, 10, 10)), (10, box(10, 0, 20, 10)))
        homes = places(Point(1, 1), Point(2, 2), Point(15, 5))
        found = allocate(own, homes, weight=pd.Series({"p0": 200.0, "p1": 100.0, "p2": 1.0}))
        assert found.population.tolist() == [60, 30, 10]

    def test_a_building_astride_divides_its_weight(self):
        own = zones((100, box(0, 0, 10, 10)), (100, box(10, 0, 20, 10)))
        homes = places(box(0, 0, 4, 1), box(8, 0, 12, 1))
        found = allocate(own, homes, weight=pd.Series({"p0": 3.0, "p1": 2.0}))
        assert found.population.tolist() == [75, 125]

    def test_a_point_on_a_border_counts_once(self):
        own = zones((100, box(0, 0, 10, 10)), (100, box(10, 0, 20, 10)))
        found = allocate(own, places(Point(10, 5), Point(15, 5)), weight=pd.Series({"p0": 1.0, "p1": 1.0}))
        assert found.population.tolist() == [100, 100]

    def test_a_zone_without_weight_is_outside(self):
        own = zones((7, box(0, 0, 10, 10)), (100, box(10, 0, 20, 10)))
        found = allocate(own, places(Point(15, 5)), weight=pd.Series({"p0": 4.0}))
        assert found.outside.to_dict() == {"z0": 7.0, "z1": 0.0}

    def test_land_use(self):
        land = places(box(0, 0, 10, 10), box(10, 0, 20, 10)).assign(land_use=["R2", "M1"])
        weight = land_use_weights(land, {"R2": 3.0, "M1": 1.0})
        assert allocate(zones((400, box(0, 0, 20, 10))), land, weight=weight).population.tolist() == [300, 100]
        with pytest.raises(InputError) as error:
            land_use_weights(land, {"R2": 3.0})
        assert error.value.faults[0].rows == ("M1",)


class TestFaults:
    def test_numbers_named_together(self):
        with pytest.raises(InputError) as error:
            allocate(zones((-1, box(0, 0, 1, 1))), places(Point(0, 0)), weight=pd.Series({"p0": float("nan")}))
        assert [fault.rows for fault in error.value.faults] == [("z0",), ("p0",)]

    def test_overlaps(self):
        one = zones((10, box(0, 0, 10, 10)))
        with pytest.raises(InputError, match="places that overlap"):
            allocate(one, places(box(0, 0, 10, 10), box(5, 0, 10, 10)))
        with pytest.raises(InputError, match="zones that overlap"):
            allocate(zones((10, box(0, 0, 10, 10)), (10, box(5, 0, 15, 10))), places(box(6, 0, 9, 9)))

    def test_crs(self):
        with pytest.raises(CrsError):
            allocate(zones((1, box(0, 0, 1, 1))), places(box(0, 0, 1, 1), crs="EPSG:4513"))


@settings(max_examples=40, deadline=None)
@given(
    people=st.lists(st.floats(0, 1e5), min_size=4, max_size=4),
    corners=st.lists(st.tuples(st.integers(-5, 24), st.integers(-5, 24)), min_size=1, max_size=8, unique=True),
    weighted=st.booleans(),
)
def test_conservation(people, corners, weighted):
    own = zones(
        *[(people[i], box(10 * (i % 2), 10 * (i // 2), 10 * (i % 2) + 10, 10 * (i // 2) + 10)) for i in range(4)]
    )
    cells = places(*[box(x, y, x + 1, y + 1) for x, y in corners])
    weight = pd.Series(range(len(cells)), index=cells.index, dtype=float) if weighted else None
    found = allocate(own, cells, weight=weight)
    assert found.population.sum() + found.outside.sum() == pytest.approx(sum(people), rel=1e-6, abs=1e-6)
    assert (found.population >= 0).all()


class TestInWhole:
    def test_largest_remainders(self):
        assert in_whole(pd.Series([0.4, 0.4, 0.2])).tolist() == [1, 0, 0]
        assert in_whole(pd.Series([2.0, 3.0])).tolist() == [2, 3]

    @settings(max_examples=60, deadline=None)
    @given(numbers=st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from("ab")), min_size=1, max_size=20))
    def test_every_group_keeps_its_sum_to_the_unit(self, numbers):
        people = pd.Series([number for number, _ in numbers])
        group = pd.Series([name for _, name in numbers])
        found = in_whole(people, by=group)
        assert ((found - people).abs() < 1 + 1e-6).all()
        for name in "ab":
            assert abs(found[group == name].sum() - people[group == name].sum()) <= 0.5 + 1e-6
