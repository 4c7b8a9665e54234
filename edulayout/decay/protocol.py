"""What a decay is, and what all of them share."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from dataclasses import Field

    from edulayout.typing import AnyArray, BoolArray, FloatArray, Unit

INFINITY = float("inf")


@runtime_checkable
class Decay(Protocol):
    """Anything that turns costs into weights; `reach` is the cost beyond which every weight is zero."""

    @property
    def unit(self) -> Unit | None:
        """The unit of the costs, or None where it was not told."""

    @property
    def reach(self) -> float:
        """The largest cost that can weigh anything; infinity where there is none."""

    def __call__(self, costs: AnyArray | float, /) -> FloatArray:
        """Return a weight for every cost."""


class Readable:
    """Writes a value as one would type it: what has its default is left out."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __repr__(self) -> str:
        told = [(field, getattr(self, field.name)) for field in fields(self)]
        words = [
            f"{field.name}={value!r}" if field.kw_only else repr(value)
            for field, value in told
            if value != field.default
        ]
        return f"{type(self).__name__}({', '.join(words)})"


def numbers_of(costs: AnyArray | float) -> AnyArray:
    """Return costs as floats of their own precision, with infinity for a missing one."""
    numbers = np.asarray(costs)
    if not np.issubdtype(numbers.dtype, np.floating):
        numbers = numbers.astype(np.float64)
    if numbers.size and numbers.min() < 0:
        raise InputError(Fault("decay", f"a cost of {numbers.min()}", "costs ≥ 0", "correct the costs"))
    missing = np.isnan(numbers)
    return np.where(missing, numbers.dtype.type(INFINITY), numbers) if missing.any() else numbers


def within(numbers: AnyArray, cutoff: float) -> BoolArray:
    """Tell which costs are at or below the cutoff."""
    # The cutoff is rounded as the costs were: "exactly at it" stays inside.
    inside: BoolArray = numbers <= numbers.dtype.type(cutoff)
    return inside


def cut(weights: FloatArray, numbers: AnyArray, cutoff: float) -> FloatArray:
    """Return the weights, none beyond the cutoff."""
    return weights if cutoff == INFINITY else weights * within(numbers, cutoff)


def bell(numbers: AnyArray, width: float) -> FloatArray:
    """Return exp(−½ (cost / width)²)."""
    share: FloatArray = np.divide(numbers, width, dtype=np.float64)
    exponents: FloatArray = -0.5 * share * share
    curve: FloatArray = np.exp(exponents)
    return curve


def require_positive(decay: object, **parameters: float) -> None:
    """Refuse parameters that are not positive, finite numbers."""
    wrong = [name for name, value in parameters.items() if not 0 < value < INFINITY]
    if wrong:
        raise InputError(Fault("decay", repr(decay), f"{' and '.join(wrong)} > 0 and finite", "correct the number"))


def require_cutoff(decay: object, cutoff: float) -> None:
    """Refuse a cutoff that is not positive; infinity means no cutoff."""
    if not cutoff > 0:
        raise InputError(Fault("decay", repr(decay), "cutoff > 0", "correct the number, or leave the cutoff out"))


def unit_of(decay: Decay) -> str:
    """Return the unit as it is printed behind a number."""
    return f" {decay.unit}" if decay.unit else ""


def measured(cost: float, decay: Decay) -> str:
    """Return a cost with its unit."""
    return f"{cost:g}{unit_of(decay)}"


def end(decay: Decay) -> str:
    """Return where a decay ends, as it is printed."""
    return "" if decay.reach == INFINITY else f", 0 beyond {measured(decay.reach, decay)}"
