"""Decays that never end, unless they are told a cutoff."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edulayout.decay.protocol import (
    INFINITY,
    Readable,
    bell,
    cut,
    end,
    measured,
    numbers_of,
    require_cutoff,
    require_positive,
)

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, FloatArray, Unit


@dataclass(frozen=True, repr=False)
class Exponential(Readable):
    """Loses the same share with every unit of cost: w(c) = exp(−rate · c).

    Parameters
    ----------
    rate
        Decay per unit of cost, > 0; half is left at ln 2 / rate.
    cutoff
        Costs above it weigh nothing; infinity where there is no end.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    Kwan (1998), doi:10.1111/j.1538-4632.1998.tb00396.x.

    Examples
    --------
    >>> import math
    >>> Exponential(math.log(2) / 400, cutoff=1000)([0, 400, 800, 1200]).round(12).tolist()
    [1.0, 0.5, 0.25, 0.0]
    >>> print(Exponential(0.1, unit="minutes"))
    exp(-0.1 · cost), half at 6.93147 minutes
    """

    rate: float
    cutoff: float = field(default=INFINITY, kw_only=True)
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a rate or cutoff that is none."""
        require_positive(self, rate=self.rate)
        require_cutoff(self, self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return a weight for every cost."""
        numbers = numbers_of(costs)
        return cut(np.exp(np.multiply(numbers, -self.rate, dtype=np.float64)), numbers, self.cutoff)

    def __str__(self) -> str:
        return f"exp(-{self.rate:g} · cost), half at {measured(np.log(2) / self.rate, self)}{end(self)}"


@dataclass(frozen=True, repr=False)
class Power(Readable):
    """Gravity's own: w(c) = (max(c, at_least) / scale) ** −exponent.

    Parameters
    ----------
    exponent
        How fast it falls, > 0.
    at_least
        Costs below it count as it, so that a school next door does not weigh infinitely much; > 0.
    scale
        Cost that weighs 1.
    cutoff
        Costs above it weigh nothing; infinity where there is no end.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    Hansen (1959), doi:10.1080/01944365908978307; Kwan (1998), doi:10.1111/j.1538-4632.1998.tb00396.x.

    Examples
    --------
    >>> Power(2)([0, 1, 2, 10]).tolist()
    [1.0, 1.0, 0.25, 0.01]
    """

    exponent: float
    at_least: float = field(default=1.0, kw_only=True)
    scale: float = field(default=1.0, kw_only=True)
    cutoff: float = field(default=INFINITY, kw_only=True)
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse parameters that are none."""
        require_positive(self, exponent=self.exponent, at_least=self.at_least, scale=self.scale)
        require_cutoff(self, self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return a weight for every cost."""
        numbers = numbers_of(costs)
        ratio = np.maximum(numbers, self.at_least, dtype=np.float64) / self.scale
        weights: FloatArray = ratio**-self.exponent
        return cut(weights, numbers, self.cutoff)

    def __str__(self) -> str:
        least = measured(self.at_least, self)
        return f"(cost / {self.scale:g})^-{self.exponent:g}, costs below {least} counting as it{end(self)}"


@dataclass(frozen=True, repr=False)
class Gaussian(Readable):
    """A bell: w(c) = exp(−c² / (2 · width²)).

    Parameters
    ----------
    width
        Standard deviation of the bell: w(width) = 0.61.
    cutoff
        Costs above it weigh nothing; infinity where there is no end.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    Kwan (1998), doi:10.1111/j.1538-4632.1998.tb00396.x, without the constant of the normal density, so that w(0) = 1.

    Examples
    --------
    >>> Gaussian(500, cutoff=1000)([0, 500, 1000, 1001]).round(4).tolist()
    [1.0, 0.6065, 0.1353, 0.0]
    """

    width: float
    cutoff: float = field(default=INFINITY, kw_only=True)
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a width or cutoff that is none."""
        require_positive(self, width=self.width)
        require_cutoff(self, self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return a weight for every cost."""
        numbers = numbers_of(costs)
        return cut(bell(numbers, self.width), numbers, self.cutoff)

    def __str__(self) -> str:
        return f"a bell of width {measured(self.width, self)}{end(self)}"


@dataclass(frozen=True, repr=False)
class Logistic(Readable):
    """Falls like an S: w(c) = g(0) / g(c), where g(c) = 1 + exp((c − inflection) · π / (deviation · √3)).

    Parameters
    ----------
    inflection
        Cost at which it falls fastest.
    deviation
        Standard deviation of the logistic distribution: near 0 it is all but binary.
    cutoff
        Costs above it weigh nothing; infinity where there is no end.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    `decay_logistic` of the R package `accessibility`: one minus the distribution function of a logistic variable,
    scaled so that w(0) = 1.

    Examples
    --------
    >>> Logistic(30, 5, unit="minutes")([0, 30, 60]).round(4).tolist()
    [1.0, 0.5, 0.0]
    """

    inflection: float
    deviation: float
    cutoff: float = field(default=INFINITY, kw_only=True)
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse parameters that are none."""
        require_positive(self, inflection=self.inflection, deviation=self.deviation)
        require_cutoff(self, self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return a weight from 1 down to 0 for every cost."""
        numbers = numbers_of(costs)
        steepness = np.pi / (self.deviation * np.sqrt(3.0))
        # tanh(x / 2) = 2 / (1 + exp(-x)) - 1 never overflows, where exp would for a cost far away.
        falling = 0.5 * (1.0 - np.tanh(0.5 * steepness * (numbers.astype(np.float64) - self.inflection)))
        whole = 0.5 * (1.0 + np.tanh(0.5 * steepness * self.inflection))
        return cut(falling / whole, numbers, self.cutoff)

    def __str__(self) -> str:
        return f"an S around {measured(self.inflection, self)} ± {self.deviation:g}{end(self)}"
