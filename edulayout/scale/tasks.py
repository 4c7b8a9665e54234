"""What a worker does: one tile in one pass, written whole, or nothing where it has been written before."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from edulayout.scale import catchments, distances
from edulayout.scale.cells import within
from edulayout.scale.distances import NOWHERE, Nowhere
from edulayout.scale.geoparquet import geo_table, write_geo
from edulayout.scale.measures import Access, Equity
from edulayout.scale.measuring import Block, columns_of, measured
from edulayout.scale.planning import inside, wider
from edulayout.scale.sums import merge
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edulayout.scale.cells import Box, Rows
    from edulayout.scale.measures import Measure
    from edulayout.scale.planning import Plan
    from edulayout.scale.sums import Account
    from edulayout.streets import Streets
    from edulayout.typing import FloatArray, IntArray

PAIRS_MOST = 2_000_000
"""Pairs that a task holds at once, about."""
BLOCK_ROWS = 131_072


@dataclass(frozen=True, eq=False)
class Job:
    """A plan, what is measured, and where results go: the same for every task.

    Parameters
    ----------
    plan, measures
        What is computed.
    folder
        Absolute path of the results, which all workers see.
    key
        SHA-256 over plan and measures; it stands in the name of every file.
    """

    plan: Plan
    measures: tuple[Measure, ...]
    folder: str
    key: str

    @property
    def accesses(self) -> tuple[Access, ...]:
        """Every access that is asked for, by a measure of its own or for its equity, once."""
        found = [one.of if isinstance(one, Equity) else one for one in self.measures]
        return tuple(dict.fromkeys(one for one in found if isinstance(one, Access)))

    @property
    def competing(self) -> tuple[Access, ...]:
        """Accesses that need a first pass: pupils compete for seats."""
        return tuple(one for one in self.accesses if one.method not in catchments.ALONE)

    def path(self, kind: str, number: int) -> Path:
        """Return the file of a tile: `schools` (first pass), `cells` or `sums` (second pass); `places` for all."""
        folder = "cells" if kind == "cells" else "parts"
        suffix = "json" if kind == "sums" else "parquet"
        return Path(self.folder) / folder / f"{kind}-{self.key[:16]}-{number:06d}.{suffix}"


def keep_schools(job: Job) -> None:
    """Write the schools where every worker finds them."""
    with whole_file(job.path("places", 0)) as temporary:
        pq.write_table(pa.Table.from_pandas(job.plan.schools), temporary)


def bare(job: Job) -> Job:
    """Return the job without its schools, small enough to travel with every graph of tasks."""
    return replace(job, plan=replace(job.plan, schools=job.plan.schools.iloc[:0]))


def opened(job: Job) -> Job:
    """Return a bare job with its schools."""
    return replace(job, plan=replace(job.plan, schools=pq.read_table(job.path("places", 0)).to_pandas()))


def gathered(job: Job) -> dict[str, FloatArray]:
    """Return the value of every school for every floating catchment, put together from the tiles that own them."""
    values = {one.column: np.full(len(job.plan.schools), np.nan) for one in job.competing}
    if not values:
        return values
    for tile in job.plan.tiles:
        part = pq.read_table(job.path("schools", tile.number))
        school = part.column("school").to_numpy()
        for name, column in values.items():
            column[school] = part.column(name).to_numpy()
    return values


def first_pass(job: Job, number: int) -> int:
    """Compute the value of every school that a tile owns, from the cells of the tile and its halo."""
    path = job.path("schools", number)
    if path.exists():
        return number
    plan, box = job.plan, job.plan.tiles[number].box
    owned = inside(box, *plan.places())
    columns: dict[str, Any] = {}
    for access in job.competing:
        own = np.flatnonzero(owned & plan.serving(access.stage))
        values = np.full(len(plan.schools), np.nan)
        if len(own):
            values[own] = _school_values(plan, access, own)
        columns[access.column] = values[owned]
    table = pa.table({"school": np.flatnonzero(owned), **columns})
    with whole_file(path) as temporary:
        pq.write_table(table, temporary)
    return number


def _school_values(plan: Plan, access: Access, own: IntArray) -> FloatArray:
    x, y = plan.places()
    reach = plan.halo(access.reach)
    box = wider((x[own].min(), y[own].min(), math.nextafter(x[own].max(), math.inf),
                 math.nextafter(y[own].max(), math.inf)), reach)  # fmt: skip
    cells = within(plan.cells, box, [f"pupils_{access.stage}"])
    pupils = cells.table.column(0).to_numpy().astype(np.float64)
    seats, streets = plan.seats(access.stage), _streets(plan, wider(box, reach))
    choices = _choices(plan, access, cells, box, streets) if access.method in catchments.SPREAD else None
    values = np.empty(len(own))
    homes = distances.Spots((cells.x, cells.y))
    for part in _slices(own, x, y, homes, reach):
        some = own[part]
        found = distances.costs(streets, homes, (x[some], y[some]), cutoff=access.reach)
        pairs = distances.weighed(found, access.decay, pupils, seats[some])
        values[part] = catchments.of_schools(access.method, pairs, choices)
    return values


def _slices(own: IntArray, x: FloatArray, y: FloatArray, cells: distances.Places, reach: float) -> Iterator[IntArray]:
    """Yield the schools in compact parts, each with about as many pairs as a task may hold."""
    expected = distances.pairs_per_cell(cells, (x[own], y[own]), cutoff=reach) * len(cells[0])
    parts = min(len(own), math.ceil(max(expected, 1.0) / PAIRS_MOST))
    yield from np.array_split(np.argsort(x[own], kind="stable"), parts)


def _choices(plan: Plan, access: Access, cells: Rows, box: Box, streets: Streets | Nowhere | None) -> FloatArray:
    """Return what the weights of each cell add up to, over all schools that it reaches."""
    x, y = plan.places()
    reach = plan.halo(access.reach)
    near = np.flatnonzero(plan.serving(access.stage) & inside(wider(box, reach), x, y))
    sums = np.empty(len(cells.x))
    for rows in blocks((cells.x, cells.y), (x[near], y[near]), plan.halo(access.reach)):
        places = cells.x[rows], cells.y[rows]
        found = distances.costs(streets, places, (x[near], y[near]), cutoff=access.reach)
        nothing = np.zeros(len(places[0]))
        sums[rows] = catchments.choice(distances.weighed(found, access.decay, nothing, np.zeros(len(near))))
    return sums


def blocks(cells: distances.Places, schools: distances.Places, reach: float) -> Iterator[slice]:
    """Yield slices of cells, each with about as many pairs as a task may hold."""
    dense = distances.pairs_per_cell(cells, schools, cutoff=reach)
    rows = int(max(1.0, min(BLOCK_ROWS, PAIRS_MOST / max(dense, 1.0))))
    for first in range(0, len(cells[0]), rows):
        yield slice(first, min(first + rows, len(cells[0])))


def _streets(plan: Plan, box: Box) -> Streets | Nowhere | None:
    """Return the streets of a box, and so far around it that schools at its edge still find their nearest one."""
    if plan.streets is None:
        return None
    return plan.streets.around(wider(box, 2 * plan.streets.snap_limit_metres)) or NOWHERE


def second_pass(job: Job, number: int, values: dict[str, FloatArray]) -> int:
    """Measure every cell that a tile owns, given the values of all schools; write the cells, then the sums."""
    if job.path("sums", number).exists() and job.path("cells", number).exists():
        return number
    plan, box = job.plan, job.plan.tiles[number].box
    wanted = list(dict.fromkeys(["id", *columns_of(job.measures)]))
    cells = within(plan.cells, box, wanted)
    reach = plan.halo(max((one.reach for one in job.measures), default=0.0))
    x, y = plan.places()
    near = np.flatnonzero(inside(wider(box, reach), x, y))
    extent = cells.x.min(), cells.y.min(), cells.x.max(), cells.y.max()
    streets = _streets(plan, wider(extent, reach))
    parts: list[pa.Table] = []
    accounts: dict[str, Account] = {}
    for rows in blocks((cells.x, cells.y), (x[near], y[near]), reach):
        table = cells.table.slice(rows.start, rows.stop - rows.start)
        block = Block(cells.x[rows], cells.y[rows], table, near, streets)
        columns, sums = measured(plan, job.measures, block, values)
        parts.append(geo_table(block, columns))
        merge(accounts, sums)
    with whole_file(job.path("cells", number)) as temporary:
        write_geo(parts, plan.crs, temporary)
    with whole_file(job.path("sums", number)) as temporary:
        temporary.write_text(json.dumps(accounts, sort_keys=True), encoding="utf-8")
    return number
