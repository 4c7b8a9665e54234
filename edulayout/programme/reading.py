"""A programme from its files: a TOML that names the tables, or a table of projects alone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edulayout.errors import Fault, InputError, MissingFileError, TableError
from edulayout.programme.gate import check_graded, check_payments, check_projects
from edulayout.programme.milestones import Milestone, default_milestones, milestones_of
from edulayout.programme.projects import Programme
from edulayout.reading.delimited import read_delimited
from edulayout.tables.findings import Findings

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    import pandas as pd

_TEXTS = ("name", "name_zh", "note", "note_zh", "money", "money_zh")
_ROLES = ("projects", "payments", "graded")
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


def files_of(path: str | os.PathLike[str]) -> list[Path]:
    """Return the tables that a programme names, without reading them; none where it is a table itself.

    Raises
    ------
    MissingFileError, InputError
        As `read`.
    """
    file = Path(path)
    if file.suffix.lower() != ".toml":
        return []
    section = _toml(file)["programme"]
    return [file.parent / section[name] for name in _ROLES if name in section]


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
    notes = Findings("")
    tables, faults = _tables(file, section, notes)
    asked = {"milestones": milestones, "districts": districts}
    projects = _checked(check_projects, tables, "projects", section, faults, **asked)
    graded = _checked(check_graded, tables, "graded", section, faults)
    payments = None
    if projects is not None:
        payments = _checked(check_payments, tables, "payments", section, faults, projects=projects)
    if faults or projects is None:
        raise TableError(*faults)
    return Programme(
        projects=projects,
        payments=payments,
        graded=graded,
        milestones=milestones,
        year=int(section.get("year", 0)),
        source=file.name,
        notes=(*notes.notes, *projects.attrs["notes"]),
        **{name: str(section[name]) for name in _TEXTS if name in section},
    )


def _tables(file: Path, section: dict[str, Any], notes: Findings) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """Return every table that can be read, and what is wrong with the others."""
    tables, faults = {}, []
    for role in [role for role in _ROLES if role in section]:
        try:
            tables[role] = _table(file.parent / section[role], section.get("encoding"), notes)
        except MissingFileError:
            if len(section) == 1:
                raise
            faults.append(_absent(file.parent / section[role]))
        except InputError as error:
            faults += error.faults
    return tables, faults


def _checked(
    check: Callable[..., pd.DataFrame], tables: dict[str, pd.DataFrame], role: str, section: dict[str, Any],
    faults: list[Fault], **asked: object,
) -> pd.DataFrame | None:  # fmt: skip
    """Return a table as its gate leaves it; None where it is not there or at fault, which is added to the faults."""
    if role not in tables:
        return None
    try:
        return check(tables[role], source=section[role], **asked)
    except InputError as error:
        faults += error.faults
        return None


def _absent(file: Path) -> Fault:
    return Fault(str(file), "no such file", "a table", "correct the path, or put the file there")


def _table(file: Path, encoding: str | None, notes: Findings) -> pd.DataFrame:
    if not file.exists():
        raise MissingFileError(_absent(file))
    findings = Findings(file.name, notes=notes.notes)
    return read_delimited(file, encoding=encoding, findings=findings).reset_index(drop=True)
