"""Public and private (公民办结构): whose the seats are, and which projects reach the targets soonest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from edulayout.programme import OWNERS, TARGETS, Choice, ownership_shares, soonest
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.study.chapters.chapter import Chapter
from edulayout.study.norms import standard_of
from edulayout.study.sections_programme import Ownership
from edulayout.study.sources import names_of

if TYPE_CHECKING:
    from edulayout.study.chapters.chapter import Evidence

_EXISTING, _ALL = "existing", "all"
_SHARES = ("share_public", "share_inclusive")
_WORDS = {
    "en": {
        "targets": "Ownership targets, {stage}: public {public:.0%}, public and inclusive {inclusive:.0%} ({source})",
        "default": "opinion of 2018 on preschool; status: secondary",
        "unknown": "Ownership: {count} schools without a known owner are in no share",
        "aside": "Ownership: projects without owner, seats, cost or opening are no choice: {names}",
        "met": "Ownership, {where}: the targets are met as it is",
        "soonest": "Ownership, {where}: the targets are reached soonest in {year}, at least cost {cost:,.1f} {money} "
        "by {names} ({status})",
        "never": "Ownership, {where}: no choice of projects reaches the targets: {reasons}",
        "whole": "whole city", "each": "in each district", "optimal": "proven", "feasible": "not proven the cheapest",
        "short": "{target}, {group}: {seats:,.0f} seats short with everything that helps it",
        "against": "the targets work against each other, or the money does not do",
        "public": "public", "inclusive": "public and inclusive", "stop": "; ",
    },
    "zh": {
        "targets": "公民办结构目标（{stage}）：公办{public:.0%}，普惠{inclusive:.0%}（{source}）",
        "default": "2018年学前教育意见；二手资料，未核对原文",
        "unknown": "公民办结构：{count}所学校办学性质不明，不计入比例",
        "aside": "公民办结构：缺办学性质、学位、投资或开园日期的项目不参与比选：{names}",
        "met": "公民办结构（{where}）：现状已达标",
        "soonest": "公民办结构（{where}）：最早于{year}年达标，最低投资{cost:,.1f}{money}，项目：{names}（{status}）",
        "never": "公民办结构（{where}）：现有项目无论如何组合均不能达标：{reasons}",
        "whole": "全市", "each": "各片区分别", "optimal": "已证明", "feasible": "未证明投资最低",
        "short": "{group}{target}：有利项目全部建成仍缺{seats:,.0f}个学位", "against": "各目标相互制约，或资金不足",
        "public": "公办", "inclusive": "普惠", "stop": "；",
    },
}  # fmt: skip


class _Targets(NamedTuple):
    shares: dict[str, float]
    source: str


@dataclass(frozen=True, eq=False)
class _Case:
    """Schools and projects of one stage whose owner is known."""

    stage: str
    schools: pd.DataFrame
    projects: pd.DataFrame
    targets: _Targets

    @property
    def seats(self) -> str:
        """The column that is counted."""
        return f"seats_{self.stage}"

    def shares(self, more: pd.DataFrame, *, seats: str = "") -> pd.DataFrame:
        """Return the shares with some projects added, by district."""
        column = seats or self.seats
        both = pd.concat([self.schools, more])[["ownership", "district_id", column]]
        return ownership_shares(both, seats=column, targets=self.targets.shares)

    def table(self, chosen: dict[str, Choice]) -> pd.DataFrame:
        """Return every case as rows: today, each project alone, all of them, and the soonest choices."""
        none = self.projects.iloc[:0]
        today = self.shares(none)
        parts = [_rows(today, today, case="today")]
        if f"pupils_{self.stage}" in self.schools:
            pupils = self.shares(none, seats=f"pupils_{self.stage}")
            parts.append(_rows(pupils, pupils, case="today", of="pupils"))
        for name in self.projects.index:
            own = self.projects.loc[[name]]
            rows = _rows(self.shares(own), today, case="project", project_id=str(name))
            parts.append(rows[rows["district_id"].isin([*own["district_id"], _ALL])])
        if len(self.projects):
            parts.append(_rows(self.shares(self.projects), today, case="all projects"))
        for case, choice in chosen.items():
            if choice.projects:
                parts.append(_rows(self.shares(self.projects.loc[list(choice.projects)]), today, case=case))
        return pd.concat(parts, ignore_index=True)


def ownership(evidence: Evidence) -> Chapter:
    """Return `ownership.csv`: shares of seats by owner and district, and the projects that reach the targets soonest.

    Nothing where no school has a known owner.
    """
    facts = evidence.study.facts
    asked = Ownership.model_validate(evidence.study.under_way.get("ownership", {}))
    if facts is None or "ownership" not in facts or asked.stage not in evidence.radii:
        return Chapter()
    schools = _schools(evidence, asked.stage)
    known = schools[schools["ownership"].isin(OWNERS)]
    if known.empty:
        return Chapter()
    projects, aside = _projects(evidence, asked.stage)
    standing = projects[projects["opened"]]
    case = _Case(asked.stage, pd.concat([known, standing]), projects[~projects["opened"]], _targets(evidence, asked))
    chosen = _chosen(case, asked)
    return Chapter(
        tables={"ownership": case.table(chosen)},
        notes=tuple(_notes(evidence, case, chosen, aside=aside, unknown=len(schools) - len(known))),
    )


def _schools(evidence: Evidence, stage: str) -> pd.DataFrame:
    """Return the schools of today with their owner, `unknown` where nobody stated it, and the pupils enrolled."""
    facts = evidence.study.facts
    assert facts is not None, "asked before"
    found = pd.DataFrame(evidence.schools(_EXISTING, stage))
    columns = [name for name in ("ownership", f"pupils_{stage}") if name in facts]
    joined = found[["district_id", f"seats_{stage}"]].join(facts[columns])
    return joined.assign(ownership=joined["ownership"].fillna("unknown"))


def _projects(evidence: Evidence, stage: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the projects that make seats of the stage, and the ids of those of which something is not known."""
    made, none = evidence.study.programme, pd.DataFrame({"opened": pd.Series(dtype=bool)})
    column = f"seats_{stage}"
    if made is None or "ownership" not in made.projects or column not in made.projects:
        return none, []
    status = made.status(evidence.study.under_way["as_of"])
    year = status["expected_opening"].dt.year
    table = made.projects[["name", "district_id", "ownership", column]].assign(
        total=status["total"], opening=year, opened=status["state"] == "opened"
    )
    table = table[made.projects[column] > 0]
    lacking = (table["ownership"] == "") | table[["total", "opening"]].isna().any(axis=1)
    return table[~lacking].sort_index(), list(table.index[lacking])


