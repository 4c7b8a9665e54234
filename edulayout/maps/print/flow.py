"""Setting parts into the panels of a sheet, as large as they fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edulayout.maps.print.panel import NotesPart, TablePart
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edulayout.maps.print.panel import BlockPart, Desk, Part
    from edulayout.maps.print.paper import Box, Layout

_SIZES = (1.16, 1.08, 1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
_PAD, _GAP, _MOST_GAP = 4.5, 3.2, 7.0
_LEAST_ROWS, _LEAST_LINES = 4, 6


def fill(desk: Desk, plan: Layout, parts: Sequence[Part], block: BlockPart) -> int:
    """Set parts into the panels, the title block last; return how many rows of tables had no room.

    Parts may grow a little or shrink to seven tenths; only then the longest table is cut, and the notes last of all.
    """
    for factor in _SIZES:
        if _fits(desk.smaller(factor), plan, parts, block):
            _draw(desk.smaller(factor), plan, parts, block)
            return 0
    small = desk.smaller(_SIZES[-1])
    shorter = _shortest(parts, lambda made: _fits(small, plan, made, block))
    _draw(small, plan, shorter, block)
    return sum(max(0, len(part.listing.rows) - part.most) for part in shorter if isinstance(part, TablePart))


def _shortest(parts: Sequence[Part], fits: Callable[[Sequence[Part]], bool]) -> list[Part]:
    """Cut the longest tables as little as lets everything fit, found by halving; notes too where that is not enough."""
    low, high = _LEAST_ROWS, max((len(part.listing.rows) for part in parts if isinstance(part, TablePart)), default=0)
    if not fits(_cut(parts, rows=low)):
        lines = next(
            (count for count in range(40, _LEAST_LINES, -2) if fits(_cut(parts, rows=low, lines=count))), _LEAST_LINES
        )
        return _cut(parts, rows=low, lines=lines)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(_cut(parts, rows=middle)) else (low, middle)
    return _cut(parts, rows=low)


def _cut(parts: Sequence[Part], *, rows: int, lines: int = 10_000) -> list[Part]:
    made: list[Part] = []
    for part in parts:
        if isinstance(part, TablePart):
            made.append(replace(part, most=rows))
        else:
            made.append(replace(part, most=lines) if isinstance(part, NotesPart) else part)
    return made


def _stacks(plan: Layout, parts: Sequence[Part]) -> list[tuple[Box, list[Part]]]:
    """Deal parts out: all to one panel, or how to read the map, tables, and notes with the title block to three."""
    if len(plan.panels) == 1:
        return [(plan.panels[0], list(parts))]
    tables = [part for part in parts if isinstance(part, TablePart)]
    notes = [part for part in parts if isinstance(part, NotesPart)]
    first = [part for part in parts if part not in tables and part not in notes]
    dealt: list[list[Part]] = [first, [*tables], [*notes]]
    return list(zip(plan.panels, dealt, strict=True))


def _fits(desk: Desk, plan: Layout, parts: Sequence[Part], block: BlockPart) -> bool:
    stacks, pad = _stacks(plan, parts), 2 * _PAD * desk.unit
    tables = [(box, part) for box, stack in stacks for part in stack if isinstance(part, TablePart)]
    if any(part.narrowest(desk) > box.width - pad for box, part in tables):
        return False
    return all(_spare(desk, box, stack, _foot(desk, block, box, last=at == len(stacks) - 1)) >= 0
               for at, (box, stack) in enumerate(stacks))  # fmt: skip


def _foot(desk: Desk, block: BlockPart, box: Box, *, last: bool) -> float:
    return block.height(desk, box.width) if last else 0.0


def _spare(desk: Desk, box: Box, stack: Sequence[Part], foot: float) -> float:
    """Return the height that parts leave of a panel."""
    pad, gap = _PAD * desk.unit, _GAP * desk.unit
    used = sum(part.height(desk, box.width - 2 * pad) + gap for part in stack)
    return box.height - foot - 2 * pad + gap - used


def _draw(desk: Desk, plan: Layout, parts: Sequence[Part], block: BlockPart) -> None:
    stacks, ink = _stacks(plan, parts), style()["ink"]
    for at, (box, stack) in enumerate(stacks):
        foot = _foot(desk, block, box, last=at == len(stacks) - 1)
        _draw_stack(desk, box, stack, foot)
        desk.rule((box.x, box.x), (box.y, box.top), width=0.9, colour=ink)
        if foot:
            block.draw(desk, box.x, box.y + foot, box.width)
    if len(stacks) > 1:
        desk.rule((plan.frame.x, plan.frame.right), (plan.panels[0].top,) * 2, width=0.9, colour=ink)


def _draw_stack(desk: Desk, box: Box, stack: Sequence[Part], foot: float) -> None:
    """Draw parts from above with even gaps between them, notes at the foot."""
    pad, spare = _PAD * desk.unit, max(_spare(desk, box, stack, foot), 0.0)
    gap = min(_GAP * desk.unit + spare / max(len(stack), 1), _MOST_GAP * desk.unit)
    y, width = box.top - pad, box.width - 2 * pad
    for number, part in enumerate(stack):
        if isinstance(part, NotesPart) and foot:
            y = min(y, box.y + foot + pad * 0.7 + part.height(desk, width))
        if number:
            desk.rule((box.x + pad, box.right - pad), (y + gap / 2, y + gap / 2), width=0.5)
        part.draw(desk, box.x + pad, y, width)
        y -= part.height(desk, width) + gap
