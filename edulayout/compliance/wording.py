"""The words of compliance in both languages, as data."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from edulayout.errors import Fault, InputError

LANGUAGES = ("en", "zh")


@cache
def _content() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(files("edulayout.compliance").joinpath("words.toml").read_text(encoding="utf-8"))


def word(part: str, code: str, language: str) -> str:
    """Return a word.

    Examples
    --------
    >>> word("verdict", "cannot_tell", "zh")
    '无法判定'
    """
    return _content()[part][code][language]


def says(code: str, language: str, **parts: object) -> str:
    """Return a reason with its parts filled in.

    Examples
    --------
    >>> says("missing", "en", what="classes_primary")
    'missing: classes_primary'
    """
    return word("reason", code, language).format(**parts)


def check_language(language: str) -> None:
    """Refuse a language that there are no words in."""
    if language not in LANGUAGES:
        raise InputError(Fault("language", repr(language), "en or zh", "name one of them"))
