"""Streets in tiles on disk, of which a task puts together as much as its cells and their halo need.

An edge is stored whole, once, in the tile of its start; nodes keep the numbers of the whole network, so that tiles
share those on their borders. Costs are whole multiples of 2**-30 (`edulayout.streets`), whose sums no order changes: a
distance found on a part is, bit for bit, that of the whole, as long as the part holds every way as short.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from edulayout.errors import Fault, InputError, MissingFileError
from edulayout.streets import Streets
from edulayout.streets.graph import Edges, Graph
from edulayout.streets.snap import Barriers
from edulayout.streets.travel import Travel
from edulayout.typing import quiet
from edulayout.writing import whole_file, whole_folder

if TYPE_CHECKING:
    import os

    from edulayout.scale.cells import Box
    from edulayout.typing import FloatArray, IntArray, Progress, Unit

TILE_METRES = 20_000.0
_FORMAT = "edulayout street tiles 1"
_INDEX = "index.json"
_SLACK = 1e-6
_ARRAYS = ("edge_from", "edge_to", "edge_class", "ahead", "behind", "twin")


class StreetTile(NamedTuple):
    """One file of edges, and the bounds of all their courses."""

    file: str
    bounds: Box
    edges: int


@dataclass(frozen=True, eq=False)
class StreetTiles:
    """A folder that `tile_streets` wrote.

    Parameters
    ----------
    folder
        Where the files lie.
    told
        What its index tells: CRS, classes, who travels, paces, the snap limit, barriers.
    tiles
        Every file with its bounds.
    hash
        SHA-256 of the index, which holds that of every file.
    """

    folder: str
    told: dict[str, Any]
    tiles: tuple[StreetTile, ...]
    hash: str

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> StreetTiles:
        """Open a folder of street tiles.

        Raises
        ------
        MissingFileError
            Where there is no index.
        InputError
            Where it is something else.
        """
        index = Path(folder) / _INDEX
        if not index.is_file():
            raise MissingFileError(
                Fault(str(index), "no such file", "a folder of street tiles", "make it: edulayout tile-streets")
            )
        content = index.read_bytes()
        told = json.loads(content)
        if told.get("format") != _FORMAT:
            raise InputError(Fault(str(index), f"the format {told.get('format')}", _FORMAT, "tile the streets again"))
        tiles = tuple(StreetTile(one["file"], tuple(one["bounds"]), one["edges"]) for one in told["tiles"])
        return cls(str(Path(folder).absolute()), told, tiles, hashlib.sha256(content).hexdigest())

    @cached_property
    def crs(self) -> pyproj.CRS:
        """CRS of the streets."""
        return pyproj.CRS.from_json(self.told["crs"])

    @property
    def unit(self) -> Unit:
        """Unit of the costs."""
        return cast("Unit", self.told["unit"])

    @property
    def least_pace(self) -> float:
        """The least cost of a metre anywhere."""
        return float(self.told["least_pace"])

    @property
    def snap_limit_metres(self) -> float:
        """How far a place may lie from its street."""
        return float(self.told["snap_limit_metres"])

    def around(self, box: Box) -> Streets | None:
        """Return the streets whose course meets a box, in their whole length; None where there are none."""
        tables = [
            table.filter(pa.array(_meet(table, box)))
            for tile in self.tiles
            if not _apart(tile.bounds, box)
            for table in [pq.read_table(Path(self.folder) / tile.file, use_threads=False)]
        ]
        edges = pa.concat_tables(tables).sort_by("number") if tables else None
        return None if edges is None or not len(edges) else self._streets(edges.combine_chunks(), box)

    def _streets(self, edges: pa.Table, box: Box) -> Streets:
        graph = _graph(edges, float(self.told["access_pace"]))
        # the floor of every part is that of the whole, or a cost at its floor might differ in its last bit
        vars(graph)["least_pace"] = self.least_pace
        walls = shapely.from_wkt(np.array(self.told["barriers"], dtype=object))
        near = walls[shapely.intersects(shapely.envelope(walls), shapely.box(*box))] if len(walls) else walls
        return Streets(
            graph,
            self.crs,
            tuple(self.told["classes"]),
            self.snap_limit_metres,
            Barriers(near),
            travel=Travel(self.told["mode"], self.unit, graph.access_pace),
        )


def _apart(bounds: Box, box: Box) -> bool:
    return bounds[2] < box[0] or bounds[0] > box[2] or bounds[3] < box[1] or bounds[1] > box[3]


def _meet(table: pa.Table, box: Box) -> np.ndarray:
    left, bottom, right, top = (table[name].to_numpy() for name in ("left", "bottom", "right", "top"))
    met: np.ndarray = (right >= box[0]) & (left <= box[2]) & (top >= box[1]) & (bottom <= box[3])
    return met


def _graph(edges: pa.Table, access_pace: float) -> Graph:
    """Return the graph of some edges; nodes and edges keep the order of their numbers in the whole."""
    arrays = {name: edges[name].to_numpy() for name in (*_ARRAYS, "number")}
    number = arrays.pop("number")
    both = np.concatenate([arrays["edge_from"], arrays["edge_to"]])
    _, first, place = np.unique(both, return_index=True, return_inverse=True)
    courses = {name: edges[name].combine_chunks() for name in ("x", "y", "measures")}
    flat = {name: lists.flatten().to_numpy() for name, lists in courses.items()}
    offsets = np.concatenate([[0], np.cumsum(courses["x"].value_lengths().to_numpy())]).astype(np.int64)
    vertices = np.column_stack([flat["x"], flat["y"]])
    ends = np.concatenate([offsets[:-1], offsets[1:] - 1])[first]
    twin = np.searchsorted(number, arrays["twin"])
    known = (arrays["twin"] >= 0) & (number[np.minimum(twin, len(number) - 1)] == arrays["twin"])
    return Graph.assemble(
        vertices[ends, 0].copy(),
        vertices[ends, 1].copy(),
        Edges(
            place[: len(number)].astype(np.int32),
            place[len(number) :].astype(np.int32),
            arrays["edge_class"].astype(np.int32),
            vertices,
            flat["measures"].copy(),
            offsets,
            arrays["ahead"].copy(),
            arrays["behind"].copy(),
            np.where(known, twin, -1).astype(np.int32),
        ),
        access_pace=access_pace,
    )


def tile_streets(
    streets: Streets,
    out: str | os.PathLike[str],
    *,
    tile_metres: float = TILE_METRES,
    progress: Progress = quiet,
) -> StreetTiles:
    """Write streets as tiles, once; any plan with the same CRS can use them.

    The network itself is made in memory (some 250 bytes a node); tiles are what workers read.

    Parameters
    ----------
    streets
        A whole network.
    out
        Folder to write; it appears whole.
    tile_metres
        Side of the square tiles.
    progress
        Called with what is done.

    Raises
    ------
    InputError
        Where an edge is shorter than the straight line along it: then no halo would be wide enough.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, edulayout as el
    >>> from shapely import LineString
    >>> street = gpd.GeoSeries([LineString([(0, 0), (900, 0)]), LineString([(900, 0), (900, 900)])], crs="EPSG:4544")
    >>> tiles = tile_streets(el.Streets.from_lines(street), tempfile.mkdtemp() + "/tiles", tile_metres=500)
    >>> sum(tile.edges for tile in tiles.tiles)
    1
    """
    graph = streets.graph
    _check_lengths(streets)
    column, row = (np.floor(axis[graph.edge_from] / tile_metres).astype(np.int64) for axis in (graph.x, graph.y))
    places, owner = np.unique(np.column_stack([column, row]), axis=0, return_inverse=True)
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(places) + 1))
    tiles = []
    with whole_folder(out) as folder:
        for at, (left, bottom) in enumerate(places.tolist()):
            own = order[starts[at] : starts[at + 1]]
            file = f"streets_{left}_{bottom}.parquet"
            tiles.append({"file": file, **_written(graph, own, folder / file)})
            progress("tile the streets", at + 1, len(places))
        (folder / _INDEX).write_text(json.dumps({**_told(streets), "tiles": tiles}, sort_keys=True), encoding="utf-8")
    return StreetTiles.load(out)


def _told(streets: Streets) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "crs": streets.crs.to_json(),
        "classes": list(streets.classes),
        "mode": streets.travel.mode,
        "unit": streets.travel.unit,
        "access_pace": streets.graph.access_pace,
        "least_pace": streets.graph.least_pace,
        "snap_limit_metres": streets.snap_limit_metres,
        "barriers": shapely.to_wkt(streets.barriers.geometries, rounding_precision=-1).tolist(),
    }


def _check_lengths(streets: Streets) -> None:
    graph = streets.graph
    start = graph.segment_start
    straight = np.bincount(
        graph.segment_edge, np.hypot(*(graph.vertices[start + 1] - graph.vertices[start]).T), minlength=graph.edges
    )
    lengths = graph.edge_length
    if streets.unit == "metres":
        lengths = np.minimum(lengths, np.minimum(graph.ahead, graph.behind))
    short = np.flatnonzero(lengths < straight * (1 - _SLACK) - _SLACK)
    if len(short):
        raise InputError(
            Fault(
                "streets",
                f"{len(short)} edges shorter than the straight line along them",
                "lengths in metres, no shorter than the line",
                "correct the lengths, or the CRS",
                tuple(map(str, short)),
            )
        )


def _written(graph: Graph, own: IntArray, path: Path) -> dict[str, Any]:
    """Write some edges with their courses; return bounds, count and hash."""
    lengths = np.diff(graph.offsets)[own]
    begins = np.concatenate([[0], np.cumsum(lengths)])
    vertex = np.repeat(graph.offsets[own] - begins[:-1], lengths) + np.arange(begins[-1])
    flat = {"x": graph.vertices[vertex, 0], "y": graph.vertices[vertex, 1], "measures": graph.measures[vertex]}
    bounds = _bounds(flat["x"], flat["y"], begins[:-1])
    offsets = pa.array(begins.astype(np.int32))
    columns: dict[str, Any] = {"number": own.astype(np.int64)}
    columns |= {name: getattr(graph, name)[own] for name in _ARRAYS}
    columns |= {name: pa.ListArray.from_arrays(offsets, pa.array(values)) for name, values in flat.items()}
    columns |= bounds
    with whole_file(path) as temporary:
        pq.write_table(pa.table(columns), temporary)
    box = [f(bounds[name]) for f, name in ((np.min, "left"), (np.min, "bottom"), (np.max, "right"), (np.max, "top"))]
    return {
        "bounds": [float(edge) for edge in box],
        "edges": len(own),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _bounds(x: FloatArray, y: FloatArray, begins: IntArray) -> dict[str, FloatArray]:
    return {
        "left": np.minimum.reduceat(x, begins),
        "bottom": np.minimum.reduceat(y, begins),
        "right": np.maximum.reduceat(x, begins),
        "top": np.maximum.reduceat(y, begins),
    }
