"""Assignment: CPU seconds, one thread, compilation apart. Run: python tests/benchmarks/assignment.py [--highs].

Each line is a process of its own, so that the largest memory is its own too. Columns: who, demand rows × schools, pupils,
pairs, seats per pupil, the cost found (whole metres, so that all can be compared to the unit), pupils without a seat, CPU
seconds of the solver and of the whole call, largest memory. OR-Tools stands beside it where it can be imported (it is no
dependency), HiGHS with `--highs` (its linear programme takes minutes).
"""

import importlib.util
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from edulayout.assignment import assign
from edulayout.assignment.question import ask
from edulayout.assignment.solving import optimum, value
from edulayout.assignment.terms import LeastTotal, Terms
from edulayout.costs import TravelCosts
from edulayout.sparse import csr_from_pairs

CASES = [
    (100_000, 200, 20, 1.03), (100_000, 200, 20, 0.9), (100_000, 200, 20, 1.3),
    (100_000, 11, 11, 1.03), (100_000, 1000, 20, 1.03), (100_000, 2000, 20, 1.03),
]  # fmt: skip
OUTSIDE = 200_000_000
NONE = pd.Series(np.empty(0), index=pd.MultiIndex.from_arrays([[], []]))


def city(rows, schools, reach, tight, seed=0):
    """Return metres to the nearest schools, pupils (1 to 8 in a row) and seats of an invented city 60 km wide."""
    random = np.random.default_rng(seed)
    centres = random.uniform(0, 60_000, (40, 2))
    homes = centres[random.integers(0, 40, rows)] + random.normal(0, 4000, (rows, 2))
    central = centres[random.integers(0, 40, schools // 2)] + random.normal(0, 4000, (schools // 2, 2))
    sites = np.vstack([central, random.uniform(0, 60_000, (schools - schools // 2, 2))])
    metres, columns = cKDTree(sites).query(homes, reach)
    pupils = random.integers(1, 9, rows)
    share = random.uniform(0.6, 1.4, schools)
    seats = np.floor(share / share.sum() * pupils.sum() * tight).astype(np.int64)
    return np.rint(metres).astype(np.int64), columns.astype(np.int32), pupils.astype(np.int64), seats


def tables(metres, columns, pupils, seats):
    rows, schools = len(pupils), len(seats)
    arrays = csr_from_pairs(
        np.repeat(np.arange(rows), columns.shape[1]), columns.ravel(), metres.ravel(), rows_total=rows
    )
    demand_ids = pd.Index([f"b{k:06d}" for k in range(rows)], name="demand_id")
    school_ids = pd.Index([f"s{k:04d}" for k in range(schools)], name="school_id")
    costs = TravelCosts(*arrays[:3], demand_ids, school_ids, "metres", "table")
    return costs, pd.Series(pupils.astype(float), index=demand_ids), pd.Series(seats.astype(float), index=school_ids)


def ours(*question):
    assign(*tables(*city(2000, 20, 5, 1.03)))  # compile
    arguments = tables(*question)
    asked = ask(*arguments, terms=Terms(True, LeastTotal(), 1.0, None, 0.0, NONE, pd.Series(dtype=str)))
    started = time.process_time()
    found = optimum(asked)
    solver = time.process_time() - started
    units = value(asked, found.flow)
    started = time.process_time()
    whole = assign(*arguments)
    call = time.process_time() - started
    started = time.process_time()
    assert whole.verify(*arguments).complete
    checked = time.process_time() - started
    return round(units.charge * asked.grain), units.unseated, solver, call, f"verify {checked:.2f} s"


def whole_rows(*question):
    assign(*tables(*city(2000, 20, 5, 1.03)))
    arguments = tables(*question)
    started = time.process_time()
    found = assign(*arguments, split=False)
    call = time.process_time() - started
    found.verify(*arguments)
    return round(found.objective), found.unassigned, call, call, f"gap {found.gap:.2e}, {found.status}"


def or_tools(metres, columns, pupils, seats):
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - no dependency

    started = time.process_time()
    (rows, reach), schools = metres.shape, len(seats)
    graph = min_cost_flow.SimpleMinCostFlow()
    nodes, sink = np.arange(rows, dtype=np.int32), rows + schools
    add = graph.add_arcs_with_capacity_and_unit_cost
    add(np.repeat(nodes, reach), (rows + columns.ravel()).astype(np.int32), np.repeat(pupils, reach), metres.ravel())
    add(np.arange(rows, sink, dtype=np.int32), np.full(schools, sink, np.int32), seats, np.zeros(schools, np.int64))
    out = add(nodes, np.full(rows, sink, np.int32), pupils, np.full(rows, OUTSIDE))
    graph.set_nodes_supplies(nodes, pupils)
    graph.set_node_supply(sink, -int(pupils.sum()))
    built = time.process_time()
    assert graph.solve() == graph.OPTIMAL
    ended = time.process_time()
    unseated = int(graph.flows(out).sum())
    return graph.optimal_cost() - OUTSIDE * unseated, unseated, ended - built, ended - started, ""


def highs(metres, columns, pupils, seats):
    from scipy.optimize import linprog  # noqa: PLC0415 - only where asked for
    from scipy.sparse import csr_array, vstack  # noqa: PLC0415 - as above

    (rows, reach), schools = metres.shape, len(seats)
    count = metres.size
    row, out = np.repeat(np.arange(rows), reach), count + np.arange(rows)
    ones = np.ones(count)
    each = vstack([csr_array((ones, (columns.ravel(), np.arange(count))), shape=(schools, count + rows))])
    whole = csr_array(
        (np.ones(count + rows), (np.append(row, np.arange(rows)), np.append(np.arange(count), out))),
        shape=(rows, count + rows),
    )
    charge = np.append(metres.ravel(), np.full(rows, 500_000)).astype(float)
    started = time.process_time()
    found = linprog(charge, A_ub=each, b_ub=seats, A_eq=whole, b_eq=pupils, options={"time_limit": 900})
    seconds = time.process_time() - started
    if found.x is None:
        return 0, 0, seconds, seconds, found.message
    unseated = found.x[count:].sum()
    return round(found.fun - 500_000 * unseated), round(unseated), seconds, seconds, ""


def measure(who, case):
    """Run one line in this process and print it."""
    question = city(*case)
    cost, unseated, solver, call, note = globals()[who](*question)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows, schools, reach, tight = case
    print(
        f"{who:10} {rows} × {schools:<4} {question[2].sum()} pupils {rows * reach:8} pairs {tight:4} | cost {cost:11} "
        f"out {unseated:6.0f} | solver {solver:7.2f} s, call {call:7.2f} s, {memory:5.0f} MiB {note}",
        flush=True,
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(sys.argv[1], json.loads(sys.argv[2]))
        sys.exit()
    peers = ["or_tools"] if importlib.util.find_spec("ortools") else []
    peers += ["highs"] if "--highs" in sys.argv else []
    for number, case in enumerate(CASES):
        for who in ["ours", *peers[: None if number == 0 else 1], *(["whole_rows"] if number in {0, 2} else [])]:
            subprocess.run([sys.executable, __file__, who, json.dumps(case)], check=True)
