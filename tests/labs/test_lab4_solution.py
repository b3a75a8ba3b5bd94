"""Lab 4's solutions: against PyTorch, on the digits, and on MNIST.

The hidden checks have references of their own; this is a second opinion on the solutions, and
on the accuracies that the lab promises.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from autograder.catalog import Course
from course_utils import SGD, Adam, MultiheadAttention, Tensor, set_seed
from tests.solved import run_lab

LAB = Course(Path(__file__).parents[2]).lab("lab4_attention")
REAL_DATA = os.environ.get("COURSE_DATA", "")


@pytest.fixture(scope="module")
def lab():
    return run_lab(LAB, "digits")


# ------------------------------------------------------- against other versions


def in_float64(module, seed):
    """Give a module other parameters, in float64."""
    rng = np.random.default_rng(seed)
    for parameter in module.parameters():
        parameter.data = 0.5 * rng.normal(size=parameter.shape)
    for _, part in module.named_modules():
        if hasattr(part, "dtype"):  # a LayerNorm computes in this type
            part.dtype = np.dtype(np.float64)
    return module


def test_patches_are_what_a_convolution_sees(lab):
    torch = pytest.importorskip("torch")
    embedding = in_float64(lab["ImageEmbedding"](28, 6, 7), 1)
    weight, bias = (torch.tensor(p.data, requires_grad=True) for p in embedding.parameters())
    images = np.random.default_rng(2).normal(size=(3, 784))
    upstream = np.random.default_rng(3).normal(size=(3, 16, 6))
    mine = embedding(images)
    mine.backward(upstream)
    theirs = torch.nn.functional.conv2d(
        torch.tensor(images).reshape(3, 1, 28, 28), weight.reshape(6, 1, 7, 7), bias, stride=7
    )
    theirs = theirs.flatten(2).transpose(1, 2)
    theirs.backward(torch.tensor(upstream))
    np.testing.assert_allclose(mine.data, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)
    for parameter, other in zip(embedding.parameters(), (weight, bias), strict=True):
        np.testing.assert_allclose(parameter.grad.data, other.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_that_of_the_library(lab, masked):
    own = in_float64(lab["MultiHeadSelfAttention"](12, 3), 1)
    theirs = MultiheadAttention(12, 3, dtype=np.float64)
    parts = own.query, own.key, own.value
    theirs.in_proj_weight.data = np.concatenate([part.weight.data for part in parts])
    theirs.in_proj_bias.data = np.concatenate([part.bias.data for part in parts])
    theirs.out_proj.weight.data = own.output.weight.data.copy()
    theirs.out_proj.bias.data = own.output.bias.data.copy()
    rng = np.random.default_rng(2)
    tokens, upstream = rng.normal(size=(2, 4, 5, 12))
    mask = np.tril(np.ones((5, 5), dtype=bool)) if masked else None
    results, gradients = [], []
    for module in (own, theirs):
        leaf = Tensor(tokens.copy(), requires_grad=True)
        result = module(leaf, mask)
        result.backward(upstream)
        results.append(result.data)
        gradients.append(leaf.grad.data)
    np.testing.assert_allclose(*results, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(*gradients, rtol=1e-9, atol=1e-12)
    joined = np.concatenate([part.weight.grad.data for part in parts])
    np.testing.assert_allclose(joined, theirs.in_proj_weight.grad.data, rtol=1e-9, atol=1e-12)


def test_a_block_is_an_encoder_layer_of_torch(lab):
    torch = pytest.importorskip("torch")
    block = in_float64(lab["TransformerBlock"](6, 2, 10), 1)
    layer = torch.nn.TransformerEncoderLayer(
        6, 2, 10, dropout=0.0, batch_first=True, norm_first=True, dtype=torch.float64
    )
    parts = block.attention.query, block.attention.key, block.attention.value
    state = {
        "self_attn.in_proj_weight": np.concatenate([part.weight.data for part in parts]),
        "self_attn.in_proj_bias": np.concatenate([part.bias.data for part in parts]),
        "self_attn.out_proj.weight": block.attention.output.weight.data,
        "self_attn.out_proj.bias": block.attention.output.bias.data,
    }
    for mine, other in ((block.mlp[0], "linear1"), (block.mlp[2], "linear2")):
        state |= {f"{other}.weight": mine.weight.data, f"{other}.bias": mine.bias.data}
    for mine, other in ((block.norm1, "norm1"), (block.norm2, "norm2")):
        state |= {f"{other}.weight": mine.weight.data, f"{other}.bias": mine.bias.data}
    layer.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    tokens, upstream = np.random.default_rng(2).normal(size=(2, 3, 5, 6))
    leaf, other = Tensor(tokens.copy(), requires_grad=True), torch.tensor(tokens)
    other.requires_grad_()
    mine, theirs = block(leaf), layer(other)
    mine.backward(upstream)
    theirs.backward(torch.tensor(upstream))
    np.testing.assert_allclose(mine.data, theirs.detach().numpy(), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(leaf.grad.data, other.grad.numpy(), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(
        block.norm1.weight.grad.data, layer.norm1.weight.grad.numpy(), rtol=1e-8, atol=1e-10
    )


def test_clipping_is_that_of_torch(lab):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    gradients = [rng.normal(size=shape) for shape in ((3, 4), (5,))]
    for mine, theirs in (
        ("clip_by_value", torch.nn.utils.clip_grad_value_),
        ("clip_by_norm", torch.nn.utils.clip_grad_norm_),
    ):
        own = [Tensor(np.zeros(g.shape), requires_grad=True) for g in gradients]
        others = [torch.zeros(g.shape, dtype=torch.float64) for g in gradients]
        for tensor, other, gradient in zip(own, others, gradients, strict=True):
            tensor.grad = Tensor(gradient.copy())
            other.grad = torch.tensor(gradient)
        returned, norm = lab[mine](own, 0.7), theirs(others, 0.7)
        for tensor, other in zip(own, others, strict=True):
            np.testing.assert_allclose(tensor.grad.data, other.grad.numpy(), rtol=1e-5)
        if mine == "clip_by_norm":
            assert returned == pytest.approx(norm.item())


# ------------------------------------------------------- what the text promises


def test_the_small_model_is_the_one_of_the_text(lab):
    small = lab["TinyTransformer"]()
    assert lab["count_parameters"](small) == 740
    assert small.readout.weight.shape == (10, 49)
    assert small.embedding.num_patches == 49
    assert small.block.attention.num_heads == 1
    assert small.block.mlp[0].weight.shape == (8, 4)
    assert lab["count_parameters"](lab["LargerTransformer"]()) == 41_674
    assert lab["count_parameters"](lab["mlp"](52)) == 41_350
    assert lab["count_parameters"](lab["mlp"](1)) == 805


def test_attention_alone_is_blind_to_places(lab):
    bag = in_float64(lab["MultiHeadSelfAttention"](8, 2), 1)
    tokens, order = np.random.default_rng(2).normal(size=(3, 6, 8)), [3, 1, 5, 0, 2, 4]
    np.testing.assert_allclose(bag(tokens[:, order]).data, bag(tokens).data[:, order], atol=1e-12)
    larger = lab["LargerTransformer"]()
    image = np.random.default_rng(3).random((1, 784)).astype(np.float32)
    turned = image.reshape(28, 28)[::-1].reshape(1, 784)
    assert not np.allclose(larger(image).data, larger(turned).data, atol=1e-3)


def test_residuals_carry_the_gradient(lab):
    class NoRoad(lab["TransformerBlock"]):
        def forward(self, x):
            return self.mlp(self.norm2(self.attention(self.norm1(x))))

    tokens, upstream = np.random.default_rng(0).normal(size=(2, 4, 8, 16)).astype(np.float32)
    norms = {}
    for kind in (lab["TransformerBlock"], NoRoad):
        set_seed(4)
        first, *others = [kind(16, 4, 32) for _ in range(16)]
        out = first(tokens)
        for block in others:
            out = block(out)
        out.backward(upstream)
        norms[kind] = np.linalg.norm(first.mlp[0].weight.grad.data)
    assert norms[lab["TransformerBlock"]] > 1000 * norms[NoRoad]


def accuracies(names):
    """Return the test accuracies of both models, trained as in the lab."""
    set_seed(4)
    small, larger = names["TinyTransformer"](), names["LargerTransformer"]()
    run = names["run_training"]
    run(small, SGD(small.parameters(), lr=5e-2))
    run(
        larger,
        Adam(larger.parameters(), lr=3e-3),
        batch_size=100,
        num_epochs=3 * names["EPOCHS"] // 2,
        clip=names["clip_by_norm"],
    )
    return names["accuracy"](small), names["accuracy"](larger)


@pytest.mark.slow
def test_both_models_learn_the_digits(lab):
    small, larger = accuracies(lab)
    assert small > 0.85
    assert larger > 0.93


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.skipif(not Path(REAL_DATA).is_dir() or not REAL_DATA, reason="needs real MNIST")
def test_the_promised_accuracies_on_mnist():
    names = run_lab(LAB, REAL_DATA)
    assert len(names["x_train"]) == 60_000
    small, larger = accuracies(names)
    assert small > 0.86
    assert larger > 0.96
