"""Batch normalisation of features, as one step of the graph."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_float_type
from course_utils.autograd import Tensor, quiet, record
from course_utils.errors import ShapeError
from course_utils.nn.inputs import as_input, checked_count, checked_number
from course_utils.nn.module import Array, Module, Parameter


@quiet
def batch_norm(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5
) -> tuple[Tensor, Array, Array]:
    r"""Normalise each feature over the batch, then scale and shift it.

    .. math:: \hat{x} = (x - \mu) / \sqrt{\sigma^2 + \epsilon}, \qquad y = \gamma \hat{x} + \beta

    Parameters
    ----------
    x : Tensor, shape (batch, features)
    weight, bias : Tensor, shape (features,)
        γ and β.
    eps : float

    Returns
    -------
    y : Tensor, shape (batch, features)
    mean, variance : ndarray, shape (features,)
        Of this batch; the variance is the biased one, divided by the batch size.

    Notes
    -----
    With g the gradient of y and B the batch size:
    :math:`\partial\gamma = \sum_b g \hat{x}`, :math:`\partial\beta = \sum_b g`,
    :math:`\partial x = \gamma / \sqrt{\sigma^2 + \epsilon} \cdot
    (g - \partial\beta / B - \hat{x} \, \partial\gamma / B)`.
    Source: Ioffe and Szegedy, *Batch Normalization* (2015), algorithm 1 and section 3.
    """
    gamma = weight.data
    batch = len(x.data)
    mean = x.data.mean(axis=0)  # (features,)
    normal = x.data - mean  # (batch, features), not yet scaled
    variance = np.einsum("bf,bf->f", normal, normal) / batch
    inverse = 1 / np.sqrt(variance + eps)
    normal *= inverse
    result = normal * gamma
    result += bias.data

    def backward(gradient: Array) -> tuple[Array | None, Array, Array]:
        for_weight = np.einsum("bf,bf->f", gradient, normal)
        for_bias = gradient.sum(axis=0)
        if not x.requires_grad:
            return None, for_weight, for_bias
        for_x = normal * (for_weight / batch)
        for_x += for_bias / batch
        np.subtract(gradient, for_x, out=for_x)
        for_x *= gamma * inverse
        return for_x, for_weight, for_bias

    return record(result, (x, weight, bias), backward), mean, variance


class BatchNorm1d(Module):
    """Batch normalisation of inputs (batch, features).

    In training the batch's own mean and (biased) variance are used, and running averages of the
    mean and of the unbiased variance are kept; in evaluation the running averages are used.

    Parameters
    ----------
    n : int
        Number of features.
    eps : float
        Added to the variance.
    momentum : float
        Share of the newest batch in the running averages.
    dtype : float type
        Type of the parameters. The layer computes in the type of its weight: inputs are
        converted, and so are the running averages.

    Attributes
    ----------
    weight, bias : Parameter, shape (n,)
        Scale γ, ones at first, and shift β, zeros at first.
    running_mean, running_var : ndarray, shape (n,)
        Zeros and ones at first.

    Raises
    ------
    ShapeError
        In the call: for another shape, and in training for a batch of fewer than two rows.

    Notes
    -----
    Source: Ioffe and Szegedy, *Batch Normalization* (2015); defaults and running averages as in
    PyTorch.
    """

    buffer_names: ClassVar[tuple[str, ...]] = ("running_mean", "running_var")

    def __init__(
        self,
        n: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.n = checked_count(n, "n")
        self.eps = checked_number(eps, "eps")
        self.momentum = checked_number(momentum, "momentum", 0, 1)
        dtype = as_float_type(dtype)
        self.weight = Parameter(np.ones(n, dtype))
        self.bias = Parameter(np.zeros(n, dtype))
        self.running_mean: Array = np.zeros(n, dtype)
        self.running_var: Array = np.ones(n, dtype)

    @quiet
    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return the normalised batch, shape (batch, n)."""
        dtype = self.weight.data.dtype
        x = as_input(x, dtype)
        if x.ndim != 2 or x.shape[1] != self.n:
            raise ShapeError(
                f"the input does not fit a batch normalisation of {self.n} features",
                expected=f"shape (batch, {self.n})",
                found=f"shape {x.shape}",
                mend="build BatchNorm1d with the number of outputs of the layer before it",
            )
        if self.running_mean.dtype != dtype:  # the parameters have been converted
            self.running_mean = self.running_mean.astype(dtype)
            self.running_var = self.running_var.astype(dtype)
        if not self.training:
            scale = self.weight * (1 / np.sqrt(self.running_var + self.eps))  # (n,)
            return x * scale + (self.bias - scale * self.running_mean)
        batch = len(x)
        if batch < 2:
            raise ShapeError(
                "batch normalisation in training needs at least two rows: "
                "a single row has no variance",
                expected="a batch of two or more",
                found=f"shape {x.shape}",
                mend="leave out the last batch (drop_last=True), or call model.eval() to predict",
            )
        result, mean, variance = batch_norm(x, self.weight, self.bias, self.eps)
        self.running_mean += self.momentum * (mean - self.running_mean)
        self.running_var += self.momentum * (variance * (batch / (batch - 1)) - self.running_var)
        return result

    def describe(self) -> str:
        """Return the number of features."""
        return f"{self.n}"
