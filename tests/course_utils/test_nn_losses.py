"""Losses and clipping: gradients, extreme logits, and every kind of wrong target."""

from __future__ import annotations

import numpy as np
import pytest
from finite_differences import check_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import (
    ArgumentError,
    CrossEntropyLoss,
    MSELoss,
    ShapeError,
    Tensor,
    clip_grad_norm_,
    clip_grad_value_,
    cross_entropy,
)

few = settings(max_examples=30)
small = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)
INF = np.inf


@few
@given(small, small, seeds)
def test_cross_entropy_with_class_numbers_and_rows(batch, classes, seed):
    generator = np.random.default_rng(seed)
    z = generator.normal(size=(batch, classes)) * 3
    labels = generator.integers(0, classes, batch)
    one_hot = np.eye(classes)[labels]
    soft = generator.random((batch, classes))  # rows need not sum to one
    loss = CrossEntropyLoss()
    wanted = cross_entropy(z, labels)
    for target in (labels, labels.astype(float), labels.tolist(), Tensor(labels), one_hot,
                   Tensor(labels.astype(np.float32)), one_hot.astype(int)):  # fmt: skip
        assert_allclose(loss(Tensor(z), target).item(), wanted, rtol=1e-12)
        check_gradient(lambda z, target=target: loss(z, target), z, seed=seed)
    check_gradient(lambda z: loss(z, soft), z, seed=seed)
    assert_allclose(loss(z, soft).item(), cross_entropy(z, soft), rtol=1e-12)


def test_cross_entropy_keeps_float32():
    z = Tensor(np.zeros((2, 3), np.float32), requires_grad=True)
    for target in ([0, 2], np.eye(3)[[0, 2]]):
        loss = CrossEntropyLoss()(z, target)
        assert loss.dtype == np.float32
        assert loss.shape == ()
        z.zero_grad()
        loss.backward()
        assert z.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("row", "label", "loss", "gradient"),
    [
        ([1e6, -1e6, 0.0], 0, 0, [0, 0, 0]),
        ([1e6, -1e6, 0.0], 1, 2e6, [1, -1, 0]),
        ([1e6, 1e6, 0.0], 0, np.log(2), [-0.5, 0.5, 0]),
        ([INF, 5.0, 0.0], 0, 0, [0, 0, 0]),
        ([INF, 5.0, 0.0], 1, INF, [1, -1, 0]),
        ([-INF, 5.0, 5.0], 1, np.log(2), [0, -0.5, 0.5]),
        ([-INF, 5.0, 5.0], 0, INF, [-1, 0.5, 0.5]),
        ([INF, INF, 0.0], 0, np.nan, [np.nan] * 3),
        ([np.nan, 1.0, 0.0], 1, np.nan, [np.nan] * 3),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_of_extreme_logits(row, label, loss, gradient, dtype):
    with np.errstate(all="raise", under="ignore"):
        z = Tensor(np.array([row, [0, 0, 0]], dtype), requires_grad=True)
        for target in ([label, 2], np.eye(3)[[label, 2]]):
            result = CrossEntropyLoss()(z, target)
            z.zero_grad()
            result.backward()
            assert_allclose(result.item(), (loss + np.log(3)) / 2, rtol=1e-6)
            assert_allclose(z.grad.data[0], np.array(gradient) / 2, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("logits", "target", "error", "text"),
    [
        (np.zeros((2, 3)), [0, 3], ArgumentError, "3 of dtype int64"),
        (np.zeros((2, 3)), [0, -1], ArgumentError, "-1 of dtype int64"),
        (np.zeros((2, 3)), [0, 1.5], ArgumentError, "1.5"),
        (np.zeros((2, 3)), [0, np.nan], ArgumentError, "nan"),
        (np.zeros((2, 3)), [0, INF], ArgumentError, "inf"),
        (np.zeros((2, 3)), [True, False], ArgumentError, "bool"),
        (np.zeros((2, 3)), ["a", "b"], ArgumentError, "target does not hold real numbers"),
        (np.zeros((2, 3)), [[0], [1, 2]], ArgumentError, "rows of one length"),
        (np.zeros((2, 3)), [0, 1, 2], ShapeError, r"\(2, 3\) and target \(3,\)"),
        (np.zeros((2, 3)), np.zeros((2, 2)), ShapeError, r"target \(2, 2\)"),
        (np.zeros((2, 3)), [[0], [1]], ShapeError, r"target \(2, 1\)"),
        (np.zeros(3), 1, ShapeError, r"logits \(3,\)"),
        (np.zeros((2, 3, 4)), np.zeros((2, 3), int), ShapeError, r"logits \(2, 3, 4\)"),
        (np.zeros((0, 3)), [], ShapeError, "empty batch"),
        (np.zeros((2, 3)), [[0, 0, np.nan], [0, 1, 0]], ArgumentError, "not probabilities"),
        (np.zeros((2, 3)), [[0, 0, -1], [0, 1, 0]], ArgumentError, "not probabilities"),
    ],
)
def test_cross_entropy_refuses_wrong_targets(logits, target, error, text):
    with pytest.raises(error, match=text) as caught:
        CrossEntropyLoss()(Tensor(logits), target)
    assert caught.value.mend


@few
@given(st.lists(small, max_size=3), seeds)
def test_mean_squared_error(shape, seed):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(2, *shape))
    assert_allclose(MSELoss()(x, y).item(), np.mean((x - y) ** 2), rtol=1e-12)
    check_gradient(MSELoss(), x, y, seed=seed)


