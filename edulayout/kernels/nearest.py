"""The k nearest schools of every place, in one sweep of the streets from all schools at once.

A node takes part in the sweep only with its best schools (Okabe et al. 2008, doi:10.1080/13658810701587891, for
k = 1): a school that k others beat at a node beats them nowhere behind it. Schools that tie at the precision of a
stored cost are all kept, so that ties are broken by rank and not by rounding.
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


class Waiting(NamedTuple):
    """Entries of the queue; `state` holds how many were ever used, the first free one, how many wait, the bucket."""

    node: Int32Array
    school: Int32Array
    cost: FloatArray
    after: Int32Array
    head: Int32Array
    state: IntArray


@njit(cache=True, nogil=True)
def _offer(
    labels: Labels, waiting: Waiting, node: int, school: int, cost: float, k: int, slack: float, per_unit: float
) -> None:
    """Give a node another school, where it is among the k best or ties with them."""
    known = labels.school[node]
    costs = labels.cost[node]
    slots = len(known)
    if cost > costs[k - 1] + slack:
        return
    place = -1
    for i in range(slots):
        if known[i] == school:
            place = i
            break
    if place >= 0:
        if cost >= costs[place]:
            return
    else:
        place = slots - 1
        if known[place] >= 0:
            lost = max(cost, costs[place])
            labels.dropped[node] = min(labels.dropped[node], lost)
            if cost >= costs[place]:
                return
    while place > 0 and costs[place - 1] > cost:
        costs[place] = costs[place - 1]
        known[place] = known[place - 1]
        place -= 1
    costs[place] = cost
    known[place] = school
    state = waiting.state
    entry = state[1]
    if entry >= 0:
        state[1] = waiting.after[entry]
    else:
        entry = state[0]
        state[0] += 1
    slot = int(cost * per_unit) & (len(waiting.head) - 1)
    waiting.node[entry] = node
    waiting.school[entry] = school
    waiting.cost[entry] = cost
    waiting.after[entry] = waiting.head[slot]
    waiting.head[slot] = entry
    state[2] += 1


@njit(cache=True, nogil=True)
def _spread(arcs: Arcs, labels: Labels, waiting: Waiting, k: int, slack: float, limit: float, per_unit: float) -> bool:
    """Work until nothing waits (true) or there is no room for more entries (false)."""
    state, head, after = waiting.state, waiting.head, waiting.after
    mask = len(head) - 1
    while state[2] > 0:
        slot = state[3] & mask
        entry = head[slot]
        if entry < 0:
            state[3] += 1
            continue
        node = waiting.node[entry]
        first = arcs.indptr[node]
        last = arcs.indptr[node + 1]
        if state[2] + (last - first) > len(after):
            return False
        school = waiting.school[entry]
        cost = waiting.cost[entry]
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
            if there <= limit and there <= labels.cost[other, k - 1] + slack:
                _offer(labels, waiting, other, school, there, k, slack, per_unit)
    return True


@njit(cache=True, nogil=True)
def _roomier(waiting: Waiting) -> Waiting:
    size = len(waiting.node)
    node = np.empty(2 * size, np.int32)
    school = np.empty(2 * size, np.int32)
    cost = np.empty(2 * size, np.float64)
    after = np.empty(2 * size, np.int32)
    node[:size] = waiting.node
    school[:size] = waiting.school
    cost[:size] = waiting.cost
    after[:size] = waiting.after
    return Waiting(node, school, cost, after, waiting.head, waiting.state)


@njit(cache=True, nogil=True)
def label(
    arcs: Arcs, starts: Starts, k: int, slots: int, slack: float, limit: float, buckets: int, per_unit: float
) -> tuple[Labels, bool]:
    """Label every node with its best schools; also tell whether every one that ties within `slack` has its place.

    All starts wait from the beginning: the ring of buckets is as wide as the longest arc and the farthest start.
    O(k · nodes within the limit).
    """
    nodes = len(arcs.indptr) - 1
    labels = Labels(
        np.full((nodes, slots), -1, dtype=np.int32), np.full((nodes, slots), np.inf), np.full(nodes, np.inf)
    )
    size = max(1024, 4 * len(starts.edge))
    waiting = Waiting(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.float64),
        np.empty(size, np.int32),
        np.full(buckets, -1, dtype=np.int32),
        np.array([0, -1, 0, 0], dtype=np.int64),
    )
    lowest = np.inf
    for row in range(len(starts.edge)):
        if starts.edge[row] >= 0:
            for side in range(2):
                cost = starts.far_metres[row] if side else starts.near_metres[row]
                if cost <= limit:
                    lowest = min(lowest, cost)
                    node = starts.far[row] if side else starts.near[row]
                    _offer(labels, waiting, node, row, cost, k, slack, per_unit)
    if lowest < np.inf:
        waiting.state[3] = int(lowest * per_unit)
    while not _spread(arcs, labels, waiting, k, slack, limit, per_unit):
        waiting = _roomier(waiting)
    complete = True
    for node in range(nodes):
        if labels.dropped[node] < np.inf and labels.dropped[node] <= labels.cost[node, k - 1] + slack:
            complete = False
    return labels, complete


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

    `school_on[school_ptr[e]:school_ptr[e + 1]]` are the schools on edge e; equal costs go by `rank`.
    """
    k = chosen.shape[1]
    slots = labels.school.shape[1]
    for goal in range(first, last):
        edge = goal_edge[goal]
        row = goals.number[goal]
        near = ends.near[edge]
        far = ends.far[edge]
        own = school_ptr[edge + 1] - school_ptr[edge]
        for i in range(2 * slots + own):
            if i >= 2 * slots:
                school = school_on[school_ptr[edge] + i - 2 * slots]
                total = direct(ends, starts, school, goals, goal)
            elif i < slots:
                school = labels.school[near, i]
                total = labels.cost[near, i] + goals.near_metres[goal]
            else:
                school = labels.school[far, i - slots]
                total = labels.cost[far, i - slots] + goals.far_metres[goal]
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
