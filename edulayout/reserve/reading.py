"""What a reserve of land is reckoned from: sites of schools, land taken or claimed, idle buildings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.errors import Fault, MissingFileError
from edulayout.reading.columns import located, mapped, with_ids
from edulayout.reading.delimited import SUFFIXES, read_delimited
from edulayout.stages import STAGES
from edulayout.tables.contract import AREAS, LINES_OR_AREAS, Contract
from edulayout.tables.findings import Findings, RowNames
from edulayout.tables.gate import checked
from edulayout.tables.shapes import repaired
from edulayout.tables.values import as_text, check_ids, check_numbers

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import geopandas as gpd

SITES = Contract(
    "sites", "school_id", shapes=AREAS, numbers=tuple(f"seats_to_come_{stage}" for stage in STAGES), texts=("name",)
)
"""The polygon of each school's site; a school that has none is left out."""

AREA = Contract("areas", "area_id", shapes=LINES_OR_AREAS, numbered=True, texts=("name", "name_en"))
"""Land that is built up, committed, planned for something else, or permitted to be built on."""

BUILDINGS = Contract("idle buildings", "candidate_id", numbers=("floor_area_m2", "floor"))
"""Idle buildings among the candidates: floor area, and the highest floor to be used."""


def read_sites(path: str | os.PathLike[str], **asked: object) -> gpd.GeoDataFrame:
    """Read the polygons of school sites, by `school_id`, with `seats_to_come_<stage>` where they are known.

    All other arguments as in `edulayout.read_districts`.

    Raises
    ------
    MissingFileError, TableError, CrsError
        With every fault of the file.
    """
    return _placed(path, SITES, **asked)  # type: ignore[arg-type] # as told


def read_areas(path: str | os.PathLike[str], **asked: object) -> gpd.GeoDataFrame:
    """Read land that is taken or claimed, polygons or lines, with `name` where they have one.

    All other arguments as in `edulayout.read_districts`.

    Raises
    ------
    MissingFileError, TableError, CrsError
        With every fault of the file.
    """
    return _placed(path, AREA, **asked)  # type: ignore[arg-type] # as told


def check_sites(frame: pd.DataFrame, *, source: str = "sites") -> gpd.GeoDataFrame:
    """Return sites as the contract says: index `school_id`, a polygon each.

    Raises
    ------
    TableError, CrsError
        With every fault of the table.
    """
    return checked(frame, SITES, Findings(source))


def _placed(
    path: str | os.PathLike[str], contract: Contract, *, crs: str | None = None, layer: str | None = None,
    encoding: str | None = None, columns: Mapping[str, str] | None = None, repair: bool = False,
) -> gpd.GeoDataFrame:  # fmt: skip
    file, findings = _there(path)
    frame = with_ids(_mapped(file, layer, encoding, columns, contract, findings), contract, findings)
    placed = located(frame, crs, findings)
    return checked(repaired(placed, findings) if repair else placed, contract, findings)


def read_buildings(
    path: str | os.PathLike[str], *, encoding: str | None = None, layer: str | None = None,
    columns: Mapping[str, str] | None = None, candidates: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Read floor areas of idle buildings: `candidate_id`, `floor_area_m2`, `floor` (empty where not known).

    Raises
    ------
    MissingFileError, TableError
        With every fault of the file; an id that none of the candidates has is one.
    """
    file, findings = _there(path)
    frame = _mapped(file, layer, encoding, columns, BUILDINGS, findings)
    if "candidate_id" not in frame or "floor_area_m2" not in frame:
        findings.fault("no column candidate_id or floor_area_m2", "candidate_id, floor_area_m2, floor", "add them")
    findings.settle()
    told = Findings(findings.source, RowNames(as_text(frame["candidate_id"]).tolist()))
    ids = check_ids(frame["candidate_id"], told)
    numbers = {name: check_numbers(frame[name], told, gaps=True) for name in BUILDINGS.numbers if name in frame}
    strange = ~ids.isin([] if candidates is None else list(map(str, candidates.index))).to_numpy(dtype=bool)
    if candidates is not None and strange.any():
        told.fault("ids that no candidate has", "the ids of the candidates", "correct them, or take them out",
                   where=strange)  # fmt: skip
    told.settle()
    made = pd.DataFrame(numbers).set_axis(pd.Index(ids.to_numpy(), name="candidate_id", dtype=str))
    made.attrs = {"source": findings.source, "notes": [*findings.notes, *told.notes]}
    return made


def _there(path: str | os.PathLike[str]) -> tuple[Path, Findings]:
    file = Path(path)
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a file", "correct the path, or put the file there"))
    return file, Findings(file.name)


def _mapped(
    file: Path, layer: str | None, encoding: str | None, columns: Mapping[str, str] | None, contract: Contract,
    findings: Findings,
) -> pd.DataFrame:  # fmt: skip
    if file.suffix.lower() in SUFFIXES:
        raw = read_delimited(file, encoding=encoding, findings=findings)
    else:
        from edulayout.reading.vector import read_vector  # noqa: PLC0415 - GDAL loads only where it is needed

        raw = read_vector(file, layer=layer, encoding=encoding, findings=findings)
    return mapped(raw, columns, contract=contract, findings=findings)
