"""Peaks, housing, and the demand of a year of the forecast."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from edulayout.demand import in_year, peaks, pupils_of_housing, with_all, with_housing
from edulayout.errors import InputError

CRS = "EPSG:4544"


def forecast(**districts):
    return pd.DataFrame(
        [("medium", "primary", name, 2024 + at, float(pupils)) for name, row in districts.items() for at, pupils in enumerate(row)],
        columns=["variant", "stage", "district_id", "year", "pupils"],
    )  # fmt: skip


ESTATES = gpd.GeoDataFrame(
    {"district_id": ["new", "new"], "year": [2025, 2026], "dwellings": [100, 200]},
    geometry=[Point(0, 0), Point(50, 0)], index=pd.Index(["h1", "h2"], name="housing_id"), crs=CRS,
)  # fmt: skip


class TestPeaks:
    def test_the_city_shrinks_while_a_district_grows(self):
        found = peaks(forecast(old=[1000, 900, 700], new=[100, 150, 200])).set_index("district_id")
        assert found.index.tolist() == ["old", "new", "all"]
        assert found["peak_year"].tolist() == [2024, 2026, 2024]
        assert found["fall_from_peak"].tolist() == [300, 0, 200]
        assert found["rise_to_peak"].tolist() == [0, 100, 0]
        assert found.loc["all", "share_lost"] == pytest.approx(200 / 1100)

    def test_now(self):
        found = peaks(forecast(a=[100, 80, 90]), now=2025).iloc[0]
        assert (found["now_pupils"], found["peak_year"], found["rise_to_peak"]) == (80, 2024, 20)
        with pytest.raises(InputError, match="2030"):
            peaks(forecast(a=[100]), now=2030)

    def test_wrong_tables(self):
        with pytest.raises(InputError, match="no column pupils"):
            peaks(forecast(a=[1]).drop(columns="pupils"))
        twice = pd.concat([forecast(a=[1, -1]), forecast(a=[1])], ignore_index=True)
        with pytest.raises(InputError) as error:
            peaks(twice)
        assert [fault.rows for fault in error.value.faults] == [("0", "2"), ("1",)]

    def test_sums_do_not_depend_on_the_order_of_districts(self):
        rng = np.random.default_rng(0)
        numbers = {f"d{i}": rng.uniform(0, 1000, 4) for i in range(30)}
        one = with_all(forecast(**numbers)).query("district_id == 'all'")["pupils"].tolist()
        other = with_all(forecast(**dict(reversed(numbers.items())))).query("district_id == 'all'")["pupils"].tolist()
        assert one == other


class TestHousing:
    def test_dwellings_times_yield_from_completion_on(self):
        found = pupils_of_housing(ESTATES, {"primary": 0.2}, years=range(2024, 2028))
        assert found["pupils"].tolist() == [0, 20, 20, 20, 0, 0, 40, 40]
        assert found["district_id"].unique().tolist() == ["new"]

    def test_estates_fill_up(self):
        found = pupils_of_housing(ESTATES, {"primary": 0.2}, years=range(2024, 2028), occupied=(0.5, 0.9))
        assert found["pupils"].tolist() == pytest.approx([0, 10, 18, 18, 0, 0, 20, 36])

    def test_added_to_the_forecast(self):
        estates = pupils_of_housing(ESTATES, {"primary": 0.2, "kindergarten": 0.1}, years=range(2024, 2027))
        found = with_housing(forecast(old=[9, 8, 7], new=[1, 1, 1]), estates)
        assert found["pupils"].tolist() == [9, 8, 7, 1, 21, 61]
        assert found["pupils_housing"].tolist() == [0, 0, 0, 0, 20, 60]

    def test_faults_together(self):
        wrong = ESTATES.assign(dwellings=[-1, 5], district_id=["new", "moon"])
        with pytest.raises(InputError) as error:
            pupils_of_housing(wrong, {"primary": -1, "school": 1}, years=[2024], occupied=(2,), districts=["new"])
        assert [fault.rows for fault in error.value.faults] == [("h1",), ("h2",), ("primary", "school"), ()]
        with pytest.raises(InputError, match="does not have"):
            with_housing(forecast(old=[1]), pupils_of_housing(ESTATES, {"primary": 1}, years=[2024]))


class TestInYear:
    homes = gpd.GeoDataFrame(
        {"population": [100.0, 300.0, 50.0], "district_id": ["new", "new", "old"]},
        geometry=[Point(0, 0), Point(10, 0), Point(99, 0)], index=pd.Index(["x", "y", "z"], name="demand_id"), crs=CRS,
    )  # fmt: skip

    def test_in_proportion_to_residents(self):
        found = in_year(self.homes, forecast(old=[9, 8], new=[40, 80]), year=2025)
        assert found["pupils_primary"].tolist() == [20, 60, 8]
        assert "pupils_primary" not in self.homes

    def test_in_proportion_to_pupils_where_they_are_known(self):
        homes = self.homes.assign(pupils_primary=[3.0, 1.0, 1.0])
        assert in_year(homes, forecast(old=[9], new=[40]), year=2024)["pupils_primary"].tolist() == [30, 10, 9]

    def test_estates_stand_at_their_place(self):
        estates = pupils_of_housing(ESTATES, {"primary": 0.2}, years=range(2024, 2027))
        whole = with_housing(forecast(old=[9, 8, 7], new=[40, 40, 40]), estates)
        found = in_year(self.homes, whole, year=2025, housing=ESTATES.to_crs("EPSG:4490"), estates=estates)
        assert found.index.tolist() == ["x", "y", "z", "h1"]
        assert found["pupils_primary"].tolist() == pytest.approx([10, 30, 8, 20])
        assert found.geometry["h1"].distance(Point(0, 0)) < 1e-3
        assert in_year(self.homes, whole, year=2026, housing=ESTATES, estates=estates)["pupils_primary"].sum() == 107

    def test_faults(self):
        both = pd.concat([forecast(old=[9], new=[40]), forecast(old=[9], new=[40]).assign(variant="low")])
        with pytest.raises(InputError, match="one of medium, low"):
            in_year(self.homes, both, year=2024)
        with pytest.raises(InputError, match="no pupils of the year 2031"):
            in_year(self.homes, forecast(old=[9], new=[40]), year=2031)
        with pytest.raises(InputError) as error:
            in_year(self.homes, forecast(new=[40]), year=2024)
        assert error.value.faults[0].rows == ("z",)
        with pytest.raises(InputError) as error:
            in_year(self.homes, forecast(old=[9], new=[40], far=[5]), year=2024)
        assert error.value.faults[0].rows == ("primary in far",)

    def test_merged_estates_leave_the_rows_as_they_are(self):
        estates = pupils_of_housing(ESTATES, {"primary": 0.2}, years=range(2024, 2027))
        whole = with_housing(forecast(old=[9, 8, 7], new=[40, 40, 40]), estates)
        found = in_year(self.homes, whole, year=2026, housing=ESTATES, estates=estates, merge=True)
        # h1 stands where x does; h2 is nearer to y, and its neighbour z lies in another district.
        assert found["pupils_primary"].tolist() == pytest.approx([30, 70, 7])
        assert found.index.tolist() == ["x", "y", "z"]
        alone = self.homes[self.homes["district_id"] == "old"]
        none_left = with_housing(forecast(old=[9, 8, 7], new=[0, 0, 0]), estates)
        with pytest.raises(InputError, match="no place in new"):
            in_year(alone, none_left, year=2026, housing=ESTATES, estates=estates, merge=True)

    def test_the_order_of_places_and_districts_does_not_matter(self):
        one = in_year(self.homes, forecast(old=[9], new=[40]), year=2024)["pupils_primary"]
        other = in_year(self.homes.iloc[::-1], forecast(new=[40], old=[9]), year=2024)["pupils_primary"]
        assert other.loc[one.index].tolist() == one.tolist()
