"""Assignment: by hand, against every plan, against HiGHS, under relabelling, and with wrong questions."""

from dataclasses import replace
from itertools import product
from math import inf, isclose, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from edulayout.assignment import LeastTotal, NearestFirst, assign
from edulayout.assignment import whole as whole_module
from edulayout.assignment.solving import exact_dot, two_parts
from edulayout.costs import TravelCosts
from edulayout.errors import InfeasibleError, InputError

FAST = settings(max_examples=80, deadline=None)


def table(dense, **named):
    rows, columns = np.shape(dense)
    demand, schools = [f"d{k}" for k in range(rows)], [f"s{k}" for k in range(columns)]
    return replace(TravelCosts.from_dense(dense, demand_ids=demand, school_ids=schools, unit="metres"), **named)


def pupils(*numbers):
    return pd.Series([float(number) for number in numbers], index=[f"d{k}" for k in range(len(numbers))])


def seats(*numbers):
    return pd.Series([float(number) for number in numbers], index=[f"s{k}" for k in range(len(numbers))])


def pairs(entries):
    return pd.Series([float(v) for v in entries.values()], index=pd.MultiIndex.from_tuples(list(entries)))


def sent(found):
    return {pair: number for pair, number in found.plan["pupils"].items() if number}


THREE = [[100, 600], [200, 400], [500, 100]]