def test_mean_squared_error_types_and_errors():
    small_x = Tensor(np.ones(2, np.float32), requires_grad=True)
    assert MSELoss()(small_x, [0.0, 0.0]).dtype == np.float32
    assert MSELoss()([1, 2], [0, 0]).item() == 2.5
    for x, y in ((np.ones((2, 1)), np.ones(2)), (np.ones(0), np.ones(0)), (1.0, [1.0])):
        with pytest.raises(ShapeError, match="do not fit"):
            MSELoss()(x, y)


def parameters(*gradients, dtype=np.float64):
    result = []
    for gradient in gradients:
        tensor = Tensor(np.zeros(np.shape(gradient), dtype), requires_grad=True)
        tensor.grad = Tensor(np.array(gradient, dtype))
        result.append(tensor)
    return [*result, Tensor(np.zeros(2), requires_grad=True)]  # one without a gradient


def test_clipping_by_value():
    tensors = parameters([[-3.0, 0.5], [2.0, -1.0]], [7.0])
    array = tensors[0].grad.data
    clip_grad_value_(iter(tensors), 1.0)
    assert_array_equal(array, [[-1, 0.5], [1, -1]])
    assert tensors[0].grad.data is array
    clip_grad_value_(tensors[1], 0.25)
    assert tensors[1].grad.item() == 0.25


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_by_the_joint_norm(dtype):
    tensors = parameters([[3.0, 0.0]], [4.0], dtype=dtype)
    assert clip_grad_norm_(iter(tensors), 10.0) == 5
    assert_array_equal(tensors[0].grad.data, [[3, 0]])
    assert clip_grad_norm_(tensors, 1.0) == 5
    assert_allclose(tensors[0].grad.data, [[0.6, 0]], rtol=1e-6)
    assert_allclose(tensors[1].grad.data, [0.8], rtol=1e-6)
    assert tensors[0].grad.dtype == dtype
    assert clip_grad_norm_([tensors[-1]], 1.0) == 0


def test_clipping_of_what_is_not_finite():
    huge = parameters(np.full(4, 1e30), dtype=np.float32)
    assert_allclose(clip_grad_norm_(huge, 1.0), 2e30, rtol=1e-6)  # squares overflow float32
    assert_allclose(huge[0].grad.data, 0.5, rtol=1e-6)
    assert np.isnan(clip_grad_norm_(parameters([np.nan, 1.0]), 1.0))
    assert clip_grad_norm_(parameters([INF, 1.0]), 1.0) == INF
    for bound in (0, -1, np.nan, "1"):
        with pytest.raises(ArgumentError, match="max_norm"):
            clip_grad_norm_([], bound)
        with pytest.raises(ArgumentError, match="clip_value"):
            clip_grad_value_([], bound)
