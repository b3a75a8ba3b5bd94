"""The way in for paths: what is no path gets an error that says so."""

from __future__ import annotations

import os
from pathlib import Path

from course_utils.errors import ArgumentError


def as_path(path: str | os.PathLike[str]) -> Path:
    """Return `path` as a Path.

    Raises
    ------
    ArgumentError
        Where it is no path at all.

    Examples
    --------
    >>> as_path("results/model.npz").name
    'model.npz'
    """
    valid = isinstance(path, str | os.PathLike) and isinstance(os.fspath(path), str)
    if not valid or not os.fspath(path) or "\0" in os.fspath(path):
        raise ArgumentError(
            "this is not a path",
            expected="the name of a file or folder, as a text or a Path",
            found=repr(path)[:200],
            mend='write "results/model.npz", for instance; look at the order of the arguments',
        )
    return Path(path)
