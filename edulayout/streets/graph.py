"""The street graph as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout.kernels.dijkstra import Arcs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array, IntArray


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes, arcs in CSR arrays, and the edges with their course; all lengths in metres.

    An edge runs from junction to junction (or to a dead end, or to where its class changes); what lies between is
    its course. Nodes stand in Morton order, so that neighbours lie near each other in memory.

    Parameters
    ----------
    x, y
        Nodes, float64 (n,).
    indptr, indices, lengths
        Arcs: int64 (n + 1,), int32 (2e,), float64 (2e,); every edge gives one in each direction.
    code
        Twice the edge of an arc, plus one where the arc leaves the edge's far end, int32 (2e,).
    edge_from, edge_to, edge_class
        Ends and class of each edge, int32 (e,).
    vertices, measures, offsets
        Courses: float64 (v, 2), metres from the start of the edge float64 (v,), int64 (e + 1,).
    component
        Connected part of each node, int32 (n,), numbered by falling length.
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

    @classmethod
    def from_arrays(cls, content: Mapping[str, AnyArray]) -> Graph:
        """Make a graph from the arrays that `arrays` gave."""
        return cls(**{field.name: content[field.name] for field in fields(cls)})

    def arrays(self) -> dict[str, AnyArray]:
        """Return every array by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

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
        """The arrays that a search needs."""
        return Arcs(self.indptr, self.indices, self.lengths, self.code)

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
        """The ring of a bucket queue: how many buckets (a power of two), and buckets per metre."""
        if self.edges == 0:
            return 2, 1.0
        longest = max(float(self.edge_length.max()), 1e-6)
        width = max(float(np.median(self.edge_length)) / _BUCKETS_PER_EDGE, longest / _BUCKETS_MOST, 1e-6)
        return 1 << int(longest / width + 3).bit_length(), 1.0 / width


_BUCKETS_PER_EDGE = 4.0
_BUCKETS_MOST = 65_536
