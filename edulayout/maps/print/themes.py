"""The themes of a map: places of demand coloured by what the map is about, each with its legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from edulayout import seats as seats_module
from edulayout.maps.print import ground
from edulayout.maps.print.content import distance_classes, district_names
from edulayout.maps.print.ground import Brush
from edulayout.maps.print.legend import Entry, Group, Stroke
from edulayout.maps.print.words import style, texts
from edulayout.zones import polygons

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes

    from edulayout.maps.print.content import Content
    from edulayout.maps.print.map_types import Subject
    from edulayout.maps.print.paper import View
    from edulayout.typing import AnyArray, FloatArray

_ZONE_GAP_METRES = 45.0
_NEIGHBOUR_METRES = 60.0


@dataclass(frozen=True)
class Theme:
    """What a theme has drawn: its legend, and the fills that districts were given before."""

    groups: tuple[Group, ...]


def tints(content: Content, subject: Subject) -> list[str] | None:
    """Return the fill of each district, where the theme tells something of districts."""
    if subject.kind.blocks != "balance":
        return None
    ratios = seat_ratios(content, subject)
    return [_balance_class(ratios.get(str(key), np.nan))["tint"] for key in content.districts.index]


def draw_theme(ax: Axes, content: Content, subject: Subject, seen: View) -> Theme:
    """Colour the places of demand."""
    draw: Mapping[str, Callable[[Axes, Content, Subject, View], list[Group]]] = {
        "plain": _plain, "distance": _distance, "balance": _balance, "zones": _zones,
    }  # fmt: skip
    return Theme(tuple(draw[subject.kind.blocks](ax, content, subject, seen)))


def _plain(ax: Axes, content: Content, subject: Subject, seen: View) -> list[Group]:
    look = style()["ground"]
    brush = Brush(look["block"], look["block_edge"], look["block_width"])
    drawn = ground.paint(ax, _blocks(content), brush, seen=seen)
    sites = _sites(ax, content, subject, seen) if subject.kind.sites else []
    entries = [Entry(brush, content.words("block"))] if drawn else []
    return [Group(content.words("base"), tuple(entries + sites))]


def _sites(ax: Axes, content: Content, subject: Subject, seen: View) -> list[Entry]:
    if content.candidates is None:
        return []
    look, shapes = style()["candidate"], content.candidates.geometry.array
    earlier = content.layouts[: content.layouts.index(subject.layout) + 1]
    chosen = np.array([layout in earlier and layout != "" for layout in texts(content.candidates, "chosen_layout")])
    pairs = (
        ("candidate", ~chosen, Brush(look["fill"], look["edge"], look["width"])),
        ("site", chosen, Brush(look["chosen"], look["chosen_edge"], 1.4 * look["width"])),
    )
    drawn = [(name, brush, ground.paint(ax, shapes[mask], brush, seen=seen)) for name, mask, brush in pairs]
    return [Entry(brush, content.words(name)) for name, brush, count in drawn if count]


def _blocks(content: Content) -> AnyArray:
    return np.asarray(content.demand.geometry.array)


def _distance(ax: Axes, content: Content, subject: Subject, seen: View) -> list[Group]:
    radius = content.radii[str(subject.stage)]
    metres = content.demand[f"metres_{subject.stage}_{subject.layout}"].to_numpy(np.float64)
    classes, entries = distance_classes(metres, radius=radius), []
    shares = _shares(classes, _weights(content, str(subject.stage)))
    for number, look in enumerate(style()["distance"]):
        brush = Brush(look["fill"], look["edge"], style()["ground"]["block_width"], look.get("hatch"))
        if (classes == number).any():
            ground.paint(ax, _blocks(content)[classes == number], brush, seen=seen)
            text = content.words(look["text"], radius=f"{radius:g}", double=f"{2 * radius:g}")
            entries.append(Entry(brush, text, f"{100 * shares[number]:.1f}%" if shares is not None else ""))
    figures = content.words("share_of_pupils") if shares is not None else ""
    return [Group(content.words(f"walk_{content.engine}"), tuple(entries), figures)]


def _weights(content: Content, stage: str) -> FloatArray:
    column = f"pupils_{stage}" if f"pupils_{stage}" in content.demand else "population"
    if column not in content.demand:
        return np.zeros(len(content.demand))
    weights: FloatArray = np.nan_to_num(content.demand[column].to_numpy(np.float64))
    return weights


def _shares(classes: AnyArray, weights: FloatArray) -> FloatArray | None:
    total = weights.sum()
    return np.bincount(classes, weights=weights, minlength=4) / total if total > 0 else None


def draw_areas(ax: Axes, content: Content, subject: Subject, seen: View) -> list[Entry]:
    """Outline the service areas of a stage: those of the layout and of all earlier ones, merged."""
    areas = content.service_areas
    if areas is None or not subject.kind.areas:
        return []
    earlier = content.layouts[: content.layouts.index(subject.layout) + 1]
    own = areas[(areas["stage"] == subject.stage).to_numpy() & areas["layout"].isin(earlier).to_numpy()]
    merged = shapely.union_all(own.geometry.array)
    if merged.is_empty:
        return []
    look, least = style()["area"], (2.5 * seen.metres_per_mm) ** 2
    rings = [part.exterior for part in shapely.get_parts(merged)]
    rings += [
        ring for part in shapely.get_parts(merged) for ring in part.interiors if shapely.Polygon(ring).area > least
    ]
    thin = shapely.simplify(np.array(rings, dtype=object), 0.06 * seen.metres_per_mm)
    ground.draw_lines(ax, thin, colour=look["edge"], width=look["width"] * seen.unit, level=ground.level("area"))
    return [Entry(Stroke(look["edge"], look["width"]), content.words(f"area_{content.engine}"))]


def seat_table(content: Content, subject: Subject) -> pd.DataFrame:
    """Balance pupils against seats by district in the layout of the map; see `seats.balance`."""
    schools = content.schools[(content.schools["layout"] == subject.layout).to_numpy()].drop(columns="layout")
    return seats_module.balance(content.demand, schools, stage=str(subject.stage))


def seat_ratios(content: Content, subject: Subject) -> dict[str, float]:
    """Return seats per pupil by district; missing where seats are not stated."""
    table = seat_table(content, subject)
    ratios = table["seats"] / table["pupils"].where(table["pupils"] > 0)
    known = ratios.where(table["schools_unknown"] == 0)
    return {str(key): float(value) for key, value in known.items()}


def _balance_class(ratio: float) -> Mapping[str, str]:
    if not np.isfinite(ratio):
        unknown: Mapping[str, str] = style()["balance_unknown"]
        return unknown
    return next(look for look in style()["balance"] if ratio < look.get("below", np.inf))


def _balance(ax: Axes, content: Content, subject: Subject, seen: View) -> list[Group]:
    ratios = seat_ratios(content, subject)
    looks = [_balance_class(ratios.get(key, np.nan)) for key in texts(content.demand, "district_id")]
    fills = np.array([look["fill"] for look in looks])
    edges = {look["fill"]: look.get("edge", "#ffffff") for look in looks}
    for fill, edge in sorted(edges.items()):
        brush = Brush(fill, edge, style()["ground"]["block_width"])
        ground.paint(ax, _blocks(content)[fills == fill], brush, seen=seen)
    known = any(np.isfinite(ratios.get(str(key), np.nan)) for key in content.districts.index)
    unknown = not all(np.isfinite(ratios.get(str(key), np.nan)) for key in content.districts.index)
    bars = [Entry(Brush(style()["bars"][name]), content.words(f"bar_{name}")) for name in ("pupils", "seats")]
    return [Group(content.words("balance"), tuple(_balance_entries(content, known=known, unknown=unknown))),
            Group(content.words("bars"), tuple(bars))]  # fmt: skip


def _balance_entries(content: Content, *, known: bool, unknown: bool) -> list[Entry]:
    looks, entries, low = style()["balance"], [], ""
    for look in looks if known else []:
        high = f"{look['below']:.1f}" if "below" in look else ""
        name = "balance_between" if low and high else "balance_below" if high else "balance_above"
        entries.append(Entry(Brush(look["fill"]), content.words(name, low=low, high=high)))
        low = high
    if unknown:
        entries.append(Entry(Brush(style()["balance_unknown"]["fill"]), content.words("balance_unknown")))
    return entries


def zones_of(content: Content, subject: Subject) -> gpd.GeoDataFrame:
    """Return the attendance zones of a stage by `school_id`: those given, else each block to its nearest school."""
    given = given_zones(content, subject)
    if given is not None:
        return given
    column = content.demand[f"school_{subject.stage}_{subject.layout}"]
    homes = column.where(column.notna(), "").astype(str)
    homes.index = homes.index.astype(str)
    gap = _ZONE_GAP_METRES if (shapely.get_dimensions(_blocks(content)) == 2).all() else 0.0  # noqa: PLR2004 - areas
    return polygons(homes, content.demand, districts=content.districts, gap_metres=gap)


def given_zones(content: Content, subject: Subject) -> gpd.GeoDataFrame | None:
    """Return the zones given for a stage and layout by `school_id`; None where there are none."""
    zones = content.zones
    for column, wanted in (("stage", subject.stage), ("layout", subject.layout)):
        if zones is not None and column in zones:
            zones = zones[(zones[column] == wanted).to_numpy()]
    if zones is None or not len(zones):
        return None
    return zones.set_index("school_id") if "school_id" in zones else zones


def _zones(ax: Axes, content: Content, subject: Subject, seen: View) -> list[Group]:
    zones, look = zones_of(content, subject), style()["zones"]
    shapes = np.asarray(zones.geometry.array)
    colours = colouring(shapes, count=len(look["fills"]))
    ground.paint(ax, _blocks(content), Brush(look["none"], "#ffffff", style()["ground"]["block_width"]), seen=seen)
    for number, fill in enumerate(look["fills"]):
        ground.paint(ax, shapes[colours == number], Brush(fill, look["edge"], look["width"]), seen=seen)
    if (shapely.get_dimensions(_blocks(content)) == 2).all():  # noqa: PLR2004 - areas, or both sides
        ground.paint(ax, _blocks(content), Brush("none", "#ffffff", style()["ground"]["block_width"]), seen=seen)
    entries = [Entry(Brush(look["fills"][0], look["edge"], look["width"]), content.words("zone"))]
    return [Group(content.words("base"), tuple(entries))]


def colouring(shapes: AnyArray, *, count: int) -> AnyArray:
    """Give each shape a colour number that none of its neighbours has, as far as the colours reach. O(n log n).

    Examples
    --------
    >>> colouring(np.array([shapely.box(x, 0, x + 100, 100) for x in (0, 100, 200)]), count=4).tolist()
    [0, 1, 2]
    """
    near = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_NEIGHBOUR_METRES)
    neighbours: list[list[int]] = [[] for _ in shapes]
    for one, other in sorted(zip(*(side.tolist() for side in near), strict=True)):
        if one != other:
            neighbours[one].append(other)
    colours = np.full(len(shapes), -1)
    for number in range(len(shapes)):
        colours[number] = _free_colour(colours, neighbours[number], count)
    return colours


def _free_colour(colours: AnyArray, neighbours: list[int], count: int) -> int:
    """Return the colour least used so far among those that no neighbour has."""
    taken = {int(colours[other]) for other in neighbours}
    used = np.bincount(colours[colours >= 0], minlength=count)
    return min(range(count), key=lambda colour: (colour in taken, used[colour], colour))


def plates(content: Content, subject: Subject) -> dict[str, tuple[float, float]]:
    """Return pupils and seats by the name of the district, for the bars of a map of seats."""
    if subject.kind.blocks != "balance":
        return {}
    table, names = seat_table(content, subject), district_names(content)
    known = table["seats"].where((table["schools_unknown"] == 0) | (table["seats"] > 0))
    rows = zip(map(str, table.index), table["pupils"], known, strict=True)
    return {key: (float(pupils), float(seats)) for key, pupils, seats in rows if key in names}
