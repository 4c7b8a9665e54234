"""The question: what may be opened, what must be, what counts; checked once, every fault at once."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InfeasibleError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.typing import AnyArray, FloatArray, IntArray

ANYWHERE = "anywhere"
"""The one group of a question without quotas."""

_SOURCE = "siting"


class Decay(Protocol):
    """What share of a pupil counts at a cost: 1 nearby, 0 far away; such as `el.decay.Linear(800)`."""

    def __call__(self, cost: FloatArray, /) -> AnyArray:
        """Return the share of every cost, between 0 and 1."""


@dataclass(frozen=True)
class Goal:
    """What a choice is measured by.

    Parameters
    ----------
    name
        The question.
    unreachable_cost
        What p-median and p-center charge for demand that a site reaches but no open one; None for the others.
    radius
        Coverage counts demand whose cost does not exceed it; None for the others, and where a decay is given.
    decay
        Coverage counts this share of demand at a cost.
    share
        How much of what can be reached a set cover must reach.
    """

    name: Literal["p_median", "max_coverage", "p_center", "set_cover", "p_dispersion"]
    unreachable_cost: float | None = None
    radius: float | None = None
    decay: Decay | None = None
    share: float | None = None

    @property
    def sense(self) -> Literal["minimise", "maximise"]:
        """Which way is better."""
        return "maximise" if self.name in {"max_coverage", "p_dispersion"} else "minimise"


@dataclass(frozen=True)
class Rules:
    """Which sites there are and how many of which group are opened.

    Parameters
    ----------
    candidates
        Sites that may be opened, sorted by group and id.
    existing
        Sites that are open anyway, sorted.
    groups
        Names of the groups, sorted.
    group_of
        Group of every candidate, by position in `groups`.
    quota
        How many candidates of each group are opened: exactly so many.
    """

    candidates: tuple[str, ...]
    existing: tuple[str, ...]
    groups: tuple[str, ...]
    group_of: tuple[int, ...]
    quota: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many sites are opened."""
        return sum(self.quota)


@dataclass(frozen=True)
class Limits:
    """When to stop: at this relative gap, after so many seconds; `seed` starts the random part of the search.

    With an aim, stop too where a choice reaches that objective, or the bound shows that none does; with `nodes`, where
    the tree would need more.
    """

    gap: float = 0.0
    time_limit: float | None = None
    seed: int = 0
    aim: float | None = None
    nodes: int | None = None


def read_rules(
    costs: TravelCosts,
    *,
    count: int | None,
    quotas: Mapping[str, int] | None,
    groups: pd.Series[str] | None,
    existing: Sequence[str] | None,
    candidates: Sequence[str] | None,
) -> Rules:
    """Check the question against the costs and put it in order.

    Raises
    ------
    InputError
        Where ids are unknown or stand twice, or the numbers are none.
    InfeasibleError
        Where a quota exceeds the candidates of its group; one fault for every group.
    """
    open_ids = _texts(existing)
    kept = set(open_ids)
    site_ids = [name for name in costs.school_ids if name not in kept] if candidates is None else _texts(candidates)
    faults = [
        *_id_faults("existing", open_ids, costs),
        *_id_faults("candidates", site_ids, costs),
        *_overlap_faults(open_ids, site_ids),
        *_count_faults(count, quotas, groups),
    ]
    if faults:
        raise InputError(*faults)
    if quotas is None:
        group_of, wanted = dict.fromkeys(site_ids, ANYWHERE), {ANYWHERE: int(count or 0)}
    else:
        group_of, wanted = _group_of(site_ids, groups), {str(name): int(number) for name, number in quotas.items()}
    _require_feasible(group_of, wanted)
    return _ordered(open_ids, group_of, wanted)


