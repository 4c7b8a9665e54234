"""Compiled search for small covers: a column goes, another comes, and rows that stay unserved weigh more and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from edulayout.kernels.siting import draw

if TYPE_CHECKING:
    import numpy.typing as npt

    from edulayout.typing import BoolArray, Int32Array, IntArray

    WordArray = npt.NDArray[np.uint64]


@njit(cache=True, nogil=True)
def _turn(
    ptr: IntArray,
    column: Int32Array,
    column_ptr: IntArray,
    column_row: Int32Array,
    weight: IntArray,
    served: IntArray,
    score: IntArray,
    opened: BoolArray,
    missing: IntArray,
    place: IntArray,
    count: int,
    pick: int,
) -> int:
    """Open a column that is closed, or close it; return how many rows are then unserved.

    `score` is the weight of the unserved rows that a closed column would serve, and less than nothing for an open one:
    the weight of the rows that it alone serves. `missing[:count]` lists the unserved rows, `place` where they stand.
    """
    opening = not opened[pick]
    opened[pick] = opening
    score[pick] = -score[pick]
    for arc in range(column_ptr[pick], column_ptr[pick + 1]):
        row = column_row[arc]
        before = served[row]
        served[row] += 1 if opening else -1
        after = served[row]
        if before == 0:
            count -= 1
            missing[place[row]], place[missing[count]] = missing[count], place[row]
        if after == 0:
            missing[count], place[row] = row, count
            count += 1
        if before == 0 or after == 0:
            change = -weight[row] if opening else weight[row]
            for other in range(ptr[row], ptr[row + 1]):
                if column[other] != pick:
                    score[column[other]] += change
        elif min(before, after) == 1:
            # One other column serves it: no longer alone, or alone from here on.
            for other in range(ptr[row], ptr[row + 1]):
                j = column[other]
                if j != pick and opened[j]:
                    score[j] += weight[row] if opening else -weight[row]
                    break
    return count


@njit(cache=True, nogil=True)
def _weakest(score: IntArray, since: IntArray, chosen: IntArray, size: int, barred: int) -> int:
    """Return the place of the open column that serves least alone, of the one longest unchanged among equals."""
    best = -1
    for k in range(size):
        j = chosen[k]
        if j == barred:
            continue
        if best < 0 or (score[j], -since[j], -j) > (score[chosen[best]], -since[chosen[best]], -chosen[best]):
            best = k
    return best


@njit(cache=True, nogil=True)
def thin(
    ptr: IntArray,
    column: Int32Array,
    column_ptr: IntArray,
    column_row: Int32Array,
    start: IntArray,
    enough: int,
    steps: int,
    state: WordArray,
) -> IntArray:
    """Return the smallest cover met in so many exchanges, none where none was met; end at `enough` columns.

    From the columns of `start` on: while every row is served the least useful column goes; then, at each step, one goes
    and one comes that serves a row drawn from the unserved, whose weights all rise by one (Gao, Weise and Li 2015,
    doi:10.1016/j.ejor.2015.05.038). `state` is the one word of the random numbers.
    """
    rows, columns = len(ptr) - 1, len(column_ptr) - 1
    weight, served = np.ones(rows, np.int64), np.zeros(rows, np.int64)
    score, since = np.diff(column_ptr), np.zeros(columns, np.int64)
    opened, missing, place = np.zeros(columns, np.bool_), np.arange(rows), np.arange(rows)
    chosen, size, count, barred = np.empty(columns, np.int64), 0, rows, -1
    best = np.empty(0, np.int64)
    for j in start:
        count = _turn(
            ptr, column, column_ptr, column_row, weight, served, score, opened, missing, place, count, j
        )  # fmt: skip
        chosen[size] = j
        size += 1
    for step in range(1, steps + 1):
        while count == 0:
            best = np.flatnonzero(opened)
            if size <= enough:
                return best
            at = _weakest(score, since, chosen, size, -1)
            count = _turn(
                ptr, column, column_ptr, column_row, weight, served, score, opened, missing, place, count, chosen[at]
            )  # fmt: skip
            size -= 1
            chosen[at] = chosen[size]
        at = _weakest(score, since, chosen, size, barred)
        if at < 0:
            break
        gone = chosen[at]
        count = _turn(
            ptr, column, column_ptr, column_row, weight, served, score, opened, missing, place, count, gone
        )  # fmt: skip
        since[gone] = step
        row, pick = missing[draw(state, count)], -1
        for arc in range(ptr[row], ptr[row + 1]):
            j = column[arc]
            if j != gone and (
                pick < 0 or score[j] > score[pick] or (score[j] == score[pick] and since[j] < since[pick])
            ):
                pick = j
        pick = gone if pick < 0 else pick
        count = _turn(
            ptr, column, column_ptr, column_row, weight, served, score, opened, missing, place, count, pick
        )  # fmt: skip
        chosen[at], since[pick], barred = pick, step, pick
        for k in range(count):
            weight[missing[k]] += 1
            for arc in range(ptr[missing[k]], ptr[missing[k] + 1]):
                score[column[arc]] += 1
    return best
