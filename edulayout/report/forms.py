"""How a number is written for people, and what stands behind it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = "–"
"""What stands where nothing is known, or nothing applies."""


class Cell(NamedTuple):
    """What a reader sees, the number behind it (None for text), and whether it is right-aligned."""

    text: str
    number: float | None = None
    numeric: bool = False


def number_cell(value: object, form: str) -> Cell:
    r"""Return a number in a form: `count`, `metres`, `signed`, `share`, `gap`, `ratio`, `index`, `year`.

    Examples
    --------
    >>> number_cell(0.8123, "share"), number_cell(float("nan"), "count").text, number_cell(-1234.5, "signed").text
    (Cell(text='81.2\xa0%', number=0.8123, numeric=True), '–', '−1,234')
    """
    number = _number(value)
    if number is None:
        return Cell(NOTHING, None, numeric=True)
    return Cell(_FORMS[form](number), number, numeric=True)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type] # what is no number is nothing
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def count(value: float) -> str:
    """Return a number of people, seats or metres: whole, in groups of three.

    Examples
    --------
    >>> count(12345.6), count(-0.2), count(float("inf"))
    ('12,346', '0', '∞')
    """
    if math.isinf(value):
        return "∞"
    whole = round(value)
    return f"{whole:,}".replace("-", "−")


def share(value: float) -> str:
    r"""Return a share in per cent, never rounded up to all nor down to nothing.

    Examples
    --------
    >>> share(0.8123), share(1.0), share(0.9999), share(0.0001)
    ('81.2\xa0%', '100.0\xa0%', '> 99.9\xa0%', '< 0.1\xa0%')
    """
    if 0.9995 <= value < 1:  # noqa: PLR2004 - would be written as 100.0 %
        return "> 99.9\u00a0%"
    if 0 < value < 0.0005:  # noqa: PLR2004 - would be written as 0.0 %
        return "< 0.1\u00a0%"
    return f"{100 * value:.1f}\u00a0%".replace("-", "−")


def _signed(value: float) -> str:
    return f"+{count(value)}" if round(value) > 0 else count(value)


def _gap(value: float) -> str:
    """Return a proven gap: rounded up, for what is proven is never told as more."""
    if value <= 1e-9:  # noqa: PLR2004 - what counts as optimal
        return "0\u00a0%"
    return f"≤ {math.ceil(value * 1e4) / 100:.2f}\u00a0%" if math.isfinite(value) else "∞"


_FORMS: dict[str, Callable[[float], str]] = {
    "count": count,
    "metres": count,
    "signed": _signed,
    "share": share,
    "gap": _gap,
    "ratio": lambda value: f"{value:,.2f}",
    "index": lambda value: f"{value:.3f}",
    "year": lambda value: f"{value:.0f}",
    "tenths": lambda value: f"{value:,.1f}",
}
NUMBERS = frozenset(_FORMS)
"""The forms that are numbers."""
