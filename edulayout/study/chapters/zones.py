"""Attendance zones (学区): contiguous, within the seats, with the least walk that could be found, and its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout import zones as measure
from edulayout.costs import places
from edulayout.coverage import ALL
from edulayout.errors import InputError
from edulayout.fixedpoint import group_totals, total
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.streets import Streets
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.layouts import LAYOUT_LABELS, PLANNED

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.study.chapters.chapter import Evidence
    from edulayout.typing import FloatArray, IntArray
    from edulayout.zones import Adjacency, Zones

COLUMNS = (
    "layout", "stage", "school_id", "district_id", "blocks", "pupils", "seats", "limit", "load", "mean_metres",
    "max_metres", "nearer_elsewhere", "parts", "polsby_popper", "seat_price", "objective", "bound", "gap", "status",
    "stop_reason", "method", "remark", "seconds",
)  # fmt: skip
LAYER = ("layout", "stage", "school_id", "name", "name_en", "district_id", "pupils", "seats", "load", "mean_metres",
         "max_metres", "geometry")  # fmt: skip
_CERTIFICATE = ("objective", "bound", "gap", "status", "stop_reason", "method", "seconds")
_MOST_PAIRS = 50_000_000
_SHORT = 0.20
_SCATTERED = 0.01
_CLOSE = 1e-6
_WORDS = {
    "en": {
        "short": "there are fewer seats than pupils: each zone may hold up to {share:.0f} % of its seats; how full "
                 "each is differs, the column load says it",
        "over": "{over:,.1f} pupils are beyond the limits, so that no bound applies: this plan keeps them only with a "
                "tolerance of {needed}",
        "least": "; at least {over:,.1f} are beyond them in any plan",
        "least_tolerance": "; no plan keeps them with less than {tolerance}",
        "unknown": "the seats of {count} school(s) are not known: their zones are without limit",
        "cells": "the places do not touch: each stands for the ground nearest to it",
        "large": "not drawn: {blocks:,} places × {schools:,} schools are too many",
        "none": "not drawn: no school serves the stage",
        "aside": "{count} places with {pupils:,.0f} pupils have no zone: no chain of neighbours leads to a school",
        "failed": "not drawn: {found}; {remedy}",
        "note": "zones {layout}, {stage}: {remark}",
    },
    "zh": {
        "short": "学位少于学生：每个学区最多容纳其学位数的 {share:.0f} %；各校负荷不同，见 load 列",
        "over": "有 {over:,.1f} 名学生超出上限，故无下界可比：容差须达 {needed}，本方案方可满足上限",
        "least": "；任何方案至少有 {over:,.1f} 名超出",
        "least_tolerance": "；容差小于 {tolerance} 时，任何方案均不能满足",
        "unknown": "{count} 所学校学位数未知：其学区不设上限",
        "cells": "居住地块互不相邻：以距其最近的用地代表",
        "large": "未划分：{blocks:,} 处 × {schools:,} 所，规模过大",
        "none": "未划分：没有学校提供该学段",
        "aside": "{count} 处（{pupils:,.0f} 名学生）未划入学区：与学校之间没有相邻地块相连",
        "failed": "未划分：{found}；{remedy}",
        "note": "学区（{layout}，{stage}）：{remark}",
    },
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Room:
    """Seats that zones are drawn with, how far they may be exceeded, and what to say about it."""

    seats: pd.Series[float]
    tolerance: float
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Ground:
    """The places as zones are made of them, and which of them are neighbours; `cells` where points took their place."""

    demand: gpd.GeoDataFrame
    beside: Adjacency
    cells: bool

    @property
    def streets(self) -> bool:
        """Whether streets lie between the places: the cells of points leave no room for any."""
        return bool(self.demand.geom_type.isin(["Polygon", "MultiPolygon"]).all())


@dataclass(frozen=True, eq=False)
class _Drawing:
    """A plan for a layout and stage, with what it was drawn from."""

    layout: str
    stage: str
    plan: Zones
    room: _Room
    ground: _Ground


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A plan with the polygons of its zones; `plan` is None where none could be drawn, for the reason remarked."""

    layout: str
    stage: str
    plan: Zones | None
    table: pd.DataFrame
    shapes: gpd.GeoDataFrame | None
    remark: str


