"""What lies in the folders that a student's process may write to, to be put back later."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

# Larger files are left as they are found.
_KEPT_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Snapshot:
    """The files below some folders, as they were."""

    folders: tuple[str, ...]
    contents: dict[str, bytes | None]

    @staticmethod
    def of(folders: Sequence[str]) -> Snapshot:
        """Read what lies below `folders`; None stands for a folder, or a file not kept."""
        contents: dict[str, bytes | None] = {}
        left = _KEPT_BYTES
        for folder in folders:
            for place, names, files in os.walk(folder):
                for name in names:
                    contents[os.path.join(place, name)] = None
                for name in files:
                    path = os.path.join(place, name)
                    contents[path] = content = _content(path, left)
                    left -= len(content or b"")
        return Snapshot(tuple(folders), contents)

    def restore(self) -> None:
        """Remove what has come since, and write back what was changed or removed."""
        for folder in self.folders:
            for place, names, files in os.walk(folder):
                for name in [*names, *files]:
                    path = os.path.join(place, name)
                    if path not in self.contents:
                        _remove(path)
                names[:] = [name for name in names if os.path.join(place, name) in self.contents]
        for path, content in self.contents.items():
            if content is not None and _content(path, len(content) + 1) != content:
                with suppress(OSError):
                    _remove(path)
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "wb") as file:
                        file.write(content)


def _content(path: str, most: int) -> bytes | None:
    """Return a regular file's bytes; None if it is none, or longer than `most`."""
    with suppress(OSError):
        if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) <= most:
            with open(path, "rb") as file:
                return file.read()
    return None


def _remove(path: str) -> None:
    with suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.remove(path)
