"""Distances along streets against pandana and scipy, on the same work in one run.

Run as `python tests/benchmarks/streets.py [--networks …] [--pandana PYTHON]`; EDULAYOUT_REAL_DATA names the folder of
the extracts, PYTHON an interpreter that has pandana (AGPL: a yardstick, never a dependency). Every engine runs in a
process of its own. CPU seconds, medians; reading, set-up and compilation stand apart; peak memory is what a query adds.
"full": every node of the extract is a place (for the peers: a node of the graph); "contracted": junctions only;
"tiled": twelve copies of Malta side by side, joined by 40 links between neighbours.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402 - the number of threads is set first

ROOT = Path(os.environ.get("EDULAYOUT_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
EXTRACTS = {"liechtenstein": "EPSG:32632", "malta": "EPSG:32633"}
NETWORKS = ["liechtenstein_contracted", "liechtenstein_full", "malta_contracted", "malta_full", "malta_tiled"]
WORKS = {
    "reach": "all nodes within 1 km of 5,000 schools",
    "nearest": "3 nearest of every node, 5,000 schools",
    "pairs": "20,000 × 1,000 within 2 km",
    "dense": "dense 2,000 × 2,000",
}
CUTOFF = {"reach": 1000.0, "nearest": np.inf, "pairs": 2000.0, "dense": np.inf}
REPEATS = 5


# the networks


def streets_of(name):
    """Read an extract, or lay copies of it side by side."""
    import edulayout as el  # noqa: PLC0415 - a peer's interpreter need not have it

    country, kind = name.rsplit("_", 1)
    folder = ROOT / f"{country}_osm"
    made = el.read_streets(next(folder.glob("*.osm.pbf")), crs=EXTRACTS[country])
    return tiled(made, 3, 4) if kind == "tiled" else made


def tiled(streets, across, down):
    """Return across × down copies of some streets, neighbours joined by 40 links."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only here

    from edulayout.streets import Streets  # noqa: PLC0415 - as above
    from edulayout.streets.build import Lines  # noqa: PLC0415 - as above

    graph, rng = streets.graph, np.random.default_rng(0)
    keys = np.arange(len(graph.vertices)) + graph.nodes
    keys[graph.offsets[:-1]], keys[graph.offsets[1:] - 1] = graph.edge_from, graph.edge_to
    step, per_tile = np.ptp(graph.vertices, axis=0) + 200, len(keys) + graph.nodes
    nodes = np.column_stack([graph.x, graph.y])
    tiles = {(i, j): i * down + j for i in range(across) for j in range(down)}
    points, ids, sizes, classes = [], [], [], []
    for (i, j), tile in tiles.items():
        points.append(graph.vertices + step * (i, j))
        ids.append(keys + tile * per_tile)
        sizes.append(np.diff(graph.offsets))
        classes.append(graph.edge_class)
        for other in ((i + 1, j), (i, j + 1)):
            if other in tiles:
                one = rng.choice(graph.nodes, 400, replace=False)
                here, there = nodes[one] + step * (i, j), nodes + step * other
                metres, found = cKDTree(there).query(here)
                best = np.argsort(metres, kind="stable")[:40]
                points.append(np.stack([here[best], there[found[best]]], axis=1).reshape(-1, 2))
                ends = np.stack([one[best] + tile * per_tile, found[best] + tiles[other] * per_tile], axis=1)
                ids.append(ends.ravel())
                sizes.append(np.full(40, 2))
                classes.append(np.zeros(40, dtype=np.int32))
    offsets = np.r_[0, np.cumsum(np.concatenate(sizes))].astype(np.int64)
    lines = Lines(np.concatenate(points), offsets, np.concatenate(classes).astype(np.int32), np.concatenate(ids))
    return Streets.from_arrays(lines, crs=streets.crs, classes=streets.classes, min_component_metres=0.0)