def read_cover_rules(
    costs: TravelCosts,
    *,
    at_most: Mapping[str, int] | None,
    groups: pd.Series[str] | None,
    existing: Sequence[str] | None,
    candidates: Sequence[str] | None,
    share: float,
) -> Rules:
    """Check the question of a cover; a quota is then the most that a group may get.

    Raises
    ------
    InputError
        Where ids are unknown or stand twice, or the numbers are none.
    """
    faults = []
    if not (math.isfinite(share) and 0 < share <= 1):
        faults.append(Fault(_SOURCE, f"share = {share!r}", "above 0, at most 1", "correct the share"))
    if at_most is not None and share != 1:
        faults.append(Fault(_SOURCE, f"at_most with a share of {share!r}", "a share of 1", "leave out one of the two"))
    if faults:
        raise InputError(*faults)
    kept = set(_texts(existing))
    names = [name for name in costs.school_ids if name not in kept] if candidates is None else _texts(candidates)
    if at_most is None:
        count = len(set(names))
        return read_rules(costs, count=count, quotas=None, groups=None, existing=existing, candidates=candidates)
    sizes = pd.Series(dtype=str) if groups is None else groups.dropna()
    sizes = sizes[sizes.index.astype(str).isin(names)].astype(str).value_counts()
    quotas = {str(name): min(at_most.get(str(name), int(size)), int(size)) for name, size in sizes.items()}
    return read_rules(costs, count=None, quotas=quotas, groups=groups, existing=existing, candidates=candidates)


