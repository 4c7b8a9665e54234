"""Streets in one file: every array by its name, without pickle."""

from __future__ import annotations

import zipfile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyproj
import shapely

from edulayout.errors import Fault, InputError
from edulayout.streets.graph import Graph
from edulayout.streets.snap import Barriers
from edulayout.streets.travel import Travel
from edulayout.writing import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from edulayout.streets.ground import Ground
    from edulayout.typing import AnyArray, Unit

_FORMAT = "edulayout streets 2"


def save(streets: Ground, path: str | os.PathLike[str]) -> None:
    """Write streets to one `.npz` file."""
    travel = streets.travel
    content = {
        **streets.graph.arrays(),
        "format": np.array(_FORMAT),
        "crs": np.array(streets.crs.to_json()),
        "classes": np.array(streets.classes, dtype=np.str_),
        "snap_limit_metres": np.array(streets.snap_limit_metres),
        "barriers": np.array(shapely.to_wkt(streets.barriers.geometries, rounding_precision=-1), dtype=np.str_),
        "crossings": streets.crossings,
        "travel": np.array([travel.mode, travel.unit], dtype=np.str_),
        "set_aside_names": np.array(list(streets.set_aside), dtype=np.str_),
        "set_aside_counts": np.array(list(streets.set_aside.values()), dtype=np.float64),
    }
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **content)


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the fields of streets that `save` wrote.

    Raises
    ------
    InputError
        Where the file is something else, or of another version.
    """
    content = _content(path)
    graph = Graph.from_arrays(content)
    mode, unit = content["travel"].tolist()
    counts = zip(content["set_aside_names"].tolist(), content["set_aside_counts"].tolist(), strict=True)
    return {
        "graph": graph,
        "crs": pyproj.CRS.from_json(str(content["crs"])),
        "classes": tuple(content["classes"].tolist()),
        "snap_limit_metres": float(content["snap_limit_metres"]),
        "barriers": Barriers(shapely.from_wkt(content["barriers"].astype(object))),
        "set_aside": MappingProxyType(dict(counts)),
        "travel": Travel(mode, cast("Unit", unit), graph.access_pace),
        "crossings": content["crossings"],
    }


def _content(path: str | os.PathLike[str]) -> Mapping[str, AnyArray]:
    found = "no streets"
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["format"]) == _FORMAT:
                return {name: stored[name] for name in stored.files}
            found = f"the format {str(stored['format'])!r}"
    except (ValueError, KeyError, AttributeError, TypeError, zipfile.BadZipFile):
        pass
    raise InputError(Fault(str(path), found, f"the format {_FORMAT!r}", "make the streets again and save them"))
