"""Pupils against seats, by layout, stage and district."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout import seats as measure
from edulayout.study.chapters.chapter import Chapter

if TYPE_CHECKING:
    from edulayout.study.chapters.chapter import Evidence

COLUMNS = ("layout", "stage", "district_id", "pupils", "seats", "surplus", "gap", "gap_at_most", "schools",
           "schools_unknown", "residents", "seats_per_1000_residents", "classes", "classes_needed")  # fmt: skip


def seats(evidence: Evidence) -> Chapter:
    """Return `seats.csv`: the balance of each layout, stage and district; what depends on unknown seats is missing."""
    pairs = [(layout.name, stage) for layout in evidence.layouts for stage in evidence.radii]
    table = pd.concat([_balance(evidence, layout, stage) for layout, stage in pairs], ignore_index=True)
    _require_conserved(table)
    return Chapter(tables={"seats": table[list(COLUMNS)]})


def _balance(evidence: Evidence, layout: str, stage: str) -> pd.DataFrame:
    found = measure.balance(evidence.study.demand, evidence.schools(layout, stage), stage=stage)
    return found.rename_axis("district_id").reset_index().assign(layout=layout, stage=stage)


def _require_conserved(table: pd.DataFrame) -> None:
    """Assert that the pupils and the seats of all layouts and districts are those of the whole."""
    whole = table["district_id"] == "all"
    parts = table[~whole].groupby(["layout", "stage"])[["pupils", "seats"]].sum()
    sums = table[whole].set_index(["layout", "stage"])[["pupils", "seats"]].reindex(parts.index)
    assert ((parts - sums).abs() <= 1e-6 * sums.clip(lower=1.0)).all(axis=None), "pupils and seats are conserved"
