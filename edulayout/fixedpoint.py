"""Sums that do not depend on order: fixed point in int64, so that every run gives the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, IntArray

SCALE = 2.0**30
"""Units of one: a summand is off by at most 2**-31."""

_LIMIT = 2.0**62 / SCALE


def total(values: FloatArray) -> float:
    """Return the sum of values, the same for every order of them.

    Raises
    ------
    OverflowError
        Where the sum of magnitudes exceeds 2**32 (4.3 billion).

    Examples
    --------
    >>> import numpy as np
    >>> total(np.array([0.1, 0.2, 0.3])) == total(np.array([0.3, 0.2, 0.1]))
    True
    """
    return float(group_totals(values, np.zeros(len(values), dtype=np.int64), 1)[0])


def group_totals(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """Return the sum of the values of each group; a code of -1 belongs to none.

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
    if np.abs(values).sum() >= _LIMIT:
        raise OverflowError(f"the values add up to more than {_LIMIT:.0f}, too much for an exact sum")
    member = codes >= 0
    sums = np.zeros(groups, dtype=np.int64)
    np.add.at(sums, codes[member], np.rint(values[member] * SCALE).astype(np.int64))
    return sums / SCALE
