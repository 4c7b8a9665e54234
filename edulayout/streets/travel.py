"""Who travels, and in which unit their way is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from edulayout.typing import Unit


class Travel(NamedTuple):
    """Who travels, the unit of their costs, and what a metre between a place and its street costs."""

    mode: str = "walk"
    unit: Unit = "metres"
    access_pace: float = 1.0


def minutes_per_metre(kmh: float) -> float:
    """Return the pace of a speed.

    Examples
    --------
    >>> minutes_per_metre(6.0)
    0.01
    """
    return 0.06 / kmh
