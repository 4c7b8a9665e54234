"""What the page's script is given: the result tables as one plain value."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout import crs, stages
from edulayout.errors import Fault, TableError
from edulayout.maps import packing
from edulayout.maps.blocks import outlines
from edulayout.maps.bundle import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edulayout.typing import AnyArray, FloatArray

Language = Literal["en", "zh"]
_LAYOUTS = ("existing", "planned", "extended")
_UNREACHABLE = 3
_NEAR = 2
"""Times the radius: up to there a walk counts as near."""
_SPECK_SQUARE_METRES = 5000.0


@dataclass(frozen=True)
class Words:
    """The words of one language, and which of two names comes first in it."""

    language: Language
    texts: Mapping[str, str]

    def stage(self, name: str) -> str:
        """Return what people call a stage."""
        labels = stages.STAGE_LABELS if self.language == "en" else stages.STAGE_LABELS_ZH
        return labels.get(name, name)

    def kind(self, name: str) -> str:
        """Return what people call a kind of school."""
        if name not in stages.KINDS:
            return self.texts.get(name, name)
        kind = stages.KINDS[name]
        return kind.label if self.language == "en" else kind.label_zh

    def names(self, table: pd.DataFrame) -> list[list[str]]:
        """Return for each row its name in this language, and after it the other one where there is one."""
        own = _texts(table, "name")
        english = _texts(table, "name_en")
        pairs = zip(english, own, strict=True) if self.language == "en" else zip(own, english, strict=True)
        return [
            list(dict.fromkeys(name for name in pair if name)) or [str(key)]
            for pair, key in zip(pairs, table.index, strict=True)
        ]


def words(language: Language) -> Words:
    """Load the words of a language.

    Examples
    --------
    >>> words("zh").texts["legend"]
    '图例'
    """
    table = tomllib.loads((files("edulayout.maps") / "texts.toml").read_text("utf-8"))
    return Words(language, {name: entry[language] for name, entry in table.items()})


def style() -> dict[str, Any]:
    """Load colours, widths and the shapes of the school signs."""
    return tomllib.loads((files("edulayout.maps") / "style.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Views:
    """The layouts and stages that there is something to show of."""

    layouts: tuple[str, ...]
    stages: tuple[str, ...]

    def layout_number(self, name: str) -> int:
        """Return the place of a layout; an unknown one counts as the last."""
        return self.layouts.index(name) if name in self.layouts else len(self.layouts)


def views(demand: pd.DataFrame, schools: pd.DataFrame, radii: Mapping[str, float]) -> Views:
    """Find the layouts in the schools and the stages in the columns of the demand.

    Raises
    ------
    TableError
        Where no column `metres_<stage>_<layout>` fits a layout of the schools, or a stage has no radius.
    """
    layouts = _ordered(schools["layout"].unique(), _LAYOUTS)
    found = [name for name in demand.columns if str(name).startswith("metres_")]
    shown = {name: _stage_of(name, layouts) for name in found}
    served = _ordered((stage for stage in shown.values() if stage), stages.STAGES)
    faults = [] if served else [_nothing_measured(layouts)]
    faults += [_no_radius(stage) for stage in served if stage not in radii]
    if faults:
        raise TableError(*faults)
    return Views(layouts, served)


def _stage_of(column: str, layouts: tuple[str, ...]) -> str:
    name = column.removeprefix("metres_")
    return next((name.removesuffix(f"_{layout}") for layout in layouts if name.endswith(f"_{layout}")), "")


def _ordered(names: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    once = list(dict.fromkeys(names))
    return tuple([name for name in known if name in once] + [name for name in once if name not in known])


def _nothing_measured(layouts: tuple[str, ...]) -> Fault:
    return Fault(
        "the demand table of the map",
        "no distances",
        f"columns metres_<stage>_<layout> for the layouts {', '.join(layouts)}",
        "measure the layouts first, as a study run does",
    )


def _no_radius(stage: str) -> Fault:
    return Fault("the radii of the map", f"none for {stage}", "one for each stage shown", f"add it: radii[{stage!r}]")


def lonlat(table: gpd.GeoDataFrame, *, source: str) -> gpd.GeoDataFrame:
    """Return a table in the coordinates that web maps use."""
    return crs.to_crs(table, crs.LONLAT, source=source)


def districts(table: gpd.GeoDataFrame, words: Words) -> list[dict[str, Any]]:
    """Describe districts: names, border, and a point well inside for the label."""
    inside = table.geometry.array
    centres = [_label_point(geometry) for geometry in inside]
    rows = zip(table.index, words.names(table), packing.shapes(table.geometry), centres, strict=True)
    return [{"id": str(key), "name": name, "shape": shape, "at": at} for key, name, shape, at in rows]


def borders(table: gpd.GeoDataFrame) -> packing.Shape:
    """Describe the borders of districts, each drawn once: two dashed lines on one another would look whole."""
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(table.geometry.array)))
    return packing.shapes(gpd.GeoSeries([lines]))[0]


def water(table: gpd.GeoDataFrame) -> dict[str, list[packing.Shape]]:
    """Describe water: what has an area, and what is a line."""
    flat = shapely.area(table.geometry.array) > 0
    return {"areas": packing.shapes(table.geometry[flat]), "lines": packing.shapes(table.geometry[~flat])}


def _label_point(geometry: shapely.Geometry) -> list[int]:
    largest = max(shapely.get_parts(geometry), key=shapely.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=np.sqrt(largest.area) / 50)
    return packing.point(circle)


def schools(table: gpd.GeoDataFrame, seen: Views, words: Words) -> list[dict[str, Any]]:
    """Describe each school once, with the numbers of the layouts that hold it."""
    order = table["layout"].map(seen.layout_number)
    table = table.assign(_order=order).sort_values(["_order"], kind="stable")
    member = table.groupby("school_id", sort=False)["_order"].agg(list)
    first = table.drop_duplicates("school_id").set_index("school_id")
    columns: dict[str, list[Any]] = {
        "name": words.names(first),
        "kind": _texts(first, "kind"),
        "state": [_state(*pair) for pair in zip(_texts(first, "status"), first["layout"], strict=True)],
        "origin": _texts(first, "origin"),
        "seats": _seats(first),
        "at": [packing.point(place) for place in shapely.point_on_surface(first.geometry.array)],
        "layouts": [list(dict.fromkeys(numbers)) for numbers in member.loc[first.index]],
    }
    return [{"id": str(key)} | row for key, row in zip(first.index, _rows(columns), strict=True)]


def kinds(known: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return the kinds of the described schools, in the order of age."""
    return _ordered((school["kind"] for school in known), tuple(stages.KINDS))


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _state(status: str, layout: str) -> str:
    if status == "closed":
        return "closed"
    return layout if layout in {"planned", "extended"} else status or "existing"


