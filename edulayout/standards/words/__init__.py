"""The words of standards in both languages, as data."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["subjects", "terms"]


@cache
def _content() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = tomllib.loads(
        files(__name__).joinpath("terms.toml").read_text(encoding="utf-8")
    )
    return content


@cache
def terms(language: str) -> dict[str, dict[str, Any]]:
    """Return the words of one language, by part and code.

    Examples
    --------
    >>> terms("zh")["strength"]["should"], terms("en")["demand"]["should"]["at_most"]
    ('宜', 'should not exceed')
    """
    return {part: {code: _in(entry, language) for code, entry in words.items()} for part, words in _content().items()}


def _in(entry: dict[str, Any], language: str) -> Any:  # noqa: ANN401 - a text, or a table of texts
    return entry[language] if language in entry else {code: inner[language] for code, inner in entry.items()}


@cache
def subjects() -> dict[str, tuple[str, str]]:
    """Return the unit and the bound of every subject.

    Examples
    --------
    >>> subjects()["class_size"]
    ('pupils_per_class', 'at_most')
    """
    return {code: (entry["unit"], entry["bound"]) for code, entry in _content()["subject"].items()}
