"""Call a function on the workers of a Dask cluster, as `pool` does in processes here.

Dask only carries: what is called, and the results. A Dask worker hands each call to a process
of its own (`pool.Worker`), so that code that ends a process, or needs a main thread, does
there what it does on one machine. The workers need this checkout installed and no shared
disk. What travels is pickled, as always with Dask: only between processes of one's own.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager, suppress
from itertools import chain
from typing import Any, TypeVar

from autograder.errors import GradlabError
from autograder.grading.fingerprint import grader_digest
from autograder.grading.pool import Worker, WorkerLost

try:
    import dask
    from distributed import Client, Future, KilledWorker, get_worker, wait
    from distributed.diagnostics.plugin import WorkerPlugin
    from distributed.utils import silence_logging_cmgr
except ImportError as missing:
    raise GradlabError(
        "grading on a cluster needs the package distributed",
        found=str(missing),
        mend="pip install -e '.[instructor,cluster]'",
    ) from missing

Key = TypeVar("Key")
Result = TypeVar("Result")

CONNECT_SECONDS = 20
# How long to wait for a first worker, and for a new one when the last has gone.
PATIENCE_SECONDS = 60


def call_on_cluster(
    function: Callable[..., Result],
    calls: Iterable[tuple[Key, tuple[Any, ...]]],
    *,
    address: str,
    seconds: float,
    shared: tuple[Any, ...] = (),
) -> Iterator[tuple[Key, Result | WorkerLost]]:
    """Call `function` for each of `calls` and yield the results as they come.

    Parameters
    ----------
    function : callable
        Importable by name on the workers.
    calls : iterable of (key, arguments)
        Taken as workers become free.
    address : str
        The scheduler's address, for instance ``tcp://10.0.0.1:8786``.
    seconds : float
        How long one call may take.
    shared : tuple
        The first arguments of every call; each worker gets them once.

    Yields
    ------
    (key, result)
        A `WorkerLost` in the place of the result where there is none. A call whose Dask
        worker dies is made again elsewhere, as often as Dask's `allowed-failures` says.

    Raises
    ------
    GradlabError
        If the cluster cannot be reached or has no workers, or a worker's checkout differs.
    """
    waiting = iter(calls)
    if (first := next(waiting, None)) is None:
        return
    waiting = chain([first], waiting)
    with (
        _connection_explained(),
        # What Dask says about a lost connection, over pages, is said in one sentence here.
        silence_logging_cmgr(logging.CRITICAL),
        closing(_connected(address)) as client,
    ):
        _compare_versions(client)
        graders = Graders(function, shared, seconds)
        client.register_plugin(graders, name=graders.name)
        coming: dict[Future, Key] = {}
        try:
            while True:
                # Two for each thread: the next is there when one is done.
                most = 2 * sum(client.nthreads().values()) or 1
                while len(coming) < most and (call := next(waiting, None)) is not None:
                    coming[_submitted(client, graders.name, call[1])] = call[0]
                if not coming:
                    return
                for future in _done(client, address, list(coming)):
                    yield coming.pop(future), _result(future)
        finally:
            with suppress(Exception):
                client.cancel(list(coming))
                client.unregister_worker_plugin(graders.name)


class Graders(WorkerPlugin):  # type: ignore[misc]
    """The processes of one Dask worker, and what they call; it travels to each worker once."""

    def __init__(
        self, function: Callable[..., Any], shared: tuple[Any, ...], seconds: float
    ) -> None:
        self.name = f"gradlab-{uuid.uuid4().hex}"
        self.function = function
        self.shared = shared
        self.seconds = seconds
        self.version = grader_digest()

    def setup(self, worker: Any) -> None:
        """Begin, on a worker, without processes."""
        self.idle: list[Worker[Any]] = []
        self.all: set[Worker[Any]] = set()
        self.lock = threading.Lock()

    def teardown(self, worker: Any) -> None:
        """End the processes of a worker."""
        with self.lock:
            for process in self.all:
                process.end()
            self.all.clear()
            self.idle.clear()

    def call(self, arguments: tuple[Any, ...]) -> Any:
        """Make one call in a process that has nothing else to do."""
        if grader_digest() != self.version:
            raise _other_version("a worker that has joined")
        with self.lock:
            process = self.idle.pop() if self.idle else Worker(self.function, self.shared)
            self.all.add(process)
        process.send(arguments, self.seconds)
        result = process.result()
        with self.lock:
            if process.lost:
                self.all.discard(process)
                process.end()
            else:
                self.idle.append(process)
        return result


def _call(name: str, arguments: tuple[Any, ...]) -> Any:
    """Make a call, on a Dask worker."""
    return get_worker().plugins[name].call(arguments)


def _connected(address: str) -> Client:
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GradlabError(
            f"there is no Dask scheduler at {address}",
            expected="the address that `dask scheduler` prints, for instance tcp://10.0.0.1:8786",
            found=str(error) or type(error).__name__,
            mend=f"run `dask scheduler`, and on each machine `dask worker {address}`",
        ) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
    except TimeoutError as error:
        client.close()
        raise _no_workers(address) from error
    return client


def _compare_versions(client: Client) -> None:
    """Refuse workers whose grader is not the one here: the scores would not be the same."""
    versions = client.run(grader_digest, on_error="return")
    for worker, version in versions.items():
        if isinstance(version, Exception):
            raise GradlabError(
                f"the Dask worker {worker} cannot grade",
                expected="this checkout installed there",
                found=f"{type(version).__name__}: {version}",
                mend="pip install -e '.[instructor,cluster]' there, and start the worker again",
            )
        if version != grader_digest():
            raise _other_version(f"the Dask worker {worker}")


def _submitted(client: Client, name: str, arguments: tuple[Any, ...]) -> Future:
    # A submission may be large; Dask would advise against it.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
        return client.submit(_call, name, arguments, pure=False)


def _done(client: Client, address: str, futures: list[Future]) -> Iterable[Future]:
    """Return the futures that are done, one at least."""
    while True:
        with suppress(TimeoutError), client.as_current():
            waited = wait(futures, timeout=PATIENCE_SECONDS, return_when="FIRST_COMPLETED")
            return tuple(waited.done)
        if not client.nthreads():
            raise _no_workers(address)


def _result(future: Future) -> Any:
    # What raises on a worker is told as a result; a future that is cancelled raises here.
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, GradlabError):
        raise error
    if isinstance(error, KilledWorker):
        return WorkerLost(f"{error.allowed_failures + 1} Dask workers died while they were at it")
    return WorkerLost(f"{type(error).__name__}: {error}")


@contextmanager
def _connection_explained() -> Iterator[None]:
    """Turn a lost connection into an error that says what to do."""
    try:
        yield
    except (CancelledError, asyncio.CancelledError, OSError) as error:
        raise GradlabError(
            "the connection to the Dask scheduler was lost",
            found=f"{type(error).__name__}: {error}".split("\n")[0],
            mend="run this command again; what has been graded is kept",
        ) from error


def _other_version(who: str) -> GradlabError:
    return GradlabError(
        f"{who} has another version of the grader",
        expected="the same checkout, Python and libraries on every machine",
        mend="bring them up to date, start the workers again, then run this command again; what "
        "has been graded is kept",
    )


def _no_workers(address: str) -> GradlabError:
    return GradlabError(
        f"the Dask scheduler {address} has no workers",
        expected=f"one within {PATIENCE_SECONDS} seconds",
        mend=f"run `dask worker {address}`, then this command again; what has been graded is kept",
    )
