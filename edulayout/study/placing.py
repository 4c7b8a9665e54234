"""All schools of a layout placed at once, and what is proven about every choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from edulayout import siting
from edulayout.stages import KINDS, STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting import JointSiting, Siting
    from edulayout.study.planning import Need
    from edulayout.typing import Progress

_OPTIMAL = 1e-9
_OPTION_COLUMNS = ["option_id", "site", "kind", "stages", "status", "group"]


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

    def after(self, opened: Mapping[str, str]) -> Ground:
        """Return the ground once schools stand on some of the parcels; `opened` is the kind by parcel."""
        ids = list(opened)
        district = self.candidates.loc[ids, "district_id"]
        built = pd.DataFrame({"kind": list(opened.values()), "district_id": district}, index=ids)
        return replace(
            self, candidates=self.candidates.drop(index=ids), open_schools=pd.concat([self.open_schools, built])
        )


@dataclass(frozen=True, eq=False)
class Decision:
    """The choice of parcels for kinds that share stages, placed together with all other kinds of the layout.

    Parameters
    ----------
    layout, kinds, stages
        What was placed, and whose walk it is about.
    opened
        Kind by parcel.
    quotas
        How many in which district, "" for anywhere.
    parcels
        How many parcels allow one of the kinds, by district; "" for all.
    siting
        The exact answer for these kinds on the parcels that the joint decision leaves them; its sites are options,
        `<parcel>@<kind>`.
    free_bound
        What no choice of these kinds passes, were all parcels theirs.
    joint
        The decision on all kinds together, which this is a part of.
    """

    layout: str
    kinds: tuple[str, ...]
    stages: tuple[str, ...]
    opened: Mapping[str, str]
    quotas: Mapping[str, int]
    parcels: Mapping[str, int]
    siting: Siting
    free_bound: float
    joint: JointSiting

    @property
    def kind(self) -> str:
        """The kinds in one word, as in `siting.csv`."""
        return ";".join(self.kinds)

    @property
    def objective(self) -> float:
        """Pupil-metres of these stages, or pupils covered."""
        return self.siting.objective

    @property
    def slack(self) -> float:
        """By how much at most another choice of these sites could be better, in the unit of the objective.

        At most what these kinds could gain were all parcels theirs. Where two kinds wanted the same parcel, at most
        what the joint answer leaves open, too: the other kinds' sites staying where they are, all that is gained is
        gained here.
        """
        own = abs(self.objective - self.free_bound)
        return min(own, abs(self.joint.objective - self.joint.bound)) if self.joint.splits else own

    @property
    def bound(self) -> float:
        """What no other choice of these sites passes; no walk is shorter than nothing."""
        if self.siting.sense == "maximise":
            return self.objective + self.slack
        return max(0.0, self.objective - self.slack)

    @property
    def gap(self) -> float:
        """The distance of the bound from the objective, relative to it."""
        apart = abs(self.objective - self.bound)
        if apart == 0:
            return 0.0
        return apart / self.objective if self.objective else float("inf")

    @property
    def status(self) -> str:
        """`optimal` only where nothing is left open."""
        return "optimal" if self.gap <= _OPTIMAL else "feasible"

    @property
    def stop_reason(self) -> str:
        """Why the search ended."""
        if self.status == "optimal":
            return "proved"
        return self.siting.stop_reason if self.siting.stop_reason != "proved" else self.joint.stop_reason


def place_all(
    needs: Sequence[Need], ground: Ground, aim: Aim, *, layout: str, progress: Progress
) -> tuple[Decision, ...]:
    """Choose the parcels for all needs of a layout at once: the best that can be proven, given what is open.

    The answer is checked again without the solver: a wrong certificate never reaches a table.
    """
    if not needs:
        return ()
    stages = [stage for stage in STAGES if any(stage in KINDS[need.kind].stages for need in needs)]
    counts = [
        siting.Count(number, number, group=district or None, kind=need.kind)
        for need in needs
        for district, number in need.quotas.items()
    ]
    found = siting.place_jointly(
        ground.costs,
        ground.pupils[[f"pupils_{stage}" for stage in stages]].set_axis(stages, axis=1),
        _options(needs, ground, stages),
        counts=counts,
        objective=siting.Coverage(dict(aim.radii)) if aim.objective == "max_coverage" else siting.Distance(),
        gap=aim.gap,
        time_limit=aim.time_limit,
        progress=progress,
    )
    found.verify()
    return tuple(
        _decision(number, found, needs=needs, ground=ground, layout=layout) for number in range(len(found.parts))
    )


def parcel_of(option: str) -> str:
    """Return the parcel of an option `<parcel>@<kind>`.

    Examples
    --------
    >>> parcel_of("QL-07@primary")
    'QL-07'
    """
    return option.rpartition("@")[0]


def _options(needs: Sequence[Need], ground: Ground, stages: Sequence[str]) -> pd.DataFrame:
    """Return a row for every parcel and kind that may stand on it, and one for every school that stands."""
    wanted = {need.kind for need in needs}
    rows = [
        (f"{name}@{kind}", name, kind, ";".join(KINDS[kind].stages), "candidate", district)
        for name, kinds, district in _columns(ground.candidates, "kinds")
        for kind in dict.fromkeys(kinds.split(";"))
        if kind in wanted
    ]
    rows += [
        (f"{name}@{kind}", name, kind, ";".join(KINDS[kind].stages), "existing", district)
        for name, kind, district in _columns(ground.open_schools, "kind")
        if kind in KINDS and any(stage in KINDS[kind].stages for stage in stages)
    ]
    return pd.DataFrame(rows, columns=_OPTION_COLUMNS).set_index("option_id")


def _columns(frame: pd.DataFrame, column: str) -> list[tuple[str, str, str]]:
    return list(zip(frame.index.astype(str), frame[column], frame["district_id"], strict=True))


def _decision(number: int, joint: JointSiting, *, needs: Sequence[Need], ground: Ground, layout: str) -> Decision:
    part, answer, free = joint.parts[number], joint.sitings[number], joint.cases[frozenset()]
    assert free is not None, "where all parcels are free, there is an answer"
    own = [need for need in needs if need.kind in part.kinds]
    quotas: dict[str, int] = {}
    for need in own:
        for district, count in need.quotas.items():
            quotas[district] = quotas.get(district, 0) + count
    parcels = sorted({parcel_of(name) for name in part.group.index})
    places = ground.candidates.loc[parcels, "district_id"]
    return Decision(
        layout=layout,
        kinds=tuple(need.kind for need in own),
        stages=part.stages,
        opened={parcel_of(name): joint.kind_of(name) for name in answer.opened},
        quotas=quotas,
        parcels={
            "": len(parcels),
            **{str(name): int(count) for name, count in places.value_counts(sort=False).items()},
        },
        siting=answer,
        free_bound=free[number].bound,
        joint=joint,
    )