def zones(evidence: Evidence) -> Chapter:
    """Return `zones.csv` and the layer `zones` for the layouts and stages that the study names: else, the plan's."""
    layouts, stages = _asked(evidence)
    if not layouts or not stages:
        return Chapter()
    ground = ground_of(evidence)
    drawn = [_drawn(evidence, layout, stage, ground) for layout in layouts for stage in stages]
    shapes = [one.shapes for one in drawn if one.shapes is not None]
    layers = {"zones": gpd.GeoDataFrame(pd.concat(shapes, ignore_index=True))} if shapes else {}
    table = pd.concat([one.table.astype(object) for one in drawn], ignore_index=True).infer_objects()
    return Chapter(
        tables={"zones": table.reindex(columns=list(COLUMNS))},
        layers=layers,
        columns=_demand_columns(drawn, evidence),
        notes=tuple(_note(one, evidence) for one in drawn if one.remark),
    )


def _asked(evidence: Evidence) -> tuple[list[str], list[str]]:
    choice = evidence.diagnosis.zones
    names = [layout.name for layout in evidence.layouts]
    plan = [PLANNED] if PLANNED in names else names[:1]
    chosen = {"plan": plan, "last": names[-1:], "all": names, "none": []}.get(choice.layouts, [choice.layouts])
    return [name for name in chosen if name in names], [stage for stage in choice.stages if stage in evidence.radii]


def ground_of(evidence: Evidence) -> _Ground:
    """Return which places are neighbours: over streets of a stated width, over bridges, never over a barrier.

    Places that do not touch, such as settlements with fields between them, stand for the ground that is nearest to
    them, where that joins more people.
    """
    demand = evidence.study.demand
    touching = _Ground(demand, _beside(evidence, demand), cells=False)
    if _joined(touching) >= 1 - _SCATTERED:
        return touching
    points = demand.set_geometry(places(demand))
    nearest = _Ground(points, _beside(evidence, points), cells=True)
    return nearest if _joined(nearest) > _joined(touching) else touching


def _beside(evidence: Evidence, demand: gpd.GeoDataFrame) -> Adjacency:
    study = evidence.study
    return measure.adjacency(
        demand,
        districts=study.districts,
        barriers=study.barriers,
        gap_metres=evidence.diagnosis.zones.street_metres,
        bridges=_bridges(evidence),
    )


def _joined(ground: _Ground) -> float:
    """Return the share of the residents that the largest part of the ground holds."""
    people = ground.demand["population"].groupby(ground.beside.parts).sum()
    return float(people.max() / people.sum()) if people.sum() else 1.0


def _bridges(evidence: Evidence) -> gpd.GeoSeries | None:
    """Return the streets that cross a barrier."""
    study = evidence.study
    if study.barriers is None or not isinstance(study.engine, Streets):
        return None
    streets = study.engine.edges().geometry
    crossing = np.unique(streets.sindex.query(study.barriers.geometry, predicate="intersects")[1])
    return streets.iloc[crossing]


def _drawn(evidence: Evidence, layout: str, stage: str, ground: _Ground) -> _Drawn:
    words = _WORDS[evidence.study.language]
    schools, blocks = evidence.schools(layout, stage), len(evidence.study.demand)
    if schools.empty:
        return _not_drawn(layout, stage, words["none"])
    if blocks * len(schools) > _MOST_PAIRS:
        return _not_drawn(layout, stage, words["large"].format(blocks=blocks, schools=len(schools)))
    room, choice = _room(evidence, layout, stage), evidence.diagnosis.zones
    costs, pupils = evidence.walks[layout, stage], evidence.pupils(stage)
    try:
        plan = measure.draw(
            ground.demand, schools, costs, adjacency=ground.beside, pupils=pupils, seats=room.seats,
            tolerance=room.tolerance, max_walk=choice.max_walk_metres, stay_in_district=choice.stay_in_district,
            gap=choice.gap, time_limit=choice.time_limit_seconds, progress=evidence.progress,
        )  # fmt: skip
    except InputError as error:  # rules that no plan can keep: the reason stands in the table
        why = error.faults[0]
        return _not_drawn(layout, stage, words["failed"].format(found=why.found, remedy=why.remedy))
    plan.verify(costs, ground.beside, pupils=pupils, seats=room.seats)
    return _told(evidence, _Drawing(layout, stage, plan, room, ground))


