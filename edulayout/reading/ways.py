"""Walkable ways of an OpenStreetMap extract, as flat arrays of lines."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import pyproj
from osmium.filter import EntityFilter, KeyFilter

from edulayout.crs import LONLAT
from edulayout.errors import Fault, InputError
from edulayout.reading.rules import refusal, rules
from edulayout.streets.build import Lines

if TYPE_CHECKING:
    from pathlib import Path

    from edulayout.reading.rules import Rules

_SCALE = 10_000_000
"""osmium holds coordinates as whole numbers of 1e-7 degrees."""


@dataclass
class _Gathered:
    """What the pass has seen so far: a line for every stretch of a way whose nodes are there."""

    nodes: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("i"))
    y: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("q", [0]))
    kinds: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    cut: int = 0

    def way(self, way: Any) -> None:  # noqa: ANN401 - osmium publishes no types
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
                self._close(kind)
        self._close(kind)
        self.cut += bool(missing) and len(self.nodes) >= before

    def _close(self, kind: str) -> None:
        count = len(self.nodes) - self.ends[-1]
        if count > 1:
            self.ends.append(len(self.nodes))
            self.kinds.append(kind)
        elif count == 1:
            for values in (self.nodes, self.x, self.y):
                values.pop()


class Ways(NamedTuple):
    """Walkable ways as lines, the names of their classes, and what was left out, counted."""

    lines: Lines
    classes: tuple[str, ...]
    set_aside: dict[str, float]


def read_ways(path: Path, *, mode: str, crs: pyproj.CRS) -> Ways:
    """Read the ways that a mode may use; ways meet where they share a node. One pass, O(size of the file).

    Raises
    ------
    InputError
        Where it is no OpenStreetMap file or is cut short, or no way of it may be used.
    """
    gathered = _Gathered()
    try:
        _gather(path, rules(mode), gathered)
    except (RuntimeError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    if not gathered.kinds:
        fault = Fault(str(path), f"no way open to {mode}", "highways", "take an extract that holds the streets")
        raise InputError(fault)
    return _ways(gathered, crs)


def _gather(path: Path, allowed: Rules, gathered: _Gathered) -> None:
    entities = osmium.osm.NODE | osmium.osm.WAY
    ways = EntityFilter(osmium.osm.WAY), KeyFilter("highway")
    for way in osmium.FileProcessor(str(path), entities).with_locations().with_filter(ways[0]).with_filter(ways[1]):
        reason = refusal(dict(way.tags), allowed)
        if reason is None:
            gathered.way(way)
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
    lon, lat = (np.frombuffer(values, dtype=np.int32) / _SCALE for values in (gathered.x, gathered.y))
    x, y = pyproj.Transformer.from_crs(LONLAT, crs, always_xy=True).transform(lon, lat)
    names, codes = np.unique(np.array(gathered.kinds), return_inverse=True)
    lines = Lines(
        np.column_stack([x, y]),
        np.array(gathered.ends, dtype=np.int64),
        codes.astype(np.int32),
        np.array(gathered.nodes, dtype=np.int64),
    )
    counts = {f"ways_left_out {reason}": float(count) for reason, count in sorted(gathered.refused.items())}
    return Ways(lines, tuple(names.tolist()), {"ways_cut_at_the_border": float(gathered.cut), **counts})