def _targets(evidence: Evidence, asked: Ownership) -> _Targets:
    """Return the targets of the study, else of its standards, else those of 2018."""
    if asked.targets:
        return _Targets(TARGETS | {str(name): share for name, share in asked.targets.items()}, asked.reason)
    standard = standard_of(evidence.study)
    rules = {} if standard is None else {name: standard.find(f"{name}_share", asked.stage) for name in TARGETS}
    found = {name: rule for name, rule in rules.items() if rule is not None}
    if not found:
        return _Targets(dict(TARGETS), _WORDS[evidence.study.language]["default"])
    cited = "; ".join(dict.fromkeys(rule.citation for rule in found.values()))
    return _Targets(TARGETS | {name: rule.limit for name, rule in found.items()}, cited)


def _chosen(case: _Case, asked: Ownership) -> dict[str, Choice]:
    """Return the soonest choice for the whole, and one that holds in each district where that is asked for."""
    ways = {"soonest": None, **({"soonest in each district": "district_id"} if asked.each_district else {})}
    budget = dict(asked.budget) or None
    return {
        name: soonest(case.projects, case.schools, seats=case.seats, targets=case.targets.shares, by=by, budget=budget)
        for name, by in ways.items()
        if len(case.projects)
    }


def _rows(
    table: pd.DataFrame, today: pd.DataFrame, *, case: str, of: str = "seats", project_id: str = ""
) -> pd.DataFrame:
    """Return shares as rows of the result, with what changed against today."""
    before = today.reindex(table.index)[list(_SHARES)]
    change = {f"change_{name}": table[name] - before[name] for name in _SHARES}
    named = table.rename(columns={f"seats_{owner}": owner for owner in OWNERS})
    rows = named.assign(**change).rename_axis("district_id").reset_index()
    rows.insert(0, "case", case)
    rows.insert(1, "project_id", project_id)
    rows.insert(2, "of", of)
    return rows


def _notes(evidence: Evidence, case: _Case, chosen: dict[str, Choice], *, aside: list[str], unknown: int) -> list[str]:
    words, targets = _WORDS[evidence.study.language], case.targets
    label = (STAGE_LABELS_ZH if evidence.chinese else STAGE_LABELS)[case.stage]
    notes = [words["targets"].format(stage=label, source=targets.source, **targets.shares)]
    notes += [words["unknown"].format(count=unknown)] if unknown else []
    notes += [words["aside"].format(names=", ".join(aside))] if aside else []
    return notes + [
        _told(evidence, choice, words["whole" if name == "soonest" else "each"]) for name, choice in chosen.items()
    ]


def _told(evidence: Evidence, choice: Choice, where: str) -> str:
    words, made = _WORDS[evidence.study.language], evidence.study.programme
    assert made is not None, "a choice is among projects"
    if choice.status == "infeasible":
        return words["never"].format(where=where, reasons=_reasons(evidence, choice, words))
    if not choice.projects:
        return words["met"].format(where=where)
    money = made.money_zh if evidence.chinese else made.money
    return words["soonest"].format(
        where=where,
        year=choice.year,
        cost=choice.cost,
        money=money,
        names=", ".join(choice.projects),
        status=words[choice.status],
    )


def _reasons(evidence: Evidence, choice: Choice, words: dict[str, str]) -> str:
    names = names_of(evidence.study.districts, english=not evidence.chinese) | {_ALL: words["whole"]}
    told = [
        words["short"].format(target=words[target], group=names.get(group, group), seats=seats)
        for target, group, seats in choice.lacking
    ]
    return words["stop"].join(told) or words["against"]
