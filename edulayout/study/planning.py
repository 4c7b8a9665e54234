"""From the plan's counts to sites: which schools each layout holds, and the certificate of every choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from edulayout import siting
from edulayout.costs import TravelCosts
from edulayout.errors import Fault, InfeasibleError, InputError
from edulayout.sparse import csr_from_pairs
from edulayout.stages import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.siting import Siting
    from edulayout.typing import BoolArray, Progress

PLACING_ORDER = ("nine_year", "senior_high", "junior_high", "primary", "kindergarten")
"""Large sites first: a large parcel is rare, and what is taken for one kind is gone for the next."""


@dataclass(frozen=True)
class Need:
    """How many schools of one kind are still to be placed: by district, or anywhere."""

    kind: str
    by_district: Mapping[str, int] | None = None
    anywhere: int = 0

    @property
    def total(self) -> int:
        """How many in all."""
        return self.anywhere if self.by_district is None else sum(self.by_district.values())


class _Rules(TypedDict):
    """What both questions of siting are asked with."""

    existing: list[str]
    candidates: list[str]
    gap: float
    time_limit: float | None
    progress: Progress
    p: int | None
    quotas: Mapping[str, int] | None
    groups: pd.Series[str] | None


@dataclass(frozen=True)
class Decision:
    """One placing of schools of a kind, with its certificate, which holds for the candidates counted here.

    `kept_for_later` are parcels that it would have taken, but that a later kind cannot do without.
    """

    layout: str
    kind: str
    candidates: int
    siting: Siting
    kept_for_later: tuple[str, ...] = ()


@dataclass(frozen=True)
class Aim:
    """What placing aims at and when it may stop."""

    objective: str
    gap: float
    time_limit: float | None
    radii: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Ground:
    """What every decision stands on: all costs, the pupils, the free parcels, the schools open so far."""

    costs: TravelCosts
    pupils: pd.DataFrame
    candidates: pd.DataFrame
    open_schools: pd.DataFrame

    def free_for(self, kind: str) -> list[str]:
        """Return the ids of the free parcels that allow a kind, sorted."""
        allowed = self.candidates["kinds"].str.split(";").map(lambda kinds: kind in kinds)
        return sorted(self.candidates.index[allowed])

    def serving(self, stage: str) -> list[str]:
        """Return the ids of the open schools that serve a stage, sorted."""
        return sorted(self.open_schools.index[serves(self.open_schools["kind"], stage)])

    def after(self, kind: str, opened: Sequence[str]) -> Ground:
        """Return the ground once schools of a kind stand on some of the parcels."""
        ids = list(opened)
        built = pd.DataFrame({"kind": kind, "district_id": self.candidates.loc[ids, "district_id"]}, index=ids)
        return replace(
            self, candidates=self.candidates.drop(index=ids), open_schools=pd.concat([self.open_schools, built])
        )


def serves(kinds: pd.Series[str], stage: str) -> pd.Series[bool]:
    """Tell which kinds serve a stage; an unknown kind serves none."""
    return kinds.map(lambda kind: kind in KINDS and stage in KINDS[kind].stages).astype(bool)


def quota_needs(
    quotas: Mapping[str, Mapping[str, int]], open_schools: pd.DataFrame, districts: Sequence[str]
) -> list[Need]:
    """Turn quotas, which count all schools at the plan's horizon, into counts of new schools.

    Raises
    ------
    InputError
        Where a quota names no district, or is less than what already stands there.
    """
    have = open_schools.groupby(["district_id", "kind"]).size()
    faults = [_unknown_district(name, districts) for name in quotas if name not in districts]
    needs = []
    for kind in PLACING_ORDER:
        new = {}
        for district, counts in quotas.items():
            standing = int(have.get((district, kind), 0))
            new[district] = counts.get(kind, standing) - standing
            if new[district] < 0:
                faults.append(_quota_below(district, kind, counts[kind], standing))
        if any(new.values()):
            needs.append(Need(kind, by_district={name: count for name, count in new.items() if count}))
    if faults:
        raise InputError(*faults)
    return needs


def further_needs(further: Mapping[str, int]) -> list[Need]:
    """Return the needs of the further programme, free of district."""
    return [Need(kind, anywhere=further[kind]) for kind in PLACING_ORDER if further.get(kind, 0)]


def _unknown_district(name: str, districts: Sequence[str]) -> Fault:
    return Fault("plan.quotas", f"the district {name!r}", f"one of: {', '.join(districts)}", "correct the name")


def _quota_below(district: str, kind: str, quota: int, standing: int) -> Fault:
    return Fault(
        f"plan.quotas.{district}", f"{kind} = {quota}, but {standing} stand there already",
        "at least the schools that exist: a quota counts all schools at the plan's horizon",
        'raise it, or give the schools that are to go the status "closed"',
    )  # fmt: skip


def check_stages(needs: Sequence[Need], stages: Sequence[str]) -> None:
    """Check that every stage that a planned kind serves has pupils.

    Raises
    ------
    InputError
        Naming the kinds that would be placed for nobody.
    """
    faults = [
        Fault("plan", f"{need.kind} schools to place, but no pupils of {', '.join(missing)}",
              "pupils of every stage that a planned kind serves",
              f"add pupils_{missing[0]} to the demand, or take the kind out of the plan")
        for need in needs
        if (missing := [stage for stage in KINDS[need.kind].stages if stage not in stages])
    ]  # fmt: skip
    if faults:
        raise InputError(*faults)


def check_feasible(needs: Sequence[Need], candidates: pd.DataFrame) -> None:
    """Check that every planned school can have a parcel of its own.

    Raises
    ------
    InfeasibleError
        Naming each district and kind with too few candidates, or, where only their sum is too much,
        how many schools can have a parcel at once (an assignment of schools to parcels).
    """
    faults = [
        _too_few(need.kind, district, count, int(allowed.sum()))
        for need in needs
        for district, count in _counts(need)
        if (allowed := _allowed(need.kind, district, candidates)).sum() < count
    ]
    barred = _barred(needs, candidates)
    if not faults and len(barred):
        placed = int((~barred[linear_sum_assignment(barred)]).sum())
        faults = [_too_few_together(placed, len(barred))] if placed < len(barred) else []
    if faults:
        raise InfeasibleError(*faults)


def _barred(needs: Sequence[Need], candidates: pd.DataFrame) -> BoolArray:
    """Return a row per school to be placed and a column per parcel: which parcels it may not have."""
    rows = [
        ~_allowed(need.kind, district, candidates)
        for need in needs
        for district, count in _counts(need)
        for _ in range(count)
    ]
    return np.array(rows, dtype=bool).reshape(len(rows), len(candidates))


def _counts(need: Need) -> list[tuple[str, int]]:
    return [("", need.anywhere)] if need.by_district is None else list(need.by_district.items())


def _allowed(kind: str, district: str, candidates: pd.DataFrame) -> BoolArray:
    fits = np.array([kind in kinds.split(";") for kinds in candidates["kinds"]], dtype=bool)
    return fits & ((district == "") | (candidates["district_id"] == district).to_numpy(dtype=bool))


def needed_later(
    need: Need, chosen: Sequence[str], kept: set[str], *, later: Sequence[Need], candidates: pd.DataFrame
) -> list[str]:
    """Return the chosen parcels that later needs cannot do without; none where all can still be met.

    All schools of this and the later needs get a parcel each, so that as few as possible of this need move off the
    chosen ones (an assignment of schools to parcels); `kept` parcels are closed to this need.
    """
    own, barred = need.total, _barred([need, *later], candidates)
    is_chosen = candidates.index.isin(chosen)
    barred[:own, candidates.index.isin(kept)] = True
    moved = np.zeros(barred.shape)
    moved[:own, ~is_chosen] = 1.0
    rows, columns = linear_sum_assignment(moved + barred * (own + 1.0))
    return sorted(candidates.index[columns[(rows >= own) & is_chosen[columns]]])


def _too_few(kind: str, district: str, wanted: int, found: int) -> Fault:
    where = f"in {district}" if district else "in the whole city"
    return Fault(
        "candidates", f"{found} parcel(s) {where} that allow {kind}", f"at least {wanted} for the plan",
        f"add {wanted - found} candidate(s), allow {kind} on more parcels, or lower the quota by {wanted - found}",
    )  # fmt: skip


def _too_few_together(placed: int, wanted: int) -> Fault:
    return Fault(
        "candidates", f"parcels for at most {placed} of the {wanted} schools at once, since each takes one school",
        "a parcel of its own for every school",
        f"add {wanted - placed} candidate(s) of the kinds in demand, or lower quotas by {wanted - placed}",
    )  # fmt: skip


def place(need: Need, ground: Ground, aim: Aim, *, layout: str, later: Sequence[Need], progress: Progress) -> Decision:
    """Choose the parcels for one need: the best that can be proven, given what is open, taken, and needed later.

    Parcels that later needs cannot do without are kept for them, as few as possible.
    """
    candidates = ground.free_for(need.kind)
    kept: set[str] = set()
    while True:
        plan = _solve(need, ground, aim, candidates, progress)
        needed = needed_later(need, plan.opened, kept, later=later, candidates=ground.candidates)
        if not needed:
            return Decision(layout, need.kind, len(candidates), plan, tuple(sorted(kept)))
        kept.update(needed)
        candidates = [name for name in candidates if name not in kept]


def _solve(need: Need, ground: Ground, aim: Aim, candidates: list[str], progress: Progress) -> Siting:
    costs, weights, existing = _stacked(KINDS[need.kind].stages, ground, candidates, aim)
    rules = _Rules(
        existing=existing,
        candidates=candidates,
        gap=aim.gap,
        time_limit=aim.time_limit,
        progress=progress,
        p=None if need.by_district is not None else need.anywhere,
        quotas=need.by_district,
        groups=None if need.by_district is None else ground.candidates.loc[candidates, "district_id"],
    )
    if aim.objective == "max_coverage":
        plan = siting.max_coverage(costs, weights, radius=max(aim.radii.values()), **rules)
    else:
        plan = siting.p_median(costs, weights, **rules)
    plan.verify(costs, weights)  # independently of the solver: a wrong certificate never reaches a table
    return plan


def _stacked(
    stages: Sequence[str], ground: Ground, candidates: list[str], aim: Aim
) -> tuple[TravelCosts, pd.Series[float], list[str]]:
    """Return one row per demand and stage, so that a nine-year school is scored on both its stages at once.

    A school that stands serves only the rows of its own stages. For coverage a pair counts only within the
    radius of its stage, so that one number can serve as the radius of all rows.
    """
    existing = sorted({school for stage in stages for school in ground.serving(stage)})
    columns = pd.Index(existing + candidates, name="school_id", dtype=str)
    rows, places, values = [], [], []
    for block, stage in enumerate(stages):
        own = ground.costs.select_schools(ground.serving(stage) + candidates)
        near = own.values <= (aim.radii[stage] if aim.objective == "max_coverage" else np.inf)
        rows.append(own.row_numbers()[near] + block * len(own.demand_ids))
        places.append(columns.get_indexer(own.school_ids)[own.indices[near]])
        values.append(own.values[near])
    demand_ids = [f"{name}|{stage}" for stage in stages for name in ground.costs.demand_ids]
    arrays = csr_from_pairs(
        np.concatenate(rows), np.concatenate(places), np.concatenate(values), rows_total=len(demand_ids)
    )
    index = pd.Index(demand_ids, name="demand_id", dtype=str)
    costs = TravelCosts(*arrays[:3], index, columns, ground.costs.unit, ground.costs.engine)
    pupils = ground.pupils.loc[ground.costs.demand_ids]
    weights = np.concatenate([pupils[f"pupils_{stage}"].to_numpy(dtype=np.float64) for stage in stages])
    return costs, pd.Series(weights, index=index), existing
