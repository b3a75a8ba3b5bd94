"""Call a function in several processes, such that a process that dies costs one call.

`concurrent.futures` gives up the whole pool when one worker dies; here the caller is told
about that call, and a new worker takes the place of the old one.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from types import FrameType, ModuleType
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")

_END_SECONDS = 10.0


class WorkerLost(Exception):  # noqa: N818 (it is an outcome)
    """A worker died, or did not answer in time, in the middle of a call."""


def call_in_processes(
    function: Callable[..., Result],
    calls: Iterable[tuple[Key, tuple[Any, ...]]],
    *,
    jobs: int,
    seconds: float,
) -> Iterator[tuple[Key, Result | WorkerLost]]:
    """Call `function` for each of `calls` and yield the results as they come.

    Parameters
    ----------
    function : callable
        Importable by name in another process.
    calls : iterable of (key, arguments)
        Taken as workers become free, so it may read files.
    jobs : int
        How many processes.
    seconds : float
        How long one call may take before its worker is ended.

    Yields
    ------
    (key, result)
        A `WorkerLost` in the place of the result where there is none.
    """
    context = _context()
    waiting = iter(calls)
    workers: list[_Worker[Key, Result]] = []
    try:
        while True:
            while len(workers) < jobs and (call := next(waiting, None)) is not None:
                worker = _Worker[Key, Result](context, function)
                workers.append(worker)
                worker.send(*call, seconds)
            if not workers:
                return
            for worker in _ready(workers):
                yield worker.key, worker.result()
                call = None if worker.lost else next(waiting, None)
                if call is None:
                    worker.end()
                    workers.remove(worker)
                else:
                    worker.send(*call, seconds)
    finally:
        for worker in workers:
            worker.end()


class _Worker(Generic[Key, Result]):
    """One process and the call it is busy with."""

    key: Key
    limit: float

    def __init__(self, context: BaseContext, function: Callable[..., Result]) -> None:
        self.connection, theirs = context.Pipe()
        # Not a daemon: it starts processes of its own.
        self.process = context.Process(target=_serve, args=(theirs, function))  # type: ignore[attr-defined]
        with _no_main():
            self.process.start()
        theirs.close()
        self.lost = False

    def send(self, key: Key, arguments: tuple[Any, ...], seconds: float) -> None:
        self.key, self.limit = key, time.monotonic() + seconds
        with suppress(OSError):  # it has died; `result` will find that out
            self.connection.send(arguments)

    def result(self) -> Result | WorkerLost:
        try:
            if self.connection.poll():
                result: Result = self.connection.recv()
                return result
        except (EOFError, OSError):
            self.process.join(_END_SECONDS)
            self.lost = True
            return WorkerLost(f"its process ended with code {self.process.exitcode}")
        self.lost = True
        return WorkerLost("its process did not answer in time")

    def end(self) -> None:
        """End the process: kindly, so that it ends its kernel, then by force."""
        self.connection.close()
        if self.lost or self.process.is_alive():
            self.process.terminate()
        self.process.join(_END_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _ready(workers: list[_Worker[Key, Result]]) -> list[_Worker[Key, Result]]:
    """Wait until some workers have answered, died, or used up their time."""
    by_connection = {worker.connection: worker for worker in workers}
    first = min(worker.limit for worker in workers)
    found = wait(list(by_connection), max(0.0, first - time.monotonic()))
    if found:
        return [by_connection[connection] for connection in found]  # type: ignore[index]
    return [worker for worker in workers if worker.limit <= time.monotonic()]


@contextmanager
def _no_main() -> Iterator[None]:
    """Keep a new process from running the caller's script, which may lack the usual guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _context() -> BaseContext:
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    # Forked from a process that has imported what grading needs, and has no threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.grading.grade"])
    return context


def _serve(connection: Connection, function: Callable[..., Any]) -> None:
    """Answer calls until the connection closes; the worker's whole life."""
    # Ctrl-C goes to every process of the terminal; the parent decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    with suppress(EOFError, OSError):
        while True:
            arguments = connection.recv()
            connection.send(function(*arguments))


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)
