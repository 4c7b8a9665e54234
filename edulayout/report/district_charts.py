"""How districts compare: today, the plan and the further programme in one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.coverage import ALL
from edulayout.report import plot
from edulayout.report.forms import share
from edulayout.report.html import Markup, element

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.report.content import Content
    from edulayout.report.words import Words

MOST_DISTRICTS = 24
"""More do not fit on a page; the least covered are shown."""
_ROW = 19.0


def district_chart(content: Content, stage: str, words: Words) -> Markup | None:
    """Return the districts of a stage one below the other, the least covered of the last layout first."""
    shares = _shares(content, stage)
    if shares.empty:
        return None
    kept = shares.iloc[:MOST_DISTRICTS]
    whole = [content.whole("coverage", layout, stage) for layout in content.layouts]
    rows = [
        (words.district(str(name)), [float(value) for value in row])
        for name, row in zip(kept.index, kept.to_numpy(), strict=True)
    ]
    rows.append((words.district(ALL), [float("nan") if it is None else float(it["share_covered"]) for it in whole]))
    height = 26.0 + 46.0 + _ROW * len(rows)
    left = min(170.0, 12.0 + max(plot.text_width(name) for name, _ in rows))
    frame = plot.Frame(low=0.0, high=1.0, top=1.0, left=left, height=height, right=20.0)
    drawing = [_upright(frame)]
    for number, (name, values) in enumerate(rows):
        drawing += _district(frame, number, name, values, content.layouts)
    marks = [(value, f"{100 * value:g} %") for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    axis = words("axis_covered", metres=f"{content.radii[stage]:,.0f}")
    drawing.append(plot.floor_axis(frame, marks, axis))
    title = words("chart_districts", stage=words.stage(stage))
    told = _told(rows, content.layouts, len(shares), words)
    return plot.chart(f"districts-{stage}", drawing, title=title, told=told, height=height)


def key(content: Content, words: Words) -> Markup:
    """Return what the signs mean."""
    return plot.keys((sign(place, 17, 8, layout), words.layout(layout)) for place, layout in enumerate(content.layouts))


def _shares(content: Content, stage: str) -> pd.DataFrame:
    """Return the shares covered by district and layout, the least of the last layout first, ties by id."""
    table = content.tables["coverage"]
    mine = table[(table["stage"] == stage) & table["district_id"].isin(content.own_districts())]
    wide = mine.pivot_table(index="district_id", columns="layout", values="share_covered", dropna=False)
    wide = wide.reindex(columns=content.layouts).dropna(how="all").sort_index()
    return wide.sort_values(content.layouts[-1], kind="stable")


def _upright(frame: plot.Frame) -> Markup:
    lines = [
        plot.line(frame.x(it), frame.above - 8, frame.x(it), frame.floor, "grid") for it in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return element("g", *lines)


def _district(frame: plot.Frame, number: int, name: str, values: list[float], layouts: list[str]) -> list[Markup]:
    y = frame.above + _ROW * (number + 0.5)
    known = [value for value in values if not np.isnan(value)]
    parts = [plot.text(_cut(name, frame.left - 8), frame.left - 8, y + 4, anchor="end")]
    if known:
        parts.append(plot.line(frame.x(min(known)), y, frame.x(max(known)), y, "span"))
    for place, (layout, value) in enumerate(zip(layouts, values, strict=True)):
        if not np.isnan(value):
            parts.append(sign(place, frame.x(value), y, layout))
    return parts


def _cut(name: str, room: float) -> str:
    while name and plot.text_width(name) > room:
        name = name[:-2] + "…"
    return name


def sign(place: int, x: float, y: float, layout: str) -> Markup:
    """Return the sign of a layout: an open circle, a full one, a full diamond."""
    if place < 2:  # noqa: PLR2004 - the third and later ones are diamonds
        return element("circle", cx=x, cy=y, r=4.4, class_=f"dot-{layout}")
    return plot.area([(x, y - 5.6), (x + 5.6, y), (x, y + 5.6), (x - 5.6, y)], f"dot-{layout}")


def _told(rows: list[tuple[str, list[float]]], layouts: list[str], total: int, words: Words) -> str:
    way = " → ".join(words.layout(layout) for layout in layouts)
    each = [
        f"{name} " + " → ".join("–" if np.isnan(value) else share(value) for value in values) for name, values in rows
    ]
    cut = words("told_cut", shown=len(rows) - 1, total=total) if total > len(rows) - 1 else ""
    return f"{way}{words('colon')}" + words("told_join").join(each) + words("stop") + cut
