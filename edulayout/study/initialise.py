"""A ready study from an OpenStreetMap extract: districts, schools, demand, streets, and a list of all guesses."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np

from edulayout import crs as crs_module
from edulayout.demand import XUANCHENG, PupilRatio, cell_size, cells, check_ratios, spread
from edulayout.errors import Fault, InputError, OutputError
from edulayout.export import write_geopackage, write_table
from edulayout.fixedpoint import total
from edulayout.reading.osm.buildings import buildings_from
from edulayout.reading.osm.districts import administrative, districts_from
from edulayout.reading.osm.extract import Extract, scan
from edulayout.reading.osm.notes import Note, named, noted
from edulayout.reading.osm.places import Residents, places_from, residents
from edulayout.reading.osm.schools import notes_on, schools_from, table
from edulayout.study.initialised import Initialised, guesses_text, study_text
from edulayout.tables import locate
from edulayout.typing import quiet
from edulayout.writing import whole_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pandas as pd
    import pyproj

    from edulayout.typing import Progress

MARKER = "study.toml"
_KEYS = ("amenity", "boundary", "building", "landuse", "leisure", "place")
_STEP = "making the study"
_LEAST_FLOOR_M2 = 15
"""Floor per resident below which buildings must be missing: nowhere do people live with so little."""


class _Ground(NamedTuple):
    """Districts and what lies in them, in the CRS of the study."""

    districts: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    overview: pd.DataFrame
    notes: tuple[Note, ...]


def initialise(
    extract: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    admin_level: int = 8,
    per_1000: Mapping[str, float] | None = None,
    crs: str | None = None,
    progress: Progress = quiet,
) -> Initialised:
    """Write a ready study of the place that an extract covers.

    The folder holds `study.toml`, `districts.gpkg`, `schools.csv` (to be corrected by hand), `demand.gpkg`, a copy of
    the extract (for the streets) and `GUESSED.md`, which lists everything guessed, merged or set aside. Equal input
    gives equal bytes.

    Parameters
    ----------
    extract
        An `.osm.pbf` or `.osm` file, also compressed.
    out
        The folder to make. One that holds anything but this very study is not touched.
    admin_level
        The administrative areas that serve as districts.
    per_1000
        Pupils among 1,000 residents, by stage; by default a Chinese planning ratio that the study file names as such.
    crs
        The CRS of the study, in metres; by default the UTM zone of the districts.
    progress
        Called with what is done.

    Returns
    -------
    Initialised
        What was written, and all notes; its text is what the command line shows.

    Raises
    ------
    MissingFileError, InputError, CrsError
        Where the extract is missing, cut short, or lacks districts, schools, residents or dwellings.
    OutputError
        Where the folder cannot be written, or holds something else.
    """
    ratio = (
        XUANCHENG if per_1000 is None else PupilRatio(per_1000, "given when the study was made: name its source here")
    )
    check_ratios(ratio.per_1000)
    osm = scan(extract, _KEYS, progress=progress)
    progress(_STEP, 0, 4)
    lonlat, notes = districts_from(osm, admin_level=admin_level)
    metric = _metric(lonlat, crs)
    progress(_STEP, 1, 4)
    ground = _ground(osm, crs_module.to_crs(lonlat, metric, source=str(extract)), notes)
    progress(_STEP, 2, 4)
    ratio = (
        XUANCHENG if per_1000 is None else PupilRatio(per_1000, "given when the study was made: name its source here")
    )
    report = _report(osm, Path(out), ground, ratio=ratio, metric=metric)
    progress(_STEP, 3, 4)
    _write(osm.path, ground, report)
    progress(_STEP, 4, 4)
    return report


def _metric(districts: gpd.GeoDataFrame, crs: str | None) -> pyproj.CRS:
    if crs is None:
        return crs_module.local_metric(districts, source="districts")
    asked = gpd.GeoSeries([], crs=crs_module.parse(crs, source="crs"))
    return crs_module.require_metres(asked, source="crs")


def _ground(osm: Extract, districts: gpd.GeoDataFrame, notes: tuple[Note, ...]) -> _Ground:
    places, place_notes = places_from(osm)
    people = residents(districts, places.to_crs(districts.crs))
    buildings, building_notes = buildings_from(osm, crs=districts.crs)
    dwellings = _dwellings(buildings, districts)
    demand, demand_notes = _demand(dwellings, people, districts, osm)
    schools, school_notes = _schools(osm, districts)
    overview = _overview(districts, people, dwellings, demand, schools)
    kept = (*notes, *school_notes, *building_notes, *_sparse(overview), *demand_notes, *place_notes, *people.notes)
    return _Ground(districts, schools, demand, overview, kept)


def _sparse(overview: pd.DataFrame) -> tuple[Note, ...]:
    floor = overview["floor_m2_per_resident"]
    rows = [
        f"{named(str(district_id), overview['name'][district_id])}: {floor[district_id]:.2g} m² each"
        for district_id in overview.index[floor < _LEAST_FLOOR_M2]
    ]
    what = f"districts with less than {_LEAST_FLOOR_M2} m² of floor per resident: few of their buildings are mapped"
    return noted("Dwellings", what, rows, remedy="take demand from another source there")


def _dwellings(buildings: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    projected = buildings.to_crs(districts.crs)
    dwellings = projected.set_geometry(projected.geometry.representative_point())
    return dwellings.assign(district_id=locate(dwellings, districts))


def _demand(
    dwellings: gpd.GeoDataFrame, people: Residents, districts: gpd.GeoDataFrame, osm: Extract
) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    _require_residents(people, osm)
    lived = spread(people.population, dwellings["floor_m2"], dwellings["district_id"])
    _require_dwellings(lived.population, osm)
    homes = dwellings.geometry[lived.population > 0]
    size = cell_size(homes)
    demand = cells(homes, lived.population[homes.index], districts, size=size)
    _conserved(people.population, demand["population"], lived.unplaced)
    return demand, _demand_notes(people, lived.unplaced, districts, dwellings=dwellings, size=size, rows=len(demand))


def _conserved(given: pd.Series[float], placed: pd.Series[float], set_aside: pd.Series[float]) -> None:
    kept = _sum(placed) + _sum(set_aside)
    # One unit of the fixed-point sum per row may be lost to rounding.
    assert np.isclose(kept, _sum(given), rtol=1e-9, atol=1e-9 * max(len(placed), 1))


def _sum(numbers: pd.Series[float]) -> float:
    return total(np.asarray(numbers, dtype=np.float64))


def _require_residents(people: Residents, osm: Extract) -> None:
    if people.population.sum() <= 0:
        raise InputError(
            Fault(
                str(osm.path),
                "no population: neither on the district boundaries nor on a settlement (place=…) inside them",
                "the tag `population` on a boundary or a settlement",
                "add the tag to the extract (osmium, JOSM), choose another admin level, or take a larger extract",
            )
        )


def _require_dwellings(population: pd.Series[float], osm: Extract) -> None:
    if population.sum() <= 0:
        raise InputError(
            Fault(
                str(osm.path),
                "no residential building in any district that has residents",
                "buildings, over which residents are spread",
                "take an extract with buildings, or make demand.gpkg from other sources",
            )
        )


def _demand_notes(
    people: Residents,
    unplaced: pd.Series[float],
    districts: gpd.GeoDataFrame,
    *,
    dwellings: gpd.GeoDataFrame,
    size: int,
    rows: int,
) -> tuple[Note, ...]:
    names = dict(districts["name"].items())
    empty = [named(one, names[one]) for one in people.population.index[people.population <= 0]]
    left = [f"{named(str(one), names[one])}: {count:g} residents" for one, count in unplaced.items()]
    outside = int((dwellings["district_id"] == "").sum())
    return (
        *((Note("Dwellings", f"{outside} dwellings outside every district, set aside"),) if outside else ()),
        Note(
            "Residents",
            f"each district's residents are spread over its dwellings by floor area and gathered in {rows} squares of "
            f"{size} m; walks start at a point inside each square",
            "replace demand.gpkg where a count by block or building is at hand",
        ),
        *noted(
            "Residents",
            "districts without a population: nobody lives there in this study",
            empty,
            remedy="tag their boundary or settlements with `population`, or add rows to demand.gpkg",
        ),
        *noted(
            "Residents",
            "districts with residents but without dwellings: their residents are set aside",
            left,
            remedy="add rows to demand.gpkg",
        ),
    )


def _schools(osm: Extract, districts: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    found = schools_from(osm)
    everywhere = table(found)
    district = locate(everywhere.to_crs(districts.crs), districts)
    inside = everywhere[district != ""].assign(district_id=district[district != ""])
    if inside.empty:
        raise InputError(
            Fault(
                str(osm.path),
                f"no school in the districts ({len(everywhere)} outside them)",
                "amenity=school or amenity=kindergarten inside a district",
                "choose another admin level, or take an extract with schools",
            )
        )
    outside = noted(
        "Schools",
        "schools outside every district, set aside",
        [named(str(one), name) for one, name in everywhere["name"][district == ""].items()],
        remedy="add them to schools.csv if children of the districts may attend them",
    )
    ours = [school for school in found if school.main.osm_id in inside.index]
    return inside, (*notes_on(ours, osm), *outside)


def _overview(
    districts: gpd.GeoDataFrame,
    people: Residents,
    dwellings: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    schools: gpd.GeoDataFrame,
) -> pd.DataFrame:
    floor = dwellings.groupby("district_id")["floor_m2"].sum().reindex(districts.index, fill_value=0.0)
    overview: pd.DataFrame = districts[["name"]].assign(
        residents=people.population,
        source=people.source,
        dwellings=dwellings["district_id"].value_counts().reindex(districts.index, fill_value=0),
        floor_m2_per_resident=(floor / people.population.where(people.population > 0)),
        demand=demand["district_id"].value_counts().reindex(districts.index, fill_value=0),
        schools=schools["district_id"].value_counts().reindex(districts.index, fill_value=0),
    )
    return overview


def _report(osm: Extract, out: Path, ground: _Ground, *, ratio: PupilRatio, metric: pyproj.CRS) -> Initialised:
    return Initialised(
        folder=out,
        name=_name(osm, ground.districts),
        crs=":".join(metric.to_authority() or ()) or metric.to_wkt(),
        crs_label=crs_module.label(metric),
        extract=osm.path.name,
        ratio=ratio,
        overview=ground.overview,
        kinds=dict(sorted(ground.schools["kind"].value_counts().items())),
        notes=ground.notes,
    )


def _name(osm: Extract, districts: gpd.GeoDataFrame) -> str:
    """Return the name of the smallest whole administrative area around all districts, else that of the file."""
    centres = districts.geometry.representative_point().to_crs(crs_module.LONLAT)
    around = [
        area
        for area in administrative(osm)
        if area.name and area.osm_id not in districts.index and centres.intersects(area.geometry).all()
    ]
    least = min(around, key=lambda area: (area.geometry.area, area.osm_id), default=None)
    return least.name if least is not None else osm.path.name.split(".")[0]


def _write(extract: Path, ground: _Ground, report: Initialised) -> None:
    with whole_folder(report.folder) as fresh:
        districts = ground.districts[["name", "name_en", "origin", "geometry"]]
        write_geopackage({"districts": districts.reset_index()}, fresh / "districts.gpkg")
        write_geopackage({"demand": ground.demand.reset_index()}, fresh / "demand.gpkg")
        write_table(_editable(ground.schools), fresh / "schools.csv")
        shutil.copyfile(extract, fresh / report.extract)
        (fresh / MARKER).write_text(study_text(report), encoding="utf-8", newline="\n")
        (fresh / "GUESSED.md").write_text(guesses_text(report), encoding="utf-8", newline="\n")
        _refuse_other(fresh, report.folder)


def _editable(schools: gpd.GeoDataFrame) -> pd.DataFrame:
    plain: pd.DataFrame = schools.drop(columns=["geometry", "district_id"]).reset_index()
    return plain.assign(lon=schools.geometry.x.to_numpy(), lat=schools.geometry.y.to_numpy())


def _refuse_other(fresh: Path, target: Path) -> None:
    """Keep the work of a planner: edited files, results, another study."""
    ours = {file.name for file in fresh.iterdir()}
    there = sorted(file.name for file in target.iterdir()) if target.is_dir() else []
    other = tuple(
        name for name in there if name not in ours or not filecmp.cmp(fresh / name, target / name, shallow=False)
    )
    if other:
        raise OutputError(
            Fault(
                str(target),
                "files that differ from the study to be written (edited, results, or of another extract)",
                "a new folder, or the same study unchanged",
                "name another folder; this one is left as it is",
                other,
            )
        )
