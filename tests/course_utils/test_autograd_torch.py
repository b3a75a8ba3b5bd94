"""Operations beside PyTorch's, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from course_utils import Tensor, concatenate, stack, where

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

GENERATOR = np.random.default_rng(0)
A = GENERATOR.normal(size=(2, 3, 4))
B = np.abs(GENERATOR.normal(size=(3, 1))) + 0.5
C = GENERATOR.normal(size=(2, 4, 5))
MASK = A > 0.2

# (name, ours, theirs): functions of a (2, 3, 4), b (3, 1) above zero, and c (2, 4, 5)
CASES = [
    ("arithmetic", lambda a, b, c: (2 * a + b) / (b - 3.0) - a * b, None),
    ("reflected", lambda a, b, c: 1 / b + (1 - a), None),
    ("powers", lambda a, b, c: a**2 + a**3 + b**-0.5 + 2.0**a + b ** (a * a), None),
    ("products", lambda a, b, c: a @ c @ c.transpose(1, 2), None),
    ("vectors", lambda a, b, c: a @ c[0, :, 0] + b[:, 0] @ a[:, :, :1], None),
    ("shapes", lambda a, b, c: a.reshape(4, 6).transpose(0, 1).reshape([3, -1]), None),
    ("T", lambda a, b, c: a[0].T, None),
    ("functions", lambda a, b, c: a.exp() + b.log() + b.sqrt() + a.tanh() + a.sigmoid(), None),
    ("kinks", lambda a, b, c: a.relu() + a.clamp(-0.5, 0.5) + abs(a), None),
    ("softmax", lambda a, b, c: a.softmax(1) + a.log_softmax(-1), None),
    ("sum", lambda a, b, c: a.sum(dim=1) + a.sum(dim=(0, 1)) + a.sum(), None),
    ("mean", lambda a, b, c: a.mean(dim=-1, keepdim=True) + a.mean(dim=0) + a.mean(), None),
    ("max", lambda a, b, c: a.max(), None),
    ("max dim", lambda a, b, c: a.max(dim=1), lambda a, b, c: a.max(dim=1).values),
    ("index", lambda a, b, c: a[:, 1:, ::2][1] + a[0, [0, 2], :2] * a[..., -1][1, 2], None),
    ("repeated", lambda a, b, c: a[[1, 0, 1, 1], :, [0, 3, 0, 2]], None),
    ("boolean", lambda a, b, c: a[MASK], lambda a, b, c: a[torch.from_numpy(MASK)]),
    ("fill", lambda a, b, c: a.masked_fill(MASK, -1.0),
     lambda a, b, c: a.masked_fill(torch.from_numpy(MASK), -1.0)),
    ("where", lambda a, b, c: where(MASK, a, b),
     lambda a, b, c: torch.where(torch.from_numpy(MASK), a, b)),
    ("concatenate", lambda a, b, c: concatenate([a, c[:, :3], a], dim=-1),
     lambda a, b, c: torch.cat([a, c[:, :3], a], dim=-1)),
    ("stack", lambda a, b, c: stack([a, c[:, :3, :4]], dim=1),
     lambda a, b, c: torch.stack([a, c[:, :3, :4]], dim=1)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "ours", "theirs"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_and_gradients_are_pytorchs(name, ours, theirs, dtype):
    arrays = [array.astype(dtype) for array in (A, B, C)]
    mine = [Tensor(array.copy(), requires_grad=True) for array in arrays]
    other = [torch.tensor(array, requires_grad=True) for array in arrays]
    result, wanted = ours(*mine), (theirs or ours)(*other)
    tolerance = (
        {"rtol": 2e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-12}
    )
    assert result.dtype == dtype
    assert result.shape == tuple(wanted.shape)
    assert_allclose(result.data, wanted.detach().numpy(), **tolerance)
    upstream = np.random.default_rng(1).normal(size=result.shape).astype(dtype)
    result.backward(upstream)
    wanted.backward(torch.tensor(upstream))
    for tensor, reference in zip(mine, other, strict=True):
        assert (tensor.grad is None) == (reference.grad is None)
        if tensor.grad is not None:
            assert tensor.grad.dtype == dtype
            assert_allclose(tensor.grad.data, reference.grad.numpy(), **tolerance)


def test_equal_largest_elements_are_treated_as_in_pytorch():
    array = np.array([3.0, 1.0, 3.0])
    mine, other = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    mine.max().backward()
    other.max().backward()
    assert_allclose(mine.grad.data, other.grad.numpy())
