"""How far pupils walk: how many in each class of 100 m (or more, where walks are long), layouts compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.report import plot
from edulayout.report.forms import count, share
from edulayout.report.html import Markup, element

if TYPE_CHECKING:
    from edulayout.report.content import Content
    from edulayout.report.words import Words
    from edulayout.typing import FloatArray

CLASSES_METRES = (100.0, 200.0, 500.0, 1000.0, 2000.0)
"""Widths of classes: the least that needs no more than so many of them."""
_MOST_CLASSES = 40
_TALL = 0.995
"""The axis ends where this share of the pupils of the first layout is within; the rest is one last class."""


class Walks(NamedTuple):
    """Pupils by class of walk; the last but one class holds all beyond, the last those who reach no school."""

    edges: FloatArray
    pupils: dict[str, FloatArray]


def classes(content: Content, stage: str) -> Walks | None:
    """Return the pupils of a stage by class of walk and layout; None where the demand does not tell."""
    demand = content.layers.get("demand")
    columns = [f"metres_{stage}_{layout}" for layout in content.layouts]
    if demand is None or f"pupils_{stage}" not in demand or any(name not in demand for name in columns):
        return None
    pupils = demand[f"pupils_{stage}"].to_numpy(dtype=np.float64)
    walks = {
        layout: demand[name].to_numpy(dtype=np.float64) for layout, name in zip(content.layouts, columns, strict=True)
    }
    edges = _edges(walks[content.layouts[0]], pupils, content.radii[stage])
    return Walks(edges, {it: _counted(walks[it], pupils, edges) for it in walks})


def key(content: Content, words: Words) -> Markup:
    """Return what the areas and lines mean."""
    first, *later = content.layouts
    filled = plot.area([(1, 14), (1, 3), (33, 3), (33, 14)], f"fill-{first}")
    lines = [(plot.line(1, 8, 33, 8, f"line-{layout}"), words.layout(layout)) for layout in later]
    radius = (plot.line(17, 0, 17, 16, "radius"), words("head_radius"))
    return plot.keys([(filled, words.layout(first)), *lines, radius])


def _edges(walks: FloatArray, pupils: FloatArray, radius: float) -> FloatArray:
    """Return the limits of the classes: until nearly all are within, and beyond the radius."""
    there = np.isfinite(walks) & (pupils > 0)
    far = 1.5 * radius
    if there.any():
        order = np.argsort(walks[there], kind="stable")
        running = np.cumsum(pupils[there][order])
        far = max(far, float(walks[there][order][np.searchsorted(running, _TALL * running[-1])]))
    step = next((width for width in CLASSES_METRES if far <= width * _MOST_CLASSES), CLASSES_METRES[-1])
    return np.linspace(0.0, step * (number := min(_MOST_CLASSES, int(np.ceil(far / step)))), number + 1)


def _counted(walks: FloatArray, pupils: FloatArray, edges: FloatArray) -> FloatArray:
    there = np.isfinite(walks)
    # A walk of exactly 500 m is within 500 m, as in the coverage.
    beyond = len(edges) - 1
    place = np.ceil(np.where(there, walks, 0.0) / edges[1]) - 1
    at = np.where(there, np.clip(place, 0, beyond), beyond + 1).astype(np.int64)
    counts: FloatArray = np.bincount(at, weights=pupils, minlength=beyond + 2).astype(np.float64)
    return counts


def walk_chart(content: Content, stage: str, words: Words) -> Markup | None:
    """Return the chart of one stage: the first layout filled, the others as lines, the service radius marked."""
    walks = classes(content, stage)
    if walks is None:
        return None
    most = max(float(counts[:-1].max()) for counts in walks.pupils.values())
    frame = plot.Frame(low=0.0, high=float(walks.edges[-1] + 1.6 * walks.edges[1]), top=plot.room_above(most))
    drawing = [plot.side_axis(frame, words("axis_pupils_class", step=count(float(walks.edges[1]))))]
    for place, (layout, counts) in enumerate(walks.pupils.items()):
        drawing.append(_steps(frame, walks.edges, counts, f"fill-{layout}" if place == 0 else f"line-{layout}"))
    drawing += [_radius(frame, content.radii[stage], words), _axis(frame, walks.edges, words)]
    return plot.chart(
        f"walks-{stage}", drawing, title=words("chart_walks", stage=words.stage(stage)),
        told=_told(content, stage, walks, words),
    )  # fmt: skip


def _steps(frame: plot.Frame, edges: FloatArray, counts: FloatArray, class_: str) -> Markup:
    """Return the classes as steps, and those beyond the axis as a step of their own."""
    points = [(frame.x(0), frame.floor)]
    for at in range(len(edges) - 1):
        height = frame.y(float(counts[at]))
        points += [(frame.x(float(edges[at])), height), (frame.x(float(edges[at + 1])), height)]
    points.append((points[-1][0], frame.floor))
    end, step = float(edges[-1]), float(edges[1])
    left, right, height = frame.x(end + 0.5 * step), frame.x(end + 1.5 * step), frame.y(float(counts[len(edges) - 1]))
    beyond = [(left, frame.floor), (left, height), (right, height), (right, frame.floor)]
    draw = plot.area if class_.startswith("fill") else plot.polyline
    return element("g", draw(points, class_), draw(beyond, class_))


def _axis(frame: plot.Frame, edges: FloatArray, words: Words) -> Markup:
    end, step = float(edges[-1]), float(edges[1])
    room = [value for value in plot.ticks(0.0, end, most=6) if frame.x(end + 0.5 * step) - frame.x(value) > 34]  # noqa: PLR2004 - pixels
    marks = [(value, count(value)) for value in room]
    return plot.floor_axis(frame, [*marks, (end + step, f"> {count(end)}")], words("axis_walk"))


def _radius(frame: plot.Frame, radius: float, words: Words) -> Markup:
    x = frame.x(radius)
    label = words("radius_label", metres=count(radius))
    right = x + 4 + plot.text_width(label) > frame.width - frame.right
    return element(
        "g",
        plot.line(x, frame.above - 4, x, frame.floor, "radius"),
        plot.text(
            label, x - 4 if right else x + 4, frame.above + 6, anchor="end" if right else "start", class_="strong"
        ),
    )


def _told(content: Content, stage: str, walks: Walks, words: Words) -> str:
    parts = []
    for layout, counts in walks.pupils.items():
        row = content.whole("coverage", layout, stage)
        total = float(counts.sum())
        if row is None or total == 0 or np.isnan(row["mean_metres"]):
            continue
        text = words("told_walks", layout=words.layout(layout), share=share(float(row["share_covered"])),
                     mean=count(float(row["mean_metres"])))  # fmt: skip
        lost = words("told_unreachable", count=count(float(counts[-1]))) if counts[-1] >= 0.5 else ""  # noqa: PLR2004 - a pupil
        parts.append(text + lost)
    return words("told_radius", metres=count(content.radii[stage])) + words("told_join").join(parts) + words("stop")
