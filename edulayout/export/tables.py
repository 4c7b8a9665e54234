"""Tables as CSV: UTF-8 that spreadsheets recognise, a fixed number of decimals, the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.writing import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_DECIMALS = {"lon": 7, "lat": 7, "x": 3, "y": 3, "seconds": 3}
_ENDINGS = {"metres": 3, "minutes": 4}
_OTHERWISE = 6


def decimals(column: str) -> int:
    """Return how many decimals a column is written with: millimetres, a millionth of a share.

    Examples
    --------
    >>> decimals("mean_metres"), decimals("share_covered")
    (3, 6)
    """
    return _DECIMALS.get(column, _ENDINGS.get(column.rsplit("_", 1)[-1], _OTHERWISE))


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV; a missing value is an empty cell.

    Numbers are rounded (see `decimals`). The file starts with the mark by which spreadsheets recognise UTF-8.
    """
    numbers = table.select_dtypes("float").columns
    rounded = table.round({column: decimals(str(column)) for column in numbers})
    with whole_file(path) as temporary:
        rounded.to_csv(temporary, index=False, encoding="utf-8-sig", lineterminator="\n")
