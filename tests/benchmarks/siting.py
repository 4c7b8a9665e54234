"""Siting: seconds of CPU, one thread, compilation apart.

Run: python tests/benchmarks/siting.py [parts ...], parts being `quotas pmed center francisco city million center10k`
(all by default); the real data are looked for in EDULAYOUT_REAL_DATA. Columns: what was solved, rows × candidates,
sites opened, CPU seconds, gap, nodes, status, MB that it took beyond what was there, what `verify` took; spopt with
HiGHS beside it, where spopt can be imported (it is no dependency). Time limits are wall time: on a busy machine a run
that stops by time has had less CPU than its limit.
"""

import importlib.util
import json
import os
import sys
import threading
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import shapely
from pyproj import Transformer
from scipy.sparse.csgraph import shortest_path

from edulayout.costs import TravelCosts
from edulayout.engines import Straight
from edulayout.siting import max_coverage, p_center, p_dispersion, p_median, set_cover

QUOTAS = {
    "kindergarten": {"jiangbei": 8, "qili": 11, "jiangnan": 6, "jiangdong": 5},
    "primary": {"jiangbei": 7, "qili": 6, "jiangnan": 3, "jiangdong": 2},
    "junior_high": {"jiangbei": 4, "qili": 3, "jiangnan": 3, "jiangdong": 1},
}
SPOPT_SECONDS = 60


def pmed(folder, number):
    """Read an OR-Library file: of duplicate edges the last counts; costs are shortest paths."""
    size, _, count = np.loadtxt(folder / f"pmed{number}.txt", max_rows=1, dtype=int)
    edges = np.full((size, size), np.inf)
    for one, other, length in np.loadtxt(folder / f"pmed{number}.txt", skiprows=1, dtype=int):
        edges[one - 1, other - 1] = edges[other - 1, one - 1] = length
    names = [f"{k:03d}" for k in range(size)]
    costs = TravelCosts.from_dense(
        shortest_path(edges, directed=False), demand_ids=names, school_ids=names, unit="metres"
    )
    return costs, pd.Series(1.0, index=names), int(count)


def city(rows, columns, *, existing, cutoff=np.inf, seed=1):
    """Return costs, pupils, districts and existing schools of an invented city of four quarters."""
    random = np.random.default_rng(seed)
    centres = random.uniform(0, 10_000, (12, 2))
    homes = centres[random.integers(0, 12, rows)] + random.normal(0, 1200, (rows, 2))
    places = homes[random.choice(rows, columns + existing, replace=False)] + random.normal(
        0, 200, (columns + existing, 2)
    )
    metres = 50 + 1.1 * np.abs(homes[:, None] - places[None]).sum(axis=2)
    names = [f"s{k:04d}" for k in range(columns + existing)]
    costs = TravelCosts.from_dense(
        np.where(metres <= cutoff, metres, np.inf),
        demand_ids=[f"b{k:05d}" for k in range(rows)],
        school_ids=names,
        unit="metres",
    )
    middle = np.median(places[:columns], axis=0)
    quarter = (places[:columns] > middle) @ [2, 1]
    districts = pd.Series(np.array(list(QUOTAS["primary"]))[quarter], index=names[:columns])
    return costs, pd.Series(random.lognormal(4, 0.6, rows) * 0.062, index=costs.demand_ids), districts, names[columns:]


class Peak:
    """CPU seconds, and the most memory beyond what was there before, of a block."""

    def __enter__(self):
        self.process, self.running, self.most = psutil.Process(), True, 0
        self.before = self.process.memory_info().rss
        self.watch = threading.Thread(target=self.look, daemon=True)
        self.watch.start()
        self.started = time.process_time()
        return self

    def look(self):
        while self.running:
            self.most = max(self.most, self.process.memory_info().rss)
            time.sleep(0.02)

    def __exit__(self, *_):
        self.seconds = time.process_time() - self.started
        self.running = False
        self.watch.join()
        self.megabytes = max(0, self.most - self.before) / 2**20


def report(name, ask, costs, *weights, **question):
    with Peak() as peak:
        found = ask(costs, *weights, **question)
    started = time.process_time()
    found.verify(costs, *weights)
    checked = time.process_time() - started
    rows, columns = costs.shape
    print(
        f"{name:32} {rows:7} × {columns:<5} {len(found.opened):4} {peak.seconds:8.3f} s  gap {found.gap:8.2e} "
        f"{found.nodes:6} nodes  {found.status:8} {found.stop_reason:9} {peak.megabytes:5.0f} MB  verify {checked:.3f} s",
        flush=True,
    )
    return peak.seconds


