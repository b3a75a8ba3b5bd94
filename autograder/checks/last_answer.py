"""What a check heard from the student's side last, in words.

A check may stop on a value that it did not expect: a text in the place of an array, one part in
the place of two. That is the student's error and not the check's, and has to be said so.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from autograder.checks.proxies import Side
from autograder.errors import GradlabError
from autograder.student.plain import Plain, Ref
from autograder.student.side import StudentError

# What Python raises where a value is of another kind than the code that takes it.
WRONG_KIND = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, MemoryError)
_LONGEST = 40


class LastAnswer:
    """A side that keeps in mind what it answered last.

    A check whose inputs are fixed and that passes for the solution (`gradlab verify` proves
    that) and stops with one of `WRONG_KIND` after an answer, stops because of the answer.
    """

    def __init__(self, side: Side) -> None:
        self._side = side
        self._names: dict[int, str] = {}
        self._last: tuple[str, Plain] | None = None

    def request(self, operation: str, *operands: Plain) -> Plain:
        """Carry the request on; keep the answer."""
        try:
            reply = self._side.request(operation, *operands)
        except StudentError as error:
            if operation in ("getitem", "len") and error.kind == "TypeError":
                # Their object has no parts, or no such ones; it is the check that asked for them.
                raise TypeError(error.message) from None
            raise
        name = self._called(operation, operands)
        if name:
            self._last = name, reply
            if isinstance(reply, Ref):
                self._names[reply.number] = name
        return reply

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """Limit the time of the student's code in a block."""
        return self._side.limit(seconds)

    def misfit(self, error: Exception) -> str | None:
        """Return a sentence about the last answer; None if it did not lead to the error."""
        if self._last is None or not isinstance(error, WRONG_KIND):
            return None
        if isinstance(error, GradlabError):
            # It is a ValueError too, and about the lab.
            return None
        name, value = self._last
        if isinstance(value, Ref) and not isinstance(error, TypeError):
            # Nothing has come of the object yet.
            return None
        wanted = "expected the type, shape and number of parts that the exercise asks for"
        return f"{name} is {_described(value)}, {wanted}"

    def _called(self, operation: str, operands: tuple[Plain, ...]) -> str:
        """Return what the student knows the answer to a request as."""
        match operation, operands:
            case "name", (str(name),):
                return name
            case "probe", _:
                return "what your code gave"
            case "getattr", (Ref(number=number), str(name)):
                return f"{self._names.get(number, 'its')}.{name}"
            case ("getitem" | "call") as kind, (Ref(number=number), *_):
                return f"{self._names.get(number, 'it')}{'[...]' if kind == 'getitem' else '(...)'}"
        return ""


def _described(value: Any) -> str:
    if isinstance(value, Ref):
        article = "an" if value.type_name[:1].lower() in "aeiou" else "a"
        return f"{article} {value.type_name} object"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} that holds {value.dtype}"
    if isinstance(value, (list, tuple, dict)):
        parts = "1 part" if len(value) == 1 else f"{len(value)} parts"
        return f"a {type(value).__name__} of {parts}"
    if isinstance(value, (str, bytes)):
        return f"the text {_short(repr(value))}"
    return "None" if value is None else f"the {type(value).__name__} {_short(str(value))}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
