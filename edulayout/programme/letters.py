"""Reminder letters (提醒函) to the districts whose projects are late, from a template that anybody can edit."""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.programme.status import lagging_of, said_late, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.programme.book import Book

FIELDS = ("district", "programme", "as_of", "count", "seats", "pupils", "list", "issuer")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How letters are written.

    Parameters
    ----------
    language
        `zh` or `en`.
    template
        Text in place of the package's; None for that one.
    issuer
        Who signs; a line to fill in where it is empty.
    names
        What districts are called, by `district_id`; the id itself where it is not there.
    """

    language: str = "zh"
    template: str | None = None
    issuer: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Letter:
    """A letter as paragraphs, one of which is the table of late projects.

    Parameters
    ----------
    district_id
        To whom.
    title
        First paragraph of the template.
    before, after
        Paragraphs before and after the table; a line break parts the lines of a signature.
    table
        One row per late project, in words.
    language
        `zh` or `en`.
    """

    district_id: str
    title: str
    before: tuple[str, ...]
    table: pd.DataFrame
    after: tuple[str, ...]
    language: str

    def html(self) -> str:
        """Return the letter as one page that prints on A4."""
        paragraphs = ["".join(map(_paragraph, part)) for part in (self.before, self.after)]
        table = self.table.to_html(border=0, index=False, escape=True)
        return _PAGE.format(
            language="zh-CN" if self.language == "zh" else "en",
            title=escape(self.title),
            before=paragraphs[0],
            table=table,
            after=paragraphs[1],
        )


_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A4; margin: 30mm 26mm; }}
body {{ font: 12pt/1.8 "Noto Serif CJK SC", "SimSun", serif; max-width: 160mm; margin: 24px auto; color: #111; }}
h1 {{ font-size: 16pt; text-align: center; }}
html[lang="zh-CN"] p:not(:first-of-type) {{ text-indent: 2em; }}
p.signed {{ text-align: right; }}
table {{ border-collapse: collapse; width: 100%; font-size: 10.5pt; line-height: 1.4; }}
th, td {{ border: 1px solid #444; padding: 3px 6px; text-align: left; }}
</style></head><body><h1>{title}</h1>{before}{table}{after}</body></html>
"""

_HEADS = {
    "zh": ("项目", "滞后环节", "计划完成", "滞后天数", "学位（个）", "预计开园（开学）"),
    "en": ("Project", "What is late", "Due", "Days late", "Seats", "Expected opening"),
}


def _paragraph(text: str) -> str:
    """Return a paragraph; one of several lines is a signature, and stands at the right."""
    lines = "<br>".join(map(escape, text.splitlines()))
    return f'<p class="signed">{lines}</p>' if "\n" in text else f"<p>{lines}</p>"


def letters_of(programme: Book, as_of: pd.Timestamp, *, wording: Wording, pupils: Mapping[str, float]) -> list[Letter]:
    """Return a letter per district with a late project; see `Programme.letters`."""
    status = status_of(programme.projects, programme.payments, programme.milestones, as_of)
    late = lagging_of(status, pupils)
    text = wording.template
    if text is None:
        text = files("edulayout.programme").joinpath(f"letter_{wording.language}.txt").read_text("utf-8")
    paragraphs = _paragraphs(text)
    return [
        _letter(programme, as_of, str(district), rows, paragraphs, wording)
        for district, rows in late.groupby("district_id", sort=True)
    ]


def _paragraphs(text: str) -> list[str]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    paragraphs = [part.strip() for part in lines.split("\n\n") if part.strip()]
    try:
        used = {name for part in paragraphs for _, name, _, _ in string.Formatter().parse(part) if name is not None}
    except ValueError as error:
        raise InputError(
            Fault("the template of a letter", str(error), "fields in braces, each closed", "correct it")
        ) from None
    if not used <= set(FIELDS) or "list" not in used:
        told = ", ".join(sorted(used)) or "none"
        raise InputError(
            Fault(
                "the template of a letter", f"fields: {told}", f"only {', '.join(FIELDS)}, and {{list}}", "correct it"
            )
        )
    return paragraphs


def _letter(
    programme: Book, as_of: pd.Timestamp, district: str, rows: pd.DataFrame, paragraphs: list[str], wording: Wording
) -> Letter:
    language = wording.language
    waiting = float(rows["pupils_waiting"].sum())
    told = (
        {
            "zh": f"，约{waiting:,.0f}名学生等待入学",
            "en": f" and about {waiting:,.0f} pupils",
        }[language]
        if waiting
        else ""
    )
    day = as_of.date()
    name = programme.name_zh if language == "zh" and programme.name_zh else programme.name
    words = {
        "district": wording.names.get(district, district),
        "programme": name,
        "as_of": f"{day.year}年{day.month}月{day.day}日" if language == "zh" else day.isoformat(),
        "count": len(rows),
        "seats": f"{rows['seats'].sum():,.0f}",
        "pupils": told,
        "list": "",
        "issuer": wording.issuer or {"zh": "（发函单位）", "en": "(issuing office)"}[language],
    }
    at = next(number for number, part in enumerate(paragraphs) if "{list}" in part)
    spoken = [part.format(**words) for part in paragraphs]
    return Letter(
        district, spoken[0], tuple(spoken[1:at]), _table(programme, rows, language), tuple(spoken[at + 1 :]), language
    )


def _table(programme: Book, rows: pd.DataFrame, language: str) -> pd.DataFrame:
    labels = {
        one.name: one.label_zh if language == "zh" and one.label_zh else one.label for one in programme.milestones
    }
    late = said_late(rows, programme.milestones)
    english = rows["name_en"] if language == "en" and "name_en" in rows else pd.Series("", index=rows.index)
    columns = (
        english.where(english != "", rows["name"]),
        late["milestone"].map(lambda name: labels.get(name, name)),
        late["due"].dt.strftime("%Y-%m-%d").fillna("—"),
        late["days"],
        rows["seats"].map("{:,.0f}".format),
        rows["expected_opening"].dt.strftime("%Y-%m-%d").fillna("—"),
    )
    table = rows[[]].assign(**dict(zip(_HEADS[language], columns, strict=True)))
    return table.reset_index(drop=True)
