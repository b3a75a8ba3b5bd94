"""Layers, losses, clipping and optimizers beside PyTorch's, with the same weights."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from course_utils import Tensor, nn, optim

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

F64 = {"rtol": 1e-10, "atol": 1e-12}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def same_weights(ours, theirs):
    for (name, mine), (other_name, other) in zip(
        ours.state_dict().items(),
        ((n, t) for n, t in theirs.state_dict().items() if "num_batches" not in n),
        strict=True,
    ):
        assert name == other_name
        assert mine.shape == tuple(other.shape)
    ours.load_state_dict({n: t.numpy() for n, t in theirs.state_dict().items()
                          if "num_batches" not in n})  # fmt: skip


def compare(ours, theirs, x, their_call=None, **tolerance):
    """Compare result, gradients and state of two layers."""
    mine, other = Tensor(x.copy(), requires_grad=True), torch.tensor(x, requires_grad=True)
    result, wanted = ours(mine), (their_call or theirs)(other)
    assert_allclose(result.data, wanted.detach().numpy(), **tolerance)
    upstream = normal(*result.shape, seed=9)
    result.backward(upstream)
    wanted.backward(torch.tensor(upstream).to(wanted.dtype))
    assert_allclose(mine.grad.data, other.grad.numpy(), **tolerance)
    for (_, parameter), (_, reference) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        assert_allclose(parameter.grad.data, reference.grad.numpy(), **tolerance)
        parameter.grad = reference.grad = None


@pytest.mark.parametrize("bias", [True, False])
def test_linear(bias):
    ours = nn.Linear(5, 3, bias, dtype=np.float64)
    theirs = torch.nn.Linear(5, 3, bias, dtype=torch.float64)
    same_weights(ours, theirs)
    compare(ours, theirs, normal(4, 5), **F64)
    compare(ours, theirs, normal(2, 4, 5), **F64)


def test_batch_norm_over_many_batches_and_in_evaluation():
    ours, theirs = nn.BatchNorm1d(3, dtype=np.float64), torch.nn.BatchNorm1d(3).double()
    for seed in range(20):
        compare(ours, theirs, normal(4 + seed % 3, 3, seed=seed) * 2 + seed, **F64)
        assert_allclose(ours.running_mean, theirs.running_mean.numpy(), **F64)
        assert_allclose(ours.running_var, theirs.running_var.numpy(), **F64)
    ours.eval(), theirs.eval()
    compare(ours, theirs, normal(4, 3), **F64)


@pytest.mark.parametrize("affine", [True, False])
def test_layer_norm(affine):
    ours = nn.LayerNorm(6, affine, dtype=np.float64)
    theirs = torch.nn.LayerNorm(6, elementwise_affine=affine, dtype=torch.float64)
    for parameter, reference in zip(ours.parameters(), theirs.parameters(), strict=True):
        parameter.data[...] = normal(6)
        reference.data = torch.tensor(parameter.data)
    compare(ours, theirs, normal(2, 4, 6) * 3 + 1, **F64)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_multihead_attention(bias, heads, masked):
    ours = nn.MultiheadAttention(6, heads, bias, dtype=np.float64)
    theirs = torch.nn.MultiheadAttention(6, heads, bias=bias, batch_first=True).double()
    same_weights(ours, theirs)
    mask = np.tril(np.ones((5, 5), dtype=bool)) if masked else None
    hidden = None if mask is None else torch.tensor(~mask)  # True hides, over there
    ours_called = (lambda x: ours(x, mask)) if masked else ours
    mine = type("", (), {"__call__": lambda _, x: ours_called(x),
                         "named_parameters": lambda _: ours.named_parameters()})()  # fmt: skip
    compare(mine, theirs, normal(2, 5, 6), lambda x: theirs(x, x, x, attn_mask=hidden)[0], **F64)


def test_activations():
    for ours, theirs in (
        (nn.ReLU(), torch.nn.ReLU()), (nn.Tanh(), torch.nn.Tanh()),
        (nn.Sigmoid(), torch.nn.Sigmoid()), (nn.GELU(), torch.nn.GELU(approximate="tanh")),
    ):  # fmt: skip
        compare(ours, theirs, normal(4, 5) * 3, **F64)


@pytest.mark.parametrize("scale", [1, 1e6])
def test_losses(scale):
    z, labels = normal(6, 4) * scale, np.array([0, 3, 1, 1, 2, 0])
    soft = np.abs(normal(6, 4, seed=1))
    for ours, theirs, target in (
        (nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss(), labels),
        (nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss(), soft),
        (nn.MSELoss(), torch.nn.MSELoss(), soft),
    ):
        mine, other = Tensor(z, requires_grad=True), torch.tensor(z, requires_grad=True)
        result, wanted = ours(mine, target), theirs(other, torch.tensor(target))
        (result * 3).backward()
        (wanted * 3).backward()
        assert_allclose(result.item(), wanted.item(), **F64)
        assert_allclose(mine.grad.data, other.grad.numpy(), **F64)


@pytest.mark.parametrize("bound", [0.1, 100.0])
def test_clipping(bound):
    for ours, theirs in (
        (nn.clip_grad_norm_, torch.nn.utils.clip_grad_norm_),
        (nn.clip_grad_value_, torch.nn.utils.clip_grad_value_),
    ):
        arrays = [normal(3, 4), normal(5, seed=1)]
        mine = [Tensor(array, requires_grad=True) for array in arrays]
        other = [torch.tensor(array, requires_grad=True) for array in arrays]
        for a, b in zip(mine, other, strict=True):
            (a * a * a).sum().backward()
            (b * b * b).sum().backward()
        norm, wanted = ours(mine, bound), theirs(other, bound)
        assert norm is None or abs(norm - wanted.item()) < 1e-10
        for a, b in zip(mine, other, strict=True):
            assert_allclose(a.grad.data, b.grad.numpy(), **F64)


OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.1}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.01,
                 "initial_accumulator_value": 0.2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_twenty_steps_of_training(name, options, dtype):
    ours = nn.Sequential(nn.Linear(6, 8, dtype=dtype), nn.Tanh(), nn.Linear(8, 3, dtype=dtype))
    theirs = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    theirs = theirs.to(torch.float32 if dtype == np.float32 else torch.float64)
    same_weights(ours, theirs)
    kinds = getattr(optim, name), getattr(torch.optim, name)
    mine, other = kinds[0](ours.parameters(), **options), kinds[1](theirs.parameters(), **options)
    for step in range(20):
        x, labels = normal(10, 6, seed=step).astype(dtype), np.arange(10) % 3
        if step == 10:  # as a schedule does
            mine.lr /= 2
            other.param_groups[0]["lr"] /= 2
        mine.zero_grad(), other.zero_grad()
        loss = nn.CrossEntropyLoss()(ours(x), labels)
        wanted = torch.nn.CrossEntropyLoss()(theirs(torch.tensor(x)), torch.tensor(labels))
        loss.backward(), wanted.backward()
        mine.step(), other.step()
    tolerance = (
        {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-11}
    )
    assert_allclose(loss.item(), wanted.item(), **tolerance)
    for parameter, reference in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_allclose(parameter.data, reference.detach().numpy(), **tolerance)


def test_default_learning_rates_and_settings_are_pytorchs():
    for name in ("SGD", "Adam", "AdamW", "Adagrad"):
        parameter = torch.nn.Parameter(torch.ones(2))
        wanted = getattr(torch.optim, name)([parameter]).defaults
        ours = getattr(optim, name)([Tensor([1.0], requires_grad=True)])
        for setting in ("lr", "weight_decay", "momentum", "betas", "eps", "lr_decay"):
            if hasattr(ours, setting):
                assert getattr(ours, setting) == wanted[setting], (name, setting)


def test_starting_weights_have_pytorchs_spread():
    ours, theirs = nn.Linear(300, 400), torch.nn.Linear(300, 400)
    attention, other = nn.MultiheadAttention(64, 2), torch.nn.MultiheadAttention(64, 2)
    for (name, mine), (_, reference) in zip(
        [*ours.named_parameters(), *attention.named_parameters()],
        [*theirs.named_parameters(), *other.named_parameters()],
        strict=True,
    ):
        wanted = reference.detach().numpy()
        assert_allclose(mine.data.std(), wanted.std(), rtol=0.1, err_msg=name)
        assert_allclose(np.abs(mine.data).max(), np.abs(wanted).max(), rtol=0.05, err_msg=name)
