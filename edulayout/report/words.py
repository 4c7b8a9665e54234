"""The words of a report in one language."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from edulayout.coverage import ALL, OUTSIDE
from edulayout.export import words as file_words
from edulayout.stages import KINDS, STAGE_LABELS, STAGE_LABELS_ZH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.report.content import Language


@dataclass(frozen=True)
class Words:
    """The words of one language: sentences, names of columns, names of values."""

    language: Language
    texts: Mapping[str, str]
    columns: Mapping[str, str]
    values: Mapping[str, str]
    districts: Mapping[str, str]

    def __call__(self, key: str, /, **parts: object) -> str:
        """Return a text with its parts filled in."""
        text = self.texts[key]
        return text.format(**parts) if parts else text

    def stage(self, name: str) -> str:
        """Return what people call a stage; in English without a capital within a sentence."""
        labels = STAGE_LABELS if self.language == "en" else STAGE_LABELS_ZH
        return labels.get(name, name)

    def inside(self, name: str) -> str:
        """Return the name of a stage as it stands within a sentence."""
        return self.stage(name).lower()

    def layout(self, name: str) -> str:
        """Return what people call a layout."""
        return self.texts.get(f"layout_{name}", name)

    def short(self, name: str) -> str:
        """Return a layout in one word, for charts and headings."""
        return self.texts.get(f"short_{name}", name)

    def district(self, name: str) -> str:
        """Return what people call a district, or the row for all."""
        return self.texts[f"district_{name}"] if name in {ALL, OUTSIDE} else self.districts.get(name, name)

    def column(self, name: str) -> str:
        """Return the heading of a column; its own name where no word is known."""
        return self.columns.get(name, name)

    def value(self, text: str) -> str:
        """Return what people call a code, or several behind one another; the text itself where no word is known."""
        if text in self.values:
            return self.values[text]
        parts = re.split(r"[,;] ?", text)
        known = len(parts) > 1 and all(part in self.values for part in parts)
        return self.listed([self.values[part] for part in parts]) if known else text

    def listed(self, names: list[str]) -> str:
        """Return names one after the other, as people list them."""
        return ("、" if self.language == "zh" else ", ").join(names)


@cache
def content(name: str) -> dict[str, Any]:
    """Return a table of this package's words by file name."""
    return tomllib.loads(files("edulayout.report").joinpath(name).read_text("utf-8"))


def words(language: Language, districts: Mapping[str, str] | None = None) -> Words:
    """Return the words of a language.

    Examples
    --------
    >>> words("en").layout("existing"), words("zh").layout("existing")
    ('today', '现状')
    """
    table = content("texts.toml")
    kinds = {name: kind.label if language == "en" else kind.label_zh for name, kind in KINDS.items()}
    parts = {part: {key: pair[language] for key, pair in table[part].items()} for part in ("text", "column", "value")}
    other = file_words(language)
    columns, values = {**other.columns, **parts["column"]}, {**other.values, **kinds, **parts["value"]}
    return Words(language, parts["text"], columns, values, districts or {})
