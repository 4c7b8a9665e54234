"""Idle buildings (闲置房产, 空闲校舍) rated for conversion to schools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts


def rate_idle(
    buildings: pd.DataFrame, costs: TravelCosts, unmet: pd.Series, *, radius: float, square_metres_per_class: float,
    class_size: int, least_classes: int = 1, highest_floor: int | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rate idle buildings by the pupils without a seat whom they could take.

    Parameters
    ----------
    buildings
        By id (as the schools of `costs`): `floor_area_m2`; `floor` (the highest one to be used), where known.
    costs
        From the demand to the buildings.
    unmet
        By `demand_id`, pupils of the stage who have no seat or no school near.
    radius
        How far pupils of the stage go, in the unit of the costs.
    square_metres_per_class, class_size, least_classes
        By standard: floor area that a class needs, its pupils, and the fewest classes of a school.
    highest_floor
        By standard, the highest floor that the stage may use; None where none is stated.

    Returns
    -------
    pandas.DataFrame
        The best first: `classes`, `seats`, `unmet_near` (pupils within the radius), `pupils_served` (the lesser of
        both), `nearest` (distance to the nearest unmet pupil), `mean_distance` (of those near), `verdict` (`suitable`,
        `too small`, `too high`, `nobody near`, `cannot tell: …`). Ranked by pupils served, then mean distance, then id:
        no weights that anybody would have to believe.

    Raises
    ------
    InputError
        Where a column is missing, or the demand of `unmet` is not that of the costs.

    Examples
    --------
    >>> import edulayout as el
    >>> costs = el.TravelCosts.from_dense([[100.0, 900.0], [200.0, 50.0]], demand_ids=["a", "b"], school_ids=["x", "y"],
    ...                                   unit="metres")
    >>> buildings = pd.DataFrame({"floor_area_m2": [1000.0, 90.0]}, index=["x", "y"])
    >>> rated = rate_idle(buildings, costs, pd.Series({"a": 30.0, "b": 50.0}), radius=300, square_metres_per_class=100,
    ...                   class_size=30, least_classes=3)
    >>> rated[["classes", "seats", "unmet_near", "pupils_served", "verdict"]].values.tolist()
    [[10, 300, 80.0, 80.0, 'suitable'], [0, 0, 50.0, 0.0, 'too small']]
    """
    _check(buildings, costs, unmet)
    reached = costs.select_schools(list(buildings.index))
    near = _near(reached, unmet.loc[reached.demand_ids].to_numpy(dtype=np.float64), radius)
    own = buildings.loc[reached.school_ids]
    area = own["floor_area_m2"].to_numpy(dtype=np.float64)
    classes = np.floor(np.nan_to_num(area) / square_metres_per_class).astype(np.int64)
    table = near.assign(classes=classes, seats=classes * class_size, floor_area_m2=area)
    table["pupils_served"] = np.where(classes >= least_classes, np.minimum(table["seats"], table["unmet_near"]), 0.0)
    floor = own["floor"].to_numpy(dtype=np.float64) if "floor" in own else np.full(len(own), np.nan)
    table["verdict"] = [
        _verdict(*row, least_classes=least_classes, highest_floor=highest_floor)
        for row in zip(area, classes, floor, table["unmet_near"], strict=True)
    ]
    table.loc[table["verdict"] != "suitable", "pupils_served"] = 0.0
    ranked = table.rename_axis("building_id").reset_index()
    ranked = ranked.sort_values(["pupils_served", "mean_distance", "building_id"], ascending=[False, True, True])
    columns = [
        "verdict",
        "classes",
        "seats",
        "unmet_near",
        "pupils_served",
        "nearest",
        "mean_distance",
        "floor_area_m2",
    ]
    return ranked.set_index("building_id")[columns]


def _check(buildings: pd.DataFrame, costs: TravelCosts, unmet: pd.Series) -> None:
    faults = []
    if "floor_area_m2" not in buildings:
        faults.append(
            Fault("buildings", "no column floor_area_m2", "the floor area of each", "add it; empty where unknown")
        )
    lost = [str(name) for name in costs.demand_ids if name not in unmet.index]
    if lost:
        faults.append(Fault("unmet", "demand without a number of unmet pupils", "every demand_id of the costs",
                            "fill in 0 where nobody waits", rows=tuple(lost)))  # fmt: skip
    strange = [str(name) for name in buildings.index if name not in costs.school_ids]
    if strange:
        faults.append(Fault("buildings", "buildings that the costs do not know", "a column of the costs for each",
                            "measure the costs to them too", rows=tuple(strange)))  # fmt: skip
    if faults:
        raise InputError(*faults)


def _near(costs: TravelCosts, unmet: np.ndarray, radius: float) -> pd.DataFrame:
    rows, columns, values = costs.row_numbers(), costs.indices.astype(np.int64), costs.values.astype(np.float64)
    waiting, schools = unmet[rows] > 0, len(costs.school_ids)
    within = waiting & (values <= radius)
    pupils = group_totals(unmet[rows[within]], columns[within], schools)
    walked = group_totals(unmet[rows[within]] * values[within], columns[within], schools)
    nearest = np.full(schools, np.inf)
    np.minimum.at(nearest, columns[waiting], values[waiting])
    mean = np.divide(walked, pupils, out=np.full(schools, np.nan), where=pupils > 0)
    return pd.DataFrame(
        {"unmet_near": pupils, "nearest": np.where(np.isinf(nearest), np.nan, nearest), "mean_distance": mean},
        index=costs.school_ids,
    )


def _verdict(
    area: float, classes: int, floor: float, near: float, *, least_classes: int, highest_floor: int | None
) -> str:
    if np.isnan(area):
        return "cannot tell: floor area"
    if classes < least_classes:
        return "too small"
    if highest_floor is not None and np.isnan(floor):
        return "cannot tell: floor"
    if highest_floor is not None and floor > highest_floor:
        return "too high"
    return "suitable" if near > 0 else "nobody near"