class TestByHand:
    def test_enough_seats_send_everybody_to_the_nearest(self):
        found = assign(table(THREE), pupils(10, 20, 10), seats(30, 10))
        assert sent(found) == {("d0", "s0"): 10, ("d1", "s0"): 20, ("d2", "s1"): 10}
        assert (found.objective, found.total_cost, found.mean_cost) == (6000, 6000, 150)
        assert found.status == "optimal"

    def test_those_with_the_nearer_alternative_make_way(self):
        found = assign(table(THREE), pupils(10, 20, 10), seats(20, 40))
        assert sent(found) == {("d0", "s0"): 10, ("d1", "s0"): 10, ("d1", "s1"): 10, ("d2", "s1"): 10}
        assert found.seat_prices.to_dict() == {"s0": 200, "s1": 0}
        assert found.schools["free"].tolist() == [0, 20]

    def test_a_chain_of_moves_frees_a_seat(self):
        # One pupil too many at s0; s1 is full too: d0 moves to s1, d1 from there to s2.
        dense = [[10, 20, inf], [10, 90, inf], [inf, 10, 15]]
        found = assign(table(dense), pupils(1, 1, 1), seats(1, 1, 1))
        assert sent(found) == {("d0", "s1"): 1, ("d1", "s0"): 1, ("d2", "s2"): 1}
        assert found.objective == 45
        assert found.seat_prices.to_dict() == {"s0": 15, "s1": 5, "s2": 0}

    def test_all_seats_are_used_although_another_plan_walks_less(self):
        # d0 alone could take the seat at s0 for 1 m; then d1, who reaches nothing else, would have none.
        found = assign(table([[1, 1000], [1, inf]]), pupils(1, 1), seats(1, 1))
        assert (found.unassigned, found.objective) == (0, 1001)

    def test_overflow_is_reported_where_it_lives(self):
        found = assign(table([[100, 600], [200, 400], [inf, inf]]), pupils(10, 20, 7), seats(10, 5))
        assert (found.assigned, found.unassigned, found.unassigned_bound, found.status) == (15, 22, 22, "optimal")
        assert found.left_over["pupils"].to_dict() == {"d1": 15, "d2": 7}
        assert found.left_over["reason"].to_dict() == {"d1": "no seat left", "d2": "no school within reach"}
        assert found.left_over["nearest_school"].fillna("").tolist() == ["s0", ""]
        assert found.missing_seats().to_dict() == {"s0": 15}
        assert found.schools["seats_one_more"].tolist() == [True, True]
        # One more seat at s0 seats a pupil of d1 who walks 200 m: that is no saving.
        assert found.seat_prices.to_dict() == {"s0": -200, "s1": -400}

    def test_the_limit_is_inclusive(self):
        found = assign(table(THREE), pupils(10, 20, 10), seats(10, 40), limit=400)
        assert sent(found) == {("d0", "s0"): 10, ("d1", "s1"): 20, ("d2", "s1"): 10}
        below = assign(table(THREE), pupils(10, 20, 10), seats(10, 40), limit=399)
        assert below.left_over["pupils"].to_dict() == {"d1": 20}

    def test_fixed_pupils_have_their_seats_first(self):
        found = assign(table(THREE), pupils(10, 20, 10), seats(20, 40), fixed=pairs({("d2", "s0"): 5}))
        assert sent(found) == {("d0", "s0"): 10, ("d1", "s0"): 5, ("d1", "s1"): 15, ("d2", "s0"): 5, ("d2", "s1"): 5}
        assert found.verify(table(THREE), pupils(10, 20, 10), seats(20, 40)).complete

    def test_fixed_pupils_are_exempt_from_the_limit(self):
        fixed = pairs({("d2", "s0"): 5})
        found = assign(table(THREE), pupils(10, 20, 10), seats(20, 40), fixed=fixed, limit=300)
        assert sent(found)["d2", "s0"] == 5
        found.verify(table(THREE), pupils(10, 20, 10), seats(20, 40))

    def test_moving_is_charged_and_counted(self):
        current = pd.Series(["s1", "s1"], index=["d0", "d1"])
        stay = assign(table(THREE), pupils(10, 20, 10), seats(90, 90), current=current, moving_cost=501)
        move = assign(table(THREE), pupils(10, 20, 10), seats(90, 90), current=current, moving_cost=300)
        free = assign(table(THREE), pupils(10, 20, 10), seats(90, 90), current=current)
        assert (stay.moved, stay.objective, stay.total_cost) == (0, 15000, 15000)
        assert (move.moved, move.objective, move.total_cost) == (10, 10 * 400 + 20 * 400 + 1000, 10000)
        assert (free.moved, free.objective) == (30, 6000)

    def test_who_travels_too_far(self):
        found = assign(table(THREE), pupils(10, 20, 10), seats(20, 40))
        assert found.beyond(200).index.tolist() == [("d1", "s1")]
        assert found.beyond(100)["metres"].tolist() == [400, 200]
        assert found.beyond(400).empty

    def test_no_seat_limit(self):
        assert assign(table(THREE), pupils(10, 20, 10), seats(inf, inf)).objective == 6000

    def test_a_pupil_at_the_school_walks_nothing(self):
        found = assign(table([[0.0]]), pupils(3), seats(3))
        assert (found.objective, found.gap, found.status) == (0, 0, "optimal")

    def test_nobody_at_all(self):
        found = assign(table(THREE), pupils(0, 0, 0), seats(1, 1))
        assert (found.assigned, found.objective, len(found.plan), found.status) == (0, 0, 0, "optimal")
        assert np.isnan(found.mean_cost)

    def test_fractions_are_counted_in_1024ths_and_add_up(self):
        found = assign(table(THREE), pupils(1 / 3, 1 / 3, 1 / 3), seats(10, 10))
        assert found.terms.unit == 2**-10
        assert found.assigned == 1.0
        assert abs(found.rounding) < 2**-11
        whole = assign(table(THREE), pupils(1 / 3, 1 / 3, 1 / 3), seats(10, 10), unit=1)
        assert sent(whole) == {("d0", "s0"): 1}

    def test_parts_of_a_seat_seat_nobody(self):
        assert assign(table([[5]]), pupils(3), seats(2.9)).unassigned == 1

    def test_text_tells_the_result(self):
        found = assign(table(THREE), pupils(10, 20, 10), seats(20, 15))
        assert repr(found) == "Assignment(35 pupils seated, 5 not, objective 6000, bound 6000, optimal)"

    def test_school_of_is_where_most_go(self):
        found = assign(table(THREE), pupils(10, 20, 10), seats(18, 40))
        assert found.school_of.to_dict() == {"d0": "s0", "d1": "s1", "d2": "s1"}


