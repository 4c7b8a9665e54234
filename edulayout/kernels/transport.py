"""Compiled loops of the assignment: pupils to seats at the least cost, by shortest paths between schools.

Rows are demand with a whole `supply`; columns are schools with a whole `capacity`, and last a column `outside` that
every row reaches, without limit and at a charge above every detour. A network of schools stands for the whole problem
(few schools, many rows): its edge from x to y costs what it takes to move the cheapest row from x to y, kept in a
pairing heap for each edge, and a last node, the sink, takes what has a seat. Excess is sent along shortest paths of
that network with node prices as potentials (successive shortest paths: Busacker and Gowen 1960; Tomizawa 1971).
All numbers are integers: the result is exact, and the same on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import Int32Array, IntArray


class Edges(NamedTuple):
    """The network of schools: edges found by hash, listed by their start; `root` is the heap of an edge."""

    slot: Int32Array
    start: IntArray
    first: Int32Array
    following: Int32Array
    end: Int32Array
    root: Int32Array


class Heaps(NamedTuple):
    """A pool of heap nodes: the arcs that a row would leave and take, what that costs, links."""

    leave: Int32Array
    take: Int32Array
    key: IntArray
    child: Int32Array
    sibling: Int32Array


class Search(NamedTuple):
    """Arrays of a search over the nodes: distances, how each node was reached, the queue."""

    distance: IntArray
    origin: Int32Array
    edge: Int32Array
    settled: IntArray
    queue_key: IntArray
    queue_node: Int32Array


FAR = np.int64(2) ** 62


@njit(cache=True, nogil=True)
def _merge(heaps: Heaps, one: int, other: int) -> int:
    """Join two heaps; the smaller key is on top, of equal ones the first."""
    if heaps.key[other] < heaps.key[one]:
        one, other = other, one
    heaps.sibling[other] = heaps.child[one]
    heaps.child[one] = other
    return one


@njit(cache=True, nogil=True)
def _pop(heaps: Heaps, top: int) -> int:
    """Take the top away: merge its children in pairs, then from the last to the first (Fredman et al. 1986)."""
    node, pairs = heaps.child[top], -1
    while node >= 0:
        partner = heaps.sibling[node]
        if partner < 0:
            heaps.sibling[node] = pairs
            pairs = node
            break
        rest = heaps.sibling[partner]
        joined = _merge(heaps, node, partner)
        heaps.sibling[joined] = pairs
        pairs = joined
        node = rest
    result = -1
    while pairs >= 0:
        rest = heaps.sibling[pairs]
        heaps.sibling[pairs] = -1
        result = pairs if result < 0 else _merge(heaps, result, pairs)
        pairs = rest
    return result


@njit(cache=True, nogil=True)
def _edge_of(edges: Edges, x: int, y: int, columns: int, size: IntArray) -> int:
    """Return the edge from x to y, made where there is none yet."""
    mask = len(edges.slot) - 1
    code = np.int64(x) * columns + y
    place = (code * 0x9E3779B1 >> 7) & mask
    while edges.slot[place] >= 0:
        edge = int(edges.slot[place])
        if edges.start[edge] == x and edges.end[edge] == y:
            return edge
        place = (place + 1) & mask
    edge = int(size[0])
    size[0] += 1
    edges.slot[place] = edge
    edges.start[edge], edges.end[edge], edges.root[edge] = x, y, -1
    edges.following[edge] = edges.first[x]
    edges.first[x] = edge
    return edge


@njit(cache=True, nogil=True)
def _offer(
    ptr: IntArray, column: Int32Array, cost: IntArray, row: int, leave: int, edges: Edges, heaps: Heaps, size: IntArray
) -> None:
    """Offer the pupils of a row that sit at one of its arcs to all its other arcs."""
    x, columns = column[leave], len(edges.first)
    for take in range(ptr[row], ptr[row + 1]):
        if take == leave:
            continue
        edge = _edge_of(edges, x, column[take], columns, size)
        node = size[1]
        size[1] += 1
        heaps.leave[node], heaps.take[node] = leave, take
        heaps.key[node] = cost[take] - cost[leave]
        heaps.child[node] = heaps.sibling[node] = -1
        root = edges.root[edge]
        edges.root[edge] = node if root < 0 else _merge(heaps, root, node)


@njit(cache=True, nogil=True)
def _pool(length: int) -> Heaps:
    whole = np.empty((4, length), np.int32)
    return Heaps(whole[0], whole[1], np.empty(length, np.int64), whole[2], whole[3])


@njit(cache=True, nogil=True)
def _rebuild(
    ptr: IntArray, column: Int32Array, cost: IntArray, flow: IntArray, edges: Edges, heaps: Heaps, size: IntArray
) -> Heaps:
    """Fill all heaps anew from the flow, in a larger pool where it is short."""
    needed, widest = 0, 0
    for row in range(len(ptr) - 1):
        width = ptr[row + 1] - ptr[row]
        widest = max(widest, width)
        for arc in range(ptr[row], ptr[row + 1]):
            if flow[arc] > 0:
                needed += width - 1
    spare = 2 * widest * (len(edges.first) + 1)
    if len(heaps.key) < 1.2 * needed + spare:
        heaps = _pool(int(1.5 * needed) + spare)
    edges.root[: size[0]] = -1
    size[1], size[2] = 0, widest
    for row in range(len(ptr) - 1):
        for arc in range(ptr[row], ptr[row + 1]):
            if flow[arc] > 0:
                _offer(ptr, column, cost, row, arc, edges, heaps, size)
    return heaps


@njit(cache=True, nogil=True)
def _push(search: Search, count: int, key: int, node: int) -> int:
    place = count
    while place > 0:
        above = (place - 1) >> 1
        if search.queue_key[above] <= key:
            break
        search.queue_key[place], search.queue_node[place] = search.queue_key[above], search.queue_node[above]
        place = above
    search.queue_key[place], search.queue_node[place] = key, node
    return count + 1


@njit(cache=True, nogil=True)
def _take(search: Search, count: int) -> int:
    """Remove the least entry of the queue, which stands first, by putting the last one in its place."""
    count -= 1
    key, node, place = search.queue_key[count], search.queue_node[count], 0
    while True:
        below = 2 * place + 1
        if below >= count:
            break
        if below + 1 < count and search.queue_key[below + 1] < search.queue_key[below]:
            below += 1
        if search.queue_key[below] >= key:
            break
        search.queue_key[place], search.queue_node[place] = search.queue_key[below], search.queue_node[below]
        place = below
    search.queue_key[place], search.queue_node[place] = key, node
    return count


@njit(cache=True, nogil=True)
def _shortest(
    source: int,
    flow: IntArray,
    seated: IntArray,
    capacity: IntArray,
    price: IntArray,
    excess: IntArray,
    edges: Edges,
    heaps: Heaps,
    search: Search,
) -> tuple[int, int]:
    """Search from a node to the nearest one that lacks something; return it (-1: none) and how many were settled."""
    sink = len(capacity)
    search.distance[:] = FAR
    search.distance[source] = 0
    search.origin[source] = -1
    count, settled = _push(search, 0, 0, source), 0
    while count > 0:
        distance, x = search.queue_key[0], search.queue_node[0]
        count = _take(search, count)
        if distance > search.distance[x]:
            continue
        search.settled[settled] = x
        settled += 1
        if excess[x] < 0:
            return x, settled
        if x == sink:
            for y in range(sink):
                way = distance + price[y] - price[sink]
                if seated[y] > 0 and way < search.distance[y]:
                    search.distance[y], search.origin[y], search.edge[y] = way, sink, -1
                    count = _push(search, count, way, y)
            continue
        way = distance + price[sink] - price[x]
        if seated[x] < capacity[x] and way < search.distance[sink]:
            search.distance[sink], search.origin[sink], search.edge[sink] = way, x, -1
            count = _push(search, count, way, sink)
        edge = edges.first[x]
        while edge >= 0:
            root, y = edges.root[edge], edges.end[edge]
            while root >= 0 and flow[heaps.leave[root]] == 0:
                root = _pop(heaps, root)
            edges.root[edge] = root
            if root >= 0:
                way = distance + heaps.key[root] + price[y] - price[x]
                if way < search.distance[y]:
                    search.distance[y], search.origin[y], search.edge[y] = way, x, edge
                    count = _push(search, count, way, y)
            edge = edges.following[edge]
    return -1, settled


@njit(cache=True, nogil=True)
def _room(
    target: int,
    flow: IntArray,
    seated: IntArray,
    capacity: IntArray,
    edges: Edges,
    heaps: Heaps,
    search: Search,
    amount: int,
) -> int:
    """Return how much the path to a node can carry, at most the amount."""
    sink, y = len(capacity), target
    while search.origin[y] >= 0:
        x = search.origin[y]
        if y == sink:
            amount = min(amount, capacity[x] - seated[x])
        elif x == sink:
            amount = min(amount, seated[y])
        else:
            amount = min(amount, flow[heaps.leave[edges.root[search.edge[y]]]])
        y = x
    return amount


@njit(cache=True, nogil=True)
def transport(
    ptr: IntArray,
    column: Int32Array,
    cost: IntArray,
    supply: IntArray,
    capacity: IntArray,
    price: IntArray,
    seats: IntArray,
) -> tuple[IntArray, IntArray]:
    """Return the cheapest flow of every arc, and how many paths it took.

    `price` (columns + 1, the last for the sink) is where the search starts, none of it negative; it is replaced by
    prices that prove the optimum, relative to the sink. `seats` receives what one more seat of every column saves.
    """
    rows, sink, total = len(supply), len(capacity), supply.sum()
    flow, load, row_of = np.zeros(len(column), np.int64), np.zeros(sink, np.int64), np.empty(len(column), np.int32)
    squares = np.int64(0)
    for row in range(rows):
        best = ptr[row]
        for arc in range(ptr[row], ptr[row + 1]):
            row_of[arc] = row
            if cost[arc] + price[column[arc]] < cost[best] + price[column[best]]:
                best = arc
        flow[best] = supply[row]
        load[column[best]] += supply[row]
        squares += (ptr[row + 1] - ptr[row]) ** 2
    seated, excess = np.empty(sink, np.int64), np.empty(sink + 1, np.int64)
    for x in range(sink):
        seated[x] = capacity[x] if price[x] > price[sink] else min(load[x], capacity[x])
        excess[x] = load[x] - seated[x]
    excess[sink] = seated.sum() - total
    most = min(sink * sink, int(squares)) + 1
    slots = 16
    while slots < 2 * most:
        slots *= 2
    edges = Edges(
        np.full(slots, -1, np.int32),
        np.empty(most, np.int64),
        np.full(sink, -1, np.int32),
        np.empty(most, np.int32),
        np.empty(most, np.int32),
        np.empty(most, np.int32),
    )
    size = np.zeros(3, np.int64)
    heaps = _rebuild(ptr, column, cost, flow, edges, _pool(1), size)
    search = Search(
        np.empty(sink + 1, np.int64),
        np.empty(sink + 1, np.int32),
        np.empty(sink + 1, np.int32),
        np.empty(sink + 1, np.int64),
        np.empty(most + 2 * sink + 2, np.int64),
        np.empty(most + 2 * sink + 2, np.int32),
    )
    paths = np.zeros(2, np.int64)
    for source in range(sink + 1):
        while excess[source] > 0:
            target, settled = _shortest(source, flow, seated, capacity, price, excess, edges, heaps, search)
            length = search.distance[target]
            for k in range(settled):
                price[search.settled[k]] += length - search.distance[search.settled[k]]
            amount = min(excess[source], -excess[target])
            amount = _room(target, flow, seated, capacity, edges, heaps, search, amount)
            excess[source] -= amount
            excess[target] += amount
            paths[0] += 1
            paths[1] += settled
            y = target
            while search.origin[y] >= 0:
                x = search.origin[y]
                if y == sink:
                    seated[x] += amount
                elif x == sink:
                    seated[y] -= amount
                else:
                    root = edges.root[search.edge[y]]
                    leave, take = heaps.leave[root], heaps.take[root]
                    fresh = flow[take] == 0
                    flow[leave] -= amount
                    flow[take] += amount
                    if fresh:
                        _offer(ptr, column, cost, row_of[take], take, edges, heaps, size)
                y = x
            if size[1] + size[2] * (sink + 1) > len(heaps.key):
                heaps = _rebuild(ptr, column, cost, flow, edges, heaps, size)
    excess[:] = 0
    _, settled = _shortest(sink, flow, seated, capacity, price, excess, edges, heaps, search)
    seats[:] = 0
    for k in range(settled):
        x = search.settled[k]
        if x != sink:
            seats[x] = max(0, price[x] - price[sink] - search.distance[x])
    price -= price[sink]
    return flow, paths


@njit(cache=True, nogil=True)
def serve(
    order: IntArray,
    row_of: IntArray,
    column: Int32Array,
    supply: IntArray,
    capacity: IntArray,
    split: bool,  # noqa: FBT001 - a kernel takes its arguments in order
    flow: IntArray,
) -> None:
    """Give seats to arcs in an order while there are any; a row that is not split is served whole or not at all."""
    for arc in order:
        row, x = row_of[arc], column[arc]
        amount = min(supply[row], capacity[x])
        if not split and amount < supply[row]:
            continue
        flow[arc] = amount
        supply[row] -= amount
        capacity[x] -= amount
