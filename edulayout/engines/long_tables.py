"""Long tables of costs as other programs write them: r5, OSRM, Valhalla, a spreadsheet."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError, MissingExtraError, MissingFileError
from edulayout.reading.delimited import SUFFIXES, read_delimited
from edulayout.tables.findings import Findings

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from edulayout.typing import AnyArray, Unit

Preset = Literal["r5", "osrm", "valhalla"]
COLUMNS = ("from", "to", "cost")
_PARQUET = frozenset({".parquet", ".pq"})


class _Layout(NamedTuple):
    """How a program calls its columns: ends, and for each unit the column of the cost and what to multiply it with."""

    ends: tuple[str, str]
    costs: Mapping[str, tuple[tuple[str, ...], float]]


PRESETS: dict[str, _Layout] = {
    # r5r::travel_time_matrix, r5py.TravelTimeMatrix: whole minutes; with percentiles, r5r names the median _p50
    "r5": _Layout(("from_id", "to_id"), {"minutes": (("travel_time", "travel_time_p50"), 1.0)}),
    # the table service, one row per pair: seconds and metres
    "osrm": _Layout(("source", "destination"), {"minutes": (("duration",), 1 / 60), "metres": (("distance",), 1.0)}),
    # sources_to_targets, one row per pair: seconds and kilometres
    "valhalla": _Layout(
        ("from_index", "to_index"), {"minutes": (("time",), 1 / 60), "metres": (("distance",), 1000.0)}
    ),
}


def read_long(path: str | os.PathLike[str], *, encoding: str | None) -> pd.DataFrame:
    """Return the table of a CSV or parquet file, its ids as they stand there.

    Raises
    ------
    MissingFileError
        Where there is no such file.
    MissingExtraError
        Where it is parquet and pyarrow is not installed.
    InputError
        Where it is neither, or damaged.
    """
    file = Path(path)
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a table of costs", "correct the path"))
    if file.suffix.lower() in SUFFIXES:
        return read_delimited(file, encoding=encoding, findings=Findings(str(file)))
    if file.suffix.lower() not in _PARQUET:
        raise InputError(Fault(str(file), f"a file {file.suffix or 'without ending'}", ".csv, .tsv, .txt or .parquet",
                               "export the table as one of these"))  # fmt: skip
    if find_spec("pyarrow") is None:
        raise MissingExtraError(f"{file}: parquet needs pyarrow, which is not installed: pip install pyarrow")
    try:
        return pd.read_parquet(file, engine="pyarrow")
    except (ValueError, OSError) as error:
        fault = Fault(str(file), f"it cannot be read as parquet ({error})", "a whole file", "copy it again")
        raise InputError(fault) from None


def arranged(
    table: pd.DataFrame, *, preset: Preset | None, columns: Mapping[str, str] | None, unit: Unit, source: str
) -> pd.DataFrame:
    """Return the columns `from`, `to`, `cost` of a table, in the unit asked for; missing costs stay missing.

    Raises
    ------
    InputError
        Where the preset or a column is not known, or a cost is text.
    """
    names, factor = _names(table, preset, columns or {}, unit)
    missing = [name for name in names if name not in table]
    if missing:
        found = "the columns " + ", ".join(map(str, table.columns))
        remedy = f'missing: {", ".join(missing)}; say which are meant: columns={{"from": "…", "to": "…", "cost": "…"}}'
        raise InputError(Fault(source, found, ", ".join(names), remedy))
    start, end, cost = (table[name] for name in names)
    return pd.DataFrame({"from": start.astype(str), "to": end.astype(str), "cost": _numbers(cost, source) * factor})


def _names(
    table: pd.DataFrame, preset: Preset | None, columns: Mapping[str, str], unit: Unit
) -> tuple[tuple[str, str, str], float]:
    if preset is None:
        start, end, cost = (columns.get(name, name) for name in COLUMNS)
        return (start, end, cost), 1.0
    layout = PRESETS.get(preset)
    if layout is None or unit not in layout.costs:
        known = "; ".join(f"{name} in {' or '.join(it.costs)}" for name, it in PRESETS.items())
        raise InputError(Fault("preset", f"{preset!r} in {unit}", known, "name one of them, or give columns="))
    words, factor = layout.costs[unit]
    own = next((word for word in words if word in table), words[0])
    start, end = layout.ends
    return (columns.get("from", start), columns.get("to", end), columns.get("cost", own)), factor


def _numbers(cost: pd.Series[Any], source: str) -> pd.Series[float]:
    numbers = pd.to_numeric(cost, errors="coerce")
    text = cost.astype(object).where(cost.notna(), "").astype(str).str.strip()
    wrong = numbers.isna() & ~text.str.lower().isin(["", "na", "nan", "null", "none"])
    if wrong.any():
        rows = tuple(cost.index[wrong].astype(str))
        raise InputError(Fault(source, f"costs that are no numbers, such as {text[wrong].iloc[0]!r}", "numbers",
                               "correct them, or leave the cells of unreachable pairs empty", rows))  # fmt: skip
    return numbers.astype(np.float64)


def matrix_of(result: Mapping[str, Any], *, unit: Unit) -> tuple[AnyArray, float]:
    """Return the sources × targets matrix of a JSON answer of OSRM or Valhalla, and the factor to the unit.

    Raises
    ------
    InputError
        Where the answer holds no such matrix.
    """
    key = "durations" if unit == "minutes" else "distances"
    if isinstance(result.get(key), list):
        return np.array(result[key], dtype=np.float64), 1 / 60 if unit == "minutes" else 1.0
    rows = result.get("sources_to_targets")
    if isinstance(rows, list) and rows and isinstance(rows[0], list):
        word, factor = ("time", 1 / 60) if unit == "minutes" else ("distance", _valhalla_metres(result))
        return np.array([[cell[word] for cell in row] for row in rows], dtype=np.float64), factor
    found = "an answer with " + (", ".join(map(str, result)) or "nothing")
    raise InputError(Fault("answer", found, f"{key} (OSRM) or sources_to_targets (Valhalla)",
                           "ask OSRM for annotations=duration,distance"))  # fmt: skip


def _valhalla_metres(result: Mapping[str, Any]) -> float:
    return 1609.344 if result.get("units") == "miles" else 1000.0


def pairs_of(matrix: AnyArray, demand_ids: Sequence[str], school_ids: Sequence[str]) -> pd.DataFrame:
    """Return a matrix as a long table.

    Raises
    ------
    InputError
        Where its shape does not fit the ids.
    """
    if matrix.shape != (len(demand_ids), len(school_ids)):
        raise InputError(
            Fault("answer", f"a matrix of {' × '.join(map(str, matrix.shape))}",
                  f"{len(demand_ids)} × {len(school_ids)}, demand × schools", "give the ids in the order asked for")
        )  # fmt: skip
    index = pd.MultiIndex.from_product([list(map(str, demand_ids)), list(map(str, school_ids))], names=COLUMNS[:2])
    return pd.Series(matrix.ravel(), index=index, name="cost").reset_index()
