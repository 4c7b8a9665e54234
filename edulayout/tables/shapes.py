"""Checks of geometry: type, emptiness, validity, finite coordinates; repair on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from edulayout.tables.contract import Contract
    from edulayout.tables.findings import Findings
    from edulayout.typing import AnyArray, BoolArray


def points(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> AnyArray:
    """Return one point per row: points as they are, for polygons a point inside them; shape (rows,)."""
    geometry = np.asarray(frame.geometry)
    if (shapely.get_type_id(geometry) == 0).all():
        return geometry
    return np.where(shapely.get_type_id(geometry) == 0, geometry, shapely.point_on_surface(geometry))


def check_shapes(geometry: gpd.GeoSeries, contract: Contract, findings: Findings) -> gpd.GeoSeries:
    """Return the geometry in two dimensions; what the contract does not allow is a fault."""
    shapes = _flat(np.asarray(geometry), findings)
    absent = shapely.is_missing(shapes)
    empty = shapely.is_empty(shapes)
    if absent.any():
        findings.fault(
            "rows without a geometry",
            "a geometry in every row",
            "draw or remove them; if the file was cut short, copy it again",
            where=absent,
        )
    if empty.any():
        findings.fault("empty geometries", "a geometry in every row", "draw or remove them", where=empty)
    wrong = ~absent & ~empty & ~_has_type(shapes, contract.shapes)
    if wrong.any():
        found = ", ".join(dict.fromkeys(shape.geom_type for shape in shapes[wrong]))
        findings.fault(
            f"geometry of the type {found}",
            " or ".join(contract.shapes),
            "choose the right layer, or convert the geometry first",
            where=wrong,
        )
    _check_coordinates(shapes, ~absent & ~empty & ~wrong, findings)
    return gpd.GeoSeries(shapes, index=geometry.index, crs=geometry.crs)


def _flat(shapes: AnyArray, findings: Findings) -> AnyArray:
    heights = shapely.has_z(shapes)
    if heights.any():
        findings.note("heights (z) of the geometry are left out")
        shapes = shapely.force_2d(shapes)
    single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(shapes) == 1
    )
    if single.any():
        findings.note("multipoints of one point each are taken as points")
        shapes = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    return shapes


def _has_type(shapes: AnyArray, allowed: tuple[str, ...]) -> BoolArray:
    numbers = [shapely.GeometryType[name.upper()] for name in allowed]
    return np.isin(shapely.get_type_id(shapes), numbers)


def _check_coordinates(shapes: AnyArray, wanted: BoolArray, findings: Findings) -> None:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    infinite = np.zeros(len(shapes), dtype=bool)
    infinite[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    if (infinite & wanted).any():
        findings.fault(
            "coordinates that are infinite or not a number",
            "finite coordinates",
            "correct them; a projection far outside its zone gives infinity",
            where=infinite & wanted,
        )
    invalid = wanted & ~infinite & ~shapely.is_valid(shapes)
    if invalid.any():
        reasons = "; ".join(dict.fromkeys(shapely.is_valid_reason(shapes[invalid])[:3]))
        findings.fault(
            f"invalid polygons: {reasons}",
            "valid polygons (no ring crosses itself)",
            "repair them in a GIS, or on request when reading: repair=True",
            where=invalid,
        )


def repaired(frame: gpd.GeoDataFrame, findings: Findings) -> gpd.GeoDataFrame:
    """Return a table with its invalid polygons made valid; how many, and how much area changed, is noted."""
    shapes = np.asarray(frame.geometry)
    invalid = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if not invalid.any():
        return frame
    mended = [_areas_only(shape) for shape in shapely.make_valid(shapes[invalid])]
    before, after = shapely.area(shapes[invalid]).sum(), shapely.area(mended).sum()
    change = f", which changed their area by {after / before - 1:+.2g}" if before > 0 else ""
    findings.note(f"{int(invalid.sum())} invalid polygons repaired on request{change}")
    whole = shapes.copy()
    whole[invalid] = mended
    return frame.set_geometry(gpd.GeoSeries(whole, index=frame.index, crs=frame.crs))


def _areas_only(shape: BaseGeometry) -> BaseGeometry:
    # make_valid leaves the spikes of a polygon as lines beside it; they have no area.
    if shape.geom_type != "GeometryCollection":
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.unary_union(parts)
