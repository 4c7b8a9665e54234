"""Compiled search for sites of which no two are near: take one, or leave it, and count cliques of what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, IntArray

FOUND, REFUSED, UNKNOWN = 1, 0, -1


@njit(cache=True, nogil=True)
def _cliques(close: BoolArray, free: BoolArray, clique: IntArray) -> int:
    """Put every free site into the first clique that it is near throughout; return how many cliques there are."""
    count = 0
    for k in range(len(free)):
        clique[k] = -1
        if not free[k]:
            continue
        for c in range(count):
            fits = True
            for other in range(k):
                if clique[other] == c and not close[k, other]:
                    fits = False
                    break
            if fits:
                clique[k] = c
                break
        if clique[k] < 0:
            clique[k] = count
            count += 1
    return count


@njit(cache=True, nogil=True)
def _possible(close: BoolArray, free: BoolArray, group: IntArray, left: IntArray, clique: IntArray) -> bool:
    """Return whether the free sites may suffice: as many in every group, and as many cliques as are wanted in all."""
    there = np.zeros(len(left), np.int64)
    for k in range(len(free)):
        there[group[k]] += free[k]
    return bool((there >= left).all()) and _cliques(close, free, clique) >= left.sum()


@njit(cache=True, nogil=True)
def spread(close: BoolArray, group: IntArray, quota: IntArray, most: int, chosen: BoolArray) -> tuple[int, int]:
    """Choose `quota[g]` sites of each group of which no two are close; return the answer and the cases looked at.

    `close` is symmetric and false on the diagonal. A clique holds one site at most (the bound of a colouring, Tomita
    and Seki 2003); a case is one site taken or left. `UNKNOWN` where `most` cases were not enough.
    """
    sites = len(group)
    total = int(quota.sum())
    free = np.zeros((sites + 1, sites), np.bool_)
    picked, stage = np.full(sites + 1, -1, np.int64), np.zeros(sites + 1, np.int64)
    clique, left = np.empty(sites, np.int64), quota.copy()
    chosen[:] = False
    for k in range(sites):
        free[0, k] = left[group[k]] > 0
    depth, cases = 0, 0
    while depth >= 0:
        if stage[depth] == 0:
            cases += 1
            if total == chosen.sum():
                return FOUND, cases
            if cases > most:
                return UNKNOWN, cases
            if not _possible(close, free[depth], group, left, clique):
                depth -= 1
                continue
            # The site that is near fewest others leaves most of them possible.
            pick, least = -1, sites
            for k in range(sites):
                if free[depth, k]:
                    near = 0
                    for other in range(sites):
                        near += close[k, other] and free[depth, other]
                    if near < least:
                        pick, least = k, near
            picked[depth], stage[depth], stage[depth + 1] = pick, 1, 0
            chosen[pick] = True
            left[group[pick]] -= 1
            for k in range(sites):
                free[depth + 1, k] = free[depth, k] and k != pick and not close[pick, k] and left[group[k]] > 0
            depth += 1
        elif stage[depth] == 1:
            pick = picked[depth]
            chosen[pick] = False
            left[group[pick]] += 1
            stage[depth], stage[depth + 1] = 2, 0
            free[depth + 1] = free[depth]
            free[depth + 1, pick] = False
            depth += 1
        else:
            depth -= 1
    return REFUSED, cases