class TestNearestFirst:
    def test_nearest_pairs_are_served_first(self):
        # d1 is nearer to s0 than d0 and takes the seat; the least total would give it to d0.
        dense = [[20, 900], [10, 30]]
        rule = assign(table(dense), pupils(1, 1), seats(1, 1), rule=NearestFirst())
        least = assign(table(dense), pupils(1, 1), seats(1, 1), rule=LeastTotal())
        assert sent(rule) == {("d0", "s1"): 1, ("d1", "s0"): 1}
        assert (rule.objective, rule.bound, rule.status) == (910, 50, "feasible")
        assert sent(least) == {("d0", "s0"): 1, ("d1", "s1"): 1}
        assert isclose(rule.gap, 860 / 910)
        rule.verify(table(dense), pupils(1, 1), seats(1, 1))

    def test_ties_go_to_the_more_distant_alternative(self):
        dense = [[10, 20], [10, 50], [10, 30]]
        rule = assign(table(dense), pupils(1, 1, 1), seats(1, 9), rule=NearestFirst())
        assert sent(rule) == {("d0", "s1"): 1, ("d1", "s0"): 1, ("d2", "s1"): 1}
        none = assign(table([[10, 20], [10, inf]]), pupils(1, 1), seats(1, 9), rule=NearestFirst())
        assert sent(none) == {("d0", "s1"): 1, ("d1", "s0"): 1}

    def test_then_to_the_lower_id(self):
        rule = assign(table([[10, 20], [10, 20]]), pupils(1, 1), seats(1, 9), rule=NearestFirst())
        assert sent(rule) == {("d0", "s0"): 1, ("d1", "s1"): 1}

    def test_it_may_leave_out_more_and_says_so(self):
        dense = [[10, 20], [15, inf]]
        rule = assign(table(dense), pupils(1, 1), seats(1, 1), rule=NearestFirst())
        assert (rule.unassigned, rule.unassigned_bound, rule.gap, rule.status) == (1, 0, inf, "feasible")
        rule.verify(table(dense), pupils(1, 1), seats(1, 1))

    def test_whole_rows_are_not_parted(self):
        rule = assign(table([[10, 20]]), pupils(5), seats(3, 9), rule=NearestFirst(), split=False)
        assert sent(rule) == {("d0", "s1"): 5}


def every_split(dense, numbers, places):
    """The best (unseated, cost) over every way to send single pupils."""
    single = [row for row, number in enumerate(numbers) for _ in range(number)]
    best = (inf, inf)
    for choice in product(range(len(places) + 1), repeat=len(single)):
        load = np.bincount(choice, minlength=len(places) + 1)
        if (load[:-1] > places).any():
            continue
        cost = sum(dense[row][column] for row, column in zip(single, choice, strict=True) if column < len(places))
        best = min(best, (load[-1], cost)) if cost < inf else best
    return best


def every_whole(dense, numbers, places):
    best = (inf, inf)
    for choice in product(range(len(places) + 1), repeat=len(numbers)):
        load = np.bincount(choice, weights=numbers, minlength=len(places) + 1)
        if (load[:-1] > places).any():
            continue
        cost = sum(
            number * dense[row][column]
            for row, (number, column) in enumerate(zip(numbers, choice, strict=True))
            if column < len(places) and number
        )
        best = min(best, (load[-1], cost)) if cost < inf else best
    return best


