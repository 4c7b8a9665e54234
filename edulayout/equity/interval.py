"""How sure an index is: the bootstrap, by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.equity.sample import beside, sample
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edulayout.equity.sample import Numbers
    from edulayout.typing import AnyArray


@dataclass(frozen=True)
class Interval:
    """An index with the range that resampled places give it.

    Parameters
    ----------
    estimate
        The index of the places as they are.
    low, high
        Ends of the range.
    level, repeats, seed
        How it was found.
    undefined
        Resamples for which the index is not defined (nothing but zeros drawn, say), left out of the range.
    """

    estimate: float
    low: float
    high: float
    level: float
    repeats: int
    seed: int
    undefined: int = 0

    def __str__(self) -> str:
        share = f"{self.level:.0%}".replace("%", " %")
        left_out = f", {self.undefined} of them not defined" if self.undefined else ""
        return f"{self.estimate:.4g} ({share}: {self.low:.4g} to {self.high:.4g}, {self.repeats} resamples{left_out})"


def interval(
    measure: Callable[..., float],
    values: Numbers,
    weights: Numbers | None = None,
    *,
    seed: int,
    by: Numbers | None = None,
    repeats: int = 999,
    level: float = 0.95,
) -> Interval:
    """Resample the places with replacement and tell between what numbers an index lies.

    Parameters
    ----------
    measure
        An index of this module, such as `gini`; `functools.partial` gives it options.
    values, weights
        As in `gini`. Rows are put in order of their ids first, so that their order changes nothing.
    seed
        Of the generator: the same seed, the same interval.
    by
        Passed on to measures that rank by it.
    repeats
        How many resamples.
    level
        Share of the resamples within the interval, between 0 and 1.

    Returns
    -------
    Interval
        The percentile interval; its ends are indices that a resample had, infinite where those are. Resamples for
        which the index is not defined are left out and counted; both ends are NaN where it is defined for none.
        Complexity O(repeats · n log n).

    Raises
    ------
    InputError
        As the measure for the places as they are; where level or repeats make no sense.

    Notes
    -----
    Efron (1979), doi:10.1214/aos/1176344552. It tells what chance in which places were observed does to an index; a
    complete census of blocks has no such chance.

    Examples
    --------
    >>> from edulayout.equity import gini
    >>> print(interval(gini, [2, 2, 2], seed=1))
    0 (95 %: 0 to 0, 999 resamples)
    """
    if not 0 < level < 1 or repeats < 1:
        raise InputError(
            Fault("interval", f"level {level}, {repeats} repeats", "0 < level < 1, repeats ≥ 1", "correct")
        )
    checked = sample(values, weights)
    labels = values.index[checked.rows] if isinstance(values, pd.Series) else checked.rows
    columns = [checked.values, checked.weights]
    if by is not None:
        columns.append(beside(checked, values, by, "by"))
    order = np.argsort(np.asarray(labels), kind="stable")
    table = [column[order] for column in columns]
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(order), (repeats, len(order)))
    estimate = measure(*table)
    found = np.array([_defined(measure, [column[draw] for column in table]) for draw in draws])
    known = found[~np.isnan(found)]
    ends = [(1 - level) / 2, (1 + level) / 2]
    # Between a number and infinity there is no mean: the ends are indices that were found.
    low, high = np.quantile(known, ends, method="inverted_cdf") if len(known) else (np.nan, np.nan)
    return Interval(estimate, float(low), float(high), level, repeats, seed, repeats - len(known))


def _defined(measure: Callable[..., float], drawn: list[AnyArray]) -> float:
    """Return the index of a resample; NaN where it has none."""
    try:
        return float(measure(*drawn))
    except InputError:
        return float("nan")