def _not_drawn(layout: str, stage: str, remark: str) -> _Drawn:
    row = {
        "layout": layout,
        "stage": stage,
        "school_id": "",
        "district_id": ALL,
        "status": "not drawn",
        "remark": remark,
    }
    return _Drawn(layout, stage, None, pd.DataFrame([row]), None, remark)


def _room(evidence: Evidence, layout: str, stage: str) -> _Room:
    """Return the seats to draw with: unknown ones without limit; too few of them with one larger tolerance for all."""
    words = _WORDS[evidence.study.language]
    seats, pupils = evidence.schools(layout, stage)[f"seats_{stage}"], total(evidence.crowd(stage))
    asked, known = evidence.diagnosis.zones.tolerance, seats.notna()
    if not known.all():
        return _Room(seats.fillna(pupils), asked, (words["unknown"].format(count=int((~known).sum())),))
    ratio = pupils / total(np.asarray(seats, dtype=np.float64)) if seats.sum() else np.inf
    if ratio <= 1 or not np.isfinite(ratio):
        return _Room(seats, asked, ())
    tolerance = max(asked, ratio * (1 + _SHORT) - 1)
    return _Room(seats, tolerance, (words["short"].format(share=100 * (1 + tolerance)),))


def _told(evidence: Evidence, drawing: _Drawing) -> _Drawn:
    """Return the zones of a plan with their rows and polygons; assert that no pupil is lost."""
    layout, stage, plan = drawing.layout, drawing.stage, drawing.plan
    ids = evidence.schools(layout, stage).index.astype(str)
    zone = ids.get_indexer(pd.Index(plan.assignment)).astype(np.int64)
    shapes = measure.polygons(
        plan,
        drawing.ground.demand,
        districts=evidence.study.districts,
        gap_metres=evidence.diagnosis.zones.street_metres if drawing.ground.streets else 0.0,
    )
    rows = _rows(evidence, drawing, zone).assign(
        polsby_popper=measure.polsby_popper(np.asarray(shapes.reindex(ids).geometry))
    )
    pupils = evidence.crowd(stage)
    inside, lost = total(np.asarray(rows["pupils"], dtype=np.float64)), total(pupils[zone < 0])
    assert abs(inside + lost - total(pupils)) <= _CLOSE * max(1.0, inside), "pupils are conserved"
    remark = _remark(evidence, drawing, lost)
    whole = pd.DataFrame([_whole(plan, rows, inside, remark)])
    table = pd.concat([rows.astype(object), whole.astype(object)], ignore_index=True)
    layer = _layer(evidence, layout, stage, rows, shapes)
    return _Drawn(layout, stage, plan, table.assign(layout=layout, stage=stage), layer, remark)


def _remark(evidence: Evidence, drawing: _Drawing, lost: float) -> str:
    words, aside = _WORDS[evidence.study.language], len(drawing.plan.set_aside)
    told = [
        *drawing.room.remarks,
        *([_beyond(drawing.plan, words)] if drawing.plan.over > 0 else []),
        *([words["cells"]] if drawing.ground.cells else []),
        *([words["aside"].format(count=aside, pupils=lost)] if aside else []),
    ]
    return ("；" if evidence.chinese else "; ").join(told)


def _beyond(plan: Zones, words: dict[str, str]) -> str:
    """Say how far the limits are passed, and what would do."""
    needed = f"{plan.tolerance_needed:.4f}" if np.isfinite(plan.tolerance_needed) else "∞"
    told = words["over"].format(over=plan.over, needed=needed)
    if plan.least_over is not None:
        told += words["least"].format(over=plan.least_over)
    if plan.least_tolerance is not None:
        told += words["least_tolerance"].format(tolerance=f"{plan.least_tolerance:.4f}")
    return told


