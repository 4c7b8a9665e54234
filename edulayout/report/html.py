"""HTML and SVG in small pieces: what is not marked as such is text, and is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"meta", "br", "hr", "input", "path", "line", "circle", "rect", "use", "polyline"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: object) -> Markup:
    """Return an element; children that are no markup are escaped, None is left out.

    An underscore in the name of an attribute stands for a hyphen, one at its end is dropped; True gives the bare
    attribute, None and False none.

    Examples
    --------
    >>> element("td", "<b> & co", class_="n", data_v=3)
    '<td class="n" data-v="3">&lt;b&gt; &amp; co</td>'
    """
    head = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID and not children:
        return Markup(f"<{head}/>")
    return Markup(f"<{head}>{joined(children)}</{name}>")


def joined(children: Iterable[str | None]) -> Markup:
    """Return pieces as one, those that are no markup escaped.

    Examples
    --------
    >>> joined(["a < b", Markup("<br/>"), None])
    'a &lt; b<br/>'
    """
    return Markup("".join(it if isinstance(it, Markup) else escape(it) for it in children if it is not None))


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(_plain(value))}"'


def _plain(value: object) -> str:
    return short(value) if isinstance(value, float) else str(value)


def short(number: float, digits: int = 1) -> str:
    """Return a number with few decimals, without needless zeros.

    Examples
    --------
    >>> short(3.0), short(2.25), short(-0.01)
    ('3', '2.2', '0')
    """
    text = f"{number:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
