"""The whole life of a worker process of `pool`: get a function, answer calls, leave in time."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from autograder.lean import without_web_pages

_END_SECONDS = 5.0


def main(connection: int, life: int) -> None:
    """Answer calls until the connection closes.

    Parameters
    ----------
    connection : int
        The number of the open socket on which calls come in.
    life : int
        The number of an open pipe whose other end closes when the parent dies.
    """
    # Ctrl-C goes to every process of the terminal; the parent decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    leave_with(life)
    without_web_pages()
    calls = Connection(connection)
    with suppress(EOFError):
        function, shared = _received(calls)
        while True:
            result = function(*shared, *_received(calls))
            calls.send(result)
    _end_in_time()


def _received(calls: Connection) -> tuple[Any, ...]:
    try:
        return tuple(calls.recv())
    except OSError:
        # The parent closed the connection with something still unread.
        raise EOFError from None


def leave_with(life: int) -> None:
    """Leave as soon as the other end of the pipe `life` is closed.

    A parent that is killed can tell nobody. That is noticed also in the middle of a call: the
    kernel sends a signal. (Linux's "parent death signal" would come already when the thread
    that started this process ends.)
    """
    signal.signal(signal.SIGIO, _leave)
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | fcntl.FASYNC)
    if select.select([life], [], [], 0)[0]:
        raise SystemExit(1)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # Kindly, so that students' processes are ended too; but whatever code swallows it.
    _end_in_time()
    raise SystemExit(1)


def _do_nothing(_signal: int, _frame: FrameType | None) -> None:
    pass


def _end_in_time() -> None:
    """Let this process end undisturbed, but soon."""
    # A handler that does nothing: Python complains about a signal that comes in just before it is
    # ignored.
    for number in (signal.SIGTERM, signal.SIGIO):
        signal.signal(number, _do_nothing)
    last = threading.Timer(_END_SECONDS, os._exit, [1])
    last.daemon = True
    last.start()
