"""When a grade still holds: digests of the grader, a lab, and a submission."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import autograder
import course_utils
from autograder.grading.package import LabPackage
from autograder.grading.submissions import Submission

# What a student's code and a check compute with, and what reads and scores a notebook.
_LIBRARIES = (
    "ipython", "matplotlib", "nbformat", "nbgrader", "numpy", "pandas", "scikit-learn", "scipy"
)  # fmt: skip
# They do not touch a grade; the labs travel in their package.
_OTHER_PARTS = ("labs", "proving", "reporting")


@cache
def grader_digest() -> str:
    """Return a digest of the engine, the students' library, and the versions they rest on."""
    parts = [platform.python_version().encode()]
    parts += [f"{name} {_version(name)}".encode() for name in _LIBRARIES]
    for package in (autograder, course_utils):
        home = Path(package.__file__ or "").parent
        for path in sorted(home.rglob("*.py")):
            inside = path.relative_to(home)
            if package is course_utils or inside.parts[0] not in _OTHER_PARTS:
                parts += [inside.as_posix().encode(), path.read_bytes()]
    return _digest(parts)


def package_digest(package: LabPackage) -> str:
    """Return a digest of all that a lab brings to a grade: texts, files, checks, settings."""
    settings = json.dumps(asdict(package.settings), sort_keys=True)
    parts = [package.lab.encode(), package.text.encode(), package.hidden.encode()]
    parts += [settings.encode(), repr(package.cells).encode()]
    for name, content in package.files:
        parts += [name.encode(), content]
    return _digest(parts)


def submission_digest(grading: str, submission: Submission) -> str:
    """Return a digest of a submission and of what grades it.

    Parameters
    ----------
    grading : str
        The digests of the grader and the lab.
    submission : Submission
        With its bytes, and what was said about its folder.
    """
    said = [submission.status, submission.reason, submission.timestamp or "", *submission.flags]
    data = b"" if submission.data is None else submission.data
    return _digest([grading.encode(), data, *(text.encode() for text in said)])


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
