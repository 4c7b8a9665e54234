"""From drawn lines to a street network: noded, cleaned, every street joined to others at its ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from city_land import GRID_METRES
from city_roads import RANKS, Road
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray


def node(roads: list[Road]) -> list[Road]:
    """Return the roads cut wherever they meet; each piece keeps what its road said."""
    pieces = shapely.get_parts(shapely.union_all([road.line for road in roads], grid_size=GRID_METRES))
    pieces = pieces[shapely.length(pieces) > 0]
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    tree = shapely.STRtree([road.line for road in roads])
    piece, source = tree.query(middles, predicate="dwithin", distance=0.05)
    best = np.full(len(pieces), -1)
    for at, candidate in zip(piece.tolist(), source.tolist(), strict=True):
        if best[at] < 0 or _order(roads[candidate], candidate) < _order(roads[best[at]], best[at]):
            best[at] = candidate
    return _sorted([roads[at]._replace(line=line) for at, line in zip(best, pieces, strict=True)])


def _order(road: Road, at: int) -> tuple[int, int]:
    return RANKS.index(road.highway), at


def _sorted(roads: list[Road]) -> list[Road]:
    return sorted(roads, key=lambda road: (road.line.coords[0], road.line.coords[-1], road.line.length))


def ends(roads: list[Road]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the two node numbers of each road, and the coordinates of the nodes."""
    tips = np.round([xy for road in roads for xy in (road.line.coords[0], road.line.coords[-1])], 2)
    coords, number = np.unique(tips, axis=0, return_inverse=True)
    return number.reshape(-1, 2), coords


def faces(roads: list[Road]) -> list[shapely.Polygon]:
    """Return the land between the roads, sorted from west to east."""
    found = shapely.get_parts(shapely.polygonize([road.line for road in roads]))
    return sorted(found, key=lambda face: face.representative_point().coords[0])


def prune(roads: list[Road], keep: shapely.Geometry) -> list[Road]:
    """Return the roads without dead ends, except those that lead out of the city (end within `keep`)."""
    while True:
        pairs, coords = ends(roads)
        loose = (np.bincount(pairs.ravel(), minlength=len(coords)) == 1) & ~shapely.contains_xy(keep, coords)
        dead = loose[pairs].any(axis=1)
        if not dead.any():
            return roads
        roads = [road for road, gone in zip(roads, dead, strict=True) if not gone]


def contract(roads: list[Road], shorter_than: float) -> list[Road]:
    """Return the roads with crossings that lie a few steps apart drawn together into one."""
    pairs, coords = ends(roads)
    short = [road.line.length < shorter_than and not road.bridge for road in roads]
    cluster = _clusters(pairs[short], len(coords))
    place = coords[_anchors(cluster, _node_ranks(pairs, roads, len(coords)))]
    moved = []
    for road, (first, last) in zip(roads, cluster[pairs], strict=True):
        if first != last or road.line.length >= 4 * shorter_than:
            moved.append(road._replace(line=_move(road.line, place[first], place[last], shorter_than)))
    return node(moved)


def _clusters(links: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.intp)


def _node_ranks(pairs: NDArray[np.intp], roads: list[Road], count: int) -> NDArray[np.intp]:
    ranks = np.full(count, len(RANKS))
    for column in (0, 1):
        np.minimum.at(ranks, pairs[:, column], [-1 if road.bridge else RANKS.index(road.highway) for road in roads])
    return ranks


def _anchors(cluster: NDArray[np.intp], ranks: NDArray[np.intp]) -> NDArray[np.intp]:
    order = np.lexsort((np.arange(len(cluster)), ranks, cluster))
    _, first = np.unique(cluster[order], return_index=True)
    return order[first]


def _move(
    line: shapely.LineString, start: NDArray[np.float64], end: NDArray[np.float64], near: float
) -> shapely.LineString:
    xy = np.array(line.coords)
    far = (np.hypot(*(xy - start).T) > near) & (np.hypot(*(xy - end).T) > near)
    unmoved = np.allclose(xy[0], start) and np.allclose(xy[-1], end)
    return line if unmoved else shapely.LineString(np.vstack([start, xy[1:-1][far[1:-1]], end]))


