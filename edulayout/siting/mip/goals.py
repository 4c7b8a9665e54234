"""What a plan is measured by, each as a value: distance walked, pupils covered, the worst district."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edulayout.typing import FloatArray

Sense: TypeAlias = Literal["minimise", "maximise"]


@dataclass(frozen=True)
class Distance:
    """Pupils times the cost of their way, summed: least is best.

    Parameters
    ----------
    unserved_cost
        Charged for every pupil whom some option reaches but who gets no seat. None: everybody must have a seat, and
        a question that cannot give one is infeasible. Pupils whom no option reaches are left out and counted.
    per_cost
        What one unit of opening cost is worth in pupil-metres; 0 keeps money out of the objective.

    Examples
    --------
    >>> Distance(unserved_cost=3000.0).sense
    'minimise'
    """

    unserved_cost: float | None = None
    per_cost: float = 0.0
    sense: Sense = "minimise"


@dataclass(frozen=True)
class Coverage:
    """Pupils with a seat within the radius: most is best.

    Parameters
    ----------
    radius
        One number, or one for every stage, in the unit of the costs.
    decay
        What a seat counts at a cost (an array of costs to an array of shares, `edulayout.decay`); None: 1 within the
        radius.

    Examples
    --------
    >>> Coverage({"primary": 500.0, "junior_high": 1000.0}).at("primary")
    500.0
    """

    radius: float | Mapping[str, float]
    decay: Callable[[FloatArray], FloatArray] | None = None
    sense: Sense = "maximise"

    def at(self, stage: str) -> float:
        """Return the radius of a stage."""
        return float(self.radius if isinstance(self.radius, int | float) else self.radius[stage])


@dataclass(frozen=True)
class WorstDistrict:
    """The mean way in the district where it is longest: least is best.

    Parameters
    ----------
    districts
        District of every demand place.
    """

    districts: Mapping[str, str]
    sense: Sense = "minimise"


Objective: TypeAlias = Distance | Coverage | WorstDistrict


@dataclass(frozen=True)
class Limit:
    """A second goal as a constraint: at most `value` where it is minimised, at least where it is maximised."""

    goal: Objective
    value: float


@dataclass(frozen=True)
class Spend:
    """Most that opening some options may cost together, such as those of one year."""

    most: float
    options: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """How many new options are opened, of those that match: at least and at most.

    Parameters
    ----------
    least, most
        Both inclusive; `most=None` is no upper limit.
    group, kind
        Count only options of this group (district) or kind; None counts all.
    options
        Count only these option ids; None counts all.

    Examples
    --------
    >>> print(Count(2, 2, group="west", kind="primary"))
    exactly 2 of kind primary in west
    >>> print(Count(1))
    at least 1
    """

    least: int = 0
    most: int | None = None
    group: str | None = None
    kind: str | None = None
    options: tuple[str, ...] | None = None

    def __str__(self) -> str:
        if self.most == self.least:
            number = f"exactly {self.least}"
        elif self.most is None:
            number = f"at least {self.least}"
        else:
            number = f"at most {self.most}" if self.least == 0 else f"{self.least} to {self.most}"
        kind = f" of kind {self.kind}" if self.kind is not None else ""
        return number + kind + (f" in {self.group}" if self.group is not None else "")
