"""The referee's end of one student's process."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from autograder.checks.verdict import WORDS
from autograder.student.keeper import END, INTERRUPT
from autograder.student.plain import Plain
from autograder.student.side import StudentError
from autograder.student.wire import Channel, WireError, WireTimeoutError, decode_frame

START_SECONDS = 30.0
# How long code that was interrupted has to come back before its process is ended.
GRACE_SECONDS = 2.0
# How often it is interrupted: code may swallow the first.
_INTERRUPTS = 3
# What it says itself goes into a table that people read.
_PLAIN_WORDS = re.compile(r"[\w. ]{1,80}", re.ASCII)


class StudentGone(Exception):  # noqa: N818 (it is an outcome)
    """The student's process is no more: it ended itself, or did not stop when told to."""


class OutOfTime(Exception):  # noqa: N818 (it is an outcome)
    """The student's code was still running when its time was up; the process lives."""


@dataclass
class CellRun:
    """What came of running one cell.

    Attributes
    ----------
    outputs : list of dict
        As the process sent them: not yet to be trusted.
    cut : bool
        Whether it showed more than it may.
    stopped : bool
        Whether it was interrupted because its time was up.
    status, seen : str
        Of visible asserts: what came of them.
    """

    outputs: list[Any] = field(default_factory=list)
    cut: bool = False
    stopped: bool = False
    status: str = ""
    seen: str = ""


