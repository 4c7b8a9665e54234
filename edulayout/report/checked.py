"""The tables of compliance: every rule in a row, then what fails or cannot be told, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edulayout import compliance
from edulayout.compliance.wording import word
from edulayout.report.forms import NOTHING, Cell, count, number_cell, share
from edulayout.report.tables import Shown
from edulayout.standards import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from edulayout.report.content import Content
    from edulayout.report.words import Words

MOST = 200
_VERDICTS = ("fails", "cannot_tell", "meets")
_KEYS = ["label", "stage", "document", "clause", "strength", "status", "object_type"]


def tables(content: Content, words: Words) -> Iterator[Shown]:
    """Return the rules with their verdicts, and the findings; nothing where no standard was named."""
    table = content.tables.get("compliance")
    if table is None or not len(table):
        return
    yield _rules(table, content, words)
    yield _findings(table, content, words)


def _rules(table: pd.DataFrame, content: Content, words: Words) -> Shown:
    """Return a row for each rule and level, with how many fail, cannot be told and are kept in each layout."""
    parts = {
        layout: _counted(compliance.summary(table[table["layout"] == layout].drop(columns="layout")))
        for layout in content.layouts
    }
    order = dict.fromkeys(key for part in reversed(parts.values()) for key in part)
    rows = []
    for key in order:
        label, stage, document, clause, strength, status, level = key
        texts = (label, words.stage(stage) if stage else NOTHING, word("object", level, content.language))
        source = (f"{document}, {clause}", terms(content.language)["strength"][strength], status_word(status, words))
        told = [_told(part.get(key)) for part in parts.values()]
        rows.append([*map(Cell, texts), *told, *map(Cell, source)])
    heads = [words.column(name) for name in ("label", "stage", "object_type")]
    heads += [words("head_verdicts", layout=words.short(layout)) for layout in parts]
    heads += [words.column(name) for name in ("clause", "strength", "status_of_rule")]
    return Shown(name="compliance_rules", heads=heads, rows=rows, caption=words("table_compliance_rules"),
                 note=words("note_compliance_rules"))  # fmt: skip


def _counted(rules: pd.DataFrame) -> dict[tuple[str, ...], Sequence[int]]:
    """Return the verdicts of every rule, the worst rule first."""
    keys = zip(*(rules[name].astype(str) for name in _KEYS), strict=True)
    counts = zip(*(rules[name] for name in _VERDICTS), strict=True)
    return dict(zip(keys, counts, strict=True))


def _told(counts: Sequence[int] | None) -> Cell:
    if counts is None:
        return Cell(NOTHING, None, numeric=True)
    fails, unknown, meets = counts
    return Cell(f"{fails} / {unknown} / {meets}", float(fails), numeric=True)


def _findings(table: pd.DataFrame, content: Content, words: Words) -> Shown:
    """Return what fails and what cannot be told, by shortfall, ties in the order of the check."""
    order = {name: number for number, name in enumerate(_VERDICTS)}
    open_rows = table[table["verdict"].isin(["fails", "cannot_tell"])]
    ranked = open_rows.assign(rank=open_rows["verdict"].map(order), short=-open_rows["shortfall"].fillna(0.0))
    worst = ranked.sort_values(["rank", "short", "pupils"], ascending=[True, True, False], kind="stable")
    kept = worst.iloc[:MOST]
    heads = [words.column(name) for name in ("layout", "verdict", "label", "stage", "object", "found", "asked_for",
                                              "pupils_touched", "clause", "status_of_rule", "reason")]  # fmt: skip
    return Shown(
        name="compliance", heads=heads, rows=[_finding(row, content, words) for row in kept.to_dict("records")],
        caption=words("table_compliance"), note=words("note_compliance"), total=len(worst),
        marks=[f"v-{verdict}" for verdict in kept["verdict"]],
    )  # fmt: skip


def _finding(row: dict[Any, Any], content: Content, words: Words) -> list[Cell]:
    stage, found = str(row["stage"]), number_cell(row["found"], "tenths")
    return [
        Cell(words.short(str(row["layout"]))),
        Cell(word("verdict", str(row["verdict"]), content.language)),
        Cell(str(row["label"])),
        Cell(words.stage(stage) if stage else NOTHING),
        Cell(str(row["name"])),
        Cell(_found(found, str(row["unit"]), content), found.number, numeric=True),
        Cell(str(row["limit"])),
        number_cell(row["pupils"], "count"),
        Cell(f"{row['document']}, {row['clause']}"),
        Cell(status_word(str(row["status"]), words)),
        Cell(str(row["reason"]) if isinstance(row["reason"], str) and row["reason"] else NOTHING),
    ]


def _found(cell: Cell, unit: str, content: Content) -> str:
    """Return what was found with its unit: three digits are enough for a reader."""
    if cell.number is None:
        return NOTHING
    if unit == "share":
        return share(cell.number)
    large = abs(cell.number) >= 100  # noqa: PLR2004 - three digits
    return f"{count(cell.number) if large else f'{cell.number:.3g}'} {terms(content.language)['unit'][unit]}"


def status_word(status: str, words: Words) -> str:
    """Return in two words how sure a rule is."""
    return words.texts.get(f"status_{status}", status)
