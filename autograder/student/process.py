"""A student's process: it runs cells and answers requests until it is told to stop.

It never learns what is checked. It gets the text of cells, and requests about the student's
own names; it gives back what they show and what they return.

Requests about an exercise are answered by a fork of this process (see `judge`): what those
requests held cannot be printed by a later cell. Whether the fork is kept for the next exercise
or a new one made, it has run the same cells.
"""

from __future__ import annotations

import _signal as _c_signal  # type: ignore[import-not-found]
import gc
import os
import signal
import socket
from collections.abc import Sequence
from typing import Any

from .files import Snapshot
from .judge import Judge, clock, outcome
from .keeper import END_JUDGING
from .others import Others
from .resources import Limits, close_files
from .shell import Shell
from .side import StudentError, StudentSide
from .visible import run_visible
from .wire import Channel, WireClosedError, WireError

# Taken here, before a student's code can put something else in their place.
_fork, _exit, _kill, _getpid = os.fork, os._exit, os.kill, os.getpid
# Those of `signal` make names of numbers, for which a request has no use, and take far longer.
_signal, _getsignal, _sigmask = _c_signal.signal, _c_signal.getsignal, _c_signal.pthread_sigmask


class Server:
    """Answers the referee's requests.

    A request is a list; so is a reply.

    ========================================  =============================================
    ``["cell", source, again]``               ``["ran", outputs, cut]``
    ``["file", name, content]``               ``["written"]``
    ``["visible", source, seconds]``          ``["judged", outputs, cut, status, seen]``
    ``["judge"]``                             ``["judging"]``, from a fork, which then answers
    ``["ask", first, operation, *operands]``  ``["value", value, entered]``, or
                                              ``["raised", kind, message, missing, entered]``
    ``["end"]``                               ``["resumed", code]``: the fork has paused, or
                                              has ended with this code
    ``["tampering"]``                         ``["seen", names]``
    ========================================  =============================================

    `first` lists operations to be carried out before, whose values nobody waits for. `entered`
    lists what has been entered, since the check began, of what it forbids.

    `again` says whether a fork that is kept may run the cell too; else it ends. Its own
    connection to this process carries:

    ========================================  =============================================
    ``["paused"]``                            ``["again", *requests]``: what it has missed
    the outcome of each of them               ``["go on"]``
    ========================================  =============================================

    Parameters
    ----------
    channel : Channel
        The connection to the referee.
    shell : Shell
        Where the cells run.
    limits : Limits
        How much a cell may show.
    folders : sequence of str
        The folders that may be written to; what a fork does there is undone.
    others : Others
        What else runs in this process's namespace.
    """

    def __init__(
        self,
        channel: Channel,
        shell: Shell,
        limits: Limits,
        folders: Sequence[str],
        others: Others,
    ) -> None:
        self.channel = channel
        self.shell = shell
        self.limits = limits
        self.folders = folders
        self.others = others
        self._handlers = (
            (signal.SIGINT, self._interrupted),
            (END_JUDGING, self._told_to_end_judging),
        )
        for number, handler in self._handlers:
            _signal(number, handler)
        self.deafened = False
        self.side = StudentSide(shell.namespace)
        self.busy = False
        self.process = _getpid()
        self.judge: Judge | None = None
        # Whether it is the judge that the referee speaks with.
        self.judging = False
        # In the judge: its connection to the student's process.
        self.student: Channel | None = None
        self.spoiled = False

    def serve(self) -> None:
        """Answer until the connection closes."""
        self._send(["ready"])
        while True:
            request = self.channel.receive()
            self._listen(mend=request[0] != "ask")
            if request == ["judge"]:
                self._judge()
            elif request == ["end"] and self.student is not None:
                self._pause(self.student)
            else:
                self._send(self._noted(request))

    def _listen(self, mend: bool = True) -> None:
        """React to orders, also after code that has made this process deaf to them.

        What was done to a signal past Python is not seen; with `mend` it is mended all the same.
        """
        for number, handler in self._handlers:
            deaf = _getsignal(number) is not handler
            if deaf or mend:
                _signal(number, handler)
            self.deafened = self.deafened or deaf
        _sigmask(signal.SIG_SETMASK, ())

    def _noted(self, request: list[Any]) -> list[Any]:
        """Carry out a request that the judge may have to run as well."""
        if request[0] not in ("cell", "visible", "file"):
            return self._carried_out(request)
        if request[2:] == [False] or request[0] == "file":
            self._end_judge()
        since = clock()
        reply = self._carried_out(request)
        if self.judge is not None and not self.judge.misses(request, reply, since):
            self._end_judge()
        return reply

    def _carried_out(self, request: list[Any]) -> list[Any]:
        try:
            self.busy = True
            return self._answer(request)
        except KeyboardInterrupt:
            self.spoiled = True
            return ["raised", "KeyboardInterrupt", "it was stopped", False]
        except MemoryError:
            self.spoiled = True
            return ["raised", "MemoryError", "it needs too much memory", False]
        finally:
            self.busy = False

    def _answer(self, request: list[Any]) -> list[Any]:
        limit = self.limits.output if self.student is None else 0
        match request:
            case ["cell", str(source), bool()]:
                return ["ran", *self.shell.run(source, limit)]
            case ["file", str(name), bytes(content)]:
                os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
                with open(name, "wb") as file:
                    file.write(content)
                return ["written"]
            case ["visible", str(source), float(seconds)]:
                alone, last = self._is_alone(), self.others.last()
                with self.shell.showing(limit):
                    status, seen = run_visible(source, self.shell.namespace, seconds)
                if alone and (last is None or last != self.others.last()):
                    # What a function leaves running would be there while it is judged.
                    self._end_judge()
                    self.others.end()
                outputs = self.shell.outputs
                return ["judged", outputs.finished(), outputs.cut, status, seen]
            case ["ask", list(first), str(operation), *operands]:
                try:
                    with self.shell.showing(0):
                        for one in first:
                            self.side.request(*one)
                        value = self.side.request(operation, *operands)
                    return ["value", value, self.side.request("entered")]
                except StudentError as error:
                    self.spoiled = self.spoiled or not error.missing
                    entered = self.side.request("entered")
                    return ["raised", error.kind, error.message, error.missing, entered]
            case ["tampering"]:
                changes = self.shell.fingerprint.changes()
                return ["seen", changes[:100] + ["signals replaced"] * self.deafened]
        raise WireError(f"unknown request {request[:1]}")

    def _send(self, reply: list[Any]) -> None:
        try:
            self.channel.send(reply)
        except WireClosedError:
            _exit(0)
        except WireError as error:
            self.channel.send(["raised", "ValueError", str(error), False])

    def _is_alone(self) -> bool:
        """Whether nothing runs in this namespace but this process, and a judge that is kept."""
        if self.judge is not None and self.judge.last != self.others.last():
            self._end_judge()
        return self.judge is not None or self.others.are_none()

    def _judge(self) -> None:
        """Have the judge answer the referee, and wait until it has paused or ended."""
        self.judging = True
        files = Snapshot.of(self.folders)
        if self._is_alone() and self.judge is not None:
            if files != self.judge.before:
                self._end_judge()
            elif self.judge.catches_up():
                self._send(["judging"])
            else:
                self._end_judge(undo=True)
        judge = self.judge or self._forked(files)
        if judge is None:
            return
        code = 0
        if (
            not judge.has_paused()
            or judge.last is None
            or judge.last != self.others.last()
            or judge.before != Snapshot.of(self.folders)
        ):
            code = self._end_judge(undo=True)
        self.judging = False
        self._send(["resumed", code])

    def _forked(self, files: Snapshot) -> Judge | None:
        """Fork the judge, and return it; None is returned in the judge itself."""
        gc.freeze()
        alone = self.others.are_none()
        mine, theirs = socket.socketpair()
        try:
            process = _fork()
        except OSError:
            # What cells have left running has taken all there is. It costs no other exercise.
            self.others.end()
            process = _fork()
        if process == 0:
            mine.detach()
            self.process = _getpid()
            self.judging = False
            os.setsid()
            close_files(self.channel.connection.fileno(), theirs.fileno())
            self.student = Channel(theirs)
            self._send(["judging"])
            return None
        theirs.close()
        self.judge = Judge(process, Channel(mine), files, process if alone else None)
        return self.judge

    def _end_judge(self, undo: bool = False) -> int:
        """End the judge, if there is one; return its exit code.

        With `undo`, when it is the last that ran, what it has left is undone.
        """
        judge, self.judge = self.judge, None
        if judge is None:
            return 0
        code = judge.end()
        if undo:
            if judge.last is not None:
                # All there is now, it has left.
                self.others.end()
            judge.before.restore()
        return code

    def _pause(self, student: Channel) -> None:
        """As the judge: wait for the next exercise, and run what was run before it."""
        if self.spoiled:
            _exit(0)
        try:
            student.send(["paused"])
            match student.receive():
                case ["again", *requests]:
                    self.side = StudentSide(self.shell.namespace)
                    student.send([outcome(self._carried_out(request)) for request in requests])
            if student.receive() != ["go on"]:
                _exit(1)
        except WireError:
            _exit(1)

    def _interrupted(self, _signal: int, _frame: object) -> None:
        # An order that comes when the work is done must not break the next request.
        if self.busy:
            raise KeyboardInterrupt
        if self.judge is not None and self.judging:
            _kill(self.judge.process, signal.SIGINT)

    def _told_to_end_judging(self, number: int, _frame: object) -> None:
        if _getpid() != self.process:
            # A child of a student's code, such as a worker of a pool, ends as it would anywhere.
            _signal(number, signal.SIG_DFL)
            _kill(_getpid(), number)
        if self.judge is not None and self.judging:
            _kill(self.judge.process, signal.SIGKILL)
