"""What was proven, what was set aside, and how to repeat it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.report.forms import Cell, count, number_cell
from edulayout.report.html import Markup, element, joined
from edulayout.report.tables import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edulayout.report.content import Content, Origin
    from edulayout.report.words import Words

_ROWS = 40
"""Ids of rows set aside that are listed; the manifest has all."""


def certificates(content: Content, words: Words) -> Markup:
    """Return in words what was proven about every placing, then about assignment and zones."""
    items = [
        element(
            "li", element("b", f"{words.layout(proof.layout)}{words('colon')}{proof.subject}"), element("br"),
            element("span", words(f"proof_{proof.status}"), class_=f"badge {proof.status}"), " ",
            proof.sentence.replace(" %", "\u00a0%"),
        )
        for proof in content.proofs
    ]  # fmt: skip
    listed = element("ul", *items, class_="proofs") if items else element("p", words("no_proofs"), class_="hint")
    return joined([listed, *(element("p", text) for text in (*_assigned(content, words), *_zoned(content, words)))])


def _assigned(content: Content, words: Words) -> Iterator[str]:
    table = content.tables.get("assignment")
    if table is None or "bound" not in table:
        return
    whole = table[(table["row"] == "all") & table["objective"].notna()]
    if len(whole) and (whole["status"] == "optimal").all():
        yield words("proof_assignment", count=count(len(whole)))


def _zoned(content: Content, words: Words) -> Iterator[str]:
    table = content.tables.get("zones")
    if table is None or "gap" not in table:
        return
    for row in table[table["gap"].notna()].to_dict("records"):
        gap = number_cell(row["gap"], "gap").text.removeprefix("≤ ")
        yield words(
            "proof_zones", layout=words.layout(str(row["layout"])), stage=words.inside(str(row["stage"])), gap=gap
        )


def set_aside(content: Content, words: Words) -> Markup:
    """Return what could not be used as it is, and what a reader must know."""
    lines = [_aside(entry.reason, entry.rows, entry.population, words) for entry in content.aside]
    aside = element("ul", *lines) if lines else element("p", words("none_aside"))
    notes = [element("li", note) for note in content.notes]
    told = [element("h4", words("notes")), element("ul", *notes)] if notes else []
    source = [element("h4", words("source")), element("p", content.source)] if content.source else []
    return joined([*source, element("h4", words("aside")), aside, *told])


def _aside(reason: str, rows: tuple[str, ...], population: float | None, words: Words) -> Markup:
    people = "" if population is None else words("aside_people", count=count(population))
    listed = ", ".join(rows[:_ROWS]) + (" …" if len(rows) > _ROWS else "")
    which = element("details", element("summary", words("aside_rows")), element("p", listed, class_="ids"))
    text = words("aside_line", reason=reason, count=count(len(rows)), people=people)
    return element("li", text, which if rows else None)


def reproduce(content: Content, words: Words) -> Markup:
    """Return how to run the study again, with which files and versions, and the rules that it was measured by."""
    origin = content.origin
    parts = [
        element("p", words("repeat_how")) if origin and origin.study_file else element("p", words("repeat_python"))
    ]
    if origin is not None:
        parts += [*_commands(origin), *_inputs(origin, words), _versions(origin, words)]
    if content.lines:
        parts += [element("h4", words("measured_by")), element("ul", *(element("li", line) for line in content.lines))]
    return joined([*parts, element("p", words("repeat_same"), class_="hint")])


def _commands(origin: Origin) -> list[Markup]:
    if not origin.study_file:
        return []
    lines = [
        f"edulayout run {origin.study_file} --out results",
        "edulayout verify results",
    ]
    return [element("pre", "\n".join(lines))]


def _inputs(origin: Origin, words: Words) -> list[Markup]:
    if not origin.inputs:
        return []
    heads = [words("head_role"), words("head_file"), words("head_bytes"), "SHA-256"]
    rows = [
        [
            Cell(str(entry["role"])),
            Cell(str(entry["path"])),
            number_cell(entry["bytes"], "count"),
            Cell(str(entry["sha256"])),
        ]
        for entry in origin.inputs
    ]
    return [shown(Shown(name="inputs", heads=heads, rows=rows, caption=words("table_inputs")), words)]


def _versions(origin: Origin, words: Words) -> Markup:
    named = [f"edulayout {origin.version}", *(f"{name} {number}" for name, number in origin.versions.items())]
    crs = element("p", words("crs", crs=origin.crs)) if origin.crs else None
    return joined([element("h4", words("versions")), element("p", words.listed(named)), *([crs] if crs else [])])
