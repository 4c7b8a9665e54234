"""What each table must hold: the data contract as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from edulayout.stages import KINDS, STAGES, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

AREAS = ("Polygon", "MultiPolygon")
POINTS_OR_AREAS = ("Point", *AREAS)
LINES_OR_AREAS = ("LineString", "MultiLineString", *AREAS)
STATUSES = ("existing", "planned", "closed")

_NAMES_ZH = {kind.label_zh: kind.name for kind in KINDS.values()}
KIND_WORDS: Mapping[str, str] = MappingProxyType(
    {name: name for name in (*KINDS, UNKNOWN)}
    | _NAMES_ZH
    | {"初级中学": "junior_high", "九年一贯制": "nine_year", "九年制学校": "nine_year", "高级中学": "senior_high"}
)
"""What a file may call a kind, and what it is called here."""

STATUS_WORDS: Mapping[str, str] = MappingProxyType(
    {name: name for name in STATUSES}
    | {"现状": "existing", "已建": "existing", "规划": "planned", "拟建": "planned", "关闭": "closed", "撤并": "closed"}
)

_USUAL_STAGES = STAGES[:3]
_SEATS = tuple(f"seats_{stage}" for stage in STAGES)
_PUPILS = tuple(f"pupils_{stage}" for stage in STAGES)


@dataclass(frozen=True)
class Words:
    """A column whose words come from a list.

    Parameters
    ----------
    known
        The words that a file may use, and what each means.
    default
        What an absent column or an empty cell means; None where that is a fault.
    several
        Whether one cell may hold several words, joined by ";".
    """

    known: Mapping[str, str]
    default: str | None = None
    several: bool = False


@dataclass(frozen=True)
class Contract:
    """What one kind of table must hold.

    Parameters
    ----------
    table
        The name of the table, such as `schools`.
    id_name
        The name of its index.
    shapes
        The geometry types allowed.
    named
        Whether every row bears a name; the id stands in where it has none.
    numbered
        Whether nobody refers to the ids, so that numbering the rows needs no note.
    required
        Columns of numbers that must be there and complete.
    complete
        Columns of numbers that may be absent, but have no gaps where they are there.
    numbers
        Columns of numbers that may be absent or have gaps; NaN is "not known".
    added
        Those of them that are added, all NaN, where they are absent.
    texts
        Columns of text that may be absent.
    words
        Columns whose words come from a list.
    """

    table: str
    id_name: str
    shapes: tuple[str, ...] = POINTS_OR_AREAS
    named: bool = False
    numbered: bool = False
    required: tuple[str, ...] = ()
    complete: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    words: Mapping[str, Words] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the contract knows, the id first."""
        return (
            self.id_name,
            *(("name",) if self.named else ()),
            *self.texts,
            *self.words,
            *self.required,
            *self.complete,
            *self.numbers,
        )


DISTRICTS = Contract("districts", "district_id", shapes=AREAS, named=True, texts=("name_en",))
SCHOOLS = Contract(
    "schools",
    "school_id",
    named=True,
    numbers=_SEATS,
    added=tuple(f"seats_{stage}" for stage in _USUAL_STAGES),
    texts=("name_en", "district_id", "origin"),
    words=MappingProxyType({"kind": Words(KIND_WORDS), "status": Words(STATUS_WORDS, default="existing")}),
)
DEMAND = Contract("demand", "demand_id", required=("population",), complete=_PUPILS, texts=("name", "district_id"))
CANDIDATES = Contract(
    "candidates",
    "candidate_id",
    numbers=("area_m2", *_SEATS),
    texts=("name", "name_en", "district_id", "land"),
    words=MappingProxyType({"kinds": Words(KIND_WORDS, several=True)}),
)
BARRIERS = Contract("barriers", "barrier_id", shapes=LINES_OR_AREAS, numbered=True, texts=("name", "name_en"))
