"""Days, as they are written in plans and in spreadsheets."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.tables.values import as_text

if TYPE_CHECKING:
    from edulayout.typing import BoolArray

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?")


def day(text: object) -> date | None:
    """Return the day that a text names, or None where it names none: year, month, day, nothing else.

    Examples
    --------
    >>> day("2024-11-30"), day("2024年9月1日"), day("30.11.2024"), day("2024-02-30")
    (datetime.date(2024, 11, 30), datetime.date(2024, 9, 1), None, None)
    """
    if isinstance(text, date):
        return date(text.year, text.month, text.day)
    found = _DAY.fullmatch(str(text).strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def as_of_day(as_of: object) -> pd.Timestamp:
    """Return the day that somebody asks for.

    Raises
    ------
    InputError
        Where it is no day.
    """
    found = day(as_of)
    if found is None:
        raise InputError(Fault("as_of", repr(as_of), "a day such as 2024-11-30", "write year, month and day"))
    return pd.Timestamp(found)


def parsed_days(column: pd.Series) -> tuple[pd.Series, BoolArray]:
    """Return a column of days (NaT where it is empty) and where it holds something else."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.tz_localize(None).dt.normalize().astype("datetime64[s]"), np.zeros(len(column), dtype=bool)
    cells = as_text(column).tolist()
    found = [day(cell) if cell else None for cell in cells]
    junk = np.array([bool(cell) and one is None for cell, one in zip(cells, found, strict=True)], dtype=bool)
    days = pd.Series(pd.to_datetime(pd.Series(found, dtype=object)), dtype="datetime64[s]").to_numpy()
    return pd.Series(days, index=column.index, name=column.name), junk
