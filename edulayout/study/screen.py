"""What a run says on screen: its steps, then coverage before and after, then what was proven."""

from __future__ import annotations

import sys
import unicodedata
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from tqdm import tqdm

from edulayout.coverage import ALL, OUTSIDE
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.study.proofs import kinds_in_words, statement, together

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from edulayout.study.placing import Decision
    from edulayout.study.result import Result

_NAME_WIDTH = 26
_LINE_WIDTH = 46
_CELL_WIDTH = 20
_SEEN = 0.5
_BAR = "{desc:<24}{elapsed_s:6.1f} s  {postfix}"


class StepPrinter:
    """A progress callback: a bar per step on a terminal, a line per finished step elsewhere."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __call__(self, step: str, done: int, total: int, /) -> None:
        """Show how much of a step is done; a step within a step stands behind the name of the outer one."""
        if self._bar is None:
            # Away from a terminal nothing is shown before a step is done.
            delay = 0 if sys.stderr.isatty() else 1e9
            self._bar = tqdm(total=total, desc=step, bar_format=_BAR, delay=delay)
        elif self._bar.desc.removesuffix(": ") != step:
            self._bar.set_postfix_str(f"{step} {done}/{total}", refresh=self._bar.delay == 0)
        elif done >= total:
            self._finish(step)

    def _finish(self, step: str) -> None:
        assert self._bar is not None, "a step ends after it began"
        self._bar.set_postfix_str("", refresh=False)
        if self._bar.delay:
            sys.stderr.write(f"{step:<24}{self._bar.format_dict['elapsed']:6.1f} s\n")
        self.__exit__()


_WORDS = {
    "en": {
        ALL: "all", OUTSIDE: "outside every district", "within": "{stage}, within {radius:g} m", "note": "note",
        "pupils": "pupils",
        "existing": "existing", "planned": "planned", "extended": "extended", "unreached": "no way: {share:.0f} %",
        "none": "no pupils", "no school": "no school", "safe": "all, by safe ways",
        "short": "In short", "placed": "Placed, and what was proven:", "rules": "Measured by:",
        "what": "{layout}: {kinds}, {candidates} parcel(s) allow it",
        "together": "{layout}: all kinds together", "optimal": "optimal: ", "feasible": "",
        "own": "{count} in {district}", "comma": ", ",
        "alone": "; nor does one of those of a district alone ({districts})",
    },
    "zh": {
        ALL: "全部", OUTSIDE: "片区以外", "within": "{stage}，{radius:g} 米以内", "note": "注", "pupils": "学生数",
        "existing": "现状", "planned": "规划", "extended": "远期", "unreached": "不可达 {share:.0f} %",
        "none": "无学生", "no school": "无学校", "safe": "全部（安全路径）",
        "short": "摘要", "placed": "选址结果及其证明：", "rules": "依据：",
        "what": "{layout}：{kinds}，可选用地 {candidates} 处",
        "together": "{layout}：各类学校一并考虑", "optimal": "最优：", "feasible": "",
        "own": "{district} {count} 处", "comma": "、", "alone": "；单独调整任一片区的校址亦然（{districts}）",
    },
}  # fmt: skip


def report(result: Result) -> str:
    """Return the tables that a run ends with."""
    study, words = result.study, _WORDS[result.study.language]
    chinese = study.language == "zh"
    name = study.name_zh if chinese and study.name_zh else study.name
    note = study.note_zh if chinese and study.note_zh else study.note
    notes = [f"{words['note']}: {entry}" for entry in (*result.notes, *result.set_aside)]
    ratio = [f"{words['pupils']}: {study.pupils_source}"] if study.per_1000_residents and study.pupils_source else []
    rules = ["", words["rules"], *(f"  {rule}" for rule in (*result.rules, *ratio))]
    proven = ["", words["placed"], *proofs(result)] if result.decisions else []
    title = f"{name} ({note})" if note else name
    return "\n".join([*notes, "", title, *coverage_lines(result), *rules, *proven, "", *summary_lines(result)])


def summary_lines(result: Result) -> list[str]:
    """Return the summary that people read first, one block per stage, layouts across."""
    words, table = _WORDS[result.study.language], result.summary
    layouts = [words[layout] for layout in table.columns]
    lines = [_row(words["short"], layouts, name_width=_LINE_WIDTH)]
    for stage in table.index.unique("stage"):
        lines += [
            stage,
            *(_row(f"  {what}", list(cells), name_width=_LINE_WIDTH) for what, *cells in table.loc[stage].itertuples()),
        ]
    return lines


def coverage_lines(result: Result) -> list[str]:
    """Return a block per stage: districts down, layouts across; share covered and mean walk."""
    words = _WORDS[result.study.language]
    labels = STAGE_LABELS_ZH if result.study.language == "zh" else STAGE_LABELS
    layouts = list(dict.fromkeys(result.coverage["layout"]))
    lines = []
    for stage, radius in result.radii.items():
        title = words["within"].format(stage=labels[stage], radius=radius)
        lines += ["", _row(title, [words[layout] for layout in layouts])]
        table = result.coverage[result.coverage["stage"] == stage].set_index(["district_id", "layout"])
        for district in dict.fromkeys(table.index.get_level_values(0)):
            cells = [_cell(table.loc[(district, layout)], words) for layout in layouts]
            lines.append(_row(f"  {_district_name(result, district)}", cells))
        lines += _safe_line(table, layouts, words)
    return lines


def _safe_line(table: pd.DataFrame, layouts: list[str], words: Mapping[str, str]) -> list[str]:
    """Return the line on ways that cross no main road but where they may, if the stage has such a rule."""
    if "share_covered_safe" not in table or table["share_covered_safe"].isna().all():
        return []
    safe = table[["share_covered_safe", "mean_metres_safe"]].set_axis(["share_covered", "mean_metres"], axis=1)
    rows = (safe[safe.index == (ALL, layout)].iloc[0] for layout in layouts)
    cells = [_cell(row, words) for row in rows]
    return [_row(f"  {words['safe']}", cells)]


def _district_name(result: Result, district: str) -> str:
    words = _WORDS[result.study.language]
    return words[district] if district in {ALL, OUTSIDE} else result.district_names[district]


def _cell(row: pd.Series[float], words: Mapping[str, str]) -> str:
    if np.isnan(row["share_covered"]):
        return words["none"]
    walk = words["no school"] if np.isnan(row["mean_metres"]) else f"{row['mean_metres']:,.0f} m"
    lost = 100 * row["pupils_unreachable"] / row["pupils"] if "pupils_unreachable" in row.index else 0.0
    # Who has no way to school is in no mean: from half a per cent on it is seen beside it.
    unreached = f"  {words['unreached'].format(share=lost)}" if lost >= _SEEN and walk[0].isdigit() else ""
    return f"{100 * row['share_covered']:.1f} %  {walk}{unreached}"


def _row(name: str, cells: list[str], *, name_width: int = _NAME_WIDTH) -> str:
    return _padded(name, name_width) + "".join(" " * max(2, _CELL_WIDTH - _width(cell)) + cell for cell in cells)


def _padded(text: str, width: int) -> str:
    return text + " " * max(1, width - _width(text))


def _width(text: str) -> int:
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def proofs(result: Result) -> list[str]:
    """Return in words what each placing achieved and how far it can be from the best."""
    language, objective = result.study.language, result.study.objective
    words, lines = _WORDS[language], []
    for made in result.decisions:
        what = words["what"].format(
            layout=words[made.layout], kinds=kinds_in_words(made, language), candidates=made.parcels[""]
        )
        said = statement(made, objective=objective, language=language)
        lines += [f"  {what}", f"    {words[made.status]}{said}{_each_district(made, result)}"]
    joints = {made.layout: made.joint for made in result.decisions if len(made.joint.parts) > 1}
    for layout, joint in joints.items():
        said = together(joint, objective=objective, language=language)
        lines += [f"  {words['together'].format(layout=words[layout])}", f"    {words[joint.status]}{said}"]
    return lines


def _each_district(made: Decision, result: Result) -> str:
    """Return that the same holds for the sites of each district alone, where the plan counts by district."""
    words, names = _WORDS[result.study.language], result.district_names
    own = [words["own"].format(count=count, district=names[name]) for name, count in made.quotas.items() if name]
    return words["alone"].format(districts=words["comma"].join(own)) if own else ""
