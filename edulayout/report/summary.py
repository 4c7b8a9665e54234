"""The report in words: what is covered today, what the plan reaches, what remains short, what was proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.report.forms import count, share
from edulayout.report.html import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edulayout.report.content import Content
    from edulayout.report.words import Words

_NAMED = 4
"""Districts that a sentence names; the others are in the table."""
_SEEN = 0.5
"""Part of a pupil from which on somebody is told of."""


def cards(content: Content, words: Words) -> Markup:
    """Return the shares covered of each stage, layout after layout, large."""
    return element("ul", *(_card(content, stage, words) for stage in content.stages), class_="cards")


def _card(content: Content, stage: str, words: Words) -> Markup:
    steps = []
    for layout in content.layouts:
        row = content.whole("coverage", layout, stage)
        known = row is not None and not np.isnan(row["share_covered"])
        value = share(float(row["share_covered"])) if row is not None and known else "–"
        steps.append(element("span", element("b", value), element("small", words.short(layout)), class_="step"))
    label = words("card", metres=count(content.radii[stage]))
    return element(
        "li",
        element("h3", words.stage(stage)),
        element("p", *steps, class_="steps"),
        element("p", label, class_="hint"),
    )


def sentences(content: Content, words: Words) -> Markup:
    """Return a paragraph on each stage, and what holds for all."""
    told = [
        element("p", element("strong", words.stage(stage) + words("colon")), _stage(content, stage, words))
        for stage in content.stages
    ]
    return joined([*told, *(element("p", text) for text in _overall(content, words))])


def _stage(content: Content, stage: str, words: Words) -> str:
    parts = [_covered, _walked, _seats, _worst]
    return words("space").join(text for part in parts if (text := part(content, stage, words)))


def _covered(content: Content, stage: str, words: Words) -> str:
    found = _values(content, stage, "share_covered")
    if not found:
        return words("sum_nobody")
    row = content.whole("coverage", content.layouts[0], stage)
    pupils = 0.0 if row is None else float(row["pupils"])
    first, *later = found.items()
    text = words("sum_covered", layout=words.layout(first[0]), share=share(first[1]), pupils=count(pupils),
                 stage=words.inside(stage), metres=count(content.radii[stage]))  # fmt: skip
    then = [words("sum_then", layout=words.layout(layout), value=share(value)) for layout, value in later]
    return text + "".join(then) + words("stop")


def _walked(content: Content, stage: str, words: Words) -> str:
    found = _values(content, stage, "mean_metres")
    if not found:
        return ""
    way = " → ".join(words("metres", count=count(value)) for value in found.values())
    text = words("sum_walk", way=way)
    row = content.whole("coverage", content.layouts[-1], stage)
    lost = 0.0 if row is None or "pupils_unreachable" not in row.index else float(row["pupils_unreachable"])
    return text + (words("sum_unreachable", count=count(lost)) if lost >= _SEEN else "") + words("stop")


def _values(content: Content, stage: str, column: str) -> dict[str, float]:
    rows = {layout: content.whole("coverage", layout, stage) for layout in content.layouts}
    known = {layout: float(row[column]) for layout, row in rows.items() if row is not None}
    return {layout: value for layout, value in known.items() if not np.isnan(value)}


def _seats(content: Content, stage: str, words: Words) -> str:
    rows = [(layout, row) for layout in content.layouts if (row := content.whole("seats", layout, stage)) is not None]
    if not rows:
        return ""
    layout, last = rows[-1]
    if np.isnan(last["gap"]):
        return words("sum_seats_unknown", layout=words.layout(layout), count=count(float(last["schools_unknown"])),
                     most=count(float(last["gap_at_most"])))  # fmt: skip
    gaps = [float(row["gap"]) for _, row in rows]
    way = " → ".join("?" if np.isnan(gap) else count(gap) for gap in gaps)
    return words("sum_seats", way=way) + _local_gap(content, layout, stage, words) + words("stop")


def _local_gap(content: Content, layout: str, stage: str, words: Words) -> str:
    """Return which districts lack seats although there are enough in all."""
    table = content.tables["seats"]
    mine = table[
        (table["layout"] == layout) & (table["stage"] == stage) & table["district_id"].isin(content.own_districts())
    ]
    short = mine[mine["gap"] >= _SEEN]
    whole = content.whole("seats", layout, stage)
    if short.empty or whole is None or whole["gap"] >= _SEEN:
        return ""
    lacks = zip(short["district_id"].astype(str), short["gap"], strict=True)
    names = [f"{words.district(name)} {count(float(gap))}" for name, gap in lacks]
    return words(
        "sum_seats_local",
        layout=words.layout(layout),
        districts=words.listed(names[:_NAMED]) + (" …" if len(names) > _NAMED else ""),
    )


def _worst(content: Content, stage: str, words: Words) -> str:
    layout, table = content.layouts[-1], content.tables["coverage"]
    mine = table[
        (table["layout"] == layout) & (table["stage"] == stage) & table["district_id"].isin(content.own_districts())
    ]
    known = mine[mine["share_covered"].notna()]
    if len(known) < 2:  # noqa: PLR2004 - one district is the whole
        return ""
    worst = known.iloc[int(np.argmin(known["share_covered"]))]
    first = content.row("coverage", content.layouts[0], stage, str(worst["district_id"]))
    before = "" if first is None or layout == content.layouts[0] else f"{share(float(first['share_covered']))} → "
    return words("sum_worst", district=words.district(str(worst["district_id"])),
                 share=before + share(float(worst["share_covered"])),
                 layout=words.layout(layout))  # fmt: skip


def _overall(content: Content, words: Words) -> Iterator[str]:
    """Return what holds for all stages: which layouts there are, what was proven, how the standards are met."""
    if len(content.layouts) == 1:
        yield words("sum_no_plan")
    yield from _proven(content, words)
    yield from _standards(content, words)


def _proven(content: Content, words: Words) -> Iterator[str]:
    table = content.tables.get("siting")
    if table is None or not len(table):
        return
    kinds = table[table["district_id"] == "all"]
    gap = float(kinds["gap"].max())
    if (kinds["status"] == "optimal").all():
        yield words("sum_optimal")
    else:
        yield words("sum_feasible", gap=f"{np.ceil(gap * 1e4) / 100:.2f} %" if np.isfinite(gap) else "∞")


def _standards(content: Content, words: Words) -> Iterator[str]:
    table = content.tables.get("compliance")
    if table is None or not len(table):
        return
    parts = []
    for layout in content.layouts:
        counts = table[table["layout"] == layout]["verdict"].value_counts()
        fails, meets, unknown = (int(counts.get(word, 0)) for word in ("fails", "meets", "cannot_tell"))
        parts.append(
            words(
                "sum_checked",
                layout=words.layout(layout),
                fails=count(fails),
                judged=count(fails + meets),
                open=count(unknown),
            )
        )
    yield words("sum_standards") + words("told_join").join(parts) + words("stop")
    if content.standard is not None:
        unsure = sum(rule.status not in {"verified", "chosen"} for rule in content.standard.rules)
        yield words("sum_unverified", count=count(unsure), all=count(len(content.standard.rules)))
