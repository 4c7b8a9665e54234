"""The forecast that a run makes and its chapters read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Foreseen:
    """The pupils of the years to come.

    Parameters
    ----------
    pupils
        `variant`, `stage`, `district_id`, `year`, `pupils`, `pupils_housing`.
    accounts
        The population account of the cohorts; no rows with the short method.
    estates
        Pupils by estate, stage and year; no rows without housing.
    variant
        The one that is shown and sited for, unless said otherwise.
    notes
        What a reader must know.
    """

    pupils: pd.DataFrame
    accounts: pd.DataFrame
    estates: pd.DataFrame
    variant: str
    notes: tuple[str, ...]
