"""The k nearest schools of every place, in one sweep of the streets from all schools at once.

A node takes part in the sweep only with its best schools (Okabe et al. 2008, doi:10.1080/13658810701587891, for
k = 1): a school that k others beat at a node beats them nowhere behind it. Schools that tie at the precision of a
stored cost are all kept, so that ties are broken by rank and not by rounding. Regions of nodes are swept apart, each
in fast memory, and offer each other what crosses their borders until nobody takes an offer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from edulayout.kernels.goals import direct, no_less

if TYPE_CHECKING:
    from edulayout.kernels.dijkstra import Arcs, Ends, Starts
    from edulayout.kernels.goals import Goals
    from edulayout.typing import Float32Array, FloatArray, Int32Array, IntArray


class Labels(NamedTuple):
    """The best schools of every node, nearest first: number (-1 where none), cost, and the least cost dropped."""

    school: Int32Array
    cost: FloatArray
    dropped: FloatArray


class Offers(NamedTuple):
    """Schools offered to nodes at some cost, in any order."""

    node: Int32Array
    school: Int32Array
    cost: FloatArray


class Waiting(NamedTuple):
    """Entries of the queue; `state` holds how many were ever used, the first free one, how many wait, the bucket."""

    offers: Offers
    after: Int32Array
    head: Int32Array
    state: IntArray


@njit(cache=True, nogil=True)
def _room(size: int) -> Offers:
    return Offers(np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.float64))


@njit(cache=True, nogil=True)
def _longer(offers: Offers) -> Offers:
    """Return the offers with twice the room."""
    size = len(offers.node)
    grown = _room(2 * size)
    grown.node[:size] = offers.node
    grown.school[:size] = offers.school
    grown.cost[:size] = offers.cost
    return grown


@njit(cache=True, nogil=True, inline="always")
def _offer(
    labels: Labels, waiting: Waiting, node: int, school: int, cost: float, k: int, slack: float, per_unit: float
) -> None:
    """Give a node another school, where it is among the k best or ties with them."""
    known, costs = labels.school, labels.cost
    slots = known.shape[1]
    if cost > costs[node, k - 1] + slack:
        return
    place = -1
    for i in range(slots):
        if known[node, i] == school:
            place = i
            break
    if place >= 0:
        if cost >= costs[node, place]:
            return
    else:
        place = slots - 1
        if known[node, place] >= 0:
            lost = max(cost, costs[node, place])
            labels.dropped[node] = min(labels.dropped[node], lost)
            if cost >= costs[node, place]:
                return
    while place > 0 and costs[node, place - 1] > cost:
        costs[node, place] = costs[node, place - 1]
        known[node, place] = known[node, place - 1]
        place -= 1
    costs[node, place] = cost
    known[node, place] = school
    state = waiting.state
    entry = state[1]
    if entry >= 0:
        state[1] = waiting.after[entry]
    else:
        entry = state[0]
        state[0] += 1
    slot = int(cost * per_unit) & (len(waiting.head) - 1)
    offers = waiting.offers
    offers.node[entry] = node
    offers.school[entry] = school
    offers.cost[entry] = cost
    waiting.after[entry] = waiting.head[slot]
    waiting.head[slot] = entry
    state[2] += 1


@njit(cache=True, nogil=True)
def _spread(
    arcs: Arcs,
    labels: Labels,
    waiting: Waiting,
    k: int,
    slack: float,
    limit: float,
    per_unit: float,
    low: int,
    high: int,
    beyond: Offers,
    filled: int,
) -> tuple[bool, int]:
    """Work until nothing waits (true) or there is no room for more entries (false)."""
    state, head, after, offers = waiting.state, waiting.head, waiting.after, waiting.offers
    mask = len(head) - 1
    while state[2] > 0:
        slot = state[3] & mask
        entry = head[slot]
        if entry < 0:
            state[3] += 1
            continue
        node = offers.node[entry]
        first = arcs.indptr[node]
        last = arcs.indptr[node + 1]
        if state[2] + (last - first) > len(after) or filled + (last - first) > len(beyond.node):
            return False, filled
        school = offers.school[entry]
        cost = offers.cost[entry]
        head[slot] = after[entry]
        after[entry] = state[1]
        state[1] = entry
        state[2] -= 1
        if cost > labels.cost[node, k - 1] + slack:
            continue
        current = False
        for i in range(labels.school.shape[1]):
            if labels.school[node, i] == school:
                current = labels.cost[node, i] == cost
                break
        if not current:
            continue
        for arc in range(first, last):
            there = cost + arcs.lengths[arc]
            other = arcs.indices[arc]
            if there > limit:
                continue
            if other < low or other >= high:
                beyond.node[filled] = other
                beyond.school[filled] = school
                beyond.cost[filled] = there
                filled += 1
            elif there <= labels.cost[other, k - 1] + slack:
                _offer(labels, waiting, other, school, there, k, slack, per_unit)
    return True, filled


@njit(cache=True, nogil=True)
def label(
    arcs: Arcs,
    labels: Labels,
    given: Offers,
    k: int,
    slack: float,
    limit: float,
    buckets: int,
    per_unit: float,
    low: int,
    high: int,
) -> Offers:
    """Spread what is offered to the nodes `low` to `high - 1` among them; return what they offer to others.

    The order in which offers are worked off changes how long it takes, not what the labels hold in the end. All
    wait from the beginning; what lies farther apart than the ring of buckets is wide shares its buckets.
    O(k · nodes within the limit).
    """
    size = max(1024, 4 * len(given.node))
    after, head = np.empty(size, np.int32), np.full(buckets, -1, dtype=np.int32)
    waiting = Waiting(_room(size), after, head, np.array([0, -1, 0, 0], dtype=np.int64))
    lowest = np.inf
    for i in range(len(given.node)):
        lowest = min(lowest, given.cost[i])
        _offer(labels, waiting, given.node[i], given.school[i], given.cost[i], k, slack, per_unit)
    if lowest < np.inf:
        waiting.state[3] = int(lowest * per_unit)
    # typed, so that numba does not compile once more for a literal
    beyond, filled = _room(256), int(np.int64(0))
    done = False
    while not done:
        done, filled = _spread(arcs, labels, waiting, k, slack, limit, per_unit, low, high, beyond, filled)
        if not done:
            beyond = _longer(beyond)
            after = np.empty(2 * len(waiting.after), np.int32)
            after[: len(waiting.after)] = waiting.after
            waiting = Waiting(_longer(waiting.offers), after, waiting.head, waiting.state)
    return Offers(beyond.node[:filled].copy(), beyond.school[:filled].copy(), beyond.cost[:filled].copy())


@njit(cache=True, nogil=True)
def nearest_goals(
    labels: Labels,
    ends: Ends,
    starts: Starts,
    goals: Goals,
    goal_edge: Int32Array,
    school_ptr: IntArray,
    school_on: Int32Array,
    rank: Int32Array,
    first: int,
    last: int,
    cutoff: np.float32,
    floor: float,
    chosen: Int32Array,
    values: Float32Array,
) -> None:
    """Write the k nearest schools of the goals `first` to `last - 1` and their costs to the goals' rows.

    `school_on[school_ptr[e]:school_ptr[e + 1]]` are the schools on edge e by position; equal costs go by `rank`.
    """
    k = chosen.shape[1]
    slots = labels.school.shape[1]
    for goal in range(first, last):
        edge = goal_edge[goal]
        row = goals.number[goal]
        # the nearer end of the edge first: what it knows is seldom bettered by the other
        near_first = goals.near_metres[goal] <= goals.far_metres[goal]
        one = ends.near[edge] if near_first else ends.far[edge]
        other = ends.far[edge] if near_first else ends.near[edge]
        to_one = goals.near_metres[goal] if near_first else goals.far_metres[goal]
        to_other = goals.far_metres[goal] if near_first else goals.near_metres[goal]
        position = goals.position[goal]
        begin = school_ptr[edge]
        end = school_ptr[edge + 1]
        ahead = begin
        size = end - begin
        while size > 0:
            half = size // 2
            if starts.position[school_on[ahead + half]] < position:
                ahead += half + 1
                size -= half + 1
            else:
                size = half
        behind = ahead - 1
        i = 0
        # schools on the edge outwards, until the way along it is too long, then those known at its ends
        while i < 2 * slots:
            if ahead < end or behind >= begin:
                forth = back = np.inf
                if ahead < end:
                    forth = (starts.position[school_on[ahead]] - position) * ends.forward[edge]
                if behind >= begin:
                    back = (position - starts.position[school_on[behind]]) * ends.backward[edge]
                onward = ahead < end and (forth <= back or behind < begin)
                if min(forth, back) > values[row, k - 1] * 1.0000002:
                    ahead, behind = end, begin - 1
                    continue
                school = int(school_on[ahead] if onward else school_on[behind])
                total = direct(ends, starts, school, goals, goal)
                ahead += onward
                behind -= not onward
            elif i < slots:
                school = labels.school[one, i]
                total = labels.cost[one, i] + to_one
                i += 1
            else:
                school = labels.school[other, i - slots]
                total = labels.cost[other, i - slots] + to_other
                i += 1
            if school < 0 or total > values[row, k - 1] * 1.0000002:
                continue
            value = no_less(total, floor, goals.x[goal] - starts.x[school], goals.y[goal] - starts.y[school])
            if value > cutoff:
                continue
            place = k - 1
            for j in range(k):
                if chosen[row, j] == school:
                    place = j
                    break
            if chosen[row, place] == school:
                if value >= values[row, place]:
                    continue
            elif chosen[row, place] >= 0:
                kept = chosen[row, place]
                if value > values[row, place] or (value == values[row, place] and rank[school] > rank[kept]):
                    continue
            while place > 0:
                before = chosen[row, place - 1]
                leads = before >= 0 and (
                    values[row, place - 1] < value or (values[row, place - 1] == value and rank[before] < rank[school])
                )
                if leads:
                    break
                chosen[row, place] = before
                values[row, place] = values[row, place - 1]
                place -= 1
            chosen[row, place] = school
            values[row, place] = value
