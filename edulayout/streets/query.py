"""Costs along the streets from snapped schools to snapped demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array

from edulayout.kernels.dijkstra import Goals, Scratch, Starts, reach_goals, scratch
from edulayout.typing import CostArrays

if TYPE_CHECKING:
    from edulayout.streets.graph import Graph
    from edulayout.streets.snap import Snapped
    from edulayout.typing import AnyArray, FloatArray, Int32Array, IntArray, Progress

_BLOCK = 64
"""Schools between two reports of progress; a run can be interrupted there."""


def starts(graph: Graph, places: Snapped) -> Starts:
    """Return snapped places as starts of a search; one without a street has edge -1."""
    edge = np.maximum(places.edge, 0)
    return Starts(
        graph.edge_from[edge],
        graph.edge_to[edge],
        places.access + places.position,
        places.access + (graph.edge_length[edge] - places.position),
        places.edge,
        places.position,
        places.access,
        places.x,
        places.y,
    )


def goals(graph: Graph, places: Snapped) -> Goals:
    """Return snapped places as goals, listed by node and by edge."""
    goal = np.flatnonzero(places.edge >= 0).astype(np.int32)
    edge, position, access = places.edge[goal], places.position[goal], places.access[goal]
    nodes = np.concatenate([graph.edge_from[edge], graph.edge_to[edge]])
    metres = np.concatenate([position + access, (graph.edge_length[edge] - position) + access])
    node_ptr, by_node = _grouped(nodes, graph.nodes)
    edge_ptr, by_edge = _grouped(edge, graph.edges)
    return Goals(
        node_ptr,
        np.concatenate([goal, goal])[by_node],
        metres[by_node],
        edge_ptr,
        goal[by_edge],
        places.position,
        places.access,
        places.x,
        places.y,
    )


def _grouped(keys: Int32Array, total: int) -> tuple[IntArray, IntArray]:
    indptr = np.zeros(total + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=total), out=indptr[1:])
    return indptr, np.argsort(keys, kind="stable")


def limits(cutoff: float | None) -> tuple[np.float32, float]:
    """Return the cutoff as costs are stored and compared, and a float64 no cost within it exceeds."""
    if cutoff is None or np.isinf(cutoff):
        return np.float32(np.inf), np.inf
    stored = np.float32(cutoff)
    return stored, float(np.nextafter(stored, np.float32(np.inf)))


def working_memory(graph: Graph, places: int) -> Scratch:
    """Return clean memory for searches on a graph."""
    return scratch(graph.nodes, places, buckets=graph.buckets[0])


def costs(graph: Graph, demand: Snapped, schools: Snapped, *, cutoff: float | None, progress: Progress) -> CostArrays:
    """Return all pairs within the cutoff, searched from each school. O(streets and pairs reached)."""
    begin, end = starts(graph, schools), goals(graph, demand)
    stored, limit = limits(cutoff)
    work = working_memory(graph, len(demand.edge))
    total = len(schools.edge)
    blocks = []
    for first in range(0, max(1, total), _BLOCK):
        last = min(total, first + _BLOCK)
        progress("walking distances", first, total)
        blocks.append(reach_goals(graph.arcs, begin, end, first, last, stored, limit, graph.buckets[1], work))
    progress("walking distances", total, total)
    return _by_demand(blocks, demand, schools)


def _by_demand(blocks: list[tuple[IntArray, Int32Array, AnyArray]], demand: Snapped, schools: Snapped) -> CostArrays:
    counts, goal, values = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
    shape = (len(demand.edge), len(schools.edge))
    indptr = np.zeros(shape[1] + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    # a counting sort; it keeps stored zeros, and the schools of a row come out in order
    turned = csc_array((values, goal, indptr), shape=shape).tocsr()
    return CostArrays(
        turned.indptr.astype(np.int64),
        turned.indices.astype(np.int32),
        turned.data.astype(np.float32),
        _stored(demand.access),
        _stored(schools.access),
    )


def _stored(metres: FloatArray) -> AnyArray:
    return metres.astype(np.float32)
