"""The order of the chapters, each under the name by which the screen tells its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.study.chapters.access import access
from edulayout.study.chapters.assignment import assignment
from edulayout.study.chapters.compliance import compliance
from edulayout.study.chapters.equity import equity
from edulayout.study.chapters.forecast import forecast
from edulayout.study.chapters.groups import groups
from edulayout.study.chapters.ownership import ownership
from edulayout.study.chapters.programme import programme
from edulayout.study.chapters.reserve import reserve
from edulayout.study.chapters.seats import seats
from edulayout.study.chapters.summary import summary
from edulayout.study.chapters.zones import zones

if TYPE_CHECKING:
    from collections.abc import Callable

    from edulayout.study.chapters.chapter import Chapter, Evidence

CHAPTERS: tuple[tuple[str, Callable[[Evidence], Chapter]], ...] = (
    ("balance seats", seats),
    ("foresee pupils", forecast),
    ("assign pupils", assignment),
    ("measure access", access),
    ("measure equity", equity),
    ("draw zones", zones),
    ("check the standards", compliance),
    ("follow the programme", programme),
    ("weigh ownership", ownership),
    ("pair schools", groups),
    ("reserve land", reserve),
    ("tell in short", summary),
)
"""Title and function of every chapter, in the order in which they run."""
