"""The ways themselves: from door to door, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout.errors import Fault, InputError
from edulayout.kernels import in_order
from edulayout.kernels.routes import ways
from edulayout.streets.cutting import stretches
from edulayout.streets.snap import Snapped
from edulayout.tables.shapes import points
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edulayout.streets.graph import Graph
    from edulayout.streets.ground import Ground
    from edulayout.typing import AnyArray, BoolArray, FloatArray, Int32Array, IntArray

_PAIRS = 512
"""Pairs that are drawn at once: a long way has thousands of corners, which are held several times meanwhile."""
_GROWTH = 4.0
_SAME = 1e-9
_DIRECT, _NEAR, _FAR = 0, 1, 2


class _Chain(NamedTuple):
    """Stretches of edges in the order of travel: their pair, place in it, edge, and metres from and to."""

    pair: IntArray
    place: IntArray
    edge: IntArray
    begin: FloatArray
    end: FloatArray


def paths(
    streets: Ground,
    demand: gpd.GeoSeries,
    schools: gpd.GeoSeries,
    *,
    pairs: Sequence[tuple[str, str]] | None,
    snapped: Callable[[gpd.GeoSeries, str], Snapped],
) -> gpd.GeoDataFrame:
    """Return the ways of pairs; see `Streets.paths`."""
    ends = [gpd.GeoSeries(points(it), index=it.index.astype(str), crs=it.crs) for it in (demand, schools)]
    rows, columns = _nearest(streets, *ends) if pairs is None else _asked(pairs, *ends)
    homes, sites = (
        _taken(snapped(end, name), wanted)
        for end, name, wanted in zip(ends, ("demand", "schools"), (rows, columns), strict=True)
    )
    cost, metres, lines = _ways(streets.graph, homes, sites, columns)
    kept = np.flatnonzero(np.isfinite(cost))
    table = {
        "demand_id": ends[0].index[rows[kept]],
        "school_id": ends[1].index[columns[kept]],
        "cost": cost[kept].astype(np.float32),
        "metres": metres[kept],
    }
    return gpd.GeoDataFrame(table, geometry=lines[kept], crs=streets.crs)


def _ways(graph: Graph, homes: Snapped, sites: Snapped, school: IntArray) -> tuple[FloatArray, FloatArray, AnyArray]:
    """Return cost, metres and line of each pair, school by school, some pairs at a time."""
    cost, metres, lines = (np.empty(len(school), dtype=kind) for kind in (np.float64, np.float64, object))
    _ = graph.network  # made once, before threads ask for it
    order = np.argsort(school, kind="stable")

    def some(first: int) -> None:
        own = order[first : first + _PAIRS]
        ends = _taken(homes, own), _taken(sites, own)
        cost[own], chain = _routes(graph, *ends, school[own])
        lines[own], metres[own] = _drawn(graph, *ends, chain)

    for _ in in_order(some, range(0, len(order), _PAIRS)):
        pass
    return cost, metres, lines


def _asked(
    pairs: Sequence[tuple[str, str]], demand: gpd.GeoSeries, schools: gpd.GeoSeries
) -> tuple[IntArray, IntArray]:
    table = pd.DataFrame(pairs, columns=["demand", "schools"]).astype(str)
    found = demand.index.get_indexer(table["demand"]), schools.index.get_indexer(table["schools"])
    faults = [
        Fault("pairs", f"ids that {name} lack", f"ids of {name}", "correct the pairs", tuple(table[name][at < 0]))
        for name, at in zip(("demand", "schools"), found, strict=True)
        if (at < 0).any()
    ]
    if faults:
        raise InputError(*faults)
    return found


def _nearest(streets: Ground, demand: gpd.GeoSeries, schools: gpd.GeoSeries) -> tuple[IntArray, IntArray]:
    """Return the rows that reach a school, and the nearest of each; ties go to the lower id."""
    found = streets.nearest(demand, schools, k=1, cutoff=None, progress=quiet)
    return np.flatnonzero(np.diff(found.indptr)), found.indices.astype(np.int64)


def _taken(places: Snapped, rows: IntArray) -> Snapped:
    taken: Any = (array[rows] for array in places)
    return Snapped(*taken)


class _Legs(NamedTuple):
    """What it costs between the places and both ends of their edges, the access included."""

    near: FloatArray
    far: FloatArray
    access: FloatArray


def _legs(graph: Graph, places: Snapped, *, to_place: bool) -> _Legs:
    return _Legs(*graph.network.legs(np.maximum(places.edge, 0), places.position, places.access, to_place=to_place))


def _routes(graph: Graph, homes: Snapped, sites: Snapped, school: IntArray) -> tuple[FloatArray, _Chain]:
    """Search from each school that is asked for; return costs (infinite where no way) and the stretches."""
    count = len(school)
    cost = np.full(count, np.inf)
    home_legs, site_legs = _legs(graph, homes, to_place=False), _legs(graph, sites, to_place=True)
    known, parent = np.full(graph.nodes, np.inf), np.full(graph.nodes, -1, dtype=np.int32)
    direct = _directly(graph, homes, sites, home_legs.access + site_legs.access)
    usable = (homes.edge >= 0) & (sites.edge >= 0)
    parts = []
    for one in np.unique(school[usable]):
        pairs = np.flatnonzero(usable & (school == one))
        touched = _search(graph, homes, sites, home_legs, site_legs, pairs, direct, known, parent)
        options = np.stack([
            direct[pairs],
            known[graph.edge_from[homes.edge[pairs]]] + home_legs.near[pairs],
            known[graph.edge_to[homes.edge[pairs]]] + home_legs.far[pairs],
        ])  # fmt: skip
        choice = options.argmin(axis=0)
        cost[pairs] = options.min(axis=0)
        parts.append(_chain(graph, homes, sites, site_legs, pairs, choice, known, parent))
        known[touched], parent[touched] = np.inf, -1
    straight = np.hypot(homes.x - sites.x, homes.y - sites.y) * graph.least_pace
    joined = _Chain(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True))) if parts else _NONE
    return np.maximum(cost, straight), joined


_NUMBERS: IntArray = np.empty(0, dtype=np.int64)
_NONE = _Chain(_NUMBERS, _NUMBERS, _NUMBERS, np.empty(0), np.empty(0))


def _directly(graph: Graph, homes: Snapped, sites: Snapped, access: FloatArray) -> FloatArray:
    """Return what it costs along the one edge that both places lie on; the same point costs nothing."""
    ahead, behind = (pace[np.maximum(homes.edge, 0)] for pace in graph.paces)
    gap = sites.position - homes.position
    pace = np.where(gap >= 0, ahead, behind)
    along = np.abs(gap) * np.where(gap == 0, 1.0, pace)
    same = (homes.x == sites.x) & (homes.y == sites.y)
    return np.where(homes.edge == sites.edge, np.where(same, 0.0, along + access), np.inf)


def _search(  # noqa: PLR0913, PLR0917 - the working memory is shared by all searches
    graph: Graph, homes: Snapped, sites: Snapped, home_legs: _Legs, site_legs: _Legs, pairs: IntArray,
    direct: FloatArray, known: FloatArray, parent: Int32Array,
) -> Int32Array:  # fmt: skip
    """Search from one school, farther and farther until every place of the pairs is settled."""
    site, home = pairs[0], homes.edge[pairs]
    first = np.array([graph.edge_from[sites.edge[site]], graph.edge_to[sites.edge[site]]], dtype=np.int32)
    first_cost = np.array([site_legs.near[site], site_legs.far[site]])
    away = np.hypot(homes.x[pairs] - sites.x[site], homes.y[pairs] - sites.y[site]).max(initial=0.0)
    limit = (1.5 * away + 500.0) * max(graph.least_pace, 1e-12)
    before = -1
    while True:
        arcs = graph.network.arcs
        touched = ways(*arcs, first, first_cost, float(limit), known, parent)
        least = np.minimum(known[graph.edge_from[home]] + home_legs.near[pairs],
                           known[graph.edge_to[home]] + home_legs.far[pairs])  # fmt: skip
        if (np.minimum(least, direct[pairs]) <= limit).all() or np.isinf(limit):
            return touched
        # nothing new within four times the limit: what is left lies on no way to this school, or far off
        limit = np.inf if len(touched) == before else limit * _GROWTH
        before = len(touched)
        known[touched], parent[touched] = np.inf, -1


def _chain(
    graph: Graph, homes: Snapped, sites: Snapped, site_legs: _Legs, pairs: IntArray, choice: IntArray,
    known: FloatArray, parent: Int32Array,
) -> _Chain:  # fmt: skip
    """Follow the pairs from their first node to the school, all at once."""
    edge = homes.edge[pairs].astype(np.int64)
    at = np.where(choice == _NEAR, graph.edge_from[edge], graph.edge_to[edge]).astype(np.int64)
    length = graph.edge_length
    first_end = np.select([choice == _DIRECT, choice == _NEAR], [sites.position[pairs], 0.0], length[edge])
    links = [_Chain(pairs, np.zeros(len(pairs), dtype=np.int64), edge, homes.position[pairs], first_end)]
    walking: BoolArray = (choice != _DIRECT) & np.isfinite(known[at])
    place = 1
    moving = np.flatnonzero(walking & (parent[at] >= 0))
    while len(moving):
        code = parent[at[moving]].astype(np.int64)
        over, from_start = code >> 1, (code & 1) == 1
        # the search went against the travel: it left the far end where the pupil walks along the course
        begin, end = np.where(from_start, 0.0, length[over]), np.where(from_start, length[over], 0.0)
        links.append(_Chain(pairs[moving], np.full(len(moving), place), over, begin, end))
        at[moving] = np.where(from_start, graph.edge_to[over], graph.edge_from[over])
        moving = moving[parent[at[moving]] >= 0]
        place += 1
    last = np.flatnonzero(walking)
    own = sites.edge[pairs[last]].astype(np.int64)
    by_near = (graph.edge_from[own] == at[last]) & (known[at[last]] == site_legs.near[pairs[last]])
    begin = np.where(by_near, 0.0, length[own])
    links.append(_Chain(pairs[last], np.full(len(last), place), own, begin, sites.position[pairs[last]]))
    return _Chain(*(np.concatenate(arrays) for arrays in zip(*links, strict=True)))


def _drawn(graph: Graph, homes: Snapped, sites: Snapped, chain: _Chain) -> tuple[AnyArray, FloatArray]:
    """Return the line of each pair, and its metres."""
    count = len(homes.edge)
    same = (homes.x == sites.x) & (homes.y == sites.y)
    chain = _Chain(*(array[~same[chain.pair]] for array in chain))
    low, high = np.minimum(chain.begin, chain.end), np.maximum(chain.begin, chain.end)
    xy, measures, offsets = stretches(graph.parts, chain.edge, low, high)
    piece = np.repeat(np.arange(len(chain.edge)), np.diff(offsets))
    along = np.where((chain.begin > chain.end)[piece], -measures, measures)
    pair = np.concatenate([np.arange(count), chain.pair[piece], np.arange(count)])
    place = np.concatenate([np.full(count, -1), chain.place[piece], np.full(count, np.iinfo(np.int64).max)])
    every = np.concatenate([np.column_stack([homes.x, homes.y]), xy, np.column_stack([sites.x, sites.y])])
    order = np.lexsort((np.concatenate([np.zeros(count), along, np.zeros(count)]), place, pair))
    pair, every = pair[order], every[order]
    # a corner where two stretches meet stands once; home and school always stay
    again = np.r_[False, (np.diff(pair) == 0) & (np.abs(np.diff(every, axis=0)) < _SAME).all(axis=1)][: len(pair)]
    kept = ~again | (np.bincount(pair[~again], minlength=count)[pair] < 2)  # noqa: PLR2004 - a line has two ends
    every, pair = every[kept], pair[kept]
    every[np.flatnonzero(np.r_[np.diff(pair) != 0, True][: len(pair)])] = np.column_stack([sites.x, sites.y])
    lines = np.asarray(shapely.linestrings(every, indices=pair), dtype=object)
    on_ground = graph.twin[chain.edge] != chain.edge
    walked = np.bincount(chain.pair, weights=np.where(on_ground, high - low, 0.0), minlength=count)
    return lines, np.where(same, 0.0, walked + np.nan_to_num(homes.access) + np.nan_to_num(sites.access))
