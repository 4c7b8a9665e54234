"""The tables of a report: which, with which columns, the worst first where that is what a reader looks for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from edulayout.report import checked
from edulayout.report.forms import NUMBERS, Cell, number_cell
from edulayout.report.html import Markup, element
from edulayout.report.tables import Shown, cells, shown
from edulayout.report.walk_charts import classes
from edulayout.report.words import content as read
from edulayout.report.year_charts import pupils_by_variant
from edulayout.stages import kinds_serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from edulayout.report.content import Content
    from edulayout.report.words import Words

_MOST = 250


def tables(content: Content, words: Words) -> list[Markup]:
    """Return every table of the annex that there is something in, and last the list of all tables of the study."""
    names = school_names(content)
    made = [
        table for entry in read("tables.toml")["table"] if (table := _table(content, entry, words, names)) is not None
    ]
    further = [
        *_walk_classes(content, words),
        *_years(content, words),
        *checked.tables(content, words),
        _inventory(content, words),
    ]
    return [shown(table, words) for table in [*made, *further]]


def school_names(content: Content) -> dict[str, str]:
    """Return what schools are called, in the language of the report."""
    table = content.tables.get("schools")
    if table is None or "name" not in table:
        return {}
    called = _called(table, english=content.language == "en")
    return {str(name): text or str(name) for name, text in zip(table["school_id"], called, strict=True)}


def _called(table: pd.DataFrame, *, english: bool) -> pd.Series[str]:
    """Return what the rows are called: in English where there is an English name and it is asked for."""
    own = table["name"].astype(object).fillna("").astype(str)
    if not english or "name_en" not in table:
        return own
    other = table["name_en"].astype(object).fillna("").astype(str)
    return other.where(other != "", own)


def _table(content: Content, entry: Mapping[str, Any], words: Words, names: Mapping[str, str]) -> Shown | None:
    whole = content.tables.get(entry.get("file", entry["name"]))
    if whole is None:
        return None
    rows = _rows(whole, entry, words)
    forms = _forms(rows, entry)
    if not len(rows) or not forms:
        return None
    kept = rows.iloc[: entry.get("most", _MOST)]
    return Shown(
        name=entry["name"],
        heads=[_head(name, form, entry, words) for name, form in forms.items()],
        rows=cells(kept, forms, words, names),
        caption=words(f"table_{entry['name']}"),
        note=words.texts.get(f"note_{entry['name']}", ""),
        total=len(rows),
        marks=["whole" if name == "all" else "" for name in kept["district_id"]] if "district_id" in forms else None,
    )


def _head(name: str, form: str, entry: Mapping[str, Any], words: Words) -> str:
    """Return a heading; a proven gap is another thing than seats that lack."""
    return words.column("proven_gap" if form == "gap" else entry.get("heads", {}).get(name, name))


def _rows(table: pd.DataFrame, entry: Mapping[str, Any], words: Words) -> pd.DataFrame:
    rows = table
    for column, wanted in entry.get("where", {}).items():
        rows = rows[rows[column].isin(wanted)]
    if entry["name"] == "schools":
        rows = rows.drop_duplicates("school_id")
    if "name" in rows:
        rows = rows.assign(name=_called(rows, english=words.language == "en"))
    return rows


def _forms(rows: pd.DataFrame, entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that are there and say something, with their forms; all as text where none are named."""
    named: dict[str, str] = entry["columns"] or dict.fromkeys(rows.columns, "text")
    there = {name: form for name, form in named.items() if name in rows}
    return {name: form for name, form in there.items() if form not in NUMBERS or rows[name].notna().any()}


def _walk_classes(content: Content, words: Words) -> Iterator[Shown]:
    """Return the pupils by class of walk, as the charts draw them."""
    rows: list[list[Cell]] = []
    for stage in content.stages:
        found = classes(content, stage)
        if found is None:
            continue
        edges = [f"{edge:,.0f}" for edge in found.edges]
        labels = [f"{low}–{high} m" for low, high in pairwise(edges)]
        labels += [f"> {edges[-1]} m", words("class_unreachable")]
        for at, label in enumerate(labels):
            counts = [number_cell(found.pupils[layout][at], "count") for layout in content.layouts]
            rows.append([Cell(words.stage(stage)), Cell(label), *counts])
    if rows:
        heads = [
            words.column("stage"),
            words("axis_walk"),
            *(_layout_head(layout, words) for layout in content.layouts),
        ]
        yield Shown(
            name="walk_classes",
            heads=heads,
            rows=rows,
            caption=words("table_walk_classes"),
            note=words("note_walk_classes"),
        )


def _layout_head(layout: str, words: Words) -> str:
    return words("head_layout", column=words.column("pupils"), layout=words.short(layout))


def _years(content: Content, words: Words) -> Iterator[Shown]:
    table = content.tables.get("demand_by_year")
    if table is None:
        return
    whole = table[table["district_id"] == "all"]
    wide = {stage: pupils_by_variant(part) for stage, part in whole.groupby("stage", sort=False)}
    variants = list(dict.fromkeys(whole["variant"]))
    rows = [
        [Cell(words.stage(str(stage))), number_cell(year, "year"), *(number_cell(value, "count") for value in row)]
        for stage, part in wide.items()
        for year, row in zip(part.index, part.reindex(columns=variants).to_numpy(), strict=True)
    ]
    heads = [
        words.column("stage"),
        words.column("year"),
        *(words("head_variant", variant=words.value(it)) for it in variants),
    ]
    yield Shown(
        name="demand_by_year",
        heads=heads,
        rows=rows,
        caption=words("table_demand_by_year"),
        note=words("note_demand_by_year"),
    )


def _inventory(content: Content, words: Words) -> Shown:
    """Return the list of all tables of the study: what the report does not show is there as a file."""
    rows = [
        [Cell(f"tables/{name}.csv"), number_cell(len(table), "count"), Cell(", ".join(map(str, table.columns)))]
        for name, table in content.tables.items()
    ]
    heads = [words("head_file"), words("head_rows"), words("head_columns")]
    return Shown(
        name="inventory", heads=heads, rows=rows, caption=words("table_inventory"), note=words("note_inventory")
    )


def summary_table(content: Content, words: Words) -> Markup | None:
    """Return today, the plan and the further programme side by side, in a block for each stage."""
    table = content.tables.get("summary")
    if table is None or not len(table):
        return None
    label = "label_zh" if content.language == "zh" else "label"
    head = element("tr", element("th", words("head_measure"), scope="col"),
                   *(element("th", words.layout(it), scope="col", class_="n") for it in content.layouts))  # fmt: skip
    blocks = []
    for stage, rows in table.groupby("stage", sort=False):
        name = element(
            "tr",
            element("th", words.stage(str(stage)), scope="rowgroup", colspan=1 + len(content.layouts)),
            class_="group",
        )
        lines = [
            element(
                "tr",
                element("th", str(row[label]), scope="row"),
                *(element("td", str(row[it]), class_="n") for it in content.layouts),
            )
            for row in rows.to_dict("records")
        ]
        blocks.append(element("tbody", name, *lines))
    return element(
        "table", element("caption", words("table_summary")), element("thead", head), *blocks, class_="summary"
    )


def serving(content: Content, layout: str, stage: str) -> int | None:
    """Return how many schools of a layout serve a stage; None where the schools are not told."""
    table = content.tables.get("schools")
    if table is None:
        return None
    return int(((table["layout"] == layout) & table["kind"].isin(kinds_serving(stage))).sum())
