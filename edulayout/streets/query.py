"""Costs along the streets from snapped demand to snapped schools."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from edulayout.kernels import in_order
from edulayout.kernels._batches import Batches
from edulayout.kernels.dijkstra import Scratch, Starts
from edulayout.kernels.goals import Goals, by_edge, reach_goals
from edulayout.streets import dense
from edulayout.streets.network import exact
from edulayout.typing import CostArrays

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.kernels.rows import Found
    from edulayout.streets.graph import Graph
    from edulayout.streets.snap import Snapped
    from edulayout.typing import AnyArray, FloatArray, Int32Array, IntArray, Progress

_BLOCK = 64
"""Schools between two reports of progress; a run can be interrupted there."""
_BLOCKS_LEAST = 32
_BLOCK_PAIRS = 1 << 22
"""Pairs that one block may find at most, but for a single school's: what a block needs is bounded."""
_GOALS = 16_384
"""Goals of one part of the work: what is computed on the way stays in fast memory."""
_DENSE_LEAST = 64
"""From so many schools on a hierarchy, once made, costs less than a search of the whole network from each."""


def starts(graph: Graph, places: Snapped) -> Starts:
    """Return snapped schools as starts of a search against the direction of travel; without a street edge -1."""
    edge = np.maximum(places.edge, 0)
    position = exact(places.position)
    near, far, leg = graph.network.legs(edge, position, places.access, to_place=True)
    return Starts(graph.edge_from[edge], graph.edge_to[edge], near, far, places.edge, position, leg, places.x, places.y)


def goals(graph: Graph, places: Snapped, *, threads: int | None = None) -> Goals:
    """Return snapped demand as goals, edge by edge."""
    edge_ptr, number = by_edge(places.edge, graph.edges)
    found = Goals(edge_ptr, number, *(np.empty(len(number)) for _ in range(6)))

    def fill(first: int) -> None:
        own = number[first : first + _GOALS]
        position = exact(places.position[own])
        legs = graph.network.legs(places.edge[own], position, places.access[own], to_place=False)
        costs = (legs[0], legs[1], position, legs[2], places.x[own], places.y[own])
        for array, part in zip(found[2:], costs, strict=True):
            array[first : first + _GOALS] = part

    for _ in in_order(fill, range(0, len(number), _GOALS), threads=threads):
        pass
    return found


def ranks(places: gpd.GeoSeries) -> Int32Array:
    """Return the place of each id among the sorted ids, by which ties are broken."""
    order: IntArray = places.index.astype(str).argsort()
    return np.argsort(order).astype(np.int32)


def limits(cutoff: float | None) -> tuple[np.float32, float]:
    """Return the cutoff as costs are stored and compared, and a float64 no cost within it exceeds."""
    if cutoff is None or np.isinf(cutoff):
        return np.finfo(np.float32).max, np.inf
    stored = np.float32(cutoff)
    return stored, float(np.nextafter(stored, np.float32(np.inf)))


def working_memory(graph: Graph, _places: int = 0) -> Scratch:
    """Return clean memory for searches on a graph."""
    return graph.network.scratch()


def costs(
    graph: Graph,
    demand: Snapped,
    schools: Snapped,
    *,
    cutoff: float | None,
    progress: Progress,
    threads: int | None = None,
) -> CostArrays:
    """Return all pairs within the cutoff, by some threads (all processors where None).

    With a cutoff, or for a few schools, a search from each school: O(streets and pairs reached). Without one, a
    hierarchy of the network that is made once (a second or so for 100,000 junctions) and a sweep for every 16
    schools: O(pairs + streets that the demand needs). All costs are sums of multiples of 2⁻³⁰, which are exact, so
    that both give the same bits, for any number of threads.
    """
    begin, end = starts(graph, schools), goals(graph, demand, threads=threads)
    everywhere = cutoff is None or np.isinf(cutoff)
    if everywhere and len(schools.edge) >= _DENSE_LEAST and len(end.number):
        network = graph.network
        arrays = dense.table(network.hierarchy, network.ends, begin, end, floor=network.floor**2,
                             rows=len(demand.edge), threads=threads, progress=progress)  # fmt: skip
    else:
        arrays = _searched(graph, begin, end, demand, limits(cutoff), threads, progress)
    return CostArrays(*arrays, _stored(demand.access), _stored(schools.access))


def _searched(
    graph: Graph,
    begin: Starts,
    end: Goals,
    demand: Snapped,
    limit: tuple[np.float32, float],
    threads: int | None,
    progress: Progress,
) -> tuple[AnyArray, AnyArray, AnyArray]:
    network, total = graph.network, len(begin.edge)
    # neighbours one after another, so that a search finds in the cache what the one before it used
    order = np.argsort(begin.edge, kind="stable").astype(np.int32)
    arrays: list[AnyArray] = [array[order] for array in begin]
    sorted_begin = Starts(*arrays)
    own = threading.local()

    def block(first: int) -> Found:
        if not hasattr(own, "memory"):
            own.memory = working_memory(graph)
        last = min(total, first + size)
        found = reach_goals(network.arcs, network.ends, sorted_begin, end, first, last, *limit,
                            network.buckets[1], network.floor**2, own.memory)  # fmt: skip
        return order[first:last], *found

    # small enough that all threads end at about the same time
    size = int(np.clip(total // _BLOCKS_LEAST, 1, _BLOCK))
    if np.isinf(limit[1]):
        size = int(np.clip(_BLOCK_PAIRS // max(1, len(end.number)), 1, size))
    batches = Batches(end.number, len(demand.edge), total, threads=threads)
    progress("walking distances", 0, total)
    for found in in_order(block, range(0, total, size), threads=threads):
        batches.add(found)
        progress("walking distances", batches.columns_done, total)
    return batches.rows()


def _stored(metres: FloatArray) -> AnyArray:
    return metres.astype(np.float32)
