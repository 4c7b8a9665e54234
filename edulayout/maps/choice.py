"""A choice of schools that a reader of the page made and saved: the file, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edulayout.errors import Fault, InputError, MissingFileError
from edulayout.stages import KINDS, STAGES

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

FORMAT = "edulayout choice 1"
_MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Choice:
    """Which candidates are opened as what, and which schools are closed.

    Parameters
    ----------
    opened
        Kind by `candidate_id`: every new school of the choice, whatever layout it began with.
    closed
        Ids of existing schools that are closed.
    radius_metres
        Radii that the reader changed, by stage.
    base
        The layout that the reader began with.
    study
        Title of the map.
    """

    opened: Mapping[str, str]
    closed: tuple[str, ...] = ()
    radius_metres: Mapping[str, float] = field(default_factory=dict)
    base: str = ""
    study: str = ""


def read_choice(path: str | os.PathLike[str]) -> Choice:
    """Read a choice that the what-if part of a map saved.

    Raises
    ------
    MissingFileError
        Where the file is not there.
    InputError
        Where it is not such a file; every fault at once.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "choice.json"
    >>> _ = path.write_text(json.dumps({"format": FORMAT, "closed": ["s1"],
    ...                                 "opened": [{"candidate_id": "c2", "kind": "primary"}]}))
    >>> choice = read_choice(path)
    >>> choice.opened, choice.closed
    ({'c2': 'primary'}, ('s1',))
    """
    content = _content(Path(path))
    faults = _faults(content, str(path))
    if faults:
        raise InputError(*faults)
    return Choice(
        opened={entry["candidate_id"]: entry["kind"] for entry in content.get("opened", [])},
        closed=tuple(content.get("closed", [])),
        radius_metres={stage: float(radius) for stage, radius in content.get("radius_metres", {}).items()},
        base=content.get("base", ""),
        study=content.get("study", ""),
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(_not_one(str(path), f"{path.stat().st_size:,} bytes"))
        content = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise MissingFileError(
            Fault(str(path), "no such file", "a choice saved from a map", "check the path, or save one in the map")
        ) from None
    except (OSError, ValueError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise InputError(_not_one(str(path), f"no JSON in UTF-8 ({error})")) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(_not_one(str(path), "something else"))
    return content


def _not_one(source: str, found: str) -> Fault:
    return Fault(source, found, f'"format": "{FORMAT}"', "save the choice again, in the what-if part of a map")


def _faults(content: dict[str, Any], source: str) -> list[Fault]:
    opened, closed = content.get("opened", []), content.get("closed", [])
    radii, texts = content.get("radius_metres", {}), [content.get("base", ""), content.get("study", "")]
    faults = []
    if not _entries(opened):
        expected = f"candidate_id and kind ({', '.join(KINDS)}), each site once"
        faults.append(Fault(f"{source}: opened", "something else", expected, "correct the entries"))
    if not (_strings(closed) and len(set(closed)) == len(closed)):
        faults.append(Fault(f"{source}: closed", "something else", "a list of school ids, each once", "correct it"))
    if not _radii(radii):
        faults.append(Fault(f"{source}: radius_metres", "something else", f"metres > 0 by stage ({', '.join(STAGES)})",
                            "correct it"))  # fmt: skip
    if not _strings(texts):
        faults.append(Fault(f"{source}: base, study", "something else", "text", "correct it"))
    return faults


def _strings(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _entries(opened: object) -> bool:
    if not isinstance(opened, list) or not all(isinstance(entry, dict) for entry in opened):
        return False
    ids = [entry.get("candidate_id") for entry in opened]
    return _strings(ids) and len(set(ids)) == len(ids) and all(entry.get("kind") in list(KINDS) for entry in opened)


def _radii(radii: object) -> bool:
    return isinstance(radii, dict) and all(
        stage in STAGES and isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
        for stage, value in radii.items()
    )
