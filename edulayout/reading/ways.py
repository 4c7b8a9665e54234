"""The ways of an OpenStreetMap extract that a mode may use, as flat arrays of lines."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import pyproj
from osmium.filter import KeyFilter

from edulayout.crs import LONLAT
from edulayout.errors import Fault, InputError
from edulayout.reading.rules import paces, refusal, rules
from edulayout.streets.build import Lines

if TYPE_CHECKING:
    from pathlib import Path

    from edulayout.reading.rules import Rules
    from edulayout.typing import FloatArray, Unit

_SCALE = 10_000_000
"""osmium holds coordinates as whole numbers of 1e-7 degrees."""
_CROSSINGS = frozenset({"crossing", "traffic_signals"})
_NO_CROSSING = frozenset({"no"})


@dataclass
class _Gathered:
    """What the pass has seen so far: a line for every stretch of a way whose nodes are there."""

    nodes: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("i"))
    y: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("q", [0]))
    kinds: list[str] = field(default_factory=list)
    paces: array[float] = field(default_factory=lambda: array("d"))
    crossings: array[int] = field(default_factory=lambda: array("i"))
    refused: Counter[str] = field(default_factory=Counter)
    cut: int = 0

    def node(self, node: Any) -> None:  # noqa: ANN401 - osmium publishes no types
        """Take up a marked crossing."""
        if node.tags["highway"] in _CROSSINGS and node.tags.get("crossing") not in _NO_CROSSING:
            self.crossings.extend((node.location.x, node.location.y))

    def way(self, way: Any, pace: tuple[float, float]) -> None:  # noqa: ANN401 - as above
        """Take up the nodes of a way; it ends and begins anew where the extract lacks some."""
        kind = way.tags["highway"]
        before, missing = len(self.nodes), 0
        for node in way.nodes:
            location = node.location
            if location.valid():
                self.nodes.append(node.ref)
                self.x.append(location.x)
                self.y.append(location.y)
            else:
                missing += 1
                self._close(kind, pace)
        self._close(kind, pace)
        self.cut += bool(missing) and len(self.nodes) >= before

    def _close(self, kind: str, pace: tuple[float, float]) -> None:
        count = len(self.nodes) - self.ends[-1]
        if count > 1:
            self.ends.append(len(self.nodes))
            self.kinds.append(kind)
            self.paces.extend(pace)
        elif count == 1:
            for values in (self.nodes, self.x, self.y):
                values.pop()


class Ways(NamedTuple):
    """Ways as lines, the names of their classes, what was left out, counted, and marked crossings (k, 2)."""

    lines: Lines
    classes: tuple[str, ...]
    set_aside: dict[str, float]
    crossings: FloatArray


def read_ways(path: Path, *, mode: str, crs: pyproj.CRS, unit: Unit = "metres", slope: bool = False) -> Ways:
    """Read the ways that a mode may use; ways meet where they share a node. One pass, O(size of the file).

    Parameters
    ----------
    path
        An OpenStreetMap file.
    mode
        The name of the table of rules.
    crs
        The CRS in metres of the lines.
    unit, slope
        What the paces of the lines mean; see `rules.paces`.

    Raises
    ------
    InputError
        Where it is no OpenStreetMap file or is cut short, or no way of it may be used.
    """
    gathered = _Gathered()
    try:
        _gather(path, rules(mode), gathered, unit=unit, slope=slope)
    except (RuntimeError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    if not gathered.kinds:
        fault = Fault(str(path), f"no way open to {mode}", "highways", "take an extract that holds the streets")
        raise InputError(fault)
    return _ways(gathered, crs)


def _gather(path: Path, allowed: Rules, gathered: _Gathered, *, unit: Unit, slope: bool) -> None:
    entities = osmium.osm.NODE | osmium.osm.WAY
    things: Any = osmium.FileProcessor(str(path), entities).with_locations().with_filter(KeyFilter("highway"))
    for thing in things:
        if thing.is_node():
            gathered.node(thing)
            continue
        tags = dict(thing.tags)
        reason = refusal(tags, allowed)
        if reason is None:
            gathered.way(thing, paces(tags, allowed, unit=unit, slope=slope))
        else:
            gathered.refused[reason] += 1


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        Fault(
            str(path),
            f"it cannot be read as OpenStreetMap data ({str(error).strip() or type(error).__name__})",
            "a whole .osm.pbf or .osm file",
            "download it again: it may be cut short, or be something else",
        )
    )


def _ways(gathered: _Gathered, crs: pyproj.CRS) -> Ways:
    project = pyproj.Transformer.from_crs(LONLAT, crs, always_xy=True).transform
    lon, lat = (np.frombuffer(values, dtype=np.int32) / _SCALE for values in (gathered.x, gathered.y))
    x, y = project(lon, lat)
    marked = np.frombuffer(gathered.crossings, dtype=np.int32).reshape(-1, 2) / _SCALE
    pace = np.frombuffer(gathered.paces, dtype=np.float64).reshape(-1, 2)
    names, codes = np.unique(np.array(gathered.kinds), return_inverse=True)
    lines = Lines(
        np.column_stack([x, y]),
        np.array(gathered.ends, dtype=np.int64),
        codes.astype(np.int32),
        np.array(gathered.nodes, dtype=np.int64),
        None if (pace == 1.0).all() else pace,
    )
    counts = {f"ways_left_out {reason}": float(count) for reason, count in sorted(gathered.refused.items())}
    return Ways(
        lines,
        tuple(names.tolist()),
        {"ways_cut_at_the_border": float(gathered.cut), **counts},
        np.column_stack(project(marked[:, 0], marked[:, 1])),
    )
