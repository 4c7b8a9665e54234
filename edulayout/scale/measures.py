"""What is measured of every cell, as frozen values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from edulayout.errors import Fault, InputError
from edulayout.stages import STAGES

if TYPE_CHECKING:
    from edulayout.decay import Decay

Method = Literal[
    "cumulative", "gravity", "two_step_fca", "e2sfca", "three_step_fca", "modified", "balanced_fca",
    "spatial_availability",
]  # fmt: skip
METHODS: tuple[str, ...] = Method.__args__  # type: ignore[attr-defined]


def _check(what: object, stage: str, **positive: float | None) -> None:
    faults = []
    if stage not in STAGES:
        faults.append(Fault("stage", repr(stage), f"one of {', '.join(STAGES)}", "name a stage"))
    for name, value in positive.items():
        if value is not None and not 0 < value < math.inf:
            faults.append(Fault(name, repr(value), "a finite number > 0", f"correct {type(what).__name__}"))
    if faults:
        raise InputError(*faults)


@dataclass(frozen=True)
class Coverage:
    """Who lives within the radius of a school, and how far everybody goes; as `el.coverage.summary`.

    Parameters
    ----------
    stage
        Stage whose schools and pupils count.
    radius
        Service radius in the unit of the plan.
    cutoff
        Farthest cost that enters mean and quantiles; the radius where None.
    by
        Column of the cells to group the summary by.

    Examples
    --------
    >>> Coverage("primary", radius=500).column
    'cost_primary_500'
    """

    stage: str
    radius: float = field(kw_only=True)
    cutoff: float | None = field(default=None, kw_only=True)
    by: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse numbers that are none."""
        _check(self, self.stage, radius=self.radius, cutoff=self.cutoff)
        if self.reach < self.radius:
            raise InputError(Fault("cutoff", f"{self.cutoff:g}", f"at least the radius {self.radius:g}", "raise it"))

    @property
    def reach(self) -> float:
        """The largest cost looked for."""
        return self.radius if self.cutoff is None else self.cutoff

    @property
    def column(self) -> str:
        """Name of the cost to the nearest school; infinite where none is within the cutoff."""
        return f"cost_{self.stage}_{self.reach:g}"


@dataclass(frozen=True)
class Nearest:
    """The k nearest schools of every cell; as `el.nearest_schools`.

    Parameters
    ----------
    stage
        Stage that the schools serve.
    cutoff
        Largest cost looked for, in the unit of the plan.
    k
        How many schools.
    """

    stage: str
    cutoff: float = field(kw_only=True)
    k: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse numbers that are none."""
        _check(self, self.stage, cutoff=self.cutoff, k=self.k)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    @property
    def column(self) -> str:
        """Start of the names of its columns: `…_1_id`, `…_1_cost` and so on."""
        return f"nearest_{self.stage}"


@dataclass(frozen=True)
class Access:
    """Seats in reach of every cell, by a floating catchment; as the function of that name in `el.access`.

    Parameters
    ----------
    stage
        Stage whose seats and pupils count.
    decay
        Weight of a cost; it must end somewhere (`reach`), for that is the halo.
    method
        Which function of `el.access`.

    Examples
    --------
    >>> import edulayout as el
    >>> Access("primary", decay=el.decay.GaussianWithin(3000)).column
    'e2sfca_primary_3000'
    """

    stage: str
    decay: Decay = field(kw_only=True)
    method: Method = field(default="e2sfca", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a decay without an end."""
        _check(self, self.stage)
        if self.method not in METHODS:
            raise InputError(Fault("method", repr(self.method), f"one of {', '.join(METHODS)}", "name one of them"))
        if not math.isfinite(self.reach):
            raise InputError(Fault("decay", repr(self.decay), "a decay that ends", "give it a cutoff"))

    @property
    def reach(self) -> float:
        """Where the decay ends."""
        return float(self.decay.reach)

    @property
    def column(self) -> str:
        """Name of its column."""
        return f"{self.method}_{self.stage}_{self.reach:g}"


@dataclass(frozen=True)
class SeatBalance:
    """Pupils against seats by district; as `el.seats.balance`.

    Parameters
    ----------
    stage
        Stage whose seats and pupils count.
    by
        Column of cells and schools to group by; None for one row in all.
    """

    stage: str
    by: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse an unknown stage."""
        _check(self, self.stage)

    @property
    def reach(self) -> float:
        """It looks nowhere."""
        return 0.0

    @property
    def column(self) -> str:
        """Name in the summary."""
        return f"seats_{self.stage}"


@dataclass(frozen=True)
class Equity:
    """How unevenly an access is shared among pupils: mean, Gini, Theil, Atkinson, variation, Palma, quantiles.

    Parameters
    ----------
    of
        The access; it need not be named among the measures once more.
    epsilon
        Aversion to inequality of Atkinson's index, between 0 and 1.
    """

    of: Access
    epsilon: float = field(default=0.5, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse an epsilon that sums cannot serve."""
        if not 0 < self.epsilon < 1:
            raise InputError(Fault("epsilon", repr(self.epsilon), "a number between 0 and 1", "0.5 is customary"))

    @property
    def stage(self) -> str:
        """Stage of the access."""
        return self.of.stage

    @property
    def reach(self) -> float:
        """Where the access ends."""
        return self.of.reach

    @property
    def column(self) -> str:
        """Name in the summary."""
        return f"equity_{self.of.column}"


Measure = Coverage | Nearest | Access | SeatBalance | Equity
