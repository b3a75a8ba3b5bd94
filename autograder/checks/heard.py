"""What the student's code answered during a check."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np

from autograder.checks.proxies import Side
from autograder.student.plain import Plain

# Answers to these are values that the student's code computed.
_TELLING = {"call", "probe", "getattr", "getitem", "len"}
# More than an honest answer to any check, and little beside what one message may hold.
_MOST_BYTES = 8 * 2**20


class Heard:
    """A student's side that keeps the values it answered with during the last check.

    Attributes
    ----------
    values : list
        The plain values, in their order; none if they were too large to be kept.
    """

    def __init__(self, side: Side) -> None:
        self._side = side
        self._bytes = 0
        self.values: list[Plain] = []

    def request(self, operation: str, *operands: Plain) -> Plain:
        """Carry the request on, and keep what comes back if it is the student's work."""
        if operation == "begin":
            # Each check begins with it.
            self._bytes = 0
            self.values.clear()
        reply = self._side.request(operation, *operands)
        if operation in _TELLING:
            self._bytes += _size(reply)
            self.values.append(reply)
            if self._bytes > _MOST_BYTES:
                self.values.clear()
        return reply

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """Give the block its time."""
        return self._side.limit(seconds)


def _size(value: Plain) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, dict):
        return 64 + sum(_size(key) + _size(part) for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return 64 + sum(map(_size, value))
    return 32
