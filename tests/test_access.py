import itertools
import json
import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edulayout as el
from edulayout import access
from edulayout.errors import InputError
from edulayout.kernels.access import totals
from edulayout.kernels.congestion import settled

INF = float("inf")
DECAY = el.decay.Exponential(0.002)
CATCHMENTS = [
    access.two_step_fca, access.e2sfca, access.three_step_fca, access.modified, access.balanced_fca,
    access.spatial_availability,
]  # fmt: skip
DECAYED = [access.cumulative, access.gravity, *CATCHMENTS]
KEEP_SEATS = [access.two_step_fca, access.e2sfca, access.three_step_fca]


def town(metres, pupils, seats):
    metres = np.asarray(metres, dtype=float)
    rows, columns = [f"b{k}" for k in range(len(metres))], [f"s{k}" for k in range(metres.shape[1])]
    costs = el.TravelCosts.from_dense(metres, demand_ids=rows, school_ids=columns, unit="metres")
    return costs, pd.Series(pupils, index=rows, dtype=float), pd.Series(seats, index=columns, dtype=float)


@st.composite
def towns(draw):
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    metres = st.one_of(st.just(INF), st.integers(0, 3000).map(float))
    table = draw(st.lists(st.lists(metres, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    pupils = draw(st.lists(st.one_of(st.just(0.0), st.floats(0.5, 500)), min_size=rows, max_size=rows))
    seats = draw(st.lists(st.one_of(st.just(0.0), st.floats(1, 2000)), min_size=columns, max_size=columns))
    return town(table, pupils, seats)


# Oracles: the formulas of the papers, one loop for each sum.


def dense(costs, weigh):
    table = costs.to_series().to_dict()
    return [[weigh(table.get((i, j), INF)) for j in costs.school_ids] for i in costs.demand_ids]


def over(part, whole):
    return part / whole if whole > 0 else 0.0


def oracle(name, costs, pupils, seats):
    w = dense(costs, lambda cost: math.exp(-0.002 * cost) if cost < INF else 0.0)
    rows, columns = range(len(pupils)), range(len(seats))
    crowd, room = pupils.tolist(), seats.tolist()
    row = [sum(w[i]) for i in rows]
    column = [sum(w[i][j] for i in rows) for j in columns]
    if name in ("cumulative", "gravity"):
        return [sum(w[i][j] * room[j] for j in columns) for i in rows]
    if name == "three_step_fca":
        choice = [[over(w[i][j], row[i]) for j in columns] for i in rows]
        ratio = [over(room[j], sum(choice[i][j] * w[i][j] * crowd[i] for i in rows)) for j in columns]
        return [sum(choice[i][j] * w[i][j] * ratio[j] for j in columns) for i in rows]
    if name == "balanced_fca":
        level = [over(room[j], sum(over(w[i][j], row[i]) * crowd[i] for i in rows)) for j in columns]
        return [sum(over(w[i][j], column[j]) * level[j] for j in columns) for i in rows]
    ratio = [over(room[j], sum(w[i][j] * crowd[i] for i in rows)) for j in columns]
    if name == "modified":
        return [sum(w[i][j] ** 2 * ratio[j] for j in columns) for i in rows]
    found = [sum(w[i][j] * ratio[j] for j in columns) for i in rows]
    return [found[i] * crowd[i] for i in rows] if name == "spatial_availability" else found


@pytest.mark.parametrize("measure", DECAYED, ids=lambda measure: measure.__name__)
@settings(max_examples=20, deadline=None)
@given(case=towns())
def test_each_measure_is_its_formula(measure, case):
    result = measure(*case, decay=DECAY)
    assert result.tolist() == pytest.approx(oracle(measure.__name__, *case), rel=1e-6, abs=1e-12)
    assert result.index.name == "demand_id"
    assert result.name == measure.__name__


def reached_seats(case):
    """Seats of the schools that any pupil reaches."""
    costs, pupils, seats = case
    pairs = costs.to_series().reset_index()
    found = set(pairs.loc[pairs["demand_id"].map(pupils) > 0, "school_id"])
    return float(seats[seats.index.isin(found)].sum())


@settings(max_examples=20, deadline=None)
@given(case=towns())
def test_every_seat_goes_to_one_pupil(case):
    pupils = case[1]
    for measure in KEEP_SEATS:
        assert float((measure(*case, decay=DECAY) * pupils).sum()) == pytest.approx(reached_seats(case), rel=1e-9)
    assert access.spatial_availability(*case, decay=DECAY).sum() == pytest.approx(reached_seats(case), rel=1e-9)
    assert float((access.modified(*case, decay=DECAY) * pupils).sum()) <= reached_seats(case) * (1 + 1e-9)


@settings(max_examples=20, deadline=None)
@given(case=towns())
def test_the_balanced_method_keeps_the_level_of_service(case):
    costs, pupils, seats = case
    w = np.array(dense(costs, lambda cost: math.exp(-0.002 * cost) if cost < INF else 0.0))
    share = np.divide(w, w.sum(axis=1, keepdims=True), out=np.zeros_like(w), where=w.sum(axis=1, keepdims=True) > 0)
    asked = share.T @ pupils.to_numpy()
    assert asked.sum() == pytest.approx(pupils[w.sum(axis=1) > 0].sum())  # every pupil asks once
    level = np.divide(seats.to_numpy(), asked, out=np.zeros(len(seats)), where=asked > 0)
    assert access.balanced_fca(*case, decay=DECAY).sum() == pytest.approx(level.sum(), rel=1e-6)


@pytest.mark.parametrize("measure", DECAYED, ids=lambda measure: measure.__name__)
@settings(max_examples=20, deadline=None)
@given(case=towns(), data=st.data())
def test_order_of_rows_and_columns_changes_no_bit(measure, case, data):
    costs, pupils, seats = case
    rows = data.draw(st.permutations(range(len(pupils))))
    columns = data.draw(st.permutations(range(len(seats))))
    table = np.array(dense(costs, lambda cost: cost))[np.ix_(rows, columns)]
    turned = el.TravelCosts.from_dense(
        table, demand_ids=costs.demand_ids[rows], school_ids=costs.school_ids[columns], unit="metres"
    )
    one = measure(costs, pupils, seats, decay=DECAY)
    other = measure(turned, pupils, seats, decay=DECAY)
    assert one.to_numpy().tobytes() == other.reindex(one.index).to_numpy().tobytes()


@pytest.mark.parametrize("measure", DECAYED, ids=lambda measure: measure.__name__)
@settings(max_examples=20, deadline=None)
@given(case=towns(), factor=st.sampled_from([0.5, 2.0, 1000.0]))
def test_more_seats_scale_access(measure, case, factor):
    costs, pupils, seats = case
    once, more = (measure(costs, pupils, kept, decay=DECAY) for kept in (seats, seats * factor))
    assert more.to_numpy() == pytest.approx(once.to_numpy() * factor, rel=1e-9)


@pytest.mark.parametrize("measure", [access.two_step_fca, access.three_step_fca, access.modified, access.balanced_fca])
@settings(max_examples=20, deadline=None)
@given(case=towns(), factor=st.sampled_from([0.5, 2.0, 1000.0]))
def test_more_pupils_scale_access_down(measure, case, factor):
    costs, pupils, seats = case
    once, more = (measure(costs, crowd, seats, decay=DECAY) for crowd in (pupils, pupils * factor))
    assert more.to_numpy() == pytest.approx(once.to_numpy() / factor, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(case=towns(), data=st.data())
def test_adding_a_seat_never_worsens(case, data):
    costs, pupils, seats = case
    at = data.draw(st.sampled_from(list(seats.index)))
    more = seats + (seats.index == at)
    for measure in DECAYED:
        gain = measure(costs, pupils, more, decay=DECAY) - measure(costs, pupils, seats, decay=DECAY)
        assert (gain >= -1e-12 * seats.sum()).all(), measure.__name__
    nearer = access.kth_nearest_seat(costs, pupils, more, k=100) <= access.kth_nearest_seat(costs, pupils, seats, k=100)
    assert nearer.all()


def test_sums_take_small_and_large_groups_alike():
    # One unit for all groups would lose the group of tiny terms: each has its own.
    groups = np.array([0, 0, 1, 1], dtype=np.int32)
    weights = np.array([1e9, 1.0, 1e-12, 3e-12])
    sums = totals(groups, np.zeros(4, dtype=np.int32), np.ones(1), weights, 3)
    assert sums == pytest.approx([1e9 + 1, 4e-12, 0.0], rel=1e-15)


# The k-th nearest seat.


@settings(max_examples=20, deadline=None)
@given(case=towns(), k=st.sampled_from([1.0, 50.0, 1500.0]))
def test_kth_seat_against_sorting(case, k):
    costs, pupils, seats = case
    expected = []
    for row in dense(costs, lambda cost: cost):
        found, answer = 0.0, INF
        for cost, room in sorted(zip(row, seats, strict=True)):
            found += room if cost < INF else 0.0
            if found >= k and room > 0:
                answer = cost
                break
        expected.append(answer)
    assert access.kth_nearest_seat(costs, pupils, seats, k=k).tolist() == expected


def test_seats_for_all_pupils_of_a_place():
    case = town([[100, 300], [100, 300], [INF, 50]], [10, 40, 0], [30, 30])
    assert access.kth_nearest_seat(*case, k=None).tolist() == [100.0, 300.0, 0.0]
    assert access.kth_nearest_seat(*case, k=30).tolist() == [100.0, 100.0, 50.0]  # exactly as many
    with pytest.raises(InputError, match="k > 0"):
        access.kth_nearest_seat(*case, k=0)


# Congestion.


@settings(max_examples=20, deadline=None)
@given(case=towns(), tau=st.sampled_from([100.0, 1000.0, 20000.0]))
def test_nobody_gains_by_moving(case, tau):
    costs, pupils, seats = case
    if pupils.sum() == 0 or seats.sum() == 0:
        with pytest.raises(InputError, match="none at all"):
            access.raam(costs, pupils, seats, tau=tau)
        return
    result = access.raam(costs, pupils, seats, tau=tau, tolerance=1e-7)
    room = seats.to_numpy() * pupils.sum() / seats.sum()
    table = np.array(dense(costs, lambda cost: cost / tau))
    table[:, room == 0] = INF
    served = np.isfinite(table).any(axis=1) & (pupils.to_numpy() > 0)
    load = equilibrium_loads(table[served], pupils.to_numpy()[served], room)
    strain = np.divide(load, room, out=np.zeros(len(room)), where=room > 0)
    assert result[served].to_numpy() == pytest.approx((table + strain).min(axis=1)[served], rel=1e-3)


def equilibrium_loads(table, pupils, room):
    """Even out one pair of schools for one place after the other until nothing moves."""
    x = [[0.0] * len(room) for _ in table]
    load = [0.0] * len(room)
    for i, row in enumerate(table):
        j = int(np.argmin(row))
        x[i][j], load[j] = pupils[i], load[j] + pupils[i]
    moved = 1.0
    while moved > 1e-10 * sum(pupils):
        moved = 0.0
        for i, row in enumerate(table):
            for j, k in itertools.permutations(np.flatnonzero(np.isfinite(row)), 2):
                even = (row[k] + load[k] / room[k] - row[j] - load[j] / room[j]) / (1 / room[j] + 1 / room[k])
                shift = min(max(even, 0.0), x[i][k])
                x[i][j], x[i][k], load[j], load[k] = x[i][j] + shift, x[i][k] - shift, load[j] + shift, load[k] - shift
                moved += shift
    return np.array(load)


@settings(max_examples=20, deadline=None)
@given(case=towns())
def test_loads_add_up_to_the_pupils(case):
    costs, pupils, seats = case
    room = seats.to_numpy() + 1.0
    _, load, gap = settled(costs.indptr, costs.indices, costs.values / 1000.0, pupils.to_numpy(), room, 1e-6, 2000)
    placed = pupils[np.diff(costs.indptr) > 0].sum()
    assert load.sum() == pytest.approx(placed, rel=1e-9)
    assert gap <= 1e-6 or placed == 0


def test_two_schools_share_a_crowd():
    # 100 pupils, 50 + 50 seats, 200 m further to t: x at s where x / 50 = 0.2 + (100 − x) / 50, so x = 55, cost 1.1.
    case = town([[0, 200]], [100], [50, 50])
    assert access.raam(*case, tau=1000).tolist() == pytest.approx([1.1], rel=1e-4)
    assert access.raam_cycles(*case, tau=1000).tolist() == pytest.approx([1.1], rel=1e-3)


@settings(max_examples=20, deadline=None)
@given(case=towns())
def test_twice_as_many_of_everybody_is_as_crowded(case):
    costs, pupils, seats = case
    if pupils.sum() == 0 or seats.sum() == 0:
        return
    one = access.raam(costs, pupils, seats, tau=1000, tolerance=1e-8)
    two = access.raam(costs, pupils * 2, seats * 2, tau=1000, tolerance=1e-8)
    assert one.to_numpy() == pytest.approx(two.to_numpy(), rel=1e-4)


def test_published_iteration_wants_whole_pupils():
    with pytest.raises(InputError, match="parts of pupils"):
        access.raam_cycles(*town([[0]], [1.5], [1]), tau=1000)


# What is refused.


def test_every_fault_is_named_at_once():
    costs, pupils, seats = town([[0, 100], [200, 300]], [1, -1], [5, np.nan])
    with pytest.raises(InputError) as caught:
        access.two_step_fca(costs, pupils, seats, decay=el.decay.Binary(45, unit="minutes"))
    assert [fault.source for fault in caught.value.faults] == ["decay", "pupils", "seats"]
    assert [fault.rows for fault in caught.value.faults] == [(), ("b1",), ("s1",)]


def test_other_rows_and_doubled_rows_are_refused():
    costs, pupils, seats = town([[0, 100], [200, 300]], [1, 1], [5, 5])
    with pytest.raises(InputError, match="s1"):
        access.gravity(costs, pupils, seats.iloc[:1], decay=DECAY)
    with pytest.raises(InputError, match="2 rows for 2"):  # numbers are no ids
        access.gravity(costs, pupils.reset_index(drop=True), seats, decay=DECAY)
    with pytest.raises(InputError, match="twice"):
        access.gravity(costs, pd.concat([pupils, pupils]), seats, decay=DECAY)


def test_a_decay_beyond_the_costs_is_refused():
    case = town([[0, 100], [200, 300]], [1, 1], [5, 5])
    short = (replace(case[0], cutoff=500.0), *case[1:])
    with pytest.raises(InputError, match="up to 500 metres only"):
        access.two_step_fca(*short, decay=el.decay.Binary(1000))
    assert access.two_step_fca(*short, decay=el.decay.Binary(500)).tolist() == [5.0, 5.0]
    assert access.two_step_fca(*short, decay=DECAY).notna().all()  # ends with the costs


def test_any_callable_is_a_decay_if_it_weighs_well():
    case = town([[0, 100], [200, 300]], [1, 1], [5, 5])
    assert access.cumulative(*case, decay=np.ones_like).tolist() == [10.0, 10.0]
    with pytest.raises(InputError, match="weights that are none"):
        access.cumulative(*case, decay=lambda cost: -cost)


def test_nothing_is_changed_and_nothing_reached_is_zero():
    case = town([[INF, INF], [INF, 0]], [3, 4], [5, 5])
    before = [series.copy() for series in case[1:]]
    for measure in DECAYED:
        assert measure(*case, decay=DECAY).iloc[0] == 0.0
    assert access.raam(*case, tau=100).iloc[0] == INF
    for series, copy in zip(case[1:], before, strict=True):
        pd.testing.assert_series_equal(series, copy)
    nobody = town([[INF]], [3], [5])
    assert access.three_step_fca(*nobody, decay=DECAY).tolist() == [0.0]
    assert access.kth_nearest_seat(*nobody).tolist() == [INF]


# Published numbers.


@pytest.fixture(scope="module")
def chicago(real_data):
    folder = real_data / "chicago_access"
    homes = gpd.read_file(folder / "chicago_metro_pop.geojson", engine="pyogrio")
    doctors = gpd.read_file(folder / "chicago_metro_docs_dentists.geojson", engine="pyogrio")
    one, other = (np.c_[frame.geometry.x, frame.geometry.y] / 1000 for frame in (homes, doctors))
    kilometres = np.hypot(*(one[:, None, :] - other[None, :, :]).transpose(2, 0, 1))
    kilometres[kilometres > 30] = np.inf
    homes.index, doctors.index = homes["geoid"].astype(str), doctors["geoid"].astype(str)
    costs = el.TravelCosts.from_dense(kilometres, demand_ids=homes.index, school_ids=doctors.index, unit="metres")
    exact = replace(costs, values=kilometres[np.isfinite(kilometres)])
    golden = pd.read_csv(folder / "golden_access_1.1.10.post3_euclid_km_max10.csv", dtype={"id": str}, index_col="id")
    return costs, exact, homes["pop"].astype(float), doctors[["doc", "dentist"]].astype(float), golden


TEN = el.decay.Binary(10)
GOLDEN = {
    "2sfca": (access.two_step_fca, {"decay": TEN}),
    "e2sfca": (access.e2sfca, {"decay": el.decay.Step((10 / 3, 20 / 3, 10), (1, 0.68, 0.22))}),
    "3sfca": (access.three_step_fca, {"decay": el.decay.Step((10 / 6, 20 / 6, 5, 10), (0.962, 0.704, 0.377, 0.042))}),
    "g2sfca_gauss": (access.two_step_fca, {"decay": el.decay.Gaussian(5, cutoff=10)}),
    "gravity": (access.gravity, {"decay": el.decay.Power(1, at_least=0.2, scale=10, cutoff=10)}),
    "raam": (access.raam_cycles, {"tau": 10.0}),
}
PRINTED = 5.1e-13
"""The golden table is printed with twelve digits behind the point."""


@pytest.mark.real_data
@pytest.mark.parametrize("supply", ["doc", "dentist"])
@pytest.mark.parametrize("column", GOLDEN)
def test_pysal_access_on_chicago(chicago, column, supply):
    costs, exact, people, supplies, golden = chicago
    measure, options = GOLDEN[column]
    expected = golden[f"{column}_{supply}"].dropna()
    assert len(expected) >= 1925
    found = measure(exact, people, supplies[supply], **options).reindex(expected.index)
    assert np.allclose(found, expected, rtol=1e-9, atol=PRINTED)
    stored = measure(costs, people, supplies[supply], **options).reindex(expected.index)
    assert np.allclose(stored, expected, rtol=1e-7, atol=PRINTED)  # costs as float32


@pytest.mark.real_data
@pytest.mark.parametrize("supply", ["doc", "dentist"])
def test_pysal_access_ratio_on_chicago(chicago, supply):
    _, exact, people, supplies, golden = chicago
    there, here = (access.cumulative(exact, people, of, decay=TEN) for of in (supplies[supply], people))
    expected = golden[f"fca_{supply}"]
    assert np.allclose((there / here).reindex(expected.index), expected, rtol=1e-9, atol=PRINTED)


@pytest.mark.real_data
def test_chicago_keeps_its_doctors(chicago):
    _, exact, people, supplies, _ = chicago
    for measure in KEEP_SEATS:
        assert float((measure(exact, people, supplies["doc"], decay=TEN) * people).sum()) == pytest.approx(7254)


@pytest.mark.real_data
def test_small_published_cases(real_data):
    cases = json.loads((real_data / "chicago_access" / "reference_small_cases.json").read_text())
    hospital = cases["hospital_example"]
    ids = ["1", "2", "3"]
    people, doctors = pd.Series(hospital["pop"], index=ids), pd.Series(hospital["doc"], index=ids)
    for scenario in hospital["scenarios"].values():
        into, out, across = scenario["inbound"], scenario["outbound"], scenario["cross"]
        minutes = np.array([[1, across, into], [across, 1, into], [out, out, 1]])
        costs = el.TravelCosts.from_dense(minutes, demand_ids=ids, school_ids=ids, unit="minutes")
        within = el.decay.Power(1, cutoff=61)
        two = access.two_step_fca(costs, people, doctors, decay=within)
        assert two.to_dict() == pytest.approx(scenario["2sfca"], rel=1e-9)
        # PySAL lets pairs beyond the cutoff, 80 minutes across, count in the choice of a place, and only there.
        three = access.three_step_fca(costs, people, doctors, decay=within)
        if across <= 61:
            assert three.to_dict() == pytest.approx(scenario["3sfca"], rel=1e-9)
        else:
            assert three.to_dict() == pytest.approx(scenario["3sfca"], rel=0.03)
            assert three.to_dict() != pytest.approx(scenario["3sfca"], rel=1e-6)
    grid = np.array([(x, y) for x in range(5) for y in range(5)], dtype=float)
    names = [str(k + 1) for k in range(25)]
    far = np.hypot(*(grid[:, None] - grid[None]).transpose(2, 0, 1))
    costs = replace(
        el.TravelCosts.from_dense(far, demand_ids=names, school_ids=names, unit="minutes"), values=far.ravel()
    )
    ones = pd.Series(1.0, index=names)
    found = access.gravity(costs, ones, ones, decay=lambda cost: cost / 60)
    expected = cases["grid5x5_gravity"]["expected"]
    assert found[list(expected)].to_dict() == pytest.approx(expected, abs=5e-9)


CELLS = ["89a88cdb57bffff", "89a88cdb597ffff", "89a88cdb5b3ffff", "89a88cdb5cfffff", "89a88cd909bffff"]


@pytest.fixture(scope="module")
def belo_horizonte(real_data):
    land = pd.read_csv(real_data / "belo_horizonte" / "land_use_data.csv", index_col="id")
    pytest.importorskip("pyarrow", reason="the travel times are a Parquet file")
    times = pd.read_parquet(real_data / "belo_horizonte" / "travel_matrix.parquet")
    pairs = times.set_index(["from_id", "to_id"])["travel_time"].astype(float)
    return el.TravelCosts.from_pairs(pairs, unit="minutes"), land, pairs


@pytest.mark.real_data
def test_r_accessibility_on_belo_horizonte(belo_horizonte):
    """Expected values stand in the tests and vignettes of the R package, for the same data."""
    _, land, pairs = belo_horizonte
    few = pairs[pairs.index.get_level_values(0).isin(CELLS) & pairs.index.get_level_values(1).isin(CELLS)]
    corner = el.TravelCosts.from_pairs(few, unit="minutes"), land.loc[CELLS, "population"], land.loc[CELLS, "jobs"]
    within = el.decay.Binary(45, unit="minutes")
    two = access.two_step_fca(*corner, decay=within)[CELLS].round(4).tolist()
    assert two == [0.0152, 0.1491, 0.1491, 0.1068, 0.0]
    balanced = access.balanced_fca(*corner, decay=within)[CELLS].round(4).tolist()
    assert balanced == [0.0094, 0.1993, 0.1993, 0.1147, 0.0]
    schools = land.loc[CELLS, "schools"]
    nearest = access.kth_nearest_seat(*corner[:2], schools)[CELLS].tolist()
    assert nearest == pytest.approx([47, 5.8, 13, 43, 70], rel=1e-6)


@pytest.mark.real_data
def test_r_accessibility_on_the_whole_of_belo_horizonte(belo_horizonte):
    costs, land, _ = belo_horizonte
    people = land["population"].reindex(costs.demand_ids)
    jobs, schools = (land[column].reindex(costs.school_ids) for column in ("jobs", "schools"))
    reached = access.cumulative(costs, people, jobs, decay=el.decay.Binary(30))
    assert reached[CELLS[:2]].tolist() == [22239, 36567]
    for rate, expected in ((0.5, [14.11, 28.02]), (0.6, [6.59, 13.4])):
        found = access.gravity(costs, people, jobs, decay=el.decay.Exponential(rate))
        assert found[CELLS[:2]].round(2).tolist() == expected
    potential = access.gravity(costs, people, schools, decay=el.decay.Exponential(0.2))
    assert potential[CELLS].tolist() == pytest.approx(
        [0.03041853, 1.15549493, 0.56519126, 0.19852152, 0.41378042], rel=1e-7, abs=6e-9
    )
    two = access.two_step_fca(costs, people, jobs, decay=el.decay.Binary(50))
    assert two[CELLS].round(7).tolist() == [0.4278111, 0.3863614, 0.4501725, 0.5366707, 0.42804010]
    balanced = access.balanced_fca(costs, people, jobs, decay=el.decay.Exponential(0.5))
    expected = [0.10280082, 0.30930287, 0.07288551, 0.09759117, 0.07390234]
    assert balanced[CELLS].tolist() == pytest.approx(expected, rel=1e-7, abs=6e-9)
    available = access.spatial_availability(costs, people, jobs, decay=el.decay.Exponential(0.1))
    assert available[CELLS].round(4).tolist() == [186.0876, 140.0738, 736.5830, 900.9284, 0.0]


@pytest.mark.real_data
def test_belo_horizonte_keeps_its_schools(belo_horizonte):
    costs, land, _ = belo_horizonte
    people, schools = land["population"].reindex(costs.demand_ids), land["schools"].reindex(costs.school_ids)
    gaussian = el.decay.Gaussian(20, unit="minutes")
    for measure in KEEP_SEATS:
        assert float((measure(costs, people, schools, decay=gaussian) * people).sum()) == pytest.approx(184)
    assert access.spatial_availability(costs, people, schools, decay=gaussian).sum() == pytest.approx(184)


def test_spatial_availability_of_its_paper():
    """The example of Soukhov et al. (2023), as in the R package: three centres, 210,000 people, as many jobs."""
    metres = [[15, 30, 100], [30, 15, 100], [100, 100, 15]]
    case = town(metres, [50_000, 150_000, 10_000], [100_000, 100_000, 10_000])
    seats = access.spatial_availability(*case, decay=el.decay.Exponential(0.1))
    assert seats.sum() == pytest.approx(210_000)
    assert seats.round(0).tolist() == [66833, 133203, 9963]
