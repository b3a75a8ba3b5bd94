"""The student's side: it holds the student's objects and answers requests about them.

A request is the name of an operation and plain operands; a reply is plain data. That is
all there is to carry if the two sides live in different processes.
"""

from __future__ import annotations

import linecache
import random
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any

import numpy as np

from .limits import time_limit
from .plain import NotPlainError, Plain, Ref, replace_refs, to_plain
from .watch import Watch

MAX_MESSAGE = 300


class StudentError(Exception):
    """The student's code raised, or a name is not there.

    Attributes
    ----------
    kind : str
        The exception's class name.
    message : str
        Its text, shortened, with the student's line where it was raised.
    missing : bool
        True if the work is not done yet: a name is not defined, or the stub is still there.
    """

    def __init__(self, kind: str, message: str, *, missing: bool = False) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.missing = missing


class Names:
    """The student's names as attributes: what a probe gets."""

    def __init__(self, namespace: MutableMapping[str, Any]) -> None:
        object.__setattr__(self, "_namespace", namespace)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._namespace[name]
        except KeyError:
            raise StudentError("NameError", f"{name} is not defined", missing=True) from None


class StudentSide:
    """Answer requests about the names in `namespace`.

    Parameters
    ----------
    namespace : dict
        The globals of the student's notebook.
    patience : float
        Of the time a check has (`student.limits.time_limit`).
    """

    def __init__(self, namespace: MutableMapping[str, Any], patience: float = 1.0) -> None:
        self.patience = patience
        self.names = Names(namespace)
        self.namespace = namespace
        self.objects: list[object] = []
        self.watch: Watch | None = None
        self.operations: dict[str, Callable[..., object]] = {
            "name": lambda name: getattr(self.names, name),
            "getattr": getattr,
            "setattr": setattr,
            "getitem": lambda target, key: target[key],
            "len": len,
            "call": lambda target, args, kwargs: target(*args, **kwargs),
            "probe": self._probe,
            "begin": self._begin,
            "entered": lambda: self.watch.entered() if self.watch else [],
        }

    def request(self, operation: str, *operands: Plain) -> Plain:
        """Carry out one operation and return its result as plain data.

        Raises
        ------
        StudentError
            If the student's code raises, or returns what cannot be passed on.
        """
        arguments = [replace_refs(operand, self._lookup) for operand in operands]
        try:
            watch = None if operation == "entered" else self.watch
            with watch or nullcontext():
                value = self.operations[operation](*arguments)
            return to_plain(value, self._refer)
        except StudentError:
            raise
        except NotPlainError as error:
            raise StudentError("ValueError", f"what your code returns is {error}") from None
        except NotImplementedError as error:
            raise StudentError("NotImplementedError", _shorten(error), missing=True) from None
        except (Exception, SystemExit, GeneratorExit) as error:
            where = _student_line(error.__traceback__, self.namespace)
            raise StudentError(type(error).__name__, _shorten(error) + where) from None

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """Raise `TimeLimitReached` in the block once it has run for `seconds`."""
        return time_limit(seconds, self.patience)

    def _begin(self, seed: int, names: list[str]) -> None:
        """Begin a check; note from now on which of the functions called `names` are entered."""
        # Their numbers are those of this check, whatever was asked before.
        self.objects.clear()
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 (students may draw from the global state)
        self.watch = Watch(names) if names else None

    def _refer(self, value: object) -> Ref:
        self.objects.append(value)
        return Ref(len(self.objects) - 1, type(value).__name__)

    def _lookup(self, ref: Ref) -> object:
        return self.objects[ref.number]

    def _probe(self, name: str, source: str, arguments: list[object]) -> object:
        module: dict[str, Any] = {"np": np}
        exec(_compiled(name, source), module)  # noqa: S102 (the author's own)
        return module[name](self.names, *arguments)


@lru_cache(maxsize=64)
def _compiled(name: str, source: str) -> CodeType:
    return compile(source, f"<probe {name}>", "exec", dont_inherit=True)


def _shorten(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its message cannot be shown)"
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + " ..."


def _student_line(trace: TracebackType | None, namespace: MutableMapping[str, Any]) -> str:
    """Return where in the student's own cells the error came from, as a phrase."""
    found = ""
    for frame, number in traceback.walk_tb(trace):
        if frame.f_globals is namespace:
            line = linecache.getline(frame.f_code.co_filename, number).strip()
            if line:
                found = f", in {frame.f_code.co_name}: `{line[:100]}`"
    return found
