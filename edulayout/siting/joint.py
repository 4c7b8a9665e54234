"""Several kinds of school at once on the same parcels: exact choices of each kind, and a search over their conflicts.

Kinds that share no stage share nothing but parcels. Each is answered alone by the exact search; where no two answers
want the same parcel, they are the joint optimum. Where two do, one of the two must give way: both cases are solved
(conflict-based search, Sharon et al. 2015, doi:10.1016/j.artint.2014.11.006). The sum of the bounds bounds the case.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

from edulayout.errors import Fault, InfeasibleError, InputError
from edulayout.siting import objectives
from edulayout.siting.mip.checking import as_frame, check_pupils, read_options
from edulayout.siting.mip.goals import Coverage, Distance
from edulayout.siting.mip.plan import relative_gap
from edulayout.siting.parts import Part, parts_of
from edulayout.siting.rules import read_limits
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.siting.mip.goals import Count
    from edulayout.siting.mip.question import Options
    from edulayout.siting.result import Siting
    from edulayout.siting.rules import Limits
    from edulayout.typing import Progress

Closed: TypeAlias = frozenset[str]
"""Options that a case of the search leaves out."""

_BARRED = "left out"
_OPTIMAL = 1e-9


@dataclass(frozen=True, eq=False)
class JointSiting:
    """Which options of several kinds to open, and the proof of how good that is.

    Parameters
    ----------
    opened
        Ids of the new options, sorted.
    parts, sitings
        The groups of kinds that share stages, and the exact answer of each.
    objective, bound, gap, status, stop_reason, seconds, seed, sense
        As in `Siting`, summed over the parts.
    cases
        Every case that the search solved, by the options that it leaves out: the answer of each part; None where the
        rest cannot fill the counts.
    splits
        Every case that was parted: the two options that exclude each other.
    """

    opened: tuple[str, ...]
    parts: tuple[Part, ...]
    sitings: tuple[Siting, ...]
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    stop_reason: Literal["proved", "gap", "time"]
    seconds: float
    seed: int
    sense: Literal["minimise", "maximise"]
    cases: dict[Closed, tuple[Siting, ...] | None]
    splits: dict[Closed, tuple[str, str]]
    options: Options

    def __repr__(self) -> str:
        found = f"objective {self.objective:.10g}, bound {self.bound:.10g}, gap {self.gap:.2%}"
        return f"JointSiting({len(self.opened)} new, {found}, {self.status}, {len(self.cases)} cases)"

    @property
    def method(self) -> str:
        """What ran, in words."""
        if not self.splits:
            return "every part alone: no two want the same parcel, so together they are the best"
        return f"exact answers of the parts in {len(self.cases)} cases of who gives way on a parcel"

    def kind_of(self, option: str) -> str:
        """Return the kind of an option."""
        return self.options.kind[self.options.ids.index(option)]

    def verify(self) -> tuple[float, float]:
        """Check every answer, that nothing conflicts, and that the cases leave no other choice; return both bounds.

        Returns
        -------
        The bound that multipliers alone prove, and the bound that the answers claim, over all cases.

        Raises
        ------
        InputError
            Where something does not hold.
        """
        return _verify(self)


def place_jointly(  # noqa: PLR0913 - as p_median
    costs: TravelCosts,
    pupils: pd.Series[float] | pd.DataFrame,
    options: pd.DataFrame,
    *,
    counts: Sequence[Count],
    objective: Distance | Coverage | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress = quiet,
) -> JointSiting:
    """Place several kinds of school at once on parcels that each take one, without seats, and prove it.

    Parameters
    ----------
    costs, pupils, options
        As in `choose`; seats, least enrolment and cost are not looked at. Every option has a kind.
    counts
        How many of which kind, exactly: `Count(2, 2, group="west", kind="primary")`. An option that no count counts
        is not opened.
    objective
        `Distance(unserved_cost)` (default; without a charge, the cutoff of the costs or the largest of them), or
        `Coverage(radius)`.
    gap, time_limit, seed, progress
        As in `p_median`.

    Returns
    -------
    JointSiting
        Options opened, objective and bound over all kinds, and the answers that prove them.

    Raises
    ------
    InputError
        Where the input is wrong.
    InfeasibleError
        Where the parcels do not suffice.

    Examples
    --------
    Both kinds want the parcel in the middle; the primary school has more pupils and gets it.

    >>> import pandas as pd, edulayout as el
    >>> from edulayout.siting import Count
    >>> costs = el.TravelCosts.from_dense([[0, 10]], demand_ids=["a"], school_ids=["s", "t"], unit="metres")
    >>> pupils = pd.DataFrame({"primary": [9.0], "junior_high": [5.0]}, index=["a"])
    >>> options = pd.DataFrame({"site": ["s", "t", "s", "t"], "kind": ["primary"] * 2 + ["junior_high"] * 2,
    ...                         "stages": ["primary"] * 2 + ["junior_high"] * 2}, index=["ps", "pt", "js", "jt"])
    >>> place_jointly(costs, pupils, options, counts=[Count(1, 1, kind="primary"), Count(1, 1, kind="junior_high")])
    JointSiting(2 new, objective 50, bound 50, gap 0.00%, optimal, 3 cases)
    """
    frame, goal = as_frame(pupils), Distance() if objective is None else objective
    check_pupils(costs, frame)
    own = read_options(options, tuple(frame.columns), costs)
    parts = parts_of(costs, frame, own, counts=counts, goal=goal)
    search = _Search(parts, own, goal, read_limits(gap, time_limit, seed), progress, _charge(costs, goal))
    return search.run()


def _charge(costs: TravelCosts, goal: Distance | Coverage) -> float:
    """Return what an unreached pupil is charged in every part alike."""
    if isinstance(goal, Distance) and goal.unserved_cost is not None:
        return goal.unserved_cost
    largest = float(costs.values.max()) if costs.pairs else 0.0
    return largest if costs.cutoff is None else max(largest, float(costs.cutoff))


class _Named(TypedDict):
    """What both questions of a part are asked with."""

    quotas: dict[str, int]
    groups: pd.Series[str]
    existing: list[str]
    candidates: list[str]
    time_limit: float | None
    seed: int


@dataclass(eq=False)
class _Search:
    parts: tuple[Part, ...]
    options: Options
    goal: Distance | Coverage
    limits: Limits
    progress: Progress
    charge: float
    known: dict[tuple[int, Closed], Siting | None] = field(default_factory=dict)
    cases: dict[Closed, tuple[Siting, ...] | None] = field(default_factory=dict)
    splits: dict[Closed, tuple[str, str]] = field(default_factory=dict)

    @property
    def sign(self) -> float:
        return 1.0 if self.goal.sense == "minimise" else -1.0

    def run(self) -> JointSiting:
        """Solve cases, the most promising first, until none can be better than the best without a conflict."""
        started = time.perf_counter()
        heap: list[tuple[float, int, int, Closed]] = []
        best: tuple[float, Closed] | None = None
        self._push(heap, frozenset())
        stop: Literal["proved", "gap", "time"] = "proved"
        while heap and (best is None or heap[0][0] < best[0] - _OPTIMAL * abs(best[0])):
            late = self.limits.time_limit is not None and time.perf_counter() - started > self.limits.time_limit
            near = best is not None and relative_gap(best[0], heap[0][0]) <= self.limits.gap
            if best is not None and (late or near):
                stop = "time" if late else "gap"
                break
            case = heapq.heappop(heap)[-1]
            sitings = self.cases[case]
            assert sitings is not None
            pair = conflict(self.options, [name for siting in sitings for name in siting.opened])
            if pair is None:
                value = self.sign * math.fsum(siting.objective for siting in sitings)
                best = (value, case) if best is None or value < best[0] else best
                continue
            self.splits[case] = pair
            for name in pair:
                self._push(heap, case | {name})
        if best is None:
            raise InfeasibleError(_unplaceable(self.parts))
        return self._result(best[1], stop, time.perf_counter() - started)

    def _push(self, heap: list[tuple[float, int, int, Closed]], case: Closed) -> None:
        if case in self.cases:
            return
        answers = [self._solve(k, case) for k in range(len(self.parts))]
        whole = tuple(answer for answer in answers if answer is not None)
        self.cases[case] = whole if len(whole) == len(answers) else None
        self.progress("siting: cases", len(self.cases), len(self.cases) + len(heap))
        if len(whole) == len(answers):
            bound = self.sign * math.fsum(siting.bound for siting in whole)
            heapq.heappush(heap, (bound, -len(case), len(self.cases), case))

    def _solve(self, number: int, case: Closed) -> Siting | None:
        """Return the exact answer of a part without some options; the same question is asked once.

        Raises
        ------
        InfeasibleError
            Where a part cannot fill its counts even with all options.
        """
        part = self.parts[number]
        own = case & set(part.group.index)
        if (number, own) not in self.known:
            try:
                self.known[number, own] = self._ask(part, own)
            except InfeasibleError:
                if not own:
                    raise
                self.known[number, own] = None
        return self.known[number, own]

    def _ask(self, part: Part, barred: Closed) -> Siting:
        group = part.group.where(~part.group.index.isin(sorted(barred)), _BARRED)
        named = _Named(
            quotas=part.quotas,
            groups=group,
            existing=list(part.existing),
            candidates=list(part.group.index),
            time_limit=self.limits.time_limit,
            seed=self.limits.seed,
        )
        if isinstance(self.goal, Coverage):
            radius = max(self.goal.at(stage) for stage in part.stages)
            return objectives.max_coverage(part.costs, part.weights, radius=radius, **named)
        return objectives.p_median(part.costs, part.weights, unreachable_cost=self.charge, **named)

    def _result(self, case: Closed, stop: Literal["proved", "gap", "time"], seconds: float) -> JointSiting:
        sitings = self.cases[case]
        assert sitings is not None
        objective = math.fsum(siting.objective for siting in sitings)
        bound = min(least_bound(self.cases, self.splits, self.sign), self.sign * objective) * self.sign
        gap = relative_gap(objective, bound)
        return JointSiting(
            opened=tuple(sorted(name for siting in sitings for name in siting.opened)),
            parts=self.parts,
            sitings=sitings,
            objective=objective,
            bound=bound,
            gap=gap,
            status="optimal" if gap <= _OPTIMAL else "feasible",
            stop_reason="proved" if gap <= _OPTIMAL else "time" if stop == "proved" else stop,
            seconds=seconds,
            seed=self.limits.seed,
            sense=self.goal.sense,
            cases=self.cases,
            splits=self.splits,
            options=self.options,
        )


def conflict(options: Options, opened: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two opened options that share a parcel, None where there are none."""
    first: dict[int, str] = {}
    for name in sorted(opened):
        parcel = int(options.parcel[options.ids.index(name)])
        if parcel in first:
            return first[parcel], name
        first[parcel] = name
    return None


