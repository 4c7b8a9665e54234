import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, box

from edulayout.demand import XUANCHENG, cell_size, cells, spread, with_pupils
from edulayout.errors import CrsError, InputError
from edulayout.tables import locate

CRS = "EPSG:4544"


def districts(**shapes):
    return gpd.GeoDataFrame(geometry=list(shapes.values()), index=list(shapes), crs=CRS)


def homes(*points):
    return gpd.GeoSeries([Point(x, y) for x, y in points], index=[f"h{i}" for i in range(len(points))], crs=CRS)


class TestSpread:
    def test_by_floor_area_within_each_district(self):
        floors = pd.Series([100.0, 300.0, 50.0], index=["x", "y", "z"])
        home = pd.Series(["a", "a", "b"], index=["x", "y", "z"])
        result = spread(pd.Series({"a": 80.0, "b": 7.0}), floors, home)
        assert result.population.to_dict() == {"x": 20.0, "y": 60.0, "z": 7.0}
        assert result.unplaced.empty

    def test_building_of_no_district_gets_nobody(self):
        floors = pd.Series([100.0, 100.0], index=["x", "y"])
        result = spread(pd.Series({"a": 8.0}), floors, pd.Series(["a", ""], index=["x", "y"]))
        assert result.population.to_dict() == {"x": 8.0, "y": 0.0}

    def test_residents_without_floor_are_returned_not_lost(self):
        floors = pd.Series([0.0, 10.0], index=["x", "y"])
        result = spread(pd.Series({"a": 8.0, "b": 3.0, "c": 0.0}), floors, pd.Series(["a", "b"], index=["x", "y"]))
        assert result.population.to_dict() == {"x": 0.0, "y": 3.0}
        assert result.unplaced.to_dict() == {"a": 8.0}

    def test_no_building_at_all(self):
        nothing = pd.Series([], index=pd.Index([], dtype=str), dtype=float)
        result = spread(pd.Series({"a": 8.0}), nothing, nothing.astype(str))
        assert result.unplaced.to_dict() == {"a": 8.0}

    @pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
    def test_wrong_amounts_are_named(self, wrong):
        with pytest.raises(InputError) as error:
            spread(pd.Series({"a": 1.0}), pd.Series({"x": 1.0, "y": wrong}), pd.Series({"x": "a", "y": "a"}))
        assert error.value.faults[0].rows == ("y",)

    @settings(max_examples=40, deadline=None)
    @given(
        people=st.lists(st.floats(0, 1e6), min_size=1, max_size=5),
        floors=st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 6)), max_size=30),
    )
    def test_conservation_law(self, people, floors):
        population = pd.Series(people, index=[str(i) for i in range(len(people))])
        ids = [f"b{i}" for i in range(len(floors))]
        area = pd.Series([floor for floor, _ in floors], index=pd.Index(ids, dtype=str), dtype=float)
        home = pd.Series([str(district) for _, district in floors], index=area.index, dtype=str)
        result = spread(population, area, home)
        assert (result.population >= 0).all()
        assert result.population.sum() + result.unplaced.sum() == pytest.approx(sum(people), rel=1e-9, abs=1e-9)


