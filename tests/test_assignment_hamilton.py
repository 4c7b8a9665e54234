"""Assignment and zones on Hamilton: real schools, enrolment, capacity and dwellings, straight-line distances.

There is no street network in these data; pupils are the enrolment of a zone, spread evenly over its dwellings.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

import edulayout as el

CRS = "EPSG:26917"


def public(folder, level):
    """Public schools of a level in 2016; blocks are census areas, pupils those of their dwellings."""
    zones = gpd.read_file(folder / "catchments.gpkg").query(f"Year == '2016' and Level == '{level}'")
    zones = zones[zones["System"] == "Public"].set_index("CID")
    schools = gpd.read_file(folder / "schools.gpkg").set_index("SchoolID").rename_axis("school_id")
    schools = schools[schools["CID2016"].isin(zones.index.astype(str)) & (schools["ON_Enrol_2016"] > 0)]
    homes = pd.read_csv(folder / "dwelling_points_epsg26917.csv.gz")
    places = gpd.GeoDataFrame(homes, geometry=gpd.points_from_xy(homes["x"], homes["y"]), crs=CRS)
    places = places.sjoin(zones[["geometry"]], predicate="within")
    places = places[~places.index.duplicated()]
    places["zone"] = places["CID"].astype(str)
    enrolment = schools.groupby("CID2016")["ON_Enrol_2016"].sum()
    places["pupils"] = places["Dwellings"] * places["zone"].map(enrolment)
    places["pupils"] /= places.groupby("zone")["Dwellings"].transform("sum")
    areas = gpd.read_file(folder / "census_da_2016.gpkg").to_crs(CRS)
    areas = areas.set_index(areas["GeoUID"].astype(str).rename("demand_id"))
    area = places["DAUID"].astype(int).astype(str)
    blocks = areas.loc[sorted(area.unique()), ["geometry"]]
    blocks["pupils"] = places.groupby(area)["pupils"].sum()
    today = places.groupby([area, "zone"])["pupils"].sum().unstack(fill_value=0.0).idxmax(axis=1)  # noqa: PD010 - a Series
    first = schools.reset_index().drop_duplicates("CID2016").set_index("CID2016")["school_id"]
    costs = el.travel_costs(blocks, schools, engine=el.Straight())
    return blocks, schools, costs, today.map(first)


@pytest.fixture(scope="module")
def elementary(real_data):
    return public(real_data / "hamilton_on", "Elementary")


@pytest.fixture(scope="module")
def secondary(real_data):
    return public(real_data / "hamilton_on", "Secondary")


@pytest.mark.real_data
class TestHamilton:
    def test_everybody_has_a_seat_and_nothing_is_better(self, elementary):
        blocks, schools, costs, _ = elementary
        seats = np.floor(schools["OTGC2016"])
        found = el.assignment.assign(costs, blocks["pupils"], seats)
        found.verify(costs, blocks["pupils"], seats)
        assert (found.status, found.unassigned) == ("optimal", 0)
        assert found.plan["pupils"].sum() == pytest.approx(34_176, abs=1)  # the enrolment, to the unit of 1/1024
        assert (found.schools["pupils"] <= seats.loc[found.schools.index]).all()
        priced = found.schools["seat_price"] > 0
        assert priced.any()
        assert (found.schools.loc[priced, "free"] < 1).all()  # only full schools have a price

    def test_the_linear_programme_agrees(self, elementary):
        blocks, schools, costs, _ = elementary
        pupils, seats = np.ceil(blocks["pupils"]), np.floor(schools["OTGC2016"])
        found = el.assignment.assign(costs, pupils, seats)
        metres = costs.values.reshape(costs.shape).astype(float)
        n, m = costs.shape
        order = np.empty_like(costs.indices)
        order[:] = costs.indices
        arcs = np.arange(n * m)
        room = csr_array((np.ones(n * m), (order, arcs)), shape=(m, n * m))
        each = csr_array((np.ones(n * m), (np.repeat(np.arange(n), m), arcs)), shape=(n, n * m))
        best = linprog(
            metres.ravel(), A_ub=vstack([room]), b_ub=seats.loc[costs.school_ids], A_eq=each,
            b_eq=pupils.loc[costs.demand_ids],
        )  # fmt: skip
        assert found.total_cost == pytest.approx(best.fun, rel=1e-6)

    def test_keeping_todays_school_moves_fewer_and_walks_farther(self, elementary):
        blocks, schools, costs, today = elementary
        seats = np.floor(schools["OTGC2016"])
        named = {"current": today}
        free, kept = (
            el.assignment.assign(costs, blocks["pupils"], seats, moving_cost=cost, **named) for cost in (0.0, 2000.0)
        )
        assert kept.moved < free.moved
        assert kept.total_cost > free.total_cost
        assert (kept.status, free.status) == ("optimal", "optimal")

    def test_whole_areas_cost_more_and_say_how_sure(self, elementary):
        blocks, schools, costs, _ = elementary
        seats = np.floor(1.2 * schools["OTGC2016"])
        whole = el.assignment.assign(costs, blocks["pupils"], seats, split=False, time_limit=20)
        split = el.assignment.assign(costs, blocks["pupils"], seats)
        whole.verify(costs, blocks["pupils"], seats)
        assert whole.unassigned == 0
        assert split.objective <= whole.objective
        assert whole.gap < 0.02

    def test_zones_are_whole_and_close_to_the_bound(self, secondary):
        blocks, schools, costs, today = secondary
        near = el.zones.adjacency(blocks, gap_metres=60)
        named = {"adjacency": near, "pupils": blocks["pupils"], "seats": schools["OTGC2016"], "tolerance": 0.0}
        plan = el.zones.draw(blocks, schools, costs, **named)
        plan.verify(costs, near, pupils=blocks["pupils"], seats=schools["OTGC2016"])
        assert plan.status in {"feasible", "optimal"}
        assert plan.gap < 0.01
        change = el.zones.compare(today, plan, costs, pupils=blocks["pupils"], adjacency=near)
        assert change.walk_after == pytest.approx(plan.walk)
        assert change.pupils == pytest.approx(14_776)
        assert change.walk_after == pytest.approx(change.walk_before - change.walk_gained + change.walk_lost)
        assert (change.parts["after"] == 1).all()
