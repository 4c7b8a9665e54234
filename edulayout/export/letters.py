"""Reminder letters as files: a page and a Word document each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edulayout.export.document import Picture, document_bytes
from edulayout.export.workbook import Sheet
from edulayout.writing import whole_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edulayout.export.words import Language
    from edulayout.programme import Letter

_UNSAFE = re.compile(r"[^\w-]+")


def letter_name(letter: Letter, taken: Sequence[str]) -> str:
    """Return a file name made of the district, without what a file system or a shell could trip over.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> letter_name(SimpleNamespace(district_id="../华安县 $HOME"), [])
    '华安县_HOME'
    """
    stem = _UNSAFE.sub("_", letter.district_id).strip("_")[:60] or "district"
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def letter_files(letters: Sequence[Letter], *, folder: str = "", documents: bool = True) -> dict[str, bytes | str]:
    """Return each letter as `<district>.html` and `<district>.docx`, by path; the pages alone without `documents`.

    Raises
    ------
    MissingExtraError
        Without the extra `office`, where documents are asked for.
    """
    files: dict[str, bytes | str] = {}
    names: list[str] = []
    for letter in letters:
        names.append(letter_name(letter, names))
        stem = f"{folder}/{names[-1]}" if folder else names[-1]
        files[f"{stem}.html"] = letter.html()
        if documents:
            files[f"{stem}.docx"] = _document(letter)
    return files


def _document(letter: Letter) -> bytes:
    parts: list[str | Sheet | Picture] = [*letter.before, Sheet("", letter.table), *letter.after]
    language: Language = "zh" if letter.language == "zh" else "en"
    return document_bytes(parts, title=letter.title, language=language, letter=True)


def write_letters(letters: Sequence[Letter], folder: Path) -> list[str]:
    """Write each letter as `<district>.html` and `<district>.docx` into a folder; return the names of the files.

    Raises
    ------
    MissingExtraError
        Without the extra `office`.
    OutputError
        Where the folder cannot be written, or holds something else than letters.
    """
    files = letter_files(letters)
    with whole_folder(folder, foreign=_foreign) as fresh:
        for name, content in files.items():
            (fresh / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return list(files)


def _foreign(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.suffix not in {".html", ".docx"})
