"""Which pupils get which seats, what one more seat is worth, and who is left without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edulayout import assignment as measure
from edulayout.coverage import ALL, OUTSIDE
from edulayout.fixedpoint import group_totals, total
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.layouts import LAYOUT_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from edulayout.assignment import Assignment
    from edulayout.study.chapters.chapter import Evidence

SCHOOL, NO_SEAT, NO_SCHOOL = "school", "no seat left", "no school within reach"
UNKNOWN = "seats unknown"
COLUMNS = (
    "layout", "stage", "row", "school_id", "district_id", "pupils", "seats", "free", "load", "nearest_pupils",
    "mean_metres", "max_metres", "seat_price", "seats_one_more", "schools_unknown", "objective", "bound", "status",
)  # fmt: skip
_MOST_FLOWS = 1_000_000
_ROUNDING = 1e-3
_WORDS = {
    "en": "{layout}, {stage}: the seats of {count} school(s) are not known; the balance cannot tell, and the "
          "assignment takes them as without limit ({rows}): {sent:,.0f} of {pupils:,.0f} pupils are sent there; "
          "seat prices and walks that rest on it are left empty",
    "zh": "{layout}，{stage}：{count} 所学校学位数未知，无法判断学位余缺；分配时按不限学位处理（{rows}）："
          "{pupils:,.0f} 名学生中有 {sent:,.0f} 名分往这些学校；由此得出的学位影子价格与步行距离留空",
}  # fmt: skip
_FLOWS_LEFT_OUT = {
    "en": "assignment_flows.csv holds no rows: there are {count:,} flows, more than {most:,}",
    "zh": "assignment_flows.csv 未写入：流量记录 {count:,} 条，超过 {most:,} 条",
}
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class _Found:
    """The assignment of one layout and stage; `answer` is None where no school serves the stage."""

    layout: str
    stage: str
    schools: gpd.GeoDataFrame
    answer: Assignment | None
    unknown: tuple[str, ...]


def assignment(evidence: Evidence) -> Chapter:
    """Return `assignment.csv` (schools, left over, totals), `assignment_flows.csv`, columns of schools and demand."""
    found = [_assigned(evidence, layout.name, stage) for layout in evidence.layouts for stage in evidence.radii]
    table = pd.concat([_table(evidence, one) for one in found], ignore_index=True)[list(COLUMNS)]
    _require_conserved(table, evidence)
    flows, left_out = _flows(found, evidence)
    return Chapter(
        tables={"assignment": table, "assignment_flows": flows},
        columns={"schools": _school_columns(table, list(evidence.radii)), "demand": _demand_columns(found, evidence)},
        notes=(*_notes(found, evidence), *left_out),
    )


def _assigned(evidence: Evidence, layout: str, stage: str) -> _Found:
    schools = evidence.schools(layout, stage)
    seats = schools[f"seats_{stage}"]
    unknown = tuple(schools.index[seats.isna()].astype(str))
    if schools.empty:
        return _Found(layout, stage, schools, None, unknown)
    costs, pupils = evidence.walks[layout, stage], evidence.pupils(stage)
    room = seats.fillna(np.inf)
    answer = measure.assign(costs, pupils, room)
    answer.verify(costs, pupils, room)  # independently of the solver: a wrong certificate never reaches a table
    return _Found(layout, stage, schools, answer, unknown)


def _table(evidence: Evidence, found: _Found) -> pd.DataFrame:
    parts = [_left_over(evidence, found), _whole(evidence, found)]
    if found.answer is not None:
        parts.insert(0, _school_rows(evidence, found, found.answer))
    table = pd.concat([part.astype(object) for part in parts], ignore_index=True).infer_objects()
    return table.assign(layout=found.layout, stage=found.stage)


def _school_rows(evidence: Evidence, found: _Found, answer: Assignment) -> pd.DataFrame:
    known, sure = found.schools[f"seats_{found.stage}"], _sure(evidence, found)
    own = answer.schools
    walked = (answer.plan["pupils"] * answer.plan["metres"]).groupby(level="school_id").sum()
    pupils = own["pupils"]
    return pd.DataFrame(
        {
            "row": SCHOOL,
            "school_id": own.index,
            "district_id": found.schools["district_id"].replace("", OUTSIDE),
            "pupils": pupils,
            "seats": known,
            "free": own["free"].where(known.notna()),
            "load": (pupils / known).where(known > 0),
            "nearest_pupils": _nearest(evidence, found),
            "mean_metres": (walked / pupils).where(sure & (pupils > 0)),
            "max_metres": answer.plan["metres"].groupby(level="school_id").max().where(sure),
            "seat_price": own["seat_price"].where(sure),
            "seats_one_more": own["seats_one_more"].where(sure),
        },
        index=own.index,
    )


def _sure(evidence: Evidence, found: _Found) -> pd.Series[bool]:
    """Return which schools' share of the plan no unknown seats can change.

    No chain of pupils who could go to one school or another leads from them to a school whose seats are not known.
    """
    costs = evidence.walks[found.layout, found.stage]
    count = sum(costs.shape)
    ends = costs.row_numbers(), costs.shape[0] + costs.indices
    chains = coo_array((np.ones(len(costs.indices), dtype=np.int8), ends), shape=(count, count))
    part = connected_components(chains, directed=False)[1][costs.shape[0] :]
    lost = np.unique(part[costs.school_ids.isin(found.unknown)])
    return pd.Series(~np.isin(part, lost), index=costs.school_ids)


def _nearest(evidence: Evidence, found: _Found) -> pd.Series[float]:
    """Return how many pupils have each school as the nearest, whatever its seats."""
    costs = evidence.walks[found.layout, found.stage]
    sums = group_totals(evidence.crowd(found.stage), costs.nearest()[1], len(costs.school_ids))
    return pd.Series(sums, index=costs.school_ids)


def _left_over(evidence: Evidence, found: _Found) -> pd.DataFrame:
    """Return those without a seat by reason and district."""
    if found.answer is None:
        over = pd.DataFrame({"pupils": evidence.pupils(found.stage), "reason": NO_SCHOOL})
    else:
        over = found.answer.left_over[["pupils", "reason"]]
    district = evidence.study.demand["district_id"].reindex(over.index).replace("", OUTSIDE)
    sums = over[over["pupils"] > 0].groupby(["reason", district], sort=True)["pupils"].agg(_sum).reset_index()
    return sums.rename(columns={"reason": "row"}).assign(school_id="")


def _sum(values: pd.Series[float]) -> float:
    return total(np.asarray(values, dtype=np.float64))


def _whole(evidence: Evidence, found: _Found) -> pd.DataFrame:
    """Return the row of a layout and stage as a whole, with its certificate."""
    row: dict[str, object] = {"row": ALL, "school_id": "", "district_id": ALL, "schools_unknown": len(found.unknown)}
    if found.answer is None:
        return pd.DataFrame([{**row, "pupils": _sum(evidence.pupils(found.stage)), "seats": 0.0, "status": NO_SCHOOL}])
    answer, seats = found.answer, found.schools[f"seats_{found.stage}"]
    known = float("nan") if found.unknown else _sum(seats)
    row |= {
        "pupils": answer.assigned + answer.unassigned,
        "seats": known,
        "free": known - answer.assigned,
        "load": (answer.assigned + answer.unassigned) / known if known else float("nan"),
        "mean_metres": answer.mean_cost,
        "max_metres": answer.plan["metres"].max(),
        "objective": answer.objective,
        "bound": answer.bound,
        "status": answer.status,
    }
    if found.unknown:
        row |= dict.fromkeys(("mean_metres", "max_metres", "objective", "bound"), float("nan")) | {"status": UNKNOWN}
    return pd.DataFrame([row])


def _require_conserved(table: pd.DataFrame, evidence: Evidence) -> None:
    """Assert that every pupil is at a school or left over, in every layout and stage."""
    parts = table[table["row"] != ALL]
    for layout in evidence.layouts:
        for stage in evidence.radii:
            own = parts[(parts["layout"] == layout.name) & (parts["stage"] == stage)]["pupils"]
            lives, found = total(evidence.crowd(stage)), _sum(own)
            assert abs(found - lives) <= _ROUNDING, f"pupils are conserved: {layout.name}, {stage}: {found} of {lives}"


def _flows(found: Iterable[_Found], evidence: Evidence) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return who goes where, block by block; a note instead where there are too many rows for a table."""
    parts = [
        one.answer.plan.reset_index().assign(layout=one.layout, stage=one.stage)
        for one in found
        if one.answer is not None
    ]
    columns = ["layout", "stage", "demand_id", "school_id", "pupils", "metres"]
    table = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    if len(table) <= _MOST_FLOWS:
        return table, ()
    told = _FLOWS_LEFT_OUT[evidence.study.language].format(count=len(table), most=_MOST_FLOWS)
    return table.iloc[:0], (told,)


