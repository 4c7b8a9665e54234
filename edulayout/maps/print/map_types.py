"""The maps that a special plan contains, each a value: what it shows, and which table stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.maps.print.content import Content


@dataclass(frozen=True)
class MapType:
    """What a kind of map shows.

    Parameters
    ----------
    name
        Its word in study files and in `texts.toml`.
    layouts
        Layouts to take when none is asked for, the best first.
    blocks
        How the places of demand are coloured.
    of_stage
        Whether it is about one stage.
    areas, sites
        Whether service areas, and candidate sites, are drawn.
    strong
        States of schools that stand out; the others are drawn small.
    labels
        Which schools are named: all shown, or the strong ones.
    numbered
        Whether the strong schools carry the numbers of the table instead of names.
    table
        What is tabulated.

    Examples
    --------
    >>> MAP_TYPES["coverage"].of_stage, MAP_TYPES["existing"].of_stage
    (True, False)
    """

    name: str
    layouts: tuple[str, ...]
    blocks: Literal["plain", "distance", "balance", "zones"]
    table: Literal["counts", "planned", "coverage", "seats", "zones", "projects"]
    of_stage: bool = False
    areas: bool = False
    sites: bool = False
    strong: tuple[str, ...] = ("existing", "planned", "extended", "closed")
    labels: Literal["all", "strong"] = "all"
    numbered: bool = False


_ALL = (
    MapType("existing", ("existing",), "plain", "counts"),
    MapType("planned", ("planned", "extended"), "plain", "planned", sites=True),
    MapType("coverage", ("planned", "existing"), "distance", "coverage", of_stage=True, areas=True),
    MapType("seats", ("planned", "existing"), "balance", "seats", of_stage=True),
    MapType("zones", ("planned", "existing"), "zones", "zones", of_stage=True),
    MapType("near_term", ("extended", "planned"), "plain", "projects", sites=True, strong=("planned",),
            labels="strong", numbered=True),
)  # fmt: skip
MAP_TYPES: Mapping[str, MapType] = MappingProxyType({made.name: made for made in _ALL})
"""现状图, 规划布点图, 服务半径覆盖图, 学位供需图, 学区划分图, 近期建设图."""


@dataclass(frozen=True)
class Subject:
    """A map type with the layout and the stage that it is about."""

    kind: MapType
    layout: str
    stage: str | None


def subject(kind: str | MapType, content: Content, *, layout: str | None, stage: str | None) -> Subject:
    """Settle what a map is about.

    Raises
    ------
    InputError
        Where the type, the layout or the stage is not there; every fault at once.
    """
    if isinstance(kind, str) and kind not in MAP_TYPES:
        raise InputError(_unknown("the type of a map", kind, tuple(MAP_TYPES)))
    made = MAP_TYPES[kind] if isinstance(kind, str) else kind
    chosen = layout or next((name for name in made.layouts if name in content.layouts), content.layouts[0])
    about = (stage or next(iter(content.stages), None)) if made.of_stage else None
    faults = [] if chosen in content.layouts else [_unknown("the layout of a map", chosen, content.layouts)]
    faults += _stage_faults(made, content, chosen, about)
    if faults:
        raise InputError(*faults)
    return Subject(made, chosen, about)


def _stage_faults(made: MapType, content: Content, layout: str, stage: str | None) -> list[Fault]:
    if not made.of_stage:
        return []
    if stage not in content.stages:
        return [_unknown("the stage of a map", str(stage), content.stages)]
    needed = {
        "distance": f"metres_{stage}_{layout}", "balance": f"pupils_{stage}",
        "zones": f"school_{stage}_{layout}" if content.zones is None else "",
    }[made.blocks] if made.blocks != "plain" else ""  # fmt: skip
    faults = [] if not needed or needed in content.demand else [_missing(made, needed)]
    if made.blocks == "distance" and stage not in content.radii:
        faults.append(Fault("the radii of a map", f"none for {stage}", "a radius in metres", f"add radii[{stage!r}]"))
    return faults


def _missing(made: MapType, column: str) -> Fault:
    return Fault(f"the demand of a map {made.name!r}", f"no column {column}", f"a column {column}",
                 "measure it first, as a study run does")  # fmt: skip


def _unknown(source: str, found: str, known: tuple[str, ...]) -> Fault:
    return Fault(source, repr(found), f"one of {', '.join(known)}", "choose one of them")
