"""Notes which library functions are entered while requests are answered.

What runs is seen, under whatever name it was imported: Python's own profiler keeps the code of
each function that begins. What happens in C, such as `torch.softmax`, it keeps by its name and
what it belongs to, in words.
"""

from __future__ import annotations

import inspect
import sys
from _lsprof import Profiler  # what `cProfile` is made of: a hook in C, many times as fast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

# Taken here, before a student's code can put something else in their place.
_get, _set = sys.getprofile, sys.setprofile

SWITCHED_OFF = "sys.setprofile"


class Watch:
    """The functions that are entered in its blocks: ``with watch: ...``.

    Parameters
    ----------
    names : sequence of str
        The dotted names that are of interest.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(dict.fromkeys([*names, SWITCHED_OFF]))
        self._profiler = Profiler()
        self._before: Any = None
        self._blocks = 0
        self._entered: set[str] = set()
        self._told: list[str] = []

    def __enter__(self) -> None:
        """Note what is entered from here on."""
        self._before = _get()
        self._blocks += 1
        with suppress(ValueError):  # the student's own profiler is at work; then it is not ours
            self._profiler.enable(subcalls=False, builtins=True)
        _began()

    def __exit__(self, *_: object) -> None:
        """Note no more, and put back the hook from before."""
        _ends()
        self._profiler.disable()
        _set(self._before if callable(self._before) else None)

    def entered(self) -> list[str]:
        """Return those of the names that were entered.

        A class counts as entered when one of its own methods was. What is not imported
        was not entered. `SWITCHED_OFF` is always among them when the code put another hook in
        the place of this one.
        """
        if self._blocks:
            self._look()
        return self._told

    def _look(self) -> None:
        """Look through what was entered since the last time."""
        known = _known(self._names, len(sys.modules))
        ends = dict.fromkeys(_ENDS, 0)
        found: set[str] = set()
        for entry in self._profiler.getstats():
            what = entry.code
            key = what if type(what) is str else id(what)
            if key in known:
                found.update(known[key].names)
            elif key in ends:
                ends[key] = entry.callcount
        # Both ends of each block were seen, or somebody has taken the hook away.
        if any(count != self._blocks for count in ends.values()):
            found.add(SWITCHED_OFF)
        self._profiler.clear()
        self._blocks = 0
        if not found <= self._entered:
            self._entered |= found
            self._told = [name for name in self._names if name in self._entered]


def _began() -> None:
    pass


def _ends() -> None:
    pass


_ENDS = (id(_began.__code__), id(_ends.__code__))


@dataclass
class _Known:
    """What the profiler has of a function, and the names it goes by.

    That is its code, or a phrase for what is written in C. Codes are told apart by their
    number: to compare them takes long, and a copy elsewhere would be equal.
    """

    kept: CodeType | str
    names: list[str]


@lru_cache(maxsize=64)
def _known(names: tuple[str, ...], modules: int) -> dict[int | str, _Known]:
    """Return what is known of the names; more `modules` may tell more."""
    found: dict[int | str, _Known] = {}
    for name in names:
        for kept in _kept(_found(name)):
            key = kept if isinstance(kept, str) else id(kept)
            found.setdefault(key, _Known(kept, [])).names.append(name)
    return found


def _kept(thing: object) -> Iterator[CodeType | str]:
    """Yield what the profiler keeps when a thing is entered."""
    if isinstance(thing, type):
        for one in vars(thing).values():
            if isinstance(own := getattr(one, "__func__", one), FunctionType):
                yield from _kept(own)
    elif isinstance(thing, MethodDescriptorType):
        yield repr(thing)
    elif isinstance(thing, BuiltinFunctionType):
        yield _phrase(thing)
    else:
        # A decorator's wrapper is shared by all that it decorates; what is inside is not.
        inner = inspect.unwrap(thing) if callable(thing) else thing
        if isinstance(inner, FunctionType):
            yield inner.__code__


def _phrase(builtin: Any) -> str:
    """Return what the profiler calls a function that is written in C."""
    name, owner = builtin.__name__, builtin.__self__
    if not isinstance(owner, ModuleType):
        for kind in type(owner).__mro__:
            if name in vars(kind):
                return repr(vars(kind)[name])
    module = builtin.__module__
    return f"<built-in method {module}.{name}>" if module else f"<built-in method {name}>"


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
