"""Streets as small children may use them: main roads are crossed only where a rule says so.

A street that is not to be crossed becomes two pavements. Around a junction the ends of such streets part the ground
into sectors; each side street and each pavement belongs to the sector that it lies in, and to cross a street is to
pass from one sector to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.streets.cutting import Pieces, at_measures, take
from edulayout.streets.graph import Edges, Graph
from edulayout.streets.snap import Barriers

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.streets.ground import Ground
    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array, IntArray

How = Literal["forbidden", "crossings", "anywhere"]
_HOWS = ("forbidden", "crossings", "anywhere")
_TOLERANCE_METRES = 5.0
"""How far a marked crossing may lie from the centre line that it crosses."""
_RAIL_HALF_WIDTH = 1.0
_JUNCTION = 3
CROSSING = "(crossing)"
"""Class of the edges by which a street is crossed at a cost."""


@dataclass(frozen=True)
class Rule:
    """What is not crossed, and where it is all the same; see `Streets.avoiding`."""

    classes: tuple[str, ...]
    how: How
    extra_metres: float
    along: bool
    signals_between: tuple[str, ...]


class _Sectors(NamedTuple):
    """The sector of each edge's left and right side at both its ends, int64 (e,), and how many there are.

    `node` is the node of each sector; `pairs` are sectors with a street between them (k, 2), `at` that street's node.
    """

    left_from: IntArray
    right_from: IntArray
    left_to: IntArray
    right_to: IntArray
    node: IntArray
    pairs: IntArray


class Made(NamedTuple):
    """Fields of streets that keep a rule: graph, classes, barriers, and counts of what was found."""

    graph: Graph
    classes: tuple[str, ...]
    barriers: Barriers
    counts: dict[str, float]


def avoiding(streets: Ground, rule: Rule, *, lines: gpd.GeoSeries | gpd.GeoDataFrame | None) -> Made:
    """Return what changes where streets keep the rule; see `Streets.avoiding`. O(edges log edges).

    Raises
    ------
    InputError
        With every fault of the rule.
    """
    _check(streets, rule)
    rails = _rails(streets, lines)
    pieces, blunt = _without_rails(_cut_at_crossings(streets, rule), streets, rule, rails)
    avoided = np.isin(pieces.edges.edge_class, _codes(streets, rule.classes))
    crossing = _crossing_nodes(streets, rule, pieces)
    graph, count = _rebuilt(pieces, avoided, crossing, blunt, rule, streets)
    walls = [streets.barriers.geometries, rails]
    if not rule.along:
        walls.append(streets.graph.lines[np.isin(streets.graph.edge_class, _codes(streets, rule.classes))])
    kilometres = float(pieces.edges.measures[pieces.edges.offsets[1:] - 1][avoided].sum()) / 1000
    counts = {"avoided_kilometres": round(kilometres, 3), "crossings_open": float(count)}
    return Made(graph, (*streets.classes, CROSSING), Barriers(np.concatenate(walls)), counts)


def _check(streets: Ground, rule: Rule) -> None:
    faults = []
    unknown = [name for name in (*rule.classes, *rule.signals_between) if name not in streets.classes]
    if unknown:
        known = ", ".join(name for name in streets.classes if name) or "none: the streets have no classes"
        faults.append(Fault("classes to avoid", ", ".join(unknown), f"classes of these streets: {known}",
                            "correct the names"))  # fmt: skip
    if rule.how not in _HOWS:
        faults.append(Fault("how", repr(rule.how), ", ".join(_HOWS), "say where such a street is crossed"))
    if not (np.isfinite(rule.extra_metres) and rule.extra_metres >= 0):
        faults.append(Fault("extra_metres", f"{rule.extra_metres}", "metres ≥ 0", "give such a number"))
    if streets.graph.directed:
        faults.append(Fault("streets", "one-way streets", "streets for people on foot", 'read them with mode="walk"'))
    if (streets.graph.twin >= 0).any():
        faults.append(Fault("streets", "streets that avoid classes already", "streets as they were read",
                            "name all classes in one call"))  # fmt: skip
    if faults:
        raise InputError(*faults)


def _codes(streets: Ground, names: tuple[str, ...]) -> IntArray:
    return np.array([code for code, name in enumerate(streets.classes) if name in names], dtype=np.int64)


def _rails(streets: Ground, lines: gpd.GeoSeries | gpd.GeoDataFrame | None) -> AnyArray:
    if lines is None:
        return np.empty(0, dtype=object)
    own: AnyArray = crs_module.to_crs(lines.geometry, streets.crs, source="lines").to_numpy()
    kept: AnyArray = own[~(shapely.is_missing(own) | shapely.is_empty(own))]
    return kept


def _cut_at_crossings(streets: Ground, rule: Rule) -> Pieces:
    """Return the edges, those to be avoided cut at the marked crossings between their junctions."""
    graph = streets.graph
    rows = np.flatnonzero(np.isin(graph.edge_class, _codes(streets, rule.classes)))
    where, near = shapely.STRtree(graph.lines[rows]).query(
        shapely.points(streets.crossings), predicate="dwithin", distance=_TOLERANCE_METRES
    )
    edge = rows[near]
    metres = shapely.line_locate_point(graph.lines[edge], shapely.points(streets.crossings[where]))
    metres *= graph.edge_length[edge] / np.maximum(shapely.length(graph.lines[edge]), 1e-300)
    # a crossing at a junction belongs to the junction, which is a node already
    apart = (metres > _TOLERANCE_METRES) & (metres < graph.edge_length[edge] - _TOLERANCE_METRES)
    return at_measures(graph.x, graph.y, graph.parts, edge[apart], metres[apart])


def _near_crossing(streets: Ground, points: FloatArray, within: float) -> BoolArray:
    if not len(streets.crossings) or not len(points):
        return np.zeros(len(points), dtype=np.bool_)
    away = np.asarray(cKDTree(streets.crossings).query(points)[0])
    found: BoolArray = away <= within
    return found


def _without_rails(pieces: Pieces, streets: Ground, rule: Rule, rails: AnyArray) -> tuple[Pieces, BoolArray]:
    """Return the edges with a gap, or a dearer stretch, where they meet a railway; and which nodes end there."""
    edges = pieces.edges
    if not len(rails):
        return pieces, np.zeros(len(pieces.x), dtype=np.bool_)
    drawn = _drawn(edges)
    edge, rail = shapely.STRtree(rails).query(drawn, predicate="intersects")
    spots, pair = shapely.get_coordinates(shapely.intersection(drawn[edge], rails[rail]), return_index=True)
    edge = edge[pair]
    metres = shapely.line_locate_point(drawn[edge], shapely.points(spots))
    metres *= _lengths(edges)[edge] / np.maximum(shapely.length(drawn[edge]), 1e-300)
    both = np.concatenate([metres - _RAIL_HALF_WIDTH, metres + _RAIL_HALF_WIDTH])
    cut = at_measures(pieces.x, pieces.y, edges, np.r_[edge, edge], both)
    middle, on_rail = (cut.begin + cut.end) / 2, np.zeros(len(cut.source), dtype=np.bool_)
    open_spot = np.full(len(spots), rule.how == "anywhere")
    if rule.how == "crossings":
        open_spot = _near_crossing(streets, spots, 2 * _TOLERANCE_METRES)
    closed = np.zeros(len(cut.source), dtype=np.bool_)
    first = np.searchsorted(cut.source, edge)
    last = np.searchsorted(cut.source, edge, side="right")
    for spot in range(len(spots)):
        own = slice(first[spot], last[spot])
        hit = np.abs(middle[own] - metres[spot]) <= _RAIL_HALF_WIDTH
        (on_rail if open_spot[spot] else closed)[own] |= hit
    extra = np.where(on_rail & ~closed, rule.extra_metres * streets.graph.access_pace, 0.0)
    made = cut.edges._replace(ahead=cut.edges.ahead + extra, behind=cut.edges.behind + extra)
    blunt = np.zeros(len(cut.x), dtype=np.bool_)
    blunt[made.edge_from[closed]] = blunt[made.edge_to[closed]] = True
    rows = np.flatnonzero(~closed)
    kept = take(made, rows, edge_from=made.edge_from[rows], edge_to=made.edge_to[rows], twin=made.twin[rows])
    return Pieces(cut.x, cut.y, kept, pieces.source[cut.source[rows]], cut.begin[rows], cut.end[rows]), blunt


def _lengths(edges: Edges) -> FloatArray:
    return edges.measures[edges.offsets[1:] - 1]


def _drawn(edges: Edges) -> AnyArray:
    owner = np.repeat(np.arange(len(edges.edge_from)), np.diff(edges.offsets))
    return np.asarray(shapely.linestrings(edges.vertices, indices=owner), dtype=object)


def _crossing_nodes(streets: Ground, rule: Rule, pieces: Pieces) -> BoolArray:
    """Return the nodes at which streets may be crossed."""
    nodes = len(pieces.x)
    if rule.how != "crossings":
        return np.full(nodes, rule.how == "anywhere")
    marked = _near_crossing(streets, np.column_stack([pieces.x, pieces.y]), _TOLERANCE_METRES)
    signalled = np.isin(pieces.edges.edge_class, _codes(streets, rule.signals_between))
    ends = np.concatenate([pieces.edges.edge_from[signalled], pieces.edges.edge_to[signalled]])
    open_nodes: BoolArray = marked | (np.bincount(ends, minlength=nodes) >= _JUNCTION)
    return open_nodes


def _sectors(pieces: Pieces, avoided: BoolArray, blunt: BoolArray) -> _Sectors:
    edges, count = pieces.edges, len(avoided)
    node = np.concatenate([edges.edge_from, edges.edge_to]).astype(np.int64)
    parting = np.concatenate([avoided, avoided])
    order = np.lexsort((np.arange(2 * count), _angles(edges), node))
    at, parts = node[order], parting[order]
    streets_at = np.bincount(node[parting], minlength=len(pieces.x))
    before = np.cumsum(parts) - np.cumsum(np.r_[0, streets_at])[at]
    total = np.maximum(streets_at, 1)
    # one street that ends at a railway still parts the ground: nobody walks round its end
    total[blunt & (streets_at == 1)] = 2
    first = np.cumsum(total) - total
    # counting against the clock: the sector after the last parting street, which for a street itself is its left
    left, right = np.empty(2 * count, dtype=np.int64), np.empty(2 * count, dtype=np.int64)
    left[order] = first[at] + (before - 1) % total[at]
    right[order] = np.where(parts, first[at] + (before - 2) % total[at], left[order])
    pairs = np.unique(np.sort(np.column_stack([left, right])[parting & (left != right)], axis=1), axis=0)
    owner = np.repeat(np.arange(len(pieces.x)), total)
    # the left of an edge is the right of who looks back from its far end
    return _Sectors(left[:count], right[:count], right[count:], left[count:], owner, pairs)


def _angles(edges: Edges) -> FloatArray:
    """Return the direction in which each edge leaves its start, then its end."""
    first, last = edges.offsets[:-1], edges.offsets[1:] - 1
    away = np.concatenate(
        [edges.vertices[first + 1] - edges.vertices[first], edges.vertices[last - 1] - edges.vertices[last]]
    )
    angles: FloatArray = np.arctan2(away[:, 1], away[:, 0])
    return angles


def _rebuilt(
    pieces: Pieces, avoided: BoolArray, crossing: BoolArray, blunt: BoolArray, rule: Rule, streets: Ground
) -> tuple[Graph, int]:
    sectors = _sectors(pieces, avoided, blunt)
    pairs = sectors.pairs[crossing[sectors.node[sectors.pairs[:, 0]]]]
    opened = len(np.unique(sectors.node[pairs[:, 0]]))
    number = np.arange(len(sectors.node))
    if rule.extra_metres == 0.0:
        number, pairs = _merged(pairs, len(number)), pairs[:0]
    doubled = _pavements(pieces.edges, avoided, sectors, along=rule.along)
    start, end = (number[ends].astype(np.int32) for ends in (doubled.edge_from, doubled.edge_to))
    doubled = doubled._replace(edge_from=start, edge_to=end)
    node = np.zeros(number.max(initial=-1) + 1, dtype=np.int64)
    node[number] = sectors.node
    xy = np.column_stack([pieces.x, pieces.y])[node]
    edges = _with_crossings(doubled, number[pairs], xy, rule.extra_metres, streets)
    used, ends = np.unique(np.concatenate([edges.edge_from, edges.edge_to]), return_inverse=True)
    start, end = np.split(ends.reshape(-1).astype(np.int32), 2)
    edges = edges._replace(edge_from=start, edge_to=end)
    x, y = np.ascontiguousarray(xy[used, 0]), np.ascontiguousarray(xy[used, 1])
    return Graph.assemble(x, y, edges, access_pace=streets.graph.access_pace), opened


def _merged(pairs: IntArray, total: int) -> IntArray:
    """Return a number for each sector, the same for those that are joined, in the order of the first of them."""
    joined = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(total, total))
    label = connected_components(joined, directed=False)[1]
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number.reshape(-1)]


def _pavements(edges: Edges, avoided: BoolArray, sectors: _Sectors, *, along: bool) -> Edges:
    """Return the edges between sectors: a street to be avoided twice, its left side first, or not at all."""
    count = len(avoided)
    times = np.where(avoided, 2 if along else 0, 1)
    rows = np.repeat(np.arange(count), times)
    first = np.cumsum(times) - times
    is_right = np.zeros(len(rows), dtype=np.bool_)
    twin: Int32Array = np.full(len(rows), -1, dtype=np.int32)
    if along:
        left = first[avoided]
        is_right[left + 1] = True
        twin[left], twin[left + 1] = left + 1, left
    return take(
        edges,
        rows,
        edge_from=np.where(is_right, sectors.right_from[rows], sectors.left_from[rows]),
        edge_to=np.where(is_right, sectors.right_to[rows], sectors.left_to[rows]),
        twin=twin,
    )


def _with_crossings(edges: Edges, pairs: IntArray, xy: FloatArray, metres: float, streets: Ground) -> Edges:
    """Return the edges and, last, those by which streets are crossed: no way on the ground, only a cost."""
    count, cost = len(pairs), np.full(len(pairs), metres * streets.graph.access_pace)
    own = np.arange(len(edges.edge_from), len(edges.edge_from) + count)
    return Edges(
        edge_from=np.r_[edges.edge_from, pairs[:, 0]],
        edge_to=np.r_[edges.edge_to, pairs[:, 1]],
        edge_class=np.r_[edges.edge_class, np.full(count, len(streets.classes))].astype(np.int32),
        vertices=np.concatenate([edges.vertices, xy[pairs].reshape(-1, 2)]),
        measures=np.r_[edges.measures, np.tile([0.0, metres], count)],
        offsets=np.r_[edges.offsets, edges.offsets[-1] + 2 * np.arange(1, count + 1)],
        ahead=np.r_[edges.ahead, cost],
        behind=np.r_[edges.behind, cost],
        twin=np.r_[edges.twin, own].astype(np.int32),
    )
