import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edulayout as el
from edulayout.errors import InputError
from edulayout.siting.scenarios import robust


def town(seed, *, demand=14, sites=9, futures=3):
    rng = np.random.default_rng(seed)
    homes, places = rng.integers(0, 1000, (demand, 2)), rng.integers(0, 1000, (sites, 2))
    metres = np.round(np.hypot(*(homes[:, None] - places[None]).transpose(2, 0, 1)))
    ids = [f"d{i:02d}" for i in range(demand)]
    costs = el.TravelCosts.from_dense(metres, demand_ids=ids, school_ids=[f"s{j}" for j in range(sites)], unit="metres")
    pupils = rng.integers(0, 60, (demand, futures)).astype(float)
    return costs, pd.DataFrame(pupils, index=ids, columns=[f"f{v}" for v in range(futures)]), metres


def brute(metres, pupils, p, *, aim):
    values = np.array([
        (metres[:, list(choice)].min(axis=1)[:, None] * pupils).sum(axis=0)
        for choice in itertools.combinations(range(metres.shape[1]), p)
    ])  # fmt: skip
    zero = values.min(axis=0) if aim == "regret" else 0.0
    return (values - zero).max(axis=1).min()


@pytest.mark.parametrize("aim", ["regret", "worst_case"])
def test_bound_and_choice_enclose_the_best_of_all_choices(aim):
    met = 0
    for seed in range(12):
        costs, futures, metres = town(seed)
        found = robust(costs, futures, functools.partial(el.siting.p_median, costs, p=3), aim=aim)
        best = brute(metres, futures.to_numpy(), 3, aim=aim)
        assert found.bound <= best * (1 + 1e-9) <= found.objective * (1 + 2e-9)
        met += found.objective == pytest.approx(best)
    assert met >= 10, "the choice is the best one nearly always"


def test_table_holds_value_and_regret_of_every_plan():
    costs, futures, metres = town(3)
    found = robust(costs, futures, functools.partial(el.siting.p_median, costs, p=2))
    own = found.table[found.table["chosen"]]
    at = [int(name[1:]) for name in found.opened]
    values = (metres[:, at].min(axis=1)[:, None] * futures.to_numpy()).sum(axis=0)
    assert own["value"].tolist() == pytest.approx(values.tolist())
    assert found.objective == pytest.approx(own["regret"].max())
    assert found.table.groupby("variant")["regret"].min().tolist() == [0.0, 0.0, 0.0]
    assert found.mixture.sum() == pytest.approx(1)


def test_one_future_is_the_plain_question():
    costs, futures, _ = town(5)
    ask = functools.partial(el.siting.p_median, costs, p=2)
    found = robust(costs, futures[["f1"]], ask)
    assert (found.opened, found.objective, found.bound, found.status) == (
        ask(futures["f1"]).opened,
        0.0,
        0.0,
        "optimal",
    )


def test_coverage_is_measured_as_more_is_better():
    costs, futures, metres = town(7)
    ask = functools.partial(el.siting.max_coverage, costs, radius=250, p=2)
    found = robust(costs, futures, ask, aim="worst_case")
    covered = np.array([
        ((metres[:, list(choice)].min(axis=1) <= 250)[:, None] * futures.to_numpy()).sum(axis=0).min()
        for choice in itertools.combinations(range(9), 2)
    ])  # fmt: skip
    assert found.objective <= covered.max() <= found.bound * (1 + 1e-9)
    assert found.objective == pytest.approx(covered.max())


def test_quotas_of_groups_are_kept():
    costs, futures, _ = town(11)
    groups = pd.Series({f"s{j}": "ab"[j % 2] for j in range(9)})
    ask = functools.partial(el.siting.p_median, costs, quotas={"a": 2, "b": 1}, groups=groups)
    found = robust(costs, futures, ask)
    assert sorted(groups[list(found.opened)]) == ["a", "a", "b"]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.1, 50))
def test_scaling_pupils_scales_regret(seed, factor):
    costs, futures, _ = town(seed, demand=6, sites=5, futures=2)
    ask = functools.partial(el.siting.p_median, costs, p=2)
    one, more = robust(costs, futures, ask), robust(costs, futures * factor, ask)
    assert more.objective == pytest.approx(one.objective * factor, rel=1e-6, abs=1e-6 * futures.to_numpy().sum())


def test_faults_come_together():
    costs, futures, _ = town(1)
    wrong = futures.iloc[:-1].copy()
    wrong.iloc[0, 0] = -1
    with pytest.raises(InputError) as error:
        robust(costs, wrong, functools.partial(el.siting.p_median, costs, p=1), aim="hope")
    assert [fault.source for fault in error.value.faults] == ["futures", "futures", "aim"]
    with pytest.raises(InputError, match="p_median or max_coverage"):
        robust(costs, futures, lambda weights: el.siting.p_center(costs, weights, p=1))
