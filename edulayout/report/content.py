"""What a report is made of: the tables of a study, and what is known about where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from edulayout.coverage import ALL, OUTSIDE
from edulayout.errors import Fault, TableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from edulayout.standards import Rule, Standard

Language = Literal["en", "zh"]
_KEY = ("layout", "stage", "district_id")
_NEEDED = ("layout", "stage", "district_id", "pupils", "share_covered", "mean_metres")


@dataclass(frozen=True)
class Proof:
    """What was proven about a choice of sites, in words.

    Parameters
    ----------
    layout
        Code of the layout, such as `planned`.
    subject
        What was placed: `13 × Primary school`.
    status
        `optimal`, or `feasible` where the search ended before the proof.
    sentence
        What is proven: never more than the certificate carries.
    """

    layout: str
    subject: str
    status: str
    sentence: str


@dataclass(frozen=True)
class Aside:
    """Rows that a measure could not use: why, which, and how many people live there."""

    reason: str
    rows: tuple[str, ...]
    population: float | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a reader needs to repeat the study.

    Parameters
    ----------
    study_file
        Name of the study file; empty where the tables were given in Python.
    version
        Of this package.
    inputs
        For each file: `role`, `path`, `bytes`, `sha256`.
    versions
        Package → version, of what can change a number.
    crs
        In which coordinate reference system was measured.
    """

    version: str
    study_file: str = ""
    inputs: Sequence[Mapping[str, object]] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    crs: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Content:
    """Everything that a report tells; what is not given is left out of it.

    Parameters
    ----------
    title, note, source
        What the study is called, what to know of it, where its data come from.
    tables
        By name, as a run writes them: `coverage` at least; `summary`, `seats`, `siting`, `assignment`, `zones`,
        `access`, `equity`, `compliance`, `demand_by_year`, `seats_by_year`, `seats_outlook`, `schools`, …
    radii
        Service radius in metres by stage.
    districts
        District id → name, for people.
    layers
        `districts`, `demand` (with `metres_<stage>_<layout>`, `pupils_<stage>`), `schools` (by `layout`): for maps and
        charts. `water` and `streets` (with `street_class`) are ground. All in one CRS in metres.
    engine, objective, variant
        How distances were measured (`streets`, `straight`, …), what the placing aimed at, the forecast that is shown.
    radius_rules
        The rule behind each radius, by stage.
    standard
        What the layouts were held against; None where nothing was.
    proofs, notes, aside
        Certificates, what a reader must know, what was set aside.
    lines
        Further lines on how it was measured, such as rules of safe ways.
    origin
        How to repeat it.
    map_page
        Name of the interactive map beside the report; empty where there is none.
    language
        `en` or `zh`.

    Raises
    ------
    TableError
        Where `coverage` or one of its columns is missing.
    """

    title: str
    tables: Mapping[str, pd.DataFrame]
    radii: Mapping[str, float]
    districts: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    note: str = ""
    source: str = ""
    engine: str = "streets"
    objective: str = "p_median"
    variant: str = ""
    radius_rules: Mapping[str, Rule] = field(default_factory=dict)
    standard: Standard | None = None
    proofs: Sequence[Proof] = ()
    notes: Sequence[str] = ()
    aside: Sequence[Aside] = ()
    lines: Sequence[str] = ()
    origin: Origin | None = None
    map_page: str = ""
    language: Language = "en"

    def __post_init__(self) -> None:
        """Refuse what nothing can be told of."""
        coverage = self.tables.get("coverage")
        missing = list(_NEEDED) if coverage is None else [name for name in _NEEDED if name not in coverage]
        if missing:
            found = "no table coverage" if coverage is None else f"coverage without {', '.join(missing)}"
            raise TableError(Fault("the report", found, ", ".join(_NEEDED), "give the coverage table of a study"))

    @property
    def layouts(self) -> list[str]:
        """The layouts, in their order."""
        return list(dict.fromkeys(self.tables["coverage"]["layout"]))

    @property
    def stages(self) -> list[str]:
        """The stages, in their order."""
        return list(dict.fromkeys(self.tables["coverage"]["stage"]))

    def whole(self, table: str, layout: str, stage: str) -> pd.Series[float] | None:
        """Return the row of a table for everybody, or None where it has none."""
        return self.row(table, layout, stage, ALL)

    def row(self, table: str, layout: str, stage: str, district: str) -> pd.Series[float] | None:
        """Return the row of a table for a layout, stage and district, or None where it has none."""
        place = self._places.get((table, layout, stage, district))
        return None if place is None else self.tables[table].iloc[place]

    @cached_property
    def _places(self) -> dict[tuple[str, str, str, str], int]:
        """The row of each layout, stage and district in the tables that have one."""
        return {
            (name, *key): place
            for name in ("coverage", "seats", "access")
            if name in self.tables
            for place, key in enumerate(zip(*(self.tables[name][it].astype(str) for it in _KEY), strict=True))
        }

    def own_districts(self) -> list[str]:
        """Return the districts of the coverage table, without the rows for all and for outside."""
        ids = dict.fromkeys(self.tables["coverage"]["district_id"].astype(str))
        return [name for name in ids if name not in {ALL, OUTSIDE}]
