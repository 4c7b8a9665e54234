"""From a question to flows: the least total by prices, or the nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.assignment.question import Arcs
from edulayout.kernels import transport as kernels

if TYPE_CHECKING:
    from edulayout.assignment.question import Question
    from edulayout.typing import FloatArray, IntArray

_STRIDES = (512, 64, 8)
_HALF = 31


class Optimum(NamedTuple):
    """The cheapest flow of every arc in units, and what one more seat of each column saves, in grains.

    A saving counts `Question.outside` for a pupil who gets a seat; see `two_parts`.
    """

    flow: IntArray
    price: IntArray


class Value(NamedTuple):
    """Units without a seat, and unit-grains of those with one; both exact."""

    unseated: int
    charge: int


class Plan(NamedTuple):
    """A flow, what no plan can be below, and how both were found."""

    flow: IntArray
    bound: Value
    method: str


def optimum(question: Question) -> Optimum:
    """Solve for every 512th, 64th and 8th row first: their prices start the next search close to its end.

    Complexity: O(arcs) for each start, and about O(edges log schools) for each path; the paths are at most the units,
    in practice a few for every hundred rows.
    """
    price = np.zeros(len(question.capacity) + 1, dtype=np.int64)
    rows = len(question.supply)
    for stride in _STRIDES:
        if rows // stride >= len(question.capacity) // 2:
            _solve(*_sample(question, stride), price)
    return _solve(question.arcs, question.supply, question.capacity, price)


def _solve(arcs: Arcs, supply: IntArray, capacity: IntArray, price: IntArray) -> Optimum:
    """Solve from some prices, which are replaced by those found."""
    seats = np.zeros(len(capacity), dtype=np.int64)
    flow, _ = kernels.transport(*arcs, supply, capacity, price, seats)
    price[:-1], price[-1] = seats, 0
    return Optimum(flow, seats)


def _sample(question: Question, stride: int) -> tuple[Arcs, IntArray, IntArray]:
    """Return every so-many-th row, and as large a share of the seats."""
    rows = np.arange(stride // 2, len(question.supply), stride)
    ptr, column, cost = question.arcs
    widths = ptr[rows + 1] - ptr[rows]
    sampled = np.append(np.int64(0), np.cumsum(widths))
    arcs = np.arange(sampled[-1]) + np.repeat(ptr[rows] - sampled[:-1], widths)
    supply = question.supply[rows]
    share = supply.sum() / max(int(question.supply.sum()), 1)
    return Arcs(sampled, column[arcs], cost[arcs]), supply, np.rint(question.capacity * share).astype(np.int64)


def nearest_first(question: Question) -> IntArray:
    """Return the units of every arc when pairs are served from the nearest, ties by the more distant alternative."""
    ptr, column, cost = question.arcs
    row, charge = question.rows, cost.astype(np.float64)
    real = column < len(question.school_ids)
    order = np.lexsort((column, row, -_alternative(question, charge), charge))
    flow = np.zeros(len(column), dtype=np.int64)
    kernels.serve(order[real[order]], row, column, question.supply.copy(), question.capacity.copy(),
                  question.terms.split, flow)  # fmt: skip
    flow[ptr[1:] - 1] = question.supply - np.add.reduceat(flow, ptr[:-1])
    return flow


def _alternative(question: Question, charge: FloatArray) -> FloatArray:
    """Return for every arc what its row's cheapest other arc costs; outside is the most distant of all."""
    ptr, rows = question.arcs.ptr, question.rows
    least = np.minimum.reduceat(charge, ptr[:-1])
    first = np.full(len(least), -1, dtype=np.int64)
    hits = np.flatnonzero(charge == least[rows])[::-1]
    first[rows[hits]] = hits
    rest = charge.copy()
    rest[first] = np.inf
    second = np.minimum.reduceat(rest, ptr[:-1])
    other = least[rows]
    other[first] = second
    return other


def value(question: Question, flow: IntArray) -> Value:
    """Return what a flow leaves without a seat and what it costs, fixed pairs included."""
    outside = question.arcs.column == len(question.school_ids)
    reserved = exact_dot(question.reserved.units, question.reserved.charge)
    inside = exact_dot(np.where(outside, 0, flow), np.where(outside, 0, question.arcs.cost))
    return Value(int(flow[outside].sum()), inside + reserved)


def bound(question: Question, price: IntArray) -> Value:
    """Return what prices prove: no plan leaves fewer out, and none that leaves as few out costs less.

    The weak duality of transport: every row takes its cheapest arc at these prices, less what the seats are worth.
    """
    ptr, column, cost = question.arcs
    cheapest = np.minimum.reduceat(cost + price[column], ptr[:-1])
    pupils, grains = two_parts(cheapest, question.outside)
    seat_pupils, seat_grains = two_parts(price[:-1], question.outside)
    seats = question.capacity[:-1]
    reserved = exact_dot(question.reserved.units, question.reserved.charge)
    return Value(
        exact_dot(question.supply, pupils) - exact_dot(seats, seat_pupils),
        exact_dot(question.supply, grains) - exact_dot(seats, seat_grains) + reserved,
    )


def two_parts(price: IntArray, outside: int) -> tuple[IntArray, IntArray]:
    """Split prices into pupils (0 or 1, charged `outside`) and grains, which are less than half of that.

    Examples
    --------
    >>> import numpy as np
    >>> two_parts(np.array([7, 998]), 1000)
    (array([0, 1]), array([ 7, -2]))
    """
    pupils = (price + outside // 2) // outside
    return pupils, price - pupils * outside


def exact_dot(units: IntArray, grains: IntArray) -> int:
    """Return the sum of products as a Python integer: it may leave int64, its halves may not.

    Examples
    --------
    >>> import numpy as np
    >>> exact_dot(np.array([2**30, 1]), np.array([2**58, -5])) == 2**88 - 5
    True
    """
    high, low = grains >> _HALF, grains & ((1 << _HALF) - 1)
    return (int(units @ high) << _HALF) + int(units @ low)
