"""GeoJSON after RFC 7946: WGS 84, seven decimals, exterior rings counter-clockwise, no CRS member."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from edulayout import crs as crs_module
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

_DECIMALS = 7
"""A centimetre."""


def write_geojson(layer: gpd.GeoDataFrame, path: Path, *, datum: str = "") -> None:
    """Write a layer as one GeoJSON file, a feature a line, the index as `id` of each feature where it has a name.

    Missing values are written as null.

    Parameters
    ----------
    layer
        In any CRS; it is brought to WGS 84, the only one that RFC 7946 knows.
    path
        The file.
    datum
        `GCJ-02` or `BD-09` for a layer in the degrees of that datum (see `in_datum`): outside the standard, as Chinese
        web maps want it; the file says so in a member `datum`.

    Raises
    ------
    CrsError
        Where the layer has no CRS and no datum was named.
    OutputError
        Where the file cannot be written.

    References
    ----------
    Butler et al. (2016), The GeoJSON Format, RFC 7946, sections 3.1.6 (right-hand rule), 4 (WGS 84), 11.2 (precision).

    Examples
    --------
    >>> import geopandas as gpd, tempfile, pathlib
    >>> from shapely import Point
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "schools.geojson"
    >>> write_geojson(gpd.GeoDataFrame({"name": ["一小"]}, geometry=[Point(105.97, 31.58)], crs=4490), path)
    >>> print(path.read_text(encoding="utf-8").splitlines()[1])
    {"type":"Feature","properties":{"name":"一小"},"geometry":{"type":"Point","coordinates":[105.97,31.58]}}
    """
    degrees = layer if datum in crs_module.SHIFTED else crs_module.to_crs(layer, crs_module.LONLAT, source=path.name)
    shapes = shapely.transform(_oriented(np.asarray(degrees.geometry)), lambda points: points.round(_DECIMALS))
    columns = {str(name): degrees[name] for name in degrees.columns if name != degrees.geometry.name}
    features = [
        _feature(key if layer.index.name else None, dict(zip(columns, cells, strict=True)), shape)
        for key, cells, shape in zip(
            layer.index, zip(*columns.values(), strict=True) if columns else [()] * len(layer), shapes, strict=True
        )
    ]
    said = f'"datum":{json.dumps(datum)},' if datum else ""
    text = f'{{"type":"FeatureCollection",{said}"features":[\n' + ",\n".join(features) + "\n]}\n"
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _feature(key: object, properties: dict[str, Any], shape: shapely.Geometry | None) -> str:
    head = {} if key is None else {"id": str(key)}
    geometry = None if shape is None else json.loads(shapely.to_geojson(shape))
    content = {
        "type": "Feature",
        **head,
        "properties": {k: plain(v) for k, v in properties.items()},
        "geometry": geometry,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def plain(value: Any) -> Any:  # noqa: ANN401 - a cell of any table
    """Return a cell as a value of JSON: a missing or infinite number as None.

    Examples
    --------
    >>> plain(np.float64("nan")), plain(np.int64(3)), plain(2.0), plain("x")
    (None, 3, 2.0, 'x')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)


def _oriented(shapes: np.ndarray[Any, Any]) -> list[shapely.Geometry | None]:
    return [_counter_clockwise(shape) for shape in shapes]


def _counter_clockwise(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    if isinstance(shape, shapely.Polygon):
        return shapely.geometry.polygon.orient(shape)
    if isinstance(shape, shapely.MultiPolygon):
        return shapely.MultiPolygon([shapely.geometry.polygon.orient(part) for part in shape.geoms])
    return shape
