"""Activations as layers; the functions are methods of Tensor."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from course_utils.autograd import Tensor, quiet, record
from course_utils.nn.module import Array, Module


class ReLU(Module):
    """max(x, 0), element by element: Goodfellow, Bengio and Courville (2016), 6.3.1."""

    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return the activation, same shape."""
        return _tensor(x).relu()


class Sigmoid(Module):
    """1 / (1 + exp(-x)), element by element."""

    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return the activation, same shape."""
        return _tensor(x).sigmoid()


class Tanh(Module):
    """Hyperbolic tangent, element by element."""

    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return the activation, same shape."""
        return _tensor(x).tanh()


class GELU(Module):
    r"""Gaussian error linear unit, in the form with tanh.

    .. math:: x/2 \cdot (1 + \tanh(\sqrt{2/\pi} (x + 0.044715 x^3)))

    Source: Hendrycks and Gimpel, *Gaussian Error Linear Units* (2016), section 2; the same as
    PyTorch's ``GELU(approximate="tanh")``.
    """

    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return the activation, same shape."""
        return gelu(_tensor(x))


@quiet
def gelu(a: Tensor) -> Tensor:
    """Return x/2 (1 + tanh u) with u = sqrt(2/pi) (x + 0.044715 x³), element by element."""
    x = a.data
    scale = math.sqrt(2 / math.pi)
    t = np.tanh(scale * x * (1 + 0.044715 * (x * x)))

    def backward(gradient: Array) -> tuple[Array]:
        slope = scale * (1 + 3 * 0.044715 * (x * x))  # of u
        return (gradient * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope),)

    return record(0.5 * x * (1 + t), (a,), backward)


def _tensor(x: Tensor | npt.ArrayLike) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)
