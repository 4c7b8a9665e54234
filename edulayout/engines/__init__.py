"""Engines: what it costs to travel from demand to schools. `Streets` is one too."""

from __future__ import annotations

from edulayout.engines.geodesic import Geodesic
from edulayout.engines.straight import Straight
from edulayout.engines.table import CostTable

__all__ = ["CostTable", "Geodesic", "Straight"]
