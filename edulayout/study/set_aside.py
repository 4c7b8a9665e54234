"""What a run could not use as it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SetAside:
    """Rows that a measure could not use as they are: why, which, and how many people live there."""

    reason: str
    rows: tuple[str, ...]
    population: float | None = None

    def __str__(self) -> str:
        people = "" if self.population is None else f", {self.population:,.0f} residents"
        return f"{self.reason} ({len(self.rows)}{people})"
