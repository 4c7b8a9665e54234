"""Which ways a mode of travel may use: a table in a file of the mode's name, such as `walk.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Rules(NamedTuple):
    """The table of a mode; its own comments say what each part means."""

    open: frozenset[str]
    closed: frozenset[str]
    grants: Mapping[str, frozenset[str]]
    refusals: Mapping[str, frozenset[str]]


@cache
def rules(mode: str) -> Rules:
    """Return the table of a mode.

    Examples
    --------
    >>> "steps" in rules("walk").open
    True
    """
    table = tomllib.loads(files("edulayout.reading").joinpath(f"{mode}.toml").read_text(encoding="utf-8"))
    grants, refusals = (
        {key: frozenset(values) for key, values in table[part].items()} for part in ("grants", "refusals")
    )
    return Rules(frozenset(table["open"]), frozenset(table["closed"]), grants, refusals)


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
    for key, values in allowed.refusals.items():
        if tags.get(key) in values and "foot" not in granted:
            return f"{key}={tags[key]}"
    return None
