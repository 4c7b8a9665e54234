"""The page: its sections in order, one style sheet, one script, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from edulayout.report import annex, closing, district_charts, method, norms, summary, walk_charts
from edulayout.report.forms import count, share
from edulayout.report.html import Markup, element, joined
from edulayout.report.lorenz_charts import lorenz_chart
from edulayout.report.small_maps import Atlas, atlas, legend, overview_title, sign_rules
from edulayout.report.words import Words, words
from edulayout.report.year_charts import year_chart
from edulayout.writing import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from edulayout.report.content import Content

_TITLES = ("summary", "maps", "charts", "tables", "standards", "method", "proofs", "aside", "reproduce")


@dataclass(frozen=True)
class Page:
    """A report as HTML; a notebook shows it.

    Parameters
    ----------
    html
        The page; write it as UTF-8.
    """

    html: str

    def _repr_html_(self) -> str:
        look = "width:100%;height:720px;border:1px solid #bbb"
        return f'<iframe title="report" style="{look}" srcdoc="{escape(self.html)}"></iframe>'


def page(content: Content) -> Page:
    """Make the report of a study: one page with everything in it.

    Nothing is loaded from outside (a Content-Security-Policy forbids it, and lets run no script but the page's own);
    names are text everywhere. Equal contents give equal bytes. For paper print it through the browser, or
    `chromium --headless --print-to-pdf=report.pdf report.html`.

    Parameters
    ----------
    content
        What is known; parts without tables are left out, unknown numbers are said to be unknown.

    Returns
    -------
    Page
        `html` holds the text. O(rows) of the tables, O(n log n) in the places of the demand.

    Examples
    --------
    >>> import pandas as pd
    >>> from edulayout.report import Content
    >>> coverage = pd.DataFrame({"layout": "existing", "stage": "primary", "district_id": ["all"], "pupils": [100.0],
    ...     "share_covered": [0.4], "mean_metres": [700.0]})
    >>> made = page(Content(title="Old <town>", tables={"coverage": coverage}, radii={"primary": 500.0}))
    >>> "Old &lt;town&gt;" in made.html, "40.0\u00a0%" in made.html, "http-equiv" in made.html
    (True, True, True)
    """
    said = words(content.language, content.districts)
    maps = atlas(content, said)
    sections = [(name, body) for name in _TITLES if (body := _BODIES[name](content, said, maps))]
    shared = [] if maps is None else [maps.shared]
    main = element("main", *shared, _cover(content, said), *(_section(name, body, said) for name, body in sections))
    return Page(_document(content, said, joined([_contents([name for name, _ in sections], said), main])))


def write(path: str | os.PathLike[str], content: Content) -> None:
    """Write the report of a study as one HTML file; see `page`.

    Raises
    ------
    OutputError
        Where the place cannot be written.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> from edulayout.report import Content
    >>> coverage = pd.DataFrame({"layout": "existing", "stage": "primary", "district_id": ["all"], "pupils": [100.0],
    ...     "share_covered": [0.4], "mean_metres": [700.0]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder) / "report.html"
    ...     write(place, Content(title="Town", tables={"coverage": coverage}, radii={"primary": 500.0}))
    ...     place.read_text("utf-8")[:15]
    '<!doctype html>'
    """
    with whole_file(Path(path)) as temporary:
        temporary.write_text(page(content).html, encoding="utf-8", newline="\n")


def _document(content: Content, said: Words, body: Markup) -> str:
    script, rules = _text("report.js"), _text("report.css") + sign_rules()
    policy = (f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(rules)}; img-src data:; "
              "base-uri 'none'; form-action 'none'")  # fmt: skip
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", said("page_title", title=content.title)),
        Markup(f"<style>{rules}</style>"),
    )
    html = element("html", head, element("body", body, Markup(f"<script>{script}</script>")), lang=_tag(content))
    return f"<!doctype html>\n{html}\n"


def _tag(content: Content) -> str:
    return "zh-Hans" if content.language == "zh" else "en"


@cache
def _text(name: str) -> str:
    return files("edulayout.report").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _contents(names: list[str], said: Words) -> Markup:
    links = [element("li", element("a", said(f"section_{name}"), href=f"#{name}")) for name in names]
    return element(
        "nav", element("a", said("contents"), href="#summary", class_="head"), element("ol", *links),
        element("button", said("print"), type="button", id="print"), aria_label=said("contents"),
    )  # fmt: skip


def _cover(content: Content, said: Words) -> Markup:
    lines = [said("report_of"), *(said.layout(name) for name in content.layouts)]
    way = " → ".join(lines[1:])
    return element(
        "header",
        element("p", lines[0], class_="kicker"),
        element("h1", content.title),
        element("p", content.note, class_="note") if content.note else None,
        element(
            "p",
            said("cover_line", layouts=way, stages=said.listed([said.stage(it) for it in content.stages])),
            class_="hint",
        ),
        element("p", content.source, class_="hint") if content.source else None,
    )


def _section(name: str, body: Markup, said: Words) -> Markup:
    return element("section", element("h2", said(f"section_{name}")), body, id=name)


def _summary(content: Content, said: Words, _: Atlas | None) -> Markup:
    table = annex.summary_table(content, said)
    scroll = (
        None
        if table is None
        else element("div", table, class_="scroll free", tabindex=0, role="region", aria_label=said("table_summary"))
    )
    return joined([summary.cards(content, said), summary.sentences(content, said), scroll])


def _maps(content: Content, said: Words, maps: Atlas | None) -> Markup:
    if maps is None:
        return Markup("")
    link = element("a", said("map_link"), href=content.map_page) if content.map_page else None
    rows = [
        element("div", element("h4", title), element("div", *mine, class_="multiples"), class_="keep")
        for title, mine in _rows_of_maps(content, said, maps).items()
    ]
    overview = element(
        "figure",
        element("figcaption", overview_title(content, said)),
        maps.large,
        class_="large tall" if maps.tall else "large",
    )
    return joined([element("p", link, class_="screen") if link else None, overview, legend(content, said), *rows,
                   element("p", said("maps_note"), class_="hint")])  # fmt: skip


def _rows_of_maps(content: Content, said: Words, maps: Atlas) -> dict[str, list[Markup]]:
    """Return a row of maps for each stage by its title; all stages in one row where there is only one layout."""
    rows: dict[str, list[Markup]] = {}
    for stage, layout, drawing in maps.small:
        title = said("maps_of", stage=said.stage(stage), metres=count(content.radii[stage]))
        caption = element("figcaption", _map_caption(content, stage, layout, said))
        key = said("maps_alone") if len(content.layouts) == 1 else title
        rows.setdefault(key, []).append(element("figure", caption, drawing))
    return rows


def _map_caption(content: Content, stage: str, layout: str, said: Words) -> Markup:
    row = content.whole("coverage", layout, stage)
    known = row is not None and row["share_covered"] == row["share_covered"]  # missing is not itself
    covered = share(float(row["share_covered"])) if row is not None and known else "–"
    schools = annex.serving(content, layout, stage)
    told = "" if schools is None else said("map_schools", count=schools)
    alone = len(content.layouts) == 1
    name = (
        said("map_alone", stage=said.stage(stage), metres=count(content.radii[stage])) if alone else said.short(layout)
    )
    return joined([element("b", name), f" {covered}{told}"])


def _charts(content: Content, said: Words, _: Atlas | None) -> Markup:
    groups = [_chart_group(name, list(drawn), content, said) for name, drawn in _drawn(content, said)]
    return joined(group for group in groups if group)


def _drawn(content: Content, said: Words) -> Iterator[tuple[str, Iterator[Markup | None]]]:
    stages = content.stages
    yield "walks", (walk_charts.walk_chart(content, stage, said) for stage in stages)
    yield "districts", (district_charts.district_chart(content, stage, said) for stage in stages)
    yield "years", (year_chart(content, stage, said) for stage in stages)
    yield "lorenz", (lorenz_chart(content, stage, of, said) for stage in stages for of in ("walk", "access"))


def _chart_group(name: str, drawn: list[Markup | None], content: Content, said: Words) -> Markup | None:
    there = [one for one in drawn if one is not None]
    if not there:
        return element("p", said("no_years"), class_="hint") if name == "years" else None
    head = [element("h3", said(f"charts_{name}")), element("p", said(f"charts_{name}_note"), class_="hint")]
    if name in _KEYS:
        head.append(_KEYS[name](content, said))
    return element(
        "div", element("div", *head, class_="heads"), element("div", *there, class_="charts"), class_="group"
    )


def _tables(content: Content, said: Words, _: Atlas | None) -> Markup:
    return joined([element("p", said("tables_note"), class_="hint screen"), *annex.tables(content, said)])


_KEYS = {"walks": walk_charts.key, "districts": district_charts.key}

_BODIES: dict[str, Callable[[Content, Words, Atlas | None], Markup]] = {
    "summary": _summary,
    "maps": _maps,
    "charts": _charts,
    "tables": _tables,
    "standards": lambda content, said, _: norms.standards(content, said),
    "method": lambda content, said, _: method.method(content, said),
    "proofs": lambda content, said, _: closing.certificates(content, said),
    "aside": lambda content, said, _: closing.set_aside(content, said),
    "reproduce": lambda content, said, _: closing.reproduce(content, said),
}
