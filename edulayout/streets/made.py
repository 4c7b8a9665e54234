"""How streets are made, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError
from edulayout.streets import sources
from edulayout.streets.build import build
from edulayout.streets.lines import from_lines
from edulayout.streets.snap import Barriers
from edulayout.streets.travel import Travel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    import pyproj

    from edulayout.streets.build import Fragments, Lines
    from edulayout.streets.graph import Graph
    from edulayout.streets.sources import Drawn
    from edulayout.typing import FloatArray

MIN_COMPONENT_METRES = 500.0
"""Connected parts with less street than this are left out when streets are made: a path in a park that touches
nothing would swallow the places next to it."""
SNAP_LIMIT_METRES = 300.0
TOLERANCE_METRES = 0.1


@dataclass(frozen=True, eq=False)
class Made:
    """What `Streets` consist of, described there, and the ways to make them."""

    graph: Graph
    crs: pyproj.CRS
    classes: tuple[str, ...] = ("",)
    snap_limit_metres: float = SNAP_LIMIT_METRES
    barriers: Barriers = field(default_factory=lambda: Barriers(np.empty(0, dtype=object)))
    set_aside: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    travel: Travel = field(default_factory=Travel)
    crossings: FloatArray = field(default_factory=lambda: np.empty((0, 2)))

    @classmethod
    def from_lines(
        cls,
        lines: gpd.GeoDataFrame | gpd.GeoSeries,
        *,
        class_column: str | None = None,
        level_column: str | None = None,
        pace_columns: tuple[str, str] | None = None,
        travel: Travel = Travel(),  # noqa: B008 - a frozen value
        split_at_crossings: bool = False,
        tolerance_metres: float = TOLERANCE_METRES,
        min_component_metres: float = MIN_COMPONENT_METRES,
    ) -> Self:
        """Make streets from lines in a CRS in metres.

        Parameters
        ----------
        lines
            LineStrings or MultiLineStrings.
        class_column
            What kind of street a line is; kept on the edges.
        level_column
            Whole numbers, 0 on the ground: lines that pass each other on different levels do not meet.
        pace_columns
            What a metre along the line and back costs, infinite where closed; by default one, both ways.
        travel
            Who travels, and the unit of the paces.
        split_at_crossings
            Lines of one level also meet where they cross without a common vertex.
        tolerance_metres
            Vertices this close are the same point.
        min_component_metres
            Connected parts with less street are left out and counted; the longest one never is.

        Raises
        ------
        CrsError
            Where the CRS is missing or not in metres.
        InputError
            Where there are no lines, or something that is not a line.
        """
        crs = crs_module.require_metres(lines, source="streets")
        table = _line_parts(lines)
        codes, names = pd.factorize(_column(table, class_column, "").astype(str), sort=True)
        levels = _column(table, level_column, 0).to_numpy(dtype=np.int32)
        flat = from_lines(
            table.geometry.to_numpy(),
            codes.astype(np.int32),
            levels,
            tolerance=tolerance_metres,
            cross=split_at_crossings,
            paces=None if pace_columns is None else table[list(pace_columns)].to_numpy(dtype=np.float64),
        )
        return cls.from_arrays(
            flat, crs=crs, classes=tuple(names), travel=travel, min_component_metres=min_component_metres
        )

    @classmethod
    def from_arrays(
        cls,
        lines: Lines,
        *,
        crs: pyproj.CRS,
        classes: tuple[str, ...],
        travel: Travel = Travel(),  # noqa: B008 - a frozen value
        min_component_metres: float = MIN_COMPONENT_METRES,
    ) -> Self:
        """Make streets from flat arrays of lines."""
        graph, lost = build(lines, min_component_metres=min_component_metres, access_pace=travel.access_pace)
        return cls(graph, crs, classes, set_aside=MappingProxyType(_fragment_counts(lost)), travel=travel)

    @classmethod
    def from_edges(
        cls,
        nodes: pd.DataFrame,
        edges: pd.DataFrame,
        *,
        crs: str | pyproj.CRS,
        travel: Travel = Travel(),  # noqa: B008 - a frozen value
        min_component_metres: float = MIN_COMPONENT_METRES,
    ) -> Self:
        """Make streets from a table of nodes and one of edges.

        Parameters
        ----------
        nodes
            Indexed by node, with `x` and `y` in the CRS.
        edges
            `from`, `to` (nodes), and optionally `length` (metres; the straight line by default), `oneway` (from → to
            only), `class`, and `minutes` (of the whole edge), which become the costs where the travel is in minutes.
        crs
            A projected CRS in metres.
        travel
            Who travels, and the unit of the costs.
        min_component_metres
            As in `from_lines`.

        Raises
        ------
        InputError
            With every fault of both tables: missing columns, unknown nodes, lengths that are no positive numbers.

        Examples
        --------
        >>> import edulayout as el, geopandas as gpd, pandas as pd
        >>> nodes = pd.DataFrame({"x": [0.0, 300.0], "y": [0.0, 400.0]}, index=["a", "b"])
        >>> edges = pd.DataFrame({"from": ["a"], "to": ["b"], "length": [520.0]})
        >>> streets = el.Streets.from_edges(nodes, edges, crs="EPSG:4544", min_component_metres=0)
        >>> places = nodes.pipe(lambda it: gpd.GeoSeries.from_xy(it.x, it.y, crs="EPSG:4544"))
        >>> streets.costs(places[["a"]], places[["b"]]).values.tolist()
        [520.0]
        """
        return cls.from_drawn(sources.from_edges(nodes, edges, crs=crs, travel=travel), least=min_component_metres)

    @classmethod
    def from_osmnx(
        cls,
        graph: object,
        *,
        crs: str | pyproj.CRS | None = None,
        travel: Travel = Travel(),  # noqa: B008 - a frozen value
        min_component_metres: float = MIN_COMPONENT_METRES,
    ) -> Self:
        """Make streets from a graph of osmnx; neither osmnx nor networkx is imported.

        Parameters
        ----------
        graph
            A `networkx.MultiDiGraph` as osmnx makes it: `x`, `y` on the nodes and `crs` on the graph; `geometry`,
            `highway`, `travel_time` (seconds) on the edges, where they are there. An edge that exists in one
            direction only is one-way, except on foot.
        crs
            The CRS in metres to measure in; needed where the graph is in degrees.
        travel
            Who travels, and the unit of the costs; minutes need `travel_time`.
        min_component_metres
            As in `from_lines`.

        Raises
        ------
        InputError
            Where it is no such graph.
        """
        return cls.from_drawn(sources.from_osmnx(graph, crs=crs, travel=travel), least=min_component_metres)

    @classmethod
    def from_drawn(cls, drawn: Drawn, *, least: float) -> Self:
        """Make streets from what a reader has drawn; see `from_arrays`."""
        return cls.from_arrays(
            drawn.lines, crs=drawn.crs, classes=drawn.classes, travel=drawn.travel, min_component_metres=least
        )


def _fragment_counts(lost: Fragments) -> dict[str, float]:
    return {"fragments_left_out": lost.parts, "fragment_kilometres_left_out": round(lost.metres / 1000, 3)}


def _column(table: gpd.GeoDataFrame, name: str | None, default: object) -> pd.Series[str]:
    if name is None or name not in table:
        return pd.Series(default, index=table.index)
    filled: pd.Series[str] = table[name].fillna(default)
    return filled


def _line_parts(lines: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Return a table with one LineString of two or more points in each row."""
    table = lines if isinstance(lines, gpd.GeoDataFrame) else gpd.GeoDataFrame(geometry=lines)
    present = table[~(table.geometry.isna() | table.geometry.is_empty)].reset_index(drop=True)
    strange = ~present.geom_type.isin(["LineString", "LinearRing", "MultiLineString"])
    if strange.any() or present.empty:
        found = ", ".join(sorted(set(present.geom_type[strange]))) or "no lines at all"
        rows = tuple(present.index[strange].astype(str))
        raise InputError(Fault("streets", found, "LineStrings", "give the layer that holds the streets", rows))
    kinds = shapely.get_type_id(present.geometry.to_numpy())
    parts = present
    if (kinds != shapely.GeometryType.LINESTRING).any():
        parts = present.explode(index_parts=False).reset_index(drop=True)
    drawn = parts.geometry.to_numpy()
    return parts.set_geometry(shapely.force_2d(drawn), crs=table.crs) if shapely.has_z(drawn).any() else parts
