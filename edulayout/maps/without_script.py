"""What a page says where no script runs, and to whoever searches it: titles, sources, names, coverage in figures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BRACES = str.maketrans({"{": "&#123;", "}": "&#125;"})


def without_script(tables: dict[str, Any]) -> str:
    """Return the page in a few lines of HTML.

    Names are text here, and hold no brace that a template could read.

    Examples
    --------
    >>> tables = {"title": "Old <town>", "note": "", "source": "own survey", "texts": {"source": "Source"},
    ...           "districts": [{"name": ["East"]}], "layouts": [], "stages": []}
    >>> without_script(tables)
    '<h1>Old &lt;town&gt;</h1><p>Source: own survey</p><p>East</p>'
    """
    source = f"{tables['texts']['source']}: {tables['source']}" if tables["source"] else ""
    names = ", ".join(" ".join(district["name"]) for district in tables["districts"])
    lines = "".join(f"<p>{_text(line)}</p>" for line in (tables["note"], source, names, *_coverage(tables)) if line)
    return f"<h1>{_text(tables['title'])}</h1>{lines}"


def _coverage(tables: dict[str, Any]) -> Iterator[str]:
    for stage in tables["stages"]:
        for layout in tables["layouts"]:
            rows = tables.get("coverage", {}).get(f"{stage['name']}|{layout['name']}", [])
            for row in rows:
                if row["district"] == "all" and row.get("share_covered") is not None:
                    covered = tables["texts"]["covered"]
                    yield f"{stage['label']}, {layout['label']}: {covered} {100 * row['share_covered']:.1f} %"


def _text(text: str) -> str:
    return escape(text).translate(_BRACES)
