"""Residents of districts spread over the buildings they live in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError


class Spread(NamedTuple):
    """Residents by building, and those of districts that have no floor to put them on."""

    population: pd.Series[float]
    unplaced: pd.Series[float]


def spread(population: pd.Series[float], floor_area: pd.Series[float], district: pd.Series[str]) -> Spread:
    """Spread the residents of districts over buildings, in proportion to floor area.

    Parameters
    ----------
    population
        Residents by `district_id`, finite and ≥ 0.
    floor_area
        Square metres by building, finite and ≥ 0.
    district
        The `district_id` of each building, on the same index; buildings of no listed district get nobody.

    Returns
    -------
    Spread
        `population` on the index of the buildings; `unplaced`, the residents of districts without floor area. Together
        they add up to the residents given (to a relative 1e-9).

    Raises
    ------
    InputError
        Where a population or an area is negative or not finite.

    Examples
    --------
    >>> import pandas as pd
    >>> floors = pd.Series([100.0, 300.0], index=["x", "y"])
    >>> spread(pd.Series({"a": 80.0, "b": 5.0}), floors, pd.Series(["a", "a"], index=["x", "y"]))
    Spread(population=x    20.0
    y    60.0
    Name: population, dtype: float64, unplaced=b    5.0
    Name: unplaced, dtype: float64)
    """
    _require_amounts(population, "population")
    _require_amounts(floor_area, "floor area")
    code = population.index.get_indexer(pd.Index(district.reindex(floor_area.index)))
    area = np.where(code >= 0, floor_area.to_numpy(dtype=np.float64), 0.0)
    whole = np.bincount(np.maximum(code, 0), weights=area, minlength=len(population))
    share = np.divide(area, whole[code], out=np.zeros(len(area)), where=whole[code] > 0)
    residents = share * population.to_numpy(dtype=np.float64)[code]
    left = population[(whole <= 0) & (population.to_numpy() > 0)].rename("unplaced")
    assert np.isclose(residents.sum() + left.sum(), population.sum(), rtol=1e-9, atol=1e-9)
    return Spread(pd.Series(residents, index=floor_area.index, name="population"), left.astype(np.float64))


def _require_amounts(amounts: pd.Series[float], what: str) -> None:
    numbers = amounts.to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    if wrong.any():
        raise InputError(
            Fault(
                what,
                "negative, missing or infinite values",
                "finite numbers ≥ 0",
                "correct them",
                tuple(amounts.index[wrong].astype(str)),
            )
        )
