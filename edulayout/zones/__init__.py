"""Attendance zones: contiguous, within the seats, with the least total walk, and a proof of how good they are.

`adjacency` says which blocks are neighbours, `draw` makes a plan (`Zones`, checked again by `Zones.verify`), `polygons`
dissolves it, `compare` tells two plans apart, and `evaluate` measures zones that the user brings.
"""

from edulayout.zones.comparing import Comparison, compare
from edulayout.zones.drawing import draw
from edulayout.zones.evaluating import Evaluation, evaluate
from edulayout.zones.neighbours import Adjacency, adjacency
from edulayout.zones.outlines import hull_ratio, polsby_popper, polygons, reock
from edulayout.zones.result import Zones

__all__ = [
    "Adjacency",
    "Comparison",
    "Evaluation",
    "Zones",
    "adjacency",
    "compare",
    "draw",
    "evaluate",
    "hull_ratio",
    "polsby_popper",
    "polygons",
    "reock",
]
