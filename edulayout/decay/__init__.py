"""How much a school counts at a cost: one frozen, callable value per formula, in the unit of the costs.

Every decay takes costs of any shape and returns weights of that shape, 1 at no cost and never rising (only `Power`
and `Step` may start elsewhere). A cost at exactly a cutoff is inside; an infinite or missing cost weighs nothing.
Cutoffs are compared in the precision of the costs, so that a cost stored as float32 meets its cutoff as it does in
`coverage`. The `unit` is optional; where it is told, a measure refuses costs in another one.

Examples
--------
>>> Binary(45), Gaussian(500, cutoff=1000, unit="metres")
(Binary(45), Gaussian(500, cutoff=1000, unit='metres'))
"""

from edulayout.decay.bounded import Binary, GaussianWithin, Linear, Step
from edulayout.decay.protocol import Decay
from edulayout.decay.unbounded import Exponential, Gaussian, Logistic, Power

__all__ = ["Binary", "Decay", "Exponential", "Gaussian", "GaussianWithin", "Linear", "Logistic", "Power", "Step"]
