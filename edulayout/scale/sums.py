"""Sums that tiles take apart and that merge exactly: whole multiples of 2**-30 of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.typing import FloatArray, IntArray

Account = dict[str, dict[str, int]]
"""Sums by group and name; a name that begins with `max` holds a maximum."""

ALL = "all"
UNIT = 2**30
ROWS_MOST = 1 << 20
"""So many terms are added in float64 without rounding, in two halves of 32 bits."""
_HALF = 32
_ROOM_PER_KEY = 4
_LARGEST = 2.0**62


def exact_sums(values: FloatArray, codes: IntArray, count: int) -> list[int]:
    """Return the sum of each group in units of 2**-30, each value rounded to a whole number of units first.

    Unlike `fixedpoint.group_totals` the unit does not depend on the values, so that sums of parts add up to the sum
    of the whole, to the bit. At most `ROWS_MOST` finite values. O(n).

    Examples
    --------
    >>> exact_sums(np.array([0.5, 0.25, 3.0]), np.array([0, 0, 1]), 2) == [3 * 2**28, 3 * 2**30]
    True
    """
    scaled = np.rint(values * UNIT)
    large = np.flatnonzero(np.abs(scaled) >= _LARGEST)
    units = np.where(np.abs(scaled) < _LARGEST, scaled, 0.0).astype(np.int64)
    high, low = units >> _HALF, units & ((1 << _HALF) - 1)
    if count == 1:
        sums = [(int(high.sum()) << _HALF) + int(low.sum())]
    else:
        halves = (np.bincount(codes, weights=half, minlength=count) for half in (high, low))
        sums = [(int(one) << _HALF) + int(other) for one, other in zip(*halves, strict=True)]
    for row in large:
        sums[codes[row]] += int(scaled[row])
    return sums


def merge(into: dict[str, Account], more: Mapping[str, Account]) -> None:
    """Add the accounts of another tile, column by column; any order gives the same."""
    for column, groups in more.items():
        for group, sums in groups.items():
            own = into.setdefault(column, {}).setdefault(group, {})
            for name, value in sums.items():
                if name.startswith("max"):
                    own[name] = max(own.get(name, value), value)
                else:
                    own[name] = own.get(name, 0) + value


def add(account: Account, names: list[str], column: str, sums: list[int]) -> None:
    """Write sums of groups under a name."""
    for group, value in zip(names, sums, strict=True):
        account.setdefault(group, {})[column] = value


def add_bins(
    account: Account, names: list[str], mark: str, bins: IntArray, values: FloatArray, codes: IntArray
) -> None:
    """Write sums of groups by bin, under the mark and the number of the bin."""
    if not len(bins):
        return
    first, wide = int(bins.min()), int(bins.max() - bins.min()) + 1
    cell = codes * wide + (bins - first)
    filled, at = _ranked(cell, wide * len(names))
    for where, value in zip(filled.tolist(), exact_sums(values, at, len(filled)), strict=True):
        group, key = divmod(where, wide)
        account.setdefault(names[group], {})[f"{mark}{key + first}"] = value


def _ranked(keys: IntArray, room: int) -> tuple[IntArray, IntArray]:
    """Return the different keys, which lie from 0 to `room - 1`, in rising order, and the place of each key."""
    if room > _ROOM_PER_KEY * len(keys):
        different, place = np.unique(keys, return_inverse=True)
        return different, place.astype(np.int64)
    present = np.zeros(room, dtype=np.bool_)
    present[keys] = True
    place = np.cumsum(present) - 1
    return np.flatnonzero(present), place[keys]


def binned(sums: Mapping[str, int], mark: str) -> tuple[IntArray, list[int]]:
    """Return the bins of a group in rising order, and their sums."""
    found = sorted((int(name[len(mark) :]), value) for name, value in sums.items() if name.startswith(mark))
    return np.array([key for key, _ in found], dtype=np.int64), [value for _, value in found]


def number(units: int) -> float:
    """Return a sum as a float, rounded once."""
    return units / UNIT
