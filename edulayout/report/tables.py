"""A table of a page: numbers to the right with their units, headings that stay, sorted and saved by its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edulayout.report.forms import NOTHING, NUMBERS, Cell, number_cell
from edulayout.report.html import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from edulayout.report.words import Words

PRINTED = 60
"""Rows of a long table that are printed on paper."""
_MIDDLING, _LONG = 18, 60
"""Letters from which on a text gets more room."""
_FIELD = 25
"""From so many rows on a table can be searched."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A table as it is shown.

    Parameters
    ----------
    name
        Of the file that a reader saves, and of the anchor.
    heads
        Heading of each column.
    rows
        The cells.
    caption, note
        Title, and what to know.
    total
        Number of rows that there are, where not all are shown.
    marks
        Class of each row; none where None.
    printed
        How many rows paper gets.
    """

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str
    note: str = ""
    total: int | None = None
    marks: Sequence[str] | None = None
    printed: int = PRINTED


def cells(table: pd.DataFrame, forms: Mapping[str, str], words: Words, names: Mapping[str, str]) -> list[list[Cell]]:
    r"""Return the cells of a table by the form of each column; `names` are those of the schools.

    Examples
    --------
    >>> import pandas as pd
    >>> from edulayout.report.words import words
    >>> table = pd.DataFrame({"stage": ["primary"], "share_covered": [0.5]})
    >>> made = cells(table, {"stage": "stage", "share_covered": "share"}, words("en"), {})
    >>> [[cell.text for cell in row] for row in made]
    [['Primary', '50.0\xa0%']]
    """
    written: dict[str, Callable[[str], str]] = {
        "stage": words.stage,
        "layout": words.short,
        "district": words.district,
        "word": words.value,
        "school": lambda name: names.get(name, name),
        "text": str,
    }
    columns = [_column(table[name], form, written) for name, form in forms.items()]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(values: pd.Series[float], form: str, written: Mapping[str, Callable[[str], str]]) -> list[Cell]:
    if form in NUMBERS:
        return [number_cell(value, form) for value in values]
    return [
        Cell(NOTHING if missing or not str(value) else written[form](str(value)))
        for value, missing in zip(values, values.isna(), strict=True)
    ]


def shown(table: Shown, words: Words) -> Markup:
    """Return a table with its title and the controls of its reader."""
    title = f"t-{table.name}"
    numeric = [all(row[at].numeric for row in table.rows) for at in range(len(table.heads))]
    heads = [_head(text, right) for text, right in zip(table.heads, numeric, strict=True)]
    body = [_row(row, table, number) for number, row in enumerate(table.rows)]
    whole = element(
        "table", element("thead", element("tr", *heads)), element("tbody", *body), aria_labelledby=title,
        data_file=table.name,
    )  # fmt: skip
    return element(
        "figure",
        element("figcaption", element("h4", table.caption, id=title), _controls(table, words)),
        element("p", table.note, class_="hint") if table.note else None,
        element("div", whole, class_="scroll", tabindex=0, role="region", aria_labelledby=title),
        _cut(table, words),
        class_="table",
    )


def _head(text: str, right: bool) -> Markup:  # noqa: FBT001 - as every column has it
    """Return a heading: a button that sorts, and plain words on paper, where browsers repeat no buttons."""
    words = element("span", text, class_="paper"), element("button", text, type="button")
    return element("th", *words, scope="col", class_="n" if right else None)


def _row(row: Sequence[Cell], table: Shown, number: int) -> Markup:
    mark = table.marks[number] if table.marks else ""
    late = " late" if number >= table.printed else ""
    return element("tr", *(_cell(cell) for cell in row), class_=f"{mark}{late}".strip() or None)


def _cell(cell: Cell) -> Markup:
    long = len(cell.text)
    room = "wide" if long > _LONG else "mid" if long > _MIDDLING else ""
    if not cell.numeric:
        return element("td", cell.text, class_=room or None)
    value = "" if cell.number is None else f"{cell.number:.10g}"
    return element("td", cell.text, class_=f"n {room}".strip(), data_v=value)


def _controls(table: Shown, words: Words) -> Markup:
    field = element(
        "input", type="search", class_="find", placeholder=words("find"), aria_label=f"{words('find')}: {table.caption}"
    )
    label = words("save_csv")
    save = element("button", label, type="button", class_="save", aria_label=f"{label}: {table.caption}")
    return element("span", field if len(table.rows) >= _FIELD else None, save, class_="controls")


def _cut(table: Shown, words: Words) -> Markup:
    """Return what is said of rows that a page, or paper, does not show."""
    shown_rows = len(table.rows)
    total = shown_rows if table.total is None else table.total
    lines = []
    if total > shown_rows:
        text = words("rows_shown", shown=shown_rows, total=total, file=f"tables/{table.name}.csv")
        lines.append(element("p", text, class_="hint"))
    if shown_rows > table.printed:
        text = words("rows_printed", printed=table.printed, total=total, file=f"tables/{table.name}.csv")
        lines.append(element("p", text, class_="hint paper"))
    return joined(lines)
