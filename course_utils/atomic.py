"""Write a file whole or not at all, so that a killed process never leaves half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from course_utils.errors import DataError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a draft beside `path` that takes its place when the ``with`` block ends well.

    Where the block raises, the draft is removed and the file at `path` stays as it was.

    Parameters
    ----------
    path : Path
        The file to write. Missing folders above it are made.

    Raises
    ------
    DataError
        Where the file system refuses; the operating system's own error is its cause.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "results", "a.txt")
    ...     with replacing(path) as file:
    ...         _ = file.write(b"whole")
    ...     path.read_bytes(), len(list(path.parent.iterdir()))
    (b'whole', 1)
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(draft, 0o666 & ~_umask())
            os.replace(draft, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.remove(draft)
            raise
    except OSError as error:
        raise DataError(
            f"{path} cannot be written",
            expected="a file in a folder that you may write to, and room for it",
            found=error.strerror or str(error),
            mend="check the path (no folder, nor below a file), your rights, and the disk's room",
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


def _umask() -> int:
    """Return the process's mask for new files; there is no way to read it without setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
