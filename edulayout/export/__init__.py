"""Files for others: tables, GeoPackage."""

from edulayout.export.geopackage import write_geopackage
from edulayout.export.tables import write_table

__all__ = ["write_geopackage", "write_table"]
