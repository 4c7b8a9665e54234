"""The k nearest schools of every place along the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.kernels import in_order
from edulayout.kernels.nearest import label, nearest_goals
from edulayout.sparse import csr_from_pairs
from edulayout.streets.query import goals, limits, starts

if TYPE_CHECKING:
    from edulayout.kernels.dijkstra import Starts
    from edulayout.kernels.goals import Goals
    from edulayout.kernels.nearest import Labels
    from edulayout.streets.graph import Graph
    from edulayout.streets.network import Network
    from edulayout.streets.snap import Snapped
    from edulayout.typing import CostArrays, Float32Array, FloatArray, Int32Array, Progress

_BLOCK = 65_536
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
    begin, end = starts(graph, schools), goals(graph, demand)
    stored, limit = limits(cutoff)
    chosen = np.full((len(demand.edge), k), -1, dtype=np.int32)
    values = np.full((len(demand.edge), k), np.inf, dtype=np.float32)
    far, slots = min(limit, _guess(network)), k + 2
    progress("nearest schools", 0, len(end.number))
    while True:
        labels, complete = _labels(network, begin, k=k, slots=slots, slack=_slack(far), limit=limit)
        if not complete:
            slots = min(2 * slots, k + len(begin.edge))
            continue
        _ask(network, labels, begin, end, rank, stored, chosen, values, threads, progress)
        farthest = float(values[chosen >= 0].max(initial=0.0))
        if farthest <= far:
            break
        far = 2.0 * farthest
        chosen[:], values[:] = -1, np.inf
    row, place = np.nonzero(chosen >= 0)
    found = csr_from_pairs(row, chosen[row, place].astype(np.int64), values[row, place], rows_total=len(chosen))
    return found._replace(demand_snap=demand.access.astype(np.float32), school_snap=schools.access.astype(np.float32))


def _guess(network: Network) -> float:
    lengths = network.arcs.lengths
    return _FAR_ARCS * float(lengths.mean()) if len(lengths) else 1.0


def _slack(cost: float) -> float:
    """Return what two costs up to this one must differ by to be stored as different numbers."""
    return float(np.spacing(np.float32(cost))) + 1e-6


def _labels(network: Network, begin: Starts, *, k: int, slots: int, slack: float, limit: float) -> tuple[Labels, bool]:
    buckets, per_unit = network.buckets
    farthest = _farthest(begin) + buckets / per_unit
    ring = 1 << int(farthest * per_unit + 3).bit_length()
    found: tuple[Labels, bool] = label(network.arcs, begin, k, slots, slack, limit, ring, per_unit)
    return found


def _farthest(begin: Starts) -> float:
    costs: FloatArray = np.concatenate([begin.near_metres, begin.far_metres])
    return float(costs[np.isfinite(costs)].max(initial=0.0))


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
) -> None:
    goal_edge = np.repeat(np.arange(network.edges, dtype=np.int32), np.diff(end.edge_ptr))
    met = np.flatnonzero(begin.edge >= 0).astype(np.int32)
    school_on = met[np.argsort(begin.edge[met], kind="stable")]
    school_ptr = np.zeros(network.edges + 1, dtype=np.int64)
    np.cumsum(np.bincount(begin.edge[met], minlength=network.edges), out=school_ptr[1:])
    total = len(goal_edge)

    def block(first: int) -> int:
        last = min(total, first + _BLOCK)
        nearest_goals(labels, network.ends, begin, end, goal_edge, school_ptr, school_on, rank, first, last,
                      stored, network.floor**2, chosen, values)  # fmt: skip
        return last

    for last in in_order(block, range(0, total, _BLOCK), threads=threads):
        progress("nearest schools", last, total)
