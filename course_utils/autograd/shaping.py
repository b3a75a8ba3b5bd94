"""Operations that move elements without changing them: reshape, transpose, select, join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from course_utils.autograd.arithmetic import operand
from course_utils.autograd.graph import Array, Node, record
from course_utils.autograd.reductions import normal_axes
from course_utils.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from course_utils.autograd.tensor import Tensor


def reshape(a: Tensor, *shape: int | Sequence[int]) -> Tensor:
    """Return the elements in another shape: ``reshape(2, 3)`` or ``reshape([2, 3])``.

    One length may be -1: it is worked out from the others.
    """
    lengths: Any = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    before = a.data.shape
    try:
        result = a.data.reshape(lengths)
    except (ValueError, TypeError) as error:
        raise ShapeError(
            "the elements do not fit into this shape",
            expected=f"lengths whose product is {a.data.size}, one of them may be -1",
            found=f"shape {before} to be made into {lengths}",
            mend="keep the product of the lengths the same",
        ) from error

    def backward(gradient: Array) -> tuple[Array]:
        return (gradient.reshape(before),)

    return record(result, (a,), backward)


def transpose(a: Tensor, i: int = -2, j: int = -1) -> Tensor:
    """Return the tensor with axes i and j exchanged; the last two if none are named."""
    normal_axes(a, i)
    normal_axes(a, j)

    def backward(gradient: Array) -> tuple[Array]:
        return (gradient.swapaxes(i, j),)

    return record(a.data.swapaxes(i, j), (a,), backward)


def transposed(a: Tensor) -> Tensor:
    """Return the tensor with its axes in reverse order."""

    def backward(gradient: Array) -> tuple[Array]:
        return (gradient.T,)

    return record(a.data.T, (a,), backward)


def getitem(a: Tensor, index: Any) -> Tensor:
    """Return ``a[index]``: numbers, slices, None, ``...``, arrays of whole numbers or booleans.

    An element that is selected several times gets the sum of the gradients.
    """
    index = tuple(map(_plain, index)) if isinstance(index, tuple) else _plain(index)
    x = a.data
    try:
        result = x[index]
    except (IndexError, ValueError) as error:
        raise ShapeError(
            "the index does not fit the tensor",
            expected=f"an index for a tensor of shape {x.shape}",
            found=str(error),
            mend="look at .shape; indices count from 0, and must be whole numbers or slices",
        ) from error
    parts = index if isinstance(index, tuple) else (index,)
    simple = all(
        part is None or part is Ellipsis or isinstance(part, int | np.integer | slice)
        for part in parts
    )

    def backward(gradient: Array) -> tuple[Array]:
        spread = np.zeros_like(x)
        if simple:
            spread[index] = gradient
        else:  # an array may name an element twice: add, do not overwrite
            np.add.at(spread, index, gradient)
        return (spread,)

    return record(result, (a,), backward)


def concatenate(tensors: Sequence[Tensor | npt.ArrayLike], dim: int = 0) -> Tensor:
    """Join tensors along an axis that they have.

    Examples
    --------
    >>> from course_utils import Tensor
    >>> concatenate([Tensor([1.0, 2.0]), [3.0]]).tolist()
    [1.0, 2.0, 3.0]
    """
    parts = _tensors(tensors, "concatenate")
    try:
        result = np.concatenate([part.data for part in parts], axis=dim)
    except (ValueError, TypeError) as error:
        raise _unequal("concatenate", parts, dim, "the same lengths on all other axes") from error
    ends = np.cumsum([part.data.shape[dim] for part in parts])[:-1]

    def backward(gradient: Array) -> list[Array]:
        return np.split(gradient, ends, axis=dim)

    return record(result, parts, backward)


def stack(tensors: Sequence[Tensor | npt.ArrayLike], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis.

    Examples
    --------
    >>> from course_utils import Tensor
    >>> stack([Tensor([1.0, 2.0]), [3.0, 4.0]]).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    parts = _tensors(tensors, "stack")
    try:
        result = np.stack([part.data for part in parts], axis=dim)
    except (ValueError, TypeError) as error:
        raise _unequal("stack", parts, dim, "the same shape for all") from error

    def backward(gradient: Array) -> list[Array]:
        return list(np.moveaxis(gradient, dim, 0))

    return record(result, parts, backward)


def where(
    condition: npt.ArrayLike | Tensor, a: Tensor | npt.ArrayLike, b: Tensor | npt.ArrayLike
) -> Tensor:
    """Return `a` where the condition holds and `b` elsewhere, with broadcasting.

    Examples
    --------
    >>> from course_utils import Tensor
    >>> where([True, False], Tensor([1.0, 2.0]), 0.0).tolist()
    [1.0, 0.0]
    """
    tensor = Node.result_type
    if isinstance(a, tensor):
        left, right = a, operand(b, a)
    else:
        right = b if isinstance(b, tensor) else tensor(b)
        left = operand(a, right)
    chosen = np.asarray(_plain(condition), dtype=bool)
    try:
        result = np.where(chosen, left.data, right.data)
    except ValueError as error:
        raise ShapeError(
            "the shapes of condition, a and b do not fit each other",
            expected="shapes that broadcast to one",
            found=f"shapes {chosen.shape}, {left.data.shape} and {right.data.shape}",
            mend="use reshape to put axes of length 1 where values shall be repeated",
        ) from error

    def backward(gradient: Array) -> tuple[Array, Array]:
        return np.where(chosen, gradient, 0), np.where(chosen, 0, gradient)

    return record(result, (left, right), backward)


def masked_fill(a: Tensor, mask: npt.ArrayLike | Tensor, value: float) -> Tensor:
    """Return the tensor with `value` wherever `mask` is True."""
    return where(mask, operand(value, a), a)


def _plain(value: Any) -> Any:
    """Return the array of a Tensor, an array for a list, and anything else as it is."""
    if isinstance(value, Node):
        return value.data
    return np.asarray(value) if isinstance(value, list) else value


def _tensors(values: Sequence[Tensor | npt.ArrayLike], name: str) -> list[Tensor]:
    tensor = Node.result_type
    if not isinstance(values, list | tuple) or len(values) == 0:
        raise ArgumentError(
            f"{name} has nothing to join",
            expected="a list or tuple with at least one tensor",
            found="an empty one" if isinstance(values, list | tuple) else type(values).__name__,
            mend=f"call {name}([a, b], dim=0)",
        )
    return [value if isinstance(value, tensor) else tensor(value) for value in values]


def _unequal(name: str, parts: Sequence[Tensor], dim: int, expected: str) -> ShapeError:
    return ShapeError(
        f"{name} cannot join tensors of these shapes",
        expected=expected,
        found=f"dim={dim!r} and shapes " + ", ".join(str(part.data.shape) for part in parts),
        mend="look at the shapes, and at the axis along which they shall be joined",
    )