class StudentProcess:
    """One student's process, and the orders that can be given about it.

    Parameters
    ----------
    data, orders : socket
        The connections to the process and to its keeper.

    Attributes
    ----------
    turn : int or None
        The moment whose names are there; None while cells run.
    entered : list
        What has been entered since the check began, of what it forbids; as the process says.
    """

    def __init__(self, data: socket.socket, orders: socket.socket) -> None:
        self._channel = Channel(data)
        self._orders = orders
        self.alive = True
        self.turn: int | None = None
        self.entered: list[Plain] = []
        if self._receive(START_SECONDS) != ["ready"]:
            raise self._gone("it did not start")

    def put_file(self, name: str, content: bytes) -> None:
        """Write a file into the process's working folder.

        Raises
        ------
        StudentGone
            If it cannot.
        """
        if self._exchange(["file", name, content], START_SECONDS)[0] != ["written"]:
            raise self._gone(f"the file {name} could not be given to it")

    def run_cell(self, source: str, seconds: float) -> CellRun:
        """Run a cell for at most `seconds`.

        Parameters
        ----------
        source : str
            Its text.
        seconds : float
            How long it may take.

        Raises
        ------
        StudentGone
            If the process ended, or had to be ended.
        """
        reply, stopped = self._exchange(["cell", source], seconds)
        match reply:
            case ["ran", list(outputs), bool(cut)]:
                return CellRun(outputs, cut, stopped)
            case ["raised", str(kind), str(message), _]:
                error = {"output_type": "error", "ename": kind, "evalue": message, "traceback": []}
                return CellRun([error], stopped=stopped)
        raise self._gone("it sent something that is no answer")

    def run_visible(self, source: str, seconds: float) -> CellRun:
        """Run the asserts that a student sees.

        Raises
        ------
        StudentGone
            If the process ended, or had to be ended.
        """
        # The process stops itself after `seconds`; the rest is for one that does not.
        reply, stopped = self._exchange(["visible", source, float(seconds)], seconds + 2)
        match reply:
            case ["judged", list(outputs), bool(cut), str(status), str(seen)]:
                if status not in WORDS:
                    raise self._gone("it sent something that is no answer")
                return CellRun(outputs, cut, stopped, status, seen[:1000])
            case ["raised", str(kind), str(message), _]:
                seen = f"your code raised {kind[:100]}: {message[:1000]}"
                return CellRun([], False, stopped, "error", seen)
        raise self._gone("it sent something that is no answer")

    def keep_moment(
        self,
        number: int,
        definitions: Sequence[tuple[list[str], str]] = (),
        file: str = "",
        seconds: float = 1.0,
    ) -> None:
        """Have it keep the names that are there now, to be put back by `turn_to`.

        Parameters
        ----------
        number : int
            What the moment is known by.
        definitions, file, seconds
            What is defined then, as in `autograder.student.missing`.

        Raises
        ------
        StudentGone
            If the process ended, or had to be ended.
        """
        request = ["moment", number, list(definitions), file, float(seconds)]
        if self._exchange(request, START_SECONDS + seconds)[0] != ["kept"]:
            raise self._gone("it could not keep its names")

    def turn_to(self, number: int) -> None:
        """Put back the names of a moment, if they are not there.

        Raises
        ------
        StudentGone
            If it cannot.
        """
        if self.turn != number:
            if self._exchange(["turn", number], START_SECONDS)[0] != ["turned"]:
                raise self._gone("it could not put back its names")
            self.turn = number

    def question(
        self, operation: str, *operands: Plain, first: Sequence[list[Plain]] = ()
    ) -> bytes:
        """Return the frame that asks for one operation of `autograder.student.side`.

        Parameters
        ----------
        operation : str
            Its name.
        *operands : plain data
            What it takes.
        first : sequence of list
            Operations, each with its operands, that are carried out before. What they give is
            not returned; if one of them raises, no other follows.

        Raises
        ------
        StudentGone
            If an operand is no plain data, or too large.
        """
        return self._encoded(["ask", list(first), operation, *operands])

    def put(self, question: bytes, seconds: float) -> bytes:
        """Put a question, and return the answer as it came.

        Raises
        ------
        OutOfTime
            If the student's code was interrupted after `seconds`.
        StudentGone
            If the process ended, or had to be ended.
        """
        answer, stopped = self._exchange_frames(question, seconds)
        if stopped:
            raise OutOfTime
        return answer

    def understood(self, answer: bytes) -> Plain:
        """Return the value in an answer to a question.

        Raises
        ------
        StudentError
            If the student's code raised.
        StudentGone
            If it is no answer; then the process is ended.
        """
        self.entered = []
        match self._decoded(answer):
            case ["value", value, list(entered)]:
                self.entered = entered
                return value
            case ["raised", str(kind), str(message), bool(missing), list(entered)]:
                self.entered = entered
                raise StudentError(kind[:100], message[:1000], missing=missing)
        raise self._gone("it sent something that is no answer")

    def tampering(self) -> list[str]:
        """Return what the process says stands no longer where it stood, in words.

        Raises
        ------
        StudentGone
            If it does not say.
        """
        reply, _ = self._exchange(["tampering"], GRACE_SECONDS)
        match reply:
            case ["seen", list(names)]:
                return [n for n in names if isinstance(n, str) and _PLAIN_WORDS.fullmatch(n)]
            case ["raised", *_]:
                return []
        raise self._gone("it sent something that is no answer")

    def end(self) -> None:
        """End the process and all it started."""
        if self.alive:
            self.alive = False
            with suppress(OSError):
                self._orders.send(END)
            with suppress(OSError):
                self._orders.settimeout(GRACE_SECONDS)
                self._orders.recv(2)
        self._channel.connection.close()
        self._orders.close()

    def _exchange(self, request: list[Plain], seconds: float) -> tuple[Plain, bool]:
        """Send a request and return the reply, and whether its time had run out."""
        reply, stopped = self._exchange_frames(self._encoded(request), seconds)
        return self._decoded(reply), stopped

    def _exchange_frames(self, request: bytes, seconds: float) -> tuple[bytes, bool]:
        if not self.alive:
            raise StudentGone("it has ended already")
        try:
            self._channel.connection.settimeout(max(seconds, GRACE_SECONDS))
            self._channel.send_frame(request)
            return self._channel.receive_frame(max(seconds, 0.01)), False
        except WireTimeoutError:
            pass
        except WireError as error:
            raise self._gone(error) from None
        for _ in range(_INTERRUPTS):
            with suppress(OSError):
                self._orders.send(INTERRUPT)
            try:
                return self._channel.receive_frame(GRACE_SECONDS), True
            except WireTimeoutError:
                continue
            except WireError as error:
                raise self._gone(error) from None
        raise self._gone("it did not stop when it was told to")

    def _encoded(self, request: list[Plain]) -> bytes:
        try:
            return self._channel.encode(request)
        except WireError as error:
            raise self._gone(error) from None

    def _decoded(self, reply: bytes) -> Plain:
        try:
            return decode_frame(reply)
        except WireError as error:
            raise self._gone(error) from None

    def _receive(self, seconds: float) -> Plain:
        try:
            return self._channel.receive(seconds)
        except WireError as error:
            raise self._gone(error) from None

    def _gone(self, reason: object) -> StudentGone:
        """End what is left of the process; return what to raise."""
        self.end()
        return StudentGone(str(reason))
