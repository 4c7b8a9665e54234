"""The maps on paper that a study asks for in its section `[sheets]`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edulayout import maps
from edulayout.study.settings import Sheets, section_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.errors import Fault
    from edulayout.study.result import Result

_BLOCK = ("organisation", "sheet_number", "date", "approval", "drawn", "checked", "approved")


def faults(asked: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the section, before anything is computed.

    Raises
    ------
    MissingExtraError
        Where sheets are asked for and the extra `print` is not installed.
    """
    if not asked:
        return []
    import_module("edulayout.maps.print")
    return section_faults(Sheets, asked, source="study.sheets")


def sheets(result: Result) -> dict[str, bytes]:
    """Return the files of the sheets and the atlas that a study asks for, by their path in the result folder."""
    if not result.study.sheets:
        return {}
    asked = Sheets.model_validate(dict(result.study.sheets))
    made: dict[str, bytes] = {}
    for kind in asked.types:
        for stage in _stages(result, kind, asked):
            sheet = maps.sheet(
                result, kind, stage=stage, block=_block(asked, len(made)), **_paper(asked), scale=asked.scale
            )
            name = f"sheets/{kind}_{stage}" if stage else f"sheets/{kind}"
            made |= {f"{name}.{ending}": sheet.content(ending) for ending in asked.formats}
    return made | _atlas(result, asked)


def _atlas(result: Result, asked: Sheets) -> dict[str, bytes]:
    if not asked.atlas:
        return {}
    stage = next(iter(asked.stages), None)
    made = maps.atlas(result, asked.atlas, stage=stage, block=_block(asked, None), **_paper(asked))
    return {"sheets/atlas.pdf": made.content()}


def _stages(result: Result, kind: str, asked: Sheets) -> list[str | None]:
    if not maps.MAP_TYPES[kind].of_stage:
        return [None]
    return [stage for stage in result.radii if not asked.stages or stage in asked.stages]


def _paper(asked: Sheets) -> dict[str, Any]:
    return {"paper": asked.paper, "orientation": asked.orientation, "font": asked.font or None}


def _block(asked: Sheets, made: int | None) -> maps.TitleBlock:
    """Return the title block; the numbers of single sheets follow one another."""
    words = {name: getattr(asked, name) for name in _BLOCK}
    if made is not None and asked.sheet_number:
        words["sheet_number"] = f"{asked.sheet_number}-{made // len(asked.formats) + 1:02d}"
    return maps.TitleBlock(**words)