@st.composite
def tiny(draw, *, most_pupils=6, rows=5, largest=4):
    columns = draw(st.integers(1, 3))
    cell = st.one_of(st.integers(0, 9), st.just(inf))
    numbers = []
    for _ in range(draw(st.integers(1, rows))):
        numbers.append(draw(st.integers(0, min(largest, most_pupils - sum(numbers)))))
    dense = [[draw(cell) for _ in range(columns)] for _ in numbers]
    return dense, numbers, [draw(st.integers(0, 4)) for _ in range(columns)]


class TestAgainstEveryPlan:
    @FAST
    @given(tiny())
    def test_split(self, question):
        dense, numbers, places = question
        found = assign(table(dense), pupils(*numbers), seats(*places))
        assert (found.unassigned, found.objective) == every_split(dense, numbers, places)
        assert found.status == "optimal"
        assert found.verify(table(dense), pupils(*numbers), seats(*places)).complete

    @FAST
    @given(tiny(most_pupils=20, largest=6))
    def test_whole_rows(self, question):
        dense, numbers, places = question
        found = assign(table(dense), pupils(*numbers), seats(*places), split=False)
        assert (found.unassigned, found.objective) == every_whole(dense, numbers, places)
        assert found.status == "optimal"
        assert not found.plan.index.get_level_values(0).has_duplicates
        found.verify(table(dense), pupils(*numbers), seats(*places))

    @FAST
    @given(tiny(), st.integers(0, 2))
    def test_a_price_is_what_one_more_seat_is_worth(self, question, which):
        dense, numbers, places = question
        which = min(which, len(places) - 1)
        before = assign(table(dense), pupils(*numbers), seats(*places))
        after = assign(table(dense), pupils(*numbers), seats(*(p + (k == which) for k, p in enumerate(places))))
        line = before.schools.iloc[which]
        assert before.unassigned - after.unassigned == int(line["seats_one_more"])
        assert before.objective - after.objective == line["seat_price"]
        assert (after.unassigned, after.objective) <= (before.unassigned, inf)


def city(rows, columns, reach, *, tight, seed=1):
    random = np.random.default_rng(seed)
    homes, places = random.uniform(0, 10_000, (rows, 2)), random.uniform(0, 10_000, (columns, 2))
    metres = np.hypot(*(homes[:, None] - places[None]).T).T
    far = np.sort(metres, axis=1)[:, reach - 1 : reach]
    numbers = random.integers(0, 9, rows)
    share = random.uniform(0.5, 1.5, columns)
    return np.where(metres <= far, metres, inf), numbers, np.floor(share / share.sum() * numbers.sum() * tight)


def by_highs(dense, numbers, places):
    """Two linear programmes: the fewest left out, then the least cost."""
    row, column = np.nonzero(np.isfinite(dense))
    count, ones = len(row), np.ones(len(row))
    within = vstack([
        csr_array((ones, (row, np.arange(count))), shape=(len(numbers), count)),
        csr_array((ones, (column, np.arange(count))), shape=(len(places), count)),
    ])  # fmt: skip
    limits = np.concatenate([numbers, places])
    most = round(-linprog(-ones, A_ub=within, b_ub=limits, method="highs").fun)
    way = dense[row, column].astype(np.float32).astype(float)
    least = linprog(way, A_ub=within, b_ub=limits, A_eq=csr_array(ones[None]), b_eq=[most], method="highs")
    return sum(numbers) - most, least.fun


