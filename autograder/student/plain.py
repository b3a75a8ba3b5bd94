"""The only data that crosses between a student's code and its referee.

Plain data are None, bool, int, float, str, bytes, list, tuple, dict, numeric arrays and
numeric numpy scalars. Whatever else there is stays on the student's side; a `Ref` stands
for it. Arrays are copied, subclasses lose their class: a value cannot lie about itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_BYTES = 64 * 2**20
MAX_ITEMS = 200_000
MAX_DEPTH = 16
MAX_INT_BITS = 4096
# Keys that a sender can choose such that they all fall into one place of a dict.
MAX_RARE_KEYS = 2000

# Plain is recursive, and Ref is one of its leaves; Any keeps the annotations readable.
Plain = Any


class NotPlainError(ValueError):
    """A value is too large, too deep or too long to be passed on."""


@dataclass(frozen=True)
class Ref:
    """The number of an object that stays on the student's side, and its type's name."""

    number: int
    type_name: str


_AS_IT_IS = frozenset([type(None), bool, float, Ref])


def to_plain(value: object, refer: Callable[[object], Ref]) -> Plain:
    """Copy `value` as plain data; `refer` gives a `Ref` for each object that is not plain.

    Raises
    ------
    NotPlainError
        If the value is larger than `MAX_BYTES` or `MAX_ITEMS`, or nested deeper than
        `MAX_DEPTH`.
    """
    if type(value) in _AS_IT_IS:
        return value
    budget = _Budget()

    def convert(item: object, depth: int) -> Plain:
        budget.item(depth)
        if type(item) in _AS_IT_IS:
            return item
        if isinstance(item, np.ndarray):
            if item.dtype.kind not in "biufc":
                return refer(item)
            budget.size(item.nbytes)
            return np.array(item, order="C", copy=True, subok=False)
        if isinstance(item, np.generic):
            return np.array(item)[()] if item.dtype.kind in "biufc" else refer(item)
        if isinstance(item, float):
            return float.__float__(item)
        if isinstance(item, complex):
            return complex.__complex__(item)
        if isinstance(item, int):
            number = int.__int__(item)
            if number.bit_length() > MAX_INT_BITS:
                raise NotPlainError(f"an integer of more than {MAX_INT_BITS} bits")
            return number
        if isinstance(item, str):
            budget.size(str.__len__(item))
            return str.__str__(item)
        if isinstance(item, bytes):
            budget.size(bytes.__len__(item))
            return bytes(memoryview(item))
        if isinstance(item, list):
            return [convert(part, depth + 1) for part in list.__iter__(item)]
        if isinstance(item, tuple):
            return tuple(convert(part, depth + 1) for part in tuple.__iter__(item))
        if isinstance(item, dict):
            budget.rare(sum(is_rare_key(key) for key in dict.keys(item)))
            return {
                convert(key, depth + 1): convert(part, depth + 1)
                for key, part in dict.items(item)
                if key is None or isinstance(key, (str, int, float, tuple))
            }
        return refer(item)

    return convert(value, 0)


def is_rare_key(key: object) -> bool:
    """Whether a key's hash is for the sender to choose.

    Of whole numbers of up to 64 bits and floating-point numbers, few have the same hash; that
    of a string differs from process to process.
    """
    if key is None or isinstance(key, (str, float)):
        return False
    return not isinstance(key, int) or int.bit_length(key) > 64


def replace_refs(value: Plain, lookup: Callable[[Ref], object]) -> Any:
    """Copy plain data with each `Ref` replaced by what `lookup` gives for it."""
    if isinstance(value, Ref):
        return lookup(value)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list):
        return [replace_refs(part, lookup) for part in value]
    if isinstance(value, tuple):
        return tuple(replace_refs(part, lookup) for part in value)
    if isinstance(value, dict):
        return {key: replace_refs(part, lookup) for key, part in value.items()}
    return value


class _Budget:
    """What one value may still spend."""

    def __init__(self) -> None:
        self.items = 0
        self.bytes = 0
        self.rare_keys = 0

    def item(self, depth: int) -> None:
        self.items += 1
        if self.items > MAX_ITEMS:
            raise NotPlainError(f"more than {MAX_ITEMS} items in one value")
        if depth > MAX_DEPTH:
            raise NotPlainError(f"a value nested more than {MAX_DEPTH} deep")

    def size(self, count: int) -> None:
        self.bytes += count
        if self.bytes > MAX_BYTES:
            raise NotPlainError(f"more than {MAX_BYTES // 2**20} MiB in one value")

    def rare(self, count: int) -> None:
        self.rare_keys += count
        if self.rare_keys > MAX_RARE_KEYS:
            raise NotPlainError(f"more than {MAX_RARE_KEYS} keys that are tuples or huge numbers")
