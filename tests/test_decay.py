import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edulayout import decay
from edulayout.errors import InputError

ALL = [
    decay.Binary(45, unit="minutes"),
    decay.Step((10, 20, 30), (1, 0.68, 0.22)),
    decay.Linear(40),
    decay.Exponential(0.1),
    decay.Exponential(0.1, cutoff=25),
    decay.Power(2, at_least=5, scale=5),
    decay.Gaussian(20),
    decay.Gaussian(20, cutoff=30),
    decay.GaussianWithin(30),
    decay.Logistic(30, 5),
]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (decay.Binary(45), [1, 1, 1, 0]),
        (decay.Step((10, 20, 45), (1, 0.68, 0.22)), [1, 0.68, 0.22, 0]),
        (decay.Linear(45), [1, 1 - 20 / 45, 0, 0]),
        (decay.Exponential(0.1), [1, math.exp(-2), math.exp(-4.5), math.exp(-9)]),
        (decay.Power(2), [1, 1 / 400, 1 / 2025, 1 / 8100]),
        (decay.Power(1, at_least=30, scale=10), [1 / 3, 1 / 3, 10 / 45, 10 / 90]),
        (decay.Gaussian(20), [1, math.exp(-0.5), math.exp(-2.53125), math.exp(-10.125)]),
        (decay.GaussianWithin(45), [1, (math.exp(-200 / 2025) - math.exp(-0.5)) / (1 - math.exp(-0.5)), 0, 0]),
    ],
    ids=str,
)
def test_by_hand(value, expected):
    assert value(np.array([0.0, 20.0, 45.0, 90.0])) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("inflection", "deviation"), [(30, 5), (10, 40), (60, 1)])
def test_logistic_is_the_formula_of_r_accessibility(inflection, deviation):
    def g(cost):
        return 1 + math.exp((cost - inflection) * math.pi / (deviation * math.sqrt(3)))

    costs = np.arange(0.0, 121.0, 5.0)
    expected = [g(0) / g(cost) for cost in costs]
    assert decay.Logistic(inflection, deviation)(costs) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert decay.Logistic(30, 0.01)(np.array([1e9])).tolist() == [0.0]  # exp would overflow


@pytest.mark.parametrize("value", ALL, ids=repr)
@settings(max_examples=25, deadline=None)
@given(one=st.floats(0, 1e4), other=st.floats(0, 1e4))
def test_weights_fall_from_one_and_end_at_the_reach(value, one, other):
    near, far = value(np.array(sorted((one, other))))
    assert 1 >= near >= far >= 0
    assert value(0).item() == pytest.approx(1)
    if math.isfinite(value.reach):
        assert value(np.nextafter(value.reach, np.inf) + 1e-9) == 0


@pytest.mark.parametrize("value", ALL, ids=repr)
def test_values_are_frozen_printed_and_typed_again(value):
    assert eval(repr(value), vars(decay)) == value
    assert hash(value) == hash(eval(repr(value), vars(decay)))
    assert isinstance(value, decay.Decay)
    with pytest.raises(AttributeError):
        value.unit = "metres"
    assert ("minutes" in str(value)) == (value.unit == "minutes")


@pytest.mark.parametrize("value", ALL, ids=repr)
def test_shapes_are_kept_and_what_cannot_be_reached_weighs_nothing(value):
    assert value(np.zeros((2, 3))).shape == (2, 3)
    assert value([np.inf, np.nan]).tolist() == [0.0, 0.0]
    assert value(np.array([1, 2], dtype=np.int32)).dtype == np.float64
    with pytest.raises(InputError, match="costs ≥ 0"):
        value([-1.0])


@pytest.mark.parametrize("cutoff", [0.1, 500.3, 1 / 3])
def test_a_cost_stored_at_the_cutoff_is_inside(cutoff):
    at = np.array([cutoff], dtype=np.float32)
    for value in (decay.Binary(cutoff), decay.Step((cutoff,), (1,)), decay.Exponential(1e-9, cutoff=cutoff)):
        assert value(at).item() == pytest.approx(1, abs=1e-6)
        assert value(np.nextafter(at, np.float32(np.inf))).item() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: decay.Binary(0),
        lambda: decay.Linear(-1),
        lambda: decay.Binary(float("inf")),
        lambda: decay.Exponential(float("nan")),
        lambda: decay.Gaussian(5, cutoff=0),
        lambda: decay.Power(1, at_least=0),
        lambda: decay.Logistic(30, 0),
        lambda: decay.Step((), ()),
        lambda: decay.Step((10, 10), (1, 1)),
        lambda: decay.Step((10, 20), (1,)),
        lambda: decay.Step((10,), (-1,)),
    ],
)
def test_senseless_parameters_are_refused(wrong):
    with pytest.raises(InputError, match=r"decay: \w+\("):
        wrong()
