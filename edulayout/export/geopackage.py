"""All layers in one GeoPackage, with the same bytes every time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyogrio

from edulayout.export.qgis import add_styles
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd

    from edulayout.export.qgis import Style

_CLOCK = "OGR_CURRENT_DATE"
_EPOCH = "2000-01-01T00:00:00.000Z"


def write_geopackage(
    layers: Mapping[str, gpd.GeoDataFrame], path: Path, *, styles: Mapping[str, Style] | None = None
) -> None:
    """Write layers to one GeoPackage; it takes the place of an old one only when it is whole.

    With `styles` QGIS opens the layers drawn so. The time of change that the format stores is a constant, so that equal
    content gives equal bytes.
    """
    with _still_clock(), whole_file(path) as temporary:
        for name, frame in layers.items():
            pyogrio.write_dataframe(
                frame,
                temporary,
                layer=name,
                driver="GPKG",
                append=temporary.exists(),
                promote_to_multi=_is_mixed(frame),
            )
        if styles:
            add_styles(temporary, styles)


@contextmanager
def _still_clock() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option(_CLOCK)
    pyogrio.set_gdal_config_options({_CLOCK: _EPOCH})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({_CLOCK: before})


def _is_mixed(frame: gpd.GeoDataFrame) -> bool:
    """Tell whether a layer holds single and multiple shapes: it then gets the type of the multiple ones."""
    return bool(frame.geometry.geom_type.nunique() > 1)
