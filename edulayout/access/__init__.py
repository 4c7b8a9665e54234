"""Access: how many seats a place can reach, and who else wants them. Every measure reads the same `TravelCosts`.

| measure | what a place gets | Σ |
|---|---|---|
| `cumulative`, `gravity` | seats within reach, weighted by the decay; nobody competes | |
| `two_step_fca`, `e2sfca` | seats per pupil, all in reach competing | access × pupils = seats reached |
| `three_step_fca` | the same, each place spreading its pupils over its schools | access × pupils = seats reached |
| `modified` (M2SFCA) | the same, distance also losing seats | access × pupils ≤ seats |
| `balanced_fca` | seats per pupil, demand and level of service shared out once | access = level of service of schools |
| `spatial_availability` | seats that are the place's own share | availability = seats reached |
| `raam`, `raam_cycles` | cost of travel and crowding, pupils choosing | loads = pupils |
| `kth_nearest_seat` | cost to so many seats | |

A school that no pupil reaches adds nothing anywhere; its seats are in no sum. Sums are exact in fixed point, so that
the order of rows, columns and pairs changes no bit (the congestion measures excepted: they stop within a tolerance).
Costs are stored as float32: relative 6e-8, and that is how exact a weight is.
"""

from edulayout.access.catchments import (
    balanced_fca,
    e2sfca,
    modified,
    spatial_availability,
    three_step_fca,
    two_step_fca,
)
from edulayout.access.congestion import raam, raam_cycles
from edulayout.access.reach import cumulative, gravity, kth_nearest_seat

__all__ = [
    "balanced_fca",
    "cumulative",
    "e2sfca",
    "gravity",
    "kth_nearest_seat",
    "modified",
    "raam",
    "raam_cycles",
    "spatial_availability",
    "three_step_fca",
    "two_step_fca",
]
