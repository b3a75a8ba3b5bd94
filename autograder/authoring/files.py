"""Which labs a course has by its folders, and which files go with a lab's notebooks."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from autograder.catalog import Lab
from autograder.errors import GradlabError

# Names that nbgrader is told to pass over as well (`CourseDirectory.ignore`).
IGNORED = (".*", "__pycache__", "*.pyc", "feedback")


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder by their paths in it, without the ignored ones."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        ignored = any(fnmatch(part, name) for part in inside.parts for name in IGNORED)
        if path.is_file() and not ignored:
            found.append(inside)
    return found


def files_beside(lab: Lab) -> list[Path]:
    """Return the data and pictures that go with a lab's notebooks, by their paths in its folder.

    Raises
    ------
    GradlabError
        If a notebook lies there: nbgrader would release it, with any solution in it.
    """
    folder = lab.source_file.parent
    found = [path for path in files_in(folder) if path != Path(lab.source_file.name)]
    for path in found:
        if path.suffix == ".ipynb":
            raise GradlabError(
                f"{folder / path} is a notebook beside a source",
                expected=f"{lab.source_file.name}, and data and pictures for students",
                found=str(path),
                mend="remove it, or keep it outside source/: students would get it",
            )
    return found
