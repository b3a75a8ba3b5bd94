"""Say in words how an array differs from the right one, without giving the right one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def describe(
    actual: NDArray[np.generic], expected: NDArray[np.generic], wrong: NDArray[np.bool_]
) -> str:
    """Describe the difference of two arrays of one shape.

    Parameters
    ----------
    actual, expected : ndarray, of one shape
        What was found and what is right.
    wrong : ndarray of bool, the same shape
        Which entries differ by more than the tolerance; at least one does.

    Returns
    -------
    str
        A clause such as "is all zeros", never holding an entry of `expected`.
    """
    values = np.asarray(actual)
    right = np.asarray(expected)
    if np.isnan(values).any() and not np.isnan(right).any():
        return f"holds NaN in {_share(np.isnan(values))}"
    if np.isinf(values).any() and not np.isinf(right).any():
        return f"holds infinity in {_share(np.isinf(values))}"
    if values.size > 1 and not values.any():
        return "is all zeros"
    factor = _factor(values, right)
    if factor is not None:
        if np.isclose(factor, -1.0, rtol=1e-3):
            return "has the opposite sign"
        return f"is {factor:.3g} times what it should be, everywhere"
    if _is_transposed(values, right):
        return "is transposed"
    return _worst(values, right, wrong)


def _share(mask: NDArray[np.bool_]) -> str:
    count = int(mask.sum())
    return "every entry" if count == mask.size else f"{count} of {mask.size} entries"


def _factor(values: NDArray[np.generic], right: NDArray[np.generic]) -> float | None:
    """Return the one factor between two arrays, if there is one and it can be told apart."""
    used = np.abs(right) > 1e-6 * np.abs(right).max(initial=0.0)
    if used.sum() < 3 or np.abs(values[~used]).max(initial=0.0) > np.abs(values).max() * 1e-6:
        return None
    ratios = np.asarray(values[used] / right[used], dtype=float)
    middle = float(np.median(ratios))
    even = np.allclose(ratios, middle, rtol=1e-3, atol=0.0)
    return middle if even and middle != 0.0 else None


def _is_transposed(values: NDArray[np.generic], right: NDArray[np.generic]) -> bool:
    square = values.ndim == 2 and values.shape[0] == values.shape[1] > 1
    return bool(square and np.allclose(values.T, right, rtol=1e-3))


def _worst(
    values: NDArray[np.generic], right: NDArray[np.generic], wrong: NDArray[np.bool_]
) -> str:
    index = np.unravel_index(np.argmax(wrong), wrong.shape)
    found = values[index]
    side = "too large" if found > right[index] else "too small"
    if wrong.size == 1:
        return f"is {found:.6g}, which is {side}"
    place = ", ".join(str(int(i)) for i in index)
    return f"is wrong in {_share(wrong)}; the first is [{place}]: found {found:.6g}, {side}"
