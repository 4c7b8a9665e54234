"""What is known of each school beside its place and seats: the table of school facts, and its gate."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, MissingFileError
from edulayout.reading.columns import mapped, translated
from edulayout.reading.delimited import SUFFIXES, read_delimited
from edulayout.stages import STAGES
from edulayout.tables.contract import Contract, Words
from edulayout.tables.findings import Findings, RowNames
from edulayout.tables.gate import ROW, listed
from edulayout.tables.values import as_text, check_ids, check_numbers, check_words

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

MEASURED = (
    "site_area_m2",
    "floor_area_m2",
    "teaching_rooms_m2",
    "sports_grounds_m2",
    "equipment_yuan",
    "teachers",
    "teachers_above_required_degree",
    "mid_or_higher_rank_teachers",
    "backbone_teachers",
    "sports_and_arts_teachers",
    "networked_classrooms",
    "computers",
    "books",
)
"""What a school has, as a whole; with `_<stage>` behind, what it has for one of its stages."""

_OF_STAGE = tuple(f"{name}_{stage}" for name in MEASURED for stage in STAGES)
_CLASSES = tuple(f"classes_{stage}" for stage in STAGES)
_PUPILS = tuple(f"pupils_{stage}" for stage in STAGES)

_ALIKE = 0.9
"""How alike two names are, by the ratio of `difflib`, for one to be taken as the other misspelt."""

UNKNOWN = "unknown"
OWNERSHIP: Mapping[str, str] = MappingProxyType(
    {name: name for name in ("public", "inclusive", "private", UNKNOWN)}
    | {"公办": "public", "普惠性民办": "inclusive", "普惠": "inclusive", "民办": "private", "营利性民办": "private"}
)
"""Who runs a school: the public hand, a private body at a public price (普惠), or a private body."""

ESTATE: Mapping[str, str] = MappingProxyType(
    {name: name for name in ("no", "handed_over", "pending", UNKNOWN)}
    | {"否": "no", "非配套园": "no", "已移交": "handed_over", "未移交": "pending"}
)
"""Whether a kindergarten was built with a housing estate (小区配套园), and was handed over."""

FACTS = Contract(
    "facts",
    "school_id",
    numbers=(*_CLASSES, *_PUPILS, *MEASURED, *_OF_STAGE),
    texts=("name", "note"),
    words=MappingProxyType({"ownership": Words(OWNERSHIP, UNKNOWN), "estate": Words(ESTATE, UNKNOWN)}),
)
"""The columns of school facts; every one but the id may be absent, and every cell empty: not known."""


def check_facts(
    frame: pd.DataFrame, *, schools: pd.DataFrame | None = None, source: str = "school facts"
) -> pd.DataFrame:
    """Return school facts as the contract says, by `school_id`.

    Parameters
    ----------
    frame
        Ids in the index or a column `school_id`; then, all optional, `classes_<stage>`, `pupils_<stage>` (enrolled),
        the columns of `MEASURED` (for a school of several stages also `<column>_<stage>`), `ownership` and `estate`.
        Not changed.
    schools
        The schools that the facts are about; an id that none of them has is a fault.
    source
        What a message calls the table.

    Returns
    -------
    pandas.DataFrame
        Numbers as float64 (NaN: not known) and words, in `attrs["notes"]` what was assumed.

    Raises
    ------
    TableError
        With every fault: ids missing, repeated or unknown, numbers that cannot be, classes in fractions, unknown words,
        columns that are almost called like one of these.

    Examples
    --------
    >>> import pandas as pd
    >>> facts = pd.DataFrame({"school_id": ["s1"], "classes_primary": ["24"], "ownership": ["公办"]})
    >>> check_facts(facts)
               classes_primary ownership
    school_id
    s1                    24.0    public
    """
    return _gated(frame, Findings(source), schools)


def read_facts(
    path: str | os.PathLike[str],
    *,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    schools: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""Read school facts from a file and check them; see `check_facts`.

    Parameters
    ----------
    path
        Delimited text, or a table that GDAL opens (`.xlsx`, `.ods`, `.dbf`, a layer without geometry).
    layer, encoding, columns, values
        As in `edulayout.read_schools`.
    schools
        As in `check_facts`.

    Raises
    ------
    MissingFileError, TableError
        With every fault of the file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "facts.csv"
    >>> _ = path.write_text("school_id,pupils_primary,BAN\n0101,900,20\n")
    >>> read_facts(path, columns={"classes_primary": "BAN"}).loc["0101", "classes_primary"]
    np.float64(20.0)
    """
    file = Path(path)
    findings = Findings(file.name)
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a file", "correct the path, or put the file there"))
    if file.suffix.lower() in SUFFIXES:
        raw = read_delimited(file, encoding=encoding, findings=findings)
    else:
        from edulayout.reading.vector import read_vector  # noqa: PLC0415 - GDAL loads only where it is needed

        raw = pd.DataFrame(read_vector(file, layer=layer, encoding=encoding, findings=findings))
    frame = translated(mapped(raw, columns, contract=FACTS, findings=findings), values, findings)
    return _gated(frame.drop(columns="geometry", errors="ignore"), findings, schools)


