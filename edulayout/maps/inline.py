"""A folium map as one page that loads nothing: scripts inside, outside requests forbidden, the same bits every time."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    import folium
    from branca.element import Element

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
_TAG = re.compile(
    r'[ \t]*<script src="(?P<script>(?:https?:)?//[^"]+)"></script>\n?'
    r'|[ \t]*<link rel="stylesheet" href="(?P<sheet>(?:https?:)?//[^"]+)"\s*/?>\n?'
)
_UNUSED = {
    "jquery": ("$(", "jQuery"),
    "bootstrap": ("bootstrap.",),
    "awesome-markers": ("AwesomeMarkers",),
    "awesome.rotate": ("AwesomeMarkers",),
    "fontawesome": ('class="fa', "fa-"),
}
"""What folium puts on every page, and the words that tell that a page really uses it."""

_EMBEDDED = re.compile(r'<script type="text/plain".*?</script>', re.DOTALL)
_LOADING = re.compile(r"url\(\s*['\"]?(?!data:|#)([^'\")]+)|@import\s+([^;]+)")


def page(chart: folium.Map) -> str:
    """Write a folium map as one self-contained page.

    The scripts and style sheets that folium would fetch stand inside the page, a Content-Security-Policy forbids every
    outside request, and folium's random element names are counted instead, so that equal maps give equal bytes.

    Parameters
    ----------
    chart
        A map, such as `explore` returns. Layers added to it may use Leaflet alone.

    Returns
    -------
    str
        The page; write it as UTF-8.

    Raises
    ------
    InputError
        Where the map needs something from outside that is not part of this package, for example a tile layer or a
        folium plugin: without it the page would be broken.

    Examples
    --------
    >>> import folium
    >>> text = page(folium.Map(tiles=None))
    >>> "https://cdn" in text, "Content-Security-Policy" in text
    (False, True)
    """
    root = chart.get_root()
    text = _counted(root.render(), root)
    used = _TAG.sub("", _EMBEDDED.sub("", text))
    _refuse_outside(used)
    text = _TAG.sub(lambda tag: _inlined(tag, used), text)
    language = getattr(chart, "language", "en")
    text = text.replace("<html>", f'<html lang="{language}">', 1)
    policy = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    return text.replace("<head>", f"<head>\n{policy}", 1)


@cache
def vendored() -> dict[str, str]:
    """Return the texts of the vendored scripts and style sheets by file name."""
    return {name: (folder / name).read_text("utf-8") for folder in _vendor_folders() for name in _files(folder)}


def _vendor_folders() -> list[Traversable]:
    folders = [entry for entry in (files("edulayout.maps") / "vendor").iterdir() if entry.is_dir()]
    return sorted(folders, key=lambda folder: folder.name)


def _files(folder: Traversable) -> list[str]:
    listed = tomllib.loads((folder / "vendor.toml").read_text("utf-8"))["files"]
    return [name for name in listed if name.endswith((".js", ".css"))]


def _inlined(tag: re.Match[str], used: str) -> str:
    address = tag["script"] or tag["sheet"]
    name = address.rsplit("/", 1)[-1]
    if name in vendored():
        kind = "script" if tag["script"] else "style"
        return f"<{kind}>{vendored()[name]}</{kind}>\n"
    for library, words in _UNUSED.items():
        if library in address and not any(word in used for word in words):
            return ""
    raise InputError(_fault(address))


def _counted(text: str, root: Element) -> str:
    """Replace the random ids of folium's elements by their place in the page."""
    ids = set(_ids(root))
    seen: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        word = found[0]
        return seen.setdefault(word, str(len(seen) + 1)) if word in ids else word

    return re.sub(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", number, text)


def _ids(element: Element) -> Iterator[str]:
    yield element.get_name().rsplit("_", 1)[-1]
    for part in (getattr(element, name, None) for name in ("header", "html", "script")):
        if part is not None:
            yield from _ids(part)
    for child in element._children.values():  # noqa: SLF001 - branca shows its tree in no other way
        yield from _ids(child)


class _Outside(HTMLParser):
    """Collects every address that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if name in {"src", "href", "srcset", "data", "poster", "action"} and not _inside(value):
                self.addresses.append(str(value))
            if name == "style":
                self._loads(value or "")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._loads(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def _loads(self, style: str) -> None:
        self.addresses += [one or other for one, other in _LOADING.findall(style)]


def _inside(address: str | None) -> bool:
    return not address or address.startswith(("data:", "blob:", "#", "about:"))


def _refuse_outside(text: str) -> None:
    reader = _Outside()
    reader.feed(text)
    tiles = re.findall(r"L\.tileLayer(?:\.wms)?\(\s*\"([^\"]+)\"", text)
    if faults := [_fault(address) for address in dict.fromkeys(reader.addresses + tiles)]:
        raise InputError(*faults)


def _fault(address: str) -> Fault:
    return Fault(
        "the map",
        f"a need of {address}",
        "only what this package holds, because the page must open without a network",
        "leave this layer or plugin out, or save the map with folium's own save() for use on line",
    )
