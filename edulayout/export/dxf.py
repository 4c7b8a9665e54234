"""DXF drawings for CAD: a layer per theme, schools as blocks with attributes, hatches with holes, Chinese text.

Release 2000 in code page 936, which every CAD in use reads; later releases store UTF-8, which old ones show as noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, OutputError
from edulayout.export.extras import optional
from edulayout.export.geojson import plain
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd

_METRES = 6
"""$INSUNITS of a drawing in metres."""
_STYLE, _FONT = "EDULAYOUT", "simsun.ttc"
_SIGN = 30.0
"""Size of a school's sign in metres: 3 mm on a map at 1:10,000."""


@dataclass(frozen=True)
class Theme:
    """How one layer is drawn.

    Parameters
    ----------
    layer
        Name of the CAD layer.
    colour
        AutoCAD colour index, 1 to 255.
    filled
        Whether polygons are hatched, with their holes.
    block
        Name of the block that stands at each point, with the columns as attributes; empty for plain points.
    label
        Column that is written beside each shape, empty for none.
    """

    layer: str
    colour: int = 7
    filled: bool = False
    block: str = ""
    label: str = ""


def write_dxf(layers: Mapping[str, gpd.GeoDataFrame], path: Path, *, themes: Mapping[str, Theme] | None = None) -> None:
    """Write layers to one drawing in metres, coordinates as they are.

    Parameters
    ----------
    layers
        In one projected CRS in metres; its name stands in the drawing, on the layer `CRS`.
    path
        The `.dxf`.
    themes
        How each layer is drawn; without one a layer gets its own name and plain lines.

    Raises
    ------
    MissingExtraError
        Without the extra `cad`.
    CrsError
        Where a layer is not in metres, or two differ in CRS.
    OutputError
        Where a text has characters that GBK lacks, with the rows.
    """
    ezdxf = optional("ezdxf", extra="cad")
    _check(layers)
    before = ezdxf.options.write_fixed_meta_data_for_testing
    ezdxf.options.write_fixed_meta_data_for_testing = True  # no clock and no random id in the file
    try:
        drawing = ezdxf.new("R2000", setup=False, units=_METRES)
        drawing.encoding = "gbk"
        drawing.header["$DWGCODEPAGE"] = "ANSI_936"
        drawing.styles.add(_STYLE, font=_FONT)
        for name, layer in layers.items():
            _Sheet(drawing, (themes or {}).get(name, Theme(name))).draw(layer)
        _note(drawing, layers)
        with whole_file(path) as temporary:
            drawing.saveas(temporary, encoding="gbk")
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = before


def _check(layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    first = next(iter(layers.values()))
    for name, layer in layers.items():
        crs_module.require_metres(layer, source=name)
        crs_module.require_same(first, layer, source=name)
    faults = [
        Fault(f"{name}.{column}", "characters that GBK lacks", "text of GBK, the code page of the drawing",
              "replace them, or write a GeoPackage", rows=rows)
        for name, layer in layers.items()
        for column in layer.columns
        if column != layer.geometry.name and (rows := _strange(layer[column]))
    ]  # fmt: skip
    if faults:
        raise OutputError(*faults)


def _strange(column: Any) -> tuple[str, ...]:  # noqa: ANN401 - a column of any type
    return tuple(
        str(row) for row, cell in column.items()
        if isinstance(cell, str) and cell.encode("gbk", "replace").decode("gbk") != cell
    )  # fmt: skip


@dataclass(frozen=True)
class _Sheet:
    """One CAD layer of a drawing, being filled."""

    drawing: Any
    theme: Theme

    def draw(self, layer: gpd.GeoDataFrame) -> None:
        theme = self.theme
        if theme.layer not in self.drawing.layers:
            self.drawing.layers.add(theme.layer, color=theme.colour)
        columns = [column for column in layer.columns if column != layer.geometry.name]
        if theme.block and theme.block not in self.drawing.blocks:
            self._define(["id", *map(str, columns)])
        cells = layer[columns].itertuples(index=False, name=None)
        for key, values, shape in zip(layer.index, cells, np.asarray(layer.geometry), strict=True):
            if shape is None or shape.is_empty:
                continue
            row = {"id": str(key), **dict(zip(map(str, columns), values, strict=True))}
            self._shape(shape, {name: _text(value) for name, value in row.items()})

    def _shape(self, shape: shapely.Geometry, row: dict[str, str]) -> None:
        space, look = self.drawing.modelspace(), {"layer": self.theme.layer}
        for part in _parts(shape):
            if isinstance(part, shapely.Point):
                self._point(part, row)
            elif isinstance(part, shapely.Polygon):
                self._polygon(part)
            else:
                space.add_lwpolyline(shapely.get_coordinates(part).tolist(), dxfattribs=look)
        if self.theme.label and row.get(self.theme.label):
            middle = shapely.point_on_surface(shape)
            text = space.add_text(row[self.theme.label], height=_SIGN * 0.8, dxfattribs={**look, "style": _STYLE})
            text.set_placement((shapely.get_x(middle) + _SIGN * 0.7, shapely.get_y(middle)))

    def _point(self, point: shapely.Point, row: dict[str, str]) -> None:
        space, look = self.drawing.modelspace(), {"layer": self.theme.layer}
        if not self.theme.block:
            space.add_point((point.x, point.y), dxfattribs=look)
            return
        sign = space.add_blockref(self.theme.block, (point.x, point.y), dxfattribs=look)
        sign.add_auto_attribs({_tag(name): value for name, value in row.items()})

    def _polygon(self, polygon: shapely.Polygon) -> None:
        space, look = self.drawing.modelspace(), {"layer": self.theme.layer}
        rings = [shapely.get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)]
        for ring in rings:
            space.add_lwpolyline(ring[:-1], close=True, dxfattribs=look)
        if self.theme.filled:
            hatch = space.add_hatch(color=self.theme.colour, dxfattribs=look)
            hatch.set_pattern_fill("ANSI31", scale=20.0)
            for number, ring in enumerate(rings):
                hatch.paths.add_polyline_path(ring[:-1], is_closed=True, flags=1 if number == 0 else 16)

    def _define(self, columns: list[str]) -> None:
        block = self.drawing.blocks.new(self.theme.block)
        block.add_circle((0, 0), radius=_SIGN / 2)
        block.add_line((-_SIGN / 2, 0), (_SIGN / 2, 0))
        for number, column in enumerate(columns):
            shown = column == "name"
            place = (_SIGN * 0.7, -_SIGN * 0.4) if shown else (0, -_SIGN * (number + 1))
            definition = block.add_attdef(
                _tag(column), place, height=_SIGN * 0.8, dxfattribs={"style": _STYLE, "prompt": column}
            )
            definition.is_invisible = not shown


def _parts(shape: shapely.Geometry) -> Iterator[shapely.Geometry]:
    if hasattr(shape, "geoms"):
        for part in shape.geoms:
            yield from _parts(part)
    else:
        yield shape


def _text(value: object) -> str:
    cell = plain(value)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell)


def _tag(column: str) -> str:
    return column.upper().replace(" ", "_")


def _note(drawing: Any, layers: Mapping[str, gpd.GeoDataFrame]) -> None:  # noqa: ANN401 - ezdxf publishes no types
    first = next(iter(layers.values()))
    west, south = (float(bound) for bound in first.total_bounds[:2])
    drawing.layers.add("CRS", color=8)
    text = f"{crs_module.label(first.crs)}; metres"
    drawing.modelspace().add_text(text, height=_SIGN, dxfattribs={"layer": "CRS", "style": _STYLE}).set_placement(
        (west, south - 2 * _SIGN)
    )
