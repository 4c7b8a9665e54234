"""The street graph as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edulayout.kernels.dijkstra import Arcs, Ends
from edulayout.streets.network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array, IntArray


class Edges(NamedTuple):
    """What a graph is assembled from; the fields are those of `Graph`."""

    edge_from: Int32Array
    edge_to: Int32Array
    edge_class: Int32Array
    vertices: FloatArray
    measures: FloatArray
    offsets: IntArray
    ahead: FloatArray
    behind: FloatArray
    twin: Int32Array


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes, arcs in CSR arrays, and the edges with their course in metres.

    An edge runs from junction to junction (or to a dead end, or to where its class or its speed changes); what lies
    between is its course. Nodes stand in Morton order, so that neighbours lie near each other in memory. Where all
    costs are metres and every street is open both ways, `ahead`, `behind` and the lengths of the courses are equal.

    Parameters
    ----------
    x, y
        Nodes, float64 (n,).
    indptr, indices, lengths
        Arcs by the node they leave: int64 (n + 1,), int32 (a,), costs float64 (a,); an edge gives one in each
        direction that is open.
    code
        Twice the edge of an arc, plus one at the edge's far end, int32 (a,).
    edge_from, edge_to, edge_class
        Ends and class of each edge, int32 (e,).
    vertices, measures, offsets
        Courses: float64 (v, 2), metres from the start of the edge float64 (v,), int64 (e + 1,).
    component
        Connected part of each node, int32 (n,), numbered by falling length; directions do not count.
    ahead, behind
        Cost of each whole edge from its start to its end, and back; infinite where closed, float64 (e,).
    twin
        The same street's other pavement, -1 where an edge is a whole street, int32 (e,); see `Streets.avoiding`.
    access_pace
        Cost of a metre between a place and its street.
    """

    x: FloatArray
    y: FloatArray
    indptr: IntArray
    indices: Int32Array
    lengths: FloatArray
    code: Int32Array
    edge_from: Int32Array
    edge_to: Int32Array
    edge_class: Int32Array
    vertices: FloatArray
    measures: FloatArray
    offsets: IntArray
    component: Int32Array
    ahead: FloatArray
    behind: FloatArray
    twin: Int32Array
    access_pace: float = 1.0

    @classmethod
    def assemble(cls, x: FloatArray, y: FloatArray, edges: Edges, *, access_pace: float = 1.0) -> Graph:
        """Make a graph from nodes and edges. O(nodes + edges)."""
        arcs = arcs_of(edges, nodes=len(x))
        return cls(
            x=x,
            y=y,
            indptr=arcs.indptr,
            indices=arcs.indices,
            lengths=arcs.lengths,
            code=arcs.code,
            component=_components(edges, nodes=len(x)),
            access_pace=access_pace,
            **edges._asdict(),
        )

    @classmethod
    def from_arrays(cls, content: Mapping[str, AnyArray]) -> Graph:
        """Make a graph from the arrays that `arrays` gave."""
        given: dict[str, Any] = {field.name: content[field.name] for field in fields(cls)}
        return cls(**{**given, "access_pace": float(given["access_pace"])})

    def arrays(self) -> dict[str, AnyArray]:
        """Return every field by its name."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @property
    def parts(self) -> Edges:
        """The edges, to assemble another graph from."""
        return Edges(*(getattr(self, name) for name in Edges._fields))

    @property
    def nodes(self) -> int:
        """How many nodes."""
        return len(self.x)

    @property
    def edges(self) -> int:
        """How many edges."""
        return len(self.edge_from)

    @property
    def arcs(self) -> Arcs:
        """The arrays that a search along the direction of travel needs."""
        return Arcs(self.indptr, self.indices, self.lengths, self.code)

    @cached_property
    def reverse_arcs(self) -> Arcs:
        """The arrays that a search against the direction of travel needs: from schools to where pupils come from."""
        if not self.directed:
            return self.arcs
        return arcs_of(self.parts._replace(ahead=self.behind, behind=self.ahead), nodes=self.nodes)

    @cached_property
    def one_way(self) -> BoolArray:
        """Which edges cost more in one direction than in the other, or are closed in one, bool (e,)."""
        differ: BoolArray = self.ahead != self.behind
        return differ

    @cached_property
    def directed(self) -> bool:
        """Whether any edge is one-way."""
        return bool(self.one_way.any())

    @cached_property
    def paces(self) -> tuple[FloatArray, FloatArray]:
        """Cost of a metre of each edge, ahead and behind, float64 (e,) each; 1 where costs are metres."""
        none = self.edge_length == 0.0
        metres = np.where(none, 1.0, self.edge_length)
        ahead, behind = (np.where(none, self.access_pace, cost / metres) for cost in (self.ahead, self.behind))
        return ahead, behind

    @cached_property
    def least_pace(self) -> float:
        """The least cost of a metre anywhere: no way costs less than its straight line at it."""
        return float(min(self.access_pace, *(pace.min(initial=np.inf) for pace in self.paces)))

    @cached_property
    def network(self) -> Network:
        """What searches from the schools run on."""
        ends = Ends(self.edge_from, self.edge_to, *self.paces)
        return Network.of(
            self.reverse_arcs, ends, self.edge_length, two_way=not self.directed, floor=self.least_pace,
            access_pace=self.access_pace,
        )  # fmt: skip

    @cached_property
    def edge_length(self) -> FloatArray:
        """Metres of each edge, float64 (e,)."""
        return self.measures[self.offsets[1:] - 1]

    @cached_property
    def segment_start(self) -> IntArray:
        """First vertex of every straight segment, int64 (s,)."""
        inner: BoolArray = np.ones(len(self.vertices), dtype=np.bool_)
        inner[self.offsets[1:] - 1] = False
        return np.flatnonzero(inner)

    @cached_property
    def segment_edge(self) -> Int32Array:
        """Edge of every straight segment, int32 (s,)."""
        return np.repeat(np.arange(self.edges, dtype=np.int32), np.diff(self.offsets) - 1)

    @cached_property
    def component_metres(self) -> FloatArray:
        """Metres of street of each connected part, falling."""
        sums = np.bincount(self.component[self.edge_from], weights=self.edge_length)
        return sums.astype(np.float64)

    @cached_property
    def lines(self) -> AnyArray:
        """The edges as LineStrings."""
        owner = np.repeat(np.arange(self.edges), np.diff(self.offsets))
        return np.asarray(shapely.linestrings(self.vertices, indices=owner), dtype=object)

    @cached_property
    def buckets(self) -> tuple[int, float]:
        """The ring of a bucket queue: how many buckets (a power of two), and buckets per unit of cost."""
        if len(self.lengths) == 0:
            return 2, 1.0
        longest = max(float(self.lengths.max()), 1e-6)
        width = max(float(np.median(self.lengths)) / _BUCKETS_PER_EDGE, longest / _BUCKETS_MOST, 1e-9)
        return 1 << int(longest / width + 3).bit_length(), 1.0 / width


_BUCKETS_PER_EDGE = 4.0
_BUCKETS_MOST = 65_536


def incidence(ends: IntArray, total: int) -> tuple[IntArray, IntArray]:
    """Return CSR offsets of what stands at each of `total` points, and its order. O(n) by a counting sort."""
    indptr = np.zeros(total + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=total), out=indptr[1:])
    # scipy's conversion is a stable counting sort, several times faster than argsort
    number = np.arange(len(ends), dtype=np.int32)
    table = coo_array((number, (ends.astype(np.int32), number)), shape=(total, len(ends)))
    return indptr, table.tocsr().data.astype(np.int64)


def arcs_of(edges: Edges, *, nodes: int) -> Arcs:
    """Return the arcs of some edges by the node that each leaves; closed directions have none."""
    count = len(edges.edge_from)
    sources = np.concatenate([edges.edge_from, edges.edge_to]).astype(np.int64)
    costs = np.concatenate([edges.ahead, edges.behind])
    open_arcs = np.flatnonzero(np.isfinite(costs))
    indptr, order = incidence(sources[open_arcs], nodes)
    arcs = open_arcs[order]
    targets = np.concatenate([edges.edge_to, edges.edge_from])[arcs]
    edge = np.where(arcs >= count, arcs - count, arcs)
    return Arcs(indptr, targets, costs[arcs], (2 * edge + (arcs >= count)).astype(np.int32))


def _components(edges: Edges, *, nodes: int) -> Int32Array:
    ends = edges.edge_from, edges.edge_to
    joined = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(nodes, nodes))
    _, label = connected_components(joined, directed=False)
    length = edges.measures[edges.offsets[1:] - 1]
    metres = np.bincount(label[ends[0]], weights=length, minlength=int(label.max(initial=-1)) + 1)
    rank = np.empty(len(metres), dtype=np.int32)
    rank[np.argsort(-metres, kind="stable")] = np.arange(len(metres))
    return rank[label]
