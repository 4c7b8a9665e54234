"""The attribute file of a shapefile: which encoding its text is in, as many of them do not say."""

from __future__ import annotations

import codecs
import struct
from typing import TYPE_CHECKING, NamedTuple

from edulayout.reading.encoding import detect, undecodable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edulayout.tables.findings import Findings

_GBK_LANGUAGE = 0x4D
_END_OF_FIELDS = 0x0D


class _Dbf(NamedTuple):
    """What a `.dbf` file holds that matters for its encoding."""

    language: int
    names: list[bytes]
    texts: list[tuple[str, bytes]]


def shapefile_encoding(path: Path, encoding: str | None, findings: Findings) -> str | None:
    """Return the encoding to read with: as told, as the `.cpg` says (None), or as detected from the bytes.

    Other files than shapefiles say it themselves, or are in UTF-8 by their definition.

    Raises
    ------
    TableError
        Where the encoding is not known, not certain, or does not decode every cell.
    """
    table = path.with_suffix(".dbf")
    if encoding is not None:
        encoding = _known(encoding, findings)
    if path.suffix.lower() not in {".shp", ".dbf"} or not table.is_file() or table.stat().st_size == 0:
        return encoding
    stored = _read_dbf(table, findings)
    chosen = encoding or _declared(path) or _detected(stored, table.name, findings)
    if rows := undecodable(stored.texts, chosen):
        findings.fault(
            f"text in {table.name} that is not {chosen}",
            "the encoding that the file is in",
            "name another one with encoding=; without it, and without a .cpg file, UTF-8 and GBK are told apart",
            rows=rows,
        )
        findings.settle()
    _check_names(stored.names, chosen, table.name, findings)
    return chosen


def _check_names(names: list[bytes], encoding: str, table: str, findings: Findings) -> None:
    """Refuse names of columns that end within a character: GDAL gives no column at all then."""
    for name in names:
        try:
            name.decode(encoding)
        except UnicodeDecodeError:
            findings.fault(
                f"a column name in {table} that is cut within a character: {name.decode(encoding, 'replace')!r}",
                f"names that fit into ten bytes of {encoding}",
                "rename the column in the program that wrote it, or export as GeoPackage",
            )
    findings.settle()


def _known(encoding: str, findings: Findings) -> str:
    try:
        # GDAL knows fewer spellings than Python: "latin-1" is silently none of its own.
        return codecs.lookup(encoding).name
    except LookupError:
        findings.fault(f"the encoding {encoding!r}, which nobody knows", "a name such as gbk", "correct encoding=")
        findings.settle()
        raise


def _declared(path: Path) -> str | None:
    """Return the encoding that a `.cpg` file names, None where there is none or its name is unknown."""
    said = path.with_suffix(".cpg")
    word = said.read_text("ascii", errors="replace").strip() if said.is_file() else ""
    for name in (word, f"cp{word}", word.replace("ANSI ", "cp")):
        try:
            return codecs.lookup(name).name
        except LookupError:
            continue
    return None


def _detected(stored: _Dbf, name: str, findings: Findings) -> str:
    pieces = [*stored.names, *(cell for _, cell in stored.texts)]
    ascii_only = all(piece.isascii() for piece in pieces)
    found = "gb18030" if stored.language == _GBK_LANGUAGE and not ascii_only else detect(pieces)
    if found is None:
        findings.fault(
            f"text in {name} that is not UTF-8, and not clearly GBK, and no .cpg file that says what it is",
            "a known encoding",
            'name it: encoding="gbk" for most Chinese files, encoding="cp1252" for West European ones',
            rows=undecodable(stored.texts, "utf-8"),
        )
        findings.settle()
    elif found != "utf-8":
        findings.note(f"{name} does not say its encoding but reads as GBK: decoded as gb18030")
    return str(found)


def _read_dbf(table: Path, findings: Findings) -> _Dbf:
    content = table.read_bytes()
    try:
        rows, begin, width = struct.unpack_from("<IHH", content, 4)
        fields = list(_fields(content, begin))
    except (struct.error, IndexError):
        rows, begin, width, fields = 1, len(content), 1, []
    if len(content) < begin + rows * width:
        findings.fault(
            f"{table.name} ends before its last row: {len(content)} bytes", "a whole file", "copy the file again"
        )
        findings.settle()
    texts = [
        (f"row {row}", content[start + offset : start + offset + length].rstrip(b" \0"))
        for row, start in enumerate(range(begin, begin + rows * width, width), start=1)
        for kind, offset, length in (field[1:] for field in fields)
        if kind == b"C"
    ]
    return _Dbf(content[29], [field[0] for field in fields], texts)


def _fields(content: bytes, begin: int) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Yield name, type, offset in the row and length of every column."""
    offset = 1
    for place in range(32, begin - 1, 32):
        if content[place] == _END_OF_FIELDS:
            return
        length = content[place + 16]
        yield content[place : place + 11].split(b"\0")[0], content[place + 11 : place + 12], offset, length
        offset += length
