"""Compiled passes over the rows of travel costs: fold them into the siting core, and account for a choice.

Arguments that all passes share: `indptr, indices, level` are the CSR arrays of the costs, where `level` decides: an arc
counts where its level is at most `limit`, and is charged its level, or nothing where `flat`. `site` says of every
column what it is: ≥ 0 a candidate that may be opened (by that number), `KEPT` open anyway, `SHUT` a candidate of a
group that opens none, `OUTSIDE` no part of the question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    import numpy.typing as npt

    from edulayout.typing import BoolArray, Float32Array, FloatArray, Int32Array, IntArray

    WordArray = npt.NDArray[np.uint64]

KEPT, SHUT, OUTSIDE = -1, -2, -3
_GRAIN = 1024.0


@njit(cache=True, nogil=True)
def _mixed(word: np.uint64) -> np.uint64:
    """Return a well-mixed word (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.uint64(word ^ (word >> np.uint64(31)))


@njit(cache=True, nogil=True)
def _common(grain: int, number: float) -> int:
    """Return the greatest step, in 1/1024, that the numbers so far and this one are multiples of; -1 for none."""
    scaled = abs(number) * _GRAIN
    if grain < 0 or scaled >= 2.0**53 or scaled != np.rint(scaled):
        return -1
    one, other = np.int64(grain), np.int64(scaled)
    while other:
        one, other = other, one % other
    return int(one)


@njit(cache=True, nogil=True)
def fold(
    indptr: IntArray,
    indices: Int32Array,
    level: Float32Array,
    limit: float,
    flat: bool,  # noqa: FBT001 - compiled functions take no named arguments
    site: IntArray,
    weights: FloatArray,
    outside: float,
    reached: BoolArray,
    cap: FloatArray,
    count: IntArray,
    prints: WordArray,
) -> float:
    """Note of every row: is it reached, its cost without new sites, its arcs below that, and a fingerprint of them.

    Returns the largest step that every weighted cost is a multiple of, 0.0 where 1/1024 is none.
    """
    grain = 0
    short, long = np.empty(1, np.float32), np.empty(1, np.float64)
    short_bits, long_bits = short.view(np.uint32), long.view(np.uint64)
    for row in range(len(weights)):
        least, any_site = outside, False
        for arc in range(indptr[row], indptr[row + 1]):
            what = site[indices[arc]]
            if what == OUTSIDE or level[arc] > limit:
                continue
            any_site = True
            if what == KEPT:
                least = min(least, 0.0 if flat else np.float64(level[arc]))
        reached[row], cap[row], count[row] = any_site, least if any_site else 0.0, 0
        long[0] = cap[row]
        mark = _mixed(long_bits[0])
        for arc in range(indptr[row], indptr[row + 1]):
            what = site[indices[arc]]
            charge = 0.0 if flat else np.float64(level[arc])
            if what < 0 or level[arc] > limit or charge >= cap[row] or weights[row] <= 0.0:
                continue
            count[row] += 1
            if grain >= 0 and charge > 0.0:
                grain = _common(grain, weights[row] * charge)
            short[0] = np.float32(charge)
            mark += _mixed(_mixed(np.uint64(what + 1)) ^ np.uint64(short_bits[0]))
        prints[row] = mark
        if grain >= 0:
            grain = _common(grain, weights[row] * cap[row])
    return max(grain, 0) / _GRAIN


@njit(cache=True, nogil=True)
def _next(
    indices: Int32Array,
    level: Float32Array,
    limit: float,
    flat: bool,  # noqa: FBT001 - as fold
    site: IntArray,
    cap: float,
    arc: int,
    end: int,
) -> int:
    """Return the next arc, from this one on, that the core keeps."""
    while arc < end and (
        site[indices[arc]] < 0 or level[arc] > limit or (0.0 if flat else np.float64(level[arc])) >= cap
    ):
        arc += 1
    return arc


@njit(cache=True, nogil=True)
def same_as_previous(
    indptr: IntArray,
    indices: Int32Array,
    level: Float32Array,
    limit: float,
    flat: bool,  # noqa: FBT001 - as fold
    site: IntArray,
    cap: FloatArray,
    count: IntArray,
    prints: WordArray,
    order: IntArray,
    same: BoolArray,
) -> None:
    """Mark in an order of fingerprints the rows whose arcs are those of the row before; a fingerprint only hints."""
    for k in range(1, len(order)):
        one, other = order[k - 1], order[k]
        same[k] = prints[one] == prints[other] and count[one] == count[other] and cap[one] == cap[other]
        if not same[k]:
            continue
        left, right = indptr[one], indptr[other]
        for _ in range(count[one]):
            left = _next(indices, level, limit, flat, site, cap[one], left, indptr[one + 1])
            right = _next(indices, level, limit, flat, site, cap[other], right, indptr[other + 1])
            if indices[left] != indices[right] or (not flat and level[left] != level[right]):
                same[k] = False
                break
            left, right = left + 1, right + 1


@njit(cache=True, nogil=True)
def emit(
    indptr: IntArray,
    indices: Int32Array,
    level: Float32Array,
    limit: float,
    flat: bool,  # noqa: FBT001 - as fold
    site: IntArray,
    cap: FloatArray,
    rows: IntArray,
    weight: FloatArray,
    ptr: IntArray,
    column: Int32Array,
    cost: FloatArray,
) -> None:
    """Write the arcs of some rows, ascending by cost, then by column."""
    width = 0
    for k in range(len(rows)):
        width = max(width, ptr[k + 1] - ptr[k])
    keys = np.empty(width, np.uint64)
    one = np.empty(1, np.float32)
    bits = one.view(np.uint32)
    for k in range(len(rows)):
        row, size = rows[k], ptr[k + 1] - ptr[k]
        arc = indptr[row]
        for n in range(size):
            arc = _next(indices, level, limit, flat, site, cap[row], arc, indptr[row + 1])
            one[0] = np.float32(0.0) if flat else level[arc]
            keys[n] = (np.uint64(bits[0]) << np.uint64(32)) | np.uint64(site[indices[arc]])
            arc += 1
        keys[:size].sort()
        for n in range(size):
            at = ptr[k] + n
            bits[0] = np.uint32(keys[n] >> np.uint64(32))
            column[at] = np.int32(keys[n] & np.uint64(0xFFFFFFFF))
            cost[at] = weight[k] * np.float64(one[0])


@njit(cache=True, nogil=True)
def nearest_open(
    indptr: IntArray,
    indices: Int32Array,
    level: Float32Array,
    limit: float,
    rank: IntArray,
    least: FloatArray,
    which: IntArray,
) -> None:
    """Find of every row the open column of least level, and among equals of least rank; -1 and infinity for none.

    `rank` is -1 for a column that is not open.
    """
    for row in range(len(least)):
        least[row], which[row] = np.inf, -1
        for arc in range(indptr[row], indptr[row + 1]):
            own = rank[indices[arc]]
            if own < 0 or level[arc] > limit:
                continue
            if level[arc] < least[row] or (level[arc] == least[row] and own < which[row]):
                least[row], which[row] = np.float64(level[arc]), own


@njit(cache=True, nogil=True)
def scores(
    indptr: IntArray,
    indices: Int32Array,
    level: Float32Array,
    limit: float,
    flat: bool,  # noqa: FBT001 - as fold
    site: IntArray,
    weights: FloatArray,
    price: FloatArray,
    score: FloatArray,
) -> None:
    """Sum for every candidate what its opening saves at these prices: weight × (price - charge), where positive."""
    score[:] = 0.0
    for row in range(len(weights)):
        if weights[row] <= 0.0 or price[row] <= 0.0:
            continue
        for arc in range(indptr[row], indptr[row + 1]):
            what = site[indices[arc]]
            if what >= 0 and level[arc] <= limit:
                charge = 0.0 if flat else np.float64(level[arc])
                score[what] += weights[row] * max(price[row] - charge, 0.0)


@njit(cache=True, nogil=True)
def grain(
    indptr: IntArray,
    indices: Int32Array,
    level: Float32Array,
    limit: float,
    flat: bool,  # noqa: FBT001 - as fold
    site: IntArray,
    weights: FloatArray,
    cap: FloatArray,
) -> float:
    """Return the largest step that all weighted caps and all weighted charges below them are multiples of, or 0.0."""
    step = 0
    for row in range(len(weights)):
        step = _common(step, weights[row] * cap[row])
        for arc in range(indptr[row], indptr[row + 1]):
            if step < 0:
                return 0.0
            if not flat and site[indices[arc]] >= 0 and level[arc] <= limit and level[arc] < cap[row]:
                step = _common(step, weights[row] * np.float64(level[arc]))
    return max(step, 0) / _GRAIN
