"""The words and the style of printed maps, loaded from their tables."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from edulayout import stages

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Words:
    """The words of one language.

    Parameters
    ----------
    language
        `en` or `zh`.
    sections
        Words by section and name.
    """

    language: Language
    sections: Mapping[str, Mapping[str, str]]

    def __call__(self, name: str, **filled: object) -> str:
        """Return a word, with what belongs into it."""
        return self.sections["words"][name].format(**filled)

    def title(self, name: str, **filled: object) -> str:
        """Return the title of a map type."""
        return self.sections["titles"][name].format(**filled)

    def layout(self, name: str) -> str:
        """Return what people call a layout."""
        return self.sections["layouts"].get(name, name)

    def state(self, name: str) -> str:
        """Return what people call the state of a school."""
        return self.sections["states"].get(name, name)

    def stage(self, name: str) -> str:
        """Return what people call a stage."""
        labels = stages.STAGE_LABELS if self.language == "en" else stages.STAGE_LABELS_ZH
        return labels.get(name, name)

    def kind(self, name: str) -> str:
        """Return what people call a kind of school."""
        if name not in stages.KINDS:
            return self("unknown") if name == stages.UNKNOWN else name
        kind = stages.KINDS[name]
        return kind.label if self.language == "en" else kind.label_zh

    def kind_in_state(self, kind: str, state: str) -> str:
        """Return the name of a kind of school in a state, such as "Primary school, existing"."""
        return self("state_of_kind", kind=self.kind(kind), state=self.state(state))

    def names(self, table: pd.DataFrame) -> list[str]:
        """Return for each row its name in this language, else in the other one, else its id."""
        order = ("name_en", "name") if self.language == "en" else ("name", "name_en")
        columns = [texts(table, column) for column in order]
        return [
            next((name for name in names if name), str(key))
            for names, key in zip(zip(*columns, strict=True), table.index, strict=True)
        ]


def texts(table: pd.DataFrame, column: str) -> list[str]:
    """Return a column as texts, empty where it is missing."""
    if column not in table:
        return [""] * len(table)
    return [
        "" if missing else " ".join(str(value).split())
        for value, missing in zip(table[column], table[column].isna(), strict=True)
    ]


def words(language: Language) -> Words:
    """Load the words of a language.

    Examples
    --------
    >>> words("zh").title("coverage", stage=words("zh").stage("primary"))
    '小学服务半径覆盖图'
    """
    entries = _table("texts.toml")
    sections = {name: {key: entry[language] for key, entry in section.items()} for name, section in entries.items()}
    return Words(language, MappingProxyType(sections))


@cache
def style() -> Mapping[str, Any]:
    """Load colours, widths, sizes and signs."""
    return MappingProxyType(_table("style.toml"))


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("edulayout.maps.print") / name).read_text("utf-8"))
