"""The array types of this library, and the way in for what a caller hands over."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.errors import ArgumentError

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
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ArgumentError(
            f"{name} cannot be made into an array",
            expected="an array of numbers, all rows of one length",
            found=str(error),
            mend="give every row the same number of values",
        ) from error
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    raise ArgumentError(
        f"{name} does not hold real numbers",
        expected="an array of floats or whole numbers",
        found=f"an array of dtype {array.dtype}",
        mend=f"convert {name} with np.asarray(..., dtype=float) first",
    )
