"""From the plan's counts to needs: how many schools of which kind are to be placed, and whether they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from edulayout.errors import Fault, InfeasibleError, InputError
from edulayout.stages import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from edulayout.typing import BoolArray


@dataclass(frozen=True)
class Need:
    """How many schools of one kind are still to be placed: by district, or anywhere."""

    kind: str
    by_district: Mapping[str, int] | None = None
    anywhere: int = 0

    @property
    def quotas(self) -> dict[str, int]:
        """How many in which district, "" for anywhere."""
        return {"": self.anywhere} if self.by_district is None else dict(self.by_district)


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
    for kind in KINDS:
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
    return [Need(kind, anywhere=further[kind]) for kind in KINDS if further.get(kind, 0)]


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
        for district, count in need.quotas.items()
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
        for district, count in need.quotas.items()
        for _ in range(count)
    ]
    return np.array(rows, dtype=bool).reshape(len(rows), len(candidates))


def _allowed(kind: str, district: str, candidates: pd.DataFrame) -> BoolArray:
    fits = np.array([kind in kinds.split(";") for kinds in candidates["kinds"]], dtype=bool)
    return fits & ((district == "") | (candidates["district_id"] == district).to_numpy(dtype=bool))


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
