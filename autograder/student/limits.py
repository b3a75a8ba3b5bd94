"""Stop code that runs too long, from within its own process."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeLimitReached(BaseException):
    """Raised inside code that has used up its time.

    It derives from BaseException so that a student's ``except Exception`` does not hold it.
    """


@contextmanager
def time_limit(seconds: float, patience: float = 1.0) -> Iterator[None]:
    """Raise `TimeLimitReached` in the block once it has run for `seconds`.

    It works in the main thread of a Unix process. Elsewhere it does nothing, and the limit
    on the whole cell is what binds.

    Parameters
    ----------
    seconds : float
        How long the block may run, by the clock.
    patience : float
        If more than 1, `seconds` are of processor time, so that it does not matter what else
        the machine does. A block that only waits ends after `patience` times as long.
    """
    able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not able:
        yield
        return

    began, worked = time.monotonic(), time.process_time()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        waits = patience * seconds - (time.monotonic() - began)
        works = seconds - (time.process_time() - worked)
        if patience > 1.0 and min(waits, works) > 0:
            # It has not had its time yet. It cannot use it up any sooner than this.
            signal.setitimer(signal.ITIMER_REAL, max(0.01, min(waits, works)), 1.0)
            return
        raise TimeLimitReached

    before = signal.signal(signal.SIGALRM, stop)
    # Again each second: a bare `except:` in a loop swallows the first.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
