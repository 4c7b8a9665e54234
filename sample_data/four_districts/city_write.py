"""The city as files: GeoPackage, GeoJSON and CSV, with the same bytes for the same software."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely
from city_places import DISTRICTS, LEAST_AREA, SCHOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from city_places import Site
    from make import City

CRS = "EPSG:4544"
ORIGIN = (592_076.0, 3_495_690.0)
"""Where the local origin lies: 105.97°E 31.58°N."""

STAMP = "2024-04-30T00:00:00.000Z"
STAGES = ("kindergarten", "primary", "junior_high")
CANDIDATE_NAMES = {
    "planned_land": ("教育用地", "education land"),
    "idle_building": ("闲置楼", "idle building"),
}


def write(city: City, folder: Path) -> dict[str, int]:
    """Write every layer into a folder; return how many rows each has."""
    layers = {
        "districts.gpkg": _districts(city),
        "blocks.gpkg": _blocks(city),
        "streets.gpkg": _streets(city),
    }
    schools, parcels = _schools(city), candidates(city)
    river = [({"name": "澄江", "name_en": "Chengjiang River"}, city.land.river)]
    for name, layer in layers.items():
        _write_geopackage(layer, folder / name)
    _write_csv(schools, folder / "schools.csv")
    write_geojson(parcels, folder / "candidates.geojson")
    write_geojson(river, folder / "river.geojson")
    counts = {name: len(layer) for name, layer in layers.items()}
    return counts | {"schools.csv": len(schools), "candidates.geojson": len(parcels), "river.geojson": 1}


def _districts(city: City) -> gpd.GeoDataFrame:
    columns = {
        "district_id": list(DISTRICTS),
        "name": [names[0] for names in DISTRICTS.values()],
        "name_en": [names[1] for names in DISTRICTS.values()],
    }
    return gpd.GeoDataFrame(columns, geometry=_placed(city.land.districts[name] for name in DISTRICTS), crs=CRS)


def _blocks(city: City) -> gpd.GeoDataFrame:
    lived = [(face, people) for face, people in zip(city.faces, city.residents, strict=True) if people]
    columns = {
        "demand_id": [f"B{number:04d}" for number in range(1, len(lived) + 1)],
        "population": [people for _, people in lived],
    }
    return gpd.GeoDataFrame(columns, geometry=_placed(face.net for face, _ in lived), crs=CRS)


def _streets(city: City) -> gpd.GeoDataFrame:
    columns = {
        "street_id": [f"S{number:05d}" for number in range(1, len(city.streets) + 1)],
        "highway": [street.highway for street in city.streets],
        "name": [street.name or None for street in city.streets],
        "name_en": [street.name_en or None for street in city.streets],
        "bridge": [street.bridge or None for street in city.streets],
    }
    return gpd.GeoDataFrame(columns, geometry=_placed(street.line for street in city.streets), crs=CRS)


def _schools(city: City) -> list[dict[str, Any]]:
    own = {site.school: city.faces[at].net.representative_point() for at, site in city.sites.items()}
    rows = []
    for at, (district, kind, seats, name, name_en) in enumerate(SCHOOLS):
        lon, lat = shapely.get_coordinates(_lonlat(own[at]))[0]
        row: dict[str, Any] = {
            "school_id": f"{DISTRICTS[district][2]}-S{at + 1:02d}",
            "name": name,
            "name_en": name_en,
            "kind": kind,
        }
        row |= {"status": "existing"} | {f"seats_{stage}": seats if stage == kind else "" for stage in STAGES}
        rows.append(row | {"lon": f"{lon:.7f}", "lat": f"{lat:.7f}"})
    return rows


def candidates(city: City) -> list[tuple[dict[str, Any], shapely.Polygon]]:
    """Return every parcel where a school could go, with its properties."""
    found = [(site, city.faces[at].net) for at, site in city.sites.items() if site.school < 0]
    order = list(DISTRICTS)
    found.sort(key=lambda pair: (order.index(pair[0].district), pair[0].x, pair[0].y))
    numbers = dict.fromkeys(order, 0)
    rows = []
    for site, shape in found:
        numbers[site.district] += 1
        rows.append((_candidate(site, shape, numbers[site.district]), shape))
    return rows


def _candidate(site: Site, shape: shapely.Polygon, number: int) -> dict[str, Any]:
    if shape.area < max(LEAST_AREA[kind] for kind in site.kinds):
        raise ValueError(f"a candidate for {site.kinds} has only {shape.area:.0f} square metres")
    _, district, code, _ = DISTRICTS[site.district]
    # One small site in three is an old building; large schools are built on open land.
    land = "idle_building" if "kindergarten" in site.kinds and number % 3 == 0 else "planned_land"
    zh, en = CANDIDATE_NAMES[land]
    return {
        "candidate_id": f"{code}-C{number:02d}",
        "name": f"{DISTRICTS[site.district][0][:2]}{zh}{number:02d}",
        "name_en": f"{district.removesuffix(' New Area')} {en} {number:02d}",
        "land": land,
        "area_m2": round(shape.area),
        "kinds": ";".join(site.kinds),
    }


def _placed(shapes: Iterable[shapely.Geometry]) -> list[shapely.Geometry]:
    origin = np.array(ORIGIN)
    return list(shapely.transform(list(shapes), lambda xy: np.round(np.round(xy, 2) + origin, 2)))


def _lonlat(shape: shapely.Geometry) -> shapely.Geometry:
    # CGCS2000 and WGS 84 agree within decimetres, so one set of degrees serves both kinds of file.
    to_degrees = pyproj.Transformer.from_crs(CRS, "EPSG:4490", always_xy=True)
    placed = _placed([shape])[0]
    return shapely.transform(placed, lambda xy: np.round(np.column_stack(to_degrees.transform(*xy.T)), 7))


def _write_geopackage(layer: gpd.GeoDataFrame, path: Path) -> None:
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STAMP})
    try:
        layer.to_file(path, driver="GPKG", engine="pyogrio", layer=path.stem)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_geojson(rows: Iterable[tuple[dict[str, Any], shapely.Polygon]], path: Path) -> None:
    """Write shapes in local metres as GeoJSON in degrees."""
    features = [{"type": "Feature", "properties": row, "geometry": _geometry(shape)} for row, shape in rows]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    path.write_text(f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n', encoding="utf-8", newline="\n")


def _geometry(shape: shapely.Polygon) -> dict[str, Any]:
    ring = shapely.get_coordinates(_lonlat(shape.exterior))
    # RFC 7946 wants the outer ring counterclockwise.
    ring = ring if shapely.LinearRing(ring).is_ccw else ring[::-1]
    return {"type": "Polygon", "coordinates": [ring.tolist()]}
