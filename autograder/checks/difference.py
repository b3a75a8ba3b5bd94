"""Say in words how an array differs from the right one, without giving the right one.

The kinds are tried in an order: what explains every entry comes before what explains a part, and
a kind is named only where it holds for all entries it speaks of, to a part in a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[Any]
# To how much of the size of an entry a kind must hold.
_RTOL = 1e-3
# What is smaller than this beside the largest entry is zero but for rounding.
_ZERO = 1e-12
# With fewer entries than this, other kinds would fit as well.
_FEW = 3


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
    with np.errstate(all="ignore"):
        for words in _kinds(values, right, wrong):
            if words:
                return words
    return _worst(values, right, wrong)


def _kinds(values: _Array, right: _Array, wrong: NDArray[np.bool_]) -> Iterator[str]:
    if np.isnan(values).any() and not np.isnan(right).any():
        yield f"holds NaN in {_share(np.isnan(values))}"
    if np.isinf(values).any() and not np.isinf(right).any():
        yield f"holds infinity in {_share(np.isinf(values))}"
    if values.size > 1 and not values.any():
        yield "is all zeros"
    if not (np.isfinite(values).all() and np.isfinite(right).all()):
        return
    if values.dtype.kind not in "iuf" or right.dtype.kind not in "iuf":
        return
    values, right = values.astype(float), right.astype(float)
    yield _scaled(values, right)
    if values.size >= _FEW and np.ptp(values) == 0.0:
        yield "is one and the same number everywhere"
    yield _shifted(values, right)
    # What is nearly right may be nearly right in another order too.
    if not _alike(values, right):
        yield _turned(values, right)
        yield _signs(values, right, wrong)
    yield _one_place(wrong)
    if not _alike(values, right):
        yield _permuted(values, right)
    if values.size > 1 and np.all(np.abs(values - right) <= 0.01 * np.abs(right)):
        yield f"is off by less than 1 per cent, in {_share(wrong)}"


def _share(mask: NDArray[np.bool_]) -> str:
    count = int(mask.sum())
    return "every entry" if count == mask.size else f"{count} of {mask.size} entries"


def _scaled(values: _Array, right: _Array) -> str:
    factor = _factor(values, right)
    if factor is None:
        return ""
    if np.isclose(factor, -1.0, rtol=_RTOL):
        return "has the opposite sign"
    return f"is {factor:.3g} times what it should be, everywhere"


def _factor(values: _Array, right: _Array) -> float | None:
    """Return the one factor between two arrays, if there is one and it can be told apart."""
    used = np.abs(right) > _ZERO * np.abs(right).max(initial=0.0)
    if used.sum() < _FEW or np.abs(values[~used]).max(initial=0.0) > np.abs(values).max() * _ZERO:
        return None
    ratios = values[used] / right[used]
    middle = float(np.median(ratios))
    even = np.allclose(ratios, middle, rtol=_RTOL, atol=0.0)
    return middle if even and middle != 0.0 and f"{middle:.3g}" != "1" else None


def _turned(values: _Array, right: _Array) -> str:
    """Name two axes that are swapped, or one that runs backwards."""
    for one, other in combinations(range(values.ndim), 2):
        square = values.shape[one] == values.shape[other] > 1
        if square and _alike(values.swapaxes(one, other), right):
            swapped = f"has axes {one} and {other} swapped"
            return "is transposed" if values.ndim == 2 else swapped
    for axis in range(values.ndim):
        if values.shape[axis] > 2 and _alike(np.flip(values, axis), right):
            return "is in reverse order" + (f" along axis {axis}" if values.ndim > 1 else "")
    return ""


def _shifted(values: _Array, right: _Array) -> str:
    gaps = values - right
    size = np.abs(gaps).max()
    # A gap that is tiny beside the numbers is rounding, and no shift.
    told = values.size >= _FEW and np.ptp(right) > 0 and size > 1e-6 * np.abs(right).max()
    if told and np.ptp(gaps) <= _RTOL * size:
        side = "large" if gaps.flat[0] > 0 else "small"
        return f"is too {side} by the same amount everywhere"
    return ""


def _signs(values: _Array, right: _Array, wrong: NDArray[np.bool_]) -> str:
    if wrong.sum() > 1 and _alike(np.abs(values), np.abs(right)):
        return f"has the right sizes, but the wrong sign in {_share(wrong)}"
    return ""


def _one_place(wrong: NDArray[np.bool_]) -> str:
    """Name the one row or column, or place along another axis, that all wrong entries are in."""
    if wrong.sum() < 2:
        return ""
    for axis in range(wrong.ndim):
        others = tuple(other for other in range(wrong.ndim) if other != axis)
        (places,) = np.nonzero(wrong.any(axis=others))
        if len(places) == 1 and wrong.shape[axis] > 1:
            place, last = int(places[0]), int(places[0]) == wrong.shape[axis] - 1
            name = ("row", "column")[axis] if wrong.ndim == 2 else f"place {{}} of axis {axis}"
            if wrong.ndim == 2:
                which = f"the last {name}" if last else f"{name} {place}"
            else:
                which = name.format("-1" if last else place)
            return f"is wrong only in {which}"
    return ""


def _permuted(values: _Array, right: _Array) -> str:
    """Say that the numbers are right and stand in other places, as whole rows or one by one."""
    if values.size < _FEW:
        return ""
    rows = values.ndim > 1 and values.shape[0] > 1
    if rows and _alike(_sorted_rows(values), _sorted_rows(right)):
        return "holds the right rows in another order"
    if rows and values.ndim == 2 and _alike(_sorted_rows(values.T), _sorted_rows(right.T)):
        return "holds the right columns in another order"
    if _alike(np.sort(values, axis=None), np.sort(right, axis=None)):
        return "holds the right numbers in other places"
    return ""


def _sorted_rows(array: _Array) -> _Array:
    flat = array.reshape(len(array), -1)
    # Rounded for the order alone, so that rounding does not change it.
    return np.asarray(flat[np.lexsort(np.round(flat, 6).T[::-1])])


def _alike(values: _Array, right: _Array) -> bool:
    return bool(np.allclose(values, right, rtol=_RTOL, atol=_ZERO * np.abs(right).max()))


def _worst(values: _Array, right: _Array, wrong: NDArray[np.bool_]) -> str:
    index = np.unravel_index(np.argmax(wrong), wrong.shape)
    found = values[index]
    side = "too large" if found > right[index] else "too small"
    if wrong.size == 1:
        return f"is {found:.6g}, which is {side}"
    place = ", ".join(str(int(i)) for i in index)
    return f"is wrong in {_share(wrong)}; the first is [{place}]: found {found:.6g}, {side}"