def beside_spopt(costs, weights, count):
    """Time spopt's p-median with HiGHS on the same question."""
    import pulp  # noqa: PLC0415 - no dependency
    from spopt.locate import PMedian  # noqa: PLC0415 - as above

    dense = np.full(costs.shape, costs.values.max())
    dense[costs.row_numbers(), costs.indices] = costs.values
    started = time.process_time()
    problem = PMedian.from_cost_matrix(dense, weights.to_numpy(), p_facilities=count)
    problem = problem.solve(pulp.HiGHS(msg=False, timeLimit=SPOPT_SECONDS, threads=1), results=False)
    seconds = time.process_time() - started
    print(
        f"{'  spopt + HiGHS':32} {seconds:31.3f} s  objective {pulp.value(problem.problem.objective):.0f}", flush=True
    )


def or_library(folder, *, numbers):
    with_spopt = importlib.util.find_spec("spopt") is not None
    total = 0.0
    for number in numbers:
        costs, weights, count = pmed(folder, number)
        total += report(f"pmed{number}", p_median, costs, weights, p=count)
        if with_spopt and number in {1, 6}:
            beside_spopt(costs, weights, count)
    print(f"pmed {numbers[0]} to {numbers[-1]}: {total:.2f} s")


def quota_questions():
    for seed in (1, 2):
        costs, weights, districts, existing = city(4000, 150, existing=8, seed=seed)
        for kind, quotas in QUOTAS.items():
            named = {"quotas": quotas, "groups": districts, "existing": existing}
            report(f"city {seed}, {kind}, p-median", p_median, costs, weights, **named)
            report(f"city {seed}, {kind}, 500 m", max_coverage, costs, weights, radius=500, **named)


def centers(folder):
    total = 0.0
    for number in range(1, 21):
        costs, _, count = pmed(folder, number)
        total += report(f"pmed{number}, p-center", p_center, costs, p=count)
    print(f"p-center on pmed 1 to 20: {total:.2f} s")


def large():
    costs, weights, *_ = city(20_000, 2_000, existing=0, cutoff=3000.0)
    report("city within 3 km, p = 60", p_median, costs, weights, p=60, gap=0.005, time_limit=60)
    costs, weights = region(20_000, 2_000, radius=3000.0)
    report("region within 3 km, p = 60", p_median, costs, weights, p=60, gap=0.005, time_limit=60)


def region(rows, columns, *, radius, seed=1, side=10_000.0):
    """Return straight costs and pupils of sixty clusters and a quarter of scattered dwellings, sites among them."""
    random = np.random.default_rng(seed)
    centres, spread = random.uniform(0, side, (60, 2)), random.uniform(150, 700, 60)
    of = random.integers(0, 60, rows)
    homes = np.clip(centres[of] + random.normal(0, 1, (rows, 2)) * spread[of, None], 0, side)
    scattered = random.random(rows) < 0.25
    homes[scattered] = random.uniform(0, side, (int(scattered.sum()), 2))
    sites = homes[random.choice(rows, columns, replace=False)] + random.normal(0, 20, (columns, 2))
    pairs = Straight().costs(
        gpd.GeoSeries(shapely.points(homes), crs="EPSG:4544"),
        gpd.GeoSeries(shapely.points(sites), crs="EPSG:4544"),
        cutoff=radius,
        progress=lambda *_: None,
    )
    demand = pd.Index([f"d{k}" for k in range(rows)], name="demand_id", dtype=str)
    schools = pd.Index([f"s{k:05d}" for k in range(columns)], name="school_id", dtype=str)
    costs = TravelCosts(pairs.indptr, pairs.indices, pairs.values, demand, schools, "metres", "straight", radius)
    return costs, pd.Series(random.integers(1, 10, rows).astype(float), index=demand)


def million():
    costs, weights = region(1_000_000, 300, radius=500.0)
    report("coverage 500 m, p = 30", max_coverage, costs, weights, radius=500, p=30, time_limit=60)
    costs, weights = region(1_000_000, 1_000, radius=500.0)
    report("coverage 500 m, p = 40", max_coverage, costs, weights, radius=500, p=40, gap=0.001, time_limit=120)
    report("set cover 500 m", set_cover, costs, weights, radius=500, time_limit=60)
    costs, weights = region(1_000_000, 1_000, radius=1000.0)
    report("set cover 1000 m", set_cover, costs, weights, radius=1000, time_limit=60)


