"""The kind of a school, from its tags and from words in its names."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from edulayout.stages import KINDS, STAGES, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Tags = Mapping[str, str]

_PREFERENCE = ("nine_year", "primary", "junior_high", "senior_high", "kindergarten")
"""Among kinds that serve equally many of the stages found."""

_NAMES = ("name", "official_name", "alt_name", "short_name", "loc_name")


class Guess(NamedTuple):
    """What a school is taken for.

    `certain` says that a tag states it; else words in names were read. `beyond` holds stages found that no one kind
    can express together with the others.
    """

    kind: str
    evidence: str
    certain: bool = False
    beyond: tuple[str, ...] = ()


class _Found(NamedTuple):
    stages: frozenset[str]
    evidence: str
    certain: bool = False
    of_no_stage: bool = False


@cache
def _table() -> dict[str, Any]:
    text = files("edulayout.reading.osm").joinpath("kinds.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _words() -> tuple[tuple[str, frozenset[str]], ...]:
    words = ((_plain(word), frozenset(stages)) for word, stages in _table()["words"].items())
    return tuple(sorted(words, key=lambda entry: (-len(entry[0]), entry[0])))


def kind_of(own: Sequence[Tags], *, building_names: Iterable[str] = ()) -> Guess:
    """Tell the kind of a school.

    Parameters
    ----------
    own
        The tags of the school and of everything merged into it, the school first.
    building_names
        Names of buildings on its campus, read last.

    Examples
    --------
    >>> kind_of([{"amenity": "school", "isced:level": "1-2"}])
    Guess(kind='nine_year', evidence='isced:level=1-2', certain=True, beyond=())
    >>> kind_of([{"amenity": "school", "name": "Primarschule Triesen"}]).evidence
    'the name "Primarschule Triesen"'
    >>> kind_of([{"amenity": "school", "name": "Resch"}]).kind
    'unknown'
    """
    for found in _sources(own, building_names):
        if found.stages or found.of_no_stage:
            kind, beyond = _kind_serving(found.stages)
            return Guess(kind, found.evidence, found.certain, beyond)
    return Guess(UNKNOWN, "nothing tells")


def _sources(own: Sequence[Tags], building_names: Iterable[str]) -> Iterator[_Found]:
    yield from _by_tag(own, "isced:level", _isced)
    yield from _by_tag(own, "school", _school)
    yield from _by_tag(own, "grades", _grades)
    if all("school" not in amenities(tags) for tags in own):
        yield _Found(frozenset({"kindergarten"}), "amenity=kindergarten", certain=True)
    names = [name for tags in own for name in _names(tags)]
    for name in names:
        if other := _other(name):
            yield _Found(frozenset(), f'of no stage: {other}, by the name "{name}"', of_no_stage=True)
    yield from _by_names(names, "the name")
    yield from _by_names(list(building_names), "buildings named")


def _by_tag(own: Sequence[Tags], key: str, reading: Any) -> Iterator[_Found]:  # noqa: ANN401 - one of three below
    values = list(dict.fromkeys(tags[key] for tags in own if key in tags))
    if values:
        stages = frozenset(stage for value in values for stage in reading(value))
        yield _Found(stages, f"{key}={' and '.join(values)}", certain=True)


def _by_names(names: list[str], label: str) -> Iterator[_Found]:
    telling = [name for name in dict.fromkeys(names) if stages_in(name)]
    if telling:
        stages = frozenset(stage for name in telling for stage in stages_in(name))
        yield _Found(stages, f"{label} " + ", ".join(f'"{name}"' for name in telling))


def amenities(tags: Tags) -> frozenset[str]:
    """Return the values of `amenity`; several may stand in one tag.

    Examples
    --------
    >>> sorted(amenities({"amenity": "school; kindergarten"}))
    ['kindergarten', 'school']
    """
    return frozenset(value.strip() for value in tags.get("amenity", "").split(";"))


def _isced(value: str) -> Iterator[str]:
    levels = _table()["isced"]
    for low, high in re.findall(r"(\d)\d*\s*(?:[-–—]\s*(\d)\d*)?", value):
        for level in range(int(low), int(high or low) + 1):
            yield from levels.get(str(level), [])


def _school(value: str) -> Iterator[str]:
    for word in value.split(";"):
        yield from _table()["school"].get(word.strip().lower().replace(" ", "_"), [])


def _grades(value: str) -> Iterator[str]:
    taught = set(_years(value.upper().replace("K", "0")))
    overlap = {}
    for stage, (first, last) in _table()["grades"].items():
        overlap[stage] = len(taught & set(range(first, last + 1))) / (last + 1 - first)
    half = [stage for stage in overlap if overlap[stage] >= 1 / 2]
    most = max(overlap, key=lambda stage: overlap[stage])
    yield from half or ([most] if overlap[most] else [])


def _years(value: str) -> Iterator[int]:
    for low, high in re.findall(r"(\d+)\s*(?:[-–—]\s*(\d+))?", value):
        yield from range(int(low), min(int(high or low), 20) + 1)


def _names(tags: Tags) -> list[str]:
    keys = [*_NAMES, *sorted(key for key in tags if key.startswith("name:"))]
    return list(dict.fromkeys(tags[key] for key in keys if key in tags))


def stages_in(name: str) -> frozenset[str]:
    """Return the stages that words of a name stand for.

    Examples
    --------
    >>> sorted(stages_in("Oberschule und Primarschule")), sorted(stages_in("第一中学"))
    (['junior_high', 'primary'], ['junior_high'])
    """
    text = _plain(name)
    stages: frozenset[str] = frozenset()
    for word, meaning in _words():
        if word in text:
            text = text.replace(word, " ")
            stages |= meaning
    return stages


def is_day_care(tags: Tags) -> bool:
    """Tell whether a kindergarten looks like a day nursery for the under-threes.

    Examples
    --------
    >>> is_day_care({"amenity": "kindergarten", "name": "KiTa Bahnhofstrasse"}), is_day_care({"name": "Rebera"})
    (True, False)
    """
    texts = [_plain(text) for text in (tags.get("name", ""), tags.get("operator", ""))]
    named = any(_has_word(text, word) for text in texts for word in _table()["day_care"]["words"])
    return named or (tags.get("nursery") == "yes" and tags.get("preschool") != "yes")


def _other(name: str) -> str:
    text = _plain(name)
    return next((what for what, words in _table()["other"].items() if any(word in text for word in words)), "")


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}", text) is not None if word.isascii() else word in text


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _kind_serving(stages: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    fitting = [kind for kind in _PREFERENCE if stages.issuperset(KINDS[kind].stages)]
    if not fitting:
        return UNKNOWN, ()
    kind = max(fitting, key=lambda name: len(KINDS[name].stages))
    return kind, tuple(stage for stage in STAGES if stage in stages and stage not in KINDS[kind].stages)
