"""Streets: from lines to a graph, from places to streets, and the distances between them."""

from __future__ import annotations

from edulayout.streets.engine import Streets

__all__ = ["Streets"]
