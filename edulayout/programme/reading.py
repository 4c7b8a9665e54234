"""A programme from its files: a TOML that names the tables, or a table of projects alone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edulayout.errors import Fault, InputError, MissingFileError
from edulayout.programme.gate import check_graded, check_payments, check_projects
from edulayout.programme.milestones import Milestone, default_milestones, milestones_of
from edulayout.programme.projects import Programme
from edulayout.reading.delimited import read_delimited
from edulayout.tables.findings import Findings

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

_TEXTS = ("name", "name_zh", "note", "note_zh", "money", "money_zh")
_KNOWN = frozenset({*_TEXTS, "year", "projects", "payments", "graded", "encoding"})


def read(path: str | os.PathLike[str], *, districts: Sequence[str] | None = None) -> Programme:
    """Read a programme and check it at the gate.

    Parameters
    ----------
    path
        A `.toml` with a section `[programme]` (`projects`, and `payments`, `graded`, `name`, `year`, `money`, `note`,
        `encoding`) and, where a city has its own, `[[milestone]]` entries; or a `.csv` of projects alone.
    districts
        The ids that `district_id` may have; anything where None.

    Raises
    ------
    MissingFileError, TableError, InputError
        With every fault of a file.
    """
    file = Path(path)
    if file.suffix.lower() != ".toml":
        return _programme(file, {"projects": file.name}, default_milestones(), districts)
    content = _toml(file)
    own = content.get("milestone")
    milestones = milestones_of(own, source=file.name) if own else default_milestones()
    return _programme(file, content["programme"], milestones, districts)


def _toml(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise MissingFileError(Fault(str(file), "no such file", "a programme", "check the path")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(Fault(str(file), f"not TOML ({error})", "TOML in UTF-8", "correct the line")) from None
    section = content.get("programme")
    strange = sorted(set(content) - {"programme", "milestone"}) + sorted(set(section or {}) - _KNOWN)
    if not isinstance(section, dict) or "projects" not in section:
        raise InputError(Fault(str(file), "no [programme] with projects", 'projects = "projects.csv"', "add it"))
    if strange:
        raise InputError(Fault(str(file), f"names that no programme has: {', '.join(strange)}",
                               f"one of {', '.join(sorted(_KNOWN))}", "correct or remove them"))  # fmt: skip
    return content


def _programme(
    file: Path, section: dict[str, Any], milestones: tuple[Milestone, ...], districts: Sequence[str] | None
) -> Programme:
    encoding, notes = section.get("encoding"), Findings("")
    table = _table(file.parent / section["projects"], encoding, notes)
    projects = check_projects(table, milestones, source=section["projects"], districts=districts)
    payments = None
    if "payments" in section:
        paid = _table(file.parent / section["payments"], encoding, notes)
        payments = check_payments(paid, projects, source=section["payments"])
    graded = None
    if "graded" in section:
        graded = check_graded(_table(file.parent / section["graded"], encoding, notes), source=section["graded"])
    texts = {name: str(section[name]) for name in _TEXTS if name in section}
    return Programme(
        projects=projects,
        payments=payments,
        graded=graded,
        milestones=milestones,
        year=int(section.get("year", 0)),
        source=file.name,
        notes=(*notes.notes, *projects.attrs["notes"]),
        **texts,
    )


def _table(file: Path, encoding: str | None, notes: Findings) -> pd.DataFrame:
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a table", "correct the path, or put the file there"))
    findings = Findings(file.name, notes=notes.notes)
    return read_delimited(file, encoding=encoding, findings=findings).reset_index(drop=True)
