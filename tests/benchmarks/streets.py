"""Distances along streets: CPU seconds on the Liechtenstein extract, against scipy (and pandana where it is there).

Run as `python tests/benchmarks/streets.py [--tiles 1 3 10]`; EDULAYOUT_REAL_DATA names the folder of the extracts.
One thread, median of five; set-up and compilation stand apart. Peers do the same work on the same graph, between
nodes, and must find the same pairs; ours includes snapping every place to its street.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import geopandas as gpd  # noqa: E402 - the number of threads is set first
import numpy as np  # noqa: E402
import shapely  # noqa: E402
from scipy.sparse import coo_array  # noqa: E402
from scipy.sparse.csgraph import dijkstra  # noqa: E402

import edulayout as el  # noqa: E402
from edulayout.kernels import compiled  # noqa: E402
from edulayout.streets import Streets  # noqa: E402

ROOT = Path(os.environ.get("EDULAYOUT_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
EXTRACT = ROOT / "liechtenstein_osm" / "liechtenstein-latest.osm.pbf"
REPEATS = 5
CHUNK = 100


def seconds(work, repeats=REPEATS):
    """Return the median CPU seconds of some work, and its last result."""
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        result = work()
        spent.append(time.process_time() - begin)
    return statistics.median(spent), result


def warm_up():
    """Run every kernel once on a street of one edge."""
    street = gpd.GeoSeries([shapely.LineString([(0, 0), (100, 0)])], crs="EPSG:4544")
    homes = gpd.GeoSeries([shapely.Point(10, 5)], crs="EPSG:4544")
    streets = Streets.from_lines(street)
    streets.costs(homes, homes)
    streets.areas(homes, radius=20.0)
    el.Straight().costs(homes, homes, cutoff=10.0)


def tiled(streets, count):
    """Return count × count copies of the streets side by side."""
    lines, step = streets.graph.lines, np.ptp(streets.graph.vertices, axis=0) + 500
    moves = [(i * step[0], j * step[1]) for i in range(count) for j in range(count)]
    copies = [shapely.transform(lines, lambda xy, move=move: xy + move) for move in moves]
    table = gpd.GeoSeries(np.concatenate(copies), crs=streets.crs)
    return Streets.from_lines(table, min_component_metres=0.0)


def scipy_graph(graph):
    """Return the graph as scipy takes it, of parallel edges the shorter."""
    rows = np.repeat(np.arange(graph.nodes), np.diff(graph.indptr))
    order = np.lexsort((graph.lengths, graph.indices, rows))
    rows, columns, lengths = rows[order], graph.indices[order], graph.lengths[order]
    first = np.r_[True, (np.diff(rows) != 0) | (np.diff(columns) != 0)] & (rows != columns)
    return coo_array((lengths[first], (rows[first], columns[first])), shape=(graph.nodes,) * 2).tocsr()


def by_scipy(table, sources, targets, cutoff):
    """Return the pairs within the cutoff as (target, source, metres), a chunk of sources at a time."""
    found = []
    for first in range(0, len(sources), CHUNK):
        metres = dijkstra(table, indices=sources[first : first + CHUNK], limit=cutoff)[:, targets]
        source, target = np.nonzero(metres <= cutoff)
        found.append((target, source + first, metres[source, target]))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


def by_pandana(graph, sources, targets, cutoff):
    """Return set-up and query seconds of pandana, which looks around the sources for all nodes."""
    import pandana  # noqa: PLC0415 - AGPL: a yardstick, never a dependency

    rows = np.repeat(np.arange(graph.nodes), np.diff(graph.indptr))
    once = rows < graph.indices
    begin = time.process_time()
    network = pandana.Network(
        gpd.pd.Series(graph.x), gpd.pd.Series(graph.y), gpd.pd.Series(rows[once]), gpd.pd.Series(graph.indices[once]),
        gpd.pd.DataFrame({"metres": graph.lengths[once]}),
    )  # fmt: skip
    built = time.process_time()
    network.nodes_in_range(sources, cutoff)
    return built - begin, time.process_time() - built


def nodes_as_places(graph, numbers, crs):
    """Return nodes as places."""
    return gpd.GeoSeries(shapely.points(graph.x[numbers], graph.y[numbers]), crs=crs)


def compare(streets, name, demand, schools, cutoff):
    """Print a row: pairs, seconds of ours and of the peers; the pairs must agree."""
    graph = streets.graph
    homes, sites = (nodes_as_places(graph, numbers, streets.crs) for numbers in (demand, schools))
    ours, found = seconds(lambda: streets.costs(homes, sites, cutoff=cutoff))
    table = scipy_graph(graph)
    theirs, (target, source, metres) = seconds(
        lambda: by_scipy(table, schools, demand, np.inf if cutoff is None else cutoff), repeats=1
    )
    reached = np.isfinite(metres)
    target, source, metres = target[reached], source[reached], metres[reached]
    order = np.lexsort((source, target))
    assert np.array_equal(found.indices, source[order]), "other pairs than scipy"
    assert np.allclose(found.values, metres[order], rtol=1e-6, atol=1e-6), "other metres than scipy"
    try:
        pandana = "{1:.3f} (+{0:.1f})".format(*by_pandana(graph, schools, demand, cutoff or 1e9))
    except ImportError:
        pandana = "–"
    print(f"| {name} | {len(found.values):,} | {ours:.3f} | {theirs:.2f} | {theirs / ours:.0f}× | {pandana} |")


def main():
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tiles", type=int, nargs="*", default=[1, 3], help="copies along one side, e.g. 1 3 10")
    tiles = options.parse_args().tiles
    cached = compiled("chains", "dijkstra", "points", "snapping")
    print(f"kernels, {'from the cache' if cached else 'compiled'}: {seconds(warm_up, repeats=1)[0]:.2f} s")
    reading, streets = seconds(lambda: el.read_streets(EXTRACT, crs="EPSG:32632"))
    print(f"reading {EXTRACT.name}: {reading:.2f} s → {streets}\n")
    rng = np.random.default_rng(42)
    graph = streets.graph
    every = np.arange(graph.nodes)
    print("| work | pairs | ours | scipy | scipy / ours | pandana |\n|---|---|---|---|---|---|")
    compare(streets, "all nodes within 1 km of 500 schools", every, rng.choice(graph.nodes, 500, replace=False), 1000.0)
    compare(streets, "4,000 × 180, no cutoff", rng.choice(graph.nodes, 4000, replace=False),
            rng.choice(graph.nodes, 180, replace=False), None)  # fmt: skip
    compare(streets, "dense 1,000 × 1,000", rng.choice(graph.nodes, 1000, replace=False),
            rng.choice(graph.nodes, 1000, replace=False), None)  # fmt: skip
    sites = nodes_as_places(graph, rng.choice(graph.nodes, 200, replace=False), streets.crs)
    spent = seconds(lambda: [streets.areas(sites, radius=radius) for radius in (300.0, 500.0, 1000.0)], repeats=1)[0]
    print(f"\nareas of 200 schools at 300, 500 and 1000 m: {spent:.2f} s\n")
    print("| nodes | set-up s | 500 schools × 20,000 places within 1 km, s | pairs |\n|---|---|---|---|")
    for count in tiles:
        setup, large = seconds(lambda count=count: tiled(streets, count), repeats=1)
        homes, sites = (
            nodes_as_places(large.graph, rng.integers(0, large.graph.nodes, size), large.crs) for size in (20_000, 500)
        )
        large.costs(homes, sites, cutoff=1.0)
        spent, found = seconds(lambda: large.costs(homes, sites, cutoff=1000.0))  # noqa: B023 - called at once
        print(f"| {large.graph.nodes:,} | {setup:.2f} | {spent:.3f} | {len(found.values):,} |")


if __name__ == "__main__":
    main()
