"""Seats within reach, nobody competing for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.access.pairs import by_demand, ends, weighted
from edulayout.errors import Fault, InputError
from edulayout.kernels.access import kth_seat

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.decay import Decay
    from edulayout.typing import FloatArray


def cumulative(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Count the seats within reach: A_i = Σ_j w_ij S_j with weights of 0 and 1.

    Parameters
    ----------
    costs
        Costs to the schools of one stage.
    pupils
        Pupils by `demand_id`; checked, but nobody competes here.
    seats
        Seats by `school_id`, ≥ 0.
    decay
        `decay.Binary(cutoff)`; any other decay makes this `gravity`.

    Returns
    -------
    pandas.Series
        Seats by `demand_id`. Complexity O(pairs).

    Raises
    ------
    InputError
        Where pupils, seats or decay do not fit the costs; every fault is named at once.

    Notes
    -----
    The cumulative opportunities of Kwan (1998), doi:10.1111/j.1538-4632.1998.tb00396.x.

    Examples
    --------
    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 30, "t": 40})
    >>> cumulative(costs, pupils, seats, decay=el.decay.Binary(500)).tolist()
    [30.0, 70.0, 40.0]
    """
    pairs = weighted(costs, pupils, seats, decay)
    return by_demand(pairs.at_places(pairs.seats), costs, "cumulative")


def gravity(costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay) -> pd.Series[float]:
    """Compute the potential of a place: seats within reach, near ones counting more, A_i = Σ_j w_ij S_j.

    Parameters
    ----------
    costs, pupils, seats, decay
        As in `cumulative`, with a decay that falls.

    Returns
    -------
    pandas.Series
        Weighted seats by `demand_id`. Complexity O(pairs).

    Notes
    -----
    Hansen (1959), doi:10.1080/01944365908978307.

    Examples
    --------
    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 30, "t": 40})
    >>> gravity(costs, pupils, seats, decay=el.decay.Linear(1000)).round(9).tolist()
    [27.0, 46.0, 32.0]
    """
    return cumulative(costs, pupils, seats, decay=decay).rename("gravity")


def kth_nearest_seat(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, k: float | None = 1.0
) -> pd.Series[float]:
    """Find how far one must go for k seats: the least cost within which a place has that many.

    Parameters
    ----------
    costs, pupils, seats
        As in `cumulative`.
    k
        Seats wanted, > 0; None for as many as the place has pupils (0 where it has none).

    Returns
    -------
    pandas.Series
        Cost by `demand_id`; infinity where the costs hold too few seats. Complexity O(pairs).

    Raises
    ------
    InputError
        Where pupils or seats do not fit the costs, or k is not positive.

    Notes
    -----
    `cost_to_closest` of the R package `accessibility`.

    Examples
    --------
    Fifty seats are more than the 30 of s or the 40 of t, so only b, who reaches both, finds them:

    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 30, "t": 40})
    >>> kth_nearest_seat(costs, pupils, seats).tolist()
    [100.0, 300.0, 200.0]
    >>> kth_nearest_seat(costs, pupils, seats, k=50).tolist()
    [inf, 400.0, inf]
    """
    crowd, room = ends(costs, pupils, seats, faults := [])
    if k is not None and not k > 0:
        faults.append(Fault("k", f"{k}", "k > 0 seats", "ask for at least one seat"))
    if faults:
        raise InputError(*faults)
    wanted: FloatArray = crowd if k is None else np.full(len(crowd), float(k))
    least = kth_seat(costs.indptr, costs.indices, costs.values.astype(np.float64), room, wanted)
    return by_demand(np.where(wanted > 0, least, 0.0), costs, "kth_nearest_seat")
