"""The plan: which tiles, which schools, how far a halo reaches, and one hash over all of it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from edulayout import crs as crs_module
from edulayout.costs import places
from edulayout.errors import CrsError, Fault, InputError
from edulayout.scale import cells as cells_module
from edulayout.scale.street_tiles import StreetTiles
from edulayout.scale.tiling import cut, looked_through, pitch
from edulayout.stages import kinds_serving
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os

    import geopandas as gpd
    import pandas as pd
    import pyproj

    from edulayout.scale.cells import Box, Cells
    from edulayout.scale.tiling import Tile
    from edulayout.typing import BoolArray, FloatArray, Progress, Unit

TILE_CELLS = 1_000_000
_OFTEN = 4.0


@dataclass(frozen=True, eq=False)
class Plan:
    """A province cut into tiles; make one with `plan`.

    Parameters
    ----------
    cells
        The folder of cells, every file with its hash.
    schools
        The schools, with their place in `x` and `y`.
    tiles
        Half-open tiles that cover the plane, each point once.
    cutoff
        The farthest cost that any measure may look for.
    crs
        CRS of cells and schools, in metres.
    streets
        Tiled streets; None for straight lines.
    hash
        SHA-256 over the content of all inputs and all parameters.
    """

    cells: Cells
    schools: pd.DataFrame
    tiles: tuple[Tile, ...]
    cutoff: float
    crs: pyproj.CRS
    streets: StreetTiles | None
    hash: str

    def __repr__(self) -> str:
        how = "straight" if self.streets is None else "streets"
        return (
            f"Plan({self.cells.rows} cells × {len(self.schools)} schools, {len(self.tiles)} tiles, "
            f"{how} up to {self.cutoff:g} {self.unit}{self._told_reads()})"
        )

    def _told_reads(self) -> str:
        often = self.reads / self.cells.rows
        return f", each cell read {often:.1f} times a pass: `arrange` them" if often > _OFTEN else ""

    @cached_property
    def reads(self) -> int:
        """How many cells one pass reads, halos apart: as many as there are where files follow space."""
        read = 0
        for tile in self.tiles:
            left, bottom, right, top = tile.box
            for piece in self.cells.pieces:
                low_x, low_y, high_x, high_y = piece.bounds
                read += piece.rows * (high_x >= left and low_x < right and high_y >= bottom and low_y < top)
        return read

    @property
    def unit(self) -> Unit:
        """Unit of the costs."""
        return "metres" if self.streets is None else self.streets.unit

    def halo(self, cost: float) -> float:
        """Return how many metres straight a cost can reach, with room for its rounding to float32."""
        reach = float(np.nextafter(np.float32(cost), np.float32(np.inf)))
        return reach if self.streets is None else reach / self.streets.least_pace

    def serving(self, stage: str) -> BoolArray:
        """Tell which schools serve a stage: by their kind, the closed ones left out."""
        serves = np.ones(len(self.schools), dtype=np.bool_)
        if "kind" in self.schools:
            serves &= self.schools["kind"].isin(kinds_serving(stage)).to_numpy(np.bool_)
        if "status" in self.schools:
            serves &= (self.schools["status"] != "closed").to_numpy(np.bool_)
        return serves

    def seats(self, stage: str) -> FloatArray:
        """Return the seats of a stage of every school; NaN where not known."""
        return self.schools[f"seats_{stage}"].to_numpy(dtype=np.float64, na_value=np.nan)

    def places(self) -> tuple[FloatArray, FloatArray]:
        """Return the coordinates of all schools."""
        return self.schools["x"].to_numpy(), self.schools["y"].to_numpy()


def plan(
    cells: str | os.PathLike[str],
    schools: gpd.GeoDataFrame,
    *,
    cutoff: float,
    crs: str | None = None,
    streets: str | os.PathLike[str] | None = None,
    tile_cells: int = TILE_CELLS,
    progress: Progress = quiet,
) -> Plan:
    """Cut a folder of cells into tiles of about as many cells, each with a halo as wide as the cutoff.

    Parameters
    ----------
    cells
        A folder of (Geo)Parquet files, plain or hive-partitioned (`name=value` folders are columns), or one file. A
        cell is a point: columns `x` and `y` in metres, or a GeoParquet geometry of points. What measures ask for:
        `id`, `pupils_<stage>`, and for the seats balance `population`. A piece (row group) is read by every tile that
        it meets: files in spatial order, or hive tiles, are read about once in each pass
        (`reads`); shuffled ones are worth an `arrange` first.
    schools
        Points or polygons as `el.read_schools` gives them, in the CRS of the cells.
    cutoff
        The farthest cost that any measure will look for: metres, or with streets in minutes, minutes.
    crs
        CRS of the cells, where the files do not tell it.
    streets
        Folder that `tile_streets` wrote; straight lines where None.
    tile_cells
        How many cells a tile has at most, about; memory follows it, results do not.
    progress
        Called with what is done.

    Returns
    -------
    Plan
        One pass over the places and the bytes of all files; O(cells).

    Raises
    ------
    InputError, CrsError, MissingFileError
        Where files are missing, damaged or differ, places are missing, or a CRS is missing or differs.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, pandas as pd, edulayout as el
    >>> from shapely import Point
    >>> folder = tempfile.mkdtemp()
    >>> pd.DataFrame({"id": [1, 2], "x": [0.0, 900.0], "y": [0.0, 0.0]}).to_parquet(f"{folder}/cells.parquet")
    >>> school = gpd.GeoDataFrame({"kind": ["primary"]}, geometry=[Point(0, 300)], index=["s"], crs="EPSG:4544")
    >>> el.scale.plan(folder, school, cutoff=500, crs="EPSG:4544", tile_cells=1)
    Plan(2 cells × 1 schools, 2 tiles, straight up to 500 metres)
    """
    if not 0 < cutoff < math.inf or tile_cells < 1:
        fault = Fault("plan", f"cutoff {cutoff}, tile_cells {tile_cells}", "cutoff > 0, tile_cells ≥ 1", "correct it")
        raise InputError(fault)
    metric = crs_module.require_metres(schools, source="schools")
    looked = cells_module.found(cells)
    _check_crs(looked, crs, metric)
    tiled = None if streets is None else StreetTiles.load(streets)
    if tiled is not None and tiled.crs != metric:
        raise CrsError(Fault(str(streets), "another CRS than the schools", "one CRS", "project the schools"))
    table = _table(schools)
    side = pitch(cutoff if tiled is None else cutoff / tiled.least_pace)
    pieces, lattice = looked_through(looked, side, progress=progress)
    looked = replace(looked, pieces=pieces)
    tiles = cut(lattice, side=side, tile_cells=tile_cells)
    told = {
        "files": looked.files, "schools": _fingerprint(table), "cutoff": cutoff, "tile_cells": tile_cells,
        "crs": metric.to_json(), "streets": "" if tiled is None else tiled.hash,
    }  # fmt: skip
    content = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return Plan(looked, table, tiles, float(cutoff), metric, tiled, content)


def _check_crs(cells: Cells, given: str | None, metric: pyproj.CRS) -> None:
    text = cells.crs or given
    if text is None:
        raise CrsError(Fault(cells.folder, "no CRS in the files", "a CRS", 'name it: crs="EPSG:…"'))
    own = crs_module.parse(text, source=cells.folder)
    if own != metric or (given and crs_module.parse(given, source="crs") != own):
        found = f"{own.name}, while the schools are in {metric.name}"
        raise CrsError(Fault(cells.folder, found, "one CRS in metres", "project one of them"))


def _table(schools: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the schools as a plain table with coordinates, indexed by id."""
    ids = schools.index.astype(str)
    points = places(schools)
    missing = (points.isna() | points.is_empty).to_numpy()
    faults = [
        Fault("schools", found, expected, "correct the table", tuple(ids[rows]))
        for found, expected, rows in (
            ("ids that stand twice", "every id once", ids.duplicated()),
            ("schools without a place", "a point or polygon for each", missing),
        )
        if rows.any()
    ]
    if faults:
        raise InputError(*faults)
    kept = schools.drop(columns=schools.geometry.name)
    table: pd.DataFrame = kept.set_axis(ids.rename("school_id")).assign(x=points.x.to_numpy(), y=points.y.to_numpy())
    table.attrs = {}  # where they came from is no part of the plan
    return table


def _fingerprint(table: pd.DataFrame) -> str:
    text = table.reset_index().to_csv(index=False, lineterminator="\n", float_format="%.17g")
    return hashlib.sha256(text.encode()).hexdigest()


def wider(box: Box, metres: float) -> Box:
    """Return a box wider by some metres on every side."""
    left, bottom, right, top = box
    return left - metres, bottom - metres, right + metres, top + metres


def inside(box: Box, x: FloatArray, y: FloatArray) -> BoolArray:
    """Tell which places lie in a half-open box."""
    left, bottom, right, top = box
    within: BoolArray = (x >= left) & (x < right) & (y >= bottom) & (y < top)
    return within