def read_weights(costs: TravelCosts, weights: pd.Series[float] | None) -> FloatArray:
    """Return the weights in the order of the rows of the costs, shape (demand,); ones where none are given.

    Raises
    ------
    InputError
        Where a weight is missing, negative or infinite, or the ids are not those of the costs.
    """
    if weights is None:
        return np.ones(costs.shape[0])
    same = weights.index is costs.demand_ids or weights.index.equals(costs.demand_ids)
    ids = costs.demand_ids if same else weights.index.astype(str)
    numbers = pd.to_numeric(weights, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    faults = [
        *_rows_fault("costs", "demand ids that stand twice", "every id once", _doubled(costs.demand_ids)),
        *_rows_fault(
            "weights", "missing, negative or infinite weights", "finite numbers ≥ 0", ids[wrong] if wrong.any() else ()
        ),
    ]
    if not same:
        faults += _id_faults_of_weights(costs, ids)
    if faults:
        raise InputError(*faults)
    return numbers if same else numbers[ids.get_indexer(costs.demand_ids)]


def _id_faults_of_weights(costs: TravelCosts, ids: pd.Index[str]) -> list[Fault]:
    return [
        *_rows_fault("weights", "ids that stand twice", "one weight for a demand_id", _doubled(ids)),
        *_rows_fault("weights", "no weight for demand of the costs", "a weight for every row",
                     costs.demand_ids.difference(ids)),
        *_rows_fault("weights", "demand that the costs do not hold", "the ids of the costs, so that nobody is lost",
                     ids.difference(costs.demand_ids)),
    ]  # fmt: skip


def read_limits(gap: float, time_limit: float | None, seed: int) -> Limits:
    """Check when to stop.

    Raises
    ------
    InputError
        Where gap or time limit is negative or no number.
    """
    faults = [
        Fault(_SOURCE, f"{name} = {value!r}", "a finite number ≥ 0", f"correct {name}")
        for name, value in {"gap": gap, "time_limit": 0.0 if time_limit is None else time_limit, "seed": seed}.items()
        if not (math.isfinite(value) and value >= 0)
    ]
    if faults:
        raise InputError(*faults)
    return Limits(float(gap), None if time_limit is None else float(time_limit), int(seed))


def read_unreachable_cost(costs: TravelCosts, given: float | None) -> float:
    """Return what unreached demand is charged: the given cost, or the cutoff of the costs, or the largest of them.

    Raises
    ------
    InputError
        Where the given cost is below the largest cost: an unreached pupil would count for less than a reached one.
    """
    largest = float(costs.values.max()) if costs.pairs else 0.0
    if given is None:
        return largest if costs.cutoff is None else max(largest, float(costs.cutoff))
    if not (math.isfinite(given) and given >= largest):
        raise InputError(
            Fault(
                _SOURCE,
                f"unreachable_cost = {given!r}",
                f"a finite cost of at least {largest:g}, the largest in the table",
                "give a larger one: an unreached pupil must not count for less than a reached one",
            )
        )
    return float(given)


def read_radius(costs: TravelCosts, radius: float | None, *, decay: Decay | None = None) -> float | None:
    """Check the radius against the costs; None where a decay is given instead.

    Raises
    ------
    InputError
        Where it is no finite number ≥ 0, or lies beyond the cutoff of the costs; where both or neither are given.
    """
    if (radius is None) == (decay is None):
        found = "neither radius nor decay" if radius is None else "both radius and decay"
        raise InputError(Fault(_SOURCE, found, "one of the two", "give one"))
    if radius is None:
        return None
    if not (math.isfinite(radius) and radius >= 0):
        raise InputError(Fault(_SOURCE, f"radius = {radius!r}", "a finite number ≥ 0", "correct the radius"))
    if costs.cutoff is not None and radius > costs.cutoff:
        raise InputError(
            Fault(
                "costs",
                f"computed only up to {costs.cutoff:g} {costs.unit}",
                f"all pairs within the radius of {radius:g}",
                "compute the costs with a larger cutoff",
            )
        )
    return float(radius)


def _texts(names: Sequence[str] | None) -> list[str]:
    return [] if names is None else [str(name) for name in names]


def _doubled(names: pd.Index[str]) -> pd.Index[str]:
    return names[:0] if names.is_unique else names[names.duplicated()]


def _rows_fault(source: str, found: str, expected: str, rows: Sequence[str] | pd.Index[str]) -> list[Fault]:
    if not len(rows):
        return []
    return [Fault(source, found, expected, f"correct the {source}", tuple(map(str, rows)))]


def _id_faults(what: str, names: list[str], costs: TravelCosts) -> list[Fault]:
    known = set(costs.school_ids.tolist())
    doubled = [name for name, count in Counter(names).items() if count > 1]
    return [
        *_rows_fault(what, "ids that stand twice", "every id once", doubled),
        *_rows_fault(what, "ids that are no column of the costs", "ids of the costs",
                     [name for name in names if name not in known]),
    ]  # fmt: skip


def _overlap_faults(existing: list[str], candidates: list[str]) -> list[Fault]:
    both = sorted(set(existing) & set(candidates))
    return _rows_fault("candidates", "ids that are existing too", "open already, or may be opened", both)


def _count_faults(count: int | None, quotas: Mapping[str, int] | None, groups: pd.Series[str] | None) -> list[Fault]:
    if (count is None) == (quotas is None):
        return [Fault(_SOURCE, "both p and quotas" if quotas else "neither p nor quotas", "one of the two", "give one")]
    if (quotas is None) != (groups is None):
        given = "quotas without groups" if groups is None else "groups without quotas"
        return [Fault(_SOURCE, given, "both, or neither", "give the group of every candidate, and a quota per group")]
    numbers = {"p": count} if quotas is None else {f"quota of {name}": quotas[name] for name in quotas}
    return [
        Fault(_SOURCE, f"{name} = {number!r}", "a whole number ≥ 0", "give how many new sites to open")
        for name, number in numbers.items()
        if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < 0
    ]


def _group_of(candidates: list[str], groups: pd.Series[str] | None) -> dict[str, str]:
    assert groups is not None
    known = groups.dropna()
    known.index = known.index.astype(str)
    doubled = _doubled(known.index)
    lost = pd.Index(candidates, dtype=str)
    lost = lost[~lost.isin(known.index)]
    faults = [
        *_rows_fault("groups", "ids that stand twice", "one group for a candidate", doubled),
        *_rows_fault("groups", "candidates without a group", "a group for every candidate", lost),
    ]
    if faults:
        raise InputError(*faults)
    return {name: str(known[name]) for name in candidates}


def _require_feasible(group_of: dict[str, str], wanted: dict[str, int]) -> None:
    there = Counter(group_of.values())
    faults = [
        Fault(
            "quotas" if name != ANYWHERE else "p",
            f"{number} new sites wanted in {name}, {there[name]} candidates there",
            f"at least {number} candidates in {name}",
            f"lower it by {number - there[name]}, or add candidates in {name}",
        )
        for name, number in sorted(wanted.items())
        if number > there[name]
    ]
    if faults:
        raise InfeasibleError(*faults)


def _ordered(existing: list[str], group_of: dict[str, str], wanted: dict[str, int]) -> Rules:
    groups = tuple(sorted(set(group_of.values()) | set(wanted)))
    number = {name: position for position, name in enumerate(groups)}
    candidates = sorted(group_of, key=lambda name: (group_of[name], name))
    return Rules(
        tuple(candidates),
        tuple(sorted(existing)),
        groups,
        tuple(number[group_of[name]] for name in candidates),
        tuple(wanted.get(name, 0) for name in groups),
    )


def column_positions(costs: TravelCosts, names: Sequence[str]) -> IntArray:
    """Return the column of every id in the costs, shape (ids,)."""
    position = {name: column for column, name in enumerate(costs.school_ids.tolist())}
    return np.array([position.get(name, -1) for name in names], dtype=np.int64)
