"""Files to tables: districts, schools, demand, candidates and streets, each through the gate."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from edulayout.errors import Fault, MissingFileError, TableError
from edulayout.reading.columns import located, mapped, translated, with_ids
from edulayout.reading.delimited import SUFFIXES, read_delimited
from edulayout.tables.contract import BARRIERS, CANDIDATES, DEMAND, DISTRICTS, SCHOOLS, Contract
from edulayout.tables.findings import Findings
from edulayout.tables.gate import checked
from edulayout.tables.shapes import repaired

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from edulayout.reading.raster import read_population
    from edulayout.reading.streets import read_streets

__all__ = [
    "read_barriers", "read_candidates", "read_demand", "read_districts", "read_population", "read_schools",
    "read_streets",
]  # fmt: skip


def read_districts(
    path: str | os.PathLike[str],
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    r"""Read districts from a file and check them at the gate.

    Parameters
    ----------
    path
        Anything GDAL opens (GeoPackage, shapefile, GeoJSON, KML, GML, …), or delimited text (`.csv`, `.tsv`, `.txt`)
        with columns `x` and `y`, or `lon` and `lat`.
    crs
        The CRS of the coordinates, where the file does not say it; never guessed.
    layer
        Needed where a file has several.
    encoding
        Of the text; detected where it is None (UTF-8, or GBK when that is certain).
    columns
        Names of the contract → names in the file, such as `{"district_id": "XZQDM", "name": "MC"}`.
    repair
        Make invalid polygons valid, counted in the notes.

    Returns
    -------
    GeoDataFrame
        As `edulayout.tables.check_districts` says; `attrs["source"]` is the name of the file, `attrs["notes"]` lists
        everything that was assumed.

    Raises
    ------
    MissingFileError, TableError, CrsError
        With every fault of the file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "schools.csv"
    >>> _ = path.write_text("school_id,name,kind,lon,lat\n0101,First,primary,105.97,31.58\n")
    >>> read_schools(path, crs="EPSG:4490")[["name", "kind", "status"]]
                name     kind    status
    school_id
    0101       First  primary  existing
    """
    given = _Input(path, crs=crs, layer=layer, encoding=encoding)
    return _read(given, DISTRICTS, columns=columns, repair=repair)


def read_schools(
    path: str | os.PathLike[str],
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read schools from a file and check them at the gate.

    `values` translates words, such as `{"kind": {"完全小学": "primary"}}`; the rest as in `read_districts`.
    """
    given = _Input(path, crs=crs, layer=layer, encoding=encoding)
    return _read(given, SCHOOLS, columns=columns, values=values, repair=repair)


def read_demand(
    path: str | os.PathLike[str],
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read demand (blocks, cells, dwellings with their population) from a file and check it at the gate.

    All as in `read_districts`.
    """
    given = _Input(path, crs=crs, layer=layer, encoding=encoding)
    return _read(given, DEMAND, columns=columns, repair=repair)


def read_candidates(
    path: str | os.PathLike[str],
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read candidates (parcels, idle buildings) from a file and check them at the gate.

    All as in `read_schools`.
    """
    given = _Input(path, crs=crs, layer=layer, encoding=encoding)
    return _read(given, CANDIDATES, columns=columns, values=values, repair=repair)


def read_barriers(
    path: str | os.PathLike[str],
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read barriers (rivers, railways, motorways), lines or polygons, and check them at the gate.

    All as in `read_districts`.
    """
    given = _Input(path, crs=crs, layer=layer, encoding=encoding)
    return _read(given, BARRIERS, columns=columns, repair=repair)


@dataclass(frozen=True)
class _Input:
    """A file, and what the user says about it."""

    path: str | os.PathLike[str]
    crs: str | None
    layer: str | None
    encoding: str | None


def _read(
    given: _Input,
    contract: Contract,
    *,
    columns: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    repair: bool,
) -> gpd.GeoDataFrame:
    file = Path(given.path)
    findings = Findings(file.name)
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a file", "correct the path, or put the file there"))
    try:
        raw = _raw(file, given, findings)
    except PermissionError as error:
        fault = Fault(str(file), f"it cannot be read ({error.strerror})", "a readable file", "change its rights")
        raise TableError(fault) from None
    frame = mapped(raw, columns, contract=contract, findings=findings)
    frame = with_ids(translated(frame, values, findings), contract, findings)
    placed = located(frame, given.crs, findings)
    return checked(repaired(placed, findings) if repair else placed, contract, findings)


def _raw(file: Path, given: _Input, findings: Findings) -> pd.DataFrame:
    if file.suffix.lower() in SUFFIXES and file.is_file():
        return read_delimited(file, encoding=given.encoding, findings=findings)
    from edulayout.reading.vector import read_vector  # noqa: PLC0415 - GDAL loads only where it is needed

    return read_vector(file, layer=given.layer, encoding=given.encoding, findings=findings)


def __getattr__(name: str) -> object:
    """Load a reader when it is first asked for: that of streets brings osmium and the street graph."""
    if name == "read_streets":
        return import_module("edulayout.reading.streets").read_streets
    if name == "read_population":
        return import_module("edulayout.reading.raster").read_population
    raise AttributeError(f"module 'edulayout.reading' has no attribute {name!r}")
