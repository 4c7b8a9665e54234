"""KML 2.2: layers as folders, names in every language, every column as data of its placemark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.export.geojson import plain
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import geopandas as gpd

_SPACE = "http://www.opengis.net/kml/2.2"
_UNWRITABLE = {code: None for code in range(32) if chr(code) not in "\t\n\r"}
"""Characters that no XML 1.0 file may hold."""


def write_kml(layers: Mapping[str, gpd.GeoDataFrame], path: Path, *, title: str = "edulayout") -> None:
    """Write layers to one KML file, a folder per layer; a placemark is called by the column `name`, or by its index.

    Raises
    ------
    CrsError
        Where a layer has no CRS: KML knows WGS 84 only.
    OutputError
        Where the file cannot be written.

    References
    ----------
    OGC 07-147r2 (2008), KML 2.2.
    """
    root = ET.Element("kml", xmlns=_SPACE)
    document = _child(root, "Document")
    _child(document, "name", title)
    for name, layer in layers.items():
        _folder(document, name, crs_module.to_crs(layer, crs_module.LONLAT, source=name))
    ET.indent(root, space=" ")
    with whole_file(path) as temporary:
        ET.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)


def _folder(document: ET.Element, name: str, layer: gpd.GeoDataFrame) -> None:
    folder = _child(document, "Folder")
    _child(folder, "name", name)
    columns = [column for column in layer.columns if column != layer.geometry.name]
    cells = layer[columns].itertuples(index=False, name=None)
    for key, values, shape in zip(layer.index, cells, np.asarray(layer.geometry), strict=True):
        _placemark(folder, str(key), dict(zip(map(str, columns), values, strict=True)), shape)


def _placemark(folder: ET.Element, key: str, values: dict[str, Any], shape: shapely.Geometry | None) -> None:
    mark = _child(folder, "Placemark")
    _child(mark, "name", str(plain(values.get("name")) or key))
    extended = _child(mark, "ExtendedData")
    for column, value in {"id": key, **values}.items():
        cell = plain(value)
        if cell is not None:
            entry = _child(extended, "Data")
            entry.set("name", column)
            _child(entry, "value", str(cell))
    if shape is not None:
        _geometry(mark, shape)


def _geometry(parent: ET.Element, shape: shapely.Geometry) -> None:
    if isinstance(shape, shapely.Polygon):
        polygon = _child(parent, "Polygon")
        for role, ring in _rings(shape):
            _coordinates(_child(_child(polygon, role), "LinearRing"), ring)
    elif hasattr(shape, "geoms"):
        several = _child(parent, "MultiGeometry")
        for part in shape.geoms:
            _geometry(several, part)
    else:
        _coordinates(_child(parent, type(shape).__name__), shape)


def _rings(shape: shapely.Polygon) -> Iterable[tuple[str, shapely.Geometry]]:
    yield "outerBoundaryIs", shape.exterior
    for ring in shape.interiors:
        yield "innerBoundaryIs", ring


def _coordinates(parent: ET.Element, line: shapely.Geometry) -> None:
    points = shapely.get_coordinates(line).round(7).tolist()
    _child(parent, "coordinates", " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat in points))


def _child(parent: ET.Element, tag: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, tag)
    if text is not None:
        child.text = text.translate(_UNWRITABLE)
    return child
