"""Attendance zones: CPU seconds, gap and contiguity on invented tessellated cities and on the sample city.

Run: python tests/benchmarks/zones.py [small|large|sample]   (compilation apart; every plan is verified)
"""

import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

import edulayout as el

CRS = "EPSG:4544"


def city(count, schools, *, seed, slack=1.05):
    """An irregular tessellation of a square (80 m blocks), pupils denser in the middle, schools among them."""
    random = np.random.default_rng(seed)
    side = round(count**0.5)
    size = 80.0 * side
    x, y = np.meshgrid(np.arange(side), np.arange(-(-count // side)))
    grid = np.c_[x.ravel(), y.ravel()][:count] * 80.0 + 40.0
    places = grid + random.uniform(-30, 30, grid.shape)
    middle = np.hypot(*(places - size / 2).T) / size
    pupils = np.round(random.gamma(1.5, 12.0, count) * np.exp(-1.5 * middle))
    index = pd.Index([f"B{k:05d}" for k in range(count)], name="demand_id")
    spots = gpd.points_from_xy(*places.T)
    demand = gpd.GeoDataFrame({"pupils_primary": pupils}, geometry=spots, index=index, crs=CRS)
    sites = random.choice(count, schools, replace=False)
    share = random.uniform(0.6, 1.4, schools)
    seats = np.ceil(share / share.sum() * pupils.sum() * slack)
    names = pd.Index([f"S{k:02d}" for k in range(schools)], name="school_id")
    table = gpd.GeoDataFrame({"seats_primary": seats}, geometry=spots[sites], index=names, crs=CRS)
    return demand, table


def sample():
    """The sample city's blocks and primary schools; every school gets its share of the pupils as seats."""
    folder = Path(__file__).parents[2] / "sample_data" / "four_districts"
    blocks = el.read_demand(folder / "blocks.gpkg")
    blocks["pupils_primary"] = blocks["population"] * 0.062
    schools = el.read_schools(folder / "schools.csv", crs="EPSG:4490").to_crs(blocks.crs)
    schools = schools[schools["kind"].isin(["primary", "nine_year"])].copy()
    seats = schools["seats_primary"] * blocks["pupils_primary"].sum() / schools["seats_primary"].sum()
    schools["seats_primary"] = np.ceil(seats * 1.02)
    streets = gpd.read_file(folder / "streets.gpkg")
    return blocks, schools, gpd.read_file(folder / "river.geojson"), streets[streets["bridge"].notna()]


def report(name, demand, schools, *, barriers=None, engine=None, **named):
    start = time.process_time()
    near = el.zones.adjacency(demand, barriers=barriers, gap_metres=60, **named.pop("near", {}))
    adjacency_seconds = time.process_time() - start
    costs = el.travel_costs(demand, schools, engine=engine or el.Straight())
    start = time.process_time()
    plan = el.zones.draw(demand, schools, costs, adjacency=near, stage="primary", **named)
    seconds = time.process_time() - start
    pupils, seats = demand["pupils_primary"], schools["seats_primary"]
    proof = plan.verify(costs, near, pupils=pupils, seats=seats)
    nearest = float((costs.nearest()[0] * pupils.to_numpy())[np.isfinite(costs.nearest()[0])].sum())
    print(
        f"{name:34s} {seconds:7.2f} CPU-s  (adjacency {adjacency_seconds:5.2f})  gap {100 * plan.gap:7.4f} %  "
        f"prices alone {100 * proof.proven_gap:7.4f} %  {plan.status:10s} {plan.stop_reason:7s} "
        f"most load {plan.table()['load_ratio'].max():.3f}  walk / nearest {plan.walk / nearest:.3f}  {plan.method}"
        + (f"  aside {len(plan.set_aside)}" if len(plan.set_aside) else ""),
        flush=True,
    )
    return plan


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["small", "large", "sample"]
    compiled = time.process_time()
    report("warm up", *city(60, 3, seed=0))
    print(f"first call (compilation, unless cached): {time.process_time() - compiled:.2f} s")
    if "small" in wanted:
        for seed in range(3):
            for tolerance in (0.05, 0.0):
                report(f"1,000 × 11, city {seed}, +{tolerance:.0%}", *city(1000, 11, seed=seed), tolerance=tolerance)
        report("1,000 × 11, no spare seat", *city(1000, 11, seed=4, slack=1.0), tolerance=0.001)
        report("300 × 6", *city(300, 6, seed=1), tolerance=0.0)
    if "large" in wanted:
        for seed in range(2):
            report(f"10,000 × 30, city {seed}", *city(10_000, 30, seed=seed), tolerance=0.0)
    if "sample" in wanted:
        blocks, sites, river, bridges = sample()
        walk = el.read_streets(Path(__file__).parents[2] / "sample_data" / "four_districts" / "streets.gpkg")
        report("sample, river and bridges", blocks, sites, barriers=river, near={"bridges": bridges})
        along = {"barriers": river, "engine": walk}
        today = report(
            "sample, along streets, no spare", blocks, sites, near={"bridges": bridges}, tolerance=0.0, **along
        )
        moving = {"current": today.assignment, "moving_cost": 500.0}
        report("sample, along streets, today kept", blocks, sites, near={"bridges": bridges}, **along, **moving)
