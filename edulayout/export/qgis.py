"""Styles inside a GeoPackage: QGIS opens each layer drawn as the map draws it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_STILL = "2000-01-01T00:00:00.000Z"
_TABLE = """CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"""
_CONTENTS = """INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)
  VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)"""
_ROW = """INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
  styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)
  VALUES ('', '', ?, ?, 'edulayout', ?, '', 1, '', '', '', ?)"""


@dataclass(frozen=True)
class Sign:
    """How the features of one rule are drawn.

    Parameters
    ----------
    label
        In the legend.
    where
        Expression of QGIS; empty for all features, `ELSE` for those that no other rule took.
    fill, line
        Colours as `#rrggbb`, an empty one for none.
    width
        Of the line, in millimetres.
    shape
        Of a point: circle, square, triangle, diamond, pentagon.
    size
        Of a point, in millimetres.
    """

    label: str
    where: str = ""
    fill: str = ""
    line: str = "#333333"
    width: float = 0.26
    shape: str = "circle"
    size: float = 3.0


@dataclass(frozen=True)
class Style:
    """How a layer is drawn: its rules from the first to the last, and the column that labels it."""

    geometry: str
    signs: tuple[Sign, ...]
    label: str = ""


def add_styles(path: Path, styles: Mapping[str, Style]) -> None:
    """Put styles into a GeoPackage as the default of their layers.

    Parameters
    ----------
    path
        The GeoPackage, not yet in its place.
    styles
        Layer → style; a layer that the file does not have is left out.

    References
    ----------
    The table `layer_styles` of QGIS; registered as `attributes` after OGC 12-128r18 (GeoPackage 1.3), clause 2.4.
    """
    with closing(sqlite3.connect(path)) as base:
        there = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        base.execute(_TABLE)
        base.execute(_CONTENTS, (_STILL,))
        for name, style in styles.items():
            if name in there:
                base.execute(_ROW, (name, there[name], qml(style), _STILL))
        base.commit()


def qml(style: Style) -> str:
    """Return a style as the XML of QGIS.

    Examples
    --------
    >>> text = qml(Style("marker", (Sign("Primary", "kind = 'primary'", fill="#d95f02"),)))
    >>> [rule.get("label") for rule in ET.fromstring(text).iter("rule")]
    ['Primary']
    """
    root = ET.Element(
        "qgis", version="3.22.0", styleCategories="Symbology|Labeling", labelsEnabled=str(int(bool(style.label)))
    )
    renderer = ET.SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0", forceraster="0"
    )
    rules = ET.SubElement(renderer, "rules", key="{rules}")
    symbols = ET.SubElement(renderer, "symbols")
    for number, sign in enumerate(style.signs):
        rule = ET.SubElement(rules, "rule", key=f"{{rule-{number}}}", symbol=str(number), label=sign.label)
        if sign.where:
            rule.set("filter", sign.where)
        _symbol(symbols, str(number), style.geometry, sign)
    if style.label:
        _labelling(root, style.label)
    return ET.tostring(root, encoding="unicode")


def _symbol(symbols: ET.Element, name: str, geometry: str, sign: Sign) -> None:
    symbol = ET.SubElement(symbols, "symbol", type=geometry, name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    kinds = {"marker": "SimpleMarker", "fill": "SimpleFill", "line": "SimpleLine"}
    layer = ET.SubElement(symbol, "layer", {"class": kinds[geometry], "pass": "0", "locked": "0", "enabled": "1"})
    options = ET.SubElement(layer, "Option", type="Map")
    for key, value in _look(geometry, sign).items():
        ET.SubElement(options, "Option", type="QString", name=key, value=value)
        ET.SubElement(layer, "prop", k=key, v=value)


def _look(geometry: str, sign: Sign) -> dict[str, str]:
    width = f"{sign.width:g}"
    if geometry == "line":
        return {"line_color": _rgba(sign.line), "line_width": width, "line_width_unit": "MM", "line_style": "solid"}
    outline = {"outline_color": _rgba(sign.line), "outline_width": width, "outline_width_unit": "MM",
               "outline_style": "solid" if sign.line else "no"}  # fmt: skip
    if geometry == "fill":
        return {"color": _rgba(sign.fill), "style": "solid" if sign.fill else "no", **outline}
    return {"name": sign.shape, "color": _rgba(sign.fill), "size": f"{sign.size:g}", "size_unit": "MM", **outline}


def _rgba(colour: str) -> str:
    if not colour:
        return "0,0,0,0"
    parts = [str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)]
    return ",".join([*parts, "255"])


def _labelling(root: ET.Element, column: str) -> None:
    settings = ET.SubElement(ET.SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    text = ET.SubElement(
        settings,
        "text-style",
        fieldName=column,
        isExpression="0",
        fontSize="9",
        fontSizeUnit="Point",
        textColor="30,30,30,255",
    )
    ET.SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor="255,255,255,255"
    )
    ET.SubElement(settings, "placement", placement="1", dist="0")
    ET.SubElement(settings, "rendering", drawLabels="1", obstacle="1")


def plan_styles(
    layouts: Sequence[str], stages: Sequence[str], radii: Mapping[str, float], *, names: Mapping[str, str] | None = None
) -> dict[str, Style]:
    """Return the styles of a run's layers: the last but one layout and the middle stage are shown, as the map opens.

    Parameters
    ----------
    layouts, stages
        Of the run, in their order; a layer of service areas holds each area under the first layout that has it.
    radii
        Stage → service radius in metres.
    names
        What kinds, layers and states are called in the legend.
    """
    told, stage = names or {}, stages[len(stages) // 2]
    until = layouts[: max(1, len(layouts) - 1)]
    held = ", ".join(f"'{name}'" for name in until)
    areas = f'"stage" = \'{stage}\' AND "layout" IN ({held})'
    zones = f"\"stage\" = '{stage}' AND \"layout\" = '{until[-1]}'"
    return {
        "districts": Style(
            "fill", (Sign(told.get("districts", "districts"), line="#3a3a3a", width=0.5),), label="name"
        ),
        "demand": Style("fill", _walk_signs(f'"metres_{stage}_{until[-1]}"', radii[stage], told)),
        "service_areas": Style("fill", (Sign(told.get("service_areas", "service areas"), areas, line="#1b6b72"),)),
        "zones": Style("fill", (Sign(told.get("zones", "zones"), zones, line="#7a3b8f", width=0.5),)),
        "schools": Style("marker", _school_signs(until[-1], told)),
        "candidates": Style("fill", (Sign(told.get("candidates", "candidates"), line="#8a6d3b"),)),
    }


def _walk_signs(walk: str, radius: float, names: Mapping[str, str]) -> tuple[Sign, ...]:
    return (
        Sign(f"≤ {radius:g} m", f"{walk} <= {radius}", "#1b6b72", ""),
        Sign(f"{radius:g}–{2 * radius:g} m", f"{walk} > {radius} AND {walk} <= {2 * radius}", "#7fc6b8", ""),
        Sign(f"> {2 * radius:g} m", f"{walk} > {2 * radius}", "#f3d896", ""),
        Sign(names.get("unreachable", "unreachable"), "ELSE", "#d8d8d8", ""),
    )


_KINDS = {
    "kindergarten": ("circle", "#e6550d"),
    "primary": ("square", "#c51b7d"),
    "junior_high": ("triangle", "#54278f"),
    "nine_year": ("diamond", "#08306b"),
    "senior_high": ("pentagon", "#252525"),
}


def _school_signs(layout: str, names: Mapping[str, str]) -> tuple[Sign, ...]:
    return tuple(
        Sign(
            f"{names.get(kind, kind)}, {names.get(status, status)}",
            f"\"layout\" = '{layout}' AND \"kind\" = '{kind}' AND \"status\" = '{status}'",
            colour if status == "existing" else "#ffffff", colour, 0.6, shape, 3.4,
        )
        for kind, (shape, colour) in _KINDS.items()
        for status in ("existing", "planned")
    )  # fmt: skip