class TestCells:
    def test_cells_are_cut_at_the_border_and_belong_to_one_district(self):
        ground = districts(a=box(0, 0, 130, 100), b=box(130, 0, 300, 100))
        people = pd.Series([1.0, 2.0, 4.0], index=["h0", "h1", "h2"])
        demand = cells(homes((110, 50), (120, 60), (140, 50)), people, ground, size=100)
        assert demand["population"].to_dict() == {"a-100-0": 3.0, "b-100-0": 4.0}
        assert demand.geometry["a-100-0"].equals(box(100, 0, 130, 100))
        assert demand.geometry["b-100-0"].equals(box(130, 0, 200, 100))
        assert locate(demand, ground).tolist() == ["a", "b"]

    def test_a_cell_cut_into_pieces_keeps_the_largest(self):
        comb = MultiPolygon([box(0, 0, 20, 100), box(50, 0, 100, 100)])
        demand = cells(homes((10, 10)), pd.Series([5.0], index=["h0"]), districts(a=comb), size=100)
        assert demand.geometry.iloc[0].equals(box(50, 0, 100, 100))

    def test_negative_coordinates_fall_into_the_cell_below(self):
        demand = cells(homes((-1, -1)), pd.Series([5.0], index=["h0"]), districts(a=box(-99, -99, 0, 0)), size=100)
        assert demand.index.tolist() == ["a--100--100"]

    def test_uninhabited_places_make_no_row(self):
        people = pd.Series([0.0, 5.0], index=["h0", "h1"])
        assert len(cells(homes((10, 10), (310, 10)), people, districts(a=box(0, 0, 400, 100)), size=50)) == 1

    def test_residents_outside_are_refused(self):
        with pytest.raises(InputError, match="outside every district"):
            cells(homes((500, 500)), pd.Series([5.0], index=["h0"]), districts(a=box(0, 0, 1, 1)), size=50)

    def test_nobody_at_all_is_refused(self):
        with pytest.raises(InputError, match="nobody lives"):
            cells(homes((0.5, 0.5)), pd.Series([0.0], index=["h0"]), districts(a=box(0, 0, 1, 1)), size=50)

    def test_degrees_are_refused(self):
        ground = districts(a=box(0, 0, 1, 1)).set_crs(4326, allow_override=True)
        with pytest.raises(CrsError, match="metres"):
            cells(homes((0.5, 0.5)).set_crs(4326, allow_override=True), pd.Series({"h0": 1.0}), ground, size=50)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 399), st.integers(0, 399), st.floats(0.5, 99)), min_size=1, max_size=40))
    def test_residents_are_kept_and_order_does_not_matter(self, rows):
        ground = districts(a=box(0, 0, 170, 400), b=box(170, 0, 400, 400))
        where = homes(*((x + 0.5, y + 0.5) for x, y, _ in rows))
        people = pd.Series([count for *_, count in rows], index=where.index)
        demand = cells(where, people, ground, size=75)
        assert demand["population"].sum() == pytest.approx(people.sum(), rel=1e-9)
        assert locate(demand, ground).eq(demand["district_id"]).all()
        assert demand.geometry.is_valid.all()
        turned = cells(where[::-1], people[::-1], ground, size=75)
        assert turned.index.equals(demand.index)
        assert np.allclose(turned["population"], demand["population"], rtol=1e-12)

    def test_cell_size_takes_the_last_where_none_is_enough(self):
        assert cell_size(homes((0, 0), (5000, 0)), at_most=1, sizes=(50, 100)) == 100


class TestWithPupils:
    def test_ratio_of_the_named_plan(self):
        block = gpd.GeoDataFrame({"population": [1000.0, 10.0]}, geometry=[Point(0, 0)] * 2, index=["b", "c"], crs=CRS)
        result = with_pupils(block, XUANCHENG.per_1000)
        assert result["pupils_kindergarten"].tolist() == pytest.approx([33.8, 0.338])
        assert result["pupils_primary"].tolist() == pytest.approx([62.0, 0.62])
        assert result["pupils_junior_high"].tolist() == pytest.approx([30.5, 0.305])
        assert list(block.columns) == ["population", "geometry"]

    def test_the_ratio_is_what_its_source_says(self):
        seats = {"kindergarten": 35_580, "primary": 65_250, "junior_high": 32_100}
        for stage, count in seats.items():
            assert XUANCHENG.per_1000[stage] == pytest.approx(count / 1053, abs=0.05)

    def test_counted_pupils_stay(self):
        block = gpd.GeoDataFrame({"population": [1000.0], "pupils_primary": [7.0]}, geometry=[Point(0, 0)], crs=CRS)
        result = with_pupils(block, {"primary": 62.0, "kindergarten": 30.0})
        assert result["pupils_primary"].tolist() == [7.0]
        assert result["pupils_kindergarten"].tolist() == [30.0]

    def test_all_mistakes_at_once(self):
        block = gpd.GeoDataFrame({"population": [1.0]}, geometry=[Point(0, 0)], crs=CRS)
        with pytest.raises(InputError) as error:
            with_pupils(block, {"crèche": 1.0, "primary": -2.0})
        assert [fault.rows for fault in error.value.faults] == [("crèche",), ("primary",)]
