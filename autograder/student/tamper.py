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
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import numpy.testing

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
        self._parts: tuple[tuple[str, Callable[[], Iterator[tuple[str, object]]]], ...] = (
            ("replaced", self._functions),
            ("replaced in sys.modules", self._modules),
            ("has a hook", self._hooks),
            ("replaced", self._methods),
            ("replaced", self._engine),
        )
        # Looked up now: what is compared is what was there, and with what it is compared too.
        self._before = [dict(part()) for _, part in self._parts]

    def changes(self) -> list[str]:
        """Return what is no longer what it was, in words. It never raises."""
        found: list[str] = []
        for (words, part), before in zip(self._parts, self._before, strict=True):
            try:
                now = dict(part())
            except BaseException:
                # Not KeyboardInterrupt either: what is looked at may be made to raise it.
                found.append("something cannot be looked at")
                continue
            changed = [name for name in before if not _same(now.get(name), before[name])]
            found += [f"{name} {words}" for name in changed]
        return list(dict.fromkeys(found))

    @staticmethod
    def _functions() -> Iterator[tuple[str, object]]:
        for shown, module in _WATCHED:
            for name, value in list(vars(module).items()):
                if callable(value) and not f"{shown}.{name}".startswith(_CHANGING):
                    yield f"{shown}.{name}", _with_code(value)

    @staticmethod
    def _modules() -> Iterator[tuple[str, object]]:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in _ROOTS:
                yield name, module

    def _hooks(self) -> Iterator[tuple[str, object]]:
        shell = self._shell
        for event, callbacks in shell.events.callbacks.items():
            yield f"IPython event {event}", tuple(c for c in callbacks if not _is_known(c))
        yield "IPython ast_transformers", tuple(shell.ast_transformers)
        yield "IPython input_transformers_post", tuple(shell.input_transformers_post)
        manager = shell.input_transformer_manager
        for name in ("cleanup_transforms", "line_transforms", "token_transformers"):
            yield f"IPython {name}", tuple(getattr(manager, name))
        yield "IPython custom_exceptions", tuple(shell.custom_exceptions)
        yield "sys.settrace", (sys.gettrace(),)
        yield "sys.setprofile", (sys.getprofile(),)

    def _methods(self) -> Iterator[tuple[str, object]]:
        for name in _SHELL_METHODS:
            found = getattr(self._shell, name)
            yield f"IPython {name}", _with_code(getattr(found, "__func__", found))

    @staticmethod
    def _engine() -> Iterator[tuple[str, object]]:
        """Yield the functions of this package, which answer the referee."""
        package = __name__.rpartition(".")[0]
        for name, module in list(sys.modules.items()):
            if name.rpartition(".")[0] != package:
                continue
            for key, value in list(vars(module).items()):
                yield f"grader {name.rpartition('.')[2]}.{key}", _with_code(value)
                if isinstance(value, type) and value.__module__ == name:
                    for part, function in list(vars(value).items()):
                        if isinstance(function, FunctionType):
                            yield f"grader {key}.{part}", _with_code(function)


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
