"""See students' processes through: do what the referee orders, and say how they ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection
from contextlib import suppress

# What the referee orders.
INTERRUPT, END = b"i", b"e"
_SIGNALS = {INTERRUPT: signal.SIGINT, END: signal.SIGKILL}


class Keeper:
    """Looks after the processes it is given.

    Parameters
    ----------
    at_end : callable
        What is done when one of them has ended, before the referee is told.
    """

    def __init__(self, at_end: Callable[[], None] = lambda: None) -> None:
        self._at_end = at_end
        # The descriptors by which each process is waited for and spoken about.
        self._students: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._students)

    def add(self, process: int, orders: int) -> None:
        """Look after `process`; orders about it come in on the socket `orders`."""
        self._students[process] = os.pidfd_open(process), orders

    def descriptors(self) -> list[int]:
        """Return what to wait for."""
        return [number for pair in self._students.values() for number in pair]

    def handle(self, ready: Collection[int]) -> None:
        """Do what there is to do about the descriptors that are ready."""
        for process, (watched, orders) in list(self._students.items()):
            if watched in ready:
                self._ended(process)
            elif orders in ready:
                order = END
                with suppress(OSError):
                    order = os.read(orders, 1) or END
                with suppress(ProcessLookupError):
                    os.kill(process, _SIGNALS[order])
                if order == END:
                    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
                    self._ended(process)

    def _ended(self, process: int) -> None:
        watched, orders = self._students.pop(process)
        _, status = os.waitpid(process, 0)
        self._at_end()
        code = os.waitstatus_to_exitcode(status)
        with suppress(OSError):
            os.write(orders, code.to_bytes(2, "big", signed=True))
        os.close(watched)
        os.close(orders)
