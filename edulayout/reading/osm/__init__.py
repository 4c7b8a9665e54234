"""OpenStreetMap extracts to tables: districts, schools, buildings, places with population.

Each function reads one `.osm.pbf` or `.osm` file (also `.gz`, `.bz2`) and returns a table in EPSG:4326. What had to be
guessed stands in the columns `evidence` and `origin`; the modules below also return notes on everything set aside.
"""

from edulayout.reading.osm.buildings import read_buildings
from edulayout.reading.osm.districts import read_districts
from edulayout.reading.osm.places import read_places
from edulayout.reading.osm.schools import read_schools

__all__ = ["read_buildings", "read_districts", "read_places", "read_schools"]
