"""The people of the sample: they are those of the blocks, and become fewer where the city says so."""

import geopandas as gpd
import pandas as pd
import pytest
from geopandas import points_from_xy

from edulayout import demand

pytestmark = pytest.mark.xdist_group("sample")


@pytest.fixture(scope="module")
def tables(sample):
    names = ("ages", "births", "fertility", "mortality", "migration", "housing")
    return {name: pd.read_csv(sample / f"{name}.csv", dtype=str) for name in names}


@pytest.fixture(scope="module")
def residents(tables):
    return demand.ages(tables["ages"])


def test_ages_add_up_to_the_residents_of_the_blocks(sample, residents):
    blocks = gpd.read_file(sample / "blocks.gpkg")
    districts = gpd.read_file(sample / "districts.gpkg").set_index("district_id")
    inside = {
        name: blocks.representative_point().within(shape).to_numpy() for name, shape in districts.geometry.items()
    }
    own = {name: int(blocks.loc[rows, "population"].sum()) for name, rows in inside.items()}
    assert {name: int(number) for name, number in residents.population().items()} == own


def test_ages_look_like_a_city(residents):
    by_age = residents.by_age().sum()
    assert by_age[0] < by_age[8] < 2.5 * by_age[0], "births fell"
    share = residents.residents[:, 1, :18].sum() / residents.residents[:, :, :18].sum()
    assert 0.51 < share < 0.53
    assert residents.residents[:, 0, 85].sum() > residents.residents[:, 1, 85].sum()


def test_births_fall_and_agree_with_the_children(tables, residents):
    city = tables["births"].astype({"year": int, "births": int}).groupby("year")["births"].sum()
    assert city.loc[2012:2017].min() > 1.5 * city[2023]
    children = residents.by_age().sum()
    born = city[2020] * 243 / 365 + city[2019] * 122 / 365
    assert children[4] == pytest.approx(born, rel=0.15)


def forecast(tables, residents, variant):
    rates = demand.assumptions(
        residents, fertility=tables["fertility"], mortality=tables["mortality"], migration=tables["migration"],
        years=range(2024, 2040), variant=variant,
    )  # fmt: skip
    return demand.project(residents, rates, base_year=2024)


def test_the_old_town_shrinks_while_the_new_area_grows(tables, residents):
    people = forecast(tables, residents, "medium").residents.sum(axis=(2, 3))
    at = {name: i for i, name in enumerate(residents.districts)}
    assert people[-1, at["jiangbei"]] < 0.85 * people[0, at["jiangbei"]]
    assert people[-1, at["qili"]] > 1.1 * people[0, at["qili"]]


def test_variants_lie_in_order_and_junior_high_peaks_in_2026(tables, residents):
    pupils = {
        variant: demand.pupils_of_projection(forecast(tables, residents, variant))
        for variant in ("low", "medium", "high")
    }
    whole = {variant: table.groupby(["stage", "year"])["pupils"].sum() for variant, table in pupils.items()}
    assert (
        whole["low"]["kindergarten", 2040] < whole["medium"]["kindergarten", 2040] < whole["high"]["kindergarten", 2040]
    )
    assert whole["medium"]["junior_high"].idxmax() == 2026
    assert whole["medium"]["primary", 2040] < 0.65 * whole["medium"]["primary", 2024]


def test_estates_lie_in_their_districts_where_nobody_lives_yet(sample, tables):
    housing = tables["housing"]
    points = gpd.GeoSeries(points_from_xy(housing["lon"].astype(float), housing["lat"].astype(float)), crs="EPSG:4490")
    districts = gpd.read_file(sample / "districts.gpkg").set_index("district_id")
    blocks = gpd.read_file(sample / "blocks.gpkg")
    placed = points.to_crs(districts.crs)
    assert placed.within(districts.geometry.loc[housing["district_id"]], align=False).all()
    assert placed.distance(blocks.union_all()).min() > 0
    assert housing["year"].astype(int).between(2025, 2031).all()
    assert housing["housing_id"].is_unique
