"""The judge of one exercise: hidden checks here, the student's objects over there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autograder.grading.student_process import OutOfTime, StudentGone, StudentProcess
from autograder.student.limits import TimeLimitReached
from autograder.student.plain import Plain
from autograder.student.side import StudentError

# Their answer says nothing: they are carried out together with the next request.
_SILENT = ("begin", "setattr")
_ENDED = "the Python process ended while your code ran"


class Referee:
    """Carries a check's requests to a student's process, within a time.

    It is a `autograder.checks.proxies.Side`. A process that has ended costs the check that asked
    it; the next has another.

    Parameters
    ----------
    ready : callable
        Returns a living process with the names that are checked; None when the submission's
        time is over.

    Attributes
    ----------
    died, late : bool
        Whether the process ended while it was asked, and whether it did not answer in time.
    """

    def __init__(self, ready: Callable[[], StudentProcess | None]) -> None:
        self._ready = ready
        self._process: StudentProcess | None = None
        self._end = 0.0
        self._pending: list[list[Plain]] = []
        self._entered: list[Plain] = []
        self.died = False
        self.late = False

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Give the block `seconds` of the student's time; then raise `TimeLimitReached`."""
        self._process = self._ready()
        self._end = time.monotonic() + seconds
        try:
            yield
            if any(operation != "begin" for operation, *_ in self._pending):
                self._asked(*self._pending.pop())
        finally:
            self._pending.clear()

    def request(self, operation: str, *operands: Plain) -> Plain:
        """Carry out one operation in the student's process."""
        if operation == "entered":
            # Each answer tells it.
            return self._entered
        if operation in _SILENT:
            if operation == "begin":
                self._entered = []
            self._pending.append([operation, *operands])
            return None
        return self._asked(operation, *operands)

    def _asked(self, operation: str, *operands: Plain) -> Plain:
        process = self._process
        if process is None:
            raise StudentError("NotRun", "the time for a whole notebook is over")
        try:
            left = self._end - time.monotonic()
            if left <= 0:
                # A check may ask in a loop, and each answer come at once.
                raise OutOfTime
            first, self._pending = self._pending, []
            try:
                return process.ask(operation, *operands, seconds=left, first=first)
            finally:
                self._entered = process.entered
        except OutOfTime:
            self.late = True
            raise TimeLimitReached from None
        except StudentGone:
            self.died = True
            raise StudentError("SystemExit", _ENDED) from None
