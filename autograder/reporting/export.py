"""Write all final grades into one file, with nbgrader's export plugin."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from autograder.grading.configuration import nbgrader_config
from autograder.grading.gradebook import existing_gradebook_url, open_gradebook
from autograder.reporting.results import write_whole


class _InOrder:
    """A gradebook in the order of names, whose students' names may hold commas and quotes.

    nbgrader's plugin writes them down as they are, which breaks the file.
    """

    def __init__(self, gradebook: Gradebook) -> None:
        self.find_submission = gradebook.find_submission
        self.assignments = sorted(gradebook.assignments, key=lambda one: str(one.name))
        self.students = list(_with_quotes(gradebook))


def _with_quotes(gradebook: Gradebook) -> Iterator[SimpleNamespace]:
    for student in sorted(gradebook.students, key=lambda one: str(one.id)):
        about = (student.last_name, student.first_name, student.email)
        last, first, email = map(_field, about)
        yield SimpleNamespace(id=student.id, last_name=last, first_name=first, email=email)


def _field(value: Any) -> str:
    """Return a value as one field of a CSV file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(["" if value is None else str(value), ""])
    return line.getvalue()[:-1]


def export_grades(folder: Path, root: Path, to: Path | None = None) -> Path:
    """Write `grades.csv`: scores by hand, bonus points and late penalties included.

    Parameters
    ----------
    folder : Path
        The course folder.
    root : Path
        The folder with the labs; its nbgrader settings are used if `folder` has none.
    to : Path, optional
        Where to write; `folder`/grades.csv by default.

    Raises
    ------
    GradlabError
        If there is no gradebook.
    """
    folder = folder.resolve()
    config = nbgrader_config(folder, root)
    url = existing_gradebook_url(folder, config)
    target = to or folder / "grades.csv"
    draft = target.with_name(f".{target.name}.draft")
    try:
        with open_gradebook(url) as gradebook:
            CsvExportPlugin(config=config, to=str(draft)).export(_InOrder(gradebook))
        write_whole(target, draft.read_bytes())
    finally:
        draft.unlink(missing_ok=True)
    return target