def least_bound(
    cases: dict[Closed, tuple[Siting, ...] | None], splits: dict[Closed, tuple[str, str]], sign: float
) -> float:  # fmt: skip
    """Return the least bound over all cases that were not parted: no choice without a conflict is below it."""
    return min(
        sign * math.fsum(siting.bound for siting in sitings)
        for case, sitings in cases.items()
        if case not in splits and sitings is not None
    )


def _unplaceable(parts: Sequence[Part]) -> Fault:
    wanted = sum(sum(part.quotas.values()) for part in parts)
    return Fault(
        "counts", f"{wanted} options wanted of {', '.join(kind for part in parts for kind in part.kinds)}",
        "a parcel of its own for each", "add candidates of the kinds in demand, or lower the counts",
    )  # fmt: skip


def _verify(joint: JointSiting) -> tuple[float, float]:
    sign = 1.0 if joint.sense == "minimise" else -1.0
    faults = []
    if conflict(joint.options, joint.opened) is not None:
        faults.append(_claim("opened", "two options on one parcel", "one"))
    if joint.opened != tuple(sorted(name for siting in joint.sitings for name in siting.opened)):
        faults.append(_claim("opened", "not what the parts open", "their options"))
    proven, claimed = _walk(joint, frozenset(), sign, faults)
    for part, siting in zip(joint.parts, joint.sitings, strict=True):
        siting.verify(part.costs, part.weights)
    objective = math.fsum(siting.objective for siting in joint.sitings)
    if not math.isclose(objective, joint.objective, rel_tol=_OPTIMAL):
        faults.append(_claim("objective", f"{joint.objective!r}", f"{objective!r}"))
    if sign * joint.bound > claimed + _OPTIMAL * abs(claimed) or sign * joint.bound > sign * objective:
        faults.append(_claim("bound", f"{joint.bound!r}", f"at most {sign * claimed!r}, which the cases prove"))
    if joint.status != ("optimal" if relative_gap(joint.objective, joint.bound) <= _OPTIMAL else "feasible"):
        faults.append(_claim("status", joint.status, "what the gap allows"))
    if faults:
        raise InputError(*faults)
    return sign * min(proven, sign * objective), sign * min(claimed, sign * objective)


