"""Optimizers: the formulas, in place, in blocks, resumed, and with everything wrong."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import SGD, Adagrad, Adam, AdamW, ArgumentError, ShapeError, Tensor, nn
from course_utils.optim import Optimizer, optimizer


def sgd(w, g, state, t):
    return w - 0.1 * (g + 0.01 * w), state


def momentum(w, g, v, t):
    v = 0.9 * v + (g + 0.01 * w)
    return w - 0.1 * v, v


def nesterov(w, g, v, t):
    g = g + 0.01 * w
    v = 0.9 * v + g
    return w - 0.1 * (g + 0.9 * v), v


def adam(w, g, state, t, decay=0.01, decoupled=False):
    m, v = state if t > 1 else (0 * w, 0 * w)
    if decoupled:
        w = w - 0.1 * decay * w
    else:
        g = g + decay * w
    m = 0.8 * m + 0.2 * g
    v = 0.9 * v + 0.1 * g**2
    return w - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-3), (m, v)


def adamw(w, g, state, t):
    return adam(w, g, state, t, decoupled=True)


def adagrad(w, g, total, t):
    g = g + 0.01 * w
    total = total + g**2 + (0.5 if t == 1 else 0)
    return w - 0.1 / (1 + (t - 1) * 0.2) * g / (np.sqrt(total) + 1e-3), total


CASES = {
    "sgd": (sgd, SGD, {"weight_decay": 0.01}),
    "momentum": (momentum, SGD, {"weight_decay": 0.01, "momentum": 0.9}),
    "nesterov": (nesterov, SGD, {"weight_decay": 0.01, "momentum": 0.9, "nesterov": True}),
    "adam": (adam, Adam, {"weight_decay": 0.01, "betas": (0.8, 0.9), "eps": 1e-3}),
    "adamw": (adamw, AdamW, {"weight_decay": 0.01, "betas": (0.8, 0.9), "eps": 1e-3}),
    "adagrad": (adagrad, Adagrad, {"weight_decay": 0.01, "lr_decay": 0.2, "eps": 1e-3,
                                   "initial_accumulator_value": 0.5}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("block", [4, optimizer.BLOCK])
def test_steps_follow_the_formula(name, block, monkeypatch):
    # Blocks of 4 elements: the last block of the first parameter holds 3.
    monkeypatch.setattr(optimizer, "BLOCK", block)
    formula, kind, options = CASES[name]
    generator = np.random.default_rng(0)
    starts = [generator.normal(size=(5, 3)), np.array(1.5), generator.normal(size=4)]
    params = [Tensor(start.copy(), requires_grad=True) for start in starts]
    arrays = [p.data for p in params]
    trained = kind(params, lr=0.1, **options)
    wanted, states = list(starts), [0.0] * 3
    for t in range(1, 6):
        for i, p in enumerate(params):
            gradient = generator.normal(size=p.shape)
            p.grad = Tensor(gradient.copy())
            wanted[i], states[i] = formula(wanted[i], gradient, states[i], t)
            trained_gradient = p.grad.data
            assert_array_equal(trained_gradient, gradient)
        before = [p.grad.data.copy() for p in params]
        trained.step()
        for p, array, value, gradient in zip(params, arrays, wanted, before, strict=True):
            assert p.data is array
            assert_allclose(array, value, rtol=1e-11)
            assert_array_equal(p.grad.data, gradient)  # a step leaves the gradients as they are


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_optimizer_goes_on_bit_for_bit(name):
    _, kind, options = CASES[name]
    gradients = np.random.default_rng(1).normal(size=(6, 7))

    def run(trained, param, part):
        for gradient in part:
            param.grad = Tensor(gradient)
            trained.step()

    whole = Tensor(np.ones(7), requires_grad=True)
    run(kind([whole], lr=0.1, **options), whole, gradients)

    half = Tensor(np.ones(7), requires_grad=True)
    first = kind([half], lr=0.1, **options)
    run(first, half, gradients[:3])
    saved = first.state_dict()
    resumed_weights = Tensor(half.data.copy(), requires_grad=True)
    run(first, half, gradients[:2])  # the saved state is a copy
    second = kind([resumed_weights], lr=0.5, **options)
    second.load_state_dict(saved)
    run(second, resumed_weights, gradients[3:])
    assert second.lr == 0.1
    assert_array_equal(resumed_weights.data, whole.data)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_stay_and_lr_can_be_changed(dtype):
    for kind in (SGD, Adam, AdamW, Adagrad):
        p = Tensor(np.ones(3, dtype), requires_grad=True)
        trained = kind([p], lr=0.0)
        p.grad = Tensor(np.ones(3, dtype))
        trained.step()
        assert_array_equal(p.data, 1)
        trained.lr = np.float64(0.5)  # as a schedule may set it
        trained.step()
        assert p.dtype == dtype
        assert (p.data < 1).all()
        assert all(
            array.dtype == dtype
            for array in trained.state_dict().values()
            if isinstance(array, np.ndarray)
        )
        trained.zero_grad()
        assert p.grad is None
        before = p.data.copy()
        trained.step()  # nothing to do without gradients
        assert_array_equal(p.data, before)


def test_a_parameter_without_a_gradient_keeps_its_count():
    a, b = (Tensor(np.ones(2), requires_grad=True) for _ in range(2))
    trained = Adam([a, b], lr=0.1)
    for _ in range(3):
        a.grad = Tensor(np.ones(2))
        trained.step()
    b.grad = Tensor(np.ones(2))
    trained.step()
    assert_allclose(b.data, 1 - 0.1, rtol=1e-6)  # its first step, with the correction for t = 1
    assert trained.state_dict()["step.0"] == 4
    assert trained.state_dict()["step.1"] == 1


def test_weights_that_are_not_contiguous_are_updated():
    base = np.ones((4, 6))
    p = Tensor(base.T[::2], requires_grad=True)
    p.grad = Tensor(np.arange(12.0).reshape(3, 4))
    SGD([p], lr=1.0).step()
    assert_array_equal(base.T[::2], 1 - np.arange(12.0).reshape(3, 4))
    assert_array_equal(base.T[1::2], 1)


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW, Adagrad])
def test_diverging_gradients_give_no_warnings(kind):
    p = Tensor(np.ones(3, np.float32), requires_grad=True)
    p.grad = Tensor(np.array([1e30, np.nan, np.inf], np.float32))
    kind([p]).step()
    assert np.isnan(p.data[1])


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW, Adagrad])
def test_a_small_problem_is_solved(kind):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(64, 5))
    truth = generator.normal(size=(5, 1))
    layer = nn.Linear(5, 1, dtype=np.float64, generator=generator)
    trained = kind(layer.parameters(), lr=0.1)
    for _ in range(400):
        trained.zero_grad()
        loss = nn.MSELoss()(layer(x), x @ truth)
        loss.backward()
        trained.step()
    assert loss.item() < 1e-2


def some():
    return Tensor(np.ones(2), requires_grad=True)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Adam([]), "an empty list"),
        (lambda: Adam(some()), "a Tensor"),
        (lambda: Adam(nn.Linear(2, 2).parameters), "a method"),
        (lambda: Adam([np.ones(2)]), "a ndarray at position 0"),
        (lambda: Adam([some(), Tensor([1.0])]), "a Tensor at position 1"),
        (lambda: Adam([some() * 2]), "result of an operation"),
        (lambda: Adam([w := some(), w]), "twice"),
        (lambda: SGD([some()], lr=-1), "learning rate"),
        (lambda: SGD([some()], lr=float("nan")), "learning rate"),
        (lambda: SGD([some()], lr="0.1"), "learning rate"),
        (lambda: SGD([some()], momentum=-0.1), "momentum"),
        (lambda: SGD([some()], weight_decay=-0.1), "weight_decay"),
        (lambda: SGD([some()], nesterov=True), "momentum above zero|looks ahead"),
        (lambda: Adam([some()], betas=(0.9, 1)), "betas"),
        (lambda: Adam([some()], betas=(0.9,)), "betas"),
        (lambda: Adam([some()], eps=-1), "eps"),
        (lambda: Adagrad([some()], lr_decay=-1), "lr_decay"),
        (lambda: Adam([some()]).load_state_dict({}), "does not fit this Adam"),
        (lambda: Adam([some()]).load_state_dict(SGD([some()]).state_dict()), "does not fit"),
    ],
)  # fmt: skip
def test_errors_say_what_was_found(call, text):
    with pytest.raises(ArgumentError, match=f"(?s){text}"):
        call()


def test_shapes_that_do_not_fit_are_named():
    p = some()
    p.grad = Tensor(np.ones(3))
    with pytest.raises(ShapeError, match=r"shape \(3,\)"):
        SGD([p]).step()
    trained = Adam([some()])
    state = trained.state_dict()
    state["mean.0"] = np.ones(3)
    state["lr"] = 7.0
    with pytest.raises(ShapeError, match=r"mean.0"):
        trained.load_state_dict(state)
    assert trained.lr == 1e-3


def test_repr_and_base():
    assert repr(Adam([some()], lr=0.01)) == "Adam(1 parameters, lr=0.01)"
    assert issubclass(AdamW, Optimizer)