def _seats(table: pd.DataFrame) -> list[dict[str, float]]:
    present = [stage for stage in stages.STAGES if f"seats_{stage}" in table]
    columns = {stage: table[f"seats_{stage}"].astype(float).to_numpy() for stage in present}
    return [
        {stage: whole(column[row]) for stage, column in columns.items() if column[row] > 0} for row in range(len(table))
    ]


def candidates(table: gpd.GeoDataFrame, seen: Views, words: Words) -> list[dict[str, Any]]:
    """Describe candidate sites by a point, what they may become, and the layout that chose them."""
    columns: dict[str, list[Any]] = {
        "id": [str(key) for key in table.index],
        "name": words.names(table),
        "kinds": [[words.kind(kind) for kind in kinds.split(";") if kind] for kinds in _texts(table, "kinds")],
        "may": [[kind for kind in kinds.split(";") if kind] for kinds in _texts(table, "kinds")],
        "land": [words.texts.get(land, land) for land in _texts(table, "land")],
        "area": plain(table["area_m2"]) if "area_m2" in table else [None] * len(table),
        "chosen": [seen.layout_number(layout) if layout else None for layout in _texts(table, "chosen_layout")],
        "chosen_kind": _texts(table, "chosen_kind"),
        "at": [packing.point(place) for place in shapely.point_on_surface(table.geometry.array)],
    }
    return _rows(columns)


