"""The gate: a table comes in once, is checked whole, and is taken as valid from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from edulayout.errors import CrsError, TableError
from edulayout.tables.findings import Findings, RowNames
from edulayout.tables.overlaps import check_overlaps
from edulayout.tables.positions import check_position
from edulayout.tables.shapes import check_shapes
from edulayout.tables.values import as_text, check_ids, check_names, check_numbers, check_words

if TYPE_CHECKING:
    from edulayout.tables.contract import Contract


ROW = "row"
"""The name of an index of texts that say where in its file a row stands, such as `line 7`."""


def checked(frame: pd.DataFrame, contract: Contract, findings: Findings) -> gpd.GeoDataFrame:
    """Return a table as its contract says, with what was assumed in `attrs["notes"]`.

    Raises
    ------
    TableError, CrsError
        With all faults: those that `findings` held before, and those found here.
    """
    _check_rows(frame, contract, findings)
    ids = _ids(frame, contract, findings)
    told = Findings(findings.source, _called(frame, ids), findings.faults, findings.notes)
    columns = _columns(frame, ids, contract, told)
    geometry = _geometry(frame, contract, told)
    told.settle(CrsError if geometry.crs is None else TableError)
    table = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(geometry.to_numpy(), index=frame.index, crs=geometry.crs))
    table.index = pd.Index(ids.to_numpy(), name=contract.id_name, dtype=str)
    before = frame.attrs.get("notes", [])
    table.attrs = {"source": findings.source, "notes": list(dict.fromkeys([*before, *told.notes]))}
    return table


def _check_rows(frame: pd.DataFrame, contract: Contract, findings: Findings) -> None:
    if not frame.columns.is_unique:
        double = ", ".join(map(repr, dict.fromkeys(frame.columns[frame.columns.duplicated()])))
        findings.fault(f"columns that stand twice: {double}", "every column once", "rename or drop them")
        findings.settle()
    if len(frame) == 0:
        findings.fault(f"no rows of {contract.table}", "at least one row", "choose another layer, or export it again")
        findings.settle()


def _ids(frame: pd.DataFrame, contract: Contract, findings: Findings) -> pd.Series:
    if contract.id_name in frame:
        column = frame[contract.id_name]
    elif frame.index.name == contract.id_name:
        column = pd.Series(frame.index, index=frame.index, name=contract.id_name)
    else:
        findings.fault(
            f"no column {contract.id_name!r}; there are {listed(frame)}",
            f"a column or an index {contract.id_name!r}",
            f'rename the column that holds the ids, or .rename_axis("{contract.id_name}")',
        )
        return pd.Series([str(label) for label in frame.index], index=frame.index, name=contract.id_name)
    return check_ids(column, Findings(findings.source, _called(frame, as_text(column)), findings.faults))


def _called(frame: pd.DataFrame, ids: pd.Series) -> RowNames:
    return RowNames(ids.tolist(), frame.index.tolist() if frame.index.name == ROW else None)


def listed(frame: pd.DataFrame) -> str:
    """Return the names of the columns, for a message."""
    names = [str(name) for name in frame.columns if name != "geometry"]
    return ", ".join(names) or "no columns at all"


def _columns(frame: pd.DataFrame, ids: pd.Series, contract: Contract, findings: Findings) -> pd.DataFrame:
    made: dict[str, pd.Series] = {}
    if contract.named:
        made["name"] = check_names(_column(frame, "name", ""), ids, findings)
    made |= {name: as_text(frame[name]) for name in contract.texts if name in frame}
    for name, words in contract.words.items():
        if name in frame or words.default is not None:
            made[name] = check_words(_column(frame, name, words.default), words, findings)
        else:
            _fault_missing(frame, name, findings)
    for name in contract.required:
        if name not in frame:
            _fault_missing(frame, name, findings)
    for name in (*contract.required, *contract.complete, *contract.numbers):
        if name in frame or name in contract.added:
            gaps = name in contract.numbers
            made[name] = check_numbers(_column(frame, name, float("nan")), findings, gaps=gaps)
    rest = [name for name in frame.columns if name not in made and name not in {contract.id_name, _active(frame)}]
    _note_unused(rest, contract, findings)
    return pd.DataFrame(made | {name: frame[name] for name in rest}, index=frame.index)


def _column(frame: pd.DataFrame, name: str, default: object) -> pd.Series:
    return frame[name] if name in frame else pd.Series(default, index=frame.index, name=name)


def _fault_missing(frame: pd.DataFrame, name: str, findings: Findings) -> None:
    findings.fault(
        f"no column {name!r}; there are {listed(frame)}",
        f"a column {name!r}",
        f'say which column it is: columns={{"{name}": "…"}}',
    )


def _note_unused(rest: list[str], contract: Contract, findings: Findings) -> None:
    odd = [str(name) for name in rest if str(name).startswith(("seats_", "pupils_")) and name not in contract.columns]
    if odd:
        findings.note(f"no known stage in the column names {', '.join(odd)}: not used")


def _active(frame: pd.DataFrame) -> str | None:
    return frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None


def _geometry(frame: pd.DataFrame, contract: Contract, findings: Findings) -> gpd.GeoSeries:
    if _active(frame) is None or not isinstance(frame, gpd.GeoDataFrame):
        findings.fault(
            f"no geometry; there are {listed(frame)}",
            " or ".join(contract.shapes),
            "choose a layer with geometry, or give columns x and y (or lon and lat) and a crs",
        )
        return gpd.GeoSeries([None] * len(frame), index=frame.index)
    before = len(findings.faults)
    geometry = check_shapes(frame.geometry, contract, findings)
    if geometry.crs is None:
        findings.fault(
            "no coordinate reference system",
            "a declared CRS",
            'name it: crs="EPSG:4326" for GPS (WGS 84), crs="EPSG:4490" for CGCS2000 degrees, or that of the metres; '
            "ask the giver of the file, it is never guessed",
        )
    else:
        check_position(geometry, findings)
    if contract.table == "districts" and len(findings.faults) == before:
        check_overlaps(geometry, findings)
    return geometry
