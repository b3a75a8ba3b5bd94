"""See what a student's code has put in the place of something else.

It is advice for a person to look at, and costs no points: code that rewrites its own process
can also hide that it did. No check relies on any of it.
"""

from __future__ import annotations

import builtins
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from operator import is_
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import numpy.testing

from .plain_cells import transformers_of

# Taken here, before a student's code can put something else in their place.
_all, _len, _map = all, len, map

# What a notebook of a course has no use for. Names of modules, then of things in modules.
FORBIDDEN_IMPORTS = (
    "autograder",
    "cffi",
    "ctypes",
    "gc",
    "msgpack",
    "nbgrader",
    "socket",
    "student",
    "subprocess",
)
FORBIDDEN_NAMES = (
    "__subclasses__",
    "f_back",
    "inspect.currentframe",
    "inspect.stack",
    "os._exit",
    "os.fork",
    "os.kill",
    "sys._current_frames",
    "sys._getframe",
    "sys.addaudithook",
    "sys.setprofile",
    "sys.settrace",
    "tb_frame",
)

_WATCHED: tuple[tuple[str, ModuleType], ...] = (
    ("builtins", builtins),
    ("np", np),
    ("np.linalg", np.linalg),
    ("np.random", np.random),
    ("np.testing", numpy.testing),
    ("os", os),
    ("signal", signal),
    ("sys", sys),
)
# What a cell shows goes through these, and its last error stays in these.
_CHANGING = ("sys.std", "sys.last_")
# Extensions that a notebook may load put hooks into IPython.
_KNOWN_HOOKS = ("IPython.", "matplotlib_inline.", "ipywidgets.")
_ROOTS = {"builtins", "numpy", "os", "sys", "signal", "time", "math", "IPython", "course_utils"}
_SHELL_METHODS = ("run_cell", "run_code", "run_ast_nodes", "showtraceback", "_showtraceback")

_IMPORT = re.compile(
    r"""^[ \t]*(?:import|from)[ \t]+(?:[\w., \t]*,[ \t]*)?(?P<plain>{0})\b
    |(?:__import__|import_module)\(\s*['"](?P<called>{0})\b""".format("|".join(FORBIDDEN_IMPORTS)),
    re.MULTILINE | re.VERBOSE,
)
_NAME = re.compile(r"(?<![\w.])({})\b".format("|".join(map(re.escape, FORBIDDEN_NAMES))))
_ATTRIBUTE = re.compile(r"\.(__subclasses__|f_back|tb_frame)\b")
_COMMENT = re.compile(r"#[^\n]*")


def forbidden(source: str) -> list[str]:
    """Return what a cell's text uses that a notebook has no use for, in words.

    The text is only looked at, not parsed: a notebook can hold what no parser survives.
    """
    text = _COMMENT.sub("", source)
    modules = {found["plain"] or found["called"] for found in _IMPORT.finditer(text)}
    names = {*_NAME.findall(text), *_ATTRIBUTE.findall(text)}
    return [f"import of {name}" for name in sorted(modules)] + [
        f"use of {name}" for name in sorted(names)
    ]


