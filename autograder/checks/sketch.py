"""A few numbers that tell whether two runs of a check gave the same values.

A sketch holds a digest of the shapes, and some weighted sums over all values. It is compared with
a tolerance, so that the rounding of another machine or of float32 makes no difference, which a
digest of the values themselves would not survive. The values cannot be had back from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.student.plain import Plain, Ref

# Sums of a million logarithms with signs, divided by the root of their number, are near 10 in
# size. Rounding in float32 moves them by 1e-6, and a slip in a hundredth of the values by more
# than 1e-3.
TOLERANCE = 1e-4
_SUMS = 4
# Values are looked at relatively down to this size; smaller ones count as nearly zero.
_SMALL = 1e-4
# With fewer different numbers, and fewer places where one follows another, many mistakes look
# alike: all is zero, or all is NaN, or it is a single number.
_NUMBERS = 3
_PLACES = 20


@dataclass(frozen=True)
class Sketch:
    """A summary of values.

    Attributes
    ----------
    form : str
        A digest of the kinds and shapes, in their order.
    sums : tuple of float
        Weighted sums of the values' signed logarithms.
    """

    form: str
    sums: tuple[float, ...]

    def matches(self, other: Sketch) -> bool:
        """Whether both were made of the same values, up to rounding."""
        return self.form == other.form and all(
            abs(ours - theirs) <= TOLERANCE
            for ours, theirs in zip(self.sums, other.sums, strict=True)
        )

    def to_json(self) -> list[Any]:
        """Return the sketch as JSON-ready data."""
        return [self.form, *self.sums]

    @staticmethod
    def from_json(data: list[Any]) -> Sketch:
        """Read what `to_json` wrote."""
        return Sketch(str(data[0]), tuple(float(number) for number in data[1:]))


def sketch(values: list[Plain]) -> Sketch | None:
    """Return the sketch of values, None if they say too little.

    Parameters
    ----------
    values : list
        Plain data.
    """
    form = hashlib.sha256()
    parts: list[NDArray[np.float64]] = []
    for leaf in _leaves(values):
        if isinstance(leaf, str):
            form.update(f"{leaf};".encode(errors="backslashreplace"))
            continue
        kind = {"u": "i"}.get(leaf.dtype.kind, leaf.dtype.kind)
        form.update(f"{kind}{leaf.shape};".encode())
        numbers = np.stack([leaf.real, leaf.imag]) if kind == "c" else leaf
        with np.errstate(over="ignore"):
            parts.append(np.ravel(numbers).astype(float))
    flat = np.concatenate(parts) if parts else np.zeros(0)
    squeezed = _squeezed(flat)
    coarse = np.round(squeezed, 3)
    numbers = np.unique(coarse[np.isfinite(flat) & (coarse != 0)])
    if len(numbers) < _NUMBERS and np.count_nonzero(np.diff(coarse)) < _PLACES:
        return None
    places = np.arange(1, flat.size + 1)
    # Weights between -1 and 1 that are the same everywhere and repeat in no pattern.
    sums = [
        float(np.cos(places * np.sqrt(prime)) @ squeezed) / np.sqrt(flat.size)
        for prime in (2, 3, 5, 7)[:_SUMS]
    ]
    return Sketch(form.hexdigest()[:8], tuple(round(number, 6) for number in sums))


def _squeezed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return signed logarithms; NaN and infinities become numbers that no logarithm reaches."""
    with np.errstate(all="ignore"):
        logs: NDArray[np.float64] = np.sign(values) * np.log1p(np.abs(values) / _SMALL)
    return np.nan_to_num(logs, nan=2000.0, posinf=3000.0, neginf=-3000.0)


def _leaves(value: Plain) -> Iterator[NDArray[Any] | str]:
    """Yield arrays and, for all that is no number, a word."""
    if isinstance(value, (list, tuple)):
        yield "("
        for part in value:
            yield from _leaves(part)
        yield ")"
    elif isinstance(value, dict):
        for key in sorted(value, key=repr):
            yield from _leaves([repr(key), value[key]])
    elif isinstance(value, Ref):
        yield "an object"
    elif isinstance(value, (np.ndarray, np.generic, bool, float, complex)) or (
        isinstance(value, int) and value.bit_length() < 64
    ):
        yield np.asarray(value)
    else:
        yield value if isinstance(value, str) else type(value).__name__
