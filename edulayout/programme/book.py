"""What a programme is made of: tables and plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from edulayout.programme.gate import GRADES
from edulayout.programme.milestones import Milestone, default_milestones


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

    @property
    def grades(self) -> pd.Series[int]:
        """Kindergartens by grade, the highest first."""
        if self.graded is None:
            return pd.Series(dtype="int64")
        counts = self.graded["grade"].value_counts()
        return counts.reindex([name for name in GRADES if name in counts.index]).rename("kindergartens")
