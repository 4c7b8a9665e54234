"""Sums that do not depend on order: fixed point in int64, so that every run gives the same bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, IntArray

_FINEST = 30
_ROOM = 62.0


def total(values: FloatArray) -> float:
    """Return the sum of finite values, the same for every order of them; see `group_totals`.

    Examples
    --------
    >>> import numpy as np
    >>> total(np.array([0.1, 0.2, 0.3])) == total(np.array([0.3, 0.2, 0.1]))
    True
    """
    return float(group_totals(values, np.zeros(len(values), dtype=np.int64), 1)[0])


def group_totals(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """Return the sum of the values of each group; a code of -1 belongs to none.

    Each value is rounded to a multiple of 2**-30, and the multiples are added as int64, so that no order of the
    values changes a bit. Where count × largest value would leave int64, the unit is
    as many powers of two coarser as needed: at most count × largest value / 2**61.

    Parameters
    ----------
    values
        Finite numbers, shape (n,).
    codes
        Group of each value, shape (n,), from -1 to `groups - 1`.
    groups
        How many groups.

    Examples
    --------
    >>> import numpy as np
    >>> group_totals(np.array([1.5, 2.0, 4.0]), np.array([0, 0, -1]), 2)
    array([3.5, 0. ])
    """
    values = np.asarray(values, dtype=np.float64)
    scale = 2.0 ** _fineness(values)
    member = codes >= 0
    sums = np.zeros(groups, dtype=np.int64)
    np.add.at(sums, codes[member], np.rint(values[member] * scale).astype(np.int64))
    return sums / scale


def _fineness(values: FloatArray) -> int:
    """Return how many binary digits behind the point fit; it depends on no order."""
    most = float(np.abs(values).max(initial=0.0)) * len(values)
    return _FINEST if most == 0.0 else min(_FINEST, math.floor(_ROOM - math.log2(most)))
