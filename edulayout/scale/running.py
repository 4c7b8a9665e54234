"""The run: two passes over all tiles, here or on a Dask cluster, and one summary."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.dataset as ds

import edulayout
from edulayout.errors import Fault, InputError, OutputError
from edulayout.scale.cluster import check_client, on_cluster
from edulayout.scale.measures import Access, Coverage, Equity, SeatBalance
from edulayout.scale.measuring import columns_of
from edulayout.scale.summing import tables
from edulayout.scale.sums import merge
from edulayout.scale.tasks import Job, first_pass, gathered, keep_schools, second_pass
from edulayout.typing import quiet
from edulayout.writing import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    import pandas as pd

    from edulayout.scale.measures import Measure
    from edulayout.scale.planning import Plan
    from edulayout.scale.sums import Account
    from edulayout.typing import Progress

_RUN = "run.json"
_SUMMARY = "summary.json"


@dataclass(frozen=True, eq=False)
class Scaled:
    """What a run over tiles found.

    Parameters
    ----------
    folder
        `cells/` (GeoParquet, a file for each tile), `summary.json`, and `parts/`, from which a killed run goes on.
    tables
        A table for each measure that sums up, by name.
    key
        SHA-256 of plan and measures.
    """

    folder: Path
    tables: dict[str, pd.DataFrame]
    key: str

    def cells(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the cells sorted by id, all in memory; `geometry` holds x and y."""
        table = ds.dataset(self.folder / "cells", format="parquet").to_table(columns=columns)
        frame: pd.DataFrame = table.to_pandas()
        return frame.sort_values("id", kind="stable").reset_index(drop=True) if "id" in frame else frame

    def digest(self) -> str:
        """Return one SHA-256 over all cells, sorted by id, and the tables: the same for any tiles and workers.

        Holds two columns at a time in memory. O(cells log cells).
        """
        content = hashlib.sha256()
        whole = ds.dataset(self.folder / "cells", format="parquet")
        ids = whole.to_table(columns=["id"]).column("id").to_numpy()
        order = np.argsort(ids, kind="stable")
        for name in sorted(whole.schema.names):
            column = whole.to_table(columns=[name]).column(name)
            parts = column.combine_chunks().flatten() if name == "geometry" else [column]
            for values in parts:
                content.update(name.encode())
                content.update(_bytes(values.to_numpy(zero_copy_only=False), order))
        content.update(json.dumps(_told(self.tables), sort_keys=True).encode())
        return content.hexdigest()


def _bytes(values: Any, order: Any) -> bytes:  # noqa: ANN401 - arrays of any type
    ordered = values[order]
    return "\n".join(map(str, ordered)).encode() if ordered.dtype == object else ordered.tobytes()


def run(
    plan: Plan,
    measures: Sequence[Measure],
    *,
    out: str | os.PathLike[str],
    client: Any = None,  # noqa: ANN401 - a dask.distributed.Client, which publishes no types
    progress: Progress = quiet,
) -> Scaled:
    """Measure every cell of a plan, tile by tile.

    The tile that owns a school computes its value (floating catchments) from the cells of tile and halo; the values
    are gathered and given to all; the tile that owns a cell then measures it. What a task has written stays: a run
    that was killed goes on where it stopped, when it is started again with the same plan, measures and folder.

    Parameters
    ----------
    plan
        From `plan`.
    measures
        `Coverage`, `Nearest`, `Access`, `SeatBalance`, `Equity`.
    out
        Folder of the results; a new one, or that of the same run.
    client
        A `dask.distributed.Client`: its workers run the same tasks (they must see the folders of cells and results
        under the same paths). In this process where None. An address beyond this machine must be `tls://`.
    progress
        Called with what is done.

    Returns
    -------
    Scaled
        The same bits for any tiles, workers and order. O(cells + pairs); memory follows `tile_cells`.

    Raises
    ------
    InputError
        Where a column is missing, a measure looks farther than the plan, numbers are negative or missing, or the
        cluster is not protected.
    OutputError
        Where the folder holds something else.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, pandas as pd, edulayout as el
    >>> from shapely import Point
    >>> folder = tempfile.mkdtemp()
    >>> cells = pd.DataFrame({"id": [1, 2], "x": [0.0, 900.0], "y": [0.0, 0.0], "pupils_primary": [30.0, 10.0]})
    >>> cells.to_parquet(f"{folder}/cells.parquet")
    >>> school = gpd.GeoDataFrame({"kind": ["primary"]}, geometry=[Point(0, 300)], index=["s"], crs="EPSG:4544")
    >>> made = el.scale.plan(folder, school, cutoff=500, crs="EPSG:4544", tile_cells=1)
    >>> found = el.scale.run(made, [el.scale.Coverage("primary", radius=500)], out=tempfile.mkdtemp())
    >>> found.tables["coverage_primary_500"].share_covered.tolist()
    [0.75]
    """
    job = _job(plan, tuple(measures), Path(out).absolute())
    if client is not None:
        check_client(client)
    _prepare(job)
    if job.competing:
        _pass(client, first_pass, job, (), "schools", progress)
    _pass(client, second_pass, job, (gathered,), "cells", progress)
    return _finished(job)


