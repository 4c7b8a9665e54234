"""What searches along streets run on: arcs and edges with costs that add up without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from edulayout.kernels.dijkstra import Arcs, Ends, Scratch, scratch
from edulayout.streets.dense import Hierarchy

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array

_UNITS = 2.0**30
_BUCKETS_PER_EDGE = 4.0
_BUCKETS_MOST = 65_536


def exact(costs: FloatArray) -> FloatArray:
    """Return costs rounded to 2⁻³⁰, about a nanometre.

    Sums of such numbers below 2²³ (8,388 km) are exact in float64: the order of adding, the direction of a search
    and the algorithm then change no bit of a result.
    """
    return np.rint(costs * _UNITS) / _UNITS


@dataclass(frozen=True, eq=False)
class Network:
    """Arcs and edges as a search from the schools sees them; make one with `of`.

    Parameters
    ----------
    arcs
        Arcs by which a node is reached: those of a two-way graph, or the reverse arcs of a directed one.
    ends
        Ends of edges, and what a metre along and against each costs.
    edge_length
        Metres of each edge, float64 (e,).
    two_way
        Whether every way costs the same in both directions.
    floor
        The least cost of a metre: no cost is less than the straight line at it.
    access_pace
        Cost of a metre between a place and its street.
    """

    arcs: Arcs
    ends: Ends
    edge_length: FloatArray
    two_way: bool
    floor: float
    access_pace: float

    @classmethod
    def of(
        cls, arcs: Arcs, ends: Ends, edge_length: FloatArray, *, two_way: bool, floor: float, access_pace: float
    ) -> Network:
        """Return the network with its costs rounded to what adds up exactly."""
        return cls(arcs._replace(lengths=exact(arcs.lengths)), ends, edge_length, two_way, floor, access_pace)

    @property
    def nodes(self) -> int:
        """How many nodes."""
        return len(self.arcs.indptr) - 1

    @property
    def edges(self) -> int:
        """How many edges."""
        return len(self.edge_length)

    @cached_property
    def buckets(self) -> tuple[int, float]:
        """The ring of a bucket queue: how many buckets (a power of two), and buckets per unit of cost."""
        lengths = self.arcs.lengths
        if not len(lengths):
            return 2, 1.0
        longest = max(float(lengths.max()), 1e-6)
        width = max(float(np.median(lengths)) / _BUCKETS_PER_EDGE, longest / _BUCKETS_MOST, 1e-6)
        return 1 << int(longest / width + 3).bit_length(), 1.0 / width

    def scratch(self) -> Scratch:
        """Return clean working memory for the searches of one thread."""
        return scratch(self.nodes, buckets=self.buckets[0])

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """The network contracted for tables without a cutoff; made when first asked for."""
        return Hierarchy.of(self.arcs, two_way=self.two_way)

    def legs(
        self, edge: Int32Array, position: FloatArray, access: FloatArray, *, to_place: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what it costs between places and both ends of their edges, the access leg included, and that leg.

        With `to_place` from the ends to the places (schools), otherwise from the places to the ends (demand).
        """
        ahead, behind = self.ends.forward[edge], self.ends.backward[edge]
        at_near, at_far = (ahead, behind) if to_place else (behind, ahead)
        leg = exact(access * self.access_pace)
        rest = self.edge_length[edge] - position
        near, far = (exact(_times(*pair)) + leg for pair in ((position, at_near), (rest, at_far)))
        return near, far, leg


def _times(metres: FloatArray, pace: FloatArray) -> FloatArray:
    """Return what some metres cost; none cost nothing, though the way be closed."""
    shut = np.isinf(pace)
    costs = np.maximum(metres, 0.0) * np.where(shut, 1.0, pace)
    # a place at the end of its edge is at the junction, though its metres have been rounded
    return np.where(shut & (metres > 2.0 / _UNITS), np.inf, costs)
