"""How evenly walks and seats in reach are shared: Lorenz curves, layouts compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout import equity
from edulayout.report import plot

if TYPE_CHECKING:
    from edulayout.report.content import Content
    from edulayout.report.html import Markup
    from edulayout.report.words import Words
    from edulayout.typing import FloatArray

_POINTS = 120
"""Corners of a curve: more are not seen."""


def lorenz_chart(content: Content, stage: str, of: str, words: Words) -> Markup | None:
    """Return the Lorenz curves of a stage by layout: of the `walk`, or of `access`; None where nothing is known."""
    curves = {layout: curve for layout in content.layouts if (curve := _curve(content, stage, of, layout)) is not None}
    if not curves:
        return None
    frame = plot.Frame(low=0.0, high=1.0, top=1.0, height=300.0)
    marks = [(value, f"{100 * value:g} %") for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    drawing = [plot.side_axis(frame, words(f"axis_lorenz_{of}"), percent=True),
               plot.line(frame.x(0), frame.y(0), frame.x(1), frame.y(1), "even")]  # fmt: skip
    ginis = {layout: equity.gini(*_values(content, stage, of, layout)) for layout in curves}
    for number, (layout, curve) in enumerate(curves.items()):
        points = [(frame.x(float(across)), frame.y(float(up))) for across, up in curve]
        y = frame.above + 14 + 17 * number
        label = words("gini_label", layout=words.layout(layout), gini=f"{ginis[layout]:.2f}")
        drawing += [plot.polyline(points, f"line-{layout}"),
                    plot.line(frame.left + 8, y - 4, frame.left + 34, y - 4, f"line-{layout}"),
                    plot.text(label, frame.left + 40, y, anchor="start")]  # fmt: skip
    drawing.append(plot.floor_axis(frame, marks, words("axis_lorenz")))
    told = words(f"told_lorenz_{of}") + words("told_join").join(
        words("gini_label", layout=words.layout(layout), gini=f"{value:.2f}") for layout, value in ginis.items()
    )
    title = words(f"chart_lorenz_{of}", stage=words.stage(stage))
    return plot.chart(f"lorenz-{of}-{stage}", drawing, title=title, told=told + words("stop"), height=300.0)


def _values(content: Content, stage: str, of: str, layout: str) -> tuple[FloatArray, FloatArray]:
    demand = content.layers["demand"]
    column = f"{'metres' if of == 'walk' else 'access'}_{stage}_{layout}"
    values = demand[column].to_numpy(dtype=np.float64)
    pupils = demand[f"pupils_{stage}"].to_numpy(dtype=np.float64)
    there = np.isfinite(values) & (pupils > 0)
    return values[there], pupils[there]


def _curve(content: Content, stage: str, of: str, layout: str) -> FloatArray | None:
    demand = content.layers.get("demand")
    column = f"{'metres' if of == 'walk' else 'access'}_{stage}_{layout}"
    if demand is None or column not in demand or f"pupils_{stage}" not in demand:
        return None
    values, pupils = _values(content, stage, of, layout)
    if not (values > 0).any():
        return None
    curve = equity.lorenz(values, pupils).to_numpy(dtype=np.float64)
    wanted = np.searchsorted(curve[:, 0], np.linspace(0.0, 1.0, _POINTS))
    kept: FloatArray = curve[np.unique(np.clip(wanted, 0, len(curve) - 1))]
    return kept
