"""Service areas and ways along streets, against the recipe that notebooks use.

Run as `python tests/benchmarks/streets_areas.py [--networks …] [--schools 1000]`; EDULAYOUT_REAL_DATA names the folder
of the extracts. The yardstick for areas is that of osmnx's example of isochrones: `networkx.ego_graph` within the
radius, the edges between reached nodes buffered, `shapely.union_all`; edges are not cut where the radius ends, so it
does less. The yardstick for ways is `networkx.shortest_path` and the edges' courses joined. Both are given few schools
or pairs, and their time is scaled up. Every engine runs in a process of its own: CPU seconds, reading apart, peak
memory is what the work adds. Two threads are told by wall clock, which says something on an idle machine only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import geopandas as gpd  # noqa: E402 - the number of threads is set first
import numpy as np  # noqa: E402 - as above
import shapely  # noqa: E402 - as above
from streets import number, peak_megabytes, streets_of  # noqa: E402 - the benchmark next to this one

NETWORKS = ["liechtenstein_full", "malta_full", "malta_tiled"]
RADII = (500.0, 1000.0, 2000.0)
PAIRS = 10_000
WAY_METRES = 3000.0
FEW_SCHOOLS, FEW_PAIRS = 20, 50
STRIP_METRES = 30.0


def places(streets, count, seed):
    """Return places within 20 m or so of junctions of the largest connected part."""
    graph, rng = streets.graph, np.random.default_rng(seed)
    nodes = rng.choice(np.flatnonzero(graph.component == 0), count)
    xy = np.column_stack([graph.x, graph.y])[nodes] + rng.normal(0, 10, (count, 2))
    return gpd.GeoSeries(shapely.points(xy), index=[str(i) for i in range(count)], crs=streets.crs)


def work(streets, count):
    """Return schools, homes, and the pairs (home, school) asked for: those some kilometres apart at most."""
    schools, homes = places(streets, count, 1), places(streets, 4 * PAIRS, 2)
    rng = np.random.default_rng(3)
    home, school = rng.permuted(np.arange(len(homes))), rng.integers(0, count, len(homes))
    near = shapely.distance(homes.to_numpy()[home], schools.to_numpy()[school]) < WAY_METRES
    if near.sum() < PAIRS:
        found = shapely.STRtree(schools.to_numpy()).query(homes.to_numpy(), predicate="dwithin", distance=WAY_METRES)
        chosen = rng.choice(found.shape[1], min(PAIRS, found.shape[1]), replace=False)
        return schools, homes, np.sort(chosen), found[:, np.sort(chosen)]
    kept = np.flatnonzero(near)[:PAIRS]
    return schools, homes, kept, np.stack([home[kept], school[kept]])


def timed(job, share=1.0):
    """Run some work; return CPU and wall seconds scaled to the whole, memory added in MB, and what it gave."""
    before = peak_megabytes(reset=True)
    begin, wall = time.process_time(), time.perf_counter()
    found = job()
    spent, elapsed = time.process_time() - begin, time.perf_counter() - wall
    return {"cpu": spent / share, "wall": elapsed / share, "memory": peak_megabytes() - before}, found


def ours(streets, count):
    """Areas by one and by two threads, the strips made anew for each; the ways of all pairs."""
    from edulayout.streets.areas import areas  # noqa: PLC0415 - only here
    from edulayout.streets.strips import Strips  # noqa: PLC0415 - only here

    schools, homes, _, (home, school) = work(streets, count)
    streets.areas(schools[:3], radius=50.0)
    snapped, lines, result = streets._snapped(schools, "schools"), streets.graph.lines, {}
    for radius in RADII:
        for threads in (1, 2):
            strips = Strips(lines)
            told, polygons = timed(lambda: areas(streets.graph, snapped, radius=radius, strips=strips, threads=threads))  # noqa: B023 - called at once
            assert shapely.is_valid(polygons).all()
            result[f"areas {radius:.0f} {threads}"] = told
        result[f"areas {radius:.0f} 1"]["check"] = shapely.area(polygons[:FEW_SCHOOLS]).tolist()
        told, _ = timed(lambda: areas(streets.graph, snapped, radius=radius, strips=strips, threads=1))  # noqa: B023 - as above
        result[f"areas {radius:.0f} again"] = told
    pairs = list(zip(homes.index[home], schools.index[school], strict=True))
    streets.paths(homes, schools, pairs=pairs[:3])
    told, ways = timed(lambda: streets.paths(homes, schools, pairs=pairs))
    result["ways 1"] = {**told, "check": dict(zip(ways.demand_id + " " + ways.school_id, ways.metres, strict=True))}
    return result


def recipe(streets, count):
    """Do the same for few schools and pairs as osmnx's examples do."""
    import networkx as nx  # noqa: PLC0415 - a yardstick

    schools, homes, _, (home, school) = work(streets, count)
    graph, network = streets.graph, nx.MultiGraph()
    edges = zip(graph.edge_from.tolist(), graph.edge_to.tolist(), graph.edge_length.tolist(), graph.lines, strict=True)
    for a, b, metres, line in edges:
        network.add_edge(a, b, length=metres, geometry=line)
    tree = shapely.STRtree(shapely.points(graph.x, graph.y))
    at_school, at_home = tree.nearest(schools.to_numpy()), tree.nearest(homes.to_numpy())
    result = {}

    def area(node, radius):
        reached = nx.ego_graph(network, node, radius=radius, distance="length")
        lines = np.array([line for _, _, line in reached.edges(data="geometry")], dtype=object)
        return shapely.union_all(shapely.buffer(lines, STRIP_METRES, quad_segs=4))

    def way(one, other):
        nodes = nx.shortest_path(network, one, other, weight="length")
        steps = [min(network[a][b].values(), key=lambda edge: edge["length"]) for a, b in zip(nodes, nodes[1:])]  # noqa: B905, RUF007 - as in the recipe
        return shapely.line_merge(shapely.multilinestrings([step["geometry"] for step in steps]))

    few = at_school[:FEW_SCHOOLS].tolist()
    for radius in RADII:
        told, polygons = timed(lambda: [area(node, radius) for node in few], len(few) / count)  # noqa: B023 - called at once
        result[f"areas {radius:.0f} 1"] = {**told, "check": shapely.area(polygons).tolist()}
    asked = list(zip(home.tolist(), school.tolist(), strict=True))
    asked = [asked[i] for i in np.linspace(0, len(asked) - 1, FEW_PAIRS).astype(int)]
    told, ways = timed(lambda: [way(at_home[one], at_school[other]) for one, other in asked], FEW_PAIRS / len(home))
    lengths = {f"{one} {other}": line.length for (one, other), line in zip(asked, ways, strict=True)}
    result["ways 1"] = {**told, "check": lengths}
    return result


