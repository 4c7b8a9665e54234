"""From lines to the street graph: shared points become junctions, what lies between becomes one edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edulayout.errors import Fault, InputError
from edulayout.kernels.chains import contract
from edulayout.streets.graph import Edges, Graph, incidence

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray

_MORTON_BITS = 16


class Lines(NamedTuple):
    """Lines as flat arrays: `points` (v, 2) in metres, `offsets` (l + 1,), `classes` (l,), and `keys` (v,).

    Vertices with the same key are the same point. `paces` (l, 2) is what a metre of each line costs along its
    course and back, infinite where closed; without it every metre costs one, both ways.
    """

    points: FloatArray
    offsets: IntArray
    classes: Int32Array
    keys: IntArray
    paces: FloatArray | None = None


class Segments(NamedTuple):
    """Straight pieces between two points, and the line that each came from."""

    a: IntArray
    b: IntArray
    line: IntArray

    def take(self, rows: IntArray | BoolArray) -> Segments:
        """Return some of them."""
        return Segments(self.a[rows], self.b[rows], self.line[rows])


class Fragments(NamedTuple):
    """Connected parts too small to count as streets, which were left out."""

    parts: int
    metres: float


def build(lines: Lines, *, min_component_metres: float, access_pace: float = 1.0) -> tuple[Graph, Fragments]:
    """Return the graph of some lines, and what was left out.

    Connected parts with less street than `min_component_metres` are left out; the longest one never is.
    O(vertices log vertices).

    Raises
    ------
    InputError
        Where no line has any length.
    """
    first, points = _distinct(lines.keys)
    xy = lines.points[first]
    kinds, asymmetric = _kinds(lines)
    segments = _segments(lines, points)
    if not len(segments.a):
        raise InputError(Fault("streets", "lines of no length", "streets", "give the layer that holds the streets"))
    part, segments, fragments = _without_fragments(xy, segments, min_component_metres)
    order, nodes = _numbering(xy, segments, part, kinds[segments.line], asymmetric)
    number = np.full(len(xy), -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    renumbered = Segments(number[segments.a], number[segments.b], segments.line)
    return _graph(xy[order], renumbered, nodes, lines, access_pace), fragments


def _distinct(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return where each key stands first, and the number of every key, numbered as they rise."""
    total = len(keys)
    if total and keys.min() >= 0 and keys.max() < 4 * total:
        # small numbers need no sorting
        first = np.full(int(keys.max()) + 1, total, dtype=np.int64)
        np.minimum.at(first, keys, np.arange(total))
        return first[first < total], (np.cumsum(first < total) - 1)[keys]
    _, first, points = np.unique(keys, return_index=True, return_inverse=True)
    return first, points


def _kinds(lines: Lines) -> tuple[IntArray, BoolArray]:
    """Return the class and pace of each line as one number, and which lines cost more in one direction."""
    if lines.paces is None:
        return lines.classes.astype(np.int64), np.zeros(len(lines.classes), dtype=np.bool_)
    table = np.column_stack([lines.classes, lines.paces])
    _, kinds = np.unique(table, axis=0, return_inverse=True)
    return kinds.reshape(-1).astype(np.int64), lines.paces[:, 0] != lines.paces[:, 1]


def _segments(lines: Lines, points: IntArray) -> Segments:
    inner: BoolArray = np.ones(len(points), dtype=np.bool_)
    inner[lines.offsets[1:] - 1] = False
    start = np.flatnonzero(inner)
    a, b = points[start], points[start + 1]
    line = np.repeat(np.arange(len(lines.classes)), np.diff(lines.offsets) - 1)
    apart = a != b
    if lines.paces is not None:
        # ways that share a piece of street may be open in different directions: all stay
        return Segments(a, b, line).take(apart)
    # ways that share a piece of street give it once, with its lowest class
    pair = np.minimum(a, b) * (int(points.max(initial=0)) + 1) + np.maximum(a, b)
    if not pd.Series(pair).duplicated().any():
        return Segments(a, b, line).take(apart)
    order = np.lexsort((lines.classes[line], pair))
    new: BoolArray = np.r_[True, np.diff(pair[order]) != 0][: len(pair)]
    return Segments(a, b, line).take(np.sort(order[new & apart[order]]))


