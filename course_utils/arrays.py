"""The array types of this library, and the way in for what a caller hands over."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.errors import ArgumentError

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.floating[Any]]
ByteArray = npt.NDArray[np.uint8]


def as_floats(values: npt.ArrayLike, name: str = "x") -> FloatArray:
    """Return `values` as an array of floats: float types are kept, whole numbers become float64.

    Parameters
    ----------
    values : array_like, any shape
        Real numbers.
    name : str
        How the caller's text calls the argument; used in the error.

    Returns
    -------
    ndarray, same shape
        May share memory with `values`: do not write to it.

    Raises
    ------
    ArgumentError
        Where the values are not real numbers, or the rows have different lengths.

    Examples
    --------
    >>> as_floats([1, 2]).dtype
    dtype('float64')
    """
    array = as_numbers(values, name)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def as_float_type(dtype: npt.DTypeLike) -> np.dtype[np.floating[Any]]:
    """Return the type in which weights are kept and computed with.

    Raises
    ------
    ArgumentError
        Where `dtype` is no float type.
    """
    try:
        checked: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        checked = np.dtype(object)
    if checked.kind != "f":
        raise ArgumentError(
            "weights are not kept in this type",
            expected="a float type, such as np.float32 or np.float64",
            found=repr(dtype),
            mend="leave dtype out, or write dtype=np.float64",
        )
    return checked


def check_finite(rows: Array, name: str) -> None:
    """Raise an ArgumentError that names the first row with NaN or infinity, if there is one."""
    for number, row in enumerate(rows):
        if not np.isfinite(row).all():
            raise ArgumentError(
                f"{name} holds values that no model can learn from",
                expected="finite numbers",
                found=f"NaN or infinity, first in row {number}",
                mend="look at how the data was made; a division by 0 gives such values",
            )


def is_number(value: Any) -> bool:
    """Return whether an argument is one finite real number.

    Examples
    --------
    >>> is_number(np.float32(0.5)), is_number("0.5"), is_number(np.nan)
    (True, False, False)
    """
    return isinstance(value, Real) and math.isfinite(value)


def is_whole(value: Any) -> bool:
    """Return whether an argument is a whole number, and not True or False.

    Examples
    --------
    >>> is_whole(3), is_whole(np.int64(3)), is_whole(3.0), is_whole(True)
    (True, True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def as_numbers(values: npt.ArrayLike, name: str = "x") -> Array:
    """Return `values` as an array of floats or whole numbers, of the type they have.

    Parameters and errors are those of `as_floats`. An array is not copied, whatever its type.

    Examples
    --------
    >>> as_numbers(np.zeros(2, dtype=np.uint8)).dtype
    dtype('uint8')
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ArgumentError(
            f"{name} cannot be made into an array",
            expected="an array of numbers, all rows of one length",
            found=str(error),
            mend="give every row the same number of values",
        ) from error
    if array.dtype.kind in "fbiu":
        return array
    raise ArgumentError(
        f"{name} does not hold real numbers",
        expected="an array of floats or whole numbers",
        found=f"an array of dtype {array.dtype}",
        mend=f"convert {name} with np.asarray(..., dtype=float) first",
    )
