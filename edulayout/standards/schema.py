"""The schema of a standard's file: every key known, every word from its list, every fault named with its rule."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edulayout.errors import Fault, InputError
from edulayout.stages import KINDS, STAGES
from edulayout.standards.rules import Bound, Mode, Range, Rule, Standard, Status, Strength
from edulayout.standards.words import subjects, terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _in_order(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"a range from {pair[0]:g} down to {pair[1]:g}")
    return pair


Pair = Annotated[tuple[Number, Number], AfterValidator(_in_order)]
Text = Annotated[str, Field(min_length=1)]
Living = Literal[5, 10, 15]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Text
    stage: str = ""
    kind: str = ""
    level: str = ""
    ages: Pair | None = None
    minutes: Living | None = None
    unit: str = ""
    bound: Bound | None = None
    strength: Strength
    mode: Mode = ""
    clause: Text
    clause_zh: str = ""
    status: Status
    source: str = ""
    document: str = ""
    jurisdiction: str = ""
    note: str = ""
    note_zh: str = ""
    superseded_by: str = ""

    @field_validator("subject")
    @classmethod
    def _known_subject(cls, word: str) -> str:
        return _one_of(word, subjects())

    @field_validator("stage")
    @classmethod
    def _known_stage(cls, word: str) -> str:
        return _one_of(word, ("", *STAGES))

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, word: str) -> str:
        return _one_of(word, ("", *KINDS))

    @field_validator("level")
    @classmethod
    def _known_level(cls, word: str) -> str:
        return _one_of(word, ("", *terms("en")["level"]))

    @model_validator(mode="after")
    def _right_unit(self) -> _Entry:
        usual = subjects()[self.subject][0]
        if self.unit and self.unit != usual:
            raise ValueError(f"{self.subject} is told in {usual}, not in {self.unit}")
        if self.note and not self.note_zh:
            raise ValueError("a note stands in both languages: note_zh is missing")
        return self


class _One(_Entry):
    value: Number | Pair
    classes: Number | Pair | None = None
    residents: Number | Pair | None = None


class _Table(_Entry):
    by: Literal["classes", "residents"] = "classes"
    rows: Annotated[list[tuple[Number | Pair, Number | Pair]], Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    document: Text
    title: Text
    title_zh: Text
    jurisdiction: Text
    jurisdiction_zh: Text
    note: str = ""
    note_zh: str = ""
    superseded_by: str = ""
    sources: dict[str, Text] = {}
    rule: list[_One] = []
    table: list[_Table] = []

    @model_validator(mode="after")
    def _complete(self) -> _File:
        if not self.rule and not self.table:
            raise ValueError("a set without a rule")
        cited = {key for entry in (*self.rule, *self.table) for key in entry.source.split(", ") if key}
        unknown = sorted(cited - set(self.sources))
        if unknown:
            raise ValueError(f"sources cited but not listed: {', '.join(unknown)}")
        return self


def _one_of(word: str, known: Iterable[str]) -> str:
    if word not in known:
        raise ValueError(f"one of: {', '.join(filter(None, known))}")
    return word


def parse(text: str, *, source: str) -> Standard:
    """Return the standard that a TOML text holds.

    Parameters
    ----------
    text
        Content of the file.
    source
        What a message calls it.

    Raises
    ------
    InputError
        With one fault per mistake, each with the rule it stands in.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(Fault(source, f"not TOML ({error})", "TOML in UTF-8", "correct the line")) from None
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        raise InputError(*(_fault(mistake, content, source) for mistake in error.errors())) from None
    return _standard(file)


def _fault(mistake: Any, content: Mapping[str, Any], source: str) -> Fault:  # noqa: ANN401 - pydantic's own record
    place = list(mistake["loc"])
    where = [source]
    if place[:1] in (["rule"], ["table"]) and len(place) > 1:
        where.append(_called(content, *place[:2]))
        place = place[2:]
    keys = [str(part) for part in place if not str(part).startswith(("tuple", "constrained", "function"))]
    path = ": ".join([*where, ".".join(keys)] if keys else where)
    if mistake["type"] == "extra_forbidden":
        return Fault(path, "a key that no rule has", "a known key", "correct or remove it")
    if mistake["type"] == "missing":
        return Fault(path, "nothing", "a value", "add it")
    message = str(mistake["msg"]).removeprefix("Value error, ")
    found = repr(mistake["input"])
    short = found if len(found) <= 60 else "what stands there"  # noqa: PLR2004 - a line's worth
    return Fault(path, short, message[0].lower() + message[1:], "correct it")


def _called(content: Mapping[str, Any], part: str, position: int) -> str:
    entry = content[part][position]
    words = [str(entry.get(key, "")) for key in ("subject", "stage")] if isinstance(entry, dict) else []
    about = " ".join(filter(None, words))
    return f"{part} {position + 1}" + (f" ({about})" if about else "")


def _standard(file: _File) -> Standard:
    rules = [_rule(entry, entry.value, file, classes=entry.classes, residents=entry.residents) for entry in file.rule]
    for table in file.table:
        rules += [_rule(table, value, file, **{table.by: size}) for size, value in table.rows]
    about = file.model_dump(exclude={"rule", "table", "sources"})
    return Standard(**about, rules=tuple(rules), sources=tuple(file.sources.values()), sets=(file.name,))


def _rule(
    entry: _Entry,
    value: float | tuple[float, float],
    file: _File,
    *,
    classes: float | tuple[float, float] | None = None,
    residents: float | tuple[float, float] | None = None,
) -> Rule:
    unit, bound = subjects()[entry.subject]
    given = entry.model_dump(include={"subject", "stage", "kind", "level", "minutes", "strength", "mode", "clause",
                                      "clause_zh", "status", "note", "note_zh"})  # fmt: skip
    return Rule(
        **given,
        value=Range(*value) if isinstance(value, tuple) else value,
        unit=entry.unit or unit,
        bound=entry.bound or bound,  # type: ignore[arg-type] # the list of subjects holds bounds only
        ages=_range(entry.ages),
        classes=_range(classes),
        residents=_range(residents),
        document=entry.document or file.document,
        jurisdiction=entry.jurisdiction or file.jurisdiction,
        superseded_by=entry.superseded_by or file.superseded_by,
        source="; ".join(file.sources[key] for key in entry.source.split(", ") if key),
        origin=file.name,
    )


def _range(size: float | tuple[float, float] | None) -> Range | None:
    if size is None:
        return None
    return Range(*size) if isinstance(size, tuple) else Range(size, size)