def center10k():
    """Costs are straight lines within a cutoff that the answer stays below, so that the table stays sparse."""
    for count, cutoff in ((5, 4200.0), (10, 2500.0)):
        costs, _ = region(10_000, 10_000, radius=cutoff)
        report(f"p-center within {cutoff:.0f} m, p = {count}", p_center, costs, p=count, time_limit=120)


def francisco(folder):
    """Ask the published questions of San Francisco, and spopt the same."""
    name = "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    pairs = pd.read_csv(folder / name, dtype={"DestinationName": str})
    costs = TravelCosts.from_pairs(pairs.set_index(["DestinationName", "name"])["distance"], unit="metres")
    people = pd.read_csv(folder / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str})
    people = people.set_index("NAME")["POP2000"].astype(float).reindex(costs.demand_ids)
    stores = pd.read_csv(folder / "SF_store_site_16_longlat.csv").sort_values("NAME")
    turn = Transformer.from_crs("EPSG:4326", "EPSG:7131", always_xy=True)
    at = np.column_stack(turn.transform(stores["long"].to_numpy(), stores["lat"].to_numpy()))
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    names = list(stores["NAME"])
    between = TravelCosts.from_dense(apart, demand_ids=names, school_ids=names, unit="metres")
    dense = pairs.pivot_table(index="DestinationName", columns="name", values="distance").to_numpy()
    weights = people.to_numpy()
    published = json.loads((folder / "reference_values.json").read_text())["cases"]
    print("published:", {case["model"]: case.get("objective", case.get("objective_m")) for case in published[:7]})
    ours = [
        report("SF set cover 5000", set_cover, costs, people, radius=5000),
        report("SF set cover 8000", set_cover, costs, people, radius=8000),
        report("SF coverage 5000, p = 4", max_coverage, costs, people, radius=5000, p=4),
        report("SF p-median, p = 4", p_median, costs, people, p=4),
        report("SF p-center, p = 4", p_center, costs, people, p=4),
        report("SF p-dispersion, p = 3", p_dispersion, between, p=3),
    ]
    if importlib.util.find_spec("spopt") is None:
        return
    from spopt.locate import LSCP, MCLP, PCenter, PDispersion, PMedian  # noqa: PLC0415 - no dependency

    asked = [
        lambda: LSCP.from_cost_matrix(dense, 5000),
        lambda: LSCP.from_cost_matrix(dense, 8000),
        lambda: MCLP.from_cost_matrix(dense, weights, 5000, p_facilities=4),
        lambda: PMedian.from_cost_matrix(dense, weights, p_facilities=4),
        lambda: PCenter.from_cost_matrix(dense, p_facilities=4),
        lambda: PDispersion.from_cost_matrix(apart, p_facilities=3),
    ]
    for own, question in zip(ours, asked, strict=True):
        import pulp  # noqa: PLC0415 - as above

        started = time.process_time()
        problem = question()
        named = {} if isinstance(problem, PDispersion) else {"results": False}
        problem = problem.solve(pulp.HiGHS(msg=False, timeLimit=SPOPT_SECONDS, threads=1), **named)
        seconds = time.process_time() - started
        value = pulp.value(problem.problem.objective)
        print(
            f"  spopt {type(problem).__name__:12} {seconds:8.3f} s, {seconds / own:6.1f} × ours, objective {value:.10g}"
        )


def warm():
    """Run every kernel once."""
    costs, weights, *_ = city(50, 9, existing=1)
    p_median(costs, weights, p=2).verify(costs, weights)
    max_coverage(costs, weights, radius=900, p=2).verify(costs, weights)
    set_cover(costs, weights, radius=900).verify(costs, weights)
    p_center(costs, p=2).verify(costs)
    region(50, 5, radius=900.0)


if __name__ == "__main__":
    root = Path(os.environ.get("EDULAYOUT_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    started = time.process_time()
    warm()
    print(f"first calls (compilation, unless cached): {time.process_time() - started:.2f} s")
    parts = {
        "quotas": quota_questions,
        "pmed": lambda: or_library(root / "orlib_pmed", numbers=range(1, 21)),
        "center": lambda: centers(root / "orlib_pmed"),
        "francisco": lambda: francisco(root / "sf_spopt"),
        "city": large,
        "million": million,
        "center10k": center10k,
    }
    for part in sys.argv[1:] or list(parts):
        parts[part]()
