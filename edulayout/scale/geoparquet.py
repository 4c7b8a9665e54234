"""Result cells as GeoParquet: points in the native encoding, which costs no conversion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    import pyproj

    from edulayout.scale.measuring import Block
    from edulayout.typing import AnyArray

_VERSION = "1.1.0"


def geo_table(block: Block, columns: dict[str, AnyArray]) -> pa.Table:
    """Return id, place and results of a block of cells."""
    points = pa.StructArray.from_arrays([pa.array(block.x), pa.array(block.y)], names=["x", "y"])
    return pa.table({"id": block.table.column("id"), "geometry": points, **columns})


def geo_metadata(crs: dict[str, Any]) -> str:
    """Return what GeoParquet says of a column `geometry` of points, given a CRS as PROJ JSON."""
    told = {"encoding": "point", "geometry_types": ["Point"], "crs": crs}
    return json.dumps(
        {"version": _VERSION, "primary_column": "geometry", "columns": {"geometry": told}}, sort_keys=True
    )


def write_geo(parts: list[pa.Table], crs: pyproj.CRS, path: Path) -> None:
    """Write the parts as one file, a row group each."""
    schema = parts[0].schema.with_metadata({"geo": geo_metadata(crs.to_json_dict())})
    # numbers of their own for every cell: a dictionary of them would be made in vain
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=words) as writer:
        for part in parts:
            writer.write_table(part.replace_schema_metadata(schema.metadata))
