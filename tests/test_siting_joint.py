"""Several kinds at once on exclusive parcels: against every choice, and the proof of it."""

from dataclasses import replace
from itertools import combinations, product
from math import inf, isclose

import numpy as np
import pandas as pd
import pytest

from edulayout.costs import TravelCosts
from edulayout.errors import InfeasibleError, InputError
from edulayout.siting import Count, Coverage, Distance
from edulayout.siting.joint import place_jointly

STAGES = {"kindergarten": "kindergarten", "primary": "primary", "nine_year": "primary;junior_high", "junior_high": "junior_high"}  # fmt: skip


def city(seed, *, rows=14, parcels=6):
    random = np.random.default_rng(seed)
    homes, places = random.uniform(0, 999, (rows, 2)), random.uniform(0, 999, (parcels + 1, 2))
    dense = np.rint(np.abs(homes[:, None] - places[None]).sum(axis=2))
    dense[random.random(dense.shape) < 0.15] = inf
    names = [f"d{k:02d}" for k in range(rows)]
    costs = TravelCosts.from_dense(
        dense, demand_ids=names, school_ids=[f"s{k}" for k in range(parcels + 1)], unit="metres"
    )
    stages = ["kindergarten", "primary", "junior_high"]
    pupils = pd.DataFrame(random.integers(0, 20, (rows, 3)).astype(float), index=names, columns=stages)
    options = [
        (f"{kind}@s{k}", f"s{k}", kind, STAGES[kind], "candidate", "west" if k < parcels / 2 else "east")
        for k in range(parcels)
        for kind in STAGES
        if random.random() < 0.75
    ]
    options.append(("old", f"s{parcels}", "primary", "primary", "existing", "west"))
    table = pd.DataFrame(options, columns=["option_id", "site", "kind", "stages", "status", "group"])
    return costs, pupils, table.set_index("option_id")


def total(costs, pupils, options, opened, *, charge, radius):
    """Return the objective of a choice, the slow way."""
    ways = costs.to_series().unstack()  # noqa: PD010 - a plain table of ways
    value = 0.0
    for stage in pupils:
        serving = [o for o in options.index if stage in options.loc[o, "stages"].split(";")]
        for place, number in pupils[stage].items():
            way = min((w(ways, place, options.loc[o, "site"]) for o in opened if o in serving), default=inf)
            if radius is not None:
                value += number * (way <= radius)
            elif min((w(ways, place, options.loc[o, "site"]) for o in serving), default=inf) < inf:
                value += number * min(way, charge)
    return value


def w(ways, place, site):
    way = ways.loc[place, site]
    return inf if np.isnan(way) else way


def best(costs, pupils, options, counts, **named):
    """Return the best objective over all choices that keep counts and parcels, None where there is none."""
    groups = [
        [o for o in options.index if options.loc[o, "status"] == "candidate" and options.loc[o, "kind"] == c.kind
         and c.group in (None, options.loc[o, "group"])]
        for c in counts
    ]  # fmt: skip
    found = None
    for picks in product(*(combinations(g, c.least) for g, c in zip(groups, counts, strict=True))):
        opened = [o for pick in picks for o in pick]
        if len({options.loc[o, "site"] for o in opened}) < len(opened):
            continue
        value = total(costs, pupils, options, [*opened, "old"], **named)
        if found is None or (value > found if named["radius"] is not None else value < found):
            found = value
    return found


COUNTS = [
    [Count(1, 1, kind="kindergarten"), Count(1, 1, kind="primary"), Count(1, 1, kind="junior_high")],
    [Count(1, 1, kind="kindergarten", group="west"), Count(2, 2, kind="primary"), Count(1, 1, kind="nine_year")],
    [Count(2, 2, kind="kindergarten"), Count(1, 1, kind="primary", group="east"), Count(2, 2, kind="junior_high")],
]


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("radius", [None, 400.0])
def test_against_every_choice(seed, counts, radius):
    costs, pupils, options = city(seed)
    counted = pd.Series(False, index=options.index)
    for c in counts:
        counted |= (options["kind"] == c.kind) & (options["group"].eq(c.group) | (c.group is None))
    wanted = best(costs, pupils, options[counted | (options.index == "old")], counts, charge=3000.0, radius=radius)
    goal = Distance(3000.0) if radius is None else Coverage(radius)
    if wanted is None:
        with pytest.raises(InfeasibleError):
            place_jointly(costs, pupils, options, counts=counts, objective=goal)
        return
    found = place_jointly(costs, pupils, options, counts=counts, objective=goal)
    assert found.status == "optimal"
    assert isclose(found.objective, wanted, rel_tol=1e-9)
    proven, claimed = found.verify()
    assert isclose(claimed, found.objective, rel_tol=1e-9)
    assert proven >= wanted * (1 - 1e-9) if radius is not None else proven <= wanted * (1 + 1e-9)


class TestProof:
    def question(self):
        for seed in range(30):
            costs, pupils, options = city(seed, rows=25, parcels=8)
            found = place_jointly(costs, pupils, options, counts=COUNTS[0])
            if found.splits:
                return costs, pupils, options, found
        raise AssertionError("no question with a conflict")

    def test_conflicts_are_searched_and_named(self):
        *_, found = self.question()
        assert "cases" in found.method
        assert found.cases[frozenset()] is not None
        assert len(found.cases) >= 3

    def test_no_conflict_is_a_proof(self):
        costs, pupils, options = city(0)
        found = place_jointly(costs, pupils, options, counts=COUNTS[0][:1])
        assert "no two want the same parcel" in found.method
        assert (found.status, len(found.cases)) == ("optimal", 1)

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("objective", lambda x: x - 1),
            ("bound", lambda x: x + 1),
            ("opened", lambda x: x[1:]),
            ("status", lambda x: "feasible"),
            ("cases", lambda x: {key: case for key, case in x.items() if key == frozenset()}),
            ("cases", lambda x: {key: None if key else case for key, case in x.items()}),
            ("splits", lambda x: dict.fromkeys(x, ("stranger", "primary@s1"))),
            ("splits", lambda x: dict.fromkeys(x, ("old", "stranger"))),
            ("sitings", lambda x: x[::-1]),
        ],
    )
    def test_a_changed_result_is_refused(self, field, change):
        *_, found = self.question()
        found.verify()
        with pytest.raises(InputError):
            replace(found, **{field: change(getattr(found, field))}).verify()

    def test_order_and_a_second_run_change_nothing(self):
        costs, pupils, options, found = self.question()
        other = place_jointly(costs, pupils.iloc[::-1], options.sample(frac=1, random_state=1), counts=COUNTS[0])
        assert (found.opened, found.objective, found.bound) == (other.opened, other.objective, other.bound)

    def test_counts_that_are_ranges_or_overlap(self):
        costs, pupils, options = city(0)
        with pytest.raises(InputError, match="exact number") as caught:
            place_jointly(costs, pupils, options, counts=[Count(1, 2, kind="primary"), Count(1, 1, kind="primary")])
        assert "two counts count" in str(caught.value)
