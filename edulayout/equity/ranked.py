"""Indices that put places in a row: the Lorenz curve, Palma's ratio, the concentration index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.equity.sample import beside, exact_total, exact_totals, ranked, require_positive_mean, sample
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from edulayout.equity.sample import Numbers
    from edulayout.typing import FloatArray

_POOREST = 0.4
_RICHEST = 0.9


def lorenz(values: Numbers, weights: Numbers | None = None, *, by: Numbers | None = None) -> pd.DataFrame:
    """Tabulate the Lorenz curve: what share of the whole the worst-off share of pupils has.

    Parameters
    ----------
    values, weights
        As in `gini`.
    by
        What to order places by, from the disadvantaged up, such as income: then this is the concentration curve.
        Their own values where None.

    Returns
    -------
    pandas.DataFrame
        Columns `share_of_weight`, `share_of_value`, rising from (0, 0) to (1, 1); a row for each different rank.
        Complexity O(n log n).

    Raises
    ------
    InputError
        As `gini`, and where `by` is missing for a place that weighs something.

    Notes
    -----
    Lorenz (1905), Publications of the American Statistical Association 9(70), 209–219.

    Examples
    --------
    The half that has 1 each holds 2 of 10:

    >>> lorenz([1, 1, 4], [1, 1, 2])
       share_of_weight  share_of_value
    0              0.0             0.0
    1              0.5             0.2
    2              1.0             1.0
    """
    weight, held = _by_rank(values, weights, by)
    table = pd.DataFrame({"share_of_weight": np.cumsum(weight), "share_of_value": np.cumsum(held)})
    return pd.concat([pd.DataFrame([[0.0, 0.0]], columns=table.columns), table / table.iloc[-1]], ignore_index=True)


def palma(values: Numbers, weights: Numbers | None = None, *, by: Numbers | None = None) -> float:
    """Compute Palma's ratio: what the best-off tenth of the pupils has, over what the worst-off 40 % have.

    Parameters
    ----------
    values, weights
        As in `gini`.
    by
        What to order pupils by, such as income; their own values where None.

    Returns
    -------
    float
        0.25 where all are alike; infinity where the worst-off 40 % have nothing. A place (or places of equal rank)
        across a boundary counts in part. Complexity O(n log n).

    Raises
    ------
    InputError
        As `lorenz`.

    Notes
    -----
    A ratio of shares: Palma (2011), doi:10.1111/j.1467-7660.2011.01694.x. The R package `accessibility` gives the ratio
    of means, which is four times as much, and takes places whole.

    Examples
    --------
    Four of ten pupils have 1 each, one has 5:

    >>> round(palma([1, 2, 5], [4, 5, 1]), 12)
    1.25
    """
    curve = lorenz(values, weights, by=by)
    poorest, richest = np.interp([_POOREST, _RICHEST], curve["share_of_weight"], curve["share_of_value"])
    return float((1.0 - richest) / poorest) if poorest > 0 else float("inf")


def concentration_index(
    values: Numbers, weights: Numbers | None, by: Numbers, *, bounds: tuple[float, float] | None = None
) -> float:
    """Compute the concentration index: whether the well-off have more of something.

    Parameters
    ----------
    values, weights
        As in `gini`.
    by
        What pupils are ranked by, from the disadvantaged up, such as income; places of equal rank share it.
    bounds
        Least and largest value possible: gives Erreygers' corrected index, 4 μ / (largest − least) times the other.

    Returns
    -------
    float
        From −1 (the worst-off have everything) to 1 (the best-off have everything); 0 where rank tells nothing.
        Complexity O(n log n).

    Raises
    ------
    InputError
        As `lorenz`, and where values lie outside the bounds.

    Notes
    -----
    2 cov(x, rank) / μ: Kakwani, Wagstaff and van Doorslaer (1997), doi:10.1016/S0304-4076(96)01807-6; corrected:
    Erreygers (2009), doi:10.1016/j.jhealeco.2008.02.003. Ranked by its own values, it is the Gini index.

    Examples
    --------
    Ranks ⅙, ½, ⅚ and the mean 2: 2 · (⅓ · 1 · ⅓ + ⅓ · 1 · ⅓) / 2 = 2 / 9.

    >>> round(concentration_index([1, 2, 3], None, [10, 20, 30]), 4)
    0.2222
    """
    weight, held = _by_rank(values, weights, by)
    whole, total = exact_total(weight), exact_total(held)
    share = weight / whole
    rank = np.cumsum(share) - share / 2.0
    index = 2.0 * exact_total((held / total - share) * (rank - 0.5))
    if bounds is None:
        return index
    least, most = _bounds(sample(values, weights).values, bounds)
    return index * 4.0 * (total / whole) / (most - least)


def _by_rank(values: Numbers, weights: Numbers | None, by: Numbers | None) -> tuple[FloatArray, FloatArray]:
    """Return weight and weight × value of each different rank, from the lowest."""
    checked = sample(values, weights)
    keys = checked.values if by is None else beside(checked, values, by, "by").astype(np.float64)
    codes, distinct = ranked(keys)
    weight = exact_totals(checked.weights, codes, len(distinct))
    held = exact_totals(checked.weights * checked.values, codes, len(distinct))
    require_positive_mean(exact_total(held))
    return weight, held


def _bounds(values: FloatArray, bounds: tuple[float, float]) -> tuple[float, float]:
    least, most = bounds
    if not (least < most and least <= values.min() and values.max() <= most):
        raise InputError(
            Fault("bounds", f"{bounds}", f"least < largest, around {values.min():g} to {values.max():g}",
                  "give the least and the largest value that is possible")
        )  # fmt: skip
    return least, most
