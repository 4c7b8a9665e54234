"""The floating catchments in two steps: one value per school, gathered from all cells, then a sum per cell.

Every school's value needs all cells that reach it, every cell's all schools it reaches: so the tile that owns the
school computes the first from its halo, the tile that owns the cell the second. Sums are those of `el.access`, with a
unit for each school or cell, so that the same pairs give the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.access.pairs import Pairs, share

if TYPE_CHECKING:
    from edulayout.typing import FloatArray

ALONE = frozenset({"cumulative", "gravity"})
"""Nobody competes: the value of a school is its seats."""

SPREAD = frozenset({"three_step_fca", "balanced_fca"})
"""A cell spreads its pupils over its schools: a school's value needs all schools of the cells that reach it."""


def choice(pairs: Pairs) -> FloatArray:
    """Return what the weights of each cell add up to."""
    return pairs.at_places(np.ones_like(pairs.seats))


def of_schools(method: str, pairs: Pairs, choices: FloatArray | None) -> FloatArray:
    """Return the value of every school of some pairs that hold all cells in its reach.

    `choices` are the sums of each cell's weights over all of its schools, for the methods in `SPREAD`.
    """
    if method in ALONE:
        return pairs.seats
    if choices is None:
        return share(pairs.seats, pairs.at_schools(pairs.pupils))
    crowd = share(pairs.pupils, choices)
    if method == "three_step_fca":
        return share(pairs.seats, pairs.squared().at_schools(crowd))
    level = share(pairs.seats, pairs.at_schools(crowd))
    return share(level, pairs.at_schools(np.ones_like(pairs.pupils)))


def of_cells(method: str, pairs: Pairs, values: FloatArray) -> FloatArray:
    """Return the access of every cell of some pairs that hold all schools in its reach."""
    if method == "three_step_fca":
        return share(pairs.squared().at_places(values), choice(pairs))
    if method == "modified":
        return pairs.squared().at_places(values)
    sums = pairs.at_places(values)
    return pairs.pupils * sums if method == "spatial_availability" else sums