def open_slivers(roads: list[Road], smaller_than: float) -> list[Road]:
    """Return the roads without the minor street that cuts off a face too small to build on."""
    slivers = [
        face for face in faces(roads) if face.area < smaller_than or face.area / face.length < smaller_than**0.5 / 9
    ]
    tree = shapely.STRtree(shapely.line_interpolate_point([road.line for road in roads], 0.5, normalized=True))
    gone: set[int] = set()
    for sliver in slivers:
        sides = tree.query(sliver.exterior, predicate="dwithin", distance=0.05).tolist()
        minor = [at for at in sides if RANKS.index(roads[at].highway) > 2 and not roads[at].bridge]
        if minor and not gone.intersection(sides):
            gone.add(max(minor, key=lambda at: (RANKS.index(roads[at].highway), roads[at].line.length, at)))
    return [road for at, road in enumerate(roads) if at not in gone]


def join_up(roads: list[Road]) -> list[Road]:
    """Return the roads with pieces of one street joined where nothing branches off."""
    pairs, coords = ends(roads)
    order = np.argsort(pairs.ravel(), kind="stable")
    starts = np.searchsorted(pairs.ravel()[order], np.arange(len(coords)))
    through = np.flatnonzero(np.bincount(pairs.ravel(), minlength=len(coords)) == 2)
    links = np.column_stack([order[starts[through]] // 2, order[starts[through] + 1] // 2])
    alike = [one != two and roads[one][1:] == roads[two][1:] for one, two in links.tolist()]
    chain = _clusters(links[alike], len(roads))
    members: dict[int, list[Road]] = {}
    for road, number in zip(roads, chain.tolist(), strict=True):
        members.setdefault(number, []).append(road)
    return _sorted([group[0]._replace(line=_merged(group)) for group in members.values()])


def _merged(group: list[Road]) -> shapely.LineString:
    if len(group) == 1:
        return group[0].line
    line = shapely.line_merge(shapely.MultiLineString([road.line for road in group]))
    if not isinstance(line, shapely.LineString):
        raise TypeError(f"pieces of one street do not join: {line}")
    return line


def main_component(roads: list[Road]) -> list[Road]:
    """Return the roads that hang together; anything apart from them is left out."""
    pairs, coords = ends(roads)
    label = _clusters(pairs, len(coords))[pairs[:, 0]]
    largest = np.bincount(label).argmax()
    return [road for road, own in zip(roads, label.tolist(), strict=True) if own == largest]


def reach_out(
    lines: list[shapely.LineString], others: list[shapely.LineString], reach: float
) -> list[shapely.LineString]:
    """Return lines whose loose ends run on to the next line, where one is within reach."""
    everything = [*others, *lines]
    tree = shapely.STRtree(everything)
    result = []
    for at, line in enumerate(lines, start=len(others)):
        xy = np.array(line.coords)
        tail, head = (_run_on(part, at, everything, tree, reach) for part in (xy[::-1], xy))
        result.append(shapely.LineString(np.vstack([tail[::-1], xy, head])))
    return result


def _run_on(
    xy: NDArray[np.float64], own: int, everything: list[shapely.LineString], tree: shapely.STRtree, reach: float
) -> NDArray[np.float64]:
    ahead = xy[-1] - xy[-min(4, len(xy))]
    ahead = ahead / np.hypot(*ahead)
    ray = shapely.LineString([xy[-1] + 0.1 * ahead, xy[-1] + reach * ahead])
    hits = [ray.intersection(everything[at]) for at in sorted(tree.query(ray, predicate="intersects")) if at != own]
    if not hits:
        return np.empty((0, 2))
    distance = min(shapely.Point(xy[-1]).distance(hit) for hit in hits)
    return np.round([xy[-1] + (distance + 0.5) * ahead], 2)
