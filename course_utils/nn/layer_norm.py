"""Layer normalisation over the last axis, as one step of the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_float_type
from course_utils.autograd import Tensor, quiet, record
from course_utils.errors import ShapeError
from course_utils.nn.inputs import as_input, checked_count, checked_number
from course_utils.nn.module import Array, Module, Parameter


@quiet
def layer_norm(
    x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    r"""Normalise each row over its last axis, then scale and shift it.

    .. math:: \hat{x} = (x - \mu) / \sqrt{\sigma^2 + \epsilon}, \qquad y = \gamma \hat{x} + \beta

    Parameters
    ----------
    x : Tensor, shape (..., features)
    weight, bias : Tensor, shape (features,), optional
        γ and β; both or none.
    eps : float

    Returns
    -------
    Tensor, same shape as x

    Notes
    -----
    With g the gradient of y, h = γ g, and means over the last axis:
    :math:`\partial x = (h - \overline{h} - \hat{x} \, \overline{h \hat{x}}) /
    \sqrt{\sigma^2 + \epsilon}`. Source: Ba, Kiros and Hinton, *Layer Normalization* (2016).
    """
    shape = x.data.shape
    n = shape[-1]
    rows = x.data.reshape(-1, n)  # (rows, features)
    # A product with this vector is a mean over short rows, faster than .mean(axis=1).
    average = np.full((n, 1), 1 / n, rows.dtype)
    normal = rows - rows @ average
    inverse = 1 / np.sqrt((normal * normal) @ average + eps)  # (rows, 1)
    normal *= inverse
    if weight is None or bias is None:
        result = normal.reshape(shape)
    else:
        result = normal * weight.data
        result += bias.data
        result = result.reshape(shape)

    def backward(gradient: Array) -> tuple[Array | None, ...]:
        g = gradient.reshape(-1, n)
        h = g if weight is None else g * weight.data
        for_x = None
        if x.requires_grad:
            for_x = normal * ((h * normal) @ average)
            for_x += h @ average
            np.subtract(h, for_x, out=for_x)
            for_x *= inverse
            for_x = for_x.reshape(shape)
        if weight is None:
            return (for_x,)
        return for_x, np.einsum("rf,rf->f", g, normal), g.sum(axis=0)

    inputs = (x,) if weight is None or bias is None else (x, weight, bias)
    return record(result, inputs, backward)


class LayerNorm(Module):
    """Layer normalisation of inputs (..., n) over the last axis.

    Parameters
    ----------
    n : int
        Length of the last axis.
    affine : bool
        Whether there are a scale and a shift to be trained.
    eps : float
        Added to the (biased) variance.
    dtype : float type
        Type of the parameters. The layer computes in the type of its weight: inputs are
        converted. Without parameters it computes in the type of its input, and in this one where
        that holds whole numbers.

    Attributes
    ----------
    weight, bias : Parameter, shape (n,), or None
        Scale γ, ones at first, and shift β, zeros at first.

    Notes
    -----
    Source: Ba, Kiros and Hinton, *Layer Normalization* (2016); defaults as in PyTorch.
    """

    def __init__(
        self, n: int, affine: bool = True, eps: float = 1e-5, *, dtype: npt.DTypeLike = np.float32
    ) -> None:
        self.n = checked_count(n, "n")
        self.eps = checked_number(eps, "eps")
        self.dtype = as_float_type(dtype)
        self.weight = Parameter(np.ones(n, self.dtype)) if affine else None
        self.bias = Parameter(np.zeros(n, self.dtype)) if affine else None

    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return the normalised rows, same shape as x."""
        x = x if isinstance(x, Tensor) else Tensor(x)
        x = as_input(x, self._type_for(x))
        if x.ndim == 0 or x.shape[-1] != self.n:
            raise ShapeError(
                f"the input does not fit a layer normalisation of {self.n} features",
                expected=f"shape (..., {self.n})",
                found=f"shape {x.shape}",
                mend="build LayerNorm with the length of the input's last axis",
            )
        return layer_norm(x, self.weight, self.bias, self.eps)

    def _type_for(self, x: Tensor) -> np.dtype[Any]:
        if self.weight is not None:
            return self.weight.data.dtype
        return x.data.dtype if x.data.dtype.kind == "f" else self.dtype

    def describe(self) -> str:
        """Return the number of features."""
        return f"{self.n}" + ("" if self.weight is not None else ", affine=False")
