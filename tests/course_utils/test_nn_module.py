"""Modules: finding parameters wherever they are, modes, saved states, and what repr shows."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from course_utils import ArgumentError, ShapeError, Tensor, nn, set_seed


class Model(nn.Module):
    def __init__(self):
        self.first = nn.Linear(3, 4)
        self.blocks = [nn.BatchNorm1d(4), nn.Sequential(nn.Linear(4, 4), nn.ReLU())]
        self.named = {"head": (nn.Linear(4, 2), "not a module")}
        self.scale = Tensor([1.0], requires_grad=True)
        self.constant = Tensor([1.0])
        self.tied = self.first.weight
        self.number = 7

    def forward(self, x):
        self.seen = self.first(x) * self.scale  # a result, not a parameter
        return self.named["head"][0](self.blocks[1](self.blocks[0](self.seen)))


NAMES = [
    "first.weight", "first.bias", "blocks.0.weight", "blocks.0.bias", "blocks.1.0.weight",
    "blocks.1.0.bias", "named.head.0.weight", "named.head.0.bias", "scale",
]  # fmt: skip
BUFFERS = ["blocks.0.running_mean", "blocks.0.running_var"]


def test_parameters_are_found_once_and_in_order():
    model = Model()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert model.parameters()[0] is model.first.weight
    model(np.ones((2, 3)))
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert [name for name, _ in model.named_buffers()] == BUFFERS


def test_a_cycle_of_modules_ends():
    model = Model()
    model.blocks.append(model)
    assert [name for name, _ in model.named_parameters()] == NAMES


def test_modes_reach_all_parts():
    model = Model()
    parts = [module for _, module in model.named_modules()]
    assert len(parts) == 7
    assert all(part.training for part in parts)
    assert model.eval() is model
    assert not any(part.training for part in parts)
    model.train()
    assert all(part.training for part in parts)
    assert model.train(False) is model
    assert not model.blocks[1].training


def test_zero_grad_reaches_all_parameters():
    model = Model()
    model(np.ones((2, 3))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_states_are_copies_and_come_back():
    model, other = Model(), Model()
    x = np.random.default_rng(0).normal(size=(5, 3))
    model(x)  # moves the running statistics
    state = model.state_dict()
    assert list(state) == NAMES + BUFFERS
    wanted = model.eval()(x).data
    arrays = [p.data for p in other.parameters()]
    other.load_state_dict(state)
    assert_array_equal(other.eval()(x).data, wanted)
    assert all(p.data is array for p, array in zip(other.parameters(), arrays, strict=True))
    for array in state.values():
        array += 1
    assert_array_equal(model(x).data, wanted)
    assert_array_equal(other(x).data, wanted)


def test_states_that_do_not_fit_change_nothing():
    model = Model()
    before = model.state_dict()
    for change, error, text in (
        (lambda s: s.pop("scale"), ArgumentError, "missing: scale"),
        (lambda s: s.update(other=1), ArgumentError, "unknown: other"),
        (lambda s: s.update(scale=np.ones(2)), ShapeError, r"scale.*(?s:.*)shape \(2,\)"),
    ):
        state = {name: array + 1 for name, array in before.items()}
        change(state)
        with pytest.raises(error, match=text):
            model.load_state_dict(state)
        for name, array in model.state_dict().items():
            assert_array_equal(array, before[name])


def test_deep_copies_are_independent():
    model = Model()
    twin = copy.deepcopy(model)
    twin.first.weight.data += 1
    assert not np.array_equal(twin.first.weight.data, model.first.weight.data)
    assert twin.tied is twin.first.weight


def test_repr_is_a_readable_tree():
    assert (
        repr(Model())
        == """Model(
  (first): Linear(3, 4)
  (blocks.0): BatchNorm1d(4)
  (blocks.1): Sequential(
    (0): Linear(4, 4)
    (1): ReLU()
  )
  (named.head.0): Linear(4, 2)
)"""
    )
    layers = [nn.Linear(2, 3, bias=False), nn.Dropout(0.25), nn.LayerNorm(4, affine=False)]
    assert [repr(layer) for layer in [*layers, nn.MultiheadAttention(8, 2), nn.Flatten()]] == [
        "Linear(2, 3, bias=False)", "Dropout(0.25)", "LayerNorm(4, affine=False)",
        "MultiheadAttention(8, num_heads=2)", "Flatten()",
    ]  # fmt: skip
    assert repr(nn.Parameter([[1.0]])) == "Parameter(shape=(1, 1), dtype=float64)"


def test_a_module_without_forward_says_so():
    class Empty(nn.Module):
        def foward(self, x):
            return x

    with pytest.raises(ArgumentError, match="Empty has no forward method"):
        Empty()(1)


def test_sequential_is_a_sequence():
    layers = [nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)]
    model = nn.Sequential(*layers)
    assert len(model) == 3
    assert list(model) == layers == model.modules
    assert model[1] is layers[1]
    x = np.random.default_rng(0).normal(size=(5, 3))
    assert_array_equal(model(x).data, layers[2](layers[0](x).relu()).data)
    for wrong in (layers, nn.ReLU):
        with pytest.raises(ArgumentError, match="Sequential is made of modules"):
            nn.Sequential(wrong)


def test_flatten_keeps_the_batch():
    assert nn.Flatten()(np.ones((5, 2, 3))).shape == (5, 6)
    assert nn.Flatten()(Tensor(np.ones((0, 2, 3)))).shape[0] == 0
    with pytest.raises(ShapeError, match="no batch axis"):
        nn.Flatten()(1.0)


def build():
    return nn.Sequential(
        nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 8)
    ), nn.MultiheadAttention(8, 2)


def test_the_same_seed_gives_the_same_weights_and_masks_bit_for_bit():
    results = []
    for _ in range(2):
        set_seed(42)
        net, attention = build()
        states = [*net.state_dict().values(), *attention.state_dict().values()]
        x = np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32)
        results.append([array.tobytes() for array in [*states, net(x).data]])
    assert results[0] == results[1]
    set_seed(43)
    assert build()[0].state_dict()["0.weight"].tobytes() != results[0][0]


def test_an_own_generator_leaves_the_shared_one_alone():
    set_seed(1)
    first = nn.Linear(3, 3).weight.data
    set_seed(1)
    own = np.random.default_rng(5)
    nn.Linear(3, 3, generator=own), nn.MultiheadAttention(4, 2, generator=own)
    nn.Dropout(0.5, generator=own)(np.ones(9))
    nn.init.he_normal_(Tensor(np.zeros((2, 2))), own)
    assert_array_equal(nn.Linear(3, 3).weight.data, first)


def test_parameters_are_float32_unless_told_otherwise():
    for dtype in (np.float32, np.float64):
        layers = [
            nn.Linear(4, 4, dtype=dtype), nn.BatchNorm1d(4, dtype=dtype),
            nn.LayerNorm(4, dtype=dtype), nn.MultiheadAttention(4, 2, dtype=dtype),
        ]  # fmt: skip
        for layer in layers:
            x = np.ones((2, 3, 4) if isinstance(layer, nn.MultiheadAttention) else (2, 4))
            assert {array.dtype for array in layer.state_dict().values()} == {np.dtype(dtype)}
            assert layer(x).dtype == dtype  # float64 images do not slow down a float32 layer
            given = Tensor(x, requires_grad=True)
            layer(given).sum().backward()
            assert given.grad.dtype == np.float64
    assert nn.Linear(2, 2).weight.dtype == np.float32
    assert nn.Parameter([1, 2]).dtype == np.float64


LAYERS = {
    "linear": (lambda dtype: nn.Linear(4, 3, dtype=dtype), (5, 4)),
    "batch norm": (lambda dtype: nn.BatchNorm1d(4, dtype=dtype), (5, 4)),
    "layer norm": (lambda dtype: nn.LayerNorm(4, dtype=dtype), (5, 4)),
    "attention": (lambda dtype: nn.MultiheadAttention(4, 2, dtype=dtype), (2, 3, 4)),
    "a model": (
        lambda dtype: nn.Sequential(
            nn.LayerNorm(4, affine=False), nn.Linear(4, 6, dtype=dtype),
            nn.BatchNorm1d(6, dtype=dtype), nn.GELU(), nn.Dropout(0.5),
            nn.LayerNorm(6, dtype=dtype), nn.Linear(6, 2, dtype=dtype),
        ),
        (5, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("given", [np.float32, np.float64], ids=["x32", "x64"])
@pytest.mark.parametrize("now", [np.float32, np.float64], ids=["to32", "to64"])
@pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)
def test_a_model_whose_parameters_were_converted_is_as_one_made_of_that_type(
    make, shape, now, given, training
):
    """To the last bit, so that nothing was computed in the type of before."""
    before = np.float64 if now == np.float32 else np.float32
    set_seed(3)
    converted = make(before)
    for parameter in converted.parameters():
        noise = np.random.default_rng(parameter.size).normal(size=parameter.shape)
        parameter.data = (parameter.data + noise).astype(before)
    for _, buffer in converted.named_buffers():
        buffer += np.random.default_rng(4).random(buffer.shape).astype(before)
    for parameter in converted.parameters():
        parameter.data = parameter.data.astype(now)
    made = make(now)
    made.load_state_dict(converted.state_dict())

    x = np.random.default_rng(5).normal(size=shape).astype(given)
    seen = []
    for model in (converted, made):
        set_seed(6)  # of the dropout
        tensor = Tensor(x, requires_grad=True)
        result = model.train(training)(tensor)
        upstream = np.random.default_rng(7).normal(size=result.shape).astype(now)
        result.backward(upstream)
        gradients = {name: p.grad.data for name, p in model.named_parameters()}
        seen.append({"result": result.data, "x": tensor.grad.data, **gradients})
        seen[-1] |= {f"kept {name}": array for name, array in model.state_dict().items()}
    for name, wanted in seen[1].items():
        assert wanted.dtype == (given if name == "x" else now)
        assert seen[0][name].dtype == wanted.dtype, name
        assert_array_equal(seen[0][name], wanted, err_msg=name)


def test_without_parameters_a_layer_computes_in_the_type_of_its_input():
    for layer in (nn.LayerNorm(4, affine=False), nn.Dropout(0.5), nn.ReLU(), nn.GELU()):
        for dtype in (np.float32, np.float64):
            x = Tensor(np.ones((2, 4), dtype), requires_grad=True)
            result = layer(x)
            result.sum().backward()
            assert result.dtype == x.grad.dtype == dtype
    assert nn.LayerNorm(4, affine=False)([[1, 2, 3, 4]]).dtype == np.float32
