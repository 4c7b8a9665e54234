"""Siting: seconds of CPU, one thread, compilation apart. Run: python tests/benchmarks/siting.py [folder of the real data].

Columns: what was solved, rows × candidates, sites opened, CPU seconds, gap, nodes, status, what `verify` took; spopt
with HiGHS beside it, where spopt can be imported (it is no dependency).
"""

import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import shortest_path

from edulayout.costs import TravelCosts
from edulayout.siting import max_coverage, p_median

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


def report(name, ask, costs, weights, **question):
    started = time.process_time()
    found = ask(costs, weights, **question)
    seconds = time.process_time() - started
    started = time.process_time()
    found.verify(costs, weights)
    checked = time.process_time() - started
    rows, columns = costs.shape
    print(
        f"{name:32} {rows:6} × {columns:<5} {len(found.opened):4} {seconds:8.3f} s  gap {found.gap:8.2e} "
        f"{found.nodes:6} nodes  {found.status:8} {found.stop_reason:9} verify {checked:.3f} s",
        flush=True,
    )
    return seconds


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


def large():
    costs, weights, *_ = city(20_000, 2_000, existing=0, cutoff=3000.0)
    report("20k × 2k within 3 km, p = 60", p_median, costs, weights, p=60, gap=0.005, time_limit=60)


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[3] / "shared" / "data"
    compiled = time.process_time()
    warm = city(50, 9, existing=1)
    p_median(warm[0], warm[1], p=2)
    print(f"first call (compilation, unless cached): {time.process_time() - compiled:.2f} s")
    quota_questions()
    if (root / "orlib_pmed").exists():
        or_library(root / "orlib_pmed", numbers=range(1, 21))
    large()
