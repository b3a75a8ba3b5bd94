"""Notes which library functions are entered while requests are answered.

What runs is seen, under whatever name it was imported: Python's profiling hook is called with
the code of each function as it begins. What happens in C, such as `torch.softmax`, is known by
its name and the object it belongs to.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

# Taken here, before a student's code can put something else in their place.
_get, _set = sys.getprofile, sys.setprofile

SWITCHED_OFF = "sys.setprofile"


class Watch:
    """The functions that were entered in its blocks.

    Parameters
    ----------
    names : sequence of str
        The dotted names that are of interest.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        codes: set[CodeType] = set()
        builtins: set[tuple[object, str]] = set()

        # What is written in C has its name with it, by whatever name it was imported.
        called = _called(tuple(names), len(sys.modules))

        # It is called at each call and return: what it uses is close at hand.
        def note(frame: Any, event: str, argument: Any) -> None:
            if event == "call":
                codes.add(frame.f_code)
            elif event == "c_call" and argument.__name__ in called:
                builtins.add((_owner(argument), argument.__name__))

        self._note, self._codes, self._builtins = note, codes, builtins
        self._switched_off = False
        self._last: tuple[tuple[int, int, bool], list[str]] = (0, 0, False), []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is entered in this block."""
        before = _get()
        _set(self._note)
        try:
            yield
        finally:
            self._switched_off |= _get() is not self._note
            _set(before)

    def entered(self) -> list[str]:
        """Return those of the names that were entered.

        A class counts as entered when one of its own methods was. What is not imported
        was not entered. `SWITCHED_OFF` is always among them when the code put another hook in
        the place of this one.
        """
        known = len(self._codes), len(self._builtins), self._switched_off
        if known != self._last[0]:
            found = [name for name in self._names if self._was_entered(_found(name))]
            self._last = known, [*found, SWITCHED_OFF] if self._switched_off else found
        return self._last[1]

    def _was_entered(self, thing: object) -> bool:
        if isinstance(thing, type):
            own = [getattr(one, "__func__", one) for one in vars(thing).values()]
            return any(self._was_entered(one) for one in own if isinstance(one, FunctionType))
        if isinstance(thing, MethodDescriptorType):
            return any(
                name == thing.__name__ and isinstance(owner, type) and _is(owner, thing)
                for owner, name in self._builtins
            )
        if isinstance(thing, BuiltinFunctionType):
            return (_owner(thing), thing.__name__) in self._builtins
        # A decorator's wrapper is shared by all that it decorates; what is inside is not.
        inner = inspect.unwrap(thing) if callable(thing) else thing
        return isinstance(inner, FunctionType) and inner.__code__ in self._codes


@lru_cache(maxsize=64)
def _called(names: tuple[str, ...], modules: int) -> frozenset[str]:
    """Return what things call themselves that have these names; more `modules` may tell more."""
    own = (getattr(_found(name), "__name__", "") for name in names)
    return frozenset([*own, *(name.rpartition(".")[2] for name in names)])


def _found(name: str) -> object:
    """Return what a dotted name stands for, None if it is not imported."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        thing: object = sys.modules.get(".".join(parts[:count]))
        if thing is not None:
            with suppress(Exception):
                for part in parts[count:]:
                    # A module may import what it is asked for; here it is not asked.
                    inside = isinstance(thing, ModuleType)
                    thing = vars(thing)[part] if inside else getattr(thing, part)
                return thing
    return None


def _owner(builtin: Any) -> object:
    """Return the module or class that a function written in C belongs to."""
    owner = getattr(builtin, "__self__", None)
    return owner if isinstance(owner, (type, ModuleType)) else type(owner)


def _is(kind: type, method: MethodDescriptorType) -> bool:
    return issubclass(kind, method.__objclass__)
