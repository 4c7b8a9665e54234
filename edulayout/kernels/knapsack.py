"""Compiled loops of siting with seats and undivided rows: a knapsack for every site, prices for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray

NEVER = 1e300


@njit(cache=True, nogil=True)
def _pack(
    gain: FloatArray, load: IntArray, seats: int, best: FloatArray, kept: BoolArray, take: BoolArray
) -> float:  # fmt: skip
    """Return the largest gain that fits into the seats, and which rows it takes (dynamic programme)."""
    for q in range(seats + 1):
        best[q] = 0.0
    for i in range(len(gain)):
        take[i] = False
        if gain[i] <= 0.0 or load[i] > seats:
            continue
        for q in range(seats, load[i] - 1, -1):
            other = best[q - load[i]] + gain[i]
            kept[i, q] = other > best[q]
            best[q] = max(best[q], other)
        for q in range(min(load[i], seats + 1)):
            kept[i, q] = False
    left = seats
    for i in range(len(gain) - 1, -1, -1):
        if gain[i] > 0.0 and load[i] <= seats and kept[i, left]:
            take[i] = True
            left -= load[i]
    return float(best[seats])


@njit(cache=True, nogil=True)
def _pick(value: FloatArray, group: IntArray, quota: IntArray, state: AnyArray, chosen: BoolArray) -> None:
    """Open what is fixed open, and in each group the best free sites up to its quota."""
    left = quota.copy()
    for j in range(len(value)):
        chosen[j] = state[j] == 1
        if chosen[j]:
            left[group[j]] -= 1
    for j in np.argsort(-value, kind="mergesort"):
        if state[j] == 0 and left[group[j]] > 0:
            chosen[j] = True
            left[group[j]] -= 1


@njit(cache=True, nogil=True)
def ascend(
    cost: FloatArray, load: IntArray, seats: IntArray, group: IntArray, quota: IntArray, state: AnyArray,
    goal: float, steps: int, theta: float, patience: int, price: FloatArray, value: FloatArray,
    chosen: BoolArray, share: FloatArray,
) -> float:  # fmt: skip
    """Raise the bound by steps along the subgradient; return the best bound.

    The rule that every row has one site is priced; what is left is a knapsack for every site, and the best sites of
    every group. `price` comes in as the start and goes out as the best; `value` and `chosen` belong to it; `share` is
    the smoothed solution, rows × sites.
    """
    rows, sites = cost.shape
    most = int(seats.max())
    table, kept = np.zeros(most + 1), np.zeros((rows, most + 1), np.bool_)
    take, gain, way = np.zeros((sites, rows), np.bool_), np.zeros(rows), np.zeros(rows)
    here, now, picked = price.copy(), np.zeros(sites), np.zeros(sites, np.bool_)
    best, idle = -NEVER, 0
    for _ in range(steps):
        for j in range(sites):
            now[j] = -NEVER
            if state[j] >= 0:
                for i in range(rows):
                    gain[i] = here[i] - cost[i, j]
                now[j] = _pack(gain, load, seats[j], table, kept, take[j])
        _pick(now, group, quota, state, picked)
        bound = here.sum()
        for j in range(sites):
            if picked[j]:
                bound -= now[j]
        norm = 0.0
        for i in range(rows):
            count = 0
            for j in range(sites):
                hit = picked[j] and take[j, i]
                count += hit
                share[i, j] = 0.9 * share[i, j] + 0.1 * hit
            way[i] = (1 - count) + 0.3 * way[i]
            norm += way[i] * way[i]
        idle += 1
        if bound > best:
            if bound > best + 1e-5 * abs(bound):
                idle = 0
            best = bound
            price[:] = here
            value[:] = now
            chosen[:] = picked
        if best > goal or norm == 0.0:
            break
        if idle >= patience:
            theta *= 0.6
            idle = 0
            here[:] = price
            way[:] = 0.0
            if theta < 0.002:
                break
            continue
        here += theta * (1.02 * goal - bound) / norm * way
    return best


@njit(cache=True, nogil=True)
def force(
    cost: FloatArray, load: IntArray, seats: IntArray, price: FloatArray, value: FloatArray, loss: FloatArray
) -> None:  # fmt: skip
    """Write how much less every knapsack gains when it must take a row, rows × sites; infinite where it cannot."""
    rows, sites = cost.shape
    most = int(seats.max())
    fore, back = np.zeros((rows + 1, most + 1)), np.zeros((rows + 1, most + 1))
    wanted = np.zeros(rows, np.int64)
    for j in range(sites):
        if value[j] <= -NEVER:
            loss[:, j] = np.inf
            continue
        room, count = seats[j], 0
        for i in range(rows):
            if price[i] - cost[i, j] > 0.0 and load[i] <= room:
                wanted[count] = i
                count += 1
        for k in range(count):
            _with_one_more(fore[k], fore[k + 1], price[wanted[k]] - cost[wanted[k], j], load[wanted[k]], room)
        back[count, : room + 1] = 0.0
        for k in range(count - 1, -1, -1):
            _with_one_more(back[k + 1], back[k], price[wanted[k]] - cost[wanted[k], j], load[wanted[k]], room)
        k = 0
        for i in range(rows):
            if load[i] > room or np.isinf(cost[i, j]):
                loss[i, j] = np.inf
                continue
            most_with = fore[count, room - load[i]]
            if k < count and wanted[k] == i:
                most_with = -np.inf
                for q in range(room - load[i] + 1):
                    most_with = max(most_with, fore[k, q] + back[k + 1, room - load[i] - q])
                k += 1
            loss[i, j] = value[j] - (most_with + price[i] - cost[i, j])


@njit(cache=True, nogil=True)
def _with_one_more(before: FloatArray, after: FloatArray, gain: float, load: int, room: int) -> None:
    """Write the best gains of every room with one row more to choose from."""
    for q in range(room + 1):
        after[q] = before[q]
        if load <= q and before[q - load] + gain > after[q]:
            after[q] = before[q - load] + gain


@njit(cache=True, nogil=True)
def _fill(cost: FloatArray, load: IntArray, seats: IntArray, opened: IntArray, to: IntArray) -> float:
    """Seat every row, that with the largest regret first, then exchange; return the cost, or NEVER."""
    rows, count = len(load), len(opened)
    left, total = seats[opened], 0.0
    to[:] = -1
    for _ in range(rows):
        row, most, place = -1, -1.0, -1
        for i in range(rows):
            if to[i] >= 0:
                continue
            first, second, at = NEVER, NEVER, -1
            for a in range(count):
                c = cost[i, opened[a]]
                if left[a] >= load[i] and c < first:
                    first, second, at = c, first, a
                elif left[a] >= load[i] and c < second:
                    second = c
            if at < 0:
                return NEVER
            regret = second - first if second < NEVER else 1e200
            if regret > most or (regret == most and load[i] > load[row]):
                row, most, place = i, regret, at
        to[row] = place
        left[place] -= load[row]
        total += cost[row, opened[place]]
    better = True
    while better:
        better = False
        for i in range(rows):
            for a in range(count):
                save = cost[i, opened[to[i]]] - cost[i, opened[a]]
                if a != to[i] and left[a] >= load[i] and save > 1e-9:
                    left[to[i]] += load[i]
                    left[a] -= load[i]
                    to[i], total, better = a, total - save, True
            for h in range(i):
                a, b = to[i], to[h]
                if a != b and left[a] + load[i] >= load[h] and left[b] + load[h] >= load[i]:
                    save = cost[i, opened[a]] + cost[h, opened[b]] - cost[i, opened[b]] - cost[h, opened[a]]
                    if save > 1e-9:
                        left[a] += load[i] - load[h]
                        left[b] += load[h] - load[i]
                        to[i], to[h], total, better = b, a, total - save, True
    return total


@njit(cache=True, nogil=True)
def settle(
    cost: FloatArray, load: IntArray, seats: IntArray, group: IntArray, free: BoolArray, opened: IntArray,
    trials: IntArray, to: IntArray,
) -> float:  # fmt: skip
    """Seat all rows in the opened sites and move each site to the middle of its rows, until nothing is gained.

    `trials` are sites that are tried in the place of each opened one of their group; only `free` sites move. Both
    `opened` and `to` (position in `opened`) go out as the best.
    """
    rows, sites = cost.shape
    best, trial, other = NEVER, opened.copy(), to.copy()
    used = np.zeros(sites, np.bool_)
    used[opened] = True
    while True:
        total = _fill(cost, load, seats, trial, other)
        if total >= best - 1e-9:
            break
        best = total
        opened[:] = trial
        to[:] = other
        for a in range(len(trial)):
            if not free[trial[a]]:
                continue
            heavy, least = 0, 0.0
            for i in range(rows):
                if to[i] == a:
                    heavy += load[i]
                    least += cost[i, trial[a]]
            for j in range(sites):
                if used[j] or not free[j] or seats[j] < heavy or group[j] != group[trial[a]]:
                    continue
                moved = 0.0
                for i in range(rows):
                    if to[i] == a:
                        moved += cost[i, j]
                if moved < least - 1e-9:
                    used[trial[a]], used[j] = False, True
                    trial[a], least = j, moved
    if best >= NEVER:
        return best
    for j in trials:
        if not free[j]:
            continue
        for a in range(len(opened)):
            inside = False
            for b in range(len(opened)):
                inside = inside or opened[b] == j
            if inside or not free[opened[a]] or group[opened[a]] != group[j]:
                continue
            trial[:] = opened
            trial[a] = j
            total = _fill(cost, load, seats, trial, other)
            if total < best - 1e-9:
                best = total
                opened[:] = trial
                to[:] = other
    return best
