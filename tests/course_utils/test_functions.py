"""Sigmoid, softmax and cross-entropy: right values, at any input, without a warning.

pytest turns warnings into errors, so an overflow anywhere here fails its test.
"""

from __future__ import annotations

import math

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import (
    ArgumentError,
    ShapeError,
    cross_entropy,
    sigmoid,
    sigmoid_prime,
    stable_softmax,
)
from course_utils.functions import log_softmax

INF = np.inf
shapes = arrays_of.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)
huge = arrays_of.arrays(np.float64, shapes, elements=st.floats(-1e300, 1e300))
moderate = arrays_of.arrays(np.float64, shapes, elements=st.floats(-30, 30))


@given(moderate)
def test_sigmoid_is_its_definition(x):
    assert_allclose(sigmoid(x), 1 / (1 + np.exp(-x)), rtol=1e-14)


def test_sigmoid_keeps_small_values_exact():
    # tanh-based forms and 1 - sigmoid(-x) give 0 here.
    assert_allclose(sigmoid([-40.0, -700.0]), [math.exp(-40), math.exp(-700)], rtol=1e-14)


def test_sigmoid_far_out():
    assert_array_equal(sigmoid([-INF, -1e6, 0, 1e6, INF]), [0, 0, 0.5, 1, 1])
    assert np.isnan(sigmoid(np.nan))


def test_sigmoid_prime_is_the_slope_of_sigmoid():
    x = np.linspace(-6, 6, 25)
    slope = (sigmoid(x + 1e-5) - sigmoid(x - 1e-5)) / 2e-5
    assert_allclose(sigmoid_prime(x), slope, rtol=1e-6)


def test_sigmoid_prime_is_symmetric_and_exact_far_out():
    assert_allclose(sigmoid_prime([40.0, -40.0]), math.exp(-40), rtol=1e-14)
    assert_array_equal(sigmoid_prime([-INF, -1e6, 0, 1e6, INF]), [0, 0, 0.25, 0, 0])


@given(moderate, st.integers(-1, 0))
def test_softmax_is_its_definition(x, axis):
    exponents = np.exp(x)
    assert_allclose(
        stable_softmax(x, axis=axis), exponents / exponents.sum(axis, keepdims=True), rtol=1e-12
    )


@given(huge)
def test_softmax_of_anything_finite_is_a_distribution(x):
    p = stable_softmax(x)
    assert ((p >= 0) & (p <= 1)).all()
    assert_allclose(p.sum(axis=-1), 1, rtol=1e-12)


@given(moderate, st.integers(-1000, 1000))
def test_softmax_ignores_a_common_shift(x, shift):
    assert_allclose(stable_softmax(x + shift), stable_softmax(x), rtol=1e-9, atol=1e-300)


@given(huge)
def test_softmax_keeps_the_order_of_logits(x):
    p = stable_softmax(x)
    sorted_p = np.take_along_axis(p, np.argsort(x, axis=-1), axis=-1)
    assert (np.diff(sorted_p, axis=-1) >= 0).all()


@given(huge)
def test_softmax_leaves_its_input_alone(x):
    before = x.copy()
    stable_softmax(x)
    log_softmax(x)
    assert_array_equal(x, before)


def test_softmax_over_a_middle_axis():
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    p = stable_softmax(x, axis=1)
    assert_allclose(p.sum(axis=1), np.ones((3, 5)))
    assert_allclose(p[2, :, 3], stable_softmax(x[2, :, 3]))


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([1e6, 1e6, -1e6], [0.5, 0.5, 0]),
        ([-1e6, -1e6], [0.5, 0.5]),
        ([-INF, 0, 0], [0, 0.5, 0.5]),
        ([INF, 0, -INF], [1, 0, 0]),
        ([-1.7e308, 1.7e308], [0, 1]),  # even the difference of the logits overflows
    ],
)
def test_softmax_limits(logits, expected):
    assert_allclose(stable_softmax(logits), expected)
    assert_allclose(np.exp(log_softmax(logits)), expected)


def test_log_softmax_is_exact_where_the_probability_is_zero():
    assert_array_equal(log_softmax([0.0, 1000.0, -1e6]), [-1000, 0, -1001000])


@pytest.mark.parametrize("logits", [[INF, INF], [-INF, -INF], [np.nan, 0.0]])
def test_softmax_without_a_value_is_nan(logits):
    assert np.isnan(stable_softmax(logits)).all()