def _without_fragments(xy: FloatArray, segments: Segments, least: float) -> tuple[Int32Array, Segments, Fragments]:
    """Return each point's connected part (-1: left out), numbered by falling length, and the segments kept."""
    ends = segments.a.astype(np.int32), segments.b.astype(np.int32)
    joined = coo_array((np.ones(len(segments.a), dtype=np.int8), ends), shape=(len(xy), len(xy)))
    _, label = connected_components(joined, directed=False)
    length = np.hypot(*(xy[segments.b] - xy[segments.a]).T)
    metres = np.bincount(label[segments.a], weights=length, minlength=label.max() + 1)
    by_length = np.argsort(-metres, kind="stable")
    kept = np.maximum(1, np.count_nonzero(metres >= least))
    rank = np.full(len(metres), -1, dtype=np.int32)
    rank[by_length[:kept]] = np.arange(kept)
    part = rank[label]
    dropped = metres[by_length[kept:]]
    lost = Fragments(int(np.count_nonzero(dropped)), float(dropped.sum()))
    return part, segments.take(part[segments.a] >= 0), lost


def _numbering(
    xy: FloatArray, segments: Segments, part: Int32Array, kinds: IntArray, asymmetric: BoolArray
) -> tuple[IntArray, int]:
    """Return the points in use, nodes first, each group in Morton order, and the number of nodes."""
    degree = np.bincount(segments.a, minlength=len(xy)) + np.bincount(segments.b, minlength=len(xy))
    is_node = (degree > 0) & ((degree != 2) | _changes(segments, kinds, asymmetric, len(xy)))  # noqa: PLR2004 - two
    morton = _morton(xy)
    in_use = np.flatnonzero(degree > 0)
    in_use = in_use[np.argsort(morton[in_use], kind="stable")]
    # a ring without a junction takes its first point as its node
    ringed: BoolArray = np.ones(int(part.max()) + 1, dtype=np.bool_)
    ringed[part[is_node]] = False
    first_of_part = in_use[np.unique(part[in_use], return_index=True)[1]]
    is_node[first_of_part[ringed[part[first_of_part]]]] = True
    between = ~is_node[in_use]
    return np.concatenate([in_use[~between], in_use[between]]), int(np.count_nonzero(is_node))


def _changes(segments: Segments, kinds: IntArray, asymmetric: BoolArray, points: int) -> BoolArray:
    """Tell at which points the kind changes, or one-way lines do not go on in the same direction."""
    sums = [np.bincount(ends, weights=kinds, minlength=points) for ends in (segments.a, segments.b)]
    squares = [np.bincount(ends, weights=kinds.astype(np.float64) ** 2, minlength=points) for ends in segments[:2]]
    # of two numbers: 2 (p² + q²) = (p + q)² only where they are the same
    differs: BoolArray = 2 * (squares[0] + squares[1]) != (sums[0] + sums[1]) ** 2
    directed = asymmetric[segments.line]
    if directed.any():
        leaving, entering = (np.bincount(ends[directed], minlength=points) for ends in (segments.a, segments.b))
        differs |= leaving != entering
    return differs


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


def _graph(xy: FloatArray, segments: Segments, nodes: int, lines: Lines, access_pace: float) -> Graph:
    count = len(segments.a)
    indptr, order = incidence(np.concatenate([segments.a, segments.b]), len(xy))
    neighbours = np.concatenate([segments.b, segments.a])[order].astype(np.int32)
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    numbers = np.where(order >= count, order - count, order).astype(np.int32)
    # the walk gives back the number of each chain's first segment, and so its line and its direction
    own = np.arange(count, dtype=np.int32)
    path, measures, offsets, first = contract(indptr, neighbours, numbers, own, x, y, nodes)
    line = segments.line[first]
    length = measures[offsets[1:] - 1]
    ahead, behind = length, length
    if lines.paces is not None:
        turned = segments.a[first] != path[offsets[:-1]]
        ahead = length * np.where(turned, lines.paces[line, 1], lines.paces[line, 0])
        behind = length * np.where(turned, lines.paces[line, 0], lines.paces[line, 1])
    edges = Edges(
        edge_from=path[offsets[:-1]],
        edge_to=path[offsets[1:] - 1],
        edge_class=lines.classes[line],
        vertices=xy[path],
        measures=measures,
        offsets=offsets,
        ahead=ahead,
        behind=behind,
        twin=np.full(len(line), -1, dtype=np.int32),
    )
    return Graph.assemble(x[:nodes].copy(), y[:nodes].copy(), edges, access_pace=access_pace)
