"""What columns and values are called by people, in English and Chinese."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from edulayout import stages

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "zh"]
_LAST_NARROW = 0x2E7F
"""Behind it begin the wide characters of Chinese, Japanese and Korean."""


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    columns: Mapping[str, str]
    values: Mapping[str, str]

    def column(self, name: str) -> str:
        """Return what people call a column; its own name where no word is known."""
        return self.columns.get(name, name)

    def value(self, text: str) -> str:
        """Return what people call a value, such as a kind, a stage or a layout; the text itself otherwise."""
        return self.values.get(text, text)


@cache
def words(language: Language) -> Words:
    """Return the words of a language.

    Examples
    --------
    >>> words("zh").column("share_covered"), words("en").value("nine_year")
    ('覆盖率', 'Nine-year school')
    """
    content = tomllib.loads(files("edulayout.export").joinpath("words.toml").read_text("utf-8"))
    at = 0 if language == "en" else 1
    kinds = {name: kind.label if language == "en" else kind.label_zh for name, kind in stages.KINDS.items()}
    values = {name: pair[at] for name, pair in content["value"].items()}
    return Words({name: pair[at] for name, pair in content["column"].items()}, {**kinds, **values})


def printed_width(text: str) -> float:
    """Return how wide a text is printed, in characters: a Chinese one counts twice.

    Examples
    --------
    >>> printed_width("小学 A")
    6.0
    """
    return float(sum(2 if ord(letter) > _LAST_NARROW else 1 for letter in text))