def _gated(frame: pd.DataFrame, findings: Findings, schools: pd.DataFrame | None) -> pd.DataFrame:
    ids = _ids(frame, findings)
    findings.settle()
    told = Findings(findings.source, _called(frame, ids), findings.faults, findings.notes)
    _check_known(ids, schools, told)
    table = pd.DataFrame(_columns(frame, told))
    told.settle()
    table.index = pd.Index(ids.to_numpy(), name=FACTS.id_name, dtype=str)
    before = frame.attrs.get("notes", [])
    table.attrs = {"source": findings.source, "notes": list(dict.fromkeys([*before, *told.notes]))}
    return table


def _ids(frame: pd.DataFrame, findings: Findings) -> pd.Series[str]:
    if FACTS.id_name in frame:
        column = frame[FACTS.id_name]
    elif frame.index.name == FACTS.id_name:
        column = pd.Series(frame.index, index=frame.index, name=FACTS.id_name)
    else:
        findings.fault(
            f"no column {FACTS.id_name!r}; there are {listed(frame)}",
            "the id of the school in every row",
            f'say which column it is: columns={{"{FACTS.id_name}": "…"}}',
        )
        return pd.Series(dtype=str)
    told = Findings(findings.source, _called(frame, as_text(column)), findings.faults)
    return check_ids(column, told)


def _called(frame: pd.DataFrame, ids: pd.Series[str]) -> RowNames:
    return RowNames(ids.tolist(), frame.index.tolist() if frame.index.name == ROW else None)


def _check_known(ids: pd.Series[str], schools: pd.DataFrame | None, findings: Findings) -> None:
    if schools is None:
        return
    known = schools.get("school_id", schools.index)
    strange = ~ids.isin(list(map(str, known))).to_numpy(dtype=bool)
    if strange.any():
        findings.fault(
            "ids that no school has",
            "the ids of the schools",
            "correct them, or take the rows out: facts of unknown schools are counted nowhere",
            where=strange,
        )


def _columns(frame: pd.DataFrame, findings: Findings) -> dict[str, pd.Series]:
    made: dict[str, pd.Series] = {}
    for name in frame.columns:
        if name in FACTS.numbers:
            made[name] = check_numbers(frame[name], findings, gaps=True)
        elif name in FACTS.words:
            made[name] = check_words(frame[name], FACTS.words[name], findings)
    _check_whole(made, findings)
    odd = [str(name) for name in frame.columns if name not in FACTS.columns]
    if odd:
        findings.note(f"columns that no rule needs: {', '.join(odd)}")
    for name in odd:
        _check_spelling(name, frame, findings)
    return made


def _check_spelling(name: str, frame: pd.DataFrame, findings: Findings) -> None:
    """Refuse a column that is almost called like a known one: its numbers would be counted nowhere."""
    meant = get_close_matches(name.strip().lower(), FACTS.columns, n=1, cutoff=_ALIKE)
    if meant and meant[0] not in frame:
        findings.fault(
            f"column {name!r}", f"{meant[0]!r}, if that is meant", "correct the name, or take the column out"
        )


def _check_whole(made: Mapping[str, pd.Series], findings: Findings) -> None:
    for name in (name for name in _CLASSES if name in made):
        numbers = made[name].to_numpy(np.float64)
        broken = np.isfinite(numbers) & (numbers != np.floor(numbers))
        if broken.any():
            findings.fault(f"column {name!r}: classes in fractions", "whole numbers", "correct them", where=broken)
