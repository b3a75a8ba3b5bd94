"""One writer at a time: a second run over the same folder is refused, not interleaved."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import GradlabError


@contextmanager
def only_one(path: Path, doing: str) -> Iterator[None]:
    """Hold the lock on a file in the block; a process that dies gives it back.

    Parameters
    ----------
    path : Path
        The file; it is made, and stays.
    doing : str
        What the holder does, as a clause: "grades lab1 in /course".

    Raises
    ------
    GradlabError
        If another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GradlabError(
                f"another process {doing}",
                expected="one run at a time: each of them writes the same files",
                mend="wait for it to end, or stop it; nothing that it has graded is lost",
            ) from None
        yield
    finally:
        os.close(handle)
