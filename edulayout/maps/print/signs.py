"""Signs of schools: the kind by shape and colour, what is built by a full sign, what is planned by a hollow one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matplotlib.axes import Axes

    from edulayout.maps.print.content import School
    from edulayout.maps.print.paper import View

_POINTS_PER_MM = 72 / 25.4
_LEVEL = 10.0
_LEAST, _MOST = 0.75, 1.5


@dataclass(frozen=True)
class Sign:
    """The sign of a kind of school in a state; `strength` 1 stands out, `style.sign.small` stays back."""

    kind: str
    state: str
    strength: float = 1.0


def sign_size(sign: Sign, unit: float) -> float:
    """Return the breadth of a sign in millimetres."""
    own, general = _look(sign.kind), style()["sign"]
    return float(general["size"] * own["scale"] * sign.strength * unit)


def draw_sign(ax: Axes, sign: Sign, places: Any, *, unit: float, sizes: Any = 1.0) -> None:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
    """Draw a sign at places (n × 2) of an axes; `sizes` are factors."""
    own, general = _look(sign.kind), style()["sign"]
    points = sign_size(sign, unit) * _POINTS_PER_MM
    colour = own["colour"] if sign.state != "closed" else "#8c8c8c"
    hollow, x, y = sign.state != "existing", *np.asarray(places, dtype=float).T
    outline = general["outline"] * unit * sign.strength
    halo = 2 * general["halo"] * unit + (outline if hollow else 0.0)
    area = np.broadcast_to((points * np.asarray(sizes)) ** 2, x.shape)
    ax.scatter(x, y, s=area, marker=own["marker"], c="#ffffff", edgecolors="#ffffff", linewidths=halo, zorder=_LEVEL)
    inner = np.broadcast_to((np.sqrt(area) - (outline if hollow else 0.0)) ** 2, x.shape)
    ax.scatter(
        x, y, s=inner, marker=own["marker"], c="#ffffff" if hollow else colour, edgecolors=colour,
        linewidths=outline if hollow else 0.0, zorder=_LEVEL + 0.1,
    )  # fmt: skip
    _draw_core(ax, sign, (x, y), colour=colour, area=area)


def _draw_core(ax: Axes, sign: Sign, places: tuple[Any, Any], *, colour: str, area: Any) -> None:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
    """Mark what comes later by a dot, what is closed by a cross."""
    if sign.state == "extended":
        ax.scatter(*places, s=area * 0.10, marker="o", c=colour, linewidths=0, zorder=_LEVEL + 0.2)
    if sign.state == "closed":
        ax.scatter(*places, s=area * 0.4, marker="x", c=colour, linewidths=0.8, zorder=_LEVEL + 0.2)


def draw_schools(
    ax: Axes, schools: Iterable[School], seen: View, *, strong: tuple[str, ...], sized: bool
) -> list[Sign]:
    """Draw the signs of schools, the strong ones above; return each sign drawn once."""
    small = style()["sign"]["small"]
    signs = {school: Sign(school.kind, school.state, 1.0 if school.state in strong else small) for school in schools}
    ordered = sorted(signs, key=lambda school: (signs[school].strength, school.kind, school.state, school.id))
    factors = seat_factors(ordered, sized=sized)
    for sign, members in groupby(ordered, key=lambda school: signs[school]):
        group = list(members)
        draw_sign(ax, sign, [(school.x, school.y) for school in group], unit=seen.unit,
                  sizes=np.array([factors[school.id] for school in group]))  # fmt: skip
    return list(dict.fromkeys(signs.values()))


def seat_factors(schools: list[School], *, sized: bool) -> Mapping[str, float]:
    """Return how much larger than its kind's sign each school's is: by the root of its seats, where they are known."""
    known = np.array([school.seats for school in schools if school.seats > 0])
    if not sized or not known.size:
        return {school.id: 1.0 for school in schools}
    middle = float(np.median(known))
    roots = {school.id: np.sqrt(school.seats / middle) if school.seats > 0 else _LEAST for school in schools}
    return {key: float(np.clip(root, _LEAST, _MOST)) for key, root in roots.items()}


def _look(kind: str) -> Mapping[str, Any]:
    signs: Mapping[str, Mapping[str, Any]] = style()["signs"]
    return signs.get(kind, signs["unknown"])
