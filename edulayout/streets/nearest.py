"""The k nearest schools of every place along the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.kernels import in_order
from edulayout.kernels._batches import of_chosen
from edulayout.kernels.nearest import Labels, Offers, label, nearest_goals
from edulayout.streets.query import goals, limits, starts
from edulayout.typing import CostArrays

if TYPE_CHECKING:
    from edulayout.kernels.dijkstra import Starts
    from edulayout.kernels.goals import Goals
    from edulayout.streets.graph import Graph
    from edulayout.streets.network import Network
    from edulayout.streets.snap import Snapped
    from edulayout.typing import AnyArray, Float32Array, FloatArray, Int32Array, IntArray, Progress

_BLOCK = 16_384
_REGION_MOST = 32_768
_REGION_LEAST = 2048
_REGIONS_LEAST = 8
_OFFERS_LEAST = 1024
_RING_MOST = 1 << 17
_FAR_ARCS = 512.0
"""A guess of the farthest cost, in arcs of mean length: ties are looked for at the precision of such a cost."""


def nearest(
    graph: Graph,
    demand: Snapped,
    schools: Snapped,
    *,
    k: int,
    rank: Int32Array,
    cutoff: float | None,
    progress: Progress,
    threads: int | None = None,
) -> CostArrays:
    """Return the k nearest schools of every place within the cutoff; ties go to the lower rank.

    The same pairs and the same bits as the k least of each row of `query.costs`, in one sweep of the streets from
    all schools at once: O(k · streets + demand).
    """
    network = graph.network
    begin, end = starts(graph, schools), goals(graph, demand, threads=threads)
    stored, limit = limits(cutoff)
    chosen = np.full((len(demand.edge), k), -1, dtype=np.int32)
    values = np.full((len(demand.edge), k), np.inf, dtype=np.float32)
    far, slots = min(limit, _guess(network)), k + 2
    progress("nearest schools", 0, len(end.number))
    while True:
        labels, complete = _labels(network, begin, k=k, slots=slots, slack=_slack(far), limit=limit, threads=threads)
        if not complete:
            slots = min(2 * slots, k + len(begin.edge))
            continue
        farthest = _ask(network, labels, begin, end, rank, stored, chosen, values, threads, progress)
        if farthest <= far:
            break
        far = 2.0 * farthest
        chosen[:], values[:] = -1, np.inf
    arrays = of_chosen(chosen, values, threads=threads)
    return CostArrays(*arrays, demand.access.astype(np.float32), schools.access.astype(np.float32))


def _guess(network: Network) -> float:
    lengths = network.arcs.lengths
    return _FAR_ARCS * float(lengths.mean()) if len(lengths) else 1.0


def _slack(cost: float) -> float:
    """Return what two costs up to this one must differ by to be stored as different numbers."""
    return float(np.spacing(np.float32(cost))) + 1e-6


def _labels(
    network: Network, begin: Starts, *, k: int, slots: int, slack: float, limit: float, threads: int | None
) -> tuple[Labels, bool]:
    """Label every node with its best schools; also tell whether every one that ties within `slack` has its place."""
    size, infinite = (network.nodes, slots), np.inf
    labels = Labels(np.full(size, -1, dtype=np.int32), np.full(size, infinite), np.full(network.nodes, infinite))
    bounds, offers = _regions(network.nodes), _first_offers(begin, limit)
    per_unit = network.buckets[1]
    while len(offers.node):
        region = np.searchsorted(bounds, offers.node, side="right") - 1
        order = np.argsort(region, kind="stable")
        cuts = np.searchsorted(region[order], np.arange(len(bounds)))

        def spread(one: int) -> Offers:
            own = order[cuts[one] : cuts[one + 1]]  # noqa: B023 - called before the next turn
            given = Offers(offers.node[own], offers.school[own], offers.cost[own])  # noqa: B023 - as above
            found: Offers = label(network.arcs, labels, given, k, slack, limit, _ring(network, given.cost), per_unit,
                                  bounds[one], bounds[one + 1])  # fmt: skip
            return found

        # what is left to do at the borders is soon too little for threads
        some = threads if len(order) > _OFFERS_LEAST else 1
        beyond = list(in_order(spread, np.flatnonzero(np.diff(cuts)).tolist(), threads=some))
        joined: list[AnyArray] = [np.concatenate(arrays) for arrays in zip(*beyond, strict=True)]
        offers = Offers(*joined)
    lost = labels.dropped <= np.minimum(labels.cost[:, k - 1] + slack, np.finfo(np.float64).max)
    return labels, not lost.any()


def _regions(nodes: int) -> IntArray:
    """Return the bounds of regions of nodes: they follow one another in Morton order, so that a run is a patch."""
    size = int(np.clip(nodes // _REGIONS_LEAST, _REGION_LEAST, _REGION_MOST))
    return np.linspace(0, nodes, max(1, nodes // size) + 1).astype(np.int64)


def _first_offers(begin: Starts, limit: float) -> Offers:
    """Return what the schools offer to the ends of their edges."""
    row = np.tile(np.arange(len(begin.edge), dtype=np.int32), 2)
    node, cost = np.concatenate([begin.near, begin.far]), np.concatenate([begin.near_metres, begin.far_metres])
    kept = (begin.edge[row] >= 0) & (cost <= limit) & np.isfinite(cost)
    return Offers(node[kept], row[kept], cost[kept])


def _ring(network: Network, costs: FloatArray) -> int:
    buckets, per_unit = network.buckets
    farthest = float(costs.max() - costs.min()) + buckets / per_unit
    return int(min(_RING_MOST, 1 << int(farthest * per_unit + 3).bit_length()))


def _ask(  # noqa: PLR0917, PLR0913 - what the kernel takes
    network: Network,
    labels: Labels,
    begin: Starts,
    end: Goals,
    rank: Int32Array,
    stored: np.float32,
    chosen: Int32Array,
    values: Float32Array,
    threads: int | None,
    progress: Progress,
) -> float:
    """Write the nearest schools of every row and their costs; return the farthest of them."""
    goal_edge = np.repeat(np.arange(network.edges, dtype=np.int32), np.diff(end.edge_ptr))
    met = np.flatnonzero(begin.edge >= 0).astype(np.int32)
    school_on = met[np.lexsort((begin.position[met], begin.edge[met]))]
    school_ptr = np.zeros(network.edges + 1, dtype=np.int64)
    np.cumsum(np.bincount(begin.edge[met], minlength=network.edges), out=school_ptr[1:])
    total = len(goal_edge)

    def block(first: int) -> tuple[int, float]:
        last = min(total, first + _BLOCK)
        nearest_goals(labels, network.ends, begin, end, goal_edge, school_ptr, school_on, rank, first, last,
                      stored, network.floor**2, chosen, values)  # fmt: skip
        costs = values[end.number[first:last]]
        return last, float(costs.max(initial=0.0, where=np.isfinite(costs)))

    farthest = 0.0
    for last, cost in in_order(block, range(0, total, _BLOCK), threads=threads):
        farthest = max(farthest, cost)
        progress("nearest schools", last, total)
    return farthest
