"""Maps: `explore` draws the interactive one, `page` makes it one file that needs nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edulayout.maps.choice import Choice, read_choice
from edulayout.maps.explore import explore, nearest_pairs
from edulayout.maps.inline import page
from edulayout.maps.trial import MOST_PAIRS, Trial
from edulayout.maps.walks import MOST_WAYS_FROM

if TYPE_CHECKING:
    from edulayout.maps.print.atlas import Atlas, atlas
    from edulayout.maps.print.content import Content
    from edulayout.maps.print.figures import figure, plot, save_figure
    from edulayout.maps.print.map_types import MAP_TYPES, MapType
    from edulayout.maps.print.sheet import Sheet, TitleBlock, sheet

__all__ = [
    "MAP_TYPES",
    "MOST_PAIRS",
    "MOST_WAYS_FROM",
    "Atlas",
    "Choice",
    "Content",
    "MapType",
    "Sheet",
    "TitleBlock",
    "Trial",
    "atlas",
    "explore",
    "figure",
    "nearest_pairs",
    "page",
    "plot",
    "read_choice",
    "save_figure",
    "sheet",
]

_PRINTED = {
    "Atlas": "atlas",
    "Content": "content",
    "MAP_TYPES": "map_types",
    "MapType": "map_types",
    "Sheet": "sheet",
    "TitleBlock": "sheet",
    "atlas": "atlas",
    "figure": "figures",
    "plot": "figures",
    "save_figure": "figures",
    "sheet": "sheet",
}


def __getattr__(name: str) -> object:
    """Load maps on paper when they are first used, for they need the extra `print`."""
    if name not in _PRINTED:
        raise AttributeError(f"module 'edulayout.maps' has no attribute {name!r}")
    return getattr(import_module(f"edulayout.maps.print.{_PRINTED[name]}"), name)
