"""Shared types: units, array shapes, progress, and what an engine is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import geopandas as gpd

Unit = Literal["metres", "minutes"]
FloatArray: TypeAlias = npt.NDArray[np.float64]
Float32Array: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.int64]
Int32Array: TypeAlias = npt.NDArray[np.int32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
AnyArray: TypeAlias = npt.NDArray[Any]


class CostArrays(NamedTuple):
    """What an engine returns: a demand × school matrix in CSR arrays.

    `indices` and `values` are sorted by school within a row; an absent pair is beyond the cutoff or
    unreachable, a stored zero is a real zero. A snap distance of NaN marks a point beyond the snap limit.
    """

    indptr: IntArray
    indices: Int32Array
    values: Float32Array
    demand_snap: Float32Array | None = None
    school_snap: Float32Array | None = None


class Progress(Protocol):
    """Called with the name of a step and how much of it is done; never prints by itself."""

    def __call__(self, step: str, done: int, total: int, /) -> None:
        """Take note of the progress of one step."""


def quiet(step: str, done: int, total: int, /) -> None:
    """Take note of nothing: the default progress."""


@runtime_checkable
class Engine(Protocol):
    """Anything that knows what it costs to travel from demand to school."""

    @property
    def name(self) -> str:
        """A word for the manifest: `straight`, `geodesic`, `streets`, `table`."""

    @property
    def unit(self) -> Unit:
        """The unit of the costs."""

    def costs(
        self, demand: gpd.GeoSeries, schools: gpd.GeoSeries, *, cutoff: float | None, progress: Progress
    ) -> CostArrays:
        """Return the costs of all pairs within the cutoff (all reachable pairs where it is None).

        Both arguments are points with a CRS, indexed by id.
        """

    def areas(self, schools: gpd.GeoSeries, *, radius: float) -> gpd.GeoSeries:
        """Return for each school the polygon reached within the radius."""


@runtime_checkable
class NearestEngine(Engine, Protocol):
    """An engine that finds the nearest schools without looking at all of them."""

    def nearest(
        self, demand: gpd.GeoSeries, schools: gpd.GeoSeries, *, k: int, cutoff: float | None, progress: Progress
    ) -> CostArrays:
        """Return the k least costs of each row of `costs`, bit for bit; ties go to the lower school id."""
