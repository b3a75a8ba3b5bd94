"""Find what students handed in: `submitted/<student>/<lab>/`, one notebook from each."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.errors import GradlabError
from autograder.grading.document import tame
from autograder.grading.graded import NotGradable
from autograder.grading.match import name_of
from autograder.grading.notebook import MAX_BYTES, read_notebook, too_large

_STUDENT = re.compile(r"[\w@.\-][\w@.\- ]*(?<! )")
_CHECKPOINT = "-checkpoint.ipynb"


@dataclass(frozen=True)
class Submission:
    """One student's submission, read from the disk.

    Attributes
    ----------
    student : str
        The name of the student's folder.
    data : bytes or None
        The notebook file; None if there is none to grade.
    flags : tuple of str
        What was unusual about the folder.
    status, reason : str
        Why there is nothing to grade; empty otherwise.
    timestamp : str or None
        The text of nbgrader's timestamp.txt, if it holds a time.
    """

    student: str
    data: bytes | None = None
    flags: tuple[str, ...] = ()
    status: str = ""
    reason: str = ""
    timestamp: str | None = None


def find_students(folder: Path, lab: str, student: str | None = None) -> list[str]:
    """Return the names of the student folders that hold a folder for `lab`, sorted.

    Parameters
    ----------
    folder : Path
        The course's folder; submissions are in its subfolder `submitted`.
    lab : str
        The lab's name.
    student : str, optional
        Only this one.

    Raises
    ------
    GradlabError
        If there is no such folder, no submission at all, or none of that student.
    """
    submitted = folder / "submitted"
    if not submitted.is_dir():
        raise GradlabError(
            f"there is no folder {submitted}",
            expected=f"submissions as {submitted}/<student>/{lab}/{lab}.ipynb",
            mend="name the folder that holds `submitted` with --course DIR",
        )
    names = sorted(
        entry.name
        for entry in submitted.iterdir()
        if not entry.name.startswith(".") and os.path.lexists(entry / lab)
    )
    if not names:
        raise GradlabError(
            f"nobody has handed in {lab}",
            expected=f"submissions as {submitted}/<student>/{lab}/{lab}.ipynb",
            found=f"no folder {lab} below {submitted}",
        )
    if student is None:
        return names
    if student not in names:
        raise GradlabError(
            f"there is no submission of {lab} by {student!r}",
            expected=f"a folder {submitted / student / lab}",
            found=f"submissions by {_some(names)}",
        )
    return [student]


def is_student_id(name: str) -> bool:
    """Whether a folder's name can be a student id in nbgrader and in its exported files."""
    return bool(_STUDENT.fullmatch(name))


def read_submission(folder: Path, lab: str, student: str, names: Collection[str]) -> Submission:
    """Read one student's submission. It never raises for what is in the folder.

    Parameters
    ----------
    folder, lab, student
        Where to look: `folder`/submitted/`student`/`lab`.
    names : collection of str
        The names of the lab's cells; of several notebooks the one that holds most is taken.
    """
    home = folder / "submitted" / student / lab
    if not is_student_id(student):
        return Submission(
            student,
            status="refused",
            reason=f"The folder name {student!r} cannot be a student id. "
            "Use letters, digits, and . _ - @.",
        )
    try:
        timestamp, flags = _timestamp(home)
        if home.parent.is_symlink() or home.is_symlink():
            raise NotGradable("refused", "The folder is a symbolic link; hand in files.")
        if not home.is_dir():
            raise NotGradable("missing", f"{lab} is a file; expected a folder with {lab}.ipynb.")
        data, more = _choose(home, lab, names)
    except NotGradable as refusal:
        return Submission(student, status=refusal.status, reason=refusal.reason)
    except OSError as error:
        return Submission(
            student,
            status="failed",
            reason=f"The folder cannot be read: {error.strerror}. Look at its permissions.",
        )
    return Submission(student, data, (*flags, *more), timestamp=timestamp)


def _choose(home: Path, lab: str, names: Collection[str]) -> tuple[bytes, list[str]]:
    """Return the bytes of the notebook that is meant, and flags."""
    files = [
        path
        for path in sorted(home.iterdir())
        if not path.name.startswith(".") and not path.name.endswith(_CHECKPOINT)
    ]
    found = [path for path in files if path.suffix.lower() == ".ipynb"]
    if not found:
        # Some browsers save a notebook under another ending.
        texts = [path for path in files if path.suffix.lower() in (".json", ".txt")]
        found = [path for path in texts if _known(_read(path), names) > 0]
    if not found:
        others = sorted(p.name for p in home.iterdir() if not p.name.startswith("."))
        others = [name for name in others if name != "timestamp.txt"]
        raise NotGradable(
            "missing",
            f"There is no notebook in the folder; found {_some(others)}. Hand in {lab}.ipynb.",
        )
    read: dict[Path, bytes | NotGradable] = {path: _read(path) for path in found}

    def rank(path: Path) -> tuple[bool, bool, int, float]:
        known = _known(read[path], names)
        return known >= 0, path.name == f"{lab}.ipynb", known, path.lstat().st_mtime

    best = max(found, key=rank) if len(found) > 1 else found[0]
    flags = [] if best.name == f"{lab}.ipynb" else [f"renamed: {tame(best.name)}"]
    if len(found) > 1:
        left = ", ".join(tame(path.name) for path in found if path != best)
        flags.append(f"several notebooks: graded {tame(best.name)}, not {left}")
    data = read[best]
    if isinstance(data, NotGradable):
        raise data
    return data, flags


def _known(data: bytes | NotGradable, names: Collection[str]) -> int:
    """Return how many of the lab's cells a notebook holds, -1 if it cannot be read."""
    if isinstance(data, NotGradable):
        return -1
    try:
        cells = read_notebook(data).cells
    except NotGradable:
        return -1
    return len({name_of(cell) for cell in cells} & set(names))


def _read(path: Path) -> bytes | NotGradable:
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        return NotGradable("refused", f"{tame(path.name)} is a symbolic link; hand in the file.")
    if not stat.S_ISREG(about.st_mode):
        return NotGradable("refused", f"{tame(path.name)} is not a file.")
    if about.st_size > MAX_BYTES:
        return NotGradable("too large", too_large(about.st_size))
    # The file may have been exchanged for a link since.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _timestamp(home: Path) -> tuple[str | None, list[str]]:
    path = home / "timestamp.txt"
    if path.is_symlink() or not path.is_file():
        return None, []
    with path.open("rb") as file:
        text = file.read(200).decode("utf-8", "replace").strip()
    try:
        parse_utc(text)
    except (ValueError, OverflowError):
        return None, ["timestamp: timestamp.txt holds no time, so lateness is not known"]
    return text, []


def _some(names: Collection[str], most: int = 8) -> str:
    shown = ", ".join(tame(name) for name in sorted(names)[:most])
    return (shown or "nothing") + (", ..." if len(names) > most else "")
