"""What no plan can be below: exact prices of seats, and cuts that charge for the way of a zone to its blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edulayout.kernels.transport import transport
from edulayout.kernels.zone_bounds import ascend, cut

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, Int32Array
    from edulayout.zones.question import Question

_STEPS = 4000
_MORE_STEPS = 300
_NOTHING = 1e-10
_FINE = 2.0**-22
_UNITS = 2.0**-10
_SMALL = 1e-9
_REPRICED = 1e-6
_CUT_STEPS = 60
"""Steps that a round of cuts may take, for each block."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A lower bound and what proves it.

    Parameters
    ----------
    allowed
        What blocks cost with schools, infinity where this relaxation forbids it.
    cost
        The same with the multipliers of the cuts moved around.
    price, tilt
        Multipliers of seats and of the imbalance.
    bound
        What is proven; infinity where there is no plan.
    """

    allowed: FloatArray
    cost: FloatArray
    price: FloatArray
    tilt: FloatArray
    bound: float

    def priced(self, question: Question) -> FloatArray:
        """Return what blocks cost with schools in the relaxation, seats included."""
        return _priced(question, self.cost, self.price, self.tilt)

    def useful(self, question: Question, most: float) -> BoolArray:
        """Return the pairs that a plan of at most this cost can hold, by their reduced cost."""
        priced = self.priced(question)
        least = priced.min(axis=1)
        proven = float(least.sum() - (self.price * question.limit).sum())
        few: BoolArray = np.isfinite(self.allowed) & (priced - least[:, None] <= most - proven + 1e-10 * abs(most))
        return few


def price_seats(question: Question) -> Relaxation:
    """Return what the prices of seats alone prove."""
    none = np.zeros(len(question.limit))
    price, tilt = _prices(question, question.cost, none, none.copy(), _STEPS)
    proven = _proven(question, question.cost, price, tilt)
    return Relaxation(question.cost, question.cost, price, tilt, max(proven, 0.0) if proven > -_NOTHING else proven)


def relax(question: Question, allowed: FloatArray, start: Relaxation, *, rounds: int = 1) -> Relaxation:
    """Return the bound over some pairs; the start, over at least these pairs, lends its prices and cuts."""
    cost = np.where(np.isfinite(allowed), start.cost, np.inf)
    price, tilt, bound = start.price, start.tilt, start.bound
    if not np.isfinite(cost).any(axis=1).all():
        return Relaxation(allowed, cost, price, tilt, math.inf)
    for _ in range(rounds):
        price, tilt = _prices(question, cost, price, tilt, _MORE_STEPS)
        proven = _proven(question, cost, price, tilt)
        raised = _cut(question, cost, price, tilt, proven)
        gain, bound = proven + raised - bound, max(bound, proven + raised)
        if not math.isfinite(bound) or raised <= _REPRICED * abs(bound) or gain <= _REPRICED * abs(bound):
            break
    return Relaxation(allowed, cost, price, tilt, bound)


def _priced(question: Question, cost: FloatArray, price: FloatArray, tilt: FloatArray) -> FloatArray:
    priced: FloatArray = cost + question.pupils[:, None] * price
    if question.balance_cost > 0:
        priced += question.deviation[:, None] * tilt
    return priced


def _proven(question: Question, cost: FloatArray, price: FloatArray, tilt: FloatArray) -> float:
    least = _priced(question, cost, price, tilt).min(axis=1)
    return float(least.sum() - (price * question.limit).sum())


def _prices(
    question: Question, cost: FloatArray, price: FloatArray, tilt: FloatArray, steps: int
) -> tuple[FloatArray, FloatArray]:
    """Return the best prices: those of the exact transport of pupils, or by ascent where balance is charged."""
    if question.balance_cost > 0:
        price, tilt = price.copy(), tilt.copy()
        ascend(cost, question.pupils, question.deviation, question.limit, question.balance_cost, steps, price, tilt)
        return price, tilt
    found = _transported(question, cost, price)
    # Whole units round the prices: where those from before prove more, they stay.
    better = _proven(question, cost, found, tilt) >= _proven(question, cost, price, tilt)
    return (found if better else price), tilt


def _transported(question: Question, cost: FloatArray, start: FloatArray) -> FloatArray:
    """Return the seat prices of the transport in which blocks may be split and a last column holds the overflow."""
    rows, m = np.flatnonzero(question.pupils > 0), len(question.limit)
    each = cost[rows] / question.pupils[rows][:, None]
    each -= each.min(axis=1, initial=np.inf)[:, None]
    known = np.isfinite(each)
    most = float(each[known].max(initial=0.0))
    grain = max(most * _FINE, 1e-12)
    outside = 2 * (m + 2) * (2 + int(most / grain))
    arcs = np.full((len(rows), m + 1), 2 * outside, dtype=np.int64)
    arcs[:, :m][known] = np.rint(each[known] / grain).astype(np.int64)
    arcs[:, m] = outside
    supply = np.rint(question.pupils[rows] / _UNITS).astype(np.int64)
    room = np.floor(np.minimum(question.limit, question.pupils.sum() + 1) / _UNITS).astype(np.int64)
    capacity = np.append(room, supply.sum())
    price, seats = np.zeros(m + 2, dtype=np.int64), np.zeros(m + 1, dtype=np.int64)
    price[:m] = np.minimum(np.rint(start / grain), outside).astype(np.int64)
    ptr = np.arange(len(rows) + 1, dtype=np.int64) * (m + 1)
    column: Int32Array = np.tile(np.arange(m + 1, dtype=np.int32), len(rows))
    transport(ptr, column, arcs.ravel(), supply, capacity, price, seats)
    found: FloatArray = seats[:m].astype(np.float64) * grain
    return found


def _cut(question: Question, cost: FloatArray, price: FloatArray, tilt: FloatArray, proven: float) -> float:
    """Raise the bound by cuts, those first whose blocks would lose most with another school."""
    priced = _priced(question, cost, price, tilt)
    regret = priced - priced.min(axis=1)[:, None]
    small = _SMALL * abs(proven) / max(len(regret), 1)
    second = np.partition(regret, min(1, regret.shape[1] - 1), axis=1)[:, min(1, regret.shape[1] - 1)]
    order = np.argsort(-second, kind="stable").astype(np.int64)
    effort = _CUT_STEPS * len(regret)
    return float(cut(question.ptr, question.neighbour, question.home, order, cost, regret, small, effort))
