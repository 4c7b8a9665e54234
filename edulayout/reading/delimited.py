"""Delimited text (CSV, TSV): every line checked, every cell kept as the text that it is."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from edulayout.reading.encoding import detect, undecodable
from edulayout.tables.gate import ROW

if TYPE_CHECKING:
    from pathlib import Path

    from edulayout.tables.findings import Findings

SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_DELIMITERS = ",\t;|"
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class _Records(NamedTuple):
    """The records of a file: all cells in one list, for each record its line and its number of cells."""

    header: list[str]
    cells: list[str]
    lines: list[int]
    lengths: list[int]


def read_delimited(path: Path, *, encoding: str | None, findings: Findings) -> pd.DataFrame:
    """Return a table of text, its index saying the line of each row, such as `line 2`.

    Raises
    ------
    TableError
        Where lines are ragged, a quote is not closed or the encoding is not certain: nothing else can be checked then.
    """
    text = _decoded(path.read_bytes(), encoding, findings)
    if "\0" in text:
        findings.fault("bytes of zero in the text", "text", 'is it UTF-16 (then encoding="utf-16"), or no text at all?')
        findings.settle()
    if text and not text.endswith(("\n", "\r")):
        findings.note("the last line has no line end: if the file was cut short, its last value may be cut too")
    found = _records(text, findings)
    _check_header(found.header, findings)
    _check_lengths(found, findings)
    findings.settle()
    index = pd.Index([f"line {line}" for line in found.lines], name=ROW, dtype=str)
    width = len(found.header)
    columns = {name: pd.Series(found.cells[i::width], index, dtype=str) for i, name in enumerate(found.header)}
    return pd.DataFrame(columns, index)


def _decoded(content: bytes, encoding: str | None, findings: Findings) -> str:
    chosen = encoding or _marked(content) or detect([content])
    if chosen is None:
        findings.fault(
            "bytes that are not UTF-8, and not clearly GBK",
            "a known encoding",
            'name it: encoding="gbk" for most Chinese files, encoding="cp1252" for West European ones',
            rows=undecodable(_numbered(content), "utf-8"),
        )
        findings.settle()
    elif encoding is None and chosen == "gb18030":
        findings.note("the text is not UTF-8 but reads as GBK: decoded as gb18030")
    return _strictly(content, str(chosen), findings).removeprefix("\ufeff")


def _strictly(content: bytes, encoding: str, findings: Findings) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        rows, found = undecodable(_numbered(content), encoding), f"bytes that are not text in {encoding!r}"
    except LookupError:
        rows, found = (), f"the encoding {encoding!r}, which nobody knows"
    remedy = "leave encoding= out to have UTF-8 and GBK told apart, or name another one"
    findings.fault(found, "the encoding that the file is in", remedy, rows=rows)
    findings.settle()
    return ""


def _marked(content: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS.items() if content.startswith(mark)), None)


def _numbered(content: bytes) -> list[tuple[str, bytes]]:
    return [(f"line {number}", line) for number, line in enumerate(content.splitlines(), start=1)]


def _records(text: str, findings: Findings) -> _Records:
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    if delimiter != ",":
        findings.note(f"cells are parted by {delimiter!r}")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, begin = _Records([], [], [], []), 1
    try:
        found.header.extend(name.strip() for name in next(filter(None, reader), []))
        begin = reader.line_num + 1
        for record in reader:
            if record:
                # One flat list: a list for every record costs the garbage collector more than the reading.
                found.cells.extend(record)
                found.lines.append(begin)
                found.lengths.append(len(record))
            begin = reader.line_num + 1
    except csv.Error as error:
        findings.fault(
            f"a record that cannot be read ({error})",
            "every quote closed, and quotes within a cell written twice",
            "correct the line, or export the file again: it may have been cut short",
            rows=(f"line {begin}",),
        )
        findings.settle()
    return found


def _check_header(header: list[str], findings: Findings) -> None:
    double = sorted({name for name in header if header.count(name) > 1})
    if double:
        findings.fault(
            f"column names that stand twice in the first line: {', '.join(map(repr, double))}",
            "every column name once",
            "rename them",
            rows=("line 1",),
        )


def _check_lengths(found: _Records, findings: Findings) -> None:
    width = len(found.header)
    ragged = [line for line, length in zip(found.lines, found.lengths, strict=True) if length != width]
    if ragged:
        counts = sorted(set(found.lengths) - {width})
        findings.fault(
            f"lines with {' or '.join(map(str, counts))} cells under a first line with {width}",
            "as many cells in every line as there are column names",
            "correct the lines, or export the file again: it may have been cut short, or hold a comma without quotes",
            rows=[f"line {line}" for line in ragged],
        )
