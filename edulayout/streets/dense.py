"""Tables without a cutoff, by a hierarchy of the network."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import splu

from edulayout.kernels import aside, in_order
from edulayout.kernels.hierarchy import (
    Upward,
    close_up,
    count_finite,
    eliminate,
    needed,
    pack_rows,
    structure,
    sweep,
)

if TYPE_CHECKING:
    from edulayout.kernels.dijkstra import Arcs, Ends, Starts
    from edulayout.kernels.goals import Goals
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray, Progress

_WIDTH = 16
"""Schools of one sweep: as many float32 costs as a cache line holds."""

_ROWS = 256


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A network eliminated node by node.

    Parameters
    ----------
    rank
        When each node left, int32 (n,).
    upward
        Later neighbours and costs, by rank.
    """

    rank: Int32Array
    upward: Upward

    @classmethod
    def of(cls, arcs: Arcs, *, two_way: bool) -> Hierarchy:
        """Eliminate a network in an order of least degree. A second or so for 100,000 junctions."""
        nodes = len(arcs.indptr) - 1
        pattern = csr_array((np.ones(len(arcs.indices)), arcs.indices, arcs.indptr), shape=(nodes, nodes))
        rank = _least_degree(pattern)
        indptr, indices, lengths = _renumbered(arcs, rank)
        both = indptr, indices
        if not two_way:
            turned = csr_array((np.ones(len(indices)), indices, indptr), shape=(nodes, nodes))
            joined = (turned + turned.T).tocsr()
            both = joined.indptr.astype(np.int64), joined.indices.astype(np.int32)
        bounds, later, parent = aside(lambda: structure(*both))
        rise, fall = aside(lambda: eliminate(indptr, indices, lengths, bounds, later, int(two_way)))
        return cls(rank, Upward(bounds, later, rise, fall, parent))


def _least_degree(pattern: csr_array) -> Int32Array:
    """Return the rank of each node in an elimination order of small fill (SuperLU's multiple minimum degree)."""
    joined = pattern + pattern.T
    joined.data[:] = -1.0
    degree = -joined.sum(axis=1)
    # diagonally dominant, so that SuperLU eliminates in its order and without pivoting
    matrix = csc_array(joined + diags_array(degree + 1.0))
    options = {"SymmetricMode": True}
    factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    return factors.perm_c.astype(np.int32)


def _renumbered(arcs: Arcs, rank: Int32Array) -> tuple[IntArray, Int32Array, FloatArray]:
    node_of = np.argsort(rank)
    counts = np.diff(arcs.indptr)[node_of]
    indptr = np.zeros(len(rank) + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    arc = np.repeat(arcs.indptr[node_of] - indptr[:-1], counts) + np.arange(len(arcs.indices))
    return indptr, rank[arcs.indices[arc]], arcs.lengths[arc]


def table(
    hierarchy: Hierarchy,
    ends: Ends,
    starts: Starts,
    goals: Goals,
    *,
    floor: float,
    rows: int,
    threads: int | None,
    progress: Progress,
) -> tuple[IntArray, Int32Array, Float32Array]:
    """Return the costs of all reachable pairs as CSR arrays, demand × schools."""
    total = len(starts.edge)
    costs = np.full((rows, total), np.inf, dtype=np.float32)
    goal_edge = np.repeat(np.arange(len(goals.edge_ptr) - 1, dtype=np.int32), np.diff(goals.edge_ptr))
    used = np.unique(goal_edge)
    swept = needed(hierarchy.upward, hierarchy.rank[np.concatenate([ends.near[used], ends.far[used]])])
    own = threading.local()

    def block(first: int) -> int:
        if not hasattr(own, "metres"):
            own.metres, own.table = np.full(len(hierarchy.rank), np.inf), np.empty((len(swept.nodes), _WIDTH))
        last = min(total, first + _WIDTH)
        sweep(hierarchy.upward, swept, hierarchy.rank, ends, starts, goals, goal_edge, goals.number,
              first, last, floor, own.metres, own.table, costs)  # fmt: skip
        return last

    progress("walking distances", 0, total)
    for last in in_order(block, range(0, total, _WIDTH), threads=threads):
        progress("walking distances", last, total)
    return _packed(costs, threads)


def _packed(costs: Float32Array, threads: int | None) -> tuple[IntArray, Int32Array, Float32Array]:
    """Return a table as CSR arrays in its own memory; infinite costs are left out."""
    rows = len(costs)
    indptr = np.zeros(rows + 1, dtype=np.int64)

    def count(first: int) -> None:
        count_finite(costs, first, min(rows, first + _ROWS), indptr[1:])

    def pack(first: int) -> None:
        pack_rows(costs, first, min(rows, first + _ROWS), indptr, indices)

    for _ in in_order(count, range(0, rows, _ROWS), threads=threads):
        pass
    np.cumsum(indptr, out=indptr)
    indices = np.empty(indptr[-1], dtype=np.int32)
    for _ in in_order(pack, range(0, rows, _ROWS), threads=threads):
        pass
    if indptr[-1] < costs.size:
        close_up(costs, indptr)
    return indptr, indices, costs.ravel()[: indptr[-1]]
