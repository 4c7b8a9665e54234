"""What a run says on screen: its steps, then coverage before and after, then what was proven."""

from __future__ import annotations

import sys
import unicodedata
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from tqdm import tqdm

from edulayout.coverage import ALL, OUTSIDE
from edulayout.stages import KINDS, STAGE_LABELS

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.study.planning import Decision
    from edulayout.study.result import Result

_WHOLES = {ALL: "all", OUTSIDE: "outside every district"}
_NAME_WIDTH = 26
_CELL_WIDTH = 20
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
            self._bar = tqdm(total=total, desc=step, bar_format=_BAR, mininterval=0 if _on_terminal() else 1e9)
        elif self._bar.desc.removesuffix(": ") != step:
            self._bar.set_postfix_str(f"{step} {done}/{total}", refresh=_on_terminal())
        elif done >= total:
            self._bar.update(total - self._bar.n)
            self._bar.set_postfix_str("", refresh=False)
            self.__exit__()


def _on_terminal() -> bool:
    return sys.stderr.isatty()


def report(result: Result) -> str:
    """Return the tables that a run ends with."""
    head = result.study.name + (f" ({result.study.note})" if result.study.note else "")
    notes = [f"note: {entry}" for entry in result.set_aside]
    proofs = [proof(decision, result) for decision in result.decisions]
    blocks = [*notes, "", head, *coverage_lines(result)]
    return "\n".join([*blocks, "", "Placed, and what was proven:", *proofs] if proofs else blocks)


def coverage_lines(result: Result) -> list[str]:
    """Return a block per stage: districts down, layouts across; share covered and mean walk."""
    layouts = list(dict.fromkeys(result.coverage["layout"]))
    lines = []
    for stage, radius in result.radii.items():
        title = f"{STAGE_LABELS[stage]}, within {radius:g} m"
        lines += ["", _row(title, [f"{layout}" for layout in layouts])]
        table = result.coverage[result.coverage["stage"] == stage].set_index(["district_id", "layout"])
        for district in dict.fromkeys(table.index.get_level_values(0)):
            cells = [_cell(table.loc[(district, layout)]) for layout in layouts]
            lines.append(_row(f"  {_district_name(result, district)}", cells))
    return lines


def _district_name(result: Result, district: str) -> str:
    if district in _WHOLES:
        return _WHOLES[district]
    row = result.districts.loc[district]
    english = row["name_en"] if "name_en" in row.index and result.study.language == "en" else None
    return english if isinstance(english, str) and english else str(row["name"])


def _cell(row: pd.Series[float]) -> str:
    if np.isnan(row["share_covered"]):
        return "no pupils"
    walk = "no school" if np.isnan(row["mean_metres"]) else f"{row['mean_metres']:,.0f} m"
    return f"{100 * row['share_covered']:.1f} %  {walk}"


def _row(name: str, cells: list[str]) -> str:
    return _padded(name, _NAME_WIDTH) + "".join(cell.rjust(_CELL_WIDTH) for cell in cells)


def _padded(text: str, width: int) -> str:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return text + " " * max(1, width - len(text) - wide)


def proof(decision: Decision, result: Result) -> str:
    """Return in words what a placing achieved and how far it can be from the best."""
    plan = decision.siting
    what = f"  {decision.layout}: {len(plan.opened)} × {KINDS[decision.kind].label} of {decision.candidates} parcels"
    goal = "raises the pupils covered" if result.study.objective == "max_coverage" else "shortens the total walk"
    if plan.status == "optimal":
        return f"{what}; optimal: no other choice of these parcels {goal} ({plan.seconds:.2f} s)"
    return f"{what}; {plan.status}: no other choice {goal} by more than {100 * plan.gap:.2g} % ({plan.stop_reason})"
