"""The names on a map: districts, water, schools; numbers for names that have no room, and the list that keys them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from edulayout.maps.print import ground, labels
from edulayout.maps.print.placenames import letter_districts
from edulayout.maps.print.setting import Type, balanced, baseline, write
from edulayout.maps.print.signs import Sign, seat_factors, sign_size
from edulayout.maps.print.waters import letter_water
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.maps.print.canvas import Scene
    from edulayout.maps.print.content import School
    from edulayout.maps.print.paper import View
    from edulayout.typing import AnyArray, FloatArray

_NAME_MM = 32.0


class Keyed(NamedTuple):
    """A number on the map and the school that it stands for."""

    number: int
    school: School


@dataclass(frozen=True)
class Lettered:
    """What the lettering found room for: keyed schools, those that not even a number has room for, and all shown."""

    keyed: tuple[Keyed, ...] = ()
    unplaced: tuple[School, ...] = ()
    shown: tuple[School, ...] = ()


def letter(scene: Scene, schools: Sequence[School], *, names: bool = True) -> Lettered:
    """Write the names on a map; `names` False leaves the schools' out."""
    shown = [school for school in schools if _within(scene.seen, school) and scene.names(school)]
    taken = _sign_boxes(scene, shown)
    taken = np.vstack([taken, letter_districts(scene, taken)])
    taken = np.vstack([taken, letter_water(scene, taken)])
    if not names:
        return Lettered(shown=tuple(shown))
    kind = scene.subject.kind
    wanted = [school for school in shown if kind.labels == "all" or school.state in kind.strong]
    if kind.numbered:
        made = _letter_numbers(scene, [Keyed(at, one) for at, one in enumerate(wanted, 1)], taken)
    else:
        made = _letter_schools(scene, wanted, taken)
    return replace(made, shown=tuple(shown))


def _within(seen: View, school: School) -> bool:
    x, y = seen.to_paper(school.x, school.y)
    box = seen.window
    return box.x <= x <= box.right and box.y <= y <= box.top


def _sign_boxes(scene: Scene, schools: Sequence[School]) -> FloatArray:
    radii = np.array([radius + 0.15 for radius in _radii(scene, schools)])
    if not len(radii):
        return np.empty((0, 4))
    middle = np.array([scene.seen.to_paper(school.x, school.y) for school in schools])
    return np.column_stack([middle - radii[:, None], middle + radii[:, None]])


def _radii(scene: Scene, schools: Sequence[School]) -> list[float]:
    strong, small = scene.subject.kind.strong, style()["sign"]["small"]
    factors = seat_factors(list(schools), sized=scene.subject.kind.blocks == "balance")
    return [
        factors[one.id]
        * sign_size(Sign(one.kind, one.state, 1.0 if one.state in strong else small), scene.seen.unit)
        / 2
        for one in schools
    ]


def _letter_schools(scene: Scene, wanted: Sequence[School], taken: FloatArray) -> Lettered:
    setting = scene.type("school", halo="#ffffff", halo_points=0.95 * scene.seen.unit)
    lines = [balanced(school.name, setting, _NAME_MM * scene.seen.unit) for school in wanted]
    spots = _spots(scene, wanted, [_size(text, setting) for text in lines], taken)
    boxes = [taken]
    for school, text, spot in zip(wanted, lines, spots, strict=True):
        if spot:
            boxes.append(_write_lines(scene, school, text, spot, setting))
    left = [school for school, spot in zip(wanted, spots, strict=True) if spot is None]
    keyed = [Keyed(number, school) for number, school in enumerate(left, 1)]
    return _letter_numbers(scene, keyed, np.vstack(boxes))


def _letter_numbers(scene: Scene, keyed: Sequence[Keyed], taken: FloatArray) -> Lettered:
    setting = scene.type("school", bold=True, halo="#ffffff", halo_points=0.9 * scene.seen.unit)
    texts = [[str(one.number)] for one in keyed]
    schools = [one.school for one in keyed]
    spots = _spots(scene, schools, [_size(text, setting) for text in texts], taken)
    for school, text, spot in zip(schools, texts, spots, strict=True):
        if spot:
            _write_lines(scene, school, text, spot, setting)
    return Lettered(tuple(keyed), tuple(one for one, spot in zip(schools, spots, strict=True) if spot is None))


def _size(lines: Sequence[str], setting: Type) -> tuple[float, float]:
    return max(map(setting.width, lines)), setting.em * 1.08 + (len(lines) - 1) * setting.line * 0.92


def _spots(
    scene: Scene, schools: Sequence[School], sizes: Sequence[tuple[float, float]], taken: FloatArray
) -> list[labels.Placed | None]:
    places = [scene.seen.to_paper(school.x, school.y) for school in schools]
    radii = _radii(scene, schools)
    wanted = [labels.Wanted(*spot, radius, *size) for spot, radius, size in zip(places, radii, sizes, strict=True)]
    obstacles = labels.Obstacles(taken, _border_lines(scene))
    return labels.place(wanted, obstacles=obstacles, window=scene.seen.window.inset(0.8))


def _border_lines(scene: Scene) -> AnyArray:
    """Return the borders of districts on paper, which names had better not cross."""
    lines: AnyArray = scene.seen.on_paper(ground.borders(scene.content.districts))
    return lines


def _write_lines(scene: Scene, school: School, lines: Sequence[str], spot: labels.Placed, setting: Type) -> FloatArray:
    width, height = _size(lines, setting)
    x, y = scene.seen.to_paper(school.x, school.y)
    centre, align = (spot.x + width / 2, "left" if spot.x > x else "right" if spot.x + width < x else "center")
    at = {"left": spot.x, "right": spot.x + width, "center": centre}[align]
    for number, line in enumerate(reversed(lines)):
        bottom = spot.y + number * setting.line * 0.92
        place = scene.seen.to_ground(at, baseline(bottom, setting))
        write(scene.ax, line, place, setting, align=align)  # type: ignore[arg-type] # one of three
    if spot.leader:
        _draw_leader(scene, (x, y), (np.clip(x, spot.x, spot.x + width), np.clip(y, spot.y, spot.y + height)))
    return np.array([[spot.x, spot.y, spot.x + width, spot.y + height]])


def _draw_leader(scene: Scene, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x0, y0), (x1, y1) = scene.seen.to_ground(*start), scene.seen.to_ground(*end)
    for colour, width, level in (("#ffffff", 1.5, 9.0), ("#555555", 0.45, 9.1)):
        scene.ax.add_line(Line2D((x0, x1), (y0, y1), color=colour, linewidth=width * scene.seen.unit, zorder=level))
