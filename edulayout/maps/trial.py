"""What a page needs to try out another choice of schools: all costs to the last bit, in about a byte each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from edulayout import crs
from edulayout.errors import Fault, InputError
from edulayout.maps.bundle import Column
from edulayout.stages import KINDS, STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.typing import AnyArray, BoolArray, IntArray

MOST_PAIRS = 6_000_000
"""About eight megabytes of page, and a tenth of a second per change."""
_FINE = 2.0**14
"""Parts of a metre: from 512 m on a float32 is a whole number of them."""
_PLAIN_TO = 512.0
_FARTHEST = 2.0**31 / _FINE - 1
_ABSENT = -1


@dataclass(frozen=True, eq=False)
class Trial:
    """What a reader of the page may change: open a candidate, close a school, set a radius.

    Parameters
    ----------
    costs
        Costs from all demand to all schools and candidates, with the ids of both in its columns.
    new_seats
        Seats of a new school by kind and stage, such as `{"primary": {"primary": 1080.0}}`; a kind that is missing
        opens with seats unknown.

    Examples
    --------
    >>> import edulayout as el
    >>> costs = el.TravelCosts.from_dense([[400.0]], demand_ids=["a"], school_ids=["s"], unit="metres")
    >>> Trial(costs, new_seats={"primary": {"primary": 540.0}}).new_seats["primary"]
    {'primary': 540.0}
    """

    costs: TravelCosts
    new_seats: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def trial(
    asked: Trial, *, demand: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame | None
) -> dict[str, Any]:
    """Describe costs, sites, districts and exact pupils; see `packed` for the costs.

    Returns
    -------
    dict
        `sites` in order of their id, which settles ties: id, position among the candidates (-1: none), allowed kinds,
        district; `seats` known of the schools, exactly; `groups`, the districts, and `group`, that of each place;
        `pupils` by stage as float64; `costs`.

    Raises
    ------
    InputError
        Where the costs lack a place, a school or a candidate, are not metres, or are more than `MOST_PAIRS`.
    """
    costs = asked.costs
    _check(costs, demand, schools, candidates)
    sites = sorted(costs.school_ids)
    group = _districts(demand)
    names = sorted(set(group) | set(_districts(schools)) | set(_districts(candidates)))
    number = {name: position for position, name in enumerate(names)}
    first = schools.drop_duplicates("school_id").set_index("school_id")
    return {
        "sites": _sites(sites, first, candidates, number),
        "seats": _seats(schools),
        "new_seats": {kind: dict(seats) for kind, seats in asked.new_seats.items()},
        "serving": {stage: [name for name, kind in KINDS.items() if stage in kind.stages] for stage in STAGES},
        "groups": names,
        "group": Column(np.array([number[name] for name in group], dtype=np.int64)),
        "pupils": {
            stage: Column(demand[f"pupils_{stage}"].to_numpy(np.float64), "d")
            for stage in STAGES
            if f"pupils_{stage}" in demand
        },
        "costs": packed(costs.select_schools(sites), _spots(demand, schools, candidates, sites)),
    }


def _check(
    costs: TravelCosts, demand: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame | None
) -> None:
    faults = []
    wanted = set(schools["school_id"].astype(str)) | set(() if candidates is None else candidates.index.astype(str))
    if missing := sorted(wanted - set(costs.school_ids)):
        faults.append(Fault("the costs of the trial", "no costs to some sites", "costs to every school and candidate",
                            "compute them for all", tuple(missing)))  # fmt: skip
    if not costs.demand_ids.equals(demand.index.astype(str)):
        faults.append(Fault("the costs of the trial", "other rows than the demand has",
                            "the same demand_id in the same order", "compute the costs for this demand"))  # fmt: skip
    if costs.unit != "metres":
        faults.append(Fault("the costs of the trial", costs.unit, "metres", "measure along streets or straight"))
    if costs.shape[0] * costs.shape[1] > MOST_PAIRS:
        faults.append(Fault("the costs of the trial", f"{costs.shape[0]:,} × {costs.shape[1]:,} pairs",
                            f"at most {MOST_PAIRS:,}, so that a page still opens quickly",
                            "make the map without a trial, or one for each district"))  # fmt: skip
    if faults:
        raise InputError(*faults)


def _districts(table: pd.DataFrame | None) -> list[str]:
    if table is None:
        return []
    if "district_id" not in table:
        return ["outside"] * len(table)
    return [name if isinstance(name, str) and name else "outside" for name in table["district_id"]]


def _sites(
    sites: list[str], schools: pd.DataFrame, candidates: gpd.GeoDataFrame | None, number: Mapping[str, int]
) -> list[dict[str, Any]]:
    places = {} if candidates is None else {str(key): place for place, key in enumerate(candidates.index)}
    kinds = (
        [] if candidates is None else [text.split(";") if isinstance(text, str) else [] for text in candidates["kinds"]]
    )
    where = dict(zip(schools.index.astype(str), _districts(schools), strict=True))
    if candidates is not None:
        where |= dict(zip(candidates.index.astype(str), _districts(candidates), strict=True))
    return [
        {
            "id": name,
            "candidate": places.get(name, -1),
            "kinds": [kind for kind in kinds[places[name]] if kind in KINDS] if name in places else [],
            "group": number[where[name]] if name in where else -1,
        }
        for name in sites
    ]


def _seats(schools: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """Return known seats by layout, school and stage, unrounded; what is not stated is missing."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    columns = {stage: schools[f"seats_{stage}"].astype(float) for stage in STAGES if f"seats_{stage}" in schools}
    for row, (layout, school) in enumerate(zip(schools["layout"], schools["school_id"], strict=True)):
        known = {stage: float(seats.iloc[row]) for stage, seats in columns.items() if np.isfinite(seats.iloc[row])}
        found.setdefault(str(layout), {})[str(school)] = known
    return found


