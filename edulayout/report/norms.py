"""The standards behind the numbers: where they stand, how binding, how sure; what the study set itself, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edulayout.report.checked import status_word
from edulayout.report.forms import NOTHING, Cell
from edulayout.report.html import Markup, element, joined
from edulayout.report.tables import Shown, shown
from edulayout.stages import KINDS
from edulayout.standards import quantity, terms
from edulayout.standards import shown as value_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edulayout.report.content import Content
    from edulayout.report.words import Words
    from edulayout.standards import Rule

_SURE = frozenset({"verified", "chosen"})
_ADDRESS = ("http://", "https://")


def standards(content: Content, words: Words) -> Markup:
    """Return the service radii with their rules, what the study replaced, every rule of the sets, and the sources."""
    return joined(part for part in (_radii(content, words), _replaced(content, words), *_sets(content, words)) if part)


def _radii(content: Content, words: Words) -> Markup:
    rows, marks = [], []
    for stage, metres in content.radii.items():
        rule = content.radius_rules.get(stage)
        told = [Cell(NOTHING)] * 4 if rule is None else _source(rule, words)
        rows.append([Cell(words.stage(stage)), Cell(words("metres", count=value_shown(metres))), *told])
        marks.append(_mark(rule))
    heads = [words.column("stage"), words("head_radius"), *_source_heads(words)]
    return shown(
        Shown(
            name="radii", heads=heads, rows=rows, caption=words("table_radii"), note=words("note_radii"), marks=marks
        ),
        words,
    )


def _source_heads(words: Words) -> list[str]:
    return [words.column(name) for name in ("document", "clause", "strength", "status_of_rule")]


def _source(rule: Rule, words: Words) -> list[Cell]:
    """Return document, clause, strength and status; of a value that the study set, the reason."""
    strength = Cell(rule.demand(words.language))
    if rule.replaced is not None:
        was = (
            ""
            if rule.replaced.was is None
            else words("rule_was", value=quantity(rule.replaced.was, rule.unit, words.language))
        )
        return [
            Cell(words("rule_own", document=rule.document)),
            Cell(was + rule.replaced.reason),
            strength,
            Cell(words("status_chosen")),
        ]
    clause = rule.clause_zh if words.language == "zh" and rule.clause_zh else rule.clause
    return [Cell(rule.document), Cell(clause), strength, Cell(status_word(rule.status, words))]


def _mark(rule: Rule | None) -> str:
    return "" if rule is not None and rule.status in _SURE else "unsure"


def _replaced(content: Content, words: Words) -> Markup | None:
    """Return what the study put in the place of a standard's value, each with its reason."""
    rules = [rule for rule in (content.standard.replaced if content.standard else ()) if rule.replaced is not None]
    if not rules:
        return None
    lines = [element("li", _replacement(rule, words)) for rule in rules]
    return element("div", element("h4", words("overrides")), element("ul", *lines), class_="overrides")


def _replacement(rule: Rule, words: Words) -> str:
    assert rule.replaced is not None, "only replaced rules come here"
    was = NOTHING if rule.replaced.was is None else quantity(rule.replaced.was, rule.unit, words.language)
    return words("override", subject=terms(words.language)["subject"][rule.subject], whom=whom(rule, words),
                 value=quantity(rule.value, rule.unit, words.language), was=was,
                 document=rule.document, reason=rule.replaced.reason)  # fmt: skip


def _sets(content: Content, words: Words) -> Iterator[Markup]:
    standard = content.standard
    if standard is None:
        yield element("p", words("no_standard"), class_="hint")
        return
    rows = [
        [
            Cell(terms(words.language)["subject"][rule.subject]),
            Cell(whom(rule, words)),
            Cell(_asked(rule, words)),
            *_source(rule, words),
        ]
        for rule in standard.rules
    ]
    heads = [words.column("subject"), words("head_whom"), words.column("asked_for"), *_source_heads(words)]
    yield shown(
        Shown(name="standards", heads=heads, rows=rows, caption=words("table_standards"), note=words("note_standards"),
              marks=[_mark(rule) for rule in standard.rules], printed=len(rows)), words,
    )  # fmt: skip
    if standard.sources:
        sources = element("ul", *(element("li", _linked(source)) for source in standard.sources), class_="sources")
        yield element("details", element("summary", words("sources_of_rules")), sources)


def _asked(rule: Rule, words: Words) -> str:
    mode = f", {terms(words.language)['mode'][rule.mode]}" if rule.mode else ""
    return quantity(rule.value, rule.unit, words.language) + mode


def whom(rule: Rule, words: Words) -> str:
    """Return what a rule is about: stage, kind, size, ages.

    Examples
    --------
    >>> from edulayout import standards
    >>> from edulayout.report.words import words
    >>> whom(standards.load("cn-gb50180-2018").find("service_radius", "primary"), words("en")).split(",")[0]
    'Primary'
    """
    parts = [words.stage(rule.stage) if rule.stage else words("every_stage")]
    if rule.kind and rule.kind != rule.stage:
        parts.append(words.value(rule.kind) if rule.kind in KINDS else rule.kind)
    sizes = {"ages": rule.ages, "classes": rule.classes, "residents": rule.residents, "minutes": rule.minutes}
    parts += [words(f"whom_{name}", value=size) for name, size in sizes.items() if size is not None]
    if rule.level:
        parts.append(terms(words.language)["level"][rule.level])
    return words.listed(parts)


def _linked(source: str) -> str:
    return (
        element("a", source, href=source, rel="noreferrer")
        if source.startswith(_ADDRESS) and " " not in source
        else source
    )
