"""A province or a nation: the same measures tile by tile, out of core here or on a Dask cluster, with the same bits.

`plan` cuts a folder of Parquet cells into half-open tiles with halos; `run` measures them. Distances are compared by
the kernels that measure a city in memory, sums are exact in fixed point, and every value has one owner: so results do
not depend on tiles, workers or order. The extra `scale` holds what this needs: pip install 'edulayout[scale]'.

>>> sorted(METHODS)[:3]
['balanced_fca', 'cumulative', 'e2sfca']
"""

from __future__ import annotations

try:
    import pyarrow as pa  # noqa: F401 - asked for here, so that its absence is told in plain words
except ImportError:
    from edulayout.errors import MissingExtraError

    raise MissingExtraError("pyarrow is not installed; this needs it: pip install 'edulayout[scale]'") from None

from edulayout.scale.arranging import arrange
from edulayout.scale.cluster import connect
from edulayout.scale.measures import METHODS, Access, Coverage, Equity, Nearest, SeatBalance
from edulayout.scale.planning import Plan, plan
from edulayout.scale.regions import Regional, site
from edulayout.scale.running import Scaled, run
from edulayout.scale.street_tiles import StreetTiles, tile_streets

__all__ = [
    "METHODS",
    "Access",
    "Coverage",
    "Equity",
    "Nearest",
    "Plan",
    "Regional",
    "Scaled",
    "SeatBalance",
    "StreetTiles",
    "arrange",
    "connect",
    "plan",
    "run",
    "site",
    "tile_streets",
]