class TestAgainstHighs:
    @pytest.mark.parametrize("tight", [0.9, 1.0, 1.03, 1.5])
    @pytest.mark.parametrize(("columns", "reach"), [(5, 3), (30, 6)])
    def test_the_linear_programme_agrees(self, columns, reach, tight):
        dense, numbers, places = city(400, columns, reach, tight=tight)
        found = assign(table(dense), pupils(*numbers), seats(*places))
        unseated, cost = by_highs(dense, numbers, places)
        assert found.unassigned == unseated
        assert isclose(found.objective, cost, rel_tol=1e-8)
        assert found.verify(table(dense), pupils(*numbers), seats(*places)).complete

    @pytest.mark.parametrize("tight", [1.0, 1.1])
    def test_samples_first_change_nothing(self, tight):
        # 3000 rows on 6 schools start from every 512th, 64th and 8th row; the bound must still be met.
        dense, numbers, places = city(3000, 6, 4, tight=tight)
        found = assign(table(dense), pupils(*numbers), seats(*places))
        assert found.verify(table(dense), pupils(*numbers), seats(*places)).complete
        unseated, cost = by_highs(dense, numbers, places)
        assert found.unassigned == unseated
        assert isclose(found.objective, cost, rel_tol=1e-8)

    def test_whole_rows_within_their_bound(self):
        dense, numbers, places = city(600, 12, 5, tight=1.1)
        found = assign(table(dense), pupils(*numbers), seats(*places), split=False)
        split = assign(table(dense), pupils(*numbers), seats(*places))
        assert found.status == "optimal"
        assert split.objective <= found.objective <= 1.01 * split.objective
        assert "HiGHS" in found.method
        found.verify(table(dense), pupils(*numbers), seats(*places))

    def test_whole_rows_without_proof_say_so(self, monkeypatch):
        monkeypatch.setattr(whole_module, "_PROVABLE", 0)
        dense, numbers, places = city(600, 12, 5, tight=1.02)
        found = assign(table(dense), pupils(*numbers), seats(*places), split=False)
        assert found.status == "feasible"
        assert found.gap > 0
        assert found.bound == assign(table(dense), pupils(*numbers), seats(*places)).objective
        assert not found.verify(table(dense), pupils(*numbers), seats(*places)).complete

    def test_whole_rows_that_do_not_fit_make_others_move(self):
        # The larger row can only go to s0; there is room once the smaller ones move on.
        dense = [[10, 100], [10, 100], [10, inf]]
        found = assign(table(dense), pupils(2, 2, 5), seats(6, 4), split=False)
        assert (found.unassigned, found.objective) == (0, 2 * 100 * 2 + 50)


class TestProperties:
    @FAST
    @given(tiny(), st.integers(2, 5))
    def test_longer_ways_change_only_the_scale(self, question, factor):
        dense, numbers, places = question
        found = assign(table(dense), pupils(*numbers), seats(*places))
        scaled = assign(table(np.array(dense) * factor), pupils(*numbers), seats(*places))
        assert scaled.objective == found.objective * factor
        assert (scaled.seat_prices == found.seat_prices * factor).all()
        more = assign(table(dense), factor * pupils(*numbers), factor * seats(*places))
        assert (more.objective, more.unassigned) == (found.objective * factor, found.unassigned * factor)

    @FAST
    @given(tiny(most_pupils=20), st.randoms(use_true_random=False))
    def test_the_order_of_rows_and_columns_changes_nothing(self, question, random):
        dense, numbers, places = question
        rows, columns = list(range(len(numbers))), list(range(len(places)))
        random.shuffle(rows)
        random.shuffle(columns)
        costs = TravelCosts.from_dense(
            np.array(dense)[np.ix_(rows, columns)],
            demand_ids=[f"d{k}" for k in rows],
            school_ids=[f"s{k}" for k in columns],
            unit="metres",
        )
        one = assign(table(dense), pupils(*numbers), seats(*places))
        other = assign(costs, pupils(*numbers).iloc[rows], seats(*places))
        pd.testing.assert_frame_equal(one.plan, other.plan)
        pd.testing.assert_frame_equal(one.schools, other.schools)
        pd.testing.assert_frame_equal(one.left_over, other.left_over)

    @FAST
    @given(tiny(most_pupils=20), st.floats(0.1, 3))
    def test_pupils_are_conserved(self, question, factor):
        dense, numbers, places = question
        number = pupils(*numbers) * factor
        found = assign(table(dense), number, seats(*places))
        assert isclose(found.assigned + found.unassigned + found.rounding, number.sum(), abs_tol=1e-8)
        assert abs(found.rounding) <= found.terms.unit / 2 + 1e-12

    def test_arguments_stay_as_they_are(self):
        costs, number, places = table(THREE), pupils(10, 20, 10), seats(20, 40)
        kept = costs.values.copy(), number.copy(), places.copy()
        assign(costs, number, places, split=False)
        assert (costs.values == kept[0]).all()
        pd.testing.assert_series_equal(number, kept[1])
        pd.testing.assert_series_equal(places, kept[2])

    def test_prices_in_two_parts(self):
        pupil, grains = two_parts(np.array([0, 499, 500, 1499, 1000]), 1000)
        assert pupil.tolist() == [0, 0, 1, 1, 1]
        assert grains.tolist() == [0, 499, -500, 499, 0]

    def test_sums_of_products_leave_int64(self):
        units, grains = np.array([2**30, 2**30, 3]), np.array([2**57, 2**57, -(2**57) - 1])
        assert exact_dot(units, grains) == 2**88 - 3 * 2**57 - 3


