"""What every index starts from: values and weights, checked once, equal values pooled, sums exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.typing import AnyArray, BoolArray, FloatArray, IntArray

    Numbers: TypeAlias = pd.Series[float] | FloatArray | Sequence[float]
    Words: TypeAlias = pd.Series[str] | Sequence[str]

_DIGITS = 31
"""Sums are taken at 2**31, where `fixedpoint` has its finest unit and no more room than it needs."""


class Sample(NamedTuple):
    """Values that weigh something, and the rows where they stand; shape (n,) each."""

    values: FloatArray
    weights: FloatArray
    rows: IntArray


class Pool(NamedTuple):
    """Different values in rising order, what they weigh together, and the sums of weights and of weight × value."""

    values: FloatArray
    weights: FloatArray
    weight: float
    total: float

    @property
    def mean(self) -> float:
        """The weighted mean."""
        return self.total / self.weight

    def average(self, terms: FloatArray) -> float:
        """Return the weighted mean of one term for each value."""
        return exact_total(self.weights * terms) / self.weight


def exact_totals(terms: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """Return the sum of each group, the same bits for every order.

    A power of two brings the terms of every group to the same size first, so that a group of small terms is summed
    as precisely as one of large terms.
    """
    most = np.zeros(groups)
    np.maximum.at(most, codes, np.abs(terms))
    shift = _DIGITS - np.frexp(most * np.bincount(codes, minlength=groups))[1]
    sums: FloatArray = np.ldexp(group_totals(np.ldexp(terms, shift[codes]), codes, groups), -shift)
    return sums


def exact_total(terms: FloatArray) -> float:
    """Return the sum of all terms, the same bits for every order."""
    return float(exact_totals(terms, np.zeros(len(terms), dtype=np.int64), 1)[0])


def sample(values: Numbers, weights: Numbers | None) -> Sample:
    """Return the values that weigh something; equal weights where none are given.

    Raises
    ------
    InputError
        With every fault at once: lengths or indexes that differ, negative, missing or infinite numbers, no weight.
    """
    labels = _labels(values)
    numbers = np.asarray(values, dtype=np.float64)
    heavy = np.ones(len(numbers)) if weights is None else _aligned(weights, labels, "weights").astype(np.float64)
    faults = _wrong("weights", heavy, labels, np.ones(len(numbers), dtype=bool))
    faults += _wrong("values", numbers, labels, heavy > 0)
    if not faults and not (heavy > 0).any():
        faults.append(Fault("weights", "nothing weighs anything", "a place with weight > 0", "check the pupils"))
    if faults:
        raise InputError(*faults)
    rows = np.flatnonzero(heavy > 0)
    return Sample(numbers[rows], heavy[rows], rows)


def pool(values: Numbers, weights: Numbers | None) -> Pool:
    """Return the sample with equal values pooled; its mean is above 0.

    Raises
    ------
    InputError
        As `sample`, and where all values are 0: a share of nothing is not defined.
    """
    checked = sample(values, weights)
    codes, distinct = ranked(checked.values)
    heavy = exact_totals(checked.weights, codes, len(distinct))
    pooled = Pool(distinct, heavy, exact_total(checked.weights), exact_total(heavy * distinct))
    require_positive_mean(pooled.total)
    return pooled


def require_positive_mean(total: float) -> None:
    """Refuse values that are all zero."""
    if not total > 0:
        raise InputError(
            Fault("values", "zero everywhere", "a mean above 0", "inequality of nothing is not defined: leave it out")
        )


def ranked(keys: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return for each key the number of its value, and the different values in rising order."""
    distinct, codes = np.unique(keys, return_inverse=True)
    return codes.astype(np.int64), distinct


def beside(checked: Sample, values: Numbers, other: Numbers | Words, source: str) -> AnyArray:
    """Return another column for the rows that weigh something, in their order; missing entries are refused.

    Raises
    ------
    InputError
        Where it does not fit the values, or is missing.
    """
    column = _aligned(other, _labels(values), source)[checked.rows]
    missing = pd.isna(column)
    if missing.any():
        labels = _labels(values)[checked.rows[missing]]
        raise InputError(
            Fault(source, "missing entries", "one for each place that weighs something", "fill them, or leave the "
                  "places out and say so", tuple(map(str, labels)))
        )  # fmt: skip
    return column


def _labels(values: Numbers) -> pd.Index[str]:
    return values.index if isinstance(values, pd.Series) else pd.RangeIndex(len(values)).astype(str)


def _aligned(other: Numbers | Words, labels: pd.Index[str], source: str) -> AnyArray:
    if isinstance(other, pd.Series) and not other.index.equals(labels):
        strange = tuple(map(str, other.index.symmetric_difference(labels, sort=False)))
        if strange or not (other.index.is_unique and labels.is_unique):
            raise InputError(
                Fault(source, "another index than the values", "the same ids", "align both with .loc", strange)
            )
        other = other.reindex(labels)
    column = np.asarray(other)
    if column.shape != (len(labels),):
        raise InputError(
            Fault(source, f"{len(column)} for {len(labels)} values", "one for each", "give both for the same places")
        )
    return column


def _wrong(source: str, numbers: FloatArray, labels: pd.Index[str], counted: BoolArray) -> list[Fault]:
    broken = counted & (~np.isfinite(numbers) | (numbers < 0))
    if not broken.any():
        return []
    return [
        Fault(
            source,
            f"{broken.sum()} missing, infinite or negative",
            "finite numbers ≥ 0",
            "leave these places out and say so, or give them weight 0",
            tuple(map(str, labels[broken])),
        )
    ]