def _school_columns(table: pd.DataFrame, stages: Iterable[str]) -> pd.DataFrame:
    """Return for every layout and school what it is assigned, how full that makes it, and what a seat is worth."""
    rows = table[table["row"] == SCHOOL].set_index(["layout", "school_id"])
    names = {"pupils": "assigned", "load": "load", "seat_price": "seat_price"}
    columns = {
        f"{name}_{stage}": rows.loc[rows["stage"] == stage, column].astype(np.float64)
        for stage in stages
        for column, name in names.items()
    }
    return pd.DataFrame(columns)


def _demand_columns(found: Iterable[_Found], evidence: Evidence) -> pd.DataFrame:
    """Return for every place the school that most of its pupils get, "" where none, and how many get no seat."""
    index = evidence.costs.demand_ids
    columns: dict[str, object] = {}
    for one in found:
        name = f"{one.stage}_{one.layout}"
        if one.answer is None:
            columns |= {f"assigned_{name}": "", f"unseated_{name}": evidence.pupils(one.stage)}
            continue
        columns[f"assigned_{name}"] = one.answer.school_of.reindex(index).fillna("").astype(str)
        columns[f"unseated_{name}"] = one.answer.left_over["pupils"].reindex(index).fillna(0.0)
    return pd.DataFrame(columns, index=index)


def _notes(found: Iterable[_Found], evidence: Evidence) -> tuple[str, ...]:
    language = evidence.study.language
    labels = STAGE_LABELS_ZH if language == "zh" else {name: label.lower() for name, label in STAGE_LABELS.items()}
    return tuple(
        _WORDS[language].format(
            layout=LAYOUT_LABELS[language][one.layout],
            stage=labels[one.stage],
            count=len(one.unknown),
            sent=_sum(one.answer.schools.loc[list(one.unknown), "pupils"]),
            pupils=_sum(evidence.pupils(one.stage)),
            rows=", ".join(one.unknown[:_SHOWN]) + (" …" if len(one.unknown) > _SHOWN else ""),
        )
        for one in found
        if one.answer is not None and one.unknown
    )
