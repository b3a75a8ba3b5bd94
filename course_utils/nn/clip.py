"""Gradient clipping: keeps one bad batch from throwing the weights far away."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from course_utils.autograd import Tensor, quiet
from course_utils.errors import ArgumentError
from course_utils.nn.inputs import checked_number
from course_utils.nn.module import Array


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Move every gradient element into -clip_value..clip_value, in place.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left out.
    clip_value : float
        Above zero.
    """
    bound = checked_number(clip_value, "clip_value", 0, math.inf, open_low=True)
    for gradient in _gradients(parameters):
        np.clip(gradient, -bound, bound, out=gradient)


@quiet
def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients together, in place, so that their joint norm is at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left out.
    max_norm : float
        Above zero.

    Returns
    -------
    float
        The Euclidean norm of all gradients, as one vector, before the scaling. NaN or infinite
        where a gradient is: a training loop should stop then.

    Notes
    -----
    Source: Pascanu, Mikolov and Bengio, *On the difficulty of training recurrent neural
    networks* (2013), algorithm 1. The factor is max_norm / (norm + 1e-6), as in PyTorch.
    """
    bound = checked_number(max_norm, "max_norm", 0, math.inf, open_low=True)
    gradients = _gradients(parameters)
    norm = math.sqrt(sum(_sum_of_squares(gradient) for gradient in gradients))
    factor = bound / (norm + 1e-6)
    if not factor >= 1:  # also for NaN
        for gradient in gradients:
            gradient *= factor
    return norm


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Array]:
    listed = list(parameters) if isinstance(parameters, Iterable) else [parameters]
    for item in listed:
        if not isinstance(item, Tensor):
            raise ArgumentError(
                "these are not parameters with gradients",
                expected="Tensors, or one Tensor",
                found=f"a {type(item).__name__}",
                mend="call it with model.parameters(), with the brackets",
            )
    return [parameter.grad.data for parameter in listed if parameter.grad is not None]


def _sum_of_squares(gradient: Array) -> float:
    flat = gradient.ravel()
    return float(np.dot(flat, flat)) if flat.dtype == np.float64 else _wide(flat)


def _wide(flat: Array) -> float:
    total = float(np.dot(flat, flat))
    if math.isfinite(total):
        return total
    wide = flat.astype(np.float64)  # squares beyond the range of float32
    return float(np.dot(wide, wide))