def demand(table: gpd.GeoDataFrame, seen: Views) -> dict[str, Any]:
    """Describe the places of demand: geometry, ids, residents, and the pupils of each stage."""
    pupils = {stage: _tenths(table[f"pupils_{stage}"]) for stage in seen.stages if f"pupils_{stage}" in table}
    return {
        **outlines(table),
        "ids": [str(key) for key in table.index],
        "population": _tenths(table["population"]),
        "pupils": pupils,
    }


def _tenths(column: pd.Series[Any]) -> Column:
    return Column(np.round(column.astype(float).to_numpy(), 1), "f")


def reach(
    table: pd.DataFrame, seen: Views, *, radii: Mapping[str, float], school_ids: list[str]
) -> dict[str, dict[str, Any]]:
    """Describe who reaches what, by `<stage>|<layout>`: class digits, metres, the nearest school's number."""
    found = {}
    for stage in seen.stages:
        for layout in seen.layouts:
            if (column := f"metres_{stage}_{layout}") in table:
                metres = table[column].to_numpy(np.float64)
                digits = classes(metres, radius=radii[stage])
                found[f"{stage}|{layout}"] = {
                    "digits": Column(digits),
                    "metres": Column(metres, "f"),
                    "school": _numbers(table, f"school_{stage}_{layout}", school_ids),
                    "shares": _shares(digits, _weights(table, stage)),
                }
    return found


def classes(metres: FloatArray, *, radius: float) -> AnyArray:
    """Sort distances into within the radius (0), up to twice the radius (1), beyond (2) and unreachable (3).

    Examples
    --------
    >>> classes(np.array([0.0, 500.0, 500.1, 1000.1, np.inf, np.nan]), radius=500).tolist()
    [0, 0, 1, 2, 3, 3]
    """
    sorted_in = np.searchsorted([radius, _NEAR * radius], metres, side="left")
    return np.where(np.isfinite(metres), sorted_in, _UNREACHABLE)


def _weights(table: pd.DataFrame, stage: str) -> FloatArray:
    column = f"pupils_{stage}" if f"pupils_{stage}" in table else "population"
    weights: FloatArray = np.nan_to_num(table[column].to_numpy(np.float64))
    return weights


def _shares(digits: AnyArray, weights: FloatArray) -> list[float] | None:
    total = weights.sum()
    sums = np.bincount(digits, weights=weights, minlength=_UNREACHABLE + 1)
    return np.round(sums / total, 9).tolist() if total > 0 else None


def _numbers(table: pd.DataFrame, column: str, school_ids: list[str]) -> Column | None:
    if column not in table:
        return None
    return Column(pd.Index(school_ids).get_indexer(pd.Index(table[column].astype(str))))


def areas(table: gpd.GeoDataFrame, seen: Views, *, tolerance: float) -> dict[str, Any]:
    """Describe service areas: one by one by school, and merged for each stage and layout (its own and earlier ones)."""
    thinned = table.assign(
        geometry=[_without_specks(area) for area in shapely.simplify(table.geometry.array, tolerance)]
    )
    order = table["layout"].map(seen.layout_number)
    merged = {
        f"{stage}|{layout}": thinned[(table["stage"] == stage) & (order <= number)]
        for stage in seen.stages
        for number, layout in enumerate(seen.layouts)
    }
    own: dict[str, dict[str, Any]] = {stage: {} for stage in seen.stages}
    placed = packing.shapes(lonlat(thinned, source="service areas").geometry)
    for stage, school, shape in zip(table["stage"], table["school_id"], placed, strict=True):
        own.get(stage, {})[str(school)] = shape
    return {"own": own, "merged": {key: _merged(part) for key, part in merged.items() if len(part)}}


