"""Streets from tables of nodes and edges, and from graphs of osmnx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from edulayout import crs as crs_module
from edulayout.errors import CrsError, Fault, InputError
from edulayout.streets.build import Lines

if TYPE_CHECKING:
    from edulayout.streets.travel import Travel
    from edulayout.typing import AnyArray, FloatArray, IntArray

_TRUE = frozenset({"true", "yes", "1", "t", "y", "1.0", "-1"})
_SECONDS = 60.0


class Drawn(NamedTuple):
    """Lines in a CRS in metres, the names of their classes, and who travels."""

    lines: Lines
    classes: tuple[str, ...]
    crs: pyproj.CRS
    travel: Travel


def from_edges(nodes: pd.DataFrame, edges: pd.DataFrame, *, crs: str | pyproj.CRS, travel: Travel) -> Drawn:
    """Return streets from two tables; see `Streets.from_edges`."""
    target = crs_module.parse(crs, source="crs") if isinstance(crs, str) else crs
    crs_module.require_metres(gpd.GeoSeries([], crs=target), source="crs")
    names = nodes.index.astype(str)
    _raise(_column_faults("nodes", nodes, ("x", "y")) + _column_faults("edges", edges, ("from", "to")))
    xy = nodes[["x", "y"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    ends = [names.get_indexer(pd.Index(edges[name].astype(str))) for name in ("from", "to")] if names.is_unique else []
    _raise(_node_faults(names, xy) + _end_faults(edges, ends))
    courses = _courses(edges, xy, *ends)
    metres = shapely.length(courses)
    cost = _cost(edges, metres, travel)
    _raise(_cost_faults(edges, metres, cost))
    pace = cost / metres
    one_way = _true(edges["oneway"]) if "oneway" in edges else np.zeros(len(edges), dtype=np.bool_)
    paces = np.column_stack([pace, np.where(one_way, np.inf, pace)])
    return _made(courses, ends, _classes(edges, "class"), paces, target, travel)


def _made(
    courses: AnyArray, ends: list[IntArray], classes: pd.Series[str], paces: FloatArray, crs: pyproj.CRS,
    travel: Travel,
) -> Drawn:  # fmt: skip
    codes, words = pd.factorize(classes, sort=True)
    points = shapely.get_coordinates(courses)
    offsets = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(courses))]).astype(np.int64)
    # a point between the ends of an edge is its own: edges meet at nodes only
    keys = np.arange(len(points)) + int(max(end.max(initial=0) for end in ends)) + 1
    keys[offsets[:-1]], keys[offsets[1:] - 1] = ends
    lines = Lines(points, offsets, codes.astype(np.int32), keys, None if (paces == 1.0).all() else paces)
    return Drawn(lines, tuple(words), crs, travel)


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise InputError(*faults)


def _column_faults(source: str, table: pd.DataFrame, needed: tuple[str, ...]) -> list[Fault]:
    missing = [name for name in needed if name not in table]
    if not missing and len(table):
        return []
    has = ", ".join(map(str, table.columns)) or "no columns"
    found = f"no column {' or '.join(missing)} (it has: {has})" if missing else "no rows"
    return [Fault(source, found, "the columns " + ", ".join(needed), "rename the columns, or add them")]


def _node_faults(names: pd.Index[str], xy: FloatArray) -> list[Fault]:
    faults = []
    if not names.is_unique:
        rows = tuple(names[names.duplicated()].unique())
        faults.append(Fault("nodes", "nodes that stand twice", "every node once", "drop the repetitions", rows))
    strange = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if len(strange):
        rows = tuple(names[strange])
        faults.append(Fault("nodes", "x or y that are no numbers", "coordinates in the CRS", "correct them", rows))
    return faults


def _end_faults(edges: pd.DataFrame, ends: list[IntArray]) -> list[Fault]:
    unknown = [np.flatnonzero(end < 0) for end in ends]
    rows = np.unique(np.concatenate([*unknown, np.empty(0, dtype=np.int64)]))
    if not len(rows):
        return []
    labels = tuple(edges.index[rows].astype(str))
    return [Fault("edges", "nodes that the table of nodes lacks", "known nodes in `from` and `to`",
                  "add the nodes; they are compared as text (01 is not 1)", labels)]  # fmt: skip


def _courses(edges: pd.DataFrame, xy: FloatArray, start: IntArray, end: IntArray) -> AnyArray:
    straight = np.asarray(shapely.linestrings(np.stack([xy[start], xy[end]], axis=1)), dtype=object)
    if not isinstance(edges, gpd.GeoDataFrame):
        return straight
    drawn = edges.geometry.to_numpy()
    given = ~(shapely.is_missing(drawn) | shapely.is_empty(drawn)) & (shapely.get_type_id(drawn) == 1)
    return np.where(given, shapely.force_2d(drawn), straight)


def _cost(edges: pd.DataFrame, metres: FloatArray, travel: Travel) -> FloatArray:
    if travel.unit == "minutes":
        _raise(_column_faults("edges", edges, ("minutes",)))
    column = "minutes" if travel.unit == "minutes" else "length"
    if column not in edges:
        return metres
    return pd.to_numeric(edges[column], errors="coerce").to_numpy(dtype=np.float64)


def _cost_faults(edges: pd.DataFrame, metres: FloatArray, cost: FloatArray) -> list[Fault]:
    checks = (
        (~(np.isfinite(cost) & (cost > 0)), "lengths or minutes that are no numbers > 0", "what each edge costs"),
        (~(metres > 0), "edges of no length on the ground", "two nodes apart, or a `geometry`"),
    )
    return [
        Fault("edges", found, expected, "correct or drop these edges", tuple(edges.index[wrong].astype(str)))
        for wrong, found, expected in checks
        if wrong.any()
    ]


def _true(column: pd.Series[Any]) -> AnyArray:
    return np.asarray(column.astype(str).str.strip().str.lower().isin(_TRUE))


def _classes(edges: pd.DataFrame, name: str) -> pd.Series[str]:
    if name not in edges:
        return pd.Series("", index=edges.index)
    # osmnx joins ways into one edge and lists their classes: the first speaks for it
    first = edges[name].map(lambda value: value[0] if isinstance(value, (list, tuple)) and value else value)
    return first.fillna("").astype(str)


def from_osmnx(graph: object, *, crs: str | pyproj.CRS | None, travel: Travel) -> Drawn:
    """Return streets from a graph of osmnx; see `Streets.from_osmnx`."""
    given: Any = graph
    try:
        nodes = pd.DataFrame.from_dict(dict(given.nodes(data=True)), orient="index")
        rows = [{"from": u, "to": v, **about} for u, v, about in given.edges(data=True)]
        own = given.graph.get("crs")
    except (AttributeError, TypeError, ValueError) as error:
        found = f"{type(graph).__name__}, which has no nodes and edges ({error})"
        raise InputError(Fault("graph", found, "a graph as osmnx makes it", "give a networkx.MultiDiGraph")) from None
    return from_graph(nodes, pd.DataFrame(rows), own=own, crs=crs, travel=travel, source="graph")


def from_graph(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    own: object,
    crs: str | pyproj.CRS | None,
    travel: Travel,
    source: str,
) -> Drawn:
    """Return streets from the tables of an osmnx graph: one row for each direction that is open.

    Parameters
    ----------
    nodes, edges
        `x`, `y` by node; `from`, `to` and optionally `geometry`, `highway`, `travel_time` (seconds).
    own
        The CRS of the coordinates.
    crs
        The CRS to measure in; the own one where None.
    travel
        As in `Streets.from_osmnx`.
    source
        What a fault names.
    """
    if own is None:
        fault = Fault(source, "no CRS", "the attribute `crs` of the graph", "save it with osmnx, or add the attribute")
        raise CrsError(fault)
    _raise(
        _column_faults(f"{source}: nodes", nodes, ("x", "y"))
        + _column_faults(f"{source}: edges", edges, ("from", "to"))
    )
    names = nodes.index.astype(str)
    ends = [names.get_indexer(pd.Index(edges[name].astype(str))) for name in ("from", "to")]
    xy = nodes[["x", "y"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    _raise(_node_faults(names, xy) + _end_faults(edges, ends))
    drawn = edges["geometry"] if "geometry" in edges else pd.Series(None, index=edges.index, dtype=object)
    given = gpd.GeoDataFrame(edges.drop(columns="geometry", errors="ignore"), geometry=drawn.to_numpy(dtype=object))
    system = crs_module.parse(own, source=source) if isinstance(own, str) else pyproj.CRS.from_user_input(own)
    flat = gpd.GeoSeries(_courses(given, xy, *ends), crs=system)
    target = system if crs is None else crs_module.parse(crs, source="crs") if isinstance(crs, str) else crs
    crs_module.require_metres(gpd.GeoSeries([], crs=target), source=f"{source}: crs")
    courses = crs_module.to_crs(flat, target, source=source).to_numpy()
    metres = shapely.length(courses)
    pace = _graph_pace(edges, metres, travel, source)
    return _joined(courses, ends, _classes(edges, "highway"), pace, target, travel)


def _graph_pace(edges: pd.DataFrame, metres: FloatArray, travel: Travel, source: str) -> FloatArray:
    if travel.unit != "minutes":
        return np.ones(len(edges))
    _raise(_column_faults(f"{source}: edges", edges, ("travel_time",)))
    seconds = pd.to_numeric(edges["travel_time"], errors="coerce").to_numpy(dtype=np.float64)
    _raise(_cost_faults(edges, np.ones(len(edges)), seconds))
    pace: FloatArray = seconds / _SECONDS / np.maximum(metres, 1e-9)
    return pace


def _joined(
    courses: AnyArray, ends: list[IntArray], classes: pd.Series[str], pace: FloatArray, crs: pyproj.CRS,
    travel: Travel,
) -> Drawn:  # fmt: skip
    """Join the two directions of each street, which are drawn alike, into one line."""
    there, back = (shapely.to_wkb(lines) for lines in (courses, shapely.reverse(courses)))
    is_turned = back < there
    street, _ = pd.factorize(np.where(is_turned, back, there))
    first = np.unique(street, return_index=True)[1]
    side = (is_turned != is_turned[first[street]]).astype(np.int64)
    paces = np.full((len(first), 2), np.inf)
    np.minimum.at(paces, (street, side), pace)
    if travel.mode == "walk":
        paces[:] = paces.min(axis=1, keepdims=True)
    return _made(courses[first], [end[first] for end in ends], classes.iloc[first], paces, crs, travel)
