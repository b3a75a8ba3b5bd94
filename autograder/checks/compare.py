"""`close`: is the student's value the right one, and if not, in what way is it wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from autograder.checks.check import CheckFailed
from autograder.checks.difference import describe
from autograder.checks.proxies import Handle, type_name

# A right answer computed in float32 carries rounding of about 1e-7 an operation, and a sum
# over a thousand terms some 1e-5: finer than this cannot be asked of it.
FLOAT32_RTOL = 1e-4
FLOAT32_ATOL = 1e-6

_KINDS = {
    "b": "booleans",
    "i": "whole numbers",
    "u": "whole numbers",
    "f": "floating-point numbers",
    "c": "complex numbers",
}


def close(
    actual: object,
    expected: ArrayLike | list[Any] | tuple[Any, ...],
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    dtype: DTypeLike | None = None,
    what: str = "the result",
    hint: str | None = None,
) -> None:
    """Fail the check unless `actual` equals `expected` up to rounding.

    Type, shape, dtype and value are told apart, in this order. A message may name the
    expected type, shape and dtype, which the exercise states; it never holds an expected
    number.

    Parameters
    ----------
    actual : object
        What the student's code returned.
    expected : array_like, or a list or tuple of arrays
        The right value. For a list or tuple each part is compared in turn.
    rtol, atol : float
        ``abs(actual - expected) <= atol + rtol * abs(expected)`` must hold everywhere. For
        float32 and float16 results they are at least `FLOAT32_RTOL` and `FLOAT32_ATOL`.
    dtype : dtype, optional
        If given, the exact dtype that is asked for.
    what : str
        What the value is called in the message.
    hint : str, optional
        Where to look.

    Raises
    ------
    CheckFailed
        If they differ.
    """
    if isinstance(expected, (list, tuple)) and any(np.ndim(part) for part in expected):
        _each(actual, expected, rtol=rtol, atol=atol, dtype=dtype, what=what, hint=hint)
        return
    right = np.asarray(expected)
    found = _as_array(actual, right, what, hint)
    if found.shape != right.shape:
        turned = " (it is transposed)" if found.shape == right.shape[::-1] else ""
        raise CheckFailed(
            f"{what} has shape {found.shape}, expected shape {right.shape}{turned}", hint
        )
    _same_kind(found, right, dtype, what, hint)
    if found.dtype in (np.float16, np.float32):
        rtol, atol = max(rtol, FLOAT32_RTOL), max(atol, FLOAT32_ATOL)
    with np.errstate(all="ignore"):
        if _surely_close(found, right, rtol, atol):
            return
        wrong = ~np.isclose(found, right, rtol=rtol, atol=atol, equal_nan=True)
        if wrong.any():
            raise CheckFailed(f"{what} {describe(found, right, wrong)}", hint)


def _surely_close(
    found: np.ndarray[Any, Any], right: np.ndarray[Any, Any], rtol: float, atol: float
) -> bool:
    """Whether all is well, by the same formula as `np.isclose`, at a fifth of its cost.

    Where not, `np.isclose` has the last word: it knows about NaN and infinity.
    """
    if found.dtype.kind != "f" or right.dtype.kind != "f":
        return False
    limit = atol + rtol * np.abs(right)
    # An infinite limit is that of an infinite right value, and holds nothing back.
    return bool((np.abs(found - right) <= limit).all() and np.isfinite(limit).all())


def _each(
    actual: object,
    expected: list[Any] | tuple[Any, ...],
    *,
    what: str,
    hint: str | None,
    **options: Any,
) -> None:
    if not isinstance(actual, (list, tuple)):
        raise CheckFailed(f"{what} is {_a(actual)}, expected a list or tuple of arrays", hint)
    if len(actual) != len(expected):
        raise CheckFailed(f"{what} has {len(actual)} parts, expected {len(expected)}", hint)
    failures = []
    for number, (part, right) in enumerate(zip(actual, expected, strict=True)):
        try:
            close(part, right, what=f"{what}[{number}]", hint=hint, **options)
        except CheckFailed as failure:
            failures.append(failure)
    if failures:
        alone = len(failures) == 1 < len(expected)
        raise CheckFailed(failures[0].seen + ("; the others are right" if alone else ""), hint)


def _as_array(
    actual: object, right: np.ndarray[Any, Any], what: str, hint: str | None
) -> np.ndarray[Any, Any]:
    if actual is None:
        raise CheckFailed(f"{what} is None: is a return missing?", hint)
    number = isinstance(actual, (bool, int, float, complex, np.generic))
    if isinstance(actual, np.ndarray) or (number and right.ndim == 0):
        found = np.asarray(actual)
        if found.dtype.kind in _KINDS:
            return found
        raise CheckFailed(f"{what} is a whole number of more than 64 bits", hint)
    kind = "a number" if right.ndim == 0 else f"an array of shape {right.shape}"
    raise CheckFailed(f"{what} is {_a(actual)}, expected {kind}", hint)


def _same_kind(
    found: np.ndarray[Any, Any],
    right: np.ndarray[Any, Any],
    dtype: DTypeLike | None,
    what: str,
    hint: str | None,
) -> None:
    if dtype is not None and found.dtype != np.dtype(dtype):
        raise CheckFailed(f"{what} has dtype {found.dtype}, expected {np.dtype(dtype)}", hint)
    kinds = _KINDS[found.dtype.kind], _KINDS[right.dtype.kind]
    if kinds[0] != kinds[1]:
        raise CheckFailed(f"{what} holds {kinds[0]} ({found.dtype}), expected {kinds[1]}", hint)


def _a(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    name = type_name(value)
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{article} {name}" + (" object" if isinstance(value, Handle) else "")
