"""Where new schools should go, with a certificate of how good the choice is.

`p_median` makes the pupil-weighted distance least, `max_coverage` the number of pupils within a radius greatest. Both
return a `Siting`, which holds the objective, the bound that no other choice can pass, and the multipliers that prove
the bound; `Siting.verify` checks all of it again.
"""

from edulayout.siting.objectives import max_coverage, p_median
from edulayout.siting.result import Siting

__all__ = ["Siting", "max_coverage", "p_median"]