def _rows(evidence: Evidence, drawing: _Drawing, zone: IntArray) -> pd.DataFrame:
    """Return one row a school: who lives in its zone, how far they walk, what one more seat would be worth."""
    layout, stage, plan = drawing.layout, drawing.stage, drawing.plan
    schools, pupils, walks = evidence.schools(layout, stage), evidence.crowd(stage), evidence.walks[layout, stage]
    ids, count = schools.index.astype(str), len(schools)
    known, walk = schools[f"seats_{stage}"], _own_way(walks, zone)
    load, limit, price = (one.reindex(ids) for one in (plan.load, plan.limit, plan.seat_price))
    elsewhere = np.where((zone >= 0) & (walk > walks.nearest()[0]), pupils, 0.0)
    lives, walked = (group_totals(values, zone, count) for values in (pupils, pupils * walk))
    return pd.DataFrame(
        {
            "district_id": schools["district_id"],
            "blocks": np.bincount(zone[zone >= 0], minlength=count),
            "pupils": load,
            "seats": known,
            "limit": limit.where(known.notna()),
            "load": (load / known).where(known > 0),
            "mean_metres": walked / np.where(lives > 0, lives, np.nan),
            "max_metres": pd.Series(walk[zone >= 0]).groupby(zone[zone >= 0]).max().reindex(range(count)).to_numpy(),
            "nearer_elsewhere": group_totals(elsewhere, zone, count),
            "parts": 1,  # `verify` has checked that every zone is whole
            "seat_price": price.where(known.notna()),
        },
        index=ids.rename("school_id"),
    ).reset_index()  # fmt: skip


def _own_way(walks: TravelCosts, zone: IntArray) -> FloatArray:
    """Return the way of every place to the school of its zone; 0 where it has none."""
    walk, rows = np.zeros(len(zone)), walks.row_numbers()
    own = walks.indices == zone[rows]
    walk[rows[own]] = walks.values[own]
    return walk


def _whole(plan: Zones, rows: pd.DataFrame, inside: float, remark: str) -> dict[str, object]:
    seats = float(rows["seats"].sum(skipna=False))
    proof = {name: getattr(plan, name) for name in _CERTIFICATE}
    if plan.over > 0:  # a plan over its limits may cost less than the bound of those within them
        proof |= {"bound": np.nan, "gap": np.nan}
    return {
        "school_id": "",
        "district_id": ALL,
        "blocks": int(rows["blocks"].sum()),
        "pupils": inside,
        "seats": seats,
        "load": inside / seats if seats else np.nan,
        "mean_metres": plan.walk / inside if inside else np.nan,
        "max_metres": rows["max_metres"].max(),
        "nearer_elsewhere": rows["nearer_elsewhere"].sum(),
        **proof,
        "remark": remark,
    }


def _layer(
    evidence: Evidence, layout: str, stage: str, rows: pd.DataFrame, shapes: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the polygons of the zones, each with its numbers and the names of its school."""
    schools = evidence.schools(layout, stage)
    names = schools[[name for name in ("name", "name_en") if name in schools]]
    told = rows.set_index("school_id").drop(columns="blocks").join(names)
    joined = shapes[["geometry"]].join(told, how="inner").reset_index(names="school_id")
    return joined.assign(layout=layout, stage=stage)[[name for name in LAYER if name in {*joined, "layout", "stage"}]]


def _demand_columns(drawn: list[_Drawn], evidence: Evidence) -> dict[str, pd.DataFrame]:
    """Return the school of every place's zone, "" where it has none."""
    columns = {
        f"zone_{one.stage}_{one.layout}": one.plan.assignment.fillna("").astype(str)
        for one in drawn
        if one.plan is not None
    }
    return {"demand": pd.DataFrame(columns, index=evidence.costs.demand_ids)} if columns else {}


def _note(drawn: _Drawn, evidence: Evidence) -> str:
    layout = LAYOUT_LABELS[evidence.study.language][drawn.layout]
    stage = STAGE_LABELS_ZH[drawn.stage] if evidence.chinese else STAGE_LABELS[drawn.stage].lower()
    return _WORDS[evidence.study.language]["note"].format(layout=layout, stage=stage, remark=drawn.remark)
