"""What a run needs: tables and plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from edulayout.engines import Straight

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from edulayout.maps import Choice
    from edulayout.programme import Programme
    from edulayout.study.foreseen import Foreseen
    from edulayout.typing import Engine


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyInputs:
    """The tables, the plan and the choices of a study; see `Study`."""

    districts: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    facts: pd.DataFrame | None = None
    people: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    housing: gpd.GeoDataFrame | None = None
    programme: Programme | None = None
    grades: pd.DataFrame | None = None
    sites: gpd.GeoDataFrame | None = None
    idle: pd.DataFrame | None = None
    land: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    drive: Engine | None = None
    engine: Engine = field(default_factory=Straight)
    quotas: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    further: Mapping[str, int] = field(default_factory=dict)
    choice: Choice | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    per_1000_residents: Mapping[str, float] | None = None
    pupils_source: str = ""
    radius_metres: Mapping[str, float] | None = None
    radius_reason: str = ""
    standard: str = "cn-gb50180-2018"
    safety: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    diagnosis: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    standards: Mapping[str, Any] = field(default_factory=dict)
    forecast: Mapping[str, Any] = field(default_factory=dict)
    sheets: Mapping[str, Any] = field(default_factory=dict)
    under_way: Mapping[str, Any] = field(default_factory=dict)
    grouping: Mapping[str, Any] = field(default_factory=dict)
    reserve: Mapping[str, Any] = field(default_factory=dict)
    foreseen: Foreseen | None = None
    objective: Literal["p_median", "max_coverage"] = "p_median"
    gap: float = 0.0
    time_limit_seconds: float | None = None
    siting_year: int | None = None
    demand_outside: Literal["keep", "error"] = "keep"
    name: str = "Study"
    name_zh: str = ""
    note: str = ""
    note_zh: str = ""
    source: str = ""
    review_number: str = ""
    language: Literal["en", "zh"] = "en"
    origin: Mapping[str, Any] = field(default_factory=dict)
