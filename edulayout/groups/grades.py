"""Grades of schools: who is strong enough to lead, who needs a lead, and where; the table and its gate."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.errors import Fault, MissingFileError, TableError
from edulayout.reading.columns import mapped, translated
from edulayout.reading.delimited import read_delimited
from edulayout.tables.contract import Contract, Words
from edulayout.tables.findings import Findings, RowNames
from edulayout.tables.values import as_text, check_ids, check_numbers, check_words

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

UNGRADED = "none"
GRADES = ("provincial", "city", "county", UNGRADED)
GRADE_WORDS: Mapping[str, str] = MappingProxyType(
    {name: name for name in GRADES}
    | {"省级": "provincial", "省级示范": "provincial", "市级": "city", "市级示范": "city", "县级": "county",
       "县级示范": "county", "无": UNGRADED}
)  # fmt: skip
"""What a file may call a grade (示范等级), the highest first; an empty cell is `none`."""

GRADED = Contract(
    "grades",
    "school_id",
    numbers=("need",),
    texts=("township", "lead"),
    words=MappingProxyType({"grade": Words(GRADE_WORDS, UNGRADED)}),
)
"""`need` is what a branch asks of its lead (0 or empty: it needs none), `lead` its lead of today."""


def check_grades(frame: pd.DataFrame, *, schools: pd.DataFrame | None = None, source: str = "grades") -> pd.DataFrame:
    """Return grades as the contract says, by `school_id`.

    Parameters
    ----------
    frame
        `school_id` (a column, or the index), `grade` (`provincial`, `city`, `county`, `none`, or 省级, 市级,
        县级), `need`, `township`, `lead` (the school that leads it today). Not changed.
    schools
        The schools that the grades are about; an id that none of them has is a fault.
    source
        What a message calls the table.

    Raises
    ------
    TableError
        With every fault: ids missing, repeated or unknown, unknown grades, negative needs, a lead that is not graded
        or is the school itself.

    Examples
    --------
    >>> table = pd.DataFrame({"school_id": ["a", "b"], "grade": ["省级", ""], "need": ["", 1], "lead": ["", "a"]})
    >>> check_grades(table)
                    grade  need township lead
    school_id
    a          provincial   0.0
    b                none   1.0             a
    """
    named = frame if "school_id" in frame else frame.rename_axis("school_id").reset_index()
    if "school_id" not in named or "grade" not in named:
        expected = "school_id, grade, need, township, lead"
        raise TableError(Fault(source, "no column school_id or grade", expected, "add them"))
    findings = Findings(source, RowNames(as_text(named["school_id"]).tolist()))
    ids = check_ids(named["school_id"], findings)
    table = pd.DataFrame(
        {
            "grade": check_words(named["grade"], GRADED.words["grade"], findings),
            "need": _need(named, findings),
            **{name: _text(named, name) for name in GRADED.texts},
        }
    )
    _check_known(ids, schools, findings)
    _check_leads(ids, table, findings)
    findings.settle()
    made = table.set_axis(pd.Index(ids.to_numpy(), name="school_id", dtype=str))
    made.attrs = {"source": source, "notes": [*frame.attrs.get("notes", []), *findings.notes]}
    return made


def _need(frame: pd.DataFrame, findings: Findings) -> pd.Series[float]:
    if "need" not in frame:
        return pd.Series(0.0, index=frame.index)
    return check_numbers(frame["need"], findings, gaps=True).fillna(0.0)


def _text(frame: pd.DataFrame, name: str) -> pd.Series[str]:
    return as_text(frame[name]) if name in frame else pd.Series("", index=frame.index, dtype=str)


def _check_known(ids: pd.Series[str], schools: pd.DataFrame | None, findings: Findings) -> None:
    if schools is None:
        return
    strange = ~ids.isin(list(map(str, schools.index))).to_numpy(dtype=bool)
    if strange.any():
        findings.fault("ids that no school has", "the ids of the schools", "correct them, or take the rows out",
                       where=strange)  # fmt: skip


def _check_leads(ids: pd.Series[str], table: pd.DataFrame, findings: Findings) -> None:
    graded = set(ids[(table["grade"] != UNGRADED).to_numpy()])
    lead = table["lead"]
    strange = ((lead != "") & (~lead.isin(graded) | (lead.to_numpy() == ids.to_numpy()))).to_numpy(dtype=bool)
    if strange.any():
        findings.fault("leads of today without a grade, or that lead themselves", "a graded school's id, or nothing",
                       "correct the column `lead`", where=strange)  # fmt: skip


def read_grades(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    schools: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Read grades from delimited text and check them; see `check_grades`.

    Parameters
    ----------
    path
        The file.
    encoding, columns, values
        As in `edulayout.read_schools`.
    schools
        As in `check_grades`.

    Raises
    ------
    MissingFileError, TableError
        With every fault of the file.
    """
    file = Path(path)
    findings = Findings(file.name)
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a file", "correct the path, or put the file there"))
    raw = read_delimited(file, encoding=encoding, findings=findings)
    frame = translated(mapped(raw, columns, contract=GRADED, findings=findings), values, findings)
    findings.settle()
    frame.attrs["notes"] = findings.notes
    return check_grades(frame, schools=schools, source=findings.source)
