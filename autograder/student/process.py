"""A student's process: it runs cells and answers requests until it is told to stop.

It never learns what is checked. It gets the text of cells, and requests about the student's
own names; it gives back what they show and what they return.

Requests about an exercise are answered by a fork of this process, which then ends: what
those requests held cannot be printed by a later cell, and what they changed or broke is
gone with the fork.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from .files import Snapshot
from .resources import Limits, close_files
from .shell import Shell
from .side import StudentError, StudentSide
from .visible import run_visible
from .wire import Channel, WireClosedError, WireError

# Taken here, before a student's code can put something else in their place.
_fork, _exit, _kill, _waitpid, _killpg = os.fork, os._exit, os.kill, os.waitpid, os.killpg
_signal, _getsignal, _sigmask = signal.signal, signal.getsignal, signal.pthread_sigmask

END_JUDGING = signal.SIGTERM


class Server:
    """Answers the referee's requests.

    A request is a list; so is a reply.

    ========================================  =============================================
    ``["cell", source]``                      ``["ran", outputs, cut]``
    ``["file", name, content]``               ``["written"]``
    ``["visible", source, seconds]``          ``["judged", outputs, cut, status, seen]``
    ``["judge"]``                             ``["judging"]``, from a fork, which then answers
    ``["ask", operation, *operands]``         ``["value", value]``, or
                                              ``["raised", kind, message, missing]``
    ``["end"]``                               ``["resumed", code]``: the fork has ended with it
    ``["tampering"]``                         ``["seen", names]``
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
    """

    def __init__(
        self, channel: Channel, shell: Shell, limits: Limits, folders: Sequence[str]
    ) -> None:
        self.channel = channel
        self.shell = shell
        self.limits = limits
        self.folders = folders
        self.deafened = False
        self.side = StudentSide(shell.namespace)
        self.busy = False
        self.judge: int | None = None
        self.is_judge = False

    def serve(self) -> None:
        """Answer until the connection closes."""
        self._listen()
        self._send(["ready"])
        while True:
            request = self.channel.receive()
            for number, handler in self._handlers().items():
                # A bound method is made anew each time, so not `is`.
                self.deafened = self.deafened or _getsignal(number) != handler
            self._listen()
            if request == ["judge"]:
                self._judge()
            elif request == ["end"] and self.is_judge:
                _exit(0)
            else:
                self._send(self._carried_out(request))

    def _handlers(self) -> dict[signal.Signals, Any]:
        return {signal.SIGINT: self._interrupted, END_JUDGING: self._told_to_end_judging}

    def _listen(self) -> None:
        """React to orders, also after a cell that has made this process deaf to them."""
        for number, handler in self._handlers().items():
            _signal(number, handler)
        _sigmask(signal.SIG_SETMASK, ())

    def _carried_out(self, request: list[Any]) -> list[Any]:
        try:
            self.busy = True
            return self._answer(request)
        except KeyboardInterrupt:
            return ["raised", "KeyboardInterrupt", "it was stopped", False]
        except MemoryError:
            return ["raised", "MemoryError", "it needs too much memory", False]
        finally:
            self.busy = False

    def _answer(self, request: list[Any]) -> list[Any]:
        limit = self.limits.output
        match request:
            case ["cell", str(source)]:
                return ["ran", *self.shell.run(source, limit)]
            case ["file", str(name), bytes(content)]:
                os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
                with open(name, "wb") as file:
                    file.write(content)
                return ["written"]
            case ["visible", str(source), float(seconds)]:
                alone = _is_alone()
                with self.shell.showing(limit):
                    status, seen = run_visible(source, self.shell.namespace, seconds)
                if alone:
                    # What a function leaves running would be there while it is judged.
                    _end_all_others()
                outputs = self.shell.outputs
                return ["judged", outputs.finished(), outputs.cut, status, seen]
            case ["ask", str(operation), *operands]:
                try:
                    with self.shell.showing(0):
                        return ["value", self.side.request(operation, *operands)]
                except StudentError as error:
                    return ["raised", error.kind, error.message, error.missing]
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

    def _judge(self) -> None:
        before = Snapshot.of(self.folders)
        gc.freeze()
        alone = _is_alone()
        try:
            judge = _fork()
        except OSError:
            # What cells have left running has taken all there is. It costs no other exercise.
            _end_all_others()
            judge = _fork()
        if judge == 0:
            self.is_judge = True
            self.judge = None
            os.setsid()
            close_files(self.channel.connection.fileno())
            self._send(["judging"])
            return
        self.judge = judge
        status = 0
        with suppress(ChildProcessError):
            _, status = _waitpid(judge, 0)
        self.judge = None
        with suppress(OSError):
            _killpg(judge, signal.SIGKILL)
        if alone:
            # All there is now, the fork has left.
            _end_all_others()
        before.restore()
        self._send(["resumed", os.waitstatus_to_exitcode(status)])

    def _interrupted(self, _signal: int, _frame: object) -> None:
        # An order that comes when the work is done must not break the next request.
        if self.busy:
            raise KeyboardInterrupt
        if self.judge is not None:
            _kill(self.judge, signal.SIGINT)

    def _told_to_end_judging(self, _signal: int, _frame: object) -> None:
        if self.judge is not None:
            _kill(self.judge, signal.SIGKILL)


def _is_alone() -> bool:
    """Whether this is the first process of its namespace, and the only one."""
    if os.getpid() != 1:
        return False
    _reap()
    try:
        _kill(-1, 0)
    except ProcessLookupError:
        return True
    return False


def _end_all_others() -> None:
    """End every other process of this namespace, where there is one."""
    if os.getpid() != 1:
        return
    with suppress(ProcessLookupError):
        _kill(-1, signal.SIGKILL)
    _reap(wait=True)


def _reap(wait: bool = False) -> None:
    """Forget children that have ended; the first process inherits those of all others."""
    with suppress(ChildProcessError):
        while _waitpid(-1, 0 if wait else os.WNOHANG)[0]:
            pass
