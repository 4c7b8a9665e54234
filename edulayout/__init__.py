"""Geospatial analysis for education facility layout.

The modules are the vocabulary: `el.coverage.summary`, `el.siting.p_median`, `el.maps.explore`. Nothing heavy is
loaded before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edulayout import (
        access,
        assignment,
        compliance,
        coverage,
        crs,
        decay,
        demand,
        equity,
        export,
        groups,
        maps,
        programme,
        report,
        reserve,
        scale,
        seats,
        siting,
        standards,
        zones,
    )
    from edulayout.costs import TravelCosts, nearest_schools, travel_costs
    from edulayout.engines import CostTable, Geodesic, Straight
    from edulayout.reading import read_candidates, read_demand, read_districts, read_schools, read_streets
    from edulayout.streets import Streets
    from edulayout.study import Study

__version__ = "0.1.0"

__all__ = [
    "CostTable",
    "Geodesic",
    "Straight",
    "Streets",
    "Study",
    "TravelCosts",
    "__version__",
    "access",
    "assignment",
    "compliance",
    "coverage",
    "crs",
    "decay",
    "demand",
    "equity",
    "export",
    "groups",
    "maps",
    "nearest_schools",
    "programme",
    "read_candidates",
    "read_demand",
    "read_districts",
    "read_schools",
    "read_streets",
    "report",
    "reserve",
    "scale",
    "seats",
    "siting",
    "standards",
    "travel_costs",
    "zones",
]

_HOMES = {
    "CostTable": "engines",
    "Geodesic": "engines",
    "Straight": "engines",
    "Streets": "streets",
    "Study": "study",
    "TravelCosts": "costs",
    "nearest_schools": "costs",
    "read_candidates": "reading",
    "read_demand": "reading",
    "read_districts": "reading",
    "read_schools": "reading",
    "read_streets": "reading",
    "travel_costs": "costs",
}
_MODULES = frozenset(
    {
        "access",
        "assignment",
        "compliance",
        "coverage",
        "crs",
        "decay",
        "demand",
        "equity",
        "export",
        "groups",
        "maps",
        "programme",
        "report",
        "reserve",
        "scale",
        "seats",
        "siting",
        "standards",
        "zones",
    }
)


def __getattr__(name: str) -> object:
    """Load a name when it is first used, so that `import edulayout` costs nothing."""
    if name in _MODULES:
        return import_module(f"edulayout.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'edulayout' has no attribute {name!r}")
    return getattr(import_module(f"edulayout.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