def test_one_row_without_a_value_spares_the_others():
    p = stable_softmax([[INF, INF], [0, 0], [INF, 0]])
    assert np.isnan(p[0]).all()
    assert_array_equal(p[1:], [[0.5, 0.5], [1, 0]])


@pytest.mark.parametrize("function", [sigmoid, sigmoid_prime, stable_softmax, log_softmax])
def test_float32_stays_float32_and_whole_numbers_become_float64(function):
    assert function(np.array([1, 2], dtype=np.float32)).dtype == np.float32
    assert function([1, 2]).dtype == np.float64


@pytest.mark.parametrize("function", [sigmoid, sigmoid_prime])
def test_elementwise_functions_leave_their_input_alone(function):
    x = np.array([[-2.0, 3.0]])
    result = function(x)
    assert_array_equal(x, [[-2.0, 3.0]])
    assert not np.shares_memory(x, result)


def test_cross_entropy_by_hand():
    logits = np.log([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])
    expected = -(math.log(0.3) + math.log(0.1)) / 2
    assert cross_entropy(logits, [[0, 1, 0], [1, 0, 0]]) == pytest.approx(expected)
    assert cross_entropy(logits, [1, 0]) == pytest.approx(expected)
    assert cross_entropy(logits, np.array([1.0, 0.0])) == pytest.approx(expected)


def test_cross_entropy_of_soft_targets():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.5, 0.0])
    assert cross_entropy([np.log(p)], [q]) == pytest.approx(-float(q @ np.log(p)))


def test_cross_entropy_is_the_mean_over_every_batch_axis():
    logits = np.random.default_rng(1).normal(size=(2, 3, 4))
    classes = np.array([[0, 1, 2], [3, 0, 1]])
    each = [cross_entropy(logits[i, j], classes[i, j]) for i in range(2) for j in range(3)]
    assert cross_entropy(logits, classes) == pytest.approx(np.mean(each))


@pytest.mark.parametrize(
    ("logits", "target", "expected"),
    [
        ([1e6, -1e6], 1, 2e6),
        ([-INF, 0.0], 1, 0.0),
        ([-INF, 0.0], 0, INF),
        ([INF, 0.0], 0, 0.0),
        ([INF, 0.0], 1, INF),
    ],
)
def test_cross_entropy_limits(logits, target, expected):
    assert cross_entropy([logits], [target]) == expected
    assert cross_entropy([logits], [np.eye(2)[target]]) == expected


def test_cross_entropy_of_a_sure_answer_is_not_minus_zero():
    assert math.copysign(1, cross_entropy([[0.0, 1000.0]], [1])) == 1


@pytest.mark.parametrize("targets", [[0, 1, 2], [[0, 1]], [[[0, 1], [1, 0]]], []])
def test_cross_entropy_refuses_targets_of_another_shape(targets):
    with pytest.raises(ShapeError, match=r"found: logits \(2, 2\)"):
        cross_entropy(np.zeros((2, 2)), targets)


def test_cross_entropy_refuses_an_empty_batch():
    with pytest.raises(ShapeError, match="empty batch"):
        cross_entropy(np.zeros((0, 2)), np.zeros((0, 2)))


@pytest.mark.parametrize("label", [-1, 2, 0.5, np.nan])
def test_cross_entropy_refuses_what_is_no_class(label):
    with pytest.raises(ArgumentError, match="whole numbers from 0 to 1"):
        cross_entropy(np.zeros((2, 2)), [0, label])


@pytest.mark.parametrize("axis", [2, -3])
def test_softmax_refuses_an_axis_that_is_not_there(axis):
    with pytest.raises(ShapeError, match=f"found: axis {axis} and x of shape"):
        stable_softmax(np.zeros((2, 3)), axis=axis)


def test_softmax_refuses_an_empty_axis():
    with pytest.raises(ShapeError, match=r"\(2, 0\)"):
        stable_softmax(np.zeros((2, 0)))


@pytest.mark.parametrize("values", [["a"], [None], [1j], [[1, 2], [3]]])
def test_what_is_no_number_is_refused(values):
    with pytest.raises(ArgumentError, match=r"(?s)expected: an array of.*found: "):
        sigmoid(values)
