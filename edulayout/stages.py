"""Stages of schooling and kinds of schools: the words of the whole package, as data."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STAGES = ("kindergarten", "primary", "junior_high", "senior_high")
"""What a pupil attends, in the order of age."""


@dataclass(frozen=True)
class Kind:
    """What a school is: the stages that it serves.

    Parameters
    ----------
    name
        The word used in tables.
    stages
        The stages served on one site.
    grades
        School years of each stage.
    class_size
        Pupils in a class of each stage. Primary 45 and secondary 50 after GB 50099-2011 cl. 3.0.1;
        kindergarten 30 after JGJ 39-2016 (2019) table 1.0.3-2, the middle of its range.
    label, label_zh
        Names for people.
    """

    name: str
    stages: tuple[str, ...]
    grades: tuple[int, ...]
    class_size: tuple[int, ...]
    label: str
    label_zh: str


_ALL = (
    Kind("kindergarten", ("kindergarten",), (3,), (30,), "Kindergarten", "幼儿园"),
    Kind("primary", ("primary",), (6,), (45,), "Primary school", "小学"),
    Kind("junior_high", ("junior_high",), (3,), (50,), "Junior high school", "初中"),
    Kind("nine_year", ("primary", "junior_high"), (6, 3), (45, 50), "Nine-year school", "九年一贯制学校"),
    Kind("senior_high", ("senior_high",), (3,), (50,), "Senior high school", "高中"),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""The kinds known without being told; `unknown` is a word for a school whose kind nobody stated."""

UNKNOWN = "unknown"

STAGE_LABELS: Mapping[str, str] = MappingProxyType(
    {"kindergarten": "Kindergarten", "primary": "Primary", "junior_high": "Junior high", "senior_high": "Senior high"}
)
STAGE_LABELS_ZH: Mapping[str, str] = MappingProxyType(
    {"kindergarten": "幼儿园", "primary": "小学", "junior_high": "初中", "senior_high": "高中"}
)


def kinds_serving(stage: str) -> tuple[str, ...]:
    """Return the names of the kinds that serve a stage.

    Examples
    --------
    >>> kinds_serving("primary")
    ('primary', 'nine_year')
    """
    return tuple(kind.name for kind in _ALL if stage in kind.stages)


def stages_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the stages that any of the kinds serve, in the order of age; `unknown` serves none.

    Examples
    --------
    >>> stages_of(["nine_year", "kindergarten", "unknown"])
    ('kindergarten', 'primary', 'junior_high')
    """
    served = {stage for name in kinds if name != UNKNOWN for stage in KINDS[name].stages}
    return tuple(stage for stage in STAGES if stage in served)
