"""The invented programme of the sample: believable, and joined to what is there."""

import geopandas as gpd
import pandas as pd
import pytest

from edulayout import programme
from edulayout.groups import read_grades

AS_OF = "2026-06-30"


@pytest.fixture(scope="module")
def made(sample):
    return programme.read(sample / "programme.toml")


def test_every_project_stands_on_a_site_of_the_sample(sample, made):
    schools = pd.read_csv(sample / "schools.csv")["school_id"]
    parcels = gpd.read_file(sample / "candidates.geojson").set_index("candidate_id")
    assert made.projects["site_id"].isin([*schools, *parcels.index]).all()
    for _, row in made.projects[made.projects["site_id"].isin(parcels.index)].iterrows():
        assert row["kind"] in parcels.loc[row["site_id"], "kinds"].split(";")
        assert (row["how"] == "convert_idle") == (parcels.loc[row["site_id"], "land"] == "idle_building")


def test_nothing_has_happened_after_the_day(made):
    actual = made.projects[[name for name in made.projects if str(name).startswith("actual_")]]
    assert actual.max().max() <= pd.Timestamp(AS_OF)
    assert made.payments["day"].max() <= pd.Timestamp(AS_OF)
    assert made.notes == ()


def test_money_adds_up(made):
    funds = made.projects[["funds_provincial", "funds_city", "funds_county"]].sum(axis=1)
    assert funds.tolist() == pytest.approx(made.projects["total"].tolist())
    assert (made.status(AS_OF)["paid"] <= made.projects["total"]).all()
    summary = made.summary(AS_OF)
    assert summary.paid_in_year == pytest.approx(made.payments[made.payments["day"].dt.year == 2026]["amount"].sum())
    assert summary.share_of_year_plan_paid == pytest.approx(summary.paid_in_year / summary.year_plan)


def test_some_are_late_and_some_early(made):
    status = made.status(AS_OF)
    assert set(status["state"]) == {"opened", "finished", "under_way", "not_started"}
    assert len(made.lagging(AS_OF)) == 7
    assert (status["expected_opening"] < status["planned_opening"]).sum() >= 4


def test_sites_are_as_large_as_reported_or_the_whole_block(sample):
    sites = gpd.read_file(sample / "sites.geojson").set_index("school_id").to_crs("EPSG:4544")
    told = pd.read_csv(sample / "school_facts.csv").set_index("school_id")["site_area_m2"].reindex(sites.index)
    assert (sites.area <= told * 1.03).all()
    assert set(told.index) == {*pd.read_csv(sample / "schools.csv")["school_id"]} - {"JB-S03"}


def test_grades_pass_the_gate(sample):
    schools = pd.read_csv(sample / "schools.csv", index_col="school_id")
    grades = read_grades(sample / "grades.csv", schools=schools)
    assert schools.loc[grades.index, "kind"].eq("kindergarten").all()
    assert grades["grade"].value_counts().to_dict() == {"none": 3, "county": 2, "provincial": 1, "city": 1}