def _merged(part: gpd.GeoDataFrame) -> packing.Shape:
    whole_area = part.iloc[:1].set_geometry([_without_specks(part.geometry.union_all())], crs=part.crs)
    return packing.shapes(lonlat(whole_area, source="service areas").geometry)[0]


def _without_specks(area: shapely.Geometry) -> shapely.Geometry:
    """Fill the small holes of a drawn area: the middle of a block, which its own colour tells more of."""
    parts = [_filled(part) for part in shapely.get_parts(area)]
    return shapely.multipolygons(parts) if len(parts) != 1 else parts[0]


def _filled(polygon: shapely.Polygon) -> shapely.Polygon:
    holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= _SPECK_SQUARE_METRES]
    return shapely.Polygon(polygon.exterior, holes)


def coverage(table: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Describe coverage by `<stage>|<layout>`, and by `<stage>|<layout>|<year>` where rows have a year."""
    columns = {"pupils": 1, "share_covered": 9, "mean_metres": 1}
    present = {name: plain(table[name], digits=digits) for name, digits in columns.items() if name in table}
    years = plain(table["year"]) if "year" in table else [None] * len(table)
    found: dict[str, list[dict[str, Any]]] = {}
    for number, (stage, layout, district, year) in enumerate(
        zip(table["stage"], table["layout"], table["district_id"].astype(str), years, strict=True)
    ):
        row = {"district": district} | {name: values[number] for name, values in present.items()}
        found.setdefault(f"{stage}|{layout}" if year is None else f"{stage}|{layout}|{year}", []).append(row)
    return found


def years(table: pd.DataFrame, demand_ids: pd.Index[str], seen: Views) -> dict[str, dict[str, Column]]:
    """Describe the pupils of other years, by year and stage; a place without a row has none.

    Raises
    ------
    TableError
        Where `year` or `demand_id` is missing, or a place is not in the demand.
    """
    if missing := [name for name in ("year", "demand_id") if name not in table]:
        raise TableError(Fault("the years of the map", f"no column {', '.join(missing)}",
                               "year, demand_id and pupils_<stage>", "add it"))  # fmt: skip
    unknown = pd.Index(table["demand_id"].astype(str)).difference(demand_ids)
    if len(unknown):
        raise TableError(Fault("the years of the map", "places that the demand lacks", "ids of the demand",
                               "correct them", tuple(unknown)))  # fmt: skip
    told = [stage for stage in seen.stages if f"pupils_{stage}" in table]
    return {
        _year(year): {
            stage: _tenths(
                rows.groupby(rows["demand_id"].astype(str))[f"pupils_{stage}"].sum().reindex(demand_ids, fill_value=0.0)
            )
            for stage in told
        }
        for year, rows in table.groupby("year", sort=True)
    }


def _year(value: object) -> str:
    return str(value).removesuffix(".0")


def plain(column: pd.Series[Any], *, digits: int = 0) -> list[float | int | None]:
    """Return numbers as JSON knows them: rounded, whole where they are, and nothing for what is not finite.

    Examples
    --------
    >>> plain(pd.Series([1.26, 2.0, float("inf")]), digits=1)
    [1.3, 2, None]
    """
    rounded = np.round(column.astype(float).to_numpy(), digits)
    return [whole(value) if np.isfinite(value) else None for value in rounded]


def whole(value: float) -> float | int:
    """Return a float without its `.0`."""
    return int(value) if float(value).is_integer() else float(value)


def _texts(table: pd.DataFrame, column: str) -> list[str]:
    if column not in table:
        return [""] * len(table)
    values = table[column]
    return ["" if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]
