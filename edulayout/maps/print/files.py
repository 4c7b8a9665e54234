"""Sheets as files: the same bytes from the same sheets, fonts embedded."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages

from edulayout import writing
from edulayout.errors import Fault, OutputError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from matplotlib.figure import Figure

DOTS = 300
"""Per inch, of what is an image."""

_SETTINGS: Any = {"pdf.fonttype": 42, "pdf.compression": 9, "svg.fonttype": "path", "svg.hashsalt": "edulayout",
             "path.simplify": False, "hatch.linewidth": 0.35, "agg.path.chunksize": 0}  # fmt: skip
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": "edulayout", "Creator": "edulayout"},
    "svg": {"Date": None, "Creator": "edulayout"},
    "png": {"Software": "edulayout"},
}


class Page(Protocol):
    """What has a figure and a title."""

    @property
    def figure(self) -> Figure:
        """The figure."""

    @property
    def title(self) -> str:
        """The title, for the properties of the file."""


class Titled(NamedTuple):
    """A figure and its title."""

    figure: Figure
    title: str


def save(sheets: Sequence[Page], path: str | os.PathLike[str]) -> None:
    """Write sheets to one file, whole or not at all.

    Raises
    ------
    OutputError
        Where the ending is none of `.pdf`, `.svg`, `.png`, or only a PDF can hold that many sheets.
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    known = ("pdf",) if len(sheets) > 1 else tuple(_METADATA)
    if kind not in known:
        raise OutputError(
            Fault(str(path), f"the ending {Path(path).suffix!r}", f"one of {', '.join(f'.{name}' for name in known)}",
                  "give the file another ending")
        )  # fmt: skip
    made = content(sheets, kind)
    with writing.whole_file(path) as temporary:
        temporary.write_bytes(made)


def content(sheets: Sequence[Page], kind: str, *, dots: int = DOTS) -> bytes:
    """Return sheets as the bytes of a file."""
    target = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        if kind == "pdf":
            _write_pages(sheets, target)
        else:
            sheets[0].figure.savefig(target, format=kind, dpi=dots, metadata=_METADATA[kind])
    return target.getvalue()


def _write_pages(sheets: Sequence[Page], target: io.BytesIO) -> None:
    metadata = {**_METADATA["pdf"], "Title": sheets[0].title}
    with PdfPages(target, metadata=metadata) as pages:
        for made in sheets:
            pages.savefig(made.figure, dpi=DOTS)
