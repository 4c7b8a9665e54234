"""How unevenly walks, seats in reach and crowding are shared among pupils, and between districts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout import equity as measure
from edulayout.coverage import ALL
from edulayout.errors import InputError
from edulayout.fixedpoint import total
from edulayout.study.chapters.chapter import Chapter

if TYPE_CHECKING:
    from edulayout.study.chapters.chapter import Evidence
    from edulayout.typing import AnyArray, FloatArray

WALK, ACCESS, CROWDING = "walk", "access", "seats_per_pupil_of_schools"
COLUMNS = (
    "layout", "stage", "district_id", "of", "pupils", "pupils_left_out", "mean", "gini", "theil", "theil_within",
    "theil_between", "palma", "coefficient_of_variation", "limit", "within_limit", "rule",
)  # fmt: skip
_YARDSTICK = {
    "en": "a yardstick only: seats per pupil is none of the indicators of {rule}",
    "zh": "仅供参照：生均学位不属于该评估的指标（{rule}）",
}


def equity(evidence: Evidence) -> Chapter:
    """Return `equity.csv`: indices of each layout, stage and district, of the walk, of access and between schools."""
    codes, names = evidence.districts()
    home, groups = np.array(names, dtype=object)[codes], evidence.groups()
    rows: list[dict[str, object]] = []
    for layout, stage in evidence.walks:
        where = {"layout": layout, "stage": stage}
        for of in (WALK, ACCESS):
            values, pupils = _values(evidence, layout, stage, of), evidence.crowd(stage)
            for name, members in groups:
                apart = home[members] if name == ALL else None
                found = indices(values[members], pupils[members], apart)
                rows.append({**where, "district_id": name, "of": of, **found})
        rows += [{**where, **row} for row in _schools(evidence, layout, stage, [name for name, _ in groups])]
    return Chapter(tables={"equity": pd.DataFrame(rows, columns=list(COLUMNS))})


def _values(evidence: Evidence, layout: str, stage: str, of: str) -> FloatArray:
    if of == WALK:
        return evidence.walks[layout, stage].nearest()[0]
    column = evidence.columns["demand"][f"access_{stage}_{layout}"]
    return np.asarray(column.loc[evidence.costs.demand_ids], dtype=np.float64)


def indices(values: FloatArray, weights: FloatArray, groups: AnyArray | None) -> dict[str, object]:
    """Return the indices over the finite values; missing where there are none, or where all are 0."""
    crowd, there = total(weights), np.isfinite(values) & (weights > 0)
    kept, heavy = values[there], weights[there]
    found: dict[str, object] = {"pupils": crowd, "pupils_left_out": crowd - total(heavy)}
    if not kept.any():
        return found
    found |= {
        "mean": total(kept * heavy) / total(heavy),
        "gini": measure.gini(kept, heavy),
        "theil": measure.theil(kept, heavy),
        "palma": measure.palma(kept, heavy),
        "coefficient_of_variation": measure.coefficient_of_variation(kept, heavy),
    }
    if groups is None:
        return found
    parts = measure.theil_components(kept, heavy, groups[there].tolist()).loc[ALL]
    return found | {"theil_within": parts["within"], "theil_between": parts["between"]}


def _schools(evidence: Evidence, layout: str, stage: str, names: list[str]) -> list[dict[str, object]]:
    """Return how seats per pupil differ between schools; for all of them, beside the limit of the county evaluations.

    A school's pupils are those who live nearest to it: with too few seats in all, whom it can seat would tell nothing.
    """
    table = evidence.tables["assignment"]
    own = table[(table["layout"] == layout) & (table["stage"] == stage) & (table["row"] == "school")]
    wanted = own[own["nearest_pupils"].astype(np.float64) > 0]
    pupils = np.asarray(wanted["nearest_pupils"], dtype=np.float64)
    ratio = np.asarray(wanted["seats"], dtype=np.float64) / pupils
    district = np.asarray(wanted["district_id"], dtype=object)
    rows = []
    for name in names:
        members = (district == name) | (name == ALL)
        found = _between(ratio[members], pupils[members], district[members])
        if name == ALL and "coefficient_of_variation" in found:
            found |= _limit(evidence, pd.Series(ratio), pd.Series(pupils), stage)
        rows.append({"district_id": name, "of": CROWDING, **found})
    return rows


def _between(ratio: FloatArray, pupils: FloatArray, district: AnyArray) -> dict[str, object]:
    if np.isnan(ratio).any():
        return {"pupils": total(pupils), "pupils_left_out": total(pupils)}
    return indices(ratio, pupils, district)


def _limit(evidence: Evidence, ratio: pd.Series[float], pupils: pd.Series[float], stage: str) -> dict[str, object]:
    """Return the limit of the evaluation of balance for the stage, nothing where it has none."""
    try:
        row = measure.county_balance(pd.DataFrame({CROWDING: ratio}), pupils, stage=stage).loc[CROWDING]
    except InputError:  # kindergartens are not evaluated
        return {}
    told = _YARDSTICK[evidence.study.language].format(rule=row["rule"])
    return {"limit": row["limit"], "within_limit": row["met"], "rule": told}