def _job(plan: Plan, measures: tuple[Measure, ...], folder: Path) -> Job:
    faults = _faults(plan, measures)
    if faults:
        raise InputError(*faults)
    told = [plan.hash, edulayout.__version__, *map(repr, measures)]
    return Job(plan, measures, str(folder), hashlib.sha256(json.dumps(told).encode()).hexdigest())


def _faults(plan: Plan, measures: tuple[Measure, ...]) -> list[Fault]:
    faults = [] if measures else [Fault("measures", "none", "at least one", "name what to measure")]
    missing = [name for name in ["id", *columns_of(measures)] if name not in plan.cells.columns]
    if missing:
        has = ", ".join(plan.cells.columns)
        faults.append(Fault("cells", f"no column {', '.join(missing)}", "what the measures read", f"they have: {has}"))
    for one in measures:
        if one.reach > plan.cutoff:
            faults.append(
                Fault(repr(one), f"it looks {one.reach:g} {plan.unit} far", f"at most the cutoff of the plan, "
                      f"{plan.cutoff:g}", "make the plan with a larger cutoff")
            )  # fmt: skip
        faults += _school_faults(plan, one)
    return faults


def _school_faults(plan: Plan, one: Measure) -> list[Fault]:
    if isinstance(one, Coverage) or not isinstance(one, Access | Equity | SeatBalance):
        return []
    column = f"seats_{one.stage}"
    if column not in plan.schools:
        return [Fault("schools", f"no column {column}", "the seats of every school", "add it")]
    seats, serves = plan.seats(one.stage), plan.serving(one.stage)
    wrong = serves & ~(np.isfinite(seats) & (seats >= 0))
    if isinstance(one, SeatBalance) or not wrong.any():
        return []
    rows = tuple(plan.schools.index[wrong])
    return [Fault("schools", f"missing, negative or infinite {column}", "numbers ≥ 0", "state or assume them", rows)]


def _prepare(job: Job) -> None:
    """Make the folder, or see that it holds what an earlier start of the same run left."""
    folder = Path(job.folder)
    told = folder / _RUN
    held = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if held and (not told.is_file() or json.loads(told.read_text(encoding="utf-8")).get("key") != job.key):
        raise OutputError(
            Fault(str(folder), "results of something else", "a new folder, or that of the same plan and measures",
                  "name another folder, or remove this one", rows=tuple(held))
        )  # fmt: skip
    for name in ("cells", "parts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    keep_schools(job)
    with whole_file(told) as temporary:
        content = {"key": job.key, "plan": job.plan.hash, "measures": list(map(repr, job.measures))}
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")


def _pass(
    client: Any,  # noqa: ANN401 - as in `run`
    task: Callable[..., int],
    job: Job,
    makers: tuple[Callable[[Job], Any], ...],
    name: str,
    progress: Progress,
) -> None:
    """Run a task for every tile, with what the makers make of the job."""
    step, numbers = f"{name} by tile", range(len(job.plan.tiles))
    if client is not None:
        on_cluster(client, task, job, numbers, makers, lambda done: progress(step, done, len(numbers)))
        return
    extra = [make(job) for make in makers]
    for number in numbers:
        task(job, number, *extra)
        progress(step, number + 1, len(numbers))


def _finished(job: Job) -> Scaled:
    folder = Path(job.folder)
    accounts: dict[str, Account] = {}
    for tile in job.plan.tiles:
        merge(accounts, json.loads(job.path("sums", tile.number).read_text(encoding="utf-8")))
    made = tables(job.plan, job.measures, accounts)
    for left in [*folder.glob("*/.edulayout-new-*"), *folder.glob(".edulayout-new-*")]:
        shutil.rmtree(left, ignore_errors=True)  # of workers that were killed
    told = {
        "key": job.key,
        "tiles": len(job.plan.tiles),
        "cells": job.plan.cells.rows,
        "cells_read": job.plan.reads,
        "tables": _told(made),
    }
    with whole_file(folder / _SUMMARY) as temporary:
        temporary.write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")
    return Scaled(folder, made, job.key)


def _told(made: dict[str, pd.DataFrame]) -> dict[str, Any]:
    return {name: json.loads(table.to_json(orient="index", double_precision=15)) for name, table in made.items()}
