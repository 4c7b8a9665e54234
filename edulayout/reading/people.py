"""Tables about people without a place (ages, births, rates), and estates that have one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.errors import Fault, MissingFileError
from edulayout.reading.columns import located, mapped, with_ids
from edulayout.reading.delimited import SUFFIXES, read_delimited
from edulayout.tables.contract import Contract
from edulayout.tables.findings import Findings
from edulayout.tables.gate import checked
from edulayout.tables.shapes import repaired

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import geopandas as gpd

_PEOPLE = Contract(
    "people",
    "row",
    texts=("district_id", "sex", "age", "variant", "year", "population", "births", "births_per_1000_women",
           "deaths_per_1000", "net_migrants"),
)  # fmt: skip
HOUSING = Contract(
    "housing",
    "housing_id",
    required=("year", "dwellings"),
    complete=("population",),
    texts=("name", "name_en", "district_id"),
)
"""Estates that are being built: the year of completion, dwellings, and residents where they are known."""


def read_people(
    path: str | os.PathLike[str],
    *,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    r"""Read a table about people as text; `edulayout.demand` says what it must hold, and checks it.

    Parameters
    ----------
    path
        Delimited text, or a table that GDAL opens (`.xlsx`, `.ods`, `.dbf`).
    layer, encoding, columns
        As in `edulayout.read_districts`.

    Returns
    -------
    pandas.DataFrame
        The index says where each row stands in the file.

    Raises
    ------
    MissingFileError, TableError
        With every fault of the file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "ages.csv"
    >>> _ = path.write_text("district_id,NL,population\na,0-4,12\n")
    >>> read_people(path, columns={"age": "NL"}).loc["line 2", ["age", "population"]].tolist()
    ['0-4', '12']
    """
    file, findings = _there(path)
    frame = mapped(_raw(file, layer, encoding, findings), columns, contract=_PEOPLE, findings=findings)
    findings.settle()
    table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    table.attrs = {"source": findings.source, "notes": list(findings.notes)}
    return table


def read_housing(
    path: str | os.PathLike[str],
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read estates that are being built, points or polygons, and check them at the gate.

    Columns `housing_id`, `year` of completion, `dwellings`, and `population` where it is known. All as in
    `edulayout.read_districts`.
    """
    file, findings = _there(path)
    frame = mapped(_raw(file, layer, encoding, findings), columns, contract=HOUSING, findings=findings)
    placed = located(with_ids(frame, HOUSING, findings), crs, findings)
    return checked(repaired(placed, findings) if repair else placed, HOUSING, findings)


def check_housing(frame: pd.DataFrame, *, source: str = "housing") -> gpd.GeoDataFrame:
    """Return estates as the contract says: index `housing_id`, `year`, `dwellings`, a point or polygon each.

    Raises
    ------
    TableError, CrsError
        With every fault of the table.
    """
    return checked(frame, HOUSING, Findings(source))


def _there(path: str | os.PathLike[str]) -> tuple[Path, Findings]:
    file = Path(path)
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a file", "correct the path, or put the file there"))
    return file, Findings(file.name)


def _raw(file: Path, layer: str | None, encoding: str | None, findings: Findings) -> pd.DataFrame:
    if file.suffix.lower() in SUFFIXES:
        return read_delimited(file, encoding=encoding, findings=findings)
    from edulayout.reading.vector import read_vector  # noqa: PLC0415 - GDAL loads only where it is needed

    return read_vector(file, layer=layer, encoding=encoding, findings=findings)
