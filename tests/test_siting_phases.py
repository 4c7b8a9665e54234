"""Years and goals: phases and trade-offs against every choice."""

from itertools import combinations, product
from math import inf, isclose

import numpy as np
import pandas as pd
import pytest

from edulayout.costs import TravelCosts
from edulayout.errors import InputError
from edulayout.siting import Count, Coverage, Distance, WorstDistrict, phase, trade_off

YEARS = (2027, 2028, 2029)


def town(seed, *, rows=6, sites=4):
    random = np.random.default_rng(seed)
    dense = np.rint(np.abs(random.uniform(0, 99, (rows, 1)) - random.uniform(0, 99, (1, sites))))
    names = [f"d{k}" for k in range(rows)]
    costs = TravelCosts.from_dense(dense, demand_ids=names, school_ids=[f"s{k}" for k in range(sites)], unit="metres")
    pupils = {year: pd.Series(random.integers(0, 20, rows).astype(float), index=names) for year in YEARS}
    return dense, costs, pupils, random.integers(2, 9, sites)


def phased(dense, pupils, cost, budgets, *, discount, carry):
    """Return the best sum over all years of opening, the slow way; nobody is farther than 200."""
    best = inf
    for years in product([*YEARS, None], repeat=len(cost)):
        spent = {year: sum(c for c, y in zip(cost, years, strict=True) if y == year) for year in YEARS}
        if carry:
            kept = all(
                sum(spent[o] for o in YEARS if o <= y) <= sum(budgets[o] for o in YEARS if o <= y) for y in YEARS
            )
        else:
            kept = all(spent[year] <= budgets[year] for year in YEARS)
        if not kept:
            continue
        value = 0.0
        for year in YEARS:
            opened = [j for j, y in enumerate(years) if y is not None and y <= year]
            way = np.minimum(dense[:, opened].min(axis=1, initial=inf), 200.0)
            value += float((pupils[year].to_numpy() * way).sum()) * (1 + discount) ** (YEARS[0] - year)
        best = min(best, value)
    return best


class TestPhases:
    @pytest.mark.parametrize("carry", [True, False])
    @pytest.mark.parametrize("seed", range(4))
    def test_against_every_year_of_every_option(self, seed, carry):
        dense, costs, pupils, cost = town(seed)
        budgets = {2027: 6.0, 2028: 5.0, 2029: 4.0}
        options = pd.DataFrame({"cost": cost}, index=costs.school_ids)
        found = phase(
            costs, pupils, options, budgets=budgets, objective=Distance(unserved_cost=200.0), discount=0.05, carry=carry
        )
        best = phased(dense, pupils, cost, budgets, discount=0.05, carry=carry)
        assert isclose(found.plan.objective, best, rel_tol=1e-9)
        assert found.plan.status == "optimal"
        found.plan.verify(costs, found.pupils, load=found.load)
        assert found.spent.sum() == sum(cost[int(name[1:])] for name in found.opened.index)
        later = found.spent.cumsum() if carry else found.spent
        allowed = pd.Series(budgets).cumsum() if carry else pd.Series(budgets)
        assert (later.to_numpy() <= allowed.to_numpy()).all()

    def test_seats_and_an_existing_school_serve_every_year(self):
        """The old school seats ten; pupils grow from ten to thirty, so that the new one is needed in 2028."""
        costs = TravelCosts.from_dense([[0, 50]], demand_ids=["a"], school_ids=["old", "new"], unit="metres")
        pupils = {2027: pd.Series({"a": 10.0}), 2028: pd.Series({"a": 30.0})}
        options = pd.DataFrame(
            {"status": ["existing", "candidate"], "seats_pupils": [10, 99], "cost": [0, 5]}, index=["old", "new"]
        )
        found = phase(costs, pupils, options, budgets={2027: 5, 2028: 0}, objective=Distance(unserved_cost=100.0))
        assert found.plan.objective == 20 * 50
        assert found.opened.to_dict() in ({"new": 2027}, {"new": 2028})
        late = phase(costs, pupils, options, budgets={2027: 0, 2028: 5}, objective=Distance(unserved_cost=100.0))
        assert late.opened.to_dict() == {"new": 2028}

    def test_years_that_do_not_fit(self):
        _, costs, pupils, _ = town(0)
        options = pd.DataFrame({"status": ["closable"] * 4}, index=costs.school_ids)
        with pytest.raises(InputError) as caught:
            phase(costs, pupils, options, budgets={2027: 1.0}, objective=Coverage(9.0), discount=-1.0)
        assert len(caught.value.faults) == 3


def front(dense, weights, count, second):
    """Return all pairs of distance and second goal that no choice beats in both; the second is to be made least."""
    points = set()
    for opened in combinations(range(dense.shape[1]), count):
        way = dense[:, list(opened)].min(axis=1)
        points.add((round(float((weights * way).sum()), 6), round(second(way), 6)))
    return sorted(p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points))


class TestTradeOff:
    @pytest.mark.parametrize("seed", range(6))
    def test_distance_and_coverage(self, seed):
        dense, costs, pupils, _ = town(seed, rows=9, sites=7)
        weights = pupils[2027]
        expected = front(dense, weights.to_numpy(), 2, lambda way: -float((weights.to_numpy() * (way <= 15)).sum()))
        found = trade_off(
            costs, weights, pd.DataFrame(index=costs.school_ids), goals=(Distance(), Coverage(15.0)), step=1.0,
            counts=[Count(2, 2)],
        )  # fmt: skip
        assert found.complete
        assert found.table["Distance"].tolist() == pytest.approx([point[0] for point in expected])
        assert found.table["Coverage"].tolist() == pytest.approx([-point[1] for point in expected])
        for plan in found.plans:
            plan.verify(costs, weights)

    def test_distance_and_the_worst_district(self):
        dense, costs, pupils, _ = town(3, rows=9, sites=7)
        weights = pupils[2027] + 1
        districts = {name: "north" if k < 3 else "south" for k, name in enumerate(costs.demand_ids)}
        north = np.arange(9) < 3

        def worst(way):
            number = weights.to_numpy()
            return max(float((number * way)[part].sum() / number[part].sum()) for part in (north, ~north))

        expected = front(dense, weights.to_numpy(), 2, worst)
        found = trade_off(
            costs, weights, pd.DataFrame(index=costs.school_ids), goals=(Distance(), WorstDistrict(districts)),
            step=1e-3, counts=[Count(2, 2)],
        )  # fmt: skip
        assert found.table["Distance"].tolist() == pytest.approx([point[0] for point in expected])
        assert found.table["WorstDistrict"].tolist() == pytest.approx([point[1] for point in expected], abs=1e-5)

    def test_it_stops_where_told(self):
        _, costs, pupils, _ = town(0, rows=9, sites=7)
        found = trade_off(
            costs, pupils[2027], pd.DataFrame(index=costs.school_ids), goals=(Distance(), Coverage(15.0)), step=1.0,
            counts=[Count(2, 2)], most=1,
        )  # fmt: skip
        assert (len(found.plans), found.complete) == (1, False)
        with pytest.raises(InputError, match="step"):
            trade_off(
                costs, pupils[2027], pd.DataFrame(index=costs.school_ids), goals=(Distance(), Coverage(15.0)), step=0
            )
