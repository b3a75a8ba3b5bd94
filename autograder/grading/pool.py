"""Call a function in several processes, such that a process that dies costs one call.

`concurrent.futures` gives up the whole pool when one worker dies; here the caller is told
about that call, and a new worker takes the place of the old one. No worker outlives the
process that started it, however that ends.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")

_END_SECONDS = 10.0
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[3]); "
    "from autograder.grading.worker import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)


class WorkerLost(Exception):  # noqa: N818 (it is an outcome)
    """A worker died, or did not answer in time, in the middle of a call."""


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def call_in_processes(
    function: Callable[..., Result],
    calls: Iterable[tuple[Key, tuple[Any, ...]]],
    *,
    jobs: int,
    seconds: float,
    shared: tuple[Any, ...] = (),
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
    shared : tuple
        The first arguments of every call; each worker gets them once.

    Yields
    ------
    (key, result)
        A `WorkerLost` in the place of the result where there is none.
    """
    waiting = iter(calls)
    busy: dict[Worker[Result], Key] = {}
    leaving: list[Worker[Result]] = []
    free = _places(jobs)
    try:
        while True:
            # All are started before one is talked to: they import at the same time.
            started: list[tuple[Worker[Result], Key, tuple[Any, ...]]] = []
            while len(busy) < jobs and (call := next(waiting, None)) is not None:
                worker = Worker(function, shared, free.pop())
                busy[worker] = call[0]
                started.append((worker, *call))
            for worker, _, arguments in started:
                worker.send(arguments, seconds)
            if not busy:
                return
            for worker in _ready(list(busy)):
                key, result = busy[worker], worker.result()
                call = None if worker.lost else next(waiting, None)
                if call is None:
                    del busy[worker]
                    free.append(worker.processor)
                    if worker.lost:
                        worker.end()
                    else:
                        # It takes a moment to leave; the result need not wait for that.
                        worker.tell_to_end()
                        leaving.append(worker)
                else:
                    # Before the result is looked at: the worker need not wait for that.
                    busy[worker] = call[0]
                    worker.send(call[1], seconds)
                yield key, result
    finally:
        for worker in busy:
            worker.tell_to_end()
        for worker in [*leaving, *busy]:
            worker.end()


class Worker(Generic[Result]):
    """One process that answers calls of one function, one after the other.

    Parameters
    ----------
    function : callable
        Importable by name.
    shared : tuple
        The first arguments of every call.
    processor : int, optional
        The only processor that it, and all it starts, may use.
    """

    def __init__(
        self,
        function: Callable[..., Result],
        shared: tuple[Any, ...] = (),
        processor: int | None = None,
    ) -> None:
        ours, theirs = socket.socketpair()
        # Nobody writes into this pipe. When this process is gone, however it went, its end
        # is closed, and that is what tells the worker to leave.
        their_life, self._life = os.pipe()
        numbers = (theirs.fileno(), their_life)
        try:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", _START, *map(str, numbers), json.dumps(sys.path)],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
            )
        finally:
            theirs.close()
            os.close(their_life)
        self.processor = processor
        if processor is not None:
            with suppress(OSError):  # then it uses them all
                os.sched_setaffinity(self.process.pid, {processor})
        self.connection: Connection = Connection(ours.detach())
        self.lost = False
        self.limit = 0.0
        self._first: tuple[Any, ...] | None = (function, shared)

    def send(self, arguments: tuple[Any, ...], seconds: float) -> None:
        """Start a call, which may take so many seconds."""
        self.limit = time.monotonic() + seconds
        with suppress(OSError):  # it has died; `result` will find that out
            if self._first is not None:
                self.connection.send(self._first)
                self._first = None
            self.connection.send(arguments)

    def result(self) -> Result | WorkerLost:
        """Return the result of the call; wait for it until its time is over."""
        try:
            if self.connection.poll(max(0.0, self.limit - time.monotonic())):
                result: Result = self.connection.recv()
                return result
        except (EOFError, OSError):
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_END_SECONDS)
            self.lost = True
            return WorkerLost(f"its process ended with code {self.process.returncode}")
        self.lost = True
        return WorkerLost("its process did not answer in time")

    def tell_to_end(self) -> None:
        """Tell the process to end, and do not wait for it."""
        self.connection.close()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
        if self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        """End the process: kindly, so that it ends what it has started, then by force."""
        self.tell_to_end()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _places(jobs: int) -> list[int | None]:
    """Return a processor for each worker where there are as many workers as processors.

    A worker waits for a student's process and that for the worker. On one processor they take
    turns at once; on two, each time one of them has to be woken.
    """
    if jobs == processors() and hasattr(os, "sched_getaffinity"):
        return list(os.sched_getaffinity(0))
    return [None] * jobs


def _ready(workers: list[Worker[Result]]) -> list[Worker[Result]]:
    """Wait until some workers have answered, died, or used up their time."""
    by_connection = {worker.connection: worker for worker in workers}
    first = min(worker.limit for worker in workers)
    found = wait(list(by_connection), max(0.0, first - time.monotonic()))
    if found:
        return [by_connection[connection] for connection in found]  # type: ignore[index]
    return [worker for worker in workers if worker.limit <= time.monotonic()]
