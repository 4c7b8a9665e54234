"""Equity: how unevenly something is shared, each place counting by its weight (its pupils).

Values are on a ratio scale: ≥ 0 with a mean above 0. Negative, missing and infinite values are refused, named by id;
a place that weighs nothing is left out before anything is checked. Zeros are kept, as each formula's paper says: they
are 0 · ln 0 = 0 for Theil, and make Atkinson 1 where its ε is 1 or more. Sums are exact in fixed point and equal
values are pooled first, so that the order of rows changes no bit.
"""

from edulayout.equity.balance import county_balance
from edulayout.equity.indices import atkinson, coefficient_of_variation, gini, theil, theil_components
from edulayout.equity.interval import Interval, interval
from edulayout.equity.ranked import concentration_index, lorenz, palma

__all__ = [
    "Interval",
    "atkinson",
    "coefficient_of_variation",
    "concentration_index",
    "county_balance",
    "gini",
    "interval",
    "lorenz",
    "palma",
    "theil",
    "theil_components",
]
