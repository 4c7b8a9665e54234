"""How many seats a pupil has in reach, all who want them competing: a floating catchment measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout import access as measure
from edulayout import decay
from edulayout.fixedpoint import total
from edulayout.study.chapters.chapter import Chapter

if TYPE_CHECKING:
    from collections.abc import Callable

    from edulayout.decay import Decay
    from edulayout.study.chapters.chapter import Evidence
    from edulayout.typing import FloatArray, IntArray

_MEASURES: dict[str, Callable[..., pd.Series[float]]] = {
    "e2sfca": measure.e2sfca,
    "two_step_fca": measure.two_step_fca,
    "three_step_fca": measure.three_step_fca,
    "modified": measure.modified,
}
_CONSERVING = ("e2sfca", "two_step_fca", "three_step_fca")
_CLOSE = 1e-6
COLUMNS = (
    "layout", "stage", "district_id", "measure", "decay", "catchment_metres", "pupils", "seats_per_pupil",
    "seats_per_pupil_p10", "seats_per_pupil_median", "seats_per_pupil_p90", "pupils_without", "share_without",
    "seats_reached",
)  # fmt: skip


def access(evidence: Evidence) -> Chapter:
    """Return `access.csv`, and each place's seats per pupil as columns of the demand.

    Where the seats of some school are not known, nothing is: the numbers of that layout and stage are missing.
    """
    values = {
        (layout.name, stage): _reached(evidence, layout.name, stage)
        for layout in evidence.layouts
        for stage in evidence.radii
    }
    tables = [_table(evidence, layout, stage, found) for (layout, stage), found in values.items()]
    columns = {f"access_{stage}_{layout}": found for (layout, stage), found in values.items()}
    return Chapter(
        tables={"access": pd.concat(tables, ignore_index=True).reindex(columns=list(COLUMNS))},
        columns={"demand": pd.DataFrame(columns, index=evidence.costs.demand_ids)},
    )


def catchment(evidence: Evidence, stage: str) -> float:
    """Return how far a pupil of a stage looks for seats: so many service radii."""
    return evidence.diagnosis.access.catchment_radii * evidence.radii[stage]


def decay_of(evidence: Evidence, stage: str) -> Decay:
    """Return the decay of the measure: all or nothing for the two-step method, a bell that ends for the others."""
    far = catchment(evidence, stage)
    if evidence.diagnosis.access.measure == "two_step_fca":
        return decay.Binary(far, unit="metres")
    return decay.GaussianWithin(far, unit="metres")


def _reached(evidence: Evidence, layout: str, stage: str) -> pd.Series[float]:
    """Return seats per pupil by place: 0 where no school is in reach, missing where seats are not known."""
    seats = evidence.schools(layout, stage)[f"seats_{stage}"]
    index = evidence.costs.demand_ids
    if seats.isna().any() or seats.empty:
        return pd.Series(np.nan if seats.isna().any() else 0.0, index=index)
    costs, pupils = evidence.walks[layout, stage], evidence.pupils(stage)
    chosen = evidence.diagnosis.access.measure
    found = _MEASURES[chosen](costs, pupils, seats, decay=decay_of(evidence, stage))
    if chosen in _CONSERVING:
        _require_conserved(found, evidence, layout, stage)
    return found


def _require_conserved(found: pd.Series[float], evidence: Evidence, layout: str, stage: str) -> None:
    """Assert that the seats handed out are those of the schools that somebody reaches."""
    costs, seats = evidence.walks[layout, stage], evidence.schools(layout, stage)[f"seats_{stage}"]
    pupils = evidence.crowd(stage)
    near = costs.indices[(decay_of(evidence, stage)(costs.values) > 0) & (pupils[costs.row_numbers()] > 0)]
    reached = total(np.asarray(seats, dtype=np.float64)[np.unique(near)])
    handed = total(np.asarray(found, dtype=np.float64) * pupils)
    assert abs(handed - reached) <= _CLOSE * max(reached, 1.0), f"seats are conserved: {layout}, {stage}"


def _table(evidence: Evidence, layout: str, stage: str, found: pd.Series[float]) -> pd.DataFrame:
    pupils, values = evidence.crowd(stage), np.asarray(found, dtype=np.float64)
    rows = [
        {"district_id": name, **_described(values[members], pupils[members])} for name, members in evidence.groups()
    ]
    return pd.DataFrame(rows).assign(
        layout=layout,
        stage=stage,
        measure=evidence.diagnosis.access.measure,
        decay=str(decay_of(evidence, stage)),
        catchment_metres=catchment(evidence, stage),
    )


def _described(values: FloatArray, pupils: FloatArray) -> dict[str, float]:
    """Return mean, quantiles and the pupils without any seat in reach; all missing where the values are."""
    crowd = total(pupils)
    if np.isnan(values).any():
        return {"pupils": crowd}
    reached, without = total(values * pupils), total(pupils[values == 0])
    least, middle, most = quantiles(values, pupils, (0.1, 0.5, 0.9))
    return {
        "pupils": crowd,
        "seats_per_pupil": reached / crowd if crowd else np.nan,
        "seats_per_pupil_p10": least,
        "seats_per_pupil_median": middle,
        "seats_per_pupil_p90": most,
        "pupils_without": without,
        "share_without": without / crowd if crowd else np.nan,
        "seats_reached": reached,
    }


def quantiles(values: FloatArray, weights: FloatArray, shares: tuple[float, ...]) -> tuple[float, ...]:
    """Return the least values that at least these shares of the weight do not exceed; missing without weight.

    Examples
    --------
    Ten pupils have 1 seat each in reach, thirty have 2:

    >>> import numpy as np
    >>> quantiles(np.array([2.0, 1.0]), np.array([30.0, 10.0]), (0.25, 0.5))
    (1.0, 2.0)
    """
    order: IntArray = np.argsort(values, kind="stable")
    running = np.cumsum(weights[order])
    if not len(running) or running[-1] == 0:
        return (np.nan,) * len(shares)
    at = np.searchsorted(running, np.array(shares) * running[-1] * (1 - 1e-12))
    return tuple(float(value) for value in values[order][at])
