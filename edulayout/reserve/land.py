"""The land around each school that could serve its growth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from edulayout.crs import require_metres, require_same
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.typing import AnyArray

VERDICTS = ("enough", "partly", "none", "not needed")
_COLUMNS = ("verdict", "needed_m2", "free_m2", "short_m2", "ring_metres", "ring_m2")
_TOUCH_METRES = 0.1
_STEP_METRES = 1.0
_NOTHING = shapely.Polygon()


class _Piece(NamedTuple):
    width: float
    land: shapely.Geometry
    area: float


class _Least(NamedTuple):
    area: float
    width: float


def growth_land(
    sites: gpd.GeoDataFrame, needed: pd.Series, *, taken: Mapping[str, gpd.GeoDataFrame], reach_metres: float = 200.0,
    street_metres: float = 8.0, least_square_metres: float = 200.0, least_width_metres: float = 0.0,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return for each school the free land that touches its site, as far out as its need asks for.

    The ring around the site is widened until the free land in it, connected to the site, has the area that is needed,
    or the ring reaches `reach_metres`. Free is what no layer of `taken` and no other site covers.

    Parameters
    ----------
    sites
        Polygons by `school_id`, in metres; a school known by a point only cannot be told, and is refused.
    needed
        By `school_id`, square metres: seats to come × site area per pupil. Missing is not known, 0 is none.
    taken
        By name (`roads`, `water`, `built_up`, `committed`): polygons, or lines, which get `street_metres` to each side.
    reach_metres
        How far from the site land can still serve it.
    street_metres
        Half the width of a line.
    least_square_metres
        A smaller piece serves nothing and is left out.
    least_width_metres
        So is what is narrower than this, such as the verge between a site and its street.

    Returns
    -------
    geopandas.GeoDataFrame
        By `school_id`: `verdict` (`enough`, `partly`, `none`, `not needed`), `needed_m2`, `free_m2` (more than is
        needed by what the last metre of the ring adds), `short_m2`, `ring_metres` (how wide the ring is), `ring_m2`,
        `taken_<name>_m2` (of the ring, by each layer; layers may overlap), and the land itself; an empty shape where
        there is none.

    Raises
    ------
    InputError
        Where a site is no polygon, a need is negative or unknown, or the index differs.
    CrsError
        Where a layer is not in metres, or two differ.

    Notes
    -----
    The connected free area grows with the ring, so that its width is found by bisection, to a metre: complexity
    O(schools × log(reach) × shapes near by).

    Examples
    --------
    A site of 100 m × 100 m needs 3,000 m²; a street runs along its east side, the rest is free.

    >>> import pandas as pd
    >>> from shapely import LineString, box
    >>> site = gpd.GeoDataFrame(geometry=[box(0, 0, 100, 100)], index=["a"], crs="EPSG:4544")
    >>> street = gpd.GeoDataFrame(geometry=[LineString([(110, -500), (110, 500)])], crs="EPSG:4544")
    >>> found = growth_land(site, pd.Series({"a": 3000.0}), taken={"roads": street})
    >>> found.loc["a", "verdict"], float(found.loc["a", "ring_metres"]), bool(found.loc["a", "free_m2"] >= 3000)
    ('enough', 9.0, True)
    """
    _check(sites, needed, taken)
    growing = np.asarray(sites.geometry)[(needed.loc[sites.index] > 0).to_numpy(dtype=bool)]
    covers = {name: _solid(layer, street_metres, growing, reach_metres) for name, layer in taken.items()}
    others = {name: shapely.STRtree(shapes) for name, shapes in {**covers, "": np.asarray(sites.geometry)}.items()}
    rows, lands = [], []
    for number, (school, site) in enumerate(zip(sites.index, np.asarray(sites.geometry), strict=True)):
        wanted = float(needed.loc[school])
        ring = shapely.buffer(site, reach_metres).difference(site)
        trees = others if wanted > 0 else {}
        near = {name: _near(tree, ring, number if name == "" else -1) for name, tree in trees.items()}
        found = _widened(site, near, wanted, reach_metres, _Least(least_square_metres, least_width_metres))
        rows.append(_row(site, found, {name: near.get(name, _NOTHING) for name in others}, wanted))
        lands.append(found.land)
    columns = [*_COLUMNS, *(f"taken_{name or 'other_sites'}_m2" for name in others)]
    table = pd.DataFrame(rows, columns=columns, index=sites.index)
    return gpd.GeoDataFrame(table, geometry=lands, crs=sites.crs).rename_axis("school_id")


