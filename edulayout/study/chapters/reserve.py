"""Land kept free for schools to grow, what stands against it, and idle buildings that could become schools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from edulayout import reserve as measure
from edulayout.stages import KINDS, STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.streets import Streets
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.layouts import LAYOUT_LABELS
from edulayout.study.room import area_per_class, seats_to_come, site_area_per_pupil
from edulayout.study.sections_programme import Reserve as Asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.study.chapters.chapter import Evidence

_AREAS = ("Polygon", "MultiPolygon")
_CLAIMS = {"planned_uses": "planned_use", "permits": "permit"}
_CANNOT = "cannot tell"
_NAMED = ["name", "name_en", "district_id", "kind"]
_WORDS = {
    "en": {
        "rule": "Reserve, {stage}: {value:.4g} m² of site for a pupil ({source})",
        "no rule": "Reserve, {stage}: no rule on the site area for a pupil: set reserve.site_area_per_pupil",
        "told": "Reserve, layout {layout}: {counts} (reserve.csv); {conflicts} conflicts with permits or plans",
        "taken": "Reserve: land is free where none of these layers lies: {names}",
        "idle": "Idle buildings, {stage}: {suitable} of {all} suitable; {value:.4g} m² for a class ({source})",
        "no idle": "Idle buildings, {stage}: no rule on the area for a class: set reserve.square_metres_per_class",
    },
    "zh": {
        "rule": "预留发展用地（{stage}）：生均用地{value:.4g}平方米（{source}）",
        "no rule": "预留发展用地（{stage}）：无生均用地标准，请设 reserve.site_area_per_pupil",
        "told": "预留发展用地（布局{layout}）：{counts}（reserve.csv）；与许可或规划用途冲突{conflicts}处",
        "taken": "预留发展用地：扣除的图层：{names}",
        "idle": "闲置房产（{stage}）：{all}处中{suitable}处适宜；每班{value:.4g}平方米（{source}）",
        "no idle": "闲置房产（{stage}）：无每班建筑面积标准，请设 reserve.square_metres_per_class",
    },
}
_TAKEN_ZH = {"roads": "道路", "water": "水域等屏障", "homes": "居住地块", "built_up": "建成区", "committed": "已批用地",
             "other sites": "其他学校用地"}  # fmt: skip
_VERDICTS_ZH = {"enough": "足够", "partly": "部分", "none": "无", "not needed": "不需要", _CANNOT: "无法判断"}


class _Need(NamedTuple):
    """Seats to come and square metres by school, why they are not known, and whose figures they are."""

    table: pd.DataFrame
    notes: list[str]


def reserve(evidence: Evidence) -> Chapter:
    """Return `reserve.csv`, `reserve_conflicts.csv`, `idle_buildings.csv` and the layers of land and conflicts.

    Nothing where the study has no section `[reserve]`.
    """
    if not evidence.study.reserve:
        return Chapter()
    asked = Asked.model_validate(dict(evidence.study.reserve))
    layout = _layout(evidence, asked)
    need = _needs(evidence, asked, layout)
    sites, taken = _sites(evidence, need.table), _taken(evidence, asked)
    land = _land(sites, need.table, taken, asked)
    claims = {_CLAIMS[name]: layer for name, layer in evidence.study.land.items() if name in _CLAIMS}
    found = measure.conflicts(land[~land.geometry.is_empty], claims)
    table = _table(need.table, land, layout)
    idle = _idle(evidence, asked)
    notes = [*need.notes, _told(evidence, table, len(found), layout), _listed(evidence, taken), *idle.notes]
    tables = {"reserve": table, "reserve_conflicts": pd.DataFrame(found.drop(columns="geometry"))}
    if len(idle.table):
        tables["idle_buildings"] = idle.table
    return Chapter(tables=tables, layers=_layers(land, found), notes=tuple(notes))


def _layout(evidence: Evidence, asked: Asked) -> str:
    """Return the layout whose schools grow; the last one where that asked for is not there."""
    names = [it.name for it in evidence.layouts]
    return asked.layout if asked.layout in names else names[-1]


def _needs(evidence: Evidence, asked: Asked, layout: str) -> _Need:
    """Return by school the seats to come of each stage and the site area that they need."""
    schools = next(it.schools for it in evidence.layouts if it.name == layout).sort_index()
    table = pd.DataFrame(schools.reindex(columns=_NAMED)).assign(seats_to_come=0.0, needed_m2=0.0, standard_m2=0.0)
    words, labels, notes = _WORDS[evidence.study.language], _labels(evidence), []
    for stage in evidence.radii:
        seats = seats_to_come(evidence, asked, layout, stage)
        rule = site_area_per_pupil(evidence, asked, stage)
        area = np.nan if rule is None else rule.value
        # No seats need no land, whatever the rule is.
        needed = (seats * area).where(seats != 0, 0.0)
        standard = evidence.schools(layout, stage)[f"seats_{stage}"] * area
        for name, more in {"seats_to_come": seats, "needed_m2": needed, "standard_m2": standard}.items():
            table[name] = table[name] + more.reindex(table.index).where(table.index.isin(more.index), 0.0)
        text = words["no rule"] if rule is None else words["rule"]
        notes.append(text.format(stage=labels[stage], **({} if rule is None else rule._asdict())))
    return _Need(table[table["kind"].isin(list(KINDS))], notes)


def _labels(evidence: Evidence) -> dict[str, str]:
    return dict(STAGE_LABELS_ZH if evidence.chinese else STAGE_LABELS)


def _sites(evidence: Evidence, need: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the polygon of every school's site that somebody drew: its own, its site's, or its parcel."""
    study = evidence.study
    frames = [frame for frame in (study.sites, study.schools, study.candidates) if frame is not None]
    drawn = [frame.geometry[frame.geom_type.isin(_AREAS)] for frame in frames]
    shapes = pd.concat(drawn)
    shapes = shapes[~shapes.index.duplicated() & shapes.index.isin(need.index)].sort_index()
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=study.districts.crs).rename_axis("school_id"))


