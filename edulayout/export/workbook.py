"""Excel workbooks as they are handed over: 一览表 with frozen heads, number formats, print set-up, and text as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from edulayout.errors import Fault, OutputError
from edulayout.export.extras import optional
from edulayout.export.geojson import plain
from edulayout.export.words import Language, printed_width, words
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_STILL = datetime(2000, 1, 1)  # noqa: DTZ001 - the format stores no time zone, and equal content shall give equal bytes
_MOST_ROWS = 1_048_000
_PAPER = {"A3": 8, "A4": 9}
_BANNED = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_FORMATS = {
    "share": "0.0%", "year": "0", "lon": "0.0000000", "lat": "0.0000000", "x": "0.000", "y": "0.000",
    **dict.fromkeys(("metres", "seats", "pupils", "population", "residents", "classes"), "#,##0"),
}  # fmt: skip
"""By a column's name, or by one of the words in it."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """One table of a workbook or a document.

    Parameters
    ----------
    title
        Printed above the table; its beginning is the name of the sheet.
    table
        Plain columns; a named index is the first one.
    notes
        Lines below the table: units, sources, what is not known.
    """

    title: str
    table: pd.DataFrame
    notes: tuple[str, ...] = ()


def write_workbook(
    sheets: Sequence[Sheet], path: Path, *, language: Language = "en", paper: str = "A4", subject: str = ""
) -> None:
    """Write tables to one Excel workbook, a sheet each.

    Heads are frozen and repeat on every printed page, columns can be filtered, pages are numbered and as wide as the
    paper. Text stays text: what begins with `=` is no formula, ids keep their zeros, 18 digits stay 18 digits. A
    missing number is an empty cell.

    Raises
    ------
    MissingExtraError
        Without the extra `office`.
    OutputError
        Where a table has more rows than a sheet can hold, or the file cannot be written.
    """
    xlsxwriter = optional("xlsxwriter", extra="office")
    _check(sheets, path)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with whole_file(path) as temporary:
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"title": sheets[0].title if sheets else "", "subject": subject, "created": _STILL})
        styles = _styles(book, language)
        for sheet, name in zip(sheets, _names(sheets), strict=True):
            _Page(book.add_worksheet(name), styles, language).write(sheet, _PAPER[paper])
        book.close()


def _check(sheets: Sequence[Sheet], path: Path) -> None:
    faults = [
        Fault(f"{path.name}: {sheet.title}", f"{len(sheet.table)} rows", f"at most {_MOST_ROWS} rows of a sheet",
              "write this table as CSV or GeoPackage")
        for sheet in sheets
        if len(sheet.table) > _MOST_ROWS
    ]  # fmt: skip
    if faults:
        raise OutputError(*faults)


def _names(sheets: Sequence[Sheet]) -> list[str]:
    """Return names of sheets as Excel allows them: at most 31 characters, none of its signs, no two the same."""
    names: list[str] = []
    for sheet in sheets:
        name, number = sheet.title.translate(_BANNED).strip()[:31] or "Sheet", 2
        while name.casefold() in {taken.casefold() for taken in names}:
            ending = f" {number}"
            name, number = name[: 31 - len(ending)] + ending, number + 1
        names.append(name)
    return names


def _styles(book: Any, language: Language) -> dict[str, Any]:  # noqa: ANN401 - xlsxwriter publishes no types
    font = {"font_name": "Arial" if language == "en" else "SimSun", "font_size": 10, "valign": "vcenter"}
    cell = {**font, "border": 1, "border_color": "#9a9a9a"}
    head = {**cell, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#e8eef4"}
    made = {
        "title": {**font, "bold": True, "font_size": 14},
        "head": head,
        "text": {**cell, "num_format": "@"},
        "note": font,
    }
    numbers = {form: {**cell, "num_format": form} for form in {*_FORMATS.values(), "General", "#,##0.0##"}}
    return {name: book.add_format(look) for name, look in sorted({**made, **numbers}.items())}


@dataclass(frozen=True)
class _Page:
    """A worksheet being filled."""

    page: Any
    styles: Mapping[str, Any]
    language: Language

    def write(self, sheet: Sheet, paper: int) -> None:
        table = sheet.table.reset_index() if sheet.table.index.name is not None else sheet.table
        self.page.write_string(0, 0, sheet.title, self.styles["title"])
        for at, column in enumerate(table.columns):
            self._column(at, str(column), table.iloc[:, at])
        for number, note in enumerate(sheet.notes):
            self.page.write_string(len(table) + 3 + number, 0, note, self.styles["note"])
        self._print(len(table), max(1, len(table.columns)), paper)

    def _column(self, at: int, name: str, cells: pd.Series[Any]) -> None:
        speak = words(self.language)
        head, form = speak.column(name), _format(name, cells)
        self.page.write_string(1, at, head, self.styles["head"])
        width = min(14.0, printed_width(head))
        for row, cell in enumerate(map(plain, cells), start=2):
            if cell is None:
                self.page.write_blank(row, at, None, self.styles["text"])
            elif isinstance(cell, bool | str):
                text = speak.value(str(cell))
                self.page.write_string(row, at, text, self.styles["text"])
                width = max(width, min(40.0, printed_width(text)))
            else:
                self.page.write_number(row, at, cell, self.styles[form])
                width = max(width, 9.0)
        self.page.set_column(at, at, width + 1.5)

    def _print(self, rows: int, columns: int, paper: int) -> None:
        page = self.page
        page.freeze_panes(2, min(2, columns - 1))
        page.autofilter(1, 0, 1 + rows, columns - 1)
        page.set_paper(paper)
        page.set_landscape()
        page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        page.repeat_rows(0, 1)
        page.fit_to_pages(1, 0)
        page.set_footer("&C&P / &N")
        page.set_row(1, 32)


def _format(name: str, cells: pd.Series[Any]) -> str:
    """Return the number format of a column, by its name; whole numbers need no decimals."""
    for word in (name, *name.split("_")):
        if word in _FORMATS:
            return _FORMATS[word]
    numbers = pd.to_numeric(cells, errors="coerce").dropna()
    return "General" if (numbers == numbers.round()).all() else "#,##0.0##"
