"""Bookmarks for a PDF, added as an incremental update (ISO 32000-1, 7.5.6): the pages stay as they were written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)\s*%%EOF\s*$", re.DOTALL)


@dataclass(frozen=True)
class Bookmark:
    """A line of the outline: its text, the page (from 0) that it opens, and how deep it stands (0 or 1)."""

    text: str
    page: int
    depth: int = 0


def with_bookmarks(pdf: bytes, bookmarks: Sequence[Bookmark], *, language: str = "en") -> bytes:
    """Return a PDF, as matplotlib writes it, with bookmarks, shown when it is opened. O(bytes)."""
    trailer = _TRAILER.search(pdf)
    if trailer is None or not bookmarks:
        return pdf
    entries, start = trailer.group(1), int(trailer.group(2))
    size, root = _number(rb"/Size\s+(\d+)", entries), _number(rb"/Root\s+(\d+)", entries)
    catalogue = _object(pdf, root)
    kids = _object(pdf, _number(rb"/Pages\s+(\d+)", catalogue))
    pages = [int(number) for number in re.findall(rb"(\d+)\s+0\s+R", kids[kids.index(b"/Kids") : kids.index(b"]")])]
    objects = _outline(bookmarks, pages, first=size)
    tongue = "zh-CN" if language == "zh" else "en"
    added = f" /Outlines {size} 0 R /PageMode /UseOutlines /Lang ({tongue}) >>".encode()
    objects[root] = catalogue.rstrip().removesuffix(b">>").rstrip() + added
    rest = re.sub(rb"/Size\s+\d+", b"", entries).strip()
    return _appended(pdf, objects, b"/Size %d %b /Prev %d" % (max(objects) + 1, rest, start))


def _number(pattern: bytes, text: bytes) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise AssertionError(pattern)  # the writer of the file is our own
    return int(found.group(1))


def _object(pdf: bytes, number: int) -> bytes:
    found = re.search(rb"(?:^|\n)%d 0 obj\s*(.*?)\s*endobj" % number, pdf, re.DOTALL)
    if found is None:
        raise AssertionError(number)
    return found.group(1)


def _outline(bookmarks: Sequence[Bookmark], pages: Sequence[int], *, first: int) -> dict[int, bytes]:
    """Return the objects of an outline: its root, numbered `first`, and after it one for each bookmark."""
    numbers = [first + 1 + at for at in range(len(bookmarks))]
    parents, latest = [], first
    for number, bookmark in zip(numbers, bookmarks, strict=True):
        parents.append(latest if bookmark.depth else first)
        latest = latest if bookmark.depth else number
    objects = {first: _parent(first, numbers, parents, b"/Type /Outlines ")}
    for number, parent, bookmark in zip(numbers, parents, bookmarks, strict=True):
        siblings = [other for other, its in zip(numbers, parents, strict=True) if its == parent]
        at = siblings.index(number)
        links = b"/Parent %d 0 R " % parent
        links += b"/Prev %d 0 R " % siblings[at - 1] if at else b""
        links += b"/Next %d 0 R " % siblings[at + 1] if at + 1 < len(siblings) else b""
        target = b"/Title <%b> /Dest [ %d 0 R /Fit ] " % (_text(bookmark.text), pages[bookmark.page])
        objects[number] = _parent(number, numbers, parents, target + links)
    return objects


def _parent(number: int, numbers: Sequence[int], parents: Sequence[int], entries: bytes) -> bytes:
    own = [other for other, its in zip(numbers, parents, strict=True) if its == number]
    children = b"/First %d 0 R /Last %d 0 R /Count %d " % (own[0], own[-1], len(own)) if own else b""
    return b"<< %b%b>>" % (entries, children)


def _text(text: str) -> bytes:
    return b"FEFF" + text.encode("utf-16-be").hex().upper().encode()


def _appended(pdf: bytes, objects: Mapping[int, bytes], trailer: bytes) -> bytes:
    body, places = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n"), {}
    for number in sorted(objects):
        places[number] = len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, objects[number])
    start = len(body)
    lines = [b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in places.items()]
    body += b"xref\n" + b"".join(lines) + b"trailer\n<< %b >>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)
    return bytes(body)
