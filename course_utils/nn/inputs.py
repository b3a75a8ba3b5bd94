"""The way in: what layers accept as input and as settings."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.autograd import Tensor, record
from course_utils.errors import ArgumentError
from course_utils.nn.module import Array

_LARGEST = sys.float_info.max


def as_input(x: Tensor | npt.ArrayLike, dtype: np.dtype[Any]) -> Tensor:
    """Return x as a Tensor of the layer's dtype; the gradient goes back in the dtype of x."""
    tensor = x if isinstance(x, Tensor) else Tensor(x)
    if tensor.data.dtype == dtype:
        return tensor

    def backward(gradient: Array) -> tuple[Array]:
        return (gradient,)

    return record(tensor.data.astype(dtype), (tensor,), backward)


def checked_count(value: Any, name: str) -> int:
    """Return `value` if it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ArgumentError(
            f"{name} must count something",
            expected="a whole number of at least 1",
            found=repr(value),
            mend="look at the order of the arguments: Linear(784, 10), for instance",
        )
    return int(value)


def checked_number(
    value: Any, name: str, low: float = 0.0, high: float = _LARGEST, *, open_low: bool = False
) -> float:
    """Return `value` if it is a number in low..high (`open_low`: above low)."""
    valid = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (valid and low <= value <= high) or (open_low and value == low):
        sign = "above" if open_low else "of at least"
        most = {math.inf: "", _LARGEST: ", and finite"}.get(high, f" and at most {high:g}")
        raise ArgumentError(
            f"{name} is outside the values that make sense",
            expected=f"a number {sign} {low:g}{most}",
            found=repr(value),
            mend=f"choose another {name}",
        )
    return float(value)
