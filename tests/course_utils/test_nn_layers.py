"""Layers: gradients against finite differences, the formulas as loops, and clear errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from finite_differences import check_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import ArgumentError, ShapeError, Tensor, nn
from course_utils.nn.activations import gelu
from course_utils.nn.attention import self_attention
from course_utils.nn.batch_norm import batch_norm
from course_utils.nn.layer_norm import layer_norm
from course_utils.nn.linear import linear

few = settings(max_examples=20)
small = st.integers(1, 5)
seeds = st.integers(0, 2**32 - 1)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def with_parameters(layer, x):
    """Check the gradients of a float64 layer with respect to its input and all parameters."""
    parameters = dict(layer.named_parameters())

    def function(x, *values):
        for (name, old), value in zip(parameters.items(), values, strict=True):
            holder = layer
            *path, last = name.split(".")
            for part in path:
                holder = getattr(holder, part)
            setattr(holder, last, value)
            assert value.shape == old.shape
        return layer(x)

    check_gradient(function, x, *(p.data for p in parameters.values()))


@few
@given(st.lists(small, max_size=3), small, small, seeds)
def test_linear(front, n_in, n_out, seed):
    x, w, b = normal(*front, n_in, seed=seed), normal(n_out, n_in, seed=1), normal(n_out, seed=2)
    assert_allclose(linear(Tensor(x), Tensor(w), Tensor(b)).data, x @ w.T + b, rtol=1e-12)
    check_gradient(linear, x, w, b, seed=seed)
    check_gradient(linear, x, w, seed=seed)
    check_gradient(lambda w, b: linear(Tensor(x), w, b), w, b, seed=seed)
    check_gradient(lambda x: linear(x, Tensor(w), Tensor(b)), x, seed=seed)


def test_the_input_layer_computes_no_gradient_for_its_input():
    layer, x = nn.Linear(3, 2), Tensor(normal(4, 3).astype(np.float32))
    result = layer(x)
    assert result._rule(np.ones((4, 2), np.float32))[0] is None


def test_linear_starts_within_pytorchs_bounds():
    layer = nn.Linear(400, 300)
    for array in (layer.weight.data, layer.bias.data):
        assert np.abs(array).max() <= 1 / 20
        assert np.abs(array).max() > 0.97 / 20
        assert abs(array.std() - 1 / 20 / math.sqrt(3)) < 0.003
    assert nn.Linear(4, 3, bias=False).bias is None
    assert len(nn.Linear(4, 3, bias=False).parameters()) == 1


@pytest.mark.parametrize(
    ("function", "deviation"),
    [
        ("he_normal_", math.sqrt(2 / 600)), ("he_uniform_", math.sqrt(2 / 600)),
        ("xavier_normal_", math.sqrt(2 / 1000)), ("xavier_uniform_", math.sqrt(2 / 1000)),
    ],
)  # fmt: skip
def test_initialisations_have_their_spread(function, deviation):
    weight = Tensor(np.zeros((400, 600), np.float32))
    array = weight.data
    assert getattr(nn.init, function)(weight, np.random.default_rng(0)) is weight
    assert weight.data is array
    assert abs(array.std() / deviation - 1) < 0.01
    assert abs(array.mean()) < deviation / 50
    largest = np.abs(array).max() / deviation
    assert largest < math.sqrt(3) * 1.0001 if "uniform" in function else largest > 3
    with pytest.raises(ShapeError, match=r"\(5,\)"):
        getattr(nn.init, function)(Tensor(np.zeros(5)))


@few
@given(st.integers(2, 6), small, seeds)
def test_batch_norm(batch, n, seed):
    x, gamma, beta = normal(batch, n, seed=seed) * 2 + 1, normal(n, seed=1), normal(n, seed=2)
    check_gradient(lambda *t: batch_norm(*t, 0.1)[0], x, gamma, beta, seed=seed)
    check_gradient(lambda g, b: batch_norm(Tensor(x), g, b, 0.1)[0], gamma, beta, seed=seed)
    result, mean, variance = batch_norm(*map(Tensor, (x, gamma, beta)), 0.1)
    wanted = (x - x.mean(0)) / np.sqrt(x.var(0) + 0.1) * gamma + beta
    assert_allclose(result.data, wanted, rtol=1e-9, atol=1e-9)
    assert_allclose(mean, x.mean(0), rtol=1e-9, atol=1e-12)
    assert_allclose(variance, x.var(0), rtol=1e-9, atol=1e-12)


def test_batch_norm_in_evaluation_uses_the_running_statistics():
    layer = nn.BatchNorm1d(3, dtype=np.float64)
    layer.running_mean[:], layer.running_var[:] = [1, 2, 3], [4, 5, 6]
    layer.eval()
    x = normal(5, 3)
    wanted = (x - [1, 2, 3]) / np.sqrt(np.array([4, 5, 6]) + 1e-5)
    assert_allclose(layer(x).data, wanted, rtol=1e-12)
    assert_allclose(layer(x[:1]).data, wanted[:1], rtol=1e-12)  # a single row is fine here
    assert_array_equal(layer.running_mean, [1, 2, 3])
    with_parameters(layer, x)


def test_batch_norm_keeps_running_statistics():
    layer, x = nn.BatchNorm1d(2, momentum=0.25, dtype=np.float64), normal(5, 2) * 3 + 1
    layer(x)
    assert_allclose(layer.running_mean, 0.25 * x.mean(0), rtol=1e-12)
    assert_allclose(layer.running_var, 0.75 + 0.25 * x.var(0, ddof=1), rtol=1e-12)


def test_batch_norm_of_large_offsets_in_float32():
    x = (normal(64, 3) + 1000).astype(np.float32)  # E[x²] - E[x]² would lose all digits
    result = nn.BatchNorm1d(3)(x).data
    assert_allclose(result.std(axis=0), 1, rtol=2e-3)


@pytest.mark.parametrize("rows", [0, 1])
def test_batch_norm_refuses_a_batch_without_variance(rows):
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ShapeError, match=r"(?s)at least two rows.*drop_last"):
        layer(np.ones((rows, 3)))
    assert_array_equal(layer.running_mean, 0)
    assert layer.eval()(np.ones((rows, 3))).shape == (rows, 3)


@few
@given(st.lists(small, max_size=3), st.integers(1, 6), seeds)
def test_layer_norm(front, n, seed):
    x, gamma, beta = normal(*front, n, seed=seed) * 2 + 1, normal(n, seed=1), normal(n, seed=2)
    check_gradient(lambda *t: layer_norm(*t, eps=0.1), x, gamma, beta, seed=seed)
    check_gradient(lambda x: layer_norm(x, eps=0.1), x, seed=seed)
    wanted = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 0.1)
    assert_allclose(layer_norm(Tensor(x), eps=0.1).data, wanted, rtol=1e-9, atol=1e-9)
    layer = nn.LayerNorm(n, eps=0.1, dtype=np.float64)
    assert_allclose(layer(x).data, wanted, rtol=1e-9, atol=1e-9)
    assert nn.LayerNorm(n, affine=False).parameters() == []
    assert nn.LayerNorm(n, affine=False, dtype=np.float64)(x).shape == x.shape


def attention_by_loops(packed, heads, mask=None):
    """Look up the definition, one query at a time."""
    batch, tokens, width = packed.shape
    hidden = width // 3
    d = hidden // heads
    result = np.zeros((batch, tokens, hidden))
    for b in range(batch):
        for h in range(heads):
            q, k, v = (
                packed[b, :, i * hidden + h * d : i * hidden + (h + 1) * d] for i in range(3)
            )
            for t in range(tokens):
                visible = [s for s in range(tokens) if mask is None or mask[b, t, s]]
                scores = np.array([q[t] @ k[s] / math.sqrt(d) for s in visible])
                weights = np.exp(scores - scores.max())
                weights /= weights.sum()
                result[b, t, h * d : (h + 1) * d] = weights @ v[visible]
    return result


@few
@given(st.integers(1, 3), small, st.integers(1, 3), st.integers(1, 3), st.booleans(), seeds)
def test_self_attention(batch, tokens, heads, d, masked, seed):
    packed = normal(batch, tokens, 3 * heads * d, seed=seed)
    mask = np.random.default_rng(seed).random((batch, tokens, tokens)) < 0.6 if masked else None
    if masked:
        mask |= np.eye(tokens, dtype=bool)
    broadcast = mask[:, np.newaxis] if masked else None
    result = self_attention(Tensor(packed), heads, broadcast)
    assert_allclose(result.data, attention_by_loops(packed, heads, mask), rtol=1e-9, atol=1e-12)
    check_gradient(lambda packed: self_attention(packed, heads, broadcast), packed, seed=seed)


def test_multihead_attention_with_all_parameters():
    layer = nn.MultiheadAttention(6, 2, dtype=np.float64)
    assert_array_equal(layer.in_proj_bias.data, 0)
    assert_array_equal(layer.out_proj.bias.data, 0)
    assert np.abs(layer.in_proj_weight.data).max() <= math.sqrt(6 / 24)
    with_parameters(layer, normal(2, 4, 6))
    assert len(nn.MultiheadAttention(6, 2, bias=False).parameters()) == 2
    mask = np.tril(np.ones((4, 4), dtype=bool))
    x = normal(2, 4, 6, seed=1)
    before = layer(x, mask).data
    x[:, 3] += 1  # the last token is hidden from the others
    after = layer(x, mask=np.broadcast_to(mask, (2, 4, 4))).data
    assert_array_equal(before[:, :3], after[:, :3])
    assert not np.allclose(before[:, 3], after[:, 3])


def test_attention_with_huge_scores_is_finite():
    with np.errstate(all="raise", under="ignore"):
        packed = Tensor(normal(2, 3, 12) * 1e6, requires_grad=True)
        result = self_attention(packed, 2)
        result.sum().backward()
    assert np.isfinite(result.data).all()
    assert np.isfinite(packed.grad.data).all()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    x = Tensor(np.full((500, 401), 3.0, np.float32), requires_grad=True)
    layer = nn.Dropout(rate, generator=np.random.default_rng(0))
    result = layer(x)
    dropped = result.data == 0
    assert result.dtype == np.float32
    assert abs(dropped.mean() - rate) < 0.005
    assert_allclose(result.data[~dropped], 3 / (1 - rate), rtol=1e-6)
    upstream = normal(500, 401).astype(np.float32)
    result.backward(upstream)
    assert_allclose(x.grad.data, np.where(dropped, 0, upstream / (1 - rate)), rtol=1e-6)
    # neighbours and rows are independent: no pattern in how the bits are used
    for lag in (1, 2, 3, 4, 8, 401, x.size // 2, x.size // 2 + 1):
        both = (dropped.ravel()[:-lag] & dropped.ravel()[lag:]).mean()
        assert abs(both - rate**2) < 0.006
    assert not np.array_equal(layer(x).data == 0, dropped)


def test_dropout_at_the_ends_and_in_evaluation():
    x = Tensor(normal(4, 3))
    assert_array_equal(nn.Dropout(1)(x).data, 0)
    assert nn.Dropout(0)(x) is x
    assert nn.Dropout(0.5).eval()(x) is x
    assert nn.Dropout(0.5)([1, 2, 3]).dtype == np.float64
    assert nn.Dropout(0.5)(np.ones((0, 3))).shape == (0, 3)


def test_activations_are_the_functions():
    x = normal(3, 4)
    for layer, wanted in (
        (nn.ReLU(), np.maximum(x, 0)), (nn.Tanh(), np.tanh(x)),
        (nn.Sigmoid(), 1 / (1 + np.exp(-x))),
    ):  # fmt: skip
        assert_allclose(layer(x).data, wanted, rtol=1e-12)
        assert_allclose(layer(Tensor(x)).data, wanted, rtol=1e-12)
    check_gradient(gelu, x)
    assert_allclose(nn.GELU()([-100.0, 0.0, 100.0]).data, [0, 0, 100])


def test_empty_batches_pass_through():
    for layer, shape in (
        (nn.Linear(4, 3), (0, 4)), (nn.LayerNorm(4), (0, 4)), (nn.Sequential(nn.ReLU()), (0, 4)),
    ):  # fmt: skip
        x = Tensor(np.zeros(shape, np.float32), requires_grad=True)
        result = layer(x)
        assert result.shape[0] == 0
        result.sum().backward()
        assert x.grad.shape == shape


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: nn.Linear(784, 0), ArgumentError, "n_out"),
        (lambda: nn.Linear(2.5, 3), ArgumentError, "2.5"),
        (lambda: nn.Linear(True, 3), ArgumentError, "True"),
        (lambda: nn.Linear(3, 2)(np.ones((2, 4))), ShapeError, r"n_in|\(2, 4\)"),
        (lambda: nn.Linear(3, 2)(1.0), ShapeError, r"\(\)"),
        (lambda: nn.BatchNorm1d(3)(np.ones((2, 4))), ShapeError, r"\(2, 4\)"),
        (lambda: nn.BatchNorm1d(3)(np.ones(3)), ShapeError, r"\(3,\)"),
        (lambda: nn.BatchNorm1d(3, momentum=2), ArgumentError, "momentum"),
        (lambda: nn.LayerNorm(3)(np.ones((2, 4))), ShapeError, r"\(2, 4\)"),
        (lambda: nn.LayerNorm(3)(1.0), ShapeError, r"\(\)"),
        (lambda: nn.MultiheadAttention(6, 4), ArgumentError, "num_heads 4"),
        (lambda: nn.MultiheadAttention(6, 2)(np.ones((2, 6))), ShapeError, r"\(2, 6\)"),
        (lambda: nn.MultiheadAttention(2, 1)(np.ones((1, 3, 2)), np.ones((3, 3))), ShapeError,
         "float64"),
        (lambda: nn.MultiheadAttention(2, 1)(np.ones((1, 3, 2)), np.ones((2, 3), bool)),
         ShapeError, r"\(2, 3\)"),
        (lambda: nn.MultiheadAttention(2, 1)(np.ones((1, 3, 2)), np.zeros((3, 3), bool)),
         ArgumentError, "hides every key"),
        (lambda: nn.Dropout(1.5), ArgumentError, "dropout rate"),
        (lambda: nn.Dropout(float("nan")), ArgumentError, "dropout rate"),
        (lambda: nn.Dropout("0.5"), ArgumentError, "dropout rate"),
    ],
)  # fmt: skip
def test_errors_say_what_was_found(call, error, text):
    with pytest.raises(error, match=text) as caught:
        call()
    assert caught.value.expected
    assert caught.value.mend