def ask(engine, path, count):
    """Run one engine in a process of its own."""
    command = [sys.executable, __file__, "--one", engine, str(path), "--schools", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def agree(mine, yours):
    """Raise where both do not measure the same, but for the ends of edges, the places' legs and ties."""
    for radius in RADII:
        whole = np.array(mine[f"areas {radius:.0f} 1"]["check"]), np.array(yours[f"areas {radius:.0f} 1"]["check"])
        assert abs(whole[1].sum() / whole[0].sum() - 1) < 0.25, radius
    lengths = mine["ways 1"]["check"]
    gaps = [abs(lengths[pair] - metres) for pair, metres in yours["ways 1"]["check"].items()]
    assert np.median(gaps) < 4 * STRIP_METRES, np.median(gaps)


def compare(name, count):
    """Print the table of one network."""
    streets = streets_of(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "streets.npz"
        streets.save(path)
        mine, yours = ask("ours", path, count), ask("recipe", path, count)
    print(f"\n### {name}: {streets.graph.nodes:,} junctions\n")
    print("| work | ours, s | again | 2 threads | MB | recipe, s (scaled) | times |\n|---|---|---|---|---|---|---|")
    for radius in RADII:
        one, two, again = (mine[f"areas {radius:.0f} {kind}"] for kind in (1, 2, "again"))
        theirs = yours[f"areas {radius:.0f} 1"]
        cells = [f"areas of {count:,} schools within {radius:.0f} m", number(one["cpu"]), number(again["cpu"])]
        cells += [f"{one['wall'] / two['wall']:.2f}×", f"{one['memory']:.0f}", number(theirs["cpu"])]
        print("| " + " | ".join([*cells, f"{theirs['cpu'] / one['cpu']:.0f}×"]) + " |", flush=True)
    one, theirs = mine["ways 1"], yours["ways 1"]
    cells = [f"ways of {len(one['check']):,} pairs", number(one["cpu"]), "–", "–", f"{one['memory']:.0f}"]
    print("| " + " | ".join([*cells, number(theirs["cpu"]), f"{theirs['cpu'] / one['cpu']:.0f}×"]) + " |", flush=True)
    agree(mine, yours)


def main():
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--networks", nargs="*", default=NETWORKS)
    options.add_argument("--schools", type=int, default=1000)
    options.add_argument("--one", nargs=2, metavar=("ENGINE", "FILE"), help=argparse.SUPPRESS)
    told = options.parse_args()
    if told.one:
        from edulayout.streets import Streets  # noqa: PLC0415 - only in a process of its own

        made = {"ours": ours, "recipe": recipe}[told.one[0]]
        print(json.dumps(made(Streets.load(told.one[1]), told.schools)))
        return
    for name in told.networks:
        compare(name, told.schools)


if __name__ == "__main__":
    main()
