"""The Tensor: an array that can tell how a result depends on it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from course_utils.autograd import (
    arithmetic,
    comparing,
    elementwise,
    normalizing,
    products,
    reductions,
    shaping,
    ufuncs,
)
from course_utils.autograd.graph import Array, Node, run_backward
from course_utils.autograd.recording import mode
from course_utils.errors import ArgumentError, ShapeError


class Tensor(Node):
    """An array with reverse-mode automatic differentiation.

    Parameters
    ----------
    data : array_like or Tensor, any shape
        Real numbers or booleans. An ndarray is used as it is, not copied; its dtype is kept.
        Numbers and nested lists become float64 or int64, as in numpy.
    requires_grad : bool
        Whether `backward` shall compute the gradient with respect to this tensor.

    Attributes
    ----------
    data : ndarray
        The values. Optimizers change them in place; doing so is not recorded.
    grad : Tensor or None
        The gradient that `backward` left, same shape and dtype. Further calls add to it, until
        `zero_grad`. Only tensors made by a caller get one, not results of operations.
    requires_grad : bool

    Raises
    ------
    ArgumentError
        Where `data` does not hold real numbers, or a gradient is wanted for whole numbers.

    Examples
    --------
    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> loss = (x * x).sum()
    >>> loss.backward()
    >>> x.grad.tolist()
    [[2.0, 4.0], [6.0, 8.0]]
    """

    __slots__ = ()

    def __init__(self, data: npt.ArrayLike | Tensor, requires_grad: bool = False) -> None:
        if type(data) is not np.ndarray or data.dtype.kind not in "fiub":
            data = _as_array(data)
        if requires_grad and data.dtype.kind != "f":
            raise ArgumentError(
                "only floating-point tensors have gradients",
                expected="float32 or float64 values",
                found=f"an array of dtype {data.dtype}",
                mend="write Tensor([1.0, 2.0], ...) with decimal points, or use .astype(float)",
            )
        self.data: Array = data
        self.grad: Tensor | None = None
        self.requires_grad = bool(requires_grad)
        self._inputs = ()
        self._rule = None
        self._age = 0

    # What it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self.data.dtype

    @property
    def is_leaf(self) -> bool:
        """Whether a caller made it, rather than a recorded operation."""
        return self._rule is None

    def item(self) -> Any:
        """Return the only element as a Python number."""
        if self.data.size != 1:
            raise ShapeError(
                "item() needs a tensor with one element",
                expected="one element",
                found=f"{self.data.size} elements, shape {self.data.shape}",
                mend="reduce it first with .sum() or .mean(), or use .tolist()",
            )
        return self.data.item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.data.tolist()

    def numpy(self) -> Array:
        """Return the array itself: writing to it changes the tensor."""
        return self.data

    def detach(self) -> Tensor:
        """Return a tensor with the same memory that is cut off from the graph."""
        return Tensor(self.data)

    # Gradients

    def backward(self, gradient: npt.ArrayLike | Tensor | None = None) -> None:
        """Compute the gradient with respect to every leaf this result was computed from.

        Gradients are added to the leaves' `.grad`. The graph is let go, so this works once for
        each forward pass.

        Parameters
        ----------
        gradient : array_like or Tensor, shape of this tensor, optional
            Gradient of the final value with respect to this tensor. May be left out for a
            tensor with one element; it is 1 then.

        Raises
        ------
        ArgumentError
            Where nothing was recorded, or the graph has been let go.
        ShapeError
            Where `gradient` is missing or has another shape.
        """
        if not self.requires_grad:
            raise ArgumentError(
                "backward() finds no gradient to compute",
                expected="a result of at least one tensor with requires_grad=True",
                found="a tensor that requires no gradient",
                mend="make parameters with requires_grad=True, and compute outside no_grad()",
            )
        if gradient is None and self.data.size != 1:
            raise ShapeError(
                "backward() without a gradient needs a tensor with one element",
                expected="one element, such as a mean loss",
                found=f"shape {self.data.shape}",
                mend="call .mean().backward(), or hand over a gradient of the same shape",
            )
        if gradient is None:
            upstream = np.ones(self.data.shape, self.data.dtype)
        else:
            upstream = np.array(Tensor(gradient).data, dtype=self.data.dtype)
        if upstream.shape != self.data.shape:
            raise ShapeError(
                "the gradient does not fit this tensor",
                expected=f"shape {self.data.shape}",
                found=f"shape {upstream.shape}",
                mend="hand over one number for each element",
            )
        run_backward(self, upstream)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = None

    def copy_(self, other: npt.ArrayLike | Tensor) -> Self:
        """Overwrite the values in place, and return the tensor; this is not recorded."""
        if self._rule is not None and mode.recording:
            raise ArgumentError(
                "the result of an operation must not be overwritten",
                expected="a tensor that was not computed from others, or a no_grad() block",
                found="a recorded result: its gradient would belong to the old values",
                mend="copy into the parameters themselves, or work inside no_grad()",
            )
        values = Tensor(other).data
        try:
            np.copyto(self.data, values, casting="same_kind")
        except (ValueError, TypeError) as error:
            raise ShapeError(
                "the values do not fit this tensor",
                expected=f"shape {self.data.shape} and dtype {self.data.dtype}",
                found=f"shape {values.shape} and dtype {values.dtype}",
                mend="copy from a tensor of the same shape and kind",
            ) from error
        return self

    # Operations: each is a function with its backward rule, in the module named.

    __add__ = __radd__ = arithmetic.add
    __sub__ = arithmetic.subtract
    __rsub__ = arithmetic.reflected_subtract
    __mul__ = __rmul__ = arithmetic.multiply
    __truediv__ = arithmetic.divide
    __rtruediv__ = arithmetic.reflected_divide
    __neg__ = arithmetic.negative
    __pow__ = arithmetic.power
    __rpow__ = arithmetic.reflected_power
    __matmul__ = products.matmul
    __rmatmul__ = products.reflected_matmul
    matmul = products.matmul

    exp = elementwise.exp
    log = elementwise.log
    sqrt = elementwise.sqrt
    abs = __abs__ = elementwise.absolute
    tanh = elementwise.tanh
    sigmoid = elementwise.sigmoid
    relu = elementwise.relu
    clamp = elementwise.clamp
    softmax = normalizing.softmax
    log_softmax = normalizing.log_softmax

    sum = reductions.sum
    mean = reductions.mean
    max = reductions.max
    argmax = reductions.argmax

    reshape = shaping.reshape
    transpose = shaping.transpose
    T = property(shaping.transposed)
    __getitem__ = shaping.getitem
    masked_fill = shaping.masked_fill

    # Comparisons give arrays of booleans, which have no gradient.

    __lt__ = comparing.less
    __le__ = comparing.less_equal
    __gt__ = comparing.greater
    __ge__ = comparing.greater_equal
    __eq__ = comparing.equal  # type: ignore[assignment]
    __ne__ = comparing.not_equal  # type: ignore[assignment]
    __hash__ = object.__hash__

    # Python and numpy

    __array_ufunc__ = ufuncs.array_ufunc  # array * tensor, np.exp(tensor)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __len__(self) -> int:
        if self.data.ndim == 0:
            raise TypeError("a tensor with a single number has no length")
        return len(self.data)

    def __format__(self, form: str) -> str:
        return format(self.item(), form) if form else repr(self)

    def __repr__(self) -> str:
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        kind = "" if self.data.dtype == np.float64 else f", dtype={self.data.dtype}"
        return f"Tensor({values}{kind}{', requires_grad=True' if self.requires_grad else ''})"


Node.result_type = Tensor


def _as_array(data: npt.ArrayLike | Tensor) -> Array:
    if isinstance(data, Tensor):
        return data.data
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ArgumentError(
            "the data cannot be made into an array",
            expected="a number, an array, or nested lists whose rows have one length",
            found=str(error),
            mend="give every row the same number of values",
        ) from error
    if array.dtype.kind not in "fiub":
        raise ArgumentError(
            "a tensor holds real numbers or booleans",
            expected="floats, whole numbers or booleans",
            found=f"an array of dtype {array.dtype}",
            mend="convert the data with np.asarray(..., dtype=float) first",
        )
    return array
