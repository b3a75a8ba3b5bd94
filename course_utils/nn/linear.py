"""The linear layer: x Wᵀ + b, as one step of the graph."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_float_type
from course_utils.autograd import Tensor, quiet, record
from course_utils.errors import ShapeError
from course_utils.nn import init
from course_utils.nn.inputs import as_input, checked_count
from course_utils.nn.module import Array, Module, Parameter


@quiet
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""Return x Wᵀ + b.

    Parameters
    ----------
    x : Tensor, shape (..., n_in)
    weight : Tensor, shape (n_out, n_in)
    bias : Tensor, shape (n_out,), optional

    Returns
    -------
    Tensor, shape (..., n_out)

    Notes
    -----
    With G the gradient of the result, all axes in front taken as one batch:
    :math:`\partial W = G^T X`, :math:`\partial b = \sum_b G_b`, :math:`\partial X = G W`;
    Goodfellow, Bengio and Courville, *Deep Learning* (2016), 6.5.6.
    """
    w = weight.data
    n_out, n_in = w.shape
    if x.data.ndim == 0 or x.data.shape[-1] != n_in:
        raise ShapeError(
            f"the input does not fit a linear layer from {n_in} to {n_out}",
            expected=f"shape (..., {n_in})",
            found=f"shape {x.data.shape}",
            mend="flatten images with Flatten(), or build Linear with the input's last length",
        )
    shape = x.data.shape
    rows = x.data if len(shape) == 2 else x.data.reshape(-1, n_in)  # (batch, n_in)
    result = np.matmul(rows, w.T)  # (batch, n_out)
    if bias is not None:
        result += bias.data
    if len(shape) != 2:
        result = result.reshape(*shape[:-1], n_out)

    def backward(gradient: Array) -> tuple[Array | None, ...]:
        g = gradient if len(shape) == 2 else gradient.reshape(-1, n_out)
        for_x = np.matmul(g, w).reshape(shape) if x.requires_grad else None
        for_weight = np.matmul(g.T, rows) if weight.requires_grad else None
        if bias is None:
            return for_x, for_weight
        return for_x, for_weight, g.sum(axis=0) if bias.requires_grad else None

    return record(result, (x, weight) if bias is None else (x, weight, bias), backward)


class Linear(Module):
    r"""Linear layer, :math:`y = x W^T + b`.

    Parameters
    ----------
    n_in, n_out : int
        Lengths of the last axis of input and output.
    bias : bool
        Whether there is a b.
    dtype : float type
        Type of the parameters. The layer computes in the type of its weight: inputs are converted.
    generator : numpy.random.Generator, optional
        Where the starting weights come from; `course_utils.get_generator()` by default.

    Attributes
    ----------
    weight : Parameter, shape (n_out, n_in)
    bias : Parameter, shape (n_out,), or None

    Notes
    -----
    Weight and bias start from U(-b, b) with b = 1 / sqrt(n_in), the default of PyTorch.

    Examples
    --------
    >>> layer = Linear(784, 10)
    >>> layer
    Linear(784, 10)
    >>> layer(np.zeros((32, 784))).shape
    (32, 10)
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        bias: bool = True,
        *,
        dtype: npt.DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.n_in = checked_count(n_in, "n_in")
        self.n_out = checked_count(n_out, "n_out")
        dtype = as_float_type(dtype)
        bound = 1 / math.sqrt(n_in)
        self.weight = Parameter(np.zeros((n_out, n_in), dtype))
        init.uniform_(self.weight, bound, generator)
        self.bias: Parameter | None = None
        if bias:
            self.bias = Parameter(np.zeros(n_out, dtype))
            init.uniform_(self.bias, bound, generator)

    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return the result, shape (..., n_out), for x of shape (..., n_in)."""
        return linear(as_input(x, self.weight.data.dtype), self.weight, self.bias)

    def describe(self) -> str:
        """Return the sizes."""
        return f"{self.n_in}, {self.n_out}" + ("" if self.bias is not None else ", bias=False")
