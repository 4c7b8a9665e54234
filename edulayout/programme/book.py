"""What a programme is made of: tables and plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edulayout.programme.milestones import Milestone, default_milestones

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Book:
    """The tables, the milestones and the words of a programme; see `Programme`."""

    projects: pd.DataFrame
    payments: pd.DataFrame | None = None
    milestones: tuple[Milestone, ...] = field(default_factory=default_milestones)
    graded: pd.DataFrame | None = None
    year: int = 0
    money: str = "yuan"
    money_zh: str = "元"
    name: str = "Programme"
    name_zh: str = ""
    note: str = ""
    note_zh: str = ""
    source: str = "programme"
    notes: tuple[str, ...] = ()
