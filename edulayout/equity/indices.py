"""Indices of one distribution: Gini, Theil and its parts, Atkinson, the coefficient of variation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.equity.sample import beside, exact_total, exact_totals, pool, require_positive_mean, sample
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from edulayout.equity.sample import Numbers, Words
    from edulayout.typing import FloatArray

ALL = "all"
"""The row of a table that stands for all places."""


def gini(values: Numbers, weights: Numbers | None = None) -> float:
    """Compute the Gini index: half the mean difference of two pupils drawn by chance, over the mean.

    Parameters
    ----------
    values
        What each place has, ≥ 0: a Series by id, or numbers.
    weights
        What each place counts, ≥ 0; equally where None. A Series is aligned by id.

    Returns
    -------
    float
        0 (all alike) up to 1 − share of the one place that has everything. Complexity O(n log n).

    Raises
    ------
    InputError
        For negative, missing or infinite values of a place that weighs something, or zeros only.

    Notes
    -----
    Σ_ij w_i w_j |x_i − x_j| / (2 W² μ), after Gini (1912); the weighted form of Lerman and Yitzhaki (1989), Journal of
    Econometrics 42(1), 43–47. No small-sample correction.

    Examples
    --------
    Half of the pupils have 1, half have 4: 2 · ½ · ½ · 3 / (2 · 2.5):

    >>> round(gini([1, 1, 4], [1, 1, 2]), 12)
    0.3
    """
    pooled = pool(values, weights)
    share = pooled.weights / pooled.weight
    return pooled.average(pooled.values * (2.0 * np.cumsum(share) - share - 1.0)) / pooled.mean


def theil(values: Numbers, weights: Numbers | None = None) -> float:
    """Compute Theil's T: the weighted mean of (x / μ) · ln(x / μ), where 0 · ln 0 = 0.

    Parameters
    ----------
    values, weights
        As in `gini`.

    Returns
    -------
    float
        0 (all alike) up to the logarithm of W / w of the one place that has everything. Complexity O(n log n).

    Notes
    -----
    Theil (1967), Economics and Information Theory; Shorrocks (1980), doi:10.2307/1913126.

    Examples
    --------
    One of three has everything: ln 3.

    >>> round(theil([0, 0, 3]), 4)
    1.0986
    """
    pooled = pool(values, weights)
    return pooled.average(_entropy(pooled.values / pooled.mean))


def theil_components(values: Numbers, weights: Numbers | None, groups: Words) -> pd.DataFrame:
    """Split Theil's T into inequality within groups and between them; the parts add up to the whole.

    Parameters
    ----------
    values, weights
        As in `gini`.
    groups
        Group of each place, such as its `district_id`: a Series by the same ids, or one name for each value.

    Returns
    -------
    pandas.DataFrame
        A row for each group by name and last `all`: `weight`, `mean`, `share` of the total, `theil` of the group
        alone, `within` (share · theil), `between` (share · ln(mean / mean of all)), `part` = within + between. In
        the row `all`, `theil` is the whole, and the last three columns are sums: `part` equals `theil`.

    Raises
    ------
    InputError
        As `gini`, and where a place that weighs something has no group.

    Notes
    -----
    Shorrocks (1980), doi:10.2307/1913126. `between` of one group may be negative; their sum is not.

    Examples
    --------
    Both districts have a mean of 1, so that all inequality is within the north, which holds half of all: ½ · ln 2.

    >>> table = theil_components([0, 2, 1, 1], None, ["north", "north", "south", "south"])
    >>> table.loc["all", ["within", "between", "theil"]].round(4).tolist()
    [0.3466, 0.0, 0.3466]
    """
    checked = sample(values, weights)
    numbers, names = pd.factorize(beside(checked, values, groups, "groups"), sort=True)
    codes = numbers.astype(np.int64)
    heavy = exact_totals(checked.weights, codes, len(names))
    held = exact_totals(checked.weights * checked.values, codes, len(names))
    total = exact_total(held)
    require_positive_mean(total)
    mean = held / heavy
    relative = np.divide(checked.values, mean[codes], out=np.zeros_like(checked.values), where=mean[codes] > 0)
    alone = exact_totals(checked.weights * _entropy(relative), codes, len(names)) / heavy
    share, overall = held / total, total / exact_total(heavy)
    table = pd.DataFrame({"weight": heavy, "mean": mean, "share": share, "theil": alone}, index=names)
    table["within"] = share * alone
    table["between"] = _entropy(mean / overall) * heavy / exact_total(heavy)
    table["part"] = table["within"] + table["between"]
    sums = [exact_total(table[column].to_numpy()) for column in ("within", "between", "part")]
    table.loc[ALL] = [exact_total(heavy), overall, 1.0, theil(values, weights), *sums]
    return table.rename_axis("group")


def atkinson(values: Numbers, weights: Numbers | None = None, *, epsilon: float = 0.5) -> float:
    """Compute Atkinson's index: the share that could be given up if the rest were spread evenly.

    Parameters
    ----------
    values, weights
        As in `gini`.
    epsilon
        Aversion to inequality, > 0: the larger, the more the worst-off count.

    Returns
    -------
    float
        0 (all alike) up to 1; 1 where anybody has nothing and epsilon is 1 or more. Complexity O(n log n).

    Notes
    -----
    1 − (mean of (x / μ)^(1 − ε))^(1 / (1 − ε)), for ε = 1: 1 − geometric mean / μ. Atkinson (1970),
    doi:10.1016/0022-0531(70)90039-6.

    Examples
    --------
    Roots 1, 2, 4 with the mean 7 / 3; 1 − (49 / 9) / 7 = 2 / 9.

    >>> round(atkinson([1, 4, 16], epsilon=0.5), 12) == round(2 / 9, 12)
    True
    """
    if not 0 < epsilon < np.inf:
        raise InputError(Fault("epsilon", f"{epsilon}", "a finite number > 0", "0.5 and 1 are customary"))
    pooled = pool(values, weights)
    if epsilon >= 1 and pooled.values[0] == 0:
        return 1.0
    relative = pooled.values / pooled.mean
    if epsilon == 1:
        return max(0.0, 1.0 - float(np.exp(pooled.average(np.log(relative)))))
    power = 1.0 - epsilon
    return max(0.0, 1.0 - float(pooled.average(relative**power) ** (1.0 / power)))


def coefficient_of_variation(values: Numbers, weights: Numbers | None = None) -> float:
    """Compute the coefficient of variation (差异系数): the standard deviation of all places, over the mean.

    Parameters
    ----------
    values, weights
        As in `gini`; in county evaluations an indicator of each school, and its pupils.

    Returns
    -------
    float
        0 (all alike) and above. Complexity O(n log n).

    Notes
    -----
    √(Σ w (x − μ)² / W) / μ: of the population, without a small-sample correction. `county_balance` holds the
    limits of the Chinese evaluations.

    Examples
    --------
    Two pupils have 1, two have 4: 1.5 / 2.5.

    >>> coefficient_of_variation([1, 1, 4], [1, 1, 2])
    0.6
    """
    pooled = pool(values, weights)
    deviation = pooled.values - pooled.mean
    return float(np.sqrt(pooled.average(deviation * deviation))) / pooled.mean


def _entropy(ratio: FloatArray) -> FloatArray:
    """Return r · ln r, and 0 for 0."""
    logarithm: FloatArray = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
    return ratio * logarithm
