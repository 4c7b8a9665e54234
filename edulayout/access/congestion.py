"""The rational agent access model: pupils trade distance against crowding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.access.pairs import by_demand, ends, rows_of
from edulayout.errors import Fault, InputError
from edulayout.kernels.congestion import settled, shifted

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.typing import FloatArray, Int32Array, IntArray

_SWEEPS = 2000
_TOLERANCE = 1e-4


class _Market(NamedTuple):
    indptr: IntArray
    indices: Int32Array
    travel: FloatArray
    pupils: FloatArray
    room: FloatArray


def raam(
    costs: TravelCosts,
    pupils: pd.Series[float],
    seats: pd.Series[float],
    *,
    tau: float,
    tolerance: float = _TOLERANCE,
) -> pd.Series[float]:
    """Compute the cost of travel and crowding when every pupil chooses the school that costs him least.

    A school costs c_ij / τ + (load_j / seats_j) / (all pupils / all seats): a cost of τ is as bad as a school twice as
    full as the average. At the equilibrium nobody gains by moving; loads, and so costs, are unique.

    Parameters
    ----------
    costs, pupils, seats
        As in `two_step_fca`; a school without seats takes nobody.
    tau
        Travel, in the unit of the costs, that weighs as much as average crowding; > 0.
    tolerance
        Stop when all that could be gained by moving, each alone, is at most this share of all that is paid. At 1e-4 the
        costs of 100,000 places were within 0.2 % of the equilibrium on average, within 2 % at most.

    Returns
    -------
    pandas.Series
        Cost of the best school, without unit, by `demand_id`: lower is better; infinity where no school with seats is
        in reach. Complexity O(pairs) for each of some ten sweeps.

    Raises
    ------
    InputError
        Where pupils or seats do not fit the costs, nobody or no seat is there, or the tolerance is not reached.

    Notes
    -----
    Saxon and Snow (2020), doi:10.1080/24694452.2019.1629870. Their own iteration, which moves all places at once
    and stops after 150 cycles, is `raam_cycles`; with thousands of places to a school it does not settle.

    Examples
    --------
    Forty pupils for forty seats. Place b goes to t: 0.3 + 20 / 20 there, against 0.4 + 20 / 20 at s:

    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 20, "t": 20})
    >>> raam(costs, pupils, seats, tau=1000).round(9).tolist()
    [1.1, 1.3, 1.2]
    """
    market = _market(costs, pupils, seats, {"tau": tau, "tolerance": tolerance})
    paid, _, gap = settled(*market, tolerance, _SWEEPS)
    if gap > tolerance:
        raise InputError(
            Fault("tolerance", f"a gap of {gap:.1e} after {_SWEEPS} sweeps", f"{tolerance:g}", "raise the tolerance")
        )
    return by_demand(paid, costs, "raam")


def raam_cycles(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, tau: float, cycles: int = 150
) -> pd.Series[float]:
    """Run the rational agent model as its authors do: so many cycles, whole pupils, all places moving at once.

    For comparing with published numbers; `raam` is the equilibrium that this approaches.

    Parameters
    ----------
    costs, pupils, seats, tau
        As in `raam`; pupils are whole numbers.
    cycles
        How often pupils move.

    Returns
    -------
    pandas.Series
        Mean cost by `demand_id`, without unit; infinity where there are no pupils or no school is in reach.
        Complexity O(cycles · pairs).

    Raises
    ------
    InputError
        Where pupils or seats do not fit the costs, or pupils are not whole.

    Notes
    -----
    The iteration of PySAL `access` 1.1.10, by Saxon and Snow (2020), doi:10.1080/24694452.2019.1629870.

    Examples
    --------
    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 20, "t": 20})
    >>> raam_cycles(costs, pupils, seats, tau=1000).round(9).tolist()
    [1.1, 1.3, 1.2]
    """
    market = _market(costs, pupils, seats, {"tau": tau, "cycles": cycles})
    if (broken := market.pupils != np.rint(market.pupils)).any():
        raise InputError(
            Fault(
                "pupils", "parts of pupils", "whole pupils", "round them, or use raam", tuple(costs.demand_ids[broken])
            )
        )
    return by_demand(shifted(*market, cycles), costs, "raam_cycles")


def _market(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], positive: dict[str, float]
) -> _Market:
    """Return the pairs to schools with seats, travel in units of τ, and room: the pupils of an evenly filled school."""
    crowd, capacity = ends(costs, pupils, seats, faults := [])
    faults += [
        Fault(name, f"{value}", "a finite number > 0", "correct it")
        for name, value in positive.items()
        if not 0 < value < np.inf
    ]
    if not faults and (crowd.sum() == 0 or capacity.sum() == 0):
        faults.append(Fault("pupils and seats", "none at all", "some of both", "check the stage"))
    if faults:
        raise InputError(*faults)
    kept = capacity[costs.indices] > 0
    indptr = np.zeros(len(costs.indptr), dtype=np.int64)
    np.cumsum(np.bincount(rows_of(costs)[kept], minlength=len(crowd)), out=indptr[1:])
    travel = costs.values[kept].astype(np.float64) / positive["tau"]
    return _Market(indptr, costs.indices[kept], travel, crowd, capacity * (crowd.sum() / capacity.sum()))
