"""What engines and cost tables are asked with: places, pairs, stored arrays, checked before any work."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edulayout import crs as crs_module
from edulayout.errors import Fault, InputError, MissingFileError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from edulayout.typing import AnyArray


def check_places(demand: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, *, cutoff: float | None) -> None:
    """Check two tables of places and a cutoff.

    Raises
    ------
    CrsError
        Where the tables have no CRS, or two different ones.
    InputError
        Where an id stands twice, a place has no geometry, or the cutoff is no number ≥ 0.
    """
    crs_module.require_same(demand, schools, source="demand and schools")
    faults = [
        fault for name, frame in (("demand", demand), ("schools", schools)) for fault in _place_faults(name, frame)
    ]
    if cutoff is not None and not 0 <= cutoff < np.inf:
        faults.append(Fault("cutoff", str(cutoff), "a finite number ≥ 0, or None for all pairs", "correct it"))
    if faults:
        raise InputError(*faults)


def _place_faults(name: str, frame: gpd.GeoDataFrame) -> list[Fault]:
    double = frame.index[frame.index.duplicated()]
    absent = frame.index[(frame.geometry.isna() | frame.geometry.is_empty).to_numpy(dtype=bool)]
    faults = []
    if len(double):
        faults.append(Fault(name, "ids that stand twice", "every id once", "rename them", tuple(map(str, double))))
    if len(absent):
        faults.append(Fault(name, "places without a geometry", "a point or polygon in every row", "draw or remove them",
                            tuple(map(str, absent))))  # fmt: skip
    return faults


def check_pairs(series: pd.Series[float]) -> None:
    """Check a long series of costs; its pairs must be unique, its costs finite and ≥ 0."""
    numbers = series.to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    faults = []
    if series.index.nlevels != 2:  # noqa: PLR2004 - a pair has two ends
        raise InputError(
            Fault(
                "costs",
                f"an index of {series.index.nlevels} level(s)",
                "(demand_id, school_id)",
                "set the index to the two id columns",
            )
        )
    if series.index.has_duplicates:
        rows = tuple(str(pair) for pair in series.index[series.index.duplicated()])
        faults.append(Fault("costs", "pairs that stand twice", "one cost for a pair", "keep the cost you mean", rows))
    if wrong.any():
        rows = tuple(str(pair) for pair in series.index[wrong])
        faults.append(
            Fault(
                "costs",
                "negative, missing or infinite costs",
                "finite costs ≥ 0",
                "leave unreachable pairs out of the table",
                rows,
            )
        )
    if faults:
        raise InputError(*faults)


def read_arrays(path: str | os.PathLike[str], *, needed: Sequence[str]) -> dict[str, AnyArray]:
    """Return the arrays of an `.npz` file, read without pickle.

    Raises
    ------
    MissingFileError, InputError
        Where the file is not there, is damaged, or lacks one of the arrays.
    """
    file = Path(path)
    if not file.exists():
        raise MissingFileError(Fault(str(file), "no such file", "a file that .save() wrote", "correct the path"))
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as stored:
            content = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(
            Fault(str(file), f"it cannot be read ({type(error).__name__})", "a whole file that .save() wrote",
                  "write it again")
        ) from None  # fmt: skip
    missing = [name for name in needed if name not in content]
    if missing:
        raise InputError(Fault(str(file), f"no {', '.join(missing)}", "a file that .save() wrote", "write it again"))
    return content
