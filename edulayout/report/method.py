"""How everything was computed: words, formulas, sources; only of what this study holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edulayout.report.forms import count
from edulayout.report.html import Markup, element, joined
from edulayout.report.mathml import formula
from edulayout.report.words import content as read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.report.content import Content
    from edulayout.report.words import Words


def method(content: Content, words: Words) -> Markup:
    """Return the parts of the method that this study used, and the list of what they cite."""
    parts = [entry for entry in read("method.toml")["part"] if _used(entry, content)]
    cited = list(dict.fromkeys(key for entry in parts for key in entry.get("cites", [])))
    shown = [_part(entry, content, words) for entry in parts]
    references = [
        _reference(key, words)
        for key in sorted(cited, key=lambda key: (_sources()[key]["authors"], _sources()[key]["year"]))
    ]
    return joined([*shown, element("h4", words("references")), element("ol", *references, class_="references")])


def _used(entry: Mapping[str, Any], content: Content) -> bool:
    """Tell whether a part is about this study: its table is there, its engine, aim or measure the one that was used."""
    own = {"engine": content.engine, "objective": content.objective, "measure": _access(content, "measure")}
    tables = entry.get("tables", [])
    return all(name in content.tables for name in tables) and all(
        own[name] in wanted for name, wanted in entry.get("where", {}).items()
    )


def _access(content: Content, column: str) -> str:
    table = content.tables.get("access")
    return "" if table is None or column not in table or not len(table) else str(table[column].iloc[0])


def _part(entry: Mapping[str, Any], content: Content, words: Words) -> Markup:
    names = {
        "radii": words.listed([f"{words.stage(stage)} {count(metres)} m" for stage, metres in content.radii.items()]),
        "catchments": words.listed(_catchments(content, words)),
    }
    texts = [element("p", text.format(**names)) for text in entry[content.language]]
    formulas = [
        element("div", formula(_said(text, entry, words)), class_="formula") for text in entry.get("formulas", [])
    ]
    cites = [element("a", _short(key, words), href=f"#ref-{key}") for key in entry.get("cites", [])]
    listed = [piece for number, cite in enumerate(cites) for piece in ((Markup("; "), cite) if number else (cite,))]
    sources = element("p", words("cited"), *listed, class_="hint") if cites else None
    return element(
        "section", element("h4", entry["title"][content.language]), *texts, *formulas, sources, class_="method"
    )


def _said(text: str, entry: Mapping[str, Any], words: Words) -> str:
    """Return a formula with its words in the language of the report."""
    for english, chinese in entry.get("terms", {}).items():
        text = text.replace(f'"{english}"', f'"{chinese}"') if words.language == "zh" else text
    return text


def _catchments(content: Content, words: Words) -> list[str]:
    table = content.tables.get("access")
    if table is None or "catchment_metres" not in table:
        return []
    first = table.drop_duplicates("stage")
    return [
        f"{words.stage(stage)} {count(metres)} m"
        for stage, metres in zip(first["stage"], first["catchment_metres"], strict=True)
    ]


def _sources() -> dict[str, Any]:
    sources: dict[str, Any] = read("method.toml")["source"]
    return sources


def _short(key: str, words: Words) -> str:
    entry = _sources()[key]
    names = entry.get("short", entry["authors"])
    return words("cite", names=names, year=entry["year"])


def _reference(key: str, words: Words) -> Markup:
    entry = _sources()[key]
    text = words("reference", authors=entry["authors"], year=entry["year"], title=entry["title"], place=entry["place"])
    address = f"https://doi.org/{entry['doi']}" if "doi" in entry else ""
    link = joined([" ", element("a", f"doi:{entry['doi']}", href=address, rel="noreferrer")]) if address else None
    return element("li", text, link, id=f"ref-{key}")
