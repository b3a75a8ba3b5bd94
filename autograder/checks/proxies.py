"""The student as a check sees them: names, objects and calls, by proxy."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from autograder.checks.check import Probe
from autograder.student.plain import Plain, Ref, replace_refs, to_plain
from autograder.student.side import StudentError

__all__ = ["Handle", "Side", "Student", "StudentError"]


class Side(Protocol):
    """Whatever carries requests to the student's objects."""

    def request(self, operation: str, *operands: Plain) -> Plain:
        """Carry out `operation`; raise `StudentError` if the student's code raises."""

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """Raise `TimeLimitReached` in the block when the student's code runs too long."""


class Student:
    """The student's names, as attributes.

    ``student.stable_softmax(x)`` calls the student's function with a copy of `x` and returns
    a copy of its result. What is not plain data comes back as a `Handle`.
    """

    def __init__(self, side: Side) -> None:
        self._side = side

    def __getattr__(self, name: str) -> Any:
        return _ask(self._side, "name", name)

    def run(self, probe: Probe, *arguments: object) -> Any:
        """Run `probe` on the student's side and return what it returns."""
        return _ask(self._side, "probe", probe.name, probe.source, list(arguments))


class Handle:
    """An object that stays on the student's side."""

    def __init__(self, side: Side, ref: Ref) -> None:
        object.__setattr__(self, "_side", side)
        object.__setattr__(self, "_ref", ref)

    def __repr__(self) -> str:
        return f"<a {self._ref.type_name} of the student>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _ask(self._side, "getattr", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        _ask(self._side, "setattr", self, name, value)

    def __getitem__(self, key: object) -> Any:
        return _ask(self._side, "getitem", self, key)

    def __len__(self) -> int:
        return int(_ask(self._side, "len", self))

    def __bool__(self) -> bool:
        return True

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Call the object with copies of the arguments."""
        return _ask(self._side, "call", self, list(args), kwargs)


def type_name(value: object) -> str:
    """Name the type of a value a check got, also if it is a handle."""
    return str(value._ref.type_name) if isinstance(value, Handle) else type(value).__name__


def _ask(side: Side, operation: str, *operands: object) -> Any:
    def refuse(value: object) -> Ref:
        if isinstance(value, Handle):
            return value._ref  # type: ignore[no-any-return]
        raise TypeError(
            f"a check may pass plain data, arrays and handles, not {type(value).__name__}"
        )

    reply = side.request(operation, *[to_plain(operand, refuse) for operand in operands])
    return replace_refs(reply, lambda ref: Handle(side, ref))
