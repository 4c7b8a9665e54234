"""Checks of columns: ids, numbers, words and texts become what the contract says, or a fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from edulayout.tables.contract import Words
    from edulayout.tables.findings import Findings
    from edulayout.typing import BoolArray, FloatArray

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2,3}")
"""What a spreadsheet makes of a long code, such as 5.10100E+17."""

_WHOLE_FLOATS = 2.0**53
_SHOWN = 4


def as_text(column: pd.Series) -> pd.Series:
    """Return a column as stripped text, with an empty text for a missing value.

    Whole numbers are written without a fraction, because a file format with gaps stores integers as floats.

    Examples
    --------
    >>> as_text(pd.Series([101.0, None])).tolist()
    ['101', '']
    """
    whole = pd.api.types.is_float_dtype(column.dtype) and not lossy(column).any()
    # As a list: going through a column of text cell by cell is ten times slower.
    cells = zip(column.tolist(), column.isna().tolist(), strict=True)
    written = ["" if gap else str(int(value) if whole else value).strip() for value, gap in cells]
    return pd.Series(written, index=column.index, name=column.name, dtype=str)


def lossy(column: pd.Series) -> BoolArray:
    """Return where a float cannot be the id that was meant: it has a fraction, or more digits than a float holds."""
    if not pd.api.types.is_float_dtype(column.dtype):
        return np.zeros(len(column), dtype=bool)
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        return cast("BoolArray", ~np.isnan(numbers) & ((np.abs(numbers) >= _WHOLE_FLOATS) | (numbers % 1 != 0)))


def check_ids(column: pd.Series, findings: Findings) -> pd.Series:
    """Return ids as text; missing, repeated and mangled ones are faults."""
    ids = as_text(column)
    empty = (ids == "").to_numpy()
    mangled = lossy(column) | ids.str.fullmatch(_SCIENTIFIC).to_numpy(dtype=bool)
    if mangled.any():
        findings.fault(
            f"ids in {column.name!r} that are numbers with a fraction, an exponent or more than 15 digits",
            "ids as text: a number has lost digits of theirs",
            "store the column as text in the program that wrote the file",
            where=mangled,
        )
    if empty.any():
        findings.fault(
            f"{_rows(empty)} without an id in {column.name!r}",
            "an id in every row",
            "fill them in, or leave the column out of the file to have the rows numbered",
            where=empty,
        )
    double = ids.duplicated(keep=False).to_numpy() & ~empty
    if double.any():
        findings.fault(
            f"duplicate ids in {column.name!r}: {_examples(ids[double])}",
            "every id once",
            "give each row its own id, or map another column to it",
            where=double,
        )
    return ids


def check_numbers(column: pd.Series, findings: Findings, *, gaps: bool) -> pd.Series:
    """Return a column as float64; text, negative and infinite values are faults, gaps where they are not allowed."""
    numbers, junk = parsed(column)
    told = f"column {column.name!r}"
    if junk.any():
        findings.fault(
            f"{told}: text where a number should be: {_examples(column[junk])}",
            'digits with a point, such as 1200.5, or an empty cell for "not known"',
            "correct the cells; write no unit, no thousands separator and no note",
            where=junk,
        )
    infinite, negative = np.isinf(numbers), numbers < 0
    if (infinite & ~junk).any():
        findings.fault(f"{told}: infinite values", "finite numbers ≥ 0", "correct them", where=infinite)
    if (negative & ~infinite).any():
        least = np.min(numbers[negative & ~infinite])
        findings.fault(
            f"{told}: negative numbers, the least {least:g}",
            "numbers ≥ 0",
            "correct them; a code such as -99 for a gap must become an empty cell",
            where=negative & ~infinite,
        )
    gap = np.isnan(numbers) & ~junk
    if gap.any() and not gaps:
        findings.fault(
            f"{told}: {_rows(gap)} without a value",
            "a number in every row",
            "write 0 where nobody lives, and the number where it is not known to be 0",
            where=gap,
        )
    return pd.Series(numbers, index=column.index, name=column.name)


def parsed(column: pd.Series) -> tuple[FloatArray, BoolArray]:
    """Return the numbers in a column, NaN where it is empty, and where it holds something else.

    Examples
    --------
    >>> parsed(pd.Series(["1.5", "", "1,200"]))
    (array([1.5, nan, nan]), array([False, False,  True]))
    """
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers, np.zeros(len(column), dtype=bool)
    cells = as_text(column).tolist()
    fits = [_NUMBER.fullmatch(cell) is not None for cell in cells]
    numbers = np.array(
        [float(cell) if fit else np.nan for cell, fit in zip(cells, fits, strict=True)], dtype=np.float64
    )
    return numbers, np.array([not fit and cell != "" for cell, fit in zip(cells, fits, strict=True)], dtype=bool)


def check_words(column: pd.Series, words: Words, findings: Findings) -> pd.Series:
    """Return a column in the words of the contract; unknown ones are faults, and empty ones without a default."""
    written = as_text(column)
    empty = (written == "").to_numpy()
    meaning = {cell: _meaning(cell, words) for cell in written[~empty].unique()}
    unknown = written.isin([cell for cell, meant in meaning.items() if meant is None]).to_numpy()
    allowed = f"one of {', '.join(dict.fromkeys(words.known.values()))}" + (
        ', or several joined by ";"' if words.several else ""
    )
    if unknown.any():
        findings.fault(
            f"column {column.name!r}: unknown words: {_examples(written[unknown])}",
            allowed,
            f'correct them, or translate them when reading: values={{"{column.name}": {{"their word": "our word"}}}}',
            where=unknown,
        )
    if empty.any() and words.default is None:
        findings.fault(f"column {column.name!r}: {_rows(empty)} empty", allowed, "fill the cells in", where=empty)
    elif empty.any():
        findings.note(f"{column.name!r} is empty in {_rows(empty)}: taken as {words.default!r}")
    filled = [meaning.get(cell) or words.default or "" for cell in written.tolist()]
    return pd.Series(filled, index=column.index, name=column.name, dtype=str)


def _meaning(cell: str, words: Words) -> str | None:
    parts = [part.strip() for part in re.split("[;；、,，]", cell)] if words.several else [cell]
    meant = [words.known.get(part, words.known.get(part.lower())) for part in parts if part]
    return None if None in meant or not meant else ";".join(dict.fromkeys(cast("list[str]", meant)))


def check_names(column: pd.Series, ids: pd.Series, findings: Findings) -> pd.Series:
    """Return names, with the id where a row has none."""
    written = as_text(column)
    empty = (written == "").to_numpy()
    if empty.any():
        findings.note(f"{_rows(empty)} without a name: the id stands in")
    return written.where(~empty, ids)


def _rows(where: BoolArray) -> str:
    count = int(where.sum())
    return "1 row" if count == 1 else f"{count:,} rows"


def _examples(column: pd.Series) -> str:
    distinct = list(dict.fromkeys(map(str, column)))
    shown = ", ".join(repr(value[:40]) for value in distinct[:_SHOWN])
    return shown if len(distinct) <= _SHOWN else f"{shown} … ({len(distinct)} different ones)"
