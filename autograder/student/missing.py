"""Define what a notebook has left undefined."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from .limits import TimeLimitReached, time_limit


def define_missing(
    definitions: Iterable[tuple[list[str], str]],
    namespace: dict[str, Any],
    file: str,
    seconds: float,
) -> None:
    """Carry out those definitions of whose names none is there.

    Parameters
    ----------
    definitions : iterable of (list of str, str)
        The names that a statement binds, and its text.
    namespace : dict
        The notebook's globals.
    file : str
        What tracebacks show in the place of a file.
    seconds : float
        How long all may take. What they raise goes nowhere.
    """
    missing = [text for names, text in definitions if namespace.keys().isdisjoint(names)]
    if missing:
        with (
            suppress(Exception, SystemExit, GeneratorExit, TimeLimitReached),
            time_limit(seconds),
        ):
            for text in missing:
                code = compile(text, file, "exec", dont_inherit=True)
                exec(code, namespace)  # noqa: S102 (the author's own text)