class TestVerify:
    QUESTION = (table(THREE), pupils(10, 20, 10), seats(20, 40))

    def changed(self, **named):
        return replace(assign(*self.QUESTION), **named)

    @pytest.mark.parametrize(
        ("name", "number"),
        [("objective", 7999.0), ("bound", 7999.0), ("total_cost", 1.0), ("unassigned", 3.0), ("gap", 0.5)],
    )
    def test_a_changed_number_is_found(self, name, number):
        with pytest.raises(InputError, match=f"assignment result: {name}"):
            self.changed(**{name: number}).verify(*self.QUESTION)

    def test_a_changed_status_is_found(self):
        with pytest.raises(InputError, match="status"):
            self.changed(status="feasible").verify(*self.QUESTION)

    def test_prices_that_prove_nothing_are_found(self):
        found = assign(*self.QUESTION)
        schools = found.schools.assign(seat_price=[100.0, 0.0])
        with pytest.raises(InputError, match="bound"):
            replace(found, schools=schools).verify(*self.QUESTION)

    def test_a_lost_pupil_is_found(self):
        found = assign(*self.QUESTION)
        plan = found.plan.copy()
        plan.iloc[0, 0] -= 1
        with pytest.raises(InputError, match="pupils lost or doubled"):
            replace(found, plan=plan).verify(*self.QUESTION)

    def test_a_full_school_is_found(self):
        with pytest.raises(InputError, match="more pupils than seats"):
            assign(*self.QUESTION).verify(table(THREE), pupils(10, 20, 10), seats(19, 40))

    def test_other_costs_are_found(self):
        with pytest.raises(InputError, match="at another cost"):
            assign(*self.QUESTION).verify(table([[101, 600], [200, 400], [500, 100]]), *self.QUESTION[1:])

    def test_a_pair_beyond_the_limit_is_found(self):
        found = assign(*self.QUESTION)
        with pytest.raises(InputError, match="too far"):
            replace(found, terms=replace(found.terms, limit=300.0)).verify(*self.QUESTION)

    def test_fixed_pupils_elsewhere_are_found(self):
        found = assign(*self.QUESTION)
        with pytest.raises(InputError, match="fixed pupils elsewhere"):
            replace(found, terms=replace(found.terms, fixed=pairs({("d2", "s0"): 5}))).verify(*self.QUESTION)

    def test_parted_rows_are_found(self):
        found = assign(*self.QUESTION)
        with pytest.raises(InputError, match="rows at several schools"):
            replace(found, terms=replace(found.terms, split=False)).verify(*self.QUESTION)

    def test_strange_ids_are_found(self):
        found = assign(*self.QUESTION)
        plan = found.plan.rename(index={"d0": "x"}, level=0)
        with pytest.raises(InputError, match="ids that the costs do not hold"):
            replace(found, plan=plan).verify(*self.QUESTION)


