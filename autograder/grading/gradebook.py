"""Write grades into nbgrader's gradebook: one writer, one transaction for each submission.

The tables end up as `nbgrader autograde` would leave them for the same notebook. nbgrader's
own `Gradebook` commits after every cell, so a killed run could leave half a submission; here
its tables are written directly, and the rules (what needs a person, what "No response." means,
which penalty a late submission gets) are nbgrader's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.errors import GradlabError
from autograder.grading.grade import is_answered
from autograder.grading.graded import GRADED, Graded
from autograder.grading.package import LabPackage


def gradebook_url(folder: Path, config: Config) -> str:
    """Return the database's URL: `gradebook.db` in the course folder unless configured."""
    return str(CourseDirectory(root=str(folder.resolve()), config=config).db_url)


def open_gradebook(url: str) -> Gradebook:
    """Open a gradebook; a new one is made where there is none.

    Raises
    ------
    GradlabError
        If it cannot be opened.
    """
    # For a new database nbgrader runs the program `alembic`, which lies beside this Python.
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        with _explained(url):
            return Gradebook(url)
    finally:
        os.environ["PATH"] = before


class GradebookWriter:
    """The one writer of a lab's grades.

    Parameters
    ----------
    folder : Path
        The course folder.
    package : LabPackage
        The lab. It is entered into the gradebook, or brought up to date there.
    config : Config
        nbgrader's settings.

    Raises
    ------
    GradlabError
        If the gradebook cannot be opened, or the lab has gained or lost cells since
        submissions were graded.
    """

    def __init__(self, folder: Path, package: LabPackage, config: Config) -> None:
        self.lab = package.lab
        self.url = gradebook_url(folder, config)
        self._gradebook = open_gradebook(self.url)
        try:
            with _explained(self.url):
                self._gradebook.update_or_create_assignment(self.lab)
                self._enter_cells(package)
        except BaseException:
            self.close()
            raise
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()

    def write(self, student: str, graded: Graded, timestamp: str | None = None) -> None:
        """Write one submission.

        Parameters
        ----------
        student : str
            The student's id; entered if new.
        graded : Graded
            The outcome. One that is not graded earns 0 in each cell.
        timestamp : str, optional
            When it was handed in, as nbgrader's timestamp.txt says it.
        """
        session = self._gradebook.db
        with _explained(self.url):
            try:
                submission = self._submission(student)
                if timestamp:
                    submission.timestamp = utils.parse_utc(timestamp)
                notebook = next(n for n in submission.notebooks if n.name == self.lab)
                cells = _cells(graded)
                _write_grades(notebook, graded)
                for comment in notebook.comments:
                    _write_comment(comment, cells.get(comment.name))
                session.flush()
                session.refresh(notebook)
                self._write_penalty(student, submission, notebook)
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def close(self) -> None:
        """Close the database."""
        self._gradebook.close()

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter_cells(self, package: LabPackage) -> None:
        resources = {"nbgrader": {"notebook": self.lab, "assignment": self.lab, "db_url": self.url}}
        try:
            SaveCells().preprocess(package.notebook, resources)
        except RuntimeError as error:
            raise GradlabError(
                f"{self.lab} has gained or lost cells since submissions were graded",
                expected="the cells that the gradebook knows",
                found=str(error),
                mend=f"take the old cells back into source/{self.lab}, or move {self.url} away "
                "and grade all submissions anew (scores given by hand are in the old file)",
            ) from error

    def _submission(self, student: str) -> SubmittedAssignment:
        """Return the student's submission with a place for every grade and comment."""
        session = self._gradebook.db
        try:
            return self._gradebook.find_submission(self.lab, student)
        except MissingEntry:
            pass
        try:
            person = self._gradebook.find_student(student)
        except MissingEntry:
            person = Student(id=student)
            session.add(person)
        assignment = self._gradebook.find_assignment(self.lab)
        with session.no_autoflush:
            submission = SubmittedAssignment(assignment=assignment, student=person)
            for notebook in assignment.notebooks:
                place = SubmittedNotebook(notebook=notebook, assignment=submission)
                for cell in notebook.grade_cells:
                    Grade(cell_id=cell.id, notebook=place)
                for cell in notebook.solution_cells:
                    Comment(cell_id=cell.id, notebook=place)
            session.add(submission)
        session.flush()
        return submission

    def _write_penalty(
        self, student: str, submission: SubmittedAssignment, notebook: SubmittedNotebook
    ) -> None:
        notebook.late_submission_penalty = None
        late = submission.total_seconds_late
        if late > 0:
            penalty = self._late.plugin_inst.late_submission_penalty(student, notebook.score, late)
            if penalty is not None:
                notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)


def _cells(graded: Graded) -> dict[str, NotebookNode]:
    if graded.status != GRADED or graded.notebook is None:
        return {}
    notebook = nbformat.reads(graded.notebook.decode(), as_version=4)
    named = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return {cell.metadata.nbgrader.grade_id: cell for cell in named}


def _write_grades(notebook: SubmittedNotebook, graded: Graded) -> None:
    scores = {cell.name: cell.points for cell in graded.scores}
    for grade in notebook.grades:
        grade.auto_score = scores.get(grade.name, 0.0)
        by_hand = grade.manual_score is not None
        # A person looks again at a score they gave, since the work may have changed.
        grade.needs_manual_grade = by_hand or grade.auto_score is None


def _write_comment(comment: Comment, cell: NotebookNode | None) -> None:
    answered = cell is not None and is_answered(cell)
    comment.auto_comment = None if answered else "No response."


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn the errors of the database into one that can be acted on."""
    try:
        yield
    except SQLAlchemyError as error:
        original: Any = getattr(error, "orig", None)
        raise GradlabError(
            f"the gradebook {url} cannot be used",
            found=f"{type(error).__name__}: {original or error}".split("\n")[0],
            mend="close programs that have it open; after an upgrade of nbgrader run "
            "`nbgrader db upgrade`; grading again is safe",
        ) from error
