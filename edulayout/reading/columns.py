"""From the columns of a file to those of the contract: mapping, ids, points from coordinates, the CRS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout.crs import LONLAT, from_shifted, label, parse, shifted_datum
from edulayout.errors import CrsError
from edulayout.tables.gate import listed
from edulayout.tables.values import as_text, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyproj

    from edulayout.tables.contract import Contract
    from edulayout.tables.findings import Findings

CRS_BY_DEFAULT = "crs_by_default"
"""The key in `attrs` that says that the CRS comes from the definition of the format, not from the file."""

DEGREES = (("lon", "lat"), ("longitude", "latitude"), ("lng", "lat"), ("long", "lat"), ("经度", "纬度"))
METRES = (("x", "y"), ("easting", "northing"))
_PAIRS = (*METRES, *DEGREES)
_SHAPEFILE_LETTERS = 10


def mapped(
    frame: pd.DataFrame, columns: Mapping[str, str] | None, *, contract: Contract, findings: Findings
) -> pd.DataFrame:
    """Return a table with the names of the contract: as `columns` says, then those that differ in spelling only."""
    wanted = dict(columns or {})
    known = (*contract.columns, *dict.fromkeys(name for pair in _PAIRS for name in pair))
    _check_mapping(frame, wanted, known, findings)
    wanted |= _alike(frame, wanted, known, findings)
    held = {target: frame[source] for target, source in wanted.items() if source in frame}
    taken = set(wanted.values())
    rest = {name: frame[name] for name in frame.columns if name not in taken and name not in held}
    for name in (name for name in frame.columns if name not in taken and name in held):
        rest[f"{name}_in_file"] = frame[name]
        findings.note(
            f"the column {name!r} of the file is kept as '{name}_in_file', because {wanted[name]!r} is {name!r}"
        )
    made = pd.DataFrame(held | rest, index=frame.index)
    if isinstance(frame, gpd.GeoDataFrame):
        made = gpd.GeoDataFrame(made, geometry=frame.geometry.name)
    made.attrs = dict(frame.attrs)
    return made


def _check_mapping(frame: pd.DataFrame, wanted: Mapping[str, str], known: tuple[str, ...], findings: Findings) -> None:
    absent = [source for source in wanted.values() if source not in frame.columns]
    if absent:
        findings.fault(
            f"no column {', '.join(map(repr, absent))}; there are {listed(frame)}",
            "the columns that columns= names",
            "write them as the file does, or leave them out of columns=",
        )
    foreign = [target for target in wanted if target not in known]
    if foreign:
        findings.fault(
            f"columns= names {', '.join(map(repr, foreign))}, which this table does not have",
            f"from {', '.join(known)}",
            'write it as {"our name": "name in the file"}',
        )


def _alike(
    frame: pd.DataFrame, wanted: Mapping[str, str], known: tuple[str, ...], findings: Findings
) -> dict[str, str]:
    """Return the columns that are ours but for their case, or but for the ten letters of a shapefile."""
    free = [name for name in known if name not in wanted and name not in frame.columns]
    sources = [str(name) for name in frame.columns if name not in wanted.values() and str(name) not in known]
    found = {}
    for name in free:
        alike = [source for source in sources if source.lower() in _spellings(name, known)]
        if len(alike) == 1:
            found[name] = alike[0]
            findings.note(f"the column {alike[0]!r} is taken as {name!r}")
    return found


def _spellings(name: str, known: tuple[str, ...]) -> set[str]:
    """Return a name, and what a shapefile makes of it where no other name is cut to the same."""
    cut = name[:_SHAPEFILE_LETTERS]
    only = sum(other[:_SHAPEFILE_LETTERS] == cut for other in known) == 1
    return {name, cut} if only else {name}


def with_ids(frame: pd.DataFrame, contract: Contract, findings: Findings) -> pd.DataFrame:
    """Return the table with an id column; where the file has none, the number of the row is the id, and noted."""
    if contract.id_name in frame:
        return frame
    if not contract.numbered:
        findings.note(
            f"no column {contract.id_name!r} (there are {listed(frame)}): "
            "the rows are numbered from 1 in the order of the file"
        )
    return frame.assign(**{contract.id_name: [str(number) for number in range(1, len(frame) + 1)]})


def translated(frame: pd.DataFrame, values: Mapping[str, Mapping[str, str]] | None, findings: Findings) -> pd.DataFrame:
    """Return the table with words exchanged, column by column; words not named stay."""
    for name, words in (values or {}).items():
        if name in frame:
            frame = frame.assign(**{name: [words.get(cell, cell) for cell in as_text(frame[name]).tolist()]})
        else:
            findings.fault(f"no column {name!r} to translate; there are {listed(frame)}", "a column", "correct values=")
    return frame


def located(frame: pd.DataFrame, crs: str | None, findings: Findings) -> gpd.GeoDataFrame | pd.DataFrame:
    """Return the table with geometry and CRS: its own, or points made from its columns of coordinates.

    Raises
    ------
    CrsError
        Where the CRS is neither stored nor told, or the two differ.
    """
    datum = shifted_datum(crs)
    if datum is not None:
        return _unshifted(frame, datum, findings)
    declared = parse(crs, source=findings.source) if crs is not None else None
    if isinstance(frame, gpd.GeoDataFrame):
        return _declared(frame, declared, findings)
    return _pointed(frame, declared, findings)


def _unshifted(frame: pd.DataFrame, datum: str, findings: Findings) -> gpd.GeoDataFrame | pd.DataFrame:
    """Return the table in WGS 84, its coordinates being declared as those of a shifted datum."""
    placed = frame if isinstance(frame, gpd.GeoDataFrame) else _pointed(frame, parse(LONLAT, source=""), findings)
    if not isinstance(placed, gpd.GeoDataFrame):
        return placed  # the gate says that there is no geometry
    findings.settle()
    back = from_shifted(placed, datum, source=findings.source)
    findings.note(f"coordinates in {datum}, as told: brought back to WGS 84")
    return back


def _declared(frame: gpd.GeoDataFrame, declared: pyproj.CRS | None, findings: Findings) -> gpd.GeoDataFrame:
    if declared is None:
        return frame
    if frame.crs is None:
        findings.note(f"the file has no CRS; {label(declared)} as told")
        return frame.set_crs(declared)
    if frame.crs.equals(declared, ignore_axis_order=True):
        return frame.set_crs(declared, allow_override=True)
    if frame.attrs.get(CRS_BY_DEFAULT):
        findings.note(f"the file names no CRS, which means {label(frame.crs)}; {label(declared)} as told")
        return frame.set_crs(declared, allow_override=True)
    findings.fault(
        f"the file says {label(frame.crs)}, you say {label(declared)}",
        "one CRS",
        'leave crs= out to read it as it is, then .to_crs("…"); if the file is wrong, correct it there',
    )
    findings.settle(CrsError)
    return frame


def _pointed(frame: pd.DataFrame, declared: pyproj.CRS | None, findings: Findings) -> gpd.GeoDataFrame | pd.DataFrame:
    pair = _pair(frame, declared)
    if pair is None:
        return frame  # the gate says that there is no geometry
    _check_crs(pair, declared, findings)
    numbers, junk = zip(*(parsed(frame[name]) for name in pair), strict=True)
    told = [f"{name} = {cell!r}" for name, wrong in zip(pair, junk, strict=True) for cell in frame[name][wrong][:3]]
    rows = [str(row) for row in frame.index[junk[0] | junk[1]]]
    if rows:
        findings.fault(f"coordinates that are no numbers: {', '.join(told)}", "numbers", "correct them", rows=rows)
    gap = (np.isnan(numbers[0]) | np.isnan(numbers[1])) & ~junk[0] & ~junk[1]
    points = gpd.points_from_xy(*(np.where(np.isnan(number), 0.0, number) for number in numbers)).to_numpy().copy()
    points[gap] = None
    return gpd.GeoDataFrame(frame.drop(columns=list(pair)), geometry=points, crs=declared)


def _pair(frame: pd.DataFrame, declared: pyproj.CRS | None) -> tuple[str, str] | None:
    """Return the columns of coordinates; where a file has both kinds, the CRS says which are meant."""
    found = [pair for pair in _PAIRS if set(pair) <= set(frame.columns)]
    degrees_first = declared is not None and declared.is_geographic
    return min(found, key=lambda pair: (pair in METRES) == degrees_first, default=None)


def _check_crs(pair: tuple[str, str], declared: pyproj.CRS | None, findings: Findings) -> None:
    if declared is not None and pair in DEGREES and not declared.is_geographic:
        findings.fault(
            f"columns {pair[0]!r} and {pair[1]!r} under a CRS in metres, {label(declared)}",
            "a CRS in degrees for longitude and latitude",
            'name the CRS of the file, such as crs="EPSG:4490"; project afterwards with .to_crs()',
        )
        findings.settle(CrsError)
