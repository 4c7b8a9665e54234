"""One pass over an OpenStreetMap file: the tagged points, areas and sites that a study needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import osmium
import shapely
from osmium.filter import EmptyTagFilter, KeyFilter

from edulayout.crs import LONLAT
from edulayout.errors import Fault, InputError, MissingFileError
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from edulayout.typing import Progress

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"

_RANK = {"n": 0, "w": 1, "r": 2}


class Feature(NamedTuple):
    """A tagged object: `n…`, `w…` or `r…`, its tags, and its geometry in degrees."""

    osm_id: str
    tags: Mapping[str, str]
    geometry: Any

    @property
    def name(self) -> str:
        """Its name, or nothing."""
        return self.tags.get("name", "").strip()


class Broken(NamedTuple):
    """An object whose geometry is not whole in the extract."""

    osm_id: str
    tags: Mapping[str, str]


class Site(NamedTuple):
    """A relation that groups its members without being an area."""

    osm_id: str
    tags: Mapping[str, str]
    members: tuple[str, ...]


@dataclass(frozen=True)
class Extract:
    """The tagged objects of one file: nodes, ways, relations, each by rising number."""

    path: Path
    features: tuple[Feature, ...]
    broken: tuple[Broken, ...] = ()
    sites: tuple[Site, ...] = ()

    def having(self, key: str) -> list[Feature]:
        """Return the features that carry a key."""
        return [feature for feature in self.features if key in feature.tags]


@dataclass
class _Gathered:
    """What the pass has seen so far."""

    tags: dict[str, Mapping[str, str]] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def node(self, node: Any) -> None:  # noqa: ANN401 - osmium publishes no types
        self.tags[f"n{node.id}"] = dict(node.tags)
        self.shapes[f"n{node.id}"] = _WKB.create_point(node)

    def way(self, way: Any) -> None:  # noqa: ANN401 - as above
        self.tags[f"w{way.id}"] = dict(way.tags)
        if "amenity" in way.tags and not way.is_closed():
            self._line(way)

    def _line(self, way: Any) -> None:  # noqa: ANN401 - as above
        try:
            self.lines[f"w{way.id}"] = _WKB.create_linestring(way)
        except (osmium.InvalidLocationError, RuntimeError):
            return  # it stays without geometry, and is reported as broken

    def relation(self, relation: Any) -> None:  # noqa: ANN401 - as above
        osm_id = f"r{relation.id}"
        self.tags[osm_id] = dict(relation.tags)
        if relation.tags.get("type") == "site":
            self.members[osm_id] = tuple(f"{member.type}{member.ref}" for member in relation.members)

    def area(self, area: Any) -> None:  # noqa: ANN401 - as above
        osm_id = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
        self.tags.setdefault(osm_id, dict(area.tags))
        if area.num_rings()[0] > 0:  # libosmium hands out an area without rings where it cannot close one
            self.shapes[osm_id] = _WKB.create_multipolygon(area)


_WKB = osmium.geom.WKBFactory()


def scan(path: str | os.PathLike[str], keys: tuple[str, ...], *, progress: Progress = quiet) -> Extract:
    """Read every object that carries one of the keys.

    Parameters
    ----------
    path
        An `.osm.pbf` or `.osm` file, also compressed.
    keys
        Tag keys, such as `("amenity", "building")`.
    progress
        Called at the begin and the end.

    Raises
    ------
    MissingFileError
        Where there is no such file.
    InputError
        Where it is no OpenStreetMap file, or is cut short.

    Notes
    -----
    Two passes by libosmium; time and memory grow with the tagged objects, not with the nodes of their lines.
    """
    source = Path(path)
    if not source.is_file():
        raise MissingFileError(
            Fault(str(source), "no such file", "an OpenStreetMap extract (.osm.pbf)", "check the path")
        )
    progress("reading the extract", 0, 1)
    gathered = _Gathered()
    try:
        _gather(source, keys, gathered)
    except (RuntimeError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(source, error) from error
    progress("reading the extract", 1, 1)
    return _extract(source, gathered)


def _gather(source: Path, keys: tuple[str, ...], gathered: _Gathered) -> None:
    take: dict[str, Callable[[Any], None]] = {
        "n": gathered.node,
        "w": gathered.way,
        "r": gathered.relation,
        "a": gathered.area,
    }
    pipeline = (
        osmium.FileProcessor(str(source))
        .with_areas(KeyFilter(*keys))
        .with_filter(EmptyTagFilter())
        .with_filter(KeyFilter(*keys))
    )
    for entity in pipeline:
        take[entity.type_str()](entity)


def _unreadable(source: Path, error: Exception) -> InputError:
    return InputError(
        Fault(
            str(source),
            f"it cannot be read as OpenStreetMap data ({str(error).strip() or type(error).__name__})",
            "a whole .osm.pbf or .osm file",
            "download it again: it may be cut short, or be something else",
        )
    )


def _extract(source: Path, gathered: _Gathered) -> Extract:
    shapes = gathered.lines | gathered.shapes
    ids = sorted(shapes, key=order)
    geometries = shapely.from_wkb([shapes[osm_id] for osm_id in ids])
    features = tuple(
        Feature(osm_id, gathered.tags[osm_id], geometry) for osm_id, geometry in zip(ids, geometries, strict=True)
    )
    bare = sorted(gathered.tags.keys() - shapes.keys(), key=order)
    sites = tuple(
        Site(osm_id, gathered.tags[osm_id], gathered.members[osm_id])
        for osm_id in bare
        if shapes.keys() & gathered.members.get(osm_id, ())
    )
    placed = {site.osm_id for site in sites}
    broken = tuple(
        Broken(osm_id, gathered.tags[osm_id])
        for osm_id in bare
        if osm_id not in placed and gathered.tags[osm_id].get("type") != "multilinestring"
    )
    return Extract(source, features, broken, sites)


def order(osm_id: str) -> tuple[int, int]:
    """Return the place of an id in the order of OpenStreetMap files: nodes, ways, relations, each by number."""
    return _RANK[osm_id[0]], int(osm_id[1:])


def points(features: list[Feature]) -> gpd.GeoSeries:
    """Return a point for each feature: itself, or a point inside its area."""
    ids = [feature.osm_id for feature in features]
    geometries = gpd.GeoSeries([feature.geometry for feature in features], index=ids, crs=LONLAT)
    return gpd.GeoSeries(shapely.point_on_surface(geometries.to_numpy()), index=ids, crs=LONLAT)


def counted(words: list[str]) -> str:
    """Return words with their counts, by word.

    Examples
    --------
    >>> counted(["8", "2", "8"])
    '2 (1), 8 (2)'
    """
    return ", ".join(f"{word} ({count})" for word, count in sorted(Counter(words).items()))
