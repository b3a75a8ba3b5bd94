"""Keep nbgrader's source notebooks current, at the cost of reading a few files.

nbgrader looks for notebooks in `build/source/` before it offers any hook, and a fresh clone has
none. So its configuration calls `refresh`, which builds a lab's source notebook when it is
missing or when anything it is made from has changed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder.authoring.files import files_in
from autograder.catalog import Course, Lab
from autograder.errors import GradlabError


def refresh(course: Course) -> list[GradlabError]:
    """Build the source notebooks that are missing or out of date.

    Parameters
    ----------
    course : Course
        Whose `build/source/` to refresh. `release/` and `solutions/` stay as they are.

    Returns
    -------
    list of GradlabError
        One for each lab that cannot be built. Its old source notebook is removed, so that
        nbgrader cannot release a lab that is not what its source says.
    """
    problems = []
    for name in course.lab_names():
        try:
            _refresh(course.lab(name))
        except GradlabError as error:
            (course.root / "build" / "source" / name / f"{name}.ipynb").unlink(missing_ok=True)
            problems.append(error)
        except OSError as error:
            problems.append(
                GradlabError(
                    f"{course.root / 'build'} cannot be written",
                    found=str(error),
                    mend="make it writable; nbgrader keeps its source notebooks there",
                )
            )
    return problems


def _refresh(lab: Lab) -> None:
    record = lab.course.root / "build" / "made_from" / lab.name
    if record.is_file() and record.read_text(encoding="utf-8") == _fingerprint(lab):
        return
    # jupytext and nbformat take a second to import, and mostly nothing is to be done.
    from autograder.authoring.build import build_source

    build_source(lab)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(_fingerprint(lab), encoding="utf-8")


def _fingerprint(lab: Lab) -> str:
    """Return a digest of what a source notebook is made from, of the builder, and of itself."""
    digest = hashlib.sha256()
    builder = Path(__file__).parent
    files = [lab.hidden_folder / "lab.toml", lab.hidden_folder / "checks.py"]
    files += sorted(builder.glob("*.py"))
    for folder in (lab.source_file.parent, lab.source_notebook.parent):
        files += [folder / inside for inside in files_in(folder)]
    for path in files:
        data = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.name}\n{len(data)}\n".encode() + data)
    return digest.hexdigest()