def _spots(
    demand: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame | None, sites: list[str]
) -> tuple[IntArray, IntArray]:
    """Return the order of rows and columns in which neighbours follow each other."""
    first = schools.drop_duplicates("school_id").set_index("school_id")
    parts = [first] if candidates is None else [first, candidates[~candidates.index.isin(first.index)]]
    spots: dict[str, shapely.Geometry] = {}
    for part in parts:
        own = crs.to_crs(part, demand.crs, source="sites").geometry.array
        spots |= dict(zip(part.index.astype(str), shapely.point_on_surface(own), strict=True))
    middle = next(iter(spots.values()))
    columns = gpd.GeoSeries([spots.get(name, middle) for name in sites], crs=demand.crs)
    return _along_curve(demand.geometry), _along_curve(columns)


def _along_curve(places: gpd.GeoSeries) -> IntArray:
    inside = gpd.GeoSeries(shapely.point_on_surface(places.array))
    order: IntArray = np.argsort(inside.hilbert_distance().to_numpy(), kind="stable")
    return order


def packed(costs: TravelCosts, order: tuple[IntArray, IntArray]) -> dict[str, Any]:
    """Pack costs without loss.

    Neighbours walk nearly the same way, so each cost is written as what is left after its neighbours in both
    directions: cost − above − left + above left, in 2⁻¹⁴ m and modulo 2³². Above 512 m that is exact; up to there, and
    beyond 131 km, the float32 itself stands in `plain`.

    Returns
    -------
    dict
        `rows`, `columns`: the order in which the matrix is written; `left`, shape (rows × columns,); `plain`.

    Examples
    --------
    >>> import edulayout as el
    >>> costs = el.TravelCosts.from_dense([[600.0, 700.0], [650.0, 750.0]], demand_ids=["a", "b"],
    ...                                   school_ids=["s", "t"], unit="metres")
    >>> (packed(costs, (np.arange(2), np.arange(2)))["left"].values / 2**14).tolist()
    [600.0, 100.0, 50.0, 0.0]
    """
    rows, columns = order
    dense = np.full(costs.shape, np.inf, dtype=np.float32)
    dense[costs.row_numbers(), costs.indices] = costs.values
    dense = dense[np.ix_(rows, columns)]
    whole = np.where(np.isfinite(dense), np.rint(np.minimum(dense, _FARTHEST).astype(np.float64) * _FINE), _ABSENT)
    rows_apart = np.diff(whole.astype(np.int64), axis=0, prepend=0)
    steps: AnyArray = np.diff(rows_apart, axis=1, prepend=0)
    left = (steps & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return {
        "rows": Column(rows, steps=True),
        "columns": Column(columns, steps=True),
        "left": Column(left.ravel()),
        "plain": Column(dense[_needs_plain(dense)], "f"),
    }


def _needs_plain(dense: AnyArray) -> BoolArray:
    plain: BoolArray = np.isfinite(dense) & ((dense <= _PLAIN_TO) | (dense >= _FARTHEST))
    return plain
