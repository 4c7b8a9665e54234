"""Age groups as people write them, and the cells that a table must have: each once, none missing, none overlapping."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.tables.findings import Findings
    from edulayout.typing import FloatArray

_SINGLE = re.compile(r"(\d+)(?:\.0+)?")
_CLOSED = re.compile(r"(\d+)(?:-|–|—|~|至|to)(\d+)")
_OPEN = re.compile(r"(?:(\d+)(?:\+|及以上|以上|andover|plus)|≥(\d+))")
_OLDEST = 130
SEXES = ("female", "male")
"""The order of the sexes in every array."""

_SEX_WORDS = {
    "female": "female", "f": "female", "women": "female", "girls": "female", "女": "female", "女性": "female",
    "male": "male", "m": "male", "men": "male", "boys": "male", "男": "male", "男性": "male",
}  # fmt: skip


class AgeGroup(NamedTuple):
    """Completed years of age from `first` to `last`; an open group has `last` None."""

    first: int
    last: int | None

    def __str__(self) -> str:
        if self.last is None:
            return f"{self.first}+"
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def width(self) -> int:
        """Single years in the group; 1 for an open one, which is kept as one."""
        return 1 if self.last is None else self.last - self.first + 1


def parse_age(text: str) -> AgeGroup | None:
    """Return the group that a text means, None where it means none.

    Examples
    --------
    >>> [str(parse_age(text)) for text in ("7", "0-4", "85+", "0～4岁", "85岁及以上", "adults")]
    ['7', '0-4', '85+', '0-4', '85+', 'None']
    """
    plain = str(text).strip().lower().replace("岁", "").replace("～", "~").replace(" ", "").removesuffix("years")
    if found := _SINGLE.fullmatch(plain):
        group = AgeGroup(int(found[1]), int(found[1]))
    elif found := _CLOSED.fullmatch(plain):
        group = AgeGroup(int(found[1]), int(found[2]))
    elif found := _OPEN.fullmatch(plain):
        group = AgeGroup(int(found[1] or found[2]), None)
    else:
        return None
    last = group.first if group.last is None else group.last
    return group if group.first <= last <= _OLDEST else None


def read_groups(column: pd.Series, findings: Findings) -> list[AgeGroup | None]:
    """Return the group of every row; what cannot be read is a fault."""
    groups = [parse_age(text) for text in column.astype(str)]
    odd = np.array([group is None for group in groups], dtype=np.bool_)
    if odd.any():
        found = ", ".join(repr(text) for text in pd.unique(column[odd].astype(str))[:5])
        findings.fault(
            f"ages that cannot be read: {found}",
            "completed years such as 7, 0-4 or 85+",
            "write them so, or remove rows of totals",
            where=odd,
        )
    return groups


def read_sexes(column: pd.Series, findings: Findings) -> pd.Series[str]:
    """Return `female` or `male` for every row; any other word is a fault."""
    read = column.astype(str).str.strip().str.lower().map(_SEX_WORDS)
    odd = read.isna().to_numpy()
    if odd.any():
        findings.fault(
            "sexes that cannot be read",
            "female or male (女, 男)",
            "write them so, or remove rows of both sexes together",
            where=odd,
        )
    return read.fillna("")


def tiling_faults(groups: Sequence[AgeGroup], what: str, findings: Findings, *, from_birth: bool = True) -> None:
    """Write down groups that overlap, ages between them that are missing, and open groups that are not the last."""
    ordered = sorted(set(groups), key=lambda group: (group.first, _end(group)))
    overlaps = [f"{a} and {b}" for a, b in itertools.pairwise(ordered) if b.first <= _end(a)]
    if overlaps:
        findings.fault(
            f"age groups that overlap in {what}", "every age in one group", "keep one of them", rows=overlaps
        )
        return
    gaps = [_span(_end(a) + 1, b.first - 1) for a, b in itertools.pairwise(ordered) if b.first > _end(a) + 1]
    if from_birth and ordered and ordered[0].first > 0:
        gaps.insert(0, _span(0, ordered[0].first - 1))
    if gaps:
        findings.fault(
            f"ages missing in {what}", "every age from 0 up" if from_birth else "no age left out", "add them", rows=gaps
        )


def _end(group: AgeGroup) -> int:
    return 10_000 if group.last is None else group.last


def _span(first: int, last: int) -> str:
    return str(AgeGroup(first, last))


def to_single(groups: Sequence[AgeGroup], ages: int, *, counts: bool) -> FloatArray:
    """Return the matrix, groups × single ages, that spreads counts evenly or repeats rates; the last age is open.

    A group that reaches beyond the last age puts the rest of its count there.

    Examples
    --------
    >>> to_single([AgeGroup(0, 1), AgeGroup(2, None)], 3, counts=True).tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    """
    matrix = np.zeros((len(groups), ages))
    for row, group in enumerate(groups):
        if group.last is None:
            matrix[row, min(group.first, ages - 1) if counts else slice(group.first, None)] = 1.0
            continue
        inside = np.minimum(np.arange(group.first, group.last + 1), ages - 1)
        np.add.at(matrix[row], inside, 1.0 / group.width if counts else 1.0)
    return matrix if counts else np.minimum(matrix, 1.0)