def _check(sites: gpd.GeoDataFrame, needed: pd.Series, taken: Mapping[str, gpd.GeoDataFrame]) -> None:
    require_metres(sites, source="sites")
    for name, layer in taken.items():
        require_same(sites, layer, source=name)
    faults = []
    points = sites.index[~sites.geom_type.isin(["Polygon", "MultiPolygon"])]
    if len(points):
        faults.append(Fault("sites", "schools without the polygon of their site", "polygons",
                            "draw the sites, or leave these schools out", rows=tuple(map(str, points))))  # fmt: skip
    numbers = needed.reindex(sites.index)
    wrong = numbers.index[~(numbers >= 0).to_numpy(dtype=bool) | np.isinf(numbers.to_numpy(dtype=float))]
    if len(wrong):
        faults.append(Fault("needed", "no need, or a negative one", "square metres ≥ 0 for every site",
                            "compute seats to come × site area per pupil", rows=tuple(map(str, wrong))))  # fmt: skip
    if faults:
        raise InputError(*faults)


def _solid(layer: gpd.GeoDataFrame, street_metres: float, growing: AnyArray, reach: float) -> AnyArray:
    """Return what lies in reach of the sites that grow: polygons as they are, lines and points with their width."""
    shapes = np.asarray(layer.geometry)
    _, near = shapely.STRtree(shapes).query(growing, predicate="dwithin", distance=reach + street_metres)
    shapes = shapes[np.unique(near)]
    flat = shapely.get_dimensions(shapes) < 2  # noqa: PLR2004 - lines and points
    solid: AnyArray = np.where(flat, shapely.buffer(shapes, street_metres, cap_style="flat"), shapes)
    return solid


def _near(tree: shapely.STRtree, ring: shapely.Geometry, own: int) -> shapely.Geometry:
    at = np.sort(tree.query(ring))
    return shapely.union_all(np.asarray(tree.geometries)[at[at != own]])


def _widened(
    site: shapely.Geometry, near: Mapping[str, shapely.Geometry], wanted: float, reach: float, least: _Least
) -> _Piece:
    if wanted == 0:
        return _Piece(0.0, shapely.Polygon(), 0.0)
    barred = shapely.union_all(np.array(list(near.values()), dtype=object))
    steps = int(np.ceil(reach / _STEP_METRES))
    widest = _free(site, barred, reach, least)
    if widest.area < wanted:
        return widest
    low, high, found = 0, steps, widest
    while high - low > 1:
        middle = (low + high) // 2
        tried = _free(site, barred, middle * _STEP_METRES, least)
        if tried.area >= wanted:
            high, found = middle, tried
        else:
            low = middle
    return found


def _free(site: shapely.Geometry, barred: shapely.Geometry, width: float, least: _Least) -> _Piece:
    """Return the free land in a ring: the pieces that share more than a corner with the site."""
    ring = shapely.buffer(site, width, join_style="mitre").difference(site)
    pieces = shapely.get_parts(_opened(ring.difference(barred), least.width))
    rim = shapely.buffer(site, _TOUCH_METRES)
    touching = shapely.length(shapely.intersection(shapely.boundary(pieces), rim)) > 1.0
    kept = pieces[touching & (shapely.area(pieces) >= least.area)]
    land = shapely.union_all(kept) if len(kept) else shapely.Polygon()
    return _Piece(width, land, float(shapely.area(land)))


def _opened(land: shapely.Geometry, width: float) -> shapely.Geometry:
    """Return land without what is narrower than a width (a morphological opening)."""
    if width == 0:
        return land
    inner = shapely.buffer(land, -width / 2, join_style="mitre")
    return shapely.intersection(shapely.buffer(inner, width / 2, join_style="mitre"), land)


def _row(
    site: shapely.Geometry, found: _Piece, near: Mapping[str, shapely.Geometry], wanted: float
) -> dict[str, object]:
    ring = shapely.buffer(site, found.width, join_style="mitre").difference(site)
    taken = {f"taken_{name or 'other_sites'}_m2": _area(ring, shape) for name, shape in near.items()}
    short = max(0.0, wanted - found.area)
    verdict = "not needed" if wanted == 0 else "enough" if short == 0 else "partly" if found.area > 0 else "none"
    return {
        "verdict": verdict, "needed_m2": wanted, "free_m2": found.area, "short_m2": short, "ring_metres": found.width,
        "ring_m2": float(shapely.area(ring)), **taken,
    }  # fmt: skip


def _area(ring: shapely.Geometry, shape: shapely.Geometry) -> float:
    return float(shapely.area(shapely.intersection(ring, shape)))
