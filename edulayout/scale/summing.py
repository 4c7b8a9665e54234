"""From the merged sums of all tiles to tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edulayout import seats
from edulayout.scale.measures import Access, Coverage, Equity, Nearest, SeatBalance
from edulayout.scale.measuring import STEPS, VALUE_SHIFT
from edulayout.scale.sums import ALL, UNIT, binned, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.scale.measures import Measure
    from edulayout.scale.planning import Plan
    from edulayout.scale.sums import Account
    from edulayout.typing import FloatArray

_QUANTILES = {"median": 0.5, "p95": 0.95}
_POOREST, _RICHEST = 0.4, 0.9
_TOLERANCE = 1 - 1e-12
VALUE_BOUND = 2.0**-10
"""Relative width of the bins of a value."""


def tables(plan: Plan, measures: Sequence[Measure], accounts: Mapping[str, Account]) -> dict[str, pd.DataFrame]:
    """Return a table for every measure that sums up, by its column."""
    made = {}
    for one in measures:
        account = accounts.get(one.column, {})
        if isinstance(one, Coverage):
            made[f"coverage_{one.stage}_{one.radius:g}"] = _coverage(plan, one, account)
        elif isinstance(one, SeatBalance):
            made[one.column] = _seats(plan, one, account)
        elif isinstance(one, Access | Equity):
            row = _equity(one, account[ALL]) if isinstance(one, Equity) else _access(account[ALL])
            made[one.column] = pd.DataFrame([row], index=pd.Index([ALL], name="group"))
        else:
            assert isinstance(one, Nearest), "no other measure is without sums"
    return made


def _names(account: Account) -> list[str]:
    return [*sorted(name for name in account if name != ALL), ALL]


def _coverage(plan: Plan, one: Coverage, account: Account) -> pd.DataFrame:
    rows = {name: _covered(plan.unit, one, account[name]) for name in _names(account)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(one.by or "group")


def _covered(unit: str, one: Coverage, sums: Mapping[str, int]) -> dict[str, float]:
    pupils, served = number(sums["pupils"]), number(sums["served"])
    row = {
        "pupils": pupils,
        "pupils_covered": number(sums["covered"]),
        "share_covered": number(sums["covered"]) / pupils if pupils else math.nan,
        f"mean_{unit}": number(sums["walked"]) / served if served else math.nan,
    }
    most = float(np.int32(sums["max"]).view(np.float32)) if "max" in sums else math.nan
    step = one.reach / STEPS
    for name, share in _QUANTILES.items():
        bins = _quantile(sums, "#b", share)
        row[f"{name}_{unit}"] = math.nan if bins is None else min(bins * step, most)
    row |= {f"max_{unit}": most, f"quantile_step_{unit}": step}
    return row | {"pupils_unreachable": pupils - served, f"radius_{unit}": float(one.radius)}


def _quantile(sums: Mapping[str, int], mark: str, share: float) -> int | None:
    """Return the first bin up to which at least a share of the weight lies."""
    bins, weights = binned(sums, mark)
    if not weights:
        return None
    running = np.cumsum(np.array(weights, dtype=object))
    at = next(place for place, found in enumerate(running) if found >= share * running[-1] * _TOLERANCE)
    return int(bins[at])


def _seats(plan: Plan, one: SeatBalance, account: Account) -> pd.DataFrame:
    """Return the balance of seats: the sums of the cells stand for the demand."""
    names = [ALL] if one.by is None else [name for name in _names(account) if name != ALL]
    demand = pd.DataFrame(
        {
            f"pupils_{one.stage}": [number(account[name]["pupils"]) for name in names],
            "population": [number(account[name]["residents"]) for name in names],
        },
        index=names,
    )
    if one.by is not None:
        demand[one.by] = ["" if name == "outside" else name for name in names]
    return seats.balance(demand, plan.schools, stage=one.stage, by=one.by)


def _access(sums: Mapping[str, int]) -> dict[str, float]:
    weight = number(sums["weight"])
    return {
        "pupils": weight,
        "pupils_reaching": number(sums["reached"]),
        "total": number(sums["total"]),
        "mean": number(sums["total"]) / weight if weight else math.nan,
    }


def _equity(one: Equity, sums: Mapping[str, int]) -> dict[str, float]:
    """Return the indices of one distribution; those that need an order lie between two numbers."""
    row = _access(sums)
    mean, weight, total = row["mean"], row["pupils"], row["total"]
    if not total > 0:
        return row
    low, high, palma = _ordered(sums)
    spread = number(sums["square"]) / weight - mean * mean
    row |= {
        "gini_at_least": low,
        "gini_at_most": high,
        "theil": max(0.0, number(sums["entropy"]) / total - math.log(mean)),
        "atkinson": max(0.0, 1.0 - (number(sums["power"]) / weight) ** (1.0 / (1.0 - one.epsilon)) / mean),
        "coefficient_of_variation": math.sqrt(max(0.0, spread)) / mean,
        "palma": palma,
    }
    for name, share in (("p10", 0.1), ("median", 0.5), ("p90", 0.9)):
        bins = _quantile(sums, "#w", share)
        row[name] = math.nan if bins is None else float(_edges(np.array([bins]))[0][0])
    return row | {"quantile_bound": VALUE_BOUND}


def _edges(bins: Any) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401 - int64 array
    low = (bins << VALUE_SHIFT).view(np.float64)
    return low, ((bins + 1) << VALUE_SHIFT).view(np.float64)


def _ordered(sums: Mapping[str, int]) -> tuple[float, float, float]:
    """Return the least and the largest Gini that the bins allow (Gastwirth 1972, doi:10.2307/1937992), and Palma."""
    bins, weights = binned(sums, "#w")
    held = dict(zip(*(part if isinstance(part, list) else part.tolist() for part in binned(sums, "#v")), strict=True))
    weight = np.array([value / UNIT for value in weights])
    value = np.array([held.get(int(key), 0) / UNIT for key in bins])
    share, owned = weight / weight.sum(), value / value.sum()
    curve = np.cumsum(owned)
    least = float(1.0 - (share * (2.0 * curve - owned)).sum())
    mean = np.divide(value, weight, out=np.zeros_like(value), where=weight > 0)
    below, above = _edges(bins)
    room = np.maximum(mean - below, 0.0) * np.maximum(above - mean, 0.0) / (above - below)
    most = least + float((share * share * room).sum() / (value.sum() / weight.sum()))
    ranks = np.concatenate([[0.0], np.cumsum(share)])
    poorest, richest = np.interp([_POOREST, _RICHEST], ranks, np.concatenate([[0.0], curve]))
    return least, most, float((1.0 - richest) / poorest) if poorest > 0 else math.inf
