"""Standards laid over each other: local over national, single values replaced with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from edulayout.errors import Fault, InputError
from edulayout.stages import STAGES
from edulayout.standards.files import load
from edulayout.standards.rules import Range, Replaced, Rule, Standard
from edulayout.standards.words import subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    Named: TypeAlias = "str | Path | Standard"

EVERY = "all"
"""The word for every stage in overrides."""

_PAIR = 2


class _Override(NamedTuple):
    subject: str
    stage: str
    value: float | Range
    reason: str


def layered(
    national: Named | Sequence[Named],
    local: Named | Sequence[Named] = (),
    *,
    overrides: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Standard:
    """Lay local sets over national ones, and replace single values.

    Parameters
    ----------
    national
        Names, paths or standards; the rules of several stand side by side.
    local
        The same; what they say on a subject, stage and kind takes the place of all that the national sets say on it.
    overrides
        Subject → stage (or `all`) → a number, a pair of numbers, or `{"value": …, "reason": …}`. Replaces every rule
        on that subject and stage but those on living circles; one that no set knows is added.
    reason
        Why, for overrides that bring no reason of their own. Every report shows it.

    Returns
    -------
    Standard
        Rules in the order of the sets; replaced ones carry `replaced` and the status `chosen`.

    Raises
    ------
    InputError
        With every fault: unknown sets, subjects or stages, numbers that cannot be, no reason.

    Examples
    --------
    >>> rules = layered("cn-gb50180-2018", overrides={"service_radius": {"primary": 600}}, reason="two bridges only")
    >>> rules.find("service_radius", "primary").citation
    'set by the study in place of 500 of GB 50180-2018: two bridges only'
    >>> layered("cn-jianbiao-2002-102", "cn-chengdu-2017").find("seats_per_1000", "primary").document
    'Chengdu plan revision 2017–2035 (成都规划修编)'
    """
    below, above = _loaded(national), _loaded(local)
    if not below and not above:
        raise InputError(Fault("standards", "no set", "at least one", "name a set, or the path of one"))
    rules = _over([rule for one in below for rule in one.rules], [rule for one in above for rule in one.rules])
    chosen = _overrides(overrides or {}, reason)
    for override in chosen:
        rules = _replaced(rules, override)
    return _named([*below, *above], tuple(rules), changed=bool(chosen))


def _loaded(given: Named | Sequence[Named]) -> list[Standard]:
    several: list[Named] = list(given) if isinstance(given, list | tuple) else [given]  # type: ignore[list-item] # one is no list
    return [one if isinstance(one, Standard) else load(one) for one in several]


def _over(below: Iterable[Rule], above: Sequence[Rule]) -> list[Rule]:
    taken = {_about(rule) for rule in above}
    return [*(rule for rule in below if _about(rule) not in taken), *above]


def _about(rule: Rule) -> tuple[str, str, str]:
    return rule.subject, rule.stage, rule.kind


def _named(sets: Sequence[Standard], rules: tuple[Rule, ...], *, changed: bool) -> Standard:
    if len(sets) == 1:
        return replace(sets[0], rules=rules)
    return Standard(
        name=" + ".join(one.name for one in sets) + (" + overrides" if changed else ""),
        document="; ".join(dict.fromkeys(one.document for one in sets)),
        title="; ".join(one.title for one in sets),
        title_zh="；".join(one.title_zh for one in sets),
        jurisdiction="; ".join(dict.fromkeys(one.jurisdiction for one in sets)),
        jurisdiction_zh="；".join(dict.fromkeys(one.jurisdiction_zh for one in sets)),
        rules=rules,
        note=" ".join(one.note for one in sets if one.note),
        note_zh="".join(one.note_zh for one in sets if one.note_zh),
        sources=tuple(dict.fromkeys(source for one in sets for source in one.sources)),
        sets=tuple(name for one in sets for name in one.sets),
    )


def _replaced(rules: Sequence[Rule], override: _Override) -> list[Rule]:
    hit = [rule for rule in rules if rule.subject == override.subject and rule.stage in _stages(override, rule)]
    if not hit:
        return [*rules, _added(override)]
    kept: dict[tuple[str, str, str], Rule] = {}
    for rule in hit:
        kept.setdefault(_about(rule), _with(rule, override))
    changed = []
    for rule in rules:
        if rule not in hit:
            changed.append(rule)
        elif (made := kept.pop(_about(rule), None)) is not None:
            changed.append(made)
    return changed


def _stages(override: _Override, rule: Rule) -> set[str]:
    return {rule.stage} if override.stage == EVERY else {override.stage}


def _with(rule: Rule, override: _Override) -> Rule:
    return replace(
        rule,
        value=override.value,
        status="chosen",
        classes=None,
        residents=None,
        ages=None,
        level="",
        replaced=Replaced(rule.value, override.reason),
    )


def _added(override: _Override) -> Rule:
    unit, bound = subjects()[override.subject]
    return Rule(
        document="study",
        subject=override.subject,
        stage="" if override.stage == EVERY else override.stage,
        value=override.value,
        unit=unit,
        strength="target",
        clause="overrides",
        status="chosen",
        bound=bound,  # type: ignore[arg-type] # the list of subjects holds bounds only
        origin="overrides",
        replaced=Replaced(None, override.reason),
    )


def _overrides(given: Mapping[str, Any], reason: str) -> list[_Override]:
    made: list[_Override] = []
    faults: list[Fault] = []
    for subject, stages in given.items():
        if subject not in subjects():
            faults.append(Fault(f"overrides.{subject}", "an unknown subject", f"one of: {', '.join(subjects())}",
                                "correct the name"))  # fmt: skip
        elif not isinstance(stages, dict):
            faults.append(Fault(f"overrides.{subject}", repr(stages), "values by stage",
                                f"write {{ {EVERY} = … }} for every stage"))  # fmt: skip
        else:
            for stage, entry in stages.items():
                one = _override(subject, stage, entry, reason)
                (faults if isinstance(one, Fault) else made).append(one)  # type: ignore[arg-type]
    if faults:
        raise InputError(*faults)
    return made


def _override(subject: str, stage: str, entry: Any, reason: str) -> _Override | Fault:  # noqa: ANN401 - from a file
    where = f"overrides.{subject}.{stage}"
    if stage not in {EVERY, *STAGES}:
        return Fault(where, "an unknown stage", f"{EVERY}, {', '.join(STAGES)}", "correct the name")
    own = entry if isinstance(entry, dict) else {"value": entry}
    value = _value(own.get("value"))
    if value is None or set(own) - {"value", "reason"}:
        return Fault(where, repr(entry), "a number ≥ 0, a pair of them in order, or { value = …, reason = … }",
                     "correct it")  # fmt: skip
    why = str(own.get("reason") or reason).strip()
    if not why:
        return Fault(where, "no reason", "a reason, which every report shows", 'add reason = "…"')
    return _Override(subject, stage, value, why)


def _value(given: Any) -> float | Range | None:  # noqa: ANN401 - from a file
    pair = list(given) if isinstance(given, list | tuple) else [given]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one < float("inf") for one in pair):
        return None
    if len(pair) == 1 and not isinstance(given, list | tuple):
        return float(pair[0])
    return Range(float(pair[0]), float(pair[1])) if len(pair) == _PAIR and pair[0] <= pair[1] else None
