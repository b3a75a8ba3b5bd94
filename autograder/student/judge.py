"""The fork of a student's process that answers the requests of checks.

It is the notebook run a second time, beside the one that is shown: each cell runs in it once
and in the same order, with what checks ask in between, as in a kernel. It is forked at the
first check. Later it runs what the student's process has run in the meantime; what that shows
goes nowhere. A fork costs more than that, so it is kept from check to check as long as
nothing speaks against it:

- It has answered without an exception (other than that work is not done yet).
- It has left no file changed, and started no process or thread; nor has a cell since.
- The cells since were quick, and do in it what they have done in the student's process.

Otherwise it is ended, what it left is undone, and the next check gets a new fork. While a cell
runs in the student's process, it is stopped.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .files import Snapshot
from .wire import Channel, WireError

# Taken here, before a student's code can put something else in their place.
_kill, _killpg, _waitpid, _close = os.kill, os.killpg, os.waitpid, os.close
_pidfd_open, _select = os.pidfd_open, select.select
clock = time.perf_counter

# What the cells since the last check may have taken to be run again. It is far above what honest
# cells take: whether the fork is kept must not depend on how fast a machine is.
_SECONDS = 5.0
# How long they have then.
_AGAIN_SECONDS = 10.0


@dataclass
class Judge:
    """The student's process's end of its fork.

    Attributes
    ----------
    process : int
        The fork.
    channel : Channel
        The connection to it.
    before : Snapshot
        The files when it was forked.
    last : int or None
        The number of the last process that was started, itself, if nothing else ran then.
    """

    process: int
    channel: Channel
    before: Snapshot
    last: int | None
    _missed: list[list[Any]] = field(default_factory=list, init=False)
    _outcomes: list[list[Any]] = field(default_factory=list, init=False)
    _seconds: float = field(default=0.0, init=False)

    def has_paused(self) -> bool:
        """Wait until it pauses, and stop it; False if it has ended instead."""
        with suppress(WireError, OSError):
            number = self.channel.connection.fileno()
            ended = _pidfd_open(self.process)
            try:
                ready = _select([number, ended], [], [])[0]
            finally:
                _close(ended)
            if number not in ready:
                return False
            if self.channel.receive(_AGAIN_SECONDS) == ["paused"]:
                _kill(self.process, signal.SIGSTOP)
                return os.WIFSTOPPED(_waitpid(self.process, os.WUNTRACED)[1])
        return False

    def misses(self, request: list[Any], reply: list[Any], since: float) -> bool:
        """Note what has been run without it since a `clock`; False if that is too much."""
        self._seconds += clock() - since
        self._missed.append(request)
        self._outcomes.append(outcome(reply))
        return self._seconds <= _SECONDS and reply[0] != "raised"

    def catches_up(self) -> bool:
        """Have it run what it has missed; False if that does not come to the same."""
        with suppress(WireError, OSError):
            _kill(self.process, signal.SIGCONT)
            self.channel.send(["again", *self._missed])
            if self.channel.receive(_AGAIN_SECONDS) == self._outcomes:
                self.channel.send(["go on"])
                self._missed, self._outcomes = [], []
                self._seconds = 0.0
                return True
        return False

    def end(self) -> int:
        """End it; return its exit code."""
        status = 0
        with suppress(ProcessLookupError):
            _kill(self.process, signal.SIGKILL)
        with suppress(ChildProcessError):
            _, status = _waitpid(self.process, 0)
        with suppress(OSError):
            _killpg(self.process, signal.SIGKILL)
        with suppress(OSError):
            self.channel.connection.close()
        return os.waitstatus_to_exitcode(status)


def outcome(reply: list[Any]) -> list[Any]:
    """Return what a reply tells of how a request went: errors, and the verdict of asserts."""
    match reply:
        case ["ran", list(outputs), _]:
            return [output.get("ename") for output in outputs if "ename" in output]
        case ["judged", _, _, status, seen]:
            return [status, seen]
    return ["?"]
