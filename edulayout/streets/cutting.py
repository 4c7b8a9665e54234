"""Edges cut at given places, each piece an edge of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.streets.graph import Edges

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, Int32Array, IntArray


class Pieces(NamedTuple):
    """Nodes and edges after cutting; `source` is the old edge of each new one, `begin` and `end` its stretch there."""

    x: FloatArray
    y: FloatArray
    edges: Edges
    source: IntArray
    begin: FloatArray
    end: FloatArray


def at_measures(x: FloatArray, y: FloatArray, edges: Edges, edge: IntArray, metres: FloatArray) -> Pieces:
    """Cut edges at some metres from their start; a cut at an end is none. O(vertices + cuts log cuts)."""
    length = edges.measures[edges.offsets[1:] - 1]
    inner = (metres > 0.0) & (metres < length[edge])
    cuts = np.unique(np.column_stack([edge[inner], metres[inner]]), axis=0)
    cut_edge, cut_metres = cuts[:, 0].astype(np.int64), cuts[:, 1]
    count = np.bincount(cut_edge, minlength=len(length))
    source = np.repeat(np.arange(len(length)), count + 1)
    # the place of every cut among the pieces: it ends one and begins the next
    spot = np.arange(len(cut_edge)) + cut_edge
    begin, end = np.zeros(len(source)), length[source]
    end[spot], begin[spot + 1] = cut_metres, cut_metres
    node = len(x) + np.arange(len(cut_edge))
    edge_from, edge_to = edges.edge_from[source], edges.edge_to[source]
    edge_to[spot], edge_from[spot + 1] = node, node
    points, measures, offsets = _courses(edges, source, begin, end, whole=count[source] == 0)
    heads = points[offsets[spot + 1]] if len(spot) else np.empty((0, 2))
    share = np.divide(end - begin, length[source], out=np.ones(len(source)), where=count[source] > 0)
    made = Edges(
        edge_from=edge_from,
        edge_to=edge_to,
        edge_class=edges.edge_class[source],
        vertices=points,
        measures=measures,
        offsets=offsets,
        ahead=edges.ahead[source] * share,
        behind=edges.behind[source] * share,
        twin=np.full(len(source), -1, dtype=np.int32),
    )
    return Pieces(np.r_[x, heads[:, 0]], np.r_[y, heads[:, 1]], made, source, begin, end)


def _courses(
    edges: Edges, source: IntArray, begin: FloatArray, end: FloatArray, *, whole: BoolArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return vertices, metres from the start of the piece, and offsets of all pieces."""
    total = edges.offsets[source + 1] - edges.offsets[source]
    piece = np.repeat(np.arange(len(source)), total)
    vertex = np.arange(len(piece)) - np.repeat(np.cumsum(total) - total, total) + edges.offsets[source][piece]
    along = edges.measures[vertex]
    kept = whole[piece] | ((along > begin[piece]) & (along < end[piece]))
    cut_up = np.flatnonzero(~whole)
    owner = np.concatenate([piece[kept], cut_up, cut_up])
    measure = np.concatenate([along[kept], begin[cut_up], end[cut_up]])
    xy = np.concatenate(
        [edges.vertices[vertex[kept]], *(_points(edges, source[cut_up], at[cut_up]) for at in (begin, end))]
    )
    order = np.lexsort((np.arange(len(owner)), measure, owner))
    owner, measure = owner[order], measure[order]
    offsets = np.zeros(len(source) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner, minlength=len(source)), out=offsets[1:])
    return xy[order], measure - begin[owner], offsets


def _points(edges: Edges, edge: IntArray, metres: FloatArray) -> FloatArray:
    """Return the points some metres along edges."""
    # one rising axis for all edges: each begins where the one before it has ended
    length = edges.measures[edges.offsets[1:] - 1]
    start = np.concatenate([[0.0], np.cumsum(length + 1.0)[:-1]])
    axis = edges.measures + np.repeat(start, np.diff(edges.offsets))
    at = start[edge] + metres
    right = np.clip(np.searchsorted(axis, at, side="left"), edges.offsets[edge] + 1, edges.offsets[edge + 1] - 1)
    step = edges.measures[right] - edges.measures[right - 1]
    share = np.clip((metres - edges.measures[right - 1]) / np.where(step > 0, step, 1.0), 0.0, 1.0)[:, None]
    return (1.0 - share) * edges.vertices[right - 1] + share * edges.vertices[right]


def courses(edges: Edges, rows: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the courses of some edges, one after the other: vertices, measures, offsets."""
    total = edges.offsets[rows + 1] - edges.offsets[rows]
    offsets = np.concatenate([[0], np.cumsum(total)]).astype(np.int64)
    vertex = np.arange(offsets[-1]) - np.repeat(offsets[:-1], total) + np.repeat(edges.offsets[rows], total)
    return edges.vertices[vertex], edges.measures[vertex], offsets


def take(edges: Edges, rows: IntArray, *, edge_from: Int32Array, edge_to: Int32Array, twin: Int32Array) -> Edges:
    """Return some edges, each as often as asked for, between other nodes."""
    vertices, measures, offsets = courses(edges, rows)
    return Edges(
        edge_from,
        edge_to,
        edges.edge_class[rows],
        vertices,
        measures,
        offsets,
        edges.ahead[rows],
        edges.behind[rows],
        twin,
    )


def stretches(
    edges: Edges, rows: IntArray, begin: FloatArray, end: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return stretches of edges: vertices, metres from the start of the stretch, offsets."""
    length = edges.measures[edges.offsets[rows + 1] - 1]
    return _courses(edges, rows, begin, end, whole=(begin == 0.0) & (end == length))
