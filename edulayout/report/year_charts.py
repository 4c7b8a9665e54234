"""The years to come: pupils of a stage against the seats of each layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.coverage import ALL
from edulayout.report import plot
from edulayout.report.forms import count
from edulayout.report.html import Markup, element

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.report.content import Content
    from edulayout.report.words import Words


def year_chart(content: Content, stage: str, words: Words) -> Markup | None:
    """Return the chart of one stage: pupils with the band of all variants, the seats of each layout, the peak."""
    table = content.tables.get("seats_by_year")
    if table is None:
        return None
    rows = table[(table["stage"] == stage) & (table["district_id"] == ALL)]
    if rows.empty:
        return None
    variants = pupils_by_variant(rows)
    main = content.variant if content.variant in variants else str(variants.columns[0])
    seats = _seats(rows, main)
    most = max([float(variants.to_numpy().max()), *(value for series in seats.values() for value in series)])
    years = [float(year) for year in variants.index]
    frame = plot.Frame(low=years[0], high=years[-1], top=plot.room_above(most), right=96.0)
    pupils = [float(value) for value in variants[main]]
    lines = [plot.polyline(_points(frame, years, held), f"line-{layout}") for layout, held in seats.items()]
    drawing = [plot.side_axis(frame, words("axis_pupils_seats")), *_band(frame, years, variants), *lines,
               *_pupils(frame, years, pupils, seats, words), *_labels(frame, pupils, seats, words),
               _axis(frame, years, words)]  # fmt: skip
    told = _told(variants[main], seats, words)
    title = words("chart_years", stage=words.stage(stage), variant=words.value(main))
    return plot.chart(f"years-{stage}", drawing, title=title, told=told)


def pupils_by_variant(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the pupils by year, a column for each variant in the order of the table."""
    first = rows[rows["layout"] == rows["layout"].iloc[0]] if "layout" in rows else rows
    wide = first.pivot_table(index="year", columns="variant", values="pupils", aggfunc="sum", sort=True)
    return wide[list(dict.fromkeys(first["variant"]))]


def _seats(rows: pd.DataFrame, variant: str) -> dict[str, list[float]]:
    """Return the seats by year of each layout whose schools all state theirs."""
    mine = rows[(rows["variant"] == variant) & (rows["schools_unknown"] == 0)].sort_values("year", kind="stable")
    return {str(layout): [float(it) for it in part["seats"]] for layout, part in mine.groupby("layout", sort=False)}


def _band(frame: plot.Frame, years: list[float], variants: pd.DataFrame) -> list[Markup]:
    if len(variants.columns) < 2:  # noqa: PLR2004 - a band has two sides
        return []
    low, high = variants.min(axis=1), variants.max(axis=1)
    upper = [(frame.x(year), frame.y(float(value))) for year, value in zip(years, high, strict=True)]
    lower = [(frame.x(year), frame.y(float(value))) for year, value in zip(years, low, strict=True)]
    return [plot.area([*upper, *reversed(lower)], "band")]


def _pupils(
    frame: plot.Frame, years: list[float], pupils: list[float], seats: dict[str, list[float]], words: Words
) -> list[Markup]:
    """Return the line of pupils and its peak, whose label keeps off the seats above it."""
    peak = int(np.argmax(pupils))
    x, y = frame.x(years[peak]), frame.y(pupils[peak])
    anchor = "start" if peak < len(years) / 2 else "end"
    crowded = any(-18 < frame.y(held[peak]) - y < 4 for held in seats.values())  # noqa: PLR2004 - the height of the label
    label = words("peak", year=short_year(years[peak]), count=count(pupils[peak]))
    return [
        plot.polyline(_points(frame, years, pupils), "pupils"),
        element("circle", cx=x, cy=y, r=3.6, class_="peak"),
        plot.text(
            label,
            x + (7 if anchor == "start" else -7),
            y + 31 if crowded else y - 7,
            anchor=anchor,
            class_="strong halo",
        ),
    ]


def _points(frame: plot.Frame, years: list[float], values: list[float]) -> list[tuple[float, float]]:
    return [(frame.x(year), frame.y(value)) for year, value in zip(years, values, strict=True)]


def _labels(frame: plot.Frame, pupils: list[float], seats: dict[str, list[float]], words: Words) -> list[Markup]:
    """Return what the lines are, at their ends, kept apart."""
    named = [(words("pupils_label"), pupils[-1], "strong")]
    named += [
        (words("seats_label", layout=words.short(layout)), held[-1], f"ink-{layout}") for layout, held in seats.items()
    ]
    places = plot.spread([frame.y(value) + 4 for _, value, _ in named], apart=13.0, low=frame.above, high=frame.floor)
    right = frame.width - frame.right + 5
    return [
        plot.text(name, right, y, anchor="start", class_=ink) for (name, _, ink), y in zip(named, places, strict=True)
    ]


def _axis(frame: plot.Frame, years: list[float], words: Words) -> Markup:
    step = 1 if len(years) <= 7 else 2 if len(years) <= 12 else 5  # noqa: PLR2004 - years that fit beside each other
    shown = [year for year in years if (year - years[0]) % step == 0]
    return plot.floor_axis(frame, [(year, short_year(year)) for year in shown], words("axis_year"))


def short_year(year: float) -> str:
    """Return a year as people write it."""
    return f"{year:.0f}"


def _told(pupils: pd.Series[float], seats: dict[str, list[float]], words: Words) -> str:
    values = [float(value) for value in pupils]
    peak = int(np.argmax(values))
    parts = [words("told_peak", year=pupils.index[peak], count=count(values[peak]), last_year=pupils.index[-1],
                   last=count(values[-1]))]  # fmt: skip
    for layout, held in seats.items():
        worst = max(pupil - seat for pupil, seat in zip(values, held, strict=True))
        last = held[-1] - values[-1]
        code = "told_never" if worst <= 0 else "told_lacks"
        parts.append(words(code, layout=words.layout(layout), seats=count(held[-1]), worst=count(worst),
                           then=words("told_idle" if last > 0 else "told_short", count=count(abs(last)))))  # fmt: skip
    if not seats:
        parts.append(words("told_seats_unknown"))
    return "".join(parts)