class Fingerprint:
    """What stood where before a student's code ran.

    Parameters
    ----------
    shell : InteractiveShell
        IPython's shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        # Looked up now: what is compared is what was there, and with what it is compared too.
        self._modules = {
            name: module for name, module in sys.modules.items() if name.partition(".")[0] in _ROOTS
        }
        self._looks: list[Callable[[], list[str]]] = [
            *(place.changes for place in _watched()),
            self._changed_modules,
            _Part("has a hook", self._hooks).changes,
            _Part("replaced", self._methods).changes,
            *(place.changes for place in _engine()),
        ]

    def changes(self) -> list[str]:
        """Return what is no longer what it was, in words. It never raises."""
        found: list[str] = []
        for look in self._looks:
            try:
                found += look()
            except BaseException:
                # Not KeyboardInterrupt either: what is looked at may be made to raise it.
                found.append("something cannot be looked at")
        return list(dict.fromkeys(found))

    def _changed_modules(self) -> list[str]:
        return [
            f"{name} replaced in sys.modules"
            for name, module in self._modules.items()
            if sys.modules.get(name) is not module
        ]

    def _hooks(self) -> Iterator[tuple[str, object]]:
        shell = self._shell
        for event, callbacks in shell.events.callbacks.items():
            yield f"IPython event {event}", tuple(c for c in callbacks if not _is_known(c))
        yield "IPython ast_transformers", tuple(shell.ast_transformers)
        for name, held in transformers_of(shell).items():
            yield f"IPython {name}", held
        yield "IPython custom_exceptions", tuple(shell.custom_exceptions)
        yield "sys.settrace", (sys.gettrace(),)
        yield "sys.setprofile", (sys.getprofile(),)

    def _methods(self) -> Iterator[tuple[str, object]]:
        for name in _SHELL_METHODS:
            found = getattr(self._shell, name)
            yield f"IPython {name}", _with_code(getattr(found, "__func__", found))


class _Part:
    """What is looked up anew each time, by name."""

    def __init__(self, words: str, part: Callable[[], Iterator[tuple[str, object]]]) -> None:
        self._words = words
        self._part = part
        self._before = dict(part())

    def changes(self) -> list[str]:
        """Return what has been replaced, in words."""
        now = dict(self._part())
        changed = [n for n, value in self._before.items() if not _same(now.get(n), value)]
        return [f"{name} {self._words}" for name in changed]


class _Place:
    """What a module or a class holds.

    To touch an object is to copy its page of memory, in a process that was forked. So as long
    as nothing has changed, no names are touched.

    Parameters
    ----------
    shown : str
        What it is called.
    names : mapping
        What it holds, by name.
    counted : set of str
        The names of which a change is told.
    """

    def __init__(self, shown: str, names: Mapping[str, object], counted: set[str]) -> None:
        self._shown = shown
        self._names = names
        self._values = list(names.values())
        self._before = {name: value for name, value in names.items() if name in counted}
        # The code of a function can be replaced in place.
        self._functions = [v for v in self._before.values() if isinstance(v, FunctionType)]
        self._codes = [function.__code__ for function in self._functions]

    def changes(self) -> list[str]:
        """Return what has been replaced, in words."""
        found: set[str] = set()
        # By identity: `==` of what a student has put there is not to be trusted.
        now = self._names.values()
        if _len(now) != _len(self._values) or not _all(_map(is_, now, self._values)):
            found |= {n for n, value in self._before.items() if self._names.get(n) is not value}
        codes = [function.__code__ for function in self._functions]
        if not _all(_map(is_, codes, self._codes)):
            other = {
                id(function)
                for function, code in zip(self._functions, self._codes, strict=True)
                if function.__code__ is not code
            }
            found |= {name for name, value in self._before.items() if id(value) in other}
        if not found:
            return []
        return [f"{self._shown}.{name} replaced" for name in self._before if name in found]


def _watched() -> Iterator[_Place]:
    """Yield the modules whose functions and classes a student's code may put others for."""
    for shown, module in _WATCHED:
        changing = [name for name in vars(module) if f"{shown}.{name}".startswith(_CHANGING)]
        names = vars(module)
        counted = {n for n, v in names.items() if callable(v) and n not in changing}
        yield _Place(shown, names, counted)


def _engine() -> Iterator[_Place]:
    """Yield this package's modules and classes, which answer the referee."""
    package = __name__.rpartition(".")[0]
    for name, module in list(sys.modules.items()):
        if name.rpartition(".")[0] != package:
            continue
        held = dict(vars(module))
        yield _Place(f"grader {name.rpartition('.')[2]}", vars(module), set(held))
        for key, value in held.items():
            if isinstance(value, type) and value.__module__ == name:
                parts = vars(value)
                own = {part for part in parts if isinstance(parts[part], FunctionType)}
                yield _Place(f"grader {key}", parts, own)


def _is_known(hook: object) -> bool:
    return str(getattr(hook, "__module__", "")).startswith(_KNOWN_HOOKS)


def _with_code(value: object) -> object:
    """Return a thing together with the code it runs, which can be replaced in place."""
    return (value, value.__code__) if isinstance(value, FunctionType) else (value,)


def _same(one: object, other: object) -> bool:
    """Compare by identity: `==` of what a student has put there is not to be trusted."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
    return one is other
