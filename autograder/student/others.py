"""The other processes of a student's namespace, seen from its first."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from .resources import end_orphans

# Taken here, before a student's code can put something else in their place.
_getpid, _kill, _waitpid, _pread = os.getpid, os.kill, os.waitpid, os.pread

# What the kernel writes into it is about the namespace of whoever reads it.
LOADAVG = "/proc/loadavg"


class Others:
    """What a student's code has started, and what it has left running.

    Parameters
    ----------
    loadavg : int
        The number of the opened file `LOADAVG`; -1 where there is no namespace of its own.
    """

    def __init__(self, loadavg: int = -1) -> None:
        self.loadavg = loadavg
        self._alone = False
        self._last: int | None = None

    def mark(self) -> None:
        """Note what there is."""
        self._alone, self._last = self.are_none(), self.last()

    def end_since_mark(self) -> None:
        """End what has been started since `mark`, if nothing ran then.

        What a function leaves running would be there while the next one is asked.
        """
        if self._alone and (self._last is None or self._last != self.last()):
            self.end()

    def last(self) -> int | None:
        """Return the number of the last process or thread that was started, if it is known.

        Numbers are given in order, so where it has not changed nothing was started. Not even
        by going once around: below 300 the kernel gives each number once.
        """
        with suppress(OSError, ValueError, IndexError):
            return int(_pread(self.loadavg, 200, 0).split()[-1])
        return None

    def are_none(self) -> bool:
        """Whether this is the first process of its namespace, and the only one."""
        if _getpid() != 1:
            return False
        _reap()
        try:
            _kill(-1, 0)
        except ProcessLookupError:
            return True
        return False

    def end(self) -> None:
        """End every other process of this namespace; where there is none, this one's children."""
        if _getpid() != 1:
            end_orphans()
            return
        with suppress(ProcessLookupError):
            _kill(-1, signal.SIGKILL)
        _reap(wait=True)


def _reap(wait: bool = False) -> None:
    """Forget children that have ended; the first process inherits those of all others."""
    with suppress(ChildProcessError):
        while _waitpid(-1, 0 if wait else os.WNOHANG)[0]:
            pass
