"""Operations that reduce one or more axes: sum, mean, max.

`dim` names the axes: None for all, a number, or several numbers. Negative numbers count from the
end. With ``keepdim=True`` a reduced axis stays, with length 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from course_utils.autograd.graph import Array, quiet, record
from course_utils.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from course_utils.autograd.tensor import Tensor

Dim = int | tuple[int, ...] | list[int] | None


@quiet
def sum(a: Tensor, dim: Dim = None, keepdim: bool = False, **other: Any) -> Tensor:  # noqa: A001
    """Return the sum over the axes `dim`."""
    _refuse(other, "sum")
    axes = normal_axes(a, dim)
    shape = a.data.shape

    def backward(gradient: Array) -> tuple[Array]:
        return (_spread(gradient, shape, axes),)

    return record(a.data.sum(axis=axes, keepdims=keepdim), (a,), backward)


@quiet
def mean(a: Tensor, dim: Dim = None, keepdim: bool = False, **other: Any) -> Tensor:
    """Return the mean over the axes `dim`."""
    _refuse(other, "mean")
    axes = normal_axes(a, dim)
    shape = a.data.shape
    count = int(np.prod([shape[axis] for axis in axes]))
    if count == 0:
        raise _empty(a, "mean")

    def backward(gradient: Array) -> tuple[Array]:
        return (_spread(gradient / count, shape, axes),)

    return record(a.data.mean(axis=axes, keepdims=keepdim), (a,), backward)


def max(a: Tensor, dim: Dim = None, keepdim: bool = False, **other: Any) -> Tensor:  # noqa: A001
    """Return the largest element over the axes `dim`.

    Elements that share the largest value share the gradient equally.
    """
    _refuse(other, "max")
    axes = normal_axes(a, dim)
    x = a.data
    if x.size == 0:
        raise _empty(a, "max")
    largest = x.max(axis=axes, keepdims=True)

    def backward(gradient: Array) -> tuple[Array]:
        winners = (x == largest) | np.isnan(x)
        share = gradient.reshape(largest.shape) / winners.sum(axis=axes, keepdims=True)
        return (winners * share,)

    return record(largest if keepdim else largest.squeeze(axes), (a,), backward)


def argmax(a: Tensor, dim: int | None = None) -> npt.NDArray[np.intp]:
    """Return where the largest element stands along `dim`: an array of whole numbers."""
    normal_axes(a, dim if dim is None else (dim,))  # one axis, not several
    if a.data.size == 0:
        raise _empty(a, "argmax")
    return np.asarray(a.data.argmax(axis=dim))


def normal_axes(a: Tensor, dim: Dim) -> tuple[int, ...]:
    """Return the axes that `dim` names, counted from 0, or raise an error that names the shape."""
    ndim = a.data.ndim
    if dim is None:
        return tuple(range(ndim))
    wanted: tuple[Any, ...] = tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    for axis in wanted:
        if not isinstance(axis, int | np.integer) or not -ndim <= axis < ndim:
            raise ShapeError(
                f"the tensor has no axis {axis!r}",
                expected=f"whole numbers from {-ndim} to {ndim - 1}",
                found=f"dim={dim!r} for a tensor of shape {a.data.shape}",
                mend="look at .shape and count the axes from 0, or from the end with -1",
            )
    axes = tuple(sorted({int(axis) % ndim for axis in wanted}))
    if len(axes) != len(wanted):
        raise ShapeError(
            "the same axis is named twice",
            expected="each axis once",
            found=f"dim={dim!r} for a tensor of shape {a.data.shape}",
            mend="remove the repetition; -1 is the last axis",
        )
    return axes


def _spread(gradient: Array, shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """Repeat a gradient along the axes that were reduced."""
    kept = tuple(1 if axis in axes else length for axis, length in enumerate(shape))
    spread = np.empty(shape, dtype=gradient.dtype)
    spread[...] = gradient.reshape(kept)
    return spread


def _refuse(other: dict[str, Any], name: str) -> None:
    """Raise an error for numpy's names of arguments, which np.sum(tensor) hands over too."""
    if other:
        raise ArgumentError(
            f"{name} of a Tensor takes other arguments than numpy's",
            expected=f"x.{name}(), x.{name}(dim=0), x.{name}(dim=(0, 1), keepdim=True)",
            found=", ".join(other),
            mend=f"write x.{name}(...) in place of np.{name}(x, ...), dim for axis, "
            "keepdim for keepdims",
        )


def _empty(a: Tensor, name: str) -> ShapeError:
    return ShapeError(
        f"the {name} of no elements is not defined",
        expected="at least one element along the reduced axes",
        found=f"a tensor of shape {a.data.shape}",
        mend="look for an empty selection before this call",
    )
