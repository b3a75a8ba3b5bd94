"""Notes which library functions are entered while requests are answered.

What runs is seen, under whatever name it was imported, by the code of each function as it begins.
What happens in C, such as `torch.softmax`, is known by its name and the object it belongs to.
"""

from __future__ import annotations

import inspect
import sys
from _lsprof import Profiler  # what `cProfile` is made of: a hook in C, many times as fast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

# Taken here, before a student's code can put something else in their place.
_get, _set = sys.getprofile, sys.setprofile

SWITCHED_OFF = "sys.setprofile"
_IN_C = (BuiltinFunctionType, MethodDescriptorType)


class Watch:
    """The functions that are entered in its blocks: ``with watch: ...``.

    Parameters
    ----------
    names : sequence of str
        The dotted names that are of interest.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._codes, self._calls = _Codes(), _Calls()
        self._hook: _Codes | _Calls = self._codes
        self._before: Any = None
        self._known = _known(self._names, _loaded(self._names))
        self._entered: set[str] = set()
        self._told: list[str] = []

    def __enter__(self) -> None:
        """Note what is entered from here on."""
        self._before = _get()
        called = self._known.called
        # What is written in C is seen by a hook in Python alone, which slows everything.
        self._hook = self._calls if called else self._codes
        self._calls.called = called
        self._hook.begin()

    def __exit__(self, *_: object) -> None:
        """Note no more, and put back the hook from before."""
        try:
            self._hook.end()
        finally:
            _set(self._before if callable(self._before) else None)

    def entered(self) -> list[str]:
        """Return those of the names that were entered.

        A class counts as entered when one of its own methods was. What is not imported
        was not entered. `SWITCHED_OFF` is always among them when the code put another hook in
        the place of this one.
        """
        # More may have been imported since.
        self._known = known = _known(self._names, _loaded(self._names))
        found = {name for name, thing in known.in_c if self._calls.has(thing)}
        for code in chain(self._codes.taken(), self._calls.codes):
            # To compare codes takes long; few have a name and a line in common.
            if likely := known.codes.get((code.co_name, code.co_firstlineno)):
                found.update(name for one, name in likely if one is code or one == code)
        if self._codes.is_off or self._calls.is_off:
            found.add(SWITCHED_OFF)
        if not found <= self._entered:
            self._entered |= found
            told = (*self._names, SWITCHED_OFF)
            self._told = [name for name in told if name in self._entered]
        return self._told


class _Codes:
    """The functions written in Python that are entered, by Python's own profiler."""

    def __init__(self) -> None:
        self.is_off = False
        self._profiler = Profiler()
        self._blocks = 0

    def begin(self) -> None:
        self._blocks += 1
        with suppress(ValueError):  # the student's own profiler is at work; then it is not ours
            self._profiler.enable(subcalls=False, builtins=False)
        _began()

    def end(self) -> None:
        _ends()
        self._profiler.disable()

    def taken(self) -> Iterator[CodeType]:
        """Yield the codes that were entered since this was called last."""
        if not self._blocks:
            return
        ends = dict.fromkeys((id(_began.__code__), id(_ends.__code__)), 0)
        for entry in self._profiler.getstats():
            code = entry.code
            if id(code) in ends:
                ends[id(code)] = entry.callcount
            elif type(code) is CodeType:
                yield code
        # Both ends of each block were seen, or somebody has taken the hook away.
        self.is_off |= any(count != self._blocks for count in ends.values())
        self._profiler.clear()
        self._blocks = 0


class _Calls:
    """All functions that are entered, those written in C too, by a hook in Python.

    Attributes
    ----------
    called : set of str
        What those in C that are of interest call themselves.
    """

    def __init__(self) -> None:
        self.is_off = False
        self.called: frozenset[str] = frozenset()
        self.codes: set[CodeType] = set()
        self._in_c: set[tuple[object, str]] = set()

    def begin(self) -> None:
        called, codes, in_c = self.called, self.codes, self._in_c

        # It is called at each call and return: what it uses is close at hand.
        def note(frame: Any, event: str, argument: Any) -> None:
            if event == "call":
                codes.add(frame.f_code)
            elif event == "c_call" and argument.__name__ in called:
                in_c.add((_owner(argument), argument.__name__))

        self._note = note
        _set(note)

    def end(self) -> None:
        self.is_off |= _get() is not self._note

    def has(self, thing: Any) -> bool:
        """Whether something written in C was entered."""
        if isinstance(thing, MethodDescriptorType):
            return any(
                name == thing.__name__ and isinstance(owner, type) and _is(owner, thing)
                for owner, name in self._in_c
            )
        return (_owner(thing), thing.__name__) in self._in_c


def _began() -> None:
    pass


def _ends() -> None:
    pass


@dataclass
class _Known:
    """What the names of interest stand for, as far as it is imported.

    Attributes
    ----------
    codes : dict
        By its name and first line, the code of a function, and the name of interest. A copy of
        the code is as good as the code: a library can be loaded a second time.
    in_c : list
        Names, with what is written in C.
    called : frozenset of str
        What that calls itself.
    """

    codes: dict[tuple[str, int], list[tuple[CodeType, str]]] = field(default_factory=dict)
    in_c: list[tuple[str, object]] = field(default_factory=list)
    called: frozenset[str] = frozenset()


@lru_cache(maxsize=64)
def _known(names: tuple[str, ...], _: tuple[int, ...]) -> _Known:
    known = _Known()
    for name in names:
        thing = _found(name)
        for code in _codes_of(thing):
            key = code.co_name, code.co_firstlineno
            known.codes.setdefault(key, []).append((code, name))
        if isinstance(thing, _IN_C):
            known.in_c.append((name, thing))
    known.called = frozenset(
        called
        for name, thing in known.in_c
        for called in (getattr(thing, "__name__", ""), name.rpartition(".")[2])
    )
    return known


def _loaded(names: tuple[str, ...]) -> tuple[int, ...]:
    """Return what tells whether other modules are there than before."""
    return tuple([id(sys.modules.get(module)) for module in _modules(names)])


@lru_cache(maxsize=64)
def _modules(names: tuple[str, ...]) -> list[str]:
    parts = [name.split(".") for name in names]
    return list(dict.fromkeys(".".join(p[:n]) for p in parts for n in range(1, len(p))))


def _codes_of(thing: object) -> Iterator[CodeType]:
    """Yield the codes of a function, or of a class's own methods."""
    if isinstance(thing, type):
        for one in vars(thing).values():
            if isinstance(own := getattr(one, "__func__", one), FunctionType):
                yield from _codes_of(own)
        return
    # A decorator's wrapper is shared by all that it decorates; what is inside is not.
    inner = inspect.unwrap(thing) if callable(thing) else thing
    if isinstance(inner, FunctionType):
        yield inner.__code__


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
