"""Siting with seats: seconds of CPU, one thread, compilation apart. Run: python tests/benchmarks/siting_mip.py [seconds].

Instances are made as those of Osman and Christofides in the OR-Library (pmedcap): points on a square of 100, distances
rounded down, 120 seats, loads of 1 to 20, rows undivided. The argument is the time limit for each, by default 20; spopt
with HiGHS stands beside ours, where it can be imported (it is no dependency), on the same pupils-times-distance costs.
"""

import importlib.util
import sys
import time

import numpy as np
import pandas as pd

from edulayout.costs import TravelCosts
from edulayout.siting import p_median

SEATS, LARGEST = 120, 20


def instance(rows, seed):
    """Return costs and loads."""
    random = np.random.default_rng(seed)
    places = random.integers(1, 101, (rows, 2))
    names = [f"{k:03d}" for k in range(rows)]
    load = pd.Series(random.integers(1, LARGEST + 1, rows).astype(float), index=names)
    dense = np.floor(np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)))
    return TravelCosts.from_dense(dense, demand_ids=names, school_ids=names, unit="metres"), load


def ours(costs, weights, load, *, count, limit):
    """Solve, verify and time."""
    started = time.process_time()
    found = p_median(
        costs, weights, p=count, capacity=dict.fromkeys(costs.school_ids, float(SEATS)), split=False, load=load,
        time_limit=limit,
    )  # fmt: skip
    seconds = time.process_time() - started
    found.verify(costs, weights, load=load)
    return found, seconds


def spopts(costs, load, *, count, limit):
    """Time spopt with HiGHS: weights are the loads, as it knows no other."""
    import pulp  # noqa: PLC0415 - no dependency
    from spopt.locate import PMedian  # noqa: PLC0415 - as above

    dense = costs.values.reshape(costs.shape).astype(float)
    started = time.process_time()
    capacity = np.full(len(load), SEATS)
    problem = PMedian.from_cost_matrix(dense, load.to_numpy(), p_facilities=count, facility_capacities=capacity)
    try:
        problem = problem.solve(pulp.HiGHS(msg=False, timeLimit=limit, threads=1), results=False)
        value = f"{pulp.value(problem.problem.objective):.0f} (status {problem.problem.sol_status})"
    except Exception as error:  # noqa: BLE001 - whatever the peer does is its result
        value = f"{type(error).__name__}: {error}"
    return value, time.process_time() - started


def report(rows, count, *, seeds, limit):
    """Print one line for each instance."""
    for seed in seeds:
        costs, load = instance(rows, seed)
        ones = load * 0 + 1
        if load.sum() > 0.97 * SEATS * count:  # hardly a packing fits: no such instance is in the library
            continue
        found, seconds = ours(costs, ones, load, count=count, limit=limit)
        print(
            f"{rows:4} × {count:<3} seed {seed:2}  full {load.sum() / SEATS / count:.2f}  objective {found.objective:6.0f} "
            f"bound {found.bound:8.1f}  {found.nodes:6} nodes {seconds:7.2f} s  {found.stop_reason}",
            flush=True,
        )


def beside_spopt(rows, count, *, seeds, limit):
    """Print ours and spopt on the same question."""
    for seed in seeds:
        costs, load = instance(rows, seed)
        found, seconds = ours(costs, load, load, count=count, limit=limit)
        value, theirs = spopts(costs, load, count=count, limit=limit)
        print(f"{rows:4} × {count:<3} seed {seed:2}  ours {found.objective:.0f}, bound {found.bound:.1f} in {seconds:.2f} s; "
              f"spopt + HiGHS {value} in {theirs:.2f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    seconds_each = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    ours(*instance(20, 0)[:1], instance(20, 0)[1] * 0 + 1, instance(20, 0)[1], count=3, limit=5)
    report(50, 5, seeds=range(11), limit=seconds_each)
    report(100, 10, seeds=range(6), limit=seconds_each)
    if importlib.util.find_spec("spopt") is not None:
        beside_spopt(50, 5, seeds=(0, 3), limit=seconds_each)
