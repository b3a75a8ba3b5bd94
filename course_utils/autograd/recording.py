"""Whether operations are recorded for the backward pass, and the switch that turns it off."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from types import TracebackType


class _Mode(threading.local):
    """One flag for each thread, so that evaluating in one thread does not disturb another."""

    recording = True


mode = _Mode()


class no_grad(ContextDecorator):  # noqa: N801 - the name that PyTorch users know
    """Switch off recording: inside, results remember nothing and need no gradients.

    Use it as a context manager or as a decorator, for evaluation and for updates of parameters.
    The former state comes back at the end, also after an error; blocks may be nested.

    Examples
    --------
    >>> from course_utils import Tensor
    >>> weight = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     doubled = weight * 2
    >>> doubled.requires_grad
    False
    """

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(mode.recording)
        mode.recording = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        mode.recording = self._before.pop()
