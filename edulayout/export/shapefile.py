"""Shapefiles that keep Chinese: names of fields cut by bytes and listed, a `.cpg`, no value cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyogrio

from edulayout.errors import Fault, OutputError
from edulayout.export.tables import write_table
from edulayout.writing import whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

_FIELD_BYTES, _TEXT_BYTES = 10, 254
FIELDS = "fields.csv"
"""The table that says which short name stands for which column."""


def short_names(columns: Sequence[str], *, encoding: str = "utf-8") -> list[str]:
    """Return for each column a name of at most ten bytes, no two the same, cut between characters.

    Examples
    --------
    >>> short_names(["pupils_primary", "pupils_primary_2030", "规划学位总数"], encoding="gbk")
    ['pupils_pri', 'pupils_p_2', '规划学位总']
    """
    taken: set[str] = set()
    short = []
    for column in columns:
        name, number = _cut(column, _FIELD_BYTES, encoding), 2
        while name.casefold() in taken:
            ending = f"_{number}"
            name, number = _cut(column, _FIELD_BYTES - len(ending), encoding) + ending, number + 1
        taken.add(name.casefold())
        short.append(name)
    return short


def _cut(text: str, most: int, encoding: str) -> str:
    return text.encode(encoding, "replace")[:most].decode(encoding, "ignore")


def write_shapefiles(
    layers: Mapping[str, gpd.GeoDataFrame],
    folder: Path,
    *,
    encoding: str = "utf-8",
    chinese: Mapping[str, str] | None = None,
) -> None:
    """Write each layer as a shapefile into one folder, with `fields.csv` for the names that had to be cut.

    Parameters
    ----------
    layers
        By name; a named index becomes the first column. Of several kinds of shapes in one layer each gets a file of
        its own, since a shapefile holds one kind.
    folder
        It takes the place of an old one when it is whole.
    encoding
        `utf-8` or `gbk`; said in the `.cpg`.
    chinese
        Column → Chinese name of the field, where wanted.

    Raises
    ------
    OutputError
        Where a text is longer than the 254 bytes that the format holds, or has characters that the encoding lacks: a
        shapefile would cut it silently.
    """
    parts = {name: part for whole, layer in layers.items() for name, part in _by_shape(whole, layer).items()}
    ready = {name: _renamed(layer, encoding, chinese or {}) for name, layer in parts.items()}
    faults = [
        fault for name, (layer, _) in ready.items() for fault in _too_long(name, layer, encoding, parts[name].index)
    ]
    if faults:
        raise OutputError(*faults)
    with whole_folder(folder, foreign=_foreign) as fresh:
        for name, (layer, _) in ready.items():
            pyogrio.write_dataframe(layer, fresh / f"{name}.shp", driver="ESRI Shapefile", encoding=encoding)
            (fresh / f"{name}.cpg").write_text("GBK" if encoding == "gbk" else "UTF-8", encoding="ascii")
            _still(fresh / f"{name}.dbf")
        names = [(name, short, column) for name, (_, fields) in ready.items() for column, short in fields.items()]
        write_table(pd.DataFrame(names, columns=["layer", "field", "column"]), fresh / FIELDS)


_ENDINGS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})


def _foreign(folder: Path) -> list[str]:
    files = sorted(file.name for file in folder.iterdir())
    return [name for name in files if name != FIELDS and not name.endswith(tuple(_ENDINGS))]


def _by_shape(name: str, layer: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    kind = layer.geometry.geom_type.str.removeprefix("Multi").fillna("Point")
    kinds = sorted(kind.unique())
    if len(kinds) <= 1:
        return {name: layer}
    return {f"{name}_{one.lower()}": layer[(kind == one).to_numpy()] for one in kinds}


def _renamed(
    layer: gpd.GeoDataFrame, encoding: str, chinese: Mapping[str, str]
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    flat = layer.reset_index() if layer.index.name else layer.reset_index(drop=True)
    columns = [str(column) for column in flat.columns if column != flat.geometry.name]
    short = short_names([chinese.get(column, column) for column in columns], encoding=encoding)
    fields = dict(zip(columns, short, strict=True))
    return flat.rename(columns=fields), fields


def _too_long(name: str, layer: gpd.GeoDataFrame, encoding: str, ids: pd.Index[str]) -> Iterable[Fault]:
    for column in layer.columns:
        if column == layer.geometry.name or not pd.api.types.is_string_dtype(layer[column]):
            continue
        texts = [(str(row), str(text)) for row, text in zip(ids, layer[column], strict=True) if pd.notna(text)]
        long = [row for row, text in texts if len(text.encode(encoding, "replace")) > _TEXT_BYTES]
        if long:
            yield Fault(f"{name}.{column}", "texts too long for a shapefile", f"at most {_TEXT_BYTES} bytes",
                        "shorten them, or write a GeoPackage", rows=tuple(long))  # fmt: skip
        strange = [row for row, text in texts if text != text.encode(encoding, "replace").decode(encoding)]
        if strange:
            yield Fault(f"{name}.{column}", f"characters that {encoding} lacks", f"text of {encoding}",
                        'write with encoding="utf-8"', rows=tuple(strange))  # fmt: skip


def _still(dbf: Path) -> None:
    """Set the date of last change, bytes 1 to 3 of a .dbf, to a constant: equal content, equal bytes."""
    content = bytearray(dbf.read_bytes())
    content[1:4] = (100, 1, 1)
    dbf.write_bytes(bytes(content))
