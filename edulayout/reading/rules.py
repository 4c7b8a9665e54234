"""Which ways a mode of travel may use, in which direction and how fast: a table in a file, such as `walk.toml`."""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.typing import Unit

MODES = ("walk", "bike", "drive")
_FORWARD, _BACKWARD = frozenset({"yes", "true", "1"}), frozenset({"-1", "reverse"})
_NUMBER = re.compile(r"^\s*([+-]?\d+(?:\.\d+)?)\s*(%|°|mph|km/h)?\s*$")
_KM_PER_MILE = 1.609344
_TOBLER_STEEPNESS, _TOBLER_BEST = 3.5, 0.05


class Rules(NamedTuple):
    """The table of a mode; its own comments say what each part means."""

    open: frozenset[str]
    closed: frozenset[str]
    own: tuple[str, ...]
    grants: Mapping[str, frozenset[str]]
    refusals: Mapping[str, frozenset[str]]
    speeds: Mapping[str, float]
    access_kmh: float
    oneway_keys: tuple[str, ...]
    oneway_lifted: Mapping[str, frozenset[str]]
    oneway_implied: Mapping[str, frozenset[str]]
    maxspeed: bool
    slope: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """Every tag, beside `highway`, that the table asks for."""
        asked = (*self.grants, *self.refusals, *self.oneway_keys, *self.oneway_lifted, *self.oneway_implied)
        return tuple(dict.fromkeys(key for key in (*asked, "maxspeed", "incline") if key != "highway"))


@cache
def rules(mode: str) -> Rules:
    """Return the table of a mode.

    Examples
    --------
    >>> "steps" in rules("walk").open, rules("drive").oneway_keys
    (True, ('oneway',))
    """
    table = tomllib.loads(files("edulayout.reading").joinpath(f"{mode}.toml").read_text(encoding="utf-8"))
    oneway = table["oneway"]
    return Rules(
        open=frozenset(table["open"]),
        closed=frozenset(table["closed"]),
        own=tuple(table["own"]),
        grants=_sets(table["grants"]),
        refusals=_sets(table["refusals"]),
        speeds={name: float(kmh) for name, kmh in table["speeds_kmh"].items()},
        access_kmh=float(table["access_kmh"]),
        oneway_keys=tuple(oneway["keys"]),
        oneway_lifted=_sets(oneway["lifted"]),
        oneway_implied=_sets(oneway["implied"]),
        maxspeed=bool(table["maxspeed"]),
        slope=bool(table["slope"]),
    )


def _sets(table: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(values) for key, values in table.items()}


def refusal(tags: Mapping[str, str], allowed: Rules, *, known_only: bool = True) -> str | None:
    """Return why a way may not be used, such as `access=private`; None where it may.

    Parameters
    ----------
    tags
        Its OpenStreetMap tags.
    allowed
        The table of the mode.
    known_only
        A class that the table does not know is refused; otherwise it is open.

    Examples
    --------
    >>> refusal({"highway": "service", "access": "private"}, rules("walk"))
    'access=private'
    >>> refusal({"highway": "service", "access": "private", "foot": "yes"}, rules("walk")) is None
    True
    """
    kind = tags.get("highway", "")
    granted = [key for key, values in allowed.grants.items() if tags.get(key) in values]
    unknown = known_only and kind not in allowed.open and kind not in allowed.closed
    if unknown or (kind in allowed.closed and not granted):
        return f"highway={kind}"
    own = any(key in granted for key in allowed.own)
    for key, values in allowed.refusals.items():
        if tags.get(key) in values and not own:
            return f"{key}={tags[key]}"
    return None


def direction(tags: Mapping[str, str], allowed: Rules) -> int:
    """Return 1 where a way is open along its course only, -1 against it only, 0 both ways.

    Examples
    --------
    >>> [direction(tags, rules("bike")) for tags in ({"oneway": "-1"}, {"oneway": "yes", "oneway:bicycle": "no"})]
    [-1, 0]
    >>> direction({"junction": "roundabout"}, rules("drive")), direction({"oneway": "yes"}, rules("walk"))
    (1, 0)
    """
    if any(tags.get(key) in values for key, values in allowed.oneway_lifted.items()):
        return 0
    for key in allowed.oneway_keys:
        value = tags.get(key, "")
        if value in _FORWARD or value in _BACKWARD:
            return -1 if value in _BACKWARD else 1
        if value == "no":
            return 0
    return int(any(tags.get(key) in values for key, values in allowed.oneway_implied.items()))


def paces(tags: Mapping[str, str], allowed: Rules, *, unit: Unit, slope: bool = False) -> tuple[float, float]:
    """Return what a metre costs along the course of a way and against it; infinity where that is not allowed.

    Parameters
    ----------
    tags
        Its OpenStreetMap tags.
    allowed
        The table of the mode.
    unit
        `metres` (each costs one) or `minutes` (by the speed of the class).
    slope
        Whether `incline` changes the speed, on foot: Tobler's hiking function (1993, NCGIA Technical Report 93-1,
        speed ∝ exp(-3.5 |slope + 0.05|)), scaled so that level ground has the speed of the class.

    Examples
    --------
    >>> paces({"highway": "residential"}, rules("walk"), unit="minutes")
    (0.015, 0.015)
    >>> up, down = paces({"highway": "residential", "incline": "10%"}, rules("walk"), unit="minutes", slope=True)
    >>> round(0.06 / up, 2), round(0.06 / down, 2)
    (2.82, 4.0)
    """
    ahead = behind = 1.0
    if unit == "minutes":
        steepness = _fraction(tags.get("incline", "")) if slope and allowed.slope else 0.0
        kmh = _speed(tags, allowed)
        ahead, behind = (0.06 / (kmh * _tobler(it)) for it in (steepness, -steepness))
    way = direction(tags, allowed)
    return math.inf if way < 0 else ahead, math.inf if way > 0 else behind


def _speed(tags: Mapping[str, str], allowed: Rules) -> float:
    kmh = allowed.speeds.get(tags.get("highway", ""), allowed.speeds["default"])
    limit = _NUMBER.match(tags.get("maxspeed", "")) if allowed.maxspeed else None
    if limit is None or float(limit[1]) <= 0:
        return kmh
    return min(kmh, float(limit[1]) * (_KM_PER_MILE if limit[2] == "mph" else 1.0))


def _fraction(incline: str) -> float:
    """Return a slope as rise over run; `up` and `down` tell no number."""
    found = _NUMBER.match(incline)
    if found is None:
        return 0.0
    return math.tan(math.radians(float(found[1]))) if found[2] == "°" else float(found[1]) / 100.0


def _tobler(slope: float) -> float:
    return math.exp(-_TOBLER_STEEPNESS * (abs(slope + _TOBLER_BEST) - _TOBLER_BEST))
