"""Files for others: tables, GeoPackage, GeoJSON, shapefile, KML, DXF, Excel, Word; in the datum that is asked for."""

from edulayout.export.datum import in_datum
from edulayout.export.document import Picture, write_document
from edulayout.export.dxf import Theme, write_dxf
from edulayout.export.geojson import write_geojson
from edulayout.export.geopackage import write_geopackage
from edulayout.export.kml import write_kml
from edulayout.export.letters import letter_files, write_letters
from edulayout.export.overview import overview
from edulayout.export.qgis import plan_styles
from edulayout.export.shapefile import write_shapefiles
from edulayout.export.tables import write_table
from edulayout.export.words import words
from edulayout.export.workbook import Sheet, write_workbook

__all__ = [
    "Picture",
    "Sheet",
    "Theme",
    "in_datum",
    "letter_files",
    "overview",
    "plan_styles",
    "words",
    "write_document",
    "write_dxf",
    "write_geojson",
    "write_geopackage",
    "write_kml",
    "write_letters",
    "write_shapefiles",
    "write_table",
    "write_workbook",
]