def _walk(joint: JointSiting, case: Closed, sign: float, faults: list[Fault]) -> tuple[float, float]:
    """Return what a case and its parts prove: by multipliers alone, and by all that the answers claim."""
    if case in joint.splits:
        one, other = joint.splits[case]
        known = {one, other} <= set(joint.options.ids)
        if not known or conflict(joint.options, [one, other]) is None:
            faults.append(_claim("splits", f"{one} and {other}", "options on one parcel"))
        sides = [_walk(joint, case | {name}, sign, faults) for name in (one, other)]
        return min(side[0] for side in sides), min(side[1] for side in sides)
    if case not in joint.cases:
        faults.append(_claim("cases", f"nothing about {sorted(case)}", "an answer for every case"))
        return -math.inf, -math.inf
    sitings = joint.cases[case]
    if sitings is None:
        if all(_fillable(part, case) for part in joint.parts):
            faults.append(_claim("cases", f"{sorted(case)} called impossible", "an answer"))
        return math.inf, math.inf
    proven = []
    for part, siting in zip(joint.parts, sitings, strict=True):
        proven.append(siting.verify(part.costs, part.weights).proven_bound)
        if siting.rules.total != sum(part.quotas.values()) or not _within(siting, part, case):
            faults.append(_claim("cases", f"an answer to another question for {sorted(case)}", "the counts"))
    return sign * math.fsum(proven), sign * math.fsum(siting.bound for siting in sitings)


def _fillable(part: Part, case: Closed) -> bool:
    there = part.group[~part.group.index.isin(sorted(case))].value_counts()
    return all(there.get(name, 0) >= number for name, number in part.quotas.items())


def _within(siting: Siting, part: Part, case: Closed) -> bool:
    """Return whether an answer was free to open every option of the part that the case leaves."""
    rules = siting.rules
    group = {name: rules.groups[g] for name, g in zip(rules.candidates, rules.group_of, strict=True)}
    expected = {name: _BARRED if name in case else label for name, label in part.group.items()}
    quota = dict(zip(rules.groups, rules.quota, strict=True))
    return group == expected and all(quota.get(name) == number for name, number in part.quotas.items())


def _claim(name: str, found: str, expected: str) -> Fault:
    return Fault(f"joint siting: {name}", found, expected, "the result was changed: solve again")
