"""From lines to the street graph: shared points become junctions, what lies between becomes one edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edulayout.errors import Fault, InputError
from edulayout.kernels.chains import contract
from edulayout.streets.graph import Graph

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray

_MORTON_BITS = 16


class Lines(NamedTuple):
    """Lines as flat arrays: `points` (v, 2) in metres, `offsets` (l + 1,), `classes` (l,), and `keys` (v,).

    Vertices with the same key are the same point.
    """

    points: FloatArray
    offsets: IntArray
    classes: Int32Array
    keys: IntArray


class Segments(NamedTuple):
    """Straight pieces between two points, no two between the same ones."""

    a: IntArray
    b: IntArray
    classes: Int32Array


class Fragments(NamedTuple):
    """Connected parts too small to count as streets, which were left out."""

    parts: int
    metres: float


def build(lines: Lines, *, min_component_metres: float) -> tuple[Graph, Fragments]:
    """Return the graph of some lines, and what was left out.

    Connected parts with less street than `min_component_metres` are left out; the longest one never is.
    O(vertices log vertices).

    Raises
    ------
    InputError
        Where no line has any length.
    """
    _, first, points = np.unique(lines.keys, return_index=True, return_inverse=True)
    xy = lines.points[first]
    segments = _segments(lines, points)
    if not len(segments.a):
        raise InputError(Fault("streets", "lines of no length", "streets", "give the layer that holds the streets"))
    part, segments, fragments = _without_fragments(xy, segments, min_component_metres)
    order, nodes = _numbering(xy, segments, part)
    number = np.full(len(xy), -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    renumbered = Segments(number[segments.a], number[segments.b], segments.classes)
    return _graph(xy[order], renumbered, part[order[:nodes]]), fragments


def _segments(lines: Lines, points: IntArray) -> Segments:
    inner: BoolArray = np.ones(len(points), dtype=np.bool_)
    inner[lines.offsets[1:] - 1] = False
    start = np.flatnonzero(inner)
    a, b = points[start], points[start + 1]
    classes = np.repeat(lines.classes, np.diff(lines.offsets) - 1)
    low, high = np.minimum(a, b), np.maximum(a, b)
    # ways that share a piece of street give it once, with its lowest class
    order = np.lexsort((classes, high, low))
    low, high = low[order], high[order]
    new: BoolArray = np.r_[True, (np.diff(low) != 0) | (np.diff(high) != 0)][: len(low)]
    kept = np.sort(order[new & (low != high)])
    return Segments(a[kept], b[kept], classes[kept])


def _without_fragments(xy: FloatArray, segments: Segments, least: float) -> tuple[Int32Array, Segments, Fragments]:
    """Return each point's connected part (-1: left out), numbered by falling length, and the segments kept."""
    joined = coo_array((np.ones(len(segments.a), dtype=np.int8), (segments.a, segments.b)), shape=(len(xy), len(xy)))
    _, label = connected_components(joined, directed=False)
    length = np.hypot(*(xy[segments.b] - xy[segments.a]).T)
    metres = np.bincount(label[segments.a], weights=length, minlength=label.max() + 1)
    by_length = np.argsort(-metres, kind="stable")
    kept = np.maximum(1, np.count_nonzero(metres >= least))
    rank = np.full(len(metres), -1, dtype=np.int32)
    rank[by_length[:kept]] = np.arange(kept)
    part = rank[label]
    inside = part[segments.a] >= 0
    dropped = metres[by_length[kept:]]
    lost = Fragments(int(np.count_nonzero(dropped)), float(dropped.sum()))
    return part, Segments(segments.a[inside], segments.b[inside], segments.classes[inside]), lost


def _numbering(xy: FloatArray, segments: Segments, part: Int32Array) -> tuple[IntArray, int]:
    """Return the points in use, nodes first, each group in Morton order, and the number of nodes."""
    ends = np.concatenate([segments.a, segments.b])
    degree = np.bincount(ends, minlength=len(xy))
    is_node = (degree > 0) & ((degree != 2) | _class_changes(ends, segments.classes, len(xy)))  # noqa: PLR2004 - two
    morton = _morton(xy)
    in_use = np.flatnonzero(degree > 0)
    in_use = in_use[np.lexsort((in_use, morton[in_use]))]
    # a ring without a junction takes its first point as its node
    ringed = np.setdiff1d(part[in_use], part[is_node])
    first_of_part = in_use[np.unique(part[in_use], return_index=True)[1]]
    is_node[first_of_part[np.isin(part[first_of_part], ringed)]] = True
    between = ~is_node[in_use]
    return np.concatenate([in_use[~between], in_use[between]]), int(np.count_nonzero(is_node))


def _class_changes(ends: IntArray, classes: Int32Array, points: int) -> BoolArray:
    lowest = np.full(points, np.iinfo(np.int32).max)
    highest = np.full(points, -1)
    both = np.concatenate([classes, classes])
    np.minimum.at(lowest, ends, both)
    np.maximum.at(highest, ends, both)
    return lowest < highest


def _morton(xy: FloatArray) -> IntArray:
    """Return the Morton code of each point: near in number, near on the ground (Morton 1966)."""
    if len(xy) == 0:
        return np.empty(0, dtype=np.int64)
    low = xy.min(axis=0)
    scale = (2**_MORTON_BITS - 1) / max(float((xy.max(axis=0) - low).max()), 1e-9)
    cell = ((xy - low) * scale).astype(np.int64)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        cell = (cell | (cell << shift)) & mask
    code: IntArray = cell[:, 0] | (cell[:, 1] << 1)
    return code


def _incidence(a: IntArray, b: IntArray, points: int) -> tuple[IntArray, IntArray]:
    """Return CSR offsets by point and the order of the 2s arcs (first all a → b, then all b → a)."""
    sources = np.concatenate([a, b])
    indptr = np.zeros(points + 1, dtype=np.int64)
    np.cumsum(np.bincount(sources, minlength=points), out=indptr[1:])
    return indptr, np.argsort(sources, kind="stable")


def _graph(xy: FloatArray, segments: Segments, component: Int32Array) -> Graph:
    nodes = len(component)
    indptr, order = _incidence(segments.a, segments.b, len(xy))
    neighbours = np.concatenate([segments.b, segments.a])[order].astype(np.int32)
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    numbers = (order % max(1, len(segments.a))).astype(np.int32)
    path, measures, offsets, classes = contract(indptr, neighbours, numbers, segments.classes, x, y, nodes)
    edge_from, edge_to = path[offsets[:-1]], path[offsets[1:] - 1]
    node_ptr, arcs = _incidence(edge_from.astype(np.int64), edge_to.astype(np.int64), nodes)
    edge = arcs % max(1, len(edge_from))
    return Graph(
        x=x[:nodes].copy(),
        y=y[:nodes].copy(),
        indptr=node_ptr,
        indices=np.concatenate([edge_to, edge_from])[arcs],
        lengths=measures[offsets[1:] - 1][edge],
        code=(2 * edge + (arcs >= len(edge_from))).astype(np.int32),
        edge_from=edge_from,
        edge_to=edge_to,
        edge_class=classes,
        vertices=xy[path],
        measures=measures,
        offsets=offsets,
        component=component,
    )
