"""What a bureau hands over beside the tables: Excel, Word, CAD, GIS files, in the datum that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from edulayout import export
from edulayout.crs import shifted_datum
from edulayout.stages import KINDS, STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.streets import Streets
from edulayout.study.settings import Outputs

if TYPE_CHECKING:
    from pathlib import Path

    from edulayout.study.result import Result

FOLDER = "files"
_CAD = {
    "districts": ("DISTRICTS", "片区界", 3),
    "barriers": ("WATER", "水系", 5),
    "roads": ("ROADS", "道路", 9),
    "schools_existing": ("SCHOOLS_EXISTING", "现状学校", 1),
    "schools_planned": ("SCHOOLS_PLANNED", "规划学校", 6),
    "candidates": ("PARCELS", "备选用地", 2),
}
"""Layer of the drawing → its name in English and Chinese, and its AutoCAD colour."""
_AREA_COLOURS = {"kindergarten": 30, "primary": 4, "junior_high": 200, "senior_high": 8}


def hand_over(result: Result, folder: Path) -> list[str]:
    """Write the files that `[outputs]` asks for into the result folder; return their paths in it.

    Raises
    ------
    MissingExtraError
        Where a format needs an extra that is not installed.
    InputError
        Where a format cannot hold what it is given, or the datum does not fit; every fault names the layer and rows.
    """
    asked = Outputs.model_validate(dict(result.study.outputs))
    if not asked.formats:
        return []
    place = folder / FOLDER
    place.mkdir()
    for form in asked.formats:
        _WRITERS[form](result, asked, place)
    return sorted(file.relative_to(folder).as_posix() for file in place.rglob("*") if file.is_file())


def _placed(layers: dict[str, gpd.GeoDataFrame], asked: Outputs) -> dict[str, gpd.GeoDataFrame]:
    return export.in_datum(layers, asked.datum) if asked.datum else layers


def _layers(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers by name, each with its ids as index, where it has any."""
    ids = {"districts": "district_id", "demand": "demand_id", "candidates": "candidate_id"}
    return {name: layer.set_index(ids[name]) if name in ids else layer for name, layer in result.layers.items()}


def _workbook(result: Result, asked: Outputs, place: Path) -> None:
    language = result.study.language
    sheets = _overview(result, brief=False)
    export.write_workbook(
        sheets, place / "tables.xlsx", language=language, paper=asked.paper, subject=result.study.name
    )


def _document(result: Result, _: Outputs, place: Path) -> None:
    study = result.study
    chinese = study.language == "zh"
    title = study.name_zh if chinese and study.name_zh else study.name
    note = study.note_zh if chinese and study.note_zh else study.note
    parts: list[str | export.Sheet | export.Picture] = [text for text in (note, study.source) if text]
    parts += [*_overview(result, brief=True), *result.rules]
    export.write_document(parts, place / "tables.docx", title=title, language=study.language)


def _overview(result: Result, *, brief: bool) -> list[export.Sheet]:
    return export.overview(
        result.tables["schools"], coverage=result.coverage, seats=result.tables.get("seats"),
        districts=result.district_names, language=result.study.language, brief=brief,
    )  # fmt: skip


def _geojson(result: Result, asked: Outputs, place: Path) -> None:
    (place / "geojson").mkdir()
    datum = shifted_datum(asked.datum) or ""
    for name, layer in _placed(_layers(result), asked).items():
        export.write_geojson(layer, place / "geojson" / f"{name}.geojson", datum=datum)


def _kml(result: Result, _: Outputs, place: Path) -> None:
    kept = {name: layer for name, layer in _layers(result).items() if name != "demand"}
    export.write_kml(kept, place / "layers.kml", title=result.study.name)


def _shapefiles(result: Result, asked: Outputs, place: Path) -> None:
    layers = _placed(_layers(result), asked)
    chinese = export.words("zh").columns if result.study.language == "zh" else {}
    export.write_shapefiles(layers, place / "shapefile", encoding=asked.encoding, chinese=chinese)


def _dxf(result: Result, asked: Outputs, place: Path) -> None:
    at = 1 if result.study.language == "zh" else 0
    layers = _placed(_cad_layers(result, _layers(result)), asked)
    export.write_dxf(layers, place / "plan.dxf", themes={name: _theme(name, at) for name in layers})


def _theme(name: str, at: int) -> export.Theme:
    if name.startswith("areas_"):
        stage, layout = name.removeprefix("areas_").rsplit("_", 1)
        label = (STAGE_LABELS if at == 0 else STAGE_LABELS_ZH)[stage]
        word = export.words("zh" if at else "en").value(layout)
        text = f"{label}服务范围_{word}" if at else f"SERVICE_AREA_{stage}_{layout}".upper()
        return export.Theme(text, _AREA_COLOURS.get(stage, 8), filled=True)
    *labels, colour = _CAD[name]
    block = "SCHOOL" if name.startswith("schools_") else ""
    return export.Theme(str(labels[at]), int(colour), block=block, label="name" if name == "districts" else "")


def _cad_layers(result: Result, layers: dict[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Return what a drawing shows: one entry per theme; service areas joined by stage and layout."""
    schools = layers["schools"].drop_duplicates("school_id").set_index("school_id")
    schools = schools.assign(kind=[_kind(kind, result.study.language) for kind in schools["kind"]])
    stands = (schools["status"] == "existing").to_numpy(dtype=bool)
    found = {"districts": layers["districts"]}
    study = result.study
    if study.barriers is not None:
        found["barriers"] = study.barriers
    if isinstance(study.engine, Streets):
        edges = study.engine.edges()
        found["roads"] = edges[[edges.geometry.name]]
    if "candidates" in layers:
        found["candidates"] = layers["candidates"]
    areas = layers["service_areas"]
    for (stage, layout), part in areas.groupby(["stage", "layout"], sort=False):
        joined = part.geometry.union_all()
        found[f"areas_{stage}_{layout}"] = gpd.GeoDataFrame(geometry=[joined], crs=areas.crs)
    return found | {"schools_existing": schools[stands], "schools_planned": schools[~stands]}


def _kind(name: str, language: str) -> str:
    if name not in KINDS:
        return name
    return KINDS[name].label if language == "en" else KINDS[name].label_zh


_WRITERS = {
    "xlsx": _workbook,
    "docx": _document,
    "geojson": _geojson,
    "kml": _kml,
    "shapefile": _shapefiles,
    "dxf": _dxf,
}
