"""Standards as text for a terminal: aligned, wrapped, in English or Chinese."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from edulayout.stages import KINDS, STAGE_LABELS, STAGE_LABELS_ZH
from edulayout.standards.files import load, names
from edulayout.standards.rules import Rule, Standard, quantity, shown
from edulayout.standards.words import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.standards.rules import Language

_WORDS = {
    "en": {"ages": "ages {}", "classes": "{} classes", "residents": "{} residents", "minutes": "{}-minute circle",
           "every": "all stages", "superseded": "Superseded by {}", "sources": "Sources", "in": "In force",
           "replaced": "Set by the study in place of {was}: {reason}", "added": "Set by the study: {reason}",
           "rules": "{} rules"},
    "zh": {"ages": "{} 岁", "classes": "{} 班", "residents": "{} 人", "minutes": "{} 分钟生活圈", "every": "全部学段",
           "superseded": "已被 {} 取代", "sources": "来源", "in": "适用范围",
           "replaced": "本研究以此代替 {was}：{reason}", "added": "本研究设定：{reason}", "rules": "{} 条"},
}  # fmt: skip
_WIDE = {"W", "F"}
_CLOSING = frozenset("，。；：、）】》！？”’,.;:)")
_LEAST = 16


def printed(standard: Standard, *, language: Language = "en", width: int = 100) -> str:
    """Return a standard as text, its rules by subject.

    Parameters
    ----------
    standard
        Any set, layered ones too.
    language
        `en` or `zh`.
    width
        Columns of the terminal; a Chinese character takes two.

    Examples
    --------
    >>> from edulayout import standards
    >>> print(printed(standards.load("in-rte"), width=72).splitlines()[0])
    in-rte  Right of Children to Free and Compulsory Education, state rules
    """
    words = _WORDS[language]
    lines = _wrapped(f"{standard.name}  {_one(standard.title, standard.title_zh, language)}", width, indent=4)
    where = _one(standard.jurisdiction, standard.jurisdiction_zh, language)
    lines += _wrapped(f"{standard.document} · {words['in']}: {where}", width, indent=4, first=4)
    if standard.superseded_by:
        lines += _wrapped(words["superseded"].format(standard.superseded_by), width, indent=4, first=4)
    lines += _wrapped(_one(standard.note, standard.note_zh, language), width, indent=4, first=4)
    for subject in dict.fromkeys(rule.subject for rule in standard.rules):
        lines += ["", *_wrapped(terms(language)["subject"][subject], width, indent=2)]
        lines += _table([rule for rule in standard.rules if rule.subject == subject], language, width)
    return "\n".join([*lines, *_sources(standard, words["sources"], width)])


def listing(*, language: Language = "en", width: int = 100) -> str:
    """Return one line on each set of the package: name, document, title, number of rules."""
    sets = [load(name) for name in names()]
    first = max(len(one.name) for one in sets) + 2
    lines = []
    for one in sets:
        count = _WORDS[language]["rules"].format(len(one.rules))
        text = f"{_one(one.title, one.title_zh, language)} ({one.document}; {count})"
        lines += _beside(one.name, text, first, width)
    return "\n".join(lines)


def _one(english: str, chinese: str, language: Language) -> str:
    return chinese if language == "zh" and chinese else english


def _table(rules: Sequence[Rule], language: Language, width: int) -> list[str]:
    cells = [(_whom(rule, language), _what(rule, language)) for rule in rules]
    first = min(max(_columns(whom) for whom, _ in cells), width // 2 - 6) + 6
    lines: list[str] = []
    previous = ""
    for rule, (whom, what) in zip(rules, cells, strict=True):
        lines += _beside(f"    {whom}", what, first, width)
        told = _told(rule, language)
        # A table says once what holds for all of its rows.
        last = rule is rules[-1] or _told(rules[rules.index(rule) + 1], language) != told
        if last and told != previous:
            lines += _wrapped(told, width, indent=first + 2, first=first + 2)
        previous = told if last else previous
    return lines


def _whom(rule: Rule, language: Language) -> str:
    words, labels = _WORDS[language], STAGE_LABELS_ZH if language == "zh" else STAGE_LABELS
    parts = [labels[rule.stage] if rule.stage else ""]
    if rule.kind and rule.kind != rule.stage:
        parts.append(_one(KINDS[rule.kind].label, KINDS[rule.kind].label_zh, language))
    sizes = {"ages": rule.ages, "classes": rule.classes, "residents": rule.residents, "minutes": rule.minutes}
    parts += [words[name].format(size) for name, size in sizes.items() if size is not None]
    if rule.level:
        parts.append(terms(language)["level"][rule.level])
    return ", ".join(filter(None, parts)) or words["every"]


def _what(rule: Rule, language: Language) -> str:
    text = terms(language)
    mode = f", {text['mode'][rule.mode]}" if rule.mode else ""
    return f"{rule.demand(language)} {quantity(rule.value, rule.unit, language)}{mode}"


def _told(rule: Rule, language: Language) -> str:
    words = _WORDS[language]
    if rule.replaced is not None:
        was = None if rule.replaced.was is None else shown(rule.replaced.was)
        return words["replaced" if was else "added"].format(was=was, reason=rule.replaced.reason)
    strength = terms(language)["strength"][rule.strength] if rule.strength == "unstated" else ""
    parts = [
        f"{rule.document}, {_one(rule.clause, rule.clause_zh, language)}",
        strength,
        f"[{rule.status}] {terms(language)['status'][rule.status]}",
        _one(rule.note, rule.note_zh, language),
    ]
    if rule.superseded_by:
        parts.append(words["superseded"].format(rule.superseded_by))
    return "; ".join(filter(None, parts))


def _sources(standard: Standard, label: str, width: int) -> list[str]:
    if not standard.sources:
        return []
    return [
        "",
        f"  {label}",
        *(line for source in standard.sources for line in _wrapped(source, width, indent=6, first=4)),
    ]


def _beside(left: str, right: str, first: int, width: int) -> list[str]:
    """Return a text beside a label, in two columns; a label too long stands on a line of its own."""
    lines = _wrapped(right, width, indent=first, first=first)
    room = _columns(left) <= first - 1
    return [left + lines[0][_columns(left) :], *lines[1:]] if room else [left, *lines]


def _wrapped(text: str, width: int, *, indent: int, first: int = 0) -> list[str]:
    if not text:
        return []
    lines, line, room = [], "", max(width, indent + _LEAST)
    margin = " " * first
    for piece in _pieces(text):
        if line and _columns(margin + line + piece.rstrip()) > room:
            lines.append((margin + line).rstrip())
            line, margin = "", " " * indent
        line += piece if line else piece.lstrip()
    return [*lines, (margin + line).rstrip()]


def _pieces(text: str) -> list[str]:
    """Return where a line may break: after a space, and around a Chinese character but before no closing mark."""
    pieces: list[str] = []
    for char in text:
        joined = pieces and not _breaks(pieces[-1][-1], char)
        if joined:
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _breaks(before: str, after: str) -> bool:
    if after in _CLOSING or after == " " or before in "（《“‘([":
        return False
    return (
        before == " " or unicodedata.east_asian_width(before) in _WIDE or unicodedata.east_asian_width(after) in _WIDE
    )


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in _WIDE else 1 for char in text)
