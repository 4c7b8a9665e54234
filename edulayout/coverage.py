"""Catchment coverage: who lives within the service radius, and how far everybody walks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout import crs as crs_module
from edulayout.costs import places
from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals

if TYPE_CHECKING:
    import geopandas as gpd

    from edulayout.costs import TravelCosts
    from edulayout.typing import BoolArray, Engine, FloatArray, IntArray

ALL = "all"
"""The row of a summary that stands for all demand."""

OUTSIDE = "outside"
"""The row of a summary that stands for demand in no district."""


def covered(costs: TravelCosts, *, radius: float) -> pd.Series[bool]:
    """Tell which demand has a school within the radius.

    Parameters
    ----------
    costs
        Costs to the schools of one stage.
    radius
        Service radius in the unit of the costs; a school at exactly the radius counts.

    Returns
    -------
    pandas.Series
        True or False by `demand_id`. Complexity O(pairs log pairs).

    Examples
    --------
    >>> import edulayout as el
    >>> costs = el.TravelCosts.from_dense([[500.0], [500.1], [0.0]], demand_ids=["a", "b", "c"],
    ...                                   school_ids=["s"], unit="metres")
    >>> covered(costs, radius=500).tolist()
    [True, False, True]
    """
    _check_radius(costs, radius)
    least, _ = costs.nearest()
    return pd.Series(_within(least, radius), index=costs.demand_ids, name="covered")


def _check_radius(costs: TravelCosts, radius: float) -> None:
    if not 0 <= radius < np.inf:
        raise InputError(Fault("radius", f"{radius}", f"a number of {costs.unit} ≥ 0", "correct it"))
    if costs.cutoff is not None and radius > costs.cutoff:
        raise InputError(
            Fault("radius", f"{radius:g} {costs.unit}, but costs were only looked for up to {costs.cutoff:g}",
                  "a radius within the cutoff of the costs", "compute the costs with a larger cutoff")
        )  # fmt: skip


def _within(least: FloatArray, radius: float) -> BoolArray:
    # Costs are stored as float32: the radius is rounded the same way, so that "exactly at it" stays inside.
    within: BoolArray = least.astype(np.float32) <= np.float32(radius)
    return within


def summary(
    costs: TravelCosts,
    demand: pd.DataFrame,
    *,
    stage: str,
    radius: float,
    by: str | None = None,
) -> pd.DataFrame:
    """Summarise coverage and distance of one stage, weighted by pupils.

    Mean, median, 95th percentile and maximum are over the pupils that reach a school; those that reach none are
    counted in `pupils_unreachable` and are not covered. A quantile is the least distance within which at
    least that share of the pupils lives. Sums are in fixed point, so they do not depend on the order of rows.

    Parameters
    ----------
    costs
        Costs to the schools of the stage.
    demand
        Table indexed by `demand_id` with `pupils_<stage>` and, if asked for, the column `by`.
    stage
        Stage whose pupils count.
    radius
        Service radius in the unit of the costs.
    by
        Column to group by, such as `district_id`; a missing or empty value forms the row `outside`.

    Returns
    -------
    pandas.DataFrame
        One row per group in order of its name, and last the row `all`; columns `pupils, pupils_covered,
        share_covered, mean_<unit>, median_<unit>, p95_<unit>, max_<unit>, pupils_unreachable, radius_<unit>`.

    Raises
    ------
    InputError
        Where a column is missing, the rows of both arguments differ, pupils are negative or missing, or the radius
        exceeds the cutoff of the costs.

    Examples
    --------
    Two places with 30 and 10 pupils, 400 m and 800 m from school:

    >>> import edulayout as el, pandas as pd
    >>> costs = el.TravelCosts.from_dense([[400.0], [800.0]], demand_ids=["a", "b"], school_ids=["s"], unit="metres")
    >>> pupils = pd.DataFrame({"pupils_primary": [30.0, 10.0]}, index=["a", "b"])
    >>> summary(costs, pupils, stage="primary", radius=500).loc["all", ["share_covered", "mean_metres"]].tolist()
    [0.75, 500.0]
    """
    _check_radius(costs, radius)
    pupils = _pupils(costs, demand, stage, by)
    least, _ = costs.nearest()
    groups = pd.Series(ALL, index=costs.demand_ids) if by is None else _groups(demand.loc[costs.demand_ids, by])
    codes, names = pd.factorize(groups, sort=True)
    table = _table(least, pupils, codes.astype(np.int64), pd.Index(names), radius)
    if by is not None:
        table = pd.concat([table, _table(least, pupils, np.zeros(len(pupils), np.int64), pd.Index([ALL]), radius)])
    return table.rename(columns=lambda column: column.replace("<unit>", costs.unit)).rename_axis(by or "group")


def _pupils(costs: TravelCosts, demand: pd.DataFrame, stage: str, by: str | None) -> FloatArray:
    column = f"pupils_{stage}"
    missing = [name for name in (column, by) if name is not None and name not in demand.columns]
    if missing:
        raise InputError(
            Fault("demand", f"no column {' or '.join(missing)}", f"the columns {column} and {by or 'no other'}",
                  f"it has: {', '.join(map(str, demand.columns))}")
        )  # fmt: skip
    absent = costs.demand_ids.difference(demand.index)
    if len(absent) or len(demand) != len(costs.demand_ids):
        raise InputError(
            Fault("demand", f"{len(demand)} rows for costs of {len(costs.demand_ids)}", "the same demand_id in both",
                  "compute the costs for this demand table", rows=tuple(absent))
        )  # fmt: skip
    pupils = demand.loc[costs.demand_ids, column].to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(pupils) & (pupils >= 0))
    if wrong.any():
        raise InputError(
            Fault("demand", f"missing, negative or infinite {column}", "numbers ≥ 0", "correct them; nobody is 0",
                  rows=tuple(costs.demand_ids[wrong]))
        )  # fmt: skip
    return pupils


def _groups(column: pd.Series[str]) -> pd.Series[str]:
    text = column.astype(object).where(column.notna(), OUTSIDE).astype(str)
    return text.where(text != "", OUTSIDE)


def _table(least: FloatArray, pupils: FloatArray, codes: IntArray, names: pd.Index[str], radius: float) -> pd.DataFrame:
    count = len(names)
    reached = np.isfinite(least)
    total = group_totals(pupils, codes, count)
    inside = group_totals(pupils * _within(least, radius), codes, count)
    served = group_totals(pupils * reached, codes, count)
    walked = group_totals(np.where(reached, pupils * np.where(reached, least, 0.0), 0.0), codes, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        table = pd.DataFrame(
            {
                "pupils": total,
                "pupils_covered": inside,
                "share_covered": inside / total,
                "mean_<unit>": walked / served,
            },
            index=names,
        )
    quantiles = _quantiles(least, pupils, codes, count)
    for column, values in zip(("median_<unit>", "p95_<unit>", "max_<unit>"), quantiles, strict=True):
        table[column] = values
    return table.assign(pupils_unreachable=total - served, **{"radius_<unit>": float(radius)})


def _quantiles(least: FloatArray, pupils: FloatArray, codes: IntArray, count: int) -> FloatArray:
    """Return median, 95th percentile and maximum of each group, shape (3, count); NaN where nobody arrives."""
    result = np.full((3, count), np.nan)
    arrives = np.isfinite(least) & (pupils > 0)
    for group in range(count):
        members = np.flatnonzero(arrives & (codes == group))
        if len(members) == 0:
            continue
        members = members[np.argsort(least[members], kind="stable")]
        running = np.cumsum(pupils[members])
        at = np.searchsorted(running, np.array([0.5, 0.95]) * running[-1] * (1 - 1e-12))
        result[:2, group] = least[members[at]]
        result[2, group] = least[members[-1]]
    return result


def service_areas(schools: gpd.GeoDataFrame, *, engine: Engine, radius: float) -> gpd.GeoDataFrame:
    """Draw the area that each school serves.

    Parameters
    ----------
    schools
        Points or polygons indexed by `school_id`.
    engine
        `Straight()` draws circles; a `Streets` draws what the streets reach.
    radius
        Service radius in the unit of the engine.

    Returns
    -------
    geopandas.GeoDataFrame
        One polygon per school, with `radius_<unit>`.

    Examples
    --------
    >>> import geopandas as gpd, edulayout as el
    >>> from shapely import Point
    >>> school = gpd.GeoDataFrame(geometry=[Point(0, 0)], index=["s"], crs="EPSG:4544")
    >>> round(float(service_areas(school, engine=el.Straight(), radius=100).area.iloc[0]) / 100**2, 2)
    3.14
    """
    crs_module.require(schools, source="schools")
    areas = engine.areas(places(schools), radius=radius)
    frame = areas.rename("geometry").to_frame().set_geometry("geometry")
    frame.index = schools.index.rename("school_id")
    return frame.assign(**{f"radius_{engine.unit}": float(radius)})
