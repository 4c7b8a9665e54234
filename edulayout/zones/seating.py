"""Are there seats enough where the pupils may go? If not: which blocks, which schools, how many are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from edulayout.errors import Fault, InfeasibleError, shown
from edulayout.zones.question import SPARE

if TYPE_CHECKING:
    from edulayout.typing import BoolArray
    from edulayout.zones.question import Question

_GRAIN = 1000.0
_ROOM = 2.0e9


def require_seats(question: Question) -> None:
    """Refuse a question in which some blocks have more pupils than all schools open to them have seats.

    The blocks are found by a maximum flow in which blocks may be split, so that what it refuses is impossible for
    whole blocks too (Hall's condition).

    Raises
    ------
    InfeasibleError
        With those blocks, those schools, the seats missing, and the tolerance from which on they would do; before
        that, with the blocks that have more pupils than any school that they may go to may take.
    """
    _require_blocks(question)
    if question.allowed.all():
        blocks, schools = np.ones(len(question.pupils), np.bool_), np.ones(len(question.limit), np.bool_)
        if question.pupils.sum() <= question.limit.sum() * (1 + 1e-12):
            return
    else:
        blocks, schools = _crowded(question)
        if not blocks.any():
            return
    raise InfeasibleError(_shortage(question, blocks, schools))


def _require_blocks(question: Question) -> None:
    most = np.where(question.allowed, question.limit, -np.inf).max(axis=1)
    lost: BoolArray = np.asarray(question.pupils > most + SPARE)
    if not lost.any():
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        seats = np.where(question.allowed, question.seats, 0.0).max(axis=1)[lost]
        needed = (question.pupils[lost] / seats - 1.0).max()
    standing = question.root[lost]
    within = shown(list(question.school_ids[standing[standing >= 0]]))
    where = f" (the schools {within} stand in such blocks, which are theirs)" if (standing >= 0).any() else ""
    tolerance = f", or a tolerance of at least {np.ceil(1e4 * needed) / 1e4:.4f}" if np.isfinite(needed) else ""
    raise InfeasibleError(
        Fault(
            "zones: seats",
            f"{int(lost.sum())} blocks with more pupils each than any school they may go to may take{where}",
            "no block larger than a school: a block goes to one school whole",
            f"split these blocks{tolerance}",
            tuple(question.demand_ids[lost]),
        )
    )


def _shortage(question: Question, blocks: BoolArray, schools: BoolArray) -> Fault:
    pupils, seats = question.pupils[blocks].sum(), question.seats[schools].sum()
    missing = pupils - question.limit[schools].sum()
    names = shown(list(question.school_ids[schools]))
    tolerance = f"or a tolerance of at least {np.ceil(1e4 * (pupils / seats - 1)) / 1e4:.4f}" if seats > 0 else ""
    return Fault(
        "zones: seats",
        f"{int(blocks.sum())} blocks with {pupils:,.10g} pupils can only go to {names}, which may take "
        f"{question.limit[schools].sum():,.10g}: {missing:,.10g} seats are missing",
        "seats for all pupils among the schools they may go to",
        f"{np.ceil(missing):,.0f} more seats there {tolerance}; or let these blocks go farther",
        tuple(question.demand_ids[blocks]),
    )


def _crowded(question: Question) -> tuple[BoolArray, BoolArray]:
    """Return the blocks of the tightest cut and the schools open to them; none where all pupils fit."""
    grain = min(_GRAIN, _ROOM / max(question.pupils.sum(), question.limit.max(initial=0.0), 1.0))
    # Pupils are rounded down and seats up, so that rounding refuses nobody.
    give = np.floor(question.pupils * grain).astype(np.int32)
    take = np.ceil(np.minimum(question.limit, question.pupils.sum() + 1) * grain).astype(np.int32)
    n, m = question.cost.shape
    rows, columns = np.nonzero(question.allowed)
    starts = np.r_[np.full(n, n + m), rows, n + np.arange(m)]
    ends = np.r_[np.arange(n), n + columns, np.full(m, n + m + 1)]
    room = np.r_[give, give[rows], take]
    graph = csr_array((room, (starts, ends)), shape=(n + m + 2, n + m + 2), dtype=np.int32)
    found = maximum_flow(graph, n + m, n + m + 1)
    blocks, schools = np.zeros(n, np.bool_), np.zeros(m, np.bool_)
    if found.flow_value < int(give.sum()):
        left = graph - found.flow
        left.eliminate_zeros()
        behind = breadth_first_order(left, n + m, return_predecessors=False)
        blocks[behind[behind < n]] = True
        schools[behind[(behind >= n) & (behind < n + m)] - n] = True
    return blocks, schools
