"""Softmax and its logarithm, as one step each: stable, and with short backward rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_utils import functions
from course_utils.autograd.graph import Array, record

if TYPE_CHECKING:
    from course_utils.autograd.tensor import Tensor


def softmax(a: Tensor, dim: int = -1) -> Tensor:
    r"""Return the softmax over the axis `dim`; `course_utils.stable_softmax` tells the values.

    Notes
    -----
    With p the result and g its gradient, the gradient of the logits is
    :math:`p \odot (g - \sum_j g_j p_j)`: Goodfellow, Bengio and Courville (2016), 6.2.2.3.
    """
    p = functions.stable_softmax(a.data, axis=dim)

    def backward(gradient: Array) -> tuple[Array]:
        weighted = gradient * p
        weighted -= p * weighted.sum(axis=dim, keepdims=True)
        return (weighted,)

    return record(p, (a,), backward)


def log_softmax(a: Tensor, dim: int = -1) -> Tensor:
    r"""Return the logarithm of the softmax over the axis `dim`.

    Notes
    -----
    With g the gradient of the result, that of the logits is :math:`g - p \sum_j g_j`.
    """
    log_p = functions.log_softmax(a.data, axis=dim)

    def backward(gradient: Array) -> tuple[Array]:
        return (gradient - np.exp(log_p) * gradient.sum(axis=dim, keepdims=True),)

    return record(log_p, (a,), backward)
