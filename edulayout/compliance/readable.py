"""The tables of a check for people: every code in words, every heading in their language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout.compliance.wording import check_language, word
from edulayout.stages import STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.standards import terms

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = ("layout", "label", "stage", "object_type", "name", "found", "unit", "limit", "margin", "verdict", "fails",
          "cannot_tell", "meets", "not_applicable", "pupils", "reason", "document",
          "clause", "strength", "status", "note")  # fmt: skip


def worded(table: pd.DataFrame, *, language: str = "en") -> pd.DataFrame:
    """Return a check as people read it, for a report or a workbook.

    Parameters
    ----------
    table
        What `check` or `summary` returned, made in the same language; a column `layout` is kept.
    language
        `en` or `zh`.

    Returns
    -------
    pandas.DataFrame
        The rows in their order, with stages, units, verdicts, strengths and statuses in words, under headings in words;
        shares stay numbers from 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from edulayout import compliance
    >>> schools = pd.DataFrame({"kind": ["primary"], "name": ["一小"]}, index=["s1"])
    >>> demand = pd.DataFrame({"population": [9000.0]}, index=["b"])
    >>> facts = pd.DataFrame({"pupils_primary": [600.0], "classes_primary": [12.0]}, index=["s1"])
    >>> table = compliance.check(schools, demand, standard="cn-gb50099-2011", facts=facts, language="zh")
    >>> worded(table, language="zh")[["规则", "对象", "实际", "单位", "结论", "依据可靠性"]][:1]
       规则  对象    实际   单位   结论                依据可靠性
    0  班额  一小  50.0  人/班  不符合  读自文本抄件，未核对正式文本
    """
    check_language(language)
    text = terms(language)
    stages = STAGE_LABELS_ZH if language == "zh" else STAGE_LABELS
    codes: dict[str, Mapping[str, str]] = {
        "stage": stages,
        "unit": text["unit"],
        "object_type": {name: word("object", name, language) for name in ("school", "district", "city")},
        "strength": text["strength"],
        "status": text["status"],
        "verdict": {
            name: word("verdict", name, language) for name in ("fails", "cannot_tell", "meets", "not_applicable")
        },
    }
    shown = [name for name in _SHOWN if name in table]
    made = {
        name: [codes[name].get(code, code) for code in table[name]] if name in codes else table[name] for name in shown
    }
    return pd.DataFrame(made, index=table.index).rename(
        columns={name: word("column", name, language) for name in shown}
    )
