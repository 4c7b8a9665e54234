"""What a printed map is made of: the result tables, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from edulayout import crs, stages
from edulayout.errors import Fault, TableError
from edulayout.maps.print.words import texts, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from edulayout.maps.print.words import Language, Words
    from edulayout.typing import AnyArray, FloatArray

LAYOUTS = ("existing", "planned", "extended")
_NEAR = 2
"""Times the radius: up to there a walk counts as near."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Content:
    """The result tables of a study, as printed maps take them.

    Parameters
    ----------
    districts
        Polygons in metres by `district_id`, with `name` (and `name_en`).
    schools
        One row per layout and school: `layout, school_id, name, kind, status`, a place; `name_en`, `seats_<stage>`,
        `district_id` where known. A column `phase` (`near`, `later`) tells what is built soon; without it the
        layout `planned` is.
    demand
        Polygons or points; per stage and layout `metres_…` and `school_…`, per stage `pupils_…`, where known.
    service_areas
        Polygons with `stage, school_id, layout`, the layout being the first that holds the school.
    candidates
        Sites with the `chosen_layout` that took them.
    barriers
        Rivers and other water; `name` where known.
    streets
        Lines in metres with `street_class`.
    coverage
        Rows of `layout, stage, district_id` with `pupils, share_covered, mean_metres`.
    zones
        Attendance zones as polygons: `school_id` (index or column), `stage` and `layout` where there are several.
    region
        A wider area for the locator, such as the city's border.
    radii
        Service radius of each stage in metres.
    name, note, source
        What the study is called, a caution such as "Schematic", and where the content comes from.
    language
        `en` or `zh`.
    engine
        Whether metres are along streets or straight.
    """

    districts: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    service_areas: gpd.GeoDataFrame | None = None
    candidates: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    coverage: pd.DataFrame | None = None
    zones: gpd.GeoDataFrame | None = None
    region: gpd.GeoDataFrame | None = None
    radii: Mapping[str, float] = field(default_factory=dict)
    name: str = ""
    note: str = ""
    source: str = ""
    language: Language = "en"
    engine: Literal["streets", "straight"] = "streets"

    @property
    def words(self) -> Words:
        """The words of its language."""
        return words(self.language)

    @property
    def layouts(self) -> tuple[str, ...]:
        """The layouts that the schools stand in, the existing one first."""
        found = list(dict.fromkeys(texts(self.schools, "layout")))
        known = [name for name in LAYOUTS if name in found]
        return tuple(known + [name for name in found if name not in LAYOUTS])

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that the demand or the schools tell something of, in the order of age."""
        return tuple(
            stage
            for stage in stages.STAGES
            if f"pupils_{stage}" in self.demand or any(f"metres_{stage}_{name}" in self.demand for name in self.layouts)
        )


def content_of(source: Any) -> Content:  # noqa: ANN401 - a study's result, which stands in a higher layer, or a Content
    """Return the content of a study's result; a `Content` stays what it is.

    Raises
    ------
    TableError
        Where the object is neither.
    """
    if isinstance(source, Content):
        return checked(source)
    if not all(hasattr(source, name) for name in ("districts", "schools", "demand", "study", "radii")):
        raise TableError(
            Fault("the content of a sheet", type(source).__name__, "the result of a study, or maps.Content(…)",
                  "run a study: edulayout.Study.from_file(…).run()")
        )  # fmt: skip
    study, chinese = source.study, source.study.language == "zh"
    streets = study.engine.edges() if hasattr(study.engine, "edges") else None
    return checked(
        Content(
            districts=source.districts, schools=source.schools, demand=source.demand,
            service_areas=source.service_areas, candidates=source.candidates, barriers=study.barriers, streets=streets,
            coverage=source.coverage, zones=getattr(source, "layers", {}).get("zones"), radii=source.radii,
            language=study.language,
            name=study.name_zh if chinese and study.name_zh else study.name,
            note=study.note_zh if chinese and study.note_zh else study.note,
            source=getattr(source, "source_line", "") or study.source,
            engine="straight" if study.engine.name == "straight" else "streets",
        )
    )  # fmt: skip


def checked(content: Content) -> Content:
    """Return the content with every table in the CRS of the districts.

    Raises
    ------
    TableError
        Where a column is missing, a layout or stage unknown; every fault at once.
    CrsError
        Where a table has no CRS, or the districts' is not in metres.
    """
    own = crs.require_metres(content.districts, source="districts")
    faults = _faults(content)
    if faults:
        raise TableError(*faults)
    names = ("schools", "demand", "service_areas", "candidates", "barriers", "streets", "zones", "region")
    tables = {name: getattr(content, name) for name in names}
    moved = {
        name: crs.to_crs(table, own, source=name)
        for name, table in tables.items()
        if table is not None and crs.require(table, source=name) != own
    }
    return replace(content, **moved)


def _faults(content: Content) -> list[Fault]:
    needed = {"schools": ("layout", "school_id", "kind"), "districts": ("geometry",)}
    faults = [
        Fault(f"{table} of a sheet", f"no column {column}", f"a column {column}", "use the result tables of a study")
        for table, columns in needed.items()
        for column in columns
        if column not in getattr(content, table)
    ]
    if not len(content.districts):
        faults.append(Fault("districts of a sheet", "no rows", "at least one district", "give the districts"))
    return faults


@dataclass(frozen=True)
class School:
    """A school as a map shows it, in one layout."""

    id: str
    name: str
    kind: str
    state: str
    district: str
    seats: float
    x: float
    y: float


def schools_in(content: Content, layout: str, *, stage: str | None = None) -> tuple[School, ...]:
    """Return the schools of a layout, once each, by kind, state and id.

    Parameters
    ----------
    layout
        One of the content's layouts.
    stage
        Only schools that serve it; `seats` are then those of the stage, else of all stages.
    """
    table = content.schools
    table = table[(table["layout"].astype(str) == layout).to_numpy()]
    if stage:
        table = table[[serves(kind, stage) for kind in texts(table, "kind")]]
    first = _first_layout(content)
    places = shapely.point_on_surface(table.geometry.array)
    ids, kinds = texts(table, "school_id"), texts(table, "kind")
    told = zip(ids, texts(table, "status"), texts(table, "phase"), strict=True)
    states = [_state(*row, first) for row in told]
    names = content.words.names(table.set_index("school_id"))
    named = zip(ids, names, kinds, states, texts(table, "district_id"), strict=True)
    numbers = zip(
        *(column.tolist() for column in (_seats(table, stage), *shapely.get_coordinates(places).T)), strict=True
    )
    made = [School(*words, *values) for words, values in zip(named, numbers, strict=True)]
    order = {name: number for number, name in enumerate((*stages.KINDS, stages.UNKNOWN))}
    return tuple(
        sorted(made, key=lambda school: (order.get(school.kind, 99), school.state, school.district, school.id))
    )


def serves(kind: str, stage: str) -> bool:
    """Whether a kind of school serves a stage; an unknown one serves none."""
    return kind in stages.kinds_serving(stage)


def _first_layout(content: Content) -> dict[str, str]:
    layouts = {name: number for number, name in enumerate(content.layouts)}
    rows = sorted(zip(texts(content.schools, "layout"), texts(content.schools, "school_id"), strict=True),
                  key=lambda row: -layouts[row[0]])  # fmt: skip
    return {school: layout for layout, school in rows}


def _state(school: str, status: str, phase: str, first: Mapping[str, str]) -> str:
    if status == "closed":
        return "closed"
    if phase in {"later", "extended", "far"} or first[school] == "extended":
        return "extended"
    return "planned" if status == "planned" or first[school] == "planned" else "existing"


def _seats(table: pd.DataFrame, stage: str | None) -> FloatArray:
    """Return the seats of each school; missing where no stage of it states any."""
    columns = [f"seats_{name}" for name in ([stage] if stage else stages.STAGES) if f"seats_{name}" in table]
    if not columns:
        return np.full(len(table), np.nan)
    summed: FloatArray = table[columns].astype(float).sum(axis=1, min_count=1).to_numpy()
    return summed


def district_names(content: Content) -> dict[str, str]:
    """Return the name of each district by its id."""
    return dict(zip(map(str, content.districts.index), content.words.names(content.districts), strict=True))


def distance_classes(metres: FloatArray, *, radius: float) -> AnyArray:
    """Sort distances into within the radius (0), up to twice the radius (1), beyond (2) and unreachable (3).

    Examples
    --------
    >>> distance_classes(np.array([0.0, 500.0, 500.1, 1000.1, np.inf, np.nan]), radius=500).tolist()
    [0, 0, 1, 2, 3, 3]
    """
    classes = np.searchsorted([radius, _NEAR * radius], metres, side="left")
    return np.where(np.isfinite(metres), classes, _NEAR + 1)
