"""Sums, products, powers: operations that work element by element, with broadcasting.

Each function computes its result in one line and has its backward rule right below. Rules may
return gradients in the broadcast shape; the engine sums them back (`graph.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from course_utils.autograd.graph import Array, Node, quiet, record
from course_utils.errors import ShapeError

if TYPE_CHECKING:
    from course_utils.autograd.tensor import Tensor


@quiet
def add(a: Tensor, b: Tensor | npt.ArrayLike) -> Tensor:
    """Return a + b."""
    b = operand(b, a)

    def backward(gradient: Array) -> tuple[Array, Array]:
        return gradient, gradient

    return record(_broadcast(np.add, "+", a, b), (a, b), backward)


@quiet
def subtract(a: Tensor, b: Tensor | npt.ArrayLike) -> Tensor:
    """Return a - b."""
    b = operand(b, a)

    def backward(gradient: Array) -> tuple[Array, Array | None]:
        return gradient, -gradient if b.requires_grad else None

    return record(_broadcast(np.subtract, "-", a, b), (a, b), backward)


@quiet
def multiply(a: Tensor, b: Tensor | npt.ArrayLike) -> Tensor:
    """Return a * b."""
    b = operand(b, a)
    x, y = a.data, b.data

    def backward(gradient: Array) -> tuple[Array | None, Array | None]:
        return (
            gradient * y if a.requires_grad else None,
            gradient * x if b.requires_grad else None,
        )

    return record(_broadcast(np.multiply, "*", a, b), (a, b), backward)


@quiet
def divide(a: Tensor, b: Tensor | npt.ArrayLike) -> Tensor:
    """Return a / b."""
    b = operand(b, a)
    quotient = _broadcast(np.true_divide, "/", a, b)
    y = b.data

    def backward(gradient: Array) -> tuple[Array | None, Array | None]:
        over_b = gradient / y
        return over_b, -over_b * quotient if b.requires_grad else None

    return record(quotient, (a, b), backward)


def negative(a: Tensor) -> Tensor:
    """Return -a."""

    def backward(gradient: Array) -> tuple[Array]:
        return (-gradient,)

    return record(-a.data, (a,), backward)


@quiet
def power(a: Tensor, b: Tensor | npt.ArrayLike) -> Tensor:
    """Return a ** b. Where a is 0, the gradient with respect to b counts as 0."""
    square = np.isscalar(b) and b == 2  # by far the most frequent exponent
    b = operand(b, a)
    x, y = a.data, b.data
    result = x * x if square else _broadcast(np.power, "**", a, b)

    def backward(gradient: Array) -> tuple[Array | None, Array | None]:
        for_a = for_b = None
        if a.requires_grad:
            # Where y = 0 the slope is 0; x ** (y - 1) would give 0 * inf at x = 0.
            slope = 2 * x if square else y * x ** np.where(y == 0, 1, y - 1)
            for_a = gradient * slope
        if b.requires_grad:
            for_b = gradient * result * np.log(np.where(x == 0, 1, x))
        return for_a, for_b

    return record(result, (a, b), backward)


def reflected_power(a: Tensor, b: npt.ArrayLike) -> Tensor:
    """Return b ** a, where b is a number or an array."""
    return power(operand(b, a), a)


def reflected_subtract(a: Tensor, b: npt.ArrayLike) -> Tensor:
    """Return b - a, where b is a number or an array."""
    return subtract(operand(b, a), a)


def reflected_divide(a: Tensor, b: npt.ArrayLike) -> Tensor:
    """Return b / a, where b is a number or an array."""
    return divide(operand(b, a), a)


def operand(value: Tensor | npt.ArrayLike, partner: Tensor) -> Tensor:
    """Return `value` as a Tensor that can meet `partner`.

    Single numbers take the dtype of a float partner, so that ``x * 2.0`` and ``x / np.sqrt(d)``
    stay float32 when x is. Arrays keep theirs: numpy's promotion rules hold.
    """
    if isinstance(value, Node.result_type):
        return value
    tensor = Node.result_type
    if isinstance(value, int | float | np.number) and partner.data.dtype.kind == "f":
        return tensor(np.array(value, dtype=partner.data.dtype))
    return tensor(value)


def _broadcast(function: np.ufunc, sign: str, a: Tensor, b: Tensor) -> Array:
    try:
        result: Array = function(a.data, b.data)
    except ValueError as error:
        raise ShapeError(
            f"the shapes of a {sign} b do not fit each other",
            expected="equal lengths from the last axis on; a length of 1 fits any other",
            found=f"a of shape {a.data.shape} and b of shape {b.data.shape}",
            mend="use reshape to put axes of length 1 where values shall be repeated",
        ) from error
    return result
