"""Access: seconds of CPU, one thread, compilation apart. Run: python tests/benchmarks/access.py [folder of the real data].

First every measure on ten million pairs of an invented city (100,000 homes, their 100 nearest of 2,000 schools), then
the measures of PySAL `access` on its own Chicago tracts (1.69 million pairs within 30 km), where it can be imported:
the same pairs, the same numbers, ours at the precision of the table that PySAL reads. It is no dependency.
"""

import importlib.util
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

import edulayout as el
from edulayout import access

REPEATS = 3
HOMES, SCHOOLS, NEAREST = 100_000, 2_000, 100


def seconds(work, repeats=REPEATS):
    """Return the least CPU seconds of some runs, and the last result."""
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        result = work()
        spent.append(time.process_time() - begin)
    return min(spent), result


def city(seed=1):
    """Return costs, pupils and seats of a city with twelve centres, 20 km across."""
    random = np.random.default_rng(seed)
    centres = random.uniform(3_000, 17_000, (12, 2))
    homes = centres[random.integers(0, 12, HOMES)] + random.normal(0, 1_500, (HOMES, 2))
    schools = homes[random.choice(HOMES, SCHOOLS, replace=False)] + random.normal(0, 200, (SCHOOLS, 2))
    metres, number = cKDTree(schools).query(homes, k=NEAREST)
    order = np.argsort(number, axis=1)
    costs = el.TravelCosts(
        np.arange(0, HOMES * NEAREST + 1, NEAREST, dtype=np.int64),
        np.take_along_axis(number, order, 1).astype(np.int32).ravel(),
        np.take_along_axis(metres, order, 1).astype(np.float32).ravel(),
        pd.Index([f"b{k:06d}" for k in range(HOMES)], name="demand_id"),
        pd.Index([f"s{k:04d}" for k in range(SCHOOLS)], name="school_id"),
        "metres",
        "straight",
    )
    pupils = pd.Series(random.lognormal(2, 0.6, HOMES), index=costs.demand_ids)
    seats = pd.Series(random.uniform(200, 1_500, SCHOOLS), index=costs.school_ids)
    return costs, pupils, seats * (pupils.sum() / seats.sum())


def ten_million_pairs():
    """Print the seconds of every measure and of every decay."""
    case = city()
    print(case[0])
    falling = el.decay.Exponential(0.001)
    measures = (access.cumulative, access.gravity, access.two_step_fca, access.e2sfca, access.three_step_fca,
                access.modified, access.balanced_fca, access.spatial_availability)  # fmt: skip
    for measure in measures:
        print(f"{measure.__name__:22}{seconds(lambda measure=measure: measure(*case, decay=falling))[0]:8.3f}")
    for k in (1.0, 5_000.0):
        print(f"{f'kth_nearest_seat {k:g}':22}{seconds(lambda k=k: access.kth_nearest_seat(*case, k=k))[0]:8.3f}")
    for tau in (500.0, 1_000.0, 5_000.0):
        print(f"{f'raam tau {tau:g}':22}{seconds(lambda tau=tau: access.raam(*case, tau=tau))[0]:8.3f}")
    decays = (el.decay.Binary(1000), el.decay.Step((500, 1000, 2000), (1, 0.68, 0.22)), el.decay.Linear(2000),
              el.decay.Power(1, at_least=100), el.decay.Gaussian(1000), el.decay.GaussianWithin(2000),
              el.decay.Logistic(1000, 300))  # fmt: skip
    for decay in decays:
        took = seconds(lambda decay=decay: access.two_step_fca(*case, decay=decay))[0]
        print(f"{f'two_step {type(decay).__name__}':22}{took:8.3f}")


def chicago(folder):
    """Return costs in km within 30 km, people and doctors by tract."""
    homes = gpd.read_file(folder / "chicago_metro_pop.geojson").astype({"geoid": str}).set_index("geoid")
    doctors = gpd.read_file(folder / "chicago_metro_docs_dentists.geojson").astype({"geoid": str}).set_index("geoid")
    one, other = (np.c_[frame.geometry.x, frame.geometry.y] / 1000 for frame in (homes, doctors))
    km = np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1))
    km[km > 30] = np.inf
    costs = el.TravelCosts.from_dense(km, demand_ids=homes.index, school_ids=doctors.index, unit="metres")
    return replace(costs, values=km[np.isfinite(km)]), homes["pop"].astype(float), doctors["doc"].astype(float)


def against_pysal(case):
    """Print seconds, how many times faster, and the largest relative difference."""
    from access import fca, raam, weights  # noqa: PLC0415 - only where it is installed

    costs, people, doctors = case
    pairs = costs.to_series().reset_index().set_axis(["origin", "dest", "cost"], axis=1)
    pairs["cost"] = costs.values
    demand, supply = people.rename_axis("geoid").to_frame("demand"), doctors.rename_axis("geoid").to_frame("supply")
    steps = {10 / 3: 1, 20 / 3: 0.68, 10: 0.22}
    options = {"demand_index": True, "supply_index": True, "max_cost": 10}
    step, bell = el.decay.Step(tuple(steps), tuple(steps.values())), el.decay.Gaussian(5, cutoff=10)
    gravity = weights.gravity(scale=10, alpha=-1, min_dist=0.2)
    rows = {
        "two_step_fca": (
            lambda: access.two_step_fca(*case, decay=el.decay.Binary(10)),
            lambda: fca.two_stage_fca(demand, supply, pairs, **options),
        ),
        "e2sfca": (
            lambda: access.e2sfca(*case, decay=step),
            lambda: fca.two_stage_fca(demand, supply, pairs, weight_fn=weights.step_fn(steps), **options),
        ),
        "e2sfca Gaussian": (
            lambda: access.e2sfca(*case, decay=bell),
            lambda: fca.two_stage_fca(demand, supply, pairs, weight_fn=weights.gaussian(5), **options),
        ),
        "three_step_fca": (
            lambda: access.three_step_fca(*case, decay=step),
            lambda: fca.three_stage_fca(demand, supply, pairs, weight_fn=weights.step_fn(steps), **options),
        ),
        "gravity": (
            lambda: access.gravity(*case, decay=el.decay.Power(1, at_least=0.2, scale=10, cutoff=10)),
            lambda: fca.weighted_catchment(
                supply, pairs, 10, cost_source="dest", cost_dest="origin", loc_index=True, loc_value="supply", weight_fn=gravity
            ),
        ),
        "raam_cycles": (
            lambda: access.raam_cycles(*case, tau=10.0),
            lambda: raam.raam(demand.astype(int), supply.astype(int), pairs, tau=10),
        ),
    }  # fmt: skip
    print(f"{'PySAL access':22}{'ours':>8}{'theirs':>8}{'times':>8}{'difference':>14}")
    for name, (ours, theirs) in rows.items():
        ours()
        fast, one = seconds(ours)
        slow, other = seconds(theirs, repeats=1)
        other = other.rename_axis(None)
        gap = ((one.reindex(other.index) - other).abs() / other.abs().where(other != 0, 1.0)).max()
        print(f"{name:22}{fast:8.3f}{slow:8.2f}{slow / fast:8.0f}{gap:14.1e}")


if __name__ == "__main__":
    # This file is called `access` too: PySAL's package is found once the folder is off the path.
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != Path(__file__).parent.resolve()]
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[3] / "shared" / "data"
    ten_million_pairs()
    if importlib.util.find_spec("access") and (root / "chicago_access").exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PySAL's own
            against_pysal(chicago(root / "chicago_access"))
