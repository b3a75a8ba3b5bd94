"""The judge of one exercise: hidden checks here, the student's objects over there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from autograder.checks.check import Check
from autograder.checks.result import Result
from autograder.grading.conversations import Conversations, Question
from autograder.grading.student_process import OutOfTime, StudentGone, StudentProcess
from autograder.student.limits import TimeLimitReached
from autograder.student.plain import Plain
from autograder.student.side import StudentError

# Their answer says nothing: they are carried out together with the next request.
_SILENT = ("begin", "setattr")
# What was raised in the place of an answer is raised again where the check asks.
_Answer = bytes | StudentError | TimeLimitReached
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
    known : Conversations
        What came of checks before.

    Attributes
    ----------
    died, late : bool
        Whether the process ended while it was asked, and whether it did not answer in time.
    """

    def __init__(
        self, ready: Callable[[], StudentProcess | None], known: Conversations | None = None
    ) -> None:
        self._ready = ready
        self._known = known or Conversations()
        self._check: tuple[Check, int] | None = None
        self._process: StudentProcess | None = None
        self._end = 0.0
        self._pending: list[list[Plain]] = []
        self._entered: list[Plain] = []
        # What has been said since the check began, and what of it the check has not asked yet.
        self._said: list[tuple[bytes, bytes]] = []
        self._ahead: deque[tuple[bytes, _Answer]] = deque()
        self._is_limited = False
        self.died = False
        self.late = False

    def recall(self, check: Check, seed: int, seconds: float) -> Result | None:
        """Put the questions of a check that is known; return what came of these answers.

        Where that is not known, the check is to be run next. It is given the answers that are
        there already, and goes on from them, within the same time.
        """
        started = time.perf_counter()
        self._check = check, seed
        self._said.clear()
        self._ahead.clear()
        self._begin(seconds)
        step: Question | Result | None = self._known.first(check, seed)
        while isinstance(step, Question):
            try:
                answer = self._put(step.frame)
            except (StudentError, TimeLimitReached) as error:
                self._ahead.append((step.frame, error))
                break
            self._ahead.append((step.frame, answer))
            step = step.after(answer)
        if isinstance(step, Result):
            seconds = time.perf_counter() - started
            return replace(step, outcome=replace(step.outcome, seconds=seconds))
        self._is_limited = True
        return None

    def learn(self, result: Result) -> None:
        """Keep what came of the check that was run."""
        if self._check and result.settled and not (self.died or self.late):
            self._known.learn(*self._check, self._said, result)

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Give the block `seconds` of the student's time; then raise `TimeLimitReached`."""
        if not self._is_limited:
            self._begin(seconds)
        self._is_limited = False
        try:
            yield
            if any(operation != "begin" for operation, *_ in self._pending):
                self._asked(*self._pending.pop())
        finally:
            self._pending.clear()

    def _begin(self, seconds: float) -> None:
        self._process = self._ready()
        self._end = time.monotonic() + seconds

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
        first, self._pending = self._pending, []
        process = self._process
        if process is None:
            raise StudentError("NotRun", "the time for a whole notebook is over")
        try:
            question = process.question(operation, *operands, first=first)
            answer = self._answer(question)
            try:
                return process.understood(answer)
            finally:
                self._entered = process.entered
        except StudentGone:
            raise self._ended() from None

    def _answer(self, question: bytes) -> bytes:
        """Return the answer to a question that may have been put already."""
        if self._ahead and self._ahead[0][0] == question:
            answer = self._ahead.popleft()[1]
            if not isinstance(answer, bytes):
                raise answer
        else:
            if self._ahead and self._check:
                self._ahead.clear()
                self._known.forget(*self._check)
            answer = self._put(question)
        self._said.append((question, answer))
        return answer

    def _put(self, question: bytes) -> bytes:
        try:
            left = self._end - time.monotonic()
            if left <= 0:
                # A check may ask in a loop, and each answer come at once.
                raise OutOfTime
            if self._process is None:
                raise StudentError("NotRun", "the time for a whole notebook is over")
            return self._process.put(question, left)
        except OutOfTime:
            self.late = True
            raise TimeLimitReached from None
        except StudentGone:
            raise self._ended() from None

    def _ended(self) -> StudentError:
        self.died = True
        return StudentError("SystemExit", _ENDED)
