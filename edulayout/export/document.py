"""Word documents: headings, paragraphs, tables and maps, in type that prints Chinese."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import chain, cycle
from typing import TYPE_CHECKING, Any

import pandas as pd

from edulayout.export.extras import optional
from edulayout.export.geojson import plain
from edulayout.export.tables import decimals
from edulayout.export.words import Language, printed_width, words
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edulayout.export.workbook import Sheet

_STILL = datetime(2000, 1, 1)  # noqa: DTZ001 - the format stores no time zone, and equal content shall give equal bytes
_TEXT_MM = 166
_LEFT, _CENTRE, _RIGHT = 0, 1, 2
"""Members of WD_ALIGN_PARAGRAPH."""
_ZIP_TIME = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Picture:
    """A picture of a document.

    Parameters
    ----------
    image
        PNG.
    caption
        Printed below it.
    """

    image: bytes
    caption: str


def write_document(
    parts: Sequence[str | Sheet | Picture], path: Path, *, title: str, language: Language = "en"
) -> None:
    """Write paragraphs, tables and pictures, in their order, to one A4 Word document.

    Raises
    ------
    MissingExtraError
        Without the extra `office`.
    OutputError
        Where the file cannot be written.
    """
    content = document_bytes(parts, title=title, language=language)
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def document_bytes(
    parts: Sequence[str | Sheet | Picture], *, title: str, language: Language = "en", letter: bool = False
) -> bytes:
    """Return the document of `write_document` as bytes, the same for equal content.

    A `letter` has its title centred, Chinese paragraphs indented but for the address, and paragraphs of several lines,
    the signature, at the right.
    """
    docx = optional("docx", extra="office")
    paper = _Paper(docx.Document(), language, letter)
    paper.open(title)
    for part in parts:
        paper.add(part)
    return paper.content()


@dataclass(frozen=True)
class _Paper:
    """A document being filled."""

    document: Any
    language: Language
    letter: bool = False

    def open(self, title: str) -> None:
        shared = optional("docx.shared", extra="office")
        section = self.document.sections[0]
        section.page_width, section.page_height = shared.Mm(210), shared.Mm(297)
        section.left_margin = section.right_margin = shared.Mm(22)
        for name in ("Normal", "Title", "Heading 1", "Caption"):
            self._font(self.document.styles[name])
        properties = self.document.core_properties
        properties.title, properties.author, properties.comments = title, "", ""
        properties.created = properties.modified = _STILL
        if self.letter:
            self._centred(title)
        else:
            self.document.add_heading(title, level=0)

    def _centred(self, title: str) -> None:
        shared = optional("docx.shared", extra="office")
        paragraph = self.document.add_paragraph()
        paragraph.alignment = _CENTRE
        paragraph.paragraph_format.space_after = shared.Pt(18)
        run = paragraph.add_run(title)
        run.bold, run.font.size = True, shared.Pt(16)

    def _written(self, text: str) -> None:
        """Add a paragraph of a letter."""
        shared = optional("docx.shared", extra="office")
        first = len(self.document.paragraphs) == 1
        paragraph = self.document.add_paragraph(text)
        paragraph.paragraph_format.space_before = shared.Pt(6)
        if "\n" in text:
            paragraph.alignment = _RIGHT
        elif self.language == "zh" and not first:
            paragraph.paragraph_format.first_line_indent = shared.Pt(22)

    def _font(self, style: Any) -> None:  # noqa: ANN401 - python-docx publishes no types
        latin, chinese = "Times New Roman", "SimSun"
        style.font.name = latin
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        namespace = optional("docx.oxml.ns", extra="office")
        fonts.set(namespace.qn("w:eastAsia"), chinese)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(namespace.qn(theme), None)

    def add(self, part: str | Sheet | Picture) -> None:
        if isinstance(part, str) and self.letter:
            self._written(part)
        elif isinstance(part, str):
            self.document.add_paragraph(part)
        elif isinstance(part, Picture):
            shared = optional("docx.shared", extra="office")
            self.document.add_picture(BytesIO(part.image), width=shared.Mm(166))
            self.document.add_paragraph(part.caption, style="Caption")
        else:
            self._table(part)

    def _table(self, sheet: Sheet) -> None:
        shared = optional("docx.shared", extra="office")
        if sheet.title:
            self.document.add_heading(sheet.title, level=1)
        table = sheet.table.reset_index() if sheet.table.index.name is not None else sheet.table
        speak = words(self.language)
        grid = self.document.add_table(rows=1, cols=len(table.columns), style="Table Grid")
        _repeat(grid.rows[0])
        columns = [
            [speak.column(str(name)), *(self._cell(str(name), cell) for cell in table[name])] for name in table.columns
        ]
        right = [pd.api.types.is_numeric_dtype(table[name]) for name in table.columns]
        for _ in range(len(table)):
            grid.add_row()
        rows = zip(*columns, strict=True)
        for cell, text, number in zip(_cells(grid), chain(*rows), cycle(right), strict=False):
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = shared.Pt(0)
            paragraph.alignment = _RIGHT if number else _LEFT
            paragraph.add_run(text).font.size = shared.Pt(9)
        for column, share in zip(grid.columns, _widths(columns), strict=True):
            column.width = shared.Mm(_TEXT_MM * share)
        for note in sheet.notes:
            self.document.add_paragraph(note)

    def _cell(self, column: str, value: object) -> str:
        cell = plain(value)
        if cell is None:
            return "—"
        if isinstance(cell, float):
            return f"{100 * cell:.1f} %" if "share" in column.split("_") else _number(cell, decimals(column))
        return words(self.language).value(str(cell))

    def content(self) -> bytes:
        """Return the file, the times inside its archive made constant."""
        written, still = BytesIO(), BytesIO()
        self.document.save(written)
        with zipfile.ZipFile(written) as old, zipfile.ZipFile(still, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(zipfile.ZipInfo(name, _ZIP_TIME), old.read(name), zipfile.ZIP_DEFLATED)
        return still.getvalue()


def _cells(grid: Any) -> list[Any]:  # noqa: ANN401 - python-docx publishes no types
    """Return all cells, row by row; the library's own access by row is quadratic."""
    return list(grid._cells)  # noqa: SLF001 - as above


def _widths(columns: list[list[str]]) -> list[float]:
    """Return the share of the page that each column needs: as its widest text, within reason."""
    widest = [min(24.0, max(6.0, *(printed_width(text) for text in column))) for column in columns]
    return [width / sum(widest) for width in widest]


def _repeat(row: Any) -> None:  # noqa: ANN401 - python-docx publishes no types
    oxml = optional("docx.oxml", extra="office")
    namespace = optional("docx.oxml.ns", extra="office")
    mark = oxml.OxmlElement("w:tblHeader")
    mark.set(namespace.qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)  # noqa: SLF001 - the library has no other way to repeat a head


def _number(value: float, most: int) -> str:
    """Return a number for reading: whole where it is, at most one decimal for metres and pupils."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.{min(most, 2)}f}"  # noqa: PLR2004