def _taken(evidence: Evidence, asked: Asked) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of land that is not free."""
    study, taken = evidence.study, {}
    if isinstance(study.engine, Streets):
        taken["roads"] = study.engine.edges()
    if study.barriers is not None:
        taken["water"] = study.barriers
    homes = study.demand[study.demand.geom_type.isin(_AREAS)]
    if asked.homes_are_built_up and len(homes):
        taken["homes"] = homes
    return taken | {name: layer for name, layer in study.land.items() if name not in _CLAIMS}


def _land(
    sites: gpd.GeoDataFrame, need: pd.DataFrame, taken: dict[str, gpd.GeoDataFrame], asked: Asked
) -> gpd.GeoDataFrame:
    """Return the land for growth; a site of unknown need stays in the way of the others, and has none.

    What a site has beyond the standard for its seats of today is `spare_m2`, used first where the study says so.
    """
    needed = need["needed_m2"].reindex(sites.index)
    spare = (sites.area - need["standard_m2"].reindex(sites.index)).clip(lower=0.0)
    if asked.own_land_first:
        needed = (needed - spare.fillna(0.0)).clip(lower=0.0)
    land = measure.growth_land(
        sites, needed.fillna(0.0), taken=taken, reach_metres=asked.reach_metres, street_metres=asked.street_metres,
        least_square_metres=asked.least_square_metres, least_width_metres=asked.least_width_metres,
    )  # fmt: skip
    return land.assign(site_m2=sites.area, spare_m2=spare, verdict=land["verdict"].where(needed.notna(), _CANNOT))


def _table(need: pd.DataFrame, land: gpd.GeoDataFrame, layout: str) -> pd.DataFrame:
    columns = [name for name in land if name != "geometry"]
    table = need.join(pd.DataFrame(land[columns]).rename(columns={"needed_m2": "around_m2"}))
    drawn, unknown = table.index.isin(land.index), table["needed_m2"].isna()
    # Who needs no land needs no polygon either.
    needless = ~drawn & (table["needed_m2"] == 0).to_numpy()
    why = np.where(unknown, "need not known", np.where(~drawn & ~needless, "no polygon of its site", ""))
    verdict = np.where(needless, "not needed", np.where(drawn, table["verdict"], _CANNOT))
    table = table.assign(verdict=verdict, why=why)
    table = table.rename_axis("school_id").reset_index()
    table.insert(0, "layout", layout)
    first = ["layout", "school_id", *_NAMED, "verdict", "why"]
    return table[[*first, *(name for name in table if name not in first)]]


def _layers(land: gpd.GeoDataFrame, found: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    free = land[~land.geometry.is_empty].reset_index()
    layers = {"reserve": free} if len(free) else {}
    return layers | ({"reserve_conflicts": found} if len(found) else {})


class _Idle(NamedTuple):
    table: pd.DataFrame
    notes: list[str]


def _idle(evidence: Evidence, asked: Asked) -> _Idle:
    """Rate the idle buildings among the candidates for every stage that they may serve."""
    buildings = _buildings(evidence)
    words, labels, rows, notes = _WORDS[evidence.study.language], _labels(evidence), [], []
    for stage in evidence.radii if len(buildings) else ():
        own = buildings[[stage in kinds.split(";") for kinds in buildings["kinds"]]]
        if own.empty:
            continue
        rule = area_per_class(evidence, asked, stage)
        if rule is None:
            notes.append(words["no idle"].format(stage=labels[stage]))
            continue
        rated = measure.rate_idle(
            own, evidence.costs, _unmet(evidence, stage), radius=evidence.radii[stage],
            square_metres_per_class=rule.value, class_size=KINDS[stage].class_size[0],
            least_classes=_limit(asked.least_classes, stage) or 1, highest_floor=_limit(asked.highest_floor, stage),
        )  # fmt: skip
        about = own.reindex(columns=["name", "name_en", "district_id", "floor", "project_id"])
        rows.append(rated.join(about).assign(stage=stage))
        suitable = int((rated["verdict"] == "suitable").sum())
        notes.append(words["idle"].format(stage=labels[stage], suitable=suitable, all=len(rated), **rule._asdict()))
    return _Idle(_ranked(rows), notes)


def _ranked(rows: list[pd.DataFrame]) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame()
    table = pd.concat([part.rename_axis("candidate_id").reset_index() for part in rows], ignore_index=True)
    table = table.rename(columns={"nearest": "nearest_metres", "mean_distance": "mean_metres"})
    first = ["stage", "candidate_id", "name", "name_en", "district_id", "verdict"]
    return table[[*first, *(name for name in table if name not in first)]]


def _limit(values: Mapping[Any, int], stage: str) -> int | None:
    return {str(name): number for name, number in values.items()}.get(stage)


def _buildings(evidence: Evidence) -> pd.DataFrame:
    """Return the candidates that are idle buildings, with floor area and floor where they are known.

    One that a project has opened as a school is idle no more.
    """
    candidates, told = evidence.study.candidates, evidence.study.idle
    if candidates is None or ("land" not in candidates and told is None):
        return pd.DataFrame()
    land = candidates["land"] if "land" in candidates else pd.Series("", index=candidates.index)
    known = land.index.isin([] if told is None else told.index)
    frame = pd.DataFrame(candidates[(land == "idle_building") | known].drop(columns="geometry"))
    under_way = _under_way(evidence)
    frame = frame.assign(project_id=[under_way.get(str(name), "") for name in frame.index])
    frame = frame[~frame["project_id"].isin(_opened(evidence))]
    if told is not None:
        frame = frame.drop(columns=list(told.columns), errors="ignore").join(told)
    return frame if "floor_area_m2" in frame else frame.assign(floor_area_m2=np.nan)


def _under_way(evidence: Evidence) -> dict[str, str]:
    """Return the project that converts each building, where one does."""
    made = evidence.study.programme
    if made is None or "site_id" not in made.projects:
        return {}
    return {site: str(name) for name, site in made.projects["site_id"].items() if site}


def _opened(evidence: Evidence) -> list[str]:
    made = evidence.study.programme
    if made is None:
        return []
    state = made.status(evidence.study.under_way["as_of"])["state"]
    return [str(name) for name in state.index[state == "opened"]]


def _unmet(evidence: Evidence, stage: str) -> pd.Series[float]:
    """Return the pupils of today with no school of today within the service radius."""
    nearest = evidence.walks["existing", stage].nearest()[0].astype(np.float32)
    return evidence.pupils(stage).where(~(nearest <= np.float32(evidence.radii[stage])), 0.0)


def _told(evidence: Evidence, table: pd.DataFrame, conflicts: int, layout: str) -> str:
    counts = table["verdict"].value_counts().reindex(list(_VERDICTS_ZH)).dropna().astype(int)
    said = (
        "，".join(f"{_VERDICTS_ZH[str(name)]}{count}所" for name, count in counts.items())
        if evidence.chinese
        else ", ".join(f"{name} {count}" for name, count in counts.items())
    )
    called = LAYOUT_LABELS[evidence.study.language].get(layout, layout)
    return _WORDS[evidence.study.language]["told"].format(layout=called, counts=said, conflicts=conflicts)


def _listed(evidence: Evidence, taken: dict[str, gpd.GeoDataFrame]) -> str:
    layers = [*taken, "other sites"]
    names = "、".join(_TAKEN_ZH[name] for name in layers) if evidence.chinese else ", ".join(layers)
    return _WORDS[evidence.study.language]["taken"].format(names=names.replace("_", " "))
