"""Siting by region: the sums of what each region proves, the same as asking region by region in memory."""

import geopandas as gpd
import numpy as np
import pytest
from scale_town import CRS, in_memory, province, written

import edulayout as el
from edulayout.errors import InputError
from edulayout.stages import kinds_serving

QUOTAS = {"west": 3, "east": 2}


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    table, schools = province(cells=1200, schools=12)
    random = np.random.default_rng(7)
    x, y = random.uniform(0, 6000, (2, 40))
    region = np.where(x < 2500, "west", np.where(y < 2500, "east", "north"))
    ids = [f"c{k:02d}" for k in range(40)]
    candidates = gpd.GeoDataFrame({"district_id": region}, geometry=gpd.points_from_xy(x, y), index=ids, crs=CRS)
    return table, schools, candidates, written(table, tmp_path_factory.mktemp("regions") / "cells")


@pytest.mark.parametrize("objective", ["p_median", "max_coverage"])
def test_every_region_is_proven_and_sums_up(objective, town):
    table, schools, candidates, folder = town
    plan = el.scale.plan(folder, schools, cutoff=2500, crs=CRS, tile_cells=300)
    radius = {"radius": 700} if objective == "max_coverage" else {}
    found = el.scale.site(plan, candidates, stage="primary", quotas=QUOTAS, objective=objective, **radius)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(found.bound, rel=1e-9)
    assert found.verify() is None
    expected = 0.0
    for name, quota in QUOTAS.items():
        demand = in_memory(table[table.district_id == name])
        own = schools[
            schools.kind.isin(kinds_serving("primary")) & (schools.status != "closed") & (schools.district_id == name)
        ]
        sites = gpd.GeoDataFrame(geometry=[*own.geometry, *candidates[candidates.district_id == name].geometry], crs=CRS,
                                 index=[*own.index, *candidates.index[candidates.district_id == name]])  # fmt: skip
        costs = el.travel_costs(demand, sites, engine=el.Straight(), cutoff=2500)
        solve = getattr(el.siting, objective)
        one = solve(costs, demand.pupils_primary, p=quota, existing=list(own.index), **radius)
        assert list(found.regions[name].opened) == list(one.opened)
        expected += one.objective
    assert found.objective == pytest.approx(expected, rel=1e-9)
    assert len(found.opened) == 5


def test_a_wrong_choice_does_not_verify(town):
    from dataclasses import replace  # noqa: PLC0415

    _, schools, candidates, folder = town
    plan = el.scale.plan(folder, schools, cutoff=2500, crs=CRS)
    found = el.scale.site(plan, candidates, stage="primary", quotas={"west": 1})
    other = next(name for name in candidates.index[candidates.district_id == "west"] if name not in found.opened)
    wrong = replace(found, regions={"west": replace(found.regions["west"], opened=[other])})
    with pytest.raises(InputError):
        wrong.verify()


def test_unknown_regions_and_columns_are_refused(town):
    _, schools, candidates, folder = town
    plan = el.scale.plan(folder, schools, cutoff=2500, crs=CRS)
    with pytest.raises(InputError, match="south"):
        el.scale.site(plan, candidates, stage="primary", quotas={"south": 1})
    with pytest.raises(InputError, match="no column county"):
        el.scale.site(plan, candidates, stage="primary", quotas={"west": 1}, by="county")
