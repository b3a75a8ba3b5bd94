"""Every operation's gradient against finite differences, over shapes, axes and broadcasting."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from finite_differences import check_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import Tensor, concatenate, stack, where

seeds = st.integers(0, 2**32 - 1)
shapes = arrays_of.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
pairs = arrays_of.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4)
few = settings(max_examples=30)


def draw(shape, seed, low=None):
    """Numbers around zero, at least 0.1 from it; above `low` if given."""
    x = np.random.default_rng(seed).normal(size=shape)
    x = np.where(x < 0, x - 0.1, x + 0.1)
    return x if low is None else low + np.abs(x)


ONE = {
    "exp": (lambda x: x.exp(), None),
    "log": (lambda x: x.log(), 0.2),
    "sqrt": (lambda x: x.sqrt(), 0.2),
    "abs": (abs, None),
    "tanh": (lambda x: x.tanh(), None),
    "sigmoid": (lambda x: x.sigmoid(), None),
    "relu": (lambda x: x.relu(), None),
    "negative": (lambda x: -x, None),
    "square": (lambda x: x**2, None),
    "cube": (lambda x: x**3, None),
    "float power": (lambda x: x**-1.5, 0.2),
    "power zero": (lambda x: x**0, None),
    "number to the power": (lambda x: 2.5**x, None),
    "reflected": (lambda x: 3.0 - 2.0 / x, 0.3),
    "copy of itself": (lambda x: x * x / (x + x), 0.3),
    "softmax first": (lambda x: x.softmax(0), None),
    "softmax last": (lambda x: x.softmax(-1), None),
    "log_softmax first": (lambda x: x.log_softmax(0), None),
    "log_softmax last": (lambda x: x.log_softmax(-1), None),
    "reverse axes": (lambda x: x.T, None),
    "flatten": (lambda x: x.reshape([-1]), None),
    "new axis": (lambda x: x[None, ..., None], None),
    "first": (lambda x: x[0], None),
    "backwards": (lambda x: x[::-1], None),
    "first many times": (lambda x: x[[0, 0, -1, 0]], None),
    "where": (lambda x: where(x > 0.3, x * 2, x * 3), None),
    "masked_fill": (lambda x: x.masked_fill(x > 0.3, -5.0), None),
}


@pytest.mark.parametrize("name", ONE)
@few
@given(shapes, seeds)
def test_functions_of_one_tensor(name, shape, seed):
    function, low = ONE[name]
    x = draw(shape, seed, low)
    x[np.abs(x - 0.3) < 0.02] += 0.05  # away from the steps of the two conditions
    check_gradient(function, x, seed=seed)


TWO = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "where": lambda a, b: where(np.random.default_rng(0).random((3, 1)) < 0.5, a, b),
}


@pytest.mark.parametrize("name", TWO)
@few
@given(pairs, seeds)
def test_functions_of_two_tensors_with_broadcasting(name, pair, seed):
    a, b = pair.input_shapes
    if name == "where":
        a, b = (3, *a[1:])[: len(a)], b[1:] if len(b) == len(a) else b
        try:
            np.broadcast_shapes(a, b, (3, 1))
        except ValueError:
            a, b = (3, 1), (2,)
    check_gradient(TWO[name], draw(a, seed, 0.4), draw(b, seed + 1, 0.4), seed=seed)


@few
@given(shapes, seeds, st.data())
def test_reductions_over_any_axes(shape, seed, data):
    x = np.random.default_rng(seed).permutation(np.prod(shape)).reshape(shape) / 7.0
    axes = st.integers(-len(shape), len(shape) - 1)
    unique = st.lists(axes, min_size=1, unique_by=lambda axis: axis % len(shape)).map(tuple)
    dim = data.draw(st.none() | axes | unique)
    keepdim = data.draw(st.booleans())
    for method in (Tensor.sum, Tensor.mean, Tensor.max):
        check_gradient(lambda x, m=method: m(x, dim=dim, keepdim=keepdim), x, seed=seed)
    wanted = {"axis": dim, "keepdims": keepdim}
    assert_allclose(Tensor(x).sum(dim, keepdim).data, x.sum(**wanted), rtol=1e-12)
    assert_allclose(Tensor(x).mean(dim, keepdim).data, x.mean(**wanted), rtol=1e-12)
    assert_array_equal(Tensor(x).max(dim, keepdim).data, x.max(**wanted))


def test_equal_largest_elements_share_the_gradient():
    x = Tensor([[1.0, 3.0, 3.0], [2.0, 0.0, 1.0]], requires_grad=True)
    x.max(dim=1).backward([4.0, 7.0])
    assert_array_equal(x.grad.data, [[0, 2, 2], [7, 0, 0]])
    assert_array_equal(x.argmax(dim=1), [1, 0])
    assert x.argmax() == 1


@few
@given(arrays_of.mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2,
                                               max_side=3), seeds)  # fmt: skip
def test_matrix_products_of_batches_and_vectors(shapes, seed):
    a, b = (draw(shape, seed + i) for i, shape in enumerate(shapes.input_shapes))
    assert_allclose((Tensor(a) @ b).data, np.matmul(a, b))
    check_gradient(lambda a, b: a @ b, a, b, seed=seed)
    check_gradient(lambda a: a @ b, a, seed=seed)
    check_gradient(lambda b: a @ b, b, seed=seed)


@few
@given(shapes, seeds, st.data())
def test_transpose_of_any_two_axes(shape, seed, data):
    axes = st.integers(-len(shape), len(shape) - 1)
    i, j = data.draw(axes), data.draw(axes)
    x = draw(shape, seed)
    assert_array_equal(Tensor(x).transpose(i, j).data, x.swapaxes(i, j))
    check_gradient(lambda x: x.transpose(i, j), x, seed=seed)


@few
@given(shapes, seeds, st.data())
def test_indexing_with_slices_and_numbers(shape, seed, data):
    index = data.draw(arrays_of.basic_indices(shape, allow_newaxis=True))
    x = draw(shape, seed)
    assert_array_equal(Tensor(x)[index].data, x[index])
    check_gradient(lambda x: x[index], x, seed=seed)


@few
@given(shapes, seeds, st.data())
def test_indexing_with_arrays_adds_up_repeated_elements(shape, seed, data):
    index = data.draw(arrays_of.integer_array_indices(shape))
    x = draw(shape, seed)
    check_gradient(lambda x: x[index], x, seed=seed)
    check_gradient(lambda x: x[tuple(Tensor(part) for part in index)], x, seed=seed)
    check_gradient(lambda x: x[x.data > 0.2], x[np.abs(x - 0.2) > 0.02], seed=seed)


def test_repeated_elements_by_hand():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[[0, 2, 0]].backward([1.0, 10.0, 100.0])
    assert_array_equal(x.grad.data, [101, 0, 10])


@few
@given(shapes, seeds, st.data())
def test_joining_along_any_axis(shape, seed, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    lengths = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    parts = []
    for i, length in enumerate(lengths):
        longer = list(shape)
        longer[axis] = length
        parts.append(draw(longer, seed + i))
    assert_array_equal(concatenate(parts, axis).data, np.concatenate(parts, axis))
    check_gradient(lambda *parts: concatenate(parts, axis), *parts, seed=seed)
    parts = [draw(shape, seed + i) for i in range(3)]
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    assert_array_equal(stack(parts, axis).data, np.stack(parts, axis))
    check_gradient(lambda *parts: stack(parts, axis), *parts, seed=seed)


@pytest.mark.parametrize(("lo", "hi"), [(-0.5, 0.7), (None, 0.7), (-0.5, None)])
def test_clamp_in_each_direction(lo, hi):
    x = np.random.default_rng(0).normal(size=(5, 7))
    x = x[(np.abs(x + 0.5) > 0.02) & (np.abs(x - 0.7) > 0.02)]
    check_gradient(lambda x: x.clamp(lo, hi), x)
    assert_array_equal(Tensor(x).clamp(lo, hi).data, np.clip(x, lo, hi))


def test_gradients_at_the_kinks_are_those_of_pytorch():
    x = Tensor([-1.0, 0.0, 1.0], requires_grad=True)
    (x.relu() + x.clamp(-1, 1) * 10 + x.abs() * 100).backward([1.0, 1.0, 1.0])
    assert_array_equal(x.grad.data, [-90, 10, 111])


def test_a_whole_expression_with_many_uses():
    def function(x, w, b):
        h = (x @ w + b).tanh()
        attention = (h @ h.transpose(-2, -1) / 2.0).softmax(-1) @ h
        return concatenate([attention, h[:, :1]], 1).mean(dim=-1) * x.sum(dim=(1, 2)).reshape(2, 1)

    generator = np.random.default_rng(1)
    check_gradient(
        function,
        generator.normal(size=(2, 3, 4)),
        generator.normal(size=(4, 5)),
        generator.normal(size=5),
    )


def test_special_values_come_without_warnings():
    with np.errstate(all="raise", under="ignore"):
        x = Tensor([0.0, -1.0, np.inf, 1e6, -1e6], requires_grad=True)
        assert_array_equal(x.log().data[:3], [-np.inf, np.nan, np.inf])
        assert_array_equal(x.sqrt().data[:3], [0, np.nan, np.inf])
        assert_array_equal(x.exp().data, [1, np.exp(-1), np.inf, np.inf, 0])
        assert_array_equal((1 / x).data[:3], [np.inf, -1, 0])
        assert_array_equal((x / x).data[:3], [np.nan, 1, np.nan])
        assert_array_equal(x.sigmoid().data[2:], [1, 1, 0])
        assert_array_equal(x.softmax().data, [0, 0, 1, 0, 0])
        assert_array_equal(Tensor([1e6, -1e6, 1e6]).softmax().data, [0.5, 0, 0.5])
        assert_array_equal(Tensor([-np.inf, 0.0]).softmax().data, [0, 1])
        assert_array_equal(Tensor([1e6, -1e6]).log_softmax().data, [0, -2e6])
        (x.log() + x.sqrt() + x.exp() + 1 / x + x.sigmoid() + x.tanh() + x.softmax()).backward(
            np.ones(5)
        )
        y = Tensor([0.0, 2.0], requires_grad=True)
        y.log().sum().backward()
        assert_array_equal(y.grad.data, [np.inf, 0.5])
        y.zero_grad()
        (y**0).sum().backward()
        assert_array_equal(y.grad.data, [0, 0])


def test_nan_is_passed_on():
    x = Tensor([np.nan, 1.0], requires_grad=True)
    for result in (x.relu(), x.clamp(-1, 1), x.max(), x.softmax(), x.sigmoid(), x.mean()):
        assert np.isnan(result.data).any()
