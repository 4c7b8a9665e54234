"""What the parts of this package ask of streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pyproj

    from edulayout.streets.graph import Graph
    from edulayout.streets.snap import Barriers
    from edulayout.streets.travel import Travel
    from edulayout.typing import CostArrays, FloatArray, Progress


class Ground(Protocol):
    """The fields of `Streets`, and its costs."""

    @property
    def graph(self) -> Graph:
        """Nodes, edges and their courses."""

    @property
    def crs(self) -> pyproj.CRS:
        """The CRS in metres."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the edge classes."""

    @property
    def snap_limit_metres(self) -> float:
        """How far a place may lie from its street."""

    @property
    def barriers(self) -> Barriers:
        """What no way to the street may cross."""

    @property
    def set_aside(self) -> Mapping[str, float]:
        """What was left out, counted."""

    @property
    def travel(self) -> Travel:
        """Who travels, and the unit."""

    @property
    def crossings(self) -> FloatArray:
        """Marked crossings, float64 (k, 2)."""

    def costs(
        self, demand: gpd.GeoSeries, schools: gpd.GeoSeries, *, cutoff: float | None, progress: Progress
    ) -> CostArrays:
        """Return the costs of all pairs within the cutoff."""

    def nearest(
        self, demand: gpd.GeoSeries, schools: gpd.GeoSeries, *, k: int, cutoff: float | None, progress: Progress
    ) -> CostArrays:
        """Return the k nearest schools of every place."""
