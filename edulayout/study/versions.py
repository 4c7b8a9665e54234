"""The versions of everything that can change a number."""

from __future__ import annotations

import platform
from importlib.metadata import version

import pyogrio
import pyproj
import shapely

_PACKAGES = ("folium", "geopandas", "highspy", "numba", "numpy", "osmium", "pandas", "pydantic", "pyogrio", "pyproj",
             "scipy", "shapely")  # fmt: skip


def versions() -> dict[str, str]:
    """Return the version of Python, of the packages, and of the libraries below them."""
    numbers = {name: version(name) for name in _PACKAGES}
    numbers["HiGHS"] = numbers["highspy"]
    return {
        "python": platform.python_version(),
        **numbers,
        "GEOS": shapely.geos_version_string,
        "PROJ": pyproj.proj_version_str,
        "GDAL": pyogrio.__gdal_version_string__,
    }
