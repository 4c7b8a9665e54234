"""Lead and branch: which strong school leads which weaker ones, today's schools, by road."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np

from edulayout import groups as measure
from edulayout.costs import places, travel_costs
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.sections_programme import Groups as Asked

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.groups import Groups
    from edulayout.study.chapters.chapter import Evidence

_EXISTING = "existing"
_WORDS = {
    "en": {
        "none": "Groups: {leads} schools may lead and {branches} need a lead (stage {stage}): nothing to pair",
        "led": "Groups: {led} of {branches} weaker schools have a lead, {reached:,.0f} of {pupils:,.0f} pupils, "
        "{towns} of {all_towns} townships; {cost:.1f} {unit} per visit; highest load {load:.0%}; {status}",
        "drive": "Groups: costs are minutes by car along the streets, speeds by class (drive.toml), no signals or jams",
        "walk": "Groups: the streets tell no classes to drive on, so costs are metres on foot",
        "unknown": "Groups: pupils of {names} are not known and count as 0",
        "lost": "Groups: today's lead of {names} may not lead any more: the pair counts as none",
        "optimal": "proven the best", "feasible": "not proven the best: see group_goals.csv",
        "minutes": "minutes", "metres": "metres",
    },
    "zh": {
        "none": "集团化办学：可牵头学校{leads}所，需帮扶学校{branches}所（{stage}），无可配对",
        "led": "集团化办学：{branches}所薄弱学校中{led}所有总校，覆盖学生{reached:,.0f}/{pupils:,.0f}人、"
        "乡镇（街道）{towns}/{all_towns}个；"
        "平均每次{cost:.1f}{unit}；最高负荷{load:.0%}；{status}",
        "drive": "集团化办学：费用为沿道路行车分钟数，车速按道路等级（drive.toml），不计信号灯与拥堵",
        "walk": "集团化办学：道路未注明等级，费用按步行米数计",
        "unknown": "集团化办学：{names}学生数不明，按0计",
        "lost": "集团化办学：{names}现有总校已不具备条件，视同未结对",
        "optimal": "已证明最优", "feasible": "未证明最优，见group_goals.csv", "minutes": "分钟", "metres": "米",
    },
}  # fmt: skip


class _Sides(NamedTuple):
    branches: pd.DataFrame
    leads: pd.DataFrame
    today: pd.Series[str]
    notes: list[str]


def groups(evidence: Evidence) -> Chapter:
    """Return `groups.csv`, `group_leads.csv`, `group_goals.csv` and the layers of lines and hulls.

    Nothing where the study has no grades, or no section `[groups]`.
    """
    study = evidence.study
    if study.grades is None or not study.grouping:
        return Chapter()
    asked = Asked.model_validate(dict(study.grouping))
    sides = _sides(evidence, asked)
    words = _WORDS[study.language]
    if sides.branches.empty or sides.leads.empty:
        count = {"leads": len(sides.leads), "branches": len(sides.branches)}
        return Chapter(notes=(words["none"].format(stage=asked.stage, **count),))
    spots = gpd.GeoDataFrame(geometry=places(study.schools))
    costs = _costs(evidence, spots, sides)
    made = measure.pair(
        sides.branches, sides.leads, costs, today=sides.today, change_cost=asked.change_cost,
        within=asked.within_minutes if costs.unit == "minutes" else asked.within_metres,
        time_limit=asked.time_limit_seconds, progress=evidence.progress,
    )  # fmt: skip
    made.verify()
    by = words["drive" if costs.unit == "minutes" else "walk"]
    return Chapter(
        tables=_tables(evidence, made),
        layers=_layers(made, spots, asked.hull_margin_metres),
        notes=(_led(made, words), by, *sides.notes),
    )


def _sides(evidence: Evidence, asked: Asked) -> _Sides:
    """Return the schools of the stage that need a lead, those that may lead, and the pairs of today."""
    words, grades = _WORDS[evidence.study.language], evidence.study.grades
    assert grades is not None, "asked before"
    schools = evidence.schools(_EXISTING, asked.stage)
    table = grades.loc[grades.index.intersection(schools.index)].sort_index()
    table = table.assign(
        name=schools["name"].reindex(table.index), district_id=schools["district_id"].reindex(table.index)
    )
    limit = table["grade"].map({str(grade): number for grade, number in asked.limits.items()}).fillna(0.0)
    table = table.assign(limit=limit, pupils=_pupils(evidence, asked.stage).reindex(table.index))
    leads = table[(table["need"] == 0) & (limit > 0)].drop(columns="pupils")
    branches = table[table["need"] > 0].drop(columns="limit")
    unknown = branches.index[branches["pupils"].isna()]
    branches = branches.assign(pupils=branches["pupils"].fillna(0.0))
    if asked.counts == "branches":
        branches = branches.assign(need=1.0)
    lead = branches["lead"]
    lost = lead.index[(lead != "") & ~lead.isin(leads.index)]
    notes = [words["unknown"].format(names=", ".join(unknown))] if len(unknown) else []
    notes += [words["lost"].format(names=", ".join(lost))] if len(lost) else []
    return _Sides(branches, leads, lead.where(lead.isin(leads.index)), notes)


def _pupils(evidence: Evidence, stage: str) -> pd.Series[float]:
    """Return the pupils enrolled, or the seats where nobody reported them."""
    seats: pd.Series[float] = evidence.schools(_EXISTING, stage)[f"seats_{stage}"]
    facts, column = evidence.study.facts, f"pupils_{stage}"
    if facts is None or column not in facts:
        return seats
    enrolled: pd.Series[float] = facts[column].reindex(seats.index).fillna(seats)
    return enrolled


def _costs(evidence: Evidence, spots: gpd.GeoDataFrame, sides: _Sides) -> TravelCosts:
    engine = evidence.study.drive or evidence.study.engine
    return travel_costs(spots.loc[sides.branches.index], spots.loc[sides.leads.index], engine=engine)


def _tables(evidence: Evidence, made: Groups) -> dict[str, pd.DataFrame]:
    names = evidence.study.schools["name"]
    pairs = made.pairs.rename(columns={"cost": made.unit}).reset_index()
    pairs.insert(1, "branch_name", names.reindex(pairs["branch_id"]).to_numpy())
    pairs.insert(3, "lead_name", names.reindex(pairs["lead_id"]).fillna("").to_numpy())
    leads = made.leads.drop(columns=["need", "lead"], errors="ignore").rename(columns={"cost": made.unit})
    return {
        "groups": pairs,
        "group_leads": leads.rename_axis("lead_id").reset_index(),
        "group_goals": made.goals.reset_index(),
    }


def _layers(made: Groups, spots: gpd.GeoDataFrame, margin: float) -> dict[str, gpd.GeoDataFrame]:
    if not (made.pairs["lead_id"] != "").any():
        return {}
    points = spots.geometry
    lines = measure.lines(made, points, points).rename(columns={"cost": made.unit})
    return {"group_lines": lines, "group_hulls": measure.hulls(made, points, points, margin=margin).reset_index()}


def _led(made: Groups, words: dict[str, str]) -> str:
    told = made.summary()
    proven = "optimal" if (made.goals["status"] == "optimal").all() else "feasible"
    visit = float(told[f"{made.unit}_per_visit"])
    return words["led"].format(
        led=told["branches_led"], branches=told["branches"], reached=told["pupils_reached"], pupils=told["pupils"],
        towns=told["townships_reached"], all_towns=told["townships"], cost=np.nan_to_num(visit),
        unit=words[made.unit], load=told["highest_load"], status=words[proven],
    )  # fmt: skip