class TestWrongQuestions:
    @pytest.mark.parametrize(
        ("number", "places", "match"),
        [
            (pupils(1, 2), seats(1, 1), "no row for a demand_id"),
            (pupils(1, 2, 3, 4), seats(1, 1), "the costs do not hold"),
            (pupils(1, 2, 3), seats(1), "no row for a school_id"),
            (pupils(1, nan, 3), seats(1, 1), "pupils: missing numbers"),
            (pupils(1, 2, -3), seats(1, 1), "pupils: negative"),
            (pupils(1, 2, inf), seats(1, 1), "pupils: infinite"),
            (pupils(1, 2, 3), seats(1, nan), "unknown is not zero"),
            (pupils(1, 2, 3e9), seats(1, 1), "take a larger unit"),
            (pd.concat([pupils(1, 2, 3), pupils(1)]), seats(1, 1), "stand twice"),
        ],
    )
    def test_tables(self, number, places, match):
        with pytest.raises(InputError, match=match):
            assign(table(THREE), number, places)

    @pytest.mark.parametrize(
        ("named", "match"),
        [
            ({"unit": 0}, "unit"),
            ({"limit": -1}, "limit"),
            ({"moving_cost": -1.0, "current": pd.Series(["s0"], index=["d0"])}, "moving_cost"),
            ({"moving_cost": 5.0}, "no current schools"),
            ({"current": pd.Series(["s0", "s1"], index=["d0", "d0"])}, "current"),
            ({"fixed": pd.Series([1.0], index=["d0"])}, "level"),
            ({"fixed": pairs({("d0", "nowhere"): 1})}, "pairs that the costs do not hold"),
            ({"fixed": pairs({("d0", "s0"): 11})}, "more pupils than the row has"),
            ({"fixed": pairs({("d0", "s0"): -1})}, "negative"),
            ({"fixed": pairs({("d0", "s0"): 1, ("d0", "s1"): 1}), "split": False}, "one school for a row"),
        ],
    )
    def test_terms(self, named, match):
        with pytest.raises(InputError, match=match):
            assign(table(THREE), pupils(10, 20, 10), seats(20, 40), **named)

    def test_a_limit_beyond_the_cutoff(self):
        with pytest.raises(InputError, match="larger cutoff"):
            assign(table(THREE, cutoff=700.0), pupils(1, 1, 1), seats(1, 1), limit=800)

    def test_every_fault_at_once(self):
        with pytest.raises(InputError) as caught:
            assign(table(THREE), pupils(1, nan, -3), seats(nan, 1), limit=-1)
        assert len(caught.value.faults) == 4

    def test_fixed_pupils_without_seats_say_how_many_are_missing(self):
        with pytest.raises(InfeasibleError, match="12 fixed pupils for 10 seats at s0") as caught:
            assign(table(THREE), pupils(10, 20, 10), seats(10, 40), fixed=pairs({("d0", "s0"): 7, ("d1", "s0"): 5}))
        assert "add 2 seats" in str(caught.value)

    def test_nobody_asks_about_nobody(self):
        with pytest.raises(InputError, match="no rows"):
            assign(table(np.empty((0, 2))), pupils(), seats(1, 1))


def test_larger_fields_of_ties_are_solved():
    # Every cost occurs often: paths of no length, and the same row moved to and fro.
    random = np.random.default_rng(3)
    dense = random.integers(0, 4, (300, 25)).astype(float)
    numbers = random.integers(0, 4, 300)
    places = np.full(25, numbers.sum() // 25)
    found = assign(table(dense), pupils(*numbers), seats(*places))
    unseated, cost = by_highs(dense, numbers, places)
    assert (found.unassigned, found.objective) == (unseated, pytest.approx(cost))
    assert found.verify(table(dense), pupils(*numbers), seats(*places)).complete