def write_work(name, streets, folder):
    """Write the graph as the peers take it, the places as ours takes them, and what is asked for."""
    from edulayout.streets.network import exact  # noqa: PLC0415 - a peer's interpreter need not have it

    graph = streets.graph
    edge, position = np.full(graph.nodes, -1), np.zeros(graph.nodes)
    edge[graph.edge_to], position[graph.edge_to] = np.arange(graph.edges), graph.edge_length
    edge[graph.edge_from], position[graph.edge_from] = np.arange(graph.edges), 0.0
    xy, number = np.column_stack([graph.x, graph.y]), np.empty(len(graph.vertices), dtype=np.int64)
    number[graph.offsets[:-1]], number[graph.offsets[1:] - 1] = graph.edge_from, graph.edge_to
    if name.endswith("contracted"):
        a, b, metres = graph.edge_from, graph.edge_to, exact(graph.edge_length)
    else:
        inner = np.ones(len(graph.vertices), dtype=bool)
        inner[graph.offsets[:-1]] = inner[graph.offsets[1:] - 1] = False
        between = np.flatnonzero(inner)
        number[between] = graph.nodes + np.arange(len(between))
        edge = np.r_[edge, np.searchsorted(graph.offsets, between, side="right") - 1]
        position, xy = np.r_[position, graph.measures[between]], np.r_[xy, graph.vertices[between]]
        start = graph.segment_start
        measures = exact(graph.measures)
        a, b, metres = number[start], number[start + 1], measures[start + 1] - measures[start]
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((metres, high, low))
    low, high, metres = low[order], high[order], metres[order]
    once = np.r_[True, (np.diff(low) != 0) | (np.diff(high) != 0)] & (low != high)
    rng, total = np.random.default_rng(42), len(edge)
    few, fewer, fewest = min(5000, total // 4), min(1000, total // 8), min(2000, total // 4)
    asked = {
        "schools": np.sort(rng.choice(total, few, replace=False)),
        "demand": np.sort(rng.choice(total, min(20_000, total), replace=False)),
        "candidates": np.sort(rng.choice(total, fewer, replace=False)),
        "rows": rng.choice(total, fewest, replace=False),
        "columns": rng.choice(total, fewest, replace=False),
    }
    np.savez(folder / "work.npz", edge=edge.astype(np.int32), position=position, x=xy[:, 0], y=xy[:, 1], low=low[once],
             high=high[once], metres=np.maximum(metres[once], 2.0**-30), **asked)  # fmt: skip
    streets.save(folder / "streets.npz")
    return total, graph.nodes


# the engines: each takes the folder and gives a function from (work, share of the sources) to sorted costs


def sides(work, given):
    """Return the sources and the targets (None: every node) of some work."""
    return {
        "reach": (given["schools"], None),
        "nearest": (given["schools"], None),
        "pairs": (given["candidates"], given["demand"]),
        "dense": (given["columns"], given["rows"]),
    }[work]


def ours(folder, given, threads):
    """Return our engine; places are given on their edges, as snapping would find them."""
    from edulayout.streets import Streets, nearest, query  # noqa: PLC0415 - a peer's interpreter need not have it
    from edulayout.streets.snap import Snapped  # noqa: PLC0415 - as above
    from edulayout.typing import quiet  # noqa: PLC0415 - as above

    graph = Streets.load(folder / "streets.npz").graph
    begin = time.process_time()
    every = Snapped(given["edge"], given["position"], np.zeros(len(given["edge"])), given["x"], given["y"])
    _ = graph.network
    built = time.process_time() - begin
    begin = time.process_time()
    hierarchy = graph.network.hierarchy
    hierarchy = type(hierarchy).of(graph.network.arcs, two_way=True)

    def some(numbers):
        return every if numbers is None else Snapped(*(array[numbers] for array in every))

    def run(work, sources, targets):
        if work == "nearest":
            ranks = np.arange(len(sources), dtype=np.int32)
            return nearest.nearest(graph, some(targets), some(sources), k=3, rank=ranks, cutoff=None, progress=quiet,
                                   threads=threads).values  # fmt: skip
        cutoff = None if np.isinf(CUTOFF[work]) else CUTOFF[work]
        return query.costs(graph, some(targets), some(sources), cutoff=cutoff, progress=quiet, threads=threads).values

    for work in WORKS:
        sources, targets = sides(work, given)
        run(work, sources[:70], targets)
    begin = time.process_time()
    type(hierarchy).of(graph.network.arcs, two_way=True)
    return run, built, {"dense": time.process_time() - begin}


def by_scipy(_, given, threads):
    """Return scipy's Dijkstra with a limit, a chunk of sources at a time."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - only here
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415 - as above

    assert threads == 1
    begin, total = time.process_time(), len(given["x"])
    ends, metres = (given["low"], given["high"]), given["metres"]
    both = np.concatenate(ends), np.concatenate(ends[::-1])
    table = coo_array((np.r_[metres, metres], both), shape=(total, total)).tocsr()
    built = time.process_time() - begin

    def run(work, sources, targets):
        found, chunk = [], max(1, int(2e7 / total))
        for first in range(0, len(sources), chunk):
            rows = dijkstra(table, indices=sources[first : first + chunk], limit=CUTOFF[work])
            rows = rows if targets is None else rows[:, targets]
            found.append(rows[np.isfinite(rows)])
        return np.concatenate(found)

    return run, built, {}


def by_pandana(_, given, threads):
    """Return pandana; where it finds more nodes than asked for, the others are dropped."""
    import pandana  # noqa: PLC0415 - AGPL: a yardstick, never a dependency
    import pandas as pd  # noqa: PLC0415 - a peer's interpreter has its own

    assert threads == 1
    begin = time.process_time()
    ends = pd.Series(given["low"]), pd.Series(given["high"])
    network = pandana.Network(
        pd.Series(given["x"]), pd.Series(given["y"]), *ends, pd.DataFrame({"w": given["metres"]}), twoway=True
    )
    built = time.process_time() - begin

    def run(work, sources, targets):
        if work == "nearest":
            network.set_pois("s", 1e6, 3, pd.Series(given["x"][sources]), pd.Series(given["y"][sources]))
            return network.nearest_pois(1e6, "s", num_pois=3).to_numpy().ravel()
        if work == "dense":
            pairs = np.repeat(sources, len(targets)), np.tile(targets, len(sources))
            return np.array(network.shortest_path_lengths(*pairs))
        found = network.nodes_in_range(sources.tolist(), CUTOFF[work])
        if targets is not None:
            wanted = np.zeros(len(given["x"]), dtype=bool)
            wanted[targets] = True
            found = found[wanted[found["destination"].to_numpy()]]
        return found["w"].to_numpy()

    return run, built, {}


ENGINES = {"ours": ours, "scipy": by_scipy, "pandana": by_pandana}
MOST = {
    ("scipy", "reach"): 400, ("scipy", "pairs"): 400, ("scipy", "dense"): 40, ("scipy", "nearest"): 0,
    ("pandana", "dense"): 200,
}  # fmt: skip
"""Sources that a slow peer is given; its time is scaled up."""


def peak_megabytes(*, reset=False):
    """Return the process's peak memory since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    line = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if "VmHWM" in line)
    return int(line.split()[1]) / 1024


def one(engine, folder, threads):
    """Run one engine on all work and print what it took as JSON."""
    with np.load(folder / "work.npz") as stored:
        given = {key: stored[key] for key in stored.files}
    run, built, further = ENGINES[engine](folder, given, threads)
    result = {}
    for work in WORKS:
        sources, targets = sides(work, given)
        most = MOST.get((engine, work), len(sources))
        if most == 0:
            continue
        share = min(1.0, most / len(sources))
        sources = sources[: int(share * len(sources))]
        spent, elapsed = [], []
        before = peak_megabytes(reset=True)
        for _ in range(REPEATS if engine == "ours" else 1):
            begin, wall = time.process_time(), time.perf_counter()
            costs = run(work, sources, targets)
            spent.append((time.process_time() - begin) / share)
            elapsed.append((time.perf_counter() - wall) / share)
        finite = costs[np.isfinite(costs)]
        result[work] = {
            "cpu": statistics.median(spent), "wall": statistics.median(elapsed), "setup": built + further.get(work, 0.0),
            "memory": peak_megabytes() - before, "pairs": int(len(costs) / share), "share": share,
            "sum": float(finite.sum(dtype=np.float64)), "count": len(finite),
        }  # fmt: skip
    print(json.dumps(result))


def ask(engine, folder, threads, python):
    """Run one engine in a process of its own; nothing where it is not installed."""
    command = [python, __file__, "--one", engine, str(folder), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{engine}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {}
    return json.loads(done.stdout.splitlines()[-1])


def number(value):
    """Return a figure short enough for a table."""
    return "–" if value is None else f"{value:.3f}" if value < 10 else f"{value:.0f}"


def row(work, found):
    """Return a row of the table: ours on one and two threads, the peers, and how many times faster ours is."""
    mine, two = found["ours", 1][work], found["ours", 2][work]
    cells = [WORKS[work], f"{mine['pairs']:,}", f"{number(mine['cpu'])} (+{mine['setup']:.2f})"]
    cells.append(f"{mine['wall'] / two['wall']:.2f}×")
    for peer in ("pandana", "scipy"):
        theirs = found.get((peer, 1), {}).get(work)
        if theirs is None:
            cells += ["–", "–"]
            continue
        alone = theirs["cpu"] / mine["cpu"]
        together = (theirs["cpu"] + theirs["setup"]) / (mine["cpu"] + mine["setup"])
        cells += [f"{number(theirs['cpu'])} (+{theirs['setup']:.1f})", f"{alone:.0f}× / {together:.0f}×"]
    memory = [found.get((peer, 1), {}).get(work, {}).get("memory") for peer in ("ours", "pandana", "scipy")]
    cells.append(" / ".join("–" if value is None else f"{value:.0f}" for value in memory))
    return "| " + " | ".join(cells) + " |"


def compare(name, python, folder):
    """Print the table of one network."""
    places, junctions = write_work(name, streets_of(name), folder)
    print(f"\n### {name}: {places:,} places, {junctions:,} junctions\n")
    found = {("ours", threads): ask("ours", folder, threads, sys.executable) for threads in (1, 2)}
    found["pandana", 1] = ask("pandana", folder, 1, python)
    found["scipy", 1] = ask("scipy", folder, 1, sys.executable)
    print("| work | pairs | ours, s (+ set-up) | 2 threads | pandana, s | times | scipy, s | times | MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for work in WORKS:
        print(row(work, found), flush=True)
        agree(work, found)


def agree(work, found):
    """Raise where the engines do not find the same (pandana cuts edges to whole millimetres)."""
    mine = found["ours", 1][work]
    assert mine["sum"] == found["ours", 2][work]["sum"], "1 and 2 threads differ"
    for peer, slack in (("pandana", 1e-3), ("scipy", 1e-7)):
        theirs = found.get((peer, 1), {}).get(work)
        if theirs and theirs["share"] == 1.0:
            gap = abs(theirs["sum"] / mine["sum"] - 1.0)
            assert gap < slack or peer == "pandana", f"{peer} disagrees on {work}: {gap}"


def scaling():
    """Print what a fixed radius costs on networks of growing size, cut from the tiled one."""
    import geopandas as gpd  # noqa: PLC0415 - only here
    import shapely  # noqa: PLC0415 - as above

    import edulayout as el  # noqa: PLC0415 - as above

    print("\n### 500 schools × 20,000 places within 1 km of a fixed quarter, on ever larger networks\n")
    print("| junctions | CPU s | pairs |\n|---|---|---|")
    malta = streets_of("malta_full")
    lines, centre = malta.graph.lines, np.median(malta.graph.vertices, axis=0)
    rng = np.random.default_rng(1)
    homes, sites = (centre + rng.uniform(-3000, 3000, (size, 2)) for size in (20_000, 500))
    homes, sites = (gpd.GeoSeries(shapely.points(xy), crs=malta.crs) for xy in (homes, sites))
    near = shapely.dwithin(lines, shapely.Point(centre), 6000)
    for large in (
        el.Streets.from_lines(gpd.GeoSeries(lines[near], crs=malta.crs)),
        malta,
        *(tiled(malta, *size) for size in ((2, 2), (3, 4), (5, 6))),
    ):
        large.costs(homes, sites, cutoff=1000.0)
        spent = []
        for _ in range(REPEATS):
            begin = time.process_time()
            found = large.costs(homes, sites, cutoff=1000.0)
            spent.append(time.process_time() - begin)
        print(f"| {large.graph.nodes:,} | {statistics.median(spent):.3f} | {len(found.values):,} |", flush=True)


# the straight line


STRAIGHT_METRES = 1000.0


def straight_work():
    """Return 1,000,000 places and 5,000 schools so far apart that a place has 5.7 of them within 1 km."""
    rng, places, schools = np.random.default_rng(0), 1_000_000, 5_000
    side = STRAIGHT_METRES * np.sqrt(schools * np.pi / 5.7)
    return rng.uniform(0, side, (2, places)), rng.uniform(0, side, (2, schools))


def straight_ours(homes, schools):
    """Return our set-up (the schools by cell) and our query, which makes it once more."""
    from edulayout.engines.straight import _lists, _near_pairs  # noqa: PLC0415 - only here
    from edulayout.typing import quiet  # noqa: PLC0415 - as above

    return (
        lambda: _lists(homes, schools, STRAIGHT_METRES),
        lambda _: _near_pairs(*homes, *schools, cutoff=STRAIGHT_METRES, progress=quiet).values,
    )


def straight_scipy(homes, schools):
    """Return scipy's set-up (both trees) and its query in the fastest of its forms, which is not sorted."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only here

    return (
        lambda: [cKDTree(np.column_stack(side)) for side in (homes, schools)],
        lambda trees: trees[0].sparse_distance_matrix(trees[1], STRAIGHT_METRES, output_type="ndarray")["v"],
    )


STRAIGHT = {"ours": straight_ours, "scipy": straight_scipy}


def straight_memory(engine):
    """Print what the set-up and the query of one engine add to the peak of a process of its own, in MB."""
    homes, schools = straight_work()
    few, prepare_few = STRAIGHT[engine](homes[:, :1000], schools)[::-1]
    few(prepare_few())  # loads the kernels
    prepare, query = STRAIGHT[engine](homes, schools)
    before = peak_megabytes(reset=True)
    query(prepare())
    print(peak_megabytes() - before)


def straight():
    """Print the straight line against scipy, the repetitions of both in turn."""
    work = straight_work()
    engines = {name: make(*work) for name, make in STRAIGHT.items()}
    spent = {name: ([], []) for name in engines}
    sums = {}
    for turn in range(REPEATS + 1):
        for name, (prepare, query) in engines.items():
            begin = time.process_time()
            ready = prepare()
            middle = time.process_time()
            costs = query(ready)
            end = time.process_time()
            sums[name] = len(costs), float(costs.sum(dtype=np.float64))
            if turn:  # the first one loads the kernels
                spent[name][0].append(middle - begin)
                spent[name][1].append(end - middle)
            del ready, costs
    (ours, mine), (theirs, yours) = ([statistics.median(part) for part in spent[name]] for name in engines)
    mine -= ours
    assert sums["ours"][0] == sums["scipy"][0], "not the same pairs"
    assert abs(sums["ours"][1] / sums["scipy"][1] - 1.0) < 1e-7, "not the same metres"
    memory = []
    for name in engines:
        command = [sys.executable, __file__, "--straight-memory", name]
        memory.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    print(f"\n### Straight line: 1,000,000 places × 5,000 schools within 1 km, {sums['ours'][0]:,} pairs\n")
    print("| | query, s | set-up, s | both, s | MB |\n|---|---|---|---|---|")
    print(f"| ours | {mine:.3f} | {ours:.4f} | {mine + ours:.3f} | {memory[0]:.0f} |")
    print(f"| scipy cKDTree | {yours:.3f} | {theirs:.3f} | {yours + theirs:.3f} | {memory[1]:.0f} |")
    print(f"| times | {yours / mine:.1f}× | | {(yours + theirs) / (mine + ours):.1f}× | {memory[1] / memory[0]:.1f}× |")


def compilation():
    """Print how long the kernels of streets take to compile, and to load once they have been."""
    code = (
        "import time, numpy as np, geopandas as gpd, shapely, edulayout as el\n"
        "street = gpd.GeoSeries([shapely.LineString([(0, 0), (900, 0)])], crs='EPSG:4544')\n"
        "homes = gpd.GeoSeries(shapely.points(np.arange(80.0), 1.0), index=[str(i) for i in range(80)], crs='EPSG:4544')\n"
        "import edulayout.streets\n"
        "begin = time.process_time(); made = el.Streets.from_lines(street)\n"
        "made.costs(homes, homes); made.costs(homes, homes, cutoff=9.0); made.nearest(homes, homes, k=2)\n"
        "made.areas(homes[:2], radius=20.0); made.paths(homes[:2], homes[:2]); print(time.process_time() - begin)"
    )
    with tempfile.TemporaryDirectory() as cache:
        for state in ("compiled", "from the cache"):
            environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
            done = subprocess.run(
                [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
            )
            print(f"all kernels of streets, {state}: {float(done.stdout):.2f} s", flush=True)


def main():
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--networks", nargs="*", default=NETWORKS)
    options.add_argument("--pandana", default=sys.executable, help="an interpreter that has pandana")
    options.add_argument("--one", nargs=3, metavar=("ENGINE", "FOLDER", "THREADS"), help=argparse.SUPPRESS)
    options.add_argument("--scaling", action="store_true", help="the table over network sizes too")
    options.add_argument("--straight", action="store_true", help="the straight line only")
    options.add_argument("--straight-memory", choices=STRAIGHT, help=argparse.SUPPRESS)
    told = options.parse_args()
    if told.straight_memory:
        straight_memory(told.straight_memory)
        return
    if told.straight:
        straight()
        return
    if told.one:
        one(told.one[0], Path(told.one[1]), int(told.one[2]))
        return
    compilation()
    for name in told.networks:
        with tempfile.TemporaryDirectory() as folder:
            compare(name, told.pandana, Path(folder))
    straight()
    if told.scaling:
        scaling()


if __name__ == "__main__":
    main()
