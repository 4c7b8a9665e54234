"""Where new schools should go, with a certificate of how good the choice is.

`p_median` makes the pupil-weighted distance least, `max_coverage` the number of pupils within a radius greatest,
`p_center` the longest walk shortest, `set_cover` covers with the fewest sites, `p_dispersion` keeps sites apart. All
return a `Siting`, which holds the objective, the bound that no other choice can pass, and the multipliers that prove
the bound; `Siting.verify` checks all of it again.

The rich question, with seats, sizes, kinds, stages, budget, spacing and closures, is `choose`, which returns a `Plan`
with the same certificate; `trade_off` goes between two goals, `phase` over years, `place_jointly` places several kinds
on the same parcels.
"""

from edulayout.siting.apart import too_close
from edulayout.siting.center import p_center
from edulayout.siting.cover import set_cover
from edulayout.siting.dispersion import p_dispersion
from edulayout.siting.joint import JointSiting, place_jointly
from edulayout.siting.mip.choosing import choose
from edulayout.siting.mip.goals import Count, Coverage, Distance, Limit, Spend, WorstDistrict
from edulayout.siting.mip.plan import Plan
from edulayout.siting.objectives import max_coverage, p_median
from edulayout.siting.phases import Phasing, phase
from edulayout.siting.result import Siting
from edulayout.siting.tradeoff import TradeOff, trade_off

__all__ = [
    "Count", "Coverage", "Distance", "JointSiting", "Limit", "Phasing", "Plan", "Siting", "Spend", "TradeOff",
    "WorstDistrict", "choose", "max_coverage", "p_center", "p_dispersion", "p_median", "phase", "place_jointly",
    "set_cover", "too_close", "trade_off",
]  # fmt: skip
