"""Decays that end by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edulayout.decay.protocol import Readable, bell, measured, numbers_of, require_positive, unit_of, within
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, FloatArray, Unit


@dataclass(frozen=True, repr=False)
class Binary(Readable):
    """Every school within the cutoff counts fully: w(c) = 1 for c ≤ cutoff, else 0.

    Parameters
    ----------
    cutoff
        Largest cost that counts.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    Luo and Wang (2003), doi:10.1068/b29120, count the doctors within a catchment in this way.

    Examples
    --------
    >>> near = Binary(45, unit="minutes")
    >>> near([0, 45, 46]).tolist()
    [1.0, 1.0, 0.0]
    >>> print(near)
    1 up to 45 minutes, 0 beyond
    """

    cutoff: float
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a cutoff that is none."""
        require_positive(self, cutoff=self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return 1 or 0 for every cost."""
        return within(numbers_of(costs), self.cutoff).astype(np.float64)

    def __str__(self) -> str:
        return f"1 up to {measured(self.cutoff, self)}, 0 beyond"


@dataclass(frozen=True, repr=False)
class Step(Readable):
    """Zones of equal weight: the weight of the first cutoff that a cost does not exceed, 0 beyond the last.

    Parameters
    ----------
    cutoffs
        Outer edges of the zones, rising; a cost on an edge belongs to the zone within it.
    weights
        Weight of each zone, ≥ 0.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    Luo and Qi (2009), doi:10.1016/j.healthplace.2009.06.002: travel zones of 0 to 10, 10 to 20 and 20 to 30 minutes.
    The R package `accessibility` puts a cost on an edge into the zone beyond it; PySAL `access` does as here.

    Examples
    --------
    >>> zones = Step((10, 20, 30), (1, 0.68, 0.22), unit="minutes")
    >>> zones([0, 10, 11, 30, 31]).tolist()
    [1.0, 1.0, 0.68, 0.22, 0.0]
    >>> print(zones)
    1 up to 10, 0.68 up to 20, 0.22 up to 30 minutes, 0 beyond
    """

    cutoffs: tuple[float, ...]
    weights: tuple[float, ...]
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse edges that do not rise, and weights that do not fit them."""
        object.__setattr__(self, "cutoffs", tuple(self.cutoffs))
        object.__setattr__(self, "weights", tuple(self.weights))
        edges, weights = np.array(self.cutoffs, dtype=np.float64), np.array(self.weights, dtype=np.float64)
        rises = len(edges) > 0 and bool((np.diff(edges, prepend=0.0) > 0).all()) and bool(np.isfinite(edges).all())
        if not rises or len(edges) != len(weights) or not bool((np.isfinite(weights) & (weights >= 0)).all()):
            raise InputError(
                Fault(
                    "decay",
                    repr(self),
                    "rising finite cutoffs > 0, and one weight ≥ 0 for each",
                    "write Step((10, 20, 30), (1, 0.68, 0.22))",
                )
            )

    @property
    def reach(self) -> float:
        """The outermost cutoff."""
        return self.cutoffs[-1]

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return the weight of the zone of every cost."""
        numbers = numbers_of(costs)
        zone = np.searchsorted(np.array(self.cutoffs, dtype=numbers.dtype), numbers, side="left")
        return np.array([*self.weights, 0.0])[zone]

    def __str__(self) -> str:
        zones = ", ".join(f"{w:g} up to {edge:g}" for edge, w in zip(self.cutoffs, self.weights, strict=True))
        return f"{zones}{unit_of(self)}, 0 beyond"


@dataclass(frozen=True, repr=False)
class Linear(Readable):
    """Falls evenly to nothing at the cutoff: w(c) = max(0, 1 − c / cutoff).

    Parameters
    ----------
    cutoff
        Cost at which nothing is left.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    The negative linear impedance of Kwan (1998), doi:10.1111/j.1538-4632.1998.tb00396.x.

    Examples
    --------
    >>> Linear(40)([0, 10, 40, 50]).tolist()
    [1.0, 0.75, 0.0, 0.0]
    """

    cutoff: float
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a cutoff that is none."""
        require_positive(self, cutoff=self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return a weight from 1 down to 0 for every cost."""
        return np.clip(1.0 - numbers_of(costs).astype(np.float64) / self.cutoff, 0.0, 1.0)

    def __str__(self) -> str:
        return f"falling evenly from 1 to 0 at {measured(self.cutoff, self)}"


@dataclass(frozen=True, repr=False)
class GaussianWithin(Readable):
    """A bell that ends in nothing at the cutoff: (exp(−½ (c / cutoff)²) − exp(−½)) / (1 − exp(−½)), 0 beyond.

    Parameters
    ----------
    cutoff
        Cost at which nothing is left.
    unit
        `metres`, `minutes`, or None.

    Notes
    -----
    Dai (2010), doi:10.1016/j.healthplace.2010.06.012: the decay of the Gaussian two-step method (高斯两步移动搜寻法).

    Examples
    --------
    >>> GaussianWithin(1000)([0, 500, 1000, 2000]).round(4).tolist()
    [1.0, 0.7014, 0.0, 0.0]
    """

    cutoff: float
    unit: Unit | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a cutoff that is none."""
        require_positive(self, cutoff=self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return a weight from 1 down to 0 for every cost."""
        floor = np.exp(-0.5)
        above: FloatArray = (bell(numbers_of(costs), self.cutoff) - floor) / (1.0 - floor)
        return np.clip(above, 0.0, 1.0)

    def __str__(self) -> str:
        return f"a bell ending in 0 at {measured(self.cutoff, self)}"
